/* How MMX and SSE meet the rest of the processor: faults and their order, the
 * registers that they share with the x87, FXSAVE. What the instructions
 * compute is compared with the host's in test_native.c. */
#include <string.h>

#include "cpu/fpu_int.h"
#include "cpu/interp.h"
#include "cpu/sse_float.h"
#include "tests/suite.h"

#define RAM_BYTES 0x20000u
#define CODE      0x1000u
#define DATA      0x2000u
#define FX        512

#define EM    CR0_EM
#define TS    CR0_TS
#define FX_ON (CR4_OSFXSR | CR4_OSXMMEXCPT)

static struct mem *mem;
static struct bus *ports;
static struct clock *timer;
static struct cpu *cpu;

/* In real mode at 0000:CODE; vectors n go to 0000:0100 + n. */
static void create(enum cpu_model model)
{
    struct cpu_config config = {.model = model, .fpu = true};

    ck_assert_int_eq(mem_create(&mem, RAM_BYTES), STATUS_OK);
    ck_assert_int_eq(bus_create(&ports), STATUS_OK);
    ck_assert_int_eq(clock_create(&timer, 1000000), STATUS_OK);
    mem_map_host(mem, 0, RAM_BYTES, mem->ram);
    config.mem = mem;
    config.ports = ports;
    config.clock = timer;
    ck_assert_int_eq(cpu_create(&config, &cpu), STATUS_OK);
    for (unsigned n = 0; n < 32; n++) {
        mem->ram[4 * n] = (uint8_t)n;
        mem->ram[4 * n + 1] = 1;
    }
    seg_set_paragraph(cpu, SEG_CS, 0);
    cpu->eip = CODE;
    cpu->reg[CPU_ESP] = 0x8000;
    cpu->cr0 |= CR0_NE;
    cpu->cr4 = FX_ON;
    fpu_fninit(cpu, NULL);
}

static void destroy(void)
{
    cpu_destroy(cpu);
    clock_destroy(timer);
    bus_destroy(ports);
    mem_destroy(mem);
}

static void run(const char *code, size_t size, unsigned count)
{
    mem_write(mem, cpu->eip, code, size);
    timer->stop_insns = timer->insns + count;
    cpu_run(cpu);
}
#define RUN(code, count) run(code, sizeof(code) - 1, count)

/* The vector that was taken, or -1. */
static int vector_of(const char *code, size_t size)
{
    run(code, size, 1);
    return cpu->eip >= 0x100 && cpu->eip < 0x120 ? (int)cpu->eip - 0x100 : -1;
}
#define VECTOR(code) vector_of(code, sizeof(code) - 1)

/* Memory operands are at DS:BX. */
#define PADDB      "\x0f\xfc\xc1"     /* mm0, mm1 */
#define PADDB_M    "\x0f\xfc\x07"     /* mm0, [bx] */
#define ADDPS      "\x0f\x58\xc1"     /* xmm0, xmm1 */
#define ADDPS_M    "\x0f\x58\x07"     /* xmm0, [bx] */
#define MOVUPS_M   "\x0f\x10\x07"     /* xmm0, [bx] */
#define ADDSS_M    "\xf3\x0f\x58\x07" /* xmm0, [bx] */
#define DIVPS      "\x0f\x5e\xc1"
#define CVTPI2PS   "\x0f\x2a\xc1" /* xmm0, mm1 */
#define CVTPI2PS_M "\x0f\x2a\x07"
#define CVTPI2PD_M "\x66\x0f\x2a\x07"
#define LDMXCSR    "\x0f\xae\x17"
#define STMXCSR    "\x0f\xae\x1f"
#define FXSAVE     "\x0f\xae\x07"
#define FXRSTOR    "\x0f\xae\x0f"
#define EMMS       "\x0f\x77"
#define PADDQ_X    "\x66\x0f\xd4\xc1"

#define ROW(code) code, sizeof(code) - 1

