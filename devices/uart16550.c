#include "devices/uart16550.h"

#include <stdlib.h>
#include <string.h>

#define UART_PORTS         8
#define FIFO_BYTES         16
#define TIMEOUT_CHARACTERS 4
#define HASTY_OUT_NS       4000

/* Registers, by port offset (datasheet table II). */
enum uart_reg {
    UART_RBR = 0, /* read: receiver buffer; write: transmitter holding (THR) */
    UART_DLL = 0, /* divisor low, while LCR.DLAB is set */
    UART_DLM = 1, /* divisor high, while LCR.DLAB is set */
    UART_IER = 1, /* interrupt enable */
    UART_IIR = 2, /* read: interrupt identification; write: FIFO control */
    UART_LCR = 3, /* line control */
    UART_MCR = 4, /* modem control */
    UART_LSR = 5, /* line status */
    UART_MSR = 6, /* modem status */
    UART_SCR = 7, /* scratch */
};

#define IER_RECEIVED 0x01
#define IER_THRE     0x02
#define IER_LINE     0x04
#define IER_MODEM    0x08
#define IIR_MODEM    0x00
#define IIR_NONE     0x01
#define IIR_THRE     0x02
#define IIR_RECEIVED 0x04
#define IIR_LINE     0x06
#define IIR_TIMEOUT  0x0c
#define IIR_FIFOS    0xc0
#define FCR_ENABLE   0x01
#define FCR_CLEAR_RX 0x02
#define FCR_CLEAR_TX 0x04
#define FCR_KEPT     0xc9 /* enable, DMA mode, trigger */
#define LCR_BITS     0x03 /* data bits - 5 */
#define LCR_STOP     0x04
#define LCR_PARITY   0x08
#define LCR_BREAK    0x40
#define LCR_DLAB     0x80
#define MCR_DTR      0x01
#define MCR_RTS      0x02
#define MCR_OUT1     0x04
#define MCR_OUT2     0x08 /* opens the board's interrupt line */
#define MCR_LOOP     0x10
#define LSR_READY    0x01
#define LSR_OVERRUN  0x02
#define LSR_ERRORS   0x1c /* parity, framing, break: of the oldest byte */
#define LSR_THRE     0x20
#define LSR_IDLE     0x40
#define LSR_FIFO     0x80 /* an error somewhere in the FIFO */
#define MSR_DELTAS   0x0f
#define MSR_LINES    0xf0
#define MSR_RI       0x40
#define MSR_RI_FELL  0x04

struct uart16550 {
    struct device dev;
    struct clock *clock;
    struct irq_line irq;
    struct host_char *host;
    unsigned haste;

    uint16_t divisor;
    uint8_t ier, fcr, lcr, mcr, msr, scr;
    uint8_t lines; /* modem inputs from outside, in MSR bits 4-7 */
    bool overrun;  /* LSR bit 1 */
    uint8_t rx[FIFO_BYTES], rx_errors[FIFO_BYTES]; /* a ring */
    uint8_t rx_first, rx_count;
    uint8_t rx_last; /* what an empty receiver shows */
    uint8_t tx[FIFO_BYTES];
    uint8_t tx_first, tx_count;
    uint8_t shift; /* byte in the transmitter's shift register */
    bool shifting;
    bool thre;         /* LSR bit 5 */
    bool thre_pending; /* its interrupt; cleared by IIR and THR */
    bool tx_pair;      /* two bytes stood in the FIFO since THRE was set */
    bool timed_out;    /* the receiver FIFO was left alone for too long */
    struct clock_event sent, thre_late, timeout, arrival;

    uint8_t queue[UART16550_QUEUE_BYTES]; /* outside; a ring */
    uint32_t queue_first, queue_count;
};

static struct uart16550 *from_device(struct device *dev)
{
    return CONTAINER_OF(dev, struct uart16550, dev);
}

static bool has_fifos(const struct uart16550 *u)
{
    return u->fcr & FCR_ENABLE;
}

static unsigned depth(const struct uart16550 *u)
{
    return has_fifos(u) ? FIFO_BYTES : 1;
}

/* Half bits of one character: start, data, parity, stop. */
static unsigned half_bits(const struct uart16550 *u)
{
    unsigned data = 5 + (u->lcr & LCR_BITS), stop = 2;

    if (u->lcr & LCR_STOP)
        stop = data == 5 ? 3 : 4;
    return 2 * (1 + data + (u->lcr & LCR_PARITY ? 1 : 0)) + stop;
}

