/* x87 and MMX instructions, by the host's.
 *
 * The guest's register stack, status and control word are in the host's while
 * cpu->jit.fpu_live is set; all exceptions are masked and none is pending then.
 * The first such instruction of a node looks; thunks put everything back before
 * C code looks (jit_take_back()). Pointers to the last instruction and operand
 * are known where the code is: sites have them, of which C makes what the guest
 * can see, and only what jumps to another node tells cpu->jit. Transcendental
 * functions, remainders, BCD, environments and control words that unmask
 * something are left to the interpreter. */
#include <assert.h>
#include <string.h>

#include "cpu/simd.h"
#include "jit/x64_lower.h"

static bool is_esc(const struct insn *insn)
{
    return insn->slot >= 0xd8 && insn->slot <= 0xdf;
}

/* FCOMI, FUCOMI and the same with a pop. */
static bool is_comi(const struct insn *insn)
{
    return (insn->opcode == 0xdb || insn->opcode == 0xdf) &&
           !(insn->flags & INSN_MEM) && (insn->reg == 5 || insn->reg == 6);
}

/* Register forms: by ModRM.reg, those of D9 and some others by the whole ModRM
 * byte. */
static bool native_register(const struct cpu *cpu, const struct insn *insn)
{
    unsigned modrm = insn->imm2, reg = insn->reg;

    if (is_comi(insn))
        return cpu_model_has(cpu->model, CPU_FEATURE_CMOV);
    switch (insn->opcode) {
    case 0xd8: return true;
    case 0xd9:
        if (reg < 2 || modrm == 0xd0 || modrm == 0xe0 || modrm == 0xe1 ||
            modrm == 0xe4 || modrm == 0xe5)
            return true;
        return (modrm >= 0xe8 && modrm <= 0xee) || modrm == 0xf6 ||
               modrm == 0xf7 || modrm == 0xfa || modrm == 0xfc ||
               fpu_call_needs(insn);
    case 0xda: return modrm == 0xe9;
    case 0xdb: return false;
    case 0xdc: return reg != 2 && reg != 3;
    case 0xdd: return reg != 1 && reg < 6;
    case 0xde: return reg != 2 && (reg != 3 || modrm == 0xd9);
    default: return modrm == 0xe0;
    }
}

/* Bytes of the operand in memory; 0: not translated. */
static unsigned memory_size(const struct insn *insn)
{
    static const uint8_t size[8][8] = {
        {4, 4, 4, 4, 4, 4, 4, 4},   /* D8 */
        {4, 0, 4, 4, 0, 2, 0, 2},   /* D9 */
        {4, 4, 4, 4, 4, 4, 4, 4},   /* DA */
        {4, 0, 4, 4, 0, 10, 0, 10}, /* DB */
        {8, 8, 8, 8, 8, 8, 8, 8},   /* DC */
        {8, 0, 8, 8, 0, 0, 0, 2},   /* DD */
        {2, 2, 2, 2, 2, 2, 2, 2},   /* DE */
        {2, 0, 2, 2, 0, 8, 0, 8},   /* DF */
    };

    return size[insn->opcode & 7][insn->reg];
}

static bool is_store(const struct insn *insn)
{
    unsigned reg = insn->reg;

    if (!(insn->opcode & 1))
        return false;
    return reg == 2 || reg == 3 || reg == 7;
}

static bool is_fldcw(const struct insn *insn)
{
    return insn->opcode == 0xd9 && insn->reg == 5;
}

/* Sets no pointers. */
static bool is_control(const struct insn *insn)
{
    if (insn->flags & INSN_MEM) /* FLDCW, FNSTCW, FNSTSW */
        return (insn->opcode & 3) == 1 && insn->reg >= 4;
    return insn->opcode == 0xdf && insn->imm2 == 0xe0;
}

bool lower_fpu_native(const struct cpu *cpu, const struct insn *insn)
{
    if (!cpu->fpu.present)
        return false;
    if (insn->slot == 0x9b)
        return true;
    if (!is_esc(insn))
        return false;
    return insn->flags & INSN_MEM ? memory_size(insn) != 0
                                  : native_register(cpu, insn);
}

