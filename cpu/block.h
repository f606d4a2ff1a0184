/* Decoded blocks: found by where they stand, dropped when their bytes change.
 *
 * A page from which a block was decoded has MEM_PAGE_CODE, so every store to it
 * (the CPU's or a bus master's) comes by blocks_stored() before the next
 * instruction runs. */
#ifndef CPU_BLOCK_H
#define CPU_BLOCK_H

#include "cpu/state.h"

enum status blocks_create(struct cpu *cpu);
void blocks_destroy(struct cpu *cpu);

/* Bytes of a CODE page changed from `old`; never across a page. A store into
 * the running block ends it after the present instruction. */
void blocks_stored(struct cpu *cpu, paddr addr, unsigned size,
                   const uint8_t *old);

/* Rows of pages are about to show something else. */
void blocks_remapped(struct cpu *cpu, uint32_t first_page, uint32_t pages);

#endif
