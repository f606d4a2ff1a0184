/* The transcendental functions beside plain series of 288 bits, in arithmetic
 * of this file's own: random arguments of every kind, and the results within
 * one unit in the last place, nearly all of them rounded correctly.
 * FPU_TRANS_ROUNDS in the environment makes the run longer (arguments for each
 * function). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpu/fpu_trans.h"
#include "tests/cpu/big.h"
#include "tests/suite.h"

#define ROUNDS 12500 /* of each of the 8 kinds of arguments */
#define KINDS  8

/* A value man * 2^exp as a sequence of bits: what is compared with a result. */
struct value {
    struct big man;
    int exp; /* the value is man * 2^exp */
};

/* man / 2^63 of an f80, in [1, 2), and its power of two. */
static struct value value_of(struct f80 a)
{
    struct value v = {.exp = (a.se & 0x7fff ? a.se & 0x7fff : 1) - 16383};
    int top;

    v.man.w[BIG_WORDS - BIG_INTEGER] = (uint32_t)(a.man >> 63);
    v.man.w[BIG_WORDS - BIG_INTEGER - 1] = (uint32_t)(a.man >> 31);
    v.man.w[BIG_WORDS - BIG_INTEGER - 2] = (uint32_t)(a.man << 1);
    v.man.minus = a.se >> 15;
    top = big_top(&v.man);
    if (top >= 0 && top < BIG_FRACTION) {
        v.exp -= BIG_FRACTION - top;
        v.man = big_shift(v.man, BIG_FRACTION - top);
    }
    return v;
}

/* Random arguments. */

static uint64_t seed;

static uint64_t next(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed * 0x2545f4914f6cdd1du;
}

static struct f80 number(int exp, uint64_t man)
{
    return (struct f80){man | F80_INTEGER,
                        (uint16_t)((next() & 0x8000) | (16383 + exp))};
}

static int between(int low, int high)
{
    return low + (int)(next() % (uint64_t)(high - low + 1));
}

static uint64_t sparse(void)
{
    return next() << (next() % 64);
}

static struct f80 denormal(void)
{
    return (struct f80){(next() >> (1 + next() % 62)) | 1,
                        (uint16_t)(next() & 0x8000)};
}

static struct tally {
    unsigned long all, rounded;
    double worst;
} tally;

/* `got`, rounded to nearest, against the true value: their distance in units
 * of the last place of `got`. */
static void judge(const char *what, struct f80 x, struct f80 y, struct f80 got,
                  struct value want)
{
    int top = big_top(&want.man), exp = want.exp + top - BIG_FRACTION;
    int cut = BIG_FRACTION - 63;
    struct value have = value_of(got);
    double units;
    struct big distance;

    ck_assert_msg(top >= 0, "%s: the reference is 0", what);
    if (exp < -16382) /* the result is denormal: fewer bits */
        cut += -16382 - exp;
    if (cut > BIG_FRACTION) {
        ck_assert(got.man <= 1);
        return;
    }
    want.man = big_shift(want.man, BIG_FRACTION - top);
    have.man = big_shift(have.man, have.exp - exp);
    distance = big_shift(big_sub(have.man, want.man), 20 - cut);
    units = (double)(distance.w[0] | (uint64_t)distance.w[1] << 32) / 1048576.0;
    if (distance.w[2])
        units = 1e9;
    tally.all++;
    tally.rounded += units <= 0.5;
    if (units > tally.worst)
        tally.worst = units;
    if (units >= 1)
        ck_abort_msg("%s(%04x.%016llx, %04x.%016llx) = %04x.%016llx is off by "
                     "%g units",
                     what, (unsigned)x.se, (unsigned long long)x.man,
                     (unsigned)y.se, (unsigned long long)y.man,
                     (unsigned)got.se, (unsigned long long)got.man, units);
}

static struct f80_env masked(void)
{
    return (struct f80_env){.masked = 0x3f, .precision = F80_EXTENDED};
}

static unsigned long rounds(void)
{
    const char *text = getenv("FPU_TRANS_ROUNDS");

    return text ? strtoul(text, NULL, 10) / KINDS : ROUNDS;
}

