/* NE2000 on the ISA bus: see ne2000.h. */
#include <stdlib.h>

#include "devices/ne2000.h"

#define WIDE_FROM     0x10 /* data port, 16 bits wide */
#define CONFIG1_IRQEN 0x80

/* The choices of CONFIG1, bits 6-4 and bits 3-0. */
static const uint8_t irqs[] = {9, 3, 4, 5, 10, 11, 12, 15};
static const uint16_t bases[] = {0x300, 0x320, 0x340, 0x360, 0x380, 0x3a0,
                                 0x3c0, 0x3e0, 0x200, 0x220, 0x240, 0x260,
                                 0x280, 0x2a0, 0x2c0, 0x2e0};

struct ne2000_isa {
    struct device dev;
    struct ne2000 card;
    struct bus *ports;
    paddr base;
    struct irq_line irq;
};

static unsigned find_irq(unsigned irq)
{
    unsigned i = 0;

    while (i < ARRAY_LEN(irqs) && irqs[i] != irq)
        i++;
    return i;
}

static unsigned find_base(paddr base)
{
    unsigned i = 0;

    while (i < ARRAY_LEN(bases) && bases[i] != base)
        i++;
    return i;
}

bool ne2000_isa_irq_ok(unsigned irq)
{
    return find_irq(irq) < ARRAY_LEN(irqs);
}

bool ne2000_isa_base_ok(paddr base)
{
    return find_base(base) < ARRAY_LEN(bases);
}

static void interrupt(struct ne2000 *card, bool level)
{
    struct ne2000_isa *isa = CONTAINER_OF(card, struct ne2000_isa, card);

    irq_set(&isa->irq, level);
}

static uint32_t read_low(void *dev, paddr offset, unsigned size)
{
    struct ne2000_isa *isa = dev;

    return ne2000_read(&isa->card, (unsigned)offset, size);
}

static void write_low(void *dev, paddr offset, uint32_t value, unsigned size)
{
    struct ne2000_isa *isa = dev;

    ne2000_write(&isa->card, (unsigned)offset, value, size);
}

static uint32_t read_high(void *dev, paddr offset, unsigned size)
{
    return read_low(dev, offset + WIDE_FROM, size);
}

static void write_high(void *dev, paddr offset, uint32_t value, unsigned size)
{
    write_low(dev, offset + WIDE_FROM, value, size);
}

static const struct bus_ops low_ops = {read_low, write_low, 1};
static const struct bus_ops high_ops = {read_high, write_high, 1 | 2};

static void ne2000_isa_reset(struct device *dev)
{
    ne2000_power_on(&CONTAINER_OF(dev, struct ne2000_isa, dev)->card);
}

static void ne2000_isa_destroy(struct device *dev)
{
    struct ne2000_isa *isa = CONTAINER_OF(dev, struct ne2000_isa, dev);

    ne2000_deinit(&isa->card);
    bus_unmap(isa->ports, isa->base + WIDE_FROM, isa);
    bus_unmap(isa->ports, isa->base, isa);
    free(isa);
}

static void ne2000_isa_loaded(struct device *dev)
{
    ne2000_loaded(&CONTAINER_OF(dev, struct ne2000_isa, dev)->card);
}

static const struct state_field ne2000_isa_state[] = {
    STATE_TABLE(struct ne2000_isa, card, ne2000_state),
    STATE_END,
};

static const struct device_class ne2000_isa_class = {
    .name = "ne2000_isa",
    .reset = ne2000_isa_reset,
    .destroy = ne2000_isa_destroy,
    .state = ne2000_isa_state,
    .loaded = ne2000_isa_loaded,
};

static enum status map_ports(struct ne2000_isa *isa)
{
    TRY(bus_map(isa->ports, isa->base, WIDE_FROM, &low_ops, isa));
    return bus_map(isa->ports, isa->base + WIDE_FROM, NE2000_PORTS - WIDE_FROM,
                   &high_ops, isa);
}

enum status ne2000_isa_create(const struct ne2000_isa_config *config,
                              struct device **out, struct ne2000 **card)
{
    struct ne2000_isa *isa;
    enum status status;

    *out = NULL;
    if (!ne2000_isa_irq_ok(config->irq_number) ||
        !ne2000_isa_base_ok(config->base))
        return STATUS_BAD_ARGUMENT;
    isa = calloc(1, sizeof(*isa));
    if (!isa)
        return STATUS_NO_MEMORY;
    isa->dev = (struct device){&ne2000_isa_class, config->card.name};
    isa->ports = config->ports;
    isa->base = config->base;
    isa->irq = config->irq;
    isa->card.interrupt = interrupt;
    isa->card.config1 =
        (uint8_t)(CONFIG1_IRQEN | find_irq(config->irq_number) << 4 |
                  find_base(config->base));
    ne2000_init(&isa->card, &config->card, NE2000_RTL8019);
    status = map_ports(isa);
    if (status != STATUS_OK) {
        ne2000_isa_destroy(&isa->dev);
        return status;
    }
    ne2000_isa_reset(&isa->dev);
    *card = &isa->card;
    *out = &isa->dev;
    return STATUS_OK;
}
