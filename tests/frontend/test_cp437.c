#include "frontend/cp437.h"

#include <stdlib.h>
#include <string.h>

#include "tests/suite.h"

/* Every character but the blanks and control codes survives the way there
 * and back. */
START_TEST(round_trip)
{
    unsigned i;

    for (i = 1; i < 255; i++) {
        char utf8[CP437_UTF8_BYTES + 1] = "";
        const char *p = utf8;
        uint8_t c = 0;

        utf8[cp437_to_utf8((uint8_t)i, utf8)] = '\0';
        ck_assert(cp437_from_utf8(&p, &c));
        ck_assert_uint_eq(c, i);
        ck_assert_int_eq(*p, '\0');
    }
}
END_TEST

START_TEST(blanks_become_spaces)
{
    char utf8[CP437_UTF8_BYTES];
    const char *nbsp = "\xc2\xa0";
    uint8_t c;

    ck_assert_uint_eq(cp437_to_utf8(0, utf8), 1);
    ck_assert_int_eq(utf8[0], ' ');
    ck_assert_uint_eq(cp437_to_utf8(0xff, utf8), 1);
    ck_assert_int_eq(utf8[0], ' ');
    ck_assert(cp437_from_utf8(&nbsp, &c));
    ck_assert_uint_eq(c, 0xff);
}
END_TEST

START_TEST(known_letters)
{
    const char *text = "\xc3\xa9\xe2\x95\x90\xe2\x96\x91\n";
    static const uint8_t expected[] = {0x82, 0xcd, 0xb0, '\n'};
    size_t i;

    for (i = 0; i < sizeof(expected); i++) {
        uint8_t c;

        ck_assert(cp437_from_utf8(&text, &c));
        ck_assert_uint_eq(c, expected[i]);
    }
    ck_assert_int_eq(*text, '\0');
}
END_TEST

struct bad_case {
    const char *text;
    size_t moved;
};

static const struct bad_case bad_cases[] = {
    {"\xe4\xb8\xad", 3}, /* no such character in the code page */
    {"\xf0\x9f\x98\x80", 4},
    {"\x80x", 1},    /* a follower without its first byte */
    {"\xc3", 1},     /* cut at the end of the string */
    {"\xe2\x95", 2}, /* likewise */
    {"\xc0\x80", 1}, /* overlong */
    {"\xff", 1},
};

START_TEST(refuses)
{
    const char *text = bad_cases[_i].text;
    uint8_t c;

    ck_assert(!cp437_from_utf8(&text, &c));
    ck_assert_uint_eq((size_t)(text - bad_cases[_i].text), bad_cases[_i].moved);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("frontend/cp437");
    TCase *tcase = tcase_create("cp437");

    tcase_add_test(tcase, round_trip);
    tcase_add_test(tcase, blanks_become_spaces);
    tcase_add_test(tcase, known_letters);
    tcase_add_loop_test(tcase, refuses, 0, ARRAY_LEN(bad_cases));
    suite_add_tcase(suite, tcase);
    return suite;
}
