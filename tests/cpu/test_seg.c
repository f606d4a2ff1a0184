/* Checks of offsets against segments, and what loads in real mode change. */
#include "core/types.h"
#include "cpu/seg.h"
#include "cpu/sys.h"
#include "tests/cpu/bare.h"
#include "tests/suite.h"

#define DATA   (ACCESS_P | ACCESS_S | ACCESS_RW)
#define RODATA (ACCESS_P | ACCESS_S)
#define DOWN   (DATA | ACCESS_DOWN)
#define CODE   (ACCESS_P | ACCESS_S | ACCESS_CODE | ACCESS_RW)
#define XCODE  (ACCESS_P | ACCESS_S | ACCESS_CODE)
#define D      ACCESS_D

struct access_case {
    uint32_t access, limit, offset;
    unsigned size;
    bool load, store;
};

/* clang-format off */
static const struct access_case accesses[] = {
    {DATA,     0xff,       0x00,       1, true,  true},
    {DATA,     0xff,       0xff,       1, true,  true},
    {DATA,     0xff,       0xff,       2, false, false},
    {DATA,     0xff,       0xfc,       4, true,  true},
    {DATA,     0xff,       0xfd,       4, false, false},
    {DATA,     0xff,       0x100,      1, false, false},
    {DATA,     0xff,       0xffffffff, 2, false, false},
    {DATA,     0xffffffff, 0xffffffff, 1, true,  true},
    {DATA,     0xffffffff, 0xfffffffc, 4, true,  true},
    {DATA,     0xffffffff, 0xfffffffd, 4, false, false},
    {DATA,     0,          0,          1, true,  true},
    {DATA,     0,          0,          2, false, false},
    {RODATA,   0xff,       0x10,       4, true,  false},
    {CODE,     0xff,       0x10,       4, true,  false},
    {XCODE,    0xff,       0x10,       4, false, false},
    {DOWN,     0xff,       0xff,       1, false, false},
    {DOWN,     0xff,       0x100,      4, true,  true},
    {DOWN,     0xff,       0xfffc,     4, true,  true},
    {DOWN,     0xff,       0xfffd,     4, false, false},
    {DOWN,     0xff,       0x10000,    1, false, false},
    {DOWN | D, 0xff,       0x10000,    4, true,  true},
    {DOWN | D, 0xff,       0xfffffffc, 4, true,  true},
    {DOWN | D, 0xff,       0xfffffffd, 4, false, false},
    {DOWN | D, 0xffffffff, 0xffffffff, 1, false, false},
    {0,        0xffffffff, 0,          1, false, false},
};
/* clang-format on */

static struct bare *bare;
static struct cpu *cpu;

static void create(enum cpu_model model)
{
    ck_assert_int_eq(bare_create(&bare, model, MIB(1)), STATUS_OK);
    cpu = bare->cpu;
}

static void teardown(void)
{
    bare_destroy(bare);
    bare = NULL;
}

/* The quick check and the slow one give the same answer. */
START_TEST(access_is_checked)
{
    const struct access_case *c = &accesses[_i];
    struct segment *s;

    create(CPU_486);
    s = &cpu->seg[SEG_FS];
    s->access = (uint16_t)c->access;
    s->limit = c->limit;
    seg_update(cpu, SEG_FS);
    ck_assert(seg_allows(s, c->offset, c->size, false) == c->load);
    ck_assert(seg_allows(s, c->offset, c->size, true) == c->store);
    ck_assert(seg_check_read(cpu, SEG_FS, c->offset, c->size) == c->load);
    ck_assert(cpu->fault.pending == !c->load);
    cpu->fault.pending = false;
    ck_assert(seg_check_write(cpu, SEG_FS, c->offset, c->size) == c->store);
    ck_assert(cpu->fault.pending == !c->store);
    if (!c->store)
        ck_assert_uint_eq(cpu->fault.vector, VECTOR_GP);
}
END_TEST

START_TEST(stack_has_its_own_vector)
{
    create(CPU_486);
    ck_assert(!seg_check_read(cpu, SEG_SS, 0xffff, 2));
    ck_assert_uint_eq(cpu->fault.vector, VECTOR_SS);
    teardown();
    create(CPU_286); /* in real mode */
    ck_assert(!seg_check_read(cpu, SEG_SS, 0xffff, 2));
    ck_assert_uint_eq(cpu->fault.vector, VECTOR_GP);
}
END_TEST

