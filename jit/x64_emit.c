#include "jit/x64_emit.h"

#include <assert.h>
#include <string.h>

void x64_byte(struct x64 *x, unsigned value)
{
    if (x->at >= x->end) {
        x->full = true;
        return;
    }
    *x->at++ = (uint8_t)value;
}

void x64_dword(struct x64 *x, uint32_t value)
{
    if (x->end - x->at < 4) {
        x->full = true;
        x->at = x->end;
        return;
    }
    memcpy(x->at, &value, 4);
    x->at += 4;
}

void x64_qword(struct x64 *x, uint64_t value)
{
    x64_dword(x, (uint32_t)value);
    x64_dword(x, (uint32_t)(value >> 32));
}

static void put_nop(struct x64 *x, unsigned bytes)
{
    static const uint8_t nops[][8] = {
        {0x90},
        {0x66, 0x90},
        {0x0f, 0x1f, 0x00},
        {0x0f, 0x1f, 0x40, 0x00},
        {0x0f, 0x1f, 0x44, 0x00, 0x00},
        {0x66, 0x0f, 0x1f, 0x44, 0x00, 0x00},
        {0x0f, 0x1f, 0x80, 0x00, 0x00, 0x00, 0x00},
        {0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00},
    };

    for (unsigned i = 0; i < bytes; i++)
        x64_byte(x, nops[bytes - 1][i]);
}

void x64_align(struct x64 *x, unsigned unit)
{
    unsigned bytes = (unsigned)(-(uintptr_t)x->at & (unit - 1));

    for (unsigned part; bytes; bytes -= part) {
        part = bytes < 8 ? bytes : 8;
        put_nop(x, part);
    }
}

/* Prefixes and opcode; bits 3 of the three register fields go to REX. */
static void put_opcode(struct x64 *x, unsigned size, unsigned opcode,
                       unsigned reg, unsigned index, unsigned rm)
{
    unsigned rex =
        (size == 8 ? 8u : 0) | (reg >> 3) << 2 | (index >> 3) << 1 | rm >> 3;

    if (size == 2)
        x64_byte(x, 0x66);
    if (rex)
        x64_byte(x, 0x40 | rex);
    if (opcode > 0xff)
        x64_byte(x, opcode >> 8);
    x64_byte(x, size == 1 ? (opcode & 0xfe) : (opcode & 0xff));
}

static bool mixes_high(unsigned a, unsigned b)
{
    return ((a >= 4 && a < 8) && b >= 8) || ((b >= 4 && b < 8) && a >= 8);
}

static unsigned index_of(struct x64_mem m)
{
    return m.index == X64_NO_INDEX ? 0 : m.index;
}

static unsigned base_of(struct x64_mem m)
{
    return m.base == X64_NO_BASE ? 0 : m.base;
}

unsigned x64_mem_rex(struct x64_mem m)
{
    return (index_of(m) >> 3) << 1 | base_of(m) >> 3;
}

void x64_mem_prefix(struct x64 *x, struct x64_mem m)
{
    if (!(m.scale & X64_GS))
        return;
    if (x->guards == x->guards_max)
        x->full = true;
    else
        x->guard[x->guards++] = (struct x64_guard){x->at, x->tag};
    x64_byte(x, 0x65);
    x64_byte(x, 0x67);
}

void x64_mem_modrm(struct x64 *x, unsigned reg, struct x64_mem m)
{
    bool indexed = m.index != X64_NO_INDEX;
    unsigned mod = m.disp == (int8_t)m.disp ? 0x40 : 0x80;
    unsigned base = m.base & 7;

    assert(m.index != RSP);
    reg = (reg & 7) << 3;
    if (m.base == X64_NO_BASE) {
        mod = 0;
        base = RBP;
    } else if (m.disp == 0 && base != RBP) {
        mod = 0;
    }
    if (indexed || base == RSP || m.base == X64_NO_BASE) {
        x64_byte(x, mod | reg | 4);
        x64_byte(x, (m.scale & 3u) << 6 | (indexed ? m.index & 7u : 4u) << 3 |
                        base);
    } else {
        x64_byte(x, mod | reg | base);
    }
    if (mod == 0x40)
        x64_byte(x, (uint8_t)m.disp);
    else if (mod == 0x80 || m.base == X64_NO_BASE)
        x64_dword(x, (uint32_t)m.disp);
}

void x64_rr(struct x64 *x, unsigned size, unsigned opcode, unsigned reg,
            unsigned rm)
{
    assert(size != 1 || !mixes_high(reg, rm));
    x64_digit_r(x, size, opcode, reg, rm);
}

void x64_digit_r(struct x64 *x, unsigned size, unsigned opcode, unsigned digit,
                 unsigned rm)
{
    put_opcode(x, size, opcode, digit, 0, rm);
    x64_byte(x, 0xc0 | (digit & 7) << 3 | (rm & 7));
}

