#include "devices/fdc82077_int.h"

#include <stdlib.h>
#include <string.h>

#define PORTS_LOW 6 /* base + 0..5 */
#define PORT_HIGH 7
#define HASTE_MAX 64
#define POLL_NS   250000u /* 7.4: the first poll after a reset */
#define FLOAT     0xff    /* lines that nothing drives */

#define DSR_RESET      0x80
#define DSR_POWER_DOWN 0x40
#define DSR_RATE       0x03
#define CCR_NOPREC     0x04

enum fdc_port {
    PORT_SRA = 0,
    PORT_SRB = 1,
    PORT_DOR = 2,
    PORT_TDR = 3,
    PORT_MSR = 4, /* read */
    PORT_DSR = 4, /* write */
    PORT_FIFO = 5,
    PORT_DIR = 7, /* read */
    PORT_CCR = 7, /* write */
};

static struct fdc82077 *from_device(struct device *dev)
{
    return CONTAINER_OF(dev, struct fdc82077, dev);
}

uint64_t fdc82077_scale_ns(const struct fdc82077 *fdc, unsigned ms_500k)
{
    static const unsigned thirds[] = {3, 5, 6, 0}; /* of a millisecond */
    unsigned code = fdc->rate & 3;
    uint64_t ns = (uint64_t)ms_500k * 1000000u;

    ns = code == FLOPPY_RATE_1M ? ns / 2 : ns * thirds[code] / 3;
    return ns / fdc->haste;
}

static bool pins_enabled(const struct fdc82077 *fdc)
{
    return fdc->mode == FDC82077_PS2 || (fdc->dor & FDC_DOR_DMAGATE);
}

static bool int_pending(const struct fdc82077 *fdc)
{
    return fdc->int_result || fdc->int_sense || fdc->rqm;
}

void fdc82077_update_irq(struct fdc82077 *fdc)
{
    irq_set(&fdc->irq, int_pending(fdc) && pins_enabled(fdc));
}

/* ---- reset and power ---- */

static void poll_fired(void *dev)
{
    struct fdc82077 *fdc = dev;

    if (fdc->poll_off)
        return;
    for (unsigned i = 0; i < FDC82077_DRIVES; i++)
        fdc->units[i].pending = (uint8_t)(FDC_ST0_POLLING | i);
    fdc->int_sense = true;
    fdc82077_update_irq(fdc);
}

/* What both kinds of reset do (section 3). LOCK keeps the FIFO's set-up over
 * a software reset. */
static void enter_reset(struct fdc82077 *fdc)
{
    fdc82077_exec_stop(fdc);
    clock_disarm(fdc->clock, &fdc->poll_event);
    fdc82077_command_reset(fdc);
    fdc->phase = FDC_PHASE_RESET;
    fdc->implied_seek = fdc->poll_off = false;
    fdc->perpendicular &= 0x3c;
    if (!fdc->lock) {
        fdc->fifo_off = true;
        fdc->threshold = fdc->pretrk = 0;
    }
    fdc82077_update_irq(fdc);
}

static void leave_reset(struct fdc82077 *fdc)
{
    fdc->phase = FDC_PHASE_COMMAND;
    clock_arm(fdc->clock, &fdc->poll_event,
              clock_now_ns(fdc->clock) + POLL_NS / fdc->haste);
}

static void write_dor(struct fdc82077 *fdc, uint8_t byte)
{
    uint8_t old = fdc->dor;
    uint64_t now = clock_now_ns(fdc->clock);

    fdc->dor = byte;
    for (unsigned i = 0; i < FDC82077_DRIVES; i++)
        floppy_drive_motor(&fdc->drives[i], byte & FDC_DOR_MOTOR(i), now);
    if (!(byte & FDC_DOR_RESET_N))
        enter_reset(fdc);
    else if (!(old & FDC_DOR_RESET_N))
        leave_reset(fdc);
    fdc82077_update_irq(fdc);
    fdc82077_exec_wake(fdc);
}

