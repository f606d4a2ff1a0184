#include "core/bus.h"

#include <assert.h>
#include <stdlib.h>

#define RANGES_MAX 255

struct range {
    paddr base, length; /* length 0: free */
    const struct bus_ops *ops;
    void *dev;
};

struct bus {
    uint8_t range_of[BUS_PORTS]; /* index into ranges; 0 = unclaimed */
    struct range ranges[RANGES_MAX + 1];
};

enum status bus_create(struct bus **out)
{
    *out = calloc(1, sizeof(**out));
    return *out ? STATUS_OK : STATUS_NO_MEMORY;
}

void bus_destroy(struct bus *bus)
{
    free(bus);
}

static unsigned find_free(const struct bus *bus)
{
    for (unsigned i = 1; i <= RANGES_MAX; i++) {
        if (!bus->ranges[i].length)
            return i;
    }
    return 0;
}

enum status bus_map(struct bus *bus, paddr base, paddr length,
                    const struct bus_ops *ops, void *dev)
{
    unsigned n = find_free(bus);

    if (length == 0 || base >= BUS_PORTS || length > BUS_PORTS - base)
        return STATUS_BAD_ARGUMENT;
    for (paddr port = base; port < base + length; port++) {
        if (bus->range_of[port])
            return STATUS_OVERLAP;
    }
    if (!n)
        return STATUS_NO_MEMORY;
    bus->ranges[n] = (struct range){base, length, ops, dev};
    for (paddr port = base; port < base + length; port++)
        bus->range_of[port] = (uint8_t)n;
    return STATUS_OK;
}

void bus_unmap(struct bus *bus, paddr base, void *dev)
{
    struct range *r = &bus->ranges[bus->range_of[base % BUS_PORTS]];

    if (!r->length || r->base != base || r->dev != dev)
        return;
    for (paddr port = base; port < base + r->length; port++)
        bus->range_of[port] = 0;
    *r = (struct range){0};
}

/* The range that answers an access of this size whole, or NULL. */
static const struct range *find(const struct bus *bus, paddr port,
                                unsigned size)
{
    const struct range *r = &bus->ranges[bus->range_of[port]];

    if (!r->length || !(r->ops->sizes & size) ||
        port - r->base + size > r->length)
        return NULL;
    return r;
}

static uint32_t read_range(const struct range *r, paddr offset, unsigned size)
{
    uint32_t ones = 0xffffffffu >> (32 - 8 * size);

    return r->ops->read ? r->ops->read(r->dev, offset, size) & ones : ones;
}

uint32_t bus_read(struct bus *bus, paddr port, unsigned size)
{
    const struct range *r = find(bus, port %= BUS_PORTS, size);
    uint32_t value = 0;

    assert(size == 1 || size == 2 || size == 4);
    if (r)
        return read_range(r, port - r->base, size);
    if (size == 1)
        return 0xff;
    for (unsigned half = size / 2, i = 0; i < 2; i++)
        value |= bus_read(bus, port + i * half, half) << (8 * half * i);
    return value;
}

void bus_write(struct bus *bus, paddr port, uint32_t value, unsigned size)
{
    const struct range *r = find(bus, port %= BUS_PORTS, size);
    unsigned half = size / 2;

    assert(size == 1 || size == 2 || size == 4);
    if (r) {
        if (r->ops->write)
            r->ops->write(r->dev, port - r->base, value, size);
        return;
    }
    if (size == 1)
        return;
    bus_write(bus, port, value & (0xffffu >> (16 - 8 * half)), half);
    bus_write(bus, port + half, value >> (8 * half), half);
}
