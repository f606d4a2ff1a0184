/* Where firmware stands in the address space. */
#ifndef MACHINE_FIRMWARE_H
#define MACHINE_FIRMWARE_H

#include "core/status.h"
#include "core/types.h"

struct machine;

#define FIRMWARE_BASE     0xc0000u /* what the expansion bus shows from here */
#define FIRMWARE_BYTES    0x40000u
#define FIRMWARE_LOADER   0xd0000u /* the kernel loader, with -kernel */
#define FIRMWARE_VGA_MAX  KIB(64)
#define FIRMWARE_BIOS_MAX KIB(256)

/* Copies the chosen or built-in images into machine->firmware (C0000-FFFFF)
 * and machine->bios, and maps what does not depend on the chipset: the copy
 * below 4 GiB and, for a 286, below 16 MiB. `message` as machine_create().
 * Errors: BAD_ARGUMENT, NO_MEMORY. */
enum status firmware_load(struct machine *machine, char *message, size_t size);

/* A board without shadow registers: shows C0000-FFFFF for good. Firmware that
 * was brought along finds RAM there, with a copy of itself, as behind a
 * chipset that has shadowed it; our own is content with ROM. */
void firmware_map_isa(struct machine *machine);

#endif
