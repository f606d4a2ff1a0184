/* What the parts of the x87 share. Register numbers `i` count from ST(0). */
#ifndef CPU_FPU_INT_H
#define CPU_FPU_INT_H

#include "cpu/state.h"

/* Status word. */
#define SW_FLAGS 0x003fu /* F80_* */
#define SW_SF    0x0040u
#define SW_ES    0x0080u
#define SW_C0    0x0100u
#define SW_C1    0x0200u
#define SW_C2    0x0400u
#define SW_TOP   0x3800u
#define SW_C3    0x4000u
#define SW_B     0x8000u
#define SW_CC    (SW_C0 | SW_C1 | SW_C2 | SW_C3)

#define SW_TOP_SHIFT 11

/* Control word. */
#define CW_MASKS 0x003fu
#define CW_ONE   0x0040u
#define CW_IEM   0x0080u /* 8087: interrupts are off */
#define CW_KEPT  0x1f3fu /* precision, rounding, infinity, masks */
#define CW_INIT  0x037fu
#define CW_RESET 0x0040u

/* Runs one instruction. False: a fault of its memory operand was noted and
 * nothing has changed. */
typedef bool fpu_fn(struct cpu *cpu, const struct insn *insn);

static inline unsigned fpu_number(const struct cpu *cpu, unsigned i)
{
    return (cpu->fpu.top + i) & 7;
}

static inline struct f80 fpu_st(const struct cpu *cpu, unsigned i)
{
    return cpu->fpu.reg[fpu_number(cpu, i)];
}

static inline bool fpu_empty(const struct cpu *cpu, unsigned i)
{
    return !(cpu->fpu.full >> fpu_number(cpu, i) & 1);
}

static inline void fpu_put(struct cpu *cpu, unsigned i, struct f80 value)
{
    unsigned n = fpu_number(cpu, i);

    cpu->fpu.reg[n] = value;
    cpu->fpu.full |= (uint8_t)(1u << n);
}

static inline void fpu_free(struct cpu *cpu, unsigned i)
{
    cpu->fpu.full &= (uint8_t) ~(1u << fpu_number(cpu, i));
}

static inline void fpu_rotate(struct cpu *cpu, unsigned by)
{
    cpu->fpu.top = (cpu->fpu.top + by) & 7;
}

static inline void fpu_pop(struct cpu *cpu)
{
    fpu_free(cpu, 0);
    fpu_rotate(cpu, 1);
}

/* The caller has seen that ST(7) is empty, or answers for an overflow. */
static inline void fpu_push(struct cpu *cpu, struct f80 value)
{
    fpu_rotate(cpu, 7);
    fpu_put(cpu, 0, value);
}

static inline void fpu_set_codes(struct cpu *cpu, unsigned codes, unsigned mask)
{
    cpu->fpu.status = (uint16_t)((cpu->fpu.status & ~mask) | codes);
}

static inline uint16_t fpu_status_word(const struct cpu *cpu)
{
    return (uint16_t)(cpu->fpu.status | cpu->fpu.top << SW_TOP_SHIFT);
}

/* In place, for a copy would wait for its fields. */
static inline void fpu_begin(const struct cpu *cpu, struct f80_env *env)
{
    unsigned control = cpu->fpu.control;

    env->rounding = (enum f80_rounding)(control >> 10 & 3);
    env->precision = (enum f80_precision)(control >> 8 & 3);
    env->masked = control & CW_MASKS;
    env->flags = 0;
    env->rounded_up = false;
}

static inline struct f80_env fpu_env(const struct cpu *cpu)
{
    struct f80_env env;

    fpu_begin(cpu, &env);
    return env;
}

/* Adds F80_* to the status word; with an unmasked one, ES follows. */
void fpu_raise(struct cpu *cpu, unsigned flags);

/* Before an instruction that waits: an error that is pending. False: #MF noted.
 * *stopped: the processor stands still at this instruction instead. */
bool fpu_wait(struct cpu *cpu, bool *stopped);

/* MMX registers are the significands of R0 to R7. Any instruction with one of
 * them makes TOP 0 and all registers full; a write sets the rest of R to 1. */
static inline void fpu_enter_mmx(struct cpu *cpu)
{
    cpu->fpu.top = 0;
    cpu->fpu.full = 0xff;
}

static inline uint64_t fpu_get_mm(const struct cpu *cpu, unsigned n)
{
    return cpu->fpu.reg[n].man;
}

static inline void fpu_set_mm(struct cpu *cpu, unsigned n, uint64_t value)
{
    cpu->fpu.reg[n] = (struct f80){value, 0xffff};
}

/* Stack fault. True: IE is masked, and the answer is the indefinite NaN. */
bool fpu_stack_fault(struct cpu *cpu, bool overflow);

/* Takes over flags and C1 of an operation. False: an exception of the operands
 * is unmasked, and neither results nor pops may follow. */
bool fpu_settle(struct cpu *cpu, const struct f80_env *env);

/* A value from memory, and the flags of its conversion. A signalling NaN is
 * not made quiet yet, so that the choice between two NaNs sees it. */
struct fpu_operand {
    struct f80 value;
    bool denormal;
};

/* ModRM.reg names the operation between ST(0) and ST(i) or memory; the result
 * goes to ST(dest). */
void fpu_arithmetic(struct cpu *cpu, unsigned op,
                    const struct fpu_operand *other, unsigned dest, bool pop);
/* FCOM, FCOMP: sets C3, C2, C0 and pops. */
void fpu_compare(struct cpu *cpu, const struct fpu_operand *other, bool quiet,
                 unsigned pops);
/* For either of them with an empty register. */
void fpu_underflow(struct cpu *cpu, unsigned op, unsigned dest, unsigned pops);

/* The instruction of a register form or memory form. NULL: reserved. */
fpu_fn *fpu_register_form(const struct cpu *cpu, const struct insn *insn);
fpu_fn *fpu_memory_form(const struct insn *insn);

/* Operands in memory, `size` up to 512 bytes at the instruction's address;
 * all checks come first. False: fault noted. */
bool fpu_read(struct cpu *cpu, const struct insn *insn, uint8_t *bytes,
              unsigned size);
/* Whether fpu_write() will succeed. */
bool fpu_may_write(struct cpu *cpu, const struct insn *insn, unsigned size);
bool fpu_write(struct cpu *cpu, const struct insn *insn, const uint8_t *bytes,
               unsigned size);

/* The x87's part of the image of FXSAVE, 160 bytes of which those of MXCSR are
 * not touched. */
void fpu_put_fx(const struct cpu *cpu, uint8_t *image);
void fpu_get_fx(struct cpu *cpu, const uint8_t *image);

/* Control instructions: these neither wait nor set the pointers, but for
 * FLDCW, FLDENV and FRSTOR, which wait. */
fpu_fn fpu_fninit, fpu_fnclex, fpu_fnstsw_ax;
fpu_fn fpu_fldcw, fpu_fnstcw, fpu_fnstsw;
fpu_fn fpu_fldenv, fpu_fnstenv, fpu_frstor, fpu_fnsave;
fpu_fn fpu_feni, fpu_fdisi, fpu_fnop;

#endif
