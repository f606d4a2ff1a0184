/* mmx.c - MMX: saturating blend of two pixel rows, and multiply-add. */
#include "kernels.h"

u32 k_mmx(void)
{
    enum {
        N = 4096
    };
    u8 *a = arena, *b = arena + N, *out = arena + 2 * N;
    u32 seed = 31, sum = 0, lo, hi;

    for (int i = 0; i < N; i++) {
        a[i] = (u8)rng(&seed);
        b[i] = (u8)rng(&seed);
    }
    for (int pass = 0; pass < 8; pass++) {
        u32 alpha = 16u + (u32)pass * 8;
        alpha |= alpha << 16;
        const u8 *p = a, *q = b;
        u8 *r = out;
        u32 n = N / 8;
        __asm__ volatile("movd %[alpha], %%mm7\n\t"
                         "punpckldq %%mm7, %%mm7\n\t"
                         "pxor %%mm6, %%mm6\n"
                         "1:\tmovq (%[p]), %%mm0\n\t"
                         "movq (%[q]), %%mm2\n\t"
                         "movq %%mm0, %%mm1\n\t"
                         "movq %%mm2, %%mm3\n\t"
                         "punpcklbw %%mm6, %%mm0\n\t"
                         "punpckhbw %%mm6, %%mm1\n\t"
                         "punpcklbw %%mm6, %%mm2\n\t"
                         "punpckhbw %%mm6, %%mm3\n\t"
                         "psubw %%mm2, %%mm0\n\t"
                         "psubw %%mm3, %%mm1\n\t"
                         "pmullw %%mm7, %%mm0\n\t"
                         "pmullw %%mm7, %%mm1\n\t"
                         "psraw $7, %%mm0\n\t"
                         "psraw $7, %%mm1\n\t"
                         "paddw %%mm2, %%mm0\n\t"
                         "paddw %%mm3, %%mm1\n\t"
                         "packuswb %%mm1, %%mm0\n\t"
                         "paddusb (%[r]), %%mm0\n\t"
                         "movq %%mm0, (%[r])\n\t"
                         "addl $8, %[p]\n\t"
                         "addl $8, %[q]\n\t"
                         "addl $8, %[r]\n\t"
                         "decl %[n]\n\t"
                         "jnz 1b\n\t"
                         "emms"
                         : [p] "+r"(p), [q] "+r"(q), [r] "+r"(r), [n] "+r"(n)
                         : [alpha] "r"(alpha)
                         : "memory", "cc");
        if (pass == 0) /* the first pass added to old contents */
            for (int i = 0; i < N; i++)
                out[i] = 0;
    }
    const u8 *p = a, *q = out;
    u32 n = N / 8;
    __asm__ volatile(
        "pxor %%mm5, %%mm5\n"
        "1:\tmovq (%[p]), %%mm0\n\t"
        "movq (%[q]), %%mm1\n\t"
        "psrlw $2, %%mm1\n\t"
        "pmaddwd %%mm1, %%mm0\n\t"
        "paddd %%mm0, %%mm5\n\t"
        "addl $8, %[p]\n\t"
        "addl $8, %[q]\n\t"
        "decl %[n]\n\t"
        "jnz 1b\n\t"
        "movd %%mm5, %[lo]\n\t"
        "psrlq $32, %%mm5\n\t"
        "movd %%mm5, %[hi]\n\t"
        "emms"
        : [p] "+r"(p), [q] "+r"(q), [n] "+r"(n), [lo] "=&r"(lo), [hi] "=&r"(hi)
        :
        : "memory", "cc");
    for (int i = 0; i < N; i += 7)
        sum = mix(sum, out[i]);
    return mix(mix(sum, lo), hi);
}
