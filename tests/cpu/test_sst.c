/* Cases captured from real processors (SingleStepTests 8086 and 80286): one
 * instruction each, with the registers and memory before and after. They stand
 * outside the tree; without them this is skipped. Every case must agree; flags
 * that are not defined too, but for the number given below. Prints the opcodes
 * that have failures. VITRINE_SST=verbose prints each failing case. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cpu/cpu.h"
#include "cpu/flags.h"
#include "cpu/seg.h"
#include "cpu/sys.h"
#include "tests/cpu/engine.h"
#include "tests/cpu/moo.h"
#include "tests/suite.h"

#define FOLDER    "../shared/guests/cpu/"
#define RAM_BYTES (2u << 20)
#define INSNS_MAX 200000u

struct runner {
    enum cpu_model model;
    struct mem *mem;
    struct bus *ports;
    struct clock *clock;
    struct cpu *cpu;
    char *metadata, *revoked;
    bool verbose;
    char file[16]; /* counters below are of this one */
    uint16_t flags_mask;
    unsigned run, failed, undefined;
    unsigned total_run, total_failed, total_undefined;
};

/* Metadata. */

static char *read_text(const char *path)
{
    FILE *file = fopen(path, "rb");
    char *text = NULL;
    long size;

    if (!file)
        return NULL;
    if (!fseek(file, 0, SEEK_END) && (size = ftell(file)) >= 0) {
        rewind(file);
        text = calloc(1, (size_t)size + 1);
        if (text && fread(text, 1, (size_t)size, file) != (size_t)size) {
            free(text);
            text = NULL;
        }
    }
    fclose(file);
    return text;
}

/* The value of a key in the object that begins at `json`: a pointer to it. */
static const char *find_key(const char *json, const char *key)
{
    size_t length = strlen(key);
    int depth = 0;

    for (; json && *json; json++) {
        if (*json == '{')
            depth++;
        else if (*json == '}' && --depth == 0)
            return NULL;
        else if (*json == '"' && depth == 1 &&
                 !strncmp(json + 1, key, length) && json[length + 1] == '"' &&
                 strspn(json + length + 2, " :") > 0)
            return json + length + 2 + strspn(json + length + 2, " :");
    }
    return NULL;
}

/* The flags that are defined after the instructions of a file. */
static uint16_t find_flags_mask(const struct runner *r, const char *file)
{
    char opcode[16];
    const char *at = find_key(r->metadata, "opcodes"), *mask;
    char *dot;

    snprintf(opcode, sizeof(opcode), "%s", file);
    dot = strchr(opcode, '.');
    if (dot)
        *dot++ = 0;
    at = find_key(at, opcode);
    if (dot)
        at = find_key(find_key(at, "reg"), dot);
    mask = find_key(at, "flags-mask");
    return mask ? (uint16_t)strtoul(mask, NULL, 10) : 0xffff;
}

/* Loading. */

/* clang-format off */
static const uint8_t reg_of[8][2] = {
    {CPU_EAX, MOO_AX}, {CPU_EBX, MOO_BX}, {CPU_ECX, MOO_CX}, {CPU_EDX, MOO_DX},
    {CPU_ESP, MOO_SP}, {CPU_EBP, MOO_BP}, {CPU_ESI, MOO_SI}, {CPU_EDI, MOO_DI},
};
static const uint8_t seg_of[4][2] = {
    {SEG_CS, MOO_CS}, {SEG_SS, MOO_SS}, {SEG_DS, MOO_DS}, {SEG_ES, MOO_ES},
};
/* clang-format on */

static uint16_t flag_bits(const struct runner *r)
{
    return r->model == CPU_8086 ? 0xffff : 0x0fff; /* IOPL, NT: LOADALL only */
}

static void load_case(struct runner *r, const struct moo_case *test)
{
    const struct moo_state *s = &test->before;

    cpu_reset(r->cpu);
    for (unsigned i = 0; i < 8; i++)
        r->cpu->reg[reg_of[i][0]] = s->reg[reg_of[i][1]];
    for (unsigned i = 0; i < 4; i++)
        seg_set_paragraph(r->cpu, seg_of[i][0], s->reg[seg_of[i][1]]);
    r->cpu->eip = s->reg[MOO_IP];
    flags_set(r->cpu, s->reg[MOO_FLAGS] & flag_bits(r), UINT16_MAX);
    events_refresh(r->cpu);
    for (unsigned i = 0; i < s->ram_count; i++)
        mem_write(r->mem, s->ram[i].addr, &s->ram[i].value, 1);
}

