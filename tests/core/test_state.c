#include "core/state.h"
#include "tests/suite.h"

struct inner {
    uint16_t word;
    bool flag;
};

struct chip {
    uint8_t reg;
    uint32_t timer[3];
    struct inner in[2];
    uint8_t *ram;
    size_t ram_bytes;
    uint32_t cache; /* not in the table */
};

static const struct state_field inner_state[] = {
    STATE_FIELD(struct inner, word),
    STATE_FIELD(struct inner, flag),
    STATE_END,
};

static const struct state_field chip_state[] = {
    STATE_FIELD(struct chip, reg),
    STATE_ARRAY(struct chip, timer),
    STATE_TABLES(struct chip, in, inner_state),
    STATE_BUFFER(struct chip, ram, ram_bytes),
    STATE_END,
};

/* FNV-1a of "a" and "foobar", from the function's published test values. */
START_TEST(hash_is_fnv1a)
{
    ck_assert_uint_eq(state_hash_bytes(STATE_HASH_INIT, "a", 1),
                      0xaf63dc4c8601ec8cu);
    ck_assert_uint_eq(state_hash_bytes(STATE_HASH_INIT, "foobar", 6),
                      0x85944171f73967e8u);
}
END_TEST

/* Every named field counts, whatever is not named does not. */
START_TEST(hash_covers_each_field)
{
    uint8_t ram[4] = {0};
    struct chip c = {.ram = ram, .ram_bytes = 4};
    uint64_t base = state_hash(STATE_HASH_INIT, &c, chip_state);

    c.cache = 1;
    ck_assert_uint_eq(state_hash(STATE_HASH_INIT, &c, chip_state), base);
    c.reg = 1;
    ck_assert_uint_ne(state_hash(STATE_HASH_INIT, &c, chip_state), base);
    c.reg = 0;
    c.timer[2] = 0x01000000;
    ck_assert_uint_ne(state_hash(STATE_HASH_INIT, &c, chip_state), base);
    c.timer[2] = 0;
    c.in[1].flag = true;
    ck_assert_uint_ne(state_hash(STATE_HASH_INIT, &c, chip_state), base);
    c.in[1].flag = false;
    ram[3] = 1;
    ck_assert_uint_ne(state_hash(STATE_HASH_INIT, &c, chip_state), base);
    ram[3] = 0;
    ck_assert_uint_eq(state_hash(STATE_HASH_INIT, &c, chip_state), base);
}
END_TEST

/* No bit of any length is lost, in any lane or tail, nor are pairs of upper
 * bits, which products alone would let cancel each other. */
START_TEST(bulk_hash_sees_each_bit)
{
    uint8_t bytes[200] = {0};

    for (size_t size = 0; size <= sizeof(bytes); size++) {
        uint64_t base = state_hash_bulk(1, bytes, size);

        ck_assert_uint_ne(state_hash_bulk(2, bytes, size), base);
        if (size < sizeof(bytes))
            ck_assert_uint_ne(state_hash_bulk(1, bytes, size + 1), base);
        for (size_t bit = 0; bit < 8 * size; bit++) {
            bytes[bit / 8] ^= 1u << bit % 8;
            ck_assert_uint_ne(state_hash_bulk(1, bytes, size), base);
            if (bit / 8 + 64 < size) {
                bytes[bit / 8 + 64] ^= 1u << bit % 8;
                ck_assert_uint_ne(state_hash_bulk(1, bytes, size), base);
                bytes[bit / 8 + 64] ^= 1u << bit % 8;
            }
            bytes[bit / 8] ^= 1u << bit % 8;
        }
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("core/state");
    TCase *tcase = tcase_create("tables");

    tcase_add_test(tcase, hash_is_fnv1a);
    tcase_add_test(tcase, hash_covers_each_field);
    tcase_add_test(tcase, bulk_hash_sees_each_bit);
    suite_add_tcase(suite, tcase);
    return suite;
}
