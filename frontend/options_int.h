/* What the files that read the command line share. */
#ifndef FRONTEND_OPTIONS_INT_H
#define FRONTEND_OPTIONS_INT_H

#include "frontend/options.h"

/* One row of options.def, as a handler sees it. */
struct option_row {
    const char *name;     /* without dashes */
    const char *argument; /* NULL: takes none */
    bool (*take)(struct options *options, const struct option_row *row,
                 const char *value, struct failure *failure);
    const char *detail; /* for the handler */
    const char *help;   /* NULL: not listed */
};

typedef bool option_handler(struct options *options,
                            const struct option_row *row, const char *value,
                            struct failure *failure);

/* options_take.c: the machine and the host; options_media.c: disks and boot;
 * options_net.c: the network; options_qemu.c: idioms of QEMU users. */
option_handler options_take_action, options_take_ram, options_take_cpu,
    options_take_machine, options_take_engine, options_take_speed,
    options_take_limit, options_take_rtc, options_take_display,
    options_take_flag, options_take_audio, options_take_serial,
    options_take_parallel, options_take_debugcon, options_take_text,
    options_take_log, options_take_gdb, options_take_monitor, options_take_qmp;
option_handler options_take_floppy, options_take_disk, options_take_boot,
    options_take_cdrom, options_take_drive;
option_handler options_take_only, options_take_refused, options_take_device;
option_handler options_take_nic, options_take_card;

/* A drive that no other option has filled yet. */
bool options_fill_drive(struct options_drive *drive, const char *path,
                        const char *option, struct failure *failure);

/* A copy of `length` bytes of `text` that lives as long as the options. NULL
 * without memory or room. */
char *options_keep(struct options *options, const char *text, size_t length);

/* "on" or "off" (also yes, no, true, false). */
bool options_parse_switch(const char *text, bool *on);

/* A piece "key=value" of a comma list; QEMU writes a comma inside a value as
 * two. A piece without "=" has an empty key. */
struct option_piece {
    char key[24];
    char value[512];
};

/* Cuts the next piece off *text; false at the end of the list. *fits says
 * whether key and value had room. */
bool options_next_piece(const char **text, struct option_piece *piece,
                        bool *fits);

/* options_check.c: what fits together, and the defaults that depend on it. */
bool options_check(struct options *options, struct failure *failure);

/* options_net.c: the same of the network, when the board is known. */
bool options_settle_net(struct options *options, struct failure *failure);

bool options_add_notice(struct options *options, const char *text);

#endif
