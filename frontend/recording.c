#define _FILE_OFFSET_BITS 64

#include "frontend/recording.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC       "VITRLOG\x1a" /* machine/replay_log.h */
#define MAGIC_BYTES 8

struct recording {
    struct replay_out out;
    struct recorder *recorder; /* owned */
    struct log *log;           /* borrowed */
    const char *path;          /* borrowed */
    int fd;
    bool said;
};

static enum status write_bytes(struct replay_out *self, const void *bytes,
                               size_t size)
{
    struct recording *r = CONTAINER_OF(self, struct recording, out);
    const char *from = bytes;

    while (size) {
        ssize_t part = write(r->fd, from, size);

        if (part < 0 && errno == EINTR)
            continue;
        if (part <= 0) {
            LOG_ONCE(r->said, r->log, LOG_WARN, r->path,
                     "cannot take more of the recording: %s; it can be "
                     "replayed up to here, and the guest runs on",
                     failure_errno_text(part < 0 ? errno : EIO));
            return errno == ENOSPC ? STATUS_NO_SPACE : STATUS_IO;
        }
        from += part;
        size -= (size_t)part;
    }
    return STATUS_OK;
}

/* A slip of the hand must not destroy somebody's disk. */
static bool may_replace(int fd, const char *path, struct failure *failure)
{
    char magic[MAGIC_BYTES];
    struct stat st;

    if (fstat(fd, &st) == 0 && (!S_ISREG(st.st_mode) || st.st_size == 0))
        return true;
    if (pread(fd, magic, sizeof(magic), 0) == MAGIC_BYTES &&
        memcmp(magic, MAGIC, MAGIC_BYTES) == 0)
        return true;
    return failure_set(failure, EXIT_STATUS_USAGE,
                       "-record %s: this file is there already and is no "
                       "recording; choose another name",
                       path);
}

static bool open_file(struct recording *r, struct failure *failure)
{
    r->fd = open(r->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, 0666);
    if (r->fd < 0)
        return failure_set(failure, EXIT_STATUS_HOST,
                           "-record %s: %s; choose a file in a folder that "
                           "you may write to",
                           r->path, failure_create_text(errno));
    if (!may_replace(r->fd, r->path, failure))
        return false;
    if (ftruncate(r->fd, 0) == 0 || errno == EINVAL)
        return true;
    return failure_set(failure, EXIT_STATUS_HOST,
                       "-record %s: %s; choose another file", r->path,
                       failure_errno_text(errno));
}

bool recording_open(const char *path, struct log *log, struct recording **out,
                    struct failure *failure)
{
    struct recording *r = calloc(1, sizeof(*r));
    enum status status;

    *out = NULL;
    if (!r)
        return failure_set(failure, EXIT_STATUS_HOST,
                           "out of host memory; end other programs");
    r->out.write = write_bytes;
    r->log = log;
    r->path = path;
    if (!open_file(r, failure)) {
        recording_close(r);
        return false;
    }
    status = recorder_create(&r->out, &r->recorder);
    if (status != STATUS_OK) {
        recording_close(r);
        return failure_set(failure, EXIT_STATUS_HOST,
                           "-record %s: %s; free some space or memory", path,
                           status_text(status));
    }
    *out = r;
    return true;
}

struct recorder *recording_recorder(struct recording *recording)
{
    return recording->recorder;
}

bool recording_end(struct recording *recording)
{
    recorder_end(recording->recorder);
    return recorder_status(recording->recorder) == STATUS_OK;
}

void recording_close(struct recording *recording)
{
    if (!recording)
        return;
    recorder_destroy(recording->recorder);
    if (recording->fd >= 0)
        close(recording->fd);
    free(recording);
}

static enum status read_bytes(struct replay_in *self, uint64_t offset,
                              void *buffer, size_t size, size_t *done)
{
    const struct recording_file *file =
        CONTAINER_OF(self, struct recording_file, in);
    char *to = buffer;

    *done = 0;
    if (offset > INT64_MAX - size)
        return STATUS_OK;
    while (*done < size) {
        ssize_t part =
            pread(file->fd, to + *done, size - *done, (off_t)(offset + *done));

        if (part < 0 && errno == EINTR)
            continue;
        if (part < 0)
            return STATUS_IO;
        if (part == 0)
            break;
        *done += (size_t)part;
    }
    return STATUS_OK;
}

bool recording_file_open(struct recording_file *file, const char *path,
                         struct failure *failure)
{
    file->in.read = read_bytes;
    file->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    return file->fd >= 0 || failure_set(failure, EXIT_STATUS_HOST,
                                        "-replay %s: %s; name a file "
                                        "made with -record",
                                        path, failure_errno_text(errno));
}

void recording_file_close(struct recording_file *file)
{
    if (file->fd >= 0)
        close(file->fd);
    file->fd = -1;
}
