#include "tests/devices/fdc_rig.h"
#include "tests/state_copy.h"

/* ---- non-DMA ---- */

static void use_pio(uint8_t threshold, bool fifo_off)
{
    COMMAND(0x03, 0xdf, 0x03);
    COMMAND(0x13, 0, (uint8_t)(fifo_off << 5 | threshold), 0);
}

/* Reads whenever asked, as an interrupt handler that empties the FIFO. */
static unsigned pio_read(uint8_t *to, unsigned limit)
{
    unsigned count = 0;

    while (run_to_irq(1000 * MS)) {
        if (!(in(MSR)&0x20))
            return count;
        ck_assert_uint_eq(in(MSR)&0xf0, 0xf0);
        while ((in(MSR)&0xe0) == 0xe0 && count < limit)
            to[count++] = in(FIFO);
    }
    ck_abort_msg("no interrupt after %u bytes", count);
    return count;
}

START_TEST(pio_read_follows_the_threshold)
{
    static const struct {
        uint8_t threshold;
        bool off;
        unsigned edges; /* for 1024 bytes */
    } rows[] = {{0, true, 1024},
                {0, false, 68},
                {7, false, 128},
                {14, false, 1024},
                {15, false, 1024}};
    uint8_t bytes[2048];

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        use_pio(rows[i].threshold, rows[i].off);
        irq_edges = 0;
        COMMAND(0x46, 0, 0, 0, 1, 2, 2, 0x1b, 0xff);
        ck_assert_uint_eq(in(MSR), 0x70);
        ck_assert_uint_eq(pio_read(bytes, sizeof(bytes)), 1024);
        ck_assert_mem_eq(bytes, disk.data, 1024);
        /* without a terminal count it ends at EOT, with EN */
        ck_assert_msg(irq_edges >= rows[i].edges &&
                          irq_edges <= rows[i].edges + 3,
                      "row %u: %u edges", (unsigned)i, irq_edges);
        EXPECT(0x40, 0x80, 0, 1, 0, 1, 2);
    }
}
END_TEST

START_TEST(pio_read_overruns)
{
    uint8_t bytes[16];
    uint64_t asked;

    use_pio(7, false);
    COMMAND(0x46, 0, 0, 0, 1, 2, 18, 0x1b, 0xff);
    ck_assert(run_to_irq(1000 * MS));
    asked = clock_now_ns(timer);
    while (in(MSR) != 0xd0) {
        clock_skip_to(timer, clock_next_ns(timer));
        clock_fire(timer);
    }
    /* 8 bytes are in, 8 more fit, the next is lost: 9 byte times */
    ck_assert_uint_eq(clock_now_ns(timer) - asked, 9 * 16000);
    EXPECT(0x40, 0x10, 0, 0, 0, 1, 2);
    /* and again, with some bytes fetched */
    COMMAND(0x46, 0, 0, 0, 1, 2, 18, 0x1b, 0xff);
    ck_assert(run_to_irq(1000 * MS));
    for (unsigned i = 0; i < 5; i++)
        bytes[i] = in(FIFO);
    ck_assert_mem_eq(bytes, disk.data, 5);
    run_ns(MS);
    EXPECT(0x40, 0x10, 0, 0, 0, 1, 2);
}
END_TEST

/* The last bytes wait in the FIFO as long as the host likes. */
START_TEST(pio_read_waits_for_the_host)
{
    use_pio(0, false);
    COMMAND(0x46, 0, 0, 0, 1, 2, 1, 0x1b, 0xff);
    for (unsigned i = 0; i < 512 - 15; i++) {
        while ((in(MSR)&0xe0) != 0xe0) {
            clock_skip_to(timer, clock_next_ns(timer));
            clock_fire(timer);
        }
        ck_assert_uint_eq(in(FIFO), disk.data[i]);
    }
    run_ns(1000 * MS);
    for (unsigned i = 512 - 15; i < 512; i++) {
        ck_assert_uint_eq(in(MSR)&0xf0, 0xf0);
        ck_assert_uint_eq(in(FIFO), disk.data[i]);
    }
    EXPECT(0x40, 0x80, 0, 1, 0, 1, 2);
}
END_TEST

