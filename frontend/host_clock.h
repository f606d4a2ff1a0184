/* The host's time, behind an interface so that a test can bring its own. */
#ifndef FRONTEND_HOST_CLOCK_H
#define FRONTEND_HOST_CLOCK_H

#include "core/types.h"

struct host_clock {
    uint64_t (*now_ns)(struct host_clock *self); /* never goes back */
    void (*sleep_ns)(struct host_clock *self, uint64_t ns);
};

/* The clock of this computer; static storage. */
struct host_clock *host_clock_real(void);

/* Seconds since 1970-01-01 00:00 of UTC or, with `local`, as the clocks on the
 * user's wall show it. */
int64_t host_clock_wall_sec(bool local);

#endif
