/* Runs i386 code on the host's own processor: in a 32-bit flat code segment, or
 * a 16-bit one of 64 KiB with data and stack segments of 64 KiB. One file for
 * each kind of host implements it, chosen by CMake. */
#ifndef TESTS_CPU_NATIVE_H
#define TESTS_CPU_NATIVE_H

#include "core/status.h"
#include "core/types.h"

/* Linear addresses; the same in the guest. */
#define NATIVE_CODE       0x11000000u
#define NATIVE_CODE_BYTES 0x10000u
#define NATIVE_DATA       0x12000000u
#define NATIVE_DATA_BYTES 0x10000u

/* Selectors, which the guest's tables must have too. FLAT ones are of the GDT
 * and the SMALL ones of the LDT, base NATIVE_DATA or NATIVE_CODE, limit FFFF,
 * 16-bit. All have privilege 3. */
#define NATIVE_FLAT_CODE  0x23
#define NATIVE_FLAT_DATA  0x2b
#define NATIVE_SMALL_DATA 0x07
#define NATIVE_SMALL_CODE 0x0f

#define NATIVE_END 256 /* vector: the end of the code was reached */

struct native_state {
    uint32_t reg[8]; /* in the order of their numbers */
    uint32_t eip, eflags;
    unsigned vector; /* out: of the fault, or NATIVE_END */
    /* x87, MMX, SSE: the image of FXSAVE */
    _Alignas(16) uint8_t fx[512];
};

struct native {
    uint8_t *code, *data;
};

/* Errors: NOT_FOUND when this host cannot. */
enum status native_create(struct native **out);
void native_destroy(struct native *native);

/* The bytes that must stand at the end of the code, of the given size of code
 * segment. Returns their number. */
unsigned native_end(bool code16, uint8_t bytes[8]);

/* Runs from state->eip (an offset in the code segment) to the end or a fault.
 * DS, ES and SS are FLAT_DATA and GS SMALL_DATA in 32-bit code; all are
 * SMALL_DATA in 16-bit code. */
void native_run(struct native *native, bool code16, struct native_state *state);

#endif
