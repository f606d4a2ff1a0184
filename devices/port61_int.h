/* The speaker's sound: from the timer's ticks to frames at the host's rate.
 *
 * The cone's level is integrated over blocks of 6 ticks (198864 a second). A
 * windowed sinc (96 blocks long, 128 phases, in integers) takes what the host's
 * rate cannot carry out of it and is read at the times of the frames; a slow
 * high-pass takes the standing level out. All of it is outside the machine's
 * state: it follows from the ports and the time, and nothing follows from it.
 */
#ifndef DEVICES_PORT61_INT_H
#define DEVICES_PORT61_INT_H

#include "core/host.h"
#include "core/types.h"

#define SPEAKER_BLOCK_TICKS 6
#define SPEAKER_TAPS        96
#define SPEAKER_PHASES      128
#define SPEAKER_RING        128 /* blocks kept; a power of two above TAPS */
#define SPEAKER_CHUNK       256 /* frames handed on at once */

struct speaker {
    struct host_audio *host;      /* borrowed */
    uint64_t tick;                /* heard up to here */
    uint64_t block;               /* number of the block being heard */
    uint32_t high;                /* ticks of it with the cone out */
    uint8_t levels[SPEAKER_RING]; /* 0..6 of past blocks, by their number */
    uint32_t steady;              /* how many past blocks had one level */
    uint64_t at, at_fraction; /* time of the next frame: block, 2^-32 of one */
    uint64_t step;            /* from frame to frame, 2^-32 blocks */
    int32_t level, filtered;  /* of the last frame, 2^-8 units */
    int16_t kernel[SPEAKER_PHASES][SPEAKER_TAPS]; /* a row adds up to 2^15 */
    int16_t frames[2 * SPEAKER_CHUNK];
    size_t count;
};

/* Sound for `host` from `tick` on. Errors: NO_MEMORY, BAD_ARGUMENT (rate below
 * 1000 Hz or above 192 kHz). The caller owns *out, free() ends it. */
enum status speaker_create(struct host_audio *host, uint64_t tick,
                           struct speaker **out);

/* Forgets what was heard and goes on from `tick`. */
void speaker_restart(struct speaker *s, uint64_t tick);

/* When the block being heard ends. */
uint64_t speaker_block_end(const struct speaker *s);

/* The cone was out for `high` of the ticks up to `tick`, which is not beyond
 * the block's end. */
void speaker_hear(struct speaker *s, uint64_t tick, uint32_t high);

/* The cone rests up to `tick`, however far that is. */
void speaker_rest(struct speaker *s, uint64_t tick);

/* Hands the host what is ready. */
void speaker_flush(struct speaker *s);

#endif
