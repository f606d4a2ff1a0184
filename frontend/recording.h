/* Files of recorded runs: -record writes one, -replay runs it again. */
#ifndef FRONTEND_RECORDING_H
#define FRONTEND_RECORDING_H

#include "core/log.h"
#include "frontend/failure.h"
#include "machine/replay.h"

/* ---- recording ---- */

struct recording;

/* Makes the file; one that is there is replaced only if it is empty or another
 * recording. `log` (borrowed) hears when the host cannot take more, once; the
 * machine runs on then. On failure EXIT_STATUS_HOST, or _USAGE for a file that
 * is something else. The caller owns *out. */
bool recording_open(const char *path, struct log *log, struct recording **out,
                    struct failure *failure);

/* For machine_config.recorder. */
struct recorder *recording_recorder(struct recording *recording);

/* The run is over; while the machine is still there. False: the file is not
 * complete, which was said. */
bool recording_end(struct recording *recording);

/* After the machine. NULL is allowed. */
void recording_close(struct recording *recording);

/* ---- a file as a replayer reads it ---- */

struct recording_file {
    struct replay_in in; /* hand this over */
    int fd;              /* -1: not open */
};

/* On failure EXIT_STATUS_HOST. */
bool recording_file_open(struct recording_file *file, const char *path,
                         struct failure *failure);
void recording_file_close(struct recording_file *file);

#endif
