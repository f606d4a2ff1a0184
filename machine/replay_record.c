#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "bios/bios.h"
#include "machine/firmware.h"
#include "machine/replay_int.h"

struct recorder {
    struct replay_writer *writer; /* owned */
    struct machine *machine;      /* borrowed; NULL: not begun */
    struct replay_media media;
    uint64_t check_every; /* instructions */
    uint64_t check_insns; /* count of the next check */
    uint64_t flushed_ns;
    bool ended;
};

static bool is_open(const struct recorder *r)
{
    return r->machine && !r->ended &&
           replay_writer_status(r->writer) == STATUS_OK;
}

void recorder_put(struct recorder *recorder, struct replay_record *record)
{
    const struct clock *clock = recorder->machine->clock;

    if (!is_open(recorder))
        return;
    record->insns = clock->insns;
    record->ns = clock_now_ns(clock);
    replay_writer_put(recorder->writer, record);
}

static void put(struct recorder *r, enum replay_kind kind, uint64_t a,
                uint64_t b, uint64_t c)
{
    struct replay_record record = {.kind = kind, .number = {a, b, c}};

    recorder_put(r, &record);
}

static void put_bytes(struct recorder *r, enum replay_kind kind,
                      const void *bytes, size_t size)
{
    struct replay_record record = {.kind = kind, .bytes = bytes, .size = size};

    recorder_put(r, &record);
}

static void flush(struct recorder *r)
{
    r->flushed_ns = clock_now_ns(r->machine->clock);
    replay_writer_flush(r->writer);
}

/* Media. */

static bool forestall(void *self, unsigned place, uint64_t call,
                      enum status *status)
{
    (void)self;
    (void)place;
    (void)call;
    (void)status;
    return false;
}

static void note_failure(void *self, unsigned place, uint64_t call,
                         enum status status)
{
    if (status != STATUS_OK)
        put(self, REPLAY_FAILURE, place, call, replay_from_status(status));
}

static void fill_medium(struct replay_record *record, unsigned place,
                        const struct replay_medium *medium, bool is_cd)
{
    record->number[0] = place;
    record->number[1] =
        (medium->present ? REPLAY_HAS_MEDIUM : 0) | (is_cd ? REPLAY_IS_CD : 0);
    record->number[2] = medium->size_bytes;
    record->number[3] = medium->hash;
    record->number[4] = medium->read_only;
    record->bytes = (const uint8_t *)medium->name;
    record->size = strlen(medium->name);
}

static void put_drive(struct recorder *r, unsigned place,
                      struct host_block *block, bool is_cd)
{
    struct replay_record record = {.kind = REPLAY_SET_DRIVE};
    struct replay_medium medium;

    replay_medium_look(block, &medium);
    fill_medium(&record, place, &medium, is_cd);
    recorder_put(r, &record);
}

struct host_block *recorder_insert(struct recorder *recorder, unsigned place,
                                   struct host_block *block,
                                   struct replay_record *record)
{
    struct replay_medium medium;

    if (!is_open(recorder))
        return block;
    replay_medium_look(block, &medium);
    fill_medium(record, place, &medium, place >= MACHINE_FLOPPIES);
    /* The name stays with the block, which outlives the record. */
    record->bytes = (const uint8_t *)(block && block->name ? block->name : "");
    return replay_media_wrap(&recorder->media, place, block);
}

/* The configuration. */

static void put_firmware(struct recorder *r,
                         const struct machine_config *config)
{
    struct replay_record record = {.kind = REPLAY_SET_FIRMWARE};

    record.number[1] = !config->bios || config->own_bios;
    record.bytes = config->bios;
    record.size = config->bios_bytes;
    if (!config->bios)
        record.bytes = bios_system_image(&record.size);
    if (record.size > FIRMWARE_BIOS_MAX)
        record.size = 0; /* the board will refuse it */
    recorder_put(r, &record);
    record.number[0] = 1;
    record.number[1] = !config->vgabios || config->own_vgabios;
    record.bytes = config->vgabios;
    record.size = config->vgabios_bytes;
    if (!config->vgabios)
        record.bytes = bios_vga_image(&record.size);
    if (record.size > FIRMWARE_VGA_MAX)
        record.size = 0;
    recorder_put(r, &record);
}

static void put_nic(struct recorder *r, const struct machine_nic *nic)
{
    struct replay_record record = {
        .kind = REPLAY_SET_NIC,
        .number = {nic->model == MACHINE_NIC_PCI ? 2 : 1, nic->base, nic->irq},
        .bytes = nic->address,
        .size = sizeof(nic->address),
    };

    recorder_put(r, &record);
}

static void put_file(struct recorder *r, enum replay_kind kind,
                     const struct machine_module *file)
{
    struct replay_record record = {
        .kind = kind,
        .number = {file->size,
                   state_hash_bulk(STATE_HASH_INIT, file->bytes, file->size)},
        .bytes = (const uint8_t *)file->options,
        .size = file->options ? strlen(file->options) : 0,
    };
    size_t most = replay_bytes_most(kind);

    if (record.size > most)
        record.size = most;
    recorder_put(r, &record);
}

