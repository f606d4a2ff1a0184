#include "core/keys.h"

#include <assert.h>
#include <string.h>

static const struct key_codes codes[] = {
#define X(symbol, name, set1, set2, set3) {set1, set2, set3},
    KEYS_LIST(X)
#undef X
};

static const char *const names[] = {
#define X(symbol, name, set1, set2, set3) name,
    KEYS_LIST(X)
#undef X
};

static const struct {
    const char *name;
    enum ps2_key key;
} aliases[] = {
    {"ctrl_l", PS2_KEY_CTRL},
    {"alt_l", PS2_KEY_ALT},
    {"altgr", PS2_KEY_ALT_R},
    {"shift_l", PS2_KEY_SHIFT},
    {"asterisk", PS2_KEY_KP_MULTIPLY},
    {"menu", PS2_KEY_COMPOSE},
    {"return", PS2_KEY_RET},
    {"enter", PS2_KEY_RET},
    {"space", PS2_KEY_SPC},
    {"escape", PS2_KEY_ESC},
    {"katakanahiragana", PS2_KEY_HIRAGANA},
};

const struct key_codes *keys_codes(enum ps2_key key)
{
    assert(key < PS2_KEY_COUNT);
    return &codes[key];
}

const char *keys_name(enum ps2_key key)
{
    assert(key < PS2_KEY_COUNT);
    return names[key];
}

bool keys_find(const char *name, enum ps2_key *out)
{
    for (unsigned i = 0; i < PS2_KEY_COUNT; i++) {
        if (strcmp(name, names[i]) == 0) {
            *out = (enum ps2_key)i;
            return true;
        }
    }
    for (unsigned i = 0; i < ARRAY_LEN(aliases); i++) {
        if (strcmp(name, aliases[i].name) == 0) {
            *out = aliases[i].key;
            return true;
        }
    }
    return false;
}
