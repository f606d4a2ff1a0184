/* The monitor's commands, on a real machine that runs a few bytes. */
#include "frontend/monitor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/suite.h"

#define CODE 0x7c00u

static struct machine *machine;
static struct run_control control;
static struct monitor *monitor;
static char *answer;

/* At 07C0:0000: mov ax,1234; push ax; call 000A; pop bx; jmp 0000; at 000A:
 * rep stosb; out 80,al; int 40; ret; at 0011: iret */
static const uint8_t program[] = {0xb8, 0x34, 0x12, 0x50, 0xe8, 0x03,
                                  0x00, 0x5b, 0xeb, 0xf6, 0xf3, 0xaa,
                                  0xe6, 0x80, 0xcd, 0x40, 0xc3, 0xcf};

static void set(enum debug_register reg, uint32_t value)
{
    ck_assert(machine_set_register(machine, reg, value));
}

static void poke(uint64_t addr, const void *bytes, size_t size)
{
    const struct machine_range range = {
        .space = MACHINE_PHYSICAL, .addr = addr, .size = size};

    ck_assert_uint_eq(machine_write_memory(machine, &range, bytes), size);
}

static void create(const char *cpu, enum machine_engine engine)
{
    const struct machine_config config = {
        .cpu = cpu, .ram_bytes = MIB(2), .engine = engine};
    struct monitor_config for_monitor = {.control = &control};
    char message[200];

    ck_assert_int_eq(
        machine_create(&config, &machine, message, sizeof(message)), STATUS_OK);
    memset(&control, 0, sizeof(control));
    run_control_pause(&control, RUN_PAUSED);
    for_monitor.machine = machine;
    monitor = monitor_create(&for_monitor);
    poke(CODE, program, sizeof(program));
    poke(0x40 * 4, "\x11\x00\xc0\x07", 4);
    set(DEBUG_CS, 0x7c0);
    set(DEBUG_EIP, 0);
    set(DEBUG_SS, 0);
    set(DEBUG_ESP, 0x7000);
    set(DEBUG_EDI, 0x6000);
    set(DEBUG_ECX, 3);
    set(DEBUG_DS, 0);
    set(DEBUG_ES, 0);
}

static void setup(void)
{
    create("486", MACHINE_INTERP);
}

static void teardown(void)
{
    free(answer);
    answer = NULL;
    monitor_destroy(monitor);
    machine_destroy(machine);
}

/* Runs while the machine may. */
static void run(void)
{
    for (unsigned i = 0; i < 5000 && !run_control_paused(&control); i++) {
        if (machine_run(machine, machine_now_ns(machine) + 1000) !=
            MACHINE_DEBUG)
            continue;
        if (monitor_wants_stop(monitor))
            run_control_pause(&control, RUN_PAUSED_DEBUG);
    }
}

static const char *say(const char *line)
{
    size_t size;
    FILE *out;

    free(answer);
    out = open_memstream(&answer, &size);
    monitor_execute(monitor, line, out);
    fclose(out);
    run();
    return answer;
}

static uint32_t pc(void)
{
    struct debug_registers regs;

    machine_get_registers(machine, &regs);
    return regs.value[DEBUG_PC];
}

static void ck_says(const char *line, const char *part)
{
    say(line);
    ck_assert_msg(strstr(answer, part) != NULL, "%s: '%s' lacks '%s'", line,
                  answer, part);
}

