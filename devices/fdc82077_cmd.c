#include "devices/fdc82077_int.h"

#include <assert.h>
#include <string.h>

#define UNIT(byte)           ((byte)&3)
#define HEAD(byte)           ((byte) >> 2 & 1)
#define RECALIBRATE_STEPS    79 /* 5.2.2 */
#define FIRST_STEP_MS        1
#define VERSION_82077        0x90
#define RELATIVE_IN          0x40 /* DIR bit of RELATIVE SEEK */
#define LOCK_BIT             0x80
#define PERPENDICULAR_OW     0x80 /* D3..D0 are given */
#define PERPENDICULAR_DRIVES 0x3c
#define PERPENDICULAR_GAPS   0x03 /* GAP, WGATE */

struct command {
    uint8_t mask, value; /* first byte & mask == value */
    uint8_t length;      /* bytes, with the first */
    enum fdc_kind kind;  /* of an execution phase on a track */
    void (*run)(struct fdc82077 *fdc);
};

/* ---- results ---- */

static void set_result(struct fdc82077 *fdc, const uint8_t *bytes, size_t count)
{
    assert(count >= 1 && count <= FDC_RESULT_BYTES);
    memcpy(fdc->result, bytes, count);
    fdc->result_pos = 0;
    fdc->result_len = (uint8_t)count;
    fdc->phase = FDC_PHASE_RESULT;
}

uint8_t fdc82077_result_read(struct fdc82077 *fdc)
{
    uint8_t byte = fdc->result[fdc->result_pos % FDC_RESULT_BYTES];

    fdc->int_result = false;
    fdc->result_pos++;
    if (fdc->result_pos >= fdc->result_len)
        fdc->phase = FDC_PHASE_COMMAND;
    fdc82077_update_irq(fdc);
    return byte;
}

void fdc82077_finish(struct fdc82077 *fdc)
{
    struct fdc_exec *exec = &fdc->exec;
    uint8_t st0 =
        (uint8_t)(exec->st0 | exec->unit | (exec->head ? FDC_ST0_HEAD : 0));
    uint8_t bytes[] = {st0,     exec->st1, exec->st2, exec->c,
                       exec->h, exec->r,   exec->n};

    fdc82077_exec_stop(fdc);
    fdc->head_loaded_ns =
        clock_now_ns(fdc->clock) +
        fdc82077_scale_ns(fdc, 16u * (fdc->hut ? fdc->hut : 16));
    set_result(fdc, bytes, sizeof(bytes));
    fdc->int_result = true;
    fdc82077_fifo_update(fdc);
}

/* ---- seeks ---- */

static void arm_step(struct fdc_unit *unit, uint64_t delay_ns)
{
    struct clock *clock = unit->owner->clock;

    clock_arm(clock, &unit->step_event, clock_now_ns(clock) + delay_ns);
}

static void end_seek(struct fdc_unit *unit, uint8_t status)
{
    struct fdc82077 *fdc = unit->owner;

    unit->seeking = false;
    unit->pending = (uint8_t)(status | FDC_ST0_SE | unit->number);
    fdc->int_sense = true;
    fdc82077_update_irq(fdc);
}

/* The pulses reach the drive that the DOR selects; the count is the unit's. */
void fdc82077_step_fired(void *dev)
{
    struct fdc_unit *unit = dev;
    struct fdc82077 *fdc = unit->owner;

    if (unit->to_track0 && floppy_drive_track0(fdc82077_drive(fdc))) {
        end_seek(unit, 0);
    } else if (!unit->steps) {
        end_seek(unit, unit->to_track0 ? FDC_ST0_ABNORMAL | FDC_ST0_EC : 0);
    } else {
        unit->steps--;
        floppy_drive_step(fdc82077_drive(fdc), unit->inward);
        if (!unit->to_track0)
            unit->pcn = (uint8_t)(unit->pcn + (unit->inward ? 1 : -1));
        fdc->step_toggle = !fdc->step_toggle;
        fdc->inward = unit->inward;
        arm_step(unit, fdc82077_scale_ns(fdc, 16u - fdc->srt));
    }
}

static struct fdc_unit *start_seek(struct fdc82077 *fdc)
{
    struct fdc_unit *unit = &fdc->units[UNIT(fdc->command[1])];

    unit->seeking = true;
    unit->pending = 0;
    unit->to_track0 = false;
    unit->inward = false;
    unit->steps = 0;
    arm_step(unit, fdc82077_scale_ns(fdc, FIRST_STEP_MS));
    fdc->phase = FDC_PHASE_COMMAND;
    return unit;
}

