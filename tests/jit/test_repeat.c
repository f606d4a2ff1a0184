/* String instructions, translated and interpreted: every kind and size, counts
 * and places that overlap, cross pages, wrap and reach the limit, cut off in
 * the middle; in memory and on a quiet device that remembers the last load. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/state.h"
#include "cpu/mmu.h"
#include "cpu/seg.h"
#include "cpu/sys.h"
#include "jit/jit.h"
#include "tests/cpu/bare.h"
#include "tests/suite.h"

#define RAM_BYTES MIB(1)
#define CODE      0x10000u
#define SNIPPET   32u
#define DATA      0x20000u
#define DATA_SIZE 0x20000u
#define WINDOW    0x23000u /* the device's */
#define CASES     8000u

struct latch {
    uint8_t bytes[0x2000];
    uint32_t last;
};

static uint32_t next(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005 + 1442695040888963407;
    return (uint32_t)(*seed >> 33);
}

static uint32_t latch_read(void *dev, paddr offset, unsigned size)
{
    struct latch *d = dev;

    d->last = 0;
    memcpy(&d->last, d->bytes + offset, size);
    return d->last;
}

static void latch_write(void *dev, paddr offset, uint32_t value, unsigned size)
{
    struct latch *d = dev;

    value += 3 * d->last;
    memcpy(d->bytes + offset, &value, size);
}

static const struct bus_ops latch_ops = {latch_read, latch_write,
                                         1 | 2 | 4 | BUS_QUIET};

/* Opcode in bits 0-3, then prefixes: REP or REPNE, 66, 67; and without the
 * first of these. Flags are looked at behind it. Around it are instructions
 * whose registers may be in the host's. */
static uint32_t snippet_at(unsigned n)
{
    return CODE + n * SNIPPET;
}

static void put_snippet(struct bare *bare, unsigned n)
{
    static const uint8_t ops[16] = {0xa4, 0xa5, 0xa6, 0xa7, 0xaa, 0xab,
                                    0xac, 0xad, 0xae, 0xaf, 0xa4, 0xa5,
                                    0xa6, 0xa7, 0xae, 0xaf};
    static const uint8_t alone[16] = {0xa4, 0xa5, 0xa6, 0xa7, 0xaa, 0xab,
                                      0xac, 0xad, 0xae, 0xaf, 0x88, 0x89,
                                      0x8a, 0x33, 0x09, 0x87};
    /* FLD1, PADDB XMM0, XMM1; and on the other side FNINIT, FNSTSW AX, flags,
     * PADDB XMM1, XMM0 */
    static const uint8_t head[] = {0xd9, 0xe8, 0x66, 0x0f, 0xfc, 0xc1};
    static const uint8_t tail[] = {0xdb, 0xe3, 0xdf, 0xe0, 0x0f, 0x94, 0xc2,
                                   0x9f, 0x66, 0x0f, 0xfc, 0xc8, 0xeb, 0xfe};
    uint8_t *at = bare->mem->ram + snippet_at(n);

    memcpy(at, head, sizeof(head));
    at += sizeof(head);
    *at++ = 0x39; /* CMP */
    *at++ = 0xd3;
    if (n & 0x20)
        *at++ = 0x66;
    if (n & 0x40)
        *at++ = 0x67;
    if (!(n & 0x80))
        *at++ = n & 0x10 ? 0xf3 : 0xf2;
    *at++ = n & 0x80 ? alone[n & 15] : ops[n & 15];
    if (at[-1] < 0xa0)
        *at++ = 0x0f; /* CL or ECX, [EDI] */
    memcpy(at, tail, sizeof(tail));
}

static struct bare *machine(bool translated, struct latch *latch)
{
    static const struct jit_config config = {.heat = 1, .cache_bytes = MIB(16)};
    struct bare *bare;

    ck_assert_int_eq(bare_create(&bare, CPU_PENTIUM4, RAM_BYTES), STATUS_OK);
    if (translated)
        ck_assert_int_eq(jit_attach(bare->cpu, &config), STATUS_OK);
    for (unsigned n = 0; n < 0x100; n++)
        put_snippet(bare, n);
    mem_map_io(bare->mem, WINDOW, sizeof(latch->bytes), &latch_ops, latch);
    return bare;
}

static void set_seg(struct cpu *cpu, unsigned seg, bool wide, uint32_t base)
{
    struct segment *s = &cpu->seg[seg];

    s->base = wide ? 0 : base;
    s->limit = wide ? UINT32_MAX : 0xffff;
    s->access = ACCESS_P | ACCESS_S | ACCESS_RW | ACCESS_ACCESSED;
    if (seg == SEG_CS)
        s->access |= ACCESS_CODE;
    if (wide)
        s->access |= ACCESS_D | ACCESS_G;
}

