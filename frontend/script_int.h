/* What parser and engine of scripts share. */
#ifndef FRONTEND_SCRIPT_INT_H
#define FRONTEND_SCRIPT_INT_H

#include "frontend/keymap.h"
#include "frontend/script.h"

#define SCRIPT_SERIAL_BYTES 65536u
#define SCRIPT_FAIL_MAX     64
#define SCRIPT_WAIT_NS      (60 * (uint64_t)NS_PER_SEC)
#define SCRIPT_LINE_MAX     4096
#define SCRIPT_COMMANDS_MAX 100000

enum script_kind {
    SCRIPT_WAIT,
    SCRIPT_WAIT_SERIAL,
    SCRIPT_TYPE,
    SCRIPT_KEY,
    SCRIPT_MOUSE_MOVE,
    SCRIPT_MOUSE_DOWN,
    SCRIPT_MOUSE_UP,
    SCRIPT_SCREENSHOT,
    SCRIPT_TEXT,
    SCRIPT_INSERT,
    SCRIPT_EJECT,
    SCRIPT_SLEEP,
    SCRIPT_RESET,
    SCRIPT_EXPECT,
    SCRIPT_FAIL,
    SCRIPT_DO_QUIT,
};

struct script_command {
    unsigned line; /* in the file, from 1 */
    enum script_kind kind;
    char *source;   /* the line as written, without blanks around it; owned */
    uint8_t *bytes; /* text: code page 437, or serial bytes; owned */
    size_t size;    /* of it */
    char *path;     /* owned */
    uint64_t ns;    /* timeout or pause */
    enum ps2_key keys[KEYMAP_CHORD_MAX];
    unsigned key_count;
    int dx, dy;
    unsigned mask;  /* mouse button */
    unsigned drive; /* floppy */
};

struct script {
    const char *name; /* borrowed */
    struct script_command *commands;
    size_t count;

    /* The run. */
    struct script_host host;
    size_t next;  /* command */
    bool started; /* that command: its time counts from since_ns */
    uint64_t since_ns;
    uint64_t taken;   /* input_taken() when it last moved, at since_ns */
    uint64_t look_ns; /* when to look at the screen again */
    unsigned buttons; /* of the mouse */
    const struct script_command *watch[SCRIPT_FAIL_MAX];
    unsigned watches;
    uint8_t *serial; /* what COM1 sent since the last match; owned */
    size_t serial_count;
    size_t serial_seen;        /* of it, no match begins before */
    struct display_text *text; /* scratch; owned */
};

/* script_parse.c: one line, without its end, into *command, or nothing for a
 * line without a command (*empty). On failure `why` says what is wrong and
 * how to write it. */
bool script_parse_line(const char *line, struct script_command *command,
                       bool *empty, char *why, size_t why_bytes);

/* script_screen.c */

/* `bytes` stand in one row of the screen. Blanks of all kinds are alike. */
bool script_find_text(const struct display_text *text, const uint8_t *bytes,
                      size_t size);

/* The rows in UTF-8 without blanks at their ends and without blank rows at
 * the bottom; `prefix` before each. */
void script_print_screen(FILE *stream, const struct display_text *text,
                         const char *prefix);

#endif
