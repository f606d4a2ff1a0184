#include <stdlib.h>
#include <string.h>

#include "frontend/chardev.h"

static bool report(const char *option, const char *text, const char *remedy,
                   struct failure *failure)
{
    return failure_set(failure, EXIT_STATUS_USAGE, "-%s %s: %s", option, text,
                       remedy);
}

/* ",server", ",nowait", ",wait=off" and so on. */
static bool parse_flags(const char *text, struct chardev_config *config)
{
    static const struct {
        const char *word;
        int server, wait; /* -1: leave it */
    } flags[] = {
        {"server", 1, -1}, {"server=on", 1, -1}, {"server=off", 0, -1},
        {"wait", -1, 1},   {"wait=on", -1, 1},   {"wait=off", -1, 0},
        {"nowait", -1, 0}, {"nodelay", -1, -1},  {"nodelay=on", -1, -1},
    };
    size_t i;

    config->wait = true;
    while (*text == ',') {
        size_t length = strcspn(++text, ",");

        for (i = 0; i < ARRAY_LEN(flags); i++)
            if (strlen(flags[i].word) == length &&
                strncmp(flags[i].word, text, length) == 0)
                break;
        if (i == ARRAY_LEN(flags))
            return false;
        if (flags[i].server >= 0)
            config->server = flags[i].server;
        if (flags[i].wait >= 0)
            config->wait = flags[i].wait;
        text += length;
    }
    return true;
}

static bool copy_part(char *out, size_t size, const char *text, size_t length)
{
    if (length >= size)
        return false;
    memcpy(out, text, length);
    out[length] = '\0';
    return true;
}

/* A number, or the name of a service: the resolver would cut a larger one. */
static bool is_port(const char *text)
{
    char *end;
    unsigned long number = strtoul(text, &end, 10);

    return *end || number <= 65535;
}

/* HOST:PORT or [ADDRESS]:PORT; an empty host is this computer. */
static bool parse_tcp(const char *text, struct chardev_config *config)
{
    const char *host = text;
    size_t length = strcspn(text, ":,");
    size_t digits;

    if (*text == '[') {
        host = text + 1;
        length = strcspn(host, "]");
        if (host[length] != ']')
            return false;
        text = host + length + 1;
    } else
        text += length;
    if (*text != ':' ||
        !copy_part(config->target, sizeof(config->target), host, length))
        return false;
    digits = strcspn(++text, ",");
    return digits > 0 &&
           copy_part(config->port, sizeof(config->port), text, digits) &&
           is_port(config->port) && parse_flags(text + digits, config);
}

static bool parse_unix(const char *text, struct chardev_config *config)
{
    size_t length = strcspn(text, ",");

    return length > 0 &&
           copy_part(config->target, sizeof(config->target), text, length) &&
           parse_flags(text + length, config);
}

bool chardev_parse(const char *option, const char *text,
                   struct chardev_config *config, struct failure *failure)
{
    memset(config, 0, sizeof(*config));
    if (strcmp(text, "none") == 0 || strcmp(text, "null") == 0) {
        config->kind = CHARDEV_NONE;
        return true;
    }
    if (strcmp(text, "stdio") == 0) {
        config->kind = CHARDEV_STDIO;
        return true;
    }
    if (strncmp(text, "file:", 5) == 0) {
        config->kind = CHARDEV_FILE;
        if (text[5] && copy_part(config->target, sizeof(config->target),
                                 text + 5, strlen(text + 5)))
            return true;
        return report(option, text, "write the file like file:com1.txt",
                      failure);
    }
    if (strncmp(text, "unix:", 5) == 0) {
        config->kind = CHARDEV_UNIX;
        return parse_unix(text + 5, config) ||
               report(option, text,
                      "write the socket like unix:/tmp/com1 or "
                      "unix:/tmp/com1,server,nowait",
                      failure);
    }
    if (strncmp(text, "tcp:", 4) == 0) {
        config->kind = CHARDEV_TCP;
        return parse_tcp(text + 4, config) ||
               report(option, text,
                      "write the socket like tcp:localhost:4444 or "
                      "tcp::4444,server,nowait",
                      failure);
    }
    return report(option, text,
                  "no such destination; known are stdio, file:PATH, "
                  "unix:PATH, tcp:HOST:PORT, none",
                  failure);
}

bool chardev_interactive(const struct chardev_config *config)
{
    return config->kind == CHARDEV_STDIO || config->kind == CHARDEV_UNIX ||
           config->kind == CHARDEV_TCP;
}
