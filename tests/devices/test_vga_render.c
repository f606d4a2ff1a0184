/* Pictures whose dots are known from what was put in. */
#include "tests/devices/vga_picture.h"

static struct picture picture;

static void setup(void)
{
    picture_setup(&picture);
}

static void teardown(void)
{
    picture_teardown(&picture);
}

static void render(unsigned width, unsigned height)
{
    vga_render(picture.board.vga, &picture.frame);
    ck_assert_uint_eq(picture.frame.width, width);
    ck_assert_uint_eq(picture.frame.height, height);
}

static uint32_t dot(unsigned x, unsigned y)
{
    return picture_dot(&picture, x, y);
}

/* Not an assertion that passes a million times: each is a message. */
static void check_dot(unsigned x, unsigned y, unsigned index)
{
    if (dot(x, y) != color_of(index))
        ck_abort_msg("dot %u, %u is %06x, not %06x (index %02x)", x, y,
                     dot(x, y), color_of(index), index);
}

START_TEST(mode_13_pixels)
{
    set_mode(&picture.board, &mode_13);
    for (uint32_t i = 0; i < 320 * 200; i++)
        mem_store(picture.board.mem, 0xa0000 + i, (i * 37 + i / 320) & 0xff, 1);
    render(640, 400);
    ck_assert_uint_eq(picture.frame.aspect_width, 4);
    ck_assert_uint_eq(picture.frame.aspect_height, 3);
    for (unsigned y = 0; y < 400; y++) {
        for (unsigned x = 0; x < 640; x++) {
            uint32_t i = y / 2 * 320 + x / 2;

            check_dot(x, y, (i * 37 + i / 320) & 0xff);
        }
    }
}
END_TEST

START_TEST(mode_12_pixels)
{
    set_mode(&picture.board, &mode_12);
    for (unsigned p = 0; p < 4; p++) {
        set_seq(&picture.board, 2, 1u << p);
        for (uint32_t i = 0; i < 80 * 480; i++)
            mem_store(picture.board.mem, 0xa0000 + i, (i * (p + 3)) & 0xff, 1);
    }
    render(640, 480);
    for (unsigned y = 0; y < 480; y++) {
        for (unsigned x = 0; x < 640; x++) {
            unsigned i = y * 80 + x / 8, color = 0;

            for (unsigned p = 0; p < 4; p++)
                color |= (i * (p + 3) >> (7 - x % 8) & 1) << p;
            check_dot(x, y, mode_12.ac[color]);
        }
    }
}
END_TEST

START_TEST(mode_x_pixels)
{
    struct vga_mode m = mode_x();

    set_mode(&picture.board, &m);
    for (unsigned p = 0; p < 4; p++) {
        set_seq(&picture.board, 2, 1u << p);
        for (uint32_t i = 0; i < 80 * 240; i++)
            mem_store(picture.board.mem, 0xa0000 + i, (i * 5 + p * 64) & 0xff,
                      1);
    }
    render(640, 480);
    for (unsigned y = 0; y < 480; y++) {
        for (unsigned x = 0; x < 640; x++)
            check_dot(x, y, ((y / 2 * 80 + x / 8) * 5 + x / 2 % 4 * 64) & 0xff);
    }
}
END_TEST

/* Four pixels a byte, odd lines 8 KiB further on. */
START_TEST(mode_04_pixels)
{
    set_mode(&picture.board, &mode_04);
    for (uint32_t i = 0; i < 0x4000; i++)
        mem_store(picture.board.mem, 0xb8000 + i, (i * 11 + i / 80) & 0xff, 1);
    render(640, 400);
    for (unsigned y = 0; y < 400; y++) {
        for (unsigned x = 0; x < 640; x++) {
            unsigned row = y / 2, column = x / 2;
            unsigned i = row % 2 * 0x2000 + row / 2 * 80 + column / 4;
            unsigned byte = (i * 11 + i / 80) & 0xff;

            check_dot(x, y, mode_04.ac[byte >> (6 - column % 4 * 2) & 3]);
        }
    }
}
END_TEST

START_TEST(mode_06_pixels)
{
    set_mode(&picture.board, &mode_06);
    for (uint32_t i = 0; i < 0x4000; i++)
        mem_store(picture.board.mem, 0xb8000 + i, (i * 13) & 0xff, 1);
    render(640, 400);
    for (unsigned y = 0; y < 400; y++) {
        for (unsigned x = 0; x < 640; x++) {
            unsigned i = y / 2 % 2 * 0x2000 + y / 4 * 80 + x / 8;

            check_dot(x, y, mode_06.ac[i * 13 >> (7 - x % 8) & 1]);
        }
    }
}
END_TEST

