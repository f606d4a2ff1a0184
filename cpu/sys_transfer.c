/* Far calls, jumps and returns (80386 programmer's reference, 6.3, 17; SDM
 * volume 3, 5.8). */
#include "cpu/sys_int.h"

/* Where to, as the instruction or a call gate says. */
struct target {
    uint32_t offset;
    uint16_t selector;
    uint8_t size; /* of what a call pushes: 2 or 4 */
    bool call;
};

uint32_t sys_far_second(const struct cpu *cpu, const struct insn *insn,
                        uint32_t at)
{
    at += insn_size(insn);
    return cpu->model == CPU_8086 ? at & 0xffff : at;
}

void sys_enter_code(struct cpu *cpu, const struct descriptor *code,
                    uint32_t eip)
{
    struct descriptor d = *code;

    d.selector = (uint16_t)((d.selector & ~3u) | cpu->cpl);
    desc_commit(cpu, SEG_CS, &d);
    cpu->eip = eip;
}

static void frame_push_return(const struct cpu *cpu, struct frame *frame)
{
    frame_push(frame, cpu->seg[SEG_CS].selector);
    frame_push(frame, cpu->eip);
}

/* Real mode and V86. */
static bool go_paragraph(struct cpu *cpu, const struct target *to)
{
    struct frame frame;

    frame_begin(cpu, &frame, to->size);
    if (to->call) {
        frame_push_return(cpu, &frame);
        if (!frame_check(cpu, &frame))
            return false;
    }
    if (to->offset > cpu->seg[SEG_CS].limit)
        return cpu_fault(cpu, VECTOR_GP, 0);
    if (!frame_store(cpu, &frame))
        return false;
    cpu->reg[CPU_ESP] = frame.esp;
    seg_set_paragraph(cpu, SEG_CS, to->selector);
    cpu->eip = to->offset;
    return true;
}

/* To code that runs with the present privilege. */
static bool go_same(struct cpu *cpu, const struct target *to,
                    const struct descriptor *code)
{
    struct frame frame;

    frame_begin(cpu, &frame, to->size);
    if (to->call) {
        frame_push_return(cpu, &frame);
        if (!frame_check(cpu, &frame))
            return false;
    }
    if (to->offset > desc_limit(code))
        return cpu_fault(cpu, VECTOR_GP, 0);
    if (!desc_probe(cpu, code) || !frame_store(cpu, &frame))
        return false;
    cpu->reg[CPU_ESP] = frame.esp;
    sys_enter_code(cpu, code, to->offset);
    return true;
}

static bool go_code(struct cpu *cpu, const struct target *to,
                    const struct descriptor *code)
{
    unsigned dpl = desc_dpl(code);

    if (desc_is_conforming(code)
            ? dpl > cpu->cpl
            : desc_rpl(to->selector) > cpu->cpl || dpl != cpu->cpl)
        return desc_fault(cpu, VECTOR_GP, to->selector);
    if (!desc_present(code))
        return desc_fault(cpu, VECTOR_NP, to->selector);
    return go_same(cpu, to, code);
}

/* Parameters are read from the old stack, as words of the gate's size. */
static bool copy_parameters(struct cpu *cpu, struct frame *frame,
                            unsigned count)
{
    while (count--) {
        uint32_t value;

        if (!frame_peek(cpu, count * frame->size, frame->size, &value))
            return false;
        frame_push(frame, value);
    }
    return true;
}

/* Through a call gate to more privilege, on another stack. */
static bool call_inner(struct cpu *cpu, const struct target *to,
                       const struct descriptor *code, unsigned parameters)
{
    unsigned level = desc_dpl(code);
    struct inner_stack stack;
    struct descriptor ss;
    struct frame frame;

    if (!task_inner_stack(cpu, level, &stack) ||
        !desc_load_stack(cpu, stack.ss, level, VECTOR_TS, &ss))
        return false;
    frame_begin(cpu, &frame, to->size);
    desc_segment(&ss, &frame.ss);
    frame.esp = stack.esp;
    frame.error = stack.ss;
    frame.user = false;
    frame_push(&frame, cpu->seg[SEG_SS].selector);
    frame_push(&frame, cpu->reg[CPU_ESP]);
    if (!copy_parameters(cpu, &frame, parameters))
        return false;
    frame_push_return(cpu, &frame);
    if (!frame_check(cpu, &frame))
        return false;
    if (to->offset > desc_limit(code))
        return cpu_fault(cpu, VECTOR_GP, 0);
    if (!desc_probe(cpu, code) || !frame_store(cpu, &frame))
        return false;
    cpu->cpl = (uint8_t)level;
    desc_commit(cpu, SEG_SS, &ss);
    cpu->reg[CPU_ESP] = frame.esp;
    sys_enter_code(cpu, code, to->offset);
    return true;
}

/* A gate or a TSS must not be more privileged than who names it. */
static bool gate_usable(struct cpu *cpu, const struct descriptor *gate)
{
    unsigned dpl = desc_dpl(gate);

    if (dpl < cpu->cpl || dpl < desc_rpl(gate->selector))
        return desc_fault(cpu, VECTOR_GP, gate->selector);
    if (!desc_present(gate))
        return desc_fault(cpu, VECTOR_NP, gate->selector);
    return true;
}

