#include "tests/devices/ata_rig.h"

/* ---- identity ---- */

START_TEST(identify_tells_the_truth)
{
    const uint8_t *data = identify(LBA_MASTER);
    uint8_t sum = 0;

    ck_assert_uint_eq(word_of(data, 0), 0x40);
    ck_assert_uint_eq(word_of(data, 1), 20);
    ck_assert_uint_eq(word_of(data, 3), 16);
    ck_assert_uint_eq(word_of(data, 6), 63);
    ck_assert_mem_eq(data + 54, "IVRTNI EAHDRIDKS", 16);
    ck_assert_mem_eq(data + 20, "TV00100F", 8);
    ck_assert_uint_eq(word_of(data, 49), 0x0a00); /* LBA, IORDY, no DMA */
    ck_assert_uint_eq(word_of(data, 53), 3);
    ck_assert_uint_eq(word_of(data, 54), 20);
    ck_assert_uint_eq(word_of(data, 55), 16);
    ck_assert_uint_eq(word_of(data, 56), 63);
    ck_assert_uint_eq(word_of(data, 57), SECTORS);
    ck_assert_uint_eq(word_of(data, 60), SECTORS);
    ck_assert_uint_eq(word_of(data, 100), SECTORS);
    ck_assert_uint_eq(word_of(data, 63), 0);
    ck_assert_uint_eq(word_of(data, 88), 0);
    ck_assert_uint_eq(word_of(data, 59), 0);
    for (unsigned i = 0; i < 512; i++)
        sum = (uint8_t)(sum + data[i]);
    ck_assert_uint_eq(sum, 0);
    out(COUNT, 8);
    command(0xc6);
    expect_end(0x50, 0);
    ck_assert_uint_eq(word_of(identify(LBA_MASTER), 59), 0x108);
}
END_TEST

/* What IDENTIFY offers works, what it does not offer aborts. */
START_TEST(features_match_identify)
{
    static const uint8_t absent[] = {0xc8, 0xca, 0x25, 0x35, 0xc7, 0xa0, 0xa1,
                                     0x08, 0xb0, 0xf1, 0x92, 0x50, 0xee, 0x00};

    static const uint8_t accepted[] = {0x02, 0xaa, 0x33, 0x99,
                                       0x44, 0xbb, 0x66};

    for (size_t i = 0; i < sizeof(absent); i++) {
        address(LBA_MASTER, 0, 1);
        command(absent[i]);
        expect_end(0x51, 0x04);
    }
    out(FEATURE, 0x82);
    command(0xef);
    expect_end(0x50, 0);
    out(FEATURE, 0x55);
    command(0xef);
    expect_end(0x50, 0);
    ck_assert_uint_eq(word_of(identify(LBA_MASTER), 85) & 0x60, 0);
    out(FEATURE, 0x03);
    out(COUNT, 0x0c); /* PIO 4 */
    command(0xef);
    expect_end(0x50, 0);
    out(COUNT, 0x42); /* ultra DMA 2 */
    command(0xef);
    expect_end(0x51, 0x04);
    out(FEATURE, 0x5f);
    command(0xef);
    expect_end(0x51, 0x04);
    for (size_t i = 0; i < sizeof(accepted); i++) {
        out(FEATURE, accepted[i]);
        command(0xef);
        expect_end(0x50, 0);
    }
    ck_assert_uint_eq(word_of(identify(LBA_MASTER), 85) & 0x60, 0x60);
}
END_TEST

/* After SET FEATURES CCh a software reset is one to power-on settings. */
START_TEST(revert_on_reset)
{
    out(COUNT, 4);
    command(0xc6);
    expect_end(0x50, 0);
    out(CONTROL, 0x04);
    out(CONTROL, 0x00);
    run_ns(2 * MS);
    ck_assert_uint_eq(word_of(identify(LBA_MASTER), 59), 0x104);
    out(FEATURE, 0xcc);
    command(0xef);
    expect_end(0x50, 0);
    out(CONTROL, 0x04);
    out(CONTROL, 0x00);
    run_ns(2 * MS);
    ck_assert_uint_eq(word_of(identify(LBA_MASTER), 59), 0);
}
END_TEST

/* ---- geometry ---- */

static void put32(uint8_t *at, uint32_t value)
{
    for (unsigned i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> (8 * i));
}

