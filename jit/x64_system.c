/* Instructions of operating systems and of 16-bit programs: segment registers
 * and far transfers in real mode and V86, flags as a whole. What is not plain -
 * another limit, an interrupt that waits, a flag that changes more than itself
 * - is the interpreter's.
 *
 * Nobody looks at events between two instructions of a path. So STI and a load
 * of SS need no shadow as long as the path goes on behind them. */
#include <assert.h>

#include "jit/x64_lower.h"

static const struct recipe_value none;

/* ORDER opcodes: as in insn.def */
enum {
    OP_PUSH_ES = INSN_SLOT_ONE + 0x06,
    OP_POP_ES = INSN_SLOT_ONE + 0x07,
    OP_PUSH_CS = INSN_SLOT_ONE + 0x0e,
    OP_PUSH_SS = INSN_SLOT_ONE + 0x16,
    OP_POP_SS = INSN_SLOT_ONE + 0x17,
    OP_PUSH_DS = INSN_SLOT_ONE + 0x1e,
    OP_POP_DS = INSN_SLOT_ONE + 0x1f,
    OP_PUSHA = INSN_SLOT_ONE + 0x60,
    OP_POPA = INSN_SLOT_ONE + 0x61,
    OP_MOV_E_SEG = INSN_SLOT_ONE + 0x8c,
    OP_MOV_SEG_E = INSN_SLOT_ONE + 0x8e,
    OP_CALL_FAR = INSN_SLOT_ONE + 0x9a,
    OP_PUSHF = INSN_SLOT_ONE + 0x9c,
    OP_POPF = INSN_SLOT_ONE + 0x9d,
    OP_LES = INSN_SLOT_ONE + 0xc4,
    OP_LDS = INSN_SLOT_ONE + 0xc5,
    OP_RETF_IMM = INSN_SLOT_ONE + 0xca,
    OP_RETF = INSN_SLOT_ONE + 0xcb,
    OP_INT = INSN_SLOT_ONE + 0xcd,
    OP_IRET = INSN_SLOT_ONE + 0xcf,
    OP_JMP_FAR = INSN_SLOT_ONE + 0xea,
    OP_CLI = INSN_SLOT_ONE + 0xfa,
    OP_STI = INSN_SLOT_ONE + 0xfb,
    OP_CLTS = INSN_SLOT_0F + 0x06,
    OP_MOV_R_CR = INSN_SLOT_0F + 0x20,
    OP_RDTSC = INSN_SLOT_0F + 0x31,
    OP_PUSH_FS = INSN_SLOT_0F + 0xa0,
    OP_POP_FS = INSN_SLOT_0F + 0xa1,
    OP_PUSH_GS = INSN_SLOT_0F + 0xa8,
    OP_POP_GS = INSN_SLOT_0F + 0xa9,
    OP_LSS = INSN_SLOT_0F + 0xb2,
    OP_LFS = INSN_SLOT_0F + 0xb4,
    OP_LGS = INSN_SLOT_0F + 0xb5,
    OP_POP_E = INSN_SLOT_GROUP + 8 * 4,
    OP_CALL_FAR_E = INSN_SLOT_GROUP + 8 * 16 + 3,
    OP_JMP_FAR_E = INSN_SLOT_GROUP + 8 * 16 + 5,
    OP_INVLPG = INSN_SLOT_GROUP + 8 * 18 + 7,
};

static bool is_plain(uint32_t mode, unsigned seg)
{
    return seg <= SEG_GS && (mode & BLOCK_PLAIN(seg));
}

/* A load that may leave a flat segment flat; not of SS or CS. */
static bool is_flat(uint32_t mode, unsigned seg)
{
    return seg <= SEG_GS && seg != SEG_SS && seg != SEG_CS &&
           (mode & BLOCK_FLAT(seg)) && !(mode & (BLOCK_REAL | BLOCK_V86));
}

/* A place by 32-bit ESP alone. */
static bool is_on_stack(const struct insn *insn, uint32_t mode)
{
    return insn->base == CPU_ESP && insn->index_reg == INSN_NO_REG &&
           insn->seg == SEG_SS && (insn->flags & INSN_ADDR32) &&
           (mode & BLOCK_STACK32);
}

