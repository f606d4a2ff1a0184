/* Arithmetic flags, kept as what they follow from.
 *
 * Two words hold all six at every moment; there is no second representation
 * to fall back to. `result` is the last result, extended by its sign to 32
 * bits: ZF is result == 0. `aux` holds the rest, in places where they cost the
 * producers least and the common conditions need no unpacking:
 *
 *   31 CF | 30 carry into the sign bit | 15..8 flips of PF | 3 AF | 0 flip of
 * SF
 *
 *   OF = bit 31 ^ bit 30      PF = even parity of (result ^ aux >> 8) & ff
 *   SF = result < 0 ^ bit 0   AF = bit 3
 *
 * The flips are there for flag values that no result gives (POPF, SAHF). */
#ifndef CPU_FLAGS_H
#define CPU_FLAGS_H

#include "cpu/state.h"

#define AUX_CF     0x80000000u
#define AUX_CARRY  0x40000000u
#define AUX_AF     0x00000008u
#define AUX_PARITY 0x0000ff00u
#define AUX_SIGN   0x00000001u

/* A value of `bits` bits, extended by its sign. */
static inline uint32_t flags_extend(unsigned bits, uint32_t value)
{
    if (bits == 8)
        return (uint32_t)(int8_t)value;
    return bits == 16 ? (uint32_t)(int16_t)value : value;
}

/* AUX_ bits from the vector of carries into each bit, 33 bits of it. */
static inline uint32_t flags_carries(unsigned bits, uint64_t carries)
{
    if (bits == 32)
        return (uint32_t)(carries >> 1) & (AUX_CF | AUX_CARRY | AUX_AF);
    return ((uint32_t)carries << (31 - bits) & (AUX_CF | AUX_CARRY)) |
           ((uint32_t)carries >> 1 & AUX_AF);
}

static inline uint32_t aux_cf(bool cf)
{
    return cf ? AUX_CF : 0;
}

/* AUX_CF and AUX_CARRY for given CF and OF. */
static inline uint32_t aux_co(bool cf, bool of)
{
    return aux_cf(cf) | (cf != of ? AUX_CARRY : 0);
}

/* r = a + b + carry; a and b zero-extended, as everywhere below. */
static inline void flags_add(struct cpu *cpu, unsigned bits, uint32_t a,
                             uint32_t b, uint32_t carry)
{
    uint64_t r = (uint64_t)a + b + carry;

    cpu->lazy.result = flags_extend(bits, (uint32_t)r);
    cpu->lazy.aux = flags_carries(bits, a ^ b ^ r);
}

/* r = a - b - borrow */
static inline void flags_sub(struct cpu *cpu, unsigned bits, uint32_t a,
                             uint32_t b, uint32_t borrow)
{
    uint64_t r = (uint64_t)a - b - borrow;

    cpu->lazy.result = flags_extend(bits, (uint32_t)r);
    cpu->lazy.aux = flags_carries(bits, a ^ b ^ r);
}

static inline void flags_logic(struct cpu *cpu, unsigned bits, uint32_t r)
{
    cpu->lazy.result = flags_extend(bits, r);
    cpu->lazy.aux = 0;
}

/* INC and DEC keep CF: the other bits are of a + 1 or a - 1. */
static inline void flags_keep_cf(struct cpu *cpu, uint32_t cf)
{
    uint32_t of = (cpu->lazy.aux ^ cpu->lazy.aux << 1) & AUX_CF;

    cpu->lazy.aux =
        (cpu->lazy.aux & AUX_AF) | cf | ((cf ^ of) >> 1 & AUX_CARRY);
}

static inline void flags_inc(struct cpu *cpu, unsigned bits, uint32_t a)
{
    uint32_t cf = cpu->lazy.aux & AUX_CF;

    flags_add(cpu, bits, a, 1, 0);
    flags_keep_cf(cpu, cf);
}

