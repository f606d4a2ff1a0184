/* Memory without a file, mapped to write and, the same pages, to run. perf
 * takes names of code for such memory only. */
#define _GNU_SOURCE
#include <sys/mman.h>

#include "jit/cache.h"

bool cache_map(struct cache *cache)
{
    void *write, *run;

    write = mmap(NULL, cache->bytes, PROT_READ | PROT_WRITE,
                 MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (write == MAP_FAILED)
        return false;
    /* No bytes of a shared mapping: another mapping of it. */
    run = mremap(write, 0, cache->bytes, MREMAP_MAYMOVE);
    if (run != MAP_FAILED &&
        mprotect(run, cache->bytes, PROT_READ | PROT_EXEC) == 0) {
        cache->write = write;
        cache->run = run;
        return true;
    }
    if (run != MAP_FAILED)
        munmap(run, cache->bytes);
    munmap(write, cache->bytes);
    return false;
}

void cache_unmap(struct cache *cache)
{
    munmap(cache->write, cache->bytes);
    munmap((void *)(uintptr_t)cache->run, cache->bytes);
}
