/* The commands that work on a track.
 *
 * A command is a chain of steps, each an event at an exact time: the head is
 * loaded; the sector's ID comes round; its data field begins; it ends; and so
 * on to the next sector. Times follow from the angle of the diskette, not
 * from when an event was seen, so the guest's speed does not move them. In DMA
 * mode a sector moves in one burst, to memory when its data field has passed,
 * from memory when it begins; in non-DMA mode each byte is a step. */
#include "devices/fdc82077_int.h"

#include <string.h>

#define SIZE_CODE_MAX 3
#define EC_BIT        0x80 /* second byte of VERIFY */

_Static_assert(128u << SIZE_CODE_MAX == FDC_BUFFER_BYTES, "a sector fits");
_Static_assert(255 * 4 <= FDC_BUFFER_BYTES, "FORMAT's addresses fit");

static bool is_write(unsigned kind)
{
    return kind == FDC_KIND_WRITE || kind == FDC_KIND_WRITE_DELETED;
}

static void arm(struct fdc82077 *fdc, enum fdc_step step, uint64_t when_ns)
{
    fdc->exec.step = (uint8_t)step;
    fdc->exec.when_ns = when_ns;
    clock_arm(fdc->clock, &fdc->exec_event, when_ns);
}

void fdc82077_exec_stop(struct fdc82077 *fdc)
{
    clock_disarm(fdc->clock, &fdc->exec_event);
    fdc->exec.step = FDC_STEP_NONE;
    fdc->fifo_count = 0;
    fdc->rqm = false;
}

static void fail(struct fdc82077 *fdc, uint8_t st1, uint8_t st2)
{
    fdc->exec.st0 |= FDC_ST0_ABNORMAL;
    fdc->exec.st1 |= st1;
    fdc->exec.st2 |= st2;
    fdc82077_finish(fdc);
}

/* What the host has not fetched yet waits for it. */
static void finish_transfer(struct fdc82077 *fdc)
{
    if (fdc->exec.non_dma && fdc82077_fifo_to_host(fdc) && fdc->fifo_count) {
        fdc->exec.step = FDC_STEP_DRAIN;
        fdc82077_fifo_update(fdc);
        return;
    }
    fdc82077_finish(fdc);
}

/* ---- search ---- */

static void lose(struct fdc82077 *fdc, const struct floppy_track *track,
                 uint8_t st1, uint8_t st2)
{
    struct fdc_exec *exec = &fdc->exec;
    uint64_t index =
        floppy_drive_when(fdc82077_drive(fdc), track, exec->when_ns, 0);

    exec->lost_st1 = st1;
    exec->lost_st2 = st2;
    arm(fdc, FDC_STEP_LOST, index + track->turn_ns);
}

/* When the slot of sector `number` begins next. */
static uint64_t slot_time(struct fdc82077 *fdc,
                          const struct floppy_track *track, unsigned number)
{
    return floppy_drive_when(fdc82077_drive(fdc), track, fdc->exec.when_ns,
                             track->lead_ns + (number - 1) * track->slot_ns);
}

static void find_next_id(struct fdc82077 *fdc, const struct floppy_track *track)
{
    uint64_t best = UINT64_MAX;

    for (unsigned number = 1; number <= track->sectors; number++) {
        uint64_t when = slot_time(fdc, track, number);

        if (when >= best)
            continue;
        best = when;
        fdc->exec.number = (uint8_t)number;
    }
    arm(fdc, FDC_STEP_DATA, best + FLOPPY_ID_END * track->byte_ns);
}

/* READ TRACK takes the sectors as they come after the index hole, and only
 * notes whether one had the address it was told. */
static void find_next_physical(struct fdc82077 *fdc,
                               const struct floppy_track *track)
{
    struct fdc_exec *exec = &fdc->exec;
    uint64_t from;

    if (exec->number >= track->sectors) {
        lose(fdc, track, FDC_ST1_MA, 0);
        return;
    }
    if (!exec->number)
        exec->when_ns =
            floppy_drive_when(fdc82077_drive(fdc), track, exec->when_ns, 0);
    exec->number++;
    from = slot_time(fdc, track, exec->number);
    if (exec->c != track->cylinder || exec->h != exec->head ||
        exec->r != exec->number || exec->n != track->size_code)
        exec->st1 |= FDC_ST1_ND;
    arm(fdc, FDC_STEP_DATA, from + FLOPPY_DATA * track->byte_ns);
}

