/* Angles. Inside, numbers have 128 bits, as fractions or as struct real.
 *
 * sin, cos, tan: x is reduced to r = x - k * pi/2 in [-pi/4, pi/4] by a product
 * with 320 bits of 2/pi. 63 bits may stand before the point and no 64-bit x is
 * closer than about 2^-66 to a multiple of pi/2, so that 128 good bits are
 * left. Then r = i/128 + d, sines and cosines of i/128 come from a table and
 * those of d, below 2^-8, from short series.
 *
 * atan: the quotient t of the smaller by the larger ordinate is i/128 + ...;
 * atan(t) = atan(i/128) + atan(d), d = (t - i/128) / (1 + t * i/128), where
 * numerator and denominator are exact integers. */
#include "cpu/fpu_trans_int.h"

/* Shared parts. */

/* One digit of 64 bits: floor(r * 2^64 / b) for r < b; r becomes the rest. */
static uint64_t divide_digit(struct u128 *r, struct u128 b)
{
    uint64_t digit = UINT64_MAX, rest;
    bool big = false;
    struct u128 minus, from;

    if (r->high == b.high) {
        rest = r->low + b.high;
        big = rest < b.high;
    } else {
        digit = wide_div(*r, b.high, &rest);
    }
    minus = wide_mul(digit, b.low);
    from = (struct u128){rest, 0};
    *r = wide_sub(from, minus);
    if (big || !wide_less(from, minus))
        return digit;
    do {
        digit--;
        *r = wide_add(*r, b);
    } while (!wide_less(*r, b));
    return digit;
}

struct real fpu_trans_divide(struct real a, struct real b)
{
    struct real q = {.exp = a.exp - b.exp, .sign = a.sign != b.sign};
    struct u128 rest = a.man;

    if (!wide_less(rest, b.man)) {
        rest = wide_shr(rest, 1); /* differs: loses a bit at 2^-128 */
        q.exp++;
    }
    q.man.high = divide_digit(&rest, b.man);
    q.man.low = divide_digit(&rest, b.man);
    return real_normalize(q);
}

struct f80 fpu_trans_pack(struct real a, struct f80_env *env)
{
    struct f80_env full = *env;
    struct f80 result;

    full.precision = F80_EXTENDED;
    result = f80_round_pack(a.sign, a.exp - 1 + F80_BIAS, a.man.high, a.man.low,
                            &full);
    env->flags = full.flags;
    env->rounded_up = full.rounded_up;
    return result;
}

struct u128 fpu_trans_sum(const struct series *s, struct u128 x, bool alternate)
{
    uint64_t v = x.high << s->step | x.low >> (64 - s->step), narrow = 0;
    struct u128 sum;

    for (unsigned k = s->narrows; k-- > 0;) {
        uint64_t more = wide_mul(v, narrow).high;

        narrow = alternate ? s->narrow[k] - more : s->narrow[k] + more;
    }
    sum = wide_shr((struct u128){narrow, 0}, s->scale);
    for (unsigned k = s->wides; k-- > 0;) {
        sum = wide_mul_high(x, sum);
        sum = alternate ? wide_sub(s->wide[k], sum) : wide_add(s->wide[k], sum);
    }
    return wide_mul_high(x, sum);
}

/* a * (1 - by), never exactly a. */
static struct real shrink(struct real a, struct u128 by)
{
    a.man = wide_sub(a.man, wide_mul_high(a.man, by));
    a.man = wide_sub(a.man, (struct u128){0, 1});
    return real_normalize(a);
}

static struct real grow(struct real a, struct u128 by)
{
    struct u128 more = wide_mul_high(a.man, by), sum;

    more = wide_add(more, (struct u128){0, 1});
    sum = wide_add(a.man, more);
    if (wide_less(sum, more)) {
        sum = wide_shr(sum, 1);
        sum.high |= F80_INTEGER;
        a.exp++;
    }
    a.man = sum;
    return a;
}

/* The square of |a| < 1 as a fraction. */
static struct u128 square(struct real a)
{
    struct u128 u = wide_mul_high(a.man, a.man);

    return a.exp < -64 ? (struct u128){0, 0}
                       : wide_shr(u, (unsigned)(-2 * a.exp));
}

struct real fpu_trans_arc_series(struct real d, bool hyperbolic)
{
    static const struct u128 wide[] = {
        {UINT64_C(0x5555555555555555), UINT64_C(0x5555555555555555)}, /* 1/3 */
        {UINT64_C(0x3333333333333333), UINT64_C(0x3333333333333333)}, /* 1/5 */
        {UINT64_C(0x2492492492492492), UINT64_C(0x4924924924924924)}, /* 1/7 */
    };
    static const uint64_t narrow[] = {
        /* 1/9, 1/11, 1/13, 1/15 */
        UINT64_C(0xe38e38e38e38e38e),
        UINT64_C(0x0000ba2e8ba2e8ba),
        UINT64_C(0x000000009d89d89d),
        UINT64_C(0x0000000000008888),
    };
    static const struct series series = {wide, narrow, 3, 4, 3, 16};
    struct u128 by = fpu_trans_sum(&series, square(d), !hyperbolic);

