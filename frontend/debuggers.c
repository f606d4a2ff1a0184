#include "frontend/debuggers.h"

#include <poll.h>
#include <stdlib.h>

#include "frontend/gdbstub.h"
#include "frontend/monitor_console.h"

#define NS_PER_MS 1000000

struct debuggers {
    struct monitor *monitor;         /* owned, as the next two */
    struct monitor_console *console; /* NULL: nobody asked for one */
    struct gdbstub *gdb;             /* likewise */
};

static bool open_monitor(struct debuggers *d,
                         const struct debuggers_config *config,
                         struct failure *failure)
{
    const struct monitor_config monitor = {.machine = config->machine,
                                           .control = config->control,
                                           .input = config->input,
                                           .frame = config->frame,
                                           .change_medium =
                                               config->change_medium,
                                           .context = config->context};
    struct monitor_console_config console = {
        .channel = &config->options->monitor, .control = config->control};

    d->monitor = monitor_create(&monitor);
    if (!d->monitor)
        return failure_set(failure, EXIT_STATUS_HOST,
                           "out of host memory; end other programs");
    if (config->options->monitor.kind == CHARDEV_NONE)
        return true;
    console.monitor = d->monitor;
    return monitor_console_create(&console, &d->console, failure);
}

static bool open_gdb(struct debuggers *d, const struct debuggers_config *config,
                     struct failure *failure)
{
    const struct gdbstub_config gdb = {.channel = &config->options->gdb,
                                       .machine = config->machine,
                                       .control = config->control,
                                       .monitor = d->monitor,
                                       .log = config->log};

    if (config->options->gdb.kind == CHARDEV_NONE)
        return true;
    return gdbstub_create(&gdb, &d->gdb, failure);
}

bool debuggers_open(const struct debuggers_config *config,
                    struct debuggers **out, struct failure *failure)
{
    struct debuggers *d = calloc(1, sizeof(*d));

    *out = NULL;
    if (!d)
        return failure_set(failure, EXIT_STATUS_HOST,
                           "out of host memory; end other programs");
    if (!open_monitor(d, config, failure) || !open_gdb(d, config, failure)) {
        debuggers_close(d, (int)failure->exit_status);
        return false;
    }
    if (config->options->start_paused)
        run_control_pause(config->control, RUN_PAUSED);
    *out = d;
    return true;
}

void debuggers_close(struct debuggers *d, int exit_status)
{
    if (!d)
        return;
    gdbstub_destroy(d->gdb, exit_status);
    monitor_console_destroy(d->console);
    monitor_destroy(d->monitor);
    free(d);
}

void debuggers_poll(struct debuggers *d)
{
    if (d->console)
        monitor_console_poll(d->console);
    if (d->gdb)
        gdbstub_poll(d->gdb);
}

bool debuggers_want_stop(struct debuggers *d)
{
    return monitor_wants_stop(d->monitor);
}

void debuggers_wait(struct debuggers *d, int fd, uint64_t ns)
{
    struct pollfd fds[] = {
        {.fd = gdbstub_fd(d->gdb), .events = POLLIN},
        {.fd = monitor_console_fd(d->console), .events = POLLIN},
        {.fd = fd, .events = POLLIN}};

    (void)poll(fds, ARRAY_LEN(fds), (int)(ns / NS_PER_MS));
}

struct monitor *debuggers_monitor(struct debuggers *d)
{
    return d->monitor;
}
