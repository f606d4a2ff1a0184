/* The engine: finds the command of a line. */
#include "frontend/monitor.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "frontend/monitor_int.h"

/* A section has no handler, but its title as help. */
struct row {
    const char *name, *other, *arguments;
    monitor_handler *handle;
    bool runs, info;
    const char *help;
};

static const struct row rows[] = {
#define SECTION(title) {NULL, NULL, NULL, NULL, false, false, title},
#define COMMAND(name, other, arguments, handler, runs, help) \
    {name, other, arguments, monitor_do_##handler, runs, false, help},
#define INFO(name, arguments, handler, help) \
    {name, NULL, arguments, monitor_show_##handler, false, true, help},
#include "frontend/monitor.def"
#undef INFO
#undef COMMAND
#undef SECTION
};

bool monitor_fail(struct monitor *m, const char *format, ...)
{
    va_list args;

    if (!m->failed) {
        va_start(args, format);
        vfprintf(m->out, format, args);
        va_end(args);
        fputc('\n', m->out);
    }
    m->failed = true;
    return false;
}

static bool is_called(const struct row *row, const char *name)
{
    size_t length = strlen(name);
    const char *at = row->other;

    if (strcmp(row->name, name) == 0)
        return true;
    while (at) {
        if (strncmp(at, name, length) == 0 &&
            (at[length] == '\0' || at[length] == '|'))
            return true;
        at = strchr(at, '|');
        at = at ? at + 1 : NULL;
    }
    return false;
}

static const struct row *find(const char *name, bool info)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (rows[i].name && rows[i].info == info && is_called(&rows[i], name))
            return &rows[i];
    }
    return NULL;
}

/* Help. */

static void put_help(struct monitor *m, const struct row *row)
{
    char head[80];

    if (!row->name) {
        fprintf(m->out, "%s:\n", row->help);
        return;
    }
    snprintf(head, sizeof(head), "%s%s%s%s %s", row->info ? "info " : "",
             row->name, row->other ? "|" : "", row->other ? row->other : "",
             row->arguments);
    fprintf(m->out, "  %-38s %s\n", head, row->help);
}

void monitor_do_help(struct monitor *m)
{
    char word[MONITOR_WORD_BYTES];
    bool all = monitor_at_end(m), found = false;

    if (!all && !monitor_word(m, word, sizeof(word)))
        return;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct row *row = &rows[i];

        if (!all && (!row->name || (!is_called(row, word) &&
                                    !(row->info && strcmp(word, "info") == 0))))
            continue;
        found = true;
        put_help(m, row);
    }
    if (!found)
        monitor_fail(m, "%s: no such command; help lists all", word);
}

/* Commands. */

static void run_row(struct monitor *m, const struct row *row)
{
    if (m->for_gdb && row->runs) {
        monitor_fail(m, "%s: let gdb do that", row->name);
        return;
    }
    row->handle(m);
    if (!m->failed && !monitor_at_end(m))
        monitor_fail(m, "%s: what follows is too much: %s", row->name, m->rest);
}

void monitor_do_info(struct monitor *m)
{
    char word[MONITOR_WORD_BYTES];
    const struct row *row;

    if (monitor_at_end(m)) {
        for (size_t i = 0; i < ARRAY_LEN(rows); i++)
            if (rows[i].info)
                put_help(m, &rows[i]);
        return;
    }
    if (!monitor_word(m, word, sizeof(word)))
        return;
    row = find(word, true);
    if (row)
        run_row(m, row);
    else
        monitor_fail(m, "info %s: not known; help info lists all", word);
}

/* The name ends at a blank or at the slash of a format. */
static void execute(struct monitor *m, const char *line)
{
    char name[MONITOR_WORD_BYTES];
    const struct row *row;
    size_t length;

    line += strspn(line, " \t\r\n");
    length = strcspn(line, " \t\r\n/");
    if (length == 0 || *line == '#')
        return;
    if (length >= sizeof(name))
        length = sizeof(name) - 1;
    memcpy(name, line, length);
    name[length] = '\0';
    m->rest = line + length;
    row = find(name, false);
    if (row)
        run_row(m, row);
    else
        monitor_fail(m, "%s: no such command; help lists all", name);
}

static void execute_for(struct monitor *m, const char *line, FILE *out,
                        bool for_gdb)
{
    m->out = out;
    m->failed = false;
    m->for_gdb = for_gdb;
    execute(m, line);
    m->out = NULL;
    m->rest = NULL;
}

void monitor_execute(struct monitor *m, const char *line, FILE *out)
{
    execute_for(m, line, out, false);
}

void monitor_execute_for_gdb(struct monitor *m, const char *line, FILE *out)
{
    execute_for(m, line, out, true);
}

unsigned monitor_step_mode(const struct monitor *m)
{
    return m->step_mode;
}

bool monitor_is_waiting(const struct monitor *m)
{
    return m->waiting;
}

bool monitor_asks_devices(const struct monitor *m)
{
    return m->devices;
}

/* Somebody stopped the run: what it ran towards is no more. */
static void run_changed(void *self, enum run_pause pause)
{
    struct monitor *m = self;

    if (pause == RUN_GOES)
        return;
    m->goal = MONITOR_NO_GOAL;
    m->waiting = false;
}

struct monitor *monitor_create(const struct monitor_config *config)
{
    struct monitor *m = calloc(1, sizeof(*m));

    if (!m)
        return NULL;
    m->config = *config;
    m->format = 'x';
    m->size = 'w';
    run_control_listen(config->control, &(struct run_listener){run_changed, m});
    return m;
}

void monitor_destroy(struct monitor *m)
{
    if (!m)
        return;
    monitor_trace_end(m);
    symbols_clear(&m->symbols);
    free(m);
}
