#include "devices/debug_port.h"
#include "tests/devices/chip.h"
#include "tests/suite.h"

static unsigned count;
static uint8_t last;

static void take_byte(struct host_char *self, uint8_t byte)
{
    (void)self;
    last = byte;
    count++;
}

static struct host_char host = {take_byte};

static struct device *create(struct bus *ports, struct host_char *to)
{
    struct debug_port_config config = {"debugcon", ports, to};
    struct device *dev;

    ck_assert_int_eq(debug_port_create(&config, &dev), STATUS_OK);
    return dev;
}

START_TEST(bytes_go_out_and_e9_reads_back)
{
    struct debug_port_config again = {.name = "again"};
    struct device *dev, *second;
    struct bus *ports;

    ck_assert_int_eq(bus_create(&ports), STATUS_OK);
    dev = create(ports, &host);
    bus_write(ports, 0xe9, 'x', 1);
    ck_assert_uint_eq(count, 1);
    ck_assert_uint_eq(last, 'x');
    ck_assert_uint_eq(bus_read(ports, 0xe9, 1), 0xe9);
    again.ports = ports;
    ck_assert_int_eq(debug_port_create(&again, &second), STATUS_OVERLAP);
    ck_assert_ptr_null(second);
    random_access(ports, NULL, 0xe9, 1, random_count(10000));
    device_reset(dev);
    device_destroy(dev);
    bus_destroy(ports);
}
END_TEST

START_TEST(nobody_listens)
{
    struct device *dev;
    struct bus *ports;

    ck_assert_int_eq(bus_create(&ports), STATUS_OK);
    dev = create(ports, NULL);
    bus_write(ports, 0xe9, 'x', 1);
    ck_assert_uint_eq(bus_read(ports, 0xe9, 1), 0xe9);
    device_destroy(dev);
    bus_destroy(ports);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("devices/debug_port");
    TCase *tcase = tcase_create("port");

    tcase_add_test(tcase, bytes_go_out_and_e9_reads_back);
    tcase_add_test(tcase, nobody_listens);
    suite_add_tcase(suite, tcase);
    return suite;
}
