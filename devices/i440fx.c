#include "devices/i440fx.h"

#include <stdlib.h>

/* Configuration registers (datasheet section 3.2). */
enum {
    FX_PMCCFG = 0x50, /* two bytes */
    FX_DETURBO = 0x52,
    FX_DBC = 0x53,
    FX_AXC = 0x54,
    FX_DRT = 0x55, /* two bytes */
    FX_DRAMC = 0x57,
    FX_DRAMT = 0x58,
    FX_PAM0 = 0x59, /* F0000-FFFFF in the high nibble */
    FX_PAM1 = 0x5a, /* C0000-C7FFF; PAM2 C8000, PAM3 D0000, ... PAM6 E8000 */
    FX_DRB = 0x60,  /* eight bytes */
    FX_FDHC = 0x68,
    FX_MTT = 0x70,
    FX_CLT = 0x71,
    FX_SMRAM = 0x72,
    FX_ERRCMD = 0x90,
    FX_ERRSTS = 0x91, /* two bytes; a written 1 clears */
    FX_TRC = 0x93,
};

#define FX_PAMS       7
#define PAM_READ      1u /* loads go to DRAM */
#define PAM_WRITE     2u
#define PAM_SEGMENT   0x4000u
#define PAM_LAST_BASE 0xf0000u
#define PAM_LAST_SIZE 0x10000u

#define SMRAM_C_BASE 0x02 /* fixed: A0000 */
#define SMRAM_ENABLE 0x08
#define SMRAM_LOCK   0x10
#define SMRAM_CLOSE  0x20
#define SMRAM_OPEN   0x40

#define DRB_UNIT MIB(8)
#define DRB_ROWS 8

struct i440fx {
    struct device dev;
    struct pci_function function;
    struct mem *mem;
    uint8_t *rom; /* borrowed */
    struct irq_line smram;
    uint8_t shown[2 * FX_PAMS]; /* attributes last mapped; rebuilt on load */
};

/* One 16 KiB segment (64 KiB for the last) by its read and write bits. */
static void show_segment(struct i440fx *fx, unsigned nibble, unsigned bits)
{
    /* nibble 1 is PAM0 high; 2, 3 are PAM1 low and high, and so on */
    bool last = nibble == 1;
    paddr base =
        last ? PAM_LAST_BASE : I440FX_SHADOW_BASE + (nibble - 2) * PAM_SEGMENT;
    size_t size = last ? PAM_LAST_SIZE : PAM_SEGMENT;
    uint8_t *dram = fx->mem->ram + base;
    uint8_t *rom = fx->rom + (base - I440FX_SHADOW_BASE);

    switch (bits & (PAM_READ | PAM_WRITE)) {
    case 0: mem_map_rom(fx->mem, base, size, rom, NULL); break;
    case PAM_READ: mem_map_rom(fx->mem, base, size, dram, NULL); break;
    case PAM_WRITE: mem_map_rom(fx->mem, base, size, rom, dram); break;
    default: mem_map_host(fx->mem, base, size, dram); break;
    }
}

static unsigned pam_bits(const struct i440fx *fx, unsigned nibble)
{
    return fx->function.config[FX_PAM0 + nibble / 2] >> (4 * (nibble & 1)) & 3;
}

static void update_pam(struct i440fx *fx, bool all)
{
    for (unsigned n = 1; n < 2 * FX_PAMS; n++) {
        unsigned bits = pam_bits(fx, n);

        if (all || fx->shown[n] != bits)
            show_segment(fx, n, bits);
        fx->shown[n] = (uint8_t)bits;
    }
}

static void update_smram(struct i440fx *fx)
{
    uint8_t *smram = &fx->function.config[FX_SMRAM];

    if (*smram & SMRAM_LOCK) {
        *smram &= (uint8_t)~SMRAM_OPEN;
        fx->function.writable[FX_SMRAM] = SMRAM_CLOSE;
    }
    irq_set(&fx->smram, (*smram & SMRAM_ENABLE) && (*smram & SMRAM_OPEN) &&
                            !(*smram & SMRAM_CLOSE));
}

static void on_written(void *dev, unsigned offset, unsigned size)
{
    struct i440fx *fx = dev;

    if (offset + size > FX_PAM0 && offset < FX_PAM0 + FX_PAMS)
        update_pam(fx, false);
    if (offset + size > FX_SMRAM && offset <= FX_SMRAM)
        update_smram(fx);
}

void i440fx_update(struct device *dev)
{
    update_pam(CONTAINER_OF(dev, struct i440fx, dev), true);
}

