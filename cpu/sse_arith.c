/* SSE arithmetic and comparison on packed and scalar operands. */
#include "cpu/flags.h"
#include "cpu/simd_int.h"

static inline uint32_t get32(const struct xmm *from, unsigned n)
{
    return (uint32_t)(from->q[n >> 1] >> (32 * (n & 1)));
}

static inline void set32(struct xmm *to, unsigned n, uint32_t value)
{
    unsigned shift = 32 * (n & 1);
    uint64_t *half = &to->q[n >> 1];

    *half = (*half & ~((uint64_t)UINT32_MAX << shift)) | (uint64_t)value
                                                             << shift;
}

static inline uint64_t get64(const struct xmm *from, unsigned n)
{
    return from->q[n];
}

static inline void set64(struct xmm *to, unsigned n, uint64_t value)
{
    to->q[n] = value;
}

/* Defines sse_NAME(): `expression` of elements a (destination) and b. */
#define EACH(name, bits, count, expression) \
    void sse_##name(struct xmm *d, const struct xmm *s, \
                    const struct insn *insn, struct sse_env *env) \
    { \
        (void)insn; \
        (void)env; \
        for (unsigned n = 0; n < (count); n++) { \
            const uint##bits##_t a = get##bits(d, n), b = get##bits(s, n); \
\
            (void)a; \
            set##bits(d, n, expression); \
        } \
    }
#define FOUR(name, single, twice) \
    EACH(name##ps, 32, 4, single) \
    EACH(name##ss, 32, 1, single) \
    EACH(name##pd, 64, 2, twice) \
    EACH(name##sd, 64, 1, twice)

/* Bits 0 and 1 of the predicate: equal, less, less or equal, unordered; bit 2
 * negates. Those with "less" find any NaN invalid. */
static bool holds(unsigned predicate, enum sse_order order)
{
    static const uint8_t orders[4] = {
        1 << SSE_EQUAL,
        1 << SSE_LESS,
        1 << SSE_LESS | 1 << SSE_EQUAL,
        1 << SSE_UNORDERED,
    };

    return (orders[predicate & 3] >> order & 1) != (predicate >> 2 & 1);
}

static bool is_quiet(unsigned predicate)
{
    return (predicate & 3) == 0 || (predicate & 3) == 3;
}

static uint32_t compare32(uint32_t a, uint32_t b, unsigned predicate,
                          struct sse_env *env)
{
    enum sse_order order = f32_compare(a, b, is_quiet(predicate), env);

    return holds(predicate, order) ? UINT32_MAX : 0;
}

static uint64_t compare64(uint64_t a, uint64_t b, unsigned predicate,
                          struct sse_env *env)
{
    enum sse_order order = f64_compare(a, b, is_quiet(predicate), env);

    return holds(predicate, order) ? UINT64_MAX : 0;
}

FOUR(add, f32_add(a, b, env), f64_add(a, b, env))
FOUR(sub, f32_sub(a, b, env), f64_sub(a, b, env))
FOUR(mul, f32_mul(a, b, env), f64_mul(a, b, env))
FOUR(div, f32_div(a, b, env), f64_div(a, b, env))
FOUR(min, f32_min(a, b, env), f64_min(a, b, env))
FOUR(max, f32_max(a, b, env), f64_max(a, b, env))
FOUR(sqrt, f32_sqrt(b, env), f64_sqrt(b, env))
FOUR(cmp, compare32(a, b, insn->imm, env), compare64(a, b, insn->imm, env))
EACH(rcpps, 32, 4, f32_rcp(b))
EACH(rcpss, 32, 1, f32_rcp(b))
EACH(rsqrtps, 32, 4, f32_rsqrt(b))
EACH(rsqrtss, 32, 1, f32_rsqrt(b))

/* EFLAGS of COMISS; the others become 0. */
static uint64_t flags_of(enum sse_order order)
{
    static const uint8_t flags[4] = {
        [SSE_LESS] = FLAG_CF,
        [SSE_EQUAL] = FLAG_ZF,
        [SSE_GREATER] = 0,
        [SSE_UNORDERED] = FLAG_ZF | FLAG_PF | FLAG_CF,
    };

    return flags[order];
}

#define COMPARE(name, bits, quiet) \
    void sse_##name(struct xmm *d, const struct xmm *s, \
                    const struct insn *insn, struct sse_env *env) \
    { \
        (void)insn; \
        d->q[0] = flags_of( \
            f##bits##_compare(get##bits(d, 0), get##bits(s, 0), quiet, env)); \
    }
COMPARE(comiss, 32, false)
COMPARE(comisd, 64, false)
COMPARE(ucomiss, 32, true)
COMPARE(ucomisd, 64, true)