static const struct {
    const char *line, *part;
} cases[] = {
    {"help", "info registers"},
    {"help x", "x /FMT ADDR"},
    {"help nosuch", "no such command"},
    {"?", "Memory:"},
    {"nosuch", "nosuch: no such command; help lists all"},
    {"info", "info gdt"},
    {"info nosuch", "not known"},
    {"info registers", "CS:EIP 07c0:00000000, linear 00007c00, real mode"},
    {"info registers", "CS =07c0 base 00007c00"},
    {"info registers x", "what follows is too much: x"},
    {"info status", "VM status: paused"},
    {"info fpu", "FCW="},
    {"info version", "vitrine "},
    {"info breakpoints", "none"},
    {"info symbols", "none"},
    {"info gdt", "GDT at"},
    {"info ldt", "no LDT"},
    {"info tss", "no TSS"},
    {"info idt", "40:    07c0:0011"},
    {"info mem", "paging is off"},
    {"info stack 2", "0000:00007000: 0000"},
    {"info devices", "i8259"},
    {"info device pic", "imr:"},
    {"info device", "missing"},
    {"info device xyz", "no such device"},
    {"info pic", "i8259"},
    {"x/2i $pc", "00007c03: 50               push ax"},
    {"x/2xw 0x7c00", "00007c00: 0x501234b8 0x5b0003e8"},
    {"x /2xh 07c0:4", "00007c04: 0x03e8 0x5b00"},
    {"x/2db cs:4", "00007c04: -24 3"},
    {"x/1uh $pc", "00007c00: 13496"},
    {"x/2c 0x7c03", "'P' '\\xe8'"},
    {"x/2q 3", "the format is"},
    {"x/99999999xb 0", "too much at once"},
    {"x", "missing"},
    {"xp/1xb 0x7c00", "0xb8"},
    {"xp/1i 0x7c00", "mov ax, 0x1234"},
    {"xp/1xb 0x900000000", "device"},
    {"dump 0x7c00 18", "00007c10  c3 cf"},
    {"dumpp 0x7c00 4", "b8 34 12 50"},
    {"dis", "00007c04: e80300           call 0xa"},
    {"disassemble 0x7c0a 1", "rep stosb"},
    {"search 0 0x10000 0x5b 0xeb", "00007c07"},
    {"search 0 0x10000 \"4\x12P\"", "00007c01"},
    {"search 0x8000 0x100 1 2", "not found"},
    {"search 0 10 \"", "the text is empty"},
    {"search 0 10 256", "values are bytes"},
    {"gva2gpa 0x1234", "gpa: 0x1234"},
    {"walk 0x1234", "paging is off"},
    {"p 2+3*4", "0xe"},
    {"p (2+3)*4", "0x14"},
    {"p/d 0-5", "-5"},
    {"p -5 + 7", "0x2"},
    {"p $pc", "0x7c00"},
    {"p $ip", "0x0"},
    {"p cs:10", "0x7c10"},
    {"p 1234:10", "0x12350"},
    {"p $sp", "0x7000"},
    {"p 7c00", "0x7c00"},
    {"p 10h", "0x10"},
    {"p h[0x7c01]", "0x1234"},
    {"p w[ss:7000]", "0x0"},
    {"p $ecx == 3", "0x1"},
    {"p $ecx != 3", "0x0"},
    {"p 0x", "not a number"},
    {"p $nosuch", "no such register"},
    {"p nosuch", "no such symbol"},
    {"p (1", ") is missing"},
    {"p w[1", "] is missing"},
    {"p 1 +", "is missing"},
    {"p 12z", "not a number"},
    {"p ((((((((((((((((((((((((((((((((((((((((((1", "parentheses"},
    {"p 3 4", "too much"},
    {"i 0x80", "portb[0x0080] = 0x"},
    {"i/h 0x10000", "ports end at ffff"},
    {"set nosuch 1", "not known"},
    {"set", "what?"},
    {"set $nosuch 1", "no such register"},
    {"set $cr0 0x80000000", "cannot hold"},
    {"set b:0xfffffff0 1", "cannot be written"},
    {"set step nosuch", "not known"},
    {"b", "missing"},
    {"b 0x100000000", "beyond the end"},
    {"watch 0x1000 0", "of length 0"},
    {"delete 7", "no such point"},
    {"modebreak pe xx", "known are"},
    {"iobreak 0x60 x", "no such symbol"},
    {"intbreak 256", "beyond the end"},
    {"intbreak 0x21 if $ah == 0x3d", "Breakpoint 0"},
    {"intbreak 0x20 2 if $ah == 0x3d", "Breakpoint 0"},
    {"intbreak 0x20 2 if", "condition is missing"},
    {"iobreak 0x80 if $al == 1", "Breakpoint 0"},
    {"iobreak 0x80 2 w if $al == 1", "Breakpoint 0"},
    {"search 0 0xfffffffff 1", "more than there is"},
    {"memsave 0 0xfffffffff x", "more than there is"},
    {"b 0x7c00 if nosuch", "not an expression"},
    {"b 0x7c00 if", "condition is missing"},
    {"trace", "nothing is traced"},
    {"trace /nosuch/x", "/nosuch/x: "},
    {"symbols /nosuch/x", "/nosuch/x: "},
    {"symbols", "missing"},
    {"sendkey a", "no keyboard"},
    {"change fda x.img", "no drives"},
    {"eject hda", "known are"},
    {"info cpus", "* CPU #0: 07c0:00000000"},
    {"info lapic", "no local APIC"},
    {"screendump x.png", "no screen"},
    {"memsave 0 1 /nosuch/x", "/nosuch/x: "},
};

START_TEST(answers)
{
    ck_says(cases[_i].line, cases[_i].part);
}
END_TEST

