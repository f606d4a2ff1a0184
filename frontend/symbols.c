#include "frontend/symbols.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_BYTES 200
#define FAR_AWAY       0x10000u
#define FILE_MOST      (UINT64_C(256) << 20)

bool symbols_add(struct symbols *symbols, uint32_t addr, const char *name,
                 size_t length)
{
    struct symbol *s;

    if (symbols->count == symbols->room) {
        size_t room = symbols->room ? 2 * symbols->room : 1024;
        struct symbol *list = realloc(symbols->list, room * sizeof(*list));

        if (!list)
            return false;
        symbols->list = list;
        symbols->room = room;
    }
    s = &symbols->list[symbols->count];
    s->addr = addr;
    s->name = malloc(length + 1);
    if (!s->name)
        return false;
    memcpy(s->name, name, length);
    s->name[length] = '\0';
    symbols->count++;
    return true;
}

void symbols_clear(struct symbols *symbols)
{
    for (size_t i = 0; i < symbols->count; i++)
        free(symbols->list[i].name);
    free(symbols->list);
    memset(symbols, 0, sizeof(*symbols));
}

static int by_address(const void *a, const void *b)
{
    const struct symbol *x = a, *y = b;

    if (x->addr != y->addr)
        return x->addr < y->addr ? -1 : 1;
    return strcmp(x->name, y->name);
}

bool symbols_find(const struct symbols *symbols, const char *name,
                  uint32_t *addr)
{
    for (size_t i = 0; i < symbols->count; i++) {
        if (strcmp(symbols->list[i].name, name) == 0) {
            *addr = symbols->list[i].addr;
            return true;
        }
    }
    return false;
}

const struct symbol *symbols_before(const struct symbols *symbols,
                                    uint32_t addr)
{
    size_t low = 0, high = symbols->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (symbols->list[middle].addr <= addr)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0 || addr - symbols->list[low - 1].addr >= FAR_AWAY)
        return NULL;
    low--;
    while (low > 0 && symbols->list[low - 1].addr == symbols->list[low].addr)
        low--; /* always the same one of several */
    return &symbols->list[low];
}

/* Text. */

static size_t word_length(const char *text)
{
    return strcspn(text, " \t\r\n");
}

/* "0000:1234*  name" or "0001:00001234  name": segment and offset. */
static bool is_segmented(const char *line, uint32_t *addr, const char **name)
{
    char *end;
    unsigned long segment = strtoul(line, &end, 16), offset;

    if (end != line + 4 || *end != ':')
        return false;
    line = end + 1;
    offset = strtoul(line, &end, 16);
    if (end < line + 4 || segment > 0xffff)
        return false;
    if (*end == '*' || *end == '+')
        end++;
    *addr = (uint32_t)((segment << 4) + offset);
    *name = end;
    return *end == ' ' || *end == '\t';
}

/* "00001234 T name". */
static bool is_nm(const char *line, uint32_t *addr, const char **name)
{
    char *end;
    unsigned long long value = strtoull(line, &end, 16);

    if (end < line + 4 || *end != ' ' || end[1] == '\0' || end[2] != ' ')
        return false;
    *addr = (uint32_t)value;
    *name = end + 2;
    return true;
}

/* "12  7C12  name": NASM's flat binaries, real and virtual address. */
static bool is_nasm(const char *line, uint32_t *addr, const char **name)
{
    char *end;

    strtoul(line, &end, 16);
    if (end == line || *end != ' ')
        return false;
    line = end;
    *addr = (uint32_t)strtoul(line, &end, 16);
    *name = end;
    return end > line + 1 && *end == ' ' &&
           strcspn(line + strspn(line, " "), " ") ==
               (size_t)(end - line) - strspn(line, " ");
}

static bool read_line(struct symbols *symbols, const char *line, uint32_t base)
{
    const char *name;
    uint32_t addr;
    size_t length;

    line += strspn(line, " \t");
    if (!is_segmented(line, &addr, &name) && !is_nm(line, &addr, &name) &&
        !is_nasm(line, &addr, &name))
        return true;
    name += strspn(name, " \t");
    if (strncmp(name, "Abs", 3) == 0 || strncmp(name, "idle", 4) == 0)
        name += word_length(name) + strspn(name + word_length(name), " \t");
    length = word_length(name);
    if (length == 0 || length > NAME_MAX_BYTES)
        return true;
    return symbols_add(symbols, base + addr, name, length);
}

static bool read_text(struct symbols *symbols, char *text, uint32_t base)
{
    char *line = text;

    while (line) {
        char *next = strchr(line, '\n');

        if (next)
            *next++ = '\0';
        if (!read_line(symbols, line, base))
            return false;
        line = next;
    }
    return true;
}

/* The whole file and a zero behind it. NULL: errno says why. */
static uint8_t *read_file(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = NULL;
    long end = -1;

    if (!file)
        return NULL;
    if (fseek(file, 0, SEEK_END) == 0)
        end = ftell(file);
    rewind(file);
    errno = EIO;
    if (end >= 0 && (uint64_t)end <= FILE_MOST)
        bytes = malloc((size_t)end + 1);
    if (bytes) {
        *size = fread(bytes, 1, (size_t)end, file);
        bytes[*size] = 0;
    }
    fclose(file);
    return bytes;
}

bool symbols_load(struct symbols *symbols, const char *path, uint32_t base,
                  size_t *added, struct failure *failure)
{
    size_t size = 0, before = symbols->count;
    uint8_t *file = read_file(path, &size);
    bool good;

    *added = 0;
    if (!file)
        return failure_set(failure, EXIT_STATUS_HOST, "%s: %s", path,
                           failure_errno_text(errno));
    if (size >= 4 && memcmp(file, "\177ELF", 4) == 0)
        good = symbols_read_elf(symbols, file, size, base);
    else
        good = read_text(symbols, (char *)file, base);
    free(file);
    *added = symbols->count - before;
    if (symbols->count)
        qsort(symbols->list, symbols->count, sizeof(*symbols->list),
              by_address);
    if (!good)
        return failure_set(failure, EXIT_STATUS_HOST,
                           "%s: its symbol table is damaged", path);
    if (*added == 0)
        return failure_set(failure, EXIT_STATUS_HOST,
                           "%s: no symbols; known are ELF files, the output "
                           "of nm, and linkers' maps with SEGMENT:OFFSET NAME",
                           path);
    return true;
}
