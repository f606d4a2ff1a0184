/* Points, steps and traces, in real mode: programs are a few bytes at
 * 07C0:0000. What the guest can see must not depend on any of them. */
#include "cpu/debug.h"

#include <string.h>

#include "core/types.h"
#include "cpu/seg.h"
#include "cpu/sys.h"
#include "tests/cpu/bare.h"
#include "tests/suite.h"

#define SEGMENT 0x7c0u
#define CODE    0x7c00u
#define HANDLER 0x7800u /* of vector 40 */
#define STACK   0x6000u
#define VECTOR  0x40
#define DATA    0x5000u

static struct bare *bare;
static struct cpu *cpu;

static void poke(paddr addr, const char *bytes, size_t size)
{
    mem_poke(bare->mem, addr, bytes, size);
}

static void start(enum cpu_model model, const char *bytes, size_t size)
{
    ck_assert_int_eq(bare_create(&bare, model, MIB(1)), STATUS_OK);
    cpu = bare->cpu;
    bare->vector = VECTOR;
    poke(VECTOR * 4, "\x00\x78\x00\x00", 4);
    poke(HANDLER, "\x43\x43\xcf", 3); /* inc bx, inc bx, iret */
    poke(CODE, bytes, size);
    seg_set_paragraph(cpu, SEG_CS, SEGMENT);
    cpu->eip = 0;
    cpu->reg[CPU_ESP] = STACK;
    cpu->reg[CPU_EDI] = DATA;
    cpu->reg[CPU_ESI] = DATA;
    cpu->reg[CPU_EDX] = 0;
}

#define START(bytes) start(CPU_486, bytes, sizeof(bytes) - 1)

static void teardown(void)
{
    bare_destroy(bare);
    bare = NULL;
}

static unsigned insert(const struct debug_point *point)
{
    unsigned number = 0;

    ck_assert_int_eq(debug_insert(cpu, point, &number), STATUS_OK);
    return number;
}

static unsigned break_at(laddr addr)
{
    return insert(&(struct debug_point){.kind = DEBUG_INSN, .addr = addr});
}

static unsigned watch(uint64_t addr, uint64_t length, unsigned access,
                      bool physical)
{
    return insert(&(struct debug_point){.kind = DEBUG_DATA,
                                        .access = (uint8_t)access,
                                        .physical = physical,
                                        .addr = addr,
                                        .length = length});
}

static laddr pc(void)
{
    return cpu->seg[SEG_CS].base + cpu->eip;
}

/* Runs until a stop, which must be at `at` after `insns` in all. */
static const struct debug_stop *run_to(laddr at, uint64_t insns)
{
    ck_assert_int_eq(bare_run(bare, 100000), BARE_DEBUG);
    ck_assert_uint_eq(pc(), at);
    ck_assert_uint_eq(bare->clock->insns, insns);
    return debug_last_stop(cpu);
}

static void assert_point(const struct debug_stop *stop, unsigned point)
{
    ck_assert_int_eq(stop->reason, DEBUG_POINT);
    ck_assert_uint_eq(stop->point, point);
}

/* inc ax; inc cx; dec dx; jmp $-5 */
#define LOOP "\x40\x41\x4a\xeb\xfb"

START_TEST(break_stops_before_each_visit)
{
    unsigned number;

    START(LOOP);
    number = break_at(CODE + 2);
    assert_point(run_to(CODE + 2, 2), number);
    ck_assert_uint_eq(cpu->reg[CPU_ECX], 1);
    ck_assert_uint_eq(cpu->reg[CPU_EDX], 0);
    assert_point(run_to(CODE + 2, 6), number);
    ck_assert_uint_eq(cpu->reg[CPU_EDX], UINT32_MAX & 0xffff);
    assert_point(run_to(CODE + 2, 10), number);
    debug_remove(cpu, number);
    ck_assert_int_eq(bare_run(bare, 1000), BARE_LIMIT);
}
END_TEST

START_TEST(break_in_a_loop_that_runs_already)
{
    START(LOOP);
    ck_assert_int_eq(bare_run(bare, 4000), BARE_LIMIT);
    break_at(CODE + 1);
    run_to(CODE + 1, 4001);
    run_to(CODE + 1, 4005);
}
END_TEST

START_TEST(break_at_reset_vector)
{
    START(LOOP);
    break_at(CODE);
    run_to(CODE, 0);
    run_to(CODE, 4);
}
END_TEST

/* The same offset in another page, and a physical point with another linear
 * address, are no hit. */