static void find_addressed(struct fdc82077 *fdc,
                           const struct floppy_track *track)
{
    struct fdc_exec *exec = &fdc->exec;

    if (exec->c == track->cylinder && exec->h == exec->head &&
        exec->n == track->size_code && exec->r >= 1 &&
        exec->r <= track->sectors) {
        exec->number = exec->r;
        arm(fdc, FDC_STEP_DATA,
            slot_time(fdc, track, exec->r) + FLOPPY_DATA * track->byte_ns);
        return;
    }
    lose(fdc, track, FDC_ST1_ND, exec->c != track->cylinder ? FDC_ST2_WC : 0);
}

static bool find_track(struct fdc82077 *fdc, struct floppy_track *track)
{
    return floppy_drive_track(fdc82077_drive(fdc), fdc->exec.head,
                              (enum floppy_rate)(fdc->rate & 3), track);
}

/* Goes on from exec.when_ns. Without index pulses the chip waits for ever. */
static void search(struct fdc82077 *fdc)
{
    struct fdc_exec *exec = &fdc->exec;
    struct floppy_track track;

    if (!find_track(fdc, &track)) {
        exec->step = FDC_STEP_NO_INDEX;
        return;
    }
    if (exec->kind == FDC_KIND_FORMAT) {
        arm(fdc, FDC_STEP_DATA,
            floppy_drive_when(fdc82077_drive(fdc), &track, exec->when_ns, 0));
    } else if (!track.readable || !(fdc->command[0] & FDC_CMD_MFM)) {
        lose(fdc, &track, FDC_ST1_MA, 0);
    } else if (exec->kind == FDC_KIND_READ_ID) {
        find_next_id(fdc, &track);
    } else if (exec->kind == FDC_KIND_READ_TRACK) {
        find_next_physical(fdc, &track);
    } else {
        find_addressed(fdc, &track);
    }
}

void fdc82077_exec_wake(struct fdc82077 *fdc)
{
    if (fdc->phase != FDC_PHASE_EXECUTION ||
        fdc->exec.step != FDC_STEP_NO_INDEX)
        return;
    fdc->exec.when_ns = clock_now_ns(fdc->clock);
    search(fdc);
}

/* ---- start ---- */

static unsigned sector_size(uint8_t n, uint8_t dtl)
{
    if (!n)
        return dtl && dtl < 128 ? dtl : 128;
    return 128u << (n < SIZE_CODE_MAX ? n : SIZE_CODE_MAX);
}

static void note_last(struct fdc_exec *exec)
{
    exec->last = exec->r == exec->eot && !(exec->multi_track && !exec->head);
}

static void take_parameters(struct fdc82077 *fdc)
{
    struct fdc_exec *exec = &fdc->exec;
    const uint8_t *command = fdc->command;

    exec->c = command[2];
    exec->h = command[3];
    exec->r = command[4];
    exec->n = command[5];
    exec->eot = fdc->last_eot = command[6];
    exec->size = (uint16_t)sector_size(exec->n, command[8]);
    exec->multi_track = command[0] & FDC_CMD_MT;
    exec->skip = command[0] & FDC_CMD_SK;
    if (exec->kind == FDC_KIND_READ_TRACK)
        exec->left = exec->eot ? exec->eot : 256;
    else if (exec->kind == FDC_KIND_VERIFY && (command[1] & EC_BIT))
        exec->left = command[8] ? command[8] : 256;
    note_last(exec);
}

static void take_format_parameters(struct fdc82077 *fdc)
{
    struct fdc_exec *exec = &fdc->exec;

    exec->n = fdc->command[2];
    fdc->last_eot = fdc->command[3];
    exec->size = (uint16_t)(4 * fdc->command[3]);
    exec->last = true;
}

void fdc82077_exec_start(struct fdc82077 *fdc, enum fdc_kind kind)
{
    struct fdc_exec *exec = &fdc->exec;
    uint64_t now = clock_now_ns(fdc->clock), load = 0;

    memset(exec, 0, sizeof(*exec));
    exec->kind = (uint8_t)kind;
    exec->unit = fdc->command[1] & 3;
    exec->head = fdc->command[1] >> 2 & 1;
    exec->non_dma = fdc->non_dma;
    if (kind == FDC_KIND_FORMAT)
        take_format_parameters(fdc);
    else if (kind != FDC_KIND_READ_ID)
        take_parameters(fdc);
    if (now >= fdc->head_loaded_ns)
        load = fdc82077_scale_ns(fdc, 2u * (fdc->hlt ? fdc->hlt : 128));
    fdc->fifo_count = 0;
    fdc->phase = FDC_PHASE_EXECUTION;
    arm(fdc, FDC_STEP_START, now + load);
    fdc82077_fifo_update(fdc);
}

