#include "devices/ata_int.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define PORTS         8
#define EMPTY         0x7f /* DD7 is pulled down, the other lines up */
#define DIAGNOSTIC    0x90
#define DIAGNOSTIC_OK 0x01
#define DEVICE_RESET  0x08
#define STATUS_IDLE   (ATA_DRDY | ATA_DSC)

enum ata_register {
    REG_DATA = 0,
    REG_ERROR = 1,   /* read */
    REG_FEATURE = 1, /* write */
    REG_COUNT = 2,
    REG_LOW = 3,
    REG_MID = 4,
    REG_HIGH = 5,
    REG_DEVICE = 6,
    REG_STATUS = 7,  /* read */
    REG_COMMAND = 7, /* write */
};

static struct ata_channel *from_device(struct device *dev)
{
    return CONTAINER_OF(dev, struct ata_channel, dev);
}

static struct ata_unit *selected(struct ata_channel *channel)
{
    return &channel->units[channel->selected & 1];
}

static bool present(const struct ata_unit *unit)
{
    return unit->ops != NULL;
}

static void update_irq(struct ata_channel *channel)
{
    const struct ata_unit *unit = selected(channel);

    irq_set(&channel->irq,
            present(unit) && unit->intrq && !(channel->control & ATA_NIEN));
}

static void set_intrq(struct ata_unit *unit, bool level)
{
    unit->intrq = level;
    update_irq(unit->channel);
}

/* ---- what units do with the channel ---- */

void ata_unit_wait(struct ata_unit *unit, uint64_t ns)
{
    struct clock *clock = unit->channel->clock;

    unit->status = ATA_BSY;
    unit->flow = ATA_FLOW_NONE;
    unit->dma = false;
    clock_arm(clock, &unit->event, clock_now_ns(clock) + ns);
}

static void open_block(struct ata_unit *unit, enum ata_flow flow, uint32_t from,
                       uint32_t to)
{
    assert(from < to && to <= ATA_BUFFER_BYTES);
    unit->flow = (uint8_t)flow;
    unit->dma = false;
    unit->pos = from;
    unit->end = unit->words_end = to;
    unit->status = STATUS_IDLE | ATA_DRQ;
}

void ata_unit_open(struct ata_unit *unit, enum ata_flow flow, uint32_t from,
                   uint32_t to, bool interrupt)
{
    open_block(unit, flow, from, to);
    if (interrupt)
        set_intrq(unit, true);
}

void ata_unit_offer(struct ata_unit *unit, uint32_t bytes)
{
    ata_unit_open(unit, ATA_FLOW_IN, 0, bytes, true);
    unit->words_end = bytes & ~(ATA_SECTOR_BYTES - 1);
}

void ata_unit_ask(struct ata_unit *unit, uint32_t bytes, bool interrupt)
{
    ata_unit_open(unit, ATA_FLOW_OUT, 0, bytes, interrupt);
    unit->words_end = bytes & ~(ATA_SECTOR_BYTES - 1);
}

void ata_unit_end(struct ata_unit *unit, bool interrupt)
{
    unit->status = STATUS_IDLE;
    unit->error = 0;
    unit->flow = ATA_FLOW_NONE;
    if (interrupt)
        set_intrq(unit, true);
}

void ata_unit_fail(struct ata_unit *unit, uint8_t status, uint8_t error)
{
    unit->status = STATUS_IDLE | ATA_ERR | status;
    unit->error = error;
    unit->flow = ATA_FLOW_NONE;
    set_intrq(unit, true);
}

void ata_unit_block_done(struct ata_unit *unit)
{
    unit->flow = ATA_FLOW_NONE;
    unit->dma = false;
    unit->status &= (uint8_t)~ATA_DRQ;
    unit->ops->block_done(unit);
}

static bool block_ok(const struct ata_unit *unit)
{
    return unit->pos < unit->end && unit->end <= ATA_BUFFER_BYTES &&
           unit->words_end <= unit->end;
}

/* ---- DMA ---- */

bool ata_unit_has_master(const struct ata_unit *unit)
{
    return unit->channel->master.transfer != NULL;
}

