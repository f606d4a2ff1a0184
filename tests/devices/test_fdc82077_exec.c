#include "tests/devices/fdc_rig.h"

/* ---- read and write by DMA ---- */

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

Suite *test_suite(void)
{
    Suite *suite = suite_create("devices/fdc82077_exec");
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
                                  NULL};
    const TTest *const own[] = {every_format_reads, what_a_drive_cannot_read,
                                short_media, NULL};

    add(suite, "with a disk ready", setup, teardown, ready);
    add(suite, "own set-up", NULL, NULL, own);
    return suite;
}
