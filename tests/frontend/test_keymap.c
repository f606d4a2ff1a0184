#include "frontend/keymap.h"

#include <stdlib.h>
#include <string.h>

#include "tests/suite.h"

struct row {
    char c;
    const char *key;
    bool shift, ctrl;
};

static const struct row rows[] = {
    {'a', "a", false, false},
    {'A', "a", true, false},
    {'1', "1", false, false},
    {'!', "1", true, false},
    {'@', "2", true, false},
    {'^', "6", true, false},
    {'&', "7", true, false},
    {'*', "8", true, false},
    {'(', "9", true, false},
    {')', "0", true, false},
    {'\\', "backslash", false, false},
    {'|', "backslash", true, false},
    {'"', "apostrophe", true, false},
    {'\'', "apostrophe", false, false},
    {':', "semicolon", true, false},
    {';', "semicolon", false, false},
    {'_', "minus", true, false},
    {'+', "equal", true, false},
    {'~', "grave_accent", true, false},
    {'`', "grave_accent", false, false},
    {'?', "slash", true, false},
    {'<', "comma", true, false},
    {'>', "dot", true, false},
    {'{', "bracket_left", true, false},
    {']', "bracket_right", false, false},
    {' ', "spc", false, false},
    {'\n', "ret", false, false},
    {'\r', "ret", false, false},
    {'\t', "tab", false, false},
    {'\x1b', "esc", false, false},
    {'\b', "backspace", false, false},
    {'\x03', "c", false, true},
    {'\x1a', "z", false, true},
    {'\x1c', "backslash", false, true},
    {'\x1e', "6", true, true},
    {'#', "3", true, false},
    {'$', "4", true, false},
    {'%', "5", true, false},
    {'=', "equal", false, false},
    {'-', "minus", false, false},
    {',', "comma", false, false},
    {'.', "dot", false, false},
    {'/', "slash", false, false},
    {'[', "bracket_left", false, false},
    {'}', "bracket_right", true, false},
    {'z', "z", false, false},
};

START_TEST(us_board)
{
    struct keymap_stroke stroke;

    ck_assert(keymap_find((uint8_t)rows[_i].c, &stroke));
    ck_assert_str_eq(keys_name(stroke.key), rows[_i].key);
    ck_assert_int_eq(stroke.shift, rows[_i].shift);
    ck_assert_int_eq(stroke.ctrl, rows[_i].ctrl);
}
END_TEST

START_TEST(every_ascii_character_has_its_own_stroke)
{
    struct keymap_stroke strokes[128];
    unsigned i, j;

    for (i = ' '; i <= '~'; i++) {
        ck_assert(keymap_find((uint8_t)i, &strokes[i]));
        for (j = ' '; j < i; j++)
            ck_assert(strokes[i].key != strokes[j].key ||
                      strokes[i].shift != strokes[j].shift);
    }
}
END_TEST

START_TEST(no_key_for_others)
{
    struct keymap_stroke stroke;

    ck_assert(!keymap_find(0, &stroke));
    ck_assert(!keymap_find(0x82, &stroke));
    ck_assert(!keymap_find(0xff, &stroke));
}
END_TEST

START_TEST(chords)
{
    enum ps2_key keys[KEYMAP_CHORD_MAX];
    unsigned count;

    ck_assert(keymap_parse_chord("ctrl-alt-del", keys, &count));
    ck_assert_uint_eq(count, 3);
    ck_assert_int_eq(keys[0], PS2_KEY_CTRL);
    ck_assert_int_eq(keys[1], PS2_KEY_ALT);
    ck_assert_int_eq(keys[2], PS2_KEY_DELETE);
    ck_assert(keymap_parse_chord("f10", keys, &count));
    ck_assert_uint_eq(count, 1);
    ck_assert_int_eq(keys[0], PS2_KEY_F10);
    ck_assert(keymap_parse_chord("enter", keys, &count));
    ck_assert_int_eq(keys[0], PS2_KEY_RET);
    ck_assert(!keymap_parse_chord("", keys, &count));
    ck_assert(!keymap_parse_chord("-", keys, &count));
    ck_assert(!keymap_parse_chord("ctrl-", keys, &count));
    ck_assert(!keymap_parse_chord("ctrl-nokey", keys, &count));
    ck_assert(!keymap_parse_chord("a-b-c-d-e-f-g-h-i", keys, &count));
    ck_assert(!keymap_parse_chord("averyveryverylongkeyname", keys, &count));
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("frontend/keymap");
    TCase *tcase = tcase_create("keymap");

    tcase_add_loop_test(tcase, us_board, 0, ARRAY_LEN(rows));
    tcase_add_test(tcase, every_ascii_character_has_its_own_stroke);
    tcase_add_test(tcase, no_key_for_others);
    tcase_add_test(tcase, chords);
    suite_add_tcase(suite, tcase);
    return suite;
}
