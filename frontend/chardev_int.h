/* How a kind of destination is reached. */
#ifndef FRONTEND_CHARDEV_INT_H
#define FRONTEND_CHARDEV_INT_H

#include "frontend/chardev.h"

/* Descriptors of an open destination. -1: there is none. */
struct chardev_ends {
    int in;       /* bytes for the guest */
    int out;      /* may be the same */
    int listener; /* a server's */
    bool is_socket;
    size_t chunk; /* so much can be written without waiting once poll() says
                     that it is writable; 0: anything */
};

/* Opens a client's or a server's end as `config` says. */
bool chardev_open_socket(const struct chardev_config *config,
                         const struct chardev_host *host,
                         struct chardev_ends *ends, struct failure *failure);

/* Takes a waiting peer, if there is one, into `ends`. */
bool chardev_accept(struct chardev_ends *ends);

#endif
