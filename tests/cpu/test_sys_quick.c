/* The short way of interrupts and IRET of protected mode: it is taken where
 * nothing is special, and what is changed in the tables between two deliveries
 * counts at the next one. Expectations: SDM volume 3, 6.12 and 6.13. */
#include <string.h>

#include "core/types.h"
#include "cpu/sys_int.h"
#include "tests/cpu/bare.h"
#include "tests/suite.h"

#define GDT      0x1000u
#define IDT      0x2000u
#define TSS      0x3000u
#define ENTRY    0x7800u
#define STACK0   0x8000u
#define STACK3   0x9000u
#define USER_EIP 0x7000u
#define VECTOR   0x30u

enum {
    CODE0 = 0x08,
    DATA0 = 0x10,
    CODE3 = 0x1b,
    DATA3 = 0x23,
    SEL_TSS = 0x28
};

/* What happens then: a fault, or CS:EIP and ESP. */
struct outcome {
    const char *name;
    unsigned vector, error; /* vector 0: none */
    uint16_t cs;
    uint32_t eip, esp;
};

static struct bare *bare;
static struct cpu *cpu;

static void put(paddr addr, uint32_t low, uint32_t high)
{
    mem_poke(bare->mem, addr, &low, 4);
    mem_poke(bare->mem, addr + 4, &high, 4);
}

/* A flat segment of 32 bits with these access rights. */
static void put_segment(unsigned selector, unsigned access)
{
    put(GDT + (selector & ~7u), 0xffff, 0xcf0000 | access << 8);
}

static void load(unsigned seg, uint16_t selector)
{
    struct descriptor d;

    ck_assert_int_eq(desc_find(cpu, selector, &d), DESC_FOUND);
    desc_commit(cpu, seg, &d);
}

static bool deliver(void)
{
    const struct interrupt i = {.vector = VECTOR, .kind = INTERRUPT_SOFTWARE};

    return interrupt_enter(cpu, &i);
}

static bool iret(void)
{
    const struct insn insn = {.flags = INSN_OP32};

    return exec_iret(cpu, &insn);
}

/* In ring 3, and every descriptor was in use. */
static void setup(void)
{
    ck_assert_int_eq(bare_create(&bare, CPU_PENTIUM3, MIB(1)), STATUS_OK);
    cpu = bare->cpu;
    put_segment(CODE0, 0x9b);
    put_segment(DATA0, 0x93);
    put_segment(CODE3, 0xfb);
    put_segment(DATA3, 0xf3);
    put(IDT + 8 * VECTOR, CODE0 << 16 | ENTRY, 0xee00);
    put(TSS + 4, STACK0, DATA0);
    cpu->gdtr = (struct table_register){GDT, 0x2f};
    cpu->idtr = (struct table_register){IDT, 0x7ff};
    cpu->cr0 |= CR0_PE;
    cpu->seg[SEG_TR] =
        (struct segment){.base = TSS, .limit = 0x67, .access = 0x8b};
    cpu->cpl = 3;
    load(SEG_CS, CODE3);
    load(SEG_SS, DATA3);
    cpu->eip = USER_EIP;
    cpu->reg[CPU_ESP] = STACK3;
    flags_set(cpu, FLAG_IF | FLAG_ZF, FLAG_IF | FLAG_ZF);
    for (unsigned i = 0; i < 2; i++)
        ck_assert(deliver() && iret());
    ck_assert_uint_eq(cpu->cpl, 3);
}

static void teardown(void)
{
    bare_destroy(bare);
}

static void assert_outcome(bool done, const struct outcome *o)
{
    ck_assert_msg(done == !o->vector, "%s", o->name ? o->name : "");
    ck_assert(done == !cpu->fault.pending);
    if (!done) {
        ck_assert_uint_eq(cpu->fault.vector, o->vector);
        ck_assert_uint_eq(cpu->fault.error, o->error);
        return;
    }
    ck_assert_uint_eq(cpu->seg[SEG_CS].selector, o->cs);
    ck_assert_uint_eq(cpu->cpl, o->cs & 3);
    ck_assert_uint_eq(cpu->user, cpu->cpl == 3);
    ck_assert_uint_eq(cpu->eip, o->eip);
    ck_assert_uint_eq(cpu->reg[CPU_ESP], o->esp);
}

