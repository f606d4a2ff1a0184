#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "frontend/sound.h"
#include "tests/suite.h"

static struct failure failure;
static unsigned logged;

static void take_log(struct log *self, enum log_level level, const char *who,
                     const char *text)
{
    (void)self;
    (void)level;
    (void)who;
    (void)text;
    logged++;
}

static struct log log_sink = {take_log};

START_TEST(header_and_frames)
{
    static const int16_t frames[] = {1, -1, 0x1234, -32768};
    static const uint8_t expected[] = {
        'R', 'I', 'F', 'F',  44, 0, 0, 0,    'W',  'A',  'V',  'E',  'f',
        'm', 't', ' ', 16,   0,  0, 0, 1,    0,    2,    0,    0x80, 0xbb,
        0,   0,   0,   0xee, 2,  0, 4, 0,    16,   0,    'd',  'a',  't',
        'a', 8,   0,   0,    0,  1, 0, 0xff, 0xff, 0x34, 0x12, 0,    0x80};
    char path[] = "/tmp/vitrine-wav-XXXXXX";
    uint8_t bytes[100];
    struct sound *sound;
    FILE *stream;

    close(mkstemp(path));
    ck_assert(sound_wav_create(path, NULL, &sound, &failure));
    ck_assert_uint_eq(sound_input(sound)->rate_hz, 48000);
    sound_input(sound)->put(sound_input(sound), frames, 2);
    sound_close(sound);
    stream = fopen(path, "rb");
    ck_assert_uint_eq(fread(bytes, 1, sizeof(bytes), stream), sizeof(expected));
    ck_assert_mem_eq(bytes, expected, sizeof(expected));
    fclose(stream);
    unlink(path);
}
END_TEST

START_TEST(place_that_cannot_be)
{
    struct sound *sound;

    ck_assert(!sound_wav_create("/nonexistent/x.wav", NULL, &sound, &failure));
    ck_assert_ptr_null(sound);
    ck_assert_int_eq(failure.exit_status, EXIT_STATUS_HOST);
    ck_assert_str_eq(failure.text, "-audio wav:/nonexistent/x.wav: no such "
                                   "folder; choose another file");
}
END_TEST

START_TEST(full_disk_is_told_once)
{
    static const int16_t frames[2 * 4096];
    struct sound *sound;
    unsigned i;

    ck_assert(sound_wav_create("/dev/full", &log_sink, &sound, &failure));
    for (i = 0; i < 10; i++)
        sound_input(sound)->put(sound_input(sound), frames, 4096);
    sound_close(sound);
    ck_assert_uint_eq(logged, 1);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("frontend/sound_wav");
    TCase *tcase = tcase_create("sound_wav");

    tcase_add_test(tcase, header_and_frames);
    tcase_add_test(tcase, place_that_cannot_be);
    tcase_add_test(tcase, full_disk_is_told_once);
    suite_add_tcase(suite, tcase);
    return suite;
}
