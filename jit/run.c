/* Running translations in the place of the interpreter's handlers. */
#include <stdlib.h>
#include <string.h>

#include "cpu/engine.h"
#include "jit/x64_lower.h"

#define HEAT         16
/* So much more for what is around loops that are translated. */
#define AROUND_HEAT  4
#define CACHE_BYTES  MIB(64)
/* Between two looks at whether the address space should have an arena. */
#define REVIEW_INSNS 1000000u

bool jit_available(void)
{
    return true;
}

static void settle_pending(void *self)
{
    struct jit *jit = self;
    struct cpu *cpu = jit->cpu;
    uint32_t pending = cpu->jit.pending, partial = cpu->jit.partial;

    cpu->jit.pending = cpu->jit.partial = 0;
    if (pending)
        recipe_apply(cpu, jit_at(jit, pending));
    if (partial)
        recipe_apply(cpu, jit_at(jit, partial));
}

static void settle(struct cpu *cpu, struct jit *jit, const struct site *site)
{
    if (site->whole)
        cpu->jit.pending = cpu->jit.partial = 0;
    else
        settle_pending(jit);
    if (site->list)
        recipe_apply(cpu, jit_at(jit, site->list));
}

/* Instructions retired, when `refund` of those that were counted are not. */
static uint64_t retired(const struct cpu *cpu, unsigned refund)
{
    const struct jit *jit = cpu->engine.self;
    int64_t left = (int32_t)cpu->jit.left;

    return (uint64_t)((int64_t)cpu->limit - (left + jit->reserve + refund));
}

/* Going on in translated code after C code. */

/* The translation at EIP, or NULL: then jit->next is what the interpreter's
 * loop does next. */
static const void *find_code(struct cpu *cpu, struct jit *jit)
{
    const struct translation *t;
    const struct block *block;
    const void *code;

    target_select(jit, cpu->mode);
    code = cpu->recheck ? NULL : target_find(jit, cpu->eip);
    if (code)
        return code;
    block = blocks_find(cpu, cpu->mode);
    jit->next = block ? block->insn : NULL;
    if (!block || !blocks_tier(cpu, block)->entry)
        return NULL;
    t = jit_at(jit, blocks_tier(cpu, block)->entry);
    target_note(jit, t);
    return jit->cache.run + t->entry;
}

/* At the boundary behind an instruction that the interpreter did, and that
 * `next` follows. */
static void go_on(struct cpu *cpu, struct jit *jit, uint32_t next)
{
    jit->next = NULL;
    cpu->jit.resume = NULL;
    if (cpu->eip != next)
        cpu->arrival = CPU_BY_RETURN;
    if (!cpu_go_on(cpu, REGION_RESERVE + BLOCK_MAX))
        return;
    cpu->jit.resume = find_code(cpu, jit);
    jit->reserve = REGION_RESERVE;
    if (cpu->events) { /* the look for it changed what it depends on */
        cpu->jit.resume = NULL;
        jit->next = NULL;
    }
    cpu->jit.left = (uint32_t)(cpu->limit - cpu->block_insns) - REGION_RESERVE;
    if (cpu->jit.resume)
        guard_select(jit);
}

/* From inside translated code. */

uint32_t jit_flags(struct cpu *cpu, uint32_t list)
{
    settle_pending(cpu->engine.self);
    if (list)
        recipe_apply(cpu, jit_at((struct jit *)cpu->engine.self, list));
    return flags_arithmetic(cpu) | FLAG_ONE;
}

void jit_read_tsc(struct cpu *cpu, uint32_t place)
{
    const struct site *site = jit_at(cpu->engine.self, place);
    uint64_t tsc = msr_tsc_at(cpu, retired(cpu, site->refund));

    cpu->reg[CPU_EAX] = (uint32_t)tsc;
    cpu->reg[CPU_EDX] = (uint32_t)(tsc >> 32);
}

/* The state before the instruction of a site is the cpu's. */
static void step_begin(struct cpu *cpu, struct jit *jit,
                       const struct site *site)
{
    jit_take_back(cpu, jit, site->fpu);
    if (site->list || !site->keeps)
        settle(cpu, jit, site);
    /* Recipes mean the register as it is. */
    cpu->reg[CPU_ESP] += (uint32_t)site->stack;
    cpu->block_insns = retired(cpu, site->refund) - site->insn->index;
}

