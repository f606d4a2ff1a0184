/* Intel 82077AA CHMOS single-chip floppy disk controller, with its drives.
 *
 * Datasheet: Intel 82077AA, order 290166-007 (1994), sections 2 to 6.
 * Modelled:  all registers in PC-AT, PS/2 and Model 30 mode; every command;
 *            DMA and non-DMA transfers through the 16-byte FIFO with
 *            threshold, underrun and overrun; implied, overlapped and relative
 *            seeks; polling; head load, step, spin-up and rotation in virtual
 *            time; up to four drives of five types, disk change, write
 *            protection, data rate against density, double step.
 * Missing:   FM recording (no medium here has it: no address mark is found),
 *            tape drives, precompensation, motor current. Deleted marks and
 *            unformatted tracks live until the medium is changed, because a
 *            raw image has no place for them: see devices/floppy_media.h. */
#ifndef DEVICES_FDC82077_H
#define DEVICES_FDC82077_H

#include "core/bus.h"
#include "core/clock.h"
#include "core/device.h"
#include "core/dma.h"
#include "core/floppy_format.h"
#include "core/host.h"
#include "core/irq.h"
#include "core/log.h"

#define FDC82077_DRIVES 4

enum fdc82077_mode { /* what the chip's IDENT and MFM pins select */
    FDC82077_AT,
    FDC82077_PS2,
    FDC82077_MODEL30,
};

struct fdc82077_config {
    const char *name;    /* instance name; borrowed */
    struct bus *ports;   /* borrowed */
    struct clock *clock; /* borrowed */
    struct log *log;     /* borrowed; may be NULL */
    paddr base;          /* 0x3f0; claims base+0..5 and base+7 */
    struct irq_line irq; /* copied; IRQ 6 */
    struct dma_line dma; /* copied; channel 2 */
    enum fdc82077_mode mode;
    enum floppy_drive_type drives[FDC82077_DRIVES]; /* NONE: not attached */
    unsigned haste; /* 0 or 1: real mechanics; N: N times as fast, up to 64 */
};

/* Creates controller and drives in their power-on state and claims the ports.
 * Errors: NO_MEMORY, OVERLAP, BAD_ARGUMENT (drive type, mode or haste out of
 * range). On error *out is NULL and nothing is claimed. */
enum status fdc82077_create(const struct fdc82077_config *config,
                            struct device **out);

/* Puts a medium into a drive, ejecting what was there; the change line rises.
 * `format` NULL: found from the medium (floppy_format_find). `medium` is
 * borrowed until eject, the next insert, or destroy. A medium that the drive
 * cannot read is accepted: it shows no address marks.
 * Errors: BAD_ARGUMENT (no such drive), BAD_FORMAT (not a diskette's size),
 * or what reading its first sector gave; the drive is then empty. */
enum status fdc82077_insert(struct device *dev, unsigned drive,
                            struct host_block *medium,
                            const struct floppy_format *format);

/* Empties a drive; nothing if there is none or it is empty. */
void fdc82077_eject(struct device *dev, unsigned drive);

#endif
