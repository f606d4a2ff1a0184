/* What happens between instructions: interrupts, NMI, shadows, HLT, shutdown;
 * in real mode, from outside. Programs are a few bytes at 0:7000. */
#include <string.h>

#include "core/types.h"
#include "cpu/seg.h"
#include "cpu/sys.h"
#include "tests/cpu/bare.h"
#include "tests/suite.h"

#define CODE      0x7000u
#define HANDLER   0x7800u /* of vector 40 */
#define NMI_ENTRY 0x7900u
#define STACK     0x6000u
#define VECTOR    0x40

static struct bare *bare;
static struct cpu *cpu;

static void poke(paddr addr, const char *bytes, size_t size)
{
    mem_poke(bare->mem, addr, bytes, size);
}

static void set_vector(unsigned vector, uint16_t offset)
{
    const char entry[4] = {(char)(offset & 0xff), (char)(offset >> 8), 0, 0};

    poke(vector * 4, entry, sizeof(entry));
}

/* A machine at 0:7000, SS:SP 0:6000, that runs `bytes`. */
static void start(enum cpu_model model, const char *bytes, size_t size)
{
    ck_assert_int_eq(bare_create(&bare, model, MIB(1)), STATUS_OK);
    cpu = bare->cpu;
    bare->vector = VECTOR;
    set_vector(VECTOR, HANDLER);
    set_vector(VECTOR_NMI, NMI_ENTRY);
    poke(HANDLER, "\xf4", 1);
    poke(NMI_ENTRY, "\xf4", 1);
    poke(CODE, bytes, size);
    seg_set_paragraph(cpu, SEG_CS, 0);
    cpu->eip = CODE;
    cpu->reg[CPU_ESP] = STACK;
}

#define START(model, bytes) start(model, bytes, sizeof(bytes) - 1)

static void teardown(void)
{
    bare_destroy(bare);
    bare = NULL;
}

static uint16_t stack_word(unsigned n)
{
    return (uint16_t)mem_load(bare->mem, cpu->reg[CPU_ESP] + 2 * n, 2);
}

/* Interrupted at the n-th byte of the program, and in the handler. */
static void assert_taken(unsigned at)
{
    ck_assert_uint_eq(bare->acks, 1);
    ck_assert_uint_eq(cpu->eip, HANDLER);
    ck_assert_uint_eq(stack_word(0), CODE + at);
}

START_TEST(sti_holds_off_one_instruction)
{
    START((enum cpu_model)_i, "\xfb\x40\x40\x40"); /* sti, inc ax... */
    cpu_set_intr(cpu, true);
    bare_run(bare, 1);
    ck_assert_uint_eq(bare->acks, 0);
    bare_run(bare, 2);
    assert_taken(2);
    ck_assert_uint_eq(cpu->reg[CPU_EAX], 1);
    ck_assert_uint_eq(stack_word(2) & FLAG_IF, FLAG_IF);
    ck_assert_uint_eq(cpu->eflags & FLAG_IF, 0);
}
END_TEST

START_TEST(sti_then_cli_lets_nothing_in)
{
    START((enum cpu_model)_i, "\xfb\xfa\x40\x40");
    cpu_set_intr(cpu, true);
    bare_run(bare, 4);
    ck_assert_uint_eq(bare->acks, 0);
    ck_assert_uint_eq(cpu->reg[CPU_EAX], 2);
}
END_TEST

START_TEST(second_sti_has_no_shadow)
{
    START(CPU_486, "\xfb\xfb\x40");
    bare_run(bare, 1);
    cpu_set_intr(cpu, true);
    bare_run(bare, 1);
    ck_assert_uint_eq(bare->acks, 0); /* the first one's shadow */
    bare_run(bare, 1);
    assert_taken(2);
}
END_TEST

START_TEST(popf_has_no_shadow)
{
    START((enum cpu_model)_i, "\x9d\x40\x40");
    poke(STACK, "\x02\x02", 2);
    cpu_set_intr(cpu, true);
    bare_run(bare, 2);
    assert_taken(1);
}
END_TEST

START_TEST(iret_has_no_shadow)
{
    START((enum cpu_model)_i, "\xcf\x40\x40");
    poke(STACK, "\x02\x70\x00\x00\x02\x02", 6); /* 0:7002, IF */
    cpu_set_intr(cpu, true);
    bare_run(bare, 2);
    assert_taken(2);
}
END_TEST

