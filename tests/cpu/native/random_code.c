#include "tests/cpu/native/random_code.h"

#include <assert.h>
#include <string.h>

#include "cpu/insn.h"
#include "cpu/state.h"
#include "tests/cpu/native/native.h"

#define ROOM 64 /* bytes that one instruction and its preparation may take */

#define SZAP (FLAG_SF | FLAG_ZF | FLAG_AF | FLAG_PF)

static uint32_t next(struct random_code *c)
{
    c->seed ^= c->seed << 13;
    c->seed ^= c->seed >> 17;
    c->seed ^= c->seed << 5;
    return c->seed;
}

static bool one_in(struct random_code *c, unsigned n)
{
    return next(c) >> 8 < UINT32_MAX / n >> 8;
}

/* Numbers that are interesting more often than chance has it. */
static uint32_t number(struct random_code *c)
{
    static const uint32_t edges[] = {
        0,          1,          2,          0x7f,   0x80,    0xff,
        0x100,      0x7fff,     0x8000,     0xffff, 0x10000, 0x7fffffff,
        0x80000000, 0xffffffff, 0xfffffffe, 9};

    if (one_in(c, 3))
        return edges[next(c) >> 8 & 15];
    return next(c) * 2654435761u >> (next(c) >> 27);
}

static void put(struct random_code *c, uint32_t value, unsigned size)
{
    for (unsigned i = 0; i < size; i++)
        c->bytes[c->size++] = (uint8_t)(value >> (8 * i));
}

/* Begins an instruction: flags that are undefined here. */
static void begin(struct random_code *c, uint16_t undefined)
{
    c->undefined[c->size] = undefined;
}

static void mark(struct random_code *c, uint16_t undefined)
{
    assert(c->size + ROOM < RANDOM_BYTES);
    begin(c, undefined);
}

/* MOV reg, imm32 */
static void set_reg(struct random_code *c, unsigned reg, uint32_t value,
                    uint16_t undefined)
{
    begin(c, undefined);
    if (c->code16)
        put(c, 0x66, 1);
    put(c, 0xb8 + reg, 1);
    put(c, value, 4);
}

/* CMP EAX, imm32: every flag is defined after it. */
static void define_flags(struct random_code *c, uint16_t *undefined)
{
    begin(c, *undefined);
    if (c->code16)
        put(c, 0x66, 1);
    put(c, 0x3d, 1);
    put(c, number(c), 4);
    *undefined = 0;
}

/* What to know of a candidate. */
struct pick {
    struct insn insn;
    const struct insn_info *info;
    uint8_t bytes[16];
    unsigned size;
    unsigned count; /* of a shift, masked, when it is CL */
};

static bool is_named(const struct pick *p, const char *names)
{
    size_t length = strlen(p->info->mnemonic);
    const char *at = names;

    while ((at = strstr(at, p->info->mnemonic))) {
        if ((at == names || at[-1] == ' ') &&
            (at[length] == ' ' || !at[length]))
            return true;
        at++;
    }
    return false;
}

static bool has_operand(const struct pick *p, enum operand_kind kind)
{
    return p->info->operand[0] == kind || p->info->operand[1] == kind ||
           p->info->operand[2] == kind;
}

static bool is_string(const struct pick *p)
{
    return p->info->traits & INSN_TRAIT_REP;
}

static bool is_shift(const struct pick *p)
{
    return is_named(p, "rol ror rcl rcr shl shr sar shld shrd");
}

/* Left out: what depends on the system that the host runs, or has privilege,
 * or goes elsewhere; and what changes the stack pointer to no one knows what.
 */
