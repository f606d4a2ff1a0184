/* Double precision. */
#include "cpu/sse_float.h"
#include "cpu/wide.h"

#define T        uint64_t
#define F(name)  f64_##name
#define FRACTION 52
#define EXP_MAX  2047

static inline uint64_t multiply(uint64_t a, uint64_t b)
{
    struct u128 product = wide_mul(a, b);

    return product.high << 2 | product.low >> 62 | (product.low << 2 != 0);
}

/* b <= a < 2 b */
static inline uint64_t divide(uint64_t a, uint64_t b)
{
    uint64_t rest;
    uint64_t quotient = wide_div((struct u128){a >> 1, a << 63}, b << 1, &rest);

    return quotient | (rest != 0);
}

static inline uint64_t root(uint64_t a)
{
    struct u128 rest;
    uint64_t high = wide_sqrt((struct u128){a, 0}, &rest);

    return high >> 1 | ((high & 1) || rest.high || rest.low);
}

#include "cpu/sse_float.inc"

uint64_t f64_from_f32(uint32_t a, struct sse_env *env)
{
    uint64_t sign = (uint64_t)(a >> 31) << 63;
    uint64_t man = a & 0x7fffff;
    uint32_t exp = a >> 23 & 0xff;

    if (exp == 0xff && man) {
        env->flags |= man >> 22 ? 0 : SSE_IE;
        return sign | INFINITE | QUIET | man << 29;
    }
    if (exp == 0xff)
        return sign | INFINITE;
    if (exp == 0 && (!man || env->daz))
        return sign;
    if (exp == 0) {
        unsigned shift = wide_clz64(man) - (63 - 23);

        env->flags |= SSE_DE;
        man = man << shift & 0x7fffff;
        exp = 1 - shift;
    }
    return sign | (uint64_t)(exp + 1023 - 127) << 52 | man << 29;
}
