#include "devices/i8259.h"

#include <assert.h>
#include <stdlib.h>

#define ICW1_SELECT 0x10 /* with A0 = 0: this byte is ICW1 */
#define ICW1_LTIM   0x08 /* level triggered */
#define ICW1_ADI    0x04 /* MCS-80: call interval 4, not 8 */
#define ICW1_SNGL   0x02 /* no cascade, no ICW3 */
#define ICW1_IC4    0x01 /* ICW4 follows */
#define ICW4_SFNM   0x10 /* special fully nested */
#define ICW4_AEOI   0x02 /* end of interrupt by itself */
#define ICW4_8086   0x01 /* vector byte, not a CALL instruction */
#define OCW2_ROTATE 0x80
#define OCW2_SL     0x40 /* bits 0-2 name a level */
#define OCW2_EOI    0x20
#define OCW3_SELECT 0x08
#define OCW3_ESMM   0x40
#define OCW3_SMM    0x20
#define OCW3_POLL   0x04
#define OCW3_RR     0x02
#define OCW3_RIS    0x01

#define POLL_REQUEST 0x80
#define NONE         8 /* no level */
#define DEFAULT      7 /* the level of an interrupt that went away */
#define CASCADE      2 /* the slave's input on the master */

enum {
    MASTER,
    SLAVE,
    CHIPS
};

/* Inputs whose ELCR bit exists: not timer, keyboard, cascade, RTC, FPU. */
static const uint8_t elcr_mask[CHIPS] = {0xf8, 0xde};

struct pic {
    uint8_t lines_isa, lines_pci; /* wires into the inputs */
    uint8_t armed;    /* edge latch: set while low, cleared by INTA */
    uint8_t isr, imr; /* in service, masked */
    uint8_t elcr;     /* level triggered inputs */
    uint8_t icw1, icw2, icw3, icw4;
    uint8_t expect; /* ICW that comes next at A0 = 1; 0: OCW1 */
    uint8_t lowest; /* level of lowest priority */
    bool read_isr;  /* what A0 = 0 reads: ISR, not IRR */
    bool poll;      /* the next read is an acknowledge */
    bool special_mask;
    bool rotate_aeoi;
    bool intr; /* INT output */
};

struct i8259 {
    struct device dev;
    struct irq_line intr, tap;
    bool has_elcr;
    struct pic pics[CHIPS];
};

static uint8_t bit(unsigned level)
{
    return (uint8_t)(1u << level);
}

static uint8_t inputs(const struct pic *p)
{
    return p->lines_isa | p->lines_pci;
}

static uint8_t irr(const struct i8259 *pair, const struct pic *p)
{
    uint8_t level = p->icw1 & ICW1_LTIM ? 0xff : 0;

    if (pair->has_elcr)
        level = p->elcr;
    return inputs(p) & (p->armed | level);
}

static bool is_cascade(const struct i8259 *pair, const struct pic *p,
                       unsigned level)
{
    return p == &pair->pics[MASTER] && !(p->icw1 & ICW1_SNGL) &&
           (p->icw3 & bit(level));
}

/* The level that the priority resolver lets through, or NONE. */
static unsigned resolve(const struct i8259 *pair, const struct pic *p)
{
    uint8_t request = (uint8_t)(irr(pair, p) & ~p->imr);
    uint8_t inhibit = p->isr;

    if (!request)
        return NONE;
    if (p->special_mask)
        inhibit &= (uint8_t)~p->imr;
    for (unsigned i = 1; i <= 8; i++) {
        unsigned level = (p->lowest + i) & 7;
        bool nested = (p->icw4 & ICW4_SFNM) && is_cascade(pair, p, level);

        if ((request & bit(level)) && (!(inhibit & bit(level)) || nested))
            return level;
        if (inhibit & bit(level))
            return NONE;
    }
    return NONE;
}

static void set_inputs(struct pic *p, uint8_t *lines, unsigned level, bool high)
{
    if (high)
        *lines |= bit(level);
    else
        *lines &= (uint8_t)~bit(level);
    p->armed |= (uint8_t)~inputs(p);
}

