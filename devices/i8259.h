/* The interrupt controller of an AT: two Intel 8259A, the second on input 2 of
 * the first, with the edge/level registers of the PIIX.
 *
 * Datasheet: Intel 8259A (order 231468-003), all sections; 82371FB/SB (PIIX)
 *            sections 2.5.3 and 2.5.4 for ELCR.
 * Modelled:  ICW1-4, OCW1-3, fixed and rotating priority, automatic EOI,
 * special mask, special fully nested, poll, edge and level triggering, the
 *            default interrupt 7, MCS-80 vectors, ELCR.
 * Missing:   the SP/EN pin (buffered mode bits are accepted). */
#ifndef DEVICES_I8259_H
#define DEVICES_I8259_H

#include "core/bus.h"
#include "core/device.h"
#include "core/irq.h"

struct i8259_config {
    const char *name;     /* instance name; borrowed */
    struct bus *ports;    /* borrowed; 20-21, A0-A1 and, with elcr, 4D0-4D1 */
    struct irq_line intr; /* to the CPU; copied */
    struct irq_line tap;  /* told each input's level, `pin` is the input's
                             number: for an I/O APIC on the same wires; copied */
    bool elcr;            /* PIIX: ELCR decides edge or level and ICW1.LTIM is
                             ignored; false: ICW1.LTIM decides */
};

/* Errors: NO_MEMORY, OVERLAP. The caller owns *out. */
enum status i8259_create(const struct i8259_config *config,
                         struct device **out);

/* The wire to input `irq` (0..15) from an ISA device. Input 2 is taken by the
 * cascade: its wire goes nowhere. An input's level is the OR of its two wires,
 * this one and the one below. */
struct irq_line i8259_input(struct device *dev, unsigned irq);

/* The second wire to input `irq`, for a PCI interrupt router. */
struct irq_line i8259_pci_input(struct device *dev, unsigned irq);

/* What the CPU runs when it takes INTR. Without a request any more the vector
 * is the default one, input 7, and nothing is put in service. */
struct irq_ack i8259_ack(struct device *dev);

#endif
