#include "cpu/model.h"

#include <assert.h>
#include <string.h>

static const char *const names[CPU_MODELS] = {
#define X(model, name, signature) [CPU_##model] = name,
    CPU_MODEL_LIST(X)
#undef X
};

const char *cpu_model_name(enum cpu_model model)
{
    assert(model < CPU_MODELS);
    return names[model];
}

uint32_t cpu_model_signature(enum cpu_model model)
{
    static const uint16_t signatures[CPU_MODELS] = {
#define X(model, name, signature) [CPU_##model] = (signature),
        CPU_MODEL_LIST(X)
#undef X
    };

    assert(model < CPU_MODELS);
    return signatures[model];
}

uint32_t cpu_model_features(enum cpu_model model)
{
    return 0
#define X(feature, bit, first) \
    | (uint32_t)cpu_model_has(model, CPU_FEATURE_##feature) << (bit)
        CPU_FEATURE_LIST(X)
#undef X
            ;
}

bool cpu_model_find(const char *name, enum cpu_model *out)
{
    for (unsigned i = 0; i < CPU_MODELS; i++) {
        if (!strcmp(names[i], name)) {
            *out = (enum cpu_model)i;
            return true;
        }
    }
    return false;
}
