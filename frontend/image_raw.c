#include "frontend/image_raw.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "frontend/failure.h"

struct image_raw {
    struct host_block block;
    const struct image_host *host; /* borrowed */
    struct log *log;               /* borrowed */
    char *path;
    int fd;
    uint64_t file_bytes; /* beyond it the medium reads as zeros */
    bool said_read, said_short, said_write, said_full, said_sync;
};

static struct image_raw *from_block(struct host_block *block)
{
    return CONTAINER_OF(block, struct image_raw, block);
}

static bool inside(const struct host_block *block, uint64_t offset, size_t size)
{
    return offset <= block->size_bytes && size <= block->size_bytes - offset;
}

static enum status read_part(struct image_raw *raw, uint64_t offset,
                             uint8_t *buffer, size_t size)
{
    size_t done;
    int error =
        raw->host->read(raw->host, raw->fd, buffer, size, offset, &done);

    if (error) {
        LOG_ONCE(raw->said_read, raw->log, LOG_WARN, raw->path,
                 "cannot be read: %s; the guest sees bad sectors",
                 failure_errno_text(error));
        return STATUS_IO;
    }
    if (done < size) {
        LOG_ONCE(raw->said_short, raw->log, LOG_WARN, raw->path,
                 "became shorter than %llu bytes while in use; the guest sees "
                 "bad sectors; restore the file",
                 (unsigned long long)raw->file_bytes);
        return STATUS_IO;
    }
    return STATUS_OK;
}

static enum status raw_read(struct host_block *self, uint64_t offset,
                            void *buffer, size_t size)
{
    struct image_raw *raw = from_block(self);
    uint8_t *to = buffer;
    size_t part = size;

    assert(inside(self, offset, size));
    if (offset >= raw->file_bytes)
        part = 0;
    else if (raw->file_bytes - offset < size)
        part = (size_t)(raw->file_bytes - offset);
    memset(to + part, 0, size - part);
    return part ? read_part(raw, offset, to, part) : STATUS_OK;
}

static enum status write_failed(struct image_raw *raw, int error)
{
    switch (error) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        LOG_ONCE(raw->said_full, raw->log, LOG_WARN, raw->path,
                 "cannot take what the guest writes: %s; the guest sees a "
                 "write fault; free some space, then let it try again",
                 failure_errno_text(error));
        return STATUS_NO_SPACE;
    case EROFS:
    case EPERM:
    case EACCES:
        LOG_ONCE(raw->said_write, raw->log, LOG_WARN, raw->path,
                 "may not be written any more: %s; the guest sees a write "
                 "fault",
                 failure_errno_text(error));
        return STATUS_READ_ONLY;
    default:
        LOG_ONCE(raw->said_write, raw->log, LOG_WARN, raw->path,
                 "cannot be written: %s; the guest sees a write fault",
                 failure_errno_text(error));
        return STATUS_IO;
    }
}

/* The first write behind the end makes the file as long as the medium, so
 * that it is taken for the same format when it is opened again. */
static int grow(struct image_raw *raw)
{
    int error = raw->host->resize(raw->host, raw->fd, raw->block.size_bytes);

    if (!error)
        raw->file_bytes = raw->block.size_bytes;
    return error;
}

static enum status raw_write(struct host_block *self, uint64_t offset,
                             const void *buffer, size_t size)
{
    struct image_raw *raw = from_block(self);
    int error = 0;

    assert(inside(self, offset, size));
    if (self->read_only)
        return STATUS_READ_ONLY;
    if (offset + size > raw->file_bytes)
        error = grow(raw);
    if (!error)
        error = raw->host->write(raw->host, raw->fd, buffer, size, offset);
    return error ? write_failed(raw, error) : STATUS_OK;
}

static enum status raw_flush(struct host_block *self)
{
    struct image_raw *raw = from_block(self);
    int error;

    if (self->read_only)
        return STATUS_OK;
    error = raw->host->sync(raw->host, raw->fd);
    if (!error)
        return STATUS_OK;
    LOG_ONCE(raw->said_sync, raw->log, LOG_WARN, raw->path,
             "may not be safe on the host's disk: %s; the guest sees a write "
             "fault",
             failure_errno_text(error));
    return error == ENOSPC || error == EDQUOT ? STATUS_NO_SPACE : STATUS_IO;
}

static void raw_destroy(struct host_block *self)
{
    struct image_raw *raw = from_block(self);

    raw->host->close(raw->host, raw->fd);
    free(raw->path);
    free(raw);
}

static const struct host_block_ops raw_ops = {
    .read = raw_read,
    .write = raw_write,
    .flush = raw_flush,
    .destroy = raw_destroy,
};

enum status image_raw_create(const struct image_raw_config *config,
                             struct host_block **out)
{
    struct image_raw *raw = calloc(1, sizeof(*raw));
    size_t length = strlen(config->path) + 1;

    *out = NULL;
    if (!raw)
        return STATUS_NO_MEMORY;
    raw->path = malloc(length);
    if (!raw->path) {
        free(raw);
        return STATUS_NO_MEMORY;
    }
    memcpy(raw->path, config->path, length);
    raw->block.ops = &raw_ops;
    raw->block.name = raw->path;
    raw->block.size_bytes = config->size_bytes;
    raw->block.read_only = config->read_only;
    raw->host = config->host;
    raw->log = config->log;
    raw->fd = config->fd;
    raw->file_bytes = config->file_bytes;
    *out = &raw->block;
    return STATUS_OK;
}
