/* Running translations in the place of the interpreter's handlers. */
#include <stdlib.h>
#include <string.h>

#include "cpu/engine.h"
#include "jit/x64_lower.h"

#define HEAT        16
#define CACHE_BYTES MIB(64)

bool jit_available(void)
{
    return true;
}

static void settle_pending(struct cpu *cpu, struct jit *jit)
{
    if (!cpu->jit.pending)
        return;
    recipe_apply(cpu, jit_at(jit, cpu->jit.pending));
    cpu->jit.pending = 0;
}

static void settle(struct cpu *cpu, struct jit *jit, uint32_t list)
{
    settle_pending(cpu, jit);
    if (list)
        recipe_apply(cpu, jit_at(jit, list));
}

/* Instructions retired, when `refund` of those that were counted are not. */
static uint64_t retired(const struct cpu *cpu, unsigned refund)
{
    int64_t left = (int32_t)cpu->jit.left;

    return (uint64_t)((int64_t)cpu->limit - (left + REGION_RESERVE + refund));
}

/* From inside translated code. */

uint32_t jit_flags(struct cpu *cpu, uint32_t list)
{
    settle(cpu, cpu->engine.self, list);
    return flags_arithmetic(cpu) | FLAG_ONE;
}

static const struct insn *step(struct cpu *cpu, const struct site *site)
{
    const struct insn *insn = site->insn;

    jit_take_back(cpu, cpu->engine.self);
    settle(cpu, cpu->engine.self, site->list);
    cpu->block_insns = retired(cpu, site->refund) - insn->index;
    return interp_step(cpu, insn);
}

uint8_t *jit_miss(struct cpu *cpu, uint32_t place, uint32_t addr)
{
    struct jit *jit = cpu->engine.self;
    const struct site *site = jit_at(jit, place);
    uint8_t *host;

    if (site->aligned && (addr & 15)) {
        host = NULL;
    } else if (site->write) {
        host = mmu_write_host(cpu, addr, site->size);
        if (!host)
            host = mmu_beside_code(cpu, addr, site->size);
    } else {
        host = (uint8_t *)(uintptr_t)mmu_read_host(cpu, addr, site->size);
    }
    if (!host) {
        jit->next = step(cpu, site);
    }
    return host;
}

#define MXCSR_MASKS 0x1f80u

bool jit_load_xmm(struct cpu *cpu, uint32_t place)
{
    struct jit *jit = cpu->engine.self;

    if (!(cpu->cr0 & (CR0_EM | CR0_TS)) && (cpu->cr4 & CR4_OSFXSR) &&
        (cpu->mxcsr & MXCSR_MASKS) == MXCSR_MASKS) {
        cpu->jit.xmm_live = true;
        return true;
    }
    jit->next = step(cpu, jit_at(jit, place));
    return false;
}

void jit_redo(struct cpu *cpu, uint32_t place)
{
    struct jit *jit = cpu->engine.self;

    jit->next = step(cpu, jit_at(jit, place));
}

uint32_t jit_step(struct cpu *cpu, uint32_t place)
{
    struct jit *jit = cpu->engine.self;
    const struct site *site = jit_at(jit, place);
    uint64_t before;

    jit_take_back(cpu, jit);
    settle(cpu, jit, site->list);
    before = cpu->block_insns = retired(cpu, site->refund) - site->insn->index;
    jit->next = interp_step(cpu, site->insn);
    if (jit->next != site->insn + 1)
        return 1;
    /* A repeated instruction counts for more than one. */
    cpu->jit.left -= (uint32_t)(cpu->block_insns - before);
    return (int32_t)cpu->jit.left < 0;
}

bool jit_load_fpu(struct cpu *cpu, uint32_t place)
{
    struct jit *jit = cpu->engine.self;

    if (jit_fpu_ready(cpu))
        return true;
    jit->next = step(cpu, jit_at(jit, place));
    return false;
}

/* Around it. */

static uint32_t enter(struct cpu *cpu, struct jit *jit, uint32_t translation)
{
    const struct translation *t = jit_at(jit, translation);
    uint32_t (*fn)(struct cpu *, const void *);
    const void *thunk = jit->cache.run + jit->enter;
    uint32_t site;

    memcpy(&fn, &thunk, sizeof(fn));
    target_select(jit, t->head->mode);
    jit->running = true;
    site = fn(cpu, jit->cache.run + t->entry);
    jit->running = false;
    jit_take_back(cpu, jit);
    return site;
}

