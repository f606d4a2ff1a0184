/* Media of a run: what is put in, taken out and put in again. */
#include "frontend/media.h"

#include <stdlib.h>

#include "tests/frontend/fake_machine.h"
#include "tests/frontend/image_files.h"
#include "tests/suite.h"

static struct image_files files;
static struct machine *machine;
static struct media media;
static struct options options;
static struct failure failure;
static char path[128];

static void setup(void)
{
    image_files_init(&files);
    snprintf(path, sizeof(path), "%s",
             image_files_write(&files, "a.img", "x", 1, 1474560));
    machine = fake_machine_create();
    options = (struct options){.floppy[0].path = path, .disk[2].cd = true};
    ck_assert(media_open(&media, &options, NULL, &failure));
}

static void teardown(void)
{
    media_close(&media);
    machine_destroy(machine);
    image_files_deinit(&files);
}

/* The medium that goes out holds the lock of the one that comes in. */
START_TEST(same_file_again)
{
    char other[140];

    ck_assert(media_change_floppy(&media, machine, 0, path, &failure));
    ck_assert_ptr_nonnull(media.floppy[0]);
    ck_assert_ptr_eq(machine->floppy[0], media.floppy[0]);
    snprintf(other, sizeof(other), "%s/link.img", files.folder);
    ck_assert_int_eq(symlink(path, other), 0);
    ck_assert(media_change_floppy(&media, machine, 0, other, &failure));
    ck_assert_str_eq(media.floppy[0]->name, other);
    /* In the other drive it is a file in use. */
    ck_assert(!media_change_floppy(&media, machine, 1, path, &failure));
    ck_assert_ptr_nonnull(strstr(failure.text, "in use"));
    ck_assert_ptr_nonnull(media.floppy[0]);
}
END_TEST

START_TEST(same_file_gone_bad)
{
    ck_assert_int_eq(truncate(path, 0), 0);
    ck_assert(!media_change_floppy(&media, machine, 0, path, &failure));
    ck_assert_ptr_nonnull(strstr(failure.text, "the drive is empty now"));
    ck_assert_ptr_null(media.floppy[0]);
    ck_assert_ptr_null(machine->floppy[0]);
}
END_TEST

START_TEST(failed_change_keeps_the_old)
{
    ck_assert(!media_change_floppy(&media, machine, 0, "/nowhere", &failure));
    ck_assert_ptr_nonnull(media.floppy[0]);
    ck_assert(media_change_floppy(&media, machine, 0, NULL, &failure));
    ck_assert_ptr_null(media.floppy[0]);
    ck_assert_ptr_null(machine->floppy[0]);
}
END_TEST

START_TEST(cd_drives)
{
    static uint8_t volume[32774];
    unsigned drive;
    const char *iso;

    memcpy(volume + 32769, "CD001", 5);
    iso = image_files_write(&files, "cd.iso", volume, sizeof(volume), 65536);
    ck_assert(media_find_cd(&media, &drive, &failure));
    ck_assert_uint_eq(drive, 2);
    for (unsigned i = 0; i < 2; i++)
        ck_assert(media_change_cd(&media, machine, drive, iso, &failure));
    ck_assert_ptr_eq(machine->cd[2], media.disk[2]);
    media.cd[2] = false;
    ck_assert(!media_find_cd(&media, &drive, &failure));
    ck_assert_ptr_nonnull(strstr(failure.text, "-cdrom"));
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("frontend/media");
    TCase *tcase = tcase_create("media");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, same_file_again);
    tcase_add_test(tcase, same_file_gone_bad);
    tcase_add_test(tcase, failed_change_keeps_the_old);
    tcase_add_test(tcase, cd_drives);
    suite_add_tcase(suite, tcase);
    return suite;
}
