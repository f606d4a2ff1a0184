#include "tests/devices/atapi_rig.h"

#define TABLE 0x1000u

static void set_prd(unsigned index, uint32_t address, uint32_t words)
{
    for (unsigned i = 0; i < 4; i++) {
        mem->ram[TABLE + 8 * index + i] = (uint8_t)(address >> (8 * i));
        mem->ram[TABLE + 8 * index + 4 + i] = (uint8_t)(words >> (8 * i));
    }
}

static void setup_disk(void)
{
    fake_block_init(&disk, SECTORS * 512);
    create_dma(&disk.block, false);
    bus_write(ports, BM_TABLE, TABLE, 4);
}

static void teardown_disk(void)
{
    destroy_dma();
    fake_block_deinit(&disk);
}

static void start(uint8_t code, unsigned lba, unsigned count)
{
    out(BM_STATUS, 6);
    address(LBA_MASTER, lba, count);
    out(COMMAND, code);
    out(BM, code & 2 ? 1 : 9);
}

/* ---- registers ---- */

START_TEST(registers)
{
    bus_write(ports, BM_TABLE, 0x12345677, 4);
    ck_assert_uint_eq(bus_read(ports, BM_TABLE, 4), 0x12345674);
    out(BM_TABLE + 1, 0xaa);
    ck_assert_uint_eq(bus_read(ports, BM_TABLE, 4), 0x1234aa74);
    out(BM, 0xfe);
    ck_assert_uint_eq(in(BM), 8);
    ck_assert_uint_eq(in(BM + 1), 0);
    ck_assert_uint_eq(in(BM + 3), 0);
    out(BM_STATUS, 0xff);
    ck_assert_uint_eq(in(BM_STATUS), 0x60);
    out(BM, 9);
    ck_assert_uint_eq(in(BM_STATUS), 0x61);
    out(BM_STATUS, 0x01);
    ck_assert_uint_eq(in(BM_STATUS), 0x01);
    out(BM, 8);
    ck_assert_uint_eq(in(BM_STATUS), 0);
    ck_assert_uint_eq(in(BM + 8), 0);
    device_reset(engine);
    ck_assert_uint_eq(bus_read(ports, BM_TABLE, 4), 0);
}
END_TEST

START_TEST(capabilities_and_modes)
{
    const uint8_t *data = identify(MASTER);

    ck_assert_uint_eq(word_of(data, 49) & 0x100, 0x100);
    ck_assert_uint_eq(word_of(data, 53), 7);
    ck_assert_uint_eq(word_of(data, 63), 0x0407);
    ck_assert_uint_eq(word_of(data, 88), 0x0007);
    out(FEATURE, 3);
    out(COUNT, 0x41);
    command(0xef);
    expect_end(0x50, 0);
    data = identify(MASTER);
    ck_assert_uint_eq(word_of(data, 63), 0x0007);
    ck_assert_uint_eq(word_of(data, 88), 0x0207);
    out(COUNT, 0x43); /* Ultra DMA 3 */
    command(0xef);
    expect_end(0x51, 4);
    out(COUNT, 0x10); /* single word DMA */
    command(0xef);
    expect_end(0x51, 4);
}
END_TEST

/* ---- the end of a transfer, as both parties may see it ---- */

START_TEST(list_as_long_as_the_transfer)
{
    set_prd(0, 0x4000, 100);
    set_prd(1, 0x8002, 0x80000000u | 924);
    start(0xc8, 7, 2);
    ck_assert_uint_eq(in(BM_STATUS), 1);
    run_ns(MS);
    ck_assert_uint_eq(in(BM_STATUS), 4);
    expect_end(0x50, 0);
    ck_assert_uint_eq(in(BM_STATUS), 4);
    ck_assert_mem_eq(mem->ram + 0x4000, disk.data + 7 * 512, 100);
    ck_assert_uint_eq(mem->ram[0x4000 + 100], 0);
    ck_assert_mem_eq(mem->ram + 0x8002, disk.data + 7 * 512 + 100, 924);
    ck_assert_uint_eq(mem->ram[0x8002 + 924], 0);
    out(BM_STATUS, 4);
    ck_assert_uint_eq(in(BM_STATUS), 0);
}
END_TEST

START_TEST(list_longer)
{
    set_prd(0, 0x4000, 0x80000000u | 2048);
    start(0xc8, 0, 1);
    run_ns(MS);
    ck_assert_uint_eq(in(BM_STATUS), 5);
    out(BM, 0);
    ck_assert_uint_eq(in(BM_STATUS), 4);
    ck_assert_uint_eq(mem->ram[0x4000 + 512], 0);
}
END_TEST

