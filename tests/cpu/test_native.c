/* Random programs, run by the host's own processor and by the interpreter:
 * equal registers, defined flags, memory and faults. A fixed seed and a short
 * run; VITRINE_NATIVE=N runs at least N million instructions, and
 * VITRINE_NATIVE_SEED=N begins elsewhere. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpu/cpu.h"
#include "cpu/flags.h"
#include "cpu/fpu_int.h"
#include "cpu/seg.h"
#include "cpu/sse_float.h"
#include "cpu/sys.h"
#include "tests/cpu/engine.h"
#include "tests/cpu/native/native.h"
#include "tests/cpu/native/random_code.h"
#include "tests/suite.h"

#define COMPARED   (FLAGS_OSZAPC | FLAG_DF)
#define LOW_BYTES  0x10000u
#define GDT        0x1000u
#define LDT        0x1800u
#define TSS        0x2000u
#define IDT        0x3000u
#define HANDLERS   0x4000u
#define STACK0_TOP 0x8000u
#define RUN_MAX    100000u

/* Places in the image of FXSAVE. */
#define FX_MXCSR 24
#define FX_ST    32
#define FX_XMM   160

struct bench {
    struct native *native;
    struct mem *mem;
    struct bus *ports;
    struct clock *clock;
    struct cpu *cpu;
    uint8_t *data; /* the guest's */
    uint64_t insns, programs, faults, lost;
};

/* The guest's tables. */

static void put_word(struct bench *b, uint32_t at, uint32_t value)
{
    mem_write(b->mem, at, &value, 4);
}

static uint32_t get_word(const struct bench *b, uint32_t at)
{
    uint32_t value;

    memcpy(&value, b->mem->ram + at, 4);
    return value;
}

/* access: descriptor bytes 5 and 6, as struct segment has them; limit in the
 * units that it says. */
static void put_descriptor(struct bench *b, uint32_t at, uint32_t base,
                           uint32_t limit, uint32_t access)
{
    put_word(b, at, (limit & 0xffff) | base << 16);
    put_word(b, at + 4,
             (base >> 16 & 0xff) | (access & 0xff) << 8 | (limit & 0xf0000) |
                 (access & 0xf000) << 8 | (base & 0xff000000u));
}

static void make_tables(struct bench *b)
{
    put_descriptor(b, GDT + 0x08, 0, 0xfffff, 0xc09b);
    put_descriptor(b, GDT + 0x10, 0, 0xfffff, 0xc093);
    put_descriptor(b, GDT + (NATIVE_FLAT_CODE & ~7u), 0, 0xfffff, 0xc0fb);
    put_descriptor(b, GDT + (NATIVE_FLAT_DATA & ~7u), 0, 0xfffff, 0xc0f3);
    put_descriptor(b, LDT + (NATIVE_SMALL_DATA & ~7u), NATIVE_DATA, 0xffff,
                   0x00f3);
    put_descriptor(b, LDT + (NATIVE_SMALL_CODE & ~7u), NATIVE_CODE, 0xffff,
                   0x00fb);
    put_word(b, TSS + 4, STACK0_TOP);
    put_word(b, TSS + 8, 0x10);
    for (uint32_t n = 0; n < 32; n++) {
        uint32_t at = HANDLERS + 16 * n;

        put_word(b, IDT + 8 * n, 0x08 << 16 | (at & 0xffff));
        put_word(b, IDT + 8 * n + 4, (at & 0xffff0000u) | 0x8e00);
        put_word(b, at, 0xf4); /* HLT */
    }
}

static void set_system(struct bench *b)
{
    struct cpu *cpu = b->cpu;

    cpu->cr0 |= CR0_PE | CR0_NE;
    cpu->cr4 |= CR4_OSFXSR | CR4_OSXMMEXCPT;
    cpu->gdtr = (struct table_register){.base = GDT, .limit = 0xff};
    cpu->idtr = (struct table_register){.base = IDT, .limit = 0xff};
    cpu->seg[SEG_LDTR] = (struct segment){
        .base = LDT, .limit = 0xff, .selector = 0x38, .access = 0x82};
    cpu->seg[SEG_TR] = (struct segment){
        .base = TSS, .limit = 0x67, .selector = 0x40, .access = 0x8b};
}

