/* Media between the devices and the host, and what identifies them. */
#include <stdio.h>
#include <string.h>

#include "machine/replay_int.h"

#define EDGE_BYTES   MIB(1)
#define SAMPLE_BYTES KIB(4)
#define SAMPLES      4096u

static enum status block_read(struct host_block *self, uint64_t offset,
                              void *buffer, size_t size)
{
    struct replay_block *b = CONTAINER_OF(self, struct replay_block, block);
    struct replay_media *media = b->media;
    uint64_t call = media->calls[b->place]++;
    enum status status;

    if (!media->forestall(media->self, b->place, call, &status)) {
        status = b->inner->ops->read(b->inner, offset, buffer, size);
        media->done(media->self, b->place, call, status);
    }
    /* How far it came before it failed is the host's affair. */
    if (status != STATUS_OK)
        memset(buffer, 0, size);
    return status;
}

static enum status block_write(struct host_block *self, uint64_t offset,
                               const void *buffer, size_t size)
{
    struct replay_block *b = CONTAINER_OF(self, struct replay_block, block);
    struct replay_media *media = b->media;
    uint64_t call = media->calls[b->place]++;
    enum status status;

    if (!media->forestall(media->self, b->place, call, &status)) {
        status = b->inner->ops->write(b->inner, offset, buffer, size);
        media->done(media->self, b->place, call, status);
    }
    return status;
}

static enum status block_flush(struct host_block *self)
{
    struct replay_block *b = CONTAINER_OF(self, struct replay_block, block);
    struct replay_media *media = b->media;
    uint64_t call = media->calls[b->place]++;
    enum status status;

    if (!media->forestall(media->self, b->place, call, &status)) {
        status = b->inner->ops->flush(b->inner);
        media->done(media->self, b->place, call, status);
    }
    return status;
}

static void block_destroy(struct host_block *self)
{
    (void)self; /* who made the inner one destroys it */
}

struct host_block *replay_media_wrap(struct replay_media *media, unsigned place,
                                     struct host_block *block)
{
    static const struct host_block_ops ops = {block_read, block_write,
                                              block_flush, block_destroy};
    struct replay_block *b;

    if (!block)
        return NULL;
    b = &media->slots[place][media->turn[place] ^= 1];
    b->block = *block;
    b->block.ops = &ops;
    b->inner = block;
    b->media = media;
    b->place = place;
    return &b->block;
}

void replay_media_wrap_all(struct replay_media *media,
                           struct machine_config *config)
{
    for (unsigned i = 0; i < MACHINE_FLOPPIES; i++)
        config->floppy[i] = replay_media_wrap(media, i, config->floppy[i]);
    for (unsigned i = 0; i < MACHINE_DISKS; i++)
        config->disk[i] =
            replay_media_wrap(media, MACHINE_FLOPPIES + i, config->disk[i]);
}

/* Bytes that cannot be read count as zeros, and as a failure. */
static uint64_t hash_range(uint64_t hash, struct host_block *block,
                           uint64_t offset, uint64_t size)
{
    uint8_t buffer[KIB(64)];

    while (size) {
        size_t part = size < sizeof(buffer) ? (size_t)size : sizeof(buffer);

        if (block->ops->read(block, offset, buffer, part) != STATUS_OK) {
            memset(buffer, 0, part);
            hash++;
        }
        hash = state_hash_bulk(hash, buffer, part);
        offset += part;
        size -= part;
    }
    return hash;
}

uint64_t replay_hash_medium(struct host_block *block)
{
    uint64_t size = block->size_bytes, step, hash = STATE_HASH_INIT;

    if (size <= REPLAY_WHOLE_BYTES)
        return hash_range(hash, block, 0, size);
    step = size / SAMPLES / SAMPLE_BYTES * SAMPLE_BYTES;
    hash = hash_range(hash, block, 0, EDGE_BYTES);
    for (uint64_t i = 0; i < SAMPLES; i++)
        hash = hash_range(hash, block, i * step, SAMPLE_BYTES);
    return hash_range(hash, block, size - EDGE_BYTES, EDGE_BYTES);
}

void replay_medium_look(struct host_block *block, struct replay_medium *out)
{
    memset(out, 0, sizeof(*out));
    if (!block)
        return;
    out->present = true;
    out->read_only = block->read_only;
    out->size_bytes = block->size_bytes;
    out->hash = replay_hash_medium(block);
    if (block->name)
        snprintf(out->name, sizeof(out->name), "%s", block->name);
}

bool replay_medium_fits(const struct replay_medium *medium,
                        struct host_block *block, char *message, size_t size)
{
    const char *name = block && block->name ? block->name : "the medium";

    if (!medium->present && !block)
        return true;
    if (!medium->present || !block) {
        snprintf(message, size, "%s",
                 block ? "the drive was empty when the recording began"
                       : "a medium was in the drive when it was recorded");
        return false;
    }
    if (block->size_bytes != medium->size_bytes) {
        snprintf(message, size,
                 "%s: it has %llu bytes, but %llu when it was recorded; use "
                 "the file that was recorded with",
                 name, (unsigned long long)block->size_bytes,
                 (unsigned long long)medium->size_bytes);
        return false;
    }
    if (replay_hash_medium(block) == medium->hash)
        return true;
    snprintf(message, size,
             "%s: its content is not what it was when the recording began, "
             "perhaps because the guest wrote to it then; use a copy from "
             "before, and record with -snapshot, which leaves files as they "
             "are",
             name);
    return false;
}