    return hyperbolic ? grow(d, by) : shrink(d, by);
}

static struct f80 quiet(struct f80 a, struct f80_env *env)
{
    return f80_add(a, a, env); /* keeps the NaN, notes a signalling one */
}

static struct f80 invalid(struct f80_env *env)
{
    env->flags |= F80_IE;
    return f80_indefinite();
}

/* Sine and cosine. */

#define QUARTER_PI UINT64_C(0xc90fdaa22168c234) /* floor(2^64 * pi/4) */

/* man * 2^(exp - 64) in quarter turns: the product with 2/pi. p[0] gets the
 * integer part, p[1] on the fraction; exp 0..63. */
static void turn(uint64_t man, unsigned exp, uint64_t p[5])
{
    static const uint64_t two_over_pi[5] = {
        /* floor(2^320 * 2/pi) */
        UINT64_C(0xa2f9836e4e441529), UINT64_C(0xfc2757d1f534ddc0),
        UINT64_C(0xdb6295993c439041), UINT64_C(0xfe5163abdebbc561),
        UINT64_C(0xb7246e3a424dd2e0)};
    uint64_t word[6], carry = 0;

    for (unsigned i = 5; i-- > 0;) {
        struct u128 t = wide_mul(man, two_over_pi[i]);

        t.low += carry;
        word[i + 1] = t.low;
        carry = t.high + (t.low < carry);
    }
    word[0] = carry;
    /* word[0] counts 2^64 / 2^(64 - exp): shift right by 64 - exp */
    p[0] = exp ? word[0] >> (64 - exp) : 0;
    for (unsigned i = 1; i < 5; i++)
        p[i] = exp ? word[i - 1] << exp | word[i] >> (64 - exp) : word[i - 1];
}

/* Subtracts the nearest multiple of pi/2 from |a| < 2^63; *quadrant gets its
 * number modulo 4. */
static struct real reduce(struct real a, unsigned *quadrant)
{
    static const struct u128 pi_4 = {QUARTER_PI, UINT64_C(0xc4c6628b80dc1cd1)};
    struct real r = {.sign = a.sign};
    uint64_t p[5];

    *quadrant = 0;
    if (a.exp < 0 || (a.exp == 0 && a.man.high <= QUARTER_PI))
        return a;
    turn(a.man.high, (unsigned)a.exp, p);
    *quadrant = p[0] & 3;
    if (p[1] >> 63) { /* the next multiple is nearer */
        *quadrant = (*quadrant + 1) & 3;
        r.sign = !r.sign;
        for (unsigned i = 1; i < 5; i++)
            p[i] = ~p[i];
    }
    if (a.sign)
        *quadrant = (4 - *quadrant) & 3;
    if (!p[1]) {
        p[1] = p[2];
        p[2] = p[3];
        p[3] = p[4];
        r.exp = -64;
    }
    if (p[1]) {
        unsigned shift = wide_clz64(p[1]);

        r.man = wide_shl((struct u128){p[1], p[2]}, shift);
        r.man.low |= shift ? p[3] >> (64 - shift) : 0;
        r.exp -= (int32_t)shift;
    } else { /* nearer than any 64-bit number comes */
        r.man = (struct u128){p[2], p[3]};
        r.exp -= 64;
    }
    r.man = wide_mul_high(r.man, pi_4);
    r.exp++;
    return real_normalize(r);
}

/* d^2/6 - d^4/120 ... and d^2/2 - d^4/24 ...: what sin(d)/d and cos(d) lack of
 * 1, for u = d^2 below 2^-16. */
static struct u128 sine_lack(struct u128 u)
{
    static const struct u128 wide[] = {
        {UINT64_C(0x2aaaaaaaaaaaaaaa), UINT64_C(0xaaaaaaaaaaaaaaaa)}, /* 1/3! */
        {UINT64_C(0x0222222222222222), UINT64_C(0x2222222222222222)}, /* 1/5! */
    };
    static const uint64_t narrow[] = {
        /* 1/7!, 1/9!, 1/11! */
        UINT64_C(0xd00d00d00d00d00d),
        UINT64_C(0x000002e3bc74aad8),
        UINT64_C(0x000000000006b991),
    };
    static const struct series series = {wide, narrow, 2, 3, 12, 16};

    return fpu_trans_sum(&series, u, true);
}

