/* The processors that can be chosen, and how they differ. */
#ifndef CPU_MODEL_H
#define CPU_MODEL_H

#include "core/types.h"

/* Ordered by generation, so that `model >= CPU_386` reads as it should.
 * 486: a 486DX. pentium: the P55C, with MMX. pentium2: Deschutes. pentium3:
 * Coppermine. pentium4: Northwood. */
/* clang-format off */
/*    enum      name         signature: EDX at reset, EAX of CPUID leaf 1 */
#define CPU_MODEL_LIST(X) \
    X(8086,     "8086",      0x0000) \
    X(286,      "286",       0x0000) \
    X(386,      "386",       0x0308) \
    X(486,      "486",       0x0435) \
    X(PENTIUM,  "pentium",   0x0543) \
    X(PENTIUM2, "pentium2",  0x0652) \
    X(PENTIUM3, "pentium3",  0x0686) \
    X(PENTIUM4, "pentium4",  0x0f29)

/* What CPUID leaf 1 tells in EDX (SDM volume 2, CPUID): the bit, and the first
 * model that has it. A row comes with its behaviour, not before.
 *    feature bit first */
#define CPU_FEATURE_LIST(X) \
    X(FPU,    0,  486) \
    X(VME,    1,  PENTIUM) \
    X(DE,     2,  PENTIUM) \
    X(PSE,    3,  PENTIUM) \
    X(TSC,    4,  PENTIUM) \
    X(MSR,    5,  PENTIUM) \
    X(PAE,    6,  PENTIUM2) \
    X(MCE,    7,  PENTIUM) \
    X(CX8,    8,  PENTIUM) \
    X(APIC,   9,  PENTIUM) \
    X(SEP,    11, PENTIUM2) \
    X(MTRR,   12, PENTIUM2) \
    X(PGE,    13, PENTIUM2) \
    X(MCA,    14, PENTIUM2) \
    X(CMOV,   15, PENTIUM2) \
    X(PAT,    16, PENTIUM2) \
    X(PSE36,  17, PENTIUM2) \
    X(CLFSH,  19, PENTIUM4) \
    X(MMX,    23, PENTIUM) \
    X(FXSR,   24, PENTIUM2) \
    X(SSE,    25, PENTIUM3) \
    X(SSE2,   26, PENTIUM4)
/* clang-format on */

enum cpu_model {
#define X(model, name, signature) CPU_##model,
    CPU_MODEL_LIST(X)
#undef X
    CPU_MODELS
};

enum cpu_feature {
#define X(feature, bit, first) CPU_FEATURE_##feature = (bit),
    CPU_FEATURE_LIST(X)
#undef X
    CPU_FEATURE_BITS = 32
};

/* Name as on the command line; static storage. */
const char *cpu_model_name(enum cpu_model model);

/* EDX at reset. */
uint32_t cpu_model_signature(enum cpu_model model);

static inline bool cpu_model_has(enum cpu_model model, enum cpu_feature feature)
{
    static const uint8_t first_with[CPU_FEATURE_BITS] = {
#define X(feature, bit, first) [bit] = CPU_##first,
        CPU_FEATURE_LIST(X)
#undef X
    };

    return model >= first_with[feature];
}

/* All features, as CPUID leaf 1 has them in EDX. */
uint32_t cpu_model_features(enum cpu_model model);

/* Whether the processor comes with an x87, as from the 486DX on. To the others
 * a board may add one. */
static inline bool cpu_model_has_fpu(enum cpu_model model)
{
    return cpu_model_has(model, CPU_FEATURE_FPU);
}

/* Returns false if no model has that name. */
bool cpu_model_find(const char *name, enum cpu_model *out);

#endif
