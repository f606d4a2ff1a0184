/* What a debugger, the machine and its processor say to each other: where to
 * stop, why it stopped, and the names of registers. */
#ifndef CORE_DEBUG_H
#define CORE_DEBUG_H

#include "core/types.h"

/* Where the machine stops; always between two instructions, at an exact
 * count, and nothing that the guest can see differs from a run without. */
enum debug_kind {
    DEBUG_INSN,   /* before the instruction at `addr` */
    DEBUG_DATA,   /* after an access to [addr, addr + length) */
    DEBUG_PORT,   /* after an access to ports [addr, addr + length) */
    DEBUG_VECTOR, /* at the first instruction of the handler of vectors
                     [addr, addr + length) */
    DEBUG_MODE,   /* after a change of what `addr` names: DEBUG_MODE_* */
};

/* Directions of data and port accesses. */
enum {
    DEBUG_READ = 1 << 0,
    DEBUG_WRITE = 1 << 1,
};

/* How the processor interprets code. */
enum {
    DEBUG_MODE_PE = 1 << 0,     /* protected mode */
    DEBUG_MODE_PG = 1 << 1,     /* paging */
    DEBUG_MODE_VM = 1 << 2,     /* virtual-8086 mode */
    DEBUG_MODE_CODE32 = 1 << 3, /* CS.D */
};

#define DEBUG_POINTS 128 /* so many at once */

struct debug_point {
    enum debug_kind kind;
    uint8_t access; /* data and ports: DEBUG_READ, DEBUG_WRITE */
    bool physical;  /* INSN, DATA: the address is physical, else linear. Bus
                       masters are seen at physical addresses only */
    uint64_t addr, length;
};

enum debug_reason {
    DEBUG_NOTHING,
    DEBUG_STEPPED, /* debug_step is done */
    DEBUG_POINT,   /* `point` says which */
};

struct debug_stop {
    enum debug_reason reason;
    unsigned point;       /* POINT: its number */
    enum debug_kind kind; /* POINT: and this is what happened: */
    uint64_t addr;        /* linear (physical) address, port, vector, mode */
    unsigned size;        /* of the access, in bytes */
    bool write;
    bool bus_master;     /* not the processor wrote */
    bool has_values;     /* the next two are known; at most 8 bytes */
    uint64_t old, value; /* before and after */
};

/* How one instruction is stepped. */
enum {
    DEBUG_STEP_INTO = 1 << 0, /* an interrupt that is taken in its place is
                                 the step; else its handler runs through
                                 first */
    DEBUG_STEP_REP = 1 << 1,  /* each iteration of a repeated string
                                 instruction is a step */
};

/* Registers of up to 32 bits, in debug_regs.def. */
enum debug_register {
#define DEBUG_REG(id, name, bits, group) DEBUG_##id,
#include "core/debug_regs.def"
#undef DEBUG_REG
    DEBUG_REGS
};

#define DEBUG_ST_REGS  8
#define DEBUG_XMM_REGS 8

/* All of them at one instant. */
struct debug_registers {
    uint32_t value[DEBUG_REGS];
    uint8_t st[DEBUG_ST_REGS][10]; /* ST(0) first, little-endian */
    uint8_t xmm[DEBUG_XMM_REGS][16];
    bool has_fpu, has_sse;
};

/* Before each instruction, while it is traced. `again`: one more iteration of
 * the repeated instruction before. May look at the machine, nothing else.
 * False: it has seen enough, and is not called again. */
struct debug_tracer {
    bool (*insn)(void *self, bool again);
    void *self; /* borrowed */
};

#endif
