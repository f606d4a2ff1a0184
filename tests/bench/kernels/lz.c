/*
 * lz.c - a small LZ77 compressor and expander with bit-packed output.
 *
 * Stream: a 0 bit and 8 literal bits, or a 1 bit, the match length (>= 3) as an
 * Elias gamma code and the distance as 15 bits.  Matches are found with a hash
 * of three bytes and chains of limited length, as in deflate.
 */
#include "kernels.h"

enum {
    SIZE = 64 << 10,
    HASH_BITS = 13,
    WINDOW = 32 << 10,
    MAX_CHAIN = 16,
    MAX_LENGTH = 258
};

struct bits {
    u8 *p;
    u32 acc;
    u32 n;
};

static inline void put(struct bits *b, u32 value, u32 count)
{
    b->acc |= value << b->n;
    b->n += count;
    while (b->n >= 8) {
        *b->p++ = (u8)b->acc;
        b->acc >>= 8;
        b->n -= 8;
    }
}

static inline u32 get(struct bits *b, u32 count)
{
    while (b->n < count) {
        b->acc |= (u32)*b->p++ << b->n;
        b->n += 8;
    }
    u32 v = b->acc & ((1u << count) - 1);
    b->acc >>= count;
    b->n -= count;
    return v;
}

static void put_gamma(struct bits *b, u32 v)
{
    u32 width = 31 - (u32)__builtin_clz(v);

    put(b, 0, width);
    put(b, 1, 1);
    put(b, v & ((1u << width) - 1), width);
}

static u32 get_gamma(struct bits *b)
{
    u32 width = 0;

    while (!get(b, 1))
        width++;
    return 1u << width | get(b, width);
}

/* Text-like data: words drawn from a small vocabulary, frequent ones first. */
static void make_text(u8 *out)
{
    u32 seed = 99, at = 0;

    while (at < SIZE) {
        u32 r = rng(&seed) & 0xffff;
        u32 word = (r * r >> 16) * r >> 16; /* skewed towards zero */
        u32 w = (word >> 6) + 1;
        u32 length = 2 + w % 9;
        for (u32 i = 0; i < length && at < SIZE; i++) {
            out[at++] = (u8)('a' + w % 26);
            w = w * 167 + 13;
        }
        if (at < SIZE)
            out[at++] = (r & 31) ? ' ' : '\n';
    }
}

static inline u32 hash3(const u8 *p)
{
    return ((u32)p[0] << 10 ^ (u32)p[1] << 5 ^ p[2]) & ((1u << HASH_BITS) - 1);
}

static NOINLINE u32 compress(const u8 *in, u8 *out, s32 *head, s32 *prev)
{
    struct bits b = {out, 0, 0};

    for (u32 i = 0; i < 1u << HASH_BITS; i++)
        head[i] = -1;
    for (u32 at = 0; at < SIZE;) {
        u32 best = 0, best_distance = 0;
        u32 limit = SIZE - at < MAX_LENGTH ? SIZE - at : MAX_LENGTH;

        if (limit >= 3) {
            s32 candidate = head[hash3(in + at)];
            for (u32 chain = 0; candidate >= 0 && chain < MAX_CHAIN; chain++) {
                u32 distance = at - (u32)candidate, n = 0;
                if (distance >= WINDOW)
                    break;
                const u8 *p = in + candidate, *q = in + at;
                if (p[best] == q[best]) {
                    while (n < limit && p[n] == q[n])
                        n++;
                    if (n > best) {
                        best = n;
                        best_distance = distance;
                        if (n == limit)
                            break;
                    }
                }
                candidate = prev[candidate & (WINDOW - 1)];
            }
        }
        u32 step;
        if (best >= 3) {
            put(&b, 1, 1);
            put_gamma(&b, best - 2);
            put(&b, best_distance, 15);
            step = best;
        } else {
            put(&b, 0, 1);
            put(&b, in[at], 8);
            step = 1;
        }
        while (step--) {
            if (SIZE - at >= 3) {
                u32 h = hash3(in + at);
                prev[at & (WINDOW - 1)] = head[h];
                head[h] = (s32)at;
            }
            at++;
        }
    }
    put(&b, 0, 7);
    return (u32)(b.p - out);
}

static NOINLINE void expand(u8 *in, u8 *out)
{
    struct bits b = {in, 0, 0};

    for (u32 at = 0; at < SIZE;) {
        if (get(&b, 1)) {
            u32 length = get_gamma(&b) + 2, distance = get(&b, 15);
            for (u32 i = 0; i < length; i++, at++)
                out[at] = out[at - distance];
        } else {
            out[at++] = (u8)get(&b, 8);
        }
    }
}

u32 k_lz(void)
{
    u8 *text = arena, *packed = arena + 0x20000, *back = arena + 0x40000;
    s32 *head = (s32 *)(arena + 0x60000), *prev = (s32 *)(arena + 0x80000);
    u32 sum = 0;

    make_text(text);
    u32 size = compress(text, packed, head, prev);
    expand(packed, back);
    for (u32 i = 0; i < SIZE; i++)
        if (text[i] != back[i])
            return 0xbad00000 + i;
    for (u32 i = 0; i < size; i++)
        sum = rol32(sum, 1) ^ packed[i];
    return mix(sum, size);
}
