/* The quick ways of fpu_trans.c, for arguments that need no thought.
 *
 * The main part of a result comes from the same tables with all its bits; what
 * a series adds is below 2^-8 of it, so that 64 bits of that do, but for its
 * first term. Each function knows how wrong its result can be. If that leaves
 * open how it is rounded, or whether it is exact, it says so, and the long way
 * decides: the numbers are the same with this file and without. */
#include "cpu/fpu_trans_int.h"

#define HALF (UINT64_C(1) << 63)

static inline uint64_t high(uint64_t a, uint64_t b)
{
    return wide_mul(a, b).high;
}

/* Rounds man / 2^127 * 2^(exp - F80_BIAS), which is wrong by less than `error`
 * units of its last place. False: that, or the exponent, is too close. */
static inline bool round_to_64(struct u128 man, int32_t exp, bool sign,
                               struct f80_env *env, uint64_t error,
                               struct f80 *out)
{
    enum f80_rounding away = sign ? F80_DOWN : F80_UP;
    bool up =
        env->rounding == F80_NEAREST ? man.low >> 63 : env->rounding == away;

    if (((man.low + error) & (HALF - 1)) <= 2 * error)
        return false;
    man.high += up;
    if (!man.high) {
        man.high = HALF;
        exp++;
    }
    if ((uint32_t)(exp - 1) >= F80_EXP_MAX - 2)
        return false;
    *out = (struct f80){man.high, (uint64_t)exp | (uint64_t)sign << 15};
    env->flags |= F80_PE;
    env->rounded_up = up;
    return true;
}

/* The same of a fixed-point number, man / 2^(128 - integer), whose error is in
 * its own units. */
static inline bool round_fixed(struct u128 man, int32_t integer, bool sign,
                               struct f80_env *env, uint64_t error,
                               struct f80 *out)
{
    unsigned shift;

    if (!(man.high >> 52))
        return false;
    shift = wide_clz64(man.high);
    return round_to_64(wide_shl(man, shift),
                       F80_BIAS - 1 + integer - (int32_t)shift, sign, env,
                       error << shift, out);
}

/* a, or with `minus` -a; no branch, since nobody could tell it beforehand. */
static inline struct u128 with_sign(struct u128 a, bool minus)
{
    uint64_t ones = (uint64_t)0 - minus;

    return wide_sub((struct u128){a.high ^ ones, a.low ^ ones},
                    (struct u128){ones, ones});
}

static inline struct u128 add_signed(struct u128 a, struct u128 b, bool minus)
{
    return minus ? wide_sub(a, b) : wide_add(a, b);
}

/* wide_shl() for counts below 64. */
static inline struct u128 shift_up(struct u128 a, unsigned count)
{
    return (struct u128){a.high << count | a.low >> 1 >> (63 - count),
                         a.low << count};
}

static inline bool is_normal(struct f80 a)
{
    return (a.man & HALF) &&
           (uint32_t)((a.se & F80_EXP_MAX) - 1) < F80_EXP_MAX - 1;
}

static int32_t exponent(struct f80 a)
{
    return (int32_t)(a.se & F80_EXP_MAX) - F80_BIAS + 1;
}

/* What `digit` lacks of a quotient by b, or has too much, behind it. Half of
 * the remainder is known, the upper 64 bits of it, b likewise; the result is
 * wrong by less than 2^-28 of a digit. */
static inline struct u128 add_digit(uint64_t digit, int64_t half_rest,
                                    uint64_t b)
{
    int64_t next = half_rest / (int64_t)(b >> 33);

    return (struct u128){digit + (uint64_t)(next >> 32), (uint64_t)next << 32};
}

/* a * 2^64 / b, rounded likewise, for a.high < b.high; b is normal. */
static inline struct u128 divide(struct u128 a, struct u128 b)
{
    uint64_t rest, digit = wide_div(a, b.high, &rest);
    uint64_t minus = high(digit, b.low);

    return add_digit(digit, (int64_t)(rest >> 1) - (int64_t)(minus >> 1),
                     b.high);
}

/* Bits of d below 2^-8 from there on. */
static inline uint64_t below_8(struct u128 d)
{
    return d.high << 8 | d.low >> 56;
}

/* Sine and cosine. */

/* An angle of at most pi/4, in units of 2^-128: i / 128 + d or - d. */
struct angle {
    struct u128 d;
    unsigned i;
    bool minus_d;
    bool sign;
    unsigned quadrant;
};