START_TEST(break_is_exact)
{
    START(LOOP);
    break_at(CODE + 2 + 0x1000);
    insert(&(struct debug_point){
        .kind = DEBUG_INSN, .physical = true, .addr = CODE + 2 + 0x100000});
    ck_assert_int_eq(bare_run(bare, 1000), BARE_LIMIT);
}
END_TEST

START_TEST(break_at_physical_address)
{
    START(LOOP);
    insert(&(struct debug_point){
        .kind = DEBUG_INSN, .physical = true, .addr = CODE + 3});
    run_to(CODE + 3, 3);
}
END_TEST

/* Once, not at each iteration, also with interrupts in between. */
START_TEST(break_at_rep)
{
    START("\xfb\xb9\x05\x00\xf3\xaa\x90"); /* mov cx,5; rep stosb; nop */
    break_at(CODE + 4);
    run_to(CODE + 4, 2);
    if (_i)
        cpu_set_intr(cpu, true);
    break_at(CODE + 6);
    run_to(CODE + 6, _i ? 11 : 7);
}
END_TEST

START_TEST(two_points_and_two_names)
{
    unsigned first, second;

    START(LOOP);
    first = break_at(CODE + 1);
    second = break_at(CODE + 1);
    ck_assert_uint_ne(first, second);
    assert_point(run_to(CODE + 1, 1), first);
    debug_remove(cpu, first);
    assert_point(run_to(CODE + 1, 5), second);
}
END_TEST

START_TEST(too_many_points)
{
    const struct debug_point point = {.kind = DEBUG_INSN, .addr = 1};
    unsigned number;

    START(LOOP);
    for (unsigned i = 0; i < DEBUG_POINTS; i++)
        ck_assert_uint_eq(insert(&point), i);
    ck_assert_int_eq(debug_insert(cpu, &point, &number), STATUS_NO_MEMORY);
    debug_remove(cpu, 17);
    ck_assert_uint_eq(insert(&point), 17);
}
END_TEST

static const struct {
    struct debug_point point;
    enum status status;
} bad[] = {
    {{.kind = DEBUG_DATA, .addr = 1, .length = 4}, STATUS_BAD_ARGUMENT},
    {{.kind = DEBUG_DATA, .addr = 1, .access = 3}, STATUS_BAD_ARGUMENT},
    {{.kind = DEBUG_DATA, .addr = UINT32_MAX, .length = 2, .access = 3},
     STATUS_BAD_ARGUMENT},
    {{.kind = DEBUG_DATA, .addr = UINT32_MAX, .length = 1, .access = 3},
     STATUS_OK},
    {{.kind = DEBUG_INSN, .addr = UINT64_C(1) << 32}, STATUS_BAD_ARGUMENT},
    {{.kind = DEBUG_PORT, .addr = 0xffff, .length = 2, .access = 1},
     STATUS_BAD_ARGUMENT},
    {{.kind = DEBUG_VECTOR, .addr = 0, .length = 257}, STATUS_BAD_ARGUMENT},
    {{.kind = DEBUG_MODE}, STATUS_BAD_ARGUMENT},
};

START_TEST(bad_points_are_refused)
{
    unsigned number;

    START(LOOP);
    ck_assert_int_eq(debug_insert(cpu, &bad[_i].point, &number),
                     bad[_i].status);
}
END_TEST

/* Data. */

/* mov [di],ax; mov ax,[si]; inc byte [si+1]; hlt */
#define MOVES "\x89\x05\x8b\x04\xfe\x44\x01\xf4"

static const struct {
    uint64_t addr, length;
    unsigned access;
    laddr stop; /* behind CODE */
    uint64_t insns;
} watches[] = {
    {DATA, 2, DEBUG_WRITE, 2, 1}, {DATA + 1, 1, DEBUG_WRITE, 2, 1},
    {DATA, 1, DEBUG_READ, 4, 2},  {DATA - 4, 5, DEBUG_READ, 4, 2},
    {DATA, 1, 3, 2, 1},           {DATA + 1, 1, DEBUG_READ, 4, 2},
    {DATA + 2, 2, 3, 0, 0},       {DATA - 4, 4, 3, 0, 0},
    {DATA + 0x10000, 2, 3, 0, 0}, {DATA - 2, 100, DEBUG_WRITE, 2, 1},
};

