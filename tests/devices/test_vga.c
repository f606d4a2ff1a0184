#include "tests/devices/vga_fixture.h"

static struct board board;

static void setup(void)
{
    board_create(&board, 0x40000);
    set_mode(&board, &mode_03);
}

static void teardown(void)
{
    board_destroy(&board);
}

START_TEST(registers_read_back_what_exists)
{
    static const struct {
        unsigned port, index, bits;
    } rows[] = {
        {0x3c4, 0, 0x03},    {0x3c4, 1, 0x3d},    {0x3c4, 2, 0x0f},
        {0x3c4, 3, 0x3f},    {0x3c4, 4, 0x0e},    {0x3ce, 0, 0x0f},
        {0x3ce, 3, 0x1f},    {0x3ce, 5, 0x7b},    {0x3ce, 6, 0x0f},
        {0x3ce, 8, 0xff},    {0x3d4, 0x0a, 0x3f}, {0x3d4, 0x0c, 0xff},
        {0x3d4, 0x14, 0x7f}, {0x3d4, 0x17, 0xef}, {0x3d4, 0x18, 0xff},
        {0x3c4, 6, 0x00},    {0x3ce, 12, 0x00},   {0x3d4, 0x30, 0x00},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        for (unsigned value = 0; value < 256; value += 85) {
            out16(&board, rows[i].port, value << 8 | rows[i].index);
            ck_assert_uint_eq(in8(&board, rows[i].port), rows[i].index);
            ck_assert_uint_eq(in8(&board, rows[i].port + 1),
                              value & rows[i].bits);
        }
    }
}
END_TEST

START_TEST(crtc_protect_spares_line_compare)
{
    set_crtc(&board, 0x11, 0x8e);
    for (unsigned i = 0; i < 8; i++)
        set_crtc(&board, i, 0x00);
    for (unsigned i = 0; i < 7; i++) {
        out8(&board, 0x3d4, i);
        ck_assert_uint_eq(in8(&board, 0x3d5), mode_03.crtc[i]);
    }
    out8(&board, 0x3d4, 7);
    ck_assert_uint_eq(in8(&board, 0x3d5), mode_03.crtc[7] & ~0x10u);
    set_crtc(&board, 0x11, 0x0e);
    set_crtc(&board, 0, 0x12);
    out8(&board, 0x3d4, 0);
    ck_assert_uint_eq(in8(&board, 0x3d5), 0x12);
}
END_TEST

START_TEST(misc_output_moves_crtc_and_status)
{
    set_crtc(&board, 0x0f, 0x5a);
    ck_assert_uint_eq(in8(&board, 0x3b5), 0xff);
    ck_assert_uint_eq(in8(&board, 0x3ba), 0xff);
    out8(&board, 0x3c2, 0x66);
    ck_assert_uint_eq(in8(&board, 0x3cc), 0x66);
    ck_assert_uint_eq(in8(&board, 0x3b5), 0x5a);
    ck_assert_uint_eq(in8(&board, 0x3d5), 0xff);
    ck_assert_uint_eq(in8(&board, 0x3da), 0xff);
    ck_assert_uint_ne(in8(&board, 0x3ba), 0xff);
    out8(&board, 0x3ba, 0x03);
    ck_assert_uint_eq(in8(&board, 0x3ca), 0x03);
    out8(&board, 0x3da, 0x00); /* not there now */
    ck_assert_uint_eq(in8(&board, 0x3ca), 0x03);
}
END_TEST

START_TEST(attribute_flip_flop)
{
    in8(&board, 0x3da);
    out8(&board, 0x3c0, 0x31); /* address 11, screen on */
    out8(&board, 0x3c0, 0x2a); /* data */
    ck_assert_uint_eq(in8(&board, 0x3c0), 0x31);
    ck_assert_uint_eq(in8(&board, 0x3c1), 0x2a);
    out8(&board, 0x3c0, 0x32); /* address again */
    out8(&board, 0x3d4, 0x24);
    ck_assert_uint_eq(in8(&board, 0x3d5) & 0x80, 0x80); /* data is next */
    in8(&board, 0x3da);
    ck_assert_uint_eq(in8(&board, 0x3d5) & 0x80, 0);
    out8(&board, 0x3c0, 0x33); /* address, because of the read */
    out8(&board, 0x3c0, 0x07);
    ck_assert_uint_eq(in8(&board, 0x3c1), 0x07);
    out8(&board, 0x3d4, 0x26);
    ck_assert_uint_eq(in8(&board, 0x3d5), 0x33);
    set_ac(&board, 0x05, 0xff);
    out8(&board, 0x3c0, 0x25);
    ck_assert_uint_eq(in8(&board, 0x3c1), 0x3f); /* six bits */
}
END_TEST

