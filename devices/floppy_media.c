#include "devices/floppy_media.h"

#include <assert.h>
#include <string.h>

const struct state_field floppy_media_state[] = {
    STATE_FIELD(struct floppy_media, present),
    STATE_FIELD(struct floppy_media, density_max),
    STATE_FIELD(struct floppy_media, cylinders),
    STATE_FIELD(struct floppy_media, heads),
    STATE_FIELD(struct floppy_media, sectors),
    STATE_FIELD(struct floppy_media, size_code),
    STATE_FIELD(struct floppy_media, density),
    STATE_ARRAY(struct floppy_media, unformatted),
    STATE_ARRAY(struct floppy_media, deleted),
    STATE_END,
};

static bool test_bit(const uint8_t *bits, unsigned n)
{
    return bits[n / 8] >> (n % 8) & 1;
}

static void put_bit(uint8_t *bits, unsigned n, bool value)
{
    uint8_t bit = (uint8_t)(1u << (n % 8));

    bits[n / 8] = (uint8_t)(value ? bits[n / 8] | bit : bits[n / 8] & ~bit);
}

static bool format_ok(const struct floppy_format *format)
{
    return format->cylinders >= 1 &&
           format->cylinders <= FLOPPY_CYLINDERS_MAX && format->heads >= 1 &&
           format->heads <= 2 && format->sectors >= 1 &&
           format->sectors <= FLOPPY_SECTORS_MAX && format->size_code <= 3 &&
           format->density <= FLOPPY_ED;
}

static enum status find_format(struct host_block *block,
                               struct floppy_format *out)
{
    uint8_t boot[FLOPPY_BOOT_BYTES] = {0};
    size_t size = sizeof(boot);

    if (block->size_bytes < size)
        size = (size_t)block->size_bytes;
    TRY(block->ops->read(block, 0, boot, size));
    return floppy_format_find(block->size_bytes, boot, out) ? STATUS_OK
                                                            : STATUS_BAD_FORMAT;
}

enum status floppy_media_insert(struct floppy_media *media,
                                struct host_block *block,
                                const struct floppy_format *format)
{
    struct floppy_format found;

    floppy_media_eject(media);
    if (format)
        found = *format;
    else
        TRY(find_format(block, &found));
    if (!format_ok(&found))
        return STATUS_BAD_FORMAT;
    media->block = block;
    media->present = true;
    media->cylinders = found.cylinders;
    media->heads = found.heads;
    media->sectors = found.sectors;
    media->size_code = found.size_code;
    media->density = media->density_max = found.density;
    return STATUS_OK;
}

void floppy_media_eject(struct floppy_media *media)
{
    memset(media, 0, sizeof(*media));
}

void floppy_media_check(struct floppy_media *media)
{
    struct floppy_format format = {media->cylinders, media->heads,
                                   media->sectors, media->size_code,
                                   media->density};

    if (!media->present || !media->block || !format_ok(&format))
        floppy_media_eject(media);
}

static unsigned track_index(unsigned cylinder, unsigned head)
{
    assert(cylinder < FLOPPY_CYLINDERS_MAX && head < 2);
    return cylinder * 2 + head;
}

static unsigned sector_index(struct floppy_sector sector)
{
    assert(sector.number >= 1 && sector.number <= FLOPPY_SECTORS_MAX);
    return track_index(sector.cylinder, sector.head) * FLOPPY_SECTORS_MAX +
           sector.number - 1u;
}

bool floppy_media_has_track(const struct floppy_media *media, unsigned cylinder,
                            unsigned head)
{
    return media->present && media->block && cylinder < media->cylinders &&
           head < media->heads &&
           !test_bit(media->unformatted, track_index(cylinder, head));
}

static size_t sector_bytes(const struct floppy_media *media)
{
    return (size_t)128 << (media->size_code & 3);
}

static uint64_t offset_of(const struct floppy_media *media,
                          struct floppy_sector sector)
{
    uint64_t track = (uint64_t)sector.cylinder * media->heads + sector.head;

    return (track * media->sectors + sector.number - 1u) * sector_bytes(media);
}

