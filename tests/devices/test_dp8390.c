/* The DP8390 as a driver sees it, inside an NE2000. */
#include "devices/dp8390.h"

#include "tests/devices/ne2000_rig.h"

static const uint8_t broadcast[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
static const uint8_t stranger[6] = {0x52, 0x54, 0x00, 0x99, 0x99, 0x99};
static const uint8_t group[6] = {0x01, 0x00, 0x5e, 0x00, 0x00, 0x01};

/* CRC-32 bit by bit as IEEE 802.3 words it, with the register's high end
 * first: nothing shared with the code under test. */
static uint32_t slow_crc(const uint8_t *data, size_t bytes)
{
    uint32_t crc = 0xffffffff;

    for (size_t i = 0; i < bytes * 8; i++) {
        unsigned bit = data[i / 8] >> (i % 8) & 1;
        bool feed = (crc >> 31) != bit;

        crc <<= 1;
        if (feed)
            crc ^= 0x04c11db7;
    }
    return crc;
}

/* As it stands behind a frame: complemented, first bit lowest. */
static uint32_t wire_crc(const uint8_t *data, size_t bytes)
{
    uint32_t crc = ~slow_crc(data, bytes), out = 0;

    for (unsigned i = 0; i < 32; i++)
        out |= (crc >> (31 - i) & 1) << i;
    return out;
}

START_TEST(reset_stops_it)
{
    ck_assert_uint_eq(get(0), 0x21);
    ck_assert_uint_eq(get(7), 0x80);
    start_card(4);
    ck_assert_uint_eq(get(7), 0);
    put(0x0f, 0x7f);
    put16(0x0a, 0);
    put(0, 0x0a); /* nothing to transfer: done at once */
    ck_assert_uint_eq(get(7), 0x40);
    ck_assert(rig.irq.level);
    get(0x1f);
    ck_assert(!rig.irq.level);
    ck_assert_uint_eq(get(0), 0x21);
    ck_assert_uint_eq(get(7), 0x80);
    put(7, 0xff); /* the state of being reset cannot be acknowledged */
    ck_assert_uint_eq(get(7), 0x80);
    put(0, 0x22);
    ck_assert_uint_eq(get(7), 0);
}
END_TEST

/* Where a value written can be read, and what of it. */
static const struct {
    unsigned page, reg, back_page, back_reg;
    uint8_t ones, zeros; /* what 00 and FF read as: bits that are always so */
} registers[] = {
    {0, 0x01, 2, 0x01, 0x00, 0xff}, {0, 0x02, 2, 0x02, 0x00, 0xff},
    {0, 0x03, 0, 0x03, 0x00, 0xff}, {0, 0x04, 2, 0x04, 0x00, 0xff},
    {0, 0x08, 0, 0x08, 0x00, 0xff}, {0, 0x09, 0, 0x09, 0x00, 0xff},
    {0, 0x0c, 2, 0x0c, 0xc0, 0xff}, {0, 0x0d, 2, 0x0d, 0xe0, 0xff},
    {0, 0x0e, 2, 0x0e, 0x80, 0xff}, {0, 0x0f, 2, 0x0f, 0x80, 0xff},
    {1, 0x01, 1, 0x01, 0x00, 0xff}, {1, 0x06, 1, 0x06, 0x00, 0xff},
    {1, 0x07, 1, 0x07, 0x00, 0xff}, {1, 0x08, 1, 0x08, 0x00, 0xff},
    {1, 0x0f, 1, 0x0f, 0x00, 0xff}, {2, 0x01, 0, 0x01, 0x00, 0xff},
    {2, 0x02, 0, 0x02, 0x00, 0xff}, {2, 0x03, 2, 0x03, 0x00, 0xff},
    {2, 0x05, 2, 0x05, 0x00, 0xff}, {2, 0x06, 2, 0x06, 0x00, 0xff},
    {2, 0x07, 2, 0x07, 0x00, 0xff},
};

START_TEST(registers_keep_their_bits)
{
    for (size_t i = 0; i < ARRAY_LEN(registers); i++) {
        for (unsigned value = 0; value < 256; value++) {
            put(0, 0x21 | registers[i].page << 6);
            put(registers[i].reg, value);
            put(0, 0x21 | registers[i].back_page << 6);
            ck_assert_msg(
                get(registers[i].back_reg) ==
                    ((value | registers[i].ones) & registers[i].zeros),
                "page %u register %02x", registers[i].page, registers[i].reg);
        }
    }
}
END_TEST

/* Remote DMA. */

START_TEST(data_goes_by_bytes_words_and_dwords)
{
    start_card(4);
    put(0x0e, 0x48); /* bytes */
    start_remote(0x12, 0x4000, 5);
    for (unsigned i = 0; i < 5; i++) {
        ck_assert_uint_eq(get(7) & 0x40, 0);
        bus_write(rig.ports, BASE + 0x10 + i, 0x11 * (i + 1), 1);
    }
    ck_assert_uint_eq(get(7) & 0x40, 0x40);
    put(7, 0x40);
    put(0x0e, 0x49); /* words */
    start_remote(0x0a, 0x4000, 6);
    ck_assert_uint_eq(bus_read(rig.ports, BASE + 0x10, 2), 0x2211);
    ck_assert_uint_eq(get(8) | get(9) << 8, 0x4002);
    ck_assert_uint_eq(bus_read(rig.ports, BASE + 0x10, 4), 0x00554433);
    ck_assert_uint_eq(get(7) & 0x40, 0x40);
    ck_assert_uint_eq(bus_read(rig.ports, BASE + 0x10, 2), 0xffff); /* over */
    start_remote(0x0a, 0x4000, 4);
    ck_assert_uint_eq(bus_read(rig.ports, BASE + 0x10, 1), 0x11);
    ck_assert_uint_eq(bus_read(rig.ports, BASE + 0x10, 1), 0x33);
}
END_TEST

START_TEST(odd_counts_end_with_a_whole_word)
{
    start_card(4);
    start_remote(0x0a, 0x4000, 3);
    bus_read(rig.ports, BASE + 0x10, 2);
    ck_assert_uint_eq(get(7) & 0x40, 0);
    bus_read(rig.ports, BASE + 0x10, 2);
    ck_assert_uint_eq(get(7) & 0x40, 0x40);
}
END_TEST

START_TEST(remote_address_runs_in_the_ring)
{
    uint8_t data[4] = {1, 2, 3, 4}, back[2];

    start_card(4);
    upload(RING_STOP * 256 - 2, data, 4);
    download(RING_FIRST * 256, back, 2);
    ck_assert_uint_eq(back[0], 3);
    ck_assert_uint_eq(back[1], 4);
    start_remote(0x0a, RING_STOP * 256 - 1, 4); /* odd: the page counts */
    bus_read(rig.ports, BASE + 0x10, 2);
    ck_assert_uint_eq(get(8) | get(9) << 8, RING_FIRST * 256 + 1);
    start_remote(0x0a, RING_STOP * 256, 4); /* what is behind the ring */
    bus_read(rig.ports, BASE + 0x10, 2);
    ck_assert_uint_eq(get(8) | get(9) << 8, RING_STOP * 256 + 2);
}
END_TEST

START_TEST(abort_ends_a_transfer)
{
    start_card(4);
    start_remote(0x0a, 0x4000, 8);
    put(0, 0x22);
    ck_assert_uint_eq(bus_read(rig.ports, BASE + 0x10, 2), 0xffff);
    ck_assert_uint_eq(get(7), 0);
    put(0, 0x0a);
    put(0, 0x02); /* "not allowed": changes nothing */
    ck_assert_uint_ne(bus_read(rig.ports, BASE + 0x10, 2), 0xffff);
}
END_TEST

/* Transmission. */

START_TEST(frame_leaves_when_its_time_is_over)
{
    uint8_t frame[100];
    uint64_t start;

    start_card(4);
    put(0x0f, 0x02);
    make_frame(frame, stranger, sizeof(frame));
    upload(0x4000, frame, sizeof(frame));
    put(4, 0x40);
    put16(5, sizeof(frame));
    start = clock_now_ns(rig.clock);
    put(0, 0x26);
    ck_assert_uint_eq(get(0), 0x26);
    run_to(rig.clock, start + (sizeof(frame) + FRAMING) * BYTE_NS - 1);
    ck_assert_uint_eq(rig.frames, 0);
    ck_assert_uint_eq(get(0) & 4, 4);
    run_for(rig.clock, 1);
    ck_assert_uint_eq(rig.frames, 1);
    ck_assert_uint_eq(rig.sent_bytes, sizeof(frame));
    ck_assert_mem_eq(rig.sent, frame, sizeof(frame));
    ck_assert_uint_eq(rig.sent_ns, clock_now_ns(rig.clock));
    ck_assert_uint_eq(get(0), 0x22);
    ck_assert_uint_eq(get(4), 0x03);
    ck_assert_uint_eq(get(5), 0);
    ck_assert(rig.irq.level);
    put(7, 0x02);
    ck_assert(!rig.irq.level);
}
END_TEST

START_TEST(odd_frames_go_nowhere)
{
    static const unsigned lengths[] = {0, 13, 1519, 65535};

    start_card(4);
    put(4, 0x40);
    for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
        put16(5, lengths[i]);
        put(0, 0x26);
        run_for(rig.clock, 100 * MS);
        ck_assert_uint_eq(rig.frames, 0);
        ck_assert_uint_eq(get(7) & 2, 2);
        put(7, 2);
    }
    put16(5, 60);
    put(0, 0x25); /* stopped */
    run_for(rig.clock, MS);
    ck_assert_uint_eq(rig.frames, 0);
}
END_TEST

