/* Arithmetic of the x87 in integers alone: 80-bit extended precision, the same
 * on every host.
 *
 * Source: SDM volume 1, chapter 8 and section 4.8; IEEE 754-1985. The functions
 * follow the x87's own choices: tininess is found after rounding, the larger
 * significand wins between two NaNs, unnormal encodings are invalid, pseudo-
 * denormals count as denormals.
 *
 * Nothing here knows the register stack. A function takes what the control
 * word says from `struct f80_env` and adds to its flags. What an unmasked
 * exception means for the destination is the caller's: with F80_IE, F80_DE or
 * F80_ZE unmasked the result is not to be stored; with F80_OE or F80_UE
 * unmasked the result has the exponent wrapped by 24576, as registers get it.
 */
#ifndef CPU_F80_H
#define CPU_F80_H

#include "core/types.h"

struct f80 {
    uint64_t man; /* with explicit integer bit 63 */
    uint64_t se;  /* sign in bit 15, biased exponent (16383); the rest is 0: a
                     whole word, for a wide load waits for a narrow store */
};

/* As in the status and control words. */
enum {
    F80_IE = 0x01, /* invalid operation */
    F80_DE = 0x02, /* denormal operand */
    F80_ZE = 0x04, /* division by zero */
    F80_OE = 0x08,
    F80_UE = 0x10,
    F80_PE = 0x20, /* inexact */
};

enum f80_rounding { /* control word bits 11-10 */
    F80_NEAREST,
    F80_DOWN,
    F80_UP,
    F80_CHOP,
};

enum f80_precision {  /* control word bits 9-8 */
    F80_SINGLE = 0,   /* 24 bits */
    F80_RESERVED = 1, /* behaves as extended */
    F80_DOUBLE = 2,   /* 53 bits */
    F80_EXTENDED = 3, /* 64 bits */
};

struct f80_env {
    enum f80_rounding rounding;
    enum f80_precision precision;
    uint8_t masked;  /* F80_* that are masked */
    uint8_t flags;   /* F80_* that occurred; the functions only add */
    bool rounded_up; /* C1: the last inexact result is larger in magnitude */
};

enum f80_class {
    F80_ZERO,
    F80_DENORMAL, /* pseudo-denormals too */
    F80_NORMAL,
    F80_INFINITE,
    F80_QNAN,
    F80_SNAN,
    F80_UNSUPPORTED, /* unnormals, pseudo-infinities, pseudo-NaNs */
};

enum f80_order {
    F80_LESS,
    F80_EQUAL,
    F80_GREATER,
    F80_UNORDERED
};

#define F80_BIAS    16383
#define F80_EXP_MAX 0x7fff
#define F80_INTEGER (UINT64_C(1) << 63)
#define F80_QUIET   (UINT64_C(1) << 62)

/* The default ("real indefinite") NaN. */
static inline struct f80 f80_indefinite(void)
{
    return (struct f80){F80_INTEGER | F80_QUIET, 0xffff};
}

static inline bool f80_negative(struct f80 a)
{
    return a.se >> 15;
}

enum f80_class f80_classify(struct f80 a);

struct f80 f80_add(struct f80 a, struct f80 b, struct f80_env *env);
struct f80 f80_sub(struct f80 a, struct f80 b, struct f80_env *env);
struct f80 f80_mul(struct f80 a, struct f80 b, struct f80_env *env);
struct f80 f80_div(struct f80 a, struct f80 b, struct f80_env *env);
struct f80 f80_sqrt(struct f80 a, struct f80_env *env);

/* The same for operands where they stand: a register that was just written is
 * read the sooner in halves. */
struct f80 f80_add_at(const struct f80 *a, const struct f80 *b,
                      struct f80_env *env);
struct f80 f80_sub_at(const struct f80 *a, const struct f80 *b,
                      struct f80_env *env);
struct f80 f80_mul_at(const struct f80 *a, const struct f80 *b,
                      struct f80_env *env);
struct f80 f80_div_at(const struct f80 *a, const struct f80 *b,
                      struct f80_env *env);

/* FRNDINT. */
struct f80 f80_round_to_integer(struct f80 a, struct f80_env *env);

/* FSCALE: a times 2 to the truncated b. */
struct f80 f80_scale(struct f80 a, struct f80 b, struct f80_env *env);

/* FXTRACT: the significand is returned, the exponent goes to *exponent. */
struct f80 f80_extract(struct f80 a, struct f80 *exponent, struct f80_env *env);

/* FPREM (nearest false: the quotient is chopped) and FPREM1. *quotient gets
 * the low bits of the quotient; *partial is true when the reduction is not
 * complete (C2) and the quotient means nothing. */
struct f80 f80_remainder(struct f80 a, struct f80 b, bool nearest,
                         uint64_t *quotient, bool *partial,
                         struct f80_env *env);

/* FCOM (quiet false: any NaN is invalid) and FUCOM (quiet: only signalling). */
enum f80_order f80_compare(struct f80 a, struct f80 b, bool quiet,
                           struct f80_env *env);

/* Loads: exact, but for SNaNs (IE) and denormals (DE). */
struct f80 f80_from_f32(uint32_t a, struct f80_env *env);
struct f80 f80_from_f64(uint64_t a, struct f80_env *env);
struct f80 f80_from_i64(int64_t a);

/* Stores. With F80_OE or F80_UE unmasked and set, nothing is to be stored. */
uint32_t f80_to_f32(struct f80 a, struct f80_env *env);
uint64_t f80_to_f64(struct f80 a, struct f80_env *env);

/* Rounded to an integer of `bits` 16, 32 or 64; what does not fit gives the
 * integer indefinite (only the top bit set) and IE. `chop`: FISTTP. */
int64_t f80_to_int(struct f80 a, unsigned bits, bool chop, struct f80_env *env);

/* Packed BCD, 18 digits and a sign byte. */
struct f80 f80_from_bcd(const uint8_t bcd[10]);
void f80_to_bcd(struct f80 a, uint8_t bcd[10], struct f80_env *env);

/* Rounds sign, exponent (biased, may be outside the range) and a significand
 * of 128 bits (bit 127 set, or all 0) to the precision of `env`. For functions
 * that compute with more bits. */
struct f80 f80_round_pack(bool sign, int32_t exp, uint64_t high, uint64_t low,
                          struct f80_env *env);

#endif
