#include "frontend/units.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define BYTES_MAX   9007199254740992.0 /* 2^53 */
#define SECONDS_MAX (100.0 * 24 * 3600)
#define DIGITS_MAX  17

struct unit {
    const char *name;
    double factor;
};

/* Reads the digits at the start of `text`; the rest comes back in *rest. */
static bool take_number(const char *text, double *number, const char **rest)
{
    size_t digits = strspn(text, "0123456789");
    size_t length = digits;
    size_t fraction;
    char copy[2 * DIGITS_MAX + 2];

    if (digits == 0 || digits > DIGITS_MAX)
        return false;
    if (text[digits] == '.') {
        fraction = strspn(text + digits + 1, "0123456789");
        if (fraction == 0 || fraction > DIGITS_MAX)
            return false;
        length += 1 + fraction;
    }
    memcpy(copy, text, length);
    copy[length] = '\0';
    /* The program never leaves the C locale, so the point is a point. */
    *number = strtod(copy, NULL);
    *rest = text + length;
    return true;
}

/* The unit with an empty name, if any, is the default. */
static bool take_value(const char *text, const struct unit *units, size_t count,
                       double *value)
{
    const char *rest;
    double number;
    size_t i;

    if (!take_number(text, &number, &rest))
        return false;
    for (i = 0; i < count; i++) {
        if (strcasecmp(rest, units[i].name) == 0) {
            *value = number * units[i].factor;
            return true;
        }
    }
    return false;
}

bool units_parse_bytes(const char *text, uint64_t *bytes)
{
    /* clang-format off */
    static const struct unit units[] = {
        {"",   1048576},    {"b",  1},
        {"k",  1024},       {"kb", 1024},       {"kib", 1024},
        {"m",  1048576},    {"mb", 1048576},    {"mib", 1048576},
        {"g",  1073741824}, {"gb", 1073741824}, {"gib", 1073741824},
    };
    /* clang-format on */
    double value;

    if (!take_value(text, units, ARRAY_LEN(units), &value) || value > BYTES_MAX)
        return false;
    if ((double)(uint64_t)value != value)
        return false;
    *bytes = (uint64_t)value;
    return true;
}

bool units_parse_ns(const char *text, uint64_t *ns)
{
    /* clang-format off */
    static const struct unit units[] = {
        {"",  1},    {"s",   1},    {"sec", 1},
        {"ms", 1e-3}, {"us", 1e-6}, {"ns", 1e-9},
        {"m", 60},   {"min", 60},   {"h",  3600},
    };
    /* clang-format on */
    double value;

    if (!take_value(text, units, ARRAY_LEN(units), &value) ||
        value > SECONDS_MAX)
        return false;
    *ns = (uint64_t)(value * NS_PER_SEC + 0.5);
    return true;
}

bool units_parse_number(const char *text, double *number)
{
    const char *rest;

    return take_number(text, number, &rest) && *rest == '\0';
}
