#include <time.h>

#include "frontend/host_clock.h"

static uint64_t read_monotonic(struct host_clock *self)
{
    struct timespec ts;

    (void)self;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * NS_PER_SEC + (uint64_t)ts.tv_nsec;
}

static void sleep_some(struct host_clock *self, uint64_t ns)
{
    struct timespec ts = {(time_t)(ns / NS_PER_SEC), (long)(ns % NS_PER_SEC)};

    (void)self;
    nanosleep(&ts, NULL); /* waking early does no harm */
}

struct host_clock *host_clock_real(void)
{
    static struct host_clock clock = {read_monotonic, sleep_some};

    return &clock;
}

int64_t host_clock_wall_sec(bool local)
{
    time_t now = time(NULL);
    struct tm wall;
    int64_t days;
    int64_t year;

    if (!local || !localtime_r(&now, &wall))
        return (int64_t)now;
    year = wall.tm_year + 1899; /* whole years before this one */
    days =
        year * 365 + year / 4 - year / 100 + year / 400 - 719162 + wall.tm_yday;
    return ((days * 24 + wall.tm_hour) * 60 + wall.tm_min) * 60 + wall.tm_sec;
}
