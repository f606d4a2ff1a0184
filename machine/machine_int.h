/* The machine's parts, for machine.c and pc.c. */
#ifndef MACHINE_MACHINE_INT_H
#define MACHINE_MACHINE_INT_H

#include "core/bus.h"
#include "core/clock.h"
#include "core/device.h"
#include "core/floppy_format.h"
#include "core/mem.h"
#include "cpu/cpu.h"
#include "machine/machine.h"
#include "machine/shared_irq.h"

#define MACHINE_DEVICES_MAX 40

struct ne2000;
struct pci_bus;
struct verify;

struct machine {
    struct machine_config config; /* the strings are copied below */
    char cpu_name[16];
    enum cpu_model model;

    struct mem *mem;
    struct bus *ports;
    struct clock *clock;
    struct cpu *cpu;
    struct device *devices[MACHINE_DEVICES_MAX]; /* in the order of wiring:
                                                    reset and hash go by it */
    unsigned device_count;

    /* The ones that somebody asks for by name; owned by `devices`. */
    struct device *pic, *apic, *ioapic, *fpu_irq, *pit, *port61, *dma, *rtc,
        *port92, *kbc, *keyboard;
    struct device *mouse, *vga, *fdc, *ata[2], *pm, *ide;
    struct device *uart[MACHINE_SERIALS];
    struct pci_bus *pci;
    struct ne2000 *nic; /* inside one of `devices` */

    struct verify *verify; /* owned; NULL: another engine */

    uint8_t *bios; /* a copy of the system BIOS */
    size_t bios_bytes, vgabios_bytes;
    uint8_t *firmware; /* what stands at C0000-FFFFF; 256 KiB */

    enum floppy_drive_type drive_types[MACHINE_FLOPPIES];
    struct shared_irq serial_irq[2]; /* IRQ 4, IRQ 3 */

    /* Why the run must end or the CPU restart; set inside port accesses. */
    bool reset_cpu, reset_all, power_off, exit_written;
    uint8_t exit_value;

    uint64_t resets;                        /* so far; not part of the state */
    uint64_t skipped_ns;                    /* time that the CPU was halted */
    uint64_t idle_from_ns, idle_skipped_ns; /* at the last idle question */
};

/* Wires the board: everything between the CPU and the outside. `message` as
 * in machine_create(). On error the caller destroys what is there. */
enum status pc_build(struct machine *machine, char *message, size_t size);

/* Adds a device to the list; it is destroyed with the machine. */
void machine_add(struct machine *machine, struct device *dev);

/* Puts a floppy in (NULL: takes it out); where the drive gets it from. */
void machine_put_floppy(struct machine *machine, unsigned drive,
                        struct host_block *block);

/* Somebody pulled RESET: of the CPU alone, or of the whole board. */
void machine_pull_reset(struct machine *machine, bool all);

#endif
