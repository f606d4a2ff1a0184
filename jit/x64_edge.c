/* From node to node, and out of a translation. */
#include <assert.h>
#include <string.h>

#include "jit/x64_lower.h"

static bool is_version(const struct node *a, const struct node *b)
{
    return a->block == b->block && a->context == b->context;
}

/* But for their credit. */
static bool is_alike(const struct node *a, const struct node *b)
{
    return is_version(a, b) && a->valid == b->valid && a->clear == b->clear &&
           a->live == b->live && !memcmp(&a->fpu, &b->fpu, sizeof(a->fpu)) &&
           !memcmp(&a->list, &b->list, sizeof(a->list));
}

static int find_node(const struct lower *l, const struct node *wanted,
                     unsigned *versions)
{
    *versions = 0;
    for (unsigned i = 0; i < l->node_count; i++) {
        const struct node *node = &l->nodes[i];

        if (node->credit == wanted->credit && is_alike(node, wanted))
            return (int)i;
        *versions += is_version(node, wanted);
    }
    return -1;
}

static int get_node(struct lower *l, const struct node *wanted)
{
    unsigned versions;
    int n = find_node(l, wanted, &versions);

    if (n >= 0)
        return n;
    if (((wanted->list.count || wanted->credit || wanted->valid ||
          wanted->clear) &&
         versions >= VERSIONS_MAX) ||
        l->node_count == NODES_MAX || l->insns > INSNS_MAX)
        return -1;
    if ((wanted->live || wanted->fpu.insn) &&
        (versions >= VERSIONS_MAX || l->insns > INSNS_MAX / 2))
        return -1;
    l->nodes[l->node_count] = *wanted;
    l->insns += l->plan.block[wanted->block].count;
    return (int)l->node_count++;
}

int lower_get_node(struct lower *l, unsigned block)
{
    struct node wanted = {
        .block = block, .context = l->context, .credit = l->credit};

    return get_node(l, &wanted);
}

static void set_live(const struct lower *l, struct node *node)
{
    assert(!(l->fpu.kept & FPU_C1));
    node->fpu = l->fpu;
    node->live = (l->xmm_live ? LIVE_XMM : 0u) | (l->fpu_live ? LIVE_FPU : 0u);
}

/* The same with what is known of SSE and x87, or without if that can be. */
static int get_live_node(struct lower *l, const struct node *wanted)
{
    struct node like = *wanted;
    int n;

    set_live(l, &like);
    n = get_node(l, &like);
    return n >= 0 || like.fpu.insn ? n : get_node(l, wanted);
}

#define CC_ALWAYS 16

static uint8_t *jump_if(struct lower *l, unsigned cc)
{
    return cc == CC_ALWAYS ? x64_jmp(&l->x) : x64_jcc(&l->x, cc);
}

static void jump_to_node(struct lower *l, unsigned cc, unsigned n)
{
    const uint8_t *code = l->nodes[n].code;

    if (code && x64_jump_back(&l->x, cc == CC_ALWAYS ? 0xeb : 0x70 | cc, code))
        return;
    if (code)
        x64_patch(jump_if(l, cc), code);
    else if (l->fixup_count == FIXUPS_MAX)
        l->x.full = true;
    else
        l->fixups[l->fixup_count++] = (struct fixup){jump_if(l, cc), n};
}

/* A place in this region entered with the flags of the present list. */
static struct node node_at(const struct lower *l, unsigned block)
{
    const struct plan_block *to = &l->plan.block[block];
    struct node wanted = {.block = block,
                          .context = l->context,
                          .credit = l->credit,
                          .list = l->list};

    wanted.valid = l->valid & to->carry_in;
    wanted.clear = l->clear & to->carry_in & ~wanted.valid;
    recipe_prune(&wanted.list,
                 to->need_in | (to->carry_in & ~(wanted.valid | wanted.clear)));
    return wanted;
}

/* The node for a place entered with the flags of the present list, or of none;
 * -1: there is none in this region. */
static int get_node_at(struct lower *l, uint32_t eip, bool settled)
{
    int block = plan_find(&l->plan, eip);
    struct node wanted;

    if (block < 0)
        return -1;
    if (settled)
        return lower_get_node(l, (unsigned)block);
    wanted = node_at(l, (unsigned)block);
    return get_live_node(l, &wanted);
}

