/* One line of a script. A word is bare or stands in double quotes; `#` at the
 * start of a word begins a comment. */
#include <ctype.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "frontend/cp437.h"
#include "frontend/script_int.h"
#include "frontend/units.h"

#define WORDS_MAX 8

struct word {
    char text[SCRIPT_LINE_MAX];
    bool quoted;
};

struct line {
    struct word words[WORDS_MAX];
    unsigned count;
    char *why;
    size_t why_bytes;
};

#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
static bool
complain(const struct line *line, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(line->why, line->why_bytes, format, args);
    va_end(args);
    return false;
}

/* Copies what stands between quotes, escapes and all: their meaning depends
 * on the command. Moves *p behind the closing quote. */
static bool take_quoted(const struct line *line, const char **p,
                        struct word *word)
{
    size_t length = 0;

    word->quoted = true;
    for (++*p; **p != '"'; ++*p) {
        if (**p == '\\' && (*p)[1])
            word->text[length++] = *(*p)++;
        if (!**p)
            return complain(line, "the closing quote is missing; inside the "
                                  "text \\\" is a quote and \\\\ a backslash");
        word->text[length++] = **p;
    }
    ++*p;
    word->text[length] = '\0';
    if (**p && !isspace((unsigned char)**p))
        return complain(line, "a blank is missing behind the quote");
    return true;
}

static void take_bare(const char **p, struct word *word)
{
    size_t length = strcspn(*p, " \t");

    memcpy(word->text, *p, length);
    word->text[length] = '\0';
    word->quoted = false;
    *p += length;
}

/* Lines are shorter than a word has room: see SCRIPT_LINE_MAX. */
static bool split_line(struct line *line, const char *p)
{
    for (line->count = 0;; line->count++) {
        p += strspn(p, " \t");
        if (!*p || *p == '#')
            return true;
        if (line->count == WORDS_MAX)
            return complain(line, "too many words; put text into quotes");
        if (*p != '"')
            take_bare(&p, &line->words[line->count]);
        else if (!take_quoted(line, &p, &line->words[line->count]))
            return false;
    }
}

/* The character that follows a backslash; 0: none of them. */
static char escape_meaning(char c)
{
    static const char names[] = "ntreb\"\\";
    static const char meanings[] = "\n\t\r\x1b\b\"\\";
    const char *found = c ? strchr(names, c) : NULL;

    return found ? meanings[found - names] : '\0';
}

/* Resolves escapes. A backslash before anything else stands for itself, as in
 * "A:\>". With `serial` bytes stay as they are, else they become code page
 * 437. */
static bool unescape(const struct line *line, const char *text, bool serial,
                     struct script_command *command)
{
    command->bytes = malloc(strlen(text) + 1);
    command->size = 0;
    if (!command->bytes)
        return complain(line, "out of host memory; end other programs");
    while (*text) {
        const char *start = text;
        uint8_t *c = &command->bytes[command->size++];

        *c = (uint8_t)*text;
        if (*text == '\\' && escape_meaning(text[1])) {
            *c = (uint8_t)escape_meaning(text[1]);
            text += 2;
        } else if (serial)
            text++;
        else if (!cp437_from_utf8(&text, c))
            return complain(line,
                            "\"%.*s\" is no character of the PC's screen (code "
                            "page 437)",
                            (int)(text - start), start);
    }
    return true;
}

static bool take_text(const struct line *line, bool serial,
                      struct script_command *command)
{
    if (line->count < 2 || !line->words[1].quoted || !line->words[1].text[0])
        return complain(line, "the text is missing; write %s \"TEXT\"",
                        line->words[0].text);
    return unescape(line, line->words[1].text, serial, command);
}

static bool take_timeout(const struct line *line, unsigned word, uint64_t *ns)
{
    if (line->count <= word)
        return true;
    if (!units_parse_ns(line->words[word].text, ns))
        return complain(line, "%s is not a time; write it like 60s or 500ms",
                        line->words[word].text);
    return true;
}

