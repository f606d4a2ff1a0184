/* Every chip's state table: a chip that was loaded goes on as the one that was
 * saved, and one that was loaded with nonsense does nothing that a chip could
 * not do to the host. */
#include <string.h>

#include "core/device.h"
#include "core/mem.h"
#include "devices/apic.h"
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
#include "devices/piix3.h"
#include "devices/piix3_ide.h"
#include "devices/piix4_pm.h"
#include "devices/port61.h"
#include "devices/port92.h"
#include "devices/ps2_keyboard.h"
#include "devices/ps2_mouse.h"
#include "devices/uart16550.h"
#include "tests/devices/chip.h"
#include "tests/suite.h"

#define DEVICES_MAX 5
#define WIRES       16

struct board {
    struct bus *ports;
    struct mem *mem;
    struct clock *clock;
    struct pci_bus *pci;
    struct device *devices[DEVICES_MAX];
    unsigned count;
    struct wire wires[WIRES];
    uint8_t rom[I440FX_SHADOW_BYTES];
    uint32_t heard; /* hash of what went out */
};

static struct board *hearing;

static void take_byte(struct host_char *self, uint8_t byte)
{
    (void)self;
    hearing->heard = hearing->heard * 31 + byte;
}

static struct host_char host = {take_byte};

static void add(struct board *b, struct device *dev)
{
    b->devices[b->count++] = dev;
}

