#include "frontend/image_overlay.h"
#include "tests/fake_block.h"
#include "tests/suite.h"

#define SIZE 5000001u /* an odd size, over more than one leaf */

static struct fake_block base;
static struct host_block *overlay;
static uint8_t *original;

static void setup(void)
{
    fake_block_init(&base, SIZE);
    base.block.read_only = true;
    original = malloc(SIZE);
    memcpy(original, base.data, SIZE);
    ck_assert_int_eq(image_overlay_create(&base.block, "x", NULL, &overlay),
                     STATUS_OK);
}

static void teardown(void)
{
    overlay->ops->destroy(overlay);
    ck_assert_mem_eq(base.data, original, SIZE);
    ck_assert_uint_eq(base.writes + base.flushes, 0);
    free(original);
    fake_block_deinit(&base);
}

static uint32_t next_random(uint32_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed;
}

/* Any mix of reads and writes is as on the medium itself. */
START_TEST(behaves_as_the_medium)
{
    uint8_t *model = malloc(SIZE), *buffer = malloc(20000);
    uint32_t seed = 99;

    memcpy(model, base.data, SIZE);
    for (unsigned n = 0; n < 20000; n++) {
        uint64_t offset = next_random(&seed) % (SIZE + 1);
        size_t size = next_random(&seed) % (n % 16 ? 2000 : 20000);

        if (n % 4 == 0 && offset >= 512)
            offset = offset / 4096 * 4096;
        if (size > SIZE - offset)
            size = (size_t)(SIZE - offset);
        if (n % 3) {
            ck_assert_int_eq(overlay->ops->read(overlay, offset, buffer, size),
                             STATUS_OK);
            if (memcmp(buffer, model + offset, size) != 0)
                ck_abort_msg("read %u differs", n);
        } else {
            memset(buffer, (int)n, size);
            memcpy(model + offset, buffer, size);
            ck_assert_int_eq(overlay->ops->write(overlay, offset, buffer, size),
                             STATUS_OK);
        }
    }
    ck_assert_uint_le(image_overlay_bytes(overlay), SIZE + 4096);
    free(model);
    free(buffer);
}
END_TEST

START_TEST(takes_only_what_is_written)
{
    uint8_t bytes[8192] = {0};

    ck_assert(!overlay->read_only);
    ck_assert_uint_eq(overlay->size_bytes, SIZE);
    ck_assert_uint_eq(image_overlay_bytes(overlay), 0);
    ck_assert_int_eq(overlay->ops->write(overlay, 100, bytes, 1), STATUS_OK);
    ck_assert_uint_eq(image_overlay_bytes(overlay), 4096);
    ck_assert_int_eq(overlay->ops->write(overlay, 200, bytes, 300), STATUS_OK);
    ck_assert_uint_eq(image_overlay_bytes(overlay), 4096);
    ck_assert_uint_eq(base.reads, 1);
    /* whole blocks need nothing of the base */
    ck_assert_int_eq(overlay->ops->write(overlay, 8192, bytes, 8192),
                     STATUS_OK);
    ck_assert_uint_eq(base.reads, 1);
    ck_assert_uint_eq(image_overlay_bytes(overlay), 3 * 4096);
    ck_assert_int_eq(overlay->ops->flush(overlay), STATUS_OK);
    /* a long run of the base is one call */
    ck_assert_int_eq(overlay->ops->read(overlay, 4000000, bytes, 8192),
                     STATUS_OK);
    ck_assert_uint_eq(base.reads, 2);
}
END_TEST

START_TEST(failures_of_the_base)
{
    uint8_t bytes[512];

    base.fail_at = 1;
    ck_assert_int_eq(overlay->ops->read(overlay, 0, bytes, 512), STATUS_IO);
    base.fail_at = 1; /* the rest of the block cannot be copied */
    ck_assert_int_eq(overlay->ops->write(overlay, 0, bytes, 512), STATUS_IO);
    ck_assert_uint_eq(image_overlay_bytes(overlay), 0);
    ck_assert_int_eq(overlay->ops->write(overlay, 0, bytes, 512), STATUS_OK);
    base.fail_at = 1; /* no longer asked */
    ck_assert_int_eq(overlay->ops->read(overlay, 0, bytes, 512), STATUS_OK);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("frontend/image_overlay");
    TCase *tcase = tcase_create("overlay");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, behaves_as_the_medium);
    tcase_add_test(tcase, takes_only_what_is_written);
    tcase_add_test(tcase, failures_of_the_base);
    suite_add_tcase(suite, tcase);
    return suite;
}
