#include "devices/fpu_irq.h"

#include <stdlib.h>

#define PORT_CLEAR 0xf0
#define PORTS      2

struct fpu_irq {
    struct device dev;
    struct bus *ports;
    struct irq_line irq, ignne;

    bool ferr, latched, ignored;
};

static void update(struct fpu_irq *f)
{
    irq_set(&f->irq, f->latched);
    irq_set(&f->ignne, f->ignored);
}

static void on_ferr(void *sink, unsigned pin, bool level)
{
    struct fpu_irq *f = sink;

    (void)pin;
    if (level && !f->ferr)
        f->latched = true;
    if (!level)
        f->ignored = false;
    f->ferr = level;
    update(f);
}

struct irq_line fpu_irq_ferr(struct device *dev)
{
    return (struct irq_line){on_ferr, CONTAINER_OF(dev, struct fpu_irq, dev),
                             0};
}

static void port_write(void *dev, paddr offset, uint32_t value, unsigned size)
{
    struct fpu_irq *f = dev;

    (void)offset;
    (void)value;
    (void)size;
    f->latched = false;
    f->ignored = f->ferr;
    update(f);
}

static const struct bus_ops fpu_irq_ops = {NULL, port_write, 1};

/* FERR# stays what the processor drives. */
static void fpu_irq_reset(struct device *dev)
{
    struct fpu_irq *f = CONTAINER_OF(dev, struct fpu_irq, dev);

    f->latched = f->ignored = false;
    update(f);
}

static void fpu_irq_destroy(struct device *dev)
{
    struct fpu_irq *f = CONTAINER_OF(dev, struct fpu_irq, dev);

    bus_unmap(f->ports, PORT_CLEAR, f);
    free(f);
}

static void fpu_irq_loaded(struct device *dev)
{
    update(CONTAINER_OF(dev, struct fpu_irq, dev));
}

static const struct state_field fpu_irq_state[] = {
    STATE_FIELD(struct fpu_irq, ferr),
    STATE_FIELD(struct fpu_irq, latched),
    STATE_FIELD(struct fpu_irq, ignored),
    STATE_END,
};

static const struct device_class fpu_irq_class = {
    .name = "fpu_irq",
    .reset = fpu_irq_reset,
    .destroy = fpu_irq_destroy,
    .state = fpu_irq_state,
    .loaded = fpu_irq_loaded,
};

enum status fpu_irq_create(const struct fpu_irq_config *config,
                           struct device **out)
{
    struct fpu_irq *f = calloc(1, sizeof(*f));
    enum status status;

    *out = NULL;
    if (!f)
        return STATUS_NO_MEMORY;
    f->dev = (struct device){&fpu_irq_class, config->name};
    f->ports = config->ports;
    f->irq = config->irq;
    f->ignne = config->ignne;
    status = bus_map(f->ports, PORT_CLEAR, PORTS, &fpu_irq_ops, f);
    if (status != STATUS_OK) {
        free(f);
        return status;
    }
    *out = &f->dev;
    return STATUS_OK;
}
