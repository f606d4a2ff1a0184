/* A medium in host memory: the built-in disk, whose changes go with the run. */
#ifndef FRONTEND_MEMORY_BLOCK_H
#define FRONTEND_MEMORY_BLOCK_H

#include "core/host.h"

/* A medium that starts as a copy of `size` bytes. NULL: out of host memory.
 * The caller owns it: end it with its ops->destroy(). */
struct host_block *memory_block_create(const uint8_t *bytes, size_t size);

#endif
