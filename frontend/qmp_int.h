/* What the files of the control connection share. */
#ifndef FRONTEND_QMP_INT_H
#define FRONTEND_QMP_INT_H

#include <jansson.h>

#include "frontend/qmp.h"

#define QMP_INPUT_MOST  MIB(1) /* bytes of one message */
#define QMP_DEPTH_MOST  256    /* brackets in brackets */
#define QMP_ERROR_BYTES 1200

struct qmp {
    struct qmp_config config;
    struct chardev *channel; /* owned */
    unsigned peer;           /* number of the one that was greeted */
    bool negotiated;

    /* The message that comes in. */
    char *text; /* owned */
    size_t length, room;
    unsigned depth;
    bool in_string, escaped;

    unsigned buttons; /* of the mouse */
    uint64_t resets;  /* of the machine, as far as they were told */
    bool reset_asked;

    /* Of the command under way; class NULL: it went well. */
    const char *error_class;
    char error_text[QMP_ERROR_BYTES];
};

/* qmp.c: one message to the client, which is given away. */
void qmp_send(struct qmp *qmp, json_t *message);

/* An event with `data` (given away; NULL: none), if somebody may hear it. */
void qmp_send_event(struct qmp *qmp, const char *name, json_t *data);

/* qmp_execute.c: does what a whole message says, and answers. */
void qmp_execute(struct qmp *qmp, const char *text, size_t length);

/* A JSON string of any text, also one that is no UTF-8. */
json_t *qmp_text(const char *text);

/* An answer to what is no command. */
void qmp_send_error(struct qmp *qmp, const char *text);

/* For handlers: notes why it fails and returns NULL. */
#define QMP_GENERIC   "GenericError"
#define QMP_NOT_FOUND "CommandNotFound"
#define QMP_NO_DEVICE "DeviceNotFound"
#if defined(__GNUC__)
__attribute__((format(printf, 3, 4)))
#endif
json_t *
qmp_fail(struct qmp *qmp, const char *class, const char *format, ...);

/* A handler returns its answer, or NULL after qmp_fail(). */
typedef json_t *qmp_handler(struct qmp *qmp, json_t *arguments);

/* qmp_run.c, qmp_query.c, qmp_input.c, qmp_media.c; qmp.def lists them. */
#define QMP_COMMAND(name, handler, arguments) qmp_handler qmp_do_##handler;
#include "frontend/qmp.def"
#undef QMP_COMMAND

#endif
