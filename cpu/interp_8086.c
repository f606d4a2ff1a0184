/* Shifts of the 8086 and the 286, one bit at a time, with all flags as they
 * were captured; the 8086 counts to 255. And SETMO, which only it has. */
#include "cpu/interp.h"

struct shift {
    uint32_t value, mask, top; /* all ones; the sign bit */
    bool cf, of, af;
    bool ones; /* AF after shifts to the right */
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
    s->af = s->ones;
}

static void step_sar(struct shift *s)
{
    set_right(s, s->value >> 1 | (s->value & s->top), s->value & 1);
    s->af = s->ones;
}

static unsigned shift_count(const struct cpu *cpu, const struct insn *insn)
{
    unsigned count = insn->imm;

    if (insn_info[insn->slot].operand[1] == OPERAND_CL)
        count = cpu->reg[CPU_ECX];
    return cpu->model == CPU_8086 ? count & 0xff : count & 31;
}

bool exec_shift_286(struct cpu *cpu, const struct insn *insn)
{
    static step_fn *const steps[8] = {step_rol, step_ror, step_rcl, step_rcr,
                                      step_shl, step_shr, step_shl, step_sar};
    unsigned size = insn_operand_size(insn), count = shift_count(cpu, insn);
    unsigned kind = insn->slot & 7; /* ModRM.reg */
    struct shift s = {.mask = size == 1 ? 0xff : 0xffff,
                      .top = size == 1 ? 0x80 : 0x8000,
                      .cf = flags_b(cpu),
                      .ones = cpu->model == CPU_286};

    if (!get_operand(cpu, insn, size, &s.value))
        return false;
    for (unsigned i = 0; i < count; i++)
        steps[kind](&s);
    if (!set_operand(cpu, insn, size, s.value))
        return false;
    if (count && kind >= 4)
        flags_result(cpu, 8 * size, s.value,
                     aux_co(s.cf, s.of) | (s.af ? AUX_AF : 0));
    else if (count)
        flags_set_co(cpu, s.cf, s.of);
    return true;
}

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