/* False: too large, or so small that bits are lost. */
static inline bool reduce(struct f80 a, struct angle *angle)
{
    static const struct u128 pi_4 = {UINT64_C(0xc90fdaa22168c234),
                                     UINT64_C(0xc4c6628b80dc1cd1)};
    static const uint64_t two_over_pi[3] = {UINT64_C(0xa2f9836e4e441529),
                                            UINT64_C(0xfc2757d1f534ddc0),
                                            UINT64_C(0xdb6295993c439041)};
    int32_t exp = exponent(a);
    struct u128 fixed, p[3];
    uint64_t whole, turns[2];

    angle->sign = f80_negative(a);
    angle->quadrant = 0;
    if (!is_normal(a) || exp < -7 || exp >= 32)
        return false;
    if (exp < 0 || (exp == 0 && a.man <= pi_4.high)) {
        fixed = wide_shr((struct u128){a.man, 0}, (unsigned)-exp);
    } else {
        p[0] = wide_mul(a.man, two_over_pi[0]);
        p[1] = wide_mul(a.man, two_over_pi[1]);
        p[2] = wide_mul(a.man, two_over_pi[2]);
        p[1] = wide_add(p[1], (struct u128){0, p[2].high});
        p[0] = wide_add(p[0], (struct u128){0, p[1].high});
        /* p[0] / 2^(128 - exp) quarter turns */
        whole = exp ? p[0].high >> (64 - exp) : 0;
        turns[0] = p[0].high << exp;
        turns[0] |= exp ? p[0].low >> (64 - exp) : 0;
        turns[1] = p[0].low << exp;
        turns[1] |= exp ? p[1].low >> (64 - exp) : 0;
        fixed = (struct u128){turns[0], turns[1]};
        if (turns[0] >> 63) { /* the next multiple is nearer */
            whole++;
            fixed = wide_negate(fixed);
            angle->sign = !angle->sign;
        }
        angle->quadrant =
            (unsigned)(f80_negative(a) ? (uint64_t)0 - whole : whole) & 3;
        fixed = wide_shl(wide_mul_high(fixed, pi_4), 1);
    }
    angle->i = (unsigned)(((fixed.high >> 56) + 1) >> 1);
    angle->d = wide_sub(fixed, (struct u128){(uint64_t)angle->i << 57, 0});
    angle->minus_d = angle->d.high >> 63;
    angle->d = with_sign(angle->d, angle->minus_d);
    return angle->i && !(angle->d.high >> 56);
}

/* What cos(d) lacks of 1, times 2^17, and d - sin(d), times 2^24, both less
 * than 4 units away. */
static inline void lacks(struct u128 d, uint64_t *cosine, uint64_t *sine)
{
    static const uint64_t div_6 = UINT64_C(0x2aaaaaaaaaaaaaaa),
                          div_12 = UINT64_C(0x1555555555555555),
                          div_20 = UINT64_C(0x0ccccccccccccccc),
                          div_840 = UINT64_C(0x004e04e04e04e04e),
                          div_360 = UINT64_C(0x00b60b60b60b60b6),
                          div_20160 = UINT64_C(0x0003403403403403);
    uint64_t x = below_8(d), u = high(x, x), cube = high(x, u), t;

    t = div_360 - (high(u, div_20160) >> 16);
    t = div_12 - (high(u, t) >> 16);
    *cosine = u - high(u, high(u, t) >> 16);
    t = div_20 - (high(u, div_840) >> 16);
    cube -= high(cube, high(u, t) >> 16);
    *sine = high(cube, div_6);
}

/* p cos(d) + q sin(d), or minus: sine or cosine of a table's entry and d. */
static inline struct u128 rotate(struct u128 p, struct u128 q, struct u128 d,
                                 bool minus, uint64_t cosine, uint64_t sine)
{
    struct u128 by = wide_mul_high(q, d), lack = wide_mul(p.high, cosine);

    by = wide_sub(by, wide_shr((struct u128){high(q.high, sine), 0}, 24));
    p = wide_sub(p, wide_shr(lack, 17));
    return add_signed(p, by, minus);
}

/* Of their last places; sines are above 2^-8. */
#define SINE_ERROR (UINT64_C(5) << 47)

/* cos(x) is sin(x + pi/2). */
static inline bool round_sine(const struct angle *a, unsigned quadrant,
                              struct f80_env *env, struct f80 *out)
{
    const struct u128 *p = &fpu_trans_sin[a->i], *q = &fpu_trans_cos[a->i];
    const struct u128 *other = p;
    uint64_t lack_cos, lack_sin;
    bool minus = a->minus_d, sign = a->sign;

    if (quadrant & 1) {
        p = q;
        q = other;
        minus = !minus;
        sign = false;
    }
    sign ^= quadrant >> 1 & 1;
    lacks(a->d, &lack_cos, &lack_sin);
    return round_fixed(rotate(*p, *q, a->d, minus, lack_cos, lack_sin), 0, sign,
                       env, SINE_ERROR, out);
}

bool fpu_quick_sincos(struct f80 a, struct f80 *sine, struct f80 *cosine,
                      struct f80_env *env)
{
    struct angle angle;

