#include "devices/i8042.h"

#include <stdlib.h>
#include <string.h>

#define PORT_DATA    0x60
#define PORT_COMMAND 0x64

#define STATUS_OBF      0x01
#define STATUS_SYS      0x04
#define STATUS_COMMAND  0x08 /* the last write went to port 64 */
#define STATUS_UNLOCKED 0x10
#define STATUS_AUX_OBF  0x20
#define STATUS_TIMEOUT  0x40

#define MODE_IRQ_KBD 0x01 /* the command byte, RAM byte 0 */
#define MODE_IRQ_AUX 0x02
#define MODE_SYS     0x04
#define MODE_NO_KBD  0x10
#define MODE_NO_AUX  0x20
#define MODE_XLATE   0x40

#define P1_UNLOCKED 0x80
#define P1_MONO     0x40
#define P1_JUMPER   0x20 /* not in the factory */
#define P1_RAM      0x10

#define P2_RUN     0x01 /* low resets the CPU */
#define P2_A20     0x02
#define P2_OBF     0x10
#define P2_AUX_OBF 0x20
#define P2_START   0xcf

#define RAM_BYTES   32
#define REPLY_BYTES 24 /* the longest is the diagnostic dump */

/* Times until the next byte stands in the output buffer, from the read of the
 * byte before or, if there was none, from when it is ready. A scan code takes
 * what the 11 bits of a slow keyboard need, so that an interrupt handler can
 * read a byte twice; replies take less, as programs wait for them in loops
 * that count. */
#define CODE_NS   1000000u
#define ANSWER_NS 250000u
#define REPLY_NS  20000u

enum {
    CMD_READ_RAM = 0x20,
    CMD_WRITE_RAM = 0x60,
    CMD_TEST_PASSWORD = 0xa4,
    CMD_LOAD_PASSWORD = 0xa5,
    CMD_USE_PASSWORD = 0xa6,
    CMD_DISABLE_AUX = 0xa7,
    CMD_ENABLE_AUX = 0xa8,
    CMD_TEST_AUX = 0xa9,
    CMD_SELF_TEST = 0xaa,
    CMD_TEST_KBD = 0xab,
    CMD_DUMP = 0xac,
    CMD_DISABLE_KBD = 0xad,
    CMD_ENABLE_KBD = 0xae,
    CMD_READ_P1 = 0xc0,
    CMD_POLL_LOW = 0xc1,
    CMD_POLL_HIGH = 0xc2,
    CMD_READ_P2 = 0xd0,
    CMD_WRITE_P2 = 0xd1,
    CMD_WRITE_KBD_BUFFER = 0xd2,
    CMD_WRITE_AUX_BUFFER = 0xd3,
    CMD_WRITE_AUX = 0xd4,
    CMD_A20_OFF = 0xdd,
    CMD_A20_ON = 0xdf,
    CMD_READ_TEST = 0xe0,
    CMD_PULSE = 0xf0,
};

enum {
    KBD,
    AUX,
    PORTS
};

struct i8042 {
    struct device dev;
    struct clock *clock;
    struct irq_line irqs[PORTS], a20, reset;
    struct ps2_plug plugs[PORTS]; /* borrowed */
    struct log *log;
    uint8_t p1; /* input port; fixed */
    bool told;  /* a strange command was logged; rebuilt on load */

    uint8_t ram[RAM_BYTES];       /* 0: command byte */
    uint8_t p2;                   /* output port, bits 0-3 and 6-7 */
    uint8_t data, status;         /* output buffer; status without P1 bits */
    uint8_t command;              /* whose data byte is awaited, or 0 */
    uint8_t poll;                 /* CMD_POLL_* while it lasts */
    uint8_t replies[REPLY_BYTES]; /* the controller's own bytes */
    uint8_t reply_first, reply_count;
    bool reply_aux;        /* they look like the mouse's */
    uint8_t answer[PORTS]; /* bool: a byte was sent, its answer is awaited */
    uint8_t ready[PORTS];  /* bool: the device has a byte */
    uint8_t last;          /* port that the last device byte came from */
    bool break_code;       /* translation: F0 came */
    struct clock_event arrive;
};