START_TEST(watch_stops_after_the_access)
{
    bool physical = _i & 1;

    START(MOVES);
    watch(watches[_i / 2].addr, watches[_i / 2].length, watches[_i / 2].access,
          physical);
    if (watches[_i / 2].stop)
        run_to(CODE + watches[_i / 2].stop, watches[_i / 2].insns);
    else
        ck_assert_int_eq(bare_run(bare, 1000), BARE_HALTED);
}
END_TEST

START_TEST(watch_tells_what_changed)
{
    const struct debug_stop *stop;

    START(MOVES);
    poke(DATA, "\x34\x12", 2);
    cpu->reg[CPU_EAX] = 0xabcd;
    watch(DATA, 4, DEBUG_WRITE, false);
    stop = run_to(CODE + 2, 1);
    ck_assert_uint_eq(stop->kind, DEBUG_DATA);
    ck_assert(stop->write && !stop->bus_master && stop->has_values);
    ck_assert_uint_eq(stop->addr, DATA);
    ck_assert_uint_eq(stop->size, 2);
    ck_assert_uint_eq(stop->old, 0x1234);
    ck_assert_uint_eq(stop->value, 0xabcd);
    stop = run_to(CODE + 7, 3);
    ck_assert_uint_eq(stop->addr, DATA + 1);
    ck_assert_uint_eq(stop->old, 0xab);
    ck_assert_uint_eq(stop->value, 0xac);
}
END_TEST

/* Across a page: both parts are looked at. */
START_TEST(watch_sees_both_pages)
{
    START(MOVES);
    cpu->reg[CPU_EDI] = 0x5fff;
    watch(0x6000, 1, DEBUG_WRITE, _i);
    run_to(CODE + 2, 1);
}
END_TEST

START_TEST(watch_in_a_page_with_code)
{
    START(MOVES);
    cpu->reg[CPU_EDI] = CODE + 0x100;
    watch(CODE + 0x100, 2, DEBUG_WRITE, _i);
    run_to(CODE + 2, 1);
}
END_TEST

START_TEST(bus_master_is_seen)
{
    const struct debug_stop *stop;

    START(LOOP);
    watch(DATA + 2, 2, DEBUG_WRITE, true);
    mem_write(bare->mem, DATA, "\1\2\3\4", 4);
    stop = run_to(CODE, 0);
    ck_assert(stop->bus_master);
    ck_assert_uint_eq(stop->addr, DATA + 2);
    ck_assert_uint_eq(stop->value, 0x403);
}
END_TEST

START_TEST(faulting_access_is_none)
{
    /* mov [di],ax beyond the limit: #GP by way of vector 13 */
    START("\x89\x05\x90");
    poke(13 * 4, "\x00\x78\x00\x00", 4);
    cpu->reg[CPU_EDI] = 0xffff;
    watch(0xffff, 2, 3, false);
    ck_assert_int_eq(bare_run(bare, 20), BARE_LIMIT);
    ck_assert_uint_ge(cpu->reg[CPU_EBX], 2); /* the handler ran */
}
END_TEST

/* Other stops. */

START_TEST(port_stops)
{
    /* out 80,al; in al,80; out 81,ax */
    START("\xe6\x80\xe4\x80\xe7\x81\xeb\xfe");
    cpu->reg[CPU_EAX] = 0x1234;
    insert(&(struct debug_point){
        .kind = DEBUG_PORT, .access = DEBUG_READ, .addr = 0x80, .length = 1});
    insert(&(struct debug_point){
        .kind = DEBUG_PORT, .access = DEBUG_WRITE, .addr = 0x82, .length = 4});
    ck_assert_uint_eq(run_to(CODE + 4, 2)->value, 0xff);
    ck_assert_uint_eq(run_to(CODE + 6, 3)->value, 0x12ff);
}
END_TEST

START_TEST(vector_stops_in_its_handler)
{
    unsigned number;

    START("\xcd\x40\xeb\xfe"); /* int 40 */
    number = insert(
        &(struct debug_point){.kind = DEBUG_VECTOR, .addr = 0x3f, .length = 2});
    assert_point(run_to(HANDLER, 1), number);
    ck_assert_uint_eq(debug_last_stop(cpu)->addr, 0x40);
}
END_TEST

START_TEST(mode_stops)
{
    const struct debug_stop *stop;

    START("\x0f\x20\xc0\x40\x0f\x22\xc0\xeb\xfe"); /* sets PE */
    insert(&(struct debug_point){.kind = DEBUG_MODE, .addr = DEBUG_MODE_PE});
    stop = run_to(CODE + 7, 3);
    ck_assert_uint_eq(stop->old, 0);
    ck_assert_uint_eq(stop->value, DEBUG_MODE_PE);
}
END_TEST

