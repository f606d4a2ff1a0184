#include <string.h>

#include "devices/fw_cfg.h"
#include "tests/devices/chip.h"
#include "tests/suite.h"

static struct bus *ports;
static struct mem *mem;
static struct device *fw;

static void setup(void)
{
    struct fw_cfg_config config = {.name = "fw_cfg"};

    ck_assert_int_eq(bus_create(&ports), STATUS_OK);
    ck_assert_int_eq(mem_create(&mem, 0x100000), STATUS_OK);
    mem_map_host(mem, 0, 0x100000, mem->ram);
    config.ports = ports;
    config.mem = mem;
    ck_assert_int_eq(fw_cfg_create(&config, &fw), STATUS_OK);
}

static void teardown(void)
{
    device_destroy(fw);
    mem_destroy(mem);
    bus_destroy(ports);
}

static uint32_t read_item(unsigned key, unsigned bytes)
{
    uint32_t value = 0;

    bus_write(ports, 0x510, key, 2);
    for (unsigned i = 0; i < bytes; i++)
        value = value << 8 | bus_read(ports, 0x511, 1);
    return value;
}

START_TEST(items_and_signature)
{
    ck_assert_uint_eq(read_item(FW_CFG_SIGNATURE, 4), 0x51454d55);
    ck_assert_uint_eq(read_item(FW_CFG_ID, 4), 0x03000000);
    ck_assert_int_eq(fw_cfg_add_number(fw, FW_CFG_NB_CPUS, 0x1234, 2),
                     STATUS_OK);
    ck_assert_uint_eq(read_item(FW_CFG_NB_CPUS, 3), 0x341200);
    ck_assert_int_eq(fw_cfg_add_number(fw, FW_CFG_NB_CPUS, 1, 2), STATUS_OK);
    ck_assert_uint_eq(read_item(FW_CFG_NB_CPUS, 2), 0x0100);
    ck_assert_uint_eq(read_item(0x3fff, 4), 0);
    ck_assert_int_eq(fw_cfg_add_item(fw, FW_CFG_FILE_DIR, "", 0),
                     STATUS_BAD_ARGUMENT);
}
END_TEST

START_TEST(directory_lists_files_by_name)
{
    size_t size;

    ck_assert_int_eq(fw_cfg_add_file(fw, "b/two", "22", 2), STATUS_OK);
    ck_assert_int_eq(fw_cfg_add_file(fw, "a/one", "1", 1), STATUS_OK);
    ck_assert_uint_eq(read_item(FW_CFG_FILE_DIR, 4), 2);
    ck_assert_uint_eq(bus_read(ports, 0x511, 1), 0);
    ck_assert_uint_eq(read_item(0x20, 2), '1' << 8);
    ck_assert_uint_eq(read_item(0x21, 2), '2' << 8 | '2');
    ck_assert_mem_eq(fw_cfg_file(fw, "b/two", &size), "22", 2);
    ck_assert_uint_eq(size, 2);
    ck_assert_ptr_null(fw_cfg_file(fw, "c", &size));
    ck_assert_int_eq(fw_cfg_add_file(fw, "", "x", 1), STATUS_BAD_ARGUMENT);
}
END_TEST

static void put_be(paddr at, uint32_t value)
{
    const uint8_t bytes[4] = {(uint8_t)(value >> 24), (uint8_t)(value >> 16),
                              (uint8_t)(value >> 8), (uint8_t)value};

    mem_write(mem, at, bytes, 4);
}

static void dma(uint32_t control, uint32_t length, uint32_t address)
{
    put_be(0x1000, control);
    put_be(0x1004, length);
    put_be(0x1008, 0);
    put_be(0x100c, address);
    bus_write(ports, 0x514, 0, 4);
    bus_write(ports, 0x518, 0x00100000, 4); /* 1000h, big-endian */
}

START_TEST(dma_reads_skips_writes_and_refuses)
{
    ck_assert_uint_eq(bus_read(ports, 0x514, 4), 0x554d4551);
    ck_assert_int_eq(fw_cfg_add_file(fw, "f", "abcdef", 6), STATUS_OK);
    ck_assert_int_eq(fw_cfg_add_writable(fw, "w", 4), STATUS_OK);
    dma(0x20u << 16 | 0x0a, 3, 0x2000); /* select, read */
    ck_assert_mem_eq(mem->ram + 0x2000, "abc", 3);
    ck_assert_uint_eq(mem_load(mem, 0x1000, 4), 0);
    dma(0x04, 1, 0); /* skip d */
    memset(mem->ram + 0x2000, 0xff, 8);
    dma(0x02, 4, 0x2000);
    ck_assert_mem_eq(mem->ram + 0x2000, "ef\0\0\xff", 5);
    dma(0x20u << 16 | 0x18, 2, 0x2000); /* not writable */
    ck_assert_uint_eq(mem_load(mem, 0x1000, 4), 0x01000000);
    dma(0x21u << 16 | 0x18, 4, 0x2000);
    ck_assert_uint_eq(mem_load(mem, 0x1000, 4), 0);
    ck_assert_uint_eq(read_item(0x21, 2), 'e' << 8 | 'f');
    dma(0x21u << 16 | 0x18, 5, 0x2000); /* beyond the end */
    ck_assert_uint_eq(mem_load(mem, 0x1000, 4), 0x01000000);
    dma(0x20u << 16 | 0x0a, 0xffffffff, 0x2000); /* bounded */
    ck_assert_mem_eq(mem->ram + 0x2000, "abcdef\0", 7);
}
END_TEST

/* What the guest writes into a file stays after a load, so it is hashed. */
START_TEST(written_files_are_state)
{
    uint64_t before, after;

    ck_assert_int_eq(fw_cfg_add_writable(fw, "w", 4), STATUS_OK);
    memset(mem->ram + 0x2000, 0x55, 4);
    dma(0x20u << 16 | 0x08, 0, 0); /* select */
    before = state_hash(STATE_HASH_INIT, fw, fw->class->state);
    dma(0x20u << 16 | 0x18, 4, 0x2000);
    dma(0x20u << 16 | 0x08, 0, 0);
    after = state_hash(STATE_HASH_INIT, fw, fw->class->state);
    ck_assert_uint_ne(before, after);
}
END_TEST

START_TEST(survives_random_access)
{
    uint32_t seed = 11;

    ck_assert_int_eq(fw_cfg_add_file(fw, "file", "content", 7), STATUS_OK);
    ck_assert_int_eq(fw_cfg_add_writable(fw, "open", 100), STATUS_OK);
    for (unsigned i = 0; i < random_count(20000) / 20; i++) {
        uint32_t at = next_random(&seed) & 0xfffff;

        random_access(ports, NULL, 0x510, 12, 20);
        for (unsigned k = 0; k < 16; k++) /* mostly sane requests */
            mem->ram[(at + k) & 0xfffff] =
                (uint8_t)(k < 3 || k == 4 ? 0 : next_random(&seed));
        bus_write(ports, 0x518,
                  (at >> 24) | (at >> 8 & 0xff00) | (at << 8 & 0xff0000) |
                      at << 24,
                  4);
    }
    ck_assert_uint_eq(read_item(FW_CFG_SIGNATURE, 4), 0x51454d55);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("devices/fw_cfg");
    TCase *tcase = tcase_create("firmware configuration");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, items_and_signature);
    tcase_add_test(tcase, directory_lists_files_by_name);
    tcase_add_test(tcase, dma_reads_skips_writes_and_refuses);
    tcase_add_test(tcase, written_files_are_state);
    tcase_add_test(tcase, survives_random_access);
    suite_add_tcase(suite, tcase);
    return suite;
}
