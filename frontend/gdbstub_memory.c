/* Memory and points. Addresses are linear. */
#include <string.h>

#include "frontend/gdbstub_int.h"

#define ERROR_FAULT   14 /* EFAULT: nothing is mapped there */
#define ERROR_INVALID 22 /* EINVAL */
#define ERROR_FULL    28 /* ENOSPC */

static bool get_range(struct gdbstub *stub, const char **body,
                      struct machine_range *range)
{
    uint64_t addr, size;

    if (!gdb_get_number(body, &addr) || !gdb_get_char(body, ',') ||
        !gdb_get_number(body, &size) || size > GDB_PACKET_BYTES / 2)
        return false;
    *range = (struct machine_range){
        .space = MACHINE_LINEAR,
        .addr = addr & UINT32_MAX,
        .size = (size_t)size,
        .devices = monitor_asks_devices(stub->config.monitor)};
    return true;
}

/* Answers with what could be read, which may be less. */
void gdb_read_memory(struct gdbstub *stub, const char *body)
{
    uint8_t bytes[GDB_PACKET_BYTES / 2];
    struct machine_range range;
    size_t done;

    if (!get_range(stub, &body, &range)) {
        gdb_put_error(stub, ERROR_INVALID);
        return;
    }
    done = machine_read_memory(stub->config.machine, &range, bytes);
    if (done == 0 && range.size > 0)
        gdb_put_error(stub, ERROR_FAULT);
    else
        gdb_put_hex(stub, bytes, done);
}

static void write_range(struct gdbstub *stub, const struct machine_range *range,
                        const uint8_t *bytes)
{
    size_t done = machine_write_memory(stub->config.machine, range, bytes);

    if (done == range->size)
        gdb_put(stub, "OK");
    else
        gdb_put_error(stub, ERROR_FAULT);
}

void gdb_write_memory(struct gdbstub *stub, const char *body)
{
    uint8_t bytes[GDB_PACKET_BYTES / 2];
    struct machine_range range;

    if (get_range(stub, &body, &range) && gdb_get_char(&body, ':') &&
        gdb_get_bytes(&body, bytes, range.size))
        write_range(stub, &range, bytes);
    else
        gdb_put_error(stub, ERROR_INVALID);
}

/* Bytes behind '}' are changed by 20. */
static bool get_binary(const char *body, const char *end, uint8_t *bytes,
                       size_t size)
{
    for (size_t i = 0; i < size; i++) {
        bool escaped = body < end && *body == '}';

        body += escaped;
        if (body >= end)
            return false;
        bytes[i] = (uint8_t)(*body++ ^ (escaped ? 0x20 : 0));
    }
    return body == end;
}

void gdb_write_binary(struct gdbstub *stub, const char *body)
{
    const char *end = stub->packet + stub->length;
    uint8_t bytes[GDB_PACKET_BYTES / 2];
    struct machine_range range;

    if (get_range(stub, &body, &range) && gdb_get_char(&body, ':') &&
        get_binary(body, end, bytes, range.size))
        write_range(stub, &range, bytes);
    else
        gdb_put_error(stub, ERROR_INVALID);
}

/* Points. */

static const struct debug_point kinds[] = {
    {.kind = DEBUG_INSN},                                     /* "software" */
    {.kind = DEBUG_INSN},                                     /* "hardware" */
    {.kind = DEBUG_DATA, .access = DEBUG_WRITE},              /* watch */
    {.kind = DEBUG_DATA, .access = DEBUG_READ},               /* rwatch */
    {.kind = DEBUG_DATA, .access = DEBUG_READ | DEBUG_WRITE}, /* awatch */
};

static bool get_point(const char *body, struct gdb_point *point)
{
    uint64_t type, addr, length;

    if (!gdb_get_number(&body, &type) || !gdb_get_char(&body, ',') ||
        !gdb_get_number(&body, &addr) || !gdb_get_char(&body, ',') ||
        !gdb_get_number(&body, &length) || length > UINT32_MAX)
        return false;
    *point = (struct gdb_point){.used = true,
                                .type = (unsigned)type,
                                .addr = (uint32_t)addr,
                                .length = (uint32_t)length};
    return type < ARRAY_LEN(kinds);
}

/* The same one, or a free place; NULL: neither. */
static struct gdb_point *find_place(struct gdbstub *stub,
                                    const struct gdb_point *point)
{
    struct gdb_point *free_place = NULL;

    for (unsigned i = 0; i < DEBUG_POINTS; i++) {
        struct gdb_point *p = &stub->points[i];

        if (p->used && p->type == point->type && p->addr == point->addr &&
            p->length == point->length)
            return p;
        if (!p->used)
            free_place = p;
    }
    return free_place;
}

void gdb_insert_point(struct gdbstub *stub, const char *body)
{
    struct gdb_point point, *place;
    struct debug_point wanted;

    if (!get_point(body, &point)) {
        if (*body < '0' || *body > '4')
            return; /* a type that is not known */
        gdb_put_error(stub, ERROR_INVALID);
        return;
    }
    place = find_place(stub, &point);
    wanted = kinds[point.type];
    wanted.addr = point.addr;
    wanted.length = point.length;
    if (!place ||
        (!place->used && machine_insert_point(stub->config.machine, &wanted,
                                              &point.number) != STATUS_OK)) {
        gdb_put_error(stub, ERROR_FULL);
        return;
    }
    if (!place->used)
        *place = point;
    gdb_put(stub, "OK");
}

void gdb_remove_point(struct gdbstub *stub, const char *body)
{
    struct gdb_point point, *place;

    if (!get_point(body, &point)) {
        gdb_put_error(stub, ERROR_INVALID);
        return;
    }
    place = find_place(stub, &point);
    if (place && place->used) {
        machine_remove_point(stub->config.machine, place->number);
        place->used = false;
    }
    gdb_put(stub, "OK");
}

void gdb_clear_points(struct gdbstub *stub)
{
    for (unsigned i = 0; i < DEBUG_POINTS; i++) {
        if (stub->points[i].used)
            machine_remove_point(stub->config.machine, stub->points[i].number);
        stub->points[i].used = false;
    }
}

const struct gdb_point *gdb_find_point(const struct gdbstub *stub,
                                       unsigned number)
{
    for (unsigned i = 0; i < DEBUG_POINTS; i++)
        if (stub->points[i].used && stub->points[i].number == number)
            return &stub->points[i];
    return NULL;
}