static bool parse_screen_text(const struct line *line,
                              struct script_command *command)
{
    size_t i;

    if (!take_text(line, false, command))
        return false;
    for (i = 0; i < command->size; i++)
        if (command->bytes[i] < ' ')
            return complain(line, "text on the screen stands in one row, "
                                  "without control characters; write \\\\n "
                                  "for a backslash and an n");
    command->ns = SCRIPT_WAIT_NS;
    return command->kind != SCRIPT_WAIT || take_timeout(line, 2, &command->ns);
}

static bool parse_serial(const struct line *line,
                         struct script_command *command)
{
    command->ns = SCRIPT_WAIT_NS;
    if (!take_text(line, true, command) || !take_timeout(line, 2, &command->ns))
        return false;
    if (command->size > SCRIPT_SERIAL_BYTES / 2)
        return complain(line, "the text is too long");
    return true;
}

static bool parse_type(const struct line *line, struct script_command *command)
{
    struct keymap_stroke stroke;
    char utf8[CP437_UTF8_BYTES];
    size_t i;

    if (!take_text(line, false, command))
        return false;
    for (i = 0; i < command->size; i++)
        if (!keymap_find(command->bytes[i], &stroke))
            return complain(line, "the US keyboard has no key for \"%.*s\"",
                            (int)cp437_to_utf8(command->bytes[i], utf8), utf8);
    return true;
}

static bool parse_key(const struct line *line, struct script_command *command)
{
    if (line->count < 2)
        return complain(line, "the key is missing; write key ctrl-alt-del");
    if (keymap_parse_chord(line->words[1].text, command->keys,
                           &command->key_count))
        return true;
    return complain(line,
                    "%s: no such key; names are those of QEMU's sendkey, "
                    "joined by -, like ctrl-alt-del, ret, f10, kp_5",
                    line->words[1].text);
}

static bool parse_integer(const char *text, int *value)
{
    char *end;
    long number = strtol(text, &end, 10);

    *value = (int)number;
    return *text && !*end && number >= -10000 && number <= 10000;
}

static bool parse_mouse(const struct line *line, struct script_command *command)
{
    static const char *const buttons[] = {"left", "right", "middle"};
    const char *verb = line->count > 1 ? line->words[1].text : "";
    unsigned i;

    if (strcmp(verb, "move") == 0) {
        command->kind = SCRIPT_MOUSE_MOVE;
        if (line->count == 4 &&
            parse_integer(line->words[2].text, &command->dx) &&
            parse_integer(line->words[3].text, &command->dy))
            return true;
        return complain(line, "write mouse move RIGHT DOWN, two whole numbers "
                              "from -10000 to 10000");
    }
    command->kind =
        strcmp(verb, "up") == 0 ? SCRIPT_MOUSE_UP : SCRIPT_MOUSE_DOWN;
    if (command->kind == SCRIPT_MOUSE_UP || strcmp(verb, "down") == 0)
        for (i = 0; i < ARRAY_LEN(buttons) && line->count == 3; i++)
            if (strcmp(line->words[2].text, buttons[i]) == 0) {
                command->mask = 1u << i;
                return true;
            }
    return complain(line, "write mouse move RIGHT DOWN, mouse down BUTTON or "
                          "mouse up BUTTON; buttons are left, right, middle");
}

static bool take_path(const struct line *line, unsigned word,
                      struct script_command *command)
{
    if (line->count <= word || !line->words[word].text[0])
        return complain(line, "the file is missing; write %s%s FILE",
                        line->words[0].text, word == 2 ? " fda" : "");
    command->path = strdup(line->words[word].text);
    return command->path ||
           complain(line, "out of host memory; end other programs");
}

static bool parse_path(const struct line *line, struct script_command *command)
{
    return take_path(line, 1, command);
}

