#include "devices/cd_sector.h"
#include "tests/devices/atapi_rig.h"

static uint8_t data[65536];

static unsigned be16(const uint8_t *from)
{
    return (unsigned)from[0] << 8 | from[1];
}

static unsigned be32(const uint8_t *from)
{
    return be16(from) << 16 | be16(from + 2);
}

/* A packet given as a list of bytes; runs it with a block limit of 8 KiB. */
#define PACKET(...) \
    packet_in((const uint8_t[12]){__VA_ARGS__}, data, sizeof(data), 8192)

/* ---- the ATA side ---- */

START_TEST(signature)
{
    ck_assert_uint_eq(in(STATUS), 0);
    ck_assert_uint_eq(in(COUNT), 1);
    ck_assert_uint_eq(in(LOW), 1);
    ck_assert_uint_eq(in(MID), 0x14);
    ck_assert_uint_eq(in(HIGH), 0xeb);
    ck_assert_uint_eq(in(ERROR), 1);
    out(MID, 0);
    command(0xec);
    expect_end(0x51, 4);
    ck_assert_uint_eq(in(MID), 0x14);
    ck_assert_uint_eq(in(HIGH), 0xeb);
    out(MID, 0);
    command(0x20);
    expect_end(0x51, 4);
    ck_assert_uint_eq(in(MID), 0x14);
    out(DEVICE, MASTER | SLAVE); /* nobody, and no second signature */
    ck_assert_uint_eq(in(MID), 0);
    ck_assert_uint_eq(in(STATUS), 0);
}
END_TEST

START_TEST(identify_packet)
{
    out(DEVICE, MASTER);
    command(0xa1);
    take_block(data, 512);
    ck_assert_uint_eq(in(STATUS), 0x50);
    ck_assert_uint_eq(word_of(data, 0), 0x85c0);
    ck_assert_uint_eq(word_of(data, 49) & 0x300, 0x300);
    ck_assert_uint_eq(word_of(data, 82) & 0x210, 0x210);
    for (unsigned i = 1; i < 512; i++)
        data[0] = (uint8_t)(data[0] + data[i]);
    ck_assert_uint_eq(data[0], 0);
}
END_TEST

START_TEST(device_reset_while_busy)
{
    const uint8_t packet[12] = {0x28, 0, 0, 0, 0, 0, 0, 0, 4};

    settle();
    out(DEVICE, MASTER);
    out(FEATURE, 0);
    out(COMMAND, 0xa0);
    ck_assert_uint_eq(in(CONTROL), 0x80);
    out(COMMAND, 0x08);
    ck_assert_uint_eq(in(CONTROL), 0x80);
    wait_ready();
    ck_assert_uint_eq(in(STATUS), 0);
    ck_assert_uint_eq(in(MID), 0x14);
    send_packet(packet, 0, 2048);
    ck_assert_uint_eq(in(CONTROL), 0x58);
    out(COMMAND, 0x08); /* and while data wait */
    ck_assert(!irq_level);
    wait_ready();
    ck_assert_uint_eq(in(HIGH), 0xeb);
    ck_assert_uint_eq(run_packet(0x00, 0, 0), 0); /* forgets nothing else */
}
END_TEST

START_TEST(block_limits)
{
    static const unsigned limits[] = {2, 3, 100, 512, 2048, 3000, 65535};

    settle();
    for (unsigned i = 0; i < ARRAY_LEN(limits); i++) {
        const uint8_t read[12] = {0x28, 0, 0, 0, 0, 17, 0, 0, 9};
        const uint8_t odd[12] = {0x12, 0, 0, 0, 35};

        memset(data, 0, sizeof(data));
        ck_assert_int_eq(packet_in(read, data, sizeof(data), limits[i]),
                         9 * 2048);
        ck_assert_mem_eq(data, disc.data + 17 * 2048, 9 * 2048);
        ck_assert_int_eq(packet_in(odd, data, 35, limits[i]), 35);
    }
    /* a limit that lets nothing through ends a command with data */
    ck_assert_uint_eq(send_packet((const uint8_t[12]){0x12, 0, 0, 0, 36}, 0, 0),
                      0x51);
    ck_assert_uint_eq(in(ERROR), 4);
    ck_assert_uint_eq(send_packet((const uint8_t[12]){0x00}, 0, 0), 0x50);
}
END_TEST

