#include "frontend/chardev.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "frontend/chardev_int.h"
#include "frontend/terminal.h"

#define OUT_BYTES   (1u << 20)
#define IN_BYTES    4096
#define TTY_CHUNK   256 /* less than a terminal promises room for */
#define DRAIN_STEPS 20
#define DRAIN_MS    100

struct chardev {
    struct host_char output;
    struct chardev_config config;
    const char *option; /* borrowed */
    struct log *log;    /* borrowed */
    struct chardev_ends ends;
    bool owns_terminal;
    bool stalled; /* the buffer is full: ask the host again in poll() */
    bool told_lost, told_gone;
    unsigned peers;
    uint8_t *out; /* a ring of OUT_BYTES */
    size_t out_first, out_count;
    uint8_t in[IN_BYTES];
    size_t in_first, in_count;
};

static void close_ends(struct chardev *c)
{
    if (c->ends.in > STDERR_FILENO)
        close(c->ends.in);
    if (c->ends.out > STDERR_FILENO && c->ends.out != c->ends.in)
        close(c->ends.out);
    c->ends.in = c->ends.out = -1;
}

/* The other side is no more. A server goes on with the next one. */
static void lose_peer(struct chardev *c, int error)
{
    if (!c->told_gone)
        log_put(c->log, error && error != EPIPE ? LOG_WARN : LOG_NOTICE,
                c->option, "%s: what the guest sends is lost from now on",
                error ? failure_errno_text(error) : "the other side is gone");
    c->told_gone = c->ends.listener < 0;
    close_ends(c);
    c->out_count = 0;
}