static bool seeks_implied(const struct fdc82077 *fdc)
{
    return fdc->implied_seek && fdc->exec.kind != FDC_KIND_READ_ID &&
           fdc->exec.kind != FDC_KIND_FORMAT;
}

static void seek_implied(struct fdc82077 *fdc)
{
    struct fdc_exec *exec = &fdc->exec;
    struct fdc_unit *unit = &fdc->units[exec->unit & 3];
    unsigned steps = 0;

    for (; unit->pcn != exec->c; steps++) {
        bool inward = exec->c > unit->pcn;

        floppy_drive_step(fdc82077_drive(fdc), inward);
        unit->pcn = (uint8_t)(unit->pcn + (inward ? 1 : -1));
    }
    exec->st0 |= FDC_ST0_SE;
    arm(fdc, FDC_STEP_SEARCH,
        exec->when_ns + steps * fdc82077_scale_ns(fdc, 16u - fdc->srt));
}

static bool any_seeking(const struct fdc82077 *fdc)
{
    for (unsigned i = 0; i < FDC82077_DRIVES; i++) {
        if (fdc->units[i].seeking)
            return true;
    }
    return false;
}

static void start(struct fdc82077 *fdc)
{
    struct fdc_exec *exec = &fdc->exec;

    if (any_seeking(fdc)) {
        arm(fdc, FDC_STEP_START, exec->when_ns + fdc82077_scale_ns(fdc, 1));
    } else if ((is_write(exec->kind) || exec->kind == FDC_KIND_FORMAT) &&
               floppy_drive_protected(fdc82077_drive(fdc))) {
        fail(fdc, FDC_ST1_NW, 0);
    } else if (seeks_implied(fdc) &&
               fdc->units[exec->unit & 3].pcn != exec->c) {
        seek_implied(fdc);
    } else {
        search(fdc);
    }
}

/* ---- data field ---- */

static struct floppy_sector sector_at(const struct fdc82077 *fdc,
                                      const struct floppy_track *track)
{
    return (struct floppy_sector){track->cylinder, fdc->exec.head,
                                  fdc->exec.number};
}

static void begin_read_id(struct fdc82077 *fdc,
                          const struct floppy_track *track)
{
    struct fdc_exec *exec = &fdc->exec;

    exec->c = track->cylinder;
    exec->h = exec->head;
    exec->r = exec->number;
    exec->n = track->size_code;
    fdc82077_finish(fdc);
}

/* Loads the sector and looks at its mark (tables 5-4 and 5-6). */
static void begin_read(struct fdc82077 *fdc, const struct floppy_track *track)
{
    struct fdc_exec *exec = &fdc->exec;
    bool deleted, wanted = exec->kind == FDC_KIND_READ_DELETED;
    enum status status;

    status = floppy_media_read(&fdc82077_drive(fdc)->media,
                               sector_at(fdc, track), exec->buffer, &deleted);
    exec->transfer = status == STATUS_OK && exec->kind != FDC_KIND_VERIFY;
    if (status != STATUS_OK) {
        exec->st1 |= FDC_ST1_DE;
        exec->st2 |= FDC_ST2_DD;
    } else if (deleted != wanted && exec->kind != FDC_KIND_READ_TRACK) {
        exec->st2 |= FDC_ST2_CM;
        exec->transfer = exec->transfer && !exec->skip;
    }
    fdc->read_toggle = !fdc->read_toggle;
}

static void begin_data(struct fdc82077 *fdc, const struct floppy_track *track)
{
    struct fdc_exec *exec = &fdc->exec;
    uint64_t turn = exec->kind == FDC_KIND_FORMAT ? track->turn_ns : 0;

    exec->pos = 0;
    exec->transfer = true;
    exec->byte_ns = track->byte_ns;
    memset(exec->buffer, 0, sizeof(exec->buffer));
    if (turn)
        exec->byte_ns = turn / (exec->size ? exec->size : 1);
    exec->end_ns =
        exec->when_ns +
        (turn ? turn : (exec->size + FLOPPY_SECTOR_REST) * track->byte_ns);
    if (fdc82077_fifo_from_host(fdc)) {
        if (!exec->non_dma && !fdc82077_fifo_dma(fdc)) {
            fail(fdc, FDC_ST1_OR, 0);
            return;
        }
    } else {
        begin_read(fdc, track);
    }
    if (exec->non_dma && exec->transfer)
        arm(fdc, FDC_STEP_BYTE, exec->when_ns + exec->byte_ns);
    else
        arm(fdc, FDC_STEP_DATA_END, exec->end_ns);
}