static bool parse_medium(const struct line *line,
                         struct script_command *command)
{
    const char *drive = line->count > 1 ? line->words[1].text : "";

    if (strcmp(drive, "fda") != 0 && strcmp(drive, "fdb") != 0 &&
        strcmp(drive, "cdrom") != 0)
        return complain(line, "the drive is missing, or its medium cannot be "
                              "changed; write fda, fdb or cdrom");
    command->drive =
        drive[0] == 'c' ? SCRIPT_CDROM : (unsigned)(drive[2] - 'a');
    return command->kind != SCRIPT_INSERT || take_path(line, 2, command);
}

static bool parse_sleep(const struct line *line, struct script_command *command)
{
    if (line->count < 2)
        return complain(line, "the time is missing; write sleep 2s");
    return take_timeout(line, 1, &command->ns);
}

static bool parse_nothing(const struct line *line,
                          struct script_command *command)
{
    (void)line;
    (void)command;
    return true;
}

static bool parse_later(const struct line *line, struct script_command *command)
{
    (void)command;
    return complain(line, "not available in this version; start the guest "
                          "afresh instead");
}

struct verb {
    const char *name;
    enum script_kind kind;
    unsigned words; /* at most, with the verb */
    bool (*parse)(const struct line *line, struct script_command *command);
};

/* clang-format off */
static const struct verb verbs[] = {
    {"wait",        SCRIPT_WAIT,        3, parse_screen_text},
    {"wait-serial", SCRIPT_WAIT_SERIAL, 3, parse_serial},
    {"expect",      SCRIPT_EXPECT,      2, parse_screen_text},
    {"fail",        SCRIPT_FAIL,        2, parse_screen_text},
    {"type",        SCRIPT_TYPE,        2, parse_type},
    {"key",         SCRIPT_KEY,         2, parse_key},
    {"mouse",       SCRIPT_MOUSE_MOVE,  4, parse_mouse},
    {"screenshot",  SCRIPT_SCREENSHOT,  2, parse_path},
    {"text",        SCRIPT_TEXT,        2, parse_path},
    {"insert",      SCRIPT_INSERT,      3, parse_medium},
    {"eject",       SCRIPT_EJECT,       2, parse_medium},
    {"save",        SCRIPT_DO_QUIT,     2, parse_later},
    {"load",        SCRIPT_DO_QUIT,     2, parse_later},
    {"sleep",       SCRIPT_SLEEP,       2, parse_sleep},
    {"reset",       SCRIPT_RESET,       1, parse_nothing},
    {"quit",        SCRIPT_DO_QUIT,     1, parse_nothing},
};
/* clang-format on */

static bool parse_words(const struct line *line, struct script_command *command)
{
    const char *name = line->words[0].text;
    size_t i;

    for (i = 0; i < ARRAY_LEN(verbs); i++) {
        if (strcmp(verbs[i].name, name) != 0 || line->words[0].quoted)
            continue;
        if (line->count > verbs[i].words)
            return complain(line, "%s: one word too many; put text into quotes",
                            line->words[verbs[i].words].text);
        command->kind = verbs[i].kind;
        return verbs[i].parse(line, command);
    }
    return complain(line,
                    "%s: no such command; known are wait, wait-serial, type, "
                    "key, mouse, screenshot, text, insert, eject, sleep, "
                    "reset, expect, fail, quit",
                    name);
}

bool script_parse_line(const char *text, struct script_command *command,
                       bool *empty, char *why, size_t why_bytes)
{
    struct line *line = calloc(1, sizeof(*line));
    bool good = false;

    memset(command, 0, sizeof(*command));
    *empty = false;
    if (!line) {
        snprintf(why, why_bytes, "out of host memory; end other programs");
        return false;
    }
    line->why = why;
    line->why_bytes = why_bytes;
    if (split_line(line, text)) {
        *empty = line->count == 0;
        good = *empty || parse_words(line, command);
    }
    free(line);
    return good;
}