static void begin(uint64_t start)
{
    seed = start;
    tally = (struct tally){0};
}

static void end(const char *what)
{
    printf("%s: %lu results, %lu not the nearest, worst %.6f units\n", what,
           tally.all, tally.all - tally.rounded, tally.worst);
    ck_assert_uint_gt(tally.all, 100);
    ck_assert_uint_le((tally.all - tally.rounded) * 100000, tally.all);
}

/* Angles. */

static struct big pi, ln2;

/* x as near as can be to a multiple of pi/2. */
static struct f80 near_multiple(void)
{
    uint64_t n = 1 + (next() >> (2 + next() % 61));
    struct big m = {.minus = false};
    uint64_t man = 0;
    int top;

    m.w[BIG_WORDS - BIG_INTEGER] = (uint32_t)n;
    m.w[BIG_WORDS - BIG_INTEGER + 1] = (uint32_t)(n >> 32);
    m = big_shift(big_mul(m, pi), -1);
    top = big_top(&m);
    for (int i = 0; i < 64; i++)
        man = man << 1 | big_bit(&m, top - i);
    return number(top - BIG_FRACTION, man + (next() % 3) - 1);
}

static struct f80 random_angle(unsigned kind)
{
    switch (kind) {
    case 0: return number(between(-70, -1), next());
    case 1: return number(between(-2, 6), next());
    case 2: return number(between(0, 62), next());
    case 3: return near_multiple();
    case 4: return number(between(-16382, -1), sparse());
    case 5: return denormal();
    case 6: return number(between(-9, 3), sparse());
    default: return number(62, next());
    }
}

/* |x| in fixed point; only for exponents that fit. */
static struct big fixed(struct f80 x)
{
    struct value v = value_of(x);

    return big_shift(v.man, v.exp);
}

/* x - n * pi/2 and n modulo 4, by repeated subtraction of shifted pi/2. */
static struct big reduce(struct big x, unsigned *quadrant)
{
    bool minus = x.minus;

    x.minus = false;
    *quadrant = 0;
    for (int k = 64; k >= 0; k--) {
        struct big step = big_shift(pi, k - 1);

        if (big_compare_size(&x, &step) >= 0) {
            big_sub_size(&x, &step);
            *quadrant = (*quadrant + (k < 2 ? 1u << k : 0)) & 3;
        }
    }
    if (minus) {
        x = big_neg(x);
        *quadrant = (4 - *quadrant) & 3;
    }
    return x;
}

/* For tiny x the series are cut where they stop to matter: sin and tan are x
 * (1 -+ x^2 / 6 or 3), in the scale of x. */
static struct value tiny(struct f80 x, int divisor)
{
    struct value v = value_of(x);
    struct big cubic = v.man;

    if (v.exp > -100) {
        struct big s = big_shift(v.man, v.exp);

        cubic = big_mul(cubic, big_mul(s, s));
        cubic = big_div_int(cubic, (uint32_t)abs(divisor));
        v.man = divisor < 0 ? big_sub(v.man, cubic) : big_add(v.man, cubic);
    } else { /* below it, above it */
        struct big hair = {.minus = v.man.minus != (divisor < 0)};

        hair.w[0] = 1;
        v.man = big_add(v.man, hair);
    }
    return v;
}

static void check_angle(struct f80 x)
{
    const struct f80 none = {0, 0};
    struct f80_env env = masked(), tan_env = masked();
    struct f80 s, c, t;
    struct value sine, cosine, tangent;
    unsigned quadrant;

    ck_assert(fpu_trans_sincos(x, &s, &c, &env));
    ck_assert(fpu_trans_tan(x, &t, &tan_env));
    ck_assert(env.flags & F80_PE);
    if ((x.se & 0x7fff) < 16383 - 50) {
        judge("sin", x, none, s, tiny(x, -6));
        judge("tan", x, none, t, tiny(x, 3));
        ck_assert(c.man == F80_INTEGER && c.se == F80_BIAS);
        return;
    }
    struct big r = reduce(fixed(x), &quadrant);

    sine = (struct value){big_sine(r), 0};
    cosine = (struct value){big_cosine(r), 0};
    if (quadrant & 1) {
        struct value was = sine;

        sine = cosine;
        cosine = was;
        cosine.man = big_neg(cosine.man);
    }
    if (quadrant & 2) {
        sine.man = big_neg(sine.man);
        cosine.man = big_neg(cosine.man);
    }
    judge("sin", x, none, s, sine);
    judge("cos", x, none, c, cosine);
    /* keep the quotient inside the fixed point */
    tangent.exp = big_top(&sine.man) - big_top(&cosine.man);
    tangent.man =
        big_div(big_shift(sine.man, BIG_FRACTION - 1 - big_top(&sine.man)),
                big_shift(cosine.man, BIG_FRACTION - 1 - big_top(&cosine.man)));
    judge("tan", x, none, t, tangent);
}

