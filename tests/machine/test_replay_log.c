/* The file format of recorded runs: what goes in comes out, and what cannot be
 * read is refused by name. */
#include "machine/replay_log.h"

#include <stdio.h>
#include <zlib.h>

#include "machine/replay_log_int.h"
#include "tests/machine/replay_memory.h"
#include "tests/suite.h"

#define MESSAGE 300

static struct replay_memory memory;
static uint8_t content[KIB(256)];
static uint32_t seed;

static uint32_t next_random(void)
{
    seed = seed * 1664525u + 1013904223u;
    return seed >> 8;
}

static void setup(void)
{
    replay_memory_init(&memory);
    seed = 5;
    for (size_t i = 0; i < sizeof(content); i++)
        content[i] = (uint8_t)next_random();
}

static void teardown(void)
{
    replay_memory_deinit(&memory);
}

static const uint64_t kinds[] = {
#define REPLAY_RECORD(name, number, numbers, bytes) (number),
#include "machine/replay.def"
#undef REPLAY_RECORD
};

/* The n-th record of a log like any other, a function of n alone. */
static struct replay_record make(unsigned n, uint64_t insns, uint64_t ns)
{
    struct replay_record record = {.insns = insns, .ns = ns};
    const struct replay_shape *shape =
        replay_shape_find(kinds[n % ARRAY_LEN(kinds)]);

    record.kind = (enum replay_kind)shape->kind;
    for (unsigned i = 0; i < shape->numbers; i++)
        record.number[i] = (uint64_t)n * 0x9e3779b97f4a7c15u >> n * 7 % 64;
    if (shape->bytes_most) {
        record.bytes = content;
        record.size = n * 97 % (shape->bytes_most + 1);
    }
    return record;
}

static void write_log(unsigned count)
{
    struct replay_writer *w;
    uint64_t insns = 0, ns = 0;

    ck_assert_int_eq(replay_writer_create(&memory.out, &w), STATUS_OK);
    for (unsigned n = 0; n < count; n++) {
        struct replay_record record = make(n, insns, ns);

        replay_writer_put(w, &record);
        if (n % 19 == 18)
            replay_writer_flush(w);
        insns += n % 3 * 100000;
        ns += (uint64_t)n << n % 40;
    }
    replay_writer_flush(w);
    ck_assert_int_eq(replay_writer_status(w), STATUS_OK);
    replay_writer_destroy(w);
}

/* Reads records as long as they are those that were written. How many, or -1
 * when the log was refused at the start or on the way. */
static int read_log(unsigned count, char *message)
{
    struct replay_reader *r;
    struct replay_record record;
    uint64_t insns = 0, ns = 0;
    enum replay_got got = REPLAY_GOT_END;
    unsigned n;

    if (replay_reader_create(&memory.in, &r, message, MESSAGE) != STATUS_OK)
        return -1;
    for (n = 0; n < count; n++) {
        struct replay_record want = make(n, insns, ns);

        got = replay_reader_get(r, &record, message, MESSAGE);
        if (got != REPLAY_GOT_RECORD)
            break;
        ck_assert_int_eq(record.kind, want.kind);
        ck_assert_uint_eq(record.insns, insns);
        ck_assert_uint_eq(record.ns, ns);
        ck_assert_mem_eq(record.number, want.number, sizeof(want.number));
        ck_assert_uint_eq(record.size, want.size);
        if (want.size)
            ck_assert_mem_eq(record.bytes, want.bytes, want.size);
        insns += n % 3 * 100000;
        ns += (uint64_t)n << n % 40;
    }
    if (n == count)
        ck_assert_int_eq(replay_reader_get(r, &record, message, MESSAGE),
                         REPLAY_GOT_END);
    replay_reader_destroy(r);
    return got == REPLAY_GOT_NONSENSE ? -1 : (int)n;
}

START_TEST(round_trip)
{
    char message[MESSAGE];

    write_log(500);
    ck_assert_int_eq(read_log(500, message), 500);
}
END_TEST

START_TEST(signed_numbers)
{
    static const int64_t values[] = {0, -1, 1, -2, 2, INT64_MAX, INT64_MIN};

    for (size_t i = 0; i < ARRAY_LEN(values); i++)
        ck_assert_int_eq(replay_to_signed(replay_from_signed(values[i])),
                         values[i]);
    ck_assert_uint_eq(replay_from_signed(-1), 1);
    ck_assert_uint_eq(replay_from_signed(1), 2);
}
END_TEST

/* A log that ends anywhere is good up to the last whole block; without its
 * header it is none. */
START_TEST(truncated)
{
    char message[MESSAGE];
    size_t size;
    int last = 0;

    write_log(60);
    size = memory.size;
    for (memory.size = 0; memory.size <= size; memory.size++) {
        int records = read_log(60, message);

        if (memory.size < HEADER_BYTES) {
            ck_assert_int_eq(records, -1);
            ck_assert_ptr_nonnull(strstr(message, "not a recording"));
            continue;
        }
        ck_assert_int_ge(records, last);
        last = records;
        if (memory.size > size / 2)
            memory.size += 96; /* enough of them */
    }
    memory.size = size;
    ck_assert_int_eq(read_log(60, message), 60);
}
END_TEST

