/* PC parallel port (standard, with the PS/2 port's direction bit).
 *
 * Source:   IBM PS/2 Hardware Interface Technical Reference, "Parallel port";
 *           IEEE 1284-1994, compatibility mode.
 * Modelled: data, status, control; a printer that takes a byte at each strobe,
 *           is busy for 5 us, then acknowledges; the interrupt, which stands
 *           from the end of the acknowledge until status is read.
 * Missing:  EPP, ECP, and a peer that drives the data lines. */
#ifndef DEVICES_PARALLEL_H
#define DEVICES_PARALLEL_H

#include "core/bus.h"
#include "core/clock.h"
#include "core/device.h"
#include "core/host.h"
#include "core/irq.h"

struct parallel_config {
    const char *name;       /* instance name; borrowed */
    struct bus *ports;      /* borrowed */
    struct clock *clock;    /* borrowed */
    paddr base;             /* first of 3 ports, e.g. 0x378 */
    struct irq_line irq;    /* IRQ7; copied */
    struct host_char *host; /* the printer; borrowed; NULL: no cable */
};

/* Errors: NO_MEMORY, OVERLAP. The caller owns *out. */
enum status parallel_create(const struct parallel_config *config,
                            struct device **out);

#endif
