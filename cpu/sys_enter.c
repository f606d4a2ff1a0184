/* ENTER with nesting: copies the frame pointers of the enclosing procedures. */
#include "cpu/sys_int.h"

/* What a load at `at` gives once the words of the frame are stored: the chain
 * of frame pointers may lie where they go. */
static uint32_t with_frame(const struct frame *frame, uint32_t mask,
                           uint32_t at, uint32_t value)
{
    for (unsigned i = 0; i < frame->size; i++) {
        uint32_t below = (frame->esp - (at + i)) & mask; /* 1: the topmost */
        uint32_t word = (below - 1) / frame->size;
        unsigned byte = frame->size - 1 - (below - 1) % frame->size;

        if (!below || word >= frame->count)
            continue;
        value &= ~(0xffu << (8 * i));
        value |= (frame->word[word] >> (8 * byte) & 0xff) << (8 * i);
    }
    return value;
}

/* Pushes EBP, the pointers of level - 1 frames that it leads to, and the new
 * frame's own. */
static bool collect(struct cpu *cpu, struct frame *frame, unsigned level,
                    uint32_t pointer)
{
    uint32_t ebp = cpu->reg[CPU_EBP];
    uint32_t mask = cpu_stack32(cpu) ? UINT32_MAX : UINT16_MAX;

    frame_push(frame, ebp);
    if (level == 0)
        return true;
    for (unsigned i = 1; i < level; i++) {
        uint32_t at = (ebp - i * frame->size) & mask, value;

        if (!seg_load(cpu, SEG_SS, at, frame->size, &value))
            return false;
        frame_push(frame, with_frame(frame, mask, at, value));
    }
    frame_push(frame, pointer);
    return true;
}

/* A write at the new top must be possible (SDM volume 2, ENTER). */
static bool check_top(struct cpu *cpu, uint32_t top)
{
    if (cpu->model <= CPU_286)
        return true;
    return seg_check_write(cpu, SEG_SS, top, 1) &&
           mmu_probe_write(cpu, cpu->seg[SEG_SS].base + top, 1, cpu->user);
}

bool exec_enter_nested(struct cpu *cpu, const struct insn *insn)
{
    uint32_t mask = cpu_stack32(cpu) ? UINT32_MAX : UINT16_MAX;
    uint32_t esp = cpu->reg[CPU_ESP], pointer, top;
    struct frame frame;

    frame_begin(cpu, &frame, insn_size(insn));
    pointer = (esp & ~mask) | ((esp - frame.size) & mask);
    if (!collect(cpu, &frame, insn->imm2 & 31, pointer))
        return false;
    top = esp - (uint32_t)frame.count * frame.size - (insn->imm & 0xffff);
    if (!frame_check(cpu, &frame) || !check_top(cpu, top & mask) ||
        !frame_store(cpu, &frame))
        return false;
    cpu->reg[CPU_ESP] = (esp & ~mask) | (top & mask);
    if (frame.size == 2)
        pointer = (cpu->reg[CPU_EBP] & 0xffff0000u) | (pointer & 0xffff);
    cpu->reg[CPU_EBP] = pointer;
    return true;
}
