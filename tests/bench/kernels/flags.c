/*
 * flags.c - code whose cost in a translator is the flags register, and the
 * string instructions.  Only flags the architecture defines are ever consumed.
 */
#include "kernels.h"

/* ---- multi-word arithmetic
 * ------------------------------------------------------ */

/* r = a + b over n words; the loop control keeps CF alive from turn to turn. */
static NOINLINE u32 add_words(u32 *r, const u32 *a, const u32 *b, u32 n)
{
    u32 carry;

    __asm__ volatile("clc\n"
                     "1:\tmovl (%[a]), %%eax\n\t"
                     "adcl (%[b]), %%eax\n\t"
                     "movl %%eax, (%[r])\n\t"
                     "leal 4(%[a]), %[a]\n\t"
                     "leal 4(%[b]), %[b]\n\t"
                     "leal 4(%[r]), %[r]\n\t"
                     "decl %[n]\n\t"
                     "jnz 1b\n\t"
                     "sbbl %%eax, %%eax\n\t"
                     "negl %%eax"
                     : [r] "+r"(r), [a] "+r"(a), [b] "+r"(b), [n] "+c"(n),
                       "=&a"(carry)
                     :
                     : "memory", "cc");
    return carry;
}

/* r = a - b over eight words, unrolled. */
static NOINLINE u32 sub8(u32 *r, const u32 *a, const u32 *b)
{
    u32 borrow;

#define STEP(op, at) \
    "movl " #at "(%[a]), %%eax\n\t" op " " #at \
    "(%[b]), %%eax\n\tmovl %%eax, " #at "(%[r])\n\t"
    __asm__ volatile(STEP("subl", 0) STEP("sbbl", 4) STEP("sbbl", 8)
                         STEP("sbbl", 12) STEP("sbbl", 16) STEP("sbbl", 20)
                             STEP("sbbl", 24)
                                 STEP("sbbl", 28) "movl $0, %%eax\n\t"
                                                  "adcl $0, %%eax"
                     : "=&a"(borrow)
                     : [r] "r"(r), [a] "r"(a), [b] "r"(b)
                     : "memory", "cc");
#undef STEP
    return borrow;
}

static NOINLINE void multiply(u32 *r, const u32 *a, const u32 *b, int n)
{
    for (int i = 0; i < 2 * n; i++)
        r[i] = 0;
    for (int i = 0; i < n; i++) {
        u64 carry = 0;
        for (int j = 0; j < n; j++) {
            carry += (u64)a[i] * b[j] + r[i + j];
            r[i + j] = (u32)carry;
            carry >>= 32;
        }
        r[i + n] = (u32)carry;
    }
}

u32 k_bignum(void)
{
    static u32 a[64], b[64], c[64], p[128];
    u32 seed = 5, sum = 0;

    for (int i = 0; i < 64; i++) {
        a[i] = rng(&seed) << 12 ^ rng(&seed);
        b[i] = rng(&seed) << 12 ^ rng(&seed);
    }
    for (int i = 0; i < 100; i++) { /* Fibonacci-like, 2048 bits */
        sum += add_words(c, a, b, 64);
        sum += add_words(a, b, c, 64);
        sum += add_words(b, c, a, 64);
    }
    for (int i = 0; i < 300; i++)
        sum += sub8(c + (i & 31), a + (i & 15), b + (i & 7)) << (i & 3);
    for (int i = 0; i < 6; i++) {
        multiply(p, a, c, 48);
        for (int j = 0; j < 64; j++)
            a[j] ^= p[j + 20];
    }
    for (int i = 0; i < 64; i++)
        sum = mix(sum, a[i] ^ b[i] ^ c[i]);
    return sum;
}

/* ---- flag-heavy single instructions
 * ---------------------------------------------- */

u32 k_flagmix(void)
{
    static u32 bitmap[64];
    u32 a = 0x13579bdf, b = 0x2468ace0, c = 1, sum = 0;

    for (int i = 0; i < 64; i++)
        bitmap[i] = 0;
    for (u32 i = 0; i < 4000; i++) {
        /* 64-bit rotate through carry, one bit, both ways */
        __asm__("shll $1, %0\n\trcll $1, %1\n\tadcl $0, %0\n\tshrl $1, "
                "%1\n\trcrl $1, %0"
                : "+r"(a), "+r"(b)
                :
                : "cc");
        /* compare, then several consumers of the same flags */
        __asm__("cmpl %[b], %[a]\n\t"
                "setb %%al\n\t"
                "setl %%dl\n\t"
                "sbbl %%ecx, %%ecx\n\t"
                "movzbl %%al, %%eax\n\t"
                "movzbl %%dl, %%edx\n\t"
                "leal (%%eax,%%edx,2), %%eax\n\t"
                "subl %%ecx, %%eax\n\t"
                "addl %%eax, %[sum]"
                : [sum] "+r"(sum)
                : [a] "r"(a), [b] "r"(b)
                : "eax", "ecx", "edx", "cc");
        /* bit test and set in memory, CF to a counter */
        __asm__ volatile("btsl %[n], %[m]\n\tadcl $0, %[c]"
                         : [c] "+r"(c), [m] "+m"(bitmap[i & 63])
                         : [n] "r"(a & 31)
                         : "cc");
        /* inc/dec must keep CF */
        __asm__("addl %[a], %[b]\n\tincl %[c]\n\tdecl %[a]\n\tadcl $3, %[c]"
                : [a] "+r"(a), [b] "+r"(b), [c] "+r"(c)
                :
                : "cc");
        /* stc/cmc and double shifts */
        __asm__("shldl $7, %[b], %[a]\n\tshrdl $3, %[a], %[b]\n\tstc\n\tadcl "
                "%[a], %[sum]"
                : [a] "+r"(a), [b] "+r"(b), [sum] "+r"(sum)
                :
                : "cc");
        if ((i & 7) == 0) {
            /* pushf, edit, popf; only CF and ZF (0x41) are looked at */
            u32 f;
            __asm__ volatile(
                "addl %[a], %[b]\n\tpushfl\n\tpopl %[f]\n\txorl $1, "
                "%[f]\n\tpushl %[f]\n\tpopfl\n\tadcl $0, %[sum]"
                : [f] "=&r"(f), [b] "+r"(b), [sum] "+r"(sum)
                : [a] "r"(a)
                : "cc", "memory");
            sum = mix(sum, f & 0x41);
        }
        if ((s32)(a - b) < 0)
            a += 0x1234567;
    }
    for (int i = 0; i < 64; i++)
        sum = mix(sum, bitmap[i]);
    return mix(sum, c);
}

