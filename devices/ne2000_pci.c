/* NE2000 on the PCI bus, an RTL8029AS: see ne2000.h. Configuration space by
 * its datasheet, section 6. */
#include <stdlib.h>

#include "devices/ne2000.h"

#define VENDOR         0x10ec
#define DEVICE         0x8029
#define CLASS_ETHERNET 0x020000
#define STATUS_MEDIUM  0x0200 /* DEVSEL timing */

struct ne2000_pci {
    struct device dev;
    struct ne2000 card;
    struct pci_function function;
};

static void interrupt(struct ne2000 *card, bool level)
{
    struct ne2000_pci *pci = CONTAINER_OF(card, struct ne2000_pci, card);

    pci_set_irq(&pci->function, level);
}

static uint32_t port_read(void *dev, paddr offset, unsigned size)
{
    struct ne2000_pci *pci = dev;

    return ne2000_read(&pci->card, (unsigned)offset, size);
}

static void port_write(void *dev, paddr offset, uint32_t value, unsigned size)
{
    struct ne2000_pci *pci = dev;

    ne2000_write(&pci->card, (unsigned)offset, value, size);
}

static const struct bus_ops port_ops = {port_read, port_write, 1 | 2 | 4};

static void ne2000_pci_reset(struct device *dev)
{
    struct ne2000_pci *pci = CONTAINER_OF(dev, struct ne2000_pci, dev);

    pci_function_reset(&pci->function);
    pci_set_word(&pci->function, PCI_STATUS, STATUS_MEDIUM);
    ne2000_power_on(&pci->card);
}

static void ne2000_pci_destroy(struct device *dev)
{
    struct ne2000_pci *pci = CONTAINER_OF(dev, struct ne2000_pci, dev);

    ne2000_deinit(&pci->card);
    if (pci->function.bus)
        pci_bus_remove(pci->function.bus, &pci->function);
    free(pci);
}

static void ne2000_pci_loaded(struct device *dev)
{
    ne2000_loaded(&CONTAINER_OF(dev, struct ne2000_pci, dev)->card);
}

static const struct state_field ne2000_pci_state[] = {
    STATE_TABLE(struct ne2000_pci, card, ne2000_state),
    STATE_TABLE(struct ne2000_pci, function, pci_function_state),
    STATE_END,
};

static const struct device_class ne2000_pci_class = {
    .name = "ne2000_pci",
    .reset = ne2000_pci_reset,
    .destroy = ne2000_pci_destroy,
    .state = ne2000_pci_state,
    .loaded = ne2000_pci_loaded,
};

static void set_up_function(struct ne2000_pci *pci)
{
    struct pci_function *f = &pci->function;

    pci_function_init(f, VENDOR, DEVICE, CLASS_ETHERNET, pci);
    pci_set_word(f, PCI_SUBSYSTEM_VENDOR, VENDOR);
    pci_set_word(f, PCI_SUBSYSTEM, DEVICE);
    f->writable[PCI_COMMAND] = PCI_COMMAND_IO;
    f->config[PCI_INTERRUPT_PIN] = 1;
    f->bars[0].kind = PCI_BAR_IO;
    f->bars[0].size = NE2000_PORTS;
    f->bars[0].ops = &port_ops;
}

enum status ne2000_pci_create(const struct ne2000_pci_config *config,
                              struct device **out, struct ne2000 **card)
{
    struct ne2000_pci *pci = calloc(1, sizeof(*pci));
    enum status status;

    *out = NULL;
    if (!pci)
        return STATUS_NO_MEMORY;
    pci->dev = (struct device){&ne2000_pci_class, config->card.name};
    pci->card.interrupt = interrupt;
    ne2000_init(&pci->card, &config->card, NE2000_RTL8029);
    set_up_function(pci);
    status = pci_bus_add(config->bus, config->devfn, &pci->function);
    if (status != STATUS_OK) {
        ne2000_pci_destroy(&pci->dev);
        return status;
    }
    ne2000_pci_reset(&pci->dev);
    *card = &pci->card;
    *out = &pci->dev;
    return STATUS_OK;
}
