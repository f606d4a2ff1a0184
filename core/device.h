/* What the machine can do to any device without knowing which one it is. */
#ifndef CORE_DEVICE_H
#define CORE_DEVICE_H

#include "core/state.h"

struct device;

struct device_class {
    const char *name; /* chip name, e.g. "uart16550" */
    /* The RESET pin: the state after power-on. Not NULL. */
    void (*reset)(struct device *dev);
    void (*destroy)(struct device *dev); /* accepts no NULL: see below */
    const struct state_field *state;     /* what a snapshot holds */
    /* Rebuilds what the table does not hold, after a load. May be NULL. */
    void (*loaded)(struct device *dev);
};

/* First member of every device structure. */
struct device {
    const struct device_class *class;
    const char *name; /* instance, unique in a machine, e.g. "com1"; borrowed */
};

static inline void device_destroy(struct device *dev)
{
    if (dev)
        dev->class->destroy(dev);
}

static inline void device_reset(struct device *dev)
{
    dev->class->reset(dev);
}

#endif
