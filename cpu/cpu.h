/* The processor, as the machine sees it. */
#ifndef CPU_CPU_H
#define CPU_CPU_H

#include "core/bus.h"
#include "core/clock.h"
#include "core/irq.h"
#include "core/log.h"
#include "core/mem.h"
#include "cpu/model.h"

struct cpu;

struct cpu_config {
    enum cpu_model model;
    bool fpu;                   /* an x87 is there */
    uint64_t tsc_hz;            /* of the time-stamp counter; 0: 100 MHz */
    struct mem *mem;            /* borrowed; the CPU becomes its watcher */
    struct bus *ports;          /* borrowed */
    struct clock *clock;        /* borrowed */
    struct irq_ack ack;         /* copied: the interrupt controller */
    struct apic_base_line apic; /* copied */
    struct irq_line ferr; /* copied: FERR#, the x87's unmasked errors; when it
                             is not connected, errors do not stop the CPU */
    struct log *log;      /* borrowed; may be NULL */
};

/* Why cpu_run() came back. */
enum cpu_stop {
    CPU_STOP_COUNT,    /* the clock's stop_insns was reached */
    CPU_STOP_HALT,     /* HLT (or shutdown) and nothing to wake it yet */
    CPU_STOP_SHUTDOWN, /* triple fault: the board decides (reset on a PC) */
    CPU_STOP_REQUEST,  /* cpu_request_stop() */
    CPU_STOP_DEBUG,    /* debug_last_stop() says why */
};

/* Errors: NO_MEMORY. The caller owns *out. The CPU is in its reset state. */
enum status cpu_create(const struct cpu_config *config, struct cpu **out);
void cpu_destroy(struct cpu *cpu);

/* The RESET pin (A20 is not its business). `init` keeps what INIT keeps. */
void cpu_reset(struct cpu *cpu);

/* Runs until the clock's insns reach its stop_insns exactly, or something
 * else named above happens; the clock is synced on return. When a device moves
 * stop_insns nearer during a port access, that holds after the instruction. */
enum cpu_stop cpu_run(struct cpu *cpu);

/* Level of INTR; edge of NMI. Take effect at the next instruction boundary. */
void cpu_set_intr(struct cpu *cpu, bool level);
void cpu_raise_nmi(struct cpu *cpu);

/* Level of IGNNE#: x87 instructions run on although FERR# is high. The board
 * raises it when the handler of that interrupt has come by (port F0). */
void cpu_set_ignne(struct cpu *cpu, bool level);

/* cpu_run() returns at the next instruction boundary. For devices that reset
 * or switch off the machine from inside a port access. */
void cpu_request_stop(struct cpu *cpu);

/* True while an interrupt would wake or reach the CPU at once. */
bool cpu_is_halted(const struct cpu *cpu);

/* What a snapshot holds, between two runs. Before it is read, _settle() brings
 * all of it into the table; after a load, with the clock and memory loaded
 * before, _loaded() makes everything else anew. False: values that no run can
 * lead to; the CPU is to be reset. */
extern const struct state_field cpu_state[];
void cpu_state_settle(struct cpu *cpu);
bool cpu_state_loaded(struct cpu *cpu);

/* Settles, and hashes the table. */
uint64_t cpu_state_hash(struct cpu *cpu, uint64_t hash);

struct cpu_stats {
    uint64_t blocks_decoded, blocks_run, invalidations, exceptions, interrupts;
};
void cpu_get_stats(const struct cpu *cpu, struct cpu_stats *stats);

#endif