/* clang-format off */
static const struct {
    const char *code;
    size_t size;
    enum cpu_model model;
    uint32_t cr0, cr4; /* set besides; in place of the usual */
    uint32_t bx;
    bool x87_error, unmasked;
    int vector;
} faults[] = {
    /*                         model    CR0     CR4    BX    ES     #XM  vector */
    {ROW(PADDB),          CPU_PENTIUM,  0,      0,     DATA, false, false, -1},
    {ROW(PADDB),          CPU_486,      0,      0,     DATA, false, false, 6},
    {ROW(PADDB),          CPU_PENTIUM,  EM,     0,     DATA, false, false, 6},
    {ROW(PADDB),          CPU_PENTIUM,  EM|TS,  0,     DATA, false, false, 6},
    {ROW(PADDB),          CPU_PENTIUM,  TS,     0,     DATA, true,  false, 7},
    {ROW(PADDB),          CPU_PENTIUM,  0,      0,     DATA, true,  false, 16},
    {ROW(PADDB_M),        CPU_PENTIUM,  0,      0,     0xfffa, true, false, 16},
    {ROW(PADDB_M),        CPU_PENTIUM,  0,      0,     0xfffa, false, false, 13},
    {ROW(PADDB_M),        CPU_PENTIUM,  0,      0,     DATA + 1, false, false, -1},
    {ROW("\xf0" PADDB_M), CPU_PENTIUM,  TS,     0,     DATA, false, false, 6},
    {ROW(EMMS),           CPU_PENTIUM,  0,      0,     DATA, true,  false, 16},
    {ROW(ADDPS),          CPU_PENTIUM2, 0,      FX_ON, DATA, false, false, 6},
    {ROW(ADDPS),          CPU_PENTIUM3, 0,      FX_ON, DATA, false, false, -1},
    {ROW(ADDPS),          CPU_PENTIUM3, 0,      0,     DATA, false, false, 6},
    {ROW(ADDPS),          CPU_PENTIUM3, TS,     0,     DATA, false, false, 6},
    {ROW(ADDPS),          CPU_PENTIUM3, EM,     FX_ON, DATA, false, false, 6},
    {ROW(ADDPS_M),        CPU_PENTIUM3, TS,     FX_ON, DATA + 1, false, false, 7},
    {ROW(ADDPS),          CPU_PENTIUM3, 0,      FX_ON, DATA, true,  false, -1},
    {ROW(ADDPS_M),        CPU_PENTIUM3, 0,      FX_ON, DATA, false, false, -1},
    {ROW(ADDPS_M),        CPU_PENTIUM3, 0,      FX_ON, DATA + 8, false, false, 13},
    {ROW(ADDPS_M),        CPU_PENTIUM3, 0,      FX_ON, DATA + 8, false, true, 13},
    {ROW(ADDSS_M),        CPU_PENTIUM3, 0,      FX_ON, DATA + 1, false, false, -1},
    {ROW(MOVUPS_M),       CPU_PENTIUM3, 0,      FX_ON, DATA + 1, false, false, -1},
    {ROW(DIVPS),          CPU_PENTIUM3, 0,      FX_ON, DATA, false, true, 19},
    {ROW(DIVPS),          CPU_PENTIUM3, 0, CR4_OSFXSR, DATA, false, true, 6},
    {ROW(CVTPI2PS),       CPU_PENTIUM3, 0,      FX_ON, DATA, true,  false, 16},
    {ROW(CVTPI2PS_M),     CPU_PENTIUM3, 0,      FX_ON, DATA, true,  false, 16},
    {ROW(CVTPI2PD_M),     CPU_PENTIUM4, 0,      FX_ON, DATA, true,  false, -1},
    {ROW(CVTPI2PD_M),     CPU_PENTIUM3, 0,      FX_ON, DATA, false, false, 6},
    {ROW(PADDQ_X),        CPU_PENTIUM3, 0,      FX_ON, DATA, false, false, 6},
    {ROW(PADDQ_X),        CPU_PENTIUM4, 0,      FX_ON, DATA, false, false, -1},
    {ROW(STMXCSR),        CPU_PENTIUM3, 0,      0,     DATA, false, false, 6},
    {ROW(STMXCSR),        CPU_PENTIUM3, 0,      FX_ON, DATA, true,  false, -1},
    {ROW(LDMXCSR),        CPU_PENTIUM3, TS,     FX_ON, DATA, false, false, 7},
    {ROW(FXSAVE),         CPU_PENTIUM,  0,      0,     DATA, false, false, 6},
    {ROW(FXSAVE),         CPU_PENTIUM2, 0,      0,     DATA, true,  false, -1},
    {ROW(FXSAVE),         CPU_PENTIUM2, EM,     0,     DATA, false, false, 7},
    {ROW(FXSAVE),         CPU_PENTIUM2, TS,     0,     DATA + 8, false, false, 7},
    {ROW(FXSAVE),         CPU_PENTIUM2, 0,      0,     DATA + 8, false, false, 13},
    {ROW(FXSAVE),         CPU_PENTIUM2, 0,      0,     0xff00, false, false, 13},
    {ROW(FXRSTOR),        CPU_PENTIUM2, 0,      0,     DATA + 4, false, false, 13},
    /* SFENCE, LFENCE, PREFETCHNTA and MOVNTI need no operating system. */
    {ROW("\x0f\xae\xf8"), CPU_PENTIUM3, EM|TS,  0,     DATA, true,  false, -1},
    {ROW("\x0f\xae\xf8"), CPU_PENTIUM2, 0,      0,     DATA, false, false, 6},
    {ROW("\x0f\xae\xe8"), CPU_PENTIUM3, 0,      0,     DATA, false, false, 6},
    {ROW("\x0f\xae\xe8"), CPU_PENTIUM4, EM|TS,  0,     DATA, false, false, -1},
    {ROW("\x0f\x18\x07"), CPU_PENTIUM3, EM|TS,  0,     0xffff, false, false, -1},
    {ROW("\x0f\xc3\x07"), CPU_PENTIUM4, EM|TS,  0,     DATA, false, false, -1},
    {ROW("\x0f\xc3\x07"), CPU_PENTIUM3, 0,      0,     DATA, false, false, 6},
    {ROW("\x0f\xae\x3f"), CPU_PENTIUM4, EM|TS,  0,     0xffff, false, false, -1},
    {ROW("\x0f\xae\x3f"), CPU_PENTIUM3, 0,      0,     DATA, false, false, 6},
};
/* clang-format on */

