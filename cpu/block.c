#include "cpu/block_int.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/large.h"
#include "cpu/engine.h"
#include "cpu/interp.h"

#define PATCH_LEAST 16 /* from then on such blocks stay */

_Static_assert(LIMIT_PLACES == 1u << 12, "find_limit()");

/* Everything is gone; block 0 is the one that never fits. */
static void forget_all(struct cpu *cpu)
{
    struct block_cache *cache = cpu->blocks;

    while (cache->active) {
        struct code_page *page = &cache->pages[cache->active - 1];

        cache->active = page->next_active;
        *page = (struct code_page){0};
    }
    memset(cache->hash, 0, sizeof(cache->hash));
    memset(cache->patches, 0, sizeof(cache->patches));
    block_get(cache, 0)->count = BLOCK_DEAD;
    cache->used = BLOCK_UNITS; /* ORDER scratch */
    memset(cache->limit_used, 0, sizeof(cache->limit_used));
    cache->limit_count = 0;
    cache->last_number = LIMIT_PLACES;
    cpu->from = NULL;
    cpu->cur = NULL;
    if (cpu->engine.forgotten)
        cpu->engine.forgotten(cpu->engine.self);
}

void blocks_flush(struct cpu *cpu)
{
    forget_all(cpu);
}

enum status blocks_create(struct cpu *cpu)
{
    struct block_cache *cache = calloc(1, sizeof(*cache));

    cpu->blocks = cache;
    if (!cache)
        return STATUS_NO_MEMORY;
    cache->memory = large_alloc(ARENA_BYTES);
    cache->pages = calloc(MEM_PAGES, sizeof(*cache->pages));
    if (!cache->memory || !cache->pages) {
        blocks_destroy(cpu);
        return STATUS_NO_MEMORY;
    }
    cpu->arena = cache->memory;
    cpu->block_hash = cache->hash;
    forget_all(cpu);
    return STATUS_OK;
}

void blocks_destroy(struct cpu *cpu)
{
    struct block_cache *cache = cpu->blocks;

    if (!cache)
        return;
    large_free(cache->memory, ARENA_BYTES);
    free(cache->pages);
    free(cache);
    cpu->blocks = NULL;
    cpu->arena = NULL;
}

/* Modes. */

static uint32_t find_limit(const struct block_cache *cache, uint32_t limit)
{
    uint32_t n = (limit * 2654435761u) >> 20;

    while (cache->limit_used[n] && cache->limits[n] != limit)
        n = (n + 1) % LIMIT_PLACES;
    return n;
}

/* Blocks hold what the limit of CS decided, so it is part of their key. A
 * 16-bit program has as many as it has segments. */
static uint32_t take_limit(struct cpu *cpu, uint32_t limit)
{
    struct block_cache *cache = cpu->blocks;
    uint32_t n = find_limit(cache, limit);

    if (cache->limit_used[n])
        return n;
    if (cache->limit_count == LIMITS) {
        forget_all(cpu);
        n = find_limit(cache, limit);
    }
    cache->limits[n] = limit;
    cache->limit_used[n] = true;
    cache->limit_count++;
    return n;
}

static uint32_t limit_number(struct cpu *cpu)
{
    struct block_cache *cache = cpu->blocks;
    uint32_t limit = cpu->seg[SEG_CS].limit;

    if (limit != cache->last_limit || cache->last_number == LIMIT_PLACES) {
        cache->last_number = take_limit(cpu, limit);
        cache->last_limit = limit;
    }
    return cache->last_number;
}