static void run_recalibrate(struct fdc82077 *fdc)
{
    struct fdc_unit *unit = start_seek(fdc);

    unit->pcn = 0;
    unit->to_track0 = true;
    unit->steps = RECALIBRATE_STEPS;
}

static void run_seek(struct fdc82077 *fdc)
{
    struct fdc_unit *unit = start_seek(fdc);
    uint8_t target = fdc->command[2];

    unit->inward = target > unit->pcn;
    unit->steps = unit->inward ? (uint16_t)(target - unit->pcn)
                               : (uint16_t)(unit->pcn - target);
}

static void run_relative_seek(struct fdc82077 *fdc)
{
    struct fdc_unit *unit = start_seek(fdc);

    unit->inward = fdc->command[0] & RELATIVE_IN;
    unit->steps = fdc->command[2];
}

/* ---- control commands without execution phase ---- */

static void run_invalid(struct fdc82077 *fdc)
{
    uint8_t st0 = FDC_ST0_INVALID;

    LOG_ONCE(fdc->logged_command, fdc->log, LOG_GUEST, fdc->dev.name,
             "invalid command %02X", fdc->command[0]);
    set_result(fdc, &st0, 1);
}

static struct fdc_unit *find_pending(struct fdc82077 *fdc)
{
    for (unsigned i = 0; i < FDC82077_DRIVES; i++) {
        if (fdc->units[i].pending)
            return &fdc->units[i];
    }
    return NULL;
}

/* The pin falls with the first answer to polling, though three more wait, but
 * a seek's end raises it again. */
static void run_sense_interrupt(struct fdc82077 *fdc)
{
    struct fdc_unit *unit = find_pending(fdc);
    uint8_t bytes[2] = {FDC_ST0_INVALID, 0};

    if (!unit) {
        set_result(fdc, bytes, 1);
        return;
    }
    bytes[0] = unit->pending;
    bytes[1] = unit->pcn;
    unit->pending = 0;
    fdc->int_sense = false;
    fdc82077_update_irq(fdc);
    for (unsigned i = 0; i < FDC82077_DRIVES; i++) {
        if (fdc->units[i].pending & FDC_ST0_SE)
            fdc->int_sense = true;
    }
    fdc82077_update_irq(fdc);
    set_result(fdc, bytes, 2);
}

static void run_specify(struct fdc82077 *fdc)
{
    fdc->srt = fdc->command[1] >> 4;
    fdc->hut = fdc->command[1] & 0x0f;
    fdc->hlt = fdc->command[2] >> 1;
    fdc->non_dma = fdc->command[2] & 1;
    fdc->phase = FDC_PHASE_COMMAND;
}

static void run_sense_drive(struct fdc82077 *fdc)
{
    const struct floppy_drive *drive = fdc82077_drive(fdc);
    uint8_t st3 = FDC_ST3_ONES | (fdc->command[1] & 7);

    if (floppy_drive_protected(drive))
        st3 |= FDC_ST3_WP;
    if (floppy_drive_track0(drive))
        st3 |= FDC_ST3_T0;
    set_result(fdc, &st3, 1);
}

static void run_configure(struct fdc82077 *fdc)
{
    uint8_t byte = fdc->command[2];

    fdc->implied_seek = byte & 0x40;
    fdc->fifo_off = byte & 0x20;
    fdc->poll_off = byte & 0x10;
    fdc->threshold = byte & 0x0f;
    fdc->pretrk = fdc->command[3];
    fdc->phase = FDC_PHASE_COMMAND;
}

static uint8_t configure_byte(const struct fdc82077 *fdc)
{
    return (uint8_t)(fdc->implied_seek << 6 | fdc->fifo_off << 5 |
                     fdc->poll_off << 4 | fdc->threshold);
}

static void run_dumpreg(struct fdc82077 *fdc)
{
    uint8_t bytes[] = {
        fdc->units[0].pcn,
        fdc->units[1].pcn,
        fdc->units[2].pcn,
        fdc->units[3].pcn,
        (uint8_t)(fdc->srt << 4 | fdc->hut),
        (uint8_t)(fdc->hlt << 1 | fdc->non_dma),
        fdc->last_eot,
        (uint8_t)(fdc->lock << 7 | fdc->perpendicular),
        configure_byte(fdc),
        fdc->pretrk,
    };

    set_result(fdc, bytes, sizeof(bytes));
}

