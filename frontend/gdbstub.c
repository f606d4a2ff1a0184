/* Connection and packets. */
#include "frontend/gdbstub.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frontend/gdbstub_int.h"

#define INTERRUPT 0x03
#define ESCAPE    '}'
#define ESCAPED   0x20

/* Replies. */

void gdb_put(struct gdbstub *stub, const char *format, ...)
{
    size_t room = sizeof(stub->reply) - stub->reply_length;
    va_list args;
    int length;

    va_start(args, format);
    length = vsnprintf(stub->reply + stub->reply_length, room, format, args);
    va_end(args);
    if (length > 0)
        stub->reply_length += (size_t)length < room ? (size_t)length : room - 1;
}

void gdb_put_hex(struct gdbstub *stub, const void *bytes, size_t size)
{
    const uint8_t *from = bytes;

    for (size_t i = 0; i < size; i++)
        gdb_put(stub, "%02x", from[i]);
}

static void put_char(struct gdbstub *stub, char c)
{
    if (stub->reply_length < GDB_PACKET_BYTES)
        stub->reply[stub->reply_length++] = c;
}

void gdb_put_binary(struct gdbstub *stub, uint8_t byte)
{
    if (byte == '#' || byte == '$' || byte == ESCAPE || byte == '*') {
        put_char(stub, ESCAPE);
        byte ^= ESCAPED;
    }
    put_char(stub, (char)byte);
}

void gdb_put_error(struct gdbstub *stub, unsigned number)
{
    gdb_put(stub, "E%02u", number);
}

static void send_byte(struct gdbstub *stub, uint8_t byte)
{
    struct host_char *out = chardev_output(stub->channel);

    out->put(out, byte);
}

static void send_packet(struct gdbstub *stub)
{
    char end[8];
    uint8_t sum = 0;

    send_byte(stub, '$');
    for (size_t i = 0; i < stub->reply_length; i++) {
        sum = (uint8_t)(sum + (uint8_t)stub->reply[i]);
        send_byte(stub, (uint8_t)stub->reply[i]);
    }
    snprintf(end, sizeof(end), "#%02x", sum);
    for (const char *p = end; *p; p++)
        send_byte(stub, (uint8_t)*p);
}

void gdb_send(struct gdbstub *stub)
{
    send_packet(stub);
    stub->has_reply = false;
}

/* Reading. */

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool gdb_get_number(const char **text, uint64_t *value)
{
    const char *start = *text;

    *value = 0;
    for (; digit(**text) >= 0; ++*text)
        *value = *value << 4 | (uint64_t)digit(**text);
    return *text > start && *text <= start + 16;
}

bool gdb_get_bytes(const char **text, void *bytes, size_t size)
{
    uint8_t *to = bytes;

    for (size_t i = 0; i < size; i++) {
        int high = digit((*text)[0]), low = high < 0 ? -1 : digit((*text)[1]);

        if (low < 0)
            return false;
        to[i] = (uint8_t)(high << 4 | low);
        *text += 2;
    }
    return true;
}

bool gdb_get_char(const char **text, char c)
{
    if (**text != c)
        return false;
    ++*text;
    return true;
}

/* Packets. */

static void run_free(struct gdbstub *stub)
{
    gdb_clear_points(stub);
    monitor_forget_gdb(stub->config.monitor);
    machine_cancel_step(stub->config.machine);
    stub->waiting = stub->interrupting = stub->connected = false;
    if (stub->config.control->pause == RUN_PAUSED_DEBUG)
        run_control_resume(stub->config.control);
    log_put(stub->config.log, LOG_NOTICE, "gdb",
            "the debugger is gone: the machine runs on");
}

static void detach(struct gdbstub *stub, const char *body)
{
    (void)body;
    gdb_put(stub, "OK");
    gdb_send(stub);
    chardev_hang_up(stub->channel);
    run_free(stub);
}

static void kill_machine(struct gdbstub *stub, const char *body)
{
    (void)body;
    stub->has_reply = false;
    stub->config.control->quit = true;
}

static void accept_thread(struct gdbstub *stub, const char *body)
{
    (void)body;
    gdb_put(stub, "OK");
}

static const struct {
    char letter;
    gdb_handler *handle;
} handlers[] = {
    {'?', gdb_tell_stop},
    {'g', gdb_read_registers},
    {'G', gdb_write_registers},
    {'p', gdb_read_register},
    {'P', gdb_write_register},
    {'m', gdb_read_memory},
    {'M', gdb_write_memory},
    {'X', gdb_write_binary},
    {'Z', gdb_insert_point},
    {'z', gdb_remove_point},
    {'c', gdb_continue},
    {'C', gdb_continue},
    {'s', gdb_step},
    {'S', gdb_step},
    {'v', gdb_resume_verbose},
    {'q', gdb_query},
    {'Q', gdb_set},
    {'D', detach},
    {'k', kill_machine},
    {'H', accept_thread},
    {'T', accept_thread},
};