static void set_intr(struct i8259 *pair, unsigned chip, bool level)
{
    struct pic *p = &pair->pics[chip];
    struct pic *master = &pair->pics[MASTER];

    if (p->intr == level)
        return;
    p->intr = level;
    if (chip == MASTER)
        irq_set(&pair->intr, level);
    else
        set_inputs(master, &master->lines_isa, CASCADE, level);
}

static void update(struct i8259 *pair)
{
    for (unsigned chip = CHIPS; chip-- > 0;) {
        const struct pic *p = &pair->pics[chip];

        set_intr(pair, chip, !p->expect && resolve(pair, p) != NONE);
    }
}

/* One chip's part of the INTA cycle: puts the level in service and returns it,
 * or the default level. INT drops, so that what waits makes a new edge. */
static unsigned acknowledge(struct i8259 *pair, unsigned chip, bool *real)
{
    struct pic *p = &pair->pics[chip];
    unsigned level = resolve(pair, p);

    *real = level != NONE;
    if (!*real)
        return DEFAULT;
    p->armed &= (uint8_t)~bit(level);
    if (!(p->icw4 & ICW4_AEOI))
        p->isr |= bit(level);
    else if (p->rotate_aeoi)
        p->lowest = (uint8_t)level;
    set_intr(pair, chip, false);
    return level;
}

static uint8_t vector_of(const struct pic *p, unsigned level)
{
    if (p->icw4 & ICW4_8086)
        return (uint8_t)((p->icw2 & 0xf8) | level);
    if (p->icw1 & ICW1_ADI) /* low address byte of the CALL */
        return (uint8_t)((p->icw1 & 0xe0) | level << 2);
    return (uint8_t)((p->icw1 & 0xc0) | level << 3);
}

static uint8_t ack_vector(void *source)
{
    struct i8259 *pair = source;
    struct pic *master = &pair->pics[MASTER], *slave = &pair->pics[SLAVE];
    bool real;
    unsigned level = acknowledge(pair, MASTER, &real);
    uint8_t vector;

    if (!real || !is_cascade(pair, master, level))
        vector = vector_of(master, level);
    else if ((slave->icw3 & 7) == level)
        vector = vector_of(slave, acknowledge(pair, SLAVE, &real));
    else
        vector = 0xff; /* no slave knows this number: the bus floats */
    update(pair);
    return vector;
}

static uint8_t read_poll(struct i8259 *pair, unsigned chip)
{
    bool real;
    unsigned level = acknowledge(pair, chip, &real);

    pair->pics[chip].poll = false;
    update(pair);
    return (uint8_t)(level | (real ? POLL_REQUEST : 0));
}

static uint8_t read_pic(struct i8259 *pair, unsigned chip, unsigned a0)
{
    const struct pic *p = &pair->pics[chip];

    if (p->poll)
        return read_poll(pair, chip);
    if (a0)
        return p->imr;
    return p->read_isr ? p->isr : irr(pair, p);
}

static void write_icw1(struct pic *p, uint8_t byte)
{
    p->icw1 = byte;
    p->icw3 = 7;
    p->icw4 = 0;
    p->expect = 2;
    p->isr = p->imr = 0;
    p->armed = (uint8_t)~inputs(p);
    p->lowest = 7;
    p->read_isr = p->poll = p->special_mask = p->rotate_aeoi = false;
}

static void write_icw(struct pic *p, uint8_t byte)
{
    bool icw4 = p->icw1 & ICW1_IC4;

    switch (p->expect) {
    case 2:
        p->icw2 = byte;
        if (!(p->icw1 & ICW1_SNGL))
            p->expect = 3;
        else
            p->expect = icw4 ? 4 : 0;
        break;
    case 3:
        p->icw3 = byte;
        p->expect = icw4 ? 4 : 0;
        break;
    default:
        p->icw4 = byte;
        p->expect = 0;
        break;
    }
}

