/* Sizes, times and speeds as people write them. */
#ifndef FRONTEND_UNITS_H
#define FRONTEND_UNITS_H

#include "core/types.h"

/* "64" (MiB, as QEMU has it), "64M", "640K", "1G", "1.5G", "65536B"; letters
 * of either case, "MB" and "MiB" too. False: not a size, or beyond 2^53. */
bool units_parse_bytes(const char *text, uint64_t *bytes);

/* "90s", "500ms", "2.5m", "1h", or seconds without a unit. False: not a time,
 * or beyond 100 days. */
bool units_parse_ns(const char *text, uint64_t *ns);

/* A plain decimal number, integer or with a fraction. False: anything else,
 * a sign, an exponent or what a double cannot hold exactly enough. */
bool units_parse_number(const char *text, double *number);

#endif
