#include "frontend/input.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/frontend/fake_machine.h"
#include "tests/suite.h"

#define MS 1000000u

static struct machine *machine;
static struct input *input;
static struct input_unread unread;

static void get_unread(void *context, struct input_unread *out)
{
    (void)context;
    *out = unread;
}

static void setup(void)
{
    struct input_config config = {.get_unread = get_unread};

    machine = fake_machine_create();
    config.machine = machine;
    input = input_create(&config);
    memset(&unread, 0, sizeof(unread));
}

static void teardown(void)
{
    input_destroy(input);
    machine_destroy(machine);
}

static void run_ms(unsigned ms)
{
    while (ms-- > 0) {
        machine_run(machine, machine->now_ns + MS);
        input_step(input);
    }
}

/* Names of the keys as they moved, in capitals for presses. */
static const char *moves(void)
{
    static char text[2000];
    size_t length = 0;
    unsigned i;

    text[0] = '\0';
    for (i = 0; i < machine->key_count; i++)
        length += (size_t)snprintf(
            text + length, sizeof(text) - length, "%s%c%s", i ? " " : "",
            machine->keys[i].down ? '+' : '-', keys_name(machine->keys[i].key));
    return text;
}

START_TEST(live_keys_pass_at_once)
{
    input_key(input, PS2_KEY_A, true);
    input_key(input, PS2_KEY_A, true); /* the window's repetition */
    input_key(input, PS2_KEY_A, false);
    input_key(input, PS2_KEY_A, false);
    ck_assert(!input_is_idle(input));
    input_step(input);
    ck_assert_str_eq(moves(), "+a -a");
    ck_assert(input_is_idle(input));
}
END_TEST

START_TEST(letters_with_their_modifiers)
{
    ck_assert(input_type(input, (const uint8_t *)"aB\x03", 3));
    run_ms(1000);
    ck_assert_str_eq(moves(), "+a -a +shift +b -b -shift +ctrl +c -c -ctrl");
    ck_assert(input_is_idle(input));
    ck_assert_uint_eq(input_taken(input), 10);
}
END_TEST

START_TEST(letters_are_paced)
{
    unsigned i;

    ck_assert(input_type(input, (const uint8_t *)"aaa", 3));
    run_ms(1000);
    ck_assert_uint_eq(machine->key_count, 6);
    for (i = 1; i < 6; i++)
        ck_assert_uint_ge(machine->keys[i].ns - machine->keys[i - 1].ns,
                          20 * MS);
}
END_TEST

START_TEST(keys_that_the_keyboard_refuses_come_again)
{
    machine->refuse_keys = 7;
    input_key(input, PS2_KEY_X, true);
    input_key(input, PS2_KEY_X, false);
    run_ms(7);
    ck_assert_uint_eq(machine->key_count, 0);
    run_ms(1);
    ck_assert_str_eq(moves(), "+x -x");
}
END_TEST

START_TEST(typing_waits_for_the_guest)
{
    unread = (struct input_unread){1, false, 0x1e20};
    ck_assert(input_type(input, (const uint8_t *)"abc", 3));
    run_ms(900);
    ck_assert_str_eq(moves(), "");
    unread.count = 0;
    run_ms(30);
    ck_assert_str_eq(moves(), "+a -a");
    unread = (struct input_unread){1, false, 0x2022};
    run_ms(900);
    ck_assert_str_eq(moves(), "+a -a");
    run_ms(300); /* it may never fetch them: the rest comes at full pace */
    ck_assert_str_eq(moves(), "+a -a +b -b +c -c");
}
END_TEST

START_TEST(typing_waits_longer_before_a_key_is_lost)
{
    unread = (struct input_unread){15, true, 0x1e3c};
    ck_assert(input_type(input, (const uint8_t *)"a", 1));
    run_ms(19000);
    ck_assert_str_eq(moves(), "");
    run_ms(2000);
    ck_assert_str_eq(moves(), "+a -a");
}
END_TEST

