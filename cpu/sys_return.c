/* Far returns: RETF and IRET (80386 programmer's reference, 17; SDM volume 2
 * under RET and IRET). */
#include "cpu/sys_int.h"

/* What a return pops, and what was found about it. */
struct back {
    uint32_t eip, cs, flags, esp, ss;
    struct descriptor code, stack;
    uint32_t used;     /* bytes popped before an outer stack pointer */
    uint32_t released; /* parameters, on both stacks */
    uint8_t size;      /* of each word: 2 or 4 */
};

static bool pop_code(struct cpu *cpu, struct back *b)
{
    if (!frame_peek(cpu, 0, b->size, &b->eip) ||
        !frame_peek(cpu, b->size, b->size, &b->cs))
        return false;
    b->cs &= 0xffff;
    b->used = 2u * b->size;
    return true;
}

static bool pop_flags(struct cpu *cpu, struct back *b)
{
    if (!frame_peek(cpu, b->used, b->size, &b->flags))
        return false;
    b->used += b->size;
    return true;
}

/* Real mode and V86; `b` holds what was popped. */
static bool back_paragraph(struct cpu *cpu, const struct back *b)
{
    if (b->eip > cpu->seg[SEG_CS].limit)
        return cpu_fault(cpu, VECTOR_GP, 0);
    frame_release(cpu, b->used + b->released);
    seg_set_paragraph(cpu, SEG_CS, (uint16_t)b->cs);
    cpu->eip = b->eip;
    return true;
}

static bool load_code(struct cpu *cpu, struct back *b)
{
    uint16_t selector = (uint16_t)b->cs;
    unsigned rpl = desc_rpl(selector);

    if (desc_is_null(selector))
        return cpu_fault(cpu, VECTOR_GP, 0);
    if (!desc_load(cpu, selector, VECTOR_GP, &b->code))
        return false;
    if (!desc_is_code(&b->code) || rpl < cpu->cpl ||
        (desc_is_conforming(&b->code) ? desc_dpl(&b->code) > rpl
                                      : desc_dpl(&b->code) != rpl))
        return desc_fault(cpu, VECTOR_GP, selector);
    if (!desc_present(&b->code))
        return desc_fault(cpu, VECTOR_NP, selector);
    return true;
}

/* The outer stack stands above what was popped and released. */
static bool load_stack(struct cpu *cpu, struct back *b)
{
    uint32_t at = b->used + b->released;

    if (!frame_peek(cpu, at, b->size, &b->esp) ||
        !frame_peek(cpu, at + b->size, b->size, &b->ss))
        return false;
    b->ss &= 0xffff;
    return desc_load_stack(cpu, (uint16_t)b->ss, desc_rpl((uint16_t)b->cs),
                           VECTOR_GP, &b->stack);
}

/* A 16-bit return to a 32-bit stack: up to the 486 the upper half of ESP gets
 * the selector of SS, later zeros (SDM volume 3, 22.31.4). */
static uint32_t outer_esp(const struct cpu *cpu, const struct back *b)
{
    if (b->size == 4)
        return b->esp;
    return b->esp | (cpu->model <= CPU_486 ? b->ss << 16 : 0);
}

static void enter_outer(struct cpu *cpu, struct back *b)
{
    uint32_t esp = outer_esp(cpu, b), old = cpu->reg[CPU_ESP];

    cpu->cpl = (uint8_t)desc_rpl((uint16_t)b->cs);
    desc_commit(cpu, SEG_SS, &b->stack);
    sys_enter_code(cpu, &b->code, b->eip);
    cpu->reg[CPU_ESP] =
        cpu_stack32(cpu) ? esp : (old & 0xffff0000u) | (esp & 0xffff);
    frame_release(cpu, b->released);
    seg_drop_inner(cpu);
}

/* Checks a return within protected mode. On success all can be loaded. */
static bool check_back(struct cpu *cpu, struct back *b, bool *outer)
{
    if (!load_code(cpu, b))
        return false;
    *outer = desc_rpl((uint16_t)b->cs) > cpu->cpl;
    if (*outer && !load_stack(cpu, b))
        return false;
    if (b->eip > desc_limit(&b->code))
        return cpu_fault(cpu, VECTOR_GP, 0);
    return desc_probe(cpu, &b->code);
}

static void enter_back(struct cpu *cpu, struct back *b, bool outer)
{
    if (outer) {
        enter_outer(cpu, b);
        return;
    }
    frame_release(cpu, b->used + b->released);
    sys_enter_code(cpu, &b->code, b->eip);
}

