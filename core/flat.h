/* Large tables of 64-bit entries that start out all alike and are touched
 * here and there: cost memory only where written. */
#ifndef CORE_FLAT_H
#define CORE_FLAT_H

#include "core/types.h"

/* A table of `count` entries (a multiple of 512), each `fill`. NULL: out of
 * host memory. The caller owns it; end it with flat_destroy(). Tables of one
 * `struct flat_source` share the untouched parts. */
struct flat_source;

struct flat_source *flat_source_create(size_t count, int64_t fill);
void flat_source_destroy(struct flat_source *source); /* after its tables */
int64_t *flat_create(struct flat_source *source);
void flat_destroy(struct flat_source *source, int64_t *table);

#endif
