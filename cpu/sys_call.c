/* Instructions that interrupt: INT, INTO, BOUND and the like; HLT. */
#include "cpu/sys_int.h"

static bool interrupt_software(struct cpu *cpu, unsigned vector)
{
    const struct interrupt i = {.vector = (uint8_t)vector,
                                .kind = INTERRUPT_SOFTWARE};

    return interrupt_enter(cpu, &i);
}

bool exec_int_n(struct cpu *cpu, const struct insn *insn)
{
    bool done;

    if (!vme_redirect(cpu, insn->imm & 0xff, &done))
        return false;
    if (done)
        return true;
    if (cpu_v86(cpu) && cpu_iopl(cpu) < 3)
        return cpu_fault(cpu, VECTOR_GP, 0);
    return interrupt_software(cpu, insn->imm & 0xff);
}

/* INT3 and INTO are not sensitive to IOPL, even in V86 mode. */
bool exec_int3(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    return interrupt_software(cpu, VECTOR_BP);
}

bool exec_into(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    return flags_get(cpu) & FLAG_OF ? interrupt_software(cpu, VECTOR_OF) : true;
}

/* As an exception: no check of the gate's privilege, DR6 unchanged. */
bool exec_int1(struct cpu *cpu, const struct insn *insn)
{
    const struct interrupt i = {.vector = VECTOR_DB,
                                .kind = INTERRUPT_EXTERNAL};

    (void)insn;
    return interrupt_enter(cpu, &i);
}

bool exec_bound(struct cpu *cpu, const struct insn *insn)
{
    unsigned size = insn_size(insn);
    uint32_t at, index = cpu->reg[insn->reg], low, high;
    bool inside;

    if (!(insn->flags & INSN_MEM))
        return cpu_fault(cpu, VECTOR_UD, 0);
    at = insn_address(cpu, insn);
    if (!seg_load(cpu, insn->seg, at, size, &low) ||
        !seg_load(cpu, insn->seg, at + size, size, &high))
        return false;
    if (size == 2)
        inside =
            (int16_t)index >= (int16_t)low && (int16_t)index <= (int16_t)high;
    else
        inside =
            (int32_t)index >= (int32_t)low && (int32_t)index <= (int32_t)high;
    return inside ? true : cpu_fault(cpu, VECTOR_BR, 0);
}

bool exec_hlt(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    if (cpu->cpl != 0)
        return cpu_fault(cpu, VECTOR_GP, 0);
    cpu->halted = true;
    return true;
}
