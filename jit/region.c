#include "jit/region.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "cpu/interp.h"

#define COPIES_MAX 4 /* translations that have the same block */

bool insn_is_jump(const struct insn *insn)
{
    enum sem sem = insn_sem(insn);

    return sem >= SEM_jmp && sem <= SEM_jcxz;
}

static bool is_call(const struct insn *insn)
{
    return insn_sem(insn) == SEM_call;
}

static uint32_t flags_given(const struct insn *insn)
{
    const struct insn_info *info = &insn_info[insn->slot];
    enum sem sem = insn_sem(insn);
    enum shape shape;

    if (!(info->traits & INSN_TRAIT_MAYBE))
        return info->flags_written;
    shape = insn_shape(insn);
    if (sem == SEM_mul || sem == SEM_imul1 || sem == SEM_imul2 ||
        sem == SEM_imul3)
        return FLAG_OF | FLAG_CF;
    if (sem >= SEM_rol && sem <= SEM_shrd && shape != SHAPE_EC &&
        shape != SHAPE_EGC && insn->imm)
        return info->flags_written;
    return 0;
}

int plan_find(const struct plan *plan, uint32_t eip)
{
    for (unsigned i = 0; i < plan->count; i++) {
        if (plan->block[i].block->eip == eip)
            return (int)i;
    }
    return -1;
}

uint32_t plan_next_eip(const struct plan_block *b)
{
    return b->block->eip + b->block->insn[b->count].offset;
}

static unsigned insns_of(const struct plan *plan)
{
    unsigned count = 0;

    for (unsigned i = 0; i < plan->count; i++)
        count += plan->block[i].block->count;
    return count;
}

/* Where the page of `eip` is now, to the page of `head`. */
static bool find_phys(const struct cpu *cpu, const struct block *head,
                      uint32_t eip, uint32_t *phys)
{
    uint32_t entry;

    *phys = head->phys + (eip - head->eip);
    if (!((*phys ^ head->phys) >> MEM_PAGE_BITS))
        return true;
    if (!(head->mode & BLOCK_CS_0)) /* the base may be another next time */
        return false;
    entry = cpu->fetch_table[eip >> MEM_PAGE_BITS];
    *phys = (entry - 1) << MEM_PAGE_BITS | (eip & MEM_PAGE_MASK);
    return entry;
}

static const struct block *known(struct cpu *cpu, const struct block *head,
                                 uint32_t eip)
{
    uint32_t phys;

    if (!find_phys(cpu, head, eip, &phys))
        return NULL;
    return blocks_known(cpu, phys, eip, head->mode);
}

/* Whether a block ends by a return or the like, or jumps to one that does:
 * then one more copy of it is small, and predicts better. */
static bool leads_out(struct cpu *cpu, const struct block *block)
{
    for (unsigned i = 0; i < 2 && block; i++) {
        const struct insn *last = &block->insn[block->count - 1];

        switch (insn_sem(last)) {
        case SEM_ret:
        case SEM_ret_imm:
        case SEM_jmp_e: return true;
        case SEM_jmp: block = known(cpu, block, last->imm); break;
        default: return false;
        }
    }
    return false;
}

/* Its instructions are plan_flags()'s. */
static void add_block(struct plan *plan, const struct block *block, bool called)
{
    struct plan_block *b = &plan->block[plan->count++];

    memset(b, 0, offsetof(struct plan_block, insn));
    b->block = block;
    b->called = called;
}

/* Loops. An inner loop is hot before the outer one, and so is what a loop does
 * first before what it does later. So that the outer loop becomes one
 * translation all the same, blocks that lead back to its head are copied. */

#define LOOP_BLOCKS 32
#define LOOP_EDGES  6 /* of one block, beyond which nobody looks */

struct loop {
    unsigned count;
    const struct block *block[LOOP_BLOCKS];
    uint8_t edges[LOOP_BLOCKS], to[LOOP_BLOCKS][LOOP_EDGES];
    bool back[LOOP_BLOCKS]; /* leads back to the first */
};

