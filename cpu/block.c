#include "cpu/block.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "cpu/debug_int.h"
#include "cpu/engine.h"
#include "cpu/interp.h"
#include "cpu/mmu.h"

#define UNIT         32u /* bytes */
#define ARENA_UNITS  (1u << 20)
#define BLOCK_UNITS  (3u + BLOCK_MAX) /* tier, header, instructions, end */
#define LIMITS       2048 /* code segment limits that blocks may stem from */
#define LIMIT_PLACES (2 * LIMITS)
#define BYTES_MAX    255
#define PARTS        16u /* of a page, by which its blocks are found */
#define PART_BYTES   (MEM_PAGE_BYTES / PARTS)
#define PATCH_BITS   12
#define PATCH_LEAST  16 /* from then on such blocks stay */

_Static_assert(sizeof(struct block) == UNIT, "block header");
_Static_assert(sizeof(struct insn) == UNIT, "instruction");
_Static_assert(sizeof(struct block_tier) == UNIT, "tier");
_Static_assert(LIMIT_PLACES == 1u << 12, "find_limit()");

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

static struct block *block_get(struct block_cache *cache, uint32_t n)
{
    return (struct block *)(void *)(cache->memory + (size_t)n * UNIT);
}

static uint32_t block_number(const struct block_cache *cache,
                             const struct block *block)
{
    return (uint32_t)((size_t)((const uint8_t *)block - cache->memory) / UNIT);
}

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
    cache->memory = aligned_alloc(64, (size_t)ARENA_UNITS * UNIT);
    cache->pages = calloc(MEM_PAGES, sizeof(*cache->pages));
    if (!cache->memory || !cache->pages) {
        blocks_destroy(cpu);
        return STATUS_NO_MEMORY;
    }
    memset(cache->memory, 0, BLOCK_UNITS * UNIT);
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
    free(cache->memory);
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

/* Decoding. */

struct builder {
    struct cpu *cpu;
    struct decode_mode mode;
    struct block *block;
    const uint8_t *bytes; /* of the page */
    uint32_t eip, at;     /* of the next instruction; offset in the page */
    uint32_t limit;       /* of CS */
};

static bool is_near_branch(const struct insn *insn)
{
    unsigned kind = insn_info[insn->slot].operand[0];

    return kind == OPERAND_Jb || kind == OPERAND_Jv;
}

/* Fills in what depends on where the instruction stands. */
static void place_insn(struct builder *b, struct insn *insn,
                       enum decode_result result)
{
    insn->index = (uint8_t)b->block->count++;
    insn->offset = (uint16_t)(b->eip - b->block->eip);
    b->eip += insn->length;
    if (result == DECODE_OK && is_near_branch(insn)) {
        insn->imm += b->eip;
        if (!(insn->flags & INSN_OP32))
            insn->imm &= 0xffff;
        insn->disp = 0;
    }
}

static bool ends_block(const struct insn *insn)
{
    unsigned traits = insn_info[insn->slot].traits;

    return (traits & INSN_TRAIT_ENDS) ||
           ((traits & INSN_TRAIT_REP) &&
            (insn->flags & (INSN_REP | INSN_REPNE)));
}

static insn_fn *choose_handler(const struct builder *b, const struct insn *insn,
                               bool dead)
{
    insn_fn *x87 = fpu_bind(insn, b->mode.model);

    if (x87)
        return x87;
    if (is_near_branch(insn) && insn->imm > b->limit)
        return interp_jump_outside;
    if ((insn->flags & INSN_LOCK) && b->mode.model == CPU_286)
        return interp_locked286;
    if (b->mode.model <= CPU_286 && interp_is_shift(insn))
        return interp_shift_286;
    return interp_bind(insn, b->block->mode, dead);
}

/* From the last to the first: whose flags will be overwritten before anybody
 * can look? An instruction that may fault, or touch a device, looks at all. */
static void choose_handlers(struct builder *b)
{
    unsigned live = FLAGS_OSZAPC;

    for (uint32_t i = b->block->count; i-- > 0;) {
        struct insn *insn = &b->block->insn[i];
        const struct insn_info *info = &insn_info[insn->slot];
        bool pure =
            (info->traits & INSN_TRAIT_PURE) && !(insn->flags & INSN_MEM);

        if (insn->fn)
            continue; /* undefined; the last one */
        insn->fn = choose_handler(b, insn,
                                  pure && info->flags_written &&
                                      !(info->flags_written & live));
        if (!pure)
            live = FLAGS_OSZAPC;
        else if (!(info->traits & INSN_TRAIT_MAYBE))
            live &= ~(unsigned)info->flags_written;
        live |= info->flags_read;
    }
}