/* A 286 case ends with HLT; an 8086 case is one instruction, however often
 * repeated. */
static void run_case(struct runner *r, const struct moo_case *test)
{
    bool repeated = strstr(test->name, "rep");
    uint32_t ip = r->cpu->eip;

    if (r->model == CPU_286) {
        r->clock->stop_insns = r->clock->insns + INSNS_MAX;
        cpu_run(r->cpu);
        return;
    }
    do {
        r->clock->stop_insns = r->clock->insns + 1;
        cpu_run(r->cpu);
    } while (repeated && r->cpu->eip == ip);
}

/* Comparing. */

/* A byte of memory: of flags that were pushed, only the defined bits. */
static bool byte_equal(const struct runner *r, const struct moo_case *test,
                       unsigned i, uint16_t mask)
{
    const struct moo_state *s = &test->after;
    uint32_t addr = s->ram[i].addr;
    uint32_t flags =
        ((uint32_t)s->reg[MOO_SS] << 4) + (uint16_t)(s->reg[MOO_SP] + 4);
    uint8_t ours, bits = 0xff;

    if (r->model == CPU_8086)
        flags &= 0xfffff;
    mem_read(r->mem, addr, &ours, 1);
    if (s->present >> MOO_CS & 1) {
        if (addr == flags)
            bits = (uint8_t)mask;
        else if (addr == flags + 1)
            bits = (uint8_t)(mask >> 8);
    }
    return !((ours ^ s->ram[i].value) & bits);
}

static bool compare(const struct runner *r, const struct moo_case *test,
                    uint16_t mask)
{
    const struct moo_state *s = &test->after;
    uint32_t flags = flags_get(r->cpu);

    if (r->model == CPU_8086)
        flags |= 0xf000;
    for (unsigned i = 0; i < 8; i++) {
        if ((r->cpu->reg[reg_of[i][0]] & 0xffff) != s->reg[reg_of[i][1]])
            return false;
    }
    for (unsigned i = 0; i < 4; i++) {
        if (r->cpu->seg[seg_of[i][0]].selector != s->reg[seg_of[i][1]])
            return false;
    }
    for (unsigned i = 0; i < s->ram_count; i++) {
        if (!byte_equal(r, test, i, mask))
            return false;
    }
    return r->cpu->eip == s->reg[MOO_IP] &&
           !((flags ^ s->reg[MOO_FLAGS]) & mask & flag_bits(r));
}

static void print_case(const struct runner *r, const struct moo_case *test)
{
    static const char *const names[] = {"ax", "bx", "cx", "dx",   "cs",
                                        "ss", "ds", "es", "sp",   "bp",
                                        "si", "di", "ip", "flags"};
    uint16_t ours[MOO_REGS];

    for (unsigned i = 0; i < 8; i++)
        ours[reg_of[i][1]] = (uint16_t)r->cpu->reg[reg_of[i][0]];
    for (unsigned i = 0; i < 4; i++)
        ours[seg_of[i][1]] = r->cpu->seg[seg_of[i][0]].selector;
    ours[MOO_IP] = (uint16_t)r->cpu->eip;
    ours[MOO_FLAGS] = (uint16_t)flags_get(r->cpu);
    printf("%s #%u %s", r->file, test->index, test->name);
    for (unsigned i = 0; i < test->byte_count; i++)
        printf(" %02x", test->bytes[i]);
    printf("%s\n", test->has_exception ? " (exception)" : "");
    for (unsigned i = 0; i < MOO_REGS; i++) {
        uint16_t differ = (ours[i] ^ test->after.reg[i]);

        if (i == MOO_FLAGS)
            differ &= flag_bits(r) & 0x0fff;
        printf("  %s %04x%s", names[i], test->before.reg[i], differ ? "" : " ");
        if (differ)
            printf("->%04x, ours %04x", test->after.reg[i], ours[i]);
    }
    for (unsigned i = 0; i < test->after.ram_count; i++) {
        uint8_t byte;

        mem_read(r->mem, test->after.ram[i].addr, &byte, 1);
        if (byte != test->after.ram[i].value)
            printf("  [%05x] %02x, ours %02x", test->after.ram[i].addr,
                   test->after.ram[i].value, byte);
    }
    printf("\n");
}

