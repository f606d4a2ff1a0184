/* What users and scripts do, on its way into the machine: keys and mouse wait
 * here until the machine takes them, typed text is paced in guest time. */
#ifndef FRONTEND_INPUT_H
#define FRONTEND_INPUT_H

#include "machine/machine.h"

struct input;

/* Keys that the guest's BIOS has taken and no program has fetched yet. */
struct input_unread {
    unsigned count; /* 0: none, or it cannot be told */
    bool full;      /* the next key would be lost */
    uint32_t mark;  /* changes with every key that comes or goes */
};

struct input_config {
    struct machine *machine; /* borrowed */
    /* Typing waits a while for these to be fetched. NULL: cannot be told. */
    void (*get_unread)(void *context, struct input_unread *unread);
    void *context;
};

/* NULL: out of host memory. The caller owns the result. */
struct input *input_create(const struct input_config *config);
void input_destroy(struct input *input);

/* A key moves. Keys that are down already, or up already, are left out, so
 * that a window's own repetition does no harm: the keyboard repeats itself. */
void input_key(struct input *input, enum ps2_key key, bool down);

/* Presses the keys in order, holds them and lets go in reverse: a chord as
 * long as by hand, a stroke as short as in typed text. */
void input_chord(struct input *input, const enum ps2_key *keys, unsigned count);
void input_stroke(struct input *input, const enum ps2_key *keys,
                  unsigned count);

/* Types `size` characters of code page 437; those without a key are left out.
 * False: out of host memory; nothing is typed then. */
bool input_type(struct input *input, const uint8_t *text, size_t size);

/* Lets go of every key that is down, and forgets what is still to be typed:
 * the window lost the keyboard. */
void input_release_all(struct input *input);

/* As machine_mouse(). Movement adds up until the machine takes it. */
void input_mouse(struct input *input, int dx, int dy, int wheel,
                 unsigned buttons);

/* Hands over what is due now. */
void input_step(struct input *input);

/* How many keys and mouse movements the machine has taken. */
uint64_t input_taken(const struct input *input);

/* Everything was handed over and the last pause is past. */
bool input_is_idle(const struct input *input);

#endif
