/* The terminal that the program was started in, while it belongs to the
 * guest. There is one, so these functions have no object. */
#ifndef FRONTEND_TERMINAL_H
#define FRONTEND_TERMINAL_H

#include "core/types.h"

enum terminal_mode {
    TERMINAL_BYTES, /* every key at once, no echo; Ctrl-C still interrupts */
    TERMINAL_RAW,   /* every key, Ctrl-C too, belongs to the guest */
};

/* Standard input and output are a terminal, and we are in its foreground. */
bool terminal_is_ours(void);

/* Switches the terminal; `farewell` (static storage, may be NULL) is written
 * to it when it is given back, also when the program dies of a fatal signal.
 * False: it is not ours, or entered already. */
bool terminal_enter(enum terminal_mode mode, const char *farewell);

/* Gives the terminal back as it was found. Without terminal_enter(): nothing.
 */
void terminal_leave(void);

/* Its size in characters; 80 x 25 if it does not say. */
void terminal_get_size(unsigned *columns, unsigned *rows);

#endif
