/* The virtual-8086 mode extensions and protected-mode virtual interrupts (SDM
 * volume 3, 20.3 and 20.4): VIF and VIP stand for IF, and a map in the TSS
 * sends software interrupts back to the program's own table. */
#include "cpu/sys_int.h"

#define TSS_IO_MAP     0x66u
#define TSS_LAST       0x67u
#define REDIRECT_BYTES 32u /* below the I/O map */

bool vme_active(const struct cpu *cpu)
{
    return cpu_v86(cpu) && (cpu->cr4 & CR4_VME) && cpu_iopl(cpu) < 3;
}

bool vme_has_vif(const struct cpu *cpu)
{
    if (cpu_v86(cpu))
        return vme_active(cpu);
    return cpu_protected(cpu) && (cpu->cr4 & CR4_PVI) && cpu->cpl == 3 &&
           cpu_iopl(cpu) < 3;
}

uint16_t vme_flags(struct cpu *cpu)
{
    uint32_t flags = flags_get(cpu) & ~FLAG_IF;

    if (cpu->eflags & FLAG_VIF)
        flags |= FLAG_IF;
    return (uint16_t)(flags | FLAG_IOPL);
}

bool vme_accepts(const struct cpu *cpu, uint32_t flags)
{
    return !(flags & FLAG_TF) &&
           !((flags & FLAG_IF) && (cpu->eflags & FLAG_VIP));
}

void vme_load_flags(struct cpu *cpu, uint32_t flags)
{
    uint32_t mask = sys_flags_mask(cpu) & 0xffff & ~(FLAG_IOPL | FLAG_IF);

    if (flags & FLAG_IF)
        flags |= FLAG_VIF;
    sys_load_flags(cpu, flags, mask | FLAG_VIF);
}

/* Whether the map sends vector `n` back. False: a fault was noted. */
static bool read_map(struct cpu *cpu, unsigned n, bool *back)
{
    const struct segment *tr = &cpu->seg[SEG_TR];
    uint32_t map, byte;

    if ((tr->access & 15) != DESC_TSS32_BUSY || tr->limit < TSS_LAST)
        return cpu_fault(cpu, VECTOR_GP, 0);
    if (!mmu_load(cpu, tr->base + TSS_IO_MAP, 2, false, &map))
        return false;
    map = map - REDIRECT_BYTES + n / 8;
    if (map > tr->limit)
        return cpu_fault(cpu, VECTOR_GP, 0);
    if (!mmu_load(cpu, tr->base + map, 1, false, &byte))
        return false;
    *back = !(byte >> n % 8 & 1);
    return true;
}

static bool enter_own(struct cpu *cpu, unsigned n)
{
    bool vif = cpu_iopl(cpu) < 3;
    struct frame frame;
    uint32_t target;

    if (!mmu_load(cpu, n * 4, 4, false, &target))
        return false;
    frame_begin(cpu, &frame, 2);
    frame_push(&frame, vif ? vme_flags(cpu) : flags_get(cpu) & 0xffff);
    frame_push(&frame, cpu->seg[SEG_CS].selector);
    frame_push(&frame, cpu->eip);
    if (!frame_check(cpu, &frame) || !frame_store(cpu, &frame))
        return false;
    cpu->reg[CPU_ESP] = frame.esp;
    sys_load_flags(cpu, 0, FLAG_TF | FLAG_RF | (vif ? FLAG_VIF : FLAG_IF));
    seg_set_paragraph(cpu, SEG_CS, (uint16_t)(target >> 16));
    cpu->eip = target & 0xffff;
    cpu->stepping = false;
    return true;
}

bool vme_redirect(struct cpu *cpu, unsigned n, bool *done)
{
    *done = false;
    if (!cpu_v86(cpu) || !(cpu->cr4 & CR4_VME))
        return true;
    if (!read_map(cpu, n, done))
        return false;
    return *done ? enter_own(cpu, n) : true;
}