START_TEST(angles)
{
    begin(88172645463325252u);
    pi = big_pi();
    for (unsigned kind = 0; kind < KINDS; kind++) {
        for (unsigned long i = rounds(); i; i--)
            check_angle(random_angle(kind));
    }
    end("sin, cos, tan");
}
END_TEST

/* atan(t) for t in [0, 1], halved twice by t / (1 + sqrt(1 + t^2)); here by
 * atan(t) = atan(c) + atan((t - c) / (1 + t c)) with c = 1/2. */
static struct big arc_of(struct big t)
{
    struct big half = big_div_int(big_int(1), 2), c = half, base;
    struct big quarter = big_div_int(big_int(1), 4);

    if (big_compare_size(&t, &quarter) < 0)
        return big_arc(t, true);
    base = big_arc(c, true);
    t = big_div(big_sub(t, c), big_add(big_int(1), big_mul(t, c)));
    return big_add(base, big_arc(t, true));
}

static void check_arc(struct f80 y, struct f80 x)
{
    struct f80_env env = masked();
    struct f80 got = fpu_trans_atan(y, x, &env);
    struct value vy = value_of(y), vx = value_of(x), want = {.exp = 0};
    bool minus = vy.man.minus, left = vx.man.minus, steep;
    struct big quotient;
    int exp;

    vy.man.minus = vx.man.minus = false;
    steep = vy.exp > vx.exp ||
            (vy.exp == vx.exp && big_compare_size(&vy.man, &vx.man) > 0);
    if (steep) {
        struct value was = vy;

        vy = vx;
        vx = was;
    }
    exp = vy.exp - vx.exp;
    quotient = big_div(vy.man, vx.man);
    if (exp < -100) {
        struct big hair = {.minus = true};

        hair.w[0] = 1;
        want.man = big_add(quotient, hair);
        want.exp = exp;
        if (steep || left) {
            want.man = steep ? big_shift(pi, -1) : pi;
            want.exp = 0;
        }
    } else {
        want.man = arc_of(big_shift(quotient, exp));
        if (exp < -40 && !steep && !left) { /* keep the low bits */
            struct big s = big_shift(quotient, exp);

            want.man = big_sub(
                quotient, big_div_int(big_mul(quotient, big_mul(s, s)), 3));
            want.exp = exp;
        }
        if (steep)
            want.man = big_sub(big_shift(pi, -1), want.man);
        if (left)
            want.man = big_sub(pi, want.man);
    }
    want.man.minus = minus;
    judge("atan", y, x, got, want);
}

START_TEST(arcs)
{
    begin(987654321987u);
    pi = big_pi();
    for (unsigned long i = rounds(); i; i--) {
        check_arc(number(between(-3, 3), next()), number(0, next()));
        check_arc(number(between(-3, 3), sparse()), number(0, sparse()));
        check_arc(number(between(-30, 30), next()), number(0, next()));
        check_arc(number(between(-90, 90), next()), number(0, next()));
        check_arc(number(0, 0), number(between(-12, 12), next()));
        check_arc(number(between(-16382, 16383), next()),
                  number(between(-16382, 16383), next()));
        check_arc(denormal(), number(between(-16382, 16383), next()));
        check_arc(number(between(-16382, 16383), next()), denormal());
    }
    end("atan");
}
END_TEST

/* Powers. */

