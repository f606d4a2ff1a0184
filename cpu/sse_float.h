/* Arithmetic of SSE in integers alone: single and double precision, the same
 * on every host.
 *
 * Source: SDM volume 1, 4.8, 4.9, 10.2.3 and 11.5; IEEE 754-1985. Tininess is
 * found after rounding; of two NaNs the first operand wins; FTZ counts only
 * while underflow is masked.
 *
 * Functions take the bits of their operands, add to env->flags, and return the
 * masked response. With an exception that is not masked the caller throws that
 * away (simd.c). */
#ifndef CPU_SSE_FLOAT_H
#define CPU_SSE_FLOAT_H

#include "core/types.h"

/* Flags of MXCSR; their masks are 7 bits higher. */
enum {
    SSE_IE = 0x01, /* invalid operation */
    SSE_DE = 0x02, /* denormal operand */
    SSE_ZE = 0x04, /* division by zero */
    SSE_OE = 0x08,
    SSE_UE = 0x10,
    SSE_PE = 0x20, /* inexact */
};

#define MXCSR_DAZ      0x0040u
#define MXCSR_FTZ      0x8000u
#define MXCSR_RESET    0x1f80u
#define MXCSR_MASKS_AT 7
#define MXCSR_RC_AT    13

/* ORDER of MXCSR.RC */
enum sse_rounding {
    SSE_NEAREST,
    SSE_DOWN,
    SSE_UP,
    SSE_CHOP,
};

struct sse_env {
    enum sse_rounding rounding;
    uint8_t masked; /* SSE_* that are masked */
    uint8_t flags;  /* SSE_* that occurred */
    bool daz, ftz;
};

/* In place, for a copy would wait for its fields. */
static inline void sse_begin(uint32_t mxcsr, struct sse_env *env)
{
    env->rounding = (enum sse_rounding)(mxcsr >> MXCSR_RC_AT & 3);
    env->masked = mxcsr >> MXCSR_MASKS_AT & 0x3f;
    env->flags = 0;
    env->daz = mxcsr & MXCSR_DAZ;
    env->ftz = mxcsr & MXCSR_FTZ;
}

/* ORDER of the predicates of CMPPS: bits 0-1; bit 2 negates. */
enum sse_order {
    SSE_LESS,
    SSE_EQUAL,
    SSE_GREATER,
    SSE_UNORDERED,
};

#define SSE_FLOAT_LIST(T, p) \
    T p##_add(T a, T b, struct sse_env *env); \
    T p##_sub(T a, T b, struct sse_env *env); \
    T p##_mul(T a, T b, struct sse_env *env); \
    T p##_div(T a, T b, struct sse_env *env); \
    T p##_min(T a, T b, struct sse_env *env); \
    T p##_max(T a, T b, struct sse_env *env); \
    T p##_sqrt(T a, struct sse_env *env); \
    enum sse_order p##_compare(T a, T b, bool quiet, struct sse_env *env); \
    int32_t p##_to_i32(T a, bool chop, struct sse_env *env); \
    T p##_from_i32(int32_t a, struct sse_env *env); \
    T p##_round(bool sign, int32_t exp, uint64_t man, struct sse_env *env);

/* compare: `quiet` as UCOMISS, a quiet NaN is not invalid.
 * to_i32: what does not fit gives 80000000 and IE.
 * round: man / 2^62 * 2^exp, with bit 62 of `man` set. */
SSE_FLOAT_LIST(uint32_t, f32)
SSE_FLOAT_LIST(uint64_t, f64)

uint64_t f64_from_f32(uint32_t a, struct sse_env *env);
uint32_t f32_from_f64(uint64_t a, struct sse_env *env);

/* RCPPS and RSQRTPS: see docs/cpu-differences.md. No exceptions. */
uint32_t f32_rcp(uint32_t a);
uint32_t f32_rsqrt(uint32_t a);

#endif
