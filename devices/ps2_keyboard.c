#include "devices/ps2_keyboard.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "devices/ps2_keyboard_int.h"

#define BUFFER_BYTES   16
#define REPLY_BYTES    4
#define SELF_TEST_NS   20000000u
#define DELAY_UNIT_NS  250000000u
#define PERIOD_UNIT_NS 4166667u /* 1/240 s */
#define RATE_DEFAULT   0x2b     /* 500 ms, 10.9 a second */
#define KEY_NONE       PS2_KEY_COUNT

enum {
    SELF_TEST_PASSED = 0xaa,
    ECHO = 0xee,
    ACK = 0xfa,
    RESEND = 0xfe,
};

/* Commands; FB-FD take codes until the next command. */
enum {
    CMD_LEDS = 0xed,
    CMD_ECHO = 0xee,
    CMD_SCAN_SET = 0xf0,
    CMD_READ_ID = 0xf2,
    CMD_RATE = 0xf3,
    CMD_ENABLE = 0xf4,
    CMD_DISABLE = 0xf5,
    CMD_DEFAULT = 0xf6,
    CMD_ALL_REPEAT = 0xf7,
    CMD_ALL_BREAK = 0xf8,
    CMD_ALL_MAKE = 0xf9,
    CMD_ALL_BOTH = 0xfa,
    CMD_KEY_REPEAT = 0xfb,
    CMD_KEY_BREAK = 0xfc,
    CMD_KEY_MAKE = 0xfd,
    CMD_RESEND = 0xfe,
    CMD_RESET = 0xff,
};

struct ps2_keyboard {
    struct device dev;
    struct clock *clock;
    struct ps2_host host; /* borrowed */

    uint8_t buffer[BUFFER_BYTES + 1]; /* scan codes; the last is for overrun */
    uint8_t first, count;             /* of buffer, a ring */
    uint8_t reply[REPLY_BYTES];       /* goes out before scan codes */
    uint8_t replies;
    uint8_t sent;    /* last byte, for Resend */
    uint8_t command; /* whose argument is awaited, or 0 */
    uint8_t set;     /* scan set 1..3 */
    uint8_t rate;    /* argument of CMD_RATE */
    uint8_t leds;
    bool overrun;  /* the last byte of the buffer is the overrun code */
    bool scanning; /* keys are reported */
    bool testing;  /* self-test */
    uint8_t down[PS2_KEY_COUNT]; /* bool */
    uint8_t wrap[PS2_KEY_COUNT]; /* KEY_WRAP_* of a key that is down */
    uint8_t type[PS2_KEY_COUNT]; /* KEY_TYPE_* in set 3 */
    uint32_t repeating;          /* enum ps2_key, or KEY_NONE */
    struct clock_event repeat, test;
};

static struct ps2_keyboard *from_device(struct device *dev)
{
    return CONTAINER_OF(dev, struct ps2_keyboard, dev);
}

static void tell_host(struct ps2_keyboard *k)
{
    if (k->host.ready)
        k->host.ready(k->host.controller, k->host.port);
}

static void reply(struct ps2_keyboard *k, uint8_t byte)
{
    if (k->replies < REPLY_BYTES)
        k->reply[k->replies++] = byte;
    tell_host(k);
}

static void put_byte(struct ps2_keyboard *k, uint8_t byte)
{
    k->buffer[(k->first + k->count++) % sizeof(k->buffer)] = byte;
}

/* Buffers the bytes of one key whole; what does not fit is lost and leaves the
 * overrun code, once, in the place kept for it. */
static void put_bytes(struct ps2_keyboard *k, const struct key_bytes *b)
{
    if (k->count + b->count <= BUFFER_BYTES) {
        k->overrun = false;
        for (unsigned i = 0; i < b->count; i++)
            put_byte(k, b->bytes[i]);
    } else if (!k->overrun) {
        k->overrun = true;
        put_byte(k, k->set == 1 ? 0xff : 0x00);
    }
    if (b->count)
        tell_host(k);
}