/* Scan set 2 to 1, codes below 80; from 80 up only 83 and 84 change. */
/* clang-format off */
static const uint8_t translation[0x80] = {
    0xff, 0x43, 0x41, 0x3f, 0x3d, 0x3b, 0x3c, 0x58,
    0x64, 0x44, 0x42, 0x40, 0x3e, 0x0f, 0x29, 0x59,
    0x65, 0x38, 0x2a, 0x70, 0x1d, 0x10, 0x02, 0x5a,
    0x66, 0x71, 0x2c, 0x1f, 0x1e, 0x11, 0x03, 0x5b,
    0x67, 0x2e, 0x2d, 0x20, 0x12, 0x05, 0x04, 0x5c,
    0x68, 0x39, 0x2f, 0x21, 0x14, 0x13, 0x06, 0x5d,
    0x69, 0x31, 0x30, 0x23, 0x22, 0x15, 0x07, 0x5e,
    0x6a, 0x72, 0x32, 0x24, 0x16, 0x08, 0x09, 0x5f,
    0x6b, 0x33, 0x25, 0x17, 0x18, 0x0b, 0x0a, 0x60,
    0x6c, 0x34, 0x35, 0x26, 0x27, 0x19, 0x0c, 0x61,
    0x6d, 0x73, 0x28, 0x74, 0x1a, 0x0d, 0x62, 0x6e,
    0x3a, 0x36, 0x1c, 0x1b, 0x75, 0x2b, 0x63, 0x76,
    0x55, 0x56, 0x77, 0x78, 0x79, 0x7a, 0x0e, 0x7b,
    0x7c, 0x4f, 0x7d, 0x4b, 0x47, 0x7e, 0x7f, 0x6f,
    0x52, 0x53, 0x50, 0x4c, 0x4d, 0x48, 0x01, 0x45,
    0x57, 0x4e, 0x51, 0x4a, 0x37, 0x49, 0x46, 0x54,
};
/* clang-format on */

static struct i8042 *from_device(struct device *dev)
{
    return CONTAINER_OF(dev, struct i8042, dev);
}

static void update_irqs(struct i8042 *c)
{
    bool full = c->status & STATUS_OBF, aux = c->status & STATUS_AUX_OBF;

    irq_set(&c->irqs[KBD], full && !aux && (c->ram[0] & MODE_IRQ_KBD));
    irq_set(&c->irqs[AUX], full && aux && (c->ram[0] & MODE_IRQ_AUX));
}

static void fill_buffer(struct i8042 *c, uint8_t byte, bool aux)
{
    c->data = byte;
    c->status |= STATUS_OBF;
    c->status &= (uint8_t)~STATUS_AUX_OBF;
    if (aux)
        c->status |= STATUS_AUX_OBF;
    update_irqs(c);
}

static bool is_enabled(const struct i8042 *c, unsigned port)
{
    return !(c->ram[0] & (port == KBD ? MODE_NO_KBD : MODE_NO_AUX));
}

/* How long the next byte of a device takes, or CLOCK_NEVER. */
static uint64_t transfer_ns(const struct i8042 *c, unsigned port)
{
    if (!c->ready[port] || !is_enabled(c, port))
        return CLOCK_NEVER;
    if (c->answer[port] || (port == KBD && c->break_code))
        return ANSWER_NS;
    return CODE_NS;
}

/* Starts the transfer of the next byte, if one waits, its clock line is free
 * and the output buffer is too. One that runs already goes on. */
static void schedule(struct i8042 *c)
{
    uint64_t delay = REPLY_NS, kbd = transfer_ns(c, KBD);
    uint64_t aux = transfer_ns(c, AUX);

    if ((c->status & STATUS_OBF) || c->arrive.armed)
        return;
    if (!c->reply_count)
        delay = kbd < aux ? kbd : aux;
    if (delay != CLOCK_NEVER)
        clock_arm(c->clock, &c->arrive, clock_now_ns(c->clock) + delay);
}

/* The controller's own byte: at once if the buffer is free. */
static void reply(struct i8042 *c, uint8_t byte, bool aux)
{
    c->reply_aux = aux;
    if (!(c->status & STATUS_OBF) && !c->reply_count) {
        fill_buffer(c, byte, aux);
        return;
    }
    if (c->reply_count == REPLY_BYTES)
        return;
    c->replies[(c->reply_first + c->reply_count++) % REPLY_BYTES] = byte;
    schedule(c);
}

/* False if the byte was the prefix of a break code: nothing to show yet. */
static bool translate(struct i8042 *c, uint8_t *byte)
{
    uint8_t code = *byte;

    if (!(c->ram[0] & MODE_XLATE))
        return true;
    if (code == 0xf0) {
        c->break_code = true;
        return false;
    }
    if (code < 0x80)
        code = translation[code];
    else if (code == 0x83)
        code = 0x41;
    else if (code == 0x84)
        code = 0x54;
    *byte = c->break_code ? code | 0x80 : code;
    c->break_code = false;
    return true;
}

