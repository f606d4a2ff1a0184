/*
 * main.c - reads the configuration, runs kernels, reports on COM1.
 *
 * Configuration text (2 KiB at LBA 1; see tools/setcfg.py), words separated by
 * blanks, after the magic word BENCHCFG:
 *
 *   mode=flat|paged|user   flat: ring 0, no paging; paged: ring 0, 4 KiB pages;
 *                          user (default): ring 3, 4 KiB pages
 *   hz=N                   timer interrupts a second (default 100, 0 for none)
 *   scale=PERCENT          of each kernel's default number of units
 *   NAME | NAME:UNITS      run this kernel
 *   all                    run every kernel this machine can
 *
 * Output, one line each:
 *   BENCH 1 mode=M hz=N features=HEX
 *   BEGIN name units
 *   RESULT name units checksum tsc=HEX ticks=N ok|BAD
 *   SKIP name
 *   DONE
 */
#include "guest.h"

u8 arena[ARENA_SIZE] __attribute__((section(".noinit"), aligned(4096)));
static u8 code_pages[CODE_SIZE] __attribute__((aligned(4096)));
u8 *const code_area = code_pages;
static u8 user_stack[64 << 10] __attribute__((aligned(4096)));

enum mode {
    FLAT,
    PAGED,
    USER
};
static enum mode mode = USER;
static u32 scale = 100;

static u64 read_tsc(void)
{
    u64 v = 0;

    if (cpu_features & FEATURE_TSC)
        __asm__ volatile("rdtsc" : "=A"(v));
    return v;
}

static int can_run(const struct kernel *k)
{
    if ((k->flags & K_MMX) && !(cpu_features & FEATURE_MMX))
        return 0;
    if ((k->flags & K_SSE) &&
        !((cpu_features & FEATURE_SSE) && (cpu_features & FEATURE_SSE2)))
        return 0;
    return 1;
}

static void run_kernel(const struct kernel *k, u32 units)
{
    struct job job = {k, units ? units : 1, 0, 0};
    int paged = mode != FLAT || (k->flags & K_PAGING);
    int user = (k->flags & K_RING3) || (mode == USER && !(k->flags & K_RING0));

    if (!can_run(k)) {
        put_text("SKIP ");
        put_text(k->name);
        put_char('\n');
        return;
    }
    put_text("BEGIN ");
    put_text(k->name);
    put_char(' ');
    put_dec(job.count);
    put_char('\n');

    fault_hook = 0;
    if (paged)
        paging_on();
    u32 first_tick = ticks;
    u64 start = read_tsc();
    if (user) /* 60: the ABI's alignment after two pushes */
        call_user(run_job, &job, (u32)(user_stack + sizeof user_stack - 60));
    else
        run_job(&job);
    u64 tsc = read_tsc() - start;
    u32 tick = ticks - first_tick;
    if (paged)
        paging_off();

    put_text("RESULT ");
    put_text(k->name);
    put_char(' ');
    put_dec(job.count);
    put_char(' ');
    put_hex(job.checksum, 8);
    put_text(" tsc=");
    put_hex((u32)(tsc >> 32), 8);
    put_hex((u32)tsc, 8);
    put_text(" ticks=");
    put_dec(tick);
    put_text(job.bad ? " BAD\n" : " ok\n");
}

static void run_all(void)
{
    for (const struct kernel *k = kernels_common; k->name; k++)
        run_kernel(k, k->base * scale / 100);
    for (const struct kernel *k = kernels_guest; k->name; k++)
        run_kernel(k, k->base * scale / 100);
}

/* ---- configuration
 * ------------------------------------------------------------------ */

static int begins(const char **p, const char *word)
{
    const char *s = *p;

    while (*word)
        if (*s++ != *word++)
            return 0;
    *p = s;
    return 1;
}

static u32 number(const char **p)
{
    u32 v = 0;

    while (**p >= '0' && **p <= '9')
        v = v * 10 + (u32)(*(*p)++ - '0');
    return v;
}

static int at_end(const char *p)
{
    return *p <= ' ' || *p == ':';
}

static void run_named(const char *p)
{
    for (int t = 0; t < 2; t++)
        for (const struct kernel *k = t ? kernels_guest : kernels_common;
             k->name; k++) {
            const char *q = p;
            if (begins(&q, k->name) && at_end(q)) {
                u32 units = k->base * scale / 100;
                if (*q == ':') {
                    q++;
                    units = number(&q);
                }
                run_kernel(k, units);
                return;
            }
        }
    put_text("UNKNOWN\n");
}

void kmain(void)
{
    static const char *const mode_name[] = {"flat", "paged", "user"};
    const char *config = config_text, *p;
    u32 hz = 100;

    serial_init();
    begins(&config, "BENCHCFG");

    for (int pass = 0; pass < 2; pass++) { /* settings first, then kernels */
        for (p = config; *p;) {
            while (*p && *p <= ' ')
                p++;
            if (!*p)
                break;
            if (begins(&p, "mode=")) {
                mode = *p == 'f' ? FLAT : *p == 'p' ? PAGED : USER;
            } else if (begins(&p, "hz=")) {
                hz = number(&p);
            } else if (begins(&p, "scale=")) {
                scale = number(&p);
            } else if (pass == 1) {
                if (begins(&p, "all"))
                    run_all();
                else
                    run_named(p);
            }
            while (*p > ' ')
                p++;
        }
        if (pass == 0) {
            cpu_init(hz);
            put_text("BENCH 1 mode=");
            put_text(mode_name[mode]);
            put_text(" hz=");
            put_dec(hz);
            put_text(" features=");
            put_hex(cpu_features, 8);
            put_char('\n');
        }
    }
    put_text("DONE\n");
    outb(0xf4, 0x10);             /* isa-debug-exit: QEMU leaves with 33 */
    for (p = "Shutdown"; *p; p++) /* Bochs and others */
        outb(0x8900, (u8)*p);
}
