#include "devices/i8237.h"

#include <assert.h>
#include <stdlib.h>

#define CHANNELS 4 /* of one chip */
#define CHIPS    2
#define CASCADE  4 /* the second chip's channel 0 */

#define COMMAND_MEM_TO_MEM 0x01
#define COMMAND_HOLD       0x02 /* channel 0's address stays, mem to mem */
#define COMMAND_DISABLE    0x04
#define MODE_TYPE          0x0c /* bits 2-3: transfer type */
#define MODE_VERIFY        0x00
#define MODE_WRITE         0x04 /* to memory */
#define MODE_READ          0x08
#define MODE_AUTOINIT      0x10
#define MODE_DECREMENT     0x20
#define MODE_KIND          0xc0
#define MODE_CASCADE       0xc0

/* Registers 8 to 15, as written and as read. */
enum {
    REG_COMMAND = 8, /* reads: status */
    REG_REQUEST = 9,
    REG_MASK_BIT = 10,
    REG_MODE = 11,
    REG_FLIP_FLOP = 12,
    REG_MASTER_CLEAR = 13, /* reads: temporary */
    REG_CLEAR_MASK = 14,
    REG_MASK = 15,
};

struct channel {
    uint16_t base_address, base_count;
    uint16_t address, count;
    uint8_t mode; /* bits 2-7 of the mode register */
};

struct chip {
    struct channel channels[CHANNELS];
    uint8_t command, temporary;
    uint8_t mask, request;  /* a bit a channel; software requests */
    uint8_t terminal, dreq; /* status bits 0-3 and 4-7 */
    bool high;              /* flip-flop: the next byte is the high one */
};

struct i8237 {
    struct device dev;
    struct mem *mem;        /* borrowed */
    struct host_char *post; /* borrowed */
    struct chip chips[CHIPS];
    uint8_t pages[16]; /* ports 80-8F */
};

/* Page register of each channel, as offset from port 80. */
static const uint8_t page_of[CHIPS * CHANNELS] = {7, 3, 1, 2, 15, 11, 9, 10};

static struct i8237 *from_device(struct device *dev)
{
    return CONTAINER_OF(dev, struct i8237, dev);
}

/* Address lines of a channel: the 8237 counts in its 16 bits alone. On the
 * second chip these are A1-A16 and page bit 0 goes nowhere. */
static paddr bus_address(const struct i8237 *d, unsigned chip, unsigned n)
{
    const struct channel *ch = &d->chips[chip].channels[n];
    paddr page = d->pages[page_of[chip * CHANNELS + n]];

    if (chip == 0)
        return page << 16 | ch->address;
    return (page & 0xfe) << 16 | (paddr)ch->address << 1;
}

/* Terminal count: the status bit, and what the mode asks for. */
static void terminate(struct chip *c, unsigned n)
{
    struct channel *ch = &c->channels[n];

    c->terminal |= (uint8_t)(1u << n);
    c->request &= (uint8_t) ~(1u << n);
    if (ch->mode & MODE_AUTOINIT) {
        ch->address = ch->base_address;
        ch->count = ch->base_count;
    } else {
        c->mask |= (uint8_t)(1u << n);
    }
}

static void step_address(struct channel *ch, size_t units)
{
    if (ch->mode & MODE_DECREMENT)
        ch->address = (uint16_t)(ch->address - units);
    else
        ch->address = (uint16_t)(ch->address + units);
}

/* Counts `units` transfers, at most count + 1. True at terminal count. */
static bool advance(struct chip *c, unsigned n, size_t units)
{
    struct channel *ch = &c->channels[n];
    bool end = units > ch->count;

    assert(units <= (size_t)ch->count + 1);
    step_address(ch, units);
    ch->count = (uint16_t)(ch->count - units);
    if (end)
        terminate(c, n);
    return end;
}

/* How many transfers fit before the address wraps. */
static size_t until_wrap(const struct channel *ch)
{
    if (ch->mode & MODE_DECREMENT)
        return (size_t)ch->address + 1;
    return 0x10000 - (size_t)ch->address;
}

static void move_bytes(struct i8237 *d, paddr addr, enum dma_direction dir,
                       uint8_t *buffer, size_t size)
{
    if (dir == DMA_TO_MEMORY)
        mem_write(d->mem, addr, buffer, size);
    else
        mem_read(d->mem, addr, buffer, size);
}

