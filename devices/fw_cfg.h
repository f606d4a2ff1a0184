/* QEMU's firmware configuration device: what the machine tells its firmware.
 *
 * Source:   QEMU docs/specs/fw_cfg.
 * Modelled: selector and data ports, the DMA interface, the file directory,
 *           items that the guest may write, which are part of the state. */
#ifndef DEVICES_FW_CFG_H
#define DEVICES_FW_CFG_H

#include "core/bus.h"
#include "core/device.h"
#include "core/log.h"
#include "core/mem.h"

/* Items that are no files; the bytes are little-endian. */
enum fw_cfg_key {
    FW_CFG_SIGNATURE = 0x00, /* "QEMU"; made by fw_cfg_create() */
    FW_CFG_ID = 0x01,        /* made by fw_cfg_create() */
    FW_CFG_UUID = 0x02,
    FW_CFG_RAM_SIZE = 0x03,  /* 8 bytes */
    FW_CFG_NOGRAPHIC = 0x04, /* 2 */
    FW_CFG_NB_CPUS = 0x05,   /* 2 */
    FW_CFG_MACHINE_ID = 0x06,
    FW_CFG_KERNEL_ADDR = 0x07,
    FW_CFG_KERNEL_SIZE = 0x08,
    FW_CFG_KERNEL_CMDLINE = 0x09,
    FW_CFG_INITRD_ADDR = 0x0a,
    FW_CFG_INITRD_SIZE = 0x0b,
    FW_CFG_BOOT_DEVICE = 0x0c,
    FW_CFG_NUMA = 0x0d,
    FW_CFG_BOOT_MENU = 0x0e, /* 2 */
    FW_CFG_MAX_CPUS = 0x0f,  /* 2 */
    FW_CFG_KERNEL_ENTRY = 0x10,
    FW_CFG_KERNEL_DATA = 0x11,
    FW_CFG_INITRD_DATA = 0x12,
    FW_CFG_CMDLINE_ADDR = 0x13,
    FW_CFG_CMDLINE_SIZE = 0x14,
    FW_CFG_CMDLINE_DATA = 0x15,
    FW_CFG_SETUP_ADDR = 0x16,
    FW_CFG_SETUP_SIZE = 0x17,
    FW_CFG_SETUP_DATA = 0x18,
    FW_CFG_FILE_DIR = 0x19, /* made here */
    FW_CFG_FILE_FIRST = 0x20,
    FW_CFG_ACPI_TABLES = 0x8000,
    FW_CFG_SMBIOS_ENTRIES = 0x8001,
    FW_CFG_IRQ0_OVERRIDE = 0x8002,
    FW_CFG_E820_TABLE = 0x8003,
    FW_CFG_HPET = 0x8004,
    FW_CFG_LOADER = 0x8010, /* ours: machine/kernel_int.h */
};

#define FW_CFG_NAME_BYTES 56 /* of a file, with the final NUL */
#define FW_CFG_FILES_MAX  64

struct fw_cfg_config {
    const char *name;  /* instance name; borrowed */
    struct bus *ports; /* borrowed; 510-511 and 514-51B */
    struct mem *mem;   /* borrowed; for the DMA interface */
    struct log *log;   /* borrowed; may be NULL */
};

/* Errors: NO_MEMORY, OVERLAP. The caller owns *out. */
enum status fw_cfg_create(const struct fw_cfg_config *config,
                          struct device **out);

/* Sets an item; a second call replaces it. The bytes are copied.
 * Errors: NO_MEMORY, BAD_ARGUMENT (a key that is a file's or made here). */
enum status fw_cfg_add_item(struct device *dev, unsigned key, const void *bytes,
                            size_t size);

/* The same with a little-endian number of 2, 4 or 8 bytes. */
enum status fw_cfg_add_number(struct device *dev, unsigned key, uint64_t value,
                              size_t size);

/* Adds a file, e.g. "etc/e820"; a second call replaces its content. The
 * directory is kept in the order of names. The bytes are copied.
 * Errors: NO_MEMORY, BAD_ARGUMENT (name empty or too long, no slot left). */
enum status fw_cfg_add_file(struct device *dev, const char *name,
                            const void *bytes, size_t size);

/* Adds a file of zeros that the guest may write by DMA. */
enum status fw_cfg_add_writable(struct device *dev, const char *name,
                                size_t size);

/* Content of a file, and its size; NULL if there is none. Borrowed until the
 * file is replaced. */
const uint8_t *fw_cfg_file(const struct device *dev, const char *name,
                           size_t *size);

#endif
