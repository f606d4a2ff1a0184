/* Delivery of interrupts and exceptions (80286 programmer's reference, 9;
 * 80386 programmer's reference, 9 and 17 under INT; SDM volume 3, 6). */
#include "cpu/debug_int.h"
#include "cpu/sys_int.h"

/* Where a gate leads. */
struct entry {
    struct descriptor code;
    uint32_t eip;
    uint8_t size;  /* of what is pushed: 2 or 4 */
    bool keeps_if; /* a trap gate */
};

static uint32_t pushed_flags(struct cpu *cpu, const struct interrupt *i)
{
    return sys_flags(cpu) | (i->resume ? FLAG_RF : 0);
}

/* The 286 to 486 answer a vector beyond the table with exception 8 (80386
 * programmer's reference, table 14-1), later ones with #GP. */
static bool fault_no_vector(struct cpu *cpu)
{
    return cpu_fault(cpu, cpu->model <= CPU_486 ? VECTOR_DF : VECTOR_GP, 0);
}

static bool enter_real(struct cpu *cpu, const struct interrupt *i)
{
    uint32_t at = i->vector * 4u, target;
    struct frame frame;

    if (cpu->model > CPU_8086 && at + 3 > cpu->idtr.limit)
        return fault_no_vector(cpu);
    if (!mmu_load(cpu, cpu->idtr.base + at, 4, false, &target))
        return false;
    frame_begin(cpu, &frame, 2);
    frame_push(&frame, pushed_flags(cpu, i));
    frame_push(&frame, cpu->seg[SEG_CS].selector);
    frame_push(&frame, cpu->eip);
    if (!frame_check(cpu, &frame) || !frame_store(cpu, &frame))
        return false;
    cpu->reg[CPU_ESP] = frame.esp;
    sys_load_flags(cpu, 0, FLAG_IF | FLAG_TF | FLAG_AC | FLAG_RF);
    seg_set_paragraph(cpu, SEG_CS, (uint16_t)(target >> 16));
    cpu->eip = target & 0xffff;
    return true;
}

static bool fault_vector(struct cpu *cpu, unsigned fault, unsigned vector)
{
    return cpu_fault(cpu, fault, vector << 3 | ERROR_IDT | cpu->ext);
}

static bool is_interrupt_gate(const struct cpu *cpu, unsigned type)
{
    switch (type) {
    case DESC_TASK:
    case DESC_INTERRUPT16:
    case DESC_TRAP16: return true;
    case DESC_INTERRUPT32:
    case DESC_TRAP32: return cpu->model >= CPU_386;
    default: return false;
    }
}

static bool load_gate(struct cpu *cpu, const struct interrupt *i,
                      struct descriptor *gate)
{
    uint32_t at = i->vector * 8u;

    if (at + 7 > cpu->idtr.limit)
        return fault_vector(cpu, VECTOR_GP, i->vector);
    *gate = (struct descriptor){.addr = cpu->idtr.base + at};
    if (!mmu_load_pair(cpu, gate->addr, &gate->low, &gate->high))
        return false;
    if (!is_interrupt_gate(cpu, desc_system_type(gate)))
        return fault_vector(cpu, VECTOR_GP, i->vector);
    if (i->kind == INTERRUPT_SOFTWARE && desc_dpl(gate) < cpu->cpl)
        return fault_vector(cpu, VECTOR_GP, i->vector);
    if (!desc_present(gate))
        return fault_vector(cpu, VECTOR_NP, i->vector);
    return true;
}

static bool load_entry(struct cpu *cpu, const struct descriptor *gate,
                       struct entry *out)
{
    unsigned type = desc_system_type(gate);
    uint16_t selector = (uint16_t)(gate->low >> 16);

    out->size = type & DESC_32 ? 4 : 2;
    out->keeps_if = type & 1;
    out->eip = gate->low & 0xffff;
    if (type & DESC_32)
        out->eip |= gate->high & 0xffff0000u;
    if (desc_is_null(selector))
        return desc_fault(cpu, VECTOR_GP, 0);
    if (!desc_load(cpu, selector, VECTOR_GP, &out->code))
        return false;
    if (!desc_is_code(&out->code) || desc_dpl(&out->code) > cpu->cpl)
        return desc_fault(cpu, VECTOR_GP, selector);
    if (!desc_present(&out->code))
        return desc_fault(cpu, VECTOR_NP, selector);
    return true;
}

static void push_return(struct cpu *cpu, const struct interrupt *i,
                        struct frame *frame)
{
    frame_push(frame, pushed_flags(cpu, i));
    frame_push(frame, cpu->seg[SEG_CS].selector);
    frame_push(frame, cpu->eip);
    if (!i->has_error)
        return;
    /* Up to the 486 an error code has 16 bits (SDM volume 3, 22.31.2). */
    if (cpu->model <= CPU_486)
        frame_push_narrow(frame, (uint16_t)i->error);
    else
        frame_push(frame, i->error);
}

