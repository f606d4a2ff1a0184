/* FXSAVE and FXRSTOR, MXCSR, and stores that go around caches. */
#include "cpu/simd.h"

#include "cpu/fpu_int.h"
#include "cpu/interp.h"
#include "cpu/simd_int.h"

/* The image (SDM volume 1, table 10-2). */
#define IMAGE_BYTES 512
#define IMAGE_MXCSR 24
#define IMAGE_MASK  28
#define IMAGE_XMM   160
#define IMAGE_END   288 /* what is behind stays as it is */

/* Bits of MXCSR that may be set. The Pentium III, which has no DAZ, leaves the
 * field of the image 0. */
static uint32_t mxcsr_mask(const struct cpu *cpu)
{
    return cpu->model >= CPU_PENTIUM4 ? 0xffff : 0xffbf;
}

static bool has_sse(const struct cpu *cpu)
{
    return cpu->model >= CPU_PENTIUM3;
}

/* #NM, or #GP for the place. */
static bool begin_image(struct cpu *cpu, const struct insn *insn, bool write)
{
    if (cpu->cr0 & (CR0_EM | CR0_TS))
        return cpu_fault(cpu, VECTOR_NM, 0);
    return simd_check_aligned(cpu, insn, IMAGE_BYTES, write);
}

bool exec_fxsave(struct cpu *cpu, const struct insn *insn)
{
    bool sse = has_sse(cpu) && (cpu->cr4 & CR4_OSFXSR);
    uint32_t mask = cpu->model >= CPU_PENTIUM4 ? mxcsr_mask(cpu) : 0;
    uint8_t image[IMAGE_END] = {0};

    if (!begin_image(cpu, insn, true) || !fpu_may_write(cpu, insn, IMAGE_BYTES))
        return false;
    fpu_put_fx(cpu, image);
    if (has_sse(cpu)) {
        memcpy(image + IMAGE_MXCSR, &cpu->mxcsr, 4);
        memcpy(image + IMAGE_MASK, &mask, 4);
    }
    if (sse)
        memcpy(image + IMAGE_XMM, cpu->xmm, sizeof(cpu->xmm));
    return fpu_write(cpu, insn, image, sse ? IMAGE_END : IMAGE_XMM);
}

bool exec_fxrstor(struct cpu *cpu, const struct insn *insn)
{
    bool sse = has_sse(cpu) && (cpu->cr4 & CR4_OSFXSR);
    uint8_t image[IMAGE_BYTES];
    uint32_t mxcsr;

    if (!begin_image(cpu, insn, false) ||
        !fpu_read(cpu, insn, image, IMAGE_BYTES))
        return false;
    memcpy(&mxcsr, image + IMAGE_MXCSR, 4);
    if (has_sse(cpu) && (mxcsr & ~mxcsr_mask(cpu)))
        return cpu_fault(cpu, VECTOR_GP, 0);
    if (has_sse(cpu))
        cpu->mxcsr = mxcsr;
    if (sse)
        memcpy(cpu->xmm, image + IMAGE_XMM, sizeof(cpu->xmm));
    fpu_get_fx(cpu, image);
    return true;
}

static bool may_use_sse(struct cpu *cpu)
{
    bool stopped;

    return simd_may_use(cpu, false, true, &stopped);
}

bool exec_ldmxcsr(struct cpu *cpu, const struct insn *insn)
{
    uint32_t value;

    if (!may_use_sse(cpu) ||
        !seg_load(cpu, insn->seg, insn_address(cpu, insn), 4, &value))
        return false;
    if (value & ~mxcsr_mask(cpu))
        return cpu_fault(cpu, VECTOR_GP, 0);
    cpu->mxcsr = value;
    return true;
}

bool exec_stmxcsr(struct cpu *cpu, const struct insn *insn)
{
    return may_use_sse(cpu) &&
           seg_store(cpu, insn->seg, insn_address(cpu, insn), cpu->mxcsr, 4);
}

/* No cache is modelled; it may fault as a load of a byte does. */
bool exec_clflush(struct cpu *cpu, const struct insn *insn)
{
    uint32_t value;

    return seg_load(cpu, insn->seg, insn_address(cpu, insn), 1, &value);
}

bool exec_movnti(struct cpu *cpu, const struct insn *insn)
{
    return seg_store(cpu, insn->seg, insn_address(cpu, insn),
                     cpu->reg[insn->reg], 4);
}

void simd_reset(struct cpu *cpu)
{
    for (unsigned n = 0; n < XMM_REGS; n++)
        cpu->xmm[n] = (struct xmm){{0, 0}};
    cpu->mxcsr = MXCSR_RESET;
}
