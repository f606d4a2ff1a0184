/* Ports and registers of the VGA; see vga.h. */
#include "devices/vga_int.h"

#include <stdlib.h>
#include <string.h>

#define VRAM_MIN VGA_IBM_BYTES
#define VRAM_MAX MIB(256)
#define LFB_END  ((paddr)1 << 32)

#define PORT_VBE      0x1ce
#define PORT_VBE_SIZE 4

/* CRTC and status stand at 3Bx in mono, at 3Dx in colour. */
enum {
    PORT_CRTC_INDEX = 0x3d4,
    PORT_CRTC_DATA = 0x3d5,
    PORT_STATUS = 0x3da, /* write: feature control */
    PORT_TO_COLOR = 0x20,
};

static const struct {
    uint16_t base, length;
} ranges[VGA_RANGES] = {
    {0x3b4, 2}, {0x3ba, 1}, {0x3c0, 16}, {0x3d4, 2}, {0x3da, 1},
};

/* Ports of the range at 3C0. */
enum {
    PORT_AC_WRITE = 0x3c0, /* address and data in turn */
    PORT_AC_READ = 0x3c1,
    PORT_MISC_WRITE = 0x3c2, /* read: input status 0 */
    PORT_SUBSYSTEM = 0x3c3,
    PORT_SEQ_INDEX = 0x3c4,
    PORT_SEQ_DATA = 0x3c5,
    PORT_DAC_MASK = 0x3c6,
    PORT_DAC_READ_INDEX = 0x3c7, /* read: DAC state */
    PORT_DAC_WRITE_INDEX = 0x3c8,
    PORT_DAC_DATA = 0x3c9,
    PORT_FEATURE_READ = 0x3ca,
    PORT_MISC_READ = 0x3cc,
    PORT_GC_INDEX = 0x3ce,
    PORT_GC_DATA = 0x3cf,
};

#define DAC_STATE_READ 0x03
#define STATUS0_SENSE  0x10
#define STATUS0_IRQ    0x80
#define SENSE_LEVEL    0x4e /* sum of 6-bit levels that the comparator sees */

/* Bits that exist. */
enum {
    MISC_BITS = 0xef,
    SEQ_INDEX_BITS = 0x07,
    CRTC_INDEX_BITS = 0x3f,
    GC_INDEX_BITS = 0x0f,
    AC_INDEX_BITS = 0x3f,
};
static const uint8_t seq_bits[VGA_SEQ_COUNT] = {0x03, 0x3d, 0x0f, 0x3f, 0x0e};
static const uint8_t gc_bits[VGA_GC_COUNT] = {0x0f, 0x0f, 0x0f, 0x1f, 0x03,
                                              0x7b, 0x0f, 0x0f, 0xff};
static const uint8_t crtc_bits[VGA_CRTC_COUNT] = {
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f,
    0xff, 0x3f, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0x7f, 0xff, 0xff, 0xef, 0xff};
static const uint8_t ac_bits[VGA_AC_COUNT] = {
    0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f,
    0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0xef, 0xff, 0x3f, 0x0f, 0x0f};

/* Notes when the screen goes dark, which shows once it lasted a field. */
static void update_blank(struct vga *v)
{
    bool blank = v->seq[SEQ_CLOCKING] & SEQ_CLOCKING_OFF ||
                 (v->seq[SEQ_RESET] & SEQ_RESET_RUN) != SEQ_RESET_RUN ||
                 !(v->crtc[CRTC_MODE] & CRTC_MODE_RUN) ||
                 !(v->ac_index & AC_INDEX_VIDEO);

    if (blank && !v->blank)
        v->blank_ns = clock_now_ns(v->clock);
    v->blank = blank;
}

static void write_seq(struct vga *v, uint8_t value)
{
    unsigned index = v->seq_index;

    if (index >= VGA_SEQ_COUNT)
        return;
    v->seq[index] = value & seq_bits[index];
    update_blank(v);
    if (index == SEQ_CLOCKING)
        vga_update_retrace(v);
    else
        vga_update_memory(v);
}

