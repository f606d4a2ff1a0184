/* A whole script: the file, cut into lines. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "frontend/script_int.h"

#define WHY_BYTES  400
#define FILE_BYTES MIB(16)

static bool report(const char *name, unsigned line, const char *why,
                   struct failure *failure)
{
    return failure_set(failure, EXIT_STATUS_USAGE, "%s:%u: %s", name, line,
                       why);
}

static bool report_memory(struct failure *failure)
{
    return failure_set(failure, EXIT_STATUS_HOST,
                       "-script: out of host memory; end other programs");
}

static void release_command(struct script_command *command)
{
    free(command->source);
    free(command->bytes);
    free(command->path);
}

static char *copy_trimmed(const char *line)
{
    size_t length;
    char *copy;

    line += strspn(line, " \t");
    length = strlen(line);
    while (length > 0 && strchr(" \t", line[length - 1]))
        length--;
    copy = malloc(length + 1);
    if (copy) {
        memcpy(copy, line, length);
        copy[length] = '\0';
    }
    return copy;
}

static unsigned count_watches(const struct script *script)
{
    unsigned count = 0;
    size_t i;

    for (i = 0; i < script->count; i++)
        count += script->commands[i].kind == SCRIPT_FAIL;
    return count;
}

static bool add_command(struct script *script,
                        const struct script_command *command)
{
    size_t size = (script->count + 1) * sizeof(*command);
    struct script_command *bigger = realloc(script->commands, size);

    if (!bigger)
        return false;
    script->commands = bigger;
    bigger[script->count++] = *command;
    return true;
}

static bool parse_line(struct script *script, unsigned number, const char *line,
                       struct failure *failure)
{
    struct script_command command;
    char why[WHY_BYTES];
    bool empty;
    bool good = script_parse_line(line, &command, &empty, why, sizeof(why));

    if (!good || empty) {
        release_command(&command);
        return good || report(script->name, number, why, failure);
    }
    command.line = number;
    command.source = copy_trimmed(line);
    if (!command.source || !add_command(script, &command)) {
        release_command(&command);
        return report_memory(failure);
    }
    if (count_watches(script) > SCRIPT_FAIL_MAX)
        return report(script->name, number,
                      "too many lines with `fail`, 64 are possible; leave some "
                      "out",
                      failure);
    return true;
}

/* The next line into `line`, without its end; false: it is too long or has a
 * zero byte. */
static bool cut_line(const char **text, const char *end, char *line)
{
    const char *newline = memchr(*text, '\n', (size_t)(end - *text));
    size_t length = (size_t)((newline ? newline : end) - *text);
    bool good = length < SCRIPT_LINE_MAX && !memchr(*text, '\0', length);

    if (good) {
        memcpy(line, *text, length);
        if (length > 0 && line[length - 1] == '\r')
            length--;
        line[length] = '\0';
    }
    *text = newline ? newline + 1 : end;
    return good;
}

static bool parse_lines(struct script *script, const char *text, size_t size,
                        struct failure *failure)
{
    const char *end = text + size;
    unsigned number = 1;
    char line[SCRIPT_LINE_MAX];

    if (size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
        text += 3; /* a byte order mark */
    for (; text < end; number++) {
        if (!cut_line(&text, end, line))
            return report(script->name, number,
                          "no text, or a line of more than 4095 bytes; is "
                          "this a script?",
                          failure);
        if (!parse_line(script, number, line, failure))
            return false;
    }
    return true;
}

bool script_parse(const char *name, const char *text, size_t size,
                  struct script **out, struct failure *failure)
{
    struct script *script = calloc(1, sizeof(*script));

    *out = NULL;
    if (!script)
        return report_memory(failure);
    script->name = name;
    script->text = malloc(sizeof(*script->text));
    script->serial = malloc(SCRIPT_SERIAL_BYTES);
    if (!script->text || !script->serial) {
        script_destroy(script);
        return report_memory(failure);
    }
    if (!parse_lines(script, text, size, failure)) {
        script_destroy(script);
        return false;
    }
    *out = script;
    return true;
}

static bool report_file(const char *path, int error, struct failure *failure)
{
    return failure_set(failure, EXIT_STATUS_HOST,
                       "-script %s: %s; name a readable text file", path,
                       failure_errno_text(error));
}

/* Reads at most FILE_BYTES; NULL sets errno. */
static char *read_all(FILE *stream, size_t *size)
{
    size_t room = 4096;
    char *text = malloc(room);
    char *bigger;

    *size = 0;
    while (text) {
        *size += fread(text + *size, 1, room - *size, stream);
        if (ferror(stream) || *size > FILE_BYTES)
            break;
        if (*size < room)
            return text;
        bigger = realloc(text, room *= 2);
        if (!bigger)
            break;
        text = bigger;
    }
    if (*size > FILE_BYTES)
        errno = EFBIG;
    free(text);
    return NULL;
}

bool script_load(const char *path, struct script **out, struct failure *failure)
{
    FILE *stream = fopen(path, "rb");
    size_t size;
    char *text;
    bool good;

    *out = NULL;
    if (!stream)
        return report_file(path, errno, failure);
    text = read_all(stream, &size);
    good = text ? script_parse(path, text, size, out, failure)
                : report_file(path, errno, failure);
    fclose(stream);
    free(text);
    return good;
}

void script_destroy(struct script *script)
{
    size_t i;

    if (!script)
        return;
    for (i = 0; i < script->count; i++)
        release_command(&script->commands[i]);
    free(script->commands);
    free(script->serial);
    free(script->text);
    free(script);
}
