#include "frontend/loop.h"

#include <stdlib.h>
#include <string.h>

#include "tests/frontend/fake_machine.h"
#include "tests/suite.h"

#define MS  UINT64_C(1000000)
#define SEC UINT64_C(1000000000)

/* A host whose time passes by what the guest costs, and by sleeping. */
struct test_clock {
    struct host_clock clock;
    uint64_t now_ns;
    uint64_t slept_ns, longest_ns;
    unsigned sleeps;
    uint64_t cost_ns; /* of one step of the machine */
};

static struct test_clock host;
static struct machine *machine;
static struct input *input;
static struct script *script;
static struct failure failure;
static struct loop_config config;
static unsigned polls, feeds, shows, display_polls;
static uint64_t interrupt_at_ns, close_at_ns; /* host */

static uint64_t read_clock(struct host_clock *self)
{
    return ((struct test_clock *)self)->now_ns;
}

static void sleep_clock(struct host_clock *self, uint64_t ns)
{
    struct test_clock *c = (struct test_clock *)self;

    c->now_ns += ns;
    c->slept_ns += ns;
    c->sleeps++;
    if (ns > c->longest_ns)
        c->longest_ns = ns;
}

static void spend_time(struct machine *m)
{
    (void)m;
    host.now_ns += host.cost_ns;
}

static void count_poll(void *context)
{
    (void)context;
    polls++;
}

static void count_feed(void *context)
{
    (void)context;
    feeds++;
}

static bool is_interrupted(void *context)
{
    (void)context;
    return host.now_ns >= interrupt_at_ns;
}

static bool poll_display(struct display *self)
{
    (void)self;
    display_polls++;
    return host.now_ns < close_at_ns;
}

static void show_display(struct display *self)
{
    (void)self;
    shows++;
}

static const struct display_ops display_ops = {poll_display, show_display,
                                               NULL};
static struct display display = {&display_ops};

static void setup(void)
{
    struct input_config input_config = {0};

    memset(&host, 0, sizeof(host));
    host.clock.now_ns = read_clock;
    host.clock.sleep_ns = sleep_clock;
    host.now_ns = 77 * SEC;
    host.cost_ns = MS / 10;
    machine = input_config.machine = fake_machine_create();
    machine->on_run = spend_time;
    input = input_create(&input_config);
    script = NULL;
    polls = feeds = shows = display_polls = 0;
    interrupt_at_ns = close_at_ns = UINT64_MAX;
    config = (struct loop_config){.machine = machine,
                                  .input = input,
                                  .clock = &host.clock,
                                  .limit_ns = 10 * SEC,
                                  .poll_ports = count_poll,
                                  .feed_ports = count_feed,
                                  .interrupted = is_interrupted};
}

static void teardown(void)
{
    script_destroy(script);
    input_destroy(input);
    machine_destroy(machine);
}

static void use_script(const char *text)
{
    static struct display_frame frame;
    struct script_host script_host = {
        .machine = machine, .input = input, .frame = &frame};

    ck_assert_msg(script_parse("s", text, strlen(text), &script, &failure),
                  "%s", failure.text);
    script_start(script, &script_host);
    config.script = script;
}

static void stop_at(uint64_t ns, enum machine_stop stop)
{
    struct fake_event event = {.ns = ns, .stop = stop};

    fake_machine_at(machine, &event);
}

START_TEST(limit_is_exact)
{
    config.limit_ns = 2 * SEC + 345;
    ck_assert_int_eq(loop_run(&config, &failure), LOOP_LIMIT);
    ck_assert_uint_eq(machine->now_ns, 2 * SEC + 345);
    ck_assert_uint_eq(machine->runs, 2001);
    ck_assert_uint_eq(feeds, 2000);
}
END_TEST

START_TEST(steps_are_longer_alone)
{
    config.alone = true;
    config.limit_ns = SEC + 345;
    ck_assert_int_eq(loop_run(&config, &failure), LOOP_LIMIT);
    ck_assert_uint_eq(machine->now_ns, SEC + 345);
    ck_assert_uint_eq(machine->runs, 1000 / LOOP_STEPS_ALONE + 1);
    ck_assert_uint_eq(feeds, 1000 / LOOP_STEPS_ALONE);
}
END_TEST

