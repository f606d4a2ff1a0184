/* The board: every chip and every wire, in the order of the block diagram. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "devices/acpi_hotplug.h"
#include "devices/apic.h"
#include "devices/ata.h"
#include "devices/ata_dma.h"
#include "devices/debug_port.h"
#include "devices/exit_port.h"
#include "devices/fdc82077.h"
#include "devices/fpu_irq.h"
#include "devices/fw_cfg.h"
#include "devices/i440fx.h"
#include "devices/i8042.h"
#include "devices/i82093aa.h"
#include "devices/i8237.h"
#include "devices/i8254.h"
#include "devices/i8259.h"
#include "devices/mc146818.h"
#include "devices/ne2000.h"
#include "devices/parallel.h"
#include "devices/pci_bus.h"
#include "devices/piix3.h"
#include "devices/piix3_ide.h"
#include "devices/piix4_pm.h"
#include "devices/port61.h"
#include "devices/port92.h"
#include "devices/ps2_keyboard.h"
#include "devices/ps2_mouse.h"
#include "devices/uart16550.h"
#include "devices/vga.h"
#include "devices/vga_pci.h"
#include "jit/jit.h"
#include "machine/cmos.h"
#include "machine/firmware.h"
#include "machine/kernel.h"
#include "machine/machine_int.h"

#define RAM_HOLE     0xa0000u
#define RAM_ABOVE    0x100000u
#define VGA_WINDOW   0x20000u
#define LFB_BASE     0xe0000000u
#define FLOPPY_HASTE 16 /* drives turn this much faster than real ones */
#define SERIAL_HASTE 16 /* see uart16550.h */
#define APIC_BUS_HZ  100000000u
#define IOAPIC_PIRQA 16         /* its pin, and those of PIRQB-D behind it */
#define WIRE_HZ      100000000u /* bits a second: ten times 10BASE-T */
#define SLEEP_OFF    0

/* Adds a device that was just created, or passes its failure on. */
#define ADD(m, place, expr) \
    do { \
        TRY(expr); \
        machine_add(m, place); \
    } while (0)

/* Ends of wires that go to the CPU and the board. */

static void on_cpu_intr(void *sink, unsigned pin, bool level)
{
    struct machine *m = sink;

    (void)pin;
    cpu_set_intr(m->cpu, level);
}

static void on_cpu_nmi(void *sink, unsigned pin, bool level)
{
    struct machine *m = sink;

    (void)pin;
    if (level)
        cpu_raise_nmi(m->cpu);
}

/* The 8259s' request and NMI: pins of the CPU, or of its local APIC, which is
 * there before they are. */
static void on_intr(void *sink, unsigned pin, bool level)
{
    struct machine *m = sink;
    struct irq_line line = {on_cpu_intr, m, 0};

    (void)pin;
    if (m->apic)
        line = apic_lint(m->apic, 0);
    irq_set(&line, level);
    if (m->ioapic) {
        line = i82093aa_input(m->ioapic, 0);
        irq_set(&line, level);
    }
}

static void on_nmi(void *sink, unsigned pin, bool level)
{
    struct machine *m = sink;
    struct irq_line line = {on_cpu_nmi, m, 0};

    (void)pin;
    if (m->apic)
        line = apic_lint(m->apic, 1);
    irq_set(&line, level);
}

/* ISA interrupts have the I/O APIC's pins of their numbers; the timer has that
 * of the cascade, whose own is the 8259s' output. */
static void on_irq(void *sink, unsigned irq, bool level)
{
    struct machine *m = sink;
    struct irq_line line = i82093aa_input(m->ioapic, irq ? irq : 2);

    irq_set(&line, level);
}

static void on_apic_base(void *sink, uint64_t base)
{
    struct machine *m = sink;

    if (m->apic)
        apic_set_base(m->apic, base);
}

static void on_a20(void *sink, unsigned pin, bool level)
{
    struct machine *m = sink;

    (void)pin;
    mem_set_a20(m->mem, level);
}

static void on_reset(void *sink, unsigned all, bool level)
{
    if (level)
        machine_pull_reset(sink, all != 0);
}

