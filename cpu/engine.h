/* How a faster engine than the interpreter plugs into the CPU, which knows no
 * more of it than `struct engine` in state.h. Without one, the interpreter
 * does everything.
 *
 * The first instruction of each block gets `first` as its handler, so the
 * engine sees every entry, and no other step of the interpreter costs more. It
 * counts entries in the block's tier, calls tier->first as long as it has
 * nothing better, and may run as much guest code as it likes in the place of
 * that handler, as long as it keeps the rules of interp.h. */
#ifndef CPU_ENGINE_H
#define CPU_ENGINE_H

#include "cpu/block.h"

/* Once, before the CPU runs for the first time. */
void cpu_plug_engine(struct cpu *cpu, const struct engine *engine);

/* At an instruction boundary inside the engine, as a handler leaves it that
 * returned NULL: does what cpu_run() would do before the next block, where that
 * is quick. True: what stands at EIP may run, in cpu->mode and until
 * cpu->limit, which is at least `least` instructions away. False: the engine
 * has to return NULL. */
bool cpu_go_on(struct cpu *cpu, unsigned least);

#endif