static bool is_wanted(const struct pick *p)
{
    bool wide = p->insn.flags & INSN_OP32;

    if (is_named(p, "in out insb insw outsb outsw cli sti hlt iret int int1 "
                    "int3 into bound cpuid loadall lar lsl verr "
                    "verw sldt str smsw lmsw lldt ltr sgdt sidt lgdt lidt "
                    "clts invd wbinvd invlpg les lds lss lfs lgs popf "
                    "rdtsc rdmsr wrmsr rdpmc sysenter sysexit rsm "
                    "fxsave fxrstor ldmxcsr rcpps rcpss rsqrtps rsqrtss") ||
        strstr(p->info->mnemonic, "far"))
        return false;
    if (has_operand(p, OPERAND_Cd) || has_operand(p, OPERAND_Dd) ||
        has_operand(p, OPERAND_Td) || has_operand(p, OPERAND_Sz) ||
        has_operand(p, OPERAND_Jb) || has_operand(p, OPERAND_Jv))
        return false;
    if (is_named(p, "call jmp ret"))
        return false; /* made on purpose elsewhere */
    if (p->info->operand[0] == OPERAND_Sw)
        return false;
    if (is_named(p, "cvtpi2ps") && (p->insn.flags & INSN_MEM))
        return false; /* AMD's do not begin with MMX then */
    if (is_named(p, "bswap") && !wide)
        return false; /* undefined */
    if (is_named(p, "bsf bsr") && (p->insn.flags & INSN_REP))
        return false; /* TZCNT and LZCNT of later processors */
    return true;
}

/* Of the x87: no transcendental functions, nothing that stores pointers, no
 * encodings that are reserved or aliases; FCOMI is made on purpose elsewhere.
 */
static bool is_wanted_x87(const struct pick *p)
{
    static const struct {
        uint8_t opcode, first, last;
    } unwanted[] = {
        {0xd9, 0xd1, 0xdf}, {0xd9, 0xe2, 0xe3}, {0xd9, 0xe6, 0xe7},
        {0xd9, 0xef, 0xf3}, {0xd9, 0xf9, 0xf9}, {0xd9, 0xfb, 0xfb},
        {0xd9, 0xfe, 0xff}, {0xda, 0xe0, 0xe8}, {0xda, 0xea, 0xff},
        {0xdb, 0xe0, 0xe1}, {0xdb, 0xe4, 0xff}, {0xdc, 0xd0, 0xdf},
        {0xdd, 0xc8, 0xcf}, {0xdd, 0xf0, 0xff}, {0xde, 0xd0, 0xd8},
        {0xde, 0xda, 0xdf}, {0xdf, 0xc8, 0xdf}, {0xdf, 0xe1, 0xff},
    };
    unsigned opcode = p->insn.opcode, reg = p->insn.reg;

    if (!(p->insn.flags & INSN_MEM)) {
        for (unsigned i = 0; i < sizeof(unwanted) / sizeof(unwanted[0]); i++) {
            if (unwanted[i].opcode == opcode &&
                p->insn.imm2 >= unwanted[i].first &&
                p->insn.imm2 <= unwanted[i].last)
                return false;
        }
        return true;
    }
    switch (opcode) {
    case 0xd9: return reg != 1 && reg != 6;
    case 0xdb: return reg != 1 && reg != 4 && reg != 6;
    case 0xdd: return reg != 1 && reg != 5 && reg != 6;
    case 0xdf: return reg != 1;
    default: return true;
    }
}

static bool is_of_kind(const struct random_code *c, const struct pick *p)
{
    if (is_named(p, "esc"))
        return c->kind == RANDOM_X87 && is_wanted_x87(p);
    switch (c->kind) {
    case RANDOM_SIMD: return p->info->traits & INSN_TRAIT_EXACT;
    case RANDOM_X87:
        return (p->info->traits & INSN_TRAIT_EXACT) || is_named(p, "fwait");
    default: return !is_named(p, "fwait");
    }
}

