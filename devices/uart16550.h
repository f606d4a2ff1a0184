/* National Semiconductor PC16550D UART: the PC's serial port.
 *
 * Datasheet: PC16550D, June 1995, sections 6 to 8.
 * Modelled:  all registers, both FIFOs with trigger levels and time-out,
 *            interrupt priorities, line errors and break, modem lines,
 *            loopback, OUT2 as the board's interrupt gate, character times.
 * Missing:   DMA pins (RXRDY, TXRDY).
 *
 * Received bytes wait in a queue outside the chip and arrive one a character
 * time; as long as the receiver is full they wait, as a peer with hardware
 * handshake does. uart16550_arrive() does not wait: it can overrun. */
#ifndef DEVICES_UART16550_H
#define DEVICES_UART16550_H

#include "core/bus.h"
#include "core/clock.h"
#include "core/device.h"
#include "core/host.h"
#include "core/irq.h"

#define UART16550_QUEUE_BYTES 4096

/* Modem lines, as in MSR bits 4-7 and MCR bits 0-3. */
enum {
    UART16550_CTS = 0x10,
    UART16550_DSR = 0x20,
    UART16550_RI = 0x40,
    UART16550_DCD = 0x80,
    UART16550_DTR = 0x01,
    UART16550_RTS = 0x02,
};

/* What came with a byte, as in LSR. */
enum {
    UART16550_PARITY_ERROR = 0x04,
    UART16550_FRAMING_ERROR = 0x08,
    UART16550_BREAK = 0x10,
};

struct uart16550_config {
    const char *name;       /* instance name; borrowed */
    struct bus *ports;      /* borrowed */
    struct clock *clock;    /* borrowed */
    paddr base;             /* first of 8 ports, e.g. 0x3f8 */
    struct irq_line irq;    /* copied */
    struct host_char *host; /* borrowed; NULL = nothing plugged in: CTS, DSR
                               and DCD are low, else they are high */
    unsigned haste;         /* characters take this much less time than their
                               baud rate says, but coming in no less than at
                               115200 baud; going out 4 us at most; 0 = 1 */
};

/* Creates the chip in its power-on state and claims its ports.
 * Errors: NO_MEMORY, OVERLAP. On error *out is NULL and nothing is claimed.
 * The caller owns *out. */
enum status uart16550_create(const struct uart16550_config *config,
                             struct device **out);

/* A byte from outside. False if the queue is full: the byte is not taken. */
bool uart16550_receive(struct device *dev, uint8_t byte);

/* How many bytes the queue still takes. */
unsigned uart16550_room(const struct device *dev);

/* A character with its errors (OR of those above) ends on the wire now. */
void uart16550_arrive(struct device *dev, uint8_t byte, unsigned errors);

/* Levels of CTS, DSR, RI, DCD from now on. */
void uart16550_set_modem(struct device *dev, unsigned lines);

/* Levels of the DTR and RTS outputs. */
unsigned uart16550_modem(const struct device *dev);

#endif
