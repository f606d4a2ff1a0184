#include "frontend/script.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/frontend/fake_machine.h"
#include "tests/suite.h"

#define SEC UINT64_C(1000000000)

static struct machine *machine;
static struct input *input;
static struct script *script;
static struct failure failure;
static struct display_frame frame;
static FILE *out;
static char *out_text;
static size_t out_size;
static char medium[80]; /* the last change: drive and path */

static bool change_medium(void *context, unsigned drive, const char *path,
                          struct failure *why)
{
    (void)context;
    snprintf(medium, sizeof(medium), "%u %s", drive, path ? path : "-");
    if (path && strcmp(path, "missing.img") == 0)
        return failure_set(why, EXIT_STATUS_HOST, "missing.img: no such file");
    return true;
}

static void put_serial(struct host_char *self, uint8_t byte)
{
    (void)self;
    script_take_serial(script, byte);
}

static struct host_char serial = {put_serial};

static void setup(void)
{
    struct input_config config = {0};

    machine = config.machine = fake_machine_create();
    machine->serial = &serial;
    input = input_create(&config);
    frame.pixels = calloc(DISPLAY_WIDTH_MAX * DISPLAY_HEIGHT_MAX, 4);
    out = open_memstream(&out_text, &out_size);
    memset(&failure, 0, sizeof(failure));
    medium[0] = '\0';
}

static void teardown(void)
{
    script_destroy(script);
    script = NULL;
    input_destroy(input);
    machine_destroy(machine);
    free(frame.pixels);
    fclose(out);
    free(out_text);
}

static bool parse(const char *text)
{
    return script_parse("s", text, strlen(text), &script, &failure);
}

/* Runs `text` until it ends, at most an hour of guest time. */
static enum script_state run(const char *text)
{
    struct script_host host = {.machine = machine,
                               .input = input,
                               .frame = &frame,
                               .out = out,
                               .change_medium = change_medium};
    enum script_state state = SCRIPT_RUNNING;
    unsigned steps;

    ck_assert_msg(parse(text), "%s", failure.text);
    script_start(script, &host);
    for (steps = 0; steps < 3600000 && state == SCRIPT_RUNNING; steps++) {
        enum machine_stop stop = machine_run(
            machine, (machine->now_ns / SCRIPT_STEP_NS + 1) * SCRIPT_STEP_NS);

        state = script_step(script, stop != MACHINE_TIME_UP, &failure);
        input_step(input);
    }
    fflush(out);
    return state;
}

static void at(uint64_t ns, unsigned row, const char *screen)
{
    struct fake_event event = {.ns = ns, .row = row, .screen = screen};

    fake_machine_at(machine, &event);
}

static void send_at(uint64_t ns, const char *text)
{
    struct fake_event event = {.ns = ns, .serial = text};

    fake_machine_at(machine, &event);
}

static void stop_at(uint64_t ns, enum machine_stop stop)
{
    struct fake_event event = {.ns = ns, .stop = stop};

    fake_machine_at(machine, &event);
}

