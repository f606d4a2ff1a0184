#include "devices/i8254.h"

#include <assert.h>
#include <stdlib.h>

#include "devices/i8254_int.h"

#define PORTS        4
#define PORT_CONTROL 3

#define CONTROL_RW         0x30
#define CONTROL_RW_LOW     0x10
#define CONTROL_RW_HIGH    0x20
#define READBACK_NO_COUNT  0x20
#define READBACK_NO_STATUS 0x10
#define STATUS_OUT         0x80
#define STATUS_NULL        0x40

/* The ratio of ticks to nanoseconds: 14318180 / 12 Hz, reduced. */
#define TICKS_PER_SPAN 715909u
#define NS_PER_SPAN    600000000u

/* A counter and what the processor's side of it holds. */
struct channel {
    struct counter counter;
    uint16_t latched; /* count, of which bytes_latched still are to be read */
    uint8_t status;
    uint8_t low;                /* first byte written of a count */
    bool has_count, has_status; /* latched, not read yet */
    bool read_high, write_high; /* the next byte of a two-byte count */
    bool line;                  /* what the OUT wire was driven to */
    uint64_t line_rises;        /* rises that the OUT wire has seen */
    struct clock_event event;   /* next change of a connected OUT */
    struct irq_line out;
    void (*change)(void *self); /* listener; borrowed */
    void *listener;
    struct i8254 *pit;
    /* As it was when somebody looked, OUT and its rises good until before a
     * tick; 0: nobody did. Rebuilt on load. */
    struct counter seen;
    uint64_t seen_until;
};

struct i8254 {
    struct device dev;
    struct clock *clock;
    struct channel channels[I8254_COUNTERS];
};

uint64_t i8254_ticks_at(uint64_t ns)
{
    return ns / NS_PER_SPAN * TICKS_PER_SPAN +
           ns % NS_PER_SPAN * TICKS_PER_SPAN / NS_PER_SPAN;
}

uint64_t i8254_ns_of(uint64_t tick)
{
    uint64_t rest = tick % TICKS_PER_SPAN * NS_PER_SPAN;

    return tick / TICKS_PER_SPAN * NS_PER_SPAN +
           (rest + TICKS_PER_SPAN - 1) / TICKS_PER_SPAN;
}

static uint64_t now(const struct i8254 *pit)
{
    return i8254_ticks_at(clock_now_ns(pit->clock));
}

/* The counter as it is at `tick`, which leaves the channel alone. */
static struct counter at_tick(const struct channel *ch, uint64_t tick)
{
    struct counter c = ch->counter;

    if (tick > c.tick)
        counter_advance(&c, tick);
    return c;
}

static struct counter at_present(const struct channel *ch)
{
    return at_tick(ch, now(ch->pit));
}

/* The same for OUT and its rises, which programs that wait ask for again and
 * again. */
static const struct counter *look(struct channel *ch)
{
    uint64_t tick = now(ch->pit);

    if (tick >= ch->seen_until || tick < ch->seen.tick) {
        ch->seen = at_tick(ch, tick);
        ch->seen_until = counter_next_change(&ch->seen, false);
    }
    return &ch->seen;
}

/* Drives the OUT wire. Pulses since the last time are shown as one. */
static void drive(struct channel *ch)
{
    const struct counter *c = &ch->counter;

    if (!ch->out.set)
        return;
    if (c->rises != ch->line_rises) {
        if (ch->line)
            irq_set(&ch->out, false);
        irq_set(&ch->out, true);
        ch->line = true;
    }
    ch->line_rises = c->rises;
    if (ch->line != c->out)
        irq_set(&ch->out, c->out);
    ch->line = c->out;
}

/* Before a channel is touched: brings it to the present. */
static void begin(struct channel *ch)
{
    if (ch->change)
        ch->change(ch->listener);
    ch->seen_until = 0;
    counter_advance(&ch->counter, now(ch->pit));
}

