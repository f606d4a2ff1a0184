/* The register file and all else that an instruction can see or change.
 * Shared by cpu/ and jit/ only; translated code reaches these fields by
 * offset, so moving one is a jit change too. */
#ifndef CPU_STATE_H
#define CPU_STATE_H

#include "cpu/cpu.h"
#include "cpu/fpu.h"
#include "cpu/insn.h"
#include "cpu/msr.h"

/* clang-format off */
enum { CPU_EAX, CPU_ECX, CPU_EDX, CPU_EBX, CPU_ESP, CPU_EBP, CPU_ESI, CPU_EDI,
       CPU_REGS };
enum { SEG_ES, SEG_CS, SEG_SS, SEG_DS, SEG_FS, SEG_GS, SEG_LDTR, SEG_TR,
       SEG_COUNT };
/* clang-format on */

/* EFLAGS (SDM volume 1, 3.4.3). */
#define FLAG_CF   0x00000001u
#define FLAG_ONE  0x00000002u
#define FLAG_PF   0x00000004u
#define FLAG_AF   0x00000010u
#define FLAG_ZF   0x00000040u
#define FLAG_SF   0x00000080u
#define FLAG_TF   0x00000100u
#define FLAG_IF   0x00000200u
#define FLAG_DF   0x00000400u
#define FLAG_OF   0x00000800u
#define FLAG_IOPL 0x00003000u
#define FLAG_NT   0x00004000u
#define FLAG_RF   0x00010000u
#define FLAG_VM   0x00020000u
#define FLAG_AC   0x00040000u
#define FLAG_VIF  0x00080000u
#define FLAG_VIP  0x00100000u
#define FLAG_ID   0x00200000u

#define FLAGS_OSZAPC     (FLAG_OF | FLAG_SF | FLAG_ZF | FLAG_AF | FLAG_PF | FLAG_CF)
#define FLAGS_OSZAP      (FLAGS_OSZAPC & ~FLAG_CF)
#define FLAGS_IOPL_SHIFT 12

/* Control registers (SDM volume 3, 2.5). */
#define CR0_PE 0x00000001u
#define CR0_MP 0x00000002u
#define CR0_EM 0x00000004u
#define CR0_TS 0x00000008u
#define CR0_ET 0x00000010u
#define CR0_NE 0x00000020u
#define CR0_WP 0x00010000u
#define CR0_AM 0x00040000u
#define CR0_NW 0x20000000u
#define CR0_CD 0x40000000u
#define CR0_PG 0x80000000u

#define CR4_VME 0x0001u
#define CR4_PVI 0x0002u
#define CR4_TSD 0x0004u
#define CR4_DE  0x0008u
#define CR4_PSE 0x0010u
#define CR4_PAE 0x0020u
#define CR4_MCE 0x0040u
#define CR4_PGE 0x0080u
#define CR4_PCE 0x0100u

#define CR4_OSFXSR     0x0200u
#define CR4_OSXMMEXCPT 0x0400u

/* Vectors of the processor's own exceptions. */
enum {
    VECTOR_DE = 0,
    VECTOR_DB = 1,
    VECTOR_NMI = 2,
    VECTOR_BP = 3,
    VECTOR_OF = 4,
    VECTOR_BR = 5,
    VECTOR_UD = 6,
    VECTOR_NM = 7,
    VECTOR_DF = 8,
    VECTOR_CSO = 9, /* coprocessor segment overrun, 286 and 386 */
    VECTOR_TS = 10,
    VECTOR_NP = 11,
    VECTOR_SS = 12,
    VECTOR_GP = 13,
    VECTOR_PF = 14,
    VECTOR_MF = 16,
    VECTOR_AC = 17,
    VECTOR_XM = 19,
};

/* Bits of segment.access: descriptor bytes 5 (low) and the high nibble of
 * byte 6 (bits 12-15). */
#define ACCESS_ACCESSED  0x0001u
#define ACCESS_RW        0x0002u /* data: writable; code: readable */
#define ACCESS_DOWN      0x0004u /* data: expand down; code: conforming */
#define ACCESS_CODE      0x0008u
#define ACCESS_S         0x0010u /* code or data, not a system descriptor */
#define ACCESS_DPL       0x0060u
#define ACCESS_P         0x0080u
#define ACCESS_AVL       0x1000u
#define ACCESS_D         0x4000u /* 32-bit code or stack (B) */
#define ACCESS_G         0x8000u
#define ACCESS_DPL_SHIFT 5

