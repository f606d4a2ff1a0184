/* ATAPI CD-ROM drive: the packet device on an ATA channel.
 *
 * Standard: ANSI NCITS 317-1998 (ATA/ATAPI-4), sections 8 and 9 (PACKET);
 *           packets: SFF 8020i and MMC-2 (NCITS 333-2000).
 * Modelled: signature, DEVICE RESET, identification, PACKET by PIO (byte count
 *           limit, interrupt reasons) and by bus master, power commands; data
 *           discs of one track, tray, lock, unit attention, events.
 * Missing:  audio tracks and their playing, sessions, overlap, the seek and
 *           the turning of a real drive (a disc that was loaded needs a while
 *           to become ready, and sectors take time by their number). */
#include <assert.h>
#include <string.h>

#include "devices/ata_int.h"

enum {
    ATA_NOP = 0x00,
    ATA_PACKET = 0xa0,
    ATA_IDENTIFY_PACKET = 0xa1,
    ATA_IDENTIFY = 0xec,
    ATA_READ_SECTORS = 0x20,
    ATA_SET_FEATURES = 0xef,
};

#define FEATURE_DMA           0x01 /* of PACKET */
#define FEATURE_OVERLAP       0x02
#define FEATURE_TRANSFER_MODE 0x03 /* of SET FEATURES */
#define FEATURE_REVERT_OFF    0x66
#define FEATURE_REVERT_ON     0xcc

/* Interrupt reason, in the sector count register. */
#define REASON_COMMAND 0x01
#define REASON_IN      0x02

#define SECTOR_NS 20000u /* 100 MB/s: as from a cache */

enum phase {
    PHASE_COMMAND,  /* a command register write */
    PHASE_PACKET,   /* asks for the packet */
    PHASE_EXECUTE,  /* has it */
    PHASE_IN,       /* sends the buffer, and reads on when it is sent */
    PHASE_OUT,      /* takes parameters */
    PHASE_TAKEN,    /* has them */
    PHASE_IDENTITY, /* sends 512 bytes that are no packet's */
};

/* ---- the end of a packet ---- */

static void set_reason(struct ata_unit *unit, uint8_t reason)
{
    unit->count.now = reason;
}

void atapi_good(struct ata_unit *unit)
{
    set_reason(unit, REASON_COMMAND | REASON_IN);
    ata_unit_end(unit, true);
}

void atapi_fail(struct ata_unit *unit, uint8_t key, uint16_t asc)
{
    struct atapi *cd = &unit->cd;

    cd->key = key;
    cd->asc = asc;
    cd->left = 0;
    set_reason(unit, REASON_COMMAND | REASON_IN);
    ata_unit_fail(unit, 0, (uint8_t)(key << 4 | ATA_ABRT));
}

void atapi_fail_field(struct ata_unit *unit, uint8_t field)
{
    unit->cd.field = field;
    atapi_fail(unit, SENSE_ILLEGAL, ASC_FIELD);
}

/* The host named no way that the data could go: no packet ran. */
static void abort_packet(struct ata_unit *unit)
{
    unit->cd.left = 0;
    set_reason(unit, REASON_COMMAND | REASON_IN);
    ata_unit_fail(unit, 0, ATA_ABRT);
}

/* ---- data ---- */

/* Bytes of the next block: as much as the host allows and the buffer has. Only
 * the last block of all may be odd (8.21). 0: nothing fits. */
static uint32_t block_bytes(const struct atapi *cd)
{
    uint32_t have = cd->end - cd->pos, limit = cd->limit;

    if (limit > 0xfffe)
        limit = 0xfffe;
    return have <= limit ? have : limit & ~1u;
}

static void open_block(struct ata_unit *unit, enum ata_flow flow)
{
    struct atapi *cd = &unit->cd;
    uint32_t bytes;

    if (cd->dma && cd->pos < cd->end) {
        set_reason(unit, flow == ATA_FLOW_IN ? REASON_IN : 0);
        ata_unit_open_dma(unit, flow, cd->end);
        return;
    }
    bytes = block_bytes(cd);
    if (!bytes) {
        abort_packet(unit);
        return;
    }
    unit->mid.now = (uint8_t)bytes;
    unit->high.now = (uint8_t)(bytes >> 8);
    set_reason(unit, flow == ATA_FLOW_IN ? REASON_IN : 0);
    ata_unit_open(unit, flow, cd->pos, cd->pos + bytes, true);
}

