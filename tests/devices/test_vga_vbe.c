/* The display interface: registers, bounds, banks, framebuffer, pictures. */
#include "tests/devices/vga_fixture.h"

enum {
    ID = 0,
    XRES = 1,
    YRES = 2,
    BPP = 3,
    ENABLE = 4,
    BANK = 5,
    VIRT_WIDTH = 6,
    VIRT_HEIGHT = 7,
    X_OFFSET = 8,
    Y_OFFSET = 9,
    MEMORY = 10,

    ON = 0x01,
    CAPS = 0x02,
    BANK_32K = 0x10,
    DAC_8BIT = 0x20,
    LFB = 0x40,
    NOCLEAR = 0x80,
};

#define VRAM 0x400000u

static struct board board;
static struct display_frame frame;

static void setup(void)
{
    board_create(&board, VRAM);
    set_mode(&board, &mode_03);
    frame = new_frame();
}

static void teardown(void)
{
    free(frame.pixels);
    board_destroy(&board);
}

static void vbe_mode(unsigned width, unsigned height, unsigned bpp,
                     unsigned flags)
{
    set_vbe(&board, ENABLE, 0);
    set_vbe(&board, XRES, width);
    set_vbe(&board, YRES, height);
    set_vbe(&board, BPP, bpp);
    set_vbe(&board, ENABLE, ON | flags);
}

static void render(unsigned width, unsigned height)
{
    vga_render(board.vga, &frame);
    ck_assert_uint_eq(frame.width, width);
    ck_assert_uint_eq(frame.height, height);
}

START_TEST(identification)
{
    ck_assert_uint_eq(get_vbe(&board, ID), 0xb0c5);
    set_vbe(&board, ID, 0xb0c0); /* how old drivers ask */
    ck_assert_uint_eq(get_vbe(&board, ID), 0xb0c0);
    set_vbe(&board, ID, 0xb0c4);
    ck_assert_uint_eq(get_vbe(&board, ID), 0xb0c4);
    set_vbe(&board, ID, 0xb0c6);
    ck_assert_uint_eq(get_vbe(&board, ID), 0xb0c4);
    ck_assert_uint_eq(get_vbe(&board, MEMORY), VRAM >> 16);
    ck_assert_uint_eq(get_vbe(&board, 100), 0);
    out16(&board, 0x1ce, ID); /* the even data port is the same */
    out16(&board, 0x1d0, 0xb0c5);
    ck_assert_uint_eq(in16(&board, 0x1d0), 0xb0c5);
}
END_TEST

START_TEST(capabilities)
{
    vbe_mode(800, 600, 16, 0);
    set_vbe(&board, ENABLE, CAPS);
    ck_assert_uint_eq(get_vbe(&board, XRES), DISPLAY_WIDTH_MAX);
    ck_assert_uint_eq(get_vbe(&board, YRES), DISPLAY_HEIGHT_MAX);
    ck_assert_uint_eq(get_vbe(&board, BPP), 32);
    set_vbe(&board, ENABLE, 0);
    ck_assert_uint_eq(get_vbe(&board, XRES), 800);
    ck_assert_uint_eq(get_vbe(&board, YRES), 600);
    ck_assert_uint_eq(get_vbe(&board, BPP), 16);
}
END_TEST

START_TEST(geometry_fits_memory)
{
    vbe_mode(1024, 768, 32, LFB);
    ck_assert_uint_eq(get_vbe(&board, VIRT_WIDTH), 1024);
    ck_assert_uint_eq(get_vbe(&board, VIRT_HEIGHT), VRAM / 4096);
    set_vbe(&board, X_OFFSET, 1);
    ck_assert_uint_eq(get_vbe(&board, X_OFFSET), 0);
    set_vbe(&board, Y_OFFSET, 9999);
    ck_assert_uint_eq(get_vbe(&board, Y_OFFSET), VRAM / 4096 - 768);
    set_vbe(&board, VIRT_WIDTH, 1280);
    set_vbe(&board, X_OFFSET, 300);
    ck_assert_uint_eq(get_vbe(&board, X_OFFSET), 256);
    set_vbe(&board, VIRT_WIDTH, 8000); /* would not hold 768 lines */
    ck_assert_uint_eq(get_vbe(&board, VIRT_WIDTH), 1024);
    vbe_mode(2560, 1600, 32, LFB); /* 16 MB */
    ck_assert_uint_eq(get_vbe(&board, YRES), VRAM / 10240);
    render(2560, VRAM / 10240);
}
END_TEST