uint32_t blocks_mode(struct cpu *cpu)
{
    uint32_t mode = limit_number(cpu) << BLOCK_LIMIT_SHIFT |
                    (cpu->flat & 0x3f) << BLOCK_FLAT_SHIFT;

    if (cpu_paragraphs(cpu))
        mode |= (cpu->plain[cpu_v86(cpu)] & 0x3f) << BLOCK_PLAIN_SHIFT;
    return mode | (cpu_code32(cpu) ? BLOCK_CODE32 : 0) |
           (cpu->seg[SEG_CS].base ? 0 : BLOCK_CS_0) |
           (cpu->window ? BLOCK_ARENA : 0) |
           (cpu_stack32(cpu) ? BLOCK_STACK32 : 0) |
           (cpu->user ? BLOCK_USER : 0) |
           (cpu_protected(cpu) ? 0 : BLOCK_REAL) |
           (cpu_v86(cpu) ? BLOCK_V86 : 0);
}

/* Dropping. */

static void unlink_hash(struct block_cache *cache, const struct block *block)
{
    uint32_t *at = &cache->hash[block_hash(block->phys)];
    uint32_t n = block_number(cache, block);

    while (*at && *at != n)
        at = &block_get(cache, *at)->next;
    if (*at)
        *at = block->next;
}

/* Marks it; chains of pages are cleaned when somebody walks them. */
static void kill_block(struct cpu *cpu, struct block *block)
{
    if (block->count == BLOCK_DEAD)
        return;
    block->count = BLOCK_DEAD;
    unlink_hash(cpu->blocks, block);
    if (cpu->engine.killed)
        cpu->engine.killed(cpu->engine.self, block);
    cpu->stats.invalidations++;
    if (cpu->cur && block_of(cpu->cur) == block)
        cpu->events |= CPU_EVENT_RELOAD;
}

static bool is_dead(struct block_cache *cache, const struct block *block)
{
    if (block->stand_in)
        block = block_get(cache, block->alias);
    return block->count == BLOCK_DEAD;
}

static bool overlaps(const struct block *block, uint32_t first, uint32_t last)
{
    return block->phys <= last && block->phys + (block->bytes - 1u) >= first;
}

/* The instruction of which [first, last] is a part of a 32-bit immediate that
 * handlers read when they run, or NULL. */
static struct insn *patched_insn(struct block *block, uint32_t first,
                                 uint32_t last)
{
    uint32_t in = first - block->phys;
    struct insn *insn = block->insn;
    const struct insn *end = insn + block->count;

    if (first < block->phys || block->straddles || block->stand_in)
        return NULL;
    while (insn < end && (uint32_t)insn->offset + insn->length <= in)
        insn++;
    if (insn == end || !insn_has_imm32(insn) ||
        in < (uint32_t)insn->offset + insn->length - 4 ||
        last - block->phys >= (uint32_t)insn->offset + insn->length)
        return NULL;
    return insn;
}

/* Blocks whose immediate operands are stored to again and again stay, but for
 * these; others are better off decoded anew. */
static bool patch_block(struct cpu *cpu, struct block *block, uint32_t first,
                        uint32_t last)
{
    uint8_t *patches =
        &cpu->blocks->patches[block_hash(block->phys) % (1u << PATCH_BITS)];
    struct insn *insn;
    uint32_t at;

    if (block->count == BLOCK_DEAD)
        return false;
    insn = patched_insn(block, first, last);
    if (!insn) {
        *patches = 0;
        return false;
    }
    if (*patches < PATCH_LEAST) {
        ++*patches;
        return false;
    }
    at = block->phys + insn->offset + insn->length - 4;
    memcpy(&insn->imm,
           cpu->mem->pages[at >> MEM_PAGE_BITS].host + (at & MEM_PAGE_MASK), 4);
    if (!insn->disp && cpu->engine.patched)
        cpu->engine.patched(cpu->engine.self, block);
    insn->disp = 1; /* see insn_is_patched() */
    return true;
}

/* Walks the blocks that begin in a part of a page: kills what overlaps [first,
 * last] and takes the dead out. Returns the granules of those that are left. */