START_TEST(chord)
{
    static const enum ps2_key keys[] = {PS2_KEY_CTRL, PS2_KEY_ALT,
                                        PS2_KEY_DELETE};

    input_chord(input, keys, 3);
    run_ms(300);
    ck_assert_str_eq(moves(), "+ctrl +alt +delete -delete -alt -ctrl");
    ck_assert(input_is_idle(input));
    ck_assert_uint_ge(machine->keys[3].ns - machine->keys[2].ns, 50 * MS);
}
END_TEST

START_TEST(lost_focus_releases_all)
{
    input_key(input, PS2_KEY_SHIFT, true);
    input_key(input, PS2_KEY_A, true);
    input_type(input, (const uint8_t *)"text", 4);
    input_release_all(input);
    run_ms(500);
    ck_assert_str_eq(moves(), "+shift +a -a -shift");
    ck_assert(input_is_idle(input));
}
END_TEST

START_TEST(long_paste_arrives_whole)
{
    uint8_t text[3000];
    unsigned i;

    memset(text, 'x', sizeof(text));
    machine->key_count = 0;
    ck_assert(input_type(input, text, 1000));
    run_ms(20000);
    ck_assert(input_type(input, text, 500));
    run_ms(50000);
    ck_assert(input_is_idle(input));
    ck_assert_uint_eq(machine->key_count, 3000);
    for (i = 0; i < machine->key_count; i++)
        ck_assert(machine->keys[i].down == (i % 2 == 0));
}
END_TEST

/* More presses than the ring holds: some are lost, no key stays down. */
START_TEST(flood_leaves_no_key_down)
{
    bool down[PS2_KEY_COUNT] = {false};
    unsigned i;

    for (i = 0; i < 1000; i++) {
        input_key(input, (enum ps2_key)(i % PS2_KEY_COUNT), true);
        if (i % 3)
            input_key(input, (enum ps2_key)(i % PS2_KEY_COUNT), false);
    }
    input_release_all(input);
    run_ms(1);
    for (i = 0; i < machine->key_count; i++)
        down[machine->keys[i].key] = machine->keys[i].down;
    for (i = 0; i < PS2_KEY_COUNT; i++)
        ck_assert(!down[i]);
}
END_TEST

START_TEST(mouse_movement_adds_up_between_clicks)
{
    input_mouse(input, 3, -2, 0, 0);
    input_mouse(input, 4, 1, 0, 0);
    input_mouse(input, 0, 0, 0, 1);
    input_mouse(input, 0, 0, 1, 0);
    input_step(input);
    ck_assert_uint_eq(machine->mouse_calls, 3);
    ck_assert_int_eq(machine->mouse_x, 7);
    ck_assert_int_eq(machine->mouse_y, -1);
    ck_assert_int_eq(machine->mouse_wheel, 1);
    ck_assert_uint_eq(machine->mouse_buttons, 0);
    ck_assert(input_is_idle(input));
}
END_TEST

START_TEST(flood_of_clicks_keeps_the_last_state)
{
    unsigned i;

    for (i = 0; i < 1001; i++)
        input_mouse(input, 1, 0, 0, i % 2);
    input_mouse(input, 0, 0, 0, 5);
    input_step(input);
    ck_assert_int_eq(machine->mouse_x, 1001);
    ck_assert_uint_eq(machine->mouse_buttons, 5);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("frontend/input");
    TCase *tcase = tcase_create("input");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, live_keys_pass_at_once);
    tcase_add_test(tcase, letters_with_their_modifiers);
    tcase_add_test(tcase, letters_are_paced);
    tcase_add_test(tcase, keys_that_the_keyboard_refuses_come_again);
    tcase_add_test(tcase, typing_waits_for_the_guest);
    tcase_add_test(tcase, typing_waits_longer_before_a_key_is_lost);
    tcase_add_test(tcase, chord);
    tcase_add_test(tcase, lost_focus_releases_all);
    tcase_add_test(tcase, long_paste_arrives_whole);
    tcase_add_test(tcase, flood_leaves_no_key_down);
    tcase_add_test(tcase, mouse_movement_adds_up_between_clicks);
    tcase_add_test(tcase, flood_of_clicks_keeps_the_last_state);
    suite_add_tcase(suite, tcase);
    return suite;
}
