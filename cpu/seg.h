/* Segmentation: checks of offsets, loading of segment registers. */
#ifndef CPU_SEG_H
#define CPU_SEG_H

#include "cpu/mmu.h"

/* Recomputes what is derived from base, limit and access of a segment
 * register, and for CS and SS also cpl-dependent state (mmu_select()). Every
 * change of a hidden part ends with this. */
void seg_update(struct cpu *cpu, unsigned seg);

/* Loads a register with a hidden part that was derived before, when alignment
 * was not checked as it is not now. */
void seg_set(struct cpu *cpu, unsigned seg, const struct segment *s);

/* Whether CR0.AM and AC are set: accesses of ring 3 must be aligned. */
static inline bool seg_aligns(const struct cpu *cpu)
{
    return (cpu->cr0 & CR0_AM) && (cpu->eflags & FLAG_AC);
}

/* The same for all six: after a change of what alignment checks depend on. */
void seg_update_all(struct cpu *cpu);

/* Whether an access of `size` bytes lies inside the segment and is of a kind
 * that its type allows. Notes nothing. */
bool seg_allows(const struct segment *s, uint32_t offset, unsigned size,
                bool write);

/* The slow half of the limit and rights check. False: #GP(0), or #SS(0) for
 * SS, noted. */
bool seg_check(struct cpu *cpu, unsigned seg, uint32_t offset, unsigned size,
               bool write);

static inline bool seg_check_read(struct cpu *cpu, unsigned seg,
                                  uint32_t offset, unsigned size)
{
    const struct segment *s = &cpu->seg[seg];

    if ((s->fast & SEG_FAST_READ) && offset <= s->limit &&
        size - 1 <= s->limit - offset)
        return true;
    return seg_check(cpu, seg, offset, size, false);
}

static inline bool seg_check_write(struct cpu *cpu, unsigned seg,
                                   uint32_t offset, unsigned size)
{
    const struct segment *s = &cpu->seg[seg];

    if ((s->fast & SEG_FAST_WRITE) && offset <= s->limit &&
        size - 1 <= s->limit - offset)
        return true;
    return seg_check(cpu, seg, offset, size, true);
}

/* Guest accesses of an instruction through a segment: 1, 2 or 4 bytes. On an
 * 8086 an offset of FFFF wraps to 0 for the second byte of a word.
 * seg_load_rmw() is the load of a read-modify-write: it faults as the store
 * would, so that the store after it cannot. */
bool seg_load_slow(struct cpu *cpu, unsigned seg, uint32_t offset,
                   unsigned size, uint32_t *value);
bool seg_store_slow(struct cpu *cpu, unsigned seg, uint32_t offset,
                    uint32_t value, unsigned size);
bool seg_load_rmw(struct cpu *cpu, unsigned seg, uint32_t offset, unsigned size,
                  uint32_t *value);

static inline bool seg_load(struct cpu *cpu, unsigned seg, uint32_t offset,
                            unsigned size, uint32_t *value)
{
    const struct segment *s = &cpu->seg[seg];

    if ((s->fast & SEG_FAST_READ) && offset <= s->limit &&
        size - 1 <= s->limit - offset) {
        const uint8_t *host = mmu_read_host(cpu, s->base + offset, size);

        if (host) {
            *value = mmu_get(host, size);
            return true;
        }
    }
    return seg_load_slow(cpu, seg, offset, size, value);
}

static inline bool seg_store(struct cpu *cpu, unsigned seg, uint32_t offset,
                             uint32_t value, unsigned size)
{
    const struct segment *s = &cpu->seg[seg];

    if ((s->fast & SEG_FAST_WRITE) && offset <= s->limit &&
        size - 1 <= s->limit - offset) {
        uint8_t *host = mmu_write_host(cpu, s->base + offset, size);

        if (host) {
            mmu_put(host, value, size);
            return true;
        }
    }
    return seg_store_slow(cpu, seg, offset, value, size);
}

/* Loads a data segment register or SS by selector, as MOV and POP do, in any
 * mode. False: fault noted, register unchanged. */
bool seg_load_register(struct cpu *cpu, unsigned seg, uint16_t selector);

/* Whether an access of CPL 3 raises #AC: CR0.AM and AC are set and `addr` is
 * no multiple of `size`. Sizes other than 2, 4 and 8 (runs of a string
 * instruction) are not asked about. */
bool seg_unaligned(const struct cpu *cpu, laddr addr, unsigned size);

/* What an access beyond the limit of SS raises: #SS, but #GP on a 286 in real
 * mode (as captured from processors). */
unsigned seg_stack_vector(const struct cpu *cpu);

/* Makes a segment register unusable, as a null selector does. */
void seg_set_null(struct cpu *cpu, unsigned seg, uint16_t selector);

/* After a return to an outer privilege: what that may not use is taken from
 * it; a null selector, whose hidden privilege is 0, becomes 0. */
void seg_drop_inner(struct cpu *cpu);

/* Real mode and V86: base = selector * 16; what else a load changes there. */
void seg_set_paragraph(struct cpu *cpu, unsigned seg, uint16_t selector);

/* Stack of the present SS: ESP or SP by SS.B, wrapped as the hardware does.
 * size 2 or 4. ESP changes only when the access succeeded. */
bool stack_push(struct cpu *cpu, uint32_t value, unsigned size);
bool stack_pop(struct cpu *cpu, uint32_t *value, unsigned size);

#endif
