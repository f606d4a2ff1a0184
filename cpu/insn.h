/* One decoded instruction, and what is known of each encoding. */
#ifndef CPU_INSN_H
#define CPU_INSN_H

#include "core/types.h"

struct cpu;
struct insn;

#define INSN_MAX_BYTES 15
#define INSN_NO_REG    8 /* base or index of a memory operand: none */

/* insn.flags: what decoding found. */
enum {
    INSN_MEM = 1 << 0,    /* the E operand is in memory, not a register */
    INSN_OP32 = 1 << 1,   /* operand size 32, else 16 */
    INSN_ADDR32 = 1 << 2, /* address size 32, else 16 */
    INSN_REP = 1 << 3,    /* F3 */
    INSN_REPNE = 1 << 4,  /* F2 */
    INSN_LOCK = 1 << 5,   /* F0 */
    INSN_STACK32 = 1 << 6 /* free for the interpreter's use */
};

/* Runs one instruction. What it returns is the interpreter's business. */
typedef const struct insn *insn_fn(struct cpu *cpu, const struct insn *insn);

/* 32 bytes, two to a cache line. */
struct insn {
    insn_fn *fn;     /* handler, chosen by the decoder for the exact form */
    uint32_t imm;    /* immediate, relative target or far offset, extended */
    uint32_t disp;   /* displacement of the memory operand, extended */
    uint16_t slot;   /* row of insn.def */
    uint16_t imm2;   /* selector of a far pointer; nesting level of ENTER */
    uint16_t offset; /* from the block's first byte */
    uint8_t index;   /* position in the block: instructions before it */
    uint8_t length;  /* bytes, 1..INSN_MAX_BYTES */
    uint8_t reg;     /* ModRM.reg, or the low bits of the opcode */
    uint8_t rm;      /* ModRM.rm when it names a register */
    uint8_t base, index_reg, scale; /* memory operand; scale: 0..3, a shift */
    uint8_t seg;                    /* segment of the memory operand */
    uint8_t flags;                  /* INSN_* */
    uint8_t opcode;                 /* the last opcode byte */
};

#endif
