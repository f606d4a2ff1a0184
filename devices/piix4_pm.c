#include "devices/piix4_pm.h"

#include <stdlib.h>

/* Configuration registers (82371AB section 7.1). */
enum {
    PM_PMBA = 0x40,
    PM_DEVACTB = 0x58,
    PM_PMREGMISC = 0x80, /* bit 0: the ports at PMBA decode */
    PM_SMBBA = 0x90,
    PM_SMBHSTCFG = 0xd2, /* bit 0: the ports at SMBBA decode */
};

#define PMBA_PORTS   64
#define SMBBA_PORTS  16
#define PMBA_MASK    0xffc0u
#define SMBBA_MASK   0xfff0u
#define DECODE       0x01
#define DEVACTB_APMC 0x02 /* bit 25: SMM is set up */
#define APM_PORT     0xb2
#define APM_ACPI_ON  0xf1
#define APM_ACPI_OFF 0xf0

/* Ports at PMBA (section 7.2). */
enum {
    IO_PMSTS = 0x00,
    IO_PMEN = 0x02,
    IO_PMCNTRL = 0x04,
    IO_PMTMR = 0x08,
    IO_GPSTS = 0x0c,
    IO_GPEN = 0x0e,
    IO_PCNTRL = 0x10, /* from here on storage */
};

#define PMSTS_TMR        0x0001
#define PMSTS_PWRBTN     0x0100
#define PMSTS_CLEAR      0x8d31 /* bits that a written 1 clears */
#define PMEN_MASK        0x0521
#define PMCNTRL_SCI      0x0001
#define PMCNTRL_SLP_EN   0x2000
#define PMCNTRL_SLP_TYPE 0x1c00
#define PMCNTRL_MASK     0x1c07
#define SLP_TYPE_SHIFT   10
#define TMR_BITS         24
#define TMR_MASK         0xffffffu
#define GP_MASK          0x0f01

/* SMBus host ports (section 7.3). */
enum {
    SMB_STATUS = 0,
    SMB_CONTROL = 2,
};

#define SMB_START   0x40
#define SMB_DEV_ERR 0x04
#define SMB_CLEAR   0x1e

struct piix4_pm {
    struct device dev;
    struct pci_function function;
    struct bus *ports;
    struct clock *clock;
    struct irq_line sci, smi;
    bool has_smm;
    void (*sleep)(void *sink, unsigned type);
    void *sink;

    struct clock_event tick; /* the timer's top bit turns over */
    uint16_t status, enable, control, gp_status, gp_enable;
    uint8_t storage[PMBA_PORTS];
    uint8_t smb[SMBBA_PORTS];
    uint8_t apm[2];
    paddr pm_at, smb_at; /* where ports are claimed; 0: nowhere. Rebuilt */
};

/* 3.579545 MHz: 715909 ticks in 200 ms, exactly. */
#define TMR_TICKS 715909u
#define TMR_NS    200000000u

static uint64_t timer_ticks(const struct piix4_pm *pm)
{
    uint64_t ns = clock_now_ns(pm->clock);

    return ns / TMR_NS * TMR_TICKS + ns % TMR_NS * TMR_TICKS / TMR_NS;
}

/* The first nanosecond at which `tick` has come. */
static uint64_t tick_ns(uint64_t tick)
{
    uint64_t rest = tick % TMR_TICKS * TMR_NS;

    return tick / TMR_TICKS * TMR_NS + (rest + TMR_TICKS - 1) / TMR_TICKS;
}

static void update_sci(struct piix4_pm *pm)
{
    bool event = (pm->status & pm->enable) || (pm->gp_status & pm->gp_enable);

    irq_set(&pm->sci, event && (pm->control & PMCNTRL_SCI));
}

static void arm_tick(struct piix4_pm *pm)
{
    uint64_t half = UINT64_C(1) << (TMR_BITS - 1);
    uint64_t next = (timer_ticks(pm) / half + 1) * half;

    clock_arm(pm->clock, &pm->tick, tick_ns(next));
}

static void on_tick(void *dev)
{
    struct piix4_pm *pm = dev;

    pm->status |= PMSTS_TMR;
    arm_tick(pm);
    update_sci(pm);
}