/* The one behind the last leads on to what follows. */
static void end_block(struct builder *b)
{
    struct insn *end = &b->block->insn[b->block->count];
    uint32_t eip = b->eip;

    if (b->mode.model < CPU_386)
        eip &= 0xffff;
    *end = (struct insn){.fn = interp_end,
                         .imm = eip,
                         .index = (uint8_t)b->block->count,
                         .offset = (uint16_t)(b->eip - b->block->eip)};
    choose_handlers(b);
}

/* Bytes of CS from b->eip that stand in this page. */
static size_t bytes_left(const struct builder *b)
{
    uint32_t in_page = MEM_PAGE_BYTES - b->at;
    uint32_t in_segment = b->limit - b->eip; /* less one */

    return in_segment < in_page ? in_segment + 1 : in_page;
}

/* Takes instructions until one ends the block. Stops before one that does not
 * stand wholly in the page; false if that is the first. */
static bool take_insns(struct builder *b, unsigned max)
{
    bool first = true;

    while (b->block->count < max && b->at < MEM_PAGE_BYTES &&
           b->eip <= b->limit && (first || !debug_marks(b->cpu, b->at))) {
        struct insn *insn = &b->block->insn[b->block->count];
        enum decode_result result =
            insn_decode(&b->mode, b->bytes + b->at, bytes_left(b), insn);

        if (result == DECODE_MORE)
            return !first;
        first = false;
        b->at += insn->length;
        place_insn(b, insn, result);
        if (result == DECODE_UNDEFINED)
            insn->fn = interp_undefined;
        else if (result == DECODE_TOO_LONG)
            insn->fn = interp_too_long;
        /* The ModR/M byte that made it undefined is not in its length. */
        if (result == DECODE_UNDEFINED && b->at < MEM_PAGE_BYTES)
            b->at++;
        if (result != DECODE_OK || ends_block(insn))
            break;
    }
    return true;
}

/* A byte of code from wherever it is. */
static bool fetch_byte(struct cpu *cpu, uint32_t eip, uint8_t *byte,
                       paddr *phys)
{
    if (!mmu_fetch(cpu, cpu->seg[SEG_CS].base + eip, phys))
        return false;
    *byte = (uint8_t)mem_load(cpu->mem, *phys, 1);
    return true;
}

/* One instruction, byte by byte: it straddles pages, or its page cannot be
 * pointed to, or it wraps in an 8086's segment. False: fault noted. */
static bool take_one(struct builder *b, paddr *second, unsigned *second_bytes)
{
    struct cpu *cpu = b->cpu;
    struct insn *insn = &b->block->insn[0];
    enum decode_result result = DECODE_MORE;
    uint8_t bytes[BYTES_MAX];
    paddr phys, page = b->block->phys >> MEM_PAGE_BITS;
    size_t n = 0;

    *second_bytes = 0;
    while (result == DECODE_MORE) {
        uint32_t eip = b->eip + (uint32_t)n;

        if (cpu->model == CPU_8086)
            eip &= 0xffff;
        if (eip > b->limit)
            return cpu_fault(cpu, VECTOR_GP, 0);
        if (!fetch_byte(cpu, eip, &bytes[n], &phys))
            return false;
        if (phys >> MEM_PAGE_BITS != page && !(*second_bytes)++)
            *second = phys;
        n++;
        assert(n <= BYTES_MAX);
        result = insn_decode(&b->mode, bytes, n, insn);
    }
    place_insn(b, insn, result);
    if (result == DECODE_UNDEFINED)
        insn->fn = interp_undefined;
    else if (result == DECODE_TOO_LONG)
        insn->fn = interp_too_long;
    return true;
}

/* Registration. */

static void add_to_page(struct cpu *cpu, struct block *block)
{
    struct block_cache *cache = cpu->blocks;
    uint32_t number = block->phys >> MEM_PAGE_BITS;
    struct code_page *page = &cache->pages[number];
    uint32_t *part = &page->part[(block->phys & MEM_PAGE_MASK) / PART_BYTES];

    if (!page->active) {
        page->active = true;
        page->next_active = cache->active;
        cache->active = number + 1;
    }
    page->host = cpu->mem->pages[number].host;
    block->next_in_page = *part;
    *part = block_number(cache, block);
    page->blocks++;
    if (page->longest < block->bytes)
        page->longest = block->bytes;
    cpu->mem->pages[number].granules |=
        mem_granules(block->phys & MEM_PAGE_MASK, block->bytes);
    if (!(cpu->mem->pages[number].flags & MEM_PAGE_CODE)) {
        mem_flag_page(cpu->mem, number, MEM_PAGE_CODE, 0);
        mmu_protect_page(cpu, number);
    }
}

