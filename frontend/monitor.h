/* The built-in monitor: commands in words, most with QEMU's names, for looking
 * into the machine and steering it. One engine serves the terminal, sockets,
 * gdb's `monitor` and QMP's human-monitor-command. */
#ifndef FRONTEND_MONITOR_H
#define FRONTEND_MONITOR_H

#include <stdio.h>

#include "frontend/failure.h"
#include "frontend/input.h"
#include "frontend/run_control.h"
#include "machine/debug.h"

struct monitor;

/* Everything is borrowed. */
struct monitor_config {
    struct machine *machine;
    struct run_control *control;
    struct input *input;         /* for sendkey; NULL: not here */
    struct display_frame *frame; /* for screendump; likewise */
    /* For change and eject, as script_host has it; NULL: not here. */
    bool (*change_medium)(void *context, unsigned drive, const char *path,
                          struct failure *failure);
    void *context;
};

/* NULL without memory. The caller owns it. */
struct monitor *monitor_create(const struct monitor_config *config);
void monitor_destroy(struct monitor *monitor);

/* Runs one command line; what it has to say goes to `out`, whole lines. A
 * wrong command says so there. Commands that let the machine run return at
 * once: it runs when the main loop goes on. */
void monitor_execute(struct monitor *monitor, const char *line, FILE *out);

/* The same for gdb, which keeps the run in its own hands: commands that would
 * let the machine run are refused. */
void monitor_execute_for_gdb(struct monitor *monitor, const char *line,
                             FILE *out);

/* gdb went away: points that it set here go too, since nobody would be there
 * to go on from them. */
void monitor_forget_gdb(struct monitor *monitor);

/* The machine stopped at a debugger's point: whether it is to stand, or a
 * condition says that it runs on. Ask once after each MACHINE_DEBUG. */
bool monitor_wants_stop(struct monitor *monitor);

/* A step, or a run to a place, is on its way: what comes next waits. */
bool monitor_is_waiting(const struct monitor *monitor);

/* Where and why the machine stands, one or two lines. */
void monitor_print_stop(struct monitor *monitor, FILE *out);

/* How gdb and the monitor step: DEBUG_STEP_*; set by `set step`. */
unsigned monitor_step_mode(const struct monitor *monitor);

/* Whether memory commands (gdb's too) may ask devices, which can change them;
 * set by `set devices`. */
bool monitor_asks_devices(const struct monitor *monitor);

#endif
