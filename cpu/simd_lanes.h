/* What integer SIMD instructions do to one 64-bit half of a register: `a` is
 * the destination, `b` the source. The same functions serve MMX registers and
 * both halves of XMM registers. Compilers make vector code of the loops. */
#ifndef CPU_SIMD_LANES_H
#define CPU_SIMD_LANES_H

#include <string.h>

#include "core/types.h"

/* Defines lane_NAME(): `expression` of elements x and y, for all of them. */
#define LANE(name, type, expression) \
    static inline uint64_t lane_##name(uint64_t a, uint64_t b) \
    { \
        type xs[8 / sizeof(type)], ys[8 / sizeof(type)]; \
\
        memcpy(xs, &a, 8); \
        memcpy(ys, &b, 8); \
        for (unsigned i = 0; i < 8 / sizeof(type); i++) { \
            const type x = xs[i], y = ys[i]; \
\
            xs[i] = (type)(expression); \
        } \
        memcpy(&a, xs, 8); \
        return a; \
    }

static inline int32_t lane_clamp(int32_t value, int32_t low, int32_t high)
{
    return value < low ? low : value > high ? high : value;
}

/* clang-format off */
LANE(paddb, uint8_t, x + y)
LANE(paddw, uint16_t, x + y)
LANE(paddd, uint32_t, x + y)
LANE(paddq, uint64_t, x + y)
LANE(psubb, uint8_t, x - y)
LANE(psubw, uint16_t, x - y)
LANE(psubd, uint32_t, x - y)
LANE(psubq, uint64_t, x - y)
LANE(pcmpeqb, uint8_t, x == y ? UINT8_MAX : 0)
LANE(pcmpeqw, uint16_t, x == y ? UINT16_MAX : 0)
LANE(pcmpeqd, uint32_t, x == y ? UINT32_MAX : 0)
LANE(pcmpgtb, int8_t, x > y ? -1 : 0)
LANE(pcmpgtw, int16_t, x > y ? -1 : 0)
LANE(pcmpgtd, int32_t, x > y ? -1 : 0)
LANE(pmullw, uint16_t, (uint32_t)x * y)
LANE(pmulhw, int16_t, ((int32_t)x * y) >> 16)
LANE(pmulhuw, uint16_t, ((uint32_t)x * y) >> 16)
LANE(pmuludq, uint64_t, (uint64_t)(uint32_t)x * (uint32_t)y)
LANE(pand, uint64_t, x & y)
LANE(pandn, uint64_t, ~x & y)
LANE(por, uint64_t, x | y)
LANE(pxor, uint64_t, x ^ y)
LANE(pavgb, uint8_t, (x + y + 1) >> 1)
LANE(pavgw, uint16_t, (x + y + 1) >> 1)
LANE(pminub, uint8_t, x < y ? x : y)
LANE(pmaxub, uint8_t, x > y ? x : y)
LANE(pminsw, int16_t, x < y ? x : y)
LANE(pmaxsw, int16_t, x > y ? x : y)

/* Shifts: `b` is the count, whole. */
#define SHIFT(name, type, expression) \
    static inline uint64_t lane_##name(uint64_t a, uint64_t b) \
    { \
        type xs[8 / sizeof(type)]; \
\
        memcpy(xs, &a, 8); \
        for (unsigned i = 0; i < 8 / sizeof(type); i++) { \
            const type x = xs[i]; \
\
            xs[i] = (type)(expression); \
        } \
        memcpy(&a, xs, 8); \
        return a; \
    }
SHIFT(psrlw, uint16_t, b < 16 ? x >> b : 0)
SHIFT(psrld, uint32_t, b < 32 ? x >> b : 0)
SHIFT(psrlq, uint64_t, b < 64 ? x >> b : 0)
SHIFT(psllw, uint16_t, b < 16 ? (uint32_t)x << b : 0)
SHIFT(pslld, uint32_t, b < 32 ? x << b : 0)
SHIFT(psllq, uint64_t, b < 64 ? x << b : 0)
SHIFT(psraw, int16_t, x >> (b < 16 ? b : 15))
SHIFT(psrad, int32_t, x >> (b < 32 ? b : 31))
/* clang-format on */
#undef SHIFT
#undef LANE

/* With saturation, all elements in one word: TOPS has their top bits set. */
#define TOPS_B UINT64_C(0x8080808080808080)
#define TOPS_W UINT64_C(0x8000800080008000)

/* All bits of the elements whose top bit is set in `tops`. */
static inline uint64_t lane_spread(uint64_t tops, unsigned bits)
{
    return (tops << 1) - (tops >> (bits - 1));
}

static inline uint64_t lane_add(uint64_t a, uint64_t b, uint64_t tops)
{
    return ((a & ~tops) + (b & ~tops)) ^ ((a ^ b) & tops);
}

