#include "frontend/sound.h"

#include <stddef.h>

static bool open_sdl(const struct options *options, struct log *log,
                     struct sound **out, struct failure *failure)
{
    if (!options->paced) {
        if (options->audio == OPTIONS_AUDIO_SDL)
            log_put(log, LOG_NOTICE, "audio",
                    "silent at -speed max; choose -speed real to hear it");
        return true;
    }
    if (sound_sdl_create(out, failure))
        return true;
    if (options->audio == OPTIONS_AUDIO_SDL)
        return false;
    log_put(log, LOG_NOTICE, "audio", "%s", failure->text);
    return true;
}

bool sound_open(const struct options *options, struct log *log,
                struct sound **out, struct failure *failure)
{
    *out = NULL;
    switch (options->audio) {
    case OPTIONS_AUDIO_NONE: break;
    case OPTIONS_AUDIO_WAV:
        return sound_wav_create(options->wav, log, out, failure);
    case OPTIONS_AUDIO_SDL:
    case OPTIONS_AUDIO_DEFAULT: return open_sdl(options, log, out, failure);
    }
    return true;
}

void sound_close(struct sound *sound)
{
    if (sound)
        sound->destroy(sound);
}

struct host_audio *sound_input(struct sound *sound)
{
    return &sound->input;
}
