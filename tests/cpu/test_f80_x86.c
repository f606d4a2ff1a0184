/* The host's own x87 is the oracle: random operands of every class, all
 * rounding and precision modes, masked and unmasked overflow and underflow.
 * F80_ROUNDS in the environment makes the run longer (rounds an operation). */
#include <stdlib.h>
#include <string.h>

#include "cpu/f80.h"
#include "tests/suite.h"

#define ROUNDS 40000

struct host {
    struct f80 st0, st1; /* after the operation */
    uint16_t status;
};

static uint64_t seed;

static uint64_t next(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed * 0x2545f4914f6cdd1du;
}

static unsigned long rounds(void)
{
    const char *text = getenv("F80_ROUNDS");

    return text ? strtoul(text, NULL, 10) : ROUNDS;
}

static uint64_t random_man(void)
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

    switch (next() % 4) {
    case 0: return odd[next() % ARRAY_LEN(odd)];
    case 1: return next() << (next() % 64);
    case 2: return next() | F80_INTEGER;
    default: return next() >> (next() % 64);
    }
}

static struct f80 random_f80(void)
{
    struct f80 a = {random_man(), (uint16_t)next()};

    switch (next() % 8) {
    case 0: a.se = (a.se & 0x8000) | 0x7fff; break;
    case 1: a.se &= 0x8000; break;
    case 2: a.se = (uint16_t)((a.se & 0x8000) | (1 + next() % 70)); break;
    case 3: a.se = (uint16_t)((a.se & 0x8000) | (0x7ffe - next() % 70)); break;
    case 4:
    case 5:
    case 6: a.se = (uint16_t)((a.se & 0x8000) | (16383 + next() % 140 - 70));
    }
    if ((a.se & 0x7fff) && next() % 16)
        a.man |= F80_INTEGER;
    return a;
}

static struct f80_env random_env(void)
{
    uint64_t r = next();
    struct f80_env env = {
        .rounding = (enum f80_rounding)(r & 3),
        .precision = (enum f80_precision)(r >> 2 & 3),
        .masked = (r >> 4 & 3) ? 0x3f : (uint8_t)(0x27 | (r >> 6 & 0x18)),
    };

    return env;
}

static uint16_t control_of(const struct f80_env *env)
{
    return (uint16_t)(env->masked | env->precision << 8 | env->rounding << 10 |
                      0x40);
}

/* Runs `op` with st(0) = a, st(1) = b. fldt and fstpt never fault by value. */
#define HOST_OP(name, op) \
    static struct host host_##name(struct f80 a, struct f80 b, \
                                   const struct f80_env *env) \
    { \
        uint8_t in[32] = {0}, out[32] = {0}; \
        uint16_t cw = control_of(env), back = 0x37f; \
        struct host h = {0}; \
\
        memcpy(in, &a.man, 8); \
        memcpy(in + 8, &a.se, 2); \
        memcpy(in + 16, &b.man, 8); \
        memcpy(in + 24, &b.se, 2); \
        __asm__ volatile( \
            "fninit\n\tfldt 16(%2)\n\tfldt (%2)\n\tfldcw %3\n\t" op \
            "\n\tfnstsw %0\n\tfnclex\n\tfldcw %4\n\t" \
            "fstpt (%1)\n\tfstpt 16(%1)\n\tfninit" \
            : "=m"(h.status) \
            : "r"(out), "r"(in), "m"(cw), "m"(back) \
            : "memory", "st", "st(1)", "st(2)"); \
        memcpy(&h.st0.man, out, 8); \
        memcpy(&h.st0.se, out + 8, 2); \
        memcpy(&h.st1.man, out + 16, 8); \
        memcpy(&h.st1.se, out + 24, 2); \
        return h; \
    }

