#include "devices/acpi_hotplug.h"
#include "tests/devices/chip.h"
#include "tests/suite.h"

static struct bus *ports;
static struct device *dev;

static void setup(void)
{
    struct acpi_hotplug_config config = {"hotplug", NULL};

    ck_assert_int_eq(bus_create(&ports), STATUS_OK);
    config.ports = ports;
    ck_assert_int_eq(acpi_hotplug_create(&config, &dev), STATUS_OK);
}

static void teardown(void)
{
    device_destroy(dev);
    bus_destroy(ports);
}

START_TEST(nothing_comes_or_goes)
{
    for (unsigned port = 0xae00; port < 0xae10; port += 4) {
        bus_write(ports, port, 0xffffffff, 4);
        ck_assert_uint_eq(bus_read(ports, port, 4), 0);
    }
    ck_assert_uint_eq(bus_read(ports, 0xaf00, 4), 1);
    ck_assert_uint_eq(bus_read(ports, 0xaf1c, 4), 0);
}
END_TEST

START_TEST(events_can_be_enabled_and_stay_away)
{
    bus_write(ports, 0xafe0, 0xff06, 2);
    bus_write(ports, 0xafe2, 0x1234, 2);
    ck_assert_uint_eq(bus_read(ports, 0xafe0, 4), 0x12340000);
    device_reset(dev);
    ck_assert_uint_eq(bus_read(ports, 0xafe0, 4), 0);
}
END_TEST

START_TEST(ports_are_claimed_once)
{
    struct acpi_hotplug_config again = {"again", ports};
    struct device *second;

    ck_assert_int_eq(acpi_hotplug_create(&again, &second), STATUS_OVERLAP);
    ck_assert_ptr_null(second);
    random_access(ports, NULL, 0xae00, 0x10, random_count(10000));
    random_access(ports, NULL, 0xaf00, 0x20, random_count(10000));
    random_access(ports, NULL, 0xafe0, 0x04, random_count(10000));
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("devices/acpi_hotplug");
    TCase *tcase = tcase_create("ports");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, nothing_comes_or_goes);
    tcase_add_test(tcase, events_can_be_enabled_and_stay_away);
    tcase_add_test(tcase, ports_are_claimed_once);
    suite_add_tcase(suite, tcase);
    return suite;
}
