#include <stdio.h>
#include <string.h>

#include "devices/ata.h"
#include "tests/fake_block.h"
#include "tests/state_copy.h"
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

static void take_irq(void *sink, unsigned pin, bool level)
{
    (void)sink;
    (void)pin;
    if (level && !irq_level)
        irq_edges++;
    irq_level = level;
}

static void create(struct host_block *master, struct host_block *slave)
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

static void destroy(void)
{
    device_reset(ata);
    device_destroy(ata);
    ck_assert_uint_eq(clock_next_ns(timer), CLOCK_NEVER);
    ck_assert_uint_eq(bus_read(ports, STATUS, 1), 0xff);
    clock_destroy(timer);
    bus_destroy(ports);
}

static void setup(void)
{
    fake_block_init(&disk, SECTORS * 512);
    create(&disk.block, NULL);
}

static void teardown(void)
{
    destroy();
    fake_block_deinit(&disk);
}

static void setup_two(void)
{
    fake_block_init(&second, 100 * 512);
    fake_block_init(&disk, SECTORS * 512);
    create(&disk.block, &second.block);
}

static void teardown_two(void)
{
    teardown();
    fake_block_deinit(&second);
}

static uint8_t in(unsigned port)
{
    return (uint8_t)bus_read(ports, port, 1);
}

static void out(unsigned port, unsigned value)
{
    bus_write(ports, port, value, 1);
}

static unsigned low_address(void)
{
    return in(LOW) + 256u * in(MID);
}

static void run_ns(uint64_t ns)
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
static uint8_t wait_ready(void)
{
    for (unsigned i = 0; i < 1000 && (in(CONTROL)&0x80); i++) {
        clock_skip_to(timer, clock_next_ns(timer));
        clock_fire(timer);
    }
    ck_assert_uint_eq(in(CONTROL)&0x80, 0);
    return in(CONTROL);
}

static void address(unsigned device, uint32_t lba, unsigned count)
{
    out(DEVICE, device | (lba >> 24 & 15));
    out(COUNT, count);
    out(LOW, lba & 0xff);
    out(MID, lba >> 8 & 0xff);
    out(HIGH, lba >> 16 & 0xff);
}

static void command(uint8_t byte)
{
    out(COMMAND, byte);
    ck_assert_uint_eq(in(CONTROL), 0x80);
    wait_ready();
}

static void expect_end(uint8_t status, uint8_t error)
{
    ck_assert_uint_eq(in(CONTROL), status);
    ck_assert(irq_level);
    ck_assert_uint_eq(in(STATUS), status);
    ck_assert(!irq_level);
    ck_assert_uint_eq(in(ERROR), error);
}

static void take_block(uint8_t *to, unsigned bytes)
{
    ck_assert_uint_eq(in(STATUS), 0x58);
    for (unsigned i = 0; i < bytes; i += 2) {
        unsigned word = bus_read(ports, DATA, 2);

        to[i] = (uint8_t)word;
        to[i + 1] = (uint8_t)(word >> 8);
    }
}

static void give_block(const uint8_t *from, unsigned bytes)
{
    ck_assert_uint_eq(in(STATUS), 0x58);
    for (unsigned i = 0; i < bytes; i += 2)
        bus_write(ports, DATA, from[i] | (unsigned)from[i + 1] << 8, 2);
}

static unsigned word_of(const uint8_t *data, unsigned word)
{
    return data[2 * word] | (unsigned)data[2 * word + 1] << 8;
}

static const uint8_t *identify(unsigned device)
{
    static uint8_t data[512];

    out(DEVICE, device);
    command(0xec);
    ck_assert(irq_level);
    take_block(data, 512);
    ck_assert_uint_eq(in(STATUS), 0x50);
    return data;
}

/* ---- identity ---- */

START_TEST(identify_tells_the_truth)
{
    const uint8_t *data = identify(LBA_MASTER);
    uint8_t sum = 0;

    ck_assert_uint_eq(word_of(data, 0), 0x40);
    ck_assert_uint_eq(word_of(data, 1), 20);
    ck_assert_uint_eq(word_of(data, 3), 16);
    ck_assert_uint_eq(word_of(data, 6), 63);
    ck_assert_mem_eq(data + 54, "IVRTNI EAHDRIDKS", 16);
    ck_assert_mem_eq(data + 20, "TV00100F", 8);
    ck_assert_uint_eq(word_of(data, 49), 0x0a00); /* LBA, IORDY, no DMA */
    ck_assert_uint_eq(word_of(data, 53), 3);
    ck_assert_uint_eq(word_of(data, 54), 20);
    ck_assert_uint_eq(word_of(data, 55), 16);
    ck_assert_uint_eq(word_of(data, 56), 63);
    ck_assert_uint_eq(word_of(data, 57), SECTORS);
    ck_assert_uint_eq(word_of(data, 60), SECTORS);
    ck_assert_uint_eq(word_of(data, 100), SECTORS);
    ck_assert_uint_eq(word_of(data, 63), 0);
    ck_assert_uint_eq(word_of(data, 88), 0);
    ck_assert_uint_eq(word_of(data, 59), 0);
    for (unsigned i = 0; i < 512; i++)
        sum = (uint8_t)(sum + data[i]);
    ck_assert_uint_eq(sum, 0);
    out(COUNT, 8);
    command(0xc6);
    expect_end(0x50, 0);
    ck_assert_uint_eq(word_of(identify(LBA_MASTER), 59), 0x108);
}
END_TEST