static enum status create(struct bench *b)
{
    struct cpu_config config = {.model = CPU_PENTIUM4, .fpu = true};

    TRY(native_create(&b->native));
    ck_assert_int_eq(
        mem_create(&b->mem, LOW_BYTES + NATIVE_CODE_BYTES + NATIVE_DATA_BYTES),
        STATUS_OK);
    mem_map_host(b->mem, 0, LOW_BYTES, b->mem->ram);
    mem_map_host(b->mem, NATIVE_CODE, NATIVE_CODE_BYTES,
                 b->mem->ram + LOW_BYTES);
    b->data = b->mem->ram + LOW_BYTES + NATIVE_CODE_BYTES;
    mem_map_host(b->mem, NATIVE_DATA, NATIVE_DATA_BYTES, b->data);
    ck_assert_int_eq(bus_create(&b->ports), STATUS_OK);
    ck_assert_int_eq(clock_create(&b->clock, 1000000), STATUS_OK);
    config.mem = b->mem;
    config.ports = b->ports;
    config.clock = b->clock;
    ck_assert_int_eq(cpu_create(&config, &b->cpu), STATUS_OK);
    ck_assert_int_eq(engine_plug(b->cpu), STATUS_OK);
    make_tables(b);
    return STATUS_OK;
}

static void destroy(struct bench *b)
{
    cpu_destroy(b->cpu);
    clock_destroy(b->clock);
    bus_destroy(b->ports);
    mem_destroy(b->mem);
    native_destroy(b->native);
}

/* Running the guest. */

static void set_flat(struct cpu *cpu, unsigned seg, uint16_t selector,
                     uint16_t access)
{
    cpu->seg[seg] = (struct segment){
        .limit = UINT32_MAX, .selector = selector, .access = access};
}

static void set_small(struct cpu *cpu, unsigned seg, uint16_t selector,
                      uint32_t base, uint16_t access)
{
    cpu->seg[seg] = (struct segment){
        .base = base, .limit = 0xffff, .selector = selector, .access = access};
}

static void set_segments(struct cpu *cpu, bool code16)
{
    for (unsigned seg = 0; seg < SEG_LDTR; seg++) {
        if (code16)
            set_small(cpu, seg, NATIVE_SMALL_DATA, NATIVE_DATA, 0x00f3);
        else
            set_flat(cpu, seg, NATIVE_FLAT_DATA, 0xc0f3);
    }
    cpu->seg[SEG_FS] = (struct segment){.selector = 0};
    set_small(cpu, SEG_GS, NATIVE_SMALL_DATA, NATIVE_DATA, 0x00f3);
    if (code16)
        set_small(cpu, SEG_CS, NATIVE_SMALL_CODE, NATIVE_CODE, 0x00fb);
    else
        set_flat(cpu, SEG_CS, NATIVE_FLAT_CODE, 0xc0fb);
    cpu->cpl = 3;
    for (unsigned seg = 0; seg < SEG_LDTR; seg++)
        seg_update(cpu, seg);
}

static bool pushes_error(unsigned vector)
{
    return vector == VECTOR_DF ||
           (vector >= VECTOR_TS && vector <= VECTOR_PF) || vector == VECTOR_AC;
}

static void load_fx(struct cpu *cpu, const uint8_t fx[512])
{
    fpu_get_fx(cpu, fx);
    memcpy(&cpu->mxcsr, fx + FX_MXCSR, 4);
    memcpy(cpu->xmm, fx + FX_XMM, sizeof(cpu->xmm));
}

static void store_fx(const struct cpu *cpu, uint8_t fx[512])
{
    fpu_put_fx(cpu, fx);
    memcpy(fx + FX_MXCSR, &cpu->mxcsr, 4);
    memcpy(fx + FX_XMM, cpu->xmm, sizeof(cpu->xmm));
}

