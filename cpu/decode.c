/* From bytes to struct insn, by the tables that insn.def makes. */
#include <assert.h>
#include <string.h>

#include "cpu/insn.h"
#include "cpu/state.h"

_Static_assert(sizeof(struct insn) == 32, "two to a cache line");

const struct insn_info insn_info[INSN_SLOTS] = {
#define INSN(slot, mnemonic, a, b, c, sem, reads, writes, traits, models) \
    [slot] = {mnemonic, {OPERAND_##a, OPERAND_##b, OPERAND_##c}, \
              traits,   models, \
              reads,    writes},
#include "cpu/insn.def"
};

/* Group number + 1 of opcodes that ModRM.reg tells apart. */
static const uint8_t group_of[INSN_SLOT_GROUP] = {
#define INSN(slot, mnemonic, a, b, c, sem, reads, writes, traits, models)
#define GROUP(slot, group, models) [slot] = (group) + 1,
#include "cpu/insn.def"
};

/* Where ModRM.mod = 3 leads elsewhere; 0: nowhere. */
static const uint16_t regs_of[INSN_SLOTS] = {
#define INSN(slot, mnemonic, a, b, c, sem, reads, writes, traits, models)
#define REGS(slot, other) [slot] = (other),
#include "cpu/insn.def"
};

/* What an operand kind asks of the decoder. */
enum {
    NEEDS_MODRM = 1 << 0,
    NEEDS_MEM = 1 << 1, /* ModRM.rm may not be a register */
    NEEDS_REG = 1 << 2, /* ModRM.rm is a register whatever mod says */
    BYTE_RM = 1 << 3,
    BYTE_REG = 1 << 4,
    IMM_8 = 1 << 5,
    IMM_16 = 1 << 6,
    IMM_V = 1 << 7,
    IMM_SIGNED = 1 << 8,
    MOFFS = 1 << 9,
    LOW_BITS = 1 << 10,
    ACCUMULATOR = 1 << 11,
    SIZE_1 = 1 << 12,
    SIZE_2 = 1 << 13,
    SIZE_V = 1 << 14,
    SEGMENT = 1 << 15,
    NEEDS_MOD3 = 1 << 16, /* ModRM.rm may not be memory */
};

/* clang-format off */
static const uint32_t needs[] = {
    [OPERAND_Eb] = NEEDS_MODRM | BYTE_RM | SIZE_1,
    [OPERAND_Ew] = NEEDS_MODRM | SIZE_2,
    [OPERAND_Ev] = NEEDS_MODRM | SIZE_V,
    [OPERAND_Ex] = NEEDS_MODRM,
    [OPERAND_Ep] = NEEDS_MODRM | NEEDS_MEM | SIZE_V,
    [OPERAND_M]  = NEEDS_MODRM | NEEDS_MEM | SIZE_V,
    [OPERAND_Ma] = NEEDS_MODRM | NEEDS_MEM | SIZE_V,
    [OPERAND_Mp] = NEEDS_MODRM | NEEDS_MEM | SIZE_V,
    [OPERAND_Ms] = NEEDS_MODRM | NEEDS_MEM,
    [OPERAND_Mq] = NEEDS_MODRM | NEEDS_MEM,
    [OPERAND_Gb] = NEEDS_MODRM | BYTE_REG | SIZE_1,
    [OPERAND_Gw] = NEEDS_MODRM | SIZE_2,
    [OPERAND_Gv] = NEEDS_MODRM | SIZE_V,
    [OPERAND_Sw] = NEEDS_MODRM | SIZE_2 | SEGMENT,
    [OPERAND_Rd] = NEEDS_MODRM | NEEDS_REG,
    [OPERAND_Cd] = NEEDS_MODRM,
    [OPERAND_Dd] = NEEDS_MODRM,
    [OPERAND_Td] = NEEDS_MODRM,
    [OPERAND_Ib] = IMM_8,
    [OPERAND_Ibs] = IMM_8 | IMM_SIGNED,
    [OPERAND_Ic] = IMM_8,
    [OPERAND_Iw] = IMM_16,
    [OPERAND_Iv] = IMM_V,
    [OPERAND_Jb] = IMM_8 | IMM_SIGNED | SIZE_V,
    [OPERAND_Jv] = IMM_V | IMM_SIGNED | SIZE_V,
    [OPERAND_Ap] = IMM_V,
    [OPERAND_Ob] = MOFFS | SIZE_1,
    [OPERAND_Ov] = MOFFS | SIZE_V,
    [OPERAND_Xb] = SIZE_1,
    [OPERAND_Xv] = SIZE_V,
    [OPERAND_Yb] = SIZE_1,
    [OPERAND_Yv] = SIZE_V,
    [OPERAND_Bb] = SIZE_1,
    [OPERAND_Zb] = LOW_BITS | BYTE_RM | SIZE_1,
    [OPERAND_Zv] = LOW_BITS | SIZE_V,
    [OPERAND_AL] = ACCUMULATOR | SIZE_1,
    [OPERAND_rAX] = ACCUMULATOR | SIZE_V,
    [OPERAND_v] = SIZE_V,
    [OPERAND_P]  = NEEDS_MODRM,
    [OPERAND_N]  = NEEDS_MODRM | NEEDS_MOD3,
    [OPERAND_Qq] = NEEDS_MODRM,
    [OPERAND_Qd] = NEEDS_MODRM,
    [OPERAND_V]  = NEEDS_MODRM,
    [OPERAND_U]  = NEEDS_MODRM | NEEDS_MOD3,
    [OPERAND_Wx] = NEEDS_MODRM,
    [OPERAND_Wu] = NEEDS_MODRM,
    [OPERAND_Wq] = NEEDS_MODRM,
    [OPERAND_Wd] = NEEDS_MODRM,
    [OPERAND_Mx] = NEEDS_MODRM | NEEDS_MEM,
    [OPERAND_Mf] = NEEDS_MODRM | NEEDS_MEM,
    [OPERAND_Md] = NEEDS_MODRM | NEEDS_MEM,
    [OPERAND_Mb] = NEEDS_MODRM | NEEDS_MEM,
    [OPERAND_Ed] = NEEDS_MODRM,
    [OPERAND_Gd] = NEEDS_MODRM,
    [OPERAND_Rw] = NEEDS_MODRM,
};
/* clang-format on */

_Static_assert(ARRAY_LEN(needs) == OPERAND_Rw + 1, "a row for each kind");

/* Reads the bytes of one instruction. */
struct cursor {
    const uint8_t *bytes;
    size_t size, at;
    size_t max; /* the processor's limit */
    enum decode_result result;
};

static uint8_t take_byte(struct cursor *c)
{
    if (c->at >= c->max)
        c->result = DECODE_TOO_LONG;
    else if (c->at >= c->size)
        c->result = DECODE_MORE;
    if (c->result != DECODE_OK)
        return 0;
    return c->bytes[c->at++];
}

static uint32_t take(struct cursor *c, unsigned size)
{
    uint32_t value = 0;

    for (unsigned i = 0; i < size; i++)
        value |= (uint32_t)take_byte(c) << (8 * i);
    return value;
}

static bool take_prefix_386(const struct decode_mode *mode, uint8_t byte,
                            struct insn *out)
{
    if (mode->model < CPU_386)
        return false;
    switch (byte) {
    case 0x64: out->seg = SEG_FS; return true;
    case 0x65: out->seg = SEG_GS; return true;
    case 0x66:
        out->flags &= (uint8_t)~INSN_OP32;
        out->flags |= mode->code32 ? 0 : INSN_OP32;
        return true;
    case 0x67:
        out->flags &= (uint8_t)~INSN_ADDR32;
        out->flags |= mode->code32 ? 0 : INSN_ADDR32;
        return true;
    default: return false;
    }
}

static bool take_prefix(const struct decode_mode *mode, uint8_t byte,
                        struct insn *out)
{
    switch (byte) {
    case 0x26:
    case 0x2e:
    case 0x36:
    case 0x3e: out->seg = byte >> 3 & 3; return true;
    case 0xf1:
        if (mode->model != CPU_8086)
            return false;
        /* fallthrough */
    case 0xf0: out->flags |= INSN_LOCK; return true;
    case 0xf2:
    case 0xf3:
        out->flags &= (uint8_t) ~(INSN_REP | INSN_REPNE);
        out->flags |= byte == 0xf2 ? INSN_REPNE : INSN_REP;
        return true;
    default: return take_prefix_386(mode, byte, out);
    }
}

/* The 8086 does not look at all bits of the opcode. */
static uint8_t opcode_8086(uint8_t opcode)
{
    if ((opcode & 0xf0) == 0x60)
        return opcode | 0x10;
    if ((opcode & 0xf6) == 0xc0)
        return opcode | 2;
    return opcode;
}

/* The part that a prefix plays in opcodes behind 0F. */
static unsigned prefix_slot(const struct decode_mode *mode,
                            const struct insn *insn)
{
    if (insn->flags & INSN_REP)
        return INSN_SLOT_F3;
    if (insn->flags & INSN_REPNE)
        return INSN_SLOT_F2;
    return !(insn->flags & INSN_OP32) == mode->code32 ? INSN_SLOT_66
                                                      : INSN_SLOT_0F;
}

static uint16_t find_0f(const struct decode_mode *mode, const struct insn *out)
{
    unsigned own = prefix_slot(mode, out) + out->opcode;

    if (insn_info[own].mnemonic || group_of[own])
        return (uint16_t)own;
    return (uint16_t)(INSN_SLOT_0F + out->opcode);
}

static uint16_t find_slot(const struct decode_mode *mode, struct cursor *c,
                          struct insn *out)
{
    uint8_t opcode = out->opcode;

    if (mode->model == CPU_8086) {
        unsigned own;

        opcode = out->opcode = opcode_8086(opcode);
        own = INSN_SLOT_86 + opcode;
        if (insn_info[own].mnemonic || group_of[own])
            return (uint16_t)own;
    } else if (opcode == 0x0f) {
        out->opcode = take_byte(c);
        return find_0f(mode, out);
    }
    return INSN_SLOT_ONE + opcode;
}

static bool exists(const struct insn_info *info, enum cpu_model model)
{
    return info->mnemonic && model >= (info->models & 0xf) &&
           model <= (unsigned)info->models >> 4;
}

static uint8_t byte_register(unsigned number)
{
    return (uint8_t)((number & 3) << 2 | number >> 2);
}

#define DEFAULT_SEG 0xff

static void set_memory(struct insn *out, unsigned base, unsigned index,
                       bool stack)
{
    out->base = (uint8_t)base;
    out->index_reg = (uint8_t)index;
    if (out->seg == DEFAULT_SEG)
        out->seg = stack ? SEG_SS : SEG_DS;
}

static uint32_t extend_8(uint32_t value)
{
    return (uint32_t)(int8_t)value;
}

static uint32_t extend_16(uint32_t value)
{
    return (uint32_t)(int16_t)value;
}

static void take_memory16(struct cursor *c, uint8_t modrm, struct insn *out)
{
    static const uint8_t base[8] = {CPU_EBX, CPU_EBX, CPU_EBP, CPU_EBP,
                                    CPU_ESI, CPU_EDI, CPU_EBP, CPU_EBX};
    unsigned mod = modrm >> 6, rm = modrm & 7;

    if (mod == 0 && rm == 6) {
        set_memory(out, INSN_NO_REG, INSN_NO_REG, false);
        out->disp = take(c, 2);
        return;
    }
    set_memory(out, base[rm],
               rm < 4 ? (rm & 1 ? CPU_EDI : CPU_ESI) : INSN_NO_REG,
               base[rm] == CPU_EBP);
    if (mod == 1)
        out->disp = extend_8(take(c, 1));
    else if (mod == 2)
        out->disp = extend_16(take(c, 2));
}

static void take_memory32(struct cursor *c, uint8_t modrm, struct insn *out)
{
    unsigned mod = modrm >> 6, base = modrm & 7, index = INSN_NO_REG;

    if (base == 4) {
        uint8_t sib = take_byte(c);

        base = sib & 7;
        index = sib >> 3 & 7;
        out->scale = sib >> 6;
        if (index == CPU_ESP) {
            index = INSN_NO_REG;
            out->scale = 0;
        }
    }
    if (mod == 0 && base == CPU_EBP) {
        set_memory(out, INSN_NO_REG, index, false);
        out->disp = take(c, 4);
        return;
    }
    set_memory(out, base, index, base == CPU_EBP || base == CPU_ESP);
    if (mod == 1)
        out->disp = extend_8(take(c, 1));
    else if (mod == 2)
        out->disp = take(c, 4);
}

/* Rules that ModRM must keep. The 8086 has none, and takes what it finds. */
static bool modrm_allowed(const struct decode_mode *mode, unsigned need,
                          uint8_t modrm, const struct insn *out)
{
    if (mode->model == CPU_8086)
        return true;
    if ((need & NEEDS_MEM) && modrm >= 0xc0)
        return false;
    if ((need & NEEDS_MOD3) && modrm < 0xc0)
        return false;
    if (insn_info[out->slot].operand[0] == OPERAND_Sw && out->reg == SEG_CS)
        return false;
    if (need & SEGMENT)
        return out->reg <= (mode->model >= CPU_386 ? SEG_GS : SEG_DS);
    return true;
}

static void take_modrm(const struct decode_mode *mode, struct cursor *c,
                       unsigned need, struct insn *out)
{
    uint8_t modrm = take_byte(c);
    bool memory = modrm < 0xc0 && !(need & NEEDS_REG);

    out->reg = modrm >> 3 & 7;
    if ((need & SEGMENT) && mode->model == CPU_8086)
        out->reg &= 3;
    if (c->result == DECODE_OK && !modrm_allowed(mode, need, modrm, out))
        c->result = DECODE_UNDEFINED;
    if (need & BYTE_REG)
        out->reg = byte_register(out->reg);
    if (!memory && !(need & NEEDS_MEM)) {
        out->rm = modrm & 7;
        if (need & BYTE_RM)
            out->rm = byte_register(out->rm);
        return;
    }
    out->flags |= INSN_MEM;
    if (!memory) /* differs: the 8086 takes the address that it last used */
        set_memory(out, INSN_NO_REG, INSN_NO_REG, false);
    else if (out->flags & INSN_ADDR32)
        take_memory32(c, modrm, out);
    else
        take_memory16(c, modrm, out);
}

static void take_immediate(struct cursor *c, enum operand_kind kind,
                           struct insn *out)
{
    unsigned need = needs[kind];
    unsigned size = out->flags & INSN_OP32 ? 4 : 2;
    uint32_t value;

    if (need & IMM_8)
        value = take(c, 1);
    else if (need & IMM_16)
        value = take(c, 2);
    else
        value = take(c, size);
    if (need & IMM_SIGNED)
        value = need & IMM_8 ? extend_8(value)
                             : (size == 2 ? extend_16(value) : value);
    if (kind == OPERAND_Ibs && size == 2)
        value &= 0xffff;
    if (kind == OPERAND_Ic)
        value &= 31;
    if (kind == OPERAND_Ib && insn_info[out->slot].operand[0] == OPERAND_Iw)
        out->imm2 = (uint16_t)value; /* ENTER */
    else
        out->imm = value;
    if (kind == OPERAND_Ap)
        out->imm2 = (uint16_t)take(c, 2);
}

static void take_moffs(struct cursor *c, struct insn *out)
{
    out->flags |= INSN_MEM;
    set_memory(out, INSN_NO_REG, INSN_NO_REG, false);
    out->disp = take(c, out->flags & INSN_ADDR32 ? 4 : 2);
}

/* Operands that stand in the opcode or in the row. */
static void set_fixed(const struct insn_info *info, unsigned n,
                      struct insn *out)
{
    unsigned need = needs[info->operand[n]];

    if (need & LOW_BITS) {
        out->reg = out->rm = out->opcode & 7;
        if (need & BYTE_RM)
            out->reg = out->rm = byte_register(out->rm);
    }
    if ((need & ACCUMULATOR) && n == 1)
        out->reg = 0;
    switch (info->operand[n]) {
    case OPERAND_Sz: out->reg = out->opcode >> 3 & 7; break;
    case OPERAND_one: out->imm = 1; break;
    case OPERAND_ES: out->imm2 = SEG_ES; break;
    case OPERAND_SS: out->imm2 = SEG_SS; break;
    case OPERAND_DS: out->imm2 = SEG_DS; break;
    case OPERAND_FS: out->imm2 = SEG_FS; break;
    case OPERAND_GS: out->imm2 = SEG_GS; break;
    default: break;
    }
}

static bool lock_allowed(const struct decode_mode *mode, const struct insn *out)
{
    if (!(out->flags & INSN_LOCK) || mode->model < CPU_386)
        return true;
    return (insn_info[out->slot].traits & INSN_TRAIT_LOCK) &&
           (out->flags & INSN_MEM);
}

static void take_operands(const struct decode_mode *mode, struct cursor *c,
                          struct insn *out)
{
    const struct insn_info *info = &insn_info[out->slot];
    unsigned need = 0;

    for (unsigned n = 0; n < 3; n++)
        need |= needs[info->operand[n]];
    if (need & NEEDS_MODRM) {
        size_t at = c->at;

        take_modrm(mode, c, need, out);
        if (info->operand[0] == OPERAND_Ex && at < c->at)
            out->imm2 = c->bytes[at];
    }
    for (unsigned n = 0; n < 3; n++) {
        unsigned one = needs[info->operand[n]];

        if (one & (IMM_8 | IMM_16 | IMM_V))
            take_immediate(c, info->operand[n], out);
        else if (one & MOFFS)
            take_moffs(c, out);
        else
            set_fixed(info, n, out);
    }
    if (out->seg == DEFAULT_SEG)
        out->seg = SEG_DS;
}

/* Groups, and slots that ModRM.mod tells apart. */
static void refine_slot(struct cursor *c, struct insn *out)
{
    unsigned group = group_of[out->slot];
    bool regs = regs_of[out->slot];
    uint8_t modrm;

    if (!group && !regs)
        return;
    modrm = take_byte(c);
    if (c->result != DECODE_OK)
        return;
    c->at--;
    if (group)
        out->slot =
            (uint16_t)(INSN_SLOT_GROUP + 8 * (group - 1) + (modrm >> 3 & 7));
    if (regs_of[out->slot] && modrm >= 0xc0)
        out->slot = regs_of[out->slot];
}

/* Whether the row is meant with the prefixes that are there. */
static bool prefix_fits(const struct decode_mode *mode, const struct insn *out)
{
    unsigned slot = prefix_slot(mode, out);

    return slot == INSN_SLOT_0F ||
           !(insn_info[out->slot].traits & INSN_TRAIT_EXACT) ||
           insn_info[slot + out->opcode].mnemonic ||
           group_of[slot + out->opcode];
}

static void take_prefixes(const struct decode_mode *mode, struct cursor *c,
                          struct insn *out)
{
    do
        out->opcode = take_byte(c);
    while (c->result == DECODE_OK && take_prefix(mode, out->opcode, out));
}

enum decode_result insn_decode(const struct decode_mode *mode,
                               const uint8_t *bytes, size_t size,
                               struct insn *out)
{
    static const uint8_t max[] = {[CPU_8086] = 255, [CPU_286] = 10};
    struct cursor c = {.bytes = bytes, .size = size};

    assert(mode->model >= CPU_386 || !mode->code32);
    c.max = mode->model < CPU_386 ? max[mode->model] : INSN_MAX_BYTES;
    *out = (struct insn){
        .seg = DEFAULT_SEG, .base = INSN_NO_REG, .index_reg = INSN_NO_REG};
    if (mode->code32)
        out->flags = INSN_OP32 | INSN_ADDR32;
    take_prefixes(mode, &c, out);
    out->slot = find_slot(mode, &c, out);
    refine_slot(&c, out);
    if (c.result == DECODE_OK && (!exists(&insn_info[out->slot], mode->model) ||
                                  !prefix_fits(mode, out)))
        c.result = DECODE_UNDEFINED;
    if (c.result == DECODE_OK)
        take_operands(mode, &c, out);
    if (c.result == DECODE_OK && !lock_allowed(mode, out))
        c.result = DECODE_UNDEFINED;
    out->length = (uint8_t)c.at;
    return c.result;
}

unsigned insn_operand_size(const struct insn *insn)
{
    const struct insn_info *info = &insn_info[insn->slot];

    for (unsigned n = 0; n < 3; n++) {
        unsigned need = needs[info->operand[n]];

        if (need & SIZE_1)
            return 1;
        if (need & SIZE_2)
            return 2;
        if (need & SIZE_V)
            break;
    }
    return insn->flags & INSN_OP32 ? 4 : 2;
}
