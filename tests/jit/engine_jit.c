#include "jit/jit.h"
#include "tests/cpu/engine.h"

enum status engine_plug(struct cpu *cpu)
{
    const struct jit_config config = {.heat = 1, .cache_bytes = MIB(16)};

    return jit_available() ? jit_attach(cpu, &config) : STATUS_OK;
}
