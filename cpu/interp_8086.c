/* What only the 8086 does: shifts that count to 255, one bit at a time, and
 * SETMO. Flags as captured from one. */
#include "cpu/interp.h"

struct shift {
    uint32_t value, mask, top; /* all ones; the sign bit */
    bool cf, of, af;
};

static bool get_operand(struct cpu *cpu, const struct insn *insn, unsigned size,
                        uint32_t *value)
{
    if (insn->flags & INSN_MEM)
        return seg_load(cpu, insn->seg, insn_address(cpu, insn), size, value);
    *value = size == 1 ? ((const uint8_t *)cpu->reg)[insn->rm]
                       : cpu->reg[insn->rm] & 0xffff;
    return true;
}

static bool set_operand(struct cpu *cpu, const struct insn *insn, unsigned size,
                        uint32_t value)
{
    if (insn->flags & INSN_MEM)
        return seg_store(cpu, insn->seg, insn_address(cpu, insn), value, size);
    if (size == 1)
        ((uint8_t *)cpu->reg)[insn->rm] = (uint8_t)value;
    else
        cpu->reg[insn->rm] = (cpu->reg[insn->rm] & 0xffff0000u) | value;
    return true;
}

typedef void step_fn(struct shift *s);

static void set_left(struct shift *s, uint32_t value, bool out)
{
    s->cf = out;
    s->value = value & s->mask;
    s->of = !(s->value & s->top) == s->cf;
}

static void set_right(struct shift *s, uint32_t value, bool out)
{
    s->cf = out;
    s->value = value & s->mask;
    s->of = !(s->value & s->top) != !(s->value & s->top >> 1);
}

static void step_rol(struct shift *s)
{
    bool out = s->value & s->top;

    set_left(s, s->value << 1 | out, out);
}

static void step_ror(struct shift *s)
{
    bool out = s->value & 1;

    set_right(s, s->value >> 1 | (out ? s->top : 0), out);
}

static void step_rcl(struct shift *s)
{
    set_left(s, s->value << 1 | s->cf, s->value & s->top);
}

static void step_rcr(struct shift *s)
{
    set_right(s, s->value >> 1 | (s->cf ? s->top : 0), s->value & 1);
}

static void step_shl(struct shift *s)
{
    set_left(s, s->value << 1, s->value & s->top);
    s->af = s->value & 0x10;
}

static void step_shr(struct shift *s)
{
    set_right(s, s->value >> 1, s->value & 1);
    s->af = false;
}

static void step_sar(struct shift *s)
{
    set_right(s, s->value >> 1 | (s->value & s->top), s->value & 1);
    s->af = false;
}

static bool shift(struct cpu *cpu, const struct insn *insn, step_fn *step,
                  bool all_flags)
{
    unsigned size = insn_operand_size(insn), count = cpu->reg[CPU_ECX] & 0xff;
    struct shift s = {.mask = size == 1 ? 0xff : 0xffff,
                      .top = size == 1 ? 0x80 : 0x8000,
                      .cf = flags_b(cpu)};

    if (!get_operand(cpu, insn, size, &s.value))
        return false;
    for (unsigned i = 0; i < count; i++)
        step(&s);
    if (!set_operand(cpu, insn, size, s.value))
        return false;
    if (count && all_flags)
        flags_result(cpu, 8 * size, s.value,
                     aux_co(s.cf, s.of) | (s.af ? AUX_AF : 0));
    else if (count)
        flags_set_co(cpu, s.cf, s.of);
    return true;
}

#define SHIFT(name, all_flags) \
    bool exec_##name##_8086(struct cpu *cpu, const struct insn *insn) \
    { \
        return shift(cpu, insn, step_##name, all_flags); \
    }
SHIFT(rol, false)
SHIFT(ror, false)
SHIFT(rcl, false)
SHIFT(rcr, false)
SHIFT(shl, true)
SHIFT(shr, true)
SHIFT(sar, true)

/* Not in the manuals: all ones, by CL only if that is not 0. */
bool exec_setmo(struct cpu *cpu, const struct insn *insn)
{
    unsigned size = insn_operand_size(insn);
    bool by_cl = insn_info[insn->slot].operand[1] == OPERAND_CL;
    uint32_t value;

    if (!get_operand(cpu, insn, size, &value))
        return false;
    if (by_cl && !(cpu->reg[CPU_ECX] & 0xff))
        return true;
    if (!set_operand(cpu, insn, size, size == 1 ? 0xff : 0xffff))
        return false;
    flags_logic(cpu, 8 * size, UINT32_MAX);
    return true;
}
