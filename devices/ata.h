/* One ATA channel: the register block that two drives share.
 *
 * Standard: ANSI NCITS 317-1998 (ATA/ATAPI-4), sections 7 to 9; 48-bit
 *           addresses from ATA/ATAPI-6.
 * Modelled: both register blocks, selection, interrupts, nIEN, software reset,
 *           diagnostics, data phases in and out by PIO and by a bus master,
 *           hard disks (devices/ata_disk.c), CD drives (devices/atapi.c).
 * Missing:  overlap and queueing. Seek and rotation
 *           take no time: a disk behaves as if its content stood in its
 *           cache. */
#ifndef DEVICES_ATA_H
#define DEVICES_ATA_H

#include "core/bus.h"
#include "core/clock.h"
#include "core/device.h"
#include "core/dma.h"
#include "core/host.h"
#include "core/irq.h"
#include "core/log.h"

#define ATA_UNITS        2
#define ATA_SECTOR_BYTES 512u
#define ATA_CMOS_BYTES   9

/* Cylinders, heads and sectors as the drive reports them at power-on. */
struct ata_geometry {
    uint16_t cylinders; /* 1..16383 */
    uint8_t heads;      /* 1..16 */
    uint8_t sectors;    /* per track, 1..63 */
};

/* The bus master behind a channel's DMA wires; all NULL: none. */
struct ata_master {
    /* Moves up to `size` bytes between `buffer` and guest memory and returns
     * how many went: fewer, or none, while the master is stopped or its list
     * is at its end. The rest waits for ata_master_started(). */
    size_t (*transfer)(void *sink, unsigned channel, enum dma_direction dir,
                       uint8_t *buffer, size_t size);
    void *sink;       /* borrowed; outlives the channel */
    unsigned channel; /* of the master */
};

struct ata_unit_config {
    struct host_block *medium; /* borrowed; NULL: no disk on this place */
    bool cd;                   /* a CD drive; no medium: it is empty */
    const char *serial;        /* at most 20 characters; copied; NULL: made up
                                  from the unit and the channel's base */
    struct ata_geometry geometry; /* all 0: ata_disk_geometry() decides */
};

struct ata_config {
    const char *name;         /* instance name, e.g. "ata0"; borrowed */
    struct bus *ports;        /* borrowed */
    struct clock *clock;      /* borrowed */
    struct log *log;          /* borrowed; may be NULL */
    paddr base;               /* command block, 8 ports: 0x1f0 or 0x170 */
    paddr control;            /* one port: 0x3f6 or 0x376 */
    struct irq_line irq;      /* copied; IRQ 14 or 15 */
    struct ata_master master; /* copied */
    struct ata_unit_config units[ATA_UNITS]; /* master, slave */
};

/* Creates the channel in its power-on state and claims its ports. With no
 * drive the channel floats: registers read 7Fh. Media of less than one sector
 * are refused, of more than 2^48 sectors cut; an odd rest is not seen.
 * Errors: NO_MEMORY, OVERLAP, BAD_ARGUMENT, or what reading sector 0 gave. */
enum status ata_create(const struct ata_config *config, struct device **out);

/* The master was started: what waits in the selected drive moves. */
void ata_master_started(struct device *dev);

/* Puts a medium (borrowed) into the CD drive on place `unit`, or with NULL
 * takes it out, whatever the guest thinks of it: the drive's door opens, or
 * closes. The old medium is not used any more. False: there is no CD drive. */
bool ata_insert_cd(struct device *dev, unsigned unit, struct host_block *block);

/* The geometry of a disk of `sectors` sectors: what its partition table's
 * entries agree on, otherwise 16 heads of 63 sectors. `mbr` is its first
 * sector, or NULL. Errors: none; `sectors` 0 counts as 1. */
struct ata_geometry ata_disk_geometry(uint64_t sectors, const uint8_t *mbr);

/* Reads sector 0 of `medium` and applies ata_disk_geometry().
 * Errors: BAD_FORMAT (less than one sector), or what reading gave. */
enum status ata_disk_find_geometry(struct host_block *medium,
                                   struct ata_geometry *out);

/* The user-defined type 47 entry as it stands in CMOS at 1Bh (first disk) or
 * 24h (second): cylinders, heads, precompensation, control, landing zone,
 * sectors. */
void ata_disk_cmos(const struct ata_geometry *geometry,
                   uint8_t bytes[ATA_CMOS_BYTES]);

#endif