static bool go_call_gate(struct cpu *cpu, bool call,
                         const struct descriptor *gate)
{
    bool wide = desc_system_type(gate) & DESC_32;
    struct target to = {
        .offset = (gate->low & 0xffff) | (wide ? gate->high & 0xffff0000u : 0),
        .selector = (uint16_t)(gate->low >> 16),
        .size = wide ? 4 : 2,
        .call = call,
    };
    struct descriptor code;
    bool inner;

    if (!gate_usable(cpu, gate))
        return false;
    if (desc_is_null(to.selector))
        return desc_fault(cpu, VECTOR_GP, 0);
    if (!desc_load(cpu, to.selector, VECTOR_GP, &code))
        return false;
    inner = !desc_is_conforming(&code) && desc_dpl(&code) < cpu->cpl;
    if (!desc_is_code(&code) || desc_dpl(&code) > cpu->cpl || (inner && !call))
        return desc_fault(cpu, VECTOR_GP, to.selector);
    if (!desc_present(&code))
        return desc_fault(cpu, VECTOR_NP, to.selector);
    return inner ? call_inner(cpu, &to, &code, gate->high & 31)
                 : go_same(cpu, &to, &code);
}

static bool go_task(struct cpu *cpu, bool call, const struct descriptor *tss)
{
    return task_switch(cpu, tss, call ? TASK_CALL : TASK_JUMP, flags_get(cpu));
}

static bool go_task_gate(struct cpu *cpu, bool call,
                         const struct descriptor *gate)
{
    struct descriptor tss;

    return gate_usable(cpu, gate) &&
           task_find(cpu, (uint16_t)(gate->low >> 16), &tss) &&
           go_task(cpu, call, &tss);
}

/* A TSS named directly: its own privilege counts, then as through a gate. */
static bool go_tss(struct cpu *cpu, bool call, const struct descriptor *d)
{
    struct descriptor tss;
    unsigned dpl = desc_dpl(d);

    if (dpl < cpu->cpl || dpl < desc_rpl(d->selector))
        return desc_fault(cpu, VECTOR_GP, d->selector);
    return task_find(cpu, d->selector, &tss) && go_task(cpu, call, &tss);
}

static bool go_system(struct cpu *cpu, const struct target *to,
                      const struct descriptor *d)
{
    unsigned type = desc_system_type(d);

    if ((type & DESC_32) && cpu->model <= CPU_286)
        type = 0;
    switch (type) {
    case DESC_CALL16:
    case DESC_CALL32: return go_call_gate(cpu, to->call, d);
    case DESC_TASK: return go_task_gate(cpu, to->call, d);
    case DESC_TSS16:
    case DESC_TSS16_BUSY:
    case DESC_TSS32:
    case DESC_TSS32_BUSY: return go_tss(cpu, to->call, d);
    default: return desc_fault(cpu, VECTOR_GP, to->selector);
    }
}

static bool go_far(struct cpu *cpu, const struct target *to)
{
    struct descriptor d;

    if (cpu_paragraphs(cpu))
        return go_paragraph(cpu, to);
    if (desc_is_null(to->selector))
        return cpu_fault(cpu, VECTOR_GP, 0);
    if (!desc_load(cpu, to->selector, VECTOR_GP, &d))
        return false;
    if (desc_is_code(&d))
        return go_code(cpu, to, &d);
    return go_system(cpu, to, &d);
}

static bool go_direct(struct cpu *cpu, const struct insn *insn, bool call)
{
    struct target to = {.offset = insn->imm,
                        .selector = insn->imm2,
                        .size = (uint8_t)insn_size(insn),
                        .call = call};

    return go_far(cpu, &to);
}

static bool go_indirect(struct cpu *cpu, const struct insn *insn, bool call)
{
    struct target to = {.size = (uint8_t)insn_size(insn), .call = call};
    uint32_t at, selector;

    if (!(insn->flags & INSN_MEM))
        return cpu_fault(cpu, VECTOR_UD, 0);
    at = insn_address(cpu, insn);
    if (!seg_load(cpu, insn->seg, at, to.size, &to.offset) ||
        !seg_load(cpu, insn->seg, sys_far_second(cpu, insn, at), 2, &selector))
        return false;
    to.selector = (uint16_t)selector;
    return go_far(cpu, &to);
}

bool exec_call_far(struct cpu *cpu, const struct insn *insn)
{
    return go_direct(cpu, insn, true);
}

bool exec_jmp_far(struct cpu *cpu, const struct insn *insn)
{
    return go_direct(cpu, insn, false);
}

bool exec_call_far_e(struct cpu *cpu, const struct insn *insn)
{
    return go_indirect(cpu, insn, true);
}

bool exec_jmp_far_e(struct cpu *cpu, const struct insn *insn)
{
    return go_indirect(cpu, insn, false);
}
