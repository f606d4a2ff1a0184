/* MMX and SSE: what the rest of the processor calls. */
#ifndef CPU_SIMD_H
#define CPU_SIMD_H

#include "core/types.h"

#include "cpu/sem_simd.h"

struct cpu;
struct insn;

/* What a row of insn_simd.def does; SIMD_none for other rows. */
enum simd_sem simd_sem_of(const struct insn *insn);

/* XMM registers and MXCSR after RESET. */
void simd_reset(struct cpu *cpu);

#endif
