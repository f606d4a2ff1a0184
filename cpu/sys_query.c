/* Instructions that ask about selectors: LAR, LSL, VERR, VERW, ARPL. They
 * never fault for what the selector names; ZF tells. */
#include "cpu/sys_int.h"

#define TYPES_LSL \
    (1u << DESC_TSS16 | 1u << DESC_LDT | 1u << DESC_TSS16_BUSY | \
     1u << DESC_TSS32 | 1u << DESC_TSS32_BUSY)
#define TYPES_LAR \
    (TYPES_LSL | 1u << DESC_CALL16 | 1u << DESC_TASK | 1u << DESC_CALL32)
#define TYPES_286 0x00ffu

#define LAR_MASK 0x00f0ff00u

static void set_zf(struct cpu *cpu, bool zf)
{
    flags_set(cpu, zf ? FLAG_ZF : 0, FLAG_ZF);
}

/* Reads the descriptor that the operand selects, if the present privilege may
 * see it. False: a fault was noted. */
static bool look(struct cpu *cpu, const struct insn *insn, struct descriptor *d,
                 bool *seen)
{
    uint32_t selector;
    enum desc_found found;

    *seen = false;
    if (cpu_paragraphs(cpu))
        return cpu_fault(cpu, VECTOR_UD, 0);
    if (!insn_read_e(cpu, insn, 2, &selector))
        return false;
    if (desc_is_null((uint16_t)selector))
        return true;
    found = desc_find(cpu, (uint16_t)selector, d);
    if (found == DESC_FOUND)
        *seen = desc_is_conforming(d) ||
                (desc_dpl(d) >= cpu->cpl &&
                 desc_dpl(d) >= desc_rpl((uint16_t)selector));
    return found != DESC_FAULTED;
}

static bool query(struct cpu *cpu, const struct insn *insn, uint32_t types,
                  uint32_t (*answer)(const struct descriptor *d))
{
    struct descriptor d;
    uint32_t value;
    bool seen;

    if (!look(cpu, insn, &d, &seen))
        return false;
    if (cpu->model <= CPU_286)
        types &= TYPES_286;
    if (seen && !(desc_access(&d) & ACCESS_S))
        seen = types >> desc_system_type(&d) & 1;
    set_zf(cpu, seen);
    if (!seen)
        return true;
    value = answer(&d);
    if (!(insn->flags & INSN_OP32))
        value = (cpu->reg[insn->reg] & 0xffff0000u) | (value & 0xffff);
    cpu->reg[insn->reg] = value;
    return true;
}

static uint32_t rights(const struct descriptor *d)
{
    return d->high & LAR_MASK;
}

bool exec_lar(struct cpu *cpu, const struct insn *insn)
{
    return query(cpu, insn, TYPES_LAR, rights);
}

bool exec_lsl(struct cpu *cpu, const struct insn *insn)
{
    return query(cpu, insn, TYPES_LSL, desc_limit);
}

static bool verify(struct cpu *cpu, const struct insn *insn, bool write)
{
    struct descriptor d;
    uint16_t access;
    bool seen;

    if (!look(cpu, insn, &d, &seen))
        return false;
    if (seen) {
        access = desc_access(&d);
        if (!(access & ACCESS_S))
            seen = false;
        else if (access & ACCESS_CODE)
            seen = !write && (access & ACCESS_RW);
        else
            seen = !write || (access & ACCESS_RW);
    }
    set_zf(cpu, seen);
    return true;
}

bool exec_verr(struct cpu *cpu, const struct insn *insn)
{
    return verify(cpu, insn, false);
}

bool exec_verw(struct cpu *cpu, const struct insn *insn)
{
    return verify(cpu, insn, true);
}

bool exec_arpl(struct cpu *cpu, const struct insn *insn)
{
    uint32_t selector, rpl = cpu->reg[insn->reg] & 3;
    bool raised;

    if (cpu_paragraphs(cpu))
        return cpu_fault(cpu, VECTOR_UD, 0);
    if (!insn_read_e(cpu, insn, 2, &selector))
        return false;
    raised = (selector & 3) < rpl;
    if (raised && !insn_write_e(cpu, insn, (selector & ~3u) | rpl, 2))
        return false;
    set_zf(cpu, raised);
    return true;
}
