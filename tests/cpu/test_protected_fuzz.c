/* Random machines: descriptors, gates, task state segments, page tables and
 * code of random bytes, run for a while on each model. Nothing may crash,
 * hang or differ between two runs. VITRINE_FUZZ=n runs n times as many. */
#include <stdlib.h>
#include <string.h>

#include "core/state.h"
#include "core/types.h"
#include "cpu/desc.h"
#include "cpu/sys.h"
#include "tests/cpu/bare.h"
#include "tests/suite.h"

#define RAM_BYTES MIB(1)
#define RUNS      128u
#define BURSTS    20u
#define INSNS     150u

#define GDT    0x1000u
#define IDT    0x2000u
#define LDT    0x3000u
#define TABLES 0x4000u /* page directory and one table */
#define TSS    0x8000u
#define CODE   0x10000u

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

static void put32(uint8_t *image, uint32_t addr, uint32_t value)
{
    memcpy(image + addr, &value, sizeof(value));
}

/* A descriptor that is often usable: present, low base, any type. */
static void put_descriptor(uint8_t *image, uint32_t addr, struct random *r)
{
    uint32_t access = next(r) & 0xff, high = next(r) & 0x00d00000;

    if (next(r) & 7)
        access |= ACCESS_P;
    if (next(r) & 3)
        access |= ACCESS_S;
    put32(image, addr, next(r) & 0xf000ffff);
    put32(image, addr + 4, high | access << 8 | (next(r) & 0xf));
}

/* A gate to some selector, with a low offset. */
static void put_gate(uint8_t *image, uint32_t addr, struct random *r)
{
    static const uint8_t types[] = {4, 5, 6, 7, 12, 14, 15, 14};
    uint32_t access = types[next(r) & 7] | (next(r) & 0x60);

    if (next(r) & 7)
        access |= ACCESS_P;
    put32(image, addr, (next(r) & 0xff) << 16 | (next(r) & 0xffff));
    put32(image, addr + 4, access << 8 | (next(r) & 0x1f));
}

static void put_tables(uint8_t *image, struct random *r)
{
    for (unsigned i = 0; i < 0x100; i += 8) {
        if (next(r) & 3)
            put_descriptor(image, GDT + i, r);
        else
            put_gate(image, GDT + i, r);
        put_descriptor(image, LDT + i, r);
    }
    for (unsigned i = 0; i < 0x800; i += 8)
        put_gate(image, IDT + i, r);
    for (unsigned i = 0; i < 0x100; i += 4)
        put32(image, TSS + i, next(r) & 0xffff);
    for (unsigned i = 0; i < 1024; i++) {
        put32(image, TABLES + 4 * i, (TABLES + 0x1000) | (next(r) & 7) | 1);
        put32(image, TABLES + 0x1000 + 4 * i,
              (i & 0xff) << 12 | (next(r) & 7) | ((next(r) & 7) != 0));
    }
}

/* The same for PAE: pointers at the front, one directory and one table. Now
 * and then a large page, a reserved bit or an address that nothing has. */
static void put_wide_tables(struct bare *bare, struct random *r)
{
    uint8_t image[0x3000] = {0};

    for (unsigned i = 0; i < 4; i++)
        put32(image, 8 * i, (TABLES + 0x1000) | (next(r) & 0x601) | 1);
    for (unsigned i = 0; i < 512; i++) {
        put32(image, 0x1000 + 8 * i,
              (TABLES + 0x2000) | (next(r) & 7) | ((next(r) & 7) != 0) |
                  (next(r) & 15 ? 0 : 0x80));
        put32(image, 0x2000 + 8 * i,
              (i & 0xff) << 12 | (next(r) & 7) | ((next(r) & 7) != 0));
        if (!(next(r) & 31))
            put32(image, 0x1004 + 8 * i, next(r) & 0xf);
        if (!(next(r) & 15))
            put32(image, 0x2004 + 8 * i, 1u << (next(r) & 31));
    }
    mem_write(bare->mem, TABLES, image, sizeof(image));
}

/* Anything that the model has in CR4, with or without paging. */
static void put_extensions(struct bare *bare, struct random *r)
{
    struct cpu *cpu = bare->cpu;

    if (cpu->model < CPU_PENTIUM)
        return;
    cpu->cr4 = next(r) & (CR4_VME | CR4_PVI | CR4_TSD | CR4_DE | CR4_PSE);
    cpu->dr[7] |= next(r) & 0xffff00aa;
    for (unsigned i = 0; i < 4; i++)
        cpu->dr[i] = next(r) & 0x1ffff;
    cpu->msr[MSR_SYSENTER_CS] = next(r) & 0xff;
    cpu->msr[MSR_SYSENTER_EIP] = CODE + (next(r) & 0xfff);
    cpu->msr[MSR_SYSENTER_ESP] = next(r) & 0xfffff;
    if (cpu->model < CPU_PENTIUM2 || !(next(r) & 1))
        return;
    cpu->cr4 |= CR4_PAE;
    put_wide_tables(bare, r);
    ck_assert(mmu_load_pdptes(cpu, TABLES, cpu->pdpte));
}

