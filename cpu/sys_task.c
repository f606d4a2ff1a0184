/* Task switches (80286 programmer's reference, 8; 80386 programmer's
 * reference, 7; SDM volume 3, 7). */
#include "cpu/sys_int.h"

/* Both forms of TSS, as offsets. A register list holds what is saved and
 * loaded in order; fields the short form lacks are not read. */
struct tss_layout {
    uint8_t eip, flags, regs, segs, ldt;
    uint8_t word;     /* bytes of a register */
    uint8_t seg_step; /* from one selector to the next */
    uint8_t segments; /* how many selectors: 4 or 6 */
    uint8_t last;     /* the smallest limit allowed */
};

static const struct tss_layout layout16 = {
    .eip = 0x0e,
    .flags = 0x10,
    .regs = 0x12,
    .segs = 0x22,
    .ldt = 0x2a,
    .word = 2,
    .seg_step = 2,
    .segments = 4,
    .last = 0x2b,
};

static const struct tss_layout layout32 = {
    .eip = 0x20,
    .flags = 0x24,
    .regs = 0x28,
    .segs = 0x48,
    .ldt = 0x60,
    .word = 4,
    .seg_step = 4,
    .segments = 6,
    .last = 0x67,
};

#define TSS32_CR3  0x1cu
#define TSS32_TRAP 0x64u /* bit 0: debug trap on a switch to here */

/* What is loaded from a TSS. */
struct task_image {
    uint32_t cr3, eip, flags, reg[8];
    uint16_t seg[6], ldt;
    bool trap;
};

static const struct tss_layout *layout_of(unsigned type)
{
    return type & DESC_32 ? &layout32 : &layout16;
}

static unsigned present_type(const struct cpu *cpu)
{
    return cpu->seg[SEG_TR].access & 15;
}

bool task_find(struct cpu *cpu, uint16_t selector, struct descriptor *tss)
{
    unsigned type;

    if ((selector & 4) || desc_is_null(selector))
        return desc_fault(cpu, VECTOR_GP, selector);
    if (!desc_load(cpu, selector, VECTOR_GP, tss))
        return false;
    type = desc_system_type(tss);
    if (type != DESC_TSS16 && !(type == DESC_TSS32 && cpu->model >= CPU_386))
        return desc_fault(cpu, VECTOR_GP, selector);
    if (!desc_present(tss))
        return desc_fault(cpu, VECTOR_NP, selector);
    return true;
}

bool task_inner_stack(struct cpu *cpu, unsigned level, struct inner_stack *out)
{
    const struct segment *tr = &cpu->seg[SEG_TR];
    unsigned word = present_type(cpu) & DESC_32 ? 4 : 2;
    uint32_t at = word + level * 2 * word, ss;

    if (at + 2 * word - 1 > tr->limit)
        return desc_fault(cpu, VECTOR_TS, tr->selector);
    if (!mmu_load(cpu, tr->base + at, word, false, &out->esp) ||
        !mmu_load(cpu, tr->base + at + word, 2, false, &ss))
        return false;
    out->ss = (uint16_t)ss;
    return true;
}

/* Reading. */

static bool read_word(struct cpu *cpu, laddr at, uint16_t *out)
{
    uint32_t value;

    if (!mmu_load(cpu, at, 2, false, &value))
        return false;
    *out = (uint16_t)value;
    return true;
}

static bool read_registers(struct cpu *cpu, laddr base,
                           const struct tss_layout *l, struct task_image *out)
{
    if (!mmu_load(cpu, base + l->eip, l->word, false, &out->eip) ||
        !mmu_load(cpu, base + l->flags, l->word, false, &out->flags))
        return false;
    for (unsigned i = 0; i < 8; i++) {
        if (!mmu_load(cpu, base + l->regs + i * l->word, l->word, false,
                      &out->reg[i]))
            return false;
        if (l->word == 2)
            out->reg[i] |= 0xffff0000u; /* as the 386 leaves them */
    }
    return true;
}

static bool read_image(struct cpu *cpu, laddr base, const struct tss_layout *l,
                       struct task_image *out)
{
    uint16_t trap;

    if (!read_registers(cpu, base, l, out))
        return false;
    for (unsigned i = 0; i < l->segments; i++) {
        if (!read_word(cpu, base + l->segs + i * l->seg_step, &out->seg[i]))
            return false;
    }
    if (!read_word(cpu, base + l->ldt, &out->ldt))
        return false;
    if (l->word == 2)
        return true;
    if (!mmu_load(cpu, base + TSS32_CR3, 4, false, &out->cr3) ||
        !read_word(cpu, base + TSS32_TRAP, &trap))
        return false;
    out->trap = trap & 1;
    return true;
}

