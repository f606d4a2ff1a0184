/* Guests that mean harm to a translator: hostile/NAME.asm on machines with it
 * and with the interpreter alone, which have to stay equal, while the host's
 * memory stays within bounds however long they go on.
 *
 * Longer: VITRINE_HOSTILE=n goes on n times as long. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/state.h"
#include "cpu/mmu.h"
#include "cpu/seg.h"
#include "cpu/sys.h"
#include "jit/jit.h"
#include "tests/cpu/bare.h"
#include "tests/jit/program.h"
#include "tests/suite.h"

/* hostile/lib.inc knows these, too. */
#define IMAGE        0x40000u
#define STACK_TOP    0x7f000u
#define MATTER       0x80000u
#define MATTER_BYTES 0x10000u
#define SOURCE       0x90000u
#define QUIET        0xa0000u
#define QUIET_BYTES  0x10000u
#define NOISY        0xb0000u
#define ROM          0xf0000u
#define ROM_BYTES    0x10000u
#define ROM_TOP      0xffff0000u
#define PORT_FROM    0xd0
#define PORT_TO      0xd4
#define MASTER_BYTES 64u
#define HEADER       8u /* in the image: three words, then the sum */

#define ENGINES   3u
#define CALLS     2u    /* times that a program runs on the same machines */
#define WHOLE     64u   /* bursts between two looks at all of memory */
#define INTR      0x20u /* its vector */
#define INSNS_MAX UINT64_C(50000000) /* more than any program takes */
/* What all machines may come to need: 3 * 32 MiB for blocks, 2 * 8 for code, 64
 * for what arenas show of 64 spaces, and the tables. */
#define GROWS_MAX MIB(224)
#define MAPS_MAX  30000u /* mappings of the host, which allows 65530 */

static const struct jit_config configs[ENGINES] = {
    {.heat = 0}, /* the interpreter */
    {.heat = 1, .arenas_always = true, .cache_bytes = JIT_CACHE_LEAST},
    {.heat = 2, .cache_bytes = JIT_CACHE_LEAST},
};

/* What a machine has besides its processor. */
struct board {
    struct bare *bare;
    uint8_t memory[QUIET_BYTES];  /* the quiet device's */
    uint32_t reads, writes, hash; /* of the noisy one */
    uint32_t from;                /* the bus master's */
};

static const struct hostile {
    const char *name, *image;
    uint32_t option, rounds;
    uint32_t burst;     /* instructions at most */
    bool interrupts;    /* one after each burst */
    unsigned evictions; /* of the cache, at least, in all calls */
    unsigned forgets;   /* of all blocks */
    enum bare_end end;
} programs[] = {
#define EXITS 1000000, false, 0, 0, BARE_EXITED
#define CAGE  3000, true, 0, 0, BARE_EXITED
#define DIES  1000000, false, 0, 0, BARE_SHUTDOWN
    {"tiny blocks, jumps", "tiny", 0, 2, 1000000, false, 16, 1, BARE_EXITED},
    {"tiny blocks, returns", "tiny", 1, 1, 1000000, false, 16, 0, BARE_EXITED},
    {"tiny blocks, indirect", "tiny", 2, 1, 1000000, false, 16, 0, BARE_EXITED},
    {"storm", "storm", 0, 20, 100, false, 0, 0, BARE_EXITED},
    {"switch", "switch", 0, 20, 100, false, 0, 0, BARE_EXITED},
    {"far", "far", 0, 2500, 300, false, 0, 0, BARE_EXITED},
    {"far, paging", "far", 1, 2500, 300, false, 0, 0, BARE_EXITED},
    {"wrap", "wrap", 0, 1, 300, false, 0, 0, BARE_EXITED},
    {"tables", "tables", 0, 12, 300, false, 0, 0, BARE_EXITED},
    {"tables beside code", "tables", 1, 12, 300, false, 0, 0, BARE_EXITED},
    {"tables and stack", "tables", 3, 12, 300, false, 0, 0, BARE_EXITED},
    {"tables of two names", "tables", 4, 12, 300, false, 0, 0, BARE_EXITED},
    {"tables and directory", "tables", 8, 12, 300, false, 0, 0, BARE_EXITED},
    {"tables, all", "tables", 15, 12, 300, false, 0, 0, BARE_EXITED},
    {"middle, flat", "cage", 0x008, 2048, CAGE},
    {"middle, 16 bits", "cage", 0x009, 2048, CAGE},
    {"middle, V86", "cage", 0x00a, 2048, CAGE},
    {"edges, flat", "cage", 0x00c, 1000, CAGE},
    {"edges, 16 bits", "cage", 0x00d, 1000, CAGE},
    {"edges, V86", "cage", 0x00e, 1000, CAGE},
    {"pages", "cage", 0x018, 1000, CAGE},
    {"spaces", "cage", 0x038, 1000, CAGE},
    {"A20", "cage", 0x05c, 1000, CAGE},
    {"paging", "cage", 0x098, 1000, CAGE},
    {"bus master", "cage", 0x108, 1000, CAGE},
    {"system, flat", "cage", 0x208, 1000, CAGE},
    {"system, 16 bits", "cage", 0x309, 1000, CAGE},
    {"system, V86", "cage", 0x21a, 1000, CAGE},
    {"all, V86", "cage", 0x3fe, 600, CAGE},
    {"nested, #DF", "nest", 0, 2000, EXITS},
    {"nested, deep", "nest", 1, 200, EXITS},
    {"nested, loop", "nest", 2, 2000, EXITS},
    {"nested, task", "nest", 3, 2000, EXITS},
    {"no vectors", "nest", 4, 50, DIES},
    {"no memory", "nest", 10, 50, DIES},
    {"no stack", "nest", 15, 50, DIES},
    {"no handler", "nest", 17, 5, DIES},
#undef EXITS
#undef CAGE
#undef DIES
};

