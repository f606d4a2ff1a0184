/* Address spaces and the page walk; see mmu.h.
 *
 * What was filled is remembered twice over, so that it can be dropped exactly:
 * a `fill` record stands in the chain of its physical page (for remapped and
 * newly protected pages) and in the chain of its address space (for eviction).
 * A record may outlive the entry it made; it never misses one.
 *
 * Which linear pages stem from a page of the page tables is remembered by
 * `use` records in the chain of that page, whose row has MEM_PAGE_TABLE: a
 * store there drops just the entries of the changed page-table entry. */
#include "cpu/mmu.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/flat.h"
#include "cpu/debug_int.h"

#define SPACES     32
#define FILLS      (1u << 17)
#define USES       (1u << 15)
#define TABLE_SPAN (1u << 10) /* entries in a page table */

#define PTE_P  0x001u
#define PTE_W  0x002u
#define PTE_U  0x004u
#define PTE_A  0x020u
#define PTE_D  0x040u
#define PTE_PS 0x080u

#define PF_P 1u /* error code: protection violation */
#define PF_W 2u
#define PF_U 4u

/* Which tables of its space a fill stands in. */
enum {
    FILL_READ = 1 << 0,
    FILL_WRITE = 1 << 1,
    FILL_FETCH = 1 << 2,
    FILL_USER_SHIFT = 3, /* the same three for the user's tables */
};

struct fill {
    uint32_t vpn, page;  /* linear and physical page */
    uint32_t next, prev; /* in the chain of the physical page */
    uint32_t next_in_space;
    uint8_t space, kinds;
};

struct use {
    uint32_t vpn; /* the first linear page that the table covers */
    uint32_t next;
    uint8_t space;
    bool directory;
};

struct addr_space {
    uint32_t cr3, mode; /* key; mode: see mode_key() */
    bool used;
    uint64_t last_used;
    int64_t *read[2], *write[2]; /* supervisor's, user's */
    uint32_t *fetch[2];
    uint32_t fills; /* chain; 0 ends it */
};

struct mmu {
    struct flat_source *source;
    struct addr_space spaces[SPACES];
    uint64_t selections;
    struct fill *fills; /* [0] unused: 0 means none */
    uint32_t fill_count, free_fills;
    struct use *uses; /* [0] unused */
    uint32_t use_count;
    uint32_t *fills_of; /* by physical page: chain of fills */
    uint32_t *uses_of;  /* by physical page: chain of uses */
};

/* What a walk found. */
struct walk {
    paddr phys;
};

static void destroy_space(struct mmu *mmu, struct addr_space *space)
{
    for (unsigned i = 0; i < 2; i++) {
        flat_destroy(mmu->source, space->read[i]);
        flat_destroy(mmu->source, space->write[i]);
        free(space->fetch[i]);
    }
}

void mmu_destroy(struct cpu *cpu)
{
    struct mmu *mmu = cpu->mmu;

    if (!mmu)
        return;
    for (unsigned i = 0; i < SPACES; i++)
        destroy_space(mmu, &mmu->spaces[i]);
    flat_source_destroy(mmu->source);
    free(mmu->fills);
    free(mmu->uses);
    free(mmu->fills_of);
    free(mmu->uses_of);
    free(mmu);
    cpu->mmu = NULL;
}

/* Gives a space its tables; a space keeps them for good. */
static bool make_tables(struct mmu *mmu, struct addr_space *space)
{
    for (unsigned i = 0; i < 2; i++) {
        if (!space->read[i])
            space->read[i] = flat_create(mmu->source);
        if (!space->write[i])
            space->write[i] = flat_create(mmu->source);
        if (!space->fetch[i])
            space->fetch[i] = calloc(MEM_PAGES, sizeof(uint32_t));
        if (!space->read[i] || !space->write[i] || !space->fetch[i])
            return false;
    }
    return true;
}

enum status mmu_create(struct cpu *cpu)
{
    struct mmu *mmu = calloc(1, sizeof(*mmu));

