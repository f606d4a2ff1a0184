/* Registers for debuggers. What a value has to be to be taken is what the
 * processor's own instructions ask, but for the hidden parts of segment
 * registers, which take anything. */
#include <string.h>

#include "cpu/debug_int.h"
#include "cpu/fpu_int.h"
#include "cpu/mmu.h"
#include "cpu/sys_int.h"

/* By encoding; their hidden parts stand in that order from CS_BASE on, and
 * LDTR and TR follow with the selector first. */
static const enum debug_register selectors[] = {
    [SEG_ES] = DEBUG_ES,     [SEG_CS] = DEBUG_CS, [SEG_SS] = DEBUG_SS,
    [SEG_DS] = DEBUG_DS,     [SEG_FS] = DEBUG_FS, [SEG_GS] = DEBUG_GS,
    [SEG_LDTR] = DEBUG_LDTR, [SEG_TR] = DEBUG_TR,
};
static const enum debug_register bases[] = {
    [SEG_ES] = DEBUG_ES_BASE,     [SEG_CS] = DEBUG_CS_BASE,
    [SEG_SS] = DEBUG_SS_BASE,     [SEG_DS] = DEBUG_DS_BASE,
    [SEG_FS] = DEBUG_FS_BASE,     [SEG_GS] = DEBUG_GS_BASE,
    [SEG_LDTR] = DEBUG_LDTR_BASE, [SEG_TR] = DEBUG_TR_BASE,
};

/* ORDER hidden: base, limit, access */
_Static_assert(DEBUG_GS_LIMIT == DEBUG_GS_BASE + 1 &&
                   DEBUG_GS_ACCESS == DEBUG_GS_BASE + 2 &&
                   DEBUG_TR_ACCESS == DEBUG_TR_BASE + 2,
               "hidden parts of segment registers");
_Static_assert(sizeof(((struct debug_registers *)0)->xmm) ==
                   sizeof(((struct cpu *)0)->xmm),
               "XMM registers");
_Static_assert((int)DEBUG_EDI == CPU_EDI && (int)DEBUG_EAX == CPU_EAX,
               "general registers have their encoding's numbers");

static void get_segments(const struct cpu *cpu, uint32_t *value)
{
    for (unsigned i = 0; i < SEG_COUNT; i++) {
        const struct segment *s = &cpu->seg[i];

        value[selectors[i]] = s->selector;
        value[bases[i]] = s->base;
        value[bases[i] + 1] = s->limit;
        value[bases[i] + 2] = s->access;
    }
}

static uint32_t tag_word(const struct fpu *fpu)
{
    uint32_t word = 0;

    for (unsigned n = 0; n < FPU_REGS; n++) {
        unsigned tag = 2;

        switch (f80_classify(fpu->reg[n])) {
        case F80_NORMAL: tag = 0; break;
        case F80_ZERO: tag = 1; break;
        default: break;
        }
        if (!(fpu->full >> n & 1))
            tag = 3;
        word |= tag << (2 * n);
    }
    return word;
}

static void get_fpu(const struct cpu *cpu, struct debug_registers *out)
{
    uint32_t *value = out->value;

    value[DEBUG_FCTRL] = cpu->fpu.control;
    value[DEBUG_FSTAT] = fpu_status_word(cpu);
    value[DEBUG_FTAG] = tag_word(&cpu->fpu);
    value[DEBUG_FISEG] = cpu->fpu.cs;
    value[DEBUG_FIOFF] = cpu->fpu.ip;
    value[DEBUG_FOSEG] = cpu->fpu.ds;
    value[DEBUG_FOOFF] = cpu->fpu.dp;
    value[DEBUG_FOP] = cpu->fpu.op;
    for (unsigned n = 0; n < DEBUG_ST_REGS; n++) {
        struct f80 reg = fpu_st(cpu, n);

        memcpy(out->st[n], &reg.man, 8);
        memcpy(out->st[n] + 8, &reg.se, 2);
    }
}

static void get_system(const struct cpu *cpu, uint32_t *value)
{
    value[DEBUG_GDT_BASE] = cpu->gdtr.base;
    value[DEBUG_GDT_LIMIT] = cpu->gdtr.limit;
    value[DEBUG_IDT_BASE] = cpu->idtr.base;
    value[DEBUG_IDT_LIMIT] = cpu->idtr.limit;
    value[DEBUG_CR0] = cpu->cr0;
    value[DEBUG_CR2] = cpu->cr2;
    value[DEBUG_CR3] = cpu->cr3;
    value[DEBUG_CR4] = cpu->cr4;
    for (unsigned n = 0; n < 4; n++)
        value[DEBUG_DR0 + n] = cpu->dr[n];
    value[DEBUG_DR6] = cpu->dr[6];
    value[DEBUG_DR7] = cpu->dr[7];
    value[DEBUG_CPL] = cpu->cpl;
    value[DEBUG_HALTED] = cpu->halted;
    value[DEBUG_PC] = cpu->seg[SEG_CS].base + cpu->eip;
}

