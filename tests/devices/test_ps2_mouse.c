#include "devices/ps2_mouse.h"

#include <stdio.h>
#include <string.h>

#include "tests/devices/chip.h"
#include "tests/suite.h"

#define MS UINT64_C(1000000)

static struct clock *time_base;
static struct device *mouse;
static struct ps2_plug plug;

static void note_ready(void *controller, unsigned port)
{
    (void)controller;
    ck_assert_uint_eq(port, 1);
}

static void setup(void)
{
    struct ps2_mouse_config config = {.name = "mouse"};
    struct ps2_host host = {note_ready, NULL, 1};

    ck_assert_int_eq(clock_create(&time_base, 100000000), STATUS_OK);
    config.clock = time_base;
    ck_assert_int_eq(ps2_mouse_create(&config, &mouse), STATUS_OK);
    plug = ps2_mouse_plug(mouse);
    plug.attach(plug.device, &host);
}

static void teardown(void)
{
    device_destroy(mouse);
    clock_destroy(time_base);
}

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

static void argument(uint8_t byte, uint8_t value)
{
    command(byte, "fa");
    command(value, "fa");
}

START_TEST(reset_and_identity)
{
    command(0xff, "fa");
    run_for(time_base, 20 * MS);
    ck_assert_str_eq(sent(), "aa 00");
    command(0xf2, "fa 00");
    command(0xe9, "fa 00 02 64");
    command(0x11, "fe");
}
END_TEST

START_TEST(silent_until_enabled)
{
    ps2_mouse_move(mouse, 5, 5, 0);
    ps2_mouse_button(mouse, PS2_MOUSE_LEFT, true);
    run_for(time_base, 100 * MS);
    ck_assert_str_eq(sent(), "");
    ck_assert(!ps2_mouse_enabled(mouse));
    command(0xf4, "fa");
    ck_assert(ps2_mouse_enabled(mouse));
    run_for(time_base, 100 * MS);
    ck_assert_str_eq(sent(), "");
    ps2_mouse_move(mouse, 1, 0, 0);
    ck_assert_str_eq(sent(), "09 01 00");
}
END_TEST

START_TEST(packet_bytes)
{
    command(0xf4, "fa");
    ps2_mouse_move(mouse, 10, -5, 0);
    ck_assert_str_eq(sent(), "08 0a 05");
    run_for(time_base, 10 * MS);
    ps2_mouse_move(mouse, -1, 1, 3);
    ck_assert_str_eq(sent(), "38 ff ff");
    run_for(time_base, 10 * MS);
    ps2_mouse_button(mouse, PS2_MOUSE_RIGHT, true);
    ck_assert_str_eq(sent(), "0a 00 00");
    run_for(time_base, 10 * MS);
    ps2_mouse_button(mouse, PS2_MOUSE_MIDDLE, true);
    ck_assert_str_eq(sent(), "0e 00 00");
    run_for(time_base, 10 * MS);
    ps2_mouse_button(mouse, PS2_MOUSE_RIGHT, false);
    ck_assert_str_eq(sent(), "0c 00 00");
    ck_assert_str_eq(sent(), "");
}
END_TEST

START_TEST(long_ways_take_several_packets)
{
    command(0xf4, "fa");
    ps2_mouse_move(mouse, 300, 0, 0);
    ck_assert_str_eq(sent(), "08 ff 00");
    run_for(time_base, 10 * MS);
    ck_assert_str_eq(sent(), "08 2d 00");
    run_for(time_base, 10 * MS);
    ps2_mouse_move(mouse, 0, -300, 0);
    ck_assert_str_eq(sent(), "08 00 ff");
    run_for(time_base, 10 * MS);
    ck_assert_str_eq(sent(), "08 00 2d");
    run_for(time_base, 10 * MS);
    ps2_mouse_move(mouse, -0x7fffffff, 0, 0);
    for (unsigned i = 0; i < 16; i++) {
        ck_assert_str_eq(sent(), "18 00 00");
        run_for(time_base, 10 * MS);
    }
    ck_assert_str_eq(sent(), "");
}
END_TEST

START_TEST(sample_rate_limits_packets)
{
    unsigned packets = 0;

    argument(0xf3, 40);
    command(0xf4, "fa");
    for (unsigned i = 0; i < 1000; i++) {
        ps2_mouse_move(mouse, 1, 0, 0);
        packets += strlen(sent()) > 0;
        run_for(time_base, MS);
    }
    ck_assert_uint_eq(packets, 40);
}
END_TEST

START_TEST(scaling_in_stream_mode_alone)
{
    static const int in[] = {1, 2, 3, 4, 5, 6, -5, 200};
    static const char *const out[] = {"08 01 00", "08 01 00", "08 03 00",
                                      "08 06 00", "08 09 00", "08 0c 00",
                                      "18 f7 00", "08 ff 00"};

    command(0xe7, "fa");
    command(0xf4, "fa");
    for (unsigned i = 0; i < ARRAY_LEN(in); i++) {
        run_for(time_base, 10 * MS);
        ps2_mouse_move(mouse, in[i], 0, 0);
        ck_assert_str_eq(sent(), out[i]);
    }
    command(0xe9, "fa 30 02 64");
    command(0xf0, "fa");
    ps2_mouse_move(mouse, 2, 0, 0);
    command(0xeb, "fa 08 02 00");
    command(0xe6, "fa");
    command(0xe9, "fa 60 02 64");
}
END_TEST

