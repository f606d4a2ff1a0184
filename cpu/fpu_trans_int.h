/* Numbers of 128 bits for the transcendental functions. */
#ifndef CPU_FPU_TRANS_INT_H
#define CPU_FPU_TRANS_INT_H

#include "cpu/fpu_trans.h"
#include "cpu/wide.h"

/* (-1)^sign * man / 2^128 * 2^exp; bit 127 of man is set unless it is 0. */
struct real {
    struct u128 man;
    int32_t exp;
    bool sign;
};

#define FPU_TRANS_STEPS 128 /* table entries to the unit */

extern const struct u128 fpu_trans_sin[102], fpu_trans_cos[102];
extern const struct u128 fpu_trans_arc[129], fpu_trans_power[129];
extern const struct u128 fpu_trans_log2[128];

static inline bool wide_is_zero(struct u128 a)
{
    return !a.high && !a.low;
}

static inline struct u128 wide_negate(struct u128 a)
{
    return wide_sub((struct u128){0, 0}, a);
}

/* Bits pushed out are lost. */
static inline struct u128 wide_shr(struct u128 a, unsigned count)
{
    if (count == 0)
        return a;
    if (count >= 128)
        return (struct u128){0, 0};
    if (count >= 64)
        return (struct u128){0, a.high >> (count - 64)};
    return (struct u128){a.high >> count,
                         a.high << (64 - count) | a.low >> count};
}

/* a * b / 2^128, at most 2 too small. */
static inline struct u128 wide_mul_high(struct u128 a, struct u128 b)
{
    struct u128 top = wide_mul(a.high, b.high);
    uint64_t x = wide_mul(a.high, b.low).high;
    uint64_t y = wide_mul(a.low, b.high).high;
    uint64_t low = top.low + x;

    top.high += low < x;
    top.low = low + y;
    top.high += top.low < y;
    return top;
}

/* a * b / 2^64, rounded down. */
static inline struct u128 wide_mul_high64(struct u128 a, uint64_t b)
{
    struct u128 top = wide_mul(a.high, b);
    uint64_t x = wide_mul(a.low, b).high;

    top.low += x;
    top.high += top.low < x;
    return top;
}

static inline struct real real_normalize(struct real a)
{
    unsigned shift;

    if (wide_is_zero(a.man))
        return a;
    shift = a.man.high ? wide_clz64(a.man.high) : 64 + wide_clz64(a.man.low);
    a.man = wide_shl(a.man, shift);
    a.exp -= (int32_t)shift;
    return a;
}

static inline struct real real_from_f80(struct f80 a)
{
    int32_t exp = a.se & F80_EXP_MAX;
    struct real r = {
        {a.man, 0}, (exp ? exp : 1) - F80_BIAS + 1, f80_negative(a)};

    return real_normalize(r);
}

/* |a| < 2 as a multiple of 2^-128 (a below 1) or of 2^(bits - 128). */
static inline struct u128 real_fixed(struct real a, int32_t bits)
{
    return wide_shr(a.man, (unsigned)(bits - a.exp));
}

/* a / b, rounded down; both normal. */
struct real fpu_trans_divide(struct real a, struct real b);

/* Rounds to 64 bits, whatever the precision control says. */
struct f80 fpu_trans_pack(struct real a, struct f80_env *env);

/* x * (c1 -+ x * (c2 -+ ...)) for x below 2^-step. Signs alternate if asked.
 * The first coefficients are wide; the terms behind them are so small that 64
 * bits will do: narrow[k] is the coefficient times 2^(scale - step * k). */
struct series {
    const struct u128 *wide;
    const uint64_t *narrow;
    uint8_t wides, narrows, scale, step;
};
struct u128 fpu_trans_sum(const struct series *s, struct u128 x,
                          bool alternate);

/* d * (1 - d^2 / 3 + d^4 / 5 ...): atan(d), or with all signs plus its
 * hyperbolic kin. |d| below 2^-7.9. */
struct real fpu_trans_arc_series(struct real d, bool hyperbolic);

#endif
