/* Memory and ports. */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "frontend/monitor_int.h"

#define ROW_BYTES 16

size_t monitor_read(struct monitor *m, enum machine_space space, uint64_t addr,
                    void *buffer, size_t size)
{
    const struct machine_range range = {
        .space = space, .addr = addr, .size = size, .devices = m->devices};

    return machine_read_memory(m->config.machine, &range, buffer);
}

bool monitor_read_physical32(struct monitor *m, uint64_t addr, uint32_t *value)
{
    *value = 0;
    return monitor_read(m, MACHINE_PHYSICAL, addr, value, 4) == 4;
}

static const char *space_name(enum machine_space space)
{
    return space == MACHINE_LINEAR ? "linear" : "physical";
}

/* Why a read failed there. */
static void put_no_memory(struct monitor *m, enum machine_space space,
                          uint64_t addr)
{
    paddr phys = addr;

    if (space == MACHINE_LINEAR &&
        !machine_translate(m->config.machine, (laddr)addr, &phys))
        fprintf(m->out, "%08llx: not mapped\n", (unsigned long long)addr);
    else
        fprintf(m->out,
                "%08llx: a device's; `set devices on` asks it, which may "
                "change it\n",
                (unsigned long long)addr);
}

/* x, xp. */

static unsigned size_of(char letter)
{
    return letter == 'b' ? 1 : letter == 'h' ? 2 : 4;
}

static void put_value(FILE *out, char letter, unsigned size, uint64_t value)
{
    int64_t number = (int64_t)(value << (64 - 8 * size)) >> (64 - 8 * size);

    switch (letter) {
    case 'd': fprintf(out, " %lld", (long long)number); break;
    case 'u': fprintf(out, " %llu", (unsigned long long)value); break;
    case 'o': fprintf(out, " 0%llo", (unsigned long long)value); break;
    case 'c':
        value &= 0xff;
        if (isprint((int)value))
            fprintf(out, " '%c'", (int)value);
        else
            fprintf(out, " '\\x%02x'", (unsigned)value);
        break;
    default:
        fprintf(out, " 0x%0*llx", (int)(2 * size), (unsigned long long)value);
        break;
    }
}

static void put_values(struct monitor *m, enum machine_space space,
                       uint64_t addr, const struct monitor_format *format)
{
    unsigned size = format->letter == 'c' ? 1 : size_of(format->size);
    unsigned per_row = ROW_BYTES / size;

    for (uint64_t i = 0; i < format->count; i++, addr += size) {
        uint64_t value = 0;

        if (space == MACHINE_LINEAR)
            addr &= UINT32_MAX;
        if (i % per_row == 0)
            fprintf(m->out, "%s%08llx:", i ? "\n" : "",
                    (unsigned long long)addr);
        if (monitor_read(m, space, addr, &value, size) != size) {
            fprintf(m->out, "\n");
            put_no_memory(m, space, addr);
            return;
        }
        put_value(m->out, format->letter, size, value);
    }
    fprintf(m->out, "\n");
}

static bool check_amount(struct monitor *m, uint64_t amount)
{
    return amount <= MONITOR_MOST_BYTES ||
           monitor_fail(m, "%llu: too much at once",
                        (unsigned long long)amount);
}

static void examine(struct monitor *m, enum machine_space space)
{
    struct debug_registers regs;
    struct monitor_format format;
    struct monitor_code code;
    uint64_t addr;

    if (!monitor_take_format(m, &format) ||
        !(space == MACHINE_LINEAR ? monitor_address(m, &addr)
                                  : monitor_number(m, &addr)) ||
        !check_amount(m, format.count))
        return;
    if (format.letter != 'i') {
        put_values(m, space, addr, &format);
        return;
    }
    machine_get_registers(m->config.machine, &regs);
    code = monitor_next_code(m, &regs);
    code.space = space;
    code.eip = (uint32_t)addr - regs.value[DEBUG_CS_BASE];
    code.addr = addr;
    monitor_put_code(m, code, format.count);
}

void monitor_do_x(struct monitor *m)
{
    examine(m, MACHINE_LINEAR);
}

void monitor_do_xp(struct monitor *m)
{
    examine(m, MACHINE_PHYSICAL);
}

/* dump. */

static void put_row(struct monitor *m, uint64_t addr, const uint8_t *bytes,
                    size_t count)
{
    fprintf(m->out, "%08llx ", (unsigned long long)addr);
    for (size_t i = 0; i < ROW_BYTES; i++) {
        if (i < count)
            fprintf(m->out, "%s%02x", i == 8 ? "-" : " ", bytes[i]);
        else
            fprintf(m->out, "   ");
    }
    fprintf(m->out, "  ");
    for (size_t i = 0; i < count; i++)
        fputc(isprint(bytes[i]) ? bytes[i] : '.', m->out);
    fputc('\n', m->out);
}