/* Devices. */

static uint32_t quiet_read(void *dev, paddr offset, unsigned size)
{
    const struct board *b = dev;
    uint32_t value = 0;

    memcpy(&value, b->memory + offset, size);
    return value;
}

static void quiet_write(void *dev, paddr offset, uint32_t value, unsigned size)
{
    struct board *b = dev;

    memcpy(b->memory + offset, &value, size);
}

/* Mostly code of one byte. */
static uint32_t noisy_read(void *dev, paddr offset, unsigned size)
{
    struct board *b = dev;

    b->reads++;
    return (uint32_t)offset + (0x40424140u ^ (b->reads & 7)) + (size << 8);
}

static void noisy_write(void *dev, paddr offset, uint32_t value, unsigned size)
{
    struct board *b = dev;

    b->writes++;
    b->hash = b->hash * 31 + (uint32_t)offset + value + size;
}

static uint32_t gate_read(void *dev, paddr offset, unsigned size)
{
    const struct board *b = dev;

    (void)offset;
    (void)size;
    return b->bare->mem->a20_mask == ~(paddr)0 ? 2 : 0;
}

static void gate_write(void *dev, paddr offset, uint32_t value, unsigned size)
{
    struct board *b = dev;

    (void)offset;
    (void)size;
    mem_set_a20(b->bare->mem, value & 2);
}

static void from_write(void *dev, paddr offset, uint32_t value, unsigned size)
{
    struct board *b = dev;

    (void)offset;
    (void)size;
    b->from = value;
}

static void to_write(void *dev, paddr offset, uint32_t value, unsigned size)
{
    struct board *b = dev;
    uint8_t bytes[MASTER_BYTES];

    (void)offset;
    (void)size;
    mem_read(b->bare->mem, b->from, bytes, sizeof(bytes));
    mem_write(b->bare->mem, value, bytes, sizeof(bytes));
}

static void show_rom(struct mem *mem)
{
    mem_map_rom(mem, ROM, ROM_BYTES, mem->ram + ROM, NULL);
    mem_map_rom(mem, ROM_TOP, ROM_BYTES, mem->ram + ROM, NULL);
}

static void create(struct board *b, const struct jit_config *config)
{
    static const struct bus_ops quiet = {quiet_read, quiet_write,
                                         1 | 2 | 4 | BUS_QUIET};
    static const struct bus_ops noisy = {noisy_read, noisy_write, 1 | 2 | 4};
    static const struct bus_ops gate = {gate_read, gate_write, 1};
    static const struct bus_ops from = {NULL, from_write, 4};
    static const struct bus_ops to = {NULL, to_write, 4};
    struct bare *bare;

    *b = (struct board){.bare = NULL};
    ck_assert_int_eq(bare_create(&b->bare, CPU_PENTIUM4, PROGRAM_BYTES),
                     STATUS_OK);
    bare = b->bare;
    mem_map_io(bare->mem, QUIET, QUIET_BYTES, &quiet, b);
    mem_map_io(bare->mem, NOISY, MEM_PAGE_BYTES, &noisy, b);
    ck_assert_int_eq(bus_map(bare->ports, PORT_A20, 1, &gate, b), STATUS_OK);
    ck_assert_int_eq(bus_map(bare->ports, PORT_FROM, 4, &from, b), STATUS_OK);
    ck_assert_int_eq(bus_map(bare->ports, PORT_TO, 4, &to, b), STATUS_OK);
    if (config->heat)
        ck_assert_int_eq(jit_attach(bare->cpu, config), STATUS_OK);
}