static void run_perpendicular(struct fdc82077 *fdc)
{
    uint8_t mask = PERPENDICULAR_GAPS, byte = fdc->command[1];

    if (byte & PERPENDICULAR_OW)
        mask |= PERPENDICULAR_DRIVES;
    fdc->perpendicular =
        (uint8_t)((fdc->perpendicular & ~mask) | (byte & mask));
    fdc->phase = FDC_PHASE_COMMAND;
}

static void run_lock(struct fdc82077 *fdc)
{
    uint8_t byte;

    fdc->lock = fdc->command[0] & LOCK_BIT;
    byte = (uint8_t)(fdc->lock << 4);
    set_result(fdc, &byte, 1);
}

static void run_version(struct fdc82077 *fdc)
{
    uint8_t byte = VERSION_82077;

    set_result(fdc, &byte, 1);
}

/* ---- command phase ---- */

/* PART ID (18h) came with the 82078: this chip calls it invalid, by which
 * drivers tell the two apart. */
static const struct command commands[] = {
    /* clang-format off */
    {0x1f, 0x06, 9, FDC_KIND_READ,          NULL},
    {0x1f, 0x0c, 9, FDC_KIND_READ_DELETED,  NULL},
    {0xbf, 0x02, 9, FDC_KIND_READ_TRACK,    NULL},
    {0x3f, 0x05, 9, FDC_KIND_WRITE,         NULL},
    {0x3f, 0x09, 9, FDC_KIND_WRITE_DELETED, NULL},
    {0x1f, 0x16, 9, FDC_KIND_VERIFY,        NULL},
    {0x1f, 0x11, 9, FDC_KIND_SCAN_EQUAL,    NULL},
    {0x1f, 0x19, 9, FDC_KIND_SCAN_LOW,      NULL},
    {0x1f, 0x1d, 9, FDC_KIND_SCAN_HIGH,     NULL},
    {0xbf, 0x0a, 2, FDC_KIND_READ_ID,       NULL},
    {0xbf, 0x0d, 6, FDC_KIND_FORMAT,        NULL},
    {0xff, 0x07, 2, FDC_KIND_NONE, run_recalibrate},
    {0xff, 0x0f, 3, FDC_KIND_NONE, run_seek},
    {0xbf, 0x8f, 3, FDC_KIND_NONE, run_relative_seek},
    {0xff, 0x08, 1, FDC_KIND_NONE, run_sense_interrupt},
    {0xff, 0x03, 3, FDC_KIND_NONE, run_specify},
    {0xff, 0x04, 2, FDC_KIND_NONE, run_sense_drive},
    {0xff, 0x13, 4, FDC_KIND_NONE, run_configure},
    {0xff, 0x0e, 1, FDC_KIND_NONE, run_dumpreg},
    {0xff, 0x12, 2, FDC_KIND_NONE, run_perpendicular},
    {0x7f, 0x14, 1, FDC_KIND_NONE, run_lock},
    {0xff, 0x10, 1, FDC_KIND_NONE, run_version},
    {0x00, 0x00, 1, FDC_KIND_NONE, run_invalid},
    /* clang-format on */
};

static const struct command *find_command(uint8_t byte)
{
    const struct command *row = commands;

    while ((byte & row->mask) != row->value)
        row++;
    return row;
}

void fdc82077_command_write(struct fdc82077 *fdc, uint8_t byte)
{
    const struct command *row;

    if (fdc->phase != FDC_PHASE_COMMAND) {
        LOG_ONCE(fdc->logged_fifo, fdc->log, LOG_GUEST, fdc->dev.name,
                 "byte %02X written while the controller asks for none", byte);
        return;
    }
    if (fdc->command_pos >= FDC_CMD_BYTES)
        fdc->command_pos = 0;
    fdc->command[fdc->command_pos++] = byte;
    row = find_command(fdc->command[0]);
    if (fdc->command_pos < row->length)
        return;
    fdc->command_pos = 0;
    if (row->run)
        row->run(fdc);
    else
        fdc82077_exec_start(fdc, row->kind);
}

void fdc82077_command_reset(struct fdc82077 *fdc)
{
    fdc->command_pos = 0;
    fdc->result_pos = fdc->result_len = 0;
    fdc->int_result = fdc->int_sense = false;
    for (unsigned i = 0; i < FDC82077_DRIVES; i++) {
        struct fdc_unit *unit = &fdc->units[i];

        clock_disarm(fdc->clock, &unit->step_event);
        unit->seeking = false;
        unit->pending = unit->pcn = 0;
    }
}
