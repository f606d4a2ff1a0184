#include "cpu/cpu.h"

#include <assert.h>
#include <stdlib.h>

#include "cpu/debug_int.h"
#include "cpu/engine.h"
#include "cpu/interp.h"
#include "cpu/mmu.h"
#include "cpu/simd.h"
#include "cpu/sys.h"

#define TSC_HZ 100000000u

static void watch_stored(void *self, paddr addr, unsigned size,
                         const uint8_t *old)
{
    struct cpu *cpu = self;
    uint32_t flags = cpu->mem->pages[addr >> MEM_PAGE_BITS].flags;

    if (flags & MEM_PAGE_CODE)
        blocks_stored(cpu, addr, size, old);
    if (flags & MEM_PAGE_TABLE)
        mmu_stored(cpu, addr, size, old);
    if (flags & MEM_PAGE_WATCH)
        debug_stored(cpu, addr, size, old);
}

static void watch_remapped(void *self, uint32_t first_page, uint32_t pages)
{
    struct cpu *cpu = self;

    blocks_remapped(cpu, first_page, pages);
    mmu_remapped(cpu, first_page, pages);
    debug_remapped(cpu);
}

enum status cpu_create(const struct cpu_config *config, struct cpu **out)
{
    struct cpu *cpu = calloc(1, sizeof(*cpu));
    enum status status;

    *out = NULL;
    if (!cpu)
        return STATUS_NO_MEMORY;
    cpu->model = config->model;
    cpu->fpu.present = config->fpu;
    cpu->tsc_hz = config->tsc_hz ? config->tsc_hz : TSC_HZ;
    cpu->mem = config->mem;
    cpu->ports = config->ports;
    cpu->clock = config->clock;
    cpu->ack = config->ack;
    cpu->apic = config->apic;
    cpu->ferr = config->ferr;
    cpu->log = config->log;
    status = mmu_create(cpu);
    if (status == STATUS_OK)
        status = blocks_create(cpu);
    if (status == STATUS_OK)
        status = interp_create(cpu);
    if (status == STATUS_OK)
        status = debug_create(cpu);
    if (status != STATUS_OK) {
        cpu_destroy(cpu);
        return status;
    }
    mmu_select(cpu);
    cpu_reset(cpu);
    mem_set_watcher(cpu->mem, &(struct mem_watcher){.stored = watch_stored,
                                                    .remapped = watch_remapped,
                                                    .self = cpu});
    *out = cpu;
    return STATUS_OK;
}

void cpu_destroy(struct cpu *cpu)
{
    if (!cpu)
        return;
    if (cpu->mem->watcher.self == cpu)
        mem_set_watcher(cpu->mem, &(struct mem_watcher){0});
    debug_destroy(cpu);
    if (cpu->engine.destroy)
        cpu->engine.destroy(cpu->engine.self);
    interp_destroy(cpu);
    blocks_destroy(cpu);
    mmu_destroy(cpu);
    free(cpu);
}

void cpu_plug_engine(struct cpu *cpu, const struct engine *engine)
{
    assert(!cpu->engine.first && engine->first);
    cpu->engine = *engine;
}

void cpu_reset(struct cpu *cpu)
{
    cpu->cur = NULL;
    cpu->from = NULL;
    sys_reset(cpu);
}

bool cpu_fault(struct cpu *cpu, unsigned vector, uint32_t error)
{
    const uint32_t with_error =
        1u << VECTOR_DF | 1u << VECTOR_TS | 1u << VECTOR_NP | 1u << VECTOR_SS |
        1u << VECTOR_GP | 1u << VECTOR_PF | 1u << VECTOR_AC;

    cpu->fault = (struct fault){.error = error,
                                .vector = (uint8_t)vector,
                                .has_error = with_error >> vector & 1,
                                .pending = true};
    return false;
}

void cpu_sync(struct cpu *cpu)
{
    uint64_t insns = cpu->block_insns + (cpu->cur ? cpu->cur->index : 0);

    clock_sync(cpu->clock, insns);
}

/* Between instructions: faults, traps, interrupts, and reasons to stop. True:
 * cpu_run() returns *stop. Every delivery counts as one instruction, so that
 * time goes on whatever a guest's handlers do. */
static bool attend(struct cpu *cpu, enum cpu_stop *stop)
{
    for (;;) {
        cpu->cur = NULL;
        cpu_sync(cpu);
        if (cpu->fault.pending) {
            if (cpu->debugging)
                debug_forget_hits(cpu);
            fault_deliver(cpu);
            cpu->block_insns++;
            continue;
        }
        if (cpu->shutdown) {
            *stop = CPU_STOP_SHUTDOWN;
            return true;
        }
        if (cpu->events & CPU_EVENT_STOP) {
            cpu->events &= ~(uint32_t)CPU_EVENT_STOP;
            *stop = CPU_STOP_REQUEST;
            return true;
        }
        if (cpu->block_insns >= cpu->clock->stop_insns) {
            *stop = CPU_STOP_COUNT;
            return true;
        }
        if (cpu->debugging && debug_stops(cpu)) {
            *stop = CPU_STOP_DEBUG;
            return true;
        }
        cpu->events &= ~(uint32_t)(CPU_EVENT_CLOCK | CPU_EVENT_RELOAD);
        if ((cpu->events & CPU_EVENTS_TAKEN) && events_take(cpu)) {
            cpu->block_insns++;
            continue;
        }
        *stop = CPU_STOP_HALT;
        return cpu->halted;
    }
}

