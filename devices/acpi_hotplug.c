#include "devices/acpi_hotplug.h"

#include <stdlib.h>

#define GPE_BASE  0xafe0
#define GPE_BYTES 4
#define GPE_EN    2 /* status before, enable from here on */
#define PCI_BASE  0xae00
#define PCI_BYTES 16
#define CPU_BASE  0xaf00
#define CPU_BYTES 32

struct acpi_hotplug {
    struct device dev;
    struct bus *ports;
    uint8_t enable[GPE_BYTES - GPE_EN];
};

static uint32_t gpe_read(void *dev, paddr offset, unsigned size)
{
    const struct acpi_hotplug *h = dev;

    (void)size;
    return offset < GPE_EN ? 0 : h->enable[offset - GPE_EN];
}

static void gpe_write(void *dev, paddr offset, uint32_t value, unsigned size)
{
    struct acpi_hotplug *h = dev;

    (void)size;
    if (offset >= GPE_EN)
        h->enable[offset - GPE_EN] = (uint8_t)value;
}

/* No slot was filled, none was emptied, none can be. */
static uint32_t pci_read(void *dev, paddr offset, unsigned size)
{
    (void)dev;
    (void)offset;
    (void)size;
    return 0;
}

/* One bit a processor. */
static uint32_t cpu_read(void *dev, paddr offset, unsigned size)
{
    (void)dev;
    (void)size;
    return offset == 0;
}

static const struct bus_ops gpe_ops = {gpe_read, gpe_write, 1};
static const struct bus_ops pci_ops = {pci_read, NULL, 1 | 2 | 4};
static const struct bus_ops cpu_ops = {cpu_read, NULL, 1};

static void acpi_hotplug_reset(struct device *dev)
{
    struct acpi_hotplug *h = CONTAINER_OF(dev, struct acpi_hotplug, dev);

    h->enable[0] = h->enable[1] = 0;
}

static void acpi_hotplug_destroy(struct device *dev)
{
    struct acpi_hotplug *h = CONTAINER_OF(dev, struct acpi_hotplug, dev);

    bus_unmap(h->ports, CPU_BASE, h);
    bus_unmap(h->ports, PCI_BASE, h);
    bus_unmap(h->ports, GPE_BASE, h);
    free(h);
}

static const struct state_field acpi_hotplug_state[] = {
    STATE_ARRAY(struct acpi_hotplug, enable),
    STATE_END,
};

static const struct device_class acpi_hotplug_class = {
    .name = "acpi_hotplug",
    .reset = acpi_hotplug_reset,
    .destroy = acpi_hotplug_destroy,
    .state = acpi_hotplug_state,
};

static enum status map_ports(struct acpi_hotplug *h)
{
    TRY(bus_map(h->ports, GPE_BASE, GPE_BYTES, &gpe_ops, h));
    TRY(bus_map(h->ports, PCI_BASE, PCI_BYTES, &pci_ops, h));
    return bus_map(h->ports, CPU_BASE, CPU_BYTES, &cpu_ops, h);
}

enum status acpi_hotplug_create(const struct acpi_hotplug_config *config,
                                struct device **out)
{
    struct acpi_hotplug *h = calloc(1, sizeof(*h));
    enum status status;

    *out = NULL;
    if (!h)
        return STATUS_NO_MEMORY;
    h->dev = (struct device){&acpi_hotplug_class, config->name};
    h->ports = config->ports;
    status = map_ports(h);
    if (status != STATUS_OK) {
        acpi_hotplug_destroy(&h->dev);
        return status;
    }
    *out = &h->dev;
    return STATUS_OK;
}