/* What the translator did, of a loop that ran often. */
START_TEST(translations_are_taken_apart)
{
    static const uint8_t loop[] = {0x40, 0x01, 0xc3, 0xd7, 0xe2,
                                   0xfa, 0xeb, 0xf8}; /* inc ax; add bx, ax;
                                         xlat; loop 0000; jmp 0000 */
    struct jit_reasons reasons;

    ck_says("info jit", "this machine runs without the translator");
    ck_says("info translator", "this machine runs without the translator");
    teardown();
    create("486", MACHINE_JIT);
    if (!machine_get_jit_reasons(machine, &reasons))
        return;
    poke(CODE, loop, sizeof(loop));
    ck_says("info jit", "00007c00: no translation contains it");
    machine_run(machine, machine_now_ns(machine) + 5000000);
    ck_says("info jit 7c00", "entered at 00007c00: blocks ");
    ck_assert_ptr_null(strstr(answer, "other conditions"));
    ck_says("info jit 7c00", "block 0 at 00007c00, instructions ");
    ck_says("info jit 7c00",
            "native      00007c01: 01c3             add bx, ax");
    ck_says("info jit 7c00", "interpreted 00007c03: d7               xlat");
    ck_says("info jit 7c00", "host code of block 0, entered with ");
    ck_says("info jit 7c00", "  sub r12d, 0x");
    ck_says("info jit 7c00", "  (too few left: 00007c00, ");
    ck_says("info jit 7c00", "  (interpreted: 00007c03, ");
    ck_says("info jit 7c00", "ADD_R16 bx ax");
    ck_says("info translator", "entered as a translation");
    ck_says("info translator", "   xlat\n");
    ck_says("info jit nosuch", "nosuch");
}
END_TEST

START_TEST(nothing_to_say)
{
    ck_assert_str_eq(say(""), "");
    ck_assert_str_eq(say("   # a comment"), "");
    ck_assert_str_eq(say("set $eax 0x55"), "");
    ck_says("p $al", "0x55");
    ck_assert_str_eq(say("set w:0x9000 0x12345678"), "");
    ck_says("x/1xw 0x9000", "0x12345678");
    ck_assert_str_eq(say("set b:0x9003 0xff"), "");
    ck_says("x/1xw 0x9000", "0xff345678");
    ck_assert_str_eq(say("set $pc 0x7c07"), "");
    ck_says("p $ip", "0x7");
}
END_TEST

START_TEST(running)
{
    say("step");
    ck_assert_uint_eq(pc(), CODE + 3);
    say("s 2");
    ck_assert_uint_eq(pc(), CODE + 10);
    say("next"); /* rep stosb */
    ck_assert_uint_eq(pc(), CODE + 12);
    say("n");
    ck_assert_uint_eq(pc(), CODE + 14);
    say("n"); /* int 40 */
    ck_assert_uint_eq(pc(), CODE + 16);
    say("until 0x7c04");
    ck_assert_uint_eq(pc(), CODE + 4);
    say("next"); /* call */
    ck_assert_uint_eq(pc(), CODE + 7);
    say("until 0x7c0c");
    say("finish");
    ck_assert_uint_eq(pc(), CODE + 7);
    say("step 0");
    ck_assert_uint_eq(pc(), CODE + 7);
    ck_says("info breakpoints", "none");
}
END_TEST

START_TEST(points)
{
    ck_says("b 07c0:7 if $bx == 0x1234", "Breakpoint 0");
    ck_says("b *0x7c0a", "Breakpoint 1");
    ck_says("watch 0x6000 2", "Watchpoint 2");
    ck_says("iobreak 0x80 w", "Breakpoint 3");
    ck_says("intbreak 0x40", "Breakpoint 4");
    ck_says("info breakpoints", "1: instruction at physical 00007c0a");
    say("c");
    ck_assert_uint_eq(pc(), CODE + 10);
    say("c"); /* the first iteration */
    ck_assert_uint_eq(pc(), CODE + 10);
    say("delete 2");
    say("c");
    ck_assert_uint_eq(pc(), CODE + 14);
    say("c");
    ck_assert_uint_eq(pc(), CODE + 17);
    say("delete 4");
    say("delete 3");
    say("delete 1");
    say("c"); /* not before bx is popped once */
    ck_assert_uint_eq(pc(), CODE + 7);
    ck_says("info breakpoints", "hit 1 times");
    ck_says("p $bx", "0x1234");
    say("delete");
    say("tbreak 0x7c00");
    say("c");
    ck_assert_uint_eq(pc(), CODE);
    ck_says("info breakpoints", "none");
}
END_TEST