/* Counts as a node that is there already expects, so that it need not be there
 * twice. */
static void match_credit(struct lower *l, uint32_t eip)
{
    int block = plan_find(&l->plan, eip), found = -1;
    struct node wanted;

    if (block < 0)
        return;
    wanted = node_at(l, (unsigned)block);
    set_live(l, &wanted);
    for (unsigned i = 0; i < l->node_count; i++) {
        if (!is_alike(&l->nodes[i], &wanted))
            continue;
        found = (int)i;
        if (l->nodes[i].credit == wanted.credit)
            return;
    }
    if (found < 0)
        return;
    lower_move_left(l, (int32_t)(l->credit - l->nodes[found].credit));
    l->credit = l->nodes[found].credit;
}

/* Flags that the host's may hold where `eip` is reached. */
static uint32_t carry_at(const struct lower *l, uint32_t eip)
{
    int block = plan_find(&l->plan, eip);

    return block < 0 ? 0 : l->plan.block[block].carry_in;
}

/* Whether the present block and the place stand in one page. */
static bool same_page(const struct lower *l, uint32_t eip)
{
    return !((l->b->block->eip ^ eip) >> MEM_PAGE_BITS) ||
           !(l->mode & BLOCK_CS_0); /* such a region is in one page */
}

/* Jumps to `eip`, by a detour if need be. */
static void edge(struct lower *l, unsigned cc, uint32_t eip)
{
    bool near = same_page(l, eip);
    int node = near ? get_node_at(l, eip, false) : -1;
    struct deferred *d;

    if (node >= 0) {
        jump_to_node(l, cc, (unsigned)node);
        return;
    }
    d = lower_defer(l, DEFER_EDGE, jump_if(l, cc));
    d->eip = eip;
    d->credit = l->credit;
    d->valid = l->valid & l->bare & carry_at(l, eip);
    d->clear = l->clear & l->bare & carry_at(l, eip);
    l->credit = 0;
    d->node = near ? get_node_at(l, eip, true) : -1;
}

void lower_meet_settled(struct lower *l, struct deferred *d)
{
    memset(&d->list, 0, sizeof(d->list));
    if (same_page(l, d->eip))
        d->node = get_node_at(l, d->eip, true);
}

/* What the place at `eip` finds in cpu->jit, or may read from its flags. */
static void save_for(struct lower *l, uint32_t eip)
{
    int block = plan_find(&l->plan, eip);

    if (block >= 0)
        flags_save(l, l->plan.block[block].read_in &
                          ~(l->valid & l->plan.block[block].carry_in));
}

/* If no node there knows where the x87's pointers point, cpu->jit has to. */
static void settle_for(struct lower *l, uint32_t eip)
{
    if (l->fpu.insn && (!same_page(l, eip) || get_node_at(l, eip, false) < 0))
        lower_fpu_settle(l);
}

void lower_branch(struct lower *l, unsigned cc, uint32_t eip)
{
    save_for(l, eip);
    l->credit = l->refund - 1;
    settle_for(l, eip);
    edge(l, cc, eip);
    l->credit = 0;
}

void lower_branch_unless(struct lower *l, unsigned opcode, uint32_t eip)
{
    uint8_t *skip;

    save_for(l, eip);
    l->credit = l->refund - 1;
    settle_for(l, eip);
    skip = x64_skip(&l->x, opcode);
    edge(l, CC_ALWAYS, eip);
    l->credit = 0;
    x64_land(&l->x, skip);
}

static bool in_page(const struct lower *l, uint32_t eip)
{
    const struct block *head = l->plan.block[0].block;

    return !((head->phys + (eip - head->eip)) >> MEM_PAGE_BITS ^
             head->phys >> MEM_PAGE_BITS);
}

/* r9 and r10 so that the fetch table's entry for `eip` is at the result. */
static struct x64_mem fetch_entry(struct lower *l, uint32_t eip)
{
    struct x64_mem m = {.base = R10, .index = R9, .scale = 2};

