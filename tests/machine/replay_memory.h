/* A log in memory. */
#ifndef TESTS_MACHINE_REPLAY_MEMORY_H
#define TESTS_MACHINE_REPLAY_MEMORY_H

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "machine/replay_log.h"

struct replay_memory {
    struct replay_out out;
    struct replay_in in;
    uint8_t *bytes;
    size_t size, room;
    size_t full_at; /* the host's disk is full from here on; 0: never */
};

static inline enum status replay_memory_write(struct replay_out *self,
                                              const void *bytes, size_t size)
{
    struct replay_memory *m = CONTAINER_OF(self, struct replay_memory, out);

    if (m->full_at && m->size + size > m->full_at)
        return STATUS_NO_SPACE;
    if (m->size + size > m->room) {
        m->room = 2 * (m->size + size);
        m->bytes = realloc(m->bytes, m->room);
        ck_assert_ptr_nonnull(m->bytes);
    }
    memcpy(m->bytes + m->size, bytes, size);
    m->size += size;
    return STATUS_OK;
}

static inline enum status replay_memory_read(struct replay_in *self,
                                             uint64_t offset, void *buffer,
                                             size_t size, size_t *done)
{
    struct replay_memory *m = CONTAINER_OF(self, struct replay_memory, in);

    *done = 0;
    if (offset >= m->size)
        return STATUS_OK;
    *done = m->size - offset < size ? m->size - (size_t)offset : size;
    memcpy(buffer, m->bytes + offset, *done);
    return STATUS_OK;
}

static inline void replay_memory_init(struct replay_memory *m)
{
    *m = (struct replay_memory){.out = {replay_memory_write},
                                .in = {replay_memory_read}};
}

static inline void replay_memory_deinit(struct replay_memory *m)
{
    free(m->bytes);
    m->bytes = NULL;
}

#endif