static uint64_t drop_in_part(struct cpu *cpu, struct code_page *page,
                             unsigned part, uint32_t first, uint32_t last)
{
    struct block_cache *cache = cpu->blocks;
    uint32_t *at = &page->part[part];
    uint64_t granules = 0;

    while (*at) {
        struct block *block = block_get(cache, *at);

        if (overlaps(block, first, last) &&
            !patch_block(cpu, block, first, last))
            kill_block(cpu, block->stand_in ? block_get(cache, block->alias)
                                            : block);
        if (is_dead(cache, block)) {
            *at = block->next_in_page;
            page->blocks--;
            continue;
        }
        granules |= mem_granules(block->phys & MEM_PAGE_MASK, block->bytes);
        at = &block->next_in_page;
    }
    return granules;
}

/* Kills what overlaps [first, last] of a page. Granules there that no block is
 * left in are data again. */
static void drop_range(struct cpu *cpu, uint32_t number, uint32_t first,
                       uint32_t last)
{
    struct code_page *page = &cpu->blocks->pages[number];
    struct mem_page *row = &cpu->mem->pages[number];
    uint32_t begin = first & MEM_PAGE_MASK & ~(MEM_GRANULE_BYTES - 1);
    uint32_t end = (last & MEM_PAGE_MASK) | (MEM_GRANULE_BYTES - 1);
    uint32_t from = begin < page->longest ? 0 : begin - page->longest;
    uint64_t touched = mem_granules(begin, end - begin + 1), left = 0;

    for (unsigned part = from / PART_BYTES; part <= end / PART_BYTES; part++)
        left |= drop_in_part(cpu, page, part, first, last);
    row->granules = (row->granules & ~touched) | (left & touched);
    if (!page->blocks) {
        row->granules = 0;
        mem_flag_page(cpu->mem, number, 0, MEM_PAGE_CODE);
    }
}

void blocks_stored(struct cpu *cpu, paddr addr, unsigned size,
                   const uint8_t *old)
{
    uint32_t number = (uint32_t)(addr >> MEM_PAGE_BITS);
    uint32_t offset = addr & MEM_PAGE_MASK;
    const struct mem_page *row = &cpu->mem->pages[number];
    uint32_t first = 0, last = size - 1;

    assert(offset + size <= MEM_PAGE_BYTES);
    if (number >= MEM_PAGES || !row->host || (row->flags & MEM_PAGE_ROM) ||
        !(row->granules & mem_granules(offset, size)))
        return;
    while (first < size && row->host[offset + first] == old[first])
        first++;
    if (first == size)
        return;
    while (row->host[offset + last] == old[last])
        last--;
    drop_range(cpu, number, (uint32_t)addr + first, (uint32_t)addr + last);
}

static void drop_page(struct cpu *cpu, uint32_t number)
{
    if (cpu->blocks->pages[number].blocks)
        drop_range(cpu, number, number << MEM_PAGE_BITS,
                   (number << MEM_PAGE_BITS) + MEM_PAGE_MASK);
}

/* A20 names all pages although no row changes: blocks stand behind the gate,
 * so they stay, unless a row does look different afterwards. */
void blocks_remapped(struct cpu *cpu, uint32_t first_page, uint32_t pages)
{
    cpu->events |= CPU_EVENT_RELOAD;
    if (pages == MEM_PAGES) {
        cpu->recheck = true;
        return;
    }
    for (uint32_t i = first_page; i < first_page + pages; i++)
        drop_page(cpu, i);
}

static void recheck(struct cpu *cpu)
{
    struct block_cache *cache = cpu->blocks;

    for (uint32_t n = cache->active; n; n = cache->pages[n - 1].next_active) {
        if (cache->pages[n - 1].host != cpu->mem->pages[n - 1].host)
            drop_page(cpu, n - 1);
    }
    cpu->recheck = false;
}

/* Looking up. */

/* A straddling block is good for one second page. */
static bool second_page_matches(struct cpu *cpu, const struct block *block,
                                bool *fault)
{
    uint32_t last = block->eip + block->insn[0].length - 1u;
    paddr phys;

    if (cpu->model == CPU_8086)
        last &= 0xffff;
    *fault = !mmu_fetch(cpu, cpu->seg[SEG_CS].base + last, &phys);
    return !*fault && phys >> MEM_PAGE_BITS == block->alias;
}

