#include "jit/x64_lower.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define CODE_MAX  0x30000u /* bytes of one translation */
#define SPACE_MIN 0x60000u /* with its data */

/* Of nodes that loops lead back to; and of those so short, in bytes of the
 * guest, that they may fit into a line of the host's instruction cache. */
#define LOOP_ALIGN       16
#define SHORT_LOOP_ALIGN 64
#define SHORT_LOOP       36

/* What is translated. The rest is left to interp_step(). */

static bool native_shift(const struct insn *insn)
{
    return insn_shape(insn) == SHAPE_EC || insn->imm;
}

static bool native_double(const struct insn *insn, unsigned size)
{
    if (insn_shape(insn) == SHAPE_EGC)
        return size == 4;
    return insn->imm && insn->imm < 8 * size;
}

/* AH..BH to ESP needs two kinds of encoding at once. */
static bool native_extend(const struct insn *insn)
{
    return (insn->flags & INSN_MEM) || !(insn->rm & 1) || insn->reg != CPU_ESP;
}

static bool native_sem(const struct insn *insn, enum sem sem)
{
    unsigned size = insn_sem_size(insn);

    switch (sem) {
    case SEM_xadd:
    case SEM_cmpxchg: return size > 1 && (insn->flags & INSN_MEM);
    case SEM_none:
    case SEM_push_sp:
    case SEM_push_e_8086:
    case SEM_loope:
    case SEM_loopne: return false;
    case SEM_idiv: return size == 4;
    case SEM_rol:
    case SEM_ror:
    case SEM_rcl:
    case SEM_rcr:
    case SEM_shl:
    case SEM_shr:
    case SEM_sar: return native_shift(insn);
    case SEM_shld:
    case SEM_shrd: return native_double(insn, size);
    case SEM_movzx_b:
    case SEM_movsx_b: return native_extend(insn);
    case SEM_bswap: return size == 4;
    case SEM_salc:
    case SEM_xlat: return false;
    case SEM_movs:
    case SEM_stos:
    case SEM_scas: return true;
    case SEM_lods: return !(insn->flags & (INSN_REP | INSN_REPNE));
    case SEM_cmps: return !(insn->flags & INSN_REPNE);
    default: return sem < SEM_daa;
    }
}

static bool is_skipped(const struct cpu *cpu, const struct insn *insn)
{
    const struct jit *jit = cpu->engine.self;

    for (size_t i = 0; jit->skip && i < jit->skip->count; i++)
        if (jit->skip->eip[i] == block_insn_eip(insn))
            return true;
    return false;
}

bool lower_native(const struct cpu *cpu, const struct insn *insn)
{
    return !interp_is_special(insn->fn) && !is_skipped(cpu, insn) &&
           (native_sem(insn, insn_sem(insn)) || lower_system_native(insn) ||
            lower_simd_native(insn) || lower_fpu_native(cpu, insn));
}

/* Records. */

uint32_t lower_list(struct lower *l, const struct recipe_list *list)
{
    uint32_t place = l->last_list;

    if (!list->count)
        return 0;
    if (place && !memcmp(jit_at(l->jit, place), list, sizeof(*list)))
        return place;
    place = cache_data(&l->jit->cache, sizeof(*list));
    if (!place)
        l->x.full = true;
    else
        memcpy(jit_at(l->jit, place), list, sizeof(*list));
    l->last_list = place;
    return place;
}

static uint32_t insn_eip(const struct lower *l)
{
    return l->b->block->eip + l->insn->offset;
}

static uint32_t code_at(const struct lower *l)
{
    return cache_place(&l->jit->cache, l->x.at);
}

static void watch_site(struct lower *l, uint32_t site)
{
    if (l->watch && site)
        l->watch->site(l->watch, code_at(l), site);
}

