/* A processor with RAM and nothing else, for programs that test it. Port E9
 * takes text, port F4 ends the run with a status byte; any other port floats.
 * A ROM image of 64 KiB stands at the top of the address space and below
 * 1 MiB, as a PC's BIOS does. */
#ifndef TESTS_CPU_BARE_H
#define TESTS_CPU_BARE_H

#include "cpu/cpu.h"

#define BARE_TEXT_BYTES 65536

enum bare_end {
    BARE_EXITED,   /* port F4 was written */
    BARE_SHUTDOWN, /* a triple fault */
    BARE_HALTED,   /* HLT, and nothing can wake it */
    BARE_LIMIT,    /* the given count of instructions has passed */
    BARE_DEBUG     /* debug_last_stop() says why */
};

struct bare {
    struct mem *mem;
    struct bus *ports;
    struct clock *clock;
    struct cpu *cpu;
    uint8_t *rom;   /* 64 KiB; NULL without an image */
    uint8_t vector; /* given when INTR is acknowledged, which lowers it */
    unsigned acks;
    uint8_t status; /* what was written to port F4 */
    bool exited;
    size_t text_bytes; /* of `text`; what comes after is dropped */
    char text[BARE_TEXT_BYTES];
};

/* A machine with `ram_bytes` of zeroed RAM from address 0, its CPU in the
 * reset state. The caller owns *out. Errors: NO_MEMORY, BAD_ARGUMENT. */
enum status bare_create(struct bare **out, enum cpu_model model,
                        size_t ram_bytes);
void bare_destroy(struct bare *bare);

/* Shows the 64 KiB file `path` as ROM. Errors: NOT_FOUND, BAD_FORMAT. */
enum status bare_load_rom(struct bare *bare, const char *path);

/* Runs at most `insns` instructions more. */
enum bare_end bare_run(struct bare *bare, uint64_t insns);

#endif
