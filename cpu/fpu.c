#include "cpu/fpu.h"

#include "cpu/fpu_int.h"
#include "cpu/interp.h"

/* Exceptions. */

/* The 8087 has an interrupt output and a bit that turns it off; all later ones
 * signal errors by FERR#. With CR0.NE the processor deals with them itself. */
static bool wants_ferr(const struct cpu *cpu)
{
    const struct fpu *fpu = &cpu->fpu;

    if (!(fpu->status & SW_ES))
        return false;
    if (cpu->model == CPU_8086)
        return !(fpu->control & CW_IEM);
    return cpu->model < CPU_486 || !(cpu->cr0 & CR0_NE);
}

void fpu_update(struct cpu *cpu)
{
    struct fpu *fpu = &cpu->fpu;
    bool error = fpu->status & ~fpu->control & SW_FLAGS;

    fpu->status &= (uint16_t) ~(SW_ES | SW_B);
    if (error)
        fpu->status |= SW_ES | SW_B;
    if (wants_ferr(cpu) == fpu->ferr)
        return;
    fpu->ferr = !fpu->ferr;
    cpu_sync(cpu);
    irq_set(&cpu->ferr, fpu->ferr);
}

void fpu_raise(struct cpu *cpu, unsigned flags)
{
    cpu->fpu.status |= (uint16_t)flags;
    if (flags & ~(unsigned)cpu->fpu.control & SW_FLAGS)
        fpu_update(cpu);
}

bool fpu_stack_fault(struct cpu *cpu, bool overflow)
{
    fpu_set_codes(cpu, overflow ? SW_C1 : 0, SW_C1);
    fpu_raise(cpu, F80_IE | SW_SF);
    return cpu->fpu.control & F80_IE;
}

bool fpu_settle(struct cpu *cpu, const struct f80_env *env)
{
    unsigned early = F80_IE | F80_DE | F80_ZE, flags = env->flags;
    bool blocked = flags & ~(unsigned)env->masked & early;
    bool up = env->rounded_up && !blocked && (flags & F80_PE);

    if (blocked)
        flags &= early;
    fpu_set_codes(cpu, up ? SW_C1 : 0, SW_C1);
    if (flags)
        fpu_raise(cpu, flags);
    return !blocked;
}

void cpu_set_ignne(struct cpu *cpu, bool level)
{
    cpu->fpu.ignne = level;
}

/* With CR0.NE it is #MF. Else the processor stands still at this instruction
 * until the interrupt that FERR# asked for comes, or the board says by IGNNE#
 * that it came. An 8087 does not hold up the CPU. */
bool fpu_wait(struct cpu *cpu, bool *stopped)
{
    *stopped = false;
    if (!(cpu->fpu.status & SW_ES) || cpu->model == CPU_8086)
        return true;
    if (cpu->model >= CPU_486 && (cpu->cr0 & CR0_NE))
        return cpu_fault(cpu, VECTOR_MF, 0);
    fpu_update(cpu); /* NE may have changed */
    if (cpu->fpu.ignne || !cpu->ferr.set)
        return true;
    cpu->eip = cpu->insn_eip;
    cpu->halted = true;
    *stopped = true;
    return true;
}

bool exec_fwait(struct cpu *cpu, const struct insn *insn)
{
    bool stopped;

    (void)insn;
    if ((cpu->cr0 & (CR0_MP | CR0_TS)) == (CR0_MP | CR0_TS))
        return cpu_fault(cpu, VECTOR_NM, 0);
    return !cpu->fpu.present || fpu_wait(cpu, &stopped);
}

/* There is no coprocessor: with EM and TS clear its instructions do nothing.
 * Up to the 286 the CPU still reads the operand for it. */
static bool run_absent(struct cpu *cpu, const struct insn *insn)
{
    uint32_t value;

    if (cpu->model <= CPU_286 && (insn->flags & INSN_MEM))
        return seg_load(cpu, insn->seg, insn_address(cpu, insn), 2, &value);
    return true;
}

/* Reserved encodings: the early coprocessors let them pass. */
static bool run_reserved(struct cpu *cpu)
{
    return cpu->model < CPU_486 ? true : cpu_fault(cpu, VECTOR_UD, 0);
}

