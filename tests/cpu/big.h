/* Numbers of 288 bits behind the point and 96 before it, and series: what the
 * transcendental functions are held against. */
#ifndef TESTS_CPU_BIG_H
#define TESTS_CPU_BIG_H

#include <stdbool.h>
#include <stdint.h>

/* Signed fixed point: magnitude in words of 32 bits, lowest first, of which
 * the upper BIG_INTEGER ones stand before the point. */
#define BIG_WORDS    12
#define BIG_INTEGER  3
#define BIG_FRACTION (32 * (BIG_WORDS - BIG_INTEGER))

struct big {
    uint32_t w[BIG_WORDS];
    bool minus;
};

struct big big_int(uint32_t n);
bool big_is_zero(const struct big *a);

/* Magnitudes: -1, 0 or 1 as a is less than, equal to or more than b; and a less
 * b, which is not more than a. */
int big_compare_size(const struct big *a, const struct big *b);
void big_sub_size(struct big *a, const struct big *b);

struct big big_add(struct big a, struct big b);
struct big big_neg(struct big a);
struct big big_sub(struct big a, struct big b);
struct big big_mul(struct big a, struct big b);
struct big big_div_int(struct big a, uint32_t n);

/* Rounds down; to the left by `by` bits, to the right if that is negative. */
struct big big_shift(struct big a, int by);

/* a / b by Newton steps from a first guess of 1 for b in [1/2, 2). */
struct big big_div(struct big a, struct big b);

/* Bit n, counted from the lowest; the highest one that is set, or -1. */
bool big_bit(const struct big *a, int n);
int big_top(const struct big *a);

/* Series: of x in about [-1, 1]. */
struct big big_sine(struct big x);
struct big big_cosine(struct big x);
struct big big_exp(struct big x);

/* atan (signs alternate) and artanh of |x| <= 1/2 or so. */
struct big big_arc(struct big x, bool alternate);

struct big big_pi(void);
struct big big_ln2(void);

#endif
