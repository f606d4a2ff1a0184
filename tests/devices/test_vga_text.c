/* Text read back from the screen: from memory, and from pictures by a font. */
#include "tests/devices/vga_fixture.h"

static struct board board;
static struct display_text text;
static uint8_t glyphs[256 * 32];
static struct vga_font font = {glyphs, 16};

/* A font without two equal glyphs; the space is blank, and the left upper dot
 * free in letters but not in the upper half, where boxes and blocks are. */
static void make_font(unsigned height)
{
    uint64_t seed = height;

    font.height = height;
    for (unsigned i = 0; i < 256 * height; i++) {
        unsigned code = i / height, y = i % height;

        glyphs[i] = (uint8_t)random32(&seed);
        if (y == 0)
            glyphs[i] = (uint8_t)((glyphs[i] & 0x7f) | (code & 0x80));
        if (y == height - 1)
            glyphs[i] = (uint8_t)code;
        if (code == ' ' || code == 0)
            glyphs[i] = 0;
    }
}

static void setup(void)
{
    board_create(&board, 0x400000);
    for (unsigned i = 0; i < 256; i++)
        set_dac(&board, i, i & 0x3f, i >> 2, 0);
    make_font(16);
}

static void teardown(void)
{
    board_destroy(&board);
}

static void read_screen(unsigned columns, unsigned rows)
{
    vga_text(board.vga, &font, 1, &text);
    ck_assert_uint_eq(text.columns, columns);
    ck_assert_uint_eq(text.rows, rows);
}

static void check_text(unsigned column, unsigned row, const char *want)
{
    for (unsigned i = 0; want[i]; i++)
        ck_assert_int_eq(text.chars[row * text.columns + column + i],
                         (uint8_t)want[i]);
}

/* --- text modes --- */

static void put_text(unsigned cell, const char *string)
{
    for (; *string; string++, cell++)
        mem_store(board.mem, 0xb8000 + cell * 2, 0x1700u | (uint8_t)*string, 2);
}

START_TEST(text_mode)
{
    set_mode(&board, &mode_03);
    put_text(0, "first");
    put_text(24 * 80 + 76, "last");
    set_crtc(&board, 0x0e, (12 * 80 + 34) >> 8);
    set_crtc(&board, 0x0f, (12 * 80 + 34) & 0xff);
    read_screen(80, 25);
    check_text(0, 0, "first");
    check_text(76, 24, "last");
    ck_assert_uint_eq(text.attrs[0], 0x17);
    ck_assert(!text.graphics && text.cursor_visible);
    ck_assert_uint_eq(text.cursor_column, 34);
    ck_assert_uint_eq(text.cursor_row, 12);
    set_crtc(&board, 0x0a, 0x2d);
    read_screen(80, 25);
    ck_assert(!text.cursor_visible);
}
END_TEST

START_TEST(other_text_sizes)
{
    set_mode(&board, &mode_01);
    put_text(40, "second row");
    read_screen(40, 25);
    check_text(0, 1, "second row");
    set_mode(&board, &mode_03);
    put_text(49 * 80, "bottom");
    set_crtc(&board, 0x09, 0x47);
    read_screen(80, 50);
    check_text(0, 49, "bottom");
    set_crtc(&board, 0x09, 0x4d); /* 14 lines: the last row is cut */
    read_screen(80, 29);
    set_mode(&board, &mode_07);
    mem_store(board.mem, 0xb0000, 0x0741, 2);
    read_screen(80, 25);
    check_text(0, 0, "A");
}
END_TEST

START_TEST(scrolled_and_split_text)
{
    set_mode(&board, &mode_03);
    put_text(0, "status line");
    put_text(100 * 80, "scrolled here");
    set_crtc(&board, 0x0c, 100 * 80 >> 8);
    set_crtc(&board, 0x0d, 100 * 80 & 0xff);
    set_crtc(&board, 0x09, 0x0f);
    set_crtc(&board, 0x07, 0x1f); /* bit 8 of line compare */
    set_crtc(&board, 0x18, 24 * 16 - 1 - 256);
    set_crtc(&board, 0x08, 0x04); /* soft scroll: four lines up */
    pass_time(&board, 40000000);
    read_screen(80, 26);
    check_text(0, 0, "scrolled here");
    check_text(0, 25, "status line");
}
END_TEST

