/* x87 instructions between registers. */
#include <assert.h>

#include "cpu/flags.h"
#include "cpu/fpu_int.h"
#include "cpu/fpu_trans.h"

/* Operations as ModRM.reg names them. */
enum {
    OP_ADD,
    OP_MUL,
    OP_COM,
    OP_COMP,
    OP_SUB,
    OP_SUBR,
    OP_DIV,
    OP_DIVR
};

static bool is_nan(struct f80 a)
{
    enum f80_class c = f80_classify(a);

    return c == F80_QNAN || c == F80_SNAN;
}

/* An operand that was denormal in memory is normal by now: the exception is
 * added where the operation would have noted it. */
static void add_denormal(const struct fpu_operand *other, struct f80 st0,
                         struct f80_env *env)
{
    if (other->denormal && !is_nan(st0) && !(env->flags & (F80_IE | F80_ZE)))
        env->flags |= F80_DE;
}

static struct f80 compute(unsigned op, struct f80 a, struct f80 b,
                          struct f80_env *env)
{
    switch (op) {
    case OP_ADD: return f80_add(a, b, env);
    case OP_MUL: return f80_mul(a, b, env);
    case OP_SUB: return f80_sub(a, b, env);
    case OP_SUBR: return f80_sub(b, a, env);
    case OP_DIV: return f80_div(a, b, env);
    default: return f80_div(b, a, env);
    }
}

void fpu_arithmetic(struct cpu *cpu, unsigned op,
                    const struct fpu_operand *other, unsigned dest, bool pop)
{
    struct f80_env env = fpu_env(cpu);
    struct f80 st0 = fpu_st(cpu, 0);
    struct f80 result = compute(op, st0, other->value, &env);

    add_denormal(other, st0, &env);
    if (!fpu_settle(cpu, &env))
        return;
    fpu_put(cpu, dest, result);
    if (pop)
        fpu_pop(cpu);
}

static void pop_times(struct cpu *cpu, unsigned pops)
{
    while (pops--)
        fpu_pop(cpu);
}

void fpu_compare(struct cpu *cpu, const struct fpu_operand *other, bool quiet,
                 unsigned pops)
{
    static const uint16_t codes[] = {
        [F80_LESS] = SW_C0,
        [F80_EQUAL] = SW_C3,
        [F80_GREATER] = 0,
        [F80_UNORDERED] = SW_C0 | SW_C2 | SW_C3,
    };
    struct f80_env env = fpu_env(cpu);
    struct f80 st0 = fpu_st(cpu, 0);
    enum f80_order order = f80_compare(st0, other->value, quiet, &env);

    add_denormal(other, st0, &env);
    fpu_set_codes(cpu, codes[order], SW_C0 | SW_C2 | SW_C3);
    if (fpu_settle(cpu, &env))
        pop_times(cpu, pops);
}

void fpu_underflow(struct cpu *cpu, unsigned op, unsigned dest, unsigned pops)
{
    bool compares = op == OP_COM || op == OP_COMP;
    bool masked = fpu_stack_fault(cpu, false);

    if (compares)
        fpu_set_codes(cpu, SW_C0 | SW_C2 | SW_C3, SW_C0 | SW_C2 | SW_C3);
    if (!masked)
        return;
    if (!compares)
        fpu_put(cpu, dest, f80_indefinite());
    pop_times(cpu, pops);
}

/* ST(0) and ST(i); DC and DE have ST(i) as destination, DE pops. */
static void with_register(struct cpu *cpu, const struct insn *insn,
                          unsigned dest, bool pop)
{
    struct fpu_operand other = {.value = fpu_st(cpu, insn->rm)};

    if (fpu_empty(cpu, 0) || fpu_empty(cpu, insn->rm))
        fpu_underflow(cpu, insn->reg, dest, pop);
    else
        fpu_arithmetic(cpu, insn->reg, &other, dest, pop);
}

