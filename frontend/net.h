/* What the network card of a run is plugged into: a private network in the
 * program (NAT), a TAP interface of the host, or nothing; and a record of the
 * frames that pass.
 *
 * Frames for the guest gather in a queue; net_feed() hands them to the machine
 * between two runs, so the guest sees the host's timing only through the
 * instants at which they entered. */
#ifndef FRONTEND_NET_H
#define FRONTEND_NET_H

#include "core/host.h"
#include "core/log.h"
#include "frontend/failure.h"
#include "frontend/host_clock.h"
#include "machine/machine.h"

#define NET_FORWARDS 32

enum net_kind {
    NET_NONE, /* no card */
    NET_USER,
    NET_TAP,
};

/* A port of the host that leads to one of the guest. */
struct net_forward {
    bool udp;
    uint8_t host_address[4], guest_address[4];
    uint16_t host_port, guest_port;
};

struct net_config {
    enum net_kind kind;
    enum machine_nic_model model;
    uint8_t address[6];
    unsigned base, irq; /* 0: the machine's choice */
    const char *pcap;   /* file of frames; NULL: none. Borrowed, as the next */

    /* NET_USER */
    bool restricted; /* no way out but through forwards */
    struct net_forward forwards[NET_FORWARDS];
    unsigned forward_count;
    const char *tftp, *bootfile; /* NULL: none */

    /* NET_TAP */
    const char *ifname; /* NULL: a new interface */
};

struct net;

/* Opens what `config` (copied) says; NET_NONE gives *out == NULL. `log` hears
 * of what goes wrong later; it and `clock` are borrowed. On failure
 * EXIT_STATUS_HOST. The caller owns *out. */
bool net_open(const struct net_config *config, struct host_clock *clock,
              struct log *log, struct net **out, struct failure *failure);
void net_close(struct net *net); /* NULL is allowed, as below */

/* Plugs the card into a machine to be. */
void net_plug(struct net *net, struct machine_config *config);

/* As loop_config wants them. The host's turn: moves frames between the queue
 * and the network, waiting up to `ns` for something to do. */
void net_poll(struct net *net, uint64_t ns);
/* From the queue into the machine, as far as it takes them. */
void net_feed(struct net *net, struct machine *machine);
/* Something is underway outside that the guest may be waiting for. */
bool net_is_busy(const struct net *net);

#endif
