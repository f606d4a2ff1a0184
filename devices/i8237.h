/* The DMA controllers of an AT: two Intel 8237A (channels 0-3 of 8 bits,
 * channels 5-7 of 16 bits; 4 is the cascade) and the page registers.
 *
 * Datasheet: Intel 8237A (order 231466-005), all sections; IBM AT Technical
 *            Reference for the page registers.
 * Modelled:  all registers and commands, all modes, autoinitialisation,
 *            decrement, verify, software requests, memory to memory on the
 *            first controller; channels 0-3 need channel 4 unmasked and in
 *            cascade mode.
 * Missing:   bus timing: a transfer happens at the instant the device asks, so
 *            priorities, extended write and compressed timing are storage. */
#ifndef DEVICES_I8237_H
#define DEVICES_I8237_H

#include "core/bus.h"
#include "core/device.h"
#include "core/dma.h"
#include "core/host.h"
#include "core/log.h"
#include "core/mem.h"

struct i8237_config {
    const char *name;       /* instance name; borrowed */
    struct bus *ports;      /* borrowed; 00-0F, 80-8F, C0-DF */
    struct mem *mem;        /* borrowed */
    struct host_char *post; /* borrowed; NULL or gets each byte of port 80 */
};

/* Errors: NO_MEMORY, OVERLAP. The caller owns *out. */
enum status i8237_create(const struct i8237_config *config,
                         struct device **out);

/* Channel 0..7 for a device. On channels 5-7 sizes are bytes all the same, an
 * odd last byte is not moved. Channel 4 moves nothing. */
struct dma_line i8237_line(struct device *dev, unsigned channel);

/* The last byte written to port 80. */
uint8_t i8237_post_code(const struct device *dev);

#endif