/* Does an instruction. Without an answer it has left the block. */
static const struct insn *step(struct cpu *cpu, struct jit *jit,
                               const struct site *site)
{
    step_begin(cpu, jit, site);
    return interp_step(cpu, site->insn);
}

/* What comes behind an instruction that misses now and then is interpreted to
 * the end of the block. Behind one that misses often (a device), a new block
 * begins, and that gets a translation. */
#define MISSES 8

static void step_access(struct cpu *cpu, struct jit *jit, struct site *site)
{
    const struct insn *next = step(cpu, jit, site);

    if (next && next->index < block_of(next)->count && site->misses < MISSES) {
        site->misses++;
        jit->next = next;
        cpu->jit.resume = NULL;
        return;
    }
    if (next) {
        cpu->eip = block_insn_eip(next);
        cpu->block_insns += next->index;
    }
    go_on(cpu, jit, block_insn_eip(site->insn + 1));
}

static uint8_t *quick_host(const struct cpu *cpu, const struct site *site,
                           laddr addr)
{
    uint8_t *host;

    if (!site->write)
        return (uint8_t *)(uintptr_t)mmu_read_host(cpu, addr, site->size);
    host = mmu_write_host(cpu, addr, site->size);
    return host ? host : mmu_beside_code(cpu, addr, site->size);
}

/* The instruction stored to page tables or code, and somebody wants to look. */
static void step_stored(struct cpu *cpu, struct jit *jit,
                        const struct site *site)
{
    step_begin(cpu, jit, site);
    cpu->eip = block_insn_eip(site->insn + 1);
    cpu->block_insns += site->insn->index + 1u;
    go_on(cpu, jit, cpu->eip);
}

/* Whether nothing of the instruction comes before its accesses, which are made
 * in the interpreter's order. */
static bool faults_so(const struct site *site)
{
    enum sem sem = insn_sem(site->insn);

    return sem != SEM_none && sem < SEM_nop;
}

/* The instruction faulted, and that is noted. */
static void step_faulted(struct cpu *cpu, struct jit *jit,
                         const struct site *site)
{
    step_begin(cpu, jit, site);
    interp_fault(cpu, site->insn);
    go_on(cpu, jit, cpu->eip);
}

/* It is to change what a quiet device holds. If it does so often, it gets code
 * that can (x64_memory.c, lower_changed()). */
static void note_change(struct cpu *cpu, struct jit *jit, struct site *site,
                        laddr addr)
{
    const struct block *block = block_of(site->insn);

    if (!site->changes || !mmu_quiet(cpu, cpu->write_table, addr, site->size) ||
        ++site->hidden != MISSES)
        return;
    blocks_tier(cpu, block)->checked |= 1u << site->insn->index;
    translation_kill_users(jit, block);
}

uint8_t *jit_miss(struct cpu *cpu, uint32_t place, uint32_t addr)
{
    struct jit *jit = cpu->engine.self;
    struct site *site = jit_at(jit, place);
    /* What is unaligned or leaves the page may fault before it gets there. */
    bool whole = site->aligned
                     ? !(addr & 15)
                     : (addr & MEM_PAGE_MASK) <= MEM_PAGE_BYTES - site->size;
    uint8_t *host = whole ? quick_host(cpu, site, addr) : NULL;

    if (host)
        return host;
    if (!cpu->events)
        host = device_access(cpu, site, addr);
    if (!host && whole) {
        if (mmu_fill(cpu, addr, site->write, faults_so(site)))
            host = quick_host(cpu, site, addr);
        if (cpu->fault.pending) {
            step_faulted(cpu, jit, site);
            return NULL;
        }
    }
    if (!host) {
        note_change(cpu, jit, site, addr);
        step_access(cpu, jit, site);
    }
    if (!host || !site->write || !cpu->events)
        return host;
    step_stored(cpu, jit, site);
    return NULL;
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
    step_access(cpu, jit, jit_at(jit, place));
    return false;
}

void jit_redo(struct cpu *cpu, uint32_t place)
{
    struct jit *jit = cpu->engine.self;

    step_access(cpu, jit, jit_at(jit, place));
}

bool jit_step(struct cpu *cpu, uint32_t place)
{
    struct jit *jit = cpu->engine.self;
    const struct site *site = jit_at(jit, place);
    uint64_t before = retired(cpu, site->refund) - site->insn->index;
    const struct insn *next = step(cpu, jit, site);

    if (!next) {
        go_on(cpu, jit, block_insn_eip(site->insn + 1));
        return false;
    }
    /* A repeated instruction counts for more than one. */
    cpu->jit.left -= (uint32_t)(cpu->block_insns - before);
    if (next == site->insn + 1 && (int32_t)cpu->jit.left >= 0) {
        target_select(jit, cpu->mode); /* it may have stored to page tables */
        return true;
    }
    jit->next = next;
    cpu->jit.resume = NULL;
    return false;
}

