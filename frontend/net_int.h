/* A network behind the card: what net_slirp.c and net_tap_*.c implement. */
#ifndef FRONTEND_NET_INT_H
#define FRONTEND_NET_INT_H

#include "frontend/net.h"

struct net_link {
    const struct net_link_ops *ops;
};

/* Whether the guest waits for others, who live in the host's time. */
enum net_ties {
    NET_TIES_NONE,
    NET_TIES_LOOSE, /* somebody may answer what the guest sent lately */
    NET_TIES_OPEN,  /* connections are open */
};

struct net_link_ops {
    /* A frame from the guest. */
    void (*send)(struct net_link *self, const uint8_t *frame, size_t bytes);
    /* Does what is to be done, after waiting up to `ms` of the host for it;
     * frames for the guest go to net_deliver(). Returns when it wants to be
     * called again though nothing came in: an instant of guest time,
     * UINT64_MAX for never. */
    uint64_t (*poll)(struct net_link *self, int ms);
    enum net_ties (*get_ties)(struct net_link *self);
    void (*destroy)(struct net_link *self);
};

/* A frame for the guest, copied; any length. Returns false when the queue is
 * full and it was dropped. */
bool net_deliver(struct net *net, const uint8_t *frame, size_t bytes);

/* Half of the queue is taken: before the link looks for more the guest has to
 * take some. The other half is for what the guest's own frames bring about. */
bool net_is_filled(const struct net *net);

/* The guest's time: a link's own timers go by it, so that they and the guest's
 * expire in the right order however fast the guest runs. Never goes back. */
uint64_t net_guest_ns(const struct net *net);

/* Each with EXIT_STATUS_HOST on failure; `net` and `log` are borrowed. */
typedef bool net_link_open(const struct net_config *config, struct net *net,
                           struct log *log, struct net_link **out,
                           struct failure *failure);
net_link_open net_slirp_open, net_tap_open;

/* A file of frames in the format of pcap, with nanoseconds. */
struct net_pcap;

bool net_pcap_open(const char *path, struct log *log, struct net_pcap **out,
                   struct failure *failure);
void net_pcap_close(struct net_pcap *pcap); /* NULL is allowed */
void net_pcap_put(struct net_pcap *pcap, const uint8_t *frame, size_t bytes,
                  uint64_t now_ns);
/* What was put is to be seen by others now. */
void net_pcap_flush(struct net_pcap *pcap);

#endif
