/* The command line. Parsing looks at nothing but the words, except that an
 * image named twice is found through the file system. */
#ifndef FRONTEND_OPTIONS_H
#define FRONTEND_OPTIONS_H

#include <stdio.h>

#include "frontend/chardev.h"
#include "frontend/failure.h"
#include "frontend/net.h"
#include "machine/machine.h"

#define OPTIONS_IMAGES  (MACHINE_FLOPPIES + MACHINE_DISKS)
#define OPTIONS_STRINGS 32
#define OPTIONS_NOTICES 4

enum options_action {
    OPTIONS_RUN,
    OPTIONS_HELP,
    OPTIONS_VERSION,
};

enum options_display {
    OPTIONS_DISPLAY_SDL,
    OPTIONS_DISPLAY_TEXT,
    OPTIONS_DISPLAY_NONE,
};

enum options_audio {
    OPTIONS_AUDIO_DEFAULT, /* sound with a window, where the host has it */
    OPTIONS_AUDIO_NONE,
    OPTIONS_AUDIO_SDL, /* asked for: its absence is an error */
    OPTIONS_AUDIO_WAV,
};

/* What the clock chip shows at power-on. */
enum options_rtc {
    OPTIONS_RTC_LOCAL, /* the host's local time */
    OPTIONS_RTC_UTC,
    OPTIONS_RTC_FIXED, /* rtc_sec */
};

struct options_drive {
    const char *path; /* NULL: empty */
    bool read_only;
    bool snapshot; /* writes are discarded */
    bool cd;       /* a CD drive, of disks; also without a path: empty */
};

struct options {
    enum options_action action;

    enum machine_board board;
    enum machine_engine engine;
    const char *cpu;
    size_t ram_bytes;
    uint64_t insns_per_sec; /* 0: the machine's own rate */
    bool paced;             /* keep to the host's time */
    enum options_rtc rtc;
    int64_t rtc_sec; /* seconds since 1970-01-01, as shown */
    bool exit_port;
    uint64_t limit_ns; /* guest time; UINT64_MAX: none */
    bool stats, perf_map;
    bool log_guest; /* show what guests do oddly */

    struct options_drive floppy[MACHINE_FLOPPIES];
    struct options_drive disk[MACHINE_DISKS];
    struct options_drive image[OPTIONS_IMAGES]; /* kind not known yet */
    unsigned images;
    char boot_order[5];
    bool snapshot; /* of every drive */
    const char *bios, *vgabios;
    const char *kernel, *initrd, *append; /* NULL: not given */

    enum options_display display;
    bool nographic; /* the terminal shows COM1 too */
    bool full_screen;
    const char *title; /* NULL: none was given */
    enum options_audio audio;
    const char *wav;

    struct chardev_config serial[MACHINE_SERIALS];
    struct chardev_config parallel, debugcon;
    const char *script;
    const char *record, *replay;             /* files; NULL: not given */
    struct chardev_config gdb, monitor, qmp; /* servers, or on stdio */
    bool start_paused;

    struct net_config net;

    /* What the user should know, whole sentences; static storage. */
    const char *notices[OPTIONS_NOTICES];
    unsigned notice_count;

    /* Words cut out of arguments; owned. The other pointers are borrowed from
     * the argument vector. */
    char *strings[OPTIONS_STRINGS];
    unsigned string_count;

    /* Given on the command line; used while parsing. */
    struct {
        bool cpu, ram, board, engine, speed, rtc, display, audio, boot, limit;
        unsigned serials;
        bool parallel, debugcon, gdb, monitor, qmp;
        bool net, nic; /* the network; the card */
    } given;
};

/* Reads `argv` (argv[0] is skipped) into *options. On failure the exit status
 * is EXIT_STATUS_USAGE. Release with options_release() in both cases. */
bool options_parse(struct options *options, int argc, char *const *argv,
                   struct failure *failure);
void options_release(struct options *options);

/* The table of options, for people. */
void options_print_help(FILE *stream);

#endif
