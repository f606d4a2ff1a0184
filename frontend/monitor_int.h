/* What the parts of the monitor share. */
#ifndef FRONTEND_MONITOR_INT_H
#define FRONTEND_MONITOR_INT_H

#include "frontend/disasm.h"
#include "frontend/monitor.h"
#include "frontend/symbols.h"

#define MONITOR_LINE_BYTES 1024
#define MONITOR_WORD_BYTES 256
#define MONITOR_MOST_BYTES (UINT64_C(1) << 20) /* shown at once */

/* A point that was set here, by the machine's number. */
struct monitor_point {
    bool used, temporary;
    bool for_gdb; /* set by gdb's `monitor`: it goes with gdb */
    struct debug_point point;
    char condition[MONITOR_WORD_BYTES]; /* "": none */
    uint64_t hits;
};

/* What a command runs towards, besides points. */
enum monitor_goal {
    MONITOR_NO_GOAL,
    MONITOR_STEPS,  /* steps_left */
    MONITOR_FINISH, /* a return that leaves the stack above finish_sp */
};

struct monitor_trace;

struct monitor {
    struct monitor_config config;
    FILE *out;        /* while a command runs; borrowed */
    const char *rest; /* of its line */
    bool failed;      /* said what was wrong */
    bool for_gdb;
    bool waiting; /* a step, or what runs to a place, is on its way */

    struct monitor_point points[DEBUG_POINTS];
    enum monitor_goal goal;
    uint64_t steps_left;
    uint32_t finish_sp;
    bool returning; /* the next instruction is a return at that level */

    unsigned step_mode; /* DEBUG_STEP_* */
    bool devices;
    char format, size; /* of x, last used */
    struct symbols symbols;
    struct monitor_trace *trace; /* owned; NULL: none */
};

typedef void monitor_handler(struct monitor *m);

#define SECTION(title)
#define COMMAND(name, other, arguments, handler, runs, help) \
    monitor_handler monitor_do_##handler;
#define INFO(name, arguments, handler, help) \
    monitor_handler monitor_show_##handler;
#include "frontend/monitor.def"
#undef INFO
#undef COMMAND
#undef SECTION

/* Says what is wrong with the command. Returns false. */
#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
bool monitor_fail(struct monitor *m, const char *format, ...);

/* monitor_parse.c: takes pieces off m->rest. What is wrong is said. */
bool monitor_at_end(struct monitor *m);
bool monitor_word(struct monitor *m, char *word, size_t size);
/* The word, if it is the next one. */
bool monitor_skip(struct monitor *m, const char *word);
bool monitor_number(struct monitor *m, uint64_t *value);
/* A linear address: EXPR, SEGMENT:OFFSET, or a symbol. */
bool monitor_address(struct monitor *m, uint64_t *addr);
/* "*EXPR" is physical. */
bool monitor_any_address(struct monitor *m, uint64_t *addr, bool *physical);
/* "/10xw" if it is there; count is 1 without. */
struct monitor_format {
    uint64_t count;
    char letter, size;
};
bool monitor_take_format(struct monitor *m, struct monitor_format *format);
/* The value of an expression, without a word about what is wrong. */
bool monitor_evaluate(struct monitor *m, const char *text, uint64_t *value);

/* monitor_memory.c */
size_t monitor_read(struct monitor *m, enum machine_space space, uint64_t addr,
                    void *buffer, size_t size);
bool monitor_read_physical32(struct monitor *m, uint64_t addr, uint32_t *value);

/* monitor_tables.c: where the segment of a selector begins, in the present
 * mode. False: there is none. */
bool monitor_selector_base(struct monitor *m,
                           const struct debug_registers *regs,
                           uint16_t selector, uint64_t *base);

/* monitor_disassemble.c */
struct monitor_code {
    enum machine_space space;
    uint64_t addr;
    uint32_t eip; /* offset in CS of that address */
    bool code32;
};
/* Fetches and decodes; false: no memory there. `bytes` gets the instruction. */
bool monitor_decode(struct monitor *m, const struct monitor_code *code,
                    uint8_t bytes[DISASM_BYTES], struct disasm *out);
/* "CS:EIP LINEAR  BYTES  TEXT", or a line that says there is no memory.
 * Returns the instruction's length, 0 without one. */
unsigned monitor_put_insn(struct monitor *m, const struct monitor_code *code);
void monitor_put_code(struct monitor *m, struct monitor_code code,
                      uint64_t count);
struct monitor_code monitor_next_code(struct monitor *m,
                                      const struct debug_registers *regs);
/* "<name+12>" with a blank before, or nothing. */
void monitor_put_symbol(struct monitor *m, FILE *out, uint32_t addr);

/* monitor_points.c: whether a hit of a point is one to stop for. */
bool monitor_point_stops(struct monitor *m, unsigned number);

/* monitor_trace.c */
void monitor_trace_end(struct monitor *m);

#endif
