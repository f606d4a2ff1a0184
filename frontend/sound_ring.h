/* Sound between the machine, which makes it in guest time, and a device that
 * plays it in its own. The two clocks drift apart, so the ring is read a
 * little faster or slower, by 0.5 % at most, to keep about `target` frames in
 * it: enough that nothing stutters, and never more than `most`. */
#ifndef FRONTEND_SOUND_RING_H
#define FRONTEND_SOUND_RING_H

#include "core/types.h"

struct sound_ring;

/* NULL: out of host memory. The caller owns the result. `most` is at least
 * twice `target`. */
struct sound_ring *sound_ring_create(unsigned target, unsigned most);
void sound_ring_destroy(struct sound_ring *ring);

/* Adds stereo frames. When more than `most` would lie in the ring, the oldest
 * go until `target` are left. */
void sound_ring_put(struct sound_ring *ring, const int16_t *frames,
                    size_t count);

/* Takes exactly `count` frames; silence, softly, where there are none. After
 * it ran dry it fills up to the target before it sounds again. */
void sound_ring_get(struct sound_ring *ring, int16_t *frames, size_t count);

/* Frames that lie in the ring. */
unsigned sound_ring_fill(const struct sound_ring *ring);

#endif
