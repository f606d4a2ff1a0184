#include "cpu/simd.h"
#include "cpu/fpu_int.h"
#include "cpu/interp.h"
#include "cpu/simd_int.h"

static const uint8_t simd_of[INSN_SLOTS] = {
#define INSN(slot, mnemonic, a, b, c, sem, reads, writes, traits, models)
#define INSN_V(slot, mnemonic, a, b, c, sem, writes, models) \
    [slot] = SIMD_##sem,
#include "cpu/insn.def"
};

enum simd_sem simd_sem(const struct insn *insn)
{
    return (enum simd_sem)simd_of[insn->slot];
}

/* clang-format off */
const struct simd_operand simd_operands[] = {
    /*               file            rm     aligned bytes */
    [OPERAND_P]  = {SIMD_FILE_MM,  false, false, 8},
    [OPERAND_N]  = {SIMD_FILE_MM,  true,  false, 8},
    [OPERAND_Qq] = {SIMD_FILE_MM,  true,  false, 8},
    [OPERAND_Qd] = {SIMD_FILE_MM,  true,  false, 4},
    [OPERAND_V]  = {SIMD_FILE_XMM, false, false, 16},
    [OPERAND_U]  = {SIMD_FILE_XMM, true,  false, 16},
    [OPERAND_Wx] = {SIMD_FILE_XMM, true,  true,  16},
    [OPERAND_Wu] = {SIMD_FILE_XMM, true,  false, 16},
    [OPERAND_Wq] = {SIMD_FILE_XMM, true,  false, 8},
    [OPERAND_Wd] = {SIMD_FILE_XMM, true,  false, 4},
    [OPERAND_Mq] = {SIMD_FILE_NONE, true, false, 8},
    [OPERAND_Mx] = {SIMD_FILE_NONE, true, true,  16},
    [OPERAND_Ed] = {SIMD_FILE_GPR, true,  false, 4},
    [OPERAND_Gd] = {SIMD_FILE_GPR, false, false, 4},
    [OPERAND_Rw] = {SIMD_FILE_GPR, true,  false, 2},
};
/* clang-format on */

enum simd_sem simd_sem_of(const struct insn *insn)
{
    return simd_of[insn->slot];
}

/* May it be used? */

bool simd_may_use(struct cpu *cpu, bool mm, bool xmm, bool *stopped)
{
    *stopped = false;
    if ((cpu->cr0 & CR0_EM) || (xmm && !(cpu->cr4 & CR4_OSFXSR)))
        return cpu_fault(cpu, VECTOR_UD, 0);
    if (cpu->cr0 & CR0_TS)
        return cpu_fault(cpu, VECTOR_NM, 0);
    return !mm || fpu_wait(cpu, stopped);
}

static const struct simd_operand *operand_of(const struct insn *insn,
                                             unsigned n)
{
    return &simd_operands[insn_info[insn->slot].operand[n]];
}

static bool uses(const struct insn *insn, enum simd_file file)
{
    if (file == SIMD_FILE_MM && simd_of[insn->slot] == SIMD_cvtpi2pd &&
        (insn->flags & INSN_MEM))
        return false;
    return operand_of(insn, 0)->file == file ||
           operand_of(insn, 1)->file == file ||
           (file == SIMD_FILE_MM && simd_of[insn->slot] == SIMD_emms);
}

/* Memory. */

bool simd_check_aligned(struct cpu *cpu, const struct insn *insn,
                        unsigned bytes, bool write)
{
    uint32_t at = insn_address(cpu, insn);

    if (!((cpu->seg[insn->seg].base + at) & 15))
        return true;
    return seg_check(cpu, insn->seg, at, bytes, write) &&
           cpu_fault(cpu, VECTOR_GP, 0);
}

static bool load(struct cpu *cpu, const struct insn *insn,
                 const struct simd_operand *from, struct xmm *out)
{
    uint8_t bytes[16] = {0};

    if (from->aligned && !simd_check_aligned(cpu, insn, from->bytes, false))
        return false;
    if (!fpu_read(cpu, insn, bytes, from->bytes))
        return false;
    memcpy(out, bytes, sizeof(*out));
    return true;
}

static bool store(struct cpu *cpu, const struct insn *insn,
                  const struct simd_operand *to, const struct xmm *value)
{
    uint8_t bytes[16];

    memcpy(bytes, value, sizeof(bytes));
    if (to->aligned && !simd_check_aligned(cpu, insn, to->bytes, true))
        return false;
    return fpu_may_write(cpu, insn, to->bytes) &&
           fpu_write(cpu, insn, bytes, to->bytes);
}

/* MASKMOVQ and MASKMOVDQU: bytes of `value` whose mask has the top bit set go
 * to [(E)DI]. A half of the operand of which nothing is stored is not checked;
 * what there is to fault then is left to the processor (SDM volume 2). */

static bool may_store_half(struct cpu *cpu, const struct insn *insn,
                           uint32_t at, uint64_t mask)
{
    if (!(mask & UINT64_C(0x8080808080808080)))
        return true;
    return seg_check(cpu, insn->seg, at, 8, true) &&
           mmu_probe_write(cpu, cpu->seg[insn->seg].base + at, 8, cpu->user);
}

