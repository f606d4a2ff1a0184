/* Bus master IDE engine of the PIIX3: two channels that move blocks between
 * drives and scattered memory.
 *
 * Datasheet: 82371FB/82371SB (order 290550-001), sections 2.7 and 3.5;
 *            "Programming Interface for Bus Master IDE Controller", rev. 1.0.
 * Modelled:  command, status and table registers, the walk through the table,
 *            interrupt and active bits as both documents combine them, stop
 *            and start, memory that nobody answers for (error bit).
 * Missing:   arbitration: a block moves at one instant, when the drive has it.
 *            differs: a master that configuration space does not allow leaves
 *            the drive waiting until it is started again. */
#ifndef DEVICES_ATA_DMA_H
#define DEVICES_ATA_DMA_H

#include "core/device.h"
#include "core/irq.h"
#include "core/log.h"
#include "core/mem.h"
#include "devices/ata.h"

#define ATA_DMA_CHANNELS 2

struct ata_dma_config {
    const char *name;                      /* instance name; borrowed */
    struct mem *mem;                       /* borrowed */
    struct log *log;                       /* borrowed; may be NULL */
    struct irq_line irq[ATA_DMA_CHANNELS]; /* copied; on to IRQ 14, 15 */
    /* Whether the function may master the bus now; NULL: always. */
    bool (*allowed)(void *sink);
    void *sink; /* borrowed */
};

/* Errors: NO_MEMORY. The caller owns *out. */
enum status ata_dma_create(const struct ata_dma_config *config,
                           struct device **out);

/* What ata_config takes for channel 0 or 1; both live as long as the engine,
 * which must outlive the channels' last use of them. */
struct ata_master ata_dma_master(struct device *dev, unsigned channel);
struct irq_line ata_dma_irq(struct device *dev, unsigned channel);

/* The other end: whom starting wakes. Borrowed; NULL: nobody. */
void ata_dma_plug(struct device *dev, unsigned channel, struct device *ata);

/* The 16 ports at BMIBA; their `dev` is the engine. */
extern const struct bus_ops ata_dma_ops;

#endif
