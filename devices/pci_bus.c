#include "devices/pci_bus.h"

#include <assert.h>
#include <stdlib.h>

#define ADDRESS_PORT 0xcf8
#define PORTS        8
#define ADDRESS_MASK 0x80fffffcu
#define ADDRESS_ON   0x80000000u
#define DATA_OFFSET  4
#define CF9_OFFSET   1
#define ROM_ENABLE   1u
#define BAR_IO       1u
#define BAR_PREFETCH 8u
#define MEMORY_TOP   UINT64_C(0x100000000)

struct pci_bus {
    struct device dev;
    struct bus *ports;
    struct mem *mem;
    struct log *log;
    struct irq_line pirqs[PCI_PIRQS];
    const struct bus_ops *cf9;
    void *cf9_dev;
    struct pci_function *functions[PCI_FUNCTIONS]; /* borrowed */

    uint32_t address;         /* of the next configuration cycle */
    unsigned high[PCI_PIRQS]; /* pins that drive it; rebuilt on load */
    bool told_collision;      /* not part of the state */
};

const struct state_field pci_function_state[] = {
    STATE_ARRAY(struct pci_function, config),
    STATE_FIELD(struct pci_function, irq_level),
    STATE_END,
};

uint16_t pci_word(const struct pci_function *f, unsigned offset)
{
    return (uint16_t)(f->config[offset] | f->config[offset + 1] << 8);
}

uint32_t pci_dword(const struct pci_function *f, unsigned offset)
{
    return pci_word(f, offset) | (uint32_t)pci_word(f, offset + 2) << 16;
}

void pci_set_word(struct pci_function *f, unsigned offset, uint16_t value)
{
    f->config[offset] = (uint8_t)value;
    f->config[offset + 1] = (uint8_t)(value >> 8);
}

void pci_set_dword(struct pci_function *f, unsigned offset, uint32_t value)
{
    pci_set_word(f, offset, (uint16_t)value);
    pci_set_word(f, offset + 2, (uint16_t)(value >> 16));
}

/* Windows. */

static unsigned bar_register(unsigned bar)
{
    return bar == PCI_BAR_ROM ? PCI_ROM_BASE : PCI_BAR0 + 4 * bar;
}

/* Where the registers say the window is, or PCI_UNMAPPED. */
static paddr wanted_base(const struct pci_function *f, unsigned bar)
{
    const struct pci_bar *b = &f->bars[bar];
    uint32_t value = pci_dword(f, bar_register(bar));
    uint16_t command = pci_word(f, PCI_COMMAND);
    paddr base = value & ~(b->size - 1), top;

    if (b->kind == PCI_BAR_NONE)
        return PCI_UNMAPPED;
    if (!(command &
          (b->kind == PCI_BAR_IO ? PCI_COMMAND_IO : PCI_COMMAND_MEMORY)))
        return PCI_UNMAPPED;
    if (bar == PCI_BAR_ROM && !(value & ROM_ENABLE))
        return PCI_UNMAPPED;
    top = b->kind == PCI_BAR_IO ? BUS_PORTS : MEMORY_TOP;
    /* 0 is "not set up yet"; the last window is what sizing writes */
    if (base == 0 || base >= top || top - base <= b->size)
        return PCI_UNMAPPED;
    return base;
}

static bool memory_is_free(const struct mem *mem, paddr base, uint32_t size)
{
    for (uint32_t i = 0; i < size >> MEM_PAGE_BITS; i++) {
        const struct mem_page *row = &mem->pages[(base >> MEM_PAGE_BITS) + i];

        if (row->host || (row->flags & MEM_PAGE_IO))
            return false;
    }
    return true;
}

/* False: something else answers there. */
static bool map_bar(struct pci_bus *bus, struct pci_function *f, unsigned bar,
                    paddr base)
{
    struct pci_bar *b = &f->bars[bar];

    if (b->kind == PCI_BAR_IO && b->ops)
        return bus_map(bus->ports, base, b->size, b->ops, f->dev) == STATUS_OK;
    if (b->kind != PCI_BAR_IO && !memory_is_free(bus->mem, base, b->size))
        return false;
    if (b->ops)
        mem_map_io(bus->mem, base, b->size, b->ops, f->dev);
    else if (b->host && bar == PCI_BAR_ROM)
        mem_map_rom(bus->mem, base, b->size, b->host, NULL);
    else if (b->host)
        mem_map_host(bus->mem, base, b->size, b->host);
    else if (f->moved)
        f->moved(f->dev, bar, base);
    return true;
}