START_TEST(read_by_dma)
{
    const uint8_t packet[12] = {0xa8, 0, 0, 0, 0, 30, 0, 0, 0, 11};

    settle();
    memcpy(mem->ram + 0x1000, "\0\x40\0\0\0\x50\0\0\0\x90\0\0\0\x08\0\x80", 16);
    bus_write(ports, BM_TABLE, 0x1000, 4);
    out(BM, 9);
    irq_edges = 0;
    send_packet(packet, 1, 0);
    run_ns(10 * MS);
    ck_assert_uint_eq(in(BM_STATUS), 4);
    ck_assert_uint_eq(irq_edges, 1);
    ck_assert_uint_eq(in(COUNT), 3);
    expect_end(0x50, 0);
    ck_assert_mem_eq(mem->ram + 0x4000, disc.data + 30 * 2048, 11 * 2048);
}
END_TEST

/* ---- sense ---- */

START_TEST(attention_then_ready)
{
    ck_assert_int_gt(PACKET(0x12, 0, 0, 0, 36), 0); /* does not take it */
    ck_assert_int_gt(PACKET(0x46, 0, 0, 0, 0, 0, 0, 0, 64), 0);
    ck_assert_uint_eq(run_packet(0x25, 0, 0), 0x062900);
    ck_assert_uint_eq(sense(), 0);
    ck_assert_int_eq(PACKET(0x25), 8);
    ck_assert_uint_eq(be32(data), CD_SECTORS - 1);
    ck_assert_uint_eq(be32(data + 4), 2048);
    device_reset(ata);
    ck_assert_uint_eq(sense(), 0x062900); /* asking is enough */
    ck_assert_uint_eq(run_packet(0x00, 0, 0), 0);
}
END_TEST

START_TEST(bad_requests)
{
    static const struct {
        uint8_t packet[12];
        unsigned sense;
        int field;
    } cases[] = {
        {{0xff}, 0x052000, -1},
        {{0x02}, 0x052000, -1},
        {{0x28, 0, 0, 0, 1, 0x2c, 0, 0, 1}, 0x052100, -1}, /* 300 */
        {{0x28, 0, 0, 0, 1, 0x2b, 0, 0, 2}, 0x052100, -1},
        {{0x28, 0, 0xff, 0xff, 0xff, 0xff, 0, 0, 2}, 0x052100, -1},
        {{0xa8, 0, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff}, 0x052100, -1},
        {{0x2b, 0, 0, 0, 1, 0x2c}, 0x052100, -1},
        {{0x12, 1, 0x80, 0, 36}, 0x052400, 1},
        {{0x43, 0, 0, 0, 0, 0, 2, 0, 255}, 0x052400, 6},
        {{0x43, 0, 3, 0, 0, 0, 0, 0, 255}, 0x052400, 2},
        {{0x45, 0, 0, 0, 0, 0, 0, 0, 1}, 0x056400, -1},
        {{0x4b}, 0x052c00, -1},
        {{0x4a, 0, 0, 0, 0x10, 0, 0, 0, 8}, 0x052400, 1},
        {{0x5a, 0, 0xc1, 0, 0, 0, 0, 0, 99}, 0x053900, -1},
        {{0x5a, 0, 0x05, 0, 0, 0, 0, 0, 99}, 0x052400, 2},
        {{0xbe, 0, 0, 0, 0, 0, 0, 0, 1, 0x90}, 0x052400, 9},
        {{0xbe, 0, 0, 0, 0, 0, 0, 0, 1, 0xf8, 4}, 0x052400, 10},
        {{0xbe, 4, 0, 0, 0, 0, 0, 0, 1, 0xf8}, 0x056400, -1},
        {{0xb9, 0, 0, 0, 2, 9, 0, 2, 8, 0x10}, 0x052400, 6},
        {{0xb9, 0, 0, 0, 1, 9, 0, 2, 8, 0x10}, 0x052100, -1},
    };

    settle();
    for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
        ck_assert_int_eq(packet_in(cases[i].packet, data, sizeof(data), 2048),
                         -1);
        ck_assert_uint_eq(in(ERROR) >> 4, cases[i].sense >> 16);
        ck_assert_int_eq(PACKET(0x03, 0, 0, 0, 18), 18);
        ck_assert_uint_eq(data[0], 0x70);
        ck_assert_uint_eq((unsigned)data[2] << 16 | be16(data + 12),
                          cases[i].sense);
        ck_assert_uint_eq(data[15], cases[i].field < 0 ? 0 : 0xc0);
        if (cases[i].field >= 0)
            ck_assert_int_eq(data[17], cases[i].field);
        ck_assert_uint_eq(sense(), 0);
    }
}
END_TEST

