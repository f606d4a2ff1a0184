#include "cpu/interp.h"

#include <assert.h>
#include <stdlib.h>

/* What each row of insn.def is done by: a body in sem_*.inc, or else a C
 * function. */
const uint8_t insn_sem_of[INSN_SLOTS] = {
#define INSN(slot, mnemonic, a, b, c, sem, reads, writes, traits, models) \
    [slot] = SEM_##sem,
#define INSN_C(slot, mnemonic, a, b, c, sem, reads, writes, traits, models) \
    [slot] = SEM_none,
#include "cpu/insn.def"
};

typedef bool exec_fn(struct cpu *cpu, const struct insn *insn);

static exec_fn *const exec_of[INSN_SLOTS] = {
#define INSN(slot, mnemonic, a, b, c, sem, reads, writes, traits, models)
#define INSN_C(slot, mnemonic, a, b, c, sem, reads, writes, traits, models) \
    [slot] = exec_##sem,
#include "cpu/insn.def"
};

/* Ways out. */

const struct insn *interp_leave(struct cpu *cpu, const struct insn *insn,
                                uint32_t eip)
{
    cpu->block_insns += insn->index + 1u;
    cpu->eip = eip;
    return NULL;
}

const struct insn *interp_unlinked(struct cpu *cpu, const struct insn *insn)
{
    cpu->from = insn;
    return interp_leave(cpu, insn, insn->imm);
}

const struct insn *interp_fault(struct cpu *cpu, const struct insn *insn)
{
    assert(cpu->fault.pending);
    interp_begin(cpu, insn);
    cpu->block_insns += insn->index;
    return NULL;
}

const struct insn *interp_outside(struct cpu *cpu, const struct insn *insn)
{
    cpu_fault(cpu, VECTOR_GP, 0);
    return interp_fault(cpu, insn);
}

const struct insn *interp_after(struct cpu *cpu, const struct insn *insn)
{
    if (cpu->events || cpu->clock->stop_insns < cpu->limit)
        return interp_leave(cpu, insn, cpu->eip);
    return insn + 1;
}

/* The last of a block: no instruction, and the way on. */
const struct insn *interp_end(struct cpu *cpu, const struct insn *insn)
{
    cpu->block_insns += insn->index;
    cpu->eip = insn->imm;
    cpu->from = insn;
    return NULL;
}

const struct insn *interp_undefined(struct cpu *cpu, const struct insn *insn)
{
    cpu_fault(cpu, VECTOR_UD, 0);
    return interp_fault(cpu, insn);
}

const struct insn *interp_too_long(struct cpu *cpu, const struct insn *insn)
{
    cpu_fault(cpu, VECTOR_GP, 0);
    return interp_fault(cpu, insn);
}

/* Memory operands, slow. */

uint32_t insn_address(const struct cpu *cpu, const struct insn *insn)
{
    return insn->flags & INSN_ADDR32 ? interp_offset32(cpu, insn)
                                     : interp_offset16(cpu, insn);
}

bool interp_load(struct cpu *cpu, const struct insn *insn, unsigned size,
                 uint32_t *value)
{
    interp_begin(cpu, insn);
    return seg_load(cpu, insn->seg, insn_address(cpu, insn), size, value);
}

bool interp_load_at(struct cpu *cpu, const struct insn *insn, uint32_t offset,
                    uint32_t *value)
{
    interp_begin(cpu, insn);
    return seg_load(cpu, insn->seg, offset, 1, value);
}

bool insn_read_e(struct cpu *cpu, const struct insn *insn, unsigned size,
                 uint32_t *value)
{
    if (insn->flags & INSN_MEM)
        return seg_load(cpu, insn->seg, insn_address(cpu, insn), size, value);
    *value = size == 2 ? cpu->reg[insn->rm] & 0xffff : cpu->reg[insn->rm];
    return true;
}

bool insn_write_e(struct cpu *cpu, const struct insn *insn, uint32_t value,
                  unsigned size)
{
    uint32_t keep = size == 2 ? cpu->reg[insn->rm] & 0xffff0000u : 0;

    if (insn->flags & INSN_MEM)
        return seg_store(cpu, insn->seg, insn_address(cpu, insn), value, size);
    cpu->reg[insn->rm] = keep | (size == 2 ? value & 0xffff : value);
    return true;
}