enum status floppy_media_read(const struct floppy_media *media,
                              struct floppy_sector sector, uint8_t *buffer,
                              bool *deleted)
{
    struct host_block *block = media->block;
    uint64_t offset = offset_of(media, sector);
    size_t size = sector_bytes(media), part = size;

    *deleted = test_bit(media->deleted, sector_index(sector));
    if (offset >= block->size_bytes)
        part = 0;
    else if (block->size_bytes - offset < size)
        part = (size_t)(block->size_bytes - offset);
    memset(buffer + part, 0, size - part);
    return part ? block->ops->read(block, offset, buffer, part) : STATUS_OK;
}

enum status floppy_media_write(struct floppy_media *media,
                               struct floppy_sector sector,
                               const uint8_t *buffer, bool deleted)
{
    struct host_block *block = media->block;
    uint64_t offset = offset_of(media, sector);
    size_t size = sector_bytes(media);

    if (block->read_only)
        return STATUS_READ_ONLY;
    if (offset + size > block->size_bytes)
        return STATUS_NO_SPACE;
    TRY(block->ops->write(block, offset, buffer, size));
    put_bit(media->deleted, sector_index(sector), deleted);
    return STATUS_OK;
}

/* Every number from 1 to `sectors` once, all with the track's own address. */
static bool ids_regular(const struct floppy_layout *layout)
{
    uint8_t seen[FLOPPY_SECTORS_MAX / 8 + 1] = {0};

    for (unsigned i = 0; i < layout->sectors; i++) {
        const uint8_t *id = layout->ids + 4 * i;

        if (id[0] != layout->cylinder || id[1] != layout->head ||
            id[3] != layout->size_code || id[2] < 1 ||
            id[2] > layout->sectors || test_bit(seen, id[2]))
            return false;
        put_bit(seen, id[2], true);
    }
    return true;
}

static bool fits_diskette(const struct floppy_media *media,
                          const struct floppy_layout *layout)
{
    return layout->cylinder < media->cylinders && layout->head < media->heads &&
           layout->sectors >= 1 && layout->sectors <= FLOPPY_SECTORS_MAX &&
           layout->size_code <= 3 && layout->density <= media->density_max &&
           (size_t)layout->sectors << layout->size_code <=
               (size_t)media->sectors << media->size_code;
}

static bool same_layout(const struct floppy_media *media,
                        const struct floppy_layout *layout)
{
    return layout->sectors == media->sectors &&
           layout->size_code == media->size_code &&
           layout->density == media->density;
}

/* The layout becomes that of the whole diskette; only its own track counts as
 * formatted. */
static void start_format(struct floppy_media *media,
                         const struct floppy_layout *layout)
{
    media->sectors = layout->sectors;
    media->size_code = layout->size_code;
    media->density = layout->density;
    memset(media->unformatted, 0xff, sizeof(media->unformatted));
    memset(media->deleted, 0, sizeof(media->deleted));
}

static enum status fill_track(struct floppy_media *media,
                              const struct floppy_layout *layout)
{
    uint8_t buffer[FLOPPY_SECTOR_BYTES_MAX];
    struct floppy_sector sector = {layout->cylinder, layout->head, 1};

    memset(buffer, layout->fill, sizeof(buffer));
    for (; sector.number <= layout->sectors; sector.number++)
        TRY(floppy_media_write(media, sector, buffer, false));
    return STATUS_OK;
}

enum status floppy_media_format(struct floppy_media *media,
                                const struct floppy_layout *layout)
{
    bool good = fits_diskette(media, layout) && ids_regular(layout);
    unsigned track;

    if (layout->cylinder >= FLOPPY_CYLINDERS_MAX || layout->head >= 2)
        return STATUS_OK;
    track = track_index(layout->cylinder, layout->head);
    if (good && !same_layout(media, layout)) {
        good = track == 0;
        if (good)
            start_format(media, layout);
    }
    put_bit(media->unformatted, track, true);
    if (!good)
        return STATUS_OK;
    TRY(fill_track(media, layout));
    put_bit(media->unformatted, track, false);
    return STATUS_OK;
}