static void write_gc(struct vga *v, uint8_t value)
{
    unsigned index = v->gc_index;

    if (index >= VGA_GC_COUNT)
        return;
    v->gc[index] = value & gc_bits[index];
    vga_update_memory(v);
}

/* Registers 00 to 07 are protected, but for one bit of overflow. */
static void write_crtc(struct vga *v, uint8_t value)
{
    unsigned index = v->crtc_index;
    uint8_t bits;

    if (index >= VGA_CRTC_COUNT)
        return;
    bits = crtc_bits[index];
    if (index <= CRTC_OVERFLOW &&
        v->crtc[CRTC_V_RETRACE_END] & V_RETRACE_END_PROTECT)
        bits = index == CRTC_OVERFLOW ? OVERFLOW_LINE_COMPARE : 0;
    if (index == CRTC_START_HIGH || index == CRTC_START_LOW)
        vga_hold_start(v);
    v->crtc[index] =
        (uint8_t)((v->crtc[index] & ~bits & crtc_bits[index]) | (value & bits));
    vga_update_retrace(v);
}

static uint8_t read_crtc(const struct vga *v)
{
    switch (v->crtc_index) {
    case CRTC_LATCH_READ:
        return (uint8_t)(v->latch >> (8 * v->gc[GC_READ_MAP]));
    case CRTC_FLIP_FLOP_READ: return v->ac_data ? 0x80 : 0;
    case CRTC_AC_INDEX_READ: return v->ac_index;
    default: return v->crtc_index < VGA_CRTC_COUNT ? v->crtc[v->crtc_index] : 0;
    }
}

static void write_ac(struct vga *v, uint8_t value)
{
    unsigned index = v->ac_index & 0x1f;

    if (!v->ac_data) {
        v->ac_index = value & AC_INDEX_BITS;
        update_blank(v);
    } else if (index < VGA_AC_COUNT) {
        v->ac[index] = value & ac_bits[index];
    }
    v->ac_data = !v->ac_data;
}

static void fetch_color(struct vga *v)
{
    memcpy(v->dac_hold, v->dac + 3 * v->dac_index, 3);
    v->dac_index++;
    v->dac_step = 0;
}

static uint8_t read_dac(struct vga *v)
{
    uint8_t value = v->dac_hold[v->dac_step];

    if (++v->dac_step >= 3)
        fetch_color(v);
    return value;
}

static void write_dac(struct vga *v, uint8_t value)
{
    bool eight = v->vbe[VBE_ENABLE] & VBE_8BIT_DAC;

    v->dac_hold[v->dac_step] = eight ? value : value & 0x3f;
    if (++v->dac_step < 3)
        return;
    memcpy(v->dac + 3 * v->dac_index, v->dac_hold, 3);
    v->dac_index++;
    v->dac_step = 0;
}

static uint8_t read_status0(const struct vga *v)
{
    unsigned level = 0u + v->dac[0] + v->dac[1] + v->dac[2];
    uint8_t status = v->retrace_pending ? STATUS0_IRQ : 0;

    if (v->vbe[VBE_ENABLE] & VBE_8BIT_DAC)
        level >>= 2;
    return status | (level < SENSE_LEVEL ? STATUS0_SENSE : 0);
}

static void write_misc(struct vga *v, uint8_t value)
{
    v->misc = value & MISC_BITS;
    vga_update_memory(v);
    vga_update_retrace(v);
}

static void write_dac_index(struct vga *v, uint8_t value, uint8_t state)
{
    v->dac_index = value;
    v->dac_state = state;
    v->dac_step = 0;
    if (state == DAC_STATE_READ)
        fetch_color(v);
}

static uint8_t read_status1(struct vga *v)
{
    v->ac_data = false;
    return vga_beam_status(v);
}

static uint8_t read_indexed(const uint8_t *registers, unsigned index,
                            unsigned count)
{
    return index < count ? registers[index] : 0;
}

