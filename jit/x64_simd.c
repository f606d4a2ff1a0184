/* SSE and SSE2 instructions, by the host's.
 *
 * The guest's XMM registers are in the host's while cpu->jit.xmm_live is set,
 * and the host's MXCSR is the guest's, whose exceptions are all masked then.
 * The first SSE instruction of a node looks; thunks put everything back before
 * C code runs (x64_thunk.c). What Intel's and AMD's processors do differently
 * (RCPPS and RSQRTPS) is left to the interpreter. */
#include <assert.h>

#include "cpu/simd.h"
#include "jit/x64_lower.h"

static const struct recipe_value none;

static unsigned kind_of(const struct insn *insn, unsigned n)
{
    return insn_info[insn->slot].operand[n];
}

static bool is_known(unsigned kind)
{
    switch (kind) {
    case OPERAND_none:
    case OPERAND_V:
    case OPERAND_U:
    case OPERAND_Wx:
    case OPERAND_Wu:
    case OPERAND_Wq:
    case OPERAND_Wd:
    case OPERAND_Mq:
    case OPERAND_Mx:
    case OPERAND_Ed:
    case OPERAND_Gd:
    case OPERAND_Rw:
    case OPERAND_P:
    case OPERAND_N:
    case OPERAND_Qq:
    case OPERAND_Qd:
    case OPERAND_Ib: return true;
    default: return false;
    }
}

bool lower_simd_native(const struct insn *insn)
{
    /* From memory, an MMX instruction on Intel's processors only. */
    if (simd_sem_of(insn) == SIMD_cvtpi2ps && (insn->flags & INSN_MEM))
        return false;
    switch (simd_sem_of(insn)) {
    case SIMD_none:
    case SIMD_emms:
    case SIMD_maskmov:
    case SIMD_rcpps:
    case SIMD_rcpss:
    case SIMD_rsqrtps:
    case SIMD_rsqrtss: return false;
    default:
        return is_known(kind_of(insn, 0)) && is_known(kind_of(insn, 1)) &&
               is_known(kind_of(insn, 2));
    }
}

static bool is_reg_kind(unsigned kind)
{
    return kind == OPERAND_V || kind == OPERAND_P || kind == OPERAND_Gd;
}

static bool is_mm(unsigned kind)
{
    return kind == OPERAND_P || kind == OPERAND_N || kind == OPERAND_Qq ||
           kind == OPERAND_Qd;
}

static bool is_xmm(unsigned kind)
{
    return kind == OPERAND_V || kind == OPERAND_U ||
           (kind >= OPERAND_Wx && kind <= OPERAND_Wd);
}

/* The operand that ModRM.rm names, or memory. */
static unsigned rm_kind(const struct insn *insn)
{
    unsigned kind = kind_of(insn, 0);

    if (is_reg_kind(kind))
        return kind_of(insn, 1);
    return kind;
}

static unsigned bytes_of(unsigned kind)
{
    switch (kind) {
    case OPERAND_Wq:
    case OPERAND_Qq:
    case OPERAND_Mq: return 8;
    case OPERAND_Wd:
    case OPERAND_Qd:
    case OPERAND_Ed: return 4;
    case OPERAND_Rw: return 2;
    default: return 16;
    }
}

static bool is_store(const struct insn *insn)
{
    unsigned kind = kind_of(insn, 0);

    return (insn->flags & INSN_MEM) && !is_reg_kind(kind);
}

/* `rm`: the part of REX that the other operand needs. */
static void put_opcode(struct lower *l, unsigned reg, unsigned rm)
{
    const struct insn *insn = l->insn;
    unsigned rex = (reg >> 3) << 2 | rm;

    if ((insn->slot >= INSN_SLOT_66 && insn->slot < INSN_SLOT_F2) ||
        (insn->slot >= INSN_SLOT_GROUP && kind_of(insn, 0) == OPERAND_U))
        x64_byte(&l->x, 0x66);
    else if (insn->slot >= INSN_SLOT_F2 && insn->slot < INSN_SLOT_F3)
        x64_byte(&l->x, 0xf2);
    else if (insn->slot >= INSN_SLOT_F3 && insn->slot < INSN_SLOT_86)
        x64_byte(&l->x, 0xf3);
    if (rex)
        x64_byte(&l->x, 0x40 | rex);
    x64_byte(&l->x, 0x0f);
    x64_byte(&l->x, insn->opcode);
}

