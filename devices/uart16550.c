#include "devices/uart16550.h"

#include <stdlib.h>

#define UART_PORTS    8
#define FIFO_BYTES    16
#define CLOCK_HZ      1843200u
#define TIMEOUT_CHARS 4

/* Registers, by port offset (datasheet table II). */
enum {
    UART_RBR = 0, /* read: receiver buffer; write: transmitter holding */
    UART_IER = 1,
    UART_IIR = 2, /* write: FCR */
    UART_LCR = 3,
    UART_MCR = 4,
    UART_LSR = 5,
    UART_MSR = 6,
    UART_SCR = 7,
};

#define IER_DATA       0x01
#define IER_THRE       0x02
#define IER_LINE       0x04
#define IER_MODEM      0x08
#define IIR_NONE       0x01
#define IIR_MODEM      0x00
#define IIR_THRE       0x02
#define IIR_DATA       0x04
#define IIR_LINE       0x06
#define IIR_TIMEOUT    0x0c
#define IIR_FIFO       0xc0
#define FCR_ENABLE     0x01
#define FCR_RX_CLEAR   0x02
#define FCR_TX_CLEAR   0x04
#define LCR_STOP       0x04
#define LCR_PARITY     0x08
#define LCR_BREAK      0x40
#define LCR_DLAB       0x80
#define MCR_DTR        0x01
#define MCR_RTS        0x02
#define MCR_OUT1       0x04
#define MCR_OUT2       0x08 /* lets the interrupt reach the bus */
#define MCR_LOOP       0x10
#define MCR_MASK       0x1f
#define LSR_DATA       0x01
#define LSR_OVERRUN    0x02
#define LSR_ERRORS     0x1c /* of a character: parity, framing, break */
#define LSR_LINE       0x1e /* what IER_LINE reports */
#define LSR_THRE       0x20
#define LSR_TEMT       0x40
#define LSR_FIFO_ERROR 0x80
#define MSR_LINES      0xf0
#define MSR_DRI        0x04 /* trailing edge of ring: only its end counts */

struct character {
    uint8_t byte, errors;
};

static const struct state_field character_state[] = {
    STATE_FIELD(struct character, byte),
    STATE_FIELD(struct character, errors),
    STATE_END,
};

struct uart16550 {
    struct device dev;
    struct bus *ports;
    struct clock *clock;
    paddr base;
    struct irq_line irq;
    struct host_char *host;

    struct clock_event tx_done;  /* the shift register is empty */
    struct clock_event rx_done;  /* the next byte of the queue is in */
    struct clock_event rx_quiet; /* four character times without a read */
    uint16_t divisor;
    uint8_t ier, fcr, lcr, mcr, lsr, msr, scr;
    uint8_t lines; /* CTS, DSR, RI, DCD from outside */
    bool thre_pending, timeout;
    bool shifting; /* the shift register sends */
    uint8_t shift;
    struct character rx[FIFO_BYTES];
    uint8_t tx[FIFO_BYTES];
    uint8_t rx_at, rx_count, tx_at, tx_count;
    uint8_t queue[UART16550_QUEUE_BYTES]; /* bytes from outside, waiting */
    uint16_t queue_at, queue_count;
};

static struct uart16550 *from_device(struct device *dev)
{
    return CONTAINER_OF(dev, struct uart16550, dev);
}

static const struct uart16550 *from_const(const struct device *dev)
{
    return (const struct uart16550 *)((const char *)dev -
                                      offsetof(struct uart16550, dev));
}

static bool fifo_on(const struct uart16550 *u)
{
    return u->fcr & FCR_ENABLE;
}

static unsigned depth(const struct uart16550 *u)
{
    return fifo_on(u) ? FIFO_BYTES : 1;
}

static unsigned trigger(const struct uart16550 *u)
{
    static const uint8_t levels[] = {1, 4, 8, 14};

    return fifo_on(u) ? levels[u->fcr >> 6] : 1;
}

/* Duration of a character: start, data, parity and stop bits. A divisor of 0
 * counts as 65536. */
