/* Conversions, comparison and the operations on exponents; see f80.h. */
#include <assert.h>

#include "cpu/f80.h"
#include "cpu/wide.h"

static struct f80 pack(bool sign, uint16_t exp, uint64_t man)
{
    return (struct f80){man, (uint16_t)(sign << 15 | exp)};
}

static struct f80 invalid(struct f80_env *env)
{
    env->flags |= F80_IE;
    return f80_indefinite();
}

static bool is_nan(enum f80_class c)
{
    return c == F80_QNAN || c == F80_SNAN;
}

/* One operand that is no number: true if the operation ends here. */
static bool pick_nan1(struct f80 a, struct f80_env *env, struct f80 *out)
{
    enum f80_class c = f80_classify(a);

    if (c == F80_UNSUPPORTED) {
        *out = invalid(env);
        return true;
    }
    if (!is_nan(c))
        return false;
    if (c == F80_SNAN)
        env->flags |= F80_IE;
    a.man |= F80_QUIET;
    *out = a;
    return true;
}

static void note_denormal(struct f80 a, struct f80_env *env)
{
    if (f80_classify(a) == F80_DENORMAL)
        env->flags |= F80_DE;
}

/* |a| = man / 2^63 * 2^(exp - bias), man normalized unless 0. */
static uint64_t normalize(struct f80 a, int32_t *exp)
{
    uint64_t man = a.man;
    unsigned shift;

    *exp = a.se & F80_EXP_MAX;
    if (*exp == 0)
        *exp = 1;
    if (!man)
        return 0;
    shift = wide_clz64(man);
    *exp -= (int32_t)shift;
    return man << shift;
}

/* Integers. */

/* Rounds |a| to an integer of at most 64 bits. False: larger. */
static bool round_magnitude(struct f80 a, enum f80_rounding mode, uint64_t *out,
                            int *change)
{
    struct u128 fixed;
    int32_t exp, bits;
    uint64_t man = normalize(a, &exp);
    bool sign = f80_negative(a), up;
    int half;

    bits = exp - F80_BIAS + 1; /* of the integer part */
    *change = 0;
    *out = 0;
    if (bits > 64)
        return man == 0;
    if (!man)
        return true;
    /* integer part in fixed.high, fraction in fixed.low */
    fixed = wide_shr_sticky((struct u128){man, 0}, (unsigned)(64 - bits));
    *out = fixed.high;
    if (!fixed.low)
        return true;
    half = fixed.low > F80_INTEGER ? 1 : fixed.low == F80_INTEGER ? 0 : -1;
    up = mode == F80_NEAREST ? half > 0 || (half == 0 && (fixed.high & 1))
         : mode == F80_UP    ? !sign
         : mode == F80_DOWN  ? sign
                             : false;
    *change = up ? 1 : -1;
    *out += up;
    return *out != 0 || !up;
}

int64_t f80_to_int(struct f80 a, unsigned bits, bool chop, struct f80_env *env)
{
    int64_t indefinite = INT64_MIN >> (64 - bits);
    uint64_t limit = UINT64_C(1) << (bits - 1), magnitude;
    enum f80_class c = f80_classify(a);
    bool sign = f80_negative(a);
    int change;

    env->rounded_up = false;
    if (c == F80_UNSUPPORTED || c == F80_INFINITE || is_nan(c) ||
        !round_magnitude(a, chop ? F80_CHOP : env->rounding, &magnitude,
                         &change) ||
        magnitude > limit || (magnitude == limit && !sign)) {
        env->flags |= F80_IE;
        return indefinite;
    }
    if (change) {
        env->flags |= F80_PE;
        env->rounded_up = change > 0;
    }
    return (int64_t)(sign ? 0 - magnitude : magnitude);
}

struct f80 f80_from_i64(int64_t a)
{
    uint64_t man = a < 0 ? 0 - (uint64_t)a : (uint64_t)a;
    unsigned shift;

    if (!man)
        return pack(false, 0, 0);
    shift = wide_clz64(man);
    return pack(a < 0, (uint16_t)(F80_BIAS + 63 - (int)shift), man << shift);
}

struct f80 f80_round_to_integer(struct f80 a, struct f80_env *env)
{
    struct f80 result;
    uint64_t magnitude;
    int change;

