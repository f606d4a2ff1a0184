/* What gets translated: a loop in a loop, stopped anywhere again and again. */
#include <string.h>

#include "core/state.h"
#include "cpu/sys.h"
#include "jit/jit.h"
#include "tests/cpu/bare.h"
#include "tests/suite.h"

#define CODE   0x10000u
#define SLICES 6000u

static const uint8_t nest[] = {
    0x40,             /*  0 outer: inc ax */
    0x01, 0xc3,       /*  1        add bx, ax */
    0xba, 0x32, 0x00, /*  3        mov dx, 50 */
    0x01, 0xd6,       /*  6 inner: add si, dx */
    0xf6, 0xc2, 0x03, /*  8        test dl, 3 */
    0x74, 0x01,       /*  b        jz skip */
    0x47,             /*  d        inc di */
    0x4a,             /*  e skip:  dec dx */
    0x75, 0xf5,       /*  f        jnz inner */
    0x39, 0xd8,       /* 11        cmp ax, bx */
    0x72, 0x01,       /* 13        jb other */
    0x45,             /* 15        inc bp */
    0xeb, 0xe8        /* 16 other: jmp outer */
};

static struct bare *machine(bool translated)
{
    const struct jit_config config = {.cache_bytes = MIB(16)};
    struct bare *bare;

    ck_assert_int_eq(bare_create(&bare, CPU_PENTIUM4, MIB(1)), STATUS_OK);
    if (translated)
        ck_assert_int_eq(jit_attach(bare->cpu, &config), STATUS_OK);
    memcpy(bare->mem->ram + CODE, nest, sizeof(nest));
    bare->cpu->seg[SEG_CS].base = CODE;
    bare->cpu->eip = 0;
    return bare;
}

/* Not one translation more for each place where time was up. */
START_TEST(slices_start_nothing)
{
    struct bare *bare[2] = {machine(false), machine(true)};
    struct jit_stats stats;
    uint32_t seed = 1;

    for (unsigned i = 0; i < SLICES; i++) {
        seed = seed * 1664525 + 1013904223;
        for (unsigned k = 0; k < 2; k++)
            ck_assert_int_eq(bare_run(bare[k], 1500 + (seed >> 16) % 97),
                             BARE_LIMIT);
        ck_assert_uint_eq(cpu_state_hash(bare[0]->cpu, STATE_HASH_INIT),
                          cpu_state_hash(bare[1]->cpu, STATE_HASH_INIT));
    }
    ck_assert(jit_get_stats(bare[1]->cpu, &stats));
    /* Two, where the loops begin, and for the ends of slices each place that a
     * jump leads to. */
    ck_assert_uint_le(stats.translations, 10);
    bare_destroy(bare[0]);
    bare_destroy(bare[1]);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("jit/run");
    TCase *tcase = tcase_create("run");

    if (jit_available())
        tcase_add_test(tcase, slices_start_nothing);
    suite_add_tcase(suite, tcase);
    return suite;
}
