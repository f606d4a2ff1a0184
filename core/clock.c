#include "core/clock.h"

#include <assert.h>
#include <stdlib.h>

#define FIRE_LIMIT 10000
#define FRAC_BITS  32
#define FAR_NS     (UINT64_C(1) << 50) /* 13 days */
#define FRAC_MASK  0xffffffffu

const struct state_field clock_event_state[] = {
    STATE_FIELD(struct clock_event, when_ns),
    STATE_FIELD(struct clock_event, order),
    STATE_FIELD(struct clock_event, armed),
    STATE_END,
};

const struct state_field clock_state[] = {
    STATE_FIELD(struct clock, insns),
    STATE_FIELD(struct clock, orders),
    STATE_FIELD(struct clock, mult),
    STATE_END,
};

/* Time and fraction at the present count, without moving the anchor. */
static uint64_t now(const struct clock *clock, uint64_t *frac)
{
    uint64_t count = clock->insns - clock->anchor_insns;
    uint64_t whole = clock->mult >> FRAC_BITS, part = clock->mult & FRAC_MASK;
    uint64_t low = (count & FRAC_MASK) * part + clock->anchor_frac;

    *frac = low & FRAC_MASK;
    return clock->anchor_ns + count * whole + (count >> FRAC_BITS) * part +
           (low >> FRAC_BITS);
}

static void move_anchor(struct clock *clock)
{
    uint64_t frac;

    clock->anchor_ns = now(clock, &frac);
    clock->anchor_frac = frac;
    clock->anchor_insns = clock->insns;
}

static void update_stop(struct clock *clock)
{
    uint64_t ns = clock_next_ns(clock);

    if (ns > clock->limit_ns)
        ns = clock->limit_ns;
    clock->stop_insns =
        ns == CLOCK_NEVER ? UINT64_MAX : clock_insns_at(clock, ns);
    if (clock->stop_insns > clock->limit_insns)
        clock->stop_insns = clock->limit_insns;
}

enum status clock_create(struct clock **out, uint64_t insns_per_sec)
{
    struct clock *clock;

    *out = NULL;
    if (insns_per_sec < CLOCK_RATE_MIN || insns_per_sec > CLOCK_RATE_MAX)
        return STATUS_BAD_ARGUMENT;
    clock = calloc(1, sizeof(*clock));
    if (!clock)
        return STATUS_NO_MEMORY;
    clock->limit_ns = CLOCK_NEVER;
    clock->limit_insns = UINT64_MAX;
    clock_set_rate(clock, insns_per_sec);
    *out = clock;
    return STATUS_OK;
}

void clock_destroy(struct clock *clock)
{
    free(clock);
}

void clock_set_rate(struct clock *clock, uint64_t insns_per_sec)
{
    uint64_t whole, rest;

    assert(insns_per_sec >= CLOCK_RATE_MIN && insns_per_sec <= CLOCK_RATE_MAX);
    if (clock->mult)
        move_anchor(clock);
    whole = NS_PER_SEC / insns_per_sec;
    rest = NS_PER_SEC % insns_per_sec;
    clock->mult = whole << FRAC_BITS | (rest << FRAC_BITS) / insns_per_sec;
    update_stop(clock);
}

uint64_t clock_now_ns(const struct clock *clock)
{
    uint64_t frac;

    return now(clock, &frac);
}

uint64_t clock_ticks(const struct clock *clock, uint64_t hz)
{
    uint64_t frac, ns = now(clock, &frac);

    assert(hz <= CLOCK_HZ_MAX);
    frac = (frac >> 4) * hz >> (FRAC_BITS - 4); /* 2^-9 ns is lost */
    return ns / NS_PER_SEC * hz + (ns % NS_PER_SEC * hz + frac) / NS_PER_SEC;
}

/* Rounds up: the first count at which `ns` has come. Long division, because
 * ns with its fraction has more than 64 bits. A time too far away is cut: to
 * stop early is harmless, clock_fire() then finds nothing due. */
uint64_t clock_insns_at(const struct clock *clock, uint64_t ns)
{
    uint64_t frac, have = now(clock, &frac), left, count, rest;

    if (ns <= have)
        return clock->insns;
    left = ns - have < FAR_NS ? ns - have : FAR_NS;
    count = left / clock->mult;
    rest = left % clock->mult;
    for (unsigned bit = 0; bit < FRAC_BITS; bit++) {
        rest <<= 1;
        count <<= 1;
        if (rest >= clock->mult) {
            rest -= clock->mult;
            count++;
        }
    }
    if (rest > frac)
        count++;
    else
        count -= (frac - rest) / clock->mult;
    return clock->insns + count;
}

void clock_event_init(struct clock_event *event, void (*fire)(void *dev),
                      void *dev)
{
    *event = (struct clock_event){.fire = fire, .dev = dev};
}

static bool before(const struct clock_event *a, const struct clock_event *b)
{
    if (a->when_ns != b->when_ns)
        return a->when_ns < b->when_ns;
    return a->order < b->order;
}

static void link_event(struct clock *clock, struct clock_event *event)
{
    struct clock_event **at = &clock->first;

    while (*at && before(*at, event))
        at = &(*at)->next;
    event->next = *at;
    *at = event;
}

static void unlink_event(struct clock *clock, struct clock_event *event)
{
    struct clock_event **at = &clock->first;

    while (*at && *at != event)
        at = &(*at)->next;
    assert(*at == event);
    *at = event->next;
    event->next = NULL;
    event->armed = false;
}

void clock_arm(struct clock *clock, struct clock_event *event, uint64_t when_ns)
{
    assert(event->fire);
    if (event->armed)
        unlink_event(clock, event);
    event->when_ns = when_ns;
    event->order = clock->orders++;
    event->armed = true;
    link_event(clock, event);
    update_stop(clock);
}

void clock_disarm(struct clock *clock, struct clock_event *event)
{
    if (!event->armed)
        return;
    unlink_event(clock, event);
    update_stop(clock);
}

void clock_fire(struct clock *clock)
{
    uint64_t limit = FIRE_LIMIT;

    move_anchor(clock);
    while (clock->first && clock->first->when_ns <= clock->anchor_ns &&
           limit--) {
        struct clock_event *event = clock->first;

        unlink_event(clock, event);
        event->fire(event->dev);
    }
    update_stop(clock);
}

void clock_skip_to(struct clock *clock, uint64_t ns)
{
    move_anchor(clock);
    if (ns > clock->anchor_ns) {
        clock->anchor_ns = ns;
        clock->anchor_frac = 0;
    }
    update_stop(clock);
}

uint64_t clock_next_ns(const struct clock *clock)
{
    return clock->first ? clock->first->when_ns : CLOCK_NEVER;
}

void clock_set_limit(struct clock *clock, uint64_t ns)
{
    clock->limit_ns = ns;
    update_stop(clock);
}

void clock_set_insn_limit(struct clock *clock, uint64_t insns)
{
    clock->limit_insns = insns;
    update_stop(clock);
}

uint64_t clock_state_hash(const struct clock *clock, uint64_t hash)
{
    uint64_t frac, ns = now(clock, &frac);

    hash = state_hash(hash, clock, clock_state);
    hash = state_hash_bytes(hash, &ns, sizeof(ns));
    return state_hash_bytes(hash, &frac, sizeof(frac));
}

void clock_clear(struct clock *clock)
{
    clock->first = NULL;
    update_stop(clock);
}

void clock_relink(struct clock *clock, struct clock_event *event)
{
    if (!event->armed)
        return;
    link_event(clock, event);
    update_stop(clock);
}
