#include "devices/i8042.h"

#include <string.h>

#include "devices/ps2_keyboard.h"
#include "devices/ps2_mouse.h"
#include "tests/devices/chip.h"
#include "tests/suite.h"

#define US UINT64_C(1000)
#define MS UINT64_C(1000000)

enum {
    IRQ1,
    IRQ12,
    A20,
    RESET,
    WIRES
};

static struct bus *ports;
static struct clock *time_base;
static struct device *kbc, *keyboard, *mouse;
static struct wire wires[WIRES];

static void create(bool plugged)
{
    struct ps2_keyboard_config keyboard_config = {"kbd", time_base};
    struct ps2_mouse_config mouse_config = {"mouse", time_base};
    struct i8042_config config = {
        .name = "kbc",
        .ports = ports,
        .clock = time_base,
        .irq_kbd = wire_line(wires, IRQ1),
        .irq_aux = wire_line(wires, IRQ12),
        .a20 = wire_line(wires, A20),
        .reset = wire_line(wires, RESET),
    };

    ck_assert_int_eq(ps2_keyboard_create(&keyboard_config, &keyboard),
                     STATUS_OK);
    ck_assert_int_eq(ps2_mouse_create(&mouse_config, &mouse), STATUS_OK);
    if (plugged) {
        config.keyboard = ps2_keyboard_plug(keyboard);
        config.mouse = ps2_mouse_plug(mouse);
    }
    ck_assert_int_eq(i8042_create(&config, &kbc), STATUS_OK);
}

static void setup_base(void)
{
    memset(wires, 0, sizeof(wires));
    ck_assert_int_eq(bus_create(&ports), STATUS_OK);
    ck_assert_int_eq(clock_create(&time_base, 100000000), STATUS_OK);
}

static void setup(void)
{
    setup_base();
    create(true);
}

static void setup_unplugged(void)
{
    setup_base();
    create(false);
}

static void teardown(void)
{
    device_destroy(kbc);
    device_destroy(mouse);
    device_destroy(keyboard);
    clock_destroy(time_base);
    bus_destroy(ports);
}

static void out(unsigned port, unsigned value)
{
    bus_write(ports, port, value, 1);
}

static unsigned in(unsigned port)
{
    return bus_read(ports, port, 1);
}

/* Polls as a BIOS does; 0x100 if nothing comes within 30 ms. */
static unsigned wait_data(void)
{
    for (unsigned i = 0; i < 3000; i++) {
        if (in(0x64) & 0x01)
            return in(0x60);
        run_for(time_base, 10 * US);
    }
    return 0x100;
}

static unsigned ask(unsigned command)
{
    out(0x64, command);
    return wait_data();
}

static void set_mode(unsigned mode)
{
    out(0x64, 0x60);
    out(0x60, mode);
}

START_TEST(answers)
{
    ck_assert_uint_eq(in(0x64), 0x10);
    ck_assert_uint_eq(ask(0xaa), 0x55);
    ck_assert_uint_eq(in(0x64), 0x1c);
    ck_assert_uint_eq(ask(0xab), 0x00);
    ck_assert_uint_eq(ask(0xa9), 0x00);
    ck_assert_uint_eq(ask(0xa4), 0xf1);
    ck_assert_uint_eq(ask(0xc0), 0xb0);
    ck_assert_uint_eq(ask(0xd0), 0xcf);
    ck_assert_uint_eq(ask(0xe0), 0x00);
    set_mode(0x45);
    ck_assert_uint_eq(ask(0x20), 0x45);
    ck_assert_uint_eq(ask(0xe0), 0x03);
    out(0x64, 0x7f);
    out(0x60, 0x99);
    ck_assert_uint_eq(ask(0x3f), 0x99);
    ck_assert_uint_eq(ask(0x21), 0x00);
}
END_TEST

START_TEST(enables_and_disables)
{
    set_mode(0x00);
    out(0x64, 0xad);
    ck_assert_uint_eq(ask(0x20), 0x10);
    out(0x64, 0xa7);
    ck_assert_uint_eq(ask(0x20), 0x30);
    out(0x64, 0xae);
    ck_assert_uint_eq(ask(0x20), 0x20);
    out(0x64, 0xa8);
    ck_assert_uint_eq(ask(0x20), 0x00);
}
END_TEST