static void pass_byte(struct fdc82077 *fdc)
{
    struct fdc_exec *exec = &fdc->exec;

    if (exec->pos < exec->size && !fdc82077_fifo_disk_byte(fdc)) {
        fail(fdc, FDC_ST1_OR, 0);
        return;
    }
    if (exec->pos < exec->size)
        arm(fdc, FDC_STEP_BYTE, exec->when_ns + exec->byte_ns);
    else
        arm(fdc, FDC_STEP_DATA_END, exec->end_ns);
}

/* ---- end of a sector ---- */

/* The address that the result phase shows (table 5-5); it is also where a
 * multi-sector transfer goes on. */
static void next_address(struct fdc_exec *exec, unsigned stride)
{
    if (exec->r != exec->eot) {
        exec->r = (uint8_t)(exec->r + stride);
        return;
    }
    exec->r = 1;
    if (!exec->multi_track) {
        exec->c++;
        return;
    }
    exec->c = (uint8_t)(exec->c + (exec->head ? 1 : 0));
    exec->h ^= 1;
}

static void go_on(struct fdc82077 *fdc)
{
    struct fdc_exec *exec = &fdc->exec;

    note_last(exec);
    exec->pos = 0;
    search(fdc);
}

static void advance(struct fdc82077 *fdc, unsigned stride)
{
    struct fdc_exec *exec = &fdc->exec;
    bool counted = exec->kind == FDC_KIND_VERIFY && exec->left;
    bool end = exec->last;

    next_address(exec, stride);
    if (exec->tc || (counted && --exec->left == 0)) {
        finish_transfer(fdc);
    } else if (!end) {
        /* Multi-track: the other side follows at once. */
        if (exec->multi_track && exec->h != exec->head && exec->r == 1)
            exec->head = 1;
        go_on(fdc);
    } else if (exec->kind == FDC_KIND_VERIFY && !counted) {
        finish_transfer(fdc);
    } else if (fdc82077_kind_scans(exec->kind)) {
        finish_transfer(fdc); /* ST2.SN says that nothing matched */
    } else {
        exec->st0 |= FDC_ST0_ABNORMAL;
        exec->st1 |= FDC_ST1_EN;
        finish_transfer(fdc);
    }
}

static void end_read_track(struct fdc82077 *fdc)
{
    struct fdc_exec *exec = &fdc->exec;

    exec->r++;
    if (exec->left)
        exec->left--;
    if (exec->left && !exec->tc) {
        exec->pos = 0;
        search(fdc);
        return;
    }
    if (exec->st1)
        exec->st0 |= FDC_ST0_ABNORMAL;
    finish_transfer(fdc);
}

static void end_read(struct fdc82077 *fdc)
{
    struct fdc_exec *exec = &fdc->exec;

    if (exec->transfer && !exec->non_dma && exec->kind != FDC_KIND_VERIFY &&
        !fdc82077_fifo_dma(fdc)) {
        fail(fdc, FDC_ST1_OR, 0);
    } else if (exec->st1 & FDC_ST1_DE) {
        exec->st0 |= FDC_ST0_ABNORMAL;
        finish_transfer(fdc);
    } else if (exec->kind == FDC_KIND_READ_TRACK) {
        end_read_track(fdc);
    } else if ((exec->st2 & FDC_ST2_CM) && !exec->skip) {
        finish_transfer(fdc); /* address not incremented */
    } else {
        advance(fdc, 1);
    }
}

static void end_write(struct fdc82077 *fdc, const struct floppy_track *track)
{
    struct fdc_exec *exec = &fdc->exec;
    enum status status;

    status =
        floppy_media_write(&fdc82077_drive(fdc)->media, sector_at(fdc, track),
                           exec->buffer, exec->kind == FDC_KIND_WRITE_DELETED);
    fdc->write_toggle = !fdc->write_toggle;
    if (status == STATUS_READ_ONLY) {
        fail(fdc, FDC_ST1_NW, 0);
    } else if (status != STATUS_OK) {
        exec->st0 |= FDC_ST0_EC; /* the drive's fault line */
        fail(fdc, 0, 0);
    } else {
        advance(fdc, 1);
    }
}

/* Below, equal or above: the disk's bytes against the host's, where FF on
 * either side equals anything. */