uint32_t lower_site(struct lower *l, enum site_kind kind)
{
    uint32_t list = lower_list(l, &l->list);
    uint32_t place = cache_data(&l->jit->cache, sizeof(struct site));

    if (!place) {
        l->x.full = true;
        return 0;
    }
    *(struct site *)jit_at(l->jit, place) =
        (struct site){.insn = l->insn,
                      .list = list,
                      .fpu = lower_fpu_point(l),
                      .eip = insn_eip(l),
                      .refund = (uint16_t)l->refund,
                      .stack = l->stack,
                      .kind = (uint8_t)kind,
                      .keeps = kind == SITE_STEP && insn_keeps_flags(l->insn),
                      .whole = recipe_coverage(&l->list) == FLAGS_OSZAPC};
    if (kind != SITE_ACCESS && kind != SITE_COUNT)
        watch_site(l, place);
    return place;
}

struct deferred *lower_defer(struct lower *l, enum deferred_kind kind,
                             uint8_t *distance)
{
    struct deferred *d = &l->deferred[l->deferred_count];

    if (l->deferred_count + 1 < DEFERRED_MAX)
        l->deferred_count++;
    else
        l->x.full = true;
    *d = (struct deferred){
        .kind = kind, .distance = distance, .node = -1, .list = l->list};
    return d;
}

void lower_redo_if(struct lower *l, unsigned cc)
{
    struct deferred *d = lower_defer(l, DEFER_SITE, x64_jcc(&l->x, cc));

    d->site = lower_site(l, SITE_ACCESS);
    d->thunk = l->jit->redo;
}

void lower_jump_thunk(struct lower *l, uint32_t thunk)
{
    x64_patch(x64_jmp(&l->x), jit_at(l->jit, thunk));
}

void lower_call_thunk(struct lower *l, uint32_t thunk)
{
    x64_patch(x64_call(&l->x), jit_at(l->jit, thunk));
}

/* Instructions. */

void lower_lost(struct lower *l)
{
    l->xmm_live = l->fpu_live = l->fpu_clean = false;
    l->fpu = (struct fpu_point){0};
    lower_fpu_forget(l);
}

void lower_step(struct lower *l)
{
    if (insn_keeps_flags(l->insn)) { /* it may never ask for them */
        flags_hand_over(l);
        memset(&l->list, 0, sizeof(l->list));
    }
    x64_mov_imm(&l->x, R10, lower_site(l, SITE_STEP));
    lower_call_thunk(l, port_is_access(l->insn) ? l->jit->port : l->jit->step);
    memset(&l->list, 0, sizeof(l->list));
    flags_forget(l);
    lower_lost(l);
}

static void lower_jump(struct lower *l)
{
    const struct insn *insn = l->insn;
    enum sem sem = insn_sem(insn);
    bool wide = insn->flags & INSN_ADDR32;

    if (sem == SEM_jmp)
        return; /* at the end of the block */
    if (sem < SEM_loop) {
        flags_ensure(l, flags_of_cc(sem - SEM_jo));
        lower_branch(l, sem - SEM_jo, insn->imm);
        return;
    }
    if (sem == SEM_jcxz) {
        flags_clobber(l);
        x64_rr(&l->x, wide ? 4 : 2, 0x85, RCX, RCX);
        lower_branch(l, CC_Z, insn->imm);
        return;
    }
    flags_reg_write(l, 4, CPU_ECX);
    if (wide) {
        x64_lea(&l->x, RCX, x64_at(RCX, (size_t)-1));
        lower_branch_unless(l, 0xe3, insn->imm); /* jrcxz */
        return;
    }
    flags_clobber(l);
    x64_lea(&l->x, R9, x64_at(RCX, (size_t)-1));
    x64_rr(&l->x, 2, 0x89, R9, RCX);
    x64_rr(&l->x, 2, 0x85, RCX, RCX);
    lower_branch(l, CC_NZ, insn->imm);
}

