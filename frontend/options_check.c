/* What fits together, and the defaults that depend on other options. */
#include <stdio.h>
#include <string.h>

#include "frontend/image_host.h"
#include "frontend/options_int.h"

/* The latest of its board's time: it runs what older ones do, and more. */
#define DEFAULT_CPU_PC    "pentium3"
#define DEFAULT_CPU_ISAPC "486"
#define DEFAULT_RAM       MIB(64)
#define DEFAULT_RAM_8086  KIB(640)

/* 1996-01-01 12:00:00, a Monday: a scripted run repeats on any day. */
#define FIXED_TIME 820497600

#define DRIVES_MAX (MACHINE_FLOPPIES + MACHINE_DISKS + OPTIONS_IMAGES)

/* Drives that may write to their image. */
static unsigned collect_writers(const struct options_drive *drives,
                                unsigned count, const char **paths)
{
    unsigned found = 0;
    unsigned i;

    for (i = 0; i < count; i++)
        if (drives[i].path && !drives[i].read_only && !drives[i].snapshot &&
            !drives[i].cd)
            paths[found++] = drives[i].path;
    return found;
}

/* Two drives that write to one file would destroy each other's work. */
static bool check_images(const struct options *options, struct failure *failure)
{
    const char *paths[DRIVES_MAX];
    unsigned count;
    unsigned i;
    unsigned j;

    if (options->snapshot)
        return true;
    count = collect_writers(options->floppy, MACHINE_FLOPPIES, paths);
    count += collect_writers(options->disk, MACHINE_DISKS, paths + count);
    count += collect_writers(options->image, options->images, paths + count);
    for (i = 0; i < count; i++)
        for (j = i + 1; j < count; j++)
            if (image_host_is_same(paths[i], paths[j]))
                return failure_set(failure, EXIT_STATUS_USAGE,
                                   "%s: two drives would write to the same "
                                   "image; use a copy, or -snapshot",
                                   paths[j]);
    return true;
}

static unsigned count_stdio(const struct options *options)
{
    unsigned count = options->parallel.kind == CHARDEV_STDIO;
    unsigned i;

    count += options->debugcon.kind == CHARDEV_STDIO;
    count += options->monitor.kind == CHARDEV_STDIO;
    count += options->qmp.kind == CHARDEV_STDIO;
    for (i = 0; i < MACHINE_SERIALS; i++)
        count += options->serial[i].kind == CHARDEV_STDIO;
    return count;
}

static bool check_terminal(const struct options *options,
                           struct failure *failure)
{
    if (count_stdio(options) > 1)
        return failure_set(failure, EXIT_STATUS_USAGE,
                           "two ports on stdio; send one to file:PATH, or the "
                           "monitor to unix:PATH");
    if (count_stdio(options) && options->display == OPTIONS_DISPLAY_TEXT)
        return failure_set(failure, EXIT_STATUS_USAGE,
                           "the terminal shows the screen, so no port can have "
                           "stdio; send it to file:PATH, or use -nographic for "
                           "screen and COM1 together");
    return true;
}

/* -nographic alone is the text screen and COM1 in one terminal; without a
 * display it is QEMU's: COM1 on stdio. */
static bool settle_nographic(struct options *options, struct failure *failure)
{
    if (!options->nographic)
        return true;
    if (!options->given.display)
        options->display = OPTIONS_DISPLAY_TEXT;
    if (options->display == OPTIONS_DISPLAY_SDL)
        return failure_set(failure, EXIT_STATUS_USAGE,
                           "-nographic and -display sdl exclude each other; "
                           "leave one out");
    if (options->given.serials && options->serial[0].kind == CHARDEV_STDIO) {
        /* COM1 on stdio is part of what -nographic does. */
        options->serial[0].kind = CHARDEV_NONE;
        options->given.serials = 0;
    }
    if (options->given.serials)
        options->nographic = false; /* COM1 goes elsewhere */
    if (options->nographic && options->display == OPTIONS_DISPLAY_NONE) {
        options->serial[0].kind = CHARDEV_STDIO;
        options->nographic = false;
    }
    return true;
}

/* A PCI bus needs 32-bit ports, which begin with the 386. */
static bool settle_machine(struct options *options, struct failure *failure)
{
    bool is_8086, is_old;

    if (!options->cpu)
        options->cpu = options->board == MACHINE_ISAPC ? DEFAULT_CPU_ISAPC
                                                       : DEFAULT_CPU_PC;
    is_8086 = strcmp(options->cpu, "8086") == 0;
    is_old = is_8086 || strcmp(options->cpu, "286") == 0;
    if (!options->given.ram)
        options->ram_bytes = is_8086 ? DEFAULT_RAM_8086 : DEFAULT_RAM;
    if (is_old && !options->given.board)
        options->board = MACHINE_ISAPC;
    if (is_old && options->board == MACHINE_PC)
        return failure_set(failure, EXIT_STATUS_USAGE,
                           "-machine pc: a PCI board needs a 386 or later; use "
                           "-machine isapc with -cpu %s",
                           options->cpu);
    return true;
}