/* Steps. */

static const struct debug_stop *step(unsigned how, laddr at, uint64_t insns)
{
    debug_step(cpu, how);
    return run_to(at, insns);
}

START_TEST(step_is_one_instruction)
{
    START(LOOP);
    break_at(CODE + 2);
    for (unsigned i = 0; i < 10; i++) {
        step(0, CODE + 1, 4 * i + 1);
        ck_assert_int_eq(step(0, CODE + 2, 4 * i + 2)->reason, DEBUG_STEPPED);
        step(0, CODE + 3, 4 * i + 3);
        step(0, CODE, 4 * i + 4);
    }
}
END_TEST

START_TEST(step_of_rep)
{
    START("\xb9\x05\x00\xf3\xaa\x90"); /* mov cx,5; rep stosb; nop */
    step(0, CODE + 3, 1);
    if (_i) {
        step(DEBUG_STEP_REP, CODE + 3, 2);
        ck_assert_uint_eq(cpu->reg[CPU_ECX], 4);
        step(DEBUG_STEP_REP, CODE + 3, 3);
    }
    step(0, CODE + 5, 6);
    step(0, CODE + 6, 7);
}
END_TEST

START_TEST(step_of_a_loop_to_itself)
{
    START("\xeb\xfe");
    for (unsigned i = 1; i < 10; i++)
        step(0, CODE, i);
}
END_TEST

/* The interrupt comes in place of the instruction at CODE. */
START_TEST(step_over_or_into_an_interrupt)
{
    START(LOOP);
    cpu->eflags |= FLAG_IF;
    cpu_set_intr(cpu, true);
    if (_i) {
        step(DEBUG_STEP_INTO, HANDLER, 1);
        step(DEBUG_STEP_INTO, HANDLER + 1, 2);
        return;
    }
    step(0, CODE + 1, 5);
    ck_assert_uint_eq(cpu->reg[CPU_EBX], 2);
    ck_assert_uint_eq(cpu->reg[CPU_EAX], 1);
}
END_TEST

START_TEST(step_over_an_interrupt_in_rep)
{
    START("\xb9\x05\x00\xf3\xaa\x90");
    step(0, CODE + 3, 1);
    cpu->eflags |= FLAG_IF;
    cpu_set_intr(cpu, true);
    step(0, CODE + 5, 10);
    ck_assert_uint_eq(cpu->reg[CPU_EBX], 2);
    ck_assert_uint_eq(cpu->reg[CPU_ECX], 0);
}
END_TEST

START_TEST(points_count_in_a_handler_stepped_over)
{
    unsigned number;

    START(LOOP);
    cpu->eflags |= FLAG_IF;
    cpu_set_intr(cpu, true);
    number = break_at(HANDLER + 1);
    assert_point(step(0, HANDLER + 1, 2), number);
}
END_TEST

/* STI holds off the interrupt for one instruction; a stop in between does not
 * use that up. */
START_TEST(stops_keep_shadows)
{
    START("\xfb\x40\x40\x40");
    cpu_set_intr(cpu, true);
    break_at(CODE + 1);
    run_to(CODE + 1, 1);
    if (_i) {
        step(DEBUG_STEP_INTO, HANDLER, 3);
        return;
    }
    step(0, CODE + 2, 2);
    step(0, CODE + 3, 7);
}
END_TEST

START_TEST(step_of_hlt)
{
    START("\xfb\xf4\x40");
    step(0, CODE + 1, 1);
    step(0, CODE + 2, 2);
    ck_assert(cpu_is_halted(cpu));
    debug_step(cpu, 0);
    ck_assert_int_eq(bare_run(bare, 10), BARE_HALTED);
    cpu_set_intr(cpu, true);
    run_to(CODE + 3, 7);
}
END_TEST

/* A program with loops, strings, software interrupts, single-step traps,
 * stores into its own code, and interrupts from outside. */
