/* What the mmu remembers cannot be observed: two processors do the same random
 * accesses, stores to page tables and changes of mode, and one of them forgets
 * everything before each. VITRINE_FUZZ=n does n times as many. */
#include <stdlib.h>
#include <string.h>

#include "cpu/mmu.h"
#include "cpu/sys_int.h"
#include "tests/cpu/bare.h"
#include "tests/suite.h"

#define RAM_BYTES MIB(2)
#define PAGES     48u /* of the pool: tables, and data too */
#define POOL      0x100000u
#define OTHER     0x40000u /* from there: memory to remap to */
#define ROUNDS    20u
#define STEPS     20000u

struct random {
    uint64_t state;
};

static uint32_t next(struct random *r)
{
    r->state ^= r->state << 13;
    r->state ^= r->state >> 7;
    r->state ^= r->state << 17;
    return (uint32_t)(r->state >> 16);
}

/* What one step did, to compare. */
struct outcome {
    struct fault fault;
    uint32_t cr2, value;
    paddr phys;
    bool done;
};

static paddr pool_page(struct random *r)
{
    return POOL + (next(r) % PAGES) * MEM_PAGE_BYTES;
}

/* An entry that leads into the pool, often usable. */
static uint32_t entry(struct random *r)
{
    uint32_t bits = next(r) & 0x67;

    if (next(r) & 15)
        bits |= 7;
    if (!(next(r) & 31))
        bits |= 0x80;
    if (!(next(r) & 63))
        bits |= next(r) & 0xf18;
    return (uint32_t)pool_page(r) | bits;
}

/* Few linear pages, in all parts, so that they meet again. */
static laddr linear(struct random *r)
{
    uint32_t high = next(r) & 1 ? 3 : 0, middle = next(r) & 3,
             low = next(r) & 3;
    laddr at = high << 30 | middle << 21 | low << 12;

    if (!(next(r) & 7))
        at = (at & 0xffe00000u) | 0x1ff000;
    return at | (next(r) & 7 ? next(r) & 0xffc : next(r) & 0xfff);
}

static void store_entry(struct bare *bare, struct random *r)
{
    /* Entries of the linear pages above, wide or not. */
    static const uint16_t offset[] = {0,     4,     8,     16,   24,    28,
                                      32,    40,    48,    56,   0x400, 0x408,
                                      0x800, 0x808, 0xc00, 0xff8};
    paddr at = pool_page(r) + offset[next(r) & 15];

    mem_store(bare->mem, at, entry(r), 4);
    mem_store(bare->mem, at + 4,
              next(r) & 7 ? (bare->cpu->cr4 & CR4_PAE ? 0 : entry(r))
                          : next(r) & 1,
              4);
}

/* Tables that many addresses can be reached by. */
static void store_tables(struct bare *bare, struct random *r)
{
    paddr page = pool_page(r);
    bool wide = next(r) & 1;

    for (unsigned i = 0; i < 1024; i++)
        mem_store(bare->mem, page + 4 * i, wide && (i & 1) ? 0 : entry(r), 4);
}

/* Flips a bit of an entry that an address goes through, by the address of a
 * byte or of the whole. */
static void tweak(struct bare *bare, struct random *r)
{
    static const uint8_t bits[] = {0, 1, 1, 1, 2, 2, 5, 6, 6, 7, 9, 12, 13, 36};
    const struct cpu *cpu = bare->cpu;
    bool wide = cpu->cr4 & CR4_PAE;
    laddr addr = linear(r);
    unsigned bit = bits[next(r) % sizeof(bits)];
    paddr at = cpu->cr3 & ~MEM_PAGE_MASK;

    if (wide)
        at = (cpu->pdpte[addr >> 30] & 0xfffff000u) + (addr >> 21 & 511) * 8;
    else
        at += (addr >> 22) * 4;
    if (next(r) & 3) {
        at = mem_load(bare->mem, at, 4) & 0xfffff000u;
        at += wide ? (addr >> 12 & 511) * 8 : (addr >> 12 & 1023) * 4;
    }
    if (bit >= 32 && !wide)
        bit = 1;
    at += bit / 8;
    mem_store(bare->mem, at, mem_load(bare->mem, at, 1) ^ 1u << (bit & 7), 1);
}

static void change_mode(struct bare *bare, struct random *r)
{
    struct cpu *cpu = bare->cpu;
    uint32_t value = next(r);

    switch (value & 7) {
    case 0: cpu->cr0 ^= CR0_WP; break;
    case 1: /* mostly on */
        cpu->cr0 |= CR0_PG;
        if (!(value & 0xf00))
            cpu->cr0 &= ~CR0_PG;
        break;
    case 2: cpu->cr4 ^= CR4_PSE; break;
    case 3:
        if (!(value & 0x300))
            cpu->cr4 ^= CR4_PAE;
        break;
    default: /* a few come again and again */
        cpu->cr3 = (uint32_t)pool_page(r);
        if (next(r) & 15)
            cpu->cr3 = POOL | (cpu->cr3 & 3 * MEM_PAGE_BYTES);
        break;
    }
    if (cpu->cr4 & CR4_PAE)
        mmu_load_pdptes(cpu, cpu->cr3, cpu->pdpte);
    cpu->user = value >> 8 & 1;
    cpu->cpl = cpu->user ? 3 : 0;
    mmu_select(cpu);
}

