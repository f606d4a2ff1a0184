/* Scripts: a guest driven by a file of commands, one a line; docs/script.md
 * is the user's side. A script is checked as a whole before anything runs.
 * What it does depends on guest time and the guest alone. */
#ifndef FRONTEND_SCRIPT_H
#define FRONTEND_SCRIPT_H

#include <stdio.h>

#include "frontend/failure.h"
#include "frontend/input.h"
#include "machine/machine.h"

struct script;

/* Reads a script from `path`, or (script_parse) from `size` bytes of `text`
 * which `name` stands for in messages (borrowed).
 * On failure EXIT_STATUS_USAGE with name and line, or EXIT_STATUS_HOST when
 * the file cannot be read. The caller owns *out. */
bool script_load(const char *path, struct script **out,
                 struct failure *failure);
bool script_parse(const char *name, const char *text, size_t size,
                  struct script **out, struct failure *failure);
void script_destroy(struct script *script);

/* The script ends in `quit`, so the run ends with it. */
bool script_has_quit(const struct script *script);

#define SCRIPT_CDROM 2 /* the drive behind the floppies */

/* What the commands work with; everything is borrowed. */
struct script_host {
    struct machine *machine;
    struct input *input;
    struct display_frame *frame; /* with room, for screenshots */
    FILE *out;                   /* `text -` */
    /* Puts an image into a floppy drive or SCRIPT_CDROM; path NULL: takes it
     * out. */
    bool (*change_medium)(void *context, unsigned drive, const char *path,
                          struct failure *failure);
    void *context;
};

/* Before the first step. */
void script_start(struct script *script, const struct script_host *host);

/* What COM1 sends. */
void script_take_serial(struct script *script, uint8_t byte);

enum script_state {
    SCRIPT_RUNNING,
    SCRIPT_ENDED, /* no lines left; `fail` still watches */
    SCRIPT_QUIT,
    SCRIPT_FAILED, /* failure: EXIT_STATUS_SCRIPT, line and reason */
};

/* Does all lines that can be done at this instant of guest time. Call it at
 * every multiple of SCRIPT_STEP_NS, and when the guest stops. With a guest
 * that is off (or at its time limit) nothing new can come: what waits fails,
 * pauses end. */
#define SCRIPT_STEP_NS 1000000u
enum script_state script_step(struct script *script, bool is_off,
                              struct failure *failure);

/* What can be seen of the guest: the text on its screen and the last lines
 * that COM1 sent since wait-serial found something. For a failed line. */
void script_print_guest(const struct script *script, FILE *stream);

#endif
