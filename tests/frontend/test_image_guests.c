/* What the test disks are taken for, and how they lie on a diskette. */
#include "core/floppy_format.h"
#include "tests/frontend/image_files.h"
#include "tests/suite.h"

#define GUESTS "../shared/guests/"

static const struct {
    const char *path;
    enum image_kind kind;
    uint64_t bytes;                           /* of the medium */
    uint8_t cylinders, heads, sectors, drive; /* of a diskette */
} guests[] = {
    /* clang-format off */
    {"dos/freedos-160K.img",       IMAGE_FLOPPY, 163840,  40, 1,  8, 1},
    {"dos/freedos-180K.img",       IMAGE_FLOPPY, 184320,  40, 1,  9, 1},
    {"dos/freedos-320K.img",       IMAGE_FLOPPY, 327680,  40, 2,  8, 1},
    {"dos/freedos-360K.img",       IMAGE_FLOPPY, 368640,  40, 2,  9, 1},
    {"dos/freedos-640K.img",       IMAGE_FLOPPY, 655360,  80, 2,  8, 4},
    {"dos/freedos-720K.img",       IMAGE_FLOPPY, 737280,  80, 2,  9, 4},
    {"dos/freedos-1200K.img",      IMAGE_FLOPPY, 1228800, 80, 2, 15, 2},
    {"dos/freedos-1.4MB.img",      IMAGE_FLOPPY, 1474560, 80, 2, 18, 4},
    {"dos/freedos13-boot-720K.img", IMAGE_FLOPPY, 737280, 80, 2,  9, 4},
    {"bootsec/bootos-osall-360k.img", IMAGE_FLOPPY, 368640, 40, 2, 9, 1},
    {"bootsec/bootrogue.img",      IMAGE_FLOPPY, 1474560, 80, 2, 18, 4},
    {"bootsec/bootbasic.img",      IMAGE_FLOPPY, 1474560, 80, 2, 18, 4},
    {"bootsec/cubicdoom.img",      IMAGE_FLOPPY, 1474560, 80, 2, 18, 4},
    {"bootsec/fbird.bin",          IMAGE_FLOPPY, 1474560, 80, 2, 18, 4},
    {"bootsec/tetros.img",         IMAGE_FLOPPY, 1474560, 80, 2, 18, 4},
    {"bootsec/floppybird.img",     IMAGE_FLOPPY, 1474560, 80, 2, 18, 4},
    {"bootsec/floppybird.iso",     IMAGE_CD,     1835008,  0, 0,  0, 0},
    {"os/mikeos-4.6.1.flp",        IMAGE_FLOPPY, 1474560, 80, 2, 18, 4},
    {"os/mikeos-4.6.1.iso",        IMAGE_CD,     3311616,  0, 0,  0, 0},
    {"os/kolibri.img",             IMAGE_FLOPPY, 1474560, 80, 2, 18, 4},
    /* clang-format on */
};

static enum status open_guest(const char *name, struct host_block **block,
                              enum image_kind *kind, char *message)
{
    char path[256];
    struct image_config config = {.path = path, .snapshot = true};

    snprintf(path, sizeof(path), "%s%s", GUESTS, name);
    return image_open(&config, block, kind, message, IMAGE_MESSAGE_BYTES);
}

START_TEST(every_disk_is_recognised)
{
    for (size_t i = 0; i < ARRAY_LEN(guests); i++) {
        char message[IMAGE_MESSAGE_BYTES];
        uint8_t boot[FLOPPY_BOOT_BYTES];
        struct floppy_format format;
        struct host_block *block;
        enum image_kind kind;

        ck_assert_msg(open_guest(guests[i].path, &block, &kind, message) ==
                          STATUS_OK,
                      "%s", message);
        ck_assert_msg(
            kind == guests[i].kind && block->size_bytes == guests[i].bytes,
            "%s: %s of %llu bytes", guests[i].path, image_kind_text(kind),
            (unsigned long long)block->size_bytes);
        ck_assert_int_eq(block->ops->read(block, 0, boot, sizeof(boot)),
                         STATUS_OK);
        if (kind == IMAGE_FLOPPY) {
            ck_assert(floppy_format_find(block->size_bytes, boot, &format));
            ck_assert_uint_eq(format.cylinders, guests[i].cylinders);
            ck_assert_uint_eq(format.heads, guests[i].heads);
            ck_assert_uint_eq(format.sectors, guests[i].sectors);
            ck_assert_uint_eq(floppy_format_drive(&format), guests[i].drive);
        }
        block->ops->destroy(block);
    }
}
END_TEST

START_TEST(other_files_are_refused)
{
    static const struct {
        const char *path, *says;
    } rows[] = {{"dos/freedos-hdd-63M.img.xz", "unxz"},
                {"linux/bzImage-6.1.192-i486", "-kernel"},
                {"linux/busybox-i486.cpio.gz", "gunzip"}};

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char message[IMAGE_MESSAGE_BYTES];
        struct host_block *block;
        enum image_kind kind;

        ck_assert_int_eq(open_guest(rows[i].path, &block, &kind, message),
                         STATUS_BAD_FORMAT);
        ck_assert_msg(strstr(message, rows[i].says) != NULL, "%s", message);
    }
}
END_TEST

START_TEST(hard_disk)
{
    struct image_files files;
    struct image_config config = {.snapshot = true};
    struct host_block *block;
    enum image_kind kind;
    char command[256];

    image_files_init(&files);
    config.path = image_files_path(&files, "hd.img");
    snprintf(command, sizeof(command),
             "xz -dc %sdos/freedos-hdd-63M.img.xz > %s", GUESTS, config.path);
    if (system(command) == 0) {
        ck_assert_int_eq(image_open(&config, &block, &kind, NULL, 0),
                         STATUS_OK);
        ck_assert_int_eq(kind, IMAGE_DISK);
        block->ops->destroy(block);
    }
    image_files_deinit(&files);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("frontend/image_guests");
    TCase *tcase = tcase_create("test disks");

    if (access(GUESTS "MANIFEST.md", R_OK) != 0) {
        printf("skipped: no test disks in %s\n", GUESTS);
        exit(TEST_SKIPPED);
    }
    tcase_add_test(tcase, every_disk_is_recognised);
    tcase_add_test(tcase, other_files_are_refused);
    tcase_add_test(tcase, hard_disk);
    suite_add_tcase(suite, tcase);
    return suite;
}