bool lower_system_native(const struct insn *insn)
{
    uint32_t mode = block_of(insn)->mode;
    bool wide = insn->flags & INSN_OP32;

    switch (insn->slot) {
    case OP_PUSH_ES:
    case OP_PUSH_CS:
    case OP_PUSH_SS:
    case OP_PUSH_DS:
    case OP_PUSH_FS:
    case OP_PUSH_GS:
    case OP_PUSHA:
    case OP_POPA: return true;
    case OP_MOV_E_SEG: return insn->reg <= SEG_GS;
    case OP_POP_ES:
    case OP_POP_SS:
    case OP_POP_DS:
    case OP_POP_FS:
    case OP_POP_GS:
        return is_plain(mode, insn->reg) || is_flat(mode, insn->reg);
    case OP_MOV_SEG_E:
        return insn->reg != SEG_CS &&
               (is_plain(mode, insn->reg) || is_flat(mode, insn->reg));
    case OP_LES:
    case OP_LDS:
    case OP_LSS:
    case OP_LFS:
    case OP_LGS:
        return (insn->flags & INSN_MEM) && !wide && is_plain(mode, insn->imm2);
    case OP_RETF:
    case OP_RETF_IMM:
        if (!(mode & (BLOCK_REAL | BLOCK_V86)))
            return true;
        return !wide && is_plain(mode, SEG_CS);
    case OP_CALL_FAR:
    case OP_JMP_FAR: return !wide && is_plain(mode, SEG_CS);
    case OP_CALL_FAR_E:
    case OP_JMP_FAR_E:
        return (insn->flags & INSN_MEM) && !wide && is_plain(mode, SEG_CS);
    case OP_IRET: return !wide && is_plain(mode, SEG_CS);
    case OP_INT:
        return (mode & BLOCK_REAL) && is_plain(mode, SEG_CS) &&
               is_plain(mode, SEG_SS) && !(mode & BLOCK_STACK32);
    case OP_POP_E:
        return (insn->flags & INSN_MEM) &&
               (insn->base != CPU_ESP || is_on_stack(insn, mode));
    case OP_PUSHF:
    case OP_POPF:
    case OP_RDTSC: return true;
    case OP_CLI:
    case OP_STI: return (mode & BLOCK_V86) || !(mode & BLOCK_USER);
    case OP_INVLPG: return !(mode & BLOCK_USER) && (insn->flags & INSN_MEM);
    case OP_CLTS: return !(mode & BLOCK_USER);
    case OP_MOV_R_CR:
        return !(mode & BLOCK_USER) &&
               (insn->reg == 0 || insn->reg == 2 || insn->reg == 3);
    default: return false;
    }
}

/* Whether the path goes on behind this instruction. */
static bool goes_on(const struct lower *l)
{
    return l->index + 1 < l->b->count && !l->b->insn[l->index + 1].special;
}

static struct x64_mem seg_field(unsigned seg, size_t member)
{
    return x64_at(REG_CPU, offsetof(struct cpu, seg) +
                               seg * sizeof(struct segment) + member);
}

#define SELECTOR(seg) seg_field(seg, offsetof(struct segment, selector))
#define BASE(seg)     seg_field(seg, offsetof(struct segment, base))

/* The x87's pointers take their selectors from the segment registers when they
 * are asked for: not later than now. */
static void check_pointers(struct lower *l)
{
    flags_clobber(l);
    x64_alu_imm_m(&l->x, 1, ALU_CMP, FIELD(jit.fpu_live), 0);
    lower_redo_if(l, CC_NZ);
}

/* Selector r9d to a segment register; r9d = the base. */
static void set_segment(struct lower *l, unsigned seg)
{
    if (is_flat(l->mode, seg)) {
        lower_call_thunk(l, l->jit->flat_segment[seg]);
        lower_redo_if(l, CC_B);
        return;
    }
    x64_store(&l->x, 2, R9, SELECTOR(seg));
    x64_digit_r(&l->x, 4, 0xc1, SHIFT_SHL, R9);
    x64_byte(&l->x, 4);
    x64_store(&l->x, 4, R9, BASE(seg));
}

