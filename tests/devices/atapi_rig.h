/* A CD drive (or a disk) behind the bus master, on a bare bus. */
#ifndef TESTS_DEVICES_ATAPI_RIG_H
#define TESTS_DEVICES_ATAPI_RIG_H

#include "core/mem.h"
#include "devices/ata_dma.h"
#include "tests/devices/ata_rig.h"

#define BM         0xc000
#define BM_STATUS  (BM + 2)
#define BM_TABLE   (BM + 4)
#define RAM        0x100000u
#define CD_SECTORS 300u
#define MASTER     0xa0

static struct mem *mem;
static struct device *engine;
static struct fake_block disc;

static inline void create_dma(struct host_block *medium, bool cd)
{
    struct ata_dma_config dma = {
        .name = "dma",
        .irq = {{take_irq, NULL, 14}},
    };
    struct ata_config config = {
        .name = "ata0",
        .base = BASE,
        .control = CONTROL,
        .units = {{.medium = medium, .cd = cd}},
    };

    irq_level = false;
    irq_edges = 0;
    ck_assert_int_eq(mem_create(&mem, RAM), STATUS_OK);
    mem_map_host(mem, 0, RAM, mem->ram);
    ck_assert_int_eq(bus_create(&ports), STATUS_OK);
    ck_assert_int_eq(clock_create(&timer, 100000000), STATUS_OK);
    dma.mem = mem;
    ck_assert_int_eq(ata_dma_create(&dma, &engine), STATUS_OK);
    ck_assert_int_eq(bus_map(ports, BM, 16, &ata_dma_ops, engine), STATUS_OK);
    config.ports = ports;
    config.clock = timer;
    config.master = ata_dma_master(engine, 0);
    config.irq = ata_dma_irq(engine, 0);
    ck_assert_int_eq(ata_create(&config, &ata), STATUS_OK);
    ata_dma_plug(engine, 0, ata);
}

static inline void destroy_dma(void)
{
    device_destroy(ata);
    device_destroy(engine);
    clock_destroy(timer);
    bus_destroy(ports);
    mem_destroy(mem);
}

static inline void setup_cd(void)
{
    fake_block_init(&disc, CD_SECTORS * 2048);
    disc.block.read_only = true;
    create_dma(&disc.block, true);
}

static inline void teardown_cd(void)
{
    destroy_dma();
    fake_block_deinit(&disc);
}

/* ---- packets ---- */

static inline uint8_t send_packet(const uint8_t *packet, unsigned features,
                                  unsigned limit)
{
    out(DEVICE, MASTER);
    out(FEATURE, features);
    out(MID, limit & 0xff);
    out(HIGH, limit >> 8);
    out(COMMAND, 0xa0);
    wait_ready();
    if (in(CONTROL) != 0x58)
        return in(STATUS);
    ck_assert_uint_eq(in(COUNT), 1);
    ck_assert(!irq_level);
    for (unsigned i = 0; i < 12; i += 2)
        bus_write(ports, DATA, packet[i] | (unsigned)packet[i + 1] << 8, 2);
    wait_ready();
    return in(CONTROL);
}

/* Takes all that the drive sends by PIO -> bytes; checks every block. */
static inline unsigned take_all(uint8_t *to, unsigned room, unsigned limit)
{
    unsigned got = 0;

    while (in(CONTROL)&8) {
        unsigned bytes = in(MID) + 256u * in(HIGH);

        ck_assert(irq_level);
        ck_assert_uint_eq(in(STATUS), 0x58);
        ck_assert(!irq_level);
        ck_assert_uint_eq(in(COUNT), 2);
        ck_assert_uint_ge(bytes, 1);
        ck_assert_uint_le(bytes, limit);
        ck_assert_uint_le(got + bytes, room);
        for (unsigned i = 0; i < bytes; i += 2) {
            unsigned word = bus_read(ports, DATA, 2);

            to[got + i] = (uint8_t)word;
            if (i + 1 < bytes)
                to[got + i + 1] = (uint8_t)(word >> 8);
        }
        got += bytes;
        wait_ready();
    }
    ck_assert(irq_level);
    ck_assert_uint_eq(in(COUNT), 3);
    return got;
}

/* Runs a packet whose data come in -> bytes, or -1 after an error. */
static inline int packet_in(const uint8_t *packet, uint8_t *to, unsigned room,
                            unsigned limit)
{
    unsigned got;

    send_packet(packet, 0, limit);
    got = take_all(to, room, limit);
    return in(STATUS)&1 ? -1 : (int)got;
}

/* -> key << 16 | ASC << 8 | ASCQ */
static inline unsigned sense(void)
{
    static const uint8_t packet[12] = {0x03, 0, 0, 0, 18};
    uint8_t data[18];

    ck_assert_int_eq(packet_in(packet, data, 18, 18), 18);
    return (unsigned)data[2] << 16 | (unsigned)data[12] << 8 | data[13];
}

static inline unsigned run_packet(uint8_t code, uint8_t byte1, uint8_t byte4)
{
    const uint8_t packet[12] = {code, byte1, 0, 0, byte4};
    uint8_t data[64];

    return packet_in(packet, data, sizeof(data), 64) < 0 ? sense() : 0;
}

/* Takes the attention of power-on away. */
static inline void settle(void)
{
    ck_assert_uint_eq(run_packet(0x00, 0, 0), 0x062900);
    ck_assert_uint_eq(run_packet(0x00, 0, 0), 0);
}

#endif
