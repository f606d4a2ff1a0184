#include "devices/ps2_keyboard.h"

#include <stdio.h>
#include <string.h>

#include "tests/devices/chip.h"
#include "tests/suite.h"

#define MS UINT64_C(1000000)

static struct clock *time_base;
static struct device *keyboard;
static struct ps2_plug plug;
static unsigned ready_calls;

static void note_ready(void *controller, unsigned port)
{
    (void)controller;
    ck_assert_uint_eq(port, 0);
    ready_calls++;
}

static void setup(void)
{
    struct ps2_keyboard_config config = {.name = "keyboard"};
    struct ps2_host host = {note_ready, NULL, 0};

    ck_assert_int_eq(clock_create(&time_base, 100000000), STATUS_OK);
    config.clock = time_base;
    ck_assert_int_eq(ps2_keyboard_create(&config, &keyboard), STATUS_OK);
    plug = ps2_keyboard_plug(keyboard);
    plug.attach(plug.device, &host);
}

static void teardown(void)
{
    device_destroy(keyboard);
    clock_destroy(time_base);
}

/* All that the keyboard has to send, as text. */
static const char *sent(void)
{
    static char text[256];
    size_t used = 0;
    uint8_t byte;

    text[0] = 0;
    while (plug.transmit(plug.device, &byte) && used + 4 < sizeof(text))
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%02x",
                                 used ? " " : "", byte);
    return text;
}

static void command(uint8_t byte, const char *reply)
{
    plug.receive(plug.device, byte);
    ck_assert_str_eq(sent(), reply);
}

static void down(enum ps2_key key)
{
    ps2_keyboard_key(keyboard, key, true);
}

static void up(enum ps2_key key)
{
    ps2_keyboard_key(keyboard, key, false);
}

struct row {
    enum ps2_key with; /* held meanwhile, or PS2_KEY_COUNT */
    bool num;          /* Num Lock lamp */
    enum ps2_key key;
    const char *make, *release;
};

/* clang-format off */
static const struct row set2[] = {
    {PS2_KEY_COUNT, 0, PS2_KEY_A, "1c", "f0 1c"},
    {PS2_KEY_COUNT, 0, PS2_KEY_F7, "83", "f0 83"},
    {PS2_KEY_COUNT, 0, PS2_KEY_ALT_R, "e0 11", "e0 f0 11"},
    {PS2_KEY_COUNT, 0, PS2_KEY_UP, "e0 75", "e0 f0 75"},
    {PS2_KEY_COUNT, 1, PS2_KEY_UP, "e0 12 e0 75", "e0 f0 75 e0 f0 12"},
    {PS2_KEY_SHIFT, 0, PS2_KEY_UP, "e0 f0 12 e0 75", "e0 f0 75 e0 12"},
    {PS2_KEY_SHIFT_R, 0, PS2_KEY_END, "e0 f0 59 e0 69", "e0 f0 69 e0 59"},
    {PS2_KEY_SHIFT, 1, PS2_KEY_DELETE, "e0 71", "e0 f0 71"},
    {PS2_KEY_COUNT, 1, PS2_KEY_KP_DIVIDE, "e0 4a", "e0 f0 4a"},
    {PS2_KEY_SHIFT, 1, PS2_KEY_KP_DIVIDE, "e0 f0 12 e0 4a", "e0 f0 4a e0 12"},
    {PS2_KEY_COUNT, 0, PS2_KEY_PRINT, "e0 12 e0 7c", "e0 f0 7c e0 f0 12"},
    {PS2_KEY_SHIFT, 0, PS2_KEY_PRINT, "e0 7c", "e0 f0 7c"},
    {PS2_KEY_CTRL_R, 0, PS2_KEY_PRINT, "e0 7c", "e0 f0 7c"},
    {PS2_KEY_ALT, 0, PS2_KEY_PRINT, "84", "f0 84"},
    {PS2_KEY_COUNT, 0, PS2_KEY_PAUSE, "e1 14 77 e1 f0 14 f0 77", ""},
    {PS2_KEY_CTRL, 0, PS2_KEY_PAUSE, "e0 7e e0 f0 7e", ""},
    {PS2_KEY_COUNT, 0, PS2_KEY_META_L, "e0 1f", "e0 f0 1f"},
    {PS2_KEY_COUNT, 0, PS2_KEY_LANG1, "f2", ""},
    {PS2_KEY_COUNT, 0, PS2_KEY_SLEEP, "e0 3f", "e0 f0 3f"},
};
static const struct row set1[] = {
    {PS2_KEY_COUNT, 0, PS2_KEY_A, "1e", "9e"},
    {PS2_KEY_COUNT, 0, PS2_KEY_CTRL_R, "e0 1d", "e0 9d"},
    {PS2_KEY_COUNT, 1, PS2_KEY_LEFT, "e0 2a e0 4b", "e0 cb e0 aa"},
    {PS2_KEY_SHIFT_R, 0, PS2_KEY_LEFT, "e0 b6 e0 4b", "e0 cb e0 36"},
    {PS2_KEY_COUNT, 0, PS2_KEY_PRINT, "e0 2a e0 37", "e0 b7 e0 aa"},
    {PS2_KEY_ALT_R, 0, PS2_KEY_PRINT, "54", "d4"},
    {PS2_KEY_COUNT, 0, PS2_KEY_PAUSE, "e1 1d 45 e1 9d c5", ""},
    {PS2_KEY_CTRL, 0, PS2_KEY_PAUSE, "e0 46 e0 c6", ""},
};
/* Power-on types: repeating keys and make-only keys have no break. */
static const struct row set3[] = {
    {PS2_KEY_COUNT, 0, PS2_KEY_A, "1c", ""},
    {PS2_KEY_COUNT, 0, PS2_KEY_SHIFT_R, "59", "f0 59"},
    {PS2_KEY_COUNT, 0, PS2_KEY_CTRL_R, "58", ""},
    {PS2_KEY_SHIFT, 1, PS2_KEY_UP, "63", ""},
    {PS2_KEY_COUNT, 0, PS2_KEY_PRINT, "57", ""},
    {PS2_KEY_COUNT, 0, PS2_KEY_PAUSE, "62", ""},
    {PS2_KEY_COUNT, 0, PS2_KEY_F1, "07", ""},
    {PS2_KEY_COUNT, 0, PS2_KEY_POWER, "", ""},
};
/* clang-format on */

