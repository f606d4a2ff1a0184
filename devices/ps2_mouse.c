#include "devices/ps2_mouse.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define OUT_BYTES          8
#define PACKET_BYTES       4
#define SELF_TEST_NS       20000000u
#define COUNTS_MAX         4096 /* movement kept for later packets */
#define RATE_DEFAULT       100
#define RESOLUTION_DEFAULT 2

enum {
    ID_PLAIN = 0,
    ID_WHEEL = 3,
    ID_FIVE_BUTTONS = 4,
};

enum {
    SELF_TEST_PASSED = 0xaa,
    ACK = 0xfa,
    RESEND = 0xfe,
};

enum {
    CMD_SCALING_1 = 0xe6,
    CMD_SCALING_2 = 0xe7,
    CMD_RESOLUTION = 0xe8,
    CMD_STATUS = 0xe9,
    CMD_STREAM = 0xea,
    CMD_READ = 0xeb,
    CMD_WRAP_OFF = 0xec,
    CMD_WRAP = 0xee,
    CMD_REMOTE = 0xf0,
    CMD_READ_ID = 0xf2,
    CMD_RATE = 0xf3,
    CMD_ENABLE = 0xf4,
    CMD_DISABLE = 0xf5,
    CMD_DEFAULT = 0xf6,
    CMD_RESEND = 0xfe,
    CMD_RESET = 0xff,
};

struct ps2_mouse {
    struct device dev;
    struct clock *clock;
    struct ps2_host host; /* borrowed */

    uint8_t out[OUT_BYTES]; /* bytes on their way to the controller */
    uint8_t outs;
    uint8_t last[PACKET_BYTES]; /* what Resend repeats: packet or reply */
    uint8_t lasts;
    uint8_t command;  /* whose argument is awaited, or 0 */
    uint8_t rate;     /* samples a second */
    uint8_t rates[3]; /* the latest three set, oldest first: identification */
    uint8_t resolution;
    uint8_t id;
    bool remote, wrap, reporting, doubled, testing;
    uint8_t buttons, reported;  /* bit n: enum ps2_mouse_button; last sent */
    int32_t right, down, wheel; /* not yet sent */
    uint64_t next_ns;           /* earliest time of the next packet */
    struct clock_event sample, test;
};

static struct ps2_mouse *from_device(struct device *dev)
{
    return CONTAINER_OF(dev, struct ps2_mouse, dev);
}

static void send(struct ps2_mouse *m, const uint8_t *bytes, unsigned count)
{
    assert(count <= PACKET_BYTES && m->outs + count <= OUT_BYTES);
    memcpy(m->out + m->outs, bytes, count);
    m->outs = (uint8_t)(m->outs + count);
    memcpy(m->last, bytes, count);
    m->lasts = (uint8_t)count;
    if (m->host.ready)
        m->host.ready(m->host.controller, m->host.port);
}

static void send_byte(struct ps2_mouse *m, uint8_t byte)
{
    send(m, &byte, 1);
}

/* Takes at most [-most - 1, most] out of a counter. */
static int take(int32_t *counter, int most)
{
    int value = *counter > most ? most : *counter;

    if (value < -most - 1)
        value = -most - 1;
    *counter -= value;
    return value;
}

/* Scaling 2:1, of small movements less than twofold. */
static int scale(int value)
{
    static const uint8_t table[] = {0, 1, 1, 3, 6, 9};
    int size = value < 0 ? -value : value;

    size = size < (int)ARRAY_LEN(table) ? table[size] : 2 * size;
    if (size > 255)
        size = 255;
    return value < 0 ? -size : size;
}

static bool is_streaming(const struct ps2_mouse *m)
{
    return m->reporting && !m->remote && !m->wrap && !m->testing;
}

static uint8_t wheel_byte(struct ps2_mouse *m)
{
    unsigned wheel = (unsigned)take(&m->wheel, 7);

    if (m->id == ID_WHEEL)
        return (uint8_t)wheel;
    return (uint8_t)((wheel & 0x0f) | (m->buttons & 0x18u) << 1);
}

