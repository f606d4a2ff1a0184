#include "frontend/screenshot.h"

#include <png.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/suite.h"

static char folder[] = "/tmp/vitrine-shot-XXXXXX";
static char path[64];

static void setup(void)
{
    strcpy(folder + strlen(folder) - 6, "XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/shot.png", folder);
}

static void teardown(void)
{
    unlink(path);
    ck_assert_int_eq(rmdir(folder), 0); /* no temporary file stayed behind */
}

static uint32_t pixels[7 * 5];

static struct display_frame make_frame(void)
{
    struct display_frame frame = {pixels, 7, 5, 4, 3};
    unsigned i;

    for (i = 0; i < ARRAY_LEN(pixels); i++)
        pixels[i] = i * 0x030711u & 0xffffff;
    return frame;
}

START_TEST(round_trip)
{
    struct display_frame frame = make_frame();
    struct failure failure = {0};
    uint8_t back[sizeof(pixels) / 4 * 3];
    png_image image = {.version = PNG_IMAGE_VERSION};
    unsigned i;

    ck_assert_msg(screenshot_save(path, &frame, &failure), "%s", failure.text);
    ck_assert(png_image_begin_read_from_file(&image, path));
    ck_assert_uint_eq(image.width, 7);
    ck_assert_uint_eq(image.height, 5);
    image.format = PNG_FORMAT_RGB;
    ck_assert(png_image_finish_read(&image, NULL, back, 0, NULL));
    for (i = 0; i < ARRAY_LEN(pixels); i++)
        ck_assert_uint_eq(pixels[i], (uint32_t)back[3 * i] << 16 |
                                         (uint32_t)back[3 * i + 1] << 8 |
                                         back[3 * i + 2]);
}
END_TEST

START_TEST(usual_access_rights)
{
    struct display_frame frame = make_frame();
    struct failure failure = {0};
    struct stat st;

    umask(022);
    ck_assert(screenshot_save(path, &frame, &failure));
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_uint_eq(st.st_mode & 0777, 0644);
}
END_TEST

START_TEST(missing_folder_is_named)
{
    struct display_frame frame = make_frame();
    struct failure failure = {0};

    ck_assert(!screenshot_save("/nonexistent/x.png", &frame, &failure));
    ck_assert_int_eq(failure.exit_status, EXIT_STATUS_HOST);
    ck_assert_str_eq(
        failure.text,
        "cannot write /nonexistent/x.png: no such folder; choose a "
        "file in a folder that you may write to");
}
END_TEST

START_TEST(folder_in_the_place)
{
    struct display_frame frame = make_frame();
    struct failure failure = {0};

    ck_assert(!screenshot_save(folder, &frame, &failure));
    ck_assert_ptr_nonnull(strstr(failure.text, "it is a directory"));
}
END_TEST

START_TEST(full_disk)
{
    struct display_frame frame = make_frame();
    struct failure failure = {0};
    struct stat st;

    ck_assert(!screenshot_save("/dev/full", &frame, &failure));
    ck_assert_ptr_nonnull(strstr(failure.text, "the host disk is full"));
    ck_assert_int_eq(stat("/dev/full", &st), 0);
    ck_assert(S_ISCHR(st.st_mode)); /* the device was not replaced */
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("frontend/screenshot");
    TCase *tcase = tcase_create("screenshot");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, round_trip);
    tcase_add_test(tcase, usual_access_rights);
    tcase_add_test(tcase, missing_folder_is_named);
    tcase_add_test(tcase, folder_in_the_place);
    tcase_add_test(tcase, full_disk);
    suite_add_tcase(suite, tcase);
    return suite;
}
