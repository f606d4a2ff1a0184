#include "frontend/failure.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool failure_set(struct failure *failure, enum exit_status status,
                 const char *format, ...)
{
    va_list args;

    assert(status != EXIT_STATUS_OK);
    failure->exit_status = status;
    va_start(args, format);
    vsnprintf(failure->text, sizeof(failure->text), format, args);
    va_end(args);
    return false;
}

const char *failure_errno_text(int error)
{
    switch (error) {
    case ENOENT: return "no such file";
    case EACCES: return "permission denied";
    case EISDIR: return "it is a directory";
    case ENOSPC: return "the host disk is full";
    default: return strerror(error);
    }
}

const char *failure_create_text(int error)
{
    return error == ENOENT ? "no such folder" : failure_errno_text(error);
}