START_TEST(short_way_is_taken)
{
    const struct interrupt i = {.vector = VECTOR, .kind = INTERRUPT_SOFTWARE};
    uint32_t frame[5];

    ck_assert(quick_interrupt(cpu, &i));
    mem_read(bare->mem, STACK0 - 20, frame, sizeof(frame));
    ck_assert_uint_eq(frame[0], USER_EIP);
    ck_assert_uint_eq(frame[1], CODE3);
    ck_assert_uint_eq(frame[2], FLAG_ONE | FLAG_IF | FLAG_ZF);
    ck_assert_uint_eq(frame[3], STACK3);
    ck_assert_uint_eq(frame[4], DATA3);
    ck_assert_uint_eq(cpu->eflags & FLAG_IF, 0);
    ck_assert_uint_eq(cpu->seg[SEG_SS].selector, DATA0);
    load(SEG_DS, DATA0);
    ck_assert(quick_iret(cpu));
    assert_outcome(
        true, &(struct outcome){.cs = CODE3, .eip = USER_EIP, .esp = STACK3});
    ck_assert_uint_eq(cpu->seg[SEG_DS].selector, 0); /* not for ring 3 */
    ck_assert_uint_eq(cpu->eflags & FLAG_IF, FLAG_IF);
}
END_TEST

START_TEST(faults_push_an_error_code_and_rf)
{
    const struct interrupt i = {.vector = VECTOR,
                                .kind = INTERRUPT_FAULT,
                                .has_error = true,
                                .error = 6,
                                .resume = true};
    uint32_t frame[4];

    ck_assert(quick_interrupt(cpu, &i));
    ck_assert_uint_eq(cpu->reg[CPU_ESP], STACK0 - 24);
    mem_read(bare->mem, STACK0 - 24, frame, sizeof(frame));
    ck_assert_uint_eq(frame[0], 6);
    ck_assert_uint_eq(frame[1], USER_EIP);
    ck_assert_uint_eq(frame[3], FLAG_ONE | FLAG_IF | FLAG_ZF | FLAG_RF);
}
END_TEST

/* Eight bytes of the tables are others at the next delivery. */
static const struct {
    paddr addr;
    uint32_t low, high;
    struct outcome outcome;
} changes[] = {
    /* clang-format off */
    {IDT + 8 * VECTOR, CODE0 << 16 | 0x1234, 0x6ee00,
     {"offset of the gate", .cs = CODE0, .eip = 0x61234, .esp = STACK0 - 20}},
    {IDT + 8 * VECTOR, CODE0 << 16 | ENTRY, 0x8e00,
     {"gate of ring 0", .vector = VECTOR_GP, .error = VECTOR << 3 | ERROR_IDT}},
    {IDT + 8 * VECTOR, CODE0 << 16 | ENTRY, 0x6e00,
     {"gate not present", .vector = VECTOR_NP, .error = VECTOR << 3 | ERROR_IDT}},
    {IDT + 8 * VECTOR, CODE0 << 16 | ENTRY, 0xe600,
     {"16-bit gate", .cs = CODE0, .eip = ENTRY, .esp = STACK0 - 10}},
    {IDT + 8 * VECTOR, CODE0 << 16 | ENTRY, 0xec00,
     {"no gate", .vector = VECTOR_GP, .error = VECTOR << 3 | ERROR_IDT}},
    {IDT + 8 * VECTOR, DATA0 << 16 | ENTRY, 0xee00,
     {"gate to data", .vector = VECTOR_GP, .error = DATA0}},
    {IDT + 8 * VECTOR, ENTRY, 0xee00,
     {"gate to nothing", .vector = VECTOR_GP, .error = 0}},
    {IDT + 8 * VECTOR, CODE3 << 16 | ENTRY, 0xee00,
     {"gate to ring 3", .cs = CODE3, .eip = ENTRY, .esp = STACK3 - 12}},
    {GDT + CODE0, 0xffff, 0xcf1b00,
     {"code not present", .vector = VECTOR_NP, .error = CODE0}},
    {GDT + CODE0, 0xffff, 0xcf9f00,
     {"code that conforms", .cs = CODE0 | 3, .eip = ENTRY, .esp = STACK3 - 12}},
    {GDT + CODE0, ENTRY - 1, 0x409b00,
     {"code too short", .vector = VECTOR_GP, .error = 0}},
    {TSS + 4, STACK0 - 0x100, DATA0,
     {"stack pointer", .cs = CODE0, .eip = ENTRY, .esp = STACK0 - 0x100 - 20}},
    {TSS + 4, STACK0, DATA3,
     {"stack of ring 3", .vector = VECTOR_TS, .error = DATA3 & ~3}},
    {TSS + 4, STACK0, 0,
     {"no stack", .vector = VECTOR_TS, .error = 0}},
    {GDT + DATA0, 0xffff, 0xcf1300,
     {"stack not present", .vector = VECTOR_SS, .error = DATA0}},
    {GDT + DATA0, 0xffff, 0xcf9100,
     {"stack read-only", .vector = VECTOR_TS, .error = DATA0}},
    {GDT + DATA0, STACK0 - 2, 0x409300,
     {"stack too short", .vector = VECTOR_SS, .error = DATA0}},
    /* clang-format on */
};

START_TEST(changes_count)
{
    put(changes[_i].addr, changes[_i].low, changes[_i].high);
    assert_outcome(deliver(), &changes[_i].outcome);
}
END_TEST

