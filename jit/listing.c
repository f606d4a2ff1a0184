/* A translation taken apart, for people. What it is made of is found by
 * emitting it a second time, so nothing is kept for that beside its code. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpu/interp.h"
#include "cpu/state.h"
#include "jit/jit_int.h"

#define TEXT_BYTES 400

/* What was seen at a place of the code. */
enum event_kind {
    EVENT_NODE,
    EVENT_INSN,
    EVENT_AWAY,
    EVENT_SITE,
};

struct event {
    enum event_kind kind;
    uint32_t at;
    unsigned block;          /* NODE */
    const struct insn *insn; /* INSN */
    uint32_t site;           /* SITE */
    struct recipe_list list; /* NODE */
};

struct listing {
    struct lower_watch watch;
    struct jit *jit;
    uint32_t start; /* of the code that is emitted again */
    struct event *events;
    unsigned count, room;
    bool failed; /* no memory */
};

/* Recipes as text. */

static void put_value(FILE *out, const struct recipe *r, unsigned n)
{
    static const char *const names[] = {"eax", "ecx", "edx", "ebx",
                                        "esp", "ebp", "esi", "edi"};
    static const char *const bytes[] = {"al", "cl", "dl", "bl",
                                        "ah", "ch", "dh", "bh"};
    const struct recipe_value *v = &r->v[n];

    switch ((enum recipe_where)v->where) {
    case VALUE_NONE: return;
    case VALUE_IMM: fprintf(out, " %x", v->imm); return;
    case VALUE_CL: fprintf(out, " cl"); return;
    case VALUE_SLOT: fprintf(out, " slot%u", v->n); return;
    case VALUE_SLOT_HIGH: fprintf(out, " slot%u>>8", v->n); return;
    case VALUE_HOST: fprintf(out, " host"); return;
    case VALUE_REG: break;
    }
    if (r->bits == 8) /* a place in the file */
        fprintf(out, " %s", bytes[(v->n >> 2 | (v->n & 1) << 2) & 7]);
    else
        fprintf(out, " %s", names[v->n & 7] + (r->bits == 16));
}

static void put_recipe(FILE *out, const struct recipe *r)
{
    static const char *const names[] = {
#define X(name, flags) #name,
        RECIPE_LIST(X)
#undef X
    };

    fprintf(out, "%s", names[r->kind]);
    if (r->bits)
        fprintf(out, "%u", r->bits);
    for (unsigned n = 0; n < ARRAY_LEN(r->v); n++)
        put_value(out, r, n);
    if (r->maybe)
        fprintf(out, " unless 0");
}

static void describe(const struct recipe_list *list, char text[TEXT_BYTES])
{
    FILE *out;

    text[0] = '\0';
    out = fmemopen(text, TEXT_BYTES, "w");
    if (!out)
        return;
    for (unsigned i = 0; i < list->count; i++) {
        fprintf(out, "%s", i ? "; " : "");
        put_recipe(out, &list->r[i]);
    }
    fclose(out);
    text[TEXT_BYTES - 1] = '\0';
}

/* Looking on. */

static struct event *add_event(struct lower_watch *watch, enum event_kind kind,
                               uint32_t at)
{
    struct listing *l = CONTAINER_OF(watch, struct listing, watch);

    if (l->count == l->room) {
        unsigned room = l->room ? 2 * l->room : 256;
        struct event *events = realloc(l->events, room * sizeof(*events));

        if (!events) {
            l->failed = true;
            return NULL;
        }
        l->events = events;
        l->room = room;
    }
    l->events[l->count] = (struct event){.kind = kind, .at = at - l->start};
    return &l->events[l->count++];
}

static void on_node(struct lower_watch *self, uint32_t at, unsigned block,
                    const struct recipe_list *list)
{
    struct event *e = add_event(self, EVENT_NODE, at);

    if (!e)
        return;
    e->block = block;
    e->list = *list;
}

