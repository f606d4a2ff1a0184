#include "machine/firmware.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bios/bios.h"
#include "machine/machine_int.h"

#define TOP_4G       UINT64_C(0x100000000)
#define TOP_16M      MIB(16)
#define LOW_BIOS_MAX KIB(128) /* what of it shows below 1 MiB */

static enum status check_bios(const struct machine_config *config,
                              char *message, size_t size)
{
    if (config->bios && (!config->bios_bytes || config->bios_bytes % KIB(64) ||
                         config->bios_bytes > FIRMWARE_BIOS_MAX)) {
        snprintf(message, size,
                 "a system BIOS of %zu bytes does not fit; it must be 64, "
                 "128, 192 or 256 KiB",
                 config->bios_bytes);
        return STATUS_BAD_ARGUMENT;
    }
    if (config->vgabios &&
        (!config->vgabios_bytes || config->vgabios_bytes > FIRMWARE_VGA_MAX)) {
        snprintf(message, size,
                 "a VGA BIOS of %zu bytes does not fit; at most 64 KiB do",
                 config->vgabios_bytes);
        return STATUS_BAD_ARGUMENT;
    }
    return STATUS_OK;
}

/* As the ROM of an adapter, for a BIOS that looks for those. */
static void put_loader(struct machine *machine)
{
    size_t bytes;
    const uint8_t *rom = bios_loader_image(&bytes);

    memcpy(machine->firmware + (FIRMWARE_LOADER - FIRMWARE_BASE), rom, bytes);
}

enum status firmware_load(struct machine *machine, char *message, size_t size)
{
    const struct machine_config *config = &machine->config;
    const uint8_t *bios = config->bios, *vga = config->vgabios;
    size_t bios_bytes = config->bios_bytes, low;
    size_t vga_bytes = config->vgabios_bytes;

    TRY(check_bios(config, message, size));
    if (!bios)
        bios = bios_system_image(&bios_bytes);
    if (!vga)
        vga = bios_vga_image(&vga_bytes);
    machine->bios = malloc(bios_bytes);
    machine->firmware = malloc(FIRMWARE_BYTES);
    if (!machine->bios || !machine->firmware)
        return STATUS_NO_MEMORY;
    memcpy(machine->bios, bios, bios_bytes);
    machine->bios_bytes = bios_bytes;
    machine->vgabios_bytes = vga_bytes;
    memset(machine->firmware, 0xff, FIRMWARE_BYTES);
    memcpy(machine->firmware, vga, vga_bytes);
    low = bios_bytes < LOW_BIOS_MAX ? bios_bytes : LOW_BIOS_MAX;
    memcpy(machine->firmware + FIRMWARE_BYTES - low,
           machine->bios + bios_bytes - low, low);
    if (config->kernel)
        put_loader(machine);
    mem_map_rom(machine->mem, TOP_4G - bios_bytes, bios_bytes, machine->bios,
                NULL);
    /* The PIIX shows the end of the ROM here as well: a processor that is
     * reset while line A20 is closed starts here (82371SB, XBCS). */
    mem_map_rom(machine->mem, TOP_4G - MIB(1) - low, low,
                machine->bios + bios_bytes - low, NULL);
    if (machine->model == CPU_286)
        mem_map_rom(machine->mem, TOP_16M - bios_bytes, bios_bytes,
                    machine->bios, NULL);
    return STATUS_OK;
}

void firmware_map_isa(struct machine *machine)
{
    uint8_t *shadow = machine->mem->ram + FIRMWARE_BASE;

    if (!machine->config.bios || machine->config.own_bios) {
        mem_map_rom(machine->mem, FIRMWARE_BASE, FIRMWARE_BYTES,
                    machine->firmware, NULL);
        return;
    }
    memcpy(shadow, machine->firmware, FIRMWARE_BYTES);
    mem_map_host(machine->mem, FIRMWARE_BASE, FIRMWARE_BYTES, shadow);
}
