/* A place where somebody sees the screen and moves keys and mouse. */
#ifndef FRONTEND_DISPLAY_H
#define FRONTEND_DISPLAY_H

#include "core/display.h"
#include "core/log.h"
#include "frontend/failure.h"
#include "frontend/input.h"
#include "frontend/ports.h"
#include "machine/machine.h"

/* What a display works with; everything is borrowed. */
struct display_host {
    struct machine *machine;
    struct input *input;
    struct display_frame *frame; /* scratch, with room for any picture */
    struct log *log;
    const char *title;   /* of the machine, e.g. an image's name */
    bool full_screen;    /* start with it */
    struct ports *ports; /* COM1 is in the terminal too; NULL: it is not */
};

struct display {
    const struct display_ops *ops;
};

struct display_ops {
    /* Hands what the user did to the input. False: the user wants to end. */
    bool (*poll)(struct display *self);
    /* Brings the picture up to date; cheap when nothing changed. */
    void (*show)(struct display *self);
    void (*destroy)(struct display *self);
};

/* Both open the display; on failure EXIT_STATUS_HOST, naming the remedy. The
 * caller owns *out. */
bool display_sdl_create(const struct display_host *host, struct display **out,
                        struct failure *failure);
bool display_text_create(const struct display_host *host, struct display **out,
                         struct failure *failure);

/* Puts the present picture into a file vitrine-NNN.png of the current folder,
 * the first number that is free, and tells the log its name. */
void display_save_picture(const struct display_host *host);

#endif
