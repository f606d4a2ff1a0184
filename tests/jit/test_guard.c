/* Accesses that the host checks: loops over memory of every kind do the same as
 * with the interpreter, and faults that are not the guest's stay faults. */
#define _XOPEN_SOURCE 700
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/state.h"
#include "cpu/mmu.h"
#include "cpu/seg.h"
#include "jit/jit.h"
#include "tests/cpu/bare.h"
#include "tests/suite.h"

#define RAM_BYTES MIB(1)
#define CODE      0x10800u
#define DEVICE    0x80000u
#define ROM       0x90000u
#define ROUNDS    3000u
#define HANDLED   42 /* how a child ends whose handler was called */

/* mov [esi], eax; add eax, [edi]; add esi, ebx; dec ecx; jnz; hlt */
static const uint8_t store_loop[] = {0x89, 0x06, 0x03, 0x07, 0x01,
                                     0xde, 0x49, 0x75, 0xf7, 0xf4};
/* add [esi], eax; push [edi]; pop eax; add esi, ebx; dec ecx; jnz; hlt */
static const uint8_t change_loop[] = {0x01, 0x06, 0xff, 0x37, 0x58, 0x01,
                                      0xde, 0x49, 0x75, 0xf6, 0xf4};

/* What a device saw. */
struct device {
    uint32_t reads, writes, sum;
};

static uint32_t device_read(void *dev, paddr offset, unsigned size)
{
    struct device *d = dev;

    d->reads++;
    return (uint32_t)offset * 3 + size + d->reads;
}

static void device_write(void *dev, paddr offset, uint32_t value, unsigned size)
{
    struct device *d = dev;

    d->writes++;
    d->sum = d->sum * 31 + (uint32_t)offset + value + size;
}

static const struct bus_ops device_ops = {device_read, device_write, 7};

static struct bare *machine(bool translated, struct device *device)
{
    static const struct jit_config config = {
        .heat = 2, .arenas_always = true, .cache_bytes = MIB(16)};
    struct bare *bare;

    ck_assert_int_eq(bare_create(&bare, CPU_PENTIUM3, RAM_BYTES), STATUS_OK);
    mem_map_io(bare->mem, DEVICE, 0x1000, &device_ops, device);
    mem_map_rom(bare->mem, ROM, 0x1000, bare->mem->ram + ROM, NULL);
    if (translated)
        ck_assert_int_eq(jit_attach(bare->cpu, &config), STATUS_OK);
    return bare;
}

static void start(struct bare *bare)
{
    struct cpu *cpu = bare->cpu;

    for (uint32_t i = 0; i < RAM_BYTES; i++)
        bare->mem->ram[i] = (uint8_t)(i * 7 + (i >> 8));
    cpu_reset(cpu);
    cpu->cr0 |= CR0_PE;
    for (unsigned seg = 0; seg < SEG_LDTR; seg++) {
        struct segment *s = &cpu->seg[seg];

        *s = (struct segment){.selector = 8, .limit = UINT32_MAX};
        s->access = ACCESS_P | ACCESS_S | ACCESS_RW | ACCESS_ACCESSED |
                    ACCESS_D | ACCESS_G | (seg == SEG_CS ? ACCESS_CODE : 0);
    }
    mmu_select(cpu);
    seg_update_all(cpu);
    cpu->reg[CPU_ESP] = 0x20000;
    cpu->eip = CODE;
}

static const struct loop {
    const char *name;
    uint32_t at, from;
    int32_t stride;
} loops[] = {
    {"RAM", 0x30000, 0x50000, 4},
    {"unaligned", 0x30001, 0x50003, 4},
    {"page after page", 0x30ffe, 0x50fff, 0x10},
    {"device", DEVICE, 0x50000, 1},
    {"from a device", 0x30000, DEVICE + 8, 4},
    {"into a device", DEVICE - 0x100, 0x50000, 1},
    {"out of a device", DEVICE + 0xf00, 0x50000, 1},
    {"across a device's edge", DEVICE - 2, 0x50000, 0},
    {"ROM", ROM, ROM, 2},
    {"into ROM", ROM - 0x100, ROM + 2, 1},
    {"beside code", CODE + 0x100, CODE + 0x200, 0},
    {"into code's page", CODE - 0x2000, CODE, 2},
    {"over the end of RAM", RAM_BYTES - 0x200, 0x50000, 4},
    {"down to 0", 0x400, 0x50000, -4},
    {"the last bytes", 0xfffffffe, 0x50000, 0},
    {"to the end of all", 0xfffffe00, 0x50000, 4},
};

static void same(struct bare *a, struct bare *b, const struct device d[2],
                 const char *name)
{
    ck_assert_msg(!memcmp(a->cpu->reg, b->cpu->reg, sizeof(a->cpu->reg)), "%s",
                  name);
    ck_assert_msg(a->cpu->eip == b->cpu->eip, "%s", name);
    ck_assert_msg(a->clock->insns == b->clock->insns, "%s", name);
    ck_assert_msg(!memcmp(a->mem->ram, b->mem->ram, RAM_BYTES), "%s", name);
    ck_assert_msg(!memcmp(&d[0], &d[1], sizeof(d[0])), "%s", name);
}