    cpu->mmu = mmu;
    if (!mmu)
        return STATUS_NO_MEMORY;
    mmu->source = flat_source_create(MEM_PAGES, MMU_INVALID);
    mmu->fills = calloc(FILLS, sizeof(*mmu->fills));
    mmu->uses = calloc(USES, sizeof(*mmu->uses));
    mmu->fills_of = calloc(MEM_PAGES + 1, sizeof(uint32_t));
    mmu->uses_of = calloc(MEM_PAGES + 1, sizeof(uint32_t));
    mmu->fill_count = mmu->use_count = 1;
    if (!mmu->source || !mmu->fills || !mmu->uses || !mmu->fills_of ||
        !mmu->uses_of || !make_tables(mmu, &mmu->spaces[0])) {
        mmu_destroy(cpu);
        return STATUS_NO_MEMORY;
    }
    return STATUS_OK;
}

/* Dropping entries. */

static void drop_entries(struct addr_space *space, uint32_t vpn, unsigned kinds)
{
    for (unsigned user = 0; user < 2; user++, kinds >>= FILL_USER_SHIFT) {
        if (kinds & FILL_READ)
            space->read[user][vpn] = MMU_INVALID;
        if (kinds & FILL_WRITE)
            space->write[user][vpn] = MMU_INVALID;
        if (kinds & FILL_FETCH)
            space->fetch[user][vpn] = 0;
    }
}

#define ALL_KINDS   0x3fu
#define WRITE_KINDS (FILL_WRITE | FILL_WRITE << FILL_USER_SHIFT)

/* Forgets a fill: out of the chain of its page, to the free list. */
static void unlink_fill(struct mmu *mmu, uint32_t n)
{
    struct fill *f = &mmu->fills[n];

    if (f->prev)
        mmu->fills[f->prev].next = f->next;
    else
        mmu->fills_of[f->page] = f->next;
    if (f->next)
        mmu->fills[f->next].prev = f->prev;
}

static void clear_space(struct mmu *mmu, struct addr_space *space)
{
    uint32_t next;

    for (uint32_t n = space->fills; n; n = next) {
        struct fill *f = &mmu->fills[n];

        next = f->next_in_space;
        drop_entries(space, f->vpn, f->kinds);
        unlink_fill(mmu, n);
        f->next_in_space = mmu->free_fills;
        mmu->free_fills = n;
    }
    space->fills = 0;
}

void mmu_flush(struct cpu *cpu)
{
    for (unsigned i = 0; i < SPACES; i++)
        clear_space(cpu->mmu, &cpu->mmu->spaces[i]);
    cpu->events |= CPU_EVENT_RELOAD;
}

void mmu_flush_page(struct cpu *cpu, laddr addr)
{
    for (unsigned i = 0; i < SPACES; i++) {
        if (cpu->mmu->spaces[i].read[0])
            drop_entries(&cpu->mmu->spaces[i], addr >> MEM_PAGE_BITS,
                         ALL_KINDS);
    }
    cpu->events |= CPU_EVENT_RELOAD;
}

static void drop_page(struct mmu *mmu, uint32_t page, unsigned kinds)
{
    for (uint32_t n = mmu->fills_of[page]; n; n = mmu->fills[n].next) {
        struct fill *f = &mmu->fills[n];

        drop_entries(&mmu->spaces[f->space], f->vpn, f->kinds & kinds);
        f->kinds &= (uint8_t)~kinds;
    }
}

void mmu_protect_page(struct cpu *cpu, uint32_t page)
{
    assert(page <= MEM_PAGES);
    drop_page(cpu->mmu, page, WRITE_KINDS);
}

void mmu_remapped(struct cpu *cpu, uint32_t first_page, uint32_t pages)
{
    if (pages == MEM_PAGES) {
        mmu_flush(cpu);
        return;
    }
    for (uint32_t i = 0; i < pages; i++)
        drop_page(cpu->mmu, first_page + i, ALL_KINDS);
    cpu->events |= CPU_EVENT_RELOAD;
}

/* One page-table entry changed: drops what it and only it gave. */
static void drop_use(struct mmu *mmu, const struct use *use, uint32_t index)
{
    struct addr_space *space = &mmu->spaces[use->space];
    uint32_t span = use->directory ? TABLE_SPAN : 1;
    uint32_t vpn = use->vpn + index * span;

    for (uint32_t i = 0; i < span; i++)
        drop_entries(space, vpn + i, ALL_KINDS);
}

