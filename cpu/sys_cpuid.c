/* CPUID (SDM volume 2; Intel application note 485). */
#include <string.h>

#include "cpu/sys_int.h"

#define EXTENDED 0x80000000u

struct leaf {
    uint32_t eax, ebx, ecx, edx;
};

static struct leaf vendor(uint32_t last)
{
    return (struct leaf){last, 0x756e6547, 0x6c65746e, 0x49656e69};
}

/* Brand index, and the line of CLFLUSH in units of 8 bytes. */
static uint32_t brand_and_line(enum cpu_model model)
{
    uint32_t brand = 0;

    if (model == CPU_PENTIUM3)
        brand = 0x02;
    else if (model == CPU_PENTIUM4)
        brand = 0x09;
    return brand | (cpu_model_has(model, CPU_FEATURE_CLFSH) ? 8u << 8 : 0);
}

/* There is one on the board, and APIC_BASE does not say it is off. */
static bool has_apic(const struct cpu *cpu)
{
    return cpu->apic.set && (cpu->msr[MSR_APIC_BASE] & MSR_APIC_BASE_ENABLE);
}

static struct leaf features(const struct cpu *cpu)
{
    uint32_t edx = cpu_model_features(cpu->model);

    if (!cpu->fpu.present)
        edx &= ~(1u << CPU_FEATURE_FPU);
    if (!has_apic(cpu))
        edx &= ~(1u << CPU_FEATURE_APIC);
    return (struct leaf){cpu_model_signature(cpu->model),
                         brand_and_line(cpu->model), 0, edx};
}

/* Descriptors of caches and TLBs: those of the real parts. */
static struct leaf caches(enum cpu_model model)
{
    switch (model) {
    case CPU_PENTIUM2: return (struct leaf){0x03020101, 0, 0, 0x0c040843};
    case CPU_PENTIUM3: return (struct leaf){0x03020101, 0, 0, 0x0c040882};
    default: return (struct leaf){0x665b5001, 0, 0, 0x007b7040};
    }
}

static struct leaf brand_part(uint32_t part)
{
    static const char text[48] = "Intel(R) Pentium(R) 4 CPU";
    struct leaf leaf;

    memcpy(&leaf, text + 16 * part, sizeof(leaf));
    return leaf;
}

static struct leaf extended(uint32_t n)
{
    switch (n - EXTENDED) {
    case 0: return (struct leaf){EXTENDED + 4, 0, 0, 0};
    case 1: return (struct leaf){0, 0, 0, 0};
    default: return brand_part(n - EXTENDED - 2);
    }
}

/* What is beyond the last leaf answers as the last one. */
static struct leaf answer(const struct cpu *cpu, uint32_t n)
{
    uint32_t last = cpu->model >= CPU_PENTIUM2 ? 2 : 1;

    if (cpu->model >= CPU_PENTIUM4 && n - EXTENDED <= 4)
        return extended(n);
    if (n > last)
        n = last;
    switch (n) {
    case 0: return vendor(last);
    case 1: return features(cpu);
    default: return caches(cpu->model);
    }
}

bool exec_cpuid(struct cpu *cpu, const struct insn *insn)
{
    const struct leaf leaf = answer(cpu, cpu->reg[CPU_EAX]);

    (void)insn;
    cpu->reg[CPU_EAX] = leaf.eax;
    cpu->reg[CPU_EBX] = leaf.ebx;
    cpu->reg[CPU_ECX] = leaf.ecx;
    cpu->reg[CPU_EDX] = leaf.edx;
    return true;
}