    if (l->mode & BLOCK_CS_0) {
        x64_load(&l->x, 8, R9, FIELD(fetch_table));
        return x64_at(R9, (size_t)(eip >> MEM_PAGE_BITS) * 4);
    }
    x64_load(&l->x, 4, R9, FIELD(seg[SEG_CS].base));
    x64_lea(&l->x, R9, (struct x64_mem){R9, X64_NO_INDEX, 0, (int32_t)eip});
    x64_digit_r(&l->x, 4, 0xc1, SHIFT_SHR, R9);
    x64_byte(&l->x, MEM_PAGE_BITS);
    x64_load(&l->x, 8, R10, FIELD(fetch_table));
    return m;
}

void lower_hand_over(struct lower *l, uint32_t site, uint32_t thunk)
{
    x64_mov_imm(&l->x, R10, site);
    lower_jump_thunk(l, thunk);
}

/* The end of a path through the region: no more instructions, and flags where
 * others find them. */
static void end_path(struct lower *l)
{
    flags_hand_over(l);
    lower_fpu_settle(l);
    flags_forget(l);
    memset(&l->list, 0, sizeof(l->list));
    l->refund = 0;
}

/* A jump to be linked to the translation at `eip`, in `mode`. `entry`: of the
 * fetch table, to be compared; NULL: in this page. */
struct way_out {
    uint32_t eip, mode;
    const struct x64_mem *entry;
    uint8_t *miss[2]; /* jumps for when it cannot be taken, or NULL */
};

static void link_out(struct lower *l, const struct way_out *out)
{
    struct translation *t = jit_at(l->jit, l->translation);
    uint32_t place = cache_data(&l->jit->cache, sizeof(struct link)), site;
    uint8_t *check = NULL, *miss = NULL, *jump;
    struct link *link;

    site = lower_site(l, SITE_LINK);
    if (!place || !site) {
        l->x.full = true;
        return;
    }
    if (out->entry) {
        x64_digit_m(&l->x, 4, 0x81, ALU_CMP, *out->entry);
        check = l->x.at;
        x64_dword(&l->x, UINT32_MAX); /* no entry is that */
        miss = x64_jcc(&l->x, CC_NZ);
    }
    jump = x64_jmp(&l->x);
    x64_patch(jump, l->x.at);
    if (miss)
        x64_patch(miss, l->x.at);
    for (unsigned i = 0; i < ARRAY_LEN(out->miss) && out->miss[i]; i++)
        x64_patch(out->miss[i], l->x.at);
    link = jit_at(l->jit, place);
    link->region = l->translation;
    link->mode = out->mode;
    link->eip = out->eip;
    link->own = t->links;
    t->links = place;
    link->jump = cache_place(&l->jit->cache, jump);
    link->stub = cache_place(&l->jit->cache, l->x.at);
    link->check = check ? cache_place(&l->jit->cache, check) : 0;
    ((struct site *)jit_at(l->jit, site))->eip = out->eip;
    ((struct site *)jit_at(l->jit, site))->link = place;
    lower_hand_over(l, site, l->jit->leave);
}

void lower_leave(struct lower *l, uint32_t eip)
{
    struct way_out out = {.eip = eip, .mode = l->mode};
    struct x64_mem entry;

    end_path(l);
    if (!in_page(l, eip)) {
        entry = fetch_entry(l, eip);
        out.entry = &entry;
    }
    link_out(l, &out);
}

/* In this region, if there is a node. */
static void go_on(struct lower *l, uint32_t eip)
{
    int node;

    save_for(l, eip);
    match_credit(l, eip);
    settle_for(l, eip);
    node = get_node_at(l, eip, false);
    if (node < 0) {
        flags_save_bare(l, carry_at(l, eip));
        node = get_node_at(l, eip, true);
        if (node >= 0)
            flags_hand_over(l);
    }
    if (node < 0)
        lower_move_left(l, (int32_t)l->credit);
    l->credit = 0;
    if (node < 0)
        lower_leave(l, eip);
    else if (l->nodes[node].code || l->next_node >= 0)
        jump_to_node(l, CC_ALWAYS, (unsigned)node);
    else
        l->next_node = node;
}

