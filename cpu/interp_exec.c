/* Instructions of the interpreter that are plain functions. */
#include "cpu/debug_int.h"
#include "cpu/frame.h"
#include "cpu/interp.h"
#include "cpu/sys.h"

/* Where eight words of the stack are, if they lie together; NULL: not. */
static uint8_t *stack_words(const struct cpu *cpu, uint32_t esp, unsigned size)
{
    uint32_t mask = cpu_stack32(cpu) ? UINT32_MAX : UINT16_MAX;
    uint32_t top = esp & mask;

    if (top > mask - (8 * size - 1))
        return NULL;
    return interp_quick_write(cpu, SEG_SS, top, 8 * size);
}

/* All eight at once; the stack pointer pushed is the one before. */
bool exec_pusha(struct cpu *cpu, const struct insn *insn)
{
    unsigned size = insn_size(insn);
    uint8_t *host = stack_words(cpu, cpu->reg[CPU_ESP] - 8 * size, size);
    struct frame frame;

    if (host) {
        for (unsigned n = 0; n < 8; n++)
            mmu_put(host + (7 - n) * size, cpu->reg[n], size);
        frame_release(cpu, 0 - 8 * size);
        return true;
    }
    frame_begin(cpu, &frame, size);
    for (unsigned n = 0; n < 8; n++)
        frame_push(&frame, cpu->reg[n]);
    if (!frame_check(cpu, &frame) || !frame_store(cpu, &frame))
        return false;
    cpu->reg[CPU_ESP] = frame.esp;
    return true;
}

bool exec_popa(struct cpu *cpu, const struct insn *insn)
{
    unsigned size = insn_size(insn);
    const uint8_t *host = stack_words(cpu, cpu->reg[CPU_ESP], size);
    uint32_t value[8];

    for (unsigned n = 0; n < 8; n++) {
        if (host)
            value[n] = mmu_get(host + n * size, size);
        else if (!frame_peek(cpu, n * size, size, &value[n]))
            return false;
    }
    for (unsigned n = 0; n < 8; n++) {
        uint32_t *reg = &cpu->reg[7 - n];

        if (n == 3) /* the place of ESP is skipped */
            continue;
        *reg = size == 4 ? value[n] : (*reg & 0xffff0000u) | value[n];
    }
    frame_release(cpu, 8 * size);
    return true;
}

/* POP to memory: an address that uses ESP sees it after the pop. */
bool exec_pop_e(struct cpu *cpu, const struct insn *insn)
{
    unsigned size = insn_size(insn);
    uint32_t esp = cpu->reg[CPU_ESP], value;

    if (!stack_pop(cpu, &value, size))
        return false;
    if (insn_write_e(cpu, insn, value, size))
        return true;
    cpu->reg[CPU_ESP] = esp;
    return false;
}

static uint16_t port_of(const struct cpu *cpu, const struct insn *insn)
{
    const struct insn_info *info = &insn_info[insn->slot];

    if (info->operand[0] == OPERAND_DX || info->operand[1] == OPERAND_DX)
        return (uint16_t)cpu->reg[CPU_EDX];
    return (uint16_t)insn->imm;
}

static uint32_t ones(unsigned size)
{
    return UINT32_MAX >> (32 - 8 * size);
}

bool exec_in(struct cpu *cpu, const struct insn *insn)
{
    unsigned size = insn_operand_size(insn);
    uint16_t port = port_of(cpu, insn);
    uint32_t value;

    if (!io_check(cpu, port, size))
        return false;
    cpu_sync(cpu);
    value = bus_read(cpu->ports, port, size) & ones(size);
    cpu->reg[CPU_EAX] = (cpu->reg[CPU_EAX] & ~ones(size)) | value;
    if (cpu->debugging & DEBUG_ON_PORT)
        debug_touched_port(cpu, port, size, false, value);
    return true;
}

bool exec_out(struct cpu *cpu, const struct insn *insn)
{
    unsigned size = insn_operand_size(insn);
    uint16_t port = port_of(cpu, insn);

    if (!io_check(cpu, port, size))
        return false;
    cpu_sync(cpu);
    bus_write(cpu->ports, port, cpu->reg[CPU_EAX] & ones(size), size);
    if (cpu->debugging & DEBUG_ON_PORT)
        debug_touched_port(cpu, port, size, true,
                           cpu->reg[CPU_EAX] & ones(size));
    return true;
}

bool exec_cmpxchg8b(struct cpu *cpu, const struct insn *insn)
{
    uint32_t at = insn_address(cpu, insn), low, high, flags;
    bool same;

    if (!seg_load_rmw(cpu, insn->seg, at, 4, &low) ||
        !seg_load_rmw(cpu, insn->seg, at + 4, 4, &high))
        return false;
    same = low == cpu->reg[CPU_EAX] && high == cpu->reg[CPU_EDX];
    if (!seg_store(cpu, insn->seg, at, same ? cpu->reg[CPU_EBX] : low, 4) ||
        !seg_store(cpu, insn->seg, at + 4, same ? cpu->reg[CPU_ECX] : high, 4))
        return false;
    if (!same) {
        cpu->reg[CPU_EAX] = low;
        cpu->reg[CPU_EDX] = high;
    }
    flags = flags_arithmetic(cpu) & ~FLAG_ZF;
    flags_set_arithmetic(cpu, same ? flags | FLAG_ZF : flags);
    return true;
}

/* BT, BTS, BTR and BTC of memory with the bit number in a register, which is
 * signed and reaches any word around the operand. */
bool exec_bit_string(struct cpu *cpu, const struct insn *insn)
{
    unsigned size = insn_size(insn), bits = 8 * size;
    uint32_t number = flags_extend(bits, cpu->reg[insn->reg]);
    uint32_t mask = 1u << (number & (bits - 1));
    uint32_t at = insn_address(cpu, insn) +
                  (uint32_t)((int32_t)number >> (size == 4 ? 5 : 4)) * size;
    uint32_t value, next;

    if (!(insn->flags & INSN_ADDR32))
        at &= 0xffff;
    if (insn->opcode == 0xa3) {
        if (!seg_load(cpu, insn->seg, at, size, &value))
            return false;
        flags_set_cf(cpu, value & mask);
        return true;
    }
    if (!seg_load_rmw(cpu, insn->seg, at, size, &value))
        return false;
    switch (insn->opcode) {
    case 0xab: next = value | mask; break;
    case 0xb3: next = value & ~mask; break;
    default: next = value ^ mask; break;
    }
    if (!seg_store(cpu, insn->seg, at, next, size))
        return false;
    flags_set_cf(cpu, value & mask);
    return true;
}
