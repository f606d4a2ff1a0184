/* The private network: libslirp plays router, DHCP and DNS server, and turns
 * the guest's connections into sockets of this program.
 *
 * Invariant: its clock is the guest's. Between libslirp and the guest no time
 * of the host passes, so when a halted guest skips a second, a retransmission
 * that was to come within it comes. The host's time counts only where a socket
 * is waited for, and then get_ties() says so; libslirp does not look at a
 * socket while it holds enough for a guest that does not take it. */
#include <errno.h>
#include <libslirp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "frontend/net_defrag.h"
#include "frontend/net_int.h"

#define NS_PER_MS INT64_C(1000000)
#define NEVER_MS  1000u /* no turn of libslirp's is as far away */

/* One that libslirp asked for. */
struct timer {
    SlirpTimerCb call;
    void *opaque;
    int64_t when_ms; /* INT64_MAX: it does not run */
    struct timer *next;
};

struct net_slirp {
    struct net_link link;
    struct net *net; /* borrowed */
    struct log *log; /* borrowed */
    Slirp *slirp;
    struct net_defrag *defrag;
    struct timer *timers; /* owned */
    struct pollfd *fds;   /* owned; of this turn */
    int fd_count, fd_room;
    int64_t due_ms;       /* guest: of the next turn, but for timers */
    bool connected, open; /* as of the last turn */
    bool told;            /* that the guest sent nonsense */
};

static int64_t read_clock(void *opaque)
{
    const struct net_slirp *s = opaque;

    return (int64_t)net_guest_ns(s->net);
}

static ssize_t take_packet(const void *frame, size_t bytes, void *opaque)
{
    const struct net_slirp *s = opaque;

    net_deliver(s->net, frame, bytes); /* what is lost TCP sends again */
    return (ssize_t)bytes;
}

static void on_guest_error(const char *text, void *opaque)
{
    struct net_slirp *s = opaque;

    LOG_ONCE(s->told, s->log, LOG_GUEST, "nic", "%s", text);
}

/* Timers. */

static void *new_timer(SlirpTimerCb call, void *call_opaque, void *opaque)
{
    struct net_slirp *s = opaque;
    struct timer *timer = calloc(1, sizeof(*timer));

    if (!timer)
        abort(); /* libslirp knows no failure here */
    *timer = (struct timer){call, call_opaque, INT64_MAX, s->timers};
    s->timers = timer;
    return timer;
}

static void free_timer(void *which, void *opaque)
{
    struct net_slirp *s = opaque;
    struct timer **at = &s->timers;

    while (*at && *at != which)
        at = &(*at)->next;
    if (*at)
        *at = (*at)->next;
    free(which);
}

static void set_timer(void *which, int64_t when_ms, void *opaque)
{
    (void)opaque;
    ((struct timer *)which)->when_ms = when_ms;
}

static void run_timers(struct net_slirp *s)
{
    int64_t now_ms = read_clock(s) / NS_PER_MS;

    for (struct timer *t = s->timers; t; t = t->next) {
        if (t->when_ms > now_ms)
            continue;
        t->when_ms = INT64_MAX;
        t->call(t->opaque);
    }
}

/* When the next turn is to be, `after_ms` being what libslirp asks for. It
 * asks anew at each turn, and must not put off what it asked for before. */
static uint64_t plan_turn(struct net_slirp *s, uint32_t after_ms)
{
    int64_t now_ms = read_clock(s) / NS_PER_MS, due_ms = INT64_MAX;

    if (after_ms < NEVER_MS) {
        due_ms = now_ms + after_ms;
        if (s->due_ms > now_ms && s->due_ms < due_ms)
            due_ms = s->due_ms;
    }
    s->due_ms = due_ms;
    for (const struct timer *t = s->timers; t; t = t->next) {
        if (t->when_ms < due_ms)
            due_ms = t->when_ms;
    }
    return due_ms == INT64_MAX ? UINT64_MAX : (uint64_t)(due_ms * NS_PER_MS);
}

