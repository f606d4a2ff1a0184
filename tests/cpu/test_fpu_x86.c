/* The host's own x87 is the oracle: one random instruction after the other,
 * each from the same state on both sides, and the whole FSAVE images compared.
 * FPU_ROUNDS in the environment makes the run longer (instructions). Of the
 * transcendental functions only flags and special results are compared here.
 *
 * AMD's processors leave FCS, FDS and the opcode out of the image, so those are
 * not compared; FCOMI leaves C1 alone there. */
#define _DEFAULT_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "cpu/flags.h"
#include "cpu/fpu_int.h"
#include "cpu/interp.h"
#include "tests/cpu/engine.h"
#include "tests/suite.h"

#define ROUNDS    1000000
#define RAM_BYTES 0x20000u
#define OPERAND   0x10000u /* where it is in the guest's memory */
#define BYTES     128      /* of memory that an instruction may touch */
#define IMAGE     108

typedef uint64_t host_fn(const uint8_t *before, uint8_t *memory, uint8_t *after,
                         uint64_t flags);

struct rig {
    struct mem *mem;
    struct bus *ports;
    struct clock *clock;
    struct cpu *cpu;
    uint8_t *code;
    uint64_t seed;
    uint8_t image[IMAGE]; /* where the next instruction starts */
};

struct outcome {
    uint8_t image[IMAGE];
    uint8_t memory[BYTES];
    uint32_t flags; /* arithmetic */
    uint16_t ax;
};

static uint64_t next(struct rig *r)
{
    r->seed ^= r->seed << 13;
    r->seed ^= r->seed >> 7;
    r->seed ^= r->seed << 17;
    return r->seed * 0x2545f4914f6cdd1du;
}

static void rig_create(struct rig *r)
{
    struct cpu_config config = {.model = CPU_486, .fpu = true};

    ck_assert_int_eq(mem_create(&r->mem, RAM_BYTES), STATUS_OK);
    ck_assert_int_eq(bus_create(&r->ports), STATUS_OK);
    ck_assert_int_eq(clock_create(&r->clock, 1000000), STATUS_OK);
    mem_map_host(r->mem, 0, RAM_BYTES, r->mem->ram);
    config.mem = r->mem;
    config.ports = r->ports;
    config.clock = r->clock;
    ck_assert_int_eq(cpu_create(&config, &r->cpu), STATUS_OK);
    ck_assert_int_eq(engine_plug(r->cpu), STATUS_OK);
    r->cpu->model = CPU_PENTIUM2; /* for FCMOVcc and FCOMI */
    r->cpu->cr0 = CR0_PE | CR0_NE | CR0_ET;
    r->cpu->seg[SEG_DS].limit = UINT32_MAX;
    r->cpu->seg[SEG_DS].access |= ACCESS_D | ACCESS_G;
    seg_update_all(r->cpu);
    r->code = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert(r->code != MAP_FAILED);
}

static void rig_destroy(struct rig *r)
{
    munmap(r->code, 4096);
    cpu_destroy(r->cpu);
    clock_destroy(r->clock);
    bus_destroy(r->ports);
    mem_destroy(r->mem);
}

/* Random states. */

static uint64_t random_man(struct rig *r)
{
    static const uint64_t odd[] = {0,
                                   1,
                                   F80_INTEGER,
                                   F80_INTEGER | 1,
                                   ~(uint64_t)0,
                                   F80_INTEGER | F80_QUIET,
                                   F80_INTEGER | 0x400,
                                   F80_INTEGER | 0x8000000000,
                                   F80_QUIET};

    switch (next(r) % 4) {
    case 0: return odd[next(r) % ARRAY_LEN(odd)];
    case 1: return next(r) << (next(r) % 64);
    case 2: return next(r) | F80_INTEGER;
    default: return next(r) >> (next(r) % 64);
    }
}

