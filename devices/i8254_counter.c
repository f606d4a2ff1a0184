#include <assert.h>

#include "devices/i8254_int.h"

#define CONTROL_BCD 0x01

const struct state_field counter_state[] = {
    STATE_FIELD(struct counter, tick),    STATE_FIELD(struct counter, high),
    STATE_FIELD(struct counter, rises),   STATE_FIELD(struct counter, ce),
    STATE_FIELD(struct counter, cr),      STATE_FIELD(struct counter, count),
    STATE_FIELD(struct counter, control), STATE_FIELD(struct counter, out),
    STATE_FIELD(struct counter, gate),    STATE_FIELD(struct counter, written),
    STATE_FIELD(struct counter, load),    STATE_FIELD(struct counter, counting),
    STATE_FIELD(struct counter, armed),   STATE_FIELD(struct counter, held),
    STATE_FIELD(struct counter, null),    STATE_END,
};

unsigned counter_mode(const struct counter *c)
{
    unsigned mode = c->control >> 1 & 7;

    return mode >= 6 ? mode - 4 : mode;
}

static uint32_t modulus(const struct counter *c)
{
    return c->control & CONTROL_BCD ? 10000 : 65536;
}

/* CE as a number of counts still to go: 1..modulus. */
static uint32_t left(const struct counter *c)
{
    return c->ce ? c->ce : modulus(c);
}

static void set_out(struct counter *c, bool level)
{
    c->rises += level && !c->out;
    c->out = level;
}

static void set_ce(struct counter *c, uint32_t value)
{
    c->ce = value % modulus(c);
}

/* Mode 3 counts by two: CE takes the even part. */
static void load_ce(struct counter *c)
{
    c->count = c->cr;
    set_ce(c, counter_mode(c) == 3 ? c->count & ~1u : c->count);
    c->load = c->null = false;
    c->counting = c->armed = true;
}

void counter_set_control(struct counter *c, uint8_t control)
{
    c->control = control & 0x3f;
    c->written = c->load = c->counting = c->armed = c->held = false;
    c->null = true;
    c->cr = modulus(c);
    set_ce(c, c->ce);
    set_out(c, counter_mode(c) != 0);
}

void counter_begin_count(struct counter *c)
{
    if (counter_mode(c) == 0) {
        set_out(c, false);
        c->held = true;
    }
}

static uint32_t from_bcd(uint16_t bcd)
{
    return (uint32_t)(bcd >> 12) * 1000 + (bcd >> 8 & 15) * 100 +
           (bcd >> 4 & 15) * 10 + (bcd & 15);
}

static uint16_t to_bcd(uint32_t value)
{
    return (uint16_t)(value / 1000 % 10 << 12 | value / 100 % 10 << 8 |
                      value / 10 % 10 << 4 | value % 10);
}

/* differs: digits above 9 are taken as tens and carried. */
void counter_set_count(struct counter *c, uint16_t value)
{
    uint32_t count = c->control & CONTROL_BCD ? from_bcd(value) : value;

    count %= modulus(c);
    c->cr = count ? count : modulus(c);
    c->null = true;
    c->held = false;
    switch (counter_mode(c)) {
    case 0:
        set_out(c, false);
        c->load = true;
        break;
    case 4: c->load = true; break;
    case 2:
    case 3: c->load |= !c->counting; break;
    default: break; /* modes 1 and 5 wait for the trigger */
    }
    c->written = true;
}

void counter_set_gate(struct counter *c, bool level)
{
    unsigned mode = counter_mode(c);
    bool rise = level && !c->gate;

    c->gate = level;
    if (rise && c->written && mode != 0 && mode != 4)
        c->load = true;
    if (!level && (mode == 2 || mode == 3))
        set_out(c, true);
}

uint16_t counter_value(const struct counter *c)
{
    return c->control & CONTROL_BCD ? to_bcd(c->ce) : (uint16_t)c->ce;
}

static bool runs(const struct counter *c)
{
    unsigned mode = counter_mode(c);

    return c->counting && !c->held && (c->gate || mode == 1 || mode == 5);
}

static bool in_strobe(const struct counter *c)
{
    return counter_mode(c) >= 4 && !c->out;
}