/* What the master takes now; the rest waits until it is started again. */
static void move_dma(struct ata_unit *unit)
{
    const struct ata_master *master = &unit->channel->master;
    bool in = unit->flow == ATA_FLOW_IN;
    size_t moved;

    if (!unit->dma || unit->flow == ATA_FLOW_NONE || !block_ok(unit) ||
        !master->transfer)
        return;
    moved = master->transfer(master->sink, master->channel,
                             in ? DMA_TO_MEMORY : DMA_FROM_MEMORY,
                             unit->buffer + unit->pos, unit->end - unit->pos);
    assert(moved <= unit->end - unit->pos);
    unit->pos += (uint32_t)moved;
    if (unit->pos >= unit->end)
        ata_unit_block_done(unit);
}

void ata_unit_open_dma(struct ata_unit *unit, enum ata_flow flow,
                       uint32_t bytes)
{
    open_block(unit, flow, 0, bytes);
    unit->dma = true;
    if (unit == selected(unit->channel))
        move_dma(unit);
}

void ata_master_started(struct device *dev)
{
    struct ata_unit *unit = selected(from_device(dev));

    if (present(unit))
        move_dma(unit);
}

bool ata_unit_set_mode(struct ata_unit *unit, uint8_t mode)
{
    uint8_t number = mode & 7;

    switch (mode & 0xf8) {
    case ATA_MODE_PIO_DEFAULT: return number <= ATA_MODE_PIO_NO_IORDY;
    case ATA_MODE_PIO: return number <= 4;
    case ATA_MODE_DMA:
    case ATA_MODE_ULTRA:
        if (number > 2 || !ata_unit_has_master(unit))
            return false;
        unit->dma_mode = mode;
        return true;
    default: return false;
    }
}

/* ---- reset ---- */

/* What a device shows after a reset or its diagnostics (9.12). */
void ata_unit_show_signature(struct ata_unit *unit)
{
    const struct ata_pair one = {1, 0};

    unit->count = unit->low = one;
    unit->mid = (struct ata_pair){unit->ops->packet ? 0x14 : 0, 0};
    unit->high = (struct ata_pair){unit->ops->packet ? 0xeb : 0, 0};
}

/* A packet device is not ready before its first packet (9.1). */
static void come_back(struct ata_unit *unit, bool hard)
{
    unit->ops->reset(unit, hard);
    ata_unit_show_signature(unit);
    unit->device = 0;
    unit->error = DIAGNOSTIC_OK;
    unit->status = unit->ops->packet ? 0 : STATUS_IDLE;
}

static void unit_fired(void *dev)
{
    struct ata_unit *unit = dev;

    if (!present(unit))
        return;
    if (unit->ops->packet && unit->command == DEVICE_RESET) {
        uint8_t device = unit->device;

        come_back(unit, false);
        unit->device = device & ATA_DEV;
    } else {
        unit->ops->step(unit);
    }
}

static void stop_unit(struct ata_unit *unit)
{
    clock_disarm(unit->channel->clock, &unit->event);
    unit->flow = ATA_FLOW_NONE;
    unit->dma = false;
    unit->intrq = false;
    unit->status = ATA_BSY;
}

static void begin_reset(struct ata_channel *channel)
{
    for (unsigned i = 0; i < ATA_UNITS; i++)
        stop_unit(&channel->units[i]);
    channel->selected = 0;
    clock_disarm(channel->clock, &channel->reset_event);
    update_irq(channel);
}

static void end_reset_later(struct ata_channel *channel)
{
    clock_arm(channel->clock, &channel->reset_event,
              clock_now_ns(channel->clock) + ATA_RESET_NS);
}

static void reset_fired(void *dev)
{
    struct ata_channel *channel = dev;

    for (unsigned i = 0; i < ATA_UNITS; i++) {
        struct ata_unit *unit = &channel->units[i];

        if (present(unit))
            come_back(unit, false);
    }
    /* Of the diagnostics device 0 tells, for both. */
    if (channel->diagnosing && present(&channel->units[0]))
        set_intrq(&channel->units[0], true);
    channel->diagnosing = false;
}

static void write_control(struct ata_channel *channel, uint8_t byte)
{
    uint8_t old = channel->control;

    channel->control = byte;
    if (byte & ATA_SRST) {
        channel->diagnosing = false;
        begin_reset(channel);
    } else if (old & ATA_SRST) {
        end_reset_later(channel);
    }
    update_irq(channel);
}

static void diagnose(struct ata_channel *channel)
{
    channel->diagnosing = true;
    begin_reset(channel);
    end_reset_later(channel);
}

/* ---- command block ---- */

