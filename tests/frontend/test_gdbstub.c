/* The gdb server, by its packets: a real machine, a real socket. */
#include "frontend/gdbstub.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/suite.h"

#define CODE  0x7c00u
#define STEPS 2000 /* of the pump, at most */

static struct machine *machine;
static struct run_control control;
static struct monitor *monitor;
static struct gdbstub *stub;
static int peer = -1;
static char path[64];
static char reply[40000];
static size_t reply_length;

/* inc ax; mov [9000],ax; rep stosb; jmp $-8, at 07C0:0000 */
static const uint8_t program[] = {0x40, 0xa3, 0x00, 0x90,
                                  0xf3, 0xaa, 0xeb, 0xf8};

static void set(enum debug_register reg, uint32_t value)
{
    ck_assert(machine_set_register(machine, reg, value));
}

static void write_code(void)
{
    const struct machine_range range = {
        .space = MACHINE_PHYSICAL, .addr = CODE, .size = sizeof(program)};

    ck_assert_uint_eq(machine_write_memory(machine, &range, program),
                      sizeof(program));
    set(DEBUG_CS, 0x7c0);
    set(DEBUG_EIP, 0);
    set(DEBUG_SS, 0);
    set(DEBUG_ESP, 0x7000);
    set(DEBUG_EDI, 0x6000);
    set(DEBUG_ECX, 0);
    set(DEBUG_EAX, 0);
    set(DEBUG_DS, 0);
    set(DEBUG_ES, 0);
}

static void connect_peer(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    peer = socket(AF_UNIX, SOCK_STREAM, 0);
    strcpy(address.sun_path, path);
    ck_assert_int_eq(
        connect(peer, (struct sockaddr *)&address, sizeof(address)), 0);
    for (unsigned i = 0; i < STEPS && !run_control_paused(&control); i++)
        gdbstub_poll(stub);
    ck_assert(run_control_paused(&control));
}

static void setup(void)
{
    const struct machine_config config = {
        .cpu = "486", .ram_bytes = MIB(1), .engine = MACHINE_INTERP};
    struct chardev_config channel = {
        .kind = CHARDEV_UNIX, .server = true, .wait = false};
    struct monitor_config for_monitor = {.control = &control};
    struct gdbstub_config for_stub = {.channel = &channel, .control = &control};
    struct failure failure;
    char message[200];

    ck_assert_int_eq(
        machine_create(&config, &machine, message, sizeof(message)), STATUS_OK);
    memset(&control, 0, sizeof(control));
    for_monitor.machine = machine;
    monitor = monitor_create(&for_monitor);
    snprintf(path, sizeof(path), "/tmp/test_gdbstub.%ld", (long)getpid());
    strcpy(channel.target, path);
    for_stub.machine = machine;
    for_stub.monitor = monitor;
    ck_assert(gdbstub_create(&for_stub, &stub, &failure));
    write_code();
    connect_peer();
}

static void teardown(void)
{
    if (peer >= 0)
        close(peer);
    peer = -1;
    gdbstub_destroy(stub, 0);
    monitor_destroy(monitor);
    machine_destroy(machine);
}

/* One turn of the main loop. */
static void turn(void)
{
    gdbstub_poll(stub);
    if (!run_control_paused(&control) &&
        machine_run(machine, machine_now_ns(machine) + 100000) == MACHINE_DEBUG)
        run_control_pause(&control, RUN_PAUSED_DEBUG);
    gdbstub_poll(stub);
}

static void send_bytes(const char *bytes, size_t size)
{
    ck_assert_int_eq(send(peer, bytes, size, MSG_NOSIGNAL), (ssize_t)size);
}

static void send_packet(const char *body)
{
    uint8_t sum = 0;
    char end[8];

    for (const char *p = body; *p; p++)
        sum = (uint8_t)(sum + (uint8_t)*p);
    snprintf(end, sizeof(end), "#%02x", sum);
    send_bytes("$", 1);
    send_bytes(body, strlen(body));
    send_bytes(end, 3);
}

/* Reads one packet into `reply`, without frame. False: none comes. */
static bool receive(unsigned turns)
{
    char c = 0;
    bool inside = false;
    unsigned end = 0;

    reply_length = 0;
    while (turns > 0) {
        if (recv(peer, &c, 1, MSG_DONTWAIT) != 1) {
            turn();
            turns--;
            continue;
        }
        if (end && ++end == 3) {
            reply[reply_length] = '\0';
            return true;
        }
        if (c == '#')
            end = 1;
        else if (c == '$')
            inside = true;
        else if (inside && !end && reply_length < sizeof(reply) - 1)
            reply[reply_length++] = c;
    }
    return false;
}

