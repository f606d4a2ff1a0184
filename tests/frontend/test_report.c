#include "frontend/report.h"

#include <stdlib.h>
#include <string.h>

#include "tests/suite.h"

static struct report report;
static FILE *stream;
static char *text;
static size_t size;

static void setup(void)
{
    stream = open_memstream(&text, &size);
    report_init(&report, stream, false);
}

static void teardown(void)
{
    report_deinit(&report);
    fclose(stream);
    free(text);
}

static const char *said(void)
{
    fflush(stream);
    return text;
}

START_TEST(names_the_program_and_the_part)
{
    struct failure failure;

    log_put(&report.log, LOG_NOTICE, "fda", "mounted %s", "read-only");
    failure_set(&failure, EXIT_STATUS_HOST, "%d bad", 1);
    report_failure(&report, &failure);
    ck_assert_str_eq(said(),
                     "vitrine: fda: mounted read-only\nvitrine: 1 bad\n");
}
END_TEST

START_TEST(odd_guests_are_shown_on_request)
{
    log_put(&report.log, LOG_GUEST, "vga", "odd");
    ck_assert_str_eq(said(), "");
    report.show_guest = true;
    log_put(&report.log, LOG_GUEST, "vga", "odd");
    ck_assert_str_eq(said(), "vitrine: vga: odd\n");
}
END_TEST

START_TEST(held_messages_come_later)
{
    unsigned i;

    report_hold(&report, true);
    report_notice(&report, "first");
    ck_assert_str_eq(said(), "");
    for (i = 0; i < 100000; i++) /* a flood stays small */
        report_notice(&report, "more");
    report_hold(&report, false);
    ck_assert_int_eq(strncmp(said(), "vitrine: first\nvitrine: more\n", 29), 0);
    ck_assert_uint_lt(size, 100000);
    report_notice(&report, "last");
    ck_assert_str_eq(said() + size - 14, "vitrine: last\n");
}
END_TEST

START_TEST(long_messages_are_cut)
{
    struct failure failure;
    char long_text[5000];

    memset(long_text, 'x', sizeof(long_text));
    long_text[sizeof(long_text) - 1] = '\0';
    failure_set(&failure, EXIT_STATUS_HOST, "%s", long_text);
    ck_assert_uint_eq(strlen(failure.text), FAILURE_BYTES - 1);
    report_failure(&report, &failure);
    said();
    ck_assert_int_eq(text[size - 1], '\n');
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("frontend/report");
    TCase *tcase = tcase_create("report");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, names_the_program_and_the_part);
    tcase_add_test(tcase, odd_guests_are_shown_on_request);
    tcase_add_test(tcase, held_messages_come_later);
    tcase_add_test(tcase, long_messages_are_cut);
    suite_add_tcase(suite, tcase);
    return suite;
}
