/* String instructions that are not repeated, and bit tests that reach beyond
 * their operand. */
#include <assert.h>

#include "jit/x64_lower.h"

static const struct recipe_value none;

/* Upwards is the usual way; the interpreter does the other. */
static void check_direction(struct lower *l)
{
    flags_clobber(l);
    x64_digit_m(&l->x, 4, 0xf7, 0, FIELD(eflags)); /* test */
    x64_dword(&l->x, FLAG_DF);
    lower_redo_if(l, CC_NZ);
}

/* r8 = host address of what ESI or EDI points to. */
static void element(struct lower *l, unsigned reg, unsigned seg, bool write)
{
    x64_mov_rr(&l->x, R8, host_reg(4, reg));
    if (!(l->insn->flags & INSN_ADDR32))
        x64_rr(&l->x, 4, 0x0fb7, R8, R8);
    lower_access(l, seg, l->size, write);
}

static void advance(struct lower *l, unsigned reg)
{
    unsigned host = host_reg(4, reg);

    flags_reg_write(l, 4, reg);
    if (l->insn->flags & INSN_ADDR32) {
        x64_lea(&l->x, host, x64_at((uint8_t)host, l->size));
        return;
    }
    x64_lea(&l->x, R9, x64_at((uint8_t)host, l->size));
    x64_rr(&l->x, 2, 0x89, R9, host);
}

static void movs(struct lower *l)
{
    element(l, CPU_ESI, l->insn->seg, false);
    x64_load_zx(&l->x, l->size, R9, x64_at(R8, 0));
    x64_store(&l->x, 4, R9, FIELD(jit.scratch));
    element(l, CPU_EDI, SEG_ES, true);
    x64_load(&l->x, 4, R9, FIELD(jit.scratch));
    x64_store(&l->x, l->size, R9, x64_at(R8, 0));
    advance(l, CPU_ESI);
    advance(l, CPU_EDI);
}

static void lods(struct lower *l)
{
    element(l, CPU_ESI, l->insn->seg, false);
    flags_reg_write(l, 4, CPU_EAX);
    x64_load(&l->x, l->size, RAX, x64_at(R8, 0));
    advance(l, CPU_ESI);
}

static void stos(struct lower *l)
{
    element(l, CPU_EDI, SEG_ES, true);
    x64_store(&l->x, l->size, RAX, x64_at(R8, 0));
    advance(l, CPU_EDI);
}

/* Flags of a - r9, where r10 is a. */
static void compare(struct lower *l, struct recipe_value a)
{
    struct recipe_value b = none;

    flags_begin(l, FLAGS_OSZAPC, false);
    if (flags_wanted(l, RECIPE_SUB))
        b = value_saved(l, R9);
    x64_rr(&l->x, l->size, 0x39, R9, R10);
    flags_end(l, RECIPE_SUB, false, a, b, none);
    l->valid = FLAGS_OSZAPC;
}

static void scas(struct lower *l)
{
    element(l, CPU_EDI, SEG_ES, false);
    x64_load_zx(&l->x, l->size, R9, x64_at(R8, 0));
    x64_mov_rr(&l->x, R10, RAX);
    compare(l, value_reg(CPU_EAX));
    advance(l, CPU_EDI);
}

static void cmps(struct lower *l)
{
    struct recipe_value a = none;

    element(l, CPU_ESI, l->insn->seg, false);
    x64_load_zx(&l->x, l->size, R9, x64_at(R8, 0));
    a = value_saved(l, R9);
    element(l, CPU_EDI, SEG_ES, false);
    x64_load_zx(&l->x, l->size, R9, x64_at(R8, 0));
    value_again(l, R10, a);
    compare(l, a);
    advance(l, CPU_ESI);
    advance(l, CPU_EDI);
}

void lower_string(struct lower *l)
{
    check_direction(l);
    switch (insn_sem(l->insn)) {
    case SEM_movs: movs(l); break;
    case SEM_lods: lods(l); break;
    case SEM_stos: stos(l); break;
    case SEM_scas: scas(l); break;
    default:
        assert(insn_sem(l->insn) == SEM_cmps);
        cmps(l);
        break;
    }
}

/* The register's number is signed and reaches any word around the operand. */
void lower_bit_string(struct lower *l)
{
    const struct insn *insn = l->insn;
    unsigned which = insn_sem(insn) - SEM_bt;
    unsigned shift = l->size == 4 ? 5 : 4;
    unsigned number = host_reg(4, insn->reg);
    struct recipe_value cf = none;

    flags_clobber(l);
    lower_offset(l, R8);
    if (l->size == 4)
        x64_mov_rr(&l->x, R9, number);
    else
        x64_rr(&l->x, 4, 0x0fbf, R9, number); /* movsx */
    x64_digit_r(&l->x, 4, 0xc1, SHIFT_SAR, R9);
    x64_byte(&l->x, shift);
    x64_lea(&l->x, R8,
            (struct x64_mem){
                .base = R8, .index = R9, .scale = (uint8_t)(l->size / 2)});
    if (!(insn->flags & INSN_ADDR32))
        x64_rr(&l->x, 4, 0x0fb7, R8, R8);
    lower_access(l, insn->seg, l->size, which != 0);
    flags_begin(l, FLAG_CF, false);
    x64_load_zx(&l->x, l->size, R9, x64_at(R8, 0));
    x64_rr(&l->x, l->size, 0x0fa3 + 8 * which, number, R9);
    if (which)
        x64_store(&l->x, l->size, R9, x64_at(R8, 0));
    if (flags_wanted(l, RECIPE_NCF))
        cf = value_saved_cc(l, CC_NB);
    flags_end(l, RECIPE_NCF, false, cf, none, none);
    l->valid = FLAG_CF;
}
