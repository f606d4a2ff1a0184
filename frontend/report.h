/* Messages to the user, on standard error, each with the program's name. */
#ifndef FRONTEND_REPORT_H
#define FRONTEND_REPORT_H

#include <stdio.h>

#include "core/log.h"
#include "frontend/failure.h"

struct report {
    struct log log;  /* hand this to who has something to say */
    FILE *stream;    /* borrowed */
    bool show_guest; /* LOG_GUEST too */
    bool held;
    char *kept; /* while held; owned */
    size_t kept_size;
};

void report_init(struct report *report, FILE *stream, bool show_guest);
/* Says what is still kept. */
void report_deinit(struct report *report);

/* While held, messages are kept: the terminal shows something else. */
void report_hold(struct report *report, bool hold);

void report_failure(struct report *report, const struct failure *failure);
void report_notice(struct report *report, const char *text);

#endif
