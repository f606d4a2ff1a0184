/* What is translated at once: a hot block with the blocks near it. */
#ifndef JIT_REGION_H
#define JIT_REGION_H

#include "cpu/block.h"

#define REGION_BLOCKS  24
#define REGION_INSNS   160
/* Calls that a region follows, one inside the other. */
#define REGION_DEPTH   2
/* Instructions that may run between two looks at the count: each block of a
 * region once, and again on the way back from each call. */
#define REGION_RESERVE 512

/* One block of a plan; the first is where it is entered. */
struct plan_block {
    const struct block *block;
    unsigned count;   /* instructions up to where another block begins */
    bool checked;     /* looks at the count: something jumps back to it, or
                         calls it */
    bool called;      /* reached through a call: worth a copy */
    bool returned_to; /* from a call that the region follows */
    /* Flags before the block and after each instruction: that somebody will
     * look at, be it in a fault; and that an instruction will read. */
    uint32_t need_in, read_in;
    uint32_t need[BLOCK_MAX], read[BLOCK_MAX];
};

struct plan {
    unsigned count;
    struct plan_block block[REGION_BLOCKS];
};

/* Chooses what goes with `head`. Depends on the guest's past alone. `alone`:
 * nothing. */
void plan_choose(struct plan *plan, struct cpu *cpu, const struct block *head,
                 bool alone);

/* What follows a block. */
uint32_t plan_next_eip(const struct plan_block *b);

/* The block that begins at `eip`, or -1. */
int plan_find(const struct plan *plan, uint32_t eip);

/* Fills in need and read. `native`: whether an instruction is translated,
 * rather than left to the interpreter. */
void plan_flags(struct plan *plan, const struct cpu *cpu,
                bool (*native)(const struct cpu *cpu, const struct insn *insn));

/* Whether an instruction ends straight-line code by a jump whose target is
 * known, and where it leads. */
bool insn_is_jump(const struct insn *insn);

/* Flags that a translated instruction gives anew in any case. */
uint32_t insn_flags_given(const struct insn *insn);

_Static_assert((REGION_DEPTH + 1) * REGION_INSNS <= REGION_RESERVE, "reserve");

#endif