void lower_fpu_live(struct lower *l)
{
    struct deferred *d;

    if (l->fpu_live)
        return;
    flags_clobber(l);
    x64_alu_imm_m(&l->x, 1, ALU_CMP, FIELD(jit.fpu_live), 0);
    d = lower_defer(l, DEFER_CALL, x64_jcc(&l->x, CC_Z));
    d->site = lower_site(l, SITE_ACCESS);
    d->thunk = l->jit->load_fpu;
    d->resume = l->x.at;
    l->fpu_live = true;
}

uint32_t lower_fpu_place(const struct lower *l)
{
    const uint8_t *insn = (const uint8_t *)l->insn;
    uint32_t place =
        (uint32_t)((size_t)(insn - l->cpu->arena) / sizeof(*l->insn));

    assert((const void *)block_at(l->cpu, place) == insn);
    return place;
}

static bool is_fnop(const struct insn *insn)
{
    return insn->opcode == 0xd9 && insn->imm2 == 0xd0 &&
           !(insn->flags & INSN_MEM);
}

bool lower_fpu_sets_c1(const struct insn *insn)
{
    return is_esc(insn) && !is_control(insn) && !is_fnop(insn);
}

void lower_fpu_note(struct lower *l)
{
    const struct insn *insn = l->insn;

    l->fpu.insn = lower_fpu_place(l);
    if (!is_fnop(insn))
        l->fpu.kept &= ~(uint32_t)FPU_C1;
    if (insn->flags & INSN_MEM) {
        l->fpu.memory = l->fpu.insn;
        l->fpu.kept = 0;
    }
}

uint32_t lower_fpu_point(struct lower *l)
{
    uint32_t place = l->last_point;

    if (!l->fpu.insn)
        return 0;
    if (place && !memcmp(jit_at(l->jit, place), &l->fpu, sizeof(l->fpu)))
        return place;
    place = cache_data(&l->jit->cache, sizeof(l->fpu));
    if (!place)
        l->x.full = true;
    else
        memcpy(jit_at(l->jit, place), &l->fpu, sizeof(l->fpu));
    l->last_point = place;
    return place;
}

static void keep(struct lower *l, unsigned n, uint32_t which)
{
    if (n == INSN_NO_REG || (l->fpu.kept & which))
        return;
    x64_store(&l->x, 4, host_reg(4, n),
              which == FPU_KEPT_BASE ? FIELD(jit.fpu_base)
                                     : FIELD(jit.fpu_index));
    l->fpu.kept |= which;
}

static const struct insn *operand_insn(const struct lower *l)
{
    return (const struct insn *)(const void *)block_at(l->cpu, l->fpu.memory);
}

void lower_fpu_reg_write(struct lower *l, unsigned n)
{
    const struct insn *insn;

    if (!l->fpu.memory)
        return;
    insn = operand_insn(l);
    if (insn->base == n)
        keep(l, n, FPU_KEPT_BASE);
    if (insn->index_reg == n)
        keep(l, n, FPU_KEPT_INDEX);
}

void lower_fpu_settle(struct lower *l)
{
    assert(!(l->fpu.kept & FPU_C1));
    if (l->fpu.insn)
        x64_mov_m_imm(&l->x, 4, FIELD(jit.fpu_insn), l->fpu.insn);
    if (l->fpu.memory) {
        x64_mov_m_imm(&l->x, 4, FIELD(jit.fpu_memory), l->fpu.memory);
        keep(l, operand_insn(l)->base, FPU_KEPT_BASE);
        keep(l, operand_insn(l)->index_reg, FPU_KEPT_INDEX);
    }
    l->fpu = (struct fpu_point){0};
}

