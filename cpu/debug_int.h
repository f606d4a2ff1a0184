/* Where the processor's own files ask and tell the debugger. `cpu->debugging`
 * is 0 while nothing is set, and then nobody does.
 *
 * Stops are decided at instruction boundaries, in cpu_run()'s loop, before
 * anything there changes. An instruction that a point may stand on begins a
 * block of its own kind (BLOCK_STEP), which no other block leads on to, so
 * that the loop sees it; points are told apart from other addresses there,
 * decoding asks for the offset in the page only. Data accesses are seen by the
 * mmu, which leaves pages with a point unfilled; what they hit is noted and
 * stops the run after the instruction. */
#ifndef CPU_DEBUG_INT_H
#define CPU_DEBUG_INT_H

#include "cpu/debug.h"
#include "cpu/state.h"

/* Bits of cpu->debugging. */
enum {
    DEBUG_ON_INSN = 1 << DEBUG_INSN,
    DEBUG_ON_DATA = 1 << DEBUG_DATA,
    DEBUG_ON_PORT = 1 << DEBUG_PORT,
    DEBUG_ON_VECTOR = 1 << DEBUG_VECTOR,
    DEBUG_ON_MODE = 1 << DEBUG_MODE,
    DEBUG_ON_STEP = 1 << 5,
    DEBUG_ON_TRACE = 1 << 6,
};

enum debug_stepping {
    DEBUG_STEP_NONE,
    DEBUG_STEP_ONE,    /* the instruction that was asked for */
    DEBUG_STEP_RETURN, /* the handler of an interrupt that came before it */
};

/* Where an interrupted program goes on. */
struct debug_place {
    laddr pc, sp;
    uint32_t cr3;
};

struct debug {
    struct debug_point points[DEBUG_POINTS];
    bool used[DEBUG_POINTS];
    uint8_t marks[MEM_PAGE_BYTES / 8]; /* offsets of DEBUG_INSN points */

    struct debug_stop hit;  /* happened in the present instruction */
    struct debug_stop stop; /* the last one that was reported */
    uint32_t mode;          /* DEBUG_MODE_* at the last boundary */
    bool remapped;          /* rows may have lost MEM_PAGE_WATCH */

    bool passing; /* this boundary does not break: */
    uint64_t pass_insns;
    laddr pass_pc;
    bool passing_held; /* an interrupt came first; when it returns here: */
    struct debug_place pass_place;

    enum debug_stepping stepping;
    unsigned how;        /* DEBUG_STEP_* */
    uint64_t step_insns; /* where the step begins */
    struct debug_place return_to;
    bool entered; /* an external interrupt was taken */

    struct debug_tracer tracer;
};

enum status debug_create(struct cpu *cpu);
void debug_destroy(struct cpu *cpu);

/* At an instruction boundary with cpu->debugging: true, the run stops here. */
bool debug_stops(struct cpu *cpu);

/* An instruction at this offset of a page is decoded as one that debug_stops()
 * has to see. */
static inline bool debug_marks(const struct cpu *cpu, uint32_t offset)
{
    return (cpu->debugging & DEBUG_ON_INSN) &&
           (cpu->debug->marks[offset / 8] >> (offset % 8) & 1);
}

/* The next instruction runs alone. */
static inline bool debug_is_slow(const struct cpu *cpu)
{
    return (cpu->debugging & (DEBUG_ON_STEP | DEBUG_ON_TRACE)) ||
           debug_marks(cpu, (cpu->seg[SEG_CS].base + cpu->eip) & MEM_PAGE_MASK);
}

/* A page that must not be reached quickly. `flags`: of its row. */
bool debug_watches(const struct cpu *cpu, uint32_t linear_page, uint32_t flags);

/* The processor is about to access [addr, addr + size) of one page. */
struct debug_access {
    laddr addr;
    paddr phys; /* before A20 */
    unsigned size;
    bool write;
    uint32_t value; /* that is written */
};
void debug_accessed(struct cpu *cpu, const struct debug_access *access);

/* Bytes of a row with MEM_PAGE_WATCH changed. */
void debug_stored(struct cpu *cpu, paddr addr, unsigned size,
                  const uint8_t *old);
void debug_remapped(struct cpu *cpu);

/* IN, OUT and their string forms. */
void debug_touched_port(struct cpu *cpu, uint16_t port, unsigned size,
                        bool write, uint32_t value);

/* The handler of a vector was entered. */
void debug_entered(struct cpu *cpu, unsigned vector, bool external);

#endif
