#include "cpu/frame.h"

#include <assert.h>

static uint32_t stack_mask(const struct segment *ss)
{
    return ss->access & ACCESS_D ? UINT32_MAX : UINT16_MAX;
}

void frame_begin(struct cpu *cpu, struct frame *frame, unsigned size)
{
    frame->ss = cpu->seg[SEG_SS];
    frame->esp = cpu->reg[CPU_ESP];
    frame->error = 0;
    frame->user = cpu->user;
    frame->size = (uint8_t)size;
    frame->count = 0;
    frame->narrow = 0;
}

void frame_push(struct frame *frame, uint32_t value)
{
    assert(frame->count < FRAME_WORDS);
    frame->word[frame->count++] = value;
}

void frame_push_narrow(struct frame *frame, uint16_t value)
{
    frame->narrow |= UINT64_C(1) << frame->count;
    frame_push(frame, value);
}

static uint32_t word_offset(const struct frame *frame, unsigned n)
{
    return (frame->esp - (n + 1) * frame->size) & stack_mask(&frame->ss);
}

static unsigned word_size(const struct frame *frame, unsigned n)
{
    return frame->narrow >> n & 1 ? 2 : frame->size;
}

/* Where the whole frame can be stored plainly: it lies in one page of RAM, and
 * in the segment, without a wrap. NULL: word by word. */
static uint8_t *plain_host(const struct cpu *cpu, const struct frame *frame)
{
    unsigned bytes = (unsigned)frame->count * frame->size;
    uint32_t top;

    if (!bytes || frame->narrow)
        return NULL;
    top = word_offset(frame, frame->count - 1u);
    if (top + (bytes - 1) > stack_mask(&frame->ss) ||
        !seg_allows(&frame->ss, top, bytes, true) ||
        (frame->user && (cpu->eflags & FLAG_AC)))
        return NULL;
    return mmu_write_host_as(cpu, frame->ss.base + top, bytes, frame->user);
}

bool frame_check(struct cpu *cpu, const struct frame *frame)
{
    if (plain_host(cpu, frame) || cpu->model == CPU_8086)
        return true;
    for (unsigned n = 0; n < frame->count; n++) {
        uint32_t offset = word_offset(frame, n);
        unsigned size = word_size(frame, n);
        laddr addr = frame->ss.base + offset;

        if (!seg_allows(&frame->ss, offset, size, true))
            return cpu_fault(cpu, seg_stack_vector(cpu),
                             (frame->error & ~3u) | cpu->ext);
        if (frame->user && seg_unaligned(cpu, addr, size))
            return cpu_fault(cpu, VECTOR_AC, 0);
        if (frame->user == cpu->user && mmu_write_host(cpu, addr, size))
            continue;
        if (!mmu_probe_write(cpu, addr, size, frame->user))
            return false;
    }
    return true;
}

static bool store_word(struct cpu *cpu, const struct frame *frame, unsigned n)
{
    uint32_t offset = word_offset(frame, n), value = frame->word[n];
    unsigned size = word_size(frame, n);
    laddr base = frame->ss.base;

    if (cpu->model == CPU_8086 && offset == 0xffff)
        return mmu_store(cpu, base + offset, value & 0xff, 1, false) &&
               mmu_store(cpu, base, value >> 8 & 0xff, 1, false);
    if (size == 2)
        value &= 0xffff;
    return mmu_store(cpu, base + offset, value, size, frame->user);
}

bool frame_store(struct cpu *cpu, struct frame *frame)
{
    uint32_t mask = stack_mask(&frame->ss);
    uint8_t *host = plain_host(cpu, frame);

    for (unsigned n = 0; n < frame->count; n++) {
        unsigned place = (unsigned)(frame->count - 1 - n) * frame->size;

        if (host)
            mmu_put(host + place, frame->word[n], frame->size);
        else if (!store_word(cpu, frame, n))
            return false;
    }
    frame->esp = (frame->esp & ~mask) |
                 ((frame->esp - (uint32_t)frame->count * frame->size) & mask);
    return true;
}

bool frame_peek(struct cpu *cpu, uint32_t offset, unsigned size,
                uint32_t *value)
{
    uint32_t at = cpu->reg[CPU_ESP] + offset;

    return seg_load(cpu, SEG_SS, at & stack_mask(&cpu->seg[SEG_SS]), size,
                    value);
}

void frame_release(struct cpu *cpu, uint32_t bytes)
{
    uint32_t mask = stack_mask(&cpu->seg[SEG_SS]);
    uint32_t esp = cpu->reg[CPU_ESP];

    cpu->reg[CPU_ESP] = (esp & ~mask) | ((esp + bytes) & mask);
}
