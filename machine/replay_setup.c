#include "machine/replay_setup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine/replay_int.h"

#define FIRMWARES 2 /* BIOS, VGA BIOS */

struct replay_setup {
    uint32_t seen; /* a bit a record's number */
    enum machine_board board;
    char cpu[16];
    size_t ram_bytes;
    uint64_t rate;
    int64_t start_time_sec;
    char boot_order[5];
    unsigned serial; /* a bit a port */
    bool parallel, exit_port;
    struct firmware {
        bool own;
        uint8_t *bytes; /* owned */
        size_t size;
    } firmware[FIRMWARES];
    struct machine_nic nic;
    struct host_char nowhere; /* in ports that had something plugged */
    bool has_kernel;
    struct machine_kernel kernel; /* texts owned; bytes borrowed */
    uint64_t kernel_hash, module_hash[MACHINE_MODULES];
    bool cd[REPLAY_PLACES];
    unsigned drives; /* a bit a place that was described */
    struct replay_medium media[REPLAY_PLACES];
};

struct replay_setup *replay_setup_create(void)
{
    return calloc(1, sizeof(struct replay_setup));
}

static void free_text(const char *text)
{
    free((char *)(uintptr_t)text);
}

void replay_setup_destroy(struct replay_setup *setup)
{
    if (!setup)
        return;
    for (unsigned i = 0; i < FIRMWARES; i++)
        free(setup->firmware[i].bytes);
    free_text(setup->kernel.name);
    free_text(setup->kernel.options);
    for (unsigned i = 0; i < setup->kernel.module_count; i++)
        free_text(setup->kernel.modules[i].options);
    free(setup);
}

static void take_text(char *to, size_t room, const struct replay_record *record)
{
    size_t size = record->size < room - 1 ? record->size : room - 1;

    if (size)
        memcpy(to, record->bytes, size);
    to[size] = '\0';
}

/* A copy of its own in *to; there was none yet. */
static bool keep_text(const char **to, const struct replay_record *record)
{
    char *text = *to ? NULL : malloc(record->size + 1);

    if (!text)
        return false;
    take_text(text, record->size + 1, record);
    *to = text;
    return true;
}

static bool take_board(struct replay_setup *setup,
                       const struct replay_record *record)
{
    const char *const *names = machine_board_names();
    char name[32];

    take_text(name, sizeof(name), record);
    for (unsigned i = 0; names[i]; i++) {
        if (strcmp(names[i], name) != 0)
            continue;
        setup->board = (enum machine_board)i;
        return true;
    }
    return false;
}

static bool take_cpu(struct replay_setup *setup,
                     const struct replay_record *record)
{
    enum cpu_model model;

    take_text(setup->cpu, sizeof(setup->cpu), record);
    return cpu_model_find(setup->cpu, &model);
}

static bool take_firmware(struct replay_setup *setup,
                          const struct replay_record *record)
{
    struct firmware *firmware;

    if (record->number[0] >= FIRMWARES || !record->size)
        return false;
    firmware = &setup->firmware[record->number[0]];
    if (firmware->bytes)
        return false;
    firmware->bytes = malloc(record->size);
    if (!firmware->bytes)
        return false;
    memcpy(firmware->bytes, record->bytes, record->size);
    firmware->size = record->size;
    firmware->own = record->number[1] != 0;
    return true;
}

bool replay_setup_take_medium(struct replay_setup *setup,
                              const struct replay_record *record)
{
    struct replay_medium *medium;

    if (record->number[0] >= REPLAY_PLACES)
        return false;
    medium = &setup->media[record->number[0]];
    medium->present = record->number[1] & REPLAY_HAS_MEDIUM;
    medium->size_bytes = record->number[2];
    medium->hash = record->number[3];
    medium->read_only = record->number[4] != 0;
    take_text(medium->name, sizeof(medium->name), record);
    return true;
}

static bool take_drive(struct replay_setup *setup,
                       const struct replay_record *record)
{
    if (!replay_setup_take_medium(setup, record))
        return false;
    setup->cd[record->number[0]] = record->number[1] & REPLAY_IS_CD;
    setup->drives |= 1u << record->number[0];
    return true;
}

static bool take_nic(struct replay_setup *setup,
                     const struct replay_record *record)
{
    struct machine_nic *nic = &setup->nic;

    if (record->size != sizeof(nic->address) || !record->number[0] ||
        record->number[0] > 2 || record->number[1] > UINT16_MAX ||
        record->number[2] > UINT16_MAX)
        return false;
    nic->model = record->number[0] == 2 ? MACHINE_NIC_PCI : MACHINE_NIC_ISA;
    nic->base = (unsigned)record->number[1];
    nic->irq = (unsigned)record->number[2];
    memcpy(nic->address, record->bytes, sizeof(nic->address));
    return (!nic->base || machine_nic_base_ok(nic->base)) &&
           (!nic->irq || machine_nic_irq_ok(nic->irq));
}

static bool take_kernel(struct replay_setup *setup,
                        const struct replay_record *record)
{
    setup->has_kernel = true;
    setup->kernel.size = (size_t)record->number[0];
    setup->kernel_hash = record->number[1];
    return keep_text(&setup->kernel.name, record);
}

static bool take_module(struct replay_setup *setup,
                        const struct replay_record *record)
{
    unsigned n = setup->kernel.module_count;

    if (!setup->has_kernel || n == MACHINE_MODULES)
        return false;
    setup->kernel.module_count++;
    setup->kernel.modules[n].size = (size_t)record->number[0];
    setup->module_hash[n] = record->number[1];
    return keep_text(&setup->kernel.modules[n].options, record);
}

