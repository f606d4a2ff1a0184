/* Powers and logarithms; see fpu_trans.c for the numbers.
 *
 * 2^x - 1: |x| = i/128 + d; 2^(i/128) comes from a table, e^z - 1 for
 * z = d * ln 2, below 2^-8, from a series.
 *
 * log2(m * 2^e): with c = i/128 near m, log2(m) = log2(c) + 2 artanh(s) / ln 2,
 * s = (m - c) / (m + c); numerator and denominator are exact integers. Near 1
 * the table's part is 0 and nothing cancels. */
#include "cpu/fpu_trans_int.h"

static struct f80 invalid(struct f80_env *env)
{
    env->flags |= F80_IE;
    return f80_indefinite();
}

static void note_denormal(struct f80 a, struct f80_env *env)
{
    if (f80_classify(a) == F80_DENORMAL)
        env->flags |= F80_DE;
}

static struct f80 zero(bool sign)
{
    return (struct f80){0, (uint16_t)(sign << 15)};
}

static struct f80 infinity(bool sign)
{
    return (struct f80){F80_INTEGER, (uint16_t)(sign << 15 | F80_EXP_MAX)};
}

/* a * b; a product below 1/2 is normalized. */
static struct real multiply(struct real a, struct u128 man, int32_t exp)
{
    a.man = wide_mul_high(a.man, man);
    a.exp += exp;
    return real_normalize(a);
}

/* 2^x - 1. */

/* z/2 + z^2/6 ...: what (e^z - 1) / z has above 1; below it for negative z. */
static struct u128 power_excess(struct u128 z, bool negative)
{
    static const struct u128 wide[] = {
        {UINT64_C(0x8000000000000000), 0},                            /* 1/2! */
        {UINT64_C(0x2aaaaaaaaaaaaaaa), UINT64_C(0xaaaaaaaaaaaaaaaa)}, /* 1/3! */
        {UINT64_C(0x0aaaaaaaaaaaaaaa), UINT64_C(0xaaaaaaaaaaaaaaaa)}, /* 1/4! */
        {UINT64_C(0x0222222222222222), UINT64_C(0x2222222222222222)}, /* 1/5! */
    };
    static const uint64_t narrow[] = {
        /* 1/6! to 1/11! */
        UINT64_C(0xb60b60b60b60b60b), UINT64_C(0x001a01a01a01a01a),
        UINT64_C(0x0000034034034034), UINT64_C(0x000000005c778e95),
        UINT64_C(0x0000000000093f27), UINT64_C(0x00000000000000d7),
    };
    static const struct series series = {wide, narrow, 4, 6, 9, 8};

    return fpu_trans_sum(&series, z, negative);
}

/* ln 2 */
static const struct u128 ln_2 = {UINT64_C(0xb17217f7d1cf79ab),
                                 UINT64_C(0xc9e3b39803f2f6af)};

/* |x| < 2^-8 */
static struct real power_near_1(struct real x)
{
    struct real z = multiply(x, ln_2, 0);
    struct u128 excess = z.exp < -120 ? (struct u128){0, 0}
                                      : power_excess(real_fixed(z, 0), x.sign);
    struct u128 more = wide_mul_high(z.man, excess), sum;

    if (x.sign) {
        z.man = wide_sub(z.man, more);
        return real_normalize(z);
    }
    sum = wide_add(z.man, more);
    if (wide_less(sum, more)) {
        sum = wide_shr(sum, 1);
        sum.high |= F80_INTEGER;
        z.exp++;
    }
    z.man = sum;
    return z;
}

/* 2^-8 <= |x| <= 1. Fixed point with units of 2^-126. */
static struct real power_minus_1(struct real x)
{
    const struct u128 one = {UINT64_C(1) << 62, 0};
    struct u128 fixed = real_fixed(x, 1), d, z, power, e; /* of 2^-127 */
    unsigned i = (unsigned)((fixed.high + (UINT64_C(1) << 55)) >> 56);
    bool below, minus;
    struct real result = {.exp = 2, .sign = x.sign};

    d = wide_sub(fixed, (struct u128){(uint64_t)i << 56, 0});
    below = d.high >> 63;
    if (below)
        d = wide_negate(d);
    z = wide_shl(wide_mul_high(d, ln_2), 1);
    minus = below != x.sign;
    e = wide_mul_high(z, power_excess(z, minus));
    e = minus ? wide_sub(z, e) : wide_add(z, e); /* |e^z - 1| */
    power = x.sign ? wide_shr(fpu_trans_power[FPU_TRANS_STEPS - i], 1)
                   : fpu_trans_power[i];
    e = wide_mul_high(power, e);
    power = minus ? wide_sub(power, e) : wide_add(power, e);
    result.man = x.sign ? wide_sub(one, power) : wide_sub(power, one);
    return real_normalize(result);
}