/* Saving. Every store here was probed. */

static bool save_task(struct cpu *cpu, uint32_t flags)
{
    const struct tss_layout *l = layout_of(present_type(cpu));
    laddr base = cpu->seg[SEG_TR].base;
    const uint32_t mask = l->word == 2 ? 0xffff : UINT32_MAX;
    bool ok = mmu_store(cpu, base + l->eip, cpu->eip & mask, l->word, false) &&
              mmu_store(cpu, base + l->flags, flags & mask, l->word, false);

    for (unsigned i = 0; ok && i < 8; i++)
        ok = mmu_store(cpu, base + l->regs + i * l->word, cpu->reg[i] & mask,
                       l->word, false);
    for (unsigned i = 0; ok && i < l->segments; i++)
        ok = mmu_store(cpu, base + l->segs + i * l->seg_step,
                       cpu->seg[i].selector, 2, false);
    return ok;
}

static bool probe_save(struct cpu *cpu)
{
    const struct tss_layout *l = layout_of(present_type(cpu));
    const struct segment *tr = &cpu->seg[SEG_TR];
    unsigned bytes = (unsigned)(l->segs + l->segments * l->seg_step - l->eip);

    if (tr->limit < l->last)
        return desc_fault(cpu, VECTOR_TS, tr->selector);
    return mmu_probe_write(cpu, tr->base + l->eip, bytes, false);
}

/* The descriptor of the present TSS, without the checks of a load. */
static bool present_descriptor(struct cpu *cpu, struct descriptor *d)
{
    d->addr = cpu->gdtr.base + (cpu->seg[SEG_TR].selector & ~7u);
    d->selector = cpu->seg[SEG_TR].selector;
    d->null = false;
    return mmu_load(cpu, d->addr, 4, false, &d->low) &&
           mmu_load(cpu, d->addr + 4, 4, false, &d->high) &&
           mmu_probe_write(cpu, d->addr + 5, 1, false);
}

static bool nests(enum task_cause cause)
{
    return cause == TASK_CALL || cause == TASK_INTERRUPT;
}

/* All that can fail in the old task, and all that is written before the new
 * one's registers are loaded. */
static bool leave_task(struct cpu *cpu, const struct descriptor *tss,
                       enum task_cause cause, uint32_t flags)
{
    struct descriptor old;
    laddr base = desc_base(tss);

    if (!probe_save(cpu) || !present_descriptor(cpu, &old))
        return false;
    if (cause != TASK_RETURN && !mmu_probe_write(cpu, tss->addr + 5, 1, false))
        return false;
    if (nests(cause) && !mmu_probe_write(cpu, base, 2, false))
        return false;
    if (cause == TASK_RETURN)
        flags &= ~FLAG_NT;
    if (!nests(cause) && !desc_set_busy(cpu, &old, false))
        return false;
    if (!save_task(cpu, flags))
        return false;
    if (nests(cause) && !mmu_store(cpu, base, old.selector, 2, false))
        return false;
    return cause == TASK_RETURN || desc_set_busy(cpu, tss, true);
}

/* Loading the new task. From here on faults are the new task's. */

static void load_task_register(struct cpu *cpu, const struct descriptor *tss)
{
    desc_commit(cpu, SEG_TR, tss);
    cpu->seg[SEG_TR].access |= DESC_BUSY;
}

static bool load_registers(struct cpu *cpu, const struct task_image *image,
                           const struct tss_layout *l)
{
    uint32_t mask = sys_flags_mask(cpu) | sys_flags_virtual(cpu);
    bool sound = true;

    if (cpu->model >= CPU_386)
        mask |= FLAG_VM | FLAG_RF; /* a short TSS clears them */
    cpu->cr0 |= CR0_TS;
    cpu->dr[7] &= ~DR7_LOCAL;
    if (l->word == 4 && (cpu->cr0 & CR0_PG))
        sound = sys_load_cr3(cpu, image->cr3);
    for (unsigned i = 0; i < CPU_REGS; i++)
        cpu->reg[i] = image->reg[i];
    cpu->eip = cpu->insn_eip = image->eip;
    sys_load_flags(cpu, image->flags, mask);
    cpu->cpl = cpu_v86(cpu) ? 3 : (uint8_t)desc_rpl(image->seg[SEG_CS]);
    for (unsigned seg = 0; seg < SEG_LDTR; seg++)
        seg_set_null(cpu, seg, image->seg[seg]);
    seg_set_null(cpu, SEG_LDTR, image->ldt);
    cpu->events |= CPU_EVENT_RELOAD;
    return sound;
}

