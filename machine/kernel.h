/* Starting a kernel without a medium: what -kernel, -initrd and -append name
 * is laid out in memory here, before the run, and brought there by the loader
 * in the option ROM (bios/loader), which both our BIOS and SeaBIOS start.
 *
 * Sources: Linux, Documentation/x86/boot.rst (boot protocol 2.15 and all
 * before); Multiboot specification 0.6.96. */
#ifndef MACHINE_KERNEL_H
#define MACHINE_KERNEL_H

#include "core/device.h"
#include "core/status.h"

struct machine;

/* Puts config.kernel, its modules and the loader into the configuration
 * device. `message` as machine_create().
 * Errors: BAD_ARGUMENT (machine and kernel do not fit), BAD_FORMAT (the file
 * is no kernel, or a damaged one), NO_MEMORY. */
enum status kernel_offer(struct machine *machine, struct device *fw_cfg,
                         char *message, size_t size);

#endif
