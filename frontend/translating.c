#include "frontend/translating.h"

static void print_count(const char *name, uint64_t count, FILE *out)
{
    fprintf(out, "%s: %llu\n", name, (unsigned long long)count);
}

void translating_print_stats(const struct machine *machine, FILE *out)
{
    struct jit_stats stats;

    if (!machine_get_jit_stats(machine, &stats))
        return;
    print_count("translations", stats.translations, out);
    print_count("blocks translated", stats.blocks, out);
    print_count("instructions translated", stats.insns - stats.insns_left, out);
    print_count("instructions left to the interpreter", stats.insns_left, out);
    for (unsigned i = 0; i < stats.left_count; i++)
        fprintf(out, "  %s%s: %llu\n", stats.left[i].repeated ? "rep " : "",
                stats.left[i].mnemonic,
                (unsigned long long)stats.left[i].count);
    print_count("host code bytes", stats.code_bytes, out);
    print_count("links made", stats.links_made, out);
    print_count("links undone", stats.links_undone, out);
    print_count("translations of changed code", stats.killed, out);
    print_count("generations evicted", stats.evictions, out);
    print_count("times all was dropped", stats.flushes, out);
}