void mmu_stored(struct cpu *cpu, paddr addr, unsigned size)
{
    struct mmu *mmu = cpu->mmu;
    uint32_t page = (uint32_t)(addr >> MEM_PAGE_BITS);
    uint32_t offset = addr & MEM_PAGE_MASK;
    uint32_t first = offset / 4, last = (offset + size - 1) / 4;

    if (!(cpu->mem->pages[page].flags & MEM_PAGE_TABLE))
        return;
    for (uint32_t n = mmu->uses_of[page]; n; n = mmu->uses[n].next) {
        for (uint32_t i = first; i <= last; i++)
            drop_use(mmu, &mmu->uses[n], i);
    }
    cpu->events |= CPU_EVENT_RELOAD;
}

/* Selecting a space. */

/* All that changes what a walk yields, besides CR3 and memory. */
static uint32_t mode_key(const struct cpu *cpu)
{
    if (!(cpu->cr0 & CR0_PG))
        return 0;
    return (cpu->cr0 & (CR0_PG | CR0_WP)) | (cpu->cr4 & CR4_PSE);
}

/* Forgets every use of page tables, with all entries that stem from them. */
static void forget_uses(struct cpu *cpu)
{
    struct mmu *mmu = cpu->mmu;

    mmu_flush(cpu);
    for (uint32_t page = 0; page < MEM_PAGES; page++) {
        if (mmu->uses_of[page])
            mem_flag_page(cpu->mem, page, 0, MEM_PAGE_TABLE);
    }
    memset(mmu->uses_of, 0, (MEM_PAGES + 1) * sizeof(*mmu->uses_of));
    mmu->use_count = 1;
}

static struct addr_space *find_space(struct cpu *cpu, uint32_t cr3,
                                     uint32_t mode)
{
    struct mmu *mmu = cpu->mmu;
    struct addr_space *oldest = &mmu->spaces[0];

    for (unsigned i = 0; i < SPACES; i++) {
        struct addr_space *space = &mmu->spaces[i];

        if (space->used && space->cr3 == cr3 && space->mode == mode)
            return space;
        if (space->last_used < oldest->last_used)
            oldest = space;
    }
    /* Out of memory for one more: share the first, which has its tables. */
    if (!make_tables(mmu, oldest))
        oldest = &mmu->spaces[0];
    clear_space(mmu, oldest);
    oldest->cr3 = cr3;
    oldest->mode = mode;
    oldest->used = true;
    return oldest;
}

void mmu_select(struct cpu *cpu)
{
    uint32_t mode = mode_key(cpu);
    uint32_t cr3 = mode ? cpu->cr3 & ~MEM_PAGE_MASK : 0;
    struct addr_space *space = cpu->space;

    if (!space || space->cr3 != cr3 || space->mode != mode || !space->used) {
        space = find_space(cpu, cr3, mode);
        space->last_used = ++cpu->mmu->selections;
        cpu->space = space;
    }
    cpu->read_table = space->read[cpu->user];
    cpu->write_table = space->write[cpu->user];
    cpu->fetch_table = space->fetch[cpu->user];
}

/* Filling. */

static uint32_t take_fill(struct cpu *cpu)
{
    struct mmu *mmu = cpu->mmu;
    uint32_t n = mmu->free_fills;

    if (!n && mmu->fill_count < FILLS)
        return mmu->fill_count++;
    if (!n) {
        mmu_flush(cpu);
        n = mmu->free_fills;
    }
    mmu->free_fills = mmu->fills[n].next_in_space;
    return n;
}