/* What IDENTIFY offers works, what it does not offer aborts. */
START_TEST(features_match_identify)
{
    static const uint8_t absent[] = {0xc8, 0xca, 0x25, 0x35, 0xc7, 0xa0, 0xa1,
                                     0x08, 0xb0, 0xf1, 0x92, 0x50, 0xee, 0x00};

    static const uint8_t accepted[] = {0x02, 0xaa, 0x33, 0x99,
                                       0x44, 0xbb, 0x66};

    for (size_t i = 0; i < sizeof(absent); i++) {
        address(LBA_MASTER, 0, 1);
        command(absent[i]);
        expect_end(0x51, 0x04);
    }
    out(FEATURE, 0x82);
    command(0xef);
    expect_end(0x50, 0);
    out(FEATURE, 0x55);
    command(0xef);
    expect_end(0x50, 0);
    ck_assert_uint_eq(word_of(identify(LBA_MASTER), 85) & 0x60, 0);
    out(FEATURE, 0x03);
    out(COUNT, 0x0c); /* PIO 4 */
    command(0xef);
    expect_end(0x50, 0);
    out(COUNT, 0x42); /* ultra DMA 2 */
    command(0xef);
    expect_end(0x51, 0x04);
    out(FEATURE, 0x5f);
    command(0xef);
    expect_end(0x51, 0x04);
    for (size_t i = 0; i < sizeof(accepted); i++) {
        out(FEATURE, accepted[i]);
        command(0xef);
        expect_end(0x50, 0);
    }
    ck_assert_uint_eq(word_of(identify(LBA_MASTER), 85) & 0x60, 0x60);
}
END_TEST

/* After SET FEATURES CCh a software reset is one to power-on settings. */
START_TEST(revert_on_reset)
{
    out(COUNT, 4);
    command(0xc6);
    expect_end(0x50, 0);
    out(CONTROL, 0x04);
    out(CONTROL, 0x00);
    run_ns(2 * MS);
    ck_assert_uint_eq(word_of(identify(LBA_MASTER), 59), 0x104);
    out(FEATURE, 0xcc);
    command(0xef);
    expect_end(0x50, 0);
    out(CONTROL, 0x04);
    out(CONTROL, 0x00);
    run_ns(2 * MS);
    ck_assert_uint_eq(word_of(identify(LBA_MASTER), 59), 0);
}
END_TEST

/* ---- reading and writing ---- */

START_TEST(read_by_lba_and_by_chs)
{
    uint8_t data[512];

    address(LBA_MASTER, 12345, 1);
    out(COMMAND, 0x20);
    ck_assert_uint_eq(in(CONTROL), 0x80);
    ck_assert(!irq_level);
    wait_ready();
    ck_assert(irq_level);
    take_block(data, 512);
    ck_assert_mem_eq(data, disk.data + 12345 * 512, 512);
    ck_assert_uint_eq(in(STATUS), 0x50);
    ck_assert(!irq_level);
    ck_assert_uint_eq(in(COUNT), 0);
    ck_assert_uint_eq(in(LOW), 12345 & 0xff);
    /* cylinder 12, head 3, sector 60 */
    out(DEVICE, CHS_MASTER | 3);
    out(COUNT, 1);
    out(LOW, 60);
    out(MID, 12);
    out(HIGH, 0);
    command(0x21);
    take_block(data, 512);
    ck_assert_mem_eq(data, disk.data + ((12 * 16 + 3) * 63 + 59) * 512, 512);
    ck_assert_uint_eq(in(LOW), 60);
    ck_assert_uint_eq(in(DEVICE), 0xa3);
}
END_TEST

START_TEST(read_many_interrupts_for_each)
{
    uint8_t data[512];

    address(LBA_MASTER, 100, 0); /* 256 */
    command(0x20);
    for (unsigned i = 0; i < 256; i++) {
        ck_assert(irq_level);
        take_block(data, 512);
        ck_assert_mem_eq(data, disk.data + (100 + i) * 512, 512);
        if (i < 255) {
            ck_assert_uint_eq(in(CONTROL), 0x80);
            wait_ready();
        }
    }
    ck_assert_uint_eq(in(STATUS), 0x50);
    ck_assert_uint_eq(irq_edges, 256);
    ck_assert_uint_eq(low_address(), 355);
}
END_TEST

START_TEST(chs_runs_over_heads_and_cylinders)
{
    uint8_t data[512];

    out(DEVICE, CHS_MASTER | 15);
    out(COUNT, 3);
    out(LOW, 62);
    out(MID, 4);
    out(HIGH, 0);
    command(0x20);
    for (unsigned i = 0; i < 3; i++) {
        take_block(data, 512);
        ck_assert_mem_eq(data, disk.data + ((4 * 16 + 15) * 63 + 61 + i) * 512,
                         512);
        wait_ready();
    }
    ck_assert_uint_eq(in(LOW), 1);
    ck_assert_uint_eq(in(MID), 5);
    ck_assert_uint_eq(in(DEVICE), 0xa0);
}
END_TEST

START_TEST(data_port_takes_all_widths)
{
    uint8_t data[512];

    address(LBA_MASTER, 7, 1);
    command(0x20);
    for (unsigned i = 0; i < 256; i += 4) {
        uint32_t value = bus_read(ports, DATA, 4);

        memcpy(data + i, &(uint8_t){(uint8_t)value}, 1);
        data[i + 1] = (uint8_t)(value >> 8);
        data[i + 2] = (uint8_t)(value >> 16);
        data[i + 3] = (uint8_t)(value >> 24);
    }
    for (unsigned i = 256; i < 510; i++)
        data[i] = in(DATA);
    /* a double word at the end brings what is left */
    data[510] = (uint8_t)bus_read(ports, DATA, 2);
    ck_assert_uint_eq(in(CONTROL), 0x50);
    ck_assert_mem_eq(data, disk.data + 7 * 512, 510);
    ck_assert_uint_eq(bus_read(ports, DATA, 4), 0xffffffff);
    address(LBA_MASTER, 7, 1);
    command(0x20);
    for (unsigned i = 0; i < 127; i++)
        bus_read(ports, DATA, 4);
    bus_read(ports, DATA, 2);
    ck_assert_uint_eq(in(CONTROL), 0x58);
    ck_assert_uint_eq(bus_read(ports, DATA, 4),
                      disk.data[7 * 512 + 510] |
                          (uint32_t)disk.data[7 * 512 + 511] << 8);
    ck_assert_uint_eq(in(CONTROL), 0x50);
}
END_TEST

