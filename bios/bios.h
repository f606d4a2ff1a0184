/* The firmware and the built-in disk that are part of the program. */
#ifndef BIOS_BIOS_H
#define BIOS_BIOS_H

#include "core/types.h"

/* Each function gives the bytes of one image, which live as long as the
 * program and are owned by nobody, and stores their number in *size_bytes
 * (never NULL). An image that is not part of this build has 0 bytes; the
 * pointer is valid even then. None of them fails. */

/* The system BIOS: 64 KiB, or a multiple of it up to 256 KiB. Its last byte
 * belongs at FFFFFh, and again at the end of the 4 GiB space on a 386+. */
const uint8_t *bios_system_image(size_t *size_bytes);

/* The VGA BIOS: an option ROM for C0000h, at most 64 KiB, a multiple of 512
 * bytes, with length byte and checksum in place. */
const uint8_t *bios_vga_image(size_t *size_bytes);

/* The kernel loader: an option ROM of at most 16 KiB, a multiple of 512 bytes,
 * for any place between C8000h and E8000h. */
const uint8_t *bios_loader_image(size_t *size_bytes);

/* The built-in disk: a raw floppy image of a standard size. */
const uint8_t *bios_demo_disk(size_t *size_bytes);

#endif
