/* The local APIC of a Pentium or later.
 *
 * Datasheet: SDM volume 3 (order 253668-029), chapter 9 "Advanced Programmable
 *            Interrupt Controller"; Pentium processor family developer's
 *            manual, volume 3, 19.3.
 * Modelled:  all registers but the thermal and counter interrupts' causes, IRR,
 *            ISR, TMR, TPR, PPR, EOI, spurious vector, error register, LINT0
 *            and LINT1 in every delivery mode, timer one-shot and periodic,
 *            messages to oneself and from the I/O APIC with physical and
 *            logical destinations, base address, disabling by APIC_BASE and by
 *            the spurious vector register, INIT.
 * Missing:   other processors: messages to them find nobody, arbitration is
 *            won at once, a start-up message is no news to a processor that
 *            runs. SMI. */
#ifndef DEVICES_APIC_H
#define DEVICES_APIC_H

#include "core/clock.h"
#include "core/device.h"
#include "core/irq.h"
#include "core/log.h"
#include "core/mem.h"

#define APIC_BASE_DEFAULT 0xfee00000u
#define APIC_BASE_BSP     (UINT64_C(1) << 8)
#define APIC_BASE_ENABLE  (UINT64_C(1) << 11)

/* Delivery modes, as messages and redirection entries name them. */
enum apic_delivery {
    APIC_FIXED = 0,
    APIC_LOWEST = 1,
    APIC_SMI = 2,
    APIC_NMI = 4,
    APIC_INIT = 5,
    APIC_STARTUP = 6,
    APIC_EXTINT = 7,
};

/* What goes over the APIC bus. */
struct apic_message {
    uint8_t destination;
    bool logical; /* the destination is matched with LDR and DFR, not the ID */
    enum apic_delivery delivery;
    uint8_t vector;
    bool level; /* trigger mode */
};

/* Those who listen to the APIC bus: an I/O APIC. Members may be NULL. */
struct apic_bus {
    void (*eoi)(void *sink, uint8_t vector); /* of a level interrupt */
    void (*ready)(void *sink); /* what was not accepted may be now */
    void *sink;                /* borrowed */
};

enum apic_kind {
    APIC_PENTIUM, /* no APIC_BASE, no counter interrupt */
    APIC_P6,
    APIC_XAPIC, /* Pentium 4: 8-bit IDs, thermal interrupt, no bus */
};

struct apic_config {
    const char *name; /* instance name; borrowed */
    enum apic_kind kind;
    struct mem *mem;      /* borrowed; the registers' page */
    struct clock *clock;  /* borrowed */
    struct log *log;      /* borrowed; may be NULL */
    uint32_t bus_hz;      /* what the timer divides; 1 kHz to 1 GHz */
    struct irq_line intr; /* to the CPU; copied */
    struct irq_line nmi;  /* rises and falls; copied */
    struct irq_line init; /* rises and falls; copied */
    struct irq_ack ext;   /* the 8259's, for ExtINT; copied */
};

/* Errors: NO_MEMORY. The caller owns *out. */
enum status apic_create(const struct apic_config *config, struct device **out);

/* The pins: 0 LINT0, which the 8259's INTR drives, 1 LINT1, NMI. */
struct irq_line apic_lint(struct device *dev, unsigned pin);

/* The third wire: an I/O APIC's pin in ExtINT mode. */
struct irq_line apic_extint(struct device *dev);

/* What the CPU runs when it takes INTR. */
struct irq_ack apic_ack(struct device *dev);

void apic_plug_bus(struct device *dev, const struct apic_bus *bus);

/* A message arrives. False: it is for nobody here, or not taken now. */
bool apic_deliver(struct device *dev, const struct apic_message *message);

/* The CPU's APIC_BASE has changed: address of the page, and APIC_BASE_ENABLE.
 * Without it the pins are INTR and NMI, as if there were no APIC. */
void apic_set_base(struct device *dev, uint64_t base);

/* The CPU got INIT: all but the ID and the base is as after RESET. */
void apic_init(struct device *dev);

#endif