static void check_power(struct f80 x)
{
    const struct f80 none = {0, 0};
    struct f80_env env = masked();
    struct f80 got = fpu_trans_exp(x, &env);
    struct value want = value_of(x);

    if (want.exp > -60) {
        want.man = big_mul(big_shift(want.man, want.exp), ln2);
        want.man = big_sub(big_exp(want.man), big_int(1));
        want.exp = 0;
    } else { /* z + z^2 / 2, in the scale of z */
        struct big z = big_mul(want.man, ln2), s;

        s = want.exp > -200 ? big_shift(big_mul(z, z), want.exp - 1)
                            : big_int(0);
        s.minus = false;
        want.man = big_add(z, s);
    }
    judge("2^x - 1", x, none, got, want);
}

START_TEST(powers)
{
    begin(5550123);
    ln2 = big_ln2();
    for (unsigned long i = rounds(); i; i--) {
        check_power(number(-1, next()));
        check_power(number(-1, sparse()));
        check_power(number(between(-10, -1), next()));
        check_power(number(between(-10, -7), sparse()));
        check_power(number(between(-80, -1), next()));
        check_power(number(between(-16382, -60), next()));
        check_power(denormal());
        check_power((struct f80){UINT64_MAX - next() % 5, 0x3ffe});
    }
    end("2^x - 1");
}
END_TEST

/* Logarithms: of (1 + z) with z exact, as 2 artanh(z / (2 + z)) / ln 2 with a
 * root taken before where z is large. */

static struct big log_series(struct big one_plus, struct big z)
{
    struct big s = big_div(z, big_add(one_plus, big_int(1)));

    return big_shift(big_arc(s, false), 1);
}

/* log2(1 + z) for 1 + z in [1/2, 2), times 2^up to keep its low bits. */
static struct big log2_near(struct big z)
{
    struct big m = big_add(big_int(1), z), sum = big_int(0);
    const struct big limit = big_div_int(big_int(3), 2);

    if (big_compare_size(&m, &limit) > 0) { /* take off log(3/2) */
        struct big third = big_div_int(big_shift(big_int(1), 1), 3);

        sum = log_series(limit, big_div_int(big_int(1), 2));
        m = big_mul(m, third);
        z = big_sub(m, big_int(1));
    }
    return big_div(big_add(sum, log_series(m, z)), ln2);
}

static struct value times(struct value a, struct f80 y)
{
    struct value v = value_of(y);
    int top = big_top(&a.man);

    a.man = big_shift(a.man, BIG_FRACTION - top);
    return (struct value){big_mul(a.man, v.man),
                          a.exp + top - BIG_FRACTION + v.exp};
}

static void check_log(struct f80 y, struct f80 x)
{
    struct f80_env env = masked();
    struct value want = value_of(x), v;
    struct big whole = big_int((uint32_t)abs(want.exp)), z;
    struct f80 got;

    x.se &= 0x7fff;
    want.man.minus = false;
    got = fpu_trans_log(y, x, &env);
    whole.minus = want.exp < 0;
    if (want.exp == -1) { /* just below 1 nothing may cancel */
        want.man = big_shift(want.man, -1);
        whole = big_int(0);
    }
    z = big_sub(want.man, big_int(1));
    if (big_is_zero(&z) && big_is_zero(&whole)) {
        ck_assert_uint_eq(got.man, 0);
        return;
    }
    v.man = whole;
    if (!big_is_zero(&z))
        v.man = big_add(whole, log2_near(z));
    v.exp = 0;
    v = times(v, y);
    if (v.exp > 16000 || v.exp < -16000 || (got.se & 0x7fff) == 0x7fff)
        return;
    judge("y log2 x", x, y, got, v);
}

static void check_log1p(struct f80 y, struct f80 x)
{
    struct f80_env env = masked();
    struct f80 got = fpu_trans_log1p(y, x, &env);
    struct value v = value_of(x), want;

    if (v.exp > -60) {
        struct big z = big_shift(v.man, v.exp);

        want = (struct value){log2_near(z), 0};
    } else { /* (x - x^2 / 2) / ln 2 */
        struct big s = v.exp > -200
                           ? big_shift(big_mul(v.man, v.man), v.exp - 1)
                           : big_int(0);

        s.minus = true;
        want.man = big_div(big_add(v.man, s), ln2);
        want.exp = v.exp;
    }
    want = times(want, y);
    if (want.exp > 16000)
        return;
    judge("y log2(x + 1)", x, y, got, want);
}