/* Reception. */

START_TEST(frame_stands_in_the_ring)
{
    uint8_t frame[61], page[256];
    uint32_t crc;

    start_card(4);
    put(0x0f, 0x01);
    make_frame(frame, station, sizeof(frame));
    crc = wire_crc(frame, sizeof(frame));
    receive(frame, sizeof(frame));
    ck_assert_uint_eq(get(7), 0x01);
    ck_assert(rig.irq.level);
    ck_assert_uint_eq(get(0x0c), 0x01);
    ck_assert_uint_eq(get_curr(), RING_FIRST + 2);
    download((RING_FIRST + 1) * 256, page, sizeof(page));
    ck_assert_uint_eq(page[0], 0x01);
    ck_assert_uint_eq(page[1], RING_FIRST + 2);
    ck_assert_uint_eq(page[2] | page[3] << 8, 65);
    ck_assert_mem_eq(page + 4, frame, sizeof(frame));
    for (unsigned i = 0; i < 4; i++)
        ck_assert_uint_eq(page[65 + i], crc >> (8 * i) & 0xff);
}
END_TEST

/* Sizes around the pages' ends: 4 bytes of header, 4 of CRC. */
static const struct {
    size_t bytes;
    unsigned pages;
} sizes[] = {{60, 1},  {247, 1}, {248, 1},  {249, 2},
             {504, 2}, {505, 3}, {1514, 6}, {1518, 6}};

