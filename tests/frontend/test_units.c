#include "frontend/units.h"

#include <stdlib.h>

#include "tests/suite.h"

struct bytes_case {
    const char *text;
    uint64_t bytes; /* 0: refused */
};

static const struct bytes_case byte_cases[] = {
    {"64", MIB(64)},
    {"64M", MIB(64)},
    {"640K", KIB(640)},
    {"640k", KIB(640)},
    {"1G", MIB(1024)},
    {"1.5g", 1536 * MIB(1)},
    {"16MiB", MIB(16)},
    {"2mb", MIB(2)},
    {"512B", 512},
    {"0.5M", KIB(512)},
    {"", 0},
    {"M", 0},
    {"-1", 0},
    {"+1", 0},
    {"1e3", 0},
    {"0x10", 0},
    {"64 M", 0},
    {"64Q", 0},
    {"1.", 0},
    {".5M", 0},
    {"1.1M", 0},
    {"inf", 0},
    {"99999999999999999G", 0},
    {"111111111111111111", 0},
};

START_TEST(sizes)
{
    const struct bytes_case *c = &byte_cases[_i];
    uint64_t bytes = 0;

    ck_assert_msg(units_parse_bytes(c->text, &bytes) == (c->bytes != 0),
                  "\"%s\"", c->text);
    ck_assert_uint_eq(bytes, c->bytes);
}
END_TEST

struct time_case {
    const char *text;
    bool ok;
    uint64_t ns;
};

static const struct time_case time_cases[] = {
    {"90s", true, 90000000000},
    {"90", true, 90000000000},
    {"500ms", true, 500000000},
    {"2.5m", true, 150000000000},
    {"1h", true, 3600000000000},
    {"20us", true, 20000},
    {"7ns", true, 7},
    {"1.5s", true, 1500000000},
    {"0", true, 0},
    {"5min", true, 300000000000},
    {"", false, 0},
    {"s", false, 0},
    {"-5s", false, 0},
    {"5 s", false, 0},
    {"5x", false, 0},
    {"100000000s", false, 0},
    {"5s5s", false, 0},
};

START_TEST(times)
{
    const struct time_case *c = &time_cases[_i];
    uint64_t ns = 0;

    ck_assert_msg(units_parse_ns(c->text, &ns) == c->ok, "\"%s\"", c->text);
    ck_assert_uint_eq(ns, c->ns);
}
END_TEST

START_TEST(numbers)
{
    double number = 0;

    ck_assert(units_parse_number("4.77", &number));
    ck_assert_double_eq(number, 4.77);
    ck_assert(units_parse_number("100", &number));
    ck_assert_double_eq(number, 100);
    ck_assert(!units_parse_number("4.77M", &number));
    ck_assert(!units_parse_number("fast", &number));
    ck_assert(!units_parse_number("", &number));
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("frontend/units");
    TCase *tcase = tcase_create("units");

    tcase_add_loop_test(tcase, sizes, 0, ARRAY_LEN(byte_cases));
    tcase_add_loop_test(tcase, times, 0, ARRAY_LEN(time_cases));
    tcase_add_test(tcase, numbers);
    suite_add_tcase(suite, tcase);
    return suite;
}
