/* Interrupts, exceptions and IRET of protected mode, as nearly all of them are:
 * by a gate of the 386 to code and a stack of 32 bits, with descriptors that
 * are in segment registers now and then (cpu->seg_rows), a frame in one page,
 * and no flag that has consequences.
 *
 * Everything is read anew, the bytes of all descriptors too: what is known of
 * them is known of these very bytes. Whatever is different here, fault or not,
 * is left to sys_interrupt.c and sys_return.c, and nothing has happened then.
 * Pages that are filled have their A and D bits set already. */
#include <string.h>

#include "cpu/sys_int.h"

#define GATE_KIND 0x9e00u /* P, S, and the type but for interrupt or trap */
#define GATE_386  0x8e00u
#define GATE_TRAP 0x0100u

/* Flags with consequences beyond the instructions that look at them. */
#define FLAGS_HARD (FLAG_TF | FLAG_NT | FLAG_VM | FLAG_VIF | FLAG_VIP)

/* Where `size` bytes of a system structure are, or NULL. */
static const uint8_t *structure(const struct cpu *cpu, laddr addr,
                                unsigned size)
{
    return mmu_host(cpu->system_read_table, addr, size);
}

/* What the descriptor of a selector in the GDT gave, if it is in memory as it
 * was then, under a selector with `rpl`. Null selectors have no such row. */
static const struct segment *known(const struct cpu *cpu, uint32_t selector,
                                   unsigned rpl)
{
    const struct seg_row *row = &cpu->seg_rows[selector >> 3 & (SEG_ROWS - 1)];
    const uint8_t *host;

    selector = (selector & 0xfffc) | rpl;
    if (row->segment.selector != selector || (selector & 4) ||
        (selector | 7) > cpu->gdtr.limit)
        return NULL;
    host = structure(cpu, cpu->gdtr.base + (selector & ~7u), 8);
    return host && !memcmp(host, row, 8) ? &row->segment : NULL;
}

static unsigned dpl_of(const struct segment *s)
{
    return (s->access & ACCESS_DPL) >> ACCESS_DPL_SHIFT;
}

/* Code that does not conform, of 32 bits. */
static const struct segment *known_code(const struct cpu *cpu,
                                        uint32_t selector, unsigned rpl,
                                        uint32_t eip)
{
    const uint16_t mask = ACCESS_P | ACCESS_S | ACCESS_CODE | ACCESS_DOWN;
    const struct segment *s = known(cpu, selector, rpl);

    if (!s || (s->access & mask) != (mask & ~ACCESS_DOWN) || dpl_of(s) != rpl ||
        eip > s->limit)
        return NULL;
    return s;
}

/* A stack that does not expand down, of 32 bits. */
static const struct segment *known_stack(const struct cpu *cpu,
                                         uint32_t selector, unsigned cpl)
{
    const uint16_t mask =
        ACCESS_P | ACCESS_S | ACCESS_CODE | ACCESS_RW | ACCESS_DOWN | ACCESS_D;
    const struct segment *s =
        (selector & 3) == cpl ? known(cpu, selector, cpl) : NULL;

    if (!s ||
        (s->access & mask) != (ACCESS_P | ACCESS_S | ACCESS_RW | ACCESS_D) ||
        dpl_of(s) != cpl)
        return NULL;
    return s;
}

static bool is_ready(const struct cpu *cpu)
{
    return cpu->model >= CPU_386 && !(cpu->eflags & (FLAGS_HARD | FLAG_RF)) &&
           !cpu->stepping && !seg_aligns(cpu);
}

/* IF or RF changed, or the privilege. */
static void refresh(struct cpu *cpu)
{
    if (cpu->events | cpu->intr_level | cpu->nmi_pending | (cpu->dr[7] & 0xff) |
        (cpu->eflags & FLAG_RF) | (cpu->cr4 & CR4_PVI))
        events_refresh(cpu);
}

/* The stack of the TSS for a privilege. */
static const struct segment *inner_stack(const struct cpu *cpu, unsigned level,
                                         uint32_t *esp)
{
    const struct segment *tr = &cpu->seg[SEG_TR];
    uint32_t at = 4 + level * 8;
    const uint8_t *host = structure(cpu, tr->base + at, 8);

    if (!host || !(tr->access & DESC_32) || at + 7 > tr->limit)
        return NULL;
    *esp = mmu_get(host, 4);
    return known_stack(cpu, mmu_get(host + 4, 2), level);
}

/* Where a frame of so many bytes is to be stored, or NULL. */
static uint8_t *frame_host(const struct cpu *cpu, const struct segment *ss,
                           uint32_t top, unsigned bytes, bool user)
{
    if ((uint64_t)top + bytes > ss->write_end)
        return NULL;
    return mmu_write_host_as(cpu, ss->base + top, bytes, user);
}

static uint8_t *put(uint8_t *at, uint32_t value)
{
    memcpy(at, &value, 4);
    return at + 4;
}

