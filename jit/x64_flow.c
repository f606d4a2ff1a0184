/* Stack, transfers, and instructions with fixed operands. */
#include <assert.h>

#include "jit/x64_lower.h"

static const struct recipe_value none;

static void push_reg(struct lower *l)
{
    lower_push_operand(l, l->size);
    x64_store(&l->x, l->size, host_reg(l->size, l->insn->rm), l->mem);
    lower_move_stack(l, -(int32_t)l->size);
}

static void push_constant(struct lower *l, uint32_t value)
{
    lower_push_operand(l, l->size);
    x64_mov_m_imm(&l->x, l->size, l->mem, value);
    lower_move_stack(l, -(int32_t)l->size);
}

static void push_e(struct lower *l)
{
    bool direct = lower_is_direct_stack(l, l->size);

    if (!(l->insn->flags & INSN_MEM)) {
        push_reg(l);
        return;
    }
    lower_operand(l, l->size, false);
    x64_load_zx(&l->x, l->size, R9, l->mem);
    if (!direct)
        x64_store(&l->x, 4, R9, FIELD(jit.scratch));
    lower_push_operand(l, l->size);
    if (!direct) /* r9 was needed to find it */
        x64_load(&l->x, 4, R9, FIELD(jit.scratch));
    x64_store(&l->x, l->size, R9, l->mem);
    lower_move_stack(l, -(int32_t)l->size);
}

static void pop_reg(struct lower *l)
{
    unsigned n = l->insn->rm;

    lower_pop_operand(l, l->size);
    if (n == CPU_ESP) { /* what was popped is the new pointer */
        x64_load_zx(&l->x, l->size, R8, l->mem);
        if (l->size == 2)
            lower_move_stack(l, 2);
        flags_reg_write(l, 4, n);
        x64_rr(&l->x, l->size, 0x89, R8, R15);
        return;
    }
    flags_reg_write(l, 4, n);
    x64_load(&l->x, l->size, host_reg(l->size, n), l->mem);
    lower_move_stack(l, (int32_t)l->size);
}

static void leave(struct lower *l)
{
    struct x64_mem after = {RBP, X64_NO_INDEX, 0, (int32_t)l->size};

    x64_mov_rr(&l->x, R8, RBP);
    if (!(l->mode & BLOCK_STACK32))
        x64_rr(&l->x, 4, 0x0fb7, R8, R8);
    lower_operand_at(l, SEG_SS, l->size, false);
    flags_reg_write(l, 4, CPU_ESP);
    flags_reg_write(l, 4, CPU_EBP);
    x64_load_zx(&l->x, l->size, R8, l->mem);
    if (l->mode & BLOCK_STACK32) {
        x64_lea(&l->x, R15, after);
    } else {
        x64_lea(&l->x, R9, after);
        x64_rr(&l->x, 2, 0x89, R9, R15);
    }
    x64_rr(&l->x, l->size, 0x89, R8, RBP);
}

/* PUSHA and POPA: ESP lies between EBX and EBP, and is not popped. */
static struct x64_mem word_of(const struct lower *l, unsigned n, unsigned size)
{
    struct x64_mem m = l->mem;

    m.disp += (int32_t)((CPU_REGS - 1 - n) * size);
    return m;
}

void lower_push_all(struct lower *l)
{
    unsigned size = l->insn->flags & INSN_OP32 ? 4 : 2;

    lower_stack_words(l, -(int32_t)(CPU_REGS * size), CPU_REGS * size, true);
    for (unsigned n = CPU_REGS; n-- > 0;)
        x64_store(&l->x, size, host_reg(size, n), word_of(l, n, size));
    lower_move_stack(l, -(int32_t)(CPU_REGS * size));
}

void lower_pop_all(struct lower *l)
{
    unsigned size = l->insn->flags & INSN_OP32 ? 4 : 2;

    lower_stack_words(l, 0, CPU_REGS * size, false);
    for (unsigned n = CPU_REGS; n-- > 0;) {
        if (n == CPU_ESP)
            continue;
        flags_reg_write(l, 4, n);
        x64_load(&l->x, size, host_reg(size, n), word_of(l, n, size));
    }
    lower_move_stack(l, (int32_t)(CPU_REGS * size));
}

/* r8d is inside the code segment, or the interpreter says what is wrong. */
static void check_target(struct lower *l)
{
    uint32_t limit = l->cpu->seg[SEG_CS].limit;

    if (limit == UINT32_MAX || (l->size == 2 && limit >= 0xffff))
        return;
    flags_clobber(l);
    x64_alu_imm_r(&l->x, 4, ALU_CMP, R8, limit);
    lower_redo_if(l, CC_NBE);
}

static void ret(struct lower *l, uint32_t release)
{
    lower_pop_operand(l, l->size);
    x64_load_zx(&l->x, l->size, R8, l->mem);
    check_target(l);
    lower_move_stack(l, (int32_t)(l->size + release));
    lower_settle_stack(l);
    lower_goto_return(l);
}

