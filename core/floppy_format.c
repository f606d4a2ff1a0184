#include "core/floppy_format.h"

#include <assert.h>

/* The data of one track decides what it is recorded on. */
#define DD_TRACK_BYTES 5632u
#define HD_TRACK_BYTES 12288u

/* A 40-track drive's head stops a little after its last track. */
#define CYLINDERS_48TPI 43

/* The first in a known size's row wins: 320K is 40x2x8, not 80x1x8, unless a
 * BPB says so. Smallest first. */
static const struct {
    uint8_t cylinders, heads, sectors, size_code;
} known[] = {
    /* clang-format off */
    {40, 1,  8, 2}, /*  160K */
    {40, 1,  9, 2}, /*  180K */
    {40, 2,  8, 2}, /*  320K */
    {40, 2,  9, 2}, /*  360K */
    {40, 2, 10, 2}, /*  400K */
    {41, 2, 10, 2}, /*  410K */
    {42, 2, 10, 2}, /*  420K */
    {80, 2,  8, 2}, /*  640K */
    {80, 2,  9, 2}, /*  720K */
    {82, 2,  9, 2}, /*  738K */
    {80, 2, 10, 2}, /*  800K */
    {82, 2, 10, 2}, /*  820K */
    {83, 2, 10, 2}, /*  830K */
    {80, 2, 15, 2}, /* 1200K */
    {77, 2,  8, 3}, /* 1232K: 1024-byte sectors */
    {80, 2, 18, 2}, /* 1440K */
    {82, 2, 18, 2}, /* 1476K */
    {83, 2, 18, 2}, /* 1494K */
    {80, 2, 20, 2}, /* 1600K */
    {82, 2, 20, 2}, /* 1640K */
    {80, 2, 21, 2}, /* 1680K: DMF */
    {82, 2, 21, 2}, /* 1722K */
    {83, 2, 21, 2}, /* 1743K */
    {80, 2, 22, 2}, /* 1760K */
    {80, 2, 23, 2}, /* 1840K */
    {80, 2, 24, 2}, /* 1920K */
    {80, 2, 36, 2}, /* 2880K */
    {80, 2, 39, 2}, /* 3120K */
    {80, 2, 40, 2}, /* 3200K */
    {80, 2, 44, 2}, /* 3520K */
    {80, 2, 48, 2}, /* 3840K */
    /* clang-format on */
};

#define SIZE_1440K 1474560u

static uint32_t track_bytes(const struct floppy_format *format)
{
    return (uint32_t)format->sectors * (128u << format->size_code);
}

uint64_t floppy_format_bytes(const struct floppy_format *format)
{
    assert(format->size_code <= 3);
    return (uint64_t)format->cylinders * format->heads * track_bytes(format);
}

enum floppy_density floppy_format_density(uint32_t bytes)
{
    if (bytes <= DD_TRACK_BYTES)
        return FLOPPY_DD;
    return bytes <= HD_TRACK_BYTES ? FLOPPY_HD : FLOPPY_ED;
}

static struct floppy_format known_format(size_t row)
{
    struct floppy_format format = {
        .cylinders = known[row].cylinders,
        .heads = known[row].heads,
        .sectors = known[row].sectors,
        .size_code = known[row].size_code,
    };

    format.density = (uint8_t)floppy_format_density(track_bytes(&format));
    return format;
}

/* The first known format of at least `least` bytes; with `exact`, of just
 * that many. */
static bool find_known(uint64_t least, bool exact, struct floppy_format *out)
{
    for (size_t row = 0; row < ARRAY_LEN(known); row++) {
        struct floppy_format format = known_format(row);
        uint64_t bytes = floppy_format_bytes(&format);

        if (bytes < least || (exact && bytes != least))
            continue;
        *out = format;
        return true;
    }
    return false;
}

bool floppy_format_known(uint64_t size_bytes)
{
    struct floppy_format format;

    return find_known(size_bytes, true, &format);
}

static unsigned get16(const uint8_t *bytes)
{
    return bytes[0] | (unsigned)bytes[1] << 8;
}