static void unmap_bar(struct pci_bus *bus, struct pci_function *f, unsigned bar)
{
    struct pci_bar *b = &f->bars[bar];

    if (b->at == PCI_UNMAPPED)
        return;
    if (!b->ops && !b->host) {
        if (f->moved)
            f->moved(f->dev, bar, PCI_UNMAPPED);
    } else if (b->kind == PCI_BAR_IO) {
        bus_unmap(bus->ports, b->at, f->dev);
    } else {
        mem_unmap(bus->mem, b->at, b->size);
    }
    b->at = PCI_UNMAPPED;
}

static void release_moved(struct pci_bus *bus, struct pci_function *f)
{
    for (unsigned i = 0; i < PCI_BARS; i++) {
        if (f->bars[i].at != wanted_base(f, i))
            unmap_bar(bus, f, i);
    }
}

static void claim_wanted(struct pci_bus *bus, struct pci_function *f)
{
    for (unsigned i = 0; i < PCI_BARS; i++) {
        paddr base = wanted_base(f, i);

        if (base == PCI_UNMAPPED || f->bars[i].at == base)
            continue;
        if (map_bar(bus, f, i, base))
            f->bars[i].at = base;
        else
            LOG_ONCE(bus->told_collision, bus->log, LOG_GUEST, bus->dev.name,
                     "a window at %llx lies over something else",
                     (unsigned long long)base);
    }
}

/* Others may have waited for what one of them gave up. */
static void update_windows(struct pci_bus *bus)
{
    for (unsigned i = 0; i < PCI_FUNCTIONS; i++) {
        if (bus->functions[i])
            release_moved(bus, bus->functions[i]);
    }
    for (unsigned i = 0; i < PCI_FUNCTIONS; i++) {
        if (bus->functions[i])
            claim_wanted(bus, bus->functions[i]);
    }
}

/* Interrupt pins. */

static bool drives(const struct pci_function *f)
{
    return f->irq_level && f->config[PCI_INTERRUPT_PIN] &&
           !(pci_word(f, PCI_COMMAND) & PCI_COMMAND_INTX_OFF);
}

unsigned pci_pirq_of(const struct pci_function *f)
{
    unsigned pin = f->config[PCI_INTERRUPT_PIN];

    return ((f->devfn >> 3) - 1 + (pin - 1)) % PCI_PIRQS;
}

static void update_pirqs(struct pci_bus *bus)
{
    unsigned high[PCI_PIRQS] = {0};

    for (unsigned i = 0; i < PCI_FUNCTIONS; i++) {
        if (bus->functions[i] && drives(bus->functions[i]))
            high[pci_pirq_of(bus->functions[i])]++;
    }
    for (unsigned i = 0; i < PCI_PIRQS; i++) {
        bool was = bus->high[i] != 0;

        bus->high[i] = high[i];
        if (was != (high[i] != 0))
            irq_set(&bus->pirqs[i], high[i] != 0);
    }
}

void pci_set_irq(struct pci_function *f, bool level)
{
    if (f->irq_level == level)
        return;
    f->irq_level = level;
    if (f->bus)
        update_pirqs(f->bus);
}

/* Configuration cycles. */

static struct pci_function *addressed(const struct pci_bus *bus)
{
    if (!(bus->address & ADDRESS_ON) || (bus->address >> 16 & 0xff))
        return NULL;
    return bus->functions[bus->address >> 8 & 0xff];
}

static uint32_t config_read(const struct pci_bus *bus, unsigned low,
                            unsigned size)
{
    const struct pci_function *f = addressed(bus);
    unsigned offset = (bus->address & 0xfc) + low;
    uint32_t value = 0;

    if (!f)
        return 0xffffffffu;
    for (unsigned i = 0; i < size; i++)
        value |= (uint32_t)f->config[offset + i] << (8 * i);
    return value;
}

