/* The processors that can be chosen, and how they differ. */
#ifndef CPU_MODEL_H
#define CPU_MODEL_H

#include "core/types.h"

/* Ordered by generation, so that `model >= CPU_386` reads as it should. */
/* clang-format off */
/*    enum     name        CPUID at reset (EDX), 0 if none */
#define CPU_MODEL_LIST(X) \
    X(8086,    "8086",     0x0000) \
    X(286,     "286",      0x0000) \
    X(386,     "386",      0x0308) \
    X(486,     "486",      0x0435)
/* clang-format on */

enum cpu_model {
#define X(model, name, signature) CPU_##model,
    CPU_MODEL_LIST(X)
#undef X
    CPU_MODELS
};

/* Name as on the command line; static storage. */
const char *cpu_model_name(enum cpu_model model);

/* Whether the processor comes with an x87, as from the 486DX on. To the others
 * a board may add one. */
static inline bool cpu_model_has_fpu(enum cpu_model model)
{
    return model >= CPU_486;
}

/* Returns false if no model has that name. */
bool cpu_model_find(const char *name, enum cpu_model *out);

#endif
