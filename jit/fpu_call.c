/* x87 instructions that translated code calls C for, with the operands alone.
 *
 * The rest of the guest's x87 stays in the host's. cpu->fpu is nobody's then,
 * so that the interpreter's own functions run on it: ST(0) and ST(1) are put
 * into R1 and R2, with nothing else full. What they do to the status word goes
 * beside the host's: see struct cpu_jit. */
#include "cpu/block.h"
#include "cpu/fpu.h"
#include "cpu/fpu_trans.h"
#include "jit/jit_int.h"

#define SW_FLAGS 0x003fu
#define SW_C0    0x0100u
#define SW_C1    0x0200u
#define SW_C2    0x0400u
#define SW_C3    0x4000u

enum {
    ENV_STATUS = 4,
    ENV_TAGS = 8
};

static const struct insn *insn_at(const struct cpu *cpu, uint32_t place)
{
    return (const struct insn *)(const void *)block_at(cpu, place);
}

/* By value: it was stored in parts a moment ago, for which a load of all of it
 * would have to wait. */
static inline struct f80 operand(const struct cpu *cpu, unsigned n)
{
    return (struct f80){cpu->jit.fpu_arg[n].man, cpu->jit.fpu_arg[n].se};
}

static bool is_nan(struct f80 a)
{
    return (a.se & F80_EXP_MAX) == F80_EXP_MAX && a.man << 1;
}

/* Condition codes but C1 that the instruction has set. */
static unsigned codes_given(const struct cpu *cpu, const struct insn *insn)
{
    switch (insn->imm2) {
    case 0xf5: /* FPREM1, FPREM */
    case 0xf8: return is_nan(cpu->fpu.reg[1]) ? SW_C2 : SW_C0 | SW_C2 | SW_C3;
    case 0xf2: /* FPTAN, FSINCOS, FSIN, FCOS */
    case 0xfb:
    case 0xfe:
    case 0xff: return SW_C2;
    default: return 0;
    }
}

static void run(struct cpu *cpu, const struct insn *insn)
{
    struct fpu *fpu = &cpu->fpu;
    unsigned given;

    fpu->top = 1;
    fpu->full = 0x06;
    fpu->status = 0;
    fpu->control = cpu->jit.fpu_control;
    fpu->reg[1] = operand(cpu, 0);
    fpu->reg[2] = operand(cpu, 1);
    fpu_run_register(cpu, insn);
    given = codes_given(cpu, insn);
    cpu->jit.fpu_flags |= fpu->status & SW_FLAGS;
    cpu->jit.fpu_c1 = fpu->status & SW_C1;
    cpu->jit.fpu_keep &= (uint16_t)~given;
    cpu->jit.fpu_codes =
        (uint16_t)((cpu->jit.fpu_codes & ~given) | (fpu->status & given));
}

/* The quick ways (cpu/fpu_trans.h), which leave no flags but env's. */

/* Member by member: loads of whole structures wait for narrow stores. */
static inline void quick_begin(const struct cpu *cpu, struct f80_env *env)
{
    env->rounding = (enum f80_rounding)(cpu->jit.fpu_control >> 10 & 3);
    env->flags = 0;
}

static inline void quick_done(struct cpu *cpu, const struct f80_env *env,
                              unsigned given)
{
    cpu->jit.fpu_flags |= env->flags;
    cpu->jit.fpu_c1 = env->rounded_up ? SW_C1 : 0;
    if (!given)
        return;
    cpu->jit.fpu_keep &= (uint16_t)~given;
    cpu->jit.fpu_codes &= (uint16_t)~given;
}

static void call_slow(struct cpu *cpu, uint32_t place)
{
    run(cpu, insn_at(cpu, place));
}

/* `call` has a result in *out, R`n`, and env. The instruction sets the
 * condition codes `given` to 0. */
#define QUICK(name, n, given, call) \
    static void name(struct cpu *cpu, uint32_t place) \
    { \
        struct f80 *out = &cpu->fpu.reg[n]; \
        struct f80_env env; \
\
        quick_begin(cpu, &env); \
        if (call) \
            quick_done(cpu, &env, given); \
        else \
            call_slow(cpu, place); \
    }

/* ST(1) stays. */
static inline bool scale(struct cpu *cpu, struct f80_env *env, struct f80 *out)
{
    cpu->fpu.reg[2].man = cpu->jit.fpu_arg[1].man;
    cpu->fpu.reg[2].se = cpu->jit.fpu_arg[1].se;
    return fpu_quick_scale(operand(cpu, 0), operand(cpu, 1), env, out);
}

QUICK(call_f2xm1, 1, 0, fpu_quick_exp(operand(cpu, 0), &env, out))
QUICK(call_fyl2x, 2, 0,
      fpu_quick_log(operand(cpu, 1), operand(cpu, 0), &env, out))
QUICK(call_fpatan, 2, 0,
      fpu_quick_atan(operand(cpu, 1), operand(cpu, 0), &env, out))
QUICK(call_fscale, 1, 0, scale(cpu, &env, out))
QUICK(call_fsin, 1, SW_C2, fpu_quick_sincos(operand(cpu, 0), out, NULL, &env))
QUICK(call_fcos, 1, SW_C2, fpu_quick_sincos(operand(cpu, 0), NULL, out, &env))

fpu_call_fn *jit_fpu_call(unsigned modrm)
{
    switch (modrm) {
    case 0xf0: return call_f2xm1;
    case 0xf1: return call_fyl2x;
    case 0xf3: return call_fpatan;
    case 0xfd: return call_fscale;
    case 0xfe: return call_fsin;
    case 0xff: return call_fcos;
    default: return call_slow;
    }
}

bool jit_fpu_check(struct cpu *cpu, uint32_t place)
{
    const uint8_t *image = cpu->jit.fpu_image;
    unsigned tags = image[ENV_TAGS] | (unsigned)image[ENV_TAGS + 1] << 8;
    unsigned top = image[ENV_STATUS + 1] >> 3 & 7, needs;

    tags = (tags | tags << 16) >> (2 * top) & 0xffff;
    needs = fpu_call_needs(insn_at(cpu, place));
    for (unsigned i = 0; i < 2; i++)
        if ((needs >> i & 1) && (tags >> (2 * i) & 3) == 3)
            return false;
    return !(needs & FPU_CALL_PUSHES) || tags >> 14 == 3;
}

unsigned fpu_call_needs(const struct insn *insn)
{
    return insn->opcode != 0xd9 || (insn->flags & INSN_MEM)
               ? 0
               : fpu_call_needs_of(insn->imm2);
}

unsigned fpu_call_needs_of(unsigned modrm)
{
    switch (modrm) {
    case 0xf0: /* F2XM1, FSIN, FCOS */
    case 0xfe:
    case 0xff: return 1;
    case 0xf1: /* FYL2X, FPATAN, FYL2XP1 */
    case 0xf3:
    case 0xf9: return 3 | FPU_CALL_POPS;
    case 0xf2: /* FPTAN, FXTRACT, FSINCOS */
    case 0xf4:
    case 0xfb: return 1 | FPU_CALL_PUSHES;
    case 0xf5: /* FPREM1, FPREM, FSCALE */
    case 0xf8:
    case 0xfd: return 3;
    default: return 0;
    }
}
