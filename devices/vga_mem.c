/* CPU access to video memory: address decoding, latches, write and read modes
 * (IBM "Video Subsystem", graphics controller; FreeVGA "Graphics Registers").
 *
 * The window at A0000 to BFFFF shows video memory itself while register values
 * make the two the same (chain-4 without masks, DISPI banks), else every access
 * comes here and works on the four planes of an address at once. */
#include "devices/vga_int.h"

#include <assert.h>

#define WINDOWS_BASE  0xa0000u
#define WINDOWS_BYTES 0x20000u
#define BANK_BYTES    0x10000u
#define MAP_BYTES     0x8000u /* video memory is mapped in pieces of this */

/* differs: loads from a window that is mapped as memory do not fill the
 * latches. They matter only once write mode 1 or a mask is set, which ends the
 * mapping; what a guest then expects in them it loads afterwards. */

/* Four plane bits to four bytes of ones. */
static uint32_t spread_planes(unsigned bits)
{
    return ((bits & 15) * 0x00204081u & 0x01010101u) * 0xff;
}

static uint32_t every_plane(uint8_t byte)
{
    return byte * 0x01010101u;
}

static uint8_t rotate_right(uint8_t byte, unsigned count)
{
    return (uint8_t)(byte >> count | byte << (8 - count));
}

static bool window_is_b8000(const struct vga *v)
{
    return (v->gc[GC_MISC] & GC_MISC_WINDOW) == GC_MISC_WINDOW;
}

/* Address bit 0 of an odd/even access, whose own bit 0 chose the planes. */
static uint32_t odd_even_address(const struct vga *v, uint32_t offset)
{
    if (!(v->gc[GC_MISC] & GC_MISC_ODD_EVEN))
        return offset;
    offset &= ~1u;
    if (!window_is_b8000(v) && !(v->misc & MISC_PAGE))
        offset |= 1;
    return offset;
}

static uint32_t chain4_address(uint32_t offset)
{
    return (offset & 0xfffc) | (offset >> 14 & 3);
}

/* The four plane bytes that an address means, after wrapping. */
static uint8_t *plane_bytes(struct vga *v, uint32_t at, enum vga_bank bank)
{
    if (vga_vbe_on(v))
        at = (at & 0xffff) + vga_vbe_bank_offset(v, bank);
    else
        at &= v->seq[SEQ_MEMORY] & SEQ_MEMORY_EXTENDED ? 0xffff : 0x3fff;
    at &= (uint32_t)(v->vram_bytes / 4 - 1);
    return v->vram + vga_plane_index(at);
}

static uint8_t compare_colors(const struct vga *v)
{
    uint32_t differ = (v->latch ^ v->masks.compare) & v->masks.care;

    differ |= differ >> 16;
    differ |= differ >> 8;
    return (uint8_t)~differ;
}

uint8_t vga_load_byte(struct vga *v, uint32_t offset)
{
    unsigned plane = v->gc[GC_READ_MAP];
    uint32_t at = offset;

    if (v->seq[SEQ_MEMORY] & SEQ_MEMORY_CHAIN4) {
        plane = offset & 3;
        at = chain4_address(offset);
    } else if (v->gc[GC_MODE] & GC_MODE_ODD_EVEN) {
        plane = (plane & 2) | (offset & 1);
        at = odd_even_address(v, offset);
    }
    v->latch = vga_load_planes(plane_bytes(v, at, VGA_BANK_LOAD));
    if (v->gc[GC_MODE] & GC_MODE_READ1)
        return compare_colors(v);
    return (uint8_t)(v->latch >> (8 * (plane & 3)));
}

static uint32_t combine_latch(const struct vga *v, uint32_t data)
{
    switch (v->gc[GC_ROTATE] >> 3 & 3) {
    case 1: return data & v->latch;
    case 2: return data | v->latch;
    case 3: return data ^ v->latch;
    default: return data;
    }
}

/* What the planes get, map mask aside. */
static uint32_t written_planes(const struct vga *v, uint8_t value)
{
    const struct vga_masks *m = &v->masks;
    uint8_t rotated = rotate_right(value, v->gc[GC_ROTATE] & 7);
    uint32_t bits = m->bits, data;

    switch (v->gc[GC_MODE] & GC_MODE_WRITE) {
    case 0:
        data = (every_plane(rotated) & ~m->enable_set_reset) |
               (m->set_reset & m->enable_set_reset);
        break;
    case 1: return v->latch;
    case 2: data = spread_planes(value); break;
    default:
        data = m->set_reset;
        bits &= every_plane(rotated);
        break;
    }
    return (combine_latch(v, data) & bits) | (v->latch & ~bits);
}