START_TEST(bad_sector)
{
    const uint8_t packet[12] = {0x28, 0, 0, 0, 0, 8, 0, 0, 8};
    unsigned got;

    settle();
    send_packet(packet, 0, 2048);
    disc.fail_at = 1;
    got = take_all(data, sizeof(data), 2048);
    ck_assert_uint_eq(got, 8 * 2048); /* the retry of one sector read it */
    ck_assert_uint_eq(in(STATUS), 0x50);
    disc.block.size_bytes = 10 * 2048; /* the file was cut meanwhile */
    ck_assert_int_eq(packet_in(packet, data, sizeof(data), 2048), -1);
    ck_assert_uint_eq(sense(), 0x052100);
    disc.fail_at = 1;
    ck_assert_int_eq(PACKET(0xbe, 0, 0, 0, 0, 5, 0, 0, 2, 0x10), -1);
    ck_assert_int_eq(PACKET(0x03, 0, 0, 0, 18), 18);
    ck_assert_uint_eq(data[0], 0xf0);
    ck_assert_uint_eq(data[2], 3);
    ck_assert_uint_eq(be16(data + 12), 0x1100);
    ck_assert_uint_eq(be32(data + 3), 5);
}
END_TEST

/* ---- medium and tray ---- */

START_TEST(media_changes)
{
    struct fake_block other;

    fake_block_init(&other, 100 * 2048 + 1);
    settle();
    ck_assert(ata_insert_cd(ata, 0, NULL));
    ck_assert_uint_eq(run_packet(0x00, 0, 0), 0x023a02);
    ck_assert_int_eq(PACKET(0x4a, 1, 0, 0, 0x10, 0, 0, 0, 8), 8);
    ck_assert_mem_eq(data, "\0\x06\x04\x10\x03\x01\0\0", 8);
    ck_assert_int_eq(PACKET(0x4a, 1, 0, 0, 0x10, 0, 0, 0, 8), 8);
    ck_assert_mem_eq(data, "\0\x06\x04\x10\0\x01\0\0", 8);
    ck_assert(ata_insert_cd(ata, 0, &other.block));
    ck_assert_int_eq(PACKET(0x4a, 1, 0, 0, 0x10, 0, 0, 0, 8), 8);
    ck_assert_mem_eq(data, "\0\x06\x04\x10\x02\x02\0\0", 8);
    ck_assert_uint_eq(run_packet(0x00, 0, 0), 0x062800);
    ck_assert_uint_eq(run_packet(0x00, 0, 0), 0x020401);
    run_ns(1000 * MS);
    ck_assert_uint_eq(run_packet(0x00, 0, 0), 0);
    ck_assert_int_eq(PACKET(0x25), 8);
    ck_assert_uint_eq(be32(data), 100); /* a sector of one byte is one too */
    ck_assert_int_eq(PACKET(0x28, 0, 0, 0, 0, 100, 0, 0, 1), 2048);
    ck_assert_uint_eq(data[0], other.data[100 * 2048]);
    ck_assert_uint_eq(data[1], 0);
    ck_assert(!ata_insert_cd(ata, 1, NULL));
    ck_assert(ata_insert_cd(ata, 0, NULL));
    fake_block_deinit(&other);
}
END_TEST