/* Registers may be written in any order, big values before small. */
START_TEST(order_of_writes_does_not_matter)
{
    vbe_mode(2560, 1600, 32, LFB);
    set_vbe(&board, ENABLE, 0);
    set_vbe(&board, YRES, 1024);
    set_vbe(&board, XRES, 1280);
    set_vbe(&board, BPP, 8);
    set_vbe(&board, ENABLE, ON);
    render(1280, 1024);
}
END_TEST

START_TEST(hostile_values_stay_in_bounds)
{
    uint64_t seed = (uint64_t)_i + 1;

    for (unsigned i = 0; i < 3000; i++) {
        unsigned width, height, virt;

        set_vbe(&board, random32(&seed) % 12,
                random32(&seed) >> random32(&seed) % 16 & 0xffff);
        set_vbe(&board, ENABLE, NOCLEAR | ON | (random32(&seed) & 0x70));
        width = get_vbe(&board, XRES);
        height = get_vbe(&board, YRES);
        virt = get_vbe(&board, VIRT_WIDTH);
        ck_assert(width >= 1 && width <= DISPLAY_WIDTH_MAX);
        ck_assert(height >= 1 && height <= DISPLAY_HEIGHT_MAX);
        ck_assert_uint_le(get_vbe(&board, X_OFFSET) + width, virt);
        ck_assert_uint_le(get_vbe(&board, Y_OFFSET) + height,
                          get_vbe(&board, VIRT_HEIGHT));
        for (unsigned k = 0; k < 4; k++) {
            mem_store(board.mem, 0xa0000 + random32(&seed) % 0x1fffc / 4 * 4, i,
                      4);
            mem_load(board.mem, 0xa0000 + random32(&seed) % 0x1fffc / 4 * 4, 4);
        }
        if (i % 64 == 0)
            vga_render(board.vga, &frame);
    }
}
END_TEST

START_TEST(enabling_clears_unless_told)
{
    mem_store(board.mem, LFB_BASE + 640 * 480 - 1, 0x77, 1);
    mem_store(board.mem, LFB_BASE + 640 * 480, 0x77, 1);
    vbe_mode(640, 480, 8, NOCLEAR);
    ck_assert_uint_eq(mem_load(board.mem, LFB_BASE + 640 * 480 - 1, 1), 0x77);
    vbe_mode(640, 480, 8, 0);
    ck_assert_uint_eq(mem_load(board.mem, LFB_BASE + 640 * 480 - 1, 1), 0);
    ck_assert_uint_eq(mem_load(board.mem, LFB_BASE + 640 * 480, 1), 0x77);
}
END_TEST

START_TEST(banks_show_video_memory)
{
    vbe_mode(640, 480, 8, 0);
    for (unsigned bank = 0; bank < VRAM >> 16; bank++) {
        set_vbe(&board, BANK, bank);
        ck_assert_uint_eq(get_vbe(&board, BANK), bank);
        mem_store(board.mem, 0xa0000, bank, 1);
        mem_store(board.mem, 0xafffc, bank * 0x01010101u, 4);
    }
    for (uint32_t at = 0; at < VRAM; at += 0x10000) {
        ck_assert_uint_eq(mem_load(board.mem, LFB_BASE + at, 1), at >> 16);
        ck_assert_uint_eq(mem_load(board.mem, LFB_BASE + at + 0xffff, 1),
                          at >> 16);
    }
    ck_assert_uint_eq(mem_load(board.mem, 0xb0000, 1), 0xff);
    set_vbe(&board, BANK, 0x1000 + 5); /* wraps, as address lines do */
    ck_assert_uint_eq(mem_load(board.mem, 0xa0000, 1), 5);
}
END_TEST

