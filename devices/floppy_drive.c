#include "devices/floppy_drive.h"

#include <assert.h>

#define SPIN_UP_NS     300000000u
#define TURN_300RPM_NS 200000000u
#define TURN_360RPM_NS 166666667u
#define INDEX_NS       4000000u /* width of the pulse */
#define LEAD_BYTES     146u     /* gap 4a, sync, index mark, gap 1 */
#define CYLINDERS_40   43
#define CYLINDERS_80   FLOPPY_CYLINDERS_MAX

const struct state_field floppy_drive_state[] = {
    STATE_FIELD(struct floppy_drive, cylinder),
    STATE_FIELD(struct floppy_drive, motor),
    STATE_FIELD(struct floppy_drive, changed),
    STATE_FIELD(struct floppy_drive, at_speed_ns),
    STATE_TABLE(struct floppy_drive, media, floppy_media_state),
    STATE_END,
};

static bool attached(const struct floppy_drive *drive)
{
    return drive->type != FLOPPY_DRIVE_NONE;
}

void floppy_drive_motor(struct floppy_drive *drive, bool on, uint64_t now_ns)
{
    if (on && !drive->motor)
        drive->at_speed_ns = now_ns + SPIN_UP_NS / drive->haste;
    drive->motor = on;
}

void floppy_drive_step(struct floppy_drive *drive, bool inward)
{
    unsigned stop =
        drive->type == FLOPPY_DRIVE_360K ? CYLINDERS_40 : CYLINDERS_80;

    if (!attached(drive))
        return;
    if (inward && drive->cylinder + 1u < stop)
        drive->cylinder++;
    else if (!inward && drive->cylinder)
        drive->cylinder--;
    if (drive->media.present)
        drive->changed = false;
}

enum status floppy_drive_insert(struct floppy_drive *drive,
                                struct host_block *block,
                                const struct floppy_format *format,
                                uint64_t now_ns)
{
    drive->changed = true;
    drive->at_speed_ns = now_ns + SPIN_UP_NS / drive->haste;
    return floppy_media_insert(&drive->media, block, format);
}

void floppy_drive_eject(struct floppy_drive *drive)
{
    if (drive->media.present)
        drive->changed = true;
    floppy_media_eject(&drive->media);
}

bool floppy_drive_track0(const struct floppy_drive *drive)
{
    return attached(drive) && drive->cylinder == 0;
}

bool floppy_drive_protected(const struct floppy_drive *drive)
{
    return attached(drive) && drive->media.block &&
           drive->media.block->read_only;
}

/* 360K drives have no such line. */
bool floppy_drive_change_line(const struct floppy_drive *drive)
{
    return attached(drive) && drive->type != FLOPPY_DRIVE_360K &&
           drive->changed;
}

static uint64_t turn_ns(const struct floppy_drive *drive)
{
    uint64_t turn =
        drive->type == FLOPPY_DRIVE_1200K ? TURN_360RPM_NS : TURN_300RPM_NS;

    return turn / drive->haste;
}

bool floppy_drive_turns(const struct floppy_drive *drive)
{
    return attached(drive) && drive->motor && drive->media.present &&
           drive->media.block;
}

bool floppy_drive_index(const struct floppy_drive *drive, uint64_t now_ns)
{
    return floppy_drive_turns(drive) && now_ns >= drive->at_speed_ns &&
           now_ns % turn_ns(drive) < INDEX_NS / drive->haste;
}

static uint64_t rate_byte_ns(enum floppy_rate rate)
{
    switch (rate) {
    case FLOPPY_RATE_500K: return 16000;
    case FLOPPY_RATE_300K: return 26667;
    case FLOPPY_RATE_250K: return 32000;
    default: return 8000;
    }
}

/* Bits per turn make the density, so 300 kbit/s at 360 rpm records and reads
 * what 250 kbit/s does at 300 rpm. */
bool floppy_drive_density(const struct floppy_drive *drive,
                          enum floppy_rate rate, enum floppy_density *out)
{
    bool fast = drive->type == FLOPPY_DRIVE_1200K;

    switch (rate) {
    case FLOPPY_RATE_500K: *out = FLOPPY_HD; return true;
    case FLOPPY_RATE_300K: *out = FLOPPY_DD; return fast;
    case FLOPPY_RATE_250K: *out = FLOPPY_DD; return !fast;
    default: *out = FLOPPY_ED; return !fast;
    }
}

/* Which of the diskette's cylinders is under the head: a 48 tpi diskette in
 * the 96 tpi drive has a track at every other step. */
static bool find_cylinder(const struct floppy_drive *drive, uint8_t *cylinder)
{
    const struct floppy_media *media = &drive->media;

    *cylinder = drive->cylinder;
    if (drive->type != FLOPPY_DRIVE_1200K || media->density_max != FLOPPY_DD ||
        media->cylinders > CYLINDERS_40)
        return true;
    *cylinder = drive->cylinder / 2;
    return drive->cylinder % 2 == 0;
}

bool floppy_drive_track(const struct floppy_drive *drive, unsigned head,
                        enum floppy_rate rate, struct floppy_track *out)
{
    const struct floppy_media *media = &drive->media;
    struct floppy_format format = {media->cylinders, media->heads,
                                   media->sectors, media->size_code,
                                   media->density};
    enum floppy_density density;
    uint64_t least;

    if (!floppy_drive_turns(drive))
        return false;
    *out = (struct floppy_track){
        .sectors = media->sectors,
        .size_code = media->size_code,
        .turn_ns = turn_ns(drive),
        .byte_ns = rate_byte_ns(rate) / drive->haste,
    };
    out->on_track = find_cylinder(drive, &out->cylinder);
    out->readable =
        out->on_track && floppy_drive_density(drive, rate, &density) &&
        density == media->density && floppy_format_fits(&format, drive->type) &&
        floppy_media_has_track(media, out->cylinder, head);
    if (!out->readable)
        return true;
    out->lead_ns = LEAD_BYTES * out->byte_ns;
    out->slot_ns = (out->turn_ns - out->lead_ns) / media->sectors;
    /* Formats denser than the standard's gaps allow get shorter ones. */
    least = out->slot_ns /
            (FLOPPY_DATA + (128u << media->size_code) + FLOPPY_SECTOR_REST + 1);
    if (out->byte_ns > least)
        out->byte_ns = least;
    return true;
}

uint64_t floppy_drive_when(const struct floppy_drive *drive,
                           const struct floppy_track *track, uint64_t from_ns,
                           uint64_t offset_ns)
{
    uint64_t from = from_ns, angle;

    assert(track->turn_ns);
    if (from < drive->at_speed_ns)
        from = drive->at_speed_ns;
    angle = from % track->turn_ns;
    offset_ns %= track->turn_ns;
    return from + (offset_ns + track->turn_ns - angle) % track->turn_ns;
}
