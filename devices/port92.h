/* Port 92: fast A20 and fast reset, and the OR gate of the A20 sources.
 *
 * Source:   IBM PS/2 Hardware Interface Technical Reference, "System Control
 *           Port A"; 82371SB (PIIX3) section 2.5.6.
 * Modelled: bits 0 and 1, the remaining bits as storage, the OR with the
 *           keyboard controller's gate.
 * Missing:  the security lock. */
#ifndef DEVICES_PORT92_H
#define DEVICES_PORT92_H

#include "core/bus.h"
#include "core/device.h"
#include "core/irq.h"

struct port92_config {
    const char *name;      /* instance name; borrowed */
    struct bus *ports;     /* borrowed; NULL: no port (an AT), only the OR */
    struct irq_line a20;   /* level of the system's A20 gate; copied */
    struct irq_line reset; /* rises and falls again to reset the CPU; copied */
};

/* Errors: NO_MEMORY, OVERLAP. The caller owns *out. */
enum status port92_create(const struct port92_config *config,
                          struct device **out);

/* The keyboard controller's A20 output goes here. */
struct irq_line port92_kbc_a20(struct device *dev);

#endif
