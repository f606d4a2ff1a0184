/* Disk images: files of the host as media of the guest (struct host_block). */
#ifndef FRONTEND_IMAGE_H
#define FRONTEND_IMAGE_H

#include "core/host.h"
#include "core/log.h"
#include "core/status.h"
#include "core/types.h"

enum image_kind {
    IMAGE_ANY, /* not known: find out from content and size */
    IMAGE_FLOPPY,
    IMAGE_DISK, /* hard disk */
    IMAGE_CD,
};

#define IMAGE_MESSAGE_BYTES 512 /* room for any message of image_open() */

struct image_host; /* the host's file calls: frontend/image_host.h */

struct image_config {
    const char *path;     /* borrowed during the call */
    enum image_kind kind; /* what the drive takes; IMAGE_ANY: any */
    bool read_only;       /* never write, even if the file could be written */
    bool snapshot;        /* keep writes in memory and drop them at the end */
    struct log *log;      /* borrowed until destroy; notices and failures
                             while running; may be NULL */
    const struct image_host *host; /* borrowed; NULL: the real file system */
};

/* Opens and locks a raw image.
 *
 * A file that may not be written is opened read-only, with a notice. A CD is
 * always read-only. A floppy image of a size that no format has is shown with
 * the size of the best format, its rest zeros; the first write there makes the
 * file that long. Of a hard disk, a last part of less than 512 bytes is not
 * shown, with a notice.
 *
 * *out is the medium, the caller's: end it with (*out)->ops->destroy(*out).
 * *kind is what it was found (or told) to be. On error *out is NULL and
 * `message` (may be NULL) says the file, what is wrong and what to do, in one
 * line. Errors: NOT_FOUND, NO_ACCESS (also: used by another program),
 * BAD_FORMAT, BAD_ARGUMENT, IO, NO_MEMORY. */
enum status image_open(const struct image_config *config,
                       struct host_block **out, enum image_kind *kind,
                       char *message, size_t message_bytes);

/* "floppy", "hard disk", "CD", or "any" */
const char *image_kind_text(enum image_kind kind);

#endif