static inline void flags_dec(struct cpu *cpu, unsigned bits, uint32_t a)
{
    uint32_t cf = cpu->lazy.aux & AUX_CF;

    flags_sub(cpu, bits, a, 1, 0);
    flags_keep_cf(cpu, cf);
}

/* Result with CF, OF and AF given (shifts, multiplications). */
static inline void flags_result(struct cpu *cpu, unsigned bits, uint32_t r,
                                uint32_t aux)
{
    cpu->lazy.result = flags_extend(bits, r);
    cpu->lazy.aux = aux;
}

/* CF alone; CF and OF alone. */
static inline void flags_set_cf(struct cpu *cpu, bool cf)
{
    if ((cpu->lazy.aux & AUX_CF) != aux_cf(cf))
        cpu->lazy.aux ^= AUX_CF | AUX_CARRY;
}

static inline void flags_set_co(struct cpu *cpu, bool cf, bool of)
{
    cpu->lazy.aux &= ~(AUX_CF | AUX_CARRY);
    cpu->lazy.aux |= aux_co(cf, of);
}

static inline uint32_t flags_cf(const struct cpu *cpu)
{
    return cpu->lazy.aux >> 31;
}

static inline uint32_t flags_af(const struct cpu *cpu)
{
    return cpu->lazy.aux >> 3 & 1;
}

static inline uint32_t flags_zf(const struct cpu *cpu)
{
    return cpu->lazy.result == 0;
}

/* As the sign of a number. */
static inline int32_t flags_sign_sf(const struct cpu *cpu)
{
    return (int32_t)(cpu->lazy.result ^ cpu->lazy.aux << 31);
}

static inline int32_t flags_sign_of(const struct cpu *cpu)
{
    return (int32_t)(cpu->lazy.aux ^ cpu->lazy.aux << 1);
}

static inline uint32_t flags_pf(const struct cpu *cpu)
{
    uint32_t v = cpu->lazy.result ^ cpu->lazy.aux >> 8;

    v ^= v >> 4;
    return 0x9669u >> (v & 15) & 1;
}

/* The sixteen conditions (SDM volume 1, appendix B). */
static inline bool flags_o(const struct cpu *cpu)
{
    return flags_sign_of(cpu) < 0;
}

static inline bool flags_b(const struct cpu *cpu)
{
    return cpu->lazy.aux & AUX_CF;
}

static inline bool flags_z(const struct cpu *cpu)
{
    return cpu->lazy.result == 0;
}

static inline bool flags_be(const struct cpu *cpu)
{
    return (cpu->lazy.aux & AUX_CF) || cpu->lazy.result == 0;
}

static inline bool flags_s(const struct cpu *cpu)
{
    return flags_sign_sf(cpu) < 0;
}

static inline bool flags_p(const struct cpu *cpu)
{
    return flags_pf(cpu);
}

static inline bool flags_l(const struct cpu *cpu)
{
    return (flags_sign_sf(cpu) ^ flags_sign_of(cpu)) < 0;
}

static inline bool flags_le(const struct cpu *cpu)
{
    return flags_l(cpu) || cpu->lazy.result == 0;
}

/* clang-format off */
static inline bool flags_no(const struct cpu *cpu) { return !flags_o(cpu); }
static inline bool flags_nb(const struct cpu *cpu) { return !flags_b(cpu); }
static inline bool flags_nz(const struct cpu *cpu) { return !flags_z(cpu); }
static inline bool flags_nbe(const struct cpu *cpu) { return !flags_be(cpu); }
static inline bool flags_ns(const struct cpu *cpu) { return !flags_s(cpu); }
static inline bool flags_np(const struct cpu *cpu) { return !flags_p(cpu); }
static inline bool flags_nl(const struct cpu *cpu) { return !flags_l(cpu); }
static inline bool flags_nle(const struct cpu *cpu) { return !flags_le(cpu); }
/* clang-format on */

/* The six as bits of EFLAGS, and from there. */
uint32_t flags_arithmetic(const struct cpu *cpu);
void flags_set_arithmetic(struct cpu *cpu, uint32_t value);

#endif
