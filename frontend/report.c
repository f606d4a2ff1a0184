#include "frontend/report.h"

#include <stdlib.h>
#include <string.h>

#define LINE_BYTES (FAILURE_BYTES + 100)
#define KEPT_MOST  65536 /* a guest may cause messages without end */

static void say(struct report *report, const char *line)
{
    size_t length = strlen(line);
    char *bigger;

    if (!report->held) {
        fputs(line, report->stream);
        return;
    }
    if (report->kept_size + length > KEPT_MOST)
        return;
    bigger = realloc(report->kept, report->kept_size + length + 1);
    if (!bigger)
        return;
    report->kept = bigger;
    memcpy(bigger + report->kept_size, line, length + 1);
    report->kept_size += length;
}

static void put_log(struct log *self, enum log_level level, const char *who,
                    const char *text)
{
    struct report *report = (struct report *)self;
    char line[LINE_BYTES];

    if (level == LOG_GUEST && !report->show_guest)
        return;
    snprintf(line, sizeof(line), "vitrine: %s: %s\n", who, text);
    say(report, line);
}

void report_init(struct report *report, FILE *stream, bool show_guest)
{
    memset(report, 0, sizeof(*report));
    report->log.put = put_log;
    report->stream = stream;
    report->show_guest = show_guest;
}

void report_deinit(struct report *report)
{
    report_hold(report, false);
}

void report_hold(struct report *report, bool hold)
{
    report->held = hold;
    if (hold || !report->kept)
        return;
    fputs(report->kept, report->stream);
    free(report->kept);
    report->kept = NULL;
    report->kept_size = 0;
}

void report_failure(struct report *report, const struct failure *failure)
{
    report_notice(report, failure->text);
}

void report_notice(struct report *report, const char *text)
{
    char line[LINE_BYTES];

    snprintf(line, sizeof(line), "vitrine: %s\n", text);
    say(report, line);
}