START_TEST(ss_load_holds_off_everything)
{
    /* mov ss, bx; inc ax; inc ax */
    START((enum cpu_model)_i, "\x8e\xd3\x40\x40");
    flags_set(cpu, FLAG_IF, FLAG_IF);
    bare_run(bare, 1);
    cpu_raise_nmi(cpu);
    cpu_set_intr(cpu, true);
    bare_run(bare, 1);
    ck_assert_uint_eq(cpu->reg[CPU_EAX], 1);
    ck_assert_uint_eq(cpu->eip, CODE + 3);
    bare_run(bare, 1);
    ck_assert_uint_eq(cpu->eip, NMI_ENTRY);
    ck_assert_uint_eq(stack_word(0), CODE + 3);
    ck_assert_uint_eq(bare->acks, 0);
}
END_TEST

START_TEST(pop_ss_holds_off)
{
    START((enum cpu_model)_i, "\x17\x40\x40");
    flags_set(cpu, FLAG_IF, FLAG_IF);
    bare_run(bare, 1);
    cpu_set_intr(cpu, true);
    bare_run(bare, 2);
    assert_taken(2);
}
END_TEST

/* An 8086 does so for every segment register, later ones for SS alone. */
START_TEST(ds_load_holds_off_an_8086)
{
    START((enum cpu_model)_i, "\x8e\xdb\x40\x40"); /* mov ds, bx */
    flags_set(cpu, FLAG_IF, FLAG_IF);
    bare_run(bare, 1);
    cpu_set_intr(cpu, true);
    bare_run(bare, 2);
    if (_i == CPU_8086)
        assert_taken(3);
    else
        ck_assert_uint_eq(stack_word(0), CODE + 2);
}
END_TEST

START_TEST(withdrawn_request_is_forgotten)
{
    START(CPU_486, "\x40\xfb\x40\x40\x40");
    cpu_set_intr(cpu, true);
    bare_run(bare, 1);
    cpu_set_intr(cpu, false);
    bare_run(bare, 4);
    ck_assert_uint_eq(bare->acks, 0);
    ck_assert_uint_eq(cpu->eip, CODE + 5);
}
END_TEST

START_TEST(nmi_is_blocked_until_iret)
{
    START((enum cpu_model)_i, "\x40\x40\x40");
    poke(NMI_ENTRY, "\x43\x43\xcf", 3); /* inc bx, inc bx, iret */
    cpu_raise_nmi(cpu);
    bare_run(bare, 2);
    ck_assert_uint_eq(cpu->reg[CPU_EBX], 1);
    cpu_raise_nmi(cpu);
    bare_run(bare, 1); /* the second inc, not the second NMI */
    ck_assert_uint_eq(cpu->reg[CPU_EBX], 2);
    bare_run(bare, 2); /* iret, then the NMI that waited */
    ck_assert_uint_eq(cpu->eip, NMI_ENTRY);
    ck_assert_uint_eq(stack_word(0), CODE);
    bare_run(bare, 4);
    ck_assert_uint_eq(cpu->reg[CPU_EBX], 4);
    ck_assert_uint_eq(cpu->reg[CPU_EAX], 1);
}
END_TEST

START_TEST(nmi_nests_on_an_8086)
{
    START(CPU_8086, "\x40\x40\x40");
    poke(NMI_ENTRY, "\x43\x43\xcf", 3);
    cpu_raise_nmi(cpu);
    bare_run(bare, 2);
    cpu_raise_nmi(cpu);
    bare_run(bare, 1);
    ck_assert_uint_eq(cpu->eip, NMI_ENTRY);
    ck_assert_uint_eq(cpu->reg[CPU_EBX], 1);
}
END_TEST

START_TEST(nmi_goes_before_intr)
{
    START((enum cpu_model)_i, "\x40\x40");
    flags_set(cpu, FLAG_IF, FLAG_IF);
    cpu_set_intr(cpu, true);
    cpu_raise_nmi(cpu);
    bare_run(bare, 1);
    ck_assert_uint_eq(cpu->eip, NMI_ENTRY);
    ck_assert_uint_eq(bare->acks, 0);
}
END_TEST

START_TEST(trap_goes_before_nmi)
{
    START(CPU_486, "\x40\x40");
    set_vector(VECTOR_DB, 0x7a00);
    poke(0x7a00, "\x90", 1);
    flags_set(cpu, FLAG_TF, FLAG_TF);
    events_refresh(cpu);
    bare_run(bare, 1);
    cpu_raise_nmi(cpu);
    bare_run(bare, 1); /* the trap */
    ck_assert_uint_eq(cpu->eip, 0x7a00);
    ck_assert_uint_eq(stack_word(0), CODE + 1);
    bare_run(bare, 1); /* the NMI, before the handler's first instruction */
    ck_assert_uint_eq(cpu->eip, NMI_ENTRY);
    ck_assert_uint_eq(stack_word(0), 0x7a00);
}
END_TEST