START_TEST(tray_and_lock)
{
    settle();
    ck_assert_uint_eq(run_packet(0x1e, 0, 1), 0);
    ck_assert_uint_eq(run_packet(0x1b, 0, 2), 0x055302);
    ck_assert_uint_eq(run_packet(0x00, 0, 0), 0);
    ck_assert_uint_eq(run_packet(0x1e, 0, 0), 0);
    ck_assert_uint_eq(run_packet(0x1b, 0, 2), 0);
    ck_assert_uint_eq(run_packet(0x00, 0, 0), 0x023a02);
    ck_assert_int_eq(PACKET(0xbd, 0, 0, 0, 0, 0, 0, 0, 0, 8), 8);
    ck_assert_uint_eq(data[1], 0x10);
    ck_assert_uint_eq(run_packet(0x1b, 0, 3), 0); /* the disc is still in */
    ck_assert_uint_eq(run_packet(0x00, 0, 0), 0x062800);
    run_ns(1000 * MS);
    ck_assert_uint_eq(run_packet(0x00, 0, 0), 0);
}
END_TEST

START_TEST(ejected_while_read)
{
    const uint8_t packet[12] = {0x28, 0, 0, 0, 0, 8, 0, 0, 80};
    struct fake_block other;

    fake_block_init(&other, 100 * 2048);
    settle();
    send_packet(packet, 0, 2048);
    ck_assert(ata_insert_cd(ata, 0, NULL));
    disc.block.ops = NULL; /* must not be used any more */
    ck_assert_uint_eq(take_all(data, sizeof(data), 2048), 8192);
    ck_assert_uint_eq(in(STATUS), 0x51);
    ck_assert_uint_eq(sense(), 0x023a02);
    ck_assert(ata_insert_cd(ata, 0, &other.block));
    ck_assert_uint_eq(sense(), 0x062800);
    run_ns(1000 * MS);
    send_packet(packet, 0, 2048);
    ck_assert(ata_insert_cd(ata, 0, &other.block));
    take_all(data, sizeof(data), 2048);
    ck_assert_uint_eq(in(STATUS), 0x51);
    ck_assert_uint_eq(sense(), 0x062800);
    ck_assert(ata_insert_cd(ata, 0, NULL));
    fake_block_deinit(&other);
}
END_TEST

/* ---- what the disc holds ---- */

START_TEST(toc)
{
    settle();
    ck_assert_int_eq(PACKET(0x43, 0, 0, 0, 0, 0, 0, 0, 255), 20);
    ck_assert_mem_eq(data,
                     "\0\x12\x01\x01\0\x14\x01\0\0\0\0\0"
                     "\0\x14\xaa\0\0\0\x01\x2c",
                     20);
    ck_assert_int_eq(PACKET(0x43, 2, 0, 0, 0, 0, 0xaa, 0, 255), 12);
    ck_assert_mem_eq(data + 4, "\0\x14\xaa\0\0\0\x06\0", 8); /* 450 frames */
    ck_assert_int_eq(PACKET(0x43, 2, 0, 0, 0, 0, 0, 0, 6), 6);
    ck_assert_int_eq(PACKET(0x43, 0, 0, 0, 0, 0, 0, 0, 255, 0x40), 12);
    ck_assert_int_eq(PACKET(0x43, 2, 2, 0, 0, 0, 0, 0, 255), 48);
    ck_assert_uint_eq(data[4 + 3], 0xa0);
    ck_assert_uint_eq(data[4 + 33 + 3], 1);
    ck_assert_uint_eq(data[4 + 33 + 9], 2);
    ck_assert_int_eq(PACKET(0x51, 0, 0, 0, 0, 0, 0, 0, 255), 34);
    ck_assert_int_eq(PACKET(0x52, 1, 0, 0, 0, 1, 0, 0, 255), 36);
    ck_assert_uint_eq(be32(data + 24), CD_SECTORS);
    ck_assert_int_eq(PACKET(0x44, 2, 0, 0, 0, 75, 0, 0, 8), 8);
    ck_assert_mem_eq(data, "\x01\0\0\0\0\0\x03\0", 8);
    ck_assert_int_eq(PACKET(0x42, 2, 0x40, 1, 0, 0, 0, 0, 16), 16);
    ck_assert_uint_eq(data[1], 0x15);
}
END_TEST

