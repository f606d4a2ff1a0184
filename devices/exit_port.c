#include "devices/exit_port.h"

#include <stdlib.h>

#define EXIT_PORTS 4

struct exit_port {
    struct device dev;
    struct bus *ports;
    paddr base;
    void (*written)(void *sink, uint32_t value);
    void *sink;
};

static uint32_t exit_port_read(void *dev, paddr offset, unsigned size)
{
    (void)dev;
    (void)offset;
    (void)size;
    return 0;
}

static void exit_port_write(void *dev, paddr offset, uint32_t value,
                            unsigned size)
{
    const struct exit_port *e = dev;

    (void)offset;
    (void)size;
    e->written(e->sink, value);
}

static const struct bus_ops exit_port_ops = {
    .read = exit_port_read,
    .write = exit_port_write,
    .sizes = 1 | 2 | 4,
};

static void exit_port_reset(struct device *dev)
{
    (void)dev;
}

static void exit_port_destroy(struct device *dev)
{
    struct exit_port *e = CONTAINER_OF(dev, struct exit_port, dev);

    bus_unmap(e->ports, e->base, e);
    free(e);
}

static const struct state_field exit_port_state[] = {
    STATE_END,
};

static const struct device_class exit_port_class = {
    .name = "exit_port",
    .reset = exit_port_reset,
    .destroy = exit_port_destroy,
    .state = exit_port_state,
};

enum status exit_port_create(const struct exit_port_config *config,
                             struct device **out)
{
    struct exit_port *e = calloc(1, sizeof(*e));
    enum status status;

    *out = NULL;
    if (!e)
        return STATUS_NO_MEMORY;
    e->dev = (struct device){&exit_port_class, config->name};
    e->ports = config->ports;
    e->base = config->base;
    e->written = config->written;
    e->sink = config->sink;
    status = bus_map(e->ports, e->base, EXIT_PORTS, &exit_port_ops, e);
    if (status != STATUS_OK) {
        free(e);
        return status;
    }
    *out = &e->dev;
    return STATUS_OK;
}
