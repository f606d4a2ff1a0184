/* Intel 440FX host bridge (82441FX PMC).
 *
 * Datasheet: 82441FX PCI and Memory Controller (order 290549-001), section 3.
 * Modelled:  configuration registers with their masks, PAM shadowing in all
 *            four combinations, SMRAM opening, DRAM row boundaries.
 * Missing:   memory timing (registers are storage), the SMM space itself,
 *            the memory hole of FDHC.
 *
 * Owns the rows of C0000-FFFFF in guest memory. */
#ifndef DEVICES_I440FX_H
#define DEVICES_I440FX_H

#include "core/device.h"
#include "core/irq.h"
#include "core/mem.h"
#include "devices/pci_bus.h"

#define I440FX_SHADOW_BASE  0xc0000u
#define I440FX_SHADOW_BYTES 0x40000u

struct i440fx_config {
    const char *name;      /* instance name; borrowed */
    struct pci_bus *bus;   /* borrowed; becomes device 0 */
    struct mem *mem;       /* borrowed; RAM at C0000 is mem->ram + C0000 */
    uint8_t *rom;          /* what the expansion bus shows at C0000-FFFFF:
                              256 KiB, FF where nothing answers; borrowed */
    struct irq_line smram; /* high: A0000-BFFFF is to show DRAM, low: the VGA
                              card; copied */
};

/* Errors: NO_MEMORY, OVERLAP. The caller owns *out. */
enum status i440fx_create(const struct i440fx_config *config,
                          struct device **out);

/* Shows C0000-FFFFF again, after `rom` changed. */
void i440fx_update(struct device *dev);

#endif