static bool is_control(const struct insn *insn, fpu_fn *fn)
{
    if (insn->flags & INSN_MEM) /* D9 and DD, but FLD and FST */
        return (insn->opcode & 3) == 1 && insn->reg >= 4;
    return insn->reg == 4 && (insn->opcode & 3) == 3 && fn != fpu_fnop;
}

static bool is_waiting(fpu_fn *fn)
{
    return fn == fpu_fldcw || fn == fpu_fldenv || fn == fpu_frstor;
}

static void note_pointers(struct cpu *cpu, const struct insn *insn)
{
    struct fpu *fpu = &cpu->fpu;

    fpu->ip = cpu->insn_eip;
    fpu->cs = cpu->seg[SEG_CS].selector;
    fpu->op = (uint16_t)((insn->opcode & 7) << 8 | insn->imm2);
    if (insn->flags & INSN_MEM) {
        fpu->dp = insn_address(cpu, insn);
        fpu->ds = cpu->seg[insn->seg].selector;
    }
}

bool exec_esc(struct cpu *cpu, const struct insn *insn)
{
    bool memory = insn->flags & INSN_MEM, control, stopped;
    fpu_fn *fn;

    if (cpu->cr0 & (CR0_EM | CR0_TS))
        return cpu_fault(cpu, VECTOR_NM, 0);
    if (!cpu->fpu.present)
        return run_absent(cpu, insn);
    fn = memory ? fpu_memory_form(insn) : fpu_register_form(cpu, insn);
    if (!fn)
        return run_reserved(cpu);
    control = is_control(insn, fn);
    if (!control || is_waiting(fn)) {
        if (!fpu_wait(cpu, &stopped))
            return false;
        if (stopped)
            return true;
    }
    if (!fn(cpu, insn))
        return false;
    if (!control)
        note_pointers(cpu, insn);
    return true;
}

void fpu_run_register(struct cpu *cpu, const struct insn *insn)
{
    fpu_register_form(cpu, insn)(cpu, insn);
}

/* Control instructions. */

void fpu_reset(struct cpu *cpu)
{
    struct fpu *fpu = &cpu->fpu;

    fpu_fninit(cpu, NULL);
    for (unsigned n = 0; n < FPU_REGS; n++)
        fpu->reg[n] = (struct f80){0, 0};
    if (cpu->model >= CPU_486) { /* SDM volume 3, table 9-1 */
        fpu->control = CW_RESET;
        fpu->full = 0xff;
    }
    fpu->ignne = false;
}

/* The 8087 and 80287 start with bit 7 (IEM) set. */
bool fpu_fninit(struct cpu *cpu, const struct insn *insn)
{
    struct fpu *fpu = &cpu->fpu;

    (void)insn;
    fpu->control = CW_INIT;
    if (cpu->model <= CPU_286)
        fpu->control |= CW_IEM;
    fpu->status = 0;
    fpu->top = fpu->full = 0;
    fpu->ip = fpu->dp = 0;
    fpu->cs = fpu->ds = fpu->op = 0;
    fpu_update(cpu);
    return true;
}

bool fpu_fnclex(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    cpu->fpu.status &= SW_CC;
    fpu_update(cpu);
    return true;
}

bool fpu_fnstsw_ax(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    cpu->reg[CPU_EAX] =
        (cpu->reg[CPU_EAX] & 0xffff0000u) | fpu_status_word(cpu);
    return true;
}

/* Only the 8087 has these two. */
bool fpu_feni(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    if (cpu->model == CPU_8086) {
        cpu->fpu.control &= (uint16_t)~CW_IEM;
        fpu_update(cpu);
    }
    return true;
}

bool fpu_fdisi(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    if (cpu->model == CPU_8086) {
        cpu->fpu.control |= CW_IEM;
        fpu_update(cpu);
    }
    return true;
}

/* FNOP; FSETPM and FRSTPM of the 80287 do nothing later on. */
bool fpu_fnop(struct cpu *cpu, const struct insn *insn)
{
    (void)cpu;
    (void)insn;
    return true;
}
