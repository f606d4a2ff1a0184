/* A person, or a program, at the monitor: reads lines, shows answers and a
 * prompt, tells when the machine stops. */
#ifndef FRONTEND_MONITOR_CONSOLE_H
#define FRONTEND_MONITOR_CONSOLE_H

#include "frontend/chardev.h"
#include "frontend/monitor.h"

struct monitor_console;

/* Everything is borrowed. */
struct monitor_console_config {
    const struct chardev_config *channel; /* stdio, or a server's socket */
    struct monitor *monitor;
    struct run_control *control;
};

/* On failure EXIT_STATUS_HOST. The caller owns *out. */
bool monitor_console_create(const struct monitor_console_config *config,
                            struct monitor_console **out,
                            struct failure *failure);
void monitor_console_destroy(struct monitor_console *console);

void monitor_console_poll(struct monitor_console *console);

/* The descriptor to wait for, or -1; NULL is allowed. */
int monitor_console_fd(const struct monitor_console *console);

#endif