static void write_dsr(struct fdc82077 *fdc, uint8_t byte)
{
    fdc->dsr = byte & (uint8_t)~DSR_RESET;
    fdc->rate = byte & DSR_RATE;
    if (byte & (DSR_RESET | DSR_POWER_DOWN))
        enter_reset(fdc);
    if ((byte & DSR_RESET) && (fdc->dor & FDC_DOR_RESET_N)) {
        fdc->dsr &= (uint8_t)~DSR_POWER_DOWN;
        leave_reset(fdc);
    }
    fdc82077_exec_wake(fdc);
}

static void write_ccr(struct fdc82077 *fdc, uint8_t byte)
{
    fdc->rate = byte & DSR_RATE;
    if (fdc->mode == FDC82077_MODEL30)
        fdc->dsr = (uint8_t)((fdc->dsr & ~CCR_NOPREC) | (byte & CCR_NOPREC));
    fdc82077_exec_wake(fdc);
}

/* ---- registers ---- */

static bool bit(unsigned value, unsigned n)
{
    return value >> n & 1;
}

static bool second_drive(const struct fdc82077 *fdc)
{
    return fdc->drives[1].type != FLOPPY_DRIVE_NONE;
}

/* 2.1.1: in PS/2 mode inputs show the level of their active-low pins, in
 * Model 30 mode they and the outputs are the other way round. */
static uint8_t read_sra(struct fdc82077 *fdc)
{
    const struct floppy_drive *drive = fdc82077_drive(fdc);
    bool track0 = floppy_drive_track0(drive);
    bool index = floppy_drive_index(drive, clock_now_ns(fdc->clock));
    bool protected = floppy_drive_protected(drive), head = fdc->exec.head;

    if (fdc->mode == FDC82077_AT)
        return FLOAT;
    if (fdc->mode == FDC82077_PS2)
        return (uint8_t)(int_pending(fdc) << 7 | !second_drive(fdc) << 6 |
                         !track0 << 4 | head << 3 | !index << 2 |
                         !protected << 1 | fdc->inward);
    return (uint8_t)(int_pending(fdc) << 7 | fdc->step_toggle << 5 |
                     track0 << 4 | !head << 3 | index << 2 | protected << 1 |
                     !fdc->inward);
}

static uint8_t read_srb(struct fdc82077 *fdc)
{
    uint8_t dor = fdc->dor, select = dor & FDC_DOR_SELECT;

    if (fdc->mode == FDC82077_AT)
        return FLOAT;
    if (fdc->mode == FDC82077_PS2)
        return (uint8_t)(0xc0 | bit(dor, 0) << 5 | fdc->write_toggle << 4 |
                         fdc->read_toggle << 3 | bit(dor, 5) << 1 |
                         bit(dor, 4));
    return (uint8_t)(!second_drive(fdc) << 7 | (select != 1) << 6 |
                     (select != 0) << 5 | fdc->write_toggle << 4 |
                     fdc->read_toggle << 3 | (select != 3) << 1 |
                     (select != 2));
}

static uint8_t read_msr(const struct fdc82077 *fdc)
{
    uint8_t msr = 0;

    for (unsigned i = 0; i < FDC82077_DRIVES; i++)
        msr |= (uint8_t)(fdc->units[i].seeking << i);
    switch (fdc->phase) {
    case FDC_PHASE_RESET: return 0;
    case FDC_PHASE_COMMAND:
        msr |= FDC_MSR_RQM;
        if (fdc->command_pos)
            msr |= FDC_MSR_CMD_BUSY;
        return msr;
    case FDC_PHASE_RESULT:
        return msr | FDC_MSR_RQM | FDC_MSR_DIO | FDC_MSR_CMD_BUSY;
    default: break;
    }
    msr |= FDC_MSR_CMD_BUSY;
    if (fdc->exec.non_dma)
        msr |= FDC_MSR_NON_DMA;
    if (fdc->rqm)
        msr |= FDC_MSR_RQM;
    if (fdc->exec.non_dma && fdc82077_fifo_to_host(fdc))
        msr |= FDC_MSR_DIO;
    return msr;
}

/* 2.1.8. In PC-AT mode the other seven lines are left to whoever shares the
 * port. */
