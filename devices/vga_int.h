/* What the parts of the VGA share. */
#ifndef DEVICES_VGA_INT_H
#define DEVICES_VGA_INT_H

#include "devices/vga.h"

enum {
    VGA_SEQ_COUNT = 5,
    VGA_CRTC_COUNT = 25,
    VGA_GC_COUNT = 9,
    VGA_AC_COUNT = 21,
    VGA_VBE_COUNT = 11,
    VGA_RANGES = 5, /* of ports, DISPI aside */
    VGA_IBM_BYTES = 0x40000,
};

/* Miscellaneous output. */
enum {
    MISC_COLOR = 0x01, /* registers at 3Dx, not 3Bx */
    MISC_RAM = 0x02,   /* the CPU reaches video memory */
    MISC_CLOCK = 0x0c,
    MISC_PAGE = 0x20, /* odd/even modes: which half */
};

/* Sequencer. */
enum {
    SEQ_RESET = 0,
    SEQ_CLOCKING = 1,
    SEQ_MAP_MASK = 2,
    SEQ_CHAR_MAP = 3,
    SEQ_MEMORY = 4,

    SEQ_RESET_RUN = 0x03, /* both resets released */
    SEQ_CLOCKING_8DOT = 0x01,
    SEQ_CLOCKING_HALF = 0x08, /* dot clock / 2 */
    SEQ_CLOCKING_OFF = 0x20,  /* screen off */
    SEQ_MEMORY_EXTENDED = 0x02,
    SEQ_MEMORY_SEQUENTIAL = 0x04, /* clear: odd/even */
    SEQ_MEMORY_CHAIN4 = 0x08,
};

/* CRT controller. */
enum {
    CRTC_H_TOTAL = 0x00,
    CRTC_H_DISPLAY_END = 0x01,
    CRTC_H_BLANK_START = 0x02,
    CRTC_H_BLANK_END = 0x03,
    CRTC_H_RETRACE_START = 0x04,
    CRTC_H_RETRACE_END = 0x05,
    CRTC_V_TOTAL = 0x06,
    CRTC_OVERFLOW = 0x07,
    CRTC_PRESET_ROW = 0x08,
    CRTC_MAX_SCAN = 0x09,
    CRTC_CURSOR_START = 0x0a,
    CRTC_CURSOR_END = 0x0b,
    CRTC_START_HIGH = 0x0c,
    CRTC_START_LOW = 0x0d,
    CRTC_CURSOR_HIGH = 0x0e,
    CRTC_CURSOR_LOW = 0x0f,
    CRTC_V_RETRACE_START = 0x10,
    CRTC_V_RETRACE_END = 0x11,
    CRTC_V_DISPLAY_END = 0x12,
    CRTC_OFFSET = 0x13,
    CRTC_UNDERLINE = 0x14,
    CRTC_V_BLANK_START = 0x15,
    CRTC_V_BLANK_END = 0x16,
    CRTC_MODE = 0x17,
    CRTC_LINE_COMPARE = 0x18,
    CRTC_LATCH_READ = 0x22,     /* undocumented: latch of the read plane */
    CRTC_FLIP_FLOP_READ = 0x24, /* undocumented: 3C0's state in bit 7 */
    CRTC_AC_INDEX_READ = 0x26,  /* undocumented: 3C0's address */

    OVERFLOW_LINE_COMPARE = 0x10,
    MAX_SCAN_DOUBLE = 0x80,
    CURSOR_START_OFF = 0x20,
    V_RETRACE_END_CLEAR_OFF = 0x10, /* 0 holds the interrupt cleared */
    V_RETRACE_END_IRQ_OFF = 0x20,
    V_RETRACE_END_PROTECT = 0x80,
    UNDERLINE_COUNT4 = 0x20,
    UNDERLINE_DWORD = 0x40,
    CRTC_MODE_ROW0 = 0x01,   /* 0: row scan bit 0 is address bit 13 */
    CRTC_MODE_ROW1 = 0x02,   /* 0: row scan bit 1 is address bit 14 */
    CRTC_MODE_LINE2 = 0x04,  /* vertical counters count every other line */
    CRTC_MODE_COUNT2 = 0x08, /* memory counter, every other character */
    CRTC_MODE_WRAP15 = 0x20, /* word mode: bit 15, not 13, goes to bit 0 */
    CRTC_MODE_BYTE = 0x40,
    CRTC_MODE_RUN = 0x80, /* retraces happen */
};

/* Graphics controller. */
enum {
    GC_SET_RESET = 0,
    GC_ENABLE_SET_RESET = 1,
    GC_COLOR_COMPARE = 2,
    GC_ROTATE = 3,
    GC_READ_MAP = 4,
    GC_MODE = 5,
    GC_MISC = 6,
    GC_COLOR_CARE = 7,
    GC_BIT_MASK = 8,