static uint64_t character_ns(const struct uart16550 *u)
{
    uint64_t half_bits = 2 * (1 + 5 + (u->lcr & 3u)) + 2;
    uint64_t divisor = u->divisor ? u->divisor : 0x10000;

    if (u->lcr & LCR_PARITY)
        half_bits += 2;
    if (u->lcr & LCR_STOP)
        half_bits += (u->lcr & 3) ? 2 : 1;
    return half_bits * 16 * divisor * NS_PER_SEC / (2 * CLOCK_HZ);
}

/* Interrupts. */

static uint8_t pending(const struct uart16550 *u)
{
    if ((u->ier & IER_LINE) && (u->lsr & LSR_LINE))
        return IIR_LINE;
    if ((u->ier & IER_DATA) && u->rx_count >= trigger(u))
        return IIR_DATA;
    if ((u->ier & IER_DATA) && u->timeout)
        return IIR_TIMEOUT;
    if ((u->ier & IER_THRE) && u->thre_pending)
        return IIR_THRE;
    if ((u->ier & IER_MODEM) && (u->msr & ~MSR_LINES & 0xff))
        return IIR_MODEM;
    return IIR_NONE;
}

static void update_irq(struct uart16550 *u)
{
    irq_set(&u->irq, pending(u) != IIR_NONE && (u->mcr & MCR_OUT2) &&
                         !(u->mcr & MCR_LOOP));
}

/* Receiving. */

static bool any_error(const struct uart16550 *u)
{
    for (unsigned i = 0; i < u->rx_count; i++) {
        if (u->rx[(u->rx_at + i) % FIFO_BYTES].errors)
            return true;
    }
    return false;
}

/* LSR shows the character that would be read next. */
static void show_head(struct uart16550 *u)
{
    u->lsr &= (uint8_t) ~(LSR_DATA | LSR_FIFO_ERROR);
    if (u->rx_count)
        u->lsr |= LSR_DATA | u->rx[u->rx_at % FIFO_BYTES].errors;
    if (fifo_on(u) && any_error(u))
        u->lsr |= LSR_FIFO_ERROR;
}

static void watch_quiet(struct uart16550 *u)
{
    u->timeout = false;
    if (fifo_on(u) && u->rx_count)
        clock_arm(u->clock, &u->rx_quiet,
                  clock_now_ns(u->clock) + TIMEOUT_CHARS * character_ns(u));
    else
        clock_disarm(u->clock, &u->rx_quiet);
}

static void on_quiet(void *dev)
{
    struct uart16550 *u = dev;

    u->timeout = u->rx_count != 0;
    update_irq(u);
}

/* A character is complete in the receiver's shift register. */
static void take_character(struct uart16550 *u, uint8_t byte, uint8_t errors)
{
    static const uint8_t data_mask[] = {0x1f, 0x3f, 0x7f, 0xff};
    struct character c = {byte & data_mask[u->lcr & 3], errors & LSR_ERRORS};

    if (u->rx_count >= depth(u)) {
        u->lsr |= LSR_OVERRUN;
        if (!fifo_on(u)) /* the new one overwrites the one not read */
            u->rx[u->rx_at % FIFO_BYTES] = c;
    } else {
        u->rx[(u->rx_at + u->rx_count) % FIFO_BYTES] = c;
        u->rx_count++;
    }
    show_head(u);
    watch_quiet(u);
    update_irq(u);
}

static void start_receiving(struct uart16550 *u)
{
    if (u->queue_count && !u->rx_done.armed)
        clock_arm(u->clock, &u->rx_done,
                  clock_now_ns(u->clock) + character_ns(u));
}

/* A byte of the queue waits while the FIFO is full: whoever sends from outside
 * is as patient as a peer with flow control. */
static void on_rx_done(void *dev)
{
    struct uart16550 *u = dev;

    if (u->queue_count && u->rx_count < depth(u) && !(u->mcr & MCR_LOOP)) {
        uint8_t byte = u->queue[u->queue_at];

        u->queue_at = (uint16_t)((u->queue_at + 1) % UART16550_QUEUE_BYTES);
        u->queue_count--;
        take_character(u, byte, 0);
    }
    start_receiving(u);
}

static uint8_t read_data(struct uart16550 *u)
{
    uint8_t byte = u->rx[u->rx_at % FIFO_BYTES].byte;

    if (u->rx_count) {
        u->rx_at = (uint8_t)((u->rx_at + 1) % FIFO_BYTES);
        u->rx_count--;
        show_head(u);
        watch_quiet(u);
        update_irq(u);
    }
    return byte;
}

