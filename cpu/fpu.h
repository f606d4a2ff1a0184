/* The x87: register stack, status, and its instructions.
 *
 * Source:   SDM volume 1, chapter 8, and the instruction pages of volume 2;
 *           8087, 80287 and 387DX data sheets for what those lack.
 * Modelled: every instruction of the 387 and 486 and FCMOVcc, FCOMI of later
 *           processors; stack faults; masked and unmasked responses; pointers;
 *           FERR# and IGNNE#; the undocumented aliases.
 * Missing:  projective infinity and the BUSY time of the 8087 and 80287;
 *           FISTTP.
 *
 * Arithmetic is in f80.h and fpu_trans.h. An unmasked exception never faults
 * the instruction that raised it: it sets ES, and the next waiting instruction
 * finds that (#MF, or IRQ 13 by way of FERR#). So within one instruction only
 * its memory operand can fault, and that is checked before anything changes.
 */
#ifndef CPU_FPU_H
#define CPU_FPU_H

#include "cpu/f80.h"

struct cpu;
struct insn;

#define FPU_REGS 8

struct fpu {
    struct f80 reg[FPU_REGS]; /* by physical number */
    uint16_t control;
    uint16_t status; /* without TOP; ES and B follow from the others */
    uint8_t top;     /* physical number of ST(0) */
    uint8_t full;    /* bit n: reg[n] is not empty */

    uint32_t ip, dp; /* offsets of the last instruction and operand */
    uint16_t cs, ds;
    uint16_t op; /* its opcode, 11 bits */

    bool present; /* rebuilt on load */
    bool ignne;   /* level of IGNNE# */
    bool ferr;    /* level of FERR# */
};

/* The state after RESET, with registers empty of surprises. */
void fpu_reset(struct cpu *cpu);

/* After a change of CR0.NE: FERR# depends on it. */
void fpu_update(struct cpu *cpu);

/* Runs an instruction between registers that is known to be none of the
 * reserved ones, and nothing around it: no wait, no pointers. */
void fpu_run_register(struct cpu *cpu, const struct insn *insn);

#endif
