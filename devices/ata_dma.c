#include "devices/ata_dma.h"

#include <assert.h>
#include <stdlib.h>

enum {
    BM_COMMAND = 0,
    BM_STATUS = 2,
    BM_TABLE = 4, /* four bytes */
    BM_PORTS = 8, /* a channel */
};

/* Command register. */
#define BM_START 0x01
#define BM_READ  0x08 /* from the drive, to memory */

/* Status register. */
#define BM_ACTIVE    0x01
#define BM_ERROR     0x02
#define BM_INTERRUPT 0x04
#define BM_CAPABLE   0x60 /* storage for software: drive 0, 1 */

/* A physical region descriptor. */
#define PRD_BYTES 8
#define PRD_LAST  0x80000000u
#define PRD_COUNT 0xfffeu

struct bus_master {
    uint8_t command, status;
    uint32_t table;
    uint32_t next;      /* descriptor to fetch */
    uint32_t address;   /* in the region */
    uint32_t left;      /* bytes of it; 0: fetch */
    bool last;          /* the region is the table's last one */
    bool irq;           /* level of the drive's interrupt */
    struct device *ata; /* borrowed; rebuilt: plugged by the board */
};

struct ata_dma {
    struct device dev;
    struct ata_dma_config config;
    bool logged; /* rebuilt on load: at worst told twice */
    struct bus_master channels[ATA_DMA_CHANNELS];
};

static struct ata_dma *from_device(struct device *dev)
{
    return CONTAINER_OF(dev, struct ata_dma, dev);
}

/* ---- the table ---- */

/* The incrementers have 16 bits: what would cross 64 KiB wraps (rev. 1.0, 1.2:
 * neither a table nor a region may cross). */
static uint32_t step_address(uint32_t address, uint32_t by)
{
    return (address & 0xffff0000u) | ((address + by) & 0xffffu);
}

static uint32_t load32(struct mem *mem, uint32_t addr)
{
    uint8_t bytes[4];

    mem_read(mem, addr, bytes, sizeof(bytes));
    return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
           (uint32_t)bytes[3] << 24;
}

/* Bit 0 of base and count does not exist; a count of 0 is 64 KiB. */
static void fetch_region(struct ata_dma *dma, struct bus_master *bm)
{
    uint32_t words = load32(dma->config.mem, bm->next + 4);

    bm->address = load32(dma->config.mem, bm->next) & ~1u;
    bm->left = words & PRD_COUNT ? words & PRD_COUNT : 0x10000;
    bm->last = words & PRD_LAST;
    bm->next = step_address(bm->next, PRD_BYTES);
}

/* Nobody claims the address on the PCI bus: a master abort. */
static bool answers(struct mem *mem, uint32_t addr)
{
    const struct mem_page *page = &mem->pages[addr >> MEM_PAGE_BITS];

    return page->host || page->ops;
}

static bool next_region(struct ata_dma *dma, struct bus_master *bm)
{
    if (bm->left)
        return true;
    if (!answers(dma->config.mem, bm->next)) {
        bm->status = (uint8_t)((bm->status & ~BM_ACTIVE) | BM_ERROR);
        return false;
    }
    fetch_region(dma, bm);
    return true;
}

/* How much of `size` can move in one go: not across a page. */
static uint32_t part_size(const struct bus_master *bm, size_t size)
{
    uint32_t part = MEM_PAGE_BYTES - (bm->address & MEM_PAGE_MASK);

    if (part > bm->left)
        part = bm->left;
    return part < size ? part : (uint32_t)size;
}

static bool move_part(struct ata_dma *dma, struct bus_master *bm,
                      uint8_t *buffer, uint32_t size)
{
    if (!answers(dma->config.mem, bm->address)) {
        bm->status = (uint8_t)((bm->status & ~BM_ACTIVE) | BM_ERROR);
        return false;
    }
    if (bm->command & BM_READ)
        mem_write(dma->config.mem, bm->address, buffer, size);
    else
        mem_read(dma->config.mem, bm->address, buffer, size);
    bm->address = step_address(bm->address, size);
    bm->left -= size;
    if (!bm->left && bm->last)
        bm->status &= (uint8_t)~BM_ACTIVE;
    return true;
}