/* A 32-bit PUSH moves ESP by 4, but stores 2 bytes. */
static void push_segment(struct lower *l)
{
    int32_t by = l->insn->flags & INSN_OP32 ? -4 : -2;

    lower_stack_operand(l, by, 2, true);
    x64_load_zx(&l->x, 2, R9, SELECTOR(l->insn->reg));
    x64_store(&l->x, 2, R9, l->mem);
    lower_move_stack(l, by);
}

static void pop_segment(struct lower *l)
{
    unsigned seg = l->insn->reg;

    if (seg == SEG_SS && !goes_on(l)) {
        lower_step(l);
        return;
    }
    check_pointers(l);
    lower_pop_operand(l, 2);
    x64_load_zx(&l->x, 2, R9, l->mem);
    set_segment(l, seg);
    lower_move_stack(l, l->insn->flags & INSN_OP32 ? 4 : 2);
}

static void store_segment(struct lower *l)
{
    const struct insn *insn = l->insn;

    if (insn->flags & INSN_MEM) {
        lower_operand(l, 2, true);
        x64_load_zx(&l->x, 2, R9, SELECTOR(insn->reg));
        x64_store(&l->x, 2, R9, l->mem);
        return;
    }
    flags_reg_write(l, 4, insn->rm);
    x64_load_zx(&l->x, 2, R9, SELECTOR(insn->reg));
    x64_rr(&l->x, insn->flags & INSN_OP32 ? 4 : 2, 0x89, R9,
           host_reg(4, insn->rm));
}

static void load_segment(struct lower *l)
{
    const struct insn *insn = l->insn;

    if (insn->reg == SEG_SS && !goes_on(l)) {
        lower_step(l);
        return;
    }
    check_pointers(l);
    if (insn->flags & INSN_MEM) {
        lower_operand(l, 2, false);
        x64_load_zx(&l->x, 2, R9, l->mem);
    } else {
        x64_rr(&l->x, 4, 0x0fb7, R9, host_reg(4, insn->rm));
    }
    set_segment(l, insn->reg);
}

/* r8d = selector and offset at the memory operand. */
static void load_pointer(struct lower *l)
{
    l->words = true;
    lower_operand(l, 4, false);
    l->words = false;
    x64_load(&l->x, 4, R8, l->mem);
}

/* r9d = selector of the pointer in r8d */
static void take_selector(struct lower *l)
{
    x64_mov_rr(&l->x, R9, R8);
    x64_digit_r(&l->x, 4, 0xc1, SHIFT_SHR, R9);
    x64_byte(&l->x, 16);
}

static void load_far(struct lower *l)
{
    check_pointers(l);
    load_pointer(l);
    take_selector(l);
    set_segment(l, l->insn->imm2);
    flags_reg_write(l, 4, l->insn->reg);
    x64_rr(&l->x, 2, 0x89, R8, host_reg(4, l->insn->reg));
}

/* CS:IP of what follows, which must not change the rest when it faults. */
static void push_return(struct lower *l)
{
    uint32_t eip = l->b->block->eip + l->insn->offset + l->insn->length;

    lower_stack_operand(l, -4, 4, true);
    x64_load_zx(&l->x, 2, R9, SELECTOR(SEG_CS));
    x64_digit_r(&l->x, 4, 0xc1, SHIFT_SHL, R9);
    x64_byte(&l->x, 16);
    x64_alu_imm_r(&l->x, 4, ALU_OR, R9, eip & 0xffff);
    x64_store(&l->x, 4, R9, l->mem);
    lower_move_stack(l, -4);
}

static void go_far(struct lower *l, bool call)
{
    uint32_t selector = l->insn->imm2;

    check_pointers(l);
    if (call)
        push_return(l);
    x64_mov_imm(&l->x, R9, selector);
    set_segment(l, SEG_CS);
    lower_goto_far(l, l->insn->imm & 0xffff, selector << 4);
}

/* To the CS:IP in r8d. */
static void enter_far(struct lower *l)
{
    take_selector(l);
    x64_rr(&l->x, 4, 0x0fb7, R8, R8);
    set_segment(l, SEG_CS);
    lower_goto_far_r8(l);
}

