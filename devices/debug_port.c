#include "devices/debug_port.h"

#include <stdlib.h>

#define DEBUG_PORT 0xe9

struct debug_port {
    struct device dev;
    struct host_char *host; /* borrowed */
};

static uint32_t debug_port_read(void *dev, paddr offset, unsigned size)
{
    (void)dev;
    (void)offset;
    (void)size;
    return DEBUG_PORT;
}

static void debug_port_write(void *dev, paddr offset, uint32_t value,
                             unsigned size)
{
    const struct debug_port *d = dev;

    (void)offset;
    (void)size;
    if (d->host)
        d->host->put(d->host, (uint8_t)value);
}

static const struct bus_ops debug_port_ops = {
    .read = debug_port_read,
    .write = debug_port_write,
    .sizes = 1,
};

static void debug_port_reset(struct device *dev)
{
    (void)dev;
}

static void debug_port_destroy(struct device *dev)
{
    free(CONTAINER_OF(dev, struct debug_port, dev));
}

static const struct state_field debug_port_state[] = {
    STATE_END,
};

static const struct device_class debug_port_class = {
    .name = "debug_port",
    .reset = debug_port_reset,
    .destroy = debug_port_destroy,
    .state = debug_port_state,
};

enum status debug_port_create(const struct debug_port_config *config,
                              struct device **out)
{
    struct debug_port *d = calloc(1, sizeof(*d));
    enum status status;

    *out = NULL;
    if (!d)
        return STATUS_NO_MEMORY;
    d->dev = (struct device){&debug_port_class, config->name};
    d->host = config->host;
    status = bus_map(config->ports, DEBUG_PORT, 1, &debug_port_ops, d);
    if (status != STATUS_OK) {
        free(d);
        return status;
    }
    *out = &d->dev;
    return STATUS_OK;
}