/* The program ends with HLT, which is a fault at privilege 3; every handler is
 * HLT too. `end` is the offset of the first. */
static void run_guest(struct bench *b, bool code16, uint32_t end,
                      struct native_state *state)
{
    struct cpu *cpu = b->cpu;
    uint32_t frame;
    uint64_t before;

    cpu_reset(cpu);
    set_system(b);
    set_segments(cpu, code16);
    memcpy(cpu->reg, state->reg, sizeof(state->reg));
    load_fx(cpu, state->fx);
    cpu->eip = state->eip;
    flags_set(cpu, state->eflags, 0xffff);
    events_refresh(cpu);
    before = b->clock->insns;
    b->clock->stop_insns = before + RUN_MAX;
    ck_assert_int_eq(cpu_run(cpu), CPU_STOP_HALT);
    b->insns += b->clock->insns - before - 2; /* the fault and the HLT */
    memcpy(state->reg, cpu->reg, sizeof(state->reg));
    store_fx(cpu, state->fx);
    state->vector = (cpu->eip - 1 - HANDLERS) / 16;
    frame = cpu->reg[CPU_ESP] + (pushes_error(state->vector) ? 4 : 0);
    state->eip = get_word(b, frame);
    state->eflags = get_word(b, frame + 8);
    state->reg[CPU_ESP] = get_word(b, frame + 12);
    if (state->vector == VECTOR_GP && state->eip == end)
        state->vector = NATIVE_END;
}

/* Comparing. */

static void print_state(const char *who, const struct native_state *s)
{
    printf("%-7s", who);
    for (unsigned i = 0; i < 8; i++)
        printf(" %08x", s->reg[i]);
    printf(" eip %08x flags %08x vector %u\n", s->eip, s->eflags, s->vector);
}

/* What differs of the FXSAVE images, in words of 64 bits, upper half first. */
static void print_fx(const uint8_t before[512], const uint8_t host[512],
                     const uint8_t guest[512])
{
    for (unsigned at = 0; at < FX_XMM + 16 * XMM_REGS; at += 8) {
        const uint8_t *images[3] = {before, host, guest};

        if (at && at != FX_MXCSR && !memcmp(host + at, guest + at, 8) &&
            !memcmp(before + at, host + at, 8))
            continue;
        printf("fx[%3u]", at);
        for (unsigned i = 0; i < 3; i++) {
            uint64_t value;

            memcpy(&value, images[i] + at, 8);
            printf("  %016llx", (unsigned long long)value);
        }
        printf("%s\n", memcmp(host + at, guest + at, 8) ? " *" : "");
    }
}

static bool registers_equal(const struct native_state *a,
                            const struct native_state *b, bool code16)
{
    for (unsigned i = 0; i < 8; i++) {
        /* IRET to a 16-bit stack leaves half of ESP to the host's kernel */
        uint32_t mask = code16 && i == CPU_ESP ? 0xffff : UINT32_MAX;

        if ((a->reg[i] ^ b->reg[i]) & mask)
            return false;
    }
    return true;
}

/* A PUSHA that faults may or may not have stored what comes before, a POPA may
 * have loaded; whether an
 * ENTER that ends at the last bytes of the stack faults depends on how wide a
 * store the processor tries there. */
static bool may_differ(const struct random_code *code, uint32_t at)
{
    while (memchr("\x26\x2e\x36\x3e\x65\x66\x67\xf2\xf3", code->bytes[at], 9))
        at++;
    return code->bytes[at] == 0x60 || code->bytes[at] == 0x61 ||
           code->bytes[at] == 0xc8;
}

static bool memory_equal(const struct bench *b)
{
    return !memcmp(b->native->data, b->data, NATIVE_DATA_BYTES);
}

/* A conversion from or to MMX registers that raised #XM: AMD's processors have
 * made the x87's registers MMX registers before. */