/* ---- string instructions on short strings
 * ------------------------------------------ */

static inline u32 length(const char *s)
{
    u32 n = ~0u;

    __asm__ volatile("repne scasb"
                     : "+D"(s), "+c"(n)
                     : "a"(0)
                     : "cc", "memory");
    return ~n - 1;
}

static inline int same(const void *a, const void *b, u32 n)
{
    u8 equal;

    __asm__ volatile("cmpl %%ecx, %%ecx\n\trepe cmpsb\n\tsete %[e]"
                     : "+S"(a), "+D"(b), "+c"(n), [e] "=q"(equal)
                     :
                     : "cc", "memory");
    return equal;
}

static inline void upper(char *to, const char *from)
{
    __asm__ volatile("1:\tlodsb\n\t"
                     "cmpb $'a', %%al\n\tjb 2f\n\tcmpb $'z', %%al\n\tja "
                     "2f\n\tsubb $32, %%al\n"
                     "2:\tstosb\n\ttestb %%al, %%al\n\tjnz 1b"
                     : "+S"(from), "+D"(to)
                     :
                     : "eax", "cc", "memory");
}

u32 k_strops(void)
{
    char(*word)[24] = (char(*)[24])arena;
    char buffer[24];
    u32 seed = 11, sum = 0;

    for (int i = 0; i < 256; i++) {
        u32 n = 3 + rng(&seed) % 18;
        for (u32 j = 0; j < n; j++)
            word[i][j] = (char)('a' + rng(&seed) % (j < 6 ? 2 : 26));
        word[i][n] = 0;
    }
    for (int i = 0; i < 256; i++) {
        u32 n = length(word[i]);
        upper(buffer, word[i]);
        sum = mix(sum, n + (u8)buffer[n / 2]);
        for (int j = 0; j < 16; j++)
            sum +=
                (u32)same(word[i], word[(i * 7 + j * 13) & 255], n < 6 ? n : 6);
    }
    return sum;
}

/* ---- block moves
 * --------------------------------------------------------------------- */

static inline void move_long(void *to, const void *from, u32 count)
{
    __asm__ volatile("rep movsl"
                     : "+D"(to), "+S"(from), "+c"(count)
                     :
                     : "memory");
}

static inline void move_byte(void *to, const void *from, u32 count)
{
    __asm__ volatile("rep movsb"
                     : "+D"(to), "+S"(from), "+c"(count)
                     :
                     : "memory");
}

static inline void fill_long(void *to, u32 value, u32 count)
{
    __asm__ volatile("rep stosl"
                     : "+D"(to), "+c"(count)
                     : "a"(value)
                     : "memory");
}

static inline void fill_byte(void *to, u32 value, u32 count)
{
    __asm__ volatile("rep stosb"
                     : "+D"(to), "+c"(count)
                     : "a"(value)
                     : "memory");
}

u32 k_blockops(void)
{
    u8 *a = arena, *b = arena + 0x80000;
    u32 seed = 2, sum = 0;

    fill_long(a, 0x01020304, 0x10000); /* 256 KiB */
    move_long(b, a, 0x10000);
    for (int i = 0; i < 16; i++) { /* pages */
        fill_byte(a + i * 8192 + 100, (u32)i, 4096);
        move_byte(b + i * 4096, a + i * 8192, 4096);
        move_long(b + 0x20000 + i * 4096 + 4, a + i * 8192 + 1, 1023);
    }
    for (int i = 0; i < 600; i++) { /* small ones */
        u32 n = 4 + (rng(&seed) & 31), at = rng(&seed) & 0xffff;
        move_long(b + at, a + (at ^ 0x300), n >> 1);
        move_byte(b + 0x10000 + at, b + at, n);
        fill_byte(a + at, n, n);
    }
    for (u32 i = 0; i < 0x40000; i += 509)
        sum = mix(sum, a[i] + 3u * b[i]);
    return sum;
}
