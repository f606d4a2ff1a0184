/* Runs the programs of tests/cpu/protected/, which check protected mode from
 * inside and tell what they found. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/types.h"
#include "tests/cpu/bare.h"
#include "tests/suite.h"

#define INSNS_MAX 100000000u
#define RAM_BYTES MIB(2)

/* clang-format off */
static const struct program {
    const char *name;
    enum cpu_model model;
    enum bare_end end;
} programs[] = {
    {"segload",   CPU_486,      BARE_EXITED},
    {"far",       CPU_486,      BARE_EXITED},
    {"gates",     CPU_486,      BARE_EXITED},
    {"interrupt", CPU_486,      BARE_EXITED},
    {"task",      CPU_486,      BARE_EXITED},
    {"v86",       CPU_486,      BARE_EXITED},
    {"debug",     CPU_486,      BARE_EXITED},
    {"query",     CPU_486,      BARE_EXITED},
    {"control",   CPU_486,      BARE_EXITED},
    {"limits",    CPU_486,      BARE_EXITED},
    {"double",    CPU_486,      BARE_EXITED},
    {"io",        CPU_486,      BARE_EXITED},
    {"paging",    CPU_486,      BARE_EXITED},
    {"real",      CPU_486,      BARE_EXITED},
    {"align",     CPU_486,      BARE_EXITED},
    {"segload",   CPU_386,      BARE_EXITED},
    {"far",       CPU_386,      BARE_EXITED},
    {"gates",     CPU_386,      BARE_EXITED},
    {"interrupt", CPU_386,      BARE_EXITED},
    {"task",      CPU_386,      BARE_EXITED},
    {"debug",     CPU_386,      BARE_EXITED},
    {"query",     CPU_386,      BARE_EXITED},
    {"limits",    CPU_386,      BARE_EXITED},
    {"double",    CPU_386,      BARE_EXITED},
    {"io",        CPU_386,      BARE_EXITED},
    {"real",      CPU_386,      BARE_EXITED},
    {"t286",      CPU_286,      BARE_EXITED},
    {"loadall",   CPU_386,      BARE_EXITED},
    {"models",    CPU_486,      BARE_EXITED},
    {"triple",    CPU_386,      BARE_SHUTDOWN},
    {"triple",    CPU_486,      BARE_SHUTDOWN},
    {"segload",   CPU_PENTIUM,  BARE_EXITED},
    {"far",       CPU_PENTIUM,  BARE_EXITED},
    {"gates",     CPU_PENTIUM,  BARE_EXITED},
    {"interrupt", CPU_PENTIUM,  BARE_EXITED},
    {"task",      CPU_PENTIUM,  BARE_EXITED},
    {"v86",       CPU_PENTIUM,  BARE_EXITED},
    {"debug",     CPU_PENTIUM,  BARE_EXITED},
    {"query",     CPU_PENTIUM,  BARE_EXITED},
    {"control",   CPU_PENTIUM,  BARE_EXITED},
    {"limits",    CPU_PENTIUM,  BARE_EXITED},
    {"double",    CPU_PENTIUM,  BARE_EXITED},
    {"io",        CPU_PENTIUM,  BARE_EXITED},
    {"paging",    CPU_PENTIUM,  BARE_EXITED},
    {"real",      CPU_PENTIUM,  BARE_EXITED},
    {"align",     CPU_PENTIUM,  BARE_EXITED},
    {"vme",       CPU_PENTIUM,  BARE_EXITED},
    {"segload",   CPU_PENTIUM4, BARE_EXITED},
    {"far",       CPU_PENTIUM4, BARE_EXITED},
    {"gates",     CPU_PENTIUM4, BARE_EXITED},
    {"interrupt", CPU_PENTIUM4, BARE_EXITED},
    {"task",      CPU_PENTIUM4, BARE_EXITED},
    {"v86",       CPU_PENTIUM4, BARE_EXITED},
    {"debug",     CPU_PENTIUM4, BARE_EXITED},
    {"query",     CPU_PENTIUM4, BARE_EXITED},
    {"control",   CPU_PENTIUM4, BARE_EXITED},
    {"limits",    CPU_PENTIUM4, BARE_EXITED},
    {"double",    CPU_PENTIUM4, BARE_EXITED},
    {"io",        CPU_PENTIUM4, BARE_EXITED},
    {"paging",    CPU_PENTIUM4, BARE_EXITED},
    {"real",      CPU_PENTIUM4, BARE_EXITED},
    {"align",     CPU_PENTIUM4, BARE_EXITED},
    {"vme",       CPU_PENTIUM4, BARE_EXITED},
    {"pentium",   CPU_PENTIUM,  BARE_EXITED},
    {"pentium",   CPU_PENTIUM2, BARE_EXITED},
    {"pentium",   CPU_PENTIUM3, BARE_EXITED},
    {"pentium",   CPU_PENTIUM4, BARE_EXITED},
    {"pae",       CPU_PENTIUM2, BARE_EXITED},
    {"pae",       CPU_PENTIUM3, BARE_EXITED},
    {"pae",       CPU_PENTIUM4, BARE_EXITED},
    {"triple",    CPU_PENTIUM3, BARE_SHUTDOWN},
};
/* clang-format on */

START_TEST(program_passes)
{
    const struct program *p = &programs[_i];
    char path[1024];
    struct bare *bare;
    enum bare_end end;

    snprintf(path, sizeof(path), "%s/%s.bin", PROTECTED_IMAGES, p->name);
    ck_assert_int_eq(bare_create(&bare, p->model, RAM_BYTES), STATUS_OK);
    ck_assert_int_eq(bare_load_rom(bare, path), STATUS_OK);
    end = bare_run(bare, INSNS_MAX);
    if (end != p->end || bare->status)
        printf("%s on %s:\n%s\n", p->name, cpu_model_name(p->model),
               bare->text);
    ck_assert_msg(end == p->end, "%s on %s: ended with %d", p->name,
                  cpu_model_name(p->model), (int)end);
    ck_assert_msg(bare->status == 0, "%s on %s: failed", p->name,
                  cpu_model_name(p->model));
    bare_destroy(bare);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("cpu/protected");
    TCase *tcase = tcase_create("programs");

    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, program_passes, 0, ARRAY_LEN(programs));
    suite_add_tcase(suite, tcase);
    return suite;
}
