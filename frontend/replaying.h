/* -replay: the machine of a recording, with the files that it needs. */
#ifndef FRONTEND_REPLAYING_H
#define FRONTEND_REPLAYING_H

#include "frontend/kernel_file.h"
#include "frontend/media.h"
#include "frontend/options.h"
#include "frontend/report.h"
#include "machine/replay.h"

struct replaying;

/* Reads the start of the file options->replay. Files that the machine needs
 * are found under their recorded names, as they are or beside the recording,
 * unless the options name other ones; options->kernel and so on are filled in.
 * `options` and `media` are borrowed. On failure EXIT_STATUS_HOST. The caller
 * owns *out. */
bool replaying_open(struct options *options, struct media *media,
                    struct replaying **out, struct failure *failure);
void replaying_close(struct replaying *replaying); /* NULL is allowed */

/* Opens the media, for reading: what the guest writes is dropped. */
bool replaying_open_media(struct replaying *replaying, struct log *log,
                          struct failure *failure);

/* Whether these are the kernel's files; NULL: none were loaded. */
bool replaying_take_kernel(struct replaying *replaying,
                           const struct kernel_file *kernel,
                           struct failure *failure);

/* What machine it is; serial ports and printer of `config` go where something
 * was plugged. */
void replaying_configure(struct replaying *replaying,
                         struct machine_config *config);

/* Says how it came out; gives the program's exit status. */
int replaying_tell(struct replaying *replaying, struct report *report);

#endif
