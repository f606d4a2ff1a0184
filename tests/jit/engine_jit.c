#include "jit/jit.h"
#include "tests/cpu/engine.h"

enum status engine_plug(struct cpu *cpu)
{
    const struct jit_config config = {
        .heat = 1, .arenas_always = true, .cache_bytes = MIB(16)};

    return jit_available() ? jit_attach(cpu, &config) : STATUS_OK;
}
