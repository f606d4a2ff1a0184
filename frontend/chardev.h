/* Where the bytes of a serial port, the parallel port or port E9 go, and where
 * those for the guest come from: terminal, file, socket. */
#ifndef FRONTEND_CHARDEV_H
#define FRONTEND_CHARDEV_H

#include "core/host.h"
#include "core/log.h"
#include "frontend/failure.h"

#define CHARDEV_TARGET_BYTES 512
#define CHARDEV_PORT_BYTES   32

enum chardev_kind {
    CHARDEV_NONE,
    CHARDEV_STDIO,
    CHARDEV_FILE,
    CHARDEV_UNIX,
    CHARDEV_TCP,
};

struct chardev_config {
    enum chardev_kind kind;
    char target[CHARDEV_TARGET_BYTES]; /* file, socket path or host name */
    char port[CHARDEV_PORT_BYTES];     /* TCP: number or service name */
    bool server;                       /* sockets: listen, do not connect */
    bool wait; /* server: the run starts when somebody connects */
};

/* Reads "stdio", "file:P", "unix:P[,server[,nowait]]",
 * "tcp:HOST:PORT[,server[,nowait]]" or "none" ("null"). `option` is named in
 * the failure, EXIT_STATUS_USAGE. */
bool chardev_parse(const char *option, const char *text,
                   struct chardev_config *config, struct failure *failure);

struct chardev;

/* Opens the destination; a client connects, a server that waits does so until
 * `interrupted(context)` says true (NULL: for ever). `log` (borrowed) hears of
 * lost peers and write errors, once each. A CHARDEV_NONE gives *out == NULL.
 * On failure EXIT_STATUS_HOST. The caller owns *out. */
struct chardev_host {
    const char *option; /* named in messages, e.g. "serial"; borrowed */
    struct log *log;
    bool (*interrupted)(void *context);
    void *context;
};
bool chardev_open(const struct chardev_config *config,
                  const struct chardev_host *host, struct chardev **out,
                  struct failure *failure);

/* Writes out what is left, for two seconds at most; restores a terminal;
 * removes a server's socket file. NULL is allowed. */
void chardev_close(struct chardev *chardev);

/* What the machine writes to. Bytes gather in a buffer; when a peer does not
 * take them and the buffer is full, the newest are lost, with a notice. */
struct host_char *chardev_output(struct chardev *chardev);

/* Moves bytes between the buffers and the host as far as that goes without
 * waiting; accepts a peer. Call it every few milliseconds. */
void chardev_poll(struct chardev *chardev);

/* The next byte for the guest, without taking it. False: none is there. */
bool chardev_peek(const struct chardev *chardev, uint8_t *byte);
void chardev_take(struct chardev *chardev);

/* How many peers have come so far; one is there now. */
unsigned chardev_peers(const struct chardev *chardev);
bool chardev_connected(const struct chardev *chardev);

/* It is a terminal that gives every key at once and shows none. */
bool chardev_is_terminal(const struct chardev *chardev);

/* Bytes that the peer has not taken yet, of a buffer of 1 MiB. */
size_t chardev_pending(const struct chardev *chardev);

/* Hangs up; a server waits for the next one. */
void chardev_hang_up(struct chardev *chardev);

/* What to wait for input or a peer on; -1: nothing. */
int chardev_fd(const struct chardev *chardev);

/* The peer or the terminal can still send something, now or later. */
bool chardev_interactive(const struct chardev_config *config);

#endif