void piix4_pm_press_power(struct device *dev)
{
    struct piix4_pm *pm = CONTAINER_OF(dev, struct piix4_pm, dev);

    pm->status |= PMSTS_PWRBTN;
    update_sci(pm);
}

/* Power management ports, by words: the bus splits and joins. */

static uint16_t pm_word(struct piix4_pm *pm, unsigned at)
{
    switch (at) {
    case IO_PMSTS: return pm->status;
    case IO_PMEN: return pm->enable;
    case IO_PMCNTRL: return pm->control;
    case IO_PMTMR: return (uint16_t)timer_ticks(pm);
    case IO_PMTMR + 2: return (uint16_t)((timer_ticks(pm) & TMR_MASK) >> 16);
    case IO_GPSTS: return pm->gp_status;
    case IO_GPEN: return pm->gp_enable;
    default: return (uint16_t)(pm->storage[at] | pm->storage[at + 1] << 8);
    }
}

static uint32_t pm_read(void *dev, paddr offset, unsigned size)
{
    unsigned at = (unsigned)offset & (PMBA_PORTS - 1) & ~1u;
    uint32_t value = pm_word(dev, at);

    if (size > 1 && (offset & 1)) { /* byte by byte, as on the bus */
        value = pm_read(dev, offset, 1);
        for (unsigned i = 1; i < size; i++)
            value |= pm_read(dev, offset + i, 1) << (8 * i);
        return value;
    }

    if (size == 1)
        return offset & 1 ? value >> 8 : value & 0xff;
    if (size == 4)
        value |= (uint32_t)pm_word(dev, (at + 2) & (PMBA_PORTS - 1)) << 16;
    return value;
}

static void write_control(struct piix4_pm *pm, uint16_t value)
{
    pm->control = value & PMCNTRL_MASK;
    if ((value & PMCNTRL_SLP_EN) && pm->sleep)
        pm->sleep(pm->sink, (value & PMCNTRL_SLP_TYPE) >> SLP_TYPE_SHIFT);
}

/* `mask`: which bytes of the word are written. */
static void pm_write_word(struct piix4_pm *pm, unsigned at, uint16_t value,
                          uint16_t mask)
{
    uint16_t merged = (uint16_t)((pm_word(pm, at) & ~mask) | (value & mask));

    switch (at) {
    case IO_PMSTS:
        pm->status &= (uint16_t) ~(value & mask & PMSTS_CLEAR);
        break;
    case IO_PMEN: pm->enable = merged & PMEN_MASK; break;
    case IO_PMCNTRL:
        if (!(mask & PMCNTRL_SLP_EN))
            merged &= (uint16_t)~PMCNTRL_SLP_EN;
        write_control(pm, merged);
        break;
    case IO_PMTMR:
    case IO_PMTMR + 2: break; /* read-only */
    case IO_GPSTS: pm->gp_status &= (uint16_t) ~(value & mask); break;
    case IO_GPEN: pm->gp_enable = merged & GP_MASK; break;
    default:
        pm->storage[at] = (uint8_t)merged;
        pm->storage[at + 1] = (uint8_t)(merged >> 8);
        break;
    }
    update_sci(pm);
}

static void pm_write(void *dev, paddr offset, uint32_t value, unsigned size)
{
    unsigned at = (unsigned)offset & (PMBA_PORTS - 1) & ~1u;

    if (size > 1 && (offset & 1)) {
        for (unsigned i = 0; i < size; i++)
            pm_write(dev, offset + i, value >> (8 * i) & 0xff, 1);
    } else if (size == 1 && (offset & 1)) {
        pm_write_word(dev, at, (uint16_t)(value << 8), 0xff00);
    } else if (size == 1) {
        pm_write_word(dev, at, (uint16_t)value, 0x00ff);
    } else {
        pm_write_word(dev, at, (uint16_t)value, 0xffff);
        if (size == 4)
            pm_write_word(dev, (at + 2) & (PMBA_PORTS - 1),
                          (uint16_t)(value >> 16), 0xffff);
    }
}