START_TEST(logarithms)
{
    begin(77001);
    ln2 = big_ln2();
    for (unsigned long i = rounds(); i; i--) {
        check_log(number(0, 0), number(between(-1, 1), next()));
        check_log(number(0, next()), number(0, next() >> 1 >> (next() % 60)));
        check_log(
            number(3, next()),
            (struct f80){UINT64_MAX - (next() >> (next() % 63)) / 4, 0x3ffe});
        check_log(number(between(-40, 40), next()),
                  number(between(-40, 40), next()));
        check_log(number(between(-40, 40), sparse()),
                  number(between(-4, 4), sparse()));
        check_log(number(between(-16000, 16000), next()),
                  number(between(-16382, 16383), next()));
        check_log(number(5, next()), denormal());
        check_log(number(0, next()), number(between(-60, 60), 0));
    }
    end("y log2 x");
}
END_TEST

START_TEST(logarithms_of_1_plus)
{
    begin(31337);
    ln2 = big_ln2();
    for (unsigned long i = rounds(); i; i--) {
        struct f80 half = number(-2, next() >> 1), y = number(1, next());

        check_log1p(y, half);
        check_log1p(y, number(between(-10, -2), next()));
        check_log1p(y, number(between(-10, -3), sparse()));
        check_log1p(y, number(between(-9, -7), sparse()));
        check_log1p(y, number(between(-80, -3), next()));
        check_log1p(y, number(between(-16000, -60), next()));
        check_log1p(number(40, next()), denormal());
        check_log1p(number(0, 0), number(between(-64, -2), next()));
    }
    end("y log2(x + 1)");
}
END_TEST

/* Exact results and limits. */
START_TEST(borders)
{
    const struct f80 one = {F80_INTEGER, F80_BIAS}, far = {F80_INTEGER, 16446};
    struct f80 minus_one = {F80_INTEGER, 0x8000 | F80_BIAS}, a, b;
    struct f80_env env = masked();

    ck_assert(!fpu_trans_sincos(far, &a, &b, &env));
    ck_assert(!fpu_trans_tan(far, &a, &env));
    a = fpu_trans_exp(one, &env);
    ck_assert(a.man == F80_INTEGER && a.se == F80_BIAS);
    a = fpu_trans_exp(minus_one, &env);
    ck_assert(a.man == F80_INTEGER && a.se == (0x8000 | (F80_BIAS - 1)));
    a = fpu_trans_log(one, (struct f80){F80_INTEGER, F80_BIAS - 100}, &env);
    ck_assert(a.man == UINT64_C(100) << 57 &&
              a.se == (0x8000 | (F80_BIAS + 6)));
    a = fpu_trans_log1p(one, one, &env);
    ck_assert(a.man == F80_INTEGER && a.se == F80_BIAS);
    ck_assert_uint_eq(env.flags, 0);
    env.precision = F80_SINGLE; /* is not looked at */
    a = fpu_trans_atan(one, one, &env);
    ck_assert(a.man == UINT64_C(0xc90fdaa22168c235) && a.se == F80_BIAS - 1);
    ck_assert(env.flags == F80_PE && env.rounded_up);
    env.rounding = F80_DOWN;
    a = fpu_trans_atan(one, one, &env);
    ck_assert(a.man == UINT64_C(0xc90fdaa22168c234) && !env.rounded_up);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("cpu/fpu_trans");
    TCase *tcase = tcase_create("series");

    tcase_set_timeout(tcase, 3600);
    tcase_add_test(tcase, borders);
    tcase_add_test(tcase, angles);
    tcase_add_test(tcase, arcs);
    tcase_add_test(tcase, powers);
    tcase_add_test(tcase, logarithms);
    tcase_add_test(tcase, logarithms_of_1_plus);
    suite_add_tcase(suite, tcase);
    return suite;
}