/* Ends of DRAM rows in 8 MiB: all memory in the first rows that hold it. */
static void set_row_boundaries(struct i440fx *fx)
{
    uint64_t units = (fx->mem->ram_bytes + DRB_UNIT - 1) / DRB_UNIT;

    for (unsigned i = 0; i < DRB_ROWS; i++) {
        uint64_t row_end = units * (i + 1) / DRB_ROWS;

        if (units <= 32 || i == DRB_ROWS - 1)
            row_end = units;
        fx->function.config[FX_DRB + i] =
            (uint8_t)(row_end < 0xff ? row_end : 0xff);
    }
}

static void i440fx_reset(struct device *dev)
{
    struct i440fx *fx = CONTAINER_OF(dev, struct i440fx, dev);
    uint8_t *c = fx->function.config;

    pci_function_reset(&fx->function);
    pci_set_word(&fx->function, PCI_COMMAND,
                 PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
    pci_set_word(&fx->function, PCI_STATUS, 0x0280);
    for (unsigned i = 0x40; i < PCI_CONFIG_BYTES; i++)
        c[i] = 0;
    c[FX_PMCCFG + 1] = 0x00;
    c[FX_DBC] = 0x80;
    c[FX_DRAMC] = 0x01;
    c[FX_DRAMT] = 0x10;
    c[FX_SMRAM] = SMRAM_C_BASE;
    fx->function.writable[FX_SMRAM] =
        SMRAM_OPEN | SMRAM_CLOSE | SMRAM_LOCK | SMRAM_ENABLE;
    set_row_boundaries(fx);
    update_pam(fx, true);
    update_smram(fx);
}

static void set_masks(struct pci_function *f)
{
    static const struct {
        uint8_t at, mask;
    } masks[] = {
        {PCI_COMMAND, 0x00}, {PCI_COMMAND + 1, 0x01}, {0x0d, 0xf8},
        {FX_PMCCFG, 0xa0},   {FX_PMCCFG + 1, 0xda},   {FX_DETURBO, 0xff},
        {FX_DBC, 0xe3},      {FX_AXC, 0x01},          {FX_DRT, 0xff},
        {FX_DRT + 1, 0xff},  {FX_DRAMC, 0x77},        {FX_DRAMT, 0x7f},
        {FX_PAM0, 0x30},     {FX_FDHC, 0xc0},         {FX_MTT, 0xf8},
        {FX_CLT, 0x78},      {FX_ERRCMD, 0xc7},       {FX_TRC, 0x0e},
    };

    for (size_t i = 0; i < ARRAY_LEN(masks); i++)
        f->writable[masks[i].at] = masks[i].mask;
    for (unsigned i = 1; i < FX_PAMS; i++)
        f->writable[FX_PAM0 + i] = 0x33;
    for (unsigned i = 0; i < DRB_ROWS; i++)
        f->writable[FX_DRB + i] = 0xff;
    f->clearable[PCI_STATUS + 1] = 0xf9;
    f->clearable[FX_ERRSTS] = 0x11;
}

static void i440fx_destroy(struct device *dev)
{
    struct i440fx *fx = CONTAINER_OF(dev, struct i440fx, dev);

    if (fx->function.bus)
        pci_bus_remove(fx->function.bus, &fx->function);
    free(fx);
}

static void i440fx_loaded(struct device *dev)
{
    struct i440fx *fx = CONTAINER_OF(dev, struct i440fx, dev);

    update_pam(fx, true);
    update_smram(fx);
}

static const struct state_field i440fx_state[] = {
    STATE_TABLE(struct i440fx, function, pci_function_state),
    STATE_END,
};

static const struct device_class i440fx_class = {
    .name = "i440fx",
    .reset = i440fx_reset,
    .destroy = i440fx_destroy,
    .state = i440fx_state,
    .loaded = i440fx_loaded,
};

enum status i440fx_create(const struct i440fx_config *config,
                          struct device **out)
{
    struct i440fx *fx = calloc(1, sizeof(*fx));
    enum status status;

    *out = NULL;
    if (!fx)
        return STATUS_NO_MEMORY;
    fx->dev = (struct device){&i440fx_class, config->name};
    fx->mem = config->mem;
    fx->rom = config->rom;
    fx->smram = config->smram;
    pci_function_init(&fx->function, 0x8086, 0x1237, 0x060000, fx);
    fx->function.config[PCI_REVISION] = 0x02;
    pci_set_word(&fx->function, PCI_SUBSYSTEM_VENDOR, 0x1af4);
    pci_set_word(&fx->function, PCI_SUBSYSTEM, 0x1100);
    fx->function.written = on_written;
    set_masks(&fx->function);
    status = pci_bus_add(config->bus, PCI_DEVFN(0, 0), &fx->function);
    if (status != STATUS_OK) {
        free(fx);
        return status;
    }
    i440fx_reset(&fx->dev);
    *out = &fx->dev;
    return STATUS_OK;
}