static const struct bus_ops pm_ops = {pm_read, pm_write, 1 | 2 | 4};

/* SMBus: nobody answers on the wire. */

static uint32_t smb_read(void *dev, paddr offset, unsigned size)
{
    const struct piix4_pm *pm = dev;

    (void)size;
    return pm->smb[offset & (SMBBA_PORTS - 1)];
}

static void smb_write(void *dev, paddr offset, uint32_t value, unsigned size)
{
    struct piix4_pm *pm = dev;
    unsigned at = (unsigned)offset & (SMBBA_PORTS - 1);

    (void)size;
    if (at == SMB_STATUS) {
        pm->smb[at] &= (uint8_t) ~(value & SMB_CLEAR);
        return;
    }
    pm->smb[at] = (uint8_t)value;
    if (at == SMB_CONTROL && (value & SMB_START)) {
        pm->smb[at] &= (uint8_t)~SMB_START;
        pm->smb[SMB_STATUS] |= SMB_DEV_ERR;
    }
}

static const struct bus_ops smb_ops = {smb_read, smb_write, 1};

/* APM control and status ports. */

static uint32_t apm_read(void *dev, paddr offset, unsigned size)
{
    const struct piix4_pm *pm = dev;

    (void)size;
    return pm->apm[offset & 1];
}

static void apm_write(void *dev, paddr offset, uint32_t value, unsigned size)
{
    struct piix4_pm *pm = dev;

    (void)size;
    pm->apm[offset & 1] = (uint8_t)value;
    if (offset & 1)
        return;
    if (value == APM_ACPI_ON)
        pm->control |= PMCNTRL_SCI;
    else if (value == APM_ACPI_OFF)
        pm->control &= (uint16_t)~PMCNTRL_SCI;
    update_sci(pm);
    if (pm->has_smm && (pm->function.config[PM_DEVACTB + 3] & DEVACTB_APMC)) {
        irq_set(&pm->smi, true);
        irq_set(&pm->smi, false);
    }
}

static const struct bus_ops apm_ops = {apm_read, apm_write, 1};

/* Where the two ranges are. */

static void move_range(struct piix4_pm *pm, paddr *at, paddr base,
                       const struct bus_ops *ops, unsigned ports)
{
    if (*at == base)
        return;
    if (*at)
        bus_unmap(pm->ports, *at, pm);
    *at = 0;
    if (base && bus_map(pm->ports, base, ports, ops, pm) == STATUS_OK)
        *at = base;
}

static void update_ranges(struct piix4_pm *pm)
{
    const struct pci_function *f = &pm->function;
    paddr base =
        f->config[PM_PMREGMISC] & DECODE ? pci_word(f, PM_PMBA) & PMBA_MASK : 0;
    paddr smb = f->config[PM_SMBHSTCFG] & DECODE
                    ? pci_word(f, PM_SMBBA) & SMBBA_MASK
                    : 0;

    move_range(pm, &pm->pm_at, base, &pm_ops, PMBA_PORTS);
    move_range(pm, &pm->smb_at, smb, &smb_ops, SMBBA_PORTS);
}

static void on_written(void *dev, unsigned offset, unsigned size)
{
    (void)offset;
    (void)size;
    update_ranges(dev);
}

static void piix4_pm_reset(struct device *dev)
{
    struct piix4_pm *pm = CONTAINER_OF(dev, struct piix4_pm, dev);
    uint8_t *c = pm->function.config;

    pci_function_reset(&pm->function);
    pci_set_word(&pm->function, PCI_STATUS, 0x0280);
    for (unsigned i = PM_PMBA; i < PCI_CONFIG_BYTES; i++)
        c[i] = 0;
    c[PM_PMBA] = c[PM_SMBBA] = 0x01; /* port space */
    if (!pm->has_smm)
        c[PM_DEVACTB + 3] = DEVACTB_APMC;
    pm->status = pm->enable = pm->control = 0;
    pm->gp_status = pm->gp_enable = 0;
    for (unsigned i = 0; i < PMBA_PORTS; i++)
        pm->storage[i] = 0;
    for (unsigned i = 0; i < SMBBA_PORTS; i++)
        pm->smb[i] = 0;
    pm->apm[0] = pm->apm[1] = 0;
    update_ranges(pm);
    arm_tick(pm);
    update_sci(pm);
}

