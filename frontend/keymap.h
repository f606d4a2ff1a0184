/* Which keys of a US board write which character. */
#ifndef FRONTEND_KEYMAP_H
#define FRONTEND_KEYMAP_H

#include "core/keys.h"

struct keymap_stroke {
    enum ps2_key key;
    bool shift;
    bool ctrl;
};

/* The stroke for an ASCII character: every printable one, Enter ('\n' or
 * '\r'), Tab, Esc, Backspace (08 or 7F) and the other control codes as Ctrl
 * with a letter. False: the board has no key for it. */
bool keymap_find(uint8_t c, struct keymap_stroke *stroke);

#define KEYMAP_CHORD_MAX 8

/* Reads "ctrl-alt-del": names as in QEMU's sendkey, joined by '-', and short
 * forms ("del", "enter"). Stores the keys in order of pressing and their
 * number. False: no such key, or more than KEYMAP_CHORD_MAX. */
bool keymap_parse_chord(const char *text, enum ps2_key *keys, unsigned *count);

#endif
