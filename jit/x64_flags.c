#include <assert.h>
#include <string.h>

#include "jit/x64_lower.h"

static const uint32_t all = FLAGS_OSZAPC;

static struct x64_mem slot_at(unsigned n)
{
    return x64_at(REG_CPU, offsetof(struct cpu, jit.slot) + 4 * n);
}

/* Values. */

struct recipe_value value_imm(uint32_t value)
{
    return (struct recipe_value){.where = VALUE_IMM, .imm = value};
}

struct recipe_value value_reg(unsigned n)
{
    return (struct recipe_value){.where = VALUE_REG, .n = (uint8_t)n};
}

struct recipe_value value_cl(void)
{
    return (struct recipe_value){.where = VALUE_CL};
}

static bool is_slot(const struct recipe_value *v)
{
    return v->where == VALUE_SLOT || v->where == VALUE_SLOT_HIGH;
}

uint32_t flags_slots(const struct lower *l)
{
    uint32_t used = 0;

    for (uint32_t i = 0; i < l->list.count; i++) {
        for (unsigned k = 0; k < 3; k++) {
            if (is_slot(&l->list.r[i].v[k]))
                used |= 1u << l->list.r[i].v[k].n;
        }
    }
    return used;
}

static unsigned take_slot(struct lower *l)
{
    uint32_t used = l->taken | flags_slots(l);
    unsigned n = 0;

    while (used >> n & 1)
        n++;
    assert(n < CPU_JIT_SLOTS);
    l->taken |= 1u << n;
    return n;
}

struct recipe_value value_saved(struct lower *l, unsigned reg)
{
    unsigned n = take_slot(l);

    x64_store(&l->x, 4, reg, slot_at(n));
    return (struct recipe_value){.where = VALUE_SLOT, .n = (uint8_t)n};
}

struct recipe_value value_saved_cc(struct lower *l, unsigned cc)
{
    unsigned n = take_slot(l);

    x64_digit_m(&l->x, 4, 0x0f90 | cc, 0, slot_at(n));
    return (struct recipe_value){.where = VALUE_SLOT, .n = (uint8_t)n};
}

void value_again(struct lower *l, unsigned reg, struct recipe_value saved)
{
    assert(saved.where == VALUE_SLOT);
    x64_load(&l->x, 4, reg, slot_at(saved.n));
}

static unsigned whole_reg(unsigned size, unsigned n)
{
    return size == 1 ? n >> 2 : n;
}

struct recipe_value value_kept(struct lower *l, unsigned size, unsigned n)
{
    struct recipe_value v = value_saved(l, host_reg(4, whole_reg(size, n)));

    if (size == 1 && (n & 1))
        v.where = VALUE_SLOT_HIGH;
    return v;
}

/* The list. */

bool flags_wanted(const struct lower *l, enum recipe_kind kind)
{
    return l->need & recipe_flags(kind);
}

void flags_begin(struct lower *l, uint32_t flags, bool maybe)
{
    if (!maybe)
        l->clear &= ~flags;
    recipe_prune(&l->list, maybe ? l->need : l->need & ~flags);
}

/* What the list tells of these flags is not so any more. */
static void hide(struct lower *l, uint32_t flags)
{
    for (uint32_t i = 0; i < l->list.count; i++)
        l->list.r[i].flags &= ~flags;
    recipe_prune(&l->list, all);
}

void flags_end(struct lower *l, enum recipe_kind kind, bool maybe,
               struct recipe_value a, struct recipe_value b,
               struct recipe_value c)
{
    struct recipe r = {.kind = (uint8_t)kind,
                       .bits = (uint8_t)(8 * l->size),
                       .maybe = maybe,
                       .flags = recipe_flags(kind),
                       .v = {a, b, c}};
    bool added;

