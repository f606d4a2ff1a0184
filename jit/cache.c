#include "jit/cache.h"

#include <assert.h>
#include <string.h>

enum status cache_create(struct cache *cache, size_t bytes)
{
    *cache = (struct cache){.bytes = bytes};
    if (!cache_map(cache))
        return STATUS_NO_MEMORY;
    return STATUS_OK;
}

void cache_destroy(struct cache *cache)
{
    if (cache->write)
        cache_unmap(cache);
    *cache = (struct cache){0};
}

static void begin_generation(struct cache *cache, unsigned number)
{
    cache->current = number;
    cache->code = cache->start + (uint32_t)(number * cache->generation_bytes);
    cache->data = cache->code + (uint32_t)cache->generation_bytes;
}

void cache_begin(struct cache *cache, uint32_t code)
{
    cache->start = (code + 63) & ~63u;
    cache->generation_bytes =
        (cache->bytes - cache->start) / CACHE_GENERATIONS & ~(size_t)63;
    begin_generation(cache, 0);
}

unsigned cache_next_number(const struct cache *cache)
{
    return (cache->current + 1) % CACHE_GENERATIONS;
}

void cache_next(struct cache *cache)
{
    begin_generation(cache, cache_next_number(cache));
}

uint32_t cache_data(struct cache *cache, size_t size)
{
    uint32_t bytes = (uint32_t)(size + 7) & ~7u;

    if (cache->data - cache->code < bytes)
        return 0;
    cache->data -= bytes;
    memset(cache->write + cache->data, 0, bytes);
    return cache->data;
}