static void on_insn(struct lower_watch *self, uint32_t at,
                    const struct insn *insn)
{
    struct event *e = add_event(self, EVENT_INSN, at);

    if (e)
        e->insn = insn;
}

static void on_away(struct lower_watch *self, uint32_t at)
{
    add_event(self, EVENT_AWAY, at);
}

static void on_site(struct lower_watch *self, uint32_t at, uint32_t place)
{
    struct event *e = add_event(self, EVENT_SITE, at);

    if (e)
        e->site = place;
}

/* Finding. */

static bool contains(const struct jit *jit, const struct translation *t,
                     uint32_t phys)
{
    for (uint32_t n = t->members; n;) {
        const struct member *m = jit_at(jit, n);

        if (phys - m->block->phys < m->block->bytes)
            return true;
        n = m->own;
    }
    return false;
}

/* Better is one that begins there, else one whose first block has it; those for
 * the last few instructions of a slice are the least. */
static unsigned rate(const struct jit *jit, const struct translation *t,
                     uint32_t phys)
{
    if (t->dead)
        return 0;
    if (t->head->phys == phys && !t->tail)
        return 3;
    if (phys - t->head->phys < t->head->bytes && !t->tail)
        return 2;
    return contains(jit, t, phys);
}

static const struct translation *find(const struct jit *jit, uint32_t phys,
                                      unsigned *others)
{
    const struct translation *best = NULL;
    unsigned best_rate = 0, count = 0;

    for (unsigned i = 0; i < CACHE_GENERATIONS; i++) {
        for (uint32_t n = jit->translations[i]; n;) {
            const struct translation *t = jit_at(jit, n);
            unsigned rated = rate(jit, t, phys);

            count += rated > 0;
            if (rated > best_rate) {
                best_rate = rated;
                best = t;
            }
            n = t->next;
        }
    }
    *others = count ? count - 1 : 0;
    return best;
}

/* Telling. */

static void tell_plan(const struct plan *plan, const struct jit_listing *to)
{
    for (unsigned i = 0; i < plan->count; i++) {
        const struct plan_block *b = &plan->block[i];
        const struct jit_list_block block = {i, b->block->eip, b->count,
                                             b->block->count, b->checked};

        to->block(to->context, &block);
        for (unsigned k = 0; k < b->count; k++) {
            const struct jit_list_insn insn = {
                .eip = block_insn_eip(&b->block->insn[k]),
                .native = b->insn[k].host.native,
                .need = b->insn[k].need,
                .read = b->insn[k].read,
            };

            to->insn(to->context, &insn);
        }
    }
}

/* The record stands where it was emitted, though that is free again. */
static void tell_site(const struct jit *jit, uint32_t place,
                      const struct jit_listing *to)
{
    static const char *const kinds[] = {[SITE_ACCESS] = "not quick",
                                        [SITE_STEP] = "interpreted",
                                        [SITE_COUNT] = "too few left",
                                        [SITE_LINK] = "leads on",
                                        [SITE_INDIRECT] = "leads on by table"};
    const struct site *site = jit_at(jit, place);
    char flags[TEXT_BYTES] = "";
    const struct jit_list_site told = {kinds[site->kind], site->eip,
                                       site->refund, flags};

    if (site->list)
        describe(jit_at(jit, site->list), flags);
    to->site(to->context, &told);
}

static void tell_event(const struct jit *jit, const struct event *e,
                       const struct jit_listing *to)
{
    char flags[TEXT_BYTES];

    switch (e->kind) {
    case EVENT_NODE:
        describe(&e->list, flags);
        to->node(to->context, e->block, flags);
        break;
    case EVENT_INSN: to->place(to->context, block_insn_eip(e->insn)); break;
    case EVENT_AWAY: to->away(to->context); break;
    case EVENT_SITE: tell_site(jit, e->site, to); break;
    }
}

/* Code from `from` to `end`, distances from the entry. */
static void tell_code(const struct jit *jit, const struct translation *t,
                      uint32_t from, uint32_t end, const struct jit_listing *to)
{
    const uint8_t *run = jit->cache.run + t->entry + from;
    const struct jit_list_code code = {run, end - from, (uintptr_t)run};

    if (end > from)
        to->code(to->context, &code);
}

