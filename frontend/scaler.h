/* Scales pictures sharply: each pixel of the result is the mean of the area
 * that it covers, so old pixels stay blocks with one blended line between
 * them. Where the picture shrinks, at most two pixels across and down count. */
#ifndef FRONTEND_SCALER_H
#define FRONTEND_SCALER_H

#include "core/types.h"

struct scaler;

/* NULL: out of host memory. The caller owns the result. */
struct scaler *scaler_create(void);
void scaler_destroy(struct scaler *scaler);

/* Sizes in pixels, 1 to 16384. False: out of host memory. */
bool scaler_set_size(struct scaler *scaler, unsigned from_width,
                     unsigned from_height, unsigned to_width,
                     unsigned to_height);

/* The rows of the result that depend on rows [first, first + count) of the
 * source. */
void scaler_find_rows(const struct scaler *scaler, unsigned first,
                      unsigned count, unsigned *to_first, unsigned *to_count);

/* Rows [first, first + count) of the result. `from` is the whole source,
 * without gaps; `to` is row 0 of the result, `pitch` pixels to a row. Pixels
 * are 0x00RRGGBB. */
void scaler_run(struct scaler *scaler, const uint32_t *from, uint32_t *to,
                size_t pitch, unsigned first, unsigned count);

#endif