START_TEST(dump_and_password)
{
    set_mode(0x04);
    out(0x64, 0xa5);
    out(0x60, 'x');
    out(0x60, 0);
    out(0x64, 0xac);
    ck_assert_uint_eq(wait_data(), 0x04);
    for (unsigned i = 0; i < 15; i++)
        ck_assert_uint_eq(wait_data(), 0);
    ck_assert_uint_eq(wait_data(), 0xb0);
    ck_assert_uint_eq(wait_data(), 0xcf);
    ck_assert_uint_eq(wait_data(), 0x03);
    wait_data();
    ck_assert_uint_eq(wait_data(), 0x100);
}
END_TEST

START_TEST(key_arrives_translated_with_interrupt)
{
    set_mode(0x41);
    ps2_keyboard_key(keyboard, PS2_KEY_A, true);
    run_for(time_base, 999 * US);
    ck_assert(!wires[IRQ1].level);
    run_for(time_base, 1 * US);
    ck_assert(wires[IRQ1].level);
    ck_assert_uint_eq(in(0x64) & 0x21, 0x01);
    ps2_keyboard_key(keyboard, PS2_KEY_A, false);
    run_for(time_base, 50 * MS);
    ck_assert_uint_eq(in(0x60), 0x1e);
    ck_assert(!wires[IRQ1].level);
    ck_assert_msg(in(0x60) == 0x1e, "the byte stays for a second read");
    ck_assert_uint_eq(in(0x64) & 0x01, 0);
    run_for(time_base, 2 * MS);
    ck_assert_uint_eq(wires[IRQ1].rises, 2);
    ck_assert_uint_eq(in(0x60), 0x9e);
}
END_TEST

START_TEST(untranslated_and_without_interrupt)
{
    set_mode(0x00);
    ps2_keyboard_key(keyboard, PS2_KEY_UP, true);
    ps2_keyboard_key(keyboard, PS2_KEY_UP, false);
    ck_assert_uint_eq(wait_data(), 0xe0);
    ck_assert_uint_eq(wait_data(), 0x75);
    ck_assert_uint_eq(wait_data(), 0xe0);
    ck_assert_uint_eq(wait_data(), 0xf0);
    ck_assert_uint_eq(wait_data(), 0x75);
    ck_assert_uint_eq(wires[IRQ1].rises, 0);
}
END_TEST

START_TEST(set_2_translated_is_set_1)
{
    set_mode(0x40);
    for (unsigned i = 0; i < PS2_KEY_COUNT; i++) {
        const struct key_codes *codes = keys_codes((enum ps2_key)i);
        bool plain = i != PS2_KEY_PRINT && i != PS2_KEY_PAUSE;

        ps2_keyboard_key(keyboard, (enum ps2_key)i, true);
        if (plain && codes->set1 >> 8)
            ck_assert_uint_eq(wait_data(), 0xe0);
        if (plain)
            ck_assert_uint_eq(wait_data(), codes->set1 & 0xff);
        while (wait_data() != 0x100)
            continue;
        ps2_keyboard_key(keyboard, (enum ps2_key)i, false);
        while (wait_data() != 0x100)
            continue;
    }
}
END_TEST

START_TEST(disabled_keyboard_waits)
{
    set_mode(0x51);
    ps2_keyboard_key(keyboard, PS2_KEY_B, true);
    run_for(time_base, 50 * MS);
    ck_assert_uint_eq(in(0x64) & 1, 0);
    out(0x64, 0xae);
    run_for(time_base, 1 * MS);
    ck_assert(wires[IRQ1].level);
    ck_assert_uint_eq(in(0x60), 0x30);
}
END_TEST

