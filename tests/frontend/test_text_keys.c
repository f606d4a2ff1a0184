#include "frontend/text_keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/suite.h"

/* Feeds bytes and spells the strokes: "ctrl-c ret". */
static const char *spell(struct text_keys *keys, const char *bytes, size_t size)
{
    static char text[400];
    struct text_stroke stroke;
    size_t length = 0;
    size_t i;
    unsigned k;

    text[0] = '\0';
    for (i = 0; i < size; i++) {
        if (!text_keys_take(keys, (uint8_t)bytes[i], &stroke))
            continue;
        length += (size_t)snprintf(text + length, sizeof(text) - length, "%s",
                                   length ? " " : "");
        if (stroke.kind == TEXT_KEYS_OURS)
            length += (size_t)snprintf(text + length, sizeof(text) - length,
                                       "<ours>");
        else if (stroke.kind == TEXT_KEYS_PASTE)
            length += (size_t)snprintf(text + length, sizeof(text) - length,
                                       "'%c'", stroke.byte);
        else
            for (k = 0; k < stroke.count; k++)
                length += (size_t)snprintf(text + length, sizeof(text) - length,
                                           "%s%s", k ? "-" : "",
                                           keys_name(stroke.keys[k]));
    }
    return text;
}

/* clang-format off */
static const struct {
    const char *bytes, *strokes;
} cases[] = {
    {"aB1!", "a shift-b 1 shift-1"},
    {"\r\n\t\x7f", "ret ret tab backspace"},
    {"\x03\x1a\x1c", "ctrl-c ctrl-z ctrl-backslash"},
    {"\x1b[A\x1b[B\x1b[C\x1b[D", "up down right left"},
    {"\x1bOA\x1bOP\x1bOS", "up f1 f4"},
    {"\x1b[H\x1b[F\x1b[1~\x1b[4~\x1b[7~\x1b[8~", "home end home end home end"},
    {"\x1b[2~\x1b[3~\x1b[5~\x1b[6~", "insert delete pgup pgdn"},
    {"\x1b[11~\x1b[15~\x1b[17~\x1b[21~\x1b[24~", "f1 f5 f6 f10 f12"},
    {"\x1b[[A\x1b[[E", "f1 f5"},
    {"\x1b[1;2A\x1b[1;5C\x1b[1;3P\x1b[3;5~", "shift-up ctrl-right alt-f1 ctrl-delete"},
    {"\x1b[1;6D\x1b[1;8H", "ctrl-shift-left ctrl-alt-shift-home"},
    {"\x1b[Z", "shift-tab"},
    {"\x1bx\x1b" "F\x1b\r", "alt-x alt-shift-f alt-ret"},
    {"\x1b\x1b[A", "esc up"},
    {"\x1d", "<ours>"},
    {"\x1b[99~x", "x"},
    {"\x1b[?1;2cx", "x"},
    {"\xc3\xa9x", "x"},
    {"\x1b[200~a\r\x1d\x03\x1b[201~b", "'a' '\r' '\x1d' '\x03' b"},
    {"\x1b[1111111111111111111111111111A", "1 1 1 1 1 1 shift-a"},
    {"\x1b[1;99A", "up"},
};
/* clang-format on */

START_TEST(terminal_sequences)
{
    struct text_keys keys;

    text_keys_init(&keys);
    ck_assert_str_eq(spell(&keys, cases[_i].bytes, strlen(cases[_i].bytes)),
                     cases[_i].strokes);
}
END_TEST

START_TEST(control_space)
{
    struct text_keys keys;

    text_keys_init(&keys);
    ck_assert_str_eq(spell(&keys, "\0", 1), "ctrl-2");
}
END_TEST

START_TEST(escape_alone)
{
    struct text_keys keys;
    struct text_stroke stroke;

    text_keys_init(&keys);
    ck_assert(!text_keys_expire(&keys, &stroke));
    ck_assert_str_eq(spell(&keys, "\x1b", 1), "");
    ck_assert(text_keys_expire(&keys, &stroke));
    ck_assert_uint_eq(stroke.count, 1);
    ck_assert_int_eq(stroke.keys[0], PS2_KEY_ESC);
    ck_assert(!text_keys_expire(&keys, &stroke));
    ck_assert_str_eq(spell(&keys, "\x1b[", 2), "");
    ck_assert(!text_keys_expire(&keys, &stroke)); /* a torn sequence */
    ck_assert_str_eq(spell(&keys, "a", 1), "a");
}
END_TEST

START_TEST(any_bytes_at_all)
{
    struct text_keys keys;
    struct text_stroke stroke;
    uint32_t x = 1;
    unsigned wrong = 0;
    unsigned i;

    text_keys_init(&keys);
    for (i = 0; i < 1000000; i++) {
        x = x * 1664525 + 1013904223;
        if (text_keys_take(&keys, (uint8_t)(x >> 24), &stroke) &&
            stroke.kind == TEXT_KEYS_STROKE)
            wrong += stroke.count < 1 || stroke.count > 4;
        if (x >> 28 == 0)
            text_keys_take(&keys, 0x1b, &stroke);
    }
    ck_assert_uint_eq(wrong, 0);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("frontend/text_keys");
    TCase *tcase = tcase_create("text_keys");

    tcase_add_loop_test(tcase, terminal_sequences, 0, ARRAY_LEN(cases));
    tcase_add_test(tcase, control_space);
    tcase_add_test(tcase, escape_alone);
    tcase_add_test(tcase, any_bytes_at_all);
    suite_add_tcase(suite, tcase);
    return suite;
}
