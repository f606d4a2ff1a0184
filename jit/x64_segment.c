/* Fixed code for segment registers of protected mode: a selector whose
 * descriptor is what it was when it was loaded last, by the same bytes
 * (struct seg_row), leaves a flat segment flat and CS as it is. */
#include "jit/x64_lower.h"

static struct x64_mem seg_row_at(size_t member)
{
    return (struct x64_mem){REG_CPU, R10, 0,
                            (int32_t)(offsetof(struct cpu, seg_rows) + member)};
}

#define ROW(member) seg_row_at(offsetof(struct seg_row, member))

/* r8 = where the descriptor of selector r9d is, linear */
static void emit_descriptor_at(struct x64 *x, uint8_t *fail[3])
{
    uint8_t *local, *end;

    x64_mov_rr(x, R8, R9);
    x64_alu_imm_r(x, 4, ALU_OR, R8, 7);
    x64_digit_r(x, 4, 0xf7, 0, R9); /* test: the LDT */
    x64_dword(x, 4);
    local = x64_skip(x, 0x70 | CC_NZ);
    x64_load_zx(x, 2, R10, FIELD(gdtr.limit));
    x64_rr(x, 4, 0x39, R10, R8);
    fail[0] = x64_jcc(x, CC_NBE);
    x64_alu_imm_r(x, 4, ALU_XOR, R8, 7);
    x64_rm(x, 4, 0x03, R8, FIELD(gdtr.base));
    end = x64_skip(x, 0xeb);
    x64_land(x, local);
    x64_digit_m(x, 1, 0xf7, 0, FIELD(seg[SEG_LDTR].access));
    x64_byte(x, ACCESS_P);
    fail[1] = x64_jcc(x, CC_Z);
    x64_rm(x, 4, 0x3b, R8, FIELD(seg[SEG_LDTR].limit));
    fail[2] = x64_jcc(x, CC_NBE);
    x64_alu_imm_r(x, 4, ALU_XOR, R8, 7);
    x64_rm(x, 4, 0x03, R8, FIELD(seg[SEG_LDTR].base));
    x64_land(x, end);
}

/* r10 = the distance of the row of selector r9d, whose descriptor is what gave
 * the row. */
static void emit_row(struct x64 *x, uint8_t *fail[7])
{
    emit_descriptor_at(x, fail);
    x64_mov_rr(x, R10, R8);
    x64_alu_imm_r(x, 4, ALU_AND, R10, MEM_PAGE_MASK);
    x64_alu_imm_r(x, 4, ALU_CMP, R10, MEM_PAGE_BYTES - 8);
    fail[3] = x64_jcc(x, CC_NBE);
    x64_mov_rr(x, R10, R8);
    x64_digit_r(x, 4, 0xc1, SHIFT_SHR, R10);
    x64_byte(x, MEM_PAGE_BITS);
    x64_digit_r(x, 4, 0xc1, SHIFT_SHL, R10);
    x64_byte(x, 3);
    x64_rm(x, 8, 0x03, R10, FIELD(system_read_table));
    x64_load(x, 8, R10, x64_at(R10, 0));
    x64_rr(x, 8, 0x85, R10, R10);
    fail[4] = x64_jcc(x, CC_S);
    x64_load(x, 8, R8, (struct x64_mem){R8, R10, 0, 0});
    x64_mov_rr(x, R10, R9);
    x64_alu_imm_r(x, 4, ALU_AND, R10, (SEG_ROWS - 1) << 3);
    x64_digit_r(x, 4, 0xc1, SHIFT_SHL, R10);
    x64_byte(x, 3);
    x64_rm(x, 8, 0x39, R8, ROW(low));
    fail[5] = x64_jcc(x, CC_NZ);
    x64_rm(x, 2, 0x39, R9, ROW(segment.selector));
    fail[6] = x64_jcc(x, CC_NZ);
}

static void emit_answer(struct x64 *x, uint8_t *const *fail, unsigned n)
{
    x64_byte(x, 0xf8); /* clc */
    x64_byte(x, 0xc3);
    while (n--)
        x64_patch(fail[n], x->at);
    x64_byte(x, 0xf9); /* stc */
    x64_byte(x, 0xc3);
}

void thunk_flat_segment(struct x64 *x, unsigned seg)
{
    uint8_t *fail[10];
    unsigned n = 7;

    emit_row(x, fail);
    x64_load_zx(x, 1, R8, FIELD(cpl));
    x64_rm(x, 1, 0x39, R8, ROW(cpl));
    fail[n++] = x64_jcc(x, CC_NZ);
    x64_digit_m(x, 1, 0xf7, 0, ROW(segment.fast)); /* not of a null one */
    x64_byte(x, SEG_FLAT);
    fail[n++] = x64_jcc(x, CC_Z);
    /* What else there is of a flat segment, it has already. */
    x64_load_zx(x, 2, R8, ROW(segment.access));
    x64_store(x, 2, R8, FIELD(seg[seg].access));
    x64_store(x, 2, R9, FIELD(seg[seg].selector));
    emit_answer(x, fail, n);
}

_Static_assert(offsetof(struct segment, limit) ==
                       offsetof(struct segment, base) + 4 &&
                   offsetof(struct segment, access) ==
                       offsetof(struct segment, selector) + 2,
               "thunk_same_code");

/* Code that does not conform, of the present privilege. */
void thunk_same_code(struct x64 *x)
{
    const uint32_t kind = ACCESS_P | ACCESS_S | ACCESS_CODE;
    uint8_t *fail[11];
    unsigned n = 7;

    emit_row(x, fail);
    x64_load(x, 8, R8, ROW(segment.base)); /* and the limit */
    x64_rm(x, 8, 0x39, R8, FIELD(seg[SEG_CS].base));
    fail[n++] = x64_jcc(x, CC_NZ);
    x64_load(x, 4, R8, ROW(segment.selector)); /* and the access rights */
    x64_rm(x, 4, 0x39, R8, FIELD(seg[SEG_CS].selector));
    fail[n++] = x64_jcc(x, CC_NZ);
    x64_digit_r(x, 4, 0xc1, SHIFT_SHR, R8);
    x64_byte(x, 16);
    x64_alu_imm_r(x, 4, ALU_AND, R8, kind | ACCESS_DOWN | ACCESS_DPL);
    x64_load_zx(x, 1, R10, FIELD(cpl));
    x64_digit_r(x, 4, 0xc1, SHIFT_SHL, R10);
    x64_byte(x, ACCESS_DPL_SHIFT);
    x64_alu_imm_r(x, 4, ALU_OR, R10, kind);
    x64_rr(x, 4, 0x39, R10, R8);
    fail[n++] = x64_jcc(x, CC_NZ);
    x64_load_zx(x, 1, R8, FIELD(cpl)); /* is the RPL, too */
    x64_rr(x, 4, 0x31, R9, R8);
    x64_digit_r(x, 4, 0xf7, 0, R8); /* test */
    x64_dword(x, 3);
    fail[n++] = x64_jcc(x, CC_NZ);
    emit_answer(x, fail, n);
}