START_TEST(stop_says_where_and_why)
{
    char *text;
    size_t size;
    FILE *out;

    say("iobreak 0x80");
    say("c");
    out = open_memstream(&text, &size);
    monitor_print_stop(monitor, out);
    fclose(out);
    ck_assert_ptr_nonnull(strstr(text, "write to port 0080, 1 bytes: 34"));
    ck_assert_ptr_nonnull(strstr(text, "07c0:0000000e"));
    free(text);
}
END_TEST

/* gdb keeps the run in its hands. */
START_TEST(gdb_may_look_only)
{
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    monitor_execute_for_gdb(monitor, "cont", out);
    monitor_execute_for_gdb(monitor, "p 1+1", out);
    fclose(out);
    ck_assert_str_eq(text, "cont: let gdb do that\n0x2\n");
    ck_assert(run_control_paused(&control));
    free(text);
}
END_TEST

static char *read_file(const char *path)
{
    static char text[20000];
    FILE *file = fopen(path, "r");

    ck_assert_ptr_nonnull(file);
    text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
    fclose(file);
    unlink(path);
    return text;
}

START_TEST(trace_has_a_line_for_each_instruction)
{
    char path[64], command[100], *text;

    snprintf(path, sizeof(path), "/tmp/test_monitor.%ld", (long)getpid());
    snprintf(command, sizeof(command), "trace %s", path);
    say(command);
    say("s 9");
    ck_says("trace", ": 9 instructions");
    say("trace off");
    text = read_file(path);
    ck_assert_ptr_nonnull(strstr(text,
                                 "0 07c0:00000000 00007c00 b83412           "
                                 "mov ax, 0x1234 | eax=1234\n"));
    ck_assert_ptr_nonnull(strstr(text, "rep stosb x3 | ecx=0 edi=6003\n"));
    ck_assert_ptr_nonnull(strstr(text, " 07c0:00000011 00007c11 cf"));
    ck_assert_ptr_nonnull(strstr(text, " 07c0:00000007 00007c07 5b"));
    ck_assert_ptr_null(strstr(text, "#"));
}
END_TEST

START_TEST(trace_of_a_count)
{
    char path[64], command[100], *text;

    snprintf(path, sizeof(path), "/tmp/test_monitor.%ld", (long)getpid());
    snprintf(command, sizeof(command), "trace %s 2", path);
    say(command);
    say("s 9");
    say("trace off");
    text = read_file(path);
    ck_assert_ptr_nonnull(strstr(text, "push ax | esp=6ffe\n"));
    ck_assert_ptr_null(strstr(text, "call"));
}
END_TEST

/* PAE leads beyond 4 GiB, where nothing is. */
START_TEST(pages_beyond_the_end)
{
    static const uint64_t directory[] = {0x102001}, tables[] = {0x103007};
    static const uint64_t pages[] = {0xf00000007, 0x1007, 0xfffffff007};

    teardown();
    create("pentium3", MACHINE_INTERP);
    poke(0x101000, directory, sizeof(directory));
    poke(0x102000, tables, sizeof(tables));
    poke(0x103000, pages, sizeof(pages));
    poke(0x1000, "\x5a", 1);
    set(DEBUG_CR3, 0x101000);
    set(DEBUG_CR4, 0x20);
    set(DEBUG_CR0, 0x80000011);
    ck_says("x/1xb 0x1000", "0x5a");
    ck_says("walk 0x1000", "00001000 is at physical 000001000");
    ck_says("x/1xb 0", "00000000: ");
    ck_says("x/1xb 0x2000", "00002000: ");
    ck_says("set b:0 1", "cannot be written");
    ck_says("info mem", "00000000-00003000");
    ck_says("b 0x10", "Breakpoint");
    ck_says("watch 0x2000 4", "Watchpoint");
    set(DEBUG_PC, 0x10);
    say("step");
}
END_TEST

/* Whatever is said, the monitor answers and goes on. Commands that write files
 * are left out. */
