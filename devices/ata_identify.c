/* What a drive says of itself (NCITS 317-1998, 8.12 and 8.13) and where a
 * disk's geometry comes from. */
#include <string.h>

#include "devices/ata_int.h"

#define HEADS_MAX     16
#define SECTORS_MAX   63
#define CYLINDERS_MAX 16383
#define MODEL         "VITRINE HARDDISK"
#define FIRMWARE      "1.0"

#define TABLE_OFFSET  446
#define ENTRY_BYTES   16
#define CYLINDER_LAST 1023 /* what fits in a table entry */

/* ---- IDENTIFY DEVICE ---- */

static void put_word(uint8_t *data, unsigned word, uint64_t value)
{
    data[2 * word] = (uint8_t)value;
    data[2 * word + 1] = (uint8_t)(value >> 8);
}

/* `words` words from the lowest, as numbers wider than one are stored. */
static void put_words(uint8_t *data, unsigned word, unsigned words,
                      uint64_t value)
{
    for (unsigned i = 0; i < words; i++)
        put_word(data, word + i, value >> (16 * i));
}

/* Text fills a field with spaces, the first character in the high byte. */
static void put_text(uint8_t *data, unsigned word, unsigned words,
                     const char *text)
{
    size_t length = strlen(text);

    for (unsigned i = 0; i < 2 * words; i++)
        data[2 * word + (i ^ 1)] = (uint8_t)(i < length ? text[i] : ' ');
}

static void put_geometry(uint8_t *data, const struct ata_disk *disk)
{
    uint64_t current =
        (uint64_t)disk->cylinders * disk->heads * disk->track_sectors;

    put_word(data, 1, disk->native.cylinders);
    put_word(data, 3, disk->native.heads);
    put_word(data, 4, disk->native.sectors * ATA_SECTOR_BYTES);
    put_word(data, 5, ATA_SECTOR_BYTES);
    put_word(data, 6, disk->native.sectors);
    put_word(data, 54, disk->cylinders);
    put_word(data, 55, disk->heads);
    put_word(data, 56, disk->track_sectors);
    put_words(data, 57, 2, current);
    put_words(data, 60, 2,
              disk->sectors < 0x0fffffff ? disk->sectors : 0x0fffffff);
    put_words(data, 100, 4, disk->sectors);
}

static void put_features(uint8_t *data, const struct ata_disk *disk)
{
    unsigned on = 1u << 14 | 1u << 13 | 1u << 12 | 1u << 10 | 1u << 3;

    /* NOP, WRITE BUFFER, READ BUFFER, host protected area, power management,
     * look-ahead and write cache */
    put_word(data, 82, on | 1u << 6 | 1u << 5);
    put_word(data, 85,
             on | (unsigned)disk->look_ahead << 6 |
                 (unsigned)disk->write_cache << 5);
    /* FLUSH CACHE (EXT), 48-bit addresses; bit 14: the word is valid */
    put_word(data, 83, 1u << 14 | 1u << 13 | 1u << 12 | 1u << 10);
    put_word(data, 86, 1u << 13 | 1u << 12 | 1u << 10);
    put_word(data, 84, 1u << 14);
    put_word(data, 87, 1u << 14);
}

/* Transfer modes, as both kinds of drives have them: PIO 4, and behind a bus
 * master multiword DMA 2 and Ultra DMA 2. */