/* Time of so many half bits: the clock is 1.8432 MHz, a bit takes 16 times the
 * divisor. differs: divisor 0 counts as 65536; haste makes it smaller. */
static uint64_t bits_ns(const struct uart16550 *u, unsigned halves)
{
    uint64_t divisor = u->divisor ? u->divisor : 0x10000;

    divisor = divisor > u->haste ? divisor / u->haste : 1;
    return halves * divisor * 625000 / 144;
}

static uint64_t character_ns(const struct uart16550 *u)
{
    return bits_ns(u, half_bits(u));
}

/* The same on the way out. In haste no host waits for its bits, and guests that
 * send without much patience would lose some: see uart16550.h. */
static uint64_t bits_out_ns(const struct uart16550 *u, unsigned halves)
{
    uint64_t ns = bits_ns(u, halves);

    return u->haste > 1 && ns > HASTY_OUT_NS ? HASTY_OUT_NS : ns;
}

static uint8_t data_mask(const struct uart16550 *u)
{
    return (uint8_t)(0xff >> (3 - (u->lcr & LCR_BITS)));
}

static unsigned trigger(const struct uart16550 *u)
{
    static const uint8_t levels[] = {1, 4, 8, 14};

    return has_fifos(u) ? levels[u->fcr >> 6] : 1;
}

/* The interrupt of highest priority, as IIR names it. */
static uint8_t identify(const struct uart16550 *u)
{
    bool errors = u->rx_count && u->rx_errors[u->rx_first];

    if ((u->ier & IER_LINE) && (u->overrun || errors))
        return IIR_LINE;
    if ((u->ier & IER_RECEIVED) && u->rx_count >= trigger(u))
        return IIR_RECEIVED;
    if ((u->ier & IER_RECEIVED) && u->timed_out)
        return IIR_TIMEOUT;
    if ((u->ier & IER_THRE) && u->thre_pending)
        return IIR_THRE;
    if ((u->ier & IER_MODEM) && (u->msr & MSR_DELTAS))
        return IIR_MODEM;
    return IIR_NONE;
}

static void update_irq(struct uart16550 *u)
{
    irq_set(&u->irq, identify(u) != IIR_NONE && (u->mcr & MCR_OUT2));
}

/* The receiver FIFO was touched: its time-out starts again. */
static void touch_receiver(struct uart16550 *u)
{
    u->timed_out = false;
    if (has_fifos(u) && u->rx_count)
        clock_arm(u->clock, &u->timeout,
                  clock_now_ns(u->clock) +
                      TIMEOUT_CHARACTERS * character_ns(u));
    else
        clock_disarm(u->clock, &u->timeout);
}

static void fire_timeout(void *dev)
{
    struct uart16550 *u = dev;

    u->timed_out = u->rx_count > 0;
    update_irq(u);
}

/* A character is complete in the receiver's shift register. */
static void take_character(struct uart16550 *u, uint8_t byte, uint8_t errors)
{
    unsigned at;

    if (u->rx_count == depth(u)) {
        u->overrun = true;
        if (has_fifos(u)) { /* the FIFO is safe, the new one is lost */
            update_irq(u);
            return;
        }
        u->rx_count = 0;
    }
    at = (u->rx_first + u->rx_count++) % FIFO_BYTES;
    u->rx[at] = byte & data_mask(u);
    u->rx_errors[at] = errors & LSR_ERRORS;
    touch_receiver(u);
    update_irq(u);
}

/* The peer sends its next byte, as soon as there is room for it. */
static void start_arrival(struct uart16550 *u)
{
    if (!u->queue_count || u->arrival.armed || (u->mcr & MCR_LOOP) ||
        u->rx_count == depth(u))
        return;
    clock_arm(u->clock, &u->arrival, clock_now_ns(u->clock) + character_ns(u));
}

static void fire_arrival(void *dev)
{
    struct uart16550 *u = dev;
    uint8_t byte = u->queue[u->queue_first];

    if (!u->queue_count || (u->mcr & MCR_LOOP) || u->rx_count == depth(u))
        return;
    u->queue_first = (u->queue_first + 1) % UART16550_QUEUE_BYTES;
    u->queue_count--;
    take_character(u, byte, 0);
    start_arrival(u);
}

static uint8_t read_rbr(struct uart16550 *u)
{
    if (u->rx_count) {
        u->rx_last = u->rx[u->rx_first];
        u->rx_first = (uint8_t)((u->rx_first + 1u) % FIFO_BYTES);
        u->rx_count--;
    }
    touch_receiver(u);
    update_irq(u);
    start_arrival(u);
    return u->rx_last;
}

