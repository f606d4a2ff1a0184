/* A recorded run, replayed: equal to the last bit, or the difference named. */
#include "machine/replay.h"

#include <stdio.h>

#include "machine/debug.h"
#include "machine/replay_int.h"
#include "tests/fake_block.h"
#include "tests/machine/replay_memory.h"
#include "tests/suite.h"

#define MESSAGE 1024
#define MS      UINT64_C(1000000)
#define FLOPPY  KIB(1440)
#define RATE    5000000u
#define CHECK   1000000u

static struct replay_memory memory;
static struct fake_block media[3]; /* drive A, disk hda, what is inserted */
static uint8_t *kept;              /* content of media[0] at the start */
static char message[MESSAGE];
static uint64_t last_hash;
static size_t setup_bytes; /* of the log: before the first input */

static void setup(void)
{
    size_t bytes;
    const uint8_t *demo = machine_demo_disk(&bytes);

    replay_memory_init(&memory);
    fake_block_init(&media[0], FLOPPY);
    fake_block_init(&media[1], MIB(2));
    fake_block_init(&media[2], FLOPPY);
    ck_assert_uint_le(bytes, FLOPPY);
    memcpy(media[0].data, demo, bytes);
    kept = malloc(FLOPPY);
    memcpy(kept, media[0].data, FLOPPY);
    media[0].block.name = "a.img";
    media[2].block.name = "other.img";
}

static void teardown(void)
{
    for (unsigned i = 0; i < ARRAY_LEN(media); i++)
        fake_block_deinit(&media[i]);
    free(kept);
    replay_memory_deinit(&memory);
}

static struct machine *make(struct machine_config *config)
{
    struct machine *m;

    ck_assert_msg(machine_create(config, &m, message, MESSAGE) == STATUS_OK,
                  "%s", message);
    return m;
}

static struct machine_config usual(void)
{
    return (struct machine_config){
        .board = MACHINE_PC,
        .cpu = "486",
        .ram_bytes = MIB(4),
        .insns_per_sec = RATE,
        .start_time_sec = -5,
        .floppy = {&media[0].block},
        .disk = {&media[1].block},
        .cd = {[2] = true},
        .nic = {.model = MACHINE_NIC_PCI, .address = {2, 0, 0, 0, 0, 1}},
        .boot_order = "ac",
    };
}

/* Several instructions within a nanosecond. */
static void use_fast(struct machine *m)
{
    uint64_t ns = machine_now_ns(m);

    machine_set_rate(m, UINT64_C(7000000000));
    for (unsigned i = 1; i < 20; i++) {
        machine_run(m, ns += 2000 * i + 1);
        machine_key(m, PS2_KEY_F1, i & 1);
    }
    machine_set_rate(m, RATE);
}

/* A debugger that changes things. */
static void debug(struct machine *m)
{
    static const uint8_t bytes[16] = {1, 2, 3, 4, 5, 6, 7, 8};
    const struct machine_range range = {MACHINE_PHYSICAL, 0x4ff0, 16, false};

    ck_assert(machine_set_register(m, DEBUG_EDX, 0x1234));
    ck_assert_uint_eq(machine_write_memory(m, &range, bytes), 16);
    machine_set_st(m, 1, bytes);
    machine_write_port(m, 0x80, 0x55, 1);
    machine_read_port(m, 0x60, 1);
}

/* What somebody does, at its times. */
static void use(struct machine *m, unsigned step)
{
    static const enum ps2_key keys[] = {PS2_KEY_RET, PS2_KEY_DOWN, PS2_KEY_T,
                                        PS2_KEY_PAUSE, PS2_KEY_ESC};

    machine_key(m, keys[step % 5], true);
    machine_mouse(m, (int)step, -(int)step, 1, step & 3);
    machine_serial_in(m, step % 5, (uint8_t)step); /* 4: not there */
    machine_net_in(m, media[0].data, 60 + step);
    if (step % 4 != 3)
        machine_key(m, keys[step % 5], false);
    else
        machine_release_keys(m);
    switch (step) {
    case 5: use_fast(m); break;
    case 7: machine_insert_floppy(m, 0, NULL); break;
    case 8: machine_insert_floppy(m, 0, &media[2].block); break;
    case 9: machine_insert_cd(m, 2, &media[2].block); break;
    case 10: machine_insert_cd(m, 3, &media[2].block); break; /* no drive */
    case 11: debug(m); break;
    case 12: machine_insert_floppy(m, 0, &media[0].block); break;
    case 14: machine_reset(m); break;
    case 16: machine_power_button(m); break;
    default: break;
    }
}

