/* table.c - the kernels that run both bare-metal and as a Linux program. */
#include "kernels.h"

u32 k_intmix(void), k_records(void), k_sieve(void), k_chase(void), k_hash(void);
u32 k_sha256(void), k_lz(void), k_qsort(void), k_interp(void), k_fib(void);
u32 k_bignum(void), k_flagmix(void), k_strops(void), k_blockops(void);
u32 k_nbody(void), k_mandel(void), k_fptrans(void), k_mmx(void);
u32 k_ssescalar(void), k_ssepacked(void);
u32 k_smcpatch(void), k_smcjit(void), k_smcpage(void);

const struct kernel kernels_common[] = {
    {"intmix", k_intmix, K_NATIVE, 10000,
     "integer ALU mix: LCG, xorshift, rotates, gcd, CRC, isqrt, divides"},
    {"records", k_records, K_NATIVE, 14000,
     "records, strings, small calls (in the manner of Dhrystone)"},
    {"sieve", k_sieve, K_NATIVE, 520,
     "sieve of Eratosthenes over 512 KiB of bytes"},
    {"chase", k_chase, K_NATIVE, 4700,
     "pointer chasing over a shuffled 256 KiB list, and list surgery"},
    {"hash", k_hash, K_NATIVE, 7200,
     "chained hash table insert, look-up, delete"},
    {"sha256", k_sha256, K_NATIVE, 1600, "SHA-256 of 64 KiB"},
    {"lz", k_lz, K_NATIVE, 380,
     "LZ77 with bit-packed output: compress, expand, verify 64 KiB of text"},
    {"qsort", k_qsort, K_NATIVE, 370,
     "quicksort through compare function pointers, virtual calls"},
    {"interp", k_interp, K_NATIVE, 1000,
     "byte-code interpreter, switch dispatch"},
    {"fib", k_fib, K_NATIVE, 14000, "recursive calls and returns"},
    {"bignum", k_bignum, K_NATIVE, 9900,
     "adc/sbb chains and multi-word multiply"},
    {"flagmix", k_flagmix, K_NATIVE, 30000,
     "rcl/rcr, setcc, bt, inc/dec keeping CF, pushf/popf, shld"},
    {"strops", k_strops, K_NATIVE, 33000,
     "repne scas, repe cmps, lods/stos loops on short strings"},
    {"blockops", k_blockops, K_NATIVE, 1100,
     "rep movs/stos, 16 bytes to 256 KiB"},
    {"nbody", k_nbody, K_NATIVE | K_FPU, 710,
     "x87 double N-body, sqrt and divide"},
    {"mandel", k_mandel, K_NATIVE | K_FPU, 330, "x87 double Mandelbrot"},
    {"fptrans", k_fptrans, K_NATIVE | K_FPU, 9900,
     "x87 sin, cos, atan, log, exp, conversions"},
    {"mmx", k_mmx, K_NATIVE | K_MMX, 12000,
     "MMX saturating alpha blend and multiply-add"},
    {"ssescalar", k_ssescalar, K_NATIVE | K_SSE, 1700,
     "SSE2 scalar double matrix multiply"},
    {"ssepacked", k_ssepacked, K_NATIVE | K_SSE, 1200,
     "SSE packed single matrix multiply, SSE2 integer mix"},
    {"smcpatch", k_smcpatch, K_NATIVE, 130, "patch an immediate, run, repeat"},
    {"smcjit", k_smcjit, K_NATIVE, 140,
     "write a new function, run it 32 times, repeat"},
    {"smcpage", k_smcpage, K_NATIVE, 2900,
     "code that writes data in its own page"},
    {0},
};

u32 run_job(struct job *job)
{
    u32 (*unit)(void) = job->kernel->unit;
    u32 first = unit();
    u32 bad = 0;

    for (u32 i = 1; i < job->count; i++)
        if (unit() != first)
            bad++;
    job->checksum = first;
    job->bad = bad;
    return first;
}
