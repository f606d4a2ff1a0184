/* A raw image file as a medium. */
#ifndef FRONTEND_IMAGE_RAW_H
#define FRONTEND_IMAGE_RAW_H

#include "core/host.h"
#include "core/log.h"
#include "frontend/image_host.h"

struct image_raw_config {
    const struct image_host *host; /* borrowed until destroy */
    const char *path;              /* copied; for messages */
    struct log *log;               /* borrowed until destroy; may be NULL */
    int fd;                        /* owned by the medium, if it is created */
    bool read_only;
    uint64_t file_bytes; /* what the file has now */
    /* What the medium has. More than file_bytes: the rest reads as zeros, and
     * the first write there makes the file that long. Less: not shown. */
    uint64_t size_bytes;
};

/* Errors: NO_MEMORY; `fd` is then still the caller's. Failures while running
 * are logged once for each kind, and each is answered with its status: IO,
 * NO_SPACE, READ_ONLY. A file that became shorter in the meantime is IO. */
enum status image_raw_create(const struct image_raw_config *config,
                             struct host_block **out);

#endif