static bool may_move(struct ata_dma *dma, const struct bus_master *bm,
                     enum dma_direction dir)
{
    if (!(bm->status & BM_ACTIVE) || !(bm->command & BM_START))
        return false;
    if (!(bm->command & BM_READ) != (dir == DMA_FROM_MEMORY)) {
        LOG_ONCE(dma->logged, dma->config.log, LOG_GUEST, dma->dev.name,
                 "the bus master is set to the other direction than the "
                 "command");
        return false;
    }
    return !dma->config.allowed || dma->config.allowed(dma->config.sink);
}

static size_t transfer(void *sink, unsigned channel, enum dma_direction dir,
                       uint8_t *buffer, size_t size)
{
    struct ata_dma *dma = sink;
    struct bus_master *bm = &dma->channels[channel % ATA_DMA_CHANNELS];
    size_t done = 0;

    if (!may_move(dma, bm, dir))
        return 0;
    while (done < size && bm->status & BM_ACTIVE) {
        uint32_t part;

        if (!next_region(dma, bm))
            break;
        part = part_size(bm, size - done);
        assert(part);
        if (!move_part(dma, bm, buffer + done, part))
            break;
        done += part;
    }
    return done;
}

/* ---- registers ---- */

static uint8_t read_byte(const struct bus_master *bm, unsigned reg)
{
    switch (reg) {
    case BM_COMMAND: return bm->command;
    case BM_STATUS: return bm->status;
    case BM_TABLE:
    case BM_TABLE + 1:
    case BM_TABLE + 2:
    case BM_TABLE + 3: return (uint8_t)(bm->table >> (8 * (reg - BM_TABLE)));
    default: return 0;
    }
}

/* A start begins the table anew: where a stop was is not kept. */
static void write_command(struct bus_master *bm, uint8_t byte)
{
    bool was_on = bm->command & BM_START;

    bm->command = byte & (BM_START | BM_READ);
    if (!(byte & BM_START)) {
        bm->status &= (uint8_t)~BM_ACTIVE;
    } else if (!was_on) {
        bm->status |= BM_ACTIVE;
        bm->next = bm->table;
        bm->left = 0;
        bm->last = false;
    }
    if (byte & BM_START && bm->ata)
        ata_master_started(bm->ata);
}

static void write_byte(struct bus_master *bm, unsigned reg, uint8_t byte)
{
    unsigned shift = 8 * (reg & 3);

    switch (reg) {
    case BM_COMMAND: write_command(bm, byte); break;
    case BM_STATUS:
        bm->status &= (uint8_t) ~(byte & (BM_ERROR | BM_INTERRUPT));
        bm->status =
            (uint8_t)((bm->status & ~BM_CAPABLE) | (byte & BM_CAPABLE));
        break;
    case BM_TABLE:
    case BM_TABLE + 1:
    case BM_TABLE + 2:
    case BM_TABLE + 3:
        bm->table = (bm->table & ~(0xffu << shift)) | (uint32_t)byte << shift;
        bm->table &= ~3u;
        break;
    default: break;
    }
}

static struct bus_master *channel_at(struct ata_dma *dma, paddr offset)
{
    return &dma->channels[offset / BM_PORTS % ATA_DMA_CHANNELS];
}

static uint32_t ports_read(void *dev, paddr offset, unsigned size)
{
    uint32_t value = 0;

    for (unsigned i = 0; i < size; i++)
        value |= (uint32_t)read_byte(channel_at(dev, offset + i),
                                     (offset + i) % BM_PORTS)
                 << (8 * i);
    return value;
}

