/* The translator, for people who look at it from outside. */
#ifndef FRONTEND_TRANSLATING_H
#define FRONTEND_TRANSLATING_H

#include <stdio.h>

#include "machine/machine.h"

/* For -stats; nothing without a translator. */
void translating_print_stats(const struct machine *machine, FILE *out);

#endif