static void tell_all_code(const struct listing *l, const struct translation *t,
                          const struct jit_listing *to)
{
    uint32_t at = 0;

    for (unsigned i = 0; i < l->count; i++) {
        tell_code(l->jit, t, at, l->events[i].at, to);
        at = l->events[i].at;
        tell_event(l->jit, &l->events[i], to);
    }
    tell_code(l->jit, t, at, t->bytes, to);
}

static void tell_links(const struct jit *jit, const struct translation *t,
                       const struct jit_listing *to)
{
    for (uint32_t n = t->links; n;) {
        const struct link *link = jit_at(jit, n);

        to->link(to->context, link->eip, true, link->target != 0);
        n = link->own;
    }
    for (uint32_t n = t->in; n;) {
        const struct link *link = jit_at(jit, n);
        const struct translation *from = jit_at(jit, link->region);

        to->link(to->context, from->head->eip, false, true);
        n = link->next;
    }
}

static void tell_head(const struct jit *jit, const struct translation *t,
                      unsigned others, bool matched,
                      const struct jit_listing *to)
{
    struct jit_list_head head = {.eip = t->head->eip,
                                 .base = jit->cpu->seg[SEG_CS].base,
                                 .host = (uintptr_t)(jit->cache.run + t->entry),
                                 .bytes = t->bytes,
                                 .left_out = others,
                                 .matched = matched};

    for (uint32_t n = t->members; n;
         n = ((const struct member *)jit_at(jit, n))->own)
        head.blocks++;
    to->head(to->context, &head);
}

bool jit_list(struct cpu *cpu, uint32_t phys, const struct jit_listing *to)
{
    struct jit *jit = cpu->engine.self;
    struct listing l = {.watch = {on_node, on_insn, on_away, on_site},
                        .jit = jit};
    const struct translation *t;
    const struct plan *plan;
    unsigned others;
    uint32_t bytes;

    t = jit ? find(jit, phys, &others) : NULL;
    if (!t)
        return false;
    l.start = jit->cache.code;
    bytes = jit_emit_again(jit, t, &l.watch, &plan);
    if (bytes && !l.failed) {
        tell_head(jit, t, others, bytes == t->bytes, to);
        tell_plan(plan, to);
        if (bytes == t->bytes)
            tell_all_code(&l, t, to);
        else
            tell_code(jit, t, 0, t->bytes, to);
        tell_links(jit, t, to);
    }
    free(l.events);
    return bytes && !l.failed;
}

/* Reasons. */

struct census {
    const struct jit *jit;
    struct jit_reasons *reasons;
};

static enum jit_reason find_reason(const struct jit *jit,
                                   const struct block *block)
{
    const struct block_tier *tier = blocks_tier(jit->cpu, block);

    if (block->mode & BLOCK_STEP)
        return JIT_REASON_STEPPED;
    if (tier->entry)
        return JIT_REASON_HEAD;
    if (tier->users)
        return JIT_REASON_INSIDE;
    if (interp_is_special(tier->first))
        return JIT_REASON_SPECIAL;
    if (tier->heat < jit->heat)
        return JIT_REASON_COLD;
    if (tier->heat < jit_heat_needed(jit, block))
        return JIT_REASON_CHANGING;
    return block->insn[0].fn == tier->first ? JIT_REASON_REFUSED
                                            : JIT_REASON_ENDED;
}

static void count_block(void *context, const struct block *block)
{
    const struct census *census = context;

    census->reasons->blocks[find_reason(census->jit, block)]++;
}

bool jit_get_reasons(struct cpu *cpu, struct jit_reasons *reasons)
{
    struct census census = {cpu->engine.self, reasons};

    if (!census.jit)
        return false;
    memset(reasons, 0, sizeof(*reasons));
    blocks_visit(cpu, count_block, &census);
    return true;
}
