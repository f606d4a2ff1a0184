#include "devices/i8254.h"

#include <string.h>

#include "tests/devices/chip.h"
#include "tests/suite.h"

static struct bus *ports;
static struct clock *time_base;
static struct device *pit;
static struct wire wires[I8254_COUNTERS];

/* Counters 0 and 2 have a wire, counter 1 does not. */
static void setup(void)
{
    struct i8254_config config = {
        .name = "pit",
        .base = 0x40,
        .out = {wire_line(wires, 0), {0}, wire_line(wires, 2)},
    };

    memset(wires, 0, sizeof(wires));
    ck_assert_int_eq(bus_create(&ports), STATUS_OK);
    ck_assert_int_eq(clock_create(&time_base, 100000000), STATUS_OK);
    config.ports = ports;
    config.clock = time_base;
    ck_assert_int_eq(i8254_create(&config, &pit), STATUS_OK);
}

static void teardown(void)
{
    device_destroy(pit);
    clock_destroy(time_base);
    bus_destroy(ports);
}

static void out(unsigned port, unsigned value)
{
    bus_write(ports, port, value, 1);
}

static unsigned in(unsigned port)
{
    return bus_read(ports, port, 1);
}

static void gate(unsigned counter, bool level)
{
    struct irq_line line = i8254_gate(pit, counter);

    irq_set(&line, level);
}

static uint64_t now_tick(void)
{
    return i8254_ticks_at(clock_now_ns(time_base));
}

/* On to the next edge of the clock input, `n` times. */
static void ticks(uint64_t n)
{
    run_to(time_base, i8254_ns_of(now_tick() + n));
}

/* Latches a counter that is set to low byte only. */
static unsigned low_byte(unsigned counter)
{
    out(0x43, counter << 6);
    return in(0x40 + counter);
}

static unsigned word(unsigned counter)
{
    unsigned low = in(0x40 + counter);

    return low | in(0x40 + counter) << 8;
}

static unsigned status(unsigned counter)
{
    out(0x43, 0xe0 | 2u << counter);
    return in(0x40 + counter);
}

/* A row of one of the datasheet's timing figures: what happens before the
 * edge, and CE (low byte) and OUT after it. */
struct step {
    int write; /* count byte, or -1 */
    int gate;  /* new level, or -1 */
    int value; /* or -1: undefined */
    bool out;
};

static void follow(unsigned control, const struct step *steps, size_t count)
{
    out(0x43, control);
    for (size_t i = 0; i < count; i++) {
        if (steps[i].write >= 0)
            out(0x40, (unsigned)steps[i].write);
        if (steps[i].gate >= 0)
            gate(0, steps[i].gate);
        ticks(1);
        if (steps[i].value >= 0)
            ck_assert_msg(low_byte(0) == (unsigned)steps[i].value,
                          "step %zu: CE %u, not %d", i, low_byte(0),
                          steps[i].value);
        ck_assert_msg(i8254_out(pit, 0) == steps[i].out, "step %zu: OUT", i);
        ck_assert_msg(wires[0].level == steps[i].out || (control & 6) == 4,
                      "step %zu: wire", i);
    }
}

