#include "tests/cpu/big.h"

#include <string.h>

struct big big_int(uint32_t n)
{
    struct big a = {.minus = false};

    a.w[BIG_WORDS - BIG_INTEGER] = n;
    return a;
}

int big_compare_size(const struct big *a, const struct big *b)
{
    for (unsigned i = BIG_WORDS; i-- > 0;) {
        if (a->w[i] != b->w[i])
            return a->w[i] < b->w[i] ? -1 : 1;
    }
    return 0;
}

bool big_is_zero(const struct big *a)
{
    for (unsigned i = 0; i < BIG_WORDS; i++) {
        if (a->w[i])
            return false;
    }
    return true;
}

static void add_size(struct big *a, const struct big *b)
{
    uint64_t carry = 0;

    for (unsigned i = 0; i < BIG_WORDS; i++) {
        carry += (uint64_t)a->w[i] + b->w[i];
        a->w[i] = (uint32_t)carry;
        carry >>= 32;
    }
}

void big_sub_size(struct big *a, const struct big *b)
{
    uint64_t borrow = 0;

    for (unsigned i = 0; i < BIG_WORDS; i++) {
        uint64_t d = (uint64_t)a->w[i] - b->w[i] - borrow;

        a->w[i] = (uint32_t)d;
        borrow = d >> 63;
    }
}

struct big big_add(struct big a, struct big b)
{
    if (a.minus == b.minus) {
        add_size(&a, &b);
        return a;
    }
    if (big_compare_size(&a, &b) >= 0) {
        big_sub_size(&a, &b);
        return a;
    }
    big_sub_size(&b, &a);
    return b;
}

struct big big_neg(struct big a)
{
    a.minus = !a.minus;
    return a;
}

struct big big_sub(struct big a, struct big b)
{
    return big_add(a, big_neg(b));
}

struct big big_mul(struct big a, struct big b)
{
    uint32_t product[2 * BIG_WORDS] = {0};
    struct big r = {.minus = a.minus != b.minus};

    for (unsigned i = 0; i < BIG_WORDS; i++) {
        uint64_t carry = 0;

        if (!a.w[i])
            continue;
        for (unsigned k = 0; k < BIG_WORDS; k++) {
            carry += (uint64_t)a.w[i] * b.w[k] + product[i + k];
            product[i + k] = (uint32_t)carry;
            carry >>= 32;
        }
        product[i + BIG_WORDS] = (uint32_t)carry;
    }
    memcpy(r.w, product + BIG_WORDS - BIG_INTEGER, sizeof(r.w));
    return r;
}

struct big big_div_int(struct big a, uint32_t n)
{
    uint64_t rest = 0;

    for (unsigned i = BIG_WORDS; i-- > 0;) {
        rest = rest << 32 | a.w[i];
        a.w[i] = (uint32_t)(rest / n);
        rest %= n;
    }
    return a;
}

bool big_bit(const struct big *a, int n)
{
    return n >= 0 && (a->w[n / 32] >> (n % 32) & 1);
}

int big_top(const struct big *a)
{
    for (int n = BIG_WORDS; n-- > 0;) {
        for (int bit = 32; a->w[n] && bit-- > 0;) {
            if (a->w[n] >> bit & 1)
                return 32 * n + bit;
        }
    }
    return -1;
}

struct big big_shift(struct big a, int by)
{
    struct big r = {.minus = a.minus};
    int words = by >> 5, bits = by & 31; /* rounds down: bits >= 0 */

    for (int n = 0; n < BIG_WORDS; n++) {
        int from = n - words;
        uint64_t pair = 0;

        if (from >= 0 && from < BIG_WORDS)
            pair = (uint64_t)a.w[from] << 32;
        if (from >= 1 && from <= BIG_WORDS)
            pair |= a.w[from - 1];
        r.w[n] = (uint32_t)(pair << bits >> 32);
    }
    return r;
}

struct big big_div(struct big a, struct big b)
{
    int up = BIG_FRACTION - 1 - big_top(&b);
    struct big x = big_int(1), two = big_int(2);

    b = big_shift(b, up); /* now in [1/2, 1) */
    a = big_shift(a, up);
    for (unsigned i = 0; i < 10; i++) {
        struct big size = b;

        size.minus = false;
        x = big_mul(x, big_sub(two, big_mul(size, x)));
    }
    x.minus = b.minus;
    return big_mul(a, x);
}

/* Series. */

struct big big_sine(struct big x)
{
    struct big u = big_mul(x, x), term = x, sum = x;

    for (uint32_t k = 1; !big_is_zero(&term); k++) {
        term = big_neg(big_div_int(big_mul(term, u), 2 * k * (2 * k + 1)));
        sum = big_add(sum, term);
    }
    return sum;
}

struct big big_cosine(struct big x)
{
    struct big u = big_mul(x, x), term = big_int(1), sum = term;

    for (uint32_t k = 1; !big_is_zero(&term); k++) {
        term = big_neg(big_div_int(big_mul(term, u), 2 * k * (2 * k - 1)));
        sum = big_add(sum, term);
    }
    return sum;
}

struct big big_arc(struct big x, bool alternate)
{
    struct big u = big_mul(x, x), power = x, sum = x;

    for (uint32_t k = 1; !big_is_zero(&power); k++) {
        power = big_mul(power, u);
        if (alternate)
            power = big_neg(power);
        sum = big_add(sum, big_div_int(power, 2 * k + 1));
    }
    return sum;
}

/* Machin: pi = 16 atan(1/5) - 4 atan(1/239). */
struct big big_pi(void)
{
    struct big a = big_arc(big_div_int(big_int(1), 5), true);
    struct big b = big_arc(big_div_int(big_int(1), 239), true);

    return big_sub(big_shift(a, 4), big_shift(b, 2));
}

struct big big_ln2(void)
{
    return big_shift(big_arc(big_div_int(big_int(1), 3), false), 1);
}

struct big big_exp(struct big x)
{
    struct big term = big_int(1), sum = term;

    for (uint32_t k = 1; !big_is_zero(&term); k++) {
        term = big_div_int(big_mul(term, x), k);
        sum = big_add(sum, term);
    }
    return sum;
}
