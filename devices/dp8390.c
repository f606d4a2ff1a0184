#include "devices/dp8390_int.h"

#include <assert.h>

/* Register numbers (datasheet section 10.2). */
enum {
    REG_CR = 0x00,
    /* page 0, read */
    P0R_CLDA0 = 0x01,
    P0R_CLDA1 = 0x02,
    P0R_BNRY = 0x03,
    P0R_TSR = 0x04,
    P0R_NCR = 0x05,
    P0R_FIFO = 0x06,
    P0R_ISR = 0x07,
    P0R_CRDA0 = 0x08,
    P0R_CRDA1 = 0x09,
    P0R_RSR = 0x0c,
    P0R_CNTR0 = 0x0d,
    /* page 0, write */
    P0W_PSTART = 0x01,
    P0W_PSTOP = 0x02,
    P0W_BNRY = 0x03,
    P0W_TPSR = 0x04,
    P0W_TBCR0 = 0x05,
    P0W_TBCR1 = 0x06,
    P0W_ISR = 0x07,
    P0W_RSAR0 = 0x08,
    P0W_RSAR1 = 0x09,
    P0W_RBCR0 = 0x0a,
    P0W_RBCR1 = 0x0b,
    P0W_RCR = 0x0c,
    P0W_TCR = 0x0d,
    P0W_DCR = 0x0e,
    P0W_IMR = 0x0f,
    /* page 1 */
    P1_PAR0 = 0x01,
    P1_CURR = 0x07,
    P1_MAR0 = 0x08,
    /* page 2, read; the first two are CLDA when written */
    P2_PSTART = 0x01,
    P2_PSTOP = 0x02,
    P2_REMOTE_NEXT = 0x03,
    P2_TPSR = 0x04,
    P2_LOCAL_NEXT = 0x05,
    P2_COUNTER1 = 0x06,
    P2_COUNTER0 = 0x07,
    P2_RCR = 0x0c,
    P2_TCR = 0x0d,
    P2_DCR = 0x0e,
    P2_IMR = 0x0f,
};

#define TALLY_FULL 0xc0 /* counts no further */
#define TALLY_CALL 0x80 /* asks to be read */
#define FLOATING   0xff

static uint16_t with_low(uint16_t word, uint8_t low)
{
    return (uint16_t)((word & 0xff00) | low);
}

static uint16_t with_high(uint16_t word, uint8_t high)
{
    return (uint16_t)((word & 0x00ff) | high << 8);
}

static void update_interrupt(struct dp8390 *nic)
{
    bool level = nic->isr & nic->imr & ~ISR_RST;

    nic->config.card->interrupt(nic->config.sink, level);
}

void dp8390_set_isr(struct dp8390 *nic, uint8_t bits)
{
    nic->isr |= bits;
    update_interrupt(nic);
}

void dp8390_count(struct dp8390 *nic, unsigned tally)
{
    assert(tally < DP8390_TALLIES);
    if (nic->tally[tally] < TALLY_FULL)
        nic->tally[tally]++;
    if (nic->tally[tally] & TALLY_CALL)
        dp8390_set_isr(nic, ISR_CNT);
}

uint8_t dp8390_next_page(const struct dp8390 *nic, uint8_t page)
{
    page++;
    return page == nic->pstop ? nic->pstart : page;
}

unsigned dp8390_page(const struct dp8390 *nic)
{
    return nic->cr >> 6;
}

/* Remote DMA. */

static uint8_t load(struct dp8390 *nic, uint16_t address)
{
    return nic->config.card->load(nic->config.sink, address);
}

static void end_remote(struct dp8390 *nic)
{
    if (nic->remote == DP8390_REMOTE_SEND) {
        nic->bnry = nic->remote_next;
        nic->ring_full = false;
        nic->config.card->freed(nic->config.sink);
    }
    nic->remote = DP8390_REMOTE_OFF;
    dp8390_set_isr(nic, ISR_RDC);
}

/* Takes start, length and what follows from the oldest packet's header. */
static void start_send_packet(struct dp8390 *nic)
{
    uint16_t header = (uint16_t)(nic->bnry << 8);

    nic->remote_next = load(nic, header + 1);
    nic->rsar = header;
    nic->rbcr = (uint16_t)(load(nic, (uint16_t)(header + 2)) |
                           load(nic, (uint16_t)(header + 3)) << 8);
}