HOST_OP(add, "fadd %%st(1), %%st")
HOST_OP(sub, "fsub %%st(1), %%st")
HOST_OP(mul, "fmul %%st(1), %%st")
HOST_OP(div, "fdiv %%st(1), %%st")
HOST_OP(sqrt, "fsqrt")
HOST_OP(rint, "frndint")
HOST_OP(scale, "fscale")
HOST_OP(prem, "fprem")
HOST_OP(prem1, "fprem1")
HOST_OP(extract, "fxtract")
HOST_OP(com, "fcom %%st(1)")
HOST_OP(ucom, "fucom %%st(1)")

typedef struct host host_fn(struct f80, struct f80, const struct f80_env *);

/* With IE, DE or ZE unmasked nothing is stored; the masks here leave those
 * masked, so results can always be compared. */
static void compare(const char *what, struct f80 a, struct f80 b,
                    const struct f80_env *env, struct f80 got, struct host want)
{
    bool up = want.status >> 9 & 1;
    bool inexact = env->flags & F80_PE;

    if (got.man != want.st0.man || got.se != want.st0.se ||
        (want.status & 0x3f) != env->flags ||
        (inexact && up != env->rounded_up))
        ck_abort_msg("%s %04x.%016llx, %04x.%016llx (rc %d pc %d mask %02x): "
                     "%04x.%016llx flags %02x up %d, host %04x.%016llx %02x "
                     "%d",
                     what, (unsigned)a.se, (unsigned long long)a.man,
                     (unsigned)b.se, (unsigned long long)b.man, env->rounding,
                     env->precision, env->masked, (unsigned)got.se,
                     (unsigned long long)got.man, env->flags, env->rounded_up,
                     (unsigned)want.st0.se, (unsigned long long)want.st0.man,
                     want.status & 0x3f, up);
}

static struct f80 our_rint(struct f80 a, struct f80 b, struct f80_env *env)
{
    (void)b;
    return f80_round_to_integer(a, env);
}

static struct f80 our_sqrt(struct f80 a, struct f80 b, struct f80_env *env)
{
    (void)b;
    return f80_sqrt(a, env);
}

static const struct {
    const char *name;
    struct f80 (*ours)(struct f80, struct f80, struct f80_env *);
    host_fn *host;
} binary[] = {
    {"fadd", f80_add, host_add},       {"fsub", f80_sub, host_sub},
    {"fmul", f80_mul, host_mul},       {"fdiv", f80_div, host_div},
    {"fsqrt", our_sqrt, host_sqrt},    {"frndint", our_rint, host_rint},
    {"fscale", f80_scale, host_scale},
};

START_TEST(arithmetic)
{
    seed = 88172645463325252u + (uint64_t)_i;
    for (unsigned long i = rounds(); i; i--) {
        struct f80 a = random_f80(), b = random_f80();
        struct f80_env env = random_env();
        struct host want = binary[_i].host(a, b, &env);

        compare(binary[_i].name, a, b, &env, binary[_i].ours(a, b, &env), want);
    }
}
END_TEST

/* C3 C1 C0 hold the low bits of the quotient, C2 that it is partial. How far
 * a partial step goes is the processor's choice: there only the end of the
 * chain is compared. */
static void check_remainder(bool nearest)
{
    struct f80 a = random_f80(), b = random_f80();
    struct f80_env env = random_env();
    struct host want = nearest ? host_prem1(a, b, &env) : host_prem(a, b, &env);
    uint64_t q;
    bool partial, chain;
    unsigned code;
    struct f80 got;

    /* Zen processors wrap a denormal's exponent here and set no flag. */
    if (f80_classify(b) == F80_INFINITE && !(env.masked & F80_UE))
        return;
    got = f80_remainder(a, b, nearest, &q, &partial, &env);
    chain = partial;
    ck_assert_int_eq(partial, want.status >> 10 & 1);
    for (unsigned i = 0; partial && i < 2000; i++)
        got = f80_remainder(got, b, nearest, &q, &partial, &env);
    for (unsigned i = 0; (want.status >> 10 & 1) && i < 2000; i++)
        want = nearest ? host_prem1(want.st0, b, &env)
                       : host_prem(want.st0, b, &env);
    if (chain) /* flags of the steps differ with their number */
        want.status = (uint16_t)((want.status & ~0x3f) | env.flags);
    compare(nearest ? "fprem1" : "fprem", a, b, &env, got, want);
    code = (want.status >> 8 & 1) << 2 | (want.status >> 14 & 1) << 1 |
           (want.status >> 9 & 1);
    if (!chain && !(env.flags & F80_IE) && f80_classify(a) < F80_QNAN &&
        f80_classify(b) < F80_QNAN)
        ck_assert_msg((q & 7) == code,
                      "%04x.%016llx %04x.%016llx: quotient %u, host %u",
                      (unsigned)a.se, (unsigned long long)a.man, (unsigned)b.se,
                      (unsigned long long)b.man, (unsigned)q & 7, code);
}

