/* Guest physical memory: 4 KiB pages of RAM, ROM and device windows.
 *
 * Every page has a row in one table. A page with `host` set is read by a plain
 * load from there, and written by a plain store when no flag of
 * MEM_PAGE_SLOW_WRITE is set; anything else goes through mem_load() and
 * mem_store(), which call the device or the watcher. The CPU caches host
 * addresses of pages; who changes a row tells the watchers first, so nobody
 * ever uses a stale one. */
#ifndef CORE_MEM_H
#define CORE_MEM_H

#include "core/bus.h"
#include "core/log.h"
#include "core/status.h"
#include "core/types.h"
#include "core/window.h"

#define MEM_PAGE_BITS  12
#define MEM_PAGE_BYTES 4096u
#define MEM_PAGE_MASK  4095u
#define MEM_PAGES      (1u << 20) /* 4 GiB; above it nothing answers */

enum {
    MEM_PAGE_ROM = 1 << 0,   /* stores go to `store`, not `host` */
    MEM_PAGE_IO = 1 << 1,    /* a device window: `ops` answers */
    MEM_PAGE_CODE = 1 << 2,  /* decoded or translated code stems from here */
    MEM_PAGE_TABLE = 1 << 3, /* a page walk went through it */
    MEM_PAGE_WATCH = 1 << 4, /* a debugger watches part of it */
    MEM_PAGE_EPOCH = 1 << 5, /* first store since a checkpoint is awaited */
};
#define MEM_PAGE_SLOW_WRITE \
    (MEM_PAGE_ROM | MEM_PAGE_IO | MEM_PAGE_CODE | MEM_PAGE_TABLE | \
     MEM_PAGE_WATCH | MEM_PAGE_EPOCH)

struct mem_page {
    uint8_t *host;  /* 4096 bytes, or NULL: every access asks `ops` */
    uint8_t *store; /* with ROM: where stores go; NULL drops them */
    const struct bus_ops *ops; /* with IO. Borrowed */
    void *dev;                 /* borrowed */
    uint32_t offset;           /* of this page from the window's base */
    uint32_t flags;            /* MEM_PAGE_* */
    uint64_t granules; /* with CODE: 64-byte parts, from bit 0, that code
                          stems from; stores to the others are no news. The
                          watcher's */
};

#define MEM_GRANULE_BYTES 64u

/* The bits of `granules` that [offset, offset + size) of a page touches. */
static inline uint64_t mem_granules(uint32_t offset, unsigned size)
{
    unsigned low = offset >> 6, high = (offset + size - 1) >> 6;

    return UINT64_MAX >> (63 - (high - low)) << low;
}

/* Who derives something from pages (the CPU's code and address caches).
 * `stored` runs after a store or DMA to a page with CODE, TABLE, WATCH or
 * EPOCH changed [addr, addr + size), never across a page; `old` are the bytes
 * that stood there. `remapped` runs before rows of [first, first + pages)
 * change host, ops or flags ROM or IO, and when A20 moves. */
struct mem_watcher {
    void (*stored)(void *self, paddr addr, unsigned size, const uint8_t *old);
    void (*remapped)(void *self, uint32_t first_page, uint32_t pages);
    void *self; /* borrowed */
};

struct mem {
    struct mem_page *pages; /* MEM_PAGES rows */
    paddr a20_mask;         /* all ones, or bit 20 clear; with 8086 models
                               bits 20 and up clear */
    struct share ram_share; /* one run of host memory */
    uint8_t *ram;           /* where that is */
    size_t ram_bytes;
    struct mem_watcher watcher;
};

/* Creates `ram_bytes` (a multiple of 4096, at most 3 GiB) of zeroed RAM, not
 * mapped anywhere yet, and an empty space. Errors: NO_MEMORY, BAD_ARGUMENT. */
enum status mem_create(struct mem **out, size_t ram_bytes);
void mem_destroy(struct mem *mem);

/* One watcher; the machine plugs the CPU in. Members may be NULL. */
void mem_set_watcher(struct mem *mem, const struct mem_watcher *watcher);

/* [base, base + length) shows host memory, loads and stores. Base and length
 * of all four: multiples of 4096 inside 4 GiB. `host` is borrowed. Flags CODE,
 * TABLE, WATCH and EPOCH of the rows are cleared. */
void mem_map_host(struct mem *mem, paddr base, size_t length, uint8_t *host);

/* Loads come from `load`, stores go to `store` (NULL: dropped; the two may
 * differ while firmware copies itself into shadow RAM). */
void mem_map_rom(struct mem *mem, paddr base, size_t length, uint8_t *load,
                 uint8_t *store);

/* [base, base + length) asks `ops`; offsets count from `base`. */
void mem_map_io(struct mem *mem, paddr base, size_t length,
                const struct bus_ops *ops, void *dev);

/* Back to the open bus: loads give ones, stores are dropped. */
void mem_unmap(struct mem *mem, paddr base, size_t length);

/* Masks address bit 20 of the CPU's accesses, as the A20 gate does. */
void mem_set_a20(struct mem *mem, bool enabled);

/* The row of a physical address of the CPU, after A20. Addresses of 4 GiB and
 * more give a row that is open bus. */
static inline struct mem_page *mem_page_at(struct mem *mem, paddr addr)
{
    paddr n = (addr & mem->a20_mask) >> MEM_PAGE_BITS;

    return &mem->pages[n < MEM_PAGES ? n : MEM_PAGES];
}

/* Loads and stores of 1, 2 or 4 bytes, little-endian, inside one page, with
 * all side effects; `addr` before A20. */
uint32_t mem_load(struct mem *mem, paddr addr, unsigned size);
void mem_store(struct mem *mem, paddr addr, uint32_t value, unsigned size);

/* Bus masters and loaders: any range, not through A20; reads device windows
 * byte by byte. Stores run the watcher. */
void mem_read(struct mem *mem, paddr addr, void *buffer, size_t size);
void mem_write(struct mem *mem, paddr addr, const void *buffer, size_t size);

/* For loaders and shadowing: writes ROM pages' host bytes too. */
void mem_poke(struct mem *mem, paddr addr, const void *buffer, size_t size);

/* Sets or clears CODE, TABLE, WATCH or EPOCH bits of a row (by masked page
 * number). The caller drops its own cached write addresses of the page. */
static inline void mem_flag_page(struct mem *mem, uint32_t page, uint32_t set,
                                 uint32_t clear)
{
    mem->pages[page].flags = (mem->pages[page].flags & ~clear) | set;
}

#endif
