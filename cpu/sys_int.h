/* What the sys_*.c files share. */
#ifndef CPU_SYS_INT_H
#define CPU_SYS_INT_H

#include "cpu/desc.h"
#include "cpu/frame.h"
#include "cpu/sys.h"

/* Debug registers (SDM volume 3, 17.2). */
#define DR6_HITS    0x0000000fu /* B0-B3 */
#define DR6_BD      0x00002000u /* a debug register was about to be touched */
#define DR6_BS      0x00004000u /* single step */
#define DR6_BT      0x00008000u /* task switch to a TSS with the T bit */
#define DR7_LOCAL   0x00000155u /* L0-L3 and LE: cleared by a task switch */
#define DR7_GD      0x00002000u
#define DR7_ENABLED 0x000000ffu /* L and G */
#define DR7_IO      2u          /* kind of a breakpoint, with CR4.DE */

#define DR7_RESET 0x00000400u

/* PF error codes and bit 1 of others: the selector field is a vector. */
#define ERROR_IDT 2u

/* EFLAGS as pushed by this model: with the bits 12-15 of an 8086. */
static inline uint32_t sys_flags(struct cpu *cpu)
{
    return flags_get(cpu) | (cpu->model == CPU_8086 ? 0xf000u : 0);
}

/* EFLAGS bits that exist in this model and can be loaded at privilege 0; VM
 * and RF apart. */
uint32_t sys_flags_mask(const struct cpu *cpu);

/* The same less what the present privilege may not change by POPF or IRET. */
uint32_t sys_flags_writable(const struct cpu *cpu);

/* Loads the bits of EFLAGS in `mask` and does all that follows from it. */
void sys_load_flags(struct cpu *cpu, uint32_t value, uint32_t mask);

/* CR3, less the bits that the model does not have. False: #GP noted, for bad
 * page-directory pointers of PAE. */
bool sys_load_cr3(struct cpu *cpu, uint32_t value);

/* Where the selector of a far pointer stands whose offset is at `at`. */
uint32_t sys_far_second(const struct cpu *cpu, const struct insn *insn,
                        uint32_t at);

/* Ends a transfer: the checked descriptor in CS with the present privilege as
 * its RPL, and the new offset. */
void sys_enter_code(struct cpu *cpu, const struct descriptor *code,
                    uint32_t eip);

/* The whole delivery, and IRET of 32 bits in protected mode, where what they
 * look at is as plain as it mostly is. False: nothing happened. */
bool quick_interrupt(struct cpu *cpu, const struct interrupt *i);
bool quick_iret(struct cpu *cpu);

/* DR6 after RESET. */
uint32_t debug_reset_dr6(const struct cpu *cpu);

/* Notes hits of I/O breakpoints: the trap is taken after the instruction. */
void debug_note_port(struct cpu *cpu, uint16_t port, unsigned size);

/* EFLAGS bits that only IRET of privilege 0 and a task switch load. */
static inline uint32_t sys_flags_virtual(const struct cpu *cpu)
{
    return cpu_model_has(cpu->model, CPU_FEATURE_VME) ? FLAG_VIF | FLAG_VIP : 0;
}

/* Virtual interrupts (sys_vme.c). In V86 mode with VME and IOPL below 3: 16-bit
 * PUSHF, POPF, IRET, and CLI and STI see VIF in the place of IF. */
bool vme_active(const struct cpu *cpu);

/* Whether CLI and STI change VIF: as above, or PVI in ring 3. */
bool vme_has_vif(const struct cpu *cpu);

/* FLAGS as pushed there: VIF as IF, IOPL 3. */
uint16_t vme_flags(struct cpu *cpu);

/* Whether POPF and IRET may load `flags` there; and loading them. */
bool vme_accepts(const struct cpu *cpu, uint32_t flags);
void vme_load_flags(struct cpu *cpu, uint32_t flags);

/* INT n in V86 mode with VME: *done when it went to the program's own table.
 * False: a fault was noted. */
bool vme_redirect(struct cpu *cpu, unsigned n, bool *done);

/* Model-specific registers and the time-stamp counter after RESET. */
void msr_reset(struct cpu *cpu);

/* Tasks (sys_task.c). */
enum task_cause {
    TASK_JUMP,
    TASK_CALL,
    TASK_INTERRUPT,
    TASK_RETURN
};

/* Reads and checks the descriptor of an available TSS: #GP, #NP. */
bool task_find(struct cpu *cpu, uint16_t selector, struct descriptor *tss);

/* Switches to a task whose descriptor was checked. The old task will go on at
 * cpu->eip with `flags`. A fault after the point of no return leaves the new
 * task's registers, and insn_eip in it; false all the same. */
bool task_switch(struct cpu *cpu, const struct descriptor *tss,
                 enum task_cause cause, uint32_t flags);

/* Switches back to the task that the present one is nested in (IRET, NT). */
bool task_return(struct cpu *cpu);

/* The stack for privilege 0-2 in the present TSS. False: #TS or #PF. */
struct inner_stack {
    uint32_t esp;
    uint16_t ss;
};
bool task_inner_stack(struct cpu *cpu, unsigned level, struct inner_stack *out);

#endif