static bool arith_st0(struct cpu *cpu, const struct insn *insn)
{
    with_register(cpu, insn, 0, false);
    return true;
}

static bool arith_sti(struct cpu *cpu, const struct insn *insn)
{
    with_register(cpu, insn, insn->rm, false);
    return true;
}

static bool arith_pop(struct cpu *cpu, const struct insn *insn)
{
    with_register(cpu, insn, insn->rm, true);
    return true;
}

static void compare_with(struct cpu *cpu, unsigned i, bool quiet, unsigned pops)
{
    struct fpu_operand other = {.value = fpu_st(cpu, i)};

    if (fpu_empty(cpu, 0) || fpu_empty(cpu, i))
        fpu_underflow(cpu, OP_COM, 0, pops);
    else
        fpu_compare(cpu, &other, quiet, pops);
}

static bool fcom(struct cpu *cpu, const struct insn *insn)
{
    compare_with(cpu, insn->rm, false, 0);
    return true;
}

static bool fcomp(struct cpu *cpu, const struct insn *insn)
{
    compare_with(cpu, insn->rm, false, 1);
    return true;
}

static bool fcompp(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    compare_with(cpu, 1, false, 2);
    return true;
}

static bool fucom(struct cpu *cpu, const struct insn *insn)
{
    compare_with(cpu, insn->rm, true, 0);
    return true;
}

static bool fucomp(struct cpu *cpu, const struct insn *insn)
{
    compare_with(cpu, insn->rm, true, 1);
    return true;
}

static bool fucompp(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    compare_with(cpu, 1, true, 2);
    return true;
}

/* FCOMI, FUCOMI (DB) and with a pop (DF). */
static bool fcomi(struct cpu *cpu, const struct insn *insn)
{
    static const uint8_t flags[] = {
        [F80_LESS] = FLAG_CF,
        [F80_EQUAL] = FLAG_ZF,
        [F80_GREATER] = 0,
        [F80_UNORDERED] = FLAG_ZF | FLAG_PF | FLAG_CF,
    };
    enum f80_order order = F80_UNORDERED;
    bool go_on;

    if (fpu_empty(cpu, 0) || fpu_empty(cpu, insn->rm)) {
        go_on = fpu_stack_fault(cpu, false);
    } else {
        struct f80_env env = fpu_env(cpu);

        order = f80_compare(fpu_st(cpu, 0), fpu_st(cpu, insn->rm),
                            insn->reg == 5, &env);
        go_on = fpu_settle(cpu, &env);
    }
    flags_set_arithmetic(cpu, flags[order]);
    if (go_on && insn->opcode == 0xdf)
        fpu_pop(cpu);
    return true;
}

/* FCMOVcc: DA moves when the condition holds, DB when it does not. */
static bool fcmov(struct cpu *cpu, const struct insn *insn)
{
    static const uint16_t conditions[] = {FLAG_CF, FLAG_ZF, FLAG_CF | FLAG_ZF,
                                          FLAG_PF};
    bool holds = flags_arithmetic(cpu) & conditions[insn->reg];

    if (fpu_empty(cpu, 0) || fpu_empty(cpu, insn->rm)) {
        if (fpu_stack_fault(cpu, false))
            fpu_put(cpu, 0, f80_indefinite());
        return true;
    }
    if (holds == (insn->opcode == 0xda))
        fpu_put(cpu, 0, fpu_st(cpu, insn->rm));
    return true;
}

/* Moves. */

static bool fld(struct cpu *cpu, const struct insn *insn)
{
    struct f80 value = fpu_st(cpu, insn->rm);
    bool empty = fpu_empty(cpu, insn->rm), full = !fpu_empty(cpu, 7);

    if (empty || full) {
        if (fpu_stack_fault(cpu, !empty))
            fpu_push(cpu, f80_indefinite());
        return true;
    }
    fpu_set_codes(cpu, 0, SW_C1);
    fpu_push(cpu, value);
    return true;
}

