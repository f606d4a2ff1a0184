/* Random programs with loops, calls, faults, interrupts and stores into their
 * own code: the translator against the interpreter. Two machines run each,
 * and have to be equal after every burst, whose length is random.
 *
 * Longer: VITRINE_RANDOM=n runs n times as many, _SEED begins at another. One
 * time is 10^7 instructions for each of the configurations, about a second. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/state.h"
#include "cpu/desc.h"
#include "cpu/sys.h"
#include "jit/jit.h"
#include "tests/cpu/bare.h"
#include "tests/jit/program.h"
#include "tests/suite.h"

#define PROGRAMS  160u
#define SAME_PAIR 8u /* programs that one pair of machines runs */
#define BURSTS    30u

static void set_seg(struct cpu *cpu, unsigned seg, const struct program *p)
{
    bool real = p->mode == REAL || p->mode == V86;
    bool flat = p->mode == PROT32;
    struct segment *s = &cpu->seg[seg];

    s->selector = (uint16_t)(real      ? WINDOW >> 4
                             : p->user ? SEL_DATA3
                                       : SEL_DATA0);
    if (seg == SEG_CS && !real)
        s->selector -= 8;
    s->base = flat ? 0 : WINDOW;
    s->limit = flat ? 0xffffffff : 0xffff;
    s->access = ACCESS_P | ACCESS_S | ACCESS_RW | ACCESS_ACCESSED;
    if (p->down && seg != SEG_CS) {
        s->limit = DOWN_LIMIT;
        s->access |= ACCESS_DOWN;
    }
    if (seg == SEG_CS && !real)
        s->access |= ACCESS_CODE;
    if (p->wide)
        s->access |= ACCESS_D;
    if (flat)
        s->access |= ACCESS_G;
    s->access |= (uint16_t)(cpu->cpl << ACCESS_DPL_SHIFT);
}

/* Breakpoints of code and data, of ports too. */
static void set_points(struct cpu *cpu, struct program *p)
{
    uint32_t dr7 = 0x400 | (program_next(p) & 0x300);

    for (unsigned n = 0; n < 4; n++) {
        uint32_t what = program_next(p) & 3; /* code, writes, ports, both */

        if (program_one_in(p, 2))
            continue;
        dr7 |= (1 + program_next(p) % 3) << 2 * n | what << (16 + 4 * n);
        if (what)
            dr7 |= (program_next(p) & 3) << (18 + 4 * n);
        cpu->dr[n] = what == 2   ? PORT_A20
                     : what == 0 ? WINDOW + program_block(p)
                                 : WINDOW + program_data(p) - p->origin;
    }
    cpu->dr[7] = dr7;
}

/* A quiet device in the place of a page: what is stored depends on what was
 * loaded last. */
static struct quiet {
    uint8_t *page; /* the RAM that it hides */
    uint8_t latch;
} quiet[2];

static uint32_t read_quiet(void *dev, paddr offset, unsigned size)
{
    struct quiet *q = dev;
    uint32_t value = mmu_get(q->page + offset, size);

    q->latch = (uint8_t)(value >> (8 * size - 8));
    return value;
}

static void write_quiet(void *dev, paddr offset, uint32_t value, unsigned size)
{
    struct quiet *q = dev;

    mmu_put(q->page + offset, value ^ q->latch * 0x01010101u, size);
}

static const struct bus_ops quiet_ops = {read_quiet, write_quiet,
                                         1 | 2 | 4 | BUS_QUIET};

/* Another number of the program, which takes none from the others. */
static unsigned aside(const struct program *p, unsigned n)
{
    return (unsigned)(p->random >> (16 + 8 * n)) & 0xff;
}

static void map_memory(struct bare *bare, const struct program *p,
                       struct quiet *q)
{
    paddr page = WINDOW + DATA + aside(p, 0) % 6 * MEM_PAGE_BYTES;