static const char *ask(const char *body)
{
    send_packet(body);
    ck_assert_msg(receive(STEPS), "no answer to %s", body);
    return reply;
}

/* Little-endian, as register 8 of a stop has it. */
static void assert_stopped(const char *answer, const char *signal, uint32_t pc)
{
    char text[32];

    snprintf(text, sizeof(text), "08:%02x%02x%02x%02x;", pc & 0xff,
             pc >> 8 & 0xff, pc >> 16 & 0xff, pc >> 24);
    ck_assert_msg(strncmp(answer, signal, 3) == 0, "%s", answer);
    ck_assert_msg(strstr(answer, text) != NULL, "%s lacks %s", answer, text);
}

static const struct {
    const char *body, *answer;
} simple[] = {
    {"qAttached", "1"},
    {"qC", "QC01"},
    {"qfThreadInfo", "m01"},
    {"qsThreadInfo", "l"},
    {"Hg0", "OK"},
    {"T1", "OK"},
    {"vMustReplyEmpty", ""},
    {"vCont?", "vCont;c;C;s;S"},
    {"qTStatus", ""},
    {"!", ""},
    {"", ""},
    {"QNonStop:1", ""},
    {"QStartNoAckMode", "OK"},
    {"m7c00,8", "40a30090f3aaebf8"},
    {"m9000,4", "00000000"},
    {"m7c00", "E22"},
    {"m,", "E22"},
    {"m7c00,ffffffff", "E22"},
    {"mzz,1", "E22"},
    {"M9000,2:beef", "OK"},
    {"M9000,2:be", "E22"},
    {"Mffff0,1:00", "E14"}, /* ROM */
    {"X9000,0:", "OK"},
    {"X9000,2:a", "E22"},
    {"X9000,2:a}", "E22"},
    {"X9000,2:}\x03}]", "OK"},
    {"p8", "007c0000"},
    {"pa", "c0070000"},
    {"pffff", "E22"},
    {"p", "E22"},
    {"P8=00120000", "OK"},
    {"P8=0012", "E22"},
    {"P8", "E22"},
    {"Pffff=00000000", "E22"},
    {"P0=78563412", "OK"},
    {"G", "OK"},
    {"Gzz", "E22"},
    {"Z0,7c00,1", "OK"},
    {"Z5,7c00,1", ""},
    {"Z0,7c00", "E22"},
    {"Z2,9000,0", "E28"},
    {"Z2,ffffffff,2", "E28"},
    {"z0,1234,1", "OK"},
    {"z9,1234,1", "E22"},
    {"vCont;x", "E22"},
    {"qXfer:features:read:other.xml:0,10", ""},
    {"qXfer:features:read:target.xml:zz", "E22"},
    {"qXfer:features:read:target.xml:ffffff,10", "l"},
    {"qRcmd,zz", "E22"},
};

START_TEST(simple_packets)
{
    ck_assert_str_eq(ask(simple[_i].body), simple[_i].answer);
    /* And goes on. */
    ck_assert_str_eq(ask("qC"), "QC01");
}
END_TEST

START_TEST(description_says_what_the_registers_are)
{
    unsigned regs = 0;
    size_t bytes = 0;
    char text[40000] = "", command[64];
    bool more = true;

    while (more) {
        snprintf(command, sizeof(command),
                 "qXfer:features:read:target.xml:%zx,3f0", strlen(text));
        ask(command);
        ck_assert(reply[0] == 'm' || reply[0] == 'l');
        more = reply[0] == 'm';
        strcat(text, reply + 1);
    }
    ck_assert_ptr_nonnull(strstr(text, "<architecture>i8086</architecture>"));
    ck_assert_ptr_nonnull(strstr(text, "name=\"eip\""));
    ck_assert_ptr_nonnull(strstr(text, "name=\"cs_base\""));
    for (const char *p = text; (p = strstr(p, "<reg "));) {
        const char *size = strstr(p, "bitsize=\"");

        bytes += (size_t)atoi(size + 9) / 8;
        regs++;
        p++;
    }
    ck_assert_uint_eq(strlen(ask("g")), 2 * bytes);
    snprintf(command, sizeof(command), "p%x", regs - 1);
    ck_assert_uint_eq(strlen(ask(command)), 8);
    snprintf(command, sizeof(command), "p%x", regs);
    ck_assert_str_eq(ask(command), "E22");
}
END_TEST

