#include "devices/port92.h"

#include <string.h>

#include "tests/devices/chip.h"
#include "tests/suite.h"

enum {
    A20,
    RESET,
    WIRES
};

static struct bus *ports;
static struct device *gate;
static struct wire wires[WIRES];

static void create(bool with_port)
{
    struct port92_config config = {
        .name = "port92",
        .a20 = wire_line(wires, A20),
        .reset = wire_line(wires, RESET),
    };

    memset(wires, 0, sizeof(wires));
    ck_assert_int_eq(bus_create(&ports), STATUS_OK);
    config.ports = with_port ? ports : NULL;
    ck_assert_int_eq(port92_create(&config, &gate), STATUS_OK);
}

static void destroy(void)
{
    device_destroy(gate);
    bus_destroy(ports);
}

static void kbc(bool level)
{
    struct irq_line line = port92_kbc_a20(gate);

    irq_set(&line, level);
}

/* Port 92 and the keyboard controller each open the gate. */
START_TEST(a20_is_the_or_of_two_sources)
{
    create(true);
    ck_assert(!wires[A20].level);
    kbc(true);
    ck_assert(wires[A20].level);
    bus_write(ports, 0x92, 2, 1);
    kbc(false);
    ck_assert(wires[A20].level);
    ck_assert_uint_eq(bus_read(ports, 0x92, 1), 2);
    bus_write(ports, 0x92, 0, 1);
    ck_assert(!wires[A20].level);
    destroy();
}
END_TEST

START_TEST(reset_needs_a_rising_bit)
{
    create(true);
    bus_write(ports, 0x92, 0x01, 1);
    ck_assert_uint_eq(wires[RESET].rises, 1);
    ck_assert(!wires[RESET].level);
    bus_write(ports, 0x92, 0x03, 1);
    ck_assert_uint_eq(wires[RESET].rises, 1);
    bus_write(ports, 0x92, 0x02, 1);
    bus_write(ports, 0x92, 0x03, 1);
    ck_assert_uint_eq(wires[RESET].rises, 2);
    destroy();
}
END_TEST

START_TEST(reset_pin_closes_the_port_alone)
{
    create(true);
    bus_write(ports, 0x92, 0x02, 1);
    kbc(true);
    device_reset(gate);
    ck_assert_uint_eq(bus_read(ports, 0x92, 1), 0);
    ck_assert(wires[A20].level);
    destroy();
}
END_TEST

START_TEST(an_at_has_the_gate_but_no_port)
{
    create(false);
    ck_assert_uint_eq(bus_read(ports, 0x92, 1), 0xff);
    kbc(true);
    ck_assert(wires[A20].level);
    destroy();
}
END_TEST

START_TEST(survives_random_access)
{
    create(true);
    random_access(ports, NULL, 0x92, 1, random_count(10000));
    bus_write(ports, 0x92, 0, 1);
    ck_assert(!wires[A20].level);
    destroy();
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("devices/port92");
    TCase *tcase = tcase_create("gate");

    tcase_add_test(tcase, a20_is_the_or_of_two_sources);
    tcase_add_test(tcase, reset_needs_a_rising_bit);
    tcase_add_test(tcase, reset_pin_closes_the_port_alone);
    tcase_add_test(tcase, an_at_has_the_gate_but_no_port);
    tcase_add_test(tcase, survives_random_access);
    suite_add_tcase(suite, tcase);
    return suite;
}
