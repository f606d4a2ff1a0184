/* A guest that speaks just enough of a network's protocols, by hand. */
#ifndef TESTS_FRONTEND_NET_GUEST_H
#define TESTS_FRONTEND_NET_GUEST_H

#include <string.h>

#include "core/host.h"
#include "core/types.h"

#define GUEST_MOST 1514
#define IP_AT      14
#define PAYLOAD_AT 34 /* behind an IP header without options */

static const uint8_t guest_mac[6] = {0x52, 0x54, 0x00, 0x12, 0x34, 0x56};
static const uint8_t guest_ip[4] = {10, 0, 2, 15};
static const uint8_t router_ip[4] = {10, 0, 2, 2};
static const uint8_t everybody[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

enum {
    TCP_FIN = 1,
    TCP_SYN = 2,
    TCP_PSH = 8,
    TCP_ACK = 16
};

struct frame_out {
    uint8_t bytes[GUEST_MOST];
    size_t count;
};

static inline void put_be(uint8_t *at, uint32_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        at[i] = (uint8_t)(value >> (8 * (bytes - 1 - i)));
}

static inline uint32_t get_be(const uint8_t *at, unsigned bytes)
{
    uint32_t value = 0;

    for (unsigned i = 0; i < bytes; i++)
        value = value << 8 | at[i];
    return value;
}

/* The Internet's checksum, `sum` being what is added to it. */
static inline uint16_t checksum(const uint8_t *data, size_t bytes, uint32_t sum)
{
    for (size_t i = 0; i < bytes; i++)
        sum += i & 1 ? data[i] : (uint32_t)data[i] << 8;
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

static inline void make_ethernet(struct frame_out *f, const uint8_t *to,
                                 unsigned type)
{
    memset(f, 0, sizeof(*f));
    memcpy(f->bytes, to, 6);
    memcpy(f->bytes + 6, guest_mac, 6);
    put_be(f->bytes + 12, type, 2);
}

/* Request (1) or answer (2) about `about`. */
static inline void make_arp(struct frame_out *f, unsigned operation,
                            const uint8_t *to, const uint8_t *about)
{
    static const uint8_t head[] = {0, 1, 8, 0, 6, 4, 0};

    make_ethernet(f, to, 0x0806);
    memcpy(f->bytes + 14, head, sizeof(head));
    f->bytes[21] = (uint8_t)operation;
    memcpy(f->bytes + 22, guest_mac, 6);
    memcpy(f->bytes + 28, guest_ip, 4);
    memcpy(f->bytes + 38, about, 4);
    f->count = 42;
}

/* Fills in the IP header in front of `bytes` of payload that stand there. */
static inline void make_ip(struct frame_out *f, unsigned protocol,
                           const uint8_t *from, const uint8_t *to, size_t bytes)
{
    uint8_t *ip = f->bytes + IP_AT;

    ip[0] = 0x45;
    put_be(ip + 2, (uint32_t)(20 + bytes), 2);
    ip[8] = 64;
    ip[9] = (uint8_t)protocol;
    memcpy(ip + 12, from, 4);
    memcpy(ip + 16, to, 4);
    put_be(ip + 10, checksum(ip, 20, 0), 2);
    f->count = PAYLOAD_AT + bytes;
}

/* The checksum of TCP, over addresses too. */
static inline uint16_t tcp_checksum(const uint8_t *ip, size_t bytes)
{
    uint32_t sum = 6 + (uint32_t)bytes;

    for (unsigned i = 12; i < 20; i += 2)
        sum += get_be(ip + i, 2);
    return checksum(ip + 20, bytes, sum);
}

struct tcp_end {
    uint16_t port, peer_port;
    uint32_t next, expected; /* sequence numbers: ours, theirs */
    bool full;               /* no room for what they send */
};

static inline void make_tcp(struct frame_out *f, struct tcp_end *end,
                            unsigned flags, const char *data)
{
    uint8_t *tcp = f->bytes + PAYLOAD_AT;
    size_t bytes = 20 + strlen(data);

    make_ethernet(f, everybody, 0x0800);
    put_be(tcp, end->port, 2);
    put_be(tcp + 2, end->peer_port, 2);
    put_be(tcp + 4, end->next, 4);
    put_be(tcp + 8, flags & TCP_ACK ? end->expected : 0, 4);
    tcp[12] = 5 << 4;
    tcp[13] = (uint8_t)flags;
    put_be(tcp + 14, end->full ? 0 : 8192, 2);
    memcpy(tcp + 20, data, strlen(data));
    make_ip(f, 6, guest_ip, router_ip, bytes);
    put_be(tcp + 16, tcp_checksum(f->bytes + IP_AT, bytes), 2);
    end->next += (uint32_t)strlen(data) + !!(flags & (TCP_SYN | TCP_FIN));
}

static inline void make_ping(struct frame_out *f)
{
    uint8_t *icmp = f->bytes + PAYLOAD_AT;

    make_ethernet(f, everybody, 0x0800);
    icmp[0] = 8;
    memcpy(icmp + 8, "vitrine!", 8);
    put_be(icmp + 2, checksum(icmp, 16, 0), 2);
    make_ip(f, 1, guest_ip, router_ip, 16);
}

/* DISCOVER. */
static inline void make_dhcp(struct frame_out *f)
{
    static const uint8_t nobody[4] = {0}, all[4] = {255, 255, 255, 255};
    static const uint8_t options[] = {99, 130, 83, 99, 53, 1, 1, 255};
    uint8_t *udp = f->bytes + PAYLOAD_AT, *bootp = udp + 8;
    size_t bytes = 8 + 236 + 64;

    make_ethernet(f, everybody, 0x0800);
    put_be(udp, 68, 2);
    put_be(udp + 2, 67, 2);
    put_be(udp + 4, (uint32_t)bytes, 2);
    bootp[0] = 1;
    bootp[1] = 1;
    bootp[2] = 6;
    put_be(bootp + 4, 0x12345678, 4);
    memcpy(bootp + 28, guest_mac, 6);
    memcpy(bootp + 236, options, sizeof(options));
    make_ip(f, 17, nobody, all, bytes);
}

#endif
