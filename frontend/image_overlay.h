/* A medium over another one: what is written stays in host memory and goes
 * when the overlay is destroyed (-snapshot). */
#ifndef FRONTEND_IMAGE_OVERLAY_H
#define FRONTEND_IMAGE_OVERLAY_H

#include "core/host.h"
#include "core/log.h"

/* The overlay is as large as `base`, never read-only, and owns it: destroying
 * the overlay destroys `base`. `name` (copied) and `log` (borrowed, may be
 * NULL) are for the message when host memory runs out; the guest then sees a
 * write fault (NO_SPACE), and what it wrote before stays.
 * Errors: NO_MEMORY; `base` is then still the caller's. */
enum status image_overlay_create(struct host_block *base, const char *name,
                                 struct log *log, struct host_block **out);

/* Host memory that the written blocks take, in bytes. */
uint64_t image_overlay_bytes(const struct host_block *overlay);

#endif
