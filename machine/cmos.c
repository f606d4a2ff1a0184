#include "machine/cmos.h"

#include <string.h>

#include "devices/ata.h"

/* Registers of the battery-backed RAM, as AT BIOSes and their descendants use
 * them (Ralf Brown's CMOS list); from 34h on as PC emulators added them. */
enum {
    CMOS_FORMAT = 0x0b,   /* the clock's register B */
    CMOS_FLOPPIES = 0x10, /* type of A: in bits 7-4, B: in 3-0 */
    CMOS_DISKS = 0x12,    /* type of C: and D:; 15 = see 19h, 1Ah */
    CMOS_EQUIPMENT = 0x14,
    CMOS_BASE_KB = 0x15, /* two bytes */
    CMOS_EXTENDED_KB = 0x17,
    CMOS_DISK_TYPE = 0x19, /* two bytes: C:, D: */
    CMOS_DISK_C = 0x1b,    /* nine bytes of type 47 */
    CMOS_DISK_D = 0x24,    /* the same */
    CMOS_CHECKSUM = 0x2e,  /* high byte first, over 10h-2Dh */
    CMOS_EXTENDED2_KB = 0x30,
    CMOS_ABOVE_16M = 0x34,   /* in 64 KiB */
    CMOS_BOOT_THIRD = 0x38,  /* third choice in bits 7-4 */
    CMOS_TRANSLATION = 0x39, /* two bits a disk */
    CMOS_BOOT = 0x3d,        /* first choice in bits 3-0, second in 7-4 */
};

#define EQUIPMENT_FLOPPY 0x01
#define FORMAT_24_HOURS  0x02 /* as every BIOS leaves it behind, BCD */
#define EQUIPMENT_FPU    0x02
#define EQUIPMENT_KEYS   0x04 /* keyboard and mouse ports */
#define DISK_TYPE_USER   47
#define EXTENDED_MAX_KB  (63u * 1024)
#define BASE_KB          640u

static void put16(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)value;
    at[1] = (uint8_t)(value >> 8);
}

static void set_memory(uint8_t *cmos, size_t ram_bytes)
{
    uint32_t kb = (uint32_t)(ram_bytes >> 10);
    uint32_t base = kb < BASE_KB ? kb : BASE_KB;
    uint32_t extended = kb > 1024 ? kb - 1024 : 0;
    uint32_t above = kb > 16 * 1024 ? (kb - 16 * 1024) / 64 : 0;

    if (extended > EXTENDED_MAX_KB)
        extended = EXTENDED_MAX_KB;
    put16(cmos + CMOS_BASE_KB, base);
    put16(cmos + CMOS_EXTENDED_KB, extended);
    put16(cmos + CMOS_EXTENDED2_KB, extended);
    put16(cmos + CMOS_ABOVE_16M, above < 0xffff ? above : 0xffff);
}

/* The first two disks of the first channel are what type 47 can describe. */
static void set_disks(uint8_t *cmos, const struct cmos_config *config)
{
    static const uint8_t at[2] = {CMOS_DISK_C, CMOS_DISK_D};

    for (unsigned i = 0; i < 2; i++) {
        if (!config->disk_present[i])
            continue;
        cmos[CMOS_DISKS] |= (uint8_t)(i ? 0x0f : 0xf0);
        cmos[CMOS_DISK_TYPE + i] = DISK_TYPE_USER;
        ata_disk_cmos(&config->disk_geometry[i], cmos + at[i]);
    }
}

static unsigned boot_code(char letter)
{
    switch (letter) {
    case 'a': return 1;
    case 'c': return 2;
    case 'd': return 3;
    case 'n': return 4;
    default: return 0;
    }
}

static void set_boot_order(uint8_t *cmos, const char *order)
{
    unsigned code[3] = {0, 0, 0};

    for (unsigned i = 0; i < 3 && order[i]; i++)
        code[i] = boot_code(order[i]);
    cmos[CMOS_BOOT] = (uint8_t)(code[0] | code[1] << 4);
    cmos[CMOS_BOOT_THIRD] = (uint8_t)(code[2] << 4 | 1); /* 1: boot floppies
                                                            without 55AA */
}

static void set_checksum(uint8_t *cmos)
{
    unsigned sum = 0;

    for (unsigned i = CMOS_FLOPPIES; i < CMOS_CHECKSUM; i++)
        sum += cmos[i];
    cmos[CMOS_CHECKSUM] = (uint8_t)(sum >> 8);
    cmos[CMOS_CHECKSUM + 1] = (uint8_t)sum;
}

void cmos_fill(const struct cmos_config *config, uint8_t cmos[CMOS_BYTES])
{
    unsigned drives = 0;

    memset(cmos, 0, CMOS_BYTES);
    cmos[CMOS_FORMAT] = FORMAT_24_HOURS;
    for (unsigned i = 0; i < 2; i++)
        drives += config->floppy[i] != FLOPPY_DRIVE_NONE;
    cmos[CMOS_FLOPPIES] =
        (uint8_t)((unsigned)config->floppy[0] << 4 | config->floppy[1]);
    cmos[CMOS_EQUIPMENT] =
        (uint8_t)(EQUIPMENT_KEYS | (drives ? EQUIPMENT_FLOPPY : 0) |
                  (drives > 1 ? 0x40 : 0) | (config->fpu ? EQUIPMENT_FPU : 0));
    set_memory(cmos, config->ram_bytes);
    set_disks(cmos, config);
    set_boot_order(cmos, config->boot_order);
    set_checksum(cmos);
}