/* Instructions that are C functions. They may change anything: what blocks
 * rely on, events, EIP. */

static bool must_leave(struct cpu *cpu, const struct insn *insn, uint32_t next)
{
    return cpu->events || cpu->eip != next ||
           (insn_info[insn->slot].traits & INSN_TRAIT_ENDS) ||
           cpu->clock->stop_insns < cpu->limit ||
           blocks_mode(cpu) != (cpu->mode & ~(uint32_t)BLOCK_STEP);
}

static const struct insn *run_exec(struct cpu *cpu, const struct insn *insn)
{
    uint32_t next;

    interp_begin(cpu, insn);
    next = cpu->eip;
    if (!exec_of[insn->slot](cpu, insn)) {
        /* After a task switch the fault is the new task's: insn_eip stays. */
        cpu->block_insns += insn->index;
        return NULL;
    }
    if (must_leave(cpu, insn, next))
        return interp_leave(cpu, insn, cpu->eip);
    return insn + 1;
}

bool interp_is_shift(const struct insn *insn)
{
    enum sem sem = insn_sem(insn);

    return sem >= SEM_rol && sem <= SEM_sar;
}

const struct insn *interp_shift_286(struct cpu *cpu, const struct insn *insn)
{
    interp_begin(cpu, insn);
    if (!exec_shift_286(cpu, insn))
        return interp_fault(cpu, insn);
    return interp_after(cpu, insn);
}

/* BT and the like with a bit number that reaches beyond the operand. */
static const struct insn *run_bit_string(struct cpu *cpu,
                                         const struct insn *insn)
{
    interp_begin(cpu, insn);
    if (!exec_bit_string(cpu, insn))
        return interp_fault(cpu, insn);
    return interp_after(cpu, insn);
}

/* String instructions: repeated ones, and those whose quick form does not do.
 */
static bool is_string(enum sem sem)
{
    return sem >= SEM_movs && sem <= SEM_scas;
}

static const struct insn *run_string(struct cpu *cpu, const struct insn *insn)
{
    static exec_fn *const fn[] = {
#define X(name) [SEM_##name - SEM_movs] = exec_##name,
        SEM_STRING_LIST(X)
#undef X
    };
    uint32_t next;

    interp_begin(cpu, insn);
    next = cpu->eip;
    if (!fn[insn_sem(insn) - SEM_movs](cpu, insn))
        return interp_fault(cpu, insn);
    if (cpu->eip != next)
        return interp_leave(cpu, insn, cpu->eip);
    return interp_after(cpu, insn);
}

/* A near branch whose target is outside CS: #GP(0), if it is taken. */
const struct insn *interp_jump_outside(struct cpu *cpu, const struct insn *insn)
{
    uint32_t count = cpu->reg[CPU_ECX];
    bool taken = true;

    if (!(insn->flags & INSN_ADDR32))
        count &= 0xffff;
    switch (insn_sem(insn)) {
#define X(cc) \
    case SEM_j##cc: taken = flags_##cc(cpu); break;
        CC_LIST(X)
#undef X
    case SEM_jcxz: taken = count == 0; break;
    case SEM_loop: taken = count != 1; break;
    case SEM_loope: taken = count != 1 && flags_z(cpu); break;
    case SEM_loopne: taken = count != 1 && !flags_z(cpu); break;
    default: break;
    }
    if (taken)
        return interp_outside(cpu, insn);
    return interp_bind(insn, cpu->mode, false)(cpu, insn);
}

/* On a 286 LOCK asks for I/O privilege. */
const struct insn *interp_locked286(struct cpu *cpu, const struct insn *insn)
{
    if (cpu_protected(cpu) && cpu->cpl > cpu_iopl(cpu)) {
        cpu_fault(cpu, VECTOR_GP, 0);
        return interp_fault(cpu, insn);
    }
    if (interp_is_shift(insn))
        return interp_shift_286(cpu, insn);
    return interp_bind(insn, cpu->mode, false)(cpu, insn);
}

