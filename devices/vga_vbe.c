/* The Bochs display interface: index port 1CE, data port 1CF (and 1D0, where
 * 16-bit ports must be even), registers 0 to A.
 *
 * Registers keep what was written; vga_get_vbe() makes a mode of them that fits
 * video memory, so that what reads the mode needs no checks of products again,
 * and the order in which a guest writes registers does not matter. */
#include "devices/vga_int.h"

#include <string.h>

#define ID_FIRST 0xb0c0
#define ID_LAST  0xb0c5
#define XRES_MAX DISPLAY_WIDTH_MAX
#define YRES_MAX DISPLAY_HEIGHT_MAX
#define BPP_MAX  32

enum {
    PORT_INDEX = 0,
    PORT_DATA = 1,
    PORT_DATA_EVEN = 2,
};

static uint32_t line_bytes(unsigned width, unsigned bpp)
{
    return bpp == 4 ? (width + 7) / 8 : width * ((bpp + 7) / 8);
}

uint32_t vga_vbe_bank_offset(const struct vga *v, enum vga_bank bank)
{
    unsigned bits = v->vbe[VBE_ENABLE] & VBE_BANK_32K ? 15 : 16;

    return ((uint32_t)v->vbe_bank[bank] << bits) &
           (uint32_t)(v->vram_bytes - 1);
}

static uint32_t clamp(size_t value, size_t low, size_t high)
{
    return (uint32_t)(value < low ? low : value > high ? high : value);
}

void vga_get_vbe(const struct vga *v, struct vga_vbe_mode *m)
{
    const uint16_t *vbe = v->vbe;
    uint32_t space;

    m->bpp = vbe[VBE_BPP];
    space = (uint32_t)(m->bpp == 4 ? v->vram_bytes / 4 : v->vram_bytes);
    m->width = clamp(vbe[VBE_XRES], 1, XRES_MAX);
    m->height = clamp(vbe[VBE_YRES], 1, YRES_MAX);
    m->virt_width = clamp(vbe[VBE_VIRT_WIDTH], m->width, UINT16_MAX);
    if (space / line_bytes(m->virt_width, m->bpp) < m->height)
        m->virt_width = m->width;
    m->pitch = line_bytes(m->virt_width, m->bpp);
    m->virt_height = clamp(space / m->pitch, 1, UINT16_MAX);
    m->height = clamp(m->height, 1, m->virt_height);
    m->x = clamp(vbe[VBE_X_OFFSET], 0, m->virt_width - m->width);
    m->y = clamp(vbe[VBE_Y_OFFSET], 0, m->virt_height - m->height);
    m->start =
        m->y * m->pitch + (m->bpp == 4 ? m->x / 8 : line_bytes(m->x, m->bpp));
}

uint16_t vga_vbe_depth(uint16_t bpp)
{
    switch (bpp) {
    case 4:
    case 8:
    case 15:
    case 16:
    case 24:
    case 32: return bpp;
    default: return 8;
    }
}

static uint16_t read_mode(const struct vga *v, unsigned index)
{
    struct vga_vbe_mode m;

    vga_get_vbe(v, &m);
    switch (index) {
    case VBE_XRES: return (uint16_t)m.width;
    case VBE_YRES: return (uint16_t)m.height;
    case VBE_VIRT_WIDTH: return (uint16_t)m.virt_width;
    case VBE_VIRT_HEIGHT: return (uint16_t)m.virt_height;
    case VBE_X_OFFSET: return (uint16_t)m.x;
    case VBE_Y_OFFSET: return (uint16_t)m.y;
    default: return v->vbe[index];
    }
}

uint16_t vga_vbe_read(const struct vga *v, unsigned index)
{
    bool caps = v->vbe[VBE_ENABLE] & VBE_GETCAPS;

    switch (index) {
    case VBE_XRES: return caps ? XRES_MAX : read_mode(v, index);
    case VBE_YRES: return caps ? YRES_MAX : read_mode(v, index);
    case VBE_BPP: return caps ? BPP_MAX : v->vbe[VBE_BPP];
    case VBE_BANK: return caps ? VBE_BANK_32K << 8 : v->vbe[VBE_BANK];
    case VBE_MEMORY_64K: return (uint16_t)(v->vram_bytes >> 16);
    default: return index < VGA_VBE_COUNT ? read_mode(v, index) : 0;
    }
}