START_TEST(mode_pages)
{
    uint8_t select[12] = {0x55, 0x10, 0, 0, 0, 0, 0, 0, 16};
    uint8_t page[16] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 6, 0x20, 7};

    settle();
    ck_assert_int_eq(PACKET(0x5a, 0, 0x3f, 0, 0, 0, 0, 0, 255), 60);
    ck_assert_uint_eq(be16(data), 58);
    ck_assert_uint_eq(data[2], 1);
    ck_assert_int_eq(PACKET(0x1a, 0, 0x2a, 0, 255), 24);
    ck_assert_uint_eq(data[4], 0x2a);
    send_packet(select, 0, 16);
    ck_assert_uint_eq(in(COUNT), 0);
    ck_assert(irq_level);
    give_block(page, 16);
    wait_ready();
    expect_end(0x50, 0);
    ck_assert_int_eq(PACKET(0x5a, 0, 0x01, 0, 0, 0, 0, 0, 255), 16);
    ck_assert_mem_eq(data + 8, "\x01\x06\x20\x07\0\0\0\0", 8);
    ck_assert_int_eq(PACKET(0x5a, 0, 0x81, 0, 0, 0, 0, 0, 255), 16);
    ck_assert_uint_eq(data[11], 32);
    page[12] = 1; /* cannot be changed */
    send_packet(select, 0, 16);
    give_block(page, 16);
    wait_ready();
    ck_assert_uint_eq(in(STATUS), 0x51);
    ck_assert_uint_eq(sense(), 0x052600);
    select[8] = 3;
    ck_assert_uint_eq(send_packet(select, 0, 16), 0x51);
    ck_assert_uint_eq(sense(), 0x051a00);
}
END_TEST

/* Plain polynomial division, symbol by symbol, in GF(2^8). */
static unsigned multiply(unsigned a, unsigned b)
{
    unsigned product = 0;

    for (; b; b >>= 1, a = a << 1 ^ (a & 0x80 ? 0x11d : 0))
        if (b & 1)
            product ^= a;
    return product;
}

static void check_code(const uint8_t *symbols, unsigned length)
{
    unsigned sum = 0, weighted = 0;

    for (unsigned i = 0; i < length; i++) {
        sum ^= symbols[i];
        weighted = multiply(weighted, 2) ^ symbols[i];
    }
    ck_assert_uint_eq(sum, 0);
    ck_assert_uint_eq(weighted, 0);
}

static void check_raw(const uint8_t *raw)
{
    uint8_t symbols[45];
    uint32_t remainder = 0;

    for (unsigned column = 0; column < 86; column++) {
        for (unsigned row = 0; row < 26; row++)
            symbols[row] = raw[12 + 86 * row + column];
        check_code(symbols, 26);
    }
    for (unsigned n = 0; n < 52; n++) {
        for (unsigned m = 0; m < 43; m++)
            symbols[m] = raw[12 + 2 * ((44 * m + 43 * (n / 2)) % 1118) + n % 2];
        symbols[43] = raw[2248 + n];
        symbols[44] = raw[2300 + n];
        check_code(symbols, 45);
    }
    for (unsigned i = 0; i < 2068; i++) {
        remainder ^= raw[i];
        for (unsigned bit = 0; bit < 8; bit++)
            remainder = remainder >> 1 ^ (remainder & 1 ? 0xd8018001u : 0);
    }
    ck_assert_uint_eq(remainder, 0);
}

