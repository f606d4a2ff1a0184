/* A medium in memory whose n-th call can be made to fail. */
#ifndef TESTS_FAKE_BLOCK_H
#define TESTS_FAKE_BLOCK_H

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "core/host.h"

struct fake_block {
    struct host_block block;
    uint8_t *data;
    unsigned calls, reads, writes, flushes;
    unsigned fail_at; /* 1: the next call fails; 0: none */
    enum status fail_with;
};

static inline enum status fake_block_call(struct fake_block *fake)
{
    fake->calls++;
    if (fake->fail_at && !--fake->fail_at)
        return fake->fail_with;
    return STATUS_OK;
}

/* The contract says that ranges are always inside the medium. */
static inline void fake_block_check(const struct host_block *self,
                                    uint64_t offset, size_t size)
{
    if (offset > self->size_bytes || size > self->size_bytes - offset)
        ck_abort_msg("range beyond the medium");
}

static inline enum status fake_block_read(struct host_block *self,
                                          uint64_t offset, void *buffer,
                                          size_t size)
{
    struct fake_block *fake = CONTAINER_OF(self, struct fake_block, block);

    fake_block_check(self, offset, size);
    fake->reads++;
    TRY(fake_block_call(fake));
    memcpy(buffer, fake->data + offset, size);
    return STATUS_OK;
}

static inline enum status fake_block_write(struct host_block *self,
                                           uint64_t offset, const void *buffer,
                                           size_t size)
{
    struct fake_block *fake = CONTAINER_OF(self, struct fake_block, block);

    if (self->read_only)
        ck_abort_msg("write to a read-only medium");
    fake_block_check(self, offset, size);
    fake->writes++;
    TRY(fake_block_call(fake));
    memcpy(fake->data + offset, buffer, size);
    return STATUS_OK;
}

static inline enum status fake_block_flush(struct host_block *self)
{
    struct fake_block *fake = CONTAINER_OF(self, struct fake_block, block);

    fake->flushes++;
    return fake_block_call(fake);
}

static inline void fake_block_destroy(struct host_block *self)
{
    (void)self;
}

/* Every sector of 512 bytes starts with its own number and is filled with a
 * pattern of it. */
static inline void fake_block_init(struct fake_block *fake, uint64_t size_bytes)
{
    static const struct host_block_ops ops = {fake_block_read, fake_block_write,
                                              fake_block_flush,
                                              fake_block_destroy};

    *fake = (struct fake_block){.block = {&ops, size_bytes, false, NULL},
                                .fail_with = STATUS_IO};
    fake->data = malloc(size_bytes ? size_bytes : 1);
    ck_assert_ptr_nonnull(fake->data);
    for (uint64_t i = 0; i < size_bytes; i++) {
        uint64_t sector = i / 512;

        fake->data[i] = (uint8_t)(i % 512 < 4 ? sector >> (8 * (i % 512))
                                              : sector * 7 + i % 512);
    }
}

static inline void fake_block_deinit(struct fake_block *fake)
{
    free(fake->data);
    fake->data = NULL;
}

#endif
