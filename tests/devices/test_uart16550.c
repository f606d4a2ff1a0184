#include "devices/uart16550.h"

#include <string.h>

#include "tests/devices/chip.h"
#include "tests/suite.h"

#define BASE 0x3f8u

enum {
    RBR = BASE,
    IER,
    IIR,
    LCR,
    MCR,
    LSR,
    MSR,
    SCR
};

static struct bus *ports;
static struct clock *time_base;
static struct device *uart;
static struct wire irq;
static char received[256];
static size_t received_count;

static void take_byte(struct host_char *self, uint8_t byte)
{
    (void)self;
    if (received_count + 1 < sizeof(received))
        received[received_count++] = (char)byte;
}

static struct host_char host = {take_byte};

static unsigned haste; /* of the next chip */

static void create(struct host_char *peer)
{
    struct uart16550_config config = {
        .name = "com1",
        .base = BASE,
        .irq = wire_line(&irq, 0),
        .host = peer,
        .haste = haste,
    };

    irq = (struct wire){0};
    memset(received, 0, sizeof(received));
    received_count = 0;
    ck_assert_int_eq(bus_create(&ports), STATUS_OK);
    ck_assert_int_eq(clock_create(&time_base, 100000000), STATUS_OK);
    config.ports = ports;
    config.clock = time_base;
    ck_assert_int_eq(uart16550_create(&config, &uart), STATUS_OK);
}

static void out(unsigned port, unsigned value)
{
    bus_write(ports, port, value, 1);
}

static unsigned in(unsigned port)
{
    return bus_read(ports, port, 1);
}

/* 115200 baud, 8N1: a character takes 86806 ns. */
#define CHARACTER 86806u

static void setup(void)
{
    create(&host);
    out(LCR, 0x83);
    out(RBR, 1);
    out(IER, 0);
    out(LCR, 0x03);
    out(MCR, 0x08);
}

static void teardown(void)
{
    device_destroy(uart);
    clock_destroy(time_base);
    bus_destroy(ports);
}

static void characters(unsigned n)
{
    run_for(time_base, (uint64_t)n * CHARACTER);
}

START_TEST(power_on)
{
    device_reset(uart);
    ck_assert_uint_eq(in(IER), 0x00);
    ck_assert_uint_eq(in(IIR), 0x01);
    ck_assert_uint_eq(in(LCR), 0x00);
    ck_assert_uint_eq(in(MCR), 0x00);
    ck_assert_uint_eq(in(LSR), 0x60);
    ck_assert_uint_eq(in(MSR), 0xb0);
    out(IER, 0xff);
    out(MCR, 0xff);
    out(SCR, 0xa5);
    ck_assert_uint_eq(in(IER), 0x0f);
    ck_assert_uint_eq(in(MCR), 0x1f);
    ck_assert_uint_eq(in(SCR), 0xa5);
}
END_TEST

START_TEST(nothing_plugged_in)
{
    teardown();
    create(NULL);
    ck_assert_uint_eq(in(MSR), 0x00);
    out(RBR, 'x');
    characters(200);
    ck_assert_uint_eq(in(LSR), 0x60);
}
END_TEST

START_TEST(divisor_latch)
{
    out(LCR, 0x80);
    out(RBR, 0x0c);
    out(IER, 0x01);
    ck_assert_uint_eq(bus_read(ports, BASE, 2), 0x010c);
    out(LCR, 0x03);
    ck_assert_uint_eq(in(IER), 0);
}
END_TEST

START_TEST(transmits_at_the_baud_rate)
{
    out(RBR, 'A');
    ck_assert_uint_eq(in(LSR), 0x20); /* already in the shift register */
    out(RBR, 'B');
    ck_assert_uint_eq(in(LSR), 0x00);
    run_for(time_base, CHARACTER - 2);
    ck_assert_uint_eq(received_count, 0);
    run_for(time_base, 2);
    ck_assert_uint_eq(received_count, 1);
    ck_assert_uint_eq(in(LSR), 0x20);
    characters(1);
    ck_assert_uint_eq(in(LSR), 0x60);
    ck_assert_str_eq(received, "AB");
}
END_TEST

