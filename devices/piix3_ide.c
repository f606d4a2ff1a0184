#include "devices/piix3_ide.h"

#include <stdlib.h>

/* Configuration registers (datasheet section 2.3). */
enum {
    IDE_BMIBA = 0x20,  /* base address register 4 */
    IDE_IDETIM = 0x40, /* two bytes a channel */
    IDE_SIDETIM = 0x44,
};

#define BMIBA_BAR     4
#define BMIBA_PORTS   16
#define IDETIM_DECODE 0x80 /* of the high byte */

struct piix3_ide {
    struct device dev;
    struct pci_function function;
    const struct bus_ops *master; /* borrowed */
    void *master_dev;
};

/* The engine may take fewer sizes than the window: halves then, low first. */
static uint32_t master_read(void *dev, paddr offset, unsigned size)
{
    const struct piix3_ide *ide = dev;
    unsigned half = size / 2;

    if (!ide->master || !ide->master->read)
        return 0xffffffffu;
    if (ide->master->sizes & size)
        return ide->master->read(ide->master_dev, offset, size);
    if (size == 1)
        return 0xff;
    return (master_read(dev, offset, half) & (0xffffu >> (16 - 8 * half))) |
           master_read(dev, offset + half, half) << (8 * half);
}

static void master_write(void *dev, paddr offset, uint32_t value, unsigned size)
{
    const struct piix3_ide *ide = dev;
    unsigned half = size / 2;

    if (!ide->master || !ide->master->write)
        return;
    if (ide->master->sizes & size) {
        ide->master->write(ide->master_dev, offset, value, size);
    } else if (size > 1) {
        master_write(dev, offset, value & (0xffffu >> (16 - 8 * half)), half);
        master_write(dev, offset + half, value >> (8 * half), half);
    }
}

static const struct bus_ops master_ops = {
    .read = master_read,
    .write = master_write,
    .sizes = 1 | 2 | 4,
};

void piix3_ide_plug_master(struct device *dev, const struct bus_ops *ops,
                           void *master)
{
    struct piix3_ide *ide = CONTAINER_OF(dev, struct piix3_ide, dev);

    ide->master = ops;
    ide->master_dev = master;
}

static const struct piix3_ide *from_const(const struct device *dev)
{
    return (const struct piix3_ide *)((const char *)dev -
                                      offsetof(struct piix3_ide, dev));
}

bool piix3_ide_may_master(const struct device *dev)
{
    return pci_word(&from_const(dev)->function, PCI_COMMAND) &
           PCI_COMMAND_MASTER;
}

bool piix3_ide_channel_on(const struct device *dev, unsigned channel)
{
    return from_const(dev)
               ->function.config[IDE_IDETIM + 2 * (channel & 1) + 1] &
           IDETIM_DECODE;
}

static void piix3_ide_reset(struct device *dev)
{
    struct piix3_ide *ide = CONTAINER_OF(dev, struct piix3_ide, dev);

    pci_function_reset(&ide->function);
    pci_set_word(&ide->function, PCI_STATUS, 0x0280);
    pci_set_dword(&ide->function, IDE_IDETIM, 0);
    ide->function.config[IDE_SIDETIM] = 0;
    /* Both channels decode, as the power-on setup of every board leaves it. */
    ide->function.config[IDE_IDETIM + 1] = IDETIM_DECODE;
    ide->function.config[IDE_IDETIM + 3] = IDETIM_DECODE;
}

static void piix3_ide_destroy(struct device *dev)
{
    struct piix3_ide *ide = CONTAINER_OF(dev, struct piix3_ide, dev);

    if (ide->function.bus)
        pci_bus_remove(ide->function.bus, &ide->function);
    free(ide);
}

static const struct state_field piix3_ide_state[] = {
    STATE_TABLE(struct piix3_ide, function, pci_function_state),
    STATE_END,
};

static const struct device_class piix3_ide_class = {
    .name = "piix3_ide",
    .reset = piix3_ide_reset,
    .destroy = piix3_ide_destroy,
    .state = piix3_ide_state,
};

static void set_masks(struct pci_function *f)
{
    f->writable[PCI_COMMAND] = PCI_COMMAND_IO | PCI_COMMAND_MASTER;
    f->writable[0x0d] = 0xf0; /* latency timer */
    f->clearable[PCI_STATUS + 1] = 0x38;
    for (unsigned i = 0; i < 4; i++)
        f->writable[IDE_IDETIM + i] = i & 1 ? 0xf3 : 0xff;
    f->writable[IDE_SIDETIM] = 0xff;
}

enum status piix3_ide_create(const struct piix3_ide_config *config,
                             struct device **out)
{
    struct piix3_ide *ide = calloc(1, sizeof(*ide));
    enum status status;

    *out = NULL;
    if (!ide)
        return STATUS_NO_MEMORY;
    ide->dev = (struct device){&piix3_ide_class, config->name};
    pci_function_init(&ide->function, 0x8086, 0x7010, 0x010180, ide);
    ide->function.bars[BMIBA_BAR].kind = PCI_BAR_IO;
    ide->function.bars[BMIBA_BAR].size = BMIBA_PORTS;
    ide->function.bars[BMIBA_BAR].ops = &master_ops;
    set_masks(&ide->function);
    status = pci_bus_add(config->bus, config->devfn, &ide->function);
    if (status != STATUS_OK) {
        free(ide);
        return status;
    }
    piix3_ide_reset(&ide->dev);
    *out = &ide->dev;
    return STATUS_OK;
}
