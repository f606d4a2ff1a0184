/* A VGA on a bare board, and the register values of IBM's modes (IBM PS/2
 * Hardware Interface Technical Reference, "Video Subsystem", BIOS mode table).
 */
#ifndef TESTS_DEVICES_VGA_FIXTURE_H
#define TESTS_DEVICES_VGA_FIXTURE_H

#include <stdlib.h>
#include <string.h>

#include "devices/vga.h"
#include "tests/suite.h"

#define LFB_BASE 0xe0000000u

struct board {
    struct bus *ports;
    struct mem *mem;
    struct clock *clock;
    struct device *vga;
    uint64_t ns; /* one instruction lasts one nanosecond */
    bool irq;
    unsigned remaps; /* rows of A0000 to BFFFF changed */
};

struct vga_mode {
    uint8_t misc, seq[5], crtc[25], gc[9], ac[21];
};

/* clang-format off */
static const struct vga_mode mode_03 = {0x67, {3, 0x00, 0x03, 0x00, 0x02},
    {0x5f, 0x4f, 0x50, 0x82, 0x55, 0x81, 0xbf, 0x1f, 0x00, 0x4f, 0x0d, 0x0e, 0,
     0, 0, 0, 0x9c, 0x8e, 0x8f, 0x28, 0x1f, 0x96, 0xb9, 0xa3, 0xff},
    {0, 0, 0, 0, 0, 0x10, 0x0e, 0, 0xff},
    {0, 1, 2, 3, 4, 5, 0x14, 7, 0x38, 0x39, 0x3a, 0x3b, 0x3c, 0x3d, 0x3e, 0x3f,
     0x0c, 0, 0x0f, 8, 0}};
static const struct vga_mode mode_01 = {0x67, {3, 0x08, 0x03, 0x00, 0x02},
    {0x2d, 0x27, 0x28, 0x90, 0x2b, 0xa0, 0xbf, 0x1f, 0x00, 0x4f, 0x0d, 0x0e, 0,
     0, 0, 0, 0x9c, 0x8e, 0x8f, 0x14, 0x1f, 0x96, 0xb9, 0xa3, 0xff},
    {0, 0, 0, 0, 0, 0x10, 0x0e, 0, 0xff},
    {0, 1, 2, 3, 4, 5, 0x14, 7, 0x38, 0x39, 0x3a, 0x3b, 0x3c, 0x3d, 0x3e, 0x3f,
     0x0c, 0, 0x0f, 8, 0}};
static const struct vga_mode mode_07 = {0x66, {3, 0x00, 0x03, 0x00, 0x02},
    {0x5f, 0x4f, 0x50, 0x82, 0x55, 0x81, 0xbf, 0x1f, 0x00, 0x4f, 0x0d, 0x0e, 0,
     0, 0, 0, 0x9c, 0x8e, 0x8f, 0x28, 0x0d, 0x96, 0xb9, 0xa3, 0xff},
    {0, 0, 0, 0, 0, 0x10, 0x0a, 0, 0xff},
    {0, 8, 8, 8, 8, 8, 8, 8, 0x10, 0x18, 0x18, 0x18, 0x18, 0x18, 0x18, 0x18,
     0x0e, 0, 0x0f, 8, 0}};
static const struct vga_mode mode_04 = {0x63, {3, 0x09, 0x03, 0x00, 0x02},
    {0x2d, 0x27, 0x28, 0x90, 0x2b, 0x80, 0xbf, 0x1f, 0x00, 0xc1, 0, 0, 0, 0, 0,
     0, 0x9c, 0x8e, 0x8f, 0x14, 0x00, 0x96, 0xb9, 0xa2, 0xff},
    {0, 0, 0, 0, 0, 0x30, 0x0f, 0, 0xff},
    {0, 0x13, 0x15, 0x17, 2, 4, 6, 7, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16,
     0x17, 0x01, 0, 0x03, 0, 0}};
static const struct vga_mode mode_06 = {0x63, {3, 0x01, 0x01, 0x00, 0x06},
    {0x5f, 0x4f, 0x50, 0x82, 0x54, 0x80, 0xbf, 0x1f, 0x00, 0xc1, 0, 0, 0, 0, 0,
     0, 0x9c, 0x8e, 0x8f, 0x28, 0x00, 0x96, 0xb9, 0xc2, 0xff},
    {0, 0, 0, 0, 0, 0x00, 0x0d, 0, 0xff},
    {0, 0x17, 0x17, 0x17, 0x17, 0x17, 0x17, 0x17, 0x17, 0x17, 0x17, 0x17, 0x17,
     0x17, 0x17, 0x17, 0x01, 0, 0x01, 0, 0}};
