/* Looking into a processor, and stopping it: the face that the machine shows
 * to debuggers. Call these between two runs only; the reading ones from a
 * tracer as well. */
#ifndef CPU_DEBUG_H
#define CPU_DEBUG_H

#include "core/debug.h"
#include "core/status.h"

struct cpu;

/* Adds a point; *number names it until it is removed. Points that cover the
 * same are all right: the one with the lowest number is reported.
 * Errors: NO_MEMORY (DEBUG_POINTS are set), BAD_ARGUMENT (length 0, no
 * direction, beyond the end of what addresses or ports there are). */
enum status debug_insert(struct cpu *cpu, const struct debug_point *point,
                         unsigned *number);
void debug_remove(struct cpu *cpu, unsigned number);

/* cpu_run() stops with DEBUG_STEPPED after one instruction; `how`:
 * DEBUG_STEP_*. A halted processor sleeps on until something wakes it. */
void debug_step(struct cpu *cpu, unsigned how);
/* Forgets a step that is not done. */
void debug_step_cancel(struct cpu *cpu);

/* The instruction that is next does not stop the run although a point stands
 * on it. A run that goes on after a stop does the same without being told. */
void debug_pass(struct cpu *cpu);

/* What was accessed since the last stop does not count: the instruction
 * faulted, or it was a debugger who wrote. */
void debug_forget_hits(struct cpu *cpu);

/* Why the last cpu_run() gave CPU_STOP_DEBUG. */
const struct debug_stop *debug_last_stop(const struct cpu *cpu);

/* Calls the tracer before each instruction; NULL ends that. Copied. */
void debug_set_tracer(struct cpu *cpu, const struct debug_tracer *tracer);

/* Registers. False: this processor lacks it, or cannot take the value in its
 * present state (a selector that it could not load, a reserved bit); nothing
 * has changed then. */
void debug_get_registers(struct cpu *cpu, struct debug_registers *out);
bool debug_set_register(struct cpu *cpu, enum debug_register reg,
                        uint32_t value);
bool debug_set_st(struct cpu *cpu, unsigned n, const uint8_t bytes[10]);
bool debug_set_xmm(struct cpu *cpu, unsigned n, const uint8_t bytes[16]);

/* The physical address of a linear one; nothing changes. False: not mapped. */
bool debug_translate(struct cpu *cpu, laddr addr, paddr *phys);

#endif