START_TEST(remainders)
{
    seed = 123456789;
    for (unsigned long i = rounds(); i; i--)
        check_remainder(_i);
}
END_TEST

START_TEST(extract)
{
    seed = 4242;
    for (unsigned long i = rounds(); i; i--) {
        struct f80 a = random_f80(), b = {F80_INTEGER, 16383}, exponent;
        struct f80_env env = random_env();
        struct host want = host_extract(a, b, &env);
        struct f80 got = f80_extract(a, &exponent, &env);

        compare("fxtract", a, b, &env, got, want);
        ck_assert_uint_eq(exponent.man, want.st1.man);
        ck_assert_uint_eq(exponent.se, want.st1.se);
    }
}
END_TEST

START_TEST(comparison)
{
    static const uint16_t codes[] = {0x0100, 0x4000, 0x0000, 0x4500};

    seed = 777;
    for (unsigned long i = rounds(); i; i--) {
        struct f80 a = random_f80(), b = next() % 4 ? random_f80() : a;
        struct f80_env env = random_env();
        struct host want = _i ? host_ucom(a, b, &env) : host_com(a, b, &env);
        enum f80_order order = f80_compare(a, b, _i, &env);

        if (codes[order] != (want.status & 0x4500) ||
            env.flags != (want.status & 0x3f))
            ck_abort_msg("%d: %04x.%016llx %04x.%016llx: %d %02x, host %04x",
                         _i, (unsigned)a.se, (unsigned long long)a.man,
                         (unsigned)b.se, (unsigned long long)b.man, order,
                         env.flags, want.status);
    }
}
END_TEST

/* Stores with everything masked, and loads. */
#define HOST_STORE(name, op) \
    static uint16_t store_##name(struct f80 a, const struct f80_env *env, \
                                 uint8_t out[16]) \
    { \
        uint8_t in[16] = {0}; \
        uint16_t cw = control_of(env), status; \
\
        memcpy(in, &a.man, 8); \
        memcpy(in + 8, &a.se, 2); \
        __asm__ volatile("fninit\n\tfldt (%2)\n\tfldcw %3\n\t" op " (%1)\n\t" \
                         "fnstsw %0\n\tfnclex\n\tfninit" \
                         : "=m"(status) \
                         : "r"(out), "r"(in), "m"(cw) \
                         : "memory", "st", "st(1)"); \
        return status; \
    }

HOST_STORE(f32, "fstps")
HOST_STORE(f64, "fstpl")
HOST_STORE(i16, "fistps")
HOST_STORE(i32, "fistpl")
HOST_STORE(i64, "fistpll")
HOST_STORE(bcd, "fbstp")

static void our_store(unsigned kind, struct f80 a, struct f80_env *env,
                      uint8_t out[16])
{
    static const unsigned bits[] = {0, 0, 16, 32, 64};
    uint32_t f32;
    uint64_t u64;

    switch (kind) {
    case 0:
        f32 = f80_to_f32(a, env);
        memcpy(out, &f32, 4);
        break;
    case 1:
        u64 = f80_to_f64(a, env);
        memcpy(out, &u64, 8);
        break;
    case 5: f80_to_bcd(a, out, env); break;
    default:
        u64 = (uint64_t)f80_to_int(a, bits[kind], false, env);
        memcpy(out, &u64, bits[kind] / 8);
    }
}