    *q = (struct quiet){.page = bare->mem->ram + page};
    mem_set_a20(bare->mem, true);
    mem_map_host(bare->mem, 0, PROGRAM_BYTES, bare->mem->ram);
    mem_write(bare->mem, 0, p->image, PROGRAM_BYTES);
    if (aside(p, 1) % 3 == 1)
        mem_map_io(bare->mem, page, MEM_PAGE_BYTES, &quiet_ops, q);
}

static void start(struct bare *bare, struct program p, struct quiet *q)
{
    struct cpu *cpu = bare->cpu;

    map_memory(bare, &p, q);
    cpu_reset(cpu);
    cpu->fpu.present = true;
    cpu->gdtr = (struct table_register){GDT, 0x2f};
    cpu->idtr = (struct table_register){p.mode == REAL ? 0 : IDT, 0x1ff};
    cpu->cr0 = CR0_ET | CR0_NE | (p.mode == REAL ? 0 : CR0_PE);
    if (p.paging)
        cpu->cr0 |= CR0_PG | (program_next(&p) & (CR0_WP | CR0_AM));
    cpu->cr3 = p.pae ? POINTERS : DIRECTORY;
    cpu->cr4 = CR4_OSFXSR | CR4_OSXMMEXCPT | (aside(&p, 2) % 4 ? CR4_DE : 0) |
               (p.pae ? CR4_PAE : 0);
    if (p.pae)
        ck_assert(mmu_load_pdptes(cpu, cpu->cr3, cpu->pdpte));
    cpu->cpl = p.user ? 3 : 0;
    if (p.mode == V86)
        flags_set(cpu, FLAG_VM, FLAG_VM);
    for (unsigned seg = 0; seg < 6; seg++)
        set_seg(cpu, seg, &p);
    cpu->seg[SEG_TR].selector = SEL_TSS;
    cpu->seg[SEG_TR].base = TSS;
    cpu->seg[SEG_TR].limit = 0x2067;
    cpu->seg[SEG_TR].access = ACCESS_P | DESC_TSS32_BUSY;
    for (unsigned i = 0; i < 8; i++)
        cpu->reg[i] = i == 4 ? p.origin + STACK - 64 : program_data(&p);
    cpu->eip = p.origin + p.block[0];
    if (program_one_in(&p, 4))
        set_points(cpu, &p);
    mmu_flush(cpu);
    seg_update(cpu, SEG_CS);
    mmu_select(cpu);
    seg_update_all(cpu);
    flags_set(cpu, FLAG_IF | p.iopl, FLAG_TF | FLAG_IF | FLAG_IOPL);
    events_refresh(cpu);
}

static uint32_t read_a20(void *dev, paddr offset, unsigned size)
{
    struct bare *bare = dev;

    (void)offset;
    (void)size;
    return bare->mem->a20_mask != ~(paddr)0 ? 0 : 2;
}

static void write_a20(void *dev, paddr offset, uint32_t value, unsigned size)
{
    struct bare *bare = dev;

    (void)offset;
    (void)size;
    mem_set_a20(bare->mem, value & 2);
}

static const struct bus_ops a20_ops = {read_a20, write_a20, 1};

static struct bare *machine(const struct jit_config *config)
{
    struct bare *bare;

    ck_assert_int_eq(bare_create(&bare, CPU_PENTIUM4, PROGRAM_BYTES),
                     STATUS_OK);
    ck_assert_int_eq(bus_map(bare->ports, PORT_A20, 1, &a20_ops, bare),
                     STATUS_OK);
    if (config)
        ck_assert_int_eq(jit_attach(bare->cpu, config), STATUS_OK);
    return bare;
}

static bool are_equal(struct bare *a, struct bare *b)
{
    return cpu_state_hash(a->cpu, STATE_HASH_INIT) ==
               cpu_state_hash(b->cpu, STATE_HASH_INIT) &&
           memcmp(a->mem->ram, b->mem->ram, PROGRAM_BYTES) == 0;
}

