/* What the mmu*.c files share: address spaces and the page walk.
 *
 * What was filled is remembered, so that it can be dropped exactly. A `fill`
 * record stands in the chain of its physical page (for remapped and newly
 * protected pages) and in that of the page table which gave it (for stores to
 * the tables, and for eviction). A record may outlive the entry it made; it
 * never misses one.
 *
 * The page tables that a space has gone through are known by the part of the
 * linear addresses that they cover, its `slot`. A page that is a table has
 * MEM_PAGE_TABLE and a chain of the slots that it serves. An entry in use has
 * P and A set, and any change of it comes by mmu_stored(); so the slot of a
 * table is given up with the directory's entry that led there, and a page that
 * serves no slot any more is plain memory again. */
#ifndef CPU_MMU_INT_H
#define CPU_MMU_INT_H

#include "cpu/mmu.h"

#define MMU_SPACES 32
#define MMU_FILLS  (1u << 17)

/* Slots: 4 MiB of linear addresses each, 2 MiB with PAE; and behind them the
 * page directories, of which PAE has four. */
#define MMU_TABLES 2048u
#define MMU_SLOTS  (MMU_TABLES + 4)

/* Which tables of its space a fill stands in. */
enum {
    FILL_READ = 1 << 0,
    FILL_WRITE = 1 << 1,
    FILL_FETCH = 1 << 2,
    FILL_USER_SHIFT = 3, /* the same three for the user's tables */
};

struct fill {
    uint32_t vpn, page;     /* linear and physical page */
    uint32_t next, prev;    /* in the chain of the physical page */
    uint32_t next_in_table; /* in the chain of the slot, or of the free */
    uint8_t space, kinds;
};

struct slot {
    uint32_t page;       /* physical page of the table + 1; 0: none known */
    uint32_t next, prev; /* in the chain of that page: number + 1 */
    uint32_t fills;      /* chain; 0 ends it */
};

#define ARENA_CHUNK_BITS 12
#define ARENA_CHUNKS     (MEM_PAGES >> ARENA_CHUNK_BITS)

/* What a linear page of an arena lets happen. */
enum {
    ARENA_NOTHING,
    ARENA_READ,
    ARENA_WRITE, /* read, too */
};

/* Only mmu_arena.c looks into it; see there. */
struct arena {
    uint8_t *window;
    uint8_t *rights;           /* by linear page: ARENA_* and more */
    uint8_t any[ARENA_CHUNKS]; /* some page of a chunk has rights */
    unsigned calls;            /* of the host since it was empty */
    int64_t credit;            /* such calls that it may cause */
    uint64_t since;            /* instructions retired when that was counted */
    unsigned losses;           /* how often it was too many */
    uint64_t seen;             /* the last review that met it */
    bool off;                  /* empty and not used before `since` */
};

struct addr_space {
    uint64_t root[4]; /* key: CR3, or the four PDPTEs */
    uint32_t mode;    /* key: see mode_key() */
    bool used;
    bool filled;        /* some slot may have fills */
    unsigned strangers; /* see mmu_stored() */
    uint64_t last_used;
    int64_t *read[2], *write[2]; /* supervisor's, user's */
    uint32_t *fetch[2];
    uint64_t fetch_name[2]; /* as cpu->fetch_name has it */
    struct arena *arena[2]; /* NULL: none */
    unsigned met[2];        /* by reviews of arenas */
    struct slot slot[MMU_SLOTS];
};

struct mmu {
    struct cpu *cpu; /* borrowed: it owns the mmu */
    struct flat_source *source;
    struct addr_space *spaces; /* MMU_SPACES */
    uint64_t selections;
    uint64_t forgotten; /* tables that were given up */
    struct fill *fills; /* [0] unused: 0 means none */
    uint32_t fill_count, free_fills;
    uint32_t *fills_of; /* by physical page: chain of fills */
    uint32_t *slots_of; /* by physical page: chain of slots, number + 1 */
    bool marking;       /* a walk sets A and D: no news */
    bool arenas;        /* somebody uses them */
    bool arenas_always; /* whatever they cost */
    uint64_t reviews;   /* of arenas */
    const struct addr_space *met; /* by the last review in a kernel */
};

/* What is asked of a translation, and its answer. */
struct request {
    laddr addr;
    bool user, write;
    bool peek; /* change nothing, remember nothing */
};

struct walk {
    paddr phys;
    bool passing; /* not to be remembered: a table stands in a device */
};

/* False: #PF noted. */
bool mmu_translate(struct cpu *cpu, const struct request *rq, struct walk *out);

/* Whether that would succeed for certain. Changes nothing. */
bool mmu_allows(struct cpu *cpu, laddr addr, bool user, bool write);

/* As mmu_translate(), but false notes no fault: nothing has happened. */
bool mmu_try(struct cpu *cpu, const struct request *rq, struct walk *out);

/* The slot of a linear page in the present space. */
static inline unsigned mmu_slot_of(const struct addr_space *space, uint32_t vpn)
{
    return vpn >> (space->mode & CR4_PAE ? 9 : 10);
}

/* The page at `at` is the table of `slot` in the present space: from now on
 * its stores come by mmu_stored(). False: that cannot be. */
bool mmu_note_table(struct cpu *cpu, unsigned slot, paddr at);

/* Remembers that `kinds` entries of `vpn` lead to physical page `page`. */
void mmu_note_fill(struct cpu *cpu, uint32_t vpn, uint32_t page,
                   unsigned kinds);

/* Makes the entry of `addr` quick or names the device, where the physical page
 * allows. */
void mmu_fill_entry(struct cpu *cpu, laddr addr, const struct walk *walk,
                    bool user, bool write);

/* mmu_arena.c */
void arena_destroy(struct arena *arena);
/* Entries of the read table were dropped, or of the write table only. All
 * arenas may be NULL. */
void arena_drop(struct cpu *cpu, struct arena *arena, uint32_t vpn,
                uint32_t pages);
void arena_drop_write(struct cpu *cpu, struct arena *arena, uint32_t vpn);
/* What cpu->window is to be, by the present space and privilege. */
void arena_select(struct cpu *cpu);

#define PTE_P  0x001u
#define PTE_W  0x002u
#define PTE_U  0x004u
#define PTE_A  0x020u
#define PTE_D  0x040u
#define PTE_PS 0x080u

#endif
