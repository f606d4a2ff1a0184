/* ATA hard disk: the commands of NCITS 317-1998 section 8, and the 48-bit ones
 * of ATA/ATAPI-6.
 *
 * Modelled:  general, removable-less feature set with write cache, look-ahead,
 *            power management, host protected area (volatile), buffers, READ
 *            and WRITE LONG, 28- and 48-bit transfers by PIO and, where a bus
 *            master is, by DMA.
 * Missing:   queued DMA, security, SMART, FORMAT TRACK, standby timer:
 *            all abort, and the timer never expires.
 *
 * A block whose reading fails on the host is UNC. The registers then name its
 * first sector, though a later one of the block may be the bad one: none of
 * the block has moved, and drivers count sectors before the named one as
 * moved. A failed write is a device fault (DF). */
#include <assert.h>
#include <string.h>

#include "devices/ata_int.h"

#define LBA28_SECTORS (UINT64_C(1) << 28)
#define LBA48_SECTORS (UINT64_C(1) << 48)
#define CHS_SECTORS   16514064u /* 16383 x 16 x 63: what CHS counts to */
#define ECC_DEFAULT   4

#define POWER_STANDBY 0x00
#define POWER_IDLE    0x80
#define POWER_ACTIVE  0xff

/* SET FEATURES subcommands (8.37). */
enum {
    FEATURE_CACHE_ON = 0x02,
    FEATURE_TRANSFER_MODE = 0x03,
    FEATURE_RETRY_OFF = 0x33,
    FEATURE_ECC_VENDOR = 0x44,
    FEATURE_LOOK_AHEAD_OFF = 0x55,
    FEATURE_KEEP = 0x66,
    FEATURE_RETRY_ON = 0x99,
    FEATURE_CACHE_OFF = 0x82,
    FEATURE_LOOK_AHEAD_ON = 0xaa,
    FEATURE_ECC_4 = 0xbb,
    FEATURE_REVERT = 0xcc,
};

struct command {
    uint8_t mask, value;
    uint8_t flags;
    void (*run)(struct ata_unit *unit);  /* first step */
    void (*more)(struct ata_unit *unit); /* steps after a block, or NULL */
};

enum {
    EXT = 1 << 0,      /* 48-bit registers */
    MULTIPLE = 1 << 1, /* blocks of SET MULTIPLE's size */
    LONG = 1 << 2,     /* one sector with its ECC bytes */
    WRITE = 1 << 3,    /* data comes from the host */
    DMA = 1 << 4,      /* and goes by the bus master */
};

static const struct command *current(const struct ata_unit *unit);

static void abort_command(struct ata_unit *unit)
{
    ata_unit_fail(unit, 0, ATA_ABRT);
}

static void end_command(struct ata_unit *unit)
{
    ata_unit_end(unit, true);
}

/* ---- addresses ---- */

static bool is_chs(const struct ata_unit *unit)
{
    return !(current(unit)->flags & EXT) && !(unit->device & ATA_LBA);
}

static uint64_t extended(const struct ata_unit *unit)
{
    return (uint64_t)unit->low.now | (uint64_t)unit->mid.now << 8 |
           (uint64_t)unit->high.now << 16 | (uint64_t)unit->low.previous << 24 |
           (uint64_t)unit->mid.previous << 32 |
           (uint64_t)unit->high.previous << 40;
}

static bool get_chs(const struct ata_unit *unit, uint64_t *lba)
{
    const struct ata_disk *disk = &unit->disk;
    unsigned cylinder = unit->mid.now | (unsigned)unit->high.now << 8;
    unsigned head = unit->device & ATA_HEAD, sector = unit->low.now;

    if (head >= disk->heads || sector < 1 || sector > disk->track_sectors)
        return false;
    *lba = ((uint64_t)cylinder * disk->heads + head) * disk->track_sectors +
           sector - 1;
    return true;
}

