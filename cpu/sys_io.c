/* Permission for ports (80386 programmer's reference, 8.3; SDM volume 1,
 * 18.5). */
#include "cpu/sys_int.h"

#define TSS_IO_MAP 0x66u /* where a 32-bit TSS says where its map begins */

/* The map is read as two bytes always, so its last byte must be in the TSS. */
static bool map_allows(struct cpu *cpu, uint16_t port, unsigned size, bool *ok)
{
    const struct segment *tr = &cpu->seg[SEG_TR];
    uint32_t map, at, bits;

    *ok = false;
    if ((tr->access & 15) != DESC_TSS32_BUSY || tr->limit < TSS_IO_MAP + 1)
        return true;
    if (!mmu_load(cpu, tr->base + TSS_IO_MAP, 2, false, &map))
        return false;
    at = map + port / 8;
    if (at + 1 > tr->limit)
        return true;
    if (!mmu_load(cpu, tr->base + at, 2, false, &bits))
        return false;
    *ok = !(bits >> (port & 7) & ((1u << size) - 1));
    return true;
}

static bool allowed(struct cpu *cpu, uint16_t port, unsigned size)
{
    bool ok;

    if (!cpu_protected(cpu) || (!cpu_v86(cpu) && cpu->cpl <= cpu_iopl(cpu)))
        return true;
    if (!map_allows(cpu, port, size, &ok))
        return false;
    return ok ? true : cpu_fault(cpu, VECTOR_GP, 0);
}

bool io_check(struct cpu *cpu, uint16_t port, unsigned size)
{
    if (!allowed(cpu, port, size))
        return false;
    if ((cpu->cr4 & CR4_DE) && (cpu->dr[7] & DR7_ENABLED))
        debug_note_port(cpu, port, size);
    return true;
}
