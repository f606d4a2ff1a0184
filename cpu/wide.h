/* Unsigned arithmetic of 128 bits in halves of 64. */
#ifndef CPU_WIDE_H
#define CPU_WIDE_H

#include "core/types.h"

struct u128 {
    uint64_t high, low;
};

/* wide_mul(), wide_clz64(), wide_div(): the same numbers on every host. */
#include WIDE_HEADER

static inline struct u128 wide_add(struct u128 a, struct u128 b)
{
    uint64_t low = a.low + b.low;

    return (struct u128){a.high + b.high + (low < a.low), low};
}

static inline struct u128 wide_sub(struct u128 a, struct u128 b)
{
    return (struct u128){a.high - b.high - (a.low < b.low), a.low - b.low};
}

static inline bool wide_less(struct u128 a, struct u128 b)
{
    return a.high < b.high || (a.high == b.high && a.low < b.low);
}

/* Any count; bits pushed out are lost. */
static inline struct u128 wide_shl(struct u128 a, unsigned count)
{
    if (count == 0)
        return a;
    if (count >= 128)
        return (struct u128){0, 0};
    if (count >= 64)
        return (struct u128){a.low << (count - 64), 0};
    return (struct u128){a.high << count | a.low >> (64 - count),
                         a.low << count};
}

/* Any count; bits pushed out leave a 1 in the lowest bit. */
static inline struct u128 wide_shr_sticky(struct u128 a, unsigned count)
{
    struct u128 r;
    bool lost;

    if (count == 0)
        return a;
    if (count >= 128) {
        r = (struct u128){0, 0};
        lost = a.high || a.low;
    } else if (count >= 64) {
        r = (struct u128){0, a.high >> (count - 64)};
        lost = a.low || (count > 64 && a.high << (128 - count));
    } else {
        r = (struct u128){a.high >> count,
                          a.high << (64 - count) | a.low >> count};
        lost = a.low << (64 - count);
    }
    r.low |= lost;
    return r;
}

/* floor(sqrt(n)) for n >= 2^62; *rest gets n less its square. After P.
 * Zimmermann, "Karatsuba square root": from the root of the upper half a
 * division gives the lower half of the root, or one more. */
static inline uint32_t wide_sqrt64(uint64_t n, uint64_t *rest)
{
    uint64_t root = 0, r = n >> 48, q;

    for (uint64_t bit = 128; bit; bit >>= 1) {
        if ((root + bit) * (root + bit) <= r)
            root += bit;
    }
    r -= root * root;
    for (unsigned k = 8; k <= 16; k *= 2) {
        uint64_t part = n >> (64 - 4 * k), mask = (1u << k) - 1;
        uint64_t dividend = r << k | (part >> k & mask);

        q = dividend / (2 * root);
        r = dividend % (2 * root) << k | (part & mask);
        root = (root << k) + q;
        if (r < q * q) {
            r += 2 * root - 1;
            root--;
        }
        r -= q * q;
    }
    *rest = r;
    return (uint32_t)root;
}

/* The same for 128 bits, n >= 2^126. */
static inline uint64_t wide_sqrt(struct u128 n, struct u128 *rest)
{
    uint64_t r, root = wide_sqrt64(n.high, &r), q, dividend, u;
    struct u128 left, square;

    dividend = r << 31 | n.low >> 33; /* half of what is to be divided */
    q = dividend / root;
    u = dividend % root << 1 | (n.low >> 32 & 1);
    left = (struct u128){u >> 32, u << 32 | (uint32_t)n.low};
    square = wide_mul(q, q);
    root = (root << 32) + q; /* 2^64 is 0, and one is taken off */
    if (wide_less(left, square)) {
        left = wide_add(left, (struct u128){root ? root >> 63 : 2, root << 1});
        left = wide_sub(left, (struct u128){0, 1});
        root--;
    }
    *rest = wide_sub(left, square);
    return root;
}

#endif
