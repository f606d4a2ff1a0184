/* String instructions, and bit tests that reach beyond their operand. */
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

/* l->mem = what ESI or EDI points to. */
static void element(struct lower *l, unsigned reg, unsigned seg, bool write)
{
    unsigned host = host_reg(4, reg);

    if ((l->insn->flags & INSN_ADDR32) &&
        lower_flat_operand(l, seg, x64_at((uint8_t)host, 0), l->size, write))
        return;
    x64_mov_rr(&l->x, R8, host);
    if (!(l->insn->flags & INSN_ADDR32))
        x64_rr(&l->x, 4, 0x0fb7, R8, R8);
    lower_operand_at(l, seg, l->size, write);
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
    x64_load_zx(&l->x, l->size, R9, l->mem);
    x64_store(&l->x, 4, R9, FIELD(jit.scratch));
    l->stored.kind = STORED_SCRATCH;
    element(l, CPU_EDI, SEG_ES, true);
    x64_load(&l->x, 4, R9, FIELD(jit.scratch));
    x64_store(&l->x, l->size, R9, l->mem);
    advance(l, CPU_ESI);
    advance(l, CPU_EDI);
}

static void lods(struct lower *l)
{
    element(l, CPU_ESI, l->insn->seg, false);
    flags_reg_write(l, 4, CPU_EAX);
    x64_load(&l->x, l->size, RAX, l->mem);
    advance(l, CPU_ESI);
}

static void stos(struct lower *l)
{
    l->stored = (struct stored){STORED_REG, l->size, CPU_EAX, 0};
    element(l, CPU_EDI, SEG_ES, true);
    x64_store(&l->x, l->size, RAX, l->mem);
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
    x64_load_zx(&l->x, l->size, R9, l->mem);
    x64_mov_rr(&l->x, R10, RAX);
    compare(l, value_reg(CPU_EAX));
    advance(l, CPU_EDI);
}

static void cmps(struct lower *l)
{
    struct recipe_value a = none;

    element(l, CPU_ESI, l->insn->seg, false);
    x64_load_zx(&l->x, l->size, R9, l->mem);
    a = value_saved(l, R9);
    element(l, CPU_EDI, SEG_ES, false);
    x64_load_zx(&l->x, l->size, R9, l->mem);
    value_again(l, R10, a);
    compare(l, a);
    advance(l, CPU_ESI);
    advance(l, CPU_EDI);
}

/* Repeated: as much as can be done quickly by fixed code (x64_repeat.c), what
 * is left by the interpreter, which does one iteration at least. Each counts
 * as an instruction, the first of them when the block was entered. */

static bool is_compared(const struct lower *l)
{
    return insn_info[l->insn->slot].flags_written;
}

static enum repeat_kind repeat_kind(const struct lower *l)
{
    bool equal = l->insn->flags & INSN_REP;

    switch (insn_sem(l->insn)) {
    case SEM_movs: return REPEAT_MOVS;
    case SEM_stos: return REPEAT_STOS;
    case SEM_scas: return equal ? REPEAT_SCAS_EQUAL : REPEAT_SCAS_OTHER;
    default:
        assert(insn_sem(l->insn) == SEM_cmps && equal);
        return REPEAT_CMPS_EQUAL;
    }
}

/* The rest is done elsewhere if `cc` holds. A comparison goes on from there
 * with flags that were settled. */
static struct deferred *rest_if(struct lower *l, unsigned cc)
{
    uint8_t *jump = x64_jcc(&l->x, cc);
    struct deferred *d =
        lower_defer(l, is_compared(l) ? DEFER_REPEAT : DEFER_CALL, jump);

    d->site = lower_site(l, SITE_STEP);
    d->thunk = l->jit->step;
    d->eip = l->b->block->eip + l->b->block->insn[l->index + 1].offset;
    if (is_compared(l))
        lower_meet_settled(l, d);
    return d;
}

static void copy_offset(struct lower *l, unsigned to, unsigned reg)
{
    x64_mov_rr(&l->x, to, host_reg(4, reg));
    if (!(l->insn->flags & INSN_ADDR32))
        x64_rr(&l->x, 4, 0x0fb7, to, to);
}

/* r10 = the lesser of r10 and r9 >> shift */
static void limit_count(struct lower *l)
{
    if (l->size > 1) {
        x64_digit_r(&l->x, 8, 0xc1, SHIFT_SHR, R9);
        x64_byte(&l->x, l->size / 2);
    }
    x64_rr(&l->x, 8, 0x39, R9, R10);
    x64_rr(&l->x, 8, 0x0f47, R10, R9); /* cmova */
}

/* r8 or r9 = linear address of what ESI or EDI points to; r10 = at most the
 * elements from there on to the segment's end. Changes r9. */
static struct deferred *reach(struct lower *l, unsigned to, unsigned reg,
                              unsigned seg, bool write)
{
    size_t at = offsetof(struct cpu, seg) + seg * sizeof(struct segment);
    size_t end = write ? offsetof(struct segment, write_end)
                       : offsetof(struct segment, read_end);
    bool flat = l->mode & BLOCK_FLAT(seg);
    struct deferred *d = NULL;

    if (!flat) {
        copy_offset(l, R9, reg);
        x64_digit_r(&l->x, 8, 0xf7, 3, R9); /* neg */
        x64_rm(&l->x, 8, 0x03, R9, x64_at(REG_CPU, at + end));
        d = rest_if(l, CC_LE);
        limit_count(l);
    }
    if (!(l->insn->flags & INSN_ADDR32)) { /* offsets wrap */
        copy_offset(l, R9, reg);
        x64_digit_r(&l->x, 8, 0xf7, 3, R9);
        x64_alu_imm_r(&l->x, 8, ALU_ADD, R9, 0x10000);
        limit_count(l);
    }
    copy_offset(l, to, reg);
    if (!flat)
        x64_rm(&l->x, 4, 0x03, to,
               x64_at(REG_CPU, at + offsetof(struct segment, base)));
    return d;
}

