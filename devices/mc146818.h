/* Motorola MC146818A real-time clock with CMOS RAM, as in an AT.
 *
 * Datasheet: MC146818A (1984), all sections; 82371SB (PIIX3) section 2.5.7 for
 *            the extended bank.
 * Modelled:  time, calendar and alarm in BCD or binary, 12 or 24 hours; SET;
 *            divider with the three time bases and its reset; UIP timing;
 *            periodic, alarm and update interrupts at their exact times; 114
 *            bytes of RAM, century in 32, ports 72-73 with 128 bytes more; NMI
 *            mask in port 70.
 * Missing:   daylight saving changes (the bit is storage), the SQW pin. */
#ifndef DEVICES_MC146818_H
#define DEVICES_MC146818_H

#include "core/bus.h"
#include "core/clock.h"
#include "core/device.h"
#include "core/irq.h"

#define MC146818_CMOS_BYTES 128
#define MC146818_ALL_BYTES  256 /* with the extended bank */

struct mc146818_config {
    const char *name;         /* instance name; borrowed */
    struct bus *ports;        /* borrowed; 70-71, 72-73 with extended */
    struct clock *clock;      /* borrowed */
    struct irq_line irq;      /* IRQ8; copied */
    struct irq_line nmi_mask; /* level of port 70 bit 7; copied */
    const uint8_t *cmos;      /* 128 bytes of RAM to start with, copied; those
                                 of clock and registers A-D are ignored, except
                                 the alarm and register B's DM and 24/12; NULL:
                                 zero, BCD, 24 hours */
    bool extended;            /* there are 128 bytes at ports 72-73 */
    int64_t start_seconds;    /* what the clock shows at power-on, as seconds
                                 since 1970-01-01 00:00 of the zone it is to
                                 show; years 1900 to 9999 */
};

/* The time starts counting at the clock's now. Errors: NO_MEMORY, OVERLAP,
 * BAD_ARGUMENT (year). The caller owns *out. */
enum status mc146818_create(const struct mc146818_config *config,
                            struct device **out);

/* Register or RAM byte as a guest's read would see it, without side effects;
 * index 0..255. To save the battery-backed RAM, read all. */
uint8_t mc146818_peek(struct device *dev, unsigned index);

/* For the machine's setup: stores a RAM byte (index 14..127, 128..255). */
void mc146818_poke(struct device *dev, unsigned index, uint8_t value);

#endif
