/* Shared by the channel (ata.c) and the kinds of devices on it (ata_disk.c,
 * atapi.c).
 *
 * The channel owns ports, selection, reset and the interrupt. A unit owns its
 * registers, its sector buffer and the command that it executes. A command is
 * a chain: it is written (ops->command), BSY lasts a while of virtual time
 * (ops->step at its end), a block of data is offered or asked for (DRQ) and,
 * once it has moved whole, ops->block_done goes on.
 *
 * A bus master moves the same blocks: unit->buffer from pos to end, in the
 * direction of unit->flow, then ata_unit_block_done(). */
#ifndef DEVICES_ATA_INT_H
#define DEVICES_ATA_INT_H

#include "devices/ata.h"
#include "devices/atapi_int.h"

#define ATA_MULTIPLE_MAX 16u
#define ATA_BUFFER_BYTES (ATA_MULTIPLE_MAX * ATA_SECTOR_BYTES)

/* Status register. */
#define ATA_BSY  0x80
#define ATA_DRDY 0x40
#define ATA_DF   0x20
#define ATA_DSC  0x10
#define ATA_DRQ  0x08
#define ATA_ERR  0x01

/* Error register. */
#define ATA_UNC  0x40
#define ATA_WP   0x40 /* the same bit, of writes */
#define ATA_IDNF 0x10
#define ATA_ABRT 0x04

/* Device/head register. */
#define ATA_DEV  0x10
#define ATA_LBA  0x40
#define ATA_HEAD 0x0f
#define ATA_OBS  0xa0 /* read as ones */

/* Device control register. */
#define ATA_NIEN 0x02
#define ATA_SRST 0x04
#define ATA_HOB  0x80

/* What BSY lasts. differs: no seek and no rotation, as from a full cache. */
#define ATA_COMMAND_NS 20000u
#define ATA_BLOCK_NS   5000u
#define ATA_DMA_NS     2500u /* a sector, by the bus master */
#define ATA_RESET_NS   1000000u

/* Transfer modes of SET FEATURES: kind in the upper five bits. */
#define ATA_MODE_PIO_DEFAULT  0x00
#define ATA_MODE_PIO_NO_IORDY 0x01
#define ATA_MODE_PIO          0x08 /* to 4 */
#define ATA_MODE_DMA          0x20 /* multiword, to 2 */
#define ATA_MODE_ULTRA        0x40 /* to 2 */

struct ata_channel;
struct ata_unit;

enum ata_flow {
    ATA_FLOW_NONE,
    ATA_FLOW_IN,  /* to the host */
    ATA_FLOW_OUT, /* from the host */
};

struct ata_unit_ops {
    /* A command was written; the unit is not busy. Starts it, or fails. */
    void (*command)(struct ata_unit *unit);
    /* The time that ata_unit_wait() asked for has passed. */
    void (*step)(struct ata_unit *unit);
    /* The block that was offered or asked for has moved. */
    void (*block_done)(struct ata_unit *unit);
    /* `hard`: power-on or the RESET pin; otherwise SRST or diagnostics. */
    void (*reset)(struct ata_unit *unit, bool hard);
    /* After a load: mends what a file can hold but no device can. */
    void (*check)(struct ata_unit *unit);
    bool packet; /* shows the packet signature, obeys DEVICE RESET */
};

/* A register of the command block and what was written before it, which 48-bit
 * commands use as the upper half. */
struct ata_pair {
    uint8_t now, previous;
};

struct ata_disk {
    struct host_block *block; /* borrowed; from the configuration */
    struct ata_geometry native;
    uint64_t native_sectors;
    char serial[21];