static void read_target(struct lower *l)
{
    if (l->insn->flags & INSN_MEM) {
        lower_operand(l, l->size, false);
        x64_load_zx(&l->x, l->size, R8, l->mem);
    } else if (l->size == 2) {
        x64_rr(&l->x, 4, 0x0fb7, R8, host_reg(2, l->insn->rm));
    } else {
        x64_mov_rr(&l->x, R8, host_reg(4, l->insn->rm));
    }
    check_target(l);
}

static uint32_t next_eip(const struct lower *l)
{
    return l->b->block->eip + l->insn->offset + l->insn->length;
}

static void call_e(struct lower *l)
{
    bool direct = lower_is_direct_stack(l, l->size);

    read_target(l);
    if (!direct)
        x64_store(&l->x, 4, R8, FIELD(jit.scratch));
    push_constant(l, next_eip(l));
    if (!direct)
        x64_load(&l->x, 4, R8, FIELD(jit.scratch));
    lower_settle_stack(l);
    lower_goto_r8(l);
}

void lower_stack(struct lower *l)
{
    switch (insn_sem(l->insn)) {
    case SEM_push: push_reg(l); break;
    case SEM_push_imm: push_constant(l, l->insn->imm); break;
    case SEM_push_e: push_e(l); break;
    case SEM_pop: pop_reg(l); break;
    case SEM_leave: leave(l); break;
    case SEM_call: push_constant(l, next_eip(l)); break;
    case SEM_ret: ret(l, 0); break;
    case SEM_ret_imm: ret(l, l->insn->imm); break;
    case SEM_call_e: call_e(l); break;
    default:
        assert(insn_sem(l->insn) == SEM_jmp_e);
        read_target(l);
        lower_goto_r8(l);
        break;
    }
}

static void convert(struct lower *l, bool to_high)
{
    flags_reg_write(l, 4, to_high ? CPU_EDX : CPU_EAX);
    if (l->size == 2)
        x64_byte(&l->x, 0x66);
    x64_byte(&l->x, to_high ? 0x99 : 0x98);
}

static void load_ah(struct lower *l)
{
    flags_ensure(l, FLAGS_OSZAPC & ~FLAG_OF);
    flags_reg_write(l, 4, CPU_EAX);
    x64_byte(&l->x, 0x9f);
}

static void store_ah(struct lower *l)
{
    l->size = 1;
    flags_begin(l, recipe_flags(RECIPE_SAHF), false);
    x64_byte(&l->x, 0x9e);
    flags_end(l, RECIPE_SAHF, false, value_reg(1), none, none);
    l->valid |= FLAGS_OSZAPC & ~FLAG_OF;
}

static void set_carry(struct lower *l, unsigned value)
{
    flags_begin(l, FLAG_CF, false);
    x64_byte(&l->x, value ? 0xf9 : 0xf8);
    flags_end(l, RECIPE_CF, false, value_imm(value), none, none);
    l->valid |= FLAG_CF;
}

static void complement_carry(struct lower *l)
{
    struct recipe_value cf = none;

    flags_ensure(l, FLAG_CF);
    flags_begin(l, FLAG_CF, false);
    x64_byte(&l->x, 0xf5);
    if (flags_wanted(l, RECIPE_NCF))
        cf = value_saved_cc(l, CC_NB);
    flags_end(l, RECIPE_NCF, false, cf, none, none);
}

static void set_direction(struct lower *l, bool down)
{
    flags_clobber(l);
    if (down)
        x64_alu_imm_m(&l->x, 4, ALU_OR, FIELD(eflags), FLAG_DF);
    else
        x64_alu_imm_m(&l->x, 4, ALU_AND, FIELD(eflags), ~FLAG_DF);
}

void lower_plain(struct lower *l)
{
    switch (insn_sem(l->insn)) {
    case SEM_nop: break;
    case SEM_cbw: convert(l, false); break;
    case SEM_cwd: convert(l, true); break;
    case SEM_bswap:
        flags_reg_write(l, 4, l->insn->rm);
        if (l->insn->rm == CPU_ESP)
            x64_byte(&l->x, 0x41);
        x64_byte(&l->x, 0x0f);
        x64_byte(&l->x, 0xc8 | (host_reg(4, l->insn->rm) & 7));
        break;
    case SEM_sahf: store_ah(l); break;
    case SEM_lahf: load_ah(l); break;
    case SEM_clc: set_carry(l, 0); break;
    case SEM_stc: set_carry(l, 1); break;
    case SEM_cmc: complement_carry(l); break;
    case SEM_cld: set_direction(l, false); break;
    default:
        assert(insn_sem(l->insn) == SEM_std);
        set_direction(l, true);
        break;
    }
}