/* clang-format off */
static const struct step mode0[] = {
    {4, -1, 4, 0}, {-1, -1, 3, 0}, {-1, -1, 2, 0}, {-1, -1, 1, 0},
    {-1, -1, 0, 1}, {-1, -1, 0xff, 1}, {-1, -1, 0xfe, 1},
    /* the gate stops it, a new count restarts it */
    {3, -1, 3, 0}, {-1, 0, 3, 0}, {-1, -1, 3, 0}, {-1, 1, 2, 0},
    {-1, -1, 1, 0}, {2, -1, 2, 0}, {-1, -1, 1, 0}, {-1, -1, 0, 1},
};
static const struct step mode1[] = {
    {3, 0, -1, 1}, {-1, -1, -1, 1}, {-1, 1, 3, 0}, {-1, -1, 2, 0},
    {-1, -1, 1, 0}, {-1, -1, 0, 1}, {-1, 0, 0xff, 1}, {-1, 1, 3, 0},
    {-1, 0, 2, 0}, {-1, 1, 3, 0}, {-1, -1, 2, 0}, {4, -1, 1, 0},
    {-1, -1, 0, 1}, {-1, -1, 0xff, 1}, {-1, 0, 0xfe, 1}, {-1, 1, 4, 0},
};
static const struct step mode2[] = {
    {3, -1, 3, 1}, {-1, -1, 2, 1}, {-1, -1, 1, 0}, {-1, -1, 3, 1},
    {-1, -1, 2, 1}, {-1, -1, 1, 0}, {-1, -1, 3, 1},
    /* gate low lifts OUT at once, its rise reloads */
    {-1, -1, 2, 1}, {-1, 0, 2, 1}, {-1, -1, 2, 1}, {-1, 1, 3, 1},
    {-1, -1, 2, 1},
    /* a new count waits for the end of the period */
    {4, -1, 1, 0}, {-1, -1, 4, 1}, {-1, -1, 3, 1}, {-1, -1, 2, 1},
    {-1, -1, 1, 0}, {-1, -1, 4, 1},
};
static const struct step mode3[] = {
    {4, -1, 4, 1}, {-1, -1, 2, 1}, {-1, -1, 4, 0}, {-1, -1, 2, 0},
    {-1, -1, 4, 1}, {-1, -1, 2, 1}, {-1, -1, 4, 0},
    /* an odd count: one tick more in the high half */
    {5, -1, 2, 0}, {-1, -1, 4, 1}, {-1, -1, 2, 1}, {-1, -1, 0, 1},
    {-1, -1, 4, 0}, {-1, -1, 2, 0}, {-1, -1, 4, 1},
    {-1, -1, 2, 1}, {-1, -1, 0, 1}, {-1, -1, 4, 0},
    {-1, 0, 4, 1}, {-1, 1, 4, 1}, {-1, -1, 2, 1},
};
static const struct step mode4[] = {
    {3, -1, 3, 1}, {-1, -1, 2, 1}, {-1, -1, 1, 1}, {-1, -1, 0, 0},
    {-1, -1, 0xff, 1}, {-1, -1, 0xfe, 1},
    {3, -1, 3, 1}, {-1, 0, 3, 1}, {-1, -1, 3, 1}, {-1, 1, 2, 1},
    {2, -1, 2, 1}, {-1, -1, 1, 1}, {-1, -1, 0, 0}, {2, -1, 2, 1},
};
static const struct step mode5[] = {
    {3, 0, -1, 1}, {-1, -1, -1, 1}, {-1, 1, 3, 1}, {-1, -1, 2, 1},
    {-1, -1, 1, 1}, {-1, -1, 0, 0}, {-1, -1, 0xff, 1},
    {-1, 0, 0xfe, 1}, {-1, 1, 3, 1}, {-1, -1, 2, 1}, {-1, 0, 1, 1},
    {-1, 1, 3, 1}, {-1, -1, 2, 1},
};
/* clang-format on */

START_TEST(figure_of_mode_0)
{
    follow(0x10, mode0, ARRAY_LEN(mode0));
}
END_TEST

START_TEST(figure_of_mode_1)
{
    follow(0x12, mode1, ARRAY_LEN(mode1));
}
END_TEST

START_TEST(figure_of_mode_2)
{
    follow(0x14, mode2, ARRAY_LEN(mode2));
    follow(0x1c, mode2, ARRAY_LEN(mode2)); /* M2 is not looked at */
}
END_TEST

START_TEST(figure_of_mode_3)
{
    follow(0x16, mode3, ARRAY_LEN(mode3));
}
END_TEST

START_TEST(figure_of_mode_4)
{
    follow(0x18, mode4, ARRAY_LEN(mode4));
}
END_TEST

START_TEST(figure_of_mode_5)
{
    follow(0x1a, mode5, ARRAY_LEN(mode5));
}
END_TEST

