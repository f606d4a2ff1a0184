/* The connection: clients that come and go, bytes into messages and back. */
#include "frontend/qmp.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "frontend/qmp_int.h"

#define PENDING_MOST KIB(768) /* bytes that a client leaves unread */
#define BYTES_A_POLL KIB(64)
#define RESYNC       0xff /* no JSON has this byte: start over */

static void start_over(struct qmp *qmp)
{
    qmp->length = qmp->depth = 0;
    qmp->in_string = qmp->escaped = false;
}

/* Half a message would leave the client out of step for good. */
void qmp_send(struct qmp *qmp, json_t *message)
{
    char *text = message ? json_dumps(message, JSON_COMPACT) : NULL;
    struct host_char *out = chardev_output(qmp->channel);

    json_decref(message);
    if (!chardev_connected(qmp->channel)) {
        free(text);
        return;
    }
    if (!text || chardev_pending(qmp->channel) + strlen(text) > PENDING_MOST) {
        log_put(qmp->config.log, LOG_NOTICE, "qmp",
                text ? "the client does not read what it is sent: hung up"
                     : "out of host memory: hung up");
        free(text);
        chardev_hang_up(qmp->channel);
        return;
    }
    for (const char *p = text; *p; p++)
        out->put(out, (uint8_t)*p);
    out->put(out, '\r');
    out->put(out, '\n');
    free(text);
}

void qmp_send_event(struct qmp *qmp, const char *name, json_t *data)
{
    struct timespec now;
    json_t *event;

    if (!qmp->negotiated || !chardev_connected(qmp->channel)) {
        json_decref(data);
        return;
    }
    clock_gettime(CLOCK_REALTIME, &now);
    event = json_pack("{s:s, s:{s:I, s:I}}", "event", name, "timestamp",
                      "seconds", (json_int_t)now.tv_sec, "microseconds",
                      (json_int_t)(now.tv_nsec / 1000));
    if (data)
        json_object_set_new(event, "data", data);
    qmp_send(qmp, event);
}

static void greet(struct qmp *qmp)
{
    qmp->peer = chardev_peers(qmp->channel);
    qmp->negotiated = false;
    start_over(qmp);
    qmp_send(qmp, json_pack("{s:{s:o, s:[]}}", "QMP", "version",
                            qmp_do_query_version(qmp, NULL), "capabilities"));
}

/* Messages. */

static bool is_space(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

static void finish_message(struct qmp *qmp)
{
    size_t length = qmp->length;

    start_over(qmp);
    qmp_execute(qmp, qmp->text, length);
}

static bool keep(struct qmp *qmp, uint8_t byte)
{
    if (qmp->length == qmp->room) {
        size_t room = qmp->room ? 2 * qmp->room : 1024;
        char *text = room > QMP_INPUT_MOST ? NULL : realloc(qmp->text, room);

        if (!text)
            return false;
        qmp->text = text;
        qmp->room = room;
    }
    qmp->text[qmp->length++] = (char)byte;
    return true;
}

/* Inside a string only its end, and what it cannot hold, matters. */
static void take_string_byte(struct qmp *qmp, uint8_t byte)
{
    if (byte < ' ') {
        start_over(qmp);
        qmp_send_error(qmp, "JSON parse error, a string is not closed");
    } else if (qmp->escaped)
        qmp->escaped = false;
    else if (byte == '\\')
        qmp->escaped = true;
    else
        qmp->in_string = byte != '"';
}

static void take_structure_byte(struct qmp *qmp, uint8_t byte)
{
    switch (byte) {
    case '"': qmp->in_string = true; break;
    case '{':
    case '[': qmp->depth++; break;
    case '}':
    case ']':
        if (qmp->depth <= 1)
            finish_message(qmp); /* a closing one alone is an error too */
        else
            qmp->depth--;
        break;
    default: break;
    }
}

static void give_up(struct qmp *qmp, const char *why)
{
    start_over(qmp);
    qmp_send_error(qmp, why);
    chardev_poll(qmp->channel);
    chardev_hang_up(qmp->channel);
}

static void take_byte(struct qmp *qmp, uint8_t byte)
{
    bool in_word = qmp->length > 0 && qmp->depth == 0 && !qmp->in_string;

    if (byte == RESYNC) {
        start_over(qmp);
        return;
    }
    if (in_word && (is_space(byte) || byte == '{' || byte == '['))
        finish_message(qmp); /* a word that stands alone */
    if (qmp->length == 0 && is_space(byte))
        return;
    if (!keep(qmp, byte))
        give_up(qmp, "JSON parse error, the message is too long");
    else if (qmp->in_string)
        take_string_byte(qmp, byte);
    else
        take_structure_byte(qmp, byte);
    if (qmp->depth > QMP_DEPTH_MOST)
        give_up(qmp, "JSON parse error, too many brackets in brackets");
}

/* The guest may reset itself. */
static void tell_resets(struct qmp *qmp)
{
    struct machine_stats stats;

    machine_get_stats(qmp->config.machine, &stats);
    if (stats.resets == qmp->resets)
        return;
    qmp->resets = stats.resets;
    qmp_send_event(
        qmp, "RESET",
        json_pack("{s:b, s:s}", "guest", !qmp->reset_asked, "reason",
                  qmp->reset_asked ? "host-qmp-system-reset" : "guest-reset"));
    qmp->reset_asked = false;
}

void qmp_poll(struct qmp *qmp)
{
    uint8_t byte;

    chardev_poll(qmp->channel);
    if (!chardev_connected(qmp->channel)) {
        qmp->negotiated = false;
        start_over(qmp);
    } else if (chardev_peers(qmp->channel) != qmp->peer)
        greet(qmp);
    tell_resets(qmp);
    for (size_t i = 0; i < BYTES_A_POLL && chardev_peek(qmp->channel, &byte);
         i++) {
        chardev_take(qmp->channel);
        take_byte(qmp, byte);
    }
    chardev_poll(qmp->channel);
}

int qmp_fd(const struct qmp *qmp)
{
    return qmp ? chardev_fd(qmp->channel) : -1;
}

static void tell_change(void *self, enum run_pause pause)
{
    qmp_send_event(self, pause == RUN_GOES ? "RESUME" : "STOP", NULL);
}

void qmp_tell_end(struct qmp *qmp, enum loop_end end)
{
    bool guest = end == LOOP_POWERED_OFF || end == LOOP_EXIT_PORT;
    const char *reason = "host-ui";

    if (!qmp)
        return;
    if (guest)
        reason = "guest-shutdown";
    else if (end == LOOP_INTERRUPTED)
        reason = "host-signal";
    else if (qmp->config.control->quit)
        reason = "host-qmp-quit";
    qmp_send_event(qmp, "SHUTDOWN",
                   json_pack("{s:b, s:s}", "guest", guest, "reason", reason));
}

bool qmp_create(const struct qmp_config *config, struct qmp **out,
                struct failure *failure)
{
    const struct chardev_host host = {.option = "qmp", .log = NULL};
    struct qmp *qmp = calloc(1, sizeof(*qmp));
    struct run_listener listener = {tell_change, qmp};

    *out = NULL;
    if (!qmp)
        return failure_set(failure, EXIT_STATUS_HOST,
                           "out of host memory; end other programs");
    qmp->config = *config;
    if (!chardev_open(config->channel, &host, &qmp->channel, failure)) {
        free(qmp);
        return false;
    }
    run_control_listen(config->control, &listener);
    *out = qmp;
    return true;
}

void qmp_destroy(struct qmp *qmp)
{
    if (!qmp)
        return;
    chardev_close(qmp->channel);
    free(qmp->text);
    free(qmp);
}
