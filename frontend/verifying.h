/* What -engine verify found, in words. */
#ifndef FRONTEND_VERIFYING_H
#define FRONTEND_VERIFYING_H

#include "frontend/report.h"
#include "machine/machine.h"

/* machine_verify_end() was false. Returns the exit status. */
int verifying_tell(const struct machine *machine, struct report *report);

/* For -stats; nothing with another engine. */
void verifying_print_stats(const struct machine *machine, FILE *out);

#endif
