#include "devices/i8254.h"
#include "devices/port61.h"
#include "tests/devices/chip.h"
#include "tests/suite.h"

#define RATE 48000

static struct bus *ports;
static struct clock *clock;
static struct device *pit, *p61;
static unsigned nmis, frames;
static int lowest, highest;
static unsigned crossings;
static int previous;

static void on_nmi(void *sink, unsigned pin, bool level)
{
    (void)sink;
    (void)pin;
    nmis += level;
}

static void on_sound(struct host_audio *self, const int16_t *samples,
                     size_t count)
{
    (void)self;
    for (size_t i = 0; i < count; i++, frames++) {
        int s = samples[2 * i];

        if (s != samples[2 * i + 1]) /* an assertion a frame is slow */
            ck_abort_msg("left %d, right %d", s, samples[2 * i + 1]);
        lowest = s < lowest ? s : lowest;
        highest = s > highest ? s : highest;
        if (s > 1000 && previous <= 0) {
            crossings++;
            previous = 1;
        }
        if (s < -1000)
            previous = -1;
    }
}

static struct host_audio audio = {on_sound, RATE};

static void setup(void)
{
    struct i8254_config timer = {.name = "pit", .base = 0x40};
    struct port61_config config = {
        .name = "port61", .nmi = {on_nmi, NULL, 0}, .audio = &audio};

    nmis = frames = crossings = 0;
    lowest = highest = previous = 0;
    ck_assert_int_eq(bus_create(&ports), STATUS_OK);
    ck_assert_int_eq(clock_create(&clock, 1000000000), STATUS_OK);
    timer.ports = config.ports = ports;
    timer.clock = config.clock = clock;
    ck_assert_int_eq(i8254_create(&timer, &pit), STATUS_OK);
    config.pit = pit;
    ck_assert_int_eq(port61_create(&config, &p61), STATUS_OK);
}

static void teardown(void)
{
    device_destroy(p61);
    device_destroy(pit);
    clock_destroy(clock);
    bus_destroy(ports);
}

static void pass(uint64_t ns)
{
    uint64_t to = clock->insns + ns;

    while (clock->insns < to) {
        clock_sync(clock, clock->stop_insns < to ? clock->stop_insns : to);
        clock_fire(clock);
    }
}

static void set_timer2(uint16_t count)
{
    bus_write(ports, 0x43, 0xb6, 1);
    bus_write(ports, 0x42, count & 0xff, 1);
    bus_write(ports, 0x42, count >> 8, 1);
}

START_TEST(a_second_of_tone)
{
    set_timer2(1193); /* 1000.15 Hz */
    bus_write(ports, 0x61, 3, 1);
    pass(NS_PER_SEC);
    port61_flush_audio(p61);
    ck_assert_uint_ge(frames, RATE - 1);
    ck_assert_uint_le(frames, RATE);
    ck_assert_uint_ge(crossings, 999);
    ck_assert_uint_le(crossings, 1001);
    ck_assert_int_gt(highest, 5000);
    ck_assert_int_lt(lowest, -5000);
}
END_TEST

START_TEST(silence_is_zero_and_gated_tone_stops)
{
    pass(10000000);
    port61_flush_audio(p61);
    ck_assert_int_eq(lowest, 0);
    ck_assert_int_eq(highest, 0);
    set_timer2(1193);
    bus_write(ports, 0x61, 1, 1); /* the timer runs, the cone does not */
    pass(10000000);
    port61_flush_audio(p61);
    ck_assert_int_eq(highest, 0);
}
END_TEST

/* Pulse width at 16.6 kHz: the mean level follows the width. */
START_TEST(pulse_width_is_level)
{
    bus_write(ports, 0x43, 0x90, 1); /* mode 0, low byte */
    bus_write(ports, 0x61, 3, 1);
    for (unsigned i = 0; i < 2000; i++) {
        bus_write(ports, 0x42, i < 1000 ? 60 : 12, 1);
        pass(60341); /* 72 ticks */
    }
    port61_flush_audio(p61);
    ck_assert_int_gt(highest, 1500);
    ck_assert_uint_gt(frames, 5700);
}
END_TEST

