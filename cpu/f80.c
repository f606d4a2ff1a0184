#include "cpu/f80.h"

#include <assert.h>

#include "cpu/wide.h"

#define WRAP       24576 /* exponent adjustment of unmasked over/underflow */
#define MAN_MAX    UINT64_MAX
#define ALL_NUMBER (~(uint64_t)0)

/* A finite number, unpacked: bit 63 of `man` set unless the value is 0. */
struct number {
    uint64_t man;
    int32_t exp; /* biased; below 1 for denormals */
    bool sign;
};

static uint16_t exponent_of(struct f80 a)
{
    return a.se & F80_EXP_MAX;
}

enum f80_class f80_classify(struct f80 a)
{
    bool integer = a.man & F80_INTEGER;

    if (exponent_of(a) == 0)
        return a.man ? F80_DENORMAL : F80_ZERO;
    if (!integer)
        return F80_UNSUPPORTED;
    if (exponent_of(a) < F80_EXP_MAX)
        return F80_NORMAL;
    if (a.man == F80_INTEGER)
        return F80_INFINITE;
    return a.man & F80_QUIET ? F80_QNAN : F80_SNAN;
}

static inline bool is_normal(struct f80 a)
{
    return (a.man & F80_INTEGER) &&
           (unsigned)(exponent_of(a) - 1) < F80_EXP_MAX - 1;
}

static bool is_nan(enum f80_class c)
{
    return c == F80_QNAN || c == F80_SNAN;
}

static struct f80 pack(bool sign, uint16_t exp, uint64_t man)
{
    return (struct f80){man, (uint16_t)(sign << 15 | exp)};
}

static struct f80 zero(bool sign)
{
    return pack(sign, 0, 0);
}

static struct f80 infinity(bool sign)
{
    return pack(sign, F80_EXP_MAX, F80_INTEGER);
}

static struct f80 invalid(struct f80_env *env)
{
    env->flags |= F80_IE;
    return f80_indefinite();
}

static struct number unpack(struct f80 a)
{
    struct number n = {a.man, exponent_of(a), f80_negative(a)};

    if (n.exp == 0)
        n.exp = 1;
    if (n.man && !(n.man & F80_INTEGER)) {
        unsigned shift = wide_clz64(n.man);

        n.man <<= shift;
        n.exp -= (int32_t)shift;
    }
    return n;
}

/* Bits below the last one that the precision keeps. */
static uint64_t below_precision(const struct f80_env *env)
{
    switch (env->precision) {
    case F80_SINGLE: return (UINT64_C(1) << 40) - 1;
    case F80_DOUBLE: return (UINT64_C(1) << 11) - 1;
    case F80_RESERVED:
    case F80_EXTENDED:
    default: return 0;
    }
}

/* Whether a significand with these discarded bits goes up by one unit.
 * `half`: the discarded part compared with half a unit: -1, 0, 1. */
static bool goes_up(const struct f80_env *env, bool sign, bool odd, int half)
{
    switch (env->rounding) {
    case F80_NEAREST: return half > 0 || (half == 0 && odd);
    case F80_DOWN: return sign;
    case F80_UP: return !sign;
    case F80_CHOP:
    default: return false;
    }
}

/* The rounded significand; *carry when it overflowed to 1.0 of the next
 * exponent; *inexact and *up tell what happened. */
struct rounding {
    bool inexact, up, carry;
};

/* To all 64 bits. */
static inline uint64_t round_extended(const struct f80_env *env, bool sign,
                                      struct u128 man, struct rounding *out)
{
    int half = man.low > F80_INTEGER ? 1 : man.low == F80_INTEGER ? 0 : -1;

    out->inexact = man.low;
    out->up = man.low && goes_up(env, sign, man.high & 1, half);
    man.high += out->up;
    out->carry = out->up && !man.high;
    return out->carry ? F80_INTEGER : man.high;
}

static uint64_t round_man(const struct f80_env *env, bool sign, struct u128 man,
                          struct rounding *out)
{
    uint64_t low_mask = below_precision(env), unit = low_mask + 1;
    uint64_t cut = man.high & low_mask, kept = man.high & ~low_mask;
    int half;

    if (!low_mask)
        return round_extended(env, sign, man, out);
    *out = (struct rounding){.inexact = cut || man.low};
    if (!out->inexact)
        return kept;
    if (cut == unit >> 1 && !man.low)
        half = 0;
    else
        half = cut >= unit >> 1 ? 1 : -1;
    if (!goes_up(env, sign, kept & unit, half))
        return kept;
    out->up = true;
    kept += unit;
    out->carry = kept == 0;
    return out->carry ? F80_INTEGER : kept;
}