START_TEST(random_commands)
{
    static const char *const words[] = {
        "x",          "x/4xb",      "xp",        "xp/3i",     "dump",
        "dumpp",      "dis",        "search",    "set",       "walk",
        "p",          "p/d",        "b",         "tbreak",    "watch",
        "rwatch",     "awatch",     "iobreak",   "intbreak",  "modebreak",
        "delete",     "info",       "registers", "gdt",       "ldt",
        "idt",        "tss",        "mem",       "stack",     "device",
        "pic",        "i",          "o",         "step",      "next",
        "until",      "finish",     "cont",      "stop",      "help",
        "gva2gpa",    "$pc",        "$eax",      "$cs_base",  "$cr0",
        "$cr3",       "$eflags",    "$tr_base",  "$gdt_base", "$gdt_limit",
        "$ldtr",      "$idt_base",  "cs:0",      "0",         "1",
        "0x7c00",     "0xffffffff", "-1",        "(",         ")",
        "[",          "]",          "+",         "*",         "if",
        "w[0x500]",   "==",         "pe",        "pg",        "into",
        "rep",        "devices",    "on",        "off",       "b:0x9000",
        "w:0x400000", "/",          "/2",        "\"ab\"",    "07c0:0000",
        "0x80"};
    const char *text = getenv("VITRINE_FUZZ");
    unsigned rounds = 400 * (text ? (unsigned)atoi(text) : 1);
    uint32_t seed = 4711u * ((uint32_t)_i + 1);
    char line[512];

    for (unsigned i = 0; i < rounds; i++) {
        line[0] = '\0';
        for (unsigned n = 0; n < 6; n++) {
            seed = seed * 1664525u + 1013904223u;
            strcat(line, words[(seed >> 8) % ARRAY_LEN(words)]);
            if ((seed >> 28) < 13)
                strcat(line, " ");
            if ((seed >> 24 & 3) == 0)
                break;
        }
        say(line);
        if (!run_control_paused(&control))
            say("stop");
    }
    ck_says("p 1+1", "2");
}
END_TEST

static const char *const maps[] = {
    "00007c00 T start\n00007c0a t work\n0000 no line\n",
    " 07C0:0000       start\n 07C0:000A  Abs   work\n",
    "Real     Virtual   Name\n  0    7C00  start\n  A    7C0A  work\n",
    "Address        Symbol\n07c0:0000*     start\n07c0:000a+     work\n",
};

START_TEST(symbols_name_addresses)
{
    char path[64], command[100];
    FILE *file;

    snprintf(path, sizeof(path), "/tmp/test_monitor.%ld", (long)getpid());
    file = fopen(path, "w");
    fputs(maps[_i], file);
    fclose(file);
    snprintf(command, sizeof(command), "symbols %s", path);
    ck_says(command, "2 symbols");
    unlink(path);
    ck_says("p work", "0x7c0a <work>");
    ck_says("p start+3", "0x7c03 <start+3>");
    ck_says("dis", "call 0xa <work>");
    ck_says("dis", "start:\n");
    say("until work");
    ck_assert_uint_eq(pc(), CODE + 10);
    ck_says("info symbols wor", "00007c0a work");
    say("symbols clear");
    ck_says("p work", "no such symbol");
}
END_TEST

/* An ELF file is ours, by luck; cut and flipped ones must not hurt. */
START_TEST(elf_files_may_be_anything)
{
    static uint8_t bytes[1 << 20];
    char path[64], command[100];
    uint32_t seed = (uint32_t)_i + 1;
    FILE *file = fopen("/proc/self/exe", "rb");
    size_t size;

    if (!file)
        return;
    size = fread(bytes, 1, sizeof(bytes), file);
    fclose(file);
    for (unsigned i = 0; _i && i < 64; i++) {
        seed = seed * 1664525u + 1013904223u;
        bytes[4 + (seed >> 8) % (i < 32 ? 60 : size - 4)] ^=
            (uint8_t)(1u << (seed >> 28 & 7));
    }
    snprintf(path, sizeof(path), "/tmp/test_monitor.%ld", (long)getpid());
    file = fopen(path, "wb");
    fwrite(bytes, 1, size - (size_t)_i, file);
    fclose(file);
    snprintf(command, sizeof(command), "symbols %s", path);
    say(command);
    ck_assert_uint_gt(strlen(answer), 5);
    unlink(path);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("frontend/monitor");
    TCase *tcase = tcase_create("monitor");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, answers, 0, ARRAY_LEN(cases));
    tcase_add_test(tcase, translations_are_taken_apart);
    tcase_add_test(tcase, nothing_to_say);
    tcase_add_test(tcase, running);
    tcase_add_test(tcase, points);
    tcase_add_test(tcase, stop_says_where_and_why);
    tcase_add_test(tcase, gdb_may_look_only);
    tcase_add_test(tcase, trace_has_a_line_for_each_instruction);
    tcase_add_test(tcase, trace_of_a_count);
    tcase_add_test(tcase, pages_beyond_the_end);
    tcase_add_loop_test(tcase, random_commands, 0, 4);
    tcase_set_timeout(tcase, 600);
    tcase_add_loop_test(tcase, symbols_name_addresses, 0, ARRAY_LEN(maps));
    tcase_add_loop_test(tcase, elf_files_may_be_anything, 0, 30);
    suite_add_tcase(suite, tcase);
    return suite;
}
