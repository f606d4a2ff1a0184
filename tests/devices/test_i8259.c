#include "devices/i8259.h"
#include "tests/devices/chip.h"
#include "tests/suite.h"

static struct bus *ports;
static struct device *pic;
static struct wire intr;

static void create(bool elcr)
{
    struct i8259_config config = {
        .name = "pic",
        .intr = wire_line(&intr, 0),
        .elcr = elcr,
    };

    intr = (struct wire){0};
    ck_assert_int_eq(bus_create(&ports), STATUS_OK);
    config.ports = ports;
    ck_assert_int_eq(i8259_create(&config, &pic), STATUS_OK);
}

static void setup(void)
{
    create(true);
}

static void setup_at(void)
{
    create(false);
}

static void teardown(void)
{
    device_destroy(pic);
    bus_destroy(ports);
}

static void out(unsigned port, unsigned value)
{
    bus_write(ports, port, value, 1);
}

static unsigned in(unsigned port)
{
    return bus_read(ports, port, 1);
}

/* As a PC's BIOS does, vectors 08 and 70, but with these ICW4. */
static void initialise(unsigned icw4_master, unsigned icw4_slave)
{
    out(0x20, 0x11);
    out(0x21, 0x08);
    out(0x21, 0x04);
    out(0x21, icw4_master);
    out(0xa0, 0x11);
    out(0xa1, 0x70);
    out(0xa1, 0x02);
    out(0xa1, icw4_slave);
}

static void line(unsigned irq, bool level)
{
    struct irq_line input = i8259_input(pic, irq);

    irq_set(&input, level);
}

static void pci_line(unsigned irq, bool level)
{
    struct irq_line input = i8259_pci_input(pic, irq);

    irq_set(&input, level);
}

static unsigned ack(void)
{
    struct irq_ack a = i8259_ack(pic);

    return a.vector(a.source);
}

static unsigned read_irr(unsigned port)
{
    out(port, 0x0a);
    return in(port);
}

static unsigned read_isr(unsigned port)
{
    out(port, 0x0b);
    return in(port);
}

START_TEST(silent_until_initialised)
{
    line(0, true);
    ck_assert(!intr.level);
    out(0x20, 0x11);
    ck_assert(!intr.level);
    line(0, false);
    line(0, true);
    ck_assert_msg(!intr.level, "ICW2 to ICW4 are still to come");
    out(0x21, 0x08);
    out(0x21, 0x04);
    out(0x21, 0x01);
    ck_assert(intr.level);
    ck_assert_uint_eq(ack(), 0x08);
}
END_TEST

START_TEST(edge_needs_a_new_rise)
{
    initialise(1, 1);
    line(3, true);
    ck_assert(intr.level);
    ck_assert_uint_eq(read_irr(0x20), 0x08);
    ck_assert_uint_eq(ack(), 0x0b);
    ck_assert(!intr.level);
    ck_assert_uint_eq(read_irr(0x20), 0);
    ck_assert_uint_eq(read_isr(0x20), 0x08);
    out(0x20, 0x20);
    ck_assert_uint_eq(read_isr(0x20), 0);
    ck_assert_msg(!intr.level, "the line stayed high: no second interrupt");
    line(3, false);
    line(3, true);
    ck_assert(intr.level);
}
END_TEST

START_TEST(icw1_resets_edge_sense_and_mask)
{
    initialise(1, 1);
    out(0x21, 0xff);
    line(5, true);
    initialise(1, 1);
    ck_assert_uint_eq(in(0x21), 0);
    ck_assert_msg(!intr.level, "an input that is high must rise again");
    line(5, false);
    line(5, true);
    ck_assert(intr.level);
}
END_TEST

START_TEST(request_goes_away_with_its_line)
{
    initialise(1, 1);
    out(0x21, 0x08);
    line(3, true);
    ck_assert_uint_eq(read_irr(0x20), 0x08);
    ck_assert(!intr.level);
    line(3, false);
    ck_assert_uint_eq(read_irr(0x20), 0);
    ck_assert_uint_eq(ack(), 0x0f);
    ck_assert_uint_eq(read_isr(0x20), 0);
}
END_TEST

