/* Instructions of two operands, and what is like them. */
#include <assert.h>

#include "jit/x64_lower.h"

static const struct recipe_value none;

/* Where the operands are. */
struct operands {
    bool to_memory, from_memory, immediate;
    unsigned to, from; /* register numbers, as reg and rm have them */
};

static struct operands operands_of(const struct insn *insn)
{
    enum shape shape = insn_shape(insn);
    bool memory = insn->flags & INSN_MEM;

    if (shape == SHAPE_GE)
        return (struct operands){
            .from_memory = memory, .to = insn->reg, .from = insn->rm};
    return (struct operands){.to_memory = memory,
                             .immediate = shape == SHAPE_EI,
                             .to = insn->rm,
                             .from = insn->reg};
}

static bool same_whole(unsigned size, unsigned a, unsigned b)
{
    return size == 1 ? a >> 2 == b >> 2 : a == b;
}

/* An immediate that the guest changes now and then is read where the block has
 * it. */
static bool by_patched(struct lower *l, struct operands *o)
{
    if (!insn_is_patched(l->insn))
        return false;
    x64_mov_imm64(&l->x, R9, (uintptr_t)&l->insn->imm);
    l->mem = x64_at(R9, 0);
    o->immediate = false;
    o->from_memory = true;
    return true;
}

static void mov(struct lower *l, struct operands o)
{
    unsigned size = l->size;

    if (o.to_memory)
        l->stored =
            (struct stored){.kind = o.immediate ? STORED_IMM : STORED_REG,
                            .size = size,
                            .reg = o.from,
                            .imm = l->insn->imm};
    if (!by_patched(l, &o) && (o.to_memory || o.from_memory))
        lower_operand(l, size, o.to_memory);
    if (!o.to_memory)
        flags_reg_write(l, size, o.to);
    if (o.to_memory && o.immediate) {
        x64_mov_m_imm(&l->x, size, l->mem, l->insn->imm);
    } else if (o.to_memory) {
        lower_write_mem(l, size, o.from);
    } else if (o.from_memory) {
        lower_read_mem(l, size, o.to);
    } else if (!o.immediate) {
        x64_rr(&l->x, size, 0x89, host_reg(size, o.from), host_reg(size, o.to));
    } else if (size == 4) {
        x64_mov_imm(&l->x, host_reg(4, o.to), l->insn->imm);
    } else {
        x64_digit_r(&l->x, size, 0xc7, 0, host_reg(size, o.to));
        x64_byte(&l->x, l->insn->imm & 0xff);
        if (size == 2)
            x64_byte(&l->x, l->insn->imm >> 8 & 0xff);
    }
}

static enum recipe_kind recipe_of(unsigned op)
{
    static const uint8_t kind[] = {RECIPE_ADD_R, RECIPE_LOGIC, RECIPE_ADC_R,
                                   RECIPE_SBB_R, RECIPE_LOGIC, RECIPE_SUB_R,
                                   RECIPE_LOGIC, RECIPE_SUB};

    return kind[op];
}

static uint32_t given_by(unsigned op)
{
    return recipe_of(op) == RECIPE_LOGIC ? FLAGS_OSZAPC & ~FLAG_AF
                                         : FLAGS_OSZAPC;
}

/* CF for ADC and SBB, and a copy of it if somebody will want one. */
static struct recipe_value carry_in(struct lower *l, unsigned op)
{
    if (op != ALU_ADC && op != ALU_SBB)
        return none;
    flags_ensure(l, FLAG_CF);
    if (!flags_wanted(l, recipe_of(op)))
        return none;
    return value_saved_cc(l, CC_B);
}

