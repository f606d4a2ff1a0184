/* What the drive tells of itself and of the disc (MMC-2 sections 5, 6.1). The
 * disc has one data track in one closed session. */
#include <string.h>

#include "devices/ata_int.h"
#include "devices/cd_sector.h"

#define TRACK       1
#define TRACK_OUT   0xaa
#define CONTROL     0x14    /* ADR 1, data track */
#define MSF         0x02    /* of packet byte 1 */
#define DVD_SECTORS 449850u /* beyond what minutes of two digits tell */

#define PROFILE_NONE 0x0000
#define PROFILE_CD   0x0008
#define PROFILE_DVD  0x0010

void atapi_inquiry(struct ata_unit *unit)
{
    uint8_t *data = unit->buffer;

    if (unit->cd.packet[1] & 3) {
        atapi_fail_field(unit, 1);
        return;
    }
    if (unit->cd.packet[2]) {
        atapi_fail_field(unit, 2);
        return;
    }
    memset(data, 0, 36);
    data[0] = 0x05; /* CD drive */
    data[1] = 0x80; /* removable */
    data[3] = 0x21; /* ATAPI 2, response format 1 */
    data[4] = 36 - 5;
    memcpy(data + 8, "VITRINE CD-ROM          1.0 ", 28);
    atapi_reply(unit, 36, unit->cd.packet[4]);
}

void atapi_read_capacity(struct ata_unit *unit)
{
    uint32_t sectors = atapi_sectors(&unit->cd);

    if (!sectors) { /* a disc without a sector */
        atapi_fail(unit, SENSE_MEDIUM, ASC_READ_ERROR);
        return;
    }
    atapi_put32(unit->buffer, sectors - 1);
    atapi_put32(unit->buffer + 4, ATAPI_SECTOR_BYTES);
    atapi_reply(unit, 8, 8);
}

/* ---- addresses ---- */

static void put_address(uint8_t *to, uint32_t lba, bool msf)
{
    struct cd_msf time = cd_sector_msf(lba);

    if (msf) {
        to[0] = 0;
        to[1] = time.minute;
        to[2] = time.second;
        to[3] = time.frame;
    } else {
        atapi_put32(to, lba);
    }
}

/* ---- READ TOC ---- */

static uint8_t *put_track(uint8_t *to, uint8_t track, uint32_t lba, bool msf)
{
    to[0] = 0;
    to[1] = CONTROL;
    to[2] = track;
    to[3] = 0;
    put_address(to + 4, lba, msf);
    return to + 8;
}

static void end_toc(struct ata_unit *unit, const uint8_t *end)
{
    uint8_t *data = unit->buffer;
    uint32_t bytes = (uint32_t)(end - data);

    atapi_put16(data, bytes - 2);
    data[2] = data[3] = 1; /* first and last track, or session */
    atapi_reply(unit, bytes, atapi_get16(unit->cd.packet + 7));
}

static void read_tracks(struct ata_unit *unit, bool msf)
{
    uint8_t first = unit->cd.packet[6], *to = unit->buffer + 4;

    if (first > TRACK && first != TRACK_OUT) {
        atapi_fail_field(unit, 6);
        return;
    }
    if (first <= TRACK)
        to = put_track(to, TRACK, 0, msf);
    to = put_track(to, TRACK_OUT, atapi_sectors(&unit->cd), msf);
    end_toc(unit, to);
}

static uint8_t *put_point(uint8_t *to, uint8_t point, struct cd_msf value)
{
    const uint8_t row[] = {
        1,           CONTROL, 0, point, 0, 0, 0, 0, value.minute, value.second,
        value.frame,
    };

    memcpy(to, row, sizeof(row));
    return to + sizeof(row);
}

/* The lead-in as it stands on the disc. */
static void read_full(struct ata_unit *unit)
{
    uint8_t *to = unit->buffer + 4;

    to = put_point(to, 0xa0, (struct cd_msf){TRACK, 0, 0});
    to = put_point(to, 0xa1, (struct cd_msf){TRACK, 0, 0});
    to = put_point(to, 0xa2, cd_sector_msf(atapi_sectors(&unit->cd)));
    to = put_point(to, TRACK, cd_sector_msf(0));
    end_toc(unit, to);
}

/* The format stands in byte 2, or as SFF 8020i has it in byte 9. */
void atapi_read_toc(struct ata_unit *unit)
{
    const uint8_t *packet = unit->cd.packet;
    uint8_t format = packet[2] & 15;
    bool msf = packet[1] & MSF;

    if (!format)
        format = packet[9] >> 6;
    switch (format) {
    case 0: read_tracks(unit, msf); break;
    case 1: end_toc(unit, put_track(unit->buffer + 4, TRACK, 0, msf)); break;
    case 2: read_full(unit); break;
    default: atapi_fail_field(unit, 2); break;
    }
}

