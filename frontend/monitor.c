#include "frontend/monitor.h"

#include <stdlib.h>
#include <string.h>

struct monitor {
    struct monitor_config config;
    unsigned step_mode;
    bool devices;
};

struct monitor *monitor_create(const struct monitor_config *config)
{
    struct monitor *m = calloc(1, sizeof(*m));

    if (m)
        m->config = *config;
    return m;
}

void monitor_destroy(struct monitor *m)
{
    free(m);
}

void monitor_execute(struct monitor *m, const char *line, FILE *out)
{
    struct debug_registers regs;

    (void)line;
    machine_get_registers(m->config.machine, &regs);
    fprintf(out, "CS:IP %04x:%08x\n", regs.value[DEBUG_CS],
            regs.value[DEBUG_EIP]);
}

void monitor_execute_for_gdb(struct monitor *m, const char *line, FILE *out)
{
    monitor_execute(m, line, out);
}

void monitor_print_stop(struct monitor *m, FILE *out)
{
    monitor_execute(m, "", out);
}

unsigned monitor_step_mode(const struct monitor *m)
{
    return m->step_mode;
}

bool monitor_asks_devices(const struct monitor *m)
{
    return m->devices;
}