static bool load_ldt(struct cpu *cpu, uint16_t selector)
{
    struct descriptor d;

    if (desc_is_null(selector))
        return true;
    if (selector & 4)
        return desc_fault(cpu, VECTOR_TS, selector);
    if (!desc_load(cpu, selector, VECTOR_TS, &d))
        return false;
    if (desc_system_type(&d) != DESC_LDT || !desc_present(&d))
        return desc_fault(cpu, VECTOR_TS, selector);
    desc_commit(cpu, SEG_LDTR, &d);
    return true;
}

static bool load_code(struct cpu *cpu, uint16_t selector)
{
    struct descriptor d;

    if (desc_is_null(selector))
        return desc_fault(cpu, VECTOR_TS, 0);
    if (!desc_load(cpu, selector, VECTOR_TS, &d))
        return false;
    if (!desc_is_code(&d) ||
        (desc_is_conforming(&d) ? desc_dpl(&d) > cpu->cpl
                                : desc_dpl(&d) != cpu->cpl))
        return desc_fault(cpu, VECTOR_TS, selector);
    if (!desc_present(&d))
        return desc_fault(cpu, VECTOR_NP, selector);
    if (!desc_probe(cpu, &d))
        return false;
    desc_commit(cpu, SEG_CS, &d);
    return true;
}

static bool load_segments(struct cpu *cpu, const struct task_image *image)
{
    static const uint8_t data[] = {SEG_DS, SEG_ES, SEG_FS, SEG_GS};
    struct descriptor d;

    if (!load_ldt(cpu, image->ldt))
        return false;
    if (cpu_v86(cpu)) {
        for (unsigned seg = 0; seg < SEG_LDTR; seg++)
            seg_set_paragraph(cpu, seg, image->seg[seg]);
        return true;
    }
    if (!load_code(cpu, image->seg[SEG_CS]) ||
        !desc_load_stack(cpu, image->seg[SEG_SS], cpu->cpl, VECTOR_TS, &d))
        return false;
    desc_commit(cpu, SEG_SS, &d);
    for (unsigned i = 0; i < ARRAY_LEN(data); i++) {
        if (!desc_load_data(cpu, image->seg[data[i]], cpu->cpl, VECTOR_TS, &d))
            return false;
        desc_commit(cpu, data[i], &d);
    }
    return true;
}

bool task_switch(struct cpu *cpu, const struct descriptor *tss,
                 enum task_cause cause, uint32_t flags)
{
    const struct tss_layout *l = layout_of(desc_system_type(tss));
    struct task_image image = {.cr3 = 0};

    if (desc_limit(tss) < l->last)
        return desc_fault(cpu, VECTOR_TS, tss->selector);
    if (!read_image(cpu, desc_base(tss), l, &image) ||
        !leave_task(cpu, tss, cause, flags))
        return false;
    if (nests(cause))
        image.flags |= FLAG_NT;
    load_task_register(cpu, tss);
    if (!load_registers(cpu, &image, l) || !load_segments(cpu, &image))
        return false;
    if (image.trap) {
        cpu->trap_bits |= DR6_BT;
        cpu->events |= CPU_EVENT_TRAP;
    }
    return true;
}

bool task_return(struct cpu *cpu)
{
    struct descriptor tss;
    uint16_t link;
    unsigned type;

    if (!read_word(cpu, cpu->seg[SEG_TR].base, &link))
        return false;
    if ((link & 4) || desc_is_null(link))
        return desc_fault(cpu, VECTOR_TS, link);
    if (!desc_load(cpu, link, VECTOR_TS, &tss))
        return false;
    type = desc_system_type(&tss);
    if (type != DESC_TSS16_BUSY &&
        !(type == DESC_TSS32_BUSY && cpu->model >= CPU_386))
        return desc_fault(cpu, VECTOR_TS, link);
    if (!desc_present(&tss))
        return desc_fault(cpu, VECTOR_NP, link);
    return task_switch(cpu, &tss, TASK_RETURN, flags_get(cpu));
}
