#include "devices/piix3.h"

#include <stdlib.h>

/* Configuration registers (datasheet section 2.2). */
enum {
    P3_IORT = 0x4c,
    P3_XBCS = 0x4e,   /* two bytes */
    P3_PIRQRC = 0x60, /* four: PIRQA to PIRQD */
    P3_TOM = 0x69,
    P3_MSTAT = 0x6a, /* two bytes */
    P3_MBIRQ0 = 0x70,
    P3_MBDMA0 = 0x76, /* two */
    P3_PCSC = 0x78,   /* two bytes */
    P3_APICBASE = 0x80,
    P3_DLC = 0x82,
    P3_SMICNTL = 0xa0,
    P3_SMIEN = 0xa2, /* two bytes */
    P3_SEE = 0xa4,   /* four bytes */
    P3_FTMR = 0xa8,
    P3_SMIREQ = 0xaa, /* two bytes */
    P3_CTLTMR = 0xac,
    P3_CTHTMR = 0xae,
};

#define PIRQ_OFF  0x80 /* not routed */
#define IRQ_LINES 16

/* Port CF9. */
#define CF9_HARD 0x02 /* what a reset will be: of the board, else INIT */
#define CF9_GO   0x04 /* its rising edge resets */

struct piix3 {
    struct device dev;
    struct pci_function function;
    struct irq_line irqs[IRQ_LINES], pirqs[PCI_PIRQS];
    struct irq_line reset, cpu_reset;

    uint8_t cf9;
    bool pirq[PCI_PIRQS];   /* levels of PIRQA-D */
    bool driven[IRQ_LINES]; /* levels given on; rebuilt on load */
};

/* Inputs that a PIRQ may be routed to (datasheet, PIRQRC). */
static bool routable(unsigned irq)
{
    return (0xdef8u >> irq) & 1; /* 3-7, 9-12, 14, 15 */
}

static void update_irqs(struct piix3 *p)
{
    bool level[IRQ_LINES] = {false};

    for (unsigned i = 0; i < PCI_PIRQS; i++) {
        uint8_t route = p->function.config[P3_PIRQRC + i];

        if (p->pirq[i] && !(route & PIRQ_OFF) && routable(route & 15))
            level[route & 15] = true;
    }
    for (unsigned i = 0; i < IRQ_LINES; i++) {
        if (level[i] == p->driven[i])
            continue;
        p->driven[i] = level[i];
        irq_set(&p->irqs[i], level[i]);
    }
}

static void on_pirq(void *sink, unsigned pin, bool level)
{
    struct piix3 *p = sink;

    p->pirq[pin] = level;
    irq_set(&p->pirqs[pin], level);
    update_irqs(p);
}

static void on_written(void *dev, unsigned offset, unsigned size)
{
    if (offset + size > P3_PIRQRC && offset < P3_PIRQRC + PCI_PIRQS)
        update_irqs(dev);
}

static uint32_t cf9_read(void *dev, paddr offset, unsigned size)
{
    const struct piix3 *p = dev;

    (void)offset;
    (void)size;
    return p->cf9;
}

static void cf9_write(void *dev, paddr offset, uint32_t value, unsigned size)
{
    struct piix3 *p = dev;
    bool edge = (value & CF9_GO) && !(p->cf9 & CF9_GO);
    const struct irq_line *line = value & CF9_HARD ? &p->reset : &p->cpu_reset;

    (void)offset;
    (void)size;
    p->cf9 = value & (CF9_HARD | CF9_GO);
    if (edge) {
        p->cf9 &= (uint8_t)~CF9_GO; /* the reset clears it */
        irq_set(line, true);
        irq_set(line, false);
    }
}

static const struct bus_ops cf9_ops = {cf9_read, cf9_write, 1};

static void piix3_reset(struct device *dev)
{
    struct piix3 *p = CONTAINER_OF(dev, struct piix3, dev);
    uint8_t *c = p->function.config;

    pci_function_reset(&p->function);
    pci_set_word(&p->function, PCI_COMMAND, 0x0007);
    pci_set_word(&p->function, PCI_STATUS, 0x0280);
    for (unsigned i = 0x40; i < PCI_CONFIG_BYTES; i++)
        c[i] = 0;
    c[P3_IORT] = 0x4d;
    c[P3_XBCS] = 0x03;
    for (unsigned i = 0; i < PCI_PIRQS; i++)
        c[P3_PIRQRC + i] = PIRQ_OFF;
    c[P3_TOM] = 0x02;
    c[P3_MBIRQ0] = PIRQ_OFF;
    c[P3_MBDMA0] = c[P3_MBDMA0 + 1] = 0x0c;
    c[P3_PCSC] = 0x02;
    c[P3_SMICNTL] = 0x08;
    c[P3_FTMR] = 0x0f;
    p->cf9 = 0;
    update_irqs(p);
}