struct f80 fpu_trans_exp(struct f80 a, struct f80_env *env)
{
    enum f80_class c = f80_classify(a);
    struct real x;
    struct f80 quick;

    if (fpu_quick_exp(a, env, &quick))
        return quick;
    env->rounded_up = false;
    if (c >= F80_QNAN)
        return f80_add(a, a, env);
    if (c == F80_INFINITE)
        return f80_negative(a) ? (struct f80){F80_INTEGER, 0x8000 | F80_BIAS}
                               : a;
    if (c == F80_ZERO)
        return a;
    note_denormal(a, env);
    x = real_from_f80(a);
    /* The result for |a| > 1 is undefined: a, as processors give it. */
    if (x.exp > 1 || (x.exp == 1 && x.man.high != F80_INTEGER)) {
        env->flags |= F80_PE;
        return a;
    }
    return fpu_trans_pack(x.exp <= -8 ? power_near_1(x) : power_minus_1(x),
                          env);
}

/* Logarithms. */

/* 2 / ln 2 * artanh(s) */
static struct real scaled_artanh(struct real s)
{
    /* 1 / (2 ln 2) = log2(e) / 2 */
    static const struct u128 factor = {UINT64_C(0xb8aa3b295c17f0bb),
                                       UINT64_C(0xbe87fed0691d3e88)};

    return multiply(fpu_trans_arc_series(s, true), factor, 2);
}

/* whole + part / 2^128, whole may be negative; + small, below 2^-7. */
static struct real add_parts(int32_t whole, struct u128 part, struct real small)
{
    struct u128 rest =
        small.exp < -200 ? (struct u128){0, 0} : real_fixed(small, 0);
    struct u128 sum;
    struct real r = {.exp = 0};
    unsigned shift;

    if (small.sign) {
        sum = wide_sub(part, rest);
        whole -= wide_less(part, rest);
    } else {
        sum = wide_add(part, rest);
        whole += wide_less(sum, rest);
    }
    if (whole < 0) {
        r.sign = true;
        whole = ~whole;
        sum = wide_negate(sum);
        whole += wide_is_zero(sum);
    }
    r.man = sum;
    if (!whole)
        return real_normalize(r);
    shift = 64 - wide_clz64((uint64_t)whole);
    r.man = wide_shr(sum, shift);
    r.man.high |= (uint64_t)whole << (64 - shift);
    r.exp = (int32_t)shift;
    return r;
}

/* log2(man / 2^127 * 2^exp); 0 has man 0. *exact: it is an integer. */
static struct real log2_of(struct u128 man, int32_t exp, bool *exact)
{
    unsigned i = (unsigned)((man.high + (UINT64_C(1) << 55)) >> 56);
    struct u128 c = {(uint64_t)i << 56, 0}; /* 0 stands for 2 */
    struct real top = {.man = wide_sub(man, c)}, bottom, small = {.exp = -300};

    if (man.high + (UINT64_C(1) << 55) < man.high) {
        i = 2 * FPU_TRANS_STEPS;
        c.high = 0;
        top.man = man;
    }
    if (top.man.high >> 63 && !wide_is_zero(top.man)) {
        top.man = wide_negate(top.man);
        top.sign = true;
    }
    *exact = wide_is_zero(man) || (man.high == F80_INTEGER && !man.low);
    bottom.man =
        wide_add(wide_shr(man, 1), (struct u128){(uint64_t)i << 55, 0});
    bottom.exp = 1;
    bottom.sign = false;
    if (!wide_is_zero(top.man))
        small = scaled_artanh(
            fpu_trans_divide(real_normalize(top), real_normalize(bottom)));
    if (i == 2 * FPU_TRANS_STEPS) {
        i = FPU_TRANS_STEPS;
        exp++;
    }
    if (i == FPU_TRANS_STEPS && exp == 0)
        return small;
    return add_parts(exp, fpu_trans_log2[i - FPU_TRANS_STEPS], small);
}

/* y * l; `exact`: l is. */
static struct f80 scale_by(struct f80 y, struct real l, bool exact,
                           struct f80_env *env)
{
    struct real r = real_from_f80(y);
    struct u128 low = wide_mul(l.man.low, r.man.high);
    struct u128 high = wide_mul(l.man.high, r.man.high);

    r.exp += l.exp;
    r.sign = r.sign != l.sign;
    r.man = wide_add(high, (struct u128){0, low.high});
    if (!(r.man.high & F80_INTEGER)) {
        r.man = wide_shl(r.man, 1);
        r.man.low |= low.low >> 63;
        low.low <<= 1;
        r.exp--;
    }
    r.man.low |= low.low || !exact;
    return fpu_trans_pack(r, env);
}

