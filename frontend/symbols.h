/* Names of addresses, from the files that linkers leave. */
#ifndef FRONTEND_SYMBOLS_H
#define FRONTEND_SYMBOLS_H

#include "frontend/failure.h"

struct symbol {
    uint32_t addr; /* linear */
    char *name;    /* owned */
};

struct symbols {
    struct symbol *list; /* by address; owned */
    size_t count, room;
};

/* Adds what `path` holds, each address plus `base`: an ELF file's symbol
 * table, lines "ADDRESS TYPE NAME" as nm and System.map have them, NASM's "REAL
 * VIRTUAL NAME", or "SEGMENT:OFFSET NAME" as Watcom's, Borland's and
 * Microsoft's linkers print them. *added: how many. */
bool symbols_load(struct symbols *symbols, const char *path, uint32_t base,
                  size_t *added, struct failure *failure);
void symbols_clear(struct symbols *symbols);

bool symbols_find(const struct symbols *symbols, const char *name,
                  uint32_t *addr);
/* The last one at or before `addr`, unless it is further than 64 KiB away.
 * NULL: none. */
const struct symbol *symbols_before(const struct symbols *symbols,
                                    uint32_t addr);

/* For the readers of formats. False: out of host memory. */
bool symbols_add(struct symbols *symbols, uint32_t addr, const char *name,
                 size_t length);
/* symbols_elf.c: false: damaged. */
bool symbols_read_elf(struct symbols *symbols, const uint8_t *file, size_t size,
                      uint32_t base);

#endif
