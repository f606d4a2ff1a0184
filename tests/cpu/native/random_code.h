/* Random programs of user-level instructions. They stem from the rows of
 * insn.def, so that none is forgotten; what reads memory gets an address that
 * is inside the data, mostly. */
#ifndef TESTS_CPU_RANDOM_CODE_H
#define TESTS_CPU_RANDOM_CODE_H

#include "core/types.h"

#define RANDOM_BYTES 1024

enum random_kind {
    RANDOM_ANY,  /* but the x87 */
    RANDOM_SIMD, /* rows of insn_simd.def alone */
    RANDOM_X87,  /* what is exact, and a little of MMX */
};

struct random_code {
    uint32_t seed; /* in: of this program; not 0 */
    bool code16;
    enum random_kind kind; /* in */
    unsigned insns;        /* in: how many random instructions */
    uint8_t bytes[RANDOM_BYTES];
    unsigned size;
    /* Arithmetic flags that are not defined where the instruction at an offset
     * begins; the last one is that of the end. */
    uint16_t undefined[RANDOM_BYTES];
};

void random_code_make(struct random_code *code);

#endif
