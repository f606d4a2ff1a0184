/* Address spaces: selecting them, and dropping what they remember when what it
 * stems from changes; see mmu_int.h. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/flat.h"
#include "cpu/mmu_int.h"

#define ALL_KINDS   0x3fu
#define WRITE_KINDS (FILL_WRITE | FILL_WRITE << FILL_USER_SHIFT)

static void destroy_space(struct mmu *mmu, struct addr_space *space)
{
    for (unsigned i = 0; i < 2; i++) {
        arena_destroy(space->arena[i]);
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
    for (unsigned i = 0; mmu->spaces && i < MMU_SPACES; i++)
        destroy_space(mmu, &mmu->spaces[i]);
    flat_source_destroy(mmu->source);
    free(mmu->spaces);
    free(mmu->fills);
    free(mmu->fills_of);
    free(mmu->slots_of);
    free(mmu);
    cpu->mmu = NULL;
}

/* Names of fetch tables: each has one of so many, and others by adding it. */
#define NAMES (2 * MMU_SPACES)

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
    mmu->cpu = cpu;
    mmu->source = flat_source_create(MEM_PAGES, MMU_INVALID);
    mmu->spaces = calloc(MMU_SPACES, sizeof(*mmu->spaces));
    mmu->fills = calloc(MMU_FILLS, sizeof(*mmu->fills));
    mmu->fills_of = calloc(MEM_PAGES + 1, sizeof(uint32_t));
    mmu->slots_of = calloc(MEM_PAGES + 1, sizeof(uint32_t));
    mmu->fill_count = 1;
    for (unsigned i = 0; mmu->spaces && i < NAMES; i++)
        mmu->spaces[i / 2].fetch_name[i % 2] = i;
    if (!mmu->source || !mmu->spaces || !mmu->fills || !mmu->fills_of ||
        !mmu->slots_of || !make_tables(mmu, &mmu->spaces[0])) {
        mmu_destroy(cpu);
        return STATUS_NO_MEMORY;
    }
    return STATUS_OK;
}

/* Dropping entries. */

static void drop_shown(struct cpu *cpu, struct arena *arena, uint32_t vpn,
                       unsigned kinds)
{
    if (kinds & FILL_READ)
        arena_drop(cpu, arena, vpn, 1);
    if (kinds & FILL_WRITE)
        arena_drop_write(cpu, arena, vpn);
}

static void drop_entries(struct mmu *mmu, struct addr_space *space,
                         uint32_t vpn, unsigned kinds)
{
    for (unsigned user = 0; user < 2; user++, kinds >>= FILL_USER_SHIFT) {
        if (kinds & FILL_READ)
            space->read[user][vpn] = MMU_INVALID;
        if (kinds & FILL_WRITE)
            space->write[user][vpn] = MMU_INVALID;
        if (space->arena[user])
            drop_shown(mmu->cpu, space->arena[user], vpn, kinds);
        if ((kinds & FILL_FETCH) && space->fetch[user][vpn]) {
            space->fetch[user][vpn] = 0;
            space->fetch_name[user] += NAMES;
        }
    }
}

/* Takes a fill out of the chain of its page. */
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

/* Drops all that a slot gave. */
static void clear_slot(struct mmu *mmu, struct addr_space *space, unsigned slot)
{
    uint32_t pages = space->mode & CR4_PAE ? 512 : 1024;
    uint32_t next;

    if (!space->slot[slot].fills)
        return;
    for (unsigned user = 0; user < 2; user++) /* at once */
        arena_drop(mmu->cpu, space->arena[user], slot * pages, pages);
    for (uint32_t n = space->slot[slot].fills; n; n = next) {
        struct fill *f = &mmu->fills[n];

        next = f->next_in_table;
        drop_entries(mmu, space, f->vpn, f->kinds);
        unlink_fill(mmu, n);
        f->next_in_table = mmu->free_fills;
        mmu->free_fills = n;
    }
    space->slot[slot].fills = 0;
}

static void clear_space(struct mmu *mmu, struct addr_space *space)
{
    if (!space->filled)
        return;
    space->filled = false;
    for (unsigned user = 0; user < 2; user++)
        arena_drop(mmu->cpu, space->arena[user], 0, MEM_PAGES);
    for (unsigned slot = 0; slot < MMU_TABLES; slot++)
        clear_slot(mmu, space, slot);
}

void mmu_flush(struct cpu *cpu)
{
    for (unsigned i = 0; i < MMU_SPACES; i++)
        clear_space(cpu->mmu, &cpu->mmu->spaces[i]);
    cpu->events |= CPU_EVENT_RELOAD;
}

