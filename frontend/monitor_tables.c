/* Descriptor tables and page tables (SDM volume 3, 3.4, 4.3, 6.11, 7.2). */
#include <string.h>

#include "frontend/monitor_int.h"

#define CR0_PE  0x00000001u
#define CR0_PG  0x80000000u
#define CR4_PSE 0x10u
#define CR4_PAE 0x20u
#define FLAG_VM 0x20000u

struct descriptor {
    uint32_t low, high;
};

static bool read_descriptor(struct monitor *m, uint64_t addr,
                            struct descriptor *d)
{
    uint8_t bytes[8];

    if (monitor_read(m, MACHINE_LINEAR, addr & UINT32_MAX, bytes, 8) != 8)
        return false;
    memcpy(&d->low, bytes, 4);
    memcpy(&d->high, bytes + 4, 4);
    return true;
}

static uint32_t base_of(const struct descriptor *d)
{
    return d->low >> 16 | (d->high & 0xff) << 16 | (d->high & 0xff000000u);
}

static uint32_t limit_of(const struct descriptor *d)
{
    uint32_t limit = (d->low & 0xffff) | (d->high & 0xf0000);

    return d->high >> 23 & 1 ? limit << 12 | 0xfff : limit;
}

static bool is_paragraphs(const struct debug_registers *regs)
{
    return !(regs->value[DEBUG_CR0] & CR0_PE) ||
           (regs->value[DEBUG_EFLAGS] & FLAG_VM);
}

bool monitor_selector_base(struct monitor *m,
                           const struct debug_registers *regs,
                           uint16_t selector, uint64_t *base)
{
    bool local = selector & 4;
    uint32_t table = regs->value[local ? DEBUG_LDTR_BASE : DEBUG_GDT_BASE];
    uint32_t limit = regs->value[local ? DEBUG_LDTR_LIMIT : DEBUG_GDT_LIMIT];
    struct descriptor d;

    if (is_paragraphs(regs)) {
        *base = (uint32_t)selector << 4;
        return true;
    }
    if ((selector | 7u) > limit || (selector & ~3u) == 0 ||
        !read_descriptor(m, (uint64_t)table + (selector & ~7u), &d))
        return false;
    *base = base_of(&d);
    return true;
}

/* What a descriptor is. */

static const char *const system_types[] = {
    "reserved",          "TSS 16 free",  "LDT",
    "TSS 16 busy",       "call gate 16", "task gate",
    "interrupt gate 16", "trap gate 16", "reserved",
    "TSS 32 free",       "reserved",     "TSS 32 busy",
    "call gate 32",      "reserved",     "interrupt gate 32",
    "trap gate 32",
};

static bool is_gate(const struct descriptor *d)
{
    unsigned type = d->high >> 8 & 31;

    return type == 4 || type == 5 || type == 6 || type == 7 || type == 12 ||
           type == 14 || type == 15;
}

static void put_segment(FILE *out, const struct descriptor *d)
{
    unsigned type = d->high >> 8 & 31;
    bool code = type & 8;

    if (!(type & 16)) {
        fprintf(out, "%s base %08x limit %08x", system_types[type], base_of(d),
                limit_of(d));
        return;
    }
    fprintf(out, "%s%s base %08x limit %08x %s%s%s", code ? "code" : "data",
            d->high >> 22 & 1 ? "32" : "16", base_of(d), limit_of(d),
            code ? (type & 2 ? "readable" : "execute only")
                 : (type & 2 ? "writable" : "read only"),
            type & 4 ? (code ? " conforming" : " expand down") : "",
            type & 1 ? " accessed" : "");
}

static void put_gate(struct monitor *m, const struct descriptor *d)
{
    unsigned type = d->high >> 8 & 31;
    uint32_t offset = d->low & 0xffff;

    if (type & 8)
        offset |= d->high & 0xffff0000u;
    fprintf(m->out, "%s to %04x:%08x", system_types[type & 15], d->low >> 16,
            offset);
    if (type == 4 || type == 12)
        fprintf(m->out, " %u parameters", d->high & 31);
}

static void put_descriptor(struct monitor *m, const struct descriptor *d)
{
    if (is_gate(d))
        put_gate(m, d);
    else
        put_segment(m->out, d);
    fprintf(m->out, " DPL %u%s\n", d->high >> 13 & 3,
            d->high >> 15 & 1 ? "" : " not present");
}

struct table {
    const char *name;
    uint32_t base, limit;
    unsigned low_bits; /* of the selectors: 4 for the LDT */
    bool vectors;      /* entries are named by number */
};

