#include <stdlib.h>

#include "core/bus.h"
#include "tests/suite.h"

static uint32_t echo_read(void *dev, paddr offset, unsigned size)
{
    (void)dev;
    (void)size;
    return 0x10 + (uint32_t)offset;
}

static uint32_t wide_read(void *dev, paddr offset, unsigned size)
{
    (void)dev;
    return 0xa0a0a000u + (uint32_t)offset + (size << 8);
}

static const struct bus_ops echo = {.read = echo_read, .sizes = 1};
static const struct bus_ops wide = {.read = wide_read, .sizes = 2};

START_TEST(splits_refuses_overlap_floats_high)
{
    struct bus *bus;

    ck_assert_int_eq(bus_create(&bus), STATUS_OK);
    ck_assert_int_eq(bus_map(bus, 0x60, 1, &echo, NULL), STATUS_OK);
    ck_assert_int_eq(bus_map(bus, 0x20, 2, &echo, NULL), STATUS_OK);
    ck_assert_int_eq(bus_map(bus, 0x21, 8, &echo, NULL), STATUS_OVERLAP);
    ck_assert_int_eq(bus_map(bus, 0x1f, 2, &echo, NULL), STATUS_OVERLAP);
    ck_assert_int_eq(bus_map(bus, 0x50, 0x11, &echo, NULL), STATUS_OVERLAP);
    ck_assert_int_eq(bus_map(bus, 0x50, 0, &echo, NULL), STATUS_BAD_ARGUMENT);
    ck_assert_int_eq(bus_map(bus, 0xffff, 2, &echo, NULL), STATUS_BAD_ARGUMENT);
    ck_assert_uint_eq(bus_read(bus, 0x20, 2), 0x1110);
    ck_assert_uint_eq(bus_read(bus, 0x20, 4), 0xffff1110);
    bus_unmap(bus, 0x20, NULL);
    ck_assert_uint_eq(bus_read(bus, 0x20, 4), 0xffffffff);
    bus_destroy(bus);
}
END_TEST

START_TEST(sizes_and_wrap)
{
    struct bus *bus;

    ck_assert_int_eq(bus_create(&bus), STATUS_OK);
    ck_assert_int_eq(bus_map(bus, 0x1f0, 4, &wide, NULL), STATUS_OK);
    ck_assert_uint_eq(bus_read(bus, 0x1f0, 1), 0xff);
    ck_assert_uint_eq(bus_read(bus, 0x1f0, 2), 0xa200);
    ck_assert_uint_eq(bus_read(bus, 0x1f0, 4) >> 16, 0xa202u);
    ck_assert_uint_eq(bus_read(bus, 0x1f3, 2), 0xffff);
    ck_assert_int_eq(bus_map(bus, 0, 1, &echo, NULL), STATUS_OK);
    ck_assert_uint_eq(bus_read(bus, 0xffff, 2), 0x10ff);
    bus_destroy(bus);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("core/bus");
    TCase *tcase = tcase_create("map");

    tcase_add_test(tcase, splits_refuses_overlap_floats_high);
    tcase_add_test(tcase, sizes_and_wrap);
    suite_add_tcase(suite, tcase);
    return suite;
}
