#include "bios/bios.h"

#include "bios/images_int.h"

const uint8_t *bios_system_image(size_t *size_bytes)
{
    *size_bytes = system_image_bytes;
    return system_image;
}

const uint8_t *bios_vga_image(size_t *size_bytes)
{
    *size_bytes = vga_image_bytes;
    return vga_image;
}

const uint8_t *bios_loader_image(size_t *size_bytes)
{
    *size_bytes = loader_image_bytes;
    return loader_image;
}

const uint8_t *bios_demo_disk(size_t *size_bytes)
{
    *size_bytes = demo_disk_bytes;
    return demo_disk;
}
