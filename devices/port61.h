/* System control port B (port 61) of an AT, and the speaker behind it.
 *
 * Source:   IBM AT Technical Reference, "System board I/O"; 82371SB (PIIX3)
 *           section 2.5.5 (NMISC).
 * Modelled: timer 2 gate, speaker data, refresh toggle, timer 2 output, NMI
 *           sources (parity, channel check) with their enables and the mask of
 *           port 70; the speaker as sound.
 * Missing:  nothing.
 *
 * The speaker's cone is driven by (timer 2 OUT) AND (speaker data). Its level
 * is integrated exactly over runs of 6 timer ticks, then filtered and resampled
 * to the host's rate, so that pulse-width tricks keep their sound and high
 * tones do not fold down; a high-pass takes the standing level out. */
#ifndef DEVICES_PORT61_H
#define DEVICES_PORT61_H

#include "core/bus.h"
#include "core/clock.h"
#include "core/device.h"
#include "core/host.h"
#include "core/irq.h"

enum port61_pin {
    PORT61_PARITY,   /* memory parity error: sets bit 7 */
    PORT61_IOCHK,    /* channel check: sets bit 6 */
    PORT61_NMI_MASK, /* high: no NMI; from port 70 bit 7 */
};

struct port61_config {
    const char *name;         /* instance name; borrowed */
    struct bus *ports;        /* borrowed */
    struct clock *clock;      /* borrowed */
    struct device *pit;       /* an i8254; borrowed, outlives this device */
    struct irq_line nmi;      /* to the CPU; copied */
    struct host_audio *audio; /* borrowed; NULL = no sound is computed */
};

/* Claims port 61. Errors: NO_MEMORY, OVERLAP. The caller owns *out. */
enum status port61_create(const struct port61_config *config,
                          struct device **out);

struct irq_line port61_input(struct device *dev, enum port61_pin pin);

/* Hands all sound up to now to the host. To be called every few milliseconds
 * of virtual time; has no effect inside the machine. */
void port61_flush_audio(struct device *dev);

#endif