static void config_write(struct pci_bus *bus, unsigned low, uint32_t value,
                         unsigned size)
{
    struct pci_function *f = addressed(bus);
    unsigned offset = (bus->address & 0xfc) + low;

    if (!f)
        return;
    for (unsigned i = 0; i < size; i++) {
        unsigned at = offset + i;
        uint8_t byte = (uint8_t)(value >> (8 * i));
        uint8_t mask = f->writable[at];

        f->config[at] = (uint8_t)((f->config[at] & ~mask) | (byte & mask));
        f->config[at] &= (uint8_t) ~(byte & f->clearable[at]);
    }
    update_windows(bus);
    update_pirqs(bus);
    if (f->written)
        f->written(f->dev, offset, size);
}

/* What is no whole register goes byte by byte: so CF9 is reached by words, and
 * a dword may lie across both registers. */
static uint32_t port_read(void *dev, paddr offset, unsigned size)
{
    const struct pci_bus *bus = dev;
    uint32_t value = 0;

    if (offset >= DATA_OFFSET)
        return config_read(bus, (unsigned)offset - DATA_OFFSET, size);
    if (offset == 0 && size == 4)
        return bus->address;
    if (offset == CF9_OFFSET && size == 1 && bus->cf9 && bus->cf9->read)
        return bus->cf9->read(bus->cf9_dev, 0, 1);
    if (size == 1)
        return 0xff;
    for (unsigned i = 0; i < size; i++)
        value |= (port_read(dev, offset + i, 1) & 0xff) << (8 * i);
    return value;
}

static void port_write(void *dev, paddr offset, uint32_t value, unsigned size)
{
    struct pci_bus *bus = dev;

    if (offset >= DATA_OFFSET)
        config_write(bus, (unsigned)offset - DATA_OFFSET, value, size);
    else if (offset == 0 && size == 4)
        bus->address = value & ADDRESS_MASK;
    else if (offset == CF9_OFFSET && size == 1 && bus->cf9 && bus->cf9->write)
        bus->cf9->write(bus->cf9_dev, 0, value, 1);
    else if (size != 1)
        for (unsigned i = 0; i < size; i++)
            port_write(dev, offset + i, value >> (8 * i) & 0xff, 1);
}

static const struct bus_ops port_ops = {
    .read = port_read,
    .write = port_write,
    .sizes = 1 | 2 | 4,
};

/* Functions. */

void pci_function_init(struct pci_function *f, uint16_t vendor, uint16_t device,
                       uint32_t class_code, void *dev)
{
    *f = (struct pci_function){.dev = dev};
    pci_set_word(f, PCI_VENDOR_ID, vendor);
    pci_set_word(f, PCI_DEVICE_ID, device);
    f->config[PCI_PROG_IF] = (uint8_t)class_code;
    f->config[PCI_SUBCLASS] = (uint8_t)(class_code >> 8);
    f->config[PCI_CLASS] = (uint8_t)(class_code >> 16);
    f->writable[PCI_COMMAND] =
        PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;
    f->writable[PCI_INTERRUPT_LINE] = 0xff;
    for (unsigned i = 0; i < PCI_BARS; i++)
        f->bars[i].at = PCI_UNMAPPED;
}

static uint32_t fixed_bits(const struct pci_bar *b)
{
    return b->kind == PCI_BAR_IO         ? BAR_IO
           : b->kind == PCI_BAR_PREFETCH ? BAR_PREFETCH
                                         : 0;
}

static bool bar_is_sound(const struct pci_bar *b)
{
    uint32_t least = b->kind == PCI_BAR_IO ? 4 : MEM_PAGE_BYTES;

    return b->size >= least && (b->size & (b->size - 1)) == 0;
}

static void set_up_bar(struct pci_function *f, unsigned bar)
{
    const struct pci_bar *b = &f->bars[bar];
    unsigned at = bar_register(bar);
    uint32_t mask = ~(b->size - 1);

    if (bar == PCI_BAR_ROM)
        mask |= ROM_ENABLE;
    pci_set_dword(f, at, fixed_bits(b));
    for (unsigned i = 0; i < 4; i++)
        f->writable[at + i] = (uint8_t)(mask >> (8 * i));
}

