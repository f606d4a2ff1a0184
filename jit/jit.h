/* The translator: hot guest code as code of the host. See docs/jit.md. */
#ifndef JIT_JIT_H
#define JIT_JIT_H

#include "core/jit_listing.h"
#include "core/jit_stats.h"
#include "core/status.h"
#include "core/types.h"

struct cpu;
struct host_code_map;

/* Instructions to leave to the interpreter: those at these offsets of CS. */
struct jit_skip {
    const uint32_t *eip; /* borrowed */
    size_t count;
};

/* So that a generation has room for the largest translation. */
#define JIT_CACHE_LEAST MIB(8)

struct jit_config {
    unsigned heat;      /* entries before a block is translated; 0: 16 */
    bool arenas_always; /* for tests: whatever they cost; see cpu/mmu.h */
    size_t cache_bytes; /* of translated code and what belongs to it, at least
                           JIT_CACHE_LEAST; 0: as much as is good */
    const struct jit_skip *skip;    /* borrowed; NULL: none */
    struct host_code_map *code_map; /* the same; hears of all code */
};

/* Whether this host has a translator. */
bool jit_available(void);

/* Plugs a translator into a new CPU, which owns it from then on. A CPU whose
 * model is not translated for goes on with the interpreter alone.
 * Errors: NO_MEMORY; BAD_ARGUMENT on a host without a translator, or if the
 * cache is too small. */
enum status jit_attach(struct cpu *cpu, const struct jit_config *config);

/* Tells of a translation that contains the code at a physical address, best one
 * that begins there. Changes nothing. False: there is none, or no room to take
 * it apart. Not while the CPU runs, as the next. */
bool jit_list(struct cpu *cpu, uint32_t phys, const struct jit_listing *to);

/* False: the CPU has no translator. */
bool jit_get_reasons(struct cpu *cpu, struct jit_reasons *reasons);
bool jit_get_stats(const struct cpu *cpu, struct jit_stats *stats);

#endif
