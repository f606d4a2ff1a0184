/* Every semantics of insn_simd.def as functions, for exec_simd(). */
#include "cpu/simd_bodies.h"

/* clang-format off */
const struct simd_op simd_ops[SIMD_COUNT] = {
#define X(name) [SIMD_##name] = {mm_##name, xmm_##name, NULL},
    SIMD_LANE_LIST(X) SIMD_SHIFT_LIST(X) SIMD_PACK_LIST(X)
    X(mov) X(pinsrw)
#undef X
#define X(name) \
    [SIMD_punpckl##name] = {mm_punpckl##name, xmm_punpckl##name, NULL}, \
    [SIMD_punpckh##name] = {mm_punpckh##name, xmm_punpckh##name, NULL},
    SIMD_UNPACK_LIST(X)
#undef X
#define X(name) [SIMD_##name] = {mm_##name, NULL, NULL},
    SIMD_MM_LIST(X)
#undef X
#define X(name) [SIMD_##name] = {NULL, xmm_##name, NULL},
    SIMD_XMM_LIST(X) SIMD_BYTES_LIST(X) SIMD_PART_LIST(X) SIMD_GPR_LIST(X)
#undef X
#define X(name) [SIMD_##name] = {NULL, NULL, sse_##name},
    SIMD_FP_LIST(X)
#undef X
#define X(name) \
    [SIMD_##name##ps] = {NULL, NULL, sse_##name##ps}, \
    [SIMD_##name##ss] = {NULL, NULL, sse_##name##ss}, \
    [SIMD_##name##pd] = {NULL, NULL, sse_##name##pd}, \
    [SIMD_##name##sd] = {NULL, NULL, sse_##name##sd},
    SIMD_FP4_LIST(X)
#undef X
};
/* clang-format on */