START_TEST(write_interrupts_after_each)
{
    uint8_t data[512];

    address(LBA_MASTER, 500, 3);
    command(0x30);
    ck_assert(!irq_level); /* the first block is asked for silently */
    for (unsigned i = 0; i < 3; i++) {
        memset(data, (int)(0x40 + i), sizeof(data));
        give_block(data, 512);
        ck_assert_uint_eq(in(CONTROL), 0x80);
        ck_assert(!irq_level);
        wait_ready();
        ck_assert(irq_level);
        ck_assert_mem_eq(disk.data + (500 + i) * 512, data, 512);
    }
    ck_assert_uint_eq(in(STATUS), 0x50);
    ck_assert_uint_eq(irq_edges, 3);
    ck_assert_uint_eq(disk.flushes, 0);
    ck_assert_uint_eq(disk.data[503 * 512], 503 & 0xff);
}
END_TEST

START_TEST(without_write_cache_every_write_is_flushed)
{
    uint8_t data[512] = {0};

    out(FEATURE, 0x82);
    command(0xef);
    expect_end(0x50, 0);
    ck_assert_uint_eq(disk.flushes, 1);
    address(LBA_MASTER, 500, 1);
    command(0x30);
    give_block(data, 512);
    wait_ready();
    expect_end(0x50, 0);
    ck_assert_uint_eq(disk.flushes, 2);
}
END_TEST

START_TEST(multiple_moves_blocks)
{
    uint8_t data[16 * 512];

    address(LBA_MASTER, 200, 10);
    command(0xc4);
    expect_end(0x51, 0x04); /* not set yet */
    out(COUNT, 4);
    command(0xc6);
    expect_end(0x50, 0);
    irq_edges = 0;
    address(LBA_MASTER, 200, 10);
    command(0xc4);
    for (unsigned i = 0; i < 10; i += 4) {
        unsigned count = i < 8 ? 4 : 2;

        take_block(data, count * 512);
        ck_assert_mem_eq(data, disk.data + (200 + i) * 512, count * 512);
        wait_ready();
    }
    ck_assert_uint_eq(in(STATUS), 0x50);
    ck_assert_uint_eq(irq_edges, 3);
    memset(data, 0x77, sizeof(data));
    address(LBA_MASTER, 300, 10);
    command(0xc5);
    for (unsigned i = 0; i < 10; i += 4) {
        give_block(data, (i < 8 ? 4 : 2) * 512);
        wait_ready();
    }
    expect_end(0x50, 0);
    ck_assert_uint_eq(disk.data[310 * 512 - 1], 0x77);
    ck_assert_uint_eq(disk.data[310 * 512], 310 & 0xff);
    out(COUNT, 3);
    command(0xc6);
    expect_end(0x51, 0x04);
    out(COUNT, 32);
    command(0xc6);
    expect_end(0x51, 0x04);
    out(COUNT, 0);
    command(0xc6);
    expect_end(0x50, 0);
    address(LBA_MASTER, 200, 10);
    command(0xc5);
    expect_end(0x51, 0x04);
}
END_TEST

static void address48(uint64_t lba, unsigned count)
{
    out(DEVICE, LBA_MASTER);
    out(COUNT, count >> 8);
    out(LOW, lba >> 24 & 0xff);
    out(MID, lba >> 32 & 0xff);
    out(HIGH, lba >> 40 & 0xff);
    out(COUNT, count & 0xff);
    out(LOW, lba & 0xff);
    out(MID, lba >> 8 & 0xff);
    out(HIGH, lba >> 16 & 0xff);
}

START_TEST(extended_commands)
{
    uint8_t data[512];

    address48(300, 2);
    command(0x24);
    for (unsigned i = 0; i < 2; i++) {
        take_block(data, 512);
        ck_assert_mem_eq(data, disk.data + (300 + i) * 512, 512);
        wait_ready();
    }
    address48(0x123456789abc, 0x0102);
    command(0x24);
    expect_end(0x51, 0x10);
    ck_assert_uint_eq(in(LOW), 0xbc);
    out(CONTROL, 0x80);
    ck_assert_uint_eq(in(LOW), 0x56);
    ck_assert_uint_eq(in(MID), 0x34);
    ck_assert_uint_eq(in(HIGH), 0x12);
    ck_assert_uint_eq(in(COUNT), 0x01);
    out(FEATURE, 0); /* any write shows the lower half again */
    ck_assert_uint_eq(in(COUNT), 0x02);
    address48(400, 1);
    command(0x34);
    memset(data, 0xab, sizeof(data));
    give_block(data, 512);
    wait_ready();
    expect_end(0x50, 0);
    ck_assert_uint_eq(disk.data[400 * 512], 0xab);
    command(0x27);
    expect_end(0x50, 0);
    ck_assert_uint_eq(low_address(), SECTORS - 1);
    command(0xea);
    expect_end(0x50, 0);
    ck_assert_uint_eq(disk.flushes, 1);
}
END_TEST

