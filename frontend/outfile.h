/* A file that appears whole or not at all: written beside its final place,
 * then renamed. What stood there before stays until then. */
#ifndef FRONTEND_OUTFILE_H
#define FRONTEND_OUTFILE_H

#include <stdio.h>

#include "frontend/failure.h"

struct outfile {
    FILE *stream;    /* write here */
    char *path;      /* the final place */
    char *temporary; /* NULL: a device or pipe, written in place */
};

/* On failure nothing is left behind. EXIT_STATUS_HOST names path and reason.
 * End a successful one with outfile_commit() or outfile_abandon(). */
bool outfile_open(struct outfile *file, const char *path,
                  struct failure *failure);

/* Flushes, closes and moves into place; a failure removes what was written. */
bool outfile_commit(struct outfile *file, struct failure *failure);

/* Closes and removes what was written. */
void outfile_abandon(struct outfile *file);

#endif