static struct u128 cosine_lack(struct u128 u)
{
    static const struct u128 wide[] = {
        {UINT64_C(0x8000000000000000), 0},                            /* 1/2! */
        {UINT64_C(0x0aaaaaaaaaaaaaaa), UINT64_C(0xaaaaaaaaaaaaaaaa)}, /* 1/4! */
    };
    static const uint64_t narrow[] = {
        /* 1/6!, 1/8!, 1/10! */
        UINT64_C(0xb60b60b60b60b60b),
        UINT64_C(0x0000034034034034),
        UINT64_C(0x0000000000093f27),
    };
    static const struct series series = {wide, narrow, 2, 3, 9, 16};

    return fpu_trans_sum(&series, u, true);
}

static struct real from_fraction(struct u128 a)
{
    return real_normalize((struct real){.man = a});
}

/* |r| <= pi/4, not 0; the sign of r is for the caller. */
static void sincos_near(struct real r, struct real *sine, struct real *cosine)
{
    struct u128 fixed, u, lack, d, s, c;
    unsigned i;
    bool below;

    r.sign = false;
    if (r.exp <= -8) {
        u = square(r);
        *sine = shrink(r, sine_lack(u));
        lack = cosine_lack(u);
        if (wide_is_zero(lack))
            lack.low = 1;
        *cosine = from_fraction(wide_negate(lack));
        return;
    }
    fixed = real_fixed(r, 0);
    i = (unsigned)((fixed.high + (UINT64_C(1) << 56)) >> 57);
    d = wide_sub(fixed, (struct u128){(uint64_t)i << 57, 0});
    below = d.high >> 63;
    if (below)
        d = wide_negate(d);
    u = wide_mul_high(d, d);
    d = wide_sub(d, wide_mul_high(d, sine_lack(u)));
    lack = cosine_lack(u);
    s = fpu_trans_sin[i];
    c = fpu_trans_cos[i];
    {
        struct u128 sd = wide_mul_high(s, d), cd = wide_mul_high(c, d);

        s = wide_sub(s, wide_mul_high(s, lack));
        c = wide_sub(c, wide_mul_high(c, lack));
        s = below ? wide_sub(s, cd) : wide_add(s, cd);
        c = below ? wide_add(c, sd) : wide_sub(c, sd);
    }
    *sine = from_fraction(s);
    *cosine = from_fraction(c);
}

/* True: *sine and *cosine of a finite a that is not 0. */
static void sincos_real(struct f80 a, struct real *sine, struct real *cosine)
{
    unsigned quadrant;
    struct real r = reduce(real_from_f80(a), &quadrant), t;

    sincos_near(r, sine, cosine);
    sine->sign = r.sign;
    if (quadrant & 1) {
        t = *sine;
        *sine = *cosine;
        *cosine = t;
        cosine->sign = !cosine->sign;
    }
    if (quadrant & 2) {
        sine->sign = !sine->sign;
        cosine->sign = !cosine->sign;
    }
}

static bool is_far(struct f80 a)
{
    return (a.se & F80_EXP_MAX) >= F80_BIAS + 63;
}

static void note_denormal(struct f80 a, struct f80_env *env)
{
    if (f80_classify(a) == F80_DENORMAL)
        env->flags |= F80_DE;
}

/* NaNs, infinities and zeros. True: *sine (or *out of FPTAN) is decided. */
static bool angle_special(struct f80 a, struct f80_env *env, struct f80 *out)
{
    switch (f80_classify(a)) {
    case F80_ZERO: *out = a; return true;
    case F80_QNAN:
    case F80_SNAN:
    case F80_UNSUPPORTED: *out = quiet(a, env); return true;
    case F80_INFINITE: *out = invalid(env); return true;
    default: return false;
    }
}

bool fpu_trans_sincos(struct f80 a, struct f80 *sine, struct f80 *cosine,
                      struct f80_env *env)
{
    struct real s, c;
    struct f80 special;

    if (fpu_quick_sincos(a, sine, cosine, env))
        return true;
    env->rounded_up = false;
    if (angle_special(a, env, &special)) {
        if (sine)
            *sine = special;
        if (cosine)
            *cosine = f80_classify(a) == F80_ZERO
                          ? (struct f80){F80_INTEGER, F80_BIAS}
                          : special;
        return true;
    }
    if (is_far(a))
        return false;
    note_denormal(a, env);
    sincos_real(a, &s, &c);
    if (sine)
        *sine = fpu_trans_pack(s, env);
    if (cosine)
        *cosine = fpu_trans_pack(c, env);
    return true;
}

bool fpu_trans_tan(struct f80 a, struct f80 *out, struct f80_env *env)
{
    struct real s, c, q;

    env->rounded_up = false;
    if (angle_special(a, env, out))
        return true;
    if (is_far(a))
        return false;
    note_denormal(a, env);
    q = real_from_f80(a);
    if (q.exp < -61) { /* a + a^3 / 3 */
        q = grow(q, (struct u128){0, 0});
    } else {
        sincos_real(a, &s, &c);
        q = fpu_trans_divide(s, c);
    }
    *out = fpu_trans_pack(q, env);
    return true;
}