static void lower_one(struct lower *l)
{
    enum sem sem = insn_sem(l->insn);

    if (sem == SEM_none && lower_system_native(l->insn))
        lower_system(l);
    else if (sem == SEM_none && l->insn->slot < INSN_SLOT_0F)
        lower_fpu(l);
    else if (sem == SEM_none)
        lower_simd(l);
    else if (sem < SEM_xchg)
        lower_alu(l);
    else if (sem < SEM_inc)
        lower_exchange(l);
    else if (sem < SEM_rol)
        lower_unary(l);
    else if (sem < SEM_shld)
        lower_shift(l);
    else if (sem < SEM_bt)
        lower_double(l);
    else if (sem < SEM_movzx_b && (l->insn->flags & INSN_MEM) &&
             insn_shape(l->insn) == SHAPE_EG)
        lower_bit_string(l);
    else if (sem < SEM_movzx_b)
        lower_bit(l);
    else if (sem < SEM_seto || sem == SEM_lea)
        lower_load(l);
    else if (sem < SEM_lea)
        lower_set(l);
    else if (sem < SEM_jmp)
        lower_stack(l);
    else if (sem < SEM_nop)
        lower_jump(l);
    else if (sem >= SEM_movs)
        lower_string(l);
    else
        lower_plain(l);
}

static bool names_esp(const struct insn *insn)
{
    return insn->reg == CPU_ESP ||
           (!(insn->flags & INSN_MEM) && insn->rm == CPU_ESP);
}

/* Whether it can be done before ESP is in its register, which it names in an
 * address at most. */
static bool lets_stack_wait(const struct insn *insn)
{
    enum sem sem = insn_sem(insn);

    if (sem == SEM_none || names_esp(insn))
        return false;
    if (sem >= SEM_bt && sem <= SEM_btc)
        return !(insn->flags & INSN_MEM);
    return sem < SEM_jmp && sem != SEM_leave && sem != SEM_jmp_e;
}

static void lower_insn(struct lower *l, unsigned index)
{
    const struct insn *insn = &l->b->block->insn[index];
    const struct insn_info *info = &insn_info[insn->slot];
    const struct plan_insn *fact = &l->b->insn[index];

    if (l->watch)
        l->watch->insn(l->watch, code_at(l), insn);
    l->insn = insn;
    l->index = index;
    l->size = insn_sem_size(insn);
    l->need = fact->need | (fact->held & ~fact->host.gives);
    l->read = fact->read;
    l->live = (l->read & ~fact->given) | info->flags_read;
    l->taken = 0;
    l->stored = (struct stored){0};
    l->stack_waits = fact->host.native && lets_stack_wait(insn);
    if (!l->stack_waits)
        lower_settle_stack(l);
    if (!fact->host.native) {
        lower_step(l);
        return;
    }
    if (l->list.count > RECIPES_MAX - 2)
        flags_settle(l);
    /* A fault finds the host's flags as they are from here on. */
    if ((insn->flags & INSN_MEM) && (l->mode & BLOCK_ARENA))
        flags_ensure(l, info->flags_read & FLAGS_OSZAPC);
    lower_one(l);
}

static unsigned insns_of(const struct plan_block *b)
{
    unsigned n = 0;

    while (n < b->count && !b->insn[n].special)
        n++;
    return n;
}

void lower_move_left(struct lower *l, int32_t by)
{
    struct x64_mem m = {REG_LEFT, X64_NO_INDEX, 0, by};

    if (by)
        x64_lea(&l->x, REG_LEFT, m);
}

/* The sign says if too few are left. CF stays, if it is in the host's. */
static void count_and_look(struct lower *l, unsigned n)
{
    if (l->valid) {
        lower_move_left(l, 1 - (int32_t)n);
        x64_digit_r(&l->x, 4, 0xff, 1, REG_LEFT); /* dec */
    } else if (n == 0) {
        x64_rr(&l->x, 4, 0x85, REG_LEFT, REG_LEFT);
    } else {
        x64_alu_imm_r(&l->x, 4, ALU_SUB, REG_LEFT, n);
    }
}

