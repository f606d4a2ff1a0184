/* Paints cells on a terminal (ECMA-48 sequences, UTF-8): only those that
 * differ from what it shows already. */
#ifndef FRONTEND_TEXT_PAINT_H
#define FRONTEND_TEXT_PAINT_H

#include "core/types.h"

#define TEXT_PAINT_RGB 0x01000000u

struct text_cell {
    uint16_t unicode;
    bool blink;
    uint32_t fg, bg; /* a VGA color 0..15, or TEXT_PAINT_RGB | 0xRRGGBB */
};

struct text_paint;

/* `true_color`: the terminal knows 24-bit colors; else the nearest of 256 are
 * used. NULL: out of host memory. The caller owns the result. */
struct text_paint *text_paint_create(bool true_color);
void text_paint_destroy(struct text_paint *paint);

/* The size of the terminal; a change, and text_paint_forget(), make the next
 * picture a whole one. At most 1000 x 1000. False: out of host memory. */
bool text_paint_resize(struct text_paint *paint, unsigned columns,
                       unsigned rows);
void text_paint_forget(struct text_paint *paint);

/* The picture that is to be shown: `columns` x `rows` cells, all blanks after
 * text_paint_begin(). */
void text_paint_begin(struct text_paint *paint);
void text_paint_set(struct text_paint *paint, unsigned column, unsigned row,
                    const struct text_cell *cell);
/* Without a call the cursor is hidden. */
void text_paint_set_cursor(struct text_paint *paint, unsigned column,
                           unsigned row);

/* Appends what makes the terminal show the picture. */
void text_paint_end(struct text_paint *paint);

/* Appends bytes as they are. */
void text_paint_send(struct text_paint *paint, const char *bytes, size_t size);

/* What is to be written to the terminal; tell how much of it was. */
const char *text_paint_output(const struct text_paint *paint, size_t *size);
void text_paint_sent(struct text_paint *paint, size_t size);

#endif
