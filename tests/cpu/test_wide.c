/* The host's own arithmetic of 128 bits against plain C. */
#include "cpu/wide.h"

#define wide_mul   plain_mul
#define wide_clz64 plain_clz64
#define wide_div   plain_div
#include "cpu/wide_portable.h"
#undef wide_mul
#undef wide_clz64
#undef wide_div

#include "tests/suite.h"

#define ROUNDS 300000

/* Bits in runs of random lengths, so that all sizes come. */
static uint64_t number(uint64_t *seed)
{
    *seed = *seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return (*seed ^ *seed >> 31) >> (*seed >> 58) ^
           (*seed & 2 ? UINT64_MAX : 0);
}

START_TEST(products)
{
    uint64_t seed = 1;

    for (unsigned i = 0; i < ROUNDS; i++) {
        uint64_t a = number(&seed), b = number(&seed);
        struct u128 x = wide_mul(a, b), y = plain_mul(a, b);

        ck_assert_uint_eq(x.high, y.high);
        ck_assert_uint_eq(x.low, y.low);
        ck_assert_uint_eq(wide_clz64(a | 1), plain_clz64(a | 1));
    }
}
END_TEST

START_TEST(quotients)
{
    uint64_t seed = 2;

    for (unsigned i = 0; i < ROUNDS; i++) {
        uint64_t b = number(&seed) | UINT64_C(1) << 63, r[2];
        struct u128 a = {number(&seed), number(&seed)};

        if (a.high >= b)
            a.high -= b;
        ck_assert_uint_eq(wide_div(a, b, &r[0]), plain_div(a, b, &r[1]));
        ck_assert_uint_eq(r[0], r[1]);
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("cpu/wide");
    TCase *tcase = tcase_create("alike");

    tcase_add_test(tcase, products);
    tcase_add_test(tcase, quotients);
    suite_add_tcase(suite, tcase);
    return suite;
}
