/*
 * main.c - runs the common kernels as a 32-bit Linux program.
 *
 * usage: bench-native [scale=PERCENT] [NAME[:UNITS]]... | all
 * Prints the same lines as the bare-metal guest; ns= is wall time.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "../kernels/kernels.h"

u8 arena[ARENA_SIZE] __attribute__((aligned(4096)));
static u8 code_pages[CODE_SIZE] __attribute__((aligned(4096)));
u8 *const code_area = code_pages;

static u64 now(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return (u64)t.tv_sec * 1000000000u + (u64)t.tv_nsec;
}

static void run_kernel(const struct kernel *k, u32 units)
{
    struct job job = {k, units ? units : 1, 0, 0};

    printf("BEGIN %s %u\n", k->name, job.count);
    fflush(stdout);
    u64 cpu = now(CLOCK_PROCESS_CPUTIME_ID), start = now(CLOCK_MONOTONIC);
    run_job(&job);
    u64 wall = now(CLOCK_MONOTONIC) - start;
    cpu = now(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    printf("RESULT %s %u %08x ns=%llu cpu=%llu %s\n", k->name, job.count,
           job.checksum, wall, cpu, job.bad ? "BAD" : "ok");
    fflush(stdout);
}

int main(int argc, char **argv)
{
    u32 scale = 100;

    if (mprotect(code_pages, CODE_SIZE, PROT_READ | PROT_WRITE | PROT_EXEC)) {
        perror("mprotect");
        return 1;
    }
    memset(arena, 0, sizeof arena);
    for (int i = 1; i < argc; i++) {
        const char *colon = strchr(argv[i], ':');
        size_t length = colon ? (size_t)(colon - argv[i]) : strlen(argv[i]);
        int found = 0;

        if (!strncmp(argv[i], "scale=", 6)) {
            scale = (u32)atoi(argv[i] + 6);
            continue;
        }
        for (const struct kernel *k = kernels_common; k->name; k++)
            if (!strcmp(argv[i], "all") ||
                (strlen(k->name) == length &&
                 !strncmp(k->name, argv[i], length))) {
                run_kernel(k, colon ? (u32)strtoul(colon + 1, 0, 10)
                                    : k->base * scale / 100);
                found = 1;
            }
        if (!found)
            printf("SKIP %s\n", argv[i]);
    }
    puts("DONE");
    return 0;
}
