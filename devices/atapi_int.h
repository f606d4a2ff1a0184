/* The CD drive's parts: the packet transport (atapi.c), the command table with
 * sense and medium (atapi_mmc.c), what the drive tells of itself and the disc
 * (atapi_info.c, atapi_mode.c), and reading (atapi_read.c).
 *
 * A packet command runs in one call. It ends with atapi_good() or atapi_fail(),
 * leaves bytes at the start of the unit's buffer with atapi_reply(), asks for
 * some with atapi_take(), or starts a read that fills the buffer again and
 * again. The transport cuts what is there into blocks. */
#ifndef DEVICES_ATAPI_INT_H
#define DEVICES_ATAPI_INT_H

#include "core/host.h"
#include "core/state.h"
#include "core/types.h"

#define ATAPI_PACKET_BYTES 12
#define ATAPI_SECTOR_BYTES 2048u
#define ATAPI_MODEL        "VITRINE CD-ROM"
#define ATAPI_NO_FIELD     0xff
#define ATAPI_SPEED_KBS    4234 /* 24 times */
#define ATAPI_AUDIO_BYTES  16   /* mode page 0Eh */

/* Sense keys. */
enum {
    SENSE_NONE = 0x0,
    SENSE_NOT_READY = 0x2,
    SENSE_MEDIUM = 0x3,
    SENSE_ILLEGAL = 0x5,
    SENSE_ATTENTION = 0x6,
};

/* Additional sense code << 8 | qualifier. */
enum {
    ASC_NONE = 0x0000,
    ASC_BECOMING_READY = 0x0401,
    ASC_READ_ERROR = 0x1100,
    ASC_PARAMETER_LENGTH = 0x1a00,
    ASC_OPCODE = 0x2000,
    ASC_RANGE = 0x2100,
    ASC_FIELD = 0x2400,
    ASC_PARAMETER = 0x2600,
    ASC_CHANGED = 0x2800,
    ASC_RESET = 0x2900,
    ASC_SEQUENCE = 0x2c00,
    ASC_SAVING = 0x3900,
    ASC_NO_MEDIUM_CLOSED = 0x3a01,
    ASC_NO_MEDIUM_OPEN = 0x3a02,
    ASC_LOCKED = 0x5302,
    ASC_TRACK_MODE = 0x6400,
};

/* Unit attention conditions that wait to be told. */
enum {
    ATTENTION_RESET = 1 << 0,
    ATTENTION_MEDIUM = 1 << 1,
};

struct ata_unit;

struct atapi {
    struct host_block *medium; /* borrowed; what lies in the tray, or NULL */

    uint8_t phase; /* what the next step or block means; enum in atapi.c */
    uint8_t packet[ATAPI_PACKET_BYTES];
    bool dma;          /* data of this packet go by the bus master */
    uint16_t limit;    /* bytes a block at most, by PIO */
    uint32_t pos, end; /* of the buffer: what is still to be moved */
    bool asleep;

    uint32_t lba, left; /* of the read under way: next sector, sectors to go */
    uint32_t last_lba;  /* the sector that was read last */
    uint8_t fields;     /* of READ CD: parts of a sector, byte 9 */
    uint8_t subchannel; /* and byte 10 */
    bool cooked;        /* not READ CD: user data alone */

    uint8_t key, field; /* sense; field: wrong byte of the packet */
    uint16_t asc;
    bool has_info;
    uint32_t info; /* sector of a medium error */

    uint8_t attention;                /* ATTENTION_* */
    uint8_t event;                    /* of the medium, for GET EVENT STATUS */
    bool open, locked;                /* the tray */
    uint64_t ready_ns;                /* when a disc just loaded has spun up */
    uint8_t recovery[2];              /* mode page 01h: flags, retries */
    uint8_t inactivity;               /* mode page 0Dh */
    uint8_t audio[ATAPI_AUDIO_BYTES]; /* mode page 0Eh */
    uint16_t speed_kbs;               /* as SET CD SPEED chose */
};

/* ---- atapi.c ---- */

/* The bytes [0, bytes) of the buffer go to the host, at most `allocation` of
 * them; none at all ends the command. */
void atapi_reply(struct ata_unit *unit, uint32_t bytes, uint32_t allocation);

/* Asks for `bytes` (1 to 256), then atapi_mmc_taken(). */
void atapi_take(struct ata_unit *unit, uint32_t bytes);

/* Starts sending what atapi_read_fill() supplies. */
void atapi_stream(struct ata_unit *unit);

void atapi_good(struct ata_unit *unit);
void atapi_fail(struct ata_unit *unit, uint8_t key, uint16_t asc);

/* ILLEGAL REQUEST, INVALID FIELD IN CDB: byte `field` of the packet. */
void atapi_fail_field(struct ata_unit *unit, uint8_t field);

/* The medium changes under the drive; see ata_insert_cd(). */
void atapi_insert(struct ata_unit *unit, struct host_block *medium);

/* ---- atapi_mmc.c ---- */

/* Runs unit->cd.packet; goes on with what atapi_take() asked for. */
void atapi_mmc_run(struct ata_unit *unit);
void atapi_mmc_taken(struct ata_unit *unit, uint32_t bytes);

/* A disc lies in the closed tray. */
bool atapi_loaded(const struct atapi *cd);

/* It has spun up. */
bool atapi_ready(const struct ata_unit *unit);

/* Sectors of the disc; a partial last one counts. 0: none. */
uint32_t atapi_sectors(const struct atapi *cd);

/* The tray moves: in (with whatever lies in it) or out. */
void atapi_move_tray(struct ata_unit *unit, bool open);

/* Big-endian fields of packets and replies. */
static inline uint32_t atapi_get16(const uint8_t *from)
{
    return (uint32_t)from[0] << 8 | from[1];
}

static inline uint32_t atapi_get32(const uint8_t *from)
{
    return atapi_get16(from) << 16 | atapi_get16(from + 2);
}

static inline void atapi_put16(uint8_t *to, uint32_t value)
{
    to[0] = (uint8_t)(value >> 8);
    to[1] = (uint8_t)value;
}

static inline void atapi_put32(uint8_t *to, uint32_t value)
{
    atapi_put16(to, value >> 16);
    atapi_put16(to + 2, value);
}

/* ---- commands, by file; each runs the packet of its name ---- */

/* atapi_info.c */
void atapi_inquiry(struct ata_unit *unit);
void atapi_read_capacity(struct ata_unit *unit);
void atapi_read_toc(struct ata_unit *unit);
void atapi_read_subchannel(struct ata_unit *unit);
void atapi_read_header(struct ata_unit *unit);
void atapi_mechanism_status(struct ata_unit *unit);
void atapi_get_configuration(struct ata_unit *unit);
void atapi_get_event(struct ata_unit *unit);
void atapi_disc_information(struct ata_unit *unit);
void atapi_track_information(struct ata_unit *unit);

/* atapi_mode.c */
void atapi_mode_defaults(struct atapi *cd);
void atapi_mode_sense(struct ata_unit *unit);
void atapi_mode_select(struct ata_unit *unit);
void atapi_mode_taken(struct ata_unit *unit, uint32_t bytes);

/* atapi_read.c */
void atapi_read(struct ata_unit *unit);
void atapi_read_cd(struct ata_unit *unit);
void atapi_seek(struct ata_unit *unit);

/* Fills the buffer with the next sectors -> bytes; 0: the command has failed
 * and ended. */
uint32_t atapi_read_fill(struct ata_unit *unit);

#endif