/* op register, register or immediate or memory. */
static void alu_to_reg(struct lower *l, unsigned op, struct operands o)
{
    unsigned size = l->size, to = host_reg(size, o.to), reg;
    bool same = !o.immediate && !o.from_memory && o.to == o.from;
    bool overlap =
        !o.immediate && !o.from_memory && same_whole(size, o.to, o.from);
    bool wanted = flags_wanted(l, recipe_of(op));
    bool direct = o.from_memory && (!wanted || recipe_of(op) == RECIPE_LOGIC) &&
                  lower_stands_beside(l, size, to);
    struct recipe_value c = carry_in(l, op), a = none, b;

    if (o.from_memory && !direct)
        x64_load_zx(&l->x, size, R9, l->mem);
    flags_begin(l, FLAGS_OSZAPC, false);
    if (o.immediate)
        b = value_imm(l->insn->imm);
    else if (o.from_memory)
        b = direct ? none : value_saved(l, R9);
    else if (overlap && wanted && op != ALU_CMP &&
             recipe_of(op) != RECIPE_LOGIC)
        b = value_kept(l, size, o.from);
    else
        b = value_reg(o.from);
    if (op != ALU_CMP)
        flags_reg_write(l, size, o.to);
    if (o.immediate) {
        x64_alu_imm_r(&l->x, size, op, to, l->insn->imm);
    } else if (direct) {
        x64_rm(&l->x, size, op * 8 + 3, to, l->mem);
    } else if (o.from_memory) {
        reg = low_begin(l, size, to);
        x64_rr(&l->x, size, op * 8 + 1, R9, reg);
        low_end(l, size, to);
    } else {
        x64_rr(&l->x, size, op * 8 + 1, host_reg(size, o.from), to);
    }
    a = value_reg(o.to);
    if (same && (op == ALU_XOR || op == ALU_SUB))
        flags_end(l, RECIPE_LOGIC, false, value_imm(0), none, none);
    else
        flags_end(l, recipe_of(op), false, a, b, c);
    l->valid = given_by(op);
    l->clear = FLAGS_OSZAPC & ~l->valid;
}

static bool is_high(unsigned size, unsigned host)
{
    return size == 1 && host >= 4 && host <= 7;
}

/* op memory, register or immediate. */
static void alu_to_memory(struct lower *l, unsigned op, struct operands o)
{
    unsigned size = l->size, reg = 0;
    bool wanted = flags_wanted(l, recipe_of(op));
    struct recipe_value c = carry_in(l, op), a = none;
    struct recipe_value b =
        o.immediate ? value_imm(l->insn->imm) : value_reg(o.from);

    flags_begin(l, FLAGS_OSZAPC, false);
    if (!o.immediate)
        reg = lower_beside_mem(l, size, o.from);
    if (wanted && op == ALU_CMP && !is_high(size, reg)) {
        x64_load_zx(&l->x, size, R9, l->mem);
        a = value_saved(l, R9);
        if (o.immediate)
            x64_alu_imm_r(&l->x, size, op, R9, l->insn->imm);
        else
            x64_rr(&l->x, size, op * 8 + 1, reg, R9);
    } else if (o.immediate) {
        x64_alu_imm_m(&l->x, size, op, l->mem, l->insn->imm);
    } else {
        x64_rm(&l->x, size, op * 8 + 1, reg, l->mem);
    }
    if (wanted && !a.where) {
        x64_load_zx(&l->x, size, R9, l->mem);
        a = value_saved(l, R9);
    }
    flags_end(l, recipe_of(op), false, a, b, c);
    l->valid = given_by(op);
    l->clear = FLAGS_OSZAPC & ~l->valid;
    lower_changed(l);
}

/* TEST has no form with a memory operand on the right. */
static void test(struct lower *l, struct operands o)
{
    unsigned size = l->size, to = host_reg(size, o.to);
    struct recipe_value a = value_reg(o.to);
    struct recipe_value b =
        o.immediate ? value_imm(l->insn->imm) : value_reg(o.from);

    flags_begin(l, FLAGS_OSZAPC, false);
    if (o.to_memory) {
        x64_load_zx(&l->x, size, R9, l->mem);
        if (flags_wanted(l, RECIPE_TEST))
            a = value_saved(l, R9);
        to = R9;
    }
    if (o.immediate) {
        x64_digit_r(&l->x, size, 0xf7, 0, to);
        for (unsigned i = 0; i < size; i++)
            x64_byte(&l->x, l->insn->imm >> (8 * i) & 0xff);
    } else {
        unsigned from = host_reg(size, o.from), reg = from;

        if (to == R9)
            reg = low_begin(l, size, from);
        x64_rr(&l->x, size, 0x85, reg, to);
        if (to == R9)
            low_end(l, size, from);
    }
    if (!o.to_memory && !o.immediate && o.to == o.from)
        flags_end(l, RECIPE_LOGIC, false, a, none, none);
    else
        flags_end(l, RECIPE_TEST, false, a, b, none);
    l->valid = FLAGS_OSZAPC & ~FLAG_AF;
    l->clear = FLAG_AF;
}

static unsigned op_of(enum sem sem)
{
    switch (sem) {
    case SEM_add: return ALU_ADD;
    case SEM_or: return ALU_OR;
    case SEM_adc: return ALU_ADC;
    case SEM_sbb: return ALU_SBB;
    case SEM_and: return ALU_AND;
    case SEM_sub: return ALU_SUB;
    case SEM_xor: return ALU_XOR;
    default: return ALU_CMP;
    }
}

