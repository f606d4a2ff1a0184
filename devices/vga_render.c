/* From a view and video memory to dots. A line of the IBM kinds is first made
 * of colour indices, a character clock at a time, then panned and looked up. */
#include "devices/vga_int.h"

#include <assert.h>
#include <string.h>

#define DOTS_MAX (DISPLAY_WIDTH_MAX + 2 * 9 + 8)

static const uint8_t *planes_at(const struct vga *v,
                                const struct vga_view *view, uint32_t address)
{
    return v->vram + vga_plane_index(address & view->plane_mask);
}

static void put8(uint8_t *to, uint64_t dots)
{
    memcpy(to, &dots, sizeof(dots));
}

/* What a character cell shows in one scan line. */
struct cell {
    uint8_t bits; /* left dot in bit 7 */
    bool ninth;
    uint8_t ink, paper;
};

static struct cell get_cell(const struct vga *v, const struct vga_view *view,
                            const struct vga_line *line, unsigned n)
{
    uint32_t at = vga_wire(&view->wiring, line->at, n, line->row);
    const uint8_t *p = planes_at(v, view, at);
    uint8_t code = p[0], attr = p[1];
    uint32_t glyph = view->font[attr >> 3 & 1] + code * 32u + line->row;
    struct cell c = {.ink = attr & 15, .paper = attr >> 4};

    c.bits = planes_at(v, view, glyph)[2];
    c.ninth = view->line_chars && (code & 0xe0) == 0xc0 && c.bits & 1;
    if ((attr & 0x77) == 0x01 && line->row == view->underline_row) {
        c.bits = 0xff;
        c.ninth = true;
    }
    if (view->blink) {
        c.paper &= 7;
        if (attr & 0x80 && view->blink_phase) {
            c.bits = 0;
            c.ninth = false;
        }
    }
    return c;
}

static bool cursor_covers(const struct vga_view *view,
                          const struct vga_line *line, unsigned n)
{
    uint32_t count = line->at + (n >> view->wiring.count_shift);

    return (count & 0xffff) == view->cursor_at &&
           line->row >= view->cursor_top && line->row <= view->cursor_bottom;
}

static void fill_text(const struct vga *v, const struct vga_view *view,
                      const struct vga_line *line, uint8_t *dots)
{
    const uint64_t ones = ~UINT64_C(0) / 0xff;
    bool cursor = view->cursor && view->cursor_phase;

    for (unsigned n = 0; n <= view->chars; n++, dots += view->char_dots) {
        struct cell c = get_cell(v, view, line, n);
        uint64_t differ = (uint64_t)(c.ink ^ c.paper);

        if (cursor && cursor_covers(view, line, n)) {
            c.bits = 0xff;
            c.ninth = true;
        }
        put8(dots, v->spread[c.bits] * differ ^ ones * c.paper);
        if (view->char_dots == 9)
            dots[8] = c.ninth ? c.ink : c.paper;
    }
}

static void fill_planar(const struct vga *v, const struct vga_view *view,
                        const struct vga_line *line, uint8_t *dots)
{
    for (unsigned n = 0; n <= view->chars; n++, dots += view->char_dots) {
        uint32_t at = vga_wire(&view->wiring, line->at, n, line->row);
        const uint8_t *p = planes_at(v, view, at);

        put8(dots, v->spread[p[0]] | v->spread[p[1]] << 1 |
                       v->spread[p[2]] << 2 | v->spread[p[3]] << 3);
        if (view->char_dots == 9)
            dots[8] = 0;
    }
}

/* Planes 0 and 2 give the left four dots, two bits each, 1 and 3 the right. */
static void fill_cga(const struct vga *v, const struct vga_view *view,
                     const struct vga_line *line, uint8_t *dots)
{
    for (unsigned n = 0; n <= view->chars; n++, dots += view->char_dots) {
        uint32_t at = vga_wire(&view->wiring, line->at, n, line->row);
        const uint8_t *p = planes_at(v, view, at);

        for (unsigned i = 0; i < 8; i++) {
            unsigned half = i >> 2, shift = 6 - 2 * (i & 3);

            dots[i] = (uint8_t)((p[half] >> shift & 3) |
                                (p[half + 2] >> shift & 3) << 2);
        }
        if (view->char_dots == 9)
            dots[8] = 0;
    }
}

/* The planes one after the other, four bits a dot. */
static void fill_packed(const struct vga *v, const struct vga_view *view,
                        const struct vga_line *line, uint8_t *dots)
{
    for (unsigned n = 0; n <= view->chars; n++, dots += view->char_dots) {
        uint32_t at = vga_wire(&view->wiring, line->at, n, line->row);
        const uint8_t *p = planes_at(v, view, at);

        for (unsigned i = 0; i < 4; i++) {
            dots[2 * i] = p[i] >> 4;
            dots[2 * i + 1] = p[i] & 15;
        }
        if (view->char_dots == 9)
            dots[8] = 0;
    }
}