/* Remembers that `kinds` entries of `vpn` lead to physical page `page`. */
static void remember_fill(struct cpu *cpu, uint32_t vpn, uint32_t page,
                          unsigned kinds)
{
    struct mmu *mmu = cpu->mmu;
    unsigned space = (unsigned)(cpu->space - mmu->spaces);
    struct fill *f;
    uint32_t n;

    for (n = mmu->fills_of[page]; n; n = mmu->fills[n].next) {
        f = &mmu->fills[n];
        if (f->vpn == vpn && f->space == space) {
            f->kinds |= (uint8_t)kinds;
            return;
        }
    }
    n = take_fill(cpu);
    f = &mmu->fills[n];
    *f = (struct fill){.vpn = vpn,
                       .page = page,
                       .next = mmu->fills_of[page],
                       .next_in_space = cpu->space->fills,
                       .space = (uint8_t)space,
                       .kinds = (uint8_t)kinds};
    if (f->next)
        mmu->fills[f->next].prev = n;
    mmu->fills_of[page] = n;
    cpu->space->fills = n;
}

/* True if a data breakpoint lies in the linear page: it stays slow. */
static bool page_has_breakpoint(const struct cpu *cpu, uint32_t vpn)
{
    for (unsigned i = 0; i < 4; i++) {
        if ((cpu->dr[7] >> (2 * i) & 3) && (cpu->dr[7] >> (16 + 4 * i) & 3) &&
            cpu->dr[i] >> MEM_PAGE_BITS == vpn)
            return true;
    }
    return false;
}

static int64_t write_entry(const struct mem_page *row, int64_t addend)
{
    switch (row->flags & MEM_PAGE_SLOW_WRITE) {
    case 0: return addend;
    case MEM_PAGE_CODE: return MMU_BESIDE;
    default: return MMU_INVALID;
    }
}

/* Makes the entry of `addr` quick, where the physical page allows. */
static void fill_entry(struct cpu *cpu, laddr addr, const struct walk *walk,
                       bool user, bool write)
{
    struct mem_page *row = mem_page_at(cpu->mem, walk->phys);
    uint32_t vpn = addr >> MEM_PAGE_BITS;
    unsigned kinds = FILL_READ;
    int64_t addend, write_addend = MMU_INVALID;

    if (!row->host || (row->flags & MEM_PAGE_IO))
        return;
    addend = (int64_t)(uintptr_t)row->host - ((int64_t)vpn << MEM_PAGE_BITS);
    if (write)
        write_addend = write_entry(row, addend);
    if (write_addend != MMU_INVALID)
        kinds |= FILL_WRITE;
    if (cpu->space->read[user][vpn] == addend &&
        (!write || cpu->space->write[user][vpn] == write_addend))
        return; /* as quick as it gets */
    if (page_has_breakpoint(cpu, vpn) ||
        (cpu->debugging && debug_watches(cpu, vpn, row->flags)))
        return;
    remember_fill(cpu, vpn, (uint32_t)(row - cpu->mem->pages),
                  user ? kinds << FILL_USER_SHIFT : kinds);
    cpu->space->read[user][vpn] = addend;
    if (kinds & FILL_WRITE)
        cpu->space->write[user][vpn] = write_addend;
}

/* The walk (SDM volume 3, 4.3). */

static bool fault_page(struct cpu *cpu, laddr addr, uint32_t error)
{
    cpu->cr2 = addr;
    return cpu_fault(cpu, VECTOR_PF, error);
}

static uint32_t read_entry(struct cpu *cpu, paddr at)
{
    return mem_load(cpu->mem, at, 4);
}

/* Marks the page at `at` as part of the page tables of the present space. */
static void remember_use(struct cpu *cpu, paddr at, uint32_t vpn,
                         bool directory)
{
    struct mmu *mmu = cpu->mmu;
    uint32_t page = (uint32_t)(mem_page_at(cpu->mem, at) - cpu->mem->pages);
    unsigned space = (unsigned)(cpu->space - mmu->spaces);
    uint32_t n;

    for (n = mmu->uses_of[page]; n; n = mmu->uses[n].next) {
        const struct use *u = &mmu->uses[n];

        if (u->space == space && u->vpn == vpn && u->directory == directory)
            return;
    }
    if (mmu->use_count == USES)
        forget_uses(cpu);
    n = mmu->use_count++;
    mmu->uses[n] = (struct use){.vpn = vpn,
                                .next = mmu->uses_of[page],
                                .space = (uint8_t)space,
                                .directory = directory};
    mmu->uses_of[page] = n;
    if (page < MEM_PAGES) {
        mem_flag_page(cpu->mem, page, MEM_PAGE_TABLE, 0);
        mmu_protect_page(cpu, page);
    }
}