void vga_store_byte(struct vga *v, uint32_t offset, uint8_t value)
{
    uint32_t planes = v->masks.planes, at = offset;
    uint8_t *to;

    if (v->seq[SEQ_MEMORY] & SEQ_MEMORY_CHAIN4) {
        planes &= 0xffu << (8 * (offset & 3));
        at = chain4_address(offset);
    } else if (!(v->seq[SEQ_MEMORY] & SEQ_MEMORY_SEQUENTIAL)) {
        planes &= offset & 1 ? 0xff00ff00u : 0x00ff00ffu;
        at = odd_even_address(v, offset);
    }
    to = plane_bytes(v, at, VGA_BANK_STORE);
    vga_store_planes(to, (vga_load_planes(to) & ~planes) |
                             (written_planes(v, value) & planes));
}

static uint8_t *direct_bytes(const struct vga *v, uint32_t offset)
{
    return v->vram + vga_plane_index(offset & v->direct.wrap);
}

static uint8_t direct_load(struct vga *v, uint32_t offset)
{
    v->latch = vga_load_planes(direct_bytes(v, offset));
    return (uint8_t)(v->latch >> v->direct.plane_shift);
}

static void direct_store(struct vga *v, uint32_t offset, uint8_t value)
{
    const struct vga_direct *d = &v->direct;
    uint8_t *to = direct_bytes(v, offset);
    uint32_t byte = d->spreads ? spread_planes(value)
                               : every_plane(rotate_right(value, d->rotate));

    vga_store_planes(to, (vga_load_planes(to) & d->keep) | (byte & d->data) |
                             d->fixed | (v->latch & d->latched));
}

static uint32_t window_read(void *dev, paddr offset, unsigned size)
{
    struct vga *v = dev;
    uint32_t at = (uint32_t)offset, value = 0;

    if (v->direct.loads && size == 1)
        return direct_load(v, at);
    for (unsigned i = 0; i < size; i++)
        value |= (uint32_t)(v->direct.loads ? direct_load(v, at + i)
                                            : vga_load_byte(v, at + i))
                 << (8 * i);
    return value;
}

static void window_write(void *dev, paddr offset, uint32_t value, unsigned size)
{
    struct vga *v = dev;
    uint32_t at = (uint32_t)offset;

    v->changes++;
    if (v->direct.stores && size == 1) {
        direct_store(v, at, (uint8_t)value);
        return;
    }
    for (unsigned i = 0; i < size; i++, value >>= 8) {
        if (v->direct.stores)
            direct_store(v, at + i, (uint8_t)value);
        else
            vga_store_byte(v, at + i, (uint8_t)value);
    }
}

static const struct bus_ops window_ops = {
    .read = window_read,
    .write = window_write,
    .sizes = 1 | 2 | 4 | BUS_QUIET,
};

bool vga_peek(struct device *dev, paddr addr, uint8_t *byte)
{
    struct vga *v = vga_from_device(dev);
    const struct mem_page *row = &v->mem->pages[addr >> MEM_PAGE_BITS];
    uint32_t latch = v->latch;

    if (!(row->flags & MEM_PAGE_IO) || row->ops != &window_ops || row->dev != v)
        return false;
    *byte = vga_load_byte(v, row->offset + (uint32_t)(addr & MEM_PAGE_MASK));
    v->latch = latch;
    return true;
}

static void update_masks(struct vga *v)
{
    v->masks = (struct vga_masks){
        .planes = spread_planes(v->seq[SEQ_MAP_MASK]),
        .bits = every_plane(v->gc[GC_BIT_MASK]),
        .set_reset = spread_planes(v->gc[GC_SET_RESET]),
        .enable_set_reset = spread_planes(v->gc[GC_ENABLE_SET_RESET]),
        .compare = spread_planes(v->gc[GC_COLOR_COMPARE]),
        .care = spread_planes(v->gc[GC_COLOR_CARE]),
    };
}

/* Neither chain-4 nor DISPI, no logical function, no write mode 3; for loads,
 * of one plane. */
static void update_direct(struct vga *v)
{
    const struct vga_masks *m = &v->masks;
    uint8_t memory = v->seq[SEQ_MEMORY], mode = v->gc[GC_MODE];
    unsigned write = mode & GC_MODE_WRITE, function = v->gc[GC_ROTATE] >> 3;
    uint32_t bits = write == 1 ? 0 : m->planes & m->bits;
    uint32_t chosen = write == 0 ? m->enable_set_reset : 0;
    bool planar = !(memory & SEQ_MEMORY_CHAIN4) && !vga_vbe_on(v);

    v->direct = (struct vga_direct){
        .loads = planar && !(mode & (GC_MODE_ODD_EVEN | GC_MODE_READ1)),
        .stores = planar && (memory & SEQ_MEMORY_SEQUENTIAL) &&
                  (write == 1 || (write < 3 && !function)),
        .spreads = write == 2,
        .rotate = v->gc[GC_ROTATE] & 7,
        .plane_shift = (uint8_t)(8 * v->gc[GC_READ_MAP]),
        .wrap = memory & SEQ_MEMORY_EXTENDED ? 0xffff : 0x3fff,
        .keep = ~m->planes,
        .data = bits & ~chosen,
        .fixed = bits & chosen & m->set_reset,
        .latched = m->planes & ~bits,
    };
}