START_TEST(break_step_and_go_on)
{
    ck_assert_str_eq(ask("Z0,7c01,1"), "OK");
    assert_stopped(ask("c"), "T05", CODE + 1);
    ck_assert_ptr_nonnull(strstr(reply, "swbreak:;"));
    assert_stopped(ask("s"), "T05", CODE + 4);
    ck_assert_ptr_null(strstr(reply, "break"));
    assert_stopped(ask("vCont;s:1;c"), "T05", CODE + 6);
    assert_stopped(ask("vCont;c"), "T05", CODE + 1);
    assert_stopped(ask("C05"), "T05", CODE + 1);
    ck_assert_str_eq(ask("m7c00,8"), "40a30090f3aaebf8");
    ck_assert_str_eq(ask("z0,7c01,1"), "OK");
    ck_assert_str_eq(ask("Z1,7c06,1"), "OK");
    ck_assert_str_eq(ask("Z1,7c06,1"), "OK"); /* the same one */
    assert_stopped(ask("c"), "T05", CODE + 6);
    ck_assert_ptr_nonnull(strstr(reply, "hwbreak:;"));
    ck_assert_str_eq(ask("z1,7c06,1"), "OK");
    send_packet("c");
    ck_assert(!receive(20));
    send_bytes("\x03", 1);
    ck_assert(receive(STEPS));
    ck_assert(strncmp(reply, "T02", 3) == 0);
    ck_assert(strncmp(ask("?"), "T05", 3) == 0);
}
END_TEST

static const struct {
    const char *point, *reason;
} watches[] = {
    {"Z2,9000,2", "watch:9000;"},
    {"Z4,8ffe,4", "awatch:9000;"},
    {"Z2,9001,1", "watch:9001;"},
};

START_TEST(watch_tells_where)
{
    ck_assert_str_eq(ask(watches[_i].point), "OK");
    assert_stopped(ask("c"), "T05", CODE + 4);
    ck_assert_ptr_nonnull(strstr(reply, watches[_i].reason));
}
END_TEST

START_TEST(program_counter_is_written_linear)
{
    struct debug_registers regs;

    ck_assert_str_eq(ask("P8=067c0000"), "OK");
    machine_get_registers(machine, &regs);
    ck_assert_uint_eq(regs.value[DEBUG_CS], 0x7c0);
    ck_assert_uint_eq(regs.value[DEBUG_EIP], 6);
    assert_stopped(ask("s"), "T05", CODE);
    assert_stopped(ask("s7c06"), "T05", CODE);
}
END_TEST

START_TEST(bad_frames_are_told_or_dropped)
{
    static char noise[70000];

    send_bytes("$qC#00", 6); /* a wrong sum: '-' */
    send_bytes("garbage#00++", 12);
    ck_assert_str_eq(ask("qC"), "QC01");
    send_bytes("$qC#z", 5);
    send_bytes("$q", 2); /* half, then another */
    ck_assert_str_eq(ask("qC"), "QC01");
    noise[0] = '$';
    memset(noise + 1, 'a', sizeof(noise) - 1);
    for (size_t at = 0; at < sizeof(noise); at += 1000) {
        send_bytes(noise + at, 1000);
        turn();
    }
    ck_assert_str_eq(ask("qC"), "QC01");
}
END_TEST

/* Whatever comes, the server answers afterwards, and the guest runs on when
 * gdb goes away. */
