/* What debuggers do with a machine, in addition to machine.h: stops, registers
 * and memory. The same rules hold: between two runs, or (what only reads) from
 * a tracer. Reading changes nothing that the guest can see. */
#ifndef MACHINE_DEBUG_H
#define MACHINE_DEBUG_H

#include "core/debug.h"
#include "core/device.h"
#include "core/jit_listing.h"
#include "machine/machine.h"

/* Points where machine_run() comes back with MACHINE_DEBUG; see core/debug.h.
 * They survive resets. Errors: NO_MEMORY, BAD_ARGUMENT. */
enum status machine_insert_point(struct machine *machine,
                                 const struct debug_point *point,
                                 unsigned *number);
void machine_remove_point(struct machine *machine, unsigned number);

/* machine_run() stops after one more instruction; `how`: DEBUG_STEP_*. */
void machine_step(struct machine *machine, unsigned how);
void machine_cancel_step(struct machine *machine);

/* The next instruction runs although a point stands on it. */
void machine_pass_point(struct machine *machine);

/* Why machine_run() gave MACHINE_DEBUG; valid until it runs again. */
const struct debug_stop *machine_debug_stop(const struct machine *machine);

/* Calls the tracer before each instruction; NULL ends that. Copied. */
void machine_set_tracer(struct machine *machine,
                        const struct debug_tracer *tracer);

void machine_get_registers(struct machine *machine,
                           struct debug_registers *out);
/* False: not there, or the processor cannot take that value now. */
bool machine_set_register(struct machine *machine, enum debug_register reg,
                          uint32_t value);
bool machine_set_st(struct machine *machine, unsigned n,
                    const uint8_t bytes[10]);
bool machine_set_xmm(struct machine *machine, unsigned n,
                     const uint8_t bytes[16]);

/* The physical address behind a linear one. False: not mapped. */
bool machine_translate(struct machine *machine, laddr addr, paddr *phys);

/* Tells of a translation with the code at a linear address; see jit_list(). */
bool machine_list_translation(struct machine *machine, laddr addr,
                              const struct jit_listing *to);
/* False: the machine runs without the translator. */
bool machine_get_jit_reasons(struct machine *machine,
                             struct jit_reasons *reasons);

/* Memory as the processor sees it; returns how many bytes were done before
 * one that is not mapped, or is a device's unless `devices` says that it is
 * to be asked (which may change it). */
enum machine_space {
    MACHINE_LINEAR,
    MACHINE_PHYSICAL,
};
struct machine_range {
    enum machine_space space;
    uint64_t addr;
    size_t size;
    bool devices;
};
size_t machine_read_memory(struct machine *machine,
                           const struct machine_range *range, void *buffer);
/* ROM cannot be written. */
size_t machine_write_memory(struct machine *machine,
                            const struct machine_range *range,
                            const void *buffer);

/* An access to a port, with all that it does. Sizes 1, 2, 4. */
uint32_t machine_read_port(struct machine *machine, uint16_t port,
                           unsigned size);
void machine_write_port(struct machine *machine, uint16_t port, uint32_t value,
                        unsigned size);

/* The n-th device, in the order of wiring; NULL: there are no more. */
const struct device *machine_device(const struct machine *machine, unsigned n);

#endif
