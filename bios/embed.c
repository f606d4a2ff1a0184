/* Build-time tool: writes a C file that holds a binary file as an array.
 *
 *   bios_embed NAME BINARY OUTPUT
 *
 * Long runs of zeros are left to the initialiser's default, so a mostly empty
 * disk image costs little to compile. Exit status 1: a file failed. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    BYTES_PER_LINE = 16,
    SKIP_MIN = 32 /* shorter runs of zeros are written out */
};

static int fail(const char *path)
{
    perror(path);
    return EXIT_FAILURE;
}

static size_t count_zeros(const unsigned char *data, size_t size, size_t from)
{
    size_t end = from;

    while (end < size && !data[end])
        end++;
    return end - from;
}

static void write_array(FILE *out, const char *name, const unsigned char *data,
                        size_t size)
{
    size_t column = 0;

    fprintf(out, "#include \"bios/images_int.h\"\n\n");
    fprintf(out, "const size_t %s_bytes = %zu;\n", name, size);
    fprintf(out, "const uint8_t %s[%zu] = {\n", name, size ? size : 1);
    for (size_t i = 0; i < size; i++) {
        size_t zeros = count_zeros(data, size, i);

        if (i && zeros >= SKIP_MIN && i + zeros < size) {
            i += zeros;
            fprintf(out, "\n[%zu] = ", i);
            column = 0;
        } else if (i && zeros >= SKIP_MIN) {
            break;
        }
        fprintf(out, "%u,%s", data[i], ++column % BYTES_PER_LINE ? "" : "\n");
    }
    fprintf(out, "%s};\n", size ? "" : "0");
}

static unsigned char *read_file(FILE *in, size_t *size)
{
    size_t room = 1 << 16, got;
    unsigned char *data = malloc(room);

    *size = 0;
    while (data && (got = fread(data + *size, 1, room - *size, in)) > 0) {
        unsigned char *bigger;

        *size += got;
        if (*size < room)
            continue;
        room *= 2;
        bigger = realloc(data, room);
        if (!bigger)
            free(data);
        data = bigger;
    }
    return data;
}

int main(int argc, char **argv)
{
    FILE *in, *out;
    unsigned char *data;
    size_t size;
    bool bad;

    if (argc != 4) {
        fprintf(stderr, "usage: bios_embed NAME BINARY OUTPUT\n");
        return EXIT_FAILURE;
    }
    in = fopen(argv[2], "rb");
    if (!in)
        return fail(argv[2]);
    data = read_file(in, &size);
    if (!data || ferror(in))
        return fail(argv[2]);
    fclose(in);
    out = fopen(argv[3], "wb");
    if (!out)
        return fail(argv[3]);
    write_array(out, argv[1], data, size);
    free(data);
    bad = ferror(out) != 0;
    if (fclose(out) || bad)
        return fail(argv[3]);
    return EXIT_SUCCESS;
}
