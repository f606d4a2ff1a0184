/* What the parts of the interpreter share.
 *
 * A handler (insn_fn) runs one instruction and goes on to the next by
 * DISPATCH(). It comes in quick forms, which have no calls but jumps to other
 * handlers, and a slow form that does everything. A quick one that cannot go
 * on (a page that is not filled, a device, a fault) has changed nothing yet
 * and hands over to the slow one. A slow one sets cur, insn_eip and eip as
 * state.h asks and returns the next instruction, or NULL to leave. Whoever
 * leaves has set eip, and block_insns to the number of retired instructions;
 * with a fault noted, to that before the one which faulted. */
#ifndef CPU_INTERP_H
#define CPU_INTERP_H

#include "cpu/block.h"
#include "cpu/flags.h"
#include "cpu/seg.h"
#include "cpu/sem.h"
#include "cpu/sys.h"

/* Operand shapes: which operand comes from where. C: CL. */
enum shape {
    SHAPE_none,
    SHAPE_E,
    SHAPE_EG,
    SHAPE_GE,
    SHAPE_EI,
    SHAPE_EC,
    SHAPE_GEI,
    SHAPE_EGI,
    SHAPE_EGC,
    SHAPES
};

/* Where operand E is, or for stack operations the stack. */
enum place {
    PLACE_reg,  /* a register; a stack of either size */
    PLACE_dead, /* a register, and nobody looks at the flags */
    PLACE_slow,
    PLACE_a16,  /* memory, 16-bit addressing */
    PLACE_a32,  /* memory, 32-bit addressing */
    PLACE_flat, /* the same in a flat segment; a flat 32-bit stack */
    PLACE_base, /* the same without index */
    PLACES
};

typedef insn_fn *const handler_table[SEM_COUNT][SHAPES][PLACES];
extern handler_table interp_table8, interp_table16, interp_table32;

/* The handler for a decoded instruction of a block: `imm` of near branches is
 * the new EIP already. `dead`: nobody looks at the flags that it writes. */
insn_fn *interp_bind(const struct insn *insn, uint32_t mode, bool dead);
/* Handlers that the block builder puts in by itself. */
insn_fn interp_undefined, interp_too_long, interp_end, interp_locked286;
insn_fn interp_jump_outside;

/* The handler of an x87 instruction; NULL for any other. */
insn_fn *fpu_bind(const struct insn *insn, enum cpu_model model);
/* The handler of a row of insn_simd.def; NULL for any other. */
insn_fn *simd_bind(const struct insn *insn);

/* Whether the 8086 and the 286 shift in their own way. */
bool interp_is_shift(const struct insn *insn);
insn_fn interp_shift_286;

/* Whether it is one of those. */
bool interp_is_special(insn_fn *fn);

/* What an engine asks of an instruction. */
/* Whether interp_step() neither looks at arithmetic flags nor changes them, but
 * by flags_get() and flags_set(). */
bool insn_keeps_flags(const struct insn *insn);
extern const uint8_t insn_sem_of[INSN_SLOTS]; /* enum sem */
static inline enum sem insn_sem(const struct insn *insn)
{
    return (enum sem)insn_sem_of[insn->slot];
}
enum shape insn_shape(const struct insn *insn);
/* Bytes of the operands, as the semantics in sem_*.inc have it. */
unsigned insn_sem_size(const struct insn *insn);

/* Runs one instruction of a block and no more, whatever handlers its first
 * instruction has. Returns the next one, or NULL to leave, as slow forms do.
 * Not for those whose handler the block builder put in by itself. */
const struct insn *interp_step(struct cpu *cpu, const struct insn *insn);

/* The table of slow forms that interp_miss() uses. Errors: NO_MEMORY. */
enum status interp_create(struct cpu *cpu);
void interp_destroy(struct cpu *cpu);

/* Ways out of a handler. */
insn_fn interp_miss;     /* hands over to the slow form */
insn_fn interp_fault;    /* a fault was noted */
insn_fn interp_outside;  /* notes #GP(0) for a transfer beyond CS's limit */
insn_fn interp_unlinked; /* a near branch to imm that cannot go on quickly */
insn_fn interp_after;    /* a slow form is done; looks at events */
const struct insn *interp_leave(struct cpu *cpu, const struct insn *insn,
                                uint32_t eip);

/* Sets what state.h asks for before anything outside is called. */
static inline void interp_begin(struct cpu *cpu, const struct insn *insn)
{
    cpu->cur = insn;
    cpu->insn_eip = block_insn_eip(insn);
    cpu->eip = cpu->insn_eip + insn->length;
    if (cpu->model < CPU_386)
        cpu->eip &= 0xffff;
}

