/* The card around the DP8390: PROM, memory, wire, the ISA and PCI fronts. */
#include "devices/ne2000.h"

#include "tests/devices/ne2000_rig.h"

#define CARD PCI_DEVFN(3, 0)

START_TEST(prom_has_every_byte_twice)
{
    static const uint8_t head[12] = {0x52, 0x52, 0x54, 0x54, 0x00, 0x00,
                                     0x12, 0x12, 0x34, 0x34, 0x56, 0x56};
    uint8_t prom[64];

    put(0x0e, 0x48);
    start_remote(0x0a, 0, 64);
    for (unsigned i = 0; i < 64; i++)
        prom[i] = (uint8_t)bus_read(rig.ports, BASE + 0x10, 1);
    ck_assert_mem_eq(prom, head, sizeof(head));
    for (unsigned i = 28; i < 32; i++)
        ck_assert_uint_eq(prom[i], 0x57);
    ck_assert_mem_eq(prom, prom + 32, 32);
}
END_TEST

START_TEST(memory_is_16_kib_at_4000)
{
    uint8_t data[2] = {0xab, 0xcd}, back[2];

    start_card(4);
    upload(0x0000, data, 2); /* the PROM takes nothing */
    upload(0x7ffe, data, 2);
    download(0x0000, back, 2);
    ck_assert_uint_eq(back[0], 0x52);
    download(0xfffe, back, 2); /* A15 is not decoded */
    ck_assert_mem_eq(back, data, 2);
}
END_TEST

START_TEST(it_is_an_rtl8019)
{
    ck_assert_uint_eq(get(0x0a), 0x50);
    ck_assert_uint_eq(get(0x0b), 0x70);
    put(0, 0xe1);
    ck_assert_uint_eq(get(4), 0x80); /* CONFIG1: IRQ 9, ports 300h */
    put(6, 0x40);
    ck_assert_uint_eq(get(6), 0); /* CONFIG3 is locked */
    put(1, 0xc0);
    put(6, 0x40);
    ck_assert_uint_eq(get(6), 0x40);
    put(1, 0x40); /* reads the EEPROM, then is normal again */
    ck_assert_uint_eq(get(1), 0);
    ck_assert_uint_eq(get(0), 0xe1);
}
END_TEST

START_TEST(it_stands_where_it_is_told)
{
    struct ne2000_isa_config config = {
        .card = {.name = "x", .clock = rig.clock, .bits_per_sec = BIT_RATE},
        .ports = rig.ports,
        .base = 0x340,
        .irq_number = 15,
    };
    struct ne2000 *card;
    struct device *dev;

    ck_assert_int_eq(ne2000_isa_create(&config, &dev, &card), STATUS_OK);
    bus_write(rig.ports, 0x340, 0xe1, 1);
    ck_assert_uint_eq(bus_read(rig.ports, 0x344, 1), 0xf2);
    device_destroy(dev);
    config.base = 0x300; /* taken */
    ck_assert_int_eq(ne2000_isa_create(&config, &dev, &card), STATUS_OVERLAP);
    config.base = 0x310;
    ck_assert_int_eq(ne2000_isa_create(&config, &dev, &card),
                     STATUS_BAD_ARGUMENT);
    config.base = 0x320;
    config.irq_number = 6;
    ck_assert_int_eq(ne2000_isa_create(&config, &dev, &card),
                     STATUS_BAD_ARGUMENT);
    ck_assert_ptr_null(dev);
}
END_TEST

/* The wire. */

