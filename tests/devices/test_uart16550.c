#include "devices/uart16550.h"
#include "tests/suite.h"

#define BASE    0x3f8
#define CHAR_NS 1041666 /* 10 bits at 9600 baud, rounded down */

static struct bus *ports;
static struct clock *clock;
static struct device *uart;
static bool irq;
static unsigned sent;
static uint8_t last;

static void on_irq(void *sink, unsigned pin, bool level)
{
    (void)sink;
    (void)pin;
    irq = level;
}

static void on_byte(struct host_char *self, uint8_t byte)
{
    (void)self;
    sent++;
    last = byte;
}

static struct host_char host = {on_byte};

static uint8_t get(unsigned reg)
{
    return (uint8_t)bus_read(ports, BASE + reg, 1);
}

static void put(unsigned reg, uint8_t value)
{
    bus_write(ports, BASE + reg, value, 1);
}

static void pass(uint64_t ns)
{
    uint64_t to = clock->insns + ns;

    while (clock->insns < to) {
        clock_sync(clock, clock->stop_insns < to ? clock->stop_insns : to);
        clock_fire(clock);
    }
}

static void setup(void)
{
    struct uart16550_config config = {
        .name = "com1",
        .base = BASE,
        .irq = {on_irq, NULL, 4},
        .host = &host,
    };

    sent = 0;
    irq = false;
    ck_assert_int_eq(bus_create(&ports), STATUS_OK);
    ck_assert_int_eq(clock_create(&clock, 1000000000), STATUS_OK);
    config.ports = ports;
    config.clock = clock;
    ck_assert_int_eq(uart16550_create(&config, &uart), STATUS_OK);
    put(3, 0x83); /* 8 data bits, divisor */
    put(0, 12);
    put(1, 0);
    put(3, 0x03);
    put(4, 0x0b); /* DTR, RTS, OUT2 */
}

static void teardown(void)
{
    device_destroy(uart);
    clock_destroy(clock);
    bus_destroy(ports);
}

START_TEST(dlab_selects_divisor)
{
    put(3, 0x80);
    put(0, 0x34);
    put(1, 0x12);
    ck_assert_uint_eq(bus_read(ports, BASE, 2), 0x1234);
    put(3, 0x03);
    ck_assert_uint_eq(get(1), 0);
    put(7, 0xa5);
    ck_assert_uint_eq(get(7), 0xa5);
}
END_TEST

/* Holding register, then shift register; one character time each. */
START_TEST(sends_in_character_time)
{
    put(0, 'A');
    ck_assert_uint_eq(get(5), 0x20); /* THR moved on at once */
    put(0, 'B');
    ck_assert_uint_eq(get(5), 0x00);
    pass(CHAR_NS - 1);
    ck_assert_uint_eq(sent, 0);
    pass(2);
    ck_assert_uint_eq(sent, 1);
    ck_assert_uint_eq(last, 'A');
    ck_assert_uint_eq(get(5), 0x20);
    pass(CHAR_NS + 1);
    ck_assert_uint_eq(last, 'B');
    ck_assert_uint_eq(get(5), 0x60);
}
END_TEST

START_TEST(thre_interrupt_clears_on_iir_read)
{
    put(1, 0x02);
    ck_assert(irq); /* empty at enabling */
    ck_assert_uint_eq(get(2), 0x02);
    ck_assert(!irq);
    ck_assert_uint_eq(get(2), 0x01);
    put(0, 'A');
    ck_assert(irq);
    put(4, 0x03); /* OUT2 off: off the bus */
    ck_assert(!irq);
}
END_TEST

START_TEST(receives_in_character_time_and_interrupts)
{
    put(1, 0x01);
    ck_assert(uart16550_receive(uart, 'x'));
    ck_assert_uint_eq(get(5) & 1, 0);
    pass(CHAR_NS + 1);
    ck_assert(irq);
    ck_assert_uint_eq(get(2), 0x04);
    ck_assert_uint_eq(get(0), 'x');
    ck_assert(!irq);
    ck_assert_uint_eq(get(5), 0x60);
}
END_TEST

START_TEST(fifo_trigger_and_timeout)
{
    put(2, 0x41); /* trigger at 4 */
    ck_assert_uint_eq(get(2), 0xc1);
    put(1, 0x01);
    for (unsigned i = 0; i < 5; i++)
        uart16550_receive(uart, (uint8_t)('a' + i));
    pass(3 * CHAR_NS + 10);
    ck_assert(!irq);
    pass(CHAR_NS + 10);
    ck_assert(irq);
    ck_assert_uint_eq(get(2), 0xc4);
    pass(CHAR_NS + 10);
    for (unsigned i = 0; i < 4; i++)
        ck_assert_uint_eq(get(0), 'a' + i);
    ck_assert(!irq);
    pass(4 * CHAR_NS + 10); /* one is left: four quiet characters */
    ck_assert(irq);
    ck_assert_uint_eq(get(2), 0xcc);
    ck_assert_uint_eq(get(0), 'e');
    ck_assert(!irq);
}
END_TEST

