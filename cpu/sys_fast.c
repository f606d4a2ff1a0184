/* SYSENTER and SYSEXIT: calls of the system without gates or descriptors (SDM
 * volume 2; volume 3, 5.8.7). */
#include "cpu/sys_int.h"

#define FLAT_CODE \
    (ACCESS_P | ACCESS_S | ACCESS_CODE | ACCESS_RW | ACCESS_ACCESSED | \
     ACCESS_D | ACCESS_G)
#define FLAT_DATA (FLAT_CODE & ~ACCESS_CODE)

/* Where the selectors stand from SYSENTER_CS. */
enum {
    ENTER_CS = 0,
    ENTER_SS = 8,
    EXIT_CS = 16,
    EXIT_SS = 24
};

static bool usable(struct cpu *cpu)
{
    return cpu_protected(cpu) && (cpu->msr[MSR_SYSENTER_CS] & 0xfffc);
}

static void set_flat(struct cpu *cpu, unsigned seg, unsigned from,
                     uint16_t access)
{
    uint32_t first = (uint32_t)cpu->msr[MSR_SYSENTER_CS] & 0xfffc;

    cpu->seg[seg] = (struct segment){
        .limit = UINT32_MAX,
        .selector = (uint16_t)((first + from) | cpu->cpl),
        .access = (uint16_t)(access | cpu->cpl << ACCESS_DPL_SHIFT),
    };
    seg_update(cpu, seg);
}

bool exec_sysenter(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    if (!usable(cpu))
        return cpu_fault(cpu, VECTOR_GP, 0);
    sys_load_flags(cpu, 0, FLAG_VM | FLAG_IF | FLAG_RF);
    cpu->cpl = 0;
    set_flat(cpu, SEG_CS, ENTER_CS, FLAT_CODE);
    set_flat(cpu, SEG_SS, ENTER_SS, FLAT_DATA);
    cpu->reg[CPU_ESP] = (uint32_t)cpu->msr[MSR_SYSENTER_ESP];
    cpu->eip = (uint32_t)cpu->msr[MSR_SYSENTER_EIP];
    return true;
}

bool exec_sysexit(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    if (!usable(cpu) || cpu->cpl != 0)
        return cpu_fault(cpu, VECTOR_GP, 0);
    cpu->cpl = 3;
    set_flat(cpu, SEG_CS, EXIT_CS, FLAT_CODE);
    set_flat(cpu, SEG_SS, EXIT_SS, FLAT_DATA);
    cpu->reg[CPU_ESP] = cpu->reg[CPU_ECX];
    cpu->eip = cpu->reg[CPU_EDX];
    return true;
}