START_TEST(remote_and_wrap)
{
    command(0xf4, "fa");
    command(0xf0, "fa");
    ps2_mouse_move(mouse, 7, 0, 0);
    run_for(time_base, 50 * MS);
    ck_assert_str_eq(sent(), "");
    command(0xeb, "fa 08 07 00");
    command(0xeb, "fa 08 00 00");
    command(0xee, "fa");
    command(0xf2, "f2");
    command(0x55, "55");
    command(0xfe, "fe");
    command(0xec, "fa");
    command(0xea, "fa");
    ps2_mouse_move(mouse, 7, 0, 0);
    ck_assert_str_eq(sent(), "08 07 00");
}
END_TEST

START_TEST(arguments_are_checked)
{
    argument(0xe8, 3);
    command(0xe8, "fa");
    command(0x04, "fe");
    command(0x01, "fa"); /* asked again */
    command(0xf3, "fa");
    command(0x21, "fe");
    command(0xf4, "fa"); /* a command ends it */
    command(0xe9, "fa 20 01 64");
    argument(0xf3, 200);
    command(0xe9, "fa 20 01 c8");
    command(0xf6, "fa");
    command(0xe9, "fa 00 02 64");
}
END_TEST

START_TEST(wheel_and_five_buttons)
{
    argument(0xf3, 200);
    argument(0xf3, 200);
    argument(0xf3, 80);
    command(0xf2, "fa 00"); /* five buttons only after the wheel */
    argument(0xf3, 200);
    argument(0xf3, 100);
    argument(0xf3, 80);
    command(0xf2, "fa 03");
    argument(0xf3, 100);
    command(0xf4, "fa");
    ps2_mouse_move(mouse, 1, 0, -1);
    ck_assert_str_eq(sent(), "08 01 00 ff");
    run_for(time_base, 10 * MS);
    ps2_mouse_move(mouse, 0, 0, 9);
    ck_assert_str_eq(sent(), "08 00 00 07");
    run_for(time_base, 10 * MS);
    ck_assert_str_eq(sent(), "08 00 00 02");
    argument(0xf3, 200);
    argument(0xf3, 200);
    argument(0xf3, 80);
    command(0xf2, "fa 04");
    run_for(time_base, 20 * MS);
    ps2_mouse_button(mouse, PS2_MOUSE_EXTRA, true);
    ps2_mouse_move(mouse, 0, 0, -1);
    ck_assert_str_eq(sent(), "08 00 00 20");
    run_for(time_base, 20 * MS);
    ck_assert_str_eq(sent(), "08 00 00 2f");
    run_for(time_base, 20 * MS);
    ps2_mouse_button(mouse, PS2_MOUSE_SIDE, true);
    ck_assert_str_eq(sent(), "08 00 00 30");
    command(0xff, "fa");
    run_for(time_base, 20 * MS);
    ck_assert_str_eq(sent(), "aa 00");
    command(0xf2, "fa 00");
}
END_TEST

START_TEST(resend_and_commands_in_a_packet)
{
    uint8_t byte;

    command(0xf4, "fa");
    ps2_mouse_move(mouse, 10, 0, 0);
    ck_assert(plug.transmit(plug.device, &byte));
    command(0xfe, "08 0a 00");
    run_for(time_base, 10 * MS);
    ps2_mouse_move(mouse, 3, 0, 0);
    ck_assert(plug.transmit(plug.device, &byte));
    command(0xe9, "fa 20 02 64"); /* the packet is gone */
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
            plug.receive(plug.device, (uint8_t)(r & 0x1000 ? r | 0xe0 : r));
        if (r & 0x200)
            ps2_mouse_move(mouse, (int)next_random(&seed),
                           (int)next_random(&seed), (int)next_random(&seed));
        if (r & 0x400)
            ps2_mouse_button(mouse, (enum ps2_mouse_button)((r >> 16) % 5),
                             r & 0x2000);
        if (r & 0x800)
            plug.transmit(plug.device, &byte);
        if (r % 64 == 0)
            run_for(time_base, r);
    }
    device_reset(mouse);
    command(0xf2, "fa 00");
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("devices/ps2_mouse");
    TCase *tcase = tcase_create("mouse");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, reset_and_identity);
    tcase_add_test(tcase, silent_until_enabled);
    tcase_add_test(tcase, packet_bytes);
    tcase_add_test(tcase, long_ways_take_several_packets);
    tcase_add_test(tcase, sample_rate_limits_packets);
    tcase_add_test(tcase, scaling_in_stream_mode_alone);
    tcase_add_test(tcase, remote_and_wrap);
    tcase_add_test(tcase, arguments_are_checked);
    tcase_add_test(tcase, wheel_and_five_buttons);
    tcase_add_test(tcase, resend_and_commands_in_a_packet);
    tcase_add_test(tcase, survives_random_bytes);
    suite_add_tcase(suite, tcase);
    return suite;
}
