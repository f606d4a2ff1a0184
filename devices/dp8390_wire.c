/* The side of the DP8390 that faces the wire: what it takes in and sends. */
#include <string.h>

#include "devices/dp8390_int.h"

#define HEADER_BYTES 4
#define PAGE_BYTES   256
#define FRAMING      (8 + ETHER_CRC_BYTES + 12) /* preamble, CRC, gap; bytes */

uint64_t dp8390_wire_ns(const struct dp8390 *nic, size_t bytes)
{
    return (bytes + FRAMING) * 8 * NS_PER_SEC / nic->config.bits_per_sec;
}

/* Reception. */

static bool is_looped(const struct dp8390 *nic)
{
    return nic->tcr & TCR_LB;
}

/* Whether the address filters let it in. */
static bool is_addressed(const struct dp8390 *nic, const uint8_t *frame)
{
    unsigned hash;

    if (ether_is_broadcast(frame))
        return nic->rcr & RCR_AB;
    if (!ether_is_group(frame))
        return (nic->rcr & RCR_PRO) ||
               memcmp(frame, nic->par, sizeof(nic->par)) == 0;
    hash = ether_hash(frame);
    return (nic->rcr & RCR_AM) && (nic->mar[hash >> 3] >> (hash & 7) & 1);
}

bool dp8390_listens(const struct dp8390 *nic)
{
    return nic->running && !is_looped(nic);
}

static bool is_wanted(const struct dp8390 *nic, const uint8_t *frame,
                      size_t bytes)
{
    return dp8390_listens(nic) &&
           (bytes >= ETHER_LEAST_BYTES || (nic->rcr & RCR_AR)) &&
           is_addressed(nic, frame);
}

bool dp8390_has_room(const struct dp8390 *nic, const uint8_t *frame,
                     size_t bytes)
{
    size_t pages = (bytes + HEADER_BYTES + ETHER_CRC_BYTES - 1) / PAGE_BYTES;
    uint8_t page = nic->curr;

    if (!is_wanted(nic, frame, bytes) || (nic->rcr & RCR_MON))
        return true;
    if (nic->ring_full)
        return false;
    for (size_t i = 0; i < pages; i++) {
        page = dp8390_next_page(nic, page);
        if (page == nic->bnry)
            return false;
    }
    return true;
}

/* Stores one byte; false: the next page would be the host's. */
static bool put(struct dp8390 *nic, uint8_t byte)
{
    if ((nic->clda & (PAGE_BYTES - 1)) == 0) {
        uint8_t last = (uint8_t)((nic->clda >> 8) - 1);
        uint8_t page = dp8390_next_page(nic, last);

        if (page == nic->bnry)
            return false;
        nic->clda = (uint16_t)(page << 8);
    }
    nic->config.card->store(nic->config.sink, nic->clda, byte);
    nic->clda++;
    return true;
}

/* Frame and CRC, behind the room for the header. */
static bool put_frame(struct dp8390 *nic, const uint8_t *frame, size_t bytes)
{
    uint32_t crc = ether_crc(frame, bytes);

    if (nic->ring_full)
        return false;
    nic->clda = (uint16_t)((nic->curr << 8) + HEADER_BYTES);
    for (size_t i = 0; i < bytes; i++) {
        if (!put(nic, frame[i]))
            return false;
    }
    for (unsigned i = 0; i < ETHER_CRC_BYTES; i++) {
        if (!put(nic, (uint8_t)(crc >> (8 * i))))
            return false;
    }
    return true;
}

static void overflow(struct dp8390 *nic)
{
    nic->rsr = (uint8_t)((nic->rsr & ~RSR_PRX) | RSR_MPA);
    dp8390_count(nic, TALLY_MISSED);
    dp8390_set_isr(nic, ISR_OVW | ISR_RST);
}

/* Writes the header and moves on. The length counts the CRC. */
static void finish_packet(struct dp8390 *nic, size_t bytes)
{
    size_t length = bytes + ETHER_CRC_BYTES;
    uint8_t last = (uint8_t)((nic->clda - 1) >> 8);
    uint8_t next = dp8390_next_page(nic, last);
    const uint8_t header[HEADER_BYTES] = {nic->rsr, next, (uint8_t)length,
                                          (uint8_t)(length >> 8)};

    for (unsigned i = 0; i < HEADER_BYTES; i++)
        nic->config.card->store(
            nic->config.sink, (uint16_t)((nic->curr << 8) + (int)i), header[i]);
    nic->curr = nic->local_next = next;
    nic->ring_full = next == nic->bnry;
    dp8390_set_isr(nic, ISR_PRX);
}