/* The DAC's content keeps its colours when its width changes. */
static void set_dac_width(struct vga *v, bool eight)
{
    if (eight == !!(v->vbe[VBE_ENABLE] & VBE_8BIT_DAC))
        return;
    for (size_t i = 0; i < sizeof(v->dac); i++)
        v->dac[i] = (uint8_t)(eight ? v->dac[i] << 2 : v->dac[i] >> 2);
}

static void clear_screen(struct vga *v)
{
    struct vga_vbe_mode m;

    vga_get_vbe(v, &m);
    if (m.bpp == 4)
        memset(v->vram, 0, v->vram_bytes);
    else
        memset(v->vram, 0, (size_t)m.pitch * m.height);
    vga_remap(v);
}

static void write_enable(struct vga *v, uint16_t value)
{
    bool was_on = vga_vbe_on(v);

    set_dac_width(v, value & VBE_8BIT_DAC);
    v->vbe[VBE_ENABLE] = value & (VBE_ENABLED | VBE_GETCAPS | VBE_BANK_32K |
                                  VBE_8BIT_DAC | VBE_LFB | VBE_NOCLEAR);
    if (!vga_vbe_on(v) || !was_on) {
        v->vbe[VBE_BANK] = 0;
        v->vbe_bank[VGA_BANK_LOAD] = v->vbe_bank[VGA_BANK_STORE] = 0;
    }
    if (!vga_vbe_on(v) || was_on)
        return;
    v->vbe[VBE_X_OFFSET] = v->vbe[VBE_Y_OFFSET] = 0;
    v->vbe[VBE_VIRT_WIDTH] = 0;
    if (!(value & VBE_NOCLEAR))
        clear_screen(v);
}

static void write_bank(struct vga *v, uint16_t value)
{
    uint16_t bank = value & (uint16_t) ~(VBE_BANK_READ | VBE_BANK_WRITE);
    bool both = !(value & (VBE_BANK_READ | VBE_BANK_WRITE));

    if (both || value & VBE_BANK_READ)
        v->vbe_bank[VGA_BANK_LOAD] = bank;
    if (both || value & VBE_BANK_WRITE)
        v->vbe_bank[VGA_BANK_STORE] = bank;
    v->vbe[VBE_BANK] = bank;
}

static void write_register(struct vga *v, unsigned index, uint16_t value)
{
    switch (index) {
    case VBE_ID:
        if (value >= ID_FIRST && value <= ID_LAST)
            v->vbe[VBE_ID] = value;
        break;
    case VBE_BPP: v->vbe[VBE_BPP] = vga_vbe_depth(value); break;
    case VBE_XRES:
        v->vbe[VBE_XRES] = value;
        v->vbe[VBE_VIRT_WIDTH] = 0;
        break;
    case VBE_YRES:
    case VBE_VIRT_WIDTH:
    case VBE_X_OFFSET:
    case VBE_Y_OFFSET: v->vbe[index] = value; break;
    case VBE_ENABLE: write_enable(v, value); break;
    case VBE_BANK: write_bank(v, value); break;
    default:
        LOG_ONCE(v->vbe_logged, v->log, LOG_GUEST, v->dev.name,
                 "write of %04x to DISPI register %u, which is read-only or "
                 "absent",
                 value, index);
    }
}

void vga_vbe_write(struct vga *v, unsigned index, uint16_t value)
{
    write_register(v, index, value);
    v->changes++;
    vga_update_memory(v);
    vga_update_retrace(v);
}

void vga_vbe_reset(struct vga *v)
{
    memset(v->vbe, 0, sizeof(v->vbe));
    memset(v->vbe_bank, 0, sizeof(v->vbe_bank));
    v->vbe_index = 0;
    v->vbe[VBE_ID] = ID_LAST;
    v->vbe[VBE_XRES] = 640;
    v->vbe[VBE_YRES] = 480;
    v->vbe[VBE_BPP] = 8;
}

static uint32_t vbe_read(void *dev, paddr offset, unsigned size)
{
    struct vga *v = dev;

    (void)size;
    if (!v->decode_ports)
        return 0xffff;
    return offset == PORT_INDEX ? v->vbe_index : vga_vbe_read(v, v->vbe_index);
}

static void vbe_write(void *dev, paddr offset, uint32_t value, unsigned size)
{
    struct vga *v = dev;

    (void)size;
    if (!v->decode_ports)
        return;
    if (offset == PORT_INDEX)
        v->vbe_index = (uint16_t)value;
    else
        vga_vbe_write(v, v->vbe_index, (uint16_t)value);
}

const struct bus_ops vga_vbe_ops = {
    .read = vbe_read,
    .write = vbe_write,
    .sizes = 2,
};