/* After it was touched: shows OUT and waits for its next change. */
static void end(struct channel *ch)
{
    uint64_t tick;

    if (!ch->out.set)
        return;
    drive(ch);
    tick = counter_next_change(&ch->counter, true);
    if (tick == COUNTER_NEVER)
        clock_disarm(ch->pit->clock, &ch->event);
    else
        clock_arm(ch->pit->clock, &ch->event, i8254_ns_of(tick));
}

static void channel_fire(void *dev)
{
    struct channel *ch = dev;

    begin(ch);
    end(ch);
}

static void latch_count(struct channel *ch)
{
    struct counter c;

    if (ch->has_count)
        return;
    c = at_present(ch);
    ch->latched = counter_value(&c);
    ch->has_count = true;
}

static void latch_status(struct channel *ch)
{
    struct counter c;

    if (ch->has_status)
        return;
    c = at_present(ch);
    ch->status = (uint8_t)(c.control | (c.out ? STATUS_OUT : 0) |
                           (c.null ? STATUS_NULL : 0));
    ch->has_status = true;
}

static void read_back(struct i8254 *pit, uint8_t byte)
{
    for (unsigned i = 0; i < I8254_COUNTERS; i++) {
        if (!(byte & 2u << i))
            continue;
        if (!(byte & READBACK_NO_COUNT))
            latch_count(&pit->channels[i]);
        if (!(byte & READBACK_NO_STATUS))
            latch_status(&pit->channels[i]);
    }
}

static void program(struct channel *ch, uint8_t control)
{
    begin(ch);
    counter_set_control(&ch->counter, control);
    ch->has_count = ch->has_status = ch->read_high = ch->write_high = false;
    end(ch);
}

static void write_control(struct i8254 *pit, uint8_t byte)
{
    unsigned select = byte >> 6;

    if (select == I8254_COUNTERS)
        read_back(pit, byte);
    else if (byte & CONTROL_RW)
        program(&pit->channels[select], byte);
    else
        latch_count(&pit->channels[select]);
}

static void write_count(struct channel *ch, uint8_t byte)
{
    struct counter *c = &ch->counter;

    begin(ch);
    switch (c->control & CONTROL_RW) {
    case CONTROL_RW_LOW: counter_set_count(c, byte); break;
    case CONTROL_RW_HIGH: counter_set_count(c, (uint16_t)(byte << 8)); break;
    default:
        if (ch->write_high) {
            counter_set_count(c, (uint16_t)(byte << 8 | ch->low));
        } else {
            ch->low = byte;
            counter_begin_count(c);
        }
        ch->write_high = !ch->write_high;
        break;
    }
    end(ch);
}

static uint8_t read_count(struct channel *ch)
{
    struct counter c = at_present(ch);
    uint16_t value = ch->has_count ? ch->latched : counter_value(&c);
    bool high = (c.control & CONTROL_RW) == CONTROL_RW_HIGH;
    bool last = true;

    if ((c.control & CONTROL_RW) == CONTROL_RW) {
        high = last = ch->read_high;
        ch->read_high = !ch->read_high;
    }
    if (last)
        ch->has_count = false;
    return (uint8_t)(high ? value >> 8 : value);
}

static uint32_t pit_read(void *dev, paddr offset, unsigned size)
{
    struct i8254 *pit = dev;
    struct channel *ch;

    (void)size;
    if (offset == PORT_CONTROL)
        return 0xff; /* not driven: the datasheet calls it no operation */
    ch = &pit->channels[offset];
    if (!ch->has_status)
        return read_count(ch);
    ch->has_status = false;
    return ch->status;
}

static void pit_write(void *dev, paddr offset, uint32_t value, unsigned size)
{
    struct i8254 *pit = dev;

    (void)size;
    if (offset == PORT_CONTROL)
        write_control(pit, (uint8_t)value);
    else
        write_count(&pit->channels[offset], (uint8_t)value);
}

static const struct bus_ops pit_ops = {pit_read, pit_write, 1};

static struct i8254 *from_device(struct device *dev)
{
    return CONTAINER_OF(dev, struct i8254, dev);
}

static void set_gate(void *sink, unsigned pin, bool level)
{
    struct i8254 *pit = sink;
    struct channel *ch = &pit->channels[pin];

    if (ch->counter.gate == level)
        return;
    begin(ch);
    counter_set_gate(&ch->counter, level);
    end(ch);
}

