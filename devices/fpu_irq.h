/* The AT's x87 error logic: from FERR# to IRQ 13, and back by port F0.
 *
 * Source:   IBM PC/AT Technical Reference, "80287 coprocessor"; 82371SB
 *           (PIIX3) sections 2.5.7 "Coprocessor error" and 3.1 (IGNNE#).
 * Modelled: the latch of IRQ 13, its clearing by a write to port F0, IGNNE#
 *           from then on until FERR# falls, port F1 (the same: what resets the
 *           80287 to real mode has no effect on later ones).
 * Missing:  the BUSY# latch that holds up an 80287 by itself. */
#ifndef DEVICES_FPU_IRQ_H
#define DEVICES_FPU_IRQ_H

#include "core/bus.h"
#include "core/device.h"
#include "core/irq.h"

struct fpu_irq_config {
    const char *name;      /* instance name; borrowed */
    struct bus *ports;     /* borrowed */
    struct irq_line irq;   /* IRQ 13; copied */
    struct irq_line ignne; /* to the processor; copied */
};

/* Errors: NO_MEMORY, OVERLAP. The caller owns *out. */
enum status fpu_irq_create(const struct fpu_irq_config *config,
                           struct device **out);

/* The processor's FERR# goes here. */
struct irq_line fpu_irq_ferr(struct device *dev);

#endif
