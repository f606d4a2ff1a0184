#include "jit/region.h"

#include <assert.h>

#include "cpu/interp.h"

bool insn_is_jump(const struct insn *insn)
{
    enum sem sem = insn_sem(insn);

    return sem >= SEM_jmp && sem <= SEM_jcxz;
}

static bool is_call(const struct insn *insn)
{
    return insn_sem(insn) == SEM_call;
}

int plan_find(const struct plan *plan, uint32_t eip)
{
    for (unsigned i = 0; i < plan->count; i++) {
        if (plan->block[i].block->eip == eip)
            return (int)i;
    }
    return -1;
}

static unsigned insns_of(const struct plan *plan)
{
    unsigned count = 0;

    for (unsigned i = 0; i < plan->count; i++)
        count += plan->block[i].block->count;
    return count;
}

/* A block that ran already and that nobody has translated. */
static void consider(struct plan *plan, struct cpu *cpu, uint32_t eip)
{
    const struct block *head = plan->block[0].block;
    uint32_t phys = head->phys + (eip - head->eip);
    const struct block *block;

    if ((phys ^ head->phys) >> MEM_PAGE_BITS || plan_find(plan, eip) >= 0 ||
        plan->count == REGION_BLOCKS)
        return;
    block = blocks_known(cpu, phys, eip, head->mode);
    if (!block || block->straddles || blocks_tier(cpu, block)->entry ||
        blocks_tier(cpu, block)->heat < 2 ||
        interp_is_special(blocks_tier(cpu, block)->first) ||
        insns_of(plan) + block->count > REGION_INSNS)
        return;
    plan->block[plan->count++] = (struct plan_block){.block = block};
}

static void consider_successors(struct plan *plan, struct cpu *cpu,
                                const struct block *block)
{
    const struct insn *last = &block->insn[block->count - 1];

    for (unsigned i = 0; i < block->count; i++) {
        const struct insn *insn = &block->insn[i];

        if (insn_is_jump(insn))
            consider(plan, cpu, insn->imm);
    }
    if (!(insn_info[last->slot].traits & INSN_TRAIT_ENDS))
        consider(plan, cpu, block->insn[block->count].imm);
}

/* A block ends where another one begins. */
static void cut(struct plan *plan, struct plan_block *b)
{
    b->count = 1;
    while (b->count < b->block->count &&
           plan_find(plan, b->block->eip + b->block->insn[b->count].offset) < 0)
        b->count++;
}

static void mark_back(struct plan *plan, uint32_t from, uint32_t to)
{
    int n = plan_find(plan, to);

    if (n >= 0 && to <= from)
        plan->block[n].checked = true;
}

/* Every cycle goes back somewhere. */
static void mark_checked(struct plan *plan)
{
    plan->block[0].checked = true;
    for (unsigned i = 0; i < plan->count; i++) {
        const struct plan_block *b = &plan->block[i];

        for (unsigned k = 0; k < b->count; k++) {
            const struct insn *insn = &b->block->insn[k];

            if (insn_is_jump(insn))
                mark_back(plan, b->block->eip + insn->offset, insn->imm);
        }
        if (b->count < b->block->count ||
            !is_call(&b->block->insn[b->count - 1]))
            mark_back(plan, b->block->eip + b->block->insn[b->count - 1].offset,
                      b->block->eip + b->block->insn[b->count].offset);
    }
}

void plan_choose(struct plan *plan, struct cpu *cpu, const struct block *head)
{
    assert(head->count <= BLOCK_MAX);
    *plan = (struct plan){.count = 1};
    plan->block[0].block = head;
    for (unsigned i = 0; i < plan->count; i++)
        consider_successors(plan, cpu, plan->block[i].block);
    for (unsigned i = 0; i < plan->count; i++)
        cut(plan, &plan->block[i]);
    mark_checked(plan);
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

struct flow {
    uint32_t need, read;
};

static struct flow before(const struct plan *plan, const struct insn *insn,
                          struct flow after, bool native)
{
    const struct insn_info *info = &insn_info[insn->slot];
    uint32_t kept = all;

    if (!native)
        return (struct flow){.need = all, .read = 0};
    if (insn_is_jump(insn)) {
        after.need |= need_at(plan, insn->imm, false);
        after.read |= need_at(plan, insn->imm, true);
    }
    if (!(info->traits & INSN_TRAIT_MAYBE))
        kept &= ~(uint32_t)info->flags_written;
    after.need = (after.need & kept) | info->flags_read;
    after.read = (after.read & kept) | info->flags_read;
    if (may_leave(insn))
        after.need = all;
    return after;
}

static struct flow at_end(const struct plan *plan, const struct plan_block *b)
{
    const struct insn *last = &b->block->insn[b->count - 1];
    uint32_t eip = b->block->eip + b->block->insn[b->count].offset;

    if (b->count == b->block->count &&
        (insn_info[last->slot].traits & INSN_TRAIT_ENDS)) {
        if (insn_sem(last) == SEM_jmp) /* before() adds where it leads */
            return (struct flow){0, 0};
        return (struct flow){.need = all, .read = 0};
    }
    return (struct flow){need_at(plan, eip, false), need_at(plan, eip, true)};
}

typedef bool native_fn(const struct cpu *cpu, const struct insn *insn);

static bool flow_block(const struct plan *plan, struct plan_block *b,
                       const struct cpu *cpu, native_fn *native)
{
    struct flow flow = at_end(plan, b);
    bool changed;

    for (unsigned i = b->count; i-- > 0;) {
        const struct insn *insn = &b->block->insn[i];

        b->need[i] = flow.need;
        b->read[i] = flow.read;
        flow = before(plan, insn, flow, native(cpu, insn));
    }
    if (b->checked)
        flow.need = all;
    changed = flow.need != b->need_in || flow.read != b->read_in;
    b->need_in = flow.need;
    b->read_in = flow.read;
    return changed;
}

void plan_flags(struct plan *plan, const struct cpu *cpu,
                bool (*native)(const struct cpu *cpu, const struct insn *insn))
{
    bool changed = true;

    while (changed) {
        changed = false;
        for (unsigned i = plan->count; i-- > 0;)
            changed |= flow_block(plan, &plan->block[i], cpu, native);
    }
}