/* The address in the registers; false when there is no such sector. */
static bool get_address(const struct ata_unit *unit, uint64_t *lba)
{
    if (current(unit)->flags & EXT)
        *lba = extended(unit);
    else if (is_chs(unit))
        return get_chs(unit, lba) && *lba < unit->disk.sectors;
    else
        *lba = (extended(unit) & 0xffffff) | (uint64_t)(unit->device & ATA_HEAD)
                                                 << 24;
    return *lba < unit->disk.sectors;
}

static void put_chs(struct ata_unit *unit, uint64_t lba)
{
    const struct ata_disk *disk = &unit->disk;
    uint64_t track = lba / disk->track_sectors;

    unit->low.now = (uint8_t)(lba % disk->track_sectors + 1);
    unit->device =
        (uint8_t)((unit->device & 0xf0u) | (track % disk->heads & ATA_HEAD));
    unit->mid.now = (uint8_t)(track / disk->heads);
    unit->high.now = (uint8_t)(track / disk->heads >> 8);
}

static void put_address(struct ata_unit *unit, uint64_t lba)
{
    if (is_chs(unit)) {
        put_chs(unit, lba);
        return;
    }
    unit->low.now = (uint8_t)lba;
    unit->mid.now = (uint8_t)(lba >> 8);
    unit->high.now = (uint8_t)(lba >> 16);
    if (current(unit)->flags & EXT) {
        unit->low.previous = (uint8_t)(lba >> 24);
        unit->mid.previous = (uint8_t)(lba >> 32);
        unit->high.previous = (uint8_t)(lba >> 40);
    } else {
        unit->device =
            (uint8_t)((unit->device & 0xf0u) | (lba >> 24 & ATA_HEAD));
    }
}

static uint32_t get_count(const struct ata_unit *unit)
{
    uint32_t count = unit->count.now;

    if (current(unit)->flags & EXT) {
        count |= (uint32_t)unit->count.previous << 8;
        return count ? count : 65536;
    }
    return count ? count : 256;
}

/* The registers follow the transfer: how many are left, and the last sector
 * that moved (or, of a failure, the one that did not). */
static void put_progress(struct ata_unit *unit, uint64_t lba)
{
    put_address(unit, lba);
    unit->count.now = (uint8_t)unit->disk.left;
    unit->count.previous = (uint8_t)(unit->disk.left >> 8);
}

static void fail_at(struct ata_unit *unit, uint8_t status, uint8_t error)
{
    if (unit->disk.lba < LBA48_SECTORS)
        put_progress(unit, unit->disk.lba);
    ata_unit_fail(unit, status, error);
}

/* ---- transfers ---- */

/* Sectors of the next block. */
static uint32_t block_size(const struct ata_unit *unit)
{
    const struct ata_disk *disk = &unit->disk;
    uint32_t most = disk->block_sectors;

    if (most < 1 || most > ATA_MULTIPLE_MAX)
        most = 1;
    return disk->left < most ? disk->left : most;
}

/* How many of them the disk has. */
static uint32_t block_inside(const struct ata_unit *unit, uint32_t count)
{
    const struct ata_disk *disk = &unit->disk;

    if (disk->lba >= disk->sectors)
        return 0;
    return disk->sectors - disk->lba < count
               ? (uint32_t)(disk->sectors - disk->lba)
               : count;
}

static enum status read_host(struct ata_unit *unit, uint32_t count)
{
    struct host_block *block = unit->disk.block;

    return block->ops->read(block, unit->disk.lba * ATA_SECTOR_BYTES,
                            unit->buffer, count * ATA_SECTOR_BYTES);
}

static enum status write_host(struct ata_unit *unit, uint32_t count)
{
    struct host_block *block = unit->disk.block;

    return block->ops->write(block, unit->disk.lba * ATA_SECTOR_BYTES,
                             unit->buffer, count * ATA_SECTOR_BYTES);
}

static enum status flush_host(struct ata_unit *unit)
{
    struct host_block *block = unit->disk.block;

    return block->read_only ? STATUS_OK : block->ops->flush(block);
}