/* Sending. */

static void start_sending(struct uart16550 *u)
{
    if (u->shifting || !u->tx_count)
        return;
    u->shift = u->tx[u->tx_at % FIFO_BYTES];
    u->tx_at = (uint8_t)((u->tx_at + 1) % FIFO_BYTES);
    u->tx_count--;
    u->shifting = true;
    clock_arm(u->clock, &u->tx_done, clock_now_ns(u->clock) + character_ns(u));
    u->lsr &= (uint8_t)~LSR_TEMT;
    if (!u->tx_count) {
        u->lsr |= LSR_THRE;
        u->thre_pending = true;
    }
}

static void on_tx_done(void *dev)
{
    struct uart16550 *u = dev;

    u->shifting = false;
    if (u->mcr & MCR_LOOP)
        take_character(u, u->shift, 0);
    else if (u->host)
        u->host->put(u->host, u->shift);
    start_sending(u);
    if (!u->shifting)
        u->lsr |= LSR_TEMT;
    update_irq(u);
}

static void write_data(struct uart16550 *u, uint8_t byte)
{
    if (u->tx_count >= depth(u)) { /* the last one is overwritten */
        u->tx[(u->tx_at + u->tx_count - 1u) % FIFO_BYTES] = byte;
    } else {
        u->tx[(u->tx_at + u->tx_count) % FIFO_BYTES] = byte;
        u->tx_count++;
    }
    u->lsr &= (uint8_t) ~(LSR_THRE | LSR_TEMT);
    u->thre_pending = false;
    start_sending(u);
    update_irq(u);
}

/* Modem lines. */

/* In loopback the outputs come back: RTS as CTS, DTR as DSR, OUT1 as RI, OUT2
 * as DCD. */
static uint8_t modem_inputs(const struct uart16550 *u)
{
    uint8_t in = 0;

    if (!(u->mcr & MCR_LOOP))
        return u->lines;
    in |= u->mcr & MCR_RTS ? UART16550_CTS : 0;
    in |= u->mcr & MCR_DTR ? UART16550_DSR : 0;
    in |= u->mcr & MCR_OUT1 ? UART16550_RI : 0;
    in |= u->mcr & MCR_OUT2 ? UART16550_DCD : 0;
    return in;
}

static void update_modem(struct uart16550 *u)
{
    uint8_t in = modem_inputs(u), old = u->msr & MSR_LINES;
    uint8_t delta = (uint8_t)((in ^ old) >> 4);

    if ((delta & MSR_DRI) && (in & UART16550_RI))
        delta &= (uint8_t)~MSR_DRI;
    u->msr = (uint8_t)(in | (u->msr & 0x0f) | delta);
    update_irq(u);
}

void uart16550_set_modem(struct device *dev, unsigned lines)
{
    struct uart16550 *u = from_device(dev);

    u->lines = lines & MSR_LINES;
    update_modem(u);
}

unsigned uart16550_modem(const struct device *dev)
{
    const struct uart16550 *u = from_const(dev);

    return u->mcr & MCR_LOOP ? 0 : u->mcr & (MCR_DTR | MCR_RTS);
}

/* Registers. */

static uint8_t read_iir(struct uart16550 *u)
{
    uint8_t source = pending(u);

    if (source == IIR_THRE) {
        u->thre_pending = false;
        update_irq(u);
    }
    return source | (fifo_on(u) ? IIR_FIFO : 0);
}

static uint8_t read_lsr(struct uart16550 *u)
{
    uint8_t value = u->lsr;

    u->lsr &= (uint8_t) ~(LSR_OVERRUN | LSR_ERRORS);
    if (u->rx_count) /* shown once */
        u->rx[u->rx_at % FIFO_BYTES].errors = 0;
    if (!any_error(u))
        u->lsr &= (uint8_t)~LSR_FIFO_ERROR;
    update_irq(u);
    return value;
}

static uint8_t read_msr(struct uart16550 *u)
{
    uint8_t value = u->msr;

    u->msr &= MSR_LINES;
    update_irq(u);
    return value;
}