#define CREATE(b, chip, ...) \
    do { \
        struct chip##_config config_ = {.name = #chip, __VA_ARGS__}; \
        struct device *dev_; \
        ck_assert_int_eq(chip##_create(&config_, &dev_), STATUS_OK); \
        add(b, dev_); \
    } while (0)

static void build_i8259(struct board *b)
{
    CREATE(b, i8259, .ports = b->ports, .intr = wire_line(b->wires, 0),
           .elcr = true);
}

static void build_i8254(struct board *b)
{
    CREATE(b, i8254, .ports = b->ports, .clock = b->clock, .base = 0x40,
           .out = {wire_line(b->wires, 0), {0}, wire_line(b->wires, 2)});
}

static void build_i8237(struct board *b)
{
    CREATE(b, i8237, .ports = b->ports, .mem = b->mem, .post = &host);
}

static void build_mc146818(struct board *b)
{
    CREATE(b, mc146818, .ports = b->ports, .clock = b->clock,
           .irq = wire_line(b->wires, 0), .extended = true,
           .start_seconds = 1000000000);
}

static void build_i8042(struct board *b)
{
    CREATE(b, ps2_keyboard, .clock = b->clock);
    CREATE(b, ps2_mouse, .clock = b->clock);
    CREATE(b, i8042, .ports = b->ports, .clock = b->clock,
           .irq_kbd = wire_line(b->wires, 0), .irq_aux = wire_line(b->wires, 1),
           .a20 = wire_line(b->wires, 2), .reset = wire_line(b->wires, 3),
           .keyboard = ps2_keyboard_plug(b->devices[0]),
           .mouse = ps2_mouse_plug(b->devices[1]));
}

static void build_uart(struct board *b)
{
    CREATE(b, uart16550, .ports = b->ports, .clock = b->clock, .base = 0x3f8,
           .irq = wire_line(b->wires, 0), .host = &host);
}

static void build_parallel(struct board *b)
{
    CREATE(b, parallel, .ports = b->ports, .clock = b->clock, .base = 0x378,
           .irq = wire_line(b->wires, 0), .host = &host);
}

static void build_port61(struct board *b)
{
    build_i8254(b);
    CREATE(b, port61, .ports = b->ports, .clock = b->clock,
           .pit = b->devices[0], .nmi = wire_line(b->wires, 4));
}

static void build_port92(struct board *b)
{
    CREATE(b, port92, .ports = b->ports, .a20 = wire_line(b->wires, 0),
           .reset = wire_line(b->wires, 1));
}

static void build_pci(struct board *b)
{
    struct pci_bus_config config = {"pci", b->ports, b->mem, NULL};
    struct irq_line irqs[16];

    for (unsigned i = 0; i < 16; i++)
        irqs[i] = wire_line(b->wires, i);
    ck_assert_int_eq(pci_bus_create(&config, &b->pci), STATUS_OK);
    CREATE(b, i440fx, .bus = b->pci, .mem = b->mem, .rom = b->rom);
    CREATE(b, piix3_ide, .bus = b->pci, .devfn = PCI_DEVFN(1, 1));
    CREATE(b, piix4_pm, .bus = b->pci, .devfn = PCI_DEVFN(1, 3),
           .ports = b->ports, .clock = b->clock);
    CREATE(b, piix3, .bus = b->pci, .devfn = PCI_DEVFN(1, 0),
           .irqs = {irqs[0], irqs[1], irqs[2], irqs[3]});
    add(b, pci_bus_device(b->pci));
}

static void take_frame(struct host_net *self, const uint8_t *frame,
                       size_t bytes, uint64_t now_ns)
{
    (void)self;
    hearing->heard =
        hearing->heard * 31 + ether_crc(frame, bytes) + (uint32_t)now_ns;
}

static struct host_net net = {take_frame};

static void build_ne2000(struct board *b)
{
    const struct ne2000_isa_config config = {
        .card = {.name = "nic",
                 .clock = b->clock,
                 .host = &net,
                 .bits_per_sec = 10000000},
        .ports = b->ports,
        .base = 0x300,
        .irq_number = 9,
        .irq = wire_line(b->wires, 0),
    };
    struct ne2000 *card;
    struct device *dev;

    ck_assert_int_eq(ne2000_isa_create(&config, &dev, &card), STATUS_OK);
    add(b, dev);
}

/* Registers in memory, at ports: every fourth for one of 16 bytes. */
static uint32_t page_read(void *dev, paddr offset, unsigned size)
{
    struct board *b = dev;

    return mem_load(b->mem,
                    offset < 0x100 ? APIC_BASE_DEFAULT + (offset & ~3u) * 4
                                   : I82093AA_BASE + (offset & 4) * 4,
                    size);
}

static void page_write(void *dev, paddr offset, uint32_t value, unsigned size)
{
    struct board *b = dev;

    mem_store(b->mem,
              offset < 0x100 ? APIC_BASE_DEFAULT + (offset & ~3u) * 4
                             : I82093AA_BASE + (offset & 4) * 4,
              value, size);
}

static void build_apic(struct board *b)
{
    static const struct bus_ops ops = {page_read, page_write, 4};

    CREATE(b, apic, .kind = APIC_P6, .mem = b->mem, .clock = b->clock,
           .bus_hz = 100000000, .intr = wire_line(b->wires, 0),
           .nmi = wire_line(b->wires, 1), .init = wire_line(b->wires, 2));
    CREATE(b, i82093aa, .mem = b->mem, .apic = b->devices[0]);
    ck_assert_int_eq(bus_map(b->ports, 0x2000, 0x108, &ops, b), STATUS_OK);
}

static void build_fw_cfg(struct board *b)
{
    CREATE(b, fw_cfg, .ports = b->ports, .mem = b->mem);
    ck_assert_int_eq(fw_cfg_add_file(b->devices[0], "etc/x", "12345", 5),
                     STATUS_OK);
}

static const struct row {
    const char *name;
    void (*build)(struct board *b);
    struct {
        paddr base, length;
    } ranges[3];
} rows[] = {
    {"i8259", build_i8259, {{0x20, 2}, {0xa0, 2}, {0x4d0, 2}}},
    {"i8254", build_i8254, {{0x40, 4}}},
    {"i8237", build_i8237, {{0x00, 16}, {0x80, 16}, {0xc0, 32}}},
    {"mc146818", build_mc146818, {{0x70, 4}}},
    {"i8042", build_i8042, {{0x60, 5}}},
    {"uart16550", build_uart, {{0x3f8, 8}}},
    {"parallel", build_parallel, {{0x378, 3}}},
    {"port61", build_port61, {{0x40, 4}, {0x61, 1}}},
    {"port92", build_port92, {{0x92, 1}}},
    {"pci", build_pci, {{0xcf8, 8}, {0xb2, 2}}},
    {"ne2000", build_ne2000, {{0x300, 16}, {0x300, 1}, {0x310, 16}}},
    {"apic", build_apic, {{0x2000, 0x100}, {0x2100, 8}}},
    {"fw_cfg", build_fw_cfg, {{0x510, 12}}},
};

static void board_create(struct board *b, const struct row *row)
{
    memset(b, 0, sizeof(*b));
    hearing = b;
    ck_assert_int_eq(bus_create(&b->ports), STATUS_OK);
    ck_assert_int_eq(mem_create(&b->mem, 0x200000), STATUS_OK);
    mem_map_host(b->mem, 0, 0xa0000, b->mem->ram);
    ck_assert_int_eq(clock_create(&b->clock, 100000000), STATUS_OK);
    row->build(b);
}

static void board_destroy(struct board *b)
{
    while (b->count)
        device_destroy(b->devices[--b->count]);
    clock_destroy(b->clock);
    mem_destroy(b->mem);
    bus_destroy(b->ports);
}

/* Accesses at random, a hash of all that they gave. */
static uint32_t run(struct board *b, const struct row *row, uint32_t seed,
                    unsigned count)
{
    uint32_t hash = 0;

    hearing = b;
    for (unsigned i = 0; i < count; i++) {
        uint32_t r = next_random(&seed), value = next_random(&seed);
        unsigned range = r % 3, size = 1u << (r >> 16) % 3;
        paddr port = row->ranges[range].base;

        if (!row->ranges[range].length)
            continue;
        port += (r >> 2 & 0xff) % row->ranges[range].length;
        if (r >> 31)
            hash = hash * 31 + bus_read(b->ports, port, size);
        else
            bus_write(b->ports, port, value, size);
        if ((r >> 20) % 8 == 0)
            run_for(b->clock, value >> (10 + (r >> 24) % 22));
        for (unsigned k = 0; k < WIRES; k++)
            hash = hash * 3 + b->wires[k].level;
    }
    return hash + b->heard;
}

static void copy_buffer(void *to, const void *from,
                        const struct state_field *field)
{
    const uint8_t *object = from;
    uint8_t *dst, *src;
    size_t size;

    memcpy(&dst, (uint8_t *)to + field->offset, sizeof(dst));
    memcpy(&src, object + field->offset, sizeof(src));
    memcpy(&size, object + field->aux, sizeof(size));
    if (size)
        memcpy(dst, src, size);
}

/* What saving and loading does: copies what the table names. */
static void copy_state(void *to, const void *from,
                       const struct state_field *table)
{
    for (const struct state_field *f = table; f->name; f++) {
        uint8_t *dst = (uint8_t *)to + f->offset;
        const uint8_t *src = (const uint8_t *)from + f->offset;

        if (f->kind == STATE_KIND_BUFFER) {
            copy_buffer(to, from, f);
            continue;
        }
        if (f->kind != STATE_KIND_TABLE) {
            memcpy(dst, src, f->size * f->count);
            continue;
        }
        for (size_t i = 0; i < f->count; i++)
            copy_state(dst + i * f->size, src + i * f->size, f->table);
    }
}

static void load_board(struct board *to, const struct board *from)
{
    clock_clear(to->clock);
    *to->clock = *from->clock;
    to->clock->first = NULL;
    memcpy(to->mem->ram, from->mem->ram, from->mem->ram_bytes);
    for (unsigned i = 0; i < to->count; i++)
        copy_state(to->devices[i], from->devices[i],
                   to->devices[i]->class->state);
    for (unsigned i = 0; i < to->count; i++) {
        if (to->devices[i]->class->loaded)
            to->devices[i]->class->loaded(to->devices[i]);
    }
    memcpy(to->wires, from->wires, sizeof(to->wires));
    to->heard = from->heard;
}

START_TEST(loaded_chip_goes_on_the_same)
{
    const struct row *row = &rows[_i];
    static struct board a, b;

    board_create(&a, row);
    board_create(&b, row);
    for (unsigned i = 1; i <= 20; i++) {
        run(&a, row, i * 77, 500);
        run(&b, row, i * 99, 300); /* something else, to be forgotten */
        load_board(&b, &a);
        for (unsigned k = 1; k < 5; k++)
            ck_assert_msg(run(&a, row, k, 300) == run(&b, row, k, 300),
                          "%s differs in round %u", row->name, i);
    }
    board_destroy(&a);
    board_destroy(&b);
}
END_TEST

static void fill_state(void *object, const struct state_field *table,
                       uint32_t *seed)
{
    for (const struct state_field *f = table; f->name; f++) {
        uint8_t *at = (uint8_t *)object + f->offset;

        if (f->kind == STATE_KIND_BUFFER)
            continue;
        if (f->kind == STATE_KIND_TABLE) {
            for (size_t i = 0; i < f->count; i++)
                fill_state(at + i * f->size, f->table, seed);
            continue;
        }
        for (size_t i = 0; i < f->size * f->count; i++) {
            uint32_t r = next_random(seed);

            at[i] = (uint8_t)(r & 0x300 ? r : 0xff);
            if (f->kind == STATE_KIND_BOOLS)
                at[i] &= 1;
            if (f->size == 8 && i % 8 >= 5) /* times of this century */
                at[i] = 0;
        }
    }
}

START_TEST(nonsense_is_survived)
{
    const struct row *row = &rows[_i];
    static struct board b;
    uint32_t seed = 1 + (uint32_t)_i;

    board_create(&b, row);
    for (unsigned i = 0; i < random_count(20000) / 200; i++) {
        clock_clear(b.clock);
        for (unsigned k = 0; k < b.count; k++)
            fill_state(b.devices[k], b.devices[k]->class->state, &seed);
        for (unsigned k = 0; k < b.count; k++) {
            if (b.devices[k]->class->loaded)
                b.devices[k]->class->loaded(b.devices[k]);
        }
        run(&b, row, seed, 300);
    }
    board_destroy(&b);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("devices/state_load");
    TCase *tcase = tcase_create("chips");

    tcase_set_timeout(tcase, 120);
    tcase_add_loop_test(tcase, loaded_chip_goes_on_the_same, 0,
                        (int)ARRAY_LEN(rows));
    tcase_add_loop_test(tcase, nonsense_is_survived, 0, (int)ARRAY_LEN(rows));
    suite_add_tcase(suite, tcase);
    return suite;
}
