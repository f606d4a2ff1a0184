/* Somebody at the monitor, by a socket: a real machine, a real socket. */
#include "frontend/monitor_console.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/suite.h"

static struct machine *machine;
static struct run_control control;
static struct monitor *monitor;
static struct monitor_console *console;
static int peer = -1;
static char path[64];
static char heard[65536];
static size_t heard_bytes;

static void connect_peer(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    peer = socket(AF_UNIX, SOCK_STREAM, 0);
    strcpy(address.sun_path, path);
    ck_assert_int_eq(
        connect(peer, (struct sockaddr *)&address, sizeof(address)), 0);
    heard_bytes = 0;
}

static void setup(void)
{
    const struct machine_config config = {
        .cpu = "486", .ram_bytes = MIB(1), .engine = MACHINE_INTERP};
    struct chardev_config channel = {
        .kind = CHARDEV_UNIX, .server = true, .wait = false};
    struct monitor_config for_monitor = {.control = &control};
    struct monitor_console_config for_console = {.channel = &channel,
                                                 .control = &control};
    struct failure failure;
    char message[200];

    ck_assert_int_eq(
        machine_create(&config, &machine, message, sizeof(message)), STATUS_OK);
    memset(&control, 0, sizeof(control));
    for_monitor.machine = machine;
    monitor = monitor_create(&for_monitor);
    snprintf(path, sizeof(path), "/tmp/test_console.%ld", (long)getpid());
    strcpy(channel.target, path);
    for_console.monitor = monitor;
    ck_assert(monitor_console_create(&for_console, &console, &failure));
    run_control_pause(&control, RUN_PAUSED);
    connect_peer();
}

static void teardown(void)
{
    if (peer >= 0)
        close(peer);
    peer = -1;
    monitor_console_destroy(console);
    monitor_destroy(monitor);
    machine_destroy(machine);
}

/* Turns of the main loop; what was said is in `heard`. */
static void turn(unsigned times)
{
    ssize_t got;

    for (; times > 0; times--) {
        monitor_console_poll(console);
        if (!run_control_paused(&control) &&
            machine_run(machine, machine_now_ns(machine) + 10000) ==
                MACHINE_DEBUG &&
            monitor_wants_stop(monitor))
            run_control_pause(&control, RUN_PAUSED_DEBUG);
    }
    while (peer >= 0 &&
           (got = recv(peer, heard + heard_bytes,
                       sizeof(heard) - 1 - heard_bytes, MSG_DONTWAIT)) > 0)
        heard_bytes += (size_t)got;
    heard[heard_bytes] = '\0';
}

static void say(const char *text)
{
    ck_assert_int_eq(send(peer, text, strlen(text), MSG_NOSIGNAL),
                     (ssize_t)strlen(text));
    turn(20);
}

static void ck_heard(const char *text)
{
    ck_assert_msg(strstr(heard, text) != NULL, "'%s' lacks '%s'", heard, text);
}

START_TEST(greets_and_answers)
{
    turn(3);
    ck_heard("help lists the commands.\n(vitrine) ");
    say("p 6*7\n");
    ck_heard("0x2a\n(vitrine) ");
    heard_bytes = 0;
    say("\n"); /* once more */
    ck_heard("0x2a");
    say("info registers\r\n");
    ck_heard("CS:EIP f000:0000fff0");
}
END_TEST

START_TEST(tells_of_stops)
{
    say("b 0xfe05b\n");
    heard_bytes = 0;
    say("c\n");
    ck_heard("point 0: instruction\nf000:0000e05b");
    ck_assert(run_control_paused(&control));
}
END_TEST

/* Each line finds the machine as the one before left it. */
START_TEST(lines_wait_for_steps)
{
    say("step\np $pc == 0xfe05b\nstep 2\np $pc == 0xfe05b\n");
    turn(50);
    ck_heard("(vitrine) 0x1\n");
    ck_heard("(vitrine) 0x0\n");
}
END_TEST

/* Not for ever. */
START_TEST(lines_wait_a_while)
{
    say("until 0x12345678\nstop\np 1+1\n");
    turn(50);
    ck_assert(!run_control_paused(&control));
    turn(1000);
    ck_assert(run_control_paused(&control));
    ck_heard("0x2");
}
END_TEST

START_TEST(peers_come_and_go)
{
    say("b 0xfe05b\np 1"); /* half a line */
    close(peer);
    peer = -1;
    turn(10);
    connect_peer();
    turn(10);
    ck_heard("(vitrine) ");
    say("2+2\ninfo breakpoints\n");
    ck_heard("2+2: no such command");
    ck_heard("0: instruction");
}
END_TEST

START_TEST(garbage)
{
    uint32_t seed = (uint32_t)_i;
    char bytes[256];

    for (unsigned round = 0; round < 300; round++) {
        for (size_t i = 0; i < sizeof(bytes); i++) {
            seed = seed * 1664525u + 1013904223u;
            bytes[i] = (char)(seed >> 24);
        }
        if (send(peer, bytes, sizeof(bytes), MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
            break;
        turn(1);
        heard_bytes = 0;
    }
    say("\n");
    heard_bytes = 0;
    say("p 6*7\n");
    ck_heard("0x2a");
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("frontend/monitor_console");
    TCase *tcase = tcase_create("console");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, greets_and_answers);
    tcase_add_test(tcase, tells_of_stops);
    tcase_add_test(tcase, lines_wait_for_steps);
    tcase_add_test(tcase, lines_wait_a_while);
    tcase_add_test(tcase, peers_come_and_go);
    tcase_add_loop_test(tcase, garbage, 0, 4);
    suite_add_tcase(suite, tcase);
    return suite;
}