static uint8_t read_dir(struct fdc82077 *fdc)
{
    bool changed = floppy_drive_change_line(fdc82077_drive(fdc));
    uint8_t rate = fdc->rate & 3;
    bool high = rate == FLOPPY_RATE_500K || rate == FLOPPY_RATE_1M;

    switch (fdc->mode) {
    case FDC82077_AT: return (uint8_t)(changed << 7 | (FLOAT & 0x7f));
    case FDC82077_PS2:
        return (uint8_t)(changed << 7 | 0x78 | rate << 1 | !high);
    default:
        return (uint8_t)(!changed << 7 | (fdc->dor & FDC_DOR_DMAGATE) |
                         (fdc->dsr & CCR_NOPREC) | rate);
    }
}

static uint8_t read_fifo(struct fdc82077 *fdc)
{
    switch (fdc->phase) {
    case FDC_PHASE_RESULT: return fdc82077_result_read(fdc);
    case FDC_PHASE_EXECUTION: return fdc82077_fifo_read(fdc);
    default: return 0;
    }
}

static uint32_t fdc_read(void *dev, paddr offset, unsigned size)
{
    struct fdc82077 *fdc = dev;

    (void)size;
    switch (offset) {
    case PORT_SRA: return read_sra(fdc);
    case PORT_SRB: return read_srb(fdc);
    case PORT_DOR: return fdc->dor;
    case PORT_TDR: return 0xfcu | fdc->tdr;
    case PORT_MSR: return read_msr(fdc);
    case PORT_FIFO: return read_fifo(fdc);
    default: return FLOAT;
    }
}

static void fdc_write(void *dev, paddr offset, uint32_t value, unsigned size)
{
    struct fdc82077 *fdc = dev;
    uint8_t byte = (uint8_t)value;

    (void)size;
    switch (offset) {
    case PORT_DOR: write_dor(fdc, byte); break;
    case PORT_TDR: fdc->tdr = byte & 3; break;
    case PORT_DSR: write_dsr(fdc, byte); break;
    case PORT_FIFO:
        if (fdc->phase == FDC_PHASE_EXECUTION && fdc->exec.non_dma)
            fdc82077_fifo_write(fdc, byte);
        else
            fdc82077_command_write(fdc, byte);
        break;
    default: break;
    }
}

static uint32_t high_read(void *dev, paddr offset, unsigned size)
{
    (void)offset;
    (void)size;
    return read_dir(dev);
}

static void high_write(void *dev, paddr offset, uint32_t value, unsigned size)
{
    (void)offset;
    (void)size;
    write_ccr(dev, (uint8_t)value);
}

static const struct bus_ops low_ops = {fdc_read, fdc_write, 1};
static const struct bus_ops high_ops = {high_read, high_write, 1};

/* ---- media ---- */

enum status fdc82077_insert(struct device *dev, unsigned drive,
                            struct host_block *medium,
                            const struct floppy_format *format)
{
    struct fdc82077 *fdc = from_device(dev);
    enum status status;

    if (drive >= FDC82077_DRIVES ||
        fdc->drives[drive].type == FLOPPY_DRIVE_NONE)
        return STATUS_BAD_ARGUMENT;
    status = floppy_drive_insert(&fdc->drives[drive], medium, format,
                                 clock_now_ns(fdc->clock));
    fdc82077_exec_wake(fdc);
    return status;
}

void fdc82077_eject(struct device *dev, unsigned drive)
{
    if (drive < FDC82077_DRIVES)
        floppy_drive_eject(&from_device(dev)->drives[drive]);
}

/* ---- device ---- */

/* The RESET pin (section 3): also what software cannot reset. The diskettes
 * and the places of the heads stay. */
static void fdc_reset(struct device *dev)
{
    struct fdc82077 *fdc = from_device(dev);

    fdc->lock = false;
    enter_reset(fdc);
    fdc->perpendicular = 0;
    fdc->tdr = fdc->last_eot = 0;
    fdc->dsr = fdc->rate = FLOPPY_RATE_250K;
    fdc->srt = fdc->hut = fdc->hlt = 0;
    fdc->non_dma = false;
    fdc->head_loaded_ns = 0;
    fdc->write_toggle = fdc->read_toggle = fdc->step_toggle = false;
    fdc->inward = false;
    memset(&fdc->exec, 0, sizeof(fdc->exec));
    write_dor(fdc, 0);
}