START_TEST(full_speed_never_sleeps)
{
    ck_assert_int_eq(loop_run(&config, &failure), LOOP_LIMIT);
    ck_assert_uint_eq(host.sleeps, 0);
    ck_assert_uint_eq(host.now_ns, 78 * SEC);
}
END_TEST

START_TEST(real_time_sleeps_the_rest)
{
    config.paced = true;
    ck_assert_int_eq(loop_run(&config, &failure), LOOP_LIMIT);
    ck_assert_uint_ge(host.now_ns, 87 * SEC - 10 * MS);
    ck_assert_uint_le(host.now_ns, 87 * SEC + 10 * MS);
    ck_assert_uint_le(host.longest_ns, 10 * MS); /* keys are not kept waiting */
    ck_assert_uint_le(host.sleeps, 1500);        /* and the host sleeps well */
}
END_TEST

START_TEST(slow_host_lets_guest_time_lag)
{
    config.paced = true;
    host.cost_ns = 2 * MS; /* half as fast as it should be */
    ck_assert_int_eq(loop_run(&config, &failure), LOOP_LIMIT);
    ck_assert_uint_eq(host.sleeps, 0);
    ck_assert_uint_eq(host.now_ns, 97 * SEC);
}
END_TEST

/* A network: the guest waits for it until busy_until_ns of the host. */
static uint64_t busy_until_ns;

static bool is_busy(void *context)
{
    (void)context;
    return host.now_ns < busy_until_ns;
}

static void wait_ports(void *context, uint64_t ns)
{
    (void)context;
    sleep_clock(&host.clock, ns);
}

static void halt_most_of_it(struct machine *m)
{
    spend_time(m);
    m->halted_ns += 900000; /* of each millisecond */
}

/* At full speed, for as long as an answer is underway, halted time passes as
 * the host's does, and only that. */
START_TEST(halted_guest_waits_for_the_host)
{
    machine->on_run = halt_most_of_it;
    config.ports_busy = is_busy;
    config.wait_ports = wait_ports;
    busy_until_ns = 79 * SEC;
    ck_assert_int_eq(loop_run(&config, &failure), LOOP_LIMIT);
    /* 2.2 s of guest time pass in these 2 s, the rest flies */
    ck_assert_uint_ge(host.now_ns, 79 * SEC + 750 * MS);
    ck_assert_uint_le(host.now_ns, 79 * SEC + 800 * MS);
    ck_assert_uint_le(host.longest_ns, 3 * MS);
}
END_TEST

START_TEST(busy_guest_does_not_wait)
{
    config.ports_busy = is_busy;
    config.wait_ports = wait_ports;
    busy_until_ns = UINT64_MAX;
    ck_assert_int_eq(loop_run(&config, &failure), LOOP_LIMIT);
    ck_assert_uint_eq(host.sleeps, 0);
}
END_TEST

/* After a pause of the host guest time goes on at its pace, it does not run
 * after the host's. */
static void stall_once(struct machine *m)
{
    spend_time(m);
    if (m->runs == 1000)
        host.now_ns += 30 * SEC;
}

START_TEST(pause_of_the_host_is_not_caught_up)
{
    config.paced = true;
    machine->on_run = stall_once;
    ck_assert_int_eq(loop_run(&config, &failure), LOOP_LIMIT);
    ck_assert_uint_ge(host.now_ns, (77 + 40) * SEC - 120 * MS);
    ck_assert_uint_le(host.now_ns, (77 + 40) * SEC + 10 * MS);
}
END_TEST

START_TEST(display_gets_a_steady_rate)
{
    config.paced = true;
    config.display = &display;
    ck_assert_int_eq(loop_run(&config, &failure), LOOP_LIMIT);
    ck_assert_uint_ge(shows, 550);
    ck_assert_uint_le(shows, 650);
    ck_assert_uint_ge(display_polls, 1000);
    ck_assert_uint_le(polls, 3500);
}
END_TEST

START_TEST(display_is_served_at_full_speed)
{
    config.display = &display;
    ck_assert_int_eq(loop_run(&config, &failure), LOOP_LIMIT);
    ck_assert_uint_ge(shows, 55);
    ck_assert_uint_le(shows, 65);
}
END_TEST

