/* A machine that does what a test says, behind the face of machine.h: it
 * shows texts, sends bytes and stops at given times, and remembers its input.
 * Its executable links this in place of the real one. */
#ifndef TESTS_FRONTEND_FAKE_MACHINE_H
#define TESTS_FRONTEND_FAKE_MACHINE_H

#include "machine/machine.h"

#define FAKE_KEYS   4096
#define FAKE_EVENTS 32

struct fake_key {
    uint64_t ns;
    enum ps2_key key;
    bool down;
};

struct fake_event {
    uint64_t ns;
    const char *screen; /* put at `row`, column 0; NULL: leave the screen */
    unsigned row;
    const char *serial;     /* sent by COM1; NULL: nothing */
    enum machine_stop stop; /* MACHINE_TIME_UP: goes on */
};

struct machine {
    uint64_t now_ns;
    struct display_text text;
    struct fake_event events[FAKE_EVENTS]; /* in order of time */
    unsigned event_count, event_next;
    enum machine_stop stopped; /* MACHINE_TIME_UP: running */
    uint64_t debug_ns;         /* a debugger's point is there; 0: none */
    int exit_code;
    struct host_char *serial;

    struct fake_key keys[FAKE_KEYS];
    unsigned key_count;
    unsigned refuse_keys; /* so many times machine_key() says false */
    int mouse_x, mouse_y, mouse_wheel;
    unsigned mouse_buttons, mouse_calls;
    uint8_t serial_in[256];
    unsigned serial_in_count;
    struct host_block *floppy[MACHINE_FLOPPIES];
    struct host_block *cd[MACHINE_DISKS];
    unsigned inserts, resets, releases, runs;
    uint64_t rate, halted_ns;
    uint8_t frame[HOST_NET_FRAME_MOST]; /* the last of `frames` */
    size_t frame_bytes;
    unsigned frames;
    bool refuse_frames;
    void (*on_run)(struct machine *machine); /* may be NULL */
};

/* A machine with 80 x 25 blanks on its screen. The picture of it is red on the
 * left and blue on the right. Free with machine_destroy(). */
struct machine *fake_machine_create(void);

/* Writes `text` into the screen as it stands now. */
void fake_machine_print(struct machine *machine, unsigned row, unsigned column,
                        const char *text);

void fake_machine_at(struct machine *machine, const struct fake_event *event);

#endif
