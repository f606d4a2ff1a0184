#include "devices/mc146818.h"

#include <stdio.h>

#include "tests/devices/chip.h"
#include "tests/suite.h"

#define SECOND UINT64_C(1000000000)

/* 1999-12-31 23:59:58, a Friday */
#define LAST_SECONDS 946684798

static struct bus *ports;
static struct clock *time_base;
static struct device *rtc;
static struct wire wires[2]; /* interrupt, NMI mask */

static enum status create(int64_t start, const uint8_t *cmos)
{
    struct mc146818_config config = {
        .name = "rtc",
        .ports = ports,
        .clock = time_base,
        .irq = wire_line(wires, 0),
        .nmi_mask = wire_line(wires, 1),
        .cmos = cmos,
        .extended = true,
        .start_seconds = start,
    };

    return mc146818_create(&config, &rtc);
}

static void setup_empty(void)
{
    wires[0] = wires[1] = (struct wire){0};
    ck_assert_int_eq(bus_create(&ports), STATUS_OK);
    ck_assert_int_eq(clock_create(&time_base, 100000000), STATUS_OK);
    rtc = NULL;
}

static void setup(void)
{
    setup_empty();
    clock_skip_to(time_base, 123456789);
    ck_assert_int_eq(create(LAST_SECONDS, NULL), STATUS_OK);
}

static void teardown(void)
{
    device_destroy(rtc);
    clock_destroy(time_base);
    bus_destroy(ports);
}

static void set(unsigned index, unsigned value)
{
    bus_write(ports, 0x70, index, 1);
    bus_write(ports, 0x71, value, 1);
}

static unsigned get(unsigned index)
{
    bus_write(ports, 0x70, index, 1);
    return bus_read(ports, 0x71, 1);
}

/* Century, year, month, day, weekday, hours, minutes, seconds. */
static void expect_time(const char *text)
{
    char have[32];

    snprintf(have, sizeof(have), "%02x%02x-%02x-%02x %x %02x:%02x:%02x",
             get(0x32), get(9), get(8), get(7), get(6), get(4), get(2), get(0));
    ck_assert_str_eq(have, text);
}

START_TEST(counts_over_the_century)
{
    expect_time("1999-12-31 6 23:59:58");
    run_for(time_base, SECOND - 1);
    expect_time("1999-12-31 6 23:59:58");
    run_for(time_base, 1);
    expect_time("1999-12-31 6 23:59:59");
    run_for(time_base, SECOND);
    expect_time("2000-01-01 7 00:00:00");
    run_for(time_base, 59 * 86400 * SECOND);
    expect_time("2000-02-29 3 00:00:00");
    run_for(time_base, (3600 * 24 + 1) * SECOND);
    expect_time("2000-03-01 4 00:00:01");
}
END_TEST

START_TEST(binary_and_twelve_hours)
{
    set(0x0b, 0x00); /* BCD, 12 hours */
    set(4, 0x91);    /* 11 PM */
    run_for(time_base, 2 * SECOND);
    ck_assert_uint_eq(get(4), 0x12); /* midnight is 12 AM */
    ck_assert_uint_eq(get(7), 0x01);
    set(4, 0x11);
    set(2, 0x59);
    set(0, 0x59);
    run_for(time_base, SECOND);
    ck_assert_uint_eq(get(4), 0x92); /* noon is 12 PM */
    set(0x0b, 0x04);                 /* binary, 12 hours */
    set(4, 0x8c);
    set(2, 59);
    set(0, 59);
    run_for(time_base, SECOND);
    ck_assert_uint_eq(get(4), 0x81);
    set(0x0b, 0x06);
    set(4, 9);
    set(2, 59);
    set(0, 59);
    run_for(time_base, SECOND);
    ck_assert_uint_eq(get(4), 10);
}
END_TEST

