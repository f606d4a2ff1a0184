#include "frontend/monitor_console.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_BYTES 1024
#define PROMPT     "(vitrine) "
#define HELD_POLLS 1000 /* so long, about five seconds, a command may wait */

struct monitor_console {
    struct monitor_console_config config;
    struct chardev *channel; /* owned */
    bool greeted;            /* the present peer has its prompt */
    bool echo;               /* a terminal that shows nothing by itself */
    bool executing;
    enum {
        KEY_PLAIN,
        KEY_ESCAPE,  /* ESC came */
        KEY_SEQUENCE /* ESC [ came: up to a letter */
    } key;
    unsigned held; /* polls that the next command has waited */
    char line[LINE_BYTES];
    size_t length;
    char last[LINE_BYTES]; /* an empty line repeats it */
};

static void say(struct monitor_console *c, const char *text, size_t size)
{
    struct host_char *out = chardev_output(c->channel);

    for (size_t i = 0; i < size; i++)
        out->put(out, (uint8_t)text[i]);
}

static void say_text(struct monitor_console *c, const char *text)
{
    say(c, text, strlen(text));
}

/* What `print` writes, if there is memory for it. */
static void say_printed(struct monitor_console *c, const char *line)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    if (!out)
        return;
    if (line)
        monitor_execute(c->config.monitor, line, out);
    else
        monitor_print_stop(c->config.monitor, out);
    if (fclose(out) == 0)
        say(c, text, size);
    free(text);
}

static void execute(struct monitor_console *c)
{
    c->line[c->length] = '\0';
    c->length = 0;
    if (c->line[0] == '\0')
        memcpy(c->line, c->last, sizeof(c->line));
    memcpy(c->last, c->line, sizeof(c->last));
    c->executing = true;
    say_printed(c, c->line);
    c->executing = false;
    say_text(c, PROMPT);
}

static void erase(struct monitor_console *c)
{
    if (c->length == 0)
        return;
    c->length--;
    if (c->echo)
        say_text(c, "\b \b");
}

/* Arrow keys and the like: up brings the last line back. True: taken. */
static bool take_sequence(struct monitor_console *c, uint8_t byte)
{
    switch (c->key) {
    case KEY_PLAIN:
        if (byte != 0x1b)
            return false;
        c->key = KEY_ESCAPE;
        return true;
    case KEY_ESCAPE:
        c->key = byte == '[' || byte == 'O' ? KEY_SEQUENCE : KEY_PLAIN;
        return true;
    case KEY_SEQUENCE: break;
    }
    if (byte < '@')
        return true;
    c->key = KEY_PLAIN;
    if (byte != 'A')
        return true;
    while (c->length)
        erase(c);
    c->length = strlen(c->last);
    memcpy(c->line, c->last, c->length);
    if (c->echo)
        say(c, c->line, c->length);
    return true;
}

static void take_byte(struct monitor_console *c, uint8_t byte)
{
    if (take_sequence(c, byte))
        return;
    switch (byte) {
    case '\r':
    case '\n':
        if (c->echo)
            say_text(c, "\n");
        execute(c);
        return;
    case '\b':
    case 0x7f: erase(c); return;
    case 0x15: /* Ctrl-U */
        while (c->length)
            erase(c);
        return;
    default: break;
    }
    if (byte < ' ' || c->length == sizeof(c->line) - 1)
        return;
    c->line[c->length++] = (char)byte;
    if (c->echo)
        say(c, (const char *)&byte, 1);
}

/* The machine stopped while somebody waits at the prompt. */
static void run_changed(void *self, enum run_pause pause)
{
    struct monitor_console *c = self;

    if (pause != RUN_PAUSED_DEBUG || c->executing || !c->greeted)
        return;
    say_text(c, "\n");
    say_printed(c, NULL);
    say_text(c, PROMPT);
    chardev_poll(c->channel);
}

/* A program that sends many lines means each for the machine as the one before
 * left it; a person, surely one on a terminal, may want to stop what takes too
 * long. */
static bool must_hold(const struct monitor_console *c)
{
    return !c->echo && monitor_is_waiting(c->config.monitor) &&
           c->held < HELD_POLLS;
}

void monitor_console_poll(struct monitor_console *c)
{
    uint8_t byte;

    chardev_poll(c->channel);
    if (!chardev_connected(c->channel)) {
        c->greeted = false;
        c->length = 0;
    } else if (!c->greeted) {
        c->greeted = true;
        say_text(c, "Vitrine's monitor; help lists the commands.\n" PROMPT);
    }
    c->held = monitor_is_waiting(c->config.monitor) ? c->held + 1 : 0;
    while (chardev_peek(c->channel, &byte) && !must_hold(c)) {
        chardev_take(c->channel);
        take_byte(c, byte);
    }
    chardev_poll(c->channel);
}

int monitor_console_fd(const struct monitor_console *c)
{
    return c ? chardev_fd(c->channel) : -1;
}

bool monitor_console_create(const struct monitor_console_config *config,
                            struct monitor_console **out,
                            struct failure *failure)
{
    const struct chardev_host host = {.option = "monitor"};
    struct monitor_console *c = calloc(1, sizeof(*c));

    *out = NULL;
    if (!c)
        return failure_set(failure, EXIT_STATUS_HOST,
                           "-monitor: out of host memory; end other programs");
    c->config = *config;
    if (!chardev_open(config->channel, &host, &c->channel, failure)) {
        free(c);
        return false;
    }
    c->echo = chardev_is_terminal(c->channel);
    run_control_listen(config->control, &(struct run_listener){run_changed, c});
    *out = c;
    return true;
}

void monitor_console_destroy(struct monitor_console *c)
{
    if (!c)
        return;
    chardev_close(c->channel);
    free(c);
}
