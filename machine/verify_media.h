/* A medium of which somebody has a copy of his own: reads come from the base
 * until he writes, what he writes stays in memory. So several machines use one
 * medium and none sees another's writes. */
#ifndef MACHINE_VERIFY_MEDIA_H
#define MACHINE_VERIFY_MEDIA_H

#include "core/host.h"

struct verify_medium {
    struct host_block block;
    struct host_block *base; /* borrowed; NULL: not in use */
    uint8_t **piece;         /* owned; NULL: as in the base */
};

/* NULL gives NULL. What was in `medium` before is forgotten. A write for which
 * the host has no memory gives NO_SPACE. */
struct host_block *verify_medium_init(struct verify_medium *medium,
                                      struct host_block *base);
void verify_medium_deinit(struct verify_medium *medium);

#endif