static struct recorder *start_recording(struct machine_config *config)
{
    struct recorder *recorder;

    ck_assert_int_eq(recorder_create(&memory.out, &recorder), STATUS_OK);
    recorder_check_every(recorder, CHECK);
    config->recorder = recorder;
    return recorder;
}

static void record(struct machine_config config)
{
    struct recorder *recorder = start_recording(&config);
    struct machine *m = make(&config);
    uint64_t ns;

    setup_bytes = memory.size;
    use(m, 0);
    for (unsigned step = 1; step < 20; step++) {
        /* Odd ends, so that instants are no round numbers. */
        ns = machine_now_ns(m);
        for (unsigned i = 0; i < 20; i++)
            machine_run(m, ns += 10 * MS + i * 333 + step);
        use(m, step);
    }
    machine_run(m, machine_now_ns(m) + 1);
    last_hash = machine_state_hash(m);
    recorder_end(recorder);
    ck_assert_int_eq(recorder_status(recorder), STATUS_OK);
    machine_destroy(m);
    recorder_destroy(recorder);
}

static struct host_block *open_medium(void *context, unsigned place,
                                      const struct replay_medium *medium,
                                      char *text, size_t size)
{
    struct host_block *block = &media[2].block;

    (void)context;
    (void)place;
    if (strcmp(medium->name, "other.img") != 0)
        block = &media[0].block;
    return replay_medium_fits(medium, block, text, size) ? block : NULL;
}

/* Replays in steps of `step_ns`, somebody playing about with it. */
static struct replayer *replay(uint64_t step_ns, struct replay_outcome *outcome)
{
    const struct replay_host host = {open_medium, NULL};
    struct machine_config config = {0};
    struct replayer *replayer;
    struct machine *m;
    uint64_t ns = 0;

    if (replayer_create(&memory.in, &host, &replayer, message, MESSAGE) !=
        STATUS_OK)
        return NULL;
    replayer_configure(replayer, &config);
    config.floppy[0] = &media[0].block;
    config.disk[0] = &media[1].block;
    if (machine_create(&config, &m, message, MESSAGE) != STATUS_OK) {
        replayer_destroy(replayer);
        return NULL;
    }
    while (machine_run(m, ns += step_ns) != MACHINE_REPLAY_OVER) {
        ck_assert(machine_key(m, PS2_KEY_X, true));
        ck_assert(machine_mouse(m, 1, 1, 0, 7));
        ck_assert(machine_serial_in(m, 0, 'x'));
        machine_release_keys(m);
        machine_reset(m);
        machine_power_button(m);
        machine_insert_floppy(m, 0, NULL);
        machine_set_rate(m, 1000);
        ck_assert_uint_lt(ns, UINT64_C(60000) * MS);
    }
    ck_assert_int_eq(machine_run(m, ns + step_ns), MACHINE_REPLAY_OVER);
    replayer_get_outcome(replayer, outcome);
    if (outcome->result == REPLAY_EQUAL)
        ck_assert_uint_eq(machine_state_hash(m), last_hash);
    machine_destroy(m);
    return replayer;
}

static void restore(void)
{
    memcpy(media[0].data, kept, FLOPPY);
}

START_TEST(replays_equal)
{
    static const uint64_t steps[] = {MS, 777777, 40000 * MS};
    struct replay_outcome outcome;

    record(usual());
    restore();
    replayer_destroy(replay(steps[_i], &outcome));
    ck_assert_msg(outcome.result == REPLAY_EQUAL, "%d %s", outcome.result,
                  message);
    ck_assert_uint_ge(outcome.checks, 5);
}
END_TEST