START_TEST(long_frames_take_pages)
{
    uint8_t frame[HOST_NET_FRAME_MOST], back[HOST_NET_FRAME_MOST + 2];
    unsigned curr = RING_FIRST + 1;

    start_card(4);
    for (unsigned round = 0; round < 200; round++) {
        size_t bytes = sizes[round % ARRAY_LEN(sizes)].bytes;
        unsigned next = curr + sizes[round % ARRAY_LEN(sizes)].pages;

        if (next >= RING_STOP)
            next -= RING_STOP - RING_FIRST;
        make_frame(frame, station, bytes);
        frame[20] = (uint8_t)round;
        receive(frame, bytes);
        ck_assert_uint_eq(get_curr(), next);
        download(curr * 256, back, 4);
        ck_assert_uint_eq(back[1], next);
        ck_assert_uint_eq(back[2] | back[3] << 8, bytes + 4);
        /* in one piece, though it may wrap */
        download(curr * 256 + 4, back, (unsigned)(bytes + 1) & ~1u);
        ck_assert_mem_eq(back, frame, bytes);
        put(3, next == RING_FIRST ? RING_STOP - 1 : next - 1);
        curr = next;
    }
}
END_TEST

static const struct {
    unsigned rcr;
    const uint8_t *to;
    bool group_set; /* its bit of the multicast filter */
    unsigned rsr;   /* 0: not received */
} filters[] = {
    {0x00, station, false, 0x01},   {0x00, stranger, false, 0},
    {0x10, stranger, false, 0x01},  {0x10, broadcast, false, 0},
    {0x04, broadcast, false, 0x21}, {0x00, broadcast, true, 0},
    {0x08, group, true, 0x21},      {0x08, group, false, 0},
    {0x00, group, true, 0},         {0x04, group, true, 0},
    {0x10, group, false, 0},        {0x18, group, true, 0x21},
    {0x04, station, false, 0x01},
};

