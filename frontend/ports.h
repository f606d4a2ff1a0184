/* The serial ports, the printer and the debug port of a run, with what they
 * are connected to. */
#ifndef FRONTEND_PORTS_H
#define FRONTEND_PORTS_H

#include "frontend/chardev.h"
#include "frontend/options.h"
#include "frontend/script.h"
#include "machine/machine.h"

struct ports;

/* Opens all destinations; a script, if any, hears what COM1 sends. Everything
 * is borrowed. On failure EXIT_STATUS_HOST. The caller owns *out. */
bool ports_open(const struct options *options, struct script *script,
                struct log *log, struct ports **out, struct failure *failure);
void ports_close(struct ports *ports);

/* Plugs them into a machine to be. */
void ports_plug(struct ports *ports, struct machine_config *config);

/* As loop_config wants them: between the buffers and the host, and from the
 * buffers into the machine. */
void ports_poll(struct ports *ports);
void ports_feed(struct ports *ports, struct machine *machine);

/* Somebody looks at COM1 besides: what it sends goes to `view` too (borrowed;
 * NULL: no more), and what he types comes by ports_type_com1(). A full buffer
 * drops it. */
void ports_set_com1_view(struct ports *ports, struct host_char *view);
void ports_type_com1(struct ports *ports, uint8_t byte);

#endif