/* Scripts that are refused before anything runs, with status 2. */
/* clang-format off */
static const struct {
    const char *text, *why;
} wrong[] = {
    {"dance", "s:1: dance: no such command; known are wait, wait-serial, type, key, mouse, screenshot, text, insert, eject, sleep, reset, expect, fail, quit"},
    {"\n# x\n  quit now", "s:3: now: one word too many; put text into quotes"},
    {"wait", "s:1: the text is missing; write wait \"TEXT\""},
    {"wait prompt", "s:1: the text is missing; write wait \"TEXT\""},
    {"wait \"\"", "s:1: the text is missing; write wait \"TEXT\""},
    {"wait \"x", "s:1: the closing quote is missing; inside the text \\\" is a quote and \\\\ a backslash"},
    {"wait \"A:\\\" 5s", "s:1: the closing quote is missing; inside the text \\\" is a quote and \\\\ a backslash"},
    {"wait \"x\"5s", "s:1: a blank is missing behind the quote"},
    {"wait \"x\" soon", "s:1: soon is not a time; write it like 60s or 500ms"},
    {"wait \"a\\nb\"", "s:1: text on the screen stands in one row, without control characters; write \\\\n for a backslash and an n"},
    {"wait \"\xe4\xb8\xad\"", "s:1: \"\xe4\xb8\xad\" is no character of the PC's screen (code page 437)"},
    {"type \"\xc3\xa9\"", "s:1: the US keyboard has no key for \"\xc3\xa9\""},
    {"key", "s:1: the key is missing; write key ctrl-alt-del"},
    {"key any", "s:1: any: no such key; names are those of QEMU's sendkey, joined by -, like ctrl-alt-del, ret, f10, kp_5"},
    {"mouse", "s:1: write mouse move RIGHT DOWN, mouse down BUTTON or mouse up BUTTON; buttons are left, right, middle"},
    {"mouse down thumb", "s:1: write mouse move RIGHT DOWN, mouse down BUTTON or mouse up BUTTON; buttons are left, right, middle"},
    {"mouse move 1", "s:1: write mouse move RIGHT DOWN, two whole numbers from -10000 to 10000"},
    {"mouse move 1 99999", "s:1: write mouse move RIGHT DOWN, two whole numbers from -10000 to 10000"},
    {"screenshot", "s:1: the file is missing; write screenshot FILE"},
    {"text", "s:1: the file is missing; write text FILE"},
    {"insert", "s:1: the drive is missing, or its medium cannot be changed; write fda, fdb or cdrom"},
    {"insert hda x", "s:1: the drive is missing, or its medium cannot be changed; write fda, fdb or cdrom"},
    {"insert fda", "s:1: the file is missing; write insert fda FILE"},
    {"insert cdrom", "s:1: the file is missing; write insert fda FILE"},
    {"save x", "s:1: not available in this version; start the guest afresh instead"},
    {"load x", "s:1: not available in this version; start the guest afresh instead"},
    {"sleep", "s:1: the time is missing; write sleep 2s"},
    {"sleep x", "s:1: x is not a time; write it like 60s or 500ms"},
    {"expect", "s:1: the text is missing; write expect \"TEXT\""},
    {"fail", "s:1: the text is missing; write fail \"TEXT\""},
    {"\"quit\"", "s:1: quit: no such command; known are wait, wait-serial, type, key, mouse, screenshot, text, insert, eject, sleep, reset, expect, fail, quit"},
    {"a b c d e f g h i", "s:1: too many words; put text into quotes"},
};
/* clang-format on */

START_TEST(syntax_is_checked_first)
{
    ck_assert(!parse(wrong[_i].text));
    ck_assert_ptr_null(script);
    ck_assert_str_eq(failure.text, wrong[_i].why);
    ck_assert_int_eq(failure.exit_status, EXIT_STATUS_USAGE);
}
END_TEST

START_TEST(no_text_file)
{
    char line[5000];

    ck_assert(!script_parse("s", "a\0b", 3, &script, &failure));
    memset(line, '#', sizeof(line));
    ck_assert(!script_parse("s", line, sizeof(line), &script, &failure));
    ck_assert_str_eq(failure.text, "s:1: no text, or a line of more than 4095 "
                                   "bytes; is this a script?");
    ck_assert(!script_load("/nonexistent", &script, &failure));
    ck_assert_int_eq(failure.exit_status, EXIT_STATUS_HOST);
    ck_assert_str_eq(failure.text, "-script /nonexistent: no such file; name a "
                                   "readable text file");
    ck_assert(!script_load("/", &script, &failure));
    ck_assert_ptr_nonnull(strstr(failure.text, "it is a directory"));
}
END_TEST

START_TEST(blank_lines_comments_and_dos_line_ends)
{
    ck_assert_int_eq(
        run("\xef\xbb\xbf# head\r\n\r\n  \t\n  sleep 1s # x\r\nquit"),
        SCRIPT_QUIT);
    ck_assert_uint_eq(machine->now_ns, SEC + SCRIPT_STEP_NS);
    ck_assert(script_has_quit(script));
}
END_TEST

START_TEST(end_without_quit)
{
    ck_assert_int_eq(run("sleep 5ms\n"), SCRIPT_ENDED);
    ck_assert(!script_has_quit(script));
}
END_TEST