/* Conversion of two integers from memory leaves the x87 alone. */
static bool uses(const struct insn *insn, bool (*is)(unsigned kind))
{
    if (is == is_mm && simd_sem_of(insn) == SIMD_cvtpi2pd &&
        (insn->flags & INSN_MEM))
        return false;
    return is(kind_of(insn, 0)) || is(kind_of(insn, 1));
}

/* Sees to it that the registers are in the host's. */
static void make_live(struct lower *l)
{
    struct deferred *d;

    if (l->xmm_live)
        return;
    flags_clobber(l);
    x64_alu_imm_m(&l->x, 1, ALU_CMP, FIELD(jit.xmm_live), 0);
    d = lower_defer(l, DEFER_CALL, x64_jcc(&l->x, CC_Z));
    d->site = lower_site(l, SITE_ACCESS);
    d->thunk = l->jit->load_xmm;
    d->resume = l->x.at;
    l->xmm_live = true;
}

/* The host has compared: ZF, PF and CF. */
void lower_comi_flags(struct lower *l)
{
    struct recipe_value saved = none;

    flags_begin(l, FLAGS_OSZAPC, false);
    l->valid = FLAG_ZF | FLAG_PF | FLAG_CF;
    if (!flags_wanted(l, RECIPE_COMI))
        return;
    x64_mov_rr(&l->x, R10, RAX);
    x64_byte(&l->x, 0x9f); /* lahf */
    saved = value_saved(l, RAX);
    x64_mov_rr(&l->x, RAX, R10);
    l->size = 4;
    flags_end(l, RECIPE_COMI, false, saved, none, none);
}

static void put_operands(struct lower *l)
{
    const struct insn *insn = l->insn;
    unsigned reg = insn->reg, rm = insn->rm;

    if (kind_of(insn, 0) == OPERAND_Gd)
        reg = host_reg(4, insn->reg);
    if (insn->flags & INSN_MEM) {
        x64_mem_prefix(&l->x, l->mem);
        put_opcode(l, reg, x64_mem_rex(l->mem));
        x64_mem_modrm(&l->x, reg, l->mem);
    } else {
        if (rm_kind(insn) == OPERAND_Ed || rm_kind(insn) == OPERAND_Rw)
            rm = host_reg(4, insn->rm);
        put_opcode(l, reg, rm >> 3);
        x64_byte(&l->x, 0xc0 | (reg & 7) << 3 | (rm & 7));
    }
    if (kind_of(insn, 1) == OPERAND_Ib || kind_of(insn, 2) == OPERAND_Ib)
        x64_byte(&l->x, insn->imm & 0xff);
}

void lower_simd(struct lower *l)
{
    const struct insn *insn = l->insn;
    enum simd_sem sem = simd_sem_of(insn);
    unsigned kind = rm_kind(insn);

    if (uses(insn, is_mm) || sem == SIMD_emms) {
        lower_fpu_live(l);
        lower_fpu_forget(l);
    }
    if (uses(insn, is_xmm))
        make_live(l);
    if (sem == SIMD_emms) {
        put_opcode(l, 0, 0);
        return;
    }
    if (insn->flags & INSN_MEM) {
        l->aligned = kind == OPERAND_Wx || kind == OPERAND_Mx;
        lower_operand(l, bytes_of(kind), is_store(insn));
        l->aligned = false;
    }
    if (kind_of(insn, 0) == OPERAND_Gd)
        flags_reg_write(l, 4, insn->reg);
    else if (kind_of(insn, 0) == OPERAND_Ed && !(insn->flags & INSN_MEM))
        flags_reg_write(l, 4, insn->rm);
    put_operands(l);
    if (sem == SIMD_comiss || sem == SIMD_comisd || sem == SIMD_ucomiss ||
        sem == SIMD_ucomisd)
        lower_comi_flags(l);
}