START_TEST(keyboard_commands_as_a_bios_sends_them)
{
    set_mode(0x70); /* sending opens the clock line by itself */
    out(0x60, 0xff);
    ck_assert_uint_eq(wait_data(), 0xfa);
    ck_assert_uint_eq(wait_data(), 0xaa);
    ck_assert_uint_eq(ask(0x20), 0x60);
    out(0x60, 0xed);
    ck_assert_uint_eq(wait_data(), 0xfa);
    out(0x60, 0x02);
    ck_assert_uint_eq(wait_data(), 0xfa);
    ck_assert_uint_eq(ps2_keyboard_leds(keyboard), PS2_LED_NUM);
    out(0x60, 0xf2); /* the identifier is translated as any code */
    ck_assert_uint_eq(wait_data(), 0xfa);
    ck_assert_uint_eq(wait_data(), 0xab);
    ck_assert_uint_eq(wait_data(), 0x41);
}
END_TEST

START_TEST(an_answer_comes_sooner_than_a_scan_code)
{
    set_mode(0x41);
    ps2_keyboard_key(keyboard, PS2_KEY_A, true);
    run_for(time_base, 100 * US);
    out(0x60, 0xee);
    run_for(time_base, 250 * US);
    ck_assert_uint_eq(in(0x64) & 1, 1);
    ck_assert_uint_eq(in(0x60), 0xee);
    ck_assert_uint_eq(wait_data(), 0x1e);
}
END_TEST

START_TEST(mouse_bytes)
{
    set_mode(0x02);
    out(0x64, 0xd4);
    out(0x60, 0xf4);
    run_for(time_base, 250 * US);
    ck_assert(wires[IRQ12].level);
    ck_assert_uint_eq(wires[IRQ1].rises, 0);
    ck_assert_uint_eq(in(0x64) & 0x21, 0x21);
    ck_assert_uint_eq(in(0x60), 0xfa);
    ck_assert(!wires[IRQ12].level);
    ck_assert_uint_eq(in(0x64) & 0x21, 0x00);
    ps2_mouse_move(mouse, 3, 2, 0);
    ck_assert_uint_eq(wait_data(), 0x28);
    ck_assert_uint_eq(wait_data(), 0x03);
    ck_assert_uint_eq(wait_data(), 0xfe);
    ck_assert_uint_eq(wires[IRQ12].rises, 4);
}
END_TEST

START_TEST(both_devices_get_through)
{
    unsigned from_mouse = 0, from_keyboard = 0;

    set_mode(0x43);
    out(0x64, 0xd4);
    out(0x60, 0xf4);
    wait_data();
    for (unsigned i = 0; i < 200; i++) {
        ps2_keyboard_key(keyboard, PS2_KEY_A, i & 1);
        ps2_mouse_move(mouse, 1, 1, 0);
        run_for(time_base, 5 * MS);
        if (in(0x64) & 0x20)
            from_mouse++;
        else
            from_keyboard++;
        in(0x60);
    }
    ck_assert_uint_gt(from_mouse, 20);
    ck_assert_uint_gt(from_keyboard, 20);
}
END_TEST

START_TEST(loop_back_buffers)
{
    set_mode(0x03);
    out(0x64, 0xd2);
    out(0x60, 0x77);
    ck_assert(wires[IRQ1].level);
    ck_assert_uint_eq(ask(0xd0), 0x77);
    ck_assert_uint_eq(wait_data(), 0xdf); /* when asked, IRQ1 was high */
    out(0x64, 0xd3);
    out(0x60, 0x88);
    ck_assert(wires[IRQ12].level);
    ck_assert_uint_eq(in(0x64) & 0x21, 0x21);
    ck_assert_uint_eq(in(0x60), 0x88);
}
END_TEST

