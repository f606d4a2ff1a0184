/* The machine that a log describes at its start, and what is in its drives. */
#ifndef MACHINE_REPLAY_SETUP_H
#define MACHINE_REPLAY_SETUP_H

#include "machine/replay_log.h"

struct replay_setup;

/* NULL: out of memory. */
struct replay_setup *replay_setup_create(void);
void replay_setup_destroy(struct replay_setup *setup);

/* Takes a record of the log's start. `message` says why one makes no sense, or
 * at SET_DONE what is missing. Errors: BAD_FORMAT, NO_MEMORY. */
enum status replay_setup_take(struct replay_setup *setup,
                              const struct replay_record *record, char *message,
                              size_t size);

/* A SET_DRIVE or MEDIUM record. False: it makes no sense. */
bool replay_setup_take_medium(struct replay_setup *setup,
                              const struct replay_record *record);

/* NULL: no such place. */
struct replay_medium *replay_setup_medium(struct replay_setup *setup,
                                          unsigned place);

/* As replayer_kernel() and replayer_take_kernel(). */
const struct machine_kernel *replay_setup_kernel(
    const struct replay_setup *setup);
bool replay_setup_take_kernel(struct replay_setup *setup,
                              const struct machine_kernel *kernel,
                              char *message, size_t size);

/* As replayer_configure(). */
void replay_setup_configure(struct replay_setup *setup,
                            struct machine_config *config);

#endif
