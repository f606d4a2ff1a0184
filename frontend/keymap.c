#include "frontend/keymap.h"

#include <string.h>

/* Characters from space to tilde: the key, and whether Shift is down. */
/* clang-format off */
#define PLAIN(key) {PS2_KEY_##key, false, false}
#define UPPER(key) {PS2_KEY_##key, true, false}
static const struct keymap_stroke printable[] = {
    PLAIN(SPC),           UPPER(1),          UPPER(APOSTROPHE),
    UPPER(3),             UPPER(4),          UPPER(5),
    UPPER(7),             PLAIN(APOSTROPHE), UPPER(9),
    UPPER(0),             UPPER(8),          UPPER(EQUAL),
    PLAIN(COMMA),         PLAIN(MINUS),      PLAIN(DOT),      PLAIN(SLASH),
    PLAIN(0), PLAIN(1), PLAIN(2), PLAIN(3), PLAIN(4),
    PLAIN(5), PLAIN(6), PLAIN(7), PLAIN(8), PLAIN(9),
    UPPER(SEMICOLON),     PLAIN(SEMICOLON),  UPPER(COMMA),
    PLAIN(EQUAL),         UPPER(DOT),        UPPER(SLASH),    UPPER(2),
    UPPER(A), UPPER(B), UPPER(C), UPPER(D), UPPER(E), UPPER(F), UPPER(G),
    UPPER(H), UPPER(I), UPPER(J), UPPER(K), UPPER(L), UPPER(M), UPPER(N),
    UPPER(O), UPPER(P), UPPER(Q), UPPER(R), UPPER(S), UPPER(T), UPPER(U),
    UPPER(V), UPPER(W), UPPER(X), UPPER(Y), UPPER(Z),
    PLAIN(BRACKET_LEFT),  PLAIN(BACKSLASH),  PLAIN(BRACKET_RIGHT),
    UPPER(6),             UPPER(MINUS),      PLAIN(GRAVE_ACCENT),
    PLAIN(A), PLAIN(B), PLAIN(C), PLAIN(D), PLAIN(E), PLAIN(F), PLAIN(G),
    PLAIN(H), PLAIN(I), PLAIN(J), PLAIN(K), PLAIN(L), PLAIN(M), PLAIN(N),
    PLAIN(O), PLAIN(P), PLAIN(Q), PLAIN(R), PLAIN(S), PLAIN(T), PLAIN(U),
    PLAIN(V), PLAIN(W), PLAIN(X), PLAIN(Y), PLAIN(Z),
    UPPER(BRACKET_LEFT),  UPPER(BACKSLASH),  UPPER(BRACKET_RIGHT),
    UPPER(GRAVE_ACCENT),
};
#undef UPPER
#undef PLAIN

static const struct {
    const char *name;
    enum ps2_key key;
} short_forms[] = {
    {"enter",  PS2_KEY_RET},    {"del",    PS2_KEY_DELETE},
    {"ins",    PS2_KEY_INSERT}, {"bs",     PS2_KEY_BACKSPACE},
    {"pageup", PS2_KEY_PGUP},   {"pagedown", PS2_KEY_PGDN},
    {"win",    PS2_KEY_META_L}, {"period", PS2_KEY_DOT},
};
/* clang-format on */

_Static_assert(ARRAY_LEN(printable) == '~' - ' ' + 1, "one row a character");

bool keymap_find(uint8_t c, struct keymap_stroke *stroke)
{
    memset(stroke, 0, sizeof(*stroke));
    if (c >= ' ' && c <= '~') {
        *stroke = printable[c - ' '];
        return true;
    }
    switch (c) {
    case '\n':
    case '\r': stroke->key = PS2_KEY_RET; return true;
    case '\t': stroke->key = PS2_KEY_TAB; return true;
    case 0x1b: stroke->key = PS2_KEY_ESC; return true;
    case 0x08:
    case 0x7f: stroke->key = PS2_KEY_BACKSPACE; return true;
    }
    if (c == 0 || c >= ' ')
        return false;
    /* Control codes lie 40 below the characters that Ctrl makes them of. */
    *stroke = printable[c + 0x40 - ' '];
    stroke->ctrl = true;
    if (c <= 26)
        stroke->shift = false;
    return true;
}

static bool find_key(const char *name, enum ps2_key *key)
{
    size_t i;

    if (keys_find(name, key))
        return true;
    for (i = 0; i < ARRAY_LEN(short_forms); i++) {
        if (strcmp(short_forms[i].name, name) == 0) {
            *key = short_forms[i].key;
            return true;
        }
    }
    return false;
}

bool keymap_parse_chord(const char *text, enum ps2_key *keys, unsigned *count)
{
    char name[24];
    size_t length;

    for (*count = 0;; text += length + 1) {
        length = strcspn(text, "-");
        if (*count == KEYMAP_CHORD_MAX || length == 0 || length >= sizeof(name))
            return false;
        memcpy(name, text, length);
        name[length] = '\0';
        if (!find_key(name, &keys[*count]))
            return false;
        ++*count;
        if (!text[length])
            return true;
    }
}
