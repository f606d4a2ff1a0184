/* Accesses of translated code to devices that are quiet (core/bus.h), those
 * that the thunk does not do by itself (x64_thunk.c, emit_device()), and stores
 * to page tables and code, without a step of the interpreter. */
#include <string.h>

#include "cpu/interp.h"
#include "jit/jit_int.h"

/* What an instruction that only stores will store. */
static bool stored_value(const struct cpu *cpu, const struct insn *insn,
                         unsigned size, uint32_t *value)
{
    const uint8_t *bytes = (const uint8_t *)cpu->reg;

    switch (insn_sem(insn)) {
    case SEM_movs: *value = cpu->jit.scratch; return true;
    case SEM_stos: *value = cpu->reg[CPU_EAX]; return true;
    case SEM_mov: break;
    default: return false;
    }
    if (insn_shape(insn) == SHAPE_EI)
        *value = insn->imm;
    else
        *value = size == 1 ? bytes[insn->reg] : cpu->reg[insn->reg];
    return true;
}

/* MOV does no more than store: to page tables, or to code. */
static bool watched_store(struct cpu *cpu, const struct site *site, laddr addr)
{
    const struct mem_page *row =
        mmu_device(cpu, cpu->write_table, addr, site->size);
    uint32_t value;

    if (!mmu_code_page(cpu, addr, site->size) &&
        (!row || (row->flags & MEM_PAGE_IO)))
        return false;
    if (insn_sem(site->insn) != SEM_mov ||
        !stored_value(cpu, site->insn, site->size, &value))
        return false;
    return (row && site->size == 4 &&
            mmu_store_entry(cpu, row, addr & MEM_PAGE_MASK, value)) ||
           mmu_store(cpu, addr, value, site->size, cpu->user);
}

uint8_t *device_access(struct cpu *cpu, const struct site *site, laddr addr)
{
    unsigned size = site->size;
    const struct mem_page *row = mmu_quiet(
        cpu, site->write ? cpu->write_table : cpu->read_table, addr, size);
    uint32_t value, offset;

    if (!row)
        return site->write && watched_store(cpu, site, addr)
                   ? (uint8_t *)&cpu->jit.device
                   : NULL;
    offset = row->offset + (addr & MEM_PAGE_MASK);
    if (!site->write) {
        if (site->words)
            return NULL;
        value = row->ops->read(row->dev, offset, size);
    } else {
        if (!stored_value(cpu, site->insn, size, &value))
            return NULL;
        row->ops->write(row->dev, offset, value & UINT32_MAX >> (32 - 8 * size),
                        size);
    }
    cpu->jit.device = value;
    return (uint8_t *)&cpu->jit.device;
}