static void loop_add_edge(struct loop *loop, struct cpu *cpu, unsigned from,
                          uint32_t eip)
{
    const struct block *block;
    unsigned n = 0;

    while (n < loop->count && loop->block[n]->eip != eip)
        n++;
    if (loop->edges[from] == LOOP_EDGES || n == LOOP_BLOCKS)
        return;
    if (n == loop->count) {
        block = known(cpu, loop->block[0], eip);
        if (!block || blocks_tier(cpu, block)->heat < 2)
            return;
        loop->block[loop->count++] = block;
    }
    loop->to[from][loop->edges[from]++] = (uint8_t)n;
}

static void loop_add_edges(struct loop *loop, struct cpu *cpu, unsigned from)
{
    const struct block *block = loop->block[from];
    const struct insn *last = &block->insn[block->count - 1];

    for (unsigned i = 0; i < block->count; i++) {
        if (insn_is_jump(&block->insn[i]))
            loop_add_edge(loop, cpu, from, block->insn[i].imm);
    }
    if (is_call(last) || !(insn_info[last->slot].traits & INSN_TRAIT_ENDS))
        loop_add_edge(loop, cpu, from, block->insn[block->count].imm);
}

static bool leads_back(const struct loop *loop, unsigned n)
{
    for (unsigned i = 0; i < loop->edges[n]; i++) {
        if (loop->to[n][i] == 0 || loop->back[loop->to[n][i]])
            return true;
    }
    return false;
}

static void loop_find(struct loop *loop, struct cpu *cpu,
                      const struct block *head)
{
    bool changed = true;

    *loop = (struct loop){.count = 1, .block = {head}};
    for (unsigned i = 0; i < loop->count; i++)
        loop_add_edges(loop, cpu, i);
    while (changed) {
        changed = false;
        for (unsigned i = loop->count; i-- > 0;) {
            if (!loop->back[i] && leads_back(loop, i))
                changed = loop->back[i] = true;
        }
    }
}

static bool loop_has(const struct loop *loop, const struct block *block)
{
    for (unsigned i = 0; i < loop->count; i++) {
        if (loop->block[i] == block)
            return loop->back[i];
    }
    return false;
}

bool plan_is_around(struct cpu *cpu, const struct block *head)
{
    struct loop loop;

    loop_find(&loop, cpu, head);
    for (unsigned i = 1; i < loop.count && loop.back[0]; i++) {
        if (loop.back[i] && blocks_tier(cpu, loop.block[i])->entry)
            return true;
    }
    return false;
}

/* Choosing. */

struct choice {
    struct plan *plan;
    struct cpu *cpu;
    struct loop loop;
};

static bool is_worth_copy(struct choice *c, const struct block *block,
                          bool called)
{
    if (blocks_tier(c->cpu, block)->copies < COPIES_MAX &&
        (called || loop_has(&c->loop, block)))
        return true;
    return leads_out(c->cpu, block);
}

/* A block that ran already, and that nobody has translated unless it is worth
 * a copy. */
static void consider(struct choice *c, uint32_t eip, bool called)
{
    struct plan *plan = c->plan;
    const struct block *block;
    struct block_tier *tier;

    if (plan->count == REGION_BLOCKS || plan_find(plan, eip) >= 0)
        return;
    block = known(c->cpu, plan->block[0].block, eip);
    if (!block)
        return;
    tier = blocks_tier(c->cpu, block);
    if (tier->heat < 2 || interp_is_special(tier->first) ||
        insns_of(plan) + block->count > REGION_INSNS)
        return;
    if (tier->entry && !is_worth_copy(c, block, called))
        return;
    add_block(plan, block, called);
}

static void consider_successors(struct choice *c, const struct plan_block *b)
{
    const struct block *block = b->block;
    const struct insn *last = &block->insn[block->count - 1];

    for (unsigned i = 0; i < block->count; i++) {
        const struct insn *insn = &block->insn[i];

        if (insn_is_jump(insn))
            consider(c, insn->imm, b->called);
    }
    if (!(insn_info[last->slot].traits & INSN_TRAIT_ENDS))
        consider(c, block->insn[block->count].imm, b->called);
    if (!is_call(last))
        return;
    consider(c, last->imm, true);
    if (plan_find(c->plan, last->imm) >= 0)
        consider(c, block->insn[block->count].imm, true);
}

/* A block ends where another one begins. */
static void cut(struct plan *plan, struct plan_block *b)
{
    b->count = 1;
    while (b->count < b->block->count &&
           plan_find(plan, b->block->eip + b->block->insn[b->count].offset) < 0)
        b->count++;
}

