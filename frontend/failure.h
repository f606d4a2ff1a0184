/* One error on its way to the user: the exit status that it ends the program
 * with and the sentence that names the thing, the reason and the remedy. */
#ifndef FRONTEND_FAILURE_H
#define FRONTEND_FAILURE_H

#include "core/types.h"

/* The guest's own status, through the exit port, comes on top of these. */
enum exit_status {
    EXIT_STATUS_OK = 0,     /* powered off, `quit`, time limit reached */
    EXIT_STATUS_SCRIPT = 1, /* a line of the script failed */
    EXIT_STATUS_USAGE = 2,  /* the command line or the script is wrong */
    EXIT_STATUS_HOST = 3,   /* the host could not provide something */
};

#define FAILURE_BYTES 1024

struct failure {
    enum exit_status exit_status; /* EXIT_STATUS_OK: nothing failed */
    char text[FAILURE_BYTES];     /* no final period or newline */
};

/* Fills `failure` and returns false, so that a check can return its result.
 * Text beyond the structure's room is cut. */
#if defined(__GNUC__)
__attribute__((format(printf, 3, 4)))
#endif
bool failure_set(struct failure *failure, enum exit_status status,
                 const char *format, ...);

/* What errno `error` means, in words that stay valid until the next call of
 * strerror(); a directory and a missing file get words of their own. */
const char *failure_errno_text(int error);

/* The same where a file was to be made: what is missing then is its folder. */
const char *failure_create_text(int error);

#endif
