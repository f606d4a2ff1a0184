/* How one handler leads to the next, portably: it returns the instruction, and
 * the loop in cpu.c calls its handler. */
#ifndef CPU_DISPATCH_H
#define CPU_DISPATCH_H

#define DISPATCH(cpu, insn) return (void)(cpu), (insn)

#define UNLIKELY(condition) (condition)

#endif
