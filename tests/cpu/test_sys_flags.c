/* Which bits of the flags exist, by model: what POPF and IRET keep of all ones
 * and what PUSHF shows. */
#include "core/types.h"
#include "cpu/seg.h"
#include "cpu/sys.h"
#include "tests/cpu/bare.h"
#include "tests/suite.h"

#define CODE  0x7000u
#define STACK 0x6000u

struct flags_case {
    enum cpu_model model;
    const char *code;
    uint32_t ones;  /* what PUSHF gives after all ones were loaded */
    uint32_t zeros; /* after all zeros */
    unsigned insns; /* of the program */
};

/* clang-format off */
static const struct flags_case cases[] = {
    /* popf; pushf */
    {CPU_8086, "\x9d\x9c",         0x0000fed7, 0x0000f002, 2},
    {CPU_286,  "\x9d\x9c",         0x00000ed7, 0x00000002, 2},
    {CPU_386,  "\x9d\x9c",         0x00007ed7, 0x00000002, 2},
    {CPU_486,  "\x9d\x9c",         0x00007ed7, 0x00000002, 2},
    /* popfd; pushfd */
    {CPU_386,  "\x66\x9d\x66\x9c", 0x00007ed7, 0x00000002, 2},
    {CPU_486,  "\x66\x9d\x66\x9c", 0x00047ed7, 0x00000002, 2},
    {CPU_PENTIUM, "\x66\x9d\x66\x9c", 0x00247ed7, 0x00000002, 2},
    {CPU_PENTIUM4, "\x66\x9d\x66\x9c", 0x00247ed7, 0x00000002, 2},
};
/* clang-format on */

static uint32_t loaded_and_shown(const struct flags_case *c, uint32_t value)
{
    struct bare *bare;
    uint32_t shown;
    unsigned size = c->code[0] == 0x66 ? 4 : 2;

    ck_assert_int_eq(bare_create(&bare, c->model, MIB(1)), STATUS_OK);
    mem_poke(bare->mem, CODE, c->code, size);
    mem_store(bare->mem, STACK, value & ~FLAG_TF, 4);
    seg_set_paragraph(bare->cpu, SEG_CS, 0);
    bare->cpu->eip = CODE;
    bare->cpu->reg[CPU_ESP] = STACK;
    bare_run(bare, c->insns);
    ck_assert_uint_eq(bare->cpu->eip, CODE + size);
    ck_assert_uint_eq(bare->cpu->reg[CPU_ESP], STACK);
    shown = mem_load(bare->mem, STACK, size);
    bare_destroy(bare);
    return shown;
}

START_TEST(bits_that_exist)
{
    const struct flags_case *c = &cases[_i];

    ck_assert_uint_eq(loaded_and_shown(c, UINT32_MAX), c->ones);
    ck_assert_uint_eq(loaded_and_shown(c, 0), c->zeros);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("cpu/sys_flags");
    TCase *tcase = tcase_create("real mode");

    tcase_add_loop_test(tcase, bits_that_exist, 0, ARRAY_LEN(cases));
    suite_add_tcase(suite, tcase);
    return suite;
}
