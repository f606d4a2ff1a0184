#include "devices/vga_pci.h"

#include <stdlib.h>
#include <string.h>

#include "devices/vga_int.h"

#define VENDOR       0x1234
#define DEVICE       0x1111
#define REVISION     2
#define CLASS_VGA    0x030000
#define SUBVENDOR    0x1af4
#define SUBSYSTEM    0x1100
#define ROM_MAX      KIB(256)
#define BAR_LFB      0
#define BAR_MMIO     2
#define MMIO_BYTES   0x1000
#define MMIO_PORTS   0x400
#define MMIO_VBE     0x500
#define MMIO_EXTRA   0x600
#define PORTS_FIRST  0x3c0
#define PORTS_COUNT  0x20
#define VBE_BYTES    (2 * VGA_VBE_COUNT)
#define EXTRA_BYTES  8
#define ORDER_LITTLE 0x1e1e1e1eu

struct vga_pci {
    struct device dev;
    struct vga *vga; /* borrowed */
    struct pci_function function;
    uint8_t *rom; /* the size of its window */
};

static uint32_t read_extra(unsigned offset)
{
    return offset < 4 ? (uint32_t)EXTRA_BYTES >> (8 * offset)
                      : ORDER_LITTLE >> (8 * (offset - 4));
}

static uint8_t read_byte(struct vga *v, unsigned at)
{
    if (at - MMIO_PORTS < PORTS_COUNT)
        return vga_read_port(v, PORTS_FIRST + at - MMIO_PORTS);
    if (at - MMIO_VBE < VBE_BYTES)
        return (uint8_t)(vga_vbe_read(v, (at - MMIO_VBE) / 2) >> 8 * (at & 1));
    if (at - MMIO_EXTRA < EXTRA_BYTES)
        return (uint8_t)read_extra(at - MMIO_EXTRA);
    return 0xff;
}

static uint32_t mmio_read(void *dev, paddr offset, unsigned size)
{
    const struct vga_pci *p = dev;
    uint32_t value = 0;

    for (unsigned i = 0; i < size; i++)
        value |= (uint32_t)read_byte(p->vga, (unsigned)offset + i) << (8 * i);
    return value;
}

/* DISPI registers take whole words; a byte changes its half of one. */
static void write_vbe_byte(struct vga *v, unsigned at, uint8_t value)
{
    unsigned shift = 8 * (at & 1), index = at / 2;
    unsigned old = vga_vbe_read(v, index) & ~(0xffu << shift);

    vga_vbe_write(v, index, (uint16_t)(old | (unsigned)value << shift));
}

static void mmio_write(void *dev, paddr offset, uint32_t value, unsigned size)
{
    const struct vga_pci *p = dev;
    unsigned at = (unsigned)offset;

    if (at - MMIO_VBE < VBE_BYTES) {
        if (size == 1)
            write_vbe_byte(p->vga, at - MMIO_VBE, (uint8_t)value);
        for (unsigned i = 0; i + 1 < size && at % 2 == 0; i += 2)
            vga_vbe_write(p->vga, (at - MMIO_VBE + i) / 2,
                          (uint16_t)(value >> (8 * i)));
        return;
    }
    for (unsigned i = 0; i < size; i++) {
        if (at + i - MMIO_PORTS < PORTS_COUNT)
            vga_write_port(p->vga, PORTS_FIRST + at + i - MMIO_PORTS,
                           (uint8_t)(value >> (8 * i)));
    }
}

static const struct bus_ops mmio_ops = {
    .read = mmio_read,
    .write = mmio_write,
    .sizes = 1 | 2 | 4,
};

static void update_decode(struct vga_pci *p)
{
    uint16_t command = pci_word(&p->function, PCI_COMMAND);

    vga_set_decode(&p->vga->dev, command & PCI_COMMAND_IO,
                   command & PCI_COMMAND_MEMORY);
}

static void on_written(void *dev, unsigned offset, unsigned size)
{
    (void)offset;
    (void)size;
    update_decode(dev);
}

static void on_moved(void *dev, unsigned bar, paddr base)
{
    struct vga_pci *p = dev;

    if (bar == BAR_LFB)
        vga_set_lfb(&p->vga->dev, base == PCI_UNMAPPED ? 0 : base);
}

static void vga_pci_reset(struct device *dev)
{
    struct vga_pci *p = CONTAINER_OF(dev, struct vga_pci, dev);

    pci_function_reset(&p->function);
    update_decode(p);
}

static void vga_pci_destroy(struct device *dev)
{
    struct vga_pci *p = CONTAINER_OF(dev, struct vga_pci, dev);

    if (p->function.bus)
        pci_bus_remove(p->function.bus, &p->function);
    free(p->rom);
    free(p);
}

static const struct state_field vga_pci_state[] = {
    STATE_TABLE(struct vga_pci, function, pci_function_state),
    STATE_END,
};

static const struct device_class vga_pci_class = {
    .name = "vga_pci",
    .reset = vga_pci_reset,
    .destroy = vga_pci_destroy,
    .state = vga_pci_state,
};

/* A window of the next power of two; the rest of it reads as ones. */
static enum status copy_rom(struct vga_pci *p,
                            const struct vga_pci_config *config)
{
    uint32_t size = MEM_PAGE_BYTES;

    if (!config->rom)
        return STATUS_OK;
    if (!config->rom_bytes || config->rom_bytes > ROM_MAX)
        return STATUS_BAD_ARGUMENT;
    while (size < config->rom_bytes)
        size *= 2;
    p->rom = malloc(size);
    if (!p->rom)
        return STATUS_NO_MEMORY;
    memset(p->rom, 0xff, size);
    memcpy(p->rom, config->rom, config->rom_bytes);
    p->function.bars[PCI_BAR_ROM].kind = PCI_BAR_MEMORY;
    p->function.bars[PCI_BAR_ROM].size = size;
    p->function.bars[PCI_BAR_ROM].host = p->rom;
    return STATUS_OK;
}

static void set_up_function(struct vga_pci *p)
{
    struct pci_function *f = &p->function;

    pci_function_init(f, VENDOR, DEVICE, CLASS_VGA, p);
    f->config[PCI_REVISION] = REVISION;
    pci_set_word(f, PCI_SUBSYSTEM_VENDOR, SUBVENDOR);
    pci_set_word(f, PCI_SUBSYSTEM, SUBSYSTEM);
    f->bars[BAR_LFB].kind = PCI_BAR_PREFETCH;
    f->bars[BAR_LFB].size = (uint32_t)p->vga->vram_bytes;
    f->bars[BAR_MMIO].kind = PCI_BAR_MEMORY;
    f->bars[BAR_MMIO].size = MMIO_BYTES;
    f->bars[BAR_MMIO].ops = &mmio_ops;
    f->written = on_written;
    f->moved = on_moved;
}

enum status vga_pci_create(const struct vga_pci_config *config,
                           struct device **out)
{
    struct vga_pci *p = calloc(1, sizeof(*p));
    enum status status;

    *out = NULL;
    if (!p)
        return STATUS_NO_MEMORY;
    p->dev = (struct device){&vga_pci_class, config->name};
    p->vga = vga_from_device(config->vga);
    set_up_function(p);
    status = copy_rom(p, config);
    if (status == STATUS_OK)
        status = pci_bus_add(config->bus, config->devfn, &p->function);
    if (status != STATUS_OK) {
        vga_pci_destroy(&p->dev);
        return status;
    }
    vga_pci_reset(&p->dev);
    *out = &p->dev;
    return STATUS_OK;
}
