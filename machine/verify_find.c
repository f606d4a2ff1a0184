/* The search for the instruction whose translation is wrong.
 *
 * A translated machine that is asked to stop after n instructions does the
 * last few hundred before n by the interpreter. So stepping would show nothing;
 * instead the search finds the smallest n for which a run from power-on to n
 * differs from the interpreter's: the wrong translation then runs for the first
 * time, and what is wrong was done within the last WINDOW instructions. Of
 * those it leaves more and more to the interpreter: the one that makes both
 * equal is the one.
 *
 * Each try is a run from power-on, of machines of their own. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine/debug.h"
#include "machine/verify_int.h"

#define POINTS    64
#define NO_MEMORY "the host has no memory for more machines"
#define WINDOW    576 /* region.h: REGION_RESERVE and two blocks */

/* One more machine, and how far it is in what happened. */
struct side {
    struct verify_media media;
    struct machine *machine; /* owned */
    bool translated;
    size_t event;
    uint64_t run;
};

struct find {
    struct verify *verify;
    const char *failed; /* why the search cannot go on; NULL: it can */
    uint64_t insns;     /* of the smallest run that differs */
    uint64_t hash;      /* the interpreter's there */
    struct verify_insn window[WINDOW]; /* of different addresses, as done */
    uint32_t eip[WINDOW];
    unsigned count;
};

static void finish(struct side *side)
{
    if (!side)
        return;
    machine_destroy(side->machine);
    verify_media_deinit(&side->media);
    free(side);
}

static struct side *start(struct find *f, enum machine_engine engine,
                          const struct jit_skip *skip)
{
    struct side *side = calloc(1, sizeof(*side));
    struct machine_config config;
    char message[256];

    if (!side) {
        f->failed = NO_MEMORY;
        return NULL;
    }
    side->translated = engine == MACHINE_JIT;
    config = verify_configure(f->verify, &side->media, engine);
    config.skip = skip;
    if (machine_create(&config, &side->machine, message, sizeof(message)) ==
        STATUS_OK)
        return side;
    f->failed = NO_MEMORY;
    finish(side);
    return NULL;
}

/* One run, or the part of it up to `insns`. False: that is reached, or the
 * machine is off. */
static bool run_once(const struct verify *v, struct side *side,
                     const struct verify_event *event, uint64_t insns)
{
    uint64_t left = event->runs - 1 - side->run;
    enum machine_stop stop = machine_advance(
        side->machine, event->until_ns - left * event->step_ns, insns);

    if (side->translated && v->hook)
        v->hook(v->hook_context, side->machine);
    return stop == MACHINE_TIME_UP && machine_insns(side->machine) < insns;
}

static bool is_over(struct find *f)
{
    const struct verify *v = f->verify;

    if (!f->failed && v->interrupted && v->interrupted(v->context))
        f->failed = "the search was interrupted";
    return f->failed != NULL;
}

/* Goes on to `insns`, or to the end of what happened. */
static void go_on(struct find *f, struct side *side, uint64_t insns)
{
    const struct verify *v = f->verify;

    for (; side->event < v->event_count; side->event++, side->run = 0) {
        const struct verify_event *event = &v->event[side->event];

        if (event->input)
            machine_apply(side->machine, event->input, NULL);
        for (; side->run < event->runs; side->run++)
            if (is_over(f) || !run_once(v, side, event, insns))
                return;
    }
}

/* The state after `insns` instructions from power-on. */
static uint64_t try(struct find *f, enum machine_engine engine,
                    const struct jit_skip *skip, uint64_t insns)
{
    struct side *side = start(f, engine, skip);
    uint64_t hash = 0;

    if (side) {
        go_on(f, side, insns);
        hash = machine_state_hash(side->machine);
    }
    finish(side);
    return hash;
}

/* Between `low`, where a run is equal, and f->insns, where it is not, are
 * points at even distances: the first of them that is not becomes f->insns,
 * the one before it *low. */
