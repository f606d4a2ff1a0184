/* The local APIC's timer (SDM volume 3, 9.5.4). It counts down from the initial
 * count at bus_hz / divider; the count at any moment is computed from when it
 * was loaded.
 *
 * Invariant: the event is armed only while the interrupt would be news: not
 * masked, and not waiting in IRR already; nor an error noted already. So a
 * timer with a period of one tick costs no more than the interrupts that the
 * guest takes. */
#include "devices/apic_int.h"

#define NS_FRACTION 1000000000u

static unsigned divider(const struct apic_timer *t)
{
    unsigned code = (t->divide & 3) | (t->divide >> 1 & 4);

    return code == 7 ? 1 : 2u << code;
}

/* Ticks in `ns` and back, the second one rounded up. 2^64 ns at 1 GHz fit. */
static uint64_t ticks_in(const struct apic *a, uint64_t ns)
{
    uint64_t per_sec = a->bus_hz, seconds = ns / NS_FRACTION;
    uint64_t rest = ns % NS_FRACTION;

    return (seconds * per_sec + rest * per_sec / NS_FRACTION) /
           divider(&a->timer);
}

static uint64_t ns_until(const struct apic *a, uint64_t ticks)
{
    uint64_t edges = ticks * divider(&a->timer);
    uint64_t seconds = edges / a->bus_hz, rest = edges % a->bus_hz;

    return seconds * NS_FRACTION +
           (rest * NS_FRACTION + a->bus_hz - 1) / a->bus_hz;
}

static bool periodic(const struct apic *a)
{
    return a->lvt[LVT_TIMER] & LVT_PERIODIC;
}

/* Ticks since the start, and the tick at which the round after them ends. */
static uint64_t elapsed(const struct apic *a)
{
    return ticks_in(a, clock_now_ns(a->clock) - a->timer.start_ns);
}

static uint64_t round_end(const struct apic *a, uint64_t ticks)
{
    const struct apic_timer *t = &a->timer;

    if (ticks < t->count)
        return t->count;
    return t->count + ((ticks - t->count) / t->initial + 1) * t->initial;
}

/* Whether the interrupt, or the error of its vector, would change anything. */
static bool is_news(const struct apic *a, uint32_t lvt)
{
    uint8_t vector = lvt & LVT_VECTOR;

    if (lvt & LVT_MASKED)
        return false;
    if (vector < VECTORS_RESERVED)
        return !(a->errors & ESR_RECEIVED_VECTOR);
    return !apic_bit(a->irr, vector);
}

void apic_timer_arm(struct apic *a)
{
    struct apic_timer *t = &a->timer;
    uint32_t lvt = a->lvt[LVT_TIMER];
    uint64_t ticks;

    clock_disarm(a->clock, &t->event);
    if (!t->initial || t->over || !is_news(a, lvt))
        return;
    ticks = elapsed(a);
    if (!periodic(a) && ticks >= t->count)
        return;
    clock_arm(a->clock, &t->event,
              t->start_ns + ns_until(a, round_end(a, ticks)));
}

static void on_timer(void *dev)
{
    struct apic *a = dev;

    if (!periodic(a))
        a->timer.over = true;
    apic_local(a, LVT_TIMER);
    apic_timer_arm(a);
}

static void load(struct apic *a, uint32_t initial, uint32_t count)
{
    struct apic_timer *t = &a->timer;

    t->start_ns = clock_now_ns(a->clock);
    t->initial = initial;
    t->count = count;
    t->over = false;
    apic_timer_arm(a);
}

void apic_timer_set_lvt(struct apic *a, uint32_t value)
{
    struct apic_timer *t = &a->timer;

    if (!periodic(a) && elapsed(a) >= t->count)
        t->over = true; /* for another mode too */
    a->lvt[LVT_TIMER] = value;
    apic_timer_arm(a);
}

void apic_timer_set_initial(struct apic *a, uint32_t count)
{
    load(a, count, count);
}

/* The count goes on from where it is, at the new pace. */
void apic_timer_set_divide(struct apic *a, uint32_t value)
{
    struct apic_timer *t = &a->timer;
    uint32_t count = apic_timer_count(a);
    bool over = t->initial && !count;

    t->divide = value & 0x0b;
    load(a, t->initial, count);
    t->over = over;
}

uint32_t apic_timer_count(struct apic *a)
{
    const struct apic_timer *t = &a->timer;
    uint64_t ticks;

    if (!t->initial || t->over)
        return 0;
    ticks = elapsed(a);
    if (!periodic(a) && ticks >= t->count)
        return 0;
    return (uint32_t)(round_end(a, ticks) - ticks);
}

/* A start that is still to come can only come from a damaged file. */
void apic_timer_loaded(struct apic *a)
{
    struct apic_timer *t = &a->timer;
    uint64_t now = clock_now_ns(a->clock);

    if (t->start_ns > now)
        t->start_ns = now;
    clock_relink(a->clock, &t->event);
}

void apic_timer_init(struct apic *a)
{
    clock_event_init(&a->timer.event, on_timer, a);
}

void apic_timer_reset(struct apic *a)
{
    struct apic_timer *t = &a->timer;

    clock_disarm(a->clock, &t->event);
    t->initial = t->count = 0;
    t->start_ns = clock_now_ns(a->clock);
    t->divide = 0;
    t->over = false;
}

const struct state_field apic_timer_state[] = {
    STATE_TABLE(struct apic_timer, event, clock_event_state),
    STATE_FIELD(struct apic_timer, start_ns),
    STATE_FIELD(struct apic_timer, initial),
    STATE_FIELD(struct apic_timer, count),
    STATE_FIELD(struct apic_timer, divide),
    STATE_FIELD(struct apic_timer, over),
    STATE_END,
};