/* All instructions of the node are counted at once; a jump in the middle has
 * some to its credit where it leads. */
static void count_insns(struct lower *l, unsigned credit)
{
    unsigned n = insns_of(l->b), slot;
    unsigned more = l->tail ? l->b->block->count - n : 0;
    struct recipe_list list;
    struct deferred *d;

    l->refund = n;
    if (!n || !l->b->checked) {
        lower_move_left(l, (int32_t)(credit - n));
        return;
    }
    l->refund = n + more;
    count_and_look(l, n + more - credit);
    l->insn = &l->b->block->insn[0];
    d = lower_defer(l, DEFER_SITE, x64_jcc(&l->x, CC_S));
    list = l->list;
    if (l->bare) {
        l->list = flags_with_carry(l, &slot);
        d->slot = slot + 1;
    }
    d->site = lower_site(l, SITE_COUNT);
    l->list = list;
    d->thunk = l->jit->leave;
    l->refund = n;
    lower_move_left(l, (int32_t)more);
}

/* Where a block leads on to when its last instruction is done. */
static void end_node(struct lower *l)
{
    const struct plan_block *b = l->b;
    const struct insn *last = &b->block->insn[b->count - 1];
    enum sem sem = insn_sem(last);

    lower_settle_stack(l);
    if (b->count < b->block->count ||
        !(insn_info[last->slot].traits & INSN_TRAIT_ENDS))
        lower_goto(l, b->block->eip + b->block->insn[b->count].offset);
    else if (sem == SEM_jmp)
        lower_goto(l, last->imm);
    else if (sem == SEM_call)
        lower_goto_call(l, last->imm);
    else if (!b->insn[b->count - 1].host.native) /* the step has left */
        x64_byte(&l->x, 0xcc);
}

/* What a loop that the present block begins wants its code to be aligned to. */
static unsigned find_alignment(const struct lower *l)
{
    uint32_t eip = l->b->block->eip;
    unsigned unit = 1;

    for (unsigned i = 0; i < l->plan.count; i++) {
        const struct plan_block *b = &l->plan.block[i];

        for (unsigned k = 0; k < b->count; k++) {
            const struct insn *insn = &b->block->insn[k];

            if (!insn_is_jump(insn) || insn->imm != eip ||
                block_insn_eip(insn) < eip)
                continue;
            if (block_insn_eip(insn) - eip < SHORT_LOOP)
                return SHORT_LOOP_ALIGN;
            unit = LOOP_ALIGN;
        }
    }
    return unit;
}

static void lower_node(struct lower *l, struct node *node)
{
    l->b = &l->plan.block[node->block];
    l->context = node->context;
    l->list = node->list;
    flags_forget(l);
    l->valid = node->valid;
    l->clear = node->clear;
    l->bare = (node->valid | node->clear) & ~recipe_coverage(&node->list);
    lower_lost(l);
    l->xmm_live = node->live & LIVE_XMM;
    l->fpu_live = node->live & LIVE_FPU;
    l->fpu = node->fpu;
    l->need = l->b->need_in;
    l->next_node = -1;
    if (l->b->checked)
        x64_align(&l->x, find_alignment(l));
    node->code = l->x.at;
    if (l->watch)
        l->watch->node(l->watch, code_at(l), node->block, &node->list);
    if (l->b->block->straddles)
        lower_check_second(l, node->credit);
    count_insns(l, node->credit);
    for (unsigned i = 0; i < l->b->count; i++) {
        if (l->b->insn[i].special) {
            l->insn = &l->b->block->insn[i];
            lower_settle_stack(l);
            lower_leave(l, insn_eip(l));
            return;
        }
        lower_insn(l, i);
        l->refund--;
    }
    end_node(l);
}

static void lower_nodes(struct lower *l)
{
    int n = lower_get_node(l, 0);

    while (n >= 0 && !l->x.full) {
        lower_node(l, &l->nodes[n]);
        n = l->next_node;
        for (unsigned i = 0; n < 0 && i < l->node_count; i++) {
            if (!l->nodes[i].code)
                n = (int)i;
        }
    }
}