static bool allowed(const struct cpu *cpu, uint32_t rights, bool user,
                    bool write)
{
    if (user && !(rights & PTE_U))
        return false;
    if (!write || (rights & PTE_W))
        return true;
    return !user && !(cpu->cr0 & CR0_WP);
}

static void set_bits(struct cpu *cpu, paddr at, uint32_t entry, uint32_t bits)
{
    if ((entry & bits) != bits)
        mem_store(cpu->mem, at, entry | bits, 4);
}

struct request {
    laddr addr;
    bool user, write;
    bool peek; /* change nothing, remember nothing */
};

/* Returns 0, or the error code | 1 << 31 of the page fault. */
static uint32_t walk_tables(struct cpu *cpu, const struct request *rq,
                            struct walk *out)
{
    const uint32_t no =
        1u << 31 | (rq->user ? PF_U : 0) | (rq->write ? PF_W : 0);
    uint32_t vpn = rq->addr >> MEM_PAGE_BITS;
    paddr pde_at = (cpu->cr3 & ~MEM_PAGE_MASK) + (rq->addr >> 22) * 4, pte_at;
    uint32_t pde, pte, rights;

    if (!rq->peek)
        remember_use(cpu, pde_at, 0, true);
    pde = read_entry(cpu, pde_at);
    if (!(pde & PTE_P))
        return no;
    if ((pde & PTE_PS) && (cpu->cr4 & CR4_PSE)) {
        if (!allowed(cpu, pde, rq->user, rq->write))
            return no | PF_P;
        if (!rq->peek)
            set_bits(cpu, pde_at, pde, PTE_A | (rq->write ? PTE_D : 0));
        out->phys = (pde & 0xffc00000u) | (rq->addr & 0x3fffffu);
        return 0;
    }
    pte_at = (pde & ~MEM_PAGE_MASK) + (vpn & (TABLE_SPAN - 1)) * 4;
    if (!rq->peek)
        remember_use(cpu, pte_at, vpn & ~(TABLE_SPAN - 1), false);
    pte = read_entry(cpu, pte_at);
    rights = pde & pte;
    if (!(pte & PTE_P))
        return no;
    if (!allowed(cpu, rights, rq->user, rq->write))
        return no | PF_P;
    if (!rq->peek) {
        set_bits(cpu, pde_at, pde, PTE_A);
        set_bits(cpu, pte_at, pte, PTE_A | (rq->write ? PTE_D : 0));
    }
    out->phys = (pte & ~MEM_PAGE_MASK) | (rq->addr & MEM_PAGE_MASK);
    return 0;
}

static bool translate(struct cpu *cpu, const struct request *rq,
                      struct walk *out)
{
    uint32_t error;

    if (!(cpu->cr0 & CR0_PG)) {
        out->phys = rq->addr;
        return true;
    }
    error = walk_tables(cpu, rq, out);
    return error ? fault_page(cpu, rq->addr, error & ~(1u << 31)) : true;
}

bool mmu_peek(struct cpu *cpu, laddr addr, paddr *phys)
{
    struct request rq = {.addr = addr, .peek = true};
    struct walk walk = {.phys = addr};

    if ((cpu->cr0 & CR0_PG) && walk_tables(cpu, &rq, &walk))
        return false;
    *phys = walk.phys & cpu->mem->a20_mask;
    return true;
}

bool mmu_fetch_slow(struct cpu *cpu, laddr addr, paddr *phys)
{
    struct request rq = {.addr = addr, .user = cpu->user};
    struct walk walk;
    struct mem_page *row;

    if (!translate(cpu, &rq, &walk))
        return false;
    row = mem_page_at(cpu->mem, walk.phys);
    *phys = walk.phys & cpu->mem->a20_mask;
    if (row->host) {
        uint32_t page = (uint32_t)(row - cpu->mem->pages);

        remember_fill(cpu, addr >> MEM_PAGE_BITS, page,
                      cpu->user ? FILL_FETCH << FILL_USER_SHIFT : FILL_FETCH);
        cpu->space->fetch[cpu->user][addr >> MEM_PAGE_BITS] = page + 1;
    }
    return true;
}