static unsigned held(const struct ps2_keyboard *k)
{
    const uint8_t *d = k->down;
    unsigned mask = 0;

    mask |= d[PS2_KEY_SHIFT] ? KEY_HELD_LEFT : 0;
    mask |= d[PS2_KEY_SHIFT_R] ? KEY_HELD_RIGHT : 0;
    mask |= d[PS2_KEY_CTRL] || d[PS2_KEY_CTRL_R] ? KEY_HELD_CTRL : 0;
    mask |= d[PS2_KEY_ALT] || d[PS2_KEY_ALT_R] ? KEY_HELD_ALT : 0;
    mask |= k->leds & PS2_LED_NUM ? KEY_HELD_NUM : 0;
    return mask;
}

static bool has_type(const struct ps2_keyboard *k, enum ps2_key key,
                     uint8_t type)
{
    if (k->set == 3)
        return k->type[key] & type;
    return key != PS2_KEY_PAUSE && key != PS2_KEY_LANG1 && key != PS2_KEY_LANG2;
}

static void stop_repeat(struct ps2_keyboard *k)
{
    k->repeating = KEY_NONE;
    clock_disarm(k->clock, &k->repeat);
}

static void start_repeat(struct ps2_keyboard *k, enum ps2_key key)
{
    uint64_t delay = (uint64_t)((k->rate >> 5 & 3) + 1) * DELAY_UNIT_NS;

    stop_repeat(k);
    if (!has_type(k, key, KEY_TYPE_REPEAT))
        return;
    k->repeating = key;
    clock_arm(k->clock, &k->repeat, clock_now_ns(k->clock) + delay);
}

static void fire_repeat(void *dev)
{
    struct ps2_keyboard *k = dev;
    enum ps2_key key = (enum ps2_key)k->repeating;
    uint64_t period =
        (uint64_t)((8 + (k->rate & 7)) << (k->rate >> 3 & 3)) * PERIOD_UNIT_NS;
    struct key_bytes b;

    if (key >= KEY_NONE)
        return;
    b = key_repeat(k->set, key, k->wrap[key]);
    put_bytes(k, &b);
    clock_arm(k->clock, &k->repeat, k->repeat.when_ns + period);
}

static void press(struct ps2_keyboard *k, enum ps2_key key)
{
    struct key_bytes b;

    k->wrap[key] = key_wrap(key, held(k));
    b = key_make(k->set, key, k->wrap[key], held(k));
    put_bytes(k, &b);
    start_repeat(k, key);
}

static void release(struct ps2_keyboard *k, enum ps2_key key)
{
    struct key_bytes b;

    if (k->repeating == key)
        stop_repeat(k);
    if (!has_type(k, key, KEY_TYPE_BREAK))
        return;
    b = key_break(k->set, key, k->wrap[key], held(k));
    put_bytes(k, &b);
}

void ps2_keyboard_key(struct device *dev, enum ps2_key key, bool down)
{
    struct ps2_keyboard *k = from_device(dev);
    bool reports = k->scanning && !k->testing;

    assert(key < PS2_KEY_COUNT);
    if (k->down[key] == down)
        return;
    if (down && reports)
        press(k, key);
    k->down[key] = down;
    if (!down && reports)
        release(k, key);
}

void ps2_keyboard_release_all(struct device *dev)
{
    struct ps2_keyboard *k = from_device(dev);

    for (unsigned key = 0; key < PS2_KEY_COUNT; key++) {
        if (k->down[key])
            ps2_keyboard_key(dev, (enum ps2_key)key, false);
    }
}

static void clear_buffer(struct ps2_keyboard *k)
{
    k->count = 0;
    k->overrun = false;
    stop_repeat(k);
}

static void set_all_types(struct ps2_keyboard *k, uint8_t type)
{
    memset(k->type, type, sizeof(k->type));
}

static void set_defaults(struct ps2_keyboard *k)
{
    clear_buffer(k);
    k->set = 2;
    k->rate = RATE_DEFAULT;
    for (unsigned key = 0; key < PS2_KEY_COUNT; key++)
        k->type[key] = key_default_type((enum ps2_key)key);
}