/* With an offset of 0 each row shows the same characters. */
START_TEST(one_row_over_and_over)
{
    set_mode(&board, &mode_03);
    put_text(0, "again");
    set_crtc(&board, 0x13, 0);
    read_screen(80, 25);
    check_text(0, 0, "again");
    check_text(0, 24, "again");
}
END_TEST

START_TEST(dark_screen_has_no_text)
{
    set_mode(&board, &mode_03);
    set_seq(&board, 1, 0x20);
    pass_time(&board, 40000000);
    read_screen(0, 0);
    ck_assert(!text.cursor_visible);
}
END_TEST

/* --- graphics modes --- */

typedef void (*plot_function)(unsigned x, unsigned y, unsigned color);

static void plot_12(unsigned x, unsigned y, unsigned color)
{
    set_gc(&board, 5, 2);
    set_gc(&board, 8, 0x80u >> x % 8);
    mem_load(board.mem, 0xa0000 + y * 80 + x / 8, 1);
    mem_store(board.mem, 0xa0000 + y * 80 + x / 8, color, 1);
}

static void plot_13(unsigned x, unsigned y, unsigned color)
{
    mem_store(board.mem, 0xa0000 + y * 320 + x, color, 1);
}

static void plot_x(unsigned x, unsigned y, unsigned color)
{
    set_seq(&board, 2, 1u << x % 4);
    mem_store(board.mem, 0xa0000 + y * 80 + x / 4, color, 1);
}

static void plot_04(unsigned x, unsigned y, unsigned color)
{
    uint32_t at = 0xb8000 + y % 2 * 0x2000 + y / 2 * 80 + x / 4;
    unsigned shift = 6 - x % 4 * 2;

    mem_store(board.mem, at,
              (mem_load(board.mem, at, 1) & ~(3u << shift)) | color << shift,
              1);
}

static void plot_06(unsigned x, unsigned y, unsigned color)
{
    uint32_t at = 0xb8000 + y % 2 * 0x2000 + y / 2 * 80 + x / 8;
    unsigned shift = 7 - x % 8;

    mem_store(board.mem, at,
              (mem_load(board.mem, at, 1) & ~(1u << shift)) | color << shift,
              1);
}

static void plot_vbe(unsigned x, unsigned y, unsigned color)
{
    mem_store(board.mem, LFB_BASE + (y * 800 + x) * 4, color * 0x111111u, 4);
}

static void draw(plot_function plot, unsigned column, unsigned row,
                 const char *string, const unsigned colors[2])
{
    for (; *string; string++, column++) {
        const uint8_t *glyph = glyphs + (uint8_t)*string * font.height;

        for (unsigned i = 0; i < 8 * font.height; i++)
            plot(column * 8 + i % 8, row * font.height + i / 8,
                 colors[glyph[i / 8] >> (7 - i % 8) & 1]);
    }
}

static const unsigned normal[2] = {0, 1}, inverse[2] = {1, 0};

static void check_drawing(plot_function plot, unsigned columns, unsigned rows)
{
    draw(plot, 3, 2, "Hello, world!", normal);
    draw(plot, columns - 8, rows - 1, "inverted", inverse);
    draw(plot, 0, 5, "\xb0\xdb\x01", normal);
    plot(8, 0, 1); /* no glyph */
    read_screen(columns, rows);
    ck_assert(text.graphics && !text.cursor_visible);
    check_text(3, 2, "Hello, world!");
    check_text(columns - 8, rows - 1, "inverted");
    check_text(0, 5, "\xb0\xdb\x01 ");
    ck_assert_uint_eq(text.chars[0], ' ');
    ck_assert_uint_eq(text.chars[1], 0);
    ck_assert_uint_eq(text.attrs[0], 0x07);
}

START_TEST(text_in_mode_12)
{
    set_mode(&board, &mode_12);
    check_drawing(plot_12, 80, 30);
}
END_TEST

START_TEST(text_in_small_modes)
{
    struct vga_mode x = mode_x();

    make_font(8);
    set_mode(&board, &mode_13);
    check_drawing(plot_13, 40, 25);
    set_mode(&board, &mode_04);
    check_drawing(plot_04, 40, 25);
    set_mode(&board, &mode_06);
    check_drawing(plot_06, 80, 25);
    set_mode(&board, &x);
    set_seq(&board, 2, 0x0f);
    for (uint32_t at = 0; at < 0x10000; at += 4)
        mem_store(board.mem, 0xa0000 + at, 0, 4);
    check_drawing(plot_x, 40, 30);
}
END_TEST