static bool fxch(struct cpu *cpu, const struct insn *insn)
{
    struct f80 a = fpu_st(cpu, 0), b = fpu_st(cpu, insn->rm);

    if (fpu_empty(cpu, 0) || fpu_empty(cpu, insn->rm)) {
        if (!fpu_stack_fault(cpu, false))
            return true;
        if (fpu_empty(cpu, 0))
            a = f80_indefinite();
        if (fpu_empty(cpu, insn->rm))
            b = f80_indefinite();
    } else {
        fpu_set_codes(cpu, 0, SW_C1);
    }
    fpu_put(cpu, 0, b);
    fpu_put(cpu, insn->rm, a);
    return true;
}

static bool store_register(struct cpu *cpu, unsigned i, bool pop)
{
    struct f80 value = fpu_st(cpu, 0);

    if (fpu_empty(cpu, 0)) {
        if (!fpu_stack_fault(cpu, false))
            return true;
        value = f80_indefinite();
    } else {
        fpu_set_codes(cpu, 0, SW_C1);
    }
    fpu_put(cpu, i, value);
    if (pop)
        fpu_pop(cpu);
    return true;
}

static bool fst(struct cpu *cpu, const struct insn *insn)
{
    return store_register(cpu, insn->rm, false);
}

static bool fstp(struct cpu *cpu, const struct insn *insn)
{
    return store_register(cpu, insn->rm, true);
}

/* D9 D8+i: as FSTP, but an empty ST(0) is no fault, and is not stored. */
static bool fstpnce(struct cpu *cpu, const struct insn *insn)
{
    if (!fpu_empty(cpu, 0))
        return fstp(cpu, insn);
    fpu_set_codes(cpu, 0, SW_C1);
    fpu_pop(cpu);
    return true;
}

static bool ffree(struct cpu *cpu, const struct insn *insn)
{
    fpu_set_codes(cpu, 0, SW_C1);
    fpu_free(cpu, insn->rm);
    return true;
}

static bool ffreep(struct cpu *cpu, const struct insn *insn)
{
    fpu_set_codes(cpu, 0, SW_C1);
    fpu_free(cpu, insn->rm);
    fpu_pop(cpu);
    return true;
}

/* D9 with one meaning for each ModRM. */

static bool fchs(struct cpu *cpu, const struct insn *insn)
{
    struct f80 value = fpu_st(cpu, 0);

    if (fpu_empty(cpu, 0)) {
        if (fpu_stack_fault(cpu, false))
            fpu_put(cpu, 0, f80_indefinite());
        return true;
    }
    fpu_set_codes(cpu, 0, SW_C1);
    value.se = (uint16_t)(insn->rm == 0 ? value.se ^ 0x8000u /* FCHS */
                                        : value.se & 0x7fffu);
    fpu_put(cpu, 0, value);
    return true;
}

static bool ftst(struct cpu *cpu, const struct insn *insn)
{
    const struct fpu_operand zero = {.value = {0, 0}};

    (void)insn;
    if (fpu_empty(cpu, 0))
        fpu_underflow(cpu, OP_COM, 0, 0);
    else
        fpu_compare(cpu, &zero, false, 0);
    return true;
}

static bool fxam(struct cpu *cpu, const struct insn *insn)
{
    static const uint16_t codes[] = {
        [F80_ZERO] = SW_C3,    [F80_DENORMAL] = SW_C3 | SW_C2,
        [F80_NORMAL] = SW_C2,  [F80_INFINITE] = SW_C2 | SW_C0,
        [F80_QNAN] = SW_C0,    [F80_SNAN] = SW_C0,
        [F80_UNSUPPORTED] = 0,
    };
    struct f80 st0 = fpu_st(cpu, 0);
    unsigned code = codes[f80_classify(st0)];

    (void)insn;
    if (fpu_empty(cpu, 0))
        code = SW_C3 | SW_C0;
    fpu_set_codes(cpu, code | (f80_negative(st0) ? SW_C1 : 0), SW_CC);
    return true;
}

