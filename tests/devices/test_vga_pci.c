#include "devices/vga_pci.h"
#include "tests/devices/chip.h"
#include "tests/devices/vga_fixture.h"

#define DEVFN PCI_DEVFN(2, 0)
#define VRAM  0x400000u

static struct board board;
static struct pci_bus *pci;
static struct device *function;
static uint8_t rom[5000];

static void setup(void)
{
    struct pci_bus_config bus = {.name = "pci"};
    struct vga_pci_config config = {.name = "vga_pci",
                                    .devfn = DEVFN,
                                    .rom = rom,
                                    .rom_bytes = sizeof(rom)};

    for (size_t i = 0; i < sizeof(rom); i++)
        rom[i] = (uint8_t)(i * 3 + 1);
    board_create(&board, VRAM);
    vga_set_lfb(board.vga, 0);
    bus.ports = board.ports;
    bus.mem = board.mem;
    ck_assert_int_eq(pci_bus_create(&bus, &pci), STATUS_OK);
    config.bus = pci;
    config.vga = board.vga;
    ck_assert_int_eq(vga_pci_create(&config, &function), STATUS_OK);
}

static void teardown(void)
{
    device_destroy(function);
    device_destroy(pci_bus_device(pci));
    board_destroy(&board);
}

static void select_register(unsigned offset)
{
    bus_write(board.ports, 0xcf8, 0x80000000u | DEVFN << 8 | offset, 4);
}

static uint32_t config_read(unsigned offset)
{
    select_register(offset);
    return bus_read(board.ports, 0xcfc, 4);
}

static void config_write(unsigned offset, uint32_t value)
{
    select_register(offset);
    bus_write(board.ports, 0xcfc, value, 4);
}

START_TEST(header)
{
    ck_assert_uint_eq(config_read(0x00), 0x11111234);
    ck_assert_uint_eq(config_read(0x08), 0x03000002);
    config_write(0x10, 0xffffffff);
    ck_assert_uint_eq(config_read(0x10), (uint32_t)-VRAM | 8);
    config_write(0x18, 0xffffffff);
    ck_assert_uint_eq(config_read(0x18), 0xfffff000);
    config_write(0x30, 0xfffffffe);
    ck_assert_uint_eq(config_read(0x30), 0xffffe000);
}
END_TEST

START_TEST(command_gates_the_adapter)
{
    ck_assert_uint_eq(in8(&board, 0x3cc), 0xff);
    config_write(0x04, 1);
    out8(&board, 0x3c2, 0x67);
    ck_assert_uint_eq(in8(&board, 0x3cc), 0x67);
    set_mode(&board, &mode_13);
    ck_assert_uint_eq(mem_load(board.mem, 0xa0000, 1), 0xff);
    config_write(0x04, 3);
    mem_store(board.mem, 0xa0000, 0x12, 1);
    ck_assert_uint_eq(mem_load(board.mem, 0xa0000, 1), 0x12);
    device_reset(function);
    ck_assert_uint_eq(in8(&board, 0x3cc), 0xff);
    ck_assert_uint_eq(mem_load(board.mem, 0xa0000, 1), 0xff);
}
END_TEST

START_TEST(framebuffer_moves)
{
    config_write(0x04, 3);
    config_write(0x10, 0xf0000000);
    mem_store(board.mem, 0xf0001000, 0x34, 1);
    config_write(0x10, 0xd0000000);
    ck_assert_uint_eq(mem_load(board.mem, 0xf0001000, 1), 0xff);
    ck_assert_uint_eq(mem_load(board.mem, 0xd0001000, 1), 0x34);
    config_write(0x10, 0x00000000); /* over RAM: nothing happens to RAM */
    mem_store(board.mem, 0x1000, 0x56, 1);
    ck_assert_uint_eq(board.mem->ram[0x1000], 0x56);
    config_write(0x10, 0xe0000000);
    config_write(0x04, 1);
    ck_assert_uint_eq(mem_load(board.mem, 0xe0001000, 1), 0xff);
    config_write(0x04, 2);
    ck_assert_uint_eq(mem_load(board.mem, 0xe0001000, 1), 0x34);
}
END_TEST