/* The recorder leaves no trace in the machine. */
START_TEST(recorded_as_unrecorded)
{
    struct machine_config config = usual(), recorded = usual();
    struct recorder *recorder = start_recording(&recorded);
    struct machine *a = make(&config), *b = make(&recorded);

    for (uint64_t ns = MS; ns < 2000 * MS; ns += 100 * MS) {
        machine_run(a, ns);
        machine_run(b, ns);
        machine_key(a, PS2_KEY_A, ns % 200 * MS > 0);
        machine_key(b, PS2_KEY_A, ns % 200 * MS > 0);
        ck_assert_uint_eq(machine_state_hash(a), machine_state_hash(b));
    }
    machine_destroy(a);
    machine_destroy(b);
    recorder_destroy(recorder);
}
END_TEST

START_TEST(configuration_comes_back)
{
    static uint8_t bios[KIB(64)], vgabios[KIB(32)];
    const struct replay_host host = {open_medium, NULL};
    struct machine_config config = usual(), got = {0};
    struct host_char port = {0};
    struct replayer *replayer;

    bios[5] = vgabios[6] = 7;
    config.board = MACHINE_ISAPC;
    config.nic.model = MACHINE_NIC_ISA;
    config.nic.base = 0x340;
    config.nic.irq = 5;
    config.cpu = "386";
    config.insns_per_sec = 3300000;
    config.exit_port = true;
    config.serial[2] = config.parallel = &port;
    config.bios = bios;
    config.bios_bytes = sizeof(bios);
    config.vgabios = vgabios;
    config.vgabios_bytes = sizeof(vgabios);
    media[1].block.read_only = true;
    record(config);
    ck_assert_int_eq(
        replayer_create(&memory.in, &host, &replayer, message, MESSAGE),
        STATUS_OK);
    replayer_configure(replayer, &got);
    ck_assert_int_eq(got.board, MACHINE_ISAPC);
    ck_assert_str_eq(got.cpu, "386");
    ck_assert_str_eq(got.boot_order, "ac");
    ck_assert_uint_eq(got.ram_bytes, MIB(4));
    ck_assert_uint_eq(got.insns_per_sec, 3300000);
    ck_assert_int_eq(got.start_time_sec, -5);
    ck_assert(got.exit_port && got.serial[2] && !got.serial[3] && got.parallel);
    ck_assert(got.cd[2] && !got.cd[0]);
    ck_assert_int_eq(got.nic.model, MACHINE_NIC_ISA);
    ck_assert_uint_eq(got.nic.base, 0x340);
    ck_assert_uint_eq(got.nic.irq, 5);
    ck_assert_uint_eq(got.nic.address[5], 1);
    ck_assert(!got.own_bios && !got.own_vgabios);
    ck_assert_uint_eq(got.bios_bytes, sizeof(bios));
    ck_assert_mem_eq(got.bios, bios, sizeof(bios));
    ck_assert_uint_eq(got.vgabios_bytes, sizeof(vgabios));
    ck_assert_mem_eq(got.vgabios, vgabios, sizeof(vgabios));
    ck_assert(replayer_medium(replayer, 2)->read_only);
    ck_assert_str_eq(replayer_medium(replayer, 0)->name, "a.img");
    ck_assert(!replayer_medium(replayer, 1)->present);
    replayer_destroy(replayer);
}
END_TEST

/* The log once more, with one record changed by `change` (false: left out). */
static void rewrite(bool (*change)(struct replay_record *record, unsigned n))
{
    struct replay_memory old = memory;
    struct replay_reader *r;
    struct replay_writer *w;
    struct replay_record record;

    old.in.read = memory.in.read;
    replay_memory_init(&memory);
    ck_assert_int_eq(replay_reader_create(&old.in, &r, message, MESSAGE),
                     STATUS_OK);
    ck_assert_int_eq(replay_writer_create(&memory.out, &w), STATUS_OK);
    for (unsigned n = 0;
         replay_reader_get(r, &record, message, MESSAGE) == REPLAY_GOT_RECORD;
         n++) {
        if (change(&record, n))
            replay_writer_put(w, &record);
    }
    replay_writer_flush(w);
    replay_writer_destroy(w);
    replay_reader_destroy(r);
    replay_memory_deinit(&old);
}

