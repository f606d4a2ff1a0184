/* Intel PIIX3 PCI-to-ISA bridge (82371SB, function 0).
 *
 * Datasheet: 82371FB/82371SB (order 290550-001), sections 2.1, 2.2, 2.5.
 * Modelled:  configuration registers with their masks, routing of PIRQA-D,
 *            reset control register (CF9).
 * Missing:   what the registers time or decode in the chip (ISA recovery,
 *            X-bus, stop clock) is storage. ELCR is in i8259, the IDE function
 *            in piix3_ide, power management in piix4_pm. */
#ifndef DEVICES_PIIX3_H
#define DEVICES_PIIX3_H

#include "core/device.h"
#include "core/irq.h"
#include "devices/pci_bus.h"

struct piix3_config {
    const char *name;                 /* instance name; borrowed */
    struct pci_bus *bus;              /* borrowed */
    unsigned devfn;                   /* PCI_DEVFN(1, 0) */
    struct irq_line irqs[16];         /* i8259_pci_input(); copied */
    struct irq_line pirqs[PCI_PIRQS]; /* PIRQA-D themselves, for an I/O APIC;
                                         copied */
    struct irq_line reset;     /* of the whole board: rises and falls; copied */
    struct irq_line cpu_reset; /* soft reset: INIT; rises and falls; copied */
};

/* Sets the bus's PIRQ lines and port CF9.
 * Errors: NO_MEMORY, OVERLAP. The caller owns *out. */
enum status piix3_create(const struct piix3_config *config,
                         struct device **out);

#endif