START_TEST(words_wrap_on_an_8086)
{
    uint32_t value;

    create(CPU_8086);
    seg_set_paragraph(cpu, SEG_DS, 0x1000);
    ck_assert(seg_store(cpu, SEG_DS, 0xffff, 0x1234, 2));
    ck_assert_uint_eq(mem_load(bare->mem, 0x1ffff, 1), 0x34);
    ck_assert_uint_eq(mem_load(bare->mem, 0x10000, 1), 0x12);
    ck_assert_uint_eq(mem_load(bare->mem, 0x20000, 1), 0);
    ck_assert(seg_load(cpu, SEG_DS, 0xffff, 2, &value));
    ck_assert_uint_eq(value, 0x1234);
    ck_assert(seg_load_rmw(cpu, SEG_DS, 0xffff, 2, &value));
    ck_assert_uint_eq(value, 0x1234);
}
END_TEST

START_TEST(flat_means_writable)
{
    create(CPU_486);
    cpu->seg[SEG_FS] = (struct segment){.limit = UINT32_MAX, .access = DATA};
    seg_update(cpu, SEG_FS);
    ck_assert(cpu->seg[SEG_FS].fast & SEG_FLAT);
    cpu->seg[SEG_FS].access = CODE;
    seg_update(cpu, SEG_FS);
    ck_assert_uint_eq(cpu->seg[SEG_FS].fast, SEG_FAST_READ);
    cpu->seg[SEG_FS].access = DOWN;
    seg_update(cpu, SEG_FS);
    ck_assert_uint_eq(cpu->seg[SEG_FS].fast, 0);
}
END_TEST

START_TEST(real_mode_keeps_the_limit)
{
    create(CPU_486);
    cpu->seg[SEG_FS] = (struct segment){.limit = 0xfffff, .access = RODATA | D};
    seg_set_paragraph(cpu, SEG_FS, 0x1234);
    ck_assert_uint_eq(cpu->seg[SEG_FS].base, 0x12340);
    ck_assert_uint_eq(cpu->seg[SEG_FS].selector, 0x1234);
    ck_assert_uint_eq(cpu->seg[SEG_FS].limit, 0xfffff);
    ck_assert_uint_eq(cpu->seg[SEG_FS].access, DATA | D | ACCESS_ACCESSED);
    seg_set_null(cpu, SEG_FS, 3);
    ck_assert(!seg_check_read(cpu, SEG_FS, 0, 1));
    seg_set_paragraph(cpu, SEG_FS, 0x1234);
    ck_assert_uint_eq(cpu->seg[SEG_FS].limit, 0xffff);
}
END_TEST

START_TEST(stack_wraps_by_its_size)
{
    uint32_t value;

    create(CPU_486);
    cpu->reg[CPU_ESP] = 0x55550000;
    ck_assert(stack_push(cpu, 0x1234, 2));
    ck_assert_uint_eq(cpu->reg[CPU_ESP], 0x5555fffe);
    ck_assert(stack_pop(cpu, &value, 2));
    ck_assert_uint_eq(value, 0x1234);
    ck_assert_uint_eq(cpu->reg[CPU_ESP], 0x55550000);
    cpu->reg[CPU_ESP] = 1;
    ck_assert(!stack_push(cpu, 0x1234, 2));
    ck_assert_uint_eq(cpu->reg[CPU_ESP], 1);
    cpu->seg[SEG_SS].access |= D;
    cpu->seg[SEG_SS].limit = 0xfffff;
    seg_update(cpu, SEG_SS);
    cpu->reg[CPU_ESP] = 0x10002;
    ck_assert(stack_push(cpu, 0x12345678, 4));
    ck_assert_uint_eq(cpu->reg[CPU_ESP], 0xfffe);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("cpu/seg");
    TCase *tcase = tcase_create("segments");

    tcase_add_checked_fixture(tcase, NULL, teardown);
    tcase_add_loop_test(tcase, access_is_checked, 0, ARRAY_LEN(accesses));
    tcase_add_test(tcase, stack_has_its_own_vector);
    tcase_add_test(tcase, words_wrap_on_an_8086);
    tcase_add_test(tcase, flat_means_writable);
    tcase_add_test(tcase, real_mode_keeps_the_limit);
    tcase_add_test(tcase, stack_wraps_by_its_size);
    suite_add_tcase(suite, tcase);
    return suite;
}