static const char program[] =
    "\xfb\xb9\x20\x00\xbf\x00\x50" /* sti; mov cx,20; mov di,5000 */
    "\xf3\xaa\xcd\x40"             /* rep stosb; int 40 */
    "\x9c\x58\x80\xf4\x01"         /* pushf; pop ax; xor ah,1: TF */
    "\x50\x9d\x40\x43"             /* push ax; popf; inc ax; inc bx */
    "\x2e\xfe\x06\x1a\x00"         /* inc byte cs:[001a], which is */
    "\xb0\x00"                     /* mov al,0's operand */
    "\x8c\xd2\x8e\xd2\x42"         /* mov dx,ss; mov ss,dx; inc dx */
    "\xfb\x42\xe4\x80\xe6\x80"     /* sti; inc dx; in al,80; out 80,al */
    "\x88\x05\x8a\x04"             /* mov [di],al; mov al,[si] */
    "\xeb\xd4";

static void start_program(void)
{
    start(CPU_486, program, sizeof(program) - 1);
    poke(1 * 4, "\x00\x78\x00\x00", 4);
}

/* Raises INTR every 97 instructions. Stops do not count as such. */
static uint64_t run_program(unsigned rounds, void (*between)(void))
{
    for (unsigned i = 1; i <= rounds; i++) {
        uint64_t end = (uint64_t)i * 97;

        while (bare->clock->insns < end) {
            enum bare_end why = bare_run(bare, end - bare->clock->insns);

            ck_assert(why == BARE_DEBUG || why == BARE_LIMIT);
            if (why == BARE_DEBUG && between)
                between();
        }
        cpu_set_intr(cpu, true);
    }
    return cpu_state_hash(cpu, state_hash_bytes(STATE_HASH_INIT, bare->mem->ram,
                                                bare->mem->ram_bytes));
}

static void step_into(void)
{
    debug_step(cpu, DEBUG_STEP_INTO | DEBUG_STEP_REP);
}

static void step_over(void)
{
    debug_step(cpu, 0);
}

static void look(void)
{
    struct debug_registers regs;
    paddr phys;

    debug_get_registers(cpu, &regs);
    ck_assert(debug_translate(cpu, regs.value[DEBUG_PC], &phys));
}

static bool trace_nothing(void *self, bool again)
{
    (void)self;
    (void)again;
    look();
    return true;
}

static void look_in(unsigned way)
{
    static const struct debug_tracer tracer = {.insn = trace_nothing};

    if (way & 1) {
        for (unsigned i = 0; i < 48; i++)
            break_at(CODE + i);
    }
    if (way & 2) {
        watch(DATA, 64, 3, false);
        watch(CODE, 64, 3, true);
    }
    if (way & 4) {
        insert(&(struct debug_point){
            .kind = DEBUG_PORT, .access = 3, .addr = 0x80, .length = 1});
        insert(&(struct debug_point){
            .kind = DEBUG_VECTOR, .addr = 0, .length = 256});
        insert(&(struct debug_point){.kind = DEBUG_MODE, .addr = 15});
    }
    if (way & 8)
        debug_set_tracer(cpu, &tracer);
}

START_TEST(looking_changes_nothing)
{
    static void (*const between[])(void) = {look, step_into, step_over};
    uint64_t expected;

    start_program();
    expected = run_program(100, NULL);
    ck_assert_uint_gt(bare->acks, 90);
    teardown();
    start_program();
    look_in(_i % 16);
    if (_i >= 16)
        between[_i / 16]();
    ck_assert_uint_eq(run_program(100, between[_i / 16]), expected);
}
END_TEST

/* The trace has the instructions that were stepped. */
static laddr traced[4096];
static unsigned traced_count;

static bool trace_pc(void *self, bool again)
{
    (void)self;
    if (!again)
        traced[traced_count++] = pc();
    return traced_count < ARRAY_LEN(traced);
}

START_TEST(steps_equal_the_trace)
{
    const struct debug_tracer tracer = {.insn = trace_pc};

    traced_count = 0;
    start_program();
    debug_set_tracer(cpu, &tracer);
    ck_assert_int_eq(bare_run(bare, 6000), BARE_LIMIT);
    debug_set_tracer(cpu, NULL);
    ck_assert_uint_gt(traced_count, 2000);
    teardown();
    start_program();
    for (unsigned i = 0; i < 2000; i++) {
        ck_assert_uint_eq(pc(), traced[i]);
        debug_step(cpu, DEBUG_STEP_INTO);
        ck_assert_int_eq(bare_run(bare, 1000), BARE_DEBUG);
    }
}
END_TEST

