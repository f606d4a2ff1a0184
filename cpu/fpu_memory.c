/* x87 instructions with an operand in memory. */
#include <string.h>

#include "cpu/fpu_int.h"
#include "cpu/interp.h"

/* Reaching memory. */

#define FIRST_WORD 2

static bool fault_segment(struct cpu *cpu, unsigned seg, uint32_t at,
                          unsigned size, bool write)
{
    /* Up to the 386 the CPU checks only the first word for the coprocessor;
     * what the rest meets comes as vector 9. */
    if (cpu->model <= CPU_386 && size > FIRST_WORD &&
        seg_allows(&cpu->seg[seg], at, FIRST_WORD, write))
        return cpu_fault(cpu, VECTOR_CSO, 0);
    return cpu_fault(cpu, seg == SEG_SS ? VECTOR_SS : VECTOR_GP, cpu->ext);
}

static unsigned alignment(const struct insn *insn, unsigned size)
{
    if (size == 16) /* of MOVUPS and its kin: others are at multiples of 16 */
        return 8;
    if (size > 10) /* an image of the whole state */
        return insn_size(insn);
    return size == 10 ? 8 : size;
}

static bool check(struct cpu *cpu, const struct insn *insn, unsigned size,
                  bool write)
{
    uint32_t at = insn_address(cpu, insn);
    const struct segment *s = &cpu->seg[insn->seg];

    if (cpu->model == CPU_8086)
        return true;
    if (!seg_allows(s, at, size, write))
        return fault_segment(cpu, insn->seg, at, size, write);
    if (seg_unaligned(cpu, s->base + at, alignment(insn, size)))
        return cpu_fault(cpu, VECTOR_AC, 0);
    return !write || mmu_probe_write(cpu, s->base + at, size, cpu->user);
}

/* The quick way: all of it on one page of RAM. */
static bool is_quick(const struct cpu *cpu, const struct insn *insn,
                     uint32_t at, unsigned size, unsigned rights)
{
    const struct segment *s = &cpu->seg[insn->seg];

    return (s->fast & rights) && at <= s->limit && size - 1 <= s->limit - at;
}

/* Size of the next piece; on an 8086 words, each of which wraps by itself. */
static unsigned piece(const struct cpu *cpu, unsigned left)
{
    return left >= 4 && cpu->model > CPU_8086 ? 4 : 2;
}

static bool read_pieces(struct cpu *cpu, const struct insn *insn,
                        uint8_t *bytes, unsigned size)
{
    uint32_t at = insn_address(cpu, insn), value;
    laddr base = cpu->seg[insn->seg].base;

    if (!check(cpu, insn, size, false))
        return false;
    for (unsigned n = 0, step; n < size; n += step) {
        step = piece(cpu, size - n);
        if (cpu->model == CPU_8086) {
            if (!seg_load(cpu, insn->seg, (at + n) & 0xffff, step, &value))
                return false;
        } else if (!mmu_load(cpu, base + at + n, step, cpu->user, &value)) {
            return false;
        }
        memcpy(bytes + n, &value, step);
    }
    return true;
}

bool fpu_read(struct cpu *cpu, const struct insn *insn, uint8_t *bytes,
              unsigned size)
{
    uint32_t at = insn_address(cpu, insn);

    if (is_quick(cpu, insn, at, size, SEG_FAST_READ)) {
        const uint8_t *host =
            mmu_read_host(cpu, cpu->seg[insn->seg].base + at, size);

        if (host) {
            memcpy(bytes, host, size);
            return true;
        }
    }
    return read_pieces(cpu, insn, bytes, size);
}

bool fpu_may_write(struct cpu *cpu, const struct insn *insn, unsigned size)
{
    uint32_t at = insn_address(cpu, insn);

    if (is_quick(cpu, insn, at, size, SEG_FAST_WRITE) &&
        mmu_write_host(cpu, cpu->seg[insn->seg].base + at, size))
        return true;
    return check(cpu, insn, size, true);
}