static struct f80 overflow(bool sign, const struct f80_env *env, bool *up)
{
    bool to_infinity = env->rounding == F80_NEAREST ||
                       (env->rounding == F80_DOWN && sign) ||
                       (env->rounding == F80_UP && !sign);

    *up = to_infinity;
    if (to_infinity)
        return infinity(sign);
    return pack(sign, F80_EXP_MAX - 1, ALL_NUMBER & ~below_precision(env));
}

static void note_inexact(struct f80_env *env, const struct rounding *r)
{
    if (r->inexact) {
        env->flags |= F80_PE;
        env->rounded_up = r->up;
    }
}

/* A result below the normal range: exp <= 0, man normalized. */
static struct f80 pack_tiny(bool sign, int32_t exp, struct u128 man,
                            struct f80_env *env)
{
    struct rounding r;
    uint64_t kept = round_man(env, sign, man, &r);
    bool tiny = exp < 0 || !r.carry;

    if (tiny && !(env->masked & F80_UE) && exp + WRAP + r.carry > 0) {
        env->flags |= F80_UE;
        note_inexact(env, &r);
        return pack(sign, (uint16_t)(exp + WRAP + r.carry), kept);
    }
    if (tiny && !(env->masked & F80_UE)) { /* below even the wrapped range */
        env->flags |= F80_UE | F80_PE;
        return zero(sign);
    }
    kept = round_man(env, sign, wide_shr_sticky(man, (unsigned)(1 - exp)), &r);
    note_inexact(env, &r);
    if (tiny && r.inexact)
        env->flags |= F80_UE;
    return pack(sign, kept & F80_INTEGER ? 1 : 0, kept);
}

struct f80 f80_round_pack(bool sign, int32_t exp, uint64_t high, uint64_t low,
                          struct f80_env *env)
{
    struct u128 man = {high, low};
    struct rounding r;
    uint64_t kept;

    env->rounded_up = false;
    if (!high && !low)
        return zero(sign);
    assert(high & F80_INTEGER);
    if (exp <= 0)
        return pack_tiny(sign, exp, man, env);
    kept = round_man(env, sign, man, &r);
    exp += r.carry;
    if (exp < F80_EXP_MAX) {
        note_inexact(env, &r);
        return pack(sign, (uint16_t)exp, kept);
    }
    env->flags |= F80_OE;
    if (!(env->masked & F80_OE) && exp - WRAP < F80_EXP_MAX) {
        note_inexact(env, &r);
        return pack(sign, (uint16_t)(exp - WRAP), kept);
    }
    env->flags |= F80_PE;
    if (!(env->masked & F80_OE)) { /* beyond even the wrapped range */
        env->rounded_up = true;
        return infinity(sign);
    }
    return overflow(sign, env, &env->rounded_up);
}

/* The same with a shorter way for what needs no thought. */
static inline struct f80 round_number(bool sign, int32_t exp, struct u128 man,
                                      struct f80_env *env)
{
    struct rounding r;
    uint64_t kept;

    if ((uint32_t)(exp - 1) >= F80_EXP_MAX - 2)
        return f80_round_pack(sign, exp, man.high, man.low, env);
    kept = round_man(env, sign, man, &r);
    env->rounded_up = r.up;
    if (r.inexact)
        env->flags |= F80_PE;
    return pack(sign, (uint16_t)(exp + r.carry), kept);
}

static inline struct number unpack_normal(struct f80 a)
{
    return (struct number){a.man, exponent_of(a), f80_negative(a)};
}

/* Operands that are no numbers (SDM volume 1, table 4-7). */

static struct f80 quiet(struct f80 a)
{
    a.man |= F80_QUIET;
    return a;
}

static struct f80 larger_nan(struct f80 a, struct f80 b)
{
    if (a.man != b.man)
        return quiet(a.man > b.man ? a : b);
    return quiet(f80_negative(a) ? b : a);
}

/* True if the operation ends here, with *out. */
static bool pick_nan(struct f80 a, struct f80 b, struct f80_env *env,
                     struct f80 *out)
{
    enum f80_class ca = f80_classify(a), cb = f80_classify(b);

    if (ca == F80_UNSUPPORTED || cb == F80_UNSUPPORTED) {
        *out = invalid(env);
        return true;
    }
    if (!is_nan(ca) && !is_nan(cb))
        return false;
    if (ca == F80_SNAN || cb == F80_SNAN)
        env->flags |= F80_IE;
    if (!is_nan(ca))
        *out = quiet(b);
    else if (!is_nan(cb))
        *out = quiet(a);
    else if (ca != cb) /* one of each: the quiet one */
        *out = ca == F80_QNAN ? a : b;
    else
        *out = larger_nan(a, b);
    return true;
}

