#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "machine/replay_log.h"
#include "machine/replay_log_int.h"

struct replay_reader {
    struct replay_in *in; /* borrowed */
    uint64_t offset;      /* of the next block in the file */
    uint64_t insns, ns;   /* of the last record */
    size_t at, used;      /* in raw */
    uint8_t *raw;         /* owned; REPLAY_BLOCK_BYTES */
    uint8_t *packed;      /* owned */
    size_t packed_room;
};

struct block_head {
    uint32_t raw, packed, crc;
};

static uint32_t get32(const uint8_t *from)
{
    return from[0] | (uint32_t)from[1] << 8 | (uint32_t)from[2] << 16 |
           (uint32_t)from[3] << 24;
}

static enum status say(char *message, size_t size, const char *text,
                       uint64_t offset)
{
    snprintf(message, size, "%s (at byte %llu of the file)", text,
             (unsigned long long)offset);
    return STATUS_BAD_FORMAT;
}

/* Reads and checks a block into r->packed. *head is all 0 at the end, which
 * also is where the last block is incomplete. */
static enum status read_block(struct replay_reader *r, struct block_head *head,
                              char *message, size_t size)
{
    uint8_t bytes[BLOCK_HEAD_BYTES];
    size_t done;

    *head = (struct block_head){0};
    snprintf(message, size, "the file cannot be read");
    TRY(r->in->read(r->in, r->offset, bytes, sizeof(bytes), &done));
    if (done < sizeof(bytes))
        return STATUS_OK;
    if (get32(bytes) == 0 || get32(bytes) > REPLAY_BLOCK_BYTES ||
        get32(bytes + 4) == 0 || get32(bytes + 4) > r->packed_room)
        return say(message, size,
                   "the file is damaged: a block has an impossible size; "
                   "take another copy of it",
                   r->offset);
    TRY(r->in->read(r->in, r->offset + sizeof(bytes), r->packed,
                    get32(bytes + 4), &done));
    if (done < get32(bytes + 4))
        return STATUS_OK;
    if (crc32(0, r->packed, get32(bytes + 4)) != get32(bytes + 8))
        return say(message, size,
                   "the file is damaged: a block does not fit its check sum; "
                   "take another copy of it",
                   r->offset);
    *head =
        (struct block_head){get32(bytes), get32(bytes + 4), get32(bytes + 8)};
    return STATUS_OK;
}

static enum status check_header(struct replay_reader *r, char *message,
                                size_t size)
{
    uint8_t header[HEADER_BYTES];
    size_t done;
    uint32_t version;

    snprintf(message, size, "the file cannot be read");
    TRY(r->in->read(r->in, 0, header, sizeof(header), &done));
    snprintf(message, size,
             "not a recording: its start is not that of a file made with "
             "-record");
    if (done < sizeof(header) || memcmp(header, HEADER_MAGIC, 8) != 0)
        return STATUS_BAD_FORMAT;
    version = get32(header + 8);
    snprintf(message, size,
             "a recording of format version %u, but this program reads "
             "version %u; replay it with the program that recorded it",
             (unsigned)version, REPLAY_VERSION);
    if (version != REPLAY_VERSION)
        return STATUS_BAD_FORMAT;
    if (get32(header + 12) != 0)
        return say(message, size, "the file is damaged: its header is wrong",
                   12);
    return STATUS_OK;
}

static enum status check_blocks(struct replay_reader *r, char *message,
                                size_t size)
{
    struct block_head head;

    for (r->offset = HEADER_BYTES;;
         r->offset += BLOCK_HEAD_BYTES + head.packed) {
        TRY(read_block(r, &head, message, size));
        if (!head.raw)
            break;
    }
    r->offset = HEADER_BYTES;
    return STATUS_OK;
}

