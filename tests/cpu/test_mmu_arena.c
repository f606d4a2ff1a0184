/* Arenas: what the window shows is what the tables allow, at every moment. The
 * host says whether an address can be read or written when it is asked to copy
 * from or to there, by way of a pipe. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cpu/mmu.h"
#include "cpu/sys_int.h"
#include "tests/cpu/bare.h"
#include "tests/suite.h"

#define RAM_BYTES MIB(4)
#define DIRECTORY 0x200000u
#define TABLE     0x201000u
#define PAGING    (CR0_PE | CR0_PG)

static struct bare *bare;
static int ends[2]; /* of the pipe */

static uint8_t *at(laddr addr)
{
    return bare->cpu->window + addr;
}

static bool can_read(laddr addr)
{
    uint8_t byte;

    return write(ends[1], at(addr), 1) == 1 && read(ends[0], &byte, 1) == 1;
}

/* Writes what is there. */
static bool can_write(laddr addr)
{
    uint8_t byte = 0;

    if (!can_read(addr))
        return false;
    memcpy(&byte, at(addr), 1);
    ck_assert_int_eq(write(ends[1], &byte, 1), 1);
    if (read(ends[0], at(addr), 1) == 1)
        return true;
    ck_assert_int_eq(read(ends[0], &byte, 1), 1);
    return false;
}

static void set_up(void)
{
    ck_assert_int_eq(bare_create(&bare, CPU_PENTIUM3, RAM_BYTES), STATUS_OK);
    mmu_want_arenas(bare->cpu, true);
    if (!bare->cpu->window) {
        puts("no windows on this host");
        exit(TEST_SKIPPED);
    }
    ck_assert_int_eq(pipe(ends), 0);
}

static void tear_down(void)
{
    close(ends[0]);
    close(ends[1]);
    bare_destroy(bare);
}

static enum arena_fill fill(laddr addr, bool write)
{
    return mmu_arena_fill(bare->cpu, addr, write, true);
}

START_TEST(nothing_is_shown_at_first)
{
    ck_assert(!can_read(0));
    ck_assert(!can_read(0x100000));
    ck_assert(!can_read(UINT32_MAX));
}
END_TEST

START_TEST(ram_is_shown)
{
    bare->mem->ram[0x12345] = 0x5a;
    ck_assert_int_eq(fill(0x12345, true), ARENA_FILLED);
    ck_assert(can_write(0x12345));
    ck_assert_uint_eq(*at(0x12345), 0x5a);
    *at(0x12346) = 0xa5;
    ck_assert_uint_eq(bare->mem->ram[0x12346], 0xa5);
    ck_assert(can_write(0x13fff)); /* without paging: what is near, too */
    ck_assert(!can_read(RAM_BYTES));
}
END_TEST

START_TEST(nothing_but_ram)
{
    static const struct bus_ops ops = {NULL, NULL, 7};

    mem_map_io(bare->mem, 0xa0000, 0x1000, &ops, NULL);
    ck_assert_int_eq(fill(0xa0000, false), ARENA_NEVER);
    ck_assert_int_eq(fill(0xa1000, false), ARENA_FILLED);
    ck_assert(!can_read(0xa0000));
    ck_assert_int_eq(fill(RAM_BYTES, false), ARENA_NEVER);
}
END_TEST

START_TEST(rom_is_read_only)
{
    mem_map_rom(bare->mem, 0x80000, 0x1000, bare->mem->ram + 0x90000, NULL);
    ck_assert_int_eq(fill(0x80000, true), ARENA_NEVER);
    ck_assert_int_eq(fill(0x80000, false), ARENA_FILLED);
    ck_assert(can_read(0x80000));
    ck_assert(!can_write(0x80000));
}
END_TEST

START_TEST(code_is_read_only)
{
    ck_assert_int_eq(fill(0x5000, true), ARENA_FILLED);
    mem_flag_page(bare->mem, 5, MEM_PAGE_CODE, 0);
    mmu_protect_page(bare->cpu, 5);
    ck_assert(can_read(0x5000));
    ck_assert(!can_write(0x5000));
    ck_assert(can_write(0x4fff) && can_write(0x6000));
    ck_assert_int_eq(fill(0x5000, true), ARENA_NEVER);
    mem_flag_page(bare->mem, 5, 0, MEM_PAGE_CODE);
    ck_assert_int_eq(fill(0x5000, true), ARENA_FILLED);
    ck_assert(can_write(0x5000));
}
END_TEST

