/* Random programs: code with loops, calls, faults, handlers and stores into
 * itself, the tables of its mode, and data; all of it follows from a seed. */
#ifndef TESTS_JIT_PROGRAM_H
#define TESTS_JIT_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>

#include "core/types.h"

#define PROGRAM_BYTES MIB(2)

/* Where its memory holds what. */
#define GDT       0x1000u
#define IDT       0x1800u
#define POINTERS  0x2000u /* with PAE: to the directory, four times */
#define DIRECTORY 0x3000u
#define TABLE     0x4000u
#define TSS       0x5000u
#define WINDOW    0x10000u /* code, data and stack: offsets into this */
#define CODE_SIZE 0x3000u
#define HANDLERS  0x3000u
#define ALIAS     0x4000u /* with paging: the code once more */
#define DATA      0x8000u
#define STACK     0xf000u
#define BLOCKS    24u
#define PORT_A20  0x92u

#define DOWN_LIMIT (DATA + 0x100) /* of a segment that expands down */

#define SEL_CODE0 0x08u
#define SEL_DATA0 0x10u
#define SEL_CODE3 0x1bu
#define SEL_DATA3 0x23u
#define SEL_TSS   0x28u

enum mode {
    REAL,
    PROT16,
    PROT32,
    LIMITED32,
    V86,
    MODES
};

struct program {
    uint64_t random;
    uint8_t *image; /* borrowed */
    uint32_t at;    /* offset into the window */
    uint32_t origin;
    uint32_t block[BLOCKS];
    enum mode mode;
    bool wide, paging, pae, user;
    uint32_t iopl; /* as EFLAGS has it */
    bool returns;  /* to where they push */
    bool calls;    /* near, what memory and registers say; pushes memory */
    bool down;     /* segments of data begin behind the code and expand down */
    bool calm;     /* pointers stay as they are, so that loops run on */
};

/* Random numbers of the program, which go on behind what made it. */
uint32_t program_next(struct program *p);
bool program_one_in(struct program *p, uint32_t n);

/* Fills p->image, PROGRAM_BYTES that the caller owns, and the rest of *p. */
void program_make(struct program *p, uint64_t seed);

/* Where one of its blocks begins, and some data: offsets in CS and DS. */
uint32_t program_block(struct program *p);
uint32_t program_data(struct program *p);

#endif
