#include "frontend/image.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/floppy_format.h"
#include "frontend/failure.h"
#include "frontend/image_host.h"
#include "frontend/image_kind.h"
#include "frontend/image_overlay.h"
#include "frontend/image_raw.h"

#define NO_FD      (-1)
#define PATH_SHOWN 200 /* of a longer one the end: the reason must fit */

/* One image_open() on its way. */
struct opening {
    const struct image_config *config;
    const struct image_host *host;
    int fd; /* NO_FD: none, or a medium owns it */
    bool writable;
    struct image_file_info info;
    enum image_kind kind;
    char *message;
    size_t message_bytes;
};

#if defined(__GNUC__)
__attribute__((format(printf, 3, 4)))
#endif
static enum status
refuse(const struct opening *o, enum status status, const char *format, ...)
{
    const char *path = o->config->path, *cut = "";
    size_t length = strlen(path);
    va_list args;
    int used;

    if (!o->message || !o->message_bytes)
        return status;
    if (length > PATH_SHOWN) {
        path += length - PATH_SHOWN;
        cut = "...";
    }
    used = snprintf(o->message, o->message_bytes, "%s%s: ", cut, path);
    if (used < 0 || (size_t)used >= o->message_bytes)
        return status;
    va_start(args, format);
    vsnprintf(o->message + used, o->message_bytes - (size_t)used, format, args);
    va_end(args);
    return status;
}

static enum status status_of(int error)
{
    switch (error) {
    case ENOENT:
    case ENOTDIR: return STATUS_NOT_FOUND;
    case EACCES:
    case EPERM:
    case EWOULDBLOCK: return STATUS_NO_ACCESS;
    default: return STATUS_IO;
    }
}

static enum status refuse_open(const struct opening *o, int error)
{
    const char *remedy = "check the file";

    if (error == ENOENT || error == ENOTDIR)
        remedy = "check the name and the folder";
    else if (error == EACCES || error == EPERM)
        remedy = "allow reading it, e.g. chmod u+r";
    return refuse(o, status_of(error), "%s; %s", failure_errno_text(error),
                  remedy);
}

static enum status check_type(const struct opening *o)
{
    switch (o->info.type) {
    case IMAGE_FILE_DIRECTORY:
        return refuse(o, STATUS_BAD_ARGUMENT,
                      "it is a directory; give an image file");
    case IMAGE_FILE_OTHER:
        return refuse(o, STATUS_BAD_ARGUMENT,
                      "neither a file nor a disk; give an image file");
    default: return STATUS_OK;
    }
}

static enum status open_for_reading(struct opening *o)
{
    int error = o->host->open(o->host, o->config->path, false, &o->fd);

    if (error) {
        o->fd = NO_FD;
        return refuse_open(o, error);
    }
    error = o->host->info(o->host, o->fd, &o->info);
    if (error)
        return refuse(o, STATUS_IO, "cannot be examined: %s; check the file",
                      failure_errno_text(error));
    return check_type(o);
}

/* ---- looking at the content ---- */

/* A medium to look at that does not own the file. */
struct probe {
    struct host_block block;
    const struct image_host *host;
    int fd, error;
};

static enum status probe_read(struct host_block *self, uint64_t offset,
                              void *buffer, size_t size)
{
    struct probe *probe = CONTAINER_OF(self, struct probe, block);
    size_t done = 0;

    probe->error =
        probe->host->read(probe->host, probe->fd, buffer, size, offset, &done);
    if (!probe->error && done < size)
        probe->error = EIO;
    return probe->error ? STATUS_IO : STATUS_OK;
}

static enum status find_kind(struct opening *o, uint8_t boot[FLOPPY_BOOT_BYTES])
{
    static const struct host_block_ops ops = {.read = probe_read};
    struct probe probe = {
        .block = {&ops, o->info.size_bytes, true, NULL},
        .host = o->host,
        .fd = o->fd,
    };
    size_t size = FLOPPY_BOOT_BYTES;
    const char *why;
    enum status status = image_kind_find(&probe.block, &o->kind, &why);

    if (status == STATUS_OK) {
        if (o->info.size_bytes < size)
            size = (size_t)o->info.size_bytes;
        status = probe_read(&probe.block, 0, boot, size);
    }
    if (why)
        return refuse(o, status, "%s", why);
    if (status != STATUS_OK)
        return refuse(o, status, "cannot be read: %s; check the file",
                      failure_errno_text(probe.error));
    return STATUS_OK;
}

/* ---- writing and locking ---- */

static bool means_no_writing(int error)
{
    return error == EACCES || error == EPERM || error == EROFS ||
           error == ETXTBSY;
}