static void on_smram(void *sink, unsigned pin, bool level)
{
    struct machine *m = sink;

    (void)pin;
    if (!m->vga)
        return;
    vga_set_window(m->vga, !level);
    if (level)
        mem_map_host(m->mem, RAM_HOLE, VGA_WINDOW, m->mem->ram + RAM_HOLE);
}

static void on_sleep(void *sink, unsigned type)
{
    struct machine *m = sink;

    if (type != SLEEP_OFF)
        return;
    m->power_off = true;
    cpu_request_stop(m->cpu);
}

static void on_exit_port(void *sink, uint32_t value)
{
    struct machine *m = sink;

    if (!m->exit_written)
        m->exit_value = (uint8_t)value;
    m->exit_written = true;
    cpu_request_stop(m->cpu);
}

static void on_ignne(void *sink, unsigned pin, bool level)
{
    struct machine *m = sink;

    (void)pin;
    cpu_set_ignne(m->cpu, level);
}

/* FERR#: the CPU is there before what it is wired to. */
static void on_ferr(void *sink, unsigned pin, bool level)
{
    struct machine *m = sink;
    struct irq_line line;

    (void)pin;
    if (!m->fpu_irq)
        return;
    line = fpu_irq_ferr(m->fpu_irq);
    irq_set(&line, level);
}

static uint8_t ack_pic(void *source)
{
    struct machine *m = source;
    struct irq_ack ack = i8259_ack(m->pic);

    return ack.vector(ack.source);
}

static uint8_t ack_vector(void *source)
{
    struct machine *m = source;
    struct irq_ack ack = m->apic ? apic_ack(m->apic) : i8259_ack(m->pic);

    return ack.vector(ack.source);
}

/* On the board isapc the processor's pin that enables it is not connected. */
static bool has_apic(const struct machine *m)
{
    return m->config.board == MACHINE_PC &&
           cpu_model_has(m->model, CPU_FEATURE_APIC);
}

static enum status build_cpu(struct machine *m)
{
    uint64_t rate =
        m->config.insns_per_sec ? m->config.insns_per_sec : MACHINE_RATE;
    struct cpu_config config = {
        .model = m->model,
        .fpu = cpu_model_has_fpu(m->model),
        .tsc_hz = rate < CLOCK_HZ_MAX ? rate : CLOCK_HZ_MAX,
        .mem = m->mem,
        .ports = m->ports,
        .clock = m->clock,
        .ack = {ack_vector, m},
        .ferr = {on_ferr, m, 0},
        .log = m->config.log,
    };
    const struct jit_config jit = {.skip = m->config.skip,
                                   .code_map = m->config.code_map};

    if (has_apic(m))
        config.apic = (struct apic_base_line){on_apic_base, m};
    TRY(cpu_create(&config, &m->cpu));
    if (m->config.engine == MACHINE_INTERP || !jit_available())
        return STATUS_OK;
    return jit_attach(m->cpu, &jit);
}

/* Address lines that the processor has; the A20 gate acts on top of that. */
static void set_address_lines(struct machine *m)
{
    if (m->model == CPU_8086)
        m->mem->a20_mask = MIB(1) - 1;
    else if (m->model == CPU_286)
        m->mem->a20_mask = MIB(16) - 1;
}

static void build_ram(struct machine *m)
{
    size_t bytes = m->config.ram_bytes;

    mem_map_host(m->mem, 0, bytes < RAM_HOLE ? bytes : RAM_HOLE, m->mem->ram);
    if (bytes > RAM_ABOVE)
        mem_map_host(m->mem, RAM_ABOVE, bytes - RAM_ABOVE,
                     m->mem->ram + RAM_ABOVE);
}

static enum status build_apics(struct machine *m)
{
    struct apic_config apic = {
        .name = "apic",
        .kind = APIC_P6,
        .mem = m->mem,
        .clock = m->clock,
        .log = m->config.log,
        .bus_hz = APIC_BUS_HZ,
        .intr = {on_cpu_intr, m, 0},
        .nmi = {on_cpu_nmi, m, 0},
        .init = {on_reset, m, 0},
        .ext = {ack_pic, m},
    };
    struct i82093aa_config ioapic = {.name = "ioapic", .mem = m->mem};