static void clear_ram(struct runner *r, const struct moo_state *s)
{
    const uint8_t zero = 0;

    for (unsigned i = 0; i < s->ram_count; i++)
        mem_write(r->mem, s->ram[i].addr, &zero, 1);
}

/* Between two files: nothing may have been written that no case named. */
static void end_file(struct runner *r)
{
    for (size_t i = 0; i < RAM_BYTES; i++) {
        if (r->mem->ram[i]) {
            printf("%s: stray store to %zx\n", r->file, i);
            r->failed++;
            memset(r->mem->ram, 0, RAM_BYTES);
            break;
        }
    }
    if (r->failed || (r->verbose && r->undefined))
        printf("%s %s: %u of %u differ, %u more in undefined flags\n",
               cpu_model_name(r->model), r->file, r->failed, r->run,
               r->undefined);
    r->total_run += r->run;
    r->total_failed += r->failed;
    r->total_undefined += r->undefined;
    r->run = r->failed = r->undefined = 0;
}

static void each_case(void *context, const char *file,
                      const struct moo_case *test)
{
    struct runner *r = context;

    if (strcmp(file, r->file)) {
        end_file(r);
        snprintf(r->file, sizeof(r->file), "%s", file);
        r->flags_mask = find_flags_mask(r, file);
    }
    if (r->revoked && test->hash[0] && strstr(r->revoked, test->hash))
        return;
    load_case(r, test);
    run_case(r, test);
    r->run++;
    if (!compare(r, test, r->flags_mask)) {
        r->failed++;
        if (r->verbose)
            print_case(r, test);
    } else if (!compare(r, test, 0xffff)) {
        r->undefined++;
        if (r->verbose)
            print_case(r, test);
    }
    clear_ram(r, &test->before);
    clear_ram(r, &test->after);
}

static void create_machine(struct runner *r)
{
    struct cpu_config config = {.model = r->model};

    ck_assert_int_eq(mem_create(&r->mem, RAM_BYTES), STATUS_OK);
    ck_assert_int_eq(bus_create(&r->ports), STATUS_OK);
    ck_assert_int_eq(clock_create(&r->clock, 1000000), STATUS_OK);
    mem_map_host(r->mem, 0, RAM_BYTES, r->mem->ram);
    if (r->model == CPU_8086)
        r->mem->a20_mask = 0xfffff;
    config.mem = r->mem;
    config.ports = r->ports;
    config.clock = r->clock;
    ck_assert_int_eq(cpu_create(&config, &r->cpu), STATUS_OK);
    ck_assert_int_eq(engine_plug(r->cpu), STATUS_OK);
}

static void run_archive(enum cpu_model model, const char *archive,
                        const char *metadata, const char *revoked,
                        unsigned undefined)
{
    const char *mode = getenv("VITRINE_SST");
    struct runner r = {.model = model,
                       .verbose = mode && !strcmp(mode, "verbose")};

    r.metadata = read_text(metadata);
    r.revoked = revoked ? read_text(revoked) : NULL;
    ck_assert_msg(r.metadata, "%s", metadata);
    create_machine(&r);
    ck_assert(moo_read_archive(archive, each_case, &r));
    end_file(&r);
    printf("%s: %u cases, %u differ, %u more in undefined flags\n",
           cpu_model_name(model), r.total_run, r.total_failed,
           r.total_undefined);
    ck_assert_uint_ge(r.total_run, 60000);
    ck_assert_uint_eq(r.total_failed, 0);
    ck_assert_uint_le(r.total_undefined, undefined);
    cpu_destroy(r.cpu);
    clock_destroy(r.clock);
    bus_destroy(r.ports);
    mem_destroy(r.mem);
    free(r.metadata);
    free(r.revoked);
}

START_TEST(captured_8086)
{
    run_archive(CPU_8086, FOLDER "sst8086-t200.tar.xz",
                FOLDER "sst8086-metadata.json", NULL, 0);
}
END_TEST

START_TEST(captured_286)
{
    run_archive(CPU_286, FOLDER "sst286-t200.tar.xz",
                FOLDER "sst286-metadata.json", FOLDER "sst286-revoked.txt",
                438);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("cpu/sst");
    TCase *tcase = tcase_create("captured");
    struct stat info;

    if (stat(FOLDER "sst8086-t200.tar.xz", &info)) {
        printf("skipped: no captured cases in " FOLDER "\n");
        exit(TEST_SKIPPED);
    }
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, captured_8086);
    tcase_add_test(tcase, captured_286);
    suite_add_tcase(suite, tcase);
    return suite;
}
