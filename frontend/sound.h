/* Where the machine's sound goes. */
#ifndef FRONTEND_SOUND_H
#define FRONTEND_SOUND_H

#include "core/host.h"
#include "core/log.h"
#include "frontend/failure.h"
#include "frontend/options.h"

struct sound {
    struct host_audio input; /* the machine writes here */
    void (*destroy)(struct sound *self);
};

/* Opens what the options ask for; *out is NULL for no sound. A host without
 * sound is a failure (EXIT_STATUS_HOST) only if it was asked for. The caller
 * owns *out. */
bool sound_open(const struct options *options, struct log *log,
                struct sound **out, struct failure *failure);
void sound_close(struct sound *sound);

struct host_audio *sound_input(struct sound *sound);

/* The host's loudspeaker, and a file. */
bool sound_sdl_create(struct sound **out, struct failure *failure);
bool sound_wav_create(const char *path, struct log *log, struct sound **out,
                      struct failure *failure);

#endif