    env->rounded_up = false;
    if (pick_nan1(a, env, &result))
        return result;
    note_denormal(a, env);
    if ((a.se & F80_EXP_MAX) >= F80_BIAS + 63 || !a.man)
        return a;
    if (!round_magnitude(a, env->rounding, &magnitude, &change))
        return a;
    if (change) {
        env->flags |= F80_PE;
        env->rounded_up = change > 0;
    }
    if (!magnitude)
        return pack(f80_negative(a), 0, 0);
    result = pack(f80_negative(a),
                  (uint16_t)(F80_BIAS + 63 - (int)wide_clz64(magnitude)),
                  magnitude << wide_clz64(magnitude));
    return result;
}

/* BCD. */

#define BCD_DIGITS 18
#define BCD_LIMIT  UINT64_C(1000000000000000000)

struct f80 f80_from_bcd(const uint8_t bcd[10])
{
    uint64_t value = 0;
    struct f80 a;

    for (unsigned i = 9; i-- > 0;)
        value = value * 100 + (bcd[i] >> 4) * 10u + (bcd[i] & 15u);
    a = f80_from_i64((int64_t)value);
    a.se |= (uint16_t)((bcd[9] & 0x80) << 8);
    return a;
}

void f80_to_bcd(struct f80 a, uint8_t bcd[10], struct f80_env *env)
{
    enum f80_class c = f80_classify(a);
    uint64_t magnitude;
    int change;

    env->rounded_up = false;
    if (c == F80_UNSUPPORTED || c == F80_INFINITE || is_nan(c) ||
        !round_magnitude(a, env->rounding, &magnitude, &change) ||
        magnitude >= BCD_LIMIT) {
        env->flags |= F80_IE;
        for (unsigned i = 0; i < 7; i++)
            bcd[i] = 0;
        bcd[7] = 0xc0;
        bcd[8] = bcd[9] = 0xff;
        return;
    }
    if (change) {
        env->flags |= F80_PE;
        env->rounded_up = change > 0;
    }
    for (unsigned i = 0; i < BCD_DIGITS / 2; i++, magnitude /= 100) {
        unsigned pair = (unsigned)(magnitude % 100);

        bcd[i] = (uint8_t)(pair / 10 << 4 | pair % 10);
    }
    bcd[9] = f80_negative(a) ? 0x80 : 0;
}

/* Narrow formats: `fraction` bits of fraction, exponent bias `bias`. */
struct narrow {
    unsigned fraction;
    int32_t bias;
    int32_t exp_max; /* of infinity */
};

static const struct narrow f32 = {23, 127, 255};
static const struct narrow f64 = {52, 1023, 2047};

static struct f80 widen(uint64_t a, const struct narrow *form,
                        struct f80_env *env)
{
    unsigned spare = 63 - form->fraction, shift;
    uint64_t fraction = a & ((UINT64_C(1) << form->fraction) - 1);
    int32_t exp = (int32_t)(a >> form->fraction) & form->exp_max;
    bool sign = a >> (form->fraction) & ((uint64_t)form->exp_max + 1);

    if (exp == form->exp_max) {
        if (fraction && !(fraction >> (form->fraction - 1)))
            env->flags |= F80_IE;
        return pack(sign, F80_EXP_MAX,
                    F80_INTEGER | fraction << spare |
                        (fraction ? F80_QUIET : 0));
    }
    if (exp) {
        exp += F80_BIAS - form->bias;
        return pack(sign, (uint16_t)exp, F80_INTEGER | fraction << spare);
    }
    if (!fraction)
        return pack(sign, 0, 0);
    env->flags |= F80_DE;
    shift = wide_clz64(fraction);
    exp = F80_BIAS - form->bias + 1 - (int32_t)(shift - spare);
    return pack(sign, (uint16_t)exp, fraction << shift);
}

struct f80 f80_from_f32(uint32_t a, struct f80_env *env)
{
    return widen(a, &f32, env);
}

struct f80 f80_from_f64(uint64_t a, struct f80_env *env)
{
    return widen(a, &f64, env);
}

struct narrowing {
    uint64_t kept; /* with integer bit at form->fraction */
    bool inexact, up, carry;
};