static bool pick_nan1(struct f80 a, struct f80_env *env, struct f80 *out)
{
    return pick_nan(a, a, env, out);
}

static void note_denormal(struct f80 a, struct f80_env *env)
{
    if (f80_classify(a) == F80_DENORMAL)
        env->flags |= F80_DE;
}

/* Addition. */

static struct f80 add_magnitudes(struct number a, struct number b,
                                 struct f80_env *env)
{
    struct u128 x, y, sum;
    int32_t exp;

    if (a.exp < b.exp) {
        struct number t = a;

        a = b;
        b = t;
    }
    x = (struct u128){a.man, 0};
    y = wide_shr_sticky((struct u128){b.man, 0}, (unsigned)(a.exp - b.exp));
    sum = wide_add(x, y);
    exp = a.exp;
    if (wide_less(sum, x)) { /* carry out of bit 127 */
        sum = wide_shr_sticky(sum, 1);
        sum.high |= F80_INTEGER;
        exp++;
    }
    return round_number(a.sign, exp, sum, env);
}

static struct f80 subtract_magnitudes(struct number a, struct number b,
                                      struct f80_env *env)
{
    struct u128 x, y, rest;
    unsigned shift;

    if (a.exp < b.exp || (a.exp == b.exp && a.man < b.man)) {
        struct number t = a;

        a = b;
        b = t;
    }
    x = (struct u128){a.man, 0};
    y = wide_shr_sticky((struct u128){b.man, 0}, (unsigned)(a.exp - b.exp));
    rest = wide_sub(x, y);
    if (!rest.high && !rest.low)
        return zero(env->rounding == F80_DOWN);
    shift = rest.high ? wide_clz64(rest.high) : 64 + wide_clz64(rest.low);
    rest = wide_shl(rest, shift);
    return round_number(a.sign, a.exp - (int32_t)shift, rest, env);
}

static struct f80 add_zeros(struct f80 a, struct f80 b,
                            const struct f80_env *env)
{
    if (f80_negative(a) == f80_negative(b))
        return a;
    return zero(env->rounding == F80_DOWN);
}

static inline struct f80 add_numbers(struct number a, struct number b,
                                     struct f80_env *env)
{
    return a.sign == b.sign ? add_magnitudes(a, b, env)
                            : subtract_magnitudes(a, b, env);
}

static struct f80 add_any(struct f80 a, struct f80 b, struct f80_env *env)
{
    enum f80_class ca = f80_classify(a), cb = f80_classify(b);
    struct number na, nb;

    if (ca == F80_INFINITE && cb == F80_INFINITE &&
        f80_negative(a) != f80_negative(b))
        return invalid(env);
    note_denormal(a, env);
    note_denormal(b, env);
    if (ca == F80_INFINITE)
        return a;
    if (cb == F80_INFINITE)
        return b;
    if (ca == F80_ZERO && cb == F80_ZERO)
        return add_zeros(a, b, env);
    na = unpack(a);
    nb = unpack(b);
    if (ca == F80_ZERO)
        return f80_round_pack(nb.sign, nb.exp, nb.man, 0, env);
    if (cb == F80_ZERO)
        return f80_round_pack(na.sign, na.exp, na.man, 0, env);
    return add_numbers(na, nb, env);
}

static inline struct f80 add(struct f80 a, struct f80 b, struct f80_env *env)
{
    struct f80 nan;

    env->rounded_up = false;
    if (is_normal(a) && is_normal(b))
        return add_numbers(unpack_normal(a), unpack_normal(b), env);
    return pick_nan(a, b, env, &nan) ? nan : add_any(a, b, env);
}

static inline struct f80 subtract(struct f80 a, struct f80 b,
                                  struct f80_env *env)
{
    struct f80 nan, minus = {b.man, b.se ^ 0x8000};

    env->rounded_up = false;
    if (is_normal(a) && is_normal(b))
        return add_numbers(unpack_normal(a), unpack_normal(minus), env);
    /* a NaN keeps its own sign */
    return pick_nan(a, b, env, &nan) ? nan : add_any(a, minus, env);
}

/* Multiplication and division. */

static inline struct f80 multiply_numbers(struct number a, struct number b,
                                          struct f80_env *env)
{
    struct u128 product = wide_mul(a.man, b.man);
    int32_t exp = a.exp + b.exp - F80_BIAS + 1;

    if (!(product.high & F80_INTEGER)) {
        product = wide_shl(product, 1);
        exp--;
    }
    return round_number(a.sign != b.sign, exp, product, env);
}

static struct f80 multiply_any(struct f80 a, struct f80 b, struct f80_env *env)
{
    enum f80_class ca = f80_classify(a), cb = f80_classify(b);
    bool sign = f80_negative(a) != f80_negative(b);
    struct f80 nan;