    uint8_t row;        /* of the command under way in the table of all */
    uint64_t sectors;   /* that can be addressed: SET MAX lowers it */
    uint16_t cylinders; /* of the translation in force */
    uint8_t heads, track_sectors;
    uint8_t multiple; /* sectors a block; 0: disabled */
    uint8_t power;    /* as CHECK POWER MODE reports it */
    uint8_t ecc_bytes;
    bool asleep, write_cache, look_ahead, revert, max_was_read;
    bool filled;   /* a write: the buffer holds data to be written */
    uint64_t lba;  /* next sector */
    uint32_t left; /* sectors to go */
    uint8_t block_sectors;
};

struct ata_unit {
    struct ata_channel *channel;    /* borrowed; rebuilt on load */
    const struct ata_unit_ops *ops; /* NULL: no device here */
    struct clock_event event;
    uint8_t number; /* 0 or 1 */

    struct ata_pair feature, count, low, mid, high;
    uint8_t device, error, status, command;
    bool intrq;

    uint8_t flow;       /* enum ata_flow */
    bool dma;           /* DMARQ: the block moves by the bus master alone */
    uint8_t dma_mode;   /* as SET FEATURES set it; 0: none */
    uint32_t pos, end;  /* of the block, in `buffer` */
    uint32_t words_end; /* from here on a byte an access */
    uint8_t buffer[ATA_BUFFER_BYTES];

    struct ata_disk disk;
    struct atapi cd;
};

struct ata_channel {
    struct device dev;
    struct bus *ports;   /* borrowed */
    struct clock *clock; /* borrowed */
    struct log *log;     /* borrowed */
    struct irq_line irq;
    struct ata_master master;
    paddr base, control_base;
    bool logged; /* rebuilt on load: at worst told twice */

    struct clock_event reset_event;
    uint8_t control;  /* device control register */
    uint8_t selected; /* 0 or 1 */
    bool diagnosing;  /* the reset under way came from the command */
    struct ata_unit units[ATA_UNITS];
};

/* BSY for `ns`, then ops->step(). */
void ata_unit_wait(struct ata_unit *unit, uint64_t ns);

/* DRQ over the first `bytes` of the buffer. A block to the host interrupts; one
 * from the host does if `interrupt`. */
void ata_unit_offer(struct ata_unit *unit, uint32_t bytes);
void ata_unit_ask(struct ata_unit *unit, uint32_t bytes, bool interrupt);

/* DRQ over the buffer's bytes [from, to), which move by words; the packet
 * device's form of the two above. */
void ata_unit_open(struct ata_unit *unit, enum ata_flow flow, uint32_t from,
                   uint32_t to, bool interrupt);

/* The same over [0, bytes), for the bus master alone. */
void ata_unit_open_dma(struct ata_unit *unit, enum ata_flow flow,
                       uint32_t bytes);

/* Whether a bus master is there. */
bool ata_unit_has_master(const struct ata_unit *unit);

/* SET FEATURES 03h: false when the unit has no such transfer mode. */
bool ata_unit_set_mode(struct ata_unit *unit, uint8_t mode);

/* The registers as after a reset, without the status. */
void ata_unit_show_signature(struct ata_unit *unit);

/* The command ended well; a read whose last block was taken ends silently. */
void ata_unit_end(struct ata_unit *unit, bool interrupt);

/* The command ended with ERR, other status bits and an error. */
void ata_unit_fail(struct ata_unit *unit, uint8_t status, uint8_t error);

void ata_unit_block_done(struct ata_unit *unit);

/* ata_disk.c */
extern const struct ata_unit_ops ata_disk_ops;
extern const struct state_field ata_disk_state[];
enum status ata_disk_init(struct ata_unit *unit,
                          const struct ata_unit_config *config);

/* ata_identify.c: fills the first 512 bytes of the buffer. */
void ata_identify_disk(struct ata_unit *unit);
void ata_identify_packet(struct ata_unit *unit);

/* atapi.c */
extern const struct ata_unit_ops atapi_ops;
extern const struct state_field atapi_state[];
void atapi_init(struct ata_unit *unit, struct host_block *medium);

#endif
