/* An ATA channel on a bare bus, with disks in memory and a clock that the tests
 * turn. */
#ifndef TESTS_DEVICES_ATA_RIG_H
#define TESTS_DEVICES_ATA_RIG_H

#include <stdio.h>
#include <string.h>

#include "devices/ata.h"
#include "tests/fake_block.h"
#include "tests/suite.h"

#define BASE    0x1f0
#define DATA    BASE
#define ERROR   (BASE + 1)
#define FEATURE (BASE + 1)
#define COUNT   (BASE + 2)
#define LOW     (BASE + 3)
#define MID     (BASE + 4)
#define HIGH    (BASE + 5)
#define DEVICE  (BASE + 6)
#define STATUS  (BASE + 7)
#define COMMAND (BASE + 7)
#define CONTROL 0x3f6

#define LBA_MASTER 0xe0
#define CHS_MASTER 0xa0
#define SLAVE      0x10

#define MS      1000000u
#define SECTORS 20160u /* 20 cylinders of 16 x 63 */

static struct bus *ports;
static struct clock *timer;
static struct device *ata;
static struct fake_block disk, second;
static bool irq_level;
static unsigned irq_edges;

static inline void take_irq(void *sink, unsigned pin, bool level)
{
    (void)sink;
    (void)pin;
    if (level && !irq_level)
        irq_edges++;
    irq_level = level;
}

static inline void create(struct host_block *master, struct host_block *slave)
{
    struct ata_config config = {
        .name = "ata0",
        .base = BASE,
        .control = CONTROL,
        .irq = {take_irq, NULL, 14},
        .units = {{.medium = master}, {.medium = slave, .serial = "ABC"}},
    };

    irq_level = false;
    irq_edges = 0;
    ck_assert_int_eq(bus_create(&ports), STATUS_OK);
    ck_assert_int_eq(clock_create(&timer, 100000000), STATUS_OK);
    config.ports = ports;
    config.clock = timer;
    ck_assert_int_eq(ata_create(&config, &ata), STATUS_OK);
}

static inline void destroy(void)
{
    device_reset(ata);
    device_destroy(ata);
    ck_assert_uint_eq(clock_next_ns(timer), CLOCK_NEVER);
    ck_assert_uint_eq(bus_read(ports, STATUS, 1), 0xff);
    clock_destroy(timer);
    bus_destroy(ports);
}

static inline void setup(void)
{
    fake_block_init(&disk, SECTORS * 512);
    create(&disk.block, NULL);
}

static inline void teardown(void)
{
    destroy();
    fake_block_deinit(&disk);
}

static inline void setup_two(void)
{
    fake_block_init(&second, 100 * 512);
    fake_block_init(&disk, SECTORS * 512);
    create(&disk.block, &second.block);
}

static inline void teardown_two(void)
{
    teardown();
    fake_block_deinit(&second);
}

static inline uint8_t in(unsigned port)
{
    return (uint8_t)bus_read(ports, port, 1);
}

static inline void out(unsigned port, unsigned value)
{
    bus_write(ports, port, value, 1);
}

static inline unsigned low_address(void)
{
    return in(LOW) + 256u * in(MID);
}

static inline void run_ns(uint64_t ns)
{
    uint64_t end = clock_now_ns(timer) + ns;

    while (clock_next_ns(timer) <= end) {
        clock_skip_to(timer, clock_next_ns(timer));
        clock_fire(timer);
    }
    clock_skip_to(timer, end);
}

/* Waits out BSY as a polling driver does; the alternate status leaves the
 * interrupt alone. */
static inline uint8_t wait_ready(void)
{
    for (unsigned i = 0; i < 1000 && (in(CONTROL)&0x80); i++) {
        clock_skip_to(timer, clock_next_ns(timer));
        clock_fire(timer);
    }
    ck_assert_uint_eq(in(CONTROL)&0x80, 0);
    return in(CONTROL);
}

static inline void address(unsigned device, uint32_t lba, unsigned count)
{
    out(DEVICE, device | (lba >> 24 & 15));
    out(COUNT, count);
    out(LOW, lba & 0xff);
    out(MID, lba >> 8 & 0xff);
    out(HIGH, lba >> 16 & 0xff);
}

static inline void command(uint8_t byte)
{
    out(COMMAND, byte);
    ck_assert_uint_eq(in(CONTROL), 0x80);
    wait_ready();
}

/* One to write by PIO: the disk is never busy before the first block. */
static inline void write_command(uint8_t byte)
{
    out(COMMAND, byte);
    ck_assert_uint_eq(in(CONTROL)&0x80, 0);
}

static inline void expect_end(uint8_t status, uint8_t error)
{
    ck_assert_uint_eq(in(CONTROL), status);
    ck_assert(irq_level);
    ck_assert_uint_eq(in(STATUS), status);
    ck_assert(!irq_level);
    ck_assert_uint_eq(in(ERROR), error);
}

static inline void take_block(uint8_t *to, unsigned bytes)
{
    ck_assert_uint_eq(in(STATUS), 0x58);
    for (unsigned i = 0; i < bytes; i += 2) {
        unsigned word = bus_read(ports, DATA, 2);

        to[i] = (uint8_t)word;
        to[i + 1] = (uint8_t)(word >> 8);
    }
}

static inline void give_block(const uint8_t *from, unsigned bytes)
{
    ck_assert_uint_eq(in(STATUS), 0x58);
    for (unsigned i = 0; i < bytes; i += 2)
        bus_write(ports, DATA, from[i] | (unsigned)from[i + 1] << 8, 2);
}

static inline unsigned word_of(const uint8_t *data, unsigned word)
{
    return data[2 * word] | (unsigned)data[2 * word + 1] << 8;
}

static inline const uint8_t *identify(unsigned device)
{
    static uint8_t data[512];

    out(DEVICE, device);
    command(0xec);
    ck_assert(irq_level);
    take_block(data, 512);
    ck_assert_uint_eq(in(STATUS), 0x50);
    return data;
}

static inline void add(Suite *suite, const char *name, void (*up)(void),
                       void (*down)(void), const TTest *const *tests)
{
    TCase *tcase = tcase_create(name);

    if (up)
        tcase_add_checked_fixture(tcase, up, down);
    tcase_set_timeout(tcase, 200);
    for (; *tests; tests++)
        tcase_add_test(tcase, *tests);
    suite_add_tcase(suite, tcase);
}

#endif