START_TEST(read_cd)
{
    static const struct {
        uint8_t fields, subchannel;
        int bytes;
    } cases[] = {
        {0x00, 0, 0},    {0x10, 0, 2048}, {0xf8, 0, 2352}, {0xb8, 0, 2352},
        {0x18, 0, 2336}, {0x38, 0, 2340}, {0x20, 0, 4},    {0x80, 0, 12},
        {0xa0, 0, 16},   {0x40, 0, 0},    {0xfa, 0, 2646}, {0xfc, 0, 2648},
        {0xf8, 1, 2448}, {0x10, 2, 2064}, {0x00, 2, 16},
    };

    settle();
    for (unsigned i = 0; i < ARRAY_LEN(cases); i++)
        ck_assert_int_eq(PACKET(0xbe, 0, 0, 0, 0, 4, 0, 0, 5, cases[i].fields,
                                cases[i].subchannel),
                         5 * cases[i].bytes);
    ck_assert_int_eq(PACKET(0xbe, 8, 0, 0, 0, 75, 0, 0, 2, 0xf8), 2 * 2352);
    ck_assert_mem_eq(data, "\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\0", 12);
    ck_assert_mem_eq(data + 12, "\0\x03\0\x01", 4);
    ck_assert_mem_eq(data + 16, disc.data + 75 * 2048, 2048);
    check_raw(data);
    check_raw(data + 2352);
    ck_assert_int_eq(PACKET(0xb9, 0, 0, 0, 2, 10, 0, 2, 12, 0x10), 2 * 2048);
    ck_assert_mem_eq(data, disc.data + 10 * 2048, 4096);
}
END_TEST

START_TEST(configuration)
{
    settle();
    ck_assert_int_gt(PACKET(0x46, 0, 0, 0, 0, 0, 0, 1, 0), 40);
    ck_assert_uint_eq(be16(data + 6), 0x0008);
    ck_assert_int_eq(PACKET(0x46, 2, 0, 3, 0, 0, 0, 1, 0), 16);
    ck_assert_uint_eq(be32(data), 12);
    ck_assert_mem_eq(data + 8, "\0\x03\x03\x04\x29\0\0\0", 8);
    ck_assert_int_eq(PACKET(0x46, 2, 0x7f, 0, 0, 0, 0, 1, 0), 8);
}
END_TEST

/* ---- hostile guests ---- */

static uint32_t seed = 7;

static uint32_t next_random(void)
{
    seed = seed * 1664525u + 1013904223u;
    return seed >> 8;
}

START_TEST(random_packets)
{
    unsigned rounds = getenv("VITRINE_LONG_TESTS") ? 10000000 : 200000;
    uint8_t packet[12];

    for (unsigned i = 0; i < rounds; i++) {
        for (unsigned k = 0; k < 12; k++)
            packet[k] = next_random() % 3 ? 0 : (uint8_t)next_random();
        if (next_random() % 2)
            packet[0] =
                (const uint8_t[]){0x28, 0xbe, 0x55, 0x5a,
                                  0x43, 0x15, 0xb9, 0x46}[next_random() % 8];
        out(FEATURE, next_random() % 4 ? 0 : next_random() & 1);
        out(MID, next_random());
        out(HIGH, next_random() % 20);
        out(COMMAND, 0xa0);
        run_ns(20000);
        for (unsigned k = 0; k < 6; k++)
            bus_write(ports, DATA, packet[2 * k] | packet[2 * k + 1] << 8, 2);
        for (unsigned k = next_random() % 60; k--;) {
            run_ns(next_random() % 30000);
            if (next_random() % 2)
                bus_read(ports, DATA, 1u << next_random() % 3);
            else
                bus_write(ports, DATA, next_random(), 1u << next_random() % 3);
        }
        if (next_random() % 4 == 0)
            out(BASE + next_random() % 8, next_random());
        if (next_random() % 3 == 0)
            out(COMMAND, 0x08);
        if (next_random() % 1000 == 0)
            ata_insert_cd(ata, 0, next_random() % 3 ? &disc.block : NULL);
        if (next_random() % 100 == 0)
            out(BM, next_random());
        run_ns(next_random() % 100000);
    }
}
END_TEST

Suite *test_suite(void)
{
    const TTest *const all[] = {
        signature,
        identify_packet,
        device_reset_while_busy,
        block_limits,
        read_by_dma,
        attention_then_ready,
        bad_requests,
        bad_sector,
        media_changes,
        tray_and_lock,
        ejected_while_read,
        toc,
        mode_pages,
        read_cd,
        configuration,
        random_packets,
        NULL,
    };
    Suite *suite = suite_create("devices/atapi");

    add(suite, "cd", setup_cd, teardown_cd, all);
    return suite;
}
