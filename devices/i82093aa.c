#include "devices/i82093aa.h"

#include <assert.h>
#include <stdlib.h>

#include "devices/apic.h"

#define PAGE_BYTES 4096u

/* The two registers in memory, and those behind them (datasheet 3.0). */
#define IOREGSEL 0x00
#define IOWIN    0x10
enum {
    IOAPICID = 0x00,
    IOAPICVER = 0x01,
    IOAPICARB = 0x02,
    IOREDTBL = 0x10, /* two for each pin */
};

#define ID_MASK 0x0f000000u
#define VERSION (0x11u | (I82093AA_PINS - 1) << 16)

/* Low half of an entry. */
#define ENTRY_VECTOR     0x000ffu
#define ENTRY_DELIVERY   0x00700u
#define ENTRY_LOGICAL    0x00800u
#define ENTRY_STATUS     0x01000u /* on its way: nobody took it yet */
#define ENTRY_LOW        0x02000u /* polarity: active low */
#define ENTRY_REMOTE_IRR 0x04000u /* by level: taken, no EOI yet */
#define ENTRY_LEVEL      0x08000u
#define ENTRY_MASKED     0x10000u
#define ENTRY_READ_ONLY  (ENTRY_STATUS | ENTRY_REMOTE_IRR)
#define ENTRY_WRITABLE   (0x1ffffu & ~ENTRY_READ_ONLY)

struct i82093aa {
    struct device dev;
    struct mem *mem;
    struct device *apic;
    struct irq_line extint;

    uint32_t id; /* in place */
    uint8_t select;
    uint32_t low[I82093AA_PINS], high[I82093AA_PINS];
    bool pin[I82093AA_PINS]; /* levels at the chip */

    bool extint_driven; /* rebuilt on load */
};

static bool active(const struct i82093aa *io, unsigned n)
{
    return io->pin[n] != !!(io->low[n] & ENTRY_LOW);
}

static enum apic_delivery delivery(uint32_t low)
{
    return (enum apic_delivery)((low & ENTRY_DELIVERY) >> 8);
}

/* SMI, NMI, INIT and ExtINT are edges, whatever the entry says (3.2.4). */
static bool by_level(uint32_t low)
{
    enum apic_delivery mode = delivery(low);

    return (low & ENTRY_LEVEL) && (mode == APIC_FIXED || mode == APIC_LOWEST);
}

static bool send(struct i82093aa *io, unsigned n)
{
    uint32_t low = io->low[n];
    const struct apic_message message = {
        .destination = (uint8_t)(io->high[n] >> 24),
        .logical = low & ENTRY_LOGICAL,
        .delivery = delivery(low),
        .vector = (uint8_t)(low & ENTRY_VECTOR),
        .level = by_level(low),
    };

    return apic_deliver(io->apic, &message);
}

/* A pin in ExtINT mode is a wire through to the processor. */
static void update_extint(struct i82093aa *io)
{
    bool level = false;

    for (unsigned n = 0; n < I82093AA_PINS; n++) {
        if (!(io->low[n] & ENTRY_MASKED) &&
            delivery(io->low[n]) == APIC_EXTINT && active(io, n))
            level = true;
    }
    if (level == io->extint_driven)
        return;
    io->extint_driven = level;
    irq_set(&io->extint, level);
}

/* Sends what pin n has to say. `edge`: it has just become active. */
static void serve(struct i82093aa *io, unsigned n, bool edge)
{
    uint32_t *low = &io->low[n];
    bool due;

    if ((*low & ENTRY_MASKED) || delivery(*low) == APIC_EXTINT)
        return;
    if (by_level(*low))
        due = active(io, n) && !(*low & ENTRY_REMOTE_IRR);
    else
        due = edge || (*low & ENTRY_STATUS);
    *low &= ~ENTRY_STATUS;
    if (!due)
        return;
    if (!send(io, n))
        *low |= ENTRY_STATUS;
    else if (by_level(*low))
        *low |= ENTRY_REMOTE_IRR;
}

static void set_pin(void *sink, unsigned n, bool level)
{
    struct i82093aa *io = sink;
    bool was = active(io, n);

    io->pin[n] = level;
    serve(io, n, !was && active(io, n));
    update_extint(io);
}

static void set_pin_low(void *sink, unsigned n, bool level)
{
    set_pin(sink, n, !level);
}

/* The local APIC's side of the bus. */

static void on_eoi(void *sink, uint8_t vector)
{
    struct i82093aa *io = sink;

    for (unsigned n = 0; n < I82093AA_PINS; n++) {
        if (!by_level(io->low[n]) || (io->low[n] & ENTRY_VECTOR) != vector)
            continue;
        io->low[n] &= ~ENTRY_REMOTE_IRR;
        serve(io, n, false);
    }
}

static void on_ready(void *sink)
{
    struct i82093aa *io = sink;

    for (unsigned n = 0; n < I82093AA_PINS; n++)
        serve(io, n, false);
}

/* Registers. */

