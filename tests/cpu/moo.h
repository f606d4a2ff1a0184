/* Reads captured instruction tests: MOO files (chunks, as RIFF has them) in a
 * compressed tar archive. */
#ifndef TESTS_CPU_MOO_H
#define TESTS_CPU_MOO_H

#include <stdio.h>

#include "core/types.h"

/* Order of the register mask in MOO files of 16-bit processors. */
enum {
    MOO_AX,
    MOO_BX,
    MOO_CX,
    MOO_DX,
    MOO_CS,
    MOO_SS,
    MOO_DS,
    MOO_ES,
    MOO_SP,
    MOO_BP,
    MOO_SI,
    MOO_DI,
    MOO_IP,
    MOO_FLAGS,
    MOO_REGS
};

#define MOO_RAM_MAX 4096

struct moo_state {
    uint16_t reg[MOO_REGS];
    unsigned present; /* bit n: reg[n] was given */
    struct {
        uint32_t addr;
        uint8_t value;
    } ram[MOO_RAM_MAX];
    unsigned ram_count;
};

struct moo_case {
    char name[80];
    uint8_t bytes[80];
    unsigned byte_count;
    char hash[41]; /* hexadecimal */
    uint32_t index;
    bool has_exception;
    uint8_t vector;
    uint32_t flags_addr; /* where the exception pushed the flags */
    struct moo_state before, after;
};

/* Calls `each` for every case in every file of the archive whose name ends in
 * ".MOO"; `file` is its name without folder and ending. Returns false if the
 * archive cannot be read. */
typedef void moo_fn(void *context, const char *file,
                    const struct moo_case *test);
bool moo_read_archive(const char *path, moo_fn *each, void *context);

#endif
