#include "frontend/sound_ring.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/suite.h"

#define RATE   48000
#define TARGET 2400
#define MOST   7200
#define CHUNK  512

static struct sound_ring *ring;
static double phase;

static void setup(void)
{
    ring = sound_ring_create(TARGET, MOST);
    phase = 0;
}

static void teardown(void)
{
    sound_ring_destroy(ring);
}

/* A tone of about 440 Hz. */
static void put_tone(unsigned count)
{
    int16_t frame[2];

    for (; count > 0; count--) {
        frame[0] = (int16_t)lrint(10000 * sin(phase));
        frame[1] = (int16_t)-frame[0];
        phase += 0.0576;
        sound_ring_put(ring, frame, 1);
    }
}

static int worst_jump(const int16_t *frames, unsigned count, int16_t before)
{
    int worst = 0;
    unsigned i;

    for (i = 0; i < count; i++) {
        int jump = abs(frames[2 * i] - before);

        worst = jump > worst ? jump : worst;
        before = frames[2 * i];
    }
    return worst;
}

/* Two minutes with a device that is faster or slower than the machine's time:
 * after the start never a gap, never a click, never late by more than MOST. */
static void run_with_drift(double drift)
{
    int16_t out[2 * CHUNK] = {0};
    double due = 0;
    unsigned chunk;
    bool was_silent = false;
    bool was_torn = false; /* the two channels belong together */
    int worst = 0;
    unsigned fullest = 0;

    for (chunk = 0; chunk < 120 * RATE / CHUNK; chunk++) {
        int16_t before = out[2 * CHUNK - 2];
        unsigned i;

        due += CHUNK * drift;
        put_tone((unsigned)due);
        due -= (unsigned)due;
        sound_ring_get(ring, out, CHUNK);
        if (worst_jump(out, CHUNK, before) > worst)
            worst = worst_jump(out, CHUNK, before);
        if (sound_ring_fill(ring) > fullest)
            fullest = sound_ring_fill(ring);
        for (i = 0; i < CHUNK; i++)
            was_torn |= out[2 * i] != -out[2 * i + 1];
        if (chunk > 100) {
            int16_t highest = 0;

            for (i = 0; i < CHUNK; i++)
                highest = out[2 * i] > highest ? out[2 * i] : highest;
            was_silent |= highest < 9000;
        }
    }
    ck_assert(!was_silent);
    ck_assert(!was_torn);
    ck_assert_int_lt(worst, 1000);
    ck_assert_uint_le(fullest, MOST);
}

START_TEST(device_is_exact)
{
    run_with_drift(1.0);
    ck_assert_uint_ge(sound_ring_fill(ring), TARGET / 2);
    ck_assert_uint_le(sound_ring_fill(ring), TARGET * 2);
}
END_TEST

START_TEST(device_is_slow)
{
    run_with_drift(1.003);
}
END_TEST

START_TEST(device_is_fast)
{
    run_with_drift(0.997);
}
END_TEST

START_TEST(silence_before_anything_comes)
{
    int16_t out[2 * CHUNK];
    unsigned i;

    memset(out, 1, sizeof(out));
    put_tone(TARGET / 2); /* not enough to begin with */
    sound_ring_get(ring, out, CHUNK);
    for (i = 0; i < 2 * CHUNK; i++)
        ck_assert_int_eq(out[i], 0);
    ck_assert_uint_eq(sound_ring_fill(ring), TARGET / 2);
}
END_TEST

START_TEST(runs_dry_softly)
{
    int16_t out[2 * 8 * TARGET];

    put_tone(TARGET + 10);
    sound_ring_get(ring, out, 8 * TARGET);
    ck_assert_int_lt(worst_jump(out, 8 * TARGET, 0), 1000);
    ck_assert_int_eq(out[2 * 8 * TARGET - 1], 0);
}
END_TEST

START_TEST(flood_is_cut_to_the_newest)
{
    static int16_t frames[2 * 100000];
    int16_t out[2];
    unsigned i;

    for (i = 0; i < 100000; i++)
        frames[2 * i] = (int16_t)(i / 10);
    for (i = 0; i < 100000; i += 1000)
        sound_ring_put(ring, &frames[2 * i], 1000);
    ck_assert_uint_le(sound_ring_fill(ring), MOST);
    sound_ring_put(ring, frames, 100000);
    ck_assert_uint_le(sound_ring_fill(ring), MOST);
    for (i = sound_ring_fill(ring); i > 100; i--)
        sound_ring_get(ring, out, 1);
    ck_assert_int_ge(out[0], 9980);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("frontend/sound_ring");
    TCase *tcase = tcase_create("sound_ring");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 30);
    tcase_add_test(tcase, device_is_exact);
    tcase_add_test(tcase, device_is_slow);
    tcase_add_test(tcase, device_is_fast);
    tcase_add_test(tcase, silence_before_anything_comes);
    tcase_add_test(tcase, runs_dry_softly);
    tcase_add_test(tcase, flood_is_cut_to_the_newest);
    suite_add_tcase(suite, tcase);
    return suite;
}