START_TEST(waits_for_text)
{
    at(3 * SEC, 4, "Volume in drive A: is X");
    at(5 * SEC, 24, "A:\\>");
    ck_assert_int_eq(run("wait \"A:\\>\" 60s\nquit\n"), SCRIPT_QUIT);
    ck_assert_uint_ge(machine->now_ns, 5 * SEC);
    ck_assert_uint_le(machine->now_ns, 5 * SEC + 10000000);
}
END_TEST

START_TEST(text_of_other_alphabets_and_blanks)
{
    fake_machine_print(machine, 0, 0,
                       "\xc9\xcd\xbb caf\x82\xff"
                       "a");
    machine->text.chars[8] = 0;
    ck_assert_int_eq(run("expect \"\xe2\x95\x94\xe2\x95\x90\xe2\x95\x97 "
                         "caf\xc3\xa9 a\"\nquit"),
                     SCRIPT_QUIT);
}
END_TEST

START_TEST(text_ends_at_the_row)
{
    fake_machine_print(machine, 0, 78, "ab");
    fake_machine_print(machine, 1, 0, "cd");
    ck_assert_int_eq(run("expect \"ab\"\nexpect \"cd\"\nexpect \"abcd\""),
                     SCRIPT_FAILED);
    ck_assert_str_eq(failure.text, "s:3: expect \"abcd\": not on the screen");
}
END_TEST

START_TEST(wait_times_out)
{
    ck_assert_int_eq(run("# x\nwait \"never\" 2s"), SCRIPT_FAILED);
    ck_assert_str_eq(failure.text,
                     "s:2: wait \"never\" 2s: not on the screen after 2 s of "
                     "guest time; give it more time, or wait for another text");
    ck_assert_int_eq(failure.exit_status, EXIT_STATUS_SCRIPT);
    ck_assert_uint_eq(machine->now_ns, 2 * SEC + SCRIPT_STEP_NS);
}
END_TEST

START_TEST(wait_has_a_default)
{
    at(59 * SEC, 0, "late");
    ck_assert_int_eq(run("wait \"late\"\nwait \"never\""), SCRIPT_FAILED);
    ck_assert_uint_ge(machine->now_ns, 119 * SEC);
}
END_TEST

START_TEST(text_at_the_deadline_counts)
{
    at(SEC + SCRIPT_STEP_NS, 0, "now");
    ck_assert_int_eq(run("wait \"now\" 1s\nquit"), SCRIPT_QUIT);
}
END_TEST

START_TEST(shows_the_guest_of_a_failed_line)
{
    char *text;
    size_t size;
    FILE *stream = open_memstream(&text, &size);

    fake_machine_print(machine, 1, 2, "Error \xe1");
    send_at(SEC, "a\r\nb\x1b[m\n");
    ck_assert_int_eq(run("wait \"x\" 2s"), SCRIPT_FAILED);
    script_print_guest(script, stream);
    fclose(stream);
    ck_assert_str_eq(text, "The screen:\n| \n|   Error \xc3\x9f\n"
                           "The end of what COM1 sent:\na\nb[m\n\n");
    free(text);
}
END_TEST

START_TEST(shows_that_there_is_no_text)
{
    char *text;
    size_t size;
    FILE *stream = open_memstream(&text, &size);

    machine->text.rows = machine->text.columns = 0;
    ck_assert_int_eq(run("wait \"x\" 2s"), SCRIPT_FAILED);
    script_print_guest(script, stream);
    fclose(stream);
    ck_assert_str_eq(text, "The screen shows a picture without readable "
                           "text.\n");
    free(text);
}
END_TEST

START_TEST(serial_is_a_stream)
{
    send_at(SEC, "boot\r\nlog");
    send_at(2 * SEC, "in: ");
    ck_assert_int_eq(run("wait-serial \"boot\\r\\n\" 9s\n"
                         "wait-serial \"login: \" 9s\nquit"),
                     SCRIPT_QUIT);
    teardown();
    setup();
    send_at(SEC, "login: ");
    ck_assert_int_eq(run("wait-serial \"login\" 5s\nwait-serial \"login\" 5s"),
                     SCRIPT_FAILED);
    ck_assert_str_eq(failure.text,
                     "s:2: wait-serial \"login\" 5s: not sent by COM1 after 5 "
                     "s of guest time; give it more time, or wait for another "
                     "text");
}
END_TEST

