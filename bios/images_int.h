/* What the build generates from the binaries; see CMakeLists.txt, embed.c. */
#ifndef BIOS_IMAGES_INT_H
#define BIOS_IMAGES_INT_H

#include "core/types.h"

extern const uint8_t system_image[];
extern const size_t system_image_bytes;
extern const uint8_t vga_image[];
extern const size_t vga_image_bytes;
extern const uint8_t loader_image[];
extern const size_t loader_image_bytes;
extern const uint8_t demo_disk[];
extern const size_t demo_disk_bytes;

#endif