/* Programs. */

static size_t load_image(const char *name, uint8_t *to, size_t room)
{
    char path[512];
    size_t bytes;
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s.bin", HOSTILE_IMAGES, name);
    file = fopen(path, "rb");
    ck_assert_msg(file != NULL, "%s", path);
    bytes = fread(to, 1, room, file);
    fclose(file);
    return bytes;
}

/* Memory at the start: a random program and pieces of it, and the image. */
static void fill(struct program *p, const struct hostile *h, uint32_t call)
{
    uint32_t words[3] = {h->option, h->rounds, 0x9e3779b9u * (call + 1)};
    uint32_t form = h->option & 3;

    program_make(p, MODES * call + (form == 1   ? PROT16
                                    : form == 2 ? V86
                                                : PROT32));
    for (uint32_t at = 0; at < MATTER_BYTES; at += 0x40)
        memcpy(p->image + MATTER + at,
               p->image + WINDOW + (program_next(p) % (CODE_SIZE - 0x40)),
               0x40);
    memcpy(p->image + SOURCE, p->image + WINDOW, CODE_SIZE);
    memcpy(p->image + ROM, p->image + MATTER, ROM_BYTES);
    memset(p->image + IMAGE, 0, MATTER - IMAGE);
    load_image(h->image, p->image + IMAGE, MATTER - IMAGE);
    memcpy(p->image + IMAGE + HEADER, words, sizeof(words));
}

static void start(struct board *b, const struct program *p)
{
    struct cpu *cpu = b->bare->cpu;

    mem_set_a20(b->bare->mem, true);
    mem_write(b->bare->mem, 0, p->image, PROGRAM_BYTES); /* devices, too */
    mem_poke(b->bare->mem, ROM, p->image + ROM, ROM_BYTES);
    show_rom(b->bare->mem);
    memcpy(b->memory, p->image + MATTER, QUIET_BYTES);
    b->reads = b->writes = b->hash = 0;
    b->bare->exited = false;
    cpu_reset(cpu);
    cpu->fpu.present = true;
    cpu->cr0 = CR0_ET | CR0_NE | CR0_PE;
    cpu->cr4 = CR4_OSFXSR | CR4_OSXMMEXCPT | CR4_DE;
    for (unsigned seg = 0; seg <= SEG_GS; seg++) {
        struct segment *s = &cpu->seg[seg];

        *s = (struct segment){.selector = 0x10, .limit = UINT32_MAX};
        s->access = ACCESS_P | ACCESS_S | ACCESS_RW | ACCESS_ACCESSED |
                    ACCESS_D | ACCESS_G | (seg == SEG_CS ? ACCESS_CODE : 0);
    }
    mmu_flush(cpu);
    mmu_select(cpu);
    seg_update_all(cpu);
    cpu->reg[CPU_ESP] = STACK_TOP;
    cpu->eip = IMAGE;
    events_refresh(cpu);
}

/* Comparing. */

static bool is_same_memory(const struct bare *a, const struct bare *b)
{
    return memcmp(a->mem->ram, b->mem->ram, PROGRAM_BYTES) == 0;
}

static void compare(struct board *boards, const enum bare_end *end, bool whole,
                    const char *name)
{
    struct board *a = &boards[0];

    for (unsigned i = 1; i < ENGINES; i++) {
        struct board *b = &boards[i];

        ck_assert_msg(end[0] == end[i] &&
                          a->bare->clock->insns == b->bare->clock->insns &&
                          cpu_state_hash(a->bare->cpu, STATE_HASH_INIT) ==
                              cpu_state_hash(b->bare->cpu, STATE_HASH_INIT),
                      "%s, engine %u: instruction %llu and %llu, eip %x and %x",
                      name, i, (unsigned long long)a->bare->clock->insns,
                      (unsigned long long)b->bare->clock->insns,
                      a->bare->cpu->eip, b->bare->cpu->eip);
        if (!whole)
            continue;
        ck_assert_msg(is_same_memory(a->bare, b->bare), "%s, engine %u: memory",
                      name, i);
        ck_assert_msg(!memcmp(a->memory, b->memory, QUIET_BYTES) &&
                          a->reads == b->reads && a->writes == b->writes &&
                          a->hash == b->hash,
                      "%s, engine %u: devices", name, i);
    }
}