START_TEST(registers_in_memory)
{
    const paddr page = 0xf1000000;

    config_write(0x18, (uint32_t)page);
    config_write(0x04, 2); /* ports stay off */
    mem_store(board.mem, page + 0x402, 0x67, 1);
    ck_assert_uint_eq(mem_load(board.mem, page + 0x40c, 1), 0x67);
    mem_store(board.mem, page + 0x404, 0x0f02, 2);
    ck_assert_uint_eq(mem_load(board.mem, page + 0x404, 2), 0x0f02);
    mem_store(board.mem, page + 0x414, 0x1234 << 8 | 0x0f, 2);
    ck_assert_uint_eq(mem_load(board.mem, page + 0x415, 1), 0x34);
    ck_assert_uint_eq(mem_load(board.mem, page + 0x500, 2), 0xb0c5);
    mem_store(board.mem, page + 0x502, 0x02580320, 4); /* 800, 600 */
    mem_store(board.mem, page + 0x506, 32, 2);
    mem_store(board.mem, page + 0x508, 0x41, 2);
    ck_assert_uint_eq(mem_load(board.mem, page + 0x50c, 2), 800);
    ck_assert_uint_eq(mem_load(board.mem, page + 0x50e, 2), VRAM / 3200);
    mem_store(board.mem, page + 0x513, 1, 1); /* high byte of the y offset */
    ck_assert_uint_eq(mem_load(board.mem, page + 0x512, 2), 256);
    ck_assert_uint_eq(mem_load(board.mem, page + 0x600, 4), 8);
    ck_assert_uint_eq(mem_load(board.mem, page + 0x604, 4), 0x1e1e1e1e);
    ck_assert_uint_eq(mem_load(board.mem, page + 0x000, 4), 0xffffffff);
    ck_assert_uint_eq(mem_load(board.mem, page + 0x516, 1), 0xff);
    ck_assert_uint_eq(in16(&board, 0x1cf), 0xffff);
}
END_TEST

START_TEST(random_memory_registers)
{
    uint64_t seed = 11;

    config_write(0x18, 0xf1000000);
    config_write(0x10, 0xf0000000);
    config_write(0x04, 3);
    for (unsigned i = 0, n = random_count(200000); i < n; i++) {
        unsigned size = 1u << random32(&seed) % 3;
        paddr at = 0xf1000000 + (random32(&seed) & 0xfff & ~(size - 1));

        if (random32(&seed) & 1)
            at = (at & ~(paddr)0xfff) | 0x400 | (at & 0x1ff & ~(size - 1));
        if (random32(&seed) & 1)
            mem_store(board.mem, at, random32(&seed), size);
        else
            mem_load(board.mem, at, size);
    }
}
END_TEST

/* The windows anywhere, also over each other and over the VGA's own. */
START_TEST(random_configuration)
{
    static const uint8_t registers[] = {0x04, 0x10, 0x18, 0x30};
    uint64_t seed = 12;

    for (unsigned i = 0, n = random_count(20000); i < n; i++) {
        uint32_t r = random32(&seed);
        unsigned size = 1u << (r & 0xff) % 3;
        paddr at = random32(&seed) & ~(uint32_t)(size - 1);

        select_register(r & 0x100 ? registers[r >> 9 & 3] : r >> 16 & 0xfc);
        if (i % 3)
            bus_write(board.ports, 0xcfc, r & 0x200 ? at : (at & 0xfffff) | 3,
                      4);
        mem_store(board.mem, at, r, size);
        mem_load(board.mem, at ^ 0x1000, size);
        mem_store(board.mem, config_read(0x18) & ~(uint32_t)0xf, r, 4);
    }
    ck_assert_uint_eq(config_read(0x00), 0x11111234);
}
END_TEST

START_TEST(rom_window)
{
    config_write(0x30, 0xf2000001);
    config_write(0x04, 2);
    for (uint32_t i = 0; i < 8192; i++)
        ck_assert_uint_eq(mem_load(board.mem, 0xf2000000 + i, 1),
                          i < sizeof(rom) ? rom[i] : 0xff);
    mem_store(board.mem, 0xf2000000, 0x77, 1);
    ck_assert_uint_eq(mem_load(board.mem, 0xf2000000, 1), rom[0]);
    config_write(0x30, 0xf2000000);
    ck_assert_uint_eq(mem_load(board.mem, 0xf2000000, 1), 0xff);
}
END_TEST

START_TEST(failures_leave_nothing)
{
    struct vga_pci_config config = {
        .name = "b", .bus = pci, .devfn = DEVFN, .vga = board.vga};
    struct device *other = function;

    ck_assert_int_eq(vga_pci_create(&config, &other), STATUS_OVERLAP);
    ck_assert_ptr_null(other);
    config.devfn = PCI_DEVFN(3, 0);
    config.rom = rom;
    config.rom_bytes = KIB(256) + 1;
    ck_assert_int_eq(vga_pci_create(&config, &other), STATUS_BAD_ARGUMENT);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("devices/vga_pci");
    TCase *tcase = tcase_create("pci");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, header);
    tcase_add_test(tcase, command_gates_the_adapter);
    tcase_add_test(tcase, framebuffer_moves);
    tcase_add_test(tcase, registers_in_memory);
    tcase_add_test(tcase, random_memory_registers);
    tcase_add_test(tcase, random_configuration);
    tcase_add_test(tcase, rom_window);
    tcase_add_test(tcase, failures_leave_nothing);
    suite_add_tcase(suite, tcase);
    return suite;
}
