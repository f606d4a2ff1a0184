/* Decoded blocks: found by where they stand, dropped when their bytes change.
 *
 * A block is a run of instructions in one page, up to one that ends it; a
 * conditional jump does not. It is good for one physical address, one offset
 * in CS and one mode: everything else that its decoding depended on. An
 * instruction that lies on two pages is a block of its own.
 *
 * A page from which a block was decoded has MEM_PAGE_CODE, so every store to it
 * (the CPU's or a bus master's) comes by blocks_stored() before the next
 * instruction runs.
 *
 * Blocks stand in one arena and are named by their place in it, in units of 32
 * bytes. Nothing is freed alone: a dropped block stays where it is, marked so
 * that it can never be entered again, until the arena is full and everything
 * is forgotten at once. So a link from one block to another needs no care. */
#ifndef CPU_BLOCK_H
#define CPU_BLOCK_H

#include "cpu/state.h"

#define BLOCK_MAX  32           /* instructions */
#define BLOCK_DEAD (1u << 31)   /* count of a block that was dropped */
#define BLOCK_FAR  (1ull << 30) /* no limit is so far away */

/* What the handlers of a block rely on besides the bytes. */
enum {
    BLOCK_CODE32 = 1 << 0,
    BLOCK_STACK32 = 1 << 1,
    BLOCK_USER = 1 << 2,
    BLOCK_STEP = 1 << 3,  /* one instruction at a time, all flags right */
    BLOCK_FLAT_SHIFT = 4, /* six bits: segment n has base 0, limit 4 GiB */
    BLOCK_CS_0 = 1 << 10, /* the code segment's base is 0 */
    BLOCK_REAL = 1 << 11,
    BLOCK_V86 = 1 << 12,
    BLOCK_PLAIN_SHIFT =
        13,                /* six bits, in real mode and V86: segment n has a
                              limit of FFFF, and a load changes just the base */
    BLOCK_ARENA = 1 << 19, /* the address space has an arena; see mmu.h */
    BLOCK_LIMIT_SHIFT = 20 /* number of the code segment's limit */
};
#define BLOCK_FLAT(seg)  (1u << (BLOCK_FLAT_SHIFT + (seg)))
#define BLOCK_PLAIN(seg) (1u << (BLOCK_PLAIN_SHIFT + (seg)))

/* 32 bytes, so that instructions keep to cache lines. */
struct block {
    uint32_t count; /* instructions, or BLOCK_DEAD */
    uint32_t eip;   /* offset in CS of the first */
    uint32_t phys;  /* physical address (after A20) of the first byte */
    uint32_t mode;  /* BLOCK_* */
    uint32_t next_in_page;
    uint32_t alias; /* of a straddling instruction: the physical page of its
                       second part; of its stand-in there: the block */
    uint16_t bytes; /* of code in the page of `phys` */
    bool straddles;
    bool stand_in;      /* not a block, but the part of one in a second page */
    uint32_t next;      /* with the same hash */
    struct insn insn[]; /* and after them one that leads on */
};

/* In front of each block: what an engine (engine.h) keeps of it. */
struct block_tier {
    insn_fn *first;   /* the interpreter's handler of the first instruction */
    uint32_t heat;    /* the engine's: entries counted */
    uint32_t entry;   /* the engine's: translation that begins here */
    uint32_t users;   /* the engine's: chain of translations that contain it */
    uint32_t copies;  /* the engine's: how many translations contained it */
    uint32_t checked; /* the engine's: bit n: see guard_missed() */
    uint32_t tail;    /* the engine's: its translation for when few
                         instructions are left, or entries counted for it */
};

enum status blocks_create(struct cpu *cpu);
void blocks_destroy(struct cpu *cpu);

/* What blocks depend on now, without BLOCK_STEP. */
uint32_t blocks_mode(struct cpu *cpu);

/* The block at CS:EIP, decoded if need be. NULL: a fault was noted. May forget
 * all blocks. `mode`: as blocks_mode() gives it, perhaps with BLOCK_STEP. */
const struct block *blocks_find(struct cpu *cpu, uint32_t mode);

/* Lets the near branch `from` lead on to `to` from now on, if both stand in
 * one page. */
void blocks_link(struct cpu *cpu, const struct insn *from,
                 const struct block *to);

/* The block at a physical address if it is known already, else NULL. */
const struct block *blocks_known(const struct cpu *cpu, uint32_t phys,
                                 uint32_t eip, uint32_t mode);

struct block_tier *blocks_tier(struct cpu *cpu, const struct block *block);

/* Gives the first instruction of a block another handler. */
void blocks_set_first(struct cpu *cpu, const struct block *block, insn_fn *fn);

/* Bytes of a CODE page changed from `old`; never across a page. A store into
 * the running block ends it after the present instruction. */
void blocks_stored(struct cpu *cpu, paddr addr, unsigned size,
                   const uint8_t *old);

/* Forgets all blocks. Not while one runs. */
void blocks_flush(struct cpu *cpu);

/* Rows of pages are about to show something else. */
void blocks_remapped(struct cpu *cpu, uint32_t first_page, uint32_t pages);

/* Calls `visit` with each block that can be found. */
void blocks_visit(const struct cpu *cpu,
                  void (*visit)(void *context, const struct block *block),
                  void *context);

/* The number of blocks that can be found, and of page rows that hold them.
 * For tests. */
unsigned blocks_count(const struct cpu *cpu);

static inline const struct block *block_at(const struct cpu *cpu, uint32_t n)
{
    return (const struct block *)(const void *)(cpu->arena + (size_t)n * 32);
}

/* The block that an instruction stands in. */
static inline const struct block *block_of(const struct insn *insn)
{
    const char *first = (const char *)(insn - insn->index);

    return (const struct block *)(const void *)(first - sizeof(struct block));
}

static inline uint32_t block_insn_eip(const struct insn *insn)
{
    return block_of(insn)->eip + insn->offset;
}

/* Quick look-up by physical address; misses give another block or a dead one.
 */
#define BLOCK_HASH_BITS 16

static inline unsigned block_hash(uint32_t phys)
{
    return (phys ^ phys >> BLOCK_HASH_BITS) & ((1u << BLOCK_HASH_BITS) - 1);
}

#endif