bool exec_ret_far(struct cpu *cpu, const struct insn *insn)
{
    struct back b = {.size = (uint8_t)insn_size(insn),
                     .released = insn->imm & 0xffff};
    bool outer;

    if (!pop_code(cpu, &b))
        return false;
    if (cpu_paragraphs(cpu))
        return back_paragraph(cpu, &b);
    if (!check_back(cpu, &b, &outer))
        return false;
    enter_back(cpu, &b, outer);
    return true;
}

static uint32_t mask_of_size(const struct back *b)
{
    return b->size == 2 ? 0xffff : UINT32_MAX;
}

/* IRET of the virtual-8086 mode extensions. */
static bool iret_virtual(struct cpu *cpu, struct back *b)
{
    if (!pop_code(cpu, b) || !pop_flags(cpu, b))
        return false;
    if (!vme_accepts(cpu, b->flags))
        return cpu_fault(cpu, VECTOR_GP, 0);
    if (!back_paragraph(cpu, b))
        return false;
    vme_load_flags(cpu, b->flags);
    return true;
}

static bool iret_paragraph(struct cpu *cpu, struct back *b)
{
    uint32_t mask = sys_flags_mask(cpu) | (cpu->model >= CPU_386 ? FLAG_RF : 0);

    if (vme_active(cpu) && b->size == 2)
        return iret_virtual(cpu, b);
    if (cpu_v86(cpu)) {
        if (cpu_iopl(cpu) < 3)
            return cpu_fault(cpu, VECTOR_GP, 0);
        mask &= ~FLAG_IOPL;
    }
    if (!pop_code(cpu, b) || !pop_flags(cpu, b) || !back_paragraph(cpu, b))
        return false;
    sys_load_flags(cpu, b->flags, mask & mask_of_size(b));
    return true;
}

/* From privilege 0 to V86 mode: the frame holds all segment registers. */
static bool iret_to_v86(struct cpu *cpu, struct back *b)
{
    static const uint8_t order[] = {SEG_ES, SEG_DS, SEG_FS, SEG_GS};
    uint32_t selector[ARRAY_LEN(order)];

    if (!frame_peek(cpu, 12, 4, &b->esp) || !frame_peek(cpu, 16, 4, &b->ss))
        return false;
    for (unsigned i = 0; i < ARRAY_LEN(order); i++) {
        if (!frame_peek(cpu, 20 + 4 * i, 4, &selector[i]))
            return false;
    }
    if (b->eip > 0xffff)
        return cpu_fault(cpu, VECTOR_GP, 0);
    sys_load_flags(cpu, b->flags,
                   sys_flags_mask(cpu) | sys_flags_virtual(cpu) | FLAG_VM |
                       FLAG_RF);
    cpu->cpl = 3;
    seg_set_paragraph(cpu, SEG_CS, (uint16_t)b->cs);
    seg_set_paragraph(cpu, SEG_SS, (uint16_t)b->ss);
    for (unsigned i = 0; i < ARRAY_LEN(order); i++)
        seg_set_paragraph(cpu, order[i], (uint16_t)selector[i]);
    cpu->reg[CPU_ESP] = b->esp;
    cpu->eip = b->eip;
    return true;
}

static bool iret_protected(struct cpu *cpu, struct back *b)
{
    uint32_t mask =
        sys_flags_writable(cpu) | (cpu->model >= CPU_386 ? FLAG_RF : 0);
    bool outer;

    if (b->size == 4 && quick_iret(cpu))
        return true;
    if (cpu->cpl == 0)
        mask |= sys_flags_virtual(cpu);
    if (cpu->eflags & FLAG_NT)
        return task_return(cpu);
    if (!pop_code(cpu, b) || !pop_flags(cpu, b))
        return false;
    if (b->size == 4 && (b->flags & FLAG_VM) && cpu->cpl == 0)
        return iret_to_v86(cpu, b);
    if (!check_back(cpu, b, &outer))
        return false;
    enter_back(cpu, b, outer);
    sys_load_flags(cpu, b->flags, mask & mask_of_size(b));
    return true;
}

bool exec_iret(struct cpu *cpu, const struct insn *insn)
{
    struct back b = {.size = (uint8_t)insn_size(insn)};

    /* Even an IRET that faults ends the blocking. */
    if (cpu->nmi_blocked) {
        cpu->nmi_blocked = false;
        events_refresh(cpu);
    }
    return cpu_paragraphs(cpu) ? iret_paragraph(cpu, &b)
                               : iret_protected(cpu, &b);
}