START_TEST(stores)
{
    static uint16_t (*const host[])(struct f80, const struct f80_env *,
                                    uint8_t[16]) = {
        store_f32, store_f64, store_i16, store_i32, store_i64, store_bcd};

    seed = 99 + (uint64_t)_i;
    for (unsigned long i = rounds(); i; i--) {
        struct f80 a = random_f80();
        struct f80_env env = random_env();
        uint8_t want[16], got[16];
        uint16_t status;

        if (_i < 2 && next() % 2) /* near the narrow formats' own edges */
            a.se = (uint16_t)((a.se & 0x8000) | (16383 - (_i ? 1023 : 127) +
                                                 (int)(next() % 80) - 60));
        if ((a.se & 0x7fff) && next() % 16)
            a.man |= F80_INTEGER;
        memset(want, 0xcc, sizeof(want));
        memset(got, 0xcc, sizeof(got));
        status = host[_i](a, &env, want);
        our_store((unsigned)_i, a, &env, got);
        if ((env.flags & ~env.masked) & (F80_OE | F80_UE))
            memset(got, 0xcc, sizeof(got)); /* not stored */
        if (memcmp(want, got, 16) || (status & 0x3f) != env.flags)
            ck_abort_msg(
                "kind %d %04x.%016llx rc %d mask %02x: %02x%02x%02x%02x flags "
                "%02x, host %02x%02x%02x%02x %02x",
                _i, (unsigned)a.se, (unsigned long long)a.man, env.rounding,
                env.masked, got[3], got[2], got[1], got[0], env.flags, want[3],
                want[2], want[1], want[0], status & 0x3f);
    }
}
END_TEST

START_TEST(loads)
{
    seed = 31337;
    for (unsigned long i = rounds(); i; i--) {
        uint64_t bits = next() >> (next() % 3 * 13);
        uint32_t bits32;
        uint8_t out[16];
        uint16_t status;
        struct f80_env env = {.masked = 0x3f};
        struct f80 got, want = {0, 0};

        if (next() % 3 == 0)
            bits |= UINT64_C(0x7ff) << 52;
        if (next() % 3 == 0)
            bits &= ~(UINT64_C(0x7ff) << 52);
        bits32 = (uint32_t)(bits >> 32 << 3 | (bits >> 63) << 31);
        if (_i)
            __asm__ volatile("fninit\n\tfldl %1\n\tfnstsw %0\n\tfstpt (%2)"
                             : "=m"(status)
                             : "m"(bits), "r"(out)
                             : "memory", "st");
        else
            __asm__ volatile("fninit\n\tflds %1\n\tfnstsw %0\n\tfstpt (%2)"
                             : "=m"(status)
                             : "m"(bits32), "r"(out)
                             : "memory", "st");
        memcpy(&want.man, out, 8);
        memcpy(&want.se, out + 8, 2);
        got = _i ? f80_from_f64(bits, &env) : f80_from_f32(bits32, &env);
        ck_assert_uint_eq(got.man, want.man);
        ck_assert_uint_eq(got.se, want.se);
        ck_assert_uint_eq(env.flags, status & 0x3f);
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("cpu/f80");
    TCase *tcase = tcase_create("host");

    tcase_set_timeout(tcase, 600);
    tcase_add_loop_test(tcase, arithmetic, 0, (int)ARRAY_LEN(binary));
    tcase_add_loop_test(tcase, remainders, 0, 2);
    tcase_add_test(tcase, extract);
    tcase_add_loop_test(tcase, comparison, 0, 2);
    tcase_add_loop_test(tcase, stores, 0, 6);
    tcase_add_loop_test(tcase, loads, 0, 2);
    suite_add_tcase(suite, tcase);
    return suite;
}
