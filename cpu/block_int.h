/* What the block*.c files share: where blocks stand, and what stems from each
 * page. block.c finds and drops them, block_build.c decodes them. */
#ifndef CPU_BLOCK_INT_H
#define CPU_BLOCK_INT_H

#include "cpu/block.h"
#include "cpu/mmu.h"

#define UNIT         32u /* bytes */
#define ARENA_UNITS  (1u << 20)
#define ARENA_BYTES  ((size_t)ARENA_UNITS * UNIT)
#define BLOCK_UNITS  (3u + BLOCK_MAX) /* tier, header, instructions, end */
#define LIMITS       2048 /* code segment limits that blocks may stem from */
#define LIMIT_PLACES (2 * LIMITS)
#define PARTS        16u /* of a page, by which its blocks are found */
#define PART_BYTES   (MEM_PAGE_BYTES / PARTS)
#define PATCH_BITS   12

_Static_assert(sizeof(struct block) == UNIT, "block header");
_Static_assert(sizeof(struct insn) == UNIT, "instruction");
_Static_assert(sizeof(struct block_tier) == UNIT, "tier");

/* What stems from one page. */
struct code_page {
    /* Chains by next_in_page of the blocks that begin there; 0 ends them. */
    uint32_t part[PARTS];
    uint32_t blocks;      /* in all of them */
    uint32_t longest;     /* bytes of one */
    uint32_t next_active; /* chain of pages with blocks, number + 1 */
    const uint8_t *host;  /* what the page showed */
    bool active;
};

struct block_cache {
    uint8_t *memory; /* the arena */
    uint32_t used;   /* units */
    uint32_t hash[1u << BLOCK_HASH_BITS];
    struct code_page *pages;
    uint32_t active; /* first page with blocks, number + 1 */
    /* Numbers of limits: their places in this hash table. */
    uint32_t limits[LIMIT_PLACES];
    bool limit_used[LIMIT_PLACES];
    unsigned limit_count;
    uint32_t last_limit, last_number; /* that was asked for last */
    /* How many blocks that begin at such an address lost an immediate operand
     * only, since one lost more. */
    uint8_t patches[1u << PATCH_BITS];
};

static inline struct block *block_get(struct block_cache *cache, uint32_t n)
{
    return (struct block *)(void *)(cache->memory + (size_t)n * UNIT);
}

static inline uint32_t block_number(const struct block_cache *cache,
                                    const struct block *block)
{
    return (uint32_t)((size_t)((const uint8_t *)block - cache->memory) / UNIT);
}

/* Decodes the block of `mode` at CS:EIP, which stands at `phys`, and keeps it
 * if its page can be pointed to. NULL: a fault was noted. May forget all
 * blocks. */
const struct block *block_build(struct cpu *cpu, uint32_t phys, uint32_t mode);

#endif