static void advance(struct ata_unit *unit, uint32_t count)
{
    struct ata_disk *disk = &unit->disk;

    assert(count && count <= disk->left);
    disk->lba += count;
    disk->left -= count;
    put_progress(unit, disk->lba - 1);
}

/* Sets up what all commands with an address share. */
static bool begin_transfer(struct ata_unit *unit)
{
    const struct command *command = current(unit);
    struct ata_disk *disk = &unit->disk;

    disk->left = get_count(unit);
    disk->block_sectors = command->flags & MULTIPLE ? disk->multiple : 1;
    if (command->flags & DMA)
        disk->block_sectors = ATA_MULTIPLE_MAX;
    disk->filled = false;
    if ((command->flags & MULTIPLE && !disk->multiple) ||
        (command->flags & DMA && !ata_unit_has_master(unit))) {
        abort_command(unit);
        return false;
    }
    if (command->flags & LONG)
        disk->left = 1;
    if (!get_address(unit, &disk->lba)) {
        ata_unit_fail(unit, 0, ATA_IDNF);
        return false;
    }
    disk->power = POWER_ACTIVE;
    return true;
}

/* Stands in for the drive's code: any change of the data changes it. */
static void put_ecc(struct ata_unit *unit)
{
    uint64_t hash =
        state_hash_bytes(STATE_HASH_INIT, unit->buffer, ATA_SECTOR_BYTES);

    for (unsigned i = 0; i < unit->disk.ecc_bytes; i++)
        unit->buffer[ATA_SECTOR_BYTES + i] = (uint8_t)(hash >> (8 * (i % 8)));
}

static void read_block(struct ata_unit *unit)
{
    uint32_t count = block_inside(unit, block_size(unit));
    uint32_t bytes = count * ATA_SECTOR_BYTES;

    if (!count) {
        fail_at(unit, 0, ATA_IDNF);
        return;
    }
    if (read_host(unit, count) != STATUS_OK) {
        fail_at(unit, 0, ATA_UNC);
        return;
    }
    if (current(unit)->flags & LONG) {
        put_ecc(unit);
        bytes += unit->disk.ecc_bytes;
    }
    advance(unit, count);
    if (current(unit)->flags & DMA)
        ata_unit_open_dma(unit, ATA_FLOW_IN, bytes);
    else
        ata_unit_offer(unit, bytes);
}

static void run_read(struct ata_unit *unit)
{
    if (begin_transfer(unit))
        read_block(unit);
}

static void more_read(struct ata_unit *unit)
{
    if (unit->disk.left)
        read_block(unit);
    else
        end_command(unit); /* by DMA: all has moved */
}

static void end_write(struct ata_unit *unit)
{
    if (!unit->disk.write_cache && flush_host(unit) != STATUS_OK)
        ata_unit_fail(unit, ATA_DF, ATA_ABRT);
    else
        end_command(unit);
}

static void ask_block(struct ata_unit *unit, bool interrupt)
{
    uint32_t bytes = block_size(unit) * ATA_SECTOR_BYTES;

    if (current(unit)->flags & LONG)
        bytes += unit->disk.ecc_bytes;
    if (current(unit)->flags & DMA)
        ata_unit_open_dma(unit, ATA_FLOW_OUT, bytes);
    else
        ata_unit_ask(unit, bytes, interrupt);
}

static void run_write(struct ata_unit *unit)
{
    if (!begin_transfer(unit))
        return;
    if (unit->disk.block->read_only) {
        ata_unit_fail(unit, 0, ATA_WP | ATA_ABRT);
        return;
    }
    ask_block(unit, false);
}

/* A block came from the host. What of it lies behind the disk's end is an
 * error, after the rest was written. ECC bytes are not kept. */
