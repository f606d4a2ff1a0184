/* How one handler leads to the next where the compiler turns a call in the
 * last place into a jump (GCC and Clang, optimising): the stack does not grow
 * and each handler predicts its own successor. */
#ifndef CPU_DISPATCH_H
#define CPU_DISPATCH_H

#define DISPATCH(cpu, insn) return (insn)->fn((cpu), (insn))

/* What is not expected goes out of the way. */
#define UNLIKELY(condition) __builtin_expect(!!(condition), 0)

#endif
