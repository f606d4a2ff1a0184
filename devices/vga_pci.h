/* The PCI function of the VGA: 1234:1111, as Bochs and QEMU number it.
 *
 * Sources: PCI Local Bus Specification 2.1, appendix D.4 (VGA class); QEMU
 * docs/specs/standard-vga.rst (memory-mapped registers, revision 2).
 * Modelled: command register bits that gate ports and memory; the framebuffer
 *   at register 0; VGA and DISPI registers in the page at register 2; the
 *   expansion ROM.
 * Missing:  EDID (its bytes read as ones: no monitor data); palette snooping.
 *
 * Memory-mapped registers, by offset in their page:
 *   000-3ff  EDID
 *   400-41f  ports 3C0 to 3DF
 *   500-515  DISPI registers 0 to A, 16 bits each
 *   600      bytes of the extended registers: 8
 *   604      byte order of the framebuffer; little-endian only */
#ifndef DEVICES_VGA_PCI_H
#define DEVICES_VGA_PCI_H

#include "devices/pci_bus.h"
#include "devices/vga.h"

struct vga_pci_config {
    const char *name;    /* instance name; borrowed */
    struct pci_bus *bus; /* borrowed */
    unsigned devfn;
    struct device *vga; /* borrowed: made by vga_create(), without lfb_base */
    const uint8_t *rom; /* copied; NULL: no expansion ROM */
    size_t rom_bytes;   /* at most 256 KiB */
};

/* Puts the function on the bus. As after every reset the adapter answers
 * nothing until firmware writes the command register.
 * Errors: NO_MEMORY, OVERLAP, BAD_ARGUMENT. The caller owns *out. */
enum status vga_pci_create(const struct vga_pci_config *config,
                           struct device **out);

#endif
