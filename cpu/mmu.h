/* From linear addresses to memory.
 *
 * An address space has two flat tables a privilege (read, write) of 2^20
 * entries, one a linear page: the addend that turns a linear address into a
 * host address, or MMU_INVALID. A hit is one load, one add and one sign test.
 * A miss takes mmu_load() or mmu_store(), which walk, set A and D bits, fault,
 * reach device windows, and fill the entry where the page allows plain access.
 *
 * Entries are derived data, dropped by whoever changes what they stem from
 * (mmu_flush(), page-table stores, remapped pages, flags of pages). So their
 * presence can never be observed by the guest. */
#ifndef CPU_MMU_H
#define CPU_MMU_H

#include <string.h>

#include "cpu/state.h"

#define MMU_INVALID INT64_MIN
/* In the write tables, plus the physical page: plain memory, but code was
 * decoded from parts of the page; see mmu_beside_code(). Added to an address it
 * is negative, too. */
#define MMU_BESIDE  (INT64_MIN / 2)
/* Plus the physical page: in both a device window, in the write tables a page
 * of page tables, too. Nor is that an address. */
#define MMU_DEVICE  (MMU_INVALID + 1)

/* Whether an entry is an addend. */
static inline bool mmu_is_plain(int64_t entry)
{
    return entry >= MMU_BESIDE + (int64_t)MEM_PAGES;
}

enum status mmu_create(struct cpu *cpu);
void mmu_destroy(struct cpu *cpu);

/* After a change of CR0.PG/WP, CR3, CR4 or the PDPTEs: selects the address
 * space and its tables. Nothing is flushed. */
void mmu_select(struct cpu *cpu);
/* After one of the privilege alone: other tables of the same space. */
void mmu_select_tables(struct cpu *cpu);

/* Drops every entry of every address space. */
void mmu_flush(struct cpu *cpu);
/* When a breakpoint register moves. INVLPG has nothing to do. */
void mmu_flush_page(struct cpu *cpu, laddr addr);

/* One physical page is about to become slow to write (code was decoded from
 * it, a watchpoint was set): drops the write entries that reach it. `page`:
 * physical page number. */
void mmu_protect_page(struct cpu *cpu, uint32_t page);

/* Full-path accesses of 1, 2 or 4 bytes, page crossing included. `user`: with
 * user rights; system structures are read with false. Both pages of a crossing
 * access are checked before either is touched. False: #PF (or #AC) noted. */
bool mmu_load(struct cpu *cpu, laddr addr, unsigned size, bool user,
              uint32_t *value);
bool mmu_store(struct cpu *cpu, laddr addr, uint32_t value, unsigned size,
               bool user);

/* Two words of a system structure, one behind the other. */
bool mmu_load_pair(struct cpu *cpu, laddr addr, uint32_t *low, uint32_t *high);

/* Fills the entries of `addr` for an access of the present privilege that is
 * about to happen, A and D bits included. False: do not count on it, the
 * access is to be made in full; or, with `fault`, it faults, and that is
 * noted. */
bool mmu_fill(struct cpu *cpu, laddr addr, bool write, bool fault);

/* Stores to a page of page tables that nobody else watches, if it is that; row
 * and offset as mmu_device() has them for the write table. */
bool mmu_store_entry(struct cpu *cpu, const struct mem_page *row,
                     uint32_t offset, uint32_t value);

/* Checks that a store of `size` bytes (1..4096) would not fault and does what
 * it would do to A and D bits. */
bool mmu_probe_write(struct cpu *cpu, laddr addr, unsigned size, bool user);

/* The physical address (after A20) of code at `addr` for the present
 * privilege. False: #PF noted. */
bool mmu_fetch_slow(struct cpu *cpu, laddr addr, paddr *phys);

static inline bool mmu_fetch(struct cpu *cpu, laddr addr, paddr *phys)
{
    uint32_t entry = cpu->fetch_table[addr >> MEM_PAGE_BITS];

    if (!entry)
        return mmu_fetch_slow(cpu, addr, phys);
    *phys = (paddr)(entry - 1) << MEM_PAGE_BITS | (addr & MEM_PAGE_MASK);
    return true;
}

/* Reads the four page-directory pointers at `cr3`, of PAE. False: one of them
 * has a reserved bit. */
bool mmu_load_pdptes(struct cpu *cpu, uint32_t cr3, uint64_t pdpte[4]);

/* Arenas, for engines that let the host check accesses.
 *
 * The present address space and privilege may have an arena: a window
 * (core/window.h) at cpu->window in which a linear page shows memory that the
 * read table's entry of that page leads to, and can be written only if the
 * write table leads there, too. Whatever drops an entry takes the page out of
 * the arena at once. So what the arena lets happen, the tables would. It is
 * filled where somebody asks; nothing but pages of RAM is ever shown.
 *
 * A space may lose its arena at any time at which RELOAD may be raised, and
 * get one by mmu_review_arena(). */

/* An access at `addr` by the arena failed, which the instruction that runs is
 * certain to do next. `whole`: nothing but this page can make it fail; if not,
 * no A or D bit is set for it. */