static void start_test(struct ps2_keyboard *k)
{
    set_defaults(k);
    k->leds = 0;
    k->scanning = k->testing = true;
    clock_arm(k->clock, &k->test, clock_now_ns(k->clock) + SELF_TEST_NS);
}

static void end_test(void *dev)
{
    struct ps2_keyboard *k = dev;

    k->testing = false;
    reply(k, SELF_TEST_PASSED);
}

/* Sets the type of the key with this code in set 3. */
static void set_type(struct ps2_keyboard *k, uint8_t code, uint8_t type)
{
    for (unsigned key = 0; key < PS2_KEY_COUNT; key++) {
        if (keys_codes((enum ps2_key)key)->set3 == code && code)
            k->type[key] = type;
    }
}

static void choose_set(struct ps2_keyboard *k, uint8_t set)
{
    k->command = 0;
    if (set > 3) {
        reply(k, RESEND);
        return;
    }
    reply(k, ACK);
    if (set == 0) {
        reply(k, k->set);
        return;
    }
    clear_buffer(k);
    k->set = set;
}

static void take_argument(struct ps2_keyboard *k, uint8_t byte)
{
    switch (k->command) {
    case CMD_SCAN_SET: choose_set(k, byte); return;
    case CMD_LEDS: k->leds = byte & 7; break;
    case CMD_RATE: k->rate = byte & 0x7f; break;
    case CMD_KEY_REPEAT: set_type(k, byte, KEY_TYPE_REPEAT); break;
    case CMD_KEY_BREAK: set_type(k, byte, KEY_TYPE_BREAK); break;
    case CMD_KEY_MAKE: set_type(k, byte, KEY_TYPE_MAKE); break;
    default: break;
    }
    if (k->command < CMD_KEY_REPEAT)
        k->command = 0;
    reply(k, ACK);
}

static void do_command(struct ps2_keyboard *k, uint8_t byte)
{
    switch (byte) {
    case CMD_LEDS:
    case CMD_SCAN_SET:
    case CMD_RATE:
    case CMD_KEY_REPEAT:
    case CMD_KEY_BREAK:
    case CMD_KEY_MAKE: k->command = byte; break;
    case CMD_ENABLE:
        clear_buffer(k);
        k->scanning = true;
        break;
    case CMD_DISABLE:
    case CMD_DEFAULT:
        set_defaults(k);
        k->scanning = byte == CMD_DEFAULT;
        break;
    case CMD_ALL_REPEAT: set_all_types(k, KEY_TYPE_REPEAT); break;
    case CMD_ALL_BREAK: set_all_types(k, KEY_TYPE_BREAK); break;
    case CMD_ALL_MAKE: set_all_types(k, KEY_TYPE_MAKE); break;
    case CMD_ALL_BOTH:
        set_all_types(k, KEY_TYPE_REPEAT | KEY_TYPE_BREAK);
        break;
    case CMD_RESET: start_test(k); break;
    default: break;
    }
}

/* A byte from the host ends whatever reply was under way. An argument may not
 * look like a command: then it is one. */
static void receive(void *device, uint8_t byte)
{
    struct ps2_keyboard *k = device;

    if (byte == CMD_RESEND) {
        reply(k, k->sent);
        return;
    }
    k->replies = 0;
    if (k->command && byte < CMD_LEDS) {
        take_argument(k, byte);
        return;
    }
    k->command = 0;
    if (byte == CMD_ECHO) {
        reply(k, ECHO);
        return;
    }
    if (byte < CMD_LEDS || byte == 0xef || byte == 0xf1) {
        reply(k, RESEND);
        return;
    }
    do_command(k, byte);
    reply(k, ACK);
    if (byte == CMD_READ_ID) {
        reply(k, 0xab);
        reply(k, 0x83);
    }
}

static bool transmit(void *device, uint8_t *byte)
{
    struct ps2_keyboard *k = device;

    if (k->replies) {
        *byte = k->reply[0];
        memmove(k->reply, k->reply + 1, --k->replies);
    } else if (k->count && !k->command) {
        *byte = k->buffer[k->first];
        k->first = (uint8_t)((k->first + 1u) % sizeof(k->buffer));
        k->count--;
    } else {
        return false;
    }
    if (*byte != RESEND)
        k->sent = *byte;
    return true;
}

