/* A server for gdb's remote protocol that knows whole PCs: `$pc` and all
 * addresses are linear (CS base + EIP), in every mode; breakpoints are the
 * machine's and never in its memory; registers come with their hidden parts.
 *
 * Source: "Debugging with gdb", appendix E (remote protocol) and G (target
 *         descriptions).
 * Missing: range stepping, reverse execution, file I/O. */
#ifndef FRONTEND_GDBSTUB_H
#define FRONTEND_GDBSTUB_H

#include <poll.h>

#include "frontend/chardev.h"
#include "frontend/monitor.h"

struct gdbstub;

/* Everything is borrowed. */
struct gdbstub_config {
    const struct chardev_config *channel; /* a server's socket */
    struct machine *machine;
    struct run_control *control;
    struct monitor *monitor;
    struct log *log;
};

/* Opens the socket. On failure EXIT_STATUS_HOST. The caller owns *out. */
bool gdbstub_create(const struct gdbstub_config *config, struct gdbstub **out,
                    struct failure *failure);

/* Tells gdb that the guest ended with `exit_status`. NULL is allowed. */
void gdbstub_destroy(struct gdbstub *stub, int exit_status);

/* Accepts gdb, which stops the machine; answers what it asks. When it goes
 * away the machine runs on without its breakpoints. */
void gdbstub_poll(struct gdbstub *stub);

/* The descriptor to wait for, or -1. */
int gdbstub_fd(const struct gdbstub *stub);

#endif
