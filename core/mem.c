#include "core/mem.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define RAM_MAX (UINT64_C(3) << 30)

#define WATCHED \
    (MEM_PAGE_CODE | MEM_PAGE_TABLE | MEM_PAGE_WATCH | MEM_PAGE_EPOCH)

enum status mem_create(struct mem **out, size_t ram_bytes)
{
    struct mem *mem;

    *out = NULL;
    if (!ram_bytes || ram_bytes % MEM_PAGE_BYTES || ram_bytes > RAM_MAX)
        return STATUS_BAD_ARGUMENT;
    mem = calloc(1, sizeof(*mem));
    if (!mem)
        return STATUS_NO_MEMORY;
    mem->ram_bytes = ram_bytes;
    mem->a20_mask = ~(paddr)0;
    mem->pages = calloc(MEM_PAGES + 1, sizeof(*mem->pages));
    if (!mem->pages || !share_create(&mem->ram_share, ram_bytes)) {
        mem_destroy(mem);
        return STATUS_NO_MEMORY;
    }
    mem->ram = mem->ram_share.base;
    *out = mem;
    return STATUS_OK;
}

void mem_destroy(struct mem *mem)
{
    if (!mem)
        return;
    share_destroy(&mem->ram_share);
    free(mem->pages);
    free(mem);
}

void mem_set_watcher(struct mem *mem, const struct mem_watcher *watcher)
{
    mem->watcher = *watcher;
}

static void tell_remapped(struct mem *mem, uint32_t first, uint32_t pages)
{
    if (mem->watcher.remapped)
        mem->watcher.remapped(mem->watcher.self, first, pages);
}

/* Gives each page of the range the row `first`, its addresses moved on. */
static void set_rows(struct mem *mem, paddr base, size_t length,
                     struct mem_page row)
{
    uint32_t at = (uint32_t)(base >> MEM_PAGE_BITS);
    uint32_t count = (uint32_t)(length >> MEM_PAGE_BITS);

    assert(base % MEM_PAGE_BYTES == 0 && length % MEM_PAGE_BYTES == 0);
    assert(at < MEM_PAGES && count <= MEM_PAGES - at);
    tell_remapped(mem, at, count);
    for (uint32_t i = 0; i < count; i++) {
        mem->pages[at + i] = row;
        row.offset += MEM_PAGE_BYTES;
        if (row.host)
            row.host += MEM_PAGE_BYTES;
        if (row.store)
            row.store += MEM_PAGE_BYTES;
    }
}

void mem_map_host(struct mem *mem, paddr base, size_t length, uint8_t *host)
{
    set_rows(mem, base, length, (struct mem_page){.host = host});
}

void mem_map_rom(struct mem *mem, paddr base, size_t length, uint8_t *load,
                 uint8_t *store)
{
    set_rows(
        mem, base, length,
        (struct mem_page){.host = load, .store = store, .flags = MEM_PAGE_ROM});
}

void mem_map_io(struct mem *mem, paddr base, size_t length,
                const struct bus_ops *ops, void *dev)
{
    set_rows(mem, base, length,
             (struct mem_page){.ops = ops, .dev = dev, .flags = MEM_PAGE_IO});
}

void mem_unmap(struct mem *mem, paddr base, size_t length)
{
    set_rows(mem, base, length, (struct mem_page){0});
}

void mem_set_a20(struct mem *mem, bool enabled)
{
    const paddr bit20 = (paddr)1 << 20;
    paddr mask = enabled ? mem->a20_mask | bit20 : mem->a20_mask & ~bit20;

    if (mask == mem->a20_mask)
        return;
    tell_remapped(mem, 0, MEM_PAGES);
    mem->a20_mask = mask;
}

static uint32_t ones(unsigned size)
{
    return 0xffffffffu >> (32 - 8 * size);
}

static uint32_t io_load(const struct mem_page *page, uint32_t offset,
                        unsigned size)
{
    unsigned half = size / 2;

    if (!page->ops->read)
        return ones(size);
    if (page->ops->sizes & size)
        return page->ops->read(page->dev, page->offset + offset, size) &
               ones(size);
    if (size == 1)
        return 0xff;
    return io_load(page, offset, half) | io_load(page, offset + half, half)
                                             << (8 * half);
}

static void io_store(const struct mem_page *page, uint32_t offset,
                     uint32_t value, unsigned size)
{
    unsigned half = size / 2;

    if (!page->ops->write)
        return;
    if (page->ops->sizes & size) {
        page->ops->write(page->dev, page->offset + offset, value, size);
        return;
    }
    if (size == 1)
        return;
    io_store(page, offset, value & ones(half), half);
    io_store(page, offset + half, value >> (8 * half), half);
}

/* 1, 2 or 4 bytes. */
static void copy_few(uint8_t *to, const uint8_t *from, unsigned size)
{
    switch (size) {
    case 1: *to = *from; break;
    case 2: memcpy(to, from, 2); break;
    default: memcpy(to, from, 4); break;
    }
}