START_TEST(start_times)
{
    static const struct {
        int64_t seconds;
        const char *text;
    } rows[] = {
        {0, "1970-01-01 5 00:00:00"},
        {-INT64_C(2208988800), "1900-01-01 2 00:00:00"},
        {951782400, "2000-02-29 3 00:00:00"},
        {INT64_C(4107542399), "2100-02-28 1 23:59:59"},
        {INT64_C(253402300799), "9999-12-31 6 23:59:59"},
    };

    for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
        setup_empty();
        ck_assert_int_eq(create(rows[i].seconds, NULL), STATUS_OK);
        expect_time(rows[i].text);
        teardown();
    }
    setup_empty();
    ck_assert_int_eq(create(-INT64_C(2208988801), NULL), STATUS_BAD_ARGUMENT);
    ck_assert_int_eq(create(INT64_C(253402300800), NULL), STATUS_BAD_ARGUMENT);
    ck_assert_ptr_null(rtc);
    teardown();
}
END_TEST

START_TEST(initial_content)
{
    uint8_t cmos[MC146818_CMOS_BYTES];

    for (unsigned i = 0; i < sizeof(cmos); i++)
        cmos[i] = (uint8_t)i;
    cmos[0x0b] = 0x76; /* only DM and 24/12 count */
    setup_empty();
    ck_assert_int_eq(create(LAST_SECONDS, cmos), STATUS_OK);
    ck_assert_uint_eq(get(0x0b), 0x06);
    ck_assert_uint_eq(get(4), 23);
    ck_assert_uint_eq(get(9), 99);
    ck_assert_uint_eq(get(5), 5);
    ck_assert_uint_eq(get(0x0e), 0x0e);
    ck_assert_uint_eq(get(0x7f), 0x7f);
    ck_assert_uint_eq(get(0x0d), 0x80);
    mc146818_poke(rtc, 0x15, 0x80);
    ck_assert_uint_eq(get(0x15), 0x80);
    ck_assert_uint_eq(mc146818_peek(rtc, 0x15), 0x80);
    teardown();
}
END_TEST

START_TEST(update_in_progress)
{
    uint64_t start = clock_now_ns(time_base);
    uint64_t begin = start + SECOND - UINT64_C(73) * SECOND / 32768;

    run_to(time_base, begin - 1000);
    ck_assert_uint_eq(get(0x0a), 0x26);
    run_to(time_base, begin + 1000);
    ck_assert_uint_eq(get(0x0a), 0xa6);
    ck_assert_uint_eq(get(0), 0x58);
    run_to(time_base, start + SECOND - 1);
    ck_assert_uint_eq(get(0x0a), 0xa6);
    run_to(time_base, start + SECOND);
    ck_assert_uint_eq(get(0x0a), 0x26);
    ck_assert_uint_eq(get(0), 0x59);
}
END_TEST

START_TEST(set_holds_the_clock)
{
    set(0x0b, 0x92); /* SET and UIE: SET clears UIE */
    ck_assert_uint_eq(get(0x0b), 0x82);
    run_for(time_base, 5 * SECOND + SECOND / 2);
    ck_assert_uint_eq(get(0), 0x58);
    ck_assert_uint_eq(get(0x0c) & 0x10, 0);
    run_for(time_base, SECOND / 2 - 1000000);
    ck_assert_uint_eq(get(0x0a) & 0x80, 0);
    set(0x0b, 0x02); /* the divider went on: the next second is near */
    run_for(time_base, 1000000);
    ck_assert_uint_eq(get(0), 0x59);
}
END_TEST

START_TEST(divider_reset_gives_half_a_second)
{
    run_for(time_base, SECOND / 4);
    set(0x0a, 0x76);
    get(0x0c);
    run_for(time_base, 3 * SECOND);
    ck_assert_uint_eq(get(0), 0x58);
    ck_assert_uint_eq(get(0x0c), 0x00);
    set(0x0a, 0x26);
    run_for(time_base, SECOND / 2 - 1);
    ck_assert_uint_eq(get(0), 0x58);
    run_for(time_base, 1);
    ck_assert_uint_eq(get(0), 0x59);
}
END_TEST