START_TEST(faults_in_order)
{
    const unsigned i = (unsigned)_i;
    struct xmm before;

    ck_assert_uint_lt(i, ARRAY_LEN(faults));
    create(faults[i].model);
    cpu->cr0 |= faults[i].cr0;
    cpu->cr4 = faults[i].cr4;
    cpu->reg[CPU_EBX] = faults[i].bx;
    cpu->mxcsr = faults[i].unmasked ? 0 : MXCSR_RESET;
    if (faults[i].x87_error) {
        cpu->fpu.control &= (uint16_t)~F80_ZE;
        fpu_raise(cpu, F80_ZE);
    }
    cpu->xmm[0] = (struct xmm){{UINT64_C(0x3f8000003f800000), 1}};
    before = cpu->xmm[0];
    ck_assert_int_eq(vector_of(faults[i].code, faults[i].size),
                     faults[i].vector);
    if (faults[i].vector >= 0) { /* nothing was committed */
        ck_assert(!memcmp(&cpu->xmm[0], &before, sizeof(before)));
        ck_assert_uint_eq(cpu->fpu.full, 0);
    }
    destroy();
}
END_TEST

/* Flags of the operands come alone when one of them is not masked: not that
 * 1 / 3 is inexact. */
START_TEST(exceptions_by_phase)
{
    create(CPU_PENTIUM3);
    cpu->mxcsr = MXCSR_RESET & ~(SSE_ZE << MXCSR_MASKS_AT);
    cpu->xmm[0] = (struct xmm){{UINT64_C(0x3f8000003f800000), 1}};
    cpu->xmm[1] = (struct xmm){{UINT64_C(0x4040000000000000), 0}}; /* 3, 0 */
    ck_assert_int_eq(VECTOR(DIVPS), VECTOR_XM);
    ck_assert_uint_eq(cpu->mxcsr & 0x3f, SSE_ZE | SSE_IE);
    destroy();
}
END_TEST

START_TEST(registers_shared_with_x87)
{
    create(CPU_PENTIUM);
    RUN("\xd9\xe8"      /* FLD1: R7 */
        "\xd9\xee"      /* FLDZ: R6, TOP 6 */
        "\x0f\x6f\xcf"  /* MOVQ MM1, MM7 */
        "\x0f\x7e\xf8", /* MOVD EAX, MM7 */
        4);
    ck_assert_uint_eq(cpu->fpu.top, 0);
    ck_assert_uint_eq(cpu->fpu.full, 0xff);
    ck_assert_uint_eq(cpu->fpu.reg[1].man, F80_INTEGER);
    ck_assert_uint_eq(cpu->fpu.reg[1].se, 0xffff);
    ck_assert_uint_eq(cpu->fpu.reg[7].se, F80_BIAS); /* read alone */
    ck_assert_uint_eq(cpu->reg[CPU_EAX], 0);
    RUN(EMMS, 1);
    ck_assert_uint_eq(cpu->fpu.full, 0);
    ck_assert_uint_eq(cpu->fpu.top, 0);
    destroy();
}
END_TEST