void mmu_flush_page(struct cpu *cpu, laddr addr)
{
    for (unsigned i = 0; i < MMU_SPACES; i++) {
        if (cpu->mmu->spaces[i].used)
            drop_entries(cpu->mmu, &cpu->mmu->spaces[i], addr >> MEM_PAGE_BITS,
                         ALL_KINDS);
    }
    cpu->events |= CPU_EVENT_RELOAD;
}

static void drop_page(struct mmu *mmu, uint32_t page, unsigned kinds)
{
    for (uint32_t n = mmu->fills_of[page]; n; n = mmu->fills[n].next) {
        struct fill *f = &mmu->fills[n];

        drop_entries(mmu, &mmu->spaces[f->space], f->vpn, f->kinds & kinds);
        f->kinds &= (uint8_t)~kinds;
    }
}

void mmu_protect_page(struct cpu *cpu, uint32_t page)
{
    assert(page <= MEM_PAGES);
    drop_page(cpu->mmu, page, WRITE_KINDS);
}

/* Tables. */

static struct slot *slot_at(struct mmu *mmu, uint32_t number)
{
    return &mmu->spaces[number / MMU_SLOTS].slot[number % MMU_SLOTS];
}

/* The table of a slot is none any more. */
static void forget_table(struct cpu *cpu, struct addr_space *space,
                         unsigned slot)
{
    struct mmu *mmu = cpu->mmu;
    struct slot *s = &space->slot[slot];

    if (!s->page)
        return;
    if (s->prev)
        slot_at(mmu, s->prev - 1)->next = s->next;
    else
        mmu->slots_of[s->page - 1] = s->next;
    if (s->next)
        slot_at(mmu, s->next - 1)->prev = s->prev;
    if (!mmu->slots_of[s->page - 1])
        mem_flag_page(cpu->mem, s->page - 1, 0, MEM_PAGE_TABLE);
    s->page = s->next = s->prev = 0;
    mmu->forgotten++;
}

bool mmu_note_table(struct cpu *cpu, unsigned slot, paddr at)
{
    struct mmu *mmu = cpu->mmu;
    const struct mem_page *row = mem_page_at(cpu->mem, at);
    uint32_t page = (uint32_t)(row - cpu->mem->pages);
    struct slot *s = &cpu->space->slot[slot];

    if (s->page == page + 1)
        return true;
    forget_table(cpu, cpu->space, slot);
    if (!row->host || (row->flags & MEM_PAGE_IO))
        return false;
    s->page = page + 1;
    s->next = mmu->slots_of[page];
    mmu->slots_of[page] =
        (uint32_t)(cpu->space - mmu->spaces) * MMU_SLOTS + slot + 1;
    if (s->next)
        slot_at(mmu, s->next - 1)->prev = mmu->slots_of[page];
    if (!(row->flags & MEM_PAGE_TABLE)) {
        mem_flag_page(cpu->mem, page, MEM_PAGE_TABLE, 0);
        mmu_protect_page(cpu, page);
    }
    return true;
}

/* Drops what a page directory gave, with the tables that it led to. */
static void forget_directory(struct cpu *cpu, struct addr_space *space,
                             unsigned slot)
{
    unsigned count = space->mode & CR4_PAE ? 512 : 1024;
    unsigned first = (slot - MMU_TABLES) * count;

    for (unsigned i = first; i < first + count; i++) {
        clear_slot(cpu->mmu, space, i);
        forget_table(cpu, space, i);
    }
}

/* The space will not be found again, and its tables are plain memory. */
static void retire_space(struct cpu *cpu, struct addr_space *space)
{
    clear_space(cpu->mmu, space);
    for (unsigned slot = 0; slot < MMU_SLOTS; slot++)
        forget_table(cpu, space, slot);
    for (unsigned user = 0; user < 2; user++) {
        assert(!space->arena[user] || space != cpu->space);
        arena_destroy(space->arena[user]);
        space->arena[user] = NULL;
        space->met[user] = 0;
    }
    space->used = false;
    space->last_used = 0;
    space->strangers = 0;
}

static void forget_page(struct cpu *cpu, uint32_t page)
{
    struct mmu *mmu = cpu->mmu;

    while (mmu->slots_of[page]) {
        uint32_t number = mmu->slots_of[page] - 1;
        struct addr_space *space = &mmu->spaces[number / MMU_SLOTS];
        unsigned slot = number % MMU_SLOTS;

        if (slot >= MMU_TABLES)
            forget_directory(cpu, space, slot);
        else
            clear_slot(mmu, space, slot);
        forget_table(cpu, space, slot);
    }
}

void mmu_remapped(struct cpu *cpu, uint32_t first_page, uint32_t pages)
{
    if (pages == MEM_PAGES) {
        mmu_flush(cpu);
        return;
    }
    for (uint32_t i = 0; i < pages; i++) {
        forget_page(cpu, first_page + i);
        drop_page(cpu->mmu, first_page + i, ALL_KINDS);
    }
    cpu->events |= CPU_EVENT_RELOAD;
}

