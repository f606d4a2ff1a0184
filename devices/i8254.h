/* Intel 8254 programmable interval timer.
 *
 * Datasheet: Intel 8254 (order 231164-005), all sections.
 * Modelled:  three counters, modes 0-5, binary and BCD, latch, read-back,
 *            status, null count, gates, and every OUT edge at its exact time.
 * Missing:   counts that the datasheet forbids (1 in modes 2 and 3) hold OUT
 *            high; a control word without a count stops the counter.
 *
 * The clock input is 14318180 / 12 Hz. Tick n comes at the first nanosecond
 * t with t * 715909 / 600000000 >= n, computed exactly: no drift. A counter is
 * brought up to date when it is looked at, in constant time; an event is armed
 * only where an OUT wire is connected. */
#ifndef DEVICES_I8254_H
#define DEVICES_I8254_H

#include "core/bus.h"
#include "core/clock.h"
#include "core/device.h"
#include "core/irq.h"

#define I8254_COUNTERS 3

struct i8254_config {
    const char *name;                    /* instance name; borrowed */
    struct bus *ports;                   /* borrowed */
    struct clock *clock;                 /* borrowed */
    paddr base;                          /* first of 4 ports, e.g. 0x40 */
    struct irq_line out[I8254_COUNTERS]; /* copied; unconnected costs nothing */
};

/* After reset: gates 0 and 1 are high, gate 2 is low; counter 1 runs in mode 2
 * with count 18 (refresh), the others are stopped until programmed.
 * Errors: NO_MEMORY, OVERLAP. The caller owns *out. */
enum status i8254_create(const struct i8254_config *config,
                         struct device **out);

/* The wire to a counter's GATE input. `counter` is 0..2 here and below. */
struct irq_line i8254_gate(struct device *dev, unsigned counter);

/* OUT at this instant. */
bool i8254_out(struct device *dev, unsigned counter);

/* How often OUT has risen since power-on, wrapping. */
uint64_t i8254_rises(struct device *dev, unsigned counter);

/* Clock ticks since power-on that have come by `ns`, and back: the first
 * nanosecond at which tick `tick` has come. */
uint64_t i8254_ticks_at(uint64_t ns);
uint64_t i8254_ns_of(uint64_t tick);

/* For how many of the ticks [0, tick) OUT has been high. Must not ask for less
 * than in the call before, nor for what lies before the last change(). */
uint64_t i8254_high_ticks(struct device *dev, unsigned counter, uint64_t tick);

/* Calls `change` before the guest or a gate touches the counter, at an instant
 * up to which i8254_high_ticks() can still be asked. One listener a counter. */
void i8254_listen(struct device *dev, unsigned counter,
                  void (*change)(void *self), void *self);

#endif