static void compare(const struct loop *l, const uint8_t *code, size_t bytes)
{
    struct device d[2] = {{0}, {0}};
    struct bare *bare[2];
    enum bare_end end[2];

    for (unsigned i = 0; i < 2; i++) {
        struct cpu *cpu;

        bare[i] = machine(i, &d[i]);
        start(bare[i]);
        cpu = bare[i]->cpu;
        memcpy(bare[i]->mem->ram + CODE, code, bytes);
        cpu->reg[CPU_EAX] = 0x12345678;
        cpu->reg[CPU_EBX] = (uint32_t)l->stride;
        cpu->reg[CPU_ECX] = ROUNDS;
        cpu->reg[CPU_ESI] = l->at;
        cpu->reg[CPU_EDI] = l->from;
        end[i] = bare_run(bare[i], 8 * ROUNDS);
    }
    ck_assert_msg(end[0] == end[1], "%s", l->name);
    same(bare[0], bare[1], d, l->name);
    bare_destroy(bare[0]);
    bare_destroy(bare[1]);
}

START_TEST(stores)
{
    compare(&loops[_i], store_loop, sizeof(store_loop));
}
END_TEST

START_TEST(changes)
{
    compare(&loops[_i], change_loop, sizeof(change_loop));
}
END_TEST

/* Code that fares badly is translated again, but not for ever. */
START_TEST(misses_are_bounded)
{
    struct device device = {0};
    struct bare *bare = machine(true, &device);
    struct jit_stats stats;

    for (unsigned i = 0; i < 200; i++) {
        start(bare);
        memcpy(bare->mem->ram + CODE, store_loop, sizeof(store_loop));
        bare->cpu->reg[CPU_ECX] = 100;
        bare->cpu->reg[CPU_ESI] = DEVICE;
        bare->cpu->reg[CPU_EDI] = DEVICE;
        bare_run(bare, 1000);
    }
    ck_assert_uint_eq(device.writes, 200 * 100);
    ck_assert(jit_get_stats(bare->cpu, &stats));
    ck_assert_uint_le(stats.translations, 8);
    bare_destroy(bare);
}
END_TEST

/* Whether it runs on a stack of its own, as the guest's stack pointer and a
 * stack that is full ask for. */
static void own_handler(int number)
{
    stack_t now;

    (void)number;
    sigaltstack(NULL, &now);
    _exit(now.ss_flags & SS_ONSTACK ? HANDLED : 1);
}

static void touch_nothing(uint8_t *at)
{
    *(volatile uint8_t *)at = 1;
}

static uint32_t broken_read(void *dev, paddr offset, unsigned size)
{
    struct bare *const *bare = dev;

    (void)size;
    if (offset == 8 * ROUNDS / 10)
        touch_nothing((*bare)->cpu->window + RAM_BYTES);
    return 0;
}

static void broken_write(void *dev, paddr offset, uint32_t value, unsigned size)
{
    (void)value;
    broken_read(dev, offset, size);
}

/* What a child dies of. */
enum crash {
    CRASH_AFTER,  /* what the arena hides, when no translated code runs */
    CRASH_DEVICE, /* the same, in a device that translated code asked */
    CRASH_CONST,  /* memory that may only be read */
    CRASH_RAISED, /* a signal that is no fault */
    CRASHES
};

/* In a process of its own. Returns its status. */
static int crash(enum crash how, bool own)
{
    static const struct bus_ops broken = {broken_read, broken_write,
                                          7 | BUS_QUIET};
    struct device device = {0};
    pid_t child = fork();
    int status;

    if (child == 0) {
        struct bare *bare;

        signal(SIGSEGV, own ? own_handler : SIG_DFL);
        bare = machine(true, &device);
        if (how == CRASH_DEVICE)
            mem_map_io(bare->mem, DEVICE, 0x4000, &broken, &bare);
        start(bare);
        memcpy(bare->mem->ram + CODE, store_loop, sizeof(store_loop));
        bare->cpu->reg[CPU_EBX] = 4;
        bare->cpu->reg[CPU_ECX] = ROUNDS;
        bare->cpu->reg[CPU_ESI] = DEVICE;
        bare->cpu->reg[CPU_EDI] = 0x50000;
        bare_run(bare, 8 * ROUNDS);
        if (how == CRASH_AFTER)
            touch_nothing(bare->cpu->window + RAM_BYTES);
        else if (how == CRASH_CONST)
            touch_nothing((uint8_t *)(uintptr_t)store_loop);
        else if (how == CRASH_RAISED)
            raise(SIGSEGV);
        _exit(0);
    }
    ck_assert_int_gt(child, 0);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    return status;
}

START_TEST(other_faults_are_honest)
{
    int status = crash((enum crash)_i, false);

    ck_assert(WIFSIGNALED(status));
    ck_assert_int_eq(WTERMSIG(status), SIGSEGV);
}
END_TEST

START_TEST(other_handlers_are_called)
{
    int status = crash((enum crash)_i, true);

    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), HANDLED);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("jit/guard");
    TCase *tcase = tcase_create("guard");
    int count = (int)(sizeof(loops) / sizeof(loops[0]));

    if (!jit_available()) {
        puts("no translator for this host");
        exit(TEST_SKIPPED);
    }
    tcase_add_loop_test(tcase, stores, 0, count);
    tcase_add_loop_test(tcase, changes, 0, count);
    tcase_add_test(tcase, misses_are_bounded);
    tcase_add_loop_test(tcase, other_faults_are_honest, 0, CRASHES);
    tcase_add_loop_test(tcase, other_handlers_are_called, 0, CRASHES);
    suite_add_tcase(suite, tcase);
    return suite;
}
