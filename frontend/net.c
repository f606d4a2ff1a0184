#include "frontend/net.h"

#include <stdlib.h>
#include <string.h>

#include "frontend/net_int.h"

#define QUEUE   1024 /* frames; the newest are lost when it is full */
#define BUSY_NS UINT64_C(5000000000) /* after a frame answers may come */
#define MS      UINT64_C(1000000)

struct frame {
    size_t bytes;
    uint8_t data[HOST_NET_FRAME_MOST];
};

struct net {
    struct host_net output;
    struct net_config config;
    struct host_clock *clock; /* borrowed */
    struct net_link *link;
    struct net_pcap *pcap; /* NULL: none */
    struct frame queue[QUEUE];
    unsigned first, count;
    uint64_t guest_ns;      /* the latest instant of guest time heard of */
    uint64_t due_ns;        /* guest: the link wants its turn by then */
    uint64_t busy_until_ns; /* host */
    bool sent;              /* since the last poll */
    bool delivered;         /* likewise */
};

/* Guest time does not go back for those outside. */
static void note_time(struct net *net, uint64_t now_ns)
{
    if (net->guest_ns < now_ns)
        net->guest_ns = now_ns;
}

uint64_t net_guest_ns(const struct net *net)
{
    return net->guest_ns;
}

static void take_frame(struct host_net *self, const uint8_t *frame,
                       size_t bytes, uint64_t now_ns)
{
    struct net *net = (struct net *)self;

    if (net->pcap)
        net_pcap_put(net->pcap, frame, bytes, now_ns);
    note_time(net, now_ns);
    net->sent = true;
    net->link->ops->send(net->link, frame, bytes);
}

bool net_deliver(struct net *net, const uint8_t *frame, size_t bytes)
{
    struct frame *slot = &net->queue[(net->first + net->count) % QUEUE];

    net->delivered = true;
    if (bytes < HOST_NET_FRAME_LEAST || bytes > HOST_NET_FRAME_MOST)
        return true; /* no card would take it */
    if (net->count == QUEUE)
        return false;
    memcpy(slot->data, frame, bytes);
    slot->bytes = bytes;
    net->count++;
    return true;
}

static bool open_parts(struct net *net, struct log *log,
                       struct failure *failure)
{
    net_link_open *open =
        net->config.kind == NET_TAP ? net_tap_open : net_slirp_open;

    if (net->config.pcap &&
        !net_pcap_open(net->config.pcap, log, &net->pcap, failure))
        return false;
    return open(&net->config, net, log, &net->link, failure);
}

bool net_open(const struct net_config *config, struct host_clock *clock,
              struct log *log, struct net **out, struct failure *failure)
{
    struct net *net;

    *out = NULL;
    if (config->kind == NET_NONE)
        return true;
    net = calloc(1, sizeof(*net));
    if (!net)
        return failure_set(failure, EXIT_STATUS_HOST,
                           "out of host memory; end other programs");
    net->output.send = take_frame;
    net->config = *config;
    net->clock = clock;
    if (!open_parts(net, log, failure)) {
        net_close(net);
        return false;
    }
    *out = net;
    return true;
}

void net_close(struct net *net)
{
    if (!net)
        return;
    if (net->link)
        net->link->ops->destroy(net->link);
    net_pcap_close(net->pcap);
    free(net);
}

void net_plug(struct net *net, struct machine_config *config)
{
    if (!net)
        return;
    config->nic.model = net->config.model;
    config->nic.base = net->config.base;
    config->nic.irq = net->config.irq;
    config->nic.host = &net->output;
    memcpy(config->nic.address, net->config.address,
           sizeof(config->nic.address));
}

bool net_is_filled(const struct net *net)
{
    return net->count > QUEUE / 2;
}

static void poll_link(struct net *net, int ms)
{
    if (net_is_filled(net))
        return;
    net->due_ns = net->link->ops->poll(net->link, ms);
    if (net->sent)
        net->busy_until_ns = net->clock->now_ns(net->clock) + BUSY_NS;
    net->sent = false;
}

/* A link that has work to do, but none that brings frames, must not keep the
 * host from sleeping. */
static void wait_and_poll(struct net *net, uint64_t ns)
{
    uint64_t began = net->clock->now_ns(net->clock);

    poll_link(net, ns / MS > 1000 ? 1000 : (int)(ns / MS));
    if (!net->delivered && net->clock->now_ns(net->clock) - began < MS)
        net->clock->sleep_ns(net->clock, ns < MS ? ns : MS);
}

void net_poll(struct net *net, uint64_t ns)
{
    if (!net)
        return;
    net->delivered = false;
    if (ns > 0)
        wait_and_poll(net, ns);
    else
        poll_link(net, 0);
    if (net->pcap)
        net_pcap_flush(net->pcap);
}

void net_feed(struct net *net, struct machine *machine)
{
    if (!net)
        return;
    note_time(net, machine_now_ns(machine));
    if (net->guest_ns >= net->due_ns)
        poll_link(net, 0);
    while (net->count > 0) {
        const struct frame *frame = &net->queue[net->first];

        if (!machine_net_in(machine, frame->data, frame->bytes))
            return;
        if (net->pcap)
            net_pcap_put(net->pcap, frame->data, frame->bytes,
                         machine_now_ns(machine));
        net->first = (net->first + 1) % QUEUE;
        net->count--;
    }
}

bool net_is_busy(const struct net *net)
{
    enum net_ties ties;

    if (!net)
        return false;
    if (net->sent)
        return true;
    ties = net->link->ops->get_ties(net->link);
    return ties == NET_TIES_OPEN ||
           (ties == NET_TIES_LOOSE &&
            net->clock->now_ns(net->clock) < net->busy_until_ns);
}