static void more_write(struct ata_unit *unit)
{
    uint32_t count = block_size(unit), inside = block_inside(unit, count);

    if (inside && write_host(unit, inside) != STATUS_OK) {
        fail_at(unit, ATA_DF, ATA_ABRT);
        return;
    }
    if (inside)
        advance(unit, inside);
    if (inside < count)
        fail_at(unit, 0, ATA_IDNF);
    else if (!unit->disk.left)
        end_write(unit);
    else if (!block_inside(unit, 1))
        fail_at(unit, 0, ATA_IDNF);
    else
        ask_block(unit, true);
}

/* Reads as much as the buffer holds at a time, so that bad sectors are found.
 */
static void verify_some(struct ata_unit *unit)
{
    struct ata_disk *disk = &unit->disk;
    uint32_t count;

    disk->block_sectors = ATA_MULTIPLE_MAX;
    count = block_inside(unit, block_size(unit));
    if (!count) {
        fail_at(unit, 0, ATA_IDNF);
    } else if (read_host(unit, count) != STATUS_OK) {
        fail_at(unit, 0, ATA_UNC);
    } else {
        advance(unit, count);
        if (disk->left)
            ata_unit_wait(unit, ATA_BLOCK_NS);
        else
            end_command(unit);
    }
    disk->filled = true; /* the next step goes on */
}

static void run_verify(struct ata_unit *unit)
{
    if (begin_transfer(unit))
        verify_some(unit);
}

/* ---- commands without a sector ---- */

static void run_seek(struct ata_unit *unit)
{
    uint64_t lba;

    if (get_address(unit, &lba))
        end_command(unit);
    else
        ata_unit_fail(unit, 0, ATA_IDNF);
}

static void run_recalibrate(struct ata_unit *unit)
{
    end_command(unit);
}

/* 8.16: from here on CHS addresses count in this many heads and sectors. */
static void run_initialize(struct ata_unit *unit)
{
    struct ata_disk *disk = &unit->disk;
    unsigned heads = (unit->device & ATA_HEAD) + 1u, sectors = unit->count.now;
    uint64_t reach = disk->native_sectors, cylinders;

    if (!sectors) {
        abort_command(unit);
        return;
    }
    if (reach > CHS_SECTORS)
        reach = CHS_SECTORS;
    cylinders = reach / (heads * sectors);
    disk->heads = (uint8_t)heads;
    disk->track_sectors = (uint8_t)sectors;
    disk->cylinders = (uint16_t)(cylinders < 65535 ? cylinders : 65535);
    end_command(unit);
}

static void run_identify(struct ata_unit *unit)
{
    ata_identify_disk(unit);
    ata_unit_offer(unit, ATA_SECTOR_BYTES);
}

static void run_set_multiple(struct ata_unit *unit)
{
    unsigned count = unit->count.now;

    if (count > ATA_MULTIPLE_MAX || (count & (count - 1))) {
        abort_command(unit);
        return;
    }
    unit->disk.multiple = (uint8_t)count;
    end_command(unit);
}

static bool set_feature(struct ata_unit *unit)
{
    struct ata_disk *disk = &unit->disk;

    switch (unit->feature.now) {
    case FEATURE_CACHE_ON: disk->write_cache = true; return true;
    case FEATURE_CACHE_OFF:
        disk->write_cache = false;
        return flush_host(unit) == STATUS_OK;
    case FEATURE_TRANSFER_MODE: return ata_unit_set_mode(unit, unit->count.now);
    case FEATURE_RETRY_OFF:
    case FEATURE_RETRY_ON: return true;
    case FEATURE_ECC_VENDOR:
    case FEATURE_ECC_4: disk->ecc_bytes = ECC_DEFAULT; return true;
    case FEATURE_LOOK_AHEAD_OFF: disk->look_ahead = false; return true;
    case FEATURE_LOOK_AHEAD_ON: disk->look_ahead = true; return true;
    case FEATURE_KEEP: disk->revert = false; return true;
    case FEATURE_REVERT: disk->revert = true; return true;
    default: return false;
    }
}

static void run_set_features(struct ata_unit *unit)
{
    if (set_feature(unit))
        end_command(unit);
    else
        abort_command(unit);
}

