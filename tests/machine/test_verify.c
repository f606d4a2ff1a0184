/* Interpreter and translator in step: equal runs, and differences that are put
 * in, with what the search finds of them. */
#include <stdlib.h>
#include <string.h>

#include "machine/debug.h"
#include "machine/machine_int.h"
#include "machine/verify_int.h"
#include "tests/fake_block.h"
#include "tests/suite.h"

#define MS UINT64_C(1000000)

static struct fake_block disk, other;

static void setup(void)
{
    size_t size;
    const uint8_t *demo = machine_demo_disk(&size);

    if (!size)
        exit(77); /* a build without the built-in disk */
    fake_block_init(&disk, size);
    memcpy(disk.data, demo, size);
    fake_block_init(&other, size);
}

static void teardown(void)
{
    fake_block_deinit(&disk);
    fake_block_deinit(&other);
}

static struct machine *make(enum machine_engine engine, const char *cpu)
{
    const struct machine_config config = {
        .board = MACHINE_PC,
        .engine = engine,
        .cpu = cpu,
        .ram_bytes = MIB(4),
        .floppy = {&disk.block},
    };
    struct machine *m;
    char message[256];

    ck_assert_msg(machine_create(&config, &m, message, sizeof(message)) ==
                      STATUS_OK,
                  "%s", message);
    return m;
}

/* Runs in steps of a millisecond while they are equal. */
static enum machine_stop run(struct machine *m, uint64_t until_ns)
{
    enum machine_stop stop = MACHINE_TIME_UP;
    uint64_t ns = machine_now_ns(m) / MS * MS;

    while (stop == MACHINE_TIME_UP && ns < until_ns)
        stop = machine_run(m, ns += MS);
    return stop;
}

START_TEST(equal_runs)
{
    struct machine *m = make(MACHINE_VERIFY, "486");
    struct machine *alone = make(MACHINE_JIT, "486");
    struct verify_stats stats;

    ck_assert_int_eq(run(m, 900 * MS), MACHINE_TIME_UP);
    run(alone, 900 * MS);
    for (unsigned i = 0; i < 40; i++) { /* more than the buffer takes */
        ck_assert(machine_key(m, PS2_KEY_DOWN, i % 2 == 0) ==
                  machine_key(alone, PS2_KEY_DOWN, i % 2 == 0));
        machine_mouse(m, 3, -2, 0, i & 1);
        machine_mouse(alone, 3, -2, 0, i & 1);
    }
    machine_insert_floppy(m, 0, &other.block);
    machine_insert_floppy(alone, 0, &other.block);
    ck_assert_int_eq(run(m, 1200 * MS), MACHINE_TIME_UP);
    run(alone, 1200 * MS);
    ck_assert_uint_eq(machine_state_hash(m), machine_state_hash(alone));
    ck_assert(machine_verify_stats(m, &stats));
    ck_assert_uint_eq(stats.runs, 1200);
    ck_assert_uint_eq(stats.whole, 1200 / VERIFY_WHOLE_RUNS);
    ck_assert(machine_verify_end(m));
    ck_assert(machine_verify_end(alone));
    ck_assert_ptr_null(machine_verify_report(m));
    ck_assert(!machine_verify_stats(alone, &stats));
    ck_assert_uint_eq(disk.writes + other.writes, 0);
    machine_destroy(m);
    machine_destroy(alone);
}
END_TEST

/* Something that no second run repeats. */
START_TEST(once)
{
    struct machine *m = make(MACHINE_VERIFY, "486");
    const struct verify_report *report;
    uint64_t insns;

    ck_assert_int_eq(run(m, 32 * MS), MACHINE_TIME_UP);
    insns = machine_insns(m);
    m->mem->ram[0x12345] ^= 0x10;
    ck_assert_int_eq(run(m, 100 * MS), MACHINE_VERIFY_DIFFERS);
    ck_assert_int_eq(machine_run(m, 200 * MS), MACHINE_VERIFY_DIFFERS);
    report = machine_verify_report(m);
    ck_assert_int_eq(report->found, VERIFY_ONCE);
    ck_assert_ptr_nonnull(strstr(report->why_once, "were equal"));
    ck_assert_uint_eq(report->equal_insns, insns);
    ck_assert_uint_eq(report->insns, machine_insns(m));
    ck_assert_ptr_nonnull(strstr(report->state, "physical 00012345"));
    machine_destroy(m);
}
END_TEST

/* Nobody reads it until the end. */
START_TEST(at_the_end)
{
    struct machine *m = make(MACHINE_VERIFY, "486");

    ck_assert_int_eq(run(m, 33 * MS), MACHINE_TIME_UP);
    m->mem->ram[0x12345] ^= 0x10;
    ck_assert_int_eq(run(m, 34 * MS), MACHINE_TIME_UP);
    ck_assert(!machine_verify_end(m));
    ck_assert_uint_ge(machine_verify_report(m)->insns,
                      machine_verify_report(m)->equal_insns);
    machine_destroy(m);
}
END_TEST

START_TEST(register_once)
{
    struct machine *m = make(MACHINE_VERIFY, "486");
    const struct verify_report *report;

    ck_assert_int_eq(run(m, 20 * MS), MACHINE_TIME_UP);
    machine_insert_floppy(m, 0, &other.block);
    ck_assert(machine_set_register(m, DEBUG_FS, 0x1234));
    ck_assert_int_eq(run(m, 21 * MS), MACHINE_VERIFY_DIFFERS);
    report = machine_verify_report(m);
    ck_assert_int_eq(report->found, VERIFY_ONCE);
    ck_assert_ptr_nonnull(strstr(report->why_once, "medium was changed"));
    ck_assert_ptr_nonnull(strstr(report->state, "fs: interpreter "));
    machine_destroy(m);
}
END_TEST