/* 8-bit colour: two dots of four bits show as one colour. */
static void combine_dots(uint8_t *dots, unsigned count)
{
    for (unsigned i = 0; i + 1 < count; i += 2)
        dots[i] = dots[i + 1] = (uint8_t)(dots[i] << 4 | dots[i + 1]);
}

/* 256-colour shifting without 8-bit colour: each dot shows itself and the one
 * before it. */
static void smear_dots(uint8_t *dots, unsigned count)
{
    uint8_t before = 0;

    for (unsigned i = 0; i < count; i++) {
        uint8_t now = dots[i];

        dots[i] = (uint8_t)(before << 4 | now);
        before = now;
    }
}

static void blank_dots(const struct vga_view *view, uint32_t *out)
{
    for (unsigned x = view->blank_from; x < view->blank_to; x++)
        out[x] = 0;
}

static void draw_indexed(const struct vga *v, const struct vga_view *view,
                         const struct vga_line *line, uint32_t *out)
{
    uint8_t dots[DOTS_MAX];
    const uint8_t *from = dots + line->pan;

    assert((view->chars + 1) * view->char_dots <= DOTS_MAX);
    switch (view->kind) {
    case VGA_VIEW_TEXT: fill_text(v, view, line, dots); break;
    case VGA_VIEW_CGA: fill_cga(v, view, line, dots); break;
    case VGA_VIEW_PACKED: fill_packed(v, view, line, dots); break;
    default: fill_planar(v, view, line, dots); break;
    }
    if (view->combine)
        combine_dots(dots, (view->chars + 1) * view->char_dots);
    else if (view->kind == VGA_VIEW_PACKED)
        smear_dots(dots, (view->chars + 1) * view->char_dots);
    if (view->dot_clocks == 1) {
        for (unsigned x = 0; x < view->width; x++)
            out[x] = view->lut[from[x]];
    } else {
        for (unsigned x = 0; x < view->width; x++)
            out[x] = view->lut[from[x / 2]];
    }
    blank_dots(view, out);
}

static void draw_8bpp(const struct vga_view *view, const uint8_t *restrict from,
                      uint32_t *restrict out)
{
    for (unsigned x = 0; x < view->width; x++)
        out[x] = view->lut[from[x]];
}

/* Five or six bits become eight: the upper ones repeat below. */
static void draw_15bpp(const struct vga_view *view,
                       const uint8_t *restrict from, uint32_t *restrict out)
{
    for (unsigned x = 0; x < view->width; x++) {
        uint32_t c = from[2 * x] | (uint32_t)from[2 * x + 1] << 8;

        out[x] = (c & 0x7c00) << 9 | (c & 0x7000) << 4 | (c & 0x03e0) << 6 |
                 (c & 0x0380) << 1 | (c & 0x001f) << 3 | (c & 0x001c) >> 2;
    }
}

static void draw_16bpp(const struct vga_view *view,
                       const uint8_t *restrict from, uint32_t *restrict out)
{
    for (unsigned x = 0; x < view->width; x++) {
        uint32_t c = from[2 * x] | (uint32_t)from[2 * x + 1] << 8;

        out[x] = (c & 0xf800) << 8 | (c & 0xe000) << 3 | (c & 0x07e0) << 5 |
                 (c & 0x0600) >> 1 | (c & 0x001f) << 3 | (c & 0x001c) >> 2;
    }
}

static void draw_24bpp(const struct vga_view *view,
                       const uint8_t *restrict from, uint32_t *restrict out)
{
    for (unsigned x = 0; x < view->width; x++, from += 3)
        out[x] = from[0] | (uint32_t)from[1] << 8 | (uint32_t)from[2] << 16;
}

static void draw_32bpp(const struct vga_view *view,
                       const uint8_t *restrict from, uint32_t *restrict out)
{
    for (unsigned x = 0; x < view->width; x++, from += 4)
        out[x] = from[0] | (uint32_t)from[1] << 8 | (uint32_t)from[2] << 16;
}

static unsigned pixel_bytes(enum vga_view_kind kind)
{
    switch (kind) {
    case VGA_VIEW_15BPP:
    case VGA_VIEW_16BPP: return 2;
    case VGA_VIEW_24BPP: return 3;
    case VGA_VIEW_32BPP: return 4;
    default: return 1;
    }
}

