/* The text on the screen, for scripts and terminals. */
#include "devices/vga_int.h"

#include <stdlib.h>
#include <string.h>

#define GLYPHS       256
#define HEIGHT_MAX   32
#define CELL_DOTS    8
#define BUCKETS      512 /* of the glyph table; a power of two */
#define BLANK_CODE   ' '
#define GRAPHIC_ATTR 0x07

/* Real-mode locations that tell which font the BIOS draws with. */
enum {
    VECTOR_1F = 0x1f * 4, /* 8 x 8 glyphs 80 to FF of modes 4 to 6 */
    VECTOR_43 = 0x43 * 4, /* glyphs of the current graphics mode */
    BDA_MODE = 0x449,
    BDA_POINTS = 0x485, /* height of a glyph */
};

/* --- text modes --- */

/* Whether scan line `y` is the first of a row of characters. */
static bool starts_row(const struct vga_view *view, unsigned y)
{
    const struct vga_line *line = &view->lines[y];

    return y == 0 || line[-1].at != line->at ||
           (line->row < line[-1].row && line->pan == line[-1].pan);
}

static void read_row(const struct vga *v, const struct vga_view *view,
                     const struct vga_line *line, struct display_text *text)
{
    unsigned first = text->rows * text->columns;

    for (unsigned n = 0; n < text->columns; n++) {
        uint32_t at = vga_wire(&view->wiring, line->at, n, line->row);
        const uint8_t *p = v->vram + vga_plane_index(at & view->plane_mask);
        uint32_t count = line->at + (n >> view->wiring.count_shift);

        text->chars[first + n] = p[0];
        text->attrs[first + n] = p[1];
        if (view->cursor && (count & 0xffff) == view->cursor_at) {
            text->cursor_visible = true;
            text->cursor_column = n;
            text->cursor_row = text->rows;
        }
    }
    text->rows++;
}

static void read_text(const struct vga *v, const struct vga_view *view,
                      struct display_text *text)
{
    text->columns =
        view->chars < DISPLAY_COLUMNS_MAX ? view->chars : DISPLAY_COLUMNS_MAX;
    text->blinks = view->blink;
    for (unsigned y = 0; y < view->height; y++) {
        if (text->rows < DISPLAY_ROWS_MAX && starts_row(view, y))
            read_row(v, view, &view->lines[y], text);
    }
}

/* --- graphics modes --- */

struct glyph {
    uint8_t rows[HEIGHT_MAX]; /* zero below the font's height */
};

/* A font as a hash table by what a glyph looks like. */
struct glyph_table {
    unsigned height;
    uint16_t buckets[BUCKETS]; /* code + 1 of the first, or 0 */
    uint16_t next[GLYPHS];
    struct glyph glyphs[GLYPHS];
};

static unsigned hash_glyph(const struct glyph *glyph)
{
    uint64_t hash = state_hash_bytes(STATE_HASH_INIT, glyph, sizeof(*glyph));

    return (unsigned)(hash ^ hash >> 32) % BUCKETS;
}

/* Codes are put in from high to low, so that of two equal glyphs the lower
 * code is found first, and a blank one is a space. */
static void fill_table(struct glyph_table *table, const uint8_t *glyphs,
                       unsigned height)
{
    memset(table, 0, sizeof(*table));
    table->height = height;
    for (unsigned i = 0; i < GLYPHS; i++) {
        unsigned code = GLYPHS - 1 - i;
        struct glyph *glyph = &table->glyphs[code];
        unsigned bucket;

        memcpy(glyph->rows, glyphs + code * height, height);
        bucket = hash_glyph(glyph);
        table->next[code] = table->buckets[bucket];
        table->buckets[bucket] = (uint16_t)(code + 1);
    }
}

/* The glyph's code, or -1. */
static int find_glyph(const struct glyph_table *table,
                      const struct glyph *glyph)
{
    unsigned at = table->buckets[hash_glyph(glyph)];

    for (; at; at = table->next[at - 1]) {
        if (!memcmp(&table->glyphs[at - 1], glyph, sizeof(*glyph)))
            return (int)at - 1;
    }
    return -1;
}

