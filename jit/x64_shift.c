/* Shifts, rotates and bit tests. */
#include "jit/x64_lower.h"

static const struct recipe_value none;

static unsigned digit_of(enum sem sem)
{
    static const uint8_t digit[] = {SHIFT_ROL, SHIFT_ROR, SHIFT_RCL, SHIFT_RCR,
                                    SHIFT_SHL, SHIFT_SHR, SHIFT_SAR};

    return digit[sem - SEM_rol];
}

static enum recipe_kind kind_of(enum sem sem)
{
    static const uint8_t kind[] = {RECIPE_ROL, RECIPE_ROR, RECIPE_RCL,
                                   RECIPE_RCR, RECIPE_SHL, RECIPE_SHR,
                                   RECIPE_SAR};

    return kind[sem - SEM_rol];
}

static bool from_result(enum recipe_kind kind)
{
    return kind == RECIPE_ROL || kind == RECIPE_ROR;
}

/* By a constant. */
uint32_t lower_shift_gives(const struct insn *insn)
{
    uint32_t bits = 8 * insn_sem_size(insn), n = insn->imm;
    uint32_t given = bits == 32 || n < bits ? FLAG_CF : 0;

    if (recipe_flags(kind_of(insn_sem(insn))) != (FLAG_OF | FLAG_CF))
        given |= FLAG_SF | FLAG_ZF | FLAG_PF;
    return given | (n == 1 ? FLAG_OF : 0);
}

/* The flags that hosts give as the interpreter does. */
static uint32_t valid_after(const struct lower *l, enum recipe_kind kind,
                            bool by_cl)
{
    const uint32_t szp = FLAG_SF | FLAG_ZF | FLAG_PF;
    uint32_t flags = recipe_flags(kind), given = FLAG_CF;

    if (flags != (FLAG_OF | FLAG_CF))
        given |= szp;
    if (by_cl) { /* perhaps by 0: then all is as it was */
        if (l->size < 4)
            given &= szp;
        return l->valid & ((FLAGS_OSZAPC & ~flags) | given);
    }
    return (l->valid & ~flags) | lower_shift_gives(l->insn);
}

/* Of l->mem, or of register `reg`. */
static void put_shift(struct lower *l, unsigned digit, bool by_cl, bool memory,
                      unsigned reg)
{
    unsigned n = l->insn->imm, opcode = by_cl ? 0xd3 : n == 1 ? 0xd1 : 0xc1;

    if (memory)
        x64_digit_m(&l->x, l->size, opcode, digit, l->mem);
    else
        x64_digit_r(&l->x, l->size, opcode, digit, reg);
    if (opcode == 0xc1)
        x64_byte(&l->x, n);
}

void lower_shift(struct lower *l)
{
    const struct insn *insn = l->insn;
    enum sem sem = insn_sem(insn);
    enum recipe_kind kind = kind_of(sem);
    bool by_cl = insn_shape(insn) == SHAPE_EC;
    bool memory = insn->flags & INSN_MEM;
    bool wanted = flags_wanted(l, kind);
    struct recipe_value a = none, c = none;
    struct recipe_value n = by_cl ? value_cl() : value_imm(insn->imm);

    if (memory)
        lower_operand(l, l->size, true);
    if (kind == RECIPE_RCL || kind == RECIPE_RCR) {
        flags_ensure(l, FLAG_CF);
        if (wanted)
            c = value_saved_cc(l, CC_B);
    }
    flags_begin(l, recipe_flags(kind), by_cl);
    if (!memory) {
        if (wanted)
            a = from_result(kind) ? value_reg(insn->rm)
                                  : value_kept(l, l->size, insn->rm);
        if (wanted && by_cl &&
            (l->size == 1 ? insn->rm >> 2 : insn->rm) == CPU_ECX)
            n = value_kept(l, 4, CPU_ECX);
        flags_reg_write(l, l->size, insn->rm);
        put_shift(l, digit_of(sem), by_cl, false, host_reg(l->size, insn->rm));
    } else if (!wanted) {
        put_shift(l, digit_of(sem), by_cl, true, 0);
    } else {
        x64_load_zx(&l->x, l->size, R9, l->mem);
        /* A page that may only be read faults here, with the flags before. */
        x64_store(&l->x, l->size, R9, l->mem);
        if (!from_result(kind))
            a = value_saved(l, R9);
        put_shift(l, digit_of(sem), by_cl, false, R9);
        x64_store(&l->x, l->size, R9, l->mem);
        if (from_result(kind))
            a = value_saved(l, R9);
    }
    l->valid = valid_after(l, kind, by_cl);
    flags_end(l, kind, by_cl, a, n, c);
}