static void set_masks(struct pci_function *f)
{
    f->writable[PCI_COMMAND] = PCI_COMMAND_IO;
    f->clearable[PCI_STATUS + 1] = 0x08;
    f->writable[PM_PMBA] = (uint8_t)PMBA_MASK;
    f->writable[PM_PMBA + 1] = 0xff;
    for (unsigned i = 0x44; i < 0x7c; i++)
        f->writable[i] = 0xff;
    f->writable[PM_PMREGMISC] = DECODE;
    f->writable[PM_SMBBA] = (uint8_t)SMBBA_MASK;
    f->writable[PM_SMBBA + 1] = 0xff;
    for (unsigned i = PM_SMBHSTCFG; i < 0xd6; i++)
        f->writable[i] = 0xff;
}

static void piix4_pm_destroy(struct device *dev)
{
    struct piix4_pm *pm = CONTAINER_OF(dev, struct piix4_pm, dev);

    clock_disarm(pm->clock, &pm->tick);
    move_range(pm, &pm->pm_at, 0, NULL, 0);
    move_range(pm, &pm->smb_at, 0, NULL, 0);
    bus_unmap(pm->ports, APM_PORT, pm);
    if (pm->function.bus)
        pci_bus_remove(pm->function.bus, &pm->function);
    free(pm);
}

static void piix4_pm_loaded(struct device *dev)
{
    struct piix4_pm *pm = CONTAINER_OF(dev, struct piix4_pm, dev);

    update_ranges(pm);
    clock_relink(pm->clock, &pm->tick);
    update_sci(pm);
}

static const struct state_field piix4_pm_state[] = {
    STATE_TABLE(struct piix4_pm, function, pci_function_state),
    STATE_TABLE(struct piix4_pm, tick, clock_event_state),
    STATE_FIELD(struct piix4_pm, status),
    STATE_FIELD(struct piix4_pm, enable),
    STATE_FIELD(struct piix4_pm, control),
    STATE_FIELD(struct piix4_pm, gp_status),
    STATE_FIELD(struct piix4_pm, gp_enable),
    STATE_ARRAY(struct piix4_pm, storage),
    STATE_ARRAY(struct piix4_pm, smb),
    STATE_ARRAY(struct piix4_pm, apm),
    STATE_END,
};

static const struct device_class piix4_pm_class = {
    .name = "piix4_pm",
    .reset = piix4_pm_reset,
    .destroy = piix4_pm_destroy,
    .state = piix4_pm_state,
    .loaded = piix4_pm_loaded,
};

static enum status claim(struct piix4_pm *pm,
                         const struct piix4_pm_config *config)
{
    TRY(bus_map(pm->ports, APM_PORT, 2, &apm_ops, pm));
    return pci_bus_add(config->bus, config->devfn, &pm->function);
}

enum status piix4_pm_create(const struct piix4_pm_config *config,
                            struct device **out)
{
    struct piix4_pm *pm = calloc(1, sizeof(*pm));
    enum status status;

    *out = NULL;
    if (!pm)
        return STATUS_NO_MEMORY;
    pm->dev = (struct device){&piix4_pm_class, config->name};
    pm->ports = config->ports;
    pm->clock = config->clock;
    pm->sci = config->sci;
    pm->smi = config->smi;
    pm->has_smm = config->has_smm;
    pm->sleep = config->sleep;
    pm->sink = config->sink;
    clock_event_init(&pm->tick, on_tick, pm);
    pci_function_init(&pm->function, 0x8086, 0x7113, 0x068000, pm);
    pm->function.config[PCI_REVISION] = 0x03;
    pm->function.config[PCI_INTERRUPT_PIN] = 1;
    pm->function.written = on_written;
    set_masks(&pm->function);
    status = claim(pm, config);
    if (status != STATUS_OK) {
        piix4_pm_destroy(&pm->dev);
        return status;
    }
    piix4_pm_reset(&pm->dev);
    *out = &pm->dev;
    return STATUS_OK;
}
