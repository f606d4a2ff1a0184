#include "jit/recipe.h"

#include <assert.h>
#include <string.h>

#include "cpu/flags.h"
#include "cpu/interp.h"
#include "cpu/shift.h"

uint32_t recipe_flags(enum recipe_kind kind)
{
    static const uint32_t flags[] = {
#define X(name, given) [RECIPE_##name] = (given),
        RECIPE_LIST(X)
#undef X
    };

    return flags[kind];
}

static inline uint32_t fetch(const struct cpu *cpu,
                             const struct recipe_value *v, unsigned bits)
{
    switch (v->where) {
    case VALUE_IMM: return flags_cut(bits, v->imm);
    case VALUE_CL: return cpu->reg[CPU_ECX] & 0xff;
    case VALUE_REG:
        if (bits == 8)
            return ((const uint8_t *)cpu->reg)[v->n];
        return flags_cut(bits, cpu->reg[v->n]);
    case VALUE_SLOT: return flags_cut(bits, cpu->jit.slot[v->n]);
    case VALUE_SLOT_HIGH: return cpu->jit.slot[v->n] >> 8 & 0xff;
    case VALUE_HOST: return cpu->jit.host_flags;
    default: return 0;
    }
}

static uint32_t value(const struct cpu *cpu, const struct recipe *r, unsigned n)
{
    return fetch(cpu, &r->v[n], r->bits);
}

/* A count, or a flag that SETcc stored. */
static uint32_t count(const struct cpu *cpu, const struct recipe *r, unsigned n)
{
    return fetch(cpu, &r->v[n], 8) & 31;
}

static bool flag(const struct cpu *cpu, const struct recipe *r, unsigned n)
{
    return count(cpu, r, n) & 1;
}

static void apply_shift(struct cpu *cpu, const struct recipe *r, uint32_t a)
{
    unsigned bits = r->bits;

    switch (r->kind) {
    case RECIPE_SHL: flags_shl(cpu, bits, a, count(cpu, r, 1)); break;
    case RECIPE_SHR: flags_shr(cpu, bits, a, count(cpu, r, 1)); break;
    case RECIPE_SAR: flags_sar(cpu, bits, a, count(cpu, r, 1)); break;
    case RECIPE_ROL: flags_rol(cpu, bits, a, count(cpu, r, 1)); break;
    case RECIPE_ROR: flags_ror(cpu, bits, a, count(cpu, r, 1)); break;
    case RECIPE_RCL:
        flags_rcl(cpu, bits, a, count(cpu, r, 1), flag(cpu, r, 2));
        break;
    case RECIPE_RCR:
        flags_rcr(cpu, bits, a, count(cpu, r, 1), flag(cpu, r, 2));
        break;
    case RECIPE_SHLD:
        flags_shld(cpu, bits, a, value(cpu, r, 1), count(cpu, r, 2));
        break;
    default:
        flags_shrd(cpu, bits, a, value(cpu, r, 1), count(cpu, r, 2));
        break;
    }
}

static uint32_t scan(uint32_t v, bool reverse)
{
    return reverse ? highest_bit(v) : lowest_bit(v);
}

static void apply_saved(struct cpu *cpu, uint32_t saved)
{
    flags_set_arithmetic(cpu, (saved >> 8 & 0xff) | (saved & 1 ? FLAG_OF : 0));
}

/* Some of the flags. */
static void apply_some(struct cpu *cpu, uint32_t flags, uint32_t value)
{
    flags_set_arithmetic(cpu,
                         (flags_arithmetic(cpu) & ~flags) | (value & flags));
}

static void apply(struct cpu *cpu, const struct recipe *r)
{
    unsigned bits = r->bits;
    uint32_t a = value(cpu, r, 0), b;

    b = r->v[1].where == VALUE_NONE ? 0 : value(cpu, r, 1);

    switch (r->kind) {
    case RECIPE_LOGIC: flags_logic(cpu, bits, a); break;
    case RECIPE_TEST: flags_logic(cpu, bits, a & b); break;
    case RECIPE_ADD: flags_add(cpu, bits, a, b, 0); break;
    case RECIPE_ADD_R:
        flags_add(cpu, bits, flags_cut(bits, a - b), b, 0);
        break;
    case RECIPE_SUB: flags_sub(cpu, bits, a, b, 0); break;
    case RECIPE_SUB_R:
        flags_sub(cpu, bits, flags_cut(bits, a + b), b, 0);
        break;
    case RECIPE_ADC_R: {
        uint32_t c = flag(cpu, r, 2);

        flags_add(cpu, bits, flags_cut(bits, a - b - c), b, c);
        break;
    }
    case RECIPE_SBB_R: {
        uint32_t c = flag(cpu, r, 2);

        flags_sub(cpu, bits, flags_cut(bits, a + b + c), b, c);
        break;
    }
    case RECIPE_INC: flags_inc(cpu, bits, flags_cut(bits, a - 1)); break;
    case RECIPE_DEC: flags_dec(cpu, bits, flags_cut(bits, a + 1)); break;
    case RECIPE_NEG: flags_sub(cpu, bits, 0, flags_cut(bits, 0 - a), 0); break;
    case RECIPE_BSF:
    case RECIPE_BSR:
        cpu->lazy.result = a ? 0x100 | scan(a, r->kind == RECIPE_BSR) : 0;
        cpu->lazy.aux = 0;
        break;
    case RECIPE_DIV: interp_flags_divided(cpu, bits, 0, false); break;
    case RECIPE_CO: flags_set_co(cpu, flag(cpu, r, 0), flag(cpu, r, 0)); break;
    case RECIPE_CF: flags_set_cf(cpu, flag(cpu, r, 0)); break;
    case RECIPE_NCF: flags_set_cf(cpu, !flag(cpu, r, 0)); break;
    case RECIPE_SAHF:
        flags_set_arithmetic(cpu, a | (flags_o(cpu) ? FLAG_OF : 0));
        break;
    case RECIPE_COMI:
        apply_saved(cpu, a & (FLAG_ZF | FLAG_PF | FLAG_CF) << 8);
        break;
    case RECIPE_SAVED:
        apply_some(cpu, r->flags, (a >> 8 & 0xff) | (a & 1 ? FLAG_OF : 0));
        break;
    case RECIPE_HELD: apply_some(cpu, r->flags, a & b); break;
    default: apply_shift(cpu, r, a); break;
    }
}

void recipe_apply(struct cpu *cpu, const struct recipe_list *list)
{
    assert(list->count <= RECIPES_MAX);
    for (uint32_t i = 0; i < list->count; i++)
        apply(cpu, &list->r[i]);
}

bool recipe_add(struct recipe_list *list, const struct recipe *recipe)
{
    if (list->count == RECIPES_MAX)
        return false;
    list->r[list->count++] = *recipe;
    return true;
}

void recipe_prune(struct recipe_list *list, uint32_t need)
{
    for (uint32_t i = list->count; i-- > 0;) {
        const struct recipe *r = &list->r[i];
        uint32_t given = r->flags;

        if (given & need) {
            if (!r->maybe)
                need &= ~given;
            continue;
        }
        memmove(&list->r[i], &list->r[i + 1],
                (list->count - i - 1) * sizeof(list->r[0]));
        memset(&list->r[--list->count], 0, sizeof(list->r[0]));
    }
}

uint32_t recipe_coverage(const struct recipe_list *list)
{
    uint32_t flags = 0;

    for (uint32_t i = 0; i < list->count; i++)
        flags |= list->r[i].maybe ? 0 : list->r[i].flags;
    return flags;
}