static void narrow(struct find *f, uint64_t *low)
{
    uint64_t first = *low, step = (f->insns - first + POINTS - 1) / POINTS;
    unsigned good = 0, bad = (unsigned)((f->insns - first + step - 1) / step);
    struct side *side = start(f, MACHINE_INTERP, NULL);
    uint64_t hash[POINTS + 1] = {0};

    for (unsigned i = 1; side && i < bad; i++) {
        go_on(f, side, first + i * step);
        hash[i] = machine_state_hash(side->machine);
    }
    finish(side);
    while (bad - good > 1 && !f->failed) {
        unsigned middle = (good + bad) / 2;
        uint64_t insns = first + middle * step;

        if (try(f, MACHINE_JIT, NULL, insns) == hash[middle])
            good = middle;
        else {
            bad = middle;
            f->insns = insns;
        }
    }
    *low = first + good * step;
}

/* The instruction that comes next. */
static void look(struct machine *machine, struct verify_insn *insn)
{
    struct machine_range range = {MACHINE_LINEAR, 0, VERIFY_INSN_BYTES, false};
    struct debug_registers regs;

    machine_get_registers(machine, &regs);
    insn->cs = (uint16_t)regs.value[DEBUG_CS];
    insn->eip = regs.value[DEBUG_EIP];
    insn->linear = regs.value[DEBUG_CS_BASE] + insn->eip;
    insn->code32 = regs.value[DEBUG_CS_ACCESS] >> 14 & 1;
    range.addr = insn->linear;
    insn->size = machine_read_memory(machine, &range, insn->bytes);
}

static void add_to_window(struct find *f, const struct verify_insn *insn)
{
    for (unsigned i = 0; i < f->count; i++)
        if (f->eip[i] == insn->eip)
            return;
    f->window[f->count] = *insn;
    f->eip[f->count++] = insn->eip;
}

/* Text. */

static void say(struct verify_report *report, const char *format, ...)
{
    size_t used = strlen(report->state);
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(report->state + used, sizeof(report->state) - used, format,
              arguments);
    va_end(arguments);
}

static const char *hex(const uint8_t *bytes, size_t size, char *text)
{
    for (size_t i = 0; i < size; i++)
        snprintf(text + 2 * i, 3, "%02x", bytes[size - 1 - i]);
    return text;
}

static void say_bytes(struct verify_report *report, const char *name,
                      unsigned number, const uint8_t *a, const uint8_t *b,
                      size_t size)
{
    char text[2][33];

    if (memcmp(a, b, size))
        say(report, "%s%u: interpreter %s, translator %s\n", name, number,
            hex(a, size, text[0]), hex(b, size, text[1]));
}

static void say_registers(struct verify_report *report, struct machine *a,
                          struct machine *b)
{
    static const char *const names[] = {
#define DEBUG_REG(id, name, bits, group) name,
#include "core/debug_regs.def"
#undef DEBUG_REG
    };
    struct debug_registers x, y;

    machine_get_registers(a, &x);
    machine_get_registers(b, &y);
    for (unsigned i = 0; i < DEBUG_REGS; i++)
        if (x.value[i] != y.value[i])
            say(report, "%s: interpreter %08x, translator %08x\n", names[i],
                (unsigned)x.value[i], (unsigned)y.value[i]);
    for (unsigned i = 0; i < DEBUG_ST_REGS && x.has_fpu; i++)
        say_bytes(report, "st", i, x.st[i], y.st[i], sizeof(x.st[i]));
    for (unsigned i = 0; i < DEBUG_XMM_REGS && x.has_sse; i++)
        say_bytes(report, "xmm", i, x.xmm[i], y.xmm[i], sizeof(x.xmm[i]));
}

static void say_ram(struct verify_report *report, const struct machine *a,
                    const struct machine *b)
{
    const uint8_t *x = a->mem->ram, *y = b->mem->ram;
    size_t first = 0, count = 0;

    for (size_t i = a->mem->ram_bytes; i-- > 0;)
        if (x[i] != y[i]) {
            first = i;
            count++;
        }
    if (count)
        say(report,
            "memory: %zu bytes, the first at physical %08zx: interpreter "
            "%02x, translator %02x\n",
            count, first, x[first], y[first]);
}