/* The next time it will go there by itself. */
static void remember(struct jit *jit, const struct site *site,
                     const struct block *to, uint32_t translation)
{
    const struct translation *t = jit_at(jit, translation);

    if (site->kind == SITE_LINK)
        link_connect(jit, site->link, translation);
    else if (site->kind == SITE_INDIRECT)
        target_note(jit, to->eip, to->mode, t->entry);
}

/* Runs translations from the one of `insn`, the first of its block, on.
 * Returns what a handler does. */
static const struct insn *run(struct cpu *cpu, struct jit *jit,
                              const struct insn *insn)
{
    for (;;) {
        struct block_tier *tier = blocks_tier(cpu, block_of(insn));
        int64_t left =
            (int64_t)(cpu->limit - cpu->block_insns) - REGION_RESERVE;
        const struct site *site;
        const struct block *to;
        uint32_t place, eip;

        if (!tier->entry || left < BLOCK_MAX)
            return tier->first(cpu, insn);
        cpu->jit.left = (uint32_t)left;
        place = enter(cpu, jit, tier->entry);
        if (!place)
            return jit->next;
        site = jit_at(jit, place);
        settle(cpu, jit, site->list);
        cpu->block_insns = retired(cpu, site->refund);
        eip = site->kind == SITE_INDIRECT ? cpu->jit.target : site->eip;
        to = interp_target(cpu, eip);
        if (cpu->events || cpu->block_insns + to->count > cpu->limit) {
            cpu->eip = eip;
            return NULL;
        }
        insn = to->insn;
        tier = blocks_tier(cpu, to);
        if (!tier->entry)
            return insn;
        remember(jit, site, to, tier->entry);
    }
}

/* Entries before a block is worth it: the more, the more often code in its
 * page has changed soon after. */
static uint32_t heat_needed(const struct jit *jit, const struct block *block)
{
    unsigned kills = jit->kills[block->phys >> MEM_PAGE_BITS];
    unsigned shift = kills / 4 < 8 ? kills / 4 : 8;

    return (uint32_t)jit->heat << shift;
}

static const struct insn *first(struct cpu *cpu, const struct insn *insn)
{
    struct jit *jit = cpu->engine.self;
    const struct block *block = block_of(insn);
    struct block_tier *tier = blocks_tier(cpu, block);

    if (!tier->entry) {
        if (++tier->heat < heat_needed(jit, block))
            return tier->first(cpu, insn);
        tier->entry = jit_translate(jit, block);
        if (!tier->entry) {
            blocks_set_first(cpu, block, tier->first);
            return tier->first(cpu, insn);
        }
    }
    return run(cpu, jit, insn);
}

static void destroy(void *self)
{
    struct jit *jit = self;

    cache_destroy(&jit->cache);
    free(jit->lower);
    free(jit->kills);
    free(jit);
}

enum status jit_attach(struct cpu *cpu, const struct jit_config *config)
{
    struct engine engine = {.first = first,
                            .killed = jit_block_killed,
                            .forgotten = jit_forget,
                            .destroy = destroy};
    struct jit *jit;

    if (config->cache_bytes && config->cache_bytes < JIT_CACHE_LEAST)
        return STATUS_BAD_ARGUMENT;
    if (cpu->model < CPU_386)
        return STATUS_OK;
    jit = calloc(1, sizeof(*jit));
    if (!jit)
        return STATUS_NO_MEMORY;
    jit->lower = calloc(1, sizeof(*jit->lower));
    jit->kills = calloc(MEM_PAGES, 1);
    if (!jit->lower || !jit->kills ||
        cache_create(&jit->cache,
                     config->cache_bytes ? config->cache_bytes : CACHE_BYTES)) {
        destroy(jit);
        return STATUS_NO_MEMORY;
    }
    jit->cpu = cpu;
    jit->skip = config->skip;
    jit->code_map = config->code_map;
    jit->heat = config->heat ? config->heat : HEAT;
    thunks_emit(jit);
    stats_map_thunks(jit);
    cpu->jit.bad2 = 1ull << 63 | 1;
    cpu->jit.bad4 = 1ull << 63 | 3;
    cpu->jit.bad8 = 1ull << 63 | 7;
    cpu->jit.bad16 = 1ull << 63 | 15;
    cpu->jit.mxcsr = MXCSR_MASKS;
    engine.self = jit;
    cpu_plug_engine(cpu, &engine);
    return STATUS_OK;
}
