/* The main loop: lets guest time pass in steps, keeps to the host's time if
 * asked, and lets scripts, displays and ports have their turn.
 *
 * Invariant: the machine runs to multiples of LOOP_STEP_NS of guest time, and
 * what scripts do happens there. Each step costs the host about as much as
 * 5,000 translated instructions; so they are longer where nobody would notice.
 * Pacing only sleeps; so a run does not depend on it. */
#ifndef FRONTEND_LOOP_H
#define FRONTEND_LOOP_H

#include "frontend/display.h"
#include "frontend/host_clock.h"
#include "frontend/input.h"
#include "frontend/run_control.h"
#include "frontend/script.h"
#include "machine/machine.h"

#define LOOP_STEP_NS     SCRIPT_STEP_NS
#define LOOP_STEPS_ALONE 8

/* Everything is borrowed. */
struct loop_config {
    struct machine *machine;
    struct input *input;
    struct script *script;   /* started; NULL: none */
    struct display *display; /* NULL: none */
    struct host_clock *clock;
    struct run_control *control; /* NULL: nobody pauses it */
    bool paced;                  /* guest time keeps to the host's, or lags */
    bool alone;        /* what comes in can wait while ports are not busy:
                          LOOP_STEPS_ALONE steps at once */
    uint64_t limit_ns; /* guest time; UINT64_MAX: none */

    /* Called every few milliseconds of the host, also while the machine is
     * paused: moves bytes between ports and their destinations. May be NULL,
     * as the next two. */
    void (*poll_ports)(void *context);
    /* Called after each step: hands waiting bytes to the guest. */
    void (*feed_ports)(void *context);
    /* Sleeps up to `ns` of host time, less when something came in. NULL: the
     * clock sleeps. */
    void (*wait_ports)(void *context, uint64_t ns);
    /* The guest may be waiting for the host: while it is halted, its time
     * then passes no faster than the host's, paced or not. May be NULL. */
    bool (*ports_busy)(void *context);
    bool (*interrupted)(void *context); /* the program is asked to end */
    /* The machine stopped at a debugger's point: whether it is to stand there.
     * NULL: always. */
    bool (*wants_stop)(void *context);
    /* Waits, while the machine is paused, until a connection has something to
     * say or `ns` of the host passed. NULL: the clock sleeps. */
    void (*wait_paused)(void *context, uint64_t ns);
    void *context;
};

enum loop_end {
    LOOP_POWERED_OFF,
    LOOP_EXIT_PORT, /* machine_exit_code() */
    LOOP_LIMIT,
    LOOP_REPLAY_OVER,
    LOOP_VERIFY_DIFFERS, /* machine_verify_report() */
    LOOP_SCRIPT_QUIT,
    LOOP_SCRIPT_FAILED, /* failure is filled */
    LOOP_USER_QUIT,
    LOOP_INTERRUPTED,
};

enum loop_end loop_run(const struct loop_config *config,
                       struct failure *failure);

#endif
