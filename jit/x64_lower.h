/* From guest instructions to host code.
 *
 * EAX..EDI live in eax, ecx, edx, ebx, r15d, ebp, esi, edi, the upper halves 0;
 * r8, r9 and r10 are free inside an instruction; r11 and r13 hold the write
 * and the read table, r12d the instructions left, r14 the cpu. An instruction
 * first makes sure that nothing of it can fault, then changes registers. */
#ifndef JIT_X64_LOWER_H
#define JIT_X64_LOWER_H

#include "cpu/interp.h"
#include "jit/jit_int.h"
#include "jit/x64_emit.h"

#define NODES_MAX    96
#define CONTEXTS_MAX 16
#define INSNS_MAX    640 /* in all nodes; a few more to finish */
#define FIXUPS_MAX   512
#define DEFERRED_MAX 1024
#define GUARDS_MAX   1024
#define VERSIONS_MAX 4

enum {
    REG_WRITE = R11,
    REG_LEFT = R12,
    REG_READ = R13,
    REG_CPU = R14
};

#define FIELD(member) x64_at(REG_CPU, offsetof(struct cpu, member))

/* Inside of a call that the region follows: where the return leads, and what
 * that place is inside of. The first is outside of all. */
struct context {
    unsigned parent, depth;
    unsigned back; /* block of the plan */
};

/* A block as it is entered inside of a call, with flags that follow from
 * `list`. */
struct node {
    unsigned block;   /* of the plan */
    unsigned context; /* number */
    unsigned credit;  /* instructions that were counted already */
    uint32_t valid;   /* flags that the host's hold */
    uint32_t clear;   /* flags that are 0 */
    struct fpu_point fpu;
    uint32_t live; /* LIVE_*: what is in the host's registers for certain */
    struct recipe_list list;
    uint8_t *code; /* NULL: not emitted yet */
};

enum {
    LIVE_XMM = 1 << 0,
    LIVE_FPU = 1 << 1
};

struct fixup {
    uint8_t *distance;
    unsigned node;
};

enum deferred_kind {
    DEFER_MISS,
    DEFER_SITE,     /* hand over */
    DEFER_CALL,     /* and come back */
    DEFER_REPEAT,   /* the rest of a repeated instruction, and on to `node` */
    DEFER_EDGE,     /* leave the region, or reach a node by a detour */
    DEFER_INDIRECT, /* a return to another place than the call's */
};

/* What an instruction stores that does no more. */
enum stored_kind {
    STORED_OTHER, /* it does, or loads */
    STORED_REG,
    STORED_IMM,
    STORED_SCRATCH, /* cpu->jit.scratch has it */
    STORED_CHANGED, /* what it loads, changed */
    STORED_BACK     /* the same; it may be a device's */
};

struct stored {
    enum stored_kind kind;
    unsigned size, reg; /* guest register */
    uint32_t imm;
};

/* Code out of the way. */
struct deferred {
    enum deferred_kind kind;
    uint8_t *distance; /* the jump that leads here */
    uint8_t *resume;
    uint32_t site, thunk;
    struct stored stored; /* MISS */
    bool known;    /* MISS: the linear page was no secret, so r9 lacks it */
    uint32_t page; /* that */
    uint32_t eip;
    int node;        /* -1: leave */
    unsigned credit; /* instructions counted that the node does not expect */
    unsigned slot;   /* SITE: 1 + where CF has to be saved, inverted */
    /* EDGE: flags that no recipe tells, the host's hold them; they are 0 */
    uint32_t valid, clear;
    const struct insn *insn;
    struct recipe_list list;
};

struct lower {
    struct x64 x;
    struct jit *jit;
    struct cpu *cpu;
    uint32_t translation;
    uint32_t mode;
    bool tail; /* see struct translation */
    unsigned node_count, fixup_count, deferred_count;
    int next_node;                 /* to come next; -1: any */
    unsigned context_count, insns; /* emitted so far */
    unsigned context;              /* of the node at hand */
    struct context contexts[CONTEXTS_MAX];
    struct plan plan;
    struct node nodes[NODES_MAX];
    struct fixup fixups[FIXUPS_MAX];
    struct deferred deferred[DEFERRED_MAX];
    uint32_t last_list;  /* the record that was made last */
    uint32_t last_point; /* the same of struct fpu_point */
    struct x64_guard guard[GUARDS_MAX];
    struct lower_watch *watch; /* borrowed; NULL: nobody looks on */

