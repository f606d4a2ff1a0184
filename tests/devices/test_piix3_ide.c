#include "devices/piix3_ide.h"
#include "tests/devices/chip.h"
#include "tests/suite.h"

#define DEVFN PCI_DEVFN(1, 1)

static struct bus *ports;
static struct mem *mem;
static struct pci_bus *bus;
static struct device *ide;
static uint8_t engine[16];

static uint32_t engine_read(void *dev, paddr offset, unsigned size)
{
    (void)dev;
    (void)size;
    return engine[offset];
}

static void engine_write(void *dev, paddr offset, uint32_t value, unsigned size)
{
    (void)dev;
    ck_assert_uint_le(offset + size, sizeof(engine));
    engine[offset] = (uint8_t)value;
}

static const struct bus_ops engine_ops = {engine_read, engine_write, 1};

static uint32_t get(unsigned reg, unsigned size)
{
    bus_write(ports, 0xcf8, 0x80000000u | DEVFN << 8 | (reg & 0xfc), 4);
    return bus_read(ports, 0xcfc + (reg & 3), size);
}

static void put(unsigned reg, uint32_t value, unsigned size)
{
    bus_write(ports, 0xcf8, 0x80000000u | DEVFN << 8 | (reg & 0xfc), 4);
    bus_write(ports, 0xcfc + (reg & 3), value, size);
}

static void setup(void)
{
    struct pci_bus_config pci = {.name = "pci"};
    struct piix3_ide_config config = {.name = "ide", .devfn = DEVFN};

    ck_assert_int_eq(bus_create(&ports), STATUS_OK);
    ck_assert_int_eq(mem_create(&mem, 0x100000), STATUS_OK);
    pci.ports = ports;
    pci.mem = mem;
    ck_assert_int_eq(pci_bus_create(&pci, &bus), STATUS_OK);
    config.bus = bus;
    ck_assert_int_eq(piix3_ide_create(&config, &ide), STATUS_OK);
}

/* The bus first: a function survives it. */
static void teardown(void)
{
    device_destroy(pci_bus_device(bus));
    device_destroy(ide);
    mem_destroy(mem);
    bus_destroy(ports);
}

START_TEST(header_and_masks)
{
    ck_assert_uint_eq(get(0x00, 4), 0x70108086);
    ck_assert_uint_eq(get(0x08, 4) >> 8, 0x010180);
    ck_assert_uint_eq(get(0x04, 4), 0x02800000);
    put(0x04, 0xffff, 2);
    ck_assert_uint_eq(get(0x04, 2), 0x0005);
    ck_assert(piix3_ide_may_master(ide));
    put(0x20, 0xffffffff, 4);
    ck_assert_uint_eq(get(0x20, 4), 0xfffffff1);
    ck_assert(piix3_ide_channel_on(ide, 0));
    put(0x41, 0x00, 1);
    ck_assert(!piix3_ide_channel_on(ide, 0));
    ck_assert(piix3_ide_channel_on(ide, 1));
    device_reset(ide);
    ck_assert(!piix3_ide_may_master(ide));
    ck_assert_uint_eq(get(0x20, 4), 0x00000001);
}
END_TEST

START_TEST(bus_master_ports)
{
    put(0x20, 0xc001, 4);
    put(0x04, 0x0001, 2);
    ck_assert_uint_eq(bus_read(ports, 0xc002, 1), 0xff);
    piix3_ide_plug_master(ide, &engine_ops, NULL);
    bus_write(ports, 0xc00a, 0x60, 1);
    ck_assert_uint_eq(engine[10], 0x60);
    bus_write(ports, 0xc004, 0x11223344, 4);
    ck_assert_uint_eq(bus_read(ports, 0xc004, 4), 0x11223344);
    put(0x04, 0x0000, 2);
    ck_assert_uint_eq(bus_read(ports, 0xc00a, 1), 0xff);
}
END_TEST

START_TEST(survives_random_access)
{
    uint32_t seed = 5;

    piix3_ide_plug_master(ide, &engine_ops, NULL);
    for (unsigned i = 0; i < random_count(20000); i++)
        put(next_random(&seed) & 0xff, next_random(&seed),
            1u << next_random(&seed) % 3);
    random_access(ports, NULL, 0xcf8, 8, 1000);
    ck_assert_uint_eq(get(0x00, 4), 0x70108086);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("devices/piix3_ide");
    TCase *tcase = tcase_create("function");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, header_and_masks);
    tcase_add_test(tcase, bus_master_ports);
    tcase_add_test(tcase, survives_random_access);
    suite_add_tcase(suite, tcase);
    return suite;
}
