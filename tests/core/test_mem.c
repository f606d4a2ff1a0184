#include <string.h>

#include "core/mem.h"
#include "tests/suite.h"

static struct mem *mem;
static unsigned stored_calls, remapped_calls;
static paddr stored_at;
static unsigned stored_size;
static uint8_t stored_old[8];

static void on_stored(void *self, paddr addr, unsigned size, const uint8_t *old)
{
    (void)self;
    stored_calls++;
    stored_at = addr;
    stored_size = size;
    memcpy(stored_old, old, size < 8 ? size : 8);
}

static void on_remapped(void *self, uint32_t first, uint32_t pages)
{
    (void)self;
    (void)first;
    (void)pages;
    remapped_calls++;
}

static uint32_t last_write[3]; /* offset, value, size */

static uint32_t io_read(void *dev, paddr offset, unsigned size)
{
    (void)dev;
    return 0xa5000000u + (uint32_t)offset + (size << 16);
}

static void io_write(void *dev, paddr offset, uint32_t value, unsigned size)
{
    (void)dev;
    last_write[0] = (uint32_t)offset;
    last_write[1] = value;
    last_write[2] = size;
}

static const struct bus_ops wide = {io_read, io_write, 1 | 2 | 4};
static const struct bus_ops narrow = {io_read, io_write, 1};

static void setup(void)
{
    static const struct mem_watcher watcher = {on_stored, on_remapped, NULL};

    stored_calls = remapped_calls = 0;
    ck_assert_int_eq(mem_create(&mem, 0x200000), STATUS_OK);
    mem_map_host(mem, 0, 0x200000, mem->ram);
    mem_set_watcher(mem, &watcher);
}

static void teardown(void)
{
    mem_destroy(mem);
}

START_TEST(ram_rom_and_open_bus)
{
    uint8_t rom[MEM_PAGE_BYTES] = {1, 2, 3, 4}, shadow[MEM_PAGE_BYTES] = {0};

    mem_store(mem, 0x1000, 0x11223344, 4);
    ck_assert_uint_eq(mem_load(mem, 0x1000, 2), 0x3344);
    ck_assert_uint_eq(mem_load(mem, 0x1003, 1), 0x11);
    mem_map_rom(mem, 0xf000, 0x1000, rom, NULL);
    mem_store(mem, 0xf000, 0, 4);
    ck_assert_uint_eq(mem_load(mem, 0xf000, 4), 0x04030201);
    mem_map_rom(mem, 0xf000, 0x1000, rom, shadow);
    mem_store(mem, 0xf000, 9, 1);
    ck_assert_uint_eq(mem_load(mem, 0xf000, 1), 1);
    ck_assert_uint_eq(shadow[0], 9);
    mem_unmap(mem, 0xf000, 0x1000);
    ck_assert_uint_eq(mem_load(mem, 0xf000, 4), 0xffffffff);
    mem_store(mem, 0xf000, 5, 4);
    ck_assert_uint_eq(mem_load(mem, 0x100000000u, 4), 0xffffffff);
    ck_assert_uint_eq(mem_load(mem, 0x300000, 1), 0xff);
}
END_TEST

START_TEST(windows_get_offsets_and_allowed_sizes)
{
    mem_map_io(mem, 0xa0000, 0x3000, &wide, NULL);
    ck_assert_uint_eq(mem_load(mem, 0xa1004, 4), 0xa5041004);
    mem_store(mem, 0xa2ffe, 0xbeef, 2);
    ck_assert_uint_eq(last_write[0], 0x2ffe);
    ck_assert_uint_eq(last_write[1], 0xbeef);
    mem_map_io(mem, 0xa0000, 0x3000, &narrow, NULL);
    ck_assert_uint_eq(mem_load(mem, 0xa0002, 2), 0x0302);
    mem_store(mem, 0xa0010, 0x12345678, 4);
    ck_assert_uint_eq(last_write[0], 0x13);
    ck_assert_uint_eq(last_write[1], 0x12);
    ck_assert_uint_eq(last_write[2], 1);
}
END_TEST

START_TEST(watcher_sees_flagged_pages_only)
{
    const uint8_t bytes[6] = {1, 2, 3, 4, 5, 6};
    uint8_t back[6];

    mem_store(mem, 0x2ffe, 0xaabb, 2);
    ck_assert_uint_eq(stored_calls, 0);
    mem_flag_page(mem, 2, MEM_PAGE_CODE, 0);
    mem_store(mem, 0x2ffe, 0xccdd, 2);
    ck_assert_uint_eq(stored_calls, 1);
    ck_assert_uint_eq(stored_at, 0x2ffe);
    ck_assert_uint_eq(stored_old[0], 0xbb);
    mem_write(mem, 0x2ffd, bytes, 6); /* DMA: three bytes in each page */
    ck_assert_uint_eq(stored_calls, 2);
    ck_assert_uint_eq(stored_at, 0x2ffd);
    ck_assert_uint_eq(stored_size, 3);
    mem_read(mem, 0x2ffd, back, 6);
    ck_assert_mem_eq(back, bytes, 6);
}
END_TEST

START_TEST(a20_folds_odd_megabytes)
{
    mem_store(mem, 0x000010, 0x11, 1);
    mem_store(mem, 0x100010, 0x22, 1);
    ck_assert_uint_eq(mem_load(mem, 0x100010, 1), 0x22);
    mem_set_a20(mem, false);
    ck_assert_uint_eq(remapped_calls, 1);
    ck_assert_uint_eq(mem_load(mem, 0x100010, 1), 0x11);
    mem_set_a20(mem, false);
    ck_assert_uint_eq(remapped_calls, 1);
    mem_set_a20(mem, true);
    ck_assert_uint_eq(mem_load(mem, 0x100010, 1), 0x22);
}
END_TEST

START_TEST(refuses_bad_sizes)
{
    struct mem *bad;

    ck_assert_int_eq(mem_create(&bad, 0), STATUS_BAD_ARGUMENT);
    ck_assert_int_eq(mem_create(&bad, 4097), STATUS_BAD_ARGUMENT);
    ck_assert_int_eq(mem_create(&bad, (size_t)4 << 30), STATUS_BAD_ARGUMENT);
    ck_assert_ptr_null(bad);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("core/mem");
    TCase *tcase = tcase_create("pages");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, ram_rom_and_open_bus);
    tcase_add_test(tcase, windows_get_offsets_and_allowed_sizes);
    tcase_add_test(tcase, watcher_sees_flagged_pages_only);
    tcase_add_test(tcase, a20_folds_odd_megabytes);
    tcase_add_test(tcase, refuses_bad_sizes);
    suite_add_tcase(suite, tcase);
    return suite;
}