static void put_kernel(struct recorder *r, const struct machine_kernel *kernel)
{
    const struct machine_module image = {kernel->bytes, kernel->size,
                                         kernel->name};
    size_t most = replay_bytes_most(REPLAY_SET_APPEND);
    size_t size = kernel->options ? strlen(kernel->options) : 0;

    put_file(r, REPLAY_SET_KERNEL, &image);
    if (kernel->options)
        put_bytes(r, REPLAY_SET_APPEND, kernel->options,
                  size < most ? size : most);
    for (unsigned i = 0; i < kernel->module_count; i++)
        put_file(r, REPLAY_SET_MODULE, &kernel->modules[i]);
}

static void put_config(struct recorder *r, const struct machine_config *config)
{
    const char *board = machine_board_names()[config->board];
    unsigned serial = 0;

    put_bytes(r, REPLAY_SET_BOARD, board, strlen(board));
    put_bytes(r, REPLAY_SET_CPU, config->cpu, strlen(config->cpu));
    put(r, REPLAY_SET_RAM, config->ram_bytes, 0, 0);
    put(r, REPLAY_SET_RATE,
        config->insns_per_sec ? config->insns_per_sec : MACHINE_RATE, 0, 0);
    put(r, REPLAY_SET_TIME, replay_from_signed(config->start_time_sec), 0, 0);
    put_bytes(r, REPLAY_SET_BOOT, config->boot_order,
              strlen(config->boot_order));
    for (unsigned i = 0; i < MACHINE_SERIALS; i++)
        serial |= (unsigned)(config->serial[i] != NULL) << i;
    put(r, REPLAY_SET_PORTS, serial, config->parallel != NULL,
        config->exit_port);
    put_firmware(r, config);
    for (unsigned i = 0; i < MACHINE_FLOPPIES; i++)
        put_drive(r, i, config->floppy[i], false);
    for (unsigned i = 0; i < MACHINE_DISKS; i++)
        put_drive(r, MACHINE_FLOPPIES + i, config->disk[i], config->cd[i]);
    if (config->nic.model != MACHINE_NIC_NONE)
        put_nic(r, &config->nic);
    if (config->kernel)
        put_kernel(r, config->kernel);
    put(r, REPLAY_SET_DONE, 0, 0, 0);
}

void recorder_begin(struct recorder *recorder, struct machine *machine)
{
    assert(!recorder->machine);
    recorder->machine = machine;
    put_config(recorder, &machine->config);
    flush(recorder);
    replay_media_wrap_all(&recorder->media, &machine->config);
}

/* The run. */

static void check(struct recorder *r)
{
    put(r, REPLAY_CHECK, machine_state_hash(r->machine), 0, 0);
    flush(r);
    r->check_insns += r->check_every;
}

enum machine_stop recorder_run(struct recorder *recorder, uint64_t until_ns)
{
    struct recorder *r = recorder;
    struct machine *m = r->machine;
    enum machine_stop stop;

    if (!is_open(r))
        return machine_advance(m, until_ns, UINT64_MAX);
    do {
        stop = machine_advance(m, until_ns, r->check_insns);
        if (m->clock->insns >= r->check_insns)
            check(r);
    } while (stop == MACHINE_TIME_UP && clock_now_ns(m->clock) < until_ns);
    if (clock_now_ns(m->clock) - r->flushed_ns >= NS_PER_SEC) {
        put(r, REPLAY_MARK, 0, 0, 0);
        flush(r);
    }
    return stop;
}

void recorder_end(struct recorder *recorder)
{
    if (!is_open(recorder))
        return;
    put(recorder, REPLAY_END, machine_state_hash(recorder->machine), 0, 0);
    flush(recorder);
    recorder->ended = true;
}

enum status recorder_status(const struct recorder *recorder)
{
    return replay_writer_status(recorder->writer);
}

void recorder_check_every(struct recorder *recorder, uint64_t insns)
{
    recorder->check_every = recorder->check_insns = insns;
}

enum status recorder_create(struct replay_out *out, struct recorder **recorder)
{
    struct recorder *r = calloc(1, sizeof(*r));
    enum status status;

    *recorder = NULL;
    if (!r)
        return STATUS_NO_MEMORY;
    recorder_check_every(r, REPLAY_CHECK_INSNS);
    r->media.forestall = forestall;
    r->media.done = note_failure;
    r->media.self = r;
    status = replay_writer_create(out, &r->writer);
    if (status == STATUS_OK)
        *recorder = r;
    else
        free(r);
    return status;
}

void recorder_destroy(struct recorder *recorder)
{
    if (!recorder)
        return;
    replay_writer_destroy(recorder->writer);
    free(recorder);
}