/* Code that is written and run in turn. */
START_TEST(a_page_that_changes_hands_stays_read_only)
{
    unsigned count = 0;

    while (count++ < 100 && fill(0x5000, true) == ARENA_FILLED) {
        mem_flag_page(bare->mem, 5, MEM_PAGE_CODE, 0);
        mmu_protect_page(bare->cpu, 5);
        ck_assert(can_read(0x5000) && !can_write(0x5000));
        mem_flag_page(bare->mem, 5, 0, MEM_PAGE_CODE);
    }
    ck_assert_uint_lt(count, 20);
    ck_assert_int_eq(fill(0x5000, true), ARENA_NEVER);
    ck_assert(can_write(0x6000));
    mmu_flush(bare->cpu);
    ck_assert_int_eq(fill(0x5000, true), ARENA_FILLED);
}
END_TEST

START_TEST(a20_moves_all)
{
    bare->mem->ram[0x10] = 1;
    bare->mem->ram[0x100010] = 2;
    ck_assert_int_eq(fill(0x100010, true), ARENA_FILLED);
    ck_assert_uint_eq(*at(0x100010), 2);
    mem_set_a20(bare->mem, false);
    ck_assert(!can_read(0x100010));
    ck_assert_int_eq(fill(0x100010, true), ARENA_FILLED);
    ck_assert_uint_eq(*at(0x100010), 1);
    mem_set_a20(bare->mem, true);
    ck_assert(!can_read(0x100010));
}
END_TEST

START_TEST(remapped_rows_are_not_shown)
{
    ck_assert_int_eq(fill(0x80000, true), ARENA_FILLED);
    mem_map_host(bare->mem, 0x80000, 0x1000, bare->mem->ram + 0x90000);
    ck_assert(!can_read(0x80000));
    bare->mem->ram[0x90000] = 7;
    ck_assert_int_eq(fill(0x80000, true), ARENA_FILLED);
    ck_assert_uint_eq(*at(0x80000), 7);
}
END_TEST

/* Linear page n is physical page n, for the user where told. */
static void set_paging(void)
{
    struct cpu *cpu = bare->cpu;

    mem_store(bare->mem, DIRECTORY, TABLE | 7, 4);
    for (uint32_t n = 0; n < 1024; n++)
        mem_store(bare->mem, TABLE + 4 * n, n << 12 | 7, 4);
    cpu->cr3 = DIRECTORY;
    cpu->cr0 |= PAGING;
    mmu_select(cpu);
}

static void set_entry(uint32_t page, uint32_t value)
{
    mem_store(bare->mem, TABLE + 4 * page, value, 4);
}

static uint32_t get_entry(uint32_t page)
{
    return mem_load(bare->mem, TABLE + 4 * page, 4);
}

START_TEST(paged_pages_come_one_by_one)
{
    set_paging();
    ck_assert_int_eq(fill(0x10000, false), ARENA_FILLED);
    ck_assert_uint_eq(get_entry(0x10), 0x10000 | 0x27); /* A */
    ck_assert(!can_write(0x10000));
    ck_assert(!can_read(0x11000));
    ck_assert_uint_eq(get_entry(0x11), 0x11000 | 7);
    ck_assert_int_eq(fill(0x10000, true), ARENA_FILLED);
    ck_assert_uint_eq(get_entry(0x10), 0x10000 | 0x67); /* D */
    ck_assert(can_write(0x10000));
}
END_TEST

START_TEST(without_a_walk_no_bit_is_set)
{
    set_paging();
    ck_assert_int_eq(mmu_arena_fill(bare->cpu, 0x10000, false, false),
                     ARENA_FAULTS);
    ck_assert_uint_eq(get_entry(0x10), 0x10000 | 7);
    ck_assert(!can_read(0x10000));
}
END_TEST

START_TEST(an_entry_that_changes_is_followed)
{
    set_paging();
    bare->mem->ram[0x30000] = 3;
    ck_assert_int_eq(fill(0x10000, true), ARENA_FILLED);
    set_entry(0x10, 0x30007);
    ck_assert(!can_read(0x10000));
    ck_assert_int_eq(fill(0x10000, false), ARENA_FILLED);
    ck_assert_uint_eq(*at(0x10000), 3);
    set_entry(0x10, 0);
    ck_assert(!can_read(0x10000));
    ck_assert_int_eq(fill(0x10000, false), ARENA_FAULTS);
    ck_assert(!bare->cpu->fault.pending);
}
END_TEST

START_TEST(tables_are_read_only)
{
    set_paging();
    ck_assert_int_eq(fill(TABLE, true), ARENA_NEVER);
    ck_assert_int_eq(fill(TABLE, false), ARENA_FILLED);
    ck_assert(can_read(TABLE));
    ck_assert(!can_write(TABLE));
}
END_TEST

