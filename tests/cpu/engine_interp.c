#include "tests/cpu/engine.h"

enum status engine_plug(struct cpu *cpu)
{
    (void)cpu;
    return STATUS_OK;
}