static void set_thre(struct uart16550 *u)
{
    u->thre = u->thre_pending = true;
    u->tx_pair = false;
}

static void fire_thre_late(void *dev)
{
    struct uart16550 *u = dev;

    set_thre(u);
    update_irq(u);
}

/* The FIFO ran empty. If there were never two bytes in it, the indication comes
 * one character less its stop bit later (datasheet section 8.4). */
static void empty_transmitter(struct uart16550 *u)
{
    unsigned halves = half_bits(u) - (u->lcr & LCR_STOP ? 4 : 2);

    if (has_fifos(u) && !u->tx_pair)
        clock_arm(u->clock, &u->thre_late,
                  clock_now_ns(u->clock) + bits_out_ns(u, halves));
    else
        set_thre(u);
}

static void start_shifting(struct uart16550 *u)
{
    if (u->shifting || !u->tx_count)
        return;
    u->shift = u->tx[u->tx_first] & data_mask(u);
    u->tx_first = (uint8_t)((u->tx_first + 1u) % FIFO_BYTES);
    u->tx_count--;
    u->shifting = true;
    clock_arm(u->clock, &u->sent,
              clock_now_ns(u->clock) + bits_out_ns(u, half_bits(u)));
    if (!u->tx_count)
        empty_transmitter(u);
}

static void fire_sent(void *dev)
{
    struct uart16550 *u = dev;

    u->shifting = false;
    if (u->mcr & MCR_LOOP)
        take_character(u, u->shift, 0);
    else if (u->host)
        u->host->put(u->host, u->shift);
    start_shifting(u);
    update_irq(u);
}

static void write_thr(struct uart16550 *u, uint8_t byte)
{
    if (u->tx_count == depth(u)) {
        if (has_fifos(u))
            return; /* lost */
        u->tx_count = 0;
    }
    u->tx[(u->tx_first + u->tx_count++) % FIFO_BYTES] = byte;
    u->tx_pair = u->tx_pair || u->tx_count >= 2;
    u->thre = u->thre_pending = false;
    clock_disarm(u->clock, &u->thre_late);
    start_shifting(u);
    update_irq(u);
}

static uint8_t read_iir(struct uart16550 *u)
{
    uint8_t iir = identify(u);

    if (iir == IIR_THRE) {
        u->thre_pending = false;
        update_irq(u);
    }
    return has_fifos(u) ? iir | IIR_FIFOS : iir;
}

static uint8_t read_lsr(struct uart16550 *u)
{
    uint8_t lsr = u->thre ? LSR_THRE : 0;

    if (u->rx_count) {
        lsr |= LSR_READY | u->rx_errors[u->rx_first];
        for (unsigned i = 0; has_fifos(u) && i < u->rx_count; i++) {
            if (u->rx_errors[(u->rx_first + i) % FIFO_BYTES])
                lsr |= LSR_FIFO;
        }
        u->rx_errors[u->rx_first] = 0;
    }
    if (u->overrun)
        lsr |= LSR_OVERRUN;
    if (!u->shifting && !u->tx_count)
        lsr |= LSR_IDLE;
    u->overrun = false;
    update_irq(u);
    return lsr;
}

/* Modem inputs as MSR shows them: from outside, or from MCR in loopback. */
static void update_modem(struct uart16550 *u)
{
    uint8_t lines = u->lines, changed;

    if (u->mcr & MCR_LOOP)
        lines = (uint8_t)((u->mcr & MCR_RTS ? UART16550_CTS : 0) |
                          (u->mcr & MCR_DTR ? UART16550_DSR : 0) |
                          (u->mcr & MCR_OUT1 ? UART16550_RI : 0) |
                          (u->mcr & MCR_OUT2 ? UART16550_DCD : 0));
    changed = (uint8_t)((lines ^ u->msr) & MSR_LINES & ~MSR_RI);
    u->msr |= (uint8_t)(changed >> 4);
    if ((u->msr & MSR_RI) && !(lines & MSR_RI))
        u->msr |= MSR_RI_FELL;
    u->msr = (uint8_t)((u->msr & MSR_DELTAS) | lines);
    update_irq(u);
}

static uint8_t read_msr(struct uart16550 *u)
{
    uint8_t msr = u->msr;

    u->msr &= MSR_LINES;
    update_irq(u);
    return msr;
}

static void write_ier(struct uart16550 *u, uint8_t byte)
{
    bool enabled = (byte & IER_THRE) && !(u->ier & IER_THRE);

    u->ier = byte & 0x0f;
    if (enabled && u->thre)
        u->thre_pending = true;
    update_irq(u);
}

