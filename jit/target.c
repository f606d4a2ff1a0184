/* Where indirect jumps and returns lead.
 *
 * The table cpu->jit.targets is found by bits of EIP. A row's key is EIP and a
 * tag, a number that stands for all else that decides what code EIP means: the
 * fetch table as it is (its name, see cpu->fetch_name), the mode and the base
 * of CS. cpu->jit.tag holds the one in force while translated code runs;
 * whatever changes one of these leaves translated code, but for far transfers
 * in real mode, which know the tags of a few more code segments. A row goes
 * when its translation ends. So translated code compares one number.
 *
 * A new address space, or a page less in it, is a new tag. What a translation
 * depends on is its head's page alone, so behind that table there is another,
 * cpu->jit.shared: its key is EIP and a number for the mode and the base of CS
 * (cpu->jit.kind), and the fetch table's entry is compared each time. Fixed
 * code looks there (x64_thunk.c). */
#include <string.h>

#include "jit/jit_int.h"

static struct cpu_jit_target *row_of(const struct jit *jit, uint32_t eip)
{
    return &jit->cpu->jit.targets[(eip & TARGET_MASK) >> 1];
}

static struct cpu_jit_shared *shared_row(const struct jit *jit, uint32_t eip)
{
    return &jit->cpu->jit.shared[eip * SHARED_HASH >> SHARED_SHIFT];
}

static const void *code_at(const struct jit *jit, uint32_t code)
{
    return jit->cache.run + code;
}

void target_forget_all(struct jit *jit)
{
    memset(jit->cpu->jit.targets, 0, sizeof(jit->cpu->jit.targets));
    memset(jit->cpu->jit.segments, 0, sizeof(jit->cpu->jit.segments));
    memset(jit->cpu->jit.shared, 0, sizeof(jit->cpu->jit.shared));
    memset(jit->tags, 0, sizeof(jit->tags));
    memset(jit->kinds, 0, sizeof(jit->kinds));
    jit->cpu->jit.kind = CPU_JIT_NO_KIND;
    jit->tag_count = 0;
    jit->selected = NULL;
}

/* Numbers are not used again before all rows are gone. */
static uint32_t fresh_number(struct jit *jit)
{
    if (jit->tag_count >= UINT32_MAX / 2)
        target_forget_all(jit);
    return ++jit->tag_count;
}

static uint32_t find_kind(struct jit *jit, uint32_t mode, uint32_t base)
{
    struct kind *k = &jit->kinds[(mode ^ base >> 4) % KINDS];

    if (!k->number || k->mode != mode || k->base != base)
        *k = (struct kind){mode, base, fresh_number(jit)};
    return k->number;
}

static void note_segment(struct jit *jit, const struct tag *t)
{
    struct cpu_jit *j = &jit->cpu->jit;

    if (jit->tags_name != t->name)
        memset(j->segments, 0, sizeof(j->segments));
    jit->tags_name = t->name;
    j->segments[t->base >> 4 & (CPU_JIT_SEGMENTS - 1)] =
        (struct cpu_jit_segment){t->base, t->mode, j->tag};
}

static uint64_t tag_of(const struct tag *t)
{
    return (uint64_t)t->number << 32;
}

static uint64_t kind_of(const struct tag *t)
{
    return (uint64_t)t->kind << (SHARED_TAIL_BIT + 1);
}

void target_select(struct jit *jit, uint32_t mode)
{
    const struct cpu *cpu = jit->cpu;
    uint32_t base = cpu->seg[SEG_CS].base;
    uint64_t name = *cpu->fetch_name;
    const struct tag *s = jit->selected;
    struct tag *t;

    if (s && s->name == name && s->mode == mode && s->base == base &&
        cpu->jit.tag == tag_of(s) && cpu->jit.kind == kind_of(s))
        return;
    t = &jit->tags[(mode ^ base >> 4 ^ (uint32_t)name) % TAGS];
    if (!t->number || t->name != name || t->mode != mode || t->base != base) {
        uint32_t number = fresh_number(jit), kind = find_kind(jit, mode, base);

        *t = (struct tag){name, mode, base, number, kind};
    }
    jit->selected = t;
    jit->cpu->jit.tag = tag_of(t);
    jit->cpu->jit.kind = kind_of(t);
    if (mode & (BLOCK_REAL | BLOCK_V86))
        note_segment(jit, t);
}

void target_note(struct jit *jit, const struct translation *t)
{
    const struct block *b = t->head;
    uint64_t kind;

    target_select(jit, b->mode);
    if (!t->tail)
        *row_of(jit, b->eip) = (struct cpu_jit_target){
            jit->cpu->jit.tag | b->eip, code_at(jit, t->entry)};
    kind = jit->cpu->jit.kind | (uint64_t)t->tail << SHARED_TAIL_BIT;
    *shared_row(jit, b->eip) = (struct cpu_jit_shared){
        kind | b->eip, (b->phys >> MEM_PAGE_BITS) + 1, t->entry};
}

const void *target_find(const struct jit *jit, uint32_t eip)
{
    const struct cpu_jit_target *row = row_of(jit, eip);

    return row->key == (jit->cpu->jit.tag | eip) ? row->code : NULL;
}

void target_forget(struct jit *jit, const struct translation *t)
{
    struct cpu_jit_target *row = row_of(jit, t->head->eip);
    struct cpu_jit_shared *shared = shared_row(jit, t->head->eip);

    if (row->code == code_at(jit, t->entry))
        *row = (struct cpu_jit_target){0};
    if (shared->code == t->entry)
        *shared = (struct cpu_jit_shared){0};
}