START_TEST(text_in_vbe_mode)
{
    make_font(14);
    set_mode(&board, &mode_03);
    set_vbe(&board, 1, 800);
    set_vbe(&board, 2, 600);
    set_vbe(&board, 3, 32);
    set_vbe(&board, 4, 0x41);
    check_drawing(plot_vbe, 100, 42);
}
END_TEST

/* The guest's own font is found by its vectors; others lose against it. */
START_TEST(font_of_the_guest)
{
    static uint8_t other[256 * 16];
    struct vga_font wrong = {other, 16};

    make_font(14);
    memset(other, 0x55, sizeof(other));
    mem_write(board.mem, 0x12340, glyphs, 256 * 14);
    mem_store(board.mem, 0x43 * 4, 0x12000340, 4); /* 1200:0340 */
    mem_store(board.mem, 0x449, 0x10, 1);
    mem_store(board.mem, 0x485, 14, 2);
    set_mode(&board, &mode_10);
    draw(plot_12, 10, 10, "seen", normal);
    vga_text(board.vga, &wrong, 1, &text);
    ck_assert_uint_eq(text.columns, 80);
    ck_assert_uint_eq(text.rows, 25);
    check_text(10, 10, "seen");
    vga_text(board.vga, NULL, 0, &text);
    check_text(10, 10, "seen");
}
END_TEST

START_TEST(cga_font_of_the_guest_has_two_halves)
{
    make_font(8);
    mem_write(board.mem, 0x2000, glyphs, 128 * 8);
    mem_write(board.mem, 0x7000, glyphs + 128 * 8, 128 * 8);
    mem_store(board.mem, 0x43 * 4, 0x02000000, 4);
    mem_store(board.mem, 0x1f * 4, 0x07000000, 4);
    mem_store(board.mem, 0x449, 0x04, 1);
    set_mode(&board, &mode_04);
    draw(plot_04, 0, 0, "low \xe1\xf0", normal);
    vga_text(board.vga, NULL, 0, &text);
    check_text(0, 0, "low \xe1\xf0");
}
END_TEST

/* Vectors may point anywhere; reading must not touch devices. */
START_TEST(wild_vectors_are_harmless)
{
    uint64_t before;

    set_mode(&board, &mode_12);
    plot_12(3, 3, 1);
    mem_store(board.mem, 0x449, 0x12, 1);
    mem_store(board.mem, 0x485, 16, 2);
    for (unsigned i = 0; i < 4; i++) {
        static const uint32_t vectors[] = {0xa0000000, 0xffffffff, 0xbfff0000,
                                           0x9fff0000};

        mem_store(board.mem, 0x43 * 4, vectors[i], 4);
        before = state_hash(0, board.vga, board.vga->class->state);
        vga_text(board.vga, NULL, 0, &text);
        ck_assert_uint_eq(text.columns, 0);
        ck_assert_uint_eq(before,
                          state_hash(0, board.vga, board.vga->class->state));
    }
}
END_TEST

START_TEST(picture_without_text)
{
    uint64_t seed = 5;

    set_mode(&board, &mode_13);
    for (uint32_t i = 0; i < 64000; i++)
        mem_store(board.mem, 0xa0000 + i, random32(&seed), 1);
    read_screen(0, 0);
    ck_assert(text.graphics);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("devices/vga_text");
    TCase *tcase = tcase_create("text");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, text_mode);
    tcase_add_test(tcase, other_text_sizes);
    tcase_add_test(tcase, scrolled_and_split_text);
    tcase_add_test(tcase, one_row_over_and_over);
    tcase_add_test(tcase, dark_screen_has_no_text);
    tcase_add_test(tcase, text_in_mode_12);
    tcase_add_test(tcase, text_in_small_modes);
    tcase_add_test(tcase, text_in_vbe_mode);
    tcase_add_test(tcase, font_of_the_guest);
    tcase_add_test(tcase, cga_font_of_the_guest_has_two_halves);
    tcase_add_test(tcase, wild_vectors_are_harmless);
    tcase_add_test(tcase, picture_without_text);
    suite_add_tcase(suite, tcase);
    return suite;
}
