/* Keys wait in a ring of strokes with the pause that must pass after each.
 * Text waits apart from it and is cut into strokes as the ring runs empty, so
 * that a long paste needs no long ring, and a key of the user comes between
 * two letters, not inside one. */
#include "frontend/input.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "frontend/keymap.h"

#define MS 1000000u

/* Slow enough for a BIOS that reads keys in a timer loop of 18 Hz to see each
 * apart from its repetition, fast for a person to look at. */
#define MODIFIER_PAUSE (5 * MS)
#define HOLD_PAUSE     (20 * MS)
#define LETTER_PAUSE   (20 * MS)
#define CHORD_PAUSE    (100 * MS)

/* How long typing waits for a guest that does not fetch its keys. It may never
 * do: games see keys on the way and leave them in the BIOS's buffer. */
#define PATIENCE      (UINT64_C(1000) * MS)
#define PATIENCE_FULL (UINT64_C(20000) * MS)

#define RING_EVENTS  256
#define MOUSE_EVENTS 64

struct key_event {
    enum ps2_key key;
    bool down;
    uint32_t pause_ns; /* after it */
};

struct mouse_event {
    int dx, dy, wheel;
    unsigned buttons;
};

struct input {
    struct input_config config;
    bool is_down[PS2_KEY_COUNT]; /* as the end of the ring leaves it */

    struct key_event ring[RING_EVENTS];
    unsigned first, count;
    uint64_t taken;
    uint64_t next_ns; /* the pause after the last key */

    uint8_t *text; /* owned */
    size_t text_first, text_count;
    size_t text_room;     /* bytes allocated */
    uint32_t unread_mark; /* keys that the guest is to fetch first */
    uint64_t patience_ns; /* until then */

    struct mouse_event mouse[MOUSE_EVENTS];
    unsigned mouse_count;
};

struct input *input_create(const struct input_config *config)
{
    struct input *input = calloc(1, sizeof(*input));

    if (input)
        input->config = *config;
    return input;
}

void input_destroy(struct input *input)
{
    if (!input)
        return;
    free(input->text);
    free(input);
}

/* A full ring swallows presses, never releases of keys that are down: room
 * for all of those stays reserved. */
static void push(struct input *input, enum ps2_key key, bool down,
                 uint32_t pause_ns)
{
    struct key_event *event;
    unsigned room = RING_EVENTS - input->count;

    assert((unsigned)key < PS2_KEY_COUNT);
    if (input->is_down[key] == down ||
        room <= (down ? (unsigned)PS2_KEY_COUNT : 0))
        return;
    input->is_down[key] = down;
    event = &input->ring[(input->first + input->count++) % RING_EVENTS];
    *event = (struct key_event){key, down, pause_ns};
}

void input_key(struct input *input, enum ps2_key key, bool down)
{
    push(input, key, down, 0);
}

static void press_and_release(struct input *input, const enum ps2_key *keys,
                              unsigned count, uint32_t hold_ns)
{
    unsigned i;

    for (i = 0; i < count; i++)
        push(input, keys[i], true, i + 1 < count ? MODIFIER_PAUSE : hold_ns);
    while (i-- > 0)
        push(input, keys[i], false, i > 0 ? MODIFIER_PAUSE : LETTER_PAUSE);
}

void input_chord(struct input *input, const enum ps2_key *keys, unsigned count)
{
    press_and_release(input, keys, count, CHORD_PAUSE);
}

void input_stroke(struct input *input, const enum ps2_key *keys, unsigned count)
{
    press_and_release(input, keys, count, HOLD_PAUSE);
}

bool input_type(struct input *input, const uint8_t *text, size_t size)
{
    size_t wanted = input->text_count + size;

    if (size == 0)
        return true;
    if (input->text_count > 0)
        memmove(input->text, input->text + input->text_first,
                input->text_count);
    input->text_first = 0;
    if (wanted > input->text_room) {
        uint8_t *bigger = realloc(input->text, wanted);

        if (!bigger)
            return false;
        input->text = bigger;
        input->text_room = wanted;
    }
    memcpy(input->text + input->text_count, text, size);
    input->text_count = wanted;
    return true;
}

