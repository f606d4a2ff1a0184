/* Debug registers (80386 programmer's reference, 12; SDM volume 3, 17.2).
 * Data breakpoints are seen by the mmu, instruction breakpoints and traps by
 * events_take(). */
#include "cpu/sys_int.h"

/* Bits that can be written. DR6 bit 12 and DR7 bit 12 have no function but can
 * be set up to the 486 (SDM volume 3, 22.23). */
#define DR6_WRITABLE 0x0000e00fu
#define DR6_ONES     0xffff0ff0u
#define DR7_WRITABLE 0xffff23ffu
#define DR7_ONES     0x00000400u
#define BIT_12       0x00001000u

static uint32_t spare_bit(const struct cpu *cpu)
{
    return cpu->model <= CPU_486 ? BIT_12 : 0;
}

uint32_t debug_reset_dr6(const struct cpu *cpu)
{
    return DR6_ONES | spare_bit(cpu);
}

/* Once an enabled one matches, all that match are reported. */
void debug_note_port(struct cpu *cpu, uint16_t port, unsigned size)
{
    uint32_t hits = 0;
    bool enabled = false;

    for (unsigned i = 0; i < 4; i++) {
        unsigned length = (cpu->dr[7] >> (18 + 4 * i) & 3) + 1;
        uint32_t at = cpu->dr[i] & ~(length - 1);

        if ((cpu->dr[7] >> (16 + 4 * i) & 3) != DR7_IO ||
            (port - at >= length && at - port >= size))
            continue;
        hits |= 1u << i;
        enabled |= cpu->dr[7] >> (2 * i) & 3;
    }
    if (enabled) {
        cpu->trap_bits |= hits;
        cpu->events |= CPU_EVENT_TRAP;
    }
}

/* DR4 and DR5 are other names of DR6 and DR7, unless CR4.DE is set. */
static bool name_register(struct cpu *cpu, unsigned *n)
{
    if (*n != 4 && *n != 5)
        return true;
    if (cpu->cr4 & CR4_DE)
        return cpu_fault(cpu, VECTOR_UD, 0);
    *n += 2;
    return true;
}

static bool may_touch(struct cpu *cpu)
{
    if (cpu->cpl != 0)
        return cpu_fault(cpu, VECTOR_GP, 0);
    if (!(cpu->dr[7] & DR7_GD))
        return true;
    cpu->dr[6] |= DR6_BD;
    return cpu_fault(cpu, VECTOR_DB, 0);
}

bool exec_mov_r_dr(struct cpu *cpu, const struct insn *insn)
{
    unsigned n = insn->reg;

    if (!name_register(cpu, &n) || !may_touch(cpu))
        return false;
    cpu->reg[insn->rm] = cpu->dr[n];
    return true;
}

static bool has_data_breaks(const struct cpu *cpu)
{
    for (unsigned i = 0; i < 4; i++) {
        if ((cpu->dr[7] >> (2 * i) & 3) && (cpu->dr[7] >> (16 + 4 * i) & 1))
            return true;
    }
    return false;
}

bool exec_mov_dr_r(struct cpu *cpu, const struct insn *insn)
{
    uint32_t value = cpu->reg[insn->rm];
    unsigned n = insn->reg;
    bool watched = has_data_breaks(cpu);

    if (!name_register(cpu, &n) || !may_touch(cpu))
        return false;
    if (n == 6)
        value = (value & (DR6_WRITABLE | spare_bit(cpu))) | DR6_ONES;
    else if (n == 7)
        value = (value & (DR7_WRITABLE | spare_bit(cpu))) | DR7_ONES;
    cpu->dr[n] = value;
    if (watched || has_data_breaks(cpu))
        mmu_flush(cpu); /* pages with a breakpoint are not quick */
    events_refresh(cpu);
    return true;
}
