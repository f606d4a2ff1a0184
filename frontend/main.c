/* The program: reads the command line and runs a machine. */
#include <stdio.h>

#include "frontend/options.h"
#include "frontend/report.h"
#include "frontend/session.h"
#include "frontend/signals.h"
#include "frontend/version.h"

static int run(const struct options *options)
{
    struct report report;
    int status;

    report_init(&report, stderr, options->log_guest);
    signals_block();
    status = session_run(options, &report);
    report_deinit(&report);
    return status;
}

int main(int argc, char **argv)
{
    struct options options;
    struct failure failure;
    int status = EXIT_STATUS_OK;

    if (!options_parse(&options, argc, argv, &failure)) {
        fprintf(stderr, "vitrine: %s\n", failure.text);
        status = (int)failure.exit_status;
    } else if (options.action == OPTIONS_HELP)
        options_print_help(stdout);
    else if (options.action == OPTIONS_VERSION)
        printf("vitrine %s\n", version_text());
    else
        status = run(&options);
    options_release(&options);
    if (fflush(stdout) != 0 && status == EXIT_STATUS_OK)
        status = EXIT_STATUS_HOST;
    signals_obey(); /* asked to end by a signal: end by it */
    return status;
}