static void command_remote(struct dp8390 *nic, uint8_t command)
{
    if (command & CR_RD_ABORT) {
        nic->remote = DP8390_REMOTE_OFF;
        return;
    }
    switch (command & CR_RD) {
    case CR_RD_READ: nic->remote = DP8390_REMOTE_READ; break;
    case CR_RD_WRITE: nic->remote = DP8390_REMOTE_WRITE; break;
    case CR_RD_SEND:
        if (!(nic->dcr & DCR_AR))
            return;
        nic->remote = DP8390_REMOTE_SEND;
        start_send_packet(nic);
        break;
    default: return; /* "not allowed": what runs goes on */
    }
    if (nic->rbcr == 0)
        end_remote(nic);
}

/* One bus cycle of the remote DMA is over. Behind its last page the address
 * goes on in the ring's first one, so that a packet that wraps comes in one
 * piece. */
static void advance_remote(struct dp8390 *nic, unsigned bytes)
{
    unsigned page = nic->rsar >> 8;

    nic->rsar = (uint16_t)(nic->rsar + bytes);
    if (nic->rsar >> 8 != (int)page && nic->rsar >> 8 == nic->pstop)
        nic->rsar = with_high(nic->rsar, nic->pstart);
    if (nic->rbcr > bytes)
        nic->rbcr = (uint16_t)(nic->rbcr - bytes);
    else {
        nic->rbcr = 0;
        end_remote(nic);
    }
}

/* Words lie at even addresses. */
static uint32_t read_cycle(struct dp8390 *nic, unsigned bytes)
{
    uint16_t address = bytes == 2 ? nic->rsar & 0xfffe : nic->rsar;
    uint32_t value = load(nic, address);

    if (bytes == 2)
        value |= (uint32_t)load(nic, address | 1) << 8;
    advance_remote(nic, bytes);
    return value;
}

static void write_cycle(struct dp8390 *nic, uint32_t value, unsigned bytes)
{
    uint16_t address = bytes == 2 ? nic->rsar & 0xfffe : nic->rsar;

    nic->config.card->store(nic->config.sink, address, (uint8_t)value);
    if (bytes == 2)
        nic->config.card->store(nic->config.sink, address | 1,
                                (uint8_t)(value >> 8));
    advance_remote(nic, bytes);
}

uint32_t dp8390_read_data(struct dp8390 *nic, unsigned size)
{
    uint32_t value;

    assert(size == 1 || size == 2 || size == 4);
    if (nic->remote != DP8390_REMOTE_READ &&
        nic->remote != DP8390_REMOTE_SEND) {
        LOG_ONCE(nic->told, nic->config.log, LOG_GUEST, nic->config.name,
                 "data is read without a remote read");
        return 0xffffffffu >> (32 - 8 * size);
    }
    if (!(nic->dcr & DCR_WTS))
        return read_cycle(nic, 1);
    value = read_cycle(nic, 2);
    if (size == 4)
        value |= (nic->remote ? read_cycle(nic, 2) : 0xffffu) << 16;
    return size == 1 ? value & 0xff : value;
}

void dp8390_write_data(struct dp8390 *nic, uint32_t value, unsigned size)
{
    assert(size == 1 || size == 2 || size == 4);
    if (nic->remote != DP8390_REMOTE_WRITE) {
        LOG_ONCE(nic->told, nic->config.log, LOG_GUEST, nic->config.name,
                 "data is written without a remote write");
        return;
    }
    if (!(nic->dcr & DCR_WTS)) {
        write_cycle(nic, value, 1);
        return;
    }
    write_cycle(nic, value, 2);
    if (size == 4 && nic->remote)
        write_cycle(nic, value >> 16, 2);
}

/* Registers. */

static void write_command(struct dp8390 *nic, uint8_t value)
{
    /* only the end of a transmission clears TXP */
    nic->cr = (uint8_t)((value & ~CR_TXP) | (nic->cr & CR_TXP));
    if (value & CR_STP) {
        nic->running = false;
        nic->isr |= ISR_RST;
    } else if (value & CR_STA) {
        nic->running = true;
        nic->isr &= (uint8_t)~ISR_RST;
    }
    command_remote(nic, value);
    if (value & CR_TXP)
        dp8390_transmit(nic);
}

