#include "devices/floppy_media.h"
#include "tests/fake_block.h"
#include "tests/suite.h"

static struct floppy_media media;
static struct fake_block disk;

static void setup(void)
{
    memset(&media, 0, sizeof(media));
    fake_block_init(&disk, 1474560);
    ck_assert_int_eq(floppy_media_insert(&media, &disk.block, NULL), STATUS_OK);
}

static void teardown(void)
{
    fake_block_deinit(&disk);
}

static struct floppy_sector at(unsigned cylinder, unsigned head,
                               unsigned number)
{
    return (struct floppy_sector){(uint8_t)cylinder, (uint8_t)head,
                                  (uint8_t)number};
}

/* Cylinder, head, sector: in this order they stand in the image. */
START_TEST(sectors_in_order)
{
    uint8_t buffer[FLOPPY_SECTOR_BYTES_MAX];
    unsigned lba = 0;
    bool deleted;

    for (unsigned c = 0; c < 80; c++) {
        for (unsigned h = 0; h < 2; h++) {
            ck_assert(floppy_media_has_track(&media, c, h));
            for (unsigned r = 1; r <= 18; r++, lba++) {
                ck_assert_int_eq(
                    floppy_media_read(&media, at(c, h, r), buffer, &deleted),
                    STATUS_OK);
                ck_assert(!deleted);
                ck_assert_uint_eq(buffer[0] | (unsigned)buffer[1] << 8, lba);
            }
        }
    }
    ck_assert(!floppy_media_has_track(&media, 80, 0));
    ck_assert(!floppy_media_has_track(&media, 0, 2));
    ck_assert(!floppy_media_has_track(&media, 255, 0));
}
END_TEST

START_TEST(short_images)
{
    uint8_t buffer[FLOPPY_SECTOR_BYTES_MAX];
    bool deleted;

    disk.block.size_bytes = 1000;
    ck_assert_int_eq(floppy_media_insert(&media, &disk.block, NULL), STATUS_OK);
    ck_assert_int_eq(floppy_media_read(&media, at(0, 0, 2), buffer, &deleted),
                     STATUS_OK);
    ck_assert_mem_eq(buffer, disk.data + 512, 488);
    for (unsigned i = 488; i < 512; i++)
        ck_assert_uint_eq(buffer[i], 0);
    ck_assert_int_eq(floppy_media_read(&media, at(79, 1, 18), buffer, &deleted),
                     STATUS_OK);
    ck_assert_uint_eq(buffer[0], 0);
    ck_assert_int_eq(floppy_media_write(&media, at(0, 0, 1), buffer, true),
                     STATUS_OK);
    ck_assert_int_eq(floppy_media_write(&media, at(0, 0, 2), buffer, false),
                     STATUS_NO_SPACE);
    disk.block.read_only = true;
    ck_assert_int_eq(floppy_media_write(&media, at(0, 0, 1), buffer, false),
                     STATUS_READ_ONLY);
}
END_TEST

/* A mark that was not written, because the host failed, is not there. */
START_TEST(marks_follow_the_data)
{
    uint8_t buffer[FLOPPY_SECTOR_BYTES_MAX] = {0};
    bool deleted;

    disk.fail_at = 1;
    ck_assert_int_eq(floppy_media_write(&media, at(9, 1, 5), buffer, true),
                     STATUS_IO);
    floppy_media_read(&media, at(9, 1, 5), buffer, &deleted);
    ck_assert(!deleted);
    ck_assert_int_eq(floppy_media_write(&media, at(9, 1, 5), buffer, true),
                     STATUS_OK);
    floppy_media_read(&media, at(9, 1, 5), buffer, &deleted);
    ck_assert(deleted);
    floppy_media_read(&media, at(9, 1, 6), buffer, &deleted);
    ck_assert(!deleted);
    floppy_media_eject(&media);
    ck_assert(!floppy_media_has_track(&media, 9, 1));
    floppy_media_insert(&media, &disk.block, NULL);
    floppy_media_read(&media, at(9, 1, 5), buffer, &deleted);
    ck_assert(!deleted);
}
END_TEST

enum twist {
    NONE,
    INTERLEAVED,
    TWICE,
    ZERO,
    HIGH,
    OTHER_C,
    OTHER_H,
    OTHER_N
};

static void make_ids(uint8_t *ids, const struct floppy_layout *layout,
                     enum twist twist)
{
    for (unsigned i = 0; i < layout->sectors; i++) {
        uint8_t *id = ids + 4 * i;

        id[0] = layout->cylinder;
        id[1] = layout->head;
        id[2] = (uint8_t)(i + 1);
        id[3] = layout->size_code;
        if (twist == INTERLEAVED)
            id[2] = (uint8_t)(i / 2 + 1 + i % 2 * (layout->sectors + 1u) / 2);
    }
    switch (twist) {
    case TWICE: ids[2] = ids[6]; break;
    case ZERO: ids[2] = 0; break;
    case HIGH: ids[2] = 200; break;
    case OTHER_C: ids[0]++; break;
    case OTHER_H: ids[1]++; break;
    case OTHER_N: ids[3]++; break;
    default: break;
    }
}