    /* The instruction at hand. */
    struct plan_block *b;
    const struct insn *insn;
    unsigned index, size;
    unsigned refund;     /* counted and not done, this one included */
    unsigned credit;     /* the same behind a jump that is being lowered */
    uint32_t need, read; /* of flags behind it; see struct plan_block */
    uint32_t live;       /* flags that it or a later one reads */
    struct recipe_list list;
    uint32_t valid;       /* flags that the host's flags hold as the guest's */
    uint32_t clear;       /* flags that are 0, whatever the host's hold */
    uint32_t bare;        /* flags that no recipe tells: only these two do */
    uint32_t taken;       /* slots given away for this instruction */
    int32_t stack;        /* ESP is r15d and this: PUSH and the like wait */
    bool stack_waits;     /* the instruction leaves that to a later one */
    bool xmm_live;        /* for certain; see x64_simd.c */
    bool fpu_live;        /* the same; see x64_fpu.c */
    struct fpu_point fpu; /* what the x87's pointers are to be */
    uint8_t fpu_full, fpu_free; /* bit i: ST(i) is that for certain */
    bool fpu_clean;             /* C0, C2 and C3 are the host's for certain */
    bool aligned;               /* the memory operand has to be */
    bool together;              /* see lower_stack_words() */
    bool words;                 /* the operand is two, one behind the other,
                                   which are loaded one by one: a device sees
                                   what the interpreter does */
    struct stored stored;       /* for the operand that comes next */
    struct x64_mem mem;         /* the operand that lower_operand_at() made
                                   ready */
};

/* x64_lower.c */
bool lower_native(const struct cpu *cpu, const struct insn *insn);
insn_host_fn lower_host;
uint32_t lower_list(struct lower *l, const struct recipe_list *list);
uint32_t lower_site(struct lower *l, enum site_kind kind);
struct deferred *lower_defer(struct lower *l, enum deferred_kind kind,
                             uint8_t *distance);
void lower_jump_thunk(struct lower *l, uint32_t thunk);
void lower_call_thunk(struct lower *l, uint32_t thunk);
/* Counts `by` instructions less. Keeps flags. */
void lower_move_left(struct lower *l, int32_t by);
/* Jumps to the interpreter for this instruction when `cc` holds. */
void lower_redo_if(struct lower *l, unsigned cc);

/* x64_edge.c */
/* The node for a block entered with settled flags; -1: too many already. */
int lower_get_node(struct lower *l, unsigned block);
/* `d` goes on at d->eip with all flags in cpu->lazy. */
void lower_meet_settled(struct lower *l, struct deferred *d);
/* Leaves by a thunk, at a site. */
void lower_hand_over(struct lower *l, uint32_t site, uint32_t thunk);
/* Out of this region, to `eip`. */
void lower_leave(struct lower *l, uint32_t eip);
/* Goes on at `eip` when `cc` holds; else falls through. */
void lower_branch(struct lower *l, unsigned cc, uint32_t eip);
/* The same unless a short jump (JRCXZ) is taken. */
void lower_branch_unless(struct lower *l, unsigned opcode, uint32_t eip);
/* Goes on at `eip`. */
void lower_goto(struct lower *l, uint32_t eip);
/* Goes on at r8d, in or out of this region. */
void lower_goto_r8(struct lower *l);
/* The same in another code segment, which is loaded already. */
void lower_goto_far_r8(struct lower *l);
/* Goes on at `eip` in the code segment with this base, loaded already. */
void lower_goto_far(struct lower *l, uint32_t eip, uint32_t base);
/* Has the interpreter do the instruction, and comes back if it can. */
void lower_step(struct lower *l);
/* Nothing is known of SSE and x87. */
void lower_lost(struct lower *l);
/* A call leads to `eip` and will return to what follows the block. */
void lower_goto_call(struct lower *l, uint32_t eip);
/* Where the instruction of a block that straddles pages begins, before it is
 * counted; `credit`: counted already. Leaves if its second page is not where it
 * was. */