/* The image of a whole state, and back after all has changed. */
START_TEST(fxsave_and_fxrstor)
{
    static const uint8_t head[24] = {0x7f, 0x03, /* FCW */
                                     0x00, 0x30, /* FSW: TOP 6 */
                                     0xc0, 0x00, /* R6 and R7 are full */
                                     0x2e, 0x01, /* FOP: D9 2E */
                                     0x02, 0x10, 0, 0, 0, 0, /* FIP, CS */
                                     0,    0,                /* reserved */
                                     0x00, 0x20, 0, 0, 0, 0, /* FDP, DS */
                                     0,    0};
    uint8_t image[FX];
    struct fpu fpu;
    struct xmm xmm[XMM_REGS];

    create(CPU_PENTIUM4);
    memset(mem->ram + DATA, 0xee, FX);
    cpu->reg[CPU_EBX] = DATA;
    for (unsigned n = 0; n < XMM_REGS; n++)
        cpu->xmm[n] = (struct xmm){{n, ~(uint64_t)n}};
    cpu->mxcsr = 0x1fa0;
    RUN("\xd9\xe8", 1); /* FLD1 */
    memset(mem->ram + DATA, 0, 4);
    RUN("\xd9\x07", 1); /* FLD dword [bx] */
    cpu->fpu.op = 0x12e;
    cpu->fpu.ip = 0x1002;
    memset(mem->ram + DATA, 0xee, FX);
    fpu = cpu->fpu;
    memcpy(xmm, cpu->xmm, sizeof(xmm));
    RUN(FXSAVE, 1);
    memcpy(image, mem->ram + DATA, FX);
    for (unsigned i = 0; i < sizeof(head); i++)
        ck_assert_msg(image[i] == head[i], "byte %u: %02x", i, image[i]);
    ck_assert(!memcmp(image + 24, "\xa0\x1f\0\0\xff\xff\0\0", 8));
    ck_assert(!memcmp(image + 32, "\0\0\0\0\0\0\0\0\0\0", 10)); /* ST(0) */
    ck_assert(!memcmp(image + 48, "\0\0\0\0\0\0\0\x80\xff\x3f", 10));
    ck_assert(!memcmp(image + 160 + 16 * 3, "\x03\0\0\0\0\0\0\0\xfc\xff", 10));
    ck_assert_uint_eq(image[288], 0xee);
    ck_assert_uint_eq(image[511], 0xee);
    fpu_fninit(cpu, NULL);
    memset(cpu->xmm, 0x55, sizeof(cpu->xmm));
    for (unsigned n = 0; n < FPU_REGS; n++)
        cpu->fpu.reg[n] = (struct f80){0, 0};
    cpu->mxcsr = 0;
    RUN(FXRSTOR, 1);
    ck_assert(!memcmp(xmm, cpu->xmm, sizeof(xmm)));
    ck_assert_uint_eq(cpu->mxcsr, 0x1fa0);
    ck_assert_uint_eq(cpu->fpu.top, fpu.top);
    ck_assert_uint_eq(cpu->fpu.full, fpu.full);
    ck_assert_uint_eq(cpu->fpu.status, fpu.status);
    ck_assert_uint_eq(cpu->fpu.control, fpu.control);
    ck_assert_uint_eq(cpu->fpu.ip, fpu.ip);
    ck_assert_uint_eq(cpu->fpu.dp, fpu.dp);
    ck_assert_uint_eq(cpu->fpu.op, fpu.op);
    for (unsigned n = 0; n < FPU_REGS; n++) {
        ck_assert_uint_eq(cpu->fpu.reg[n].man, fpu.reg[n].man);
        ck_assert_uint_eq(cpu->fpu.reg[n].se, fpu.reg[n].se);
    }
    destroy();
}
END_TEST

/* By model, and without OSFXSR: what the image has of SSE. */
START_TEST(fxsave_by_model)
{
    create((enum cpu_model)_i);
    memset(mem->ram + DATA, 0xee, FX);
    cpu->reg[CPU_EBX] = DATA;
    RUN(FXSAVE, 1);
    ck_assert_uint_eq(mem->ram[DATA + 25], _i >= CPU_PENTIUM3 ? 0x1f : 0);
    ck_assert_uint_eq(mem->ram[DATA + 29], _i >= CPU_PENTIUM4 ? 0xff : 0);
    ck_assert_uint_eq(mem->ram[DATA + 160], _i >= CPU_PENTIUM3 ? 0 : 0xee);
    memset(mem->ram + DATA, 0xee, FX);
    cpu->cr4 = 0;
    RUN(FXSAVE, 1);
    ck_assert_uint_eq(mem->ram[DATA + 160], 0xee);
    destroy();
}
END_TEST