static void run_flush(struct ata_unit *unit)
{
    if (flush_host(unit) != STATUS_OK)
        ata_unit_fail(unit, ATA_DF, ATA_ABRT);
    else
        end_command(unit);
}

static void run_standby(struct ata_unit *unit)
{
    unit->disk.power = POWER_STANDBY;
    run_flush(unit);
}

static void run_idle(struct ata_unit *unit)
{
    unit->disk.power = POWER_IDLE;
    end_command(unit);
}

static void run_sleep(struct ata_unit *unit)
{
    unit->disk.asleep = true;
    run_standby(unit);
}

static void run_check_power(struct ata_unit *unit)
{
    unit->count.now = unit->disk.power;
    end_command(unit);
}

static void run_read_buffer(struct ata_unit *unit)
{
    ata_unit_offer(unit, ATA_SECTOR_BYTES);
}

static void run_write_buffer(struct ata_unit *unit)
{
    ata_unit_ask(unit, ATA_SECTOR_BYTES, false);
}

/* ---- host protected area (6.8), lost at power-off ---- */

static uint64_t address_limit(const struct ata_unit *unit)
{
    return current(unit)->flags & EXT ? LBA48_SECTORS : LBA28_SECTORS;
}

static void run_read_native_max(struct ata_unit *unit)
{
    uint64_t limit = address_limit(unit), last = unit->disk.native_sectors;

    unit->disk.max_was_read = true;
    put_address(unit, (last < limit ? last : limit) - 1);
    end_command(unit);
}

/* Must follow READ NATIVE MAX; a limit to be kept over power-off aborts. */
static void run_set_max(struct ata_unit *unit)
{
    struct ata_disk *disk = &unit->disk;
    uint64_t lba, before = disk->sectors;
    bool allowed =
        disk->max_was_read && !(unit->count.now & 1) && !unit->feature.now;

    disk->max_was_read = false;
    disk->sectors = disk->native_sectors; /* what the address may reach */
    if (allowed && get_address(unit, &lba)) {
        disk->sectors = lba + 1;
        end_command(unit);
        return;
    }
    disk->sectors = before;
    ata_unit_fail(unit, 0, allowed ? ATA_IDNF : ATA_ABRT);
}

/* ---- dispatch ---- */

static const struct command commands[] = {
    /* clang-format off */
{0xf0, 0x10, 0,                      run_recalibrate,     NULL},
    {0xfe, 0x20, 0,                      run_read,            more_read},
    {0xfe, 0x22, LONG,                   run_read,            more_read},
    {0xff, 0x24, EXT,                    run_read,            more_read},
    {0xff, 0x27, EXT,                    run_read_native_max, NULL},
    {0xff, 0x25, EXT | DMA,              run_read,            more_read},
    {0xff, 0x29, EXT | MULTIPLE,         run_read,            more_read},
    {0xfe, 0x30, WRITE,                  run_write,           more_write},
    {0xfe, 0x32, WRITE | LONG,           run_write,           more_write},
    {0xff, 0x34, WRITE | EXT,            run_write,           more_write},
    {0xff, 0x35, WRITE | EXT | DMA,      run_write,           more_write},
    {0xff, 0x37, EXT,                    run_set_max,         NULL},
    {0xff, 0x39, WRITE | EXT | MULTIPLE, run_write,           more_write},
    {0xff, 0x3c, WRITE,                  run_write,           more_write},
    {0xfe, 0x40, 0,                      run_verify,          verify_some},
    {0xff, 0x42, EXT,                    run_verify,          verify_some},
    {0xf0, 0x70, 0,                      run_seek,            NULL},
    {0xff, 0x91, 0,                      run_initialize,      NULL},
    {0xff, 0x94, 0,                      run_standby,         NULL},
    {0xff, 0x95, 0,                      run_idle,            NULL},
    {0xff, 0x96, 0,                      run_standby,         NULL},
    {0xff, 0x97, 0,                      run_idle,            NULL},
    {0xff, 0x98, 0,                      run_check_power,     NULL},
    {0xff, 0x99, 0,                      run_sleep,           NULL},
    {0xff, 0xc4, MULTIPLE,               run_read,            more_read},
    {0xff, 0xc5, WRITE | MULTIPLE,       run_write,           more_write},
    {0xff, 0xc6, 0,                      run_set_multiple,    NULL},
    {0xfe, 0xc8, DMA,                    run_read,            more_read},
    {0xfe, 0xca, WRITE | DMA,            run_write,           more_write},
    {0xff, 0xe0, 0,                      run_standby,         NULL},
    {0xff, 0xe1, 0,                      run_idle,            NULL},
    {0xff, 0xe2, 0,                      run_standby,         NULL},
    {0xff, 0xe3, 0,                      run_idle,            NULL},
    {0xff, 0xe4, 0,                      run_read_buffer,     NULL},
    {0xff, 0xe5, 0,                      run_check_power,     NULL},
    {0xff, 0xe6, 0,                      run_sleep,           NULL},
    {0xff, 0xe7, 0,                      run_flush,           NULL},
    {0xff, 0xe8, WRITE,                  run_write_buffer,    end_command},
    {0xff, 0xea, EXT,                    run_flush,           NULL},
    {0xff, 0xec, 0,                      run_identify,        NULL},
    {0xff, 0xef, 0,                      run_set_features,    NULL},
    {0xff, 0xf8, 0,                      run_read_native_max, NULL},
    {0xff, 0xf9, 0,                      run_set_max,         NULL},
    {0x00, 0x00, 0,                      abort_command,       NULL},
    /* clang-format on */
};

