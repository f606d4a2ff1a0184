/* Random pictures against a model that walks the screen dot by dot as the
 * documents describe it, and what must hold for any registers. */
#include <stdio.h>
#include <time.h>

#include "tests/devices/vga_picture.h"

static struct picture picture;

static void setup(void)
{
    picture_setup(&picture);
}

static void teardown(void)
{
    picture_teardown(&picture);
}

struct model {
    struct vga_mode m;
    uint64_t fields; /* vertical retraces so far */
};

static unsigned bit_of(uint32_t value, unsigned bit)
{
    return value >> bit & 1;
}

/* The multiplexer between memory counter and memory, bit by bit (IBM, "CRT
 * mode control register", internal memory address counter wiring). */
static uint32_t model_wire(const struct vga_mode *m, uint32_t count,
                           unsigned row)
{
    uint32_t address = 0;

    for (unsigned bit = 0; bit < 16; bit++) {
        unsigned source = bit, value;

        if (m->crtc[0x14] & 0x40)
            source = bit < 2 ? 12 + bit : bit - 2;
        else if (!(m->crtc[0x17] & 0x40))
            source = bit ? bit - 1 : m->crtc[0x17] & 0x20 ? 15 : 13;
        value = bit_of(count, source);
        if (bit == 13 && !(m->crtc[0x17] & 1))
            value = bit_of(row, 0);
        if (bit == 14 && !(m->crtc[0x17] & 2))
            value = bit_of(row, 1);
        if (bit >= 14 && !(m->seq[4] & 2))
            value = 0;
        address |= value << bit;
    }
    return address;
}

static uint32_t model_font(const struct vga_mode *m, bool second)
{
    unsigned map = m->seq[3];

    if (second)
        return bit_of(map, 5) * 0x2000 + bit_of(map, 3) * 0x8000 +
               bit_of(map, 2) * 0x4000;
    return bit_of(map, 4) * 0x2000 + bit_of(map, 1) * 0x8000 +
           bit_of(map, 0) * 0x4000;
}

/* The dots of one character clock as 4-bit (or, packed, 8-bit) values. */
static void model_char(const struct model *model, uint32_t count, unsigned row,
                       unsigned dots, uint8_t *out)
{
    const struct vga_mode *m = &model->m;
    uint32_t at = model_wire(m, count, row);
    uint8_t code = picture.plane[0][at], attr = picture.plane[1][at], bits;
    uint32_t glyph = (model_font(m, attr & 8) + code * 32u + row) &
                     (m->seq[4] & 2 ? 0xffff : 0x3fff);
    unsigned at_cursor =
        m->crtc[0x0e] * 256u + m->crtc[0x0f] + (m->crtc[0x0b] >> 5 & 3u);
    bool cursor = (count & 0xffff) == (at_cursor & 0xffff) &&
                  !(m->crtc[0x0a] & 0x20) && row >= (m->crtc[0x0a] & 31) &&
                  row <= (m->crtc[0x0b] & 31) && model->fields / 8 % 2 == 0;
    bool blinks = m->ac[0x10] & 8;
    bool under =
        (attr & 0x07) == 1 && (attr & 0x70) == 0 && row == (m->crtc[0x14] & 31);

    bits = picture.plane[2][glyph];
    for (unsigned i = 0; i < dots; i++) {
        bool on =
            i < 8 ? bits >> (7 - i) & 1
                  : bits & 1 && m->ac[0x10] & 4 && code >= 0xc0 && code <= 0xdf;

        on |= under;
        if (blinks && attr & 0x80 && model->fields / 16 % 2)
            on = false;
        on |= cursor;
        out[i] = on ? attr & 15 : attr >> 4 & (blinks ? 7 : 15);
    }
}

static void model_graphics(const struct model *model, uint32_t count,
                           unsigned row, unsigned dots, uint8_t *out)
{
    const struct vga_mode *m = &model->m;
    uint32_t at = model_wire(m, count, row);

    for (unsigned i = 0; i < dots; i++) {
        unsigned value = 0;

        if (i == 8) {
            value = 0; /* the shifters are empty */
        } else if (m->gc[5] & 0x40) {
            value = i % 2 ? picture.plane[i / 2][at] & 15u
                          : picture.plane[i / 2][at] >> 4;
        } else if (m->gc[5] & 0x20) {
            for (unsigned b = 0; b < 2; b++) {
                unsigned shift = 6 - i % 4 * 2 + b;

                value |= bit_of(picture.plane[i / 4][at], shift) << b;
                value |= bit_of(picture.plane[2 + i / 4][at], shift) << (2 + b);
            }
        } else {
            for (unsigned p = 0; p < 4; p++)
                value |= bit_of(picture.plane[p][at], 7 - i) << p;
        }
        out[i] = (uint8_t)value;
    }
}