/* For the thunk that may hand it to a device. */
static void keep_stored(struct lower *l, const struct stored *s)
{
    unsigned host = host_reg(s->size, s->reg), low;

    if (s->kind == STORED_IMM)
        x64_mov_m_imm(&l->x, 4, FIELD(jit.scratch), s->imm);
    if (s->kind != STORED_REG)
        return;
    low = low_begin(l, s->size, host);
    x64_store(&l->x, s->size, low, FIELD(jit.scratch));
    low_end(l, s->size, host);
}

static void lower_miss(struct lower *l, const struct deferred *d)
{
    keep_stored(l, &d->stored);
    if (d->known)
        x64_mov_imm(&l->x, R9, d->page);
    x64_mov_imm(&l->x, R10, d->site);
    lower_call_thunk(l, d->thunk);
    x64_patch(x64_jmp(&l->x), d->resume);
}

static void lower_edge(struct lower *l, const struct deferred *d)
{
    assert(!l->fpu.insn);
    l->list = d->list;
    flags_forget(l);
    lower_move_left(l, (int32_t)d->credit);
    l->valid = d->valid;
    l->clear = d->clear;
    l->bare = d->valid | d->clear;
    l->taken = 0;
    flags_save_bare(l, l->bare);
    flags_forget(l);
    if (d->node < 0) {
        lower_leave(l, d->eip);
        return;
    }
    flags_hand_over(l);
    x64_patch(x64_jmp(&l->x), l->nodes[d->node].code);
}

static void lower_indirect(struct lower *l, const struct deferred *d)
{
    l->insn = d->insn;
    l->list = d->list;
    flags_forget(l);
    lower_goto_r8(l);
}

static void lower_deferred(struct lower *l)
{
    lower_lost(l);
    if (l->watch)
        l->watch->away(l->watch, code_at(l));
    for (unsigned i = 0; i < l->deferred_count && !l->x.full; i++) {
        const struct deferred *d = &l->deferred[i];

        x64_patch(d->distance, l->x.at);
        watch_site(l, d->site);
        switch (d->kind) {
        case DEFER_MISS:
        case DEFER_CALL: lower_miss(l, d); break;
        case DEFER_SITE:
            if (d->slot)
                flags_store_carry(l, d->slot - 1);
            lower_hand_over(l, d->site, d->thunk);
            break;
        case DEFER_REPEAT:
            x64_mov_imm(&l->x, R10, d->site);
            lower_call_thunk(l, d->thunk);
            lower_edge(l, d);
            break;
        case DEFER_EDGE: lower_edge(l, d); break;
        case DEFER_INDIRECT: lower_indirect(l, d); break;
        }
    }
}

/* Where its code may fault, in the order of places. */
static void keep_guards(struct lower *l)
{
    struct translation *t = jit_at(l->jit, l->translation);
    uint32_t place;

    if (!l->x.guards)
        return;
    place = cache_data(&l->jit->cache, l->x.guards * sizeof(struct guard));
    if (!place) {
        l->x.full = true;
        return;
    }
    t->guards = place;
    t->guard_count = l->x.guards;
    for (unsigned i = 0; i < l->x.guards; i++)
        ((struct guard *)jit_at(l->jit, place))[i] = (struct guard){
            cache_place(&l->jit->cache, l->guard[i].at), l->guard[i].tag};
}

static void patch_fixups(struct lower *l)
{
    for (unsigned i = 0; i < l->fixup_count; i++)
        x64_patch(l->fixups[i].distance, l->nodes[l->fixups[i].node].code);
}

/* Entering it in the records. */