START_TEST(frames_take_their_time)
{
    uint8_t frame[1000];
    uint64_t start = clock_now_ns(rig.clock);

    start_card(4);
    make_frame(frame, station, sizeof(frame));
    ck_assert(ne2000_receive(rig.card, frame, sizeof(frame)));
    ck_assert(ne2000_receive(rig.card, frame, sizeof(frame)));
    run_to(rig.clock, start + (1000 + FRAMING) * BYTE_NS - 1);
    ck_assert_uint_eq(get(7), 0);
    run_for(rig.clock, 1);
    ck_assert_uint_eq(get(7), 1);
    ck_assert_uint_eq(get_curr(), RING_FIRST + 1 + 4);
    run_for(rig.clock, (1000 + FRAMING) * BYTE_NS);
    ck_assert_uint_eq(get_curr(), RING_FIRST + 1 + 8);
}
END_TEST

START_TEST(short_frames_are_filled_up)
{
    uint8_t frame[20], page[68];

    start_card(4);
    make_frame(frame, station, sizeof(frame));
    receive(frame, sizeof(frame));
    download((RING_FIRST + 1) * 256, page, 68);
    ck_assert_uint_eq(page[2], 64);
    ck_assert_mem_eq(page + 4, frame, 20);
    for (unsigned i = 24; i < 64; i++)
        ck_assert_uint_eq(page[i], 0);
}
END_TEST

START_TEST(wire_takes_16_frames)
{
    uint8_t frame[64];
    unsigned count = 0;

    start_card(4);
    make_frame(frame, station, sizeof(frame));
    while (ne2000_receive(rig.card, frame, sizeof(frame)))
        ck_assert_uint_lt(count++, 100);
    ck_assert_uint_eq(count, NE2000_WIRE_FRAMES);
    run_for(rig.clock, 100 * MS);
    ck_assert_uint_eq(get_curr(), RING_FIRST + 1 + 16);
}
END_TEST

/* Fills the ring; one frame of two pages more is on the wire. */
static void jam(void)
{
    uint8_t frame[64], longer[300];
    unsigned i;

    start_card(4);
    make_frame(frame, station, sizeof(frame));
    for (i = 0; i < RING_STOP - RING_FIRST - 1; i++)
        receive(frame, sizeof(frame));
    put(7, 0xff);
    make_frame(longer, station, sizeof(longer));
    ck_assert(ne2000_receive(rig.card, longer, sizeof(longer)));
    run_for(rig.clock, 10 * MS);
    ck_assert_uint_eq(get(7), 0); /* it waits at the door */
}

START_TEST(frame_waits_for_room)
{
    jam();
    put(3, RING_FIRST + 1);
    run_for(rig.clock, 1);
    ck_assert_uint_eq(get(7), 0); /* one page is not enough */
    put(3, RING_FIRST + 2);
    run_for(rig.clock, 1);
    ck_assert_uint_eq(get(7), 1);
    ck_assert_uint_eq(get_curr(), RING_FIRST + 2);
}
END_TEST

START_TEST(patience_ends_in_overflow)
{
    jam();
    run_for(rig.clock, 20 * MS);
    ck_assert_uint_eq(get(7), 0x90);
    ck_assert_uint_eq(get(0x0f), 1);
}
END_TEST

/* What Linux's driver does then: stop, wait, start looped back, take what is in
 * the ring, acknowledge, listen. */
START_TEST(overflow_loses_nothing)
{
    uint8_t frame[64];

    jam();
    make_frame(frame, station, sizeof(frame));
    ck_assert(ne2000_receive(rig.card, frame, sizeof(frame)));
    run_for(rig.clock, 20 * MS);
    ck_assert_uint_eq(get(7) & 0x10, 0x10);
    put(0, 0x21);
    run_for(rig.clock, 10 * MS);
    put(0x0d, 0x02);
    put(0, 0x22);
    put(3, RING_STOP - 1);
    run_for(rig.clock, 10 * MS);
    put(7, 0x10);
    ck_assert_uint_eq(get(7), 0);
    put(0x0d, 0x00);
    run_for(rig.clock, 1);
    ck_assert_uint_eq(get(7), 1);
    ck_assert_uint_eq(get_curr(), RING_FIRST + 2);
    run_for(rig.clock, MS);
    ck_assert_uint_eq(get_curr(), RING_FIRST + 3);
}
END_TEST

