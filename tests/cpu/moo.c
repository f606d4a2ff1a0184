#include "tests/cpu/moo.h"

#include <stdlib.h>
#include <string.h>

static uint32_t get16(const uint8_t *p)
{
    return (uint32_t)(p[0] | p[1] << 8);
}

static uint32_t get32(const uint8_t *p)
{
    return get16(p) | get16(p + 2) << 16;
}

/* The chunks of a buffer. */
struct chunks {
    const uint8_t *at, *end;
};

struct chunk {
    char tag[5];
    const uint8_t *data;
    uint32_t size;
};

static bool next_chunk(struct chunks *c, struct chunk *out)
{
    if (c->end - c->at < 8)
        return false;
    memcpy(out->tag, c->at, 4);
    out->tag[4] = 0;
    out->size = get32(c->at + 4);
    out->data = c->at + 8;
    if (out->size > (size_t)(c->end - out->data))
        return false;
    c->at = out->data + out->size;
    return true;
}

static void read_regs(const struct chunk *c, struct moo_state *out)
{
    const uint8_t *p = c->data + 2;

    out->present = get16(c->data);
    for (unsigned i = 0; i < MOO_REGS; i++) {
        if (out->present >> i & 1) {
            out->reg[i] = (uint16_t)get16(p);
            p += 2;
        }
    }
}

static void read_ram(const struct chunk *c, struct moo_state *out)
{
    out->ram_count = get32(c->data);
    if (out->ram_count > MOO_RAM_MAX)
        abort();
    for (unsigned i = 0; i < out->ram_count; i++) {
        out->ram[i].addr = get32(c->data + 4 + 5 * i);
        out->ram[i].value = c->data[8 + 5 * i];
    }
}

static void read_state(const struct chunk *state, struct moo_state *out)
{
    struct chunks in = {state->data, state->data + state->size};
    struct chunk c;

    out->present = out->ram_count = 0;
    while (next_chunk(&in, &c)) {
        if (!strcmp(c.tag, "REGS"))
            read_regs(&c, out);
        else if (!strcmp(c.tag, "RAM "))
            read_ram(&c, out);
    }
}

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static void read_part(const struct chunk *c, struct moo_case *out)
{
    if (!strcmp(c->tag, "NAME")) {
        uint32_t size = least(get32(c->data), sizeof(out->name) - 1);

        memcpy(out->name, c->data + 4, size);
        out->name[size] = 0;
    } else if (!strcmp(c->tag, "BYTS")) {
        out->byte_count = least(get32(c->data), sizeof(out->bytes));
        memcpy(out->bytes, c->data + 4, out->byte_count);
    } else if (!strcmp(c->tag, "INIT")) {
        read_state(c, &out->before);
    } else if (!strcmp(c->tag, "FINA")) {
        read_state(c, &out->after);
    } else if (!strcmp(c->tag, "EXCP")) {
        out->has_exception = true;
        out->vector = c->data[0];
        out->flags_addr = c->size >= 5 ? get32(c->data + 1) : 0;
    } else if (!strcmp(c->tag, "HASH")) {
        for (uint32_t i = 0; i < least(c->size, 20); i++)
            sprintf(out->hash + (size_t)2 * i, "%02x", c->data[i]);
    }
}

static void read_case(const struct chunk *test, struct moo_case *out)
{
    struct chunks in = {test->data + 4, test->data + test->size};
    struct chunk c;

    out->index = get32(test->data);
    out->has_exception = false;
    out->hash[0] = 0;
    while (next_chunk(&in, &c))
        read_part(&c, out);
    for (unsigned i = 0; i < MOO_REGS; i++) {
        if (!(out->after.present >> i & 1))
            out->after.reg[i] = out->before.reg[i];
    }
}

static void read_file(const uint8_t *data, size_t size, const char *name,
                      moo_fn *each, void *context)
{
    struct chunks in = {data, data + size};
    struct moo_case *test = malloc(sizeof(*test));
    struct chunk c;

    while (test && next_chunk(&in, &c)) {
        if (strcmp(c.tag, "TEST"))
            continue;
        read_case(&c, test);
        each(context, name, test);
    }
    free(test);
}

/* One member of a tar archive, or false at its end. The caller frees *data. */
static bool read_member(FILE *tar, char *name, uint8_t **data, size_t *size)
{
    uint8_t header[512];
    size_t padded;

    if (fread(header, 1, 512, tar) != 512 || !header[0])
        return false;
    memcpy(name, header, 100);
    name[100] = 0;
    header[136] = 0;
    *size = strtoul((const char *)header + 124, NULL, 8);
    padded = (*size + 511) / 512 * 512;
    *data = malloc(padded + 1);
    return *data && fread(*data, 1, padded, tar) == padded;
}

bool moo_read_archive(const char *path, moo_fn *each, void *context)
{
    char command[600], name[101];
    uint8_t *data;
    size_t size;
    FILE *tar;

    snprintf(command, sizeof(command), "xz -dc '%s'", path);
    tar = popen(command, "r");
    if (!tar)
        return false;
    while (read_member(tar, name, &data, &size)) {
        char *base = strrchr(name, '/'), *end = strstr(name, ".MOO");

        if (base && end) {
            *end = 0;
            read_file(data, size, base + 1, each, context);
        }
        free(data);
    }
    return pclose(tar) == 0;
}