START_TEST(separate_and_small_banks)
{
    vbe_mode(640, 480, 8, 0);
    mem_store(board.mem, LFB_BASE + 0x10000, 0x11, 1);
    mem_store(board.mem, LFB_BASE + 0x20000, 0x22, 1);
    set_vbe(&board, BANK, 0x8000 | 1);
    set_vbe(&board, BANK, 0x4000 | 2);
    ck_assert_uint_eq(mem_load(board.mem, 0xa0000, 1), 0x11);
    mem_store(board.mem, 0xa0000, 0x33, 1);
    ck_assert_uint_eq(mem_load(board.mem, 0xa0000, 1), 0x11);
    ck_assert_uint_eq(mem_load(board.mem, LFB_BASE + 0x20000, 1), 0x33);
    set_vbe(&board, ENABLE, ON | BANK_32K | NOCLEAR);
    set_vbe(&board, BANK, 3);
    ck_assert_uint_eq(mem_load(board.mem, 0xa8000, 1), 0x33);
    set_vbe(&board, BANK, VRAM / 0x8000 - 1); /* second half wraps */
    mem_store(board.mem, 0xa8000, 0x44, 1);
    ck_assert_uint_eq(mem_load(board.mem, LFB_BASE, 1), 0x44);
}
END_TEST

START_TEST(dac_width)
{
    set_dac(&board, 3, 0x01, 0x20, 0x3f);
    vbe_mode(640, 480, 8, DAC_8BIT);
    out8(&board, 0x3c7, 3);
    ck_assert_uint_eq(in8(&board, 0x3c9), 0x04);
    ck_assert_uint_eq(in8(&board, 0x3c9), 0x80);
    ck_assert_uint_eq(in8(&board, 0x3c9), 0xfc);
    set_dac(&board, 4, 0x12, 0xab, 0xff);
    mem_store(board.mem, 0xa0000, 4, 1);
    render(640, 480);
    ck_assert_uint_eq(frame.pixels[0], 0x12abff);
    set_vbe(&board, ENABLE, 0);
    out8(&board, 0x3c7, 4);
    ck_assert_uint_eq(in8(&board, 0x3c9), 0x04);
}
END_TEST

/* What a pixel's value is in each depth, by channel, naively. */
static uint32_t naive_color(unsigned bpp, uint32_t value)
{
    static const unsigned five[] = {5, 5, 5}, six[] = {5, 6, 5},
                          eight[] = {8, 8, 8};
    const unsigned *width = bpp == 15 ? five : bpp == 16 ? six : eight;
    uint32_t color = 0;

    for (unsigned channel = 0; channel < 3; channel++) {
        unsigned below = 0, level;

        for (unsigned k = channel + 1; k < 3; k++)
            below += width[k];
        level = value >> below & ((1u << width[channel]) - 1);
        /* Full scale is FF; the bits repeat below. */
        level =
            level << (8 - width[channel]) | level >> (2 * width[channel] - 8);
        color |= level << (16 - 8 * channel);
    }
    return color;
}

START_TEST(direct_color_pictures)
{
    static const unsigned depths[] = {15, 16, 24, 32};
    unsigned bpp = depths[_i], bytes = (bpp + 7) / 8;
    uint64_t seed = bpp;

    vbe_mode(203, 100, bpp, LFB);
    set_vbe(&board, VIRT_WIDTH, 211);
    set_vbe(&board, X_OFFSET, 5);
    set_vbe(&board, Y_OFFSET, 17);
    for (uint32_t i = 0; i < 211 * 120 * bytes; i++)
        mem_store(board.mem, LFB_BASE + i, random32(&seed), 1);
    render(203, 100);
    ck_assert_uint_eq(frame.aspect_width, 203);
    ck_assert_uint_eq(frame.aspect_height, 100);
    for (unsigned y = 0; y < 100; y++) {
        for (unsigned x = 0; x < 203; x++) {
            uint32_t at = ((y + 17) * 211 + x + 5) * bytes, value = 0;

            for (unsigned k = 0; k < bytes; k++)
                value |= mem_load(board.mem, LFB_BASE + at + k, 1) << (8 * k);
            if (frame.pixels[y * 203 + x] != naive_color(bpp, value))
                ck_abort_msg("%u, %u: %06x from %x", x, y,
                             frame.pixels[y * 203 + x], value);
        }
    }
}
END_TEST

