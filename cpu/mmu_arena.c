/* Arenas: windows that show what the tables of an address space allow; see
 * mmu.h. rights[] says what the window shows: never more than the tables.
 *
 * Each change is a call of the host (some microseconds), each access to a page
 * that is not shown yet a signal. That is worth it for memory that is used for
 * long, so an arena has to earn its calls by instructions that run meanwhile;
 * one that cannot is off for a while, and its space runs by the tables. */
#include <stdlib.h>
#include <string.h>

#include "cpu/mmu_int.h"

#define RUN_PAGES      512u   /* at most so many are shown by one call */
#define CALLS_MAX      2000u  /* each leaves two host mappings more, at most */
#define CREDIT_MAX     2000   /* calls */
#define INSNS_PER_CALL 60000u /* that earn one */
#define INSNS_OFF      (UINT64_C(1) << 26)
#define TAKEN_MAX      8u /* times: then a page stays read-only */
#define LOSSES_MAX     6
#define CREDIT_FIRST   300 /* with paging */
#define ARENAS_MAX     6   /* with paging */
#define MET_USER       8u  /* by reviews, before a space gets one */
#define MET_SUPERVISOR \
    32u             /* in a row: with and without an arena, the kernel's \
                       code is translated twice */
#define MET_AGO 32u /* reviews without it: an arena that may go */

void arena_destroy(struct arena *arena)
{
    if (!arena)
        return;
    window_destroy(arena->window);
    free(arena->rights);
    free(arena);
}

/* NULL: the host has no room, and is not asked again. */
static struct arena *create(struct cpu *cpu, int credit)
{
    struct arena *arena = calloc(1, sizeof(*arena));

    if (!arena)
        return NULL;
    arena->window = window_create();
    arena->rights = calloc(MEM_PAGES, 1);
    arena->credit = credit;
    arena->since = cpu->block_insns;
    if (!arena->window || !arena->rights) {
        arena_destroy(arena);
        cpu->mmu->arenas = false;
        return NULL;
    }
    return arena;
}

/* Rights. A byte has them in the low bits, and in the upper ones how often the
 * right to write was taken: code that is written and run in turn would cost two
 * calls each time. */
#define RIGHTS(byte) ((byte)&3u)
#define TAKEN(byte)  ((unsigned)(byte) >> 2)

static bool has_any(const struct arena *arena, uint32_t vpn, uint32_t pages)
{
    if (pages == 1)
        return RIGHTS(arena->rights[vpn]) != ARENA_NOTHING;
    for (uint32_t n = vpn >> ARENA_CHUNK_BITS;
         n <= (vpn + pages - 1) >> ARENA_CHUNK_BITS; n++) {
        if (arena->any[n])
            return true;
    }
    return false;
}

static void clear_rights(struct arena *arena, uint32_t vpn, uint32_t pages)
{
    const uint32_t chunk = 1u << ARENA_CHUNK_BITS;

    for (uint32_t at = vpn, part; at < vpn + pages; at += part) {
        part = chunk - at % chunk;
        if (part > vpn + pages - at)
            part = vpn + pages - at;
        if (!arena->any[at / chunk])
            continue;
        memset(arena->rights + at, ARENA_NOTHING, part);
        if (part == chunk)
            arena->any[at / chunk] = false;
    }
}

static void set_rights(struct arena *arena, uint32_t vpn, uint32_t pages,
                       unsigned rights)
{
    for (uint32_t n = vpn; n < vpn + pages; n++)
        arena->rights[n] = (uint8_t)(TAKEN(arena->rights[n]) << 2 | rights);
    for (uint32_t n = vpn >> ARENA_CHUNK_BITS;
         n <= (vpn + pages - 1) >> ARENA_CHUNK_BITS; n++)
        arena->any[n] = true;
}

/* What the tables let happen. */
static unsigned allowed(const struct cpu *cpu, const struct arena *arena,
                        uint32_t vpn)
{
    const struct share *ram = &cpu->mem->ram_share;
    int64_t addend = cpu->read_table[vpn];
    uintptr_t offset = (uintptr_t)(addend + ((int64_t)vpn << MEM_PAGE_BITS)) -
                       (uintptr_t)ram->base;

    if (addend == MMU_INVALID || offset >= ram->bytes)
        return ARENA_NOTHING;
    if (cpu->write_table[vpn] != addend ||
        TAKEN(arena->rights[vpn]) >= TAKEN_MAX)
        return ARENA_READ;
    return ARENA_WRITE;
}