/* The level in service with the highest priority, or NONE. */
static unsigned highest_in_service(const struct pic *p)
{
    uint8_t isr = p->special_mask ? (uint8_t)(p->isr & ~p->imr) : p->isr;

    for (unsigned i = 1; i <= 8; i++) {
        unsigned level = (p->lowest + i) & 7;

        if (isr & bit(level))
            return level;
    }
    return NONE;
}

static void write_ocw2(struct pic *p, uint8_t byte)
{
    unsigned level = byte & 7;

    if (!(byte & OCW2_EOI)) {
        if (!(byte & OCW2_SL))
            p->rotate_aeoi = byte & OCW2_ROTATE;
        else if (byte & OCW2_ROTATE)
            p->lowest = (uint8_t)level; /* set priority */
        return;
    }
    if (!(byte & OCW2_SL))
        level = highest_in_service(p);
    if (level == NONE)
        return;
    p->isr &= (uint8_t)~bit(level);
    if (byte & OCW2_ROTATE)
        p->lowest = (uint8_t)level;
}

static void write_ocw3(struct pic *p, uint8_t byte)
{
    if (byte & OCW3_ESMM)
        p->special_mask = byte & OCW3_SMM;
    if (byte & OCW3_POLL)
        p->poll = true;
    else if (byte & OCW3_RR)
        p->read_isr = byte & OCW3_RIS;
}

static void write_pic(struct pic *p, unsigned a0, uint8_t byte)
{
    if (a0 && p->expect)
        write_icw(p, byte);
    else if (a0)
        p->imr = byte;
    else if (byte & ICW1_SELECT)
        write_icw1(p, byte);
    else if (byte & OCW3_SELECT)
        write_ocw3(p, byte);
    else
        write_ocw2(p, byte);
}

static uint32_t master_read(void *dev, paddr offset, unsigned size)
{
    (void)size;
    return read_pic(dev, MASTER, offset & 1);
}

static uint32_t slave_read(void *dev, paddr offset, unsigned size)
{
    (void)size;
    return read_pic(dev, SLAVE, offset & 1);
}

static void master_write(void *dev, paddr offset, uint32_t value, unsigned size)
{
    struct i8259 *pair = dev;

    (void)size;
    write_pic(&pair->pics[MASTER], offset & 1, (uint8_t)value);
    update(pair);
}

static void slave_write(void *dev, paddr offset, uint32_t value, unsigned size)
{
    struct i8259 *pair = dev;

    (void)size;
    write_pic(&pair->pics[SLAVE], offset & 1, (uint8_t)value);
    update(pair);
}

static uint32_t elcr_read(void *dev, paddr offset, unsigned size)
{
    const struct i8259 *pair = dev;

    (void)size;
    return pair->pics[offset & 1].elcr;
}

static void elcr_write(void *dev, paddr offset, uint32_t value, unsigned size)
{
    struct i8259 *pair = dev;
    unsigned chip = offset & 1;

    (void)size;
    pair->pics[chip].elcr = (uint8_t)(value & elcr_mask[chip]);
    update(pair);
}

static const struct bus_ops master_ops = {master_read, master_write, 1};
static const struct bus_ops slave_ops = {slave_read, slave_write, 1};
static const struct bus_ops elcr_ops = {elcr_read, elcr_write, 1};

/* Somebody outside drives an input. */
static void set_wire(struct i8259 *pair, uint8_t *wires, unsigned irq,
                     bool level)
{
    struct pic *p = &pair->pics[irq >> 3];
    bool was = inputs(p) & bit(irq & 7);

    set_inputs(p, wires, irq & 7, level);
    level = inputs(p) & bit(irq & 7);
    if (pair->tap.set && level != was)
        pair->tap.set(pair->tap.sink, irq, level);
    update(pair);
}

static void set_isa(void *sink, unsigned pin, bool level)
{
    struct i8259 *pair = sink;

    set_wire(pair, &pair->pics[pin >> 3].lines_isa, pin, level);
}

