/* Intel PIIX3 IDE function (82371SB, function 1): configuration space and the
 * bus master window. The drives and the bus master engine are elsewhere.
 *
 * Datasheet: 82371FB/82371SB (order 290550-001), section 2.3.
 * Modelled:  configuration registers with their masks, BMIBA.
 * Missing:   drive timing (registers are storage). */
#ifndef DEVICES_PIIX3_IDE_H
#define DEVICES_PIIX3_IDE_H

#include "core/device.h"
#include "devices/pci_bus.h"

struct piix3_ide_config {
    const char *name;    /* instance name; borrowed */
    struct pci_bus *bus; /* borrowed */
    unsigned devfn;      /* PCI_DEVFN(1, 1) */
};

/* Errors: NO_MEMORY, OVERLAP. The caller owns *out. */
enum status piix3_ide_create(const struct piix3_ide_config *config,
                             struct device **out);

/* Who answers the 16 ports at BMIBA (offset 0-7 primary, 8-15 secondary
 * channel). Borrowed; until then they read as ones. */
void piix3_ide_plug_master(struct device *dev, const struct bus_ops *ops,
                           void *master);

/* Whether the guest allows the function to master the bus (command bit 2). */
bool piix3_ide_may_master(const struct device *dev);

/* Whether a channel (0 or 1) decodes its ports (IDETIM bit 15). */
bool piix3_ide_channel_on(const struct device *dev, unsigned channel);

#endif