    if (m->model == CPU_PENTIUM)
        apic.kind = APIC_PENTIUM;
    else if (m->model >= CPU_PENTIUM4)
        apic.kind = APIC_XAPIC;
    ADD(m, m->apic, apic_create(&apic, &m->apic));
    ioapic.apic = m->apic;
    ADD(m, m->ioapic, i82093aa_create(&ioapic, &m->ioapic));
    return STATUS_OK;
}

static enum status build_interrupts(struct machine *m)
{
    struct i8259_config pic = {
        .name = "pic",
        .ports = m->ports,
        .intr = {on_intr, m, 0},
        .elcr = m->config.board == MACHINE_PC,
    };
    struct fpu_irq_config fpu = {
        .name = "fpu_irq",
        .ports = m->ports,
        .ignne = {on_ignne, m, 0},
    };

    if (has_apic(m)) {
        TRY(build_apics(m));
        pic.tap = (struct irq_line){on_irq, m, 0};
    }
    ADD(m, m->pic, i8259_create(&pic, &m->pic));
    fpu.irq = i8259_input(m->pic, 13);
    ADD(m, m->fpu_irq, fpu_irq_create(&fpu, &m->fpu_irq));
    return STATUS_OK;
}

static enum status build_timer_and_speaker(struct machine *m)
{
    const struct i8254_config pit = {
        .name = "pit",
        .ports = m->ports,
        .clock = m->clock,
        .base = 0x40,
        .out = {i8259_input(m->pic, 0)},
    };
    struct port61_config port61 = {
        .name = "port61",
        .ports = m->ports,
        .clock = m->clock,
        .nmi = {on_nmi, m, 0},
        .audio = m->config.audio,
    };

    ADD(m, m->pit, i8254_create(&pit, &m->pit));
    port61.pit = m->pit;
    ADD(m, m->port61, port61_create(&port61, &m->port61));
    return STATUS_OK;
}

static enum status build_dma(struct machine *m)
{
    const struct i8237_config dma = {
        .name = "dma",
        .ports = m->ports,
        .mem = m->mem,
    };

    ADD(m, m->dma, i8237_create(&dma, &m->dma));
    return STATUS_OK;
}

/* The type of drive that suits what is in it at power-on. */
static enum floppy_drive_type drive_for(struct host_block *medium)
{
    uint8_t boot[FLOPPY_BOOT_BYTES] = {0};
    struct floppy_format format;
    size_t size = sizeof(boot);

    if (!medium)
        return floppy_format_drive(NULL);
    if (medium->size_bytes < size)
        size = (size_t)medium->size_bytes;
    if (size && medium->ops->read(medium, 0, boot, size) != STATUS_OK)
        return floppy_format_drive(NULL);
    if (!floppy_format_find(medium->size_bytes, boot, &format))
        return floppy_format_drive(NULL);
    return floppy_format_drive(&format);
}

static enum status build_rtc(struct machine *m)
{
    uint8_t bytes[CMOS_BYTES];
    struct cmos_config cmos = {
        .ram_bytes = m->config.ram_bytes,
        .floppy = {m->drive_types[0], m->drive_types[1]},
        .boot_order = m->config.boot_order,
        .fpu = cpu_model_has_fpu(m->model),
    };
    const struct mc146818_config rtc = {
        .name = "rtc",
        .ports = m->ports,
        .clock = m->clock,
        .irq = i8259_input(m->pic, 8),
        .nmi_mask = port61_input(m->port61, PORT61_NMI_MASK),
        .cmos = bytes,
        .extended = m->config.board == MACHINE_PC,
        .start_seconds = m->config.start_time_sec,
    };

    for (unsigned i = 0; i < 2; i++) {
        cmos.disk_present[i] = m->config.disk[i] && !m->config.cd[i];
        if (cmos.disk_present[i])
            TRY(ata_disk_find_geometry(m->config.disk[i],
                                       &cmos.disk_geometry[i]));
    }
    cmos_fill(&cmos, bytes);
    ADD(m, m->rtc, mc146818_create(&rtc, &m->rtc));
    return STATUS_OK;
}

static enum status build_keyboard(struct machine *m)
{
    const struct ps2_keyboard_config keyboard = {"keyboard", m->clock};
    const struct ps2_mouse_config mouse = {"mouse", m->clock};
    struct port92_config port92 = {
        .name = "port92",
        .ports = m->ports,
        .reset = {on_reset, m, 0},
    };
    struct i8042_config kbc = {
        .name = "kbc",
        .ports = m->ports,
        .clock = m->clock,
        .irq_kbd = i8259_input(m->pic, 1),
        .irq_aux = i8259_input(m->pic, 12),
        .reset = {on_reset, m, 0},
        .log = m->config.log,
    };