START_TEST(masking_in_the_slave_withdraws_the_request)
{
    struct irq_ack a = i8259_ack(pic);

    initialise(1, 1);
    line(12, true);
    ck_assert(intr.level);
    out(0xa1, 0x10); /* masks it while the master's request stands */
    ck_assert(!intr.level);
    out(0xa1, 0x00);
    ck_assert(intr.level);
    ck_assert_uint_eq(a.vector(a.source), 0x74);
    ck_assert_uint_eq(read_isr(0x20), 0x04);
    ck_assert_uint_eq(read_isr(0xa0), 0x10);
}
END_TEST

START_TEST(priority_nests)
{
    initialise(1, 1);
    line(5, true);
    ck_assert_uint_eq(ack(), 0x0d);
    line(6, true);
    ck_assert(!intr.level);
    line(1, true);
    ck_assert(intr.level);
    ck_assert_uint_eq(ack(), 0x09);
    ck_assert_uint_eq(read_isr(0x20), 0x22);
    out(0x20, 0x20); /* ends 1, the highest */
    ck_assert_uint_eq(read_isr(0x20), 0x20);
    ck_assert(!intr.level);
    out(0x20, 0x65); /* specific: 5 */
    ck_assert_uint_eq(read_isr(0x20), 0);
    ck_assert_uint_eq(ack(), 0x0e);
}
END_TEST

START_TEST(cascade_vectors_and_requests_again)
{
    initialise(1, 1);
    line(8, true);
    line(9, true);
    ck_assert_uint_eq(ack(), 0x70);
    ck_assert(!intr.level);
    out(0xa0, 0x20);
    ck_assert_msg(!intr.level, "the master still has 2 in service");
    out(0x20, 0x20);
    ck_assert(intr.level);
    ck_assert_uint_eq(ack(), 0x71);
    ck_assert_uint_eq(read_isr(0x20), 0x04);
    ck_assert_uint_eq(read_isr(0xa0), 0x02);
}
END_TEST

START_TEST(cascade_identity_must_match)
{
    initialise(1, 1);
    out(0xa0, 0x11);
    out(0xa1, 0x70);
    out(0xa1, 0x05); /* the slave believes to be number 5 */
    out(0xa1, 0x01);
    line(8, true);
    ck_assert(intr.level);
    ck_assert_uint_eq(ack(), 0xff);
    ck_assert_uint_eq(read_isr(0xa0), 0);
}
END_TEST

START_TEST(special_fully_nested_lets_the_slave_in)
{
    initialise(0x11, 1);
    line(9, true);
    ck_assert_uint_eq(ack(), 0x71);
    line(3, true);
    ck_assert_msg(!intr.level, "3 is below the slave");
    line(8, true);
    ck_assert(intr.level);
    ck_assert_uint_eq(ack(), 0x70);
    ck_assert_uint_eq(read_isr(0xa0), 0x03);
    out(0xa0, 0x20);
    out(0x20, 0x20);
    ck_assert_uint_eq(read_isr(0xa0), 0x02);
}
END_TEST

START_TEST(automatic_eoi)
{
    initialise(0x03, 0x03);
    line(4, true);
    ck_assert_uint_eq(ack(), 0x0c);
    ck_assert_uint_eq(read_isr(0x20), 0);
    ck_assert(!intr.level);
    line(8, true);
    line(10, true);
    ck_assert_uint_eq(ack(), 0x70);
    ck_assert_msg(intr.level, "10 makes a new edge at once");
    ck_assert_uint_eq(ack(), 0x72);
    ck_assert(!intr.level);
}
END_TEST