static bool any_busy(const struct ata_channel *channel)
{
    for (unsigned i = 0; i < ATA_UNITS; i++) {
        if (present(&channel->units[i]) && (channel->units[i].status & ATA_BSY))
            return true;
    }
    return false;
}

/* DEVICE RESET (8.7) is for packet devices, which hear it while busy too. */
static bool is_device_reset(struct ata_channel *channel, unsigned reg,
                            uint8_t byte)
{
    const struct ata_unit *unit = selected(channel);

    return reg == REG_COMMAND && byte == DEVICE_RESET && present(unit) &&
           unit->ops->packet && !channel->reset_event.armed &&
           !(channel->control & ATA_SRST);
}

static void reset_device(struct ata_unit *unit)
{
    stop_unit(unit);
    update_irq(unit->channel);
    unit->command = DEVICE_RESET;
    ata_unit_wait(unit, ATA_COMMAND_NS);
}

static void write_command(struct ata_channel *channel, uint8_t byte)
{
    struct ata_unit *unit = selected(channel);

    if (byte == DIAGNOSTIC) {
        diagnose(channel);
        return;
    }
    if (!present(unit))
        return;
    if (unit->status & ATA_DRQ) {
        LOG_ONCE(channel->logged, channel->log, LOG_GUEST, channel->dev.name,
                 "command %02X while data waits is ignored", byte);
        return;
    }
    unit->command = byte;
    set_intrq(unit, false);
    unit->error = 0;
    unit->ops->command(unit);
}

static void put_pair(struct ata_pair *pair, uint8_t byte)
{
    pair->previous = pair->now;
    pair->now = byte;
}

/* Both devices take what is written; the selected one acts on commands. */
static void write_register(struct ata_channel *channel, unsigned reg,
                           uint8_t byte)
{
    channel->control &= (uint8_t)~ATA_HOB;
    if (is_device_reset(channel, reg, byte)) {
        reset_device(selected(channel));
        return;
    }
    if (any_busy(channel))
        return;
    for (unsigned i = 0; i < ATA_UNITS; i++) {
        struct ata_unit *unit = &channel->units[i];

        switch (reg) {
        case REG_FEATURE: put_pair(&unit->feature, byte); break;
        case REG_COUNT: put_pair(&unit->count, byte); break;
        case REG_LOW: put_pair(&unit->low, byte); break;
        case REG_MID: put_pair(&unit->mid, byte); break;
        case REG_HIGH: put_pair(&unit->high, byte); break;
        case REG_DEVICE: unit->device = byte; break;
        default: break;
        }
    }
    if (reg == REG_DEVICE) {
        channel->selected = byte & ATA_DEV ? 1 : 0;
        update_irq(channel);
    } else if (reg == REG_COMMAND) {
        write_command(channel, byte);
    }
}

static uint8_t get_pair(const struct ata_channel *channel,
                        const struct ata_pair *pair)
{
    return channel->control & ATA_HOB ? pair->previous : pair->now;
}

/* Who answers for the selected place: device 0 speaks for a missing device 1,
 * nobody for a missing device 0 (9.16). A packet device speaks in zeros, or
 * its signature would show twice. */
static struct ata_unit *answering(struct ata_channel *channel)
{
    struct ata_unit *unit = selected(channel);

    if (present(unit))
        return unit;
    unit = &channel->units[0];
    return present(unit) ? unit : NULL;
}

static uint8_t read_register(struct ata_channel *channel, unsigned reg)
{
    struct ata_unit *unit = answering(channel);

    if (!unit)
        return EMPTY;
    if (unit != selected(channel) && unit->ops->packet)
        return 0;
    switch (reg) {
    case REG_ERROR: return unit->error;
    case REG_COUNT: return get_pair(channel, &unit->count);
    case REG_LOW: return get_pair(channel, &unit->low);
    case REG_MID: return get_pair(channel, &unit->mid);
    case REG_HIGH: return get_pair(channel, &unit->high);
    case REG_DEVICE:
        return (uint8_t)(unit->device | ATA_OBS |
                         (channel->selected ? ATA_DEV : 0));
    default: return unit == selected(channel) ? unit->status : 0;
    }
}

static uint8_t read_status(struct ata_channel *channel)
{
    uint8_t status = read_register(channel, REG_STATUS);

    if (selected(channel)->intrq)
        set_intrq(selected(channel), false);
    return status;
}

/* ---- data port ---- */

