#include "core/state.h"

#include <assert.h>
#include <string.h>

#define FNV_PRIME 0x100000001b3u

uint64_t state_hash_bytes(uint64_t hash, const void *bytes, size_t size)
{
    const uint8_t *p = bytes;

    for (size_t i = 0; i < size; i++)
        hash = (hash ^ p[i]) * FNV_PRIME;
    return hash;
}

static uint64_t load_value(const void *from, size_t size)
{
    uint8_t u8;
    uint16_t u16;
    uint32_t u32;
    uint64_t u64;

    switch (size) {
    case 1: memcpy(&u8, from, 1); return u8;
    case 2: memcpy(&u16, from, 2); return u16;
    case 4: memcpy(&u32, from, 4); return u32;
    case 8: memcpy(&u64, from, 8); return u64;
    default: assert(false && "field size"); return 0;
    }
}

static uint64_t hash_values(uint64_t hash, const uint8_t *from,
                            const struct state_field *field)
{
    for (size_t i = 0; i < field->count; i++) {
        uint64_t value = load_value(from + i * field->size, field->size);

        for (size_t byte = 0; byte < field->size; byte++)
            hash = (hash ^ (value >> (8 * byte) & 0xff)) * FNV_PRIME;
    }
    return hash;
}

static uint64_t hash_buffer(uint64_t hash, const uint8_t *object,
                            const struct state_field *field)
{
    const uint8_t *buffer;
    size_t size;

    memcpy(&buffer, object + field->offset, sizeof(buffer));
    memcpy(&size, object + field->aux, sizeof(size));
    return state_hash_bytes(hash, buffer, size);
}

uint64_t state_hash(uint64_t hash, const void *object,
                    const struct state_field *table)
{
    const uint8_t *base = object;

    for (const struct state_field *f = table; f->name; f++) {
        switch (f->kind) {
        case STATE_KIND_VALUES:
        case STATE_KIND_BOOLS:
            hash = hash_values(hash, base + f->offset, f);
            break;
        case STATE_KIND_BUFFER: hash = hash_buffer(hash, base, f); break;
        case STATE_KIND_TABLE:
            for (size_t i = 0; i < f->count; i++)
                hash =
                    state_hash(hash, base + f->offset + i * f->size, f->table);
            break;
        }
    }
    return hash;
}
