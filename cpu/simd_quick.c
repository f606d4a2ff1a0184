/* Handlers of MMX and SSE for the interpreter, as interp.h has them: what is
 * not quick goes to simd_run(). */
#include DISPATCH_HEADER

#include "cpu/fpu_int.h"
#include "cpu/interp.h"
#include "cpu/simd_bodies.h"

#define HANDLER(name) \
    static const struct insn *name(struct cpu *cpu, const struct insn *insn)

static inline bool may_use_mm(const struct cpu *cpu)
{
    return !(cpu->cr0 & (CR0_EM | CR0_TS)) && !(cpu->fpu.status & SW_ES);
}

static inline bool may_use_xmm(const struct cpu *cpu)
{
    return !(cpu->cr0 & (CR0_EM | CR0_TS)) && (cpu->cr4 & CR4_OSFXSR);
}

static inline uint32_t offset_of(const struct cpu *cpu, const struct insn *insn)
{
    return insn->flags & INSN_ADDR32 ? interp_offset32(cpu, insn)
                                     : interp_offset16(cpu, insn);
}

/* Host addresses of the operand, or NULL. */

static inline const uint8_t *source(const struct cpu *cpu,
                                    const struct insn *insn, unsigned size,
                                    bool aligned)
{
    uint32_t at = offset_of(cpu, insn);

    if (aligned && ((cpu->seg[insn->seg].base + at) & 15))
        return NULL;
    return interp_quick_read(cpu, insn->seg, at, size);
}

static inline uint8_t *target(const struct cpu *cpu, const struct insn *insn,
                              unsigned size, bool aligned)
{
    uint32_t at = offset_of(cpu, insn);

    if (aligned && ((cpu->seg[insn->seg].base + at) & 15))
        return NULL;
    return interp_quick_write(cpu, insn->seg, at, size);
}

static inline uint64_t get_host(const uint8_t *from, unsigned size)
{
    uint64_t value = 0;

    memcpy(&value, from, size);
    return value;
}

static inline struct xmm get_host_xmm(const uint8_t *from, unsigned size)
{
    struct xmm value = {{0, 0}};

    memcpy(&value, from, size);
    return value;
}

/* Integers: a register with a register, with memory, by an immediate. `size`
 * is what the MMX form reads of memory. */