START_TEST(mode_0d_pixels)
{
    set_mode(&picture.board, &mode_0d);
    set_seq(&picture.board, 2, 0x0f);
    set_gc(&picture.board, 5, 2);
    for (uint32_t i = 0; i < 40 * 200; i++) {
        set_gc(&picture.board, 8, 0xf0);
        mem_load(picture.board.mem, 0xa0000 + i, 1);
        mem_store(picture.board.mem, 0xa0000 + i, i & 15, 1);
        set_gc(&picture.board, 8, 0x0f);
        mem_load(picture.board.mem, 0xa0000 + i, 1);
        mem_store(picture.board.mem, 0xa0000 + i, i >> 4 & 15, 1);
    }
    render(640, 400);
    for (unsigned y = 0; y < 400; y++) {
        for (unsigned x = 0; x < 640; x++) {
            unsigned i = y / 2 * 40 + x / 16;

            check_dot(x, y, mode_0d.ac[(x / 2 % 8 < 4 ? i : i >> 4) & 15]);
        }
    }
}
END_TEST

/* A glyph into plane 2, as a BIOS loads fonts. */
static void load_glyph(unsigned map, unsigned code, const uint8_t rows[16])
{
    set_seq(&picture.board, 2, 0x04);
    set_seq(&picture.board, 4, 0x07);
    set_gc(&picture.board, 5, 0x00);
    set_gc(&picture.board, 6, 0x04);
    for (unsigned y = 0; y < 16; y++)
        mem_store(picture.board.mem, 0xa0000 + map * 0x2000 + code * 32 + y,
                  rows[y], 1);
    set_crtc(&picture.board, 0x0e, 0xff); /* cursor out of the way */
    set_seq(&picture.board, 2, 0x03);
    set_seq(&picture.board, 4, 0x02);
    set_gc(&picture.board, 5, 0x10);
    set_gc(&picture.board, 6, 0x0e);
}

static void put_cell(unsigned column, unsigned row, unsigned cell)
{
    mem_store(picture.board.mem, 0xb8000 + (row * 80 + column) * 2, cell, 2);
}

static const uint8_t glyph_a[16] = {0x00, 0x18, 0x3c, 0x66, 0xc3, 0xc3,
                                    0xff, 0xc3, 0xc3, 0xc3, 0xc3, 0x81,
                                    0x01, 0x80, 0xff, 0x55};

/* Checks the cell's dots: the glyph, and what the ninth column shows. */
static void check_cell(unsigned column, unsigned row, const uint8_t *rows,
                       unsigned ink, unsigned paper, bool ninth_repeats)
{
    for (unsigned y = 0; y < 16; y++) {
        for (unsigned x = 0; x < 9; x++) {
            bool on =
                x < 8 ? rows[y] >> (7 - x) & 1 : ninth_repeats && rows[y] & 1;

            check_dot(column * 9 + x, row * 16 + y,
                      mode_03.ac[on ? ink : paper]);
        }
    }
}

START_TEST(text_cells)
{
    set_mode(&picture.board, &mode_03);
    load_glyph(0, 'A', glyph_a);
    load_glyph(0, 0xc4, glyph_a);
    put_cell(0, 0, 0x1e41);
    put_cell(79, 24, 0x7041);
    put_cell(40, 12, 0x4fc4);
    put_cell(41, 12, 0x00c4);
    render(720, 400);
    check_cell(0, 0, glyph_a, 0xe, 1, false);
    check_cell(79, 24, glyph_a, 0, 7, false);
    check_cell(40, 12, glyph_a, 0xf, 4, true);
    check_cell(41, 12, glyph_a, 0, 0, true);
    set_ac(&picture.board, 0x10, 0x08); /* no line characters */
    render(720, 400);
    check_cell(40, 12, glyph_a, 0xf, 4, false);
}
END_TEST

