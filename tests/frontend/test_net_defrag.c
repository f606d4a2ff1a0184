/* Packets in pieces, also from senders that contradict themselves. */
#include "frontend/net_defrag.h"

#include <stdlib.h>

#include "tests/frontend/net_guest.h"
#include "tests/suite.h"

static struct net_defrag *defrag;
static uint8_t packet[65535];
static uint32_t seed;

static uint32_t random_number(void)
{
    seed = seed * 1664525u + 1013904223u;
    return seed >> 8;
}

static void setup(void)
{
    seed = 1;
    defrag = net_defrag_create();
    ck_assert_ptr_nonnull(defrag);
    for (size_t i = 0; i < sizeof(packet); i++)
        packet[i] = (uint8_t)random_number();
}

static void teardown(void)
{
    net_defrag_destroy(defrag);
}

static struct frame_out out;

/* Bytes of packet `id` from `from` on. */
static const uint8_t *take(unsigned id, size_t from, size_t bytes, bool more,
                           size_t *whole)
{
    uint8_t *ip = out.bytes + IP_AT;

    make_ethernet(&out, everybody, 0x0800);
    memcpy(out.bytes + PAYLOAD_AT, packet + from, bytes);
    make_ip(&out, 17, guest_ip, router_ip, bytes);
    put_be(ip + 4, id, 2);
    put_be(ip + 6, (more ? 0x2000u : 0) | (uint32_t)from / 8, 2);
    put_be(ip + 10, 0, 2);
    put_be(ip + 10, checksum(ip, 20, 0), 2);
    ck_assert(net_defrag_is_piece(out.bytes, out.count) == (more || from));
    return net_defrag_take(defrag, out.bytes, out.count, whole);
}

static void check_whole(const uint8_t *frame, size_t whole, size_t bytes)
{
    ck_assert_ptr_nonnull(frame);
    ck_assert_uint_eq(whole, PAYLOAD_AT + bytes);
    ck_assert_uint_eq(get_be(frame + IP_AT + 2, 2), 20 + bytes);
    ck_assert_uint_eq(checksum(frame + IP_AT, 20, 0), 0);
    ck_assert(!net_defrag_is_piece(frame, whole));
    ck_assert_mem_eq(frame + PAYLOAD_AT, packet, bytes);
}

/* A last piece completes the packet. */
static void check_last(unsigned id, size_t from, size_t bytes)
{
    size_t whole = 0;
    const uint8_t *frame = take(id, from, bytes - from, false, &whole);

    check_whole(frame, whole, bytes);
}

START_TEST(largest_packet_fits)
{
    size_t from, whole = 0, bytes = 65535 - 20;
    const uint8_t *frame = NULL;

    for (from = 0; from < bytes; from += 1480) {
        size_t piece = bytes - from < 1480 ? bytes - from : 1480;

        ck_assert_ptr_null(frame);
        frame = take(1, from, piece, from + piece < bytes, &whole);
    }
    check_whole(frame, whole, bytes);
    /* one byte more does not */
    ck_assert_ptr_null(take(1, 65512, 4, false, &whole));
}
END_TEST

START_TEST(packets_do_not_mix)
{
    size_t whole;

    for (unsigned id = 1; id <= 8; id++)
        ck_assert_ptr_null(take(id, 0, 8 * id, true, &whole));
    for (unsigned id = 8; id >= 1; id--)
        check_last(id, 8 * id, 8 * id + 5);
    ck_assert_ptr_null(take(3, 24, 5, false, &whole)); /* that was it */
}
END_TEST

START_TEST(oldest_is_forgotten)
{
    size_t whole;

    for (unsigned id = 1; id <= 9; id++)
        ck_assert_ptr_null(take(id, 0, 8, true, &whole));
    check_last(9, 8, 13);
    check_last(2, 8, 13);
    ck_assert_ptr_null(take(1, 8, 5, false, &whole));
}
END_TEST

START_TEST(contradictions_stay_incomplete)
{
    size_t whole;

    ck_assert_ptr_null(take(1, 800, 8, true, &whole));
    ck_assert_ptr_null(take(1, 8, 5, false, &whole)); /* ends before that */
    ck_assert_ptr_null(take(1, 0, 8, true, &whole));
    ck_assert_ptr_null(take(2, 0, 7, true, &whole)); /* no whole units */
    ck_assert_ptr_null(take(2, 8, 5, false, &whole));
}
END_TEST

START_TEST(damaged_headers_are_dropped)
{
    size_t whole;

    take(1, 8, 16, false, &whole);
    for (size_t bytes = 22; bytes < out.count; bytes++)
        ck_assert_ptr_null(net_defrag_take(defrag, out.bytes, bytes, &whole));
    out.bytes[IP_AT + 1] ^= 1;
    ck_assert_ptr_null(net_defrag_take(defrag, out.bytes, out.count, &whole));
}
END_TEST

/* Whatever comes out is a packet. */
START_TEST(random_pieces_do_no_harm)
{
    for (unsigned i = 0; i < 40000; i++) {
        size_t from = random_number() % 4 ? random_number() % 8 * 8
                                          : random_number() % 8200 * 8 % 64000;
        size_t whole, bytes = random_number() % 40;
        const uint8_t *frame = take(random_number() % 12, from, bytes,
                                    random_number() % 4, &whole);

        if (!frame)
            continue;
        ck_assert_uint_eq(get_be(frame + IP_AT + 2, 2) + 14, whole);
        ck_assert_mem_eq(frame + PAYLOAD_AT, packet, whole - PAYLOAD_AT);
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("frontend/net_defrag");
    TCase *tcase = tcase_create("packets");

    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, largest_packet_fits);
    tcase_add_test(tcase, packets_do_not_mix);
    tcase_add_test(tcase, oldest_is_forgotten);
    tcase_add_test(tcase, contradictions_stay_incomplete);
    tcase_add_test(tcase, damaged_headers_are_dropped);
    tcase_add_test(tcase, random_pieces_do_no_harm);
    suite_add_tcase(suite, tcase);
    return suite;
}