static bool check_kernel(const struct options *options, struct failure *failure)
{
    const char *alone = options->initrd ? "initrd" : "append";

    if (!options->kernel && !options->replay &&
        (options->initrd || options->append))
        return failure_set(failure, EXIT_STATUS_USAGE,
                           "-%s: there is no kernel to give it to; name one "
                           "with -kernel FILE, or leave -%s out",
                           alone, alone);
    if (options->kernel &&
        (strcmp(options->cpu, "8086") == 0 || strcmp(options->cpu, "286") == 0))
        return failure_set(failure, EXIT_STATUS_USAGE,
                           "-kernel: such kernels need a 386 or later; choose "
                           "another -cpu than %s",
                           options->cpu);
    return true;
}

/* Somebody else's clock is at the other end. */
static bool has_live_port(const struct options *options)
{
    unsigned i;

    if (options->net.kind == NET_TAP || options->net.forward_count > 0)
        return true;
    for (i = 0; i < MACHINE_SERIALS; i++)
        if (chardev_interactive(&options->serial[i]))
            return true;
    return chardev_interactive(&options->monitor);
}

/* Somebody who looks at the screen or sits at a port wants real time. A
 * script wants a run that repeats, so its clock starts at a fixed instant. */
static void settle_time(struct options *options)
{
    bool screen = options->display != OPTIONS_DISPLAY_NONE;
    bool peer = !options->script && has_live_port(options);

    if (!options->given.speed)
        options->paced = screen || peer;
    if (options->given.rtc)
        return;
    if (options->script || !(screen || peer)) {
        options->rtc = OPTIONS_RTC_FIXED;
        options->rtc_sec = FIXED_TIME;
    }
}

static void check_paused(struct options *options)
{
    if (options->start_paused && options->gdb.kind == CHARDEV_NONE &&
        options->monitor.kind == CHARDEV_NONE &&
        options->qmp.kind == CHARDEV_NONE)
        options_add_notice(options,
                           "-S: nobody can let the machine run; add -s, or "
                           "-monitor stdio and type cont there");
}

static void settle_audio(struct options *options)
{
    if (!options->given.audio && options->display != OPTIONS_DISPLAY_SDL)
        options->audio = OPTIONS_AUDIO_NONE;
}

/* The recording says what machine it is. */
static bool check_replay(const struct options *options, struct failure *failure)
{
    const struct {
        bool given;
        const char *name;
    } settings[] = {
        {options->given.ram, "m"},         {options->given.cpu, "cpu"},
        {options->given.board, "machine"}, {options->given.rtc, "rtc"},
        {options->given.boot, "boot"},     {options->insns_per_sec, "speed N"},
        {options->bios, "bios"},           {options->vgabios, "vgabios"},
        {options->append, "append"},       {options->exit_port, "exit-port"},
        {options->given.nic, "nic"},       {options->given.net, "net"},
    };

    if (!options->replay)
        return true;
    if (options->record)
        return failure_set(failure, EXIT_STATUS_USAGE,
                           "-record and -replay exclude each other; leave one "
                           "out");
    for (size_t i = 0; i < ARRAY_LEN(settings); i++)
        if (settings[i].given)
            return failure_set(failure, EXIT_STATUS_USAGE,
                               "-%s: with -replay the recording says what "
                               "machine it is; leave it out",
                               settings[i].name);
    if (options->images)
        return failure_set(failure, EXIT_STATUS_USAGE,
                           "%s: with -replay the recording names its images; "
                           "if this is one of them under another name, say of "
                           "which drive, as in -hda FILE",
                           options->image[0].path);
    return true;
}

/* Two machines in step have one past, which no debugger changes, and media
 * that stay as they are. */
static bool check_verify(struct options *options, struct failure *failure)
{
    const struct {
        bool given;
        const char *name;
    } others[] = {
        {options->record, "record"},         {options->replay, "replay"},
        {options->given.gdb, "gdb"},         {options->given.qmp, "qmp"},
        {options->given.monitor, "monitor"},
    };

    if (options->engine != MACHINE_VERIFY)
        return true;
    options->snapshot = true;
    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        if (others[i].given)
            return failure_set(failure, EXIT_STATUS_USAGE,
                               "-engine verify and -%s exclude each other; "
                               "leave one out",
                               others[i].name);
    return true;
}

bool options_check(struct options *options, struct failure *failure)
{
    if (!settle_nographic(options, failure) ||
        !check_verify(options, failure) || !check_terminal(options, failure) ||
        !check_images(options, failure) || !check_replay(options, failure))
        return false;
    if (!settle_machine(options, failure) || !check_kernel(options, failure) ||
        !options_settle_net(options, failure))
        return false;
    settle_time(options);
    check_paused(options);
    settle_audio(options);
    return true;
}