/* Access. */

/* Notes a data breakpoint hit: the trap is taken after the instruction. Once
 * an enabled breakpoint matches, all that match are reported. */
static void check_breakpoints(struct cpu *cpu, laddr addr, unsigned size,
                              bool write)
{
    uint32_t hits = 0;
    bool enabled = false;

    for (unsigned i = 0; i < 4; i++) {
        unsigned kind = cpu->dr[7] >> (16 + 4 * i) & 3;
        unsigned length = (cpu->dr[7] >> (18 + 4 * i) & 3) + 1;
        laddr at = cpu->dr[i] & ~(length - 1);

        if (!(kind & 1) || (kind == 1 && !write))
            continue;
        if (addr - at < length || at - addr < size) {
            hits |= 1u << i;
            enabled |= cpu->dr[7] >> (2 * i) & 3;
        }
    }
    if (enabled) {
        cpu->trap_bits |= hits;
        cpu->events |= CPU_EVENT_TRAP;
    }
}

/* Tells a debugger of an access to one page. */
static void tell_debugger(struct cpu *cpu, laddr addr, paddr phys,
                          unsigned size, const uint32_t *stored)
{
    debug_accessed(cpu, &(struct debug_access){.addr = addr,
                                               .phys = phys,
                                               .size = size,
                                               .write = stored,
                                               .value = stored ? *stored : 0});
}

/* A device may have moved its alarms: the run loop must look. */
static uint32_t device_load(struct cpu *cpu, paddr phys, unsigned size)
{
    uint64_t stop = cpu->clock->stop_insns;
    uint32_t value;

    cpu_sync(cpu);
    value = mem_load(cpu->mem, phys, size);
    if (cpu->clock->stop_insns != stop)
        cpu->events |= CPU_EVENT_CLOCK;
    return value;
}

static void device_store(struct cpu *cpu, paddr phys, uint32_t value,
                         unsigned size)
{
    uint64_t stop = cpu->clock->stop_insns;

    cpu_sync(cpu);
    mem_store(cpu->mem, phys, value, size);
    if (cpu->clock->stop_insns != stop)
        cpu->events |= CPU_EVENT_CLOCK;
}

static bool crosses(laddr addr, unsigned size)
{
    return (addr & MEM_PAGE_MASK) + size > MEM_PAGE_BYTES;
}

static uint32_t load_phys(struct cpu *cpu, paddr phys, unsigned size)
{
    if (mem_page_at(cpu->mem, phys)->flags & MEM_PAGE_IO)
        return device_load(cpu, phys, size);
    return mem_load(cpu->mem, phys, size);
}

static void store_phys(struct cpu *cpu, paddr phys, uint32_t value,
                       unsigned size)
{
    const struct mem_page *row = mem_page_at(cpu->mem, phys);
    uint32_t offset = phys & MEM_PAGE_MASK;

    if ((row->flags & MEM_PAGE_SLOW_WRITE) == MEM_PAGE_CODE && row->host &&
        !(row->granules & mem_granules(offset, size)))
        memcpy(row->host + offset, &value, size); /* data beside code */
    else if (row->flags & MEM_PAGE_IO)
        device_store(cpu, phys, value, size);
    else
        mem_store(cpu->mem, phys, value, size);
}

/* The host's address of a page that is filled for reads or for writes at that
 * privilege, which need not be the present one; NULL: not filled, or beyond the
 * page. Pages with breakpoints are never filled. */
static uint8_t *filled_host(int64_t *const table[2], laddr addr, unsigned size,
                            bool user)
{
    int64_t addend = table[user][addr >> MEM_PAGE_BITS];

    if (addend <= MMU_BESIDE || crosses(addr, size))
        return NULL;
    return (uint8_t *)(uintptr_t)((int64_t)addr + addend);
}