static void other_master(struct bare *bare, struct random *r)
{
    uint8_t bytes[64];
    unsigned size = next(r) % sizeof(bytes);
    paddr at = pool_page(r) + (next(r) & 0xfff);

    for (unsigned i = 0; i < size; i++)
        bytes[i] = (uint8_t)next(r);
    mem_write(bare->mem, at, bytes, size);
}

static void remap(struct bare *bare, struct random *r)
{
    paddr page = pool_page(r);
    uint8_t *host = bare->mem->ram + page + (next(r) & 1 ? OTHER : 0);

    switch (next(r) & 7) {
    case 0: mem_unmap(bare->mem, page, MEM_PAGE_BYTES); break;
    case 1: mem_set_a20(bare->mem, next(r) & 1); break;
    default: mem_map_host(bare->mem, page, MEM_PAGE_BYTES, host); break;
    }
}

static struct outcome step(struct bare *bare, struct random *r)
{
    struct cpu *cpu = bare->cpu;
    uint32_t what = next(r), size = 1u << (what >> 8 & 3) & 7;
    bool user = what >> 12 & 1;
    struct outcome o = {.done = true};
    laddr at = linear(r);

    if (!size)
        size = 4;
    switch (what & 31) {
    case 0: store_entry(bare, r); break;
    case 1:
        if (!(what & 0x30000))
            store_tables(bare, r);
        break;
    case 2: change_mode(bare, r); break;
    case 3: other_master(bare, r); break;
    case 4:
        if (!(what & 0x30000))
            remap(bare, r);
        break;
    case 5: o.done = mmu_probe_write(cpu, at, size, user); break;
    case 6:
    case 7:
    case 8: o.done = mmu_fetch(cpu, at, &o.phys); break;
    case 9: o.done = mmu_peek(cpu, at, &o.phys); break;
    case 10:
    case 11:
    case 12:
    case 13:
    case 14: o.done = mmu_store(cpu, at, next(r), size, user); break;
    case 16:
    case 17:
    case 18: tweak(bare, r); break;
    case 15: o.done = mmu_store(cpu, at, entry(r), 4, user); break;
    default: o.done = mmu_load(cpu, at, size, user, &o.value); break;
    }
    o.fault = cpu->fault;
    o.cr2 = cpu->cr2;
    cpu->fault = (struct fault){.pending = false};
    return o;
}

static struct bare *create(struct random *r)
{
    struct bare *bare;

    ck_assert_int_eq(bare_create(&bare, CPU_PENTIUM3, RAM_BYTES), STATUS_OK);
    for (unsigned i = 0; i < PAGES; i++)
        store_tables(bare, r);
    bare->cpu->cr0 |= CR0_PE | CR0_PG;
    bare->cpu->cr3 = POOL;
    mmu_select(bare->cpu);
    return bare;
}

static void same(const struct outcome *a, const struct outcome *b)
{
    ck_assert_int_eq(a->done, b->done);
    ck_assert_int_eq(a->fault.pending, b->fault.pending);
    ck_assert_int_eq(a->fault.vector, b->fault.vector);
    ck_assert_uint_eq(a->fault.error, b->fault.error);
    ck_assert_uint_eq(a->cr2, b->cr2);
    ck_assert_uint_eq(a->value, b->value);
    ck_assert_uint_eq(a->phys, b->phys);
}

START_TEST(nothing_is_observed)
{
    const char *times = getenv("VITRINE_FUZZ");
    unsigned rounds = ROUNDS * (times ? (unsigned)atoi(times) : 1);

    for (unsigned round = 0; round < rounds; round++) {
        uint64_t seed = (round + 1) * UINT64_C(0x9e3779b97f4a7c15);
        struct random r = {seed}, s = {seed};
        struct bare *keeps = create(&r), *forgets = create(&s);

        for (unsigned i = 0; i < STEPS; i++) {
            struct outcome a = step(keeps, &r), b;

            mmu_flush(forgets->cpu);
            b = step(forgets, &s);
            same(&a, &b);
        }
        ck_assert(!memcmp(keeps->mem->ram, forgets->mem->ram, RAM_BYTES));
        bare_destroy(keeps);
        bare_destroy(forgets);
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("cpu/mmu");
    TCase *tcase = tcase_create("random");

    tcase_set_timeout(tcase, 0);
    tcase_add_test(tcase, nothing_is_observed);
    suite_add_tcase(suite, tcase);
    return suite;
}