static struct f80 random_f80(struct rig *r)
{
    struct f80 a = {random_man(r), (uint16_t)next(r)};
    uint16_t sign = a.se & 0x8000;

    switch (next(r) % 8) {
    case 0: a.se = sign | 0x7fff; break;
    case 1: a.se = sign; break;
    case 2: a.se = (uint16_t)(sign | (1 + next(r) % 70)); break;
    case 3: a.se = (uint16_t)(sign | (0x7ffe - next(r) % 70)); break;
    default: a.se = (uint16_t)(sign | (16383 + next(r) % 140 - 70)); break;
    }
    if ((a.se & 0x7fff) && next(r) % 16)
        a.man |= F80_INTEGER;
    return a;
}

static void put_word(uint8_t *image, unsigned at, unsigned value)
{
    image[at] = (uint8_t)value;
    image[at + 1] = (uint8_t)(value >> 8);
}

static unsigned get_word(const uint8_t *image, unsigned at)
{
    return image[at] | (unsigned)image[at + 1] << 8;
}

/* Registers of every class, mostly full; no error that waits. */
static void random_image(struct rig *r)
{
    unsigned masks = next(r) % 2 ? CW_MASKS : next(r) & CW_MASKS;
    unsigned control = masks | CW_ONE | (next(r) & 0x1f00);
    unsigned status = next(r) & (SW_CC | SW_TOP);
    uint64_t fill = next(r) % 3;

    if (next(r) % 2)
        control |= 0x0300;
    status |= next(r) & masks;
    if (status & 0x3f)
        status |= next(r) & SW_SF;
    memset(r->image, 0, sizeof(r->image));
    put_word(r->image, 0, control);
    put_word(r->image, 4, status);
    put_word(r->image, 8,
             fill == 0   ? 0
             : fill == 1 ? 0xc000
                         : (unsigned)next(r));
    for (unsigned i = 0; i < 8; i++) {
        struct f80 a = random_f80(r);

        memcpy(r->image + 28 + 10 * i, &a.man, 8);
        memcpy(r->image + 36 + 10 * i, &a.se, 2);
    }
}

static void clear_error(struct rig *r)
{
    unsigned status = get_word(r->image, 4);

    if (status & SW_ES)
        put_word(r->image, 4, status & (SW_CC | SW_TOP));
}

static void random_memory(struct rig *r, uint8_t memory[BYTES])
{
    struct f80_env env = {.masked = CW_MASKS};
    struct f80 a = random_f80(r);
    uint64_t f64;
    uint32_t f32;

    for (unsigned i = 0; i < BYTES; i += 8) {
        uint64_t bits = next(r);

        memcpy(memory + i, &bits, 8);
    }
    switch (next(r) % 8) {
    case 0:
    case 1:
        memcpy(memory, &a.man, 8);
        memcpy(memory + 8, &a.se, 2);
        break;
    case 2:
    case 3:
        f32 = f80_to_f32(a, &env);
        memcpy(memory, &f32, 4);
        break;
    case 4:
    case 5:
        f64 = f80_to_f64(a, &env);
        memcpy(memory, &f64, 8);
        break;
    case 6:
        for (unsigned i = 0; i < 9; i++)
            memory[i] = (uint8_t)(next(r) % 10 << 4 | next(r) % 10);
        break;
    default: break;
    }
    if (next(r) % 4 == 0) /* special exponents of the narrow formats */
        put_word(memory, 2 + 4 * (next(r) & 1),
                 next(r) % 2 ? 0x7ff0 | (next(r) & 0x80ff) : next(r) & 0x800f);
    if (next(r) % 8 == 0)
        memset(memory + 1, 0, 1 + next(r) % 6);
}

/* Which instruction: reserved ones and those of later processors are left
 * out. */
