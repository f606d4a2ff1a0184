#include "frontend/perf_map.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct perf_map {
    struct host_code_map map; /* first: it is what `add` gets */
    struct log *log;
    FILE *stream;
    char path[64];
    bool full;
};

/* Others may write to /tmp as well: what is there is not written to. */
static FILE *make_file(const char *path)
{
    FILE *stream;
    int fd;

    if (unlink(path) != 0 && errno != ENOENT)
        return NULL;
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0)
        return NULL;
    stream = fdopen(fd, "w");
    if (!stream)
        close(fd);
    return stream;
}

static void tell_full(struct perf_map *map)
{
    if (!map->full)
        log_put(map->log, LOG_WARN, "-perf-map",
                "cannot write %s: %s; perf will not name all code", map->path,
                failure_errno_text(errno));
    map->full = true;
}

static void add(struct host_code_map *self, const void *code, size_t bytes,
                const char *name)
{
    struct perf_map *map = (struct perf_map *)self;

    if (fprintf(map->stream, "%" PRIxPTR " %zx %s\n", (uintptr_t)code, bytes,
                name) < 0)
        tell_full(map);
}

bool perf_map_open(struct log *log, struct perf_map **out,
                   struct failure *failure)
{
    struct perf_map *map = calloc(1, sizeof(*map));

    if (!map)
        return failure_set(failure, EXIT_STATUS_HOST,
                           "out of host memory; end other programs");
    map->map.add = add;
    map->log = log;
    snprintf(map->path, sizeof(map->path), "/tmp/perf-%ld.map", (long)getpid());
    map->stream = make_file(map->path);
    if (!map->stream) {
        failure_set(failure, EXIT_STATUS_HOST,
                    "-perf-map: cannot make %s, where perf looks: %s; make "
                    "room for it, or leave the option out",
                    map->path, failure_create_text(errno));
        free(map);
        return false;
    }
    /* Whole lines, for perf top looks while the machine runs. */
    setvbuf(map->stream, NULL, _IOLBF, BUFSIZ);
    *out = map;
    return true;
}

struct host_code_map *perf_map_input(struct perf_map *map)
{
    return map ? &map->map : NULL;
}

void perf_map_close(struct perf_map *map)
{
    if (!map)
        return;
    if (fclose(map->stream) != 0)
        tell_full(map);
    free(map);
}