/* The last checks, and the frame. */
static bool push_frame(struct cpu *cpu, const struct entry *entry,
                       struct frame *frame)
{
    if (!frame_check(cpu, frame))
        return false;
    if (entry->eip > desc_limit(&entry->code))
        return desc_fault(cpu, VECTOR_GP, 0);
    return desc_probe(cpu, &entry->code) && frame_store(cpu, frame);
}

static void clear_flags(struct cpu *cpu, const struct entry *entry)
{
    uint32_t mask = FLAG_TF | FLAG_NT | FLAG_RF | FLAG_VM;

    sys_load_flags(cpu, 0, entry->keeps_if ? mask : mask | FLAG_IF);
}

static bool enter_same(struct cpu *cpu, const struct interrupt *i,
                       const struct entry *entry)
{
    struct frame frame;

    frame_begin(cpu, &frame, entry->size);
    push_return(cpu, i, &frame);
    if (!push_frame(cpu, entry, &frame))
        return false;
    cpu->reg[CPU_ESP] = frame.esp;
    clear_flags(cpu, entry);
    sys_enter_code(cpu, &entry->code, entry->eip);
    return true;
}

static void push_v86_segments(const struct cpu *cpu, struct frame *frame)
{
    frame_push(frame, cpu->seg[SEG_GS].selector);
    frame_push(frame, cpu->seg[SEG_FS].selector);
    frame_push(frame, cpu->seg[SEG_DS].selector);
    frame_push(frame, cpu->seg[SEG_ES].selector);
}

static void null_v86_segments(struct cpu *cpu)
{
    seg_set_null(cpu, SEG_GS, 0);
    seg_set_null(cpu, SEG_FS, 0);
    seg_set_null(cpu, SEG_DS, 0);
    seg_set_null(cpu, SEG_ES, 0);
}

static bool enter_inner(struct cpu *cpu, const struct interrupt *i,
                        const struct entry *entry)
{
    unsigned level = desc_dpl(&entry->code);
    bool v86 = cpu_v86(cpu);
    struct inner_stack stack;
    struct descriptor ss;
    struct frame frame;

    if (!task_inner_stack(cpu, level, &stack) ||
        !desc_load_stack(cpu, stack.ss, level, VECTOR_TS, &ss))
        return false;
    frame_begin(cpu, &frame, entry->size);
    desc_segment(&ss, &frame.ss);
    frame.esp = stack.esp;
    frame.error = stack.ss;
    frame.user = false;
    if (v86)
        push_v86_segments(cpu, &frame);
    frame_push(&frame, cpu->seg[SEG_SS].selector);
    frame_push(&frame, cpu->reg[CPU_ESP]);
    push_return(cpu, i, &frame);
    if (!push_frame(cpu, entry, &frame))
        return false;
    clear_flags(cpu, entry);
    if (v86)
        null_v86_segments(cpu);
    cpu->cpl = (uint8_t)level;
    desc_commit(cpu, SEG_SS, &ss);
    cpu->reg[CPU_ESP] = frame.esp;
    sys_enter_code(cpu, &entry->code, entry->eip);
    return true;
}

static bool enter_task(struct cpu *cpu, const struct interrupt *i,
                       const struct descriptor *gate)
{
    struct descriptor tss;

    if (!task_find(cpu, (uint16_t)(gate->low >> 16), &tss) ||
        !task_switch(cpu, &tss, TASK_INTERRUPT, pushed_flags(cpu, i)))
        return false;
    if (!i->has_error)
        return true;
    return stack_push(cpu, i->error, desc_system_type(&tss) & DESC_32 ? 4 : 2);
}

static bool enter_protected(struct cpu *cpu, const struct interrupt *i)
{
    struct descriptor gate;
    struct entry entry;
    bool inner;

    if (quick_interrupt(cpu, i))
        return true;
    if (!load_gate(cpu, i, &gate))
        return false;
    if (desc_system_type(&gate) == DESC_TASK)
        return enter_task(cpu, i, &gate);
    if (!load_entry(cpu, &gate, &entry))
        return false;
    inner =
        !desc_is_conforming(&entry.code) && desc_dpl(&entry.code) < cpu->cpl;
    if (cpu_v86(cpu) && !(inner && desc_dpl(&entry.code) == 0))
        return desc_fault(cpu, VECTOR_GP, entry.code.selector);
    return inner ? enter_inner(cpu, i, &entry) : enter_same(cpu, i, &entry);
}

bool interrupt_enter(struct cpu *cpu, const struct interrupt *i)
{
    bool entered;

    cpu->ext = i->kind != INTERRUPT_SOFTWARE;
    entered = cpu_protected(cpu) ? enter_protected(cpu, i) : enter_real(cpu, i);
    cpu->ext = 0;
    if (!entered)
        return false;
    cpu->stepping = false;
    if (cpu->debugging)
        debug_entered(cpu, i->vector,
                      i->kind == INTERRUPT_EXTERNAL && i->vector != VECTOR_DB);
    return true;
}
