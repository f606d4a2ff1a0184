/* An ISA card at 300h on a bare bus, with what a driver does. */
#ifndef TESTS_DEVICES_NE2000_RIG_H
#define TESTS_DEVICES_NE2000_RIG_H

#include <string.h>

#include "devices/ne2000.h"
#include "tests/devices/chip.h"
#include "tests/suite.h"

#define BASE       0x300
#define RING_FIRST 0x46 /* pages of the ring, as drivers use them */
#define RING_STOP  0x80
#define BIT_RATE   10000000
#define BYTE_NS    800
#define FRAMING    24 /* bytes around a frame: preamble, CRC, gap */
#define MS         UINT64_C(1000000)

struct rig {
    struct bus *ports;
    struct clock *clock;
    struct device *dev;
    struct ne2000 *card;
    struct wire irq;
    struct host_net host;
    uint8_t sent[HOST_NET_FRAME_MOST]; /* the last of `frames` */
    size_t sent_bytes;
    uint64_t sent_ns;
    unsigned frames;
};

static struct rig rig;

static const uint8_t station[6] = {0x52, 0x54, 0x00, 0x12, 0x34, 0x56};

static inline void rig_take_frame(struct host_net *self, const uint8_t *frame,
                                  size_t bytes, uint64_t now_ns)
{
    struct rig *r = CONTAINER_OF(self, struct rig, host);

    ck_assert_uint_le(bytes, sizeof(r->sent));
    memcpy(r->sent, frame, bytes);
    r->sent_bytes = bytes;
    r->sent_ns = now_ns;
    r->frames++;
}

static inline void rig_setup(void)
{
    struct ne2000_isa_config config = {
        .card = {.name = "nic", .bits_per_sec = BIT_RATE},
        .base = BASE,
        .irq_number = 9,
        .irq = wire_line(&rig.irq, 0),
    };

    memset(&rig, 0, sizeof(rig));
    rig.host.send = rig_take_frame;
    ck_assert_int_eq(bus_create(&rig.ports), STATUS_OK);
    ck_assert_int_eq(clock_create(&rig.clock, 1000000000), STATUS_OK);
    config.ports = rig.ports;
    config.card.clock = rig.clock;
    config.card.host = &rig.host;
    memcpy(config.card.address, station, sizeof(station));
    ck_assert_int_eq(ne2000_isa_create(&config, &rig.dev, &rig.card),
                     STATUS_OK);
}

static inline void rig_teardown(void)
{
    device_destroy(rig.dev);
    clock_destroy(rig.clock);
    bus_destroy(rig.ports);
}

static inline void put(unsigned reg, unsigned value)
{
    bus_write(rig.ports, BASE + reg, value, 1);
}

static inline unsigned get(unsigned reg)
{
    return bus_read(rig.ports, BASE + reg, 1);
}

static inline void put16(unsigned reg, unsigned value)
{
    put(reg, value & 0xff);
    put(reg + 1, value >> 8);
}

/* What a driver does to start the card, in word mode; interrupts are off. */
static inline void start_card(unsigned rcr)
{
    put(0, 0x21);
    put(0x0e, 0x49);
    put16(0x0a, 0);
    put(0x0c, rcr);
    put(0x0d, 0x02);
    put(1, RING_FIRST);
    put(2, RING_STOP);
    put(3, RING_FIRST);
    put(7, 0xff);
    put(0, 0x61);
    for (unsigned i = 0; i < 6; i++)
        put(1 + i, station[i]);
    put(7, RING_FIRST + 1);
    put(0, 0x22);
    put(0x0d, 0);
}

static inline void start_remote(unsigned command, unsigned address,
                                unsigned bytes)
{
    put16(0x08, address);
    put16(0x0a, bytes);
    put(0, command);
}

/* By words; `bytes` is even. */
static inline void upload(unsigned address, const uint8_t *data, unsigned bytes)
{
    start_remote(0x12, address, bytes);
    for (unsigned i = 0; i < bytes; i += 2)
        bus_write(rig.ports, BASE + 0x10, data[i] | data[i + 1] * 256u, 2);
}

static inline void download(unsigned address, uint8_t *data, unsigned bytes)
{
    start_remote(0x0a, address, bytes);
    for (unsigned i = 0; i < bytes; i += 2) {
        unsigned word = bus_read(rig.ports, BASE + 0x10, 2);

        data[i] = (uint8_t)word;
        data[i + 1] = (uint8_t)(word >> 8);
    }
}

/* A frame to `to` whose bytes tell their places. */
static inline void make_frame(uint8_t *frame, const uint8_t *to, size_t bytes)
{
    memcpy(frame, to, 6);
    for (size_t i = 6; i < bytes; i++)
        frame[i] = (uint8_t)(i * 7 + i / 256);
}

/* Lets it come in. */
static inline void receive(const uint8_t *frame, size_t bytes)
{
    ck_assert(ne2000_receive(rig.card, frame, bytes));
    run_for(rig.clock, (bytes + FRAMING + 60) * BYTE_NS);
}

static inline unsigned get_curr(void)
{
    unsigned page;

    put(0, 0x62);
    page = get(7);
    put(0, 0x22);
    return page;
}

#endif
