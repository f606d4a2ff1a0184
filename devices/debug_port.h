/* Debug console port, as in Bochs and QEMU: bytes written to port E9 go to the
 * host; reading gives E9, by which a guest knows that the port is there.
 *
 * Source:   Bochs documentation, "port_e9_hack"; QEMU isa-debugcon.
 * Modelled: all of it.
 * Missing:  nothing. */
#ifndef DEVICES_DEBUG_PORT_H
#define DEVICES_DEBUG_PORT_H

#include "core/bus.h"
#include "core/device.h"
#include "core/host.h"

struct debug_port_config {
    const char *name;       /* instance name; borrowed */
    struct bus *ports;      /* borrowed */
    struct host_char *host; /* borrowed; NULL drops the bytes */
};

/* Claims port E9. Errors: NO_MEMORY, OVERLAP. The caller owns *out. */
enum status debug_port_create(const struct debug_port_config *config,
                              struct device **out);

#endif