/* SHLD, SHRD. */
void lower_double(struct lower *l)
{
    const struct insn *insn = l->insn;
    bool left = insn_sem(insn) == SEM_shld;
    bool by_cl = insn_shape(insn) == SHAPE_EGC;
    enum recipe_kind kind = left ? RECIPE_SHLD : RECIPE_SHRD;
    bool memory = insn->flags & INSN_MEM;
    bool wanted = flags_wanted(l, kind);
    unsigned opcode = (left ? 0x0fa4 : 0x0fac) | (by_cl ? 1u : 0);
    unsigned to = memory ? R9 : host_reg(l->size, insn->rm);
    struct recipe_value a = none, b = value_reg(insn->reg);
    struct recipe_value n = by_cl ? value_cl() : value_imm(insn->imm);

    if (memory) {
        lower_operand(l, l->size, true);
        x64_load_zx(&l->x, l->size, R9, l->mem);
        x64_store(&l->x, l->size, R9, l->mem); /* as in lower_shift() */
    }
    flags_begin(l, recipe_flags(kind), by_cl);
    if (wanted)
        a = value_saved(l, to);
    if (!memory) {
        if (wanted && insn->reg == insn->rm)
            b = a;
        if (wanted && by_cl && insn->rm == CPU_ECX)
            n = a;
        flags_reg_write(l, l->size, insn->rm);
    }
    x64_rr(&l->x, l->size, opcode, host_reg(l->size, insn->reg), to);
    if (!by_cl)
        x64_byte(&l->x, insn->imm);
    if (memory)
        x64_store(&l->x, l->size, R9, l->mem);
    l->valid &= by_cl ? FLAG_SF | FLAG_ZF | FLAG_PF | FLAG_CF : 0;
    if (!by_cl)
        l->valid = FLAG_SF | FLAG_ZF | FLAG_PF | FLAG_CF;
    flags_end(l, kind, by_cl, a, b, n);
}

/* BT, BTS, BTR, BTC; of memory only with a number in the instruction. */
void lower_bit(struct lower *l)
{
    const struct insn *insn = l->insn;
    unsigned which = insn_sem(insn) - SEM_bt;
    bool memory = insn->flags & INSN_MEM;
    struct recipe_value cf = none;

    if (memory)
        lower_operand(l, l->size, which != 0);
    flags_begin(l, FLAG_CF, false);
    if (!memory && which)
        flags_reg_write(l, l->size, insn->rm);
    if (insn_shape(insn) == SHAPE_EG) {
        x64_rr(&l->x, l->size, 0x0fa3 + 8 * which, host_reg(l->size, insn->reg),
               host_reg(l->size, insn->rm));
    } else {
        if (memory)
            x64_digit_m(&l->x, l->size, 0x0fba, 4 + which, l->mem);
        else
            x64_digit_r(&l->x, l->size, 0x0fba, 4 + which,
                        host_reg(l->size, insn->rm));
        x64_byte(&l->x, insn->imm & (8 * l->size - 1));
    }
    if (flags_wanted(l, RECIPE_NCF))
        cf = value_saved_cc(l, CC_NB);
    flags_end(l, RECIPE_NCF, false, cf, none, none);
    l->valid = FLAG_CF;
}