/* No damage gives a record that was not written. */
START_TEST(damaged)
{
    char message[MESSAGE];
    unsigned refused = 0;

    write_log(40);
    for (unsigned i = 0; i < 3000; i++) {
        size_t at = i < 200 ? i : (next_random() << 8 | i) % memory.size;
        uint8_t bit = (uint8_t)(1u << i % 8);
        int records;

        memory.bytes[at] ^= bit;
        records = read_log(40, message);
        ck_assert_int_lt(records, 40);
        refused += records < 0;
        memory.bytes[at] ^= bit;
    }
    ck_assert_uint_gt(refused, 2900);
    ck_assert_ptr_nonnull(strstr(message, "damaged"));
}
END_TEST

START_TEST(other_versions)
{
    char message[MESSAGE];

    write_log(10);
    memory.bytes[8] = 7;
    ck_assert_int_eq(read_log(10, message), -1);
    ck_assert_ptr_nonnull(strstr(message, "version 7"));
    ck_assert_ptr_nonnull(strstr(message, "reads version 1"));
}
END_TEST

static void put32(uint8_t *to, uint32_t value)
{
    for (unsigned i = 0; i < 4; i++)
        to[i] = (uint8_t)(value >> (8 * i));
}

/* A block with right sums around any content. */
static void write_block(const uint8_t *raw, size_t size)
{
    uint8_t packed[12 + 4096];
    uLongf bytes = 4096;

    ck_assert_int_eq(compress2(packed + 12, &bytes, raw, size, 1), Z_OK);
    put32(packed, (uint32_t)size);
    put32(packed + 4, (uint32_t)bytes);
    put32(packed + 8, (uint32_t)crc32(0, packed + 12, (uInt)bytes));
    replay_memory_write(&memory.out, packed, 12 + bytes);
}

START_TEST(unknown_record)
{
    static const uint8_t raw[] = {100, 0, 0};
    char message[MESSAGE];

    write_log(0);
    write_block(raw, sizeof(raw));
    ck_assert_int_eq(read_log(1, message), -1);
    ck_assert_ptr_nonnull(strstr(message, "kind 100"));
}
END_TEST

/* Numbers without end, instants that wrap, lengths beyond the block. */
START_TEST(nonsense_records)
{
    static const struct {
        uint8_t bytes[24];
        size_t size;
    } rows[] = {
        {{0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1},
         12},
        {{17, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 0, 17, 1,
          0},
         15},
        {{1, 0, 0, 5, 'p', 'c'}, 6},
        {{1, 0, 0, 100}, 4},
        {{16, 0, 0, 1}, 4},
        {{16}, 1},
    };
    char message[MESSAGE];

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct replay_reader *r;
        struct replay_record record;
        enum replay_got got;

        memory.size = 0;
        write_log(0);
        write_block(rows[i].bytes, rows[i].size);
        ck_assert_int_eq(replay_reader_create(&memory.in, &r, message, MESSAGE),
                         STATUS_OK);
        do
            got = replay_reader_get(r, &record, message, MESSAGE);
        while (got == REPLAY_GOT_RECORD);
        ck_assert_msg(got == REPLAY_GOT_NONSENSE, "row %zu", i);
        replay_reader_destroy(r);
    }
}
END_TEST

/* Any bytes at all behind right sums. */
START_TEST(random_records)
{
    uint8_t raw[200];
    char message[MESSAGE];

    for (unsigned round = 0; round < 20000; round++) {
        struct replay_reader *r;
        struct replay_record record;
        size_t size = 1 + next_random() % sizeof(raw);

        for (size_t i = 0; i < size; i++)
            raw[i] = (uint8_t)(next_random() % (round % 2 ? 40 : 256));
        memory.size = 0;
        replay_memory_write(&memory.out, "VITRLOG\x1a\x01\0\0\0\0\0\0\0", 16);
        write_block(raw, size);
        ck_assert_int_eq(replay_reader_create(&memory.in, &r, message, MESSAGE),
                         STATUS_OK);
        for (unsigned n = 0; replay_reader_get(r, &record, message, MESSAGE) ==
                             REPLAY_GOT_RECORD;
             n++)
            ck_assert_uint_lt(n, sizeof(raw));
        replay_reader_destroy(r);
    }
}
END_TEST

START_TEST(full_disk_is_told)
{
    struct replay_writer *w;
    struct replay_record record = {.kind = REPLAY_RESET};

    memory.full_at = 20;
    ck_assert_int_eq(replay_writer_create(&memory.out, &w), STATUS_OK);
    replay_writer_put(w, &record);
    replay_writer_flush(w);
    ck_assert_int_eq(replay_writer_status(w), STATUS_NO_SPACE);
    replay_writer_put(w, &record);
    replay_writer_flush(w);
    replay_writer_destroy(w);
    ck_assert_uint_eq(memory.size, HEADER_BYTES);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("machine/replay_log");
    TCase *tcase = tcase_create("format");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, round_trip);
    tcase_add_test(tcase, signed_numbers);
    tcase_add_test(tcase, truncated);
    tcase_add_test(tcase, damaged);
    tcase_add_test(tcase, other_versions);
    tcase_add_test(tcase, unknown_record);
    tcase_add_test(tcase, nonsense_records);
    tcase_add_test(tcase, random_records);
    tcase_add_test(tcase, full_disk_is_told);
    suite_add_tcase(suite, tcase);
    return suite;
}