/* Where the pages, the segment and the other operand end is where it counts. */
static uint32_t place(uint64_t *seed, bool wide)
{
    uint32_t at = next(seed) % 0xf000 + (wide ? DATA : 0);
    uint32_t near = next(seed) & 63;

    switch (next(seed) & 3) {
    case 0: return (at & 0xf000) - near + (wide ? DATA : 0x1000);
    case 1: return wide ? at : 0x10000 - near;
    default: return at;
    }
}

static uint32_t count(uint64_t *seed)
{
    switch (next(seed) & 7) {
    case 0: return 0;
    case 1: return next(seed) % 5000;
    case 2: return UINT32_MAX;
    default: return next(seed) % 40;
    }
}

/* Both machines get the same. */
static void start(struct bare *bare, uint64_t seed)
{
    struct cpu *cpu = bare->cpu;
    bool wide = next(&seed) & 1;

    cpu_reset(cpu);
    cpu->cr0 |= CR0_PE;
    cpu->cr4 = CR4_OSFXSR;
    cpu->fpu.present = true;
    cpu->fpu.control = 0x37f;
    cpu->fpu.full = 0;
    for (unsigned i = 0; i < 2; i++)
        cpu->xmm[i] = (struct xmm){{next(&seed), next(&seed)}};
    for (unsigned seg = 0; seg < 6; seg++)
        set_seg(cpu, seg, wide, seg == SEG_CS ? CODE : DATA + 16 * seg);
    if (next(&seed) & 1) {
        cpu->seg[SEG_DS].limit = next(&seed) & 0xffff;
        cpu->seg[SEG_DS].access &= (uint16_t)~ACCESS_G;
    }
    cpu->eip = (next(&seed) & 0xff) * SNIPPET + (wide ? CODE : 0);
    cpu->reg[CPU_EAX] = next(&seed) & 0x03030303;
    cpu->reg[CPU_EBX] = next(&seed) & 1;
    cpu->reg[CPU_ECX] = count(&seed);
    cpu->reg[CPU_ESI] = place(&seed, wide);
    cpu->reg[CPU_EDI] = place(&seed, wide);
    if (next(&seed) & 1)
        cpu->reg[CPU_EDI] = cpu->reg[CPU_ESI] + next(&seed) % 64 - 32;
    if (next(&seed) % 3 == 0)
        cpu->reg[CPU_ESI] |= next(&seed) << 17;
    if (next(&seed) % 3 == 0)
        cpu->reg[CPU_EDI] = WINDOW - 20 + next(&seed) % 0x2000;
    if (next(&seed) % 4 == 0)
        cpu->reg[CPU_ESI] = WINDOW - 20 + next(&seed) % 0x2000;
    for (uint32_t i = 0; i < DATA_SIZE; i += 64)
        bare->mem->ram[DATA + i + next(&seed) % 64] = next(&seed) & 3;
    mmu_select(cpu);
    seg_update_all(cpu);
    flags_set(cpu, next(&seed) % 8 ? 0 : FLAG_DF, FLAG_DF | FLAG_IF);
    events_refresh(cpu);
}

static void compare(struct bare *bare[2], const struct latch *latch,
                    uint64_t seed)
{
    uint64_t later = seed ^ 0x5555;

    for (unsigned i = 0; i < 2; i++)
        start(bare[i], seed);
    for (unsigned burst = 0; burst < 3; burst++) {
        uint32_t insns = next(&later) & 1 ? next(&later) % 60 : 6000;
        enum bare_end end[2];

        for (unsigned i = 0; i < 2; i++)
            end[i] = bare_run(bare[i], insns);
        if (end[0] != end[1] ||
            cpu_state_hash(bare[0]->cpu, STATE_HASH_INIT) !=
                cpu_state_hash(bare[1]->cpu, STATE_HASH_INIT) ||
            memcmp(bare[0]->mem->ram, bare[1]->mem->ram, RAM_BYTES) != 0 ||
            memcmp(&latch[0], &latch[1], sizeof(*latch)) != 0)
            ck_abort_msg("seed %llu, burst %u: eip %x %x, ecx %x %x",
                         (unsigned long long)seed, burst, bare[0]->cpu->eip,
                         bare[1]->cpu->eip, bare[0]->cpu->reg[CPU_ECX],
                         bare[1]->cpu->reg[CPU_ECX]);
    }
}

START_TEST(alike)
{
    static const struct latch empty;
    struct latch latch[2] = {empty, empty};
    struct bare *bare[2] = {machine(false, &latch[0]),
                            machine(true, &latch[1])};

    for (unsigned i = 0; i < CASES; i++)
        compare(bare, latch, i);
    bare_destroy(bare[0]);
    bare_destroy(bare[1]);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("jit/repeat");
    TCase *tcase = tcase_create("alike");

    tcase_set_timeout(tcase, 0);
    if (jit_available())
        tcase_add_test(tcase, alike);
    suite_add_tcase(suite, tcase);
    return suite;
}