/* Registers. */
START_TEST(pc_is_linear)
{
    struct debug_registers regs;

    START(LOOP);
    debug_get_registers(cpu, &regs);
    ck_assert_uint_eq(regs.value[DEBUG_PC], CODE);
    ck_assert_uint_eq(regs.value[DEBUG_EIP], 0);
    ck_assert_uint_eq(regs.value[DEBUG_CS], SEGMENT);
    ck_assert(debug_set_register(cpu, DEBUG_PC, CODE + 3));
    ck_assert_uint_eq(cpu->eip, 3);
    ck_assert(debug_set_register(cpu, DEBUG_PC, 0x1234));
    ck_assert_uint_eq(cpu->seg[SEG_CS].selector, 0);
    ck_assert_uint_eq(cpu->eip, 0x1234);
    ck_assert(debug_set_register(cpu, DEBUG_PC, 0xffff0));
    ck_assert_uint_eq(cpu->seg[SEG_CS].selector, 0xf000);
    ck_assert_uint_eq(cpu->eip, 0xfff0);
    ck_assert(!debug_set_register(cpu, DEBUG_PC, 0x200000));
    ck_assert_uint_eq(pc(), 0xffff0);
}
END_TEST

START_TEST(registers_are_set_as_instructions_do)
{
    START(LOOP);
    ck_assert(debug_set_register(cpu, DEBUG_ESI, 77));
    ck_assert_uint_eq(cpu->reg[CPU_ESI], 77);
    ck_assert(debug_set_register(cpu, DEBUG_DS, 0x1000));
    ck_assert_uint_eq(cpu->seg[SEG_DS].base, 0x10000);
    ck_assert(debug_set_register(cpu, DEBUG_FS_BASE, 0x345));
    ck_assert_uint_eq(cpu->seg[SEG_FS].base, 0x345);
    ck_assert(!debug_set_register(cpu, DEBUG_CR0, CR0_PG)); /* without PE */
    ck_assert(!cpu->fault.pending);
    ck_assert(debug_set_register(cpu, DEBUG_EFLAGS, FLAG_CF | FLAG_DF));
    ck_assert_uint_eq(flags_get(cpu), FLAG_CF | FLAG_DF | FLAG_ONE);
    ck_assert(!debug_set_register(cpu, DEBUG_FCTRL, 0)); /* no x87 here */
    ck_assert(!debug_set_register(cpu, DEBUG_CPL, 3));
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("cpu/debug");
    TCase *tcase = tcase_create("debug");

    tcase_add_checked_fixture(tcase, NULL, teardown);
    tcase_add_test(tcase, break_stops_before_each_visit);
    tcase_add_test(tcase, break_in_a_loop_that_runs_already);
    tcase_add_test(tcase, break_at_reset_vector);
    tcase_add_test(tcase, break_is_exact);
    tcase_add_test(tcase, break_at_physical_address);
    tcase_add_loop_test(tcase, break_at_rep, 0, 2);
    tcase_add_test(tcase, two_points_and_two_names);
    tcase_add_test(tcase, too_many_points);
    tcase_add_loop_test(tcase, bad_points_are_refused, 0, ARRAY_LEN(bad));
    tcase_add_loop_test(tcase, watch_stops_after_the_access, 0,
                        2 * ARRAY_LEN(watches));
    tcase_add_test(tcase, watch_tells_what_changed);
    tcase_add_loop_test(tcase, watch_sees_both_pages, 0, 2);
    tcase_add_loop_test(tcase, watch_in_a_page_with_code, 0, 2);
    tcase_add_test(tcase, bus_master_is_seen);
    tcase_add_test(tcase, faulting_access_is_none);
    tcase_add_test(tcase, port_stops);
    tcase_add_test(tcase, vector_stops_in_its_handler);
    tcase_add_test(tcase, mode_stops);
    tcase_add_test(tcase, step_is_one_instruction);
    tcase_add_loop_test(tcase, step_of_rep, 0, 2);
    tcase_add_test(tcase, step_of_a_loop_to_itself);
    tcase_add_loop_test(tcase, step_over_or_into_an_interrupt, 0, 2);
    tcase_add_test(tcase, step_over_an_interrupt_in_rep);
    tcase_add_test(tcase, points_count_in_a_handler_stepped_over);
    tcase_add_loop_test(tcase, stops_keep_shadows, 0, 2);
    tcase_add_test(tcase, step_of_hlt);
    tcase_add_loop_test(tcase, looking_changes_nothing, 0, 48);
    tcase_add_test(tcase, steps_equal_the_trace);
    tcase_add_test(tcase, pc_is_linear);
    tcase_add_test(tcase, registers_are_set_as_instructions_do);
    suite_add_tcase(suite, tcase);
    return suite;
}
