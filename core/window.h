/* Host memory at two places: a share is memory, a window a run of 4 GiB of the
 * host's addresses in which pages of shares can be shown. What is not shown
 * there cannot be touched: the host faults. Behind the 4 GiB is one page more
 * that never shows anything, for accesses that run over the end.
 *
 * Only some hosts have windows; see window_any.c for the others. */
#ifndef CORE_WINDOW_H
#define CORE_WINDOW_H

#include "core/types.h"

#define WINDOW_PAGES (1u << 20) /* of 4096 bytes */

struct share {
    uint8_t *base; /* NULL: none */
    size_t bytes;
    int file; /* -1: windows cannot show it */
};

/* `bytes`, zeroed. False: out of host memory. */
bool share_create(struct share *share, size_t bytes);
void share_destroy(struct share *share);

/* A window that shows nothing, named by its first address. NULL: this host has
 * none, or not now. */
uint8_t *window_create(void);
void window_destroy(uint8_t *window);

/* Shows `pages` pages of a share from byte `offset` on at page `at`, to read or
 * to read and write, in the place of what was shown there. False: the host
 * refuses, and nothing has changed. */
bool window_show(uint8_t *window, uint32_t at, uint32_t pages,
                 const struct share *share, size_t offset, bool write);
/* From now on what is shown at `at` can only be read. False as above. */
bool window_show_read_only(uint8_t *window, uint32_t at, uint32_t pages);
bool window_hide(uint8_t *window, uint32_t at, uint32_t pages);

#endif