bool jit_port(struct cpu *cpu, uint32_t place)
{
    struct jit *jit = cpu->engine.self;
    const struct site *site = jit_at(jit, place);

    jit_take_back(cpu, jit, site->fpu);
    cpu->block_insns = retired(cpu, site->refund) - site->insn->index;
    if (port_access(cpu, site->insn))
        return true;
    go_on(cpu, jit, block_insn_eip(site->insn + 1));
    return false;
}

bool jit_load_fpu(struct cpu *cpu, uint32_t place)
{
    struct jit *jit = cpu->engine.self;

    if (jit_fpu_ready(cpu))
        return true;
    step_access(cpu, jit, jit_at(jit, place));
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
    guard_enter(jit);
    site = fn(cpu, jit->cache.run + t->entry);
    guard_leave();
    jit->running = false;
    jit_take_back(cpu, jit,
                  site ? ((const struct site *)jit_at(jit, site))->fpu : 0);
    if (!site)
        settle_pending(jit);
    return site;
}

/* The next time it will go there by itself. */
static void remember(struct jit *jit, const struct site *site,
                     uint32_t translation)
{
    if (site->kind == SITE_LINK)
        link_connect(jit, site->link, translation);
    else if (site->kind == SITE_INDIRECT)
        target_note(jit, jit_at(jit, translation));
}

/* Entries with few instructions left before a translation for that is worth
 * it. No place is so low. */
static uint32_t tail_heat(const struct jit *jit)
{
    return (jit->heat + 1) / 2;
}

static bool has_few_left(const struct cpu *cpu)
{
    return cpu->limit - cpu->block_insns < REGION_RESERVE + BLOCK_MAX;
}

/* Whether it begins a translation, or may begin one for few instructions. */
static bool is_translated(const struct jit *jit, const struct block_tier *tier)
{
    return tier->entry || (!jit->reserve && tier->copies);
}

/* The translation to run at `block`, of which all may run; 0: none. */
static uint32_t choose(struct cpu *cpu, struct jit *jit,
                       const struct block *block)
{
    struct block_tier *tier = blocks_tier(cpu, block);
    uint64_t left = cpu->limit - cpu->block_insns;

    jit->reserve = has_few_left(cpu) ? 0 : REGION_RESERVE;
    if (!is_translated(jit, tier) ||
        ((block->mode & BLOCK_ARENA) && !cpu->window))
        return 0;
    cpu->jit.left = (uint32_t)(left - jit->reserve);
    if (jit->reserve)
        return tier->entry;
    if (tier->tail < tail_heat(jit) && ++tier->tail == tail_heat(jit))
        tier->tail = jit_translate(jit, block, true);
    return tier->tail < tail_heat(jit) ? 0 : tier->tail;
}

/* The block that is next, in cpu->mode. NULL: cpu_run() goes on at EIP, be it
 * with a fault. May forget all blocks. */
static const struct block *next_block(struct cpu *cpu, uint32_t eip)
{
    const struct block *to = interp_target(cpu, eip);

    if (to->count == BLOCK_DEAD && !cpu->events && !cpu->debugging &&
        cpu->block_insns < cpu->limit) {
        cpu->cur = NULL;
        cpu->from = NULL;
        cpu->eip = cpu->insn_eip = eip;
        to = blocks_find(cpu, cpu->mode);
    }
    if (to && !cpu->events && cpu->block_insns + to->count <= cpu->limit)
        return to;
    cpu->eip = eip;
    return NULL;
}

/* Runs translations from the one of `insn`, the first of its block, on.
 * Returns what a handler does. */