/* Would it write ESP? */
static bool writes_stack_pointer(const struct pick *p)
{
    unsigned sp = insn_operand_size(&p->insn) == 1 ? INSN_NO_REG : CPU_ESP;

    for (unsigned n = 0; n < 2; n++) {
        switch (p->info->operand[n]) {
        case OPERAND_Ev:
        case OPERAND_Ew:
        case OPERAND_Ed:
            if (!(p->insn.flags & INSN_MEM) && p->insn.rm == sp)
                return true;
            break;
        case OPERAND_Zv:
            if (p->insn.rm == sp && !is_named(p, "push"))
                return true;
            break;
        case OPERAND_Gv:
        case OPERAND_Gd:
            if (p->insn.reg == sp)
                return true;
            break;
        default: break;
        }
    }
    return false;
}

/* An address by ESP with a displacement that leads out of the data. */
static bool leaves_stack(const struct pick *p)
{
    return (p->insn.flags & INSN_MEM) && p->insn.base == CPU_ESP &&
           p->insn.disp + 0x1000 > 0x2000;
}

/* Random bytes that decode to something wanted. */
static bool try_pick(struct random_code *c, struct pick *p)
{
    const struct decode_mode mode = {.model = CPU_PENTIUM4,
                                     .code32 = !c->code16};
    static const uint8_t segments[] = {0x3e, 0x36, 0x65, 0x26};
    bool simd = c->kind == RANDOM_SIMD;

    p->size = 0;
    if (one_in(c, simd ? 2 : 4))
        p->bytes[p->size++] = 0x66;
    if (one_in(c, c->kind != RANDOM_ANY ? 500 : 16))
        p->bytes[p->size++] = 0xf0;
    if (one_in(c, simd ? 2 : 6))
        p->bytes[p->size++] = next(c) & 0x100 ? 0xf2 : 0xf3;
    if (one_in(c, 5)) {
        unsigned segment = next(c) >> 8 & 3;

        p->bytes[p->size++] = segments[segment];
        /* 16-bit addresses are good in the small segment only */
        if ((segment == 2 || c->code16) && one_in(c, 2))
            p->bytes[p->size++] = 0x67;
    }
    if (c->kind == RANDOM_X87 && !one_in(c, 12))
        p->bytes[p->size++] = one_in(c, 40) ? 0x9b : 0xd8 | (next(c) >> 8 & 7);
    else if (c->kind != RANDOM_ANY || one_in(c, 3))
        p->bytes[p->size++] = 0x0f;
    for (unsigned i = 0; i < 4; i++) {
        uint32_t bits = next(c);

        memcpy(p->bytes + p->size, &bits, 4);
        if (p->size < 8)
            p->size += 4;
    }
    if (insn_decode(&mode, p->bytes, 16, &p->insn) != DECODE_OK)
        return false;
    p->info = &insn_info[p->insn.slot];
    p->size = p->insn.length;
    if (!is_of_kind(c, p))
        return false;
    return p->insn.seg != SEG_FS && is_wanted(p) && !writes_stack_pointer(p) &&
           !leaves_stack(p);
}

/* Offsets in the data: `small` counts from its base, else linear. */
static uint32_t data_at(struct random_code *c, bool small, uint32_t range)
{
    uint32_t offset = 0x4000 + next(c) % 0x6000;

    if (range > 1 && one_in(c, 2))
        offset &= ~3u;
    if (small && one_in(c, 60)) /* the end of the segment, or beyond */
        offset = 0xfff0 + next(c) % 0x20;
    return small ? offset : NATIVE_DATA + offset;
}

static bool is_small(const struct random_code *c, unsigned seg)
{
    return c->code16 || seg == SEG_GS;
}

/* At the end of a segment AMD's processors do these in parts, or wrap. */
static bool is_in_parts(const struct pick *p)
{
    if (is_named(p, "maskmovq maskmovdqu"))
        return true;
    if (!is_named(p, "esc"))
        return false;
    switch (p->insn.opcode) {
    case 0xd9:
    case 0xdd: return p->insn.reg == 4;
    case 0xdb: return p->insn.reg >= 5; /* 10 bytes */
    case 0xdf: return p->insn.reg == 4 || p->insn.reg == 6;
    default: return false;
    }
}