#define MM_FORMS(name, size) \
    HANDLER(mm_reg_##name) \
    { \
        uint64_t d = fpu_get_mm(cpu, insn->reg); \
\
        if (UNLIKELY(!may_use_mm(cpu))) \
            return simd_run(cpu, insn); \
        fpu_enter_mmx(cpu); \
        fpu_set_mm(cpu, insn->reg, \
                   mm_##name(d, fpu_get_mm(cpu, insn->rm), insn)); \
        DISPATCH(cpu, insn + 1); \
    } \
    HANDLER(mm_mem_##name) \
    { \
        uint64_t d = fpu_get_mm(cpu, insn->reg); \
        const uint8_t *host = source(cpu, insn, size, false); \
\
        if (UNLIKELY(!host || !may_use_mm(cpu))) \
            return simd_run(cpu, insn); \
        fpu_enter_mmx(cpu); \
        fpu_set_mm(cpu, insn->reg, mm_##name(d, get_host(host, size), insn)); \
        DISPATCH(cpu, insn + 1); \
    }

#define XMM_REG(name) \
    HANDLER(xmm_reg_##name) \
    { \
        const struct xmm s = cpu->xmm[insn->rm]; \
\
        if (UNLIKELY(!may_use_xmm(cpu))) \
            return simd_run(cpu, insn); \
        xmm_##name(&cpu->xmm[insn->reg], &s, insn); \
        DISPATCH(cpu, insn + 1); \
    }

#define XMM_FORMS(name) \
    XMM_REG(name) \
    HANDLER(xmm_mem_##name) \
    { \
        const uint8_t *host = source(cpu, insn, 16, true); \
        struct xmm s; \
\
        if (UNLIKELY(!host || !may_use_xmm(cpu))) \
            return simd_run(cpu, insn); \
        s = get_host_xmm(host, 16); \
        xmm_##name(&cpu->xmm[insn->reg], &s, insn); \
        DISPATCH(cpu, insn + 1); \
    }

#define MM_IMM(name) \
    HANDLER(mm_imm_##name) \
    { \
        uint64_t d = fpu_get_mm(cpu, insn->rm); \
\
        if (UNLIKELY(!may_use_mm(cpu))) \
            return simd_run(cpu, insn); \
        fpu_enter_mmx(cpu); \
        fpu_set_mm(cpu, insn->rm, mm_##name(d, insn->imm, insn)); \
        DISPATCH(cpu, insn + 1); \
    }

#define XMM_IMM(name) \
    HANDLER(xmm_imm_##name) \
    { \
        const struct xmm s = {{insn->imm, 0}}; \
\
        if (UNLIKELY(!may_use_xmm(cpu))) \
            return simd_run(cpu, insn); \
        xmm_##name(&cpu->xmm[insn->rm], &s, insn); \
        DISPATCH(cpu, insn + 1); \
    }

#define X(name) MM_FORMS(name, 8) XMM_FORMS(name)
SIMD_LANE_LIST(X)
SIMD_SHIFT_LIST(X)
SIMD_PACK_LIST(X)
X(mov)
#undef X
#define X(name) MM_IMM(name) XMM_IMM(name)
SIMD_SHIFT_LIST(X)
#undef X
#define X(name) \
    MM_FORMS(punpckl##name, 4) \
    MM_FORMS(punpckh##name, 8) \
    XMM_FORMS(punpckl##name) \
    XMM_FORMS(punpckh##name)
SIMD_UNPACK_LIST(X)
#undef X
#define X(name) MM_FORMS(name, 8)
SIMD_MM_LIST(X)
#undef X
#define X(name) XMM_FORMS(name)
SIMD_XMM_LIST(X)
#undef X
SIMD_BYTES_LIST(XMM_IMM)
SIMD_PART_LIST(XMM_REG)

/* Moves from and to memory, and between files. */

#define XMM_LOAD(form, name, size) \
    HANDLER(load_##form) \
    { \
        const uint8_t *host = source(cpu, insn, size, false); \
        struct xmm s; \
\
        if (UNLIKELY(!host || !may_use_xmm(cpu))) \
            return simd_run(cpu, insn); \
        s = get_host_xmm(host, size); \
        xmm_##name(&cpu->xmm[insn->reg], &s, insn); \
        DISPATCH(cpu, insn + 1); \
    }

#define XMM_STORE(form, size, aligned, half) \
    HANDLER(store_##form) \
    { \
        uint8_t *host = target(cpu, insn, size, aligned); \
\
        if (UNLIKELY(!host || !may_use_xmm(cpu))) \
            return simd_run(cpu, insn); \
        memcpy(host, &cpu->xmm[insn->reg].q[half], size); \
        DISPATCH(cpu, insn + 1); \
    }

XMM_LOAD(movups, mov, 16)
XMM_LOAD(movss, movss, 4)
XMM_LOAD(movsd, movsd, 8)
XMM_LOAD(movlps, movlps, 8)
XMM_LOAD(movhps, movhps, 8)
XMM_STORE(movaps, 16, true, 0)
XMM_STORE(movups, 16, false, 0)
XMM_STORE(movss, 4, false, 0)
XMM_STORE(movlps, 8, false, 0)
XMM_STORE(movhps, 8, false, 1)

HANDLER(store_mm)
{
    uint8_t *host = target(cpu, insn, 8, false);

    if (UNLIKELY(!host || !may_use_mm(cpu)))
        return simd_run(cpu, insn);
    fpu_enter_mmx(cpu);
    memcpy(host, &cpu->fpu.reg[insn->reg].man, 8);
    DISPATCH(cpu, insn + 1);
}

/* The same between two registers: operand 0 is ModRM.rm. */
#define XMM_BACK(name) \
    HANDLER(xmm_back_##name) \
    { \
        const struct xmm s = cpu->xmm[insn->reg]; \
\
        if (UNLIKELY(!may_use_xmm(cpu))) \
            return simd_run(cpu, insn); \
        xmm_##name(&cpu->xmm[insn->rm], &s, insn); \
        DISPATCH(cpu, insn + 1); \
    }
XMM_BACK(mov)
XMM_BACK(movss)
XMM_BACK(movsd)
XMM_BACK(movq)

#define GPR_FORMS(name) \
    HANDLER(gpr_mm_##name) \
    { \
        const struct xmm s = {{fpu_get_mm(cpu, insn->rm), 0}}; \
        struct xmm d; \
\
        if (UNLIKELY(!may_use_mm(cpu))) \
            return simd_run(cpu, insn); \
        fpu_enter_mmx(cpu); \
        xmm_##name(&d, &s, insn); \
        cpu->reg[insn->reg] = (uint32_t)d.q[0]; \
        DISPATCH(cpu, insn + 1); \
    } \
    HANDLER(gpr_xmm_##name) \
    { \
        struct xmm d; \
\
        if (UNLIKELY(!may_use_xmm(cpu))) \
            return simd_run(cpu, insn); \
        xmm_##name(&d, &cpu->xmm[insn->rm], insn); \
        cpu->reg[insn->reg] = (uint32_t)d.q[0]; \
        DISPATCH(cpu, insn + 1); \
    }
SIMD_GPR_LIST(GPR_FORMS)

HANDLER(mm_from_gpr)
{
    if (UNLIKELY(!may_use_mm(cpu)))
        return simd_run(cpu, insn);
    fpu_enter_mmx(cpu);
    fpu_set_mm(cpu, insn->reg, cpu->reg[insn->rm]);
    DISPATCH(cpu, insn + 1);
}

HANDLER(mm_to_gpr)
{
    if (UNLIKELY(!may_use_mm(cpu)))
        return simd_run(cpu, insn);
    fpu_enter_mmx(cpu);
    cpu->reg[insn->rm] = (uint32_t)fpu_get_mm(cpu, insn->reg);
    DISPATCH(cpu, insn + 1);
}

HANDLER(xmm_from_gpr)
{
    if (UNLIKELY(!may_use_xmm(cpu)))
        return simd_run(cpu, insn);
    cpu->xmm[insn->reg] = (struct xmm){{cpu->reg[insn->rm], 0}};
    DISPATCH(cpu, insn + 1);
}

HANDLER(xmm_to_gpr)
{
    if (UNLIKELY(!may_use_xmm(cpu)))
        return simd_run(cpu, insn);
    cpu->reg[insn->rm] = (uint32_t)cpu->xmm[insn->reg].q[0];
    DISPATCH(cpu, insn + 1);
}

/* Floating point: with an exception that is not masked, simd_run() computes
 * once more. The halves are held apart, for a load of both right behind stores
 * of each waits for them. */

#define SETTLE() \
    do { \
        if (UNLIKELY(env.flags & ~env.masked)) \
            return simd_run(cpu, insn); \
        cpu->mxcsr |= env.flags; \
    } while (0)

#define LOW(half)       ((uint32_t)(half))
#define HIGH(half)      ((uint32_t)((half) >> 32))
#define PAIR(low, high) ((uint64_t)(high) << 32 | (low))

/* Each computes from d (the destination) and the halves s0 and s1. */
#define BODY_ps(name) \
    { \
        uint64_t d0 = d->q[0], d1 = d->q[1]; \
        uint32_t r0 = f32_##name(LOW(d0), LOW(s0), &env); \
        uint32_t r1 = f32_##name(HIGH(d0), HIGH(s0), &env); \
        uint32_t r2 = f32_##name(LOW(d1), LOW(s1), &env); \
        uint32_t r3 = f32_##name(HIGH(d1), HIGH(s1), &env); \
\
        SETTLE(); \
        d->q[0] = PAIR(r0, r1); \
        d->q[1] = PAIR(r2, r3); \
    }
#define BODY_pd(name) \
    { \
        uint64_t r0 = f64_##name(d->q[0], s0, &env); \
        uint64_t r1 = f64_##name(d->q[1], s1, &env); \
\
        SETTLE(); \
        d->q[0] = r0; \
        d->q[1] = r1; \
    }
#define BODY_ss(name) \
    { \
        uint64_t d0 = d->q[0]; \
        uint32_t r0 = f32_##name(LOW(d0), LOW(s0), &env); \
\
        SETTLE(); \
        d->q[0] = PAIR(r0, HIGH(d0)); \
    }
#define BODY_sd(name) \
    { \
        uint64_t r0 = f64_##name(d->q[0], s0, &env); \
\
        SETTLE(); \
        d->q[0] = r0; \
    }

#define ARITHMETIC(name, form, size) \
    HANDLER(fp_reg_##name##form) \
    { \
        struct xmm *d = &cpu->xmm[insn->reg]; \
        uint64_t s0 = cpu->xmm[insn->rm].q[0], s1 = cpu->xmm[insn->rm].q[1]; \
\
        (void)s1; \
        if (UNLIKELY(!may_use_xmm(cpu))) \
            return simd_run(cpu, insn); \
        { /* its life ends before the jump to the next handler */ \
            struct sse_env env; \
\
            sse_begin(cpu->mxcsr, &env); \
            BODY_##form(name); \
        } \
        DISPATCH(cpu, insn + 1); \
    } \
    HANDLER(fp_mem_##name##form) \
    { \
        const uint8_t *host = source(cpu, insn, size, (size) == 16); \
        struct xmm *d = &cpu->xmm[insn->reg]; \
        uint64_t s0, s1; \
\
        if (UNLIKELY(!host || !may_use_xmm(cpu))) \
            return simd_run(cpu, insn); \
        s0 = get_host(host, (size) < 8 ? (size) : 8); \
        s1 = (size) == 16 ? get_host(host + (size)-8, 8) : 0; \
        (void)s1; \
        { \
            struct sse_env env; \
\
            sse_begin(cpu->mxcsr, &env); \
            BODY_##form(name); \
        } \
        DISPATCH(cpu, insn + 1); \
    }

/* clang-format off */
#define ARITHMETIC_LIST(X) \
    X(add, ps, 16) X(add, pd, 16) X(add, ss, 4) X(add, sd, 8) \
    X(sub, ps, 16) X(sub, pd, 16) X(sub, ss, 4) X(sub, sd, 8) \
    X(mul, ps, 16) X(mul, pd, 16) X(mul, ss, 4) X(mul, sd, 8) \
    X(div, ps, 16) X(div, pd, 16) X(div, ss, 4) X(div, sd, 8) \
    X(min, ps, 16) X(min, pd, 16) X(min, ss, 4) X(min, sd, 8) \
    X(max, ps, 16) X(max, pd, 16) X(max, ss, 4) X(max, sd, 8)
/* clang-format on */
ARITHMETIC_LIST(ARITHMETIC)

#define FP_BODY(name) \
    struct xmm d = cpu->xmm[insn->reg]; \
    struct sse_env env; \
\
    sse_begin(cpu->mxcsr, &env); \
    sse_##name(&d, &s, insn, &env); \
    SETTLE()

#define FP_FORMS(name, size, put) \
    HANDLER(fp_reg_##name) \
    { \
        if (UNLIKELY(!may_use_xmm(cpu))) \
            return simd_run(cpu, insn); \
        { \
            const struct xmm s = cpu->xmm[insn->rm]; \
            FP_BODY(name); \
            put; \
        } \
        DISPATCH(cpu, insn + 1); \
    } \
    HANDLER(fp_mem_##name) \
    { \
        const uint8_t *host = source(cpu, insn, size, (size) == 16); \
\
        if (UNLIKELY(!host || !may_use_xmm(cpu))) \
            return simd_run(cpu, insn); \
        { \
            const struct xmm s = get_host_xmm(host, size); \
            FP_BODY(name); \
            put; \
        } \
        DISPATCH(cpu, insn + 1); \
    }

#define PUT_XMM   cpu->xmm[insn->reg] = d
#define PUT_GPR   cpu->reg[insn->reg] = (uint32_t)d.q[0]
#define PUT_FLAGS flags_set_arithmetic(cpu, (uint32_t)d.q[0])

/* clang-format off */
/* X(name, size in memory, where the result goes) */
#define FP_LIST(X) \
    X(sqrtps, 16, PUT_XMM) X(sqrtpd, 16, PUT_XMM) \
    X(sqrtss, 4, PUT_XMM) X(sqrtsd, 8, PUT_XMM) \
    X(cmpps, 16, PUT_XMM) X(cmppd, 16, PUT_XMM) \
    X(cmpss, 4, PUT_XMM) X(cmpsd, 8, PUT_XMM) \
    X(rcpps, 16, PUT_XMM) X(rcpss, 4, PUT_XMM) \
    X(rsqrtps, 16, PUT_XMM) X(rsqrtss, 4, PUT_XMM) \
    X(cvtdq2ps, 16, PUT_XMM) X(cvtdq2pd, 8, PUT_XMM) \
    X(cvtps2dq, 16, PUT_XMM) X(cvttps2dq, 16, PUT_XMM) \
    X(cvtpd2dq, 16, PUT_XMM) X(cvttpd2dq, 16, PUT_XMM) \
    X(cvtps2pd, 8, PUT_XMM) X(cvtpd2ps, 16, PUT_XMM) \
    X(cvtss2sd, 4, PUT_XMM) X(cvtsd2ss, 8, PUT_XMM) \
    X(cvtss2si, 4, PUT_GPR) X(cvttss2si, 4, PUT_GPR) \
    X(cvtsd2si, 8, PUT_GPR) X(cvttsd2si, 8, PUT_GPR) \
    X(comiss, 4, PUT_FLAGS) X(comisd, 8, PUT_FLAGS) \
    X(ucomiss, 4, PUT_FLAGS) X(ucomisd, 8, PUT_FLAGS)
/* clang-format on */

FP_LIST(FP_FORMS)

/* From general registers. */
#define FP_FROM_GPR(name) \
    HANDLER(fp_gpr_##name) \
    { \
        if (UNLIKELY(!may_use_xmm(cpu))) \
            return simd_run(cpu, insn); \
        { \
            const struct xmm s = {{cpu->reg[insn->rm], 0}}; \
            FP_BODY(name); \
            PUT_XMM; \
        } \
        DISPATCH(cpu, insn + 1); \
    }
FP_FROM_GPR(cvtsi2ss)
FP_FROM_GPR(cvtsi2sd)

/* Choosing. */

struct forms {
    insn_fn *mm_reg, *mm_mem, *mm_imm, *xmm_reg, *xmm_mem, *xmm_imm;
};

/* clang-format off */
static const struct forms forms_of[SIMD_COUNT] = {
#define X(name) [SIMD_##name] = { \
    mm_reg_##name, mm_mem_##name, NULL, xmm_reg_##name, xmm_mem_##name, NULL},
    SIMD_LANE_LIST(X) SIMD_PACK_LIST(X) X(mov)
#undef X
#define X(name) [SIMD_##name] = { \
    mm_reg_##name, mm_mem_##name, mm_imm_##name, \
    xmm_reg_##name, xmm_mem_##name, xmm_imm_##name},
    SIMD_SHIFT_LIST(X)
#undef X
#define X(name) \
    [SIMD_punpckl##name] = { \
        mm_reg_punpckl##name, mm_mem_punpckl##name, NULL, \
        xmm_reg_punpckl##name, xmm_mem_punpckl##name, NULL}, \
    [SIMD_punpckh##name] = { \
        mm_reg_punpckh##name, mm_mem_punpckh##name, NULL, \
        xmm_reg_punpckh##name, xmm_mem_punpckh##name, NULL},
    SIMD_UNPACK_LIST(X)
#undef X
#define X(name) [SIMD_##name] = { \
    mm_reg_##name, mm_mem_##name, NULL, NULL, NULL, NULL},
    SIMD_MM_LIST(X)
#undef X
#define X(name) [SIMD_##name] = { \
    NULL, NULL, NULL, xmm_reg_##name, xmm_mem_##name, NULL},
    SIMD_XMM_LIST(X)
#undef X
#define X(name) [SIMD_##name] = { \
    gpr_mm_##name, NULL, NULL, gpr_xmm_##name, NULL, NULL},
    SIMD_GPR_LIST(X)
#undef X
#define X(name, load) [SIMD_##name] = { \
    NULL, NULL, NULL, xmm_reg_##name, load_##load, NULL},
    X(movss, movss) X(movsd, movsd) X(movq, movsd) X(movlps, movlps)
    X(movhps, movhps)
#undef X
#define X(name) [SIMD_##name] = {NULL, NULL, NULL, NULL, NULL, xmm_imm_##name},
    SIMD_BYTES_LIST(X)
#undef X
#define X(name, size, put) [SIMD_##name] = { \
    NULL, NULL, NULL, fp_reg_##name, fp_mem_##name, NULL},
    FP_LIST(X)
#undef X
#define X(name, form, size) [SIMD_##name##form] = { \
    NULL, NULL, NULL, fp_reg_##name##form, fp_mem_##name##form, NULL},
    ARITHMETIC_LIST(X)
#undef X
};
/* clang-format on */

/* Operand 0 is ModRM.rm: stores, and moves the other way round. */
static insn_fn *quick_back(const struct insn *insn, enum operand_kind to,
                           enum operand_kind from)
{
    bool memory = insn->flags & INSN_MEM;
    enum simd_sem sem = simd_sem(insn);

    if (from == OPERAND_P) {
        if (to == OPERAND_Ed)
            return memory ? NULL : mm_to_gpr;
        return memory ? store_mm : NULL;
    }
    if (!memory) {
        switch (sem) {
        case SIMD_mov: return to == OPERAND_Ed ? xmm_to_gpr : xmm_back_mov;
        case SIMD_movss: return xmm_back_movss;
        case SIMD_movsd: return xmm_back_movsd;
        case SIMD_movq: return xmm_back_movq;
        default: return NULL;
        }
    }
    switch (to) {
    case OPERAND_Wx:
    case OPERAND_Mx: return store_movaps;
    case OPERAND_Wu: return store_movups;
    case OPERAND_Ed:
    case OPERAND_Wd: return store_movss;
    case OPERAND_Wq:
    case OPERAND_Mq: return sem == SIMD_movhps ? store_movhps : store_movlps;
    default: return NULL;
    }
}

static insn_fn *quick_ed(const struct insn *insn, enum operand_kind to)
{
    if (insn->flags & INSN_MEM)
        return NULL;
    switch (simd_sem(insn)) {
    case SIMD_mov: return to == OPERAND_P ? mm_from_gpr : xmm_from_gpr;
    case SIMD_cvtsi2ss: return fp_gpr_cvtsi2ss;
    case SIMD_cvtsi2sd: return fp_gpr_cvtsi2sd;
    default: return NULL;
    }
}

insn_fn *simd_quick(const struct insn *insn)
{
    enum operand_kind to = insn_info[insn->slot].operand[0];
    enum operand_kind from = insn_info[insn->slot].operand[1];
    const struct forms *forms = &forms_of[simd_sem(insn)];
    bool memory = insn->flags & INSN_MEM;

    if (from == OPERAND_Ib)
        return to == OPERAND_N ? forms->mm_imm : forms->xmm_imm;
    if (from == OPERAND_P || (from == OPERAND_V && to != OPERAND_V))
        return quick_back(insn, to, from);
    if (from == OPERAND_Ed)
        return quick_ed(insn, to);
    if (to == OPERAND_Gd && from == OPERAND_N)
        return forms->mm_reg;
    if (to == OPERAND_P && (from == OPERAND_Qq || from == OPERAND_Qd))
        return memory ? forms->mm_mem : forms->mm_reg;
    if (from == OPERAND_N || from == OPERAND_Qq || from == OPERAND_Rw ||
        to == OPERAND_P)
        return NULL;
    if (from == OPERAND_Wu && memory)
        return load_movups;
    return memory ? forms->xmm_mem : forms->xmm_reg;
}