/* segment.fast: what the quick check may grant without asking seg.c. */
enum {
    SEG_FAST_READ = 1 << 0,  /* readable, expand up, in [0, limit] */
    SEG_FAST_WRITE = 1 << 1, /* writable, expand up, in [0, limit] */
    SEG_FLAT = 1 << 2,       /* writable, base 0, limit 4 GiB: no check */
    SEG_PLAIN_REAL = 1 << 3, /* as a load in real mode gives it, limit FFFF */
    SEG_PLAIN_V86 = 1 << 4,  /* the same in V86 mode */
};

/* A segment register with its hidden part. */
struct segment {
    uint32_t base;
    uint32_t limit; /* last offset, granularity applied; for expand down
                       the last one that is NOT valid */
    uint16_t selector;
    uint16_t access; /* ACCESS_*; 0 = null selector loaded: unusable */
    uint8_t fast;    /* SEG_*, derived by seg_update() */
    /* Derived too: the first offset that the quick check does not grant. */
    uint64_t read_end, write_end;
};

/* An XMM register: halves, the low one first. */
struct xmm {
    uint64_t q[2];
};

#define XMM_REGS 8

/* What a descriptor of code or data gave when it was loaded: the same bytes
 * under the same selector give the same again. */
struct seg_row {
    uint32_t low, high;
    uint8_t cpl; /* that may load it into a data segment register; SEG_ROW_NEW:
                    not checked yet */
    struct segment segment; /* its selector is the key, too */
    uint64_t unused[2];
};

_Static_assert(sizeof(struct seg_row) == 64, "x64_system.c");

#define SEG_ROWS    16u
#define SEG_ROW_NEW 0xffu

struct table_register {
    uint32_t base;
    uint16_t limit;
};

/* A fault that was noted and waits for delivery. */
struct fault {
    uint32_t error; /* error code, valid when has_error */
    uint8_t vector;
    bool has_error;
    bool pending;
};

/* Lazy arithmetic flags; only flags.h and the sem vocabulary touch these. */
struct lazy_flags {
    uint32_t result, aux; /* see flags.h */
};

/* cpu.events: reasons to leave the fast loop at an instruction boundary. */
enum {
    CPU_EVENT_INTR = 1 << 0, /* INTR pin is high */
    CPU_EVENT_NMI = 1 << 1,
    CPU_EVENT_STOP = 1 << 2,      /* cpu_request_stop() */
    CPU_EVENT_CLOCK = 1 << 3,     /* stop_insns moved nearer */
    CPU_EVENT_TRAP = 1 << 4,      /* single step or data breakpoint: #DB due */
    CPU_EVENT_SHADOW = 1 << 5,    /* after STI: one instruction without INTR */
    CPU_EVENT_RELOAD = 1 << 6,    /* mode or mapping changed: look up anew */
    CPU_EVENT_SHADOW_SS = 1 << 7, /* after a load of SS: nor NMI nor traps */
    CPU_EVENT_STEP = 1 << 8,   /* TF, RF or an instruction breakpoint is set */
    CPU_EVENT_DEBUG = 1 << 16, /* a debugger's point was hit */
};

/* What events_take() deals with. While it leaves one of these set, it wants
 * to be called again after one instruction. */
#define CPU_EVENTS_TAKEN \
    (CPU_EVENT_INTR | CPU_EVENT_NMI | CPU_EVENT_TRAP | CPU_EVENT_SHADOW | \
     CPU_EVENT_SHADOW_SS | CPU_EVENT_STEP)

/* Parts of the state that stand in another form, as a snapshot has them. */
struct cpu_settled {
    uint64_t tsc;    /* 0 without one */
    uint32_t eflags; /* whole */
    uint32_t events; /* that say what the last instruction did */
};

struct addr_space;
struct slow_forms;
struct block;
struct debug;

/* Where an indirect jump went: see jit/target.c. */
#define CPU_JIT_TARGET_BITS 12
struct cpu_jit_target {
    uint64_t key;
    const void *code;
};

/* The same for whatever address space shows that page: see jit/target.c. */
#define CPU_JIT_SHARED_BITS 13
#define CPU_JIT_NO_KIND     UINT64_MAX /* finds none of them */
struct cpu_jit_shared {
    uint64_t key;
    uint32_t fetch; /* the fetch table's entry */
    uint32_t code;  /* its place */
};

/* Tags of the code segments that were in use of late, by their base / 16: for
 * far transfers in real mode and V86. */
#define CPU_JIT_SEGMENTS 64u
struct cpu_jit_segment {
    uint32_t base, mode;
    uint64_t tag;
};

/* What translated code keeps while it runs; nothing of it is state of the
 * guest. Reached by offset. */
