#include "machine/machine.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "devices/apic.h"
#include "devices/ne2000.h"
#include "devices/port61.h"
#include "jit/jit.h"
#include "machine/machine_int.h"
#include "machine/replay_int.h"
#include "machine/verify_int.h"

#define RAM_STEP  KIB(64)
#define RAM_LEAST KIB(256)
#define RAM_MOST  MIB(2048)

const char *const *machine_cpu_names(void)
{
    static const char *const names[] = {
#define X(model, name, signature) name,
        CPU_MODEL_LIST(X)
#undef X
            NULL,
    };
    return names;
}

const char *const *machine_board_names(void)
{
    static const char *const names[] = {
        [MACHINE_PC] = "pc", [MACHINE_ISAPC] = "isapc", NULL};

    return names;
}

bool machine_nic_base_ok(unsigned base)
{
    return ne2000_isa_base_ok(base);
}

bool machine_nic_irq_ok(unsigned irq)
{
    return ne2000_isa_irq_ok(irq);
}

bool machine_ram_ok(size_t bytes)
{
    return bytes >= RAM_LEAST && bytes <= RAM_MOST && bytes % RAM_STEP == 0;
}

static enum status check_config(const struct machine_config *config,
                                enum cpu_model *model, char *message,
                                size_t size)
{
    if (!cpu_model_find(config->cpu, model)) {
        snprintf(message, size, "unknown CPU model '%s'", config->cpu);
        return STATUS_BAD_ARGUMENT;
    }
    if (config->board == MACHINE_PC && *model < CPU_386) {
        snprintf(message, size,
                 "a PCI board needs a 386 or later; take the board isapc for "
                 "a %s",
                 config->cpu);
        return STATUS_BAD_ARGUMENT;
    }
    if (config->board == MACHINE_ISAPC &&
        config->nic.model == MACHINE_NIC_PCI) {
        snprintf(message, size,
                 "the board isapc has no PCI bus for the network card; take "
                 "the ISA one");
        return STATUS_BAD_ARGUMENT;
    }
    if (!machine_ram_ok(config->ram_bytes)) {
        snprintf(message, size,
                 "memory of %zu bytes is not possible; choose a multiple of "
                 "64K from 256K to 2048M",
                 config->ram_bytes);
        return STATUS_BAD_ARGUMENT;
    }
    return STATUS_OK;
}

/* The parts that every board has. */
static enum status create_parts(struct machine *m)
{
    uint64_t rate =
        m->config.insns_per_sec ? m->config.insns_per_sec : MACHINE_RATE;

    size_t ram = m->config.ram_bytes;

    /* The first megabyte is there whole: shadow RAM lies at its end. */
    TRY(mem_create(&m->mem, ram < MIB(1) ? MIB(1) : ram));
    TRY(bus_create(&m->ports));
    return clock_create(&m->clock, rate);
}

/* The log's place is between the host's media and the board. */
static enum status build(struct machine *m, char *message, size_t size)
{
    assert(!m->config.recorder || !m->config.replayer);
    if (m->config.recorder)
        recorder_begin(m->config.recorder, m);
    if (m->config.replayer)
        replayer_begin(m->config.replayer, m);
    if (m->config.engine == MACHINE_VERIFY)
        TRY(verify_begin(m, message, size));
    return pc_build(m, message, size);
}

enum status machine_create(const struct machine_config *config,
                           struct machine **out, char *message, size_t size)
{
    struct machine *m = calloc(1, sizeof(*m));
    enum status status;

    *out = NULL;
    snprintf(message, size, "%s", status_text(STATUS_NO_MEMORY));
    if (!m)
        return STATUS_NO_MEMORY;
    m->config = *config;
    status = check_config(config, &m->model, message, size);
    if (status == STATUS_OK) {
        snprintf(m->cpu_name, sizeof(m->cpu_name), "%s", config->cpu);
        m->config.cpu = m->cpu_name;
        status = create_parts(m);
    }
    if (status == STATUS_OK)
        status = build(m, message, size);
    if (status != STATUS_OK) {
        machine_destroy(m);
        return status;
    }
    *out = m;
    return STATUS_OK;
}

void machine_destroy(struct machine *machine)
{
    if (!machine)
        return;
    while (machine->device_count)
        device_destroy(machine->devices[--machine->device_count]);
    cpu_destroy(machine->cpu);
    clock_destroy(machine->clock);
    bus_destroy(machine->ports);
    mem_destroy(machine->mem);
    verify_destroy(machine->verify);
    free(machine->firmware);
    free(machine->bios);
    free(machine);
}

void machine_add(struct machine *machine, struct device *dev)
{
    assert(machine->device_count < MACHINE_DEVICES_MAX);
    machine->devices[machine->device_count++] = dev;
}

/* Parts. */

void machine_pull_reset(struct machine *machine, bool all)
{
    machine->reset_cpu = true;
    machine->reset_all |= all;
    cpu_request_stop(machine->cpu);
}

