/* The system BIOS as a file: what stands where software looks for it. */
#include <string.h>

#include "bios/bios.h"
#include "tests/suite.h"

enum {
    ROM_BYTES = 64 * 1024,
    FILLER = 0xff,
    JUMP_NEAR = 0xe9,
    JUMP_FAR = 0xea,
    INTERRUPT_RETURN = 0xcf
};

static const uint8_t *rom;

static void setup(void)
{
    size_t bytes;

    rom = bios_system_image(&bytes);
    ck_assert_uint_eq(bytes, ROM_BYTES);
}

static unsigned word_at(unsigned offset)
{
    ck_assert_uint_lt(offset + 1, ROM_BYTES);
    return rom[offset] | (unsigned)rom[offset + 1] << 8;
}

START_TEST(all_bytes_sum_up_to_nothing)
{
    unsigned sum = 0;

    for (unsigned i = 0; i < ROM_BYTES; i++)
        sum += rom[i];
    ck_assert_uint_eq(sum & 0xff, 0);
}
END_TEST

/* Entries that programs jump to by address, and the table of their offsets. */
START_TEST(entries_are_where_the_at_has_them)
{
    static const unsigned entries[] = {
        0xe05b, 0xe2c3, 0xe3fe, 0xe6f2, 0xe739, 0xe82e, 0xe987, 0xec59,
        0xef57, 0xefd2, 0xf065, 0xf84d, 0xf859, 0xfe6e, 0xfea5, 0xff54,
    };
    static const struct {
        unsigned vector, entry;
    } vectors[] = {
        {0x08, 0xfea5}, {0x09, 0xe987}, {0x0e, 0xef57}, {0x10, 0xf065},
        {0x11, 0xf84d}, {0x12, 0xf841}, {0x13, 0xe3fe}, {0x14, 0xe739},
        {0x15, 0xf859}, {0x16, 0xe82e}, {0x17, 0xefd2}, {0x19, 0xe6f2},
        {0x1a, 0xfe6e}, {0x1d, 0xf0a4}, {0x1e, 0xefc7},
    };

    for (unsigned i = 0; i < ARRAY_LEN(entries); i++) {
        unsigned target =
            (entries[i] + 3 + word_at(entries[i] + 1)) & (ROM_BYTES - 1);

        ck_assert_msg(rom[entries[i]] == JUMP_NEAR, "F000:%04X", entries[i]);
        ck_assert_msg(rom[target] != FILLER, "F000:%04X leads nowhere",
                      entries[i]);
    }
    for (unsigned i = 0; i < ARRAY_LEN(vectors); i++)
        ck_assert_uint_eq(word_at(0xfef3 + 2 * (vectors[i].vector - 8)),
                          vectors[i].entry);
    ck_assert_uint_eq(rom[0xff53], INTERRUPT_RETURN);
}
END_TEST

START_TEST(reset_leads_to_the_start)
{
    ck_assert_uint_eq(rom[0xfff0], JUMP_FAR);
    ck_assert_uint_eq(word_at(0xfff1), 0xe05b);
    ck_assert_uint_eq(word_at(0xfff3), 0xf000);
}
END_TEST

START_TEST(machine_is_an_at)
{
    ck_assert_uint_eq(rom[0xfffe], 0xfc);
    ck_assert_uint_eq(rom[0xfff7], '/');
    ck_assert_uint_eq(rom[0xfffa], '/');
    ck_assert_mem_eq(rom + 0xe00e, "IBM", 3);
    ck_assert_uint_eq(word_at(0xe6f5), 8);
    ck_assert_uint_eq(rom[0xe6f7], 0xfc);
}
END_TEST

static void check_drive_type(unsigned type, unsigned cylinders, unsigned heads)
{
    unsigned at = 0xe401 + 16 * (type - 1);

    ck_assert_uint_eq(word_at(at), cylinders);
    ck_assert_uint_eq(rom[at + 2], heads);
    ck_assert_uint_eq(rom[at + 14], 17);
}

START_TEST(tables_are_the_known_ones)
{
    static const uint8_t diskette[] = {0xaf, 0x02, 0x25, 0x02, 0x12,
                                       0x1b, 0xff, 0x6c, 0xf6, 0x0f};
    static const uint8_t crtc_80[] = {0x71, 0x50, 0x5a, 0x0a, 0x1f, 0x06, 0x19};

    check_drive_type(1, 306, 4);
    check_drive_type(9, 900, 15);
    check_drive_type(23, 306, 4);
    ck_assert_mem_eq(rom + 0xefc7, diskette, sizeof(diskette));
    ck_assert_mem_eq(rom + 0xf0b4, crtc_80, sizeof(crtc_80));
}
END_TEST

/* 8x8 glyphs of the first 128 characters, those of the VGA BIOS. */
START_TEST(font_is_the_vga_bios_font)
{
    size_t bytes;
    const uint8_t *vga = bios_vga_image(&bytes);
    const uint8_t *font = rom + 0xfa6e;
    bool found = false;

    for (size_t at = 0; !found && at + 1024 <= bytes; at++)
        found = !memcmp(vga + at, font, 1024);
    ck_assert(found);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("bios/system_image");
    TCase *tcase = tcase_create("image");

    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_test(tcase, all_bytes_sum_up_to_nothing);
    tcase_add_test(tcase, entries_are_where_the_at_has_them);
    tcase_add_test(tcase, reset_leads_to_the_start);
    tcase_add_test(tcase, machine_is_an_at);
    tcase_add_test(tcase, tables_are_the_known_ones);
    tcase_add_test(tcase, font_is_the_vga_bios_font);
    suite_add_tcase(suite, tcase);
    return suite;
}
