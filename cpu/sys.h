/* Instructions that change privilege, tasks, tables or modes, and delivery of
 * interrupts and faults. insn.def names the exec_ functions; they follow the
 * rules of state.h. */
#ifndef CPU_SYS_H
#define CPU_SYS_H

#include "cpu/state.h"

enum interrupt_kind {
    INTERRUPT_EXTERNAL, /* INTR or NMI: no privilege check of the gate */
    INTERRUPT_FAULT,    /* processor exception */
    INTERRUPT_SOFTWARE, /* INT n, INT3, INTO: gate DPL and IOPL are checked */
};

/* Transfers through the IDT, or the vector table in real mode. The return
 * address pushed is cpu->eip. `error` is pushed when has_error and in
 * protected mode. False: a fault was noted during delivery. */
struct interrupt {
    uint32_t error;
    uint8_t vector;
    bool has_error;
    bool resume; /* RF is set in the flags pushed */
    enum interrupt_kind kind;
};
bool interrupt_enter(struct cpu *cpu, const struct interrupt *interrupt);

/* Delivers cpu->fault: sets eip back to insn_eip for faults, sets RF, turns a
 * fault during delivery into a double fault and one more into shutdown, by
 * the SDM's table of benign, contributory and page faults. Always ends with
 * no fault pending. */
void fault_deliver(struct cpu *cpu);

/* At an instruction boundary with cpu->events not 0: takes traps, NMI, INTR
 * (when IF and no shadow) and instruction breakpoints, in the order of the SDM
 * (volume 3, 6.9). True: control went elsewhere, and the caller asks again.
 * False: the instruction at eip may run; if CPU_EVENTS_TAKEN bits are still
 * set then just that one, for single step and shadows count instructions.
 * The caller has synced the clock.
 *
 * A repeated string instruction that is left unfinished (eip back on it) sets
 * RF and CPU_EVENT_STEP, so that an instruction breakpoint does not hit it
 * once for each iteration (SDM volume 3, 17.3.1.1). Nobody else needs to care
 * for TF and RF. */
bool events_take(struct cpu *cpu);

/* Whether events_take() would let control go elsewhere now. */
enum events_next {
    EVENTS_NONE,
    EVENTS_TRAP,     /* #DB */
    EVENTS_EXTERNAL, /* INTR or NMI */
};
enum events_next events_next(const struct cpu *cpu);

/* Sets the events that follow from the registers: whoever changes IF, TF, RF
 * or DR7 calls it after. cpu_set_intr() and cpu_raise_nmi() set intr_level and
 * nmi_pending, and call it too. */
void events_refresh(struct cpu *cpu);

/* Reset values of every register that the model has. */
void sys_reset(struct cpu *cpu);

/* False: #GP noted. Checks IOPL and the TSS's permission map for `size` ports
 * from `port`; always true in real mode. Notes I/O breakpoints. */
bool io_check(struct cpu *cpu, uint16_t port, unsigned size);

/* Whole EFLAGS with the lazy bits settled, as PUSHF would push them (VM and RF
 * included); and the other way, for the bits in `mask`. In flags.c. */
uint32_t flags_get(struct cpu *cpu);
void flags_set(struct cpu *cpu, uint32_t value, uint32_t mask);

/* The offset of the memory operand, wrapped to the address size. In interp.c,
 * as are the two that read and write a 16- or 32-bit E operand. */
uint32_t insn_address(const struct cpu *cpu, const struct insn *insn);
bool insn_read_e(struct cpu *cpu, const struct insn *insn, unsigned size,
                 uint32_t *value);
bool insn_write_e(struct cpu *cpu, const struct insn *insn, uint32_t value,
                  unsigned size);

/* The time-stamp counter when so many instructions are retired, which the clock
 * is told. */
uint64_t msr_tsc_at(struct cpu *cpu, uint64_t insns);

static inline unsigned insn_size(const struct insn *insn)
{
    return insn->flags & INSN_OP32 ? 4 : 2;
}

/* clang-format off */
/* Name of the row's semantics; what it covers. */
#define SYS_LIST(X) \
    X(mov_seg_e)   /* 8E: MOV Sw, Ew (segment in reg) */ \
    X(mov_e_seg)   /* 8C: MOV Ev, Sw */ \
    X(push_seg)    /* 06 0E 16 1E 0FA0 0FA8 (segment in reg) */ \
    X(pop_seg)     /* 07 17 1F 0FA1 0FA9 */ \
    X(load_far)    /* LES LDS LSS LFS LGS: segment in imm2 */ \
    X(call_far)    /* 9A: imm2:imm */ \
    X(jmp_far)     /* EA */ \
    X(call_far_e)  /* FF /3 */ \
    X(jmp_far_e)   /* FF /5 */ \
    X(ret_far)     /* CB, CA: imm bytes released */ \
    X(iret)        /* CF */ \
    X(int_n)       /* CD: vector in imm */ \
    X(int3)        /* CC */ \
    X(int1)        /* F1 */ \
    X(into)        /* CE */ \
    X(bound)       /* 62 */ \
    X(pushf) X(popf) X(cli) X(sti) X(hlt) \
    X(lgdt) X(lidt) X(sgdt) X(sidt) X(lldt) X(ltr) X(sldt) X(str) \
    X(smsw) X(lmsw) X(clts) X(arpl) X(verr) X(verw) X(lar) X(lsl) \
    X(mov_r_cr) X(mov_cr_r) X(mov_r_dr) X(mov_dr_r) X(mov_r_tr) X(mov_tr_r) \
    X(invd) X(wbinvd) X(invlpg) X(loadall286) X(loadall386) X(cpuid) \
    X(rdmsr) X(wrmsr) X(rdtsc) X(rdpmc) X(sysenter) X(sysexit) \
    X(enter_nested) /* ENTER with a level above 0 may stay in the interpreter */
/* clang-format on */

#define X(name) bool exec_##name(struct cpu *cpu, const struct insn *insn);
SYS_LIST(X)
#undef X

#endif