START_TEST(eight_dot_and_forty_column_text)
{
    set_mode(&picture.board, &mode_03);
    load_glyph(0, 'A', glyph_a);
    put_cell(1, 0, 0x0741);
    set_seq(&picture.board, 1, 0x01);
    render(640, 400);
    for (unsigned x = 0; x < 8; x++)
        check_dot(8 + x, 1, mode_03.ac[0x18 >> (7 - x) & 1 ? 7 : 0]);
    set_mode(&picture.board, &mode_01);
    render(720, 400);
    for (unsigned x = 0; x < 16; x++)
        check_dot(18 + x, 1, mode_03.ac[0x18 >> (7 - x / 2) & 1 ? 7 : 0]);
}
END_TEST

START_TEST(two_fonts_by_attribute_bit_3)
{
    uint8_t other[16];

    for (unsigned y = 0; y < 16; y++)
        other[y] = (uint8_t)(0x11 * y);
    set_mode(&picture.board, &mode_03);
    load_glyph(0, 'A', glyph_a);
    load_glyph(5, 'A', other); /* map 6: 40 to 48 KiB */
    put_cell(0, 0, 0x0741);
    put_cell(1, 0, 0x0f41);
    set_seq(&picture.board, 3, 0x28); /* A: 110, B: 000 */
    render(720, 400);
    check_cell(0, 0, glyph_a, 7, 0, false);
    check_cell(1, 0, other, 0xf, 0, false);
    set_ac(&picture.board, 0x12, 0x07); /* eight colours for both */
    render(720, 400);
    check_cell(1, 0, other, 7, 0, false);
}
END_TEST

START_TEST(blinking)
{
    static const uint8_t none[16];
    const uint64_t field = 449u * 900u * UINT64_C(1000000) / 28322 + 1;
    unsigned hidden = 0;

    set_mode(&picture.board, &mode_03);
    load_glyph(0, 'A', glyph_a);
    put_cell(0, 0, 0x9e41); /* bit 7 blinks, paper is 1 */
    put_cell(1, 0, 0x1e41);
    for (unsigned i = 0; i < 64; i++) {
        render(720, 400);
        check_cell(1, 0, glyph_a, 0xe, 1, false);
        if (dot(3, 1) == color_of(mode_03.ac[1])) {
            check_cell(0, 0, none, 0xe, 1, false);
            hidden++;
        } else {
            check_cell(0, 0, glyph_a, 0xe, 1, false);
        }
        pass_time(&picture.board, field);
    }
    ck_assert_uint_ge(hidden, 31); /* 16 of 32 fields */
    ck_assert_uint_le(hidden, 33);
    set_ac(&picture.board, 0x10, 0x04); /* bit 7 is intensity */
    render(720, 400);
    check_cell(0, 0, glyph_a, 0xe, 9, false);
}
END_TEST

static void set_cursor(unsigned at, unsigned top, unsigned bottom)
{
    set_crtc(&picture.board, 0x0a, top);
    set_crtc(&picture.board, 0x0b, bottom);
    set_crtc(&picture.board, 0x0e, at >> 8);
    set_crtc(&picture.board, 0x0f, at & 0xff);
}

/* In which rows of the cell the cursor's block stands, as a bit mask. */
static unsigned cursor_rows(unsigned column, unsigned row)
{
    unsigned rows = 0;

    render(720, 400);
    for (unsigned y = 0; y < 16; y++) {
        bool all = true;

        for (unsigned x = 0; x < 9; x++)
            all &= dot(column * 9 + x, row * 16 + y) == color_of(7);
        rows |= (unsigned)all << y;
    }
    return rows;
}

START_TEST(cursor_shape)
{
    uint64_t field = 449u * 900u * UINT64_C(1000000) / 28322 + 1;
    unsigned shown = 0;

    set_mode(&picture.board, &mode_03);
    put_cell(5, 2, 0x0720);
    put_cell(7, 2, 0x0720);
    while (set_cursor(165, 13, 14), !cursor_rows(5, 2))
        pass_time(&picture.board, field);
    pass_time(&picture.board, 0);
    ck_assert_uint_eq(cursor_rows(5, 2), 0x6000);
    set_cursor(165, 0, 31); /* to the end of the cell */
    ck_assert_uint_eq(cursor_rows(5, 2), 0xffff);
    set_cursor(165, 14, 13); /* none */
    ck_assert_uint_eq(cursor_rows(5, 2), 0);
    set_cursor(165, 0x20 | 13, 14); /* off */
    ck_assert_uint_eq(cursor_rows(5, 2), 0);
    set_cursor(165, 13, 0x40 | 14); /* skewed by two characters */
    ck_assert_uint_eq(cursor_rows(5, 2), 0);
    ck_assert_uint_eq(cursor_rows(7, 2), 0x6000);
    set_cursor(165, 13, 14);
    for (unsigned i = 0; i < 32; i++, pass_time(&picture.board, field))
        shown += cursor_rows(5, 2) != 0;
    ck_assert_uint_eq(shown, 16); /* 8 of 16 fields */
}
END_TEST

