#include "cpu/flags.h"

#include <assert.h>

#include "cpu/sys.h"

uint32_t flags_arithmetic(const struct cpu *cpu)
{
    assert(!cpu_flags_pend(cpu));
    return flags_cf(cpu) * FLAG_CF | flags_pf(cpu) * FLAG_PF |
           flags_af(cpu) * FLAG_AF | flags_zf(cpu) * FLAG_ZF |
           (flags_s(cpu) ? FLAG_SF : 0) | (flags_o(cpu) ? FLAG_OF : 0);
}

/* A result of 0 or 100h has even parity and no sign; the flips do the rest. */
void flags_set_arithmetic(struct cpu *cpu, uint32_t value)
{
    cpu->lazy.result = value & FLAG_ZF ? 0 : 0x100;
    cpu->lazy.aux = aux_co(value & FLAG_CF, value & FLAG_OF) |
                    (value & FLAG_AF ? AUX_AF : 0) |
                    (value & FLAG_PF ? 0 : 1u << 8) |
                    (value & FLAG_SF ? AUX_SIGN : 0);
}

/* What translated code put off. */
static void settle(struct cpu *cpu)
{
    if (cpu_flags_pend(cpu))
        cpu->engine.settle(cpu->engine.self);
}

uint32_t flags_get(struct cpu *cpu)
{
    settle(cpu);
    return (cpu->eflags & ~FLAGS_OSZAPC) | FLAG_ONE | flags_arithmetic(cpu);
}

void flags_set(struct cpu *cpu, uint32_t value, uint32_t mask)
{
    uint32_t flags = (cpu->eflags & ~mask) | (value & mask);

    if (mask & FLAGS_OSZAPC) {
        if (~mask & FLAGS_OSZAPC)
            flags |= flags_get(cpu) & ~mask & FLAGS_OSZAPC;
        cpu->jit.pending = cpu->jit.partial = 0;
        flags_set_arithmetic(cpu, flags);
    }
    cpu->eflags = (flags & ~FLAGS_OSZAPC) | FLAG_ONE;
}