    if (m->model != CPU_8086) /* has no A20 to gate */
        port92.a20 = (struct irq_line){on_a20, m, 0};
    ADD(m, m->port92, port92_create(&port92, &m->port92));
    ADD(m, m->keyboard, ps2_keyboard_create(&keyboard, &m->keyboard));
    ADD(m, m->mouse, ps2_mouse_create(&mouse, &m->mouse));
    kbc.a20 = port92_kbc_a20(m->port92);
    kbc.keyboard = ps2_keyboard_plug(m->keyboard);
    kbc.mouse = ps2_mouse_plug(m->mouse);
    ADD(m, m->kbc, i8042_create(&kbc, &m->kbc));
    return STATUS_OK;
}

static enum status build_serial(struct machine *m)
{
    static const struct {
        const char *name;
        paddr base;
        unsigned irq;
    } ports[MACHINE_SERIALS] = {
        {"com1", 0x3f8, 4},
        {"com2", 0x2f8, 3},
        {"com3", 0x3e8, 4},
        {"com4", 0x2e8, 3},
    };

    for (unsigned i = 0; i < MACHINE_SERIALS; i++) {
        const struct uart16550_config uart = {
            .name = ports[i].name,
            .ports = m->ports,
            .clock = m->clock,
            .base = ports[i].base,
            .irq = shared_irq_input(&m->serial_irq[i % 2], i / 2),
            .host = m->config.serial[i],
            .haste = SERIAL_HASTE,
        };

        if (i >= 2 && !m->config.serial[i])
            continue;
        m->serial_irq[i % 2].out = i8259_input(m->pic, ports[i].irq);
        ADD(m, m->uart[i], uart16550_create(&uart, &m->uart[i]));
    }
    return STATUS_OK;
}

static enum status build_parallel_and_debug(struct machine *m)
{
    struct device *dev;
    const struct parallel_config lpt = {
        .name = "lpt1",
        .ports = m->ports,
        .clock = m->clock,
        .base = 0x378,
        .irq = i8259_input(m->pic, 7),
        .host = m->config.parallel,
    };
    const struct debug_port_config debug = {
        .name = "debugcon",
        .ports = m->ports,
        .host = m->config.debugcon,
    };
    const struct exit_port_config exits = {
        .name = "exit",
        .ports = m->ports,
        .base = 0xf4,
        .written = on_exit_port,
        .sink = m,
    };

    ADD(m, dev, parallel_create(&lpt, &dev));
    ADD(m, dev, debug_port_create(&debug, &dev));
    if (m->config.exit_port)
        ADD(m, dev, exit_port_create(&exits, &dev));
    return STATUS_OK;
}

static enum status build_floppy(struct machine *m)
{
    struct fdc82077_config fdc = {
        .name = "fdc",
        .ports = m->ports,
        .clock = m->clock,
        .log = m->config.log,
        .base = 0x3f0,
        .irq = i8259_input(m->pic, 6),
        .dma = i8237_line(m->dma, 2),
        .mode = FDC82077_AT,
        .haste = FLOPPY_HASTE,
    };

    for (unsigned i = 0; i < MACHINE_FLOPPIES; i++)
        fdc.drives[i] = m->drive_types[i];
    ADD(m, m->fdc, fdc82077_create(&fdc, &m->fdc));
    for (unsigned i = 0; i < MACHINE_FLOPPIES; i++) {
        if (m->config.floppy[i])
            machine_put_floppy(m, i, m->config.floppy[i]);
    }
    return STATUS_OK;
}

static bool may_master(void *sink)
{
    const struct machine *m = sink;

    return piix3_ide_may_master(m->ide);
}

/* The engine stands between the channels and their interrupts. */
static enum status build_bus_master(struct machine *m, struct device **out)
{
    const struct ata_dma_config dma = {
        .name = "ata_dma",
        .mem = m->mem,
        .log = m->config.log,
        .irq = {i8259_input(m->pic, 14), i8259_input(m->pic, 15)},
        .allowed = may_master,
        .sink = m,
    };