START_TEST(long_commands_carry_ecc)
{
    uint8_t data[516], again[516];

    for (unsigned n = 0; n < 2; n++) {
        uint8_t *to = n ? again : data;

        address(LBA_MASTER, 50, 1);
        command(0x22);
        take_block(to, 512);
        for (unsigned i = 512; i < 516; i++) {
            ck_assert_uint_eq(in(CONTROL), 0x58);
            to[i] = in(DATA);
        }
        ck_assert_uint_eq(in(STATUS), 0x50);
    }
    ck_assert_mem_eq(data, again, 516);
    ck_assert_mem_eq(data, disk.data + 50 * 512, 512);
    data[3] ^= 1;
    address(LBA_MASTER, 50, 1);
    command(0x32);
    give_block(data, 512);
    ck_assert_uint_eq(in(CONTROL), 0x58);
    for (unsigned i = 512; i < 516; i++)
        out(DATA, data[i]);
    wait_ready();
    expect_end(0x50, 0);
    ck_assert_mem_eq(data, disk.data + 50 * 512, 512);
}
END_TEST

START_TEST(verify_seek_and_recalibrate)
{
    unsigned before = disk.reads;

    address(LBA_MASTER, 0, 0);
    command(0x40);
    expect_end(0x50, 0);
    ck_assert_uint_gt(disk.reads, before);
    address48(10, 1);
    command(0x42);
    expect_end(0x50, 0);
    address(LBA_MASTER, SECTORS - 1, 1);
    command(0x70);
    expect_end(0x50, 0);
    address(LBA_MASTER, SECTORS, 1);
    command(0x7f);
    expect_end(0x51, 0x10);
    command(0x10);
    expect_end(0x50, 0);
    command(0x1f);
    expect_end(0x50, 0);
}
END_TEST

START_TEST(buffer_commands)
{
    uint8_t data[512], back[512];

    for (unsigned i = 0; i < 512; i++)
        data[i] = (uint8_t)(i * 11);
    command(0xe8);
    give_block(data, 512);
    wait_ready();
    expect_end(0x50, 0);
    command(0xe4);
    take_block(back, 512);
    ck_assert_mem_eq(data, back, 512);
    ck_assert_uint_eq(disk.writes, 0);
}
END_TEST

START_TEST(translation)
{
    uint8_t data[512];

    out(DEVICE, CHS_MASTER | 7);
    out(COUNT, 17);
    command(0x91);
    expect_end(0x50, 0);
    ck_assert_uint_eq(word_of(identify(CHS_MASTER), 54), SECTORS / 136);
    ck_assert_uint_eq(word_of(identify(CHS_MASTER), 55), 8);
    ck_assert_uint_eq(word_of(identify(CHS_MASTER), 56), 17);
    ck_assert_uint_eq(word_of(identify(CHS_MASTER), 1), 20);
    out(DEVICE, CHS_MASTER | 7);
    out(COUNT, 1);
    out(LOW, 17);
    out(MID, 100);
    out(HIGH, 0);
    command(0x20);
    take_block(data, 512);
    ck_assert_mem_eq(data, disk.data + ((100 * 8 + 7) * 17 + 16) * 512, 512);
    out(COUNT, 0);
    command(0x91);
    expect_end(0x51, 0x04);
    /* SRST keeps it, RESET does not */
    out(CONTROL, 0x04);
    out(CONTROL, 0x00);
    run_ns(2 * MS);
    ck_assert_uint_eq(word_of(identify(CHS_MASTER), 56), 17);
    device_reset(ata);
    ck_assert_uint_eq(word_of(identify(CHS_MASTER), 56), 63);
}
END_TEST

/* ---- errors ---- */

static const struct {
    uint8_t command;
    unsigned device;
    uint32_t address; /* LBA, or cylinder << 8 | sector */
} outside[] = {
    {0x20, LBA_MASTER, SECTORS},    {0x30, LBA_MASTER, SECTORS},
    {0x20, LBA_MASTER, 0x0fffffff}, {0x40, LBA_MASTER, SECTORS},
    {0x22, LBA_MASTER, SECTORS},    {0x20, CHS_MASTER, 0x000000},
    {0x20, CHS_MASTER, 0x000040},   {0x20, CHS_MASTER, 0x001401},
    {0x30, CHS_MASTER, 0xffff01},   {0x70, CHS_MASTER, 0x001401},
};

START_TEST(addresses_outside)
{
    for (size_t i = 0; i < ARRAY_LEN(outside); i++) {
        address(outside[i].device, outside[i].address, 1);
        command(outside[i].command);
        expect_end(0x51, 0x10);
    }
    /* the end of the disk inside a transfer: the rest is refused */
    irq_edges = 0;
    address(LBA_MASTER, SECTORS - 1, 2);
    command(0x20);
    take_block((uint8_t[512]){0}, 512);
    wait_ready();
    expect_end(0x51, 0x10);
    ck_assert_uint_eq(in(COUNT), 1);
    ck_assert_uint_eq(low_address(), SECTORS);
    address(LBA_MASTER, SECTORS - 1, 2);
    command(0x30);
    give_block((uint8_t[512]){0}, 512);
    wait_ready();
    expect_end(0x51, 0x10);
    ck_assert_uint_eq(disk.writes, 1);
    out(COUNT, 4);
    command(0xc6);
    expect_end(0x50, 0);
    address(LBA_MASTER, SECTORS - 3, 4);
    command(0xc5);
    give_block((uint8_t[2048]){0}, 2048);
    wait_ready();
    expect_end(0x51, 0x10);
    ck_assert_uint_eq(in(COUNT), 1);
    address(LBA_MASTER, SECTORS - 3, 4);
    command(0x40);
    expect_end(0x51, 0x10);
}
END_TEST

