/* One run of the program, from the options to the exit status. */
#ifndef FRONTEND_SESSION_H
#define FRONTEND_SESSION_H

#include "frontend/options.h"
#include "frontend/report.h"

/* Opens everything, runs the machine, closes everything. What went wrong is
 * told to `report`. Returns the exit status of the program. */
int session_run(const struct options *options, struct report *report);

#endif