    ADD(m, *out, ata_dma_create(&dma, out));
    piix3_ide_plug_master(m->ide, &ata_dma_ops, *out);
    return STATUS_OK;
}

static struct ata_unit_config unit_at(const struct machine *m, unsigned place)
{
    return (struct ata_unit_config){
        .medium = m->config.disk[place],
        .cd = m->config.cd[place],
    };
}

static enum status build_disks(struct machine *m)
{
    struct device *dma = NULL;

    if (m->ide)
        TRY(build_bus_master(m, &dma));
    for (unsigned i = 0; i < 2; i++) {
        struct ata_config ata = {
            .name = i ? "ata1" : "ata0",
            .ports = m->ports,
            .clock = m->clock,
            .log = m->config.log,
            .base = i ? 0x170 : 0x1f0,
            .control = i ? 0x376 : 0x3f6,
            .irq = i8259_input(m->pic, 14 + i),
            .units = {unit_at(m, 2 * i), unit_at(m, 2 * i + 1)},
        };

        if (dma) {
            ata.master = ata_dma_master(dma, i);
            ata.irq = ata_dma_irq(dma, i);
        }
        ADD(m, m->ata[i], ata_create(&ata, &m->ata[i]));
        if (dma)
            ata_dma_plug(dma, i, m->ata[i]);
    }
    return STATUS_OK;
}

static enum status build_vga(struct machine *m)
{
    const struct vga_config vga = {
        .name = "vga",
        .ports = m->ports,
        .mem = m->mem,
        .clock = m->clock,
        .log = m->config.log,
        .lfb_base = m->config.board == MACHINE_ISAPC && m->model >= CPU_386
                        ? LFB_BASE
                        : 0,
    };

    ADD(m, m->vga, vga_create(&vga, &m->vga));
    return STATUS_OK;
}

static enum status build_pci(struct machine *m)
{
    const struct pci_bus_config bus = {"pci", m->ports, m->mem, m->config.log};
    struct i440fx_config bridge = {
        .name = "i440fx",
        .mem = m->mem,
        .rom = m->firmware,
        .smram = {on_smram, m, 0},
    };
    struct piix3_config piix3 = {
        .name = "piix3",
        .devfn = PCI_DEVFN(1, 0),
        .reset = {on_reset, m, 1},
        .cpu_reset = {on_reset, m, 0},
    };
    struct piix3_ide_config ide = {.name = "ide", .devfn = PCI_DEVFN(1, 1)};
    struct piix4_pm_config pm = {
        .name = "pm",
        .devfn = PCI_DEVFN(1, 3),
        .ports = m->ports,
        .clock = m->clock,
        .sci = i8259_pci_input(m->pic, 9),
        .sleep = on_sleep,
        .sink = m,
    };
    const struct acpi_hotplug_config hotplug = {"acpi_hotplug", m->ports};
    struct vga_pci_config vga = {
        .name = "vga_pci",
        .devfn = PCI_DEVFN(2, 0),
        .vga = m->vga,
        .rom = m->firmware,
        .rom_bytes = m->vgabios_bytes,
    };
    struct device *dev;

    TRY(pci_bus_create(&bus, &m->pci));
    machine_add(m, pci_bus_device(m->pci));
    bridge.bus = piix3.bus = ide.bus = pm.bus = vga.bus = m->pci;
    ADD(m, dev, i440fx_create(&bridge, &dev));
    for (unsigned i = 0; i < 16; i++)
        piix3.irqs[i] = i8259_pci_input(m->pic, i);
    for (unsigned i = 0; i < PCI_PIRQS && m->ioapic; i++)
        piix3.pirqs[i] = i82093aa_input_low(m->ioapic, IOAPIC_PIRQA + i);
    ADD(m, dev, piix3_create(&piix3, &dev));
    ADD(m, m->ide, piix3_ide_create(&ide, &m->ide));
    ADD(m, m->pm, piix4_pm_create(&pm, &m->pm));
    ADD(m, dev, acpi_hotplug_create(&hotplug, &dev));
    ADD(m, dev, vga_pci_create(&vga, &dev));
    return STATUS_OK;
}

