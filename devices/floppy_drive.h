/* A floppy drive: motor, head, rotation and the diskette in it.
 *
 * Rotation: index holes pass at whole multiples of the turn's time, so the
 * angle is a function of virtual time alone. A track begins with 146 bytes of
 * gap and index mark; its sectors then share the turn evenly, in order. */
#ifndef DEVICES_FLOPPY_DRIVE_H
#define DEVICES_FLOPPY_DRIVE_H

#include "devices/floppy_media.h"

/* Data rates by their code in DSR and CCR. */
enum floppy_rate {
    FLOPPY_RATE_500K,
    FLOPPY_RATE_300K,
    FLOPPY_RATE_250K,
    FLOPPY_RATE_1M,
};

struct floppy_drive {
    uint8_t type;     /* enum floppy_drive_type; from the configuration */
    uint8_t haste;    /* 1..64; from the configuration */
    uint8_t cylinder; /* where the head stands */
    bool motor;
    bool changed;         /* disk change line */
    uint64_t at_speed_ns; /* when the motor will have spun up */
    struct floppy_media media;
};

extern const struct state_field floppy_drive_state[];

/* What passes under a head. Times in ns. */
struct floppy_track {
    bool on_track; /* the head is not between two tracks */
    bool readable; /* there are address marks of this data rate */
    uint8_t cylinder, sectors, size_code;
    uint64_t turn_ns;
    uint64_t lead_ns; /* from the index hole to the first sector's gap */
    uint64_t slot_ns; /* from sector to sector */
    uint64_t byte_ns;
};

/* Offsets of the parts of a sector from its slot's start, in bytes (MFM, IBM
 * System 34 format: sync 12, ID mark 4, ID 4, CRC 2, gap 22, sync 12, data
 * mark 4, data, CRC 2). */
enum {
    FLOPPY_ID_END = 22,
    FLOPPY_DATA = 60,
    FLOPPY_SECTOR_REST = 2, /* after the data */
};

/* Turns the motor on or off. */
void floppy_drive_motor(struct floppy_drive *drive, bool on, uint64_t now_ns);

/* Moves the head one step. With a medium in, a step lowers the change line. */
void floppy_drive_step(struct floppy_drive *drive, bool inward);

enum status floppy_drive_insert(struct floppy_drive *drive,
                                struct host_block *block,
                                const struct floppy_format *format,
                                uint64_t now_ns);
void floppy_drive_eject(struct floppy_drive *drive);

/* Lines from the drive; all inactive when it is not attached. */
bool floppy_drive_track0(const struct floppy_drive *drive);
bool floppy_drive_protected(const struct floppy_drive *drive);
bool floppy_drive_change_line(const struct floppy_drive *drive);
bool floppy_drive_index(const struct floppy_drive *drive, uint64_t now_ns);

/* True when index pulses come, now or after spinning up. */
bool floppy_drive_turns(const struct floppy_drive *drive);

/* The track under `head` at a data rate; false when nothing turns. */
bool floppy_drive_track(const struct floppy_drive *drive, unsigned head,
                        enum floppy_rate rate, struct floppy_track *out);

/* When `offset_ns` after the index hole passes: the first time at or after
 * `from_ns`, and not before the drive is at speed. */
uint64_t floppy_drive_when(const struct floppy_drive *drive,
                           const struct floppy_track *track, uint64_t from_ns,
                           uint64_t offset_ns);

/* The density that recording at `rate` gives here; false: none that any
 * drive reads. */
bool floppy_drive_density(const struct floppy_drive *drive,
                          enum floppy_rate rate, enum floppy_density *out);

#endif