START_TEST(host_failures)
{
    uint8_t data[512] = {0};

    disk.fail_at = 1;
    address(LBA_MASTER, 40, 1);
    command(0x20);
    expect_end(0x51, 0x40);
    ck_assert_uint_eq(in(LOW), 40);
    ck_assert_uint_eq(in(COUNT), 1);
    disk.fail_at = 2;
    address(LBA_MASTER, 40, 3);
    command(0x20);
    take_block(data, 512);
    wait_ready();
    expect_end(0x51, 0x40);
    ck_assert_uint_eq(in(LOW), 41);
    disk.fail_at = 1;
    address(LBA_MASTER, 40, 3);
    command(0x40);
    expect_end(0x51, 0x40);
    disk.fail_with = STATUS_NO_SPACE;
    disk.fail_at = 2;
    address(LBA_MASTER, 40, 3);
    command(0x30);
    give_block(data, 512);
    wait_ready();
    give_block(data, 512);
    wait_ready();
    expect_end(0x71, 0x04);
    ck_assert_uint_eq(in(LOW), 41);
    ck_assert_uint_eq(in(COUNT), 2);
    disk.fail_at = 1;
    command(0xe7);
    expect_end(0x71, 0x04);
    disk.fail_at = 1;
    command(0xe0);
    expect_end(0x71, 0x04);
    command(0xe7);
    expect_end(0x50, 0);
    disk.fail_at = 1;
    out(FEATURE, 0x82);
    command(0xef);
    expect_end(0x51, 0x04);
    disk.fail_at = 2;
    address(LBA_MASTER, 40, 1);
    command(0x30);
    give_block(data, 512);
    wait_ready();
    expect_end(0x71, 0x04); /* the flush that no write cache asks for */
}
END_TEST

START_TEST(read_only_media)
{
    disk.block.read_only = true;
    address(LBA_MASTER, 0, 1);
    command(0x30);
    expect_end(0x51, 0x44);
    command(0xe7);
    expect_end(0x50, 0);
    ck_assert_uint_eq(disk.writes + disk.flushes, 0);
    address(LBA_MASTER, 0, 1);
    command(0x20);
    take_block((uint8_t[512]){0}, 512);
    ck_assert_uint_eq(in(STATUS), 0x50);
}
END_TEST

START_TEST(power_modes)
{
    command(0xe5);
    expect_end(0x50, 0);
    ck_assert_uint_eq(in(COUNT), 0xff);
    command(0xe1);
    expect_end(0x50, 0);
    command(0x98);
    expect_end(0x50, 0);
    ck_assert_uint_eq(in(COUNT), 0x80);
    command(0x94);
    expect_end(0x50, 0);
    command(0xe5);
    expect_end(0x50, 0);
    ck_assert_uint_eq(in(COUNT), 0);
    address(LBA_MASTER, 0, 1); /* wakes it */
    command(0x20);
    take_block((uint8_t[512]){0}, 512);
    command(0xe5);
    expect_end(0x50, 0);
    ck_assert_uint_eq(in(COUNT), 0xff);
    command(0xe6);
    expect_end(0x50, 0);
    out(COMMAND, 0xec); /* asleep: only a reset is heard */
    run_ns(1000 * MS);
    ck_assert(!irq_level);
    out(CONTROL, 0x04);
    out(CONTROL, 0x00);
    run_ns(2 * MS);
    identify(LBA_MASTER);
}
END_TEST

START_TEST(protected_area)
{
    address(LBA_MASTER, 999, 0);
    command(0xf9); /* not after READ NATIVE MAX */
    expect_end(0x51, 0x04);
    command(0xf8);
    expect_end(0x50, 0);
    ck_assert_uint_eq(low_address(), SECTORS - 1);
    address(LBA_MASTER, 999, 1); /* to be kept over power-off */
    command(0xf9);
    expect_end(0x51, 0x04);
    command(0xf8);
    expect_end(0x50, 0);
    address(LBA_MASTER, 999, 0);
    command(0xf9);
    expect_end(0x50, 0);
    ck_assert_uint_eq(word_of(identify(LBA_MASTER), 60), 1000);
    address(LBA_MASTER, 1000, 1);
    command(0x20);
    expect_end(0x51, 0x10);
    command(0xf9); /* a refused one changes nothing */
    expect_end(0x51, 0x04);
    ck_assert_uint_eq(word_of(identify(LBA_MASTER), 60), 1000);
    command(0xf8);
    expect_end(0x50, 0);
    ck_assert_uint_eq(low_address(), SECTORS - 1);
    device_reset(ata);
    ck_assert_uint_eq(word_of(identify(LBA_MASTER), 60), SECTORS);
}
END_TEST

/* ---- channel ---- */

START_TEST(reset_and_diagnostics)
{
    address(LBA_MASTER, 5, 9);
    out(CONTROL, 0x04);
    ck_assert_uint_eq(in(STATUS), 0x80);
    out(COUNT, 0x33);
    run_ns(10 * MS);
    ck_assert_uint_eq(in(STATUS), 0x80);
    out(CONTROL, 0x00);
    ck_assert_uint_eq(in(STATUS), 0x80);
    wait_ready();
    ck_assert_uint_eq(in(STATUS), 0x50);
    ck_assert_uint_eq(in(ERROR), 0x01);
    ck_assert_uint_eq(in(COUNT), 1);
    ck_assert_uint_eq(in(LOW), 1);
    ck_assert_uint_eq(in(MID), 0);
    ck_assert_uint_eq(in(HIGH), 0);
    ck_assert_uint_eq(in(DEVICE), 0xa0);
    ck_assert(!irq_level);
    out(DEVICE, CHS_MASTER | SLAVE);
    out(COMMAND, 0x90); /* to a missing device too */
    ck_assert_uint_eq(in(STATUS), 0x80);
    wait_ready();
    ck_assert(irq_level);
    ck_assert_uint_eq(in(DEVICE), 0xa0);
    expect_end(0x50, 0x01);
    /* a reset in the middle of a transfer */
    address(LBA_MASTER, 5, 9);
    command(0x20);
    bus_read(ports, DATA, 2);
    out(CONTROL, 0x04);
    ck_assert(!irq_level);
    out(CONTROL, 0x00);
    wait_ready();
    ck_assert_uint_eq(in(STATUS), 0x50);
    ck_assert_uint_eq(bus_read(ports, DATA, 2), 0xffff);
}
END_TEST

