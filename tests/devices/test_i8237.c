#include "devices/i8237.h"

#include <string.h>

#include "tests/devices/chip.h"
#include "tests/suite.h"

#define RAM_BYTES (16u << 20)

static struct bus *ports;
static struct mem *mem;
static struct device *dma;
static uint8_t posted;

static void take_post(struct host_char *self, uint8_t byte)
{
    (void)self;
    posted = byte;
}

static struct host_char post = {take_post};

static void out(unsigned port, unsigned value)
{
    bus_write(ports, port, value, 1);
}

static unsigned in(unsigned port)
{
    return bus_read(ports, port, 1);
}

/* The cascade open, as a BIOS leaves it. */
static void setup(void)
{
    struct i8237_config config = {.name = "dma", .post = &post};

    ck_assert_int_eq(bus_create(&ports), STATUS_OK);
    ck_assert_int_eq(mem_create(&mem, RAM_BYTES), STATUS_OK);
    mem_map_host(mem, 0, RAM_BYTES, mem->ram);
    config.ports = ports;
    config.mem = mem;
    ck_assert_int_eq(i8237_create(&config, &dma), STATUS_OK);
    out(0xd6, 0xc0);
    out(0xd4, 0x00);
}

static void teardown(void)
{
    device_destroy(dma);
    mem_destroy(mem);
    bus_destroy(ports);
}

/* Programs channel 0-3. `address` with its page. */
static void program(unsigned channel, unsigned mode, uint32_t address,
                    unsigned count)
{
    static const uint8_t pages[] = {0x87, 0x83, 0x81, 0x82};

    out(0x0a, 4 | channel);
    out(0x0c, 0);
    out(0x0b, mode | channel);
    out(channel * 2, address & 0xff);
    out(channel * 2, address >> 8 & 0xff);
    out(channel * 2 + 1, count & 0xff);
    out(channel * 2 + 1, count >> 8);
    out(pages[channel], address >> 16);
    out(0x0a, channel);
}

static unsigned word(unsigned port)
{
    unsigned low;

    out(0x0c, 0);
    low = in(port);
    return low | in(port) << 8;
}

static size_t to_memory(unsigned channel, const void *bytes, size_t size,
                        bool *tc)
{
    struct dma_line line = i8237_line(dma, channel);
    uint8_t copy[70000];

    memcpy(copy, bytes, size);
    return dma_transfer(&line, DMA_TO_MEMORY, copy, size, tc);
}

START_TEST(moves_to_memory_until_terminal_count)
{
    bool tc;

    program(2, 0x44, 0x12fffe, 5); /* wraps in 64 KiB, page stays */
    ck_assert_uint_eq(to_memory(2, "abc", 3, &tc), 3);
    ck_assert(!tc);
    ck_assert_uint_eq(word(0x04), 0x0001);
    ck_assert_uint_eq(word(0x05), 2);
    ck_assert_uint_eq(in(0x08), 0);
    ck_assert_uint_eq(to_memory(2, "defgh", 5, &tc), 3);
    ck_assert(tc);
    ck_assert_mem_eq(mem->ram + 0x12fffe, "ab", 2);
    ck_assert_mem_eq(mem->ram + 0x120000, "cdef", 5);
    ck_assert_uint_eq(word(0x05), 0xffff);
    ck_assert_uint_eq(in(0x08), 0x04);
    ck_assert_uint_eq(in(0x08), 0x00);
    ck_assert_uint_eq(in(0x0f), 0xff); /* masked itself: 1, 3, 0 were */
    ck_assert_uint_eq(to_memory(2, "x", 1, &tc), 0);
}
END_TEST

START_TEST(moves_from_memory_and_minds_the_direction)
{
    struct dma_line line = i8237_line(dma, 1);
    uint8_t bytes[4] = {0};
    bool tc;

    memcpy(mem->ram + 0x4321, "wxyz", 4);
    program(1, 0x48, 0x4321, 3);
    ck_assert_uint_eq(to_memory(1, "no", 2, &tc), 0);
    ck_assert_uint_eq(dma_transfer(&line, DMA_FROM_MEMORY, bytes, 4, &tc), 4);
    ck_assert(tc);
    ck_assert_mem_eq(bytes, "wxyz", 4);
}
END_TEST