static const struct {
    uint8_t cylinder, head, sectors, size_code, density;
    enum twist twist;
    bool readable;
} formats[] = {
    /* clang-format off */
    {5,  1, 18, 2, FLOPPY_HD, NONE,        true},
    {5,  1, 18, 2, FLOPPY_HD, INTERLEAVED, true},
    {5,  1, 18, 2, FLOPPY_HD, TWICE,       false},
    {5,  1, 18, 2, FLOPPY_HD, ZERO,        false},
    {5,  1, 18, 2, FLOPPY_HD, HIGH,        false},
    {5,  1, 18, 2, FLOPPY_HD, OTHER_C,     false},
    {5,  1, 18, 2, FLOPPY_HD, OTHER_H,     false},
    {5,  1, 18, 2, FLOPPY_HD, OTHER_N,     false},
    {5,  1, 18, 2, FLOPPY_DD, NONE,        false}, /* not from track 0 on */
    {5,  1, 17, 2, FLOPPY_HD, NONE,        false},
    {0,  0, 17, 2, FLOPPY_HD, NONE,        true},
    {0,  0,  9, 2, FLOPPY_DD, NONE,        true},
    {0,  0,  9, 3, FLOPPY_HD, NONE,        true},
    {0,  0, 36, 1, FLOPPY_HD, NONE,        true},
    {0,  0, 18, 2, FLOPPY_ED, NONE,        false}, /* no such diskette */
    {0,  0, 19, 2, FLOPPY_HD, NONE,        false}, /* no room */
    {0,  0, 10, 3, FLOPPY_HD, NONE,        false},
    {0,  0, 48, 0, FLOPPY_HD, NONE,        true},
    {0,  0, 49, 0, FLOPPY_HD, NONE,        false},
    {0,  0,  1, 7, FLOPPY_HD, NONE,        false},
    {0,  0,  0, 2, FLOPPY_HD, NONE,        false},
    {80, 0, 18, 2, FLOPPY_HD, NONE,        false}, /* beyond the image */
    /* clang-format on */
};

START_TEST(formats_that_an_image_can_tell)
{
    for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
        uint8_t ids[4 * 256] = {0};
        struct floppy_layout layout = {formats[i].cylinder,
                                       formats[i].head,
                                       formats[i].sectors,
                                       formats[i].size_code,
                                       formats[i].density,
                                       0xe5,
                                       ids};
        unsigned c = formats[i].cylinder, h = formats[i].head;

        floppy_media_insert(&media, &disk.block, NULL);
        make_ids(ids, &layout, formats[i].twist);
        ck_assert_int_eq(floppy_media_format(&media, &layout), STATUS_OK);
        ck_assert_msg(floppy_media_has_track(&media, c, h) ==
                          formats[i].readable,
                      "row %u", (unsigned)i);
        if (c < 80)
            ck_assert(formats[i].readable == (disk.writes != 0));
        disk.writes = 0;
    }
}
END_TEST

/* Of any values nothing may be touched beyond the image. */
START_TEST(any_layout_is_survived)
{
    uint32_t seed = 5;

    for (unsigned n = 0; n < 20000; n++) {
        uint8_t ids[4 * 256], raw[8];
        struct floppy_layout layout;

        for (unsigned k = 0; k < 8; k++) {
            seed = seed * 1664525u + 1013904223u;
            raw[k] = (uint8_t)(seed >> 24);
        }
        layout = (struct floppy_layout){raw[0] & (n & 1 ? 0xff : 3),
                                        raw[1] & (n & 2 ? 0xff : 1),
                                        raw[2],
                                        raw[3] & (n & 4 ? 0xff : 3),
                                        raw[4] & 3,
                                        raw[5],
                                        ids};
        make_ids(ids, &layout, NONE);
        if (floppy_media_format(&media, &layout) != STATUS_OK)
            ck_abort_msg("try %u", n);
        if (n % 50 == 0)
            floppy_media_insert(&media, &disk.block, NULL);
    }
}
END_TEST

START_TEST(a_loaded_state_is_checked)
{
    struct floppy_media good = media;

    floppy_media_check(&media);
    ck_assert(media.present);
    media.sectors = FLOPPY_SECTORS_MAX + 1;
    floppy_media_check(&media);
    ck_assert(!media.present);
    media = good;
    media.cylinders = FLOPPY_CYLINDERS_MAX + 1;
    floppy_media_check(&media);
    ck_assert(!media.present);
    media = good;
    media.block = NULL; /* nothing was plugged in before the load */
    floppy_media_check(&media);
    ck_assert(!media.present);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("devices/floppy_media");
    TCase *tcase = tcase_create("medium");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, sectors_in_order);
    tcase_add_test(tcase, short_images);
    tcase_add_test(tcase, marks_follow_the_data);
    tcase_add_test(tcase, formats_that_an_image_can_tell);
    tcase_add_test(tcase, any_layout_is_survived);
    tcase_add_test(tcase, a_loaded_state_is_checked);
    suite_add_tcase(suite, tcase);
    return suite;
}