/* Calls of the host. */

static void set_window(struct cpu *cpu, uint8_t *window)
{
    if (cpu->window == window)
        return;
    cpu->window = window;
    cpu->events |= CPU_EVENT_RELOAD;
}

/* Empties the arena, for which the host needs no room. */
static void empty(struct cpu *cpu, struct arena *arena)
{
    clear_rights(arena, 0, MEM_PAGES);
    arena->calls = 0;
    if (window_hide(arena->window, 0, WINDOW_PAGES))
        return;
    if (cpu->window == arena->window)
        set_window(cpu, NULL);
    window_destroy(arena->window);
    arena->window = NULL;
    arena->off = true;
    arena->since = UINT64_MAX;
}

static void turn_off(struct cpu *cpu, struct arena *arena)
{
    if (cpu->window == arena->window)
        set_window(cpu, NULL);
    arena->off = true;
    arena->since = cpu->block_insns + (INSNS_OFF << arena->losses);
    arena->losses += arena->losses < LOSSES_MAX;
    empty(cpu, arena);
}

static void earn(const struct cpu *cpu, struct arena *arena)
{
    uint64_t calls;

    if (cpu->block_insns < arena->since) /* the clock was set */
        arena->since = cpu->block_insns;
    calls = (cpu->block_insns - arena->since) / INSNS_PER_CALL;
    arena->since += calls * INSNS_PER_CALL;
    if (calls > CREDIT_MAX)
        calls = CREDIT_MAX;
    arena->credit += (int64_t)calls;
    if (arena->credit > CREDIT_MAX)
        arena->credit = CREDIT_MAX;
}

/* Before a call. False: the arena is empty now, perhaps for good. */
static bool spend(struct cpu *cpu, struct arena *arena)
{
    earn(cpu, arena);
    if (--arena->credit < 0 && !cpu->mmu->arenas_always) {
        turn_off(cpu, arena);
        return false;
    }
    if (++arena->calls > CALLS_MAX) {
        empty(cpu, arena);
        return false;
    }
    return true;
}

void arena_drop(struct cpu *cpu, struct arena *arena, uint32_t vpn,
                uint32_t pages)
{
    if (!arena || !has_any(arena, vpn, pages))
        return;
    clear_rights(arena, vpn, pages);
    if (pages == MEM_PAGES)
        arena->calls = 0;
    if (spend(cpu, arena) && !window_hide(arena->window, vpn, pages))
        empty(cpu, arena);
}

void arena_drop_write(struct cpu *cpu, struct arena *arena, uint32_t vpn)
{
    if (!arena || RIGHTS(arena->rights[vpn]) != ARENA_WRITE)
        return;
    arena->rights[vpn] =
        (uint8_t)((TAKEN(arena->rights[vpn]) + 1) << 2 | ARENA_READ);
    if (spend(cpu, arena) && !window_show_read_only(arena->window, vpn, 1))
        empty(cpu, arena);
}

/* Filling. */

/* Without paging, filling the tables for pages nearby has no effect that a
 * guest could see. */
static void fill_around(struct cpu *cpu, const struct arena *arena,
                        uint32_t vpn)
{
    uint32_t first = vpn & ~(RUN_PAGES - 1);

    for (uint32_t n = first; n < first + RUN_PAGES; n++) {
        struct walk walk = {.phys = (paddr)n << MEM_PAGE_BITS};

        if (allowed(cpu, arena, n) != ARENA_WRITE)
            mmu_fill_entry(cpu, n << MEM_PAGE_BITS, &walk, cpu->user, true);
    }
}

/* Shows what the tables have of the page, with its like nearby. */
static bool show(struct cpu *cpu, struct arena *arena, uint32_t vpn)
{
    const struct share *ram = &cpu->mem->ram_share;
    int64_t addend = cpu->read_table[vpn];
    unsigned rights = allowed(cpu, arena, vpn);
    uint32_t first = vpn, end = vpn + 1;
    size_t offset;

    while (first % RUN_PAGES && cpu->read_table[first - 1] == addend &&
           allowed(cpu, arena, first - 1) == rights)
        first--;
    while (end % RUN_PAGES && cpu->read_table[end] == addend &&
           allowed(cpu, arena, end) == rights)
        end++;
    offset = (size_t)(addend + ((int64_t)first << MEM_PAGE_BITS) -
                      (int64_t)(uintptr_t)ram->base);
    if (!spend(cpu, arena))
        return !arena->off;
    if (!window_show(arena->window, first, end - first, ram, offset,
                     rights == ARENA_WRITE))
        return false;
    set_rights(arena, first, end - first, rights);
    return true;
}