static const struct insn *run(struct cpu *cpu, struct jit *jit,
                              const struct insn *insn)
{
    for (;;) {
        struct block_tier *tier = blocks_tier(cpu, block_of(insn));
        uint32_t place = choose(cpu, jit, block_of(insn));
        const struct site *site;
        const struct block *to;

        if (!place)
            return tier->first(cpu, insn);
        place = enter(cpu, jit, place);
        if (!place)
            return jit->next;
        site = jit_at(jit, place);
        settle(cpu, jit, site);
        cpu->block_insns = retired(cpu, site->refund);
        if (site->far)
            cpu->mode = blocks_mode(cpu);
        if (cpu->block_insns >= jit->review) {
            jit->review = cpu->block_insns + REVIEW_INSNS;
            mmu_review_arena(cpu);
        }
        to = next_block(cpu, site->kind == SITE_INDIRECT ? cpu->jit.target
                                                         : site->eip);
        if (!to)
            return NULL;
        insn = to->insn;
        tier = blocks_tier(cpu, to);
        if (!is_translated(jit, tier))
            return insn;
        if (jit->reserve)
            remember(jit, site, tier->entry);
        else if (tier->tail >= tail_heat(jit))
            remember(jit, site, tier->tail);
    }
}

/* Where an interrupt happens to come, or time to be up, a block begins that no
 * jump leads to, and others follow that are in the middle of a translation. In
 * a loop each of them would become one more translation of that loop; a worse
 * one, and the host would have to learn all their jumps. So these entries do
 * not count, and soon the loop is entered where its translation begins. */

#define INSIDE_BYTES  128 /* behind the start of the other */
#define CHANCES_MAX   32  /* blocks: it does not begin in this loop */
#define RETURNS_COUNT 64  /* of so many one is counted: faults come often */

static bool has_insn_at(const struct block *block, unsigned offset)
{
    for (unsigned i = 0; i < block->count; i++) {
        if (block->insn[i].offset == offset)
            return true;
    }
    return false;
}

/* Whether it begins inside of another one that is translated. */
static bool is_inside(struct cpu *cpu, const struct block *block)
{
    for (unsigned i = 1; i < INSIDE_BYTES && i <= (block->phys & MEM_PAGE_MASK);
         i++) {
        const struct block *other =
            blocks_known(cpu, block->phys - i, block->eip - i, block->mode);

        if (other && blocks_tier(cpu, other)->copies && has_insn_at(other, i))
            return true;
    }
    return false;
}

static bool is_by_chance(struct cpu *cpu, struct jit *jit,
                         const struct block *block)
{
    if (cpu->arrival == CPU_BY_JUMP || jit->heat == 1)
        return false;
    if ((blocks_tier(cpu, block)->copies || is_inside(cpu, block)) &&
        ++jit->chances < CHANCES_MAX &&
        (cpu->arrival == CPU_BY_CLOCK || ++jit->returns % RETURNS_COUNT))
        return true;
    cpu->arrival = CPU_BY_JUMP;
    jit->chances = 0;
    return false;
}

/* Counts an entry. Whether the block is to be translated now. */
static bool is_hot(struct cpu *cpu, struct jit *jit, const struct block *block)
{
    uint32_t needed = jit_heat_needed(jit, block);
    uint32_t heat = ++blocks_tier(cpu, block)->heat;

    if (heat < needed || jit->heat == 1)
        return heat >= needed;
    if (heat == needed)
        return !plan_is_around(cpu, block);
    return heat >= needed * AROUND_HEAT;
}

static const struct insn *first(struct cpu *cpu, const struct insn *insn)
{
    struct jit *jit = cpu->engine.self;
    const struct block *block = block_of(insn);
    struct block_tier *tier = blocks_tier(cpu, block);

    if (!tier->entry && !(tier->copies && has_few_left(cpu))) {
        if (is_by_chance(cpu, jit, block) || !is_hot(cpu, jit, block))
            return tier->first(cpu, insn);
        tier->entry = jit_translate(jit, block, false);
        if (!tier->entry) {
            blocks_set_first(cpu, block, tier->first);
            return tier->first(cpu, insn);
        }
    }
    cpu->arrival = CPU_BY_JUMP;
    jit->chances = 0;
    return run(cpu, jit, insn);
}

static void destroy(void *self)
{
    struct jit *jit = self;

    guard_destroy(jit);
    cache_destroy(&jit->cache);
    free(jit->lower);
    free(jit->kills);
    free(jit);
}

enum status jit_attach(struct cpu *cpu, const struct jit_config *config)
{
    struct engine engine = {.first = first,
                            .killed = jit_block_killed,
                            .patched = jit_block_killed,
                            .forgotten = jit_forget,
                            .settle = settle_pending,
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
    if (guard_create(jit, config->arenas_always)) {
        destroy(jit);
        return STATUS_NO_MEMORY;
    }
    jit->skip = config->skip;
    jit->code_map = config->code_map;
    jit->heat = config->heat ? config->heat : HEAT;
    target_forget_all(jit);
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