/* Rounds man (bit 63 set, or a denormal shifted right) to fraction + 1 bits. */
static struct narrowing round_narrow(struct u128 man, bool sign,
                                     const struct narrow *form,
                                     const struct f80_env *env)
{
    unsigned drop = 63 - form->fraction;
    uint64_t cut = man.high & ((UINT64_C(1) << drop) - 1);
    uint64_t half = UINT64_C(1) << (drop - 1);
    struct narrowing n = {.kept = man.high >> drop};
    bool more = cut > half || (cut == half && man.low);

    n.inexact = cut || man.low;
    if (!n.inexact)
        return n;
    switch (env->rounding) {
    case F80_NEAREST:
        n.up = more || (cut == half && !man.low && (n.kept & 1));
        break;
    case F80_DOWN: n.up = sign; break;
    case F80_UP: n.up = !sign; break;
    case F80_CHOP: break;
    }
    n.kept += n.up;
    n.carry = n.kept >> (form->fraction + 1);
    return n;
}

static void note_narrow(struct f80_env *env, const struct narrowing *n)
{
    if (n->inexact) {
        env->flags |= F80_PE;
        env->rounded_up = n->up;
    }
}

static uint64_t narrow_overflow(uint64_t sign_bit, bool sign,
                                const struct narrow *form, struct f80_env *env)
{
    uint64_t inf = (uint64_t)form->exp_max << form->fraction;

    env->flags |= F80_OE;
    if (!(env->masked & F80_OE))
        return 0;
    env->flags |= F80_PE;
    env->rounded_up = env->rounding == F80_NEAREST ||
                      (env->rounding == F80_UP && !sign) ||
                      (env->rounding == F80_DOWN && sign);
    return sign_bit | (env->rounded_up ? inf : inf - 1);
}

static uint64_t narrow_tiny(struct u128 man, int32_t exp, bool sign,
                            const struct narrow *form, struct f80_env *env)
{
    struct narrowing n = round_narrow(man, sign, form, env);
    bool tiny = exp < 0 || !n.carry;

    if (tiny && !(env->masked & F80_UE)) {
        env->flags |= F80_UE;
        return 0;
    }
    n = round_narrow(wide_shr_sticky(man, (unsigned)(1 - exp)), sign, form,
                     env);
    note_narrow(env, &n);
    if (tiny && n.inexact)
        env->flags |= F80_UE;
    return n.kept; /* a carry into the integer bit is exponent 1 */
}

static uint64_t narrow_nan(struct f80 a, uint64_t sign_bit,
                           const struct narrow *form, struct f80_env *env)
{
    uint64_t inf = (uint64_t)form->exp_max << form->fraction;
    uint64_t quiet = UINT64_C(1) << (form->fraction - 1);
    enum f80_class c = f80_classify(a);

    if (c == F80_INFINITE)
        return sign_bit | inf;
    if (c != F80_QNAN)
        env->flags |= F80_IE;
    if (c == F80_UNSUPPORTED)
        return (inf << 1 & ~inf) | inf | quiet; /* sign set */
    return sign_bit | inf | quiet |
           ((a.man & ~F80_INTEGER) >> (63 - form->fraction));
}

static uint64_t narrow(struct f80 a, const struct narrow *form,
                       struct f80_env *env)
{
    bool sign = f80_negative(a);
    uint64_t sign_bit =
        sign ? ((uint64_t)form->exp_max + 1) << form->fraction : 0;
    enum f80_class c = f80_classify(a);
    struct narrowing n;
    struct u128 man = {0, 0};
    int32_t exp;

    env->rounded_up = false;
    if (c == F80_ZERO)
        return sign_bit;
    if (c != F80_NORMAL && c != F80_DENORMAL)
        return narrow_nan(a, sign_bit, form, env);
    man.high = normalize(a, &exp);
    exp += form->bias - F80_BIAS;
    if (exp <= 0)
        return sign_bit | narrow_tiny(man, exp, sign, form, env);
    n = round_narrow(man, sign, form, env);
    exp += n.carry;
    if (exp >= form->exp_max)
        return narrow_overflow(sign_bit, sign, form, env);
    note_narrow(env, &n);
    return sign_bit | (uint64_t)exp << form->fraction |
           (n.kept & ((UINT64_C(1) << form->fraction) - 1));
}

uint32_t f80_to_f32(struct f80 a, struct f80_env *env)
{
    return (uint32_t)narrow(a, &f32, env);
}

