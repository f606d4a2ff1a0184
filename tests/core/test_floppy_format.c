#include <stdio.h>
#include <string.h>

#include "core/floppy_format.h"
#include "tests/suite.h"

static const struct {
    uint64_t bytes;
    uint8_t cylinders, heads, sectors, size_code, density, drive;
} sizes[] = {
    /* clang-format off */
    {163840,  40, 1,  8, 2, FLOPPY_DD, FLOPPY_DRIVE_360K},
    {184320,  40, 1,  9, 2, FLOPPY_DD, FLOPPY_DRIVE_360K},
    {327680,  40, 2,  8, 2, FLOPPY_DD, FLOPPY_DRIVE_360K},
    {368640,  40, 2,  9, 2, FLOPPY_DD, FLOPPY_DRIVE_360K},
    {655360,  80, 2,  8, 2, FLOPPY_DD, FLOPPY_DRIVE_1440K},
    {737280,  80, 2,  9, 2, FLOPPY_DD, FLOPPY_DRIVE_1440K},
    {819200,  80, 2, 10, 2, FLOPPY_DD, FLOPPY_DRIVE_1440K},
    {839680,  82, 2, 10, 2, FLOPPY_DD, FLOPPY_DRIVE_1440K},
    {1228800, 80, 2, 15, 2, FLOPPY_HD, FLOPPY_DRIVE_1200K},
    {1261568, 77, 2,  8, 3, FLOPPY_HD, FLOPPY_DRIVE_1200K},
    {1474560, 80, 2, 18, 2, FLOPPY_HD, FLOPPY_DRIVE_1440K},
    {1720320, 80, 2, 21, 2, FLOPPY_HD, FLOPPY_DRIVE_1440K},
    {1763328, 82, 2, 21, 2, FLOPPY_HD, FLOPPY_DRIVE_1440K},
    {2949120, 80, 2, 36, 2, FLOPPY_ED, FLOPPY_DRIVE_2880K},
    /* odd sizes: padded */
    {1,       80, 2, 18, 2, FLOPPY_HD, FLOPPY_DRIVE_1440K},
    {512,     80, 2, 18, 2, FLOPPY_HD, FLOPPY_DRIVE_1440K},
    {8704,    80, 2, 18, 2, FLOPPY_HD, FLOPPY_DRIVE_1440K},
    {1474561, 82, 2, 18, 2, FLOPPY_HD, FLOPPY_DRIVE_1440K},
    {2000000, 80, 2, 36, 2, FLOPPY_ED, FLOPPY_DRIVE_2880K},
    /* clang-format on */
};

START_TEST(size_decides_without_a_bpb)
{
    uint8_t boot[FLOPPY_BOOT_BYTES] = {0};

    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        struct floppy_format f;

        ck_assert(floppy_format_find(sizes[i].bytes, i % 2 ? boot : NULL, &f));
        ck_assert_uint_eq(f.cylinders, sizes[i].cylinders);
        ck_assert_uint_eq(f.heads, sizes[i].heads);
        ck_assert_uint_eq(f.sectors, sizes[i].sectors);
        ck_assert_uint_eq(f.size_code, sizes[i].size_code);
        ck_assert_uint_eq(f.density, sizes[i].density);
        ck_assert_uint_eq(floppy_format_drive(&f), sizes[i].drive);
        ck_assert(floppy_format_fits(&f, floppy_format_drive(&f)));
        ck_assert_uint_ge(floppy_format_bytes(&f), sizes[i].bytes);
        ck_assert(floppy_format_known(floppy_format_bytes(&f)));
    }
}
END_TEST

START_TEST(no_diskette_is_empty_or_huge)
{
    struct floppy_format f;

    ck_assert(!floppy_format_find(0, NULL, &f));
    ck_assert(!floppy_format_find(3932161, NULL, &f));
    ck_assert(!floppy_format_find(UINT64_MAX, NULL, &f));
    ck_assert(!floppy_format_known(512));
    ck_assert_uint_eq(floppy_format_drive(NULL), FLOPPY_DRIVE_1440K);
}
END_TEST

static void put16(uint8_t *at, unsigned value)
{
    at[0] = (uint8_t)value;
    at[1] = (uint8_t)(value >> 8);
}

static void make_bpb(uint8_t *boot, unsigned total, unsigned sectors,
                     unsigned heads)
{
    memset(boot, 0, FLOPPY_BOOT_BYTES);
    boot[0] = 0xeb;
    boot[2] = 0x90;
    put16(boot + 0x0b, 512);
    boot[0x0d] = 2;
    put16(boot + 0x0e, 1);
    boot[0x10] = 2;
    put16(boot + 0x11, 112);
    put16(boot + 0x13, total);
    boot[0x15] = 0xf9;
    put16(boot + 0x16, 3);
    put16(boot + 0x18, sectors);
    put16(boot + 0x1a, heads);
}

