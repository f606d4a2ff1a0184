/* PCI bus, i440FX and PIIX3 on a bare port bus. */
#include <stdlib.h>
#include <string.h>

#include "devices/i440fx.h"
#include "devices/pci_bus.h"
#include "devices/piix3.h"
#include "tests/devices/chip.h"
#include "tests/suite.h"

#define CARD PCI_DEVFN(5, 0)

static struct bus *ports;
static struct mem *mem;
static struct pci_bus *bus;
static struct pci_function card;
static uint8_t rom[I440FX_SHADOW_BYTES];
static unsigned moved_calls;
static paddr moved_to;

static uint32_t card_read(void *dev, paddr offset, unsigned size)
{
    (void)dev;
    (void)size;
    return 0x40 + (uint32_t)offset;
}

static const struct bus_ops card_ops = {.read = card_read, .sizes = 1};

static void on_moved(void *dev, unsigned bar, paddr base)
{
    (void)dev;
    ck_assert_uint_eq(bar, 1);
    moved_calls++;
    moved_to = base;
}

static void select_register(unsigned devfn, unsigned reg)
{
    bus_write(ports, 0xcf8, 0x80000000u | devfn << 8 | (reg & 0xfc), 4);
}

static uint32_t get(unsigned devfn, unsigned reg, unsigned size)
{
    select_register(devfn, reg);
    return bus_read(ports, 0xcfc + (reg & 3), size);
}

static void put(unsigned devfn, unsigned reg, uint32_t value, unsigned size)
{
    select_register(devfn, reg);
    bus_write(ports, 0xcfc + (reg & 3), value, size);
}

static void setup(void)
{
    struct pci_bus_config config = {.name = "pci"};

    moved_calls = 0;
    ck_assert_int_eq(bus_create(&ports), STATUS_OK);
    ck_assert_int_eq(mem_create(&mem, 0x200000), STATUS_OK);
    mem_map_host(mem, 0, 0xa0000, mem->ram);
    config.ports = ports;
    config.mem = mem;
    ck_assert_int_eq(pci_bus_create(&config, &bus), STATUS_OK);
    pci_function_init(&card, 0x1234, 0x5678, 0x020000, NULL);
    card.bars[0].kind = PCI_BAR_IO;
    card.bars[0].size = 32;
    card.bars[0].ops = &card_ops;
    card.bars[1].kind = PCI_BAR_PREFETCH;
    card.bars[1].size = 0x10000;
    card.config[PCI_INTERRUPT_PIN] = 1;
    card.moved = on_moved;
    ck_assert_int_eq(pci_bus_add(bus, CARD, &card), STATUS_OK);
}

static void teardown(void)
{
    device_destroy(pci_bus_device(bus));
    mem_destroy(mem);
    bus_destroy(ports);
}

START_TEST(finds_functions_and_nothing_else)
{
    ck_assert_uint_eq(get(CARD, 0, 4), 0x56781234);
    ck_assert_uint_eq(get(CARD, 2, 2), 0x5678);
    ck_assert_uint_eq(get(CARD, 0x0b, 1), 0x02);
    ck_assert_uint_eq(get(PCI_DEVFN(6, 0), 0, 4), 0xffffffff);
    bus_write(ports, 0xcf8, 0x80010000u | CARD << 8, 4); /* bus 1 */
    ck_assert_uint_eq(bus_read(ports, 0xcfc, 4), 0xffffffff);
    bus_write(ports, 0xcf8, CARD << 8, 4); /* enable bit clear */
    ck_assert_uint_eq(bus_read(ports, 0xcfc, 4), 0xffffffff);
    select_register(CARD, 0x10);
    ck_assert_uint_eq(bus_read(ports, 0xcf8, 4),
                      0x80000000u | CARD << 8 | 0x10);
    put(CARD, 0, 0, 4); /* identifiers are read-only */
    ck_assert_uint_eq(get(CARD, 0, 4), 0x56781234);
}
END_TEST