void x64_rm(struct x64 *x, unsigned size, unsigned opcode, unsigned reg,
            struct x64_mem m)
{
    assert(size != 1 || reg < 4 || reg > 7 || !x64_mem_rex(m));
    x64_digit_m(x, size, opcode, reg, m);
}

void x64_digit_m(struct x64 *x, unsigned size, unsigned opcode, unsigned digit,
                 struct x64_mem m)
{
    x64_mem_prefix(x, m);
    put_opcode(x, size, opcode, digit, index_of(m), base_of(m));
    x64_mem_modrm(x, digit, m);
}

void x64_mov_imm(struct x64 *x, unsigned reg, uint32_t value)
{
    if (reg >= 8)
        x64_byte(x, 0x41);
    x64_byte(x, 0xb8 | (reg & 7));
    x64_dword(x, value);
}

void x64_mov_imm64(struct x64 *x, unsigned reg, uint64_t value)
{
    x64_byte(x, reg >= 8 ? 0x49 : 0x48);
    x64_byte(x, 0xb8 | (reg & 7));
    x64_qword(x, value);
}

static void put_imm(struct x64 *x, unsigned size, uint32_t value)
{
    if (size == 1) {
        x64_byte(x, value & 0xff);
    } else if (size == 2) {
        x64_byte(x, value & 0xff);
        x64_byte(x, value >> 8 & 0xff);
    } else {
        x64_dword(x, value);
    }
}

void x64_mov_m_imm(struct x64 *x, unsigned size, struct x64_mem m,
                   uint32_t value)
{
    x64_digit_m(x, size, 0xc7, 0, m);
    put_imm(x, size, value);
}

void x64_mov_rr(struct x64 *x, unsigned to, unsigned from)
{
    x64_rr(x, 4, 0x89, from, to);
}

void x64_load(struct x64 *x, unsigned size, unsigned reg, struct x64_mem m)
{
    x64_rm(x, size, 0x8b, reg, m);
}

void x64_store(struct x64 *x, unsigned size, unsigned reg, struct x64_mem m)
{
    x64_rm(x, size, 0x89, reg, m);
}

void x64_load_zx(struct x64 *x, unsigned size, unsigned reg, struct x64_mem m)
{
    if (size >= 4)
        x64_load(x, size, reg, m);
    else
        x64_rm(x, 4, size == 1 ? 0x0fb6 : 0x0fb7, reg, m);
}

void x64_lea(struct x64 *x, unsigned reg, struct x64_mem m)
{
    x64_rm(x, 4, 0x8d, reg, m);
}

static bool is_short(unsigned size, uint32_t value)
{
    if (size == 2)
        return (int16_t)value == (int8_t)value;
    return (int32_t)value == (int8_t)value;
}

void x64_alu_imm_r(struct x64 *x, unsigned size, unsigned op, unsigned rm,
                   uint32_t value)
{
    if (size > 1 && is_short(size, value)) {
        x64_digit_r(x, size, 0x83, op, rm);
        x64_byte(x, value & 0xff);
        return;
    }
    x64_digit_r(x, size, 0x81, op, rm);
    put_imm(x, size, value);
}

void x64_alu_imm_m(struct x64 *x, unsigned size, unsigned op, struct x64_mem m,
                   uint32_t value)
{
    if (size > 1 && is_short(size, value)) {
        x64_digit_m(x, size, 0x83, op, m);
        x64_byte(x, value & 0xff);
        return;
    }
    x64_digit_m(x, size, 0x81, op, m);
    put_imm(x, size, value);
}

static uint8_t *put_distance(struct x64 *x)
{
    uint8_t *at = x->at;

    x64_dword(x, 0);
    return at;
}

uint8_t *x64_jcc(struct x64 *x, unsigned cc)
{
    x64_byte(x, 0x0f);
    x64_byte(x, 0x80 | cc);
    return put_distance(x);
}

uint8_t *x64_jmp(struct x64 *x)
{
    x64_byte(x, 0xe9);
    return put_distance(x);
}

uint8_t *x64_call(struct x64 *x)
{
    x64_byte(x, 0xe8);
    return put_distance(x);
}

void x64_patch(uint8_t *distance, const uint8_t *to)
{
    int32_t value = (int32_t)(to - (distance + 4));

    memcpy(distance, &value, 4);
}

bool x64_jump_back(struct x64 *x, unsigned opcode, const uint8_t *to)
{
    ptrdiff_t distance = to - (x->at + 2);

    if (distance < INT8_MIN)
        return false;
    x64_byte(x, opcode);
    x64_byte(x, (uint8_t)distance);
    return true;
}

uint8_t *x64_skip(struct x64 *x, unsigned opcode)
{
    uint8_t *at;

    x64_byte(x, opcode);
    at = x->at;
    x64_byte(x, 0);
    return at;
}

void x64_land(struct x64 *x, uint8_t *distance)
{
    if (!x->full)
        *distance = (uint8_t)(x->at - (distance + 1));
}
