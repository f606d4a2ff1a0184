/* Files in a directory of their own, and a host whose n-th call fails. */
#ifndef TESTS_FRONTEND_IMAGE_FILES_H
#define TESTS_FRONTEND_IMAGE_FILES_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "frontend/image.h"
#include "frontend/image_host.h"

struct image_files {
    char folder[64];
    char path[128]; /* of the file written last */
};

static inline void image_files_init(struct image_files *files)
{
    const char *base = getenv("TMPDIR");

    snprintf(files->folder, sizeof(files->folder), "%s/vitrine-XXXXXX",
             base && strlen(base) < 32 ? base : "/tmp");
    ck_assert_ptr_nonnull(mkdtemp(files->folder));
}

static inline void image_files_deinit(struct image_files *files)
{
    char command[128];

    snprintf(command, sizeof(command), "rm -rf '%s'", files->folder);
    ck_assert_int_eq(system(command), 0);
}

static inline const char *image_files_path(struct image_files *files,
                                           const char *name)
{
    snprintf(files->path, sizeof(files->path), "%s/%s", files->folder, name);
    return files->path;
}

/* A sparse file of `size` bytes that starts with `count` given ones. */
static inline const char *image_files_write(struct image_files *files,
                                            const char *name, const void *bytes,
                                            size_t count, uint64_t size)
{
    FILE *file = fopen(image_files_path(files, name), "wb");

    ck_assert_ptr_nonnull(file);
    if (count)
        ck_assert_uint_eq(fwrite(bytes, 1, count, file), count);
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_int_eq(truncate(files->path, (off_t)size), 0);
    return files->path;
}

static inline uint64_t image_files_size(const char *path)
{
    struct stat st;

    ck_assert_int_eq(stat(path, &st), 0);
    return (uint64_t)st.st_size;
}

/* Gathers what is said about the run. */
struct said {
    struct log log;
    unsigned count;
    char last[512];
};

static inline void said_put(struct log *log, enum log_level level,
                            const char *who, const char *text)
{
    struct said *said = CONTAINER_OF(log, struct said, log);

    (void)level;
    said->count++;
    snprintf(said->last, sizeof(said->last), "%s: %s", who, text);
}

/* Passes calls on to the real host; the `fail_at`-th from now fails. */
struct faulty_host {
    struct image_host host;
    unsigned calls, fail_at; /* fail_at 0: never */
    int error;
    int open_files;
    int open_write_error; /* of opening for writing; 0: none */
    int lock_error;
    size_t short_by; /* reads end early */
};

static inline struct faulty_host *faulty_of(const struct image_host *self)
{
    return (struct faulty_host *)(uintptr_t)self;
}

static inline int faulty_call(const struct image_host *self)
{
    struct faulty_host *f = faulty_of(self);

    f->calls++;
    return f->fail_at && !--f->fail_at ? f->error : 0;
}

static inline int faulty_open(const struct image_host *self, const char *path,
                              bool writable, int *fd)
{
    struct faulty_host *f = faulty_of(self);
    int error = faulty_call(self);

    if (!error && writable)
        error = f->open_write_error;
    if (!error)
        error = image_host_posix.open(self, path, writable, fd);
    if (!error)
        f->open_files++;
    return error;
}

static inline int faulty_info(const struct image_host *self, int fd,
                              struct image_file_info *out)
{
    int error = faulty_call(self);

    return error ? error : image_host_posix.info(self, fd, out);
}

static inline int faulty_lock(const struct image_host *self, int fd,
                              bool exclusive)
{
    int error = faulty_call(self);

    if (!error)
        error = faulty_of(self)->lock_error;
    return error ? error : image_host_posix.lock(self, fd, exclusive);
}

static inline int faulty_read(const struct image_host *self, int fd,
                              void *buffer, size_t size, uint64_t offset,
                              size_t *done)
{
    int error = faulty_call(self);

    *done = 0;
    if (error)
        return error;
    error = image_host_posix.read(self, fd, buffer, size, offset, done);
    if (*done > faulty_of(self)->short_by)
        *done -= faulty_of(self)->short_by;
    return error;
}

static inline int faulty_write(const struct image_host *self, int fd,
                               const void *buffer, size_t size, uint64_t offset)
{
    int error = faulty_call(self);

    return error ? error
                 : image_host_posix.write(self, fd, buffer, size, offset);
}

static inline int faulty_resize(const struct image_host *self, int fd,
                                uint64_t size)
{
    int error = faulty_call(self);

    return error ? error : image_host_posix.resize(self, fd, size);
}

static inline int faulty_sync(const struct image_host *self, int fd)
{
    int error = faulty_call(self);

    return error ? error : image_host_posix.sync(self, fd);
}

static inline void faulty_close(const struct image_host *self, int fd)
{
    faulty_of(self)->open_files--;
    image_host_posix.close(self, fd);
}

static inline void faulty_init(struct faulty_host *f)
{
    *f = (struct faulty_host){
        .host = {faulty_open, faulty_info, faulty_lock, faulty_read,
                 faulty_write, faulty_resize, faulty_sync, faulty_close},
    };
}

#endif
