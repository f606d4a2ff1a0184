/* Intel 8042 as PS/2 keyboard and mouse controller.
 *
 * Source:   IBM PS/2 Hardware Interface Technical Reference, "Keyboard and
 *           Auxiliary Device Controller"; IBM AT Technical Reference.
 * Modelled: ports 60 and 64, status, all commands, the 32 bytes of RAM, input
 *           and output port, translation of scan set 2 to 1, both interrupts,
 *           A20, reset, serial transfer times.
 * Missing:  the password lock (A4 answers "none", A5 swallows one), parity and
 *           time-out errors. Commands act at once: the input buffer is never
 *           seen full. */
#ifndef DEVICES_I8042_H
#define DEVICES_I8042_H

#include "core/bus.h"
#include "core/clock.h"
#include "core/device.h"
#include "core/irq.h"
#include "core/log.h"
#include "devices/ps2.h"

struct i8042_config {
    const char *name;         /* instance name; borrowed */
    struct bus *ports;        /* borrowed; 60 and 64 */
    struct clock *clock;      /* borrowed */
    struct irq_line irq_kbd;  /* IRQ1; copied */
    struct irq_line irq_aux;  /* IRQ12; copied */
    struct irq_line a20;      /* level of output port bit 1; copied; to
                                 port92_kbc_a20() */
    struct irq_line reset;    /* rises and falls again to reset the CPU */
    struct ps2_plug keyboard; /* copied; .device NULL: none */
    struct ps2_plug mouse;    /* copied; .device NULL: none */
    bool mono;                /* input port bit 6: monochrome display jumper */
    struct log *log;          /* borrowed; may be NULL */
};

/* Errors: NO_MEMORY, OVERLAP. The caller owns *out. The plugged devices
 * outlive it. */
enum status i8042_create(const struct i8042_config *config,
                         struct device **out);

#endif