static void press_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct row *r = &rows[i];

        command(0xed, "fa");
        command(r->num ? PS2_LED_NUM : 0, "fa");
        if (r->with != PS2_KEY_COUNT)
            down(r->with);
        sent();
        down(r->key);
        ck_assert_str_eq(sent(), r->make);
        up(r->key);
        ck_assert_str_eq(sent(), r->release);
        if (r->with != PS2_KEY_COUNT)
            up(r->with);
        sent();
    }
}

START_TEST(codes_of_set_2)
{
    press_rows(set2, ARRAY_LEN(set2));
}
END_TEST

START_TEST(codes_of_set_1)
{
    command(0xf0, "fa");
    command(0x01, "fa");
    press_rows(set1, ARRAY_LEN(set1));
}
END_TEST

START_TEST(codes_of_set_3)
{
    command(0xf0, "fa");
    command(0x03, "fa");
    press_rows(set3, ARRAY_LEN(set3));
}
END_TEST

START_TEST(every_key_makes_and_breaks)
{
    for (unsigned i = 0; i < PS2_KEY_COUNT; i++) {
        down((enum ps2_key)i);
        ck_assert_str_ne(sent(), "");
        up((enum ps2_key)i);
        sent();
    }
    ck_assert_uint_eq(ps2_keyboard_pending(keyboard), 0);
}
END_TEST

START_TEST(break_undoes_what_the_make_did)
{
    down(PS2_KEY_SHIFT);
    down(PS2_KEY_UP);
    ck_assert_str_eq(sent(), "12 e0 f0 12 e0 75");
    up(PS2_KEY_SHIFT);
    up(PS2_KEY_UP); /* the shift is up: it must not come back */
    ck_assert_str_eq(sent(), "f0 12 e0 f0 75");
    down(PS2_KEY_ALT);
    down(PS2_KEY_PRINT);
    up(PS2_KEY_ALT);
    up(PS2_KEY_PRINT);
    ck_assert_str_eq(sent(), "11 84 f0 11 f0 84");
}
END_TEST