uint64_t f80_to_f64(struct f80 a, struct f80_env *env)
{
    return narrow(a, &f64, env);
}

/* Comparison. */

static enum f80_order reverse(enum f80_order order)
{
    return order == F80_LESS      ? F80_GREATER
           : order == F80_GREATER ? F80_LESS
                                  : order;
}

static enum f80_order compare_magnitudes(struct f80 a, struct f80 b)
{
    int32_t ea, eb;
    uint64_t ma = normalize(a, &ea), mb = normalize(b, &eb);

    if (!ma || !mb)
        return ma ? F80_GREATER : mb ? F80_LESS : F80_EQUAL;
    if (ea != eb)
        return ea < eb ? F80_LESS : F80_GREATER;
    return ma == mb ? F80_EQUAL : ma < mb ? F80_LESS : F80_GREATER;
}

enum f80_order f80_compare(struct f80 a, struct f80 b, bool quiet,
                           struct f80_env *env)
{
    enum f80_class ca = f80_classify(a), cb = f80_classify(b);

    env->rounded_up = false;
    if (ca == F80_UNSUPPORTED || cb == F80_UNSUPPORTED || is_nan(ca) ||
        is_nan(cb)) {
        if (!quiet || ca == F80_UNSUPPORTED || cb == F80_UNSUPPORTED ||
            ca == F80_SNAN || cb == F80_SNAN)
            env->flags |= F80_IE;
        return F80_UNORDERED;
    }
    note_denormal(a, env);
    note_denormal(b, env);
    if (!a.man && !b.man)
        return F80_EQUAL;
    if (f80_negative(a) != f80_negative(b))
        return f80_negative(a) ? F80_LESS : F80_GREATER;
    return f80_negative(a) ? reverse(compare_magnitudes(a, b))
                           : compare_magnitudes(a, b);
}

/* Exponents. */

struct f80 f80_extract(struct f80 a, struct f80 *exponent, struct f80_env *env)
{
    struct f80 nan;
    int32_t exp;
    uint64_t man;

    env->rounded_up = false;
    if (pick_nan1(a, env, &nan)) {
        *exponent = nan;
        return nan;
    }
    if (f80_classify(a) == F80_INFINITE) {
        *exponent = pack(false, F80_EXP_MAX, F80_INTEGER);
        return a;
    }
    if (!a.man) {
        env->flags |= F80_ZE;
        *exponent = pack(true, F80_EXP_MAX, F80_INTEGER);
        return a;
    }
    note_denormal(a, env);
    man = normalize(a, &exp);
    *exponent = f80_from_i64(exp - F80_BIAS);
    return pack(f80_negative(a), F80_BIAS, man);
}

static bool scale_special(struct f80 a, struct f80 b, struct f80_env *env,
                          struct f80 *out)
{
    enum f80_class ca = f80_classify(a), cb = f80_classify(b);

    if (cb == F80_INFINITE) {
        if ((f80_negative(b) && ca == F80_INFINITE) ||
            (!f80_negative(b) && ca == F80_ZERO)) {
            *out = invalid(env);
            return true;
        }
        note_denormal(a, env);
        *out = f80_negative(b)
                   ? pack(f80_negative(a), 0, 0)
                   : pack(f80_negative(a), F80_EXP_MAX, F80_INTEGER);
        return true;
    }
    if (ca == F80_INFINITE || ca == F80_ZERO) {
        note_denormal(b, env);
        *out = a;
        return true;
    }
    return false;
}

struct f80 f80_scale(struct f80 a, struct f80 b, struct f80_env *env)
{
    const int64_t far = 0x10000; /* beyond any exponent */
    struct f80_env exact = *env, scratch = *env;
    struct f80 result;
    int64_t by;
    uint64_t man;
    int32_t exp;

    env->rounded_up = false;
    /* NaNs go by the rules of two operands: an addition finds them. */
    if (f80_classify(a) >= F80_QNAN || f80_classify(b) >= F80_QNAN)
        return f80_add(a, b, env);
    if (scale_special(a, b, env, &result))
        return result;
    note_denormal(a, env);
    note_denormal(b, env);
    by = f80_to_int(b, 64, true, &scratch);
    if ((b.se & F80_EXP_MAX) >= F80_BIAS + 40)
        by = f80_negative(b) ? -far : far;
    by = by > far ? far : by < -far ? -far : by;
    man = normalize(a, &exp);
    exact.precision = F80_EXTENDED;
    exact.flags = env->flags;
    result = f80_round_pack(f80_negative(a), exp + (int32_t)by, man, 0, &exact);
    env->flags = exact.flags;
    env->rounded_up = exact.rounded_up;
    return result;
}