/* A translator that does a thing wrong at an instant, as long as it is its own
 * that does the instruction `eip`. */
struct fault {
    uint64_t insns;
    bool has_eip;
    uint32_t eip;
};

static void inject(void *context, struct machine *machine)
{
    const struct fault *fault = context;
    const struct jit_skip *skip = machine->config.skip;

    for (size_t i = 0; fault->has_eip && skip && i < skip->count; i++)
        if (skip->eip[i] == fault->eip)
            return;
    if (machine_insns(machine) >= fault->insns)
        machine->mem->ram[0x23456] = 0xa5;
}

/* What is done after `insns` instructions. */
static uint32_t eip_at(uint64_t insns)
{
    struct machine *m = make(MACHINE_INTERP, "486");
    struct debug_registers regs;

    machine_advance(m, UINT64_MAX, insns);
    machine_get_registers(m, &regs);
    machine_destroy(m);
    return regs.value[DEBUG_EIP];
}

static void find(const struct fault *fault, enum verify_found found,
                 uint32_t eip)
{
    struct machine *m = make(MACHINE_VERIFY, "486");
    const struct verify_report *report;
    struct fault copy = *fault;

    verify_set_hook(m, inject, &copy);
    ck_assert_int_eq(run(m, 3 * MS), MACHINE_TIME_UP);
    machine_key(m, PS2_KEY_A, true);
    ck_assert_int_eq(run(m, 300 * MS), MACHINE_VERIFY_DIFFERS);
    report = machine_verify_report(m);
    ck_assert_int_eq(report->found, found);
    ck_assert_uint_eq(report->insns, fault->insns);
    ck_assert_uint_eq(report->equal_insns, fault->insns - 1);
    ck_assert_uint_eq(report->insn.eip, eip);
    ck_assert_uint_eq(report->insn.size, VERIFY_INSN_BYTES);
    ck_assert_ptr_nonnull(strstr(report->state, "1 bytes"));
    ck_assert_ptr_nonnull(strstr(report->state, "physical 00023456"));
    machine_destroy(m);
}

START_TEST(counted)
{
    const struct fault fault = {.insns = 1234567};

    find(&fault, VERIFY_COUNT, eip_at(fault.insns - 1));
}
END_TEST

static bool soon(void *context)
{
    return ++*(unsigned *)context > 100;
}

START_TEST(interrupted)
{
    struct fault fault = {.insns = 1234567};
    struct machine *m = make(MACHINE_VERIFY, "486");
    unsigned asked = 0;

    verify_set_hook(m, inject, &fault);
    machine_verify_let_interrupt(m, soon, &asked);
    ck_assert_int_eq(run(m, 300 * MS), MACHINE_VERIFY_DIFFERS);
    ck_assert_int_eq(machine_verify_report(m)->found, VERIFY_ONCE);
    ck_assert_ptr_nonnull(
        strstr(machine_verify_report(m)->why_once, "interrupted"));
    ck_assert_ptr_nonnull(
        strstr(machine_verify_report(m)->state, "physical 00023456"));
    machine_destroy(m);
}
END_TEST

START_TEST(named)
{
    struct fault fault = {.insns = 1234567, .has_eip = true};

    fault.eip = eip_at(fault.insns - 100);
    find(&fault, VERIFY_INSN, fault.eip);
}
END_TEST

/* Each has its own content; the base keeps its. */
START_TEST(media)
{
    struct verify_medium a = {0}, b = {0};
    struct host_block *x = verify_medium_init(&a, &disk.block);
    struct host_block *y = verify_medium_init(&b, &disk.block);
    uint8_t bytes[9000], back[9000], old[9000];

    memset(bytes, 0x77, sizeof(bytes));
    memcpy(old, disk.data + 1000, sizeof(old));
    ck_assert_int_eq(x->ops->write(x, 1001, bytes, 8998), STATUS_OK);
    ck_assert_int_eq(x->ops->read(x, 1000, back, 9000), STATUS_OK);
    ck_assert_mem_eq(back + 1, bytes, 8998);
    ck_assert_uint_eq(back[0], old[0]);
    ck_assert_uint_eq(back[8999], old[8999]);
    ck_assert_int_eq(y->ops->read(y, 1000, back, 9000), STATUS_OK);
    ck_assert_mem_eq(back, old, 9000);
    ck_assert_mem_eq(disk.data + 1000, old, 9000);
    disk.fail_at = 1;
    ck_assert_int_eq(x->ops->write(x, 20000, bytes, 1), STATUS_IO);
    disk.fail_at = 1;
    ck_assert_int_eq(x->ops->read(x, 20000, back, 1), STATUS_IO);
    ck_assert_int_eq(x->ops->write(x, disk.block.size_bytes - 1, bytes, 1),
                     STATUS_OK);
    ck_assert_ptr_null(verify_medium_init(&b, NULL));
    disk.block.read_only = true;
    y = verify_medium_init(&b, &disk.block);
    ck_assert(y->read_only);
    ck_assert_int_eq(y->ops->write(y, 0, bytes, 1), STATUS_READ_ONLY);
    verify_medium_deinit(&a);
    verify_medium_deinit(&b);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("machine/verify");
    TCase *tcase = tcase_create("verify");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, equal_runs);
    tcase_add_test(tcase, once);
    tcase_add_test(tcase, at_the_end);
    tcase_add_test(tcase, register_once);
    tcase_add_test(tcase, counted);
    tcase_add_test(tcase, interrupted);
    tcase_add_test(tcase, named);
    tcase_add_test(tcase, media);
    suite_add_tcase(suite, tcase);
    return suite;
}
