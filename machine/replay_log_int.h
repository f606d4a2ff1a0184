/* What writer and reader of a log share. */
#ifndef MACHINE_REPLAY_LOG_INT_H
#define MACHINE_REPLAY_LOG_INT_H

#include "machine/replay_log.h"

#define HEADER_MAGIC     "VITRLOG\x1a"
#define HEADER_BYTES     16
#define BLOCK_HEAD_BYTES 12
#define VARINT_MOST      10 /* bytes of 64 bits */

/* A row of replay.def. */
struct replay_shape {
    uint64_t kind;
    unsigned numbers;
    size_t bytes_most;
};

/* NULL: no such record. */
const struct replay_shape *replay_shape_find(uint64_t kind);

#endif