static void dump(struct monitor *m, enum machine_space space)
{
    uint64_t addr, count = 128;

    if (!(space == MACHINE_LINEAR ? monitor_address(m, &addr)
                                  : monitor_number(m, &addr)) ||
        (!monitor_at_end(m) && !monitor_number(m, &count)) ||
        !check_amount(m, count))
        return;
    while (count > 0) {
        size_t part = count < ROW_BYTES ? (size_t)count : ROW_BYTES;
        uint8_t bytes[ROW_BYTES];
        size_t done = monitor_read(m, space, addr, bytes, part);

        if (done)
            put_row(m, addr, bytes, done);
        if (done < part) {
            put_no_memory(m, space, addr + done);
            return;
        }
        addr += part;
        count -= part;
    }
}

void monitor_do_dump(struct monitor *m)
{
    dump(m, MACHINE_LINEAR);
}

void monitor_do_dumpp(struct monitor *m)
{
    dump(m, MACHINE_PHYSICAL);
}

#define SPAN_MOST (UINT64_C(1) << 32)

static bool check_span(struct monitor *m, uint64_t count)
{
    return count <= SPAN_MOST || monitor_fail(m, "%llu: more than there is",
                                              (unsigned long long)count);
}

/* search: bytes, or a text in quotes. */

#define PATTERN_MAX 64
#define FOUND_MAX   100

static bool take_pattern(struct monitor *m, uint8_t *pattern, size_t *size)
{
    uint64_t value;

    *size = 0;
    if (!monitor_at_end(m) && *m->rest == '"') {
        const char *end = strchr(++m->rest, '"');

        if (!end || end == m->rest || end - m->rest > PATTERN_MAX)
            return monitor_fail(m, "the text is empty, too long or without "
                                   "a closing quote");
        *size = (size_t)(end - m->rest);
        memcpy(pattern, m->rest, *size);
        m->rest = end + 1;
        return true;
    }
    do {
        if (!monitor_number(m, &value))
            return false;
        if (value > 0xff || *size == PATTERN_MAX)
            return monitor_fail(m, "values are bytes, at most %d", PATTERN_MAX);
        pattern[(*size)++] = (uint8_t)value;
    } while (!monitor_at_end(m));
    return true;
}

/* What is not mapped is passed over, page by page. */
void monitor_do_search(struct monitor *m)
{
    uint8_t pattern[PATTERN_MAX], bytes[4096 + PATTERN_MAX];
    uint64_t addr, count;
    unsigned found = 0;
    size_t size;

    if (!monitor_address(m, &addr) || !monitor_number(m, &count) ||
        !take_pattern(m, pattern, &size))
        return;
    if (!check_span(m, count))
        return;
    for (uint64_t end = addr + count; addr < end;) {
        size_t part = 4096 - (size_t)(addr & 4095);
        size_t got =
            monitor_read(m, MACHINE_LINEAR, addr, bytes, part + size - 1);

        for (size_t i = 0; i < part && i + size <= got && addr + i < end; i++) {
            if (memcmp(bytes + i, pattern, size) != 0)
                continue;
            fprintf(m->out, "%08llx", (unsigned long long)(addr + i));
            monitor_put_symbol(m, m->out, (uint32_t)(addr + i));
            fputc('\n', m->out);
            if (++found == FOUND_MAX) {
                fprintf(m->out, "and perhaps more\n");
                return;
            }
        }
        addr += part;
    }
    if (!found)
        fprintf(m->out, "not found\n");
}

/* set. */

static void set_register(struct monitor *m, const char *name, uint64_t value)
{
    static const char *const names[DEBUG_REGS] = {
#define DEBUG_REG(id, name, bits, group) [DEBUG_##id] = name,
#include "core/debug_regs.def"
#undef DEBUG_REG
    };
    unsigned id = DEBUG_REGS;

    for (unsigned i = 0; i < DEBUG_REGS; i++)
        if (strcmp(names[i], name) == 0)
            id = i;
    if (strcmp(name, "pc") == 0)
        id = DEBUG_PC;
    if (strcmp(name, "ip") == 0)
        id = DEBUG_EIP;
    if (id == DEBUG_REGS)
        monitor_fail(m, "$%s: no such register, or not one to be set", name);
    else if (!machine_set_register(m->config.machine, (enum debug_register)id,
                                   (uint32_t)value))
        monitor_fail(m, "$%s: cannot hold %llx now", name,
                     (unsigned long long)value);
}

static void set_memory(struct monitor *m, size_t size)
{
    struct machine_range range = {
        .space = MACHINE_LINEAR, .size = size, .devices = m->devices};
    uint64_t value;

    if (!monitor_address(m, &range.addr))
        return;
    if (!monitor_number(m, &value))
        return;
    if (machine_write_memory(m->config.machine, &range, &value) != size)
        monitor_fail(m, "%08llx: cannot be written",
                     (unsigned long long)range.addr);
}

