/* Intel PIIX4 power management function (82371AB, function 3).
 *
 * Datasheet: 82371AB (order 290562-001), chapter 7; ACPI 1.0b section 4.7.
 * Modelled:  PM1 status, enable and control, the PM timer, SCI, general
 *            purpose events as registers, sleep states as calls out, APM ports
 *            B2 and B3, an SMBus host without devices.
 * Missing:   device monitors, clock throttling (storage), SMM: without it the
 *            function says that SMM is set up already (DEVACTB bit 25), and
 *            commands F1 and F0 at port B2 switch ACPI on and off. */
#ifndef DEVICES_PIIX4_PM_H
#define DEVICES_PIIX4_PM_H

#include "core/bus.h"
#include "core/clock.h"
#include "core/device.h"
#include "core/irq.h"
#include "devices/pci_bus.h"

struct piix4_pm_config {
    const char *name;    /* instance name; borrowed */
    struct pci_bus *bus; /* borrowed */
    unsigned devfn;      /* PCI_DEVFN(1, 3) */
    struct bus *ports;   /* borrowed; B2-B3 and what the guest sets */
    struct clock *clock; /* borrowed */
    struct irq_line sci; /* IRQ9; copied; i8259_pci_input() */
    struct irq_line smi; /* rises and falls; only with has_smm; copied */
    bool has_smm;        /* the CPU has system management mode */
    /* The guest set SLP_EN with this SLP_TYP: 0 soft off, 1 suspend to RAM,
     * others as in the datasheet. May be NULL. */
    void (*sleep)(void *sink, unsigned type);
    void *sink; /* borrowed */
};

/* Errors: NO_MEMORY, OVERLAP. The caller owns *out. */
enum status piix4_pm_create(const struct piix4_pm_config *config,
                            struct device **out);

/* The user pressed the power button: PWRBTN_STS and, if enabled, SCI. */
void piix4_pm_press_power(struct device *dev);

#endif
