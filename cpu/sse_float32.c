/* Single precision, and the approximations, which have no other. */
#include "cpu/sse_float.h"
#include "cpu/wide.h"

#define T        uint32_t
#define F(name)  f32_##name
#define FRACTION 23
#define EXP_MAX  255

/* Significands have 24 bits, or 25 where one is doubled. */

static inline uint64_t multiply(uint64_t a, uint64_t b)
{
    return (a >> 39) * (b >> 39) << 16;
}

/* b <= a < 2 b */
static inline uint64_t divide(uint64_t a, uint64_t b)
{
    uint64_t divisor = b >> 39;

    return a / divisor << 23 | (a % divisor != 0);
}

static inline uint64_t root(uint64_t a)
{
    uint64_t rest, high = wide_sqrt64(a, &rest);

    return high << 31 | (rest != 0);
}

#include "cpu/sse_float.inc"

uint32_t f32_from_f64(uint64_t a, struct sse_env *env)
{
    bool sign = a >> 63;
    uint64_t man = a & ((UINT64_C(1) << 52) - 1);
    int32_t exp = (int32_t)(a >> 52 & 0x7ff);

    if (exp == 0x7ff && man) {
        env->flags |= man >> 51 ? 0 : SSE_IE;
        return zero(sign) | INFINITE | QUIET | (uint32_t)(man >> 29);
    }
    if (exp == 0x7ff)
        return zero(sign) | INFINITE;
    if (exp == 0 && (!man || env->daz))
        return zero(sign);
    if (exp == 0) {
        unsigned shift = wide_clz64(man) - 1;

        env->flags |= SSE_DE;
        return f32_round(sign, 52 + 10 - 1022 - (int32_t)shift, man << shift,
                         env);
    }
    return f32_round(sign, exp - 1023, man << 10 | UNIT, env);
}

/* Approximations: the value in the middle of the interval that the first bits
 * of the significand name, to 13 bits. */

static uint32_t approximate(bool sign, int32_t exp, uint32_t value)
{
    /* value: 4096 to 8191 for 0.5 to 1 */
    if (exp < 1)
        return zero(sign);
    return zero(sign) | (uint32_t)exp << FRACTION | (value & 0xfff) << 11;
}

uint32_t f32_rcp(uint32_t a)
{
    uint32_t index = a >> 12 & 0x7ff, twice = 4096 + 2 * index + 1;
    bool sign = a >> 31;

    if (is_nan(a))
        return a | QUIET;
    if (is_infinite(a))
        return zero(sign);
    if (is_zero(a) || is_denormal(a))
        return zero(sign) | INFINITE;
    /* 8192 / (twice / 4096), rounded */
    return approximate(sign, 2 * BIAS - 1 - (int32_t)(magnitude(a) >> FRACTION),
                       ((1u << 26) / twice + 1) / 2);
}

uint32_t f32_rsqrt(uint32_t a)
{
    uint32_t index = a >> 13 & 0x3ff, twice = 2048 + 2 * index + 1;
    int32_t exp = (int32_t)(magnitude(a) >> FRACTION) - BIAS;
    uint64_t rest, square;
    unsigned shift;

    if (is_nan(a))
        return a | QUIET;
    if (is_zero(a) || is_denormal(a))
        return (a & SIGN) | INFINITE;
    if (a & SIGN)
        return SIGN | INFINITE | QUIET;
    if (is_infinite(a))
        return 0;
    if (exp & 1) {
        twice *= 2;
        exp--;
    }
    /* twice 8192 / sqrt(twice / 2048), as a root of more bits */
    square = (UINT64_C(1) << 63) / twice;
    shift = 63 - 39;
    while (!(square >> 62)) {
        square <<= 2;
        shift += 2;
    }
    square = wide_sqrt64(square, &rest) >> (shift / 2);
    return approximate(false, BIAS - 1 - exp / 2, (uint32_t)(square + 1) / 2);
}
