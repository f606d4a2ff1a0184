/* Registers, status, devices. */
#include <string.h>

#include "frontend/monitor_int.h"
#include "frontend/version.h"

/* Registers, as QEMU lays them out. */

static void put_flags(FILE *out, uint32_t flags)
{
    static const char names[] = "C-P-A-ZSTIDO";

    fprintf(out, "EFL=%08x [", flags);
    for (unsigned bit = 12; bit-- > 0;)
        if (names[bit] != '-')
            fputc(flags >> bit & 1 ? names[bit] : '-', out);
    fprintf(out, "] IOPL=%u", flags >> 12 & 3);
    if (flags >> 14 & 1)
        fprintf(out, " NT");
    if (flags >> 16 & 1)
        fprintf(out, " RF");
    if (flags >> 17 & 1)
        fprintf(out, " VM");
    if (flags >> 18 & 1)
        fprintf(out, " AC");
}

static void put_segment(FILE *out, const char *name, const uint32_t *value,
                        enum debug_register selector, enum debug_register base)
{
    uint32_t access = value[base + 2];

    fprintf(out, "%-3s=%04x base %08x limit %08x", name, value[selector],
            value[base], value[base + 1]);
    if (!(access & 0x80)) {
        fprintf(out, " unusable\n");
        return;
    }
    fprintf(out, " DPL=%u", access >> 5 & 3);
    if (access & 0x10)
        fprintf(out, " %s%s", access & 8 ? "code" : "data",
                access & 0x4000 ? "32" : "16");
    else
        fprintf(out, " type %u", access & 15);
    fputc('\n', out);
}

static void put_bits(FILE *out, uint32_t value, const char *const *names)
{
    for (unsigned bit = 0; bit < 32; bit++)
        if ((value >> bit & 1) && names[bit])
            fprintf(out, " %s", names[bit]);
    fputc('\n', out);
}

static const char *mode_name(const uint32_t *value)
{
    bool wide = value[DEBUG_CS_ACCESS] & 0x4000;

    if (!(value[DEBUG_CR0] & 1))
        return wide ? "real mode, 32-bit code" : "real mode";
    if (value[DEBUG_EFLAGS] >> 17 & 1)
        return "virtual-8086 mode";
    return wide ? "protected mode, 32-bit code" : "protected mode, 16-bit code";
}

static void put_system(FILE *out, const uint32_t *value)
{
    static const char *const cr0[32] = {
        [0] = "PE",  [1] = "MP",  [2] = "EM",  [3] = "TS",
        [4] = "ET",  [5] = "NE",  [16] = "WP", [18] = "AM",
        [29] = "NW", [30] = "CD", [31] = "PG"};
    static const char *const cr4[32] = {"VME", "PVI",    "TSD",       "DE",
                                        "PSE", "PAE",    "MCE",       "PGE",
                                        "PCE", "OSFXSR", "OSXMMEXCPT"};

    fprintf(out, "GDT= %08x %04x  IDT= %08x %04x\n", value[DEBUG_GDT_BASE],
            value[DEBUG_GDT_LIMIT], value[DEBUG_IDT_BASE],
            value[DEBUG_IDT_LIMIT]);
    fprintf(out, "CR2=%08x CR3=%08x CR0=%08x", value[DEBUG_CR2],
            value[DEBUG_CR3], value[DEBUG_CR0]);
    put_bits(out, value[DEBUG_CR0], cr0);
    fprintf(out, "CR4=%08x", value[DEBUG_CR4]);
    put_bits(out, value[DEBUG_CR4], cr4);
    fprintf(out, "DR0=%08x DR1=%08x DR2=%08x DR3=%08x DR6=%08x DR7=%08x\n",
            value[DEBUG_DR0], value[DEBUG_DR1], value[DEBUG_DR2],
            value[DEBUG_DR3], value[DEBUG_DR6], value[DEBUG_DR7]);
}

