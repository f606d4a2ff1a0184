/* Shifts, rotates and bit scans, for operands of 8, 16 or 32 bits, and the
 * flags that they leave. */
#ifndef CPU_SHIFT_H
#define CPU_SHIFT_H

#include "cpu/flags.h"

static inline uint32_t flags_cut(unsigned bits, uint64_t value)
{
    return (uint32_t)value & UINT32_MAX >> (32 - bits);
}

static inline int64_t flags_signed(unsigned bits, uint32_t value)
{
    return (int32_t)flags_extend(bits, value);
}

static inline uint32_t shift_rol(unsigned bits, uint32_t a, uint32_t n)
{
    n &= bits - 1;
    return n ? flags_cut(bits, a << n | a >> (bits - n)) : a;
}

static inline uint32_t shift_ror(unsigned bits, uint32_t a, uint32_t n)
{
    n &= bits - 1;
    return n ? flags_cut(bits, a >> n | a << (bits - n)) : a;
}

/* Through carry: bits + 1 places. */
static inline uint32_t rotate_count(unsigned bits, uint32_t n)
{
    return bits == 32 ? n : n % (bits + 1);
}

static inline uint64_t rotate_through(unsigned bits, uint32_t a, uint32_t n,
                                      uint32_t cf)
{
    uint64_t wide = (uint64_t)cf << bits | a;

    n = rotate_count(bits, n);
    return n ? wide << n | wide >> (bits + 1 - n) : wide;
}

static inline uint32_t shift_sar(unsigned bits, uint32_t a, uint32_t n)
{
    return (uint32_t)(flags_signed(bits, a) >> n);
}

static inline uint32_t shift_shld(unsigned bits, uint32_t a, uint32_t b,
                                  uint32_t n)
{
    if (bits == 16) /* beyond 16, bits of `a` come in again */
        return (uint32_t)(((uint64_t)a << 32 | b << 16 | a) << n >> 32);
    return (uint32_t)(((uint64_t)a << 32 | b) << n >> 32);
}

static inline uint32_t shift_shrd(unsigned bits, uint32_t a, uint32_t b,
                                  uint32_t n)
{
    if (bits == 16)
        return (uint32_t)(((uint64_t)a << 32 | b << 16 | a) >> n);
    return (uint32_t)(((uint64_t)b << 32 | a) >> n);
}

static inline uint32_t lowest_bit(uint32_t v)
{
    uint32_t n = 0;

    if (!(v & 0xffff))
        n = 16;
    if (!(v >> n & 0xff))
        n += 8;
    if (!(v >> n & 0xf))
        n += 4;
    if (!(v >> n & 3))
        n += 2;
    return n + !(v >> n & 1);
}

static inline uint32_t highest_bit(uint32_t v)
{
    uint32_t n = 0;

    if (v >> 16)
        n = 16;
    if (v >> n >> 8)
        n += 8;
    if (v >> n >> 4)
        n += 4;
    if (v >> n >> 2)
        n += 2;
    return n + (v >> n >> 1 & 1);
}

static inline uint32_t bit(uint64_t v, unsigned n)
{
    return (uint32_t)(v >> n) & 1;
}

/* Flags of shifts: CF is the last bit that went out, OF says whether the last
 * step changed the sign, AF is 1. A count of 0 changes none. */

/* The 386 takes 16 and 24 places of a byte for 8 when it comes to CF. */
static inline uint32_t count_for_cf(unsigned bits, uint32_t n)
{
    return bits == 8 && n > 8 && !(n & 7) ? 8 : n;
}

static inline void flags_rol(struct cpu *cpu, unsigned bits, uint32_t r,
                             uint32_t n)
{
    if (n)
        flags_set_co(cpu, r & 1, bit(r, bits - 1) ^ (r & 1));
}

static inline void flags_ror(struct cpu *cpu, unsigned bits, uint32_t r,
                             uint32_t n)
{
    if (n)
        flags_set_co(cpu, bit(r, bits - 1),
                     bit(r, bits - 1) ^ bit(r, bits - 2));
}

static inline void flags_rcl(struct cpu *cpu, unsigned bits, uint32_t a,
                             uint32_t n, uint32_t cf)
{
    uint64_t r = rotate_through(bits, a, n, cf);

    if (n)
        flags_set_co(cpu, bit(r, bits), bit(r, bits) ^ bit(r, bits - 1));
}

static inline void flags_rcr(struct cpu *cpu, unsigned bits, uint32_t a,
                             uint32_t n, uint32_t cf)
{
    uint64_t r = rotate_through(bits, a, bits + 1 - rotate_count(bits, n), cf);

    if (n)
        flags_set_co(cpu, bit(r, bits), bit(r, bits - 1) ^ bit(r, bits - 2));
}

static inline void flags_shl(struct cpu *cpu, unsigned bits, uint32_t a,
                             uint32_t n)
{
    uint64_t r = (uint64_t)a << n;
    uint32_t cf = bit((uint64_t)a << count_for_cf(bits, n), bits);

    if (n)
        flags_result(cpu, bits, (uint32_t)r,
                     AUX_AF | aux_co(cf, cf ^ bit(r, bits - 1)));
}

static inline void flags_shr(struct cpu *cpu, unsigned bits, uint32_t a,
                             uint32_t n)
{
    if (n)
        flags_result(cpu, bits, a >> n,
                     AUX_AF | aux_co(bit(a, count_for_cf(bits, n) - 1),
                                     n == 1 && bit(a, bits - 1)));
}

static inline void flags_sar(struct cpu *cpu, unsigned bits, uint32_t a,
                             uint32_t n)
{
    if (n)
        flags_result(
            cpu, bits, shift_sar(bits, a, n),
            AUX_AF |
                aux_co(bit((uint64_t)flags_signed(bits, a), n - 1), false));
}

static inline void flags_shld(struct cpu *cpu, unsigned bits, uint32_t a,
                              uint32_t b, uint32_t n)
{
    uint32_t r = shift_shld(bits, a, b, n), before;

    if (!n)
        return;
    before = shift_shld(bits, a, b, n - 1);
    flags_result(cpu, bits, r,
                 AUX_AF | aux_co(bit(before, bits - 1),
                                 bit(before, bits - 1) ^ bit(r, bits - 1)));
}

static inline void flags_shrd(struct cpu *cpu, unsigned bits, uint32_t a,
                              uint32_t b, uint32_t n)
{
    uint32_t r = shift_shrd(bits, a, b, n), before;

    if (!n)
        return;
    before = shift_shrd(bits, a, b, n - 1);
    flags_result(
        cpu, bits, r,
        AUX_AF | aux_co(before & 1, bit(before, bits - 1) ^ bit(r, bits - 1)));
}

/* ZF is of the operand, PF of the bit number that was found. */
static inline void flags_scan(struct cpu *cpu, uint32_t v, uint32_t found)
{
    cpu->lazy.result = v ? 0x100 | found : 0;
    cpu->lazy.aux = 0;
}

#endif