void debug_get_registers(struct cpu *cpu, struct debug_registers *out)
{
    memset(out, 0, sizeof(*out));
    memcpy(out->value, cpu->reg, CPU_REGS * sizeof(cpu->reg[0]));
    out->value[DEBUG_EIP] = cpu->eip;
    out->value[DEBUG_EFLAGS] = flags_get(cpu);
    get_segments(cpu, out->value);
    get_system(cpu, out->value);
    out->has_fpu = cpu->fpu.present;
    if (out->has_fpu)
        get_fpu(cpu, out);
    out->has_sse = cpu_model_has(cpu->model, CPU_FEATURE_SSE);
    out->value[DEBUG_MXCSR] = cpu->mxcsr;
    memcpy(out->xmm, cpu->xmm, sizeof(out->xmm)); /* hosts are little-endian */
}

/* Writing. */

typedef bool exec_fn(struct cpu *cpu, const struct insn *insn);

/* What an instruction of privilege 0 does with `value` in EAX. */
static bool execute(struct cpu *cpu, exec_fn *exec, unsigned reg,
                    uint32_t value)
{
    const struct insn insn = {
        .reg = (uint8_t)reg, .rm = CPU_EAX, .flags = INSN_OP32};
    uint32_t eax = cpu->reg[CPU_EAX];
    uint8_t cpl = cpu->cpl;
    bool done;

    cpu->reg[CPU_EAX] = value;
    cpu->cpl = 0;
    done = exec(cpu, &insn);
    cpu->cpl = cpl;
    cpu->reg[CPU_EAX] = eax;
    cpu->fault.pending = false;
    return done;
}

static bool set_dr(struct cpu *cpu, unsigned n, uint32_t value)
{
    cpu->dr[7] &= ~DR7_GD; /* we may */
    return execute(cpu, exec_mov_dr_r, n, value);
}

static bool set_cs(struct cpu *cpu, uint16_t selector)
{
    struct descriptor d;

    if (cpu_paragraphs(cpu)) {
        seg_set_paragraph(cpu, SEG_CS, selector);
        return true;
    }
    if (desc_is_null(selector) || !desc_load(cpu, selector, VECTOR_GP, &d) ||
        !desc_is_code(&d) || !desc_present(&d) ||
        desc_rpl(selector) != cpu->cpl || !desc_probe(cpu, &d)) {
        cpu->fault.pending = false;
        return false;
    }
    desc_commit(cpu, SEG_CS, &d);
    return true;
}

static bool set_selector(struct cpu *cpu, unsigned seg, uint16_t selector)
{
    bool done;

    if (seg == SEG_CS)
        return set_cs(cpu, selector);
    if (seg >= SEG_LDTR)
        return execute(cpu, seg == SEG_TR ? exec_ltr : exec_lldt, 0, selector);
    done = seg_load_register(cpu, seg, selector);
    cpu->fault.pending = false;
    return done;
}

static void set_hidden(struct cpu *cpu, unsigned seg, unsigned part,
                       uint32_t value)
{
    struct segment *s = &cpu->seg[seg];

    switch (part) { /* ORDER hidden */
    case 0: s->base = value; break;
    case 1: s->limit = value; break;
    default: s->access = (uint16_t)value; break;
    }
    if (seg < SEG_LDTR)
        seg_update(cpu, seg);
}

static bool set_segment(struct cpu *cpu, enum debug_register reg,
                        uint32_t value, bool *is_segment)
{
    *is_segment = true;
    for (unsigned seg = 0; seg < SEG_COUNT; seg++) {
        if (reg == selectors[seg])
            return set_selector(cpu, seg, (uint16_t)value);
        if (reg >= bases[seg] && reg <= bases[seg] + 2) {
            set_hidden(cpu, seg, reg - bases[seg], value);
            return true;
        }
    }
    *is_segment = false;
    return false;
}

static bool set_eip(struct cpu *cpu, uint32_t eip)
{
    cpu->eip = cpu->model < CPU_386 ? eip & 0xffff : eip;
    cpu->halted = false;
    return true;
}

/* Outside the present segment of real mode another one is chosen, with the
 * offset as large as it gets: 7C00 is 0:7C00. */
