/* EFLAGS as a whole: PUSHF, POPF, CLI, STI, and what follows from a change. */
#include "cpu/sys_int.h"

#define FLAGS_8086 (FLAGS_OSZAPC | FLAG_TF | FLAG_IF | FLAG_DF)

uint32_t sys_flags_mask(const struct cpu *cpu)
{
    uint32_t mask = FLAGS_8086;

    if (cpu->model >= CPU_386 || cpu_protected(cpu))
        mask |= FLAG_IOPL | FLAG_NT; /* a 286 has them in protected mode */
    if (cpu->model >= CPU_486)
        mask |= FLAG_AC;
    if (cpu->model > CPU_486)
        mask |= FLAG_ID;
    return mask;
}

void sys_load_flags(struct cpu *cpu, uint32_t value, uint32_t mask)
{
    uint32_t changed = cpu->eflags;

    flags_set(cpu, value, mask);
    changed ^= cpu->eflags;
    if (changed & FLAG_AC)
        seg_update_all(cpu);
    if (changed & FLAG_VM)
        cpu->events |= CPU_EVENT_RELOAD;
    events_refresh(cpu);
}

/* V86 mode traps what could change IF when IOPL is below 3. */
static bool v86_denies(const struct cpu *cpu)
{
    return cpu_v86(cpu) && cpu_iopl(cpu) < 3;
}

bool exec_pushf(struct cpu *cpu, const struct insn *insn)
{
    if (vme_active(cpu) && insn_size(insn) == 2)
        return stack_push(cpu, vme_flags(cpu), 2);
    if (v86_denies(cpu))
        return cpu_fault(cpu, VECTOR_GP, 0);
    return stack_push(cpu, sys_flags(cpu) & ~(FLAG_VM | FLAG_RF),
                      insn_size(insn));
}

/* What POPF and IRET may change at the present privilege. */
uint32_t sys_flags_writable(const struct cpu *cpu)
{
    uint32_t mask = sys_flags_mask(cpu);

    if (cpu->cpl > 0)
        mask &= ~FLAG_IOPL;
    if (cpu->cpl > cpu_iopl(cpu))
        mask &= ~FLAG_IF;
    return mask;
}

/* POPF of the virtual-8086 mode extensions. */
static bool popf_virtual(struct cpu *cpu)
{
    uint32_t value;

    if (!frame_peek(cpu, 0, 2, &value))
        return false;
    if (!vme_accepts(cpu, value))
        return cpu_fault(cpu, VECTOR_GP, 0);
    frame_release(cpu, 2);
    vme_load_flags(cpu, value);
    return true;
}

bool exec_popf(struct cpu *cpu, const struct insn *insn)
{
    unsigned size = insn_size(insn);
    uint32_t value, mask = sys_flags_writable(cpu);

    if (vme_active(cpu) && size == 2)
        return popf_virtual(cpu);
    if (v86_denies(cpu))
        return cpu_fault(cpu, VECTOR_GP, 0);
    if (!stack_pop(cpu, &value, size))
        return false;
    if (size == 2)
        mask &= 0xffff;
    sys_load_flags(cpu, value, mask);
    return true;
}

static bool may_change_if(const struct cpu *cpu)
{
    return !cpu_protected(cpu) || cpu->cpl <= cpu_iopl(cpu);
}

bool exec_cli(struct cpu *cpu, const struct insn *insn)
{
    uint32_t flag = FLAG_IF;

    (void)insn;
    if (vme_has_vif(cpu))
        flag = FLAG_VIF;
    else if (!may_change_if(cpu))
        return cpu_fault(cpu, VECTOR_GP, 0);
    sys_load_flags(cpu, 0, flag);
    return true;
}

bool exec_sti(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    if (vme_has_vif(cpu) && !(cpu->eflags & FLAG_VIP)) {
        sys_load_flags(cpu, FLAG_VIF, FLAG_VIF);
        return true;
    }
    if (!may_change_if(cpu))
        return cpu_fault(cpu, VECTOR_GP, 0);
    if (!(cpu->eflags & FLAG_IF)) {
        sys_load_flags(cpu, FLAG_IF, FLAG_IF);
        cpu->events |= CPU_EVENT_SHADOW;
    }
    return true;
}