void lower_alu(struct lower *l)
{
    enum sem sem = insn_sem(l->insn);
    struct operands o = operands_of(l->insn);

    if (sem == SEM_mov) {
        mov(l, o);
        return;
    }
    if (o.to_memory && sem != SEM_cmp && sem != SEM_test)
        lower_change_operand(l);
    else if (o.to_memory)
        lower_operand(l, l->size, false);
    if (o.from_memory)
        lower_operand(l, l->size, false);
    else
        by_patched(l, &o);
    if (sem == SEM_test)
        test(l, o);
    else if (o.to_memory)
        alu_to_memory(l, op_of(sem), o);
    else
        alu_to_reg(l, op_of(sem), o);
}

/* XADD and CMPXCHG of memory: the host's own. `to` is the register that they
 * change; what it held is saved, as one value of a recipe whose other one is
 * in there now. */
static void exchange_flags(struct lower *l, unsigned opcode, unsigned to,
                           enum recipe_kind kind)
{
    unsigned size = l->size;
    bool wanted = flags_wanted(l, kind);
    struct recipe_value before = none;

    lower_operand(l, size, true);
    flags_begin(l, FLAGS_OSZAPC, false);
    flags_reg_write(l, size, to);
    if (wanted)
        x64_mov_rr(&l->x, R9, host_reg(4, to));
    x64_rm(&l->x, size, opcode, host_reg(size, l->insn->reg), l->mem);
    if (wanted)
        before = value_saved(l, R9);
    flags_end(l, kind, false, before, value_reg(to), none);
    l->valid = FLAGS_OSZAPC;
    l->clear = 0;
}

void lower_exchange(struct lower *l)
{
    const struct insn *insn = l->insn;
    unsigned size = l->size, from = host_reg(size, insn->reg), reg;

    if (insn_sem(insn) == SEM_xadd) {
        exchange_flags(l, 0x0fc1, insn->reg, RECIPE_ADD);
        return;
    }
    if (insn_sem(insn) == SEM_cmpxchg) {
        exchange_flags(l, 0x0fb1, CPU_EAX, RECIPE_SUB);
        return;
    }
    if (!(insn->flags & INSN_MEM)) {
        flags_reg_write(l, size, insn->rm);
        flags_reg_write(l, size, insn->reg);
        x64_rr(&l->x, size, 0x87, from, host_reg(size, insn->rm));
        return;
    }
    lower_change_operand(l);
    flags_reg_write(l, size, insn->reg);
    x64_load_zx(&l->x, size, R9, l->mem);
    lower_write_mem(l, size, insn->reg);
    reg = low_begin(l, size, from);
    x64_rr(&l->x, size, 0x89, R9, reg);
    low_end(l, size, from);
    lower_changed(l);
}

/* INC, DEC, NOT, NEG: opcode /digit. */
static void one_operand(struct lower *l, unsigned opcode, unsigned digit,
                        enum recipe_kind kind)
{
    const struct insn *insn = l->insn;
    struct recipe_value a = value_reg(insn->rm);

    if (!(insn->flags & INSN_MEM)) {
        flags_begin(l, recipe_flags(kind), false);
        flags_reg_write(l, l->size, insn->rm);
        x64_digit_r(&l->x, l->size, opcode, digit, host_reg(l->size, insn->rm));
    } else {
        lower_change_operand(l);
        flags_begin(l, recipe_flags(kind), false);
        x64_digit_m(&l->x, l->size, opcode, digit, l->mem);
        if (flags_wanted(l, kind)) {
            x64_load_zx(&l->x, l->size, R9, l->mem);
            a = value_saved(l, R9);
        }
    }
    flags_end(l, kind, false, a, none, none);
    l->valid = (l->valid & ~recipe_flags(kind)) | recipe_flags(kind);
    lower_changed(l);
}

static void not(struct lower * l)
{
    const struct insn *insn = l->insn;

    if (insn->flags & INSN_MEM) {
        lower_change_operand(l);
        x64_digit_m(&l->x, l->size, 0xf7, 2, l->mem);
        lower_changed(l);
        return;
    }
    flags_reg_write(l, l->size, insn->rm);
    x64_digit_r(&l->x, l->size, 0xf7, 2, host_reg(l->size, insn->rm));
}

static void end_multiply(struct lower *l)
{
    struct recipe_value co = none;

    if (flags_wanted(l, RECIPE_CO))
        co = value_saved_cc(l, CC_B);
    flags_end(l, RECIPE_CO, false, co, none, none);
    l->valid = FLAG_OF | FLAG_CF;
}