/* In loopback the bytes that came back, in turn. */
static uint8_t read_fifo(struct dp8390 *nic)
{
    return nic->fifo[nic->fifo_at++ % DP8390_FIFO];
}

static uint8_t read_tally(struct dp8390 *nic, unsigned tally)
{
    uint8_t value = nic->tally[tally];

    nic->tally[tally] = 0;
    return value;
}

static uint8_t read_page0(struct dp8390 *nic, unsigned reg)
{
    switch (reg) {
    case P0R_CLDA0: return (uint8_t)nic->clda;
    case P0R_CLDA1: return (uint8_t)(nic->clda >> 8);
    case P0R_BNRY: return nic->bnry;
    case P0R_TSR: return nic->tsr;
    case P0R_NCR: return 0; /* nothing collides */
    case P0R_FIFO: return read_fifo(nic);
    case P0R_ISR: return nic->isr;
    case P0R_CRDA0: return (uint8_t)nic->rsar;
    case P0R_CRDA1: return (uint8_t)(nic->rsar >> 8);
    case P0R_RSR: return nic->rsr;
    default: break;
    }
    if (reg >= P0R_CNTR0)
        return read_tally(nic, reg - P0R_CNTR0);
    return FLOATING;
}

static uint8_t read_page1(const struct dp8390 *nic, unsigned reg)
{
    if (reg == P1_CURR)
        return nic->curr;
    return reg >= P1_MAR0 ? nic->mar[reg - P1_MAR0] : nic->par[reg - P1_PAR0];
}

static uint8_t read_page2(const struct dp8390 *nic, unsigned reg)
{
    switch (reg) {
    case P2_PSTART: return nic->pstart;
    case P2_PSTOP: return nic->pstop;
    case P2_REMOTE_NEXT: return nic->remote_next;
    case P2_TPSR: return nic->tpsr;
    case P2_LOCAL_NEXT: return nic->local_next;
    case P2_COUNTER1: return (uint8_t)(nic->clda >> 8);
    case P2_COUNTER0: return (uint8_t)nic->clda;
    case P2_RCR: return nic->rcr | 0xc0; /* bits that are not there read 1 */
    case P2_TCR: return nic->tcr | 0xe0;
    case P2_DCR: return nic->dcr | 0x80;
    case P2_IMR: return nic->imr | 0x80;
    default: return FLOATING;
    }
}

uint8_t dp8390_read(struct dp8390 *nic, unsigned reg)
{
    assert(reg < DP8390_REGISTERS);
    if (reg == REG_CR)
        return nic->cr;
    switch (dp8390_page(nic)) {
    case 0: return read_page0(nic, reg);
    case 1: return read_page1(nic, reg);
    case 2: return read_page2(nic, reg);
    default: return FLOATING;
    }
}

/* The host gives pages back. */
static void write_boundary(struct dp8390 *nic, uint8_t value)
{
    nic->bnry = value;
    nic->ring_full = false;
    if (nic->running) /* an overflow had set it */
        nic->isr &= (uint8_t)~ISR_RST;
}

static void write_page0(struct dp8390 *nic, unsigned reg, uint8_t value)
{
    switch (reg) {
    case P0W_PSTART: nic->pstart = value; break;
    case P0W_PSTOP: nic->pstop = value; break;
    case P0W_BNRY: write_boundary(nic, value); break;
    case P0W_TPSR: nic->tpsr = value; break;
    case P0W_TBCR0: nic->tbcr = with_low(nic->tbcr, value); break;
    case P0W_TBCR1: nic->tbcr = with_high(nic->tbcr, value); break;
    case P0W_ISR: nic->isr &= (uint8_t) ~(value & ~ISR_RST); break;
    case P0W_RSAR0: nic->rsar = with_low(nic->rsar, value); break;
    case P0W_RSAR1: nic->rsar = with_high(nic->rsar, value); break;
    case P0W_RBCR0: nic->rbcr = with_low(nic->rbcr, value); break;
    case P0W_RBCR1: nic->rbcr = with_high(nic->rbcr, value); break;
    case P0W_RCR: nic->rcr = value & 0x3f; break;
    case P0W_TCR: nic->tcr = value & 0x1f; break;
    case P0W_DCR: nic->dcr = value & 0x7f; break;
    case P0W_IMR: nic->imr = value & 0x7f; break;
    default: break;
    }
    update_interrupt(nic);
}

