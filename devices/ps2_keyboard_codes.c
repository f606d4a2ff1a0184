#include "devices/ps2_keyboard_int.h"

#define BREAK_PREFIX 0xf0 /* sets 2 and 3 */
#define BREAK_BIT    0x80 /* set 1 */
#define EXTENDED     0xe0
#define EXTENDED_1   0xe1

static void add(struct key_bytes *b, uint8_t byte)
{
    if (b->count < KEY_BYTES_MAX)
        b->bytes[b->count++] = byte;
}

/* One code of set 1 or 2, or a plain one of set 3. */
static void add_code(struct key_bytes *b, unsigned set, uint16_t code,
                     bool down)
{
    uint8_t low = (uint8_t)code;

    if (code >> 8)
        add(b, EXTENDED);
    if (set == 1) {
        add(b, down ? low : low | BREAK_BIT);
        return;
    }
    if (!down)
        add(b, BREAK_PREFIX);
    add(b, low);
}

static void add_shift(struct key_bytes *b, unsigned set, enum ps2_key key,
                      bool down)
{
    const struct key_codes *c = keys_codes(key);

    add_code(b, set, (uint16_t)(0xe000 | (set == 1 ? c->set1 : c->set2)), down);
}

static uint16_t code_of(unsigned set, enum ps2_key key, uint8_t wrap)
{
    const struct key_codes *c =
        keys_codes(wrap & KEY_WRAP_SYSRQ ? PS2_KEY_SYSRQ : key);

    if (set == 1)
        return c->set1;
    return set == 2 ? c->set2 : c->set3;
}

/* The keys that the 84-key board had on its keypad alone. */
static bool is_navigation(enum ps2_key key)
{
    return key >= PS2_KEY_HOME && key <= PS2_KEY_DELETE;
}

uint8_t key_wrap(enum ps2_key key, unsigned held)
{
    uint8_t shifts = held & (KEY_HELD_LEFT | KEY_HELD_RIGHT);

    if (key == PS2_KEY_PRINT) {
        if (held & KEY_HELD_ALT)
            return KEY_WRAP_SYSRQ;
        return shifts || (held & KEY_HELD_CTRL) ? 0 : KEY_WRAP_SHIFT;
    }
    if (key == PS2_KEY_KP_DIVIDE)
        return shifts;
    if (!is_navigation(key))
        return 0;
    if (held & KEY_HELD_NUM)
        return shifts ? 0 : KEY_WRAP_SHIFT;
    return shifts;
}

/* Pause has no break: it sends it along with its make. */
static struct key_bytes pause_bytes(unsigned set, unsigned held)
{
    struct key_bytes b = {.count = 0};
    const struct key_codes *ctrl = keys_codes(PS2_KEY_CTRL);
    const struct key_codes *num = keys_codes(PS2_KEY_NUM_LOCK);

    if (held & KEY_HELD_CTRL) { /* Break */
        add_code(&b, set, code_of(set, PS2_KEY_PAUSE, 0), true);
        add_code(&b, set, code_of(set, PS2_KEY_PAUSE, 0), false);
        return b;
    }
    for (unsigned down = 2; down-- > 0;) {
        add(&b, EXTENDED_1);
        add_code(&b, set, set == 1 ? ctrl->set1 : ctrl->set2, down);
        add_code(&b, set, set == 1 ? num->set1 : num->set2, down);
    }
    return b;
}

struct key_bytes key_make(unsigned set, enum ps2_key key, uint8_t wrap,
                          unsigned held)
{
    struct key_bytes b = {.count = 0};

    if (set == 3)
        return key_repeat(set, key, 0);
    if (key == PS2_KEY_PAUSE)
        return pause_bytes(set, held);
    if (wrap & KEY_WRAP_LEFT)
        add_shift(&b, set, PS2_KEY_SHIFT, false);
    if (wrap & KEY_WRAP_RIGHT)
        add_shift(&b, set, PS2_KEY_SHIFT_R, false);
    if (wrap & KEY_WRAP_SHIFT)
        add_shift(&b, set, PS2_KEY_SHIFT, true);
    add_code(&b, set, code_of(set, key, wrap), true);
    return b;
}

struct key_bytes key_break(unsigned set, enum ps2_key key, uint8_t wrap,
                           unsigned held)
{
    struct key_bytes b = {.count = 0};

    if (set == 3) {
        if (code_of(3, key, 0))
            add_code(&b, set, code_of(3, key, 0), false);
        return b;
    }
    if (key == PS2_KEY_PAUSE || key == PS2_KEY_LANG1 || key == PS2_KEY_LANG2)
        return b;
    add_code(&b, set, code_of(set, key, wrap), false);
    if (wrap & KEY_WRAP_SHIFT)
        add_shift(&b, set, PS2_KEY_SHIFT, false);
    if (wrap & held & KEY_WRAP_RIGHT)
        add_shift(&b, set, PS2_KEY_SHIFT_R, true);
    if (wrap & held & KEY_WRAP_LEFT)
        add_shift(&b, set, PS2_KEY_SHIFT, true);
    return b;
}

struct key_bytes key_repeat(unsigned set, enum ps2_key key, uint8_t wrap)
{
    struct key_bytes b = {.count = 0};

    if (code_of(set, key, wrap))
        add_code(&b, set, code_of(set, key, wrap), true);
    return b;
}

uint8_t key_default_type(enum ps2_key key)
{
    switch (key) {
    case PS2_KEY_SHIFT:
    case PS2_KEY_SHIFT_R:
    case PS2_KEY_CTRL:
    case PS2_KEY_ALT:
    case PS2_KEY_CAPS_LOCK: return KEY_TYPE_BREAK;
    case PS2_KEY_UP:
    case PS2_KEY_DOWN:
    case PS2_KEY_LEFT:
    case PS2_KEY_RIGHT:
    case PS2_KEY_DELETE:
    case PS2_KEY_KP_ADD:
    case PS2_KEY_LESS:
    case PS2_KEY_RO:
    case PS2_KEY_YEN: return KEY_TYPE_REPEAT;
    case PS2_KEY_ESC:
    case PS2_KEY_KP_MULTIPLY: return KEY_TYPE_MAKE;
    default: return key < PS2_KEY_F1 ? KEY_TYPE_REPEAT : KEY_TYPE_MAKE;
    }
}