START_TEST(underline)
{
    set_mode(&picture.board, &mode_07);
    set_crtc(&picture.board, 0x0e, 0xff);
    mem_store(picture.board.mem, 0xb0000, 0x0120, 2);
    mem_store(picture.board.mem, 0xb0002, 0x0220, 2);
    render(720, 400);
    for (unsigned y = 0; y < 16; y++) {
        check_dot(4, y, mode_07.ac[y == 13 ? 1 : 0]);
        check_dot(8, y, mode_07.ac[y == 13 ? 1 : 0]);
        check_dot(13, y, mode_07.ac[0]);
    }
}
END_TEST

/* Line n of the picture must show what line `at` of a plain picture shows. */
static void check_line(unsigned y, unsigned first_index)
{
    for (unsigned x = 0; x < 600; x += 2) /* panning wraps at the right */
        check_dot(x, y, (first_index + x / 2) & 0xff);
}

/* Mode 13h with the line number in the first pixel, counting on from it. */
static void draw_ramps(void)
{
    set_mode(&picture.board, &mode_13);
    for (uint32_t i = 0; i < 0x10000; i++)
        mem_store(picture.board.mem, 0xa0000 + i, (i / 320 + i % 320) & 0xff,
                  1);
}

START_TEST(split_screen)
{
    draw_ramps();
    set_crtc(&picture.board, 0x0c, 40 * 80 >> 8); /* start at line 40 */
    set_crtc(&picture.board, 0x0d, 40 * 80 & 0xff);
    set_crtc(&picture.board, 0x18, 199);
    set_crtc(&picture.board, 0x07, 0x0f);
    set_crtc(&picture.board, 0x09, 0x01);
    pass_time(&picture.board, 40000000);
    render(640, 400);
    for (unsigned y = 0; y < 200; y++)
        check_line(y, 40 + y / 2);
    for (unsigned y = 200; y < 400; y++)
        check_line(y, (y - 200) / 2);
}
END_TEST

START_TEST(split_screen_resets_panning_if_told)
{
    draw_ramps();
    set_crtc(&picture.board, 0x18, 199);
    set_crtc(&picture.board, 0x07, 0x0f);
    set_crtc(&picture.board, 0x09, 0x01);
    set_ac(&picture.board, 0x13, 6);      /* three pixels */
    set_crtc(&picture.board, 0x08, 0x20); /* and four more */
    render(640, 400);
    check_line(0, 7);
    check_line(199, 99 + 7);
    check_line(200, 7);
    set_ac(&picture.board, 0x10, 0x61);
    render(640, 400);
    check_line(199, 99 + 7);
    check_line(200, 0);
    check_line(399, 99);
}
END_TEST

START_TEST(preset_row_scan_scrolls_text)
{
    set_mode(&picture.board, &mode_03);
    load_glyph(0, 'A', glyph_a);
    put_cell(0, 0, 0x0741);
    put_cell(0, 1, 0x0e41);
    set_crtc(&picture.board, 0x08, 5);
    render(720, 400);
    for (unsigned y = 0; y < 11; y++)
        check_dot(0, y, mode_03.ac[glyph_a[y + 5] >> 7 ? 7 : 0]);
    for (unsigned y = 11; y < 27; y++)
        check_dot(0, y, mode_03.ac[glyph_a[y - 11] >> 7 ? 0xe : 0]);
}
END_TEST

START_TEST(start_address_waits_for_the_retrace)
{
    draw_ramps();
    while (in8(&picture.board, 0x3da) & 8)
        pass_time(&picture.board, 10000);
    while (!(in8(&picture.board, 0x3da) & 8))
        pass_time(&picture.board, 10000);
    pass_time(&picture.board, 3000000); /* somewhere in the picture */
    set_crtc(&picture.board, 0x0d, 80);
    render(640, 400);
    check_line(0, 0);
    set_crtc(&picture.board, 0x0c, 0);
    set_crtc(&picture.board, 0x0d, 160);
    render(640, 400);
    check_line(0, 0);
    pass_time(&picture.board, 14000000);
    render(640, 400);
    check_line(0, 2);
}
END_TEST