/* ---- READ SUBCHANNEL, READ HEADER ---- */

#define AUDIO_STATUS_NONE 0x15

static uint32_t put_position(const struct atapi *cd, uint8_t *data)
{
    bool msf = cd->packet[1] & MSF;

    data[4] = 1;
    data[5] = CONTROL;
    data[6] = TRACK;
    data[7] = 1; /* index */
    put_address(data + 8, cd->last_lba, msf);
    if (msf) { /* relative to the track: without the first two seconds */
        data[13] = (uint8_t)(cd->last_lba / 75 / 60);
        data[14] = (uint8_t)(cd->last_lba / 75 % 60);
        data[15] = (uint8_t)(cd->last_lba % 75);
    } else {
        atapi_put32(data + 12, cd->last_lba);
    }
    return 16;
}

/* Formats 2 and 3, catalogue number and ISRC: the disc has none. */
void atapi_read_subchannel(struct ata_unit *unit)
{
    struct atapi *cd = &unit->cd;
    uint8_t format = cd->packet[3], *data = unit->buffer;
    uint32_t bytes = 4;

    if (format < 1 || format > 3) {
        atapi_fail_field(unit, 3);
        return;
    }
    if (format == 3 && cd->packet[6] != TRACK) {
        atapi_fail_field(unit, 6);
        return;
    }
    memset(data, 0, 24);
    data[1] = AUDIO_STATUS_NONE;
    if (cd->packet[2] & 0x40) {
        data[4] = format;
        bytes = format == 1 ? put_position(cd, data) : 24;
        if (format == 3) {
            data[5] = CONTROL;
            data[6] = TRACK;
        }
    }
    atapi_put16(data + 2, bytes - 4);
    atapi_reply(unit, bytes, atapi_get16(cd->packet + 7));
}

void atapi_read_header(struct ata_unit *unit)
{
    struct atapi *cd = &unit->cd;
    uint32_t lba = atapi_get32(cd->packet + 2);

    if (lba >= atapi_sectors(cd)) {
        atapi_fail(unit, SENSE_ILLEGAL, ASC_RANGE);
        return;
    }
    memset(unit->buffer, 0, 8);
    unit->buffer[0] = 1; /* mode */
    put_address(unit->buffer + 4, lba, cd->packet[1] & MSF);
    atapi_reply(unit, 8, atapi_get16(cd->packet + 7));
}

/* ---- state of the drive ---- */

void atapi_mechanism_status(struct ata_unit *unit)
{
    uint8_t *data = unit->buffer;

    memset(data, 0, 8);
    data[1] = unit->cd.open ? 0x10 : 0;
    atapi_put32(data + 1, (uint32_t)data[1] << 24 | unit->cd.last_lba);
    data[5] = 1; /* a place for one disc, no changer */
    atapi_reply(unit, 8, atapi_get16(unit->cd.packet + 8));
}

/* Bit 0 of byte 1: asked once. Other than that would be asynchronous. */
void atapi_get_event(struct ata_unit *unit)
{
    struct atapi *cd = &unit->cd;
    uint8_t *data = unit->buffer;
    uint32_t bytes = 8, allocation = atapi_get16(cd->packet + 7);

    if (!(cd->packet[1] & 1)) {
        atapi_fail_field(unit, 1);
        return;
    }
    memset(data, 0, 8);
    data[3] = 0x10; /* classes: media */
    if (cd->packet[4] & 0x10) {
        data[2] = 4;
        data[4] = cd->event;
        data[5] = (uint8_t)((cd->open ? 1 : 0) | (atapi_loaded(cd) ? 2 : 0));
        if (allocation > 4)
            cd->event = 0;
    } else {
        data[2] = 0x80; /* no such class */
        bytes = 4;
    }
    atapi_put16(data, bytes - 2);
    atapi_reply(unit, bytes, allocation);
}

/* ---- GET CONFIGURATION ---- */

static unsigned profile(const struct ata_unit *unit)
{
    if (!atapi_loaded(&unit->cd))
        return PROFILE_NONE;
    return atapi_sectors(&unit->cd) > DVD_SECTORS ? PROFILE_DVD : PROFILE_CD;
}

/* A feature's row; `flags`: version << 2, persistent 2, current 1. */
struct feature {
    uint16_t code;
    uint8_t flags;
    uint8_t bytes;
    uint8_t data[8];
};

