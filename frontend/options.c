#include "frontend/options.h"

#include <assert.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "frontend/options_int.h"

static const struct option_row rows[] = {
#define SECTION(title) {NULL, NULL, NULL, NULL, title},
#define OPTION(name, argument, handler, detail, help) \
    {name, argument, options_take_##handler, detail, help},
#include "frontend/options.def"
#undef OPTION
#undef SECTION
};

#define ROWS ARRAY_LEN(rows)

/* getopt_long() returns the row's number plus this: clear of characters. */
#define ROW_BASE 256

static void make_getopt_table(struct option *table)
{
    size_t i;

    for (i = 0; i < ROWS; i++) {
        if (!rows[i].name)
            continue;
        table->name = rows[i].name;
        table->has_arg = rows[i].argument ? required_argument : no_argument;
        table->flag = NULL;
        table->val = ROW_BASE + (int)i;
        table++;
    }
    memset(table, 0, sizeof(*table));
}

/* One-letter options must be short options too: getopt_long_only() would take
 * "-s" for the start of several long names. */
static void make_short_options(char *out)
{
    size_t i;

    *out++ = '-'; /* give back images in their place, as value 1 */
    *out++ = ':'; /* tell a missing argument from an unknown option */
    for (i = 0; i < ROWS; i++) {
        if (!rows[i].name || rows[i].name[1] != '\0')
            continue;
        *out++ = rows[i].name[0];
        if (rows[i].argument)
            *out++ = ':';
    }
    *out = '\0';
}

static const struct option_row *find_row(int value)
{
    size_t i;

    if (value >= ROW_BASE)
        return &rows[value - ROW_BASE];
    for (i = 0; i < ROWS; i++)
        if (rows[i].name && rows[i].name[0] == value && !rows[i].name[1])
            return &rows[i];
    return NULL;
}

/* Length of the common start, as a measure of likeness. */
static size_t common_start(const char *a, const char *b)
{
    size_t n = 0;

    while (a[n] && a[n] == b[n])
        n++;
    return n;
}

static const char *find_alike(const char *word)
{
    const char *best = NULL;
    size_t best_length = 1;
    size_t i;

    for (i = 0; i < ROWS; i++) {
        size_t length =
            rows[i].name && rows[i].help ? common_start(word, rows[i].name) : 0;

        if (length > best_length) {
            best = rows[i].name;
            best_length = length;
        }
    }
    return best;
}

static bool report_unknown(const char *argument, struct failure *failure)
{
    const char *word = argument + strspn(argument, "-");
    const char *alike = find_alike(word);

    if (alike)
        return failure_set(failure, EXIT_STATUS_USAGE,
                           "%s: unknown option; did you mean -%s? vitrine "
                           "--help lists all",
                           argument, alike);
    return failure_set(failure, EXIT_STATUS_USAGE,
                       "%s: unknown option; vitrine --help lists all",
                       argument);
}

static bool report_missing(int value, struct failure *failure)
{
    const struct option_row *row = find_row(value);

    assert(row);
    return failure_set(failure, EXIT_STATUS_USAGE,
                       "-%s: its value is missing; write -%s %s", row->name,
                       row->name, row->argument);
}

/* getopt_long_only() would take a unique start of a name for the name, so
 * that a script breaks when an option is added. */
static bool is_abbreviated(const char *argument, const char *name)
{
    const char *word = argument + strspn(argument, "-");

    return strlen(name) > 1 && strcspn(word, "=") != strlen(name);
}

static bool take_image(struct options *options, const char *path,
                       struct failure *failure)
{
    if (options->images == OPTIONS_IMAGES)
        return failure_set(failure, EXIT_STATUS_USAGE,
                           "%s: too many images; there are %d drives", path,
                           OPTIONS_IMAGES);
    if (path[0] == '\0')
        return failure_set(failure, EXIT_STATUS_USAGE,
                           "the name of an image is empty; name a file");
    options->image[options->images++].path = path;
    return true;
}

/* What getopt_long_only() made of `argument`. */
static bool take_word(struct options *options, int value, const char *argument,
                      struct failure *failure)
{
    const struct option_row *row;

    if (value == 1)
        return take_image(options, optarg, failure);
    if (value == ':' && !is_abbreviated(argument, find_row(optopt)->name))
        return report_missing(optopt, failure);
    if (value == '?' && optopt >= ROW_BASE)
        return failure_set(failure, EXIT_STATUS_USAGE,
                           "%s: -%s takes no value; leave it out", argument,
                           find_row(optopt)->name);
    row = value == '?' || value == ':' ? NULL : find_row(value);
    if (!row || is_abbreviated(argument, row->name))
        return report_unknown(argument, failure);
    return row->take(options, row, optarg, failure);
}

static bool parse_words(struct options *options, int argc, char *const *argv,
                        struct failure *failure)
{
    struct option table[ROWS + 1];
    char letters[2 * ROWS + 3];
    int at;
    int value;

    make_getopt_table(table);
    make_short_options(letters);
    opterr = 0;
    optind = 0; /* starts over */
    for (at = 1;; at = optind) {
        value = getopt_long_only(argc, argv, letters, table, NULL);
        if (value < 0)
            break;
        if (!take_word(options, value, argv[at], failure))
            return false;
    }
    for (at = optind; at < argc; at++) /* behind "--" */
        if (!take_image(options, argv[at], failure))
            return false;
    return true;
}

static void set_defaults(struct options *options)
{
    memset(options, 0, sizeof(*options));
    options->board = MACHINE_PC;
    options->engine = MACHINE_JIT;
    options->limit_ns = UINT64_MAX;
}

bool options_parse(struct options *options, int argc, char *const *argv,
                   struct failure *failure)
{
    set_defaults(options);
    if (!parse_words(options, argc, argv, failure))
        return false;
    if (options->action != OPTIONS_RUN)
        return true;
    return options_check(options, failure);
}

void options_release(struct options *options)
{
    unsigned i;

    for (i = 0; i < options->string_count; i++)
        free(options->strings[i]);
    options->string_count = 0;
}

char *options_keep(struct options *options, const char *text, size_t length)
{
    char *copy;

    if (options->string_count == OPTIONS_STRINGS)
        return NULL;
    copy = malloc(length + 1);
    if (!copy)
        return NULL;
    memcpy(copy, text, length);
    copy[length] = '\0';
    options->strings[options->string_count++] = copy;
    return copy;
}

bool options_add_notice(struct options *options, const char *text)
{
    assert(options->notice_count < OPTIONS_NOTICES);
    options->notices[options->notice_count++] = text;
    return true;
}

/* Help of several lines goes on in its column. */
static void print_row(FILE *stream, const struct option_row *row)
{
    char head[40];
    const char *line = row->help;
    const char *end;

    snprintf(head, sizeof(head), "-%s %s", row->name,
             row->argument ? row->argument : "");
    for (;;) {
        end = strchr(line, '\n');
        fprintf(stream, "  %-24s %.*s\n", head,
                end ? (int)(end - line) : (int)strlen(line), line);
        if (!end)
            return;
        head[0] = '\0';
        line = end + 1;
    }
}

void options_print_help(FILE *stream)
{
    const char *const *name;
    size_t i;

    fprintf(
        stream,
        "usage: vitrine [OPTION...] [IMAGE...]\n\n"
        "Runs a whole PC. IMAGE is a floppy, hard disk or CD image, its kind\n"
        "found from content and size; without one the built-in disk runs.\n"
        "Options start with one dash or two.\n");
    for (i = 0; i < ROWS; i++) {
        if (!rows[i].name)
            fprintf(stream, "\n%s\n", rows[i].help);
        else if (rows[i].help)
            print_row(stream, &rows[i]);
    }
    fprintf(stream, "\nProcessors:");
    for (name = machine_cpu_names(); *name; name++)
        fprintf(stream, " %s", *name);
    fprintf(stream, "\n");
}
