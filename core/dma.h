/* One channel of a DMA controller, as a device sees it. The device asks for
 * whole bursts: the controller moves as many bytes as its programming allows
 * between guest memory and the device's buffer, at the instant of the call. */
#ifndef CORE_DMA_H
#define CORE_DMA_H

#include "core/types.h"

enum dma_direction {
    DMA_TO_MEMORY,   /* 8237 "write transfer": the device supplies bytes */
    DMA_FROM_MEMORY, /* 8237 "read transfer": the device consumes bytes */
};

struct dma_line {
    /* Moves up to `size` bytes and returns how many went: fewer, or none, when
     * the channel is masked, set to the other direction or at terminal count.
     * In verify mode bytes count but memory is untouched. *tc is set when the
     * last byte moved was the channel's terminal count. */
    size_t (*transfer)(void *sink, unsigned channel, enum dma_direction dir,
                       uint8_t *buffer, size_t size, bool *tc);
    /* Level of DREQ, which the controller's status register shows. */
    void (*request)(void *sink, unsigned channel, bool level);
    void *sink;       /* borrowed: the controller */
    unsigned channel; /* 0..7 */
};

/* As the members above; an unconnected line moves nothing. */
static inline size_t dma_transfer(const struct dma_line *line,
                                  enum dma_direction dir, uint8_t *buffer,
                                  size_t size, bool *tc)
{
    *tc = false;
    if (!line->transfer)
        return 0;
    return line->transfer(line->sink, line->channel, dir, buffer, size, tc);
}

static inline void dma_request(const struct dma_line *line, bool level)
{
    if (line->request)
        line->request(line->sink, line->channel, level);
}

#endif
