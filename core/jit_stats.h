/* What the translator (jit/) tells of itself, for people: figures of the
 * host's work, of which nothing is part of the machine's state. */
#ifndef CORE_JIT_STATS_H
#define CORE_JIT_STATS_H

#include "core/types.h"

#define JIT_STATS_LEFT 10

struct jit_stats {
    uint64_t translations;      /* of a region each */
    uint64_t blocks;            /* in them; one may be in several */
    uint64_t insns, insns_left; /* in these; left to the interpreter */
    uint64_t code_bytes;        /* of the host */
    uint64_t links_made, links_undone;
    uint64_t killed;             /* translations of code that changed */
    uint64_t evictions, flushes; /* generations; all that there was */
    /* Which instructions were left, by mnemonic, the most frequent first. */
    struct jit_left {
        const char *mnemonic; /* lives for ever */
        bool repeated;        /* behind REP, REPE or REPNE */
        uint64_t count;
    } left[JIT_STATS_LEFT];
    unsigned left_count;
};

#endif