static void attach(void *device, const struct ps2_host *host)
{
    struct ps2_keyboard *k = device;

    k->host = *host;
}

struct ps2_plug ps2_keyboard_plug(struct device *dev)
{
    return (struct ps2_plug){attach, receive, transmit, from_device(dev)};
}

unsigned ps2_keyboard_leds(const struct device *dev)
{
    return CONTAINER_OF(dev, const struct ps2_keyboard, dev)->leds;
}

unsigned ps2_keyboard_pending(const struct device *dev)
{
    return CONTAINER_OF(dev, const struct ps2_keyboard, dev)->count;
}

/* differs: power is on for long, so the self-test is over and its AA gone.
 * Keys stay down: fingers do not know of it. */
static void keyboard_reset(struct device *dev)
{
    struct ps2_keyboard *k = from_device(dev);

    set_defaults(k);
    k->leds = k->replies = k->command = k->sent = 0;
    k->scanning = true;
    k->testing = false;
    clock_disarm(k->clock, &k->test);
}

static void keyboard_loaded(struct device *dev)
{
    struct ps2_keyboard *k = from_device(dev);

    k->first %= sizeof(k->buffer);
    if (k->count > sizeof(k->buffer))
        k->count = sizeof(k->buffer);
    if (k->replies > REPLY_BYTES)
        k->replies = REPLY_BYTES;
    if (k->set < 1 || k->set > 3)
        k->set = 2;
    for (unsigned key = 0; key < PS2_KEY_COUNT; key++)
        k->down[key] = k->down[key] != 0;
    clock_relink(k->clock, &k->repeat);
    clock_relink(k->clock, &k->test);
}

static void keyboard_destroy(struct device *dev)
{
    struct ps2_keyboard *k = from_device(dev);

    clock_disarm(k->clock, &k->repeat);
    clock_disarm(k->clock, &k->test);
    free(k);
}

static const struct state_field keyboard_state[] = {
    STATE_ARRAY(struct ps2_keyboard, buffer),
    STATE_FIELD(struct ps2_keyboard, first),
    STATE_FIELD(struct ps2_keyboard, count),
    STATE_ARRAY(struct ps2_keyboard, reply),
    STATE_FIELD(struct ps2_keyboard, replies),
    STATE_FIELD(struct ps2_keyboard, sent),
    STATE_FIELD(struct ps2_keyboard, command),
    STATE_FIELD(struct ps2_keyboard, set),
    STATE_FIELD(struct ps2_keyboard, rate),
    STATE_FIELD(struct ps2_keyboard, leds),
    STATE_FIELD(struct ps2_keyboard, overrun),
    STATE_FIELD(struct ps2_keyboard, scanning),
    STATE_FIELD(struct ps2_keyboard, testing),
    STATE_ARRAY(struct ps2_keyboard, down),
    STATE_ARRAY(struct ps2_keyboard, wrap),
    STATE_ARRAY(struct ps2_keyboard, type),
    STATE_FIELD(struct ps2_keyboard, repeating),
    STATE_TABLE(struct ps2_keyboard, repeat, clock_event_state),
    STATE_TABLE(struct ps2_keyboard, test, clock_event_state),
    STATE_END,
};

static const struct device_class keyboard_class = {
    .name = "ps2_keyboard",
    .reset = keyboard_reset,
    .destroy = keyboard_destroy,
    .state = keyboard_state,
    .loaded = keyboard_loaded,
};

enum status ps2_keyboard_create(const struct ps2_keyboard_config *config,
                                struct device **out)
{
    struct ps2_keyboard *k = calloc(1, sizeof(*k));

    *out = NULL;
    if (!k)
        return STATUS_NO_MEMORY;
    k->dev = (struct device){&keyboard_class, config->name};
    k->clock = config->clock;
    clock_event_init(&k->repeat, fire_repeat, k);
    clock_event_init(&k->test, end_test, k);
    keyboard_reset(&k->dev);
    *out = &k->dev;
    return STATUS_OK;
}