    if (!(r.flags & l->need)) {
        hide(l, r.flags);
        l->bare |= r.flags;
        return;
    }
    l->bare &= ~r.flags;
    added = recipe_add(&l->list, &r);
    assert(added);
    (void)added;
    recipe_prune(&l->list, l->need);
}

static unsigned reg_of_value(const struct recipe *r, unsigned k)
{
    const struct recipe_value *v = &r->v[k];

    if (v->where == VALUE_CL)
        return CPU_ECX;
    if (v->where == VALUE_REG)
        return r->bits == 8 ? v->n >> 2 : v->n;
    return CPU_REGS;
}

void flags_reg_write(struct lower *l, unsigned size, unsigned n)
{
    unsigned reg = whole_reg(size, n);
    struct recipe_value saved = {0};

    lower_fpu_reg_write(l, reg);
    for (uint32_t i = 0; i < l->list.count; i++) {
        struct recipe *r = &l->list.r[i];

        for (unsigned k = 0; k < 3; k++) {
            bool high =
                r->bits == 8 && r->v[k].where == VALUE_REG && (r->v[k].n & 1);

            if (reg_of_value(r, k) != reg)
                continue;
            if (!saved.where)
                saved = value_saved(l, host_reg(4, reg));
            r->v[k] = saved;
            if (high)
                r->v[k].where = VALUE_SLOT_HIGH;
        }
    }
}

/* The host's flags. */

/* Puts a value into r10, 32 bits of it, or gives the register it is in. */
static unsigned fetch_value(struct lower *l, const struct recipe *r, unsigned k)
{
    const struct recipe_value *v = &r->v[k];

    if (v->where == VALUE_IMM) {
        x64_mov_imm(&l->x, R10, v->imm);
        return R10;
    }
    if (is_slot(v)) {
        struct x64_mem m = slot_at(v->n);

        m.disp += v->where == VALUE_SLOT_HIGH;
        x64_load(&l->x, 4, R10, m);
        return R10;
    }
    assert(v->where == VALUE_REG);
    if (r->bits == 8 && (v->n & 1)) {
        x64_mov_rr(&l->x, R10, host_reg(4, v->n >> 2));
        x64_digit_r(&l->x, 4, 0xc1, SHIFT_SHR, R10);
        x64_byte(&l->x, 8);
        return R10;
    }
    return host_reg(4, r->bits == 8 ? v->n >> 2 : v->n);
}

static void fetch_copy(struct lower *l, const struct recipe *r, unsigned k)
{
    unsigned reg = fetch_value(l, r, k);

    if (reg != R10)
        x64_mov_rr(&l->x, R10, reg);
}

static bool is_high(const struct recipe *r, unsigned k)
{
    return r->bits == 8 && r->v[k].where == VALUE_REG && (r->v[k].n & 1);
}

/* op r10, value k; not for AH..BH. */
static void alu_value(struct lower *l, const struct recipe *r, unsigned op,
                      unsigned reg, unsigned k)
{
    const struct recipe_value *v = &r->v[k];
    unsigned size = r->bits / 8;

    if (v->where == VALUE_IMM) {
        x64_alu_imm_r(&l->x, size, op, reg, v->imm);
    } else if (is_slot(v)) {
        struct x64_mem m = slot_at(v->n);

        m.disp += v->where == VALUE_SLOT_HIGH;
        x64_rm(&l->x, size, op * 8 + 3, reg, m);
    } else {
        x64_rr(&l->x, size, op * 8 + 1,
               host_reg(4, r->bits == 8 ? v->n >> 2 : v->n), reg);
    }
}

static void test_values(struct lower *l, const struct recipe *r)
{
    unsigned size = r->bits / 8;

    fetch_copy(l, r, 0);
    if (r->v[1].where == VALUE_IMM) {
        alu_value(l, r, ALU_AND, R10, 1);
    } else {
        alu_value(l, r, ALU_AND, R10, 1);
    }
    (void)size;
}

