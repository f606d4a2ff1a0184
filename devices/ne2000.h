/* NE2000 Ethernet card: a DP8390 with 16 KiB of packet memory, the address
 * PROM, a data port and a reset port. What the ISA and the PCI card share; the
 * fronts are below.
 *
 * Sources:  Novell NE2000 as drivers know it; RTL8019AS (2001-05-10) and
 *           RTL8029AS (1997-01-16) datasheets for the ports, the memory map
 *           and register page 3.
 * Modelled: 32 ports: registers, data port (10-17), reset port (18-1F); PROM
 *           with every byte doubled and the 57h signature; identification
 *           bytes, configuration registers of page 3 with their lock; a wire
 *           that queues what comes in and waits a while for room in the ring,
 *           as a switch with flow control does, and for a driver that stops
 *           the card because of an overflow.
 * Missing:  the serial EEPROM behind 9346CR, boot ROM, ISA Plug and Play,
 *           power-down, what the configuration registers would change. */
#ifndef DEVICES_NE2000_H
#define DEVICES_NE2000_H

#include "core/bus.h"
#include "core/device.h"
#include "core/irq.h"
#include "devices/dp8390.h"
#include "devices/pci_bus.h"

#define NE2000_PORTS       32
#define NE2000_RAM_BYTES   0x4000
#define NE2000_PROM_BYTES  32
#define NE2000_WIRE_FRAMES 16
#define NE2000_PAGE3       16

/* Which of Realtek's one-chip cards it says it is. */
enum ne2000_model {
    NE2000_RTL8019, /* ISA */
    NE2000_RTL8029, /* PCI */
};

/* The oldest frame on the wire. */
enum ne2000_wait {
    NE2000_UNDERWAY,
    NE2000_WAITS,      /* it is here, without room */
    NE2000_OVERFLOWED, /* likewise, and the driver was told of it */
    NE2000_GIVEN_UP,   /* the driver does nothing: frames go by */
};

/* A frame that is underway to the card. */
struct ne2000_frame {
    uint16_t bytes;
    uint8_t data[HOST_NET_FRAME_MOST];
};

struct ne2000_config {
    const char *name;    /* instance name; borrowed */
    struct clock *clock; /* borrowed */
    struct log *log;     /* borrowed; may be NULL */
    uint8_t address[ETHER_ADDRESS_BYTES];
    uint64_t bits_per_sec; /* of the wire; 10BASE-T has 10000000 */
    struct host_net *host; /* borrowed; NULL: no cable */
};

/* Embedded in a front. */
struct ne2000 {
    struct dp8390 nic;
    struct clock *clock;
    struct host_net *host;
    void (*interrupt)(struct ne2000 *card, bool level); /* the front's */
    enum ne2000_model model;
    uint8_t config1; /* of page 3 after a reset: where an ISA card stands */

    uint8_t prom[NE2000_PROM_BYTES];
    uint8_t ram[NE2000_RAM_BYTES];
    uint8_t page3[NE2000_PAGE3];

    struct ne2000_frame wire[NE2000_WIRE_FRAMES]; /* oldest at first */
    uint8_t wire_first, wire_count;
    struct clock_event arrival; /* of the oldest frame, or its last chance */
    uint8_t waiting;            /* enum ne2000_wait */
    uint64_t patience_ns;       /* until then, while it waits */
};

extern const struct state_field ne2000_state[];

/* For the fronts. The configuration is copied. */
void ne2000_init(struct ne2000 *card, const struct ne2000_config *config,
                 enum ne2000_model model);
void ne2000_deinit(struct ne2000 *card);
void ne2000_power_on(struct ne2000 *card); /* the bus's reset */
void ne2000_loaded(struct ne2000 *card);

/* Ports by offset; sizes 1, 2 and 4. Anything but the data port is 8 bits
 * wide. */
uint32_t ne2000_read(struct ne2000 *card, unsigned offset, unsigned size);
void ne2000_write(struct ne2000 *card, unsigned offset, uint32_t value,
                  unsigned size);

/* A frame comes in from outside, at this instant; one shorter than Ethernet
 * allows is filled up with zeros, as its sender would have done, a longer one
 * is dropped. False: the wire is full; offer it again after some time. */
bool ne2000_receive(struct ne2000 *card, const uint8_t *frame, size_t bytes);

/* The ISA card, an RTL8019AS without jumpers set. */
struct ne2000_isa_config {
    struct ne2000_config card;
    struct bus *ports;   /* borrowed */
    paddr base;          /* first of 32 ports, e.g. 0x300 */
    unsigned irq_number; /* which input of the bus `irq` is, e.g. 9 */
    struct irq_line irq; /* copied */
};

/* Whether such a card can be set to the interrupt and to the ports. */
bool ne2000_isa_irq_ok(unsigned irq);
bool ne2000_isa_base_ok(paddr base);

/* Errors: NO_MEMORY, OVERLAP, BAD_ARGUMENT. The caller owns *out; *card is its
 * inside. */
enum status ne2000_isa_create(const struct ne2000_isa_config *config,
                              struct device **out, struct ne2000 **card);

/* The PCI card, an RTL8029AS. */
struct ne2000_pci_config {
    struct ne2000_config card;
    struct pci_bus *bus; /* borrowed */
    unsigned devfn;
};

/* Likewise. */
enum status ne2000_pci_create(const struct ne2000_pci_config *config,
                              struct device **out, struct ne2000 **card);

#endif
