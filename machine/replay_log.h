/* The file format of recorded runs, for machine/ and its tests.
 *
 * All numbers of fixed size are little-endian. A varint has 7 bits a byte,
 * low ones first, bit 7 set in all but the last; a signed one is zigzag
 * (0, -1, 1, -2 ... as 0, 1, 2, 3 ...).
 *
 *   file    = header block...
 *   header  = "VITRLOG" 1A, u32 version, u32 0
 *   block   = u32 raw, u32 packed, u32 crc, `packed` bytes
 *             a zlib stream (RFC 1950) of `raw` bytes, at most 1 MiB; crc is
 *             that of zlib over the packed bytes
 *   records = the unpacked blocks; each holds whole records
 *   record  = varint number, varint d_insns, varint d_ns, varint..., bytes
 *             see replay.def. Count of retired instructions and nanoseconds
 *             of guest time, both since the record before (the first: since
 *             0), say at which instant it came in. Bytes are a varint length
 *             and so many bytes
 *
 * A block is written whole and handed to the host when it is full, at every
 * check and every second of guest time. So a file whose last block is cut off
 * is a run whose recorder was killed, and good up to there. A block whose crc
 * is wrong is damage; the reader looks at all of them before it gives out the
 * first record. */
#ifndef MACHINE_REPLAY_LOG_H
#define MACHINE_REPLAY_LOG_H

#include "machine/replay.h"

#define REPLAY_VERSION     1u
#define REPLAY_NUMBERS     5
#define REPLAY_BLOCK_BYTES MIB(1)

enum replay_kind {
#define REPLAY_RECORD(name, number, numbers, bytes) REPLAY_##name = (number),
#include "machine/replay.def"
#undef REPLAY_RECORD
};

struct replay_record {
    enum replay_kind kind;
    uint64_t insns, ns; /* since power-on */
    uint64_t number[REPLAY_NUMBERS];
    const uint8_t *bytes; /* borrowed: the writer copies them, the reader's
                             are good until the next record is read */
    size_t size;
};

static inline uint64_t replay_from_signed(int64_t value)
{
    return (uint64_t)value << 1 ^ (value < 0 ? UINT64_MAX : 0);
}

static inline int64_t replay_to_signed(uint64_t value)
{
    return (int64_t)(value >> 1 ^ (value & 1 ? UINT64_MAX : 0));
}

/* A status of a medium, FAILURE's third number: 1 IO, 2 NO_SPACE, 3 READ_ONLY.
 */
static inline uint64_t replay_from_status(enum status status)
{
    return status == STATUS_NO_SPACE ? 2 : status == STATUS_READ_ONLY ? 3 : 1;
}

static inline enum status replay_to_status(uint64_t number)
{
    return number == 2   ? STATUS_NO_SPACE
           : number == 3 ? STATUS_READ_ONLY
                         : STATUS_IO;
}

/* How many bytes such a record may carry. */
size_t replay_bytes_most(enum replay_kind kind);

/* Writing. A failure of `out` is kept; what comes after it is dropped. */
struct replay_writer;

/* Writes the header. `out` is borrowed. Errors: NO_MEMORY, or `out`'s. */
enum status replay_writer_create(struct replay_out *out,
                                 struct replay_writer **writer);
void replay_writer_destroy(struct replay_writer *writer);

/* Instants never go back. */
void replay_writer_put(struct replay_writer *writer,
                       const struct replay_record *record);

/* Hands all to the host. */
void replay_writer_flush(struct replay_writer *writer);

/* What `out` said first; OK: it took everything. */
enum status replay_writer_status(const struct replay_writer *writer);

/* Reading. */
struct replay_reader;

/* Looks at the header and at every block's sum. `in` is borrowed. On error
 * `message` says what was found and what is needed.
 * Errors: NO_MEMORY, BAD_FORMAT, or `in`'s. */
enum status replay_reader_create(struct replay_in *in,
                                 struct replay_reader **reader, char *message,
                                 size_t size);
void replay_reader_destroy(struct replay_reader *reader);

enum replay_got {
    REPLAY_GOT_RECORD,
    REPLAY_GOT_END, /* no block is left, or only part of one */
    REPLAY_GOT_NONSENSE,
};

/* The next record; with NONSENSE `message` says why. */
enum replay_got replay_reader_get(struct replay_reader *reader,
                                  struct replay_record *record, char *message,
                                  size_t size);

#endif
