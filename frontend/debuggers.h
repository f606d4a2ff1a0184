/* All that looks into the machine of a run: the monitor, where people talk to
 * it, and the gdb server. */
#ifndef FRONTEND_DEBUGGERS_H
#define FRONTEND_DEBUGGERS_H

#include "frontend/monitor.h"
#include "frontend/options.h"

struct debuggers;

/* Everything is borrowed. */
struct debuggers_config {
    const struct options *options;
    struct machine *machine;
    struct run_control *control;
    struct input *input;
    struct display_frame *frame; /* scratch */
    bool (*change_medium)(void *context, unsigned drive, const char *path,
                          struct failure *failure);
    void *context;
    struct log *log;
};

/* Opens what the options ask for. On failure EXIT_STATUS_HOST. The caller
 * owns *out. */
bool debuggers_open(const struct debuggers_config *config,
                    struct debuggers **out, struct failure *failure);

/* The program ends with `exit_status`. NULL is allowed. */
void debuggers_close(struct debuggers *debuggers, int exit_status);

void debuggers_poll(struct debuggers *debuggers);

/* As loop_config wants it. */
bool debuggers_want_stop(struct debuggers *debuggers);

/* Until somebody has something to say, also at `fd` (-1: none), or `ns` of the
 * host passed. */
void debuggers_wait(struct debuggers *debuggers, int fd, uint64_t ns);

/* The monitor's engine; borrowed. */
struct monitor *debuggers_monitor(struct debuggers *debuggers);

#endif
