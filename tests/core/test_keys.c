#include "core/keys.h"
#include "tests/suite.h"

START_TEST(names_find_their_key)
{
    for (unsigned i = 0; i < PS2_KEY_COUNT; i++) {
        enum ps2_key key = PS2_KEY_COUNT;

        ck_assert(keys_find(keys_name((enum ps2_key)i), &key));
        ck_assert_uint_eq(key, i);
    }
}
END_TEST

START_TEST(aliases_and_unknown_names)
{
    enum ps2_key key = PS2_KEY_A;

    ck_assert(!keys_find("nosuchkey", &key));
    ck_assert(!keys_find("", &key));
    ck_assert_uint_eq(key, PS2_KEY_A);
    ck_assert(keys_find("escape", &key));
    ck_assert_uint_eq(key, PS2_KEY_ESC);
}
END_TEST

START_TEST(codes_are_unique_in_each_set)
{
    for (unsigned i = 0; i < PS2_KEY_COUNT; i++) {
        const struct key_codes *a = keys_codes((enum ps2_key)i);

        ck_assert(a->set1 != 0 && a->set2 != 0);
        for (unsigned k = 0; k < i; k++) {
            const struct key_codes *b = keys_codes((enum ps2_key)k);
            bool shared = i == PS2_KEY_PRINT && k == PS2_KEY_SYSRQ;

            ck_assert_msg(a->set1 != b->set1 && a->set2 != b->set2, "%u and %u",
                          i, k);
            ck_assert_msg(shared || !a->set3 || a->set3 != b->set3,
                          "set 3: %u and %u", i, k);
        }
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("core/keys");
    TCase *tcase = tcase_create("list");

    tcase_add_test(tcase, names_find_their_key);
    tcase_add_test(tcase, aliases_and_unknown_names);
    tcase_add_test(tcase, codes_are_unique_in_each_set);
    suite_add_tcase(suite, tcase);
    return suite;
}
