/* Reset values (80286 datasheet, table 5; 386 and 486 programmer's reference
 * manuals, 10.1; SDM volume 3, table 9-1). */
#include <string.h>

#include "cpu/simd.h"
#include "cpu/sys_int.h"

#define REAL_DATA \
    (ACCESS_P | ACCESS_S | ACCESS_RW | ACCESS_ACCESSED) /* of every segment */

struct reset_values {
    uint32_t cr0, code_base;
    uint16_t code_selector, ip;
};

static struct reset_values values_of(enum cpu_model model)
{
    struct reset_values v = {
        .code_base = 0xffff0000u, .code_selector = 0xf000, .ip = 0xfff0};

    if (model == CPU_8086) {
        v.code_selector = 0xffff;
        v.code_base = 0xffff0;
        v.ip = 0;
    } else if (model == CPU_286) {
        v.code_base = 0xff0000;
    } else if (model >= CPU_486) {
        v.cr0 = CR0_CD | CR0_NW | CR0_ET;
    }
    return v;
}

static void reset_segments(struct cpu *cpu, const struct reset_values *v)
{
    for (unsigned seg = 0; seg < SEG_COUNT; seg++) {
        cpu->seg[seg] = (struct segment){.limit = 0xffff, .access = REAL_DATA};
    }
    cpu->seg[SEG_CS].selector = v->code_selector;
    cpu->seg[SEG_CS].base = v->code_base;
    cpu->seg[SEG_LDTR].access = ACCESS_P | DESC_LDT;
    cpu->seg[SEG_TR].access =
        ACCESS_P | (cpu->model >= CPU_386 ? DESC_TSS32_BUSY : DESC_TSS16_BUSY);
    cpu->gdtr = (struct table_register){.limit = 0xffff};
    cpu->idtr = (struct table_register){.limit = 0x3ff};
}

static void reset_events(struct cpu *cpu)
{
    cpu->fault = (struct fault){.pending = false};
    cpu->trap_bits = 0;
    cpu->halted = cpu->shutdown = false;
    cpu->nmi_blocked = cpu->nmi_pending = false;
    cpu->stepping = false;
    cpu->ext = 0;
    cpu->events &= CPU_EVENT_STOP | CPU_EVENT_CLOCK;
    cpu->events |= CPU_EVENT_RELOAD;
    events_refresh(cpu);
}

void sys_reset(struct cpu *cpu)
{
    const struct reset_values v = values_of(cpu->model);

    for (unsigned i = 0; i < CPU_REGS; i++)
        cpu->reg[i] = 0;
    cpu->reg[CPU_EDX] = cpu_model_signature(cpu->model);
    flags_set(cpu, FLAG_ONE, UINT32_MAX);
    cpu->eip = cpu->insn_eip = v.ip;
    cpu->cr0 = v.cr0;
    if (cpu->model == CPU_386 && cpu->fpu.present)
        cpu->cr0 |= CR0_ET; /* ERROR# is low at reset: a 387 */
    cpu->cr2 = cpu->cr3 = cpu->cr4 = 0;
    memset(cpu->pdpte, 0, sizeof(cpu->pdpte));
    for (unsigned i = 0; i < ARRAY_LEN(cpu->dr); i++)
        cpu->dr[i] = cpu->test_reg[i] = 0;
    cpu->dr[6] = debug_reset_dr6(cpu);
    cpu->dr[7] = DR7_RESET;
    cpu->cpl = 0;
    cpu->user = false;
    fpu_reset(cpu);
    simd_reset(cpu);
    msr_reset(cpu);
    reset_segments(cpu, &v);
    seg_update_all(cpu);
    reset_events(cpu);
    mmu_flush(cpu);
    mmu_select(cpu);
}