START_TEST(user_closes_the_window)
{
    config.display = &display;
    config.paced = true;
    close_at_ns = 78 * SEC;
    ck_assert_int_eq(loop_run(&config, &failure), LOOP_USER_QUIT);
    ck_assert_uint_le(host.now_ns, 78 * SEC + 20 * MS);
}
END_TEST

START_TEST(signal_ends_the_run)
{
    interrupt_at_ns = 77 * SEC + 500 * MS;
    ck_assert_int_eq(loop_run(&config, &failure), LOOP_INTERRUPTED);
    ck_assert_uint_le(host.now_ns, 77 * SEC + 510 * MS);
}
END_TEST

START_TEST(guest_ends_the_run)
{
    stop_at(SEC, MACHINE_POWERED_OFF);
    ck_assert_int_eq(loop_run(&config, &failure), LOOP_POWERED_OFF);
    ck_assert_uint_eq(machine->now_ns, SEC);
    ck_assert_uint_ge(polls, 1); /* what it sent last is passed on */
}
END_TEST

START_TEST(exit_port_comes_before_the_script)
{
    use_script("wait \"never\" 60s");
    stop_at(SEC, MACHINE_EXIT_PORT);
    ck_assert_int_eq(loop_run(&config, &failure), LOOP_EXIT_PORT);
}
END_TEST

START_TEST(script_ends_the_run)
{
    use_script("sleep 1s\nquit");
    ck_assert_int_eq(loop_run(&config, &failure), LOOP_SCRIPT_QUIT);
    ck_assert_uint_eq(machine->now_ns, SEC + MS);
}
END_TEST

START_TEST(script_fails)
{
    use_script("wait \"never\" 1s");
    ck_assert_int_eq(loop_run(&config, &failure), LOOP_SCRIPT_FAILED);
    ck_assert_int_eq(failure.exit_status, EXIT_STATUS_SCRIPT);
}
END_TEST

START_TEST(script_waits_for_a_guest_that_is_off)
{
    use_script("wait \"never\" 60s");
    stop_at(SEC, MACHINE_POWERED_OFF);
    ck_assert_int_eq(loop_run(&config, &failure), LOOP_SCRIPT_FAILED);
    ck_assert_str_eq(failure.text, "s:1: wait \"never\" 60s: not on the "
                                   "screen, and the guest is off");
}
END_TEST

START_TEST(script_without_quit_goes_on)
{
    use_script("sleep 1s");
    ck_assert_int_eq(loop_run(&config, &failure), LOOP_LIMIT);
    ck_assert_uint_eq(machine->now_ns, 10 * SEC);
}
END_TEST

/* What a script types comes at the same guest times however the run is paced
 * and however slow the host is. */
START_TEST(pacing_leaves_no_trace)
{
    static struct fake_key keys[FAKE_KEYS];
    unsigned count = 0;
    unsigned round;

    for (round = 0; round < 3; round++) {
        teardown();
        setup();
        config.paced = round > 0;
        config.display = round > 0 ? &display : NULL;
        host.cost_ns = round == 2 ? 3 * MS : MS / 10;
        use_script("sleep 123ms\ntype \"Hello\\n\"\nkey ctrl-c\nquit");
        ck_assert_int_eq(loop_run(&config, &failure), LOOP_SCRIPT_QUIT);
        if (round == 0) {
            memcpy(keys, machine->keys, sizeof(keys));
            count = machine->key_count;
        }
        ck_assert_uint_eq(machine->key_count, count);
        ck_assert_mem_eq(machine->keys, keys, sizeof(keys));
    }
}
END_TEST

static struct run_control control;
static unsigned changes;

static void count_change(void *self, enum run_pause pause)
{
    ck_assert_ptr_eq(self, &control);
    ck_assert_int_eq(pause, control.pause);
    changes++;
}

/* Paused from its 10th poll for 200 ms of the host. */
static void poll_and_pause(void *context)
{
    static uint64_t resume_ns;

    (void)context;
    polls++;
    if (polls == 10) {
        run_control_pause(&control, RUN_PAUSED_DEBUG);
        run_control_pause(&control, RUN_PAUSED); /* stands already */
        ck_assert_int_eq(control.pause, RUN_PAUSED_DEBUG);
        resume_ns = host.now_ns + SEC / 5;
    } else if (run_control_paused(&control) && host.now_ns >= resume_ns)
        run_control_resume(&control);
}