static ssize_t write_some(struct chardev *c, const uint8_t *bytes, size_t size)
{
    if (c->ends.is_socket)
        return send(c->ends.out, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (c->ends.chunk && size > c->ends.chunk)
        size = c->ends.chunk;
    return write(c->ends.out, bytes, size);
}

static bool is_ready(int fd, short events, int wait_ms)
{
    struct pollfd pollfd = {.fd = fd, .events = events};

    return poll(&pollfd, 1, wait_ms) > 0;
}

static void flush_output(struct chardev *c, int wait_ms)
{
    while (c->out_count > 0 && c->ends.out >= 0 &&
           is_ready(c->ends.out, POLLOUT, wait_ms)) {
        size_t run = OUT_BYTES - c->out_first;
        ssize_t done = write_some(c, c->out + c->out_first,
                                  run < c->out_count ? run : c->out_count);

        if (done < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (done <= 0) {
            lose_peer(c, errno);
            return;
        }
        c->out_first = (c->out_first + (size_t)done) % OUT_BYTES;
        c->out_count -= (size_t)done;
    }
}

static void put_byte(struct host_char *self, uint8_t byte)
{
    struct chardev *c = (struct chardev *)self;

    if (c->ends.out < 0)
        return;
    if (c->out_count == OUT_BYTES && !c->stalled)
        flush_output(c, 0);
    if (c->out_count == OUT_BYTES) {
        c->stalled = true;
        LOG_ONCE(c->told_lost, c->log, LOG_WARN, c->option,
                 "the other side does not read; bytes are lost");
        return;
    }
    c->out[(c->out_first + c->out_count) % OUT_BYTES] = byte;
    c->out_count++;
}

static void read_input(struct chardev *c)
{
    ssize_t got;

    if (c->in_count > 0 || c->ends.in < 0 || !is_ready(c->ends.in, POLLIN, 0))
        return;
    got = read(c->ends.in, c->in, sizeof(c->in));
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got > 0) {
        c->in_first = 0;
        c->in_count = (size_t)got;
    } else if (c->ends.is_socket)
        lose_peer(c, got < 0 ? errno : 0);
    else if (!c->owns_terminal || got < 0)
        c->ends.in = -1; /* end of file; a raw terminal just has no key */
}

void chardev_poll(struct chardev *c)
{
    if (chardev_accept(&c->ends))
        c->peers++;
    c->stalled = false;
    flush_output(c, 0);
    read_input(c);
}

unsigned chardev_peers(const struct chardev *c)
{
    return c->peers;
}

size_t chardev_pending(const struct chardev *chardev)
{
    return chardev->out_count;
}

bool chardev_connected(const struct chardev *c)
{
    return c->ends.in >= 0;
}

bool chardev_is_terminal(const struct chardev *c)
{
    return c->owns_terminal;
}

void chardev_hang_up(struct chardev *c)
{
    flush_output(c, 0);
    close_ends(c);
    c->in_count = c->out_count = 0;
}

int chardev_fd(const struct chardev *c)
{
    return c->ends.in >= 0 ? c->ends.in : c->ends.listener;
}

bool chardev_peek(const struct chardev *c, uint8_t *byte)
{
    if (c->in_count == 0)
        return false;
    *byte = c->in[c->in_first];
    return true;
}

void chardev_take(struct chardev *c)
{
    assert(c->in_count > 0);
    c->in_first++;
    c->in_count--;
}

struct host_char *chardev_output(struct chardev *c)
{
    return &c->output;
}

static bool open_file(struct chardev *c, struct failure *failure)
{
    struct stat st;

    /* A pipe without a reader must not hold us up. */
    c->ends.out =
        open(c->config.target,
             O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NONBLOCK, 0666);
    if (c->ends.out < 0)
        return failure_set(failure, EXIT_STATUS_HOST,
                           "-%s file:%s: %s; choose another file", c->option,
                           c->config.target,
                           errno == ENXIO ? "a pipe that nobody reads"
                                          : failure_create_text(errno));
    if (fstat(c->ends.out, &st) == 0 && !S_ISREG(st.st_mode))
        c->ends.chunk = PIPE_BUF;
    return true;
}

static void open_stdio(struct chardev *c)
{
    c->owns_terminal = terminal_enter(TERMINAL_BYTES, NULL);
    /* A terminal in whose background we are would stop us. */
    c->ends.in = isatty(STDIN_FILENO) && !c->owns_terminal ? -1 : STDIN_FILENO;
    c->ends.out = STDOUT_FILENO;
    c->ends.chunk = isatty(STDOUT_FILENO) ? TTY_CHUNK : PIPE_BUF;
}

static bool open_ends(struct chardev *c, const struct chardev_host *host,
                      struct failure *failure)
{
    switch (c->config.kind) {
    case CHARDEV_STDIO: open_stdio(c); return true;
    case CHARDEV_FILE: return open_file(c, failure);
    case CHARDEV_UNIX:
    case CHARDEV_TCP:
        return chardev_open_socket(&c->config, host, &c->ends, failure);
    case CHARDEV_NONE: break;
    }
    return true;
}

bool chardev_open(const struct chardev_config *config,
                  const struct chardev_host *host, struct chardev **out,
                  struct failure *failure)
{
    struct chardev *c;

    *out = NULL;
    if (config->kind == CHARDEV_NONE)
        return true;
    c = calloc(1, sizeof(*c));
    if (c)
        c->out = malloc(OUT_BYTES);
    if (!c || !c->out) {
        free(c);
        return failure_set(failure, EXIT_STATUS_HOST,
                           "-%s: out of host memory; end other programs",
                           host->option);
    }
    c->output.put = put_byte;
    c->config = *config;
    c->option = host->option;
    c->log = host->log;
    c->ends = (struct chardev_ends){.in = -1, .out = -1, .listener = -1};
    if (!open_ends(c, host, failure)) {
        chardev_close(c);
        return false;
    }
    *out = c;
    return true;
}

/* A peer that reads slowly gets some time to take the rest. */
static void drain(struct chardev *c)
{
    int i;

    for (i = 0; i < DRAIN_STEPS && c->out_count > 0; i++)
        flush_output(c, DRAIN_MS);
}

void chardev_close(struct chardev *c)
{
    if (!c)
        return;
    drain(c);
    close_ends(c);
    if (c->ends.listener >= 0) {
        close(c->ends.listener);
        if (c->config.kind == CHARDEV_UNIX)
            unlink(c->config.target);
    }
    if (c->owns_terminal)
        terminal_leave();
    free(c->out);
    free(c);
}
