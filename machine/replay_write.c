#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "machine/replay_log.h"
#include "machine/replay_log_int.h"

/* Few records are long; a block is closed well before the largest would not
 * fit any more. */
#define BLOCK_FULL  KIB(64)
#define RECORD_MOST (VARINT_MOST * (4 + REPLAY_NUMBERS) + KIB(256))
#define PACK_LEVEL  3 /* of zlib: frames of a network come in megabytes */

_Static_assert(BLOCK_FULL + RECORD_MOST <= REPLAY_BLOCK_BYTES, "block size");

struct replay_writer {
    struct replay_out *out; /* borrowed */
    enum status status;
    uint64_t insns, ns; /* of the last record */
    size_t used;
    uint8_t *raw;    /* owned; REPLAY_BLOCK_BYTES */
    uint8_t *packed; /* owned; a block's head and what zlib may make of raw */
    size_t packed_room;
};

static void put32(uint8_t *to, uint32_t value)
{
    for (unsigned i = 0; i < 4; i++)
        to[i] = (uint8_t)(value >> (8 * i));
}

static void write_out(struct replay_writer *w, const void *bytes, size_t size)
{
    if (w->status == STATUS_OK)
        w->status = w->out->write(w->out, bytes, size);
}

static void write_header(struct replay_writer *w)
{
    uint8_t header[HEADER_BYTES] = HEADER_MAGIC;

    put32(header + 8, REPLAY_VERSION);
    write_out(w, header, sizeof(header));
}

enum status replay_writer_create(struct replay_out *out,
                                 struct replay_writer **writer)
{
    struct replay_writer *w = calloc(1, sizeof(*w));
    enum status status;

    *writer = NULL;
    if (!w)
        return STATUS_NO_MEMORY;
    w->out = out;
    w->packed_room = compressBound(REPLAY_BLOCK_BYTES);
    w->raw = malloc(REPLAY_BLOCK_BYTES);
    w->packed = malloc(BLOCK_HEAD_BYTES + w->packed_room);
    if (w->raw && w->packed)
        write_header(w);
    else
        w->status = STATUS_NO_MEMORY;
    status = w->status;
    if (status == STATUS_OK)
        *writer = w;
    else
        replay_writer_destroy(w);
    return status;
}

void replay_writer_destroy(struct replay_writer *writer)
{
    if (!writer)
        return;
    free(writer->packed);
    free(writer->raw);
    free(writer);
}

void replay_writer_flush(struct replay_writer *writer)
{
    struct replay_writer *w = writer;
    uLongf packed = w->packed_room;
    uint8_t *body = w->packed + BLOCK_HEAD_BYTES;

    if (!w->used)
        return;
    if (compress2(body, &packed, w->raw, w->used, PACK_LEVEL) != Z_OK)
        w->status = STATUS_NO_MEMORY; /* zlib has no other reason here */
    put32(w->packed, (uint32_t)w->used);
    put32(w->packed + 4, (uint32_t)packed);
    put32(w->packed + 8, (uint32_t)crc32(0, body, (uInt)packed));
    write_out(w, w->packed, BLOCK_HEAD_BYTES + packed);
    w->used = 0;
}

enum status replay_writer_status(const struct replay_writer *writer)
{
    return writer->status;
}

static void put_number(struct replay_writer *w, uint64_t value)
{
    for (; value > 0x7f; value >>= 7)
        w->raw[w->used++] = (uint8_t)(value | 0x80);
    w->raw[w->used++] = (uint8_t)value;
}

void replay_writer_put(struct replay_writer *writer,
                       const struct replay_record *record)
{
    struct replay_writer *w = writer;
    const struct replay_shape *shape = replay_shape_find(record->kind);

    assert(shape && record->size <= shape->bytes_most);
    assert(record->insns >= w->insns && record->ns >= w->ns);
    put_number(w, record->kind);
    put_number(w, record->insns - w->insns);
    put_number(w, record->ns - w->ns);
    for (unsigned i = 0; i < shape->numbers; i++)
        put_number(w, record->number[i]);
    if (shape->bytes_most) {
        put_number(w, record->size);
        if (record->size)
            memcpy(w->raw + w->used, record->bytes, record->size);
        w->used += record->size;
    }
    w->insns = record->insns;
    w->ns = record->ns;
    if (w->used >= BLOCK_FULL)
        replay_writer_flush(w);
}

const struct replay_shape *replay_shape_find(uint64_t kind)
{
    static const struct replay_shape shapes[] = {
#define REPLAY_RECORD(name, number, numbers, bytes) \
    {REPLAY_##name, numbers, bytes},
#include "machine/replay.def"
#undef REPLAY_RECORD
    };

    for (size_t i = 0; i < ARRAY_LEN(shapes); i++) {
        if (shapes[i].kind == kind)
            return &shapes[i];
    }
    return NULL;
}

size_t replay_bytes_most(enum replay_kind kind)
{
    return replay_shape_find(kind)->bytes_most;
}