static bool is_mixed_conversion(const struct random_code *code, uint32_t at)
{
    while (memchr("\x26\x2e\x36\x3e\x65\x66\x67", code->bytes[at], 7))
        at++;
    return code->bytes[at] == 0x0f &&
           (code->bytes[at + 1] == 0x2a || code->bytes[at + 1] == 0x2c ||
            code->bytes[at + 1] == 0x2d);
}

/* All but the pointers, which AMD's processors save with an error only. */
static bool fx_equal(const uint8_t a[512], const uint8_t b[512], bool x87,
                     uint8_t forgiven)
{
    if (memcmp(a + FX_MXCSR, b + FX_MXCSR, 4))
        return false;
    if (x87 && (memcmp(a, b, 3) || a[4] != b[4] || ((a[3] ^ b[3]) & ~forgiven)))
        return false;
    for (unsigned i = 0; x87 && i < 8; i++) {
        if (memcmp(a + FX_ST + 16 * i, b + FX_ST + 16 * i, 10))
            return false;
    }
    return !memcmp(a + FX_XMM, b + FX_XMM, 16 * XMM_REGS);
}

static bool equal(const struct bench *b, const struct random_code *code,
                  const struct native_state *host,
                  const struct native_state *guest)
{
    uint32_t base = code->code16 ? 0 : NATIVE_CODE;
    uint32_t at = host->vector == NATIVE_END ? code->size : host->eip - base;
    uint32_t undefined = at < RANDOM_BYTES ? code->undefined[at] : 0;
    bool x87 = host->vector != VECTOR_XM || !is_mixed_conversion(code, at);
    /* FCOMI leaves C1 there; the program sets it behind, if it gets so far */
    uint8_t forgiven = host->vector == VECTOR_MF ? SW_C1 >> 8 : 0;

    return host->vector == guest->vector &&
           (host->vector == NATIVE_END || host->eip == guest->eip) &&
           registers_equal(host, guest, code->code16) &&
           !((host->eflags ^ guest->eflags) & COMPARED & ~undefined) &&
           fx_equal(host->fx, guest->fx, x87, forgiven) && memory_equal(b);
}

static void report(const struct bench *b, const struct random_code *code,
                   const struct native_state *before,
                   const struct native_state *host,
                   const struct native_state *guest, uint32_t seed)
{
    printf("seed %u, code%u, %u bytes:", seed, code->code16 ? 16 : 32,
           code->size);
    for (unsigned i = 0; i < code->size; i++)
        printf(" %02x", code->bytes[i]);
    printf("\n");
    print_state("before", before);
    print_state("host", host);
    print_state("guest", guest);
    print_fx(before->fx, host->fx, guest->fx);
    for (uint32_t i = 0; i < NATIVE_DATA_BYTES; i++) {
        if (b->native->data[i] != b->data[i])
            printf("[%05x] host %02x, guest %02x\n", i, b->native->data[i],
                   b->data[i]);
    }
}

static uint32_t scramble(uint32_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed;
}

/* Numbers of single (bits 23) or double precision (52) of every class. */
static uint64_t random_float(unsigned bits, uint32_t *seed)
{
    unsigned wide = bits == 52 ? 11 : 8;
    uint64_t fraction = (uint64_t)scramble(seed) << 32 | scramble(seed);
    uint64_t exp = scramble(seed), max = (1u << wide) - 1;

    switch (scramble(seed) >> 8 & 7) {
    case 0: exp = 0; break;
    case 1: exp = max; break;
    case 2: exp = 1 + exp % (bits + 3); break;
    case 3: exp = max - 1 - exp % (bits + 3); break;
    case 4:
    case 5: exp = max / 2 + exp % 8 - 4; break;
    case 6: exp = max / 2 + exp % (2 * bits) - bits; break;
    default: exp &= max; break;
    }
    switch (scramble(seed) >> 8 & 7) {
    case 0: fraction = 0; break;
    case 1: fraction = fraction & 1; break;
    case 2: fraction = 0 - (fraction & 3); break;
    case 3: fraction &= UINT64_C(15) << (bits - 4); break;
    case 4: fraction <<= scramble(seed) % bits; break;
    default: break;
    }
    fraction &= (UINT64_C(1) << bits) - 1;
    return (uint64_t)(scramble(seed) >> 9 & 1) << (bits + wide) | exp << bits |
           fraction;
}