/* From the error code up. */
static void store_frame(struct cpu *cpu, const struct interrupt *i, bool inner,
                        uint8_t *at)
{
    uint32_t flags = flags_get(cpu) | (i->resume ? FLAG_RF : 0);

    if (i->has_error)
        at = put(at, i->error);
    at = put(at, cpu->eip);
    at = put(at, cpu->seg[SEG_CS].selector);
    at = put(at, flags);
    if (!inner)
        return;
    at = put(at, cpu->reg[CPU_ESP]);
    put(at, cpu->seg[SEG_SS].selector);
}

/* A gate's code: its level is not above the present one, and for a gate that
 * a program names that may not be above the gate's. */
static const struct segment *gate_code(const struct cpu *cpu,
                                       const struct interrupt *i,
                                       const uint8_t *gate, uint32_t *eip)
{
    uint32_t low = mmu_get(gate, 4), high = mmu_get(gate + 4, 4);
    unsigned level =
        cpu->seg_rows[low >> 19 & (SEG_ROWS - 1)].segment.selector & 3;

    if ((high & GATE_KIND) != GATE_386 || level > cpu->cpl ||
        (i->kind == INTERRUPT_SOFTWARE && (high >> 13 & 3) < cpu->cpl))
        return NULL;
    *eip = (low & 0xffff) | (high & 0xffff0000u);
    return known_code(cpu, low >> 16, level, *eip);
}

static void enter_code(struct cpu *cpu, const struct segment *code,
                       uint32_t eip, uint32_t cleared)
{
    cpu->eflags &= ~cleared;
    seg_set(cpu, SEG_CS, code);
    cpu->eip = eip;
}

bool quick_interrupt(struct cpu *cpu, const struct interrupt *i)
{
    uint32_t at = i->vector * 8u, eip, esp = cpu->reg[CPU_ESP], cleared;
    const uint8_t *gate = structure(cpu, cpu->idtr.base + at, 8);
    const struct segment *code, *ss = &cpu->seg[SEG_SS];
    unsigned level, bytes = i->has_error ? 16 : 12;
    uint8_t *frame;
    bool inner;

    if (!is_ready(cpu) || !gate || at + 7 > cpu->idtr.limit ||
        (i->has_error && cpu->model <= CPU_486)) /* of 16 bits */
        return false;
    code = gate_code(cpu, i, gate, &eip);
    if (!code)
        return false;
    level = dpl_of(code);
    inner = level < cpu->cpl;
    if (inner) {
        ss = inner_stack(cpu, level, &esp);
        bytes += 8;
    }
    if (!ss || !(ss->access & ACCESS_D))
        return false;
    esp -= bytes;
    frame = frame_host(cpu, ss, esp, bytes, !inner && cpu->user);
    if (!frame)
        return false;
    cleared = gate[5] << 8 & GATE_TRAP ? 0 : FLAG_IF;
    store_frame(cpu, i, inner, frame);
    cpu->reg[CPU_ESP] = esp;
    if (inner) {
        cpu->cpl = (uint8_t)level;
        seg_set(cpu, SEG_SS, ss);
    }
    enter_code(cpu, code, eip, cleared);
    refresh(cpu);
    return true;
}

/* The words that IRET pops, up to the outer stack pointer, or NULL. */
static const uint8_t *popped(const struct cpu *cpu, unsigned bytes)
{
    const struct segment *ss = &cpu->seg[SEG_SS];
    uint32_t esp = cpu->reg[CPU_ESP];

    if (!(ss->access & ACCESS_D) || (uint64_t)esp + bytes > ss->read_end)
        return NULL;
    return mmu_read_host(cpu, ss->base + esp, bytes);
}

bool quick_iret(struct cpu *cpu)
{
    const uint8_t *from = popped(cpu, 20);
    uint32_t eip, cs, flags, esp = cpu->reg[CPU_ESP] + 12;
    uint32_t mask = sys_flags_writable(cpu) | FLAG_RF;
    const struct segment *code, *ss = NULL;
    bool outer;

    if (!is_ready(cpu) || !from)
        return false;
    eip = mmu_get(from, 4);
    cs = mmu_get(from + 4, 2);
    flags = mmu_get(from + 8, 4);
    outer = (cs & 3) > cpu->cpl;
    code = known_code(cpu, cs, cs & 3, eip);
    if (!code || (cs & 3) < cpu->cpl ||
        ((flags & FLAGS_HARD) | ((flags ^ cpu->eflags) & FLAG_AC)))
        return false;
    if (outer) {
        esp = mmu_get(from + 12, 4);
        ss = known_stack(cpu, mmu_get(from + 16, 2), cs & 3);
        if (!ss)
            return false;
        cpu->cpl = (uint8_t)(cs & 3);
        seg_set(cpu, SEG_SS, ss);
    }
    cpu->reg[CPU_ESP] = esp;
    enter_code(cpu, code, eip, 0);
    if (outer)
        seg_drop_inner(cpu);
    flags_set(cpu, flags, mask);
    refresh(cpu);
    return true;
}
