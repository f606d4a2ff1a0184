#include "frontend/text_paint.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIZE_MOST 1000
#define NOWHERE   UINT32_MAX

struct text_paint {
    bool true_color;
    unsigned columns, rows;
    struct text_cell *wanted, *shown; /* owned; columns * rows each */
    bool is_known;                    /* the terminal shows `shown` */
    bool has_cursor, cursor_shown;
    unsigned cursor_column, cursor_row;

    /* While painting: where the terminal writes next, and in which colors. */
    uint32_t at;
    struct text_cell pen;
    bool has_pen;

    char *output; /* owned */
    size_t output_size, output_room;
    bool is_broken; /* no memory: the next picture is a whole one */
};

struct text_paint *text_paint_create(bool true_color)
{
    struct text_paint *paint = calloc(1, sizeof(*paint));

    if (paint)
        paint->true_color = true_color;
    return paint;
}

void text_paint_destroy(struct text_paint *paint)
{
    if (!paint)
        return;
    free(paint->wanted);
    free(paint->shown);
    free(paint->output);
    free(paint);
}

bool text_paint_resize(struct text_paint *paint, unsigned columns,
                       unsigned rows)
{
    size_t size;
    struct text_cell *wanted;
    struct text_cell *shown;

    columns = columns < SIZE_MOST ? columns : SIZE_MOST;
    rows = rows < SIZE_MOST ? rows : SIZE_MOST;
    if (columns == paint->columns && rows == paint->rows)
        return true;
    size = (size_t)columns * rows * sizeof(*wanted);
    wanted = malloc(size);
    shown = malloc(size);
    if (!wanted || !shown) {
        free(wanted);
        free(shown);
        return false;
    }
    free(paint->wanted);
    free(paint->shown);
    paint->wanted = wanted;
    paint->shown = shown;
    paint->columns = columns;
    paint->rows = rows;
    paint->is_known = false;
    text_paint_begin(paint);
    return true;
}

void text_paint_forget(struct text_paint *paint)
{
    paint->is_known = false;
}

void text_paint_begin(struct text_paint *paint)
{
    const struct text_cell blank = {.unicode = ' ', .fg = 7};
    size_t count = (size_t)paint->columns * paint->rows;
    size_t i;

    for (i = 0; i < count; i++)
        paint->wanted[i] = blank;
    paint->has_cursor = false;
}

void text_paint_set(struct text_paint *paint, unsigned column, unsigned row,
                    const struct text_cell *cell)
{
    assert(column < paint->columns && row < paint->rows);
    paint->wanted[(size_t)row * paint->columns + column] = *cell;
}

void text_paint_set_cursor(struct text_paint *paint, unsigned column,
                           unsigned row)
{
    paint->has_cursor = column < paint->columns && row < paint->rows;
    paint->cursor_column = column;
    paint->cursor_row = row;
}

void text_paint_send(struct text_paint *paint, const char *bytes, size_t size)
{
    size_t wanted = paint->output_size + size;

    if (wanted > paint->output_room) {
        char *bigger = realloc(paint->output, 2 * wanted);

        if (!bigger) {
            paint->is_broken = true;
            return;
        }
        paint->output = bigger;
        paint->output_room = 2 * wanted;
    }
    memcpy(paint->output + paint->output_size, bytes, size);
    paint->output_size = wanted;
}

#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
static void
send_format(struct text_paint *paint, const char *format, ...)
{
    char text[64];
    va_list args;
    int length;

    va_start(args, format);
    length = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    assert(length > 0 && (size_t)length < sizeof(text));
    text_paint_send(paint, text, (size_t)length);
}

/* VGA counts blue first, terminals red first. */
static unsigned swap_colors(uint32_t color)
{
    return (color & 2) | (color & 1) << 2 | (color & 4) >> 2;
}

/* The nearest of the 6 x 6 x 6 cube of the 256 colors. */
static unsigned find_cube_color(uint32_t color)
{
    unsigned red = (color >> 16 & 0xff) * 5 + 127;
    unsigned green = (color >> 8 & 0xff) * 5 + 127;
    unsigned blue = (color & 0xff) * 5 + 127;

    return 16 + 36 * (red / 255) + 6 * (green / 255) + blue / 255;
}