/* What the host's flags hold after redo() of a recipe; 0: it cannot. */
static uint32_t redo_gives(const struct recipe *r)
{
    if (r->maybe)
        return 0;
    switch (r->kind) {
    case RECIPE_LOGIC: return all & ~FLAG_AF;
    case RECIPE_TEST: return is_high(r, 1) ? 0 : all & ~FLAG_AF;
    case RECIPE_ADD:
    case RECIPE_ADD_R:
    case RECIPE_SUB:
    case RECIPE_SUB_R: return is_high(r, 1) ? 0 : all;
    case RECIPE_INC:
    case RECIPE_DEC: return FLAGS_OSZAP;
    case RECIPE_NEG: return all;
    case RECIPE_SHL:
    case RECIPE_SHR:
    case RECIPE_SAR:
        if (r->v[1].where != VALUE_IMM || r->v[1].imm >= r->bits ||
            r->v[1].imm == 0)
            return 0;
        return FLAG_SF | FLAG_ZF | FLAG_PF | FLAG_CF;
    case RECIPE_CF:
    case RECIPE_NCF: return FLAG_CF;
    case RECIPE_COMI: return FLAG_ZF | FLAG_PF | FLAG_CF;
    case RECIPE_SAVED: return r->flags;
    default: return 0;
    }
}

static void redo_saved(struct lower *l, const struct recipe *r)
{
    x64_mov_rr(&l->x, R10, RAX);
    x64_load(&l->x, 4, RAX, slot_at(r->v[0].n));
    if (r->kind == RECIPE_SAVED) {
        x64_byte(&l->x, 0x04); /* add al, 7f: OF from bit 0 */
        x64_byte(&l->x, 0x7f);
    }
    x64_byte(&l->x, 0x9e); /* sahf */
    x64_mov_rr(&l->x, RAX, R10);
}

static void redo(struct lower *l, const struct recipe *r)
{
    unsigned size = r->bits / 8, reg;

    switch (r->kind) {
    case RECIPE_LOGIC:
        reg = fetch_value(l, r, 0);
        x64_rr(&l->x, size, 0x85, reg, reg);
        break;
    case RECIPE_TEST: test_values(l, r); break;
    case RECIPE_ADD:
        fetch_copy(l, r, 0);
        alu_value(l, r, ALU_ADD, R10, 1);
        break;
    case RECIPE_ADD_R:
        fetch_copy(l, r, 0);
        alu_value(l, r, ALU_SUB, R10, 1);
        alu_value(l, r, ALU_ADD, R10, 1);
        break;
    case RECIPE_SUB:
        reg = fetch_value(l, r, 0);
        alu_value(l, r, ALU_CMP, reg, 1);
        break;
    case RECIPE_SUB_R:
        fetch_copy(l, r, 0);
        alu_value(l, r, ALU_ADD, R10, 1);
        alu_value(l, r, ALU_SUB, R10, 1);
        break;
    case RECIPE_INC:
        fetch_copy(l, r, 0);
        x64_digit_r(&l->x, size, 0xff, 1, R10);
        x64_digit_r(&l->x, size, 0xff, 0, R10);
        break;
    case RECIPE_DEC:
        fetch_copy(l, r, 0);
        x64_digit_r(&l->x, size, 0xff, 0, R10);
        x64_digit_r(&l->x, size, 0xff, 1, R10);
        break;
    case RECIPE_NEG:
        fetch_copy(l, r, 0);
        x64_digit_r(&l->x, size, 0xf7, 3, R10);
        x64_digit_r(&l->x, size, 0xf7, 3, R10);
        break;
    case RECIPE_SHL:
    case RECIPE_SHR:
    case RECIPE_SAR:
        fetch_copy(l, r, 0);
        x64_digit_r(&l->x, size, 0xc1,
                    r->kind == RECIPE_SHL   ? SHIFT_SHL
                    : r->kind == RECIPE_SHR ? SHIFT_SHR
                                            : SHIFT_SAR,
                    R10);
        x64_byte(&l->x, r->v[1].imm);
        break;
    case RECIPE_CF: x64_byte(&l->x, r->v[0].imm & 1 ? 0xf9 : 0xf8); break;
    case RECIPE_NCF:
        x64_alu_imm_m(&l->x, 1, ALU_CMP, slot_at(r->v[0].n), 1);
        break;
    default: redo_saved(l, r); break;
    }
}

