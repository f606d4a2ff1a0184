#include "core/clock.h"
#include "tests/suite.h"

struct probe {
    struct clock *clock;
    struct clock_event event;
    uint64_t fired_ns;
    unsigned count;
    uint64_t period_ns;
};

static void on_fire(void *dev)
{
    struct probe *p = dev;

    p->count++;
    p->fired_ns = p->event.when_ns;
    if (p->period_ns)
        clock_arm(p->clock, &p->event, p->event.when_ns + p->period_ns);
}

static void run_to(struct clock *clock, uint64_t insns)
{
    while (clock->insns < insns) {
        uint64_t stop = clock->stop_insns < insns ? clock->stop_insns : insns;

        clock_sync(clock, stop);
        clock_fire(clock);
    }
}

/* Rates with and without a fraction: an event fires at the first count whose
 * time has come, never one early or late. */
START_TEST(fires_at_the_exact_count)
{
    static const uint64_t rates[] = {1000,      4770000,    33333333,
                                     100000000, 3000000000, 999999999999};
    static const uint64_t times[] = {1,       7,        999,
                                     1000003, 54925439, 3600000000000};

    for (size_t r = 0; r < ARRAY_LEN(rates); r++) {
        for (size_t t = 0; t < ARRAY_LEN(times); t++) {
            struct clock *clock;
            uint64_t at;

            ck_assert_int_eq(clock_create(&clock, rates[r]), STATUS_OK);
            clock_sync(clock, 12345);
            at = clock_insns_at(clock, clock_now_ns(clock) + times[t]);
            if (at > 12345) {
                uint64_t now = clock_now_ns(clock);

                clock_sync(clock, at - 1);
                ck_assert_uint_lt(clock_now_ns(clock), now + times[t]);
                clock_sync(clock, at);
                ck_assert_uint_ge(clock_now_ns(clock), now + times[t]);
            }
            clock_destroy(clock);
        }
    }
}
END_TEST

/* Time is a function of the count, however often anybody looked. */
START_TEST(anchor_moves_lose_nothing)
{
    struct clock *a, *b;

    ck_assert_int_eq(clock_create(&a, 33333333), STATUS_OK);
    ck_assert_int_eq(clock_create(&b, 33333333), STATUS_OK);
    for (uint64_t n = 1; n < 100000; n += 7) {
        clock_sync(a, n * 1000);
        clock_fire(a);
    }
    clock_sync(b, a->insns);
    ck_assert_uint_eq(clock_now_ns(a), clock_now_ns(b));
    clock_destroy(a);
    clock_destroy(b);
}
END_TEST

START_TEST(order_period_and_disarm)
{
    struct probe p = {.period_ns = 1000}, q = {.period_ns = 0};
    struct clock *clock;

    ck_assert_int_eq(clock_create(&clock, 100000000), STATUS_OK);
    p.clock = q.clock = clock;
    clock_event_init(&p.event, on_fire, &p);
    clock_event_init(&q.event, on_fire, &q);
    clock_arm(clock, &p.event, 1000);
    clock_arm(clock, &q.event, 5000);
    run_to(clock, 250);
    ck_assert_uint_eq(p.count, 2);
    clock_disarm(clock, &q.event);
    clock_disarm(clock, &q.event);
    run_to(clock, 1000000);
    ck_assert_uint_eq(p.count, 10000);
    ck_assert_uint_eq(q.count, 0);
    clock_destroy(clock);
}
END_TEST

START_TEST(skip_jumps_and_rate_changes_keep_time)
{
    struct clock *clock;

    ck_assert_int_eq(clock_create(&clock, 1000000), STATUS_OK);
    clock_sync(clock, 5);
    ck_assert_uint_eq(clock_now_ns(clock), 5000);
    clock_skip_to(clock, 7777);
    clock_skip_to(clock, 3);
    ck_assert_uint_eq(clock_now_ns(clock), 7777);
    clock_set_rate(clock, 1000000000);
    clock_sync(clock, 105);
    ck_assert_uint_eq(clock_now_ns(clock), 7877);
    clock_destroy(clock);
}
END_TEST

/* A limit stops the count and changes nothing else. */
START_TEST(limit_stops_and_leaves_no_trace)
{
    struct probe p = {.period_ns = 0};
    struct clock *clock;

    ck_assert_int_eq(clock_create(&clock, 1000000000), STATUS_OK);
    p.clock = clock;
    clock_event_init(&p.event, on_fire, &p);
    clock_set_limit(clock, 500);
    ck_assert_uint_eq(clock->stop_insns, 500);
    clock_arm(clock, &p.event, 300);
    ck_assert_uint_eq(clock->stop_insns, 300);
    run_to(clock, 400);
    ck_assert_uint_eq(p.count, 1);
    ck_assert_uint_eq(clock->stop_insns, 500);
    ck_assert_uint_eq(clock->orders, 1);
    clock_set_limit(clock, CLOCK_NEVER);
    ck_assert_uint_eq(clock->stop_insns, UINT64_MAX);
    clock_destroy(clock);
}
END_TEST

/* A device that re-arms in the past must not hang the host. */
START_TEST(past_alarms_are_bounded)
{
    struct probe p = {.period_ns = 0};
    struct clock *clock;

    ck_assert_int_eq(clock_create(&clock, 1000000), STATUS_OK);
    p.clock = clock;
    clock_event_init(&p.event, on_fire, &p);
    p.period_ns = 1;
    clock_skip_to(clock, UINT64_C(1) << 40);
    clock_arm(clock, &p.event, 0);
    clock_fire(clock);
    ck_assert_uint_eq(p.count, 10000);
    clock_destroy(clock);
    ck_assert_int_eq(clock_create(&clock, 1), STATUS_BAD_ARGUMENT);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("core/clock");
    TCase *tcase = tcase_create("time");

    tcase_add_test(tcase, fires_at_the_exact_count);
    tcase_add_test(tcase, anchor_moves_lose_nothing);
    tcase_add_test(tcase, order_period_and_disarm);
    tcase_add_test(tcase, skip_jumps_and_rate_changes_keep_time);
    tcase_add_test(tcase, limit_stops_and_leaves_no_trace);
    tcase_add_test(tcase, past_alarms_are_bounded);
    suite_add_tcase(suite, tcase);
    return suite;
}