static bool add_members(struct lower *l)
{
    struct translation *t = jit_at(l->jit, l->translation);

    for (unsigned i = 0; i < l->plan.count; i++) {
        uint32_t place = cache_data(&l->jit->cache, sizeof(struct member));
        struct block_tier *tier = blocks_tier(l->cpu, l->plan.block[i].block);

        if (!place)
            return false;
        *(struct member *)jit_at(l->jit, place) =
            (struct member){.region = l->translation,
                            .own = t->members,
                            .next = tier->users,
                            .block = l->plan.block[i].block};
        tier->users = place;
        tier->copies += !t->tail;
        t->members = place;
    }
    return true;
}

static void begin(struct lower *l, struct jit *jit, const struct block *head,
                  bool tail)
{
    memset(l, 0, offsetof(struct lower, plan));
    l->last_list = l->last_point = 0;
    l->jit = jit;
    l->cpu = jit->cpu;
    l->context_count = 1;
    l->mode = head->mode;
    l->tail = tail;
    l->x.at = jit_at(jit, jit->cache.code);
    l->x.end = l->x.at + CODE_MAX;
    l->x.guard = l->guard;
    l->x.guards_max = GUARDS_MAX;
}

/* From the plan. False: it is too large. */
static bool emit(struct lower *l)
{
    struct cache *cache = &l->jit->cache;

    plan_flags(&l->plan, l->cpu, lower_host);
    l->translation = cache_data(cache, sizeof(struct translation));
    lower_nodes(l);
    lower_deferred(l);
    keep_guards(l);
    if (!l->x.full)
        patch_fixups(l);
    return !l->x.full;
}

uint32_t jit_translate(struct jit *jit, const struct block *head, bool tail)
{
    struct lower *l = jit->lower;
    struct cache *cache = &jit->cache;
    struct translation *t;
    uint32_t place;

    if (interp_is_special(blocks_tier(jit->cpu, head)->first))
        return 0;
    assert(cache->generation_bytes >= SPACE_MIN);
    if (cache->data - cache->code < SPACE_MIN)
        jit_make_room(jit);
    begin(l, jit, head, tail);
    plan_choose(&l->plan, jit->cpu, head, tail);
    if (!emit(l))
        return 0;
    place = l->translation;
    t = jit_at(jit, place);
    t->head = head;
    t->tail = tail;
    t->entry = cache->code;
    t->bytes = code_at(l) - cache->code;
    t->next = jit->translations[cache->current];
    jit->translations[cache->current] = place;
    if (!add_members(l))
        translation_kill(jit, place);
    stats_note_plan(jit, &l->plan);
    jit->stats.code_bytes += t->bytes;
    stats_map_code(jit, head, cache->code, t->bytes);
    guard_note(jit, place, code_at(l));
    cache->code = (code_at(l) + 15) & ~15u;
    return t->dead ? 0 : place;
}

/* The blocks of a translation in the order of its plan; the last member was
 * the first. */
static unsigned find_blocks(struct jit *jit, const struct translation *t,
                            const struct block **blocks)
{
    unsigned count = 0;

    for (uint32_t n = t->members; n; n = ((struct member *)jit_at(jit, n))->own)
        count++;
    assert(count <= REGION_BLOCKS);
    for (uint32_t n = t->members, i = count; n;) {
        const struct member *m = jit_at(jit, n);

        blocks[--i] = m->block;
        n = m->own;
    }
    return count;
}

uint32_t jit_emit_again(struct jit *jit, const struct translation *t,
                        struct lower_watch *watch, const struct plan **plan)
{
    const struct block *blocks[REGION_BLOCKS];
    struct lower *l = jit->lower;
    struct cache *cache = &jit->cache, before = *cache;
    uint32_t bytes = 0;

    if (cache->data - cache->code < SPACE_MIN)
        return 0;
    begin(l, jit, t->head, t->tail);
    plan_again(&l->plan, blocks, find_blocks(jit, t, blocks));
    l->watch = watch;
    if (emit(l))
        bytes = code_at(l) - cache->code;
    l->watch = NULL;
    *cache = before;
    *plan = &l->plan;
    return bytes;
}
