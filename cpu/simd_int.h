/* What the parts of MMX and SSE share.
 *
 * Source:   SDM volume 1, chapters 9 to 11, and the instruction pages of
 *           volume 2.
 * Modelled: every instruction of MMX, SSE and SSE2, FXSAVE and FXRSTOR; faults
 *           in the order of the SDM; MMX registers as the significands of the
 *           x87's.
 *
 * exec_simd() does any row of insn_simd.def: it looks whether SIMD may be used,
 * fetches the source, calls the function of the row's semantics and puts the
 * result where operand 0 is. Nothing changes before the last check. */
#ifndef CPU_SIMD_INT_H
#define CPU_SIMD_INT_H

#include "cpu/sem_simd.h"
#include "cpu/sse_float.h"
#include "cpu/state.h"

/* *d is the destination's value and gets the result; *s the source: a narrow
 * memory operand, an MMX or a general register is extended with zeros. */
typedef void simd_fn(struct xmm *d, const struct xmm *s,
                     const struct insn *insn);
/* The same for MMX registers. */
typedef uint64_t simd_mm_fn(uint64_t d, uint64_t s, const struct insn *insn);
/* The same with exceptions, which are added to env->flags. */
typedef void sse_fn(struct xmm *d, const struct xmm *s, const struct insn *insn,
                    struct sse_env *env);

struct simd_op {
    simd_mm_fn *mm;
    simd_fn *xmm; /* also with a general register as destination */
    sse_fn *fp;
};

extern const struct simd_op simd_ops[SIMD_COUNT];

#define X(name) sse_fn sse_##name;
SIMD_FP_LIST(X)
#undef X
#define X(name) \
    sse_fn sse_##name##ps, sse_##name##ss, sse_##name##pd, sse_##name##sd;
SIMD_FP4_LIST(X)
#undef X

/* Where operands are. */
enum simd_file {
    SIMD_FILE_NONE,
    SIMD_FILE_MM,
    SIMD_FILE_XMM,
    SIMD_FILE_GPR,
};

struct simd_operand {
    uint8_t file;
    bool rm;      /* ModRM.rm names it, or it is in memory */
    bool aligned; /* in memory */
    uint8_t bytes;
};

extern const struct simd_operand simd_operands[];

/* The semantics of a row; SIMD_none for other rows. */
enum simd_sem simd_sem(const struct insn *insn);

/* A handler that does only what is quick, and hands over to simd_run() before
 * anything has changed. NULL: there is none. */
insn_fn *simd_quick(const struct insn *insn);
insn_fn simd_run;

/* For instructions that use registers of these files: #UD, #NM, #MF noted.
 * *stopped: an x87 error holds the processor up (see fpu_wait()). */
bool simd_may_use(struct cpu *cpu, bool mm, bool xmm, bool *stopped);

/* #GP(0) for a memory operand that is not at a multiple of 16. */
bool simd_check_aligned(struct cpu *cpu, const struct insn *insn,
                        unsigned bytes, bool write);

#endif