enum arena_fill {
    ARENA_FILLED, /* try again */
    ARENA_FAULTS, /* it may fault, or there is no arena any more */
    ARENA_NEVER   /* it has to go by the interpreter */
};
enum arena_fill mmu_arena_fill(struct cpu *cpu, laddr addr, bool write,
                               bool whole);

/* From now on spaces can have arenas: without paging at once, with paging if
 * mmu_review_arena(), called now and then, finds one to be worth it; with
 * `always`, all of them for good. */
void mmu_want_arenas(struct cpu *cpu, bool always);
void mmu_review_arena(struct cpu *cpu);

/* For debuggers: no fault, no A bit, no fill. False: not mapped. */
bool mmu_peek(struct cpu *cpu, laddr addr, paddr *phys);

/* The CPU's watcher (core/mem.h) hands these on: stores to pages that a walk
 * went through, and rows that are about to change. */
void mmu_stored(struct cpu *cpu, paddr addr, unsigned size, const uint8_t *old);
void mmu_remapped(struct cpu *cpu, uint32_t first_page, uint32_t pages);

/* 1, 2 or 4 bytes of host memory; hosts are little-endian. */
static inline uint32_t mmu_get(const uint8_t *from, unsigned size)
{
    uint32_t value;
    uint16_t half;

    if (size == 4) {
        memcpy(&value, from, 4);
        return value;
    }
    if (size == 1)
        return *from;
    memcpy(&half, from, 2);
    return half;
}

static inline void mmu_put(uint8_t *to, uint32_t value, unsigned size)
{
    uint16_t half = (uint16_t)value;

    if (size == 4)
        memcpy(to, &value, 4);
    else if (size == 1)
        *to = (uint8_t)value;
    else
        memcpy(to, &half, 2);
}

/* Quick path on one page, by a table. NULL: anything else, a crossing access, a
 * miss, a device. */
static inline uint8_t *mmu_host(const int64_t *table, laddr addr, unsigned size)
{
    int64_t addend = table[addr >> MEM_PAGE_BITS];

    if (!mmu_is_plain(addend) || (addr & MEM_PAGE_MASK) > MEM_PAGE_BYTES - size)
        return NULL;
    return (uint8_t *)(uintptr_t)((int64_t)addr + addend);
}

static inline const uint8_t *mmu_read_host(const struct cpu *cpu, laddr addr,
                                           unsigned size)
{
    return mmu_host(cpu->read_table, addr, size);
}

static inline uint8_t *mmu_write_host(const struct cpu *cpu, laddr addr,
                                      unsigned size)
{
    return mmu_host(cpu->write_table, addr, size);
}

/* Where `size` bytes may be stored plainly with the rights of `user`, which is
 * as at present, or false; NULL: not so simple. */
static inline uint8_t *mmu_write_host_as(const struct cpu *cpu, laddr addr,
                                         unsigned size, bool user)
{
    return mmu_host(user == cpu->user ? cpu->write_table
                                      : cpu->system_write_table,
                    addr, size);
}

/* The row of a page that is not memory, or not plain, and that `table` names
 * at `addr`; NULL: something else, or the access leaves the page. */
static inline const struct mem_page *mmu_device(const struct cpu *cpu,
                                                const int64_t *table,
                                                laddr addr, unsigned size)
{
    uint64_t page =
        (uint64_t)table[addr >> MEM_PAGE_BITS] - (uint64_t)MMU_DEVICE;

    if (page >= MEM_PAGES || (addr & MEM_PAGE_MASK) > MEM_PAGE_BYTES - size)
        return NULL;
    return &cpu->mem->pages[page];
}

/* The same of a quiet device (core/bus.h) that takes this size at once. */
static inline const struct mem_page *mmu_quiet(const struct cpu *cpu,
                                               const int64_t *table, laddr addr,
                                               unsigned size)
{
    const struct mem_page *row = mmu_device(cpu, table, addr, size);

    return row && row->ops && !(~row->ops->sizes & (BUS_QUIET | size)) ? row
                                                                       : NULL;
}

/* The row of a page that holds code, beside which data may be stored; NULL:
 * something else, or the access leaves the page. */
static inline const struct mem_page *mmu_code_page(const struct cpu *cpu,
                                                   laddr addr, unsigned size)
{
    uint64_t page = (uint64_t)cpu->write_table[addr >> MEM_PAGE_BITS] -
                    (uint64_t)MMU_BESIDE;

    if (page >= MEM_PAGES || (addr & MEM_PAGE_MASK) > MEM_PAGE_BYTES - size)
        return NULL;
    return &cpu->mem->pages[page];
}

/* Host address there, where no code is touched: data of small programs stands
 * there. NULL for anything else. */
static inline uint8_t *mmu_beside_code(const struct cpu *cpu, laddr addr,
                                       unsigned size)
{
    const struct mem_page *row = mmu_code_page(cpu, addr, size);
    uint32_t offset = addr & MEM_PAGE_MASK;

    if (!row || !(row->flags & MEM_PAGE_CODE) ||
        (row->granules & mem_granules(offset, size)))
        return NULL;
    return row->host + offset;
}

#endif