START_TEST(base_of_code_counts)
{
    put(GDT + CODE0, 0x1000ffff, 0xcf9b00);
    ck_assert(deliver());
    ck_assert_uint_eq(cpu->seg[SEG_CS].base, 0x1000);
}
END_TEST

START_TEST(trap_gate_keeps_if)
{
    put(IDT + 8 * VECTOR, CODE0 << 16 | ENTRY, 0xef00);
    ck_assert(deliver());
    ck_assert_uint_eq(cpu->eflags & FLAG_IF, FLAG_IF);
}
END_TEST

START_TEST(limits_count)
{
    cpu->idtr.limit = 8 * VECTOR + 6;
    assert_outcome(deliver(),
                   &(struct outcome){.vector = VECTOR_GP,
                                     .error = VECTOR << 3 | ERROR_IDT});
    cpu->fault.pending = false;
    cpu->idtr.limit = 0x7ff;
    cpu->gdtr.limit = DATA0 - 1;
    assert_outcome(deliver(),
                   &(struct outcome){.vector = VECTOR_TS, .error = DATA0});
    cpu->fault.pending = false;
    cpu->gdtr.limit = 0x2f;
    cpu->seg[SEG_TR].limit = 10;
    cpu->seg[SEG_TR].selector = SEL_TSS;
    assert_outcome(deliver(),
                   &(struct outcome){.vector = VECTOR_TS, .error = SEL_TSS});
}
END_TEST

/* The same for the way back: the word of the frame, or a descriptor. */
static const struct {
    paddr addr;
    uint32_t low, high;
    struct outcome outcome;
} returns[] = {
    /* clang-format off */
    {STACK0 - 20, USER_EIP, CODE3,
     {"as it was", .cs = CODE3, .eip = USER_EIP, .esp = STACK3}},
    {STACK0 - 20, 0x1234, CODE0,
     {"same ring", .cs = CODE0, .eip = 0x1234, .esp = STACK0 - 8}},
    {STACK0 - 20, USER_EIP, 3,
     {"null selector", .vector = VECTOR_GP, .error = 0}},
    {STACK0 - 20, USER_EIP, DATA3,
     {"data", .vector = VECTOR_GP, .error = DATA3 & ~3}},
    {STACK0 - 20, USER_EIP, CODE3 & ~1,
     {"other ring", .vector = VECTOR_GP, .error = CODE3 & ~3}},
    {STACK0 - 8, 0x5000, DATA3,
     {"other stack", .cs = CODE3, .eip = USER_EIP, .esp = 0x5000}},
    {STACK0 - 8, STACK3, DATA0,
     {"stack of ring 0", .vector = VECTOR_GP, .error = DATA0}},
    {GDT + (CODE3 & ~7), 0xffff, 0xcf7b00,
     {"code not present", .vector = VECTOR_NP, .error = CODE3 & ~3}},
    {GDT + (CODE3 & ~7), 0xffff, 0xcfdb00,
     {"code of ring 2", .vector = VECTOR_GP, .error = CODE3 & ~3}},
    {GDT + (CODE3 & ~7), USER_EIP - 1, 0x40fb00,
     {"code too short", .vector = VECTOR_GP, .error = 0}},
    {GDT + (DATA3 & ~7), 0xffff, 0xcf7300,
     {"stack not present", .vector = VECTOR_SS, .error = DATA3 & ~3}},
    {GDT + (DATA3 & ~7), 0xffff, 0xcff100,
     {"stack read-only", .vector = VECTOR_GP, .error = DATA3 & ~3}},
    /* clang-format on */
};

START_TEST(changes_count_on_the_way_back)
{
    ck_assert(deliver());
    put(returns[_i].addr, returns[_i].low, returns[_i].high);
    assert_outcome(iret(), &returns[_i].outcome);
}
END_TEST

START_TEST(flags_with_consequences_take_the_long_way)
{
    static const uint32_t flags[] = {FLAG_TF, FLAG_NT, FLAG_VM};

    for (unsigned i = 0; i < ARRAY_LEN(flags); i++) {
        ck_assert(deliver());
        put(STACK0 - 12, FLAG_ONE | flags[i], STACK3);
        ck_assert(!quick_iret(cpu));
        ck_assert_uint_eq(cpu->cpl, 0);
        put(STACK0 - 12, FLAG_ONE, STACK3);
        ck_assert(iret());
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("cpu/sys_quick");
    TCase *tc = tcase_create("all");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, short_way_is_taken);
    tcase_add_test(tc, faults_push_an_error_code_and_rf);
    tcase_add_loop_test(tc, changes_count, 0, ARRAY_LEN(changes));
    tcase_add_test(tc, base_of_code_counts);
    tcase_add_test(tc, trap_gate_keeps_if);
    tcase_add_test(tc, limits_count);
    tcase_add_loop_test(tc, changes_count_on_the_way_back, 0,
                        ARRAY_LEN(returns));
    tcase_add_test(tc, flags_with_consequences_take_the_long_way);
    suite_add_tcase(suite, tc);
    return suite;
}
