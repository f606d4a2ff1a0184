/* The x87's transcendental functions in integers alone: the same on every
 * host.
 *
 * Results are computed to more than 100 bits and then rounded once, by the
 * rounding mode and always to 64 bits, so that nearly all of them are the
 * correctly rounded ones and none is off by a whole unit in the last place.
 * Angles of any size below 2^63 are reduced by all the bits of pi that matter.
 *
 * Source: SDM volume 1, 8.3.6 to 8.3.10, and the instruction pages. Flags and
 * env->rounded_up are as in f80.h. */
#ifndef CPU_FPU_TRANS_H
#define CPU_FPU_TRANS_H

#include "cpu/f80.h"

/* FSIN, FCOS, FSINCOS: either result may be NULL. False: |a| >= 2^63 (C2),
 * nothing is done. */
bool fpu_trans_sincos(struct f80 a, struct f80 *sine, struct f80 *cosine,
                      struct f80_env *env);
/* FPTAN, without the 1.0 that it pushes. False as above. */
bool fpu_trans_tan(struct f80 a, struct f80 *out, struct f80_env *env);
/* FPATAN: the angle of the point (x, y). */
struct f80 fpu_trans_atan(struct f80 y, struct f80 x, struct f80_env *env);
/* F2XM1: 2^a - 1 for |a| <= 1. */
struct f80 fpu_trans_exp(struct f80 a, struct f80_env *env);
/* FYL2X: y * log2(x). */
struct f80 fpu_trans_log(struct f80 y, struct f80 x, struct f80_env *env);
/* FYL2XP1: y * log2(x + 1). */
struct f80 fpu_trans_log1p(struct f80 y, struct f80 x, struct f80_env *env);

/* The quick ways for arguments that need no thought: the same results, or
 * false, and what *out and env were is lost. FPATAN, FYL2X: st1, st0. */
bool fpu_quick_sincos(struct f80 a, struct f80 *sine, struct f80 *cosine,
                      struct f80_env *env);
bool fpu_quick_exp(struct f80 a, struct f80_env *env, struct f80 *out);
bool fpu_quick_log(struct f80 y, struct f80 x, struct f80_env *env,
                   struct f80 *out);
bool fpu_quick_atan(struct f80 y, struct f80 x, struct f80_env *env,
                    struct f80 *out);
/* FSCALE: a times 2 to the truncated b. */
bool fpu_quick_scale(struct f80 a, struct f80 b, struct f80_env *env,
                     struct f80 *out);

#endif
