#include "frontend/chardev.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/suite.h"

static char folder[] = "/tmp/vitrine-char-XXXXXX";
static struct failure failure;
static unsigned logged;
static char last_log[256];

static void take_log(struct log *self, enum log_level level, const char *who,
                     const char *text)
{
    (void)self;
    (void)level;
    logged++;
    snprintf(last_log, sizeof(last_log), "%s: %s", who, text);
}

static struct log log_sink = {take_log};
static const struct chardev_host host = {.option = "serial", .log = &log_sink};

static void setup(void)
{
    strcpy(folder + strlen(folder) - 6, "XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    logged = 0;
    memset(&failure, 0, sizeof(failure));
}

static void teardown(void)
{
    char command[64];

    snprintf(command, sizeof(command), "rm -r %s", folder);
    ck_assert_int_eq(system(command), 0);
}

/* `format` has one %s for the folder. */
static bool open_there(const char *format, struct chardev **out)
{
    struct chardev_config config;
    char text[200];

    snprintf(text, sizeof(text), "%.*s%s%s", (int)strcspn(format, "%"), format,
             folder, strchr(format, '%') + 1);
    ck_assert_msg(chardev_parse("serial", text, &config, &failure), "%s",
                  failure.text);
    return chardev_open(&config, &host, out, &failure);
}

static void put_text(struct chardev *c, const char *text)
{
    struct host_char *output = chardev_output(c);

    while (*text)
        output->put(output, (uint8_t)*text++);
}

/* Polls until `count` bytes came in, for a second at most. */
static void expect_input(struct chardev *c, const char *text)
{
    unsigned tries;
    uint8_t byte;

    for (tries = 0; *text && tries < 1000; tries++) {
        chardev_poll(c);
        while (*text && chardev_peek(c, &byte)) {
            ck_assert_int_eq(byte, *text++);
            chardev_take(c);
        }
        poll(NULL, 0, *text ? 1 : 0);
    }
    ck_assert_msg(!*text, "still to come: %s", text);
    ck_assert(!chardev_peek(c, &byte));
}

START_TEST(nothing_is_plugged_in)
{
    struct chardev_config config = {.kind = CHARDEV_NONE};
    struct chardev *c = (struct chardev *)&config;

    ck_assert(chardev_open(&config, &host, &c, &failure));
    ck_assert_ptr_null(c);
    chardev_close(NULL);
}
END_TEST

START_TEST(file_holds_all_bytes)
{
    struct chardev *c;
    char path[100];
    struct stat st;
    unsigned i;

    ck_assert(open_there("file:%/out", &c));
    for (i = 0; i < 3000000; i++) /* more than the buffer */
        chardev_output(c)->put(chardev_output(c), (uint8_t)i);
    chardev_close(c);
    snprintf(path, sizeof(path), "%s/out", folder);
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_int_eq(st.st_size, 3000000);
    ck_assert_uint_eq(logged, 0);
}
END_TEST

START_TEST(file_that_cannot_be)
{
    struct chardev *c;

    ck_assert(!open_there("file:%/no/out", &c));
    ck_assert_ptr_null(c);
    ck_assert_int_eq(failure.exit_status, EXIT_STATUS_HOST);
    ck_assert_ptr_nonnull(
        strstr(failure.text, "/no/out: no such folder; choose another file"));
}
END_TEST

START_TEST(full_disk_is_told_once)
{
    struct chardev_config config;
    struct chardev *c;

    ck_assert(chardev_parse("serial", "file:/dev/full", &config, &failure));
    ck_assert(chardev_open(&config, &host, &c, &failure));
    put_text(c, "a");
    chardev_poll(c);
    put_text(c, "b");
    chardev_poll(c);
    chardev_close(c);
    ck_assert_uint_eq(logged, 1);
    ck_assert_str_eq(last_log, "serial: the host disk is full: what the guest "
                               "sends is lost from now on");
}
END_TEST

START_TEST(unix_server_and_client)
{
    struct chardev *server;
    struct chardev *client;
    char path[100];

    ck_assert(open_there("unix:%/s,server,nowait", &server));
    ck_assert_msg(open_there("unix:%/s", &client), "%s", failure.text);
    chardev_poll(server);
    put_text(client, "hello");
    chardev_poll(client);
    expect_input(server, "hello");
    put_text(server, "welcome");
    chardev_poll(server);
    expect_input(client, "welcome");
    chardev_close(client);
    chardev_poll(server); /* notes that the peer went, then takes another */
    ck_assert_msg(open_there("unix:%/s", &client), "%s", failure.text);
    chardev_poll(server);
    put_text(server, "again");
    chardev_poll(server);
    expect_input(client, "again");
    chardev_close(client);
    chardev_close(server);
    snprintf(path, sizeof(path), "%s/s", folder);
    ck_assert_int_ne(access(path, F_OK), 0);
}
END_TEST

START_TEST(server_of_a_killed_run_is_replaced)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct chardev *server;
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    snprintf(address.sun_path, sizeof(address.sun_path), "%s/s", folder);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    close(fd);
    ck_assert_msg(open_there("unix:%/s,server,nowait", &server), "%s",
                  failure.text);
    chardev_close(server);
}
END_TEST

