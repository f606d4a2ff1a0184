/* What the screen shows, as the frontend and the tests get it. */
#ifndef CORE_DISPLAY_H
#define CORE_DISPLAY_H

#include "core/types.h"

#define DISPLAY_WIDTH_MAX  2560
#define DISPLAY_HEIGHT_MAX 2048

/* A picture. The caller owns the structure and `pixels`, room for
 * DISPLAY_WIDTH_MAX x DISPLAY_HEIGHT_MAX; the renderer fills the rest. */
struct display_frame {
    uint32_t *pixels; /* 0x00RRGGBB, `width` to a row, no gap */
    unsigned width, height;
    /* The picture fills a screen of this shape: 4:3 for all that a VGA
     * monitor showed, the pixel ratio itself for VBE modes. */
    unsigned aspect_width, aspect_height;
};

#define DISPLAY_COLUMNS_MAX 320
#define DISPLAY_ROWS_MAX    256

/* The text that stands on the screen, in code page 437. */
struct display_text {
    unsigned columns, rows; /* 0: no text could be read from the picture */
    bool graphics;          /* read from a graphics mode by its font */
    bool blinks; /* bit 7 of an attribute; else it brightens the background */
    bool cursor_visible;
    unsigned cursor_column, cursor_row;
    uint8_t chars[DISPLAY_ROWS_MAX * DISPLAY_COLUMNS_MAX]; /* row by row */
    uint8_t attrs[DISPLAY_ROWS_MAX * DISPLAY_COLUMNS_MAX]; /* as in VRAM */
};

#endif
