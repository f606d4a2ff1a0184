#include "tests/devices/fdc_rig.h"

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
                                haste_divides_times,
                                claimed_ports_are_refused_whole,
                                NULL};

    add(suite, "after power-on", setup_raw, teardown, raw);
    add(suite, "own set-up", NULL, NULL, own);
    return suite;
}