/* Where the memory operand is to be: mostly aligned where it must be. */
static uint32_t operand_at(struct random_code *c, const struct pick *p)
{
    bool small = is_small(c, p->insn.seg);
    bool aligned = has_operand(p, OPERAND_Wx) || has_operand(p, OPERAND_Mx);
    uint32_t at;

    if (is_in_parts(p))
        return data_at(c, false, 4) - (small ? NATIVE_DATA : 0);
    at = data_at(c, small, 4);
    return aligned && !one_in(c, 40) ? at & ~15u : at;
}

/* Sets base and index of a memory operand so that it is in the data. */
static bool prepare_memory(struct random_code *c, const struct pick *p,
                           uint16_t undefined)
{
    const struct insn *insn = &p->insn;
    uint32_t at = operand_at(c, p), disp = insn->disp;
    uint32_t index = next(c) % 64;

    if (insn->base == INSN_NO_REG && insn->index_reg == INSN_NO_REG)
        return false;            /* absolute: the caller patches it */
    if (insn->base == CPU_ESP) { /* which is in the data */
        if (insn->index_reg != INSN_NO_REG)
            set_reg(c, insn->index_reg, index, undefined);
        return true;
    }
    if (insn->index_reg != INSN_NO_REG && insn->index_reg != insn->base)
        set_reg(c, insn->index_reg, index, undefined);
    if (insn->index_reg == insn->base) {
        /* b + b << s = at - disp is not always possible */
        at = (at - disp) / (1 + (1u << insn->scale));
        set_reg(c, insn->base, at, undefined);
        return true;
    }
    if (insn->base != INSN_NO_REG) {
        if (insn->index_reg != INSN_NO_REG)
            at -= index << insn->scale;
        set_reg(c, insn->base, at - disp, undefined);
    } else {
        set_reg(c, insn->index_reg, (at - disp) >> insn->scale, undefined);
    }
    return true;
}

static void prepare_string(struct random_code *c, const struct pick *p,
                           uint16_t undefined)
{
    bool small = is_small(c, p->insn.seg);

    set_reg(c, CPU_ESI, data_at(c, small, 4), undefined);
    set_reg(c, CPU_EDI, data_at(c, c->code16, 4), undefined);
    if (p->insn.flags & (INSN_REP | INSN_REPNE))
        set_reg(c, CPU_ECX, next(c) % 40, undefined);
}

/* Flags that are left undefined, besides those that are defined anew. */
static unsigned undefined_after(const struct pick *p, unsigned before)
{
    unsigned bits = 8 * insn_operand_size(&p->insn), count = p->count;
    unsigned written = p->info->flags_written;

    if (is_shift(p)) {
        bool shifts = is_named(p, "shl shr sar shld shrd");

        if (count == 0)
            return before;
        return (before & ~written) | (count != 1 ? FLAG_OF : 0) |
               (shifts ? FLAG_AF : 0) |
               (shifts && count >= bits && !is_named(p, "sar") ? FLAG_CF : 0);
    }
    if (is_string(p))
        return before &
               ~(p->insn.flags & (INSN_REP | INSN_REPNE) ? 0 : written);
    before &= ~written;
    if (is_named(p, "and or xor test"))
        before |= FLAG_AF;
    else if (is_named(p, "mul imul"))
        before |= SZAP;
    else if (is_named(p, "div idiv"))
        before |= FLAGS_OSZAPC;
    else if (is_named(p, "aaa aas"))
        before |= FLAG_OF | FLAG_SF | FLAG_ZF | FLAG_PF;
    else if (is_named(p, "aam aad"))
        before |= FLAG_OF | FLAG_AF | FLAG_CF;
    else if (is_named(p, "daa das"))
        before |= FLAG_OF;
    else if (is_named(p, "bt bts btr btc"))
        before |= FLAG_OF | FLAG_SF | FLAG_AF | FLAG_PF;
    else if (is_named(p, "bsf bsr"))
        before |= FLAGS_OSZAPC & ~FLAG_ZF;
    return before;
}