START_TEST(wrong_time_base_runs_slow)
{
    set(0x0a, 0x70);
    set(0x0a, 0x10); /* 1.048576 MHz expected, 32 times less there */
    run_for(time_base, 16 * SECOND - 1);
    ck_assert_uint_eq(get(0), 0x58);
    run_for(time_base, 1);
    ck_assert_uint_eq(get(0), 0x59);
    run_for(time_base, 32 * SECOND);
    ck_assert_uint_eq(get(0), 0x00);
}
END_TEST

static unsigned rises_in_ten_seconds(unsigned a)
{
    unsigned rises = wires[0].rises;
    uint64_t end = clock_now_ns(time_base) + 10 * SECOND;

    set(0x0a, a);
    set(0x0b, 0x42);
    get(0x0c);
    while (clock_next_ns(time_base) <= end) {
        run_to(time_base, clock_next_ns(time_base));
        ck_assert(wires[0].level);
        ck_assert_uint_eq(get(0x0c) & 0xc0, 0xc0);
        ck_assert(!wires[0].level);
    }
    run_to(time_base, end);
    set(0x0b, 0x02);
    return wires[0].rises - rises;
}

START_TEST(periodic_rates_are_exact)
{
    static const unsigned hz[16] = {0,   256, 128, 8192, 4096, 2048, 1024, 512,
                                    256, 128, 64,  32,   16,   8,    4,    2};

    for (unsigned rate = 0; rate < 16; rate++)
        ck_assert_uint_eq(rises_in_ten_seconds(0x20 | rate), hz[rate] * 10);
}
END_TEST

START_TEST(flag_stays_until_read_and_stops_events)
{
    set(0x0b, 0x42);
    run_for(time_base, SECOND / 100);
    ck_assert(wires[0].level);
    ck_assert_uint_eq(wires[0].rises, 1);
    ck_assert_uint_eq(clock_next_ns(time_base), CLOCK_NEVER);
    ck_assert_uint_eq(mc146818_peek(rtc, 0x0c), 0xc0);
    ck_assert_uint_eq(get(0x0c), 0xc0);
    ck_assert_uint_eq(get(0x0c), 0x00);
    ck_assert_uint_ne(clock_next_ns(time_base), CLOCK_NEVER);
}
END_TEST

START_TEST(flags_come_without_being_enabled)
{
    get(0x0c);
    run_for(time_base, SECOND);
    ck_assert_uint_eq(get(0x0c), 0x50);
    ck_assert_uint_eq(wires[0].rises, 0);
    run_for(time_base, SECOND);
    set(0x0b, 0x12); /* enabling finds UF set: an interrupt at once */
    ck_assert(wires[0].level);
    ck_assert_uint_eq(get(0x0c) & 0xd0, 0xd0);
}
END_TEST

START_TEST(alarm_once_a_day_and_with_wildcards)
{
    set(1, 0x00);
    set(3, 0x30);
    set(5, 0x06);
    set(0x0b, 0x22);
    get(0x0c);
    run_for(time_base, (6 * 3600 + 1800 + 1) * SECOND);
    ck_assert_uint_eq(wires[0].rises, 0);
    run_for(time_base, SECOND);
    ck_assert_uint_eq(wires[0].rises, 1);
    expect_time("2000-01-01 7 06:30:00");
    ck_assert_uint_eq(get(0x0c) & 0xa0, 0xa0);
    set(5, 0xff);
    set(3, 0xc0);
    run_for(time_base, 59 * SECOND);
    ck_assert_uint_eq(wires[0].rises, 1);
    run_for(time_base, SECOND);
    ck_assert_uint_eq(wires[0].rises, 2);
    get(0x0c);
    set(0x0b, 0x02);
    set(5, 0x12);
    set(3, 0x00);
    run_for(time_base, 5 * 86400 * SECOND);
    ck_assert_uint_eq(get(0x0c) & 0x20, 0x20); /* found late, still found */
    run_for(time_base, 3600 * SECOND);
    ck_assert_uint_eq(get(0x0c) & 0x20, 0x00);
}
END_TEST