/* Moves `units` transfers that do not wrap, from the channel's address on. */
static void move_run(struct i8237 *d, unsigned channel, enum dma_direction dir,
                     uint8_t *buffer, size_t units)
{
    unsigned chip = channel / CHANNELS, n = channel % CHANNELS;
    unsigned shift = chip; /* a unit is 1 << shift bytes */
    paddr addr = bus_address(d, chip, n);
    size_t width = (size_t)1 << shift;

    if (!(d->chips[chip].channels[n].mode & MODE_DECREMENT)) {
        move_bytes(d, addr, dir, buffer, units << shift);
        return;
    }
    for (size_t i = 0; i < units; i++)
        move_bytes(d, addr - (i << shift), dir, buffer + (i << shift), width);
}

/* Whether a chip's hold request gets as far as the processor. */
static bool reaches_bus(const struct i8237 *d, unsigned chip)
{
    const struct chip *second = &d->chips[1];

    if (d->chips[chip].command & COMMAND_DISABLE)
        return false;
    return chip == 1 ||
           (!(second->command & COMMAND_DISABLE) && !(second->mask & 1) &&
            (second->channels[0].mode & MODE_KIND) == MODE_CASCADE);
}

/* Moves up to `units` transfers; masks were looked at before. */
static size_t move_units(struct i8237 *d, unsigned channel,
                         enum dma_direction dir, uint8_t *buffer, size_t units)
{
    struct chip *c = &d->chips[channel / CHANNELS];
    struct channel *ch = &c->channels[channel % CHANNELS];
    unsigned shift = channel / CHANNELS;
    uint8_t type = ch->mode & MODE_TYPE;
    size_t done = 0, most = (size_t)ch->count + 1;

    if ((ch->mode & MODE_KIND) == MODE_CASCADE)
        return 0;
    if (type != MODE_VERIFY &&
        type != (dir == DMA_TO_MEMORY ? MODE_WRITE : MODE_READ))
        return 0;
    if (units > most)
        units = most;
    while (done < units) { /* at most twice: once round the address */
        size_t run = until_wrap(ch);

        if (run > units - done)
            run = units - done;
        if (type != MODE_VERIFY)
            move_run(d, channel, dir, buffer + (done << shift), run);
        advance(c, channel % CHANNELS, run);
        done += run;
    }
    return done;
}

static size_t transfer(void *sink, unsigned channel, enum dma_direction dir,
                       uint8_t *buffer, size_t size, bool *tc)
{
    struct i8237 *d = sink;
    unsigned chip = channel / CHANNELS, n = channel % CHANNELS;
    size_t most = (size_t)d->chips[chip].channels[n].count + 1, done;

    *tc = false;
    if (!reaches_bus(d, chip) || (d->chips[chip].mask & 1u << n))
        return 0;
    done = move_units(d, channel, dir, buffer, size >> chip);
    *tc = done == most;
    return done << chip;
}

static void request(void *sink, unsigned channel, bool level)
{
    struct i8237 *d = sink;
    struct chip *c = &d->chips[channel / CHANNELS];
    uint8_t bit = (uint8_t)(1u << channel % CHANNELS);

    if (level)
        c->dreq |= bit;
    else
        c->dreq &= (uint8_t)~bit;
}

/* Memory to memory: channel 0 reads, channel 1 writes and counts. */
static void copy_memory(struct i8237 *d)
{
    struct chip *c = &d->chips[0];
    struct channel *from = &c->channels[0];
    bool end = false;

    while (!end) { /* at most 65536 times: channel 1's count */
        mem_read(d->mem, bus_address(d, 0, 0), &c->temporary, 1);
        mem_write(d->mem, bus_address(d, 0, 1), &c->temporary, 1);
        end = advance(c, 1, 1);
        if (!(c->command & COMMAND_HOLD))
            step_address(from, 1);
        from->count--;
    }
    if (from->mode & MODE_AUTOINIT) {
        from->address = from->base_address;
        from->count = from->base_count;
    }
    c->request &= 0xfe;
}

/* A software request runs to terminal count. No device is addressed by it:
 * what is written is what floats on the bus. */
