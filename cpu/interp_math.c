/* Multiplication flags, division and decimal adjustment, with the flags that
 * the manuals leave undefined as the captured 8086 and 286 set them. */
#include "cpu/interp.h"

void interp_flags_mul(struct cpu *cpu, unsigned bits, uint32_t low,
                      uint32_t high)
{
    flags_result(cpu, bits, low, high ? AUX_CF : 0);
    flags_set_co(cpu, high, high);
}

void interp_flags_imul(struct cpu *cpu, unsigned bits, uint32_t low,
                       uint32_t high)
{
    uint32_t sign = (uint32_t)((int32_t)flags_extend(bits, low) >> 31);
    bool wide = flags_extend(bits, high) != sign;

    flags_result(cpu, bits, low, 0);
    flags_set_co(cpu, wide, wide);
}

/* The accumulator pair of a division. */
static uint64_t get_wide(const struct cpu *cpu, unsigned bits)
{
    if (bits == 8)
        return cpu->reg[CPU_EAX] & 0xffff;
    if (bits == 16)
        return (cpu->reg[CPU_EDX] & 0xffff) << 16 |
               (cpu->reg[CPU_EAX] & 0xffff);
    return (uint64_t)cpu->reg[CPU_EDX] << 32 | cpu->reg[CPU_EAX];
}

static void set_part(uint32_t *reg, uint32_t value, uint32_t mask)
{
    *reg = (*reg & ~mask) | (value & mask);
}

static void set_quotient(struct cpu *cpu, unsigned bits, uint32_t quotient,
                         uint32_t remainder)
{
    if (bits == 8) {
        set_part(&cpu->reg[CPU_EAX],
                 (quotient & 0xff) | (remainder & 0xff) << 8, 0xffff);
        return;
    }
    set_part(&cpu->reg[CPU_EAX], quotient, bits == 16 ? 0xffff : UINT32_MAX);
    set_part(&cpu->reg[CPU_EDX], remainder, bits == 16 ? 0xffff : UINT32_MAX);
}

bool interp_divide(struct cpu *cpu, unsigned bits, uint32_t divisor)
{
    uint64_t wide = get_wide(cpu, bits), quotient;

    if (!divisor)
        return cpu_fault(cpu, VECTOR_DE, 0);
    quotient = wide / divisor;
    if (quotient >> bits)
        return cpu_fault(cpu, VECTOR_DE, 0);
    set_quotient(cpu, bits, (uint32_t)quotient, (uint32_t)(wide % divisor));
    return true;
}

/* As a sign and a magnitude, for the widest negative has no counterpart. */
static uint64_t magnitude(uint64_t v, unsigned bits, bool *negative)
{
    *negative = v >> (bits - 1) & 1;
    if (*negative)
        v = 0 - v;
    return bits == 64 ? v : v & ((UINT64_C(1) << bits) - 1);
}

bool interp_idivide(struct cpu *cpu, const struct insn *insn, unsigned bits,
                    uint32_t divisor)
{
    bool minus_a, minus_b, minus;
    uint64_t a = magnitude(get_wide(cpu, bits), 2 * bits, &minus_a);
    uint64_t b = magnitude(divisor, bits, &minus_b);
    uint64_t limit, quotient, remainder;

    if (!b)
        return cpu_fault(cpu, VECTOR_DE, 0);
    quotient = a / b;
    remainder = a % b;
    minus = minus_a != minus_b;
    limit = (UINT64_C(1) << (bits - 1)) - 1;
    if (cpu->model == CPU_8086) {
        /* A REP prefix sets the flag by which the microcode negates. */
        if (insn->flags & (INSN_REP | INSN_REPNE))
            minus = !minus;
    } else if (minus) {
        limit++;
    }
    if (quotient > limit)
        return cpu_fault(cpu, VECTOR_DE, 0);
    set_quotient(cpu, bits, (uint32_t)(minus ? 0 - quotient : quotient),
                 (uint32_t)(minus_a ? 0 - remainder : remainder));
    return true;
}

/* Decimal adjustment. */

static uint32_t get_al(const struct cpu *cpu)
{
    return cpu->reg[CPU_EAX] & 0xff;
}

static void set_al(struct cpu *cpu, uint32_t value)
{
    set_part(&cpu->reg[CPU_EAX], value, 0xff);
}

static void set_ax(struct cpu *cpu, uint32_t value)
{
    set_part(&cpu->reg[CPU_EAX], value, 0xffff);
}

void interp_daa(struct cpu *cpu, const struct insn *insn)
{
    uint32_t al = get_al(cpu), add = 0;
    bool af = (al & 15) > 9 || flags_af(cpu);
    bool cf = al > 0x99 || flags_cf(cpu);

    (void)insn;
    if (af)
        add = 6;
    if (cf)
        add += 0x60;
    set_al(cpu, al + add);
    flags_add(cpu, 8, al, add, 0);
    cpu->lazy.aux &= ~AUX_AF;
    cpu->lazy.aux |= af ? AUX_AF : 0;
    flags_set_cf(cpu, cf);
}

void interp_das(struct cpu *cpu, const struct insn *insn)
{
    uint32_t al = get_al(cpu), sub = 0;
    bool af = (al & 15) > 9 || flags_af(cpu);
    bool cf = al > 0x99 || flags_cf(cpu);

    (void)insn;
    if (af)
        sub = 6;
    if (cf)
        sub += 0x60;
    cf |= al < sub;
    set_al(cpu, al - sub);
    flags_sub(cpu, 8, al, sub, 0);
    cpu->lazy.aux &= ~AUX_AF;
    cpu->lazy.aux |= af ? AUX_AF : 0;
    flags_set_cf(cpu, cf);
}

/* Up to the 286, AL and AH are adjusted apart. */
static void adjust(struct cpu *cpu, uint32_t step)
{
    uint32_t ax = cpu->reg[CPU_EAX] & 0xffff;
    bool carry = (ax & 15) > 9 || flags_af(cpu);
    uint32_t al = ax & 0xff;
    uint32_t add = carry ? step & 0xff : 0;

    flags_add(cpu, 8, al, add, 0);
    if (carry && cpu->model <= CPU_286)
        ax = ((al + step) & 0xff) | ((ax + (step & 0xff00)) & 0xff00);
    else if (carry)
        ax += step;
    set_ax(cpu, ax & 0xff0f);
    cpu->lazy.aux &= ~AUX_AF;
    cpu->lazy.aux |= carry ? AUX_AF : 0;
    flags_set_cf(cpu, carry);
}

void interp_aaa(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    adjust(cpu, 0x0106);
}

void interp_aas(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    adjust(cpu, cpu->model <= CPU_286 ? 0xfffa : 0xfefa);
}

bool interp_aam(struct cpu *cpu, const struct insn *insn)
{
    uint32_t al = get_al(cpu), base = insn->imm & 0xff;

    if (!base)
        return cpu_fault(cpu, VECTOR_DE, 0);
    set_ax(cpu, al / base << 8 | al % base);
    flags_logic(cpu, 8, al % base);
    return true;
}

void interp_aad(struct cpu *cpu, const struct insn *insn)
{
    uint32_t ax = cpu->reg[CPU_EAX] & 0xffff;
    uint32_t al = ax & 0xff, add = (ax >> 8) * (insn->imm & 0xff) & 0xff;

    set_ax(cpu, (al + add) & 0xff);
    flags_add(cpu, 8, al, add, 0);
}
