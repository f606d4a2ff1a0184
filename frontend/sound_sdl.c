#include <SDL.h>
#include <stdlib.h>

#include "frontend/sound.h"
#include "frontend/sound_ring.h"

#define RATE_HZ     48000
#define DEVICE_SIZE 512 /* frames that the device takes at once */
#define TARGET_MS   50
#define MOST_MS     150

struct sound_sdl {
    struct sound sound;
    SDL_AudioDeviceID device;
    struct sound_ring *ring; /* owned; with the device locked */
};

/* SDL's thread, with the device locked. */
static void play(void *context, Uint8 *bytes, int size)
{
    struct sound_sdl *s = context;

    sound_ring_get(s->ring, (int16_t *)(void *)bytes, (size_t)size / 4);
}

static void put_frames(struct host_audio *self, const int16_t *frames,
                       size_t count)
{
    struct sound_sdl *s = (struct sound_sdl *)self;

    SDL_LockAudioDevice(s->device);
    sound_ring_put(s->ring, frames, count);
    SDL_UnlockAudioDevice(s->device);
}

static void destroy(struct sound *self)
{
    struct sound_sdl *s = (struct sound_sdl *)self;

    if (s->device)
        SDL_CloseAudioDevice(s->device);
    SDL_QuitSubSystem(SDL_INIT_AUDIO);
    sound_ring_destroy(s->ring);
    free(s);
}

static bool open_device(struct sound_sdl *s)
{
    SDL_AudioSpec wanted = {.freq = RATE_HZ,
                            .format = AUDIO_S16SYS,
                            .channels = 2,
                            .samples = DEVICE_SIZE,
                            .callback = play,
                            .userdata = s};
    SDL_AudioSpec got;

    if (SDL_GetNumAudioDevices(0) == 0) {
        SDL_SetError("the host has no sound device");
        return false;
    }
    s->device = SDL_OpenAudioDevice(NULL, 0, &wanted, &got,
                                    SDL_AUDIO_ALLOW_FREQUENCY_CHANGE);
    if (!s->device)
        return false;
    s->sound.input.rate_hz = (unsigned)got.freq;
    s->ring = sound_ring_create((unsigned)got.freq * TARGET_MS / 1000,
                                (unsigned)got.freq * MOST_MS / 1000);
    if (!s->ring)
        return SDL_OutOfMemory() == 0;
    SDL_PauseAudioDevice(s->device, 0);
    return true;
}

bool sound_sdl_create(struct sound **out, struct failure *failure)
{
    struct sound_sdl *s = calloc(1, sizeof(*s));

    *out = NULL;
    SDL_SetHint(SDL_HINT_NO_SIGNAL_HANDLERS, "1"); /* ours: signals.h */
    if (!s || SDL_InitSubSystem(SDL_INIT_AUDIO) != 0) {
        free(s);
        return failure_set(failure, EXIT_STATUS_HOST,
                           "no sound (%s); -audio none does without",
                           SDL_GetError());
    }
    s->sound.input.put = put_frames;
    s->sound.destroy = destroy;
    if (!open_device(s)) {
        failure_set(failure, EXIT_STATUS_HOST,
                    "no sound (%s); -audio none does without", SDL_GetError());
        destroy(&s->sound);
        return false;
    }
    *out = &s->sound;
    return true;
}