static uint32_t get_le(const uint8_t *from, unsigned size)
{
    if (size == 1)
        return from[0];
    if (size == 2)
        return from[0] | (uint32_t)from[1] << 8;
    return from[0] | (uint32_t)from[1] << 8 | (uint32_t)from[2] << 16 |
           (uint32_t)from[3] << 24;
}

uint32_t mem_load(struct mem *mem, paddr addr, unsigned size)
{
    const struct mem_page *page = mem_page_at(mem, addr);
    uint32_t offset = addr & MEM_PAGE_MASK;

    assert(size == 1 || size == 2 || size == 4);
    assert(offset + size <= MEM_PAGE_BYTES);
    if (page->flags & MEM_PAGE_IO)
        return io_load(page, offset, size);
    return page->host ? get_le(page->host + offset, size) : ones(size);
}

/* Stores into the page's RAM and tells the watcher if it has an interest. */
static void store_bytes(struct mem *mem, uint32_t number, uint32_t offset,
                        const uint8_t *bytes, unsigned size)
{
    struct mem_page *page = &mem->pages[number];
    uint8_t *to = page->flags & MEM_PAGE_ROM ? page->store : page->host;
    uint8_t old[MEM_PAGE_BYTES];

    if (!to)
        return;
    if (!(page->flags & WATCHED) || !mem->watcher.stored) {
        memcpy(to + offset, bytes, size);
        return;
    }
    memcpy(old, to + offset, size);
    memcpy(to + offset, bytes, size);
    mem->watcher.stored(mem->watcher.self,
                        ((paddr)number << MEM_PAGE_BITS) + offset, size, old);
}

void mem_store(struct mem *mem, paddr addr, uint32_t value, unsigned size)
{
    const struct mem_page *page = mem_page_at(mem, addr);
    uint32_t offset = addr & MEM_PAGE_MASK;
    uint8_t *to = page->flags & MEM_PAGE_ROM ? page->store : page->host;
    uint8_t bytes[4], old[4];

    assert(size == 1 || size == 2 || size == 4);
    assert(offset + size <= MEM_PAGE_BYTES);
    if (page->flags & MEM_PAGE_IO) {
        io_store(page, offset, value, size);
        return;
    }
    if (!to)
        return;
    for (unsigned i = 0; i < 4; i++)
        bytes[i] = (uint8_t)(value >> (8 * i));
    copy_few(old, to + offset, size);
    copy_few(to + offset, bytes, size);
    if ((page->flags & WATCHED) && mem->watcher.stored)
        mem->watcher.stored(
            mem->watcher.self,
            ((paddr)(page - mem->pages) << MEM_PAGE_BITS) + offset, size, old);
}

/* The part of a range that lies in the page of `addr`. */
static size_t in_page(paddr addr, size_t size)
{
    size_t left = MEM_PAGE_BYTES - (addr & MEM_PAGE_MASK);

    return size < left ? size : left;
}

static uint32_t page_number(paddr addr)
{
    paddr n = addr >> MEM_PAGE_BITS;

    return n < MEM_PAGES ? (uint32_t)n : MEM_PAGES;
}

void mem_read(struct mem *mem, paddr addr, void *buffer, size_t size)
{
    uint8_t *to = buffer;

    while (size) {
        size_t part = in_page(addr, size);
        const struct mem_page *page = &mem->pages[page_number(addr)];
        uint32_t offset = addr & MEM_PAGE_MASK;

        if (page->flags & MEM_PAGE_IO) {
            for (uint32_t i = 0; i < part; i++)
                to[i] = (uint8_t)io_load(page, offset + i, 1);
        } else if (page->host) {
            memcpy(to, page->host + offset, part);
        } else {
            memset(to, 0xff, part);
        }
        addr += part;
        to += part;
        size -= part;
    }
}

void mem_write(struct mem *mem, paddr addr, const void *buffer, size_t size)
{
    const uint8_t *from = buffer;

    while (size) {
        size_t part = in_page(addr, size);
        uint32_t number = page_number(addr);
        const struct mem_page *page = &mem->pages[number];
        uint32_t offset = addr & MEM_PAGE_MASK;

        if (page->flags & MEM_PAGE_IO) {
            for (uint32_t i = 0; i < part; i++)
                io_store(page, offset + i, from[i], 1);
        } else {
            store_bytes(mem, number, offset, from, (unsigned)part);
        }
        addr += part;
        from += part;
        size -= part;
    }
}

void mem_poke(struct mem *mem, paddr addr, const void *buffer, size_t size)
{
    const uint8_t *from = buffer;

    while (size) {
        size_t part = in_page(addr, size);
        struct mem_page *page = &mem->pages[page_number(addr)];

        if (page->host)
            memcpy(page->host + (addr & MEM_PAGE_MASK), from, part);
        addr += part;
        from += part;
        size -= part;
    }
}