static uint32_t uart_read(void *dev, paddr offset, unsigned size)
{
    struct uart16550 *u = dev;
    bool dlab = u->lcr & LCR_DLAB;

    (void)size;
    switch (offset) {
    case UART_RBR: return dlab ? u->divisor & 0xffu : read_data(u);
    case UART_IER: return dlab ? u->divisor >> 8 : u->ier;
    case UART_IIR: return read_iir(u);
    case UART_LCR: return u->lcr;
    case UART_MCR: return u->mcr;
    case UART_LSR: return read_lsr(u);
    case UART_MSR: return read_msr(u);
    default: return u->scr;
    }
}

static void clear_receiver(struct uart16550 *u)
{
    u->rx_count = 0;
    u->lsr &= (uint8_t) ~(LSR_ERRORS | LSR_OVERRUN);
    show_head(u);
    watch_quiet(u);
}

static void clear_transmitter(struct uart16550 *u)
{
    u->tx_count = 0;
    u->lsr |= LSR_THRE | (u->shifting ? 0 : LSR_TEMT);
    u->thre_pending = true;
}

static void write_fcr(struct uart16550 *u, uint8_t value)
{
    bool toggled = (value ^ u->fcr) & FCR_ENABLE;

    /* without bit 0 the others are not programmed */
    u->fcr = value & FCR_ENABLE ? value & 0xc9 : 0;
    if (toggled || ((value & FCR_RX_CLEAR) && fifo_on(u)))
        clear_receiver(u);
    if (toggled || ((value & FCR_TX_CLEAR) && fifo_on(u)))
        clear_transmitter(u);
}

static void write_ier(struct uart16550 *u, uint8_t value)
{
    /* enabling THRE while the register is empty interrupts at once */
    if ((value & IER_THRE) && !(u->ier & IER_THRE) && (u->lsr & LSR_THRE))
        u->thre_pending = true;
    u->ier = value & 0x0f;
}

static void write_lcr(struct uart16550 *u, uint8_t value)
{
    bool starts = (value & LCR_BREAK) && !(u->lcr & LCR_BREAK);

    u->lcr = value;
    if (starts && (u->mcr & MCR_LOOP))
        take_character(u, 0, UART16550_BREAK);
}

static void uart_write(void *dev, paddr offset, uint32_t value, unsigned size)
{
    struct uart16550 *u = dev;
    uint8_t byte = (uint8_t)value;
    bool dlab = u->lcr & LCR_DLAB;

    (void)size;
    switch (offset) {
    case UART_RBR:
        if (dlab)
            u->divisor = (uint16_t)((u->divisor & 0xff00) | byte);
        else
            write_data(u, byte);
        break;
    case UART_IER:
        if (dlab)
            u->divisor = (uint16_t)((u->divisor & 0x00ff) | byte << 8);
        else
            write_ier(u, byte);
        break;
    case UART_IIR: write_fcr(u, byte); break;
    case UART_LCR: write_lcr(u, byte); break;
    case UART_MCR:
        u->mcr = byte & MCR_MASK;
        update_modem(u);
        break;
    case UART_SCR: u->scr = byte; break;
    default: break; /* LSR and MSR: factory test only */
    }
    update_irq(u);
}

static const struct bus_ops uart_ops = {
    .read = uart_read,
    .write = uart_write,
    .sizes = 1,
};

/* The outside. */

bool uart16550_receive(struct device *dev, uint8_t byte)
{
    struct uart16550 *u = from_device(dev);

    if (u->queue_count == UART16550_QUEUE_BYTES)
        return false;
    u->queue[(u->queue_at + u->queue_count) % UART16550_QUEUE_BYTES] = byte;
    u->queue_count++;
    start_receiving(u);
    return true;
}

unsigned uart16550_room(const struct device *dev)
{
    return UART16550_QUEUE_BYTES - from_const(dev)->queue_count;
}

void uart16550_arrive(struct device *dev, uint8_t byte, unsigned errors)
{
    struct uart16550 *u = from_device(dev);

    if (!(u->mcr & MCR_LOOP))
        take_character(u, byte, (uint8_t)errors);
}

/* Master reset (datasheet table III): SCR, divisor and FIFO content keep what
 * they have. */