bool mmu_load(struct cpu *cpu, laddr addr, unsigned size, bool user,
              uint32_t *value)
{
    struct request rq = {.addr = addr, .user = user};
    const uint8_t *from = filled_host(cpu->space->read, addr, size, user);
    struct walk walk, second;
    unsigned part;

    if (from) {
        *value = 0;
        memcpy(value, from, size);
        return true;
    }
    if (!translate(cpu, &rq, &walk))
        return false;
    fill_entry(cpu, addr, &walk, user, false);
    if (cpu->dr[7] & 0xff)
        check_breakpoints(cpu, addr, size, false);
    if (!crosses(addr, size)) {
        if (cpu->debugging & DEBUG_ON_DATA)
            tell_debugger(cpu, addr, walk.phys, size, NULL);
        *value = load_phys(cpu, walk.phys, size);
        return true;
    }
    part = MEM_PAGE_BYTES - (addr & MEM_PAGE_MASK);
    rq.addr = addr + part;
    if (!translate(cpu, &rq, &second))
        return false;
    if (cpu->debugging & DEBUG_ON_DATA) {
        tell_debugger(cpu, addr, walk.phys, part, NULL);
        tell_debugger(cpu, addr + part, second.phys, size - part, NULL);
    }
    *value = 0;
    for (unsigned i = 0; i < size; i++) {
        paddr at = i < part ? walk.phys + i : second.phys + (i - part);

        *value |= load_phys(cpu, at, 1) << (8 * i);
    }
    return true;
}

bool mmu_store(struct cpu *cpu, laddr addr, uint32_t value, unsigned size,
               bool user)
{
    struct request rq = {.addr = addr, .user = user, .write = true};
    uint8_t *to = filled_host(cpu->space->write, addr, size, user);
    struct walk walk, second;
    unsigned part;

    if (!to && user == cpu->user)
        to = mmu_beside_code(cpu, addr, size);
    if (to) {
        memcpy(to, &value, size);
        return true;
    }
    if (user == cpu->user && !crosses(addr, size) &&
        cpu->write_table[addr >> MEM_PAGE_BITS] == MMU_BESIDE &&
        cpu->fetch_table[addr >> MEM_PAGE_BITS] &&
        mmu_fetch(cpu, addr, &walk.phys)) {
        mem_store(cpu->mem, walk.phys, value, size); /* into code */
        return true;
    }
    if (!translate(cpu, &rq, &walk))
        return false;
    fill_entry(cpu, addr, &walk, user, true);
    if (!crosses(addr, size)) {
        if (cpu->dr[7] & 0xff)
            check_breakpoints(cpu, addr, size, true);
        if (cpu->debugging & DEBUG_ON_DATA)
            tell_debugger(cpu, addr, walk.phys, size, &value);
        store_phys(cpu, walk.phys, value, size);
        return true;
    }
    part = MEM_PAGE_BYTES - (addr & MEM_PAGE_MASK);
    rq.addr = addr + part;
    if (!translate(cpu, &rq, &second))
        return false;
    if (cpu->dr[7] & 0xff)
        check_breakpoints(cpu, addr, size, true);
    if (cpu->debugging & DEBUG_ON_DATA) {
        uint32_t low = value & (UINT32_MAX >> (32 - 8 * part));
        uint32_t high = value >> (8 * part);

        tell_debugger(cpu, addr, walk.phys, part, &low);
        tell_debugger(cpu, addr + part, second.phys, size - part, &high);
    }
    for (unsigned i = 0; i < size; i++) {
        paddr at = i < part ? walk.phys + i : second.phys + (i - part);

        store_phys(cpu, at, value >> (8 * i) & 0xff, 1);
    }
    return true;
}

bool mmu_probe_write(struct cpu *cpu, laddr addr, unsigned size, bool user)
{
    struct request rq = {.addr = addr, .user = user, .write = true};
    struct walk walk;

    if (filled_host(cpu->space->write, addr, size, user) ||
        (user == cpu->user && mmu_beside_code(cpu, addr, size)))
        return true;
    if (!translate(cpu, &rq, &walk))
        return false;
    fill_entry(cpu, addr, &walk, user, true);
    if (!crosses(addr, size))
        return true;
    rq.addr = (addr & ~MEM_PAGE_MASK) + MEM_PAGE_BYTES;
    return translate(cpu, &rq, &walk);
}