/* One key that was not pressed. */
static bool drop_key(struct replay_record *record, unsigned n)
{
    static bool dropped;

    if (n == 0)
        dropped = false;
    if (dropped || record->kind != REPLAY_KEY || record->ns < 600 * MS)
        return true;
    dropped = true;
    return false;
}

static uint64_t changed_at;

static bool change_third_check(struct replay_record *record, unsigned n)
{
    static unsigned checks;

    if (n == 0)
        checks = 0;
    if (record->kind == REPLAY_CHECK && ++checks == 3) {
        record->number[0] ^= 1;
        changed_at = record->insns;
    }
    return true;
}

static bool shift_input(struct replay_record *record, unsigned n)
{
    (void)n;
    if (record->kind == REPLAY_RESET)
        record->ns += 1;
    return true;
}

static bool drop_end(struct replay_record *record, unsigned n)
{
    (void)n;
    return record->kind != REPLAY_END;
}

static bool keep_all(struct replay_record *record, unsigned n)
{
    (void)record;
    (void)n;
    return true;
}

START_TEST(differences_are_named)
{
    static const struct {
        bool (*change)(struct replay_record *record, unsigned n);
        enum replay_result result;
        const char *text;
    } rows[] = {
        {drop_key, REPLAY_DIFFERS, "differs from"},
        {change_third_check, REPLAY_DIFFERS, "state hash"},
        {shift_input, REPLAY_DIFFERS, "differs from"},
        {drop_end, REPLAY_BROKEN, ""},
        {keep_all, REPLAY_EQUAL, ""},
    };
    struct replay_outcome outcome;
    struct replayer *replayer;
    char count[40];

    record(usual());
    rewrite(rows[_i].change);
    restore();
    replayer = replay(MS, &outcome);
    ck_assert_msg(outcome.result == rows[_i].result, "%d %s", outcome.result,
                  outcome.message);
    if (rows[_i].text[0])
        ck_assert_msg(strstr(outcome.message, rows[_i].text), "%s",
                      outcome.message);
    snprintf(count, sizeof(count), "at instruction %llu ",
             (unsigned long long)changed_at);
    if (rows[_i].change == change_third_check) {
        ck_assert_uint_eq(changed_at, 3 * CHECK);
        ck_assert_ptr_nonnull(strstr(outcome.message, count));
        ck_assert_uint_eq(outcome.checks, 2);
    }
    replayer_destroy(replayer);
}
END_TEST

/* Whatever was flushed before the recorder was killed. */
START_TEST(killed_recorder)
{
    struct replay_outcome outcome;
    uint64_t insns = 0;
    size_t size;

    record(usual());
    size = memory.size;
    for (unsigned i = 0; i < 4; i++) {
        memory.size = setup_bytes + (size - setup_bytes) * i / 4;
        restore();
        replayer_destroy(replay(10 * MS, &outcome));
        ck_assert_int_eq(outcome.result, REPLAY_BROKEN);
        ck_assert_uint_ge(outcome.insns, insns);
        insns = outcome.insns;
    }
    ck_assert_uint_gt(insns, 0);
}
END_TEST

/* A medium that failed fails again, at the same call, though it is good. */
START_TEST(failures_of_media)
{
    struct replay_outcome outcome;

    media[0].fail_at = (unsigned)_i;
    record(usual());
    ck_assert_uint_eq(media[0].fail_at, 0);
    restore();
    replayer_destroy(replay(MS, &outcome));
    ck_assert_msg(outcome.result == REPLAY_EQUAL, "%d %s", outcome.result,
                  outcome.message);
    /* And one that did not fail then is the host's trouble now. */
    restore();
    media[0].fail_at = 30;
    replayer_destroy(replay(MS, &outcome));
    ck_assert_int_eq(outcome.result, REPLAY_FAILED);
}
END_TEST

