/* What the tests of chips share: a wire that remembers, time that runs, and
 * accesses at random. */
#ifndef TESTS_DEVICES_CHIP_H
#define TESTS_DEVICES_CHIP_H

#include <stdlib.h>

#include "core/bus.h"
#include "core/clock.h"
#include "core/irq.h"

/* The far end of an irq_line. */
struct wire {
    bool level;
    unsigned rises, falls;
};

static inline void wire_set(void *sink, unsigned pin, bool level)
{
    struct wire *wires = sink;
    struct wire *w = &wires[pin];

    if (level && !w->level)
        w->rises++;
    if (!level && w->level)
        w->falls++;
    w->level = level;
}

/* A line to wires[pin] of an array. */
static inline struct irq_line wire_line(struct wire *wires, unsigned pin)
{
    return (struct irq_line){wire_set, wires, pin};
}

/* Lets virtual time pass up to `ns`, firing what comes due on the way. */
static inline void run_to(struct clock *clock, uint64_t ns)
{
    while (clock_next_ns(clock) <= ns) {
        clock_skip_to(clock, clock_next_ns(clock));
        clock_fire(clock);
    }
    clock_skip_to(clock, ns);
}

static inline void run_for(struct clock *clock, uint64_t ns)
{
    run_to(clock, clock_now_ns(clock) + ns);
}

/* Xorshift: the same numbers on every host. */
static inline uint32_t next_random(uint32_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed;
}

/* `count` reads and writes of all sizes at [base, base + length), with a
 * little time between them (clock may be NULL). */
static inline void random_access(struct bus *ports, struct clock *clock,
                                 paddr base, paddr length, unsigned count)
{
    uint32_t seed = 0x1234567u + (uint32_t)base;

    for (unsigned i = 0; i < count; i++) {
        uint32_t r = next_random(&seed), value = next_random(&seed);
        paddr port = base + r % length;
        unsigned size = 1u << (r >> 16) % 3;

        if (r >> 31)
            bus_read(ports, port, size);
        else
            bus_write(ports, port, value, size);
        if (clock && (r >> 20) % 8 == 0)
            run_for(clock, value >> (8 + (r >> 24) % 24));
    }
}

/* How many accesses a robustness test makes: VITRINE_RANDOM_ACCESSES, or
 * `usual`. */
static inline unsigned random_count(unsigned usual)
{
    const char *text = getenv("VITRINE_RANDOM_ACCESSES");

    return text ? (unsigned)strtoul(text, NULL, 10) : usual;
}

#endif