/* The palette, and blinking of graphics by bit 3. */
static unsigned model_palette(const struct model *model, unsigned value)
{
    const struct vga_mode *m = &model->m;
    bool phase = model->fields / 16 % 2;

    if (m->gc[6] & 1 && m->ac[0x10] & 8) {
        bool bit3 = value & 8;

        if (m->ac[0x10] & 2 || bit3)
            bit3 = phase;
        else
            bit3 = true;
        value = (value & 7) + 8u * bit3;
    }
    return m->ac[value & m->ac[0x12]];
}

static uint32_t model_color(const struct model *model, unsigned value)
{
    const struct vga_mode *m = &model->m;
    unsigned index = model_palette(model, value), select = m->ac[0x14];

    if (m->ac[0x10] & 0x80)
        index = (index & 15) | (select & 3) << 4;
    return color_of((index & 0x3f) | (select >> 2) << 6);
}

static uint32_t model_wide_color(const struct model *model, unsigned high,
                                 unsigned low)
{
    return color_of((model_palette(model, high) & 15) << 4 |
                    (model_palette(model, low) & 15));
}

/* Colours of the dots of one scan line, before panning. */
static unsigned model_line(const struct model *model, uint32_t count,
                           unsigned row, uint32_t *out)
{
    const struct vga_mode *m = &model->m;
    unsigned dots = m->seq[1] & 1 ? 8 : 9, chars = m->crtc[1] + 2u;
    unsigned every = m->crtc[0x14] & 0x20 ? 4 : m->crtc[0x17] & 8 ? 2 : 1;
    bool packed = m->gc[6] & 1 && m->gc[5] & 0x40;
    static uint8_t value[300 * 9 + 1];

    for (unsigned n = 0; n < chars; n++) {
        if (m->gc[6] & 1)
            model_graphics(model, count + n / every, row, dots,
                           value + n * dots);
        else
            model_char(model, count + n / every, row, dots, value + n * dots);
    }
    for (unsigned i = 0; i < chars * dots; i++) {
        if (m->ac[0x10] & 0x40)
            out[i] = model_wide_color(model, value[i & ~1u], value[i | 1]);
        else if (packed)
            out[i] = model_wide_color(model, i ? value[i - 1] : 0, value[i]);
        else
            out[i] = model_color(model, value[i]);
    }
    return chars * dots;
}

static unsigned model_vertical(const struct vga_mode *m, unsigned low,
                               unsigned bit8, unsigned bit9)
{
    return m->crtc[low] | bit_of(m->crtc[7], bit8) << 8 |
           bit_of(m->crtc[7], bit9) << 9;
}

/* Walks the screen and compares each dot. */
static void check_picture(const struct model *model)
{
    const struct vga_mode *m = &model->m;
    unsigned twice = m->crtc[0x17] & 4 ? 2 : 1;
    unsigned height = (model_vertical(m, 0x12, 1, 6) + 1) * twice;
    unsigned compare =
        m->crtc[0x18] | bit_of(m->crtc[7], 4) << 8 | bit_of(m->crtc[9], 6) << 9;
    unsigned slow = m->seq[1] & 8 ? 2 : 1, dots = m->seq[1] & 1 ? 8 : 9;
    unsigned width = (m->crtc[1] + 1u) * dots * slow;
    unsigned row = m->crtc[8] & 31, pan = m->ac[0x13];
    unsigned skip = m->crtc[8] >> 5 & 3;
    uint32_t start = (uint32_t)(m->crtc[0x0c] << 8 | m->crtc[0x0d]);
    static uint32_t line[300 * 9];

    pan = pan >= 8 ? 0 : dots == 9 ? pan + 1 : pan;
    vga_render(picture.board.vga, &picture.frame);
    ck_assert_uint_eq(picture.frame.height, height);
    ck_assert_uint_eq(picture.frame.width, width);
    for (unsigned y = 0; y < height; y++) {
        model_line(model, start + skip, row, line);
        for (unsigned x = 0; x < width; x++) {
            uint32_t got = picture_dot(&picture, x, y);

            if (got != line[pan + x / slow])
                ck_abort_msg("dot %u, %u is %06x, not %06x", x, y, got,
                             line[pan + x / slow]);
        }
        if (y % twice == twice - 1 && y / twice == compare) {
            start = row = 0;
            if (m->ac[0x10] & 0x20)
                pan = skip = 0;
        } else if (!(m->crtc[9] & 0x80) || y % 2) {
            if (row == (m->crtc[9] & 31)) {
                row = 0;
                start = (start + 2u * m->crtc[0x13]) & 0xffff;
            } else {
                row = (row + 1) % 32;
            }
        }
    }
}