START_TEST(filters_let_in)
{
    uint8_t frame[64];
    unsigned hash = slow_crc(group, 6) >> 26;

    for (size_t i = 0; i < ARRAY_LEN(filters); i++) {
        start_card(filters[i].rcr);
        put(0, 0x62);
        for (unsigned k = 0; k < 8; k++)
            put(8 + k, 0);
        if (filters[i].group_set)
            put(8 + hash / 8, 1u << hash % 8);
        put(0, 0x22);
        make_frame(frame, filters[i].to, sizeof(frame));
        receive(frame, sizeof(frame));
        ck_assert_msg(get(7) == (filters[i].rsr != 0), "filter %zu", i);
        if (filters[i].rsr)
            ck_assert_uint_eq(get(0x0c), filters[i].rsr);
    }
}
END_TEST

/* All 64 bits, each by addresses that meet it alone. */
START_TEST(multicast_hash_is_the_crc)
{
    uint8_t frame[64], to[6];
    uint32_t seed = 99;

    start_card(0x08);
    for (unsigned i = 0; i < 2000; i++) {
        unsigned hash, bit = next_random(&seed) % 64;

        for (unsigned k = 0; k < 6; k++)
            to[k] = (uint8_t)next_random(&seed);
        to[0] |= 1;
        hash = slow_crc(to, 6) >> 26;
        put(0, 0x62);
        for (unsigned k = 0; k < 8; k++)
            put(8 + k, bit / 8 == k ? 1u << bit % 8 : 0);
        put(7, RING_FIRST + 1);
        put(0, 0x22);
        put(7, 0xff);
        make_frame(frame, to, sizeof(frame));
        receive(frame, sizeof(frame));
        ck_assert_uint_eq(get(7), hash == bit);
    }
}
END_TEST

START_TEST(runts_need_leave)
{
    uint8_t frame[59];

    start_card(0);
    make_frame(frame, station, sizeof(frame));
    dp8390_receive(&rig.card->nic, frame, sizeof(frame));
    ck_assert_uint_eq(get(7), 0);
    put(0x0c, 0x02);
    dp8390_receive(&rig.card->nic, frame, sizeof(frame));
    ck_assert_uint_eq(get(7), 1);
}
END_TEST

START_TEST(monitor_counts)
{
    uint8_t frame[64];

    start_card(0x20);
    put(0x0f, 0x20);
    make_frame(frame, station, sizeof(frame));
    for (unsigned i = 0; i < 127; i++)
        dp8390_receive(&rig.card->nic, frame, sizeof(frame));
    ck_assert_uint_eq(get(7), 0);
    ck_assert_uint_eq(get(0x0c), 0x50);
    dp8390_receive(&rig.card->nic, frame, sizeof(frame));
    ck_assert_uint_eq(get(7), 0x20); /* 128: somebody should look */
    ck_assert(rig.irq.level);
    for (unsigned i = 0; i < 200; i++)
        dp8390_receive(&rig.card->nic, frame, sizeof(frame));
    ck_assert_uint_eq(get(0x0d), 0);
    ck_assert_uint_eq(get(0x0e), 0);
    ck_assert_uint_eq(get(0x0f), 0xc0); /* it stops at 192 */
    ck_assert_uint_eq(get(0x0f), 0);
    ck_assert_uint_eq(get_curr(), RING_FIRST + 1);
}
END_TEST