/* An empty answer: not known here. */
static void answer(struct gdbstub *stub)
{
    stub->packet[stub->length] = '\0';
    stub->reply_length = 0;
    stub->has_reply = true;
    for (size_t i = 0; i < ARRAY_LEN(handlers); i++) {
        if (handlers[i].letter == stub->packet[0]) {
            handlers[i].handle(stub, stub->packet + 1);
            break;
        }
    }
    if (stub->has_reply)
        gdb_send(stub);
}

static void interrupt(struct gdbstub *stub)
{
    stub->interrupting = !run_control_paused(stub->config.control);
    run_control_pause(stub->config.control, RUN_PAUSED_DEBUG);
}

static void begin_packet(struct gdbstub *stub)
{
    stub->state = GDB_BODY;
    stub->length = 0;
    stub->sum = 0;
}

static void end_packet(struct gdbstub *stub)
{
    bool good = stub->sum == stub->given_sum;

    stub->state = GDB_IDLE;
    if (!stub->no_ack)
        send_byte(stub, good ? '+' : '-');
    if (good)
        answer(stub);
}

static void take_idle(struct gdbstub *stub, uint8_t byte)
{
    switch (byte) {
    case '$': begin_packet(stub); break;
    case INTERRUPT: interrupt(stub); break;
    case '-':
        if (!stub->no_ack)
            send_packet(stub); /* once more */
        break;
    default: break; /* '+', or garbage */
    }
}

/* A packet that does not fit is none: what follows up to the next '$' is
 * garbage. */
static void take_body(struct gdbstub *stub, uint8_t byte)
{
    if (byte == '#') {
        stub->state = GDB_SUM_FIRST;
        return;
    }
    if (byte == '$') {
        begin_packet(stub);
        return;
    }
    stub->sum = (uint8_t)(stub->sum + byte);
    if (stub->length == GDB_PACKET_BYTES)
        stub->state = GDB_IDLE;
    else
        stub->packet[stub->length++] = (char)byte;
}

static void take_byte(struct gdbstub *stub, uint8_t byte)
{
    int value = digit((char)byte);

    switch (stub->state) {
    case GDB_IDLE: take_idle(stub, byte); break;
    case GDB_BODY: take_body(stub, byte); break;
    case GDB_SUM_FIRST:
        stub->given_sum = (uint8_t)((unsigned)value << 4);
        stub->state = value < 0 ? GDB_IDLE : GDB_SUM_SECOND;
        break;
    case GDB_SUM_SECOND:
        if (value >= 0)
            stub->given_sum |= (uint8_t)value;
        else
            stub->given_sum = (uint8_t)~stub->sum;
        end_packet(stub);
        break;
    }
}

/* The connection. */

static void begin_session(struct gdbstub *stub)
{
    stub->connected = true;
    stub->no_ack = false;
    stub->state = GDB_IDLE;
    interrupt(stub);
    log_put(stub->config.log, LOG_NOTICE, "gdb",
            "a debugger is here: the machine stands");
}

void gdbstub_poll(struct gdbstub *stub)
{
    uint8_t byte;

    chardev_poll(stub->channel);
    if (!stub->connected && chardev_connected(stub->channel))
        begin_session(stub);
    while (chardev_peek(stub->channel, &byte)) {
        chardev_take(stub->channel);
        if (stub->connected)
            take_byte(stub, byte);
    }
    if (stub->connected && !chardev_connected(stub->channel))
        run_free(stub);
    else
        chardev_poll(stub->channel); /* what was said goes out at once */
}

int gdbstub_fd(const struct gdbstub *stub)
{
    return stub ? chardev_fd(stub->channel) : -1;
}

bool gdbstub_create(const struct gdbstub_config *config, struct gdbstub **out,
                    struct failure *failure)
{
    const struct chardev_host host = {.option = "gdb"};
    struct gdbstub *stub = calloc(1, sizeof(*stub));

    *out = NULL;
    if (!stub)
        return failure_set(failure, EXIT_STATUS_HOST,
                           "-gdb: out of host memory; end other programs");
    stub->config = *config;
    if (!chardev_open(config->channel, &host, &stub->channel, failure)) {
        free(stub);
        return false;
    }
    if (!gdb_describe_target(stub)) {
        gdbstub_destroy(stub, 0);
        return failure_set(failure, EXIT_STATUS_HOST,
                           "-gdb: out of host memory; end other programs");
    }
    run_control_listen(config->control,
                       &(struct run_listener){gdb_run_changed, stub});
    *out = stub;
    return true;
}

void gdbstub_destroy(struct gdbstub *stub, int exit_status)
{
    if (!stub)
        return;
    if (stub->connected && chardev_connected(stub->channel)) {
        stub->reply_length = 0;
        gdb_put(stub, "W%02x", (unsigned)exit_status & 0xff);
        send_packet(stub);
    }
    chardev_close(stub->channel);
    free(stub->description);
    free(stub);
}