static void put_state(struct bare *bare, struct random *r)
{
    struct cpu *cpu = bare->cpu;
    uint32_t wide = cpu->model >= CPU_386 ? ACCESS_D : 0;
    bool protected = cpu->model >= CPU_286 && (next(r) & 7);

    for (unsigned i = 0; i < 8; i++)
        cpu->reg[i] = next(r) & (next(r) & 1 ? 0xffff : 0xffffffff);
    cpu->gdtr = (struct table_register){GDT, 0xff};
    cpu->idtr = (struct table_register){protected ? IDT : 0, 0x7ff};
    if (protected)
        cpu->cr0 |= CR0_PE;
    if (protected && cpu->model >= CPU_386 && (next(r) & 1)) {
        cpu->cr0 |= CR0_PG | (next(r) & (CR0_WP | CR0_AM));
        cpu->cr3 = TABLES;
    }
    put_extensions(bare, r);
    cpu->cpl = protected ? next(r) & 3 : 0;
    if (protected && cpu->model >= CPU_386 && !(next(r) & 3)) {
        flags_set(cpu, FLAG_VM, FLAG_VM);
        cpu->cpl = 3;
    }
    for (unsigned seg = 0; seg < SEG_COUNT; seg++) {
        struct segment *s = &cpu->seg[seg];

        s->selector = (uint16_t)next(r);
        s->base = seg == SEG_CS ? CODE : next(r) & 0xffff0;
        s->limit = next(r) & 7 ? 0xffff : next(r) & 0xffff;
        s->access = ACCESS_P | ACCESS_S | ACCESS_RW | ACCESS_ACCESSED |
                    (uint16_t)(next(r) & wide);
        s->access |= (uint16_t)(cpu->cpl << ACCESS_DPL_SHIFT);
    }
    cpu->seg[SEG_TR].base = TSS;
    cpu->seg[SEG_TR].access =
        ACCESS_P | (wide && (next(r) & 1) ? DESC_TSS32_BUSY : DESC_TSS16_BUSY);
    cpu->seg[SEG_LDTR].base = LDT;
    cpu->seg[SEG_LDTR].access = ACCESS_P | DESC_LDT;
    cpu->eip = next(r) & 0xfff;
    mmu_flush(cpu);
    seg_update(cpu, SEG_CS);
    mmu_select(cpu);
    seg_update_all(cpu);
    flags_set(cpu, next(r), FLAG_TF | FLAG_IF | FLAG_IOPL | FLAG_NT);
    if (cpu->model >= CPU_PENTIUM)
        flags_set(cpu, next(r), FLAG_VIF | FLAG_VIP);
    events_refresh(cpu);
}

/* Fills the machine anew, runs it and returns a hash of what became of it. */
static uint64_t run(struct bare *bare, uint64_t seed)
{
    struct random r = {seed * UINT64_C(0x9e3779b97f4a7c15) + 1};
    uint8_t *image = malloc(RAM_BYTES);
    uint64_t hash;

    ck_assert_ptr_nonnull(image);
    for (unsigned i = 0; i < 8; i++)
        next(&r);
    for (unsigned i = 0; i < RAM_BYTES; i += 4)
        put32(image, i, next(&r));
    put_tables(image, &r);
    mem_write(bare->mem, 0, image, RAM_BYTES);
    free(image);
    cpu_reset(bare->cpu);
    put_state(bare, &r);
    for (unsigned burst = 0; burst < BURSTS; burst++) {
        uint32_t what = next(&r);

        bare->vector = (uint8_t)what;
        bare->exited = false;
        cpu_set_intr(bare->cpu, what >> 8 & 1);
        if (!(what >> 9 & 7))
            cpu_raise_nmi(bare->cpu);
        if (bare_run(bare, INSNS) == BARE_SHUTDOWN)
            break;
    }
    hash = cpu_state_hash(bare->cpu, STATE_HASH_INIT);
    return state_hash_bytes(hash, bare->mem->ram, RAM_BYTES);
}

/* A second machine runs some of the seeds with no past, so that what the first
 * one remembers of its past cannot show. */
START_TEST(random_machines)
{
    const char *times = getenv("VITRINE_FUZZ");
    unsigned runs = RUNS * (times ? (unsigned)atoi(times) : 1);
    struct bare *bare, *fresh;

    ck_assert_int_eq(bare_create(&bare, (enum cpu_model)_i, RAM_BYTES),
                     STATUS_OK);
    for (unsigned i = 0; i < runs; i++) {
        uint64_t hash = run(bare, i);

        if (i % 64 != 63)
            continue;
        ck_assert_int_eq(bare_create(&fresh, (enum cpu_model)_i, RAM_BYTES),
                         STATUS_OK);
        ck_assert_msg(run(fresh, i) == hash, "seed %u differs", i);
        bare_destroy(fresh);
    }
    bare_destroy(bare);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("cpu/protected_fuzz");
    TCase *tcase = tcase_create("random");

    tcase_set_timeout(tcase, 0);
    tcase_add_loop_test(tcase, random_machines, 0, CPU_MODELS);
    suite_add_tcase(suite, tcase);
    return suite;
}
