/* Instructions that move segment registers. */
#include "cpu/sys_int.h"

/* A load of SS holds off interrupts and traps for one instruction, so that
 * the stack pointer can follow; an 8086 does so for any segment register. */
static void shadow(struct cpu *cpu, unsigned seg)
{
    if (seg == SEG_SS || cpu->model == CPU_8086)
        cpu->events |= CPU_EVENT_SHADOW_SS;
}

/* Loads a register, which may be CS on an 8086. A changed stack size is news
 * to the decoder's modes. */
static bool load_register(struct cpu *cpu, unsigned seg, uint16_t selector)
{
    bool stack32 = cpu_stack32(cpu);

    if (!seg_load_register(cpu, seg, selector))
        return false;
    if (seg == SEG_CS || cpu_stack32(cpu) != stack32)
        cpu->events |= CPU_EVENT_RELOAD;
    return true;
}

/* The segment that `reg` of an encoding means: an 8086 looks at two bits. */
static unsigned segment_of(const struct cpu *cpu, const struct insn *insn)
{
    return cpu->model == CPU_8086 ? insn->reg & 3 : insn->reg;
}

static bool exists(const struct cpu *cpu, unsigned seg)
{
    return seg <= (cpu->model >= CPU_386 ? SEG_GS : SEG_DS);
}

bool exec_mov_seg_e(struct cpu *cpu, const struct insn *insn)
{
    unsigned seg = segment_of(cpu, insn);
    uint32_t value;

    if (!exists(cpu, seg) || (seg == SEG_CS && cpu->model > CPU_8086))
        return cpu_fault(cpu, VECTOR_UD, 0);
    if (!insn_read_e(cpu, insn, 2, &value) ||
        !load_register(cpu, seg, (uint16_t)value))
        return false;
    shadow(cpu, seg);
    return true;
}

bool exec_mov_e_seg(struct cpu *cpu, const struct insn *insn)
{
    unsigned seg = segment_of(cpu, insn);

    if (!exists(cpu, seg))
        return cpu_fault(cpu, VECTOR_UD, 0);
    return insn_write_e(cpu, insn, cpu->seg[seg].selector,
                        insn->flags & INSN_MEM ? 2 : insn_size(insn));
}

/* With a 32-bit operand, the 486 moves 2 bytes but ESP by 4 (SDM volume 3,
 * 22.31.1; the 386 is taken to do the same). */
bool exec_push_seg(struct cpu *cpu, const struct insn *insn)
{
    uint16_t selector = cpu->seg[segment_of(cpu, insn)].selector;
    struct frame frame;

    if (insn_size(insn) == 2)
        return stack_push(cpu, selector, 2);
    frame_begin(cpu, &frame, 4);
    frame_push_narrow(&frame, selector);
    if (!frame_check(cpu, &frame) || !frame_store(cpu, &frame))
        return false;
    cpu->reg[CPU_ESP] = frame.esp;
    return true;
}

bool exec_pop_seg(struct cpu *cpu, const struct insn *insn)
{
    unsigned seg = segment_of(cpu, insn);
    uint32_t mask = cpu_stack32(cpu) ? UINT32_MAX : UINT16_MAX;
    uint32_t value, esp = cpu->reg[CPU_ESP];

    if (!frame_peek(cpu, 0, 2, &value) ||
        !load_register(cpu, seg, (uint16_t)value))
        return false;
    /* POP SS moves the pointer by the size of the stack that it leaves. */
    cpu->reg[CPU_ESP] = (esp & ~mask) | ((esp + insn_size(insn)) & mask);
    shadow(cpu, seg);
    return true;
}

static void set_reg(struct cpu *cpu, const struct insn *insn, uint32_t value)
{
    uint32_t *reg = &cpu->reg[insn->reg];

    *reg = insn->flags & INSN_OP32 ? value : (*reg & 0xffff0000u) | value;
}

bool exec_load_far(struct cpu *cpu, const struct insn *insn)
{
    unsigned size = insn_size(insn);
    uint32_t at, offset, selector;

    if (!(insn->flags & INSN_MEM))
        return cpu_fault(cpu, VECTOR_UD, 0);
    at = insn_address(cpu, insn);
    if (!seg_load(cpu, insn->seg, at, size, &offset) ||
        !seg_load(cpu, insn->seg, sys_far_second(cpu, insn, at), 2,
                  &selector) ||
        !load_register(cpu, insn->imm2, (uint16_t)selector))
        return false;
    set_reg(cpu, insn, offset);
    return true;
}