/* Retraces since power-on by the mode's own numbers. */
static uint64_t model_fields(const struct vga_mode *m)
{
    unsigned dots = (m->seq[1] & 1 ? 8u : 9u) * (m->seq[1] & 8 ? 2 : 1);
    unsigned twice = m->crtc[0x17] & 4 ? 2 : 1;
    uint64_t line = (m->crtc[0] + 5u) * (uint64_t)dots;
    uint64_t total = (model_vertical(m, 6, 0, 5) + 2) * twice * line;
    uint64_t first = model_vertical(m, 0x10, 2, 7) * twice * line;
    uint64_t khz = m->misc & 4 ? 28322 : 25175;
    uint64_t field_ns = total * 1000000 / khz, at = first * 1000000 / khz;

    return picture.board.ns < at ? 0 : (picture.board.ns - at) / field_ns + 1;
}

static void random_planes(uint64_t *seed)
{
    for (unsigned p = 0; p < 4; p++) {
        for (uint32_t at = 0; at < 0x10000; at++)
            picture.plane[p][at] = (uint8_t)random32(seed);
    }
}

static const struct vga_mode *const ibm_modes[] = {
    &mode_01, &mode_03, &mode_04, &mode_06, &mode_07,
    &mode_0d, &mode_0f, &mode_10, &mode_12, &mode_13,
};

START_TEST(ibm_modes_match_the_model)
{
    struct model model = {.m = *ibm_modes[_i]};
    uint64_t seed = (uint64_t)_i;

    random_planes(&seed);
    picture_load(&picture, &model.m);
    for (unsigned i = 0; i < 3; i++) {
        pass_time(&picture.board, 200000000);
        model.fields = model_fields(&model.m);
        check_picture(&model);
    }
}
END_TEST

/* What can change without changing the size of the picture. */
static void random_registers(struct vga_mode *m, uint64_t *seed)
{
    static const struct {
        uint8_t index, bits;
    } crtc[] = {
        {0x08, 0x7f}, {0x0a, 0x3f}, {0x0b, 0x7f}, {0x0c, 0xff},
        {0x0d, 0xff}, {0x0e, 0xff}, {0x0f, 0xff}, {0x13, 0xff},
        {0x14, 0x7f}, {0x18, 0xff}, {0x17, 0x6b}, {0x09, 0x9f},
    };
    uint32_t bits = random32(seed);

    for (size_t i = 0; i < ARRAY_LEN(crtc); i++) {
        uint8_t *r = &m->crtc[crtc[i].index];

        if (random32(seed) & 1)
            *r = (uint8_t)((*r & ~crtc[i].bits) |
                           (random32(seed) & crtc[i].bits));
    }
    if (bits & 1)
        m->crtc[7] &= 0xef; /* line compare within the screen */
    if (bits & 1)
        m->crtc[9] &= 0xbf;
    if (bits & 2)
        m->seq[3] = (uint8_t)(random32(seed) & 0x3f);
    if ((bits & 0x70) == 0)
        m->seq[4] ^= 2;
    if (bits & 8)
        m->ac[0x10] ^= random32(seed) & 0xee;
    if (bits & 0x80)
        m->ac[0x12] = random32(seed) & 15;
    m->ac[0x13] = random32(seed) & 15;
    m->ac[0x14] = random32(seed) & 15;
    m->ac[random32(seed) & 15] = random32(seed) & 63;
    if ((bits & 0x300) == 0)
        m->gc[5] ^= random32(seed) & 0x60;
    if ((bits & 0xc00) == 0)
        m->gc[6] ^= 1;
    if ((bits & 0x3000) == 0)
        m->seq[1] ^= random32(seed) & 0x09;
    if ((bits & 0x7c000) == 0)
        m->crtc[0x17] ^= 4;
}

START_TEST(random_registers_match_the_model)
{
    uint64_t seed = (uint64_t)_i + 77;
    unsigned rounds = getenv("VGA_LONG") ? 2000 : 8;

    random_planes(&seed);
    picture_load(&picture, &mode_12);
    for (unsigned i = 0; i < rounds; i++) {
        struct model model = {
            .m = *ibm_modes[random32(&seed) % ARRAY_LEN(ibm_modes)]};

        random_registers(&model.m, &seed);
        set_mode(&picture.board, &model.m);
        pass_time(&picture.board, random32(&seed) % 1000000000);
        model.fields = model_fields(&model.m);
        check_picture(&model);
    }
}
END_TEST

/* --- what must hold whatever the registers are --- */

/* Any register values: the size keeps to its limits, memory reads to video
 * memory (which the sanitizers see), and nothing in the machine changes. */
