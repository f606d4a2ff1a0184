/* RDMSR, WRMSR, RDTSC, RDPMC (SDM volume 2; volume 3, 17.14 and 35). Memory
 * types and machine checks are only stored: there is no cache to steer and no
 * hardware to fail. differs: performance counters stand still, and DEBUGCTL
 * records no branches. */
#include "cpu/sys_int.h"

#define MSR_TSC            0x10u
#define MSR_BIOS_UPDT_TRIG 0x79u

/* What a value is asked for beside its bits. */
enum check {
    CHECK_ANY,
    CHECK_NEVER,
    CHECK_TYPE,
    CHECK_TYPES,
    CHECK_PAT,
    CHECK_PHYS,
    CHECK_BANK
};

struct row {
    uint64_t reset, writable;
    uint16_t number;
    uint8_t count, first, last, check, index;
};

static const struct row rows[] = {
#define MSR(name, number, count, first, last, reset, writable, check) \
    {reset, writable, number, count, first, last, CHECK_##check, MSR_##name},
#include "cpu/msr.def"
};

static bool has(const struct row *row, enum cpu_model model)
{
    return model >= row->first && model <= row->last;
}

static const struct row *find(const struct cpu *cpu, uint32_t number)
{
    for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
        if (number - rows[i].number < rows[i].count &&
            has(&rows[i], cpu->model))
            return &rows[i];
    }
    return NULL;
}

static void tell_apic(struct cpu *cpu)
{
    if (cpu->apic.set && cpu->model >= CPU_PENTIUM2)
        cpu->apic.set(cpu->apic.apic, cpu->msr[MSR_APIC_BASE]);
}

void msr_reset(struct cpu *cpu)
{
    for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
        for (unsigned n = 0; n < rows[i].count; n++)
            cpu->msr[rows[i].index + n] = rows[i].reset;
    }
    cpu->tsc_offset = 0 - clock_ticks(cpu->clock, cpu->tsc_hz);
    tell_apic(cpu);
}

uint64_t msr_tsc_at(struct cpu *cpu, uint64_t insns)
{
    clock_sync(cpu->clock, insns);
    return clock_ticks(cpu->clock, cpu->tsc_hz) + cpu->tsc_offset;
}

static uint64_t tsc_get(struct cpu *cpu)
{
    return msr_tsc_at(cpu, cpu->block_insns + (cpu->cur ? cpu->cur->index : 0));
}

/* These models take the low half alone. */
static void tsc_put(struct cpu *cpu, uint64_t value)
{
    cpu->tsc_offset += (value & UINT32_MAX) - tsc_get(cpu);
}

static bool is_type(uint8_t type)
{
    return type <= 1 || (type >= 4 && type <= 6);
}

static bool are_types(uint64_t value, bool pat)
{
    for (unsigned i = 0; i < 8; i++, value >>= 8) {
        uint8_t type = value & 0xff;

        if (!is_type(type) && !(pat && type == 7))
            return false;
    }
    return true;
}

static bool accepts(const struct row *row, unsigned n, uint64_t value)
{
    if (value & ~row->writable)
        return false;
    switch (row->check) {
    case CHECK_NEVER: return false;
    case CHECK_TYPE: return is_type(value & 0xff);
    case CHECK_TYPES: return are_types(value, false);
    case CHECK_PAT: return are_types(value, true);
    case CHECK_PHYS: /* base with a type, mask with a valid bit */
        if (n & 1)
            return !(value & 0x7ff);
        return !(value & 0xf00) && is_type(value & 0xff);
    case CHECK_BANK: /* CTL; STATUS, ADDR and MISC are only cleared */
        return n % 4 == 0 || value == 0;
    default: return true;
    }
}

static bool load(struct cpu *cpu, uint32_t number, uint64_t *value)
{
    const struct row *row;

    if (number == MSR_TSC) {
        *value = tsc_get(cpu);
        return true;
    }
    row = find(cpu, number);
    if (!row)
        return false;
    *value = cpu->msr[row->index + (number - row->number)];
    return true;
}

static bool store(struct cpu *cpu, uint32_t number, uint64_t value)
{
    const struct row *row;

    if (number == MSR_TSC) {
        tsc_put(cpu, value);
        return true;
    }
    if (number == MSR_BIOS_UPDT_TRIG && cpu->model >= CPU_PENTIUM2)
        return true; /* no update is taken */
    row = find(cpu, number);
    if (!row || !accepts(row, number - row->number, value))
        return false;
    cpu->msr[row->index + (number - row->number)] = value;
    if (row->index == MSR_APIC_BASE) {
        cpu_sync(cpu);
        tell_apic(cpu);
    }
    return true;
}

static void put_pair(struct cpu *cpu, uint64_t value)
{
    cpu->reg[CPU_EAX] = (uint32_t)value;
    cpu->reg[CPU_EDX] = (uint32_t)(value >> 32);
}

bool exec_rdmsr(struct cpu *cpu, const struct insn *insn)
{
    uint64_t value;

    (void)insn;
    if (cpu->cpl != 0 || !load(cpu, cpu->reg[CPU_ECX], &value))
        return cpu_fault(cpu, VECTOR_GP, 0);
    put_pair(cpu, value);
    return true;
}

bool exec_wrmsr(struct cpu *cpu, const struct insn *insn)
{
    uint64_t value = (uint64_t)cpu->reg[CPU_EDX] << 32 | cpu->reg[CPU_EAX];

    (void)insn;
    if (cpu->cpl != 0 || !store(cpu, cpu->reg[CPU_ECX], value))
        return cpu_fault(cpu, VECTOR_GP, 0);
    return true;
}

bool exec_rdtsc(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    if ((cpu->cr4 & CR4_TSD) && cpu->cpl != 0)
        return cpu_fault(cpu, VECTOR_GP, 0);
    put_pair(cpu, tsc_get(cpu));
    return true;
}

bool exec_rdpmc(struct cpu *cpu, const struct insn *insn)
{
    uint32_t n = cpu->reg[CPU_ECX];
    uint32_t count = cpu->model == CPU_PENTIUM4 ? 18 : 2;

    (void)insn;
    if ((!(cpu->cr4 & CR4_PCE) && cpu->cpl != 0) || n >= count)
        return cpu_fault(cpu, VECTOR_GP, 0);
    if (cpu->model == CPU_PENTIUM4)
        put_pair(cpu, 0);
    else
        put_pair(cpu, cpu->msr[cpu->model == CPU_PENTIUM ? MSR_CTR0 + n
                                                         : MSR_PERFCTR0 + n]);
    return true;
}