START_TEST(interrupt_line)
{
    out(CONTROL, 0x02);
    command(0x10);
    ck_assert(!irq_level);
    out(CONTROL, 0x00); /* pending all the while */
    ck_assert(irq_level);
    ck_assert_uint_eq(in(CONTROL), 0x50);
    ck_assert(irq_level);
    out(DEVICE, CHS_MASTER | SLAVE);
    ck_assert(!irq_level);
    out(DEVICE, CHS_MASTER);
    ck_assert(irq_level);
    ck_assert_uint_eq(in(STATUS), 0x50);
    ck_assert(!irq_level);
    command(0x10);
    ck_assert(irq_level);
    out(COMMAND, 0x10); /* a new command clears it */
    ck_assert(!irq_level);
    wait_ready();
}
END_TEST

START_TEST(busy_hears_nothing)
{
    out(COUNT, 0x11);
    out(COMMAND, 0x10);
    out(COUNT, 0x22);
    out(COMMAND, 0xec);
    out(DEVICE, CHS_MASTER | SLAVE);
    wait_ready();
    ck_assert_uint_eq(in(STATUS), 0x50);
    ck_assert_uint_eq(in(COUNT), 0x11);
    address(LBA_MASTER, 0, 1);
    command(0x20);
    out(COMMAND, 0xec); /* nor a command while data waits */
    ck_assert_uint_eq(in(CONTROL), 0x58);
}
END_TEST

START_TEST(missing_slave_is_answered_for)
{
    out(DEVICE, CHS_MASTER | SLAVE);
    ck_assert_uint_eq(in(STATUS), 0);
    ck_assert_uint_eq(in(CONTROL), 0);
    out(COUNT, 0x55);
    ck_assert_uint_eq(in(COUNT), 0x55);
    out(COMMAND, 0xec);
    run_ns(1000 * MS);
    ck_assert_uint_eq(in(STATUS), 0);
    ck_assert(!irq_level);
    ck_assert_uint_eq(bus_read(ports, DATA, 2), 0xffff);
}
END_TEST

START_TEST(two_disks)
{
    uint8_t data[512];

    ck_assert_uint_eq(word_of(identify(LBA_MASTER), 60), SECTORS);
    ck_assert_uint_eq(word_of(identify(LBA_MASTER | SLAVE), 60), 100);
    ck_assert_mem_eq(identify(LBA_MASTER | SLAVE) + 20, "BA C    ", 8);
    address(LBA_MASTER | SLAVE, 42, 1);
    command(0x20);
    take_block(data, 512);
    ck_assert_mem_eq(data, second.data + 42 * 512, 512);
    out(COMMAND, 0x90);
    wait_ready();
    expect_end(0x50, 0x01);
    out(DEVICE, CHS_MASTER | SLAVE);
    ck_assert_uint_eq(in(ERROR), 0x01);
}
END_TEST

START_TEST(empty_channel_floats)
{
    create(NULL, NULL);
    for (unsigned port = BASE + 1; port < BASE + 8; port++) {
        out(port, 0x55);
        ck_assert_uint_eq(in(port), 0x7f);
    }
    ck_assert_uint_eq(in(CONTROL), 0x7f);
    out(CONTROL, 0x04);
    out(CONTROL, 0x00);
    out(COMMAND, 0x90);
    run_ns(1000 * MS);
    ck_assert(!irq_level);
    destroy();
    /* a slave alone: nobody answers for the master */
    fake_block_init(&second, 51200);
    create(NULL, &second.block);
    ck_assert_uint_eq(in(STATUS), 0x7f);
    ck_assert_uint_eq(word_of(identify(LBA_MASTER | SLAVE), 60), 100);
    destroy();
    fake_block_deinit(&second);
}
END_TEST

START_TEST(creation_refuses)
{
    struct ata_config config = {
        .name = "ata0", .base = BASE, .control = CONTROL};
    static const struct bus_ops none = {NULL, NULL, 1};
    struct device *out_device;

    ck_assert_int_eq(bus_create(&ports), STATUS_OK);
    ck_assert_int_eq(clock_create(&timer, 100000000), STATUS_OK);
    fake_block_init(&disk, 51200);
    config.ports = ports;
    config.clock = timer;
    config.units[0].medium = &disk.block;
    disk.block.size_bytes = 511;
    ck_assert_int_eq(ata_create(&config, &out_device), STATUS_BAD_ARGUMENT);
    disk.block.size_bytes = 51200;
    disk.fail_at = 1;
    ck_assert_int_eq(ata_create(&config, &out_device), STATUS_IO);
    config.units[0].geometry = (struct ata_geometry){10, 17, 63};
    ck_assert_int_eq(ata_create(&config, &out_device), STATUS_BAD_ARGUMENT);
    config.units[0].geometry = (struct ata_geometry){10, 16, 63};
    ck_assert_int_eq(bus_map(ports, CONTROL, 1, &none, &disk), STATUS_OK);
    ck_assert_int_eq(ata_create(&config, &out_device), STATUS_OVERLAP);
    ck_assert_ptr_null(out_device);
    ck_assert_int_eq(bus_map(ports, BASE, 8, &none, &disk), STATUS_OK);
    bus_destroy(ports);
    clock_destroy(timer);
    fake_block_deinit(&disk);
}
END_TEST

