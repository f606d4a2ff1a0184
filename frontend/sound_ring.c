#include "frontend/sound_ring.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define ONE         (UINT64_C(1) << 32)
#define SWAY_MOST   0.005 /* of the rate */
#define SWAY_GAIN   0.02  /* for a fill that is off by the target */
#define FILL_SMOOTH 0.02  /* of each new fill goes into the average */
#define FADE_SHIFT  8     /* 1/256 of a sample is lost per frame of silence */

struct sound_ring {
    int16_t *frames; /* owned; `most` pairs */
    unsigned most, target;
    unsigned first, count;
    uint64_t part;   /* of the first frame that is played, 32 bits */
    double average;  /* fill */
    bool is_playing; /* not filling up */
    int16_t last[2]; /* what sounded last */
};

struct sound_ring *sound_ring_create(unsigned target, unsigned most)
{
    struct sound_ring *ring = calloc(1, sizeof(*ring));

    assert(target > 0 && most >= 2 * target);
    if (!ring)
        return NULL;
    ring->frames = malloc(sizeof(int16_t) * 2 * most);
    if (!ring->frames) {
        free(ring);
        return NULL;
    }
    ring->most = most;
    ring->target = target;
    return ring;
}

void sound_ring_destroy(struct sound_ring *ring)
{
    if (!ring)
        return;
    free(ring->frames);
    free(ring);
}

static int16_t *frame_at(struct sound_ring *ring, unsigned index)
{
    return &ring->frames[2 * ((ring->first + index) % ring->most)];
}

static void drop(struct sound_ring *ring, unsigned count)
{
    ring->first = (ring->first + count) % ring->most;
    ring->count -= count;
}

void sound_ring_put(struct sound_ring *ring, const int16_t *frames,
                    size_t count)
{
    if (count > ring->target) {
        frames += 2 * (count - ring->target);
        count = ring->target;
    }
    if (ring->count + count > ring->most)
        drop(ring, ring->count + (unsigned)count - ring->target);
    for (; count > 0; count--, frames += 2)
        memcpy(frame_at(ring, ring->count++), frames, 2 * sizeof(*frames));
}

/* How far to go on per frame played, 32 bits behind the point. */
static uint64_t choose_step(struct sound_ring *ring)
{
    double target = ring->target;
    double sway;

    ring->average += (ring->count - ring->average) * FILL_SMOOTH;
    sway = (ring->average - target) / target * SWAY_GAIN;
    if (sway > SWAY_MOST)
        sway = SWAY_MOST;
    if (sway < -SWAY_MOST)
        sway = -SWAY_MOST;
    return (uint64_t)((1 + sway) * (double)ONE);
}

/* One frame between two of the ring, which has both. */
static void play_frame(struct sound_ring *ring, uint64_t step)
{
    const int16_t *a = frame_at(ring, 0);
    const int16_t *b = frame_at(ring, 1);
    int64_t part = (int64_t)(ring->part >> 16); /* of 2^16 */
    unsigned i;

    for (i = 0; i < 2; i++)
        ring->last[i] = (int16_t)(a[i] + (b[i] - a[i]) * part / 65536);
    ring->part += step;
    drop(ring, (unsigned)(ring->part >> 32));
    ring->part &= ONE - 1;
}

static void fade(struct sound_ring *ring)
{
    unsigned i;

    for (i = 0; i < 2; i++)
        ring->last[i] =
            (int16_t)(ring->last[i] - ring->last[i] / (1 << FADE_SHIFT) -
                      (ring->last[i] > 0) + (ring->last[i] < 0));
}

void sound_ring_get(struct sound_ring *ring, int16_t *frames, size_t count)
{
    uint64_t step = choose_step(ring);

    for (; count > 0; count--, frames += 2) {
        /* A step takes two frames at most, and looks at a third. */
        if (ring->count < 3)
            ring->is_playing = false;
        else if (ring->count >= ring->target)
            ring->is_playing = true;
        if (ring->is_playing)
            play_frame(ring, step);
        else
            fade(ring);
        memcpy(frames, ring->last, sizeof(ring->last));
    }
}

unsigned sound_ring_fill(const struct sound_ring *ring)
{
    return ring->count;
}