static int compare(const uint8_t *disk, const uint8_t *host, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (disk[i] != host[i] && disk[i] != 0xff && host[i] != 0xff)
            return disk[i] < host[i] ? -1 : 1;
    }
    return 0;
}

static void end_scan(struct fdc82077 *fdc, const struct floppy_track *track)
{
    struct fdc_exec *exec = &fdc->exec;
    unsigned stride = fdc->command[8] == 2 ? 2 : 1;
    uint8_t disk[FLOPPY_SECTOR_BYTES_MAX];
    bool deleted;
    int order;

    if (floppy_media_read(&fdc82077_drive(fdc)->media, sector_at(fdc, track),
                          disk, &deleted) != STATUS_OK) {
        fail(fdc, FDC_ST1_DE, FDC_ST2_DD);
        return;
    }
    order = compare(disk, exec->buffer, exec->size % (FDC_BUFFER_BYTES + 1));
    exec->st2 &= (uint8_t) ~(FDC_ST2_SH | FDC_ST2_SN);
    if (!order)
        exec->st2 |= FDC_ST2_SH;
    else if (exec->kind == FDC_KIND_SCAN_EQUAL ||
             (order < 0) != (exec->kind == FDC_KIND_SCAN_LOW))
        exec->st2 |= FDC_ST2_SN;
    if (exec->st2 & FDC_ST2_SN)
        advance(fdc, stride);
    else
        finish_transfer(fdc);
}

static void end_format(struct fdc82077 *fdc)
{
    struct fdc_exec *exec = &fdc->exec;
    struct floppy_drive *drive = fdc82077_drive(fdc);
    enum floppy_density density = FLOPPY_DD;
    bool known = floppy_drive_density(drive, (enum floppy_rate)(fdc->rate & 3),
                                      &density);
    struct floppy_track track;
    struct floppy_layout layout = {
        .head = exec->head,
        .sectors = (uint8_t)(exec->size / 4),
        .size_code = exec->n,
        .density = (uint8_t)density,
        .fill = fdc->command[5],
        .ids = exec->buffer,
    };

    find_track(fdc, &track);
    layout.cylinder = track.cylinder;
    if (!known || !track.on_track || !(fdc->command[0] & FDC_CMD_MFM))
        layout.sectors = 0; /* nothing that reads as a track */
    fdc->write_toggle = !fdc->write_toggle;
    if (floppy_media_format(&drive->media, &layout) != STATUS_OK) {
        exec->st0 |= FDC_ST0_EC;
        fail(fdc, 0, 0);
        return;
    }
    fdc82077_finish(fdc);
}

static void end_sector(struct fdc82077 *fdc)
{
    struct floppy_track track;

    find_track(fdc, &track);
    if (fdc->exec.kind == FDC_KIND_FORMAT)
        end_format(fdc);
    else if (is_write(fdc->exec.kind))
        end_write(fdc, &track);
    else if (fdc82077_kind_scans(fdc->exec.kind))
        end_scan(fdc, &track);
    else
        end_read(fdc);
}

/* A motor, a medium or a rate may have changed since the step was armed: the
 * sector at hand must still be there. */
static bool still_there(struct fdc82077 *fdc, struct floppy_track *track)
{
    if (!find_track(fdc, track))
        return false;
    if (fdc->exec.kind == FDC_KIND_FORMAT)
        return true;
    return track->readable && fdc->exec.number >= 1 &&
           fdc->exec.number <= track->sectors;
}

void fdc82077_exec_fired(void *dev)
{
    struct fdc82077 *fdc = dev;
    struct fdc_exec *exec = &fdc->exec;
    struct floppy_track track;

    if (fdc->phase != FDC_PHASE_EXECUTION)
        return;
    switch (exec->step) {
    case FDC_STEP_START: start(fdc); return;
    case FDC_STEP_SEARCH: search(fdc); return;
    case FDC_STEP_LOST: fail(fdc, exec->lost_st1, exec->lost_st2); return;
    case FDC_STEP_DATA:
    case FDC_STEP_BYTE:
    case FDC_STEP_DATA_END: break;
    default: return;
    }
    if (!still_there(fdc, &track)) {
        search(fdc);
    } else if (exec->step == FDC_STEP_DATA) {
        if (exec->kind == FDC_KIND_READ_ID)
            begin_read_id(fdc, &track);
        else
            begin_data(fdc, &track);
    } else if (exec->step == FDC_STEP_BYTE) {
        pass_byte(fdc);
    } else {
        end_sector(fdc);
    }
}