static uint64_t random_half(uint32_t *seed)
{
    switch (scramble(seed) >> 8 & 3) {
    case 0: return (uint64_t)scramble(seed) << 32 | scramble(seed);
    case 1: return random_float(52, seed);
    default: return random_float(23, seed) << 32 | random_float(23, seed);
    }
}

static uint32_t random_mxcsr(uint32_t *seed)
{
    uint32_t bits = scramble(seed) >> 8;

    if (bits & 0x10000)
        bits |= 0x1f80; /* all masked */
    if (bits & 0x60000)
        bits &= ~MXCSR_DAZ;
    if (bits & 0x180000)
        bits &= ~MXCSR_FTZ;
    return bits & 0xffff;
}

static uint64_t random_exponent(uint32_t *seed)
{
    uint64_t bits = scramble(seed) >> 8, sign = bits & 0x8000;

    switch (scramble(seed) >> 8 & 7) {
    case 0: return sign | 0x7fff;
    case 1: return sign;
    case 2: return sign | (1 + bits % 70);
    case 3: return sign | (0x7ffe - bits % 70);
    case 4: return bits & 0xffff;
    default: return sign | (0x3fff + bits % 140 - 70);
    }
}

static void random_x87(uint8_t fx[512], uint32_t *seed)
{
    uint32_t bits = scramble(seed) >> 8;
    unsigned masks = bits & 3 ? 0x3f : bits >> 2 & 0x3f;

    fx[0] = (uint8_t)(masks | 0x40);
    fx[1] = (uint8_t)((bits & 0x300 ? 3 : bits >> 10 & 3) |
                      (scramble(seed) >> 8 & 0xc));
    fx[2] = scramble(seed) >> 8 & (bits & 0x7000 ? masks : 0x3f);
    if (fx[2] & ~masks & 0x3f) /* an error that waits */
        fx[2] |= 0x80;
    fx[3] = scramble(seed) >> 8 & 0x7f; /* TOP and condition codes */
    if (fx[2] & 0x80)
        fx[3] |= 0x80;
    fx[4] = (uint8_t)(scramble(seed) >> 8);
    if (bits & 0x30000)
        fx[4] |= bits & 0x10000 ? 0xff : 0x7e;
    for (unsigned i = 0; i < 8; i++) {
        uint64_t half = random_half(seed), exp = random_exponent(seed);

        if ((exp & 0x7fff) && (scramble(seed) & 0xf00))
            half |= F80_INTEGER;
        memcpy(fx + FX_ST + 16 * i, &half, 8);
        memcpy(fx + FX_ST + 16 * i + 8, &exp, 2);
    }
}

static void random_fx(uint8_t fx[512], uint32_t *seed)
{
    uint32_t mxcsr = random_mxcsr(seed);

    memset(fx, 0, 512);
    random_x87(fx, seed);
    memcpy(fx + FX_MXCSR, &mxcsr, 4);
    for (unsigned i = 0; i < 2 * XMM_REGS; i++) {
        uint64_t half = random_half(seed);

        memcpy(fx + FX_XMM + 8 * i, &half, 8);
    }
}

static void random_state(struct native_state *s, bool code16, uint32_t seed)
{
    for (unsigned i = 0; i < 8; i++) {
        s->reg[i] = scramble(&seed);
        if (!(scramble(&seed) & 3))
            s->reg[i] = (uint32_t)((int32_t)s->reg[i] >> 28);
    }
    s->reg[CPU_ESP] = 0x6000 + (scramble(&seed) & 0x1ffc);
    if (!code16)
        s->reg[CPU_ESP] += NATIVE_DATA;
    else if (!(scramble(&seed) & 31)) /* near the wrap */
        s->reg[CPU_ESP] = scramble(&seed) & 0x16;
    random_fx(s->fx, &seed);
    s->vector = NATIVE_END;
    s->eip = code16 ? 0 : NATIVE_CODE;
    s->eflags = (scramble(&seed) & FLAGS_OSZAPC) | FLAG_IF | FLAG_ONE;
}

