/* The symbol table of ELF files, 32- and 64-bit, little-endian (System V ABI,
 * chapter 4). Every offset is checked: files may be anything. */
#include <string.h>

#include "frontend/symbols.h"

#define SHT_SYMTAB 2
#define STT_FUNC   2

struct elf {
    const uint8_t *bytes;
    size_t size;
    bool wide;
};

/* Little-endian number; beyond the end 0. */
static uint64_t get(const struct elf *elf, uint64_t at, unsigned size)
{
    uint64_t value = 0;

    if (at > elf->size || size > elf->size - at)
        return 0;
    for (unsigned i = 0; i < size; i++)
        value |= (uint64_t)elf->bytes[at + i] << (8 * i);
    return value;
}

static uint64_t get_word(const struct elf *elf, uint64_t at, unsigned narrow,
                         unsigned wide)
{
    return elf->wide ? get(elf, at + wide, 8) : get(elf, at + narrow, 4);
}

/* Where the name of a symbol stands, zero-terminated inside the file. */
static const char *find_name(const struct elf *elf, uint64_t strings,
                             uint64_t strings_size, uint64_t offset)
{
    if (offset == 0 || offset >= strings_size || strings >= elf->size ||
        strings_size > elf->size - strings ||
        !memchr(elf->bytes + strings + offset, 0, strings_size - offset))
        return NULL;
    return (const char *)elf->bytes + strings + offset;
}

static bool read_table(struct symbols *symbols, const struct elf *elf,
                       uint64_t header, uint64_t strings_header, uint32_t base)
{
    uint64_t at = get_word(elf, header, 16, 24);
    uint64_t count = get_word(elf, header, 20, 32) / (elf->wide ? 24 : 16);
    uint64_t strings = get_word(elf, strings_header, 16, 24);
    uint64_t strings_size = get_word(elf, strings_header, 20, 32);
    unsigned step = elf->wide ? 24 : 16;

    for (uint64_t i = 0; i < count && at <= elf->size - step; i++, at += step) {
        unsigned info = (unsigned)get(elf, at + (elf->wide ? 4 : 12), 1);
        unsigned section = (unsigned)get(elf, at + (elf->wide ? 6 : 14), 2);
        const char *name =
            find_name(elf, strings, strings_size, get(elf, at, 4));

        if (!name || !*name || section == 0 || (info & 15) > STT_FUNC)
            continue;
        if (!symbols_add(symbols, base + (uint32_t)get_word(elf, at, 4, 8),
                         name, strlen(name)))
            return false;
    }
    return true;
}

bool symbols_read_elf(struct symbols *symbols, const uint8_t *file, size_t size,
                      uint32_t base)
{
    struct elf elf = {file, size, false};
    uint64_t sections, step, count;

    if (size < 52 || file[5] != 1)
        return false;
    elf.wide = file[4] == 2;
    sections = get_word(&elf, 0, 32, 40);
    step = get(&elf, elf.wide ? 58 : 46, 2);
    count = get(&elf, elf.wide ? 60 : 48, 2);
    for (uint64_t i = 0; i < count; i++) {
        uint64_t header = sections + i * step;
        uint64_t link;

        if (header > size || step > size - header)
            return false;
        if (get(&elf, header + 4, 4) != SHT_SYMTAB)
            continue;
        link = get(&elf, header + (elf.wide ? 40 : 24), 4);
        if (link >= count ||
            !read_table(symbols, &elf, header, sections + link * step, base))
            return false;
    }
    return true;
}
