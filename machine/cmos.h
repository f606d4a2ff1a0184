/* What the setup program would have left in the battery-backed RAM: how the
 * firmware learns which board it runs on. */
#ifndef MACHINE_CMOS_H
#define MACHINE_CMOS_H

#include "core/floppy_format.h"
#include "devices/ata.h"

#define CMOS_BYTES 128

struct cmos_config {
    size_t ram_bytes;
    enum floppy_drive_type floppy[2];
    bool disk_present[2]; /* master and slave of the first channel */
    struct ata_geometry disk_geometry[2];
    const char *boot_order; /* of a, c, d, n; at most three count */
    bool fpu;
};

/* Fills all registers; those of the clock (00h-0Fh, 32h) are left 0 for the
 * chip to keep, but for the format of 24 hours in BCD. The checksum over
 * 10h-2Dh is right. */
void cmos_fill(const struct cmos_config *config, uint8_t cmos[CMOS_BYTES]);

#endif