START_TEST(stopped_or_looping_it_is_deaf)
{
    uint8_t frame[64];

    start_card(0x04);
    make_frame(frame, station, sizeof(frame));
    put(0x0d, 0x02);
    receive(frame, sizeof(frame));
    ck_assert_uint_eq(get(7), 0);
    put(0x0d, 0);
    put(0, 0x21);
    receive(frame, sizeof(frame));
    ck_assert_uint_eq(get(7), 0x80);
    put(0, 0x22);
    receive(frame, sizeof(frame));
    ck_assert_uint_eq(get(7), 0x01);
}
END_TEST

/* Overflow. */

/* As many as fit, and how many that were. */
static unsigned fill_ring(size_t bytes)
{
    uint8_t frame[HOST_NET_FRAME_MOST];
    unsigned count = 0;

    make_frame(frame, station, bytes);
    while (dp8390_has_room(&rig.card->nic, frame, bytes)) {
        dp8390_receive(&rig.card->nic, frame, bytes);
        ck_assert_uint_eq(get(7) & 0x10, 0);
        ck_assert_uint_lt(count++, 100);
    }
    return count;
}

START_TEST(full_ring_overflows)
{
    uint8_t frame[64];
    unsigned curr;

    start_card(4);
    /* all pages but the one that the driver keeps behind */
    ck_assert_uint_eq(fill_ring(64), RING_STOP - RING_FIRST - 1);
    curr = get_curr();
    ck_assert_uint_eq(curr, RING_FIRST); /* where BNRY is */
    make_frame(frame, station, sizeof(frame));
    dp8390_receive(&rig.card->nic, frame, sizeof(frame));
    ck_assert_uint_eq(get(7), 0x91); /* RST is set too */
    ck_assert_uint_eq(get(0x0c), 0x10);
    ck_assert_uint_eq(get(0x0f), 1);
    ck_assert_uint_eq(get_curr(), curr);
    put(3, RING_FIRST + 1); /* one page is free again */
    ck_assert_uint_eq(get(7), 0x11);
    dp8390_receive(&rig.card->nic, frame, sizeof(frame));
    ck_assert_uint_eq(get_curr(), curr + 1);
}
END_TEST

/* A frame that needs more pages than there are leaves the ring as it was. */
START_TEST(overflow_spares_what_is_there)
{
    uint8_t frame[1514], before[256], after[256];
    unsigned curr;

    start_card(4);
    fill_ring(600);
    curr = get_curr();
    download((RING_FIRST + 1) * 256, before, sizeof(before));
    make_frame(frame, station, sizeof(frame));
    memset(frame + 12, 0xee, sizeof(frame) - 12);
    dp8390_receive(&rig.card->nic, frame, sizeof(frame));
    ck_assert_uint_eq(get(7) & 0x10, 0x10);
    ck_assert_uint_eq(get_curr(), curr);
    download((RING_FIRST + 1) * 256, after, sizeof(after));
    ck_assert_mem_eq(before, after, sizeof(after));
}
END_TEST

/* The datasheet's way back (section 7, figure 8). */
START_TEST(driver_recovers_from_overflow)
{
    uint8_t frame[64];

    start_card(4);
    fill_ring(64);
    make_frame(frame, station, sizeof(frame));
    dp8390_receive(&rig.card->nic, frame, sizeof(frame));
    put(0, 0x21);
    run_for(rig.clock, 2 * MS);
    ck_assert_uint_eq(get(7) & 0x80, 0x80);
    put16(0x0a, 0);
    put(0x0d, 0x02);
    put(0, 0x22);
    ck_assert_uint_eq(get(7) & 0x80, 0);
    put(3, RING_STOP - 1); /* all removed */
    put(7, 0x10);
    put(0x0d, 0);
    put(7, 0x01);
    receive(frame, sizeof(frame));
    ck_assert_uint_eq(get(7), 0x01);
}
END_TEST