static void send_packet(struct ps2_mouse *m)
{
    bool doubled = m->doubled && is_streaming(m);
    int x = take(&m->right, 255), y = -take(&m->down, 255);
    uint8_t packet[PACKET_BYTES];

    if (y > 255) {
        y = 255;
        m->down--;
    }
    x = doubled ? scale(x) : x;
    y = doubled ? scale(y) : y;
    packet[0] = (uint8_t)(0x08 | (m->buttons & 7) | (x < 0 ? 0x10 : 0) |
                          (y < 0 ? 0x20 : 0));
    packet[1] = (uint8_t)x;
    packet[2] = (uint8_t)y;
    m->reported = m->buttons;
    if (m->id == ID_PLAIN) {
        m->wheel = 0;
        send(m, packet, 3);
        return;
    }
    packet[3] = wheel_byte(m);
    send(m, packet, 4);
}

static bool has_news(const struct ps2_mouse *m)
{
    return m->right || m->down || m->buttons != m->reported ||
           (m->wheel && m->id != ID_PLAIN);
}

/* In stream mode: a packet if there is news, not more often than the sample
 * rate, and not before the last one is gone. */
static void stream(struct ps2_mouse *m)
{
    uint64_t now = clock_now_ns(m->clock);

    if (!is_streaming(m) || !has_news(m) || m->outs)
        return;
    if (now < m->next_ns) {
        clock_arm(m->clock, &m->sample, m->next_ns);
        return;
    }
    m->next_ns = now + NS_PER_SEC / m->rate;
    send_packet(m);
}

static void fire_sample(void *dev)
{
    stream(dev);
}

static void add(int32_t *counter, int amount)
{
    int64_t sum = (int64_t)*counter + amount;

    if (sum > COUNTS_MAX)
        sum = COUNTS_MAX;
    if (sum < -COUNTS_MAX)
        sum = -COUNTS_MAX;
    *counter = (int32_t)sum;
}

void ps2_mouse_move(struct device *dev, int right, int down, int wheel)
{
    struct ps2_mouse *m = from_device(dev);

    if (!m->reporting && !m->remote)
        return;
    add(&m->right, right);
    add(&m->down, down);
    add(&m->wheel, wheel);
    stream(m);
}

void ps2_mouse_button(struct device *dev, enum ps2_mouse_button button,
                      bool down)
{
    struct ps2_mouse *m = from_device(dev);
    uint8_t bit = (uint8_t)(1u << button);

    assert(button <= PS2_MOUSE_EXTRA);
    if (down)
        m->buttons |= bit;
    else
        m->buttons &= (uint8_t)~bit;
    stream(m);
}

bool ps2_mouse_enabled(const struct device *dev)
{
    return is_streaming(CONTAINER_OF(dev, const struct ps2_mouse, dev));
}

static void clear_counters(struct ps2_mouse *m)
{
    m->right = m->down = m->wheel = 0;
    m->reported = m->buttons;
}

static void set_defaults(struct ps2_mouse *m)
{
    m->rate = RATE_DEFAULT;
    m->resolution = RESOLUTION_DEFAULT;
    m->remote = m->wrap = m->reporting = m->doubled = false;
    memset(m->rates, 0, sizeof(m->rates));
    m->next_ns = 0;
    clock_disarm(m->clock, &m->sample);
}

static void start_test(struct ps2_mouse *m)
{
    set_defaults(m);
    m->id = ID_PLAIN;
    m->testing = true;
    clock_arm(m->clock, &m->test, clock_now_ns(m->clock) + SELF_TEST_NS);
}

static void end_test(void *dev)
{
    static const uint8_t passed[] = {SELF_TEST_PASSED, ID_PLAIN};
    struct ps2_mouse *m = dev;

    m->testing = false;
    m->outs = 0;
    send(m, passed, 2);
}

/* Three sample rates in a row are the knock at which the wheel, and then the
 * fourth and fifth button, come out. */