void monitor_show_registers(struct monitor *m)
{
    struct debug_registers regs;
    const uint32_t *v = regs.value;

    machine_get_registers(m->config.machine, &regs);
    fprintf(m->out,
            "EAX=%08x EBX=%08x ECX=%08x EDX=%08x\n"
            "ESI=%08x EDI=%08x EBP=%08x ESP=%08x\n",
            v[DEBUG_EAX], v[DEBUG_EBX], v[DEBUG_ECX], v[DEBUG_EDX],
            v[DEBUG_ESI], v[DEBUG_EDI], v[DEBUG_EBP], v[DEBUG_ESP]);
    fprintf(m->out, "EIP=%08x ", v[DEBUG_EIP]);
    put_flags(m->out, v[DEBUG_EFLAGS]);
    fprintf(m->out, " CPL=%u HLT=%u\n", v[DEBUG_CPL], v[DEBUG_HALTED]);
    put_segment(m->out, "ES", v, DEBUG_ES, DEBUG_ES_BASE);
    put_segment(m->out, "CS", v, DEBUG_CS, DEBUG_CS_BASE);
    put_segment(m->out, "SS", v, DEBUG_SS, DEBUG_SS_BASE);
    put_segment(m->out, "DS", v, DEBUG_DS, DEBUG_DS_BASE);
    put_segment(m->out, "FS", v, DEBUG_FS, DEBUG_FS_BASE);
    put_segment(m->out, "GS", v, DEBUG_GS, DEBUG_GS_BASE);
    put_segment(m->out, "LDT", v, DEBUG_LDTR, DEBUG_LDTR_BASE);
    put_segment(m->out, "TR", v, DEBUG_TR, DEBUG_TR_BASE);
    put_system(m->out, v);
    fprintf(m->out, "CS:EIP %04x:%08x, linear %08x, %s\n", v[DEBUG_CS],
            v[DEBUG_EIP], v[DEBUG_PC], mode_name(v));
}

static void put_bytes_high_first(FILE *out, const uint8_t *bytes, size_t size)
{
    while (size-- > 0)
        fprintf(out, "%02x", bytes[size]);
}

static void put_xmm(struct monitor *m, const struct debug_registers *regs)
{
    fprintf(m->out, "MXCSR=%08x\n", regs->value[DEBUG_MXCSR]);
    for (unsigned n = 0; n < DEBUG_XMM_REGS; n++) {
        fprintf(m->out, "XMM%u=", n);
        put_bytes_high_first(m->out, regs->xmm[n], 16);
        fputc(n % 2 ? '\n' : ' ', m->out);
    }
}

void monitor_show_fpu(struct monitor *m)
{
    struct debug_registers regs;
    const uint32_t *v = regs.value;

    machine_get_registers(m->config.machine, &regs);
    if (!regs.has_fpu) {
        fprintf(m->out, "no x87\n");
        return;
    }
    fprintf(m->out,
            "FCW=%04x FSW=%04x FTW=%04x FOP=%03x FIP=%04x:%08x "
            "FDP=%04x:%08x\n",
            v[DEBUG_FCTRL], v[DEBUG_FSTAT], v[DEBUG_FTAG], v[DEBUG_FOP],
            v[DEBUG_FISEG], v[DEBUG_FIOFF], v[DEBUG_FOSEG], v[DEBUG_FOOFF]);
    for (unsigned n = 0; n < DEBUG_ST_REGS; n++) {
        unsigned physical = ((v[DEBUG_FSTAT] >> 11 & 7) + n) & 7;
        bool empty = (v[DEBUG_FTAG] >> (2 * physical) & 3) == 3;

        fprintf(m->out, "ST%u=", n);
        put_bytes_high_first(m->out, regs.st[n] + 8, 2);
        fputc(' ', m->out);
        put_bytes_high_first(m->out, regs.st[n], 8);
        fprintf(m->out, "%s%c", empty ? " empty" : "", n % 2 ? '\n' : '\t');
    }
    if (regs.has_sse)
        put_xmm(m, &regs);
}

void monitor_show_stack(struct monitor *m)
{
    struct debug_registers regs;
    uint64_t count = 8;
    unsigned size;
    uint32_t esp;

    if (!monitor_at_end(m) && !monitor_number(m, &count))
        return;
    machine_get_registers(m->config.machine, &regs);
    size = regs.value[DEBUG_CS_ACCESS] & 0x4000 ? 4 : 2;
    esp = regs.value[DEBUG_ESP];
    for (uint64_t i = 0; i < count && i < MONITOR_MOST_BYTES; i++) {
        uint32_t value = 0, at = esp;

        if (!(regs.value[DEBUG_SS_ACCESS] & 0x4000))
            at &= 0xffff;
        if (monitor_read(m, MACHINE_LINEAR, regs.value[DEBUG_SS_BASE] + at,
                         &value, size) != size)
            break;
        fprintf(m->out, "%04x:%08x: %0*x", regs.value[DEBUG_SS], at,
                (int)(2 * size), value);
        if (size == 4)
            monitor_put_symbol(m, m->out, value);
        fputc('\n', m->out);
        esp += size;
    }
}

/* Status. */

void monitor_show_status(struct monitor *m)
{
    struct machine *machine = m->config.machine;

    fprintf(m->out, "VM status: %s\n",
            run_control_paused(m->config.control) ? "paused" : "running");
    fprintf(m->out, "guest time %.9f s, instructions %llu\n",
            (double)machine_now_ns(machine) / NS_PER_SEC,
            (unsigned long long)machine_insns(machine));
}

void monitor_show_version(struct monitor *m)
{
    fprintf(m->out, "vitrine %s\n", version_text());
}