bool interp_is_special(insn_fn *fn)
{
    return fn == interp_undefined || fn == interp_too_long ||
           fn == interp_end || fn == interp_locked286 ||
           fn == interp_jump_outside || fn == interp_shift_286;
}

/* Choosing a handler. */

static enum shape shape_of(const struct insn_info *info)
{
    switch (info->operand[0]) {
    case OPERAND_Eb:
    case OPERAND_Ev:
    case OPERAND_Ob:
    case OPERAND_Ov:
    case OPERAND_AL:
    case OPERAND_rAX:
    case OPERAND_Zb:
    case OPERAND_Zv:
    case OPERAND_Ew: break;
    case OPERAND_Gb:
    case OPERAND_Gv:
        return info->operand[2] == OPERAND_none ? SHAPE_GE : SHAPE_GEI;
    default: return SHAPE_none;
    }
    switch (info->operand[1]) {
    case OPERAND_Gb:
    case OPERAND_Gv:
        if (info->operand[2] == OPERAND_none)
            return SHAPE_EG;
        return info->operand[2] == OPERAND_CL ? SHAPE_EGC : SHAPE_EGI;
    case OPERAND_AL:
    case OPERAND_rAX: return SHAPE_EG; /* the accumulator as `reg` */
    case OPERAND_Ob:
    case OPERAND_Ov: return SHAPE_GE;
    case OPERAND_CL: return SHAPE_EC;
    case OPERAND_none: return SHAPE_E;
    default: return SHAPE_EI;
    }
}

static bool is_without_e(enum sem sem)
{
    switch (sem) {
#define X(name) case SEM_##name:
        SEM_STACK_LIST(X)
        SEM_JUMP_LIST(X)
        SEM_PLAIN_LIST(X)
#undef X
        return true;
    default: return is_string(sem);
    }
}

static enum place place_of(const struct insn *insn, uint32_t mode, bool dead)
{
    if (!(insn->flags & INSN_MEM))
        return dead ? PLACE_dead : PLACE_reg;
    if (!(insn->flags & INSN_ADDR32))
        return PLACE_a16;
    if (!(mode & BLOCK_FLAT(insn->seg)))
        return PLACE_a32;
    return insn->index_reg == INSN_NO_REG ? PLACE_base : PLACE_flat;
}

static enum place stack_place(uint32_t mode)
{
    return (mode & BLOCK_FLAT(SEG_SS)) && (mode & BLOCK_STACK32) ? PLACE_flat
                                                                 : PLACE_reg;
}

static enum place string_place(const struct insn *insn, uint32_t mode)
{
    uint32_t flat = BLOCK_FLAT(SEG_ES) | BLOCK_FLAT(insn->seg);

    return (insn->flags & INSN_ADDR32) && (mode & flat) == flat ? PLACE_flat
                                                                : PLACE_reg;
}

bool insn_keeps_flags(const struct insn *insn)
{
    static exec_fn *const whole[] = {exec_pushf, exec_popf, exec_int_n,
                                     exec_int3,  exec_into, exec_iret};
    const struct insn_info *info = &insn_info[insn->slot];
    exec_fn *fn = exec_of[insn->slot];

    for (unsigned i = 0; i < ARRAY_LEN(whole); i++) {
        if (fn == whole[i])
            return true;
    }
    return fn && fn != exec_esc && !info->flags_read && !info->flags_written;
}

enum shape insn_shape(const struct insn *insn)
{
    if (is_without_e(insn_sem(insn)))
        return SHAPE_none;
    return shape_of(&insn_info[insn->slot]);
}

unsigned insn_sem_size(const struct insn *insn)
{
    enum sem sem = insn_sem(insn);

    if (!is_without_e(sem) || is_string(sem))
        return insn_operand_size(insn);
    return insn_size(insn);
}

static insn_fn *bind(const struct insn *insn, enum sem sem, enum place place)
{
    enum shape shape = insn_shape(insn);
    insn_fn *fn;

    switch (insn_sem_size(insn)) {
    case 1: fn = interp_table8[sem][shape][place]; break;
    case 2: fn = interp_table16[sem][shape][place]; break;
    default: fn = interp_table32[sem][shape][place]; break;
    }
    assert(fn);
    return fn;
}

