/* A TAP interface of Linux: the guest's card is plugged into the host's own
 * network. */
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "frontend/net_int.h"

#define DEVICE        "/dev/net/tun"
#define FRAMES_A_TURN 256

struct net_tap {
    struct net_link link;
    struct net *net; /* borrowed */
    struct log *log; /* borrowed */
    int fd;
    bool failed; /* the interface is gone */
};

static void lose(struct net_tap *t)
{
    LOG_ONCE(t->failed, t->log, LOG_WARN, "nic",
             "the TAP interface is gone: %s; the guest's cable is out",
             strerror(errno));
}

static void tap_send(struct net_link *self, const uint8_t *frame, size_t bytes)
{
    struct net_tap *t = (struct net_tap *)self;

    if (t->failed || write(t->fd, frame, bytes) >= 0)
        return;
    /* an interface that is down, or busy, loses frames as a wire does */
    if (errno != EIO && errno != EAGAIN && errno != ENOBUFS && errno != EINVAL)
        lose(t);
}

static void read_frames(struct net_tap *t)
{
    uint8_t frame[2048];

    for (unsigned i = 0; i < FRAMES_A_TURN && !net_is_filled(t->net); i++) {
        ssize_t bytes = read(t->fd, frame, sizeof(frame));

        if (bytes > 0)
            net_deliver(t->net, frame, (size_t)bytes);
        else if (bytes < 0 && errno != EAGAIN && errno != EINTR && errno != EIO)
            lose(t);
        if (bytes <= 0)
            return;
    }
}

static uint64_t tap_poll(struct net_link *self, int ms)
{
    struct net_tap *t = (struct net_tap *)self;
    struct pollfd fd = {.fd = t->failed ? -1 : t->fd, .events = POLLIN};

    if (poll(&fd, 1, ms) > 0)
        read_frames(t);
    return UINT64_MAX;
}

static enum net_ties tap_get_ties(struct net_link *self)
{
    (void)self;
    return NET_TIES_LOOSE;
}

static void tap_destroy(struct net_link *self)
{
    struct net_tap *t = (struct net_tap *)self;

    if (t->fd >= 0)
        close(t->fd);
    free(t);
}

static const struct net_link_ops tap_ops = {tap_send, tap_poll, tap_get_ties,
                                            tap_destroy};

static const char *explain(int error)
{
    switch (error) {
    case ENOENT:
        return "the host has no TUN/TAP driver (modprobe tun), or this "
               "container has no access to it";
    case EPERM:
    case EACCES:
        return "permission denied; let root make an interface for you (ip "
               "tuntap add dev tap0 mode tap user NAME; ip link set tap0 up) "
               "and write ifname=tap0";
    case EBUSY: return "another program uses the interface; choose another";
    default: return strerror(error);
    }
}

static bool report(const struct net_config *config, int error,
                   struct failure *failure)
{
    return failure_set(failure, EXIT_STATUS_HOST,
                       "-nic tap%s%s: " DEVICE ": %s; or write -nic user",
                       config->ifname ? ",ifname=" : "",
                       config->ifname ? config->ifname : "", explain(error));
}

/* 0 or an errno. */
static int attach(const struct net_config *config, int fd)
{
    struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI};

    if (config->ifname)
        strncpy(request.ifr_name, config->ifname, sizeof(request.ifr_name) - 1);
    if (ioctl(fd, TUNSETIFF, &request) != 0)
        return errno;
    return fcntl(fd, F_SETFL, O_NONBLOCK) == 0 ? 0 : errno;
}

bool net_tap_open(const struct net_config *config, struct net *net,
                  struct log *log, struct net_link **out,
                  struct failure *failure)
{
    struct net_tap *t = calloc(1, sizeof(*t));
    int error;

    if (!t)
        return failure_set(failure, EXIT_STATUS_HOST,
                           "out of host memory; end other programs");
    *t = (struct net_tap){{&tap_ops}, net, log, open(DEVICE, O_RDWR), false};
    error = t->fd < 0 ? errno : attach(config, t->fd);
    if (error) {
        tap_destroy(&t->link);
        return report(config, error, failure);
    }
    *out = &t->link;
    return true;
}
