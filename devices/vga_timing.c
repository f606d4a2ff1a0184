/* Where the beam is: a function of virtual time and the CRTC registers, so
 * nothing has to tick. */
#include "devices/vga_int.h"

#define NS_PER_MS 1000000u
#define VBE_HZ    60u

/* As if this mode were set while there is none. */
#define IDLE_WIDTH  640
#define IDLE_HEIGHT 480

/* A DISPI mode has no timing registers: 60 fields a second, a fifth of each
 * line and a twentieth of the lines dark. */
static void nominal_timing(uint32_t width, uint32_t height,
                           struct vga_timing *t)
{
    t->char_dots = 8;
    t->display_dots = width;
    t->line_dots = width + width / 4 + 8;
    t->display_lines = height;
    t->lines = height + height / 20 + 4;
    t->retrace_start = height + 1;
    t->retrace_lines = 2;
    t->khz = ((uint64_t)t->line_dots * t->lines * VBE_HZ + 999) / 1000;
}

uint32_t vga_vertical(const struct vga *v, unsigned low, unsigned bit8,
                      unsigned bit9)
{
    uint32_t overflow = v->crtc[CRTC_OVERFLOW];

    return v->crtc[low] | (overflow >> bit8 & 1) << 8 |
           (overflow >> bit9 & 1) << 9;
}

static void crtc_timing(const struct vga *v, struct vga_timing *t)
{
    const uint8_t *crtc = v->crtc;
    unsigned shift = crtc[CRTC_MODE] & CRTC_MODE_LINE2 ? 1 : 0;
    uint32_t retrace_start = vga_vertical(v, CRTC_V_RETRACE_START, 2, 7);
    uint32_t width = (crtc[CRTC_V_RETRACE_END] - retrace_start) & 15;

    t->khz = v->misc & 0x04 ? 28322 : 25175;
    t->char_dots = v->seq[SEQ_CLOCKING] & SEQ_CLOCKING_8DOT ? 8 : 9;
    if (v->seq[SEQ_CLOCKING] & SEQ_CLOCKING_HALF)
        t->char_dots *= 2;
    t->line_dots = (crtc[CRTC_H_TOTAL] + 5u) * t->char_dots;
    t->display_dots = (crtc[CRTC_H_DISPLAY_END] + 1u) * t->char_dots;
    t->lines = (vga_vertical(v, CRTC_V_TOTAL, 0, 5) + 2) << shift;
    t->display_lines = (vga_vertical(v, CRTC_V_DISPLAY_END, 1, 6) + 1) << shift;
    t->retrace_start = retrace_start << shift;
    t->retrace_lines = (width ? width : 16) << shift;
}

/* Whether a monitor would find a picture in it. */
static bool plausible(const struct vga_timing *t)
{
    return t->display_lines < t->lines && t->display_dots < t->line_dots &&
           t->retrace_start >= t->display_lines && t->retrace_start < t->lines;
}

void vga_get_timing(const struct vga *v, struct vga_timing *t)
{
    t->usable = true;
    if (vga_vbe_on(v)) {
        struct vga_vbe_mode m;

        vga_get_vbe(v, &m);
        nominal_timing(m.width, m.height, t);
    } else {
        crtc_timing(v, t);
        t->usable = plausible(t);
        /* differs: registers that give no picture still give retraces, so that
         * a guest which waits for one goes on. */
        if (!t->usable)
            nominal_timing(IDLE_WIDTH, IDLE_HEIGHT, t);
    }
    t->field_ns = (uint64_t)t->lines * t->line_dots * NS_PER_MS / t->khz;
    t->retrace_ns =
        (uint64_t)t->retrace_start * t->line_dots * NS_PER_MS / t->khz;
    if (!t->field_ns)
        t->field_ns = 1;
}

static uint64_t retraces_at(const struct vga_timing *t, uint64_t ns)
{
    return ns < t->retrace_ns ? 0 : (ns - t->retrace_ns) / t->field_ns + 1;
}

uint64_t vga_retraces(const struct vga *v)
{
    struct vga_timing t;

    vga_get_timing(v, &t);
    return retraces_at(&t, clock_now_ns(v->clock));
}

uint8_t vga_beam_status(const struct vga *v)
{
    struct vga_timing t;
    uint64_t dot;
    uint32_t line, x;
    uint8_t status = 0;

    vga_get_timing(v, &t);
    dot = clock_now_ns(v->clock) % t.field_ns * t.khz / NS_PER_MS;
    line = (uint32_t)(dot / t.line_dots);
    x = (uint32_t)(dot % t.line_dots);
    if (line >= t.display_lines || x >= t.display_dots)
        status |= 0x01;
    if (line >= t.retrace_start && line - t.retrace_start < t.retrace_lines)
        status |= 0x08;
    return status;
}

static uint16_t start_registers(const struct vga *v)
{
    return (uint16_t)(v->crtc[CRTC_START_HIGH] << 8 | v->crtc[CRTC_START_LOW]);
}

uint16_t vga_shown_start(const struct vga *v)
{
    return vga_retraces(v) == v->start_field ? v->start_shown
                                             : start_registers(v);
}

void vga_hold_start(struct vga *v)
{
    v->start_shown = vga_shown_start(v);
    v->start_field = vga_retraces(v);
}

void vga_update_retrace(struct vga *v)
{
    uint64_t now = clock_now_ns(v->clock);
    struct vga_timing t;

    if (!(v->crtc[CRTC_V_RETRACE_END] & V_RETRACE_END_CLEAR_OFF)) {
        v->retrace_pending = false;
        clock_disarm(v->clock, &v->retrace);
    } else if (!v->retrace_pending) {
        vga_get_timing(v, &t);
        clock_arm(v->clock, &v->retrace,
                  t.retrace_ns + retraces_at(&t, now) * t.field_ns);
    }
    irq_set(&v->irq, v->retrace_pending && !(v->crtc[CRTC_V_RETRACE_END] &
                                             V_RETRACE_END_IRQ_OFF));
}

void vga_retrace_fired(void *dev)
{
    struct vga *v = dev;

    v->retrace_pending = true;
    vga_update_retrace(v);
}