/* The logarithm's part is +-0, finite (of sign `minus`) or infinite. */
static struct f80 times_special(struct f80 y, enum f80_class l, bool minus,
                                struct f80_env *env)
{
    enum f80_class cy = f80_classify(y);
    bool sign = f80_negative(y) != minus;

    if ((cy == F80_INFINITE && l == F80_ZERO) ||
        (cy == F80_ZERO && l == F80_INFINITE))
        return invalid(env);
    return cy == F80_INFINITE || l == F80_INFINITE ? infinity(sign)
                                                   : zero(sign);
}

struct f80 fpu_trans_log(struct f80 y, struct f80 x, struct f80_env *env)
{
    enum f80_class cy = f80_classify(y), cx = f80_classify(x);
    struct real r, l;
    struct f80 quick;
    bool exact;

    if (fpu_quick_log(y, x, env, &quick))
        return quick;
    env->rounded_up = false;
    if (cy >= F80_QNAN || cx >= F80_QNAN)
        return f80_add(y, x, env);
    if (cx == F80_ZERO) {
        if (cy == F80_NORMAL || cy == F80_DENORMAL)
            env->flags |= F80_ZE;
        return times_special(y, F80_INFINITE, true, env);
    }
    if (f80_negative(x))
        return invalid(env);
    note_denormal(x, env);
    if (cx == F80_INFINITE) {
        if (cy != F80_ZERO)
            note_denormal(y, env);
        return times_special(y, F80_INFINITE, false, env);
    }
    r = real_from_f80(x);
    l = log2_of(r.man, r.exp - 1, &exact);
    note_denormal(y, env);
    if (wide_is_zero(l.man))
        return times_special(y, F80_ZERO, false, env);
    if (cy == F80_INFINITE || cy == F80_ZERO)
        return times_special(y, F80_NORMAL, l.sign, env);
    return scale_by(y, l, exact, env);
}

/* log2(1 + x) for x > -1, not 0. */
static struct real log2_of_1_plus(struct real x, bool *exact)
{
    const struct u128 one = {F80_INTEGER, 0}; /* of 2^-127 */
    struct u128 sum, part;
    struct real bottom = {.exp = 2}, result;
    bool fits;

    *exact = false;
    if (x.exp <= -8) { /* s = x / (2 + x) */
        part = x.exp < -120 ? (struct u128){0, 0} : real_fixed(x, 2);
        bottom.man = x.sign ? wide_sub(one, part) : wide_add(one, part);
        return scaled_artanh(fpu_trans_divide(x, real_normalize(bottom)));
    }
    if (x.sign) {
        struct real r = {.man = wide_sub(one, real_fixed(x, 1)), .exp = 1};

        r = real_normalize(r);
        return log2_of(r.man, r.exp - 1, exact);
    }
    if (x.exp <= 0) {
        sum = wide_add(one, real_fixed(x, 1));
        return log2_of(sum, 0, exact);
    }
    /* x >= 1: the 1 goes to where it belongs in x */
    sum = x.man;
    fits = x.exp <= 128;
    if (fits) {
        part = wide_shr((struct u128){F80_INTEGER, 0}, (unsigned)x.exp - 1);
        sum = wide_add(sum, part);
        if (wide_less(sum, part)) {
            sum = wide_shr(sum, 1);
            sum.high |= F80_INTEGER;
            x.exp++;
        }
    }
    result = log2_of(sum, x.exp - 1, exact);
    *exact = *exact && fits;
    return result;
}

struct f80 fpu_trans_log1p(struct f80 y, struct f80 x, struct f80_env *env)
{
    enum f80_class cy = f80_classify(y), cx = f80_classify(x);
    struct real r = real_from_f80(x), l;
    bool exact;

    env->rounded_up = false;
    if (cy >= F80_QNAN || cx >= F80_QNAN)
        return f80_add(y, x, env);
    if (cx == F80_INFINITE && f80_negative(x))
        return invalid(env);
    note_denormal(x, env);
    note_denormal(y, env);
    if (cx == F80_INFINITE || cx == F80_ZERO)
        return times_special(y, cx, f80_negative(x), env);
    if (cy == F80_INFINITE || cy == F80_ZERO)
        return times_special(y, F80_NORMAL, r.sign, env);
    /* From -1 down the result is undefined: x, as processors give it. */
    if (r.sign && r.exp >= 1) {
        env->flags |= F80_PE;
        return x;
    }
    l = log2_of_1_plus(r, &exact);
    return scale_by(y, l, exact, env);
}