/* A double shift by more than the operand size is undefined altogether. */
static bool count_is_bad(const struct pick *p)
{
    return is_named(p, "shld shrd") && !(p->insn.flags & INSN_OP32) &&
           p->count > 16;
}

static void put_pick(struct random_code *c, struct pick *p, uint16_t *undefined)
{
    bool small = is_small(c, p->insn.seg);
    unsigned absolute = 0;

    p->count = p->insn.imm & 31;
    if (has_operand(p, OPERAND_CL)) {
        uint32_t count = one_in(c, 3) ? 1 : next(c) >> 8 & 0xff;

        p->count = count & 31;
        if (count_is_bad(p))
            return;
        set_reg(c, CPU_ECX, count, *undefined);
        if (!(p->insn.flags & INSN_MEM) && p->insn.rm == CPU_ECX)
            return;
    }
    if (count_is_bad(p))
        return;
    if (p->info->flags_read & *undefined)
        define_flags(c, undefined);
    if (is_string(p))
        prepare_string(c, p, *undefined);
    else if (is_named(p, "maskmovq maskmovdqu"))
        set_reg(c, CPU_EDI, operand_at(c, p), *undefined);
    else if (is_named(p, "xlat"))
        set_reg(c, CPU_EBX, data_at(c, small, 1), *undefined);
    else if (is_named(p, "leave enter"))
        set_reg(c, CPU_EBP, data_at(c, c->code16, 4), *undefined);
    else if (p->insn.flags & INSN_MEM) {
        if (has_operand(p, OPERAND_CL) &&
            (p->insn.base == CPU_ECX || p->insn.index_reg == CPU_ECX))
            return;
        if (!prepare_memory(c, p, *undefined))
            absolute = p->insn.flags & INSN_ADDR32 ? 4 : 2;
    }
    if (is_named(p, "enter")) { /* a small frame, a few levels */
        p->bytes[p->size - 1] &= 3;
        p->bytes[p->size - 2] = 0;
    }
    begin(c, *undefined);
    memcpy(c->bytes + c->size, p->bytes, p->size);
    if (absolute) { /* the displacement comes before an immediate */
        uint32_t at = operand_at(c, p);
        unsigned end = p->size;

        for (unsigned n = 0; n < 3; n++) {
            switch (p->info->operand[n]) {
            case OPERAND_Ib:
            case OPERAND_Ibs:
            case OPERAND_Ic: end -= 1; break;
            case OPERAND_Iv: end -= p->insn.flags & INSN_OP32 ? 4 : 2; break;
            default: break;
            }
        }
        memcpy(c->bytes + c->size + end - absolute, &at, absolute);
    }
    c->size += p->size;
    *undefined = (uint16_t)undefined_after(p, *undefined);
    if (is_named(p, "enter leave")) /* ESP went elsewhere */
        set_reg(c, CPU_ESP, data_at(c, c->code16, 4) & ~3u, *undefined);
}

/* A bit test whose register would reach out of the data. */
static bool reaches_out(const struct pick *p)
{
    return is_named(p, "bt bts btr btc") && (p->insn.flags & INSN_MEM) &&
           p->info->operand[1] == OPERAND_Gv;
}

static void put_random(struct random_code *c, uint16_t *undefined)
{
    struct pick p;

    do
        memset(&p, 0, sizeof(p));
    while (!try_pick(c, &p));
    if (reaches_out(&p)) {
        if (p.insn.reg == p.insn.base || p.insn.reg == p.insn.index_reg)
            return;
        set_reg(c, p.insn.reg, next(c) % 4096 - 2048, *undefined);
    }
    put_pick(c, &p, undefined);
}

