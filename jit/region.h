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

/* What a host makes of an instruction. */
struct insn_host {
    bool native;    /* translated, rather than left to the interpreter */
    bool keeps;     /* flags that it does not give stay in the host's flags */
    bool guarded;   /* it leaves with the host's flags at hand, if at all */
    uint32_t gives; /* flags that it leaves there */
};

struct plan_insn {
    struct insn_host host;
    bool special;   /* interp_is_special(), so not here at all */
    bool leaves;    /* may do so in the middle, with the flags before it */
    uint32_t given; /* flags that it gives anew in any case, if translated */
    /* Flags after it: that somebody will look at, be it in a fault; and that
     * an instruction will read. */
    uint32_t need, read;
    /* That are looked at where the host's flags will be at hand, so need not
     * follow from anything else. */
    uint32_t held;
};

/* One block of a plan; the first is where it is entered. */
struct plan_block {
    const struct block *block;
    unsigned count;   /* instructions up to where another block begins */
    bool checked;     /* looks at the count: something jumps back to it, or
                         calls it */
    bool called;      /* reached through a call: worth a copy */
    bool returned_to; /* from a call that the region follows */
    /* Flags before the block, as in struct plan_insn. */
    uint32_t need_in, read_in;
    /* Flags before the block that the host's flags may hold already: whoever
     * looks at them will find them there, so they need not follow from anything
     * else. */
    uint32_t carry_in, held_in;
    struct plan_insn insn[BLOCK_MAX]; /* count of them */
};

struct plan {
    unsigned count;
    struct plan_block block[REGION_BLOCKS];
};

/* Chooses what goes with `head`. Depends on the guest's past alone. `alone`:
 * nothing. */
void plan_choose(struct plan *plan, struct cpu *cpu, const struct block *head,
                 bool alone);

/* Whether it is in a loop with blocks that begin translations already: one of
 * all of them is large, and waits until it is worth it. */
bool plan_is_around(struct cpu *cpu, const struct block *head);

/* The same with blocks that were chosen before, fewer than REGION_BLOCKS or as
 * many. */
void plan_again(struct plan *plan, const struct block *const *blocks,
                unsigned count);

/* What follows a block. */
uint32_t plan_next_eip(const struct plan_block *b);

/* The block that begins at `eip`, or -1. */
int plan_find(const struct plan *plan, uint32_t eip);

typedef struct insn_host insn_host_fn(struct cpu *cpu, const struct insn *insn);

/* Fills in `insn` of all blocks. */
void plan_flags(struct plan *plan, struct cpu *cpu, insn_host_fn *host);

/* Whether an instruction ends straight-line code by a jump whose target is
 * known, and where it leads. */
bool insn_is_jump(const struct insn *insn);

_Static_assert((REGION_DEPTH + 1) * REGION_INSNS <= REGION_RESERVE, "reserve");

#endif
