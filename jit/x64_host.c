/* What of the guest's flags is in the host's: see struct insn_host. What is
 * said here must be so in x64_alu.c and the others. */
#include "jit/x64_lower.h"

/* An access that the host checks, with the host's flags as they were. */
static bool is_quick(struct cpu *cpu, const struct insn *insn, unsigned seg)
{
    const struct block *block = block_of(insn);

    return (block->mode & BLOCK_ARENA) && (block->mode & BLOCK_FLAT(seg)) &&
           !(blocks_tier(cpu, block)->checked >> insn->index & 1);
}

static bool is_quick_operand(struct cpu *cpu, const struct insn *insn)
{
    return !(insn->flags & INSN_MEM) ||
           ((insn->flags & INSN_ADDR32) && is_quick(cpu, insn, insn->seg));
}

static bool is_quick_stack(struct cpu *cpu, const struct insn *insn)
{
    return (block_of(insn)->mode & BLOCK_STACK32) &&
           is_quick(cpu, insn, SEG_SS);
}

/* Nothing of it but flags that it gives changes the host's. */
static struct insn_host plain(uint32_t gives, bool quick)
{
    return (struct insn_host){true, quick, quick, gives};
}

static struct insn_host other(uint32_t gives, bool guarded)
{
    return (struct insn_host){true, false, guarded, gives};
}

/* `wide`: by 32-bit addresses. */
static struct insn_host host_of(enum sem sem, bool wide, bool quick, bool stack)
{
    if (sem >= SEM_mov && sem <= SEM_xchg)
        return plain(sem == SEM_mov || sem == SEM_xchg ? 0 : FLAGS_OSZAPC,
                     quick);
    switch (sem) {
    case SEM_xadd:
    case SEM_cmpxchg: return plain(FLAGS_OSZAPC, quick);
    case SEM_inc:
    case SEM_dec: return plain(FLAGS_OSZAP, quick);
    case SEM_neg: return plain(FLAGS_OSZAPC, quick);
    case SEM_mul:
    case SEM_imul1:
    case SEM_imul2:
    case SEM_imul3: return other(FLAG_OF | FLAG_CF, quick);
    case SEM_push:
    case SEM_push_imm:
    case SEM_pop: return plain(0, stack);
    case SEM_push_e: return plain(0, quick && stack);
    case SEM_call:
    case SEM_ret:
    case SEM_ret_imm: return other(0, stack);
    case SEM_not:
    case SEM_lea:
    case SEM_jmp:
    case SEM_nop:
    case SEM_cbw:
    case SEM_cwd:
    case SEM_bswap: return plain(0, quick);
    case SEM_clc:
    case SEM_stc:
    case SEM_cmc: return plain(FLAG_CF, true);
    case SEM_loop: return plain(0, wide);
    default: break;
    }
    if (sem >= SEM_movzx_b && sem <= SEM_movsx_w)
        return plain(0, quick);
    if ((sem >= SEM_cmovo && sem <= SEM_cmovnle) ||
        (sem >= SEM_seto && sem <= SEM_setnle) ||
        (sem >= SEM_jo && sem <= SEM_jnle))
        return plain(0, quick);
    return other(0, false);
}

static struct insn_host host_of_shift(struct cpu *cpu, const struct insn *insn)
{
    enum shape shape = insn_shape(insn);
    bool quick = is_quick_operand(cpu, insn);

    if (shape == SHAPE_EC || shape == SHAPE_EGC)
        return other(0, quick && shape == SHAPE_EC);
    if (insn_sem(insn) >= SEM_shld)
        return plain(FLAG_SF | FLAG_ZF | FLAG_PF | FLAG_CF, quick);
    return plain(lower_shift_gives(insn), quick);
}

struct insn_host lower_host(struct cpu *cpu, const struct insn *insn)
{
    enum sem sem = insn_sem(insn);

    if (!lower_native(cpu, insn))
        return (struct insn_host){0};
    if (sem >= SEM_rol && sem <= SEM_shrd)
        return host_of_shift(cpu, insn);
    return host_of(sem, insn->flags & INSN_ADDR32, is_quick_operand(cpu, insn),
                   is_quick_stack(cpu, insn));
}
