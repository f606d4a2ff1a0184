/* Every table is a private mapping of one file in memory that holds the fill
 * value: creating one costs a system call, and only pages that are written
 * cost memory. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/flat.h"

struct flat_source {
    int fd;
    size_t count;
};

#define CHUNK 8192u /* values */

/* The file repeats nothing by itself: writes it all once, which is quicker than
 * to map it for that. */
static bool fill_file(int fd, size_t count, int64_t fill)
{
    int64_t chunk[CHUNK];

    for (size_t i = 0; i < CHUNK; i++)
        chunk[i] = fill;
    for (size_t done = 0; done < count;) {
        size_t n = count - done < CHUNK ? count - done : CHUNK;
        ssize_t wrote = write(fd, chunk, n * sizeof(fill));

        if (wrote != (ssize_t)(n * sizeof(fill)))
            return false;
        done += n;
    }
    return true;
}

struct flat_source *flat_source_create(size_t count, int64_t fill)
{
    struct flat_source *source = malloc(sizeof(*source));

    if (!source)
        return NULL;
    source->count = count;
    source->fd = memfd_create("flat", MFD_CLOEXEC);
    if (source->fd >= 0 && fill_file(source->fd, count, fill))
        return source;
    flat_source_destroy(source);
    return NULL;
}

void flat_source_destroy(struct flat_source *source)
{
    if (!source)
        return;
    if (source->fd >= 0)
        close(source->fd);
    free(source);
}

int64_t *flat_create(struct flat_source *source)
{
    void *map =
        mmap(NULL, source->count * sizeof(int64_t), PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_NORESERVE, source->fd, 0);

    return map == MAP_FAILED ? NULL : map;
}

void flat_destroy(struct flat_source *source, int64_t *table)
{
    if (table)
        munmap(table, source->count * sizeof(int64_t));
}