static void put_modes(const struct ata_unit *unit, uint8_t *data)
{
    unsigned on = 0x100u << (unit->dma_mode & 7);

    put_word(data, 49, 1u << 11 | 1u << 9); /* IORDY, LBA */
    put_word(data, 51, 2u << 8);            /* PIO mode 2 without IORDY */
    put_word(data, 53, 3);                  /* words 54-58, 64-70 are valid */
    put_word(data, 64, 3);                  /* PIO modes 3 and 4 */
    put_word(data, 67, 120);                /* ns a PIO cycle */
    put_word(data, 68, 120);
    if (!ata_unit_has_master(unit))
        return;
    put_word(data, 49, 1u << 11 | 1u << 9 | 1u << 8);
    put_word(data, 53, 7); /* and word 88 */
    put_word(data, 63, 7 | ((unit->dma_mode & 0xf8) == ATA_MODE_DMA ? on : 0));
    put_word(data, 65, 120); /* ns a DMA cycle */
    put_word(data, 66, 120);
    put_word(data, 88,
             7 | ((unit->dma_mode & 0xf8) == ATA_MODE_ULTRA ? on : 0));
}

static void put_sum(uint8_t *data)
{
    uint8_t sum = 0;

    data[510] = 0xa5; /* signature of the checksum */
    for (unsigned i = 0; i < ATA_SECTOR_BYTES - 1; i++)
        sum = (uint8_t)(sum + data[i]);
    data[511] = (uint8_t)(0u - sum);
}

void ata_identify_disk(struct ata_unit *unit)
{
    const struct ata_disk *disk = &unit->disk;
    uint8_t *data = unit->buffer;

    memset(data, 0, ATA_SECTOR_BYTES);
    put_geometry(data, disk);
    put_features(data, disk);
    put_modes(unit, data);
    put_word(data, 0, 0x0040); /* fixed device */
    put_text(data, 10, 10, disk->serial);
    put_word(data, 20, 3); /* buffer: dual ported, with read caching */
    put_word(data, 21, ATA_MULTIPLE_MAX);
    put_word(data, 22, disk->ecc_bytes);
    put_text(data, 23, 4, FIRMWARE);
    put_text(data, 27, 20, MODEL);
    put_word(data, 47, 0x8000 | ATA_MULTIPLE_MAX);
    put_word(data, 48, 1); /* 32-bit data port accesses */
    put_word(data, 50, 1u << 14);
    put_word(data, 59, disk->multiple ? 0x100u | disk->multiple : 0);
    put_word(data, 80, 0x7e); /* ATA-1 to ATA/ATAPI-6 */
    put_sum(data);
}

void ata_identify_packet(struct ata_unit *unit)
{
    uint8_t *data = unit->buffer;

    memset(data, 0, ATA_SECTOR_BYTES);
    put_modes(unit, data);
    /* CD drive, removable medium, DRQ within 50 us, packets of 12 bytes */
    put_word(data, 0, 0x85c0);
    put_text(data, 10, 10, unit->number ? "VTCD0002" : "VTCD0001");
    put_text(data, 23, 4, FIRMWARE);
    put_text(data, 27, 20, ATAPI_MODEL);
    put_word(data, 80, 0x7e);
    /* NOP, DEVICE RESET, packets, power management; bit 14: valid */
    put_word(data, 82, 1u << 14 | 1u << 9 | 1u << 4 | 1u << 3);
    put_word(data, 83, 1u << 14);
    put_word(data, 84, 1u << 14);
    put_word(data, 85, 1u << 14 | 1u << 9 | 1u << 4 | 1u << 3);
    put_word(data, 87, 1u << 14);
    put_sum(data);
}

/* ---- geometry ---- */

struct chs {
    unsigned cylinder, head, sector;
};

static struct chs get_chs(const uint8_t *bytes)
{
    return (struct chs){bytes[2] | (bytes[1] & 0xc0u) << 2, bytes[0],
                        bytes[1] & 0x3fu};
}

static uint32_t get32(const uint8_t *bytes)
{
    return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
           (uint32_t)bytes[3] << 24;
}

/* Does the entry's CHS address mean `lba` when counted in `heads` and
 * `sectors`? Beyond the last cylinder that fits, any address will do. */
static bool chs_means(struct chs chs, uint64_t lba, unsigned heads,
                      unsigned sectors)
{
    if (lba / (heads * sectors) > CYLINDER_LAST)
        return chs.cylinder >= CYLINDER_LAST - 1;
    return chs.sector >= 1 &&
           ((uint64_t)chs.cylinder * heads + chs.head) * sectors + chs.sector -
                   1 ==
               lba;
}