    if (pick_nan(a, b, env, &nan))
        return nan;
    if ((ca == F80_INFINITE && cb == F80_ZERO) ||
        (ca == F80_ZERO && cb == F80_INFINITE))
        return invalid(env);
    note_denormal(a, env);
    note_denormal(b, env);
    if (ca == F80_INFINITE || cb == F80_INFINITE)
        return infinity(sign);
    if (ca == F80_ZERO || cb == F80_ZERO)
        return zero(sign);
    return multiply_numbers(unpack(a), unpack(b), env);
}

static inline struct f80 multiply(struct f80 a, struct f80 b,
                                  struct f80_env *env)
{
    env->rounded_up = false;
    if (is_normal(a) && is_normal(b))
        return multiply_numbers(unpack_normal(a), unpack_normal(b), env);
    return multiply_any(a, b, env);
}

static struct f80 divide_numbers(struct number a, struct number b,
                                 struct f80_env *env)
{
    struct u128 dividend = {a.man, 0};
    int32_t exp = a.exp - b.exp + F80_BIAS;
    uint64_t high, low, rest;

    if (a.man >= b.man) { /* keep the quotient below 2^64 */
        dividend = (struct u128){a.man >> 1, a.man << 63};
    } else {
        exp--;
    }
    high = wide_div(dividend, b.man, &rest);
    low = wide_div((struct u128){rest, 0}, b.man, &rest);
    low |= rest != 0;
    return round_number(a.sign != b.sign, exp, (struct u128){high, low}, env);
}

static inline struct f80 divide(struct f80 a, struct f80 b, struct f80_env *env)
{
    enum f80_class ca = f80_classify(a), cb = f80_classify(b);
    bool sign = f80_negative(a) != f80_negative(b);
    struct f80 nan;

    env->rounded_up = false;
    if (ca == F80_NORMAL && cb == F80_NORMAL)
        return divide_numbers(unpack_normal(a), unpack_normal(b), env);
    if (pick_nan(a, b, env, &nan))
        return nan;
    if ((ca == F80_INFINITE && cb == F80_INFINITE) ||
        (ca == F80_ZERO && cb == F80_ZERO))
        return invalid(env);
    if (cb == F80_ZERO) {
        if (ca != F80_INFINITE)
            env->flags |= F80_ZE;
        return infinity(sign);
    }
    note_denormal(a, env);
    note_denormal(b, env);
    if (ca == F80_INFINITE)
        return infinity(sign);
    if (ca == F80_ZERO || cb == F80_INFINITE)
        return zero(sign);
    return divide_numbers(unpack(a), unpack(b), env);
}

/* The root of man * 2^64, or of half that: 64 bits of it, then a bit for the
 * half and a sticky one. (r + 1/2)^2 = r^2 + r + 1/4, so a rest above r is more
 * than half a unit; it is never the half itself. */
static struct u128 root(uint64_t man, bool odd)
{
    struct u128 radicand = {odd ? man : man >> 1, odd ? 0 : man << 63}, rest;
    uint64_t r = wide_sqrt(radicand, &rest);
    bool above_half = rest.high || rest.low > r;

    return (struct u128){r, (above_half ? F80_INTEGER : 0) |
                                (rest.high || rest.low ? 1 : 0)};
}

struct f80 f80_sqrt(struct f80 a, struct f80_env *env)
{
    enum f80_class c = f80_classify(a);
    struct number n;
    struct u128 q;
    struct f80 nan;
    int32_t e;

    env->rounded_up = false;
    if (pick_nan1(a, env, &nan))
        return nan;
    if (c == F80_ZERO)
        return a;
    if (f80_negative(a))
        return invalid(env);
    note_denormal(a, env);
    if (c == F80_INFINITE)
        return a;
    n = unpack(a);
    e = n.exp - F80_BIAS; /* value = man / 2^63 * 2^e */
    /* even e: root of man / 2^64 * 2 in [1/2, 1) doubled; odd e: of man/2^64 */
    q = root(n.man, e & 1);
    e = (e & 1) ? (e + 1) / 2 : e / 2 + 1;
    return f80_round_pack(false, e - 1 + F80_BIAS, q.high, q.low, env);
}

/* By value and by place. */
#define OPERATION(name, function) \
    struct f80 f80_##name(struct f80 a, struct f80 b, struct f80_env *env) \
    { \
        return function(a, b, env); \
    } \
    struct f80 f80_##name##_at(const struct f80 *a, const struct f80 *b, \
                               struct f80_env *env) \
    { \
        return function(*a, *b, env); \
    }
OPERATION(add, add)
OPERATION(sub, subtract)
OPERATION(mul, multiply)
OPERATION(div, divide)
