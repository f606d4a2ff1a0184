/* What steers the run, and the monitor. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frontend/outfile.h"
#include "frontend/qmp_int.h"
#include "frontend/screenshot.h"

json_t *qmp_do_stop(struct qmp *qmp, json_t *arguments)
{
    (void)arguments;
    run_control_pause(qmp->config.control, RUN_PAUSED);
    return json_object();
}

json_t *qmp_do_cont(struct qmp *qmp, json_t *arguments)
{
    (void)arguments;
    run_control_resume(qmp->config.control);
    return json_object();
}

json_t *qmp_do_system_reset(struct qmp *qmp, json_t *arguments)
{
    (void)arguments;
    qmp->reset_asked = !qmp->config.is_replay;
    machine_reset(qmp->config.machine);
    return json_object();
}

json_t *qmp_do_system_powerdown(struct qmp *qmp, json_t *arguments)
{
    (void)arguments;
    machine_power_button(qmp->config.machine);
    qmp_send_event(qmp, "POWERDOWN", NULL);
    return json_object();
}

json_t *qmp_do_quit(struct qmp *qmp, json_t *arguments)
{
    (void)arguments;
    qmp->config.control->quit = true;
    return json_object();
}

json_t *qmp_do_screendump(struct qmp *qmp, json_t *arguments)
{
    const char *path =
        json_string_value(json_object_get(arguments, "filename"));
    const char *format =
        json_string_value(json_object_get(arguments, "format"));
    const char *device =
        json_string_value(json_object_get(arguments, "device"));
    struct display_frame *frame = qmp->config.frame;
    struct failure failure;
    bool saved;

    if (device && strcmp(device, "vga") != 0)
        return qmp_fail(qmp, QMP_NO_DEVICE, "Device '%.200s' not found",
                        device);
    if (format && strcmp(format, "png") != 0 && strcmp(format, "ppm") != 0)
        return qmp_fail(qmp, QMP_GENERIC,
                        "Parameter 'format' does not accept value '%.200s'",
                        format);
    machine_render(qmp->config.machine, frame);
    if (frame->width == 0 || frame->height == 0)
        return qmp_fail(qmp, QMP_GENERIC,
                        "the screen is dark: there is no picture yet");
    saved = format && strcmp(format, "png") == 0
                ? screenshot_save(path, frame, &failure)
                : screenshot_save_ppm(path, frame, &failure);
    return saved ? json_object()
                 : qmp_fail(qmp, QMP_GENERIC, "%s", failure.text);
}

/* The monitor's text; bytes that are no UTF-8 come as question marks. */
static json_t *make_string(char *text)
{
    json_t *string = json_string(text);

    if (string)
        return string;
    for (char *p = text; *p; p++)
        if (*p & 0x80)
            *p = '?';
    return json_string(text);
}

json_t *qmp_do_monitor_command(struct qmp *qmp, json_t *arguments)
{
    const char *line =
        json_string_value(json_object_get(arguments, "command-line"));
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    json_t *result = NULL;

    if (!out)
        return NULL;
    monitor_execute(qmp->config.monitor, line, out);
    if (fclose(out) == 0)
        result = make_string(text);
    free(text);
    return result;
}
