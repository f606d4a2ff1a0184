/* Packet commands: which there are, who may run when, sense, medium and tray
 * (MMC-2 sections 6 and 9; SPC sections 7 and 8). */
#include <string.h>

#include "devices/ata_int.h"

#define SPIN_UP_NS  500000000u
#define SENSE_BYTES 18
#define SECTORS_MAX 0x7fffffffu

/* Media events of GET EVENT STATUS NOTIFICATION. */
#define EVENT_NEW_MEDIA 2
#define EVENT_REMOVED   3

enum {
    ALWAYS = 1 << 0, /* runs with a unit attention pending, and keeps it */
    READY = 1 << 1,  /* needs a disc that has spun up */
    SENSE = 1 << 2,  /* reads the sense of the command before */
};

struct packet_command {
    uint8_t code, flags;
    void (*run)(struct ata_unit *unit);
};

/* ---- medium ---- */

bool atapi_loaded(const struct atapi *cd)
{
    return cd->medium && !cd->open;
}

bool atapi_ready(const struct ata_unit *unit)
{
    return atapi_loaded(&unit->cd) &&
           clock_now_ns(unit->channel->clock) >= unit->cd.ready_ns;
}

uint32_t atapi_sectors(const struct atapi *cd)
{
    uint64_t sectors;

    if (!atapi_loaded(cd))
        return 0;
    sectors = cd->medium->size_bytes / ATAPI_SECTOR_BYTES +
              (cd->medium->size_bytes % ATAPI_SECTOR_BYTES != 0);
    return sectors < SECTORS_MAX ? (uint32_t)sectors : SECTORS_MAX;
}

static void note_change(struct ata_unit *unit, bool was_loaded)
{
    struct atapi *cd = &unit->cd;

    cd->last_lba = 0;
    if (atapi_loaded(cd)) {
        cd->event = EVENT_NEW_MEDIA;
        cd->attention |= ATTENTION_MEDIUM;
        cd->ready_ns = clock_now_ns(unit->channel->clock) + SPIN_UP_NS;
    } else if (was_loaded) {
        cd->event = EVENT_REMOVED;
        cd->attention &= (uint8_t)~ATTENTION_MEDIUM;
    }
}

void atapi_move_tray(struct ata_unit *unit, bool open)
{
    bool was_loaded = atapi_loaded(&unit->cd);

    if (unit->cd.open == open)
        return;
    unit->cd.open = open;
    note_change(unit, was_loaded);
}

void atapi_insert(struct ata_unit *unit, struct host_block *medium)
{
    bool was_loaded = atapi_loaded(&unit->cd);

    unit->cd.medium = medium;
    unit->cd.open = !medium;
    note_change(unit, was_loaded);
}

/* ---- sense ---- */

static void forget_sense(struct atapi *cd)
{
    cd->key = SENSE_NONE;
    cd->asc = ASC_NONE;
    cd->field = ATAPI_NO_FIELD;
    cd->has_info = false;
}

/* Tells the oldest attention, which is over then. */
static uint16_t take_attention(struct atapi *cd)
{
    if (cd->attention & ATTENTION_RESET) {
        cd->attention &= (uint8_t)~ATTENTION_RESET;
        return ASC_RESET;
    }
    cd->attention = 0;
    return ASC_CHANGED;
}

static uint16_t not_ready_code(const struct atapi *cd)
{
    if (cd->open)
        return ASC_NO_MEDIUM_OPEN;
    return cd->medium ? ASC_BECOMING_READY : ASC_NO_MEDIUM_CLOSED;
}

static void request_sense(struct ata_unit *unit)
{
    struct atapi *cd = &unit->cd;
    uint8_t *data = unit->buffer;

    if (cd->key == SENSE_NONE && cd->attention) {
        cd->key = SENSE_ATTENTION;
        cd->asc = take_attention(cd);
    }
    memset(data, 0, SENSE_BYTES);
    data[0] = cd->has_info ? 0xf0 : 0x70;
    data[2] = cd->key & 0x0f;
    atapi_put32(data + 3, cd->has_info ? cd->info : 0);
    data[7] = SENSE_BYTES - 8;
    atapi_put16(data + 12, cd->asc);
    if (cd->field != ATAPI_NO_FIELD) {
        data[15] = 0xc0; /* valid, of the packet */
        data[17] = cd->field;
    }
    forget_sense(cd);
    atapi_reply(unit, SENSE_BYTES, cd->packet[4]);
}

/* ---- small commands ---- */

