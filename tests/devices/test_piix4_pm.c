#include "devices/piix4_pm.h"
#include "tests/devices/chip.h"
#include "tests/suite.h"

#define DEVFN PCI_DEVFN(1, 3)
#define PMBA  0xb000

static struct bus *ports;
static struct mem *mem;
static struct clock *clock;
static struct pci_bus *bus;
static struct device *pm;
static bool sci;
static int slept;

static void on_line(void *sink, unsigned pin, bool level)
{
    (void)pin;
    *(bool *)sink = level;
}

static void on_sleep(void *sink, unsigned type)
{
    (void)sink;
    slept = (int)type;
}

static void put(unsigned reg, uint32_t value, unsigned size)
{
    bus_write(ports, 0xcf8, 0x80000000u | DEVFN << 8 | (reg & 0xfc), 4);
    bus_write(ports, 0xcfc + (reg & 3), value, size);
}

static void setup(void)
{
    struct pci_bus_config pci = {.name = "pci"};
    struct piix4_pm_config config = {
        .name = "pm",
        .devfn = DEVFN,
        .sci = {on_line, &sci, 0},
        .sleep = on_sleep,
    };

    slept = -1;
    sci = false;
    ck_assert_int_eq(bus_create(&ports), STATUS_OK);
    ck_assert_int_eq(mem_create(&mem, 0x100000), STATUS_OK);
    ck_assert_int_eq(clock_create(&clock, 1000000000), STATUS_OK);
    pci.ports = config.ports = ports;
    pci.mem = mem;
    config.clock = clock;
    ck_assert_int_eq(pci_bus_create(&pci, &bus), STATUS_OK);
    config.bus = bus;
    ck_assert_int_eq(piix4_pm_create(&config, &pm), STATUS_OK);
    put(0x40, PMBA | 1, 4);
    put(0x80, 1, 1);
}

static void teardown(void)
{
    device_destroy(pm);
    device_destroy(pci_bus_device(bus));
    clock_destroy(clock);
    mem_destroy(mem);
    bus_destroy(ports);
}

static void run_until(uint64_t insns)
{
    while (clock->insns < insns) {
        clock_sync(clock,
                   clock->stop_insns < insns ? clock->stop_insns : insns);
        clock_fire(clock);
    }
}

/* 3579545 ticks in a second, 24 bits, the top bit's turn sets TMR_STS. */
START_TEST(timer_counts_and_interrupts)
{
    run_until(1000000000);
    ck_assert_uint_eq(bus_read(ports, PMBA + 8, 4), 3579545);
    ck_assert_uint_eq(bus_read(ports, PMBA, 2) & 1, 0);
    bus_write(ports, PMBA + 2, 1, 2);
    bus_write(ports, 0xb2, 0xf1, 1); /* ACPI on */
    ck_assert(!sci);
    run_until(2343484437); /* one ns before tick 2^23 */
    ck_assert_uint_eq(bus_read(ports, PMBA + 8, 4), 0x7fffff);
    run_until(2343484438);
    ck_assert(sci);
    ck_assert_uint_eq(bus_read(ports, PMBA, 2) & 1, 1);
    bus_write(ports, PMBA, 1, 2);
    ck_assert(!sci);
}
END_TEST

START_TEST(power_button_and_soft_off)
{
    piix4_pm_press_power(pm);
    ck_assert(!sci);
    ck_assert_uint_eq(bus_read(ports, PMBA, 2), 0x100);
    bus_write(ports, PMBA + 2, 0x100, 2);
    ck_assert(!sci); /* SCI_EN is clear */
    bus_write(ports, PMBA + 4, 1, 2);
    ck_assert(sci);
    bus_write(ports, PMBA + 4, 0x2001 | 1 << 10, 2);
    ck_assert_int_eq(slept, 1);
    bus_write(ports, PMBA + 4, 0x2001, 2);
    ck_assert_int_eq(slept, 0);
}
END_TEST

START_TEST(ports_follow_the_base)
{
    put(0x40, 0x6001, 4);
    ck_assert_uint_eq(bus_read(ports, PMBA + 8, 4), 0xffffffff);
    run_until(1000000000);
    ck_assert_uint_eq(bus_read(ports, 0x6008, 4), 3579545);
    put(0x80, 0, 1);
    ck_assert_uint_eq(bus_read(ports, 0x6008, 4), 0xffffffff);
}
END_TEST

START_TEST(unaligned_accesses_go_by_bytes)
{
    run_until(1000000000);
    ck_assert_uint_eq(bus_read(ports, PMBA + 9, 2), 3579545 >> 8);
    bus_write(ports, PMBA + 1, 0x2101, 2); /* clears PWRBTN, enables TMROF */
    ck_assert_uint_eq(bus_read(ports, PMBA + 2, 2), 0x0021);
}
END_TEST

START_TEST(smbus_finds_nobody)
{
    put(0x90, 0xb101, 4);
    put(0xd2, 0x01, 1);
    ck_assert_uint_eq(bus_read(ports, 0xb100, 1), 0x00);
    bus_write(ports, 0xb102, 0x48, 1);
    ck_assert_uint_eq(bus_read(ports, 0xb102, 1), 0x08);
    ck_assert_uint_eq(bus_read(ports, 0xb100, 1), 0x04);
    bus_write(ports, 0xb100, 0xff, 1);
    ck_assert_uint_eq(bus_read(ports, 0xb100, 1), 0x00);
}
END_TEST

START_TEST(survives_random_access)
{
    uint32_t seed = 9;

    for (unsigned i = 0; i < random_count(40000) / 100; i++) {
        unsigned reg = next_random(&seed) & 0xff;

        random_access(ports, clock, PMBA, 64, 50);
        random_access(ports, clock, 0xb2, 2, 20);
        put(reg, next_random(&seed), 1u << next_random(&seed) % 3);
        if (i % 4)
            put(0x40, PMBA | 1, 4);
    }
    device_reset(pm);
    put(0x40, PMBA | 1, 4);
    put(0x80, 1, 1);
    bus_write(ports, PMBA + 4, 0x2001, 2);
    ck_assert_int_eq(slept, 0);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("devices/piix4_pm");
    TCase *tcase = tcase_create("power");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, timer_counts_and_interrupts);
    tcase_add_test(tcase, power_button_and_soft_off);
    tcase_add_test(tcase, ports_follow_the_base);
    tcase_add_test(tcase, unaligned_accesses_go_by_bytes);
    tcase_add_test(tcase, smbus_finds_nobody);
    tcase_add_test(tcase, survives_random_access);
    suite_add_tcase(suite, tcase);
    return suite;
}