#define ROW_ABORT (ARRAY_LEN(commands) - 1)

static const struct command *current(const struct ata_unit *unit)
{
    return &commands[unit->disk.row < ROW_ABORT ? unit->disk.row : ROW_ABORT];
}

static uint8_t find_row(uint8_t byte)
{
    uint8_t row = 0;

    while ((byte & commands[row].mask) != commands[row].value)
        row++;
    return row;
}

static bool reads_max(const struct ata_unit *unit)
{
    return current(unit)->run == run_read_native_max ||
           current(unit)->run == run_set_max;
}

/* A sleeping disk hears nothing but a reset. What the host is to write has an
 * empty buffer waiting for it: there DRQ comes at once (9.6 allows for 400 ns),
 * and some drivers do not look before they send. */
static void disk_command(struct ata_unit *unit)
{
    if (unit->disk.asleep)
        return;
    unit->disk.row = find_row(unit->command);
    if (!reads_max(unit))
        unit->disk.max_was_read = false;
    unit->disk.filled = false;
    if ((current(unit)->flags & (WRITE | DMA)) == WRITE)
        current(unit)->run(unit);
    else
        ata_unit_wait(unit, ATA_COMMAND_NS);
}

static void disk_step(struct ata_unit *unit)
{
    const struct command *command = current(unit);

    if (unit->disk.filled && command->more)
        command->more(unit);
    else
        command->run(unit);
}

static void disk_block_done(struct ata_unit *unit)
{
    const struct command *command = current(unit);
    uint64_t ns = ATA_BLOCK_NS;

    if (command->flags & DMA)
        ns = ATA_DMA_NS * (unit->end / ATA_SECTOR_BYTES);
    else if (!(command->flags & WRITE) &&
             (!command->more || !unit->disk.left)) {
        ata_unit_end(unit, false); /* all was read */
        return;
    }
    unit->disk.filled = true;
    ata_unit_wait(unit, ns);
}

static void set_defaults(struct ata_disk *disk)
{
    disk->cylinders = disk->native.cylinders;
    disk->heads = disk->native.heads;
    disk->track_sectors = disk->native.sectors;
    disk->sectors = disk->native_sectors;
    disk->multiple = 0;
    disk->ecc_bytes = ECC_DEFAULT;
    disk->write_cache = disk->look_ahead = true;
}

