/* Sockets of serial ports: a client connects when the run starts, a server
 * takes one peer at a time, for as long as the run lasts. */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "frontend/chardev_int.h"

#define CONNECT_STEPS 100 /* of WAIT_MS: how long a client tries */
#define WAIT_MS       100

static bool report(const struct chardev_config *config,
                   const struct chardev_host *host, const char *reason,
                   struct failure *failure)
{
    const char *remedy = config->server
                             ? "choose another one"
                             : "start the other side first, or add ,server";

    if (config->kind == CHARDEV_UNIX)
        return failure_set(failure, EXIT_STATUS_HOST, "-%s unix:%s: %s; %s",
                           host->option, config->target, reason, remedy);
    return failure_set(failure, EXIT_STATUS_HOST, "-%s tcp:%s:%s: %s; %s",
                       host->option, config->target, config->port, reason,
                       remedy);
}

static bool is_interrupted(const struct chardev_host *host)
{
    return host->interrupted && host->interrupted(host->context);
}

/* Waits until `fd` is ready for `events`; false: interrupted, or (with a
 * limit of steps) too late. */
static bool wait_ready(const struct chardev_host *host, int fd, short events,
                       int steps)
{
    struct pollfd pollfd = {.fd = fd, .events = events};

    while (!is_interrupted(host) && steps != 0) {
        if (poll(&pollfd, 1, WAIT_MS) > 0)
            return true;
        if (steps > 0)
            steps--;
    }
    return false;
}

static void set_nonblocking(int fd)
{
    int flags = fcntl(fd, F_GETFL);

    (void)fcntl(fd, F_SETFL, flags | O_NONBLOCK);
    (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
}

/* Small pieces, as people type, should not wait for more. */
static void set_nodelay(int fd)
{
    int on = 1;

    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

/* 0 or an errno. */
static int connect_to(const struct chardev_host *host, int fd,
                      const struct sockaddr *address, socklen_t length)
{
    int error = 0;
    socklen_t size = sizeof(error);

    if (connect(fd, address, length) == 0)
        return 0;
    if (errno != EINPROGRESS)
        return errno;
    if (!wait_ready(host, fd, POLLOUT, CONNECT_STEPS))
        return ETIMEDOUT;
    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
    return error;
}

/* 0 or an errno. */
static int listen_at(int fd, const struct sockaddr *address, socklen_t length)
{
    int on = 1;

    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(fd, address, length) != 0 || listen(fd, 1) != 0)
        return errno;
    return 0;
}

/* Opens one address as client or server. 0 or an errno. */
static int open_address(const struct chardev_config *config,
                        const struct chardev_host *host,
                        const struct sockaddr *address, socklen_t length,
                        struct chardev_ends *ends)
{
    int fd = socket(address->sa_family, SOCK_STREAM, 0);
    int error;

    if (fd < 0)
        return errno;
    set_nonblocking(fd);
    error = config->server ? listen_at(fd, address, length)
                           : connect_to(host, fd, address, length);
    if (error) {
        close(fd);
        return error;
    }
    if (config->server)
        ends->listener = fd;
    else
        ends->in = ends->out = fd;
    return 0;
}

/* A socket file that nobody answers at is what a killed server left behind. Any
 * other file would not answer either, and stays. */
static void remove_stale(const char *path, const struct sockaddr_un *address)
{
    struct stat st;
    int fd;

    if (stat(path, &st) != 0 || !S_ISSOCK(st.st_mode))
        return;
    fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (fd < 0)
        return;
    if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) != 0 &&
        errno == ECONNREFUSED)
        unlink(path);
    close(fd);
}

static bool open_unix(const struct chardev_config *config,
                      const struct chardev_host *host,
                      struct chardev_ends *ends, struct failure *failure)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int error;

    if (strlen(config->target) >= sizeof(address.sun_path))
        return report(config, host, "the path is too long for a socket",
                      failure);
    strcpy(address.sun_path, config->target);
    if (config->server)
        remove_stale(config->target, &address);
    error = open_address(config, host, (const struct sockaddr *)&address,
                         sizeof(address), ends);
    return !error || report(config, host, strerror(error), failure);
}

/* The first address of a family (AF_UNSPEC: any) that opens. 0 or an errno. */
static int open_one_of(const struct chardev_config *config,
                       const struct chardev_host *host,
                       const struct addrinfo *list, int family,
                       struct chardev_ends *ends)
{
    int error = EADDRNOTAVAIL;

    for (const struct addrinfo *a = list; a && error; a = a->ai_next)
        if (family == AF_UNSPEC || a->ai_family == family)
            error = open_address(config, host, a->ai_addr, a->ai_addrlen, ends);
    return error;
}

static bool open_tcp(const struct chardev_config *config,
                     const struct chardev_host *host, struct chardev_ends *ends,
                     struct failure *failure)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC,
                             .ai_socktype = SOCK_STREAM};
    const char *name = config->target[0] ? config->target : NULL;
    struct addrinfo *list;
    int error = getaddrinfo(name, config->port, &hints, &list);

    /* Without AI_PASSIVE no name is this computer alone, for servers too. */
    if (error)
        return report(config, host, gai_strerror(error), failure);
    /* A server stands where "localhost" leads by default, and a port that is
     * taken there is taken. */
    error = EADDRNOTAVAIL;
    if (config->server)
        error = open_one_of(config, host, list, AF_INET, ends);
    if (!config->server || error == EADDRNOTAVAIL)
        error = open_one_of(config, host, list, AF_UNSPEC, ends);
    freeaddrinfo(list);
    if (error)
        return report(config, host, strerror(error), failure);
    if (ends->out >= 0)
        set_nodelay(ends->out);
    return true;
}

bool chardev_accept(struct chardev_ends *ends)
{
    int fd;

    if (ends->listener < 0 || ends->in >= 0)
        return false;
    fd = accept(ends->listener, NULL, NULL);
    if (fd < 0)
        return false;
    set_nonblocking(fd);
    set_nodelay(fd);
    ends->in = ends->out = fd;
    return true;
}

bool chardev_open_socket(const struct chardev_config *config,
                         const struct chardev_host *host,
                         struct chardev_ends *ends, struct failure *failure)
{
    bool opened = config->kind == CHARDEV_UNIX
                      ? open_unix(config, host, ends, failure)
                      : open_tcp(config, host, ends, failure);

    ends->is_socket = true;
    if (!opened || !config->server || !config->wait)
        return opened;
    log_put(host->log, LOG_NOTICE, host->option,
            "waiting for somebody to connect to %s%s%s (,nowait does not wait)",
            config->target, config->port[0] ? ":" : "", config->port);
    if (wait_ready(host, ends->listener, POLLIN, -1))
        chardev_accept(ends);
    return true;
}