static enum status build_isa_nic(struct machine *m,
                                 const struct ne2000_config *card,
                                 char *message, size_t size)
{
    const struct machine_nic *nic = &m->config.nic;
    unsigned irq = nic->irq ? nic->irq : MACHINE_NIC_IRQ;
    const struct ne2000_isa_config isa = {
        .card = *card,
        .ports = m->ports,
        .base = nic->base ? nic->base : MACHINE_NIC_BASE,
        .irq_number = irq,
        .irq = i8259_input(m->pic, irq),
    };
    struct device *dev;
    enum status status = ne2000_isa_create(&isa, &dev, &m->nic);

    if (status == STATUS_OVERLAP) {
        snprintf(message, size,
                 "the network card's ports, from %x on, belong to another "
                 "device; choose others",
                 (unsigned)isa.base);
        return STATUS_BAD_ARGUMENT;
    }
    ADD(m, dev, status);
    return STATUS_OK;
}

static enum status build_network(struct machine *m, char *message, size_t size)
{
    const struct machine_nic *nic = &m->config.nic;
    struct ne2000_config card = {
        .name = "nic",
        .clock = m->clock,
        .log = m->config.log,
        .bits_per_sec = WIRE_HZ,
        .host = nic->host,
    };
    struct ne2000_pci_config pci = {.bus = m->pci, .devfn = PCI_DEVFN(3, 0)};
    struct device *dev;

    memcpy(card.address, nic->address, sizeof(card.address));
    if (nic->model == MACHINE_NIC_ISA)
        return build_isa_nic(m, &card, message, size);
    if (nic->model == MACHINE_NIC_NONE)
        return STATUS_OK;
    pci.card = card;
    ADD(m, dev, ne2000_pci_create(&pci, &dev, &m->nic));
    return STATUS_OK;
}

/* What the board tells firmware that knows to ask. */
static enum status build_fw_cfg(struct machine *m, char *message, size_t size)
{
    const struct fw_cfg_config config = {"fw_cfg", m->ports, m->mem,
                                         m->config.log};
    const uint8_t timer_on_pin_2 = m->ioapic != NULL;
    struct device *fw;

    ADD(m, fw, fw_cfg_create(&config, &fw));
    TRY(fw_cfg_add_number(fw, FW_CFG_RAM_SIZE, m->config.ram_bytes, 8));
    TRY(fw_cfg_add_number(fw, FW_CFG_NB_CPUS, 1, 2));
    TRY(fw_cfg_add_number(fw, FW_CFG_MAX_CPUS, 1, 2));
    TRY(fw_cfg_add_number(fw, FW_CFG_NOGRAPHIC, 0, 2));
    TRY(fw_cfg_add_number(fw, FW_CFG_BOOT_MENU, 0, 2));
    TRY(fw_cfg_add_item(fw, FW_CFG_IRQ0_OVERRIDE, &timer_on_pin_2, 1));
    if (m->config.board == MACHINE_ISAPC && m->config.vgabios &&
        !m->config.own_vgabios)
        TRY(fw_cfg_add_file(fw, "vgaroms/vgabios.bin", m->config.vgabios,
                            m->config.vgabios_bytes));
    if (m->config.kernel)
        return kernel_offer(m, fw, message, size);
    return STATUS_OK;
}

static enum status build_chipset(struct machine *m)
{
    if (m->config.board == MACHINE_PC)
        return build_pci(m);
    firmware_map_isa(m);
    return STATUS_OK;
}

enum status pc_build(struct machine *m, char *message, size_t size)
{
    m->drive_types[0] = drive_for(m->config.floppy[0]);
    m->drive_types[1] = m->config.floppy[1] ? drive_for(m->config.floppy[1])
                                            : FLOPPY_DRIVE_NONE;
    set_address_lines(m);
    build_ram(m);
    TRY(build_cpu(m));
    TRY(firmware_load(m, message, size));
    TRY(build_interrupts(m));
    TRY(build_timer_and_speaker(m));
    TRY(build_dma(m));
    TRY(build_rtc(m));
    TRY(build_keyboard(m));
    TRY(build_vga(m));
    TRY(build_chipset(m));
    TRY(build_serial(m));
    TRY(build_parallel_and_debug(m));
    TRY(build_floppy(m));
    TRY(build_disks(m));
    TRY(build_network(m, message, size));
    return build_fw_cfg(m, message, size);
}
