/* READ (10), (12), READ CD by sector and by time, SEEK (MMC-2 section 6.1). */
#include <assert.h>
#include <string.h>

#include "devices/ata_int.h"
#include "devices/cd_sector.h"

/* READ CD: byte 9, what of a sector is wanted. */
#define FIELD_SYNC      0x80
#define FIELD_SUBHEADER 0x40
#define FIELD_HEADER    0x20
#define FIELD_USER      0x10
#define FIELD_EDC       0x08
#define FIELD_C2        0x06
#define FIELD_C2_BITS   0x02
#define FIELD_C2_BLOCK  0x04
#define C2_BYTES        294

/* Byte 10. */
#define SUBCHANNEL_RAW 1
#define SUBCHANNEL_Q   2
#define RAW_BYTES      96
#define Q_BYTES        16

#define TYPE_ANY   0
#define TYPE_MODE1 2

#define SECTOR_MOST (CD_RAW_BYTES + C2_BYTES + 2 + RAW_BYTES)

_Static_assert(SECTOR_MOST <= ATA_BUFFER_BYTES, "a sector fits the buffer");

/* ---- addresses ---- */

static bool range_ok(const struct atapi *cd, uint32_t lba, uint32_t count)
{
    uint32_t sectors = atapi_sectors(cd);

    return lba <= sectors && count <= sectors - lba && (count || lba < sectors);
}

static void begin(struct ata_unit *unit, uint32_t lba, uint32_t count)
{
    struct atapi *cd = &unit->cd;

    if (!range_ok(cd, lba, count)) {
        atapi_fail(unit, SENSE_ILLEGAL, ASC_RANGE);
        return;
    }
    cd->lba = lba;
    cd->left = count;
    atapi_stream(unit);
}

void atapi_read(struct ata_unit *unit)
{
    struct atapi *cd = &unit->cd;
    const uint8_t *packet = cd->packet;

    cd->cooked = true;
    begin(unit, atapi_get32(packet + 2),
          packet[0] == 0x28 ? atapi_get16(packet + 7)
                            : atapi_get32(packet + 6));
}

void atapi_seek(struct ata_unit *unit)
{
    uint32_t lba = atapi_get32(unit->cd.packet + 2);

    if (!range_ok(&unit->cd, lba, 0)) {
        atapi_fail(unit, SENSE_ILLEGAL, ASC_RANGE);
        return;
    }
    unit->cd.last_lba = lba;
    atapi_good(unit);
}

/* ---- READ CD ---- */

static uint32_t c2_bytes(uint8_t fields)
{
    switch (fields & FIELD_C2) {
    case FIELD_C2_BITS: return C2_BYTES;
    case FIELD_C2_BLOCK: return C2_BYTES + 2;
    default: return 0;
    }
}

static uint32_t subchannel_bytes(uint8_t subchannel)
{
    switch (subchannel) {
    case SUBCHANNEL_RAW: return RAW_BYTES;
    case SUBCHANNEL_Q: return Q_BYTES;
    default: return 0;
    }
}

/* The bytes of a mode 1 sector that `fields` select, which has no subheader:
 * [*from, returned end). They must be in one piece: false otherwise. */
static bool find_piece(uint8_t fields, uint32_t *from, uint32_t *to)
{
    static const struct {
        uint8_t field;
        uint16_t from, to;
    } parts[] = {
        {FIELD_SYNC, 0, 12},
        {FIELD_HEADER, 12, 16},
        {FIELD_USER, 16, 2064},
        {FIELD_EDC, 2064, CD_RAW_BYTES},
    };

    *from = *to = 0;
    for (unsigned i = 0; i < ARRAY_LEN(parts); i++) {
        if (!(fields & parts[i].field))
            continue;
        if (*to == 0)
            *from = parts[i].from;
        else if (*to != parts[i].from)
            return false;
        *to = parts[i].to;
    }
    return true;
}

static bool msf_to_lba(const uint8_t *msf, uint32_t *lba)
{
    uint32_t frames =
        ((uint32_t)msf[0] * CD_SECONDS_MINUTE + msf[1]) * CD_FRAMES_SECOND +
        msf[2];

    if (msf[1] >= CD_SECONDS_MINUTE || msf[2] >= CD_FRAMES_SECOND ||
        frames < CD_LEAD_FRAMES)
        return false;
    *lba = frames - CD_LEAD_FRAMES;
    return true;
}

/* Start and length of either form; false: the command has failed. */
static bool get_range(struct ata_unit *unit, uint32_t *lba, uint32_t *count)
{
    const uint8_t *packet = unit->cd.packet;
    uint32_t end;

    if (packet[0] == 0xbe) {
        *lba = atapi_get32(packet + 2);
        *count = atapi_get16(packet + 7) | (uint32_t)packet[6] << 16;
        return true;
    }
    if (!msf_to_lba(packet + 3, lba) || !msf_to_lba(packet + 6, &end)) {
        atapi_fail(unit, SENSE_ILLEGAL, ASC_RANGE);
        return false;
    }
    if (end < *lba) {
        atapi_fail_field(unit, 6);
        return false;
    }
    *count = end - *lba;
    return true;
}