START_TEST(update_interrupt_every_second)
{
    uint64_t start = clock_now_ns(time_base);

    set(0x0b, 0x12);
    for (unsigned i = 1; i <= 100; i++) {
        run_to(time_base, clock_next_ns(time_base));
        ck_assert_uint_eq(clock_now_ns(time_base), start + i * SECOND);
        ck_assert_uint_eq(get(0x0c) & 0x90, 0x90);
    }
    ck_assert_uint_eq(wires[0].rises, 100);
}
END_TEST

START_TEST(reset_keeps_time_and_ram)
{
    set(0x0b, 0x7a);
    set(0x40, 0x55);
    run_for(time_base, SECOND);
    ck_assert(wires[0].level);
    device_reset(rtc);
    ck_assert(!wires[0].level);
    ck_assert_uint_eq(get(0x0b), 0x02);
    ck_assert_uint_eq(get(0x0c), 0x00);
    ck_assert_uint_eq(get(0x40), 0x55);
    ck_assert_uint_eq(get(0), 0x59);
}
END_TEST

START_TEST(nmi_mask_and_extended_bank)
{
    bus_write(ports, 0x70, 0x8f, 1);
    ck_assert(wires[1].level);
    bus_write(ports, 0x71, 0x42, 1);
    ck_assert_uint_eq(bus_read(ports, 0x71, 1), 0x42);
    bus_write(ports, 0x70, 0x0f, 1);
    ck_assert(!wires[1].level);
    bus_write(ports, 0x72, 0x0f, 1);
    bus_write(ports, 0x73, 0x99, 1);
    ck_assert_uint_eq(bus_read(ports, 0x73, 1), 0x99);
    ck_assert_uint_eq(bus_read(ports, 0x71, 1), 0x42);
    ck_assert_uint_eq(mc146818_peek(rtc, 0x8f), 0x99);
    ck_assert_uint_eq(bus_read(ports, 0x70, 1), 0xff);
}
END_TEST

START_TEST(survives_random_access)
{
    random_access(ports, time_base, 0x70, 4, random_count(100000));
    run_for(time_base, UINT64_C(400) * 86400 * SECOND);
    set(0x0a, 0x70);
    set(0x0b, 0x02);
    set(0x0a, 0x26);
    set(0, 0x10);
    run_for(time_base, SECOND);
    ck_assert_uint_eq(get(0), 0x11);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("devices/mc146818");
    TCase *tcase = tcase_create("clock"), *alone = tcase_create("creation");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, counts_over_the_century);
    tcase_add_test(tcase, binary_and_twelve_hours);
    tcase_add_test(tcase, update_in_progress);
    tcase_add_test(tcase, set_holds_the_clock);
    tcase_add_test(tcase, divider_reset_gives_half_a_second);
    tcase_add_test(tcase, wrong_time_base_runs_slow);
    tcase_add_test(tcase, periodic_rates_are_exact);
    tcase_add_test(tcase, flag_stays_until_read_and_stops_events);
    tcase_add_test(tcase, flags_come_without_being_enabled);
    tcase_add_test(tcase, alarm_once_a_day_and_with_wildcards);
    tcase_add_test(tcase, update_interrupt_every_second);
    tcase_add_test(tcase, reset_keeps_time_and_ram);
    tcase_add_test(tcase, nmi_mask_and_extended_bank);
    tcase_add_test(tcase, survives_random_access);
    tcase_set_timeout(tcase, 60);
    suite_add_tcase(suite, tcase);
    tcase_add_test(alone, start_times);
    tcase_add_test(alone, initial_content);
    suite_add_tcase(suite, alone);
    return suite;
}