static void add_block(struct cpu *cpu, struct block *block)
{
    uint32_t *head = &cpu->blocks->hash[block_hash(block->phys)];

    block->next = *head;
    *head = block_number(cpu->blocks, block);
    cpu->blocks->used += 3 + block->count;
    cpu->stats.blocks_decoded++;
    add_to_page(cpu, block);
}

/* The second page of a straddling instruction gets a stand-in. */
static void add_stand_in(struct cpu *cpu, struct block *block, paddr phys,
                         unsigned bytes)
{
    struct block_cache *cache = cpu->blocks;
    struct block *other = block_get(cache, cache->used++);

    block->straddles = true;
    block->alias = (uint32_t)(phys >> MEM_PAGE_BITS);
    block->bytes = (uint16_t)(block->bytes - bytes);
    *other = (struct block){.count = BLOCK_DEAD,
                            .phys = (uint32_t)phys,
                            .alias = block_number(cache, block),
                            .bytes = (uint16_t)bytes,
                            .stand_in = true};
    add_to_page(cpu, other);
}

/* Room for one more of any size; forgets all if there is none. A block that was
 * not kept may stand there: it leads on to nothing any more. */
static struct block *take_room(struct cpu *cpu)
{
    struct block_cache *cache = cpu->blocks;

    if (cpu->from && block_number(cache, block_of(cpu->from)) > cache->used)
        cpu->from = NULL;
    if (cache->used + BLOCK_UNITS + 1 > ARENA_UNITS) {
        forget_all(cpu);
        cpu->mode = blocks_mode(cpu) | (cpu->mode & BLOCK_STEP);
    }
    memset(block_get(cache, cache->used), 0, UNIT);
    return block_get(cache, cache->used + 1);
}

static bool can_keep(const struct cpu *cpu, paddr phys)
{
    const struct mem_page *row = mem_page_at(cpu->mem, phys);

    return row->host && !(row->flags & MEM_PAGE_IO);
}

static const struct block *build_straddling(struct builder *b)
{
    paddr second = 0;
    unsigned second_bytes;
    struct block *block = b->block;
    bool keep = can_keep(b->cpu, block->phys);

    if (!take_one(b, &second, &second_bytes))
        return NULL;
    end_block(b);
    block->bytes = block->insn[0].length;
    if (second_bytes && !can_keep(b->cpu, second))
        keep = false;
    if (!keep) { /* it stands in the room of the next one */
        block->straddles = true;
        return block;
    }
    if (second_bytes) {
        block->bytes = (uint16_t)(block->bytes - second_bytes);
        add_block(b->cpu, block);
        block->bytes = (uint16_t)(block->bytes + second_bytes);
        add_stand_in(b->cpu, block, second, second_bytes);
    } else {
        add_block(b->cpu, block);
    }
    return block;
}

static const struct block *build(struct cpu *cpu, uint32_t phys, uint32_t mode)
{
    struct block *block = take_room(cpu);
    struct builder b = {
        .cpu = cpu,
        .mode = {.model = cpu->model, .code32 = mode & BLOCK_CODE32},
        .block = block,
        .bytes = cpu->mem->pages[phys >> MEM_PAGE_BITS].host,
        .eip = cpu->eip,
        .at = phys & MEM_PAGE_MASK,
        .limit = cpu->seg[SEG_CS].limit,
    };

    *block = (struct block){.eip = cpu->eip, .phys = phys, .mode = mode};
    if (!can_keep(cpu, phys) ||
        !take_insns(&b, mode & BLOCK_STEP ? 1 : BLOCK_MAX))
        return build_straddling(&b);
    end_block(&b);
    block->bytes = (uint16_t)(b.at - (phys & MEM_PAGE_MASK));
    if (cpu->engine.first && !(mode & BLOCK_STEP)) {
        blocks_tier(cpu, block)->first = block->insn[0].fn;
        block->insn[0].fn = cpu->engine.first;
    }
    add_block(cpu, block);
    return block;
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
        return build(cpu, (uint32_t)phys, mode);
    if (!block->straddles)
        return block;
    if (second_page_matches(cpu, block, &fault))
        return block;
    if (fault)
        return NULL;
    kill_block(cpu, block);
    return build(cpu, (uint32_t)phys, mode);
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