START_TEST(sixteen_bit_channel)
{
    static const uint8_t bytes[] = {1, 2, 3, 4, 5, 6, 7};
    bool tc;

    out(0xd8, 0);
    out(0xd6, 0x45); /* channel 5 */
    out(0xc4, 0xff);
    out(0xc4, 0xff); /* word FFFF: byte 1FFFE of the page */
    out(0xc6, 0x05);
    out(0xc6, 0x00);
    out(0x8b, 0x35); /* bit 0 of the page is not used */
    out(0xd4, 0x01);
    ck_assert_uint_eq(to_memory(5, bytes, 7, &tc), 6);
    ck_assert(!tc);
    ck_assert_mem_eq(mem->ram + 0x35fffe, bytes, 2);
    ck_assert_mem_eq(mem->ram + 0x340000, bytes + 2, 4);
    ck_assert_uint_eq(to_memory(5, bytes, 7, &tc), 6);
    ck_assert(tc);
    ck_assert_uint_eq(in(0xd0), 0x02);
}
END_TEST

START_TEST(autoinit_decrement_verify)
{
    bool tc;

    program(3, 0x74, 0x20002, 3); /* write, autoinit, decrement */
    ck_assert_uint_eq(to_memory(3, "abcd", 4, &tc), 4);
    ck_assert(tc);
    ck_assert_mem_eq(mem->ram + 0x20000, "cba", 3);
    ck_assert_mem_eq(mem->ram + 0x2ffff, "d", 1);
    ck_assert_uint_eq(word(0x06), 0x0002);
    ck_assert_uint_eq(word(0x07), 3);
    ck_assert_uint_eq(to_memory(3, "e", 1, &tc), 1);
    ck_assert_mem_eq(mem->ram + 0x20002, "e", 1);

    program(0, 0x40, 0x30000, 1); /* verify */
    ck_assert_uint_eq(to_memory(0, "zzz", 3, &tc), 2);
    ck_assert(tc);
    ck_assert_uint_eq(mem->ram[0x30000], 0);
}
END_TEST

START_TEST(nothing_moves_while_the_way_is_closed)
{
    bool tc;

    program(1, 0x44, 0x1000, 9);
    out(0x08, 0x04); /* first chip disabled */
    ck_assert_uint_eq(to_memory(1, "a", 1, &tc), 0);
    out(0x08, 0x00);
    out(0xd4, 0x04); /* cascade masked */
    ck_assert_uint_eq(to_memory(1, "a", 1, &tc), 0);
    out(0xd4, 0x00);
    out(0xd6, 0x40); /* cascade channel in another mode */
    ck_assert_uint_eq(to_memory(1, "a", 1, &tc), 0);
    out(0xd6, 0xc0);
    out(0x0f, 0x02);
    ck_assert_uint_eq(to_memory(1, "a", 1, &tc), 0);
    out(0x0e, 0x00);
    ck_assert_uint_eq(to_memory(1, "a", 1, &tc), 1);
    out(0x0d, 0x00); /* master clear masks all */
    ck_assert_uint_eq(to_memory(1, "a", 1, &tc), 0);
    ck_assert(!i8237_line(dma, 4).transfer);
}
END_TEST

START_TEST(flip_flop)
{
    out(0x0c, 0);
    out(0x00, 0x11);
    out(0x0c, 0);
    out(0x00, 0x22);
    out(0x02, 0x33); /* the flip-flop is one for all channels */
    ck_assert_uint_eq(word(0x00), 0x22);
    ck_assert_uint_eq(word(0x02), 0x3300);
    in(0x00);
    out(0x0d, 0);
    out(0x00, 0x44);
    ck_assert_uint_eq(word(0x00), 0x44);
}
END_TEST

START_TEST(memory_to_memory)
{
    memcpy(mem->ram + 0x40010, "0123456789", 10);
    program(0, 0x88, 0x40010, 9);
    program(1, 0x84, 0x50000, 9);
    out(0x08, 0x01);
    out(0x09, 0x04);
    ck_assert_mem_eq(mem->ram + 0x50000, "0123456789", 10);
    ck_assert_uint_eq(in(0x08), 0x02);
    ck_assert_uint_eq(in(0x0d), '9');
    program(0, 0x88, 0x40012, 9);
    program(1, 0x84, 0x50000, 9);
    out(0x08, 0x03); /* address hold: a fill */
    out(0x09, 0x04);
    ck_assert_mem_eq(mem->ram + 0x50000, "2222222222", 10);
}
END_TEST