/* Chain-4 with nothing between the CPU and memory. */
static bool chain4_is_plain(const struct vga *v)
{
    const uint8_t memory = SEQ_MEMORY_CHAIN4 | SEQ_MEMORY_EXTENDED;

    return (v->seq[SEQ_MEMORY] & memory) == memory &&
           v->seq[SEQ_MAP_MASK] == 0x0f && !v->gc[GC_ENABLE_SET_RESET] &&
           !v->gc[GC_ROTATE] && v->gc[GC_BIT_MASK] == 0xff &&
           !(v->gc[GC_MODE] & (GC_MODE_WRITE | GC_MODE_READ1)) &&
           !vga_vbe_on(v);
}

/* What the registers say that the CPU sees. */
static struct vga_window wanted_window(const struct vga *v)
{
    static const uint32_t bases[4] = {0xa0000, 0xa0000, 0xb0000, 0xb8000};
    static const uint32_t lengths[4] = {0x20000, 0x10000, 0x8000, 0x8000};
    unsigned select = v->gc[GC_MISC] >> 2 & 3;
    struct vga_window w = {.kind = VGA_WINDOW_LOGIC,
                           .base = bases[select],
                           .length = lengths[select]};

    if (!v->decode_memory || !(v->subsystem & 1))
        return (struct vga_window){.kind = VGA_WINDOW_NONE};
    if (vga_vbe_linear(v)) {
        w.load = vga_vbe_bank_offset(v, VGA_BANK_LOAD);
        w.store = vga_vbe_bank_offset(v, VGA_BANK_STORE);
        w.kind = VGA_WINDOW_MEMORY;
        w.base = WINDOWS_BASE;
        w.length = BANK_BYTES;
        return w;
    }
    if (!(v->misc & MISC_RAM))
        return (struct vga_window){.kind = VGA_WINDOW_NONE};
    if (chain4_is_plain(v))
        w.kind = VGA_WINDOW_MEMORY;
    return w;
}

/* Chain-4 reaches 64 KiB, a bank all that there is: offsets wrap there. */
static void map_memory(struct vga *v, const struct vga_window *w)
{
    uint32_t wrap =
        vga_vbe_linear(v) ? (uint32_t)v->vram_bytes - 1 : BANK_BYTES - 1;

    for (uint32_t done = 0; done < w->length; done += MAP_BYTES) {
        uint8_t *load = v->vram + ((w->load + done) & wrap);
        uint8_t *store = v->vram + ((w->store + done) & wrap);

        if (load == store)
            mem_map_host(v->mem, w->base + done, MAP_BYTES, load);
        else
            mem_map_rom(v->mem, w->base + done, MAP_BYTES, load, store);
    }
}

static bool same_window(const struct vga_window *a, const struct vga_window *b)
{
    return a->kind == b->kind && a->base == b->base && a->length == b->length &&
           a->load == b->load && a->store == b->store;
}

static void map_window(struct vga *v)
{
    struct vga_window w = wanted_window(v);
    uint32_t end = w.base + w.length;

    if (!v->window_mapped || same_window(&w, &v->window))
        return;
    if (w.base != v->window.base || w.length != v->window.length ||
        w.kind == VGA_WINDOW_NONE)
        mem_unmap(v->mem, WINDOWS_BASE, WINDOWS_BYTES);
    assert(w.kind == VGA_WINDOW_NONE ||
           (w.base >= WINDOWS_BASE && end <= WINDOWS_BASE + WINDOWS_BYTES));
    if (w.kind == VGA_WINDOW_LOGIC)
        mem_map_io(v->mem, w.base, w.length, &window_ops, v);
    else if (w.kind == VGA_WINDOW_MEMORY)
        map_memory(v, &w);
    v->window = w;
}

static void map_lfb(struct vga *v)
{
    paddr at = v->decode_memory ? v->lfb_base : 0;

    if (at == v->lfb_mapped)
        return;
    if (v->lfb_mapped)
        mem_unmap(v->mem, v->lfb_mapped, v->vram_bytes);
    if (at)
        mem_map_host(v->mem, at, v->vram_bytes, v->vram);
    v->lfb_mapped = at;
}

void vga_update_memory(struct vga *v)
{
    update_masks(v);
    update_direct(v);
    map_window(v);
    map_lfb(v);
}

void vga_remap(struct vga *v)
{
    v->window = (struct vga_window){.kind = VGA_WINDOW_NONE, .length = 1};
    if (v->lfb_mapped) {
        mem_map_host(v->mem, v->lfb_mapped, v->vram_bytes, v->vram);
        v->changes++;
    }
    vga_update_memory(v);
}
