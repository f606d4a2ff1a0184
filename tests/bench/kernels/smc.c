/* smc.c - code that changes under the processor's feet. */
#include "kernels.h"

typedef u32 (*code_fn)(u32);

static inline void put32(u8 *p, u32 v)
{
    *(volatile u32 *)p = v; /* unaligned on purpose, one store */
}

static inline u32 run(const u8 *code, u32 arg)
{
    u32 result;

    __asm__ volatile("call *%[code]"
                     : "=a"(result)
                     : "0"(arg), [code] "r"(code)
                     : "ecx", "edx", "cc", "memory");
    return result;
}

/* One function whose immediate operands are rewritten before every call: the
 * old inner-loop trick of games and of copy-protection code. */
u32 k_smcpatch(void)
{
    static const u8 body[] = {
        0xb9, 0,    0,    0, 0, /* mov ecx, imm32     (patched) */
        0x01, 0xc8,             /* add eax, ecx */
        0x35, 0,    0,    0, 0, /* xor eax, imm32     (patched) */
        0xc1, 0xc0, 0x07,       /* rol eax, 7 */
        0xc3,                   /* ret */
    };
    u8 *code = code_area;
    u32 sum = 1;

    for (u32 i = 0; i < sizeof body; i++)
        code[i] = body[i];
    for (u32 i = 0; i < 2000; i++) {
        put32(code + 1, i * 77);
        put32(code + 8, sum);
        sum = run(code, sum);
    }
    return sum;
}

/* A tiny run-time compiler: each function is new code in the next of 64 slots
 * and runs 32 times, as in a guest that itself translates or compiles. */
u32 k_smcjit(void)
{
    u32 sum = 1, seed = 23;

    for (u32 i = 0; i < 400; i++) {
        u8 *start = code_area + 0x1000 + (i & 63) * 256, *p = start;
        for (int n = 0; n < 24; n++) {
            switch (rng(&seed) & 3) {
            case 0:
                *p++ = 0x05;
                put32(p, rng(&seed));
                p += 4;
                break; /* add eax, imm */
            case 1:
                *p++ = 0x35;
                put32(p, rng(&seed));
                p += 4;
                break; /* xor eax, imm */
            case 2:
                *p++ = 0xc1;
                *p++ = 0xc0;
                *p++ = (u8)(1 + (rng(&seed) & 15));
                break; /* rol eax, n */
            case 3:
                *p++ = 0x69;
                *p++ = 0xc0;
                put32(p, rng(&seed) | 1);
                p += 4;
                break; /* imul eax, eax, imm */
            }
        }
        *p++ = 0xc3;
        for (int n = 0; n < 32; n++)
            sum = run(start, sum);
    }
    return sum;
}

/* A loop that increments a variable lying in its own page, 1 KiB away: common
 * in real-mode and .COM programs, harmless on hardware, a trap for
 * page-granular code protection. */
u32 k_smcpage(void)
{
    u8 *code = code_area + 0x8000, *p = code;
    u32 *cell = (u32 *)(code + 1024);
    u32 sum = 0;

    *cell = 0;
    *p++ = 0xb9;
    put32(p, 500);
    p += 4; /* mov ecx, 500 */
    *p++ = 0x01;
    *p++ = 0x0d;
    put32(p, (u32)cell);
    p += 4; /* add [cell], ecx */
    *p++ = 0x03;
    *p++ = 0x05;
    put32(p, (u32)cell);
    p += 4;      /* add eax, [cell] */
    *p++ = 0x49; /* dec ecx */
    *p++ = 0x75;
    *p++ = (u8)(-15); /* jnz -> add [cell] */
    *p++ = 0xc3;
    for (int i = 0; i < 10; i++)
        sum = rol32(run(code, sum), 1);
    return mix(sum, *cell);
}