/* `base` is 30 for the foreground, 40 for the background. */
static void send_color(struct text_paint *paint, unsigned base, uint32_t color)
{
    if (!(color & TEXT_PAINT_RGB))
        send_format(paint, "\x1b[%um",
                    base + (color & 8 ? 60 : 0) + swap_colors(color));
    else if (paint->true_color)
        send_format(paint, "\x1b[%u;2;%u;%u;%um", base + 8, color >> 16 & 0xff,
                    color >> 8 & 0xff, color & 0xff);
    else
        send_format(paint, "\x1b[%u;5;%um", base + 8, find_cube_color(color));
}

static void send_pen(struct text_paint *paint, const struct text_cell *cell)
{
    const struct text_cell *pen = &paint->pen;

    if (!paint->has_pen || pen->blink != cell->blink)
        send_format(paint, cell->blink ? "\x1b[5m" : "\x1b[25m");
    if (!paint->has_pen || pen->fg != cell->fg)
        send_color(paint, 30, cell->fg);
    if (!paint->has_pen || pen->bg != cell->bg)
        send_color(paint, 40, cell->bg);
    paint->pen = *cell;
    paint->has_pen = true;
}

static void send_unicode(struct text_paint *paint, unsigned u)
{
    if (u < 0x80)
        send_format(paint, "%c", (int)u);
    else if (u < 0x800)
        send_format(paint, "%c%c", (int)(0xc0 | u >> 6),
                    (int)(0x80 | (u & 0x3f)));
    else
        send_format(paint, "%c%c%c", (int)(0xe0 | u >> 12),
                    (int)(0x80 | (u >> 6 & 0x3f)), (int)(0x80 | (u & 0x3f)));
}

static bool is_equal(const struct text_cell *a, const struct text_cell *b)
{
    return a->unicode == b->unicode && a->fg == b->fg && a->bg == b->bg &&
           a->blink == b->blink;
}

static void send_cell(struct text_paint *paint, uint32_t index)
{
    const struct text_cell *cell = &paint->wanted[index];

    if (paint->at != index)
        send_format(paint, "\x1b[%u;%uH", index / paint->columns + 1,
                    index % paint->columns + 1);
    send_pen(paint, cell);
    send_unicode(paint, cell->unicode);
    /* At the end of a row terminals disagree on where they are. */
    paint->at = (index + 1) % paint->columns ? index + 1 : NOWHERE;
    paint->shown[index] = *cell;
}

static void send_cursor(struct text_paint *paint)
{
    uint32_t index = paint->cursor_row * paint->columns + paint->cursor_column;

    if (paint->has_cursor && paint->at != index)
        send_format(paint, "\x1b[%u;%uH", paint->cursor_row + 1,
                    paint->cursor_column + 1);
    if (paint->has_cursor)
        paint->at = index;
    if (paint->has_cursor != paint->cursor_shown || !paint->is_known)
        send_format(paint, paint->has_cursor ? "\x1b[?25h" : "\x1b[?25l");
    paint->cursor_shown = paint->has_cursor;
}

void text_paint_end(struct text_paint *paint)
{
    uint32_t count = paint->columns * paint->rows;
    uint32_t i;

    if (paint->is_broken) {
        paint->is_broken = false;
        paint->is_known = false;
    }
    if (!paint->is_known) {
        send_format(paint, "\x1b[0m\x1b[2J");
        paint->has_pen = false;
        paint->at = NOWHERE;
    }
    for (i = 0; i < count; i++)
        if (!paint->is_known || !is_equal(&paint->wanted[i], &paint->shown[i]))
            send_cell(paint, i);
    send_cursor(paint);
    paint->is_known = true;
}

const char *text_paint_output(const struct text_paint *paint, size_t *size)
{
    *size = paint->output_size;
    return paint->output;
}

void text_paint_sent(struct text_paint *paint, size_t size)
{
    assert(size <= paint->output_size);
    paint->output_size -= size;
    memmove(paint->output, paint->output + size, paint->output_size);
}