#define CPU_JIT_SLOTS 24
struct cpu_jit {
    uint32_t left;   /* instructions that may run, less a reserve */
    uint32_t target; /* where an indirect jump goes */
    /* How to derive the flags from the slots: all of them, 0: they are in lazy;
     * and then all but CF anew, 0: not. Together not 0 only while translated
     * code runs, or C code for it that does not look at flags, or looks by
     * flags_get(). ORDER pending */
    uint32_t pending, partial;
    uint32_t scratch;
    uint32_t device;     /* what a device gave or got; see device_access() */
    uint32_t device_at;  /* where it is, for an instruction that changes it */
    uint32_t host_flags; /* where an access by the arena faulted */
    /* Values that flags follow from: of the present translation, and behind
     * them what `pending` and `partial` are about. */
    uint32_t slot[3 * CPU_JIT_SLOTS];
    uint64_t bad2, bad4, bad8, bad16; /* bits of host addresses that are not
                                         quick */
    uint32_t mxcsr;                   /* the host's own */
    bool xmm_live; /* xmm and mxcsr are in the host's registers */
    bool fpu_live; /* so is the x87, all but its pointers */
    uint32_t fpu_insn, fpu_memory; /* the x87's last instruction, the last with
                                      an operand in memory, in the arena of
                                      blocks; 0: as cpu->fpu has it */
    uint32_t fpu_base, fpu_index;  /* registers of that operand's address */
    uint8_t fpu_image[108];        /* as FNSAVE writes it */
    /* Of the guest's status word while fpu_live is set, ORDER fpu_keep: C0, C2
     * and C3 that the host's has right, those that it has not, and exceptions
     * to be added; C1 of the last instruction that was done by a call. */
    uint16_t fpu_keep, fpu_codes, fpu_flags, fpu_c1;
    uint16_t fpu_control;
    struct {
        uint64_t man;
        uint16_t se;
    } fpu_arg[2];
    const void *resume; /* code that goes on after C code */
    uint64_t tag;       /* in front of EIP in keys of targets */
    uint64_t kind;      /* the same of shared targets */
    struct cpu_jit_segment segments[CPU_JIT_SEGMENTS];
    struct cpu_jit_target targets[1u << CPU_JIT_TARGET_BITS];
    struct cpu_jit_shared shared[1u << CPU_JIT_SHARED_BITS];
};

/* How a block was reached. */
enum cpu_arrival {
    CPU_BY_JUMP,
    CPU_BY_RETURN, /* of an interrupt, or the like */
    CPU_BY_CLOCK   /* where cpu_run() stopped the last time */
};

/* What a faster engine than the interpreter plugs in; see engine.h. */
struct engine {
    void *self;     /* owned by the CPU */
    insn_fn *first; /* handler of the first instruction of every block */
    /* A block's bytes changed. It is not to be entered again; when the engine
     * runs just now, it leaves after the present instruction. */
    void (*killed)(void *self, const struct block *block);
    /* insn_is_patched() will hold of one more of its instructions. */
    void (*patched)(void *self, const struct block *block);
    void (*forgotten)(void *self); /* every block is gone */
    /* cpu->jit.pending or partial is not 0 and somebody wants the flags: puts
     * them into lazy and sets both to 0. */
    void (*settle)(void *self);
    void (*destroy)(void *self);
};

struct cpu {
    uint32_t reg[CPU_REGS + 1]; /* [INSN_NO_REG] is 0: no base or index */
    uint32_t eip;               /* see the rule below */
    uint32_t insn_eip; /* of the instruction that runs, when a helper or the
                          fault delivery looks */
    uint32_t eflags;   /* but the arithmetic bits, which stand in lazy */
    struct lazy_flags lazy;

    /* What nearly every handler reads stands within 128 bytes: memory (see
     * mmu.h) and blocks (see block.h). */
    const int64_t *read_table; /* of `space` at the present privilege */
    const int64_t *write_table;
    const uint32_t *fetch_table; /* physical page + 1, or 0 */
    const uint64_t *fetch_name;  /* of fetch_table: another number whenever one
                                    of its entries is dropped */
    uint64_t block_insns;        /* retired before the block's first */
    uint64_t limit;       /* no block is entered that could pass this count */
    const uint8_t *arena; /* where blocks are */
    const uint32_t *block_hash;
    uint32_t mode;     /* what blocks depend on */
    bool recheck;      /* blocks_find() has to look at rows of memory */
    uint32_t flat;     /* bit n: seg[n] is SEG_FLAT; derived by seg_update() */
    uint32_t plain[2]; /* bit n: a load of seg[n] in real mode, in V86 mode,
                          changes its base and nothing else; derived, too */
    uint32_t stack_mask; /* FFFF or FFFFFFFF, by SS.B */
    uint32_t debugging;  /* DEBUG_ON_*, see debug_int.h; 0: nothing is set */