static inline uint32_t interp_next_eip(const struct insn *insn)
{
    return block_insn_eip(insn) + insn->length;
}

/* Memory operand, slow: with interp_begin(). */
bool interp_load(struct cpu *cpu, const struct insn *insn, unsigned size,
                 uint32_t *value);
bool interp_load_at(struct cpu *cpu, const struct insn *insn, uint32_t offset,
                    uint32_t *value); /* a byte of the insn's segment */

/* Parts of instructions that are too long for a handler. */
bool interp_divide(struct cpu *cpu, unsigned bits, uint32_t divisor);
bool interp_idivide(struct cpu *cpu, const struct insn *insn, unsigned bits,
                    uint32_t divisor);
void interp_flags_mul(struct cpu *cpu, unsigned bits, uint32_t high);
void interp_flags_imul(struct cpu *cpu, unsigned bits, uint32_t low,
                       uint32_t high);
void interp_flags_divided(struct cpu *cpu, unsigned bits, uint32_t remainder,
                          bool compared);
void interp_daa(struct cpu *cpu, const struct insn *insn);
void interp_das(struct cpu *cpu, const struct insn *insn);
void interp_aaa(struct cpu *cpu, const struct insn *insn);
void interp_aas(struct cpu *cpu, const struct insn *insn);
bool interp_aam(struct cpu *cpu, const struct insn *insn);
void interp_aad(struct cpu *cpu, const struct insn *insn);

/* MOV and arithmetic of a register and 32 bits at the instruction's end. */
bool insn_has_imm32(const struct insn *insn);
/* It is one whose operand changes while its block stays. */
static inline bool insn_is_patched(const struct insn *insn)
{
    return insn->disp && insn_has_imm32(insn);
}

/* C functions that insn.def names and sys.h does not. */
#define INTERP_EXEC_LIST(X) \
    X(pusha) \
    X(popa) \
    X(pop_e) \
    X(esc) \
    X(fwait) \
    X(in) \
    X(out) \
    X(ins) \
    X(outs) \
    X(movs) \
    X(cmps) \
    X(stos) \
    X(lods) \
    X(scas) \
    X(shift_286) \
    X(setmo) \
    X(cmpxchg8b) \
    X(simd) \
    X(fxsave) \
    X(fxrstor) \
    X(ldmxcsr) \
    X(stmxcsr) \
    X(clflush) \
    X(movnti) \
    X(bit_string)
#define X(name) bool exec_##name(struct cpu *cpu, const struct insn *insn);
INTERP_EXEC_LIST(X)
#undef X

/* The quick forms. */

static inline uint32_t interp_offset16(const struct cpu *cpu,
                                       const struct insn *insn)
{
    return (cpu->reg[insn->base] + cpu->reg[insn->index_reg] + insn->disp) &
           0xffff;
}

static inline uint32_t interp_offset32(const struct cpu *cpu,
                                       const struct insn *insn)
{
    return cpu->reg[insn->base] + (cpu->reg[insn->index_reg] << insn->scale) +
           insn->disp;
}

/* Host addresses for `size` bytes; NULL: not quick. */
static inline const uint8_t *interp_quick_read(const struct cpu *cpu,
                                               unsigned seg, uint32_t offset,
                                               unsigned size)
{
    const struct segment *s = &cpu->seg[seg];

    if ((uint64_t)offset + size > s->read_end)
        return NULL;
    return mmu_read_host(cpu, s->base + offset, size);
}

static inline uint8_t *interp_quick_write(const struct cpu *cpu, unsigned seg,
                                          uint32_t offset, unsigned size)
{
    const struct segment *s = &cpu->seg[seg];

    if ((uint64_t)offset + size > s->write_end)
        return NULL;
    return mmu_write_host(cpu, s->base + offset, size);
}

/* Where EIP = `eip` goes on, or a block that does not fit. */
static inline const struct block *interp_target(const struct cpu *cpu,
                                                uint32_t eip)
{
    laddr addr = cpu->seg[SEG_CS].base + eip;
    uint32_t entry = cpu->fetch_table[addr >> MEM_PAGE_BITS];
    uint32_t phys = (entry - 1) << MEM_PAGE_BITS | (addr & MEM_PAGE_MASK);
    const struct block *to = block_at(cpu, cpu->block_hash[block_hash(phys)]);

    if (!entry || to->phys != phys || to->eip != eip || to->mode != cpu->mode ||
        to->straddles)
        return block_at(cpu, 0);
    return to;
}

#endif