/* ---- geometry ---- */

static void put32(uint8_t *at, uint32_t value)
{
    for (unsigned i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> (8 * i));
}

static void put_chs(uint8_t *at, uint32_t lba, unsigned heads, unsigned sectors)
{
    uint32_t cylinder = lba / (heads * sectors);

    if (cylinder > 1023) {
        memcpy(at,
               ((uint8_t[]){(uint8_t)(heads - 1), (uint8_t)(0xc0 | sectors),
                            0xff}),
               3);
        return;
    }
    at[0] = (uint8_t)(lba / sectors % heads);
    at[1] = (uint8_t)((lba % sectors + 1) | (cylinder >> 2 & 0xc0));
    at[2] = (uint8_t)cylinder;
}

static const struct {
    uint64_t sectors;
    unsigned heads, spt;   /* of the partition table; 0: none */
    uint32_t first, count; /* of the partition */
    uint16_t cylinders;    /* expected */
    uint8_t out_heads, out_sectors;
} tables[] = {
    /* clang-format off */
    {0,          0,   0,  0,   0,       1,     1,  1},
    {1,          0,   0,  0,   0,       1,     1,  1},
    {62,         0,   0,  0,   0,       1,     1,  62},
    {100,        0,   0,  0,   0,       1,     1,  63},
    {1007,       0,   0,  0,   0,       1,     15, 63},
    {1008,       0,   0,  0,   0,       1,     16, 63},
    {20160,      0,   0,  0,   0,       20,    16, 63},
    {20800,      0,   0,  0,   0,       20,    16, 63},
    {1u << 30,   0,   0,  0,   0,       16383, 16, 63},
    {129024,     16,  63, 63,  128961,  128,   16, 63},
    {41820,      4,   17, 17,  41803,   615,   4,  17},
    {41820,      4,   17, 17,  6783,    615,   4,  17},
    {1000000,    8,   32, 32,  999904,  3906,  8,  32}, /* beyond 1023 */
    {8000000,    255, 63, 63,  7999992, 7936,  16, 63}, /* a BIOS's own */
    {41820,      4,   17, 18,  41000,   41,    16, 63}, /* no cylinder's end */
    {60,         4,   17, 17,  51,      1,     1,  60}, /* larger than the disk */
    /* clang-format on */
};

START_TEST(geometry_from_table_or_size)
{
    for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
        uint8_t mbr[512] = {0}, *entry = mbr + 446;
        struct ata_geometry g;

        mbr[510] = 0x55;
        mbr[511] = 0xaa;
        if (tables[i].heads) {
            uint32_t last = tables[i].first + tables[i].count - 1;

            entry[0] = 0x80;
            entry[4] = 6;
            put_chs(entry + 1, tables[i].first, tables[i].heads, tables[i].spt);
            put_chs(entry + 5, last, tables[i].heads, tables[i].spt);
            put32(entry + 8, tables[i].first);
            put32(entry + 12, tables[i].count);
        }
        g = ata_disk_geometry(tables[i].sectors, mbr);
        ck_assert_msg(g.cylinders == tables[i].cylinders &&
                          g.heads == tables[i].out_heads &&
                          g.sectors == tables[i].out_sectors,
                      "row %u: %u/%u/%u", (unsigned)i, g.cylinders, g.heads,
                      g.sectors);
        /* two entries that disagree count for nothing */
        if (tables[i].heads == 4) {
            memcpy(entry + 16, entry, 16);
            entry[17]++;
            g = ata_disk_geometry(tables[i].sectors, mbr);
            ck_assert(g.heads != 4);
        }
    }
    ck_assert_uint_eq(ata_disk_geometry(129024, NULL).cylinders, 128);
}
END_TEST

START_TEST(cmos_type_47)
{
    static const uint8_t expected[] = {0x67, 0x02, 4,    0xff, 0xff,
                                       0xc0, 0x67, 0x02, 17};
    struct ata_geometry g = {615, 4, 17};
    uint8_t bytes[ATA_CMOS_BYTES];

    ata_disk_cmos(&g, bytes);
    ck_assert_mem_eq(bytes, expected, sizeof(expected));
    g.heads = 16;
    ata_disk_cmos(&g, bytes);
    ck_assert_uint_eq(bytes[5], 0xc8);
}
END_TEST

/* ---- the whole ---- */

static uint64_t run_script(uint64_t rate_hz)
{
    uint64_t hash;

    setup();
    clock_set_rate(timer, rate_hz);
    identify(LBA_MASTER);
    address(LBA_MASTER, 77, 2);
    command(0x20);
    take_block((uint8_t[512]){0}, 512);
    wait_ready();
    hash = state_hash(STATE_HASH_INIT, ata, ata->class->state);
    teardown();
    return hash;
}

START_TEST(runs_repeat)
{
    ck_assert_uint_eq(run_script(100000000), run_script(100000000));
    ck_assert_uint_eq(run_script(100000000), run_script(1000000000));
}
END_TEST

static uint64_t finish_script(void)
{
    uint64_t hash = STATE_HASH_INIT;

    for (unsigned i = 0; i < 3; i++) {
        uint8_t data[512];

        wait_ready();
        take_block(data, 512);
        hash = state_hash_bytes(hash, data, 512);
    }
    hash = state_hash_bytes(hash, &(uint64_t){clock_now_ns(timer)}, 8);
    return state_hash(hash, ata, ata->class->state);
}