/* Empty entries are left out. */
static void put_table(struct monitor *m, const struct table *table)
{
    fprintf(m->out, "%s at %08x limit %04x\n", table->name, table->base,
            table->limit);
    for (uint32_t at = 0; at + 7 <= table->limit && at < 0x10000; at += 8) {
        struct descriptor d;

        if (!read_descriptor(m, (uint64_t)table->base + at, &d)) {
            fprintf(m->out, "%04x: not mapped\n", at);
            return;
        }
        if (!d.low && !d.high)
            continue;
        fprintf(m->out, table->vectors ? "%02x: " : "%04x: ",
                table->vectors ? at / 8 : at | table->low_bits);
        put_descriptor(m, &d);
    }
}

void monitor_show_gdt(struct monitor *m)
{
    struct debug_registers regs;

    machine_get_registers(m->config.machine, &regs);
    put_table(m, &(struct table){.name = "GDT",
                                 .base = regs.value[DEBUG_GDT_BASE],
                                 .limit = regs.value[DEBUG_GDT_LIMIT]});
}

void monitor_show_ldt(struct monitor *m)
{
    struct debug_registers regs;

    machine_get_registers(m->config.machine, &regs);
    if (!(regs.value[DEBUG_LDTR] & ~3u) || !regs.value[DEBUG_LDTR_ACCESS]) {
        fprintf(m->out, "no LDT is loaded\n");
        return;
    }
    put_table(m, &(struct table){.name = "LDT",
                                 .base = regs.value[DEBUG_LDTR_BASE],
                                 .limit = regs.value[DEBUG_LDTR_LIMIT],
                                 .low_bits = 4});
}

static void put_vectors(struct monitor *m, uint32_t base, uint32_t limit)
{
    uint32_t value[257] = {0};
    unsigned count = 0;

    fprintf(m->out, "vectors at %08x limit %04x\n", base, limit);
    while (count < 256 && 4 * count + 3 <= limit &&
           monitor_read(m, MACHINE_LINEAR, base + 4 * count, &value[count],
                        4) == 4)
        count++;
    for (unsigned n = 0, last; n < count; n = last + 1) {
        uint32_t segment = value[n] >> 16, offset = value[n] & 0xffff;

        last = n;
        while (last + 1 < count && value[last + 1] == value[n])
            last++;
        if (!value[n])
            continue;
        if (last > n)
            fprintf(m->out, "%02x-%02x: ", n, last);
        else
            fprintf(m->out, "%02x:    ", n);
        fprintf(m->out, "%04x:%04x", segment, offset);
        monitor_put_symbol(m, m->out, (segment << 4) + offset);
        fputc('\n', m->out);
    }
}

void monitor_show_idt(struct monitor *m)
{
    struct debug_registers regs;
    uint32_t base, limit;

    machine_get_registers(m->config.machine, &regs);
    base = regs.value[DEBUG_IDT_BASE];
    limit = regs.value[DEBUG_IDT_LIMIT];
    if (!(regs.value[DEBUG_CR0] & CR0_PE))
        put_vectors(m, base, limit);
    else
        put_table(m, &(struct table){.name = "IDT",
                                     .base = base,
                                     .limit = limit < 0x7ff ? limit : 0x7ff,
                                     .vectors = true});
}

/* The TSS. */

struct tss_field {
    const char *name;
    unsigned offset, size;
};

static const struct tss_field tss32[] = {
    {"link", 0, 2}, {"esp0", 4, 4},   {"ss0", 8, 2},     {"esp1", 12, 4},
    {"ss1", 16, 2}, {"esp2", 20, 4},  {"ss2", 24, 2},    {"cr3", 28, 4},
    {"eip", 32, 4}, {"efl", 36, 4},   {"eax", 40, 4},    {"ecx", 44, 4},
    {"edx", 48, 4}, {"ebx", 52, 4},   {"esp", 56, 4},    {"ebp", 60, 4},
    {"esi", 64, 4}, {"edi", 68, 4},   {"es", 72, 2},     {"cs", 76, 2},
    {"ss", 80, 2},  {"ds", 84, 2},    {"fs", 88, 2},     {"gs", 92, 2},
    {"ldt", 96, 2}, {"trap", 100, 2}, {"iomap", 102, 2},
};
static const struct tss_field tss16[] = {
    {"link", 0, 2}, {"sp0", 2, 2},  {"ss0", 4, 2}, {"sp1", 6, 2}, {"ss1", 8, 2},
    {"sp2", 10, 2}, {"ss2", 12, 2}, {"ip", 14, 2}, {"fl", 16, 2}, {"ax", 18, 2},
    {"cx", 20, 2},  {"dx", 22, 2},  {"bx", 24, 2}, {"sp", 26, 2}, {"bp", 28, 2},
    {"si", 30, 2},  {"di", 32, 2},  {"es", 34, 2}, {"cs", 36, 2}, {"ss", 38, 2},
    {"ds", 40, 2},  {"ldt", 42, 2},
};