static inline uint64_t lane_sub(uint64_t a, uint64_t b, uint64_t tops)
{
    return ((a | tops) - (b & ~tops)) ^ (~(a ^ b) & tops);
}

/* Where it overflowed: the largest number, or the smallest if a is negative. */
static inline uint64_t lane_saturate(uint64_t a, uint64_t sum, uint64_t over,
                                     unsigned bits)
{
    uint64_t mask = lane_spread(over, bits);
    uint64_t largest = mask & ~over;

    return (sum & ~mask) | (mask & (largest ^ lane_spread(a & over, bits)));
}

#define SATURATE(suffix, bits, TOPS) \
    static inline uint64_t lane_padds##suffix(uint64_t a, uint64_t b) \
    { \
        uint64_t sum = lane_add(a, b, TOPS); \
\
        return lane_saturate(a, sum, ~(a ^ b) & (a ^ sum) & TOPS, bits); \
    } \
    static inline uint64_t lane_psubs##suffix(uint64_t a, uint64_t b) \
    { \
        uint64_t rest = lane_sub(a, b, TOPS); \
\
        return lane_saturate(a, rest, (a ^ b) & (a ^ rest) & TOPS, bits); \
    } \
    static inline uint64_t lane_paddus##suffix(uint64_t a, uint64_t b) \
    { \
        uint64_t sum = lane_add(a, b, TOPS); \
\
        return sum | lane_spread(((a & b) | ((a | b) & ~sum)) & TOPS, bits); \
    } \
    static inline uint64_t lane_psubus##suffix(uint64_t a, uint64_t b) \
    { \
        uint64_t rest = lane_sub(a, b, TOPS); \
        uint64_t borrow = ((~a & b) | (~(a ^ b) & rest)) & TOPS; \
\
        return rest & ~lane_spread(borrow, bits); \
    }
SATURATE(b, 8, TOPS_B)
SATURATE(w, 16, TOPS_W)
#undef SATURATE
#undef TOPS_B
#undef TOPS_W

static inline uint64_t lane_pmaddwd(uint64_t a, uint64_t b)
{
    int16_t x[4], y[4];
    uint32_t sum[2];

    memcpy(x, &a, 8);
    memcpy(y, &b, 8);
    for (unsigned i = 0; i < 2; i++)
        sum[i] = (uint32_t)(x[2 * i] * y[2 * i]) +
                 (uint32_t)(x[2 * i + 1] * y[2 * i + 1]);
    return (uint64_t)sum[1] << 32 | sum[0];
}

static inline uint64_t lane_psadbw(uint64_t a, uint64_t b)
{
    uint8_t x[8], y[8];
    uint32_t sum = 0;

    memcpy(x, &a, 8);
    memcpy(y, &b, 8);
    for (unsigned i = 0; i < 8; i++)
        sum += (uint32_t)(x[i] > y[i] ? x[i] - y[i] : y[i] - x[i]);
    return sum;
}

/* Packing: all elements of one half in half their size. */

static inline uint32_t lane_packsswb(uint64_t a)
{
    int16_t x[4];
    uint32_t packed = 0;

    memcpy(x, &a, 8);
    for (unsigned i = 0; i < 4; i++)
        packed |= (uint32_t)(uint8_t)lane_clamp(x[i], INT8_MIN, INT8_MAX)
                  << (8 * i);
    return packed;
}

static inline uint32_t lane_packuswb(uint64_t a)
{
    int16_t x[4];
    uint32_t packed = 0;

    memcpy(x, &a, 8);
    for (unsigned i = 0; i < 4; i++)
        packed |= (uint32_t)lane_clamp(x[i], 0, UINT8_MAX) << (8 * i);
    return packed;
}

static inline uint32_t lane_packssdw(uint64_t a)
{
    int32_t x[2];

    memcpy(x, &a, 8);
    return (uint32_t)(uint16_t)lane_clamp(x[0], INT16_MIN, INT16_MAX) |
           (uint32_t)lane_clamp(x[1], INT16_MIN, INT16_MAX) << 16;
}

/* Interleaving the elements of two words of 32 bits, `a` first. */

static inline uint64_t lane_space(uint32_t a)
{
    uint64_t r = (a | (uint64_t)a << 16) & UINT64_C(0x0000ffff0000ffff);

    return (r | r << 8) & UINT64_C(0x00ff00ff00ff00ff);
}

static inline uint64_t lane_bw(uint32_t a, uint32_t b)
{
    return lane_space(a) | lane_space(b) << 8;
}

static inline uint64_t lane_wd(uint32_t a, uint32_t b)
{
    return (uint64_t)((a >> 16) | (b & 0xffff0000u)) << 32 |
           (uint32_t)((a & 0xffff) | b << 16);
}

static inline uint64_t lane_dq(uint32_t a, uint32_t b)
{
    return (uint64_t)b << 32 | a;
}

#endif
