/* Handlers of the x87 for the interpreter, as interp.h has them: what programs
 * are full of. They do what exec_esc() does when no exception is unmasked, no
 * error waits, no register is empty that should not be, and memory is plain;
 * anything else they leave to it, before they have changed anything. */
#include DISPATCH_HEADER

#include "cpu/flags.h"
#include "cpu/fpu_int.h"
#include "cpu/interp.h"

#define HANDLER(name) \
    static const struct insn *name(struct cpu *cpu, const struct insn *insn)

/* Everything else. */
HANDLER(run)
{
    uint32_t next;

    interp_begin(cpu, insn);
    next = cpu->eip;
    if (!exec_esc(cpu, insn)) {
        cpu->block_insns += insn->index;
        return NULL;
    }
    if (cpu->eip != next)
        return interp_leave(cpu, insn, cpu->eip);
    return interp_after(cpu, insn);
}

static inline bool may_use(const struct cpu *cpu)
{
    return !(cpu->cr0 & (CR0_EM | CR0_TS)) && cpu->fpu.present &&
           !(cpu->fpu.status & SW_ES);
}

/* Bit i: ST(i) is full. */
static inline unsigned full_bits(const struct cpu *cpu)
{
    return ((unsigned)cpu->fpu.full | (unsigned)cpu->fpu.full << 8) >>
           cpu->fpu.top;
}

static inline bool both_full(const struct cpu *cpu, unsigned i)
{
    unsigned full = full_bits(cpu);

    return full & full >> i & 1;
}

static inline void note_insn(struct cpu *cpu, const struct insn *insn)
{
    struct fpu *fpu = &cpu->fpu;

    fpu->ip = block_insn_eip(insn);
    fpu->cs = cpu->seg[SEG_CS].selector;
    fpu->op = (uint16_t)((insn->opcode & 7) << 8 | insn->imm2);
}

static inline uint32_t offset_of(const struct cpu *cpu, const struct insn *insn)
{
    return insn->flags & INSN_ADDR32 ? interp_offset32(cpu, insn)
                                     : interp_offset16(cpu, insn);
}

static inline void note_operand(struct cpu *cpu, const struct insn *insn,
                                uint32_t at)
{
    cpu->fpu.dp = at;
    cpu->fpu.ds = cpu->seg[insn->seg].selector;
}

static inline const struct f80 *place_of(const struct cpu *cpu, unsigned i)
{
    return &cpu->fpu.reg[fpu_number(cpu, i)];
}

/* Takes over flags and C1. False: one is not masked, nothing has changed. */
static inline bool settle(struct cpu *cpu, const struct f80_env *env)
{
    unsigned flags = env->flags;

    if (flags & ~(unsigned)env->masked)
        return false;
    if (env->rounded_up && (flags & F80_PE))
        flags |= SW_C1;
    cpu->fpu.status = (uint16_t)((cpu->fpu.status & ~SW_C1) | flags);
    return true;
}

static inline void clear_c1(struct cpu *cpu)
{
    cpu->fpu.status &= (uint16_t)~SW_C1;
}

/* Numbers in memory that need no thought: no denormals, no NaNs. */

static inline bool widen64(uint64_t bits, struct f80 *out)
{
    uint64_t exp = bits >> 52 & 0x7ff, sign = bits >> 48 & 0x8000;

    if (exp - 1 < 0x7fe) {
        out->man = F80_INTEGER | bits << 11;
        out->se = sign | (exp + F80_BIAS - 1023);
        return true;
    }
    *out = (struct f80){0, sign};
    return !(bits << 1);
}

static inline bool widen32(uint64_t bits, struct f80 *out)
{
    uint64_t exp = bits >> 23 & 0xff, sign = bits >> 16 & 0x8000;

    if (exp - 1 < 0xfe) {
        out->man = F80_INTEGER | bits << 40;
        out->se = sign | (exp + F80_BIAS - 127);
        return true;
    }
    *out = (struct f80){0, sign};
    return !(bits << 33);
}

static inline bool widen_int(uint64_t bits, unsigned size, struct f80 *out)
{
    *out = f80_from_i64(size == 2   ? (int16_t)bits
                        : size == 4 ? (int32_t)bits
                                    : (int64_t)bits);
    return true;
}

static inline bool load_host(const struct cpu *cpu, const struct insn *insn,
                             uint32_t at, unsigned size, uint64_t *bits)
{
    const uint8_t *host = interp_quick_read(cpu, insn->seg, at, size);

    *bits = 0;
    if (host)
        memcpy(bits, host, size);
    return host;
}