void monitor_show_tss(struct monitor *m)
{
    struct debug_registers regs;
    const struct tss_field *fields = tss16;
    size_t count = ARRAY_LEN(tss16);

    machine_get_registers(m->config.machine, &regs);
    if (!(regs.value[DEBUG_TR] & ~3u)) {
        fprintf(m->out, "no TSS is loaded\n");
        return;
    }
    if (regs.value[DEBUG_TR_ACCESS] & 8) {
        fields = tss32;
        count = ARRAY_LEN(tss32);
    }
    fprintf(m->out, "TSS %04x at %08x limit %04x, %u-bit\n",
            regs.value[DEBUG_TR], regs.value[DEBUG_TR_BASE],
            regs.value[DEBUG_TR_LIMIT], fields == tss32 ? 32 : 16);
    for (size_t i = 0; i < count; i++) {
        uint32_t value = 0;

        if (fields[i].offset + fields[i].size - 1 >
                regs.value[DEBUG_TR_LIMIT] ||
            monitor_read(m, MACHINE_LINEAR,
                         regs.value[DEBUG_TR_BASE] + fields[i].offset, &value,
                         fields[i].size) != fields[i].size)
            break;
        fprintf(m->out, "%s=%0*x%s", fields[i].name, (int)(2 * fields[i].size),
                value, i % 8 == 7 || i + 1 == count ? "\n" : " ");
    }
}

/* Page tables. A walk goes down from CR3; each level's entry is shown, also
 * where the walk ends early. */

struct level {
    const char *name;
    unsigned shift, bits; /* of the linear address */
};

static const struct level two_levels[] = {{"PDE", 22, 10}, {"PTE", 12, 10}};
static const struct level three_levels[] = {
    {"PDPTE", 30, 2}, {"PDE", 21, 9}, {"PTE", 12, 9}};

struct paging {
    bool pae, pse;
    uint32_t cr3;
    const struct level *levels;
    unsigned count;
};

static void get_paging(const struct debug_registers *regs, struct paging *p)
{
    p->pae = regs->value[DEBUG_CR4] & CR4_PAE;
    p->pse = p->pae || (regs->value[DEBUG_CR4] & CR4_PSE);
    p->cr3 = regs->value[DEBUG_CR3];
    p->levels = p->pae ? three_levels : two_levels;
    p->count = p->pae ? 3 : 2;
}

static bool read_entry(struct monitor *m, const struct paging *p, uint64_t at,
                       uint64_t *entry)
{
    size_t size = p->pae ? 8 : 4;

    *entry = 0;
    return monitor_read(m, MACHINE_PHYSICAL, at, entry, size) == size;
}

static uint64_t first_table(const struct paging *p)
{
    return p->cr3 & (p->pae ? 0xffffffe0u : 0xfffff000u);
}

static uint64_t frame_of(const struct paging *p, uint64_t entry)
{
    return entry & (p->pae ? 0xffffff000u : 0xfffff000u);
}

static void put_rights(FILE *out, const struct level *level, uint64_t entry)
{
    static const char letters[] = "PWUTCADSG"; /* bits 0-8 */

    if (strcmp(level->name, "PDPTE") == 0) {
        fprintf(out, " %s", entry & 1 ? "P" : "-");
        return;
    }
    fputc(' ', out);
    for (int bit = 8; bit >= 0; bit--)
        fputc(entry >> bit & 1 ? letters[bit] : '-', out);
}

static bool is_large(const struct paging *p, const struct level *level,
                     uint64_t entry)
{
    return p->pse && level->shift > 12 && level->shift < 30 && (entry >> 7 & 1);
}