/* The same bytes but for the end, where the host must come back. */
static void load_code(struct bench *b, const struct random_code *code)
{
    const uint8_t halt = 0xf4;
    uint8_t end[8];
    unsigned end_bytes = native_end(code->code16, end);

    memcpy(b->native->code, code->bytes, code->size);
    memcpy(b->native->code + code->size, end, end_bytes);
    mem_write(b->mem, NATIVE_CODE, code->bytes, code->size);
    mem_write(b->mem, NATIVE_CODE + code->size, &halt, 1);
}

static bool run_program(struct bench *b, uint32_t seed)
{
    struct random_code code = {.seed = seed * 2654435761u | 1,
                               .insns = 1 + seed % 24};
    struct native_state before, host, guest;

    code.code16 = (seed >> 8) % 3 == 0;
    code.kind = (seed >> 16) % 3;
    random_code_make(&code);
    load_code(b, &code);
    random_state(&before, code.code16, seed);
    host = guest = before;
    native_run(b->native, code.code16, &host);
    run_guest(b, code.code16, before.eip + code.size, &guest);
    b->programs++;
    b->faults += host.vector != NATIVE_END;
    if (host.vector == VECTOR_PF || /* an address that the host has not */
        /* beyond the limit of SS and not aligned: which comes first? */
        (host.vector == VECTOR_GP && guest.vector == VECTOR_SS) ||
        (host.vector == VECTOR_SS && may_differ(&code, host.eip & 0xffff))) {
        b->lost++;
        make_tables(b); /* it may be one that the guest has */
        memcpy(b->data, b->native->data, NATIVE_DATA_BYTES);
        return true;
    }
    if (equal(b, &code, &host, &guest))
        return true;
    report(b, &code, &before, &host, &guest, seed);
    memcpy(b->data, b->native->data, NATIVE_DATA_BYTES);
    return false;
}

static uint64_t number_from(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);

    return text ? strtoull(text, NULL, 10) : otherwise;
}

static void fill_data(struct bench *b, uint32_t seed)
{
    for (uint32_t i = 0; i < NATIVE_DATA_BYTES; i += 8) {
        uint64_t half = random_half(&seed);

        memcpy(b->data + i, &half, 8);
        memcpy(b->native->data + i, &half, 8);
    }
}

START_TEST(host_agrees)
{
    uint64_t wanted = number_from("VITRINE_NATIVE", 0) * 1000000;
    uint32_t seed = (uint32_t)number_from("VITRINE_NATIVE_SEED", 1);
    struct bench b = {0};
    unsigned differ = 0;

    if (!wanted)
        wanted = 1000000;
    ck_assert_int_eq(create(&b), STATUS_OK);
    fill_data(&b, seed);
    while (b.insns < wanted && differ < 10)
        differ += !run_program(&b, scramble(&seed));
    printf("native: %llu instructions, %llu programs, %llu faults, "
           "%llu lost\n",
           (unsigned long long)b.insns, (unsigned long long)b.programs,
           (unsigned long long)b.faults, (unsigned long long)b.lost);
    ck_assert_uint_eq(differ, 0);
    destroy(&b);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("cpu/native");
    TCase *tcase = tcase_create("host");
    struct native *native;

    if (native_create(&native) != STATUS_OK) {
        printf("skipped: this host cannot run i386 code\n");
        exit(TEST_SKIPPED);
    }
    native_destroy(native);
    tcase_set_timeout(tcase, 3600);
    tcase_add_test(tcase, host_agrees);
    suite_add_tcase(suite, tcase);
    return suite;
}
