/* One file in memory, mapped to write and to run. */
#define _GNU_SOURCE
#include <sys/mman.h>
#include <unistd.h>

#include "jit/cache.h"

bool cache_map(struct cache *cache)
{
    int fd = memfd_create("jit", MFD_CLOEXEC);
    void *write = MAP_FAILED, *run = MAP_FAILED;

    if (fd < 0)
        return false;
    if (ftruncate(fd, (off_t)cache->bytes) == 0) {
        write =
            mmap(NULL, cache->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        run =
            mmap(NULL, cache->bytes, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
    }
    close(fd);
    if (write != MAP_FAILED && run != MAP_FAILED) {
        cache->write = write;
        cache->run = run;
        return true;
    }
    if (write != MAP_FAILED)
        munmap(write, cache->bytes);
    if (run != MAP_FAILED)
        munmap(run, cache->bytes);
    return false;
}

void cache_unmap(struct cache *cache)
{
    munmap(cache->write, cache->bytes);
    munmap((void *)(uintptr_t)cache->run, cache->bytes);
}
