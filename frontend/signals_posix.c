#include <signal.h>
#include <stddef.h>

#include "frontend/signals.h"

static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

static void fill_set(sigset_t *set)
{
    size_t i;

    sigemptyset(set);
    for (i = 0; i < ARRAY_LEN(numbers); i++)
        sigaddset(set, numbers[i]);
}

void signals_block(void)
{
    sigset_t set;

    fill_set(&set);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
}

bool signals_pending(void *unused)
{
    sigset_t set;
    size_t i;

    (void)unused;
    if (sigpending(&set) != 0)
        return false;
    for (i = 0; i < ARRAY_LEN(numbers); i++)
        if (sigismember(&set, numbers[i]) == 1)
            return true;
    return false;
}

void signals_obey(void)
{
    sigset_t set;

    if (!signals_pending(NULL))
        return;
    fill_set(&set);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
}
