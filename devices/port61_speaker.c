#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "devices/port61_int.h"

#define LOUDNESS     12000 /* of 32767, from rest to out */
#define DECAY_SHIFT  10    /* of the high-pass: 1024 frames */
#define KERNEL_SHIFT 15
#define ONE          (UINT64_C(1) << 32)
#define RATE_MIN     1000u
#define RATE_MAX     192000u
#define CUTOFF_MAX   18000.0
#define CUTOFF_SHARE 0.42 /* of the host's rate */
#define PI           3.14159265358979323846

/* Blocks a second are 14318180 / 12 / 6. */
#define BLOCKS_NUM UINT64_C(14318180)
#define BLOCKS_DEN UINT64_C(72)

/* Taylor's series after reduction: the same bits on every host. */
static double sine(double x)
{
    double term, sum, turns = x / (2 * PI);

    x -= 2 * PI * (double)(long)(turns + (turns < 0 ? -0.5 : 0.5));
    term = sum = x;
    for (int n = 2; n < 26; n += 2) {
        term *= -x * x / (n * (n + 1));
        sum += term;
    }
    return sum;
}

/* Low-pass of `cutoff` cycles a block at `t` blocks from its middle, in a
 * Blackman window. */
static double kernel_at(double t, double cutoff)
{
    double place = t / (SPEAKER_TAPS / 2), window, x = 2 * PI * cutoff * t;

    if (place <= -1 || place >= 1)
        return 0;
    window = 0.42 + 0.5 * sine(PI * place + PI / 2) +
             0.08 * sine(2 * PI * place + PI / 2);
    return window * (x == 0 ? 1 : sine(x) / x);
}

/* One row: taps for a frame `phase` / PHASES after a block's beginning. */
static void fill_phase(struct speaker *s, unsigned phase, double cutoff)
{
    double taps[SPEAKER_TAPS], sum = 0;
    int left = 1 << KERNEL_SHIFT;

    for (int i = 0; i < SPEAKER_TAPS; i++) {
        double middle = i - SPEAKER_TAPS / 2 + 0.5;

        taps[i] = kernel_at(middle - (double)phase / SPEAKER_PHASES, cutoff);
        sum += taps[i];
    }
    for (int i = 0; i < SPEAKER_TAPS; i++) {
        double tap = taps[i] / sum * (1 << KERNEL_SHIFT);

        s->kernel[phase][i] = (int16_t)(tap + (tap < 0 ? -0.5 : 0.5));
        left -= s->kernel[phase][i];
    }
    s->kernel[phase][SPEAKER_TAPS / 2] =
        (int16_t)(s->kernel[phase][SPEAKER_TAPS / 2] + left);
}

static void fill_kernel(struct speaker *s)
{
    double cutoff = CUTOFF_SHARE * s->host->rate_hz;

    if (cutoff > CUTOFF_MAX)
        cutoff = CUTOFF_MAX;
    cutoff *= (double)BLOCKS_DEN / (double)BLOCKS_NUM;
    for (unsigned phase = 0; phase < SPEAKER_PHASES; phase++)
        fill_phase(s, phase, cutoff);
}

enum status speaker_create(struct host_audio *host, uint64_t tick,
                           struct speaker **out)
{
    struct speaker *s;

    *out = NULL;
    if (host->rate_hz < RATE_MIN || host->rate_hz > RATE_MAX)
        return STATUS_BAD_ARGUMENT;
    s = calloc(1, sizeof(*s));
    if (!s)
        return STATUS_NO_MEMORY;
    s->host = host;
    s->step = (BLOCKS_NUM << 32) / (BLOCKS_DEN * host->rate_hz);
    fill_kernel(s);
    speaker_restart(s, tick);
    *out = s;
    return STATUS_OK;
}

void speaker_restart(struct speaker *s, uint64_t tick)
{
    s->tick = tick;
    s->block = tick / SPEAKER_BLOCK_TICKS;
    s->high = 0;
    memset(s->levels, 0, sizeof(s->levels));
    s->steady = SPEAKER_TAPS;
    s->at = s->block - SPEAKER_TAPS / 2; /* the filter's delay; may wrap */
    s->at_fraction = 0;
    s->level = s->filtered = 0;
}

uint64_t speaker_block_end(const struct speaker *s)
{
    return (s->block + 1) * SPEAKER_BLOCK_TICKS;
}

void speaker_flush(struct speaker *s)
{
    if (s->count)
        s->host->put(s->host, s->frames, s->count);
    s->count = 0;
}

/* The level at the next frame's time, in 2^-8 units. */
static int32_t filter_level(const struct speaker *s)
{
    unsigned phase = (unsigned)(s->at_fraction * SPEAKER_PHASES >> 32);
    const int16_t *kernel = s->kernel[phase];
    uint64_t first = s->at - SPEAKER_TAPS / 2;
    int32_t sum = 0;

    if (s->steady >= SPEAKER_TAPS)
        sum = s->levels[(s->block - 1) % SPEAKER_RING] << KERNEL_SHIFT;
    for (unsigned i = 0; s->steady < SPEAKER_TAPS && i < SPEAKER_TAPS; i++)
        sum += kernel[i] * s->levels[(first + i) % SPEAKER_RING];
    return sum * (LOUDNESS / SPEAKER_BLOCK_TICKS) / (1 << (KERNEL_SHIFT - 8));
}

static void put_frame(struct speaker *s)
{
    int32_t level = filter_level(s), value;

    /* y[n] = x[n] - x[n-1] + (1 - 2^-10) y[n-1] */
    s->filtered += level - s->level - s->filtered / (1 << DECAY_SHIFT);
    s->level = level;
    value = s->filtered / 256;
    if (value > INT16_MAX)
        value = INT16_MAX;
    if (value < INT16_MIN)
        value = INT16_MIN;
    s->frames[2 * s->count] = s->frames[2 * s->count + 1] = (int16_t)value;
    if (++s->count == SPEAKER_CHUNK)
        speaker_flush(s);
    s->at_fraction += s->step;
    s->at += s->at_fraction / ONE;
    s->at_fraction %= ONE;
}

/* Frames whose half of the kernel has been heard. */
static void put_frames(struct speaker *s)
{
    while ((int64_t)(s->block - s->at) > SPEAKER_TAPS / 2)
        put_frame(s);
}

static void end_block(struct speaker *s)
{
    uint8_t level = (uint8_t)s->high;

    if (level == s->levels[(s->block - 1) % SPEAKER_RING])
        s->steady += s->steady < SPEAKER_RING;
    else
        s->steady = 1;
    s->levels[s->block++ % SPEAKER_RING] = level;
    s->high = 0;
    put_frames(s);
}

void speaker_hear(struct speaker *s, uint64_t tick, uint32_t high)
{
    assert(tick >= s->tick && tick <= speaker_block_end(s));
    s->high += high;
    assert(s->high <= SPEAKER_BLOCK_TICKS);
    s->tick = tick;
    if (tick == speaker_block_end(s))
        end_block(s);
}

void speaker_rest(struct speaker *s, uint64_t tick)
{
    while (s->tick < tick) {
        uint64_t end = speaker_block_end(s);

        if (s->steady >= SPEAKER_RING && s->high == 0 &&
            s->levels[(s->block - 1) % SPEAKER_RING] == 0) {
            s->block = tick / SPEAKER_BLOCK_TICKS; /* silence all over */
            s->tick = tick;
            put_frames(s);
            return;
        }
        speaker_hear(s, end < tick ? end : tick, 0);
    }
}
