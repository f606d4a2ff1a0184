/* Bytes of x86-64 instructions. Nothing here knows what they are for.
 *
 * Sizes are in bytes: 1, 2, 4 or 8. Opcodes are those of the operand size
 * above a byte (89, not 88); two-byte ones are written 0x0fb6. Registers of
 * byte operands are encoded: 0-3 AL..BL, 4-7 AH..BH, 8-15; the latter two do
 * not go together in one instruction. */
#ifndef JIT_X64_EMIT_H
#define JIT_X64_EMIT_H

#include "core/types.h"

/* clang-format off */
enum { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI,
       R8, R9, R10, R11, R12, R13, R14, R15 };
/* Conditions, as they are encoded. */
enum { CC_O, CC_NO, CC_B, CC_NB, CC_Z, CC_NZ, CC_BE, CC_NBE,
       CC_S, CC_NS, CC_P, CC_NP, CC_L, CC_NL, CC_LE, CC_NLE };
/* The eight operations that share a pattern: digit of 81, opcode 8 * n + 1 */
enum { ALU_ADD, ALU_OR, ALU_ADC, ALU_SBB, ALU_AND, ALU_SUB, ALU_XOR, ALU_CMP };
enum { SHIFT_ROL, SHIFT_ROR, SHIFT_RCL, SHIFT_RCR, SHIFT_SHL, SHIFT_SHR,
       SHIFT_SAR = 7 };
/* clang-format on */

/* An instruction that may fault, and what it was emitted for. */
struct x64_guard {
    uint8_t *at;
    uint32_t tag;
};

struct x64 {
    uint8_t *at, *end;
    bool full; /* something did not fit: what was emitted is of no use */
    struct x64_guard *guard; /* instructions with an X64_GS operand. Borrowed */
    unsigned guards, guards_max;
    uint32_t tag; /* for the next of them */
};

#define X64_NO_BASE  0xff
#define X64_NO_INDEX 0xff
/* With the scale: behind the base of GS, and the address has 32 bits. */
#define X64_GS       0x80

struct x64_mem {
    uint8_t base, index; /* index: X64_NO_INDEX, or any but RSP */
    uint8_t scale;       /* 0..3, a shift; perhaps with X64_GS */
    int32_t disp;
};

static inline struct x64_mem x64_at(uint8_t base, size_t disp)
{
    return (struct x64_mem){base, X64_NO_INDEX, 0, (int32_t)disp};
}

void x64_byte(struct x64 *x, unsigned value);
void x64_dword(struct x64 *x, uint32_t value);
void x64_qword(struct x64 *x, uint64_t value);

/* Does nothing up to an address that `unit`, a power of 2, divides. */
void x64_align(struct x64 *x, unsigned unit);

/* opcode /r with two registers, and with a register and memory. */
void x64_rr(struct x64 *x, unsigned size, unsigned opcode, unsigned reg,
            unsigned rm);
void x64_rm(struct x64 *x, unsigned size, unsigned opcode, unsigned reg,
            struct x64_mem m);
/* opcode /digit. */
void x64_digit_r(struct x64 *x, unsigned size, unsigned opcode, unsigned digit,
                 unsigned rm);
void x64_digit_m(struct x64 *x, unsigned size, unsigned opcode, unsigned digit,
                 struct x64_mem m);

/* The same of any kind of operand, for opcodes that the functions above do not
 * know: prefixes that the operand needs, then (after those of the instruction)
 * its part of REX, then (after the opcode) ModRM and what follows. */
void x64_mem_prefix(struct x64 *x, struct x64_mem m);
unsigned x64_mem_rex(struct x64_mem m);
void x64_mem_modrm(struct x64 *x, unsigned reg, struct x64_mem m);

/* mov reg, value, without touching flags. */
void x64_mov_imm(struct x64 *x, unsigned reg, uint32_t value);
void x64_mov_imm64(struct x64 *x, unsigned reg, uint64_t value);
void x64_mov_m_imm(struct x64 *x, unsigned size, struct x64_mem m,
                   uint32_t value);
void x64_mov_rr(struct x64 *x, unsigned to, unsigned from); /* 32 bits */
void x64_load(struct x64 *x, unsigned size, unsigned reg, struct x64_mem m);
void x64_store(struct x64 *x, unsigned size, unsigned reg, struct x64_mem m);
/* Loads of 1 and 2 bytes clear what is above. */
void x64_load_zx(struct x64 *x, unsigned size, unsigned reg, struct x64_mem m);
void x64_lea(struct x64 *x, unsigned reg, struct x64_mem m); /* 32 bits */

void x64_alu_imm_r(struct x64 *x, unsigned size, unsigned op, unsigned rm,
                   uint32_t value);
void x64_alu_imm_m(struct x64 *x, unsigned size, unsigned op, struct x64_mem m,
                   uint32_t value);

/* Jumps with a distance of 32 bits, which they return the place of. */
uint8_t *x64_jcc(struct x64 *x, unsigned cc);
uint8_t *x64_jmp(struct x64 *x);
uint8_t *x64_call(struct x64 *x);
/* Makes such a jump lead to `to`; both in the same mapping. */
void x64_patch(uint8_t *distance, const uint8_t *to);
/* A short jump to code before it. opcode: 70 + cc, E3, EB. False: that is not
 * near enough. */
bool x64_jump_back(struct x64 *x, unsigned opcode, const uint8_t *to);
/* A short forward jump over what comes next: returns the place of its
 * distance, which x64_land() sets. opcode: 70 + cc, E3, EB. */
uint8_t *x64_skip(struct x64 *x, unsigned opcode);
void x64_land(struct x64 *x, uint8_t *distance);

#endif