static bool entry_used(const uint8_t *entry)
{
    return entry[4] && get32(entry + 12);
}

static bool entry_agrees(const uint8_t *entry, unsigned heads, unsigned sectors)
{
    uint64_t first = get32(entry + 8), count = get32(entry + 12);

    return (entry[0] & 0x7f) == 0 && first &&
           chs_means(get_chs(entry + 1), first, heads, sectors) &&
           chs_means(get_chs(entry + 5), first + count - 1, heads, sectors);
}

/* Partitions end at the end of a cylinder, so the first one's end tells heads
 * and sectors; it counts when every entry makes sense with them. */
static bool table_geometry(const uint8_t *mbr, struct ata_geometry *out)
{
    const uint8_t *table = mbr + TABLE_OFFSET, *first = NULL;
    struct chs end;

    if (mbr[510] != 0x55 || mbr[511] != 0xaa)
        return false;
    for (unsigned i = 0; i < 4 && !first; i++) {
        if (entry_used(table + ENTRY_BYTES * i))
            first = table + ENTRY_BYTES * i;
    }
    if (!first)
        return false;
    end = get_chs(first + 5);
    if (end.head >= HEADS_MAX || !end.sector)
        return false;
    for (unsigned i = 0; i < 4; i++) {
        const uint8_t *entry = table + ENTRY_BYTES * i;

        if (entry_used(entry) && !entry_agrees(entry, end.head + 1, end.sector))
            return false;
    }
    out->heads = (uint8_t)(end.head + 1);
    out->sectors = (uint8_t)end.sector;
    return true;
}

struct ata_geometry ata_disk_geometry(uint64_t sectors, const uint8_t *mbr)
{
    struct ata_geometry geometry = {1, HEADS_MAX, SECTORS_MAX};
    uint64_t cylinders;

    if (!sectors)
        sectors = 1;
    if (!mbr || !table_geometry(mbr, &geometry) ||
        sectors < (uint64_t)geometry.heads * geometry.sectors) {
        geometry.heads = HEADS_MAX;
        geometry.sectors = SECTORS_MAX;
        if (sectors < SECTORS_MAX)
            geometry.sectors = (uint8_t)sectors;
        if (sectors < HEADS_MAX * SECTORS_MAX)
            geometry.heads = (uint8_t)(sectors / geometry.sectors);
    }
    cylinders = sectors / ((uint64_t)geometry.heads * geometry.sectors);
    geometry.cylinders =
        (uint16_t)(cylinders < CYLINDERS_MAX ? cylinders : CYLINDERS_MAX);
    return geometry;
}

enum status ata_disk_find_geometry(struct host_block *medium,
                                   struct ata_geometry *out)
{
    uint8_t mbr[ATA_SECTOR_BYTES];

    if (medium->size_bytes < ATA_SECTOR_BYTES)
        return STATUS_BAD_FORMAT;
    TRY(medium->ops->read(medium, 0, mbr, sizeof(mbr)));
    *out = ata_disk_geometry(medium->size_bytes / ATA_SECTOR_BYTES, mbr);
    return STATUS_OK;
}

void ata_disk_cmos(const struct ata_geometry *geometry,
                   uint8_t bytes[ATA_CMOS_BYTES])
{
    bytes[0] = (uint8_t)geometry->cylinders;
    bytes[1] = (uint8_t)(geometry->cylinders >> 8);
    bytes[2] = geometry->heads;
    bytes[3] = bytes[4] = 0xff;                   /* no write precompensation */
    bytes[5] = geometry->heads > 8 ? 0xc8 : 0xc0; /* no retries */
    bytes[6] = bytes[0];
    bytes[7] = bytes[1];
    bytes[8] = geometry->sectors;
}