static void serve_request(struct i8237 *d, unsigned chip, unsigned n)
{
    struct channel *ch = &d->chips[chip].channels[n];
    uint8_t floating[2] = {0xff, 0xff};
    size_t left = (size_t)ch->count + 1;
    enum dma_direction dir =
        (ch->mode & MODE_TYPE) == MODE_READ ? DMA_FROM_MEMORY : DMA_TO_MEMORY;

    if (chip == 0 && n == 0 && (d->chips[0].command & COMMAND_MEM_TO_MEM)) {
        copy_memory(d);
        return;
    }
    while (left-- && move_units(d, chip * CHANNELS + n, dir, floating, 1))
        ; /* bounded by the count; stops at once in a mode that moves nothing */
}

/* Software requests are served, masked or not, as soon as the bus is free. */
static void serve_requests(struct i8237 *d)
{
    for (unsigned chip = 0; chip < CHIPS; chip++) {
        for (unsigned n = 0; n < CHANNELS && reaches_bus(d, chip); n++) {
            if (d->chips[chip].request & 1u << n)
                serve_request(d, chip, n);
        }
    }
}

static void master_clear(struct chip *c)
{
    c->command = c->temporary = c->request = c->terminal = 0;
    c->mask = 0x0f;
    c->high = false;
}

static void write_bit(uint8_t *bits, uint8_t byte)
{
    uint8_t bit = (uint8_t)(1u << (byte & 3));

    if (byte & 4)
        *bits |= bit;
    else
        *bits &= (uint8_t)~bit;
}

static void write_half(uint16_t *word, bool high, uint8_t byte)
{
    *word = (uint16_t)(high ? (*word & 0x00ff) | byte << 8
                            : (*word & 0xff00) | byte);
}

static void write_channel(struct chip *c, unsigned reg, uint8_t byte)
{
    struct channel *ch = &c->channels[reg >> 1];

    if (reg & 1) {
        write_half(&ch->base_count, c->high, byte);
        write_half(&ch->count, c->high, byte);
    } else {
        write_half(&ch->base_address, c->high, byte);
        write_half(&ch->address, c->high, byte);
    }
    c->high = !c->high;
}

static uint8_t read_channel(struct chip *c, unsigned reg)
{
    const struct channel *ch = &c->channels[reg >> 1];
    uint16_t word = reg & 1 ? ch->count : ch->address;
    bool high = c->high;

    c->high = !high;
    return (uint8_t)(high ? word >> 8 : word);
}

static void write_register(struct i8237 *d, unsigned chip, unsigned reg,
                           uint8_t byte)
{
    struct chip *c = &d->chips[chip];

    switch (reg) {
    case REG_COMMAND: c->command = byte; break;
    case REG_REQUEST: write_bit(&c->request, byte); break;
    case REG_MASK_BIT: write_bit(&c->mask, byte); break;
    case REG_MODE: c->channels[byte & 3].mode = byte & 0xfc; break;
    case REG_FLIP_FLOP: c->high = false; break;
    case REG_MASTER_CLEAR: master_clear(c); break;
    case REG_CLEAR_MASK: c->mask = 0; break;
    case REG_MASK: c->mask = byte & 0x0f; break;
    default: write_channel(c, reg, byte); break;
    }
    serve_requests(d);
}

static uint8_t read_status(struct i8237 *d, unsigned chip)
{
    const struct chip *first = &d->chips[0];
    struct chip *c = &d->chips[chip];
    uint8_t requests = c->dreq | c->request, terminal = c->terminal;

    if (chip == 1 && ((first->dreq & ~first->mask) || first->request))
        requests |= 1; /* the cascade */
    c->terminal = 0;
    return (uint8_t)(terminal | requests << 4);
}

/* Reads that the datasheet calls illegal give ones; register 15 gives the
 * mask, as later parts do. */
static uint8_t read_register(struct i8237 *d, unsigned chip, unsigned reg)
{
    struct chip *c = &d->chips[chip];

    switch (reg) {
    case REG_COMMAND: return read_status(d, chip);
    case REG_MASTER_CLEAR: return c->temporary;
    case REG_MASK: return c->mask | 0xf0;
    case REG_REQUEST:
    case REG_MASK_BIT:
    case REG_MODE:
    case REG_FLIP_FLOP:
    case REG_CLEAR_MASK: return 0xff;
    default: return read_channel(c, reg);
    }
}

static uint32_t first_read(void *dev, paddr offset, unsigned size)
{
    (void)size;
    return read_register(dev, 0, offset & 15);
}

static void first_write(void *dev, paddr offset, uint32_t value, unsigned size)
{
    (void)size;
    write_register(dev, 0, offset & 15, (uint8_t)value);
}