START_TEST(haste_shortens_characters)
{
    teardown();
    haste = 16;
    setup();
    haste = 0;
    out(LCR, 0x83);
    out(RBR, 12); /* 9600 baud become 115200 */
    out(LCR, 0x03);
    uart16550_receive(uart, 'a');
    run_for(time_base, CHARACTER - 20);
    ck_assert_uint_eq(in(LSR)&1, 0);
    run_for(time_base, 40);
    ck_assert_uint_eq(in(LSR)&1, 1);
    out(RBR, 'A');
    run_for(time_base, 3990);
    ck_assert_uint_eq(received_count, 0);
    run_for(time_base, 20);
    ck_assert_uint_eq(received_count, 1);
}
END_TEST

START_TEST(character_times)
{
    static const struct {
        uint8_t lcr;
        unsigned ns; /* at divisor 12: 104167 ns a bit */
    } rows[] = {
        {0x00, 729166},  {0x03, 1041666}, {0x04, 781249},
        {0x07, 1145833}, {0x0b, 1145833}, {0x1f, 1249999},
    };

    for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
        out(LCR, 0x80);
        out(RBR, 12);
        out(LCR, rows[i].lcr);
        received_count = 0;
        out(RBR, 0xff);
        run_for(time_base, rows[i].ns - 1);
        ck_assert_uint_eq(received_count, 0);
        run_for(time_base, 2);
        ck_assert_uint_eq(received_count, 1);
        ck_assert_uint_eq((uint8_t)received[0],
                          0xffu >> (3 - (rows[i].lcr & 3)));
    }
}
END_TEST

START_TEST(transmit_interrupt)
{
    out(IER, 0x02);
    ck_assert(irq.level);
    ck_assert_uint_eq(in(IIR), 0x02);
    ck_assert(!irq.level);
    ck_assert_uint_eq(in(IIR), 0x01);
    out(IER, 0x02); /* enabled already: nothing new */
    ck_assert(!irq.level);
    out(RBR, 'A');
    ck_assert(irq.level); /* it went on to the shift register at once */
    out(RBR, 'B');
    ck_assert(!irq.level);
    characters(1);
    ck_assert(irq.level);
    out(MCR, 0x00);
    ck_assert(!irq.level); /* OUT2 closes the line */
    out(MCR, 0x08);
    ck_assert(irq.level);
}
END_TEST

START_TEST(transmit_fifo)
{
    out(IIR, 0x01);
    for (unsigned i = 0; i < 20; i++)
        out(RBR, 'a' + i);
    characters(30);
    ck_assert_str_eq(received, "abcdefghijklmnopq"); /* 1 + 16, rest lost */
    ck_assert_uint_eq(in(LSR), 0x60);
}
END_TEST

START_TEST(lone_byte_delays_thre_in_fifo_mode)
{
    out(IIR, 0x01);
    out(IER, 0x02);
    in(IIR);
    out(RBR, 'A');
    ck_assert_uint_eq(in(LSR), 0x00);
    run_for(time_base, CHARACTER * 9 / 10 - 10);
    ck_assert(!irq.level);
    run_for(time_base, 20);
    ck_assert(irq.level);
    ck_assert_uint_eq(in(IIR), 0xc2);
    characters(1);
    out(RBR, 'B');
    out(RBR, 'C');
    out(RBR, 'D'); /* two at once in the FIFO: no delay */
    characters(2);
    run_for(time_base, 10);
    ck_assert(irq.level);
}
END_TEST

START_TEST(receives_at_the_baud_rate)
{
    out(IER, 0x01);
    ck_assert(uart16550_receive(uart, 'x'));
    ck_assert(uart16550_receive(uart, 'y'));
    ck_assert_uint_eq(in(LSR), 0x60);
    characters(1);
    ck_assert(irq.level);
    ck_assert_uint_eq(in(IIR), 0x04);
    ck_assert_uint_eq(in(LSR), 0x61);
    characters(5); /* the peer waits for room */
    ck_assert_uint_eq(in(LSR), 0x61);
    ck_assert_uint_eq(in(RBR), 'x');
    ck_assert(!irq.level);
    ck_assert_uint_eq(in(LSR), 0x60);
    characters(1);
    ck_assert_uint_eq(in(RBR), 'y');
}
END_TEST

START_TEST(queue_is_bounded)
{
    for (unsigned i = 0; i < UART16550_QUEUE_BYTES; i++)
        ck_assert(uart16550_receive(uart, (uint8_t)i));
    ck_assert(!uart16550_receive(uart, 0));
    ck_assert_uint_eq(uart16550_room(uart), 0);
    for (unsigned i = 0; i < UART16550_QUEUE_BYTES; i++) {
        characters(1);
        ck_assert_uint_eq(in(RBR), i & 0xff);
    }
    ck_assert_uint_eq(uart16550_room(uart), UART16550_QUEUE_BYTES);
}
END_TEST

