/*
 * kernels.h - interface between the benchmark kernels and what runs them (the
 * bare-metal guest in guest/, or the Linux program in native/).
 *
 * A kernel is a function that does one fixed, deterministic unit of work and
 * returns a 32-bit checksum.  Every unit starts from the same state, so every
 * unit returns the same checksum, whatever the iteration count: results can be
 * compared between machines that ran different numbers of units.  Checksums
 * must not depend on addresses.
 */
#ifndef KERNELS_H
#define KERNELS_H

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef signed char s8;
typedef short s16;
typedef int s32;
typedef long long s64;

enum {
    K_NATIVE = 1 << 0, /* can run as an ordinary user program */
    K_RING0 = 1 << 1,  /* must run at CPL 0 */
    K_RING3 = 1 << 2,  /* must run at CPL 3 */
    K_PAGING = 1 << 3, /* needs paging on */
    K_FPU = 1 << 4,    /* needs an x87 */
    K_MMX = 1 << 5,
    K_SSE = 1 << 6, /* SSE and SSE2 */
    K_VGA = 1 << 7, /* needs a VGA and its BIOS */
};

struct kernel {
    const char *name;
    u32 (*unit)(void);
    u32 flags;
    u32 base; /* units at scale 100 */
    const char *what;
};

extern const struct kernel
    kernels_common[]; /* kernels/table.c, ends with name 0 */
extern const struct kernel
    kernels_guest[]; /* guest/kernels_guest.c, likewise */

/* Scratch memory, page aligned, contents undefined between units. */
#define ARENA_SIZE (24u << 20)
extern u8 arena[ARENA_SIZE];

/* Memory that may be written and executed, page aligned. */
#define CODE_SIZE (64u << 10)
extern u8 *const code_area;

/* Run the loop of a job: `count` units; 0 in *bad if every checksum agreed. */
struct job {
    const struct kernel *kernel;
    u32 count;
    u32 checksum;
    u32 bad;
};
u32 run_job(struct job *job);

static inline u32 rol32(u32 x, int n)
{
    return (x << n) | (x >> (32 - n));
}
static inline u32 ror32(u32 x, int n)
{
    return (x >> n) | (x << (32 - n));
}

/* The one pseudo-random sequence every kernel draws its data from. */
static inline u32 rng(u32 *state)
{
    *state = *state * 1103515245u + 12345u;
    return *state >> 8;
}

/* Fold a value into a checksum. */
static inline u32 mix(u32 sum, u32 value)
{
    return rol32(sum, 5) * 0x9e3779b1u + value;
}

#define NOINLINE __attribute__((noinline))

#endif