static bool is_bit_string(const struct insn *insn, enum sem sem)
{
    return sem >= SEM_bt && sem <= SEM_btc && (insn->flags & INSN_MEM) &&
           insn_info[insn->slot].operand[1] == OPERAND_Gv;
}

insn_fn *interp_bind(const struct insn *insn, uint32_t mode, bool dead)
{
    enum sem sem = insn_sem(insn);

    if (sem == SEM_none) {
        insn_fn *fn = simd_bind(insn);

        return fn ? fn : run_exec;
    }
    if (is_bit_string(insn, sem))
        return run_bit_string;
    if (is_string(sem))
        return insn->flags & (INSN_REP | INSN_REPNE)
                   ? run_string
                   : bind(insn, sem, string_place(insn, mode));
    if (is_without_e(sem))
        return bind(insn, sem, stack_place(mode));
    return bind(insn, sem, place_of(insn, mode, dead));
}

struct slow_forms {
    insn_fn *fn[2][INSN_SLOTS]; /* by operand size 16 and 32 */
    /* Where interp_step() puts an instruction that must not lead on: a block,
     * its header first. */
    struct insn alone[BLOCK_MAX + 2];
};

_Static_assert(sizeof(struct insn) == sizeof(struct block), "alone");

static insn_fn *slow_form(uint16_t slot, uint8_t flags)
{
    const struct insn insn = {.slot = slot, .flags = flags | INSN_MEM};
    enum sem sem = insn_sem_of[slot];

    if (sem == SEM_none)
        return NULL;
    return is_string(sem) ? run_string : bind(&insn, sem, PLACE_slow);
}

enum status interp_create(struct cpu *cpu)
{
    cpu->slow = calloc(1, sizeof(*cpu->slow));
    if (!cpu->slow)
        return STATUS_NO_MEMORY;
    for (uint16_t slot = 0; slot < INSN_SLOTS; slot++) {
        cpu->slow->fn[0][slot] = slow_form(slot, 0);
        cpu->slow->fn[1][slot] = slow_form(slot, INSN_OP32);
    }
    return STATUS_OK;
}

void interp_destroy(struct cpu *cpu)
{
    free(cpu->slow);
    cpu->slow = NULL;
}

const struct insn *interp_miss(struct cpu *cpu, const struct insn *insn)
{
    return cpu->slow->fn[!!(insn->flags & INSN_OP32)][insn->slot](cpu, insn);
}

/* Behind the one that runs alone. */
static const struct insn *stop(struct cpu *cpu, const struct insn *insn)
{
    (void)cpu;
    return insn;
}

/* Handlers of registers know no way but the next instruction's handler. */
static const struct insn *step_registers(struct cpu *cpu,
                                         const struct insn *insn)
{
    struct insn *alone = cpu->slow->alone;
    struct insn *copy = &alone[1 + insn->index];
    const struct insn *next;

    *(struct block *)(void *)alone =
        (struct block){.count = BLOCK_DEAD, .eip = block_of(insn)->eip};
    *copy = *insn;
    copy[1] = (struct insn){.fn = stop};
    next = interp_bind(insn, cpu->mode, false)(cpu, copy);
    return next == copy + 1 ? insn + 1 : next;
}

bool insn_has_imm32(const struct insn *insn)
{
    enum sem sem = insn_sem(insn);

    return insn_info[insn->slot].operand[1] == OPERAND_Iv &&
           (insn->flags & INSN_OP32) && !(insn->flags & INSN_MEM) &&
           sem >= SEM_mov && sem < SEM_test;
}

const struct insn *interp_step(struct cpu *cpu, const struct insn *insn)
{
    enum sem sem = insn_sem(insn);

    if (sem == SEM_none)
        return run_exec(cpu, insn);
    if (is_bit_string(insn, sem))
        return run_bit_string(cpu, insn);
    if (is_string(sem))
        return run_string(cpu, insn);
    if (!(insn->flags & INSN_MEM) && !is_without_e(sem))
        return step_registers(cpu, insn);
    return interp_miss(cpu, insn);
}