/* A store to a table. */

struct store {
    const uint8_t *host, *old; /* the page now; the bytes that stood there */
    uint32_t offset, size;
    bool one;  /* it is one entry of 4 bytes, if it is of such a table */
    bool news; /* of that one: see is_news() */
};

/* Bytes [at, at + 8) of the table before the store. */
static uint64_t bytes_before(const struct store *store, uint32_t at)
{
    uint64_t value = 0;

    for (uint32_t i = 0; i < 8 && at + i < MEM_PAGE_BYTES; i++) {
        uint32_t in = at + i - store->offset;
        uint8_t byte = in < store->size ? store->old[in] : store->host[at + i];

        value |= (uint64_t)byte << (8 * i);
    }
    return value;
}

/* What a walk does not look at: cache control, G, and what is the guest's. */
#define IGNORED UINT64_C(0xf18)

/* Whether an entry that was in use gives something else now. A and D that are
 * set by hand change nothing. */
static bool is_news(uint64_t before, uint64_t now)
{
    if (~before & (PTE_P | PTE_A))
        return false;
    return ((before & ~now) | ((now & ~before) & ~(uint64_t)PTE_D)) & ~IGNORED;
}

static bool is_news_at(const struct store *store, uint32_t at, bool wide)
{
    uint64_t before = bytes_before(store, at), now;

    if (!wide)
        return is_news(before & UINT32_MAX, mmu_get(store->host + at, 4));
    memcpy(&now, store->host + at, 8);
    return is_news(before, now);
}

/* Drops what entry i of a slot's table gave. */
static void drop_entry(struct cpu *cpu, struct addr_space *space, unsigned slot,
                       uint32_t i)
{
    uint32_t count = space->mode & CR4_PAE ? 512 : 1024;

    if (slot < MMU_TABLES) {
        drop_entries(cpu->mmu, space, slot * count + i, ALL_KINDS);
        return;
    }
    clear_slot(cpu->mmu, space, (slot - MMU_TABLES) * count + i);
    forget_table(cpu, space, (slot - MMU_TABLES) * count + i);
}

/* Drops what the changed entries of one slot's table gave. False: none of
 * them was in use. */
static bool drop_changed(struct cpu *cpu, struct addr_space *space,
                         unsigned slot, const struct store *store)
{
    bool wide = space->mode & CR4_PAE;
    unsigned shift = wide ? 3 : 2;
    bool live = false;

    if (!wide && store->one) {
        if (store->news)
            drop_entry(cpu, space, slot, store->offset >> 2);
        return store->news;
    }
    for (uint32_t i = store->offset >> shift;
         i <= (store->offset + store->size - 1) >> shift; i++) {
        if (!is_news_at(store, i << shift, wide))
            continue;
        live = true;
        drop_entry(cpu, space, slot, i);
    }
    return live;
}

/* A space whose page directory was freed is never selected again, but its
 * tables would stay slow to write. Many stores to entries that are not in use,
 * in pages that serve none but other spaces, tell. */
#define STRANGERS_MAX 64

/* Bytes of a page of tables are others now. */
static void changed(struct cpu *cpu, uint32_t page, const struct store *store)
{
    struct mmu *mmu = cpu->mmu;
    struct addr_space *stranger = NULL;
    const uint64_t name = *cpu->fetch_name;
    bool present = false;

    for (uint32_t n = mmu->slots_of[page]; n;) {
        struct addr_space *space = &mmu->spaces[(n - 1) / MMU_SLOTS];
        uint64_t forgotten = mmu->forgotten;

        if (!drop_changed(cpu, space, (n - 1) % MMU_SLOTS, store) &&
            space != cpu->space)
            stranger = space;
        present |= space == cpu->space;
        /* A directory that maps itself may have left this very chain. */
        n = mmu->forgotten == forgotten ? slot_at(mmu, n - 1)->next
                                        : mmu->slots_of[page];
    }
    if (*cpu->fetch_name != name)
        cpu->events |= CPU_EVENT_RELOAD; /* code may be elsewhere */
    if (stranger && !present && ++stranger->strangers > STRANGERS_MAX)
        retire_space(cpu, stranger);
}

void mmu_stored(struct cpu *cpu, paddr addr, unsigned size, const uint8_t *old)
{
    uint32_t page = (uint32_t)(addr >> MEM_PAGE_BITS);
    const struct store store = {.host = cpu->mem->pages[page].host,
                                .old = old,
                                .offset = addr & MEM_PAGE_MASK,
                                .size = size};

    if (!cpu->mmu->marking && memcmp(store.host + store.offset, old, size) != 0)
        changed(cpu, page, &store);
}