void dp8390_receive(struct dp8390 *nic, const uint8_t *frame, size_t bytes)
{
    if (!is_wanted(nic, frame, bytes))
        return;
    nic->rsr = ether_is_group(frame) ? RSR_PHY : 0;
    if (nic->rcr & RCR_MON) {
        nic->rsr |= RSR_MPA | RSR_DIS;
        dp8390_count(nic, TALLY_MISSED);
        return;
    }
    nic->rsr |= RSR_PRX;
    if (put_frame(nic, frame, bytes))
        finish_packet(nic, bytes);
    else
        overflow(nic);
}

/* Transmission. */

void dp8390_transmit(struct dp8390 *nic)
{
    if (!nic->running) {
        LOG_ONCE(nic->told, nic->config.log, LOG_GUEST, nic->config.name,
                 "a frame is to be sent while the controller is stopped");
        return;
    }
    if (nic->cr & CR_TXP)
        return;
    nic->cr |= CR_TXP;
    clock_arm(nic->config.clock, &nic->sent,
              clock_now_ns(nic->config.clock) + dp8390_wire_ns(nic, nic->tbcr));
}

static uint8_t byte_to_send(struct dp8390 *nic, unsigned at)
{
    uint16_t address = (uint16_t)((nic->tpsr << 8) + (int)at);

    return nic->config.card->load(nic->config.sink, address);
}

static void send_frame(struct dp8390 *nic)
{
    uint8_t frame[HOST_NET_FRAME_MOST];

    nic->tsr = TSR_PTX | TSR_ONE;
    if (nic->tbcr < HOST_NET_FRAME_LEAST || nic->tbcr > sizeof(frame)) {
        LOG_ONCE(nic->told, nic->config.log, LOG_GUEST, nic->config.name,
                 "a frame of %u bytes goes nowhere", nic->tbcr);
        return;
    }
    for (unsigned i = 0; i < nic->tbcr; i++)
        frame[i] = byte_to_send(nic, i);
    nic->config.card->send(nic->config.sink, frame, nic->tbcr);
}

/* A frame on its way back through the receiver's half of the FIFO. */
struct loop {
    struct dp8390 *nic;
    uint8_t address[ETHER_ADDRESS_BYTES];
    unsigned count;
    uint32_t crc; /* of what came by */
};

static void loop_byte(struct loop *loop, uint8_t byte)
{
    if (loop->count < sizeof(loop->address))
        loop->address[loop->count] = byte;
    loop->nic->fifo[loop->count++ % DP8390_FIFO] = byte;
    loop->crc = ether_crc_more(loop->crc, &byte, 1);
}

/* In word mode only half of each word is sent: the even places with BOS. */
static void loop_data(struct loop *loop)
{
    struct dp8390 *nic = loop->nic;
    unsigned step = nic->dcr & DCR_WTS ? 2 : 1;
    unsigned first = step == 2 && !(nic->dcr & DCR_BOS);

    for (unsigned i = first; i < nic->tbcr; i += step)
        loop_byte(loop, byte_to_send(nic, i));
}

/* Behind the frame the FIFO gets its length, the high byte twice. */
static void loop_length(struct loop *loop)
{
    unsigned count = loop->count;
    uint8_t *fifo = loop->nic->fifo;

    fifo[count % DP8390_FIFO] = (uint8_t)count;
    fifo[(count + 1) % DP8390_FIFO] = (uint8_t)(count >> 8);
    fifo[(count + 2) % DP8390_FIFO] = (uint8_t)(count >> 8);
}

/* Generator and checker are one circuit: a frame whose CRC was generated
 * always looks wrong to the receiver. */
static void loop_frame(struct dp8390 *nic)
{
    static const uint8_t status[4] = {
        0, TSR_PTX | TSR_ONE | TSR_CRS | TSR_CDH, /* inside the controller */
        TSR_PTX | TSR_ONE | TSR_CDH,              /* through the encoder */
        TSR_PTX | TSR_ONE,                        /* outside */
    };
    struct loop loop = {.nic = nic};
    bool good = nic->tcr & TCR_CRC;

    nic->tsr = status[(nic->tcr & TCR_LB) >> TCR_LB_SHIFT];
    loop_data(&loop);
    if (!good) {
        uint32_t crc = loop.crc;

        for (unsigned i = 0; i < ETHER_CRC_BYTES; i++)
            loop_byte(&loop, (uint8_t)(crc >> (8 * i)));
    } else {
        good = loop.crc == ETHER_CRC_GOOD;
    }
    loop_length(&loop);
    nic->fifo_at = 0;
    nic->rsr = ether_is_group(loop.address) ? RSR_PHY : 0;
    if (is_addressed(nic, loop.address))
        nic->rsr |= good ? RSR_PRX : RSR_CRC;
}

void dp8390_on_sent(void *dev)
{
    struct dp8390 *nic = dev;

    nic->cr &= (uint8_t)~CR_TXP;
    if (is_looped(nic))
        loop_frame(nic);
    else
        send_frame(nic);
    dp8390_set_isr(nic, ISR_PTX);
}