START_TEST(media_are_recognized)
{
    struct replay_medium medium;

    replay_medium_look(&media[0].block, &medium);
    ck_assert(replay_medium_fits(&medium, &media[0].block, message, MESSAGE));
    media[0].data[FLOPPY - 1] ^= 1;
    ck_assert(!replay_medium_fits(&medium, &media[0].block, message, MESSAGE));
    ck_assert_ptr_nonnull(strstr(message, "-snapshot"));
    ck_assert(!replay_medium_fits(&medium, &media[1].block, message, MESSAGE));
    ck_assert_ptr_nonnull(strstr(message, "bytes"));
    ck_assert(!replay_medium_fits(&medium, NULL, message, MESSAGE));
    replay_medium_look(NULL, &medium);
    ck_assert(replay_medium_fits(&medium, NULL, message, MESSAGE));
    ck_assert(!replay_medium_fits(&medium, &media[1].block, message, MESSAGE));
}
END_TEST

static enum status read_sparse(struct host_block *self, uint64_t offset,
                               void *buffer, size_t size)
{
    const struct fake_block *fake = (const struct fake_block *)self;

    fake_block_check(self, offset, size);
    memset(buffer, 0, size);
    for (size_t i = 0; i < size; i++)
        if (fake->calls == 1 && offset + i == self->size_bytes - 1)
            ((uint8_t *)buffer)[i] = 1;
    return STATUS_OK;
}

/* A large one is sampled, its ends whole. */
START_TEST(large_media)
{
    static const struct host_block_ops ops = {.read = read_sparse};
    struct fake_block large = {
        .block = {&ops, 100 * UINT64_C(1000000001), false, NULL}};
    uint64_t hash = replay_hash_medium(&large.block);

    large.calls = 1;
    ck_assert_uint_ne(replay_hash_medium(&large.block), hash);
    large.block.size_bytes = REPLAY_WHOLE_BYTES + 1;
    replay_hash_medium(&large.block);
}
END_TEST

START_TEST(full_disk_stops_the_recording_only)
{
    struct machine_config config = usual();
    struct recorder *recorder;
    struct machine *m;
    struct replay_outcome outcome;

    memory.full_at = KIB(128);
    recorder = start_recording(&config);
    m = make(&config);
    memory.full_at = memory.size + 20;
    for (unsigned i = 0; i < 3000; i += 10)
        ck_assert_int_eq(machine_run(m, i * MS), MACHINE_TIME_UP);
    recorder_end(recorder);
    ck_assert_int_eq(recorder_status(recorder), STATUS_NO_SPACE);
    machine_destroy(m);
    recorder_destroy(recorder);
    restore();
    replayer_destroy(replay(MS, &outcome));
    ck_assert_int_eq(outcome.result, REPLAY_BROKEN);
}
END_TEST

