/* For hosts that have no translator. */
#include "jit/jit.h"

bool jit_available(void)
{
    return false;
}

enum status jit_attach(struct cpu *cpu, const struct jit_config *config)
{
    (void)cpu;
    (void)config;
    return STATUS_BAD_ARGUMENT;
}

bool jit_list(struct cpu *cpu, uint32_t phys, const struct jit_listing *to)
{
    (void)cpu;
    (void)phys;
    (void)to;
    return false;
}

bool jit_get_reasons(struct cpu *cpu, struct jit_reasons *reasons)
{
    (void)cpu;
    (void)reasons;
    return false;
}

bool jit_get_stats(const struct cpu *cpu, struct jit_stats *stats)
{
    (void)cpu;
    (void)stats;
    return false;
}
