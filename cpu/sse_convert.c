/* SSE conversions. */
#include "cpu/simd_int.h"

static uint32_t low(uint64_t pair)
{
    return (uint32_t)pair;
}

static uint32_t high(uint64_t pair)
{
    return (uint32_t)(pair >> 32);
}

static uint64_t join(uint32_t a, uint32_t b)
{
    return (uint64_t)b << 32 | a;
}

/* Pairs of elements, from one half of a register or from both. */

static uint64_t singles_to_ints(uint64_t pair, bool chop, struct sse_env *env)
{
    uint32_t a = (uint32_t)f32_to_i32(low(pair), chop, env);

    return join(a, (uint32_t)f32_to_i32(high(pair), chop, env));
}

static uint64_t doubles_to_ints(const struct xmm *s, bool chop,
                                struct sse_env *env)
{
    uint32_t a = (uint32_t)f64_to_i32(s->q[0], chop, env);

    return join(a, (uint32_t)f64_to_i32(s->q[1], chop, env));
}

static uint64_t ints_to_singles(uint64_t pair, struct sse_env *env)
{
    uint32_t a = f32_from_i32((int32_t)low(pair), env);

    return join(a, f32_from_i32((int32_t)high(pair), env));
}

static struct xmm ints_to_doubles(uint64_t pair, struct sse_env *env)
{
    return (struct xmm){{f64_from_i32((int32_t)low(pair), env),
                         f64_from_i32((int32_t)high(pair), env)}};
}

#define CONVERT(name, statement) \
    void sse_##name(struct xmm *d, const struct xmm *s, \
                    const struct insn *insn, struct sse_env *env) \
    { \
        (void)insn; \
        statement; \
    }

static void set_low32(struct xmm *d, uint32_t value)
{
    d->q[0] = join(value, high(d->q[0]));
}

/* From integers. */
CONVERT(cvtpi2ps, d->q[0] = ints_to_singles(s->q[0], env))
CONVERT(cvtpi2pd, *d = ints_to_doubles(s->q[0], env))
CONVERT(cvtdq2pd, *d = ints_to_doubles(s->q[0], env))
CONVERT(cvtdq2ps, d->q[0] = ints_to_singles(s->q[0], env);
        d->q[1] = ints_to_singles(s->q[1], env))
CONVERT(cvtsi2ss, set_low32(d, f32_from_i32((int32_t)low(s->q[0]), env)))
CONVERT(cvtsi2sd, d->q[0] = f64_from_i32((int32_t)low(s->q[0]), env))

/* To integers. */
CONVERT(cvtps2pi, d->q[0] = singles_to_ints(s->q[0], false, env))
CONVERT(cvttps2pi, d->q[0] = singles_to_ints(s->q[0], true, env))
CONVERT(cvtpd2pi, d->q[0] = doubles_to_ints(s, false, env))
CONVERT(cvttpd2pi, d->q[0] = doubles_to_ints(s, true, env))
CONVERT(cvtps2dq, d->q[0] = singles_to_ints(s->q[0], false, env);
        d->q[1] = singles_to_ints(s->q[1], false, env))
CONVERT(cvttps2dq, d->q[0] = singles_to_ints(s->q[0], true, env);
        d->q[1] = singles_to_ints(s->q[1], true, env))
CONVERT(cvtpd2dq, d->q[0] = doubles_to_ints(s, false, env); d->q[1] = 0)
CONVERT(cvttpd2dq, d->q[0] = doubles_to_ints(s, true, env); d->q[1] = 0)
CONVERT(cvtss2si, d->q[0] = (uint32_t)f32_to_i32(low(s->q[0]), false, env))
CONVERT(cvttss2si, d->q[0] = (uint32_t)f32_to_i32(low(s->q[0]), true, env))
CONVERT(cvtsd2si, d->q[0] = (uint32_t)f64_to_i32(s->q[0], false, env))
CONVERT(cvttsd2si, d->q[0] = (uint32_t)f64_to_i32(s->q[0], true, env))

/* Between the precisions. */
CONVERT(cvtps2pd, const uint64_t pair = s->q[0];
        d->q[0] = f64_from_f32(low(pair), env);
        d->q[1] = f64_from_f32(high(pair), env))
CONVERT(cvtpd2ps, const uint32_t a = f32_from_f64(s->q[0], env);
        d->q[0] = join(a, f32_from_f64(s->q[1], env)); d->q[1] = 0)
CONVERT(cvtss2sd, d->q[0] = f64_from_f32(low(s->q[0]), env))
CONVERT(cvtsd2ss, set_low32(d, f32_from_f64(s->q[0], env)))
