#include <stdio.h>
#include <string.h>

#include "core/host.h"
#include "cpu/interp.h"
#include "cpu/state.h"
#include "jit/jit_int.h"

static bool is_repeated(const struct insn *insn)
{
    return (insn_info[insn->slot].traits & INSN_TRAIT_REP) &&
           (insn->flags & (INSN_REP | INSN_REPNE));
}

void stats_note_plan(struct jit *jit, const struct plan *plan)
{
    jit->stats.translations++;
    jit->stats.blocks += plan->count;
    for (unsigned i = 0; i < plan->count; i++) {
        const struct plan_block *b = &plan->block[i];

        for (unsigned k = 0; k < b->count; k++) {
            const struct insn *insn = &b->block->insn[k];

            if (b->insn[k].special)
                break;
            jit->stats.insns++;
            if (b->insn[k].host.native)
                continue;
            jit->stats.insns_left++;
            jit->left[is_repeated(insn)][insn->slot]++;
        }
    }
}

static bool is_named(unsigned slot, const char *mnemonic)
{
    const char *name = insn_info[slot].mnemonic;

    return name && strcmp(name, mnemonic) == 0;
}

/* All that have the mnemonic of `slot`; 0 if an earlier slot has it. */
static uint64_t count_named(const uint32_t *left, unsigned slot)
{
    const char *mnemonic = insn_info[slot].mnemonic;
    uint64_t count = 0;

    for (unsigned i = 0; i < INSN_SLOTS; i++) {
        if (!left[i] || !is_named(i, mnemonic))
            continue;
        if (i < slot)
            return 0;
        count += left[i];
    }
    return count;
}

static void insert(struct jit_stats *stats, const struct jit_left *left)
{
    unsigned at = stats->left_count;

    while (at && stats->left[at - 1].count < left->count)
        at--;
    if (at == JIT_STATS_LEFT)
        return;
    if (stats->left_count < JIT_STATS_LEFT)
        stats->left_count++;
    memmove(&stats->left[at + 1], &stats->left[at],
            (stats->left_count - 1 - at) * sizeof(*left));
    stats->left[at] = *left;
}

bool jit_get_stats(const struct cpu *cpu, struct jit_stats *stats)
{
    const struct jit *jit = cpu->engine.self;

    if (!jit)
        return false;
    *stats = jit->stats;
    for (unsigned i = 0; i < 2 * INSN_SLOTS; i++) {
        unsigned slot = i % INSN_SLOTS;
        const uint32_t *left = jit->left[i / INSN_SLOTS];
        struct jit_left one = {.mnemonic = insn_info[slot].mnemonic,
                               .repeated = i >= INSN_SLOTS};

        if (!left[slot] || !one.mnemonic)
            continue;
        one.count = count_named(left, slot);
        if (one.count)
            insert(stats, &one);
    }
    return true;
}

void stats_map_code(const struct jit *jit, const struct block *head,
                    uint32_t code, size_t bytes)
{
    const struct segment *cs = &jit->cpu->seg[SEG_CS];
    char name[32];

    if (!jit->code_map)
        return;
    snprintf(name, sizeof(name), "guest_%08x_cs%04x",
             (unsigned)(cs->base + head->eip), (unsigned)cs->selector);
    jit->code_map->add(jit->code_map, jit->cache.run + code, bytes, name);
}

void stats_map_thunks(const struct jit *jit)
{
    if (jit->code_map)
        jit->code_map->add(jit->code_map, jit->cache.run, jit->cache.start,
                           "translator_thunks");
}
