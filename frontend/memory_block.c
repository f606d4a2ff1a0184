#include "frontend/memory_block.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct memory_block {
    struct host_block block;
    uint8_t *bytes; /* owned */
};

static enum status read_block(struct host_block *self, uint64_t offset,
                              void *buffer, size_t size)
{
    const struct memory_block *m = (const struct memory_block *)self;

    assert(offset <= self->size_bytes && size <= self->size_bytes - offset);
    memcpy(buffer, m->bytes + offset, size);
    return STATUS_OK;
}

static enum status write_block(struct host_block *self, uint64_t offset,
                               const void *buffer, size_t size)
{
    struct memory_block *m = (struct memory_block *)self;

    assert(offset <= self->size_bytes && size <= self->size_bytes - offset);
    memcpy(m->bytes + offset, buffer, size);
    return STATUS_OK;
}

static enum status flush_block(struct host_block *self)
{
    (void)self;
    return STATUS_OK;
}

static void destroy_block(struct host_block *self)
{
    struct memory_block *m = (struct memory_block *)self;

    free(m->bytes);
    free(m);
}

struct host_block *memory_block_create(const uint8_t *bytes, size_t size)
{
    static const struct host_block_ops ops = {read_block, write_block,
                                              flush_block, destroy_block};
    struct memory_block *m = calloc(1, sizeof(*m));

    if (!m)
        return NULL;
    m->block.ops = &ops;
    m->block.size_bytes = size;
    m->bytes = malloc(size ? size : 1);
    if (!m->bytes) {
        free(m);
        return NULL;
    }
    memcpy(m->bytes, bytes, size);
    return &m->block;
}
