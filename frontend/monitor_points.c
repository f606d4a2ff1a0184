/* Where the machine is to stop. */
#include <string.h>

#include "frontend/monitor_int.h"

static bool add_point(struct monitor *m, const struct monitor_point *point)
{
    unsigned number;

    switch (machine_insert_point(m->config.machine, &point->point, &number)) {
    case STATUS_OK: break;
    case STATUS_NO_MEMORY:
        return monitor_fail(m, "%d points are set already; delete one",
                            DEBUG_POINTS);
    default:
        return monitor_fail(m, "that is beyond the end of what there is, or "
                               "of length 0");
    }
    m->points[number] = *point;
    m->points[number].used = true;
    m->points[number].for_gdb = m->for_gdb;
    fprintf(m->out, "%spoint %u\n",
            point->point.kind == DEBUG_DATA ? "Watch" : "Break", number);
    return true;
}

/* "if EXPR" takes the rest of the line. */
static bool take_condition(struct monitor *m, struct monitor_point *point)
{
    uint64_t value;

    if (!monitor_skip(m, "if"))
        return true;
    if (monitor_at_end(m) || strlen(m->rest) >= sizeof(point->condition))
        return monitor_fail(m, "the condition is missing or too long");
    snprintf(point->condition, sizeof(point->condition), "%s", m->rest);
    if (!monitor_evaluate(m, point->condition, &value))
        return monitor_fail(m, "%s: not an expression", m->rest);
    m->rest += strlen(m->rest);
    return true;
}

/* Whether a number comes next, and not the end or "if". */
static bool more_numbers(struct monitor *m)
{
    return !monitor_at_end(m) && strncmp(m->rest, "if ", 3) != 0;
}

static void add_break(struct monitor *m, bool temporary)
{
    struct monitor_point point = {.temporary = temporary,
                                  .point = {.kind = DEBUG_INSN}};

    if (monitor_any_address(m, &point.point.addr, &point.point.physical) &&
        take_condition(m, &point))
        add_point(m, &point);
}

void monitor_do_break(struct monitor *m)
{
    add_break(m, false);
}

void monitor_do_tbreak(struct monitor *m)
{
    add_break(m, true);
}

static void add_watch(struct monitor *m, unsigned access)
{
    struct monitor_point point = {
        .point = {.kind = DEBUG_DATA, .access = (uint8_t)access, .length = 1}};

    if (!monitor_any_address(m, &point.point.addr, &point.point.physical))
        return;
    if (more_numbers(m) && !monitor_number(m, &point.point.length))
        return;
    if (take_condition(m, &point))
        add_point(m, &point);
}

void monitor_do_watch(struct monitor *m)
{
    add_watch(m, DEBUG_WRITE);
}

void monitor_do_rwatch(struct monitor *m)
{
    add_watch(m, DEBUG_READ);
}

void monitor_do_awatch(struct monitor *m)
{
    add_watch(m, DEBUG_READ | DEBUG_WRITE);
}

void monitor_do_iobreak(struct monitor *m)
{
    struct monitor_point point = {.point = {.kind = DEBUG_PORT, .length = 1}};
    bool read, write;

    if (!monitor_number(m, &point.point.addr))
        return;
    read = monitor_skip(m, "r");
    write = monitor_skip(m, "w");
    if (!read && !write && more_numbers(m)) {
        if (!monitor_number(m, &point.point.length))
            return;
        read = monitor_skip(m, "r");
        write = monitor_skip(m, "w");
    }
    if (!write)
        point.point.access |= DEBUG_READ;
    if (!read)
        point.point.access |= DEBUG_WRITE;
    if (take_condition(m, &point))
        add_point(m, &point);
}

void monitor_do_intbreak(struct monitor *m)
{
    struct monitor_point point = {.point = {.kind = DEBUG_VECTOR, .length = 1}};

    if (!monitor_number(m, &point.point.addr) ||
        (more_numbers(m) && !monitor_number(m, &point.point.length)))
        return;
    if (take_condition(m, &point))
        add_point(m, &point);
}

static const struct {
    const char *name;
    uint32_t bit;
} modes[] = {
    {"pe", DEBUG_MODE_PE},
    {"pg", DEBUG_MODE_PG},
    {"vm", DEBUG_MODE_VM},
    {"code32", DEBUG_MODE_CODE32},
};

void monitor_do_modebreak(struct monitor *m)
{
    struct monitor_point point = {.point = {.kind = DEBUG_MODE}};

    while (!monitor_at_end(m)) {
        size_t i = 0;

        while (i < ARRAY_LEN(modes) && !monitor_skip(m, modes[i].name))
            i++;
        if (i == ARRAY_LEN(modes)) {
            monitor_fail(m, "%s: known are pe, pg, vm, code32", m->rest);
            return;
        }
        point.point.addr |= modes[i].bit;
    }
    if (!point.point.addr)
        point.point.addr = 15;
    add_point(m, &point);
}

static void delete_point(struct monitor *m, unsigned number)
{
    machine_remove_point(m->config.machine, number);
    m->points[number].used = false;
}

void monitor_do_delete(struct monitor *m)
{
    bool all = monitor_at_end(m);
    uint64_t number = 0;

    if (!all && !monitor_number(m, &number))
        return;
    if (!all && (number >= DEBUG_POINTS || !m->points[number].used)) {
        monitor_fail(m, "%llu: no such point; info breakpoints lists them",
                     (unsigned long long)number);
        return;
    }
    for (unsigned i = 0; i < DEBUG_POINTS; i++)
        if (m->points[i].used && (all || i == number))
            delete_point(m, i);
}

