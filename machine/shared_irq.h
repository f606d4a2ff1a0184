/* One interrupt input that several ISA cards drive: the OR of their levels. */
#ifndef MACHINE_SHARED_IRQ_H
#define MACHINE_SHARED_IRQ_H

#include "core/irq.h"

struct shared_irq {
    struct irq_line out;
    unsigned levels; /* one bit a source */
};

/* The wire of source 0..31. `irq` is borrowed for as long as it is used. */
struct irq_line shared_irq_input(struct shared_irq *irq, unsigned source);

#endif