void atapi_read_cd(struct ata_unit *unit)
{
    struct atapi *cd = &unit->cd;
    uint8_t type = cd->packet[1] >> 2 & 7;
    uint32_t lba, count, from, to;

    if (!get_range(unit, &lba, &count))
        return;
    cd->cooked = false;
    cd->fields = cd->packet[9];
    cd->subchannel = cd->packet[10] & 7;
    if (!find_piece(cd->fields, &from, &to) ||
        (cd->fields & FIELD_C2) == FIELD_C2) {
        atapi_fail_field(unit, 9);
    } else if (cd->subchannel > SUBCHANNEL_Q) {
        atapi_fail_field(unit, 10);
    } else if (type > 5) {
        atapi_fail_field(unit, 1);
    } else if (!range_ok(cd, lba, count)) {
        atapi_fail(unit, SENSE_ILLEGAL, ASC_RANGE);
    } else if (type != TYPE_ANY && type != TYPE_MODE1) {
        atapi_fail(unit, SENSE_ILLEGAL, ASC_TRACK_MODE);
    } else {
        if (from == to && !subchannel_bytes(cd->subchannel) &&
            !c2_bytes(cd->fields))
            count = 0; /* nothing is wanted */
        begin(unit, lba, count);
    }
}

/* ---- filling the buffer ---- */

/* Behind the medium's odd end its last sector is zeros. */
static enum status load_sectors(struct atapi *cd, uint8_t *to, uint32_t count)
{
    uint64_t offset = (uint64_t)cd->lba * ATAPI_SECTOR_BYTES;
    size_t size = (size_t)count * ATAPI_SECTOR_BYTES, have = size;

    if (size > cd->medium->size_bytes - offset)
        have = (size_t)(cd->medium->size_bytes - offset);
    memset(to + have, 0, size - have);
    return cd->medium->ops->read(cd->medium, offset, to, have);
}

static uint32_t put_subchannel(const struct atapi *cd, uint8_t *to)
{
    uint8_t q[CD_Q_BYTES];
    uint32_t bytes = subchannel_bytes(cd->subchannel);

    cd_sector_q(q, cd->lba);
    memset(to, 0, bytes);
    if (cd->subchannel == SUBCHANNEL_Q) {
        memcpy(to, q, sizeof(q));
    } else if (cd->subchannel == SUBCHANNEL_RAW) {
        for (unsigned i = 0; i < RAW_BYTES; i++)
            to[i] = q[i / 8] >> (7 - i % 8) & 1 ? 0x40 : 0;
    }
    return bytes;
}

/* One sector of READ CD -> its bytes; 0: the medium failed. */
static uint32_t put_sector(struct atapi *cd, uint8_t *to)
{
    uint8_t raw[CD_RAW_BYTES];
    uint32_t from, end, bytes;

    if (!find_piece(cd->fields, &from, &end) ||
        load_sectors(cd, raw + 16, 1) != STATUS_OK)
        return 0;
    if (from < 16 || end > 16 + CD_USER_BYTES)
        cd_sector_fill(raw, cd->lba);
    bytes = end - from;
    memcpy(to, raw + from, bytes);
    memset(to + bytes, 0, c2_bytes(cd->fields)); /* no errors */
    bytes += c2_bytes(cd->fields);
    return bytes + put_subchannel(cd, to + bytes);
}

static void advance(struct atapi *cd, uint32_t count)
{
    assert(count && count <= cd->left);
    cd->lba += count;
    cd->left -= count;
    cd->last_lba = cd->lba - 1;
}

/* -> bytes; less than a whole buffer when a sector could not be read: the next
 * fill begins there and tells. */
static uint32_t fill_cooked(struct ata_unit *unit)
{
    struct atapi *cd = &unit->cd;
    uint32_t most = ATA_BUFFER_BYTES / ATAPI_SECTOR_BYTES;
    uint32_t count = cd->left < most ? cd->left : most;

    if (load_sectors(cd, unit->buffer, count) != STATUS_OK) {
        count = 1; /* the bad one may be a later one */
        if (load_sectors(cd, unit->buffer, count) != STATUS_OK)
            return 0;
    }
    advance(cd, count);
    return count * ATAPI_SECTOR_BYTES;
}

static uint32_t fill_raw(struct ata_unit *unit)
{
    struct atapi *cd = &unit->cd;
    uint32_t bytes = 0;

    while (cd->left && bytes + SECTOR_MOST <= ATA_BUFFER_BYTES) {
        uint32_t more = put_sector(cd, unit->buffer + bytes);

        if (!more)
            break;
        bytes += more;
        advance(cd, 1);
    }
    return bytes;
}

uint32_t atapi_read_fill(struct ata_unit *unit)
{
    struct atapi *cd = &unit->cd;
    uint32_t bytes;

    if (!atapi_loaded(cd)) {
        atapi_fail(unit, SENSE_NOT_READY, ASC_NO_MEDIUM_OPEN);
        return 0;
    }
    if (cd->attention & ATTENTION_MEDIUM) {
        cd->attention &= (uint8_t)~ATTENTION_MEDIUM;
        atapi_fail(unit, SENSE_ATTENTION, ASC_CHANGED);
        return 0;
    }
    if (!range_ok(cd, cd->lba, cd->left)) {
        atapi_fail(unit, SENSE_ILLEGAL, ASC_RANGE);
        return 0;
    }
    bytes = cd->cooked ? fill_cooked(unit) : fill_raw(unit);
    if (!bytes) {
        cd->has_info = true;
        cd->info = cd->lba;
        atapi_fail(unit, SENSE_MEDIUM, ASC_READ_ERROR);
    }
    return bytes;
}
