/* Shared by the files of the floppy controller:
 *   fdc82077.c       pins: registers, reset, drives, power
 *   fdc82077_cmd.c   command and result phase, control commands, seeks
 *   fdc82077_exec.c  execution phase of the commands that touch a track
 *   fdc82077_fifo.c  the bytes between disk and host, in either mode
 *
 * Invariant: every index into a buffer is masked or bounded where it is used,
 * whatever a snapshot or a guest left in it. */
#ifndef DEVICES_FDC82077_INT_H
#define DEVICES_FDC82077_INT_H

#include "devices/fdc82077.h"
#include "devices/floppy_drive.h"

#define FDC_FIFO_BYTES   16u
#define FDC_CMD_BYTES    16u /* the longest command has 9 */
#define FDC_RESULT_BYTES 16u /* the longest result has 10 */
#define FDC_BUFFER_BYTES 1024u

/* Digital output register (2.1.3). */
#define FDC_DOR_SELECT   0x03
#define FDC_DOR_RESET_N  0x04
#define FDC_DOR_DMAGATE  0x08
#define FDC_DOR_MOTOR(n) (0x10u << (n))

/* Main status register (2.1.6). */
#define FDC_MSR_RQM      0x80
#define FDC_MSR_DIO      0x40
#define FDC_MSR_NON_DMA  0x20
#define FDC_MSR_CMD_BUSY 0x10

/* Status registers (section 6). */
#define FDC_ST0_ABNORMAL 0x40
#define FDC_ST0_INVALID  0x80
#define FDC_ST0_POLLING  0xc0
#define FDC_ST0_SE       0x20
#define FDC_ST0_EC       0x10
#define FDC_ST0_HEAD     0x04
#define FDC_ST1_EN       0x80
#define FDC_ST1_DE       0x20
#define FDC_ST1_OR       0x10
#define FDC_ST1_ND       0x04
#define FDC_ST1_NW       0x02
#define FDC_ST1_MA       0x01
#define FDC_ST2_CM       0x40
#define FDC_ST2_DD       0x20
#define FDC_ST2_WC       0x10
#define FDC_ST2_SH       0x08
#define FDC_ST2_SN       0x04
#define FDC_ST3_WP       0x40
#define FDC_ST3_T0       0x10
#define FDC_ST3_ONES     0x28

/* First command byte. */
#define FDC_CMD_MT  0x80
#define FDC_CMD_MFM 0x40
#define FDC_CMD_SK  0x20

enum fdc_phase {
    FDC_PHASE_RESET, /* held in reset, or powered down */
    FDC_PHASE_COMMAND,
    FDC_PHASE_EXECUTION,
    FDC_PHASE_RESULT,
};

/* What the execution phase waits for. */
enum fdc_step {
    FDC_STEP_NONE,
    FDC_STEP_START,    /* the head is loaded */
    FDC_STEP_SEARCH,   /* the implied seek is done */
    FDC_STEP_NO_INDEX, /* for ever: nothing turns */
    FDC_STEP_LOST,     /* the second index hole without a sector */
    FDC_STEP_DATA,     /* the data field begins */
    FDC_STEP_BYTE,     /* the next byte of a data field, non-DMA */
    FDC_STEP_DATA_END,
    FDC_STEP_DRAIN, /* for the host to empty the FIFO */
};

enum fdc_kind {
    FDC_KIND_NONE,
    FDC_KIND_READ,
    FDC_KIND_READ_DELETED,
    FDC_KIND_READ_TRACK,
    FDC_KIND_WRITE,
    FDC_KIND_WRITE_DELETED,
    FDC_KIND_VERIFY,
    FDC_KIND_SCAN_EQUAL,
    FDC_KIND_SCAN_LOW,
    FDC_KIND_SCAN_HIGH,
    FDC_KIND_READ_ID,
    FDC_KIND_FORMAT,
};

/* The controller's view of a drive: it knows where it stepped to, not where
 * the head is. */
struct fdc_unit {
    struct fdc82077 *owner; /* borrowed; rebuilt on load */
    struct clock_event step_event;
    uint8_t number;  /* 0..3 */
    uint8_t pcn;     /* present cylinder number */
    uint8_t pending; /* ST0 for SENSE INTERRUPT STATUS; 0: none */
    bool seeking;
    bool to_track0; /* RECALIBRATE: until TRK0, otherwise `steps` times */
    bool inward;    /* direction of the steps */
    uint16_t steps; /* still to do */
};

