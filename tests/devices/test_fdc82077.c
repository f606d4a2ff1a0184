#include <stdio.h>
#include <string.h>

#include "devices/fdc82077.h"
#include "tests/fake_block.h"
#include "tests/state_copy.h"
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

static void take_irq(void *sink, unsigned pin, bool level)
{
    (void)sink;
    (void)pin;
    if (level && !irq_level)
        irq_edges++;
    irq_level = level;
}

static size_t move(void *sink, unsigned number, enum dma_direction dir,
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

static void start_dma(size_t size, bool to_memory)
{
    channel.at = 0;
    channel.left = size;
    channel.masked = false;
    channel.to_memory = to_memory;
}

static void create(enum fdc82077_mode mode, enum floppy_drive_type a,
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

static void destroy(void)
{
    device_reset(fdc);
    device_destroy(fdc);
    ck_assert_uint_eq(clock_next_ns(timer), CLOCK_NEVER);
    ck_assert_uint_eq(bus_read(ports, MSR, 1), 0xff);
    clock_destroy(timer);
    bus_destroy(ports);
}

static void insert(uint64_t bytes)
{
    fake_block_init(&disk, bytes);
    ck_assert_int_eq(fdc82077_insert(fdc, 0, &disk.block, NULL), STATUS_OK);
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

/* True when the interrupt came within the time; stops at its instant. */
static bool run_to_irq(uint64_t ns)
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

static uint8_t in(unsigned port)
{
    return (uint8_t)bus_read(ports, port, 1);
}

static void out(unsigned port, uint8_t value)
{
    bus_write(ports, port, value, 1);
}

static void put(uint8_t byte)
{
    ck_assert_uint_eq(in(MSR)&0xc0, 0x80);
    out(FIFO, byte);
}

static void command(const uint8_t *bytes, size_t count)
{
    while (count--)
        put(*bytes++);
}

#define COMMAND(...) \
    command((const uint8_t[]){__VA_ARGS__}, \
            sizeof((const uint8_t[]){__VA_ARGS__}))

/* Reads the whole result and expects exactly `count` bytes. */
static const uint8_t *result(size_t count)
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

static void expect(const uint8_t *bytes, size_t count)
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
static void start(uint8_t rate)
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

static void recalibrate(void)
{
    COMMAND(0x07, 0);
    ck_assert(run_to_irq(1000 * MS));
    put(0x08);
    EXPECT(0x20, 0);
}

static void seek(uint8_t cylinder)
{
    COMMAND(0x0f, 0, cylinder);
    ck_assert(run_to_irq(1000 * MS));
    put(0x08);
    EXPECT(0x20, cylinder);
}

static void setup(void)
{
    create(FDC82077_AT, FLOPPY_DRIVE_1440K, FLOPPY_DRIVE_NONE);
    insert(1474560);
    start(RATE_500K);
    recalibrate();
}

static void setup_raw(void)
{
    create(FDC82077_AT, FLOPPY_DRIVE_1440K, FLOPPY_DRIVE_1440K);
    fake_block_init(&disk, 1474560);
}

static void teardown(void)
{
    destroy();
    fake_block_deinit(&disk);
}

/* ---- reset and control commands ---- */

START_TEST(reset_polls_four_drives)
{
    ck_assert_uint_eq(in(MSR), 0x00);
    out(DOR, 0x0c);
    ck_assert_uint_eq(in(MSR), 0x80);
    ck_assert(run_to_irq(MS));
    for (uint8_t i = 0; i < 4; i++) {
        put(0x08);
        EXPECT((uint8_t)(0xc0 | i), 0);
    }
    put(0x08);
    EXPECT(0x80);
    /* the software reset of the DSR does the same */
    out(DSR, 0x80);
    ck_assert(run_to_irq(MS));
    put(0x08);
    EXPECT(0xc0, 0);
    /* DMAGATE closes the pin */
    out(DSR, 0x80);
    out(DOR, 0x04);
    ck_assert(!run_to_irq(MS));
    out(DOR, 0x0c);
    ck_assert(irq_level);
}
END_TEST

START_TEST(configure_stops_polling)
{
    out(DOR, 0x0c);
    COMMAND(0x13, 0, 0x10, 0);
    ck_assert(!run_to_irq(1000 * MS));
    put(0x08);
    EXPECT(0x80);
}
END_TEST

START_TEST(lock_keeps_the_fifo_setup)
{
    out(DOR, 0x0c);
    run_ns(MS);
    put(0x08);
    result(2);
    COMMAND(0x13, 0, 0x47, 0x11);
    COMMAND(0x03, 0xa5, 0x31);
    COMMAND(0x12, 0xbf);
    put(0x94);
    EXPECT(0x10);
    put(0x0e);
    EXPECT(0, 0, 0, 0, 0xa5, 0x31, 0, 0xbf, 0x47, 0x11);
    out(DOR, 0x08);
    out(DOR, 0x0c);
    run_ns(MS);
    put(0x08);
    result(2);
    put(0x0e);
    EXPECT(0, 0, 0, 0, 0xa5, 0x31, 0, 0xbc, 0x07, 0x11);
    put(0x14);
    EXPECT(0);
    out(DOR, 0x08);
    out(DOR, 0x0c);
    run_ns(MS);
    put(0x08);
    result(2);
    put(0x0e);
    EXPECT(0, 0, 0, 0, 0xa5, 0x31, 0, 0x3c, 0x20, 0x00);
    /* without OW only GAP and WGATE are taken */
    COMMAND(0x12, 0x03);
    put(0x0e);
    ck_assert_uint_eq(result(10)[7], 0x3f);
}
END_TEST

START_TEST(identification)
{
    out(DOR, 0x0c);
    run_ns(MS);
    put(0x08);
    result(2);
    put(0x10);
    EXPECT(0x90);
    put(0x18); /* PART ID: not of this chip */
    EXPECT(0x80);
}
END_TEST

/* The length of every command, from the datasheet; all others are invalid. */
START_TEST(every_first_byte)
{
    static const struct {
        uint8_t mask, value, length, results;
    } valid[] = {
        {0x1f, 0x06, 9, 7}, {0x1f, 0x0c, 9, 7},  {0xbf, 0x02, 9, 7},
        {0x3f, 0x05, 9, 7}, {0x3f, 0x09, 9, 7},  {0x1f, 0x16, 9, 7},
        {0x1f, 0x11, 9, 7}, {0x1f, 0x19, 9, 7},  {0x1f, 0x1d, 9, 7},
        {0xbf, 0x0a, 2, 7}, {0xbf, 0x0d, 6, 7},  {0xff, 0x07, 2, 0},
        {0xff, 0x0f, 3, 0}, {0xbf, 0x8f, 3, 0},  {0xff, 0x08, 1, 1},
        {0xff, 0x03, 3, 0}, {0xff, 0x04, 2, 1},  {0xff, 0x13, 4, 0},
        {0xff, 0x12, 2, 0}, {0xff, 0x0e, 1, 10}, {0x7f, 0x14, 1, 1},
        {0xff, 0x10, 1, 1},
    };

    for (unsigned first = 0; first < 256; first++) {
        unsigned length = 1, results = 1;

        for (size_t i = 0; i < ARRAY_LEN(valid); i++) {
            if ((first & valid[i].mask) == valid[i].value) {
                length = valid[i].length;
                results = valid[i].results;
            }
        }
        out(DOR, 0x08);
        out(DOR, 0x0c);
        COMMAND(0x13, 0, 0x10, 0);
        for (unsigned i = 0; i < length; i++) {
            ck_assert_uint_eq(in(MSR), i ? 0x90 : 0x80);
            out(FIFO, i ? 0 : (uint8_t)first);
        }
        if (results == 7) /* no motor: it waits for an index pulse */
            ck_assert_uint_eq(in(MSR), 0x10);
        else
            ck_assert_uint_eq(in(MSR)&0xd0, results ? 0xd0 : 0x80);
        if (results != 7 && results)
            result(results);
    }
}
END_TEST

START_TEST(power_down_ends_with_a_reset)
{
    out(DOR, 0x0c);
    run_ns(MS);
    out(DSR, 0x42);
    ck_assert_uint_eq(in(MSR), 0);
    out(FIFO, 0x10);
    ck_assert_uint_eq(in(MSR), 0);
    out(DSR, 0x82);
    ck_assert_uint_eq(in(MSR), 0x80);
}
END_TEST

/* ---- registers of the three modes ---- */

START_TEST(at_mode_floats_status_registers)
{
    ck_assert_uint_eq(in(BASE), 0xff);
    ck_assert_uint_eq(in(BASE + 1), 0xff);
    out(BASE + 3, 0xff);
    ck_assert_uint_eq(in(BASE + 3), 0xff);
    out(BASE + 3, 0x01);
    ck_assert_uint_eq(in(BASE + 3), 0xfd);
    out(DOR, 0x2d);
    ck_assert_uint_eq(in(DOR), 0x2d);
    ck_assert_uint_eq(in(BASE + 6), 0xff);
}
END_TEST

START_TEST(ps2_mode_registers)
{
    create(FDC82077_PS2, FLOPPY_DRIVE_1440K, FLOPPY_DRIVE_NONE);
    insert(1474560);
    /* no second drive, at track 0, no index, not protected */
    ck_assert_uint_eq(in(BASE), 0x46);
    ck_assert_uint_eq(in(BASE + 1), 0xc0);
    ck_assert_uint_eq(in(DIR), 0xfd); /* changed, 250K, low density */
    out(CCR, RATE_500K);
    ck_assert_uint_eq(in(DIR), 0xf8);
    out(DOR, 0x35); /* DMAGATE has no effect in this mode */
    ck_assert_uint_eq(in(BASE + 1), 0xe3);
    ck_assert(run_to_irq(MS));
    ck_assert_uint_eq(in(BASE)&0x80, 0x80);
    disk.block.read_only = true;
    out(DOR, 0x34);
    ck_assert_uint_eq(in(BASE), 0xc4);
    run_ns(400 * MS - clock_now_ns(timer));
    ck_assert_uint_eq(in(BASE), 0xc0); /* the index hole */
    run_ns(10 * MS);
    ck_assert_uint_eq(in(BASE), 0xc4);
    destroy();
    fake_block_deinit(&disk);
}
END_TEST

START_TEST(model30_mode_registers)
{
    create(FDC82077_MODEL30, FLOPPY_DRIVE_1440K, FLOPPY_DRIVE_1440K);
    insert(1474560);
    ck_assert_uint_eq(in(BASE), 0x19);
    ck_assert_uint_eq(in(BASE + 1), 0x43); /* drive 0 selected */
    ck_assert_uint_eq(in(DIR), 0x02);
    out(CCR, 0x04 | RATE_300K);
    out(DOR, 0x08);
    ck_assert_uint_eq(in(DIR), 0x0d);
    destroy();
    fake_block_deinit(&disk);
}
END_TEST

START_TEST(change_line_falls_with_a_step)
{
    create(FDC82077_AT, FLOPPY_DRIVE_1440K, FLOPPY_DRIVE_NONE);
    start(RATE_500K);
    ck_assert_uint_eq(in(DIR)&0x80, 0);
    insert(1474560);
    ck_assert_uint_eq(in(DIR)&0x80, 0x80);
    recalibrate(); /* at track 0: no step */
    ck_assert_uint_eq(in(DIR)&0x80, 0x80);
    seek(1);
    ck_assert_uint_eq(in(DIR)&0x80, 0);
    fdc82077_eject(fdc, 0);
    ck_assert_uint_eq(in(DIR)&0x80, 0x80);
    seek(0); /* without a medium it stays */
    ck_assert_uint_eq(in(DIR)&0x80, 0x80);
    out(DOR, 0x1d); /* no drive there */
    ck_assert_uint_eq(in(DIR)&0x80, 0);
    ck_assert_int_eq(fdc82077_insert(fdc, 1, &disk.block, NULL),
                     STATUS_BAD_ARGUMENT);
    ck_assert_int_eq(fdc82077_insert(fdc, 99, &disk.block, NULL),
                     STATUS_BAD_ARGUMENT);
    fdc82077_eject(fdc, 99);
    destroy();
    fake_block_deinit(&disk);
}
END_TEST

/* ---- seeks ---- */

START_TEST(seek_takes_its_steps)
{
    uint64_t before;

    setup();
    before = clock_now_ns(timer);
    COMMAND(0x0f, 4, 40); /* ST0's head bit stays 0 */
    ck_assert_uint_eq(in(MSR), 0x81);
    ck_assert(run_to_irq(1000 * MS));
    ck_assert_uint_eq(in(MSR), 0x80);
    /* SRT D at 500 kbit/s: 3 ms a step, after 1 ms */
    ck_assert_uint_eq(clock_now_ns(timer) - before, 121 * MS);
    put(0x08);
    EXPECT(0x20, 40);
    COMMAND(0x04, 4);
    EXPECT(0x2c);
    before = clock_now_ns(timer);
    out(CCR, RATE_250K);
    COMMAND(0x8f, 0, 30); /* relative, outward */
    ck_assert(run_to_irq(1000 * MS));
    ck_assert_uint_eq(clock_now_ns(timer) - before, 182 * MS);
    put(0x08);
    EXPECT(0x20, 10);
    COMMAND(0xcf, 0, 2);
    ck_assert(run_to_irq(1000 * MS));
    put(0x08);
    EXPECT(0x20, 12);
    recalibrate();
    COMMAND(0x04, 0);
    EXPECT(0x38);
    teardown();
}
END_TEST

START_TEST(recalibrate_without_a_drive)
{
    uint64_t before;

    setup();
    out(DOR, 0x2d);
    before = clock_now_ns(timer);
    COMMAND(0x07, 1);
    ck_assert_uint_eq(in(MSR), 0x82);
    ck_assert(run_to_irq(1000 * MS));
    ck_assert_uint_eq(clock_now_ns(timer) - before, (79 * 3 + 1) * MS);
    put(0x08);
    EXPECT(0x71, 0);
    COMMAND(0x04, 1);
    EXPECT(0x29);
    teardown();
}
END_TEST

/* 82 tracks need a second RECALIBRATE. */
START_TEST(recalibrate_gives_up_after_79_steps)
{
    setup();
    seek(81);
    COMMAND(0x07, 0);
    ck_assert(run_to_irq(1000 * MS));
    put(0x08);
    EXPECT(0x70, 0);
    recalibrate();
    teardown();
}
END_TEST

START_TEST(two_seeks_overlap)
{
    create(FDC82077_AT, FLOPPY_DRIVE_1440K, FLOPPY_DRIVE_1440K);
    fake_block_init(&disk, 1474560);
    start(RATE_500K);
    COMMAND(0x0f, 1, 10);
    COMMAND(0x0f, 0, 10);
    ck_assert_uint_eq(in(MSR), 0x83);
    ck_assert(run_to_irq(1000 * MS));
    run_ns(MS);
    put(0x08);
    ck_assert_uint_eq(in(FIFO), 0x20);
    ck_assert(irq_level); /* the other one */
    ck_assert_uint_eq(in(FIFO), 10);
    put(0x08);
    EXPECT(0x21, 10);
    put(0x08);
    EXPECT(0x80);
    teardown();
}
END_TEST

/* ---- read and write by DMA ---- */

static void read_data(uint8_t first, uint8_t c, uint8_t h, uint8_t r,
                      uint8_t eot)
{
    COMMAND(first, (uint8_t)(h << 2), c, h, r, 2, eot, 0x1b, 0xff);
    ck_assert_uint_eq(in(MSR), 0x10);
    ck_assert(run_to_irq(3000 * MS));
}

static void expect_sectors(unsigned lba, unsigned count)
{
    ck_assert_uint_eq(channel.at, 512 * (size_t)count);
    ck_assert_mem_eq(channel.memory, disk.data + 512 * (size_t)lba,
                     512 * (size_t)count);
}

START_TEST(read_one_sector)
{
    start_dma(512, true);
    read_data(0x46, 0, 0, 7, 18);
    EXPECT(0, 0, 0, 0, 0, 8, 2);
    expect_sectors(6, 1);
    seek(79);
    start_dma(512, true);
    read_data(0x46, 79, 1, 18, 18);
    EXPECT(4, 0, 0, 80, 1, 1, 2); /* R = EOT, no MT: next cylinder */
    expect_sectors(2879, 1);
}
END_TEST

/* A track passes in one turn, from any angle within two. */
START_TEST(read_takes_the_time_of_the_turn)
{
    uint64_t before, spent, at;

    for (unsigned i = 0; i < 50; i++) {
        run_ns(7777777 * i);
        start_dma((size_t)512 * 18, true);
        before = clock_now_ns(timer);
        read_data(0x46, 0, 0, 1, 18);
        spent = clock_now_ns(timer) - before;
        ck_assert_uint_gt(spent, 190 * MS);
        ck_assert_uint_lt(spent, 410 * MS);
        at = clock_now_ns(timer) % (200 * MS);
        ck_assert_uint_gt(at, 195 * MS); /* just before the index hole */
        EXPECT(0, 0, 0, 1, 0, 1, 2);
        expect_sectors(0, 18);
    }
}
END_TEST

START_TEST(end_of_track_without_terminal_count)
{
    start_dma(65536, true);
    read_data(0x46, 0, 0, 17, 18);
    EXPECT(0x40, 0x80, 0, 1, 0, 1, 2);
    expect_sectors(16, 2);
}
END_TEST

START_TEST(multi_track_goes_on_with_the_other_side)
{
    start_dma(512 * 20, true);
    read_data(0xc6, 0, 0, 17, 18);
    /* ends on side 1, sector 18: cylinder + 1, side back to 0 */
    EXPECT(4, 0, 0, 1, 0, 1, 2);
    expect_sectors(16, 20);
    start_dma(512 * 2, true);
    read_data(0xc6, 0, 0, 17, 18);
    EXPECT(0, 0, 0, 0, 1, 1, 2);
    start_dma(512 * 3, true);
    read_data(0xc6, 0, 0, 17, 18);
    EXPECT(4, 0, 0, 0, 1, 2, 2);
    start_dma(65536, true);
    read_data(0xc6, 0, 1, 18, 18);
    EXPECT(0x44, 0x80, 0, 1, 0, 1, 2);
}
END_TEST

START_TEST(terminal_count_inside_a_sector)
{
    start_dma(700, true);
    read_data(0x46, 0, 0, 1, 18);
    EXPECT(0, 0, 0, 0, 0, 3, 2);
    ck_assert_mem_eq(channel.memory, disk.data, 700);
    ck_assert_uint_eq(channel.memory[700], 0);
    memset(channel.memory, 0xaa, 700);
    start_dma(700, false);
    read_data(0x45, 0, 0, 1, 18);
    EXPECT(0, 0, 0, 0, 0, 3, 2);
    ck_assert_uint_eq(disk.data[699], 0xaa);
    for (unsigned i = 700; i < 1024; i++)
        ck_assert_uint_eq(disk.data[i], 0);
}
END_TEST

static const struct {
    const char *name;
    uint8_t rate, command[9], result[7];
} misses[] = {
    /* clang-format off */
    {"rate", RATE_250K, {0x46, 0, 0, 0, 1, 2, 18}, {0x40, 1, 0, 0, 0, 1, 2}},
    {"rate", RATE_300K, {0x46, 0, 0, 0, 1, 2, 18}, {0x40, 1, 0, 0, 0, 1, 2}},
    {"rate", RATE_1M,   {0x46, 0, 0, 0, 1, 2, 18}, {0x40, 1, 0, 0, 0, 1, 2}},
    {"FM",   RATE_500K, {0x06, 0, 0, 0, 1, 2, 18}, {0x40, 1, 0, 0, 0, 1, 2}},
    {"R",    RATE_500K, {0x46, 0, 0, 0, 19, 2, 30}, {0x40, 4, 0, 0, 0, 19, 2}},
    {"R",    RATE_500K, {0x46, 0, 0, 0, 0, 2, 30}, {0x40, 4, 0, 0, 0, 0, 2}},
    {"C",    RATE_500K, {0x46, 0, 3, 0, 1, 2, 18}, {0x40, 4, 0x10, 3, 0, 1, 2}},
    {"H",    RATE_500K, {0x46, 0, 0, 1, 1, 2, 18}, {0x40, 4, 0, 0, 1, 1, 2}},
    {"N",    RATE_500K, {0x46, 0, 0, 0, 1, 3, 18}, {0x40, 4, 0, 0, 0, 1, 3}},
    {"N",    RATE_500K, {0x46, 0, 0, 0, 1, 255, 18}, {0x40, 4, 0, 0, 0, 1, 255}},
    {"write", RATE_250K, {0x45, 0, 0, 0, 1, 2, 18}, {0x40, 1, 0, 0, 0, 1, 2}},
    {"ID",   RATE_250K, {0x4a, 4}, {0x44, 1, 0, 0, 0, 0, 0}},
    /* clang-format on */
};

START_TEST(what_is_not_found)
{
    for (size_t i = 0; i < ARRAY_LEN(misses); i++) {
        bool id = misses[i].command[0] == 0x4a;
        uint64_t before;

        out(CCR, misses[i].rate);
        start_dma(512, misses[i].command[0] != 0x45);
        before = clock_now_ns(timer);
        command(misses[i].command, id ? 2 : 9);
        ck_assert_msg(run_to_irq(1000 * MS), "%s", misses[i].name);
        ck_assert_uint_ge(clock_now_ns(timer) - before, 200 * MS);
        expect(misses[i].result, 7);
        ck_assert_uint_eq(channel.at, 0);
    }
}
END_TEST

START_TEST(beyond_the_last_cylinder)
{
    seek(80);
    start_dma(512, true);
    read_data(0x46, 80, 0, 1, 18);
    EXPECT(0x40, 1, 0, 80, 0, 1, 2);
}
END_TEST

/* Without index pulses the chip waits; reset and a motor wake it. */
START_TEST(nothing_turns)
{
    out(DOR, 0x0c);
    start_dma(512, true);
    COMMAND(0x46, 0, 0, 0, 1, 2, 18, 0x1b, 0xff);
    ck_assert(!run_to_irq(UINT64_C(60000) * MS));
    ck_assert_uint_eq(in(MSR), 0x10);
    ck_assert_uint_eq(clock_next_ns(timer), CLOCK_NEVER);
    out(DOR, 0x1c);
    ck_assert(run_to_irq(1000 * MS));
    EXPECT(0, 0, 0, 0, 0, 2, 2);
    fdc82077_eject(fdc, 0);
    start_dma(512, true);
    COMMAND(0x46, 0, 0, 0, 1, 2, 18, 0x1b, 0xff);
    ck_assert(!run_to_irq(UINT64_C(60000) * MS));
    ck_assert_int_eq(fdc82077_insert(fdc, 0, &disk.block, NULL), STATUS_OK);
    ck_assert(run_to_irq(1000 * MS));
    EXPECT(0, 0, 0, 0, 0, 2, 2);
    /* a medium taken out while its sector passes */
    COMMAND(0x46, 0, 0, 0, 1, 2, 18, 0x1b, 0xff);
    run_ns(10 * MS);
    fdc82077_eject(fdc, 0);
    ck_assert(!run_to_irq(1000 * MS));
    out(DOR, 0x18);
    out(DOR, 0x1c);
    ck_assert_uint_eq(in(MSR), 0x80);
}
END_TEST

START_TEST(no_drive_attached)
{
    out(DOR, 0x2d);
    start_dma(512, true);
    COMMAND(0x46, 1, 0, 0, 1, 2, 18, 0x1b, 0xff);
    for (unsigned i = 0; i < 1000; i++)
        out(FIFO, (uint8_t)i);
    for (unsigned i = 0; i < 1000; i++)
        ck_assert_uint_eq(in(FIFO), 0);
    ck_assert(!run_to_irq(1000 * MS));
    ck_assert_uint_eq(in(MSR), 0x10);
}
END_TEST

START_TEST(write_reaches_the_medium)
{
    uint8_t old[512];

    memcpy(old, disk.data + 512 * 38, 512);
    for (unsigned i = 0; i < 1024; i++)
        channel.memory[i] = (uint8_t)(i * 3);
    seek(1);
    start_dma(1024, false);
    read_data(0x45, 1, 0, 1, 18);
    EXPECT(0, 0, 0, 1, 0, 3, 2);
    ck_assert_mem_eq(disk.data + 512 * 36, channel.memory, 1024);
    ck_assert_mem_eq(disk.data + 512 * 38, old, 512);
}
END_TEST

START_TEST(write_protection)
{
    disk.block.read_only = true;
    COMMAND(0x04, 0);
    EXPECT(0x78);
    start_dma(512, false);
    read_data(0x45, 0, 0, 1, 18);
    EXPECT(0x40, 2, 0, 0, 0, 1, 2);
    COMMAND(0x4d, 0, 2, 18, 0x50, 0xf6);
    ck_assert(run_to_irq(1000 * MS));
    ck_assert_uint_eq(result(7)[1], 2);
    ck_assert_uint_eq(disk.writes, 0);
}
END_TEST

START_TEST(dma_that_does_not_serve)
{
    channel.masked = true;
    read_data(0x46, 0, 0, 1, 18);
    EXPECT(0x40, 0x10, 0, 0, 0, 1, 2);
    read_data(0x45, 0, 0, 1, 18);
    EXPECT(0x40, 0x10, 0, 0, 0, 1, 2);
    start_dma(512, true); /* the wrong way */
    read_data(0x45, 0, 0, 1, 18);
    EXPECT(0x40, 0x10, 0, 0, 0, 1, 2);
    ck_assert_uint_eq(disk.writes, 0);
}
END_TEST

START_TEST(host_failures_are_bad_media)
{
    disk.fail_at = 2;
    start_dma(1024, true);
    read_data(0x46, 0, 0, 1, 18);
    EXPECT(0x40, 0x20, 0x20, 0, 0, 2, 2);
    expect_sectors(0, 1);
    disk.fail_at = 1;
    start_dma(512, false);
    read_data(0x45, 0, 0, 1, 18);
    EXPECT(0x50, 0, 0, 0, 0, 1, 2);
    disk.fail_with = STATUS_NO_SPACE;
    disk.fail_at = 2;
    start_dma(1024, false);
    read_data(0x45, 0, 0, 1, 18);
    EXPECT(0x50, 0, 0, 0, 0, 2, 2);
    disk.fail_at = 5;
    for (uint8_t i = 0; i < 18; i++)
        memcpy(channel.memory + 4 * i, ((uint8_t[]){0, 0, (uint8_t)(i + 1), 2}),
               4);
    start_dma(72, false);
    COMMAND(0x4d, 0, 2, 18, 0x50, 0xf6);
    ck_assert(run_to_irq(1000 * MS));
    ck_assert_uint_eq(result(7)[0], 0x50);
    /* and all is well again */
    start_dma(72, false);
    COMMAND(0x4d, 0, 2, 18, 0x50, 0xf6);
    ck_assert(run_to_irq(1000 * MS));
    ck_assert_uint_eq(result(7)[0], 0);
    start_dma(512, true);
    read_data(0x46, 0, 0, 1, 18);
    EXPECT(0, 0, 0, 0, 0, 2, 2);
}
END_TEST

/* ---- deleted marks (tables 5-4 and 5-6) ---- */

static const struct {
    uint8_t command, r, result[7];
    unsigned sectors; /* transferred of the three asked for */
} marks[] = {
    /* clang-format off */
    /* sectors 1 and 3 are normal, 2 is deleted */
    {0x46, 1, {0x00, 0, 0x40, 0, 0, 2, 2}, 2},
    {0x46, 2, {0x00, 0, 0x40, 0, 0, 2, 2}, 1},
    {0x66, 1, {0x00, 0, 0x40, 0, 0, 5, 2}, 3}, /* 1, 3, 4 */
    {0x4c, 1, {0x00, 0, 0x40, 0, 0, 1, 2}, 1},
    {0x4c, 2, {0x00, 0, 0x40, 0, 0, 3, 2}, 2},
    {0x6c, 1, {0x40, 0x80, 0x40, 1, 0, 1, 2}, 1},
    /* clang-format on */
};

START_TEST(deleted_marks)
{
    start_dma(512, false);
    read_data(0x49, 0, 0, 2, 18);
    EXPECT(0, 0, 0, 0, 0, 3, 2);
    for (size_t i = 0; i < ARRAY_LEN(marks); i++) {
        start_dma(512 * 3, true);
        read_data(marks[i].command, 0, 0, marks[i].r, 18);
        expect(marks[i].result, 7);
        ck_assert_uint_eq(channel.at, 512 * marks[i].sectors);
    }
    /* a normal write takes the mark away */
    start_dma(512, false);
    read_data(0x45, 0, 0, 2, 18);
    result(7);
    start_dma(512, true);
    read_data(0x46, 0, 0, 2, 18);
    EXPECT(0, 0, 0, 0, 0, 3, 2);
}
END_TEST

/* ---- the other track commands ---- */

START_TEST(read_id_shows_what_passes)
{
    unsigned seen = 0;
    uint8_t last = 0;

    seek(5);
    for (unsigned i = 0; i < 40; i++) {
        const uint8_t *id;

        COMMAND(0x4a, 4);
        ck_assert(run_to_irq(250 * MS));
        id = result(7);
        ck_assert_uint_eq(id[0], 4);
        ck_assert_uint_eq(id[3], 5);
        ck_assert_uint_eq(id[4], 1);
        ck_assert_uint_eq(id[6], 2);
        if (last)
            ck_assert_uint_eq(id[5], last % 18 + 1u);
        last = id[5];
        seen |= 1u << last;
    }
    ck_assert_uint_eq(seen, 0x7fffe);
}
END_TEST

START_TEST(read_track_takes_physical_order)
{
    start_dma(512 * 5, true);
    COMMAND(0x42, 0, 0, 0, 1, 2, 5, 0x1b, 0xff);
    ck_assert(run_to_irq(1000 * MS));
    EXPECT(0, 0, 0, 0, 0, 6, 2);
    expect_sectors(0, 5);
    /* an ID that never matches is noted, the data comes all the same */
    start_dma(512 * 5, true);
    COMMAND(0x42, 0, 9, 0, 1, 2, 5, 0x1b, 0xff);
    ck_assert(run_to_irq(1000 * MS));
    EXPECT(0x40, 4, 0, 9, 0, 6, 2);
    expect_sectors(0, 5);
    start_dma(65536, true);
    COMMAND(0x42, 0, 0, 0, 1, 2, 30, 0x1b, 0xff);
    ck_assert(run_to_irq(2000 * MS));
    EXPECT(0x40, 1, 0, 0, 0, 19, 2);
    expect_sectors(0, 18);
}
END_TEST

START_TEST(verify_counts_sectors)
{
    channel.masked = true;
    COMMAND(0x56, 0x80, 0, 0, 3, 2, 18, 0x1b, 4);
    ck_assert(run_to_irq(1000 * MS));
    EXPECT(0, 0, 0, 0, 0, 7, 2);
    COMMAND(0x56, 0, 0, 0, 3, 2, 18, 0x1b, 0xff);
    ck_assert(run_to_irq(1000 * MS));
    EXPECT(0, 0, 0, 1, 0, 1, 2);
    COMMAND(0x56, 0x80, 0, 0, 17, 2, 18, 0x1b, 4); /* two are left */
    ck_assert(run_to_irq(1000 * MS));
    EXPECT(0x40, 0x80, 0, 1, 0, 1, 2);
    COMMAND(0x56, 0, 0, 0, 3, 2, 25, 0x1b, 0xff);
    ck_assert(run_to_irq(2000 * MS));
    EXPECT(0x40, 4, 0, 0, 0, 19, 2);
    COMMAND(0xd6, 0x80, 0, 0, 18, 2, 18, 0x1b, 2);
    ck_assert(run_to_irq(1000 * MS));
    EXPECT(4, 0, 0, 0, 1, 2, 2);
    disk.fail_at = 1;
    COMMAND(0x56, 0x80, 0, 0, 3, 2, 18, 0x1b, 4);
    ck_assert(run_to_irq(1000 * MS));
    EXPECT(0x40, 0x20, 0x20, 0, 0, 3, 2);
}
END_TEST

static const struct {
    uint8_t command;
    int delta; /* of the host's byte at 100 from the disk's; 99: FF there */
    uint8_t st2;
} scans[] = {
    {0x51, 0, 0x08}, {0x51, 1, 0x04}, {0x51, -1, 0x04}, {0x51, 99, 0x08},
    {0x59, 0, 0x08}, {0x59, 1, 0x00}, {0x59, -1, 0x04}, {0x59, 99, 0x08},
    {0x5d, 0, 0x08}, {0x5d, 1, 0x04}, {0x5d, -1, 0x00}, {0x5d, 99, 0x08},
};

START_TEST(scan_compares)
{
    disk.data[512 * 2 + 100] = 0x55;
    for (size_t i = 0; i < ARRAY_LEN(scans); i++) {
        memcpy(channel.memory, disk.data + 512 * 2, 512);
        channel.memory[100] =
            scans[i].delta == 99 ? 0xff : (uint8_t)(0x55 + scans[i].delta);
        start_dma(512, false);
        COMMAND(scans[i].command, 0, 0, 0, 3, 2, 3, 0x1b, 1);
        ck_assert(run_to_irq(1000 * MS));
        ck_assert_uint_eq(result(7)[2], scans[i].st2);
    }
    disk.fail_at = 1;
    start_dma(512, false);
    COMMAND(0x51, 0, 0, 0, 3, 2, 3, 0x1b, 1);
    ck_assert(run_to_irq(1000 * MS));
    EXPECT(0x40, 0x20, 0x20, 0, 0, 3, 2);
    start_dma(65536, false); /* nothing matches up to EOT */
    COMMAND(0x51, 0, 0, 0, 7, 2, 9, 0x1b, 1);
    ck_assert(run_to_irq(1000 * MS));
    EXPECT(0, 0, 0x04, 1, 0, 1, 2);
    ck_assert_uint_eq(channel.at, 3 * 512);
    /* with a stride of two the match is found in sector 5 */
    memcpy(channel.memory, disk.data + 512 * 4, 512);
    memcpy(channel.memory + 512, disk.data + 512 * 4, 512);
    start_dma(1024, false);
    COMMAND(0x51, 0, 0, 0, 3, 2, 7, 0x1b, 2);
    ck_assert(run_to_irq(1000 * MS));
    EXPECT(0, 0, 0x08, 0, 0, 5, 2);
}
END_TEST

START_TEST(implied_seek)
{
    COMMAND(0x13, 0, 0x60, 0);
    start_dma(512, true);
    read_data(0x46, 30, 0, 1, 18);
    EXPECT(0x20, 0, 0, 30, 0, 2, 2);
    expect_sectors(30 * 36, 1);
    start_dma(512, true);
    read_data(0x46, 30, 0, 2, 18);
    EXPECT(0, 0, 0, 30, 0, 3, 2);
}
END_TEST

/* ---- format ---- */

static void format_track(uint8_t c, uint8_t h, uint8_t sectors, uint8_t fill)
{
    for (uint8_t i = 0; i < sectors; i++)
        memcpy(channel.memory + 4 * i, ((uint8_t[]){c, h, (uint8_t)(i + 1), 2}),
               4);
    start_dma((size_t)4 * sectors, false);
    COMMAND(0x4d, (uint8_t)(h << 2), 2, sectors, 0x50, fill);
    ck_assert(run_to_irq(1000 * MS));
    ck_assert_uint_eq(result(7)[0], (unsigned)h << 2);
}

START_TEST(format_fills_a_track)
{
    uint64_t before = clock_now_ns(timer);
    uint8_t next[512];

    memcpy(next, disk.data + 512 * 36, 512);
    format_track(0, 1, 18, 0xf6);
    ck_assert_uint_lt(clock_now_ns(timer) - before, 410 * MS);
    for (unsigned i = 512 * 18; i < 512 * 36; i++)
        ck_assert_uint_eq(disk.data[i], 0xf6);
    ck_assert_mem_eq(disk.data + 512 * 36, next, 512);
}
END_TEST

/* 720K in a 1.44M diskette: told by the first track, then by all. */
START_TEST(format_with_fewer_sectors)
{
    out(CCR, RATE_250K);
    format_track(0, 0, 9, 0x11);
    start_dma(512, true);
    read_data(0x46, 0, 1, 1, 9); /* not formatted yet */
    EXPECT(0x44, 1, 0, 0, 1, 1, 2);
    format_track(0, 1, 9, 0x22);
    seek(1);
    format_track(1, 0, 9, 0x33);
    ck_assert_uint_eq(disk.data[512 * 8], 0x11);
    ck_assert_uint_eq(disk.data[512 * 9], 0x22);
    ck_assert_uint_eq(disk.data[512 * 18], 0x33);
    start_dma(512 * 9, true);
    read_data(0x46, 1, 0, 1, 9);
    EXPECT(0, 0, 0, 2, 0, 1, 2);
    out(CCR, RATE_500K);
    start_dma(512, true);
    read_data(0x46, 1, 0, 1, 9);
    EXPECT(0x40, 1, 0, 1, 0, 1, 2);
}
END_TEST

START_TEST(format_that_no_image_can_hold)
{
    seek(2);
    format_track(2, 0, 19, 0xf6); /* more sectors than the image has room for */
    start_dma(512, true);
    read_data(0x46, 2, 0, 1, 18);
    EXPECT(0x40, 1, 0, 2, 0, 1, 2);
    format_track(2, 1, 10, 0xf6); /* fewer, but not from track 0 on */
    start_dma(512, true);
    read_data(0x46, 2, 1, 1, 18);
    EXPECT(0x44, 1, 0, 2, 1, 1, 2);
    ck_assert_uint_eq(disk.writes, 0);
    format_track(7, 0, 18, 0xf6); /* addresses of another cylinder */
    start_dma(512, true);
    read_data(0x46, 7, 0, 1, 18);
    ck_assert_uint_eq(result(7)[1], 1);
    format_track(2, 0, 18, 0xf6); /* and mended */
    start_dma(512, true);
    read_data(0x46, 2, 0, 1, 18);
    EXPECT(0, 0, 0, 2, 0, 2, 2);
    ck_assert_uint_eq(channel.memory[0], 0xf6);
}
END_TEST

/* ---- media and drives ---- */

static const struct {
    uint64_t bytes;
    enum floppy_drive_type drive;
    uint8_t rate, head; /* cylinder to step to: */
    uint8_t step, c, h, r, n;
    unsigned offset;
} media[] = {
    /* clang-format off */
    {163840,  FLOPPY_DRIVE_360K,  RATE_250K, 0, 39, 39, 0, 8, 2, 163328},
    {368640,  FLOPPY_DRIVE_360K,  RATE_250K, 1, 39, 39, 1, 9, 2, 368128},
    {368640,  FLOPPY_DRIVE_1200K, RATE_300K, 1, 78, 39, 1, 9, 2, 368128},
    {368640,  FLOPPY_DRIVE_1440K, RATE_250K, 1, 39, 39, 1, 9, 2, 368128},
    {655360,  FLOPPY_DRIVE_720K,  RATE_250K, 1, 79, 79, 1, 8, 2, 654848},
    {737280,  FLOPPY_DRIVE_1440K, RATE_250K, 1, 79, 79, 1, 9, 2, 736768},
    {737280,  FLOPPY_DRIVE_1200K, RATE_300K, 1, 79, 79, 1, 9, 2, 736768},
    {839680,  FLOPPY_DRIVE_1440K, RATE_250K, 1, 81, 81, 1, 10, 2, 839168},
    {1228800, FLOPPY_DRIVE_1200K, RATE_500K, 1, 79, 79, 1, 15, 2, 1228288},
    {1228800, FLOPPY_DRIVE_1440K, RATE_500K, 1, 79, 79, 1, 15, 2, 1228288},
    {1261568, FLOPPY_DRIVE_1200K, RATE_500K, 1, 76, 76, 1, 8, 3, 1260544},
    {1720320, FLOPPY_DRIVE_1440K, RATE_500K, 1, 79, 79, 1, 21, 2, 1719808},
    {1763328, FLOPPY_DRIVE_1440K, RATE_500K, 1, 81, 81, 1, 21, 2, 1762816},
    {1884160, FLOPPY_DRIVE_1440K, RATE_500K, 1, 79, 79, 1, 23, 2, 1883648},
    {2949120, FLOPPY_DRIVE_2880K, RATE_1M,   1, 79, 79, 1, 36, 2, 2948608},
    {1474560, FLOPPY_DRIVE_2880K, RATE_500K, 1, 79, 79, 1, 18, 2, 1474048},
    /* clang-format on */
};

/* The last sector of every format, in every drive that takes it, and all of a
 * track within two turns and a bit. */
START_TEST(every_format_reads)
{
    for (size_t i = 0; i < ARRAY_LEN(media); i++) {
        unsigned size = 128u << media[i].n;
        uint64_t before;

        create(FDC82077_AT, media[i].drive, FLOPPY_DRIVE_NONE);
        insert(media[i].bytes);
        start(media[i].rate);
        seek(media[i].step);
        start_dma(size, true);
        COMMAND(0x46, (uint8_t)(media[i].head << 2), media[i].c, media[i].h,
                media[i].r, media[i].n, media[i].r, 0x1b, 0xff);
        ck_assert(run_to_irq(1000 * MS));
        ck_assert_msg((result(7)[0] & 0xc0) == 0, "row %u", (unsigned)i);
        ck_assert_mem_eq(channel.memory, disk.data + media[i].offset, size);
        start_dma((size_t)size * media[i].r, true);
        before = clock_now_ns(timer);
        COMMAND(0x46, (uint8_t)(media[i].head << 2), media[i].c, media[i].h, 1,
                media[i].n, media[i].r, 0x1b, 0xff);
        ck_assert(run_to_irq(1000 * MS));
        ck_assert_uint_eq(result(7)[0] & 0xc0, 0);
        ck_assert_uint_lt(clock_now_ns(timer) - before, 410 * MS);
        teardown();
    }
}
END_TEST

static const struct {
    uint64_t bytes;
    enum floppy_drive_type drive;
    uint8_t rate, step;
} unfit[] = {
    {1474560, FLOPPY_DRIVE_360K, RATE_500K, 0},
    {1474560, FLOPPY_DRIVE_720K, RATE_500K, 0},
    {737280, FLOPPY_DRIVE_360K, RATE_250K, 0},
    {2949120, FLOPPY_DRIVE_1440K, RATE_1M, 0},
    {368640, FLOPPY_DRIVE_1200K, RATE_250K, 0},
    {368640, FLOPPY_DRIVE_1200K, RATE_300K, 1}, /* between two tracks */
    {163840, FLOPPY_DRIVE_1440K, RATE_500K, 0},
};

START_TEST(what_a_drive_cannot_read)
{
    for (size_t i = 0; i < ARRAY_LEN(unfit); i++) {
        create(FDC82077_AT, unfit[i].drive, FLOPPY_DRIVE_NONE);
        insert(unfit[i].bytes);
        start(unfit[i].rate);
        seek(unfit[i].step);
        start_dma(512, true);
        COMMAND(0x4a, 0);
        ck_assert(run_to_irq(1000 * MS));
        ck_assert_uint_eq(result(7)[1], 1);
        teardown();
    }
}
END_TEST

/* A boot sector alone is a diskette whose rest reads as zeros. */
START_TEST(short_media)
{
    create(FDC82077_AT, FLOPPY_DRIVE_1440K, FLOPPY_DRIVE_NONE);
    insert(700);
    start(RATE_500K);
    start_dma(512 * 3, true);
    read_data(0x46, 0, 0, 1, 18);
    EXPECT(0, 0, 0, 0, 0, 4, 2);
    ck_assert_mem_eq(channel.memory, disk.data, 700);
    for (unsigned i = 700; i < 512 * 3; i++)
        ck_assert_uint_eq(channel.memory[i], 0);
    start_dma(512, false);
    read_data(0x45, 0, 0, 2, 18);
    EXPECT(0x50, 0, 0, 0, 0, 2, 2);
    ck_assert_uint_eq(disk.writes, 0);
    teardown();
    create(FDC82077_AT, FLOPPY_DRIVE_1440K, FLOPPY_DRIVE_NONE);
    fake_block_init(&disk, 512);
    disk.fail_at = 1;
    ck_assert_int_eq(fdc82077_insert(fdc, 0, &disk.block, NULL), STATUS_IO);
    disk.block.size_bytes = 5000000;
    ck_assert_int_eq(
        fdc82077_insert(fdc, 0, &disk.block,
                        &(struct floppy_format){99, 2, 18, 2, FLOPPY_HD}),
        STATUS_BAD_FORMAT);
    disk.block.size_bytes = 0;
    ck_assert_int_eq(fdc82077_insert(fdc, 0, &disk.block, NULL),
                     STATUS_BAD_FORMAT);
    start(RATE_500K);
    COMMAND(0x4a, 0);
    ck_assert(!run_to_irq(1000 * MS));
    teardown();
}
END_TEST

/* ---- non-DMA ---- */

static void use_pio(uint8_t threshold, bool fifo_off)
{
    COMMAND(0x03, 0xdf, 0x03);
    COMMAND(0x13, 0, (uint8_t)(fifo_off << 5 | threshold), 0);
}

/* Reads whenever asked, as an interrupt handler that empties the FIFO. */
static unsigned pio_read(uint8_t *to, unsigned limit)
{
    unsigned count = 0;

    while (run_to_irq(1000 * MS)) {
        if (!(in(MSR)&0x20))
            return count;
        ck_assert_uint_eq(in(MSR)&0xf0, 0xf0);
        while ((in(MSR)&0xe0) == 0xe0 && count < limit)
            to[count++] = in(FIFO);
    }
    ck_abort_msg("no interrupt after %u bytes", count);
    return count;
}

START_TEST(pio_read_follows_the_threshold)
{
    static const struct {
        uint8_t threshold;
        bool off;
        unsigned edges; /* for 1024 bytes */
    } rows[] = {{0, true, 1024},
                {0, false, 68},
                {7, false, 128},
                {14, false, 1024},
                {15, false, 1024}};
    uint8_t bytes[2048];

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        use_pio(rows[i].threshold, rows[i].off);
        irq_edges = 0;
        COMMAND(0x46, 0, 0, 0, 1, 2, 2, 0x1b, 0xff);
        ck_assert_uint_eq(in(MSR), 0x70);
        ck_assert_uint_eq(pio_read(bytes, sizeof(bytes)), 1024);
        ck_assert_mem_eq(bytes, disk.data, 1024);
        /* without a terminal count it ends at EOT, with EN */
        ck_assert_msg(irq_edges >= rows[i].edges &&
                          irq_edges <= rows[i].edges + 3,
                      "row %u: %u edges", (unsigned)i, irq_edges);
        EXPECT(0x40, 0x80, 0, 1, 0, 1, 2);
    }
}
END_TEST

START_TEST(pio_read_overruns)
{
    uint8_t bytes[16];
    uint64_t asked;

    use_pio(7, false);
    COMMAND(0x46, 0, 0, 0, 1, 2, 18, 0x1b, 0xff);
    ck_assert(run_to_irq(1000 * MS));
    asked = clock_now_ns(timer);
    while (in(MSR) != 0xd0) {
        clock_skip_to(timer, clock_next_ns(timer));
        clock_fire(timer);
    }
    /* 8 bytes are in, 8 more fit, the next is lost: 9 byte times */
    ck_assert_uint_eq(clock_now_ns(timer) - asked, 9 * 16000);
    EXPECT(0x40, 0x10, 0, 0, 0, 1, 2);
    /* and again, with some bytes fetched */
    COMMAND(0x46, 0, 0, 0, 1, 2, 18, 0x1b, 0xff);
    ck_assert(run_to_irq(1000 * MS));
    for (unsigned i = 0; i < 5; i++)
        bytes[i] = in(FIFO);
    ck_assert_mem_eq(bytes, disk.data, 5);
    run_ns(MS);
    EXPECT(0x40, 0x10, 0, 0, 0, 1, 2);
}
END_TEST

/* The last bytes wait in the FIFO as long as the host likes. */
START_TEST(pio_read_waits_for_the_host)
{
    use_pio(0, false);
    COMMAND(0x46, 0, 0, 0, 1, 2, 1, 0x1b, 0xff);
    for (unsigned i = 0; i < 512 - 15; i++) {
        while ((in(MSR)&0xe0) != 0xe0) {
            clock_skip_to(timer, clock_next_ns(timer));
            clock_fire(timer);
        }
        ck_assert_uint_eq(in(FIFO), disk.data[i]);
    }
    run_ns(1000 * MS);
    for (unsigned i = 512 - 15; i < 512; i++) {
        ck_assert_uint_eq(in(MSR)&0xf0, 0xf0);
        ck_assert_uint_eq(in(FIFO), disk.data[i]);
    }
    EXPECT(0x40, 0x80, 0, 1, 0, 1, 2);
}
END_TEST

START_TEST(pio_write)
{
    uint8_t bytes[1024];
    unsigned sent = 0;

    for (unsigned i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(i * 5 + 1);
    use_pio(7, false);
    COMMAND(0x45, 0, 0, 0, 4, 2, 5, 0x1b, 0xff);
    ck_assert(irq_level); /* asked at once */
    while (run_to_irq(1000 * MS) && (in(MSR)&0x20)) {
        while ((in(MSR)&0xe0) == 0xa0 && sent < sizeof(bytes))
            out(FIFO, bytes[sent++]);
        ck_assert(!irq_level); /* full, or all there */
    }
    ck_assert_uint_eq(sent, 1024);
    EXPECT(0x40, 0x80, 0, 1, 0, 1, 2);
    ck_assert_mem_eq(disk.data + 512 * 3, bytes, 1024);
    /* more bytes than asked for go nowhere */
    COMMAND(0x45, 0, 0, 0, 4, 2, 5, 0x1b, 0xff);
    for (unsigned i = 0; i < 100000; i++)
        out(FIFO, 0x99);
    run_ns(1000 * MS);
    EXPECT(0x40, 0x10, 0, 0, 0, 4, 2); /* underrun */
    ck_assert_mem_eq(disk.data + 512 * 3, bytes, 1024);
}
END_TEST

START_TEST(pio_format_and_scan)
{
    unsigned sent = 0;

    use_pio(15, false);
    COMMAND(0x4d, 0, 2, 18, 0x50, 0xe5);
    while (run_to_irq(1000 * MS) && (in(MSR)&0x20)) {
        static const uint8_t id[4] = {0, 0, 0, 2};

        while ((in(MSR)&0xe0) == 0xa0) {
            out(FIFO, sent % 4 == 2 ? (uint8_t)(sent / 4 + 1) : id[sent % 4]);
            sent++;
        }
    }
    ck_assert_uint_eq(sent, 72);
    ck_assert_uint_eq(result(7)[0], 0);
    ck_assert_uint_eq(disk.data[512 * 18 - 1], 0xe5);
    COMMAND(0x51, 0, 0, 0, 1, 2, 1, 0x1b, 1);
    while (run_to_irq(1000 * MS) && (in(MSR)&0x20)) {
        while ((in(MSR)&0xe0) == 0xa0)
            out(FIFO, 0xe5);
    }
    EXPECT(0, 0, 0x08, 0, 0, 1, 2);
}
END_TEST

/* ---- the whole ---- */

static uint64_t run_script(uint64_t rate_hz)
{
    uint64_t hash = STATE_HASH_INIT;

    setup();
    clock_set_rate(timer, rate_hz);
    seek(3);
    start_dma(512 * 20, true);
    read_data(0xc6, 3, 0, 1, 18);
    hash = state_hash_bytes(hash, result(7), 7);
    start_dma(512, false);
    read_data(0x49, 3, 0, 1, 18);
    hash = state_hash_bytes(hash, result(7), 7);
    hash = state_hash(hash, fdc, fdc->class->state);
    hash = state_hash_bytes(hash, channel.memory, sizeof(channel.memory));
    teardown();
    return hash;
}

/* The same calls at the same times give the same machine. */
START_TEST(runs_repeat)
{
    uint64_t once = run_script(100000000);

    ck_assert_uint_eq(once, run_script(100000000));
    ck_assert_uint_eq(once, run_script(1000000000));
}
END_TEST

/* What of a long transfer is left, run to its end. */
static uint64_t finish_script(void)
{
    uint64_t hash;

    ck_assert(run_to_irq(3000 * MS));
    hash = state_hash_bytes(STATE_HASH_INIT, result(7), 7);
    hash = state_hash_bytes(hash, channel.memory, sizeof(channel.memory));
    hash = state_hash_bytes(hash, &(uint64_t){clock_now_ns(timer)}, 8);
    return state_hash(hash, fdc, fdc->class->state);
}

/* A state that is loaded at any time goes on as it did. */
START_TEST(snapshot_goes_on)
{
    const struct state_field *table = fdc->class->state;
    uint8_t *saved = malloc(state_copy_bytes(table));

    for (unsigned i = 0; i < 60; i++) {
        uint64_t end;
        struct clock then;
        struct channel memory;

        seek(2);
        start_dma((size_t)512 * 18, true);
        COMMAND(0x46, 0, 2, 0, 1, 2, 18, 0x1b, 0xff);
        run_ns(i * 3333333u);
        if (irq_level) {
            result(7);
            continue;
        }
        then = *timer;
        memory = channel;
        state_copy(fdc, saved, false, table);
        end = finish_script();
        *timer = then;
        channel = memory;
        clock_clear(timer);
        state_copy(fdc, saved, true, table);
        fdc->class->loaded(fdc);
        ck_assert_uint_eq(finish_script(), end);
    }
    free(saved);
}
END_TEST

/* A state made up by somebody: any bytes load and run without harm. */
START_TEST(hostile_states)
{
    const struct state_field *table = fdc->class->state;
    size_t bytes = state_copy_bytes(table);
    uint8_t *state = malloc(bytes);
    struct clock then = *timer;
    uint32_t seed = 777;

    for (unsigned n = 0; n < 3000; n++) {
        state_copy(fdc, state, false, table);
        for (unsigned k = 0; k < 200; k++) {
            seed = seed * 1664525u + 1013904223u;
            state[seed % bytes] = (uint8_t)(seed >> 24 & (n % 2 ? 0xff : 1));
        }
        *timer = then;
        clock_clear(timer);
        state_copy(fdc, state, true, table);
        fdc->class->loaded(fdc);
        for (unsigned k = 0; k < 50; k++) {
            out(BASE + (k & 7), (uint8_t)(k * 37));
            in(BASE + (k & 7));
            if (clock_next_ns(timer) < UINT64_C(1) << 50)
                clock_skip_to(timer, clock_next_ns(timer));
            clock_fire(timer);
        }
    }
    free(state);
}
END_TEST

START_TEST(haste_divides_times)
{
    struct fdc82077_config config = {.name = "fdc", .base = BASE, .haste = 65};

    ck_assert_int_eq(bus_create(&ports), STATUS_OK);
    ck_assert_int_eq(clock_create(&timer, 100000000), STATUS_OK);
    config.ports = ports;
    config.clock = timer;
    ck_assert_int_eq(fdc82077_create(&config, &fdc), STATUS_BAD_ARGUMENT);
    config.haste = 10;
    config.irq = (struct irq_line){take_irq, NULL, 6};
    config.dma = (struct dma_line){move, NULL, &channel, 2};
    config.drives[0] = FLOPPY_DRIVE_1440K;
    ck_assert_int_eq(fdc82077_create(&config, &fdc), STATUS_OK);
    insert(1474560);
    start(RATE_500K);
    start_dma((size_t)512 * 36, true);
    read_data(0xc6, 0, 0, 1, 18);
    EXPECT(4, 0, 0, 1, 0, 1, 2);
    expect_sectors(0, 36);
    start_dma((size_t)512 * 36, true);
    COMMAND(0xc6, 0, 0, 0, 1, 2, 18, 0x1b, 0xff);
    ck_assert(run_to_irq(61 * MS));
    teardown();
}
END_TEST

START_TEST(claimed_ports_are_refused_whole)
{
    static const struct bus_ops none = {NULL, NULL, 1};
    struct fdc82077_config config = {.name = "fdc", .base = BASE};
    struct device *other = NULL;

    ck_assert_int_eq(bus_create(&ports), STATUS_OK);
    ck_assert_int_eq(clock_create(&timer, 100000000), STATUS_OK);
    config.ports = ports;
    config.clock = timer;
    ck_assert_int_eq(bus_map(ports, BASE + 7, 1, &none, &disk), STATUS_OK);
    ck_assert_int_eq(fdc82077_create(&config, &other), STATUS_OVERLAP);
    ck_assert_ptr_null(other);
    ck_assert_int_eq(bus_map(ports, BASE, 6, &none, &disk), STATUS_OK);
    bus_destroy(ports);
    clock_destroy(timer);
}
END_TEST

static uint32_t next_random(uint32_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed;
}

static const uint8_t likely[] = {0x46, 0xe6, 0x4c, 0x42, 0x45, 0xc9, 0x56,
                                 0x51, 0xd9, 0x5d, 0x4a, 0x4d, 0x07, 0x0f,
                                 0x8f, 0x08, 0x03, 0x13, 0x0e, 0x12};

static void random_access(uint32_t *seed)
{
    uint32_t r = next_random(seed);
    uint8_t byte = (uint8_t)(r >> 24);

    switch (r % 16) {
    case 0: out(BASE + (r >> 8 & 7), byte); break;
    case 1: start_dma(r >> 8 & 0x3fff, r & 0x10000); break;
    case 2: out(DOR, byte | 0x1c); break;
    case 3: run_ns(r >> 4); break;
    case 4: out(FIFO, likely[byte % sizeof(likely)]); break;
    case 5: in(BASE + (r >> 8 & 7)); break;
    case 6:
        if (byte < 2)
            fdc82077_eject(fdc, byte);
        break;
    case 7:
        if (byte < 4)
            fdc82077_insert(fdc, 0, &disk.block, NULL);
        break;
    case 8: run_ns(r >> 14); break;
    case 9: disk.fail_at = byte < 8 ? 1 : 0; break;
    case 10: in(FIFO); break;
    default: out(FIFO, byte & (r & 0x100 ? 0x03 : 0xff)); break;
    }
}

/* VITRINE_FUZZ=n: n million accesses. */
START_TEST(random_accesses)
{
    const char *text = getenv("VITRINE_FUZZ");
    unsigned long millions = text ? strtoul(text, NULL, 10) : 1;
    uint32_t seed = 12345;

    for (unsigned long n = 0; n < millions * 1000000; n++)
        random_access(&seed);
    fdc82077_insert(fdc, 0, &disk.block, NULL);
    disk.fail_at = 0;
    out(DOR, 0x00);
    start(RATE_500K);
    COMMAND(0x4a, 0);
    ck_assert(run_to_irq(1000 * MS));
    result(7);
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
    Suite *suite = suite_create("devices/fdc82077");
    const TTest *const raw[] = {reset_polls_four_drives,
                                configure_stops_polling,
                                lock_keeps_the_fifo_setup,
                                identification,
                                every_first_byte,
                                power_down_ends_with_a_reset,
                                at_mode_floats_status_registers,
                                NULL};
    const TTest *const own[] = {ps2_mode_registers,
                                model30_mode_registers,
                                change_line_falls_with_a_step,
                                seek_takes_its_steps,
                                recalibrate_without_a_drive,
                                recalibrate_gives_up_after_79_steps,
                                two_seeks_overlap,
                                every_format_reads,
                                what_a_drive_cannot_read,
                                short_media,
                                runs_repeat,
                                haste_divides_times,
                                claimed_ports_are_refused_whole,
                                NULL};
    const TTest *const ready[] = {read_one_sector,
                                  read_takes_the_time_of_the_turn,
                                  end_of_track_without_terminal_count,
                                  multi_track_goes_on_with_the_other_side,
                                  terminal_count_inside_a_sector,
                                  what_is_not_found,
                                  beyond_the_last_cylinder,
                                  nothing_turns,
                                  no_drive_attached,
                                  write_reaches_the_medium,
                                  write_protection,
                                  dma_that_does_not_serve,
                                  host_failures_are_bad_media,
                                  deleted_marks,
                                  read_id_shows_what_passes,
                                  read_track_takes_physical_order,
                                  verify_counts_sectors,
                                  scan_compares,
                                  implied_seek,
                                  format_fills_a_track,
                                  format_with_fewer_sectors,
                                  format_that_no_image_can_hold,
                                  pio_read_follows_the_threshold,
                                  pio_read_overruns,
                                  pio_read_waits_for_the_host,
                                  pio_write,
                                  pio_format_and_scan,
                                  random_accesses,
                                  snapshot_goes_on,
                                  hostile_states,
                                  NULL};

    add(suite, "after power-on", setup_raw, teardown, raw);
    add(suite, "with a disk ready", setup, teardown, ready);
    add(suite, "own set-up", NULL, NULL, own);
    return suite;
}