static void walk(struct monitor *m, const struct paging *p, uint32_t addr)
{
    uint64_t table = first_table(p);

    fprintf(m->out, "CR3 %08x, %s\n", p->cr3,
            p->pae   ? "PAE, 3 levels"
            : p->pse ? "2 levels, large pages"
                     : "2 levels");
    for (unsigned i = 0; i < p->count; i++) {
        const struct level *level = &p->levels[i];
        uint64_t index = addr >> level->shift & ((1u << level->bits) - 1);
        uint64_t at = table + index * (p->pae ? 8 : 4), entry;
        bool last = i + 1 == p->count;

        if (!read_entry(m, p, at, &entry)) {
            fprintf(m->out, "%-5s at %09llx: no memory\n", level->name,
                    (unsigned long long)at);
            return;
        }
        fprintf(m->out, "%-5s %03llx at %09llx: %0*llx", level->name,
                (unsigned long long)index, (unsigned long long)at,
                p->pae ? 16 : 8, (unsigned long long)entry);
        put_rights(m->out, level, entry);
        fputc('\n', m->out);
        if (!(entry & 1))
            break;
        if (last || is_large(p, level, entry)) {
            uint64_t mask = (UINT64_C(1) << level->shift) - 1;

            fprintf(m->out, "%08x is at physical %09llx\n", addr,
                    (unsigned long long)((frame_of(p, entry) & ~mask) |
                                         (addr & mask)));
            return;
        }
        table = frame_of(p, entry);
    }
    fprintf(m->out, "%08x is not mapped\n", addr);
}

void monitor_do_walk(struct monitor *m)
{
    struct debug_registers regs;
    struct paging paging;
    uint64_t addr;

    if (!monitor_address(m, &addr))
        return;
    machine_get_registers(m->config.machine, &regs);
    if (!(regs.value[DEBUG_CR0] & CR0_PG)) {
        fprintf(m->out, "paging is off: %08llx is at physical %08llx%s\n",
                (unsigned long long)addr, (unsigned long long)addr,
                addr & 0x100000 ? " (if A20 is open)" : "");
        return;
    }
    get_paging(&regs, &paging);
    walk(m, &paging, (uint32_t)addr);
}

void monitor_do_gva2gpa(struct monitor *m)
{
    uint64_t addr;
    paddr phys;

    if (!monitor_address(m, &addr))
        return;
    if (machine_translate(m->config.machine, (laddr)addr, &phys))
        fprintf(m->out, "gpa: 0x%llx\n", (unsigned long long)phys);
    else
        fprintf(m->out, "not mapped\n");
}

/* info mem: runs of pages with the same rights. */

struct run {
    uint64_t start, end; /* empty: both 0 */
    unsigned rights;     /* bit 0 writable, 1 user */
};

static void put_run(FILE *out, const struct run *run)
{
    if (run->end > run->start)
        fprintf(out, "%08llx-%08llx %08llx %c%c%c\n",
                (unsigned long long)run->start, (unsigned long long)run->end,
                (unsigned long long)(run->end - run->start),
                run->rights & 2 ? 'u' : '-', 'r', run->rights & 1 ? 'w' : '-');
}

static void add_page(FILE *out, struct run *run, uint64_t addr, uint64_t size,
                     unsigned rights)
{
    if (run->end != addr || run->rights != rights) {
        put_run(out, run);
        *run = (struct run){addr, addr, rights};
    }
    run->end = addr + size;
}

struct listing {
    struct monitor *m;
    struct paging paging;
    struct run run;
};

static void list_level(struct listing *l, unsigned i, uint64_t table,
                       uint64_t addr, unsigned rights)
{
    const struct paging *p = &l->paging;
    const struct level *level = &p->levels[i];

    for (uint64_t n = 0; n < UINT64_C(1) << level->bits; n++) {
        uint64_t at = addr + (n << level->shift), entry;
        unsigned below = rights;

        if (!read_entry(l->m, p, table + n * (p->pae ? 8 : 4), &entry) ||
            !(entry & 1))
            continue;
        if (level->shift < 30)
            below &= (unsigned)(entry >> 1 & 3);
        if (i + 1 == p->count || is_large(p, level, entry))
            add_page(l->m->out, &l->run, at, UINT64_C(1) << level->shift,
                     below);
        else
            list_level(l, i + 1, frame_of(p, entry), at, below);
    }
}

void monitor_show_mem(struct monitor *m)
{
    struct debug_registers regs;
    struct listing listing = {.m = m};

    machine_get_registers(m->config.machine, &regs);
    if (!(regs.value[DEBUG_CR0] & CR0_PG)) {
        fprintf(m->out, "paging is off\n");
        return;
    }
    get_paging(&regs, &listing.paging);
    list_level(&listing, 0, first_table(&listing.paging), 0, 3);
    put_run(m->out, &listing.run);
}