static bool is_allowed(unsigned opcode, unsigned modrm)
{
    static const struct {
        uint8_t opcode, first, last;
    } reserved[] = {
        {0xd9, 0xd1, 0xd7}, {0xd9, 0xe2, 0xe3}, {0xd9, 0xe6, 0xe7},
        {0xd9, 0xef, 0xef}, {0xda, 0xe0, 0xe8}, {0xda, 0xea, 0xff},
        {0xdb, 0xe0, 0xe1}, {0xdb, 0xe4, 0xe7}, {0xdb, 0xf8, 0xff},
        {0xdd, 0xf0, 0xff}, {0xde, 0xd8, 0xd8}, {0xde, 0xda, 0xdf},
        {0xdf, 0xe1, 0xe7}, {0xdf, 0xf8, 0xff}, {0xdd, 0xc8, 0xcf},
    };
    unsigned reg = modrm >> 3 & 7;

    if (modrm >= 0xc0) {
        for (unsigned i = 0; i < ARRAY_LEN(reserved); i++) {
            if (reserved[i].opcode == opcode && modrm >= reserved[i].first &&
                modrm <= reserved[i].last)
                return false;
        }
        return true;
    }
    if (opcode == 0xd9)
        return reg != 1;
    if (opcode == 0xdb)
        return reg != 1 && reg != 4 && reg != 6;
    if (opcode == 0xdd)
        return reg != 1 && reg != 5;
    return opcode != 0xdf || reg != 1;
}

static void random_insn(struct rig *r, uint8_t insn[2])
{
    unsigned opcode, modrm;

    do {
        opcode = 0xd8 + next(r) % 8;
        modrm = (unsigned)next(r) & 0xff;
        if (modrm < 0xc0 || next(r) % 2)
            modrm = (modrm & 0x38) | 0x06; /* [rsi] */
        if (next(r) % 4 == 0) {
            opcode = 0xd9;
            modrm = 0xe0 + next(r) % 32;
        }
    } while (!is_allowed(opcode, modrm));
    insn[0] = (uint8_t)opcode;
    insn[1] = (uint8_t)modrm;
}

/* Both sides. */

static void run_host(struct rig *r, const uint8_t insn[2], uint32_t flags,
                     struct outcome *out)
{
    /* push rcx; popfq; frstor [rdi]; insn; pushfq; mov ecx, eax; pop rax;
     * shl rcx, 32; or rax, rcx; fnsave [rdx]; ret */
    const uint8_t code[] = {
        0x31, 0xc0, 0x51, 0x9d, 0xdd, 0x27, insn[0], insn[1], 0x9c, 0x89, 0xc1,
        0x58, 0x48, 0xc1, 0xe1, 0x20, 0x48, 0x09,    0xc8,    0xdd, 0x32, 0xc3};
    host_fn *fn;
    uint64_t result;

    memcpy(r->code, code, sizeof(code));
    memcpy(&fn, &r->code, sizeof(fn));
    result = fn(r->image, out->memory, out->image, flags | FLAG_ONE | FLAG_IF);
    out->flags = (uint32_t)result & FLAGS_OSZAPC;
    out->ax = (uint16_t)(result >> 32);
}

static struct insn memory_insn(unsigned opcode, unsigned reg)
{
    return (struct insn){.slot = (uint16_t)(INSN_SLOT_ONE + opcode),
                         .opcode = (uint8_t)opcode,
                         .reg = (uint8_t)reg,
                         .length = 2,
                         .disp = OPERAND,
                         .base = INSN_NO_REG,
                         .index_reg = INSN_NO_REG,
                         .seg = SEG_DS,
                         .flags = INSN_MEM | INSN_OP32 | INSN_ADDR32,
                         .imm2 = (uint16_t)(reg << 3 | 6)};
}

static void run_ours(struct rig *r, const uint8_t insn[2], uint32_t flags,
                     struct outcome *out)
{
    struct insn frstor = memory_insn(0xdd, 4), fnsave = memory_insn(0xdd, 6);
    struct insn one = memory_insn(insn[0], insn[1] >> 3 & 7);
    uint8_t *ram = r->mem->ram + OPERAND;