START_TEST(two_byte_count_of_mode_0_stops_the_counter)
{
    out(0x43, 0x30);
    out(0x40, 2);
    out(0x40, 0);
    ticks(5);
    ck_assert(wires[0].level);
    out(0x40, 0x34);
    ck_assert(!wires[0].level);
    ticks(100);
    out(0x43, 0x00);
    ck_assert_uint_eq(word(0), 0xfffe);
    out(0x40, 0x12);
    ticks(1);
    out(0x43, 0x00);
    ck_assert_uint_eq(word(0), 0x1234);
}
END_TEST

START_TEST(latches_hold_until_read)
{
    out(0x43, 0x34);
    out(0x40, 0x00);
    out(0x40, 0x10);
    ticks(1);
    out(0x43, 0x00);
    ticks(5);
    out(0x43, 0x00); /* ignored: the first is not read yet */
    ck_assert_uint_eq(in(0x40), 0x00);
    ticks(5);
    ck_assert_uint_eq(in(0x40), 0x10);
    ck_assert_uint_eq(word(0), 0x1000 - 10);
    out(0x43, 0xc2); /* status and count */
    ticks(300);
    ck_assert_uint_eq(in(0x40), 0xb4);
    ck_assert_uint_eq(word(0), 0x1000 - 10);
    ck_assert_uint_eq(word(0), 0x1000 - 310);
    out(0x43, 0x00);
    out(0x43, 0x14); /* a control word drops the latch */
    out(0x40, 9);
    ticks(2);
    ck_assert_uint_eq(in(0x40), 8);
}
END_TEST

START_TEST(reads_and_writes_interleave)
{
    out(0x43, 0x34);
    out(0x40, 0x34);
    out(0x40, 0x12);
    ticks(1);
    ck_assert_uint_eq(in(0x40), 0x34);
    out(0x40, 0x78);
    ck_assert_uint_eq(in(0x40), 0x12);
    out(0x40, 0x56);
    ticks(0x1234);
    ck_assert_uint_eq(word(0), 0x5678);
}
END_TEST

START_TEST(status_null_count_and_high_byte_only)
{
    out(0x43, 0x6a); /* counter 1, high byte only, mode 5 */
    ck_assert_uint_eq(status(1), 0xea);
    out(0x41, 0x02);
    ticks(3);
    ck_assert_uint_eq(status(1), 0xea);
    gate(1, false);
    gate(1, true);
    ck_assert_uint_eq(status(1), 0xea);
    ticks(1);
    ck_assert_uint_eq(status(1), 0xaa);
    ck_assert_uint_eq(in(0x41), 0x02);
    ticks(1);
    ck_assert_uint_eq(in(0x41), 0x01);
}
END_TEST

START_TEST(bcd_counts_in_decimal)
{
    out(0x43, 0x35);
    out(0x40, 0x00);
    out(0x40, 0x00); /* 10000 */
    ticks(1);
    ck_assert_uint_eq(word(0), 0);
    ticks(1);
    ck_assert_uint_eq(word(0), 0x9999);
    ticks(998);
    ck_assert_uint_eq(word(0), 0x9001);
    ck_assert_uint_eq(wires[0].rises, 1);
    ticks(9000);
    ck_assert_uint_eq(word(0), 0x0001);
    ck_assert(!i8254_out(pit, 0));
    ticks(1);
    ck_assert_uint_eq(wires[0].rises, 2);
}
END_TEST

START_TEST(rate_is_exact_for_an_hour)
{
    uint64_t hour = UINT64_C(3600) * NS_PER_SEC;

    out(0x43, 0x34);
    out(0x40, 0x00);
    out(0x40, 0x00);
    wires[0].rises = 0;
    run_to(time_base, hour);
    /* 3600 s * 14318180 / 12 / 65536, less the tick of loading */
    ck_assert_uint_eq(wires[0].rises, 65543);
    ck_assert_uint_eq(i8254_ticks_at(hour), UINT64_C(4295454000));
}
END_TEST

START_TEST(ticks_and_nanoseconds_agree)
{
    uint32_t seed = 7;

    for (unsigned i = 0; i < 100000; i++) {
        uint64_t tick = (uint64_t)next_random(&seed) << (i % 20);
        uint64_t ns = i8254_ns_of(tick);

        ck_assert_uint_eq(i8254_ticks_at(ns), tick);
        if (ns)
            ck_assert_uint_eq(i8254_ticks_at(ns - 1), tick - 1);
    }
}
END_TEST