/* Constants have 66 bits inside, which the rounding mode cuts to 64; up to the
 * 80287 to nearest. `below`: the one kept here is above the true value. */
static bool load_constant(struct cpu *cpu, const struct insn *insn)
{
    static const struct {
        struct f80 nearest;
        bool inexact, below;
    } table[] = {
        {{UINT64_C(0x8000000000000000), 0x3fff}, false, false}, /* 1 */
        {{UINT64_C(0xd49a784bcd1b8afe), 0x4000}, true, false},  /* log2 10 */
        {{UINT64_C(0xb8aa3b295c17f0bc), 0x3fff}, true, true},   /* log2 e */
        {{UINT64_C(0xc90fdaa22168c235), 0x4000}, true, true},   /* pi */
        {{UINT64_C(0x9a209a84fbcff799), 0x3ffd}, true, true},   /* log10 2 */
        {{UINT64_C(0xb17217f7d1cf79ac), 0x3ffe}, true, true},   /* ln 2 */
        {{0, 0}, false, false},
    };
    struct f80 value = table[insn->rm].nearest;
    enum f80_rounding rounding = fpu_env(cpu).rounding;

    if (!fpu_empty(cpu, 7)) {
        if (fpu_stack_fault(cpu, true))
            fpu_push(cpu, f80_indefinite());
        return true;
    }
    fpu_set_codes(cpu, 0, SW_C1);
    if (table[insn->rm].inexact && cpu->model > CPU_286) {
        if (table[insn->rm].below && (rounding & 1))
            value.man--;
        else if (!table[insn->rm].below && rounding == F80_UP)
            value.man++;
    }
    fpu_push(cpu, value);
    return true;
}

static bool fdecstp(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    fpu_set_codes(cpu, 0, SW_C1);
    fpu_rotate(cpu, 7);
    return true;
}

static bool fincstp(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    fpu_set_codes(cpu, 0, SW_C1);
    fpu_rotate(cpu, 1);
    return true;
}

typedef struct f80 unary_fn(struct f80 a, struct f80_env *env);
typedef struct f80 binary_fn(struct f80 a, struct f80 b, struct f80_env *env);

static bool apply(struct cpu *cpu, unary_fn *fn)
{
    struct f80_env env = fpu_env(cpu);
    struct f80 result;

    if (fpu_empty(cpu, 0)) {
        if (fpu_stack_fault(cpu, false))
            fpu_put(cpu, 0, f80_indefinite());
        return true;
    }
    result = fn(fpu_st(cpu, 0), &env);
    if (fpu_settle(cpu, &env))
        fpu_put(cpu, 0, result);
    return true;
}

/* Of `a` = ST(a) and the other of the first two, to ST(dest). */
static bool apply2(struct cpu *cpu, binary_fn *fn, unsigned a, unsigned dest)
{
    struct f80_env env = fpu_env(cpu);
    struct f80 result;

    if (fpu_empty(cpu, 0) || fpu_empty(cpu, 1)) {
        fpu_underflow(cpu, OP_ADD, dest, dest);
        return true;
    }
    result = fn(fpu_st(cpu, a), fpu_st(cpu, 1 - a), &env);
    if (!fpu_settle(cpu, &env))
        return true;
    fpu_put(cpu, dest, result);
    pop_times(cpu, dest);
    return true;
}

static bool f2xm1(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    return apply(cpu, fpu_trans_exp);
}

static bool fsqrt(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    return apply(cpu, f80_sqrt);
}

static bool frndint(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    return apply(cpu, f80_round_to_integer);
}

static bool fscale(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    return apply2(cpu, f80_scale, 0, 0);
}

static bool fyl2x(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    return apply2(cpu, fpu_trans_log, 1, 1);
}

static bool fyl2xp1(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    return apply2(cpu, fpu_trans_log1p, 1, 1);
}

static bool fpatan(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    return apply2(cpu, fpu_trans_atan, 1, 1);
}

