/* How the x87 meets the rest of the processor: faults, errors that wait, images
 * in memory. What its instructions compute is tested in test_fpu_x86.c. */
#include <string.h>

#include "cpu/fpu_int.h"
#include "cpu/interp.h"
#include "tests/cpu/engine.h"
#include "tests/suite.h"

#define RAM_BYTES 0x20000u
#define CODE      0x1000u
#define DATA      0x2000u

static struct mem *mem;
static struct bus *ports;
static struct clock *timer;
static struct cpu *cpu;
static bool ferr;

static void on_ferr(void *sink, unsigned pin, bool level)
{
    (void)sink;
    (void)pin;
    ferr = level;
}

/* In real mode at 0000:CODE, or nearly: vectors n go to 0000:0100 + n. */
static void create(enum cpu_model model, bool with_fpu)
{
    struct cpu_config config = {
        .model = model, .fpu = with_fpu, .ferr = {on_ferr, NULL, 0}};

    ferr = false;
    ck_assert_int_eq(mem_create(&mem, RAM_BYTES), STATUS_OK);
    ck_assert_int_eq(bus_create(&ports), STATUS_OK);
    ck_assert_int_eq(clock_create(&timer, 1000000), STATUS_OK);
    mem_map_host(mem, 0, RAM_BYTES, mem->ram);
    config.mem = mem;
    config.ports = ports;
    config.clock = timer;
    ck_assert_int_eq(cpu_create(&config, &cpu), STATUS_OK);
    ck_assert_int_eq(engine_plug(cpu), STATUS_OK);
    for (unsigned n = 0; n < 32; n++) {
        mem->ram[4 * n] = (uint8_t)n;
        mem->ram[4 * n + 1] = 1;
    }
    seg_set_paragraph(cpu, SEG_CS, 0);
    cpu->eip = CODE;
    cpu->reg[CPU_ESP] = 0x8000;
}

static void destroy(void)
{
    cpu_destroy(cpu);
    clock_destroy(timer);
    bus_destroy(ports);
    mem_destroy(mem);
}

/* Runs `count` instructions of `code`, put where EIP is. */
static enum cpu_stop run(const char *code, size_t size, unsigned count)
{
    mem_write(mem, cpu->eip, code, size);
    timer->stop_insns = timer->insns + count;
    return cpu_run(cpu);
}
#define RUN(code, count) run(code, sizeof(code) - 1, count)

static unsigned word(uint32_t at)
{
    return mem->ram[at] | (unsigned)mem->ram[at + 1] << 8;
}

#define FNINIT     "\xdb\xe3"
#define FLD1       "\xd9\xe8"
#define FLDZ       "\xd9\xee"
#define FDIVP      "\xde\xf9"
#define FLDCW      "\xd9\x2e\x00\x20" /* [2000] */
#define FNSTSW_AX  "\xdf\xe0"
#define FNCLEX     "\xdb\xe2"
#define FNSTENV    "\xd9\x36\x00\x20"
#define FST_DOUBLE "\xdd\x16\x00\x20"
#define FWAIT      "\x9b"
#define NOP        "\x90"

/* 1 / 0 with that exception unmasked: five instructions. */
#define DIVIDE FNINIT FLDCW FLD1 FLDZ FDIVP

static void unmask_zero_divide(void)
{
    mem->ram[DATA] = 0x7b;
    mem->ram[DATA + 1] = 0x03;
}

START_TEST(absent)
{
    create(CPU_386, false);
    cpu->reg[CPU_EAX] = 0x5a5a;
    RUN(FNINIT FNSTSW_AX, 2);
    ck_assert_uint_eq(cpu->reg[CPU_EAX], 0x5a5a);
    ck_assert_uint_eq(cpu->eip, CODE + 4);
    destroy();
}
END_TEST

START_TEST(present)
{
    create((enum cpu_model)_i, true);
    cpu->reg[CPU_EAX] = 0x5a5a;
    RUN(FNINIT FLD1 FNSTSW_AX, 3);
    ck_assert_uint_eq(cpu->reg[CPU_EAX], 0x3800);
    destroy();
}
END_TEST

START_TEST(not_available)
{
    create(CPU_486, true);
    cpu->cr0 |= CR0_TS;
    RUN(FNINIT, 1);
    ck_assert_uint_eq(cpu->eip, 0x100 + VECTOR_NM);
    cpu->eip = CODE;
    RUN(FWAIT, 1); /* MP is clear */
    ck_assert_uint_eq(cpu->eip, CODE + 1);
    cpu->cr0 |= CR0_MP;
    cpu->eip = CODE;
    RUN(FWAIT, 1);
    ck_assert_uint_eq(cpu->eip, 0x100 + VECTOR_NM);
    destroy();
}
END_TEST