/* What the block at EIP may rely on, and how many instructions may run. */
static void prepare(struct cpu *cpu)
{
    uint64_t left = cpu->clock->stop_insns - cpu->block_insns;

    cpu->mode = blocks_mode(cpu);
    cpu->stack_mask = cpu_stack32(cpu) ? UINT32_MAX : UINT16_MAX;
    cpu->insn_eip = cpu->eip;
    if (left > BLOCK_FAR)
        left = BLOCK_FAR;
    cpu->limit = cpu->block_insns + left;
}

/* Whether CPU_EVENT_STEP is there because of RF alone, as it is behind every
 * handler of a fault. */
static bool is_resumption(const struct cpu *cpu)
{
    return !(cpu->eflags & FLAG_TF) && !cpu->stepping && !(cpu->dr[7] & 0xff) &&
           (~cpu->eflags & (FLAG_VIF | FLAG_VIP));
}

/* Whether events_take() would do no more than to end a shadow and to spend RF.
 */
static bool is_calm(const struct cpu *cpu)
{
    const uint32_t quiet = CPU_EVENT_CLOCK | CPU_EVENT_RELOAD |
                           CPU_EVENT_SHADOW | CPU_EVENT_SHADOW_SS |
                           CPU_EVENT_STEP;

    if (cpu->events & ~quiet)
        return false;
    if ((cpu->events & CPU_EVENT_STEP) && !is_resumption(cpu))
        return false;
    return !(cpu->events & (CPU_EVENT_SHADOW | CPU_EVENT_SHADOW_SS)) ||
           (!cpu->intr_level && !cpu->nmi_pending);
}

bool cpu_go_on(struct cpu *cpu, unsigned least)
{
    if (cpu->debugging || cpu->halted || cpu->shutdown)
        return false;
    cpu->cur = NULL;
    cpu->from = NULL; /* whatever comes next does not follow from it */
    if (cpu->fault.pending) {
        fault_deliver(cpu);
        cpu->block_insns++;
    }
    if (!is_calm(cpu) || cpu->shutdown ||
        cpu->block_insns + least > cpu->clock->stop_insns)
        return false;
    if (cpu->events & CPU_EVENT_STEP)
        cpu->eflags &= ~FLAG_RF;
    cpu->events = 0;
    prepare(cpu);
    return true;
}

static const struct block *find_step(struct cpu *cpu)
{
    cpu->limit = cpu->block_insns + 1;
    return blocks_find(cpu, cpu->mode | BLOCK_STEP);
}

/* The block at EIP, or just its first instruction. */
static const struct block *next_block(struct cpu *cpu)
{
    prepare(cpu);
    if ((cpu->events & CPU_EVENTS_TAKEN) ||
        (cpu->debugging && debug_is_slow(cpu)))
        return find_step(cpu);
    return blocks_find(cpu, cpu->mode);
}

static insn_fn *own_handler(struct cpu *cpu, const struct insn *insn)
{
    return insn->fn == cpu->engine.first
               ? blocks_tier(cpu, block_of(insn))->first
               : insn->fn;
}

/* As many instructions of a block as may run, which is not all. Quick handlers
 * go on by themselves, and may leave out flags that later ones overwrite. */
static const struct insn *run_part(struct cpu *cpu, const struct insn *insn)
{
    while (cpu->block_insns + insn->index < cpu->limit) {
        insn_fn *fn = own_handler(cpu, insn);
        const struct insn *next =
            interp_is_special(fn) ? fn(cpu, insn) : interp_step(cpu, insn);

        if (next != insn + 1)
            return next;
        insn = next;
    }
    cpu->eip = block_insn_eip(insn);
    cpu->block_insns += insn->index;
    return NULL;
}

static void run_blocks(struct cpu *cpu)
{
    const struct block *block = next_block(cpu);
    const struct insn *insn;

    if (!block)
        return;
    if (cpu->from)
        blocks_link(cpu, cpu->from, block);
    else if (cpu->arrival == CPU_BY_JUMP)
        cpu->arrival = CPU_BY_RETURN;
    cpu->from = NULL;
    cpu->stats.blocks_run++;
    insn = block->insn;
    if (cpu->block_insns + block->count > cpu->limit)
        insn = run_part(cpu, insn);
    while (insn)
        insn = insn->fn(cpu, insn);
}

enum cpu_stop cpu_run(struct cpu *cpu)
{
    enum cpu_stop stop;

    cpu->block_insns = cpu->clock->insns;
    cpu->from = NULL;
    cpu->arrival = CPU_BY_CLOCK;
    while (!attend(cpu, &stop))
        run_blocks(cpu);
    return stop;
}

void cpu_set_intr(struct cpu *cpu, bool level)
{
    cpu->intr_level = level;
    events_refresh(cpu);
}

void cpu_raise_nmi(struct cpu *cpu)
{
    cpu->nmi_pending = true;
    events_refresh(cpu);
}

void cpu_request_stop(struct cpu *cpu)
{
    cpu->events |= CPU_EVENT_STOP;
}

bool cpu_is_halted(const struct cpu *cpu)
{
    return cpu->halted;
}

void cpu_get_stats(const struct cpu *cpu, struct cpu_stats *stats)
{
    *stats = cpu->stats;
}
