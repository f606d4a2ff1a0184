#include "frontend/outfile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char suffix[] = ".XXXXXX";

static bool report(const char *path, int error, struct failure *failure)
{
    return failure_set(failure, EXIT_STATUS_HOST,
                       "cannot write %s: %s; choose a file in a folder that "
                       "you may write to",
                       path, failure_create_text(error));
}

static void release(struct outfile *file)
{
    free(file->path);
    free(file->temporary);
    memset(file, 0, sizeof(*file));
}

/* Renaming over a device would replace it by a file. */
static bool written_in_place(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
}

/* mkstemp() makes files for the owner alone; give the usual access. */
static void widen_access(int fd)
{
    mode_t mask = umask(0);

    umask(mask);
    (void)fchmod(fd, 0666 & ~mask);
}

static int open_temporary(struct outfile *file)
{
    size_t size = strlen(file->path) + sizeof(suffix);
    int fd;

    file->temporary = malloc(size);
    if (!file->temporary) {
        errno = ENOMEM;
        return -1;
    }
    snprintf(file->temporary, size, "%s%s", file->path, suffix);
    fd = mkstemp(file->temporary);
    if (fd >= 0)
        widen_access(fd);
    return fd;
}

static bool open_stream(struct outfile *file)
{
    struct stat st;
    int fd;

    if (written_in_place(file->path)) {
        file->stream = fopen(file->path, "wb");
        return file->stream != NULL;
    }
    if (stat(file->path, &st) == 0 && S_ISDIR(st.st_mode)) {
        errno = EISDIR;
        return false;
    }
    fd = open_temporary(file);
    if (fd < 0)
        return false;
    file->stream = fdopen(fd, "wb");
    if (file->stream)
        return true;
    close(fd);
    unlink(file->temporary);
    return false;
}

bool outfile_open(struct outfile *file, const char *path,
                  struct failure *failure)
{
    int error = ENOMEM;

    memset(file, 0, sizeof(*file));
    file->path = strdup(path);
    if (file->path) {
        if (open_stream(file))
            return true;
        error = errno;
    }
    release(file);
    return report(path, error, failure);
}

bool outfile_commit(struct outfile *file, struct failure *failure)
{
    bool good = !ferror(file->stream) && fflush(file->stream) == 0;
    int error = good ? 0 : errno;

    if (fclose(file->stream) != 0 && good) {
        error = errno;
        good = false;
    }
    if (good && file->temporary && rename(file->temporary, file->path) != 0) {
        error = errno;
        good = false;
    }
    if (!good) {
        report(file->path, error ? error : EIO, failure);
        if (file->temporary)
            unlink(file->temporary);
    }
    release(file);
    return good;
}

void outfile_abandon(struct outfile *file)
{
    fclose(file->stream);
    if (file->temporary)
        unlink(file->temporary);
    release(file);
}
