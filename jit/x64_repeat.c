/* Fixed code for repeated string instructions, one routine a kind and element
 * size: as many iterations as go upwards through quick memory and fit into what
 * may run. Nothing can come in between those. Copies and fills go on where the
 * next page lies behind the last one in the host, too; comparisons end with a
 * page. What is left is the interpreter's.
 *
 * In: r8d and r9d, the linear addresses of source and destination; r10, at
 * most so many iterations. Out: r10, how many were done, perhaps 0; from a
 * comparison that did some, r8d and r9d, the elements that were compared last
 * (SCAS: r9d alone). Changes the host's flags, xmm8 and xmm9. */
#include "jit/x64_lower.h"

#define CHUNK     16   /* bytes of an XMM register */
#define COPY_REP  256u /* bytes from which on the host's REP is quicker */
#define FILL_REP  512u
#define EARLY_MAX 10

/* A routine in work. */
struct repeat {
    struct x64 *x;
    unsigned size, shift;     /* of an element */
    uint8_t *none[EARLY_MAX]; /* jumps to where nothing was done */
    unsigned none_count;
};

static void push(struct x64 *x, unsigned reg)
{
    x64_byte(x, 0x50 | reg);
}

static void pop(struct x64 *x, unsigned reg)
{
    x64_byte(x, 0x58 | reg);
}

static void shift(struct x64 *x, unsigned op, unsigned reg, unsigned by)
{
    if (!by)
        return;
    x64_digit_r(x, 8, 0xc1, op, reg);
    x64_byte(x, by);
}

static void none_if(struct repeat *r, unsigned cc)
{
    r->none[r->none_count++] = x64_jcc(r->x, cc);
}

static void land_all(struct repeat *r)
{
    for (unsigned i = 0; i < r->none_count; i++)
        x64_patch(r->none[i], r->x->at);
}

/* r10 = the lesser of r10 and rcx, both signed */
static void limit(struct x64 *x)
{
    x64_rr(x, 8, 0x39, RCX, R10);
    x64_rr(x, 8, 0x0f4f, R10, RCX); /* cmovg */
}

static void begin(struct repeat *r)
{
    struct x64 *x = r->x;

    push(x, RSI);
    push(x, RDI);
    push(x, RCX);
    push(x, RDX);
    x64_digit_m(x, 4, 0xf7, 0, FIELD(eflags)); /* test */
    x64_dword(x, FLAG_DF);
    none_if(r, CC_NZ);
    x64_rr(x, 8, 0x63, RCX, REG_LEFT); /* movsxd */
    limit(x);
    shift(x, SHIFT_SHL, R10, r->shift);
}

/* `to` = linear address; rcx = bytes up to the end of the page */
static void stay_in(struct x64 *x, unsigned to, unsigned linear)
{
    x64_mov_rr(x, to, linear);
    x64_mov_rr(x, RCX, linear);
    x64_digit_r(x, 4, 0xf7, 2, RCX); /* not */
    x64_alu_imm_r(x, 4, ALU_AND, RCX, MEM_PAGE_MASK);
    x64_lea(x, RCX, x64_at(RCX, 1));
}

static void stay_in_page(struct repeat *r, unsigned to, unsigned linear)
{
    stay_in(r->x, to, linear);
    limit(r->x);
}

/* No element crosses a page; and there must be one. */
static void whole_elements(struct repeat *r)
{
    x64_alu_imm_r(r->x, 8, ALU_AND, R10, 0u - r->size);
    none_if(r, CC_LE);
}

/* `to` = host address, where it was the linear one. */
static void reach(struct repeat *r, unsigned to, unsigned linear,
                  unsigned table)
{
    struct x64 *x = r->x;

    x64_digit_r(x, 4, 0xc1, SHIFT_SHR, linear);
    x64_byte(x, MEM_PAGE_BITS);
    x64_rm(x, 8, 0x03, to,
           (struct x64_mem){
               .base = (uint8_t)table, .index = (uint8_t)linear, .scale = 3});
    none_if(r, CC_S);
}