/* The recipe that gives all of `flags` by itself, or NULL. */
static const struct recipe *find_recipe(const struct lower *l, uint32_t flags)
{
    for (uint32_t i = l->list.count; i-- > 0;) {
        const struct recipe *r = &l->list.r[i];

        if (!(r->flags & flags))
            continue;
        return (flags & ~redo_gives(r)) ? NULL : r;
    }
    return NULL;
}

void flags_save_bare(struct lower *l, uint32_t wanted)
{
    struct recipe r = {.kind = RECIPE_SAVED,
                       .bits = 32,
                       .flags = wanted & l->bare & (l->valid | l->clear)};
    bool added;

    l->bare = 0;
    if (!r.flags)
        return;
    x64_mov_rr(&l->x, R10, RAX);
    x64_byte(&l->x, 0x9f);                 /* lahf */
    x64_digit_r(&l->x, 4, 0x0f90, 0, RAX); /* seto al */
    if (l->clear)
        x64_alu_imm_r(&l->x, 4, ALU_AND, RAX, ~(l->clear << 8));
    r.v[0] = value_saved(l, RAX);
    x64_mov_rr(&l->x, RAX, R10);
    hide(l, r.flags);
    added = recipe_add(&l->list, &r);
    assert(added);
    (void)added;
}

struct recipe_list flags_held(const struct lower *l)
{
    struct recipe_list list = l->list;
    uint32_t flags = l->valid | l->clear;
    struct recipe r = {
        .kind = RECIPE_HELD,
        .bits = 32,
        .flags = flags,
        .v = {{.where = VALUE_HOST}, value_imm(l->valid & ~l->clear)}};
    bool added;

    assert(!(l->bare & ~flags));
    if (!l->bare)
        return list;
    recipe_prune(&list, all & ~flags);
    added = recipe_add(&list, &r);
    assert(added);
    (void)added;
    return list;
}

struct recipe_list flags_with_carry(struct lower *l, unsigned *slot)
{
    struct recipe_list list = l->list;
    struct recipe r = {.kind = RECIPE_NCF, .bits = 32, .flags = FLAG_CF};
    bool added;

    *slot = take_slot(l);
    r.v[0] = (struct recipe_value){.where = VALUE_SLOT, .n = (uint8_t)*slot};
    added = recipe_add(&list, &r);
    assert(added);
    (void)added;
    return list;
}

void flags_store_carry(struct lower *l, unsigned slot)
{
    x64_digit_m(&l->x, 4, 0x0f90 | CC_NB, 0, slot_at(slot));
}

void flags_settle(struct lower *l)
{
    flags_save_bare(l, all);
    x64_mov_imm(&l->x, R10, lower_list(l, &l->list));
    lower_call_thunk(l, l->jit->flags);
    memset(&l->list, 0, sizeof(l->list));
    l->valid = all;
    l->clear = 0;
}

void flags_ensure(struct lower *l, uint32_t flags)
{
    const struct recipe *r;

    if (!(flags & ~l->valid))
        return;
    flags_save_bare(l, all);
    r = find_recipe(l, flags);
    if (!r) {
        flags_settle(l);
        return;
    }
    redo(l, r);
    l->valid = redo_gives(r);
    if (r->kind == RECIPE_INC || r->kind == RECIPE_DEC)
        l->valid &= ~FLAG_CF;
    /* Older recipes give flags that newer ones override. */
    for (uint32_t i = l->list.count; i-- > 0 && &l->list.r[i] != r;)
        l->valid &= ~l->list.r[i].flags;
}