void monitor_forget_gdb(struct monitor *m)
{
    for (unsigned i = 0; i < DEBUG_POINTS; i++)
        if (m->points[i].used && m->points[i].for_gdb)
            delete_point(m, i);
}

/* Listing. */

static const char *access_name(const struct debug_point *p)
{
    static const char *const names[] = {"", "read", "write", "access"};

    return names[p->access & 3];
}

static void put_modes(FILE *out, uint64_t bits)
{
    for (size_t i = 0; i < ARRAY_LEN(modes); i++)
        if (bits & modes[i].bit)
            fprintf(out, " %s", modes[i].name);
}

static void put_point(struct monitor *m, const struct debug_point *p)
{
    const char *space = p->physical ? "physical " : "";

    switch (p->kind) {
    case DEBUG_INSN:
        fprintf(m->out, "instruction at %s%08llx", space,
                (unsigned long long)p->addr);
        break;
    case DEBUG_DATA:
        fprintf(m->out, "%s of %s%08llx, %llu bytes", access_name(p), space,
                (unsigned long long)p->addr, (unsigned long long)p->length);
        break;
    case DEBUG_PORT:
        fprintf(m->out, "%s of ports %04llx-%04llx", access_name(p),
                (unsigned long long)p->addr,
                (unsigned long long)(p->addr + p->length - 1));
        break;
    case DEBUG_VECTOR:
        fprintf(m->out, "vectors %02llx-%02llx", (unsigned long long)p->addr,
                (unsigned long long)(p->addr + p->length - 1));
        break;
    case DEBUG_MODE:
        fprintf(m->out, "change of");
        put_modes(m->out, p->addr);
        break;
    }
    if ((p->kind == DEBUG_INSN || p->kind == DEBUG_DATA) && !p->physical)
        monitor_put_symbol(m, m->out, (uint32_t)p->addr);
}

void monitor_show_breakpoints(struct monitor *m)
{
    bool any = false;

    for (unsigned i = 0; i < DEBUG_POINTS; i++) {
        const struct monitor_point *p = &m->points[i];

        if (!p->used)
            continue;
        any = true;
        fprintf(m->out, "%u: ", i);
        put_point(m, &p->point);
        if (p->condition[0])
            fprintf(m->out, " if %s", p->condition);
        fprintf(m->out, "%s, hit %llu times\n", p->temporary ? ", once" : "",
                (unsigned long long)p->hits);
    }
    if (!any)
        fprintf(m->out, "none\n");
}

/* Stops. */

static void put_access(struct monitor *m, const struct debug_stop *stop,
                       const char *what)
{
    fprintf(m->out, "%s %s %0*llx, %u bytes",
            stop->bus_master ? "bus master"
            : stop->write    ? "write to"
                             : "read of",
            what, stop->kind == DEBUG_PORT ? 4 : 8,
            (unsigned long long)stop->addr, stop->size);
    if (stop->has_values && stop->write && stop->kind == DEBUG_DATA)
        fprintf(m->out, ": %llx -> %llx", (unsigned long long)stop->old,
                (unsigned long long)stop->value);
    else if (stop->has_values)
        fprintf(m->out, ": %llx", (unsigned long long)stop->value);
    fputc('\n', m->out);
}

static void put_reason(struct monitor *m, const struct debug_stop *stop)
{
    if (stop->reason != DEBUG_POINT)
        return;
    fprintf(m->out, "point %u: ", stop->point);
    switch (stop->kind) {
    case DEBUG_INSN: fprintf(m->out, "instruction\n"); break;
    case DEBUG_DATA: put_access(m, stop, "memory"); break;
    case DEBUG_PORT: put_access(m, stop, "port"); break;
    case DEBUG_VECTOR:
        fprintf(m->out, "interrupt or exception %02x\n", (unsigned)stop->addr);
        break;
    case DEBUG_MODE:
        fprintf(m->out, "mode:");
        put_modes(m->out, stop->old);
        fprintf(m->out, " ->");
        put_modes(m->out, stop->value);
        fputc('\n', m->out);
        break;
    }
}

/* "CS:EIP" and the instruction there. */
void monitor_print_stop(struct monitor *m, FILE *out)
{
    const struct debug_stop *stop = machine_debug_stop(m->config.machine);
    FILE *before = m->out;
    struct debug_registers regs;
    struct monitor_code code;

    m->out = out;
    machine_get_registers(m->config.machine, &regs);
    code = monitor_next_code(m, &regs);
    if (m->config.control->pause == RUN_PAUSED_DEBUG)
        put_reason(m, stop);
    fprintf(out, "%04x:%08x", regs.value[DEBUG_CS], regs.value[DEBUG_EIP]);
    monitor_put_symbol(m, out, regs.value[DEBUG_PC]);
    fprintf(out, " %s", regs.value[DEBUG_HALTED] ? "(halted) " : "");
    monitor_put_insn(m, &code);
    m->out = before;
}

static bool condition_holds(struct monitor *m, const struct monitor_point *p)
{
    uint64_t value;

    return !p->condition[0] || !monitor_evaluate(m, p->condition, &value) ||
           value != 0;
}

/* A point of gdb's always stops. */
bool monitor_point_stops(struct monitor *m, unsigned number)
{
    struct monitor_point *p = &m->points[number];

    if (!p->used)
        return true;
    if (!condition_holds(m, p))
        return false;
    p->hits++;
    if (p->temporary)
        delete_point(m, number);
    return true;
}