START_TEST(refresh_runs_after_power_on)
{
    uint64_t rises = i8254_rises(pit, 1);

    ticks(18 * 1000 + 1);
    ck_assert_uint_eq(i8254_rises(pit, 1) - rises, 1000);
}
END_TEST

static void note_change(void *self)
{
    unsigned *count = self;

    ++*count;
}

START_TEST(high_ticks_give_the_duty_cycle)
{
    uint64_t start, high;
    unsigned changes = 0;

    i8254_listen(pit, 2, note_change, &changes);
    gate(2, true);
    ck_assert_uint_eq(changes, 1);
    out(0x43, 0x96);
    out(0x42, 7);
    ck_assert_uint_eq(changes, 3);
    start = now_tick() + 1;
    high = i8254_high_ticks(pit, 2, start);
    ck_assert_uint_eq(i8254_high_ticks(pit, 2, start + 4), high + 4);
    ck_assert_uint_eq(i8254_high_ticks(pit, 2, start + 7), high + 4);
    ck_assert_uint_eq(i8254_high_ticks(pit, 2, start + 7003), high + 4003);
}
END_TEST

/* A second model of a counter, written as the datasheet describes one: an
 * edge at a time. */
struct model {
    unsigned mode, ce, cr, n, mod;
    bool out, gate, written, load, counting, armed, null;
    uint64_t rises, high;
};

static void model_level(struct model *m, bool level)
{
    m->rises += level && !m->out;
    m->out = level;
}

static void model_load(struct model *m)
{
    m->n = m->cr;
    m->ce = (m->mode == 3 && m->n % 2 ? m->n - 1 : m->n) % m->mod;
    m->null = m->load = false;
    m->counting = m->armed = true;
}

static void model_square(struct model *m)
{
    bool extra = m->n % 2 && m->out;

    if (m->n != 1 && !(extra && m->ce == 0)) {
        m->ce = (m->ce + m->mod - 2) % m->mod;
        if (m->ce != 0 || extra)
            return;
    }
    if (m->n != 1)
        model_level(m, !m->out);
    model_load(m);
}

static void model_rate(struct model *m)
{
    if (m->ce == 1) {
        model_level(m, true);
        model_load(m);
        return;
    }
    m->ce = (m->ce + m->mod - 1) % m->mod;
    if (m->ce == 1)
        model_level(m, false);
}

static void model_edge(struct model *m)
{
    m->high += m->out;
    if (m->mode >= 4 && !m->out)
        model_level(m, true);
    if (m->load) {
        model_load(m);
        if (m->mode == 1)
            model_level(m, false);
        return;
    }
    if (!m->counting || (!m->gate && m->mode != 1 && m->mode != 5))
        return;
    if (m->mode == 2 || m->mode == 3) {
        (m->mode == 2 ? model_rate : model_square)(m);
        return;
    }
    m->ce = (m->ce + m->mod - 1) % m->mod;
    if (m->ce == 0 && m->armed) {
        m->armed = false;
        model_level(m, m->mode < 4);
    }
}

static void model_program(struct model *m, unsigned control)
{
    m->mode = control >> 1 & 7;
    if (m->mode > 5)
        m->mode -= 4;
    m->mod = control & 1 ? 10000 : 65536;
    m->written = m->load = m->counting = m->armed = false;
    m->null = true;
    m->ce %= m->mod;
    model_level(m, m->mode != 0);
}

static void model_count(struct model *m, unsigned value)
{
    unsigned decimal = (value >> 12) * 1000 + (value >> 8 & 15) * 100 +
                       (value >> 4 & 15) * 10 + (value & 15);

    m->cr = (m->mod == 10000 ? decimal : value) % m->mod;
    if (!m->cr)
        m->cr = m->mod;
    m->null = true;
    if (m->mode == 0)
        model_level(m, false);
    if (m->mode == 0 || m->mode == 4 ||
        ((m->mode == 2 || m->mode == 3) && !m->counting))
        m->load = true;
    m->written = true;
}