bool fpu_write(struct cpu *cpu, const struct insn *insn, const uint8_t *bytes,
               unsigned size)
{
    uint32_t at = insn_address(cpu, insn);
    laddr base = cpu->seg[insn->seg].base;
    uint8_t *host = mmu_write_host(cpu, base + at, size);

    if (host && is_quick(cpu, insn, at, size, SEG_FAST_WRITE)) {
        memcpy(host, bytes, size);
        return true;
    }
    for (unsigned n = 0, step; n < size; n += step) {
        uint32_t value = 0;

        step = piece(cpu, size - n);
        memcpy(&value, bytes + n, step);
        if (cpu->model == CPU_8086) {
            if (!seg_store(cpu, insn->seg, (at + n) & 0xffff, value, step))
                return false;
        } else if (!mmu_store(cpu, base + at + n, value, step, cpu->user)) {
            return false;
        }
    }
    return true;
}

/* Formats. ORDER formats */
enum format {
    FORMAT_F32,
    FORMAT_I32,
    FORMAT_F64,
    FORMAT_I16,
    FORMAT_I64,
    FORMAT_F80,
    FORMAT_BCD,
};

static const uint8_t size_of[] = {4, 4, 8, 2, 8, 10, 10};

static struct fpu_operand keep_signalling(struct f80 value,
                                          const struct f80_env *env)
{
    struct fpu_operand operand = {value, env->flags & F80_DE};

    if (env->flags & F80_IE)
        operand.value.man &= ~F80_QUIET;
    return operand;
}

static bool read_operand(struct cpu *cpu, const struct insn *insn,
                         enum format format, struct fpu_operand *out)
{
    struct f80_env env = {.masked = CW_MASKS};
    uint8_t bytes[10] = {0};
    uint64_t low;

    if (!fpu_read(cpu, insn, bytes, size_of[format]))
        return false;
    memcpy(&low, bytes, sizeof(low));
    *out = (struct fpu_operand){.denormal = false};
    switch (format) {
    case FORMAT_F32:
        *out = keep_signalling(f80_from_f32((uint32_t)low, &env), &env);
        break;
    case FORMAT_F64:
        *out = keep_signalling(f80_from_f64(low, &env), &env);
        break;
    case FORMAT_I16: out->value = f80_from_i64((int16_t)low); break;
    case FORMAT_I32: out->value = f80_from_i64((int32_t)low); break;
    case FORMAT_I64: out->value = f80_from_i64((int64_t)low); break;
    case FORMAT_BCD: out->value = f80_from_bcd(bytes); break;
    case FORMAT_F80:
        out->value.man = low;
        memcpy(&out->value.se, bytes + 8, 2);
        break;
    }
    return true;
}

/* D8, DA, DC, DE: ST(0) with memory. */
static bool memory_arithmetic(struct cpu *cpu, const struct insn *insn)
{
    /* ORDER formats: bits 2-1 of the opcode choose among the first four. */
    enum format format = (enum format)(insn->opcode >> 1 & 3);
    struct fpu_operand operand;
    unsigned op = insn->reg;

    if (!read_operand(cpu, insn, format, &operand))
        return false;
    if (fpu_empty(cpu, 0))
        fpu_underflow(cpu, op, 0, op == 3);
    else if (op == 2 || op == 3)
        fpu_compare(cpu, &operand, false, op == 3);
    else
        fpu_arithmetic(cpu, op, &operand, 0, false);
    return true;
}

static bool load(struct cpu *cpu, const struct insn *insn, enum format format)
{
    struct f80_env env = fpu_env(cpu);
    struct fpu_operand operand;

    if (!read_operand(cpu, insn, format, &operand))
        return false;
    if (!fpu_empty(cpu, 7)) {
        if (fpu_stack_fault(cpu, true))
            fpu_push(cpu, f80_indefinite());
        return true;
    }
    if (operand.denormal)
        env.flags |= F80_DE;
    if (format != FORMAT_F80 && f80_classify(operand.value) == F80_SNAN) {
        env.flags |= F80_IE;
        operand.value.man |= F80_QUIET;
    }
    /* A denormal is loaded even when its exception is unmasked. */
    if (fpu_settle(cpu, &env) || !(env.flags & ~env.masked & F80_IE))
        fpu_push(cpu, operand.value);
    return true;
}