/* `to` = host address of what is at `linear`; r10 = at most the bytes up to
 * where pages do not lie one behind the other. Changes `linear`, rcx, rdx. */
static void reach_many(struct repeat *r, unsigned to, unsigned linear,
                       unsigned table)
{
    struct x64_mem entry = {(uint8_t)table, (uint8_t)linear, 3, 0};
    struct x64 *x = r->x;
    uint8_t *again, *enough, *end[2];

    stay_in(x, to, linear);
    x64_digit_r(x, 4, 0xc1, SHIFT_SHR, linear);
    x64_byte(x, MEM_PAGE_BITS);
    x64_load(x, 8, RDX, entry);
    x64_rr(x, 8, 0x01, RDX, to);
    none_if(r, CC_S);
    again = x->at;
    x64_rr(x, 8, 0x39, RCX, R10);
    enough = x64_jcc(x, CC_LE);
    x64_alu_imm_r(x, 4, ALU_CMP, linear, MEM_PAGES - 1);
    end[0] = x64_jcc(x, CC_Z);
    x64_lea(x, linear, x64_at((uint8_t)linear, 1));
    x64_rm(x, 8, 0x3b, RDX, entry);
    end[1] = x64_jcc(x, CC_NZ);
    x64_alu_imm_r(x, 8, ALU_ADD, RCX, MEM_PAGE_BYTES);
    x64_patch(x64_jmp(x), again);
    x64_patch(end[0], x->at);
    x64_patch(end[1], x->at);
    x64_rr(x, 8, 0x89, RCX, R10);
    x64_patch(enough, x->at);
}

/* r10 bytes were done. */
static void end(struct repeat *r)
{
    struct x64 *x = r->x;
    uint8_t *done;

    shift(x, SHIFT_SHR, R10, r->shift);
    done = x64_skip(x, 0xeb);
    land_all(r);
    x64_mov_imm(x, R10, 0);
    x64_land(x, done);
    pop(x, RDX);
    pop(x, RCX);
    pop(x, RDI);
    pop(x, RSI);
    x64_byte(x, 0xc3);
}

static struct x64_mem last_of(unsigned base, unsigned bytes)
{
    return (struct x64_mem){(uint8_t)base, R10, 0, -(int32_t)bytes};
}

static void load_chunk(struct x64 *x, unsigned xmm, struct x64_mem m)
{
    x64_rm(x, 4, 0x0f10, xmm, m); /* movups */
}

static void store_chunk(struct x64 *x, unsigned xmm, struct x64_mem m)
{
    x64_rm(x, 4, 0x0f11, xmm, m);
}

static void host_repeat(struct x64 *x, unsigned size, unsigned opcode)
{
    if (size == 2)
        x64_byte(x, 0x66);
    x64_byte(x, 0xf3);
    if (size == 8)
        x64_byte(x, 0x48);
    x64_byte(x, size == 1 ? opcode & 0xfe : opcode);
}

static uint8_t *jump_unless(struct x64 *x, uint32_t least)
{
    x64_alu_imm_r(x, 4, ALU_CMP, R10, least);
    return x64_jcc(x, CC_B);
}

/* Less than a chunk, by two moves that overlap. Fills with r8. Returns how many
 * jumps lead out. */
static unsigned move_few(struct repeat *r, bool copy, uint8_t **out)
{
    unsigned last = copy ? R9 : R8, count = 0;
    struct x64 *x = r->x;

    for (unsigned size = 8; size >= r->size; size /= 2) {
        uint8_t *less = size > r->size ? jump_unless(x, size) : NULL;

        if (copy) {
            x64_load_zx(x, size, R8, x64_at(RSI, 0));
            x64_load_zx(x, size, R9, last_of(RSI, size));
        }
        x64_store(x, size, R8, x64_at(RDI, 0));
        x64_store(x, size, last, last_of(RDI, size));
        out[count++] = x64_jmp(x);
        if (less)
            x64_patch(less, x->at);
    }
    return count;
}

/* Fills with xmm8. The last chunk is read first: a source above its destination
 * may overlap. */
