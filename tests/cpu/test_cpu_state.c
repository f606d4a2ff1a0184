/* A processor whose state is carried over to a fresh one, in the middle of
 * programs that use all of it, goes on as if nothing had been. */
#include <stdio.h>
#include <stdlib.h>

#include "cpu/state.h"
#include "tests/cpu/bare.h"
#include "tests/state_copy.h"
#include "tests/suite.h"

#define RAM_BYTES MIB(2)
#define START     68200u /* instructions that all programs begin with */
#define LONG      100000000u

/* clang-format off */
static const struct {
    const char *name;
    enum cpu_model model;
    unsigned step; /* instructions between two moves */
} programs[] = {
    {"v86",      CPU_486,      211},
    {"debug",    CPU_386,      97},
    {"task",     CPU_PENTIUM,  503},
    {"vme",      CPU_PENTIUM,  101},
    {"pentium",  CPU_PENTIUM4, 127},
    {"pae",      CPU_PENTIUM3, 1009},
    {"real",     CPU_486,      89},
    {"t286",     CPU_286,      307},
};
/* clang-format on */

static struct bare *load(const char *name, enum cpu_model model)
{
    char path[1024];
    struct bare *bare;

    snprintf(path, sizeof(path), "%s/%s.bin", PROTECTED_IMAGES, name);
    ck_assert_int_eq(bare_create(&bare, model, RAM_BYTES), STATUS_OK);
    ck_assert_int_eq(bare_load_rom(bare, path), STATUS_OK);
    return bare;
}

static void carry(const struct state_field *table, void *from, void *to)
{
    uint8_t *bytes = malloc(state_copy_bytes(table));

    ck_assert_ptr_nonnull(bytes);
    state_copy(from, bytes, false, table);
    state_copy(to, bytes, true, table);
    free(bytes);
}

/* The machine goes on in another one, that was never reset for it. */
static struct bare *move(struct bare *from, const char *name,
                         enum cpu_model model)
{
    struct bare *to = load(name, model);

    bare_run(to, 1000); /* a past of its own */
    carry(clock_state, from->clock, to->clock);
    mem_write(to->mem, 0, from->mem->ram, RAM_BYTES);
    cpu_state_settle(from->cpu);
    carry(cpu_state, from->cpu, to->cpu);
    ck_assert(cpu_state_loaded(to->cpu));
    ck_assert_uint_eq(cpu_state_hash(to->cpu, STATE_HASH_INIT),
                      cpu_state_hash(from->cpu, STATE_HASH_INIT));
    to->exited = false;
    bare_destroy(from);
    return to;
}

static uint64_t hash(struct bare *bare)
{
    return state_hash_bytes(cpu_state_hash(bare->cpu, STATE_HASH_INIT),
                            bare->mem->ram, RAM_BYTES);
}

START_TEST(carried_over)
{
    const char *name = programs[_i].name;
    enum cpu_model model = programs[_i].model;
    struct bare *whole = load(name, model), *parts = load(name, model);
    enum bare_end end = BARE_LIMIT;

    /* Past the start, which is alike in all. */
    ck_assert_int_eq(bare_run(parts, START), BARE_LIMIT);
    for (unsigned i = 0; end == BARE_LIMIT && i < 30; i++) {
        parts = move(parts, name, model);
        end = bare_run(parts, programs[_i].step);
    }
    if (end == BARE_LIMIT)
        end = bare_run(parts, LONG);
    ck_assert_int_eq(bare_run(whole, LONG), BARE_EXITED);
    ck_assert_int_eq(end, BARE_EXITED);
    ck_assert_int_eq(parts->status, 0);
    ck_assert_uint_eq(parts->clock->insns, whole->clock->insns);
    ck_assert_uint_eq(hash(parts), hash(whole));
    bare_destroy(parts);
    bare_destroy(whole);
}
END_TEST

/* Values that no run leads to are refused, whatever they are. */
START_TEST(nonsense)
{
    struct bare *bare = load("real", CPU_486);
    size_t size = state_copy_bytes(cpu_state);
    uint8_t *bytes = malloc(size);
    uint32_t random = 1;

    ck_assert_ptr_nonnull(bytes);
    for (unsigned i = 0; i < 200; i++) {
        for (size_t n = 0; n < size; n++) {
            random = random * 1103515245 + 12345;
            bytes[n] = (uint8_t)(random >> 16);
        }
        state_copy(bare->cpu, bytes, true, cpu_state);
        if (!cpu_state_loaded(bare->cpu))
            cpu_reset(bare->cpu);
        bare_run(bare, 100);
    }
    free(bytes);
    bare_destroy(bare);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("cpu/cpu_state");
    TCase *tcase = tcase_create("state");

    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, carried_over, 0, ARRAY_LEN(programs));
    tcase_add_test(tcase, nonsense);
    suite_add_tcase(suite, tcase);
    return suite;
}