static const struct {
    uint64_t bytes;
    unsigned total, spt, sides; /* of the BPB */
    uint8_t cylinders, heads, sectors;
} blocks[] = {
    /* clang-format off */
    {327680,   640,  8, 1, 80, 1,  8}, /* 320K, but one-sided */
    {655360,  1280,  8, 2, 80, 2,  8},
    {655360,  1280, 16, 1, 80, 1, 16},
    {1474560, 1440,  9, 2, 80, 2,  9}, /* formatted with fewer sectors */
    {1474560, 2880, 18, 2, 80, 2, 18},
    {1474560, 2000, 18, 2, 80, 2, 18}, /* a file system smaller than the disk */
    {100000,  2880, 18, 2, 80, 2, 18}, /* cut short */
    {100000,   720,  9, 2, 40, 2,  9},
    {1475072, 2880, 18, 2, 80, 2, 18}, /* a tail that some program added */
    {368640,  2880, 18, 2, 40, 2,  9}, /* copied from a larger disk: not ours */
    {512,      100, 18, 2, 80, 2, 18},
    {1474560, 2880, 18, 0, 80, 2, 18}, /* invalid: the size decides */
    {1474560, 2880, 18, 3, 80, 2, 18},
    {1474560, 2880, 63, 2, 80, 2, 18},
    {368640,   720,  0, 2, 40, 2,  9},
    {368640, 65535,  1, 1, 40, 2,  9},
    /* clang-format on */
};

START_TEST(bpb_refines_the_size)
{
    uint8_t boot[FLOPPY_BOOT_BYTES];

    for (size_t i = 0; i < ARRAY_LEN(blocks); i++) {
        struct floppy_format f;

        make_bpb(boot, blocks[i].total, blocks[i].spt, blocks[i].sides);
        ck_assert(floppy_format_find(blocks[i].bytes, boot, &f));
        ck_assert_msg(
            f.cylinders == blocks[i].cylinders && f.heads == blocks[i].heads &&
                f.sectors == blocks[i].sectors,
            "row %u: %u/%u/%u", (unsigned)i, f.cylinders, f.heads, f.sectors);
    }
}
END_TEST

/* No byte pattern may give a format outside its documented ranges. */
START_TEST(any_boot_sector_is_survived)
{
    uint8_t boot[FLOPPY_BOOT_BYTES];
    uint32_t seed = 1;

    for (unsigned n = 0; n < 200000; n++) {
        struct floppy_format f;
        uint64_t bytes;

        make_bpb(boot, 2880, 18, 2);
        for (unsigned k = 0; k < 3; k++) {
            seed = seed * 1664525u + 1013904223u;
            boot[seed >> 8 & 0x1f] = (uint8_t)(seed >> 20);
        }
        bytes = seed % 4000000u;
        if (!floppy_format_find(bytes, boot, &f))
            continue;
        if (f.cylinders < 1 || f.cylinders > FLOPPY_CYLINDERS_MAX ||
            f.heads < 1 || f.heads > 2 || f.sectors < 1 ||
            f.sectors > FLOPPY_SECTORS_MAX || f.size_code > 3)
            ck_abort_msg("try %u", n);
    }
}
END_TEST

START_TEST(drives_read_what_they_can)
{
    struct floppy_format f;

    ck_assert(floppy_format_find(1474560, NULL, &f));
    ck_assert(!floppy_format_fits(&f, FLOPPY_DRIVE_360K));
    ck_assert(!floppy_format_fits(&f, FLOPPY_DRIVE_720K));
    ck_assert(floppy_format_fits(&f, FLOPPY_DRIVE_2880K));
    ck_assert(floppy_format_find(737280, NULL, &f));
    ck_assert(!floppy_format_fits(&f, FLOPPY_DRIVE_360K));
    ck_assert(floppy_format_fits(&f, FLOPPY_DRIVE_720K));
    ck_assert(floppy_format_find(2949120, NULL, &f));
    ck_assert(!floppy_format_fits(&f, FLOPPY_DRIVE_1440K));
    ck_assert(!floppy_format_fits(&f, FLOPPY_DRIVE_NONE));
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("core/floppy_format");
    TCase *tcase = tcase_create("formats");

    tcase_add_test(tcase, size_decides_without_a_bpb);
    tcase_add_test(tcase, no_diskette_is_empty_or_huge);
    tcase_add_test(tcase, bpb_refines_the_size);
    tcase_add_test(tcase, any_boot_sector_is_survived);
    tcase_add_test(tcase, drives_read_what_they_can);
    suite_add_tcase(suite, tcase);
    return suite;
}
