/* The VGA BIOS as a file: what a system BIOS and software look at before any
 * of its code runs, and the fonts in it. */
#include <string.h>

#include "bios/bios.h"
#include "tests/suite.h"

enum {
    BLOCK_BYTES = 512,
    ROM_MAX_BYTES = 40 * 1024,
    GLYPHS = 256
};

static const uint8_t *rom;
static size_t rom_bytes;

static void setup(void)
{
    rom = bios_vga_image(&rom_bytes);
    ck_assert_uint_gt(rom_bytes, 4 * BLOCK_BYTES);
}

static unsigned word_at(size_t offset)
{
    ck_assert_uint_lt(offset + 1, rom_bytes);
    return rom[offset] | (unsigned)rom[offset + 1] << 8;
}

START_TEST(header_makes_it_an_option_rom)
{
    unsigned sum = 0;

    ck_assert_uint_eq(word_at(0), 0xaa55);
    ck_assert_uint_eq(rom[2] * (size_t)BLOCK_BYTES, rom_bytes);
    ck_assert_uint_le(rom_bytes, ROM_MAX_BYTES);
    for (size_t i = 0; i < rom_bytes; i++)
        sum += rom[i];
    ck_assert_uint_eq(sum & 0xff, 0);
    ck_assert_mem_eq(rom + 0x1e, "IBM", 3);
}
END_TEST

START_TEST(pci_data_names_the_display)
{
    size_t pci = word_at(0x18);

    ck_assert_uint_lt(pci + 24, rom_bytes);
    ck_assert_mem_eq(rom + pci, "PCIR", 4);
    ck_assert_uint_eq(word_at(pci + 4), 0x1234);
    ck_assert_uint_eq(word_at(pci + 6), 0x1111);
    ck_assert_uint_eq(word_at(pci + 10), 24);
    ck_assert_uint_eq(rom[pci + 13], 0x00);
    ck_assert_uint_eq(word_at(pci + 14), 0x0300);
    ck_assert_uint_eq(word_at(pci + 16) * (size_t)BLOCK_BYTES, rom_bytes);
    ck_assert_uint_eq(rom[pci + 21] & 0x80, 0x80);
}
END_TEST

/* The three fonts stand one after the other and begin alike: a blank glyph,
 * then the two faces, of which the second is solid where the first is not. */
static size_t find_fonts(void)
{
    static const uint8_t face_8[] = {0x7e, 0x81, 0xa5, 0x81,
                                     0xa5, 0x99, 0x81, 0x7e};

    for (size_t at = 8; at + 8 * GLYPHS < rom_bytes; at++) {
        if (!memcmp(rom + at, face_8, sizeof face_8))
            return at - 8;
    }
    ck_abort_msg("no font in the image");
    return 0;
}

static void check_font(const uint8_t *font, unsigned height)
{
    for (unsigned a = 0x21; a < 0xff; a++) {
        for (unsigned b = a + 1; b < 0xff; b++) {
            ck_assert_msg(memcmp(font + a * height, font + b * height, height),
                          "8x%u: %02X and %02X look the same", height, a, b);
        }
    }
    /* Rules join their neighbours on all sides, blocks fill their cells. */
    for (unsigned row = 0; row < height; row++) {
        ck_assert_uint_eq(font[0xb3 * height + row], 0x18);
        ck_assert_uint_eq(font[0xba * height + row], 0x36);
        ck_assert_uint_eq(font[0xdb * height + row], 0xff);
    }
    ck_assert_uint_eq(font[0xc4 * height + height / 2 - 1], 0xff);
    ck_assert_uint_eq(font[0xcd * height + height / 2 - 2], 0xff);
    ck_assert_uint_eq(font[0xcd * height + height / 2], 0xff);
}

START_TEST(fonts_are_whole_and_distinct)
{
    size_t font_8 = find_fonts();
    size_t font_14 = font_8 + 8 * GLYPHS;
    size_t font_16 = font_14 + 14 * GLYPHS;

    ck_assert_uint_le(font_16 + 16 * GLYPHS, rom_bytes);
    check_font(rom + font_8, 8);
    check_font(rom + font_14, 14);
    check_font(rom + font_16, 16);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("vga_image");
    TCase *tcase = tcase_create("image");

    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_test(tcase, header_makes_it_an_option_rom);
    tcase_add_test(tcase, pci_data_names_the_display);
    tcase_add_test(tcase, fonts_are_whole_and_distinct);
    suite_add_tcase(suite, tcase);
    return suite;
}