START_TEST(list_shorter)
{
    set_prd(0, 0x4000, 0x80000000u | 512);
    start(0xc8, 0, 2);
    run_ns(100 * MS);
    ck_assert_uint_eq(in(BM_STATUS), 0);
    ck_assert(!irq_level);
    ck_assert_uint_eq(in(CONTROL), 0x58);
    ck_assert_uint_eq(bus_read(ports, DATA, 2), 0xffff); /* not by PIO */
    out(CONTROL, 4);
    out(CONTROL, 0);
    wait_ready();
    ck_assert_uint_eq(in(STATUS), 0x50);
}
END_TEST

START_TEST(size_zero_is_64k_and_addresses_wrap)
{
    set_prd(0, 0x20000, 0x80000000u);
    start(0xc8, 0, 129);
    run_ns(10 * MS);
    ck_assert_uint_eq(in(BM_STATUS), 0); /* the list is one sector short */
    ck_assert_mem_eq(mem->ram + 0x20000, disk.data, 65536);
    out(BM, 0);
    out(CONTROL, 4);
    out(CONTROL, 0);
    wait_ready();
    memset(mem->ram + 0x20000, 0, 0x20000);
    set_prd(0, 0x2ff01, 0x80000000u | 513); /* the lowest bits do not exist */
    start(0xc8, 3, 1);
    run_ns(MS);
    ck_assert_uint_eq(in(BM_STATUS), 4);
    ck_assert_mem_eq(mem->ram + 0x2ff00, disk.data + 3 * 512, 256);
    ck_assert_mem_eq(mem->ram + 0x20000, disk.data + 3 * 512 + 256, 256);
    ck_assert_uint_eq(mem->ram[0x30000], 0);
}
END_TEST

START_TEST(late_start_and_restart)
{
    set_prd(0, 0x4000, 0x80000000u | 512);
    address(LBA_MASTER, 9, 1);
    out(COMMAND, 0xc8);
    run_ns(MS);
    ck_assert_uint_eq(in(CONTROL), 0x58); /* waits */
    out(BM, 9);
    ck_assert_uint_eq(in(BM_STATUS), 0); /* moved; no interrupt yet */
    run_ns(MS);
    ck_assert_uint_eq(in(BM_STATUS), 4);
    expect_end(0x50, 0);
    ck_assert_mem_eq(mem->ram + 0x4000, disk.data + 9 * 512, 512);
    start(0xc8, 10, 1); /* without a stop between: nothing moves */
    run_ns(MS);
    ck_assert_uint_eq(in(BM_STATUS), 0);
    ck_assert_uint_eq(in(CONTROL), 0x58);
    out(BM, 8);
    out(BM, 9);
    run_ns(MS);
    expect_end(0x50, 0);
    ck_assert_mem_eq(mem->ram + 0x4000, disk.data + 10 * 512, 512);
}
END_TEST

START_TEST(wrong_direction_and_no_memory)
{
    set_prd(0, 0x4000, 0x80000000u | 512);
    address(LBA_MASTER, 9, 1);
    out(COMMAND, 0xc8);
    out(BM, 1);
    run_ns(MS);
    ck_assert_uint_eq(in(BM_STATUS), 1);
    ck_assert_uint_eq(mem->ram[0x4000], 0);
    out(BM, 0);
    set_prd(0, 0xc0000000, 0x80000000u | 512);
    out(BM, 9);
    run_ns(MS);
    ck_assert_uint_eq(in(BM_STATUS), 2);
    out(BM, 0);
    out(BM_STATUS, 2);
    bus_write(ports, BM_TABLE, 0xc0000000, 4); /* nor a table */
    out(BM, 9);
    ck_assert_uint_eq(in(BM_STATUS), 2);
}
END_TEST

START_TEST(writes_and_48_bits)
{
    for (unsigned i = 0; i < 2048; i++)
        mem->ram[0x4000 + i] = (uint8_t)(i * 11);
    set_prd(0, 0x4000, 1000);
    set_prd(1, 0x4000 + 1000, 0x80000000u | 1048);
    start(0xca, 50, 4);
    run_ns(MS);
    expect_end(0x50, 0);
    ck_assert_uint_eq(in(BM_STATUS), 4);
    ck_assert_mem_eq(disk.data + 50 * 512, mem->ram + 0x4000, 2048);
    out(BM, 0);
    address(LBA_MASTER, 0, 0);
    address(LBA_MASTER, 100, 2);
    out(COMMAND, 0x25);
    out(BM, 9);
    run_ns(MS);
    ck_assert_mem_eq(mem->ram + 0x4000, disk.data + 100 * 512, 1000);
    expect_end(0x50, 0);
}
END_TEST