START_TEST(rotation)
{
    initialise(1, 1);
    line(4, true);
    ck_assert_uint_eq(ack(), 0x0c);
    out(0x20, 0xa0); /* rotate on non-specific EOI: 4 becomes lowest */
    line(4, false);
    line(4, true);
    line(5, true);
    line(0, true);
    ck_assert_uint_eq(ack(), 0x0d);
    out(0x20, 0x65);
    ck_assert_uint_eq(ack(), 0x08);
    out(0x20, 0xe2); /* rotate on specific EOI: 2 lowest; 0 stays */
    ck_assert_uint_eq(read_isr(0x20), 0x01);
    line(3, true);
    ck_assert_msg(intr.level, "3 is the highest now");
    out(0x20, 0xc7); /* set priority: back to 7 lowest */
    ck_assert(!intr.level);
    out(0x20, 0x60);
    ck_assert_uint_eq(ack(), 0x0b);
}
END_TEST

START_TEST(rotation_with_automatic_eoi)
{
    initialise(0x03, 1);
    out(0x20, 0x80);
    line(1, true);
    line(3, true);
    ck_assert_uint_eq(ack(), 0x09);
    line(1, false);
    line(1, true);
    ck_assert_uint_eq(ack(), 0x0b);
    ck_assert_uint_eq(ack(), 0x09);
    out(0x20, 0x00); /* rotation off */
    line(3, false);
    line(3, true);
    ck_assert_uint_eq(ack(), 0x0b);
    line(0, true);
    line(3, false);
    line(3, true);
    ck_assert_msg(ack() == 0x0b, "1 is still lowest, so 3 is before 0");
}
END_TEST

START_TEST(special_mask)
{
    initialise(1, 1);
    line(2 + 1, true);
    ck_assert_uint_eq(ack(), 0x0b);
    out(0x21, 0x08);
    line(6, true);
    ck_assert(!intr.level);
    out(0x20, 0x68); /* set special mask */
    ck_assert(intr.level);
    ck_assert_uint_eq(ack(), 0x0e);
    out(0x20, 0x20); /* ends 6: masked 3 is not cleared by it */
    ck_assert_uint_eq(read_isr(0x20), 0x08);
    out(0x20, 0x20);
    ck_assert_uint_eq(read_isr(0x20), 0x08);
    out(0x20, 0x48); /* reset special mask */
    out(0x20, 0x20);
    ck_assert_uint_eq(read_isr(0x20), 0);
}
END_TEST

START_TEST(poll)
{
    initialise(1, 1);
    out(0x20, 0x0c);
    ck_assert_uint_eq(in(0x20) & 0x80, 0);
    line(6, true);
    out(0x20, 0x0c);
    ck_assert_uint_eq(in(0x20), 0x86);
    ck_assert(!intr.level);
    ck_assert_uint_eq(read_isr(0x20), 0x40);
    line(1, true);
    out(0x20, 0x0c);
    ck_assert_uint_eq(in(0x21), 0x81); /* either address acknowledges */
    ck_assert_uint_eq(in(0x21), 0x00); /* and only once */
}
END_TEST

START_TEST(level_by_elcr)
{
    out(0x4d0, 0xff);
    out(0x4d1, 0xff);
    ck_assert_uint_eq(in(0x4d0), 0xf8);
    ck_assert_uint_eq(in(0x4d1), 0xde);
    initialise(1, 1);
    pci_line(11, true);
    line(11, true);
    ck_assert_uint_eq(ack(), 0x73);
    line(11, false);
    out(0xa0, 0x20);
    out(0x20, 0x20);
    ck_assert_msg(intr.level, "the second wire holds the level");
    ck_assert_uint_eq(ack(), 0x73);
    pci_line(11, false);
    out(0xa0, 0x20);
    out(0x20, 0x20);
    ck_assert(!intr.level);
}
END_TEST

START_TEST(level_by_icw1)
{
    out(0x20, 0x19);
    out(0x21, 0x08);
    out(0x21, 0x04);
    out(0x21, 0x01);
    line(3, true);
    ck_assert_uint_eq(ack(), 0x0b);
    ck_assert_uint_eq(read_irr(0x20), 0x08);
    out(0x20, 0x20);
    ck_assert(intr.level);
    ck_assert_uint_eq(in(0x4d0), 0xff); /* no ELCR on this board */
}
END_TEST

