/* IN and OUT of translated code: the interpreter's own functions, and the
 * boundary behind them if nothing came of it. */
#include "cpu/interp.h"
#include "jit/jit_int.h"

enum {
    PORT_WIDE = 1 << 0, /* bits of the opcode: not a byte */
    PORT_OUT = 1 << 1,
    PORT_DX = 1 << 3,
};

bool port_is_access(const struct insn *insn)
{
    return insn->slot < INSN_SLOT_0F && (insn->opcode & 0xf4) == 0xe4;
}

static bool is_free(const struct cpu *cpu)
{
    return !cpu->debugging && !(cpu->cr4 & CR4_DE) &&
           (!cpu_protected(cpu) ||
            (!cpu_v86(cpu) && cpu->cpl <= cpu_iopl(cpu)));
}

/* False: a fault was noted. */
static bool access_port(struct cpu *cpu, const struct insn *insn)
{
    unsigned opcode = insn->opcode;
    unsigned size = !(opcode & PORT_WIDE) ? 1 : insn->flags & INSN_OP32 ? 4 : 2;
    uint32_t ones = UINT32_MAX >> (32 - 8 * size), value;
    uint16_t port =
        (uint16_t)(opcode & PORT_DX ? cpu->reg[CPU_EDX] : insn->imm);

    if (!is_free(cpu))
        return opcode & PORT_OUT ? exec_out(cpu, insn) : exec_in(cpu, insn);
    clock_sync(cpu->clock, cpu->block_insns + insn->index);
    if (opcode & PORT_OUT) {
        bus_write(cpu->ports, port, cpu->reg[CPU_EAX] & ones, size);
        return true;
    }
    value = bus_read(cpu->ports, port, size) & ones;
    cpu->reg[CPU_EAX] = (cpu->reg[CPU_EAX] & ~ones) | value;
    return true;
}

/* A port changes what blocks depend on by an event only. */
bool port_access(struct cpu *cpu, const struct insn *insn)
{
    uint32_t next = interp_next_eip(insn);

    interp_begin(cpu, insn);
    if (!access_port(cpu, insn)) {
        cpu->block_insns += insn->index;
        return false;
    }
    if (!cpu->events && cpu->clock->stop_insns >= cpu->limit)
        return true;
    interp_leave(cpu, insn, next);
    return false;
}
