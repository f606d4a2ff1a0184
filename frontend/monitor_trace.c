/* The execution trace, and symbol files.
 *
 * One line an instruction: the count of instructions retired before it, CS:EIP,
 * linear address, bytes, text, and behind a bar the registers that it changed.
 * What it changed is known at the next one, so a line is written then. The
 * iterations of a repeated string instruction share one line. Where interrupts
 * or faults were delivered in between, a line says how many. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "frontend/monitor_int.h"

#define BUFFER_BYTES (1u << 20)

struct monitor_trace {
    struct monitor *monitor; /* borrowed */
    FILE *file;              /* owned */
    char path[MONITOR_WORD_BYTES];
    uint64_t left; /* instructions to go */
    uint64_t written;
    bool pending; /* an instruction began: */
    struct debug_registers before;
    uint64_t insns;
    uint64_t iterations;
};

static const char *const names[DEBUG_REGS] = {
#define DEBUG_REG(id, name, bits, group) [DEBUG_##id] = name,
#include "core/debug_regs.def"
#undef DEBUG_REG
};

static bool is_told(unsigned id)
{
    return id != DEBUG_EIP && id != DEBUG_PC && id != DEBUG_HALTED;
}

static void put_changes(FILE *file, const struct debug_registers *before,
                        const struct debug_registers *after)
{
    const char *bar = " |";

    for (unsigned id = 0; id < DEBUG_REGS; id++) {
        if (before->value[id] == after->value[id] || !is_told(id))
            continue;
        fprintf(file, "%s %s=%x", bar, names[id], after->value[id]);
        bar = "";
    }
    for (unsigned n = 0; n < DEBUG_XMM_REGS; n++) {
        if (memcmp(before->xmm[n], after->xmm[n], 16) == 0)
            continue;
        fprintf(file, "%s xmm%u=", bar, n);
        for (unsigned i = 16; i-- > 0;)
            fprintf(file, "%02x", after->xmm[n][i]);
        bar = "";
    }
}

static void put_insn(struct monitor_trace *t)
{
    struct monitor *m = t->monitor;
    struct monitor_code code = monitor_next_code(m, &t->before);
    uint8_t bytes[DISASM_BYTES];
    struct disasm insn;
    unsigned i;

    fprintf(t->file, "%llu %04x:%08x %08x ", (unsigned long long)t->insns,
            t->before.value[DEBUG_CS], code.eip, (uint32_t)code.addr);
    if (!monitor_decode(m, &code, bytes, &insn)) {
        fprintf(t->file, "no memory");
        return;
    }
    for (i = 0; i < insn.length; i++)
        fprintf(t->file, "%02x", bytes[i]);
    fprintf(t->file, "%*s%s", i < 8 ? (int)(17 - 2 * i) : 1, "", insn.text);
    if (insn.has_target)
        monitor_put_symbol(m, t->file,
                           (uint32_t)code.addr - code.eip + insn.target);
}

/* Ends the line of the instruction before. */
static void end_line(struct monitor_trace *t,
                     const struct debug_registers *after)
{
    uint64_t now = machine_insns(t->monitor->config.machine);

    if (!t->pending)
        return;
    t->pending = false;
    if (t->iterations > 1)
        fprintf(t->file, " x%llu", (unsigned long long)t->iterations);
    put_changes(t->file, &t->before, after);
    fputc('\n', t->file);
    if (now > t->insns + t->iterations)
        fprintf(t->file, "# interrupts or faults: %llu\n",
                (unsigned long long)(now - t->insns - t->iterations));
}

static bool trace_insn(void *self, bool again)
{
    struct monitor_trace *t = self;
    struct debug_registers now;

    if (again && t->pending &&
        machine_insns(t->monitor->config.machine) == t->insns + t->iterations) {
        t->iterations++;
        return true;
    }
    machine_get_registers(t->monitor->config.machine, &now);
    end_line(t, &now);
    if (t->left == 0) {
        fflush(t->file);
        return false;
    }
    t->left--;
    t->written++;
    t->pending = true;
    t->before = now;
    t->insns = machine_insns(t->monitor->config.machine);
    t->iterations = 1;
    put_insn(t);
    return true;
}

void monitor_trace_end(struct monitor *m)
{
    struct monitor_trace *t = m->trace;
    struct debug_registers now;

    if (!t)
        return;
    machine_set_tracer(m->config.machine, NULL);
    machine_get_registers(m->config.machine, &now);
    end_line(t, &now);
    m->trace = NULL;
    if (fclose(t->file) != 0 && m->out)
        monitor_fail(m, "%s: %s", t->path, failure_errno_text(errno));
    free(t);
}

static struct monitor_trace *open_trace(struct monitor *m, const char *path)
{
    struct monitor_trace *t = calloc(1, sizeof(*t));

    if (t)
        t->file = fopen(path, "w");
    if (!t || !t->file) {
        monitor_fail(m, "%s: %s", path, failure_create_text(errno));
        free(t);
        return NULL;
    }
    setvbuf(t->file, NULL, _IOFBF, BUFFER_BYTES);
    snprintf(t->path, sizeof(t->path), "%s", path);
    t->monitor = m;
    t->left = UINT64_MAX;
    return t;
}

/* trace FILE [COUNT], trace off, trace: how far it is. */
void monitor_do_trace(struct monitor *m)
{
    char path[MONITOR_WORD_BYTES];
    uint64_t count = UINT64_MAX;

    if (monitor_at_end(m)) {
        if (m->trace)
            fprintf(m->out, "%s: %llu instructions\n", m->trace->path,
                    (unsigned long long)m->trace->written);
        else
            fprintf(m->out, "nothing is traced\n");
        return;
    }
    if (!monitor_word(m, path, sizeof(path)) ||
        (!monitor_at_end(m) && !monitor_number(m, &count)))
        return;
    monitor_trace_end(m);
    if (strcmp(path, "off") == 0)
        return;
    m->trace = open_trace(m, path);
    if (!m->trace)
        return;
    m->trace->left = count;
    machine_set_tracer(m->config.machine,
                       &(struct debug_tracer){trace_insn, m->trace});
}

void monitor_do_symbols(struct monitor *m)
{
    char path[MONITOR_WORD_BYTES];
    struct failure failure;
    uint64_t base = 0;
    size_t added;

    if (!monitor_word(m, path, sizeof(path)))
        return;
    if (strcmp(path, "clear") == 0) {
        symbols_clear(&m->symbols);
        return;
    }
    if (!monitor_at_end(m) && !monitor_address(m, &base))
        return;
    if (symbols_load(&m->symbols, path, (uint32_t)base, &added, &failure))
        fprintf(m->out, "%zu symbols\n", added);
    else
        monitor_fail(m, "%s", failure.text);
}