static void fdc_destroy(struct device *dev)
{
    struct fdc82077 *fdc = from_device(dev);

    clock_disarm(fdc->clock, &fdc->exec_event);
    clock_disarm(fdc->clock, &fdc->poll_event);
    for (unsigned i = 0; i < FDC82077_DRIVES; i++)
        clock_disarm(fdc->clock, &fdc->units[i].step_event);
    bus_unmap(fdc->ports, fdc->base, fdc);
    bus_unmap(fdc->ports, fdc->base + PORT_HIGH, fdc);
    free(fdc);
}

static void fdc_loaded(struct device *dev)
{
    struct fdc82077 *fdc = from_device(dev);

    clock_relink(fdc->clock, &fdc->exec_event);
    clock_relink(fdc->clock, &fdc->poll_event);
    for (unsigned i = 0; i < FDC82077_DRIVES; i++) {
        clock_relink(fdc->clock, &fdc->units[i].step_event);
        floppy_media_check(&fdc->drives[i].media);
    }
}

static const struct state_field unit_state[] = {
    STATE_TABLE(struct fdc_unit, step_event, clock_event_state),
    STATE_FIELD(struct fdc_unit, pcn),
    STATE_FIELD(struct fdc_unit, pending),
    STATE_FIELD(struct fdc_unit, seeking),
    STATE_FIELD(struct fdc_unit, to_track0),
    STATE_FIELD(struct fdc_unit, inward),
    STATE_FIELD(struct fdc_unit, steps),
    STATE_END,
};

static const struct state_field exec_state[] = {
    STATE_FIELD(struct fdc_exec, kind),
    STATE_FIELD(struct fdc_exec, step),
    STATE_FIELD(struct fdc_exec, c),
    STATE_FIELD(struct fdc_exec, h),
    STATE_FIELD(struct fdc_exec, r),
    STATE_FIELD(struct fdc_exec, n),
    STATE_FIELD(struct fdc_exec, eot),
    STATE_FIELD(struct fdc_exec, head),
    STATE_FIELD(struct fdc_exec, unit),
    STATE_FIELD(struct fdc_exec, st0),
    STATE_FIELD(struct fdc_exec, st1),
    STATE_FIELD(struct fdc_exec, st2),
    STATE_FIELD(struct fdc_exec, lost_st1),
    STATE_FIELD(struct fdc_exec, lost_st2),
    STATE_FIELD(struct fdc_exec, number),
    STATE_FIELD(struct fdc_exec, multi_track),
    STATE_FIELD(struct fdc_exec, skip),
    STATE_FIELD(struct fdc_exec, non_dma),
    STATE_FIELD(struct fdc_exec, tc),
    STATE_FIELD(struct fdc_exec, transfer),
    STATE_FIELD(struct fdc_exec, last),
    STATE_FIELD(struct fdc_exec, left),
    STATE_FIELD(struct fdc_exec, size),
    STATE_FIELD(struct fdc_exec, pos),
    STATE_FIELD(struct fdc_exec, when_ns),
    STATE_FIELD(struct fdc_exec, end_ns),
    STATE_FIELD(struct fdc_exec, byte_ns),
    STATE_ARRAY(struct fdc_exec, buffer),
    STATE_END,
};