START_TEST(bars_size_and_map)
{
    put(CARD, 0x10, 0xffffffff, 4);
    ck_assert_uint_eq(get(CARD, 0x10, 4), 0xffffffe1);
    put(CARD, 0x14, 0xffffffff, 4);
    ck_assert_uint_eq(get(CARD, 0x14, 4), 0xffff0008);
    ck_assert_uint_eq(get(CARD, 0x18, 4), 0);
    put(CARD, 0x10, 0xc001, 4);
    ck_assert_uint_eq(bus_read(ports, 0xc003, 1), 0xff);
    put(CARD, PCI_COMMAND, PCI_COMMAND_IO, 2);
    ck_assert_uint_eq(bus_read(ports, 0xc003, 1), 0x43);
    put(CARD, 0x10, 0xc101, 4);
    ck_assert_uint_eq(bus_read(ports, 0xc003, 1), 0xff);
    ck_assert_uint_eq(bus_read(ports, 0xc11f, 1), 0x5f);
    put(CARD, PCI_COMMAND, 0, 2);
    ck_assert_uint_eq(bus_read(ports, 0xc11f, 1), 0xff);
}
END_TEST

START_TEST(memory_windows_yield_to_ram)
{
    put(CARD, 0x14, 0x00010000, 4); /* over RAM */
    put(CARD, PCI_COMMAND, PCI_COMMAND_MEMORY, 2);
    ck_assert_uint_eq(moved_calls, 0);
    put(CARD, 0x14, 0xfe000000, 4);
    ck_assert_uint_eq(moved_calls, 1);
    ck_assert_uint_eq(moved_to, 0xfe000000);
    put(CARD, PCI_COMMAND, 0, 2);
    ck_assert_uint_eq(moved_calls, 2);
    ck_assert_uint_eq(moved_to, PCI_UNMAPPED);
}
END_TEST

static unsigned irq_level[16];

static void on_irq(void *sink, unsigned pin, bool level)
{
    (void)sink;
    irq_level[pin] = level;
}

static unsigned resets[2];

static void on_reset(void *sink, unsigned pin, bool level)
{
    (void)sink;
    resets[pin] += level;
}

START_TEST(pirq_routing_and_cf9)
{
    struct piix3_config config = {
        .name = "piix3",
        .bus = bus,
        .devfn = PCI_DEVFN(1, 0),
        .reset = {on_reset, NULL, 1},
        .cpu_reset = {on_reset, NULL, 0},
    };
    struct device *piix3;

    memset(irq_level, 0, sizeof(irq_level));
    for (unsigned i = 0; i < 16; i++)
        config.irqs[i] = (struct irq_line){on_irq, NULL, i};
    ck_assert_int_eq(piix3_create(&config, &piix3), STATUS_OK);
    /* device 5, INTA: PIRQ (5 - 1 + 0) & 3 = A */
    put(PCI_DEVFN(1, 0), 0x60, 11, 1);
    pci_set_irq(&card, true);
    ck_assert_uint_eq(irq_level[11], 1);
    put(PCI_DEVFN(1, 0), 0x60, 10, 1);
    ck_assert_uint_eq(irq_level[11], 0);
    ck_assert_uint_eq(irq_level[10], 1);
    put(PCI_DEVFN(1, 0), 0x60, 13, 1); /* reserved: routes nowhere */
    ck_assert_uint_eq(irq_level[10] | irq_level[13], 0);
    put(PCI_DEVFN(1, 0), 0x60, 0x8b, 1);
    ck_assert_uint_eq(irq_level[11], 0);
    pci_set_irq(&card, false);

    resets[0] = resets[1] = 0;
    bus_write(ports, 0xcf9, 0x02, 1);
    ck_assert_uint_eq(resets[0] + resets[1], 0);
    bus_write(ports, 0xcf9, 0x06, 1);
    ck_assert_uint_eq(resets[1], 1);
    bus_write(ports, 0xcf9, 0x04, 1);
    ck_assert_uint_eq(resets[0], 1);
    /* a dword at CF8 is the address, not the reset register */
    bus_write(ports, 0xcf8, 0x80000600u, 4);
    ck_assert_uint_eq(resets[0] + resets[1], 2);
    device_destroy(piix3);
}
END_TEST

