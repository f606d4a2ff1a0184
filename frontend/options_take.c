/* Handlers of the options that describe the machine and its surroundings. */
#include <stdio.h>
#include <string.h>

#include "frontend/options_int.h"
#include "frontend/units.h"

static bool report_value(const struct option_row *row, const char *value,
                         const char *remedy, struct failure *failure)
{
    return failure_set(failure, EXIT_STATUS_USAGE, "-%s %s: %s", row->name,
                       value, remedy);
}

/* Two values for one thing: the user should say which. */
static bool claim(bool *given, const struct option_row *row,
                  struct failure *failure)
{
    if (*given)
        return failure_set(failure, EXIT_STATUS_USAGE,
                           "-%s is given twice; leave one out", row->name);
    *given = true;
    return true;
}

/* Appends the names of a list that ends with NULL. */
static void list_names(const char *const *names, char *out, size_t size)
{
    size_t used = 0;

    out[0] = '\0';
    for (; *names && used < size; names++)
        used += (size_t)snprintf(out + used, size - used, "%s%s",
                                 used ? ", " : "", *names);
}

static int find_name(const char *const *names, const char *name, size_t length)
{
    int i;

    for (i = 0; names[i]; i++)
        if (strlen(names[i]) == length && !strncmp(names[i], name, length))
            return i;
    return -1;
}

static bool report_choice(const struct option_row *row, const char *value,
                          const char *const *names, struct failure *failure)
{
    char list[400];

    list_names(names, list, sizeof(list));
    return failure_set(failure, EXIT_STATUS_USAGE,
                       "-%s %s: no such choice; choose one of %s", row->name,
                       value, list);
}

bool options_take_action(struct options *options, const struct option_row *row,
                         const char *value, struct failure *failure)
{
    (void)value;
    (void)failure;
    if (options->action == OPTIONS_RUN)
        options->action =
            strcmp(row->detail, "help") == 0 ? OPTIONS_HELP : OPTIONS_VERSION;
    return true;
}

bool options_take_ram(struct options *options, const struct option_row *row,
                      const char *value, struct failure *failure)
{
    const char *size = strncmp(value, "size=", 5) == 0 ? value + 5 : value;
    uint64_t bytes;

    if (!claim(&options->given.ram, row, failure))
        return false;
    if (!units_parse_bytes(size, &bytes))
        return report_value(
            row, value, "not a size; write it like 640K, 64M or 1G", failure);
    if (bytes > SIZE_MAX || !machine_ram_ok((size_t)bytes))
        return report_value(row, value,
                            "not a size that the board takes; give 256K to 2G, "
                            "a multiple of 64K",
                            failure);
    options->ram_bytes = (size_t)bytes;
    return true;
}

bool options_take_cpu(struct options *options, const struct option_row *row,
                      const char *value, struct failure *failure)
{
    if (!claim(&options->given.cpu, row, failure))
        return false;
    if (find_name(machine_cpu_names(), value, strlen(value)) < 0)
        return report_choice(row, value, machine_cpu_names(), failure);
    options->cpu = value;
    return true;
}

/* "pc", or as QEMU has it "pc,accel=tcg". */
bool options_take_machine(struct options *options, const struct option_row *row,
                          const char *value, struct failure *failure)
{
    size_t length = strcspn(value, ",");
    int board = find_name(machine_board_names(), value, length);

    if (!claim(&options->given.board, row, failure))
        return false;
    if (board < 0)
        return report_choice(row, value, machine_board_names(), failure);
    if (value[length] && strcmp(value + length, ",accel=tcg") != 0)
        return report_value(row, value,
                            "no property of a board is known; write its name "
                            "alone",
                            failure);
    options->board = (enum machine_board)board;
    return true;
}

bool options_take_engine(struct options *options, const struct option_row *row,
                         const char *value, struct failure *failure)
{
    static const char *const names[] = {"jit", "interp", "verify", NULL};
    int engine = find_name(names, value, strlen(value));

    if (!claim(&options->given.engine, row, failure))
        return false;
    if (engine < 0)
        return report_choice(row, value, names, failure);
    options->engine = (enum machine_engine)engine;
    return true;
}

bool options_take_speed(struct options *options, const struct option_row *row,
                        const char *value, struct failure *failure)
{
    double mhz;

    if (!claim(&options->given.speed, row, failure))
        return false;
    options->paced = strcmp(value, "max") != 0;
    if (!options->paced || strcmp(value, "real") == 0)
        return true;
    if (!units_parse_number(value, &mhz) || mhz < 0.001 || mhz > 1e6)
        return report_value(row, value,
                            "not a speed; write max, real or the MHz, 0.001 "
                            "to 1000000",
                            failure);
    options->insns_per_sec = (uint64_t)(mhz * 1e6 + 0.5);
    return true;
}

