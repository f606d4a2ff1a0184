/* Blocks of 4 KiB are copied from the base when they are first written. Two
 * levels of tables keep a large disk's overlay small: a leaf of 512 blocks
 * (2 MiB of the disk) exists once one of its blocks does. */
#include "frontend/image_overlay.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES 4096u
#define LEAF_BLOCKS 512u

struct leaf {
    uint8_t *blocks[LEAF_BLOCKS]; /* NULL: as in the base */
};

struct image_overlay {
    struct host_block block;
    struct host_block *base;
    struct log *log; /* borrowed */
    char *name;
    struct leaf **leaves; /* NULL: all as in the base */
    uint64_t leaf_count, block_count;
    bool said_full;
};

static struct image_overlay *from_block(struct host_block *block)
{
    return CONTAINER_OF(block, struct image_overlay, block);
}

static uint8_t *find_block(const struct image_overlay *overlay, uint64_t number)
{
    const struct leaf *leaf = overlay->leaves[number / LEAF_BLOCKS];

    return leaf ? leaf->blocks[number % LEAF_BLOCKS] : NULL;
}

/* The part of a range that lies in the block of `offset`. */
static size_t in_block(uint64_t offset, size_t size)
{
    size_t left = BLOCK_BYTES - (size_t)(offset % BLOCK_BYTES);

    return size < left ? size : left;
}

/* How far blocks that are not copied reach on from `offset`: one call to the
 * base instead of many. */
static size_t base_run(const struct image_overlay *overlay, uint64_t offset,
                       size_t size)
{
    size_t run = in_block(offset, size);

    while (run < size && !find_block(overlay, (offset + run) / BLOCK_BYTES))
        run += in_block(offset + run, size - run);
    return run;
}

static bool inside(const struct host_block *block, uint64_t offset, size_t size)
{
    return offset <= block->size_bytes && size <= block->size_bytes - offset;
}

static enum status overlay_read(struct host_block *self, uint64_t offset,
                                void *buffer, size_t size)
{
    struct image_overlay *overlay = from_block(self);
    uint8_t *to = buffer;

    assert(inside(self, offset, size));
    while (size) {
        const uint8_t *copy = find_block(overlay, offset / BLOCK_BYTES);
        size_t part =
            copy ? in_block(offset, size) : base_run(overlay, offset, size);

        if (copy)
            memcpy(to, copy + offset % BLOCK_BYTES, part);
        else
            TRY(overlay->base->ops->read(overlay->base, offset, to, part));
        to += part;
        offset += part;
        size -= part;
    }
    return STATUS_OK;
}

static enum status no_memory(struct image_overlay *overlay)
{
    LOG_ONCE(overlay->said_full, overlay->log, LOG_WARN, overlay->name,
             "out of host memory for what the guest writes (-snapshot keeps "
             "it there); the guest sees a write fault");
    return STATUS_NO_SPACE;
}

static struct leaf *get_leaf(struct image_overlay *overlay, uint64_t number)
{
    struct leaf **at = &overlay->leaves[number / LEAF_BLOCKS];

    if (!*at)
        *at = calloc(1, sizeof(**at));
    return *at;
}

/* Copies a block from the base; of one that will be written whole, nothing. */
static enum status copy_block(struct image_overlay *overlay, uint64_t number,
                              bool whole, uint8_t **out)
{
    struct host_block *base = overlay->base;
    uint64_t start = number * BLOCK_BYTES;
    size_t size = BLOCK_BYTES;
    struct leaf *leaf = get_leaf(overlay, number);
    uint8_t *block = leaf ? malloc(BLOCK_BYTES) : NULL;
    enum status status = STATUS_OK;

    if (!block)
        return no_memory(overlay);
    if (base->size_bytes - start < size)
        size = (size_t)(base->size_bytes - start);
    if (!whole)
        status = base->ops->read(base, start, block, size);
    if (status != STATUS_OK) {
        free(block);
        return status;
    }
    leaf->blocks[number % LEAF_BLOCKS] = *out = block;
    overlay->block_count++;
    return STATUS_OK;
}

static enum status overlay_write(struct host_block *self, uint64_t offset,
                                 const void *buffer, size_t size)
{
    struct image_overlay *overlay = from_block(self);
    const uint8_t *from = buffer;

    assert(inside(self, offset, size));
    while (size) {
        uint64_t number = offset / BLOCK_BYTES;
        size_t part = in_block(offset, size);
        uint8_t *copy = find_block(overlay, number);

        if (!copy)
            TRY(copy_block(overlay, number, part == BLOCK_BYTES, &copy));
        memcpy(copy + offset % BLOCK_BYTES, from, part);
        from += part;
        offset += part;
        size -= part;
    }
    return STATUS_OK;
}

static enum status overlay_flush(struct host_block *self)
{
    (void)self; /* nothing is to outlive the process */
    return STATUS_OK;
}

static void free_leaf(struct leaf *leaf)
{
    if (!leaf)
        return;
    for (unsigned i = 0; i < LEAF_BLOCKS; i++)
        free(leaf->blocks[i]);
    free(leaf);
}

static void overlay_destroy(struct host_block *self)
{
    struct image_overlay *overlay = from_block(self);

    for (uint64_t i = 0; i < overlay->leaf_count; i++)
        free_leaf(overlay->leaves[i]);
    overlay->base->ops->destroy(overlay->base);
    free(overlay->leaves);
    free(overlay->name);
    free(overlay);
}

static const struct host_block_ops overlay_ops = {
    .read = overlay_read,
    .write = overlay_write,
    .flush = overlay_flush,
    .destroy = overlay_destroy,
};

uint64_t image_overlay_bytes(const struct host_block *overlay)
{
    assert(overlay->ops == &overlay_ops);
    return CONTAINER_OF(overlay, const struct image_overlay, block)
               ->block_count *
           BLOCK_BYTES;
}

enum status image_overlay_create(struct host_block *base, const char *name,
                                 struct log *log, struct host_block **out)
{
    struct image_overlay *overlay = calloc(1, sizeof(*overlay));
    uint64_t span = (uint64_t)BLOCK_BYTES * LEAF_BLOCKS;
    size_t length = strlen(name) + 1;

    *out = NULL;
    if (!overlay)
        return STATUS_NO_MEMORY;
    overlay->leaf_count = base->size_bytes / span + 1;
    overlay->name = malloc(length);
    if (overlay->leaf_count <= SIZE_MAX / sizeof(*overlay->leaves))
        overlay->leaves =
            calloc((size_t)overlay->leaf_count, sizeof(*overlay->leaves));
    if (!overlay->name || !overlay->leaves) {
        free(overlay->leaves);
        free(overlay->name);
        free(overlay);
        return STATUS_NO_MEMORY;
    }
    memcpy(overlay->name, name, length);
    overlay->block.ops = &overlay_ops;
    overlay->block.name = overlay->name;
    overlay->block.size_bytes = base->size_bytes;
    overlay->base = base;
    overlay->log = log;
    *out = &overlay->block;
    return STATUS_OK;
}