/* With NE the next waiting instruction gets #MF, and is not run. */
START_TEST(native_error)
{
    create(CPU_486, true);
    unmask_zero_divide();
    cpu->cr0 |= CR0_NE;
    RUN(DIVIDE FNSTSW_AX NOP FLD1, 7);
    ck_assert_uint_eq(cpu->reg[CPU_EAX], 0xb084); /* B, TOP 6, ES, ZE */
    ck_assert(!ferr);
    timer->stop_insns = timer->insns + 1;
    cpu_run(cpu);
    ck_assert_uint_eq(cpu->eip, 0x100 + VECTOR_MF);
    ck_assert_uint_eq(word(cpu->reg[CPU_ESP]), CODE + 15);
    ck_assert_uint_eq(cpu->fpu.top, 6);
    destroy();
}
END_TEST

/* Without, FERR# rises at once and the processor stands still. */
START_TEST(wired_error)
{
    create((enum cpu_model)_i, true);
    unmask_zero_divide();
    RUN(DIVIDE NOP FWAIT NOP, 6);
    ck_assert(ferr);
    timer->stop_insns = timer->insns + 10;
    ck_assert_int_eq(cpu_run(cpu), CPU_STOP_HALT);
    ck_assert_uint_eq(cpu->eip, CODE + 13);
    cpu_set_ignne(cpu, true);
    cpu->halted = false; /* as an interrupt would do */
    timer->stop_insns = timer->insns + 2;
    ck_assert_int_eq(cpu_run(cpu), CPU_STOP_COUNT);
    ck_assert_uint_eq(cpu->eip, CODE + 15);
    RUN(FNCLEX, 1);
    ck_assert(!ferr);
    destroy();
}
END_TEST

/* A store that faults changes neither flags, stack nor pointers. */
START_TEST(faulting_store)
{
    create(CPU_486, true);
    RUN(FNINIT FLD1, 2);
    cpu->seg[SEG_DS].limit = DATA + 6;
    seg_update_all(cpu);
    cpu->fpu.ip = 0x1234;
    cpu->fpu.control = 0x37f;
    RUN("\xdd\x1e\x00\x20", 1); /* FSTP m64 */
    ck_assert_uint_eq(cpu->eip, 0x100 + VECTOR_GP);
    ck_assert_uint_eq(cpu->fpu.top, 7);
    ck_assert_uint_eq(cpu->fpu.ip, 0x1234);
    ck_assert_uint_eq(word(DATA), 0);
    destroy();
}
END_TEST

/* Up to the 386 the end of an operand beyond the segment is vector 9. */
START_TEST(segment_overrun)
{
    create(CPU_386, true);
    RUN(FNINIT FLD1, 2);
    cpu->seg[SEG_DS].limit = DATA + 6;
    seg_update_all(cpu);
    RUN(FST_DOUBLE, 1);
    ck_assert_uint_eq(cpu->eip, 0x100 + VECTOR_CSO);
    destroy();
}
END_TEST

/* Real mode, 16 bits: linear pointers and the opcode. */
START_TEST(environment_in_real_mode)
{
    create(CPU_486, true);
    seg_set_paragraph(cpu, SEG_DS, 0x1000);
    RUN(FNINIT FLD1 FST_DOUBLE, 3);
    seg_set_paragraph(cpu, SEG_DS, 0);
    RUN(FNSTENV, 1);
    ck_assert_uint_eq(word(DATA), 0x037f);
    ck_assert_uint_eq(word(DATA + 2), 0x3800);
    ck_assert_uint_eq(word(DATA + 4), 0x3fff);
    ck_assert_uint_eq(word(DATA + 6), CODE + 4);
    ck_assert_uint_eq(word(DATA + 8), 0x0516);
    ck_assert_uint_eq(word(DATA + 10), 0x2000);
    ck_assert_uint_eq(word(DATA + 12), 0x1000);
    destroy();
}
END_TEST

START_TEST(reserved)
{
    create(CPU_486, true);
    RUN("\xd9\xd1", 1);
    ck_assert_uint_eq(cpu->eip, 0x100 + VECTOR_UD);
    cpu->eip = CODE;
    RUN("\xdb\xf1", 1); /* FCOMI is for later processors */
    ck_assert_uint_eq(cpu->eip, 0x100 + VECTOR_UD);
    destroy();
    create(CPU_386, true);
    RUN("\xd9\xd1", 1);
    ck_assert_uint_eq(cpu->eip, CODE + 2);
    destroy();
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("cpu/fpu");
    TCase *tcase = tcase_create("processor");

    tcase_add_test(tcase, absent);
    tcase_add_loop_test(tcase, present, CPU_286, CPU_MODELS);
    tcase_add_test(tcase, not_available);
    tcase_add_test(tcase, native_error);
    tcase_add_loop_test(tcase, wired_error, CPU_286, CPU_MODELS);
    tcase_add_test(tcase, faulting_store);
    tcase_add_test(tcase, segment_overrun);
    tcase_add_test(tcase, environment_in_real_mode);
    tcase_add_test(tcase, reserved);
    suite_add_tcase(suite, tcase);
    return suite;
}