bool options_take_limit(struct options *options, const struct option_row *row,
                        const char *value, struct failure *failure)
{
    if (!claim(&options->given.limit, row, failure))
        return false;
    if (!units_parse_ns(value, &options->limit_ns) || options->limit_ns == 0)
        return report_value(
            row, value, "not a time; write it like 90s, 500ms or 2m", failure);
    return true;
}

/* Days from 1970-01-01 to a day of the Gregorian calendar, `month` from 1. */
static int64_t count_days(int year, int month, int day)
{
    int64_t y = month > 2 ? year : year - 1; /* years begin in March */
    int64_t m = month > 2 ? month - 3 : month + 9;

    return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 -
           719468;
}

static bool is_date(int year, int month, int day)
{
    static const int days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

    return year >= 1980 && year <= 2099 && month >= 1 && month <= 12 &&
           day >= 1 && day <= days[month - 1] &&
           (leap || month != 2 || day <= 28);
}

/* "1996-01-31" or "1996-01-31T12:00:00". */
static bool parse_date(const char *text, int64_t *sec)
{
    int year, month, day, length = 0;
    int hour = 0, minute = 0, second = 0;

    if (sscanf(text, "%4d-%2d-%2d%n", &year, &month, &day, &length) < 3 ||
        !is_date(year, month, day))
        return false;
    text += length;
    length = 0;
    if (*text == 'T' &&
        sscanf(text, "T%2d:%2d:%2d%n", &hour, &minute, &second, &length) < 3)
        return false;
    if (text[length] || hour < 0 || hour > 23 || minute < 0 || minute > 59 ||
        second < 0 || second > 59)
        return false;
    *sec = count_days(year, month, day) * 86400 + hour * 3600 + minute * 60 +
           second;
    return true;
}

bool options_take_rtc(struct options *options, const struct option_row *row,
                      const char *value, struct failure *failure)
{
    const char *base = strncmp(value, "base=", 5) == 0 ? value + 5 : value;

    if (!claim(&options->given.rtc, row, failure))
        return false;
    if (strcmp(base, "localtime") == 0)
        options->rtc = OPTIONS_RTC_LOCAL;
    else if (strcmp(base, "utc") == 0)
        options->rtc = OPTIONS_RTC_UTC;
    else if (parse_date(base, &options->rtc_sec))
        options->rtc = OPTIONS_RTC_FIXED;
    else
        return report_value(row, value,
                            "not a time; write base=localtime, base=utc or "
                            "one from 1980 to 2099 like "
                            "base=1996-01-31T12:00:00",
                            failure);
    return true;
}

bool options_take_display(struct options *options, const struct option_row *row,
                          const char *value, struct failure *failure)
{
    static const char *const names[] = {"sdl", "text", "none", "curses", NULL};
    static const enum options_display displays[] = {
        OPTIONS_DISPLAY_SDL, OPTIONS_DISPLAY_TEXT, OPTIONS_DISPLAY_NONE,
        OPTIONS_DISPLAY_TEXT};
    const char *name = value ? value : row->detail;
    int i = find_name(names, name, strlen(name));

    if (!claim(&options->given.display, row, failure))
        return false;
    if (i < 0)
        return report_value(row, name,
                            "no such choice; choose one of sdl, text, none",
                            failure);
    options->display = displays[i];
    return true;
}

/* Options without a value: the detail says which. */
bool options_take_flag(struct options *options, const struct option_row *row,
                       const char *value, struct failure *failure)
{
    const struct {
        const char *detail;
        bool *place;
    } places[] = {
        {"snapshot", &options->snapshot},
        {"nographic", &options->nographic},
        {"full-screen", &options->full_screen},
        {"exit-port", &options->exit_port},
        {"stats", &options->stats},
        {"perf-map", &options->perf_map},
        {"paused", &options->start_paused},
    };
    size_t i;

    (void)value;
    (void)failure;
    for (i = 0; i < ARRAY_LEN(places); i++)
        if (strcmp(places[i].detail, row->detail) == 0)
            *places[i].place = true;
    return true;
}