static void ports_write(void *dev, paddr offset, uint32_t value, unsigned size)
{
    for (unsigned i = 0; i < size; i++)
        write_byte(channel_at(dev, offset + i), (offset + i) % BM_PORTS,
                   (uint8_t)(value >> (8 * i)));
}

const struct bus_ops ata_dma_ops = {ports_read, ports_write, 1 | 2 | 4};

/* ---- wires ---- */

/* The interrupt bit follows the rising edge, whoever caused it. */
static void take_irq(void *sink, unsigned channel, bool level)
{
    struct ata_dma *dma = sink;
    struct bus_master *bm = &dma->channels[channel % ATA_DMA_CHANNELS];

    if (level && !bm->irq)
        bm->status |= BM_INTERRUPT;
    bm->irq = level;
    irq_set(&dma->config.irq[channel % ATA_DMA_CHANNELS], level);
}

struct ata_master ata_dma_master(struct device *dev, unsigned channel)
{
    assert(channel < ATA_DMA_CHANNELS);
    return (struct ata_master){transfer, from_device(dev), channel};
}

struct irq_line ata_dma_irq(struct device *dev, unsigned channel)
{
    assert(channel < ATA_DMA_CHANNELS);
    return (struct irq_line){take_irq, from_device(dev), channel};
}

void ata_dma_plug(struct device *dev, unsigned channel, struct device *ata)
{
    assert(channel < ATA_DMA_CHANNELS);
    from_device(dev)->channels[channel].ata = ata;
}

/* ---- device ---- */

static void ata_dma_reset(struct device *dev)
{
    struct ata_dma *dma = from_device(dev);

    for (unsigned i = 0; i < ATA_DMA_CHANNELS; i++)
        dma->channels[i] = (struct bus_master){
            .irq = dma->channels[i].irq,
            .ata = dma->channels[i].ata,
        };
}

static void ata_dma_destroy(struct device *dev)
{
    free(from_device(dev));
}

/* Bits that do not exist stay clear, whatever a file says. */
static void ata_dma_loaded(struct device *dev)
{
    struct ata_dma *dma = from_device(dev);

    for (unsigned i = 0; i < ATA_DMA_CHANNELS; i++) {
        struct bus_master *bm = &dma->channels[i];

        bm->command &= BM_START | BM_READ;
        bm->status &= BM_ACTIVE | BM_ERROR | BM_INTERRUPT | BM_CAPABLE;
        bm->table &= ~3u;
        bm->next &= ~3u;
        bm->address &= ~1u;
        bm->left = bm->left > 0x10000 ? 0x10000 : bm->left;
    }
}

static const struct state_field master_state[] = {
    STATE_FIELD(struct bus_master, command),
    STATE_FIELD(struct bus_master, status),
    STATE_FIELD(struct bus_master, table),
    STATE_FIELD(struct bus_master, next),
    STATE_FIELD(struct bus_master, address),
    STATE_FIELD(struct bus_master, left),
    STATE_FIELD(struct bus_master, last),
    STATE_FIELD(struct bus_master, irq),
    STATE_END,
};

static const struct state_field ata_dma_state[] = {
    STATE_TABLES(struct ata_dma, channels, master_state),
    STATE_END,
};

static const struct device_class ata_dma_class = {
    .name = "ata_dma",
    .reset = ata_dma_reset,
    .destroy = ata_dma_destroy,
    .state = ata_dma_state,
    .loaded = ata_dma_loaded,
};

enum status ata_dma_create(const struct ata_dma_config *config,
                           struct device **out)
{
    struct ata_dma *dma = calloc(1, sizeof(*dma));

    *out = NULL;
    if (!dma)
        return STATUS_NO_MEMORY;
    dma->dev = (struct device){&ata_dma_class, config->name};
    dma->config = *config;
    ata_dma_reset(&dma->dev);
    *out = &dma->dev;
    return STATUS_OK;
}