/* Hostile logs: records of the right shape with any numbers. */
START_TEST(random_inputs)
{
    static const enum replay_kind kinds[] = {
        REPLAY_KEY,          REPLAY_RELEASE_KEYS,
        REPLAY_MOUSE,        REPLAY_SERIAL,
        REPLAY_RESET,        REPLAY_POWER_BUTTON,
        REPLAY_MEDIUM,       REPLAY_RATE,
        REPLAY_CHECK,        REPLAY_MARK,
        REPLAY_FAILURE,      REPLAY_SET_RAM,
        REPLAY_MEDIUM,       REPLAY_RATE,
        REPLAY_FRAME,        REPLAY_DEBUG_REGISTER,
        REPLAY_DEBUG_ST,     REPLAY_DEBUG_XMM,
        REPLAY_DEBUG_MEMORY, REPLAY_DEBUG_PORT};
    struct machine_config config = usual();
    struct recorder *recorder = start_recording(&config);
    struct machine *m = make(&config);
    uint32_t seed = 77 + (uint32_t)_i;
    size_t start = memory.size;

    machine_destroy(m);
    recorder_destroy(recorder);
    for (unsigned round = 0; round < 10; round++) {
        struct replay_memory tail;
        struct replay_writer *w;
        struct replay_outcome outcome;
        uint64_t ns = 0;

        replay_memory_init(&tail);
        ck_assert_int_eq(replay_writer_create(&tail.out, &w), STATUS_OK);
        for (unsigned i = 0; i < 20; i++) {
            struct replay_record record = {.ns = ns, .insns = ns / 10};

            seed = seed * 1664525u + 1013904223u;
            record.kind = kinds[(seed >> 20) % ARRAY_LEN(kinds)];
            for (unsigned k = 0; k < 5; k++) {
                seed = seed * 1664525u + 1013904223u;
                record.number[k] = seed >> 31 ? seed >> 28 & 7
                                   : seed >> 30 & 1
                                       ? seed
                                       : (uint64_t)seed << 32 | ~seed;
            }
            if (replay_bytes_most(record.kind)) {
                record.bytes = media[1].data;
                record.size = seed % (replay_bytes_most(record.kind) + 1);
                if (seed & 0x1000)
                    record.size %= 17;
            }
            replay_writer_put(w, &record);
            if (seed >> 27 & 1)
                ns += 10 * (seed & 0xfffff);
        }
        replay_writer_flush(w);
        replay_writer_destroy(w);
        memory.size = start;
        replay_memory_write(&memory.out, tail.bytes + 16, tail.size - 16);
        replay_memory_deinit(&tail);
        restore();
        replayer_destroy(replay(MS, &outcome));
        ck_assert_int_ne(outcome.result, REPLAY_RUNNING);
        ck_assert_int_ne(outcome.result, REPLAY_EQUAL);
    }
}
END_TEST

static uint32_t setup_seed;

/* Now and then another number, another length, or no record at all. */
static bool spoil(struct replay_record *record, unsigned n)
{
    (void)n;
    setup_seed = setup_seed * 1664525u + 1013904223u;
    if (setup_seed >> 24 > 40 || record->insns > 0)
        return true;
    if (setup_seed >> 12 & 1)
        record->size /= 2;
    else
        record->number[setup_seed >> 8 & 3] =
            setup_seed >> 10 & 1 ? setup_seed & 7 : ~(uint64_t)setup_seed;
    return setup_seed >> 20 & 7;
}

/* A log that describes no machine, or one that cannot be made, is refused. */
START_TEST(random_setups)
{
    struct machine_config config = usual();
    struct recorder *recorder = start_recording(&config);
    struct machine *m = make(&config);
    struct replay_memory good;

    machine_destroy(m);
    recorder_destroy(recorder);
    good = memory;
    for (unsigned i = 0; i < 50; i++) {
        struct replay_outcome outcome = {.result = REPLAY_FAILED};

        memory = good;
        memory.bytes = malloc(good.room);
        ck_assert_ptr_nonnull(memory.bytes);
        memcpy(memory.bytes, good.bytes, good.size);
        setup_seed = i;
        rewrite(spoil);
        replayer_destroy(replay(MS, &outcome));
        ck_assert_int_ne(outcome.result, REPLAY_EQUAL);
        replay_memory_deinit(&memory);
    }
    memory = good;
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("machine/replay");
    TCase *tcase = tcase_create("replay");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 100);
    tcase_add_loop_test(tcase, replays_equal, 0, 3);
    tcase_add_test(tcase, recorded_as_unrecorded);
    tcase_add_test(tcase, configuration_comes_back);
    tcase_add_loop_test(tcase, differences_are_named, 0, 5);
    tcase_add_test(tcase, killed_recorder);
    tcase_add_loop_test(tcase, failures_of_media, 1, 4);
    tcase_add_test(tcase, media_are_recognized);
    tcase_add_test(tcase, large_media);
    tcase_add_test(tcase, full_disk_stops_the_recording_only);
    tcase_add_loop_test(tcase, random_inputs, 0, 2);
    tcase_add_test(tcase, random_setups);
    suite_add_tcase(suite, tcase);
    return suite;
}
