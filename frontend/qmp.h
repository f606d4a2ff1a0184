/* Control by QEMU's machine protocol: JSON over a socket, so that programs
 * which drive QEMU can drive this machine.
 *
 * Source:  QEMU docs/interop/qmp-spec, and its schema for what the commands
 *          of qmp.def take and give.
 * Missing: out-of-band execution, the other commands, files passed with a
 *          message. */
#ifndef FRONTEND_QMP_H
#define FRONTEND_QMP_H

#include "frontend/chardev.h"
#include "frontend/input.h"
#include "frontend/loop.h"
#include "frontend/media.h"
#include "frontend/monitor.h"
#include "frontend/run_control.h"

struct qmp;

/* Everything is borrowed. */
struct qmp_config {
    const struct chardev_config *channel; /* a server's socket */
    struct machine *machine;
    struct run_control *control;
    struct input *input;
    struct display_frame *frame; /* with room, for pictures */
    struct monitor *monitor;
    const struct media *media; /* to look at */
    const char *name;          /* of the machine; may be NULL */
    const char *log_file;      /* -record's or -replay's; may be NULL */
    bool is_replay;
    /* Puts a file into a drive (floppies, then disks); NULL: takes it out. */
    bool (*change_medium)(void *context, unsigned place, const char *path,
                          struct failure *failure);
    void *context;
    struct log *log;
};

/* Opens the socket. On failure EXIT_STATUS_HOST. The caller owns *out. */
bool qmp_create(const struct qmp_config *config, struct qmp **out,
                struct failure *failure);
void qmp_destroy(struct qmp *qmp); /* NULL is allowed */

/* Accepts a client and does what it asks. One client at a time; the next is
 * taken when it is gone. */
void qmp_poll(struct qmp *qmp);

/* The descriptor to wait for, or -1. NULL is allowed. */
int qmp_fd(const struct qmp *qmp);

/* The run is over: tells the client why. NULL is allowed. */
void qmp_tell_end(struct qmp *qmp, enum loop_end end);

#endif
