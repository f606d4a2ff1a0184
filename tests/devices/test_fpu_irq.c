#include "devices/fpu_irq.h"

#include <string.h>

#include "tests/devices/chip.h"
#include "tests/suite.h"

enum {
    IRQ13,
    IGNNE,
    WIRES
};

static struct bus *ports;
static struct device *latch;
static struct wire wires[WIRES];

static void create(void)
{
    struct fpu_irq_config config = {
        .name = "fpu_irq",
        .irq = wire_line(wires, IRQ13),
        .ignne = wire_line(wires, IGNNE),
    };

    memset(wires, 0, sizeof(wires));
    ck_assert_int_eq(bus_create(&ports), STATUS_OK);
    config.ports = ports;
    ck_assert_int_eq(fpu_irq_create(&config, &latch), STATUS_OK);
    device_reset(latch);
}

static void destroy(void)
{
    device_destroy(latch);
    bus_destroy(ports);
}

static void ferr(bool level)
{
    struct irq_line line = fpu_irq_ferr(latch);

    irq_set(&line, level);
}

START_TEST(an_error_asks_once)
{
    create();
    ferr(true);
    ck_assert(wires[IRQ13].level && !wires[IGNNE].level);
    bus_write(ports, 0xf0, 0, 1);
    ck_assert(!wires[IRQ13].level && wires[IGNNE].level);
    ferr(true); /* no edge */
    ck_assert(!wires[IRQ13].level && wires[IGNNE].level);
    ferr(false);
    ck_assert(!wires[IRQ13].level && !wires[IGNNE].level);
    ferr(true);
    ck_assert(wires[IRQ13].level && !wires[IGNNE].level);
    destroy();
}
END_TEST

/* The latch holds when the handler clears the x87 first. */
START_TEST(the_latch_outlives_the_error)
{
    create();
    ferr(true);
    ferr(false);
    ck_assert(wires[IRQ13].level);
    bus_write(ports, 0xf0, 0, 1);
    ck_assert(!wires[IRQ13].level && !wires[IGNNE].level);
    destroy();
}
END_TEST

START_TEST(reset_and_port_f1)
{
    create();
    ferr(true);
    device_reset(latch);
    ck_assert(!wires[IRQ13].level && !wires[IGNNE].level);
    ferr(false);
    ferr(true);
    bus_write(ports, 0xf1, 0, 1);
    ck_assert(!wires[IRQ13].level && wires[IGNNE].level);
    ck_assert_uint_eq(bus_read(ports, 0xf0, 1), 0xff);
    destroy();
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("devices/fpu_irq");
    TCase *tcase = tcase_create("latch");

    tcase_add_test(tcase, an_error_asks_once);
    tcase_add_test(tcase, the_latch_outlives_the_error);
    tcase_add_test(tcase, reset_and_port_f1);
    suite_add_tcase(suite, tcase);
    return suite;
}