/* Returns how many instructions ran; aborts at a difference. */
static uint64_t compare(struct bare *bare[2], struct program *p, uint64_t seed)
{
    uint64_t before, count;

    program_make(p, seed);
    for (unsigned i = 0; i < 2; i++)
        start(bare[i], *p, &quiet[i]);
    before = bare[0]->clock->insns;
    for (unsigned burst = 0; burst < BURSTS; burst++) {
        uint32_t what = program_next(p),
                 insns = 1 + program_next(p) % (what & 3 ? 400 : 20000);
        enum bare_end end[2];

        for (unsigned i = 0; i < 2; i++) {
            bare[i]->vector = (uint8_t)(32 + (what >> 8 & 31));
            bare[i]->exited = false;
            cpu_set_intr(bare[i]->cpu, what >> 16 & 1);
            if (!(what >> 17 & 7))
                cpu_raise_nmi(bare[i]->cpu);
            end[i] = bare_run(bare[i], insns);
        }
        count = bare[0]->clock->insns - before;
        if (end[0] != end[1] || !are_equal(bare[0], bare[1]))
            ck_abort_msg("seed %llu, mode %u, differs in burst %u, "
                         "at instruction %llu; eip %x %x",
                         (unsigned long long)seed, p->mode, burst,
                         (unsigned long long)count, bare[0]->cpu->eip,
                         bare[1]->cpu->eip);
        if (end[0] == BARE_SHUTDOWN || end[0] == BARE_HALTED)
            break;
    }
    return bare[0]->clock->insns - before;
}

static const struct jit_config configs[] = {
    {.heat = 1, .arenas_always = true, .cache_bytes = MIB(16)},
    {.heat = 16, .cache_bytes = MIB(16)},
    {.heat = 1, .arenas_always = true, .cache_bytes = JIT_CACHE_LEAST},
};

START_TEST(random_programs)
{
    const char *times = getenv("VITRINE_RANDOM");
    const char *from = getenv("VITRINE_RANDOM_SEED");
    uint64_t first = from ? strtoull(from, NULL, 10) : 0, total = 0;
    unsigned programs = PROGRAMS * (times ? (unsigned)atoi(times) : 1);
    struct program p = {.image = malloc(PROGRAM_BYTES)};
    struct bare *bare[2];

    ck_assert_ptr_nonnull(p.image);
    for (unsigned i = 0; i < programs; i++) {
        if (i % SAME_PAIR == 0) {
            bare[0] = machine(NULL);
            bare[1] = machine(&configs[_i]);
        }
        total += compare(bare, &p, first + i);
        if (i % SAME_PAIR == SAME_PAIR - 1 || i == programs - 1) {
            bare_destroy(bare[0]);
            bare_destroy(bare[1]);
        }
    }
    if (times)
        printf("%llu instructions\n", (unsigned long long)total);
    free(p.image);
}
END_TEST

/* Programs that showed a difference once, each on machines of its own. */
START_TEST(programs_that_differed)
{
    static const uint64_t seeds[] = {
        50838,     /* the end of a slice in front of an undefined instruction */
        77002792,  /* a shift of memory that may only be read */
        300000490, /* a far pointer that a device gives word by word */
        300005250, /* a far return from there */
        300016049, /* a far return to a segment that shares a page */
        300016785, /* the same in real mode */
        521000364, /* a page that is missing where a slice ends */
        3211185,   /* a far return to an offset that is known with another CS */
    };
    struct program p = {.image = malloc(PROGRAM_BYTES)};
    struct bare *bare[2];

    ck_assert_ptr_nonnull(p.image);
    for (unsigned i = 0; i < ARRAY_LEN(seeds); i++) {
        bare[0] = machine(NULL);
        bare[1] = machine(&configs[_i]);
        compare(bare, &p, seeds[i]);
        bare_destroy(bare[0]);
        bare_destroy(bare[1]);
    }
    free(p.image);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("jit/random");
    TCase *tcase = tcase_create("alike");

    tcase_set_timeout(tcase, 0);
    if (jit_available()) {
        tcase_add_loop_test(tcase, random_programs, 0, ARRAY_LEN(configs));
        tcase_add_loop_test(tcase, programs_that_differed, 0,
                            ARRAY_LEN(configs));
    }
    suite_add_tcase(suite, tcase);
    return suite;
}