START_TEST(dac_sequences)
{
    out8(&board, 0x3c8, 0x10);
    for (unsigned i = 0; i < 6; i++)
        out8(&board, 0x3c9, 0xc1 + i); /* upper two bits do not exist */
    ck_assert_uint_eq(in8(&board, 0x3c7), 0x00);
    ck_assert_uint_eq(in8(&board, 0x3c8), 0x12);
    out8(&board, 0x3c7, 0x10);
    ck_assert_uint_eq(in8(&board, 0x3c7), 0x03);
    for (unsigned i = 0; i < 6; i++)
        ck_assert_uint_eq(in8(&board, 0x3c9), 1 + i);
}
END_TEST

START_TEST(dac_index_wraps_and_third_write_commits)
{
    set_dac(&board, 0x00, 9, 9, 9);
    out8(&board, 0x3c8, 0xff);
    for (unsigned i = 0; i < 5; i++)
        out8(&board, 0x3c9, 0x20 + i); /* 255 whole, 0 without blue */
    out8(&board, 0x3c7, 0xff);
    ck_assert_uint_eq(in8(&board, 0x3c9), 0x20);
    ck_assert_uint_eq(in8(&board, 0x3c9), 0x21);
    ck_assert_uint_eq(in8(&board, 0x3c9), 0x22);
    for (unsigned i = 0; i < 3; i++)
        ck_assert_uint_eq(in8(&board, 0x3c9), 9);
}
END_TEST

START_TEST(status0_senses_the_monitor)
{
    set_dac(&board, 0, 0, 0, 0);
    ck_assert_uint_eq(in8(&board, 0x3c2) & 0x10, 0x10);
    set_dac(&board, 0, 0x3f, 0x3f, 0x3f);
    ck_assert_uint_eq(in8(&board, 0x3c2) & 0x10, 0);
}
END_TEST

START_TEST(subsystem_enable_gates_all_but_itself)
{
    out8(&board, 0x3c3, 0);
    ck_assert_uint_eq(in8(&board, 0x3cc), 0xff);
    ck_assert_uint_eq(in8(&board, 0x3d4), 0xff);
    ck_assert_uint_eq(mem_load(board.mem, 0xb8000, 1), 0xff);
    out8(&board, 0x3c2, 0x00); /* not heard */
    out8(&board, 0x3c3, 1);
    ck_assert_uint_eq(in8(&board, 0x3cc), 0x67);
    mem_store(board.mem, 0xb8000, 0x41, 1);
    ck_assert_uint_eq(mem_load(board.mem, 0xb8000, 1), 0x41);
}
END_TEST

START_TEST(decode_gates_everything)
{
    vga_set_decode(board.vga, false, true);
    ck_assert_uint_eq(in8(&board, 0x3cc), 0xff);
    ck_assert_uint_eq(in16(&board, 0x1cf), 0xffff);
    out8(&board, 0x3c3, 0);
    vga_set_decode(board.vga, true, false);
    ck_assert_uint_eq(in8(&board, 0x3cc), 0x67);
    mem_store(board.mem, 0xb8000, 0x42, 1);
    mem_store(board.mem, LFB_BASE, 0x42, 1);
    ck_assert_uint_eq(mem_load(board.mem, 0xb8000, 1), 0xff);
    ck_assert_uint_eq(mem_load(board.mem, LFB_BASE, 1), 0xff);
    vga_set_decode(board.vga, true, true);
    ck_assert_uint_ne(mem_load(board.mem, 0xb8000, 1), 0x42);
    ck_assert_uint_ne(mem_load(board.mem, LFB_BASE, 1), 0x42);
}
END_TEST

