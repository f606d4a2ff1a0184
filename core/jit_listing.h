/* A translation (jit/) taken apart, for people. It is told in this order: head,
 * blocks with their instructions, host code, links. */
#ifndef CORE_JIT_LISTING_H
#define CORE_JIT_LISTING_H

#include "core/types.h"

struct jit_list_head {
    uint32_t eip, base;        /* where it is entered, in CS; of CS */
    uint64_t host;             /* where its code runs */
    size_t bytes;              /* of that; 0: not known, see `matched` */
    unsigned blocks, left_out; /* translations that contain the place but are
                                  not told of */
    bool matched; /* what is told is what runs; else things are no more as they
                     were when it was made, and it is not told how */
};

struct jit_list_block {
    unsigned number;
    uint32_t eip;
    unsigned count, whole; /* instructions: of it, of the decoded block */
    bool checked;          /* looks at the count of instructions */
};

/* Flags as in EFLAGS. */
struct jit_list_insn {
    uint32_t eip;
    bool native;         /* else the interpreter does it */
    uint32_t need, read; /* behind it: flags that somebody may look at, that
                            an instruction reads */
};

struct jit_list_code {
    const uint8_t *code;
    size_t bytes;
    uint64_t host; /* where it runs */
};

/* A point where it hands over, with how the flags follow there. */
struct jit_list_site {
    const char *kind;
    uint32_t eip;
    unsigned refund; /* instructions that were counted and are not done */
    const char *flags;
};

struct jit_listing {
    void *context; /* for all of these */
    void (*head)(void *context, const struct jit_list_head *head);
    void (*block)(void *context, const struct jit_list_block *block);
    void (*insn)(void *context, const struct jit_list_insn *insn);
    /* Host code of a block begins, entered with `flags`. */
    void (*node)(void *context, unsigned number, const char *flags);
    /* Host code of an instruction begins, or what stands out of the way. */
    void (*place)(void *context, uint32_t eip);
    void (*away)(void *context);
    void (*code)(void *context, const struct jit_list_code *code);
    void (*site)(void *context, const struct jit_list_site *site);
    /* A jump out to `eip` (linked: it leads to a translation), or the entry of
     * a translation from which one leads here. */
    void (*link)(void *context, uint32_t eip, bool out, bool linked);
};

/* Why blocks run by the interpreter, or do not; each block once. */
/* clang-format off */
#define JIT_REASONS(X) \
    X(HEAD,     "entered as a translation") \
    X(INSIDE,   "inside of others' translations, and cold by itself") \
    X(COLD,     "too cold: entered too few times") \
    X(CHANGING, "too cold for a page whose code changes often") \
    X(SPECIAL,  "the first instruction is undefined, too long or leads nowhere") \
    X(STEPPED,  "one instruction at a time: a debugger, TF") \
    X(ENDED,    "its translation ended; the next entry makes a new one") \
    X(REFUSED,  "too large, or nothing to gain")
/* clang-format on */

enum jit_reason {
#define X(name, text) JIT_REASON_##name,
    JIT_REASONS(X)
#undef X
    JIT_REASON_COUNT
};

struct jit_reasons {
    uint32_t blocks[JIT_REASON_COUNT];
};

#endif
