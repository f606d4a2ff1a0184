#include "tests/cpu/bare.h"

#include "tests/cpu/engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROM_BYTES     0x10000u
#define ROM_TOP       0xffff0000u
#define ROM_TOP_286   0xff0000u /* below 16 MiB */
#define ROM_LOW       0xf0000u
#define TEXT_PORT     0xe9
#define EXIT_PORT     0xf4
#define INSNS_PER_SEC 1000000000u /* one a nanosecond */

static void write_text(void *dev, paddr offset, uint32_t value, unsigned size)
{
    struct bare *bare = dev;

    (void)offset;
    (void)size;
    if (bare->text_bytes < BARE_TEXT_BYTES - 1)
        bare->text[bare->text_bytes++] = (char)value;
}

static void write_exit(void *dev, paddr offset, uint32_t value, unsigned size)
{
    struct bare *bare = dev;

    (void)offset;
    (void)size;
    bare->status = (uint8_t)value;
    bare->exited = true;
    cpu_request_stop(bare->cpu);
}

static const struct bus_ops text_ops = {NULL, write_text, 1};
static const struct bus_ops exit_ops = {NULL, write_exit, 1};

static uint8_t acknowledge(void *source)
{
    struct bare *bare = source;

    bare->acks++;
    cpu_set_intr(bare->cpu, false);
    return bare->vector;
}

static enum status wire(struct bare *bare, enum cpu_model model,
                        size_t ram_bytes)
{
    struct cpu_config config = {.model = model, .ack = {acknowledge, bare}};

    TRY(mem_create(&bare->mem, ram_bytes));
    mem_map_host(bare->mem, 0, ram_bytes, bare->mem->ram);
    TRY(bus_create(&bare->ports));
    TRY(bus_map(bare->ports, TEXT_PORT, 1, &text_ops, bare));
    TRY(bus_map(bare->ports, EXIT_PORT, 1, &exit_ops, bare));
    TRY(clock_create(&bare->clock, INSNS_PER_SEC));
    config.mem = bare->mem;
    config.ports = bare->ports;
    config.clock = bare->clock;
    config.tsc_hz = INSNS_PER_SEC;
    TRY(cpu_create(&config, &bare->cpu));
    return engine_plug(bare->cpu);
}

enum status bare_create(struct bare **out, enum cpu_model model,
                        size_t ram_bytes)
{
    struct bare *bare = calloc(1, sizeof(*bare));
    enum status status;

    if (!bare)
        return STATUS_NO_MEMORY;
    status = wire(bare, model, ram_bytes);
    if (status != STATUS_OK) {
        bare_destroy(bare);
        return status;
    }
    *out = bare;
    return STATUS_OK;
}

void bare_destroy(struct bare *bare)
{
    if (!bare)
        return;
    cpu_destroy(bare->cpu);
    clock_destroy(bare->clock);
    bus_destroy(bare->ports);
    mem_destroy(bare->mem);
    free(bare->rom);
    free(bare);
}

enum status bare_load_rom(struct bare *bare, const char *path)
{
    FILE *file = fopen(path, "rb");
    size_t bytes;

    if (!file)
        return STATUS_NOT_FOUND;
    if (!bare->rom)
        bare->rom = malloc(ROM_BYTES);
    bytes = bare->rom ? fread(bare->rom, 1, ROM_BYTES, file) : 0;
    fclose(file);
    if (!bare->rom)
        return STATUS_NO_MEMORY;
    if (bytes != ROM_BYTES)
        return STATUS_BAD_FORMAT;
    mem_map_rom(bare->mem, ROM_TOP, ROM_BYTES, bare->rom, NULL);
    mem_map_rom(bare->mem, ROM_TOP_286, ROM_BYTES, bare->rom, NULL);
    mem_map_rom(bare->mem, ROM_LOW, ROM_BYTES, bare->rom, NULL);
    return STATUS_OK;
}

enum bare_end bare_run(struct bare *bare, uint64_t insns)
{
    clock_set_limit(bare->clock, clock_now_ns(bare->clock) + insns);
    while (!bare->exited) {
        switch (cpu_run(bare->cpu)) {
        case CPU_STOP_SHUTDOWN: return BARE_SHUTDOWN;
        case CPU_STOP_HALT: return BARE_HALTED;
        case CPU_STOP_COUNT: return BARE_LIMIT;
        case CPU_STOP_REQUEST: break;
        case CPU_STOP_DEBUG: return BARE_DEBUG;
        }
    }
    return BARE_EXITED;
}
