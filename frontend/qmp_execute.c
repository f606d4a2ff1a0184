/* Messages into calls, and what comes of them into answers. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "frontend/qmp_int.h"

struct command {
    const char *name;
    qmp_handler *handler;
    const char *arguments;
};

static const struct command commands[] = {
#define QMP_COMMAND(name, handler, arguments) \
    {name, qmp_do_##handler, arguments},
#include "frontend/qmp.def"
#undef QMP_COMMAND
};

json_t *qmp_fail(struct qmp *qmp, const char *class, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(qmp->error_text, sizeof(qmp->error_text), format, args);
    va_end(args);
    qmp->error_class = class;
    return NULL;
}

json_t *qmp_text(const char *text)
{
    json_t *string = json_string(text);
    char plain[QMP_ERROR_BYTES];
    size_t i;

    if (string)
        return string;
    for (i = 0; text[i] && i + 1 < sizeof(plain); i++)
        plain[i] = '?';
    for (size_t k = 0; k < i; k++)
        if (!(text[k] & 0x80))
            plain[k] = text[k];
    plain[i] = '\0';
    return json_string(plain);
}

static json_t *make_error(const char *class, const char *text)
{
    return json_pack("{s:{s:s, s:o}}", "error", "class", class, "desc",
                     qmp_text(text));
}

void qmp_send_error(struct qmp *qmp, const char *text)
{
    qmp_send(qmp, make_error(QMP_GENERIC, text));
}

/* Arguments. */

struct argument {
    char name[32];
    bool optional;
    char type;
};

/* Cuts the next one off a row's list; false at its end. */
static bool next_argument(const char **list, struct argument *argument)
{
    size_t length = strcspn(*list, "?:");

    if (**list == '\0')
        return false;
    snprintf(argument->name, sizeof(argument->name), "%.*s", (int)length,
             *list);
    *list += length;
    argument->optional = **list == '?';
    *list += argument->optional + 1;
    argument->type = *(*list)++;
    *list += **list == ' ';
    return true;
}

static bool has_type(const json_t *value, char type)
{
    switch (type) {
    case 's': return json_is_string(value);
    case 'b': return json_is_boolean(value);
    case 'i': return json_is_integer(value);
    case 'a': return json_is_array(value);
    default: return json_is_object(value);
    }
}

static const char *type_name(char type)
{
    switch (type) {
    case 's': return "string";
    case 'b': return "boolean";
    case 'i': return "integer";
    case 'a': return "array";
    default: return "object";
    }
}

static bool is_listed(const char *list, const char *name)
{
    struct argument argument;

    while (next_argument(&list, &argument))
        if (strcmp(argument.name, name) == 0)
            return true;
    return false;
}

static bool check_arguments(struct qmp *qmp, const struct command *command,
                            json_t *arguments)
{
    const char *list = command->arguments;
    struct argument argument;
    const char *name;
    json_t *value;

    while (next_argument(&list, &argument)) {
        value = json_object_get(arguments, argument.name);
        if (!value && !argument.optional)
            return qmp_fail(qmp, QMP_GENERIC, "Parameter '%s' is missing",
                            argument.name);
        if (value && !has_type(value, argument.type))
            return qmp_fail(qmp, QMP_GENERIC,
                            "Invalid parameter type for '%s', expected: %s",
                            argument.name, type_name(argument.type));
    }
    json_object_foreach(arguments, name, value) if (
        !is_listed(command->arguments,
                   name)) return qmp_fail(qmp, QMP_GENERIC,
                                          "Parameter '%.200s' is unexpected",
                                          name);
    return true;
}

/* Commands. */

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(commands); i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

/* The spec's envelope. */
static bool check_message(struct qmp *qmp, json_t *message)
{
    const char *name;
    json_t *value;

    if (!json_is_object(message))
        return qmp_fail(qmp, QMP_GENERIC, "QMP input must be a JSON object");
    json_object_foreach(message, name, value)
    {
        if (strcmp(name, "execute") == 0) {
            if (!json_is_string(value))
                return qmp_fail(qmp, QMP_GENERIC,
                                "QMP input member 'execute' must be a string");
        } else if (strcmp(name, "arguments") == 0) {
            if (!json_is_object(value))
                return qmp_fail(
                    qmp, QMP_GENERIC,
                    "QMP input member 'arguments' must be an object");
        } else if (strcmp(name, "id") != 0)
            return qmp_fail(qmp, QMP_GENERIC,
                            "QMP input member '%.200s' is unexpected", name);
    }
    if (!json_object_get(message, "execute"))
        return qmp_fail(qmp, QMP_GENERIC, "QMP input lacks member 'execute'");
    return true;
}

static json_t *run(struct qmp *qmp, json_t *message)
{
    const char *name;
    const struct command *command;
    json_t *arguments = json_object_get(message, "arguments");
    json_t *none, *result = NULL;

    if (!check_message(qmp, message))
        return NULL;
    name = json_string_value(json_object_get(message, "execute"));
    command = find_command(name);
    if (!qmp->negotiated && strcmp(name, "qmp_capabilities") != 0)
        return qmp_fail(qmp, QMP_NOT_FOUND,
                        "Expecting capabilities negotiation with "
                        "'qmp_capabilities'");
    if (!command)
        return qmp_fail(qmp, QMP_NOT_FOUND,
                        "The command %.200s has not been found", name);
    none = json_object();
    if (!arguments)
        arguments = none;
    if (arguments && check_arguments(qmp, command, arguments))
        result = command->handler(qmp, arguments);
    json_decref(none);
    return result;
}

static void answer(struct qmp *qmp, json_t *result, json_t *id)
{
    json_t *reply = result ? json_pack("{s:o}", "return", result)
                           : make_error(qmp->error_class, qmp->error_text);

    if (id)
        json_object_set(reply, "id", id);
    qmp_send(qmp, reply);
}

void qmp_execute(struct qmp *qmp, const char *text, size_t length)
{
    json_error_t error;
    json_t *message = json_loadb(
        text, length, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &error);
    char why[sizeof(error.text) + 40];

    if (!message) {
        snprintf(why, sizeof(why), "JSON parse error, %s", error.text);
        qmp_send_error(qmp, why);
        return;
    }
    qmp->error_class = QMP_GENERIC;
    snprintf(qmp->error_text, sizeof(qmp->error_text), "out of host memory");
    answer(qmp, run(qmp, message), json_object_get(message, "id"));
    json_decref(message);
}

json_t *qmp_do_capabilities(struct qmp *qmp, json_t *arguments)
{
    if (json_array_size(json_object_get(arguments, "enable")) > 0)
        return qmp_fail(qmp, QMP_GENERIC,
                        "This server has no such capabilities");
    if (qmp->negotiated)
        return qmp_fail(qmp, QMP_NOT_FOUND,
                        "Capabilities negotiation is already complete, command "
                        "ignored");
    qmp->negotiated = true;
    return json_object();
}

json_t *qmp_do_query_commands(struct qmp *qmp, json_t *arguments)
{
    json_t *list = json_array();

    (void)qmp;
    (void)arguments;
    for (size_t i = 0; i < ARRAY_LEN(commands); i++)
        json_array_append_new(list,
                              json_pack("{s:s}", "name", commands[i].name));
    return list;
}