START_TEST(a20_and_reset)
{
    ck_assert(wires[A20].level);
    out(0x64, 0xd1);
    ck_assert_uint_eq(in(0x64) & 0x08, 0x08);
    out(0x60, 0xdd);
    ck_assert_uint_eq(in(0x64) & 0x08, 0x00);
    ck_assert(!wires[A20].level);
    ck_assert_uint_eq(ask(0xd0), 0xcd);
    out(0x64, 0xdf);
    ck_assert(wires[A20].level);
    out(0x64, 0xdd);
    ck_assert(!wires[A20].level);
    ck_assert_uint_eq(wires[RESET].rises, 0);
    out(0x64, 0xff);
    ck_assert_uint_eq(wires[RESET].rises, 0);
    out(0x64, 0xfe);
    ck_assert_uint_eq(wires[RESET].rises, 1);
    ck_assert(!wires[RESET].level);
    out(0x64, 0xd1);
    out(0x60, 0xde);
    ck_assert_uint_eq(wires[RESET].rises, 2);
    ck_assert(wires[A20].level);
}
END_TEST

START_TEST(interrupt_follows_the_mode)
{
    set_mode(0x40);
    ps2_keyboard_key(keyboard, PS2_KEY_A, true);
    run_for(time_base, 2 * MS);
    ck_assert(!wires[IRQ1].level);
    set_mode(0x41);
    ck_assert(wires[IRQ1].level);
    ck_assert_uint_eq(in(0x60), 0x1e);
}
END_TEST

START_TEST(polls_the_input_port)
{
    out(0x64, 0xc2);
    ck_assert_uint_eq(in(0x64) & 0xf0, 0xb0);
    out(0x64, 0xc1);
    ck_assert_uint_eq(in(0x64) & 0xf0, 0x00);
    out(0x64, 0xff);
    ck_assert_uint_eq(in(0x64) & 0xf0, 0x10);
}
END_TEST

START_TEST(nothing_plugged_in_times_out)
{
    set_mode(0x00);
    out(0x64, 0xd4);
    out(0x60, 0xff);
    ck_assert_uint_eq(in(0x64) & 0x61, 0x61);
    ck_assert_uint_eq(in(0x60), 0xfe);
    ck_assert_uint_eq(in(0x64) & 0x61, 0x00);
    out(0x60, 0xee);
    ck_assert_uint_eq(in(0x64) & 0x61, 0x41);
    ck_assert_uint_eq(in(0x60), 0xfe);
}
END_TEST

START_TEST(survives_random_access)
{
    uint32_t seed = 17;

    for (unsigned i = 0; i < 200; i++) {
        uint32_t r = next_random(&seed);

        random_access(ports, time_base, 0x60, 5, random_count(100000) / 200);
        ps2_keyboard_key(keyboard, (enum ps2_key)(r % PS2_KEY_COUNT), r >> 31);
        ps2_mouse_move(mouse, (int)(r & 0xfff), 0, 0);
    }
    device_reset(keyboard);
    device_reset(mouse);
    device_reset(kbc);
    ps2_keyboard_release_all(keyboard);
    ck_assert_uint_eq(ask(0xaa), 0x55);
    out(0x60, 0xee);
    ck_assert_uint_eq(wait_data(), 0xee);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("devices/i8042");
    TCase *tcase = tcase_create("plugged"), *bare = tcase_create("unplugged");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, answers);
    tcase_add_test(tcase, enables_and_disables);
    tcase_add_test(tcase, dump_and_password);
    tcase_add_test(tcase, key_arrives_translated_with_interrupt);
    tcase_add_test(tcase, untranslated_and_without_interrupt);
    tcase_add_test(tcase, set_2_translated_is_set_1);
    tcase_add_test(tcase, disabled_keyboard_waits);
    tcase_add_test(tcase, keyboard_commands_as_a_bios_sends_them);
    tcase_add_test(tcase, an_answer_comes_sooner_than_a_scan_code);
    tcase_add_test(tcase, mouse_bytes);
    tcase_add_test(tcase, both_devices_get_through);
    tcase_add_test(tcase, loop_back_buffers);
    tcase_add_test(tcase, a20_and_reset);
    tcase_add_test(tcase, interrupt_follows_the_mode);
    tcase_add_test(tcase, polls_the_input_port);
    tcase_add_test(tcase, survives_random_access);
    suite_add_tcase(suite, tcase);
    tcase_add_checked_fixture(bare, setup_unplugged, teardown);
    tcase_add_test(bare, nothing_plugged_in_times_out);
    suite_add_tcase(suite, bare);
    return suite;
}
