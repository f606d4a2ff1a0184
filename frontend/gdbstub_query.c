/* Questions and settings. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frontend/gdbstub_int.h"

#define LINE_BYTES  1024 /* of a monitor command */
#define CHUNK_BYTES 1024 /* of its answer, in one packet */

static void query_supported(struct gdbstub *stub, const char *rest)
{
    (void)rest;
    gdb_put(stub,
            "PacketSize=%x;qXfer:features:read+;QStartNoAckMode+;"
            "swbreak+;hwbreak+;vContSupported+",
            GDB_PACKET_BYTES);
}

/* A part of the description: 'l' the last, 'm' there is more. */
static void query_features(struct gdbstub *stub, const char *rest)
{
    uint64_t offset, size;
    size_t length;

    if (!gdb_get_number(&rest, &offset) || !gdb_get_char(&rest, ',') ||
        !gdb_get_number(&rest, &size)) {
        gdb_put_error(stub, 22);
        return;
    }
    if (offset == 0 && !gdb_describe_target(stub)) {
        gdb_put_error(stub, 12);
        return;
    }
    length = stub->description ? strlen(stub->description) : 0;
    if (offset > length)
        offset = length;
    if (size > GDB_PACKET_BYTES / 2 - 1)
        size = GDB_PACKET_BYTES / 2 - 1;
    if (size > length - offset)
        size = length - offset;
    gdb_put(stub, "%c", offset + size < length ? 'm' : 'l');
    for (uint64_t i = 0; i < size; i++)
        gdb_put_binary(stub, (uint8_t)stub->description[offset + i]);
}

static void send_text(struct gdbstub *stub, const char *text, size_t size)
{
    while (size) {
        size_t part = size < CHUNK_BYTES ? size : CHUNK_BYTES;

        stub->reply_length = 0;
        gdb_put(stub, "O");
        gdb_put_hex(stub, text, part);
        gdb_send(stub);
        text += part;
        size -= part;
    }
}

/* `monitor ...` */
static void query_command(struct gdbstub *stub, const char *rest)
{
    size_t length = strlen(rest) / 2, size = 0;
    char line[LINE_BYTES] = {0}, *text = NULL;
    FILE *out;

    if (length >= sizeof(line) || !gdb_get_bytes(&rest, line, length)) {
        gdb_put_error(stub, 22);
        return;
    }
    out = open_memstream(&text, &size);
    if (!out) {
        gdb_put_error(stub, 12);
        return;
    }
    monitor_execute_for_gdb(stub->config.monitor, line, out);
    if (fclose(out) == 0)
        send_text(stub, text, size);
    free(text);
    stub->reply_length = 0;
    stub->has_reply = true;
    gdb_put(stub, "OK");
}

static void query_attached(struct gdbstub *stub, const char *rest)
{
    (void)rest;
    gdb_put(stub, "1");
}

static void query_current(struct gdbstub *stub, const char *rest)
{
    (void)rest;
    gdb_put(stub, "QC01");
}

static void query_first_threads(struct gdbstub *stub, const char *rest)
{
    (void)rest;
    gdb_put(stub, "m01");
}

static void query_more_threads(struct gdbstub *stub, const char *rest)
{
    (void)rest;
    gdb_put(stub, "l");
}

static void query_thread_info(struct gdbstub *stub, const char *rest)
{
    struct debug_registers regs;
    char text[64];

    (void)rest;
    machine_get_registers(stub->config.machine, &regs);
    snprintf(text, sizeof(text), "CPU at %04x:%x%s",
             (unsigned)regs.value[DEBUG_CS], (unsigned)regs.value[DEBUG_EIP],
             regs.value[DEBUG_HALTED] ? ", halted" : "");
    gdb_put_hex(stub, text, strlen(text));
}

static void query_symbol(struct gdbstub *stub, const char *rest)
{
    (void)rest;
    gdb_put(stub, "OK");
}

struct query {
    const char *start;
    gdb_handler *handle;
};

static void dispatch(struct gdbstub *stub, const char *body,
                     const struct query *queries, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(queries[i].start);

        if (strncmp(body, queries[i].start, length) == 0) {
            queries[i].handle(stub, body + length);
            return;
        }
    }
}

void gdb_query(struct gdbstub *stub, const char *body)
{
    static const struct query queries[] = {
        {"Supported", query_supported},
        {"Xfer:features:read:target.xml:", query_features},
        {"Rcmd,", query_command},
        {"Attached", query_attached},
        {"fThreadInfo", query_first_threads},
        {"sThreadInfo", query_more_threads},
        {"ThreadExtraInfo,", query_thread_info},
        {"Symbol:", query_symbol},
        {"C", query_current},
    };

    if (strncmp(body, "CRC", 3) == 0)
        return;
    dispatch(stub, body, queries, ARRAY_LEN(queries));
}

/* gdb does not acknowledge the answer to this either. */
static void set_no_ack(struct gdbstub *stub, const char *rest)
{
    (void)rest;
    gdb_put(stub, "OK");
    stub->no_ack = true;
}

void gdb_set(struct gdbstub *stub, const char *body)
{
    static const struct query settings[] = {{"StartNoAckMode", set_no_ack}};

    dispatch(stub, body, settings, ARRAY_LEN(settings));
}