static uint32_t get_le(const uint8_t *from, unsigned size)
{
    uint32_t value = 0;

    for (unsigned i = 0; i < size; i++)
        value |= (uint32_t)from[i] << (8 * i);
    return value;
}

static void put_le(uint8_t *to, uint32_t value, unsigned size)
{
    for (unsigned i = 0; i < size; i++)
        to[i] = (uint8_t)(value >> (8 * i));
}

/* What an access of `size` moves: less at the end of a block, and one byte of
 * the ECC that READ LONG and WRITE LONG append. */
static unsigned access_part(const struct ata_unit *unit, unsigned size)
{
    uint32_t left;

    if (unit->pos >= unit->words_end)
        return 1;
    left = unit->words_end - unit->pos;
    return size < left ? size : left;
}

static uint32_t read_data(struct ata_unit *unit, unsigned size)
{
    unsigned part;
    uint32_t value;

    if (unit->flow != ATA_FLOW_IN || unit->dma || !block_ok(unit))
        return 0xffffffff;
    part = access_part(unit, size);
    value = get_le(unit->buffer + unit->pos, part);
    unit->pos += part;
    if (unit->pos >= unit->end)
        ata_unit_block_done(unit);
    return value;
}

static void write_data(struct ata_unit *unit, uint32_t value, unsigned size)
{
    unsigned part;

    if (unit->flow != ATA_FLOW_OUT || unit->dma || !block_ok(unit))
        return;
    part = access_part(unit, size);
    put_le(unit->buffer + unit->pos, value, part);
    unit->pos += part;
    if (unit->pos >= unit->end)
        ata_unit_block_done(unit);
}

/* ---- ports ---- */

static uint32_t command_read(void *dev, paddr offset, unsigned size)
{
    struct ata_channel *channel = dev;
    uint32_t value = 0;

    if (offset == REG_DATA)
        return read_data(selected(channel), size);
    for (unsigned i = 0; i < size; i++) {
        unsigned reg = (unsigned)offset + i;
        uint8_t byte = reg == REG_STATUS ? read_status(channel)
                                         : read_register(channel, reg);

        value |= (uint32_t)byte << (8 * i);
    }
    return value;
}

static void command_write(void *dev, paddr offset, uint32_t value,
                          unsigned size)
{
    struct ata_channel *channel = dev;

    if (offset == REG_DATA) {
        write_data(selected(channel), value, size);
        return;
    }
    for (unsigned i = 0; i < size; i++)
        write_register(channel, (unsigned)offset + i,
                       (uint8_t)(value >> (8 * i)));
}

static uint32_t control_read(void *dev, paddr offset, unsigned size)
{
    (void)offset;
    (void)size;
    return read_register(dev, REG_STATUS);
}

static void control_write(void *dev, paddr offset, uint32_t value,
                          unsigned size)
{
    (void)offset;
    (void)size;
    write_control(dev, (uint8_t)value);
}

static const struct bus_ops command_ops = {command_read, command_write,
                                           1 | 2 | 4};
static const struct bus_ops control_ops = {control_read, control_write, 1};

bool ata_insert_cd(struct device *dev, unsigned unit, struct host_block *block)
{
    struct ata_channel *channel = from_device(dev);

    if (unit >= ATA_UNITS || channel->units[unit].ops != &atapi_ops)
        return false;
    atapi_insert(&channel->units[unit], block);
    return true;
}

/* ---- device ---- */

static void ata_reset(struct device *dev)
{
    struct ata_channel *channel = from_device(dev);

    channel->control = 0;
    channel->diagnosing = false;
    begin_reset(channel);
    for (unsigned i = 0; i < ATA_UNITS; i++) {
        struct ata_unit *unit = &channel->units[i];

        unit->status = 0;
        unit->command = 0;
        unit->pos = unit->end = unit->words_end = 0;
        unit->feature = (struct ata_pair){0, 0};
        unit->dma_mode =
            ata_unit_has_master(unit) ? ATA_MODE_DMA | 2 : ATA_MODE_PIO_DEFAULT;
        if (present(unit))
            come_back(unit, true);
    }
}

static void ata_destroy(struct device *dev)
{
    struct ata_channel *channel = from_device(dev);

    clock_disarm(channel->clock, &channel->reset_event);
    for (unsigned i = 0; i < ATA_UNITS; i++)
        clock_disarm(channel->clock, &channel->units[i].event);
    bus_unmap(channel->ports, channel->base, channel);
    bus_unmap(channel->ports, channel->control_base, channel);
    free(channel);
}

