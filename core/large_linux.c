#define _GNU_SOURCE
#include <stdint.h>
#include <sys/mman.h>

#include "core/large.h"

#define LARGE ((size_t)2 << 20) /* bytes of a page */

static size_t round_up(size_t bytes)
{
    return (bytes + LARGE - 1) & ~(LARGE - 1);
}

/* The host aligns to small pages only: takes one large page more, and gives
 * back what is too much. */
void *large_alloc(size_t bytes)
{
    size_t size = round_up(bytes), before;
    uint8_t *base = mmap(NULL, size + LARGE, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (base == MAP_FAILED)
        return NULL;
    before = (size_t)(-(uintptr_t)base & (LARGE - 1));
    if (before)
        munmap(base, before);
    munmap(base + before + size, LARGE - before);
    madvise(base + before, size, MADV_HUGEPAGE); /* it may have none */
    return base + before;
}

void large_free(void *memory, size_t bytes)
{
    if (memory)
        munmap(memory, round_up(bytes));
}