/* FPREM and FPREM1: bits 0 to 2 of the quotient go to C1, C3, C0. */
static bool fprem(struct cpu *cpu, const struct insn *insn)
{
    struct f80_env env = fpu_env(cpu);
    struct f80 result;
    uint64_t quotient;
    unsigned codes;
    bool partial;

    fpu_set_codes(cpu, 0, SW_C2);
    if (fpu_empty(cpu, 0) || fpu_empty(cpu, 1)) {
        fpu_underflow(cpu, OP_ADD, 0, 0);
        return true;
    }
    result = f80_remainder(fpu_st(cpu, 0), fpu_st(cpu, 1), insn->rm == 5,
                           &quotient, &partial, &env);
    codes = partial ? SW_C2
                    : (quotient & 1 ? SW_C1 : 0) | (quotient & 2 ? SW_C3 : 0) |
                          (quotient & 4 ? SW_C0 : 0);
    if (!fpu_settle(cpu, &env))
        return true;
    if (!is_nan(result)) /* else C3 and C0 stay */
        fpu_set_codes(cpu, codes, SW_CC);
    fpu_put(cpu, 0, result);
    return true;
}

/* The two results of an instruction that pushes. */
struct pair {
    struct f80 first, second; /* the second becomes ST(0) */
};

typedef bool pair_fn(struct f80 a, struct pair *out, struct f80_env *env);

static bool extract_pair(struct f80 a, struct pair *out, struct f80_env *env)
{
    out->second = f80_extract(a, &out->first, env);
    return true;
}

static bool sincos_pair(struct f80 a, struct pair *out, struct f80_env *env)
{
    return fpu_trans_sincos(a, &out->first, &out->second, env);
}

/* A NaN comes twice, instead of the 1.0. */
static bool tan_pair(struct f80 a, struct pair *out, struct f80_env *env)
{
    if (!fpu_trans_tan(a, &out->first, env))
        return false;
    out->second = (struct f80){F80_INTEGER, F80_BIAS};
    if (is_nan(out->first))
        out->second = out->first;
    return true;
}

static bool apply_pair(struct cpu *cpu, pair_fn *fn)
{
    struct f80_env env = fpu_env(cpu);
    bool empty = fpu_empty(cpu, 0);
    struct pair pair;

    if (fn != extract_pair)
        fpu_set_codes(cpu, 0, SW_C2);
    if (empty || !fpu_empty(cpu, 7)) {
        if (fpu_stack_fault(cpu, !empty)) {
            fpu_put(cpu, 0, f80_indefinite());
            fpu_push(cpu, f80_indefinite());
        }
        return true;
    }
    if (!fn(fpu_st(cpu, 0), &pair, &env)) {
        fpu_set_codes(cpu, SW_C2, SW_C2 | SW_C1);
        return true;
    }
    if (!fpu_settle(cpu, &env))
        return true;
    fpu_put(cpu, 0, pair.first);
    fpu_push(cpu, pair.second);
    return true;
}

static bool fxtract(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    return apply_pair(cpu, extract_pair);
}

static bool fsincos(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    return apply_pair(cpu, sincos_pair);
}

static bool fptan(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    return apply_pair(cpu, tan_pair);
}

/* FSIN and FCOS. */
static bool fsin(struct cpu *cpu, const struct insn *insn)
{
    bool cosine = insn->rm == 7;
    struct f80_env env = fpu_env(cpu);
    struct f80 result;

    fpu_set_codes(cpu, 0, SW_C2);
    if (fpu_empty(cpu, 0)) {
        fpu_underflow(cpu, OP_ADD, 0, 0);
        return true;
    }
    if (!fpu_trans_sincos(fpu_st(cpu, 0), cosine ? NULL : &result,
                          cosine ? &result : NULL, &env)) {
        fpu_set_codes(cpu, SW_C2, SW_C2 | SW_C1);
        return true;
    }
    if (fpu_settle(cpu, &env))
        fpu_put(cpu, 0, result);
    return true;
}