START_TEST(simple_commands)
{
    command(0xee, "ee");
    command(0xf2, "fa ab 83");
    command(0xf0, "fa");
    command(0x00, "fa 02");
    command(0xef, "fe");
    command(0x12, "fe");
    command(0xf0, "fa");
    command(0x04, "fe");
    command(0xfe, "fa"); /* FE itself is never what Resend repeats */
    down(PS2_KEY_A);
    ck_assert_str_eq(sent(), "1c");
    command(0xfe, "1c");
    command(0xfe, "1c");
}
END_TEST

START_TEST(lamps_and_a_command_instead_of_an_argument)
{
    command(0xed, "fa");
    command(0x05, "fa");
    ck_assert_uint_eq(ps2_keyboard_leds(keyboard),
                      PS2_LED_CAPS | PS2_LED_SCROLL);
    command(0xed, "fa");
    command(0xf4, "fa");
    command(0x02, "fe"); /* no argument is awaited any more */
    ck_assert_uint_eq(ps2_keyboard_leds(keyboard), 5);
}
END_TEST

START_TEST(scan_codes_wait_for_the_argument)
{
    command(0xf3, "fa");
    down(PS2_KEY_A);
    ck_assert_str_eq(sent(), "");
    command(0x20, "fa 1c");
}
END_TEST

START_TEST(disable_enable_default)
{
    down(PS2_KEY_A);
    command(0xf5, "fa"); /* clears the buffer too */
    up(PS2_KEY_A);
    down(PS2_KEY_B);
    ck_assert_str_eq(sent(), "");
    command(0xf4, "fa");
    down(PS2_KEY_C);
    ck_assert_str_eq(sent(), "21");
    command(0xf0, "fa");
    command(0x01, "fa");
    command(0xf6, "fa");
    down(PS2_KEY_D);
    ck_assert_str_eq(sent(), "23");
}
END_TEST

START_TEST(reset_acknowledges_then_tests)
{
    command(0xed, "fa");
    command(0x07, "fa");
    command(0xff, "fa");
    down(PS2_KEY_A);
    up(PS2_KEY_A);
    ck_assert_str_eq(sent(), "");
    run_for(time_base, 19 * MS);
    ck_assert_str_eq(sent(), "");
    run_for(time_base, 1 * MS);
    ck_assert_str_eq(sent(), "aa");
    ck_assert_uint_eq(ps2_keyboard_leds(keyboard), 0);
    down(PS2_KEY_A);
    ck_assert_str_eq(sent(), "1c");
}
END_TEST

/* Counts the repeats of key A within two seconds after its make. */
static unsigned repeats(uint8_t rate)
{
    unsigned count = 0;

    command(0xf3, "fa");
    command(rate, "fa");
    down(PS2_KEY_A);
    sent();
    for (unsigned i = 0; i < 2000; i++) {
        run_for(time_base, MS);
        count += strcmp(sent(), "1c") == 0;
    }
    up(PS2_KEY_A);
    sent();
    run_for(time_base, 2000 * MS);
    ck_assert_str_eq(sent(), "");
    return count;
}

START_TEST(typematic)
{
    ck_assert_uint_eq(repeats(0x00), 53); /* 250 ms, 30.0 a second */
    ck_assert_uint_eq(repeats(0x2b), 17); /* 500 ms, 10.9 */
    ck_assert_uint_eq(repeats(0x7f), 2);  /* 1 s, 2.0 */
}
END_TEST

START_TEST(only_the_last_key_repeats)
{
    down(PS2_KEY_A);
    down(PS2_KEY_B);
    sent();
    run_for(time_base, 500 * MS);
    ck_assert_str_eq(sent(), "32");
    up(PS2_KEY_A);
    ck_assert_str_eq(sent(), "f0 1c");
    run_for(time_base, 92 * MS);
    ck_assert_str_eq(sent(), "32");
    down(PS2_KEY_B); /* the host's own repeat changes nothing */
    ck_assert_str_eq(sent(), "");
    up(PS2_KEY_B);
    ck_assert_str_eq(sent(), "f0 32");
    down(PS2_KEY_PAUSE);
    sent();
    run_for(time_base, 2000 * MS);
    ck_assert_str_eq(sent(), "");
}
END_TEST