/* Walks as the access would. */
static void fill_table(struct cpu *cpu, const struct arena *arena, laddr addr,
                       bool write)
{
    struct request rq = {.addr = addr, .user = cpu->user, .write = write};
    struct walk walk;

    if (!(cpu->cr0 & CR0_PG))
        fill_around(cpu, arena, addr >> MEM_PAGE_BITS);
    else if (mmu_translate(cpu, &rq, &walk))
        mmu_fill_entry(cpu, addr, &walk, cpu->user, write);
}

enum arena_fill mmu_arena_fill(struct cpu *cpu, laddr addr, bool write,
                               bool whole)
{
    struct arena *arena = cpu->space->arena[cpu->user];
    uint32_t vpn = addr >> MEM_PAGE_BITS;
    unsigned wanted = write ? ARENA_WRITE : ARENA_READ;

    if (!cpu->window)
        return ARENA_FAULTS;
    if (allowed(cpu, arena, vpn) < wanted) {
        if ((!whole && (cpu->cr0 & CR0_PG)) ||
            !mmu_allows(cpu, addr, cpu->user, write))
            return ARENA_FAULTS;
        fill_table(cpu, arena, addr, write);
        if (!cpu->window)
            return ARENA_FAULTS;
        if (allowed(cpu, arena, vpn) < wanted)
            return ARENA_NEVER;
    }
    if (RIGHTS(arena->rights[vpn]) >= wanted)
        return ARENA_NEVER;
    return show(cpu, arena, vpn) ? ARENA_FILLED : ARENA_FAULTS;
}

/* Having one. */

void mmu_want_arenas(struct cpu *cpu, bool always)
{
    cpu->mmu->arenas = cpu->mem->ram_share.file >= 0;
    cpu->mmu->arenas_always = always;
    arena_select(cpu);
}

void arena_select(struct cpu *cpu)
{
    const struct mmu *mmu = cpu->mmu;
    struct arena **at = &cpu->space->arena[cpu->user], *arena = *at;

    if (!arena && mmu->arenas && (!cpu->space->mode || mmu->arenas_always))
        arena = *at = create(cpu, CREDIT_MAX);
    if (arena && arena->off && cpu->block_insns >= arena->since) {
        arena->off = false;
        arena->since = cpu->block_insns;
        arena->credit = CREDIT_FIRST;
    }
    set_window(cpu, arena && !arena->off ? arena->window : NULL);
}

/* The arena of a space with paging that was not met for longest; NULL: there
 * may be one more. */
static struct arena **oldest(struct mmu *mmu)
{
    struct arena **oldest = NULL;
    unsigned count = 0;

    for (unsigned i = 0; i < 2 * MMU_SPACES; i++) {
        struct arena **at = &mmu->spaces[i / 2].arena[i % 2];

        if (!*at || !mmu->spaces[i / 2].mode)
            continue;
        count++;
        if (!oldest || (*at)->seen < (*oldest)->seen)
            oldest = at;
    }
    return count < ARENAS_MAX ? NULL : oldest;
}

/* Counts the reviews that met the space, in a kernel those in a row. */
static unsigned meet(struct cpu *cpu)
{
    struct mmu *mmu = cpu->mmu;

    if (!cpu->user && mmu->met != cpu->space) {
        mmu->met = cpu->space;
        cpu->space->met[false] = 0;
    }
    return ++cpu->space->met[cpu->user];
}

void mmu_review_arena(struct cpu *cpu)
{
    struct mmu *mmu = cpu->mmu;
    struct arena **at = &cpu->space->arena[cpu->user], **old;
    unsigned met = meet(cpu);

    mmu->reviews++;
    if (*at) {
        (*at)->seen = mmu->reviews;
    } else if (mmu->arenas && met >= (cpu->user ? MET_USER : MET_SUPERVISOR)) {
        old = oldest(mmu);
        if (old && (*old)->seen + MET_AGO > mmu->reviews)
            return;
        if (old) {
            arena_destroy(*old);
            *old = NULL;
        }
        *at = create(cpu, CREDIT_FIRST);
        if (*at)
            (*at)->seen = mmu->reviews;
    }
    arena_select(cpu);
}