    GC_MODE_WRITE = 0x03,
    GC_MODE_READ1 = 0x08,
    GC_MODE_ODD_EVEN = 0x10,
    GC_MODE_SHIFT_CGA = 0x20,
    GC_MODE_SHIFT_256 = 0x40,
    GC_MISC_GRAPHICS = 0x01,
    GC_MISC_ODD_EVEN = 0x02,
    GC_MISC_WINDOW = 0x0c,
};

/* Attribute controller; 00 to 0F are the palette. */
enum {
    AC_MODE = 0x10,
    AC_OVERSCAN = 0x11,
    AC_PLANE_ENABLE = 0x12,
    AC_PANNING = 0x13,
    AC_COLOR_SELECT = 0x14,

    AC_INDEX_VIDEO = 0x20, /* in the address: palette belongs to the screen */
    AC_MODE_GRAPHICS = 0x01,
    AC_MODE_MONO = 0x02,
    AC_MODE_LINE_CHARS = 0x04, /* C0 to DF repeat dot 8 in dot 9 */
    AC_MODE_BLINK = 0x08,
    AC_MODE_SPLIT_PAN = 0x20, /* line compare resets panning */
    AC_MODE_8BIT = 0x40,
    AC_MODE_P54 = 0x80, /* colour select gives index bits 5 and 4 */
};

/* DISPI registers and bits of ENABLE and BANK. */
enum {
    VBE_ID = 0,
    VBE_XRES = 1,
    VBE_YRES = 2,
    VBE_BPP = 3,
    VBE_ENABLE = 4,
    VBE_BANK = 5,
    VBE_VIRT_WIDTH = 6,
    VBE_VIRT_HEIGHT = 7,
    VBE_X_OFFSET = 8,
    VBE_Y_OFFSET = 9,
    VBE_MEMORY_64K = 10,

    VBE_ENABLED = 0x0001,
    VBE_GETCAPS = 0x0002,
    VBE_BANK_32K = 0x0010, /* BANK counts 32 KiB, not 64 */
    VBE_8BIT_DAC = 0x0020,
    VBE_LFB = 0x0040,
    VBE_NOCLEAR = 0x0080,
    VBE_BANK_WRITE = 0x4000,
    VBE_BANK_READ = 0x8000,
};

/* A DISPI window has a bank for each direction. */
enum vga_bank {
    VGA_BANK_LOAD,
    VGA_BANK_STORE,
    VGA_BANKS,
};

/* What the CPU sees at A0000 to BFFFF. */
enum vga_window_kind {
    VGA_WINDOW_NONE,   /* open bus */
    VGA_WINDOW_LOGIC,  /* through latches and masks */
    VGA_WINDOW_MEMORY, /* video memory itself */
};

struct vga_window {
    enum vga_window_kind kind;
    uint32_t base, length;
    uint32_t load, store; /* MEMORY: offsets into video memory; they wrap */
};

/* Graphics controller registers, spread over the four plane bytes. */
struct vga_masks {
    uint32_t planes;           /* map mask */
    uint32_t bits;             /* bit mask */
    uint32_t set_reset;        /* values */
    uint32_t enable_set_reset; /* planes that take them */
    uint32_t compare, care;    /* read mode 1 */
};

/* Accesses of the planes as they lie, which is the usual way: what registers
 * make of them, for any byte. A store leaves in the four planes
 *     (old & keep) | (byte & data) | fixed | (latch & latched)
 * where `byte` is the byte in every plane, or with `spreads` a bit each. */
struct vga_direct {
    bool loads, stores; /* false: vga_load_byte(), vga_store_byte() */
    bool spreads;
    uint8_t rotate, plane_shift; /* of bytes stored; of the plane loaded */
    uint32_t wrap;               /* of addresses */
    uint32_t keep, data, fixed, latched;
};

/* One range of ports, as the bus calls it. */
struct vga_range {
    struct vga *vga;
    unsigned base;
};

struct vga {
    struct device dev;
    struct bus *ports;   /* borrowed */
    struct mem *mem;     /* borrowed */
    struct clock *clock; /* borrowed */
    struct log *log;     /* borrowed */
    struct irq_line irq;

    uint8_t misc, feature, subsystem;
    uint8_t seq_index, crtc_index, gc_index, ac_index;
    bool ac_data; /* the flip-flop: next write to 3C0 is data */
    uint8_t seq[VGA_SEQ_COUNT], crtc[VGA_CRTC_COUNT];
    uint8_t gc[VGA_GC_COUNT], ac[VGA_AC_COUNT];
    uint32_t latch; /* plane 0 in bits 0-7 */