enum status replay_reader_create(struct replay_in *in,
                                 struct replay_reader **reader, char *message,
                                 size_t size)
{
    struct replay_reader *r = calloc(1, sizeof(*r));
    enum status status = STATUS_NO_MEMORY;

    *reader = NULL;
    snprintf(message, size, "%s", status_text(status));
    if (!r)
        return status;
    r->in = in;
    r->packed_room = compressBound(REPLAY_BLOCK_BYTES);
    r->raw = malloc(REPLAY_BLOCK_BYTES);
    r->packed = malloc(r->packed_room);
    if (r->raw && r->packed)
        status = check_header(r, message, size);
    if (status == STATUS_OK)
        status = check_blocks(r, message, size);
    if (status == STATUS_OK)
        *reader = r;
    else
        replay_reader_destroy(r);
    return status;
}

void replay_reader_destroy(struct replay_reader *reader)
{
    if (!reader)
        return;
    free(reader->packed);
    free(reader->raw);
    free(reader);
}

/* The next block into r->raw. */
static enum replay_got load_block(struct replay_reader *r, char *message,
                                  size_t size)
{
    struct block_head head;
    uLongf raw = REPLAY_BLOCK_BYTES;

    if (read_block(r, &head, message, size) != STATUS_OK)
        return REPLAY_GOT_NONSENSE;
    if (!head.raw)
        return REPLAY_GOT_END;
    if (uncompress(r->raw, &raw, r->packed, head.packed) != Z_OK ||
        raw != head.raw) {
        say(message, size, "the file is damaged: a block cannot be unpacked",
            r->offset);
        return REPLAY_GOT_NONSENSE;
    }
    r->at = 0;
    r->used = raw;
    r->offset += BLOCK_HEAD_BYTES + head.packed;
    return REPLAY_GOT_RECORD;
}

static bool get_number(struct replay_reader *r, uint64_t *value)
{
    *value = 0;
    for (unsigned shift = 0; r->at < r->used && shift < 64; shift += 7) {
        uint8_t byte = r->raw[r->at++];

        *value |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80))
            return true;
    }
    return false;
}

static bool get_instant(struct replay_reader *r, struct replay_record *record)
{
    uint64_t insns, ns;

    if (!get_number(r, &insns) || !get_number(r, &ns) ||
        insns > UINT64_MAX - r->insns || ns > UINT64_MAX - r->ns)
        return false;
    record->insns = r->insns += insns;
    record->ns = r->ns += ns;
    return true;
}

static bool get_content(struct replay_reader *r, struct replay_record *record,
                        const struct replay_shape *shape)
{
    uint64_t size;

    for (unsigned i = 0; i < shape->numbers; i++) {
        if (!get_number(r, &record->number[i]))
            return false;
    }
    if (!shape->bytes_most)
        return true;
    if (!get_number(r, &size) || size > shape->bytes_most ||
        size > r->used - r->at)
        return false;
    record->bytes = r->raw + r->at;
    record->size = (size_t)size;
    r->at += (size_t)size;
    return true;
}

enum replay_got replay_reader_get(struct replay_reader *reader,
                                  struct replay_record *record, char *message,
                                  size_t size)
{
    struct replay_reader *r = reader;
    const struct replay_shape *shape;
    uint64_t kind;

    memset(record, 0, sizeof(*record));
    if (r->at == r->used) {
        enum replay_got got = load_block(r, message, size);

        if (got != REPLAY_GOT_RECORD)
            return got;
    }
    if (!get_number(r, &kind) || !get_instant(r, record))
        goto damaged;
    shape = replay_shape_find(kind);
    if (!shape) {
        snprintf(message, size,
                 "it holds a record of kind %llu, which this program does not "
                 "know; replay it with the program that recorded it, or a "
                 "newer one",
                 (unsigned long long)kind);
        return REPLAY_GOT_NONSENSE;
    }
    record->kind = (enum replay_kind)kind;
    if (get_content(r, record, shape))
        return REPLAY_GOT_RECORD;
damaged:
    say(message, size, "the file is damaged: a record is cut off", r->offset);
    return REPLAY_GOT_NONSENSE;
}
