#include "frontend/image_kind.h"
#include "tests/fake_block.h"
#include "tests/suite.h"

static struct fake_block fake;

static void make(uint64_t bytes)
{
    fake_block_init(&fake, bytes);
    memset(fake.data, 0, bytes);
}

static enum image_kind find(void)
{
    enum image_kind kind = IMAGE_ANY;
    const char *why;

    ck_assert_int_eq(image_kind_find(&fake.block, &kind, &why), STATUS_OK);
    ck_assert_ptr_null(why);
    fake_block_deinit(&fake);
    return kind;
}

static void sign(void)
{
    fake.data[510] = 0x55;
    fake.data[511] = 0xaa;
}

static void put_partition(unsigned first, unsigned count)
{
    uint8_t *entry = fake.data + 446;

    sign();
    entry[0] = 0x80;
    entry[4] = 6;
    memcpy(entry + 8,
           ((uint8_t[]){(uint8_t)first, (uint8_t)(first >> 8), 0, 0,
                        (uint8_t)count, (uint8_t)(count >> 8), 0, 0}),
           8);
}

static void put_bpb(unsigned total, uint8_t sectors, uint8_t heads,
                    uint8_t media)
{
    static const uint8_t bpb[] = {0xeb, 0x3c, 0x90, 'M', 'S', 'D', 'O',
                                  'S',  '5',  '.',  '0', 0,   2,   2,
                                  1,    0,    2,    224, 0};

    memcpy(fake.data, bpb, sizeof(bpb));
    fake.data[0x13] = (uint8_t)total;
    fake.data[0x14] = (uint8_t)(total >> 8);
    fake.data[0x15] = media;
    fake.data[0x16] = 9;
    fake.data[0x18] = sectors;
    fake.data[0x1a] = heads;
    sign();
}

START_TEST(sizes_of_diskettes)
{
    static const uint32_t sizes[] = {1,       100,     512,     8704,
                                     163840,  368640,  655360,  737280,
                                     1228800, 1474560, 1763328, 2949120};

    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        make(sizes[i]);
        ck_assert_int_eq(find(), IMAGE_FLOPPY);
        if (sizes[i] < 512)
            continue;
        make(sizes[i]);
        sign();
        ck_assert_int_eq(find(), IMAGE_FLOPPY);
    }
}
END_TEST

START_TEST(hard_disks)
{
    make(4000000);
    ck_assert_int_eq(find(), IMAGE_DISK);
    make(1000000);
    put_partition(17, 1900);
    ck_assert_int_eq(find(), IMAGE_DISK);
    make(1000000);
    put_partition(17, 1900);
    fake.data[446 + 16] = 0x11; /* no partition table looks like this */
    ck_assert_int_eq(find(), IMAGE_FLOPPY);
    make(1000000);
    put_partition(60000, 1900); /* nor begins behind the end */
    ck_assert_int_eq(find(), IMAGE_FLOPPY);
    make(512);
    put_partition(0, 2);
    ck_assert_int_eq(find(), IMAGE_FLOPPY);
    make(1000000);
    put_bpb(1953, 17, 4, 0xf8); /* a disk without partitions */
    ck_assert_int_eq(find(), IMAGE_DISK);
    make(1000000);
    put_bpb(2880, 18, 2, 0xf0); /* a diskette cut short */
    ck_assert_int_eq(find(), IMAGE_FLOPPY);
    make(1474560); /* the size of a diskette, whatever stands in it */
    put_partition(17, 2800);
    ck_assert_int_eq(find(), IMAGE_FLOPPY);
}
END_TEST

START_TEST(cds)
{
    make(1835008);
    memcpy(fake.data + 32769, "CD001", 5);
    ck_assert_int_eq(find(), IMAGE_CD);
    make(50000000);
    memcpy(fake.data + 32769, "CD001", 5);
    put_partition(1, 1000); /* bootable from a USB stick too */
    ck_assert_int_eq(find(), IMAGE_CD);
    make(5000000);
    memcpy(fake.data + 32777, "CDROM", 5);
    ck_assert_int_eq(find(), IMAGE_CD);
    make(5000000);
    memcpy(fake.data + 32769, "BEA01", 5);
    ck_assert_int_eq(find(), IMAGE_DISK);
    make(5000000);
    memcpy(fake.data + 32769, "BEA01", 5);
    memcpy(fake.data + 34817, "NSR02", 5);
    ck_assert_int_eq(find(), IMAGE_CD);
    make(1474560); /* a FAT diskette that a CD's bytes happen to lie on */
    memcpy(fake.data + 32769, "CD001", 5);
    put_bpb(2880, 18, 2, 0xf0);
    ck_assert_int_eq(find(), IMAGE_FLOPPY);
    make(1474560);
    memcpy(fake.data + 32769, "CD001", 5);
    ck_assert_int_eq(find(), IMAGE_CD);
    make(32770); /* cut inside the mark */
    fake.data[32769] = 'C';
    ck_assert_int_eq(find(), IMAGE_FLOPPY);
}
END_TEST

static const struct {
    unsigned offset;
    const char *bytes;
    unsigned count;
    const char *says;
} refused[] = {
    {0, "QFI\xfb\0\0\0\3", 8, "qcow2"},
    {0, "KDMV", 4, "VMware"},
    {0, "# Disk DescriptorFile", 21, "VMware"},
    {64, "\x7f\x10\xda\xbe", 4, "VirtualBox"},
    {0, "conectix", 8, "VHD"},
    {4095488, "conectix", 8, "VHD"},
    {0, "vhdxfile", 8, "VHDX"},
    {4095488, "koly", 4, "DMG"},
    {0, "\x1f\x8b\x08", 3, "gunzip"},
    {0, "\xfd\x37zXZ\0", 6, "unxz"},
    {0, "PK\3\4", 4, "unzip"},
    {0, "IMD 1.18", 8, "ImageDisk"},
    {514, "HdrS", 4, "-kernel"},
    {0, "\177ELF", 4, "-kernel"},
};

START_TEST(other_formats_are_named)
{
    for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
        enum image_kind kind = IMAGE_ANY;
        const char *why;

        make(4096000);
        memcpy(fake.data + refused[i].offset, refused[i].bytes,
               refused[i].count);
        ck_assert_int_eq(image_kind_find(&fake.block, &kind, &why),
                         STATUS_BAD_FORMAT);
        ck_assert_msg(strstr(why, refused[i].says) && strchr(why, ';'), "%s",
                      why);
        fake_block_deinit(&fake);
    }
}
END_TEST

START_TEST(reading_may_fail)
{
    for (unsigned n = 1; n <= 2; n++) {
        enum image_kind kind = IMAGE_ANY;
        const char *why;

        make(1474560);
        fake.fail_at = n;
        ck_assert_int_eq(image_kind_find(&fake.block, &kind, &why), STATUS_IO);
        ck_assert_ptr_null(why);
        fake_block_deinit(&fake);
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("frontend/image_kind");
    TCase *tcase = tcase_create("content");

    tcase_add_test(tcase, sizes_of_diskettes);
    tcase_add_test(tcase, hard_disks);
    tcase_add_test(tcase, cds);
    tcase_add_test(tcase, other_formats_are_named);
    tcase_add_test(tcase, reading_may_fail);
    suite_add_tcase(suite, tcase);
    return suite;
}