/* Takes a byte from a device, if it has one. */
static bool take_byte(struct i8042 *c, unsigned port)
{
    uint8_t byte;

    if (!c->ready[port] || !is_enabled(c, port))
        return false;
    if (!c->plugs[port].transmit(c->plugs[port].device, &byte)) {
        c->ready[port] = false;
        return false;
    }
    c->answer[port] = false;
    c->last = (uint8_t)port;
    if (port == AUX || translate(c, &byte))
        fill_buffer(c, byte, port == AUX);
    return true;
}

static void fire_arrive(void *dev)
{
    struct i8042 *c = dev;

    if (c->status & STATUS_OBF)
        return;
    if (c->reply_count) {
        uint8_t byte = c->replies[c->reply_first];

        c->reply_first = (uint8_t)((c->reply_first + 1u) % REPLY_BYTES);
        c->reply_count--;
        fill_buffer(c, byte, c->reply_aux);
        return;
    }
    if (!take_byte(c, !c->last)) /* turn by turn */
        take_byte(c, c->last);
    schedule(c);
}

static void device_ready(void *controller, unsigned port)
{
    struct i8042 *c = controller;

    c->ready[port] = true;
    schedule(c);
}

/* Sending to a device opens its clock line. What answers if nothing is plugged
 * in is the controller: Resend, and a time-out. */
static void send(struct i8042 *c, unsigned port, uint8_t byte)
{
    c->ram[0] &= (uint8_t) ~(port == KBD ? MODE_NO_KBD : MODE_NO_AUX);
    if (!c->plugs[port].device) {
        c->status |= STATUS_TIMEOUT;
        reply(c, 0xfe, port == AUX);
        return;
    }
    c->answer[port] = true;
    if (port == KBD)
        c->break_code = false;
    if (!c->reply_count)
        clock_disarm(c->clock, &c->arrive);
    c->plugs[port].receive(c->plugs[port].device, byte);
    schedule(c);
}

static void pulse_reset(struct i8042 *c)
{
    irq_set(&c->reset, true);
    irq_set(&c->reset, false);
}

static void write_p2(struct i8042 *c, uint8_t byte)
{
    c->p2 = byte;
    irq_set(&c->a20, byte & P2_A20);
    if (!(byte & P2_RUN)) {
        c->p2 |= P2_RUN; /* differs: a reset held low is a pulse */
        pulse_reset(c);
    }
}

static uint8_t read_p2(const struct i8042 *c)
{
    uint8_t byte = c->p2 & (uint8_t) ~(P2_OBF | P2_AUX_OBF);
    bool full = c->status & STATUS_OBF, aux = c->status & STATUS_AUX_OBF;

    if (full && !aux && (c->ram[0] & MODE_IRQ_KBD))
        byte |= P2_OBF;
    if (full && aux && (c->ram[0] & MODE_IRQ_AUX))
        byte |= P2_AUX_OBF;
    return byte;
}

static void set_mode(struct i8042 *c, uint8_t mode)
{
    c->ram[0] = mode;
    c->status &= (uint8_t)~STATUS_SYS;
    if (mode & MODE_SYS)
        c->status |= STATUS_SYS;
    update_irqs(c);
    schedule(c);
}

/* RAM, input port, output port, test inputs, program status word. */
static void dump(struct i8042 *c)
{
    for (unsigned i = 0; i < 16; i++)
        reply(c, c->ram[i], false);
    reply(c, c->p1, false);
    reply(c, read_p2(c), false);
    reply(c, (uint8_t)(is_enabled(c, KBD) | is_enabled(c, AUX) << 1), false);
    reply(c, c->status, false);
}

static void write_ram(struct i8042 *c, unsigned index, uint8_t byte)
{
    c->ram[index] = byte;
    if (index == 0)
        set_mode(c, byte);
}