START_TEST(any_registers_render)
{
    uint64_t seed = (uint64_t)_i + 500;
    unsigned rounds = getenv("VGA_LONG") ? 20000 : 60;

    random_planes(&seed);
    picture_load(&picture, &mode_12);
    for (unsigned i = 0; i < rounds; i++) {
        uint64_t before;

        set_crtc(&picture.board, 0x11, 0);
        for (unsigned k = 0; k < 20; k++) {
            set_crtc(&picture.board, random32(&seed) % 25,
                     random32(&seed) & 0xff);
            set_gc(&picture.board, random32(&seed) % 9, random32(&seed) & 0xff);
            set_seq(&picture.board, 1 + random32(&seed) % 4,
                    random32(&seed) & 0xdf);
            set_ac(&picture.board, random32(&seed) % 21,
                   random32(&seed) & 0xff);
        }
        set_crtc(&picture.board, 0x17, 0x80 | (random32(&seed) & 0xff));
        if (random32(&seed) % 4 == 0)
            set_vbe(&picture.board, 1 + random32(&seed) % 9,
                    random32(&seed) & 0xffff);
        set_vbe(&picture.board, 4, random32(&seed) % 3 == 0 ? 0x81 : 0);
        before =
            state_hash(0, picture.board.vga, picture.board.vga->class->state);
        vga_render(picture.board.vga, &picture.frame);
        ck_assert_uint_ge(picture.frame.width, 1);
        ck_assert_uint_ge(picture.frame.height, 1);
        ck_assert_uint_le(picture.frame.width, DISPLAY_WIDTH_MAX);
        ck_assert_uint_le(picture.frame.height, DISPLAY_HEIGHT_MAX);
        ck_assert_uint_eq(before, state_hash(0, picture.board.vga,
                                             picture.board.vga->class->state));
    }
}
END_TEST

/* A random change to what a picture may depend on. */
static void change_something(uint64_t *seed)
{
    struct board *b = &picture.board;
    uint32_t value = random32(seed);

    switch (random32(seed) % 6) {
    case 0: mem_store(b->mem, 0xa0000 + value % 0x20000, value >> 24, 1); break;
    case 1: set_dac(b, value & 0x3f, value >> 8 & 0x3f, 1, 2); break;
    case 2: set_crtc(b, 0x0d, value & 0xff); break;
    case 3:
        mem_store(b->mem, LFB_BASE + value % 0x40000, value >> 24, 1);
        break;
    default: pass_time(b, value % 30000000); break;
    }
}

/* Equal serial numbers must mean equal pictures. */
START_TEST(serial_follows_the_picture)
{
    uint64_t seed = (uint64_t)_i + 900, before = 0;
    struct display_frame *frame = &picture.frame, last = new_frame();
    unsigned same = 0;

    random_planes(&seed);
    picture_load(&picture, ibm_modes[_i]);
    for (unsigned i = 0; i < 200; i++) {
        uint64_t serial = vga_serial(picture.board.vga);

        vga_render(picture.board.vga, frame);
        if (i && serial == before) {
            size_t bytes = (size_t)frame->width * frame->height * 4;

            ck_assert_int_eq(memcmp(frame->pixels, last.pixels, bytes), 0);
            same++;
        }
        before = serial;
        memcpy(last.pixels, frame->pixels,
               (size_t)frame->width * frame->height * 4);
        change_something(&seed);
    }
    free(last.pixels);
    ck_assert_uint_gt(same, 30);
}
END_TEST

/* Not a check of the machine this runs on: says how long pictures take. */
START_TEST(speed)
{
    uint64_t seed = 3;

    if (!getenv("VGA_SPEED"))
        return;
    random_planes(&seed);
    for (size_t i = 0; i < ARRAY_LEN(ibm_modes); i++) {
        clock_t from;

        picture_load(&picture, ibm_modes[i]);
        from = clock();
        for (unsigned n = 0; n < 200; n++)
            vga_render(picture.board.vga, &picture.frame);
        printf("mode %zu: %ux%u %.3f ms\n", i, picture.frame.width,
               picture.frame.height,
               (double)(clock() - from) / CLOCKS_PER_SEC * 5);
        from = clock();
        for (unsigned n = 0; n < 200; n++)
            vga_serial(picture.board.vga);
        printf("  serial %.3f ms\n",
               (double)(clock() - from) / CLOCKS_PER_SEC * 5);
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("devices/vga_view");
    TCase *tcase = tcase_create("random");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 280);
    tcase_add_loop_test(tcase, ibm_modes_match_the_model, 0,
                        ARRAY_LEN(ibm_modes));
    tcase_add_loop_test(tcase, random_registers_match_the_model, 0, 8);
    tcase_add_loop_test(tcase, any_registers_render, 0, 4);
    tcase_add_loop_test(tcase, serial_follows_the_picture, 0,
                        ARRAY_LEN(ibm_modes));
    tcase_add_test(tcase, speed);
    suite_add_tcase(suite, tcase);
    return suite;
}