START_TEST(paused_machine_stands)
{
    const struct run_listener listener = {count_change, &control};

    memset(&control, 0, sizeof(control));
    changes = 0;
    run_control_listen(&control, &listener);
    config.control = &control;
    config.poll_ports = poll_and_pause;
    config.paced = true;
    config.limit_ns = SEC;
    ck_assert_int_eq(loop_run(&config, &failure), LOOP_LIMIT);
    ck_assert_uint_eq(changes, 2);
    ck_assert_uint_eq(machine->now_ns, SEC);
    ck_assert_uint_eq(machine->runs, 1000); /* no step more or less */
    /* The pause is not caught up. */
    ck_assert_uint_ge(host.now_ns - 77 * SEC, SEC + SEC / 5 - 20 * MS);
    ck_assert_uint_le(host.now_ns - 77 * SEC, SEC + SEC / 5 + 30 * MS);
}
END_TEST

static void quit_when_paused(void *context)
{
    (void)context;
    if (++polls == 3)
        run_control_pause(&control, RUN_PAUSED);
    if (polls == 20)
        control.quit = true;
}

START_TEST(paused_machine_can_be_ended)
{
    memset(&control, 0, sizeof(control));
    config.control = &control;
    config.poll_ports = quit_when_paused;
    ck_assert_int_eq(loop_run(&config, &failure), LOOP_USER_QUIT);
    ck_assert_uint_eq(polls, 20);
}
END_TEST

static unsigned step_feeds, waits;
static bool stop_is_wanted;

static void feed_at_a_step(void *context)
{
    (void)context;
    ck_assert_uint_eq(machine->now_ns % MS, 0); /* never within a step */
    step_feeds++;
}

static bool wants_stop(void *context)
{
    (void)context;
    return stop_is_wanted;
}

static void wait_paused(void *context, uint64_t ns)
{
    (void)context;
    host.now_ns += ns;
    if (++waits == 5)
        run_control_resume(&control);
}

/* In the middle of a step: nothing comes in there, and the step ends where it
 * would have ended. */
START_TEST(debugger_stops_within_a_step)
{
    memset(&control, 0, sizeof(control));
    step_feeds = waits = 0;
    stop_is_wanted = _i;
    machine->debug_ns = 50 * MS + 1234;
    config.control = &control;
    config.feed_ports = feed_at_a_step;
    config.wants_stop = wants_stop;
    config.wait_paused = wait_paused;
    config.limit_ns = SEC / 10;
    ck_assert_int_eq(loop_run(&config, &failure), LOOP_LIMIT);
    ck_assert_uint_eq(machine->now_ns, SEC / 10);
    ck_assert_uint_eq(waits, _i ? 5 : 0);
    ck_assert_uint_eq(machine->runs, 101);
    ck_assert_uint_eq(step_feeds, 99);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("frontend/loop");
    TCase *tcase = tcase_create("loop");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, limit_is_exact);
    tcase_add_test(tcase, steps_are_longer_alone);
    tcase_add_test(tcase, full_speed_never_sleeps);
    tcase_add_test(tcase, real_time_sleeps_the_rest);
    tcase_add_test(tcase, slow_host_lets_guest_time_lag);
    tcase_add_test(tcase, halted_guest_waits_for_the_host);
    tcase_add_test(tcase, busy_guest_does_not_wait);
    tcase_add_test(tcase, pause_of_the_host_is_not_caught_up);
    tcase_add_test(tcase, display_gets_a_steady_rate);
    tcase_add_test(tcase, display_is_served_at_full_speed);
    tcase_add_test(tcase, user_closes_the_window);
    tcase_add_test(tcase, signal_ends_the_run);
    tcase_add_test(tcase, guest_ends_the_run);
    tcase_add_test(tcase, exit_port_comes_before_the_script);
    tcase_add_test(tcase, script_ends_the_run);
    tcase_add_test(tcase, script_fails);
    tcase_add_test(tcase, script_waits_for_a_guest_that_is_off);
    tcase_add_test(tcase, script_without_quit_goes_on);
    tcase_add_test(tcase, pacing_leaves_no_trace);
    tcase_add_test(tcase, paused_machine_stands);
    tcase_add_test(tcase, paused_machine_can_be_ended);
    tcase_add_loop_test(tcase, debugger_stops_within_a_step, 0, 2);
    suite_add_tcase(suite, tcase);
    return suite;
}