/* reg += r10 elements, without touching flags */
static void advance_many(struct lower *l, unsigned reg)
{
    unsigned host = host_reg(4, reg);
    struct x64_mem m = {(uint8_t)host, R10, (uint8_t)(l->size / 2), 0};

    if (l->insn->flags & INSN_ADDR32) {
        x64_lea(&l->x, host, m);
        return;
    }
    x64_lea(&l->x, host == RSI ? R8 : R9, m);
    x64_rr(&l->x, 2, 0x89, host == RSI ? R8 : R9, host);
}

/* What changes by r10 iterations, without touching flags. Changes r8-r10. */
static void count_many(struct lower *l)
{
    struct x64_mem left = {REG_LEFT, R10, 0, 1}, count = {RCX, R10, 0, 1};

    if (insn_sem(l->insn) == SEM_movs || insn_sem(l->insn) == SEM_cmps)
        advance_many(l, CPU_ESI);
    advance_many(l, CPU_EDI);
    x64_digit_r(&l->x, 4, 0xf7, 2, R10); /* not */
    x64_lea(&l->x, REG_LEFT, left);
    if (l->insn->flags & INSN_ADDR32) {
        x64_lea(&l->x, RCX, count);
        return;
    }
    x64_lea(&l->x, R9, count);
    x64_rr(&l->x, 2, 0x89, R9, RCX);
}

static void test_count(struct lower *l)
{
    x64_rr(&l->x, l->insn->flags & INSN_ADDR32 ? 4 : 2, 0x85, RCX, RCX);
}

static void call_repeat(struct lower *l, struct deferred **d)
{
    enum sem sem = insn_sem(l->insn);

    copy_offset(l, R10, CPU_ECX);
    if (sem == SEM_movs || sem == SEM_cmps)
        d[0] = reach(l, R8, CPU_ESI, l->insn->seg, false);
    d[1] = reach(l, R9, CPU_EDI, SEG_ES, sem == SEM_movs || sem == SEM_stos);
    lower_call_thunk(l, l->jit->repeat[repeat_kind(l)][l->size / 2]);
}

static void move_many(struct lower *l)
{
    struct deferred *d[3] = {NULL};
    uint8_t *nothing;

    lower_fpu_settle(l);
    test_count(l);
    nothing = x64_jcc(&l->x, CC_Z);
    call_repeat(l, d);
    count_many(l);
    test_count(l);
    d[2] = rest_if(l, CC_NZ);
    x64_lea(&l->x, REG_LEFT, x64_at(REG_LEFT, 1));
    x64_patch(nothing, l->x.at);
    for (unsigned i = 0; i < ARRAY_LEN(d); i++) {
        if (d[i])
            d[i]->resume = l->x.at;
    }
    lower_lost(l); /* the step has put all registers back */
}

/* A fault in the rest shows the flags of the last comparison before it. */
static void compare_many(struct lower *l)
{
    bool scas = insn_sem(l->insn) == SEM_scas;
    bool equal = l->insn->flags & INSN_REP;
    struct recipe_value a = value_reg(CPU_EAX), b;
    uint32_t need = l->need;
    struct deferred *d[2];
    uint8_t *found;

    call_repeat(l, d);
    x64_rr(&l->x, 4, 0x85, R10, R10);
    rest_if(l, CC_Z);
    l->need = FLAGS_OSZAPC;
    flags_begin(l, FLAGS_OSZAPC, false);
    if (!scas)
        a = value_saved(l, R8);
    b = value_saved(l, R9);
    flags_end(l, RECIPE_SUB, false, a, b, none);
    x64_rr(&l->x, l->size, 0x39, R9, scas ? RAX : R8);
    count_many(l);
    found = x64_jcc(&l->x, equal ? CC_NZ : CC_Z);
    test_count(l);
    rest_if(l, CC_NZ);
    x64_patch(found, l->x.at);
    x64_lea(&l->x, REG_LEFT, x64_at(REG_LEFT, 1));
    l->need = need;
    recipe_prune(&l->list, need);
}

static void lower_repeated(struct lower *l)
{
    flags_clobber(l);
    flags_reg_write(l, 4, CPU_ECX);
    flags_reg_write(l, 4, CPU_ESI);
    flags_reg_write(l, 4, CPU_EDI);
    if (is_compared(l))
        compare_many(l);
    else
        move_many(l);
}

void lower_string(struct lower *l)
{
    if (l->insn->flags & (INSN_REP | INSN_REPNE)) {
        lower_repeated(l);
        return;
    }
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
    lower_operand_at(l, insn->seg, l->size, which != 0);
    flags_begin(l, FLAG_CF, false);
    x64_load_zx(&l->x, l->size, R9, l->mem);
    x64_rr(&l->x, l->size, 0x0fa3 + 8 * which, number, R9);
    if (which)
        x64_store(&l->x, l->size, R9, l->mem);
    if (flags_wanted(l, RECIPE_NCF))
        cf = value_saved_cc(l, CC_NB);
    flags_end(l, RECIPE_NCF, false, cf, none, none);
    l->valid = FLAG_CF;
}
