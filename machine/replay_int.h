/* What record and replay share with each other and with the machine. */
#ifndef MACHINE_REPLAY_INT_H
#define MACHINE_REPLAY_INT_H

#include "machine/machine_int.h"
#include "machine/replay_log.h"

/* SET_DRIVE and MEDIUM: number[1]. */
enum {
    REPLAY_HAS_MEDIUM = 1,
    REPLAY_IS_CD = 2,
};

/* ---- media in between (replay_media.c) ---- */

/* Stands between a device and a medium: counts the calls, so that a failure
 * has a place in the log. Two a place, because a device may look at the old
 * one until it has the new one. */
struct replay_block {
    struct host_block block;
    struct host_block *inner; /* borrowed */
    struct replay_media *media;
    unsigned place;
};

struct replay_media {
    struct replay_block slots[REPLAY_PLACES][2];
    uint8_t turn[REPLAY_PLACES];
    uint64_t calls[REPLAY_PLACES]; /* so far */

    /* Before a call: true when it shall give *status without being made. */
    bool (*forestall)(void *self, unsigned place, uint64_t call,
                      enum status *status);
    /* After a call. */
    void (*done)(void *self, unsigned place, uint64_t call, enum status status);
    void *self;
};

/* NULL gives NULL. */
struct host_block *replay_media_wrap(struct replay_media *media, unsigned place,
                                     struct host_block *block);

void replay_media_wrap_all(struct replay_media *media,
                           struct machine_config *config);

/* What `block` (may be NULL) is now. */
void replay_medium_look(struct host_block *block, struct replay_medium *out);

/* ---- the recorder's side of the machine ---- */

/* Before the board is built: logs the configuration. */
void recorder_begin(struct recorder *recorder, struct machine *machine);

/* Other distances of checks, for tests; before the machine is made. */
void recorder_check_every(struct recorder *recorder, uint64_t insns);

/* Logs an input that the machine took at this instant. */
void recorder_put(struct recorder *recorder, struct replay_record *record);

/* A medium goes in: fills `record`, and gives what the device shall use. */
struct host_block *recorder_insert(struct recorder *recorder, unsigned place,
                                   struct host_block *block,
                                   struct replay_record *record);

enum machine_stop recorder_run(struct recorder *recorder, uint64_t until_ns);

/* ---- the replayer's ---- */

void replayer_begin(struct replayer *replayer, struct machine *machine);
enum machine_stop replayer_run(struct replayer *replayer, uint64_t until_ns);

/* ---- the machine's side ---- */

/* Runs to `until_ns` or to `until_insns`, whichever comes first. */
enum machine_stop machine_advance(struct machine *machine, uint64_t until_ns,
                                  uint64_t until_insns);

/* Does what an input record says; `block` with MEDIUM (NULL: out). False: the
 * device does not take it now, or there is no such thing. */
bool machine_apply(struct machine *machine, const struct replay_record *record,
                   struct host_block *block);

/* The same for what a debugger changed. */
bool machine_apply_debug(struct machine *machine,
                         const struct replay_record *record);

#endif
