#include "devices/port61.h"

#include <stdlib.h>

#include "devices/i8254.h"
#include "devices/port61_int.h"

#define PORT61        0x61
#define SPEAKER       2 /* timer that drives it */
#define REFRESH       1
#define P61_GATE      0x01
#define P61_DATA      0x02
#define P61_NO_PARITY 0x04 /* also clears the latch */
#define P61_NO_IOCHK  0x08
#define P61_WRITABLE  0x0f
#define P61_REFRESH   0x10
#define P61_OUT2      0x20
#define P61_IOCHK     0x40
#define P61_PARITY    0x80

struct port61 {
    struct device dev;
    struct bus *ports;
    struct clock *clock;
    struct device *pit;
    struct irq_line nmi, gate;

    uint8_t value;
    bool parity, iochk;      /* latches */
    bool masked;             /* port 70 bit 7 */
    bool nmi_level;          /* as driven */
    struct speaker *speaker; /* NULL: nobody listens. Outside the state */
};

static uint64_t present_tick(const struct port61 *p)
{
    return i8254_ticks_at(clock_now_ns(p->clock));
}

/* Lets the speaker hear all up to the present instant. */
static void integrate(struct port61 *p)
{
    struct speaker *s = p->speaker;
    uint64_t now, high;

    if (!s)
        return;
    now = present_tick(p);
    if (!(p->value & P61_DATA)) {
        speaker_rest(s, now);
        return;
    }
    high = i8254_high_ticks(p->pit, SPEAKER, s->tick);
    while (s->tick < now) {
        uint64_t end = speaker_block_end(s), sum;

        if (end > now)
            end = now;
        sum = i8254_high_ticks(p->pit, SPEAKER, end);
        speaker_hear(s, end, (uint32_t)(sum - high));
        high = sum;
    }
}

static void on_counter_change(void *self)
{
    integrate(self);
}

void port61_flush_audio(struct device *dev)
{
    struct port61 *p = CONTAINER_OF(dev, struct port61, dev);

    integrate(p);
    if (p->speaker)
        speaker_flush(p->speaker);
}

static void update_nmi(struct port61 *p)
{
    bool level = (p->parity || p->iochk) && !p->masked;

    if (level != p->nmi_level)
        irq_set(&p->nmi, level);
    p->nmi_level = level;
}

static void on_pin(void *sink, unsigned pin, bool level)
{
    struct port61 *p = sink;

    switch ((enum port61_pin)pin) {
    case PORT61_PARITY:
        p->parity |= level && !(p->value & P61_NO_PARITY);
        break;
    case PORT61_IOCHK: p->iochk |= level && !(p->value & P61_NO_IOCHK); break;
    case PORT61_NMI_MASK: p->masked = level; break;
    }
    update_nmi(p);
}

struct irq_line port61_input(struct device *dev, enum port61_pin pin)
{
    return (struct irq_line){on_pin, CONTAINER_OF(dev, struct port61, dev),
                             (unsigned)pin};
}

static uint32_t port61_read(void *dev, paddr offset, unsigned size)
{
    struct port61 *p = dev;
    uint8_t value = p->value;

    (void)offset;
    (void)size;
    if (i8254_rises(p->pit, REFRESH) & 1)
        value |= P61_REFRESH;
    if (i8254_out(p->pit, SPEAKER))
        value |= P61_OUT2;
    if (p->iochk)
        value |= P61_IOCHK;
    if (p->parity)
        value |= P61_PARITY;
    return value;
}

static void port61_write(void *dev, paddr offset, uint32_t value, unsigned size)
{
    struct port61 *p = dev;

    (void)offset;
    (void)size;
    integrate(p);
    p->value = value & P61_WRITABLE;
    irq_set(&p->gate, p->value & P61_GATE);
    if (p->value & P61_NO_PARITY)
        p->parity = false;
    if (p->value & P61_NO_IOCHK)
        p->iochk = false;
    update_nmi(p);
}

static const struct bus_ops port61_ops = {port61_read, port61_write, 1};

static void port61_reset(struct device *dev)
{
    struct port61 *p = CONTAINER_OF(dev, struct port61, dev);

    port61_write(p, 0, 0, 1);
    p->parity = p->iochk = false;
    update_nmi(p);
}

static void port61_destroy(struct device *dev)
{
    struct port61 *p = CONTAINER_OF(dev, struct port61, dev);

    bus_unmap(p->ports, PORT61, p);
    free(p->speaker);
    free(p);
}

static void port61_loaded(struct device *dev)
{
    struct port61 *p = CONTAINER_OF(dev, struct port61, dev);

    if (p->speaker)
        speaker_restart(p->speaker, present_tick(p));
}

static const struct state_field port61_state[] = {
    STATE_FIELD(struct port61, value),     STATE_FIELD(struct port61, parity),
    STATE_FIELD(struct port61, iochk),     STATE_FIELD(struct port61, masked),
    STATE_FIELD(struct port61, nmi_level), STATE_END,
};

static const struct device_class port61_class = {
    .name = "port61",
    .reset = port61_reset,
    .destroy = port61_destroy,
    .state = port61_state,
    .loaded = port61_loaded,
};

enum status port61_create(const struct port61_config *config,
                          struct device **out)
{
    struct port61 *p = calloc(1, sizeof(*p));
    enum status status;

    *out = NULL;
    if (!p)
        return STATUS_NO_MEMORY;
    p->dev = (struct device){&port61_class, config->name};
    p->ports = config->ports;
    p->clock = config->clock;
    p->pit = config->pit;
    p->nmi = config->nmi;
    p->gate = i8254_gate(config->pit, SPEAKER);
    status = bus_map(p->ports, PORT61, 1, &port61_ops, p);
    if (status == STATUS_OK && config->audio)
        status = speaker_create(config->audio, present_tick(p), &p->speaker);
    if (status != STATUS_OK) {
        port61_destroy(&p->dev);
        return status;
    }
    if (config->audio)
        i8254_listen(config->pit, SPEAKER, on_counter_change, p);
    *out = &p->dev;
    return STATUS_OK;
}
