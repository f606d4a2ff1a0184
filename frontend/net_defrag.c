#include "frontend/net_defrag.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define PACKETS      8 /* at a time */
#define ETHER_BYTES  14
#define HEADER_BYTES 20 /* of the packet that comes out: without options */
#define DATA_MOST    (65535 - HEADER_BYTES)
#define UNIT         8 /* offsets count these */
#define UNITS        (65536 / UNIT)

/* Bytes of the header (RFC 791, section 3.1). */
enum {
    IP_VERSION = 0,
    IP_LENGTH = 2,
    IP_ID = 4,
    IP_FRAGMENT = 6,
    IP_PROTOCOL = 9,
    IP_CHECKSUM = 10,
    IP_SOURCE = 12,
};

#define MORE   0x2000
#define OFFSET 0x1fff

/* One packet that is not whole yet. */
struct packet {
    uint8_t frame[ETHER_BYTES + HEADER_BYTES + DATA_MOST];
    uint8_t have[UNITS / 8]; /* a bit for every unit */
    size_t units, top;       /* that are there; behind the last of them */
    size_t data_bytes;       /* in all; 0: the last piece has not come */
    uint64_t order;          /* when it began; 0: free */
};

struct net_defrag {
    struct packet packets[PACKETS];
    uint64_t orders;
};

/* A piece that makes sense. */
struct piece {
    const uint8_t *frame, *data;
    size_t offset, bytes;
    bool last;
};

static unsigned get_word(const uint8_t *at)
{
    return (unsigned)at[0] << 8 | at[1];
}

static void put_word(uint8_t *at, unsigned value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static uint16_t checksum(const uint8_t *header, size_t bytes)
{
    uint32_t sum = 0;

    for (size_t i = 0; i < bytes; i += 2)
        sum += get_word(header + i);
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

struct net_defrag *net_defrag_create(void)
{
    return calloc(1, sizeof(struct net_defrag));
}

void net_defrag_destroy(struct net_defrag *defrag)
{
    free(defrag);
}

bool net_defrag_is_piece(const uint8_t *frame, size_t bytes)
{
    return bytes >= ETHER_BYTES + IP_FRAGMENT + 2 &&
           get_word(frame + 12) == 0x0800 &&
           (get_word(frame + ETHER_BYTES + IP_FRAGMENT) & (MORE | OFFSET));
}

/* False: it is not what any sender makes. */
static bool parse(const uint8_t *frame, size_t bytes, struct piece *piece)
{
    const uint8_t *ip = frame + ETHER_BYTES;
    size_t header = (ip[IP_VERSION] & 15u) * 4, length;
    unsigned fragment = get_word(ip + IP_FRAGMENT);

    if (bytes < ETHER_BYTES + HEADER_BYTES || ip[IP_VERSION] >> 4 != 4 ||
        header < HEADER_BYTES || bytes < ETHER_BYTES + header ||
        checksum(ip, header) != 0)
        return false;
    length = get_word(ip + IP_LENGTH);
    if (length <= header || length > bytes - ETHER_BYTES)
        return false;
    piece->frame = frame;
    piece->data = ip + header;
    piece->offset = (size_t)(fragment & OFFSET) * UNIT;
    piece->bytes = length - header;
    piece->last = !(fragment & MORE);
    return piece->offset + piece->bytes <= DATA_MOST &&
           (piece->last || piece->bytes % UNIT == 0);
}

/* The same sender, receiver, protocol and number. */
static bool belongs(const struct packet *packet, const struct piece *piece)
{
    const uint8_t *a = packet->frame + ETHER_BYTES;
    const uint8_t *b = piece->frame + ETHER_BYTES;

    return packet->order && memcmp(a + IP_SOURCE, b + IP_SOURCE, 8) == 0 &&
           a[IP_PROTOCOL] == b[IP_PROTOCOL] &&
           memcmp(a + IP_ID, b + IP_ID, 2) == 0;
}

static struct packet *find_packet(struct net_defrag *defrag,
                                  const struct piece *piece)
{
    struct packet *oldest = &defrag->packets[0];

    for (unsigned i = 0; i < PACKETS; i++) {
        struct packet *packet = &defrag->packets[i];

        if (belongs(packet, piece))
            return packet;
        if (packet->order < oldest->order)
            oldest = packet;
    }
    memset(oldest->have, 0, sizeof(oldest->have));
    oldest->units = oldest->top = oldest->data_bytes = 0;
    oldest->order = ++defrag->orders;
    memcpy(oldest->frame, piece->frame, ETHER_BYTES + HEADER_BYTES);
    return oldest;
}

static void put_data(struct packet *packet, const struct piece *piece)
{
    size_t first = piece->offset / UNIT;
    size_t end = first + (piece->bytes + UNIT - 1) / UNIT;

    memcpy(packet->frame + ETHER_BYTES + HEADER_BYTES + piece->offset,
           piece->data, piece->bytes);
    for (size_t i = first; i < end; i++) {
        if (packet->have[i / 8] >> i % 8 & 1)
            continue;
        packet->have[i / 8] |= (uint8_t)(1u << i % 8);
        packet->units++;
    }
    if (packet->top < end)
        packet->top = end;
    if (piece->last)
        packet->data_bytes = piece->offset + piece->bytes;
}

/* Nothing is missing; data behind the end, of a sender that contradicts
 * itself, keeps a packet incomplete. */
static bool is_whole(const struct packet *packet)
{
    return packet->units == packet->top &&
           packet->top == (packet->data_bytes + UNIT - 1) / UNIT;
}

static size_t finish(struct packet *packet)
{
    uint8_t *ip = packet->frame + ETHER_BYTES;
    size_t length = HEADER_BYTES + packet->data_bytes;

    assert(length <= 65535);
    packet->order = 0;
    ip[IP_VERSION] = 0x45;
    put_word(ip + IP_LENGTH, (unsigned)length);
    put_word(ip + IP_FRAGMENT, 0);
    put_word(ip + IP_CHECKSUM, 0);
    put_word(ip + IP_CHECKSUM, checksum(ip, HEADER_BYTES));
    return ETHER_BYTES + length;
}

const uint8_t *net_defrag_take(struct net_defrag *defrag, const uint8_t *frame,
                               size_t bytes, size_t *whole)
{
    struct piece piece;
    struct packet *packet;

    if (!parse(frame, bytes, &piece))
        return NULL;
    packet = find_packet(defrag, &piece);
    put_data(packet, &piece);
    if (!is_whole(packet))
        return NULL;
    *whole = finish(packet);
    return packet->frame;
}