/* Port 61 bits 4 and 5: the refresh toggle turns every 15.1 us. */
START_TEST(refresh_toggles_and_out2_shows)
{
    unsigned turns = 0;
    uint32_t last = bus_read(ports, 0x61, 1) & 0x10;

    for (unsigned i = 0; i < 10000; i++) {
        uint32_t now;

        pass(100);
        now = bus_read(ports, 0x61, 1) & 0x10;
        turns += now != last;
        last = now;
    }
    ck_assert_uint_ge(turns, 65); /* 1 ms / 15.086 us = 66.3 */
    ck_assert_uint_le(turns, 67);
    set_timer2(0);
    bus_write(ports, 0x61, 1, 1);
    ck_assert_uint_eq(bus_read(ports, 0x61, 1) & 0x2f, 0x21);
}
END_TEST

START_TEST(nmi_sources_masks_and_latches)
{
    struct irq_line parity = port61_input(p61, PORT61_PARITY);
    struct irq_line iochk = port61_input(p61, PORT61_IOCHK);
    struct irq_line mask = port61_input(p61, PORT61_NMI_MASK);

    irq_set(&mask, true);
    irq_set(&parity, true);
    ck_assert_uint_eq(nmis, 0);
    ck_assert_uint_eq(bus_read(ports, 0x61, 1) & 0xc0, 0x80);
    irq_set(&mask, false);
    ck_assert_uint_ge(nmis, 1);
    irq_set(&parity, false);
    bus_write(ports, 0x61, 0x0c, 1);
    ck_assert_uint_eq(bus_read(ports, 0x61, 1) & 0xcc, 0x0c);
    irq_set(&iochk, true); /* disabled: not even latched */
    ck_assert_uint_eq(bus_read(ports, 0x61, 1) & 0xc0, 0);
}
END_TEST

#define HEARD_FRAMES 24000

static int16_t heard[HEARD_FRAMES];
static size_t heard_count;

static void keep_sound(struct host_audio *self, const int16_t *samples,
                       size_t count)
{
    (void)self;
    for (size_t i = 0; i < count && heard_count < HEARD_FRAMES; i++)
        heard[heard_count++] = samples[2 * i];
}

/* cos(2 pi x): the series, after reduction. */
static double cosine(double x)
{
    double term = 1, sum = 1, y;

    x -= (double)(long)(x + 0.5);
    y = 2 * 3.14159265358979 * x;
    for (int n = 1; n < 26; n += 2) {
        term *= -y * y / (n * (n + 1));
        sum += term;
    }
    return sum;
}

/* Power of what was heard near one frequency, in a Hann window. */
static double power_at(double hz)
{
    double re = 0, im = 0;

    for (int i = 0; i < HEARD_FRAMES; i++) {
        double turns = hz * i / RATE;
        double w = 0.5 - 0.5 * cosine((double)i / HEARD_FRAMES);

        re += w * heard[i] * cosine(turns);
        im += w * heard[i] * cosine(turns - 0.25);
    }
    return re * re + im * im;
}

/* The harmonics of a high tone lie above what the host can play; folded down
 * they would stand next to it. */
START_TEST(high_tones_do_not_fold)
{
    double tone = 14318180.0 / 12 / 119; /* 10027 Hz */

    audio.put = keep_sound;
    heard_count = 0;
    set_timer2(119);
    bus_write(ports, 0x61, 3, 1);
    pass(NS_PER_SEC / 2 + 1000000);
    port61_flush_audio(p61);
    ck_assert_uint_eq(heard_count, HEARD_FRAMES);
    ck_assert_double_gt(power_at(tone), 1e12);
    ck_assert_double_lt(power_at(5 * tone - RATE), power_at(tone) / 1e6);
    ck_assert_double_lt(power_at(RATE - 3 * tone), power_at(tone) / 1e5);
    ck_assert_double_lt(power_at(9 * tone - 2 * RATE), power_at(tone) / 1e6);
    audio.put = on_sound;
}
END_TEST

START_TEST(survives_random_access)
{
    for (unsigned i = 0; i < random_count(20000) / 200; i++) {
        random_access(ports, clock, 0x61, 1, 100);
        random_access(ports, clock, 0x40, 4, 100);
        port61_flush_audio(p61);
    }
    device_reset(p61);
    ck_assert_uint_eq(bus_read(ports, 0x61, 1) & 0xcf, 0);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("devices/port61");
    TCase *tcase = tcase_create("port");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, a_second_of_tone);
    tcase_add_test(tcase, silence_is_zero_and_gated_tone_stops);
    tcase_add_test(tcase, pulse_width_is_level);
    tcase_add_test(tcase, refresh_toggles_and_out2_shows);
    tcase_add_test(tcase, nmi_sources_masks_and_latches);
    tcase_add_test(tcase, high_tones_do_not_fold);
    tcase_add_test(tcase, survives_random_access);
    suite_add_tcase(suite, tcase);
    return suite;
}
