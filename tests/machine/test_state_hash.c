/* The state's hash sees what a guest or an input changes: comparing two runs
 * by their hashes is worth no more than this. */
#include <stdlib.h>
#include <string.h>

#include "cpu/state.h"
#include "machine/machine.h"
#include "machine/machine_int.h"
#include "tests/fake_block.h"
#include "tests/suite.h"

static struct machine *machine;

/* The part of the hash that a test looks at; the whole takes milliseconds. */
static uint64_t hash_all(void)
{
    return machine_state_hash(machine);
}

static uint64_t hash_cpu(void)
{
    return cpu_state_hash(machine->cpu, STATE_HASH_INIT);
}

static struct device *device; /* for hash_device() */

static uint64_t hash_device(void)
{
    return state_hash(STATE_HASH_INIT, device, device->class->state);
}

static uint64_t (*hash_part)(void);

static void setup(void)
{
    const struct machine_config config = {
        .board = MACHINE_PC,
        .cpu = "486",
        .ram_bytes = MIB(1),
        .cd = {[2] = true},
    };
    char message[256];

    ck_assert_msg(machine_create(&config, &machine, message, sizeof(message)) ==
                      STATUS_OK,
                  "%s", message);
    machine_run(machine, 1000000000);
}

static void teardown(void)
{
    machine_destroy(machine);
}

/* Changes each byte of an object; each must be seen. */
static void flip(const char *name, void *object, size_t size)
{
    uint8_t *bytes = object;
    uint64_t base = hash_part();

    for (size_t i = 0; i < size; i++) {
        bytes[i] ^= 1;
        ck_assert_msg(hash_part() != base, "%s, byte %zu", name, i);
        bytes[i] ^= 1;
    }
    ck_assert_uint_eq(hash_part(), base);
}

#define FLIP(member) flip(#member, &(member), sizeof(member))

START_TEST(processor)
{
    struct cpu *cpu = machine->cpu;

    hash_part = hash_cpu;
    flip("reg", cpu->reg, 8 * sizeof(cpu->reg[0]));
    FLIP(cpu->eip);
    FLIP(cpu->cr0);
    FLIP(cpu->cr2);
    FLIP(cpu->cr3);
    FLIP(cpu->cr4);
    FLIP(cpu->dr);
    FLIP(cpu->test_reg);
    FLIP(cpu->cpl);
    FLIP(cpu->gdtr.base);
    FLIP(cpu->gdtr.limit);
    FLIP(cpu->idtr.base);
    FLIP(cpu->idtr.limit);
    FLIP(cpu->msr);
    FLIP(cpu->xmm);
    FLIP(cpu->mxcsr);
    FLIP(cpu->trap_bits);
    FLIP(cpu->halted);
    FLIP(cpu->shutdown);
    FLIP(cpu->nmi_blocked);
    FLIP(cpu->nmi_pending);
    FLIP(cpu->intr_level);
    for (unsigned i = 0; i < SEG_COUNT; i++) {
        FLIP(cpu->seg[i].base);
        FLIP(cpu->seg[i].limit);
        FLIP(cpu->seg[i].selector);
        FLIP(cpu->seg[i].access);
    }
}
END_TEST

START_TEST(processor_bits)
{
    static const uint32_t events[] = {CPU_EVENT_TRAP, CPU_EVENT_SHADOW,
                                      CPU_EVENT_SHADOW_SS};
    struct cpu *cpu = machine->cpu;
    uint64_t base = hash_cpu();

    hash_part = hash_cpu;
    for (unsigned i = 0; i < ARRAY_LEN(events); i++) {
        cpu->events ^= events[i];
        ck_assert_uint_ne(hash_part(), base);
        cpu->events ^= events[i];
    }
    for (unsigned bit = 8; bit < 22; bit++) {
        cpu->eflags ^= 1u << bit;
        if (1u << bit != FLAG_OF)
            ck_assert_uint_ne(hash_part(), base);
        cpu->eflags ^= 1u << bit;
    }
    ck_assert_uint_eq(hash_part(), base);
}
END_TEST