static void ata_loaded(struct device *dev)
{
    struct ata_channel *channel = from_device(dev);

    clock_relink(channel->clock, &channel->reset_event);
    for (unsigned i = 0; i < ATA_UNITS; i++) {
        struct ata_unit *unit = &channel->units[i];

        clock_relink(channel->clock, &unit->event);
        if (present(unit))
            unit->ops->check(unit);
    }
}

static const struct state_field pair_state[] = {
    STATE_FIELD(struct ata_pair, now),
    STATE_FIELD(struct ata_pair, previous),
    STATE_END,
};

static const struct state_field unit_state[] = {
    STATE_TABLE(struct ata_unit, event, clock_event_state),
    STATE_TABLE(struct ata_unit, feature, pair_state),
    STATE_TABLE(struct ata_unit, count, pair_state),
    STATE_TABLE(struct ata_unit, low, pair_state),
    STATE_TABLE(struct ata_unit, mid, pair_state),
    STATE_TABLE(struct ata_unit, high, pair_state),
    STATE_FIELD(struct ata_unit, device),
    STATE_FIELD(struct ata_unit, error),
    STATE_FIELD(struct ata_unit, status),
    STATE_FIELD(struct ata_unit, command),
    STATE_FIELD(struct ata_unit, intrq),
    STATE_FIELD(struct ata_unit, flow),
    STATE_FIELD(struct ata_unit, dma),
    STATE_FIELD(struct ata_unit, dma_mode),
    STATE_FIELD(struct ata_unit, pos),
    STATE_FIELD(struct ata_unit, end),
    STATE_FIELD(struct ata_unit, words_end),
    STATE_ARRAY(struct ata_unit, buffer),
    STATE_TABLE(struct ata_unit, disk, ata_disk_state),
    STATE_TABLE(struct ata_unit, cd, atapi_state),
    STATE_END,
};

static const struct state_field ata_state[] = {
    STATE_TABLE(struct ata_channel, reset_event, clock_event_state),
    STATE_FIELD(struct ata_channel, control),
    STATE_FIELD(struct ata_channel, selected),
    STATE_FIELD(struct ata_channel, diagnosing),
    STATE_TABLES(struct ata_channel, units, unit_state),
    STATE_END,
};

static const struct device_class ata_class = {
    .name = "ata",
    .reset = ata_reset,
    .destroy = ata_destroy,
    .state = ata_state,
    .loaded = ata_loaded,
};

static enum status init_units(struct ata_channel *channel,
                              const struct ata_config *config)
{
    for (unsigned i = 0; i < ATA_UNITS; i++) {
        struct ata_unit *unit = &channel->units[i];

        unit->channel = channel;
        unit->number = (uint8_t)i;
        clock_event_init(&unit->event, unit_fired, unit);
        if (config->units[i].cd)
            atapi_init(unit, config->units[i].medium);
        else if (config->units[i].medium)
            TRY(ata_disk_init(unit, &config->units[i]));
    }
    return STATUS_OK;
}

static enum status claim_ports(struct ata_channel *channel)
{
    enum status status;

    TRY(bus_map(channel->ports, channel->base, PORTS, &command_ops, channel));
    status = bus_map(channel->ports, channel->control_base, 1, &control_ops,
                     channel);
    if (status != STATUS_OK)
        bus_unmap(channel->ports, channel->base, channel);
    return status;
}

enum status ata_create(const struct ata_config *config, struct device **out)
{
    struct ata_channel *channel = calloc(1, sizeof(*channel));
    enum status status;

    *out = NULL;
    if (!channel)
        return STATUS_NO_MEMORY;
    channel->dev = (struct device){&ata_class, config->name};
    channel->ports = config->ports;
    channel->clock = config->clock;
    channel->log = config->log;
    channel->irq = config->irq;
    channel->master = config->master;
    channel->base = config->base;
    channel->control_base = config->control;
    clock_event_init(&channel->reset_event, reset_fired, channel);
    status = init_units(channel, config);
    if (status == STATUS_OK)
        status = claim_ports(channel);
    if (status != STATUS_OK) {
        free(channel);
        return status;
    }
    ata_reset(&channel->dev);
    *out = &channel->dev;
    return STATUS_OK;
}