static bool store_masked(struct cpu *cpu, const struct insn *insn,
                         const struct xmm *value, const struct xmm *mask)
{
    uint32_t at = cpu->reg[CPU_EDI];
    uint8_t bytes[16], masks[16];

    memcpy(bytes, value, sizeof(bytes));
    memcpy(masks, mask, sizeof(masks));
    if (!(insn->flags & INSN_ADDR32))
        at &= 0xffff;
    if (!may_store_half(cpu, insn, at, mask->q[0]) ||
        !may_store_half(cpu, insn, at + 8, mask->q[1]))
        return false;
    for (unsigned i = 0; i < 16; i++) {
        if ((masks[i] >> 7) && !seg_store(cpu, insn->seg, at + i, bytes[i], 1))
            return false;
    }
    return true;
}

/* Registers. */

static unsigned number_of(const struct insn *insn,
                          const struct simd_operand *operand)
{
    return operand->rm ? insn->rm : insn->reg;
}

static struct xmm get(const struct cpu *cpu, const struct insn *insn,
                      const struct simd_operand *operand)
{
    unsigned n = number_of(insn, operand);

    switch (operand->file) {
    case SIMD_FILE_MM: return (struct xmm){{fpu_get_mm(cpu, n), 0}};
    case SIMD_FILE_XMM: return cpu->xmm[n];
    case SIMD_FILE_GPR: return (struct xmm){{cpu->reg[n], 0}};
    default: return (struct xmm){{insn->imm, 0}}; /* Ib */
    }
}

static void put(struct cpu *cpu, const struct insn *insn,
                const struct simd_operand *operand, const struct xmm *value)
{
    unsigned n = number_of(insn, operand);

    switch (operand->file) {
    case SIMD_FILE_MM: fpu_set_mm(cpu, n, value->q[0]); break;
    case SIMD_FILE_XMM: cpu->xmm[n] = *value; break;
    case SIMD_FILE_GPR: cpu->reg[n] = (uint32_t)value->q[0]; break;
    default: break;
    }
}

/* Execution. */

static bool is_compare(enum simd_sem sem)
{
    return sem >= SIMD_comiss && sem <= SIMD_ucomisd;
}

/* False: an exception is not masked. */
static bool settle(struct cpu *cpu, const struct sse_env *env)
{
    unsigned flags = env->flags, blocked = flags & ~env->masked;

    if (blocked & (SSE_IE | SSE_DE | SSE_ZE)) /* found before any result */
        flags &= SSE_IE | SSE_DE | SSE_ZE;
    cpu->mxcsr |= flags;
    if (!blocked)
        return true;
    return cpu_fault(cpu, cpu->cr4 & CR4_OSXMMEXCPT ? VECTOR_XM : VECTOR_UD, 0);
}

static bool compute(struct cpu *cpu, const struct insn *insn,
                    const struct xmm *source)
{
    enum simd_sem sem = simd_of[insn->slot];
    const struct simd_operand *to = operand_of(insn, 0);
    const struct simd_op *op = &simd_ops[sem];
    struct xmm value = get(cpu, insn, to);

    if (op->fp) {
        struct sse_env env;

        sse_begin(cpu->mxcsr, &env);
        op->fp(&value, source, insn, &env);
        if (!settle(cpu, &env))
            return false;
        if (is_compare(sem)) {
            flags_set_arithmetic(cpu, (uint32_t)value.q[0]);
            return true;
        }
    } else if (to->file == SIMD_FILE_MM) {
        value.q[0] = op->mm(value.q[0], source->q[0], insn);
    } else {
        op->xmm(&value, source, insn);
    }
    put(cpu, insn, to, &value);
    return true;
}

static bool move(struct cpu *cpu, const struct insn *insn)
{
    enum simd_sem sem = simd_of[insn->slot];
    const struct simd_operand *to = operand_of(insn, 0);
    const struct simd_operand *from = operand_of(insn, 1);
    bool memory = insn->flags & INSN_MEM;
    struct xmm source;

    if (memory && from->rm) {
        if (!load(cpu, insn, from, &source))
            return false;
    } else {
        source = get(cpu, insn, from);
    }
    if (sem == SIMD_maskmov) {
        const struct xmm value = get(cpu, insn, to);

        return store_masked(cpu, insn, &value, &source);
    }
    if (!memory || !to->rm)
        return compute(cpu, insn, &source);
    if (sem == SIMD_movhps)
        source.q[0] = source.q[1];
    return store(cpu, insn, to, &source);
}

bool exec_simd(struct cpu *cpu, const struct insn *insn)
{
    bool mm = uses(insn, SIMD_FILE_MM), stopped;

    if (!simd_may_use(cpu, mm, uses(insn, SIMD_FILE_XMM), &stopped))
        return false;
    if (stopped)
        return true;
    if (simd_of[insn->slot] != SIMD_emms && !move(cpu, insn))
        return false;
    if (mm)
        fpu_enter_mmx(cpu);
    if (simd_of[insn->slot] == SIMD_emms)
        cpu->fpu.full = 0;
    return true;
}

/* The interpreter's handlers. */

const struct insn *simd_run(struct cpu *cpu, const struct insn *insn)
{
    uint32_t next;

    interp_begin(cpu, insn);
    next = cpu->eip;
    if (!exec_simd(cpu, insn)) {
        cpu->block_insns += insn->index;
        return NULL;
    }
    if (cpu->eip != next)
        return interp_leave(cpu, insn, cpu->eip);
    return interp_after(cpu, insn);
}

insn_fn *simd_bind(const struct insn *insn)
{
    insn_fn *quick;

    if (!simd_of[insn->slot])
        return NULL;
    quick = simd_quick(insn);
    return quick ? quick : simd_run;
}