    if (insn[1] >= 0xc0) {
        one.flags &= (uint8_t)~INSN_MEM;
        one.rm = insn[1] & 7;
        one.imm2 = insn[1];
    }
    r->cpu->fpu.status = 0;
    r->cpu->insn_eip = (uint32_t)(uintptr_t)(r->code + 6);
    r->cpu->reg[CPU_EAX] = 0;
    memcpy(ram, r->image, IMAGE);
    ck_assert(exec_esc(r->cpu, &frstor));
    flags_set_arithmetic(r->cpu, flags);
    memcpy(ram, out->memory, BYTES);
    ck_assert(exec_esc(r->cpu, &one));
    memcpy(out->memory, ram, BYTES);
    out->flags = flags_arithmetic(r->cpu);
    out->ax = (uint16_t)r->cpu->reg[CPU_EAX];
    ck_assert(exec_esc(r->cpu, &fnsave));
    memcpy(out->image, ram, IMAGE);
}

static bool is_transcendental(const uint8_t insn[2])
{
    unsigned n = insn[1];

    return insn[0] == 0xd9 && ((n >= 0xf0 && n <= 0xf3) || n == 0xf9 ||
                               n == 0xfb || n == 0xfe || n == 0xff);
}

/* What may differ. */
static void forgive(const uint8_t insn[2], struct outcome *ours,
                    struct outcome *host)
{
    uint32_t operand = (uint32_t)(uintptr_t)host->memory, pointer;
    unsigned ours_sw = get_word(ours->image, 4);
    unsigned host_sw = get_word(host->image, 4);

    memset(ours->image + 16, 0, 4);
    memset(host->image + 16, 0, 4);
    memset(ours->image + 24, 0, 4);
    memset(host->image + 24, 0, 4);
    memcpy(&pointer, ours->image + 20, 4);
    if (pointer == OPERAND)
        memcpy(ours->image + 20, &operand, 4);
    if ((insn[0] | 4) == 0xdd && insn[1] == 0x36) { /* FNSTENV, FNSAVE */
        memset(ours->memory + 16, 0, 4);
        memset(host->memory + 16, 0, 4);
        memset(ours->memory + 24, 0, 4);
        memset(host->memory + 24, 0, 4);
    }
    if ((insn[0] | 4) == 0xdf && insn[1] >= 0xe8) /* FCOMI leaves C1 there */
        put_word(host->image, 4, get_word(host->image, 4) & ~SW_C1);
    if (!is_transcendental(insn))
        return;
    /* F2XM1, FYL2X, FYL2XP1: an exact result is called inexact there */
    if ((insn[1] == 0xf0 || insn[1] == 0xf1 || insn[1] == 0xf9) &&
        !(ours_sw & ~host_sw) &&
        !(host_sw & ~ours_sw & ~(F80_PE | F80_UE | SW_C1 | SW_ES | SW_B)))
        put_word(ours->image, 4, host_sw);
    /* values, C1, and what follows from rounding */
    for (unsigned i = 0; i < 2; i++) {
        struct f80 a = {0, (uint16_t)get_word(ours->image, 36 + 10 * i)};
        struct f80 b = {0, (uint16_t)get_word(host->image, 36 + 10 * i)};

        memcpy(&a.man, ours->image + 28 + 10 * i, 8);
        memcpy(&b.man, host->image + 28 + 10 * i, 8);
        if ((f80_classify(a) == F80_NORMAL || f80_classify(a) == F80_DENORMAL ||
             f80_classify(a) == F80_ZERO) &&
            (f80_classify(b) == F80_NORMAL || f80_classify(b) == F80_DENORMAL ||
             f80_classify(b) == F80_ZERO))
            memcpy(ours->image + 28 + 10 * i, host->image + 28 + 10 * i, 10);
    }
    for (unsigned i = 0; i < 2; i++) {
        struct outcome *o = i ? ours : host;

        put_word(o->image, 4, get_word(o->image, 4) & ~(SW_C1));
    }
}

