/* Questions about the program and the run. */
#include <stdio.h>

#include "frontend/qmp_int.h"
#include "frontend/version.h"

/* Of the QEMU whose protocol this is, as clients look at that. */
#define QEMU_MAJOR 7
#define QEMU_MINOR 2
#define QEMU_MICRO 0

json_t *qmp_do_query_version(struct qmp *qmp, json_t *arguments)
{
    char package[64];

    (void)qmp;
    (void)arguments;
    snprintf(package, sizeof(package), "Vitrine %s", version_text());
    return json_pack("{s:{s:i, s:i, s:i}, s:s}", "qemu", "major", QEMU_MAJOR,
                     "minor", QEMU_MINOR, "micro", QEMU_MICRO, "package",
                     package);
}

json_t *qmp_do_query_status(struct qmp *qmp, json_t *arguments)
{
    static const char *const names[] = {[RUN_GOES] = "running",
                                        [RUN_PAUSED] = "paused",
                                        [RUN_PAUSED_DEBUG] = "debug"};
    enum run_pause pause = qmp->config.control->pause;

    (void)arguments;
    return json_pack("{s:s, s:b, s:b}", "status", names[pause], "singlestep", 0,
                     "running", pause == RUN_GOES);
}

json_t *qmp_do_query_name(struct qmp *qmp, json_t *arguments)
{
    json_t *result = json_object();

    (void)arguments;
    if (qmp->config.name)
        json_object_set_new(result, "name", qmp_text(qmp->config.name));
    return result;
}

json_t *qmp_do_query_kvm(struct qmp *qmp, json_t *arguments)
{
    (void)qmp;
    (void)arguments;
    return json_pack("{s:b, s:b}", "enabled", 0, "present", 0);
}

json_t *qmp_do_query_target(struct qmp *qmp, json_t *arguments)
{
    (void)qmp;
    (void)arguments;
    return json_pack("{s:s}", "arch", "i386");
}

json_t *qmp_do_query_replay(struct qmp *qmp, json_t *arguments)
{
    const struct qmp_config *config = &qmp->config;
    const char *mode = "none";
    json_t *result;

    (void)arguments;
    if (config->log_file)
        mode = config->is_replay ? "play" : "record";
    result = json_pack("{s:s, s:I}", "mode", mode, "icount",
                       (json_int_t)machine_insns(config->machine));
    if (config->log_file)
        json_object_set_new(result, "filename", qmp_text(config->log_file));
    return result;
}
