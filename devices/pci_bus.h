/* PCI bus 0 with configuration mechanism #1 (ports CF8 and CFC).
 *
 * Standard: PCI Local Bus Specification 2.1, section 3.7.4 and chapter 6.
 * Modelled: configuration cycles of every size, absent functions, base
 *           address registers with sizing, expansion ROMs, command register,
 *           interrupt pins with the PIIX's routing.
 * Missing:  bridges to further buses, parity and system errors.
 *
 * A function is a structure inside its device; the device fills it in and
 * hands it to pci_bus_add(). Configuration space obeys the masks; what a base
 * address register claims is mapped and unmapped here, as the guest moves it.
 * A range that collides with RAM, ROM or another device answers nothing (RAM
 * wins, as a host bridge does not forward it) until the collision ends. */
#ifndef DEVICES_PCI_BUS_H
#define DEVICES_PCI_BUS_H

#include "core/bus.h"
#include "core/device.h"
#include "core/irq.h"
#include "core/log.h"
#include "core/mem.h"

#define PCI_FUNCTIONS    256 /* device 0..31 << 3 | function 0..7 */
#define PCI_CONFIG_BYTES 256
#define PCI_BARS         7 /* six, and the expansion ROM */
#define PCI_BAR_ROM      6
#define PCI_PIRQS        4
#define PCI_UNMAPPED     UINT64_MAX

#define PCI_DEVFN(device, function) ((unsigned)((device) << 3 | (function)))

/* Configuration header, PCI 2.1 figure 6-1. */
enum pci_register {
    PCI_VENDOR_ID = 0x00,
    PCI_DEVICE_ID = 0x02,
    PCI_COMMAND = 0x04,
    PCI_STATUS = 0x06,
    PCI_REVISION = 0x08,
    PCI_PROG_IF = 0x09,
    PCI_SUBCLASS = 0x0a,
    PCI_CLASS = 0x0b,
    PCI_HEADER_TYPE = 0x0e,
    PCI_BAR0 = 0x10,
    PCI_SUBSYSTEM_VENDOR = 0x2c,
    PCI_SUBSYSTEM = 0x2e,
    PCI_ROM_BASE = 0x30,
    PCI_INTERRUPT_LINE = 0x3c,
    PCI_INTERRUPT_PIN = 0x3d,
};

enum {
    PCI_COMMAND_IO = 0x0001,
    PCI_COMMAND_MEMORY = 0x0002,
    PCI_COMMAND_MASTER = 0x0004,
    PCI_COMMAND_INTX_OFF = 0x0400, /* PCI 2.3; only where the mask allows */
};

enum pci_bar_kind {
    PCI_BAR_NONE,
    PCI_BAR_IO,       /* ports */
    PCI_BAR_MEMORY,   /* 32-bit memory */
    PCI_BAR_PREFETCH, /* 32-bit memory, marked prefetchable */
};

/* One base address register. `size` is a power of two: at least 4 for ports,
 * 4096 for memory, 4096 for the expansion ROM (kind PCI_BAR_MEMORY). */
struct pci_bar {
    enum pci_bar_kind kind;
    uint32_t size;
    /* Who answers: registers, by `ops` with the function's `dev`; or plain
     * memory of `size` bytes at `host` (read-only for the ROM); or neither, and
     * `moved` of the function does the mapping. Borrowed. */
    const struct bus_ops *ops;
    uint8_t *host;
    paddr at; /* where it is mapped now, or PCI_UNMAPPED. The bus's own */
};

struct pci_function {
    uint8_t config[PCI_CONFIG_BYTES];
    uint8_t writable[PCI_CONFIG_BYTES];  /* bits the guest may change */
    uint8_t clearable[PCI_CONFIG_BYTES]; /* bits that a written 1 clears */
    struct pci_bar bars[PCI_BARS];
    /* After a configuration write to [offset, offset + size) took effect. May
     * be NULL. */
    void (*written)(void *dev, unsigned offset, unsigned size);
    /* A base address register without ops and host: the window is at `base`
     * from now on, or nowhere (PCI_UNMAPPED). May be NULL. */
    void (*moved)(void *dev, unsigned bar, paddr base);
    void *dev;           /* passed to the above and to ops; borrowed */
    bool irq_level;      /* of the interrupt pin */
    struct pci_bus *bus; /* borrowed; set by pci_bus_add() */
    unsigned devfn;      /* set by pci_bus_add() */
};

/* For the state table of the device that holds a function:
 *     STATE_TABLE(struct vga, function, pci_function_state) */
extern const struct state_field pci_function_state[];

struct pci_bus_config {
    const char *name;  /* instance name; borrowed */
    struct bus *ports; /* borrowed; CF8-CFF */
    struct mem *mem;   /* borrowed */
    struct log *log;   /* borrowed; may be NULL */
};

struct pci_bus;

/* Errors: NO_MEMORY, OVERLAP. The caller owns *out; its struct device, which
 * pci_bus_device() gives, ends it and removes the functions that are left. */
enum status pci_bus_create(const struct pci_bus_config *config,
                           struct pci_bus **out);
struct device *pci_bus_device(struct pci_bus *bus);

/* Clears `f` and fills in the header: identifiers, class code (class << 16 |
 * subclass << 8 | interface), revision, and the masks that every function has
 * (command bits 0-2, interrupt line). `dev` goes to the callbacks. */
void pci_function_init(struct pci_function *f, uint16_t vendor, uint16_t device,
                       uint32_t class_code, void *dev);

/* Little-endian access to configuration space, past the masks. */
void pci_set_word(struct pci_function *f, unsigned offset, uint16_t value);
void pci_set_dword(struct pci_function *f, unsigned offset, uint32_t value);
uint16_t pci_word(const struct pci_function *f, unsigned offset);
uint32_t pci_dword(const struct pci_function *f, unsigned offset);

/* Puts a function on the bus and claims what its registers say. `f` is
 * borrowed. Base address registers follow from f->bars: their bits and masks
 * are set here. Errors: OVERLAP (slot taken), BAD_ARGUMENT. */
enum status pci_bus_add(struct pci_bus *bus, unsigned devfn,
                        struct pci_function *f);
void pci_bus_remove(struct pci_bus *bus, struct pci_function *f);

/* RST#: command register and base addresses to 0, windows gone, pin low. The
 * device's reset calls it, then restores its own registers. */
void pci_function_reset(struct pci_function *f);

/* Claims again what config says; for a device's own changes to it. */
void pci_function_update(struct pci_function *f);

/* Drives the function's interrupt pin (config byte 3D: 1 = INTA#). */
void pci_set_irq(struct pci_function *f, bool level);

/* Where PIRQA-PIRQD go: lines[4], copied. A pin reaches PIRQ number
 * (device - 1 + pin - 1) & 3, as on a 440FX board. */
void pci_bus_set_pirqs(struct pci_bus *bus, const struct irq_line *lines);

/* Who answers byte accesses to port CF9, which lies inside the range of the
 * configuration address: offset is 0, size 1. Borrowed. */
void pci_bus_set_cf9(struct pci_bus *bus, const struct bus_ops *ops, void *dev);

/* The interrupt pin's PIRQ number 0..3 for a function on the bus. */
unsigned pci_pirq_of(const struct pci_function *f);

#endif
