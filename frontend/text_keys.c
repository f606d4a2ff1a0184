#include "frontend/text_keys.h"

#include <stdlib.h>
#include <string.h>

#include "frontend/keymap.h"

#define ESC 0x1b

/* Modifiers in a sequence: the number less one. */
enum {
    SHIFT = 1,
    ALT = 2,
    CTRL = 4,
};

#define PASTE_BEGIN 200
#define PASTE_END   201

/* clang-format off */
static const struct {
    char final;
    enum ps2_key key;
} letters[] = { /* ESC [ letter, ESC O letter */
    {'A', PS2_KEY_UP},   {'B', PS2_KEY_DOWN}, {'C', PS2_KEY_RIGHT},
    {'D', PS2_KEY_LEFT}, {'H', PS2_KEY_HOME}, {'F', PS2_KEY_END},
    {'E', PS2_KEY_KP_5}, {'P', PS2_KEY_F1},   {'Q', PS2_KEY_F2},
    {'R', PS2_KEY_F3},   {'S', PS2_KEY_F4},   {'M', PS2_KEY_KP_ENTER},
};

static const struct {
    unsigned number;
    enum ps2_key key;
} numbers[] = { /* ESC [ number ~ */
    {1, PS2_KEY_HOME},  {2, PS2_KEY_INSERT}, {3, PS2_KEY_DELETE},
    {4, PS2_KEY_END},   {5, PS2_KEY_PGUP},   {6, PS2_KEY_PGDN},
    {7, PS2_KEY_HOME},  {8, PS2_KEY_END},
    {11, PS2_KEY_F1},   {12, PS2_KEY_F2},    {13, PS2_KEY_F3},
    {14, PS2_KEY_F4},   {15, PS2_KEY_F5},    {17, PS2_KEY_F6},
    {18, PS2_KEY_F7},   {19, PS2_KEY_F8},    {20, PS2_KEY_F9},
    {21, PS2_KEY_F10},  {23, PS2_KEY_F11},   {24, PS2_KEY_F12},
};
/* clang-format on */

void text_keys_init(struct text_keys *keys)
{
    memset(keys, 0, sizeof(*keys));
}

static bool make_stroke(struct text_stroke *stroke, unsigned modifiers,
                        enum ps2_key key)
{
    stroke->kind = TEXT_KEYS_STROKE;
    stroke->count = 0;
    if (modifiers & CTRL)
        stroke->keys[stroke->count++] = PS2_KEY_CTRL;
    if (modifiers & ALT)
        stroke->keys[stroke->count++] = PS2_KEY_ALT;
    if (modifiers & SHIFT)
        stroke->keys[stroke->count++] = PS2_KEY_SHIFT;
    stroke->keys[stroke->count++] = key;
    return true;
}

static bool make_letter(struct text_stroke *stroke, unsigned modifiers,
                        uint8_t byte)
{
    struct keymap_stroke found;

    if (byte == 0) /* Ctrl-Space and Ctrl-@ */
        return make_stroke(stroke, modifiers | CTRL, PS2_KEY_2);
    if (!keymap_find(byte, &found))
        return false;
    return make_stroke(stroke,
                       modifiers | (found.shift ? SHIFT : 0u) |
                           (found.ctrl ? CTRL : 0u),
                       found.key);
}

static bool find_letter(struct text_stroke *stroke, unsigned modifiers,
                        char final)
{
    size_t i;

    if (final == 'Z')
        return make_stroke(stroke, SHIFT, PS2_KEY_TAB);
    for (i = 0; i < ARRAY_LEN(letters); i++)
        if (letters[i].final == final)
            return make_stroke(stroke, modifiers, letters[i].key);
    return false;
}

/* ESC [ number ; modifier final */
static bool end_sequence(struct text_keys *keys, struct text_stroke *stroke)
{
    char final = (char)keys->sequence[keys->length - 1];
    const char *text = (const char *)keys->sequence + 2;
    char *rest;
    unsigned long number = strtoul(text, &rest, 10);
    unsigned long modifier = *rest == ';' ? strtoul(rest + 1, NULL, 10) : 1;
    unsigned modifiers =
        modifier >= 1 && modifier <= 8 ? (unsigned)modifier - 1 : 0;
    size_t i;

    keys->length = 0;
    if (final != '~')
        return find_letter(stroke, modifiers, final);
    if (number == PASTE_BEGIN || number == PASTE_END)
        keys->is_pasting = number == PASTE_BEGIN;
    for (i = 0; i < ARRAY_LEN(numbers); i++)
        if (numbers[i].number == number)
            return make_stroke(stroke, modifiers, numbers[i].key);
    return false;
}

/* The first bytes decide what kind of sequence it is. */
static bool continue_sequence(struct text_keys *keys, uint8_t byte,
                              struct text_stroke *stroke)
{
    bool is_console; /* ESC [ [ A: F1 to F5 of Linux's console */

    if (keys->length == 1) {
        if (byte == '[' || byte == 'O') {
            keys->sequence[keys->length++] = byte;
            return false;
        }
        if (byte == ESC) /* the first was a key; this may begin something */
            return make_stroke(stroke, 0, PS2_KEY_ESC);
        keys->length = 0;
        return make_letter(stroke, ALT, byte);
    }
    if (keys->length == TEXT_KEYS_SEQUENCE - 1) {
        keys->length = 0;
        return false;
    }
    is_console = keys->length == 3 && keys->sequence[2] == '[';
    keys->sequence[keys->length++] = byte;
    keys->sequence[keys->length] = '\0';
    if (is_console) {
        keys->length = 0;
        return byte >= 'A' && byte <= 'E' &&
               make_stroke(stroke, 0,
                           (enum ps2_key)(PS2_KEY_F1 + (byte - 'A')));
    }
    if (keys->length == 3 && byte == '[')
        return false;
    return byte >= 0x40 && byte <= 0x7e && end_sequence(keys, stroke);
}

bool text_keys_take(struct text_keys *keys, uint8_t byte,
                    struct text_stroke *stroke)
{
    stroke->byte = byte;
    if (keys->length > 0)
        return continue_sequence(keys, byte, stroke);
    if (byte == ESC) {
        keys->sequence[keys->length++] = byte;
        return false;
    }
    if (keys->is_pasting) {
        stroke->kind = TEXT_KEYS_PASTE;
        return true;
    }
    if (byte == TEXT_KEYS_PREFIX) {
        stroke->kind = TEXT_KEYS_OURS;
        return true;
    }
    return make_letter(stroke, 0, byte);
}

bool text_keys_expire(struct text_keys *keys, struct text_stroke *stroke)
{
    bool was_esc = keys->length == 1;

    stroke->byte = ESC;
    keys->length = 0;
    return was_esc && make_stroke(stroke, 0, PS2_KEY_ESC);
}