/* A state that is loaded at any time goes on as it did. */
START_TEST(snapshot_goes_on)
{
    const struct state_field *table = ata->class->state;
    uint8_t *saved = malloc(state_copy_bytes(table));

    for (unsigned i = 0; i < 30; i++) {
        struct clock then;
        uint64_t end;

        address(LBA_MASTER, 60, 3);
        out(COMMAND, 0x20);
        run_ns(i * 1000);
        then = *timer;
        state_copy(ata, saved, false, table);
        end = finish_script();
        *timer = then;
        clock_clear(timer);
        state_copy(ata, saved, true, table);
        ata->class->loaded(ata);
        ck_assert_uint_eq(finish_script(), end);
    }
    free(saved);
}
END_TEST

/* A state made up by somebody: any bytes load and run without harm. */
START_TEST(hostile_states)
{
    const struct state_field *table = ata->class->state;
    size_t bytes = state_copy_bytes(table);
    uint8_t *state = malloc(bytes);
    struct clock then = *timer;
    uint32_t seed = 777;

    for (unsigned n = 0; n < 3000; n++) {
        state_copy(ata, state, false, table);
        for (unsigned k = 0; k < 3000; k++) {
            seed = seed * 1664525u + 1013904223u;
            state[seed % bytes] = (uint8_t)(seed >> 24 & (n % 2 ? 0xff : 1));
        }
        *timer = then;
        clock_clear(timer);
        state_copy(ata, state, true, table);
        ata->class->loaded(ata);
        for (unsigned k = 0; k < 50; k++) {
            bus_write(ports, BASE + (k & 7), k * 37, 1u << k % 3);
            bus_read(ports, BASE + (k & 7), 1u << k % 3);
            if (clock_next_ns(timer) < UINT64_C(1) << 50)
                clock_skip_to(timer, clock_next_ns(timer));
            clock_fire(timer);
        }
    }
    free(state);
}
END_TEST

static uint32_t next_random(uint32_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed;
}

static void random_access(uint32_t *seed)
{
    static const uint8_t likely[] = {0x20, 0x30, 0xc4, 0xc5, 0xc6, 0x22, 0x32,
                                     0x24, 0x34, 0x40, 0x91, 0xec, 0xef, 0xf8,
                                     0xf9, 0x29, 0x39, 0xe4, 0xe8, 0x90};
    uint32_t r = next_random(seed);
    unsigned size = 1u << (r >> 30) % 3;
    uint8_t byte = (uint8_t)(r >> 20);

    switch (r % 16) {
    case 0: bus_write(ports, BASE + (r >> 8 & 7), r, size); break;
    case 1: bus_read(ports, BASE + (r >> 8 & 7), size); break;
    case 2: out(COMMAND, likely[byte % sizeof(likely)]); break;
    case 3:
        if (!byte)
            out(CONTROL, r >> 8);
        break;
    case 4: out(COUNT, byte & 0x1f); break;
    case 5: out(HIGH, 0); break;
    case 6: out(DEVICE, byte); break;
    case 7: disk.fail_at = byte < 16 ? 1 : 0; break;
    case 8: run_ns(r >> 12); break;
    case 9:
        for (unsigned i = 0; i < 256; i++)
            bus_read(ports, DATA, 2);
        break;
    case 10:
        for (unsigned i = 0; i < 128; i++)
            bus_write(ports, DATA, r + i, 4);
        break;
    case 11: out(MID, byte & 0x1f); break;
    default: run_ns(30000); break;
    }
}

/* VITRINE_FUZZ=n: n million accesses. */
START_TEST(random_accesses)
{
    const char *text = getenv("VITRINE_FUZZ");
    unsigned long millions = text ? strtoul(text, NULL, 10) : 1;
    uint32_t seed = 4711;

    for (unsigned long n = 0; n < millions * 1000000; n++)
        random_access(&seed);
    ck_assert_uint_gt(disk.reads, 1000);
    ck_assert_uint_gt(disk.writes, 500);
    disk.fail_at = 0;
    device_reset(ata);
    ck_assert_uint_eq(word_of(identify(LBA_MASTER), 60), SECTORS);
}
END_TEST

static void add(Suite *suite, const char *name, void (*up)(void),
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

Suite *test_suite(void)
{
    Suite *suite = suite_create("devices/ata");
    const TTest *const one[] = {identify_tells_the_truth,
                                features_match_identify,
                                revert_on_reset,
                                read_by_lba_and_by_chs,
                                read_many_interrupts_for_each,
                                chs_runs_over_heads_and_cylinders,
                                data_port_takes_all_widths,
                                write_interrupts_after_each,
                                without_write_cache_every_write_is_flushed,
                                multiple_moves_blocks,
                                extended_commands,
                                long_commands_carry_ecc,
                                verify_seek_and_recalibrate,
                                buffer_commands,
                                translation,
                                addresses_outside,
                                host_failures,
                                read_only_media,
                                power_modes,
                                protected_area,
                                reset_and_diagnostics,
                                interrupt_line,
                                busy_hears_nothing,
                                missing_slave_is_answered_for,
                                NULL};
    const TTest *const two[] = {two_disks, random_accesses, snapshot_goes_on,
                                hostile_states, NULL};
    const TTest *const own[] = {
        empty_channel_floats, creation_refuses, geometry_from_table_or_size,
        cmos_type_47,         runs_repeat,      NULL};

    add(suite, "one disk", setup, teardown, one);
    add(suite, "two disks", setup_two, teardown_two, two);
    add(suite, "own set-up", NULL, NULL, own);
    return suite;
}