/* Looks at the count.
 *
 * Blocks that a call leads to look at it, and in what is left, each cycle has
 * to have one that does: those where a walk comes back to a block that it is
 * inside of. */

enum colour {
    WHITE,
    GREY, /* the walk is inside of it */
    BLACK
};

static void walk(struct plan *plan, uint8_t *colour, unsigned n);

static void walk_to(struct plan *plan, uint8_t *colour, uint32_t eip)
{
    int n = plan_find(plan, eip);

    if (n >= 0 && colour[n] == GREY)
        plan->block[n].checked = true;
    else if (n >= 0 && colour[n] == WHITE)
        walk(plan, colour, (unsigned)n);
}

/* As deep as a plan has blocks. */
static void walk(struct plan *plan, uint8_t *colour, unsigned n)
{
    const struct plan_block *b = &plan->block[n];
    const struct insn *last = &b->block->insn[b->count - 1];

    colour[n] = GREY;
    for (unsigned k = 0; k < b->count; k++) {
        if (insn_is_jump(&b->block->insn[k]))
            walk_to(plan, colour, b->block->insn[k].imm);
    }
    if (b->count < b->block->count ||
        !(insn_info[last->slot].traits & INSN_TRAIT_ENDS))
        walk_to(plan, colour, plan_next_eip(b));
    colour[n] = BLACK;
}

static void mark_calls(struct plan *plan)
{
    for (unsigned i = 0; i < plan->count; i++) {
        const struct plan_block *b = &plan->block[i];
        const struct insn *last = &b->block->insn[b->count - 1];
        int to, back;

        if (!is_call(last))
            continue;
        to = plan_find(plan, last->imm);
        back = plan_find(plan, plan_next_eip(b));
        if (to < 0)
            continue;
        plan->block[to].checked = true;
        if (back >= 0)
            plan->block[back].returned_to = true;
    }
}

static void mark_checked(struct plan *plan)
{
    uint8_t colour[REGION_BLOCKS] = {WHITE};

    plan->block[0].checked = true;
    mark_calls(plan);
    for (unsigned i = 0; i < plan->count; i++) {
        if (colour[i] == WHITE)
            walk(plan, colour, i);
    }
}

static void complete(struct plan *plan)
{
    for (unsigned i = 0; i < plan->count; i++)
        cut(plan, &plan->block[i]);
    mark_checked(plan);
}

void plan_choose(struct plan *plan, struct cpu *cpu, const struct block *head,
                 bool alone)
{
    struct choice c = {.plan = plan, .cpu = cpu};

    assert(head->count <= BLOCK_MAX);
    plan->count = 0;
    add_block(plan, head, false);
    if (!alone)
        loop_find(&c.loop, cpu, head);
    for (unsigned i = 0; i < plan->count && !alone; i++)
        consider_successors(&c, &plan->block[i]);
    complete(plan);
}

void plan_again(struct plan *plan, const struct block *const *blocks,
                unsigned count)
{
    assert(count <= REGION_BLOCKS);
    plan->count = 0;
    for (unsigned i = 0; i < count; i++)
        add_block(plan, blocks[i], false);
    complete(plan);
}

/* Flags. */

static const uint32_t all = FLAGS_OSZAPC;

/* May leave in the middle, with the flags that stood before. */
static bool may_leave(const struct insn *insn)
{
    enum sem sem = insn_sem(insn);

    if (sem == SEM_none)
        return true;
    if (insn->flags & INSN_MEM)
        return sem != SEM_lea;
    if (sem == SEM_div || sem == SEM_idiv)
        return true;
    if (sem >= SEM_push && sem <= SEM_jmp_e)
        return true;
    return sem >= SEM_movs;
}

static uint32_t need_at(const struct plan *plan, uint32_t eip, bool read)
{
    int n = plan_find(plan, eip);

    if (n < 0)
        return read ? 0 : all;
    return read ? plan->block[n].read_in : plan->block[n].need_in;
}

static uint32_t carry_at(const struct plan *plan, uint32_t eip)
{
    int n = plan_find(plan, eip);

    return n < 0 ? 0 : plan->block[n].carry_in;
}

struct flow {
    uint32_t need, read, held;
};

