/* The picture on the screen as a file. */
#ifndef FRONTEND_SCREENSHOT_H
#define FRONTEND_SCREENSHOT_H

#include "core/display.h"
#include "frontend/failure.h"

/* Writes `frame` pixel by pixel; the shape of the pixels, which are not square
 * in most modes, goes into a pHYs chunk. The file appears whole or not at all.
 * On failure EXIT_STATUS_HOST with path and reason. */
bool screenshot_save(const char *path, const struct display_frame *frame,
                     struct failure *failure);

/* The same as a PPM file (P6), which has no shape of pixels. */
bool screenshot_save_ppm(const char *path, const struct display_frame *frame,
                         struct failure *failure);

#endif