/* Samples status 1 over one field and returns in how many samples each bit
 * (0: not displaying, 3: vertical retrace) was set. */
static void sample_field(uint64_t field_ns, unsigned samples,
                         unsigned counts[4])
{
    memset(counts, 0, 4 * sizeof(counts[0]));
    for (unsigned i = 0; i < samples; i++) {
        uint8_t status = in8(&board, 0x3da);

        counts[0] += status & 1;
        counts[3] += status >> 3 & 1;
        pass_time(&board, field_ns / samples);
    }
}

/* Mode 3: 900 dots of 28.322 MHz by 449 lines, of which 720 by 400 show; the
 * retrace lasts two lines. */
START_TEST(status1_follows_the_beam)
{
    const uint64_t field_ns = 449u * 900u * UINT64_C(1000000) / 28322;
    const unsigned samples = 20000;
    unsigned counts[4], shown = 720 * 400, all = 900 * 449;

    sample_field(field_ns, samples, counts);
    ck_assert_int_le(
        abs((int)counts[0] - (int)((uint64_t)samples * (all - shown) / all)),
        (int)samples / 200);
    ck_assert_int_le(abs((int)counts[3] - (int)(samples * 2 / 449)), 8);
}
END_TEST

/* The time between two beginnings of a vertical retrace. */
static uint64_t measure_field(void)
{
    uint64_t from;

    while (in8(&board, 0x3da) & 8)
        pass_time(&board, 500);
    while (!(in8(&board, 0x3da) & 8))
        pass_time(&board, 500);
    from = board.ns;
    while (in8(&board, 0x3da) & 8)
        pass_time(&board, 500);
    while (!(in8(&board, 0x3da) & 8))
        pass_time(&board, 500);
    return board.ns - from;
}

START_TEST(field_rates_of_ibm_modes)
{
    static const struct {
        const struct vga_mode *mode;
        unsigned millihz;
    } rows[] = {
        {&mode_03, 70087}, {&mode_01, 70087}, {&mode_04, 70087},
        {&mode_13, 70087}, {&mode_12, 59941}, {&mode_10, 70087},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        uint64_t want = UINT64_C(1000000000000) / rows[i].millihz, got;

        set_mode(&board, rows[i].mode);
        got = measure_field();
        ck_assert_uint_le(got > want ? got - want : want - got, want / 1000);
    }
}
END_TEST

START_TEST(retraces_happen_with_nonsense_registers)
{
    set_crtc(&board, 0x11, 0);
    for (unsigned i = 0; i < 25; i++)
        set_crtc(&board, i, 0);
    ck_assert_uint_lt(measure_field(), 100000000);
}
END_TEST

START_TEST(vertical_interrupt)
{
    set_crtc(&board, 0x11, 0x0e); /* cleared, enabled */
    pass_time(&board, 30000000);
    ck_assert(!board.irq);
    set_crtc(&board, 0x11, 0x1e);
    ck_assert(!board.irq);
    pass_time(&board, 15000000); /* more than a field */
    ck_assert(board.irq);
    ck_assert_uint_eq(in8(&board, 0x3c2) & 0x80, 0x80);
    set_crtc(&board, 0x11, 0x0e);
    ck_assert(!board.irq);
    ck_assert_uint_eq(in8(&board, 0x3c2) & 0x80, 0);
    set_crtc(&board, 0x11, 0x3e); /* seen in the status, but no interrupt */
    pass_time(&board, 15000000);
    ck_assert(!board.irq);
    ck_assert_uint_eq(in8(&board, 0x3c2) & 0x80, 0x80);
}
END_TEST

START_TEST(interrupt_comes_with_the_retrace)
{
    uint64_t next;

    set_crtc(&board, 0x11, 0x1e);
    next = clock_next_ns(board.clock);
    pass_time(&board, next - board.ns - 300);
    ck_assert(!board.irq && !(in8(&board, 0x3da) & 8));
    pass_time(&board, 600);
    ck_assert(board.irq && in8(&board, 0x3da) & 8);
}
END_TEST

