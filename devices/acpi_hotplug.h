/* The registers by which ACPI tables written for QEMU's board, SeaBIOS's among
 * them, look for hardware that comes and goes. On this board none does, and
 * these say so: on an open bus they would tell that every slot was emptied.
 *
 * Source:   QEMU docs/specs/acpi_pci_hotplug and acpi_cpu_hotplug.
 * Modelled: the general-purpose events GPE0 (status and enable, AFE0-AFE3),
 *           PCI slots (AE00-AE0F), processors that are there (AF00-AF1F).
 * Missing:  events; nothing raises one. */
#ifndef DEVICES_ACPI_HOTPLUG_H
#define DEVICES_ACPI_HOTPLUG_H

#include "core/bus.h"
#include "core/device.h"

struct acpi_hotplug_config {
    const char *name;  /* instance name; borrowed */
    struct bus *ports; /* borrowed */
};

/* Errors: NO_MEMORY, OVERLAP. The caller owns *out. */
enum status acpi_hotplug_create(const struct acpi_hotplug_config *config,
                                struct device **out);

#endif