/* Sockets. */

static void ignore_fd(int fd, void *opaque)
{
    (void)fd;
    (void)opaque;
}

static void ignore_notice(void *opaque)
{
    (void)opaque;
}

/* A listening socket waits for others; the rest ties the guest to them. */
static void classify(struct net_slirp *s, int fd)
{
    int type = 0, listens = 0;
    socklen_t size = sizeof(type);

    if (s->connected) /* nothing to add to that */
        return;
    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) != 0)
        return;
    size = sizeof(listens);
    (void)getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size);
    if (listens)
        return;
    if (type == SOCK_STREAM)
        s->connected = true;
    else
        s->open = true;
}

static int add_fd(int fd, int events, void *opaque)
{
    struct net_slirp *s = opaque;

    if (s->fd_count == s->fd_room) {
        int room = s->fd_room ? 2 * s->fd_room : 16;
        struct pollfd *fds = realloc(s->fds, sizeof(*fds) * (size_t)room);

        if (!fds)
            return -1; /* never ready */
        s->fds = fds;
        s->fd_room = room;
    }
    s->fds[s->fd_count] = (struct pollfd){.fd = fd};
    if (events & SLIRP_POLL_IN)
        s->fds[s->fd_count].events |= POLLIN;
    if (events & SLIRP_POLL_OUT)
        s->fds[s->fd_count].events |= POLLOUT;
    if (events & SLIRP_POLL_PRI)
        s->fds[s->fd_count].events |= POLLPRI;
    classify(s, fd);
    return s->fd_count++;
}

static int get_events(int index, void *opaque)
{
    static const struct {
        short host;
        int slirp;
    } events[] = {
        {POLLIN, SLIRP_POLL_IN},   {POLLOUT, SLIRP_POLL_OUT},
        {POLLPRI, SLIRP_POLL_PRI}, {POLLERR, SLIRP_POLL_ERR},
        {POLLHUP, SLIRP_POLL_HUP},
    };
    const struct net_slirp *s = opaque;
    int found = 0;

    if (index < 0 || index >= s->fd_count)
        return 0;
    for (size_t i = 0; i < ARRAY_LEN(events); i++) {
        if (s->fds[index].revents & events[i].host)
            found |= events[i].slirp;
    }
    return found;
}

static uint64_t slirp_link_poll(struct net_link *self, int ms)
{
    struct net_slirp *s = (struct net_slirp *)self;
    uint32_t timeout = NEVER_MS;
    int ready = 0;

    s->fd_count = 0;
    s->connected = s->open = false;
    slirp_pollfds_fill(s->slirp, &timeout, add_fd, s);
    if (s->fd_count > 0 || ms > 0)
        ready = poll(s->fds, (nfds_t)s->fd_count, ms);
    slirp_pollfds_poll(s->slirp, ready < 0 && errno != EINTR, get_events, s);
    run_timers(s);
    return plan_turn(s, timeout);
}

static void slirp_link_send(struct net_link *self, const uint8_t *frame,
                            size_t bytes)
{
    struct net_slirp *s = (struct net_slirp *)self;

    if (net_defrag_is_piece(frame, bytes))
        frame = net_defrag_take(s->defrag, frame, bytes, &bytes);
    if (frame)
        slirp_input(s->slirp, frame, (int)bytes);
}

static enum net_ties slirp_link_get_ties(struct net_link *self)
{
    const struct net_slirp *s = (const struct net_slirp *)self;

    if (s->connected)
        return NET_TIES_OPEN;
    return s->open ? NET_TIES_LOOSE : NET_TIES_NONE;
}

static void slirp_link_destroy(struct net_link *self)
{
    struct net_slirp *s = (struct net_slirp *)self;

    if (s->slirp)
        slirp_cleanup(s->slirp);
    while (s->timers)
        free_timer(s->timers, s);
    net_defrag_destroy(s->defrag);
    free(s->fds);
    free(s);
}