static void multiply(struct lower *l, unsigned digit)
{
    const struct insn *insn = l->insn;

    if (insn->flags & INSN_MEM)
        lower_operand(l, l->size, false);
    else
        flags_clobber(l);
    flags_begin(l, FLAG_OF | FLAG_CF, false);
    flags_reg_write(l, 4, CPU_EAX);
    if (l->size > 1)
        flags_reg_write(l, 4, CPU_EDX);
    if (insn->flags & INSN_MEM)
        x64_digit_m(&l->x, l->size, 0xf7, digit, l->mem);
    else
        x64_digit_r(&l->x, l->size, 0xf7, digit, host_reg(l->size, insn->rm));
    end_multiply(l);
}

/* The host would fault where the guest does, and in more cases: those are the
 * interpreter's. */
static void check_divide(struct lower *l, bool is_signed)
{
    if (!is_signed && l->size == 1) {
        x64_mov_rr(&l->x, R10, RAX);
        x64_digit_r(&l->x, 4, 0xc1, SHIFT_SHR, R10);
        x64_byte(&l->x, 8);
        x64_rr(&l->x, 1, 0x39, R9, R10);
        lower_redo_if(l, CC_NB);
    } else if (!is_signed) {
        x64_rr(&l->x, l->size, 0x39, R9, RDX);
        lower_redo_if(l, CC_NB);
    } else {
        x64_mov_rr(&l->x, R10, RAX);
        x64_digit_r(&l->x, 4, 0xc1, SHIFT_SAR, R10);
        x64_byte(&l->x, 31);
        x64_rr(&l->x, 4, 0x39, RDX, R10);
        lower_redo_if(l, CC_NZ);
        x64_lea(&l->x, R10, x64_at(R9, 1));
        x64_alu_imm_r(&l->x, 4, ALU_CMP, R10, 2);
        lower_redo_if(l, CC_B);
    }
}

static void divide(struct lower *l, bool is_signed)
{
    const struct insn *insn = l->insn;

    if (insn->flags & INSN_MEM) {
        lower_operand(l, l->size, false);
        x64_load_zx(&l->x, l->size, R9, l->mem);
    } else {
        flags_clobber(l);
        if (l->size == 1 && (insn->rm & 1)) {
            x64_mov_rr(&l->x, R9, host_reg(4, insn->rm >> 2));
            x64_digit_r(&l->x, 4, 0xc1, SHIFT_SHR, R9);
            x64_byte(&l->x, 8);
        } else {
            x64_mov_rr(&l->x, R9,
                       host_reg(4, l->size == 1 ? insn->rm >> 2 : insn->rm));
        }
    }
    check_divide(l, is_signed);
    flags_begin(l, recipe_flags(RECIPE_DIV), false);
    flags_reg_write(l, 4, CPU_EAX);
    if (l->size > 1)
        flags_reg_write(l, 4, CPU_EDX);
    x64_digit_r(&l->x, l->size, 0xf7, is_signed ? 7 : 6, R9);
    flags_end(l, RECIPE_DIV, false, none, none, none);
    l->valid = 0;
}

void lower_unary(struct lower *l)
{
    switch (insn_sem(l->insn)) {
    case SEM_inc: one_operand(l, 0xff, 0, RECIPE_INC); break;
    case SEM_dec: one_operand(l, 0xff, 1, RECIPE_DEC); break;
    case SEM_neg: one_operand(l, 0xf7, 3, RECIPE_NEG); break;
    case SEM_not: not(l); break;
    case SEM_mul: multiply(l, 4); break;
    case SEM_imul1: multiply(l, 5); break;
    case SEM_div: divide(l, false); break;
    default: divide(l, true); break;
    }
}

/* Registers computed from operand E. */

/* r9 = E, `size` bytes, extended by zeros. Or the register that it is in. */
static unsigned read_e(struct lower *l, unsigned size)
{
    const struct insn *insn = l->insn;

    if (!(insn->flags & INSN_MEM))
        return host_reg(size, insn->rm);
    lower_operand(l, size, false);
    x64_load_zx(&l->x, size, R9, l->mem);
    return R9;
}

static void extend(struct lower *l, unsigned opcode, unsigned from_size)
{
    const struct insn *insn = l->insn;
    unsigned to = host_reg(l->size, insn->reg);

    if (insn->flags & INSN_MEM) {
        lower_operand(l, from_size, false);
        flags_reg_write(l, l->size, insn->reg);
        x64_rm(&l->x, l->size, opcode, to, l->mem);
        return;
    }
    flags_reg_write(l, l->size, insn->reg);
    x64_digit_r(&l->x, l->size, opcode, to, host_reg(from_size, insn->rm));
}

