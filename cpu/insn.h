/* One decoded instruction, and what is known of each encoding. */
#ifndef CPU_INSN_H
#define CPU_INSN_H

#include "core/types.h"
#include "cpu/model.h"

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
};

/* Runs one instruction. What it returns is the interpreter's business. */
typedef const struct insn *insn_fn(struct cpu *cpu, const struct insn *insn);

/* 32 bytes, two to a cache line. Registers of byte operands (Eb, Gb, Zb) are
 * numbered by their place in the register file: AL 0, AH 1, CL 4, CH 5 ...
 * Immediates are extended to the operand size, then with zeros. */
struct insn {
    insn_fn *fn;     /* handler, chosen by interp_bind() for the exact form */
    uint32_t imm;    /* immediate, relative target or far offset, extended;
                        in a block, of a near branch: the new EIP */
    uint32_t disp;   /* displacement of the memory operand, extended; in a
                        block, of a near branch: the block that follows */
    uint16_t slot;   /* row of insn.def */
    uint16_t imm2;   /* selector of a far pointer; nesting level of ENTER;
                        segment register of LES, LDS, LSS, LFS, LGS; the
                        ModRM byte of D8-DF */
    uint16_t offset; /* from the block's first byte */
    uint8_t index;   /* position in the block: instructions before it */
    uint8_t length;  /* bytes, 1..INSN_MAX_BYTES; on an 8086 to 255 */
    uint8_t reg;     /* ModRM.reg, or the low bits of the opcode */
    uint8_t rm;      /* ModRM.rm when it names a register; the accumulator
                        beside an immediate; the low bits of the opcode */
    uint8_t base, index_reg, scale; /* memory operand; scale: 0..3, a shift */
    uint8_t seg;                    /* segment of the memory operand */
    uint8_t flags;                  /* INSN_* */
    uint8_t opcode;                 /* the last opcode byte */
};

/* Operand kinds, named as in the SDM, volume 2, A.2, but for these:
 *   Ex Ep  any ModRM.rm; a far pointer in memory
 *   Ibs Ic imm8 extended by its sign; imm8 that counts shifts
 *   Zb Zv  the register in the low bits of the opcode
 *   Sz     the segment register in bits 3-5 of the opcode
 *   Bb     the byte at [(E)BX + AL]
 *   v      no operand; the operand size chooses the mnemonic
 * MMX and XMM registers and their memory operands:
 *   P N    the MMX register in ModRM.reg, ModRM.rm
 *   Qq Qd  the MMX register in ModRM.rm, or memory of 8, 4 bytes
 *   V U    the XMM register in ModRM.reg, ModRM.rm
 *   Wx Wu  the XMM register in ModRM.rm, or memory of 16 bytes, which must be
 *          aligned; need not be
 *   Wq Wd  the XMM register in ModRM.rm, or memory of 8, 4 bytes
 *   Mx Mf  memory of 16, 512 bytes, aligned to 16
 *   Md Mb  memory of 4 bytes, a byte
 *   Ed Gd  32 bits whatever the operand size
 *   Rw     a register, of which 16 bits count, or memory of 2 bytes */
/* clang-format off */
#define OPERAND_LIST(X) \
    X(none) \
    X(Eb) X(Ew) X(Ev) X(Ex) X(Ep) X(M) X(Ma) X(Mp) X(Ms) X(Mq) \
    X(Gb) X(Gw) X(Gv) X(Sw) X(Rd) X(Cd) X(Dd) X(Td) \
    X(Ib) X(Ibs) X(Ic) X(Iw) X(Iv) X(Jb) X(Jv) X(Ap) X(one) \
    X(Ob) X(Ov) X(Xb) X(Xv) X(Yb) X(Yv) X(Bb) \
    X(Zb) X(Zv) X(Sz) X(AL) X(rAX) X(CL) X(DX) \
    X(ES) X(SS) X(DS) X(FS) X(GS) X(v) \
    X(P) X(N) X(Qq) X(Qd) X(V) X(U) X(Wx) X(Wu) X(Wq) X(Wd) \
    X(Mx) X(Mf) X(Md) X(Mb) X(Ed) X(Gd) X(Rw)
/* clang-format on */

enum operand_kind {
#define X(kind) OPERAND_##kind,
    OPERAND_LIST(X)
#undef X
};

/* Slots of insn.def. ORDER groups */
#define INSN_SLOT_ONE   0x000 /* one-byte opcodes */
#define INSN_SLOT_0F    0x100 /* opcodes behind 0F */
#define INSN_SLOT_66    0x200 /* the same with a prefix that is part of them */
#define INSN_SLOT_F2    0x300
#define INSN_SLOT_F3    0x400
#define INSN_SLOT_86    0x500 /* where the 8086 differs */
#define INSN_SLOT_GROUP 0x600
#define INSN_GROUPS     36
#define INSN_SLOTS      (INSN_SLOT_GROUP + 8 * INSN_GROUPS)

/* See insn.def. */
enum {
    INSN_TRAIT_LOCK = 1 << 0,
    INSN_TRAIT_PURE = 1 << 1,
    INSN_TRAIT_ENDS = 1 << 2,
    INSN_TRAIT_REP = 1 << 3,
    INSN_TRAIT_MAYBE = 1 << 4,
    INSN_TRAIT_EXACT = 1 << 5,
};

#define INSN_LATEST 15 /* the models field has 4 bits */

#define INSN_MODELS(first, last) ((first) | (last) << 4)

struct insn_info {
    const char *mnemonic; /* NULL: no such instruction */
    uint8_t operand[3];   /* enum operand_kind */
    uint8_t traits;       /* INSN_TRAIT_* */
    uint8_t models;       /* INSN_MODELS() */
    uint16_t flags_read, flags_written;
};

extern const struct insn_info insn_info[INSN_SLOTS];

struct decode_mode {
    enum cpu_model model;
    bool code32; /* default operand and address size */
};

enum decode_result {
    DECODE_OK,
    DECODE_MORE,      /* `size` bytes are not the whole instruction */
    DECODE_UNDEFINED, /* #UD */
    DECODE_TOO_LONG,  /* too many prefixes: #GP */
};

/* Decodes the instruction at `bytes`; out->fn, index and offset stay 0. For
 * results other than OK *out is not to be used, save the length that was
 * looked at. */
enum decode_result insn_decode(const struct decode_mode *mode,
                               const uint8_t *bytes, size_t size,
                               struct insn *out);

/* Size in bytes that operand kinds ending in b, w and v have: 1, 2 or 4; by
 * the first operand that has one. */
unsigned insn_operand_size(const struct insn *insn);

#endif