/* Runs all machines in step to the end of the program. */
static void run(struct board *boards, const struct hostile *h, uint64_t seed)
{
    uint64_t before = boards[0].bare->clock->insns;
    enum bare_end end[ENGINES] = {BARE_LIMIT};

    for (unsigned n = 0; end[0] == BARE_LIMIT; n++) {
        uint32_t insns;

        ck_assert_msg(boards[0].bare->clock->insns - before < INSNS_MAX,
                      "%s does not end: eip %x", h->name,
                      boards[0].bare->cpu->eip);
        seed = seed * 6364136223846793005 + 1442695040888963407;
        insns = 1 + (uint32_t)(seed >> 33) % h->burst;
        for (unsigned i = 0; i < ENGINES; i++) {
            boards[i].bare->vector = INTR;
            cpu_set_intr(boards[i].bare->cpu, h->interrupts);
            if (h->interrupts && n % 8 == 7)
                cpu_raise_nmi(boards[i].bare->cpu);
            end[i] = bare_run(boards[i].bare, insns);
        }
        compare(boards, end, n % WHOLE == 0 || end[0] != BARE_LIMIT, h->name);
    }
    ck_assert_msg(end[0] == h->end, "%s: end %u", h->name, end[0]);
}

/* The host's memory. */

/* Each page once, however often it is mapped. */
static size_t resident_bytes(void)
{
    FILE *file = fopen("/proc/self/smaps_rollup", "r");
    unsigned long kib = 0;
    char line[256];

    ck_assert_ptr_nonnull(file);
    while (!kib && fgets(line, sizeof(line), file))
        (void)sscanf(line, "Pss: %lu", &kib);
    fclose(file);
    ck_assert_uint_gt(kib, 0);
    return kib << 10;
}

static unsigned host_mappings(void)
{
    FILE *file = fopen("/proc/self/maps", "r");
    unsigned lines = 0;
    int c;

    ck_assert_ptr_nonnull(file);
    while ((c = getc(file)) != EOF)
        lines += c == '\n';
    fclose(file);
    return lines;
}

static void check_figures(const struct board *boards, const struct hostile *h)
{
    for (unsigned i = 1; i < ENGINES; i++) {
        struct jit_stats stats;

        ck_assert(jit_get_stats(boards[i].bare->cpu, &stats));
        if (getenv("VITRINE_HOSTILE"))
            printf("%s: %llu translations, %llu evictions, %llu flushes\n",
                   h->name, (unsigned long long)stats.translations,
                   (unsigned long long)stats.evictions,
                   (unsigned long long)stats.flushes);
        ck_assert_uint_gt(stats.translations, 0);
        ck_assert_uint_ge(stats.evictions, h->evictions);
        ck_assert_uint_ge(stats.flushes, h->forgets);
    }
}

START_TEST(hostile)
{
    const struct hostile *h = &programs[_i];
    const char *times = getenv("VITRINE_HOSTILE");
    uint32_t calls = CALLS * (times ? (uint32_t)atoi(times) : 1);
    struct program p = {.image = malloc(PROGRAM_BYTES)};
    struct board *boards = calloc(ENGINES, sizeof(*boards));
    size_t before, after;

    ck_assert(p.image && boards);
    before = resident_bytes();
    for (unsigned i = 0; i < ENGINES; i++)
        create(&boards[i], &configs[i]);
    for (uint32_t call = 0; call < calls; call++) {
        fill(&p, h, call);
        for (unsigned i = 0; i < ENGINES; i++)
            start(&boards[i], &p);
        run(boards, h, call + 1);
    }
    after = resident_bytes();
    if (times)
        printf("%s: %llu instructions, %zu, %zu KiB, %u mappings\n", h->name,
               (unsigned long long)boards[0].bare->clock->insns, before >> 10,
               after >> 10, host_mappings());
    check_figures(boards, h);
    ck_assert_uint_le(after, before + GROWS_MAX);
    ck_assert_uint_le(host_mappings(), MAPS_MAX);
    for (unsigned i = 0; i < ENGINES; i++)
        bare_destroy(boards[i].bare);
    free(boards);
    free(p.image);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("jit/hostile");
    TCase *tcase = tcase_create("hostile");

    if (!jit_available()) {
        puts("no translator for this host");
        exit(TEST_SKIPPED);
    }
    tcase_set_timeout(tcase, 0);
    tcase_add_loop_test(tcase, hostile, 0, ARRAY_LEN(programs));
    suite_add_tcase(suite, tcase);
    return suite;
}