START_TEST(errors_of_the_disk)
{
    set_prd(0, 0x4000, 0x80000000u);
    start(0xc8, SECTORS - 1, 2);
    run_ns(MS);
    ck_assert_uint_eq(in(BM_STATUS), 5);
    expect_end(0x51, 0x10);
    ck_assert_mem_eq(mem->ram + 0x4000, disk.data + (SECTORS - 1) * 512, 512);
    out(BM, 0);
    disk.fail_at = 1;
    start(0xc8, 5, 2);
    run_ns(MS);
    expect_end(0x51, 0x40);
    ck_assert_uint_eq(in(LOW), 5);
}
END_TEST

/* ---- against a walk written the plain way ---- */

static uint32_t seed = 1;

static uint32_t next_random(void)
{
    seed = seed * 1664525u + 1013904223u;
    return seed >> 8;
}

/* Byte n of the transfer goes where? -> false: beyond the list. */
static bool place_of(uint32_t n, uint32_t *where)
{
    for (unsigned i = 0;; i++) {
        const uint8_t *p = mem->ram + TABLE + 8 * i;
        uint32_t base =
            (p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16) & ~1u;
        uint32_t size = (p[4] | (uint32_t)p[5] << 8) & ~1u;

        if (!size)
            size = 65536;
        if (n < size) {
            *where = (base & ~0xffffu) | ((base + n) & 0xffff);
            return true;
        }
        n -= size;
        if (p[7] & 0x80)
            return false;
    }
}

START_TEST(random_lists)
{
    static uint8_t expected[RAM];

    for (unsigned round = 0; round < 300; round++) {
        unsigned count = next_random() % 100 + 1, lba = next_random() % 1000;
        unsigned regions = next_random() % 40 + 1;
        uint32_t where, moved = 0, total = count * 512;

        memset(mem->ram, 0, RAM);
        for (unsigned i = 0; i < regions; i++)
            set_prd(i, 0x10000 + next_random() % (RAM - 0x10000),
                    (next_random() % 20 ? next_random() % 4000 : 0) |
                        (i + 1 == regions ? 0x80000000u : 0));
        memcpy(expected, mem->ram, RAM);
        for (; moved < total && place_of(moved, &where); moved++)
            expected[where] = disk.data[lba * 512 + moved];
        out(BM, 0);
        out(CONTROL, 4);
        out(CONTROL, 0);
        wait_ready();
        start(0xc8, lba, count & 0xff);
        run_ns(20 * MS);
        ck_assert_mem_eq(mem->ram, expected, RAM);
        ck_assert_uint_eq(irq_level, moved == total);
        ck_assert_uint_eq(in(BM_STATUS)&1, place_of(moved, &where));
    }
}
END_TEST

/* Anything at any port: the sanitizers and the asserts judge. */
START_TEST(random_ports)
{
    unsigned rounds = getenv("VITRINE_LONG_TESTS") ? 10000000 : 300000;

    for (unsigned i = 0; i < rounds; i++) {
        uint32_t value = next_random();
        unsigned port = next_random() % 9 + (next_random() % 3 ? BASE : BM);

        if (next_random() % 8 == 0) {
            static const uint8_t codes[] = {0xc8, 0xca, 0x25, 0x35,
                                            0x20, 0x30, 0xc8, 0x90};

            out(DEVICE, 0xe0);
            out(HIGH, 0);
            out(COUNT, value % 64);
            out(COMMAND, codes[value / 64 % 8]);
        } else if (next_random() % 50 == 0) {
            out(CONTROL, value & 0x86);
        } else if (next_random() % 20 == 0) {
            mem->ram[TABLE + value % 512] = (uint8_t)(value >> 16);
        } else if (next_random() % 100 == 0) {
            bus_write(ports, BM_TABLE, TABLE + value % 2048, 4);
        } else if (next_random() % 2) {
            bus_write(ports, port, value, 1u << next_random() % 3);
        } else {
            bus_read(ports, port, 1u << next_random() % 3);
        }
        run_ns(next_random() % 30000);
    }
}
END_TEST

Suite *test_suite(void)
{
    const TTest *const all[] = {
        registers,
        capabilities_and_modes,
        list_as_long_as_the_transfer,
        list_longer,
        list_shorter,
        size_zero_is_64k_and_addresses_wrap,
        late_start_and_restart,
        wrong_direction_and_no_memory,
        writes_and_48_bits,
        errors_of_the_disk,
        random_lists,
        random_ports,
        NULL,
    };
    Suite *suite = suite_create("devices/ata_dma");

    add(suite, "dma", setup_disk, teardown_disk, all);
    return suite;
}
