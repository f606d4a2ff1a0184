#include "frontend/scaler.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define NO_ROW UINT32_MAX

/* One line of the result in one direction: how much of the second of two
 * neighbours, from `index` on, goes into it; 0 to 256. */
struct tap {
    uint16_t index, share;
};

struct scaler {
    unsigned from_width, from_height, to_width, to_height;
    struct tap *across, *down; /* owned; to_width, to_height */
    uint32_t *wide[2];         /* owned; two source rows, made wide */
    uint32_t wide_row[2];      /* which ones; NO_ROW */
};

struct scaler *scaler_create(void)
{
    return calloc(1, sizeof(struct scaler));
}

static void release(struct scaler *s)
{
    free(s->across);
    free(s->down);
    free(s->wide[0]);
    free(s->wide[1]);
    memset(s, 0, sizeof(*s));
}

void scaler_destroy(struct scaler *scaler)
{
    if (!scaler)
        return;
    release(scaler);
    free(scaler);
}

/* Line `i` of the result covers [i, i + 1) * from / to of the source. */
static void set_taps(struct tap *taps, unsigned from, unsigned to)
{
    unsigned i;

    for (i = 0; i < to; i++) {
        uint64_t start = (uint64_t)i * from; /* in 1 / to */
        uint64_t end = start + from;
        uint64_t edge = (start / to + 1) * to; /* of the first pixel */

        taps[i].index = (uint16_t)(start / to);
        taps[i].share = 0;
        if (end > edge && taps[i].index + 1u < from)
            taps[i].share = (uint16_t)((end - edge) * 256 / from);
        if (taps[i].share > 128 && from > to)
            taps[i].share = 128; /* it covers more than these two */
    }
}

bool scaler_set_size(struct scaler *s, unsigned from_width,
                     unsigned from_height, unsigned to_width,
                     unsigned to_height)
{
    if (s->from_width == from_width && s->from_height == from_height &&
        s->to_width == to_width && s->to_height == to_height)
        return true;
    assert(from_width && from_height && to_width && to_height);
    release(s);
    s->across = malloc(to_width * sizeof(*s->across));
    s->down = malloc(to_height * sizeof(*s->down));
    s->wide[0] = malloc(to_width * sizeof(*s->wide[0]));
    s->wide[1] = malloc(to_width * sizeof(*s->wide[1]));
    if (!s->across || !s->down || !s->wide[0] || !s->wide[1]) {
        release(s);
        return false;
    }
    s->from_width = from_width;
    s->from_height = from_height;
    s->to_width = to_width;
    s->to_height = to_height;
    set_taps(s->across, from_width, to_width);
    set_taps(s->down, from_height, to_height);
    return true;
}

void scaler_find_rows(const struct scaler *s, unsigned first, unsigned count,
                      unsigned *to_first, unsigned *to_count)
{
    unsigned end = first + count;
    unsigned i = 0;

    while (i < s->to_height &&
           s->down[i].index + (s->down[i].share ? 1u : 0u) < first)
        i++;
    *to_first = i;
    while (i < s->to_height && s->down[i].index < end)
        i++;
    *to_count = i - *to_first;
}

/* Two channels at a time; none overflows into the next. */
static uint32_t blend(uint32_t a, uint32_t b, unsigned share)
{
    uint32_t odd =
        ((a & 0xff00ff) * (256 - share) + (b & 0xff00ff) * share) >> 8;
    uint32_t even =
        ((a & 0x00ff00) * (256 - share) + (b & 0x00ff00) * share) >> 8;

    return (odd & 0xff00ff) | (even & 0x00ff00);
}

/* Source row `row` in the width of the result, from the cache of two. */
static const uint32_t *widen(struct scaler *s, const uint32_t *from,
                             unsigned row)
{
    const uint32_t *pixels = from + (size_t)row * s->from_width;
    unsigned slot = row & 1;
    uint32_t *wide = s->wide[slot];
    unsigned x;

    if (s->wide_row[slot] == row)
        return wide;
    s->wide_row[slot] = row;
    if (s->from_width == s->to_width) {
        memcpy(wide, pixels, s->to_width * sizeof(*wide));
        return wide;
    }
    for (x = 0; x < s->to_width; x++) {
        const uint32_t *p = pixels + s->across[x].index;
        unsigned share = s->across[x].share;

        wide[x] = share ? blend(p[0], p[1], share) : p[0];
    }
    return wide;
}

void scaler_run(struct scaler *s, const uint32_t *from, uint32_t *to,
                size_t pitch, unsigned first, unsigned count)
{
    unsigned y;
    unsigned x;

    s->wide_row[0] = s->wide_row[1] = NO_ROW;
    for (y = first; y < first + count && y < s->to_height; y++) {
        unsigned share = s->down[y].share;
        const uint32_t *a = widen(s, from, s->down[y].index);
        uint32_t *out = to + y * pitch;

        if (share == 0)
            memcpy(out, a, s->to_width * sizeof(*out));
        else {
            const uint32_t *b = widen(s, from, s->down[y].index + 1u);

            for (x = 0; x < s->to_width; x++)
                out[x] = a[x] == b[x] ? a[x] : blend(a[x], b[x], share);
        }
    }
}