START_TEST(x87)
{
    struct fpu *fpu = &machine->cpu->fpu;

    hash_part = hash_cpu;
    for (unsigned i = 0; i < FPU_REGS; i++) {
        FLIP(fpu->reg[i].man);
        FLIP(fpu->reg[i].se);
    }
    FLIP(fpu->control);
    FLIP(fpu->status);
    FLIP(fpu->top);
    FLIP(fpu->full);
    FLIP(fpu->ip);
    FLIP(fpu->dp);
    FLIP(fpu->cs);
    FLIP(fpu->ds);
    FLIP(fpu->op);
    FLIP(fpu->ignne);
    FLIP(fpu->ferr);
}
END_TEST

START_TEST(board)
{
    hash_part = hash_all;
    FLIP(machine->reset_cpu);
    FLIP(machine->reset_all);
    FLIP(machine->power_off);
    FLIP(machine->exit_written);
    FLIP(machine->exit_value);
    FLIP(machine->serial_irq[0].levels);
    FLIP(machine->serial_irq[1].levels);
    FLIP(machine->mem->a20_mask);
    FLIP(machine->clock->insns);
    FLIP(machine->clock->anchor_ns);
    FLIP(machine->clock->anchor_frac);
    FLIP(machine->clock->mult);
    FLIP(machine->clock->orders);
    flip("the first page", machine->mem->ram, 64);
    flip("the last page", machine->mem->ram + MIB(1) - 64, 64);
}
END_TEST

/* Each field that a device's table names, to the last element. */
static void flip_table(const char *name, uint8_t *object,
                       const struct state_field *table)
{
    for (const struct state_field *f = table; f->name; f++) {
        uint8_t *at = object + f->offset;
        size_t last = f->size * (f->count ? f->count - 1 : 0);

        if (f->kind == STATE_KIND_TABLE) {
            flip_table(f->name, at, f->table);
            flip_table(f->name, at + last, f->table);
        } else if (f->kind != STATE_KIND_BUFFER) {
            uint64_t base = hash_part();

            at[last] ^= 1;
            ck_assert_msg(hash_part() != base, "%s.%s", name, f->name);
            at[last] ^= 1;
        }
    }
}

START_TEST(devices)
{
    uint64_t all = hash_all();

    hash_part = hash_device;
    for (unsigned i = 0; i < machine->device_count; i++) {
        device = machine->devices[i];
        flip_table(device->name, (uint8_t *)device, device->class->state);
        if (device->class->state->name &&
            device->class->state->kind < STATE_KIND_BUFFER) {
            uint8_t *first = (uint8_t *)device + device->class->state->offset;

            *first ^= 1; /* the whole has it too */
            ck_assert_msg(hash_all() != all, "%s", device->name);
            *first ^= 1;
        }
    }
}
END_TEST

/* Every input shows at once, before the machine runs on. */
START_TEST(inputs)
{
    struct fake_block block;
    uint64_t hash[9];
    unsigned count = 0;

    fake_block_init(&block, KIB(1440));

    hash[count++] = hash_all();
    ck_assert(machine_key(machine, PS2_KEY_A, true));
    hash[count++] = hash_all();
    machine_release_keys(machine);
    hash[count++] = hash_all();
    ck_assert(machine_mouse(machine, 0, 0, 0, 1));
    hash[count++] = hash_all();
    ck_assert(machine_serial_in(machine, 1, 'x'));
    hash[count++] = hash_all();
    machine_insert_floppy(machine, 0, &block.block);
    hash[count++] = hash_all();
    ck_assert(machine_insert_cd(machine, 2, &block.block));
    hash[count++] = hash_all();
    machine_set_rate(machine, 33000000);
    hash[count++] = hash_all();
    machine_reset(machine);
    hash[count++] = hash_all();
    for (unsigned i = 0; i + 1 < count; i++)
        ck_assert_msg(hash[i] != hash[i + 1], "input %u", i);
    fake_block_deinit(&block);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("machine/state_hash");
    TCase *tcase = tcase_create("hash");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, processor);
    tcase_add_test(tcase, processor_bits);
    tcase_add_test(tcase, x87);
    tcase_add_test(tcase, board);
    tcase_add_test(tcase, devices);
    tcase_add_test(tcase, inputs);
    suite_add_tcase(suite, tcase);
    return suite;
}