/* The second chip's address lines are shifted by one. */
static uint32_t second_read(void *dev, paddr offset, unsigned size)
{
    (void)size;
    return read_register(dev, 1, offset >> 1 & 15);
}

static void second_write(void *dev, paddr offset, uint32_t value, unsigned size)
{
    (void)size;
    write_register(dev, 1, offset >> 1 & 15, (uint8_t)value);
}

static uint32_t page_read(void *dev, paddr offset, unsigned size)
{
    const struct i8237 *d = dev;

    (void)size;
    return d->pages[offset & 15];
}

static void page_write(void *dev, paddr offset, uint32_t value, unsigned size)
{
    struct i8237 *d = dev;

    (void)size;
    d->pages[offset & 15] = (uint8_t)value;
    if (offset == 0 && d->post)
        d->post->put(d->post, (uint8_t)value);
}

static const struct bus_ops first_ops = {first_read, first_write, 1};
static const struct bus_ops second_ops = {second_read, second_write, 1};
static const struct bus_ops page_ops = {page_read, page_write, 1};

struct dma_line i8237_line(struct device *dev, unsigned channel)
{
    assert(channel < CHIPS * CHANNELS);
    if (channel == CASCADE)
        return (struct dma_line){0};
    return (struct dma_line){transfer, request, from_device(dev), channel};
}

uint8_t i8237_post_code(const struct device *dev)
{
    return CONTAINER_OF(dev, const struct i8237, dev)->pages[0];
}

/* RESET does what a master clear does; the rest is undefined and stays. */
static void i8237_reset(struct device *dev)
{
    struct i8237 *d = from_device(dev);

    for (unsigned chip = 0; chip < CHIPS; chip++)
        master_clear(&d->chips[chip]);
}

static void i8237_loaded(struct device *dev)
{
    struct i8237 *d = from_device(dev);

    for (unsigned chip = 0; chip < CHIPS; chip++) {
        d->chips[chip].mask &= 0x0f;
        d->chips[chip].request &= 0x0f;
        d->chips[chip].terminal &= 0x0f;
        d->chips[chip].dreq &= 0x0f;
    }
}

static void i8237_destroy(struct device *dev)
{
    free(from_device(dev));
}

static const struct state_field channel_state[] = {
    STATE_FIELD(struct channel, base_address),
    STATE_FIELD(struct channel, base_count),
    STATE_FIELD(struct channel, address),
    STATE_FIELD(struct channel, count),
    STATE_FIELD(struct channel, mode),
    STATE_END,
};

static const struct state_field chip_state[] = {
    STATE_TABLES(struct chip, channels, channel_state),
    STATE_FIELD(struct chip, command),
    STATE_FIELD(struct chip, temporary),
    STATE_FIELD(struct chip, mask),
    STATE_FIELD(struct chip, request),
    STATE_FIELD(struct chip, terminal),
    STATE_FIELD(struct chip, dreq),
    STATE_FIELD(struct chip, high),
    STATE_END,
};

static const struct state_field i8237_state[] = {
    STATE_TABLES(struct i8237, chips, chip_state),
    STATE_ARRAY(struct i8237, pages),
    STATE_END,
};

static const struct device_class i8237_class = {
    .name = "i8237",
    .reset = i8237_reset,
    .destroy = i8237_destroy,
    .state = i8237_state,
    .loaded = i8237_loaded,
};

static enum status map_ports(struct i8237 *d, struct bus *ports)
{
    TRY(bus_map(ports, 0x00, 16, &first_ops, d));
    TRY(bus_map(ports, 0x80, 16, &page_ops, d));
    TRY(bus_map(ports, 0xc0, 32, &second_ops, d));
    return STATUS_OK;
}

enum status i8237_create(const struct i8237_config *config, struct device **out)
{
    struct i8237 *d = calloc(1, sizeof(*d));
    enum status status;

    *out = NULL;
    if (!d)
        return STATUS_NO_MEMORY;
    d->dev = (struct device){&i8237_class, config->name};
    d->mem = config->mem;
    d->post = config->post;
    status = map_ports(d, config->ports);
    if (status != STATUS_OK) {
        bus_unmap(config->ports, 0x00, d);
        bus_unmap(config->ports, 0x80, d);
        free(d);
        return status;
    }
    i8237_reset(&d->dev);
    *out = &d->dev;
    return STATUS_OK;
}