static void uart_reset(struct device *dev)
{
    struct uart16550 *u = from_device(dev);

    clock_disarm(u->clock, &u->tx_done);
    clock_disarm(u->clock, &u->rx_quiet);
    u->ier = u->fcr = u->lcr = u->mcr = 0;
    u->lsr = LSR_THRE | LSR_TEMT;
    u->rx_count = u->tx_count = 0;
    u->thre_pending = u->timeout = u->shifting = false;
    u->msr = u->lines;
    update_irq(u);
}

static void uart_destroy(struct device *dev)
{
    struct uart16550 *u = from_device(dev);

    clock_disarm(u->clock, &u->tx_done);
    clock_disarm(u->clock, &u->rx_done);
    clock_disarm(u->clock, &u->rx_quiet);
    bus_unmap(u->ports, u->base, u);
    free(u);
}

static void uart_loaded(struct device *dev)
{
    struct uart16550 *u = from_device(dev);

    u->rx_at %= FIFO_BYTES;
    u->tx_at %= FIFO_BYTES;
    u->queue_at %= UART16550_QUEUE_BYTES;
    if (u->rx_count > FIFO_BYTES)
        u->rx_count = FIFO_BYTES;
    if (u->tx_count > FIFO_BYTES)
        u->tx_count = FIFO_BYTES;
    if (u->queue_count > UART16550_QUEUE_BYTES)
        u->queue_count = UART16550_QUEUE_BYTES;
    clock_relink(u->clock, &u->tx_done);
    clock_relink(u->clock, &u->rx_done);
    clock_relink(u->clock, &u->rx_quiet);
    update_irq(u);
}

static const struct state_field uart_state[] = {
    STATE_TABLE(struct uart16550, tx_done, clock_event_state),
    STATE_TABLE(struct uart16550, rx_done, clock_event_state),
    STATE_TABLE(struct uart16550, rx_quiet, clock_event_state),
    STATE_FIELD(struct uart16550, divisor),
    STATE_FIELD(struct uart16550, ier),
    STATE_FIELD(struct uart16550, fcr),
    STATE_FIELD(struct uart16550, lcr),
    STATE_FIELD(struct uart16550, mcr),
    STATE_FIELD(struct uart16550, lsr),
    STATE_FIELD(struct uart16550, msr),
    STATE_FIELD(struct uart16550, scr),
    STATE_FIELD(struct uart16550, lines),
    STATE_FIELD(struct uart16550, thre_pending),
    STATE_FIELD(struct uart16550, timeout),
    STATE_FIELD(struct uart16550, shifting),
    STATE_FIELD(struct uart16550, shift),
    STATE_TABLES(struct uart16550, rx, character_state),
    STATE_ARRAY(struct uart16550, tx),
    STATE_FIELD(struct uart16550, rx_at),
    STATE_FIELD(struct uart16550, rx_count),
    STATE_FIELD(struct uart16550, tx_at),
    STATE_FIELD(struct uart16550, tx_count),
    STATE_ARRAY(struct uart16550, queue),
    STATE_FIELD(struct uart16550, queue_at),
    STATE_FIELD(struct uart16550, queue_count),
    STATE_END,
};

static const struct device_class uart_class = {
    .name = "uart16550",
    .reset = uart_reset,
    .destroy = uart_destroy,
    .state = uart_state,
    .loaded = uart_loaded,
};

enum status uart16550_create(const struct uart16550_config *config,
                             struct device **out)
{
    struct uart16550 *u = calloc(1, sizeof(*u));
    enum status status;

    *out = NULL;
    if (!u)
        return STATUS_NO_MEMORY;
    u->dev = (struct device){&uart_class, config->name};
    u->ports = config->ports;
    u->clock = config->clock;
    u->base = config->base;
    u->irq = config->irq;
    u->host = config->host;
    u->divisor = 12; /* 9600; after power-on it is undefined */
    if (u->host)
        u->lines = UART16550_CTS | UART16550_DSR | UART16550_DCD;
    clock_event_init(&u->tx_done, on_tx_done, u);
    clock_event_init(&u->rx_done, on_rx_done, u);
    clock_event_init(&u->rx_quiet, on_quiet, u);
    status = bus_map(u->ports, u->base, UART_PORTS, &uart_ops, u);
    if (status != STATUS_OK) {
        free(u);
        return status;
    }
    uart_reset(&u->dev);
    *out = &u->dev;
    return STATUS_OK;
}
