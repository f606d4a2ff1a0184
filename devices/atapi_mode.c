/* MODE SENSE and MODE SELECT, of 6 and 10 bytes (MMC-2 section 6.3). */
#include <string.h>

#include "devices/ata_int.h"

#define PAGE_RECOVERY     0x01
#define PAGE_CD           0x0d
#define PAGE_AUDIO        0x0e
#define PAGE_CAPABILITIES 0x2a
#define PAGE_ALL          0x3f

#define CONTROL_CHANGEABLE 1
#define CONTROL_DEFAULT    2
#define CONTROL_SAVED      3

#define RETRIES 32

/* What byte 2 of the header says of the disc. */
#define MEDIUM_NONE 0x70
#define MEDIUM_OPEN 0x71
#define MEDIUM_DATA 0x01

void atapi_mode_defaults(struct atapi *cd)
{
    static const uint8_t audio[ATAPI_AUDIO_BYTES] = {
        PAGE_AUDIO, 14, 4, 0, 0, 0, 0, 75, 1, 0xff, 2, 0xff};

    cd->recovery[0] = 0;
    cd->recovery[1] = RETRIES;
    cd->inactivity = 0x0d; /* 32 minutes */
    cd->speed_kbs = ATAPI_SPEED_KBS;
    memcpy(cd->audio, audio, sizeof(audio));
}

/* ---- pages ---- */

/* A page as it is (defaults: `cd` holds those), or with a bit set for each that
 * can be changed. Each returns its bytes. */

static uint32_t put_recovery(const struct atapi *cd, bool mask, uint8_t *to)
{
    memset(to, 0, 8);
    to[0] = PAGE_RECOVERY;
    to[1] = 6;
    to[2] = mask ? 0x3f : cd->recovery[0];
    to[3] = mask ? 0xff : cd->recovery[1];
    return 8;
}

static uint32_t put_cd(const struct atapi *cd, bool mask, uint8_t *to)
{
    memset(to, 0, 8);
    to[0] = PAGE_CD;
    to[1] = 6;
    to[3] = mask ? 0x0f : cd->inactivity;
    if (!mask) {
        to[5] = 60;
        to[7] = 75;
    }
    return 8;
}

static uint32_t put_audio(const struct atapi *cd, bool mask, uint8_t *to)
{
    static const uint8_t changeable[ATAPI_AUDIO_BYTES] = {
        PAGE_AUDIO, 14, 2, 0, 0, 0, 0, 0, 0x0f, 0xff, 0x0f, 0xff};

    memcpy(to, mask ? changeable : cd->audio, ATAPI_AUDIO_BYTES);
    return ATAPI_AUDIO_BYTES;
}

static uint32_t put_capabilities(const struct atapi *cd, bool mask, uint8_t *to)
{
    memset(to, 0, 20);
    to[0] = PAGE_CAPABILITIES;
    to[1] = 18;
    if (mask)
        return 20;
    to[2] = 0x03; /* reads CD-R and CD-RW */
    to[4] = 0x70; /* mode 2 in both forms, sessions */
    to[5] = 0x00; /* no audio */
    to[6] = (uint8_t)(0x29 | (cd->locked ? 2 : 0)); /* tray, ejects, locks */
    to[7] = 0x00;
    atapi_put16(to + 8, ATAPI_SPEED_KBS);
    atapi_put16(to + 10, 2);   /* volume levels */
    atapi_put16(to + 12, 512); /* KiB of buffer */
    atapi_put16(to + 14, cd->speed_kbs);
    return 20;
}

static const struct page {
    uint8_t code;
    uint8_t bytes;
    uint32_t (*put)(const struct atapi *cd, bool mask, uint8_t *to);
} pages[] = {
    {PAGE_RECOVERY, 8, put_recovery},
    {PAGE_CD, 8, put_cd},
    {PAGE_AUDIO, ATAPI_AUDIO_BYTES, put_audio},
    {PAGE_CAPABILITIES, 20, put_capabilities},
};

/* ---- MODE SENSE ---- */

static uint8_t medium_type(const struct atapi *cd)
{
    if (cd->open)
        return MEDIUM_OPEN;
    return cd->medium ? MEDIUM_DATA : MEDIUM_NONE;
}

