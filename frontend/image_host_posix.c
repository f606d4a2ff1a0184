#define _FILE_OFFSET_BITS 64

#include "frontend/image_host.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

_Static_assert(sizeof(off_t) == 8, "files of more than 2 GiB");

/* O_NONBLOCK: opening a pipe does not wait for its other end. */
static int open_file(const struct image_host *self, const char *path,
                     bool writable, int *fd)
{
    (void)self;
    do {
        *fd = open(path, (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NOCTTY |
                             O_NONBLOCK);
    } while (*fd < 0 && errno == EINTR);
    return *fd < 0 ? errno : 0;
}

static int device_size(int fd, uint64_t *size)
{
    off_t end = lseek(fd, 0, SEEK_END);

    if (end < 0)
        return errno;
    *size = (uint64_t)end;
    return 0;
}

static int info(const struct image_host *self, int fd,
                struct image_file_info *out)
{
    struct stat st;

    (void)self;
    if (fstat(fd, &st) != 0)
        return errno;
    out->size_bytes = st.st_size > 0 ? (uint64_t)st.st_size : 0;
    out->type = IMAGE_FILE_OTHER;
    if (S_ISREG(st.st_mode)) {
        out->type = IMAGE_FILE_REGULAR;
    } else if (S_ISDIR(st.st_mode)) {
        out->type = IMAGE_FILE_DIRECTORY;
    } else if (S_ISBLK(st.st_mode)) {
        out->type = IMAGE_FILE_DEVICE;
        return device_size(fd, &out->size_bytes);
    }
    return 0;
}

static int lock_file(const struct image_host *self, int fd, bool exclusive)
{
    (void)self;
    while (flock(fd, (exclusive ? LOCK_EX : LOCK_SH) | LOCK_NB) != 0) {
        if (errno != EINTR)
            return errno;
    }
    return 0;
}

static int read_file(const struct image_host *self, int fd, void *buffer,
                     size_t size, uint64_t offset, size_t *done)
{
    char *to = buffer;

    (void)self;
    *done = 0;
    while (*done < size) {
        ssize_t part =
            pread(fd, to + *done, size - *done, (off_t)(offset + *done));

        if (part < 0 && errno == EINTR)
            continue;
        if (part < 0)
            return errno;
        if (part == 0)
            break;
        *done += (size_t)part;
    }
    return 0;
}

static int write_file(const struct image_host *self, int fd, const void *buffer,
                      size_t size, uint64_t offset)
{
    const char *from = buffer;

    (void)self;
    while (size) {
        ssize_t part = pwrite(fd, from, size, (off_t)offset);

        if (part < 0 && errno == EINTR)
            continue;
        if (part < 0)
            return errno;
        if (part == 0)
            return EIO;
        from += part;
        offset += (uint64_t)part;
        size -= (size_t)part;
    }
    return 0;
}

static int resize(const struct image_host *self, int fd, uint64_t size_bytes)
{
    (void)self;
    while (ftruncate(fd, (off_t)size_bytes) != 0) {
        if (errno != EINTR)
            return errno;
    }
    return 0;
}

static int sync_file(const struct image_host *self, int fd)
{
    (void)self;
    while (fsync(fd) != 0) {
        if (errno != EINTR)
            return errno;
    }
    return 0;
}

static void close_file(const struct image_host *self, int fd)
{
    (void)self;
    close(fd);
}

const struct image_host image_host_posix = {
    .open = open_file,
    .info = info,
    .lock = lock_file,
    .read = read_file,
    .write = write_file,
    .resize = resize,
    .sync = sync_file,
    .close = close_file,
};

bool image_host_is_same(const char *a, const char *b)
{
    struct stat sa, sb;

    if (strcmp(a, b) == 0)
        return true;
    return stat(a, &sa) == 0 && stat(b, &sb) == 0 && sa.st_dev == sb.st_dev &&
           sa.st_ino == sb.st_ino;
}
