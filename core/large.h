/* Zeroed memory of many megabytes that is used here and there: by large pages
 * of the host, if it has them to give, so that each use needs no translation
 * of its own. */
#ifndef CORE_LARGE_H
#define CORE_LARGE_H

#include <stddef.h>

/* NULL: out of host memory. The caller owns it, and gives it back by
 * large_free() with the same size. */
void *large_alloc(size_t bytes);
void large_free(void *memory, size_t bytes);

#endif
