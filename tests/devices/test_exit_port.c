#include "devices/exit_port.h"
#include "tests/devices/chip.h"
#include "tests/suite.h"

static uint32_t value;
static unsigned calls;

static void take_value(void *sink, uint32_t written)
{
    ck_assert_ptr_eq(sink, &value);
    value = written;
    calls++;
}

START_TEST(writes_call_out_in_every_width)
{
    struct exit_port_config config = {
        .name = "exit",
        .base = 0xf4,
        .written = take_value,
        .sink = &value,
    };
    struct device *dev;
    struct bus *ports;

    ck_assert_int_eq(bus_create(&ports), STATUS_OK);
    config.ports = ports;
    ck_assert_int_eq(exit_port_create(&config, &dev), STATUS_OK);
    ck_assert_uint_eq(bus_read(ports, 0xf4, 4), 0);
    ck_assert_uint_eq(calls, 0);
    bus_write(ports, 0xf4, 0x31, 1);
    ck_assert_uint_eq(value, 0x31);
    bus_write(ports, 0xf4, 0x12345678, 4);
    ck_assert_uint_eq(value, 0x12345678);
    bus_write(ports, 0xf6, 0x7777, 2);
    ck_assert_uint_eq(value, 0x7777);
    ck_assert_uint_eq(calls, 3);
    random_access(ports, NULL, 0xf4, 4, random_count(10000));
    device_destroy(dev);
    bus_destroy(ports);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("devices/exit_port");
    TCase *tcase = tcase_create("port");

    tcase_add_test(tcase, writes_call_out_in_every_width);
    suite_add_tcase(suite, tcase);
    return suite;
}