static void move_chunks(struct x64 *x, bool copy)
{
    uint8_t *again;

    if (copy)
        load_chunk(x, 9, last_of(RSI, CHUNK));
    x64_lea(x, R9, x64_at(R10, (size_t)-CHUNK));
    x64_mov_imm(x, RCX, 0);
    again = x->at;
    if (copy)
        load_chunk(x, 8, (struct x64_mem){.base = RSI, .index = RCX});
    store_chunk(x, 8, (struct x64_mem){.base = RDI, .index = RCX});
    x64_alu_imm_r(x, 4, ALU_ADD, RCX, CHUNK);
    x64_rr(x, 4, 0x39, R9, RCX);
    x64_patch(x64_jcc(x, CC_B), again);
    store_chunk(x, copy ? 9 : 8, last_of(RDI, CHUNK));
}

/* The last eight bytes, which may overlap, are read first. By eight, since the
 * host is slow with bytes where a destination is a little above its source but
 * for whole pages. */
static void copy_many(struct x64 *x)
{
    x64_load(x, 8, R8, last_of(RSI, 8));
    x64_rm(x, 8, 0x8d, R9, last_of(RDI, 8)); /* lea */
    x64_mov_rr(x, RCX, R10);
    shift(x, SHIFT_SHR, RCX, 3);
    host_repeat(x, 8, 0xa5);
    x64_store(x, 8, R8, x64_at(R9, 0));
}

static void emit_movs(struct repeat *r)
{
    struct x64 *x = r->x;
    uint8_t *out[8], *overlap, *few, *less;
    unsigned count;

    begin(r);
    reach_many(r, RSI, R8, REG_READ);
    reach_many(r, RDI, R9, REG_WRITE);
    whole_elements(r);
    x64_rr(x, 8, 0x89, RDI, RCX);
    x64_rr(x, 8, 0x29, RSI, RCX);
    x64_rr(x, 8, 0x39, R10, RCX);
    overlap = x64_jcc(x, CC_B);
    few = jump_unless(x, CHUNK);
    less = jump_unless(x, COPY_REP);
    copy_many(x);
    out[0] = x64_jmp(x);
    x64_patch(few, x->at);
    count = 1 + move_few(r, true, out + 1);
    x64_patch(overlap, x->at); /* element by element, so that it shows */
    x64_mov_rr(x, RCX, R10);
    shift(x, SHIFT_SHR, RCX, r->shift);
    host_repeat(x, r->size, 0xa5);
    out[count++] = x64_jmp(x);
    x64_patch(less, x->at);
    move_chunks(x, true);
    for (unsigned i = 0; i < count; i++)
        x64_patch(out[i], x->at);
    end(r);
}

/* r8 = the accumulator, as often as it fits */
static void spread(struct repeat *r)
{
    struct x64 *x = r->x;

    if (r->size == 4) {
        x64_mov_rr(x, R8, RAX);
        x64_mov_rr(x, RCX, RAX);
        shift(x, SHIFT_SHL, RCX, 32);
        x64_rr(x, 8, 0x09, RCX, R8);
        return;
    }
    x64_rr(x, 4, r->size == 1 ? 0x0fb6 : 0x0fb7, R8, RAX);
    x64_mov_imm64(x, RCX,
                  r->size == 1 ? 0x0101010101010101 : 0x0001000100010001);
    x64_rr(x, 8, 0x0faf, R8, RCX);
}

/* xmm8 = r8 twice */
static void spread_chunk(struct x64 *x)
{
    static const uint8_t code[] = {
        0x66, 0x4d, 0x0f, 0x6e, 0xc0, /* movq xmm8, r8 */
        0x66, 0x45, 0x0f, 0x6c, 0xc0, /* punpcklqdq xmm8, xmm8 */
    };

    for (unsigned i = 0; i < ARRAY_LEN(code); i++)
        x64_byte(x, code[i]);
}