START_TEST(pio_write)
{
    uint8_t bytes[1024];
    unsigned sent = 0;

    for (unsigned i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(i * 5 + 1);
    use_pio(7, false);
    COMMAND(0x45, 0, 0, 0, 4, 2, 5, 0x1b, 0xff);
    ck_assert(irq_level); /* asked at once */
    while (run_to_irq(1000 * MS) && (in(MSR)&0x20)) {
        while ((in(MSR)&0xe0) == 0xa0 && sent < sizeof(bytes))
            out(FIFO, bytes[sent++]);
        ck_assert(!irq_level); /* full, or all there */
    }
    ck_assert_uint_eq(sent, 1024);
    EXPECT(0x40, 0x80, 0, 1, 0, 1, 2);
    ck_assert_mem_eq(disk.data + 512 * 3, bytes, 1024);
    /* more bytes than asked for go nowhere */
    COMMAND(0x45, 0, 0, 0, 4, 2, 5, 0x1b, 0xff);
    for (unsigned i = 0; i < 100000; i++)
        out(FIFO, 0x99);
    run_ns(1000 * MS);
    EXPECT(0x40, 0x10, 0, 0, 0, 4, 2); /* underrun */
    ck_assert_mem_eq(disk.data + 512 * 3, bytes, 1024);
}
END_TEST

START_TEST(pio_format_and_scan)
{
    unsigned sent = 0;

    use_pio(15, false);
    COMMAND(0x4d, 0, 2, 18, 0x50, 0xe5);
    while (run_to_irq(1000 * MS) && (in(MSR)&0x20)) {
        static const uint8_t id[4] = {0, 0, 0, 2};

        while ((in(MSR)&0xe0) == 0xa0) {
            out(FIFO, sent % 4 == 2 ? (uint8_t)(sent / 4 + 1) : id[sent % 4]);
            sent++;
        }
    }
    ck_assert_uint_eq(sent, 72);
    ck_assert_uint_eq(result(7)[0], 0);
    ck_assert_uint_eq(disk.data[512 * 18 - 1], 0xe5);
    COMMAND(0x51, 0, 0, 0, 1, 2, 1, 0x1b, 1);
    while (run_to_irq(1000 * MS) && (in(MSR)&0x20)) {
        while ((in(MSR)&0xe0) == 0xa0)
            out(FIFO, 0xe5);
    }
    EXPECT(0, 0, 0x08, 0, 0, 1, 2);
}
END_TEST

/* ---- the whole ---- */

static uint64_t run_script(uint64_t rate_hz)
{
    uint64_t hash = STATE_HASH_INIT;

    setup();
    clock_set_rate(timer, rate_hz);
    seek(3);
    start_dma(512 * 20, true);
    read_data(0xc6, 3, 0, 1, 18);
    hash = state_hash_bytes(hash, result(7), 7);
    start_dma(512, false);
    read_data(0x49, 3, 0, 1, 18);
    hash = state_hash_bytes(hash, result(7), 7);
    hash = state_hash(hash, fdc, fdc->class->state);
    hash = state_hash_bytes(hash, channel.memory, sizeof(channel.memory));
    teardown();
    return hash;
}

/* The same calls at the same times give the same machine. */
START_TEST(runs_repeat)
{
    uint64_t once = run_script(100000000);

    ck_assert_uint_eq(once, run_script(100000000));
    ck_assert_uint_eq(once, run_script(1000000000));
}
END_TEST

/* What of a long transfer is left, run to its end. */
static uint64_t finish_script(void)
{
    uint64_t hash;

    ck_assert(run_to_irq(3000 * MS));
    hash = state_hash_bytes(STATE_HASH_INIT, result(7), 7);
    hash = state_hash_bytes(hash, channel.memory, sizeof(channel.memory));
    hash = state_hash_bytes(hash, &(uint64_t){clock_now_ns(timer)}, 8);
    return state_hash(hash, fdc, fdc->class->state);
}

/* A state that is loaded at any time goes on as it did. */
START_TEST(snapshot_goes_on)
{
    const struct state_field *table = fdc->class->state;
    uint8_t *saved = malloc(state_copy_bytes(table));

    for (unsigned i = 0; i < 60; i++) {
        uint64_t end;
        struct clock then;
        struct channel memory;

        seek(2);
        start_dma((size_t)512 * 18, true);
        COMMAND(0x46, 0, 2, 0, 1, 2, 18, 0x1b, 0xff);
        run_ns(i * 3333333u);
        if (irq_level) {
            result(7);
            continue;
        }
        then = *timer;
        memory = channel;
        state_copy(fdc, saved, false, table);
        end = finish_script();
        *timer = then;
        channel = memory;
        clock_clear(timer);
        state_copy(fdc, saved, true, table);
        fdc->class->loaded(fdc);
        ck_assert_uint_eq(finish_script(), end);
    }
    free(saved);
}
END_TEST

/* A state made up by somebody: any bytes load and run without harm. */
START_TEST(hostile_states)
{
    const struct state_field *table = fdc->class->state;
    size_t bytes = state_copy_bytes(table);
    uint8_t *state = malloc(bytes);
    struct clock then = *timer;
    uint32_t seed = 777;

    for (unsigned n = 0; n < 3000; n++) {
        state_copy(fdc, state, false, table);
        for (unsigned k = 0; k < 200; k++) {
            seed = seed * 1664525u + 1013904223u;
            state[seed % bytes] = (uint8_t)(seed >> 24 & (n % 2 ? 0xff : 1));
        }
        *timer = then;
        clock_clear(timer);
        state_copy(fdc, state, true, table);
        fdc->class->loaded(fdc);
        for (unsigned k = 0; k < 50; k++) {
            out(BASE + (k & 7), (uint8_t)(k * 37));
            in(BASE + (k & 7));
            if (clock_next_ns(timer) < UINT64_C(1) << 50)
                clock_skip_to(timer, clock_next_ns(timer));
            clock_fire(timer);
        }
    }
    free(state);
}
END_TEST

static uint32_t next_random(uint32_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed;
}

static const uint8_t likely[] = {0x46, 0xe6, 0x4c, 0x42, 0x45, 0xc9, 0x56,
                                 0x51, 0xd9, 0x5d, 0x4a, 0x4d, 0x07, 0x0f,
                                 0x8f, 0x08, 0x03, 0x13, 0x0e, 0x12};

static void random_access(uint32_t *seed)
{
    uint32_t r = next_random(seed);
    uint8_t byte = (uint8_t)(r >> 24);

    switch (r % 16) {
    case 0: out(BASE + (r >> 8 & 7), byte); break;
    case 1: start_dma(r >> 8 & 0x3fff, r & 0x10000); break;
    case 2: out(DOR, byte | 0x1c); break;
    case 3: run_ns(r >> 4); break;
    case 4: out(FIFO, likely[byte % sizeof(likely)]); break;
    case 5: in(BASE + (r >> 8 & 7)); break;
    case 6:
        if (byte < 2)
            fdc82077_eject(fdc, byte);
        break;
    case 7:
        if (byte < 4)
            fdc82077_insert(fdc, 0, &disk.block, NULL);
        break;
    case 8: run_ns(r >> 14); break;
    case 9: disk.fail_at = byte < 8 ? 1 : 0; break;
    case 10: in(FIFO); break;
    default: out(FIFO, byte & (r & 0x100 ? 0x03 : 0xff)); break;
    }
}

/* VITRINE_FUZZ=n: n million accesses. */
START_TEST(random_accesses)
{
    const char *text = getenv("VITRINE_FUZZ");
    unsigned long millions = text ? strtoul(text, NULL, 10) : 1;
    uint32_t seed = 12345;

    for (unsigned long n = 0; n < millions * 1000000; n++)
        random_access(&seed);
    fdc82077_insert(fdc, 0, &disk.block, NULL);
    disk.fail_at = 0;
    out(DOR, 0x00);
    start(RATE_500K);
    COMMAND(0x4a, 0);
    ck_assert(run_to_irq(1000 * MS));
    result(7);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("devices/fdc82077_fifo");
    const TTest *const ready[] = {pio_read_follows_the_threshold,
                                  pio_read_overruns,
                                  pio_read_waits_for_the_host,
                                  pio_write,
                                  pio_format_and_scan,
                                  snapshot_goes_on,
                                  hostile_states,
                                  random_accesses,
                                  NULL};
    const TTest *const own[] = {runs_repeat, NULL};

    add(suite, "with a disk ready", setup, teardown, ready);
    add(suite, "own set-up", NULL, NULL, own);
    return suite;
}
