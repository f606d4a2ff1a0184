/* What the tests of pictures share: a board, colours that tell DAC entries
 * apart, and contents of the planes that both sides know. */
#ifndef TESTS_DEVICES_VGA_PICTURE_H
#define TESTS_DEVICES_VGA_PICTURE_H

#include "tests/devices/vga_fixture.h"

struct picture {
    struct board board;
    struct display_frame frame;
    uint8_t plane[4][0x10000]; /* what picture_load() puts into the device */
};

static inline void picture_setup(struct picture *p)
{
    memset(p->plane, 0, sizeof(p->plane));
    board_create(&p->board, 0x40000);
    p->frame = new_frame();
    for (unsigned i = 0; i < 256; i++)
        set_dac(&p->board, i, i & 0x3f, i >> 2, (i * 7 + i / 64) & 0x3f);
}

static inline void picture_teardown(struct picture *p)
{
    free(p->frame.pixels);
    board_destroy(&p->board);
}

/* The colour of DAC entry `i` as picture_setup() wrote it. */
static inline uint32_t color_of(unsigned i)
{
    uint32_t rgb[3] = {i & 0x3f, i >> 2, (i * 7 + i / 64) & 0x3f}, color = 0;

    for (unsigned k = 0; k < 3; k++)
        color = color << 8 | rgb[k] << 2 | rgb[k] >> 4;
    return color;
}

static inline uint32_t picture_dot(const struct picture *p, unsigned x,
                                   unsigned y)
{
    return p->frame.pixels[y * p->frame.width + x];
}

/* Puts p->plane into the device, and the registers of `m`. */
static inline void picture_load(struct picture *p, const struct vga_mode *m)
{
    set_mode(&p->board, &mode_12);
    for (unsigned k = 0; k < 4; k++) {
        set_seq(&p->board, 2, 1u << k);
        for (uint32_t at = 0; at < 0x10000; at++)
            mem_store(p->board.mem, 0xa0000 + at, p->plane[k][at], 1);
    }
    set_mode(&p->board, m);
}

#endif
