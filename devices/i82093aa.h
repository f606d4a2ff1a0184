/* Intel 82093AA I/O APIC.
 *
 * Datasheet: 82093AA (order 290566-001), all sections.
 * Modelled:  registers, 24 pins by edge and level, both polarities, masks,
 *            remote IRR, every delivery mode but SMI, messages that nobody took
 *            yet (delivery status).
 * Missing:   arbitration (the ID is stored), the relocation of the page by the
 *            PIIX3's APICBASE. */
#ifndef DEVICES_I82093AA_H
#define DEVICES_I82093AA_H

#include "core/device.h"
#include "core/irq.h"
#include "core/mem.h"

#define I82093AA_BASE 0xfec00000u
#define I82093AA_PINS 24

struct i82093aa_config {
    const char *name;    /* instance name; borrowed */
    struct mem *mem;     /* borrowed; the page at I82093AA_BASE */
    struct device *apic; /* borrowed: the local APIC; its bus is plugged */
};

/* Errors: NO_MEMORY. The caller owns *out. */
enum status i82093aa_create(const struct i82093aa_config *config,
                            struct device **out);

/* The wire to `pin`: high while it is driven high. */
struct irq_line i82093aa_input(struct device *dev, unsigned pin);

/* The same through an inverter: for a PCI interrupt, which is asserted low. */
struct irq_line i82093aa_input_low(struct device *dev, unsigned pin);

#endif
