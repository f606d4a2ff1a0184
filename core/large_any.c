#include <stdlib.h>
#include <string.h>

#include "core/large.h"

#define LINE ((size_t)64) /* bytes of a host's cache line */

void *large_alloc(size_t bytes)
{
    size_t size = (bytes + LINE - 1) & ~(LINE - 1);
    void *memory = aligned_alloc(LINE, size);

    return memory ? memset(memory, 0, size) : NULL;
}

void large_free(void *memory, size_t bytes)
{
    (void)bytes;
    free(memory);
}