START_TEST(random_bytes)
{
    static const char likely[] = "$$#cgGmMXZzpPqQvsSD?Hk0123456789abcdef,:;=}";
    uint32_t seed = 12345u + (uint32_t)_i;
    char bytes[512];

    for (unsigned round = 0; round < 200; round++) {
        for (size_t i = 0; i < sizeof(bytes); i++) {
            seed = seed * 1664525u + 1013904223u;
            bytes[i] = (_i & 1) ? likely[(seed >> 16) % (sizeof(likely) - 1)]
                                : (char)(seed >> 16);
        }
        if (send(peer, bytes, sizeof(bytes), MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
            break;
        turn();
        while (recv(peer, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
            continue;
    }
    close(peer);
    for (unsigned i = 0; i < 20; i++)
        turn();
    ck_assert(!run_control_paused(&control));
    connect_peer();
    ck_assert_str_eq(ask("qC"), "QC01");
}
END_TEST

/* Sound frames around bodies that are nearly right: registers and memory get
 * values at random, points come and go, the machine runs. */
static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

static void make_body(char *body, uint32_t *seed)
{
    static const char *const starts[] = {
        "g",        "G",       "p",   "P",      "m",
        "M",        "X",       "Z0,", "Z1,",    "Z2,",
        "Z3,",      "Z4,",     "z2,", "s",      "c",
        "vCont",    "vCont;s", "q",   "qRcmd,", "qXfer:features:read:",
        "H",        "T",       "?",   "S05;",   "P8=",
        "P2",       "P3",      "Q",   "qC",     "m7c00,",
        "M7c00,4:", "X9000,4:"};
    static const char likely[] = "0123456789abcdef0123456789abcdef,:;=x}";
    size_t length = next_random(seed) % 40;
    size_t at;

    strcpy(body, starts[next_random(seed) % ARRAY_LEN(starts)]);
    at = strlen(body);
    for (; length > 0; length--)
        body[at++] = likely[next_random(seed) % (sizeof(likely) - 1)];
    body[at] = '\0';
}

START_TEST(random_packets)
{
    const char *text = getenv("VITRINE_FUZZ");
    unsigned rounds = 1500 * (text ? (unsigned)atoi(text) : 1);
    uint32_t seed = 777u * ((uint32_t)_i + 1);
    char body[128], sink[512];

    for (unsigned i = 0; i < rounds; i++) {
        make_body(body, &seed);
        send_packet(body);
        turn();
        send_bytes("\x03", 1);
        turn();
        while (recv(peer, sink, sizeof(sink), MSG_DONTWAIT) > 0)
            continue;
    }
    ck_assert_str_eq(ask("qC"), "QC01");
}
END_TEST

START_TEST(gone_without_a_word)
{
    uint64_t insns;

    ck_assert_str_eq(ask("Z0,7c01,1"), "OK");
    ask("qRcmd,696f627265616b20307838302032"); /* iobreak 0x80 2 */
    while (strcmp(reply, "OK") != 0)
        ck_assert(receive(STEPS));
    ask("qRcmd,6272656163"); /* no such command */
    while (strcmp(reply, "OK") != 0)
        ck_assert(receive(STEPS));
    ask("qRcmd,62203763303600"); /* b 7c06 */
    while (strcmp(reply, "OK") != 0)
        ck_assert(receive(STEPS));
    send_bytes("$m7c0", 5);
    close(peer);
    peer = -1;
    for (unsigned i = 0; i < 10; i++)
        turn();
    ck_assert(!run_control_paused(&control));
    insns = machine_insns(machine);
    turn();
    ck_assert_uint_gt(machine_insns(machine), insns + 1000); /* no point */
}
END_TEST

START_TEST(detached)
{
    ck_assert_str_eq(ask("Z0,7c01,1"), "OK");
    ck_assert_str_eq(ask("D"), "OK");
    ck_assert(!run_control_paused(&control));
    close(peer);
    connect_peer();
    ck_assert_str_eq(ask("qC"), "QC01");
}
END_TEST

START_TEST(killed)
{
    send_packet("k");
    for (unsigned i = 0; i < 10; i++)
        turn();
    ck_assert(control.quit);
}
END_TEST

START_TEST(monitor_answers)
{
    ck_assert_int_eq(ask("qRcmd,696e666f20726567697374657273")[0], 'O');
    while (strcmp(reply, "OK") != 0)
        ck_assert(receive(STEPS));
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("frontend/gdbstub");
    TCase *tcase = tcase_create("gdbstub");
    const char *text = getenv("VITRINE_FUZZ");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, simple_packets, 0, ARRAY_LEN(simple));
    tcase_add_test(tcase, description_says_what_the_registers_are);
    tcase_add_test(tcase, break_step_and_go_on);
    tcase_add_loop_test(tcase, watch_tells_where, 0, ARRAY_LEN(watches));
    tcase_add_test(tcase, program_counter_is_written_linear);
    tcase_add_test(tcase, bad_frames_are_told_or_dropped);
    tcase_add_loop_test(tcase, random_bytes, 0, 6);
    tcase_add_loop_test(tcase, random_packets, 0, 4);
    tcase_add_test(tcase, gone_without_a_word);
    tcase_set_timeout(tcase, text ? 3600 : 20);
    tcase_add_test(tcase, detached);
    tcase_add_test(tcase, killed);
    tcase_add_test(tcase, monitor_answers);
    suite_add_tcase(suite, tcase);
    return suite;
}