void atapi_reply(struct ata_unit *unit, uint32_t bytes, uint32_t allocation)
{
    struct atapi *cd = &unit->cd;

    assert(bytes <= ATA_BUFFER_BYTES);
    cd->pos = 0;
    cd->end = bytes < allocation ? bytes : allocation;
    cd->left = 0;
    cd->phase = PHASE_IN;
    if (cd->end)
        open_block(unit, ATA_FLOW_IN);
    else
        atapi_good(unit);
}

void atapi_take(struct ata_unit *unit, uint32_t bytes)
{
    struct atapi *cd = &unit->cd;

    assert(bytes && bytes <= 256);
    cd->pos = 0;
    cd->end = bytes;
    cd->phase = PHASE_OUT;
    open_block(unit, ATA_FLOW_OUT);
}

/* The time that the sectors which the buffer can hold take. */
static uint64_t fill_ns(const struct atapi *cd)
{
    uint32_t most = ATA_BUFFER_BYTES / ATAPI_SECTOR_BYTES;

    return (uint64_t)SECTOR_NS * (cd->left < most ? cd->left : most);
}

void atapi_stream(struct ata_unit *unit)
{
    struct atapi *cd = &unit->cd;

    cd->pos = cd->end = 0;
    cd->phase = PHASE_IN;
    if (cd->left)
        ata_unit_wait(unit, fill_ns(cd));
    else
        atapi_good(unit);
}

static void send_more(struct ata_unit *unit)
{
    struct atapi *cd = &unit->cd;

    if (cd->pos >= cd->end) {
        if (!cd->left) {
            atapi_good(unit);
            return;
        }
        cd->pos = 0;
        cd->end = atapi_read_fill(unit);
        if (!cd->end)
            return;
    }
    open_block(unit, ATA_FLOW_IN);
}

static void atapi_block_done(struct ata_unit *unit)
{
    struct atapi *cd = &unit->cd;

    switch (cd->phase) {
    case PHASE_PACKET:
        memcpy(cd->packet, unit->buffer, ATAPI_PACKET_BYTES);
        cd->phase = PHASE_EXECUTE;
        break;
    case PHASE_IN: cd->pos = unit->end < cd->end ? unit->end : cd->end; break;
    case PHASE_OUT:
        cd->pos = unit->end < cd->end ? unit->end : cd->end;
        if (cd->pos >= cd->end)
            cd->phase = PHASE_TAKEN;
        break;
    default: ata_unit_end(unit, false); return;
    }
    if (cd->phase == PHASE_IN && cd->pos >= cd->end && cd->left)
        ata_unit_wait(unit, fill_ns(cd));
    else
        ata_unit_wait(unit, ATA_BLOCK_NS);
}

/* ---- ATA commands ---- */

static void abort_command(struct ata_unit *unit)
{
    ata_unit_fail(unit, 0, ATA_ABRT);
}

static void begin_packet(struct ata_unit *unit)
{
    struct atapi *cd = &unit->cd;

    cd->dma = unit->feature.now & FEATURE_DMA;
    cd->limit = (uint16_t)(unit->mid.now | unit->high.now << 8);
    if (unit->feature.now & FEATURE_OVERLAP ||
        (cd->dma && !ata_unit_has_master(unit))) {
        abort_command(unit);
        return;
    }
    cd->phase = PHASE_PACKET;
    set_reason(unit, REASON_COMMAND);
    ata_unit_open(unit, ATA_FLOW_OUT, 0, ATAPI_PACKET_BYTES, false);
}

static bool set_feature(struct ata_unit *unit)
{
    switch (unit->feature.now) {
    case FEATURE_TRANSFER_MODE: return ata_unit_set_mode(unit, unit->count.now);
    case FEATURE_REVERT_OFF:
    case FEATURE_REVERT_ON: return true;
    default: return false;
    }
}

/* STANDBY, IDLE and so on, by both sets of codes; they change nothing but what
 * CHECK POWER MODE tells. */
static bool run_power(struct ata_unit *unit)
{
    static const uint8_t codes[] = {0xe0, 0xe1, 0xe2, 0xe3, 0xe5, 0xe6,
                                    0x94, 0x95, 0x96, 0x97, 0x98, 0x99};

    for (unsigned i = 0; i < ARRAY_LEN(codes); i++) {
        if (codes[i] != unit->command)
            continue;
        if (i % 6 == 4)
            unit->count.now = 0xff; /* active or idle */
        unit->cd.asleep = i % 6 == 5;
        ata_unit_end(unit, true);
        return true;
    }
    return false;
}