void lower_check_second(struct lower *l, unsigned credit);
/* Goes on at r8d, where a return leads. */
void lower_goto_return(struct lower *l);

/* x64_flags.c: what becomes of flags. See recipe.h. */
struct recipe_value value_imm(uint32_t value);
struct recipe_value value_reg(unsigned n);
struct recipe_value value_cl(void);
/* A slot that holds host register `reg`, or SETcc's byte. */
struct recipe_value value_saved(struct lower *l, unsigned reg);
struct recipe_value value_saved_cc(struct lower *l, unsigned cc);
/* Host register `reg` = what was saved. */
void value_again(struct lower *l, unsigned reg, struct recipe_value saved);
/* The present value of a guest register. */
struct recipe_value value_kept(struct lower *l, unsigned size, unsigned n);

/* The list for a place where the host's flags can be looked at. */
struct recipe_list flags_held(const struct lower *l);
/* Only the host's flags tell CF: a list for code that first has stored its
 * inverse in *slot. */
struct recipe_list flags_with_carry(struct lower *l, unsigned *slot);
void flags_store_carry(struct lower *l, unsigned slot);
/* The host's flags are about to be others: saves what only they tell, and
 * `flags` has. Changes r10. */
void flags_save_bare(struct lower *l, uint32_t flags);
/* Slots that the list names, a bit each. */
uint32_t flags_slots(const struct lower *l);
bool flags_wanted(const struct lower *l, enum recipe_kind kind);
/* The instruction gives `flags` anew (all of them, if not `maybe`). */
void flags_begin(struct lower *l, uint32_t flags, bool maybe);
void flags_end(struct lower *l, enum recipe_kind kind, bool maybe,
               struct recipe_value a, struct recipe_value b,
               struct recipe_value c);
/* A guest register is about to change. `n` as reg and rm have it. */
void flags_reg_write(struct lower *l, unsigned size, unsigned n);
/* The host's flags are about to change. */
void flags_clobber(struct lower *l);
/* They have, and nobody looks at what they held. */
void flags_forget(struct lower *l);
void flags_save(struct lower *l, uint32_t live);
/* Makes the host's flags hold `flags`. Changes r10. */
void flags_ensure(struct lower *l, uint32_t flags);
/* All flags to cpu->lazy and the host's flags. Changes r10. */
void flags_settle(struct lower *l);
/* All flags to where the next translation finds them. Changes r9, r10. */
void flags_hand_over(struct lower *l);
uint32_t flags_of_cc(unsigned cc);

/* x64_memory.c
 *
 * l->mem = the E operand, the stack's next or present top, as an operand of
 * host code. It may name r8 and guest registers. By the tables it cannot fault;
 * by the arena it can, and then the instruction begins anew: until its last
 * access no register of the guest and no slot that was in use may change. */
void lower_operand(struct lower *l, unsigned size, bool write);
/* The same for an instruction that changes it; and behind that. */
void lower_change_operand(struct lower *l);
void lower_changed(struct lower *l);
/* reg = offset of the E operand */
void lower_offset(struct lower *l, unsigned reg);
/* l->mem = what lies at offset r8d of a segment */
void lower_operand_at(struct lower *l, unsigned seg, unsigned size, bool write);
/* The same of the 32-bit address `m` in a flat segment, if it can go by the
 * arena. False: it cannot, and nothing was done. */
bool lower_flat_operand(struct lower *l, unsigned seg, struct x64_mem m,
                        unsigned size, bool write);
/* `by` from the stack's present top */
void lower_stack_operand(struct lower *l, int32_t by, unsigned size,
                         bool write);
/* The same of several words, in one page: once the first one was reached, so
 * can be the others. 16 or 32 bytes. */