void input_release_all(struct input *input)
{
    unsigned key;

    input->text_first = input->text_count = 0;
    for (key = 0; key < PS2_KEY_COUNT; key++)
        push(input, (enum ps2_key)key, false, 0);
}

/* Whether the modifier has to be pressed for a stroke that needs it. */
static void push_modifier(struct input *input, enum ps2_key key, bool wanted,
                          bool down)
{
    if (wanted)
        push(input, key, down, down ? MODIFIER_PAUSE : LETTER_PAUSE);
}

static void push_letter(struct input *input, uint8_t c)
{
    struct keymap_stroke stroke;
    bool modified;

    if (!keymap_find(c, &stroke))
        return;
    modified = stroke.shift || stroke.ctrl;
    push_modifier(input, PS2_KEY_CTRL, stroke.ctrl, true);
    push_modifier(input, PS2_KEY_SHIFT, stroke.shift, true);
    push(input, stroke.key, true, HOLD_PAUSE);
    push(input, stroke.key, false, modified ? MODIFIER_PAUSE : LETTER_PAUSE);
    push_modifier(input, PS2_KEY_SHIFT, stroke.shift, false);
    push_modifier(input, PS2_KEY_CTRL, stroke.ctrl, false);
}

/* The guest fetched its keys, or we waited long enough for these. */
static bool may_type(struct input *input)
{
    uint64_t now = machine_now_ns(input->config.machine);
    struct input_unread unread = {0};

    if (input->config.get_unread)
        input->config.get_unread(input->config.context, &unread);
    if (unread.count == 0)
        return true;
    if (unread.mark != input->unread_mark) {
        input->unread_mark = unread.mark;
        input->patience_ns = now + (unread.full ? PATIENCE_FULL : PATIENCE);
    }
    return now >= input->patience_ns;
}

static void step_keys(struct input *input)
{
    struct machine *machine = input->config.machine;
    uint64_t now = machine_now_ns(machine);

    while (now >= input->next_ns) {
        const struct key_event *event;

        if (input->count == 0) {
            if (input->text_count == 0 || !may_type(input))
                return;
            input->text_count--;
            push_letter(input, input->text[input->text_first++]);
            continue;
        }
        event = &input->ring[input->first];
        if (!machine_key(machine, event->key, event->down))
            return;
        input->next_ns = now + event->pause_ns;
        input->first = (input->first + 1) % RING_EVENTS;
        input->count--;
        input->taken++;
    }
}

void input_mouse(struct input *input, int dx, int dy, int wheel,
                 unsigned buttons)
{
    struct mouse_event *last = &input->mouse[input->mouse_count];

    if (input->mouse_count == MOUSE_EVENTS ||
        (input->mouse_count > 0 && last[-1].buttons == buttons))
        last--;
    else {
        memset(last, 0, sizeof(*last));
        input->mouse_count++;
    }
    last->dx += dx;
    last->dy += dy;
    last->wheel += wheel;
    last->buttons = buttons;
}

static void step_mouse(struct input *input)
{
    unsigned done = 0;

    while (done < input->mouse_count) {
        const struct mouse_event *event = &input->mouse[done];

        if (!machine_mouse(input->config.machine, event->dx, event->dy,
                           event->wheel, event->buttons))
            break;
        done++;
    }
    input->taken += done;
    input->mouse_count -= done;
    memmove(input->mouse, input->mouse + done,
            input->mouse_count * sizeof(input->mouse[0]));
}

void input_step(struct input *input)
{
    if (input->count > 0 || input->text_count > 0)
        step_keys(input);
    if (input->mouse_count > 0)
        step_mouse(input);
}

uint64_t input_taken(const struct input *input)
{
    return input->taken;
}

bool input_is_idle(const struct input *input)
{
    return input->count == 0 && input->text_count == 0 &&
           input->mouse_count == 0 &&
           machine_now_ns(input->config.machine) >= input->next_ns;
}