    uint8_t dac[768]; /* red, green, blue; 6 or 8 bits */
    uint8_t dac_mask, dac_index, dac_step, dac_state;
    uint8_t dac_hold[3];

    uint16_t vbe_index;
    uint16_t vbe[VGA_VBE_COUNT];
    uint16_t vbe_bank[VGA_BANKS];

    /* Start address: CRTC registers count from the retrace after the field in
     * which they were written; until then `start_shown` does. */
    uint16_t start_shown;
    uint64_t start_field;

    uint64_t blank_ns; /* since when `blank` holds */
    bool blank;        /* by sequencer or attribute controller */
    bool retrace_pending;
    struct clock_event retrace; /* armed while the interrupt is enabled */

    bool decode_ports, decode_memory, window_mapped;
    paddr lfb_base; /* 0: nowhere */
    size_t vram_bytes;
    uint8_t *vram; /* see vga_plane_index() */

    /* Rebuilt on load. */
    struct vga_window window; /* as it is mapped */
    paddr lfb_mapped;         /* 0: nowhere */
    struct vga_masks masks;
    struct vga_direct direct;
    uint64_t changes;     /* of anything a picture depends on */
    uint64_t spread[256]; /* eight bytes 0 or 1: bits of the index, 7 first */
    struct vga_range ranges[VGA_RANGES];
    bool vbe_logged;
};

static inline struct vga *vga_from_device(struct device *dev)
{
    return CONTAINER_OF(dev, struct vga, dev);
}

/* Where the four plane bytes of plane address `at` stand in video memory.
 *
 * Chain-4 addresses must be consecutive bytes, so that the window of mode 13h
 * and the linear modes are plain memory. The IBM part puts byte A of chain-4
 * into plane A & 3 at plane address (A & FFFC) | A >> 14. So within each 256
 * KiB of video memory the plane addresses are ordered by how much their two
 * low bits differ from bits 15 and 14; what chain-4 reaches comes first. */
static inline uint32_t vga_plane_index(uint32_t at)
{
    return (at & ~0xffffu) << 2 | ((at ^ at >> 14) & 3) << 16 | (at & 0xfffc);
}

/* Plane bytes as one value, plane 0 in bits 0-7. */
static inline uint32_t vga_load_planes(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
           (uint32_t)p[3] << 24;
}

static inline void vga_store_planes(uint8_t *p, uint32_t value)
{
    p[0] = (uint8_t)value;
    p[1] = (uint8_t)(value >> 8);
    p[2] = (uint8_t)(value >> 16);
    p[3] = (uint8_t)(value >> 24);
}

static inline bool vga_vbe_on(const struct vga *v)
{
    return v->vbe[VBE_ENABLE] & VBE_ENABLED;
}

/* DISPI on with a depth that is linear in memory. */
static inline bool vga_vbe_linear(const struct vga *v)
{
    return vga_vbe_on(v) && v->vbe[VBE_BPP] != 4;
}

/* vga.c */

/* What ports 3B0 to 3DF do, apart from whether they are decoded. */
uint8_t vga_read_port(struct vga *v, unsigned port);
void vga_write_port(struct vga *v, unsigned port, uint8_t value);

/* vga_timing.c */

/* One field, in dots of the master clock; all at least 1. */
struct vga_timing {
    uint64_t khz; /* dots per millisecond */
    uint32_t char_dots;
    uint32_t line_dots, display_dots;
    uint32_t lines, display_lines;
    uint32_t retrace_start, retrace_lines; /* vertical, in scan lines */
    uint64_t field_ns, retrace_ns;         /* length; start of the retrace */
    bool usable; /* the CRTC registers, or DISPI, give a picture */
};

void vga_get_timing(const struct vga *v, struct vga_timing *t);
/* A vertical CRTC value: register `low`, bits 8 and 9 from overflow bits. */
uint32_t vga_vertical(const struct vga *v, unsigned low, unsigned bit8,
                      unsigned bit9);
/* How many vertical retraces began since power-on. */
uint64_t vga_retraces(const struct vga *v);
/* Input status 1: bits 0 and 3 from the beam's position now. */
uint8_t vga_beam_status(const struct vga *v);
/* The start address that the screen shows now. */
uint16_t vga_shown_start(const struct vga *v);
/* To be called before the start address registers change. */
void vga_hold_start(struct vga *v);
/* To be called after a change to timing or interrupt registers. */
void vga_update_retrace(struct vga *v);
void vga_retrace_fired(void *dev);

/* vga_mem.c */

/* After any change to what memory access depends on: recomputes masks, maps
 * windows and framebuffer if they differ from what is mapped. */
void vga_update_memory(struct vga *v);
/* Forgets what is mapped, so that everything is mapped anew: after a load, and
 * when video memory was changed behind the CPU's back. */