START_TEST(software_request_waits_for_the_bus_and_is_not_maskable)
{
    program(1, 0x84, 0x60000, 3);
    out(0x0a, 0x05); /* mask channel 1 */
    out(0x08, 0x04);
    out(0x09, 0x05);
    ck_assert_uint_eq(in(0x08), 0x20);
    ck_assert_uint_eq(mem->ram[0x60000], 0);
    out(0x08, 0x00);
    ck_assert_mem_eq(mem->ram + 0x60000, "\xff\xff\xff\xff\0", 5);
    ck_assert_uint_eq(in(0x08), 0x02);
    program(2, 0x8c, 0, 3); /* the type that does not exist */
    out(0x09, 0x06);
    ck_assert_uint_eq(in(0x08), 0x40);
    out(0x09, 0x02);
    ck_assert_uint_eq(in(0x08), 0x00);
}
END_TEST

START_TEST(status_shows_requests)
{
    struct dma_line two = i8237_line(dma, 2), six = i8237_line(dma, 6);

    dma_request(&two, true);
    ck_assert_uint_eq(in(0x08), 0x40);
    ck_assert_uint_eq(in(0xd0), 0x00);
    out(0x0a, 0x02);
    ck_assert_uint_eq(in(0xd0), 0x10); /* comes through the cascade */
    dma_request(&six, true);
    ck_assert_uint_eq(in(0xd0), 0x50);
    dma_request(&two, false);
    dma_request(&six, false);
    ck_assert_uint_eq(in(0xd0), 0x00);
}
END_TEST

START_TEST(pages_and_post)
{
    for (unsigned i = 0; i < 16; i++)
        out(0x80 + i, 0xa0 + i);
    for (unsigned i = 0; i < 16; i++)
        ck_assert_uint_eq(in(0x80 + i), 0xa0 + i);
    ck_assert_uint_eq(posted, 0xa0);
    ck_assert_uint_eq(i8237_post_code(dma), 0xa0);
}
END_TEST

START_TEST(whole_64k_in_one_burst)
{
    static uint8_t bytes[0x10001];
    bool tc;

    memset(bytes, 0x5a, sizeof(bytes));
    program(2, 0x54, 0x78000, 0xffff);
    ck_assert_uint_eq(to_memory(2, bytes, sizeof(bytes), &tc), 0x10000);
    ck_assert(tc);
    ck_assert_uint_eq(mem->ram[0x6ffff], 0);
    ck_assert_uint_eq(mem->ram[0x70000], 0x5a);
    ck_assert_uint_eq(mem->ram[0x7ffff], 0x5a);
    ck_assert_uint_eq(mem->ram[0x80000], 0);
    ck_assert_uint_eq(word(0x05), 0xffff);
}
END_TEST

START_TEST(survives_random_access)
{
    uint32_t seed = 5;
    bool tc;

    for (unsigned i = 0; i < 100; i++) {
        uint32_t r = next_random(&seed);
        struct dma_line line = i8237_line(dma, r & 7);
        uint8_t bytes[300] = {0};

        random_access(ports, NULL, 0x00, 0x10, random_count(20000) / 200);
        random_access(ports, NULL, 0xc0, 0x20, random_count(20000) / 200);
        dma_transfer(&line, r & 8 ? DMA_TO_MEMORY : DMA_FROM_MEMORY, bytes,
                     r >> 8 & 0xff, &tc);
    }
    device_reset(dma);
    out(0xd6, 0xc0);
    out(0xd4, 0x00);
    program(2, 0x44, 0x1000, 0);
    ck_assert_uint_eq(to_memory(2, "a", 1, &tc), 1);
    ck_assert(tc);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("devices/i8237");
    TCase *tcase = tcase_create("channels");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, moves_to_memory_until_terminal_count);
    tcase_add_test(tcase, moves_from_memory_and_minds_the_direction);
    tcase_add_test(tcase, sixteen_bit_channel);
    tcase_add_test(tcase, autoinit_decrement_verify);
    tcase_add_test(tcase, nothing_moves_while_the_way_is_closed);
    tcase_add_test(tcase, flip_flop);
    tcase_add_test(tcase, memory_to_memory);
    tcase_add_test(tcase,
                   software_request_waits_for_the_bus_and_is_not_maskable);
    tcase_add_test(tcase, status_shows_requests);
    tcase_add_test(tcase, pages_and_post);
    tcase_add_test(tcase, whole_64k_in_one_burst);
    tcase_add_test(tcase, survives_random_access);
    suite_add_tcase(suite, tcase);
    return suite;
}