/* In protected mode: to the code segment that CS holds, if its descriptor has
 * not changed. */
static void return_same(struct lower *l, uint32_t release)
{
    unsigned size = l->insn->flags & INSN_OP32 ? 4 : 2;

    flags_clobber(l);
    lower_stack_operand(l, 0, size, false);
    x64_load_zx(&l->x, size, R9, l->mem);
    x64_store(&l->x, 4, R9, FIELD(jit.scratch));
    lower_stack_operand(l, (int32_t)size, size, false);
    x64_load_zx(&l->x, 2, R9, l->mem);
    lower_call_thunk(l, l->jit->same_code);
    lower_redo_if(l, CC_B);
    x64_load(&l->x, 4, R8, FIELD(jit.scratch));
    x64_alu_imm_r(&l->x, 4, ALU_CMP, R8, l->cpu->seg[SEG_CS].limit);
    lower_redo_if(l, CC_NBE);
    lower_move_stack(l, (int32_t)(2 * size + release));
    lower_goto_r8(l);
}

static void return_far(struct lower *l, uint32_t release)
{
    if (!is_plain(l->mode, SEG_CS)) {
        return_same(l, release);
        return;
    }
    check_pointers(l);
    l->words = true;
    lower_pop_operand(l, 4);
    l->words = false;
    x64_load(&l->x, 4, R8, l->mem);
    lower_move_stack(l, (int32_t)(4 + release));
    enter_far(l);
}

static void go_far_indirect(struct lower *l, bool call)
{
    check_pointers(l);
    load_pointer(l);
    x64_store(&l->x, 4, R8, FIELD(jit.scratch));
    if (call)
        push_return(l);
    x64_load(&l->x, 4, R8, FIELD(jit.scratch));
    enter_far(l);
}

/* Flags. */

/* V86 mode below IOPL 3, and privilege 1 and 2, are the interpreter's. */
static void check_privilege(struct lower *l)
{
    flags_clobber(l);
    if (l->mode & BLOCK_V86) {
        x64_load(&l->x, 4, R9, FIELD(eflags));
        x64_alu_imm_r(&l->x, 4, ALU_AND, R9, FLAG_IOPL);
        x64_alu_imm_r(&l->x, 4, ALU_CMP, R9, FLAG_IOPL);
        lower_redo_if(l, CC_NZ);
    } else if (!(l->mode & BLOCK_REAL)) {
        x64_alu_imm_m(&l->x, 1, ALU_CMP, FIELD(cpl), 0);
        lower_redo_if(l, CC_NZ);
    }
}

/* jit.scratch = EFLAGS as a whole, without VM and RF. */
static void gather_flags(struct lower *l)
{
    l->live = l->read;
    flags_ensure(l, FLAGS_OSZAPC);
    x64_byte(&l->x, 0x9c); /* pushfq */
    x64_byte(&l->x, 0x41); /* pop r9 */
    x64_byte(&l->x, 0x59);
    flags_clobber(l);
    x64_alu_imm_r(&l->x, 4, ALU_AND, R9, FLAGS_OSZAPC);
    x64_rm(&l->x, 4, 0x0b, R9, FIELD(eflags));
    x64_alu_imm_r(&l->x, 4, ALU_AND, R9, ~(FLAG_VM | FLAG_RF));
    x64_store(&l->x, 4, R9, FIELD(jit.scratch));
}

static void push_flags(struct lower *l)
{
    unsigned size = l->insn->flags & INSN_OP32 ? 4 : 2;

    if (l->mode & BLOCK_V86)
        check_privilege(l);
    gather_flags(l);
    lower_push_operand(l, size);
    x64_load(&l->x, 4, R9, FIELD(jit.scratch));
    x64_store(&l->x, size, R9, l->mem);
    lower_move_stack(l, -(int32_t)size);
}

static void test_imm(struct lower *l, unsigned reg, uint32_t value)
{
    x64_digit_r(&l->x, 4, 0xf7, 0, reg);
    x64_dword(&l->x, value);
}