static void do_reset(struct machine *m)
{
    bool all = m->reset_all;

    m->reset_cpu = m->reset_all = false;
    m->resets += all;
    for (unsigned i = 0; all && i < m->device_count; i++)
        device_reset(m->devices[i]);
    if (!all && m->apic)
        apic_init(m->apic);
    cpu_reset(m->cpu);
}

/* Lets virtual time pass to the next event or the limit, CPU asleep. */
static void skip_halted(struct machine *m)
{
    uint64_t now = clock_now_ns(m->clock), next = clock_next_ns(m->clock);

    if (next > m->clock->limit_ns)
        next = m->clock->limit_ns;
    if (next > now) {
        m->skipped_ns += next - now;
        clock_skip_to(m->clock, next);
    }
    clock_fire(m->clock);
}

enum machine_stop machine_advance(struct machine *machine, uint64_t until_ns,
                                  uint64_t until_insns)
{
    struct machine *m = machine;

    clock_set_limit(m->clock, until_ns);
    clock_set_insn_limit(m->clock, until_insns);
    while (!m->power_off && !m->exit_written) {
        if (clock_now_ns(m->clock) >= until_ns ||
            m->clock->insns >= until_insns) {
            port61_flush_audio(m->port61);
            return MACHINE_TIME_UP;
        }
        if (m->reset_cpu)
            do_reset(m);
        switch (cpu_run(m->cpu)) {
        case CPU_STOP_COUNT: clock_fire(m->clock); break;
        case CPU_STOP_HALT: skip_halted(m); break;
        case CPU_STOP_SHUTDOWN: machine_pull_reset(m, false); break;
        case CPU_STOP_REQUEST: break;
        case CPU_STOP_DEBUG: return MACHINE_DEBUG;
        }
    }
    return m->exit_written ? MACHINE_EXIT_PORT : MACHINE_POWERED_OFF;
}

enum machine_stop machine_run(struct machine *machine, uint64_t until_ns)
{
    if (machine->config.replayer)
        return replayer_run(machine->config.replayer, until_ns);
    if (machine->config.recorder)
        return recorder_run(machine->config.recorder, until_ns);
    if (machine->verify)
        return verify_run(machine->verify, until_ns);
    return machine_advance(machine, until_ns, UINT64_MAX);
}

uint64_t machine_now_ns(const struct machine *machine)
{
    return clock_now_ns(machine->clock);
}

uint64_t machine_insns(const struct machine *machine)
{
    return machine->clock->insns;
}

int machine_exit_code(const struct machine *machine)
{
    return machine->exit_value << 1 | 1;
}

uint64_t machine_halted_ns(const struct machine *machine)
{
    return machine->skipped_ns;
}

unsigned machine_idle_permille(struct machine *machine)
{
    uint64_t now = clock_now_ns(machine->clock);
    uint64_t span = now - machine->idle_from_ns;
    uint64_t idle = machine->skipped_ns - machine->idle_skipped_ns;

    machine->idle_from_ns = now;
    machine->idle_skipped_ns = machine->skipped_ns;
    return span ? (unsigned)(idle / ((span + 999) / 1000)) : 0;
}

/* What is under way on the board itself. */
static const struct state_field machine_state[] = {
    STATE_FIELD(struct machine, reset_cpu),
    STATE_FIELD(struct machine, reset_all),
    STATE_FIELD(struct machine, power_off),
    STATE_FIELD(struct machine, exit_written),
    STATE_FIELD(struct machine, exit_value),
    STATE_FIELD(struct machine, serial_irq[0].levels),
    STATE_FIELD(struct machine, serial_irq[1].levels),
    STATE_END,
};

uint64_t machine_state_hash(struct machine *machine)
{
    const struct mem *mem = machine->mem;
    uint64_t hash = clock_state_hash(machine->clock, STATE_HASH_INIT);

    hash = state_hash(hash, machine, machine_state);
    hash = state_hash_bytes(hash, &mem->a20_mask, sizeof(mem->a20_mask));
    hash = cpu_state_hash(machine->cpu, hash);
    for (unsigned i = 0; i < machine->device_count; i++) {
        const struct device *dev = machine->devices[i];

        hash = state_hash(hash, dev, dev->class->state);
    }
    return state_hash_bulk(hash, mem->ram, mem->ram_bytes);
}

void machine_get_stats(const struct machine *machine,
                       struct machine_stats *stats)
{
    struct cpu_stats cpu;

    cpu_get_stats(machine->cpu, &cpu);
    *stats = (struct machine_stats){
        .insns = machine->clock->insns,
        .blocks_decoded = cpu.blocks_decoded,
        .blocks_run = cpu.blocks_run,
        .invalidations = cpu.invalidations,
        .exceptions = cpu.exceptions,
        .interrupts = cpu.interrupts,
        .resets = machine->resets,
    };
}

bool machine_get_jit_stats(const struct machine *machine,
                           struct jit_stats *stats)
{
    return jit_get_stats(machine->cpu, stats);
}