static bool take_ports(struct replay_setup *setup,
                       const struct replay_record *record)
{
    setup->serial = (unsigned)(record->number[0] & 0xf);
    setup->parallel = record->number[1] != 0;
    setup->exit_port = record->number[2] != 0;
    return record->number[0] <= 0xf;
}

static bool take(struct replay_setup *setup, const struct replay_record *record)
{
    uint64_t number = record->number[0];

    switch (record->kind) {
    case REPLAY_SET_BOARD: return take_board(setup, record);
    case REPLAY_SET_CPU: return take_cpu(setup, record);
    case REPLAY_SET_RAM:
        setup->ram_bytes = (size_t)number;
        return number <= SIZE_MAX && machine_ram_ok((size_t)number);
    case REPLAY_SET_RATE:
        setup->rate = number;
        return number >= CLOCK_RATE_MIN && number <= CLOCK_RATE_MAX;
    case REPLAY_SET_TIME:
        setup->start_time_sec = replay_to_signed(number);
        return true;
    case REPLAY_SET_BOOT:
        take_text(setup->boot_order, sizeof(setup->boot_order), record);
        return true;
    case REPLAY_SET_PORTS: return take_ports(setup, record);
    case REPLAY_SET_FIRMWARE: return take_firmware(setup, record);
    case REPLAY_SET_DRIVE: return take_drive(setup, record);
    case REPLAY_SET_NIC: return take_nic(setup, record);
    case REPLAY_SET_KERNEL: return take_kernel(setup, record);
    case REPLAY_SET_APPEND: return keep_text(&setup->kernel.options, record);
    case REPLAY_SET_MODULE: return take_module(setup, record);
    default: return false; /* an input before the machine is there */
    }
}

static bool is_whole(const struct replay_setup *setup)
{
    uint32_t all = 0;

    for (unsigned i = REPLAY_SET_BOARD; i <= REPLAY_SET_DRIVE; i++)
        all |= 1u << i;
    return (setup->seen & all) == all && setup->firmware[0].bytes &&
           setup->firmware[1].bytes &&
           setup->drives == (1u << REPLAY_PLACES) - 1;
}

enum status replay_setup_take(struct replay_setup *setup,
                              const struct replay_record *record, char *message,
                              size_t size)
{
    if (record->kind == REPLAY_SET_DONE) {
        snprintf(message, size,
                 "the recording does not describe the machine whole; it is "
                 "damaged");
        return is_whole(setup) ? STATUS_OK : STATUS_BAD_FORMAT;
    }
    snprintf(message, size,
             "the recording is of a machine that this program cannot make "
             "(record of kind %u); replay it with the program that recorded "
             "it",
             (unsigned)record->kind);
    if (!take(setup, record))
        return STATUS_BAD_FORMAT;
    setup->seen |= 1u << record->kind;
    return STATUS_OK;
}

struct replay_medium *replay_setup_medium(struct replay_setup *setup,
                                          unsigned place)
{
    return place < REPLAY_PLACES ? &setup->media[place] : NULL;
}

const struct machine_kernel *replay_setup_kernel(
    const struct replay_setup *setup)
{
    return setup->has_kernel ? &setup->kernel : NULL;
}

static bool is_file(const uint8_t *bytes, size_t size, size_t want_size,
                    uint64_t want_hash)
{
    return size == want_size &&
           state_hash_bulk(STATE_HASH_INIT, bytes, size) == want_hash;
}

bool replay_setup_take_kernel(struct replay_setup *setup,
                              const struct machine_kernel *kernel,
                              char *message, size_t size)
{
    struct machine_kernel *want = &setup->kernel;

    snprintf(message, size,
             "-kernel: the file is not the one that was recorded with");
    if (!is_file(kernel->bytes, kernel->size, want->size, setup->kernel_hash))
        return false;
    snprintf(message, size,
             "-initrd: there were %u files when it was recorded, not %u",
             want->module_count, kernel->module_count);
    if (kernel->module_count != want->module_count)
        return false;
    want->bytes = kernel->bytes;
    for (unsigned i = 0; i < want->module_count; i++) {
        snprintf(message, size,
                 "-initrd: file %u is not the one that was recorded with",
                 i + 1);
        if (!is_file(kernel->modules[i].bytes, kernel->modules[i].size,
                     want->modules[i].size, setup->module_hash[i]))
            return false;
        want->modules[i].bytes = kernel->modules[i].bytes;
    }
    return true;
}

static void put_nowhere(struct host_char *self, uint8_t byte)
{
    (void)self;
    (void)byte;
}

void replay_setup_configure(struct replay_setup *setup,
                            struct machine_config *config)
{
    const struct firmware *firmware = setup->firmware;

    setup->nowhere.put = put_nowhere;
    config->board = setup->board;
    config->cpu = setup->cpu;
    config->ram_bytes = setup->ram_bytes;
    config->insns_per_sec = setup->rate;
    config->start_time_sec = setup->start_time_sec;
    memcpy(config->boot_order, setup->boot_order, sizeof(config->boot_order));
    config->bios = firmware[0].bytes;
    config->bios_bytes = firmware[0].size;
    config->own_bios = firmware[0].own;
    config->vgabios = firmware[1].bytes;
    config->vgabios_bytes = firmware[1].size;
    config->own_vgabios = firmware[1].own;
    config->kernel = setup->kernel.bytes ? &setup->kernel : NULL;
    config->exit_port = setup->exit_port;
    config->nic = setup->nic;
    for (unsigned i = 0; i < MACHINE_SERIALS; i++)
        config->serial[i] = setup->serial >> i & 1 ? &setup->nowhere : NULL;
    config->parallel = setup->parallel ? &setup->nowhere : NULL;
    for (unsigned i = 0; i < MACHINE_DISKS; i++)
        config->cd[i] = setup->cd[MACHINE_FLOPPIES + i];
}