/* Opens the file once more, for writing, if it shall be and may be written. */
static enum status open_for_writing(struct opening *o)
{
    int fd, error;

    if (o->config->read_only || o->config->snapshot || o->kind == IMAGE_CD)
        return STATUS_OK;
    error = o->host->open(o->host, o->config->path, true, &fd);
    if (means_no_writing(error)) {
        log_put(o->config->log, LOG_NOTICE, o->config->path,
                "cannot be written (%s): the guest sees it write-protected",
                failure_errno_text(error));
        return STATUS_OK;
    }
    if (error)
        return refuse_open(o, error);
    o->host->close(o->host, o->fd);
    o->fd = fd;
    o->writable = true;
    return STATUS_OK;
}

static enum status lock(struct opening *o)
{
    int error = o->host->lock(o->host, o->fd, o->writable);

    if (error == EWOULDBLOCK && o->writable)
        return refuse(o, STATUS_NO_ACCESS,
                      "in use by another program or drive; close that, or keep "
                      "this one from writing with -snapshot");
    if (error == EWOULDBLOCK)
        return refuse(o, STATUS_NO_ACCESS,
                      "another program or drive is writing to it; close that, "
                      "or use a copy of the file");
    if (error)
        log_put(o->config->log, LOG_NOTICE, o->config->path,
                "cannot be locked (%s): see that no other program writes to it",
                failure_errno_text(error));
    /* The size that counts is the one under the lock. */
    error = o->host->info(o->host, o->fd, &o->info);
    if (error)
        return refuse(o, STATUS_IO, "cannot be examined: %s; check the file",
                      failure_errno_text(error));
    return STATUS_OK;
}

/* ---- the medium ---- */

static uint64_t medium_bytes(const struct opening *o, const uint8_t *boot)
{
    uint64_t size = o->info.size_bytes, rest = size % 512;
    struct floppy_format format;

    if (o->kind == IMAGE_DISK && rest) {
        log_put(o->config->log, LOG_NOTICE, o->config->path,
                "its last %u bytes are no whole sector: the guest does not "
                "see them",
                (unsigned)rest);
        return size - rest;
    }
    if (o->kind == IMAGE_FLOPPY && o->info.type == IMAGE_FILE_REGULAR &&
        floppy_format_find(size, boot, &format) &&
        floppy_format_bytes(&format) > size)
        return floppy_format_bytes(&format);
    return size;
}

/* The medium takes the file over. */
static enum status make_medium(struct opening *o, const uint8_t *boot,
                               struct host_block **out)
{
    struct image_raw_config config = {
        .host = o->host,
        .path = o->config->path,
        .log = o->config->log,
        .fd = o->fd,
        .read_only = !o->writable,
        .file_bytes = o->info.size_bytes,
        .size_bytes = medium_bytes(o, boot),
    };
    struct host_block *raw;
    enum status status = image_raw_create(&config, &raw);

    if (status == STATUS_OK) {
        o->fd = NO_FD;
        *out = raw;
        if (o->config->snapshot && o->kind != IMAGE_CD)
            status =
                image_overlay_create(raw, o->config->path, o->config->log, out);
        if (status != STATUS_OK)
            raw->ops->destroy(raw);
    }
    if (status != STATUS_OK)
        return refuse(o, status, "%s; close other programs",
                      status_text(status));
    return STATUS_OK;
}

static enum status open_steps(struct opening *o, struct host_block **out)
{
    uint8_t boot[FLOPPY_BOOT_BYTES] = {0};

    TRY(open_for_reading(o));
    TRY(find_kind(o, boot));
    TRY(open_for_writing(o));
    TRY(lock(o));
    if (!o->info.size_bytes)
        return refuse(o, STATUS_BAD_FORMAT,
                      "became empty while it was opened; check the file");
    return make_medium(o, boot, out);
}

enum status image_open(const struct image_config *config,
                       struct host_block **out, enum image_kind *kind,
                       char *message, size_t message_bytes)
{
    struct opening o = {
        .config = config,
        .host = config->host ? config->host : &image_host_posix,
        .fd = NO_FD,
        .kind = config->kind,
        .message = message,
        .message_bytes = message_bytes,
    };
    enum status status;

    *out = NULL;
    if (message && message_bytes)
        message[0] = '\0';
    status = open_steps(&o, out);
    if (o.fd != NO_FD)
        o.host->close(o.host, o.fd);
    if (status == STATUS_OK)
        *kind = o.kind;
    else
        *out = NULL;
    return status;
}

const char *image_kind_text(enum image_kind kind)
{
    switch (kind) {
    case IMAGE_FLOPPY: return "floppy";
    case IMAGE_DISK: return "hard disk";
    case IMAGE_CD: return "CD";
    default: return "any";
    }
}
