/* A stack frame that a far transfer or an interrupt pushes: collected first,
 * checked as a whole, then stored, so that nothing is written when the last
 * word of it would fault. The stack may be one that is not yet in SS. */
#ifndef CPU_FRAME_H
#define CPU_FRAME_H

#include "cpu/seg.h"

#define FRAME_WORDS 44 /* 31 parameters of a call gate and all else */

struct frame {
    struct segment ss;
    uint32_t esp;   /* before the first push; after frame_store(): the new */
    uint16_t error; /* for #SS: selector of a new stack, or 0 */
    bool user;      /* with the rights of privilege 3 */
    uint8_t size;   /* of every word: 2 or 4 */
    uint8_t count;
    uint64_t narrow; /* bit n: word n is stored as 2 bytes only */
    uint32_t word[FRAME_WORDS];
};

/* On the present stack. */
void frame_begin(struct cpu *cpu, struct frame *frame, unsigned size);

void frame_push(struct frame *frame, uint32_t value);
/* Takes a place of the frame's size, of which only 2 bytes are written. */
void frame_push_narrow(struct frame *frame, uint16_t value);

/* False: #SS(error) or #PF noted. */
bool frame_check(struct cpu *cpu, const struct frame *frame);

/* After a successful check. Does not set ESP; see frame.esp. False only when
 * the stack lies on the page tables that map it: #PF noted. */
bool frame_store(struct cpu *cpu, struct frame *frame);

/* Reads the word at `offset` above the top of the present stack. */
bool frame_peek(struct cpu *cpu, uint32_t offset, unsigned size,
                uint32_t *value);
/* Drops `bytes` from the present stack. */
void frame_release(struct cpu *cpu, uint32_t bytes);

#endif
