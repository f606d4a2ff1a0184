#include "frontend/text_paint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frontend/text_view.h"
#include "tests/suite.h"

static struct text_paint *paint;
static struct display_text *text;

static void setup(void)
{
    paint = text_paint_create(true);
    text = calloc(1, sizeof(*text));
    text->columns = 4;
    text->rows = 2;
    text->blinks = true;
    memset(text->chars, ' ', 8);
    memset(text->attrs, 7, 8);
}

static void teardown(void)
{
    text_paint_destroy(paint);
    free(text);
}

/* Paints the text and takes what would go to the terminal. */
static const char *draw(unsigned columns, unsigned rows)
{
    static char out[4096];
    struct text_view view = {paint, columns, rows};
    const char *bytes;
    size_t size;

    ck_assert(text_paint_resize(paint, columns, rows));
    text_paint_begin(paint);
    text_view_draw_text(&view, text);
    text_paint_end(paint);
    bytes = text_paint_output(paint, &size);
    ck_assert_uint_lt(size, sizeof(out));
    if (size > 0)
        memcpy(out, bytes, size);
    out[size] = '\0';
    text_paint_sent(paint, size);
    return out;
}

START_TEST(first_picture_is_whole)
{
    memcpy(text->chars, "ab", 2);
    ck_assert_str_eq(draw(4, 2),
                     "\x1b[0m\x1b[2J\x1b[1;1H\x1b[25m\x1b[37m\x1b[40mab  "
                     "\x1b[2;1H    \x1b[?25l");
}
END_TEST

START_TEST(then_only_what_changed)
{
    draw(4, 2);
    ck_assert_str_eq(draw(4, 2), "");
    text->chars[5] = 'x';
    text->chars[6] = 0xb0;
    ck_assert_str_eq(draw(4, 2), "\x1b[2;2Hx\xe2\x96\x91");
    text->attrs[0] = 0x1f;
    ck_assert_str_eq(draw(4, 2), "\x1b[1;1H\x1b[97m\x1b[44m ");
    text->attrs[0] = 0x9f;
    ck_assert_str_eq(draw(4, 2), "\x1b[1;1H\x1b[5m ");
    text->blinks = false;
    ck_assert_str_eq(draw(4, 2), "\x1b[1;1H\x1b[25m\x1b[104m ");
}
END_TEST

START_TEST(resize_and_forget_draw_all)
{
    draw(4, 2);
    text_paint_forget(paint);
    ck_assert_ptr_nonnull(strstr(draw(4, 2), "\x1b[2J"));
    ck_assert_ptr_nonnull(strstr(draw(3, 2), "\x1b[2J"));
}
END_TEST

START_TEST(cursor)
{
    draw(4, 2);
    text->cursor_visible = true;
    text->cursor_row = 1;
    text->cursor_column = 2;
    ck_assert_str_eq(draw(4, 2), "\x1b[2;3H\x1b[?25h");
    ck_assert_str_eq(draw(4, 2), "");
    text->chars[0] = 'a';
    ck_assert_str_eq(draw(4, 2), "\x1b[1;1Ha\x1b[2;3H");
    text->cursor_visible = false;
    ck_assert_str_eq(draw(4, 2), "\x1b[?25l");
}
END_TEST

START_TEST(small_terminal_shows_the_part_with_the_cursor)
{
    memcpy(text->chars, "abcdefgh", 8);
    ck_assert_ptr_nonnull(strstr(draw(2, 1), "ab"));
    text->cursor_visible = true;
    text->cursor_row = 1;
    text->cursor_column = 3;
    ck_assert_ptr_nonnull(strstr(draw(2, 1), "gh"));
}
END_TEST

START_TEST(large_terminal_has_room)
{
    memcpy(text->chars, "abcdefgh", 8);
    ck_assert_ptr_nonnull(strstr(draw(9, 4), "abcd     \x1b[2;1Hefgh     "));
}
END_TEST