START_TEST(serial_flood_keeps_the_end)
{
    unsigned i;

    ck_assert(parse("wait-serial \"end\""));
    for (i = 0; i < 1000000; i++)
        script_take_serial(script, 'x');
    script_destroy(script);
    send_at(SEC, "the end");
    ck_assert_int_eq(run("wait-serial \"the end\" 9s\nquit"), SCRIPT_QUIT);
}
END_TEST

START_TEST(types_and_presses)
{
    ck_assert_int_eq(run("type \"a\\n\"\nkey ctrl-alt-del\nquit"), SCRIPT_QUIT);
    ck_assert_uint_eq(machine->key_count, 10);
    ck_assert_int_eq(machine->keys[0].key, PS2_KEY_A);
    ck_assert_int_eq(machine->keys[2].key, PS2_KEY_RET);
    ck_assert_int_eq(machine->keys[4].key, PS2_KEY_CTRL);
    ck_assert_int_eq(machine->keys[6].key, PS2_KEY_DELETE);
    ck_assert(!machine->keys[9].down);
}
END_TEST

START_TEST(guest_that_takes_no_keys)
{
    machine->refuse_keys = UINT32_MAX;
    ck_assert_int_eq(run("type \"a\""), SCRIPT_FAILED);
    ck_assert_str_eq(failure.text,
                     "s:1: type \"a\": the guest took no key for 60 s of guest "
                     "time; wait until it is ready for them");
}
END_TEST

START_TEST(moves_the_mouse)
{
    ck_assert_int_eq(run("mouse move 10 -5\nmouse down left\nmouse down right\n"
                         "mouse up left\nquit"),
                     SCRIPT_QUIT);
    ck_assert_int_eq(machine->mouse_x, 10);
    ck_assert_int_eq(machine->mouse_y, -5);
    ck_assert_uint_eq(machine->mouse_buttons, 2);
    ck_assert_uint_eq(machine->mouse_calls, 4);
}
END_TEST

START_TEST(fail_watches_from_then_on)
{
    fake_machine_print(machine, 0, 0, "Not ready");
    at(SEC, 0, "         ");
    at(3 * SEC, 5, "Not ready");
    ck_assert_int_eq(run("sleep 2s\nfail \"Not ready\"\nsleep 5s\nquit"),
                     SCRIPT_FAILED);
    ck_assert_str_eq(failure.text,
                     "s:2: fail \"Not ready\": it stands on the screen");
    ck_assert_uint_le(machine->now_ns, 3 * SEC + 10000000);
}
END_TEST

START_TEST(fail_watches_at_once_and_at_quit)
{
    fake_machine_print(machine, 0, 0, "bad");
    ck_assert_int_eq(run("fail \"bad\"\nquit"), SCRIPT_FAILED);
    teardown();
    setup();
    at(3 * SCRIPT_STEP_NS, 0, "bad"); /* between two looks */
    ck_assert_int_eq(run("fail \"bad\"\nsleep 3ms\nquit"), SCRIPT_FAILED);
}
END_TEST

START_TEST(changes_media_and_resets)
{
    ck_assert_int_eq(run("insert fdb x.img\nreset\nquit"), SCRIPT_QUIT);
    ck_assert_str_eq(medium, "1 x.img");
    ck_assert_uint_eq(machine->resets, 1);
    script_destroy(script);
    ck_assert_int_eq(run("insert cdrom x.iso\nquit"), SCRIPT_QUIT);
    ck_assert_str_eq(medium, "2 x.iso");
    script_destroy(script);
    ck_assert_int_eq(run("eject fda\nquit"), SCRIPT_QUIT);
    ck_assert_str_eq(medium, "0 -");
    script_destroy(script);
    ck_assert_int_eq(run("insert fda missing.img"), SCRIPT_FAILED);
    ck_assert_str_eq(failure.text, "s:1: insert fda missing.img: missing.img: "
                                   "no such file");
    ck_assert_int_eq(failure.exit_status, EXIT_STATUS_SCRIPT);
}
END_TEST