static void set_switch(struct monitor *m, const char *name)
{
    char value[MONITOR_WORD_BYTES];

    if (!monitor_word(m, value, sizeof(value)))
        return;
    if (strcmp(name, "devices") == 0 && strcmp(value, "on") == 0)
        m->devices = true;
    else if (strcmp(name, "devices") == 0 && strcmp(value, "off") == 0)
        m->devices = false;
    else if (strcmp(name, "step") == 0 && strcmp(value, "into") == 0)
        m->step_mode |= DEBUG_STEP_INTO;
    else if (strcmp(name, "step") == 0 && strcmp(value, "over") == 0)
        m->step_mode &= ~(unsigned)DEBUG_STEP_INTO;
    else if (strcmp(name, "step") == 0 && strcmp(value, "rep") == 0)
        m->step_mode |= DEBUG_STEP_REP;
    else if (strcmp(name, "step") == 0 && strcmp(value, "whole") == 0)
        m->step_mode &= ~(unsigned)DEBUG_STEP_REP;
    else
        monitor_fail(m, "set %s %s: not known; see help set", name, value);
}

/* set $eax 5, set w:ADDR 5, set step into. */
void monitor_do_set(struct monitor *m)
{
    char word[MONITOR_WORD_BYTES];
    uint64_t value;

    if (monitor_at_end(m))
        monitor_fail(m, "set: what? see help set");
    else if (m->rest[1] == ':' && strchr("bhw", m->rest[0])) {
        m->rest += 2;
        set_memory(m, size_of(m->rest[-2]));
    } else if (monitor_word(m, word, sizeof(word))) {
        if (word[0] != '$')
            set_switch(m, word);
        else if (monitor_number(m, &value))
            set_register(m, word + 1, value);
    }
}

/* memsave, pmemsave. */

static void save(struct monitor *m, enum machine_space space)
{
    char path[MONITOR_WORD_BYTES];
    uint64_t addr, count;
    FILE *file;

    if (!(space == MACHINE_LINEAR ? monitor_address(m, &addr)
                                  : monitor_number(m, &addr)) ||
        !monitor_number(m, &count) || !check_span(m, count) ||
        !monitor_word(m, path, sizeof(path)))
        return;
    file = fopen(path, "wb");
    if (!file) {
        monitor_fail(m, "%s: %s", path, failure_create_text(errno));
        return;
    }
    while (count > 0) {
        uint8_t bytes[4096];
        size_t part = count < sizeof(bytes) ? (size_t)count : sizeof(bytes);

        if (monitor_read(m, space, addr, bytes, part) < part) {
            monitor_fail(m, "%s address %08llx: no memory; the file ends there",
                         space_name(space), (unsigned long long)addr);
            break;
        }
        if (fwrite(bytes, 1, part, file) < part) {
            monitor_fail(m, "%s: %s", path, failure_errno_text(errno));
            break;
        }
        addr += part;
        count -= part;
    }
    if (fclose(file) != 0)
        monitor_fail(m, "%s: %s", path, failure_errno_text(errno));
}

void monitor_do_memsave(struct monitor *m)
{
    save(m, MACHINE_LINEAR);
}

void monitor_do_pmemsave(struct monitor *m)
{
    save(m, MACHINE_PHYSICAL);
}

/* Ports. */

static bool take_port(struct monitor *m, uint16_t *port, unsigned *size)
{
    struct monitor_format format;
    uint64_t value;
    bool sized = !monitor_at_end(m) && *m->rest == '/';

    if (!monitor_take_format(m, &format) || !monitor_number(m, &value))
        return false;
    if (value > 0xffff)
        return monitor_fail(m, "%llx: ports end at ffff",
                            (unsigned long long)value);
    *port = (uint16_t)value;
    *size = sized ? size_of(format.size) : 1;
    return true;
}

void monitor_do_in(struct monitor *m)
{
    unsigned size = 1;
    uint16_t port = 0;

    if (take_port(m, &port, &size))
        fprintf(m->out, "port%s[0x%04x] = 0x%0*x\n",
                size == 1   ? "b"
                : size == 2 ? "w"
                            : "l",
                port, (int)(2 * size),
                machine_read_port(m->config.machine, port, size));
}

void monitor_do_out(struct monitor *m)
{
    uint64_t value;
    unsigned size = 1;
    uint16_t port = 0;

    if (take_port(m, &port, &size) && monitor_number(m, &value))
        machine_write_port(m->config.machine, port, (uint32_t)value, size);
}

void monitor_do_print(struct monitor *m)
{
    struct monitor_format format;
    uint64_t value;

    if (!monitor_take_format(m, &format) || !monitor_address(m, &value))
        return;
    if (format.letter == 'i')
        format.letter = 'x';
    if (format.letter == 'x')
        fprintf(m->out, "0x%llx", (unsigned long long)value);
    else
        put_value(m->out, format.letter, 8, value);
    monitor_put_symbol(m, m->out, (uint32_t)value);
    fputc('\n', m->out);
}
