#include "frontend/run_control.h"

#include <assert.h>

void run_control_listen(struct run_control *control,
                        const struct run_listener *listener)
{
    assert(control->listener_count < RUN_LISTENERS);
    control->listeners[control->listener_count++] = *listener;
}

static void change(struct run_control *control, enum run_pause pause)
{
    if (control->pause == pause)
        return;
    control->pause = pause;
    for (unsigned i = 0; i < control->listener_count; i++)
        control->listeners[i].changed(control->listeners[i].self, pause);
}

void run_control_pause(struct run_control *control, enum run_pause reason)
{
    assert(reason != RUN_GOES);
    if (control->pause == RUN_GOES)
        change(control, reason);
}

void run_control_resume(struct run_control *control)
{
    change(control, RUN_GOES);
}
