#include "devices/parallel.h"
#include "tests/devices/chip.h"
#include "tests/suite.h"

static struct bus *ports;
static struct clock *clock;
static struct device *lpt;
static struct wire irq;
static unsigned bytes;
static uint8_t last;

static void on_byte(struct host_char *self, uint8_t byte)
{
    (void)self;
    bytes++;
    last = byte;
}

static struct host_char printer = {on_byte};

static void make(struct host_char *host)
{
    struct parallel_config config = {
        .name = "lpt1",
        .base = 0x378,
        .irq = wire_line(&irq, 0),
        .host = host,
    };

    irq = (struct wire){0};
    bytes = 0;
    ck_assert_int_eq(bus_create(&ports), STATUS_OK);
    ck_assert_int_eq(clock_create(&clock, 1000000000), STATUS_OK);
    config.ports = ports;
    config.clock = clock;
    ck_assert_int_eq(parallel_create(&config, &lpt), STATUS_OK);
}

static void drop(void)
{
    device_destroy(lpt);
    clock_destroy(clock);
    bus_destroy(ports);
}

static void pass(uint64_t ns)
{
    run_for(clock, ns);
}

/* One byte: strobe, busy, acknowledge with interrupt, ready. */
START_TEST(prints_a_byte)
{
    make(&printer);
    ck_assert_uint_eq(bus_read(ports, 0x379, 1), 0xdf);
    bus_write(ports, 0x378, 'A', 1);
    bus_write(ports, 0x37a, 0x1d, 1);
    ck_assert_uint_eq(bytes, 1);
    ck_assert_uint_eq(last, 'A');
    ck_assert_uint_eq(bus_read(ports, 0x379, 1) & 0x80, 0);
    bus_write(ports, 0x37a, 0x1c, 1);
    bus_write(ports, 0x37a, 0x1d, 1); /* a strobe while busy is lost */
    ck_assert_uint_eq(bytes, 1);
    pass(5500);
    ck_assert_uint_eq(bus_read(ports, 0x379, 1) & 0x40, 0);
    ck_assert_uint_eq(irq.rises, 0);
    pass(1000);
    ck_assert(irq.level);
    pass(1000000);
    ck_assert(irq.level); /* it waits for the processor */
    ck_assert_uint_eq(bus_read(ports, 0x379, 1), 0xdb);
    ck_assert(!irq.level);
    ck_assert_uint_eq(bus_read(ports, 0x379, 1), 0xdf);
    drop();
}
END_TEST

START_TEST(interrupts_once_a_byte_if_enabled)
{
    make(&printer);
    for (unsigned i = 0; i < 10; i++) {
        bus_write(ports, 0x37a, i < 5 ? 0x1d : 0x0d, 1);
        bus_write(ports, 0x37a, i < 5 ? 0x1c : 0x0c, 1);
        pass(10000);
    }
    ck_assert_uint_eq(bytes, 10);
    ck_assert_uint_eq(irq.rises, 5);
    drop();
}
END_TEST

START_TEST(survives_random_access)
{
    make(&printer);
    random_access(ports, clock, 0x378, 3, random_count(100000));
    device_reset(lpt);
    bus_write(ports, 0x378, 'z', 1);
    bus_write(ports, 0x37a, 0x0d, 1);
    ck_assert_uint_eq(last, 'z');
    drop();
}
END_TEST

START_TEST(registers_read_back_and_direction)
{
    make(&printer);
    bus_write(ports, 0x378, 0x5a, 1);
    ck_assert_uint_eq(bus_read(ports, 0x378, 1), 0x5a);
    bus_write(ports, 0x37a, 0x2c, 1);
    ck_assert_uint_eq(bus_read(ports, 0x378, 1), 0xff);
    ck_assert_uint_eq(bus_read(ports, 0x37a, 1), 0xec);
    bus_write(ports, 0x37a, 0x08, 1); /* INIT low: the printer is deaf */
    bus_write(ports, 0x37a, 0x09, 1);
    ck_assert_uint_eq(bytes, 0);
    drop();
}
END_TEST

START_TEST(no_cable_reads_busy)
{
    make(NULL);
    ck_assert_uint_eq(bus_read(ports, 0x379, 1), 0x7f);
    bus_write(ports, 0x37a, 0x1d, 1);
    pass(10000);
    ck_assert_uint_eq(irq.rises, 0);
    drop();
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("devices/parallel");
    TCase *tcase = tcase_create("printer");

    tcase_add_test(tcase, prints_a_byte);
    tcase_add_test(tcase, registers_read_back_and_direction);
    tcase_add_test(tcase, interrupts_once_a_byte_if_enabled);
    tcase_add_test(tcase, no_cable_reads_busy);
    tcase_add_test(tcase, survives_random_access);
    suite_add_tcase(suite, tcase);
    return suite;
}
