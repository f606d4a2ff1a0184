#include "core/log.h"

#include <stdarg.h>
#include <stdio.h>

#define LOG_LINE_BYTES 512

void log_put(struct log *log, enum log_level level, const char *who,
             const char *format, ...)
{
    char text[LOG_LINE_BYTES];
    va_list args;

    if (!log)
        return;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    log->put(log, level, who, text);
}