static const struct net_link_ops slirp_link_ops = {
    slirp_link_send, slirp_link_poll, slirp_link_get_ties, slirp_link_destroy};

static const SlirpCb callbacks = {
    .send_packet = take_packet,
    .guest_error = on_guest_error,
    .clock_get_ns = read_clock,
    .timer_new = new_timer,
    .timer_free = free_timer,
    .timer_mod = set_timer,
    .register_poll_fd = ignore_fd,
    .unregister_poll_fd = ignore_fd,
    .notify = ignore_notice,
};

/* Opening. */

static struct in_addr to_address(const uint8_t bytes[4])
{
    struct in_addr address;

    memcpy(&address, bytes, sizeof(address));
    return address;
}

/* The addresses that QEMU's users know. IPv6 stays off: its router would send
 * of its own accord, at the host's times. */
static Slirp *start_slirp(const struct net_config *config, struct net_slirp *s)
{
    static const uint8_t net[] = {10, 0, 2, 0}, mask[] = {255, 255, 255, 0},
                         host[] = {10, 0, 2, 2}, name_server[] = {10, 0, 2, 3},
                         first[] = {10, 0, 2, 15};
    const SlirpConfig slirp = {
        .version = 1,
        .restricted = config->restricted,
        .in_enabled = true,
        .vnetwork = to_address(net),
        .vnetmask = to_address(mask),
        .vhost = to_address(host),
        .vnameserver = to_address(name_server),
        .vdhcp_start = to_address(first),
        .tftp_path = config->tftp,
        .bootfile = config->bootfile,
    };

    return slirp_new(&slirp, &callbacks, s);
}

/* libslirp would find out when the guest asks. */
static bool check_tftp(const char *folder, struct failure *failure)
{
    struct stat found;
    int error = stat(folder, &found) != 0 ? errno
                : S_ISDIR(found.st_mode)  ? 0
                                          : ENOTDIR;

    return !error || failure_set(failure, EXIT_STATUS_HOST,
                                 "-nic tftp=%s: %s; name a folder", folder,
                                 failure_create_text(error));
}

static bool add_forward(struct net_slirp *s, const struct net_forward *f,
                        struct failure *failure)
{
    const uint8_t *a = f->host_address;

    if (slirp_add_hostfwd(s->slirp, f->udp, to_address(f->host_address),
                          f->host_port, to_address(f->guest_address),
                          f->guest_port) == 0)
        return true;
    return failure_set(failure, EXIT_STATUS_HOST,
                       "-nic hostfwd: port %u of %u.%u.%u.%u: %s; choose "
                       "another port",
                       f->host_port, a[0], a[1], a[2], a[3], strerror(errno));
}

bool net_slirp_open(const struct net_config *config, struct net *net,
                    struct log *log, struct net_link **out,
                    struct failure *failure)
{
    struct net_slirp *s;

    if (config->tftp && !check_tftp(config->tftp, failure))
        return false;
    s = calloc(1, sizeof(*s));
    if (!s)
        return failure_set(failure, EXIT_STATUS_HOST,
                           "out of host memory; end other programs");
    s->link.ops = &slirp_link_ops;
    s->net = net;
    s->log = log;
    s->defrag = net_defrag_create();
    s->slirp = start_slirp(config, s);
    if (!s->slirp || !s->defrag) {
        slirp_link_destroy(&s->link);
        return failure_set(failure, EXIT_STATUS_HOST,
                           "-nic user: libslirp does not start; write -nic "
                           "none to do without a network");
    }
    *out = &s->link;
    for (unsigned i = 0; i < config->forward_count; i++) {
        if (!add_forward(s, &config->forwards[i], failure))
            return false; /* the caller destroys *out */
    }
    return true;
}