/* Arithmetic: `compute` makes r of st0 and other. */

#define WITH_REGISTER(name, form, compute, dest, pops) \
    HANDLER(name##_##form) \
    { \
        { /* ends before the next handler begins */ \
            struct f80_env env; \
            const struct f80 *st0 = place_of(cpu, 0); \
            const struct f80 *other = place_of(cpu, insn->rm); \
            struct f80 r; \
\
            if (UNLIKELY(!may_use(cpu) || !both_full(cpu, insn->rm))) \
                return run(cpu, insn); \
            fpu_begin(cpu, &env); \
            r = compute; \
            if (UNLIKELY(!settle(cpu, &env))) \
                return run(cpu, insn); \
            fpu_put(cpu, dest, r); \
            if (pops) \
                fpu_pop(cpu); \
            note_insn(cpu, insn); \
        } \
        DISPATCH(cpu, insn + 1); \
    }

#define WITH_MEMORY(name, bits, compute) \
    HANDLER(name##_m##bits) \
    { \
        { /* ends before the next handler begins */ \
            struct f80_env env; \
            const struct f80 *st0 = place_of(cpu, 0); \
            struct f80 value, *other = &value, r; \
            uint32_t at = offset_of(cpu, insn); \
            uint64_t memory; \
\
            if (UNLIKELY(!load_host(cpu, insn, at, bits / 8, &memory) || \
                         !may_use(cpu) || !both_full(cpu, 0) || \
                         !widen##bits(memory, &value))) \
                return run(cpu, insn); \
            fpu_begin(cpu, &env); \
            r = compute; \
            if (UNLIKELY(!settle(cpu, &env))) \
                return run(cpu, insn); \
            fpu_put(cpu, 0, r); \
            note_insn(cpu, insn); \
            note_operand(cpu, insn, at); \
        } \
        DISPATCH(cpu, insn + 1); \
    }

#define ARITHMETIC(name, compute) \
    WITH_REGISTER(name, st0, compute, 0, false) \
    WITH_REGISTER(name, sti, compute, insn->rm, false) \
    WITH_REGISTER(name, pop, compute, insn->rm, true) \
    WITH_MEMORY(name, 32, compute) \
    WITH_MEMORY(name, 64, compute)

ARITHMETIC(fadd, f80_add_at(st0, other, &env))
ARITHMETIC(fmul, f80_mul_at(st0, other, &env))
ARITHMETIC(fsub, f80_sub_at(st0, other, &env))
ARITHMETIC(fsubr, f80_sub_at(other, st0, &env))
ARITHMETIC(fdiv, f80_div_at(st0, other, &env))
ARITHMETIC(fdivr, f80_div_at(other, st0, &env))

/* Comparisons. */

static inline void set_order(struct cpu *cpu, enum f80_order order)
{
    static const uint16_t codes[] = {
        [F80_LESS] = SW_C0,
        [F80_EQUAL] = SW_C3,
        [F80_GREATER] = 0,
        [F80_UNORDERED] = SW_C0 | SW_C2 | SW_C3,
    };

    fpu_set_codes(cpu, codes[order], SW_C0 | SW_C2 | SW_C3);
}

static inline void set_flags(struct cpu *cpu, enum f80_order order)
{
    static const uint8_t flags[] = {
        [F80_LESS] = FLAG_CF,
        [F80_EQUAL] = FLAG_ZF,
        [F80_GREATER] = 0,
        [F80_UNORDERED] = FLAG_ZF | FLAG_PF | FLAG_CF,
    };

    flags_set_arithmetic(cpu, flags[order]);
}

#define COMPARE(name, i, quiet, pops, set) \
    HANDLER(name) \
    { \
        { /* ends before the next handler begins */ \
            struct f80_env env; \
            enum f80_order order; \
\
            if (UNLIKELY(!may_use(cpu) || !both_full(cpu, i))) \
                return run(cpu, insn); \
            fpu_begin(cpu, &env); \
            order = f80_compare(fpu_st(cpu, 0), fpu_st(cpu, i), quiet, &env); \
            if (UNLIKELY(!settle(cpu, &env))) \
                return run(cpu, insn); \
            set(cpu, order); \
            for (int n = 0; n < (pops); n++) \
                fpu_pop(cpu); \
            note_insn(cpu, insn); \
        } \
        DISPATCH(cpu, insn + 1); \
    }

COMPARE(fcom, insn->rm, false, 0, set_order)
COMPARE(fcomp, insn->rm, false, 1, set_order)
COMPARE(fcompp, 1, false, 2, set_order)
COMPARE(fucom, insn->rm, true, 0, set_order)
COMPARE(fucomp, insn->rm, true, 1, set_order)
COMPARE(fucompp, 1, true, 2, set_order)
COMPARE(fcomi, insn->rm, false, 0, set_flags)
COMPARE(fucomi, insn->rm, true, 0, set_flags)
COMPARE(fcomip, insn->rm, false, 1, set_flags)
COMPARE(fucomip, insn->rm, true, 1, set_flags)

#define COMPARE_MEMORY(name, bits, pops) \
    HANDLER(name##_m##bits) \
    { \
        { /* ends before the next handler begins */ \
            struct f80_env env; \
            uint32_t at = offset_of(cpu, insn); \
            struct f80 other; \
            enum f80_order order; \
            uint64_t value; \
\
            if (UNLIKELY(!load_host(cpu, insn, at, bits / 8, &value) || \
                         !may_use(cpu) || !both_full(cpu, 0) || \
                         !widen##bits(value, &other))) \
                return run(cpu, insn); \
            fpu_begin(cpu, &env); \
            order = f80_compare(fpu_st(cpu, 0), other, false, &env); \
            if (UNLIKELY(!settle(cpu, &env))) \
                return run(cpu, insn); \
            set_order(cpu, order); \
            if (pops) \
                fpu_pop(cpu); \
            note_insn(cpu, insn); \
            note_operand(cpu, insn, at); \
        } \
        DISPATCH(cpu, insn + 1); \
    }

COMPARE_MEMORY(fcom, 32, false)
COMPARE_MEMORY(fcom, 64, false)
COMPARE_MEMORY(fcomp, 32, true)
COMPARE_MEMORY(fcomp, 64, true)

/* Moves. */

HANDLER(fld)
{
    unsigned full = full_bits(cpu);
    struct f80 value = fpu_st(cpu, insn->rm);

    if (UNLIKELY(!may_use(cpu) || !(full >> insn->rm & 1) || (full & 0x80)))
        return run(cpu, insn);
    clear_c1(cpu);
    fpu_push(cpu, value);
    note_insn(cpu, insn);
    DISPATCH(cpu, insn + 1);
}

HANDLER(fxch)
{
    struct f80 *a = &cpu->fpu.reg[fpu_number(cpu, 0)];
    struct f80 *b = &cpu->fpu.reg[fpu_number(cpu, insn->rm)];
    uint64_t man = a->man, se = a->se;

    if (UNLIKELY(!may_use(cpu) || !both_full(cpu, insn->rm)))
        return run(cpu, insn);
    clear_c1(cpu);
    a->man = b->man;
    a->se = b->se;
    b->man = man;
    b->se = se;
    note_insn(cpu, insn);
    DISPATCH(cpu, insn + 1);
}

#define STORE_REGISTER(name, pops) \
    HANDLER(name) \
    { \
        struct f80 value = fpu_st(cpu, 0); \
\
        if (UNLIKELY(!may_use(cpu) || !both_full(cpu, 0))) \
            return run(cpu, insn); \
        clear_c1(cpu); \
        fpu_put(cpu, insn->rm, value); \
        if (pops) \
            fpu_pop(cpu); \
        note_insn(cpu, insn); \
        DISPATCH(cpu, insn + 1); \
    }
STORE_REGISTER(fst, false)
STORE_REGISTER(fstp, true)

#define LOAD(name, size, widen) \
    HANDLER(name) \
    { \
        uint32_t at = offset_of(cpu, insn); \
        struct f80 value; \
        uint64_t bits; \
\
        if (UNLIKELY(!load_host(cpu, insn, at, size, &bits) || \
                     !may_use(cpu) || (full_bits(cpu) & 0x80) || !(widen))) \
            return run(cpu, insn); \
        clear_c1(cpu); \
        fpu_push(cpu, value); \
        note_insn(cpu, insn); \
        note_operand(cpu, insn, at); \
        DISPATCH(cpu, insn + 1); \
    }
LOAD(fld_m32, 4, widen32(bits, &value))
LOAD(fld_m64, 8, widen64(bits, &value))
LOAD(fild_m16, 2, widen_int(bits, 2, &value))
LOAD(fild_m32, 4, widen_int(bits, 4, &value))
LOAD(fild_m64, 8, widen_int(bits, 8, &value))

#define STORE(name, size, convert, pops) \
    HANDLER(name) \
    { \
        { /* ends before the next handler begins */ \
            uint32_t at = offset_of(cpu, insn); \
            uint8_t *host = interp_quick_write(cpu, insn->seg, at, size); \
            struct f80_env env; \
            struct f80 st0; \
            uint64_t bits; \
\
            if (UNLIKELY(!host || !may_use(cpu) || !both_full(cpu, 0))) \
                return run(cpu, insn); \
            fpu_begin(cpu, &env); \
            st0 = fpu_st(cpu, 0); \
            bits = (uint64_t)convert; \
            if (UNLIKELY(!settle(cpu, &env))) \
                return run(cpu, insn); \
            memcpy(host, &bits, size); \
            if (pops) \
                fpu_pop(cpu); \
            note_insn(cpu, insn); \
            note_operand(cpu, insn, at); \
        } \
        DISPATCH(cpu, insn + 1); \
    }
STORE(fst_m32, 4, f80_to_f32(st0, &env), false)
STORE(fst_m64, 8, f80_to_f64(st0, &env), false)
STORE(fstp_m32, 4, f80_to_f32(st0, &env), true)
STORE(fstp_m64, 8, f80_to_f64(st0, &env), true)
STORE(fist_m16, 2, f80_to_int(st0, 16, false, &env), false)
STORE(fist_m32, 4, f80_to_int(st0, 32, false, &env), false)
STORE(fistp_m16, 2, f80_to_int(st0, 16, false, &env), true)
STORE(fistp_m32, 4, f80_to_int(st0, 32, false, &env), true)
STORE(fistp_m64, 8, f80_to_int(st0, 64, false, &env), true)

/* Choosing, by opcode and ModRM.reg. The 8087 and 80287 lack some and have no
 * quick forms. */

/* clang-format off */
static insn_fn *const memory_forms[8][8] = {
    [0] = {fadd_m32, fmul_m32, fcom_m32, fcomp_m32,
           fsub_m32, fsubr_m32, fdiv_m32, fdivr_m32},
    [1] = {fld_m32, NULL, fst_m32, fstp_m32},
    [3] = {fild_m32, NULL, fist_m32, fistp_m32},
    [4] = {fadd_m64, fmul_m64, fcom_m64, fcomp_m64,
           fsub_m64, fsubr_m64, fdiv_m64, fdivr_m64},
    [5] = {fld_m64, NULL, fst_m64, fstp_m64},
    [7] = {fild_m16, NULL, fist_m16, fistp_m16, NULL, fild_m64, NULL,
           fistp_m64},
};

static insn_fn *const register_forms[8][8] = {
    [0] = {fadd_st0, fmul_st0, fcom, fcomp,
           fsub_st0, fsubr_st0, fdiv_st0, fdivr_st0},
    [1] = {fld, fxch},
    [4] = {fadd_sti, fmul_sti, NULL, NULL,
           fsub_sti, fsubr_sti, fdiv_sti, fdivr_sti},
    [5] = {NULL, NULL, fst, fstp, fucom, fucomp},
    [6] = {fadd_pop, fmul_pop, NULL, NULL,
           fsub_pop, fsubr_pop, fdiv_pop, fdivr_pop},
};
/* clang-format on */

static insn_fn *flags_form(const struct insn *insn)
{
    bool pops = insn->opcode == 0xdf;

    if (insn->reg == 5)
        return pops ? fucomip : fucomi;
    if (insn->reg == 6)
        return pops ? fcomip : fcomi;
    return NULL;
}

static insn_fn *register_form(const struct insn *insn, enum cpu_model model)
{
    switch (insn->opcode) {
    case 0xda: return insn->imm2 == 0xe9 ? fucompp : NULL;
    case 0xdb:
    case 0xdf: return model >= CPU_PENTIUM2 ? flags_form(insn) : NULL;
    case 0xde:
        if (insn->imm2 == 0xd9)
            return fcompp;
        break;
    default: break;
    }
    return register_forms[insn->opcode & 7][insn->reg];
}

insn_fn *fpu_bind(const struct insn *insn, enum cpu_model model)
{
    insn_fn *quick = NULL;

    if (insn->slot < INSN_SLOT_ONE + 0xd8 || insn->slot > INSN_SLOT_ONE + 0xdf)
        return NULL;
    if (model >= CPU_386 && (insn->flags & INSN_MEM))
        quick = memory_forms[insn->opcode & 7][insn->reg];
    else if (model >= CPU_386)
        quick = register_form(insn, model);
    return quick ? quick : run;
}
