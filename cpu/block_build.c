#include "cpu/block_int.h"

#include <assert.h>
#include <string.h>

#include "cpu/debug_int.h"
#include "cpu/engine.h"
#include "cpu/interp.h"

#define BYTES_MAX 255

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
        blocks_flush(cpu);
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

/* The engine looks on from its first instruction. */
static void plug_engine(struct cpu *cpu, struct block *block)
{
    if (!cpu->engine.first || (block->mode & BLOCK_STEP))
        return;
    blocks_tier(cpu, block)->first = block->insn[0].fn;
    block->insn[0].fn = cpu->engine.first;
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
    plug_engine(b->cpu, block);
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

const struct block *block_build(struct cpu *cpu, uint32_t phys, uint32_t mode)
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
    plug_engine(cpu, block);
    add_block(cpu, block);
    return block;
}
