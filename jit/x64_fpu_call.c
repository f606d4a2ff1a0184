/* Calls of C for x87 instructions; see fpu_call.c. What it needs to know of the
 * register stack is known where the code is, or the tags are looked at. */
#include "jit/x64_lower.h"

#define TOP_FULL 0x01
#define ST7      0x80

/* ST(i) is full from now on. */
static void fill(struct lower *l, unsigned i)
{
    l->fpu_full |= (uint8_t)(1u << i);
    l->fpu_free &= (uint8_t) ~(1u << i);
}

static void push(struct lower *l)
{
    l->fpu_full = (uint8_t)(l->fpu_full << 1 | TOP_FULL);
    l->fpu_free = (uint8_t)(l->fpu_free << 1);
}

static void pop(struct lower *l)
{
    l->fpu_full >>= 1;
    l->fpu_free = (uint8_t)(l->fpu_free >> 1 | ST7);
}

static void track_memory(struct lower *l)
{
    unsigned reg = l->insn->reg;

    if (!(l->insn->opcode & 1)) { /* arithmetic */
        if (reg == 3)
            pop(l);
        else if (reg != 2)
            fill(l, 0);
    } else if (reg == 0 || reg == 5) {
        push(l);
    } else if (reg == 3 || reg == 7) {
        pop(l);
    }
}

static void track_d9(struct lower *l)
{
    unsigned modrm = l->insn->imm2;

    if (l->insn->reg == 0 || (modrm >= 0xe8 && modrm <= 0xee)) {
        push(l);
    } else if (l->insn->reg == 1) {
        fill(l, 0);
        fill(l, l->insn->rm);
    } else if (modrm == 0xf6 || modrm == 0xf7) { /* FDECSTP, FINCSTP */
        lower_fpu_forget(l);
    } else if (modrm == 0xe0 || modrm == 0xe1 || modrm >= 0xfa) {
        fill(l, 0);
    }
}

static void track_register(struct lower *l)
{
    const struct insn *insn = l->insn;

    switch (insn->opcode) {
    case 0xd8:
        if (insn->reg == 3)
            pop(l);
        else if (insn->reg != 2)
            fill(l, 0);
        break;
    case 0xd9: track_d9(l); break;
    case 0xda: /* FUCOMPP */
        pop(l);
        pop(l);
        break;
    case 0xdc: fill(l, insn->rm); break;
    case 0xdd:
        if (insn->reg == 0)
            lower_fpu_forget(l); /* FFREE */
        if (insn->reg == 2 || insn->reg == 3)
            fill(l, insn->rm);
        if (insn->reg == 3 || insn->reg == 5)
            pop(l);
        break;
    case 0xde:
        if (insn->reg == 3) /* FCOMPP */
            pop(l);
        else
            fill(l, insn->rm);
        pop(l);
        break;
    case 0xdf: /* FCOMIP, FUCOMIP */
        if (insn->reg == 5 || insn->reg == 6)
            pop(l);
        break;
    default: break;
    }
}

void lower_fpu_track(struct lower *l)
{
    if (l->insn->flags & INSN_MEM)
        track_memory(l);
    else
        track_register(l);
}

void lower_fpu_forget(struct lower *l)
{
    l->fpu_full = l->fpu_free = 0;
}

static bool is_known(const struct lower *l, unsigned needs)
{
    if ((needs & 3) & ~(unsigned)l->fpu_full)
        return false;
    return !(needs & FPU_CALL_PUSHES) || (l->fpu_free & ST7);
}

static bool is_repeated(const struct insn *insn)
{
    return insn_sem(insn) >= SEM_movs &&
           (insn->flags & (INSN_REP | INSN_REPNE));
}

/* Whether the host's C1 counts again before this node ends, or may do so. */
static bool c1_passes(const struct lower *l)
{
    const struct insn *insn = l->b->block->insn;

    for (unsigned i = l->index + 1; i < l->b->count; i++) {
        if (l->b->insn[i].special || insn_is_jump(&insn[i]) ||
            is_repeated(&insn[i]))
            return false;
        if (!l->b->insn[i].host.native || lower_fpu_sets_c1(&insn[i]))
            return true;
    }
    return false;
}

static void settle_c1(struct lower *l)
{
    struct deferred *d;

    if (c1_passes(l)) {
        l->fpu.kept |= FPU_C1;
        return;
    }
    x64_alu_imm_m(&l->x, 2, ALU_CMP, FIELD(jit.fpu_c1), 0);
    d = lower_defer(l, DEFER_CALL, x64_jcc(&l->x, CC_NZ));
    d->thunk = l->jit->set_c1;
    d->resume = l->x.at;
}

void lower_fpu_call(struct lower *l)
{
    unsigned needs = fpu_call_needs(l->insn);

    flags_clobber(l);
    if (!is_known(l, needs)) {
        x64_mov_imm(&l->x, R10, lower_fpu_place(l));
        lower_call_thunk(l, l->jit->fpu_check);
        lower_redo_if(l, CC_Z);
    }
    lower_fpu_note(l);
    x64_mov_imm(&l->x, R10, lower_fpu_place(l));
    lower_call_thunk(l, l->jit->fpu_call[l->insn->imm2 & 15]);
    settle_c1(l);
    l->fpu_clean = false;
    if (needs & FPU_CALL_POPS)
        pop(l);
    fill(l, 0);
    if (needs & FPU_CALL_PUSHES)
        push(l);
}
