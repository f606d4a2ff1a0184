/* Build-time tool: finishes a ROM.
 *
 *   bios_checksum IMAGE ROM
 *
 * Copies IMAGE to ROM with the last byte set so that all bytes sum up to 0.
 * Exit status 1: a file failed, or IMAGE is not a multiple of 64 KiB. */
#include <stdio.h>
#include <stdlib.h>

enum {
    UNIT_BYTES = 64 * 1024,
    ROM_MAX_BYTES = 256 * 1024
};

static int fail(const char *path, const char *why)
{
    fprintf(stderr, "%s: %s\n", path, why);
    return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    static unsigned char rom[ROM_MAX_BYTES + 1];
    unsigned sum = 0;
    size_t size;
    FILE *file;

    if (argc != 3)
        return fail("usage", "bios_checksum IMAGE ROM");
    file = fopen(argv[1], "rb");
    if (!file)
        return fail(argv[1], "cannot be opened");
    size = fread(rom, 1, sizeof rom, file);
    fclose(file);
    if (!size || size > ROM_MAX_BYTES || size % UNIT_BYTES)
        return fail(argv[1], "is not 64, 128, 192 or 256 KiB");
    rom[size - 1] = 0;
    for (size_t i = 0; i < size; i++)
        sum += rom[i];
    rom[size - 1] = (unsigned char)-sum;
    file = fopen(argv[2], "wb");
    if (!file || fwrite(rom, 1, size, file) != size || fclose(file))
        return fail(argv[2], "cannot be written");
    return EXIT_SUCCESS;
}