static void model_gate(struct model *m, bool level)
{
    if (level && !m->gate && m->written && m->mode != 0 && m->mode != 4)
        m->load = true;
    if (!level && (m->mode == 2 || m->mode == 3))
        model_level(m, true);
    m->gate = level;
}

static void random_step(struct model *m, unsigned counter, uint32_t *seed)
{
    uint32_t r = next_random(seed);
    unsigned control = 0x30 | (r >> 8 & 0xf), value = r >> 16;

    if (r & 0x80)
        value &= 0xff;
    if (m->mod == 10000)
        value = 0;
    if (r % 16 == 0) {
        out(0x43, counter << 6 | control);
        model_program(m, control);
    }
    if (r % 16 < 4) {
        out(0x40 + counter, value & 0xff);
        out(0x40 + counter, value >> 8);
        model_count(m, value);
    }
    if (r % 16 >= 12) {
        gate(counter, r & 0x40);
        model_gate(m, r & 0x40);
    }
}

static void compare(unsigned counter, uint32_t seed)
{
    struct model m = {.gate = counter != 2};
    uint64_t rises, high;

    out(0x43, counter << 6 | 0x34);
    model_program(&m, 0x34);
    rises = i8254_rises(pit, counter) - m.rises;
    high = i8254_high_ticks(pit, counter, now_tick());
    for (unsigned i = 0; i < 3000; i++) {
        unsigned run = next_random(&seed) % (i % 50 ? 300 : 100000);

        random_step(&m, counter, &seed);
        for (unsigned k = 0; k < run; k++)
            model_edge(&m);
        ticks(run);
        ck_assert_msg(i8254_out(pit, counter) == m.out, "OUT, %u", i);
        ck_assert_uint_eq(i8254_rises(pit, counter) - rises, m.rises);
        ck_assert_uint_eq(i8254_high_ticks(pit, counter, now_tick()) - high,
                          m.high);
        ck_assert_uint_eq(status(counter) >> 6, m.out * 2u + m.null);
        out(0x43, counter << 6);
        if (m.mod == 65536 && m.counting)
            ck_assert_uint_eq(word(counter), m.ce);
        else
            word(counter);
    }
}

START_TEST(equals_a_model_that_counts_every_edge)
{
    compare(0, 12345);
    compare(1, 777);
    compare(2, 4711);
}
END_TEST

START_TEST(survives_random_access)
{
    random_access(ports, time_base, 0x40, 4, random_count(200000));
    out(0x43, 0x34);
    out(0x40, 0x00);
    out(0x40, 0x10);
    ticks(1);
    ck_assert_uint_eq(word(0), 0x1000);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("devices/i8254");
    TCase *modes = tcase_create("modes"), *other = tcase_create("other");

    tcase_add_checked_fixture(modes, setup, teardown);
    tcase_add_test(modes, figure_of_mode_0);
    tcase_add_test(modes, figure_of_mode_1);
    tcase_add_test(modes, figure_of_mode_2);
    tcase_add_test(modes, figure_of_mode_3);
    tcase_add_test(modes, figure_of_mode_4);
    tcase_add_test(modes, figure_of_mode_5);
    tcase_add_test(modes, two_byte_count_of_mode_0_stops_the_counter);
    tcase_add_test(modes, equals_a_model_that_counts_every_edge);
    suite_add_tcase(suite, modes);
    tcase_add_checked_fixture(other, setup, teardown);
    tcase_add_test(other, latches_hold_until_read);
    tcase_add_test(other, reads_and_writes_interleave);
    tcase_add_test(other, status_null_count_and_high_byte_only);
    tcase_add_test(other, bcd_counts_in_decimal);
    tcase_add_test(other, rate_is_exact_for_an_hour);
    tcase_add_test(other, ticks_and_nanoseconds_agree);
    tcase_add_test(other, refresh_runs_after_power_on);
    tcase_add_test(other, high_ticks_give_the_duty_cycle);
    tcase_add_test(other, survives_random_access);
    tcase_set_timeout(other, 60);
    suite_add_tcase(suite, other);
    return suite;
}