/* An interrupt may wait for IF. */
static void check_interrupt(struct lower *l)
{
    x64_alu_imm_m(&l->x, 1, ALU_CMP, FIELD(intr_level), 0);
    lower_redo_if(l, CC_NZ);
}

/* In ring 3 of protected mode, where IF and IOPL stay as they are: IOPL is not
 * 3 either. */
static bool keeps_privileged(const struct lower *l)
{
    return (l->mode & (BLOCK_USER | BLOCK_V86)) == BLOCK_USER;
}

static void check_flags_privilege(struct lower *l)
{
    if (!keeps_privileged(l)) {
        check_privilege(l);
        return;
    }
    flags_clobber(l);
    x64_load(&l->x, 4, R9, FIELD(eflags));
    x64_alu_imm_r(&l->x, 4, ALU_AND, R9, FLAG_IOPL);
    x64_alu_imm_r(&l->x, 4, ALU_CMP, R9, FLAG_IOPL);
    lower_redo_if(l, CC_Z);
}

/* Flags in r9d, `size` bytes of them, are to be loaded: hands over if more
 * changes than what is easy. r10d = what changes. */
static void check_new_flags(struct lower *l, unsigned size)
{
    uint32_t hard = FLAG_TF | FLAG_NT;
    uint8_t *skip;

    if (!(l->mode & (BLOCK_V86 | BLOCK_USER)))
        hard |= FLAG_IOPL;
    if (size == 4)
        hard |= FLAG_AC | FLAG_ID;
    x64_load(&l->x, 4, R10, FIELD(eflags));
    x64_rr(&l->x, 4, 0x31, R9, R10);
    test_imm(l, R10, hard);
    lower_redo_if(l, CC_NZ);
    if (keeps_privileged(l))
        return;
    test_imm(l, R10, FLAG_IF);
    skip = x64_skip(&l->x, 0x70 | CC_Z);
    check_interrupt(l);
    x64_land(&l->x, skip);
}

/* Loads them. */
static void set_new_flags(struct lower *l)
{
    struct recipe_value saved = none;

    x64_alu_imm_r(&l->x, 4, ALU_AND, R10,
                  keeps_privileged(l) ? FLAG_DF : FLAG_IF | FLAG_DF);
    x64_rm(&l->x, 4, 0x31, R10, FIELD(eflags));
    /* As LAHF and SETO AL would give them: see RECIPE_SAVED. */
    x64_mov_rr(&l->x, R10, R9);
    x64_digit_r(&l->x, 4, 0xc1, SHIFT_SHR, R10);
    x64_byte(&l->x, 11);
    x64_alu_imm_r(&l->x, 4, ALU_AND, R10, 1);
    x64_digit_r(&l->x, 4, 0xc1, SHIFT_SHL, R9);
    x64_byte(&l->x, 8);
    x64_rr(&l->x, 4, 0x09, R10, R9);
    l->size = 4;
    flags_begin(l, FLAGS_OSZAPC, false);
    if (flags_wanted(l, RECIPE_SAVED))
        saved = value_saved(l, R9);
    flags_end(l, RECIPE_SAVED, false, saved, none, none);
}

static void pop_flags(struct lower *l)
{
    unsigned size = l->insn->flags & INSN_OP32 ? 4 : 2;

    check_flags_privilege(l);
    lower_pop_operand(l, size);
    x64_load_zx(&l->x, size, R9, l->mem);
    check_new_flags(l, size);
    set_new_flags(l);
    lower_move_stack(l, (int32_t)size);
}

/* Interrupts. */

static void return_interrupt(struct lower *l)
{
    check_privilege(l);
    x64_alu_imm_m(&l->x, 1, ALU_CMP, FIELD(nmi_blocked), 0);
    lower_redo_if(l, CC_NZ);
    check_pointers(l);
    l->words = true;
    lower_stack_operand(l, 0, 4, false);
    l->words = false;
    x64_load(&l->x, 4, R9, l->mem);
    x64_store(&l->x, 4, R9, FIELD(jit.scratch));
    lower_stack_operand(l, 4, 2, false);
    x64_load_zx(&l->x, 2, R9, l->mem);
    check_new_flags(l, 2);
    set_new_flags(l);
    lower_move_stack(l, 6);
    x64_load(&l->x, 4, R8, FIELD(jit.scratch));
    enter_far(l);
}