/* Leaves unless the page of `eip` is where it was. */
static void check_page(struct lower *l, uint32_t eip)
{
    const struct block *to = l->plan.block[plan_find(&l->plan, eip)].block;
    struct x64_mem entry;
    struct deferred *d;

    flags_save_bare(l, carry_at(l, eip));
    save_for(l, eip);
    lower_fpu_settle(l);
    flags_forget(l);
    entry = fetch_entry(l, eip);
    x64_alu_imm_m(&l->x, 4, ALU_CMP, entry, (to->phys >> MEM_PAGE_BITS) + 1);
    d = lower_defer(l, DEFER_EDGE, x64_jcc(&l->x, CC_NZ));
    d->eip = eip;
}

void lower_check_second(struct lower *l, unsigned credit)
{
    const struct block *b = l->b->block;
    struct x64_mem entry = fetch_entry(l, b->eip + b->insn[0].length - 1u);
    struct deferred *d;

    assert(!l->valid);
    x64_alu_imm_m(&l->x, 4, ALU_CMP, entry, b->alias + 1);
    l->insn = &b->insn[0];
    l->refund = credit;
    d = lower_defer(l, DEFER_SITE, x64_jcc(&l->x, CC_NZ));
    d->site = lower_site(l, SITE_COUNT);
    d->thunk = l->jit->leave;
}

void lower_goto(struct lower *l, uint32_t eip)
{
    if (plan_find(&l->plan, eip) < 0) {
        lower_leave(l, eip);
        return;
    }
    if (!same_page(l, eip))
        check_page(l, eip);
    go_on(l, eip);
}

/* The context in a call from the present one that returns to `back`; 0: the
 * return is not known. */
static unsigned get_context(struct lower *l, unsigned back)
{
    unsigned depth = l->contexts[l->context].depth + 1;

    for (unsigned i = 1; i < l->context_count; i++) {
        if (l->contexts[i].parent == l->context && l->contexts[i].back == back)
            return i;
    }
    if (l->context_count == CONTEXTS_MAX || depth > REGION_DEPTH)
        return 0;
    l->contexts[l->context_count] = (struct context){l->context, depth, back};
    return l->context_count++;
}

/* A return's target needs no look at the limit of CS if it is the expected
 * one, which the call's block is near to. */
void lower_goto_call(struct lower *l, uint32_t eip)
{
    int back = plan_find(&l->plan, plan_next_eip(l->b));

    if (plan_find(&l->plan, eip) >= 0)
        l->context = back >= 0 ? get_context(l, (unsigned)back) : 0;
    lower_goto(l, eip);
}

void lower_goto_return(struct lower *l)
{
    const struct context *context = &l->contexts[l->context];
    const struct plan_block *back = &l->plan.block[context->back];
    struct deferred *d;

    if (!l->context) {
        lower_goto_r8(l);
        return;
    }
    save_for(l, back->block->eip);
    lower_fpu_settle(l);
    flags_forget(l);
    x64_alu_imm_r(&l->x, 4, ALU_CMP, R8, back->block->eip);
    d = lower_defer(l, DEFER_INDIRECT, x64_jcc(&l->x, CC_NZ));
    d->insn = l->insn;
    l->context = context->parent;
    go_on(l, back->block->eip);
}

/* Jumps to where r8d leads if the table of targets knows; the tag is in r10. */
static void jump_to_row(struct lower *l)
{
    struct x64_mem key = {REG_CPU, R9, 3,
                          offsetof(struct cpu, jit.targets[0].key)};
    struct x64_mem code = {REG_CPU, R9, 3,
                           offsetof(struct cpu, jit.targets[0].code)};
    uint8_t *miss;

    x64_mov_rr(&l->x, R9, R8);
    x64_alu_imm_r(&l->x, 4, ALU_AND, R9, TARGET_MASK);
    x64_rr(&l->x, 8, 0x09, R8, R10);
    x64_rm(&l->x, 8, 0x3b, R10, key);
    miss = x64_jcc(&l->x, CC_NZ);
    x64_digit_m(&l->x, 4, 0xff, 4, code); /* jmp */
    x64_patch(miss, l->x.at);
}

/* Far: cpu->jit.kind is still that of the segment that was left. */
static void leave_indirect(struct lower *l, bool far)
{
    uint32_t site = lower_site(l, SITE_INDIRECT);

    if (site)
        ((struct site *)jit_at(l->jit, site))->far = far;
    x64_store(&l->x, 4, R8, FIELD(jit.target));
    lower_hand_over(l, site, far ? l->jit->leave : l->jit->indirect[l->tail]);
}