START_TEST(overrun_break_and_fifo_error)
{
    uart16550_arrive(uart, 'a', 0);
    uart16550_arrive(uart, 'b', 0);
    ck_assert_uint_eq(get(5), 0x63);
    ck_assert_uint_eq(get(5), 0x61);
    ck_assert_uint_eq(get(0), 'b'); /* the first is lost */
    put(2, 0x01);
    put(1, 0x04);
    for (unsigned i = 0; i < 16; i++)
        uart16550_arrive(uart, (uint8_t)i, i == 1 ? UART16550_BREAK : 0);
    ck_assert_uint_eq(get(5), 0xe1);
    uart16550_arrive(uart, 99, 0);
    ck_assert(irq);
    ck_assert_uint_eq(get(2), 0xc6);
    ck_assert_uint_eq(get(5), 0xe3);
    ck_assert_uint_eq(get(0), 0);
    ck_assert_uint_eq(get(5), 0xf1); /* the break has come to the head */
    ck_assert_uint_eq(get(5), 0x61);
    for (unsigned i = 1; i < 16; i++)
        ck_assert_uint_eq(get(0), i);
}
END_TEST

START_TEST(loopback)
{
    put(4, 0x1f);
    ck_assert_uint_eq(get(6) & 0xf0, 0xf0);
    get(6);
    put(4, 0x10);
    ck_assert_uint_eq(get(6), 0x0f); /* all changed; RI went away */
    put(0, 'L');
    pass(CHAR_NS + 1);
    ck_assert_uint_eq(sent, 0);
    ck_assert_uint_eq(get(0), 'L');
    ck_assert(!irq);
}
END_TEST

START_TEST(modem_lines)
{
    get(6);
    put(1, 0x08);
    uart16550_set_modem(uart, UART16550_DSR | UART16550_RI);
    ck_assert(irq);
    ck_assert_uint_eq(get(2), 0x00);
    ck_assert_uint_eq(get(6), 0x69); /* CTS, DCD fell; RI rose: no delta */
    ck_assert(!irq);
    uart16550_set_modem(uart, UART16550_DSR);
    ck_assert_uint_eq(get(6), 0x24); /* trailing edge of RI */
    ck_assert_uint_eq(uart16550_modem(uart), 3);
}
END_TEST

START_TEST(queue_is_bounded_and_patient)
{
    for (unsigned i = 0; i < UART16550_QUEUE_BYTES; i++)
        ck_assert(uart16550_receive(uart, (uint8_t)i));
    ck_assert(!uart16550_receive(uart, 0));
    pass(20 * CHAR_NS);
    ck_assert_uint_eq(get(5) & 0x02, 0); /* no overrun: they wait */
    ck_assert_uint_eq(get(0), 0);
    pass(2 * CHAR_NS);
    ck_assert_uint_eq(get(0), 1);
    ck_assert_uint_eq(uart16550_room(uart), 2);
}
END_TEST

START_TEST(random_accesses)
{
    uint32_t seed = 7;

    for (unsigned i = 0; i < 300000; i++) {
        seed = seed * 1664525u + 1013904223u;
        if (seed & 0x8000)
            put(seed >> 16 & 7, (uint8_t)(seed >> 20));
        else
            get(seed >> 16 & 7);
        if ((seed >> 8 & 0x3f) == 0)
            uart16550_receive(uart, (uint8_t)seed);
        pass(seed >> 24);
    }
    device_reset(uart);
    ck_assert_uint_eq(get(5) & 0x60, 0x60);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("devices/uart16550");
    TCase *tcase = tcase_create("chip");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, dlab_selects_divisor);
    tcase_add_test(tcase, sends_in_character_time);
    tcase_add_test(tcase, thre_interrupt_clears_on_iir_read);
    tcase_add_test(tcase, receives_in_character_time_and_interrupts);
    tcase_add_test(tcase, fifo_trigger_and_timeout);
    tcase_add_test(tcase, overrun_break_and_fifo_error);
    tcase_add_test(tcase, loopback);
    tcase_add_test(tcase, modem_lines);
    tcase_add_test(tcase, queue_is_bounded_and_patient);
    tcase_add_test(tcase, random_accesses);
    suite_add_tcase(suite, tcase);
    return suite;
}