static void prevent_removal(struct ata_unit *unit)
{
    unit->cd.locked = unit->cd.packet[4] & 1;
    atapi_good(unit);
}

/* Bit 1 of byte 4: the tray; bit 0: start, or in. */
static void start_stop(struct ata_unit *unit)
{
    struct atapi *cd = &unit->cd;
    uint8_t how = cd->packet[4] & 3;

    if (how == 2 && cd->locked && !cd->open) {
        atapi_fail(unit, atapi_loaded(cd) ? SENSE_ILLEGAL : SENSE_NOT_READY,
                   ASC_LOCKED);
        return;
    }
    if (how & 2)
        atapi_move_tray(unit, how == 2);
    else if (how == 1 && !atapi_loaded(cd)) {
        atapi_fail(unit, SENSE_NOT_READY, not_ready_code(cd));
        return;
    }
    atapi_good(unit);
}

static void set_speed(struct ata_unit *unit)
{
    uint32_t wanted = atapi_get16(unit->cd.packet + 2);

    unit->cd.speed_kbs =
        (uint16_t)(wanted < ATAPI_SPEED_KBS ? wanted : ATAPI_SPEED_KBS);
    if (unit->cd.speed_kbs < 176)
        unit->cd.speed_kbs = 176; /* single speed */
    atapi_good(unit);
}

/* There is no audio track that could play. */
static void play_audio(struct ata_unit *unit)
{
    atapi_fail(unit, SENSE_ILLEGAL, ASC_TRACK_MODE);
}

static void pause_resume(struct ata_unit *unit)
{
    atapi_fail(unit, SENSE_ILLEGAL, ASC_SEQUENCE);
}

/* ---- dispatch ---- */

static const struct packet_command commands[] = {
    /* clang-format off */
    {0x00, READY,          atapi_good}, /* TEST UNIT READY */
    {0x01, READY,          atapi_good}, /* REZERO UNIT */
    {0x03, ALWAYS | SENSE, request_sense},
    {0x12, ALWAYS,         atapi_inquiry},
    {0x15, 0,              atapi_mode_select},
    {0x1a, 0,              atapi_mode_sense},
    {0x1b, 0,              start_stop},
    {0x1e, 0,              prevent_removal},
    {0x25, READY,          atapi_read_capacity},
    {0x28, READY,          atapi_read},
    {0x2b, READY,          atapi_seek},
    {0x42, READY,          atapi_read_subchannel},
    {0x43, READY,          atapi_read_toc},
    {0x44, READY,          atapi_read_header},
    {0x45, READY,          play_audio}, /* (10) */
    {0x46, ALWAYS,         atapi_get_configuration},
    {0x47, READY,          play_audio}, /* MSF */
    {0x4a, ALWAYS,         atapi_get_event},
    {0x4b, READY,          pause_resume},
    {0x4e, READY,          atapi_good}, /* STOP PLAY/SCAN */
    {0x51, READY,          atapi_disc_information},
    {0x52, READY,          atapi_track_information},
    {0x55, 0,              atapi_mode_select},
    {0x5a, 0,              atapi_mode_sense},
    {0xa5, READY,          play_audio}, /* (12) */
    {0xa8, READY,          atapi_read},
    {0xb9, READY,          atapi_read_cd}, /* MSF */
    {0xba, READY,          play_audio},    /* SCAN */
    {0xbb, 0,              set_speed},
    {0xbd, 0,              atapi_mechanism_status},
    {0xbe, READY,          atapi_read_cd},
    /* clang-format on */
};

static const struct packet_command *find_command(uint8_t code)
{
    for (unsigned i = 0; i < ARRAY_LEN(commands); i++) {
        if (commands[i].code == code)
            return &commands[i];
    }
    return NULL;
}

void atapi_mmc_run(struct ata_unit *unit)
{
    struct atapi *cd = &unit->cd;
    const struct packet_command *command = find_command(cd->packet[0]);

    cd->left = 0;
    if (!command || !(command->flags & SENSE))
        forget_sense(cd);
    if (cd->attention && (!command || !(command->flags & ALWAYS)))
        atapi_fail(unit, SENSE_ATTENTION, take_attention(cd));
    else if (!command)
        atapi_fail(unit, SENSE_ILLEGAL, ASC_OPCODE);
    else if (command->flags & READY && !atapi_ready(unit))
        atapi_fail(unit, SENSE_NOT_READY, not_ready_code(cd));
    else
        command->run(unit);
}

void atapi_mmc_taken(struct ata_unit *unit, uint32_t bytes)
{
    atapi_mode_taken(unit, bytes);
}
