/* Memory for translations, mapped twice: what is written through one mapping
 * runs through the other, and no page is ever both.
 *
 * It is cut into generations that are filled one after the other, each with
 * code from below and with data that belongs to the code from above; when the
 * last is full, the first is emptied and filled anew. Places are named by
 * their distance from the start; 0 is none. */
#ifndef JIT_CACHE_H
#define JIT_CACHE_H

#include "core/status.h"
#include "core/types.h"

#define CACHE_GENERATIONS 16

struct cache {
    uint8_t *write;     /* the mapping to write to */
    const uint8_t *run; /* the mapping to run */
    size_t bytes, generation_bytes;
    uint32_t start;      /* where generations begin: fixed code stands below */
    unsigned current;    /* generation */
    uint32_t code, data; /* the free part of it */
};

/* Errors: NO_MEMORY. */
enum status cache_create(struct cache *cache, size_t bytes);
void cache_destroy(struct cache *cache);

/* What was emitted up to `code` stays for good; generations begin there. */
void cache_begin(struct cache *cache, uint32_t code);

/* Goes on to the next generation, which the caller has emptied. */
void cache_next(struct cache *cache);
unsigned cache_next_number(const struct cache *cache);

/* Data of `size` bytes, zeroed and aligned to 8; 0 if there is no room. */
uint32_t cache_data(struct cache *cache, size_t size);

static inline void *cache_at(const struct cache *cache, uint32_t place)
{
    return cache->write + place;
}

static inline uint32_t cache_place(const struct cache *cache, const void *at)
{
    return (uint32_t)((const uint8_t *)at - cache->write);
}

/* Host-specific. */
bool cache_map(struct cache *cache);
void cache_unmap(struct cache *cache);

#endif