START_TEST(hlt_waits_for_an_interrupt)
{
    START((enum cpu_model)_i, "\xfb\xf4\x40");
    ck_assert_int_eq(bare_run(bare, 10), BARE_HALTED);
    ck_assert(cpu_is_halted(cpu));
    cpu_set_intr(cpu, true);
    bare_run(bare, 1);
    assert_taken(2);
    ck_assert(!cpu_is_halted(cpu));
}
END_TEST

START_TEST(hlt_with_if_clear_needs_an_nmi)
{
    START((enum cpu_model)_i, "\xf4\x40");
    cpu_set_intr(cpu, true);
    ck_assert_int_eq(bare_run(bare, 10), BARE_HALTED);
    ck_assert_uint_eq(bare->acks, 0);
    cpu_raise_nmi(cpu);
    bare_run(bare, 1);
    ck_assert_uint_eq(cpu->eip, NMI_ENTRY);
    ck_assert_uint_eq(stack_word(0), CODE + 1);
}
END_TEST

START_TEST(sti_hlt_is_not_interrupted_between)
{
    START((enum cpu_model)_i, "\xfb\xf4\x40");
    cpu_set_intr(cpu, true);
    bare_run(bare, 3);
    assert_taken(2);
}
END_TEST

/* Stops inside a repeated instruction and comes back to it. */
START_TEST(rep_is_interrupted)
{
    START((enum cpu_model)_i, "\xf3\xaa\x40"); /* rep stosb */
    flags_set(cpu, FLAG_IF, FLAG_IF);
    cpu->reg[CPU_ECX] = 0x1000;
    cpu->reg[CPU_EDI] = 0x8000;
    poke(HANDLER, "\xcf", 1);
    bare_run(bare, 1);
    if (cpu->reg[CPU_ECX] != 0) { /* it yielded by itself */
        cpu_set_intr(cpu, true);
        bare_run(bare, 1);
        ck_assert_uint_eq(stack_word(0), CODE);
    }
    bare_run(bare, 0x2000);
    ck_assert_uint_eq(cpu->reg[CPU_ECX], 0);
    ck_assert_uint_eq(cpu->reg[CPU_EDI], 0x9000);
}
END_TEST

/* Vector table too short for anything: three faults deep. */
START_TEST(triple_fault_shuts_down)
{
    START((enum cpu_model)_i, "\xcd\x40\x40");
    cpu->idtr.limit = 0;
    ck_assert_int_eq(bare_run(bare, 10), BARE_SHUTDOWN);
    ck_assert(cpu->shutdown);
    cpu_reset(cpu);
    ck_assert(!cpu->shutdown);
    ck_assert_uint_eq(cpu->seg[SEG_CS].selector, 0xf000);
}
END_TEST

/* An 8086 returns from a divide error to what follows, a 286 to the DIV. */
START_TEST(divide_error_by_model)
{
    START((enum cpu_model)_i, "\xf6\xf3\x40"); /* div bl */
    set_vector(VECTOR_DE, 0x7a00);
    poke(0x7a00, "\x90", 1);
    bare_run(bare, 1);
    bare_run(bare, 1);
    ck_assert_uint_eq(stack_word(0), _i == CPU_8086 ? CODE + 2 : CODE);
}
END_TEST

struct reset_case {
    enum cpu_model model;
    uint32_t eip, base, edx, cr0, flags;
    uint16_t selector;
};

/* clang-format off */
static const struct reset_case resets[] = {
    {CPU_8086, 0x0000, 0x000ffff0, 0x0000, 0x00000000, 0x0002, 0xffff},
    {CPU_286,  0xfff0, 0x00ff0000, 0x0000, 0x00000000, 0x0002, 0xf000},
    {CPU_386,  0xfff0, 0xffff0000, 0x0308, 0x00000000, 0x0002, 0xf000},
    {CPU_486,  0xfff0, 0xffff0000, 0x0435, 0x60000010, 0x0002, 0xf000},
    {CPU_PENTIUM,  0xfff0, 0xffff0000, 0x0543, 0x60000010, 0x0002, 0xf000},
    {CPU_PENTIUM2, 0xfff0, 0xffff0000, 0x0652, 0x60000010, 0x0002, 0xf000},
    {CPU_PENTIUM3, 0xfff0, 0xffff0000, 0x0686, 0x60000010, 0x0002, 0xf000},
    {CPU_PENTIUM4, 0xfff0, 0xffff0000, 0x0f29, 0x60000010, 0x0002, 0xf000},
};
/* clang-format on */