/* Reserved bits of MXCSR, DAZ among them on a Pentium III. */
START_TEST(mxcsr_reserved_bits)
{
    static const struct {
        enum cpu_model model;
        uint32_t value;
        int vector;
    } rows[] = {
        {CPU_PENTIUM3, 0xffbf, -1},     {CPU_PENTIUM3, 0x0040, 13},
        {CPU_PENTIUM4, 0xffff, -1},     {CPU_PENTIUM4, 0x10000, 13},
        {CPU_PENTIUM3, 0x80000000, 13},
    };

    for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
        create(rows[i].model);
        cpu->reg[CPU_EBX] = DATA;
        memcpy(mem->ram + DATA, &rows[i].value, 4);
        ck_assert_int_eq(VECTOR(LDMXCSR), rows[i].vector);
        ck_assert_uint_eq(cpu->mxcsr,
                          rows[i].vector < 0 ? rows[i].value : MXCSR_RESET);
        destroy();
        create(rows[i].model);
        cpu->reg[CPU_EBX] = DATA;
        cpu->xmm[3].q[0] = 33;
        memcpy(mem->ram + DATA + 24, &rows[i].value, 4);
        ck_assert_int_eq(VECTOR(FXRSTOR), rows[i].vector);
        ck_assert_uint_eq(cpu->xmm[3].q[0], rows[i].vector < 0 ? 0 : 33);
        destroy();
    }
}
END_TEST

/* Error of an approximation: |1 - x * result| (or of its square), against 1.5
 * * 2^-12, in units of 2^-40. */
static bool is_near(uint32_t x, uint32_t result, bool root)
{
    uint64_t r = (result & 0x7fffff) | 0x800000, product;
    uint64_t man = (x & 0x7fffff) | 0x800000;
    int exp =
        (int)(x >> 23) - 127 + ((int)(result >> 23) - 127) * (root ? 2 : 1);
    int64_t one = INT64_C(1) << 40, error;

    product = root ? (r * r >> 23) * man : r * man; /* units of 2^-46 */
    while (exp < 0) {
        product >>= 1;
        exp++;
    }
    product <<= exp;
    error = (int64_t)(product >> 6) - one;
    if (root)
        error /= 2;
    return (error < 0 ? -error : error) <= (one * 3 >> 13) + 4096;
}

START_TEST(approximations)
{
    for (uint32_t i = 0; i < 0x1000000; i += 997) {
        uint32_t x = 0x3f800000 + i; /* 1 to 4 */

        ck_assert_msg(is_near(x, f32_rcp(x), false), "rcp %08x", x);
        ck_assert_msg(is_near(x, f32_rsqrt(x), true), "rsqrt %08x", x);
    }
    ck_assert_uint_eq(f32_rcp(0x3f800000), 0x3f7ff000);
    ck_assert_uint_eq(f32_rsqrt(0x3f800000), 0x3f7ff000);
    ck_assert_uint_eq(f32_rcp(0x80000001), 0xff800000); /* a denormal */
    ck_assert_uint_eq(f32_rcp(0xff800000), 0x80000000);
    ck_assert_uint_eq(f32_rcp(0x7f000000), 0); /* tiny */
    ck_assert_uint_eq(f32_rcp(0x7f800001), 0x7fc00001);
    ck_assert_uint_eq(f32_rsqrt(0x80000000), 0xff800000);
    ck_assert_uint_eq(f32_rsqrt(0xbf800000), 0xffc00000);
    ck_assert_uint_eq(f32_rsqrt(0x7f800000), 0);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("cpu/simd");
    TCase *tcase = tcase_create("simd");

    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, faults_in_order, 0, ARRAY_LEN(faults));
    tcase_add_test(tcase, exceptions_by_phase);
    tcase_add_test(tcase, registers_shared_with_x87);
    tcase_add_test(tcase, fxsave_and_fxrstor);
    tcase_add_loop_test(tcase, fxsave_by_model, CPU_PENTIUM2, CPU_MODELS);
    tcase_add_test(tcase, mxcsr_reserved_bits);
    tcase_add_test(tcase, approximations);
    suite_add_tcase(suite, tcase);
    return suite;
}
