#include "devices/port92.h"

#include <stdlib.h>

#define PORT92       0x92
#define PORT92_RESET 0x01 /* its rising edge resets the CPU */
#define PORT92_A20   0x02
#define PORT92_KEEP  0xfa /* bits that read back as written */

struct port92 {
    struct device dev;
    struct bus *ports; /* NULL: no port */
    struct irq_line a20, reset;

    uint8_t value;
    bool kbc_a20;
};

static void update_a20(struct port92 *p)
{
    irq_set(&p->a20, p->kbc_a20 || (p->value & PORT92_A20));
}

static void on_kbc_a20(void *sink, unsigned pin, bool level)
{
    struct port92 *p = sink;

    (void)pin;
    p->kbc_a20 = level;
    update_a20(p);
}

struct irq_line port92_kbc_a20(struct device *dev)
{
    return (struct irq_line){on_kbc_a20, CONTAINER_OF(dev, struct port92, dev),
                             0};
}

static uint32_t port92_read(void *dev, paddr offset, unsigned size)
{
    const struct port92 *p = dev;

    (void)offset;
    (void)size;
    return p->value;
}

static void port92_write(void *dev, paddr offset, uint32_t value, unsigned size)
{
    struct port92 *p = dev;
    bool edge = (value & PORT92_RESET) && !(p->value & PORT92_RESET);

    (void)offset;
    (void)size;
    p->value = value & (PORT92_KEEP | PORT92_RESET);
    update_a20(p);
    if (edge) {
        irq_set(&p->reset, true);
        irq_set(&p->reset, false);
    }
}

static const struct bus_ops port92_ops = {port92_read, port92_write, 1};

static void port92_reset(struct device *dev)
{
    struct port92 *p = CONTAINER_OF(dev, struct port92, dev);

    p->value = 0;
    update_a20(p);
}

static void port92_destroy(struct device *dev)
{
    struct port92 *p = CONTAINER_OF(dev, struct port92, dev);

    if (p->ports)
        bus_unmap(p->ports, PORT92, p);
    free(p);
}

static void port92_loaded(struct device *dev)
{
    update_a20(CONTAINER_OF(dev, struct port92, dev));
}

static const struct state_field port92_state[] = {
    STATE_FIELD(struct port92, value),
    STATE_FIELD(struct port92, kbc_a20),
    STATE_END,
};

static const struct device_class port92_class = {
    .name = "port92",
    .reset = port92_reset,
    .destroy = port92_destroy,
    .state = port92_state,
    .loaded = port92_loaded,
};

enum status port92_create(const struct port92_config *config,
                          struct device **out)
{
    struct port92 *p = calloc(1, sizeof(*p));
    enum status status = STATUS_OK;

    *out = NULL;
    if (!p)
        return STATUS_NO_MEMORY;
    p->dev = (struct device){&port92_class, config->name};
    p->ports = config->ports;
    p->a20 = config->a20;
    p->reset = config->reset;
    if (p->ports)
        status = bus_map(p->ports, PORT92, 1, &port92_ops, p);
    if (status != STATUS_OK) {
        free(p);
        return status;
    }
    update_a20(p);
    *out = &p->dev;
    return STATUS_OK;
}