void monitor_show_symbols(struct monitor *m)
{
    char part[MONITOR_WORD_BYTES] = "";
    size_t shown = 0;

    if (!monitor_at_end(m) && !monitor_word(m, part, sizeof(part)))
        return;
    for (size_t i = 0; i < m->symbols.count; i++) {
        const struct symbol *s = &m->symbols.list[i];

        if (!strstr(s->name, part))
            continue;
        fprintf(m->out, "%08x %s\n", s->addr, s->name);
        if (++shown == 1000) {
            fprintf(m->out, "and more; name a part of them\n");
            return;
        }
    }
    if (!shown)
        fprintf(m->out, "none\n");
}

/* Devices, by their state tables. */

#define SHOWN_VALUES 64
#define SHOWN_BYTES  64
#define DEPTH_MAX    8

void monitor_show_devices(struct monitor *m)
{
    const struct device *dev;

    for (unsigned n = 0; (dev = machine_device(m->config.machine, n)); n++)
        fprintf(m->out, "%-14s %s\n", dev->name, dev->class->name);
}

static uint64_t load(const uint8_t *from, size_t size)
{
    uint8_t u8;
    uint16_t u16;
    uint32_t u32;
    uint64_t u64;

    switch (size) {
    case 1: memcpy(&u8, from, 1); return u8;
    case 2: memcpy(&u16, from, 2); return u16;
    case 4: memcpy(&u32, from, 4); return u32;
    default: memcpy(&u64, from, 8); return u64;
    }
}

static void put_values(FILE *out, const uint8_t *from,
                       const struct state_field *field, size_t count)
{
    for (size_t i = 0; i < count && i < SHOWN_VALUES; i++) {
        uint64_t value = load(from + i * field->size, field->size);

        if (field->kind == STATE_KIND_BOOLS)
            fprintf(out, " %s", value ? "yes" : "no");
        else
            fprintf(out, " %0*llx", (int)(2 * field->size),
                    (unsigned long long)value);
    }
    if (count > SHOWN_VALUES)
        fprintf(out, " ... of %zu", count);
    fputc('\n', out);
}

static void put_buffer(FILE *out, const uint8_t *object,
                       const struct state_field *field)
{
    const struct state_field bytes = {.size = 1, .kind = STATE_KIND_VALUES};
    const uint8_t *buffer;
    size_t size;

    memcpy(&buffer, object + field->offset, sizeof(buffer));
    memcpy(&size, object + field->aux, sizeof(size));
    put_values(out, buffer, &bytes, buffer ? size : 0);
}

static void put_state(FILE *out, const uint8_t *object,
                      const struct state_field *table, unsigned depth)
{
    if (depth > DEPTH_MAX)
        return;
    for (const struct state_field *f = table; f->name; f++) {
        fprintf(out, "%*s%s:", (int)(2 * depth), "", f->name);
        switch (f->kind) {
        case STATE_KIND_VALUES:
        case STATE_KIND_BOOLS:
            put_values(out, object + f->offset, f, f->count);
            break;
        case STATE_KIND_BUFFER: put_buffer(out, object, f); break;
        case STATE_KIND_TABLE:
            fputc('\n', out);
            for (size_t i = 0; i < f->count; i++) {
                if (f->count > 1)
                    fprintf(out, "%*s[%zu]\n", (int)(2 * depth + 1), "", i);
                put_state(out, object + f->offset + i * f->size, f->table,
                          depth + 1);
            }
            break;
        }
    }
}

static bool show_device(struct monitor *m, const char *name)
{
    const struct device *dev;
    bool found = false;

    for (unsigned n = 0; (dev = machine_device(m->config.machine, n)); n++) {
        if (strcmp(dev->name, name) != 0 && strcmp(dev->class->name, name) != 0)
            continue;
        found = true;
        fprintf(m->out, "%s (%s)\n", dev->name, dev->class->name);
        put_state(m->out, (const uint8_t *)dev, dev->class->state, 1);
    }
    return found;
}

void monitor_show_device(struct monitor *m)
{
    char name[MONITOR_WORD_BYTES];

    if (monitor_word(m, name, sizeof(name)) && !show_device(m, name))
        monitor_fail(m, "%s: no such device; info devices lists them", name);
}

void monitor_show_lapic(struct monitor *m)
{
    if (!show_device(m, "apic"))
        monitor_fail(m, "this processor has no local APIC");
}

void monitor_show_ioapic(struct monitor *m)
{
    if (!show_device(m, "ioapic"))
        monitor_fail(m, "this board has no I/O APIC");
}

void monitor_show_cpus(struct monitor *m)
{
    fprintf(m->out, "* CPU #0: ");
    monitor_print_stop(m, m->out);
}

void monitor_show_pic(struct monitor *m)
{
    if (!show_device(m, "i8259") && !show_device(m, "pic"))
        monitor_fail(m, "no interrupt controller");
}
