/* A diskette: what tracks and sectors a raw image stands for.
 *
 * The image holds the sectors of a regular format in order: cylinder, head,
 * sector number. Kept beside it until the medium is changed, because it has no
 * place for them: which tracks are unformatted and which sectors carry a
 * deleted mark.
 *
 * Formatting a track writes its fill bytes. The sector numbers may come in any
 * order (the order itself is not kept). A track whose layout differs from the
 * rest of the diskette cannot be told in a raw image: it becomes unreadable,
 * as on a bad medium, until it is formatted well. Track 0 side 0 starts a
 * new format for the whole diskette when each of its tracks still fits in the
 * room that the old one had, and needs no higher density than the diskette had
 * when it was inserted; all other tracks are then unformatted.
 *
 * An image shorter than its format reads as zeros behind its end. Writing
 * there is refused (NO_SPACE): whoever opened the image gives it the size that
 * it shall have. */
#ifndef DEVICES_FLOPPY_MEDIA_H
#define DEVICES_FLOPPY_MEDIA_H

#include "core/floppy_format.h"
#include "core/host.h"
#include "core/state.h"

#define FLOPPY_TRACKS_MAX       (FLOPPY_CYLINDERS_MAX * 2)
#define FLOPPY_SECTOR_BYTES_MAX 1024

struct floppy_media {
    struct host_block *block; /* borrowed; NULL: no medium; rebuilt on load */
    bool present;
    uint8_t density_max; /* enum floppy_density that it can be formatted to */
    uint8_t cylinders, heads, sectors, size_code, density; /* floppy_format */
    uint8_t unformatted[(FLOPPY_TRACKS_MAX + 7) / 8];      /* bit per track */
    uint8_t deleted[FLOPPY_TRACKS_MAX * FLOPPY_SECTORS_MAX / 8];
};

extern const struct state_field floppy_media_state[];

/* Takes a medium; see fdc82077_insert(). On error it is empty. */
enum status floppy_media_insert(struct floppy_media *media,
                                struct host_block *block,
                                const struct floppy_format *format);
void floppy_media_eject(struct floppy_media *media);

/* After a load: a medium that could not be is taken out. */
void floppy_media_check(struct floppy_media *media);

/* One sector by its place on the medium. */
struct floppy_sector {
    uint8_t cylinder, head, number; /* number: from 1 */
};

/* True when this track exists and is formatted. */
bool floppy_media_has_track(const struct floppy_media *media, unsigned cylinder,
                            unsigned head);

/* `buffer` has 128 << size_code bytes. The sector must stand on a track that
 * floppy_media_has_track() has, with a number up to media->sectors.
 * Errors: those of struct host_block. */
enum status floppy_media_read(const struct floppy_media *media,
                              struct floppy_sector sector, uint8_t *buffer,
                              bool *deleted);
enum status floppy_media_write(struct floppy_media *media,
                               struct floppy_sector sector,
                               const uint8_t *buffer, bool deleted);

struct floppy_layout {
    uint8_t cylinder, head; /* where the heads stand */
    uint8_t sectors, size_code, density, fill;
    const uint8_t *ids; /* C, H, R, N of each sector; borrowed */
};

/* Formats one track; see above for what can be told. A layout that cannot
 * leaves the track unreadable, and is no error.
 * Errors: those of struct host_block.write(). */
enum status floppy_media_format(struct floppy_media *media,
                                const struct floppy_layout *layout);

#endif
