/* What the registers make of the screen: kind, geometry, colours, and for each
 * scan line where its data comes from. Drawing needs nothing else but video
 * memory. */
#include "devices/vga_int.h"

#include <string.h>

static unsigned min(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

static unsigned max(unsigned a, unsigned b)
{
    return a > b ? a : b;
}

static uint32_t dac_color(const struct vga *v, unsigned index)
{
    const uint8_t *rgb = v->dac + 3 * (index & v->dac_mask);
    uint32_t color = (uint32_t)rgb[0] << 16 | (uint32_t)rgb[1] << 8 | rgb[2];

    if (v->vbe[VBE_ENABLE] & VBE_8BIT_DAC)
        return color;
    return color << 2 | (color >> 4 & 0x030303);
}

/* The attribute controller's colour index for a 4-bit dot. */
static unsigned attribute_index(const struct vga *v, unsigned dot)
{
    unsigned index = v->ac[dot & v->ac[AC_PLANE_ENABLE] & 15];
    unsigned select = v->ac[AC_COLOR_SELECT];

    if (v->ac[AC_MODE] & AC_MODE_P54)
        index = (index & 0x0f) | (select & 3) << 4;
    return index | (select & 0x0c) << 4;
}

/* Graphics modes blink by bit 3: a dot that has it alternates, one that has it
 * not shows as if it had; with monochrome emulation all dots alternate. */
static unsigned blink_dot(const struct vga *v, const struct vga_view *view,
                          unsigned dot)
{
    bool on = view->blink_phase;

    if (view->kind == VGA_VIEW_TEXT || !view->blink)
        return dot;
    if (!(v->ac[AC_MODE] & AC_MODE_MONO) && !(dot & 8))
        on = true;
    return (dot & 7) | (on ? 8 : 0);
}

/* 8-bit colours pass the palette as two 4-bit dots. */
static unsigned combined_index(const struct vga *v, const struct vga_view *view,
                               unsigned dots)
{
    unsigned high =
        v->ac[blink_dot(v, view, dots >> 4) & v->ac[AC_PLANE_ENABLE] & 15];
    unsigned low =
        v->ac[blink_dot(v, view, dots & 15) & v->ac[AC_PLANE_ENABLE] & 15];

    return (high & 15) << 4 | (low & 15);
}

static void fill_lut(const struct vga *v, struct vga_view *view)
{
    bool wide = view->combine || view->kind == VGA_VIEW_PACKED;

    for (unsigned i = 0; i < 256; i++) {
        unsigned index = i;

        if (view->kind < VGA_VIEW_8BPP)
            index = wide ? combined_index(v, view, i)
                         : attribute_index(v, blink_dot(v, view, i & 15));
        view->lut[i] = dac_color(v, index);
    }
}

static void get_wiring(const struct vga *v, struct vga_wiring *w)
{
    uint8_t mode = v->crtc[CRTC_MODE], under = v->crtc[CRTC_UNDERLINE];
    uint32_t keep = v->seq[SEQ_MEMORY] & SEQ_MEMORY_EXTENDED ? 0xffff : 0x3fff;

    *w = (struct vga_wiring){.left_mask = 0xffff};
    if (under & UNDERLINE_COUNT4)
        w->count_shift = 2;
    else if (mode & CRTC_MODE_COUNT2)
        w->count_shift = 1;
    if (under & UNDERLINE_DWORD) {
        w->left = 2;
        w->right = 12;
        w->left_mask = 0xfffc;
        w->right_mask = 3;
    } else if (!(mode & CRTC_MODE_BYTE)) {
        w->left = 1;
        w->right = mode & CRTC_MODE_WRAP15 ? 15 : 13;
        w->left_mask = 0xfffe;
        w->right_mask = 1;
    }
    for (uint32_t row = 0; row < 4; row++) {
        uint32_t from_row = (mode & CRTC_MODE_ROW0 ? 0 : 0x2000u) |
                            (mode & CRTC_MODE_ROW1 ? 0 : 0x4000u);

        w->keep[row] = keep & ~from_row;
        w->row_bits[row] = keep & from_row & row << 13;
    }
}

/* Bit 9 of these two is in the maximum scan line register. */
static unsigned blank_start(const struct vga *v)
{
    uint32_t overflow = v->crtc[CRTC_OVERFLOW], more = v->crtc[CRTC_MAX_SCAN];

    return v->crtc[CRTC_V_BLANK_START] | (overflow >> 3 & 1) << 8 |
           (more >> 5 & 1) << 9;
}

static unsigned line_compare(const struct vga *v)
{
    uint32_t overflow = v->crtc[CRTC_OVERFLOW], more = v->crtc[CRTC_MAX_SCAN];

    return v->crtc[CRTC_LINE_COMPARE] | (overflow >> 4 & 1) << 8 |
           (more >> 6 & 1) << 9;
}

/* PEL panning in dots. With 9-dot characters 8 means none, 0 one dot. */
static unsigned panning(const struct vga *v, unsigned char_dots)
{
    unsigned pan = v->ac[AC_PANNING];

    if (char_dots == 9)
        return pan >= 8 ? 0 : pan + 1;
    return pan >= 8 ? 0 : pan;
}

/* The bits of the row scan counter that make a difference. */
static uint8_t shown_row_bits(const struct vga *v, const struct vga_view *view)
{
    uint8_t mode = v->crtc[CRTC_MODE];

    if (view->kind == VGA_VIEW_TEXT)
        return 31;
    return (mode & CRTC_MODE_ROW0 ? 0 : 1) | (mode & CRTC_MODE_ROW1 ? 0 : 2);
}

/* Follows the row and address counters down the screen. */
static void fill_lines(const struct vga *v, struct vga_view *view)
{
    const uint8_t *crtc = v->crtc;
    unsigned shift = crtc[CRTC_MODE] & CRTC_MODE_LINE2 ? 1 : 0;
    unsigned split = ((line_compare(v) + 1) << shift) - 1;
    uint32_t row_at = vga_shown_start(v), skip = crtc[CRTC_PRESET_ROW] >> 5 & 3;
    uint8_t row = crtc[CRTC_PRESET_ROW] & 31, shown = shown_row_bits(v, view);
    uint8_t pan = (uint8_t)panning(v, view->char_dots);

    for (unsigned y = 0; y < view->height; y++) {
        view->lines[y] =
            (struct vga_line){row_at + skip, row & shown, pan, false};
        if (y == split) {
            row_at = row = 0;
            if (v->ac[AC_MODE] & AC_MODE_SPLIT_PAN)
                skip = pan = 0;
        } else if (crtc[CRTC_MAX_SCAN] & MAX_SCAN_DOUBLE && !(y & 1)) {
            continue;
        } else if (row == (crtc[CRTC_MAX_SCAN] & 31)) {
            row = 0;
            row_at += 2u * crtc[CRTC_OFFSET];
        } else {
            row = (row + 1) & 31;
        }
    }
}

/* Blanking that begins inside the display area; it ends where the low bits of
 * the counter equal the end register's. */
static void blank_lines(const struct vga *v, struct vga_view *view)
{
    unsigned shift = v->crtc[CRTC_MODE] & CRTC_MODE_LINE2 ? 1 : 0;
    unsigned count = blank_start(v);

    for (unsigned y = count << shift; y < view->height; y++) {
        if (y >> shift != count &&
            (y >> shift & 0xff) == v->crtc[CRTC_V_BLANK_END])
            break;
        view->lines[y].blank = true;
    }
}

static void blank_columns(const struct vga *v, struct vga_view *view)
{
    unsigned end = (v->crtc[CRTC_H_BLANK_END] & 0x1fu) |
                   (v->crtc[CRTC_H_RETRACE_END] >> 2 & 0x20u);
    unsigned from = v->crtc[CRTC_H_BLANK_START], to = from + 1;

    while (to < view->chars && (to & 0x3f) != end)
        to++;
    view->blank_from =
        min(from * view->char_dots * view->dot_clocks, view->width);
    view->blank_to = min(to * view->char_dots * view->dot_clocks, view->width);
}

static void get_cursor(const struct vga *v, struct vga_view *view)
{
    const uint8_t *crtc = v->crtc;
    unsigned high = crtc[CRTC_CURSOR_HIGH], low = crtc[CRTC_CURSOR_LOW];
    unsigned skew = crtc[CRTC_CURSOR_END] >> 5 & 3;

    view->cursor_top = crtc[CRTC_CURSOR_START] & 31;
    view->cursor_bottom = crtc[CRTC_CURSOR_END] & 31;
    view->cursor = !(crtc[CRTC_CURSOR_START] & CURSOR_START_OFF) &&
                   view->cursor_top <= view->cursor_bottom;
    view->cursor_at = (uint16_t)((high << 8 | low) + skew);
}

/* Character map select: two bits choose 16 KiB, the third the upper half. */
static uint32_t font_address(unsigned low, unsigned high)
{
    return (low & 3) * 0x4000 + (high & 1) * 0x2000;
}

static void get_text(const struct vga *v, struct vga_view *view)
{
    uint8_t map = v->seq[SEQ_CHAR_MAP];

    get_cursor(v, view);
    view->line_chars = v->ac[AC_MODE] & AC_MODE_LINE_CHARS;
    view->underline_row = v->crtc[CRTC_UNDERLINE] & 31;
    view->font[0] = font_address(map, map >> 4);
    view->font[1] = font_address(map >> 2, map >> 5);
}

static enum vga_view_kind ibm_kind(const struct vga *v)
{
    if (!(v->gc[GC_MISC] & GC_MISC_GRAPHICS))
        return VGA_VIEW_TEXT;
    if (v->gc[GC_MODE] & GC_MODE_SHIFT_256)
        return VGA_VIEW_PACKED;
    if (v->gc[GC_MODE] & GC_MODE_SHIFT_CGA)
        return VGA_VIEW_CGA;
    return VGA_VIEW_PLANAR;
}

static void get_ibm(const struct vga *v, struct vga_view *view)
{
    uint8_t clocking = v->seq[SEQ_CLOCKING];
    unsigned shift = v->crtc[CRTC_MODE] & CRTC_MODE_LINE2 ? 1 : 0;
    unsigned cell;

    view->kind = ibm_kind(v);
    view->char_dots = clocking & SEQ_CLOCKING_8DOT ? 8 : 9;
    view->dot_clocks = clocking & SEQ_CLOCKING_HALF ? 2 : 1;
    view->combine = v->ac[AC_MODE] & AC_MODE_8BIT;
    view->blink = v->ac[AC_MODE] & AC_MODE_BLINK;
    view->pixel_dots = view->dot_clocks << (view->combine ? 1 : 0);
    view->plane_mask =
        v->seq[SEQ_MEMORY] & SEQ_MEMORY_EXTENDED ? 0xffff : 0x3fff;
    cell = view->char_dots * view->dot_clocks;
    view->width =
        min((v->crtc[CRTC_H_DISPLAY_END] + 1u) * cell, DISPLAY_WIDTH_MAX);
    view->chars = (view->width + cell - 1) / cell;
    view->height = min((vga_vertical(v, CRTC_V_DISPLAY_END, 1, 6) + 1) << shift,
                       DISPLAY_HEIGHT_MAX);
    get_wiring(v, &view->wiring);
    fill_lines(v, view);
    blank_lines(v, view);
    blank_columns(v, view);
    if (view->kind == VGA_VIEW_TEXT)
        get_text(v, view);
}

static enum vga_view_kind vbe_kind(unsigned bpp)
{
    switch (bpp) {
    case 4: return VGA_VIEW_PLANAR;
    case 15: return VGA_VIEW_15BPP;
    case 16: return VGA_VIEW_16BPP;
    case 24: return VGA_VIEW_24BPP;
    case 32: return VGA_VIEW_32BPP;
    default: return VGA_VIEW_8BPP;
    }
}

static void get_vbe(const struct vga *v, struct vga_view *view)
{
    struct vga_vbe_mode m;

    vga_get_vbe(v, &m);
    view->kind = vbe_kind(m.bpp);
    view->square = true;
    view->width = m.width;
    view->height = m.height;
    view->char_dots = 8;
    view->chars = (m.width + 7) / 8;
    view->dot_clocks = view->pixel_dots = 1;
    view->plane_mask = (uint32_t)(v->vram_bytes / 4 - 1);
    view->wiring = (struct vga_wiring){.left_mask = UINT32_MAX};
    for (unsigned row = 0; row < 4; row++)
        view->wiring.keep[row] = view->plane_mask;
    for (unsigned y = 0; y < m.height; y++)
        view->lines[y] = (struct vga_line){
            .at = m.start + y * m.pitch,
            .pan = (uint8_t)(m.bpp == 4 ? m.x & 7 : 0),
        };
}

/* Dark once it lasted a field: a short blank, as around a palette change, costs
 * a real screen a few lines of one field. */
static bool is_dark(const struct vga *v, const struct vga_timing *t)
{
    return v->blank &&
           (!t->usable || clock_now_ns(v->clock) - v->blank_ns >= t->field_ns);
}

/* The border's colour fills the screen while the CPU owns the palette; else a
 * dark screen is black. Before a mode is set it has the size of a common one.
 */
static void darken(const struct vga *v, const struct vga_timing *t,
                   struct vga_view *view)
{
    bool running = !(v->seq[SEQ_CLOCKING] & SEQ_CLOCKING_OFF) &&
                   (v->seq[SEQ_RESET] & SEQ_RESET_RUN) == SEQ_RESET_RUN &&
                   v->crtc[CRTC_MODE] & CRTC_MODE_RUN;

    view->kind = VGA_VIEW_DARK;
    view->lut[0] = running ? dac_color(v, v->ac[AC_OVERSCAN]) : 0;
    if (t->usable)
        return;
    view->width = t->display_dots;
    view->height = t->display_lines;
    memset(view->lines, 0, view->height * sizeof(view->lines[0]));
}

void vga_get_view(const struct vga *v, struct vga_view *view)
{
    uint64_t fields = vga_retraces(v);
    struct vga_timing t;

    vga_get_timing(v, &t);
    memset(view, 0, offsetof(struct vga_view, lut));
    view->cursor_phase = !(fields & 8);
    view->blink_phase = fields & 16;
    if (vga_vbe_on(v))
        get_vbe(v, view);
    else
        get_ibm(v, view);
    view->width = max(view->width, 1);
    if (is_dark(v, &t))
        darken(v, &t, view);
    else
        fill_lut(v, view);
}