/* The data byte that a command asked for. */
static void take_data(struct i8042 *c, uint8_t byte)
{
    uint8_t command = c->command;

    c->command = 0;
    if ((command & 0xe0) == CMD_WRITE_RAM) {
        write_ram(c, command & (RAM_BYTES - 1), byte);
        return;
    }
    switch (command) {
    case CMD_LOAD_PASSWORD: /* up to a zero; kept nowhere */
        c->command = byte ? CMD_LOAD_PASSWORD : 0;
        break;
    case CMD_WRITE_P2: write_p2(c, byte); break;
    case CMD_WRITE_KBD_BUFFER: reply(c, byte, false); break;
    case CMD_WRITE_AUX_BUFFER: reply(c, byte, true); break;
    case CMD_WRITE_AUX: send(c, AUX, byte); break;
    default: send(c, KBD, byte); break;
    }
}

/* Commands that have an answer; false if this is none of them. */
static bool answer_command(struct i8042 *c, uint8_t command)
{
    if ((command & 0xe0) == CMD_READ_RAM) {
        reply(c, c->ram[command & (RAM_BYTES - 1)], false);
        return true;
    }
    switch (command) {
    case CMD_TEST_PASSWORD: reply(c, 0xf1, false); return true;
    case CMD_TEST_AUX:
    case CMD_TEST_KBD: reply(c, 0x00, false); return true;
    case CMD_SELF_TEST:
        c->status |= STATUS_SYS;
        c->ram[0] |= MODE_SYS;
        reply(c, 0x55, false);
        return true;
    case CMD_DUMP: dump(c); return true;
    case CMD_READ_P1: reply(c, c->p1, false); return true;
    case CMD_READ_P2: reply(c, read_p2(c), false); return true;
    case CMD_READ_TEST:
        reply(c, (uint8_t)(is_enabled(c, KBD) | is_enabled(c, AUX) << 1),
              false);
        return true;
    default: return false;
    }
}

static void do_command(struct i8042 *c, uint8_t command)
{
    uint8_t mode = c->ram[0];

    if (answer_command(c, command))
        return;
    switch (command) {
    case CMD_DISABLE_AUX: set_mode(c, mode | MODE_NO_AUX); break;
    case CMD_ENABLE_AUX: set_mode(c, mode & (uint8_t)~MODE_NO_AUX); break;
    case CMD_DISABLE_KBD: set_mode(c, mode | MODE_NO_KBD); break;
    case CMD_ENABLE_KBD: set_mode(c, mode & (uint8_t)~MODE_NO_KBD); break;
    case CMD_POLL_LOW:
    case CMD_POLL_HIGH: c->poll = command; break;
    case CMD_LOAD_PASSWORD:
    case CMD_WRITE_P2:
    case CMD_WRITE_KBD_BUFFER:
    case CMD_WRITE_AUX_BUFFER:
    case CMD_WRITE_AUX: c->command = command; break;
    case CMD_A20_OFF: write_p2(c, c->p2 & (uint8_t)~P2_A20); break;
    case CMD_A20_ON: write_p2(c, c->p2 | P2_A20); break;
    case CMD_USE_PASSWORD: break; /* there is none */
    default:
        LOG_ONCE(c->told, c->log, LOG_GUEST, c->dev.name,
                 "unknown controller command %02x", command);
        break;
    }
}

static void write_command(struct i8042 *c, uint8_t byte)
{
    c->status |= STATUS_COMMAND;
    c->command = c->poll = 0;
    if ((byte & 0xe0) == CMD_WRITE_RAM) {
        c->command = byte;
        return;
    }
    if ((byte & 0xf0) != CMD_PULSE)
        do_command(c, byte);
    else if (!(byte & P2_RUN))
        pulse_reset(c); /* a pulse on A20 is too short to matter */
}

static uint8_t read_data(struct i8042 *c)
{
    c->status &= (uint8_t) ~(STATUS_OBF | STATUS_AUX_OBF | STATUS_TIMEOUT);
    update_irqs(c);
    schedule(c);
    return c->data;
}

static uint8_t read_status(const struct i8042 *c)
{
    uint8_t status = c->status | STATUS_UNLOCKED;

    if (c->poll)
        status =
            (uint8_t)((status & 0x0f) |
                      (c->poll == CMD_POLL_LOW ? c->p1 << 4 : (c->p1 & 0xf0)));
    return status;
}

static uint32_t data_read(void *dev, paddr offset, unsigned size)
{
    (void)offset;
    (void)size;
    return read_data(dev);
}

static void data_write(void *dev, paddr offset, uint32_t value, unsigned size)
{
    struct i8042 *c = dev;

    (void)offset;
    (void)size;
    c->status &= (uint8_t)~STATUS_COMMAND;
    c->poll = 0;
    take_data(c, (uint8_t)value);
}