static void disk_reset(struct ata_unit *unit, bool hard)
{
    struct ata_disk *disk = &unit->disk;

    if (hard || disk->revert)
        set_defaults(disk);
    if (hard)
        disk->revert = false;
    disk->power = POWER_ACTIVE;
    disk->asleep = disk->filled = disk->max_was_read = false;
    disk->lba = 0;
    disk->left = 0;
    disk->block_sectors = 1;
}

/* After a load: what a file could hold but no disk can. */
static void disk_check(struct ata_unit *unit)
{
    struct ata_disk *disk = &unit->disk;

    if (!disk->sectors || disk->sectors > disk->native_sectors)
        disk->sectors = disk->native_sectors;
    if (!disk->heads || !disk->track_sectors) {
        disk->heads = disk->native.heads;
        disk->track_sectors = disk->native.sectors;
    }
    if (disk->multiple > ATA_MULTIPLE_MAX)
        disk->multiple = 0;
    disk->ecc_bytes = ECC_DEFAULT;
}

const struct ata_unit_ops ata_disk_ops = {
    .command = disk_command,
    .step = disk_step,
    .block_done = disk_block_done,
    .reset = disk_reset,
    .check = disk_check,
};

const struct state_field ata_disk_state[] = {
    STATE_FIELD(struct ata_disk, row),
    STATE_FIELD(struct ata_disk, sectors),
    STATE_FIELD(struct ata_disk, cylinders),
    STATE_FIELD(struct ata_disk, heads),
    STATE_FIELD(struct ata_disk, track_sectors),
    STATE_FIELD(struct ata_disk, multiple),
    STATE_FIELD(struct ata_disk, power),
    STATE_FIELD(struct ata_disk, ecc_bytes),
    STATE_FIELD(struct ata_disk, asleep),
    STATE_FIELD(struct ata_disk, write_cache),
    STATE_FIELD(struct ata_disk, look_ahead),
    STATE_FIELD(struct ata_disk, revert),
    STATE_FIELD(struct ata_disk, max_was_read),
    STATE_FIELD(struct ata_disk, filled),
    STATE_FIELD(struct ata_disk, lba),
    STATE_FIELD(struct ata_disk, left),
    STATE_FIELD(struct ata_disk, block_sectors),
    STATE_END,
};

/* ---- creation ---- */

static bool geometry_ok(const struct ata_geometry *geometry)
{
    return geometry->cylinders >= 1 && geometry->cylinders <= 16383 &&
           geometry->heads >= 1 && geometry->heads <= 16 &&
           geometry->sectors >= 1 && geometry->sectors <= 63;
}

static void make_serial(struct ata_unit *unit, const char *serial)
{
    static const char digits[] = "0123456789ABCDEF";
    char *to = unit->disk.serial;
    size_t room = sizeof(unit->disk.serial) - 1;

    if (serial) {
        for (size_t i = 0; i < room && serial[i]; i++)
            to[i] = serial[i];
        return;
    }
    memcpy(to, "VT00000000", 10);
    for (unsigned i = 0; i < 4; i++)
        to[4 + i] = digits[unit->channel->base >> (12 - 4 * i) & 15];
    to[9] = digits[unit->number & 15];
}

enum status ata_disk_init(struct ata_unit *unit,
                          const struct ata_unit_config *config)
{
    struct ata_disk *disk = &unit->disk;
    uint64_t sectors = config->medium->size_bytes / ATA_SECTOR_BYTES;

    disk->block = config->medium;
    disk->native = config->geometry;
    disk->native_sectors = sectors < LBA48_SECTORS ? sectors : LBA48_SECTORS;
    if (!sectors)
        return STATUS_BAD_ARGUMENT;
    if (!disk->native.cylinders && !disk->native.heads && !disk->native.sectors)
        TRY(ata_disk_find_geometry(disk->block, &disk->native));
    if (!geometry_ok(&disk->native))
        return STATUS_BAD_ARGUMENT;
    make_serial(unit, config->serial);
    unit->ops = &ata_disk_ops;
    return STATUS_OK;
}