START_TEST(nobody_cares_and_frames_go_by)
{
    uint8_t frame[64];

    jam();
    run_for(rig.clock, 130 * MS);
    make_frame(frame, station, sizeof(frame));
    receive(frame, sizeof(frame));
    ck_assert_uint_eq(rig.card->wire_count, 0);
    put(3, RING_STOP - 1);
    run_for(rig.clock, 100 * MS);
    ck_assert_uint_eq(get(7), 0x10);
    ck_assert_uint_eq(get_curr(), RING_FIRST);
    receive(frame, sizeof(frame));
    ck_assert_uint_eq(get_curr(), RING_FIRST + 1);
}
END_TEST

START_TEST(stop_lets_the_waiting_go)
{
    jam();
    put(0, 0x21);
    run_for(rig.clock, 1);
    put(0, 0x22);
    put(3, RING_STOP - 1);
    run_for(rig.clock, 100 * MS);
    ck_assert_uint_eq(get(7), 0);
}
END_TEST

/* PCI. */

struct pci_rig {
    struct mem *mem;
    struct pci_bus *bus;
    struct wire pirqs[4];
};

static uint32_t config_get(unsigned reg)
{
    bus_write(rig.ports, 0xcf8, 0x80000000u | CARD << 8 | (reg & 0xfc), 4);
    return bus_read(rig.ports, 0xcfc, 4);
}

static void config_put(unsigned reg, uint32_t value)
{
    bus_write(rig.ports, 0xcf8, 0x80000000u | CARD << 8 | (reg & 0xfc), 4);
    bus_write(rig.ports, 0xcfc, value, 4);
}

static void pci_setup(struct pci_rig *p, struct device **dev,
                      struct ne2000 **card)
{
    struct pci_bus_config bus = {.name = "pci", .ports = rig.ports};
    struct ne2000_pci_config config = {
        .card = {.name = "nic", .clock = rig.clock, .host = &rig.host},
        .devfn = CARD,
    };
    struct irq_line lines[4];

    memset(p, 0, sizeof(*p));
    ck_assert_int_eq(mem_create(&p->mem, 0x200000), STATUS_OK);
    bus.mem = p->mem;
    ck_assert_int_eq(pci_bus_create(&bus, &p->bus), STATUS_OK);
    for (unsigned i = 0; i < 4; i++)
        lines[i] = wire_line(p->pirqs, i);
    pci_bus_set_pirqs(p->bus, lines);
    config.bus = p->bus;
    config.card.bits_per_sec = BIT_RATE;
    memcpy(config.card.address, station, 6);
    ck_assert_int_eq(ne2000_pci_create(&config, dev, card), STATUS_OK);
}

static void pci_teardown(struct pci_rig *p, struct device *dev)
{
    device_destroy(dev);
    device_destroy(pci_bus_device(p->bus));
    mem_destroy(p->mem);
}

START_TEST(pci_card_is_an_rtl8029)
{
    struct pci_rig p;
    struct device *dev;
    struct ne2000 *card;

    pci_setup(&p, &dev, &card);
    ck_assert_uint_eq(config_get(0x00), 0x802910ec);
    ck_assert_uint_eq(config_get(0x08), 0x02000000);
    ck_assert_uint_eq(config_get(0x3c) >> 8, 0x01);
    config_put(0x10, 0xffffffff);
    ck_assert_uint_eq(config_get(0x10), 0xffffffe1);
    config_put(0x10, 0xc100);
    config_put(0x04, 0xffff);
    ck_assert_uint_eq(config_get(0x04), 0x02000001);
    ck_assert_uint_eq(bus_read(rig.ports, 0xc10a, 2), 0x4350);
    bus_write(rig.ports, 0xc100, 0xe1, 1);
    ck_assert_uint_eq(bus_read(rig.ports, 0xc10e, 2), 0x8029);
    pci_teardown(&p, dev);
}
END_TEST