/* One row of cells: the guest's pixels, not the monitor's dots. */
struct band {
    unsigned width; /* pixels */
    uint32_t pixels[HEIGHT_MAX][DISPLAY_WIDTH_MAX];
};

/* The pixels of the cell at column `n` as bits that are set where the pixel
 * differs from the left upper one. False: more than two colours. */
static bool cell_bits(const struct band *band, unsigned height, unsigned n,
                      struct glyph *bits)
{
    uint32_t paper = band->pixels[0][n * CELL_DOTS], ink = paper;

    memset(bits, 0, sizeof(*bits));
    for (unsigned y = 0; y < height; y++) {
        const uint32_t *p = &band->pixels[y][n * CELL_DOTS];

        for (unsigned x = 0; x < CELL_DOTS; x++) {
            if (p[x] == paper)
                continue;
            if (ink == paper)
                ink = p[x];
            if (p[x] != ink)
                return false;
            bits->rows[y] |= (uint8_t)(0x80 >> x);
        }
    }
    return true;
}

static void invert(struct glyph *bits, unsigned height)
{
    for (unsigned y = 0; y < height; y++)
        bits->rows[y] = (uint8_t)~bits->rows[y];
}

static bool is_blank(const struct glyph *bits)
{
    static const struct glyph none;

    return !memcmp(bits, &none, sizeof(none));
}

/* The left upper pixel is paper in nearly all glyphs, so that reading is
 * tried first. Returns the code, or 0. */
static uint8_t match_cell(const struct glyph_table *table,
                          const struct band *band, unsigned n)
{
    struct glyph bits;
    int code;

    if (!cell_bits(band, table->height, n, &bits))
        return 0;
    if (is_blank(&bits))
        return BLANK_CODE;
    code = find_glyph(table, &bits);
    if (code < 0) {
        invert(&bits, table->height);
        code = find_glyph(table, &bits);
    }
    return code < 0 ? 0 : (uint8_t)code;
}

/* Draws the line and keeps one dot of each of the guest's pixels. */
static void sample_line(const struct vga *v, const struct vga_view *view,
                        unsigned y, struct band *band, unsigned row)
{
    uint32_t *to = band->pixels[row];

    vga_draw_line(v, view, y, to);
    for (unsigned x = 0; x < band->width; x++)
        to[x] = to[x * view->pixel_dots];
}

/* The guest's line after `y`: repeated scan lines are one line. */
static unsigned next_line(const struct vga_view *view, unsigned y)
{
    do
        y++;
    while (y < view->height &&
           vga_line_same(&view->lines[y], &view->lines[y - 1]));
    return y;
}

static unsigned match_band(const struct glyph_table *table,
                           const struct band *band, struct display_text *text)
{
    unsigned first = text->rows * text->columns, found = 0;

    for (unsigned n = 0; n < text->columns; n++) {
        uint8_t code = match_cell(table, band, n);

        text->chars[first + n] = code;
        text->attrs[first + n] = GRAPHIC_ATTR;
        if (code && code != BLANK_CODE)
            found++;
    }
    text->rows++;
    return found;
}

/* Reads the picture as cells of one font. Returns how many show a glyph. */
static unsigned match_font(const struct vga *v, const struct vga_view *view,
                           const struct glyph_table *table, struct band *band,
                           struct display_text *text)
{
    unsigned found = 0, rows = 0;

    band->width = view->width / view->pixel_dots;
    text->rows = 0;
    text->columns = band->width / CELL_DOTS;
    if (text->columns > DISPLAY_COLUMNS_MAX)
        text->columns = DISPLAY_COLUMNS_MAX;
    for (unsigned y = 0; y < view->height; y = next_line(view, y)) {
        sample_line(v, view, y, band, rows++);
        if (rows < table->height)
            continue;
        if (text->rows < DISPLAY_ROWS_MAX)
            found += match_band(table, band, text);
        rows = 0;
    }
    return found;
}