START_TEST(nobody_answers)
{
    struct chardev *c;

    ck_assert(!open_there("unix:%/nobody", &c));
    ck_assert_int_eq(failure.exit_status, EXIT_STATUS_HOST);
    ck_assert_ptr_nonnull(strstr(failure.text, "start the other side first"));
}
END_TEST

static int listen_somewhere(unsigned *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, size), 0);
    ck_assert_int_eq(listen(fd, 1), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    *port = ntohs(address.sin_port);
    return fd;
}

/* A peer that never reads costs bytes, never time. */
START_TEST(tcp_peer_that_does_not_read)
{
    struct chardev_config config;
    struct chardev *c;
    char text[40];
    unsigned port;
    int listener = listen_somewhere(&port);
    int peer;
    unsigned i;

    snprintf(text, sizeof(text), "tcp:127.0.0.1:%u", port);
    ck_assert(chardev_parse("serial", text, &config, &failure));
    ck_assert_msg(chardev_open(&config, &host, &c, &failure), "%s",
                  failure.text);
    peer = accept(listener, NULL, NULL);
    for (i = 0; i < 8u << 20; i++)
        chardev_output(c)->put(chardev_output(c), 'x');
    ck_assert_uint_eq(logged, 1);
    ck_assert_str_eq(last_log,
                     "serial: the other side does not read; bytes are lost");
    close(peer);
    close(listener);
    chardev_poll(c);
    chardev_close(c);
}
END_TEST

START_TEST(tcp_refused)
{
    struct chardev_config config;
    struct chardev *c;
    char text[40];
    unsigned port;

    close(listen_somewhere(&port));
    snprintf(text, sizeof(text), "tcp:127.0.0.1:%u", port);
    ck_assert(chardev_parse("serial", text, &config, &failure));
    ck_assert(!chardev_open(&config, &host, &c, &failure));
    ck_assert_int_eq(failure.exit_status, EXIT_STATUS_HOST);
    ck_assert_ptr_nonnull(strstr(failure.text, "refused"));
}
END_TEST

/* Not at ::1 instead, where nobody would look for it. */
START_TEST(tcp_port_that_is_taken)
{
    struct chardev_config config;
    struct chardev *c;
    char text[40];
    unsigned port;
    int listener = listen_somewhere(&port);

    snprintf(text, sizeof(text), "tcp::%u,server,nowait", port);
    ck_assert(chardev_parse("gdb", text, &config, &failure));
    ck_assert(!chardev_open(&config, &host, &c, &failure));
    ck_assert_ptr_nonnull(strstr(failure.text, "in use"));
    close(listener);
    ck_assert_msg(chardev_open(&config, &host, &c, &failure), "%s",
                  failure.text);
    ck_assert_int_ge(chardev_fd(c), 0);
    ck_assert(!chardev_connected(c));
    chardev_close(c);
    ck_assert(!chardev_parse("gdb", "tcp::65536", &config, &failure));
    ck_assert(chardev_parse("gdb", "tcp::65535", &config, &failure));
}
END_TEST

/* A server's path that is somebody's file: it stays. */
START_TEST(unix_server_spares_files)
{
    struct chardev_config config;
    struct chardev *c;
    char path[64], text[100];
    FILE *file;

    snprintf(path, sizeof(path), "/tmp/test_chardev.%ld", (long)getpid());
    file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    fclose(file);
    snprintf(text, sizeof(text), "unix:%s,server,nowait", path);
    ck_assert(chardev_parse("gdb", text, &config, &failure));
    ck_assert(!chardev_open(&config, &host, &c, &failure));
    ck_assert_ptr_nonnull(strstr(failure.text, "in use"));
    ck_assert_int_eq(access(path, F_OK), 0);
    unlink(path);
}
END_TEST

static bool interrupt_second_time(void *context)
{
    return ++*(unsigned *)context > 1;
}

START_TEST(waiting_server_can_be_interrupted)
{
    struct chardev_config config;
    struct chardev_host impatient = host;
    struct chardev *c;
    unsigned asked = 0;

    impatient.interrupted = interrupt_second_time;
    impatient.context = &asked;
    ck_assert(chardev_parse("serial", "tcp::0,server", &config, &failure));
    ck_assert_msg(chardev_open(&config, &impatient, &c, &failure), "%s",
                  failure.text);
    ck_assert_uint_eq(asked, 2);
    ck_assert_ptr_nonnull(strstr(last_log, "waiting for somebody"));
    chardev_close(c);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("frontend/chardev");
    TCase *tcase = tcase_create("chardev");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, nothing_is_plugged_in);
    tcase_add_test(tcase, file_holds_all_bytes);
    tcase_add_test(tcase, file_that_cannot_be);
    tcase_add_test(tcase, full_disk_is_told_once);
    tcase_add_test(tcase, unix_server_and_client);
    tcase_add_test(tcase, server_of_a_killed_run_is_replaced);
    tcase_add_test(tcase, nobody_answers);
    tcase_add_test(tcase, tcp_peer_that_does_not_read);
    tcase_add_test(tcase, tcp_refused);
    tcase_add_test(tcase, tcp_port_that_is_taken);
    tcase_add_test(tcase, unix_server_spares_files);
    tcase_add_test(tcase, waiting_server_can_be_interrupted);
    suite_add_tcase(suite, tcase);
    return suite;
}