START_TEST(no_mode_is_a_black_screen)
{
    device_reset(picture.board.vga);
    render(640, 480);
    ck_assert_uint_eq(dot(0, 0), 0);
    ck_assert_uint_eq(dot(639, 479), 0);
}
END_TEST

START_TEST(screen_off_shows_after_a_field)
{
    draw_ramps();
    set_seq(&picture.board, 1, 0x21);
    render(640, 400);
    check_line(10, 5);
    pass_time(&picture.board, 10000000);
    set_seq(&picture.board, 1, 0x21); /* not a new beginning */
    pass_time(&picture.board, 10000000);
    render(640, 400);
    ck_assert_uint_eq(dot(100, 100), 0);
    set_seq(&picture.board, 1, 0x01);
    render(640, 400);
    check_line(10, 5);
    set_ac(&picture.board, 0x11, 0x2a);
    in8(&picture.board, 0x3da);
    out8(&picture.board, 0x3c0, 0x00); /* the CPU owns the palette */
    pass_time(&picture.board, 20000000);
    render(640, 400);
    check_dot(0, 0, 0x2a);
    check_dot(639, 399, 0x2a);
}
END_TEST

/* Blanking that begins inside the display area, as letterbox tricks have it. */
START_TEST(blanking_inside_the_picture)
{
    draw_ramps();
    set_crtc(&picture.board, 0x11, 0x0e);
    set_crtc(&picture.board, 0x15, 100); /* lines 100 to 149 */
    set_crtc(&picture.board, 0x07, 0x17);
    set_crtc(&picture.board, 0x16, 150);
    set_crtc(&picture.board, 0x02, 20); /* characters 20 to 39 */
    set_crtc(&picture.board, 0x03, 0x80 | (40 & 31));
    set_crtc(&picture.board, 0x05, 0x80); /* bit 5 of the end */
    render(640, 400);
    for (unsigned y = 0; y < 400; y++) {
        for (unsigned x = 0; x < 640; x++) {
            bool dark = (y >= 100 && y < 150) || (x / 8 >= 20 && x / 8 < 40);
            unsigned index = (y / 2 + x / 2) & 0xff;

            if (dark ? dot(x, y) != 0 : dot(x, y) != color_of(index))
                ck_abort_msg("dot %u, %u is %06x", x, y, dot(x, y));
        }
    }
}
END_TEST

START_TEST(pel_mask_and_color_select)
{
    set_mode(&picture.board, &mode_03);
    load_glyph(0, 'A', glyph_a);
    put_cell(0, 0, 0x0e41);
    out8(&picture.board, 0x3c6, 0x37);
    render(720, 400);
    check_dot(3, 1, mode_03.ac[0xe] & 0x37);
    out8(&picture.board, 0x3c6, 0xff);
    set_ac(&picture.board, 0x14, 0x0e);
    render(720, 400);
    check_dot(3, 1, (mode_03.ac[0xe] & 0x3f) | 0xc0);
    set_ac(&picture.board, 0x10, 0x8c);
    render(720, 400);
    check_dot(3, 1, (mode_03.ac[0xe] & 0x0f) | 0xe0);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("devices/vga_render");
    TCase *tcase = tcase_create("known");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, mode_13_pixels);
    tcase_add_test(tcase, mode_12_pixels);
    tcase_add_test(tcase, mode_x_pixels);
    tcase_add_test(tcase, mode_04_pixels);
    tcase_add_test(tcase, mode_06_pixels);
    tcase_add_test(tcase, mode_0d_pixels);
    tcase_add_test(tcase, text_cells);
    tcase_add_test(tcase, eight_dot_and_forty_column_text);
    tcase_add_test(tcase, two_fonts_by_attribute_bit_3);
    tcase_add_test(tcase, blinking);
    tcase_add_test(tcase, cursor_shape);
    tcase_add_test(tcase, underline);
    tcase_add_test(tcase, split_screen);
    tcase_add_test(tcase, split_screen_resets_panning_if_told);
    tcase_add_test(tcase, preset_row_scan_scrolls_text);
    tcase_add_test(tcase, start_address_waits_for_the_retrace);
    tcase_add_test(tcase, no_mode_is_a_black_screen);
    tcase_add_test(tcase, screen_off_shows_after_a_field);
    tcase_add_test(tcase, blanking_inside_the_picture);
    tcase_add_test(tcase, pel_mask_and_color_select);
    suite_add_tcase(suite, tcase);
    return suite;
}