static void say_state(struct verify_report *report, struct machine *a,
                      struct machine *b)
{
    report->state[0] = '\0';
    if (machine_insns(a) != machine_insns(b))
        say(report, "instructions: interpreter %llu, translator %llu\n",
            (unsigned long long)machine_insns(a),
            (unsigned long long)machine_insns(b));
    if (machine_now_ns(a) != machine_now_ns(b))
        say(report, "guest time: interpreter %llu ns, translator %llu ns\n",
            (unsigned long long)machine_now_ns(a),
            (unsigned long long)machine_now_ns(b));
    say_registers(report, a, b);
    if (!report->state[0] &&
        cpu_state_hash(a->cpu, 0) != cpu_state_hash(b->cpu, 0))
        say(report, "processor: differs in what is not a register\n");
    say_ram(report, a, b);
    for (unsigned i = 0; i < a->device_count; i++) {
        const struct device *x = a->devices[i], *y = b->devices[i];

        if (state_hash(0, x, x->class->state) !=
            state_hash(0, y, y->class->state))
            say(report, "device %s: differs\n", x->name);
    }
}

/* The report. */

/* Both at f->insns: what differs, and what was done last. False: nothing. */
static bool look_closely(struct find *f)
{
    struct verify_report *report = &f->verify->report;
    struct side *a = start(f, MACHINE_INTERP, NULL);
    struct side *b = start(f, MACHINE_JIT, NULL);
    uint64_t n = f->insns > WINDOW ? f->insns - WINDOW : 0;

    for (; a && n < f->insns; n++) {
        go_on(f, a, n);
        look(a->machine, &report->insn);
        add_to_window(f, &report->insn);
    }
    if (a && b) {
        go_on(f, a, f->insns);
        go_on(f, b, f->insns);
        f->hash = machine_state_hash(a->machine);
        if (f->hash == machine_state_hash(b->machine) && !f->failed)
            f->failed = "it does not show when both stop after a given "
                        "instruction";
    }
    if (!f->failed) {
        report->ns = machine_now_ns(a->machine);
        say_state(report, a->machine, b->machine);
    }
    finish(a);
    finish(b);
    return !f->failed;
}

/* Whether both are equal if the interpreter does the first `count` of the
 * window. */
static bool is_cured(struct find *f, unsigned count)
{
    const struct jit_skip skip = {f->eip, count};

    return try(f, MACHINE_JIT, &skip, f->insns) == f->hash && !f->failed;
}

static bool name_insn(struct find *f)
{
    unsigned ill = 0, well = f->count;

    if (!is_cured(f, well))
        return false;
    while (well - ill > 1) {
        unsigned middle = (ill + well) / 2;

        if (is_cured(f, middle))
            well = middle;
        else
            ill = middle;
    }
    if (!f->failed)
        f->verify->report.insn = f->window[well - 1];
    return !f->failed;
}

static const char *search(struct find *f)
{
    struct verify_report *report = &f->verify->report;
    uint64_t low = report->equal_insns;

    if (try(f, MACHINE_INTERP, NULL, UINT64_MAX) ==
            try(f, MACHINE_JIT, NULL, UINT64_MAX) &&
        !f->failed)
        return "both were equal when they ran from power-on once more";
    while (f->insns - low > 1 && !f->failed)
        narrow(f, &low);
    if (f->failed || !look_closely(f))
        return f->failed;
    report->insns = f->insns;
    report->equal_insns = low;
    report->found = name_insn(f) ? VERIFY_INSN : VERIFY_COUNT;
    return NULL;
}

void verify_find(struct verify *verify)
{
    struct verify_report *report = &verify->report;
    struct find *f = calloc(1, sizeof(*f));
    uint64_t a = machine_insns(verify->interp);
    uint64_t b = machine_insns(verify->machine);

    *report = (struct verify_report){.equal_insns = verify->equal_insns,
                                     .insns = a > b ? a : b,
                                     .ns = machine_now_ns(verify->machine)};
    say_state(report, verify->interp, verify->machine);
    report->why_once = verify->lost;
    if (!f)
        report->why_once = NO_MEMORY;
    if (!report->why_once) {
        f->verify = verify;
        f->insns = report->insns;
        report->why_once = search(f);
    }
    free(f);
}