const struct block *blocks_known(const struct cpu *cpu, uint32_t phys,
                                 uint32_t eip, uint32_t mode)
{
    uint32_t n = cpu->block_hash[block_hash(phys)];

    for (; n; n = block_at(cpu, n)->next) {
        const struct block *block = block_at(cpu, n);

        if (block->phys == phys && block->eip == eip && block->mode == mode)
            return block;
    }
    return NULL;
}

/* The arena as its owner sees it. */
static struct block *writable(struct cpu *cpu, const struct block *block)
{
    return block_get(cpu->blocks, block_number(cpu->blocks, block));
}

struct block_tier *blocks_tier(struct cpu *cpu, const struct block *block)
{
    return (struct block_tier *)(void *)(writable(cpu, block) - 1);
}

void blocks_set_first(struct cpu *cpu, const struct block *block, insn_fn *fn)
{
    writable(cpu, block)->insn[0].fn = fn;
}

static struct block *find_in_hash(struct cpu *cpu, uint32_t phys, uint32_t mode)
{
    struct block_cache *cache = cpu->blocks;
    uint32_t *head = &cache->hash[block_hash(phys)];

    for (uint32_t *at = head; *at; at = &block_get(cache, *at)->next) {
        struct block *block = block_get(cache, *at);
        uint32_t n = *at;

        if (block->phys != phys || block->eip != cpu->eip ||
            block->mode != mode)
            continue;
        *at = block->next; /* to the front, where handlers look */
        block->next = *head;
        *head = n;
        return block;
    }
    return NULL;
}

const struct block *blocks_find(struct cpu *cpu, uint32_t mode)
{
    struct block *block;
    paddr phys;
    bool fault;

    if (cpu->recheck)
        recheck(cpu);
    if (cpu->eip > cpu->seg[SEG_CS].limit) {
        cpu_fault(cpu, VECTOR_GP, 0);
        return NULL;
    }
    if (!mmu_fetch(cpu, cpu->seg[SEG_CS].base + cpu->eip, &phys))
        return NULL;
    if (phys > UINT32_MAX) { /* nothing is there: FF FF */
        cpu_fault(cpu, VECTOR_UD, 0);
        return NULL;
    }
    block = find_in_hash(cpu, (uint32_t)phys, mode);
    if (!block)
        return block_build(cpu, (uint32_t)phys, mode);
    if (!block->straddles)
        return block;
    if (second_page_matches(cpu, block, &fault))
        return block;
    if (fault)
        return NULL;
    kill_block(cpu, block);
    return block_build(cpu, (uint32_t)phys, mode);
}

void blocks_link(struct cpu *cpu, const struct insn *from,
                 const struct block *to)
{
    struct block_cache *cache = cpu->blocks;
    const struct block *block = block_of(from);
    struct insn *insn;

    if ((block->phys ^ to->phys) >> MEM_PAGE_BITS ||
        to->phys - block->phys != to->eip - block->eip ||
        block->mode != to->mode || to->straddles || (to->mode & BLOCK_STEP))
        return;
    insn = (struct insn *)(void *)(cache->memory +
                                   ((const uint8_t *)from - cpu->arena));
    insn->disp = block_number(cache, to);
}

void blocks_visit(const struct cpu *cpu,
                  void (*visit)(void *context, const struct block *block),
                  void *context)
{
    for (unsigned i = 0; i < ARRAY_LEN(cpu->blocks->hash); i++) {
        for (uint32_t n = cpu->blocks->hash[i]; n; n = block_at(cpu, n)->next)
            visit(context, block_at(cpu, n));
    }
}

static void count_block(void *context, const struct block *block)
{
    (void)block;
    ++*(unsigned *)context;
}

unsigned blocks_count(const struct cpu *cpu)
{
    unsigned count = 0;

    blocks_visit(cpu, count_block, &count);
    return count;
}