    if (!reduce(a, &angle))
        return false;
    if (sine && !round_sine(&angle, angle.quadrant, env, sine))
        return false;
    return !cosine || round_sine(&angle, angle.quadrant + 1, env, cosine);
}

/* 2^a - 1 for 2^-8 <= |a| < 1. */

bool fpu_quick_exp(struct f80 a, struct f80_env *env, struct f80 *out)
{
    /* 1/k! */
    static const uint64_t inverse_2 = HALF,
                          inverse_3 = UINT64_C(0x2aaaaaaaaaaaaaaa),
                          inverse_4 = UINT64_C(0x0aaaaaaaaaaaaaaa),
                          inverse_5 = UINT64_C(0x0222222222222222),
                          inverse_6 = UINT64_C(0x005b05b05b05b05b),
                          inverse_7 = UINT64_C(0x000d00d00d00d00d);
    static const struct u128 ln_2 = {UINT64_C(0xb17217f7d1cf79ab),
                                     UINT64_C(0xc9e3b39803f2f6af)};
    const struct u128 one = {UINT64_C(1) << 62, 0};
    bool sign = f80_negative(a), minus;
    int32_t exp = exponent(a);
    struct u128 fixed, z, power, e;
    uint64_t x, u, even, odd;
    unsigned i;

    if (!is_normal(a) || exp < -7 || exp > 0)
        return false;
    fixed = wide_shr((struct u128){a.man, 0}, (unsigned)-exp);
    i = (unsigned)(((fixed.high >> 56) + 1) >> 1);
    z = wide_sub(fixed, (struct u128){(uint64_t)i << 57, 0});
    minus = z.high >> 63;
    if (minus)
        z = wide_negate(z);
    minus = minus != sign;
    z = wide_mul_high(z, ln_2);
    x = below_8(z);
    u = high(x, x);
    even = inverse_4 + (high(u, inverse_6) >> 16);
    even = inverse_2 + (high(u, even) >> 16);
    odd = inverse_5 + (high(u, inverse_7) >> 16);
    odd = inverse_3 + (high(u, odd) >> 16);
    odd = high(x, odd) >> 8;
    u = high(u, minus ? even - odd : even + odd); /* (e^z - 1 - z) 2^16 */
    e = wide_shr((struct u128){u, 0}, 16);
    e = add_signed(z, e, minus);
    power = sign ? wide_shr(fpu_trans_power[FPU_TRANS_STEPS - i], 1)
                 : fpu_trans_power[i];
    e = wide_mul_high(power, e);
    power = add_signed(power, e, minus);
    return round_fixed(sign ? wide_sub(one, power) : wide_sub(power, one), 2,
                       sign, env, UINT64_C(1) << 50, out);
}

/* Logarithms. */

/* x^3/3 + x^5/5 ... or minus the second, of what is below 2^-8 (times 2^8),
 * divided by x and times 2^16. */
static inline uint64_t arc_excess(uint64_t x, bool hyperbolic)
{
    static const uint64_t third = UINT64_C(0x5555555555555555),
                          fifth = UINT64_C(0x3333333333333333),
                          seventh = UINT64_C(0x2492492492492492),
                          ninth = UINT64_C(0x1c71c71c71c71c71);
    uint64_t u = high(x, x), square = high(u, u);
    uint64_t a = high(u, fifth) >> 16, b = high(u, ninth) >> 16;

    a = hyperbolic ? third + a : third - a;
    b = hyperbolic ? seventh + b : seventh - b;
    return high(u, a + (high(square, b) >> 32));
}

/* log2 of man / 2^63, i / 128 being next to it and not 1 or 2, as a fraction
 * of at least 2^-8. */
static inline struct u128 log2_fraction(uint64_t man, unsigned i)
{
    static const struct u128 two_log2_e = /* / 4 */
        {UINT64_C(0xb8aa3b295c17f0bb), UINT64_C(0xbe87fed0691d3e88)};
    uint64_t c = (uint64_t)i << 56, rest, digit;
    bool minus = man < c;
    uint64_t top = minus ? c - man : man - c;
    uint64_t bottom = ((man & c) + ((man ^ c) >> 1)); /* their mean */
    uint64_t odd = (man ^ c) & 1;                     /* it lacks a half */
    struct u128 s, tail;

    /* s = (man - c) / (man + c), below 2^-8, in units of 2^-129 */
    digit = wide_div((struct u128){top, 0}, bottom, &rest);
    s = add_digit(digit,
                  (int64_t)(rest >> 1) - (int64_t)(digit >> 2 & (0 - odd)),
                  bottom);
    s = wide_shr(s, 1);
    tail = wide_mul_high64(s, arc_excess(below_8(s), true));
    s = wide_add(s, wide_shr(tail, 16));
    s = wide_shl(wide_mul_high(s, two_log2_e), 2);
    return add_signed(fpu_trans_log2[i - FPU_TRANS_STEPS], s, minus);
}

