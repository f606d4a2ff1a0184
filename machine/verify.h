/* The engine MACHINE_VERIFY: interpreter and translator in step.
 *
 * Beside the machine that runs with the translator stands a second one, the
 * interpreter's, that gets the same inputs at the same instants and whose
 * output goes nowhere. After every machine_run() both are compared: why they
 * stopped, count, time and processor; every VERIFY_WHOLE_RUNS runs, n times as
 * many with n * VERIFY_WHOLE_BYTES of memory, and at machine_verify_end() all
 * of the state. A machine's writes stay its own (verify_media.h): the media are
 * not changed, and have to stay as they are while it lives.
 *
 * At a difference machine_run() gives MACHINE_VERIFY_DIFFERS, after a search
 * for the instruction: see verify_find.c. Debuggers see the translator's
 * machine alone; what they change is a difference. */
#ifndef MACHINE_VERIFY_H
#define MACHINE_VERIFY_H

#include "machine/machine.h"

#define VERIFY_WHOLE_RUNS  16
#define VERIFY_WHOLE_BYTES MIB(32)
#define VERIFY_INSN_BYTES  15 /* the longest instruction */
#define VERIFY_STATE_BYTES 4096

/* How much is known of where the first difference comes from. */
enum verify_found {
    VERIFY_ONCE,  /* between `equal_insns` and `insns`; `why_once` says why
                     the search did not come closer */
    VERIFY_COUNT, /* a run up to `insns` instructions differs, one up to one
                     less does not: `insn` is the last one done */
    VERIFY_INSN,  /* the same, and it does not if the interpreter does `insn`
                     (and those before it in the last few hundred) */
};

struct verify_report {
    enum verify_found found;
    const char *why_once; /* ONCE: the reason; lives for ever */
    uint64_t equal_insns; /* all was equal here */
    uint64_t insns, ns;   /* and here no more */
    struct verify_insn {
        uint16_t cs;
        uint32_t eip, linear;
        bool code32;
        size_t size; /* of bytes that could be read */
        uint8_t bytes[VERIFY_INSN_BYTES];
    } insn;
    /* What differs then: lines "NAME: interpreter VALUE, translator VALUE". */
    char state[VERIFY_STATE_BYTES];
};

struct verify_stats {
    uint64_t runs, whole; /* compared; of these, in all of the state */
};

/* The run is over: compares all of the state, after a machine_run() that came
 * to its end. False: there is a difference, now or before. True with another
 * engine. */
bool machine_verify_end(struct machine *machine);

/* The search asks `interrupted` often whether it shall end without having found
 * the instruction. */
void machine_verify_let_interrupt(struct machine *machine,
                                  bool (*interrupted)(void *context),
                                  void *context);

/* NULL: there was no difference, or it is another engine. */
const struct verify_report *machine_verify_report(
    const struct machine *machine);

/* False: it is another engine. */
bool machine_verify_stats(const struct machine *machine,
                          struct verify_stats *stats);

#endif