static uint8_t read_register(struct vga *v, unsigned port)
{
    switch (port) {
    case PORT_AC_WRITE: return v->ac_index;
    case PORT_AC_READ:
        return read_indexed(v->ac, v->ac_index & 0x1f, VGA_AC_COUNT);
    case PORT_MISC_WRITE: return read_status0(v);
    case PORT_SUBSYSTEM: return v->subsystem;
    case PORT_SEQ_INDEX: return v->seq_index;
    case PORT_SEQ_DATA:
        return read_indexed(v->seq, v->seq_index, VGA_SEQ_COUNT);
    case PORT_DAC_MASK: return v->dac_mask;
    case PORT_DAC_READ_INDEX: return v->dac_state;
    case PORT_DAC_WRITE_INDEX: return v->dac_index;
    case PORT_DAC_DATA: return read_dac(v);
    case PORT_FEATURE_READ: return v->feature;
    case PORT_MISC_READ: return v->misc;
    case PORT_GC_INDEX: return v->gc_index;
    case PORT_GC_DATA: return read_indexed(v->gc, v->gc_index, VGA_GC_COUNT);
    case PORT_CRTC_INDEX: return v->crtc_index;
    case PORT_CRTC_DATA: return read_crtc(v);
    case PORT_STATUS: return read_status1(v);
    default: return 0xff;
    }
}

static void write_register(struct vga *v, unsigned port, uint8_t value)
{
    switch (port) {
    case PORT_AC_WRITE: write_ac(v, value); break;
    case PORT_MISC_WRITE: write_misc(v, value); break;
    case PORT_SUBSYSTEM:
        v->subsystem = value & 1;
        vga_update_memory(v);
        break;
    case PORT_SEQ_INDEX: v->seq_index = value & SEQ_INDEX_BITS; break;
    case PORT_SEQ_DATA: write_seq(v, value); break;
    case PORT_DAC_MASK: v->dac_mask = value; break;
    case PORT_DAC_READ_INDEX: write_dac_index(v, value, DAC_STATE_READ); break;
    case PORT_DAC_WRITE_INDEX: write_dac_index(v, value, 0); break;
    case PORT_DAC_DATA: write_dac(v, value); break;
    case PORT_GC_INDEX: v->gc_index = value & GC_INDEX_BITS; break;
    case PORT_GC_DATA: write_gc(v, value); break;
    case PORT_CRTC_INDEX: v->crtc_index = value & CRTC_INDEX_BITS; break;
    case PORT_CRTC_DATA: write_crtc(v, value); break;
    case PORT_STATUS: v->feature = value & 0x0b; break;
    default: break; /* read-only, or nothing there */
    }
}

/* The register behind a port, by its number in colour; 0 if none answers. */
static unsigned decode_port(const struct vga *v, unsigned port)
{
    bool moves = port < PORT_AC_WRITE || port > PORT_GC_DATA;

    if (!(v->subsystem & 1))
        return port == PORT_SUBSYSTEM ? port : 0;
    if (!moves)
        return port;
    if (v->misc & MISC_COLOR)
        return port > PORT_GC_DATA ? port : 0;
    return port < PORT_AC_WRITE ? port + PORT_TO_COLOR : 0;
}

uint8_t vga_read_port(struct vga *v, unsigned port)
{
    unsigned decoded = decode_port(v, port);

    return decoded ? read_register(v, decoded) : 0xff;
}

void vga_write_port(struct vga *v, unsigned port, uint8_t value)
{
    unsigned decoded = decode_port(v, port);

    if (!decoded)
        return;
    v->changes++;
    write_register(v, decoded, value);
}

static uint32_t range_read(void *dev, paddr offset, unsigned size)
{
    const struct vga_range *range = dev;

    (void)size;
    if (!range->vga->decode_ports)
        return 0xff;
    return vga_read_port(range->vga, range->base + (unsigned)offset);
}

static void range_write(void *dev, paddr offset, uint32_t value, unsigned size)
{
    const struct vga_range *range = dev;

    (void)size;
    if (range->vga->decode_ports)
        vga_write_port(range->vga, range->base + (unsigned)offset,
                       (uint8_t)value);
}

static const struct bus_ops range_ops = {
    .read = range_read,
    .write = range_write,
    .sizes = 1,
};