static uint32_t put_pages(const struct atapi *cd, uint8_t code, bool mask,
                          uint8_t *to)
{
    uint32_t bytes = 0;

    for (unsigned i = 0; i < ARRAY_LEN(pages); i++) {
        if (code == PAGE_ALL || code == pages[i].code)
            bytes += pages[i].put(cd, mask, to + bytes);
    }
    return bytes;
}

void atapi_mode_sense(struct ata_unit *unit)
{
    struct atapi *cd = &unit->cd, defaults = *cd;
    bool ten = cd->packet[0] == 0x5a;
    uint8_t control = cd->packet[2] >> 6, *data = unit->buffer;
    uint32_t header = ten ? 8 : 4, bytes;

    if (control == CONTROL_SAVED) {
        atapi_fail(unit, SENSE_ILLEGAL, ASC_SAVING);
        return;
    }
    atapi_mode_defaults(&defaults);
    memset(data, 0, header);
    bytes = put_pages(control == CONTROL_DEFAULT ? &defaults : cd,
                      cd->packet[2] & 0x3f, control == CONTROL_CHANGEABLE,
                      data + header);
    if (!bytes) {
        atapi_fail_field(unit, 2);
        return;
    }
    bytes += header;
    if (ten) {
        atapi_put16(data, bytes - 2);
        data[2] = medium_type(cd);
    } else {
        data[0] = (uint8_t)(bytes - 1);
        data[1] = medium_type(cd);
    }
    atapi_reply(unit, bytes, ten ? atapi_get16(cd->packet + 7) : cd->packet[4]);
}

/* ---- MODE SELECT ---- */

void atapi_mode_select(struct ata_unit *unit)
{
    const uint8_t *packet = unit->cd.packet;
    bool ten = packet[0] == 0x55;
    uint32_t bytes = ten ? atapi_get16(packet + 7) : packet[4];

    if (packet[1] & 1) { /* to be saved */
        atapi_fail_field(unit, 1);
    } else if (!bytes) {
        atapi_good(unit);
    } else if (bytes < (ten ? 8u : 4u) || bytes > 256) {
        atapi_fail(unit, SENSE_ILLEGAL, ASC_PARAMETER_LENGTH);
    } else {
        atapi_take(unit, bytes);
    }
}

static const struct page *find_page(const uint8_t *data, uint32_t left)
{
    for (unsigned i = 0; i < ARRAY_LEN(pages); i++) {
        if (left >= 2 && (data[0] & 0x3f) == pages[i].code &&
            data[1] + 2u == pages[i].bytes && left >= pages[i].bytes)
            return &pages[i];
    }
    return NULL;
}

/* Only bits that can be changed may differ from what stands. */
static bool page_ok(const struct atapi *cd, const struct page *page,
                    const uint8_t *data)
{
    uint8_t now[32], mask[32];

    page->put(cd, false, now);
    page->put(cd, true, mask);
    for (unsigned i = 2; i < page->bytes; i++) {
        if ((now[i] ^ data[i]) & ~mask[i] & 0xff)
            return false;
    }
    return true;
}

static void set_page(struct atapi *cd, const uint8_t *data)
{
    switch (data[0] & 0x3f) {
    case PAGE_RECOVERY:
        cd->recovery[0] = data[2] & 0x3f;
        cd->recovery[1] = data[3];
        break;
    case PAGE_CD: cd->inactivity = data[3] & 0x0f; break;
    case PAGE_AUDIO:
        cd->audio[2] = data[2];
        memcpy(cd->audio + 8, data + 8, 4);
        break;
    default: break;
    }
}

/* All pages are checked before the first is set. */
void atapi_mode_taken(struct ata_unit *unit, uint32_t bytes)
{
    struct atapi *cd = &unit->cd;
    bool ten = cd->packet[0] == 0x55;
    const uint8_t *data = unit->buffer;
    uint32_t first = ten ? 8u + atapi_get16(data + 6) : 4u + data[3];

    for (unsigned pass = 0; pass < 2; pass++) {
        for (uint32_t at = first; at < bytes; at += data[at + 1] + 2u) {
            const struct page *page = find_page(data + at, bytes - at);

            if (!page || !page_ok(cd, page, data + at)) {
                atapi_fail(unit, SENSE_ILLEGAL, ASC_PARAMETER);
                return;
            }
            if (pass)
                set_page(cd, data + at);
        }
    }
    atapi_good(unit);
}