/* All four combinations of PAM's read and write bits. */
START_TEST(pam_shadows)
{
    struct i440fx_config config = {
        .name = "i440fx", .bus = bus, .mem = mem, .rom = rom};
    struct device *fx;

    memset(rom, 0xaa, sizeof(rom));
    ck_assert_int_eq(i440fx_create(&config, &fx), STATUS_OK);
    ck_assert_uint_eq(get(0, 0, 4), 0x12378086);
    mem_store(mem, 0xf1234, 0x11, 1); /* ROM: dropped */
    ck_assert_uint_eq(mem_load(mem, 0xf1234, 1), 0xaa);
    put(0, 0x59, 0x20, 1); /* loads from ROM, stores to DRAM */
    mem_store(mem, 0xf1234, 0x22, 1);
    ck_assert_uint_eq(mem_load(mem, 0xf1234, 1), 0xaa);
    ck_assert_uint_eq(mem->ram[0xf1234], 0x22);
    put(0, 0x59, 0x10, 1); /* loads from DRAM, stores dropped */
    mem_store(mem, 0xf1234, 0x33, 1);
    ck_assert_uint_eq(mem_load(mem, 0xf1234, 1), 0x22);
    put(0, 0x59, 0x30, 1);
    mem_store(mem, 0xf1234, 0x44, 1);
    ck_assert_uint_eq(mem_load(mem, 0xf1234, 1), 0x44);
    /* each 16 KiB nibble stands for itself: PAM1 low C0000, high C4000 */
    put(0, 0x5a, 0x30, 1);
    mem_store(mem, 0xc0000, 1, 1);
    mem_store(mem, 0xc4000, 2, 1);
    ck_assert_uint_eq(mem_load(mem, 0xc0000, 1), 0xaa);
    ck_assert_uint_eq(mem_load(mem, 0xc4000, 1), 2);
    put(0, 0x5f, 0x03, 1); /* PAM6 low: E8000 */
    mem_store(mem, 0xe8000, 3, 1);
    mem_store(mem, 0xec000, 4, 1);
    ck_assert_uint_eq(mem_load(mem, 0xe8000, 1), 3);
    ck_assert_uint_eq(mem_load(mem, 0xec000, 1), 0xaa);
    device_reset(fx);
    ck_assert_uint_eq(mem_load(mem, 0xe8000, 1), 0xaa);
    device_destroy(fx);
}
END_TEST

/* Hostile configuration writes: everything everywhere, while the card's pin
 * changes and memory is used. */
START_TEST(random_configuration_is_survived)
{
    struct i440fx_config config = {
        .name = "i440fx", .bus = bus, .mem = mem, .rom = rom};
    struct piix3_config south = {
        .name = "piix3",
        .bus = bus,
        .devfn = PCI_DEVFN(1, 0),
        .reset = {on_reset, NULL, 1},
        .cpu_reset = {on_reset, NULL, 0},
    };
    static const unsigned targets[] = {CARD, 0, PCI_DEVFN(1, 0), CARD};
    struct device *fx, *piix3;
    uint32_t seed = 1;
    unsigned count = random_count(20000);

    for (unsigned i = 0; i < 16; i++)
        south.irqs[i] = (struct irq_line){on_irq, NULL, i};
    ck_assert_int_eq(i440fx_create(&config, &fx), STATUS_OK);
    ck_assert_int_eq(piix3_create(&south, &piix3), STATUS_OK);
    for (unsigned i = 0; i < count; i++) {
        uint32_t r = next_random(&seed), value = next_random(&seed);

        bus_write(ports, 0xcf8 + (r & 7), value, 1u << (r >> 4) % 3);
        put(targets[r >> 8 & 3], r >> 16 & 0xff, value * 77,
            1u << (r >> 10) % 3);
        bus_read(ports, 0xcf8 + (r >> 3 & 7), 1u << (r >> 12) % 3);
        pci_set_irq(&card, value & 1);
        mem_store(mem, 0xa0000 + (value >> 8 & 0x5fffc), r, 4);
        mem_load(mem, r & ~(uint32_t)3, 4);
        bus_read(ports, value & 0xffff, 2);
    }
    ck_assert_uint_eq(get(CARD, 0, 4), 0x56781234);
    device_destroy(piix3);
    device_destroy(fx);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("devices/pci");
    TCase *tcase = tcase_create("bus");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, finds_functions_and_nothing_else);
    tcase_add_test(tcase, bars_size_and_map);
    tcase_add_test(tcase, memory_windows_yield_to_ram);
    tcase_add_test(tcase, pirq_routing_and_cf9);
    tcase_add_test(tcase, pam_shadows);
    tcase_add_test(tcase, random_configuration_is_survived);
    suite_add_tcase(suite, tcase);
    return suite;
}