/* r8d = the vector */
static void load_vector(struct lower *l, uint32_t n)
{
    x64_alu_imm_m(&l->x, 4, ALU_CMP, FIELD(debugging), 0);
    lower_redo_if(l, CC_NZ);
    x64_load_zx(&l->x, 2, R9, FIELD(idtr.limit));
    x64_alu_imm_r(&l->x, 4, ALU_CMP, R9, 4 * n + 3);
    lower_redo_if(l, CC_B);
    x64_load(&l->x, 4, R8, FIELD(idtr.base));
    x64_lea(&l->x, R8, x64_at(R8, 4 * n));
    x64_mov_rr(&l->x, R9, R8);
    x64_alu_imm_r(&l->x, 4, ALU_AND, R9, MEM_PAGE_MASK);
    x64_alu_imm_r(&l->x, 4, ALU_CMP, R9, MEM_PAGE_BYTES - 4);
    lower_redo_if(l, CC_NBE);
    x64_mov_rr(&l->x, R9, R8);
    x64_digit_r(&l->x, 4, 0xc1, SHIFT_SHR, R9);
    x64_byte(&l->x, MEM_PAGE_BITS);
    x64_digit_r(&l->x, 4, 0xc1, SHIFT_SHL, R9);
    x64_byte(&l->x, 3);
    x64_rm(&l->x, 8, 0x03, R9, FIELD(read_table));
    x64_rm(&l->x, 8, 0x03, R8, x64_at(R9, 0));
    lower_redo_if(l, CC_S);
    x64_load(&l->x, 4, R8, x64_at(R8, 0));
}

/* In real mode. The vector is read first, for the frame may lie on it; and the
 * frame lies in one page, so that its second store works if the first does. */
static void interrupt(struct lower *l)
{
    const uint32_t cleared = FLAG_IF | FLAG_TF | FLAG_AC | FLAG_RF;
    uint32_t eip = l->b->block->eip + l->insn->offset + l->insn->length;

    check_pointers(l);
    x64_alu_imm_r(&l->x, 2, ALU_CMP, R15, 6);
    lower_redo_if(l, CC_B);
    load_vector(l, l->insn->imm & 0xff);
    x64_store(&l->x, 4, R8, FIELD(jit.target));
    gather_flags(l);
    lower_stack_operand(l, -6, 4, true);
    x64_mov_rr(&l->x, R9, R8);
    x64_alu_imm_r(&l->x, 4, ALU_AND, R9, MEM_PAGE_MASK);
    x64_alu_imm_r(&l->x, 4, ALU_CMP, R9, MEM_PAGE_BYTES - 6);
    lower_redo_if(l, CC_NBE);
    x64_load_zx(&l->x, 2, R9, SELECTOR(SEG_CS));
    x64_digit_r(&l->x, 4, 0xc1, SHIFT_SHL, R9);
    x64_byte(&l->x, 16);
    x64_alu_imm_r(&l->x, 4, ALU_OR, R9, eip & 0xffff);
    x64_store(&l->x, 4, R9, l->mem);
    x64_load(&l->x, 4, R9, FIELD(jit.scratch));
    l->mem.disp += 4;
    x64_store(&l->x, 2, R9, l->mem);
    x64_alu_imm_m(&l->x, 4, ALU_AND, FIELD(eflags), ~cleared);
    lower_move_stack(l, -6);
    x64_load(&l->x, 4, R8, FIELD(jit.target));
    enter_far(l);
}

static void pop_memory(struct lower *l)
{
    unsigned size = l->insn->flags & INSN_OP32 ? 4 : 2;

    lower_pop_operand(l, size);
    x64_load_zx(&l->x, size, R9, l->mem);
    x64_store(&l->x, 4, R9, FIELD(jit.scratch));
    if (l->insn->base == CPU_ESP) /* its address sees ESP after the pop */
        lower_stack_operand(l, (int32_t)(l->insn->disp + size), size, true);
    else
        lower_operand(l, size, true);
    x64_load(&l->x, 4, R9, FIELD(jit.scratch));
    x64_store(&l->x, size, R9, l->mem);
    lower_move_stack(l, (int32_t)size);
}

