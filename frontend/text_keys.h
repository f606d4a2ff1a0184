/* What a terminal sends for keys, as keys of a PC. Source: xterm's "Control
 * Sequences" (PC-Style Function Keys, bracketed paste), console_codes(4). */
#ifndef FRONTEND_TEXT_KEYS_H
#define FRONTEND_TEXT_KEYS_H

#include "core/keys.h"

#define TEXT_KEYS_PREFIX 0x1d /* Ctrl-], which introduces our own commands */

enum text_keys_kind {
    TEXT_KEYS_STROKE, /* keys, in order of pressing */
    TEXT_KEYS_PASTE,  /* a character that was pasted */
    TEXT_KEYS_OURS,   /* the prefix */
};

struct text_stroke {
    enum text_keys_kind kind;
    enum ps2_key keys[4];
    unsigned count;
    uint8_t byte; /* the last one taken */
};

#define TEXT_KEYS_SEQUENCE 24

struct text_keys {
    uint8_t sequence[TEXT_KEYS_SEQUENCE]; /* begun, starts with Esc */
    unsigned length;
    bool is_pasting;
};

void text_keys_init(struct text_keys *keys);

/* Takes a byte. True: it ended a stroke. What has no key is swallowed. */
bool text_keys_take(struct text_keys *keys, uint8_t byte,
                    struct text_stroke *stroke);

/* No byte came for a while: a begun sequence was the Esc key itself. True:
 * there is a stroke. */
bool text_keys_expire(struct text_keys *keys, struct text_stroke *stroke);

#endif