START_TEST(trigger_levels)
{
    static const uint8_t levels[] = {1, 4, 8, 14};

    out(IER, 0x01);
    for (unsigned i = 0; i < ARRAY_LEN(levels); i++) {
        out(IIR, 0x07 | i << 6);
        for (unsigned k = 1; k <= levels[i]; k++) {
            ck_assert(!irq.level);
            uart16550_arrive(uart, (uint8_t)k, 0);
        }
        ck_assert(irq.level);
        ck_assert_uint_eq(in(IIR), 0xc4);
        in(RBR);
        ck_assert(!irq.level);
        out(IIR, 0x07 | i << 6);
        ck_assert_uint_eq(in(LSR), 0x60);
    }
}
END_TEST

START_TEST(time_out)
{
    out(IER, 0x01);
    out(IIR, 0xc1);
    uart16550_arrive(uart, 'a', 0);
    characters(3);
    uart16550_arrive(uart, 'b', 0); /* starts it again */
    characters(3);
    ck_assert(!irq.level);
    characters(1);
    ck_assert(irq.level);
    ck_assert_uint_eq(in(IIR), 0xcc);
    ck_assert_uint_eq(in(RBR), 'a');
    ck_assert(!irq.level);
    ck_assert_uint_eq(in(IIR), 0xc1);
    characters(4);
    ck_assert_uint_eq(in(IIR), 0xcc);
    ck_assert_uint_eq(in(RBR), 'b');
    characters(8);
    ck_assert(!irq.level);
}
END_TEST

START_TEST(overrun)
{
    uart16550_arrive(uart, 'a', 0);
    uart16550_arrive(uart, 'b', 0);
    ck_assert_uint_eq(in(LSR), 0x63);
    ck_assert_uint_eq(in(LSR), 0x61);
    ck_assert_uint_eq(in(RBR), 'b'); /* the first is destroyed */
    out(IIR, 0x01);
    for (unsigned i = 0; i < 17; i++)
        uart16550_arrive(uart, (uint8_t)i, 0);
    ck_assert_uint_eq(in(LSR), 0x63);
    for (unsigned i = 0; i < 16; i++)
        ck_assert_uint_eq(in(RBR), i); /* the last is lost */
    ck_assert_uint_eq(in(LSR), 0x60);
}
END_TEST

START_TEST(errors_belong_to_their_byte)
{
    out(IIR, 0x01);
    out(IER, 0x04);
    uart16550_arrive(uart, 'a', 0);
    uart16550_arrive(uart, 0, UART16550_BREAK | UART16550_FRAMING_ERROR);
    uart16550_arrive(uart, 'c', UART16550_PARITY_ERROR);
    ck_assert(!irq.level);
    ck_assert_uint_eq(in(LSR), 0xe1);
    in(RBR);
    ck_assert(irq.level);
    ck_assert_uint_eq(in(IIR), 0xc6);
    ck_assert_uint_eq(in(LSR), 0xf9);
    ck_assert(!irq.level);
    ck_assert_uint_eq(in(LSR), 0xe1);
    in(RBR);
    ck_assert_uint_eq(in(LSR), 0xe5);
    ck_assert_uint_eq(in(LSR), 0x61);
    ck_assert_uint_eq(in(RBR), 'c');
    out(IIR, 0x00);
    uart16550_arrive(uart, 'd', UART16550_PARITY_ERROR);
    ck_assert_uint_eq(in(LSR), 0x65); /* bit 7 is a FIFO's */
}
END_TEST

START_TEST(priorities)
{
    out(IER, 0x0f);
    uart16550_set_modem(uart, 0);
    uart16550_arrive(uart, 'a', UART16550_PARITY_ERROR);
    ck_assert_uint_eq(in(IIR), 0x06);
    in(LSR);
    ck_assert_uint_eq(in(IIR), 0x04);
    in(RBR);
    ck_assert_uint_eq(in(IIR), 0x02);
    ck_assert_uint_eq(in(IIR), 0x00);
    ck_assert(irq.level);
    ck_assert_uint_eq(in(MSR), 0x0b);
    ck_assert_uint_eq(in(IIR), 0x01);
    ck_assert(!irq.level);
}
END_TEST

