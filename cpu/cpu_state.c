/* What a snapshot holds of the processor, and what the hash covers: one table.
 * What follows from it (tables of addresses, blocks, what segments grant) is
 * made anew after a load. */
#include "cpu/cpu.h"

#include "cpu/block.h"
#include "cpu/seg.h"
#include "cpu/sys.h"

static const struct state_field segment_state[] = {
    STATE_FIELD(struct segment, base),
    STATE_FIELD(struct segment, limit),
    STATE_FIELD(struct segment, selector),
    STATE_FIELD(struct segment, access),
    STATE_END,
};

static const struct state_field table_register_state[] = {
    STATE_FIELD(struct table_register, base),
    STATE_FIELD(struct table_register, limit),
    STATE_END,
};

static const struct state_field f80_state[] = {
    STATE_FIELD(struct f80, man),
    STATE_FIELD(struct f80, se),
    STATE_END,
};

static const struct state_field fpu_state[] = {
    STATE_TABLES(struct fpu, reg, f80_state),
    STATE_FIELD(struct fpu, control),
    STATE_FIELD(struct fpu, status),
    STATE_FIELD(struct fpu, top),
    STATE_FIELD(struct fpu, full),
    STATE_FIELD(struct fpu, ip),
    STATE_FIELD(struct fpu, dp),
    STATE_FIELD(struct fpu, cs),
    STATE_FIELD(struct fpu, ds),
    STATE_FIELD(struct fpu, op),
    STATE_FIELD(struct fpu, ignne),
    STATE_FIELD(struct fpu, ferr),
    STATE_END,
};

static const struct state_field xmm_state[] = {
    STATE_ARRAY(struct xmm, q),
    STATE_END,
};

static const struct state_field settled_state[] = {
    STATE_FIELD(struct cpu_settled, eflags),
    STATE_FIELD(struct cpu_settled, events),
    STATE_FIELD(struct cpu_settled, tsc),
    STATE_END,
};

const struct state_field cpu_state[] = {
    {"reg", offsetof(struct cpu, reg), sizeof(uint32_t), CPU_REGS,
     STATE_KIND_VALUES, 0, NULL},
    STATE_FIELD(struct cpu, eip),
    STATE_TABLE(struct cpu, settled, settled_state),
    STATE_TABLES(struct cpu, seg, segment_state),
    STATE_TABLE(struct cpu, gdtr, table_register_state),
    STATE_TABLE(struct cpu, idtr, table_register_state),
    STATE_FIELD(struct cpu, cr0),
    STATE_FIELD(struct cpu, cr2),
    STATE_FIELD(struct cpu, cr3),
    STATE_FIELD(struct cpu, cr4),
    STATE_ARRAY(struct cpu, pdpte),
    STATE_ARRAY(struct cpu, dr),
    STATE_ARRAY(struct cpu, test_reg),
    STATE_FIELD(struct cpu, cpl),
    STATE_FIELD(struct cpu, trap_bits),
    STATE_FIELD(struct cpu, halted),
    STATE_FIELD(struct cpu, shutdown),
    STATE_FIELD(struct cpu, nmi_blocked),
    STATE_FIELD(struct cpu, nmi_pending),
    STATE_FIELD(struct cpu, intr_level),
    STATE_FIELD(struct cpu, stepping),
    STATE_TABLE(struct cpu, fpu, fpu_state),
    STATE_TABLES(struct cpu, xmm, xmm_state),
    STATE_FIELD(struct cpu, mxcsr),
    STATE_ARRAY(struct cpu, msr),
    STATE_END,
};

/* Of the events those that say what the last instruction did; the others
 * follow from the rest, or ask for a look at it. */
#define EVENTS_STATE \
    (uint32_t)(CPU_EVENT_TRAP | CPU_EVENT_SHADOW | CPU_EVENT_SHADOW_SS)

static uint64_t ticks(const struct cpu *cpu)
{
    return clock_ticks(cpu->clock, cpu->tsc_hz);
}

void cpu_state_settle(struct cpu *cpu)
{
    cpu->settled = (struct cpu_settled){
        .eflags = flags_get(cpu),
        .events = cpu->events & EVENTS_STATE,
        .tsc = cpu_model_has(cpu->model, CPU_FEATURE_TSC)
                   ? ticks(cpu) + cpu->tsc_offset
                   : 0,
    };
}

/* Values that no run can lead to, and that would lead nowhere. */
static bool is_sound(const struct cpu *cpu)
{
    bool paragraphs = cpu_paragraphs(cpu);

    if (cpu->cpl > 3 || cpu->fpu.top >= FPU_REGS || cpu->mxcsr > UINT16_MAX)
        return false;
    for (unsigned n = 0; n < FPU_REGS; n++) {
        if (cpu->fpu.reg[n].se > UINT16_MAX)
            return false;
    }
    if (cpu_v86(cpu) && (cpu->cpl != 3 || !cpu_protected(cpu)))
        return false;
    if (paragraphs && !cpu_v86(cpu) && cpu->cpl != 0)
        return false;
    return !(cpu->cr0 & CR0_PG) || cpu_protected(cpu);
}

bool cpu_state_loaded(struct cpu *cpu)
{
    flags_set(cpu, cpu->settled.eflags, UINT32_MAX);
    cpu->tsc_offset = cpu->settled.tsc - ticks(cpu);
    cpu->fault = (struct fault){.pending = false};
    cpu->ext = 0;
    cpu->cur = NULL;
    cpu->from = NULL;
    if (!is_sound(cpu))
        return false;
    cpu->user = cpu->cpl == 3;
    seg_update_all(cpu);
    blocks_flush(cpu);
    mmu_flush(cpu);
    mmu_select(cpu);
    cpu->events &= CPU_EVENT_STOP;
    cpu->events |= (cpu->settled.events & EVENTS_STATE) | CPU_EVENT_RELOAD |
                   CPU_EVENT_CLOCK;
    events_refresh(cpu);
    return true;
}

uint64_t cpu_state_hash(struct cpu *cpu, uint64_t hash)
{
    cpu_state_settle(cpu);
    return state_hash(hash, cpu, cpu_state);
}