START_TEST(reset_values)
{
    const struct reset_case *r = &resets[_i];

    ck_assert_int_eq(bare_create(&bare, r->model, MIB(1)), STATUS_OK);
    cpu = bare->cpu;
    ck_assert_uint_eq(cpu->eip, r->eip);
    ck_assert_uint_eq(cpu->seg[SEG_CS].selector, r->selector);
    ck_assert_uint_eq(cpu->seg[SEG_CS].base, r->base);
    ck_assert_uint_eq(cpu->reg[CPU_EDX], r->edx);
    ck_assert_uint_eq(cpu->cr0, r->cr0);
    ck_assert_uint_eq(flags_get(cpu) & 0xfff, r->flags);
    ck_assert_uint_eq(cpu->idtr.base, 0);
    ck_assert_uint_eq(cpu->idtr.limit, 0x3ff);
    for (unsigned seg = 0; seg < SEG_LDTR; seg++) {
        ck_assert_uint_eq(cpu->seg[seg].limit, 0xffff);
        if (seg != SEG_CS)
            ck_assert_uint_eq(cpu->seg[seg].base, 0);
    }
    ck_assert_uint_eq(cpu->cpl, 0);
    ck_assert(!cpu->user);
}
END_TEST

/* A reset in the middle of anything gives the reset state. */
START_TEST(reset_forgets)
{
    START(CPU_486, "\xfb\x40");
    cpu_set_intr(cpu, true);
    cpu_raise_nmi(cpu);
    cpu->reg[CPU_EAX] = 5;
    cpu->cr0 |= CR0_PE;
    cpu->cpl = 3;
    seg_update(cpu, SEG_CS);
    cpu_reset(cpu);
    ck_assert_uint_eq(cpu->reg[CPU_EAX], 0);
    ck_assert_uint_eq(cpu->cpl, 0);
    ck_assert(!cpu->user && !cpu->nmi_pending && !cpu->fault.pending);
    ck_assert_uint_eq(cpu->eip, 0xfff0);
    ck_assert(cpu->intr_level); /* a pin */
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("cpu/sys_event");
    TCase *all = tcase_create("every model");
    TCase *some = tcase_create("some models");

    tcase_add_checked_fixture(all, NULL, teardown);
    tcase_add_loop_test(all, sti_holds_off_one_instruction, 0, CPU_MODELS);
    tcase_add_loop_test(all, sti_then_cli_lets_nothing_in, 0, CPU_MODELS);
    tcase_add_loop_test(all, popf_has_no_shadow, 0, CPU_MODELS);
    tcase_add_loop_test(all, iret_has_no_shadow, 0, CPU_MODELS);
    tcase_add_loop_test(all, ss_load_holds_off_everything, 0, CPU_MODELS);
    tcase_add_loop_test(all, pop_ss_holds_off, 0, CPU_MODELS);
    tcase_add_loop_test(all, ds_load_holds_off_an_8086, 0, CPU_MODELS);
    tcase_add_loop_test(all, nmi_goes_before_intr, 0, CPU_MODELS);
    tcase_add_loop_test(all, hlt_waits_for_an_interrupt, 0, CPU_MODELS);
    tcase_add_loop_test(all, hlt_with_if_clear_needs_an_nmi, 0, CPU_MODELS);
    tcase_add_loop_test(all, sti_hlt_is_not_interrupted_between, 0, CPU_MODELS);
    tcase_add_loop_test(all, rep_is_interrupted, 0, CPU_MODELS);
    tcase_add_loop_test(all, divide_error_by_model, 0, CPU_MODELS);
    suite_add_tcase(suite, all);

    tcase_add_checked_fixture(some, NULL, teardown);
    tcase_add_loop_test(some, triple_fault_shuts_down, CPU_286, CPU_MODELS);
    tcase_add_loop_test(some, nmi_is_blocked_until_iret, CPU_286, CPU_MODELS);
    tcase_add_test(some, nmi_nests_on_an_8086);
    tcase_add_test(some, second_sti_has_no_shadow);
    tcase_add_test(some, withdrawn_request_is_forgotten);
    tcase_add_test(some, trap_goes_before_nmi);
    tcase_add_loop_test(some, reset_values, 0, ARRAY_LEN(resets));
    tcase_add_test(some, reset_forgets);
    suite_add_tcase(suite, some);
    return suite;
}