void vga_remap(struct vga *v);
/* The CPU's byte access at an offset from the window's base; exported for
 * tests of the logic apart from mappings. */
uint8_t vga_load_byte(struct vga *v, uint32_t offset);
void vga_store_byte(struct vga *v, uint32_t offset, uint8_t value);

/* vga_vbe.c */
extern const struct bus_ops vga_vbe_ops;
uint16_t vga_vbe_read(const struct vga *v, unsigned index);
void vga_vbe_write(struct vga *v, unsigned index, uint16_t value);
void vga_vbe_reset(struct vga *v);
/* The depth that a written value stands for: 8 if it is none of them. */
uint16_t vga_vbe_depth(uint16_t bpp);
/* Offset of a bank in video memory, or in a plane with 4 bits a pixel. */
uint32_t vga_vbe_bank_offset(const struct vga *v, enum vga_bank bank);

/* The picture lies inside the virtual screen, that inside video memory. */
struct vga_vbe_mode {
    uint32_t width, height, bpp;
    uint32_t virt_width, virt_height;
    uint32_t x, y;  /* of the picture in the virtual screen */
    uint32_t pitch; /* bytes of a virtual line (one plane's with 4 bits) */
    uint32_t start; /* of the picture, likewise; x & 7 dots are left over */
};

void vga_get_vbe(const struct vga *v, struct vga_vbe_mode *m);

/* vga_view.c */

enum vga_view_kind {
    VGA_VIEW_DARK, /* one colour: lut[0] */
    VGA_VIEW_TEXT,
    VGA_VIEW_PLANAR,
    VGA_VIEW_CGA,
    VGA_VIEW_PACKED, /* 256-colour shift */
    VGA_VIEW_8BPP,
    VGA_VIEW_15BPP,
    VGA_VIEW_16BPP,
    VGA_VIEW_24BPP,
    VGA_VIEW_32BPP,
};

/* One scan line. Two equal lines show the same dots. */
struct vga_line {
    uint32_t at; /* IBM kinds: memory counter; DISPI: byte offset */
    uint8_t row; /* row scan counter */
    uint8_t pan; /* dots */
    bool blank;
};

/* How the memory counter's bits go to plane address bits, by CRTC mode. */
struct vga_wiring {
    unsigned count_shift;           /* the counter counts every 1, 2, 4 */
    unsigned left, right;           /* shifts: byte, word, doubleword mode */
    uint32_t left_mask, right_mask; /* what of the shifted counter stays */
    uint32_t keep[4], row_bits[4];  /* by the row scan's low two bits */
};

/* Plane address of the character `n` places after `at` in row scan `row`. */
static inline uint32_t vga_wire(const struct vga_wiring *w, uint32_t at,
                                unsigned n, unsigned row)
{
    uint32_t count = at + (n >> w->count_shift);
    uint32_t address =
        (count << w->left & w->left_mask) | (count >> w->right & w->right_mask);

    return (address & w->keep[row & 3]) | w->row_bits[row & 3];
}

struct vga_view {
    enum vga_view_kind kind;
    unsigned width, height;        /* dots of the monitor, scan lines */
    unsigned char_dots;            /* 8 or 9 */
    unsigned chars;                /* in a line; planar and text kinds */
    unsigned dot_clocks;           /* width of a dot: 1, or 2 at half clock */
    unsigned pixel_dots;           /* width of a guest's pixel on the monitor */
    unsigned blank_from, blank_to; /* monitor dots blanked inside lines */
    bool combine;                  /* two 4-bit dots make an 8-bit one */
    bool square;                   /* DISPI: pixels are square */
    bool cursor;                   /* enabled */
    bool cursor_phase;             /* blinking cursor now visible */
    bool blink_phase;              /* blinking characters now hidden */
    bool line_chars, blink;        /* attribute controller modes */
    uint16_t cursor_at;            /* memory counter, skew included */
    uint8_t cursor_top, cursor_bottom, underline_row;
    uint32_t font[2];    /* plane addresses for attribute bit 3 clear, set */
    uint32_t plane_mask; /* of plane addresses */
    struct vga_wiring wiring;
    uint32_t lut[256]; /* XRGB of an index, PEL mask applied */
    struct vga_line lines[DISPLAY_HEIGHT_MAX];
};

void vga_get_view(const struct vga *v, struct vga_view *view);

/* Whether two lines show the same. */
static inline bool vga_line_same(const struct vga_line *a,
                                 const struct vga_line *b)
{
    return a->at == b->at && a->row == b->row && a->pan == b->pan &&
           a->blank == b->blank;
}

/* vga_render.c */

/* Draws scan line `y` of the view into out[0 .. width). */
void vga_draw_line(const struct vga *v, const struct vga_view *view, unsigned y,
                   uint32_t *out);

#endif