static uint32_t status_read(void *dev, paddr offset, unsigned size)
{
    (void)offset;
    (void)size;
    return read_status(dev);
}

static void command_write(void *dev, paddr offset, uint32_t value,
                          unsigned size)
{
    (void)offset;
    (void)size;
    write_command(dev, (uint8_t)value);
}

static const struct bus_ops data_ops = {data_read, data_write, 1};
static const struct bus_ops command_ops = {status_read, command_write, 1};

/* After power-on both clock lines are held, A20 is open. */
static void i8042_reset(struct device *dev)
{
    struct i8042 *c = from_device(dev);

    memset(c->ram, 0, sizeof(c->ram));
    c->ram[0] = MODE_NO_KBD | MODE_NO_AUX | MODE_XLATE;
    c->status = c->data = c->command = c->poll = c->last = 0;
    c->reply_first = c->reply_count = 0;
    c->break_code = false;
    memset(c->answer, 0, sizeof(c->answer));
    memset(c->ready, 0, sizeof(c->ready));
    clock_disarm(c->clock, &c->arrive);
    c->p2 = P2_START;
    irq_set(&c->a20, true);
    update_irqs(c);
}

static void i8042_loaded(struct device *dev)
{
    struct i8042 *c = from_device(dev);

    c->reply_first %= REPLY_BYTES;
    if (c->reply_count > REPLY_BYTES)
        c->reply_count = REPLY_BYTES;
    c->last &= 1;
    for (unsigned port = 0; port < PORTS; port++) {
        if (!c->plugs[port].device)
            c->ready[port] = false;
    }
    clock_relink(c->clock, &c->arrive);
}

static void i8042_destroy(struct device *dev)
{
    struct i8042 *c = from_device(dev);

    clock_disarm(c->clock, &c->arrive);
    free(c);
}

static const struct state_field i8042_state[] = {
    STATE_ARRAY(struct i8042, ram),
    STATE_FIELD(struct i8042, p2),
    STATE_FIELD(struct i8042, data),
    STATE_FIELD(struct i8042, status),
    STATE_FIELD(struct i8042, command),
    STATE_FIELD(struct i8042, poll),
    STATE_ARRAY(struct i8042, replies),
    STATE_FIELD(struct i8042, reply_first),
    STATE_FIELD(struct i8042, reply_count),
    STATE_FIELD(struct i8042, reply_aux),
    STATE_ARRAY(struct i8042, answer),
    STATE_ARRAY(struct i8042, ready),
    STATE_FIELD(struct i8042, last),
    STATE_FIELD(struct i8042, break_code),
    STATE_TABLE(struct i8042, arrive, clock_event_state),
    STATE_END,
};

static const struct device_class i8042_class = {
    .name = "i8042",
    .reset = i8042_reset,
    .destroy = i8042_destroy,
    .state = i8042_state,
    .loaded = i8042_loaded,
};

static void plug_in(struct i8042 *c, unsigned port, const struct ps2_plug *plug)
{
    const struct ps2_host host = {device_ready, c, port};

    c->plugs[port] = *plug;
    if (plug->device)
        plug->attach(plug->device, &host);
}

static enum status map_ports(struct i8042 *c, struct bus *ports)
{
    TRY(bus_map(ports, PORT_DATA, 1, &data_ops, c));
    return bus_map(ports, PORT_COMMAND, 1, &command_ops, c);
}

enum status i8042_create(const struct i8042_config *config, struct device **out)
{
    struct i8042 *c = calloc(1, sizeof(*c));
    enum status status;

    *out = NULL;
    if (!c)
        return STATUS_NO_MEMORY;
    c->dev = (struct device){&i8042_class, config->name};
    c->clock = config->clock;
    c->irqs[KBD] = config->irq_kbd;
    c->irqs[AUX] = config->irq_aux;
    c->a20 = config->a20;
    c->reset = config->reset;
    c->log = config->log;
    c->p1 = P1_UNLOCKED | P1_JUMPER | P1_RAM | (config->mono ? P1_MONO : 0);
    clock_event_init(&c->arrive, fire_arrive, c);
    status = map_ports(c, config->ports);
    if (status != STATUS_OK) {
        bus_unmap(config->ports, PORT_DATA, c);
        free(c);
        return status;
    }
    plug_in(c, KBD, &config->keyboard);
    plug_in(c, AUX, &config->mouse);
    i8042_reset(&c->dev);
    *out = &c->dev;
    return STATUS_OK;
}