    /* Of `space` at the privileges that read system structures. */
    const int64_t *system_read_table, *system_write_table;

    struct segment seg[SEG_COUNT];
    struct table_register gdtr, idtr;
    uint32_t cr0, cr2, cr3, cr4;
    uint64_t pdpte[4]; /* with PAE: loaded with CR3 */
    uint32_t dr[8];
    uint32_t test_reg[8]; /* TR3-TR7 of the 386 and 486 */
    uint8_t cpl;          /* in V86 mode 3, in real mode 0 */
    bool user;            /* cpl == 3: which page tables' rights hold */

    struct fault fault;
    uint32_t events;    /* CPU_EVENT_* */
    uint32_t trap_bits; /* DR6 bits that CPU_EVENT_TRAP will set */
    bool halted;
    bool shutdown;
    bool nmi_blocked; /* until IRET */
    bool nmi_pending; /* an edge of NMI came and is not taken yet */
    bool intr_level;
    bool stepping;   /* TF was set when the instruction began */
    bool unfinished; /* a repeated instruction was left, to go on later */
    uint8_t ext;     /* 1 while an event that the program did not ask for is
                        delivered: bit EXT of error codes */

    struct seg_row seg_rows[SEG_ROWS]; /* by selector / 8 */

    struct addr_space *space; /* see mmu.h */
    uint8_t *window;          /* of its arena, see mmu.h; NULL: it has none */
    const struct insn *cur;   /* the instruction that runs, as below */
    const struct insn *from;  /* a near branch that has no link yet */
    enum cpu_arrival arrival; /* at the block at EIP; for an engine */

    struct fpu fpu; /* its registers are the MMX registers, too */
    _Alignas(16) struct xmm xmm[XMM_REGS];
    uint32_t mxcsr; /* see sse_float.h */

    uint64_t msr[CPU_MSRS]; /* see msr.def */
    uint64_t tsc_offset;    /* TSC less the clock's ticks */
    uint64_t tsc_hz;        /* of the TSC */

    struct cpu_settled settled; /* see cpu_state_settle() */

    enum cpu_model model;
    struct mem *mem;
    struct bus *ports;
    struct clock *clock;
    struct irq_ack ack;
    struct apic_base_line apic;
    struct irq_line ferr;
    struct log *log;
    struct mmu *mmu;            /* owned */
    struct block_cache *blocks; /* owned */
    struct slow_forms *slow;    /* owned; see interp.h */
    struct debug *debug;        /* owned */
    struct engine engine;       /* all NULL: none */
    struct cpu_jit jit;
    struct cpu_stats stats;
    bool told_triple_fault;
};

/* The rules between the interpreter and everything it calls:
 *
 * - Before a function outside the interpreter's fast path runs for an
 *   instruction, `cur` points to it, `insn_eip` is its offset in CS and `eip`
 *   that of the next one. A control transfer changes `eip`.
 * - A function that returns bool returns false when a fault was noted with
 *   cpu_fault(); nothing architectural of the instruction is committed then,
 *   and the caller returns false at once. The main loop delivers it.
 * - Retired count at `cur`: block_insns + cur->index; cpu_sync() tells it to
 *   the clock. */

/* Notes a fault. `error` is ignored for vectors that push none. Returns
 * false, so that callers write `return cpu_fault(cpu, VECTOR_GP, 0);`. */
bool cpu_fault(struct cpu *cpu, unsigned vector, uint32_t error);

/* Tells the clock the count of instructions retired before `cur`. */
void cpu_sync(struct cpu *cpu);

/* Flags are not yet in cpu->lazy. */
static inline bool cpu_flags_pend(const struct cpu *cpu)
{
    return cpu->jit.pending | cpu->jit.partial;
}

static inline bool cpu_protected(const struct cpu *cpu)
{
    return cpu->cr0 & CR0_PE;
}

static inline bool cpu_v86(const struct cpu *cpu)
{
    return cpu->eflags & FLAG_VM;
}

/* Real mode or V86: selectors are paragraphs. */
static inline bool cpu_paragraphs(const struct cpu *cpu)
{
    return !cpu_protected(cpu) || cpu_v86(cpu);
}

static inline bool cpu_code32(const struct cpu *cpu)
{
    return cpu->seg[SEG_CS].access & ACCESS_D;
}

static inline bool cpu_stack32(const struct cpu *cpu)
{
    return cpu->seg[SEG_SS].access & ACCESS_D;
}

static inline unsigned cpu_iopl(const struct cpu *cpu)
{
    return (cpu->eflags & FLAG_IOPL) >> FLAGS_IOPL_SHIFT;
}

#endif
