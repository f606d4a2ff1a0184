#include "core/state.h"

#include <assert.h>
#include <string.h>

#define FNV_PRIME 0x100000001b3u

/* Any odd numbers without a pattern do: these are digits of sqrt(2), sqrt(3).
 */
#define MIX_A UINT64_C(0x6a09e667f3bcc909)
#define MIX_B UINT64_C(0xbb67ae8584caa73b)

uint64_t state_hash_bytes(uint64_t hash, const void *bytes, size_t size)
{
    const uint8_t *p = bytes;

    for (size_t i = 0; i < size; i++)
        hash = (hash ^ p[i]) * FNV_PRIME;
    return hash;
}

/* Compilers know the answer. */
static bool is_little_endian(void)
{
    const uint16_t one = 1;
    uint8_t first;

    memcpy(&first, &one, 1);
    return first == 1;
}

/* Little-endian whatever the host is, by one load where it is too. */
static uint64_t get64(const uint8_t *p)
{
    uint64_t word = 0;

    if (is_little_endian()) {
        memcpy(&word, p, sizeof(word));
        return word;
    }
    for (unsigned i = 0; i < 8; i++)
        word |= (uint64_t)p[i] << (8 * i);
    return word;
}

/* One to one in `word` for each lane, so a single difference never gets lost;
 * the rotation brings the upper bits, which a product cannot spread, down. */
static uint64_t mix(uint64_t lane, uint64_t word)
{
    lane ^= word;
    return (lane << 29 | lane >> 35) * MIX_A;
}

uint64_t state_hash_bulk(uint64_t hash, const void *bytes, size_t size)
{
    const uint8_t *p = bytes;
    uint64_t a = hash, b = hash ^ MIX_A, c = hash ^ MIX_B, d = ~hash;
    uint64_t e = hash + MIX_A, f = hash + MIX_B, g = d + MIX_A, h = d + MIX_B;
    size_t left = size;

    /* Eight chains of products at once: one alone would wait for itself. In
     * variables of their own, which compilers keep in registers. */
    for (; left >= 64; left -= 64, p += 64) {
        a = mix(a, get64(p));
        b = mix(b, get64(p + 8));
        c = mix(c, get64(p + 16));
        d = mix(d, get64(p + 24));
        e = mix(e, get64(p + 32));
        f = mix(f, get64(p + 40));
        g = mix(g, get64(p + 48));
        h = mix(h, get64(p + 56));
    }
    hash = mix(mix(mix(mix(MIX_B ^ size, a), b), c), d);
    hash = mix(mix(mix(mix(hash, e), f), g), h);
    hash = state_hash_bytes(hash, p, left);
    return (hash ^ hash >> 32) * MIX_B;
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
    return state_hash_bulk(hash, buffer, size);
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