/* The last eight bytes, which may overlap, come first. */
static void fill_many(struct x64 *x)
{
    x64_store(x, 8, R8, last_of(RDI, 8));
    x64_mov_rr(x, RCX, R10);
    shift(x, SHIFT_SHR, RCX, 3);
    x64_rr(x, 8, 0x87, RAX, R8);
    host_repeat(x, 8, 0xab);
    x64_rr(x, 8, 0x87, RAX, R8);
}

static void emit_stos(struct repeat *r)
{
    struct x64 *x = r->x;
    uint8_t *out[8], *few, *less;
    unsigned count;

    begin(r);
    reach_many(r, RDI, R9, REG_WRITE);
    whole_elements(r);
    spread(r);
    few = jump_unless(x, CHUNK);
    less = jump_unless(x, FILL_REP);
    fill_many(x);
    out[0] = x64_jmp(x);
    x64_patch(few, x->at);
    count = 1 + move_few(r, false, out + 1);
    x64_patch(less, x->at);
    spread_chunk(x);
    move_chunks(x, false);
    for (unsigned i = 0; i < count; i++)
        x64_patch(out[i], x->at);
    end(r);
}

/* Comparisons. rcx counts the bytes that were looked at. */

/* xmm8 = the accumulator, as often as it fits */
static void spread_accumulator(struct repeat *r)
{
    spread(r);
    spread_chunk(r->x);
}

static const struct x64_mem here_a = {.base = RSI, .index = RCX};
static const struct x64_mem here_b = {.base = RDI, .index = RCX};

/* r9d = a bit for each byte of a chunk that ends the loop. `a`: source, or
 * else the accumulator. */
static void compare_chunk(struct repeat *r, bool a, bool while_equal)
{
    static const uint16_t pcmpeq[] = {0x0f74, 0x0f75, 0x0f76};
    struct x64 *x = r->x;

    load_chunk(x, 9, here_b);
    if (a)
        load_chunk(x, 8, here_a);
    x64_rr(x, 2, pcmpeq[r->shift], 9, 8);
    x64_rr(x, 2, 0x0fd7, R9, 9); /* pmovmskb */
    if (while_equal)
        x64_alu_imm_r(x, 4, ALU_XOR, R9, 0xffff);
}

/* Leads away where a chunk from `linear` on reaches beyond the page. */
static uint8_t *jump_if_narrow(struct x64 *x, unsigned linear)
{
    x64_mov_rr(x, RCX, linear);
    x64_alu_imm_r(x, 4, ALU_AND, RCX, MEM_PAGE_MASK);
    x64_alu_imm_r(x, 4, ALU_CMP, RCX, MEM_PAGE_BYTES - CHUNK);
    return x64_jcc(x, CC_NBE);
}

/* One element after the other, from rcx on. */
static void compare_slowly(struct repeat *r, bool a, bool while_equal)
{
    struct x64 *x = r->x;
    unsigned reg = a ? R8 : RAX;
    uint8_t *again = x->at, *out;

    x64_rr(x, 4, 0x39, R10, RCX);
    out = x64_jcc(x, CC_NB);
    if (a)
        x64_load(x, r->size, R8, here_a);
    x64_rm(x, r->size, 0x3b, reg, here_b);
    x64_rm(x, 8, 0x8d, RCX, x64_at(RCX, r->size));
    x64_patch(x64_jcc(x, while_equal ? CC_Z : CC_NZ), again);
    x64_patch(out, x->at);
}

/* The first chunk may have more bytes than are asked for. Returns the jump to
 * where r9 is the distance of the element that ends the loop from rcx. */
static uint8_t *compare_first(struct repeat *r, bool a, bool while_equal,
                              uint8_t **all)
{
    struct x64 *x = r->x;
    uint8_t *hit;

    x64_mov_imm(x, RCX, 0);
    compare_chunk(r, a, while_equal);
    x64_alu_imm_r(x, 4, ALU_OR, R9, 1u << CHUNK);
    x64_rr(x, 4, 0x0fbc, R9, R9); /* bsf */
    x64_rr(x, 4, 0x39, R10, R9);
    *all = x64_jcc(x, CC_NB); /* nothing was found before r10 */
    x64_alu_imm_r(x, 4, ALU_CMP, R9, CHUNK);
    hit = x64_jcc(x, CC_NZ);
    x64_mov_imm(x, RCX, CHUNK);
    return hit;
}