void lower_stack_words(struct lower *l, int32_t by, unsigned size, bool write);
/* Whether that takes no registers. */
bool lower_is_direct_stack(const struct lower *l, unsigned size);
void lower_push_operand(struct lower *l, unsigned size);
void lower_pop_operand(struct lower *l, unsigned size);
/* ESP changes, perhaps not before lower_settle_stack(). */
void lower_move_stack(struct lower *l, int32_t by);
/* r15d is ESP. Keeps flags. */
void lower_settle_stack(struct lower *l);
/* Moves between a guest register and l->mem. */
void lower_read_mem(struct lower *l, unsigned size, unsigned reg);
void lower_write_mem(struct lower *l, unsigned size, unsigned reg);
/* Whether host register `host` may stand beside l->mem in one instruction. */
bool lower_stands_beside(const struct lower *l, unsigned size, unsigned host);
/* The host register with what guest register `reg` holds that may stand there.
 * May change r10; keeps flags. */
unsigned lower_beside_mem(struct lower *l, unsigned size, unsigned reg);

/* x64_alu.c and so on: emit one instruction. */
void lower_alu(struct lower *l);
void lower_exchange(struct lower *l);
void lower_unary(struct lower *l);
void lower_shift(struct lower *l);
/* Flags that a shift by a constant leaves in the host's, right for sure. */
uint32_t lower_shift_gives(const struct insn *insn);
void lower_double(struct lower *l);
void lower_bit(struct lower *l);
void lower_load(struct lower *l);
void lower_set(struct lower *l);
void lower_stack(struct lower *l);
void lower_push_all(struct lower *l);
void lower_pop_all(struct lower *l);
void lower_plain(struct lower *l);
void lower_string(struct lower *l);
void lower_bit_string(struct lower *l);

/* x64_repeat.c: the fixed code for repeated ones. */
void repeat_emit(struct jit *jit, struct x64 *x);

/* x64_simd.c */
bool lower_simd_native(const struct insn *insn);
void lower_simd(struct lower *l);
void lower_comi_flags(struct lower *l);

/* x64_system.c */
bool lower_system_native(const struct insn *insn);
void lower_system(struct lower *l);

/* x64_segment.c */
/* Loads a data segment register that is flat with the selector in r9d, if that
 * makes it flat again and was seen before: carry clear. Carry set: nothing
 * happened. */
void thunk_flat_segment(struct x64 *x, unsigned seg);
/* Carry clear: a far return to selector r9d leaves CS as it is. Both keep r9,
 * and change r8 and r10. */
void thunk_same_code(struct x64 *x);

/* x64_fpu.c */
bool lower_fpu_native(const struct cpu *cpu, const struct insn *insn);
void lower_fpu(struct lower *l);
void lower_fpu_live(struct lower *l);
bool lower_fpu_sets_c1(const struct insn *insn);
/* The instruction, as struct fpu_point has it; it will be what they name. */
uint32_t lower_fpu_place(const struct lower *l);
void lower_fpu_note(struct lower *l);
/* The record of where the x87's pointers point, or 0. */
uint32_t lower_fpu_point(struct lower *l);
/* Tells cpu->jit. Changes no flags. */
void lower_fpu_settle(struct lower *l);
/* A guest register is about to change. */
void lower_fpu_reg_write(struct lower *l, unsigned n);

/* x64_fpu_call.c */
void lower_fpu_call(struct lower *l);
/* What the instruction does to fpu_full and fpu_free. */
void lower_fpu_track(struct lower *l);
void lower_fpu_forget(struct lower *l);

/* Host register of a guest register, as an operand of `size` bytes. */
static inline unsigned host_reg(unsigned size, unsigned n)
{
    static const uint8_t host[] = {RAX, RCX, RDX, RBX, R15, RBP, RSI, RDI};

    return size == 1 ? n >> 2 | (n & 1) << 2 : host[n];
}

/* AH..BH cannot stand beside r8-r15: swaps it with AL..BL for a while, which
 * touches no flags. Returns the register to use. */
static inline unsigned low_begin(struct lower *l, unsigned size, unsigned reg)
{
    if (size != 1 || reg < 4 || reg > 7)
        return reg;
    x64_rr(&l->x, 1, 0x87, reg - 4, reg);
    return reg - 4;
}

static inline void low_end(struct lower *l, unsigned size, unsigned reg)
{
    if (size == 1 && reg >= 4 && reg <= 7)
        x64_rr(&l->x, 1, 0x87, reg - 4, reg);
}

#endif