enum status pci_bus_add(struct pci_bus *bus, unsigned devfn,
                        struct pci_function *f)
{
    if (devfn >= PCI_FUNCTIONS)
        return STATUS_BAD_ARGUMENT;
    if (bus->functions[devfn])
        return STATUS_OVERLAP;
    for (unsigned i = 0; i < PCI_BARS; i++) {
        if (f->bars[i].kind == PCI_BAR_NONE)
            continue;
        if (!bar_is_sound(&f->bars[i]))
            return STATUS_BAD_ARGUMENT;
        f->bars[i].at = PCI_UNMAPPED;
        set_up_bar(f, i);
    }
    f->bus = bus;
    f->devfn = devfn;
    bus->functions[devfn] = f;
    update_windows(bus);
    update_pirqs(bus);
    return STATUS_OK;
}

void pci_bus_remove(struct pci_bus *bus, struct pci_function *f)
{
    if (f->bus != bus)
        return;
    for (unsigned i = 0; i < PCI_BARS; i++)
        unmap_bar(bus, f, i);
    bus->functions[f->devfn] = NULL;
    f->bus = NULL;
    update_windows(bus);
    update_pirqs(bus);
}

void pci_function_reset(struct pci_function *f)
{
    pci_set_word(f, PCI_COMMAND, 0);
    f->config[PCI_INTERRUPT_LINE] = 0;
    f->irq_level = false;
    for (unsigned i = 0; i < PCI_BARS; i++) {
        if (f->bars[i].kind != PCI_BAR_NONE)
            pci_set_dword(f, bar_register(i), fixed_bits(&f->bars[i]));
    }
    pci_function_update(f);
}

void pci_function_update(struct pci_function *f)
{
    if (!f->bus)
        return;
    update_windows(f->bus);
    update_pirqs(f->bus);
}

void pci_bus_set_pirqs(struct pci_bus *bus, const struct irq_line *lines)
{
    for (unsigned i = 0; i < PCI_PIRQS; i++) {
        bus->pirqs[i] = lines[i];
        irq_set(&bus->pirqs[i], bus->high[i] != 0);
    }
}

void pci_bus_set_cf9(struct pci_bus *bus, const struct bus_ops *ops, void *dev)
{
    bus->cf9 = ops;
    bus->cf9_dev = dev;
}

/* The bus as a device. */

static void pci_bus_reset(struct device *dev)
{
    CONTAINER_OF(dev, struct pci_bus, dev)->address = 0;
}

static void pci_bus_destroy(struct device *dev)
{
    struct pci_bus *bus = CONTAINER_OF(dev, struct pci_bus, dev);

    for (unsigned i = 0; i < PCI_FUNCTIONS; i++) {
        if (bus->functions[i])
            pci_bus_remove(bus, bus->functions[i]);
    }
    bus_unmap(bus->ports, ADDRESS_PORT, bus);
    free(bus);
}

static void pci_bus_loaded(struct device *dev)
{
    struct pci_bus *bus = CONTAINER_OF(dev, struct pci_bus, dev);

    update_windows(bus);
    update_pirqs(bus);
}

static const struct state_field pci_bus_state[] = {
    STATE_FIELD(struct pci_bus, address),
    STATE_END,
};

static const struct device_class pci_bus_class = {
    .name = "pci_bus",
    .reset = pci_bus_reset,
    .destroy = pci_bus_destroy,
    .state = pci_bus_state,
    .loaded = pci_bus_loaded,
};

enum status pci_bus_create(const struct pci_bus_config *config,
                           struct pci_bus **out)
{
    struct pci_bus *bus = calloc(1, sizeof(*bus));
    enum status status;

    *out = NULL;
    if (!bus)
        return STATUS_NO_MEMORY;
    bus->dev = (struct device){&pci_bus_class, config->name};
    bus->ports = config->ports;
    bus->mem = config->mem;
    bus->log = config->log;
    status = bus_map(config->ports, ADDRESS_PORT, PORTS, &port_ops, bus);
    if (status != STATUS_OK) {
        free(bus);
        return status;
    }
    *out = bus;
    return STATUS_OK;
}

struct device *pci_bus_device(struct pci_bus *bus)
{
    return &bus->dev;
}
