/* Multiplication flags, division and decimal adjustment, with the flags that
 * the manuals leave undefined as the captured 8086 and 286 set them. */
#include "cpu/interp.h"

/* The 8086 and the 286 leave what their last addition gave: of the high half,
 * to which a signed multiplication of the 8086 adds the sign of the low one. */
static void flags_high(struct cpu *cpu, unsigned bits, uint32_t high,
                       uint32_t sign)
{
    flags_add(cpu, bits, high, 0, sign);
    if (cpu->model == CPU_286)
        cpu->lazy.aux |= AUX_AF;
}

void interp_flags_mul(struct cpu *cpu, unsigned bits, uint32_t high)
{
    if (cpu->model <= CPU_286)
        flags_high(cpu, bits, high, 0);
    flags_set_co(cpu, high, high);
}

void interp_flags_imul(struct cpu *cpu, unsigned bits, uint32_t low,
                       uint32_t high)
{
    uint32_t sign = flags_extend(bits, low) >> 31;
    bool wide = flags_extend(bits, high) != 0u - sign;

    if (cpu->model <= CPU_286)
        flags_high(cpu, bits, high, cpu->model == CPU_8086 ? sign : 0);
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

/* The flags that a 286 leaves: of the remainder, and of one comparison. Later
 * ones set AF alone of those but CF and OF, which they keep; a Cyrix keeps all,
 * by which programs know it. */
void interp_flags_divided(struct cpu *cpu, unsigned bits, uint32_t remainder,
                          bool compared)
{
    if (cpu->model >= CPU_386) {
        cpu->lazy.result = 0x100;
        cpu->lazy.aux &= AUX_CF | AUX_CARRY;
        cpu->lazy.aux |= AUX_AF | 1u << 8;
    } else if (cpu->model == CPU_286) {
        flags_result(cpu, bits, remainder, AUX_AF | aux_co(compared, compared));
    }
}

/* Two words by one, as the microcode of an 8086 has it: shift in a bit, try to
 * subtract. Its flags are those of the last trial. False: overflow. */
static bool flags_cord(struct cpu *cpu, unsigned bits, uint64_t wide,
                       uint32_t divisor)
{
    const uint32_t mask = (1u << bits) - 1, top = 1u << (bits - 1);
    uint32_t high = (uint32_t)(wide >> bits) & mask;
    uint32_t low = (uint32_t)wide & mask;

    flags_sub(cpu, bits, high, divisor, 0);
    if (high >= divisor)
        return false;
    for (unsigned i = 0; i < bits; i++) {
        bool carry = high & top;

        high = (high << 1 & mask) | !!(low & top);
        low = low << 1 & mask;
        if (!carry)
            flags_sub(cpu, bits, high, divisor, 0);
        if (carry || high >= divisor) {
            high = (high - divisor) & mask;
            low |= 1;
        }
    }
    flags_set_cf(cpu, !(low & top));
    return true;
}

bool interp_divide(struct cpu *cpu, unsigned bits, uint32_t divisor)
{
    uint64_t wide = get_wide(cpu, bits), quotient, remainder;

    if (cpu->model == CPU_8086 && !flags_cord(cpu, bits, wide, divisor))
        return cpu_fault(cpu, VECTOR_DE, 0);
    if (!divisor)
        return cpu_fault(cpu, VECTOR_DE, 0);
    quotient = wide / divisor;
    if (quotient >> bits)
        return cpu_fault(cpu, VECTOR_DE, 0);
    remainder = wide % divisor;
    interp_flags_divided(cpu, bits, (uint32_t)remainder,
                         !(quotient & 1) || (remainder + divisor) >> bits);
    set_quotient(cpu, bits, (uint32_t)quotient, (uint32_t)remainder);
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

/* Flags, and the 8086's own ways to overflow: it has no -128 and -32768. */
static bool idivide_8086(struct cpu *cpu, unsigned bits, uint64_t a, uint32_t b)
{
    if (!flags_cord(cpu, bits, a, b) || a / b >> (bits - 1))
        return false;
    flags_set_co(cpu, false, false);
    return true;
}

bool interp_idivide(struct cpu *cpu, const struct insn *insn, unsigned bits,
                    uint32_t divisor)
{
    bool minus_a, minus_b, minus;
    uint64_t a = magnitude(get_wide(cpu, bits), 2 * bits, &minus_a);
    uint64_t b = magnitude(divisor, bits, &minus_b);
    uint64_t limit = UINT64_C(1) << (bits - 1);
    uint32_t quotient, remainder;

    minus = minus_a != minus_b;
    if (cpu->model == CPU_8086 && !idivide_8086(cpu, bits, a, (uint32_t)b))
        return cpu_fault(cpu, VECTOR_DE, 0);
    if (!b || a / b > (minus ? limit : limit - 1))
        return cpu_fault(cpu, VECTOR_DE, 0);
    /* REP sets the flag by which the 8086 remembers to negate. */
    if (cpu->model == CPU_8086 && (insn->flags & (INSN_REP | INSN_REPNE)))
        minus = !minus;
    quotient = (uint32_t)(minus ? 0 - a / b : a / b);
    remainder = (uint32_t)(minus_a ? 0 - a % b : a % b);
    interp_flags_divided(cpu, bits, remainder, !minus_b);
    set_quotient(cpu, bits, quotient, remainder);
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

/* DAA and DAS: whether the upper digit is adjusted. The 8086 compares after it
 * has seen AF. */
static bool adjust_high(const struct cpu *cpu, uint32_t al)
{
    uint32_t last = 0x99;

    if (cpu->model == CPU_8086 && flags_af(cpu))
        last = 0x9f;
    return al > last || flags_cf(cpu);
}

void interp_daa(struct cpu *cpu, const struct insn *insn)
{
    uint32_t al = get_al(cpu), add = 0;
    bool af = (al & 15) > 9 || flags_af(cpu);
    bool cf = adjust_high(cpu, al);

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
    bool cf = adjust_high(cpu, al);

    (void)insn;
    if (af)
        sub = 6;
    if (cf)
        sub += 0x60;
    cf |= al < sub && cpu->model > CPU_8086;
    set_al(cpu, al - sub);
    flags_sub(cpu, 8, al, sub, 0);
    cpu->lazy.aux &= ~AUX_AF;
    cpu->lazy.aux |= af ? AUX_AF : 0;
    flags_set_cf(cpu, cf);
}

/* The 8086 adjusts AL and AH apart, the 386 has the flags of both. */
static void adjust(struct cpu *cpu, uint32_t step)
{
    uint32_t ax = cpu->reg[CPU_EAX] & 0xffff;
    bool carry = (ax & 15) > 9 || flags_af(cpu);
    uint32_t al = ax & 0xff;
    uint32_t add = carry ? step : 0;

    if (cpu->model >= CPU_386)
        flags_add(cpu, 16, ax, add, 0);
    else
        flags_add(cpu, 8, al, add & 0xff, 0);
    if (carry && cpu->model == CPU_8086)
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
    adjust(cpu, cpu->model == CPU_8086 ? 0xfffa : 0xfefa);
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
    if (cpu->model == CPU_286)
        flags_set_co(cpu, flags_b(cpu), flags_b(cpu));
}
