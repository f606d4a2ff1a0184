#include "frontend/scaler.h"

#include <stdlib.h>
#include <string.h>

#include "tests/suite.h"

#define SIDE 64

static struct scaler *scaler;
static uint32_t from[SIDE * SIDE], to[SIDE * SIDE];

static void setup(void)
{
    scaler = scaler_create();
    memset(to, 0xee, sizeof(to));
}

static void teardown(void)
{
    scaler_destroy(scaler);
}

static void scale(unsigned fw, unsigned fh, unsigned tw, unsigned th)
{
    ck_assert(scaler_set_size(scaler, fw, fh, tw, th));
    scaler_run(scaler, from, to, SIDE, 0, th);
}

START_TEST(same_size_is_a_copy)
{
    from[0] = 1;
    from[1] = 2;
    from[2] = 3;
    from[3] = 4;
    scale(2, 2, 2, 2);
    ck_assert_uint_eq(to[0], 1);
    ck_assert_uint_eq(to[1], 2);
    ck_assert_uint_eq(to[SIDE], 3);
    ck_assert_uint_eq(to[SIDE + 1], 4);
    ck_assert_uint_eq(to[2], 0xeeeeeeee); /* and nothing beside it */
}
END_TEST

START_TEST(whole_factors_give_blocks)
{
    unsigned x, y;

    from[0] = 0xff0000;
    from[1] = 0x00ff00;
    from[2] = 0x0000ff;
    from[3] = 0xffffff;
    scale(2, 2, 6, 4);
    for (y = 0; y < 4; y++)
        for (x = 0; x < 6; x++)
            ck_assert_uint_eq(to[y * SIDE + x], from[y / 2 * 2 + x / 3]);
}
END_TEST

/* Two pixels become three: the middle one is half of each. */
START_TEST(pixels_blend_at_their_edge)
{
    from[0] = 0xff0000;
    from[1] = 0x0000ff;
    scale(2, 1, 3, 1);
    ck_assert_uint_eq(to[0], 0xff0000);
    ck_assert_uint_eq(to[1], 0x7f007f);
    ck_assert_uint_eq(to[2], 0x0000ff);
    from[0] = 0x00ff00;
    scale(1, 2, 1, 3);
    ck_assert_uint_eq(to[0], 0x00ff00);
    ck_assert_uint_eq(to[SIDE], 0x007f7f);
    ck_assert_uint_eq(to[2 * SIDE], 0x0000ff);
}
END_TEST

START_TEST(one_color_stays_it_in_every_size)
{
    unsigned w, h, wrong = 0;
    size_t i;

    for (i = 0; i < SIDE * SIDE; i++)
        from[i] = 0xfffefd;
    for (w = 1; w <= SIDE; w += 3)
        for (h = 1; h <= SIDE; h += 5) {
            scale(20, 30, w, h);
            for (i = 0; i < w; i++)
                wrong += to[(h - 1) * SIDE + i] != 0xfffefd;
        }
    ck_assert_uint_eq(wrong, 0);
}
END_TEST

/* Drawing only the rows that depend on a change gives the whole picture. */
START_TEST(changed_rows_suffice)
{
    static uint32_t whole[SIDE * SIDE];
    unsigned row, first, count;

    for (row = 0; row < 25; row++) {
        ck_assert(scaler_set_size(scaler, 20, 25, 33, 37));
        scaler_run(scaler, from, to, SIDE, 0, 37);
        memset(from + row * 20, (int)(row + 1), 20 * 4 * 2);
        scaler_run(scaler, from, whole, SIDE, 0, 37);
        scaler_find_rows(scaler, row, 2, &first, &count);
        ck_assert_uint_lt(count, 8);
        scaler_run(scaler, from, to, SIDE, first, count);
        for (first = 0; first < 37; first++)
            ck_assert_mem_eq(to + first * SIDE, whole + first * SIDE, 33 * 4);
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("frontend/scaler");
    TCase *tcase = tcase_create("scaler");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, same_size_is_a_copy);
    tcase_add_test(tcase, whole_factors_give_blocks);
    tcase_add_test(tcase, pixels_blend_at_their_edge);
    tcase_add_test(tcase, one_color_stays_it_in_every_size);
    tcase_add_test(tcase, changed_rows_suffice);
    suite_add_tcase(suite, tcase);
    return suite;
}
