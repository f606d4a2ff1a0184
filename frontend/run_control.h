/* Whether the machine of a run moves: what a control connection, a debugger
 * and the main loop share. A paused machine stands between two runs; pausing
 * changes nothing in it, and displays and connections go on. */
#ifndef FRONTEND_RUN_CONTROL_H
#define FRONTEND_RUN_CONTROL_H

#include "core/types.h"

/* Why it stands. */
enum run_pause {
    RUN_GOES,         /* it does not */
    RUN_PAUSED,       /* somebody asked for it */
    RUN_PAUSED_DEBUG, /* a breakpoint, a step, or a debugger that came */
};

#define RUN_LISTENERS 8

/* Who wants to know; `changed` runs after every change of `pause`. */
struct run_listener {
    void (*changed)(void *self, enum run_pause pause);
    void *self; /* borrowed */
};

struct run_control {
    enum run_pause pause; /* read by all, set by the calls below */
    bool quit;            /* the run is to end, as by closing the window */
    struct run_listener listeners[RUN_LISTENERS];
    unsigned listener_count;
};

/* `listener` is copied; at most RUN_LISTENERS. */
void run_control_listen(struct run_control *control,
                        const struct run_listener *listener);

/* Only a change is told. A machine that stands already keeps its reason. */
void run_control_pause(struct run_control *control, enum run_pause reason);
void run_control_resume(struct run_control *control);

static inline bool run_control_paused(const struct run_control *control)
{
    return control->pause != RUN_GOES;
}

#endif
