/* The board as a whole: what a frontend may rely on. */
#include <stdlib.h>
#include <string.h>

#include "machine/machine.h"
#include "tests/suite.h"

static struct machine_config usual(void)
{
    return (struct machine_config){
        .board = MACHINE_PC,
        .engine = MACHINE_INTERP,
        .cpu = "486",
        .ram_bytes = MIB(8),
    };
}

static struct machine *make(const struct machine_config *config)
{
    struct machine *m;
    char message[256];

    ck_assert_msg(machine_create(config, &m, message, sizeof(message)) ==
                      STATUS_OK,
                  "%s", message);
    return m;
}

START_TEST(refuses_bad_configurations)
{
    struct machine_config config = usual();
    struct machine *m;
    char message[256];
    static const uint8_t rom[1000];

    config.cpu = "z80";
    ck_assert_int_eq(machine_create(&config, &m, message, sizeof(message)),
                     STATUS_BAD_ARGUMENT);
    ck_assert_ptr_null(m);
    ck_assert_ptr_nonnull(strstr(message, "z80"));
    config = usual();
    config.ram_bytes = 1000;
    ck_assert_int_eq(machine_create(&config, &m, message, sizeof(message)),
                     STATUS_BAD_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(message, "1000"));
    config = usual();
    config.bios = rom;
    config.bios_bytes = sizeof(rom);
    ck_assert_int_eq(machine_create(&config, &m, message, sizeof(message)),
                     STATUS_BAD_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(message, "64"));
}
END_TEST

/* Time reached does not depend on how it was cut up. */
START_TEST(slices_leave_no_trace)
{
    struct machine_config config = usual();
    struct machine *a, *b;
    uint64_t hash;

    config.board = _i ? MACHINE_ISAPC : MACHINE_PC;
    a = make(&config);
    b = make(&config);
    ck_assert_int_eq(machine_run(a, 300000000), MACHINE_TIME_UP);
    for (uint64_t ns = 0; ns <= 300000000; ns += 777777)
        machine_run(b, ns);
    machine_run(b, 300000000);
    ck_assert_uint_eq(machine_insns(a), machine_insns(b));
    hash = machine_state_hash(a);
    ck_assert_uint_eq(hash, machine_state_hash(b));
    machine_key(a, PS2_KEY_A, true);
    machine_run(a, 310000000);
    machine_run(b, 310000000);
    ck_assert_uint_ne(machine_state_hash(a), machine_state_hash(b));
    machine_destroy(a);
    machine_destroy(b);
}
END_TEST

/* The first key at the same instant gives the same machine; a reset too. */
START_TEST(input_at_equal_counts_repeats)
{
    struct machine_config config = usual();
    uint64_t hash[2];

    for (unsigned run = 0; run < 2; run++) {
        struct machine *m = make(&config);

        machine_run(m, 100000000);
        machine_key(m, PS2_KEY_ESC, true);
        machine_mouse(m, 3, -4, 1, 1);
        machine_run(m, 150000000);
        machine_key(m, PS2_KEY_ESC, false);
        machine_reset(m);
        machine_run(m, 400000000);
        hash[run] = machine_state_hash(m);
        machine_destroy(m);
    }
    ck_assert_uint_eq(hash[0], hash[1]);
}
END_TEST

/* The screen names the machine once the firmware has run. */
START_TEST(firmware_shows_itself)
{
    static const char *const cpus[] = {"8086", "286", "386", "486"};
    struct machine_config config = usual();
    struct display_text *text = malloc(sizeof(*text));
    struct machine *m;
    bool found = false;

    ck_assert_ptr_nonnull(text);
    config.cpu = cpus[_i];
    config.board = _i < 2 ? MACHINE_ISAPC : MACHINE_PC;
    m = make(&config);
    machine_run(m, 1500000000);
    machine_text(m, text);
    ck_assert_uint_eq(text->columns, 80);
    for (unsigned i = 0; i + 12 < text->columns * text->rows; i++)
        found |= !memcmp(text->chars + i, "Vitrine BIOS", 12);
    ck_assert(found);
    machine_destroy(m);
    free(text);
}
END_TEST

static unsigned sound_frames;

static void on_sound(struct host_audio *self, const int16_t *frames,
                     size_t count)
{
    (void)self;
    (void)frames;
    sound_frames += (unsigned)count;
}

/* Listening changes nothing in the machine. */
START_TEST(sound_leaves_no_trace)
{
    struct host_audio audio = {on_sound, 44100};
    struct machine_config config = usual();
    struct machine *quiet = make(&config), *loud;

    config.audio = &audio;
    loud = make(&config);
    sound_frames = 0;
    machine_run(quiet, 500000000);
    machine_run(loud, 500000000);
    ck_assert_uint_ge(sound_frames, 22040);
    ck_assert_uint_eq(machine_state_hash(quiet), machine_state_hash(loud));
    machine_destroy(quiet);
    machine_destroy(loud);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("machine/machine");
    TCase *tcase = tcase_create("board");

    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, refuses_bad_configurations);
    tcase_add_loop_test(tcase, slices_leave_no_trace, 0, 2);
    tcase_add_test(tcase, input_at_equal_counts_repeats);
    tcase_add_loop_test(tcase, firmware_shows_itself, 0, 4);
    tcase_add_test(tcase, sound_leaves_no_trace);
    suite_add_tcase(suite, tcase);
    return suite;
}