START_TEST(modem_lines)
{
    in(MSR);
    uart16550_set_modem(uart, UART16550_RI);
    ck_assert_uint_eq(in(MSR), 0x4b);
    ck_assert_uint_eq(in(MSR), 0x40);
    uart16550_set_modem(uart, UART16550_CTS);
    ck_assert_uint_eq(in(MSR), 0x15); /* RI: only its end counts */
    out(MCR, 0x03);
    ck_assert_uint_eq(uart16550_modem(uart), UART16550_DTR | UART16550_RTS);
}
END_TEST

START_TEST(loopback)
{
    out(MCR, 0x1a);
    ck_assert_uint_eq(in(MSR)&0xf0, 0x90);
    ck_assert_uint_eq(uart16550_modem(uart), 0);
    out(MCR, 0x1d);
    ck_assert_uint_eq(in(MSR)&0xf0, 0xe0);
    out(MCR, 0x18);
    ck_assert_uint_eq(in(MSR), 0x86); /* DSR and RI fell */
    out(IER, 0x01);
    uart16550_receive(uart, 'z');
    uart16550_arrive(uart, 'z', 0);
    out(RBR, 'q');
    characters(1);
    ck_assert(irq.level);
    ck_assert_uint_eq(in(RBR), 'q');
    characters(5);
    ck_assert_uint_eq(in(LSR), 0x60);
    ck_assert_uint_eq(received_count, 0);
    out(LCR, 0x43);
    ck_assert_uint_eq(in(LSR), 0x79);
    ck_assert_uint_eq(in(RBR), 0);
    out(LCR, 0x03);
    out(MCR, 0x08);
    characters(1);
    ck_assert_uint_eq(in(RBR), 'z'); /* had waited outside */
}
END_TEST

START_TEST(fifo_control)
{
    out(IIR, 0x00);
    ck_assert_uint_eq(in(IIR), 0x01);
    out(IIR, 0x81);
    ck_assert_uint_eq(in(IIR), 0xc1);
    uart16550_arrive(uart, 'a', 0);
    out(RBR, 'x');
    out(RBR, 'y');
    out(IIR, 0x87); /* clears both; the shift register goes on */
    ck_assert_uint_eq(in(LSR), 0x20);
    characters(5);
    ck_assert_str_eq(received, "x");
    uart16550_arrive(uart, 'b', 0);
    out(IIR, 0xc6); /* without bit 0 nothing is programmed but off */
    ck_assert_uint_eq(in(LSR), 0x60);
}
END_TEST

START_TEST(survives_random_access)
{
    uint32_t seed = 1;

    for (unsigned i = 0; i < 200; i++) {
        random_access(ports, time_base, BASE, 8, random_count(100000) / 200);
        uart16550_receive(uart, (uint8_t)i);
        uart16550_arrive(uart, (uint8_t)i, next_random(&seed));
        uart16550_set_modem(uart, next_random(&seed));
    }
    device_reset(uart);
    out(LCR, 0x83);
    out(RBR, 1);
    out(IER, 0);
    out(LCR, 0x03);
    received_count = 0;
    out(RBR, 'k');
    characters(2);
    ck_assert_uint_eq(received_count, 1);
    ck_assert_uint_eq((uint8_t)received[0], 'k');
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("devices/uart16550");
    TCase *tcase = tcase_create("uart");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, power_on);
    tcase_add_test(tcase, nothing_plugged_in);
    tcase_add_test(tcase, divisor_latch);
    tcase_add_test(tcase, transmits_at_the_baud_rate);
    tcase_add_test(tcase, haste_shortens_characters);
    tcase_add_test(tcase, character_times);
    tcase_add_test(tcase, transmit_interrupt);
    tcase_add_test(tcase, transmit_fifo);
    tcase_add_test(tcase, lone_byte_delays_thre_in_fifo_mode);
    tcase_add_test(tcase, receives_at_the_baud_rate);
    tcase_add_test(tcase, queue_is_bounded);
    tcase_add_test(tcase, trigger_levels);
    tcase_add_test(tcase, time_out);
    tcase_add_test(tcase, overrun);
    tcase_add_test(tcase, errors_belong_to_their_byte);
    tcase_add_test(tcase, priorities);
    tcase_add_test(tcase, modem_lines);
    tcase_add_test(tcase, loopback);
    tcase_add_test(tcase, fifo_control);
    tcase_add_test(tcase, survives_random_access);
    suite_add_tcase(suite, tcase);
    return suite;
}
