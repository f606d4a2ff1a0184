/* Keys and mouse. */
#include <string.h>

#include "frontend/qmp_int.h"

#define KEYS_MOST 16 /* of one chord */
#define AXIS_MOST 4096

/* {"type": "qcode", "data": "a"} or {"type": "number", "data": 30}; a number
 * is a set 1 code, with bit 7 for the E0 before it. */
static bool find_key(struct qmp *qmp, json_t *value, enum ps2_key *key)
{
    const char *type = json_string_value(json_object_get(value, "type"));
    json_t *data = json_object_get(value, "data");
    json_int_t code;

    if (type && strcmp(type, "qcode") == 0 && json_is_string(data)) {
        if (keys_find(json_string_value(data), key))
            return true;
        return qmp_fail(qmp, QMP_GENERIC,
                        "Parameter 'data' does not accept value '%.100s'",
                        json_string_value(data));
    }
    if (!type || strcmp(type, "number") != 0 || !json_is_integer(data))
        return qmp_fail(qmp, QMP_GENERIC,
                        "Parameter 'keys' takes {\"type\": \"qcode\", "
                        "\"data\": NAME}, or \"number\" with a code");
    code = json_integer_value(data);
    if (code > 0x80 && code < 0x100)
        code = 0xe000 | (code & 0x7f);
    for (unsigned i = 0; i < PS2_KEY_COUNT; i++) {
        if (keys_codes((enum ps2_key)i)->set1 != code)
            continue;
        *key = (enum ps2_key)i;
        return true;
    }
    return qmp_fail(qmp, QMP_GENERIC, "Parameter 'data': no key has that code");
}

json_t *qmp_do_send_key(struct qmp *qmp, json_t *arguments)
{
    json_t *list = json_object_get(arguments, "keys"), *value;
    enum ps2_key keys[KEYS_MOST];
    size_t i;

    if (json_array_size(list) > KEYS_MOST)
        return qmp_fail(qmp, QMP_GENERIC, "Parameter 'keys': more than %d",
                        KEYS_MOST);
    json_array_foreach(list, i,
                       value) if (!find_key(qmp, value, &keys[i])) return NULL;
    /* differs: hold-time; a chord is held as long as a script's. */
    input_chord(qmp->config.input, keys, (unsigned)json_array_size(list));
    return json_object();
}

/* A change of the mouse that one list of events adds up to. */
struct motion {
    int dx, dy, wheel;
    unsigned buttons;
    bool any;
};

static bool take_button(struct qmp *qmp, json_t *data, struct motion *motion)
{
    static const char *const names[] = {"left", "right", "middle"};
    const char *name = json_string_value(json_object_get(data, "button"));
    json_t *down = json_object_get(data, "down");

    if (!name || !json_is_boolean(down))
        return qmp_fail(qmp, QMP_GENERIC,
                        "Parameter 'events': btn takes button and down");
    motion->any = true;
    for (unsigned i = 0; i < ARRAY_LEN(names); i++) {
        if (strcmp(names[i], name) != 0)
            continue;
        motion->buttons &= ~(1u << i);
        motion->buttons |= (unsigned)json_is_true(down) << i;
        return true;
    }
    if (json_is_true(down))
        motion->wheel +=
            (strcmp(name, "wheel-up") == 0) - (strcmp(name, "wheel-down") == 0);
    return true;
}

static bool take_axis(struct qmp *qmp, json_t *data, struct motion *motion)
{
    const char *axis = json_string_value(json_object_get(data, "axis"));
    json_int_t value = json_integer_value(json_object_get(data, "value"));

    if (!axis || (strcmp(axis, "x") != 0 && strcmp(axis, "y") != 0) ||
        value < -AXIS_MOST || value > AXIS_MOST)
        return qmp_fail(qmp, QMP_GENERIC,
                        "Parameter 'events': rel takes axis x or y and a "
                        "value of at most %d",
                        AXIS_MOST);
    motion->any = true;
    if (axis[0] == 'x')
        motion->dx += (int)value;
    else
        motion->dy += (int)value;
    return true;
}

/* One event; `apply` false only checks it. */
static bool take_event(struct qmp *qmp, json_t *event, bool apply,
                       struct motion *motion)
{
    const char *type = json_string_value(json_object_get(event, "type"));
    json_t *data = json_object_get(event, "data");
    enum ps2_key key;

    if (type && strcmp(type, "key") == 0) {
        if (!find_key(qmp, json_object_get(data, "key"), &key))
            return false;
        if (apply)
            input_key(qmp->config.input, key,
                      json_is_true(json_object_get(data, "down")));
        return true;
    }
    if (type && strcmp(type, "btn") == 0)
        return take_button(qmp, data, motion);
    if (type && strcmp(type, "rel") == 0)
        return take_axis(qmp, data, motion);
    return qmp_fail(qmp, QMP_GENERIC,
                    "Parameter 'events' takes the types key, btn and rel");
}

/* All or nothing, as QEMU has it. */
json_t *qmp_do_input_send_event(struct qmp *qmp, json_t *arguments)
{
    json_t *list = json_object_get(arguments, "events"), *event;
    struct motion motion = {.buttons = qmp->buttons};
    size_t i;

    json_array_foreach(list, i, event) if (!take_event(qmp, event, false,
                                                       &motion)) return NULL;
    motion = (struct motion){.buttons = qmp->buttons};
    json_array_foreach(list, i, event) take_event(qmp, event, true, &motion);
    qmp->buttons = motion.buttons;
    if (motion.any)
        input_mouse(qmp->config.input, motion.dx, motion.dy, motion.wheel,
                    motion.buttons);
    return json_object();
}
