/* Translations that lead to one another, and their end. */
#include <assert.h>
#include <string.h>

#include "jit/jit_int.h"
#include "jit/x64_emit.h"

static void set_jump(struct jit *jit, const struct link *link, uint32_t to)
{
    x64_patch(jit_at(jit, link->jump), jit_at(jit, to));
}

static void set_check(struct jit *jit, const struct link *link, uint32_t entry)
{
    if (link->check)
        memcpy(jit_at(jit, link->check), &entry, sizeof(entry));
}

void link_connect(struct jit *jit, uint32_t place, uint32_t target)
{
    struct link *link = jit_at(jit, place);
    struct translation *from = jit_at(jit, link->region);
    struct translation *to = jit_at(jit, target);
    const struct block *a = from->head, *b = to->head;

    assert(!to->dead);
    if (link->target || from->dead || from->tail != to->tail ||
        link->mode != b->mode)
        return;
    if (!link->check && b->phys - a->phys != b->eip - a->eip)
        return;
    link->target = target;
    jit->stats.links_made++;
    link->next = to->in;
    link->prev = 0;
    if (to->in)
        ((struct link *)jit_at(jit, to->in))->prev = place;
    to->in = place;
    set_check(jit, link, (b->phys >> MEM_PAGE_BITS) + 1);
    set_jump(jit, link, to->entry);
}

static void disconnect(struct jit *jit, uint32_t place)
{
    struct link *link = jit_at(jit, place);
    struct translation *to = jit_at(jit, link->target);

    if (!link->target)
        return;
    if (link->prev)
        ((struct link *)jit_at(jit, link->prev))->next = link->next;
    else
        to->in = link->next;
    if (link->next)
        ((struct link *)jit_at(jit, link->next))->prev = link->prev;
    link->target = 0;
    jit->stats.links_undone++;
    set_check(jit, link, UINT32_MAX);
    set_jump(jit, link, link->stub);
}

/* Takes a member out of the chain of its block. */
static void forget_member(struct jit *jit, uint32_t place)
{
    const struct member *m = jit_at(jit, place);
    const struct translation *t = jit_at(jit, m->region);
    uint32_t *at = &blocks_tier(jit->cpu, m->block)->users;

    while (*at != place)
        at = &((struct member *)jit_at(jit, *at))->next;
    *at = m->next;
    blocks_tier(jit->cpu, m->block)->copies -= !t->tail;
}

void translation_kill(struct jit *jit, uint32_t place)
{
    struct translation *t = jit_at(jit, place);

    if (t->dead)
        return;
    t->dead = true;
    while (t->in)
        disconnect(jit, t->in);
    for (uint32_t n = t->links; n; n = ((struct link *)jit_at(jit, n))->own)
        disconnect(jit, n);
    for (uint32_t n = t->members; n; n = ((struct member *)jit_at(jit, n))->own)
        forget_member(jit, n);
    if (blocks_tier(jit->cpu, t->head)->entry == place)
        blocks_tier(jit->cpu, t->head)->entry = 0;
    if (blocks_tier(jit->cpu, t->head)->tail == place)
        blocks_tier(jit->cpu, t->head)->tail = 0;
    target_forget(jit, t);
    if (jit->running)
        jit->cpu->events |= CPU_EVENT_RELOAD;
}

void translation_kill_users(struct jit *jit, const struct block *block)
{
    struct block_tier *tier = blocks_tier(jit->cpu, block);

    while (tier->users) {
        jit->stats.killed++;
        translation_kill(jit,
                         ((struct member *)jit_at(jit, tier->users))->region);
    }
}

void jit_block_killed(void *self, const struct block *block)
{
    struct jit *jit = self;
    struct block_tier *tier = blocks_tier(jit->cpu, block);

    if (tier->users && jit->kills[block->phys >> MEM_PAGE_BITS] < UINT8_MAX)
        jit->kills[block->phys >> MEM_PAGE_BITS]++;
    translation_kill_users(jit, block);
}

void jit_make_room(struct jit *jit)
{
    unsigned number = cache_next_number(&jit->cache);

    for (uint32_t n = jit->translations[number]; n;
         n = ((struct translation *)jit_at(jit, n))->next)
        translation_kill(jit, n);
    jit->stats.evictions += jit->translations[number] != 0;
    jit->translations[number] = 0;
    cache_next(&jit->cache);
}

void jit_forget(void *self)
{
    struct jit *jit = self;

    jit->stats.flushes++;
    memset(jit->translations, 0, sizeof(jit->translations));
    target_forget_all(jit);
    cache_begin(&jit->cache, jit->cache.start);
    if (jit->running)
        jit->cpu->events |= CPU_EVENT_RELOAD;
}