static const struct feature features[] = {
    /* clang-format off */
    {0x0000, 0x03, 8, {0, PROFILE_DVD, 0, 0, 0, PROFILE_CD, 0, 0}},
    {0x0001, 0x03, 4, {0, 0, 0, 2}},     /* core: ATAPI */
    {0x0002, 0x03, 4, {0, 0, 0, 0}},     /* morphing */
    {0x0003, 0x03, 4, {0x29, 0, 0, 0}},  /* removable: tray, eject, lock */
    {0x0010, 0x00, 8, {0, 0, 8, 0, 0, 1, 0, 0}}, /* random readable */
    {0x001d, 0x00, 0, {0}},              /* multi-read */
    {0x001e, 0x00, 4, {0, 0, 0, 0}},     /* CD read */
    {0x001f, 0x00, 0, {0}},              /* DVD read */
    {0x0100, 0x03, 0, {0}},              /* power management */
    {0x0105, 0x03, 0, {0}},              /* timeout */
    /* clang-format on */
};

static bool is_current(const struct ata_unit *unit,
                       const struct feature *feature)
{
    unsigned now = profile(unit);

    if (feature->flags & 1)
        return true;
    if (feature->code == 0x001f)
        return now == PROFILE_DVD;
    if (feature->code == 0x0010)
        return now != PROFILE_NONE;
    return now == PROFILE_CD;
}

static uint32_t put_feature(const struct ata_unit *unit,
                            const struct feature *feature, uint8_t *to)
{
    atapi_put16(to, feature->code);
    to[2] = (uint8_t)(feature->flags | (is_current(unit, feature) ? 1 : 0));
    to[3] = feature->bytes;
    memcpy(to + 4, feature->data, feature->bytes);
    if (feature->code == 0) {
        to[6] = profile(unit) == PROFILE_DVD;
        to[10] = profile(unit) == PROFILE_CD;
    }
    return 4u + feature->bytes;
}

/* RT, byte 1: 0 all features from the start on, 1 the current ones, 2 one. */
void atapi_get_configuration(struct ata_unit *unit)
{
    const uint8_t *packet = unit->cd.packet;
    uint8_t type = packet[1] & 3, *data = unit->buffer;
    uint32_t start = atapi_get16(packet + 2), bytes = 8;

    if (type == 3) {
        atapi_fail_field(unit, 1);
        return;
    }
    memset(data, 0, 8);
    atapi_put16(data + 6, profile(unit));
    for (unsigned i = 0; i < ARRAY_LEN(features); i++) {
        if (features[i].code < start ||
            (type == 1 && !is_current(unit, &features[i])) ||
            (type == 2 && features[i].code != start))
            continue;
        bytes += put_feature(unit, &features[i], data + bytes);
    }
    atapi_put32(data, bytes - 4);
    atapi_reply(unit, bytes, atapi_get16(packet + 7));
}

/* ---- READ DISC INFORMATION, READ TRACK INFORMATION ---- */

void atapi_disc_information(struct ata_unit *unit)
{
    uint8_t *data = unit->buffer;

    memset(data, 0, 34);
    atapi_put16(data, 32);
    data[2] = 0x0e; /* complete disc, last session complete */
    data[3] = 1;    /* first track */
    data[4] = 1;    /* sessions */
    data[5] = 1;    /* first and last track of the last session */
    data[6] = 1;
    data[7] = 0x20;             /* unrestricted use */
    memset(data + 16, 0xff, 8); /* neither lead-in nor lead-out to be written */
    atapi_reply(unit, 34, atapi_get16(unit->cd.packet + 7));
}

/* Which track is asked for: by sector, track or session. */
static bool names_track(const struct ata_unit *unit)
{
    const uint8_t *packet = unit->cd.packet;
    uint32_t number = atapi_get32(packet + 2);

    switch (packet[1] & 3) {
    case 0: return number < atapi_sectors(&unit->cd);
    case 1:
    case 2: return number == TRACK;
    default: return false;
    }
}

void atapi_track_information(struct ata_unit *unit)
{
    uint8_t *data = unit->buffer;

    if (!names_track(unit)) {
        atapi_fail_field(unit, 2);
        return;
    }
    memset(data, 0, 36);
    atapi_put16(data, 34);
    data[2] = TRACK;
    data[3] = 1;    /* session */
    data[5] = 0x04; /* data track */
    data[6] = 0x01; /* mode 1 */
    atapi_put32(data + 24, atapi_sectors(&unit->cd));
    atapi_reply(unit, 36, atapi_get16(unit->cd.packet + 7));
}
