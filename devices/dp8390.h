/* National Semiconductor DP8390D, the network interface controller at the
 * heart of NE2000 cards: registers, receive ring, both DMA channels,
 * transmitter, receiver and their loopback. A card embeds it and owns the
 * memory, the ports and the wire.
 *
 * Datasheet: DP8390D/NS32490D (TL/F/8582, July 1995), sections 6-12; AN-937
 *            for loopback; the rule that tells a full ring from an empty one
 *            as the 83C795's datasheet words it (section 8).
 * Modelled:  register pages 0-2; remote read, write and send packet with their
 *            counts and the wrap at PSTOP; transmission and reception at the
 *            wire's speed; address filters (physical, broadcast, multicast
 *            hash, promiscuous, monitor); ring headers, linking, overflow;
 *            tally counters; interrupts; loopback through the FIFO.
 * Missing:   collisions and errors of the medium (frames arrive intact, TSR
 *            never tells of trouble), BOS outside of loopback, LAS, FIFO
 *            thresholds, the FIFO outside of loopback. */
#ifndef DEVICES_DP8390_H
#define DEVICES_DP8390_H

#include "core/clock.h"
#include "core/host.h"
#include "core/log.h"
#include "devices/ether.h"

#define DP8390_REGISTERS 16
#define DP8390_FIFO      8
#define DP8390_TALLIES   3

/* What the card around it gives and gets. Addresses are those of the chip's
 * local bus; any value comes. */
struct dp8390_card {
    uint8_t (*load)(void *card, uint16_t address);
    void (*store)(void *card, uint16_t address, uint8_t value);
    void (*send)(void *card, const uint8_t *frame, size_t bytes);
    void (*interrupt)(void *card, bool level); /* the INT pin */
    void (*freed)(void *card); /* the ring may have room that it had not */
};

struct dp8390_config {
    const char *name;               /* of the card, for the log; borrowed */
    const struct dp8390_card *card; /* borrowed */
    void *sink;                     /* passed to the above; borrowed */
    struct clock *clock;            /* borrowed */
    struct log *log;                /* borrowed; may be NULL */
    uint64_t bits_per_sec;          /* of the wire */
};

/* Which way the remote DMA goes, while it does. */
enum dp8390_remote {
    DP8390_REMOTE_OFF,
    DP8390_REMOTE_READ,
    DP8390_REMOTE_WRITE,
    DP8390_REMOTE_SEND, /* a packet of the ring, to the host */
};

/* Embedded in a card; the members are for dp8390*.c and for tests. */
struct dp8390 {
    struct dp8390_config config;
    struct clock_event sent; /* the frame has left */

    uint8_t cr, isr, imr, dcr, tcr, rcr, tsr, rsr;
    uint8_t pstart, pstop, bnry, curr, tpsr;
    uint8_t par[ETHER_ADDRESS_BYTES], mar[8];
    uint8_t tally[DP8390_TALLIES];
    uint8_t remote_next, local_next; /* next packet pointers */
    uint16_t tbcr, rsar, rbcr;       /* the last two count */
    uint16_t clda;                   /* where local DMA stands */
    uint8_t remote;                  /* enum dp8390_remote */
    bool running;                    /* started, and not stopped since */
    bool ring_full; /* CURR reached BNRY, and BNRY did not move since */
    uint8_t fifo[DP8390_FIFO];
    uint8_t fifo_at;
    bool told; /* of a misuse; not part of the state */
};

extern const struct state_field dp8390_state[];

/* `config` is copied. End it with dp8390_deinit(). */
void dp8390_init(struct dp8390 *nic, const struct dp8390_config *config);
void dp8390_deinit(struct dp8390 *nic);

/* The RESET pin: stopped, no interrupts; other registers keep their values. */
void dp8390_reset(struct dp8390 *nic);
void dp8390_loaded(struct dp8390 *nic); /* after a load */

/* Register 0..15 of the page that CR selects (page 3: nothing there). */
uint8_t dp8390_read(struct dp8390 *nic, unsigned reg);
void dp8390_write(struct dp8390 *nic, unsigned reg, uint8_t value);
unsigned dp8390_page(const struct dp8390 *nic);

/* One strobe of the data port, as wide as the host's access: 1, 2 or 4 bytes.
 * In byte mode (DCR.WTS = 0) a strobe moves one byte whatever its width, in
 * word mode at least two. */
uint32_t dp8390_read_data(struct dp8390 *nic, unsigned size);
void dp8390_write_data(struct dp8390 *nic, uint32_t value, unsigned size);

/* How long `bytes` of a frame, without its CRC, are on the wire. */
uint64_t dp8390_wire_ns(const struct dp8390 *nic, size_t bytes);

/* A frame of at least 14 bytes, without CRC, has come in. */
void dp8390_receive(struct dp8390 *nic, const uint8_t *frame, size_t bytes);

/* Whether the receiver is connected to the wire: not stopped, not looped
 * back. */
bool dp8390_listens(const struct dp8390 *nic);

/* False: it would overflow the ring now. */
bool dp8390_has_room(const struct dp8390 *nic, const uint8_t *frame,
                     size_t bytes);

#endif