START_TEST(pci_card_moves_dwords_and_interrupts)
{
    struct pci_rig p;
    struct device *dev;
    struct ne2000 *card;

    pci_setup(&p, &dev, &card);
    config_put(0x10, 0xc100);
    config_put(0x04, 1);
    bus_write(rig.ports, 0xc100, 0x21, 1);
    bus_write(rig.ports, 0xc10e, 0x49, 1);
    bus_write(rig.ports, 0xc10f, 0x40, 1);
    bus_write(rig.ports, 0xc108, 0x4000, 2); /* two registers at once */
    bus_write(rig.ports, 0xc10a, 8, 2);
    bus_write(rig.ports, 0xc100, 0x12, 1);
    bus_write(rig.ports, 0xc110, 0x11223344, 4);
    ck_assert(!p.pirqs[2].level);
    bus_write(rig.ports, 0xc110, 0x55667788, 4);
    ck_assert(p.pirqs[2].level); /* slot 3, INTA: PIRQC */
    ck_assert_uint_eq(card->ram[0], 0x44);
    ck_assert_uint_eq(card->ram[7], 0x55);
    bus_read(rig.ports, 0xc11f, 1);
    ck_assert(!p.pirqs[2].level);
    pci_teardown(&p, dev);
}
END_TEST

/* Hostile hosts and guests. */

/* Any bytes on the wire and any accesses: state that no driver would make. */
static void run_at_random(uint32_t seed, unsigned count)
{
    uint8_t frame[2048] = {0};

    for (unsigned i = 0; i < count; i++) {
        uint32_t r = next_random(&seed), value = next_random(&seed);
        unsigned offset = (r & 0x700) == 0 ? 0 : r % 32;

        if (r >> 30 == 0) {
            bus_read(rig.ports, BASE + offset, 1u << (r >> 16) % 3);
        } else if (r >> 28 != 15) {
            bus_write(rig.ports, BASE + offset, value, 1u << (r >> 16) % 3);
        } else {
            for (unsigned k = 0; k < 40; k++)
                frame[k] = (uint8_t)next_random(&seed);
            if (value & 1)
                memset(frame, 0xff, 6);
            ne2000_receive(rig.card, frame, value >> 8 & 0x7ff);
        }
        if ((r >> 12) % 16 == 0)
            run_for(rig.clock, value >> (6 + (r >> 20) % 25));
    }
}

START_TEST(random_accesses_do_no_harm)
{
    unsigned count = random_count(300000);

    for (unsigned round = 0; round < 10; round++) {
        start_card(0x1e);
        run_at_random(77 + round, count / 10);
        get(0x1f);
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("devices/ne2000");
    TCase *tcase = tcase_create("card");

    tcase_set_timeout(tcase, 600);
    tcase_add_checked_fixture(tcase, rig_setup, rig_teardown);
    tcase_add_test(tcase, prom_has_every_byte_twice);
    tcase_add_test(tcase, memory_is_16_kib_at_4000);
    tcase_add_test(tcase, it_is_an_rtl8019);
    tcase_add_test(tcase, it_stands_where_it_is_told);
    tcase_add_test(tcase, frames_take_their_time);
    tcase_add_test(tcase, short_frames_are_filled_up);
    tcase_add_test(tcase, wire_takes_16_frames);
    tcase_add_test(tcase, frame_waits_for_room);
    tcase_add_test(tcase, patience_ends_in_overflow);
    tcase_add_test(tcase, overflow_loses_nothing);
    tcase_add_test(tcase, nobody_cares_and_frames_go_by);
    tcase_add_test(tcase, stop_lets_the_waiting_go);
    tcase_add_test(tcase, pci_card_is_an_rtl8029);
    tcase_add_test(tcase, pci_card_moves_dwords_and_interrupts);
    tcase_add_test(tcase, random_accesses_do_no_harm);
    suite_add_tcase(suite, tcase);
    return suite;
}