struct fdc_exec {
    uint8_t kind, step; /* enum fdc_kind, fdc_step */
    uint8_t c, h, r, n; /* the sector that is looked for */
    uint8_t eot, head, unit;
    uint8_t st0, st1, st2;      /* gathered so far */
    uint8_t lost_st1, lost_st2; /* what a STEP_LOST sets */
    uint8_t number; /* sector under the head, from 1; 0 for READ TRACK
                       before the first */
    bool multi_track, skip, non_dma, tc;
    bool transfer;      /* this sector's bytes go to or come from the host */
    bool last;          /* no sector follows: stop asking for bytes */
    uint16_t left;      /* VERIFY with EC: sectors to go */
    uint16_t size, pos; /* bytes in and already passed in `buffer` */
    uint64_t when_ns;   /* of the step */
    uint64_t end_ns;    /* of the data field */
    uint64_t byte_ns;   /* from byte to byte, non-DMA */
    uint8_t buffer[FDC_BUFFER_BYTES];
};

struct fdc82077 {
    struct device dev;
    struct bus *ports;   /* borrowed */
    struct clock *clock; /* borrowed */
    struct log *log;     /* borrowed */
    struct irq_line irq;
    struct dma_line dma;
    paddr base;
    enum fdc82077_mode mode;
    unsigned haste;
    bool logged_fifo, logged_command; /* rebuilt on load: at worst told twice */

    struct clock_event exec_event, poll_event;
    struct fdc_exec exec;
    struct fdc_unit units[FDC82077_DRIVES];
    struct floppy_drive drives[FDC82077_DRIVES];

    uint8_t phase; /* enum fdc_phase */
    uint8_t dor, tdr, dsr, rate;
    bool int_result; /* a result waits to be read */
    bool int_sense;  /* a seek ended, or polling found drives */
    bool write_toggle, read_toggle, step_toggle, inward; /* SRA, SRB */

    /* CONFIGURE, SPECIFY, PERPENDICULAR MODE, LOCK */
    bool implied_seek, fifo_off, poll_off, lock, non_dma;
    uint8_t threshold, pretrk, srt, hut, hlt, perpendicular, last_eot;
    uint64_t head_loaded_ns; /* the head stays loaded until then */

    uint8_t command[FDC_CMD_BYTES], command_pos, command_len;
    uint8_t result[FDC_RESULT_BYTES], result_pos, result_len;
    uint8_t fifo[FDC_FIFO_BYTES], fifo_head, fifo_count;
    bool rqm; /* non-DMA execution: the host is asked for bytes */
};

/* The drive that the DOR selects; commands' own select bits never reach the
 * drives (note to table 5-1). */
static inline struct floppy_drive *fdc82077_drive(struct fdc82077 *fdc)
{
    return &fdc->drives[fdc->dor & FDC_DOR_SELECT];
}

/* Milliseconds at 500 kbit/s, scaled with the data rate, in ns (5.2.5). */
uint64_t fdc82077_scale_ns(const struct fdc82077 *fdc, unsigned ms_500k);

/* Drives the interrupt pin from the flags. */
void fdc82077_update_irq(struct fdc82077 *fdc);

/* fdc82077_cmd.c */
void fdc82077_command_reset(struct fdc82077 *fdc);
void fdc82077_command_write(struct fdc82077 *fdc, uint8_t byte);
uint8_t fdc82077_result_read(struct fdc82077 *fdc);
void fdc82077_step_fired(void *unit); /* struct fdc_unit */
/* Ends the execution phase with the seven bytes of status and address. */
void fdc82077_finish(struct fdc82077 *fdc);

/* fdc82077_exec.c */
void fdc82077_exec_start(struct fdc82077 *fdc, enum fdc_kind kind);
void fdc82077_exec_fired(void *fdc);
void fdc82077_exec_stop(struct fdc82077 *fdc);
/* A motor, the selection or a medium changed. */
void fdc82077_exec_wake(struct fdc82077 *fdc);

/* fdc82077_fifo.c */
bool fdc82077_fifo_to_host(const struct fdc82077 *fdc);
bool fdc82077_fifo_from_host(const struct fdc82077 *fdc);
bool fdc82077_kind_scans(unsigned kind);
/* Decides RQM anew. */
void fdc82077_fifo_update(struct fdc82077 *fdc);
uint8_t fdc82077_fifo_read(struct fdc82077 *fdc);
void fdc82077_fifo_write(struct fdc82077 *fdc, uint8_t byte);
/* One byte time passed on the disk; false: overrun or underrun. */
bool fdc82077_fifo_disk_byte(struct fdc82077 *fdc);
/* DMA: moves `buffer`, as far as terminal count allows; false: the controller
 * did not serve the request. */
bool fdc82077_fifo_dma(struct fdc82077 *fdc);

#endif