static void run_command(struct ata_unit *unit)
{
    switch (unit->command) {
    case ATA_PACKET: begin_packet(unit); break;
    case ATA_IDENTIFY_PACKET:
        ata_identify_packet(unit);
        unit->cd.phase = PHASE_IDENTITY;
        ata_unit_offer(unit, ATA_SECTOR_BYTES);
        break;
    case ATA_IDENTIFY:
    case ATA_READ_SECTORS:
        ata_unit_show_signature(unit);
        abort_command(unit);
        break;
    case ATA_SET_FEATURES:
        if (set_feature(unit))
            ata_unit_end(unit, true);
        else
            abort_command(unit);
        break;
    case ATA_NOP: abort_command(unit); break;
    default:
        if (!run_power(unit))
            abort_command(unit);
        break;
    }
}

/* A sleeping drive hears nothing but resets. */
static void atapi_command(struct ata_unit *unit)
{
    if (unit->cd.asleep)
        return;
    unit->cd.phase = PHASE_COMMAND;
    ata_unit_wait(unit, ATA_COMMAND_NS);
}

static void atapi_step(struct ata_unit *unit)
{
    struct atapi *cd = &unit->cd;

    switch (cd->phase) {
    case PHASE_COMMAND: run_command(unit); break;
    case PHASE_EXECUTE: atapi_mmc_run(unit); break;
    case PHASE_IN: send_more(unit); break;
    case PHASE_OUT: open_block(unit, ATA_FLOW_OUT); break;
    case PHASE_TAKEN: atapi_mmc_taken(unit, cd->end); break;
    default: abort_command(unit); break;
    }
}

/* Tray and lock are mechanics: a reset of the channel leaves them, and what
 * was set by MODE SELECT, alone. */
static void atapi_reset(struct ata_unit *unit, bool hard)
{
    struct atapi *cd = &unit->cd;

    cd->phase = PHASE_COMMAND;
    cd->pos = cd->end = cd->left = 0;
    cd->asleep = cd->dma = false;
    cd->key = SENSE_NONE;
    cd->asc = ASC_NONE;
    cd->field = ATAPI_NO_FIELD;
    cd->has_info = false;
    if (!hard)
        return;
    cd->attention = ATTENTION_RESET;
    cd->event = 0;
    cd->locked = cd->open = false;
    cd->ready_ns = 0;
    cd->last_lba = 0;
    memset(cd->packet, 0, sizeof(cd->packet));
    atapi_mode_defaults(cd);
}

/* After a load: what a file could hold but no drive can. */
static void atapi_check(struct ata_unit *unit)
{
    struct atapi *cd = &unit->cd;

    if (cd->end > ATA_BUFFER_BYTES)
        cd->end = ATA_BUFFER_BYTES;
    if (cd->pos > cd->end)
        cd->pos = cd->end;
    if (cd->phase == PHASE_OUT && cd->end > 256)
        cd->end = cd->pos = 0;
    cd->attention &= ATTENTION_RESET | ATTENTION_MEDIUM;
}

void atapi_init(struct ata_unit *unit, struct host_block *medium)
{
    unit->ops = &atapi_ops;
    unit->cd.medium = medium;
}

const struct ata_unit_ops atapi_ops = {
    .command = atapi_command,
    .step = atapi_step,
    .block_done = atapi_block_done,
    .reset = atapi_reset,
    .check = atapi_check,
    .packet = true,
};

const struct state_field atapi_state[] = {
    STATE_FIELD(struct atapi, phase),
    STATE_ARRAY(struct atapi, packet),
    STATE_FIELD(struct atapi, dma),
    STATE_FIELD(struct atapi, limit),
    STATE_FIELD(struct atapi, pos),
    STATE_FIELD(struct atapi, end),
    STATE_FIELD(struct atapi, asleep),
    STATE_FIELD(struct atapi, lba),
    STATE_FIELD(struct atapi, left),
    STATE_FIELD(struct atapi, last_lba),
    STATE_FIELD(struct atapi, fields),
    STATE_FIELD(struct atapi, subchannel),
    STATE_FIELD(struct atapi, cooked),
    STATE_FIELD(struct atapi, key),
    STATE_FIELD(struct atapi, field),
    STATE_FIELD(struct atapi, asc),
    STATE_FIELD(struct atapi, has_info),
    STATE_FIELD(struct atapi, info),
    STATE_FIELD(struct atapi, attention),
    STATE_FIELD(struct atapi, event),
    STATE_FIELD(struct atapi, open),
    STATE_FIELD(struct atapi, locked),
    STATE_FIELD(struct atapi, ready_ns),
    STATE_ARRAY(struct atapi, recovery),
    STATE_FIELD(struct atapi, inactivity),
    STATE_ARRAY(struct atapi, audio),
    STATE_FIELD(struct atapi, speed_kbs),
    STATE_END,
};
