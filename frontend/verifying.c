#include "frontend/verifying.h"

#include <string.h>

#include "frontend/disasm.h"
#include "machine/verify.h"

#define LINE_BYTES 512

static void tell_insn(const struct verify_insn *insn, struct report *report)
{
    char line[LINE_BYTES], bytes[3 * VERIFY_INSN_BYTES + 1] = "";
    struct disasm text;

    disasm_one(insn->bytes, insn->size, insn->eip, insn->code32, &text);
    for (unsigned i = 0; i < text.length && i < insn->size; i++)
        snprintf(bytes + 3 * i, 4, "%02x ", insn->bytes[i]);
    snprintf(line, sizeof(line),
             "-engine verify: %04x:%08x (linear %08x): %s %s", insn->cs,
             (unsigned)insn->eip, (unsigned)insn->linear, bytes, text.text);
    report_notice(report, line);
}

static void tell_state(const char *state, struct report *report)
{
    while (*state) {
        int length = (int)strcspn(state, "\n");
        char line[LINE_BYTES];

        snprintf(line, sizeof(line), "-engine verify: %.*s", length, state);
        report_notice(report, line);
        state += length + (state[length] == '\n');
    }
}

int verifying_tell(const struct machine *machine, struct report *report)
{
    static const char *const meaning[] = {
        [VERIFY_ONCE] = "the instruction is not known",
        [VERIFY_COUNT] = "the last instruction before the difference is",
        [VERIFY_INSN] = "there is none if the interpreter does the instruction",
    };
    const struct verify_report *r = machine_verify_report(machine);
    char line[LINE_BYTES];

    snprintf(line, sizeof(line),
             "-engine verify: interpreter and translator differ after %llu "
             "instructions (guest time %llu ns), but not after %llu; %s%s%s",
             (unsigned long long)r->insns, (unsigned long long)r->ns,
             (unsigned long long)r->equal_insns, meaning[r->found],
             r->why_once ? ": " : "", r->why_once ? r->why_once : "");
    report_notice(report, line);
    if (r->found != VERIFY_ONCE)
        tell_insn(&r->insn, report);
    tell_state(r->state, report);
    return EXIT_STATUS_SCRIPT;
}

void verifying_print_stats(const struct machine *machine, FILE *out)
{
    struct verify_stats stats;

    if (machine_verify_stats(machine, &stats))
        fprintf(
            out, "runs compared: %llu\nof these, in all of the state: %llu\n",
            (unsigned long long)stats.runs, (unsigned long long)stats.whole);
}