bool mmu_store_entry(struct cpu *cpu, const struct mem_page *row,
                     uint32_t offset, uint32_t value)
{
    uint8_t *at = row->host + offset;
    uint32_t before;

    if ((row->flags & MEM_PAGE_SLOW_WRITE) != MEM_PAGE_TABLE || (offset & 3))
        return false;
    before = mmu_get(at, 4);
    mmu_put(at, value, 4);
    if (before != value)
        changed(cpu, (uint32_t)(row - cpu->mem->pages),
                &(struct store){.host = row->host,
                                .old = (const uint8_t *)&before,
                                .offset = offset,
                                .size = 4,
                                .one = true,
                                .news = is_news(before, value)});
    return true;
}

/* Selecting a space. */

/* All that changes what a walk yields, besides the root and memory. */
static uint32_t mode_key(const struct cpu *cpu)
{
    uint32_t mode = cpu->cr0 & (CR0_PG | CR0_WP);

    if (!(cpu->cr0 & CR0_PG))
        return 0;
    return mode | (cpu->cr4 & (cpu->cr4 & CR4_PAE ? CR4_PAE : CR4_PSE));
}

struct key {
    uint64_t root[4];
    uint32_t mode;
};

static bool matches(const struct addr_space *space, const struct key *key)
{
    return space->used && space->mode == key->mode &&
           !memcmp(space->root, key->root, sizeof(key->root));
}

static struct addr_space *find_space(struct cpu *cpu, const struct key *key)
{
    struct mmu *mmu = cpu->mmu;
    struct addr_space *oldest = &mmu->spaces[0];

    for (unsigned i = 0; i < MMU_SPACES; i++) {
        struct addr_space *space = &mmu->spaces[i];

        if (matches(space, key))
            return space;
        if (space->last_used < oldest->last_used)
            oldest = space;
    }
    /* Out of memory for one more: share the first, which has its tables. */
    if (!make_tables(mmu, oldest))
        oldest = &mmu->spaces[0];
    retire_space(cpu, oldest);
    memcpy(oldest->root, key->root, sizeof(key->root));
    oldest->mode = key->mode;
    oldest->used = true;
    return oldest;
}

void mmu_select(struct cpu *cpu)
{
    struct key key = {.mode = mode_key(cpu)};
    struct addr_space *space = cpu->space;

    if (key.mode & CR4_PAE)
        memcpy(key.root, cpu->pdpte, sizeof(key.root));
    else if (key.mode)
        key.root[0] = cpu->cr3 & ~MEM_PAGE_MASK;
    if (!space || !matches(space, &key)) {
        space = find_space(cpu, &key);
        space->last_used = ++cpu->mmu->selections;
        cpu->space = space;
    }
    space->strangers = 0;
    mmu_select_tables(cpu);
}

void mmu_select_tables(struct cpu *cpu)
{
    struct addr_space *space = cpu->space;

    cpu->system_read_table = space->read[false];
    cpu->system_write_table = space->write[false];
    cpu->read_table = space->read[cpu->user];
    cpu->write_table = space->write[cpu->user];
    cpu->fetch_table = space->fetch[cpu->user];
    cpu->fetch_name = &space->fetch_name[cpu->user];
    arena_select(cpu);
}

/* Filling. */

static uint32_t take_fill(struct cpu *cpu)
{
    struct mmu *mmu = cpu->mmu;
    uint32_t n = mmu->free_fills;

    if (!n && mmu->fill_count < MMU_FILLS)
        return mmu->fill_count++;
    if (!n) {
        mmu_flush(cpu);
        n = mmu->free_fills;
    }
    mmu->free_fills = mmu->fills[n].next_in_table;
    return n;
}

/* How far to look for a record that is there already; one more does no harm.
 */
#define FILL_SEARCH 8

void mmu_note_fill(struct cpu *cpu, uint32_t vpn, uint32_t page, unsigned kinds)
{
    struct mmu *mmu = cpu->mmu;
    unsigned space = (unsigned)(cpu->space - mmu->spaces);
    struct slot *slot = &cpu->space->slot[mmu_slot_of(cpu->space, vpn)];
    unsigned tries = 0;
    struct fill *f;
    uint32_t n;

    for (n = mmu->fills_of[page]; n && tries < FILL_SEARCH; tries++) {
        f = &mmu->fills[n];
        if (f->vpn == vpn && f->space == space) {
            f->kinds |= (uint8_t)kinds;
            return;
        }
        n = f->next;
    }
    n = take_fill(cpu);
    f = &mmu->fills[n];
    *f = (struct fill){.vpn = vpn,
                       .page = page,
                       .next = mmu->fills_of[page],
                       .next_in_table = slot->fills,
                       .space = (uint8_t)space,
                       .kinds = (uint8_t)kinds};
    if (f->next)
        mmu->fills[f->next].prev = n;
    mmu->fills_of[page] = n;
    slot->fills = n;
    cpu->space->filled = true;
}
