/* Firmware that the user brings along: -bios and -vgabios. */
#ifndef FRONTEND_FIRMWARE_FILE_H
#define FRONTEND_FIRMWARE_FILE_H

#include "frontend/failure.h"

#define FIRMWARE_FILE_BIOS_MAX KIB(256)
#define FIRMWARE_FILE_VGA_MAX  KIB(64)

/* Reads the whole file, at most `most` bytes and a multiple of `step`.
 * `option` is named in the failure, EXIT_STATUS_HOST. The caller owns *out:
 * free(). */
bool firmware_file_load(const char *option, const char *path, size_t most,
                        size_t step, uint8_t **out, size_t *size,
                        struct failure *failure);

#endif