/* Remainders. */

/* man_a * 2^shift mod man_b, with the low 64 bits of the quotient. */
static uint64_t reduce(uint64_t a, uint64_t b, unsigned shift,
                       uint64_t *quotient)
{
    uint64_t q = 0, rest = a;

    if (rest >= b) {
        rest -= b;
        q = 1;
    }
    for (; shift; shift--) {
        bool top = rest >> 63;

        rest <<= 1;
        q <<= 1;
        if (top || rest >= b) {
            rest -= b;
            q |= 1;
        }
    }
    *quotient = q;
    return rest;
}

static bool remainder_special(struct f80 a, struct f80 b, struct f80_env *env,
                              struct f80 *out)
{
    enum f80_class ca = f80_classify(a), cb = f80_classify(b);

    if (ca >= F80_QNAN || cb >= F80_QNAN) {
        *out = f80_add(a, b, env);
        return true;
    }
    if (ca == F80_INFINITE || cb == F80_ZERO) {
        *out = invalid(env);
        return true;
    }
    note_denormal(a, env);
    note_denormal(b, env);
    if (ca == F80_ZERO) {
        *out = a;
        return true;
    }
    return false;
}

/* IEEE remainder: goes past the chopped one when that is nearer. */
static bool past_half(uint64_t rest, uint64_t b, bool odd)
{
    uint64_t other = b - rest;

    return rest > other || (rest == other && odd);
}

/* The dividend and what is left of it, in the scale of exponent `exp`. */
struct reduction {
    uint64_t rest;
    int32_t exp;
    bool flip; /* rest counts from the other side */
};

/* |a| below |b|: nothing to chop; FPREM1 may still go one up. */
static void reduce_small(struct reduction *r, uint64_t ma, uint64_t mb,
                         bool half_scale, uint64_t *quotient)
{
    r->rest = ma;
    if (half_scale && ma > mb) { /* |b| / 2 < |a| < |b| */
        r->rest = (mb << 1) - ma;
        r->flip = true;
        *quotient = 1;
    }
}

static struct f80 pack_reduction(const struct reduction *r, bool sign,
                                 struct f80_env *env)
{
    struct f80_env exact = *env;
    unsigned shift;
    struct f80 result;

    if (!r->rest)
        return pack(sign, 0, 0);
    shift = wide_clz64(r->rest);
    exact.precision = F80_EXTENDED;
    result = f80_round_pack(sign != r->flip, r->exp - (int32_t)shift,
                            r->rest << shift, 0, &exact);
    env->flags = exact.flags;
    return result;
}

struct f80 f80_remainder(struct f80 a, struct f80 b, bool nearest,
                         uint64_t *quotient, bool *partial, struct f80_env *env)
{
    struct reduction r = {0};
    uint64_t ma, mb;
    int32_t ea, eb, diff;
    struct f80 result;

    env->rounded_up = *partial = false;
    *quotient = 0;
    if (remainder_special(a, b, env, &result))
        return result;
    ma = normalize(a, &ea);
    if (f80_classify(b) == F80_INFINITE) { /* a, which may underflow */
        r = (struct reduction){.rest = ma, .exp = ea};
        return pack_reduction(&r, f80_negative(a), env);
    }
    mb = normalize(b, &eb);
    diff = ea - eb;
    r.exp = diff < 0 ? ea : eb;
    if (diff < 0) {
        reduce_small(&r, ma, mb, nearest && diff == -1, quotient);
    } else {
        unsigned n = diff < 64 ? (unsigned)diff : 32 + (unsigned)diff % 32;

        *partial = diff >= 64;
        r.exp = ea - (int32_t)n;
        r.rest = reduce(ma, mb, n, quotient);
        if (nearest && !*partial && past_half(r.rest, mb, *quotient & 1)) {
            r.rest = mb - r.rest;
            r.flip = true;
            ++*quotient;
        }
    }
    return pack_reduction(&r, f80_negative(a), env);
}
