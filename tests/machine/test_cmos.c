/* The battery-backed RAM that firmware finds. */
#include <string.h>

#include "machine/cmos.h"
#include "tests/suite.h"

/* SeaBIOS sets the 24-hour bit without looking at the hours, so they must be in
 * that format before. */
START_TEST(clock_has_24_hours)
{
    const struct cmos_config config = {
        .ram_bytes = MIB(16),
        .boot_order = "c",
    };
    uint8_t cmos[CMOS_BYTES];

    cmos_fill(&config, cmos);
    ck_assert_uint_eq(cmos[0x0b], 0x02);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("machine/cmos");
    TCase *tests = tcase_create("cmos");

    tcase_add_test(tests, clock_has_24_hours);
    suite_add_tcase(suite, tests);
    return suite;
}