bool options_take_audio(struct options *options, const struct option_row *row,
                        const char *value, struct failure *failure)
{
    if (!claim(&options->given.audio, row, failure))
        return false;
    if (strcmp(value, "sdl") == 0)
        options->audio = OPTIONS_AUDIO_SDL;
    else if (strcmp(value, "none") == 0)
        options->audio = OPTIONS_AUDIO_NONE;
    else if (strncmp(value, "wav:", 4) == 0 && value[4]) {
        options->audio = OPTIONS_AUDIO_WAV;
        options->wav = value + 4;
    } else
        return report_value(row, value,
                            "no such choice; choose one of sdl, wav:FILE, none",
                            failure);
    return true;
}

bool options_take_serial(struct options *options, const struct option_row *row,
                         const char *value, struct failure *failure)
{
    if (options->given.serials == MACHINE_SERIALS)
        return failure_set(failure, EXIT_STATUS_USAGE,
                           "-serial %s: the machine has %d serial ports; "
                           "leave it out",
                           value, MACHINE_SERIALS);
    return chardev_parse(row->name, value,
                         &options->serial[options->given.serials++], failure);
}

bool options_take_parallel(struct options *options,
                           const struct option_row *row, const char *value,
                           struct failure *failure)
{
    return claim(&options->given.parallel, row, failure) &&
           chardev_parse(row->name, value, &options->parallel, failure);
}

bool options_take_debugcon(struct options *options,
                           const struct option_row *row, const char *value,
                           struct failure *failure)
{
    return claim(&options->given.debugcon, row, failure) &&
           chardev_parse(row->name, value, &options->debugcon, failure);
}

/* Debuggers come and go: theirs are servers that do not wait. */
static bool take_server(const struct option_row *row, const char *value,
                        struct chardev_config *config, struct failure *failure)
{
    if (!chardev_parse(row->name, value, config, failure))
        return false;
    config->server = true;
    config->wait = false;
    return true;
}

bool options_take_gdb(struct options *options, const struct option_row *row,
                      const char *value, struct failure *failure)
{
    const char *where = value ? value : row->detail;

    if (!claim(&options->given.gdb, row, failure) ||
        !take_server(row, where, &options->gdb, failure))
        return false;
    if (options->gdb.kind == CHARDEV_STDIO || options->gdb.kind == CHARDEV_FILE)
        return report_value(row, where,
                            "gdb cannot come that way; write tcp::1234 or "
                            "unix:/tmp/gdb",
                            failure);
    return true;
}

bool options_take_monitor(struct options *options, const struct option_row *row,
                          const char *value, struct failure *failure)
{
    if (!claim(&options->given.monitor, row, failure) ||
        !take_server(row, value, &options->monitor, failure))
        return false;
    if (options->monitor.kind == CHARDEV_FILE)
        return report_value(row, value,
                            "a file says nothing; write stdio, unix:/tmp/mon "
                            "or tcp::4444",
                            failure);
    return true;
}

bool options_take_qmp(struct options *options, const struct option_row *row,
                      const char *value, struct failure *failure)
{
    if (!claim(&options->given.qmp, row, failure) ||
        !take_server(row, value, &options->qmp, failure))
        return false;
    if (options->qmp.kind == CHARDEV_FILE)
        return report_value(row, value,
                            "a file says nothing; write unix:/tmp/qmp or "
                            "tcp::4444",
                            failure);
    return true;
}

/* A value that is kept as it is; the detail says where. */
bool options_take_text(struct options *options, const struct option_row *row,
                       const char *value, struct failure *failure)
{
    const struct {
        const char *detail;
        const char **place;
    } places[] = {
        {"bios", &options->bios},     {"vgabios", &options->vgabios},
        {"kernel", &options->kernel}, {"initrd", &options->initrd},
        {"append", &options->append}, {"script", &options->script},
        {"title", &options->title},   {"record", &options->record},
        {"replay", &options->replay},
    };
    size_t i;

    if (value[0] == '\0' && strcmp(row->detail, "append") != 0)
        return failure_set(failure, EXIT_STATUS_USAGE,
                           "-%s: its value is empty; write -%s %s", row->name,
                           row->name, row->argument);
    for (i = 0; i < ARRAY_LEN(places); i++) {
        if (strcmp(places[i].detail, row->detail) != 0)
            continue;
        if (*places[i].place)
            return failure_set(failure, EXIT_STATUS_USAGE,
                               "-%s is given twice; leave one out", row->name);
        *places[i].place = value;
    }
    return true;
}

bool options_take_log(struct options *options, const struct option_row *row,
                      const char *value, struct failure *failure)
{
    if (strcmp(value, "guest_errors") != 0)
        return report_value(row, value,
                            "no such choice; the only one is guest_errors",
                            failure);
    options->log_guest = true;
    return true;
}