static bool code_of_size(unsigned bytes, uint8_t *code)
{
    for (uint8_t n = 0; n <= 3; n++) {
        if (bytes == 128u << n) {
            *code = n;
            return true;
        }
    }
    return false;
}

/* The parts of a BPB that do not describe geometry, but tell one from chance
 * bytes: a jump, power-of-two clusters, one or two FATs, a media byte. */
static bool looks_like_bpb(const uint8_t *boot)
{
    bool jump = boot[0] == 0xe9 || (boot[0] == 0xeb && boot[2] == 0x90);
    unsigned cluster = boot[0x0d], fats = boot[0x10];

    return jump && cluster && !(cluster & (cluster - 1)) &&
           get16(boot + 0x0e) && fats >= 1 && fats <= 2 && get16(boot + 0x11) &&
           boot[0x15] >= 0xf0 && get16(boot + 0x16);
}

bool floppy_format_bpb(const uint8_t *boot, struct floppy_format *out)
{
    unsigned total = get16(boot + 0x13), sectors = get16(boot + 0x18);
    unsigned heads = get16(boot + 0x1a), cylinders, least;
    struct floppy_format format = {0};

    if (!looks_like_bpb(boot) || !total || heads < 1 || heads > 2 ||
        sectors < 1 || sectors > FLOPPY_SECTORS_MAX ||
        !code_of_size(get16(boot + 0x0b), &format.size_code))
        return false;
    format.heads = (uint8_t)heads;
    format.sectors = (uint8_t)sectors;
    format.density = (uint8_t)floppy_format_density(track_bytes(&format));
    cylinders = (total + sectors * heads - 1) / (sectors * heads);
    least = format.size_code == 3 ? 77 : 80;
    if (format.density == FLOPPY_DD)
        least = 40;
    if (cylinders > FLOPPY_CYLINDERS_MAX)
        return false;
    format.cylinders = (uint8_t)(cylinders < least ? least : cylinders);
    *out = format;
    return true;
}

static bool same_tracks(const struct floppy_format *a,
                        const struct floppy_format *b)
{
    return a->heads == b->heads && a->sectors == b->sectors &&
           a->size_code == b->size_code;
}

bool floppy_format_find(uint64_t size_bytes, const uint8_t *boot,
                        struct floppy_format *out)
{
    struct floppy_format by_size, by_bpb;
    bool has_size = find_known(size_bytes, true, &by_size);

    if (!size_bytes)
        return false;
    /* A BPB may claim more than an image holds that was cut short, but not
     * more than one whose size says that it is whole. */
    if (boot && floppy_format_bpb(boot, &by_bpb) &&
        (!has_size || floppy_format_bytes(&by_bpb) <= size_bytes)) {
        *out = has_size && same_tracks(&by_size, &by_bpb) ? by_size : by_bpb;
        return true;
    }
    if (!has_size &&
        !find_known(size_bytes < SIZE_1440K ? SIZE_1440K : size_bytes, false,
                    &by_size))
        return false;
    *out = by_size;
    return true;
}

enum floppy_drive_type floppy_format_drive(const struct floppy_format *format)
{
    if (!format)
        return FLOPPY_DRIVE_1440K;
    switch (format->density) {
    case FLOPPY_DD:
        return format->cylinders <= CYLINDERS_48TPI ? FLOPPY_DRIVE_360K
                                                    : FLOPPY_DRIVE_1440K;
    case FLOPPY_HD:
        return track_bytes(format) <= 17 * 512 ? FLOPPY_DRIVE_1200K
                                               : FLOPPY_DRIVE_1440K;
    default: return FLOPPY_DRIVE_2880K;
    }
}

bool floppy_format_fits(const struct floppy_format *format,
                        enum floppy_drive_type type)
{
    switch (type) {
    case FLOPPY_DRIVE_360K:
        return format->density == FLOPPY_DD &&
               format->cylinders <= CYLINDERS_48TPI;
    case FLOPPY_DRIVE_720K: return format->density == FLOPPY_DD;
    case FLOPPY_DRIVE_1200K:
    case FLOPPY_DRIVE_1440K: return format->density <= FLOPPY_HD;
    case FLOPPY_DRIVE_2880K: return true;
    default: return false;
    }
}