/* Arc tangent. */

/* Quarters of pi, as multiples of 2^-126. */
static struct u128 quarters_of_pi(unsigned n)
{
    static const struct u128 table[] = {
        {0, 0},
        {UINT64_C(0x3243f6a8885a308d), UINT64_C(0x313198a2e0370734)},
        {UINT64_C(0x6487ed5110b4611a), UINT64_C(0x62633145c06e0e68)},
        {UINT64_C(0x96cbe3f9990e91a7), UINT64_C(0x9394c9e8a0a5159c)},
        {UINT64_C(0xc90fdaa22168c234), UINT64_C(0xc4c6628b80dc1cd1)},
    };

    return table[n];
}

static struct real from_angle(struct u128 angle)
{
    return real_normalize((struct real){.man = angle, .exp = 2});
}

/* atan(a / b), as table entry *i and a small rest, for 0 < a <= b. */
static struct real arc_parts(struct real a, struct real b, unsigned *i)
{
    int32_t lag = b.exp - a.exp;
    struct u128 x, y, wide;
    struct real top = {.exp = 0}, bottom = {.exp = 0};

    *i = 0;
    if (lag < 10)
        *i = (unsigned)(((a.man.high >> lag >> 25) + (b.man.high >> 33)) /
                        (b.man.high >> 32));
    if (!*i)
        return fpu_trans_arc_series(fpu_trans_divide(a, b), false);
    /* a and b as integers in one scale; 128 steps to the unit */
    x = (struct u128){0, a.man.high};
    y = wide_shl((struct u128){0, b.man.high}, (unsigned)lag);
    wide =
        wide_add(wide_mul(y.low, *i), (struct u128){y.high * (uint64_t)*i, 0});
    top.man = wide_shl(x, 7);
    top.sign = wide_less(top.man, wide);
    top.man = top.sign ? wide_sub(wide, top.man) : wide_sub(top.man, wide);
    bottom.man = wide_add(wide_shl(y, 7), wide_mul(x.low, *i));
    if (wide_is_zero(top.man))
        return top;
    return fpu_trans_arc_series(
        fpu_trans_divide(real_normalize(top), real_normalize(bottom)), false);
}

/* The angle of (x, y), both positive and finite, not 0; `left`: of (-x, y). */
static struct real angle_of(struct real y, struct real x, bool left)
{
    bool steep = x.exp < y.exp || (x.exp == y.exp && wide_less(x.man, y.man));
    struct real small;
    struct u128 angle, rest;
    unsigned i;

    y.sign = x.sign = false;
    small = steep ? arc_parts(x, y, &i) : arc_parts(y, x, &i);
    if (!i && !steep && !left)
        return small;
    angle = fpu_trans_arc[i];
    rest = small.exp < -200 ? (struct u128){0, 0} : real_fixed(small, 2);
    angle = small.sign ? wide_sub(angle, rest) : wide_add(angle, rest);
    if (steep)
        angle = wide_sub(quarters_of_pi(2), angle);
    if (left)
        angle = wide_sub(quarters_of_pi(4), angle);
    return from_angle(angle);
}

/* Zeros and infinities: in quarters of pi. */
static bool angle_in_quarters(enum f80_class y, enum f80_class x, bool left,
                              unsigned *quarters)
{
    if (x == F80_INFINITE && y == F80_INFINITE)
        *quarters = left ? 3 : 1;
    else if (y == F80_ZERO || x == F80_INFINITE)
        *quarters = left ? 4 : 0;
    else if (y == F80_INFINITE || x == F80_ZERO)
        *quarters = 2;
    else
        return false;
    return true;
}

struct f80 fpu_trans_atan(struct f80 y, struct f80 x, struct f80_env *env)
{
    enum f80_class cy = f80_classify(y), cx = f80_classify(x);
    struct real angle;
    unsigned quarters;
    struct f80 quick;

    if (fpu_quick_atan(y, x, env, &quick))
        return quick;
    env->rounded_up = false;
    if (cy >= F80_QNAN || cx >= F80_QNAN)
        return f80_add(y, x, env);
    note_denormal(y, env);
    note_denormal(x, env);
    if (!angle_in_quarters(cy, cx, f80_negative(x), &quarters)) {
        angle = angle_of(real_from_f80(y), real_from_f80(x), f80_negative(x));
    } else {
        if (!quarters)
            return (struct f80){0, y.se & 0x8000};
        angle = from_angle(quarters_of_pi(quarters));
    }
    angle.sign = f80_negative(y);
    return fpu_trans_pack(angle, env);
}