static void multiply_to_reg(struct lower *l, bool immediate)
{
    const struct insn *insn = l->insn;
    unsigned to = host_reg(l->size, insn->reg), from = read_e(l, l->size);

    flags_clobber(l);
    flags_begin(l, FLAG_OF | FLAG_CF, false);
    flags_reg_write(l, l->size, insn->reg);
    if (!immediate) {
        x64_rr(&l->x, l->size, 0x0faf, to, from);
    } else {
        x64_rr(&l->x, l->size, 0x69, to, from);
        for (unsigned i = 0; i < l->size; i++)
            x64_byte(&l->x, insn->imm >> (8 * i) & 0xff);
    }
    end_multiply(l);
}

/* The destination stays as it was when there is no bit. */
static void scan(struct lower *l, bool reverse)
{
    const struct insn *insn = l->insn;
    unsigned to = host_reg(l->size, insn->reg), from = read_e(l, l->size);
    enum recipe_kind kind = reverse ? RECIPE_BSR : RECIPE_BSF;
    struct recipe_value a = none;

    flags_begin(l, FLAGS_OSZAPC, false);
    if (flags_wanted(l, kind))
        a = value_saved(l, from);
    flags_reg_write(l, l->size, insn->reg);
    x64_rr(&l->x, l->size, reverse ? 0x0fbd : 0x0fbc, R10, from);
    x64_rr(&l->x, l->size, 0x0f40 | CC_NZ, to, R10);
    flags_end(l, kind, false, a, none, none);
    l->valid = FLAG_ZF;
}

static void move_if(struct lower *l, unsigned cc)
{
    const struct insn *insn = l->insn;
    unsigned from = read_e(l, l->size);

    flags_ensure(l, flags_of_cc(cc));
    flags_reg_write(l, l->size, insn->reg);
    x64_rr(&l->x, l->size, 0x0f40 | cc, host_reg(l->size, insn->reg), from);
}

/* Compilers fill gaps with LEA ESI, [ESI+0] and the like. */
static void load_address(struct lower *l)
{
    const struct insn *insn = l->insn;
    unsigned to = host_reg(l->size, insn->reg);
    bool direct = l->size == 4 && (insn->flags & INSN_ADDR32) &&
                  insn->base != INSN_NO_REG;
    struct x64_mem m = {.index = X64_NO_INDEX, .disp = (int32_t)insn->disp};

    if (direct && insn->base == insn->reg && insn->disp == 0 &&
        insn->index_reg == INSN_NO_REG)
        return;
    if (!direct) {
        lower_offset(l, R8);
        flags_reg_write(l, l->size, insn->reg);
        x64_rr(&l->x, l->size, 0x89, R8, to);
        return;
    }
    m.base = (uint8_t)host_reg(4, insn->base);
    if (insn->base == CPU_ESP)
        m.disp = (int32_t)(insn->disp + (uint32_t)l->stack);
    if (insn->index_reg != INSN_NO_REG) {
        m.index = (uint8_t)host_reg(4, insn->index_reg);
        m.scale = insn->scale;
    }
    flags_reg_write(l, l->size, insn->reg);
    x64_lea(&l->x, to, m);
}

void lower_load(struct lower *l)
{
    enum sem sem = insn_sem(l->insn);

    switch (sem) {
    case SEM_movzx_b: extend(l, 0x0fb6, 1); break;
    case SEM_movzx_w: extend(l, 0x0fb7, 2); break;
    case SEM_movsx_b: extend(l, 0x0fbe, 1); break;
    case SEM_movsx_w: extend(l, 0x0fbf, 2); break;
    case SEM_imul2: multiply_to_reg(l, false); break;
    case SEM_imul3: multiply_to_reg(l, true); break;
    case SEM_bsf: scan(l, false); break;
    case SEM_bsr: scan(l, true); break;
    case SEM_lea: load_address(l); break;
    default: move_if(l, sem - SEM_cmovo); break;
    }
}

void lower_set(struct lower *l)
{
    const struct insn *insn = l->insn;
    unsigned cc = insn_sem(insn) - SEM_seto;

    if (insn->flags & INSN_MEM)
        lower_operand(l, 1, true);
    flags_ensure(l, flags_of_cc(cc));
    if (insn->flags & INSN_MEM) {
        x64_digit_m(&l->x, 4, 0x0f90 | cc, 0, l->mem);
        return;
    }
    flags_reg_write(l, 1, insn->rm);
    x64_digit_r(&l->x, 4, 0x0f90 | cc, 0, host_reg(1, insn->rm));
}