bool fpu_quick_log(struct f80 y, struct f80 x, struct f80_env *env,
                   struct f80 *out)
{
    unsigned i = (unsigned)((x.man + (UINT64_C(1) << 55)) >> 56), shift;
    int32_t whole = exponent(x) - 1;
    struct u128 l, low, result;
    uint64_t error = UINT64_C(1) << 46;
    bool sign = false;

    if (!is_normal(x) || !is_normal(y) || f80_negative(x) ||
        x.man >= HALF + (HALF - (UINT64_C(1) << 55)) || i <= FPU_TRANS_STEPS)
        return false;
    l = log2_fraction(x.man, i);
    if (whole < 0) {
        sign = true;
        whole = ~whole;
        l = wide_negate(l);
    }
    if (whole) {
        shift = 64 - wide_clz64((uint64_t)whole);
        l = wide_shr(l, shift);
        l.high |= (uint64_t)whole << (64 - shift);
    } else {
        if (!(l.high >> 48))
            return false;
        shift = wide_clz64(l.high);
        l = wide_shl(l, shift);
        error <<= shift;
        shift = 0u - shift;
    }
    low = wide_mul(l.low, y.man);
    result = wide_add(wide_mul(l.high, y.man), (struct u128){0, low.high});
    whole = (int32_t)shift + exponent(y) + F80_BIAS - 1;
    if (!(result.high & HALF)) {
        result = wide_shl(result, 1);
        whole--;
    }
    return round_to_64(result, whole, sign != f80_negative(y), env, error, out);
}

/* The angle of (x, y). */

bool fpu_quick_atan(struct f80 y, struct f80 x, struct f80_env *env,
                    struct f80 *out)
{
    static const struct u128 pi_2 = {UINT64_C(0x6487ed5110b4611a),
                                     UINT64_C(0x62633145c06e0e68)};
    int32_t lag = exponent(x) - exponent(y);
    bool steep = lag < 0 || (lag == 0 && x.man < y.man), minus;
    uint64_t a = steep ? x.man : y.man, b = steep ? y.man : x.man;
    struct u128 top, bottom, wide, angle, by;
    unsigned i, shift;

    lag = lag < 0 ? -lag : lag;
    if (!is_normal(x) || !is_normal(y) || lag > 9)
        return false;
    i = (unsigned)(((a >> lag >> 25) + (b >> 33)) / (b >> 32));
    if (!i)
        return false;
    /* d = (a - b i/128) / (b + a i/128), b by 2^lag larger */
    wide = shift_up(wide_mul(b, i), (unsigned)lag);
    top = (struct u128){a >> 57, a << 7};
    minus = wide_less(top, wide);
    top = minus ? wide_sub(wide, top) : wide_sub(top, wide);
    bottom = wide_add(shift_up((struct u128){b >> 57, b << 7}, (unsigned)lag),
                      wide_mul(a, i));
    top = shift_up(top, 8);
    if (wide_is_zero(top) || !wide_less(top, bottom))
        return false;
    shift = wide_clz64(bottom.high);
    top = shift_up(top, shift);
    bottom = shift_up(bottom, shift);
    if (top.high == bottom.high)
        return false;
    wide = wide_shr(divide(top, bottom), 8);
    by = wide_mul_high64(wide, arc_excess(below_8(wide), false));
    by = wide_shr(wide_sub(wide, wide_shr(by, 16)), 2);
    angle = fpu_trans_arc[i];
    angle = add_signed(angle, by, minus);
    if (steep)
        angle = wide_sub(pi_2, angle);
    if (f80_negative(x))
        angle = wide_sub(wide_shl(pi_2, 1), angle);
    return round_fixed(angle, 2, f80_negative(y), env, UINT64_C(1) << 43, out);
}

/* a * 2^b, b within +-2^14. */
bool fpu_quick_scale(struct f80 a, struct f80 b, struct f80_env *env,
                     struct f80 *out)
{
    int32_t lead = exponent(b) - 1, by = 0;
    int32_t exp = (int32_t)(a.se & F80_EXP_MAX);

    if (!is_normal(a) || lead > 14 ||
        (!is_normal(b) && (b.man || lead > -F80_BIAS)))
        return false;
    if (lead >= 0)
        by = (int32_t)(b.man >> (63 - lead));
    exp += f80_negative(b) ? -by : by;
    if ((uint32_t)(exp - 1) >= F80_EXP_MAX - 1)
        return false;
    env->rounded_up = false;
    *out = (struct f80){a.man, (uint64_t)exp | (a.se & 0x8000)};
    return true;
}
