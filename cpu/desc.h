/* Segment descriptors: reading them from the GDT and LDT, and the checks that
 * every load of a segment register makes (SDM volume 3, 5.5 to 5.8).
 *
 * Checking and loading are two steps: desc_load_*() checks all and changes
 * nothing, desc_commit() cannot fail. So an instruction that loads several
 * registers checks all of them first. */
#ifndef CPU_DESC_H
#define CPU_DESC_H

#include "cpu/seg.h"

/* Types of system descriptors (SDM volume 3, table 3-2). */
enum {
    DESC_TSS16 = 1,
    DESC_LDT = 2,
    DESC_TSS16_BUSY = 3,
    DESC_CALL16 = 4,
    DESC_TASK = 5,
    DESC_INTERRUPT16 = 6,
    DESC_TRAP16 = 7,
    DESC_TSS32 = 9,
    DESC_TSS32_BUSY = 11,
    DESC_CALL32 = 12,
    DESC_INTERRUPT32 = 14,
    DESC_TRAP32 = 15,
};
#define DESC_32   0x08u /* in a system type: the 386's form */
#define DESC_BUSY 0x02u /* in the type of a TSS */

struct descriptor {
    uint32_t low, high; /* as in memory; on a 286 the last word reads as 0 */
    laddr addr;         /* where it stands */
    uint16_t selector;
    bool null; /* no descriptor: the selector was null */
};

enum desc_found {
    DESC_FOUND,
    DESC_OUTSIDE, /* beyond its table, or there is no LDT; nothing noted */
    DESC_FAULTED, /* a page fault was noted */
};

static inline bool desc_is_null(uint16_t selector)
{
    return (selector & ~3u) == 0;
}

static inline unsigned desc_rpl(uint16_t selector)
{
    return selector & 3;
}

/* As in segment.access. */
static inline uint16_t desc_access(const struct descriptor *d)
{
    return (uint16_t)((d->high >> 8 & 0xff) | (d->high >> 8 & 0xf000));
}

static inline unsigned desc_dpl(const struct descriptor *d)
{
    return d->high >> 13 & 3;
}

static inline bool desc_present(const struct descriptor *d)
{
    return d->high >> 8 & ACCESS_P;
}

/* The type of a system descriptor; 0, which is invalid, for code and data. */
static inline unsigned desc_system_type(const struct descriptor *d)
{
    return d->high >> 8 & ACCESS_S ? 0 : d->high >> 8 & 15;
}

static inline bool desc_is_code(const struct descriptor *d)
{
    return (~(d->high >> 8) & (ACCESS_S | ACCESS_CODE)) == 0;
}

static inline bool desc_is_conforming(const struct descriptor *d)
{
    return desc_is_code(d) && (d->high >> 8 & ACCESS_DOWN);
}

static inline uint32_t desc_base(const struct descriptor *d)
{
    return d->low >> 16 | (d->high & 0xff) << 16 | (d->high & 0xff000000u);
}

static inline uint32_t desc_limit(const struct descriptor *d)
{
    uint32_t limit = (d->low & 0xffff) | (d->high & 0xf0000);

    return desc_access(d) & ACCESS_G ? limit << 12 | 0xfff : limit;
}

/* Notes a fault whose error code names a selector; with EXT as it stands. */
bool desc_fault(struct cpu *cpu, unsigned vector, uint16_t selector);

/* Reads the descriptor of a selector that may be anything but is not checked
 * for null. */
enum desc_found desc_find(struct cpu *cpu, uint16_t selector,
                          struct descriptor *out);

/* The same; DESC_OUTSIDE becomes `vector` with the selector. */
bool desc_load(struct cpu *cpu, uint16_t selector, unsigned vector,
               struct descriptor *out);

/* For DS, ES, FS and GS at privilege `cpl`; null is fine. Faults: `vector`
 * (#GP, or #TS in a task switch) and #NP. */
bool desc_load_data(struct cpu *cpu, uint16_t selector, unsigned cpl,
                    unsigned vector, struct descriptor *out);

/* For SS at privilege `cpl`. Faults: `vector` and #SS. */
bool desc_load_stack(struct cpu *cpu, uint16_t selector, unsigned cpl,
                     unsigned vector, struct descriptor *out);

/* Checks that setting the accessed bit of code or data will not fault. */
bool desc_probe(struct cpu *cpu, const struct descriptor *d);

/* What a segment register would hold. */
void desc_segment(const struct descriptor *d, struct segment *out);

/* Loads a register with a descriptor that was checked and probed, under the
 * selector of *d, and sets the accessed bit of code and data. */
void desc_commit(struct cpu *cpu, unsigned seg, const struct descriptor *d);

/* Changes bits of the type in memory: the busy bit of a TSS. */
bool desc_set_busy(struct cpu *cpu, const struct descriptor *d, bool busy);

#endif