static void report(const struct rig *r, const uint8_t insn[2],
                   const struct outcome *ours, const struct outcome *host,
                   const uint8_t memory[BYTES])
{
    char text[2000];
    int n = sprintf(text, "%02x %02x mem ", insn[0], insn[1]);

    for (int i = 9; i >= 0; i--)
        n += sprintf(text + n, "%02x", memory[i]);
    n += sprintf(text + n, "\n        before                   host            "
                           "         ours\n");
    for (unsigned i = 0; i < 12; i += 4)
        n += sprintf(text + n, "%-6s  %04x %23s %04x %19s %04x\n",
                     i == 0   ? "CW"
                     : i == 4 ? "SW"
                              : "TW",
                     get_word(r->image, i), "", get_word(host->image, i), "",
                     get_word(ours->image, i));
    for (unsigned i = 0; i < 8; i++) {
        n += sprintf(text + n, "ST(%u) ", i);
        for (unsigned k = 0; k < 3; k++) {
            const uint8_t *image = (k == 0   ? r->image
                                    : k == 1 ? host->image
                                             : ours->image) +
                                   28 + 10 * i;
            uint64_t man;

            memcpy(&man, image, 8);
            n += sprintf(text + n, "  %04x.%016llx", get_word(image, 8),
                         (unsigned long long)man);
        }
        n += sprintf(text + n, "\n");
    }
    n +=
        sprintf(text + n, "flags host %x ours %x, ax %x %x, memory %s",
                host->flags, ours->flags, host->ax, ours->ax,
                memcmp(host->memory, ours->memory, BYTES) ? "differs" : "same");
    if (getenv("FPU_GO_ON"))
        printf("%s\n", text);
    else
        ck_abort_msg("%s", text);
}

/* A context switch of the host loses the pointers, as AMD's FXSAVE keeps them
 * only with an error; so a difference must show up every time. */
#define TRIES 3

static bool agree(struct rig *r, const uint8_t insn[2], uint32_t flags,
                  const uint8_t memory[BYTES], bool last)
{
    struct outcome ours, host, kept;

    memcpy(ours.memory, memory, BYTES);
    memcpy(host.memory, memory, BYTES);
    run_host(r, insn, flags, &host);
    kept = host;
    run_ours(r, insn, flags, &ours);
    forgive(insn, &ours, &host);
    if (!memcmp(ours.image, host.image, IMAGE) &&
        !memcmp(ours.memory, host.memory, BYTES) && ours.flags == host.flags &&
        ours.ax == host.ax) {
        memcpy(r->image, kept.image, IMAGE);
        return true;
    }
    if (last) {
        report(r, insn, &ours, &host, memory);
        memcpy(r->image, kept.image, IMAGE);
    }
    return false;
}

static void run_one(struct rig *r)
{
    uint32_t flags = (uint32_t)next(r) & FLAGS_OSZAPC;
    uint8_t insn[2], memory[BYTES];

    if (next(r) % 8 == 0)
        random_image(r);
    clear_error(r);
    random_insn(r, insn);
    random_memory(r, memory);
    for (unsigned i = 1; i <= TRIES; i++) {
        if (agree(r, insn, flags, memory, i == TRIES))
            break;
    }
}

START_TEST(sequences)
{
    const char *text = getenv("FPU_ROUNDS");
    unsigned long rounds = text ? strtoul(text, NULL, 10) : ROUNDS;
    struct rig r = {.seed = 88172645463325252u};

    rig_create(&r);
    random_image(&r);
    for (unsigned long i = 0; i < rounds; i++)
        run_one(&r);
    rig_destroy(&r);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("cpu/fpu");
    TCase *tcase = tcase_create("host");

    tcase_set_timeout(tcase, 3600);
    tcase_add_test(tcase, sequences);
    suite_add_tcase(suite, tcase);
    return suite;
}