static void put_chs(uint8_t *at, uint32_t lba, unsigned heads, unsigned sectors)
{
    uint32_t cylinder = lba / (heads * sectors);

    if (cylinder > 1023) {
        memcpy(at,
               ((uint8_t[]){(uint8_t)(heads - 1), (uint8_t)(0xc0 | sectors),
                            0xff}),
               3);
        return;
    }
    at[0] = (uint8_t)(lba / sectors % heads);
    at[1] = (uint8_t)((lba % sectors + 1) | (cylinder >> 2 & 0xc0));
    at[2] = (uint8_t)cylinder;
}

static const struct {
    uint64_t sectors;
    unsigned heads, spt;   /* of the partition table; 0: none */
    uint32_t first, count; /* of the partition */
    uint16_t cylinders;    /* expected */
    uint8_t out_heads, out_sectors;
} tables[] = {
    /* clang-format off */
    {0,          0,   0,  0,   0,       1,     1,  1},
    {1,          0,   0,  0,   0,       1,     1,  1},
    {62,         0,   0,  0,   0,       1,     1,  62},
    {100,        0,   0,  0,   0,       1,     1,  63},
    {1007,       0,   0,  0,   0,       1,     15, 63},
    {1008,       0,   0,  0,   0,       1,     16, 63},
    {20160,      0,   0,  0,   0,       20,    16, 63},
    {20800,      0,   0,  0,   0,       20,    16, 63},
    {1u << 30,   0,   0,  0,   0,       16383, 16, 63},
    {129024,     16,  63, 63,  128961,  128,   16, 63},
    {41820,      4,   17, 17,  41803,   615,   4,  17},
    {41820,      4,   17, 17,  6783,    615,   4,  17},
    {1000000,    8,   32, 32,  999904,  3906,  8,  32}, /* beyond 1023 */
    {8000000,    255, 63, 63,  7999992, 7936,  16, 63}, /* a BIOS's own */
    {41820,      4,   17, 18,  41000,   41,    16, 63}, /* no cylinder's end */
    {60,         4,   17, 17,  51,      1,     1,  60}, /* larger than the disk */
    /* clang-format on */
};

START_TEST(geometry_from_table_or_size)
{
    for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
        uint8_t mbr[512] = {0}, *entry = mbr + 446;
        struct ata_geometry g;

        mbr[510] = 0x55;
        mbr[511] = 0xaa;
        if (tables[i].heads) {
            uint32_t last = tables[i].first + tables[i].count - 1;

            entry[0] = 0x80;
            entry[4] = 6;
            put_chs(entry + 1, tables[i].first, tables[i].heads, tables[i].spt);
            put_chs(entry + 5, last, tables[i].heads, tables[i].spt);
            put32(entry + 8, tables[i].first);
            put32(entry + 12, tables[i].count);
        }
        g = ata_disk_geometry(tables[i].sectors, mbr);
        ck_assert_msg(g.cylinders == tables[i].cylinders &&
                          g.heads == tables[i].out_heads &&
                          g.sectors == tables[i].out_sectors,
                      "row %u: %u/%u/%u", (unsigned)i, g.cylinders, g.heads,
                      g.sectors);
        /* two entries that disagree count for nothing */
        if (tables[i].heads == 4) {
            memcpy(entry + 16, entry, 16);
            entry[17]++;
            g = ata_disk_geometry(tables[i].sectors, mbr);
            ck_assert(g.heads != 4);
        }
    }
    ck_assert_uint_eq(ata_disk_geometry(129024, NULL).cylinders, 128);
}
END_TEST

START_TEST(cmos_type_47)
{
    static const uint8_t expected[] = {0x67, 0x02, 4,    0xff, 0xff,
                                       0xc0, 0x67, 0x02, 17};
    struct ata_geometry g = {615, 4, 17};
    uint8_t bytes[ATA_CMOS_BYTES];

    ata_disk_cmos(&g, bytes);
    ck_assert_mem_eq(bytes, expected, sizeof(expected));
    g.heads = 16;
    ata_disk_cmos(&g, bytes);
    ck_assert_uint_eq(bytes[5], 0xc8);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("devices/ata_identify");
    const TTest *const one[] = {identify_tells_the_truth,
                                features_match_identify, revert_on_reset, NULL};
    const TTest *const own[] = {geometry_from_table_or_size, cmos_type_47,
                                NULL};

    add(suite, "one disk", setup, teardown, one);
    add(suite, "own set-up", NULL, NULL, own);
    return suite;
}