/* Which encodings there are. */

static fpu_fn *form_d9(const struct insn *insn)
{
    /* clang-format off */
    static fpu_fn *const table[4][8] = { /* ModRM.reg 4 to 7, by ModRM.rm */
        {fchs, fchs, NULL, NULL, ftst, fxam, NULL, NULL},
        {load_constant, load_constant, load_constant, load_constant,
         load_constant, load_constant, load_constant, NULL},
        {f2xm1, fyl2x, fptan, fpatan, fxtract, fprem, fdecstp, fincstp},
        {fprem, fyl2xp1, fsqrt, fsincos, frndint, fscale, fsin, fsin},
    };
    /* clang-format on */

    switch (insn->reg) {
    case 0: return fld;
    case 1: return fxch;
    case 2: return insn->rm == 0 ? fpu_fnop : NULL;
    case 3: return fstpnce;
    default: return table[insn->reg - 4][insn->rm];
    }
}

static bool has_fcmov(const struct cpu *cpu)
{
    return cpu_model_has(cpu->model, CPU_FEATURE_CMOV);
}

static fpu_fn *form_da(const struct cpu *cpu, const struct insn *insn)
{
    if (insn->reg < 4)
        return has_fcmov(cpu) ? fcmov : NULL;
    return insn->reg == 5 && insn->rm == 1 ? fucompp : NULL;
}

static fpu_fn *form_db(const struct cpu *cpu, const struct insn *insn)
{
    static fpu_fn *const table[8] = {fpu_feni,   fpu_fdisi, fpu_fnclex,
                                     fpu_fninit, fpu_fnop,  fpu_fnop};

    if (insn->reg == 4)
        return table[insn->rm];
    if (insn->reg == 7 || !has_fcmov(cpu))
        return NULL;
    return insn->reg < 4 ? fcmov : fcomi;
}

static fpu_fn *form_df(const struct cpu *cpu, const struct insn *insn)
{
    switch (insn->reg) {
    case 0: return ffreep;
    case 1: return fxch; /* aliases */
    case 2:
    case 3: return fstp;
    case 4: return insn->rm == 0 ? fpu_fnstsw_ax : NULL;
    case 5:
    case 6: return has_fcmov(cpu) ? fcomi : NULL;
    default: return NULL;
    }
}

/* What came with the 387. */
static bool is_from_387(fpu_fn *fn)
{
    return fn == fucom || fn == fucomp || fn == fucompp || fn == fsincos ||
           fn == fsin;
}

static fpu_fn *find_form(const struct cpu *cpu, const struct insn *insn)
{
    static fpu_fn *const dd[8] = {ffree, fxch, fst, fstp, fucom, fucomp};

    switch (insn->opcode) {
    case 0xd9: return form_d9(insn);
    case 0xda: return form_da(cpu, insn);
    case 0xdb: return form_db(cpu, insn);
    case 0xdd: return dd[insn->reg];
    case 0xdf: return form_df(cpu, insn);
    default: break;
    }
    if (insn->reg == OP_COM && insn->opcode != 0xde)
        return fcom;
    if (insn->reg == OP_COMP && insn->opcode == 0xde)
        return insn->rm == 1 ? fcompp : NULL;
    if (insn->reg == OP_COM || insn->reg == OP_COMP)
        return fcomp; /* DE with OP_COM is an alias */
    if (insn->opcode == 0xd8)
        return arith_st0;
    return insn->opcode == 0xdc ? arith_sti : arith_pop;
}

fpu_fn *fpu_register_form(const struct cpu *cpu, const struct insn *insn)
{
    fpu_fn *fn = find_form(cpu, insn);

    if (cpu->model <= CPU_286 && fn) {
        if (is_from_387(fn) || (fn == fprem && insn->rm == 5))
            return NULL;
        if (fn == fpu_fnstsw_ax && cpu->model == CPU_8086)
            return NULL;
    }
    return fn;
}