START_TEST(bad_configurations_are_refused)
{
    struct vga_config config = {
        .name = "b",
        .ports = board.ports,
        .mem = board.mem,
        .clock = board.clock,
    };
    struct device *dev = board.vga;
    struct bus *ports;

    ck_assert_int_eq(vga_create(&config, &dev), STATUS_OVERLAP);
    ck_assert_ptr_null(dev);
    ck_assert_int_eq(bus_create(&ports), STATUS_OK);
    config.ports = ports;
    config.vram_bytes = 0x50000;
    ck_assert_int_eq(vga_create(&config, &dev), STATUS_BAD_ARGUMENT);
    config.vram_bytes = 0x20000;
    ck_assert_int_eq(vga_create(&config, &dev), STATUS_BAD_ARGUMENT);
    config.vram_bytes = 0;
    config.lfb_base = 0xe0000800;
    ck_assert_int_eq(vga_create(&config, &dev), STATUS_BAD_ARGUMENT);
    config.lfb_base = 0xff800000;
    ck_assert_int_eq(vga_create(&config, &dev), STATUS_BAD_ARGUMENT);
    bus_destroy(ports);
}
END_TEST

/* A failed creation leaves no port behind. */
START_TEST(overlap_releases_ports)
{
    static const struct bus_ops none = {.sizes = 1};
    struct vga_config config = {
        .name = "b", .mem = board.mem, .clock = board.clock};
    struct device *dev;
    struct bus *ports;

    ck_assert_int_eq(bus_create(&ports), STATUS_OK);
    ck_assert_int_eq(bus_map(ports, 0x3da, 1, &none, &board), STATUS_OK);
    config.ports = ports;
    ck_assert_int_eq(vga_create(&config, &dev), STATUS_OVERLAP);
    ck_assert_int_eq(bus_map(ports, 0x3c0, 16, &none, &board), STATUS_OK);
    ck_assert_int_eq(bus_map(ports, 0x1ce, 4, &none, &board), STATUS_OK);
    bus_destroy(ports);
}
END_TEST

START_TEST(reset_gives_the_power_on_registers)
{
    struct board fresh;
    uint64_t seed = 7;

    board_create(&fresh, 0x40000);
    for (unsigned i = 0; i < 5000; i++)
        out8(&board, 0x3b0 + random32(&seed) % 0x30, random32(&seed) & 0xff);
    out8(&board, 0x3c3, 1);
    device_reset(board.vga);
    for (unsigned port = 0x3c0; port < 0x3e0; port++) {
        if (port != 0x3c9 && port != 0x3c2 && port != 0x3da)
            ck_assert_uint_eq(in8(&board, port), in8(&fresh, port));
    }
    for (unsigned i = 0; i < 16; i++)
        ck_assert_uint_eq(get_vbe(&board, i), get_vbe(&fresh, i));
    board_destroy(&fresh);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("devices/vga");
    TCase *tcase = tcase_create("registers");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, registers_read_back_what_exists);
    tcase_add_test(tcase, crtc_protect_spares_line_compare);
    tcase_add_test(tcase, misc_output_moves_crtc_and_status);
    tcase_add_test(tcase, attribute_flip_flop);
    tcase_add_test(tcase, dac_sequences);
    tcase_add_test(tcase, dac_index_wraps_and_third_write_commits);
    tcase_add_test(tcase, status0_senses_the_monitor);
    tcase_add_test(tcase, subsystem_enable_gates_all_but_itself);
    tcase_add_test(tcase, decode_gates_everything);
    tcase_add_test(tcase, status1_follows_the_beam);
    tcase_add_test(tcase, field_rates_of_ibm_modes);
    tcase_add_test(tcase, retraces_happen_with_nonsense_registers);
    tcase_add_test(tcase, vertical_interrupt);
    tcase_add_test(tcase, interrupt_comes_with_the_retrace);
    tcase_add_test(tcase, bad_configurations_are_refused);
    tcase_add_test(tcase, overlap_releases_ports);
    tcase_add_test(tcase, reset_gives_the_power_on_registers);
    suite_add_tcase(suite, tcase);
    return suite;
}