static const struct vga_mode mode_0d = {0x63, {3, 0x09, 0x0f, 0x00, 0x06},
    {0x2d, 0x27, 0x28, 0x90, 0x2b, 0x80, 0xbf, 0x1f, 0x00, 0xc0, 0, 0, 0, 0, 0,
     0, 0x9c, 0x8e, 0x8f, 0x14, 0x00, 0x96, 0xb9, 0xe3, 0xff},
    {0, 0, 0, 0, 0, 0x00, 0x05, 0x0f, 0xff},
    {0, 1, 2, 3, 4, 5, 6, 7, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17,
     0x01, 0, 0x0f, 0, 0}};
static const struct vga_mode mode_0f = {0xa2, {3, 0x01, 0x0f, 0x00, 0x06},
    {0x5f, 0x4f, 0x50, 0x82, 0x54, 0x80, 0xbf, 0x1f, 0x00, 0x40, 0, 0, 0, 0, 0,
     0, 0x83, 0x85, 0x5d, 0x28, 0x0f, 0x63, 0xba, 0xe3, 0xff},
    {0, 0, 0, 0, 0, 0x00, 0x05, 0x05, 0xff},
    {0, 8, 0, 0, 0x18, 0x18, 0, 0, 0, 8, 0, 0, 0, 0x18, 0, 0, 0x0b, 0, 0x05, 0,
     0}};
static const struct vga_mode mode_10 = {0xa3, {3, 0x01, 0x0f, 0x00, 0x06},
    {0x5f, 0x4f, 0x50, 0x82, 0x54, 0x80, 0xbf, 0x1f, 0x00, 0x40, 0, 0, 0, 0, 0,
     0, 0x83, 0x85, 0x5d, 0x28, 0x0f, 0x63, 0xba, 0xe3, 0xff},
    {0, 0, 0, 0, 0, 0x00, 0x05, 0x0f, 0xff},
    {0, 1, 2, 3, 4, 5, 0x14, 7, 0x38, 0x39, 0x3a, 0x3b, 0x3c, 0x3d, 0x3e, 0x3f,
     0x01, 0, 0x0f, 0, 0}};
static const struct vga_mode mode_12 = {0xe3, {3, 0x01, 0x0f, 0x00, 0x06},
    {0x5f, 0x4f, 0x50, 0x82, 0x54, 0x80, 0x0b, 0x3e, 0x00, 0x40, 0, 0, 0, 0, 0,
     0, 0xea, 0x8c, 0xdf, 0x28, 0x00, 0xe7, 0x04, 0xe3, 0xff},
    {0, 0, 0, 0, 0, 0x00, 0x05, 0x0f, 0xff},
    {0, 1, 2, 3, 4, 5, 0x14, 7, 0x38, 0x39, 0x3a, 0x3b, 0x3c, 0x3d, 0x3e, 0x3f,
     0x01, 0, 0x0f, 0, 0}};
static const struct vga_mode mode_13 = {0x63, {3, 0x01, 0x0f, 0x00, 0x0e},
    {0x5f, 0x4f, 0x50, 0x82, 0x54, 0x80, 0xbf, 0x1f, 0x00, 0x41, 0, 0, 0, 0, 0,
     0, 0x9c, 0x8e, 0x8f, 0x28, 0x40, 0x96, 0xb9, 0xa3, 0xff},
    {0, 0, 0, 0, 0, 0x40, 0x05, 0x0f, 0xff},
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0x41, 0, 0x0f, 0,
     0}};
/* clang-format on */

/* 320 x 240 in 256 colours, unchained (M. Abrash, Graphics Programming Black
 * Book, chapter 47). */
static inline struct vga_mode mode_x(void)
{
    struct vga_mode m = mode_13;

    m.misc = 0xe3;
    m.seq[4] = 0x06;
    m.crtc[0x06] = 0x0d;
    m.crtc[0x07] = 0x3e;
    m.crtc[0x10] = 0xea;
    m.crtc[0x11] = 0xac;
    m.crtc[0x12] = 0xdf;
    m.crtc[0x14] = 0x00;
    m.crtc[0x15] = 0xe7;
    m.crtc[0x16] = 0x06;
    m.crtc[0x17] = 0xe3;
    return m;
}

static inline void board_take_irq(void *sink, unsigned pin, bool level)
{
    (void)pin;
    ((struct board *)sink)->irq = level;
}

static inline void board_remapped(void *self, uint32_t first, uint32_t pages)
{
    if (first < 0xc0 && first + pages > 0xa0)
        ((struct board *)self)->remaps++;
}