static uint32_t read_register(const struct i82093aa *io)
{
    unsigned n = (io->select - (unsigned)IOREDTBL) / 2;

    switch (io->select) {
    case IOAPICID:
    case IOAPICARB: return io->id;
    case IOAPICVER: return VERSION;
    default: break;
    }
    if (io->select < IOREDTBL || n >= I82093AA_PINS)
        return 0;
    return io->select & 1 ? io->high[n] : io->low[n];
}

static void write_entry(struct i82093aa *io, unsigned n, uint32_t value)
{
    bool was = active(io, n);
    uint32_t kept = io->low[n] & ENTRY_READ_ONLY;

    io->low[n] = (value & ENTRY_WRITABLE) | kept;
    if (!by_level(io->low[n])) /* a way to get rid of a lost EOI */
        io->low[n] &= ~ENTRY_REMOTE_IRR;
    serve(io, n, !was && active(io, n));
    update_extint(io);
}

static void write_register(struct i82093aa *io, uint32_t value)
{
    unsigned n = (io->select - (unsigned)IOREDTBL) / 2;

    if (io->select == IOAPICID)
        io->id = value & ID_MASK;
    if (io->select < IOREDTBL || n >= I82093AA_PINS)
        return;
    if (io->select & 1)
        io->high[n] = value & 0xff000000u;
    else
        write_entry(io, n, value);
}

static uint32_t page_read(void *dev, paddr offset, unsigned size)
{
    const struct i82093aa *io = dev;
    unsigned byte = offset & 3;
    uint32_t value = 0;

    (void)size;
    if ((offset & 0xfcu) == IOREGSEL)
        value = io->select;
    else if ((offset & 0xfcu) == IOWIN)
        value = read_register(io);
    return value >> (8 * byte);
}

/* The window is written whole; the selector is a byte. */
static void page_write(void *dev, paddr offset, uint32_t value, unsigned size)
{
    struct i82093aa *io = dev;

    if ((offset & 0xffu) == IOREGSEL)
        io->select = (uint8_t)value;
    else if ((offset & 0xffu) == IOWIN && size == 4)
        write_register(io, value);
}

static const struct bus_ops page_ops = {page_read, page_write, 1 | 2 | 4};

struct irq_line i82093aa_input(struct device *dev, unsigned pin)
{
    assert(pin < I82093AA_PINS);
    return (struct irq_line){set_pin, CONTAINER_OF(dev, struct i82093aa, dev),
                             pin};
}

struct irq_line i82093aa_input_low(struct device *dev, unsigned pin)
{
    struct i82093aa *io = CONTAINER_OF(dev, struct i82093aa, dev);

    assert(pin < I82093AA_PINS);
    io->pin[pin] = true; /* not asserted */
    return (struct irq_line){set_pin_low, io, pin};
}

static void i82093aa_reset(struct device *dev)
{
    struct i82093aa *io = CONTAINER_OF(dev, struct i82093aa, dev);

    io->id = 0;
    io->select = 0;
    for (unsigned n = 0; n < I82093AA_PINS; n++) {
        io->low[n] = ENTRY_MASKED;
        io->high[n] = 0;
    }
    update_extint(io);
}

static void i82093aa_destroy(struct device *dev)
{
    struct i82093aa *io = CONTAINER_OF(dev, struct i82093aa, dev);
    const struct apic_bus nobody = {0};

    apic_plug_bus(io->apic, &nobody);
    mem_unmap(io->mem, I82093AA_BASE, PAGE_BYTES);
    free(io);
}

static void i82093aa_loaded(struct device *dev)
{
    struct i82093aa *io = CONTAINER_OF(dev, struct i82093aa, dev);

    update_extint(io);
}

static const struct state_field i82093aa_state[] = {
    STATE_FIELD(struct i82093aa, id),  STATE_FIELD(struct i82093aa, select),
    STATE_ARRAY(struct i82093aa, low), STATE_ARRAY(struct i82093aa, high),
    STATE_ARRAY(struct i82093aa, pin), STATE_END,
};

static const struct device_class i82093aa_class = {
    .name = "i82093aa",
    .reset = i82093aa_reset,
    .destroy = i82093aa_destroy,
    .state = i82093aa_state,
    .loaded = i82093aa_loaded,
};

enum status i82093aa_create(const struct i82093aa_config *config,
                            struct device **out)
{
    struct i82093aa *io = calloc(1, sizeof(*io));
    const struct apic_bus bus = {on_eoi, on_ready, io};

    *out = NULL;
    if (!io)
        return STATUS_NO_MEMORY;
    io->dev = (struct device){&i82093aa_class, config->name};
    io->mem = config->mem;
    io->apic = config->apic;
    io->extint = apic_extint(config->apic);
    mem_map_io(io->mem, I82093AA_BASE, PAGE_BYTES, &page_ops, io);
    apic_plug_bus(io->apic, &bus);
    i82093aa_reset(&io->dev);
    *out = &io->dev;
    return STATUS_OK;
}
