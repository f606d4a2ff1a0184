/* Registers, and their description for gdb. `eip` is what gdb takes for the
 * program counter, so it is linear; the offset in CS is `ip`. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frontend/gdbstub_int.h"

#define ST_BYTES  10
#define XMM_BYTES 16
#define ROWS_MAX  (DEBUG_REGS + DEBUG_ST_REGS + DEBUG_XMM_REGS)

enum row_kind {
    ROW_VALUE,
    ROW_ST,
    ROW_XMM,
};

/* One register as gdb numbers it. */
struct row {
    enum row_kind kind;
    unsigned id; /* debug_register, or the number of ST or XMM */
};

enum group {
    GROUP_CORE,
    GROUP_FPU,
    GROUP_SEG,
    GROUP_SYS,
};

static const struct {
    const char *name;
    unsigned bits;
    enum group group;
} known[DEBUG_REGS] = {
#define DEBUG_REG(id, name, bits, group) \
    [DEBUG_##id] = {name, bits, GROUP_##group},
#include "core/debug_regs.def"
#undef DEBUG_REG
};

static unsigned add_group(struct row *rows, unsigned count, enum group group)
{
    for (unsigned id = 0; id < DEBUG_REGS; id++)
        if (known[id].group == group && id != DEBUG_MXCSR && id != DEBUG_PC)
            rows[count++] = (struct row){ROW_VALUE, id};
    return count;
}

static unsigned add_file(struct row *rows, unsigned count, enum row_kind kind,
                         unsigned size)
{
    for (unsigned n = 0; n < size; n++)
        rows[count++] = (struct row){kind, n};
    return count;
}

/* ORDER gdb: as described in target.xml. The core's EIP is the linear one;
 * the offset comes with our own. */
static unsigned list_rows(struct row rows[ROWS_MAX + 1], bool sse)
{
    unsigned count = add_group(rows, 0, GROUP_CORE);

    rows[DEBUG_EIP].id = DEBUG_PC;
    count = add_file(rows, count, ROW_ST, DEBUG_ST_REGS);
    count = add_group(rows, count, GROUP_FPU);
    if (sse) {
        count = add_file(rows, count, ROW_XMM, DEBUG_XMM_REGS);
        rows[count++] = (struct row){ROW_VALUE, DEBUG_MXCSR};
    }
    rows[count++] = (struct row){ROW_VALUE, DEBUG_EIP};
    count = add_group(rows, count, GROUP_SEG);
    return add_group(rows, count, GROUP_SYS);
}

static size_t row_bytes(const struct row *row)
{
    switch (row->kind) {
    case ROW_ST: return ST_BYTES;
    case ROW_XMM: return XMM_BYTES;
    default: return sizeof(uint32_t);
    }
}

static void put_row(struct gdbstub *stub, const struct row *row,
                    const struct debug_registers *regs)
{
    bool missing = row->kind == ROW_ST || (row->kind == ROW_VALUE &&
                                           known[row->id].group == GROUP_FPU &&
                                           row->id != DEBUG_MXCSR);

    if (missing && !regs->has_fpu) {
        for (size_t i = 0; i < row_bytes(row); i++)
            gdb_put(stub, "xx");
        return;
    }
    switch (row->kind) {
    case ROW_ST: gdb_put_hex(stub, regs->st[row->id], ST_BYTES); break;
    case ROW_XMM: gdb_put_hex(stub, regs->xmm[row->id], XMM_BYTES); break;
    case ROW_VALUE:
        gdb_put_hex(stub, &regs->value[row->id], sizeof(uint32_t));
        break;
    }
}

void gdb_read_registers(struct gdbstub *stub, const char *body)
{
    struct row rows[ROWS_MAX + 1];
    struct debug_registers regs;
    unsigned count;

    (void)body;
    machine_get_registers(stub->config.machine, &regs);
    count = list_rows(rows, regs.has_sse);
    for (unsigned i = 0; i < count; i++)
        put_row(stub, &rows[i], &regs);
}

/* A value that the register has already is always taken. */
static bool set_row(struct gdbstub *stub, const struct row *row,
                    const uint8_t *bytes, const struct debug_registers *regs)
{
    struct machine *machine = stub->config.machine;
    uint32_t value;

    switch (row->kind) {
    case ROW_ST:
        return memcmp(bytes, regs->st[row->id], ST_BYTES) == 0 ||
               machine_set_st(machine, row->id, bytes);
    case ROW_XMM:
        return memcmp(bytes, regs->xmm[row->id], XMM_BYTES) == 0 ||
               machine_set_xmm(machine, row->id, bytes);
    default: break;
    }
    memcpy(&value, bytes, sizeof(value));
    return value == regs->value[row->id] ||
           machine_set_register(machine, (enum debug_register)row->id, value);
}

/* "xx" is a register that is left alone. */
static bool write_row(struct gdbstub *stub, const struct row *row,
                      const char **body, const struct debug_registers *regs)
{
    uint8_t bytes[XMM_BYTES];
    size_t size = row_bytes(row);

    if (**body == 'x' && strlen(*body) >= 2 * size) {
        *body += 2 * size;
        return true;
    }
    return gdb_get_bytes(body, bytes, size) && set_row(stub, row, bytes, regs);
}

void gdb_write_registers(struct gdbstub *stub, const char *body)
{
    struct row rows[ROWS_MAX + 1];
    struct debug_registers regs;
    unsigned count;

    machine_get_registers(stub->config.machine, &regs);
    count = list_rows(rows, regs.has_sse);
    for (unsigned i = 0; i < count && *body; i++) {
        if (!write_row(stub, &rows[i], &body, &regs)) {
            gdb_put_error(stub, 22);
            return;
        }
    }
    gdb_put(stub, "OK");
}

static bool find_row(const struct debug_registers *regs, const char **body,
                     struct row *row)
{
    struct row rows[ROWS_MAX + 1];
    uint64_t number;

    if (!gdb_get_number(body, &number) ||
        number >= list_rows(rows, regs->has_sse))
        return false;
    *row = rows[number];
    return true;
}

void gdb_read_register(struct gdbstub *stub, const char *body)
{
    struct debug_registers regs;
    struct row row;

    machine_get_registers(stub->config.machine, &regs);
    if (find_row(&regs, &body, &row))
        put_row(stub, &row, &regs);
    else
        gdb_put_error(stub, 22);
}

void gdb_write_register(struct gdbstub *stub, const char *body)
{
    struct debug_registers regs;
    uint8_t bytes[XMM_BYTES];
    struct row row;

    machine_get_registers(stub->config.machine, &regs);
    if (find_row(&regs, &body, &row) && gdb_get_char(&body, '=') &&
        gdb_get_bytes(&body, bytes, row_bytes(&row)) &&
        set_row(stub, &row, bytes, &regs))
        gdb_put(stub, "OK");
    else
        gdb_put_error(stub, 22);
}

/* EIP, ESP and EBP: gdb looks at them after every stop. */
void gdb_put_expedited(struct gdbstub *stub)
{
    struct debug_registers regs;

    machine_get_registers(stub->config.machine, &regs);
    for (unsigned n = DEBUG_ESP; n <= DEBUG_EBP; n++) {
        gdb_put(stub, "%02x:", n);
        gdb_put_hex(stub, &regs.value[n], sizeof(uint32_t));
        gdb_put(stub, ";");
    }
    gdb_put(stub, "%02x:", DEBUG_EIP);
    gdb_put_hex(stub, &regs.value[DEBUG_PC], sizeof(uint32_t));
    gdb_put(stub, ";");
}

/* The description. */

static void describe_row(FILE *xml, const struct row *row)
{
    const char *type = "int32", *name = "";

    if (row->kind == ROW_ST) {
        fprintf(xml, "<reg name=\"st%u\" bitsize=\"80\" type=\"i387_ext\"/>",
                row->id);
        return;
    }
    if (row->kind == ROW_XMM) {
        fprintf(xml, "<reg name=\"xmm%u\" bitsize=\"128\" type=\"vec128\"/>",
                row->id);
        return;
    }
    name = known[row->id].name;
    switch (row->id) {
    case DEBUG_PC:
        type = "code_ptr";
        name = "eip";
        break;
    case DEBUG_EIP: name = "ip"; break;
    case DEBUG_ESP:
    case DEBUG_EBP: type = "data_ptr"; break;
    case DEBUG_EFLAGS: type = "i386_eflags"; break;
    case DEBUG_MXCSR: type = "i386_mxcsr"; break;
    case DEBUG_CR0: type = "cr0_flags"; break;
    case DEBUG_CR4: type = "cr4_flags"; break;
    default: break;
    }
    fprintf(xml, "<reg name=\"%s\" bitsize=\"32\" type=\"%s\"%s/>", name, type,
            known[row->id].group == GROUP_FPU && row->id != DEBUG_MXCSR
                ? " group=\"float\""
                : "");
}

struct bit {
    const char *name;
    unsigned bit;
};

static void describe_flags(FILE *xml, const char *id, const struct bit *bits,
                           size_t count)
{
    fprintf(xml, "<flags id=\"%s\" size=\"4\">", id);
    for (size_t i = 0; i < count; i++)
        fprintf(xml, "<field name=\"%s\" start=\"%u\" end=\"%u\"/>",
                bits[i].name, bits[i].bit, bits[i].bit);
    fprintf(xml, "</flags>");
}

static const struct bit eflags_bits[] = {
    {"CF", 0},  {"", 1},    {"PF", 2},   {"AF", 4},   {"ZF", 6},  {"SF", 7},
    {"TF", 8},  {"IF", 9},  {"DF", 10},  {"OF", 11},  {"NT", 14}, {"RF", 16},
    {"VM", 17}, {"AC", 18}, {"VIF", 19}, {"VIP", 20}, {"ID", 21},
};
static const struct bit mxcsr_bits[] = {
    {"IE", 0},  {"DE", 1},  {"ZE", 2},  {"OE", 3},  {"UE", 4},
    {"PE", 5},  {"DAZ", 6}, {"IM", 7},  {"DM", 8},  {"ZM", 9},
    {"OM", 10}, {"UM", 11}, {"PM", 12}, {"FZ", 15},
};
static const struct bit cr0_bits[] = {
    {"PE", 0},  {"MP", 1},  {"EM", 2},  {"TS", 3},  {"ET", 4},  {"NE", 5},
    {"WP", 16}, {"AM", 18}, {"NW", 29}, {"CD", 30}, {"PG", 31},
};
static const struct bit cr4_bits[] = {
    {"VME", 0}, {"PVI", 1}, {"TSD", 2}, {"DE", 3},     {"PSE", 4},
    {"PAE", 5}, {"MCE", 6}, {"PGE", 7}, {"OSFXSR", 9}, {"OSXMMEXCPT", 10},
};

static const char vec128[] =
    "<vector id=\"v4f\" type=\"ieee_single\" count=\"4\"/>"
    "<vector id=\"v2d\" type=\"ieee_double\" count=\"2\"/>"
    "<vector id=\"v16i8\" type=\"int8\" count=\"16\"/>"
    "<vector id=\"v8i16\" type=\"int16\" count=\"8\"/>"
    "<vector id=\"v4i32\" type=\"int32\" count=\"4\"/>"
    "<vector id=\"v2i64\" type=\"int64\" count=\"2\"/>"
    "<union id=\"vec128\"><field name=\"v4_float\" type=\"v4f\"/>"
    "<field name=\"v2_double\" type=\"v2d\"/>"
    "<field name=\"v16_int8\" type=\"v16i8\"/>"
    "<field name=\"v8_int16\" type=\"v8i16\"/>"
    "<field name=\"v4_int32\" type=\"v4i32\"/>"
    "<field name=\"v2_int64\" type=\"v2i64\"/>"
    "<field name=\"uint128\" type=\"uint128\"/></union>";

/* Begins a feature where its first register comes. ORDER gdb */
static void describe_feature(FILE *xml, const struct row *row)
{
    const char *name = NULL;

    if (row->kind == ROW_VALUE && row->id == DEBUG_EAX)
        name = "org.gnu.gdb.i386.core";
    else if (row->kind == ROW_XMM && row->id == 0)
        name = "org.gnu.gdb.i386.sse";
    else if (row->kind == ROW_VALUE && row->id == DEBUG_EIP)
        name = "org.vitrine.i386.segments";
    else if (row->kind == ROW_VALUE && row->id == DEBUG_LDTR)
        name = "org.vitrine.i386.system";
    if (!name)
        return;
    fprintf(xml, "%s<feature name=\"%s\">",
            row->id == DEBUG_EAX && row->kind == ROW_VALUE ? "" : "</feature>",
            name);
    if (strcmp(name, "org.gnu.gdb.i386.core") == 0)
        describe_flags(xml, "i386_eflags", eflags_bits, ARRAY_LEN(eflags_bits));
    if (strcmp(name, "org.gnu.gdb.i386.sse") == 0) {
        fputs(vec128, xml);
        describe_flags(xml, "i386_mxcsr", mxcsr_bits, ARRAY_LEN(mxcsr_bits));
    }
    if (strcmp(name, "org.vitrine.i386.system") == 0) {
        describe_flags(xml, "cr0_flags", cr0_bits, ARRAY_LEN(cr0_bits));
        describe_flags(xml, "cr4_flags", cr4_bits, ARRAY_LEN(cr4_bits));
    }
}

/* The architecture is the one whose code runs when gdb asks, so that x/i is
 * right at once. From i8086 gdb's `set architecture` can change to i386. */
bool gdb_describe_target(struct gdbstub *stub)
{
    struct row rows[ROWS_MAX + 1];
    struct debug_registers regs;
    size_t size;
    unsigned count;
    FILE *xml;

    free(stub->description);
    stub->description = NULL;
    xml = open_memstream(&stub->description, &size);
    if (!xml)
        return false;
    machine_get_registers(stub->config.machine, &regs);
    count = list_rows(rows, regs.has_sse);
    fprintf(xml,
            "<?xml version=\"1.0\"?><!DOCTYPE target SYSTEM "
            "\"gdb-target.dtd\"><target><architecture>%s</architecture>"
            "<osabi>none</osabi>",
            regs.value[DEBUG_CS_ACCESS] & 0x4000 ? "i386" : "i8086");
    for (unsigned i = 0; i < count; i++) {
        describe_feature(xml, &rows[i]);
        describe_row(xml, &rows[i]);
    }
    fprintf(xml, "</feature></target>");
    return fclose(xml) == 0 && stub->description;
}
