/* Puts the guest's fragmented IPv4 packets together.
 *
 * libslirp does that too, but in place and trusting: fragments that contradict
 * each other let a guest write where it likes (4.7.0 and before). So it gets
 * whole packets only. */
#ifndef FRONTEND_NET_DEFRAG_H
#define FRONTEND_NET_DEFRAG_H

#include "core/types.h"

struct net_defrag;

/* NULL without memory. The caller owns it. */
struct net_defrag *net_defrag_create(void);
void net_defrag_destroy(struct net_defrag *defrag); /* NULL is allowed */

/* Whether a frame holds a piece of an IPv4 packet. */
bool net_defrag_is_piece(const uint8_t *frame, size_t bytes);

/* Takes a frame that does. When that was the last one missing, returns the
 * whole packet in one frame of *whole bytes, valid until the next call;
 * otherwise NULL. Of pieces that overlap the later one counts; of packets
 * that stay incomplete the oldest is forgotten. */
const uint8_t *net_defrag_take(struct net_defrag *defrag, const uint8_t *frame,
                               size_t bytes, size_t *whole);

#endif