START_TEST(a_directory_entry_takes_all)
{
    set_paging();
    for (uint32_t n = 0x10; n < 0x20; n++)
        ck_assert_int_eq(fill(n << 12, true), ARENA_FILLED);
    mem_store(bare->mem, DIRECTORY, 0, 4);
    for (uint32_t n = 0x10; n < 0x20; n++)
        ck_assert(!can_read(n << 12));
}
END_TEST

START_TEST(spaces_and_privileges_are_apart)
{
    struct cpu *cpu = bare->cpu;
    const uint8_t *supervisor, *flat = cpu->window;

    set_paging();
    supervisor = cpu->window;
    ck_assert_ptr_ne(supervisor, flat);
    set_entry(0x10, 0x10003);
    ck_assert_int_eq(fill(0x10000, true), ARENA_FILLED);
    cpu->user = true;
    mmu_select(cpu);
    ck_assert_ptr_ne(cpu->window, supervisor);
    ck_assert(!can_read(0x10000));
    ck_assert_int_eq(fill(0x10000, false), ARENA_FAULTS);
    cpu->user = false;
    mmu_select(cpu);
    ck_assert_ptr_eq(cpu->window, supervisor);
    ck_assert(can_write(0x10000));
}
END_TEST

START_TEST(a_breakpoint_hides_its_page)
{
    struct cpu *cpu = bare->cpu;

    ck_assert_int_eq(fill(0x10000, true), ARENA_FILLED);
    cpu->dr[0] = 0x10004;
    cpu->dr[7] = 0xd0001; /* a store of four bytes */
    mmu_flush_page(cpu, 0x10004);
    ck_assert(!can_read(0x10000));
    ck_assert_int_eq(fill(0x10000, true), ARENA_NEVER);
}
END_TEST

START_TEST(who_spends_too_much_loses_it)
{
    struct cpu *cpu = bare->cpu;
    unsigned count = 0;

    mmu_want_arenas(cpu, false);
    while (cpu->window && count++ < 100000) {
        fill(0x10000, true);
        mmu_flush(cpu);
    }
    ck_assert(!cpu->window);
    ck_assert_uint_gt(count, 100);
    ck_assert(cpu->events & CPU_EVENT_RELOAD);
    ck_assert_int_eq(fill(0x10000, true), ARENA_FAULTS);
    mmu_review_arena(cpu);
    ck_assert(!cpu->window);
    cpu->block_insns += UINT64_C(1) << 40;
    mmu_review_arena(cpu);
    ck_assert(cpu->window);
    ck_assert(!can_read(0x10000));
    ck_assert_int_eq(fill(0x10000, true), ARENA_FILLED);
}
END_TEST

START_TEST(paged_spaces_earn_one)
{
    struct cpu *cpu = bare->cpu;

    mmu_want_arenas(cpu, false);
    set_paging();
    ck_assert(!cpu->window);
    for (unsigned i = 0; i < 100 && !cpu->window; i++)
        mmu_review_arena(cpu);
    ck_assert(cpu->window);
}
END_TEST

/* So many pieces that the host would run out of mappings. */
START_TEST(pieces_are_bounded)
{
    set_paging();
    for (unsigned round = 0; round < 8; round++) {
        for (uint32_t n = 0; n < 0x200; n++) {
            set_entry(n, (n ^ 1) << 12 | 7);
            ck_assert_int_eq(fill(n << 12, true), ARENA_FILLED);
            ck_assert(can_write(n << 12));
        }
        for (uint32_t n = 0; n < 0x200; n++) {
            set_entry(n, n << 12 | 7);
            ck_assert(!can_read(n << 12));
        }
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("cpu/mmu_arena");
    TCase *tcase = tcase_create("arena");

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, nothing_is_shown_at_first);
    tcase_add_test(tcase, ram_is_shown);
    tcase_add_test(tcase, nothing_but_ram);
    tcase_add_test(tcase, rom_is_read_only);
    tcase_add_test(tcase, code_is_read_only);
    tcase_add_test(tcase, a_page_that_changes_hands_stays_read_only);
    tcase_add_test(tcase, a20_moves_all);
    tcase_add_test(tcase, remapped_rows_are_not_shown);
    tcase_add_test(tcase, paged_pages_come_one_by_one);
    tcase_add_test(tcase, without_a_walk_no_bit_is_set);
    tcase_add_test(tcase, an_entry_that_changes_is_followed);
    tcase_add_test(tcase, tables_are_read_only);
    tcase_add_test(tcase, a_directory_entry_takes_all);
    tcase_add_test(tcase, spaces_and_privileges_are_apart);
    tcase_add_test(tcase, a_breakpoint_hides_its_page);
    tcase_add_test(tcase, who_spends_too_much_loses_it);
    tcase_add_test(tcase, paged_spaces_earn_one);
    tcase_add_test(tcase, pieces_are_bounded);
    suite_add_tcase(suite, tcase);
    return suite;
}