START_TEST(palette_picture)
{
    vbe_mode(320, 200, 8, 0);
    for (unsigned i = 0; i < 256; i++)
        set_dac(&board, i, i >> 2, 0, 0);
    for (uint32_t i = 0; i < 320 * 200; i++)
        mem_store(board.mem, 0xa0000 + i % 0x10000, i * 7, 1);
    render(320, 200);
    for (unsigned i = 0; i < 320 * 200; i++) {
        unsigned red = (i * 7 & 0xff) >> 2;

        ck_assert_uint_eq(frame.pixels[i], (red << 2 | red >> 4) << 16);
        i += 13;
    }
}
END_TEST

/* 16 colours: planes behind the VGA's own logic, more than 64 KiB each. */
START_TEST(planar_picture)
{
    for (unsigned i = 0; i < 64; i++)
        set_dac(&board, i, i, 63 - i, 0);
    set_mode(&board, &mode_12);
    vbe_mode(1024, 768, 4, 0);
    for (uint32_t y = 0; y < 768; y++) {
        for (uint32_t x = 0; x < 128; x++) {
            uint32_t at = y * 128 + x;

            set_vbe(&board, BANK, at >> 16);
            set_gc(&board, 5, 2);
            mem_store(board.mem, 0xa0000 + (at & 0xffff), (x + y) & 15, 1);
        }
    }
    render(1024, 768);
    for (unsigned y = 0; y < 768; y++) {
        for (unsigned x = 0; x < 1024; x += 3) {
            unsigned i = mode_12.ac[(x / 8 + y) & 15];
            uint32_t red = i << 2 | i >> 4, green = 63 - i;

            green = green << 2 | green >> 4;
            if (frame.pixels[y * 1024 + x] != (red << 16 | green << 8))
                ck_abort_msg("%u, %u", x, y);
        }
    }
}
END_TEST

START_TEST(disabling_returns_to_the_mode_before)
{
    render(720, 400);
    vbe_mode(640, 480, 32, LFB | NOCLEAR);
    render(640, 480);
    set_vbe(&board, ENABLE, 0);
    render(720, 400);
    mem_store(board.mem, 0xb8000, 0x0741, 2);
    ck_assert_uint_eq(mem_load(board.mem, 0xb8000, 2), 0x0741);
}
END_TEST

START_TEST(sixty_fields_a_second)
{
    uint64_t from;

    vbe_mode(1024, 768, 32, LFB);
    while (!(in8(&board, 0x3da) & 8))
        pass_time(&board, 1000);
    while (in8(&board, 0x3da) & 8)
        pass_time(&board, 1000);
    from = board.ns;
    for (unsigned i = 0; i < 60; i++) {
        while (!(in8(&board, 0x3da) & 8))
            pass_time(&board, 1000);
        while (in8(&board, 0x3da) & 8)
            pass_time(&board, 1000);
    }
    ck_assert_int_le(llabs((long long)(board.ns - from) - 1000000000), 1000000);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("devices/vga_vbe");
    TCase *tcase = tcase_create("dispi");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, identification);
    tcase_add_test(tcase, capabilities);
    tcase_add_test(tcase, geometry_fits_memory);
    tcase_add_test(tcase, order_of_writes_does_not_matter);
    tcase_add_loop_test(tcase, hostile_values_stay_in_bounds, 0, 4);
    tcase_add_test(tcase, enabling_clears_unless_told);
    tcase_add_test(tcase, banks_show_video_memory);
    tcase_add_test(tcase, separate_and_small_banks);
    tcase_add_test(tcase, dac_width);
    tcase_add_loop_test(tcase, direct_color_pictures, 0, 4);
    tcase_add_test(tcase, palette_picture);
    tcase_add_test(tcase, planar_picture);
    tcase_add_test(tcase, disabling_returns_to_the_mode_before);
    tcase_add_test(tcase, sixty_fields_a_second);
    suite_add_tcase(suite, tcase);
    return suite;
}