/* Chunks as long as they are whole. Returns as compare_first() does. */
static uint8_t *compare_more(struct repeat *r, bool a, bool while_equal)
{
    struct x64 *x = r->x;
    uint8_t *again = x->at, *less, *hit;

    x64_lea(x, R9, x64_at(RCX, CHUNK));
    x64_rr(x, 4, 0x39, R10, R9);
    less = x64_jcc(x, CC_NBE);
    compare_chunk(r, a, while_equal);
    x64_rr(x, 4, 0x0fbc, R9, R9); /* bsf; ZF: nothing there */
    hit = x64_jcc(x, CC_NZ);
    x64_alu_imm_r(x, 4, ALU_ADD, RCX, CHUNK);
    x64_patch(x64_jmp(x), again);
    x64_patch(less, x->at);
    return hit;
}

static void reach_both(struct repeat *r, bool a)
{
    reach(r, RDI, R9, REG_READ);
    if (a)
        reach(r, RSI, R8, REG_READ);
    x64_mov_imm(r->x, RCX, 0);
}

static void compare(struct repeat *r, bool a, bool while_equal)
{
    struct x64 *x = r->x;
    uint8_t *narrow[2] = {NULL}, *slow, *hit[2], *all, *out;

    narrow[0] = jump_if_narrow(x, R9);
    if (a)
        narrow[1] = jump_if_narrow(x, R8);
    reach_both(r, a);
    hit[0] = compare_first(r, a, while_equal, &all);
    hit[1] = compare_more(r, a, while_equal);
    slow = x->at;
    compare_slowly(r, a, while_equal);
    x64_mov_rr(x, R10, RCX);
    out = x64_jmp(x);
    for (unsigned i = 0; i < 2 && narrow[i]; i++)
        x64_patch(narrow[i], x->at);
    reach_both(r, a);
    x64_patch(x64_jmp(x), slow);
    for (unsigned i = 0; i < 2; i++)
        x64_patch(hit[i], x->at);
    x64_rm(x, 8, 0x8d, R10, (struct x64_mem){RCX, R9, 0, (int32_t)r->size});
    x64_patch(all, x->at);
    x64_patch(out, x->at);
    x64_load_zx(x, r->size, R9, last_of(RDI, r->size));
    if (a)
        x64_load_zx(x, r->size, R8, last_of(RSI, r->size));
}

static void emit_scas(struct repeat *r, bool while_equal)
{
    begin(r);
    stay_in_page(r, RDI, R9);
    whole_elements(r);
    spread_accumulator(r);
    compare(r, false, while_equal);
    end(r);
}

static void emit_cmps(struct repeat *r)
{
    begin(r);
    stay_in_page(r, RSI, R8);
    stay_in_page(r, RDI, R9);
    whole_elements(r);
    compare(r, true, true);
    end(r);
}

static void emit_kind(struct repeat *r, enum repeat_kind kind)
{
    switch (kind) {
    case REPEAT_MOVS: emit_movs(r); break;
    case REPEAT_STOS: emit_stos(r); break;
    case REPEAT_SCAS_EQUAL: emit_scas(r, true); break;
    case REPEAT_SCAS_OTHER: emit_scas(r, false); break;
    default: emit_cmps(r); break;
    }
}

void repeat_emit(struct jit *jit, struct x64 *x)
{
    for (unsigned i = 0; i < REPEAT_KINDS * 3; i++) {
        struct repeat r = {.x = x, .size = 1u << i % 3, .shift = i % 3};

        while ((uintptr_t)x->at & 15)
            x64_byte(x, 0xcc);
        jit->repeat[i / 3][i % 3] = cache_place(&jit->cache, x->at);
        emit_kind(&r, (enum repeat_kind)(i / 3));
    }
}