/* CURR = BNRY: a fresh ring is empty, a filled one is full. */
START_TEST(equal_pointers_are_told_apart)
{
    uint8_t frame[64];

    start_card(4);
    put(0, 0x62);
    put(7, RING_FIRST);
    put(0, 0x22);
    ck_assert_uint_eq(fill_ring(64), RING_STOP - RING_FIRST);
    ck_assert_uint_eq(get_curr(), RING_FIRST);
    make_frame(frame, station, sizeof(frame));
    dp8390_receive(&rig.card->nic, frame, sizeof(frame));
    ck_assert_uint_eq(get(7) & 0x10, 0x10);
    put(7, 0xff);
    put(3, RING_FIRST); /* all of it was read */
    ck_assert_uint_eq(fill_ring(64), RING_STOP - RING_FIRST);
}
END_TEST

/* Send packet. */

START_TEST(send_packet_hands_over_the_oldest)
{
    uint8_t frame[300], back[304];

    start_card(4);
    put(0x0e, 0x59); /* AR */
    put(3, RING_FIRST + 1);
    make_frame(frame, station, sizeof(frame));
    receive(frame, sizeof(frame));
    put(7, 0xff);
    put16(0x0a, 0x0f00); /* as the datasheet asks */
    put(0, 0x1a);
    for (unsigned i = 0; i < 304; i += 2) {
        unsigned word = bus_read(rig.ports, BASE + 0x10, 2);

        ck_assert_uint_eq(get(7) & 0x40, i == 302 ? 0x40 : 0);
        back[i] = (uint8_t)word;
        back[i + 1] = (uint8_t)(word >> 8);
    }
    ck_assert_uint_eq(back[2] | back[3] << 8, 304);
    ck_assert_mem_eq(back + 4, frame, 300);
    ck_assert_uint_eq(get(3), RING_FIRST + 3);
    put(0x0e, 0x49);
    put(7, 0xff);
    put(0, 0x1a); /* without AR it does nothing */
    ck_assert_uint_eq(bus_read(rig.ports, BASE + 0x10, 2), 0xffff);
}
END_TEST

/* Loopback: datasheet section 12 and AN-937. */

static void loop(unsigned mode, bool inhibit_crc, const uint8_t *frame,
                 unsigned bytes)
{
    put(0x0e, 0x40);
    put(0x0d, mode << 1 | inhibit_crc);
    put(4, 0x40);
    start_remote(0x12, 0x4000, bytes);
    for (unsigned i = 0; i < bytes; i++)
        bus_write(rig.ports, BASE + 0x10, frame[i], 1);
    put16(5, bytes);
    put(7, 0xff);
    put(0, 0x26);
    run_for(rig.clock, 2 * MS);
}

static void check_fifo(const uint8_t *expected)
{
    for (unsigned i = 0; i < 8; i++)
        ck_assert_msg(get(6) == expected[i], "byte %u", i);
}

/* With a length of 8 N + 5 the FIFO begins with the last five bytes. */
START_TEST(loopback_returns_the_tail)
{
    static const unsigned tsr[] = {0, 0x53, 0x43, 0x03};
    uint8_t frame[65];
    uint8_t fifo[8] = {0, 0, 0, 0, 0, 69, 0, 0};
    uint32_t crc;

    for (unsigned mode = 1; mode <= 3; mode++) {
        start_card(0x1f);
        make_frame(frame, station, sizeof(frame));
        crc = wire_crc(frame, 65);
        loop(mode, false, frame, 65);
        ck_assert_uint_eq(get(4), tsr[mode]);
        ck_assert_uint_eq(get(0x0c), 0x02); /* seems wrong, always */
        ck_assert_uint_eq(get(7), 0x02);
        ck_assert_uint_eq(rig.frames, 0);
        fifo[0] = frame[64];
        for (unsigned i = 0; i < 4; i++)
            fifo[1 + i] = (uint8_t)(crc >> (8 * i));
        check_fifo(fifo);
    }
}
END_TEST