START_TEST(writes_the_screen)
{
    fake_machine_print(machine, 0, 0, "one  \xf8");
    fake_machine_print(machine, 2, 1, "three");
    ck_assert_int_eq(run("text -\nquit"), SCRIPT_QUIT);
    ck_assert_str_eq(out_text, "one  \xc2\xb0\n\n three\n");
}
END_TEST

START_TEST(writes_files)
{
    char name[] = "/tmp/vitrine-script-XXXXXX";
    char text[200];
    char *line = text;
    FILE *stream;

    ck_assert_ptr_nonnull(mkdtemp(name));
    fake_machine_print(machine, 0, 0, "one");
    snprintf(text, sizeof(text), "text \"%s/t\"\nscreenshot %s/p\nquit", name,
             name);
    ck_assert_int_eq(run(text), SCRIPT_QUIT);
    snprintf(text, sizeof(text), "%s/t", name);
    stream = fopen(text, "r");
    ck_assert_ptr_nonnull(stream);
    ck_assert_ptr_nonnull(fgets(line, 100, stream));
    ck_assert_str_eq(line, "one\n");
    fclose(stream);
    script_destroy(script);
    snprintf(text, sizeof(text), "screenshot %s/none/p", name);
    ck_assert_int_eq(run(text), SCRIPT_FAILED);
    ck_assert_ptr_nonnull(strstr(failure.text, "no such folder"));
    snprintf(text, sizeof(text), "rm -r %s", name);
    ck_assert_int_eq(system(text), 0);
}
END_TEST

START_TEST(guest_that_powers_off)
{
    stop_at(SEC, MACHINE_POWERED_OFF);
    ck_assert_int_eq(run("sleep 9s\ntext -\nquit"), SCRIPT_QUIT);
    ck_assert_uint_eq(machine->now_ns, SEC);
    script_destroy(script);
    ck_assert_int_eq(run("wait \"x\" 9s"), SCRIPT_FAILED);
    ck_assert_str_eq(failure.text, "s:1: wait \"x\" 9s: not on the screen, and "
                                   "the guest is off");
    script_destroy(script);
    ck_assert_int_eq(run("type \"x\""), SCRIPT_FAILED);
    ck_assert_str_eq(failure.text, "s:1: type \"x\": the guest is off");
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("frontend/script");
    TCase *tcase = tcase_create("script");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, syntax_is_checked_first, 0, ARRAY_LEN(wrong));
    tcase_add_test(tcase, no_text_file);
    tcase_add_test(tcase, blank_lines_comments_and_dos_line_ends);
    tcase_add_test(tcase, end_without_quit);
    tcase_add_test(tcase, waits_for_text);
    tcase_add_test(tcase, text_of_other_alphabets_and_blanks);
    tcase_add_test(tcase, text_ends_at_the_row);
    tcase_add_test(tcase, wait_times_out);
    tcase_add_test(tcase, wait_has_a_default);
    tcase_add_test(tcase, text_at_the_deadline_counts);
    tcase_add_test(tcase, shows_the_guest_of_a_failed_line);
    tcase_add_test(tcase, shows_that_there_is_no_text);
    tcase_add_test(tcase, serial_is_a_stream);
    tcase_add_test(tcase, serial_flood_keeps_the_end);
    tcase_add_test(tcase, types_and_presses);
    tcase_add_test(tcase, guest_that_takes_no_keys);
    tcase_add_test(tcase, moves_the_mouse);
    tcase_add_test(tcase, fail_watches_from_then_on);
    tcase_add_test(tcase, fail_watches_at_once_and_at_quit);
    tcase_add_test(tcase, changes_media_and_resets);
    tcase_add_test(tcase, writes_the_screen);
    tcase_add_test(tcase, writes_files);
    tcase_add_test(tcase, guest_that_powers_off);
    suite_add_tcase(suite, tcase);
    return suite;
}
