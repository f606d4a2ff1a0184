/* RIFF/WAVE: a header of 44 bytes, then 16-bit stereo frames. The sizes in the
 * header are those of the longest file until the end is known, so that a file
 * whose run was killed still plays. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frontend/sound.h"

#define RATE_HZ      48000
#define FRAME_BYTES  4
#define HEADER_BYTES 44
#define DATA_MOST    (UINT32_MAX - HEADER_BYTES)

struct sound_wav {
    struct sound sound;
    FILE *stream;
    struct log *log; /* borrowed */
    uint32_t data_bytes;
    bool has_failed;
};

static void put_le(uint8_t *out, uint32_t value, unsigned size)
{
    for (; size > 0; size--, value >>= 8)
        *out++ = (uint8_t)value;
}

static bool write_header(FILE *stream, uint32_t data_bytes)
{
    uint8_t h[HEADER_BYTES] = {0};

    memcpy(h, "RIFF", 4);
    put_le(h + 4, data_bytes + HEADER_BYTES - 8, 4);
    memcpy(h + 8, "WAVEfmt ", 8);
    put_le(h + 16, 16, 4);                    /* of the format chunk */
    put_le(h + 20, 1, 2);                     /* PCM */
    put_le(h + 22, 2, 2);                     /* channels */
    put_le(h + 24, RATE_HZ, 4);               /* frames a second */
    put_le(h + 28, RATE_HZ * FRAME_BYTES, 4); /* bytes a second */
    put_le(h + 32, FRAME_BYTES, 2);
    put_le(h + 34, 16, 2); /* bits a sample */
    memcpy(h + 36, "data", 4);
    put_le(h + 40, data_bytes, 4);
    return fwrite(h, 1, sizeof(h), stream) == sizeof(h);
}

static void fail(struct sound_wav *w, const char *reason)
{
    if (!w->has_failed)
        log_put(w->log, LOG_WARN, "audio",
                "%s: the file ends here; the run goes on", reason);
    w->has_failed = true;
}

static void put_frames(struct host_audio *self, const int16_t *frames,
                       size_t count)
{
    struct sound_wav *w = (struct sound_wav *)self;
    uint8_t bytes[FRAME_BYTES];

    for (; count > 0 && !w->has_failed; count--, frames += 2) {
        put_le(bytes, (uint16_t)frames[0], 2);
        put_le(bytes + 2, (uint16_t)frames[1], 2);
        if (w->data_bytes > DATA_MOST - FRAME_BYTES)
            fail(w, "4 GiB of sound");
        else if (fwrite(bytes, 1, FRAME_BYTES, w->stream) != FRAME_BYTES)
            fail(w, failure_errno_text(errno));
        else
            w->data_bytes += FRAME_BYTES;
    }
}

static void destroy(struct sound *self)
{
    struct sound_wav *w = (struct sound_wav *)self;

    if (fseek(w->stream, 0, SEEK_SET) == 0 &&
        !write_header(w->stream, w->data_bytes))
        fail(w, failure_errno_text(errno));
    if (fclose(w->stream) != 0)
        fail(w, failure_errno_text(errno));
    free(w);
}

bool sound_wav_create(const char *path, struct log *log, struct sound **out,
                      struct failure *failure)
{
    struct sound_wav *w = calloc(1, sizeof(*w));

    *out = NULL;
    if (w)
        w->stream = fopen(path, "wb");
    if (!w || !w->stream || !write_header(w->stream, DATA_MOST)) {
        failure_set(failure, EXIT_STATUS_HOST,
                    "-audio wav:%s: %s; choose another file", path,
                    failure_create_text(errno));
        if (w && w->stream)
            fclose(w->stream);
        free(w);
        return false;
    }
    w->sound.input.put = put_frames;
    w->sound.input.rate_hz = RATE_HZ;
    w->sound.destroy = destroy;
    w->log = log;
    *out = &w->sound;
    return true;
}
