/* Exit port: a write ends the program, for tests that run as a guest.
 *
 * Source:   QEMU isa-debug-exit.
 * Modelled: all of it: 4 ports, reads give 0, a write calls out with its
 *           value (what the program's exit status becomes is the caller's).
 * Missing:  nothing. */
#ifndef DEVICES_EXIT_PORT_H
#define DEVICES_EXIT_PORT_H

#include "core/bus.h"
#include "core/device.h"

struct exit_port_config {
    const char *name;  /* instance name; borrowed */
    struct bus *ports; /* borrowed */
    paddr base;        /* first of 4 ports, e.g. 0xf4 */
    void (*written)(void *sink, uint32_t value); /* 1, 2 or 4 bytes wide */
    void *sink;                                  /* borrowed */
};

/* Errors: NO_MEMORY, OVERLAP. The caller owns *out. */
enum status exit_port_create(const struct exit_port_config *config,
                             struct device **out);

#endif
