/* What the translator made of guest code. */
#include <string.h>

#include "frontend/monitor_int.h"

/* While a listing is told. */
struct jit_view {
    struct monitor *m;
    uint32_t base;    /* of CS */
    bool code32, any; /* code was shown already */
};

static struct monitor_code code_at(const struct jit_view *view, uint32_t eip)
{
    return (struct monitor_code){
        .space = MACHINE_LINEAR,
        .addr = view->base + eip,
        .eip = eip,
        .code32 = view->code32,
    };
}

static const char *flag_names(uint32_t flags, char text[8])
{
    static const struct {
        uint32_t bit;
        char name;
    } names[] = {{0x800, 'O'}, {0x80, 'S'}, {0x40, 'Z'},
                 {0x10, 'A'},  {4, 'P'},    {1, 'C'}};
    char *at = text;

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (flags & names[i].bit)
            *at++ = names[i].name;
    }
    if (at == text)
        *at++ = '-';
    *at = '\0';
    return text;
}

static void show_head(void *context, const struct jit_list_head *head)
{
    struct jit_view *view = context;
    FILE *out = view->m->out;

    view->base = head->base;
    fprintf(out, "entered at %08x: blocks %u, host code %zu bytes at %012llx\n",
            head->base + head->eip, head->blocks, head->bytes,
            (unsigned long long)head->host);
    if (head->left_out)
        fprintf(out, "%u more translations contain the place\n",
                head->left_out);
    if (!head->matched)
        fprintf(out, "It was made under other conditions than those of now, so "
                     "its host code\nstands alone.\n");
}

static void show_block(void *context, const struct jit_list_block *block)
{
    const struct jit_view *view = context;

    fprintf(view->m->out, "\nblock %u at %08x, instructions %u of %u%s\n",
            block->number, view->base + block->eip, block->count, block->whole,
            block->checked ? ", looks at the count" : "");
}

/* Which flags may be looked at behind it, and are read; how it is done. */
static void show_insn(void *context, const struct jit_list_insn *insn)
{
    const struct jit_view *view = context;
    struct monitor_code code = code_at(view, insn->eip);
    char need[8], read[8];

    fprintf(view->m->out, "%-6s %-6s %-11s ", flag_names(insn->need, need),
            flag_names(insn->read, read),
            insn->native ? "native" : "interpreted");
    monitor_put_insn(view->m, &code);
}

static void show_node(void *context, unsigned number, const char *flags)
{
    struct jit_view *view = context;

    view->any = true;
    fprintf(view->m->out, "\nhost code of block %u, entered with %s%s\n",
            number, flags[0] ? "flags of " : "all flags stored", flags);
}

static void show_place(void *context, uint32_t eip)
{
    const struct jit_view *view = context;
    struct monitor_code code = code_at(view, eip);

    monitor_put_insn(view->m, &code);
}

static void show_away(void *context)
{
    fprintf(((struct jit_view *)context)->m->out, "\nout of the way\n");
}

static void show_code(void *context, const struct jit_list_code *code)
{
    const struct jit_view *view = context;
    struct disasm insn;

    for (size_t at = 0; at < code->bytes; at += insn.length) {
        disasm_host(code->code + at, code->bytes - at, code->host + at, &insn);
        fprintf(view->m->out, "    %012llx  %s\n",
                (unsigned long long)code->host + at, insn.text);
    }
}

static void show_site(void *context, const struct jit_list_site *site)
{
    const struct jit_view *view = context;

    fprintf(view->m->out, "  (%s: %08x, %u counted and not done%s%s)\n",
            site->kind, view->base + site->eip, site->refund,
            site->flags[0] ? ", flags of " : "", site->flags);
}

static void show_link(void *context, uint32_t eip, bool out, bool linked)
{
    const struct jit_view *view = context;

    fprintf(view->m->out, "%s %08x%s\n", out ? "leads to " : "led to by",
            view->base + eip, linked ? "" : ", not linked");
}

static bool needs_translator(struct monitor *m, struct jit_reasons *reasons)
{
    if (machine_get_jit_reasons(m->config.machine, reasons))
        return true;
    return monitor_fail(m, "this machine runs without the translator");
}

void monitor_show_jit(struct monitor *m)
{
    struct debug_registers regs;
    struct jit_reasons reasons;
    struct jit_view view = {.m = m};
    const struct jit_listing listing = {
        &view,      show_head, show_block, show_insn, show_node,
        show_place, show_away, show_code,  show_site, show_link};
    uint64_t addr;

    machine_get_registers(m->config.machine, &regs);
    addr = regs.value[DEBUG_PC];
    view.code32 = regs.value[DEBUG_CS_ACCESS] & 0x4000;
    if (!monitor_at_end(m) && !monitor_address(m, &addr))
        return;
    if (!needs_translator(m, &reasons))
        return;
    if (!machine_list_translation(m->config.machine, (laddr)addr, &listing))
        monitor_fail(m, "%08llx: no translation contains it",
                     (unsigned long long)addr);
}

void monitor_show_translator(struct monitor *m)
{
    static const char *const texts[] = {
#define X(name, text) [JIT_REASON_##name] = text,
        JIT_REASONS(X)
#undef X
    };
    struct jit_reasons reasons;
    struct jit_stats stats;

    if (!needs_translator(m, &reasons) ||
        !machine_get_jit_stats(m->config.machine, &stats))
        return;
    fprintf(m->out, "blocks that are known now:\n");
    for (unsigned i = 0; i < JIT_REASON_COUNT; i++)
        fprintf(m->out, "%10u %s\n", reasons.blocks[i], texts[i]);
    fprintf(m->out,
            "instructions of translations so far:\n%10llu translated\n"
            "%10llu left to the interpreter, most often\n",
            (unsigned long long)(stats.insns - stats.insns_left),
            (unsigned long long)stats.insns_left);
    for (unsigned i = 0; i < stats.left_count; i++)
        fprintf(m->out, "%10llu   %s%s\n",
                (unsigned long long)stats.left[i].count,
                stats.left[i].repeated ? "rep " : "", stats.left[i].mnemonic);
    fprintf(m->out,
            "translations: %llu made, %llu of code that changed, %llu times "
            "all was dropped\n",
            (unsigned long long)stats.translations,
            (unsigned long long)stats.killed,
            (unsigned long long)stats.flushes);
}