/* Power-on: registers 0, video memory as it was. */
static void vga_reset(struct device *dev)
{
    struct vga *v = vga_from_device(dev);

    v->misc = v->feature = 0;
    v->subsystem = 1;
    v->seq_index = v->crtc_index = v->gc_index = v->ac_index = 0;
    v->ac_data = false;
    memset(v->seq, 0, sizeof(v->seq));
    memset(v->crtc, 0, sizeof(v->crtc));
    memset(v->gc, 0, sizeof(v->gc));
    memset(v->ac, 0, sizeof(v->ac));
    v->latch = 0;
    v->dac_mask = 0xff;
    v->dac_index = v->dac_step = v->dac_state = 0;
    memset(v->dac_hold, 0, sizeof(v->dac_hold));
    vga_vbe_reset(v);
    v->start_shown = 0;
    v->start_field = 0;
    v->blank = false;
    update_blank(v);
    v->changes++;
    vga_update_memory(v);
    vga_update_retrace(v);
}

static bool good_base(const struct vga *v, paddr base)
{
    return base % MEM_PAGE_BYTES == 0 && base <= LFB_END - v->vram_bytes;
}

/* Releases what was claimed; a creation that failed may come here too. */
static void vga_destroy(struct device *dev)
{
    struct vga *v = vga_from_device(dev);

    bus_unmap(v->ports, PORT_VBE, v);
    for (unsigned i = 0; i < VGA_RANGES; i++)
        bus_unmap(v->ports, ranges[i].base, &v->ranges[i]);
    clock_disarm(v->clock, &v->retrace);
    v->decode_memory = false;
    if (v->vram)
        vga_update_memory(v);
    free(v->vram);
    free(v);
}

static void keep_bits(uint8_t *registers, const uint8_t *bits, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        registers[i] &= bits[i];
}

/* A state file may hold anything: only what ports could have set remains. */
static void keep_possible(struct vga *v)
{
    keep_bits(v->seq, seq_bits, VGA_SEQ_COUNT);
    keep_bits(v->crtc, crtc_bits, VGA_CRTC_COUNT);
    keep_bits(v->gc, gc_bits, VGA_GC_COUNT);
    keep_bits(v->ac, ac_bits, VGA_AC_COUNT);
    v->misc &= MISC_BITS;
    v->seq_index &= SEQ_INDEX_BITS;
    v->crtc_index &= CRTC_INDEX_BITS;
    v->gc_index &= GC_INDEX_BITS;
    v->ac_index &= AC_INDEX_BITS;
    v->dac_step %= 3;
    v->vbe[VBE_BPP] = vga_vbe_depth(v->vbe[VBE_BPP]);
    if (!good_base(v, v->lfb_base))
        v->lfb_base = 0;
}

static void vga_loaded(struct device *dev)
{
    struct vga *v = vga_from_device(dev);

    keep_possible(v);
    clock_relink(v->clock, &v->retrace);
    v->changes++;
    vga_remap(v);
}

static const struct state_field vga_state[] = {
    STATE_FIELD(struct vga, misc),
    STATE_FIELD(struct vga, feature),
    STATE_FIELD(struct vga, subsystem),
    STATE_FIELD(struct vga, seq_index),
    STATE_FIELD(struct vga, crtc_index),
    STATE_FIELD(struct vga, gc_index),
    STATE_FIELD(struct vga, ac_index),
    STATE_FIELD(struct vga, ac_data),
    STATE_ARRAY(struct vga, seq),
    STATE_ARRAY(struct vga, crtc),
    STATE_ARRAY(struct vga, gc),
    STATE_ARRAY(struct vga, ac),
    STATE_FIELD(struct vga, latch),
    STATE_ARRAY(struct vga, dac),
    STATE_FIELD(struct vga, dac_mask),
    STATE_FIELD(struct vga, dac_index),
    STATE_FIELD(struct vga, dac_step),
    STATE_FIELD(struct vga, dac_state),
    STATE_ARRAY(struct vga, dac_hold),
    STATE_FIELD(struct vga, vbe_index),
    STATE_ARRAY(struct vga, vbe),
    STATE_ARRAY(struct vga, vbe_bank),
    STATE_FIELD(struct vga, start_shown),
    STATE_FIELD(struct vga, start_field),
    STATE_FIELD(struct vga, blank_ns),
    STATE_FIELD(struct vga, blank),
    STATE_FIELD(struct vga, retrace_pending),
    STATE_TABLE(struct vga, retrace, clock_event_state),
    STATE_FIELD(struct vga, decode_ports),
    STATE_FIELD(struct vga, decode_memory),
    STATE_FIELD(struct vga, window_mapped),
    STATE_FIELD(struct vga, lfb_base),
    STATE_BUFFER(struct vga, vram, vram_bytes),
    STATE_END,
};