/* Jumps ahead over a few instructions, calls and returns, loops. */
static void put_jump(struct random_code *c, uint16_t *undefined)
{
    uint16_t at_jump;
    unsigned displacement;

    define_flags(c, undefined);
    if (one_in(c, 4))
        set_reg(c, CPU_ECX, next(c) % 3, *undefined);
    begin(c, *undefined);
    if (one_in(c, 4)) {
        put(c, 0xe0 + (next(c) & 3), 1); /* LOOPNE LOOPE LOOP JCXZ */
        displacement = c->size;
        put(c, 0, 1);
    } else if (one_in(c, 3)) {
        put(c, 0x0f, 1);
        put(c, 0x80 + (next(c) >> 8 & 15), 1);
        displacement = c->size;
        put(c, 0, c->code16 ? 2 : 4);
    } else {
        put(c, 0x70 + (next(c) >> 8 & 15), 1);
        displacement = c->size;
        put(c, 0, 1);
    }
    at_jump = *undefined;
    {
        unsigned from = c->size;

        for (unsigned n = next(c) % 3; n-- > 0;)
            put_random(c, undefined);
        if (c->size - from > 127) { /* too far for a byte: to the next one */
            c->bytes[displacement] = 0;
        } else {
            c->bytes[displacement] = (uint8_t)(c->size - from);
        }
    }
    *undefined |= at_jump;
    define_flags(c, undefined);
}

/* FCOMI or its kin, and FXCH ST(0) to set C1, which AMD's leave. */
static void put_fcomi(struct random_code *c, uint16_t *undefined)
{
    uint32_t bits = next(c) >> 8;

    begin(c, *undefined);
    put(c, bits & 0x100 ? 0xdb : 0xdf, 1);
    put(c, 0xe8 + (bits & 15), 1);
    *undefined = 0;
    begin(c, *undefined);
    put(c, 0xc8d9, 2);
}

/* PUSH the flags that POPF shall load, and POPF. */
static void put_popf(struct random_code *c, uint16_t *undefined)
{
    uint32_t flags = next(c) & (FLAGS_OSZAPC | (one_in(c, 4) ? FLAG_DF : 0));

    begin(c, *undefined);
    put(c, 0x68, 1);
    put(c, flags | FLAG_IF | FLAG_ONE, c->code16 ? 2 : 4);
    begin(c, *undefined);
    put(c, 0x9d, 1);
    *undefined = 0;
}

/* CALL over a byte that is not an instruction, and RET n or POP. */
static void put_call(struct random_code *c, uint16_t *undefined)
{
    begin(c, *undefined);
    put(c, 0xe8, 1);
    put(c, 1, c->code16 ? 2 : 4);
    put(c, 0x06, 1);
    begin(c, *undefined);
    put(c, 0x58 + (next(c) >> 8) % 4, 1); /* POP */
}

static void put_return(struct random_code *c, uint16_t *undefined)
{
    unsigned at;

    begin(c, *undefined);
    put(c, 0x68, 1); /* PUSH the address behind the return */
    at = c->size;
    put(c, 0, c->code16 ? 2 : 4);
    begin(c, *undefined);
    if (one_in(c, 2)) {
        put(c, 0xc3, 1);
    } else {
        put(c, 0xc2, 1);
        put(c, next(c) & 0x1c, 2);
    }
    put(c, 0x06, 1);
    {
        uint32_t to = (c->code16 ? 0 : NATIVE_CODE) + c->size;

        memcpy(c->bytes + at, &to, c->code16 ? 2 : 4);
    }
}

void random_code_make(struct random_code *c)
{
    uint16_t undefined = 0;

    c->size = 0;
    memset(c->undefined, 0, sizeof(c->undefined));
    for (unsigned n = 0; n < c->insns && c->size + 8 * ROOM < RANDOM_BYTES;
         n++) {
        if (one_in(c, 10))
            put_jump(c, &undefined);
        else if (c->kind == RANDOM_X87 && one_in(c, 12))
            put_fcomi(c, &undefined);
        else if (one_in(c, 30))
            put_popf(c, &undefined);
        else if (one_in(c, 30))
            put_call(c, &undefined);
        else if (one_in(c, 30))
            put_return(c, &undefined);
        else
            put_random(c, &undefined);
    }
    mark(c, undefined);
}