static void clear_interrupt(struct lower *l)
{
    check_privilege(l);
    x64_alu_imm_m(&l->x, 4, ALU_AND, FIELD(eflags), ~FLAG_IF);
}

static void set_interrupt(struct lower *l)
{
    uint8_t *skip;

    if (!goes_on(l)) {
        lower_step(l);
        return;
    }
    check_privilege(l);
    x64_digit_m(&l->x, 4, 0xf7, 0, FIELD(eflags)); /* test */
    x64_dword(&l->x, FLAG_IF);
    skip = x64_skip(&l->x, 0x70 | CC_NZ);
    check_interrupt(l);
    x64_alu_imm_m(&l->x, 4, ALU_OR, FIELD(eflags), FLAG_IF);
    x64_land(&l->x, skip);
}

/* The end of a block that leads on to what follows. */
static void go_behind(struct lower *l)
{
    lower_goto(l, l->b->block->eip + l->insn->offset + l->insn->length);
}

static void read_control(struct lower *l)
{
    static const size_t at[] = {offsetof(struct cpu, cr0), 0,
                                offsetof(struct cpu, cr2),
                                offsetof(struct cpu, cr3)};
    unsigned n = l->insn->rm;

    check_privilege(l);
    flags_reg_write(l, 4, n);
    x64_load(&l->x, 4, host_reg(4, n), x64_at(REG_CPU, at[l->insn->reg]));
}

static void clear_task_switched(struct lower *l)
{
    check_privilege(l);
    x64_digit_m(&l->x, 4, 0xf7, 0, FIELD(cr0)); /* test */
    x64_dword(&l->x, CR0_TS);
    lower_redo_if(l, CC_NZ);
    go_behind(l);
}

static void read_time_stamp(struct lower *l)
{
    flags_clobber(l);
    x64_digit_m(&l->x, 4, 0xf7, 0, FIELD(cr4)); /* test */
    x64_dword(&l->x, CR4_TSD);
    lower_redo_if(l, CC_NZ);
    flags_reg_write(l, 4, CPU_EAX);
    flags_reg_write(l, 4, CPU_EDX);
    x64_mov_imm(&l->x, R10, lower_site(l, SITE_ACCESS));
    lower_call_thunk(l, l->jit->read_tsc);
}

void lower_system(struct lower *l)
{
    switch (l->insn->slot) {
    case OP_POP_ES:
    case OP_POP_SS:
    case OP_POP_DS:
    case OP_POP_FS:
    case OP_POP_GS: pop_segment(l); break;
    case OP_MOV_E_SEG: store_segment(l); break;
    case OP_MOV_SEG_E: load_segment(l); break;
    case OP_LES:
    case OP_LDS:
    case OP_LSS:
    case OP_LFS:
    case OP_LGS: load_far(l); break;
    case OP_CALL_FAR: go_far(l, true); break;
    case OP_JMP_FAR: go_far(l, false); break;
    case OP_RETF: return_far(l, 0); break;
    case OP_RETF_IMM: return_far(l, l->insn->imm & 0xffff); break;
    case OP_CALL_FAR_E: go_far_indirect(l, true); break;
    case OP_JMP_FAR_E: go_far_indirect(l, false); break;
    case OP_INT: interrupt(l); break;
    case OP_IRET: return_interrupt(l); break;
    case OP_POP_E: pop_memory(l); break;
    case OP_PUSHA: lower_push_all(l); break;
    case OP_POPA: lower_pop_all(l); break;
    case OP_PUSHF: push_flags(l); break;
    case OP_POPF: pop_flags(l); break;
    case OP_CLI: clear_interrupt(l); break;
    case OP_STI: set_interrupt(l); break;
    case OP_INVLPG: /* no translation outlives the entry that it stems from */
        check_privilege(l);
        go_behind(l);
        break;
    case OP_RDTSC: read_time_stamp(l); break;
    case OP_CLTS: clear_task_switched(l); break;
    case OP_MOV_R_CR: read_control(l); break;
    default: push_segment(l); break;
    }
}