START_TEST(overrun_keeps_whole_keys)
{
    static const enum ps2_key keys[] = {PS2_KEY_A, PS2_KEY_B, PS2_KEY_C,
                                        PS2_KEY_D, PS2_KEY_E, PS2_KEY_F};

    for (unsigned i = 0; i < ARRAY_LEN(keys); i++) {
        down(keys[i]);
        up(keys[i]);
    }
    ck_assert_uint_eq(ps2_keyboard_pending(keyboard), 17);
    ck_assert_str_eq(sent(), "1c f0 1c 32 f0 32 21 f0 21 23 f0 23 24 f0 24 2b "
                             "00");
    down(PS2_KEY_A);
    ck_assert_str_eq(sent(), "1c");
    up(PS2_KEY_A);
    sent();
    for (unsigned i = 0; i < 20; i++) {
        down(PS2_KEY_UP); /* 8 times 2 + 3 */
        up(PS2_KEY_UP);
    }
    ck_assert_str_eq(sent(), "e0 75 e0 f0 75 e0 75 e0 f0 75 e0 75 e0 f0 75 00");
}
END_TEST

START_TEST(key_types_of_set_3)
{
    command(0xf0, "fa");
    command(0x03, "fa");
    command(0xfa, "fa");
    down(PS2_KEY_CTRL_R);
    run_for(time_base, 500 * MS);
    up(PS2_KEY_CTRL_R);
    ck_assert_str_eq(sent(), "58 58 f0 58");
    command(0xfc, "fa"); /* make and break: A and B */
    command(0x1c, "fa");
    command(0x32, "fa");
    command(0xfd, "fa"); /* make alone: C */
    command(0x21, "fa");
    command(0xf4, "fa");
    down(PS2_KEY_A);
    run_for(time_base, 2000 * MS);
    up(PS2_KEY_A);
    ck_assert_str_eq(sent(), "1c f0 1c");
    down(PS2_KEY_C);
    run_for(time_base, 2000 * MS);
    up(PS2_KEY_C);
    ck_assert_str_eq(sent(), "21");
    command(0xf7, "fa");
    down(PS2_KEY_C);
    run_for(time_base, 500 * MS);
    up(PS2_KEY_C);
    ck_assert_str_eq(sent(), "21 21");
}
END_TEST

START_TEST(release_all)
{
    down(PS2_KEY_CTRL);
    down(PS2_KEY_ALT);
    sent();
    ps2_keyboard_release_all(keyboard);
    ck_assert_str_eq(sent(), "f0 14 f0 11");
    ps2_keyboard_release_all(keyboard);
    ck_assert_str_eq(sent(), "");
}
END_TEST

START_TEST(survives_random_bytes)
{
    uint32_t seed = 3;

    for (unsigned i = 0; i < random_count(100000); i++) {
        uint32_t r = next_random(&seed);
        uint8_t byte;

        if (r & 0x100)
            plug.receive(plug.device, (uint8_t)r);
        if (r & 0x200)
            ps2_keyboard_key(keyboard, (enum ps2_key)(r >> 16) % PS2_KEY_COUNT,
                             r & 0x400);
        if (r & 0x800)
            plug.transmit(plug.device, &byte);
        if (r % 64 == 0)
            run_for(time_base, r);
    }
    device_reset(keyboard);
    ps2_keyboard_release_all(keyboard);
    sent();
    down(PS2_KEY_A);
    ck_assert_str_eq(sent(), "1c");
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("devices/ps2_keyboard");
    TCase *tcase = tcase_create("keyboard");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, codes_of_set_2);
    tcase_add_test(tcase, codes_of_set_1);
    tcase_add_test(tcase, codes_of_set_3);
    tcase_add_test(tcase, every_key_makes_and_breaks);
    tcase_add_test(tcase, break_undoes_what_the_make_did);
    tcase_add_test(tcase, simple_commands);
    tcase_add_test(tcase, lamps_and_a_command_instead_of_an_argument);
    tcase_add_test(tcase, scan_codes_wait_for_the_argument);
    tcase_add_test(tcase, disable_enable_default);
    tcase_add_test(tcase, reset_acknowledges_then_tests);
    tcase_add_test(tcase, typematic);
    tcase_add_test(tcase, only_the_last_key_repeats);
    tcase_add_test(tcase, overrun_keeps_whole_keys);
    tcase_add_test(tcase, key_types_of_set_3);
    tcase_add_test(tcase, release_all);
    tcase_add_test(tcase, survives_random_bytes);
    suite_add_tcase(suite, tcase);
    return suite;
}
