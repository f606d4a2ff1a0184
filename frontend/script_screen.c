#include <assert.h>
#include <string.h>

#include "frontend/cp437.h"
#include "frontend/script_int.h"

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == 0 || c == 0xff;
}

static bool is_alike(uint8_t a, uint8_t b)
{
    return a == b || (is_blank(a) && is_blank(b));
}

static bool stands_at(const uint8_t *row, const uint8_t *bytes, size_t size)
{
    size_t i;

    for (i = 0; i < size; i++)
        if (!is_alike(row[i], bytes[i]))
            return false;
    return true;
}

bool script_find_text(const struct display_text *text, const uint8_t *bytes,
                      size_t size)
{
    unsigned row;
    size_t column;

    assert(size > 0);
    for (row = 0; row < text->rows; row++)
        for (column = 0; column + size <= text->columns; column++)
            if (stands_at(&text->chars[row * text->columns + column], bytes,
                          size))
                return true;
    return false;
}

static unsigned row_length(const struct display_text *text, unsigned row)
{
    const uint8_t *chars = &text->chars[row * text->columns];
    unsigned length = text->columns;

    while (length > 0 && is_blank(chars[length - 1]))
        length--;
    return length;
}

void script_print_screen(FILE *stream, const struct display_text *text,
                         const char *prefix)
{
    unsigned rows = text->rows;
    unsigned row;
    unsigned column;
    char utf8[CP437_UTF8_BYTES];

    while (rows > 0 && row_length(text, rows - 1) == 0)
        rows--;
    for (row = 0; row < rows; row++) {
        fputs(prefix, stream);
        for (column = 0; column < row_length(text, row); column++)
            fwrite(
                utf8, 1,
                cp437_to_utf8(text->chars[row * text->columns + column], utf8),
                stream);
        fputc('\n', stream);
    }
}