/* Reads guest memory without side effects: none from device windows. */
static bool peek(const struct vga *v, uint32_t addr, uint8_t *to, size_t size)
{
    for (uint32_t at = addr & ~MEM_PAGE_MASK; at < addr + size;
         at += MEM_PAGE_BYTES) {
        if (!v->mem->pages[at >> MEM_PAGE_BITS].host)
            return false;
    }
    mem_read(v->mem, addr, to, size);
    return true;
}

/* `size` bytes from where a real-mode vector points. */
static bool peek_vector(const struct vga *v, uint32_t vector, uint8_t *to,
                        size_t size)
{
    uint8_t p[4];

    if (!peek(v, vector, p, sizeof(p)))
        return false;
    return peek(
        v, (uint32_t)(p[0] | p[1] << 8) + ((uint32_t)(p[2] | p[3] << 8) << 4),
        to, size);
}

/* The font that the BIOS draws with, if its data area looks like one. Returns
 * the height, or 0. */
static unsigned guest_font(const struct vga *v,
                           uint8_t glyphs[GLYPHS * HEIGHT_MAX])
{
    uint8_t mode, points[2];
    unsigned height;

    if (!peek(v, BDA_MODE, &mode, 1) || !peek(v, BDA_POINTS, points, 2))
        return 0;
    height = points[0] | (unsigned)points[1] << 8;
    mode &= 0x7f;
    if (mode >= 4 && mode <= 6) {
        const size_t half = GLYPHS / 2 * 8;

        return peek_vector(v, VECTOR_43, glyphs, half) &&
                       peek_vector(v, VECTOR_1F, glyphs + half, half)
                   ? 8
                   : 0;
    }
    if (height < 1 || height > HEIGHT_MAX)
        return 0;
    return peek_vector(v, VECTOR_43, glyphs, GLYPHS * height) ? height : 0;
}

/* What matching needs beside its result; too much for a stack. */
struct work {
    struct glyph_table table;
    struct band band;
    struct display_text text;
    uint8_t glyphs[GLYPHS * HEIGHT_MAX];
};

struct reading {
    struct display_text *text; /* borrowed */
    unsigned found;            /* cells that show a glyph */
};

/* Tries one font and keeps its reading if it is better than what is there. */
static void try_font(const struct vga *v, const struct vga_view *view,
                     const struct vga_font *font, struct work *work,
                     struct reading *best)
{
    unsigned found;

    if (font->height < 1 || font->height > HEIGHT_MAX)
        return;
    fill_table(&work->table, font->glyphs, font->height);
    found = match_font(v, view, &work->table, &work->band, &work->text);
    if (found <= best->found)
        return;
    best->found = found;
    best->text->columns = work->text.columns;
    best->text->rows = work->text.rows;
    memcpy(best->text->chars, work->text.chars, sizeof(work->text.chars));
    memcpy(best->text->attrs, work->text.attrs, sizeof(work->text.attrs));
}

static void match_text(const struct vga *v, const struct vga_view *view,
                       const struct vga_font *fonts, size_t count,
                       struct display_text *text)
{
    struct work *work = malloc(sizeof(*work));
    struct reading best = {text, 0};
    struct vga_font font;

    text->graphics = true;
    if (!work)
        return; /* as if no font matched */
    for (size_t i = 0; i < count; i++)
        try_font(v, view, &fonts[i], work, &best);
    font = (struct vga_font){work->glyphs, guest_font(v, work->glyphs)};
    try_font(v, view, &font, work, &best);
    free(work);
}

void vga_text(struct device *dev, const struct vga_font *fonts, size_t count,
              struct display_text *text)
{
    const struct vga *v = vga_from_device(dev);
    struct vga_view view;

    memset(text, 0, sizeof(*text));
    vga_get_view(v, &view);
    if (view.kind == VGA_VIEW_TEXT)
        read_text(v, &view, text);
    else if (view.kind != VGA_VIEW_DARK)
        match_text(v, &view, fonts, count, text);
}