static void write_page1(struct dp8390 *nic, unsigned reg, uint8_t value)
{
    if (reg == P1_CURR) {
        nic->curr = value;
        nic->ring_full = false;
    } else if (reg >= P1_MAR0)
        nic->mar[reg - P1_MAR0] = value;
    else
        nic->par[reg - P1_PAR0] = value;
}

/* For diagnostics. */
static void write_page2(struct dp8390 *nic, unsigned reg, uint8_t value)
{
    switch (reg) {
    case P2_PSTART:
    case P2_COUNTER0: nic->clda = with_low(nic->clda, value); break;
    case P2_PSTOP:
    case P2_COUNTER1: nic->clda = with_high(nic->clda, value); break;
    case P2_REMOTE_NEXT: nic->remote_next = value; break;
    case P2_LOCAL_NEXT: nic->local_next = value; break;
    default: break;
    }
}

void dp8390_write(struct dp8390 *nic, unsigned reg, uint8_t value)
{
    assert(reg < DP8390_REGISTERS);
    if (reg == REG_CR) {
        write_command(nic, value);
    } else {
        switch (dp8390_page(nic)) {
        case 0: write_page0(nic, reg, value); break;
        case 1: write_page1(nic, reg, value); break;
        case 2: write_page2(nic, reg, value); break;
        default: break;
        }
    }
    /* boundary, filters, a stop: most registers can change what it takes */
    nic->config.card->freed(nic->config.sink);
}

/* Life. */

void dp8390_reset(struct dp8390 *nic)
{
    clock_disarm(nic->config.clock, &nic->sent);
    nic->cr = CR_STP | CR_RD_ABORT;
    nic->isr = ISR_RST;
    nic->imr = 0;
    nic->dcr = DCR_LAS;
    nic->tcr = 0;
    nic->remote = DP8390_REMOTE_OFF;
    nic->running = false;
    nic->ring_full = false;
    update_interrupt(nic);
}

void dp8390_init(struct dp8390 *nic, const struct dp8390_config *config)
{
    assert(config->bits_per_sec > 0);
    *nic = (struct dp8390){.config = *config};
    clock_event_init(&nic->sent, dp8390_on_sent, nic);
}

void dp8390_deinit(struct dp8390 *nic)
{
    clock_disarm(nic->config.clock, &nic->sent);
}

void dp8390_loaded(struct dp8390 *nic)
{
    clock_relink(nic->config.clock, &nic->sent);
    update_interrupt(nic);
}

const struct state_field dp8390_state[] = {
    STATE_TABLE(struct dp8390, sent, clock_event_state),
    STATE_FIELD(struct dp8390, cr),
    STATE_FIELD(struct dp8390, isr),
    STATE_FIELD(struct dp8390, imr),
    STATE_FIELD(struct dp8390, dcr),
    STATE_FIELD(struct dp8390, tcr),
    STATE_FIELD(struct dp8390, rcr),
    STATE_FIELD(struct dp8390, tsr),
    STATE_FIELD(struct dp8390, rsr),
    STATE_FIELD(struct dp8390, pstart),
    STATE_FIELD(struct dp8390, pstop),
    STATE_FIELD(struct dp8390, bnry),
    STATE_FIELD(struct dp8390, curr),
    STATE_FIELD(struct dp8390, tpsr),
    STATE_ARRAY(struct dp8390, par),
    STATE_ARRAY(struct dp8390, mar),
    STATE_ARRAY(struct dp8390, tally),
    STATE_FIELD(struct dp8390, remote_next),
    STATE_FIELD(struct dp8390, local_next),
    STATE_FIELD(struct dp8390, tbcr),
    STATE_FIELD(struct dp8390, rsar),
    STATE_FIELD(struct dp8390, rbcr),
    STATE_FIELD(struct dp8390, clda),
    STATE_FIELD(struct dp8390, remote),
    STATE_FIELD(struct dp8390, running),
    STATE_FIELD(struct dp8390, ring_full),
    STATE_ARRAY(struct dp8390, fifo),
    STATE_FIELD(struct dp8390, fifo_at),
    STATE_END,
};
