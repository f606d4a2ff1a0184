#include "machine/verify_media.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define PIECE_BYTES KIB(4)

static uint64_t count_pieces(const struct host_block *block)
{
    return (block->size_bytes + PIECE_BYTES - 1) / PIECE_BYTES;
}

/* How much of [offset, offset + size) is in the piece of `offset`. */
static size_t part_of(uint64_t offset, size_t size)
{
    size_t left = (size_t)(PIECE_BYTES - offset % PIECE_BYTES);

    return size < left ? size : left;
}

static enum status read_medium(struct host_block *self, uint64_t offset,
                               void *buffer, size_t size)
{
    struct verify_medium *m = CONTAINER_OF(self, struct verify_medium, block);
    uint8_t *to = buffer;

    assert(offset <= self->size_bytes && size <= self->size_bytes - offset);
    while (size) {
        const uint8_t *piece = m->piece ? m->piece[offset / PIECE_BYTES] : NULL;
        size_t part = part_of(offset, size);

        if (piece)
            memcpy(to, piece + offset % PIECE_BYTES, part);
        else
            TRY(m->base->ops->read(m->base, offset, to, part));
        to += part;
        offset += part;
        size -= part;
    }
    return STATUS_OK;
}

/* The piece of `offset`, as it stands, in memory. */
static enum status own_piece(struct verify_medium *m, uint64_t offset,
                             uint8_t **out)
{
    uint64_t first = offset - offset % PIECE_BYTES;
    uint64_t left = m->block.size_bytes - first;
    uint8_t **place;

    if (!m->piece)
        m->piece = calloc((size_t)count_pieces(&m->block), sizeof(*m->piece));
    if (!m->piece)
        return STATUS_NO_SPACE;
    place = &m->piece[offset / PIECE_BYTES];
    if (!*place) {
        uint8_t *piece = calloc(1, PIECE_BYTES);
        enum status status;

        if (!piece)
            return STATUS_NO_SPACE;
        status =
            m->base->ops->read(m->base, first, piece,
                               left < PIECE_BYTES ? (size_t)left : PIECE_BYTES);
        if (status != STATUS_OK) {
            free(piece);
            return status;
        }
        *place = piece;
    }
    *out = *place;
    return STATUS_OK;
}

static enum status write_medium(struct host_block *self, uint64_t offset,
                                const void *buffer, size_t size)
{
    struct verify_medium *m = CONTAINER_OF(self, struct verify_medium, block);
    const uint8_t *from = buffer;

    assert(offset <= self->size_bytes && size <= self->size_bytes - offset);
    if (self->read_only)
        return STATUS_READ_ONLY;
    while (size) {
        size_t part = part_of(offset, size);
        uint8_t *piece;

        TRY(own_piece(m, offset, &piece));
        memcpy(piece + offset % PIECE_BYTES, from, part);
        from += part;
        offset += part;
        size -= part;
    }
    return STATUS_OK;
}

static enum status flush_medium(struct host_block *self)
{
    (void)self;
    return STATUS_OK;
}

/* Whoever holds the structure ends it. */
static void destroy_medium(struct host_block *self)
{
    (void)self;
}

struct host_block *verify_medium_init(struct verify_medium *medium,
                                      struct host_block *base)
{
    static const struct host_block_ops ops = {read_medium, write_medium,
                                              flush_medium, destroy_medium};

    verify_medium_deinit(medium);
    if (!base)
        return NULL;
    medium->base = base;
    medium->block = (struct host_block){&ops, base->size_bytes, base->read_only,
                                        base->name};
    return &medium->block;
}

void verify_medium_deinit(struct verify_medium *medium)
{
    for (uint64_t i = 0; medium->piece && i < count_pieces(&medium->block); i++)
        free(medium->piece[i]);
    free(medium->piece);
    *medium = (struct verify_medium){0};
}
