/* What verify.c and verify_find.c share with each other and the machine. */
#ifndef MACHINE_VERIFY_INT_H
#define MACHINE_VERIFY_INT_H

#include "jit/jit.h"
#include "machine/replay_int.h"
#include "machine/verify.h"
#include "machine/verify_media.h"

/* What happened, in order. */
struct verify_event {
    struct replay_record *input; /* owned, its bytes behind it; NULL: a run */
    uint64_t until_ns, step_ns;  /* the last of `runs` runs ended there, each */
    uint64_t runs;               /* of the others step_ns before the next */
};

/* Media of one machine: two a place, as a device may look at the old one until
 * it has the new one. */
struct verify_media {
    struct verify_medium slot[REPLAY_PLACES][2];
    uint8_t turn[REPLAY_PLACES];
};

struct verify {
    struct machine *machine;      /* borrowed: the translator's */
    struct machine *interp;       /* owned */
    struct verify_media media[2]; /* of these two */
    struct machine_config config; /* for more of them, with the base media */
    struct host_char nowhere;

    struct verify_event *event; /* owned */
    size_t event_count, event_room;
    const char *lost; /* why the events are not all; NULL: they are */

    struct verify_stats stats;
    uint64_t equal_insns; /* the last whole comparison */
    struct verify_report report;
    bool differs;

    /* For tests: called after each run of a machine of the translator. */
    void (*hook)(void *context, struct machine *machine);
    void *hook_context;

    bool (*interrupted)(void *context); /* NULL: never */
    void *context;
};

/* Before the board is built: makes the interpreter's machine, and puts copies
 * in the place of the media. As machine_create(). */
enum status verify_begin(struct machine *machine, char *message, size_t size);
void verify_destroy(struct verify *verify);

enum machine_stop verify_run(struct verify *verify, uint64_t until_ns);

/* The machine took (or did not take) an input at this instant; `base`: the
 * medium of MEDIUM. */
void verify_apply(struct verify *verify, const struct replay_record *record,
                  struct host_block *base, bool taken);

/* What the machine's device shall use in the place of `base`. */
struct host_block *verify_insert(struct verify *verify, unsigned place,
                                 struct host_block *base);

void verify_set_hook(struct machine *machine,
                     void (*hook)(void *context, struct machine *machine),
                     void *context);

/* ---- for verify_find.c ---- */

struct host_block *verify_media_put(struct verify_media *media, unsigned place,
                                    struct host_block *base);
void verify_media_deinit(struct verify_media *media);

/* verify->config with its media wrapped by `media` (all zero). */
struct machine_config verify_configure(const struct verify *verify,
                                       struct verify_media *media,
                                       enum machine_engine engine);

/* Fills in verify->report: the last run differs. */
void verify_find(struct verify *verify);

#endif