static const struct state_field fdc_state[] = {
    STATE_TABLE(struct fdc82077, exec_event, clock_event_state),
    STATE_TABLE(struct fdc82077, poll_event, clock_event_state),
    STATE_TABLE(struct fdc82077, exec, exec_state),
    STATE_TABLES(struct fdc82077, units, unit_state),
    STATE_TABLES(struct fdc82077, drives, floppy_drive_state),
    STATE_FIELD(struct fdc82077, phase),
    STATE_FIELD(struct fdc82077, dor),
    STATE_FIELD(struct fdc82077, tdr),
    STATE_FIELD(struct fdc82077, dsr),
    STATE_FIELD(struct fdc82077, rate),
    STATE_FIELD(struct fdc82077, int_result),
    STATE_FIELD(struct fdc82077, int_sense),
    STATE_FIELD(struct fdc82077, write_toggle),
    STATE_FIELD(struct fdc82077, read_toggle),
    STATE_FIELD(struct fdc82077, step_toggle),
    STATE_FIELD(struct fdc82077, inward),
    STATE_FIELD(struct fdc82077, implied_seek),
    STATE_FIELD(struct fdc82077, fifo_off),
    STATE_FIELD(struct fdc82077, poll_off),
    STATE_FIELD(struct fdc82077, lock),
    STATE_FIELD(struct fdc82077, non_dma),
    STATE_FIELD(struct fdc82077, threshold),
    STATE_FIELD(struct fdc82077, pretrk),
    STATE_FIELD(struct fdc82077, srt),
    STATE_FIELD(struct fdc82077, hut),
    STATE_FIELD(struct fdc82077, hlt),
    STATE_FIELD(struct fdc82077, perpendicular),
    STATE_FIELD(struct fdc82077, last_eot),
    STATE_FIELD(struct fdc82077, head_loaded_ns),
    STATE_ARRAY(struct fdc82077, command),
    STATE_FIELD(struct fdc82077, command_pos),
    STATE_ARRAY(struct fdc82077, result),
    STATE_FIELD(struct fdc82077, result_pos),
    STATE_FIELD(struct fdc82077, result_len),
    STATE_ARRAY(struct fdc82077, fifo),
    STATE_FIELD(struct fdc82077, fifo_head),
    STATE_FIELD(struct fdc82077, fifo_count),
    STATE_FIELD(struct fdc82077, rqm),
    STATE_END,
};

static const struct device_class fdc_class = {
    .name = "fdc82077",
    .reset = fdc_reset,
    .destroy = fdc_destroy,
    .state = fdc_state,
    .loaded = fdc_loaded,
};

static bool config_ok(const struct fdc82077_config *config)
{
    if (config->haste > HASTE_MAX || (unsigned)config->mode > FDC82077_MODEL30)
        return false;
    for (unsigned i = 0; i < FDC82077_DRIVES; i++) {
        if ((unsigned)config->drives[i] >= FLOPPY_DRIVE_TYPES)
            return false;
    }
    return true;
}

static struct fdc82077 *allocate(const struct fdc82077_config *config)
{
    struct fdc82077 *fdc = calloc(1, sizeof(*fdc));

    if (!fdc)
        return NULL;
    fdc->dev = (struct device){&fdc_class, config->name};
    fdc->ports = config->ports;
    fdc->clock = config->clock;
    fdc->log = config->log;
    fdc->irq = config->irq;
    fdc->dma = config->dma;
    fdc->base = config->base;
    fdc->mode = config->mode;
    fdc->haste = config->haste ? config->haste : 1;
    clock_event_init(&fdc->exec_event, fdc82077_exec_fired, fdc);
    clock_event_init(&fdc->poll_event, poll_fired, fdc);
    for (unsigned i = 0; i < FDC82077_DRIVES; i++) {
        struct fdc_unit *unit = &fdc->units[i];

        unit->owner = fdc;
        unit->number = (uint8_t)i;
        clock_event_init(&unit->step_event, fdc82077_step_fired, unit);
        fdc->drives[i].type = (uint8_t)config->drives[i];
        fdc->drives[i].haste = (uint8_t)fdc->haste;
    }
    return fdc;
}

enum status fdc82077_create(const struct fdc82077_config *config,
                            struct device **out)
{
    struct fdc82077 *fdc;
    enum status status;

    *out = NULL;
    if (!config_ok(config))
        return STATUS_BAD_ARGUMENT;
    fdc = allocate(config);
    if (!fdc)
        return STATUS_NO_MEMORY;
    status = bus_map(fdc->ports, fdc->base, PORTS_LOW, &low_ops, fdc);
    if (status == STATUS_OK) {
        status = bus_map(fdc->ports, fdc->base + PORT_HIGH, 1, &high_ops, fdc);
        if (status != STATUS_OK)
            bus_unmap(fdc->ports, fdc->base, fdc);
    }
    if (status != STATUS_OK) {
        free(fdc);
        return status;
    }
    fdc_reset(&fdc->dev);
    *out = &fdc->dev;
    return STATUS_OK;
}