/* What will be read and could not be had again cheaply is put aside. */
void flags_save(struct lower *l, uint32_t live)
{
    struct recipe r = {.bits = 32};
    uint32_t need = l->need;

    live &= all;
    if (!live || (live & ~l->valid) || find_recipe(l, live) ||
        l->list.count == RECIPES_MAX)
        return;
    if (live == FLAG_CF) {
        r.kind = RECIPE_NCF;
        r.v[0] = value_saved_cc(l, CC_NB);
    } else if (l->valid == all) {
        x64_mov_rr(&l->x, R10, RAX);
        x64_byte(&l->x, 0x9f);                 /* lahf */
        x64_digit_r(&l->x, 4, 0x0f90, 0, RAX); /* seto al */
        r.kind = RECIPE_SAVED;
        r.v[0] = value_saved(l, RAX);
        x64_mov_rr(&l->x, RAX, R10);
    } else {
        return;
    }
    r.flags = recipe_flags(r.kind);
    recipe_add(&l->list, &r);
    recipe_prune(&l->list, all | need);
}

void flags_clobber(struct lower *l)
{
    if (l->valid)
        flags_save(l, l->live);
    flags_forget(l);
}

void flags_forget(struct lower *l)
{
    l->valid = l->clear = l->bare = 0;
}

/* All flags but CF, which INC and DEC leave. */
static bool is_partial(const struct recipe_list *list)
{
    return list->count == 1 && list->r[0].flags == FLAGS_OSZAP &&
           !list->r[0].maybe;
}

_Static_assert(offsetof(struct cpu, jit.pending) + 4 ==
                   offsetof(struct cpu, jit.partial),
               "ORDER pending");

/* Registers and slots will be used by others: moves all to the upper slots. */
void flags_hand_over(struct lower *l)
{
    struct recipe_list kept = l->list;
    bool partial;
    unsigned n;

    recipe_prune(&kept, all);
    if (!kept.count)
        return;
    partial = is_partial(&kept);
    n = partial ? 2 * CPU_JIT_SLOTS : CPU_JIT_SLOTS;
    if (!partial && recipe_coverage(&kept) != all) {
        flags_settle(l);
        return;
    }
    for (uint32_t i = 0; i < kept.count; i++) {
        struct recipe *r = &kept.r[i];

        for (unsigned k = 0; k < 3; k++) {
            struct recipe_value *v = &r->v[k];
            bool high = is_high(r, k) || v->where == VALUE_SLOT_HIGH;
            unsigned reg = R10;

            if (v->where == VALUE_NONE || v->where == VALUE_IMM)
                continue;
            if (is_slot(v))
                x64_load(&l->x, 4, R10, slot_at(v->n));
            else
                reg = host_reg(4, reg_of_value(r, k));
            x64_store(&l->x, 4, reg, slot_at(n));
            *v = (struct recipe_value){
                .where = high ? VALUE_SLOT_HIGH : VALUE_SLOT, .n = (uint8_t)n};
            n++;
        }
    }
    assert(n <= (partial ? 3 : 2) * CPU_JIT_SLOTS);
    if (partial)
        x64_mov_m_imm(&l->x, 4, FIELD(jit.partial), lower_list(l, &kept));
    else /* and no partial one */
        x64_mov_m_imm(&l->x, 8, FIELD(jit.pending), lower_list(l, &kept));
}

uint32_t flags_of_cc(unsigned cc)
{
    static const uint16_t flags[] = {
        FLAG_OF, FLAG_CF, FLAG_ZF,           FLAG_CF | FLAG_ZF,
        FLAG_SF, FLAG_PF, FLAG_SF | FLAG_OF, FLAG_SF | FLAG_OF | FLAG_ZF,
    };

    return flags[cc >> 1];
}