static void set_pci(void *sink, unsigned pin, bool level)
{
    struct i8259 *pair = sink;

    set_wire(pair, &pair->pics[pin >> 3].lines_pci, pin, level);
}

static struct i8259 *from_device(struct device *dev)
{
    return CONTAINER_OF(dev, struct i8259, dev);
}

struct irq_line i8259_input(struct device *dev, unsigned irq)
{
    assert(irq < 16);
    if (irq == CASCADE)
        return (struct irq_line){0};
    return (struct irq_line){set_isa, from_device(dev), irq};
}

struct irq_line i8259_pci_input(struct device *dev, unsigned irq)
{
    assert(irq < 16);
    if (irq == CASCADE)
        return (struct irq_line){0};
    return (struct irq_line){set_pci, from_device(dev), irq};
}

struct irq_ack i8259_ack(struct device *dev)
{
    return (struct irq_ack){ack_vector, from_device(dev)};
}

/* The chip has no reset pin: this is power-on. All is masked until firmware
 * initialises it. The wires keep the levels that others drive. */
static void i8259_reset(struct device *dev)
{
    struct i8259 *pair = from_device(dev);

    for (unsigned chip = 0; chip < CHIPS; chip++) {
        struct pic *p = &pair->pics[chip];

        write_icw1(p, 0);
        p->expect = 0;
        p->imr = 0xff;
        p->icw2 = p->elcr = 0;
    }
    update(pair);
}

static void i8259_loaded(struct device *dev)
{
    const struct i8259 *pair = from_device(dev);

    irq_set(&pair->intr, pair->pics[MASTER].intr);
}

static void i8259_destroy(struct device *dev)
{
    free(from_device(dev));
}

static const struct state_field pic_state[] = {
    STATE_FIELD(struct pic, lines_isa),    STATE_FIELD(struct pic, lines_pci),
    STATE_FIELD(struct pic, armed),        STATE_FIELD(struct pic, isr),
    STATE_FIELD(struct pic, imr),          STATE_FIELD(struct pic, elcr),
    STATE_FIELD(struct pic, icw1),         STATE_FIELD(struct pic, icw2),
    STATE_FIELD(struct pic, icw3),         STATE_FIELD(struct pic, icw4),
    STATE_FIELD(struct pic, expect),       STATE_FIELD(struct pic, lowest),
    STATE_FIELD(struct pic, read_isr),     STATE_FIELD(struct pic, poll),
    STATE_FIELD(struct pic, special_mask), STATE_FIELD(struct pic, rotate_aeoi),
    STATE_FIELD(struct pic, intr),         STATE_END,
};

static const struct state_field i8259_state[] = {
    STATE_TABLES(struct i8259, pics, pic_state),
    STATE_END,
};

static const struct device_class i8259_class = {
    .name = "i8259",
    .reset = i8259_reset,
    .destroy = i8259_destroy,
    .state = i8259_state,
    .loaded = i8259_loaded,
};

static enum status map_ports(struct i8259 *pair, struct bus *ports)
{
    TRY(bus_map(ports, 0x20, 2, &master_ops, pair));
    TRY(bus_map(ports, 0xa0, 2, &slave_ops, pair));
    if (pair->has_elcr)
        TRY(bus_map(ports, 0x4d0, 2, &elcr_ops, pair));
    return STATUS_OK;
}

enum status i8259_create(const struct i8259_config *config, struct device **out)
{
    struct i8259 *pair = calloc(1, sizeof(*pair));
    enum status status;

    *out = NULL;
    if (!pair)
        return STATUS_NO_MEMORY;
    pair->dev = (struct device){&i8259_class, config->name};
    pair->intr = config->intr;
    pair->tap = config->tap;
    pair->has_elcr = config->elcr;
    status = map_ports(pair, config->ports);
    if (status != STATUS_OK) {
        bus_unmap(config->ports, 0x20, pair);
        bus_unmap(config->ports, 0xa0, pair);
        free(pair);
        return status;
    }
    i8259_reset(&pair->dev);
    *out = &pair->dev;
    return STATUS_OK;
}
