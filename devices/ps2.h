/* The wire between a PS/2 controller and what is plugged into its port. */
#ifndef DEVICES_PS2_H
#define DEVICES_PS2_H

#include "core/types.h"

/* What the device calls. `ready`: it has a byte to send. */
struct ps2_host {
    void (*ready)(void *controller, unsigned port);
    void *controller; /* borrowed */
    unsigned port;
};

/* What the controller calls. */
struct ps2_plug {
    /* Tells the device whom to call. */
    void (*attach)(void *device, const struct ps2_host *host);
    /* A byte from the controller. */
    void (*receive)(void *device, uint8_t byte);
    /* Takes the next byte of the device; false if it has none. */
    bool (*transmit)(void *device, uint8_t *byte);
    void *device; /* borrowed; NULL: nothing is plugged in */
};

#endif