static void note_rate(struct ps2_mouse *m, uint8_t rate)
{
    static const uint8_t wheel[] = {200, 100, 80}, five[] = {200, 200, 80};

    m->rate = rate;
    memmove(m->rates, m->rates + 1, 2);
    m->rates[2] = rate;
    if (memcmp(m->rates, wheel, 3) == 0 && m->id == ID_PLAIN)
        m->id = ID_WHEEL;
    else if (memcmp(m->rates, five, 3) == 0 && m->id == ID_WHEEL)
        m->id = ID_FIVE_BUTTONS;
}

static void take_argument(struct ps2_mouse *m, uint8_t byte)
{
    static const uint8_t valid[] = {10, 20, 40, 60, 80, 100, 200};
    bool ok;

    if (m->command == CMD_RATE) {
        ok = memchr(valid, byte, sizeof(valid));
        if (ok)
            note_rate(m, byte);
    } else {
        ok = byte <= 3;
        if (ok)
            m->resolution = byte;
    }
    if (ok)
        m->command = 0; /* else the argument is awaited again */
    send_byte(m, ok ? ACK : RESEND);
}

static void send_status(struct ps2_mouse *m)
{
    uint8_t status[3];

    status[0] = (uint8_t)((m->remote ? 0x40 : 0) | (m->reporting ? 0x20 : 0) |
                          (m->doubled ? 0x10 : 0) |
                          (m->buttons & 1u << PS2_MOUSE_LEFT ? 4 : 0) |
                          (m->buttons & 1u << PS2_MOUSE_MIDDLE ? 2 : 0) |
                          (m->buttons & 1u << PS2_MOUSE_RIGHT ? 1 : 0));
    status[1] = m->resolution;
    status[2] = m->rate;
    send(m, status, 3);
}

/* What a command does before it is acknowledged. False if there is no such
 * command. */
static bool change_mode(struct ps2_mouse *m, uint8_t byte)
{
    switch (byte) {
    case CMD_SCALING_1: m->doubled = false; return true;
    case CMD_SCALING_2: m->doubled = true; return true;
    case CMD_STREAM: m->remote = false; return true;
    case CMD_REMOTE: m->remote = true; return true;
    case CMD_WRAP: m->wrap = true; return true;
    case CMD_WRAP_OFF: m->wrap = false; return true;
    case CMD_ENABLE: m->reporting = true; return true;
    case CMD_DISABLE: m->reporting = false; return true;
    case CMD_DEFAULT: set_defaults(m); return true;
    case CMD_RESET: start_test(m); return true;
    case CMD_RESOLUTION:
    case CMD_RATE: m->command = byte; return true;
    case CMD_STATUS:
    case CMD_READ:
    case CMD_READ_ID: return true;
    default: return false;
    }
}

static void do_command(struct ps2_mouse *m, uint8_t byte)
{
    if (!change_mode(m, byte)) {
        send_byte(m, RESEND);
        return;
    }
    send_byte(m, ACK);
    if (byte == CMD_READ) {
        send_packet(m);
        return;
    }
    if (byte == CMD_STATUS)
        send_status(m);
    if (byte == CMD_READ_ID)
        send_byte(m, m->id);
    clear_counters(m);
}

/* A byte from the host ends whatever was being sent. */
static void receive(void *device, uint8_t byte)
{
    struct ps2_mouse *m = device;
    uint8_t last[PACKET_BYTES];

    m->outs = 0;
    if (m->wrap && byte != CMD_RESET && byte != CMD_WRAP_OFF) {
        send_byte(m, byte);
        return;
    }
    if (byte == CMD_RESEND) {
        memcpy(last, m->last, sizeof(last));
        send(m, last, m->lasts);
        return;
    }
    if (m->command && byte < CMD_SCALING_1) {
        take_argument(m, byte);
        return;
    }
    m->command = 0;
    do_command(m, byte);
}