static void draw_linear(const struct vga *v, const struct vga_view *view,
                        const struct vga_line *line, uint32_t *out)
{
    const uint8_t *from = v->vram + line->at;

    assert(line->at + (size_t)view->width * pixel_bytes(view->kind) <=
           v->vram_bytes);
    switch (view->kind) {
    case VGA_VIEW_15BPP: draw_15bpp(view, from, out); break;
    case VGA_VIEW_16BPP: draw_16bpp(view, from, out); break;
    case VGA_VIEW_24BPP: draw_24bpp(view, from, out); break;
    case VGA_VIEW_32BPP: draw_32bpp(view, from, out); break;
    default: draw_8bpp(view, from, out); break;
    }
}

void vga_draw_line(const struct vga *v, const struct vga_view *view, unsigned y,
                   uint32_t *out)
{
    const struct vga_line *line = &view->lines[y];

    assert(y < view->height);
    if (view->kind == VGA_VIEW_DARK) {
        for (unsigned x = 0; x < view->width; x++)
            out[x] = view->lut[0];
    } else if (line->blank) {
        memset(out, 0, view->width * sizeof(*out));
    } else if (view->kind < VGA_VIEW_8BPP) {
        draw_indexed(v, view, line, out);
    } else {
        draw_linear(v, view, line, out);
    }
}

void vga_render(struct device *dev, struct display_frame *frame)
{
    const struct vga *v = vga_from_device(dev);
    struct vga_view view;
    uint32_t *out = frame->pixels;

    vga_get_view(v, &view);
    frame->width = view.width;
    frame->height = view.height;
    frame->aspect_width = view.square ? view.width : 4;
    frame->aspect_height = view.square ? view.height : 3;
    for (unsigned y = 0; y < view.height; y++, out += view.width) {
        if (y && vga_line_same(&view.lines[y], &view.lines[y - 1]))
            memcpy(out, out - view.width, view.width * sizeof(*out));
        else
            vga_draw_line(v, &view, y, out);
    }
}

/* Folds bytes, a multiple of 32, into four interleaved hashes. */
static uint64_t hash_memory(uint64_t seed, const uint8_t *bytes, size_t size)
{
    const uint64_t factor = 0x9e3779b97f4a7c15u;
    uint64_t h[4] = {seed, seed ^ 1, seed ^ 2, seed ^ 3}, word;

    for (size_t i = 0; i + 32 <= size; i += 32) {
        for (unsigned lane = 0; lane < 4; lane++) {
            memcpy(&word, bytes + i + 8 * lane, sizeof(word));
            h[lane] = (h[lane] ^ word) * factor;
            h[lane] ^= h[lane] >> 29;
        }
    }
    for (unsigned lane = 1; lane < 4; lane++)
        h[0] = (h[0] ^ h[lane]) * factor;
    return h[0] ^ h[0] >> 32;
}

static uint64_t fold(uint64_t hash, uint64_t value)
{
    uint8_t bytes[32] = {0};

    memcpy(bytes, &value, sizeof(value));
    return hash_memory(hash, bytes, sizeof(bytes));
}

/* What time alone changes in a picture. */
static uint64_t phases(const struct vga *v, const struct vga_view *view)
{
    bool blinks = view->blink && view->kind != VGA_VIEW_DARK;
    bool cursor = view->cursor && view->kind == VGA_VIEW_TEXT;

    return (uint64_t)view->kind << 18 | (uint64_t)vga_shown_start(v) << 2 |
           (blinks && view->blink_phase ? 2 : 0) |
           (cursor && view->cursor_phase ? 1 : 0);
}

/* The lines of a linear mode, with what lies between them. */
static uint64_t hash_picture(const struct vga *v, const struct vga_view *view,
                             uint64_t seed)
{
    size_t from = view->lines[0].at & ~(size_t)31;
    size_t to = view->lines[view->height - 1].at +
                (size_t)view->width * pixel_bytes(view->kind);

    return hash_memory(seed, v->vram + from, (to - from + 31) & ~(size_t)31);
}

/* Video memory that a planar picture can show. */
static size_t planar_bytes(const struct vga *v, const struct vga_view *view)
{
    uint32_t last = view->lines[view->height - 1].at + view->chars;

    if (!vga_vbe_on(v))
        return VGA_IBM_BYTES;
    return ((size_t)((last & view->plane_mask) >> 16) + 1) * VGA_IBM_BYTES;
}

uint64_t vga_serial(struct device *dev)
{
    const struct vga *v = vga_from_device(dev);
    struct vga_view view;
    uint64_t serial;

    vga_get_view(v, &view);
    serial = fold(fold(0, v->changes), phases(v, &view));
    if (view.kind >= VGA_VIEW_8BPP)
        return hash_picture(v, &view, serial);
    if (v->window.kind == VGA_WINDOW_MEMORY || v->lfb_mapped)
        return hash_memory(serial, v->vram, planar_bytes(v, &view));
    return serial;
}
