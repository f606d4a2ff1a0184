#include "cpu/desc.h"

#define SELECTOR_LDT 4u
#define ACCESS_BYTE  5u /* where it stands in a descriptor */

bool desc_fault(struct cpu *cpu, unsigned vector, uint16_t selector)
{
    return cpu_fault(cpu, vector, (selector & ~3u) | cpu->ext);
}

enum desc_found desc_find(struct cpu *cpu, uint16_t selector,
                          struct descriptor *out)
{
    const struct segment *ldt = &cpu->seg[SEG_LDTR];
    uint32_t base = cpu->gdtr.base, limit = cpu->gdtr.limit;

    if (selector & SELECTOR_LDT) {
        if (!(ldt->access & ACCESS_P))
            return DESC_OUTSIDE;
        base = ldt->base;
        limit = ldt->limit;
    }
    if ((selector | 7u) > limit)
        return DESC_OUTSIDE;
    out->addr = base + (selector & ~7u);
    out->selector = selector;
    out->null = false;
    if (!mmu_load_pair(cpu, out->addr, &out->low, &out->high))
        return DESC_FAULTED;
    if (cpu->model <= CPU_286)
        out->high &= 0xffff;
    return DESC_FOUND;
}

bool desc_load(struct cpu *cpu, uint16_t selector, unsigned vector,
               struct descriptor *out)
{
    enum desc_found found = desc_find(cpu, selector, out);

    if (found == DESC_OUTSIDE)
        return desc_fault(cpu, vector, selector);
    return found == DESC_FOUND;
}

/* Whether the register may have it. */
static bool check_data(struct cpu *cpu, unsigned cpl, unsigned vector,
                       const struct descriptor *out)
{
    uint16_t access = desc_access(out), selector = out->selector;

    if (!(access & ACCESS_S) ||
        ((access & ACCESS_CODE) && !(access & ACCESS_RW)))
        return desc_fault(cpu, vector, selector);
    if (!desc_is_conforming(out) &&
        (desc_rpl(selector) > desc_dpl(out) || cpl > desc_dpl(out)))
        return desc_fault(cpu, vector, selector);
    if (!desc_present(out))
        return desc_fault(cpu, VECTOR_NP, selector);
    return desc_probe(cpu, out);
}

bool desc_load_data(struct cpu *cpu, uint16_t selector, unsigned cpl,
                    unsigned vector, struct descriptor *out)
{
    if (desc_is_null(selector)) {
        *out = (struct descriptor){.selector = selector, .null = true};
        return true;
    }
    return desc_load(cpu, selector, vector, out) &&
           check_data(cpu, cpl, vector, out);
}

bool desc_load_stack(struct cpu *cpu, uint16_t selector, unsigned cpl,
                     unsigned vector, struct descriptor *out)
{
    const uint16_t kind = ACCESS_S | ACCESS_CODE | ACCESS_RW;

    if (desc_is_null(selector))
        return desc_fault(cpu, vector, 0);
    if (!desc_load(cpu, selector, vector, out))
        return false;
    if (desc_rpl(selector) != cpl || desc_dpl(out) != cpl ||
        (desc_access(out) & kind) != (ACCESS_S | ACCESS_RW))
        return desc_fault(cpu, vector, selector);
    if (!desc_present(out))
        return desc_fault(cpu, VECTOR_SS, selector);
    return desc_probe(cpu, out);
}

bool desc_probe(struct cpu *cpu, const struct descriptor *d)
{
    if (d->null || (desc_access(d) & ACCESS_ACCESSED))
        return true;
    return mmu_probe_write(cpu, d->addr + ACCESS_BYTE, 1, false);
}

void desc_segment(const struct descriptor *d, struct segment *out)
{
    *out = (struct segment){.selector = d->selector};
    if (d->null)
        return;
    out->base = desc_base(d);
    out->limit = desc_limit(d);
    out->access = desc_access(d);
}

/* The access byte as it is in memory, with `bits` changed. */
static bool store_access(struct cpu *cpu, const struct descriptor *d,
                         uint32_t access)
{
    return mmu_store(cpu, d->addr + ACCESS_BYTE, access & 0xff, 1, false);
}

static struct seg_row *row_of(struct cpu *cpu, uint16_t selector)
{
    return &cpu->seg_rows[selector >> 3 & (SEG_ROWS - 1)];
}

static bool row_fits(const struct cpu *cpu, const struct seg_row *row,
                     const struct descriptor *d)
{
    return row->low == d->low && row->high == d->high &&
           row->segment.selector == d->selector && !seg_aligns(cpu);
}

/* Code or data whose accessed bit is set already. */
static bool is_settled(const struct descriptor *d)
{
    return !d->null &&
           (~desc_access(d) & (ACCESS_P | ACCESS_S | ACCESS_ACCESSED)) == 0;
}

void desc_commit(struct cpu *cpu, unsigned seg, const struct descriptor *d)
{
    struct seg_row *row = row_of(cpu, d->selector);
    struct segment *s = &cpu->seg[seg];

    if (is_settled(d) && row_fits(cpu, row, d)) {
        seg_set(cpu, seg, &row->segment);
        return;
    }
    desc_segment(d, s);
    if ((s->access & ACCESS_S) && !(s->access & ACCESS_ACCESSED)) {
        s->access |= ACCESS_ACCESSED;
        if (!store_access(cpu, d, s->access))
            cpu->fault.pending = false; /* the table maps itself; probed */
    }
    seg_update(cpu, seg);
    if (is_settled(d) && !seg_aligns(cpu))
        *row = (struct seg_row){
            .low = d->low, .high = d->high, .cpl = SEG_ROW_NEW, .segment = *s};
}

bool desc_set_busy(struct cpu *cpu, const struct descriptor *d, bool busy)
{
    uint32_t access = desc_access(d);

    return store_access(cpu, d,
                        busy ? access | DESC_BUSY : access & ~DESC_BUSY);
}

/* A data segment register, when the selector is not null. */
static bool load_data(struct cpu *cpu, unsigned seg, uint16_t selector)
{
    struct seg_row *row = row_of(cpu, selector);
    struct descriptor d;

    if (!desc_load(cpu, selector, VECTOR_GP, &d))
        return false;
    if (row_fits(cpu, row, &d) && row->cpl == cpu->cpl) {
        seg_set(cpu, seg, &row->segment);
        return true;
    }
    if (!check_data(cpu, cpu->cpl, VECTOR_GP, &d))
        return false;
    desc_commit(cpu, seg, &d);
    if (row_fits(cpu, row, &d))
        row->cpl = cpu->cpl;
    return true;
}

bool seg_load_register(struct cpu *cpu, unsigned seg, uint16_t selector)
{
    struct descriptor d;

    if (cpu_paragraphs(cpu)) {
        seg_set_paragraph(cpu, seg, selector);
        return true;
    }
    if (seg == SEG_SS) {
        if (!desc_load_stack(cpu, selector, cpu->cpl, VECTOR_GP, &d))
            return false;
        desc_commit(cpu, seg, &d);
        return true;
    }
    if (!desc_is_null(selector))
        return load_data(cpu, seg, selector);
    seg_set_null(cpu, seg, selector);
    return true;
}