static bool transmit(void *device, uint8_t *byte)
{
    struct ps2_mouse *m = device;

    if (!m->outs)
        return false;
    *byte = m->out[0];
    memmove(m->out, m->out + 1, --m->outs);
    stream(m);
    return true;
}

static void attach(void *device, const struct ps2_host *host)
{
    struct ps2_mouse *m = device;

    m->host = *host;
}

struct ps2_plug ps2_mouse_plug(struct device *dev)
{
    return (struct ps2_plug){attach, receive, transmit, from_device(dev)};
}

/* differs: as with the keyboard, the self-test of power-on is over. */
static void mouse_reset(struct device *dev)
{
    struct ps2_mouse *m = from_device(dev);

    set_defaults(m);
    clear_counters(m);
    m->id = ID_PLAIN;
    m->outs = m->lasts = m->command = 0;
    m->testing = false;
    clock_disarm(m->clock, &m->test);
}

static int32_t limit(int32_t counter)
{
    if (counter > COUNTS_MAX)
        return COUNTS_MAX;
    return counter < -COUNTS_MAX ? -COUNTS_MAX : counter;
}

static void mouse_loaded(struct device *dev)
{
    struct ps2_mouse *m = from_device(dev);

    if (m->outs > OUT_BYTES)
        m->outs = 0;
    if (m->lasts > PACKET_BYTES)
        m->lasts = 0;
    if (!m->rate)
        m->rate = RATE_DEFAULT;
    m->right = limit(m->right);
    m->down = limit(m->down);
    m->wheel = limit(m->wheel);
    clock_relink(m->clock, &m->sample);
    clock_relink(m->clock, &m->test);
}

static void mouse_destroy(struct device *dev)
{
    struct ps2_mouse *m = from_device(dev);

    clock_disarm(m->clock, &m->sample);
    clock_disarm(m->clock, &m->test);
    free(m);
}

static const struct state_field mouse_state[] = {
    STATE_ARRAY(struct ps2_mouse, out),
    STATE_FIELD(struct ps2_mouse, outs),
    STATE_ARRAY(struct ps2_mouse, last),
    STATE_FIELD(struct ps2_mouse, lasts),
    STATE_FIELD(struct ps2_mouse, command),
    STATE_FIELD(struct ps2_mouse, rate),
    STATE_ARRAY(struct ps2_mouse, rates),
    STATE_FIELD(struct ps2_mouse, resolution),
    STATE_FIELD(struct ps2_mouse, id),
    STATE_FIELD(struct ps2_mouse, remote),
    STATE_FIELD(struct ps2_mouse, wrap),
    STATE_FIELD(struct ps2_mouse, reporting),
    STATE_FIELD(struct ps2_mouse, doubled),
    STATE_FIELD(struct ps2_mouse, testing),
    STATE_FIELD(struct ps2_mouse, buttons),
    STATE_FIELD(struct ps2_mouse, reported),
    STATE_FIELD(struct ps2_mouse, right),
    STATE_FIELD(struct ps2_mouse, down),
    STATE_FIELD(struct ps2_mouse, wheel),
    STATE_FIELD(struct ps2_mouse, next_ns),
    STATE_TABLE(struct ps2_mouse, sample, clock_event_state),
    STATE_TABLE(struct ps2_mouse, test, clock_event_state),
    STATE_END,
};

static const struct device_class mouse_class = {
    .name = "ps2_mouse",
    .reset = mouse_reset,
    .destroy = mouse_destroy,
    .state = mouse_state,
    .loaded = mouse_loaded,
};

enum status ps2_mouse_create(const struct ps2_mouse_config *config,
                             struct device **out)
{
    struct ps2_mouse *m = calloc(1, sizeof(*m));

    *out = NULL;
    if (!m)
        return STATUS_NO_MEMORY;
    m->dev = (struct device){&mouse_class, config->name};
    m->clock = config->clock;
    clock_event_init(&m->sample, fire_sample, m);
    clock_event_init(&m->test, end_test, m);
    mouse_reset(&m->dev);
    *out = &m->dev;
    return STATUS_OK;
}