/* The bytes that a store writes. */
static void convert(struct f80 value, enum format format, uint8_t bytes[10],
                    struct f80_env *env)
{
    uint64_t low = value.man;

    switch (format) {
    case FORMAT_F32: low = f80_to_f32(value, env); break;
    case FORMAT_F64: low = f80_to_f64(value, env); break;
    case FORMAT_I16: low = (uint64_t)f80_to_int(value, 16, false, env); break;
    case FORMAT_I32: low = (uint64_t)f80_to_int(value, 32, false, env); break;
    case FORMAT_I64: low = (uint64_t)f80_to_int(value, 64, false, env); break;
    case FORMAT_BCD: f80_to_bcd(value, bytes, env); return;
    case FORMAT_F80: memcpy(bytes + 8, &value.se, 2); break;
    }
    memcpy(bytes, &low, sizeof(low));
}

static bool store(struct cpu *cpu, const struct insn *insn, enum format format,
                  bool pop)
{
    struct f80_env env = fpu_env(cpu), quiet = {.masked = CW_MASKS};
    uint8_t bytes[10] = {0};
    bool stored;

    if (!fpu_may_write(cpu, insn, size_of[format]))
        return false;
    if (fpu_empty(cpu, 0)) {
        convert(f80_indefinite(), format, bytes, &quiet);
        stored = fpu_stack_fault(cpu, false);
    } else {
        convert(fpu_st(cpu, 0), format, bytes, &env);
        stored = fpu_settle(cpu, &env) &&
                 !(env.flags & ~env.masked & (F80_OE | F80_UE));
    }
    if (!stored)
        return true;
    if (!fpu_write(cpu, insn, bytes, size_of[format]))
        return false;
    if (pop)
        fpu_pop(cpu);
    return true;
}

#define LOAD(name, format) \
    static bool name(struct cpu *cpu, const struct insn *insn) \
    { \
        return load(cpu, insn, format); \
    }
#define STORE(name, format, pop) \
    static bool name(struct cpu *cpu, const struct insn *insn) \
    { \
        return store(cpu, insn, format, pop); \
    }

LOAD(fld_f32, FORMAT_F32)
LOAD(fld_f64, FORMAT_F64)
LOAD(fld_f80, FORMAT_F80)
LOAD(fild_i16, FORMAT_I16)
LOAD(fild_i32, FORMAT_I32)
LOAD(fild_i64, FORMAT_I64)
LOAD(fbld, FORMAT_BCD)
STORE(fst_f32, FORMAT_F32, false)
STORE(fst_f64, FORMAT_F64, false)
STORE(fist_i16, FORMAT_I16, false)
STORE(fist_i32, FORMAT_I32, false)
STORE(fstp_f32, FORMAT_F32, true)
STORE(fstp_f64, FORMAT_F64, true)
STORE(fstp_f80, FORMAT_F80, true)
STORE(fistp_i16, FORMAT_I16, true)
STORE(fistp_i32, FORMAT_I32, true)
STORE(fistp_i64, FORMAT_I64, true)
STORE(fbstp, FORMAT_BCD, true)

fpu_fn *fpu_memory_form(const struct insn *insn)
{
    /* clang-format off */
    static fpu_fn *const table[4][8] = { /* D9, DB, DD, DF by ModRM.reg */
        {fld_f32,  NULL, fst_f32,  fstp_f32,
         fpu_fldenv, fpu_fldcw, fpu_fnstenv, fpu_fnstcw},
        {fild_i32, NULL, fist_i32, fistp_i32, NULL, fld_f80, NULL, fstp_f80},
        {fld_f64,  NULL, fst_f64,  fstp_f64,
         fpu_frstor, NULL, fpu_fnsave, fpu_fnstsw},
        {fild_i16, NULL, fist_i16, fistp_i16, fbld, fild_i64, fbstp, fistp_i64},
    };
    /* clang-format on */

    if (!(insn->opcode & 1))
        return memory_arithmetic;
    return table[insn->opcode >> 1 & 3][insn->reg];
}