void lower_goto_r8(struct lower *l)
{
    end_path(l);
    if (!l->tail) {
        x64_load(&l->x, 8, R10, FIELD(jit.tag));
        jump_to_row(l);
    }
    leave_indirect(l, false);
}

/* Other code segments than this: see struct cpu_jit_segment. */

static struct x64_mem segment_row(uint8_t index, uint32_t row, size_t member)
{
    return (struct x64_mem){REG_CPU, index, 0,
                            (int32_t)(offsetof(struct cpu, jit.segments) +
                                      row * sizeof(struct cpu_jit_segment) +
                                      member)};
}

/* The code segment's mode is what it was, but for whether its base is 0. */
static void note_mode(struct lower *l, uint32_t mode)
{
    if (mode != l->mode)
        x64_mov_m_imm(&l->x, 4, FIELD(mode), mode);
}

void lower_goto_far_r8(struct lower *l)
{
    uint32_t mode = l->mode & ~(uint32_t)BLOCK_CS_0;
    uint8_t *miss[2];

    end_path(l);
    if (l->tail) {
        leave_indirect(l, true);
        return;
    }
    x64_load(&l->x, 4, R9, FIELD(seg[SEG_CS].base));
    x64_mov_rr(&l->x, R10, R9);
    x64_alu_imm_r(&l->x, 4, ALU_AND, R10, (CPU_JIT_SEGMENTS - 1) << 4);
    x64_rm(&l->x, 4, 0x39, R9,
           segment_row(R10, 0, offsetof(struct cpu_jit_segment, base)));
    miss[0] = x64_jcc(&l->x, CC_NZ);
    x64_digit_m(&l->x, 4, 0x81, ALU_CMP,
                segment_row(R10, 0, offsetof(struct cpu_jit_segment, mode)));
    x64_dword(&l->x, mode);
    miss[1] = x64_jcc(&l->x, CC_NZ);
    note_mode(l, mode);
    x64_load(&l->x, 8, R10,
             segment_row(R10, 0, offsetof(struct cpu_jit_segment, tag)));
    x64_store(&l->x, 8, R10, FIELD(jit.tag));
    x64_mov_m_imm(&l->x, 8, FIELD(jit.kind), (uint32_t)CPU_JIT_NO_KIND);
    jump_to_row(l);
    for (unsigned i = 0; i < 2; i++)
        x64_patch(miss[i], l->x.at);
    leave_indirect(l, true);
}

static uint8_t *unless_segment(struct lower *l, uint32_t base, size_t member,
                               uint32_t value)
{
    uint32_t row = base >> 4 & (CPU_JIT_SEGMENTS - 1);

    x64_digit_m(&l->x, 4, 0x81, ALU_CMP,
                segment_row(X64_NO_INDEX, row, member));
    x64_dword(&l->x, value);
    return x64_jcc(&l->x, CC_NZ);
}

void lower_goto_far(struct lower *l, uint32_t eip, uint32_t base)
{
    uint32_t row = base >> 4 & (CPU_JIT_SEGMENTS - 1);
    struct x64_mem entry =
        x64_at(R9, (size_t)((base + eip) >> MEM_PAGE_BITS) * 4);
    struct way_out out = {.eip = eip,
                          .mode = (l->mode & ~(uint32_t)BLOCK_CS_0) |
                                  (base ? 0 : BLOCK_CS_0),
                          .entry = &entry};

    end_path(l);
    note_mode(l, out.mode);
    out.miss[0] =
        unless_segment(l, base, offsetof(struct cpu_jit_segment, base), base);
    out.miss[1] = unless_segment(
        l, base, offsetof(struct cpu_jit_segment, mode), out.mode);
    x64_load(
        &l->x, 8, R10,
        segment_row(X64_NO_INDEX, row, offsetof(struct cpu_jit_segment, tag)));
    x64_store(&l->x, 8, R10, FIELD(jit.tag));
    x64_mov_m_imm(&l->x, 8, FIELD(jit.kind), (uint32_t)CPU_JIT_NO_KIND);
    x64_load(&l->x, 8, R9, FIELD(fetch_table));
    link_out(l, &out);
}
