/* The floppy controller on a bare bus, with a DMA channel, a diskette and a
 * clock that the tests turn. */
#ifndef TESTS_DEVICES_FDC_RIG_H
#define TESTS_DEVICES_FDC_RIG_H

#include <stdio.h>
#include <string.h>

#include "devices/fdc82077.h"
#include "tests/fake_block.h"
#include "tests/suite.h"

#define BASE 0x3f0
#define DOR  (BASE + 2)
#define MSR  (BASE + 4)
#define DSR  (BASE + 4)
#define FIFO (BASE + 5)
#define DIR  (BASE + 7)
#define CCR  (BASE + 7)

#define MS 1000000u

#define RATE_500K 0
#define RATE_300K 1
#define RATE_250K 2
#define RATE_1M   3

/* One byte-wide DMA channel over `memory`, programmed by the tests. */
struct channel {
    uint8_t memory[65536];
    size_t at, left;
    bool masked, to_memory;
};

static struct bus *ports;
static struct clock *timer;
static struct device *fdc;
static struct channel channel;
static struct fake_block disk;
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

static inline size_t move(void *sink, unsigned number, enum dma_direction dir,
                          uint8_t *buffer, size_t size, bool *tc)
{
    struct channel *c = sink;

    *tc = false;
    if (number != 2 || c->masked || c->to_memory != (dir == DMA_TO_MEMORY))
        return 0;
    if (size > c->left)
        size = c->left;
    if (dir == DMA_TO_MEMORY)
        memcpy(c->memory + c->at, buffer, size);
    else
        memcpy(buffer, c->memory + c->at, size);
    c->at += size;
    c->left -= size;
    *tc = size && !c->left;
    return size;
}

static inline void start_dma(size_t size, bool to_memory)
{
    channel.at = 0;
    channel.left = size;
    channel.masked = false;
    channel.to_memory = to_memory;
}

static inline void create(enum fdc82077_mode mode, enum floppy_drive_type a,
                          enum floppy_drive_type b)
{
    struct fdc82077_config config = {
        .name = "fdc",
        .base = BASE,
        .irq = {take_irq, NULL, 6},
        .dma = {move, NULL, &channel, 2},
        .mode = mode,
        .drives = {a, b},
    };

    irq_level = false;
    irq_edges = 0;
    memset(&channel, 0, sizeof(channel));
    ck_assert_int_eq(bus_create(&ports), STATUS_OK);
    ck_assert_int_eq(clock_create(&timer, 100000000), STATUS_OK);
    config.ports = ports;
    config.clock = timer;
    ck_assert_int_eq(fdc82077_create(&config, &fdc), STATUS_OK);
}

static inline void destroy(void)
{
    device_reset(fdc);
    device_destroy(fdc);
    ck_assert_uint_eq(clock_next_ns(timer), CLOCK_NEVER);
    ck_assert_uint_eq(bus_read(ports, MSR, 1), 0xff);
    clock_destroy(timer);
    bus_destroy(ports);
}

static inline void insert(uint64_t bytes)
{
    fake_block_init(&disk, bytes);
    ck_assert_int_eq(fdc82077_insert(fdc, 0, &disk.block, NULL), STATUS_OK);
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

/* True when the interrupt came within the time; stops at its instant. */
static inline bool run_to_irq(uint64_t ns)
{
    uint64_t end = clock_now_ns(timer) + ns;

    while (!irq_level && clock_next_ns(timer) <= end) {
        clock_skip_to(timer, clock_next_ns(timer));
        clock_fire(timer);
    }
    if (!irq_level)
        clock_skip_to(timer, end);
    return irq_level;
}

static inline uint8_t in(unsigned port)
{
    return (uint8_t)bus_read(ports, port, 1);
}

static inline void out(unsigned port, uint8_t value)
{
    bus_write(ports, port, value, 1);
}

static inline void put(uint8_t byte)
{
    ck_assert_uint_eq(in(MSR)&0xc0, 0x80);
    out(FIFO, byte);
}

static inline void command(const uint8_t *bytes, size_t count)
{
    while (count--)
        put(*bytes++);
}

#define COMMAND(...) \
    command((const uint8_t[]){__VA_ARGS__}, \
            sizeof((const uint8_t[]){__VA_ARGS__}))

/* Reads the whole result and expects exactly `count` bytes. */
static inline const uint8_t *result(size_t count)
{
    static uint8_t bytes[16];

    for (size_t i = 0; i < count; i++) {
        ck_assert_uint_eq(in(MSR)&0xd0, 0xd0);
        bytes[i] = in(FIFO);
    }
    ck_assert_uint_eq(in(MSR)&0xd0, 0x80);
    ck_assert(!irq_level);
    return bytes;
}

static inline void expect(const uint8_t *bytes, size_t count)
{
    const uint8_t *got = result(count);

    for (size_t i = 0; i < count; i++)
        ck_assert_msg(got[i] == bytes[i], "result byte %u: %02X, not %02X",
                      (unsigned)i, got[i], bytes[i]);
}

#define EXPECT(...) \
    expect((const uint8_t[]){__VA_ARGS__}, \
           sizeof((const uint8_t[]){__VA_ARGS__}))

/* Out of reset, polling answered, fast steps, motor 0 at speed. */
static inline void start(uint8_t rate)
{
    out(DOR, 0x1c);
    ck_assert(run_to_irq(MS));
    for (uint8_t i = 0; i < 4; i++) {
        put(0x08);
        EXPECT((uint8_t)(0xc0 | i), 0);
    }
    COMMAND(0x03, 0xdf, 0x02);
    out(CCR, rate);
    run_ns(400 * MS);
}

static inline void recalibrate(void)
{
    COMMAND(0x07, 0);
    ck_assert(run_to_irq(1000 * MS));
    put(0x08);
    EXPECT(0x20, 0);
}

static inline void seek(uint8_t cylinder)
{
    COMMAND(0x0f, 0, cylinder);
    ck_assert(run_to_irq(1000 * MS));
    put(0x08);
    EXPECT(0x20, cylinder);
}

static inline void setup(void)
{
    create(FDC82077_AT, FLOPPY_DRIVE_1440K, FLOPPY_DRIVE_NONE);
    insert(1474560);
    start(RATE_500K);
    recalibrate();
}

static inline void setup_raw(void)
{
    create(FDC82077_AT, FLOPPY_DRIVE_1440K, FLOPPY_DRIVE_1440K);
    fake_block_init(&disk, 1474560);
}

static inline void teardown(void)
{
    destroy();
    fake_block_deinit(&disk);
}

static inline void read_data(uint8_t first, uint8_t c, uint8_t h, uint8_t r,
                             uint8_t eot)
{
    COMMAND(first, (uint8_t)(h << 2), c, h, r, 2, eot, 0x1b, 0xff);
    ck_assert_uint_eq(in(MSR), 0x10);
    ck_assert(run_to_irq(3000 * MS));
}

static inline void expect_sectors(unsigned lba, unsigned count)
{
    ck_assert_uint_eq(channel.at, 512 * (size_t)count);
    ck_assert_mem_eq(channel.memory, disk.data + 512 * (size_t)lba,
                     512 * (size_t)count);
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