/* The datasheet's other example: 64 bytes with their CRC. */
START_TEST(loopback_of_64_bytes_is_aligned_so)
{
    uint8_t frame[60], fifo[8] = {64, 0, 0};
    uint32_t crc;

    start_card(0x1f);
    make_frame(frame, station, sizeof(frame));
    crc = wire_crc(frame, sizeof(frame));
    loop(1, false, frame, sizeof(frame));
    fifo[3] = frame[59];
    for (unsigned i = 0; i < 4; i++)
        fifo[4 + i] = (uint8_t)(crc >> (8 * i));
    check_fifo(fifo);
}
END_TEST

START_TEST(loopback_checks_a_given_crc)
{
    uint8_t frame[69];
    uint32_t crc;

    start_card(0x1f);
    make_frame(frame, station, 65);
    crc = wire_crc(frame, 65);
    for (unsigned i = 0; i < 4; i++)
        frame[65 + i] = (uint8_t)(crc >> (8 * i));
    loop(1, true, frame, 69);
    ck_assert_uint_eq(get(0x0c), 0x01);
    frame[30] ^= 1;
    loop(1, true, frame, 69);
    ck_assert_uint_eq(get(0x0c), 0x02);
    put(0x0c, 0);
    make_frame(frame, stranger, 69);
    loop(1, true, frame, 69);
    ck_assert_uint_eq(get(0x0c), 0x00); /* for somebody else */
}
END_TEST

/* In word mode half of each word is sent. */
START_TEST(loopback_of_words_sends_halves)
{
    uint8_t words[16] = {0x10, 1, 0x20, 2, 0x30, 3, 0x40, 4,
                         0x50, 5, 0x60, 6, 0x70, 7, 0x80, 8};

    for (unsigned bos = 0; bos < 2; bos++) {
        start_card(0x1f);
        upload(0x4000, words, 16);
        put(0x0d, 0x03);
        put(0x0e, 0x41 | bos << 1);
        put(4, 0x40);
        put16(5, 10);
        put(0, 0x26);
        run_for(rig.clock, MS);
        for (unsigned i = 0; i < 5; i++)
            ck_assert_uint_eq(get(6), words[2 * i + !bos]);
        ck_assert_uint_eq(get(6), 5);
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("devices/dp8390");
    TCase *tcase = tcase_create("chip");

    tcase_add_checked_fixture(tcase, rig_setup, rig_teardown);
    tcase_add_test(tcase, reset_stops_it);
    tcase_add_test(tcase, registers_keep_their_bits);
    tcase_add_test(tcase, data_goes_by_bytes_words_and_dwords);
    tcase_add_test(tcase, odd_counts_end_with_a_whole_word);
    tcase_add_test(tcase, remote_address_runs_in_the_ring);
    tcase_add_test(tcase, abort_ends_a_transfer);
    tcase_add_test(tcase, frame_leaves_when_its_time_is_over);
    tcase_add_test(tcase, odd_frames_go_nowhere);
    tcase_add_test(tcase, frame_stands_in_the_ring);
    tcase_add_test(tcase, long_frames_take_pages);
    tcase_add_test(tcase, filters_let_in);
    tcase_add_test(tcase, multicast_hash_is_the_crc);
    tcase_add_test(tcase, runts_need_leave);
    tcase_add_test(tcase, monitor_counts);
    tcase_add_test(tcase, stopped_or_looping_it_is_deaf);
    tcase_add_test(tcase, full_ring_overflows);
    tcase_add_test(tcase, overflow_spares_what_is_there);
    tcase_add_test(tcase, driver_recovers_from_overflow);
    tcase_add_test(tcase, equal_pointers_are_told_apart);
    tcase_add_test(tcase, send_packet_hands_over_the_oldest);
    tcase_add_test(tcase, loopback_returns_the_tail);
    tcase_add_test(tcase, loopback_of_64_bytes_is_aligned_so);
    tcase_add_test(tcase, loopback_checks_a_given_crc);
    tcase_add_test(tcase, loopback_of_words_sends_halves);
    suite_add_tcase(suite, tcase);
    return suite;
}