/* A break on the line has no byte for the host; in loopback it comes back. */
static void write_lcr(struct uart16550 *u, uint8_t byte)
{
    bool starts = (byte & LCR_BREAK) && !(u->lcr & LCR_BREAK);

    u->lcr = byte;
    if (starts && (u->mcr & MCR_LOOP))
        take_character(u, 0, UART16550_BREAK | UART16550_FRAMING_ERROR);
}

static void clear_receiver(struct uart16550 *u)
{
    u->rx_count = 0;
    touch_receiver(u);
}

static void clear_transmitter(struct uart16550 *u)
{
    u->tx_count = 0;
    clock_disarm(u->clock, &u->thre_late);
    if (!u->thre)
        set_thre(u);
}

/* Other bits count only while bit 0 is written as 1; changing it clears both
 * FIFOs. */
static void write_fcr(struct uart16550 *u, uint8_t byte)
{
    bool changed = (byte ^ u->fcr) & FCR_ENABLE;

    u->fcr = byte & FCR_ENABLE ? byte & FCR_KEPT : 0;
    if (changed || (u->fcr && (byte & FCR_CLEAR_RX)))
        clear_receiver(u);
    if (changed || (u->fcr && (byte & FCR_CLEAR_TX)))
        clear_transmitter(u);
    update_irq(u);
    start_arrival(u);
}

static void write_mcr(struct uart16550 *u, uint8_t byte)
{
    u->mcr = byte & 0x1f;
    update_modem(u);
    start_arrival(u);
}

static uint8_t read_divided(const struct uart16550 *u, unsigned offset)
{
    return (uint8_t)(offset == UART_DLL ? u->divisor : u->divisor >> 8);
}

static void write_divisor(struct uart16550 *u, unsigned offset, uint8_t byte)
{
    if (offset == UART_DLL)
        u->divisor = (uint16_t)((u->divisor & 0xff00) | byte);
    else
        u->divisor = (uint16_t)((u->divisor & 0x00ff) | byte << 8);
}

static uint32_t uart_read(void *dev, paddr offset, unsigned size)
{
    struct uart16550 *u = dev;

    (void)size;
    if ((u->lcr & LCR_DLAB) && offset <= UART_DLM)
        return read_divided(u, (unsigned)offset);
    switch (offset) {
    case UART_RBR: return read_rbr(u);
    case UART_IER: return u->ier;
    case UART_IIR: return read_iir(u);
    case UART_LCR: return u->lcr;
    case UART_MCR: return u->mcr;
    case UART_LSR: return read_lsr(u);
    case UART_MSR: return read_msr(u);
    default: return u->scr;
    }
}

static void uart_write(void *dev, paddr offset, uint32_t value, unsigned size)
{
    struct uart16550 *u = dev;
    uint8_t byte = (uint8_t)value;

    (void)size;
    if ((u->lcr & LCR_DLAB) && offset <= UART_DLM) {
        write_divisor(u, (unsigned)offset, byte);
        return;
    }
    switch (offset) {
    case UART_RBR: write_thr(u, byte); break;
    case UART_IER: write_ier(u, byte); break;
    case UART_IIR: write_fcr(u, byte); break;
    case UART_LCR: write_lcr(u, byte); break;
    case UART_MCR: write_mcr(u, byte); break;
    case UART_SCR: u->scr = byte; break;
    default: break; /* LSR and MSR: factory test only */
    }
}

static const struct bus_ops uart_ops = {uart_read, uart_write, 1};

bool uart16550_receive(struct device *dev, uint8_t byte)
{
    struct uart16550 *u = from_device(dev);

    if (u->queue_count == UART16550_QUEUE_BYTES)
        return false;
    u->queue[(u->queue_first + u->queue_count++) % UART16550_QUEUE_BYTES] =
        byte;
    start_arrival(u);
    return true;
}

unsigned uart16550_room(const struct device *dev)
{
    return UART16550_QUEUE_BYTES -
           CONTAINER_OF(dev, const struct uart16550, dev)->queue_count;
}

void uart16550_arrive(struct device *dev, uint8_t byte, unsigned errors)
{
    struct uart16550 *u = from_device(dev);

    if (!(u->mcr & MCR_LOOP))
        take_character(u, byte, (uint8_t)errors);
}

void uart16550_set_modem(struct device *dev, unsigned lines)
{
    struct uart16550 *u = from_device(dev);

    u->lines = lines & MSR_LINES;
    update_modem(u);
}

