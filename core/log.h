/* Messages about the run. The frontend decides where they go; a device holds
 * a borrowed `struct log *` from its config, which may be NULL (silence). */
#ifndef CORE_LOG_H
#define CORE_LOG_H

#include "core/types.h"

enum log_level {
    LOG_ERROR,  /* the run cannot go on as asked */
    LOG_WARN,   /* something the user should know */
    LOG_NOTICE, /* told once, e.g. "mounted read-only" */
    LOG_GUEST,  /* the guest did something odd; shown on request */
};

struct log {
    /* `who` names the device or module, `text` one line without newline. */
    void (*put)(struct log *self, enum log_level level, const char *who,
                const char *text);
};

#if defined(__GNUC__)
__attribute__((format(printf, 4, 5)))
#endif
void log_put(struct log *log, enum log_level level, const char *who,
             const char *format, ...);

/* For a message that a guest could repeat without end: says it the first time
 * that it is called with this flag, then stays silent. */
#define LOG_ONCE(flag, log, level, who, ...) \
    do { \
        if (!(flag)) { \
            (flag) = true; \
            log_put(log, level, who, __VA_ARGS__); \
        } \
    } while (0)

#endif