static bool set_pc(struct cpu *cpu, laddr pc)
{
    const struct segment *cs = &cpu->seg[SEG_CS];

    if (cpu_paragraphs(cpu) && pc - cs->base > cs->limit) {
        uint32_t high = pc & 0xffff0000u;

        if (high > 0xf0000)
            high = 0xffff0;
        if (pc - high > 0xffff)
            return false;
        seg_set_paragraph(cpu, SEG_CS, (uint16_t)(high >> 4));
    }
    return set_eip(cpu, pc - cs->base);
}

static bool set_fpu(struct cpu *cpu, enum debug_register reg, uint32_t value)
{
    struct fpu *fpu = &cpu->fpu;

    if (!fpu->present)
        return false;
    switch (reg) {
    case DEBUG_FCTRL:
        fpu->control = (uint16_t)((value & CW_KEPT) | CW_ONE);
        break;
    case DEBUG_FSTAT:
        fpu->top = value >> SW_TOP_SHIFT & 7;
        fpu->status = (uint16_t)(value & (SW_FLAGS | SW_SF | SW_CC));
        break;
    case DEBUG_FTAG:
        fpu->full = 0;
        for (unsigned n = 0; n < FPU_REGS; n++)
            fpu->full |= (uint8_t)(((value >> (2 * n) & 3) != 3) << n);
        break;
    case DEBUG_FISEG: fpu->cs = (uint16_t)value; break;
    case DEBUG_FIOFF: fpu->ip = value; break;
    case DEBUG_FOSEG: fpu->ds = (uint16_t)value; break;
    case DEBUG_FOOFF: fpu->dp = value; break;
    case DEBUG_FOP: fpu->op = value & 0x7ff; break;
    default: return false;
    }
    fpu_update(cpu);
    return true;
}

/* Bits that no model has are refused, as LDMXCSR would. */
static bool set_mxcsr(struct cpu *cpu, uint32_t value)
{
    if (!cpu_model_has(cpu->model, CPU_FEATURE_SSE) || value > 0xffff)
        return false;
    cpu->mxcsr = value;
    return true;
}

static bool set_system(struct cpu *cpu, enum debug_register reg, uint32_t value)
{
    switch (reg) {
    case DEBUG_EIP: return set_eip(cpu, value);
    case DEBUG_PC: return set_pc(cpu, value);
    case DEBUG_EFLAGS:
        sys_load_flags(cpu, value, sys_flags_mask(cpu));
        return true;
    case DEBUG_GDT_BASE: cpu->gdtr.base = value; return true;
    case DEBUG_GDT_LIMIT: cpu->gdtr.limit = (uint16_t)value; return true;
    case DEBUG_IDT_BASE: cpu->idtr.base = value; return true;
    case DEBUG_IDT_LIMIT: cpu->idtr.limit = (uint16_t)value; return true;
    case DEBUG_CR0: return execute(cpu, exec_mov_cr_r, 0, value);
    case DEBUG_CR2: return execute(cpu, exec_mov_cr_r, 2, value);
    case DEBUG_CR3: return execute(cpu, exec_mov_cr_r, 3, value);
    case DEBUG_CR4: return execute(cpu, exec_mov_cr_r, 4, value);
    case DEBUG_DR0:
    case DEBUG_DR1:
    case DEBUG_DR2:
    case DEBUG_DR3: return set_dr(cpu, reg - DEBUG_DR0, value);
    case DEBUG_DR6: return set_dr(cpu, 6, value);
    case DEBUG_DR7: return set_dr(cpu, 7, value);
    case DEBUG_MXCSR: return set_mxcsr(cpu, value);
    default: return set_fpu(cpu, reg, value);
    }
}

bool debug_set_register(struct cpu *cpu, enum debug_register reg,
                        uint32_t value)
{
    bool is_segment, done;

    if (reg <= DEBUG_EDI) {
        cpu->reg[reg] = value;
        return true;
    }
    done = set_segment(cpu, reg, value, &is_segment);
    return is_segment ? done : set_system(cpu, reg, value);
}

bool debug_set_st(struct cpu *cpu, unsigned n, const uint8_t bytes[10])
{
    struct f80 *reg = &cpu->fpu.reg[fpu_number(cpu, n)];

    if (!cpu->fpu.present || n >= FPU_REGS)
        return false;
    memcpy(&reg->man, bytes, 8);
    memcpy(&reg->se, bytes + 8, 2);
    return true;
}

bool debug_set_xmm(struct cpu *cpu, unsigned n, const uint8_t bytes[16])
{
    if (!cpu_model_has(cpu->model, CPU_FEATURE_SSE) || n >= DEBUG_XMM_REGS)
        return false;
    memcpy(&cpu->xmm[n], bytes, 16);
    return true;
}

bool debug_translate(struct cpu *cpu, laddr addr, paddr *phys)
{
    return mmu_peek(cpu, addr, phys);
}