unsigned uart16550_modem(const struct device *dev)
{
    const struct uart16550 *u = CONTAINER_OF(dev, const struct uart16550, dev);

    return u->mcr & MCR_LOOP ? 0 : u->mcr & (MCR_DTR | MCR_RTS);
}

/* MR, datasheet table IV: divisor, scratch and receiver buffer keep theirs. */
static void uart_reset(struct device *dev)
{
    struct uart16550 *u = from_device(dev);

    u->ier = u->fcr = u->lcr = u->mcr = 0;
    u->rx_count = u->tx_count = 0;
    u->overrun = u->shifting = u->timed_out = u->tx_pair = false;
    u->thre = true;
    u->thre_pending = false;
    u->msr = u->lines;
    clock_disarm(u->clock, &u->sent);
    clock_disarm(u->clock, &u->thre_late);
    clock_disarm(u->clock, &u->timeout);
    update_irq(u);
    start_arrival(u);
}

static void uart_loaded(struct device *dev)
{
    struct uart16550 *u = from_device(dev);

    u->rx_first %= FIFO_BYTES;
    u->tx_first %= FIFO_BYTES;
    u->queue_first %= UART16550_QUEUE_BYTES;
    if (u->rx_count > depth(u))
        u->rx_count = (uint8_t)depth(u);
    if (u->tx_count > depth(u))
        u->tx_count = (uint8_t)depth(u);
    if (u->queue_count > UART16550_QUEUE_BYTES)
        u->queue_count = UART16550_QUEUE_BYTES;
    clock_relink(u->clock, &u->sent);
    clock_relink(u->clock, &u->thre_late);
    clock_relink(u->clock, &u->timeout);
    clock_relink(u->clock, &u->arrival);
}

static void uart_destroy(struct device *dev)
{
    struct uart16550 *u = from_device(dev);

    clock_disarm(u->clock, &u->sent);
    clock_disarm(u->clock, &u->thre_late);
    clock_disarm(u->clock, &u->timeout);
    clock_disarm(u->clock, &u->arrival);
    free(u);
}

static const struct state_field uart_state[] = {
    STATE_FIELD(struct uart16550, divisor),
    STATE_FIELD(struct uart16550, ier),
    STATE_FIELD(struct uart16550, fcr),
    STATE_FIELD(struct uart16550, lcr),
    STATE_FIELD(struct uart16550, mcr),
    STATE_FIELD(struct uart16550, msr),
    STATE_FIELD(struct uart16550, scr),
    STATE_FIELD(struct uart16550, lines),
    STATE_FIELD(struct uart16550, overrun),
    STATE_ARRAY(struct uart16550, rx),
    STATE_ARRAY(struct uart16550, rx_errors),
    STATE_FIELD(struct uart16550, rx_first),
    STATE_FIELD(struct uart16550, rx_count),
    STATE_FIELD(struct uart16550, rx_last),
    STATE_ARRAY(struct uart16550, tx),
    STATE_FIELD(struct uart16550, tx_first),
    STATE_FIELD(struct uart16550, tx_count),
    STATE_FIELD(struct uart16550, shift),
    STATE_FIELD(struct uart16550, shifting),
    STATE_FIELD(struct uart16550, thre),
    STATE_FIELD(struct uart16550, thre_pending),
    STATE_FIELD(struct uart16550, tx_pair),
    STATE_FIELD(struct uart16550, timed_out),
    STATE_TABLE(struct uart16550, sent, clock_event_state),
    STATE_TABLE(struct uart16550, thre_late, clock_event_state),
    STATE_TABLE(struct uart16550, timeout, clock_event_state),
    STATE_TABLE(struct uart16550, arrival, clock_event_state),
    STATE_ARRAY(struct uart16550, queue),
    STATE_FIELD(struct uart16550, queue_first),
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
    u->clock = config->clock;
    u->irq = config->irq;
    u->host = config->host;
    u->haste = config->haste ? config->haste : 1;
    u->divisor = 12; /* undefined by the datasheet: 9600 baud */
    if (u->host)
        u->lines = UART16550_CTS | UART16550_DSR | UART16550_DCD;
    clock_event_init(&u->sent, fire_sent, u);
    clock_event_init(&u->thre_late, fire_thre_late, u);
    clock_event_init(&u->timeout, fire_timeout, u);
    clock_event_init(&u->arrival, fire_arrival, u);
    status = bus_map(config->ports, config->base, UART_PORTS, &uart_ops, u);
    if (status != STATUS_OK) {
        free(u);
        return status;
    }
    uart_reset(&u->dev);
    *out = &u->dev;
    return STATUS_OK;
}
