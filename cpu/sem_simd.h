/* Names of the semantics in insn_simd.def, by what they are made of. */
#ifndef CPU_SEM_SIMD_H
#define CPU_SEM_SIMD_H

/* clang-format off */

/* Each 64-bit half by itself: bodies in simd_lanes.h. */
#define SIMD_LANE_LIST(X) \
    X(paddb) X(paddw) X(paddd) X(paddq) X(psubb) X(psubw) X(psubd) X(psubq) \
    X(paddsb) X(paddsw) X(paddusb) X(paddusw) \
    X(psubsb) X(psubsw) X(psubusb) X(psubusw) \
    X(pcmpeqb) X(pcmpeqw) X(pcmpeqd) X(pcmpgtb) X(pcmpgtw) X(pcmpgtd) \
    X(pmullw) X(pmulhw) X(pmulhuw) X(pmuludq) X(pmaddwd) \
    X(pand) X(pandn) X(por) X(pxor) \
    X(pavgb) X(pavgw) X(pminub) X(pmaxub) X(pminsw) X(pmaxsw) X(psadbw)
/* The same with one count for both. */
#define SIMD_SHIFT_LIST(X) \
    X(psrlw) X(psrld) X(psrlq) X(psraw) X(psrad) X(psllw) X(pslld) X(psllq)
/* Two halves become one, or one becomes two. */
#define SIMD_PACK_LIST(X) X(packsswb) X(packssdw) X(packuswb)
#define SIMD_UNPACK_LIST(X) X(bw) X(wd) X(dq)
/* Whole registers: bodies in simd_bodies.h. */
#define SIMD_MM_LIST(X) X(pshufw)
#define SIMD_XMM_LIST(X) \
    X(punpcklqdq) X(punpckhqdq) X(pshufd) X(pshufhw) X(pshuflw) X(shufps) \
    X(shufpd) X(movhlps)
#define SIMD_BYTES_LIST(X) X(psrldq) X(pslldq)
/* Of one register a part. */
#define SIMD_PART_LIST(X) X(movss) X(movsd) X(movq) X(movlps) X(movhps)
/* From a register of either kind to a general one. */
#define SIMD_GPR_LIST(X) X(pextrw) X(pmovmskb) X(movmskps)
/* For registers of either kind. */
#define SIMD_ANY_LIST(X) \
    X(mov) X(pinsrw) X(emms) X(maskmov)
/* Floating point: functions in sse_arith.c and sse_convert.c. */
#define SIMD_FP4_LIST(X) \
    X(add) X(sub) X(mul) X(div) X(min) X(max) X(sqrt) X(cmp)
#define SIMD_FP_LIST(X) \
    X(rcpps) X(rcpss) X(rsqrtps) X(rsqrtss) \
    X(comiss) X(comisd) X(ucomiss) X(ucomisd) \
    X(cvtpi2ps) X(cvtpi2pd) X(cvtsi2ss) X(cvtsi2sd) X(cvtdq2ps) X(cvtdq2pd) \
    X(cvtps2pi) X(cvttps2pi) X(cvtpd2pi) X(cvttpd2pi) \
    X(cvtss2si) X(cvttss2si) X(cvtsd2si) X(cvttsd2si) \
    X(cvtps2dq) X(cvttps2dq) X(cvtpd2dq) X(cvttpd2dq) \
    X(cvtps2pd) X(cvtpd2ps) X(cvtss2sd) X(cvtsd2ss)

enum simd_sem {
    SIMD_none, /* no row of insn_simd.def */
#define X(name) SIMD_##name,
    SIMD_LANE_LIST(X) SIMD_SHIFT_LIST(X) SIMD_PACK_LIST(X) SIMD_MM_LIST(X)
    SIMD_XMM_LIST(X) SIMD_BYTES_LIST(X) SIMD_PART_LIST(X) SIMD_GPR_LIST(X)
    SIMD_ANY_LIST(X) SIMD_FP_LIST(X)
#undef X
#define X(name) SIMD_punpckl##name, SIMD_punpckh##name,
    SIMD_UNPACK_LIST(X)
#undef X
#define X(name) \
    SIMD_##name##ps, SIMD_##name##ss, SIMD_##name##pd, SIMD_##name##sd,
    SIMD_FP4_LIST(X)
#undef X
    SIMD_COUNT
};
/* clang-format on */

#endif