START_TEST(single_and_mcs80)
{
    out(0x20, 0xf6); /* single, interval 4, no ICW4 */
    out(0x21, 0x12);
    out(0x21, 0x00); /* OCW1 already */
    line(3, true);
    ck_assert_uint_eq(ack(), 0xe0 | 3 << 2);
    out(0x20, 0x20);
    out(0x20, 0xf2); /* interval 8 */
    out(0x21, 0x12);
    line(5, true);
    ck_assert_uint_eq(ack(), 0xc0 | 5 << 3);
}
END_TEST

START_TEST(second_input_is_the_cascade)
{
    initialise(1, 1);
    line(2, true);
    pci_line(2, true);
    ck_assert(!intr.level);
}
END_TEST

START_TEST(overlap_claims_nothing)
{
    struct i8259_config config = {.name = "two", .ports = ports};
    struct device *two = pic;
    struct bus *other;

    ck_assert_int_eq(i8259_create(&config, &two), STATUS_OVERLAP);
    ck_assert_ptr_null(two);
    ck_assert_int_eq(bus_create(&other), STATUS_OK);
    ck_assert_int_eq(bus_map(other, 0xa1, 1, &(struct bus_ops){0}, NULL),
                     STATUS_OK);
    config.ports = other;
    ck_assert_int_eq(i8259_create(&config, &two), STATUS_OVERLAP);
    ck_assert_int_eq(bus_map(other, 0x20, 2, &(struct bus_ops){0}, NULL),
                     STATUS_OK);
    bus_destroy(other);
}
END_TEST

START_TEST(survives_random_access)
{
    uint32_t seed = 99;

    for (unsigned i = 0; i < 100; i++) {
        uint32_t r = next_random(&seed);

        random_access(ports, NULL, 0x20, 2, random_count(200000) / 200);
        random_access(ports, NULL, 0xa0, 2, random_count(200000) / 200);
        random_access(ports, NULL, 0x4d0, 2, 20);
        line(r & 15, r >> 8 & 1);
        pci_line(r >> 4 & 15, r >> 9 & 1);
        ack();
    }
    device_reset(pic);
    initialise(1, 1);
    line(0, false);
    line(0, true);
    ck_assert_uint_eq(ack(), 0x08);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("devices/i8259");
    TCase *piix = tcase_create("piix"), *at = tcase_create("at");

    tcase_add_checked_fixture(piix, setup, teardown);
    tcase_add_test(piix, silent_until_initialised);
    tcase_add_test(piix, edge_needs_a_new_rise);
    tcase_add_test(piix, icw1_resets_edge_sense_and_mask);
    tcase_add_test(piix, request_goes_away_with_its_line);
    tcase_add_test(piix, masking_in_the_slave_withdraws_the_request);
    tcase_add_test(piix, priority_nests);
    tcase_add_test(piix, cascade_vectors_and_requests_again);
    tcase_add_test(piix, cascade_identity_must_match);
    tcase_add_test(piix, special_fully_nested_lets_the_slave_in);
    tcase_add_test(piix, automatic_eoi);
    tcase_add_test(piix, rotation);
    tcase_add_test(piix, rotation_with_automatic_eoi);
    tcase_add_test(piix, special_mask);
    tcase_add_test(piix, poll);
    tcase_add_test(piix, level_by_elcr);
    tcase_add_test(piix, single_and_mcs80);
    tcase_add_test(piix, second_input_is_the_cascade);
    tcase_add_test(piix, overlap_claims_nothing);
    tcase_add_test(piix, survives_random_access);
    suite_add_tcase(suite, piix);
    tcase_add_checked_fixture(at, setup_at, teardown);
    tcase_add_test(at, level_by_icw1);
    suite_add_tcase(suite, at);
    return suite;
}
