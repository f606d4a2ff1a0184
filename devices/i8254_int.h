/* One counter of an 8254, in ticks of its clock input.
 *
 * The state is that after clock edge number `tick`. OUT keeps its level from
 * one edge to the next, so [tick, tick + k) has the level `out` until the next
 * change. Moving on by any number of ticks takes constant time: to the next
 * change at most a few times, whole periods at once. */
#ifndef DEVICES_I8254_INT_H
#define DEVICES_I8254_INT_H

#include "core/state.h"
#include "core/types.h"

#define COUNTER_NEVER UINT64_MAX

struct counter {
    uint64_t tick;   /* clock edges so far */
    uint64_t high;   /* of [0, tick), how many ticks OUT was high */
    uint64_t rises;  /* of OUT */
    uint32_t ce;     /* counting element, 0 stands for the full modulus */
    uint32_t cr;     /* count register: 1..modulus */
    uint32_t count;  /* what CE was loaded with last: 1..modulus */
    uint8_t control; /* RW, M and BCD of the control word */
    bool out, gate;
    bool written;  /* a count was written since the control word */
    bool load;     /* the next edge loads CE */
    bool counting; /* CE was loaded since the control word */
    bool armed;    /* modes 0, 1, 4, 5: CE has not reached 0 since the load */
    bool held;     /* mode 0: between the bytes of a count */
    bool null;     /* the count written is not in CE yet */
};

extern const struct state_field counter_state[];

/* After a load: makes anything that a file can hold a state that counting can
 * reach, not later than edge `now`. */
void counter_mend(struct counter *c, uint64_t now);

/* Mode 0..5. */
unsigned counter_mode(const struct counter *c);

/* Control word bits 0-5 with RW not 0: the counter stops, OUT takes its level
 * of rest. */
void counter_set_control(struct counter *c, uint8_t control);

/* A whole count as the guest wrote it, or the first of its two bytes. */
void counter_set_count(struct counter *c, uint16_t value);
void counter_begin_count(struct counter *c);

void counter_set_gate(struct counter *c, bool level);

/* CE as the guest reads it. */
uint16_t counter_value(const struct counter *c);

/* Moves on to edge `tick`, not back. */
void counter_advance(struct counter *c, uint64_t tick);

/* At which edge OUT may change next; with `rise_only` a short low pulse of
 * mode 2 is passed over to its end. COUNTER_NEVER if it will not. */
uint64_t counter_next_change(const struct counter *c, bool rise_only);

#endif
