/* The text screen, in a pseudo terminal of its own: the child process has the
 * display, the test is the person before it. */
#define _XOPEN_SOURCE 700
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "frontend/display.h"
#include "frontend/terminal.h"
#include "tests/frontend/fake_machine.h"
#include "tests/suite.h"

#define SHOWN_BYTES 65536

static int terminal; /* the person's side */
static int keeper;   /* the program's side, held open */
static int result;   /* what the child tells at its end */
static pid_t child;
static struct termios before;
static char shown[SHOWN_BYTES];
static size_t shown_size;

static void tell_keys(const struct machine *machine, int fd)
{
    char text[32];
    unsigned i;

    for (i = 0; i < machine->key_count; i++) {
        snprintf(text, sizeof(text), "%c%s ", machine->keys[i].down ? '+' : '-',
                 keys_name(machine->keys[i].key));
        if (write(fd, text, strlen(text)) < 0)
            _exit(3);
    }
}

/* The child: a guest with a prompt, until the person leaves. */
static void run_guest(const char *name, int fd)
{
    static uint32_t pixels[720 * 400];
    struct display_frame frame = {.pixels = pixels};
    struct input_config config = {0};
    struct display_host host = {.frame = &frame};
    struct display *display;
    struct failure failure;
    unsigned polls;

    if (setsid() < 0)
        _exit(3);
    close(STDIN_FILENO);
    if (open(name, O_RDWR) != STDIN_FILENO || dup2(0, STDOUT_FILENO) < 0)
        _exit(3);
    host.machine = config.machine = fake_machine_create();
    host.input = input_create(&config);
    fake_machine_print(host.machine, 3, 0, "A:\\>");
    if (!display_text_create(&host, &display, &failure))
        _exit(4);
    for (polls = 0; polls < 4000 && display->ops->poll(display); polls++) {
        machine_run(host.machine, host.machine->now_ns + 5000000);
        input_step(host.input);
        if (host.machine->key_count > 0 &&
            host.machine->keys[0].key == PS2_KEY_F12)
            raise(SIGABRT);
        display->ops->show(display);
        poll(NULL, 0, 1);
    }
    display->ops->destroy(display);
    tell_keys(host.machine, fd);
    _exit(polls < 4000 ? 0 : 5);
}

static void setup(void)
{
    int fds[2];
    const char *name;

    shown_size = 0;
    terminal = posix_openpt(O_RDWR | O_NOCTTY);
    ck_assert_int_ge(terminal, 0);
    ck_assert_int_eq(grantpt(terminal), 0);
    ck_assert_int_eq(unlockpt(terminal), 0);
    name = ptsname(terminal);
    keeper = open(name, O_RDWR | O_NOCTTY);
    ck_assert_int_ge(keeper, 0);
    ck_assert_int_eq(tcgetattr(keeper, &before), 0);
    ck_assert_int_eq(pipe(fds), 0);
    result = fds[0];
    child = fork();
    if (child == 0)
        run_guest(name, fds[1]);
    close(fds[1]);
}

static void teardown(void)
{
    kill(child, SIGKILL);
    close(terminal);
    close(keeper);
    close(result);
}

/* Reads what the terminal shows until `text` comes, for five seconds. */
static bool see(const char *text)
{
    struct pollfd pollfd = {.fd = terminal, .events = POLLIN};
    ssize_t got;

    while (shown_size + 1 < SHOWN_BYTES && poll(&pollfd, 1, 5000) > 0) {
        got = read(terminal, shown + shown_size, SHOWN_BYTES - 1 - shown_size);
        if (got <= 0)
            return false;
        shown_size += (size_t)got;
        shown[shown_size] = '\0';
        if (strstr(shown, text))
            return true;
    }
    return false;
}

static void type(const char *text)
{
    ck_assert_int_eq(write(terminal, text, strlen(text)),
                     (ssize_t)strlen(text));
}

static void expect_restored(void)
{
    struct termios after;

    ck_assert_int_eq(tcgetattr(keeper, &after), 0);
    ck_assert_uint_eq(after.c_lflag, before.c_lflag);
    ck_assert_uint_eq(after.c_iflag, before.c_iflag);
    ck_assert_uint_eq(after.c_oflag, before.c_oflag);
    ck_assert_mem_eq(after.c_cc, before.c_cc, sizeof(before.c_cc));
}

START_TEST(shows_takes_keys_and_leaves)
{
    char told[400] = "";
    size_t size = 0;
    ssize_t got;
    int status;

    ck_assert(see("A:\\>"));
    ck_assert_ptr_nonnull(strstr(shown, "\x1b[?1049h"));
    type("dI\r\x1b[A\x03");
    poll(NULL, 0, 300);
    type("\x1d");
    ck_assert(see("q leave"));
    type("q");
    ck_assert(see("\x1b[?1049l"));
    waitpid(child, &status, 0);
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), 0);
    while ((got = read(result, told + size, sizeof(told) - 1 - size)) > 0)
        size += (size_t)got;
    ck_assert_str_eq(told, "+d -d +shift +i -i -shift +ret -ret +up -up +ctrl "
                           "+c -c -ctrl ");
    expect_restored();
}
END_TEST

START_TEST(death_gives_the_terminal_back)
{
    int status;

    ck_assert(see("A:\\>"));
    type("\x1b[24~"); /* F12: the child dies of it */
    ck_assert(see("\x1b[?1049l"));
    waitpid(child, &status, 0);
    ck_assert(WIFSIGNALED(status));
    ck_assert_int_eq(WTERMSIG(status), SIGABRT);
    expect_restored();
}
END_TEST

START_TEST(no_terminal)
{
    struct display_host host = {0};
    struct display *display;
    struct failure failure;
    int null = open("/dev/null", O_RDWR);

    dup2(null, STDIN_FILENO);
    ck_assert(!display_text_create(&host, &display, &failure));
    ck_assert_ptr_null(display);
    ck_assert_int_eq(failure.exit_status, EXIT_STATUS_HOST);
    ck_assert_str_eq(failure.text,
                     "-display text: standard input and output are not our "
                     "terminal; start it in one, or write -display none");
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("frontend/display_text");
    TCase *tcase = tcase_create("terminal");
    TCase *none = tcase_create("none");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 20);
    tcase_add_test(tcase, shows_takes_keys_and_leaves);
    tcase_add_test(tcase, death_gives_the_terminal_back);
    suite_add_tcase(suite, tcase);
    tcase_add_test(none, no_terminal);
    suite_add_tcase(suite, none);
    return suite;
}