/* Ticks left in the present half of mode 3's period. An odd count has one tick
 * more in the high half, in which CE reads 0. */
static uint64_t half_left(const struct counter *c)
{
    if (!(c->count & 1))
        return left(c) / 2;
    return c->ce / 2 + (c->out ? 1 : 0);
}

/* Ticks until something else than counting happens. */
static uint64_t until_event(const struct counter *c)
{
    if (c->load || in_strobe(c))
        return 1;
    if (!runs(c))
        return COUNTER_NEVER;
    switch (counter_mode(c)) {
    case 2:
    case 3:
        if (c->count == 1)
            return c->null ? 1 : COUNTER_NEVER;
        if (counter_mode(c) == 3)
            return half_left(c);
        return c->out ? left(c) - 1 : 1;
    default: return c->armed ? left(c) : COUNTER_NEVER;
    }
}

void counter_mend(struct counter *c, uint64_t now)
{
    uint32_t m = modulus(c);

    c->control &= 0x3f;
    c->tick = c->tick < now ? c->tick : now;
    c->ce %= m;
    if (c->cr == 0 || c->cr > m)
        c->cr = m;
    if (c->count == 0 || c->count > m)
        c->count = m;
    if (counter_mode(c) == 3 && c->counting)
        c->ce &= ~1u;
    /* A phase that should be over already lasts one more count. */
    if (until_event(c) == 0)
        c->ce = 2;
}

static void count_down(struct counter *c, uint64_t ticks)
{
    uint32_t m = modulus(c), step = counter_mode(c) == 3 ? 2 : 1;

    if (runs(c) && (c->count != 1 || (counter_mode(c) | 1) != 3))
        set_ce(c, c->ce + m - (uint32_t)(ticks * step % m));
}

/* The end of a period or half period, in modes 2 and 3. */
static void turn(struct counter *c)
{
    if (c->count == 1) {
        load_ce(c);
    } else if (counter_mode(c) == 3) {
        set_out(c, !c->out);
        load_ce(c);
    } else if (c->out) {
        set_ce(c, 1);
        set_out(c, false);
    } else {
        set_out(c, true);
        load_ce(c);
    }
}

/* The edge at which until_event() said that something happens. */
static void do_event(struct counter *c)
{
    unsigned mode = counter_mode(c);

    if (in_strobe(c))
        set_out(c, true);
    if (c->load) {
        load_ce(c);
        if (mode == 1)
            set_out(c, false);
        return;
    }
    if (!runs(c))
        return;
    if (mode == 2 || mode == 3) {
        turn(c);
        return;
    }
    count_down(c, 1);
    if (c->ce == 0 && c->armed) {
        c->armed = false;
        set_out(c, mode < 4);
    }
}

static void move(struct counter *c, uint64_t ticks)
{
    c->tick += ticks;
    c->high += c->out ? ticks : 0;
}

/* Whole periods of modes 2 and 3, after which the state is the same. */
static void skip_periods(struct counter *c, uint64_t tick)
{
    unsigned mode = counter_mode(c);
    uint64_t periods;

    if ((mode | 1) != 3 || !runs(c) || c->load || c->null || c->count == 1)
        return;
    periods = (tick - c->tick) / c->count;
    c->tick += periods * c->count;
    c->rises += periods;
    c->high += periods * (mode == 2 ? c->count - 1 : (c->count + 1) / 2);
}

void counter_advance(struct counter *c, uint64_t tick)
{
    assert(tick >= c->tick);
    skip_periods(c, tick);
    while (c->tick < tick) {
        uint64_t event = until_event(c), room = tick - c->tick;

        assert(event > 0);
        if (room < event) {
            count_down(c, room);
            move(c, room);
            return;
        }
        count_down(c, event - 1);
        move(c, event);
        do_event(c);
        skip_periods(c, tick);
    }
}

uint64_t counter_next_change(const struct counter *c, bool rise_only)
{
    uint64_t event = until_event(c);

    if (event == COUNTER_NEVER)
        return COUNTER_NEVER;
    if (rise_only && counter_mode(c) == 2 && c->out && !c->load)
        event++;
    return c->tick + event;
}