START_TEST(all_colors_of_the_adapter)
{
    static const char *const fg[] = {"30", "34", "32", "36", "31", "35",
                                     "33", "37", "90", "94", "92", "96",
                                     "91", "95", "93", "97"};
    char expected[16];

    draw(4, 2);
    text->attrs[0] = (uint8_t)(_i == 7 ? 0x10 : 7); /* another one first */
    draw(4, 2);
    text->attrs[0] = (uint8_t)_i;
    snprintf(expected, sizeof(expected), "\x1b[%sm", fg[_i]);
    ck_assert_ptr_nonnull(strstr(draw(4, 2), _i == 7 ? "\x1b[40m" : expected));
}
END_TEST

static const char *draw_picture(unsigned columns, unsigned rows,
                                const struct display_frame *frame)
{
    static char out[4096];
    struct text_view view = {paint, columns, rows};
    const char *bytes;
    size_t size;

    ck_assert(text_paint_resize(paint, columns, rows));
    text_paint_begin(paint);
    text_view_draw_picture(&view, frame);
    text_paint_end(paint);
    bytes = text_paint_output(paint, &size);
    ck_assert_uint_lt(size, sizeof(out));
    memcpy(out, bytes, size);
    out[size] = '\0';
    text_paint_sent(paint, size);
    return out;
}

START_TEST(picture_in_half_blocks)
{
    uint32_t pixels[] = {0xff0000, 0x00ff00, 0x0000ff, 0xffffff};
    struct display_frame frame = {pixels, 2, 2, 1, 1};

    ck_assert_str_eq(draw_picture(2, 1, &frame),
                     "\x1b[0m\x1b[2J\x1b[1;1H\x1b[25m\x1b[38;2;255;0;0m"
                     "\x1b[48;2;0;0;255m\xe2\x96\x80\x1b[38;2;0;255;0m"
                     "\x1b[48;2;255;255;255m\xe2\x96\x80\x1b[?25l");
    teardown();
    setup();
    text_paint_destroy(paint);
    paint = text_paint_create(false);
    ck_assert_ptr_nonnull(strstr(draw_picture(2, 1, &frame),
                                 "\x1b[38;5;196m\x1b[48;5;21m\xe2\x96\x80"));
}
END_TEST

START_TEST(pictures_of_any_shape_fit)
{
    static uint32_t pixels[640 * 480];
    struct display_frame frame = {pixels, 640, 480, 4, 3};
    struct text_view view = {paint, 0, 0};
    unsigned columns, rows;

    for (columns = 1; columns < 200; columns += 7)
        for (rows = 1; rows < 80; rows += 5) {
            view.columns = columns;
            view.rows = rows;
            ck_assert(text_paint_resize(paint, columns, rows));
            text_paint_begin(paint);
            text_view_draw_picture(&view, &frame);
        }
    frame.width = 0;
    text_view_draw_picture(&view, &frame); /* a dark screen */
}
END_TEST

START_TEST(text_of_graphics_modes)
{
    ck_assert(text_view_prefers_text(text));
    text->graphics = true;
    ck_assert(text_view_prefers_text(text));
    text->chars[0] = 0;
    ck_assert(!text_view_prefers_text(text)); /* an eighth is no text */
    text->columns = text->rows = 0;
    ck_assert(!text_view_prefers_text(text));
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("frontend/text_paint");
    TCase *tcase = tcase_create("text_paint");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, first_picture_is_whole);
    tcase_add_test(tcase, then_only_what_changed);
    tcase_add_test(tcase, resize_and_forget_draw_all);
    tcase_add_test(tcase, cursor);
    tcase_add_test(tcase, small_terminal_shows_the_part_with_the_cursor);
    tcase_add_test(tcase, large_terminal_has_room);
    tcase_add_loop_test(tcase, all_colors_of_the_adapter, 0, 16);
    tcase_add_test(tcase, picture_in_half_blocks);
    tcase_add_test(tcase, pictures_of_any_shape_fit);
    tcase_add_test(tcase, text_of_graphics_modes);
    suite_add_tcase(suite, tcase);
    return suite;
}
