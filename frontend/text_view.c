#include "frontend/text_view.h"

#include <string.h>

#include "frontend/cp437.h"

#define UPPER_HALF 0x2580
#define LIGHT_GREY 7

/* Where a run of `length` begins in `total` so that `point` lies in it. */
static unsigned find_start(unsigned total, unsigned length, unsigned point)
{
    if (total <= length || point < length)
        return 0;
    return point - length + 1 < total - length ? point - length + 1
                                               : total - length;
}

static struct text_cell convert_cell(uint8_t c, uint8_t attr, bool blinks)
{
    return (struct text_cell){
        .unicode = cp437_to_unicode(c),
        .blink = blinks && attr & 0x80,
        .fg = attr & 0x0f,
        .bg = attr >> 4 & (blinks ? 7 : 15),
    };
}

void text_view_draw_text(const struct text_view *view,
                         const struct display_text *text)
{
    unsigned left = 0;
    unsigned top = 0;
    unsigned column;
    unsigned row;

    if (text->cursor_visible) {
        left = find_start(text->columns, view->columns, text->cursor_column);
        top = find_start(text->rows, view->rows, text->cursor_row);
    }
    for (row = 0; row < view->rows && top + row < text->rows; row++) {
        for (column = 0;
             column < view->columns && left + column < text->columns;
             column++) {
            size_t at = (size_t)(top + row) * text->columns + left + column;
            struct text_cell cell =
                convert_cell(text->chars[at], text->attrs[at], text->blinks);

            text_paint_set(view->paint, column, row, &cell);
        }
    }
    if (text->cursor_visible && text->cursor_row >= top &&
        text->cursor_column >= left)
        text_paint_set_cursor(view->paint, text->cursor_column - left,
                              text->cursor_row - top);
}

/* The part of `frame` that becomes one point of `width` x `height`. */
struct box {
    unsigned left, right, top, bottom;
};

static struct box find_box(const struct display_frame *frame, unsigned x,
                           unsigned y, unsigned width, unsigned height)
{
    struct box box = {
        .left = x * frame->width / width,
        .right = (x + 1) * frame->width / width,
        .top = y * frame->height / height,
        .bottom = (y + 1) * frame->height / height,
    };

    box.right += box.right == box.left;
    box.bottom += box.bottom == box.top;
    return box;
}

static uint32_t average(const struct display_frame *frame, struct box box)
{
    unsigned count = (box.right - box.left) * (box.bottom - box.top);
    unsigned red = 0;
    unsigned green = 0;
    unsigned blue = 0;
    unsigned x;
    unsigned y;

    for (y = box.top; y < box.bottom; y++) {
        const uint32_t *row = frame->pixels + (size_t)y * frame->width;

        for (x = box.left; x < box.right; x++) {
            red += row[x] >> 16 & 0xff;
            green += row[x] >> 8 & 0xff;
            blue += row[x] & 0xff;
        }
    }
    return TEXT_PAINT_RGB | (red / count) << 16 | (green / count) << 8 |
           blue / count;
}

/* A cell is about twice as high as wide, so half of one is square. */
static void fit_picture(const struct text_view *view,
                        const struct display_frame *frame, unsigned *width,
                        unsigned *height)
{
    *width = view->columns;
    *height = view->columns * frame->aspect_height / frame->aspect_width;
    if (*height > 2 * view->rows) {
        *height = 2 * view->rows;
        *width = *height * frame->aspect_width / frame->aspect_height;
    }
    *height &= ~1u;
    *width += *width == 0;
    *height += *height == 0 ? 2 : 0;
    if (*width > view->columns)
        *width = view->columns;
}

void text_view_draw_picture(const struct text_view *view,
                            const struct display_frame *frame)
{
    unsigned width;
    unsigned height;
    unsigned x;
    unsigned y;

    if (frame->width == 0 || frame->height == 0 || frame->aspect_width == 0 ||
        frame->aspect_height == 0)
        return;
    fit_picture(view, frame, &width, &height);
    for (y = 0; y < height; y += 2) {
        for (x = 0; x < width; x++) {
            struct text_cell cell = {.unicode = UPPER_HALF};

            cell.fg = average(frame, find_box(frame, x, y, width, height));
            cell.bg = average(frame, find_box(frame, x, y + 1, width, height));
            if (cell.fg == cell.bg)
                cell.unicode = ' '; /* shorter to send */
            text_paint_set(view->paint, (view->columns - width) / 2 + x, y / 2,
                           &cell);
        }
    }
}

void text_view_draw_line(const struct text_view *view, unsigned row,
                         const char *line)
{
    struct text_cell cell = {.bg = LIGHT_GREY};
    size_t length = strlen(line);
    unsigned column;

    for (column = 0; column < view->columns; column++) {
        cell.unicode = column < length ? (uint8_t)line[column] : ' ';
        text_paint_set(view->paint, column, row, &cell);
    }
}

bool text_view_prefers_text(const struct display_text *text)
{
    size_t count = (size_t)text->columns * text->rows;
    size_t unread = 0;
    size_t i;

    if (count == 0 || !text->graphics)
        return count > 0;
    for (i = 0; i < count; i++)
        unread += text->chars[i] == 0;
    return unread * 10 <= count;
}