static struct flow before(const struct plan *plan, const struct insn *insn,
                          struct flow after, const struct plan_insn *fact)
{
    const struct insn_info *info = &insn_info[insn->slot];
    uint32_t kept = all & ~fact->given;

    if (!fact->host.native)
        return (struct flow){.need = all};
    if (insn_is_jump(insn)) {
        after.need |= need_at(plan, insn->imm, false);
        after.read |= need_at(plan, insn->imm, true);
        after.held |= carry_at(plan, insn->imm);
    }
    after.need &= kept;
    after.held &= kept;
    after.read = (after.read & kept) | info->flags_read;
    if (!fact->host.keeps) {
        after.need |= after.held;
        after.held = 0;
    }
    if (fact->host.keeps)
        after.held |= info->flags_read & all;
    else
        after.need |= info->flags_read & all;
    if (fact->leaves && fact->host.guarded)
        after.held = all;
    else if (fact->leaves)
        after.need = all;
    return after;
}

/* Behind a return: whatever a place reads to which it may lead. */
static struct flow at_return(const struct plan *plan)
{
    struct flow flow = {.need = all, .read = 0};

    for (unsigned i = 0; i < plan->count; i++) {
        if (plan->block[i].returned_to)
            flow.read |= plan->block[i].read_in;
    }
    return flow;
}

static struct flow at_end(const struct plan *plan, const struct plan_block *b)
{
    const struct insn *last = &b->block->insn[b->count - 1];
    uint32_t eip = plan_next_eip(b);

    if (b->count == b->block->count &&
        (insn_info[last->slot].traits & INSN_TRAIT_ENDS)) {
        enum sem sem = insn_sem(last);

        if (sem == SEM_jmp) /* before() adds where it leads */
            return (struct flow){0};
        if (sem == SEM_ret || sem == SEM_ret_imm)
            return at_return(plan);
        if (sem != SEM_call)
            return (struct flow){.need = all, .read = 0};
        eip = last->imm;
    }
    return (struct flow){.need = need_at(plan, eip, false),
                         .read = need_at(plan, eip, true),
                         .held = carry_at(plan, eip)};
}

static bool flow_block(const struct plan *plan, struct plan_block *b)
{
    struct flow flow = at_end(plan, b);
    bool changed;

    for (unsigned i = b->count; i-- > 0;) {
        struct plan_insn *fact = &b->insn[i];

        fact->need = flow.need;
        fact->read = flow.read;
        fact->held = flow.held;
        flow = before(plan, &b->block->insn[i], flow, fact);
    }
    b->held_in = flow.held & ~flow.need;
    flow.need |= flow.held;
    if (b->checked)
        flow.need = all;
    flow.need &= ~b->carry_in;
    changed = flow.need != b->need_in || flow.read != b->read_in;
    b->need_in = flow.need;
    b->read_in = flow.read;
    return changed;
}

static void flow_all(struct plan *plan)
{
    bool changed = true;

    while (changed) {
        changed = false;
        for (unsigned i = plan->count; i-- > 0;)
            changed |= flow_block(plan, &plan->block[i]);
    }
}

static void find_facts(struct plan_block *b, struct cpu *cpu,
                       insn_host_fn *host)
{
    for (unsigned i = 0; i < b->count; i++) {
        const struct insn *insn = &b->block->insn[i];

        b->insn[i] = (struct plan_insn){.host = host(cpu, insn),
                                        .special = interp_is_special(insn->fn),
                                        .leaves = may_leave(insn),
                                        .given = flags_given(insn)};
    }
}

/* First as if no flag stayed in the host's from block to block; and then
 * again with those that may. A look at the count leaves CF alone; one at the
 * second page of an instruction leaves none. */
void plan_flags(struct plan *plan, struct cpu *cpu, insn_host_fn *host)
{
    for (unsigned i = 0; i < plan->count; i++)
        find_facts(&plan->block[i], cpu, host);
    flow_all(plan);
    for (unsigned i = 0; i < plan->count; i++) {
        struct plan_block *b = &plan->block[i];

        if (!b->block->straddles)
            b->carry_in =
                b->held_in & (b->checked ? b->read_in & FLAG_CF : all);
    }
    for (unsigned i = 0; i < plan->count; i++)
        plan->block[i].need_in = plan->block[i].read_in = 0;
    flow_all(plan);
}
