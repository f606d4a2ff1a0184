/* Interfaces that the outside world (a frontend, or a test) implements.
 * Devices call them; devices never include a frontend header. What comes IN
 * from outside does not come through these: the machine hands it to the
 * device at a counted instant, by the device's own functions. */
#ifndef CORE_HOST_H
#define CORE_HOST_H

#include "core/status.h"
#include "core/types.h"

/* A byte stream out: terminal, socket, file, or a test's buffer. */
struct host_char {
    void (*put)(struct host_char *self, uint8_t byte);
};

/* The content of a medium: a disk, floppy or CD image. */
struct host_block {
    const struct host_block_ops *ops;
    uint64_t size_bytes; /* may be no multiple of a sector; the rest reads 0 */
    bool read_only;      /* write() would give READ_ONLY */
    const char *name;    /* for people: a file's path; borrowed, as long as
                            the block lives. NULL: it has none */
};

/* Ranges are always inside [0, size_bytes). A failure is reported once by the
 * implementation; the device answers the guest as a bad medium would.
 * Errors: IO, NO_SPACE, READ_ONLY. Written data is safe from the end of the
 * process after write(), and of the host after flush(). */
struct host_block_ops {
    enum status (*read)(struct host_block *self, uint64_t offset, void *buffer,
                        size_t size);
    enum status (*write)(struct host_block *self, uint64_t offset,
                         const void *buffer, size_t size);
    enum status (*flush)(struct host_block *self);
    void (*destroy)(struct host_block *self);
};

/* Sound out: signed 16-bit stereo frames (left, right) at `rate_hz`. */
struct host_audio {
    void (*put)(struct host_audio *self, const int16_t *frames, size_t count);
    unsigned rate_hz;
};

/* A network: what an Ethernet card is plugged into. Frames go from destination
 * address to the end of the data, without CRC. */
#define HOST_NET_FRAME_LEAST 14
#define HOST_NET_FRAME_MOST  1518 /* with a VLAN tag */

struct host_net {
    /* The guest sent a frame of HOST_NET_FRAME_LEAST to _MOST bytes; it has
     * left the card at `now_ns` of guest time. */
    void (*send)(struct host_net *self, const uint8_t *frame, size_t bytes,
                 uint64_t now_ns);
};

/* Who names the host's code that is made while the machine runs: a profiler.
 * `code` is where it runs, and may be where other code was before; `name` is
 * one word. */
struct host_code_map {
    void (*add)(struct host_code_map *self, const void *code, size_t bytes,
                const char *name);
};

#endif