struct irq_line i8254_gate(struct device *dev, unsigned counter)
{
    assert(counter < I8254_COUNTERS);
    return (struct irq_line){set_gate, from_device(dev), counter};
}

bool i8254_out(struct device *dev, unsigned counter)
{
    assert(counter < I8254_COUNTERS);
    return look(&from_device(dev)->channels[counter])->out;
}

uint64_t i8254_rises(struct device *dev, unsigned counter)
{
    assert(counter < I8254_COUNTERS);
    return look(&from_device(dev)->channels[counter])->rises;
}

uint64_t i8254_high_ticks(struct device *dev, unsigned counter, uint64_t tick)
{
    const struct channel *ch = &from_device(dev)->channels[counter];

    assert(counter < I8254_COUNTERS);
    return at_tick(ch, tick).high;
}

void i8254_listen(struct device *dev, unsigned counter,
                  void (*change)(void *self), void *self)
{
    struct channel *ch = &from_device(dev)->channels[counter];

    assert(counter < I8254_COUNTERS);
    ch->change = change;
    ch->listener = self;
}

/* The chip has no reset pin and comes up undefined; this is what a board's
 * firmware finds. Gates are wires and keep their level. */
static void i8254_reset(struct device *dev)
{
    struct i8254 *pit = from_device(dev);

    for (unsigned i = 0; i < I8254_COUNTERS; i++)
        program(&pit->channels[i], CONTROL_RW);
    program(&pit->channels[1], CONTROL_RW_LOW | 2 << 1);
    write_count(&pit->channels[1], 18);
}

static void i8254_loaded(struct device *dev)
{
    struct i8254 *pit = from_device(dev);

    for (unsigned i = 0; i < I8254_COUNTERS; i++) {
        counter_mend(&pit->channels[i].counter, now(pit));
        pit->channels[i].seen_until = 0;
        clock_relink(pit->clock, &pit->channels[i].event);
    }
}

static void i8254_destroy(struct device *dev)
{
    struct i8254 *pit = from_device(dev);

    for (unsigned i = 0; i < I8254_COUNTERS; i++)
        clock_disarm(pit->clock, &pit->channels[i].event);
    free(pit);
}

static const struct state_field channel_state[] = {
    STATE_TABLE(struct channel, counter, counter_state),
    STATE_FIELD(struct channel, latched),
    STATE_FIELD(struct channel, status),
    STATE_FIELD(struct channel, low),
    STATE_FIELD(struct channel, has_count),
    STATE_FIELD(struct channel, has_status),
    STATE_FIELD(struct channel, read_high),
    STATE_FIELD(struct channel, write_high),
    STATE_FIELD(struct channel, line),
    STATE_FIELD(struct channel, line_rises),
    STATE_TABLE(struct channel, event, clock_event_state),
    STATE_END,
};

static const struct state_field i8254_state[] = {
    STATE_TABLES(struct i8254, channels, channel_state),
    STATE_END,
};

static const struct device_class i8254_class = {
    .name = "i8254",
    .reset = i8254_reset,
    .destroy = i8254_destroy,
    .state = i8254_state,
    .loaded = i8254_loaded,
};

enum status i8254_create(const struct i8254_config *config, struct device **out)
{
    struct i8254 *pit = calloc(1, sizeof(*pit));
    enum status status;

    *out = NULL;
    if (!pit)
        return STATUS_NO_MEMORY;
    pit->dev = (struct device){&i8254_class, config->name};
    pit->clock = config->clock;
    status = bus_map(config->ports, config->base, PORTS, &pit_ops, pit);
    if (status != STATUS_OK) {
        free(pit);
        return status;
    }
    for (unsigned i = 0; i < I8254_COUNTERS; i++) {
        struct channel *ch = &pit->channels[i];

        ch->pit = pit;
        ch->out = config->out[i];
        ch->counter.gate = i != 2;
        clock_event_init(&ch->event, channel_fire, ch);
    }
    i8254_reset(&pit->dev);
    *out = &pit->dev;
    return STATUS_OK;
}
