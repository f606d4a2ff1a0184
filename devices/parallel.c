#include "devices/parallel.h"

#include <stdlib.h>

#define PARALLEL_PORTS 3

enum parallel_reg {
    PAR_DATA,
    PAR_STATUS,
    PAR_CONTROL
};

/* Status, as read: the pins' levels, BUSY inverted. */
#define STATUS_IDLE   0xd8 /* not busy, no ack, selected, no error */
#define STATUS_BUSY   0x80 /* low while the printer is busy */
#define STATUS_ACK    0x40 /* low during the acknowledge pulse */
#define STATUS_NOBODY 0x78 /* no cable: open inputs read high, BUSY low */
#define STATUS_NO_IRQ 0x04 /* low from an acknowledge to the next read */
#define STATUS_FLOAT  0x03

#define CONTROL_STROBE 0x01
#define CONTROL_INIT   0x04 /* low resets the printer */
#define CONTROL_IRQ    0x10
#define CONTROL_INPUT  0x20 /* data lines are not driven */
#define CONTROL_MASK   0x3f
#define CONTROL_ONES   0xc0

#define BUSY_NS 5000
#define ACK_NS  1000

enum phase {
    PHASE_IDLE,
    PHASE_BUSY,
    PHASE_ACK
};

struct parallel {
    struct device dev;
    struct bus *ports;
    struct clock *clock;
    paddr base;
    struct irq_line irq;
    struct host_char *host;

    struct clock_event step; /* the printer's next phase */
    uint8_t data, control;
    uint8_t phase; /* enum phase */
    bool acked;    /* an acknowledge ended since status was read */
};

/* The request stands from the end of the acknowledge pulse on: a pulse alone
 * would be over before the processor looks. */
static void update_irq(struct parallel *p)
{
    irq_set(&p->irq, p->acked && (p->control & CONTROL_IRQ));
}

static void on_step(void *dev)
{
    struct parallel *p = dev;

    if (p->phase == PHASE_BUSY) {
        p->phase = PHASE_ACK;
        p->acked = false;
        clock_arm(p->clock, &p->step, p->step.when_ns + ACK_NS);
    } else {
        p->phase = PHASE_IDLE;
        p->acked = true;
    }
    update_irq(p);
}

static uint8_t read_status(struct parallel *p)
{
    uint8_t value = STATUS_IDLE;

    if (!p->host)
        return STATUS_NOBODY | STATUS_NO_IRQ | STATUS_FLOAT;
    if (p->phase == PHASE_BUSY)
        value &= (uint8_t)~STATUS_BUSY;
    if (p->phase == PHASE_ACK)
        value &= (uint8_t)~STATUS_ACK;
    if (!p->acked)
        value |= STATUS_NO_IRQ;
    p->acked = false;
    update_irq(p);
    return value | STATUS_FLOAT;
}

static void strobe(struct parallel *p)
{
    if (!p->host || p->phase != PHASE_IDLE || !(p->control & CONTROL_INIT))
        return;
    p->host->put(p->host, p->data);
    p->phase = PHASE_BUSY;
    clock_arm(p->clock, &p->step, clock_now_ns(p->clock) + BUSY_NS);
}

static uint32_t parallel_read(void *dev, paddr offset, unsigned size)
{
    struct parallel *p = dev;

    (void)size;
    switch (offset) {
    case PAR_DATA: return p->control & CONTROL_INPUT ? 0xff : p->data;
    case PAR_STATUS: return read_status(p);
    default: return p->control | CONTROL_ONES;
    }
}

static void parallel_write(void *dev, paddr offset, uint32_t value,
                           unsigned size)
{
    struct parallel *p = dev;
    uint8_t old = p->control;

    (void)size;
    switch (offset) {
    case PAR_DATA: p->data = (uint8_t)value; break;
    case PAR_CONTROL:
        p->control = value & CONTROL_MASK;
        if ((p->control & CONTROL_STROBE) && !(old & CONTROL_STROBE))
            strobe(p);
        update_irq(p);
        break;
    default: break; /* status is read-only */
    }
}

static const struct bus_ops parallel_ops = {
    .read = parallel_read,
    .write = parallel_write,
    .sizes = 1,
};

static void parallel_reset(struct device *dev)
{
    struct parallel *p = CONTAINER_OF(dev, struct parallel, dev);

    clock_disarm(p->clock, &p->step);
    p->data = 0;
    p->control = CONTROL_INIT | 0x08;
    p->phase = PHASE_IDLE;
    p->acked = false;
    update_irq(p);
}

static void parallel_destroy(struct device *dev)
{
    struct parallel *p = CONTAINER_OF(dev, struct parallel, dev);

    clock_disarm(p->clock, &p->step);
    bus_unmap(p->ports, p->base, p);
    free(p);
}

static void parallel_loaded(struct device *dev)
{
    struct parallel *p = CONTAINER_OF(dev, struct parallel, dev);

    clock_relink(p->clock, &p->step);
    update_irq(p);
}

static const struct state_field parallel_state[] = {
    STATE_TABLE(struct parallel, step, clock_event_state),
    STATE_FIELD(struct parallel, data),
    STATE_FIELD(struct parallel, control),
    STATE_FIELD(struct parallel, phase),
    STATE_FIELD(struct parallel, acked),
    STATE_END,
};

static const struct device_class parallel_class = {
    .name = "parallel",
    .reset = parallel_reset,
    .destroy = parallel_destroy,
    .state = parallel_state,
    .loaded = parallel_loaded,
};

enum status parallel_create(const struct parallel_config *config,
                            struct device **out)
{
    struct parallel *p = calloc(1, sizeof(*p));
    enum status result;

    *out = NULL;
    if (!p)
        return STATUS_NO_MEMORY;
    p->dev = (struct device){&parallel_class, config->name};
    p->ports = config->ports;
    p->clock = config->clock;
    p->base = config->base;
    p->irq = config->irq;
    p->host = config->host;
    clock_event_init(&p->step, on_step, p);
    result = bus_map(p->ports, p->base, PARALLEL_PORTS, &parallel_ops, p);
    if (result != STATUS_OK) {
        free(p);
        return result;
    }
    parallel_reset(&p->dev);
    *out = &p->dev;
    return STATUS_OK;
}
