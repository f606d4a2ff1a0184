/* Record and replay: what came into a machine at which instant, as a log, and
 * the same machine once more from that log.
 *
 * A machine whose configuration has a recorder logs every input of machine.h,
 * and a failure of a medium, with the counts at which it came, and a hash over
 * its state every REPLAY_CHECK_INSNS instructions. A machine whose
 * configuration has a replayer takes its inputs from a log: those calls of
 * machine.h are then ignored, everything that only looks goes on as usual, and
 * machine_run() returns MACHINE_REPLAY_OVER where the recording ended or the
 * run turned out to differ. The log does not depend on the engine or on the
 * build. Content of media is not in it: it names them with a hash, and the
 * replay is to be given the same content (and a copy to write to). */
#ifndef MACHINE_REPLAY_H
#define MACHINE_REPLAY_H

#include "machine/machine.h"

#define REPLAY_CHECK_INSNS 100000000u
#define REPLAY_NAME_BYTES  4096

/* Places of media: floppy drives, then disks and CDs. */
#define REPLAY_PLACES (MACHINE_FLOPPIES + MACHINE_DISKS)

/* Where a log goes, and where it comes from; the frontend's. */
struct replay_out {
    enum status (*write)(struct replay_out *self, const void *bytes,
                         size_t size);
};

struct replay_in {
    /* *done < size only at the end. */
    enum status (*read)(struct replay_in *self, uint64_t offset, void *buffer,
                        size_t size, size_t *done);
};

/* What a medium was when it was put in. */
struct replay_medium {
    bool present, read_only;
    uint64_t size_bytes;
    uint64_t hash;                /* replay_hash_medium() */
    char name[REPLAY_NAME_BYTES]; /* of its file; "": none */
};

/* Of all that a medium up to REPLAY_WHOLE_BYTES holds. Of a larger one of the
 * first and last MiB and of 4096 blocks of 4 KiB between them at even
 * distances, so that it takes a moment, not a minute: a change elsewhere shows
 * when the guest reads it, as a state that differs. */
#define REPLAY_WHOLE_BYTES MIB(64)
uint64_t replay_hash_medium(struct host_block *block);

/* ---- recording ---- */

struct recorder;

/* `out` is borrowed. Errors: NO_MEMORY, or what `out` gave. Goes into
 * machine_config.recorder before machine_create(), and outlives the machine.
 */
enum status recorder_create(struct replay_out *out, struct recorder **recorder);
void recorder_destroy(struct recorder *recorder);

/* The run ends at this instant: the last check. Afterwards, or when `out`
 * failed (which stops the recording, not the machine), nothing is logged. */
void recorder_end(struct recorder *recorder);

/* OK, or why the recording stopped. */
enum status recorder_status(const struct recorder *recorder);

/* ---- replaying ---- */

struct replayer;

struct replay_host {
    /* The medium that was put into `place`, for the replay to write to: NULL
     * with `message` filled if it cannot be had. Borrowed until the next one
     * of that place is asked for, or the machine is destroyed. */
    struct host_block *(*open_medium)(void *context, unsigned place,
                                      const struct replay_medium *medium,
                                      char *message, size_t size);
    void *context;
};

/* Reads the log's start. `in` is borrowed, `host` copied. On error `message`
 * says what was found and what to do. Errors: NO_MEMORY, BAD_FORMAT, IO. */
enum status replayer_create(struct replay_in *in,
                            const struct replay_host *host,
                            struct replayer **replayer, char *message,
                            size_t size);
void replayer_destroy(struct replayer *replayer);

/* The machine to make: everything but engine, hosts and log. Plug something
 * into the ports that have something plugged here (the pointers are not
 * NULL; what they point to does nothing), and open the media of
 * replayer_medium(). With machine_config.replayer set. */
void replayer_configure(struct replayer *replayer,
                        struct machine_config *config);
const struct replay_medium *replayer_medium(const struct replayer *replayer,
                                            unsigned place);

/* The kernel that was started without a medium, as recorded but without the
 * bytes; NULL: none. */
const struct machine_kernel *replayer_kernel(const struct replayer *replayer);

/* Takes the bytes of such a kernel and its modules (borrowed until
 * machine_create() returns) before replayer_configure(). False: `message`
 * says which is not what was recorded. */
bool replayer_take_kernel(struct replayer *replayer,
                          const struct machine_kernel *kernel, char *message,
                          size_t size);

/* Whether `block` is what the log means. False: `message` says what differs
 * and the remedy; `block` may be NULL for an empty drive. */
bool replay_medium_fits(const struct replay_medium *medium,
                        struct host_block *block, char *message, size_t size);

enum replay_result {
    REPLAY_RUNNING,
    REPLAY_EQUAL,   /* to the end of the recording */
    REPLAY_BROKEN,  /* equal to where the log breaks off: its recorder was
                       killed */
    REPLAY_DIFFERS, /* `message` says at which count, and what */
    REPLAY_FAILED,  /* the log or a medium: `message` */
};

struct replay_outcome {
    enum replay_result result;
    unsigned checks;     /* hashes that were equal */
    uint64_t insns;      /* at the last of them */
    const char *message; /* lives as long as the replayer */
};
void replayer_get_outcome(const struct replayer *replayer,
                          struct replay_outcome *outcome);

#endif
