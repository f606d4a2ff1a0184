/* Virtual time: the only clock inside the machine.
 *
 * Time is counted. One retired instruction lasts `1 / rate` seconds, and a
 * halted CPU skips forward to the next event. Both are functions of the
 * guest's own execution, so a run repeats exactly on any host.
 *
 * Invariant: now = anchor_ns + frac + (insns - anchor_insns) * ns_per_insn
 * with 32 fractional bits; moving the anchor loses nothing, so `now` does not
 * depend on how often it was moved. */
#ifndef CORE_CLOCK_H
#define CORE_CLOCK_H

#include "core/state.h"
#include "core/status.h"
#include "core/types.h"

#define CLOCK_NEVER UINT64_MAX

/* One alarm. Embedded in the device that owns it; `fire`, `dev` are set once
 * by clock_event_init(), the rest is the clock's. */
struct clock_event {
    uint64_t when_ns; /* valid while armed */
    uint64_t order;   /* ties: armed first fires first */
    bool armed;
    void (*fire)(void *dev);  /* called once, disarmed, at now >= when_ns */
    void *dev;                /* borrowed */
    struct clock_event *next; /* rebuilt on load; borrowed */
};

extern const struct state_field clock_event_state[];

/* Public so that the CPU's count is one load away; members are read by
 * others, written by clock.c alone, except `insns`: see clock_sync(). */
struct clock {
    uint64_t insns;        /* retired since power-on, as of the last sync */
    uint64_t stop_insns;   /* the count at which clock_fire() has work */
    uint64_t anchor_insns; /* where the current rate began to count */
    uint64_t anchor_ns;
    uint64_t anchor_frac; /* 2^-32 ns */
    uint64_t mult;        /* ns per instruction, 32 fractional bits */
    uint64_t orders;      /* next value of clock_event.order */
    uint64_t limit_ns;    /* clock_set_limit(); not part of the state */
    uint64_t limit_insns; /* likewise */
    struct clock_event *first;
};

/* Accepted rates. */
#define CLOCK_RATE_MIN 1000u
#define CLOCK_RATE_MAX 1000000000000u
enum status clock_create(struct clock **out, uint64_t insns_per_sec);
void clock_destroy(struct clock *clock);

extern const struct state_field clock_state[];

/* Folds the present instant, to the last fraction, and the speed in. Where the
 * anchor stands does not count: it moves when somebody looks. */
uint64_t clock_state_hash(const struct clock *clock, uint64_t hash);

/* Changes the speed from this instant on. */
void clock_set_rate(struct clock *clock, uint64_t insns_per_sec);

/* Nanoseconds since power-on at the last clock_sync(). The CPU syncs before
 * every port access and memory-mapped register access, so that devices see
 * the count of instructions retired before the one that touches them. */
uint64_t clock_now_ns(const struct clock *clock);

/* The same time in periods of `hz`, at most CLOCK_HZ_MAX; to a fraction of a
 * nanosecond. */
#define CLOCK_HZ_MAX UINT64_C(10000000000)
uint64_t clock_ticks(const struct clock *clock, uint64_t hz);

/* The CPU says how many instructions are retired. Never goes back. */
static inline void clock_sync(struct clock *clock, uint64_t insns)
{
    clock->insns = insns;
}

void clock_event_init(struct clock_event *event, void (*fire)(void *dev),
                      void *dev);

/* (Re)arms: fires at `when_ns`, or at once (at the next clock_fire()) if that
 * has passed. Disarming an unarmed event does nothing. */
void clock_arm(struct clock *clock, struct clock_event *event,
               uint64_t when_ns);
void clock_disarm(struct clock *clock, struct clock_event *event);

/* Fires everything due at `insns`, in order; events armed meanwhile that are
 * due too are included, but at most 10000 in one call, so that a device that
 * re-arms in the past cannot hang the host. */
void clock_fire(struct clock *clock);

/* A halted CPU: jumps to `ns` (not back) without retiring instructions. */
void clock_skip_to(struct clock *clock, uint64_t ns);

/* When the earliest armed event is due; CLOCK_NEVER if none is armed. */
uint64_t clock_next_ns(const struct clock *clock);

/* stop_insns will not lie beyond `ns` (CLOCK_NEVER: no limit). It is how the
 * machine runs for a while; it leaves no trace in the order of events. */
void clock_set_limit(struct clock *clock, uint64_t ns);

/* Nor beyond this count (UINT64_MAX: no limit), to stop at an instruction. */
void clock_set_insn_limit(struct clock *clock, uint64_t insns);

/* The instruction count at which `ns` will have come at the present rate. */
uint64_t clock_insns_at(const struct clock *clock, uint64_t ns);

/* After a load: forgets the list; devices' loaded() re-add armed events. */
void clock_clear(struct clock *clock);
void clock_relink(struct clock *clock, struct clock_event *event);

#endif
