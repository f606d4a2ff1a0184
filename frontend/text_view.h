/* How a guest's screen becomes the cells of a terminal. */
#ifndef FRONTEND_TEXT_VIEW_H
#define FRONTEND_TEXT_VIEW_H

#include "core/display.h"
#include "frontend/text_paint.h"

/* A window of `columns` x `rows` cells at the top left of the terminal. */
struct text_view {
    struct text_paint *paint;
    unsigned columns, rows;
};

/* The text, as far as there is room: the part with the cursor. */
void text_view_draw_text(const struct text_view *view,
                         const struct display_text *text);

/* The picture in half blocks, two pixels to a cell, in its shape. */
void text_view_draw_picture(const struct text_view *view,
                            const struct display_frame *frame);

/* A line of our own in row `row`, in reverse. */
void text_view_draw_line(const struct text_view *view, unsigned row,
                         const char *line);

/* The text of a graphics mode is worth more than the picture: nearly all cells
 * were read. */
bool text_view_prefers_text(const struct display_text *text);

#endif