static inline void board_create(struct board *b, size_t vram_bytes)
{
    struct mem_watcher watcher = {.remapped = board_remapped, .self = b};
    struct vga_config config = {
        .name = "vga",
        .irq = {board_take_irq, b, 9},
        .vram_bytes = vram_bytes,
        .lfb_base = LFB_BASE,
    };

    memset(b, 0, sizeof(*b));
    ck_assert_int_eq(bus_create(&b->ports), STATUS_OK);
    ck_assert_int_eq(mem_create(&b->mem, 0x100000), STATUS_OK);
    ck_assert_int_eq(clock_create(&b->clock, NS_PER_SEC), STATUS_OK);
    mem_set_watcher(b->mem, &watcher);
    mem_map_host(b->mem, 0, 0xa0000, b->mem->ram);
    config.ports = b->ports;
    config.mem = b->mem;
    config.clock = b->clock;
    ck_assert_int_eq(vga_create(&config, &b->vga), STATUS_OK);
}

static inline void board_destroy(struct board *b)
{
    device_destroy(b->vga);
    clock_destroy(b->clock);
    mem_destroy(b->mem);
    bus_destroy(b->ports);
}

static inline void pass_time(struct board *b, uint64_t ns)
{
    b->ns += ns;
    clock_sync(b->clock, b->ns);
    clock_fire(b->clock);
}

static inline void out8(struct board *b, unsigned port, unsigned value)
{
    bus_write(b->ports, port, value, 1);
}

static inline uint8_t in8(struct board *b, unsigned port)
{
    return (uint8_t)bus_read(b->ports, port, 1);
}

static inline void out16(struct board *b, unsigned port, unsigned value)
{
    bus_write(b->ports, port, value, 2);
}

static inline uint16_t in16(struct board *b, unsigned port)
{
    return (uint16_t)bus_read(b->ports, port, 2);
}

/* Index and data in one word, as most programs write. */
static inline void set_seq(struct board *b, unsigned index, unsigned value)
{
    out16(b, 0x3c4, value << 8 | index);
}

static inline void set_gc(struct board *b, unsigned index, unsigned value)
{
    out16(b, 0x3ce, value << 8 | index);
}

static inline unsigned crtc_port(struct board *b)
{
    return in8(b, 0x3cc) & 1 ? 0x3d4 : 0x3b4;
}

static inline void set_crtc(struct board *b, unsigned index, unsigned value)
{
    out16(b, crtc_port(b), value << 8 | index);
}

/* Leaves the screen on, unless `index` has bit 5 clear on purpose. */
static inline void set_ac(struct board *b, unsigned index, unsigned value)
{
    in8(b, crtc_port(b) + 6);
    out8(b, 0x3c0, index);
    out8(b, 0x3c0, value);
    in8(b, crtc_port(b) + 6);
    out8(b, 0x3c0, 0x20);
    in8(b, crtc_port(b) + 6);
}

static inline void set_dac(struct board *b, unsigned index, unsigned red,
                           unsigned green, unsigned blue)
{
    out8(b, 0x3c8, index);
    out8(b, 0x3c9, red);
    out8(b, 0x3c9, green);
    out8(b, 0x3c9, blue);
}

static inline void set_mode(struct board *b, const struct vga_mode *m)
{
    out8(b, 0x3c2, m->misc);
    for (unsigned i = 0; i < 5; i++)
        set_seq(b, i, m->seq[i]);
    set_crtc(b, 0x11, m->crtc[0x11] & 0x7f);
    for (unsigned i = 0; i < 25; i++)
        set_crtc(b, i, m->crtc[i]);
    for (unsigned i = 0; i < 9; i++)
        set_gc(b, i, m->gc[i]);
    for (unsigned i = 0; i < 21; i++)
        set_ac(b, i, m->ac[i]);
    pass_time(b, 40000000); /* start address and blanking take effect */
}

static inline void set_vbe(struct board *b, unsigned index, unsigned value)
{
    out16(b, 0x1ce, index);
    out16(b, 0x1cf, value);
}

static inline uint16_t get_vbe(struct board *b, unsigned index)
{
    out16(b, 0x1ce, index);
    return in16(b, 0x1cf);
}

/* A repeatable source of test data. */
static inline uint32_t random32(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*seed >> 32);
}

static inline struct display_frame new_frame(void)
{
    size_t pixels = (size_t)DISPLAY_WIDTH_MAX * DISPLAY_HEIGHT_MAX;
    struct display_frame frame = {.pixels = calloc(pixels, sizeof(uint32_t))};

    ck_assert_ptr_nonnull(frame.pixels);
    return frame;
}

#endif