static const struct device_class vga_class = {
    .name = "vga",
    .reset = vga_reset,
    .destroy = vga_destroy,
    .state = vga_state,
    .loaded = vga_loaded,
};

static enum status claim_ports(struct vga *v)
{
    TRY(bus_map(v->ports, PORT_VBE, PORT_VBE_SIZE, &vga_vbe_ops, v));
    for (unsigned i = 0; i < VGA_RANGES; i++) {
        v->ranges[i] = (struct vga_range){v, ranges[i].base};
        TRY(bus_map(v->ports, ranges[i].base, ranges[i].length, &range_ops,
                    &v->ranges[i]));
    }
    return STATUS_OK;
}

static bool good_config(const struct vga_config *config, size_t bytes)
{
    return bytes >= VRAM_MIN && bytes <= VRAM_MAX && !(bytes & (bytes - 1)) &&
           config->lfb_base % MEM_PAGE_BYTES == 0 &&
           config->lfb_base <= LFB_END - bytes;
}

static void fill_spread(struct vga *v)
{
    for (unsigned byte = 0; byte < 256; byte++) {
        uint8_t dots[8];

        for (unsigned dot = 0; dot < 8; dot++)
            dots[dot] = byte >> (7 - dot) & 1;
        memcpy(&v->spread[byte], dots, sizeof(dots));
    }
}

/* All that needs no host resource. */
static void init(struct vga *v, const struct vga_config *config, size_t bytes)
{
    v->dev = (struct device){&vga_class, config->name};
    v->ports = config->ports;
    v->mem = config->mem;
    v->clock = config->clock;
    v->log = config->log;
    v->irq = config->irq;
    v->lfb_base = config->lfb_base;
    v->vram_bytes = bytes;
    v->decode_ports = v->decode_memory = v->window_mapped = true;
    clock_event_init(&v->retrace, vga_retrace_fired, v);
    fill_spread(v);
}

enum status vga_create(const struct vga_config *config, struct device **out)
{
    size_t bytes = config->vram_bytes ? config->vram_bytes : VGA_VRAM_DEFAULT;
    enum status status;
    struct vga *v;

    *out = NULL;
    if (!good_config(config, bytes))
        return STATUS_BAD_ARGUMENT;
    v = calloc(1, sizeof(*v));
    if (!v)
        return STATUS_NO_MEMORY;
    init(v, config, bytes);
    v->vram = calloc(1, bytes);
    status = v->vram ? claim_ports(v) : STATUS_NO_MEMORY;
    if (status != STATUS_OK) {
        v->window_mapped = false; /* nothing is mapped yet */
        vga_destroy(&v->dev);
        return status;
    }
    vga_remap(v);
    vga_reset(&v->dev);
    *out = &v->dev;
    return STATUS_OK;
}

void vga_set_lfb(struct device *dev, paddr base)
{
    struct vga *v = vga_from_device(dev);

    v->lfb_base = good_base(v, base) ? base : 0;
    vga_update_memory(v);
}

void vga_set_decode(struct device *dev, bool ports, bool memory)
{
    struct vga *v = vga_from_device(dev);

    v->decode_ports = ports;
    v->decode_memory = memory;
    vga_update_memory(v);
}

void vga_set_window(struct device *dev, bool mapped)
{
    struct vga *v = vga_from_device(dev);

    v->window_mapped = mapped;
    vga_remap(v);
}
