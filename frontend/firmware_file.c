#include "frontend/firmware_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static bool report(const char *option, const char *path, const char *reason,
                   struct failure *failure)
{
    return failure_set(failure, EXIT_STATUS_HOST,
                       "-%s %s: %s; name a firmware image, or leave the "
                       "option out to use our own",
                       option, path, reason);
}

bool firmware_file_load(const char *option, const char *path, size_t most,
                        size_t step, uint8_t **out, size_t *size,
                        struct failure *failure)
{
    FILE *stream = fopen(path, "rb");
    char reason[100];
    bool failed;

    *out = NULL;
    *size = 0;
    if (!stream)
        return report(option, path, failure_errno_text(errno), failure);
    *out = malloc(most + 1);
    if (*out)
        *size = fread(*out, 1, most + 1, stream);
    failed = !*out || ferror(stream);
    if (failed)
        snprintf(reason, sizeof(reason), "%s", failure_errno_text(errno));
    fclose(stream);
    if (!failed && *size > 0 && *size <= most && *size % step == 0)
        return true;
    if (!failed)
        snprintf(reason, sizeof(reason),
                 "it does not have the size of one (a multiple of %zu bytes, "
                 "at most %zu)",
                 step, most);
    free(*out);
    *out = NULL;
    return report(option, path, reason, failure);
}
