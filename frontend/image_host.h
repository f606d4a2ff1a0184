/* The host's file calls as image files need them. Every call can be replaced,
 * so that a test can let any of them fail. */
#ifndef FRONTEND_IMAGE_HOST_H
#define FRONTEND_IMAGE_HOST_H

#include "core/types.h"

enum image_file_type {
    IMAGE_FILE_REGULAR,
    IMAGE_FILE_DEVICE, /* a disk of the host */
    IMAGE_FILE_DIRECTORY,
    IMAGE_FILE_OTHER, /* terminal, pipe, socket */
};

struct image_file_info {
    enum image_file_type type;
    uint64_t size_bytes;
};

/* Each member returns 0 or an errno value. `self` is the structure itself. */
struct image_host {
    /* Never waits, never creates. *fd is the caller's until close(). */
    int (*open)(const struct image_host *self, const char *path, bool writable,
                int *fd);
    int (*info)(const struct image_host *self, int fd,
                struct image_file_info *out);
    /* EWOULDBLOCK: another program holds a lock that excludes this one. */
    int (*lock)(const struct image_host *self, int fd, bool exclusive);
    /* *done < size only at the end of the file. */
    int (*read)(const struct image_host *self, int fd, void *buffer,
                size_t size, uint64_t offset, size_t *done);
    int (*write)(const struct image_host *self, int fd, const void *buffer,
                 size_t size, uint64_t offset);
    int (*resize)(const struct image_host *self, int fd, uint64_t size_bytes);
    int (*sync)(const struct image_host *self, int fd);
    void (*close)(const struct image_host *self, int fd);
};

extern const struct image_host image_host_posix;

/* Whether two paths lead to one file of the host, by whatever names. */
bool image_host_is_same(const char *a, const char *b);

#endif
