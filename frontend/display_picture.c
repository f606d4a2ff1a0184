#include <stdio.h>
#include <unistd.h>

#include "frontend/display.h"
#include "frontend/screenshot.h"

#define PICTURES_MAX 1000

void display_save_picture(const struct display_host *host)
{
    struct failure failure;
    char path[32];
    unsigned i;

    machine_render(host->machine, host->frame);
    if (host->frame->width == 0)
        return;
    for (i = 1; i < PICTURES_MAX; i++) {
        snprintf(path, sizeof(path), "vitrine-%03u.png", i);
        if (access(path, F_OK) != 0)
            break;
    }
    if (screenshot_save(path, host->frame, &failure))
        log_put(host->log, LOG_NOTICE, "screenshot", "%s written", path);
    else
        log_put(host->log, LOG_WARN, "screenshot", "%s", failure.text);
}