static void set_masks(struct pci_function *f)
{
    static const struct {
        uint8_t at, mask;
    } masks[] = {
        {PCI_COMMAND, 0x08},   {PCI_COMMAND + 1, 0x01}, {P3_IORT, 0x7f},
        {P3_XBCS, 0xff},       {P3_XBCS + 1, 0x01},     {P3_PIRQRC, 0x8f},
        {P3_PIRQRC + 1, 0x8f}, {P3_PIRQRC + 2, 0x8f},   {P3_PIRQRC + 3, 0x8f},
        {P3_TOM, 0xfe},        {P3_MSTAT, 0x90},        {P3_MSTAT + 1, 0x80},
        {P3_MBIRQ0, 0xef},     {P3_MBDMA0, 0x8f},       {P3_MBDMA0 + 1, 0x8f},
        {P3_PCSC, 0xff},       {P3_PCSC + 1, 0xff},     {P3_APICBASE, 0x7f},
        {P3_DLC, 0x0f},        {P3_SMICNTL, 0x1f},      {P3_SMIEN, 0xff},
        {P3_SMIEN + 1, 0x01},  {P3_SEE, 0xff},          {P3_SEE + 1, 0xff},
        {P3_SEE + 2, 0xff},    {P3_SEE + 3, 0xff},      {P3_FTMR, 0xff},
        {P3_CTLTMR, 0xff},     {P3_CTHTMR, 0xff},
    };

    for (size_t i = 0; i < ARRAY_LEN(masks); i++)
        f->writable[masks[i].at] = masks[i].mask;
    f->clearable[PCI_STATUS + 1] = 0x78;
    f->clearable[P3_SMIREQ] = 0xff;
    f->clearable[P3_SMIREQ + 1] = 0x01;
}

static void piix3_destroy(struct device *dev)
{
    struct piix3 *p = CONTAINER_OF(dev, struct piix3, dev);

    if (p->function.bus) {
        pci_bus_set_cf9(p->function.bus, NULL, NULL);
        pci_bus_remove(p->function.bus, &p->function);
    }
    free(p);
}

static void piix3_loaded(struct device *dev)
{
    update_irqs(CONTAINER_OF(dev, struct piix3, dev));
}

static const struct state_field piix3_state[] = {
    STATE_TABLE(struct piix3, function, pci_function_state),
    STATE_FIELD(struct piix3, cf9),
    STATE_ARRAY(struct piix3, pirq),
    STATE_END,
};

static const struct device_class piix3_class = {
    .name = "piix3",
    .reset = piix3_reset,
    .destroy = piix3_destroy,
    .state = piix3_state,
    .loaded = piix3_loaded,
};

enum status piix3_create(const struct piix3_config *config, struct device **out)
{
    struct piix3 *p = calloc(1, sizeof(*p));
    struct irq_line pirqs[PCI_PIRQS];
    enum status status;

    *out = NULL;
    if (!p)
        return STATUS_NO_MEMORY;
    p->dev = (struct device){&piix3_class, config->name};
    for (unsigned i = 0; i < IRQ_LINES; i++)
        p->irqs[i] = config->irqs[i];
    for (unsigned i = 0; i < PCI_PIRQS; i++)
        p->pirqs[i] = config->pirqs[i];
    p->reset = config->reset;
    p->cpu_reset = config->cpu_reset;
    pci_function_init(&p->function, 0x8086, 0x7000, 0x060100, p);
    p->function.config[PCI_HEADER_TYPE] = 0x80; /* more functions */
    p->function.written = on_written;
    set_masks(&p->function);
    status = pci_bus_add(config->bus, config->devfn, &p->function);
    if (status != STATUS_OK) {
        free(p);
        return status;
    }
    for (unsigned i = 0; i < PCI_PIRQS; i++)
        pirqs[i] = (struct irq_line){on_pirq, p, i};
    pci_bus_set_pirqs(config->bus, pirqs);
    pci_bus_set_cf9(config->bus, &cf9_ops, p);
    piix3_reset(&p->dev);
    *out = &p->dev;
    return STATUS_OK;
}