/* FNSTSW AX, with what the host's does not know. */
static void status_to_ax(struct lower *l)
{
    static const uint8_t code[] = {0xdf, 0xe0};

    flags_clobber(l);
    for (unsigned i = 0; i < sizeof(code); i++)
        x64_byte(&l->x, code[i]);
    if (!l->fpu_clean) {
        x64_rm(&l->x, 2, 0x23, RAX, FIELD(jit.fpu_keep));
        x64_rm(&l->x, 2, 0x0b, RAX, FIELD(jit.fpu_codes));
    }
    if (l->fpu.kept & FPU_C1)
        x64_rm(&l->x, 2, 0x0b, RAX, FIELD(jit.fpu_c1));
    x64_rm(&l->x, 2, 0x0b, RAX, FIELD(jit.fpu_flags));
}

/* The instruction sets C0, C2 and C3. */
static bool sets_codes(const struct insn *insn)
{
    unsigned reg = insn->reg;

    if (insn->flags & INSN_MEM)
        return !(insn->opcode & 1) && (reg == 2 || reg == 3);
    switch (insn->opcode) {
    case 0xd8: return reg == 2 || reg == 3;
    case 0xd9: return insn->imm2 == 0xe4 || insn->imm2 == 0xe5;
    case 0xda: return true;                 /* FUCOMPP */
    case 0xdd: return reg == 4 || reg == 5; /* FUCOM, FUCOMP */
    case 0xde: return insn->imm2 == 0xd9;   /* FCOMPP */
    default: return false;
    }
}

static void fpu_memory(struct lower *l)
{
    const struct insn *insn = l->insn;

    lower_operand(l, memory_size(insn), is_store(insn));
    if (is_fldcw(insn)) {
        flags_clobber(l);
        x64_load_zx(&l->x, 2, R9, l->mem);
        x64_digit_r(&l->x, 4, 0xf7, 2, R9); /* not r9d */
        x64_digit_r(&l->x, 4, 0xf7, 0, R9); /* test r9d, masks */
        x64_dword(&l->x, 0x3f);
        lower_redo_if(l, CC_NZ);
    }
    if (insn->opcode == 0xdd && insn->reg == 7) {
        x64_mov_rr(&l->x, R10, RAX);
        status_to_ax(l);
        x64_mov_rr(&l->x, R9, RAX);
        x64_mov_rr(&l->x, RAX, R10);
        x64_store(&l->x, 2, R9, l->mem);
        return;
    }
    x64_digit_m(&l->x, 4, insn->opcode, insn->reg, l->mem);
    if (!is_control(insn)) /* when nothing can go wrong any more */
        lower_fpu_note(l);
}

/* AMD's processors leave C1 as it was if an operand of FCOMI is invalid; it is
 * to be 0. FDECSTP and FINCSTP clear it and are nothing together. */
static void clear_c1(struct lower *l)
{
    static const uint8_t code[] = {0xd9, 0xf6, 0xd9, 0xf7};

    for (unsigned i = 0; i < sizeof(code); i++)
        x64_byte(&l->x, code[i]);
}

static void fpu_register(struct lower *l)
{
    const struct insn *insn = l->insn;

    if (is_control(insn)) {
        flags_reg_write(l, 4, CPU_EAX);
        status_to_ax(l);
        return;
    }
    lower_fpu_note(l);
    if (is_comi(insn))
        clear_c1(l);
    x64_byte(&l->x, insn->opcode);
    x64_byte(&l->x, insn->imm2);
    if (is_comi(insn)) {
        l->size = 4;
        lower_comi_flags(l); /* as of UCOMISS */
    }
}

void lower_fpu(struct lower *l)
{
    const struct insn *insn = l->insn;

    lower_fpu_live(l);
    if (insn->slot == 0x9b) /* no error is pending */
        return;
    if (fpu_call_needs(insn)) {
        lower_fpu_call(l);
        return;
    }
    if (insn->flags & INSN_MEM)
        fpu_memory(l);
    else
        fpu_register(l);
    if (!is_control(insn))
        lower_fpu_track(l);
    if (sets_codes(insn) && !l->fpu_clean) {
        /* ORDER fpu_keep */
        x64_mov_m_imm(&l->x, 4, FIELD(jit.fpu_keep), UINT16_MAX);
        l->fpu_clean = true;
    }
}
