/* MMX and SSE: what the rest of the processor calls. */
#ifndef CPU_SIMD_H
#define CPU_SIMD_H

#include "core/types.h"

struct cpu;

/* XMM registers and MXCSR after RESET. */
void simd_reset(struct cpu *cpu);

#endif
