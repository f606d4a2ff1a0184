/* Build-time tool: makes a hard disk image for guest/disk.asm.
 *
 *   mkdisk PROGRAM IMAGE SECTORS HEADS TRACK KIND
 *
 * IMAGE gets SECTORS sectors, most of them holes. PROGRAM comes first. KIND
 * says how the disk shows that its geometry is HEADS heads of TRACK sectors:
 *   table   partitions that begin and end with cylinders
 *   odd     a partition that begins and ends anywhere
 *   above   a partition that reaches beyond cylinder 1023
 *   record  no partition, but a parameter block in sector 0
 *   none    nothing shows it; HEADS and TRACK are what the BIOS should choose
 * At many places a sector holds "MARK" and its own number, 32 bits. Exit status
 * 1: a file failed or an argument is wrong. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SECTOR = 512,
    TABLE = 0x1be,
    EXPECTED = 0x1b8,
    PROGRAM_ROOM = 64, /* sectors that hold no marks */
    CYLINDERS_MAX = 1024
};

struct disk {
    uint64_t sectors;
    uint32_t heads, track;
    FILE *file;
};

static void put16(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)value;
    at[1] = (uint8_t)(value >> 8);
}

static void put32(uint8_t *at, uint32_t value)
{
    put16(at, value);
    put16(at + 2, value >> 16);
}

/* Cylinder, head, sector as a partition entry holds them. */
static void put_chs(const struct disk *d, uint8_t *at, uint32_t lba)
{
    uint32_t cylinder = lba / (d->heads * d->track);
    uint32_t head = lba / d->track % d->heads, sector = lba % d->track + 1;

    if (cylinder >= CYLINDERS_MAX) {
        cylinder = CYLINDERS_MAX - 1;
        head = d->heads - 1;
        sector = d->track;
    }
    at[0] = (uint8_t)head;
    at[1] = (uint8_t)(sector | (cylinder >> 8) << 6);
    at[2] = (uint8_t)cylinder;
}

static void put_partition(const struct disk *d, uint8_t *boot, unsigned index,
                          uint32_t first, uint32_t last)
{
    uint8_t *entry = boot + TABLE + 16 * index;

    put_chs(d, entry + 1, first);
    entry[4] = 0x06;
    put_chs(d, entry + 5, last);
    put32(entry + 8, first);
    put32(entry + 12, last - first + 1);
}

static bool put_kind(const struct disk *d, const char *kind, uint8_t *boot)
{
    uint32_t cylinder = d->heads * d->track;
    uint32_t cylinders = (uint32_t)(d->sectors / cylinder);

    if (!strcmp(kind, "table")) {
        put_partition(d, boot, 0, d->track, cylinders / 2 * cylinder - 1);
        put_partition(d, boot, 1, cylinders / 2 * cylinder,
                      cylinders * cylinder - 1);
    } else if (!strcmp(kind, "odd")) {
        put_partition(d, boot, 0, 2048, cylinder * 5 / 2 * 3 + 7);
        put_partition(d, boot, 2, cylinder * 8 + 100, cylinder * 33 + 11);
    } else if (!strcmp(kind, "above")) {
        put_partition(d, boot, 0, 2048, (uint32_t)d->sectors - 1000);
    } else if (!strcmp(kind, "record")) {
        put16(boot + 0x0b, SECTOR);
        boot[0x15] = 0xf8;
        put16(boot + 0x18, d->track);
        put16(boot + 0x1a, d->heads);
    } else if (strcmp(kind, "none")) {
        return false;
    }
    put16(boot + EXPECTED, d->heads);
    boot[EXPECTED + 2] = (uint8_t)d->track;
    return true;
}

static bool write_at(const struct disk *d, uint64_t lba, const void *bytes,
                     size_t size)
{
    return !fseek(d->file, (long)(lba * SECTOR), SEEK_SET) &&
           fwrite(bytes, 1, size, d->file) == size;
}

static bool mark(const struct disk *d, uint64_t lba)
{
    uint8_t sector[SECTOR] = "MARK";

    put32(sector + 4, (uint32_t)lba);
    return lba < PROGRAM_ROOM || lba >= d->sectors ||
           write_at(d, lba, sector, sizeof(sector));
}

/* The corners of some cylinders, the end, and beyond 28 bits. */
static bool put_marks(const struct disk *d)
{
    uint64_t all = d->sectors / (d->heads * d->track);
    uint64_t shown = all < CYLINDERS_MAX ? all : CYLINDERS_MAX;
    const uint64_t cylinders[] = {0, 1, shown / 2, shown - 1};
    bool good = mark(d, d->sectors - 1) && mark(d, UINT64_C(0x10000005));

    for (unsigned i = 0; good && i < 16; i++) {
        uint64_t head = i & 4 ? d->heads - 1 : 0;
        uint64_t sector = i & 8 ? d->track - 1 : 0;

        good =
            mark(d, (cylinders[i % 4] * d->heads + head) * d->track + sector);
    }
    return good;
}

static int fail(const char *what)
{
    fprintf(stderr, "mkdisk: %s: wrong, or it failed\n", what);
    return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    static uint8_t program[PROGRAM_ROOM * SECTOR];
    struct disk disk;
    size_t size;
    FILE *in;

    if (argc != 7)
        return fail("usage");
    disk.sectors = strtoull(argv[3], NULL, 10);
    disk.heads = (uint32_t)strtoul(argv[4], NULL, 10);
    disk.track = (uint32_t)strtoul(argv[5], NULL, 10);
    if (disk.sectors < PROGRAM_ROOM || !disk.heads || !disk.track)
        return fail("geometry");
    in = fopen(argv[1], "rb");
    if (!in)
        return fail(argv[1]);
    size = fread(program, 1, sizeof(program), in);
    fclose(in);
    disk.file = fopen(argv[2], "wb");
    if (!disk.file || !put_kind(&disk, argv[6], program))
        return fail(argv[2]);
    if (!write_at(&disk, 0, program, size) || !put_marks(&disk) ||
        !write_at(&disk, disk.sectors - 1, "MARK", 4) || fclose(disk.file))
        return fail(argv[2]);
    return EXIT_SUCCESS;
}
