/* Build-time tool: makes a bootable CD for guest/cd.asm ("El Torito" Bootable
 * CD-ROM Format Specification 1.0).
 *
 *   mkcd PROGRAM IMAGE MEDIA SECTORS
 *
 * MEDIA is the catalog's number: 0 no emulation, 1 1.2M, 2 1.44M, 3 2.88M, 4 a
 * disk. The boot image has SECTORS sectors of 512 bytes: PROGRAM, then sectors
 * that hold "MARK" and their own number, 32 bits. It begins at sector 20 of the
 * CD; the sectors of 2048 bytes behind it hold "DISC" and their numbers. Exit
 * status 1: a file failed or an argument is wrong. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    CD_SECTOR = 2048,
    SECTOR = 512,
    CATALOG = 19,
    BOOT_IMAGE = 20,
    TAIL = 16, /* sectors behind the image */
    PROGRAM_MAX = 64 * SECTOR,
    MEDIA_NONE = 0,
    MEDIA_DISK = 4,
    TABLE = 0x1be, /* and what a disk's first partition says: */
    HEADS = 4,
    TRACK = 17
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

static void put_descriptors(uint8_t *cd, uint32_t sectors)
{
    uint8_t *at = cd + 16 * CD_SECTOR;

    memcpy(at, "\1CD001\1", 7);
    put32(at + 80, sectors);
    put16(at + 128, CD_SECTOR);
    at += CD_SECTOR;
    memcpy(at, "\0CD001\1EL TORITO SPECIFICATION", 30);
    put32(at + 0x47, CATALOG);
    at += CD_SECTOR;
    memcpy(at, "\377CD001\1", 7);
}

/* A validation entry, one for another platform, and ours in its section. */
static void put_catalog(uint8_t *cd, unsigned media, uint32_t load)
{
    uint8_t *at = cd + CATALOG * CD_SECTOR;
    uint32_t sum = 0;

    at[0] = 1;
    memcpy(at + 4, "VITRINE", 7);
    put16(at + 30, 0xaa55);
    for (unsigned i = 0; i < 32; i += 2)
        sum += at[i] | (uint32_t)at[i + 1] << 8;
    put16(at + 28, 0 - sum);
    at += 32; /* the first entry is not bootable */
    at += 32;
    at[0] = 0x91; /* the last section, for the x86 */
    put16(at + 2, 1);
    at += 32;
    at[0] = 0x88;
    at[1] = (uint8_t)media;
    put16(at + 6, load);
    put32(at + 8, BOOT_IMAGE);
}

static void put_image(uint8_t *image, const uint8_t *program, size_t bytes,
                      uint32_t sectors)
{
    for (uint32_t i = 0; i < sectors; i++) {
        memcpy(image + i * SECTOR, "MARK", 4);
        put32(image + i * SECTOR + 4, i);
    }
    memcpy(image, program, bytes);
}

static void put_partition(uint8_t *image, uint32_t sectors)
{
    uint8_t *entry = image + TABLE;

    entry[1] = 1;
    entry[2] = 1;
    entry[4] = 0x06;
    entry[5] = HEADS - 1;
    entry[6] = TRACK;
    entry[7] = (uint8_t)(sectors / (HEADS * TRACK) - 1);
    put32(entry + 8, TRACK);
    put32(entry + 12, sectors - TRACK);
}

static int fail(const char *what)
{
    fprintf(stderr, "mkcd: %s: wrong, or it failed\n", what);
    return EXIT_FAILURE;
}

static int write_all(const char *path, const uint8_t *cd, size_t bytes)
{
    FILE *out = fopen(path, "wb");

    if (!out || fwrite(cd, 1, bytes, out) != bytes || fclose(out))
        return fail(path);
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    static uint8_t program[PROGRAM_MAX];
    uint32_t sectors, first, all;
    unsigned media;
    uint8_t *cd;
    size_t size;
    FILE *in;
    int status;

    if (argc != 5)
        return fail("usage");
    media = (unsigned)strtoul(argv[3], NULL, 10);
    sectors = (uint32_t)strtoul(argv[4], NULL, 10);
    in = fopen(argv[1], "rb");
    if (!in)
        return fail(argv[1]);
    size = fread(program, 1, sizeof(program), in);
    fclose(in);
    if (!size || size % SECTOR || size / SECTOR > sectors || media > MEDIA_DISK)
        return fail("size");
    first = BOOT_IMAGE + (sectors + 3) / 4;
    all = first + TAIL;
    cd = calloc(all, CD_SECTOR);
    if (!cd)
        return fail("memory");
    put_descriptors(cd, all);
    put_catalog(cd, media, media == MEDIA_NONE ? (uint32_t)size / SECTOR : 1);
    put_image(cd + BOOT_IMAGE * CD_SECTOR, program, size, sectors);
    if (media == MEDIA_DISK)
        put_partition(cd + BOOT_IMAGE * CD_SECTOR, sectors);
    for (uint32_t i = first; i < all; i++) {
        memcpy(cd + i * CD_SECTOR, "DISC", 4);
        put32(cd + i * CD_SECTOR + 4, i);
    }
    status = write_all(argv[2], cd, (size_t)all * CD_SECTOR);
    free(cd);
    return status;
}
